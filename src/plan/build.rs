//! The plan as a document: names beside ids, places beside permissions, digests, and counts.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    change::{Change, Hand, Kept, Plan, RoleState, ShownRole, What, differing},
    digest,
    document::{self, FieldChange, FieldValue, Guard, Origin},
    origin::Origins,
};
use crate::{
    contract::{self, ByHand, Spec, Task},
    model::{
        Finding, Kind, Level, RoleId, Scope, Site, Sources, Untrusted, Value,
        config::{Guards, Limit, Target},
        desired::{RoleName, Via},
        field,
        live::Identity,
    },
};

/// What the document of a target says beside its changes.
#[derive(Clone, Copy)]
pub struct Circumstances<'a> {
    /// The target as it is in force.
    pub target: &'a Target,
    /// Its provider.
    pub spec: &'a dyn Spec,
    /// Whose state was read.
    pub identity: &'a Identity,
    /// The guards in force.
    pub guards: &'a Guards,
    /// Patterns of `--only`.
    pub selection: &'a [String],
    /// What `--pending-only` left alone; `None` without it.
    pub left: Option<&'a [Change]>,
    /// The last recorded apply.
    pub applied: Option<&'a document::Applied>,
    /// Changes of what is managed and guarded.
    pub scope_changes: &'a [document::ScopeChange],
}

/// Builds the document of one target.
pub fn target(circumstances: Circumstances<'_>, plan: &Plan, sources: &Sources) -> document::TargetPlan {
    let Circumstances { target, spec, identity, guards, selection, left, applied, scope_changes } =
        circumstances;
    let builder = Builder { plan, sources, spec, target };
    let changes: Vec<document::Change> = plan.changes.iter().map(|change| builder.change(change)).collect();
    let mut document = document::TargetPlan {
        name: (&*target.name).into(),
        provider: target.provider.into(),
        emulator: target.emulator,
        identity: Some(identity.into()),
        digest: None,
        applied: applied.cloned(),
        error: None,
        manage: manage(target),
        guards: guards_document(guards),
        selection: selection.iter().map(|glob| glob.as_str().into()).collect(),
        pending_only: left.is_some(),
        left: left.into_iter().flatten().map(|change| builder.left(change)).collect(),
        scope_changes: scope_changes.to_vec(),
        summary: document::Summary::of(&changes),
        changes,
        verdicts: plan.verdicts.iter().map(verdict).collect(),
        findings: Vec::new(),
        unmanaged: document::Unmanaged {
            roles: plan
                .unmanaged_roles
                .iter()
                .map(|(address, name)| document::UnmanagedRole {
                    address: address.clone(),
                    name: name.clone(),
                })
                .collect(),
            assignments: plan.unmanaged_assignments,
            permissions: plan.unmanaged_permissions,
            kept: builder.kept(),
            unread: plan.unread,
        },
        attested: attested(plan, spec),
        notes: plan.notes.clone(),
        people: Vec::new(),
    };
    document.digest = Some(digest::target(&document, target.credential.variable()));
    document
}

fn attested(plan: &Plan, spec: &dyn Spec) -> document::Attested {
    let of = |kind: Kind| {
        let number = plan.attested.values().filter(|one| **one == kind).count();
        u32::try_from(number).unwrap_or(u32::MAX)
    };
    let (roles, assignments) = (of(Kind::Role), of(Kind::Assignment));
    let others = !plan.unmanaged_roles.is_empty() || plan.unmanaged_assignments.is_some_and(|n| n > 0);
    let nothing =
        roles == 0 && assignments == 0 && !others && plan.changes.is_empty() && contract::tells_nothing(spec);
    document::Attested { roles, assignments, nothing }
}

/// The document of a target for which there is no plan; `target` is `None` where even its own entry
/// in the configuration has errors.
pub fn failed(
    name: &str,
    target: Option<&Target>,
    guards: &Guards,
    error: document::TargetError,
) -> document::TargetPlan {
    let unknown = || document::Manage { roles: "unknown".into(), assignments: "unknown".into() };
    document::TargetPlan {
        name: name.into(),
        provider: target.map_or("unknown", |target| target.provider).into(),
        emulator: target.is_some_and(|target| target.emulator),
        identity: None,
        digest: None,
        applied: None,
        error: Some(error),
        manage: target.map_or_else(unknown, manage),
        guards: guards_document(guards),
        selection: Vec::new(),
        pending_only: false,
        left: Vec::new(),
        scope_changes: Vec::new(),
        changes: Vec::new(),
        verdicts: Vec::new(),
        findings: Vec::new(),
        unmanaged: document::Unmanaged::default(),
        attested: document::Attested::default(),
        notes: Vec::new(),
        people: Vec::new(),
        summary: document::Summary::default(),
    }
}

/// What live shows to be wrong with the definitions, as the document says it.
pub fn findings(findings: &[Finding], sources: &Sources) -> Vec<document::PlanFinding> {
    let place = |site: Site| {
        let (source, position) = sources.locate(site)?;
        let file = Untrusted::new(source.path.clone());
        Some(document::Place { file, line: position.line, column: position.column, blame: None })
    };
    let mut all: Vec<document::PlanFinding> = findings
        .iter()
        .map(|finding| document::PlanFinding {
            code: finding.code.as_str().into(),
            level: match finding.level {
                Level::Error => document::FindingLevel::Error,
                Level::Warning => document::FindingLevel::Warning,
            },
            message: finding.message.clone(),
            help: finding.help.clone(),
            place: finding.labels.first().and_then(|label| place(label.site)),
        })
        .collect();
    all.sort_by(|a, b| {
        let key = |one: &document::PlanFinding| {
            (one.place.as_ref().map(|at| (at.file.clone(), at.line, at.column)), one.code.clone())
        };
        key(a).cmp(&key(b)).then_with(|| a.message.cmp(&b.message))
    });
    all
}

/// The document of a target that is not configured any more.
pub fn dropped(
    name: &str,
    provider: &str,
    guards: &Guards,
    change: document::ScopeChange,
) -> document::TargetPlan {
    let none = document::TargetError { exit: 0, message: Untrusted::default(), help: None };
    let mut document = document::TargetPlan {
        provider: provider.into(),
        error: None,
        scope_changes: vec![change],
        notes: vec!["This target is not configured any more. What it managed stays as it is.".into()],
        ..failed(name, None, guards, none)
    };
    document.digest = Some(digest::target(&document, ""));
    document
}

/// Puts targets together, sorted by name, with the digest of the whole.
pub fn document(
    revisions: document::Revisions,
    mut targets: Vec<document::TargetPlan>,
) -> document::PlanDocument {
    targets.sort_by(|a, b| a.name.cmp(&b.name));
    document::PlanDocument {
        format_version: document::FORMAT_VERSION,
        rolecall: env!("CARGO_PKG_VERSION").into(),
        digest: digest::plan(&targets),
        revisions,
        targets,
        run: None,
    }
}

fn manage(target: &Target) -> document::Manage {
    document::Manage {
        roles: target.manage.roles.as_str().into(),
        assignments: target.manage.assignments.as_str().into(),
    }
}

fn guards_document(guards: &Guards) -> document::Guards {
    let limit = |limit: Limit| match limit {
        Limit::Count(count) => count.to_string().into(),
        Limit::Percent(percent) => format!("{percent}%").into(),
    };
    document::Guards {
        max_deletes: limit(guards.max_deletes),
        max_unassigns: limit(guards.max_unassigns),
        min_admins: guards.min_admins,
    }
}

/// What a guard says, as the document says it.
pub fn verdict(verdict: &super::change::Verdict) -> document::Verdict {
    document::Verdict {
        guard: verdict.guard,
        outcome: verdict.outcome,
        message: verdict.message.clone(),
        help: verdict.help.clone(),
        reason: verdict.reason.clone(),
    }
}

struct Builder<'a> {
    plan: &'a Plan,
    sources: &'a Sources,
    spec: &'a dyn Spec,
    target: &'a Target,
}

type Fields = BTreeMap<String, FieldValue>;

impl Builder<'_> {
    fn change(&self, change: &Change) -> document::Change {
        let origin = change.origins.common();
        let mut granted_by_base = Vec::new();
        let (before, after, fields) = match &change.what {
            What::Role { before, after, via, granted, .. } => {
                granted_by_base.extend(granted.iter().cloned());
                let fields = self.role_fields(before.as_ref(), after.as_ref(), via, &change.origins);
                let state = |state: &RoleState| self.state(state);
                (before.as_ref().map(state), after.as_ref().map(state), fields)
            }
            What::Permission { before, after, .. } => {
                let none = BTreeMap::new();
                let fields = self.role_fields(before.as_ref(), after.as_ref(), &none, &change.origins);
                let state = |state: &RoleState| self.state(state);
                (before.as_ref().map(state), after.as_ref().map(state), fields)
            }
            What::Default { before, after } => {
                let fields = vec![self.role_change(before.as_ref(), after.as_ref(), origin)];
                (Some(self.slot(before.as_ref())), Some(self.slot(after.as_ref())), fields)
            }
            What::Assignment { before, after, .. } => {
                let fields = vec![self.role_change(before.as_ref(), after.as_ref(), origin)];
                let before = before.as_ref().map(|role| self.slot(Some(role)));
                let after = after.as_ref().map(|role| self.slot(Some(role)));
                (before, after, fields)
            }
        };
        let counted = |numbers: &BTreeMap<Untrusted, u64>| match &change.what {
            What::Role { .. } => numbers.get(change.id.as_ref()?).copied(),
            _ => None,
        };
        let mut document = document::Change {
            address: change.address.clone(),
            title: change.title.clone(),
            action: change.action,
            origin,
            digest: Untrusted::default(),
            id: change.id.clone(),
            before,
            after,
            adopts: change.adopts,
            manual: self.steps(change),
            blocked_by: change.blocked_by.clone(),
            reason: change.reason,
            fields,
            granted_by_base,
            side_effects: change.side_effects.clone(),
            steps: self.plan.steps.get(&change.address).cloned(),
            holders: change.holders.or_else(|| counted(&self.plan.held_by)),
            held_as: match (&change.what, &change.id) {
                (What::Role { .. }, Some(id)) => self.plan.held_as.get(id).cloned().unwrap_or_default(),
                _ => BTreeMap::new(),
            },
            given_by: counted(&self.plan.given_by),
            definition: change.site.and_then(|site| self.place(site)),
            activity: Vec::new(),
            verdicts: change.verdicts.iter().map(verdict).collect(),
        };
        document.digest = digest::change(&document);
        document
    }

    /// What a person does of it, step by step.
    fn steps(&self, change: &Change) -> Option<Vec<Untrusted>> {
        let roles;
        let fields;
        if let What::Role { class, before: Some(before), .. } = &change.what
            && change.verdicts.iter().any(|verdict| verdict.guard == Guard::Unseen)
        {
            let unseen = self.spec.unseen_use(class, before, self.target)?;
            return Some(unseen.steps.into_iter().map(Untrusted::from).collect());
        }
        let (class, scope, what) = match (&change.what, &change.by_hand) {
            (_, Hand::Nothing) | (What::Default { .. } | What::Permission { .. }, _) => return None,
            (What::Role { class, scope, before: None, after: Some(role), .. }, Hand::Whole) => {
                (*class, scope, ByHand::Create { role })
            }
            (What::Role { class, scope, before: Some(before), after: None, .. }, Hand::Whole) => {
                let resource_type = match before.fields.get(field::RESOURCE_TYPE) {
                    Some(Value::Text(kind)) => kind.as_ref(),
                    _ => None,
                };
                let holders = change.holders;
                (*class, scope, ByHand::Delete { name: &before.name, resource_type, holders })
            }
            (What::Role { class, scope, before: Some(before), after: Some(after), .. }, hand) => {
                fields = differing(before, after).into_iter().filter(|f| hand.changes(f)).collect::<Vec<_>>();
                // The API changes the name first, if it can.
                let shown = if hand.changes(field::NAME) { &before.name } else { &after.name };
                (*class, scope, ByHand::Change { name: shown, before, after, fields: &fields })
            }
            (What::Role { .. }, _) => return None,
            (What::Assignment { scope, class, before, after, .. }, _) => {
                roles = [before, after].map(|role| role.as_ref().map(|role| self.shown(role)));
                let principal = &change.title;
                let [before, after] = roles.each_ref().map(|role| role.as_ref().map(ShownRole::borrowed));
                let what = match (before, after) {
                    (before, Some(role)) => ByHand::Assign { principal, role, instead_of: before },
                    (Some(role), None) => ByHand::Unassign { principal, role },
                    (None, None) => return None,
                };
                (*class, scope, what)
            }
        };
        let mut steps = self.before_people(change);
        if self.target.emulator {
            let title = self.spec.title();
            steps.insert(0, format!("This target is an EMULATOR: do nothing of this in {title} itself. These are the steps for a real tenant."));
        }
        steps.extend(self.named(change, Task { class, scope, what }));
        Some(steps.into_iter().map(Untrusted::from).collect())
    }

    /// What has to be done before somebody can be given a role, or another one in its place: the role is
    /// made, or named, by hand in the same plan.
    fn before_people(&self, change: &Change) -> Vec<String> {
        let What::Assignment { before, after, .. } = &change.what else { return Vec::new() };
        let roles = [before, after].into_iter().flatten();
        let first = roles.filter_map(|held| {
            let made = self.plan.changes.iter().find(|one| {
                matches!(one.what, What::Role { .. })
                    && (one.role_id() == *held || one.new_role_id() == *held)
            })?;
            let What::Role { before, after: Some(after), .. } = &made.what else { return None };
            let does = match before {
                None if made.by_hand == Hand::Whole => "makes",
                Some(before) if before.name != after.name && made.by_hand.changes(field::NAME) => "names",
                _ => return None,
            };
            let address = made.address.as_str();
            Some(format!("Do what stands at `{address}` first: it {does} the role `{}`.", after.name.raw()))
        });
        first.collect()
    }

    fn shown(&self, role: &RoleId) -> ShownRole {
        let known = self.plan.shown.get(role).cloned();
        known.unwrap_or_else(|| ShownRole { name: self.role(role).name, slug: None })
    }

    /// The steps of a change whose name may still be another role's.
    fn named(&self, change: &Change, task: Task<'_>) -> Vec<String> {
        let after = match &change.what {
            What::Role { after: Some(after), .. } => after,
            _ => return self.spec.manual(&task),
        };
        let name = after.name.raw();
        let Some(soon) = self.plan.by_way_of.get(&change.address) else {
            let freed = self.plan.freed_by.get(&change.address);
            let first = freed.map(|freed| {
                format!("Do what stands at `{}` first: it frees the name `{name}`.", freed.as_str())
            });
            return first.into_iter().chain(self.spec.manual(&task)).collect();
        };
        let made = RoleState { name: soon.clone(), ..after.clone() };
        let what = match task.what {
            ByHand::Create { .. } => ByHand::Create { role: &made },
            ByHand::Change { name, before, fields, .. } => {
                ByHand::Change { name, before, after: &made, fields }
            }
            _ => return self.spec.manual(&task),
        };
        let mut steps = self.spec.manual(&Task { what, ..task });
        steps.push(format!(
            "Go on once no other role is called `{name}`: the rest of this plan frees that name. What is in place by then can be attested before."
        ));
        let last = ByHand::Change { name: soon, before: &made, after, fields: &[field::NAME] };
        steps.extend(self.spec.manual(&Task { what: last, ..task }));
        steps
    }

    fn value(&self, value: &Value) -> FieldValue {
        match value {
            Value::Text(text) => FieldValue::Text(text.clone()),
            Value::Flag(flag) => FieldValue::Flag(*flag),
            Value::Set(members) => FieldValue::Set(members.iter().cloned().collect()),
            Value::Role(None) => FieldValue::Text(None),
            Value::Role(Some(role)) => FieldValue::Role(self.role(role)),
        }
    }

    fn state(&self, state: &RoleState) -> Fields {
        let mut fields = common(state);
        fields.extend(state.fields.iter().map(|(name, value)| ((*name).to_owned(), self.value(value))));
        fields
    }

    /// Who keeps a role against the definitions, by role, place, and why.
    fn kept(&self) -> Vec<document::Kept> {
        const SHOWN: usize = 10;
        let mut groups = BTreeMap::<_, BTreeSet<&Untrusted>>::new();
        for Kept { scope, class, who, role, reason, why, .. } in &self.plan.kept {
            let document::RoleValue { role, name } = self.role(role);
            if let Some(who) = who {
                groups.entry((name, role, scope, *class, *reason, why)).or_default().insert(who);
            }
        }
        let mut all = Vec::with_capacity(groups.len());
        for ((name, role, scope, class, reason, why), people) in groups {
            all.push(document::Kept {
                role: document::RoleValue { role, name },
                place: match scope {
                    Scope::Target => None,
                    Scope::Level(level) => Some((&**level).into()),
                    Scope::In { kind, path } => Some(format!("{kind} {}", path.raw()).into()),
                },
                class: class.into(),
                number: people.len() as u64,
                people: people.into_iter().take(SHOWN).cloned().collect(),
                reason,
                why: why.clone(),
            });
        }
        all
    }

    fn left(&self, change: &Change) -> document::Left {
        let document::Change { address, title, action, origin, fields, .. } = self.change(change);
        document::Left { address, title, action, origin, fields }
    }

    fn slot(&self, role: Option<&RoleId>) -> Fields {
        let value = role.map_or(FieldValue::Text(None), |role| FieldValue::Role(self.role(role)));
        BTreeMap::from([(field::ROLE.to_owned(), value)])
    }

    fn role(&self, role: &RoleId) -> document::RoleValue {
        let canonical: Untrusted = match role {
            RoleId::Live(id) => id.clone(),
            RoleId::New(address) => address.as_str().into(),
        };
        let name = self.plan.role_names.get(role).cloned().unwrap_or_else(|| canonical.clone());
        document::RoleValue { role: canonical, name }
    }

    fn role_change(&self, before: Option<&RoleId>, after: Option<&RoleId>, origin: Origin) -> FieldChange {
        let value = |role: Option<&RoleId>| role.map(|role| FieldValue::Role(self.role(role)));
        FieldChange::Value { field: field::ROLE.into(), before: value(before), after: value(after), origin }
    }

    fn role_fields(
        &self,
        before: Option<&RoleState>,
        after: Option<&RoleState>,
        via: &BTreeMap<Untrusted, Via>,
        origins: &Origins,
    ) -> Vec<FieldChange> {
        let mut fields = Vec::new();
        let name = |state: Option<&RoleState>| state.map(|state| FieldValue::Text(Some(state.name.clone())));
        let description = |state: Option<&RoleState>| {
            state.and_then(|state| state.description.clone()).map(FieldValue::Text)
        };
        for (field, before, after, origin) in [
            (field::NAME, name(before), name(after), origins.name),
            (field::DESCRIPTION, description(before), description(after), origins.description),
        ] {
            if before != after {
                let origin = origin.or(origins.whole).unwrap_or(Origin::Undetermined);
                fields.push(FieldChange::Value { field: field.into(), before, after, origin });
            }
        }
        let none = BTreeMap::new();
        let others = |state: Option<&'_ RoleState>| state.map_or_else(|| none.clone(), |s| s.fields.clone());
        let (old, new) = (others(before), others(after));
        for name in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
            let (before, after) = (old.get(name), new.get(name));
            if before != after {
                let origin = origins.fields.get(name).copied().or(origins.whole);
                fields.push(FieldChange::Value {
                    field: (*name).into(),
                    before: before.map(|value| self.value(value)),
                    after: after.map(|value| self.value(value)),
                    origin: origin.unwrap_or(Origin::Undetermined),
                });
            }
        }
        let set = |state: Option<&RoleState>| state.and_then(|s| s.permissions.clone()).unwrap_or_default();
        let (old, new) = (set(before), set(after));
        if old != new {
            let added = new.difference(&old).map(|p| document::Element {
                value: p.clone(),
                origin: origins.of_permission(p),
                via: via.get(p).and_then(|via| self.via(via)),
            });
            let removed = old.difference(&new).map(|p| document::Element {
                value: p.clone(),
                origin: origins.of_permission(p),
                via: None,
            });
            fields.push(FieldChange::Set {
                field: field::PERMISSIONS.into(),
                added: added.collect(),
                removed: removed.collect(),
            });
        }
        fields
    }

    fn via(&self, via: &Via) -> Option<document::Via> {
        let at = |site: Site| self.place(site).map(|place| (place.file, place.line)).unzip();
        let ((file, line), set, base) = match via {
            Via::Own(site) => (at(*site), None, None),
            Via::Set { name, site } => (at(*site), Some(Untrusted::new(name.clone())), None),
            Via::Base(role) => {
                let name = match role {
                    RoleName::Key(key) => Untrusted::new(key.clone()),
                    RoleName::Builtin(name) | RoleName::Live(name) => name.clone(),
                };
                ((None, None), None, Some(name))
            }
        };
        Some(document::Via { file, line, set, base, blame: None })
    }

    fn place(&self, site: Site) -> Option<document::Place> {
        let (source, position) = self.sources.locate(site)?;
        Some(document::Place {
            file: Untrusted::new(source.path.clone()),
            line: position.line,
            column: position.column,
            blame: None,
        })
    }
}

fn common(state: &RoleState) -> Fields {
    let mut fields = BTreeMap::from([(field::NAME.to_owned(), FieldValue::Text(Some(state.name.clone())))]);
    if let Some(description) = &state.description {
        fields.insert(field::DESCRIPTION.to_owned(), FieldValue::Text(description.clone()));
    }
    if let Some(permissions) = &state.permissions {
        fields.insert(field::PERMISSIONS.to_owned(), FieldValue::Set(permissions.iter().cloned().collect()));
    }
    fields
}
