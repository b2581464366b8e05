//! What differs: the changes that lead from live to what is wanted, under the mode that says what
//! is owned.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    change::{Change, Plan, RoleState, Verdict, What},
    document::{Action, Guard, Reason},
    resolve::{Matched, Resolved, ResolvedRole},
};
use crate::{
    catalog::Catalogue,
    contract::{Spec, equal, equal_text},
    model::{
        Address, Field, Kind, RoleId, Scope, Untrusted, Value,
        config::{Mode, Target},
        desired::{Protect, Via},
        field,
        live::{Live, LiveObject, LiveState},
    },
};

/// What comparing needs.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// The target.
    pub target: &'a Target,
    /// Its provider.
    pub spec: &'a dyn Spec,
    /// What is wanted.
    pub resolved: &'a Resolved<'a>,
    /// What is there.
    pub live: &'a LiveState,
    /// Which roles git declared before, by natural key.
    pub before: &'a DeclaredBefore,
}

/// Which roles git declared before this revision: the evidence that a live role is ours.
#[derive(Clone, Debug)]
pub enum DeclaredBefore {
    /// The names of the roles that the base revision declares.
    Known(BTreeSet<(Scope, Untrusted)>),
    /// There is no base revision to ask.
    Unknown,
    /// It does not matter: the target is an emulator.
    Exempt,
}

/// Whether the plan cannot be made without knowing who holds which role.
pub fn needs_members(input: Input<'_>) -> bool {
    let resolved = input.resolved;
    let held = |object: &LiveObject| object.holders != Some(0);
    !resolved.assignments.is_empty()
        || !resolved.expired.is_empty()
        || !resolved.exclusive.is_empty()
        || input.target.manage.assignments == Mode::Authoritative
        || resolved.removed.values().any(|removal| held(removal.live))
        || (input.target.manage.roles == Mode::Authoritative
            && undeclared_roles(resolved, input.live).any(held))
}

/// Compares and returns the changes, with the verdicts that follow from what can and cannot be
/// known or done.
pub fn compare(input: Input<'_>) -> Plan {
    let mut comparison = Comparison {
        input,
        holders: holders(input.live),
        named: named(input.live),
        leaving: leaving(input),
        live_default: live_default(input.live),
        plan: Plan::default(),
    };
    comparison.plan.notes.extend(input.resolved.notes.iter().cloned());
    comparison.role_names();
    comparison.roles();
    comparison.default();
    comparison.assignments();
    let mut plan = comparison.plan;
    plan.changes.sort_by(|a, b| (&a.address, &a.id).cmp(&(&b.address, &b.id)));
    plan.unmanaged_roles.sort();
    plan
}

/// Who holds each role: role id to the slots.
fn holders(live: &LiveState) -> BTreeMap<&Untrusted, Vec<&LiveObject>> {
    let mut holders: BTreeMap<&Untrusted, Vec<&LiveObject>> = BTreeMap::new();
    for slot in live.of(Kind::Assignment) {
        if let Some(RoleId::Live(id)) = held_role(slot) {
            holders.entry(id).or_default().push(slot);
        }
    }
    holders
}

fn named(live: &LiveState) -> BTreeMap<&Untrusted, Vec<&LiveObject>> {
    let mut named: BTreeMap<&Untrusted, Vec<&LiveObject>> = BTreeMap::new();
    for role in live.of(Kind::Role) {
        named.entry(&role.key.name).or_default().push(role);
    }
    named
}

fn leaving<'a>(input: Input<'a>) -> BTreeSet<&'a Untrusted> {
    let resolved: &'a Resolved<'a> = input.resolved;
    let renamed = resolved.roles.iter().filter_map(|role| {
        role.live.filter(|live| live.key.name != role.desired.name.value).and_then(|live| live.id.as_ref())
    });
    let authoritative = input.target.manage.roles == Mode::Authoritative;
    let undeclared = undeclared_roles(resolved, input.live).filter_map(|role| role.id.as_ref());
    renamed.chain(resolved.removed.keys()).chain(undeclared.filter(|_| authoritative)).collect()
}

fn live_default(live: &LiveState) -> Option<Option<RoleId>> {
    match live.of(Kind::Default).next()?.fields.get(field::ROLE)?.value()? {
        Value::Role(role) => Some(role.clone()),
        _ => None,
    }
}

/// The role in a slot; `None` for an empty or unreadable one.
fn held_role(slot: &LiveObject) -> Option<&RoleId> {
    match slot.fields.get(field::ROLE)?.value()? {
        Value::Role(role) => role.as_ref(),
        _ => None,
    }
}

/// Custom live roles that are neither declared nor removed on purpose.
fn undeclared_roles<'a>(
    resolved: &'a Resolved<'_>,
    live: &'a LiveState,
) -> impl Iterator<Item = &'a LiveObject> {
    let declared: BTreeSet<&Untrusted> =
        resolved.roles.iter().filter_map(|role| role.live.and_then(|live| live.id.as_ref())).collect();
    live.of(Kind::Role).filter(move |object| {
        !object.builtin
            && object
                .id
                .as_ref()
                .is_some_and(|id| !declared.contains(id) && !resolved.removed.contains_key(id))
    })
}

struct Comparison<'a> {
    input: Input<'a>,
    holders: BTreeMap<&'a Untrusted, Vec<&'a LiveObject>>,
    /// Live roles by name.
    named: BTreeMap<&'a Untrusted, Vec<&'a LiveObject>>,
    /// Ids of roles that give up their name.
    leaving: BTreeSet<&'a Untrusted>,
    /// The live default; `None` where it cannot be read.
    live_default: Option<Option<RoleId>>,
    plan: Plan,
}

impl<'a> Comparison<'a> {
    fn catalogue(&self) -> &'a Catalogue {
        self.input.spec.catalogue()
    }

    fn role_names(&mut self) {
        for object in self.input.live.of(Kind::Role) {
            if let Some(id) = &object.id {
                self.plan.role_names.insert(RoleId::Live(id.clone()), object.key.name.clone());
            }
        }
        for role in &self.input.resolved.roles {
            self.plan.role_names.insert(role.id(), role.desired.name.value.clone());
        }
    }

    fn roles(&mut self) {
        for role in &self.input.resolved.roles {
            let change = match role.live {
                None => Some(self.create(role)),
                Some(live) => self.update(role, live),
            };
            self.plan.changes.extend(change);
        }
        let resolved = self.input.resolved;
        for removal in resolved.removed.values() {
            self.delete(removal.live, removal.reassign_to.as_ref(), Some(removal.site), None);
        }
        let authoritative = self.input.target.manage.roles == Mode::Authoritative;
        for object in undeclared_roles(resolved, self.input.live) {
            if authoritative {
                self.delete(object, None, None, Some(Reason::NeverDeclared));
            } else {
                let address =
                    Address::live_role(&self.input.target.name, &object.key.name, &object.key.scope);
                self.plan.unmanaged_roles.push((address, object.key.name.clone()));
            }
        }
    }

    fn create(&self, role: &ResolvedRole<'_>) -> Change {
        let mut verdicts = Vec::new();
        if let Some(why) = self.input.live.incomplete.get(&Kind::Role) {
            verdicts.push(incomplete("create", &role.desired.name.value, why));
        }
        verdicts.extend(self.taken_name(role));
        Change {
            address: role.address.clone(),
            action: Action::Create,
            title: role.desired.name.value.clone(),
            id: None,
            what: What::Role {
                class: role.desired.class,
                scope: role.desired.scope.clone(),
                before: None,
                after: Some(RoleState {
                    name: role.desired.name.value.clone(),
                    description: role.desired.description.as_ref().map(|text| text.value.clone()),
                    permissions: Some(role.permissions.keys().cloned().collect()),
                }),
                described: None,
                via: role.permissions.clone(),
            },
            adopts: false,
            reason: None,
            holders: None,
            protect: role.desired.protect.clone(),
            side_effects: Vec::new(),
            site: Some(role.desired.site),
            verdicts,
        }
    }

    fn update(&self, role: &ResolvedRole<'_>, live: &LiveObject) -> Option<Change> {
        let additive = self.input.target.manage.roles == Mode::Additive;
        let mut verdicts = Vec::new();
        let wanted: BTreeSet<Untrusted> = role.permissions.keys().cloned().collect();
        let before_permissions = match live.fields.get(field::PERMISSIONS) {
            Some(Live::Known(Value::Set(set)) | Live::Attested(Value::Set(set))) => Some(set.clone()),
            _ => None,
        };
        if before_permissions.is_none() {
            let message = format!(
                "the permissions of role `{}` cannot be read, so nobody can tell what would change",
                live.key.name.raw()
            );
            let help = "Check the rights of the credential with `rolecall doctor`.".to_owned();
            verdicts.push(Verdict::refuse(Guard::Blocked, message, Some(help)));
        }
        let mut after_permissions = wanted;
        if additive {
            after_permissions.extend(before_permissions.iter().flatten().cloned());
        }
        let before_description = match live.fields.get(field::DESCRIPTION).and_then(Live::value) {
            Some(Value::Text(text)) => text.clone(),
            _ => None,
        };
        let after_description = role.desired.description.as_ref().map(|text| text.value.clone());
        let description_differs = after_description.as_ref().is_some_and(|after| {
            let value = |text: &Option<Untrusted>| Value::Text(text.clone());
            !self.same(role.desired.class, field::DESCRIPTION, &value(&before_description), &value(after))
        });
        let renamed = live.key.name != role.desired.name.value;
        let permissions_differ = before_permissions.as_ref() != Some(&after_permissions);
        if !renamed && !description_differs && !permissions_differ {
            return None;
        }
        verdicts.extend(Self::locked(live));
        if renamed {
            verdicts.extend(self.taken_name(role));
        }
        if description_differs && matches!(live.fields.get(field::DESCRIPTION), Some(Live::Unreadable)) {
            let message = format!("the description of role `{}` cannot be read", live.key.name.raw());
            let help = "Leave `description` out to let it be as it is.";
            verdicts.push(Verdict::refuse(Guard::Blocked, message, Some(help.into())));
        }
        let empty = BTreeSet::new();
        let before_set = before_permissions.as_ref().unwrap_or(&empty);
        let gains = after_permissions.difference(before_set).next().is_some();
        let only_base = permissions_differ
            && !renamed
            && !description_differs
            && before_permissions.as_ref().is_some_and(|before| before.is_subset(&after_permissions))
            && after_permissions
                .difference(before_set)
                .all(|p| matches!(role.permissions.get(p), Some(Via::Base(_))));
        let adopts = self.adopts(role, live);
        if adopts && gains && live.holders != Some(0) {
            verdicts.push(self.adoption(role, live));
        }
        Some(Change {
            address: role.address.clone(),
            action: if renamed { Action::Rename } else { Action::Update },
            title: live.key.name.clone(),
            id: live.id.clone(),
            what: What::Role {
                class: role.desired.class,
                scope: role.desired.scope.clone(),
                described: before_description.clone(),
                before: Some(RoleState {
                    name: live.key.name.clone(),
                    description: after_description.is_some().then_some(before_description),
                    permissions: before_permissions,
                }),
                after: Some(RoleState {
                    name: role.desired.name.value.clone(),
                    description: after_description,
                    permissions: Some(after_permissions),
                }),
                via: role.permissions.clone(),
            },
            adopts,
            reason: only_base.then_some(Reason::BaseChanged),
            holders: live.holders,
            protect: self.protected(live, &role.desired.protect),
            side_effects: Vec::new(),
            site: Some(role.desired.site),
            verdicts,
        })
    }

    /// What may not happen to a live role: the strictest of the definitions and their base.
    fn protected(&self, live: &LiveObject, desired: &BTreeSet<Protect>) -> BTreeSet<Protect> {
        let base = live.id.as_ref().and_then(|id| self.input.resolved.protected.get(id));
        desired.iter().chain(base.into_iter().flatten()).copied().collect()
    }

    /// A name that another live role has, and keeps.
    fn taken_name(&self, role: &ResolvedRole<'_>) -> Option<Verdict> {
        let name = &role.desired.name.value;
        let own = role.live.and_then(|live| live.id.as_ref());
        let keeper = self.named.get(name)?.iter().find(|other| {
            let id = other.id.as_ref();
            let goes = id.is_some_and(|id| self.leaving.contains(id));
            other.key.class == role.desired.class
                && other.key.scope == role.desired.scope
                && id != own
                && !goes
        })?;
        let id = keeper.id.as_ref().map_or("", |id| id.raw());
        let message = format!(
            "role `{}` would be named `{}`, and role {id} has that name",
            role.desired.key,
            name.raw()
        );
        let help = "Choose another name, or rename or remove the other role too.";
        Some(Verdict::refuse(Guard::Blocked, message, Some(help.into())))
    }

    /// A role that cannot be changed at all.
    fn locked(live: &LiveObject) -> Option<Verdict> {
        let why = live.locked.as_ref()?;
        let message = format!("role `{}` cannot be changed: {}", live.key.name.raw(), why.raw());
        Some(Verdict::refuse(Guard::Blocked, message, None))
    }

    fn same(&self, class: &str, name: Field, a: &Value, b: &Value) -> bool {
        let class = self.input.spec.roles().iter().find(|c| c.class == class);
        let usual = if name == field::DESCRIPTION { equal_text } else { equal };
        class.and_then(|c| c.field(name)).map_or(usual, |f| f.same)(a, b)
    }

    /// Whether a role that was found by name was never declared by git. An `id` in the definition
    /// is consent.
    fn adopts(&self, role: &ResolvedRole<'_>, live: &LiveObject) -> bool {
        match self.input.before {
            _ if role.matched == Matched::Id => false,
            DeclaredBefore::Exempt => false,
            DeclaredBefore::Unknown => true,
            DeclaredBefore::Known(names) => !names.contains(&(live.key.scope.clone(), live.key.name.clone())),
        }
    }

    fn adoption(&self, role: &ResolvedRole<'_>, live: &LiveObject) -> Verdict {
        let held = match live.holders {
            Some(1) => "1 person holds it".to_owned(),
            Some(n) => format!("{n} people hold it"),
            None => "people may hold it".to_owned(),
        };
        let why = match self.input.before {
            DeclaredBefore::Unknown => "there is no earlier revision that shows whether git declared it",
            _ => "git never declared it",
        };
        let message =
            format!("role `{}` exists, {held}, and it would gain permissions; {why}", live.key.name.raw());
        let id = live.id.as_ref().map_or("", |id| id.raw());
        let help = format!("To take it over on purpose, add to role `{}`: `id: {id}`.", role.desired.key);
        Verdict::refuse(Guard::Adopt, message, Some(help))
    }

    /// Deletes a live role; its holders move first, where it is said to which role.
    fn delete(
        &mut self,
        object: &'a LiveObject,
        reassign_to: Option<&RoleId>,
        site: Option<crate::model::Site>,
        reason: Option<Reason>,
    ) {
        let name = &object.key.name;
        let mut verdicts = Vec::new();
        if let Some(why) = self.input.live.incomplete.get(&Kind::Role) {
            verdicts.push(incomplete("delete", name, why));
        }
        if self.input.target.manage.roles == Mode::Additive {
            let message = format!("role `{}` is removed, and the mode `additive` never removes", name.raw());
            let help = "Set `manage: declared` for this target, or take the role out of `removed`.";
            verdicts.push(Verdict::refuse(Guard::Blocked, message, Some(help.into())));
        }
        verdicts.extend(Self::locked(object));
        verdicts.extend(self.holders_verdict(object, reassign_to));
        verdicts.extend(self.default_verdict(object));
        let state = RoleState {
            name: name.clone(),
            description: match object.fields.get(field::DESCRIPTION).and_then(Live::value) {
                Some(Value::Text(text)) => Some(text.clone()),
                _ => None,
            },
            permissions: match object.fields.get(field::PERMISSIONS).and_then(Live::value) {
                Some(Value::Set(set)) => Some(set.clone()),
                _ => None,
            },
        };
        self.plan.changes.push(Change {
            address: Address::live_role(&self.input.target.name, name, &object.key.scope),
            action: Action::Delete,
            title: name.clone(),
            id: object.id.clone(),
            what: What::Role {
                class: object.key.class,
                scope: object.key.scope.clone(),
                described: state.description.clone().flatten(),
                before: Some(state),
                after: None,
                via: BTreeMap::new(),
            },
            adopts: false,
            reason,
            holders: object.holders,
            protect: self.protected(object, &BTreeSet::new()),
            side_effects: Vec::new(),
            site,
            verdicts,
        });
    }

    /// A role that somebody holds is deleted only after its holders were moved on purpose.
    fn holders_verdict(&self, object: &LiveObject, reassign_to: Option<&RoleId>) -> Option<Verdict> {
        let needs_vacancy = self
            .input
            .spec
            .roles()
            .iter()
            .any(|class| class.class == object.key.class && class.delete_needs_vacancy);
        if !needs_vacancy {
            return None;
        }
        let name = &object.key.name;
        if !self.input.live.read.members || self.input.live.incomplete.contains_key(&Kind::Assignment) {
            if object.holders == Some(0) {
                return None;
            }
            let why =
                self.input.live.incomplete.get(&Kind::Assignment).map_or("it was not read", Untrusted::raw);
            let message = format!("nobody can tell who holds role `{}`: {why}", name.raw());
            return Some(Verdict::refuse(Guard::Incomplete, message, None));
        }
        let slots = object.id.as_ref().and_then(|id| self.holders.get(id)).map_or(&[][..], Vec::as_slice);
        // Whoever is given another role by the definitions moves anyway.
        let left: Vec<&LiveObject> =
            slots.iter().copied().filter(|slot| self.wanted_role(slot).is_none()).collect();
        let known = object.holders.is_none_or(|count| count == slots.len() as u64);
        if !known {
            let message = format!(
                "role `{}` has {} holders, and the list of members names {}",
                name.raw(),
                object.holders.unwrap_or_default(),
                slots.len()
            );
            return Some(Verdict::refuse(Guard::Incomplete, message, None));
        }
        if left.is_empty() || reassign_to.is_some() {
            return None;
        }
        let message = format!("role `{}` is held by {}", name.raw(), self.list(&left));
        let to = self.input.spec.catalogue().builtin.iter().find(|b| b.vacant).map_or("KEY", |b| b.id);
        let line = format!("- {{ name: {}, reassign_to: builtin:{to} }}", yaml_scalar(name.raw()));
        let help = format!("Say under `removed:` where they go: `{line}`.");
        Some(Verdict::refuse(Guard::Held, message, Some(help)))
    }

    fn list(&self, slots: &[&LiveObject]) -> String {
        const SHOWN: usize = 10;
        let mut names: Vec<String> = slots.iter().take(SHOWN).map(|slot| self.called(slot)).collect();
        if slots.len() > SHOWN {
            names.push(format!("{} more", slots.len() - SHOWN));
        }
        names.join(", ")
    }

    fn called(&self, slot: &LiveObject) -> String {
        let id = &slot.key.name;
        match self.input.live.names.get(&(slot.key.class, id.clone())) {
            Some(name) if name != id => format!("{} ({})", name.raw(), id.raw()),
            _ => id.raw().to_owned(),
        }
    }

    fn wanted_role(&self, slot: &LiveObject) -> Option<&RoleId> {
        let wanted = self.input.resolved.assignments.get(&(slot.key.class, slot.key.name.clone()))?;
        Some(&wanted.role)
    }

    /// What becomes of the default when its role goes is not documented anywhere: it has to be said.
    fn default_verdict(&self, object: &LiveObject) -> Option<Verdict> {
        let id = object.id.clone().map(RoleId::Live)?;
        let is_default = self.live_default.as_ref().is_some_and(|default| default.as_ref() == Some(&id));
        let moves = self.input.resolved.default.as_ref().is_some_and(|d| d.role.as_ref() != Some(&id));
        (is_default && !moves).then(|| {
            let message = format!("role `{}` is the default of new members", object.key.name.raw());
            let help = "Say what new members get: `default_role: KEY`, or `default_role: none`.";
            Verdict::refuse(Guard::Blocked, message, Some(help.into()))
        })
    }

    fn default(&mut self) {
        let Some(wanted) = &self.input.resolved.default else { return };
        let live = self.live_default.clone();
        if live.as_ref() == Some(&wanted.role) {
            return;
        }
        let mut verdicts = Vec::new();
        if live.is_none() {
            let message = "the default role cannot be read";
            verdicts.push(Verdict::refuse(Guard::Blocked, message, None));
        }
        let possible = self.input.spec.default_role();
        let builtin = matches!(&wanted.role, Some(RoleId::Live(id)) if self.is_builtin(id));
        let cannot = match &wanted.role {
            _ if possible.is_none() => Some("there is no default role"),
            Some(_) if builtin && possible.is_some_and(|default| !default.builtin) => {
                Some("a built-in role cannot be the default")
            }
            None if possible.is_some_and(|default| !default.none) => Some("there is always a default role"),
            _ => None,
        };
        if let Some(why) = cannot {
            let message = format!("the default role cannot be set: {why} on {}", self.input.spec.title());
            verdicts.push(Verdict::refuse(Guard::Blocked, message, None));
        }
        let before = live.flatten();
        let title = match &wanted.role {
            Some(role) => self.name_of(role),
            None => "none".into(),
        };
        let side_effects = match (&before, &wanted.role) {
            (Some(old), Some(_)) => {
                vec![format!("`{}` is no longer the default", self.name_of(old).raw()).into()]
            }
            _ => Vec::new(),
        };
        self.plan.changes.push(Change {
            address: Address::default_role(&self.input.target.name),
            action: Action::SetDefault,
            title,
            id: None,
            what: What::Default { before, after: wanted.role.clone() },
            adopts: false,
            reason: None,
            holders: None,
            protect: BTreeSet::new(),
            side_effects,
            site: Some(wanted.site),
            verdicts,
        });
    }

    fn name_of(&self, role: &RoleId) -> Untrusted {
        self.plan.role_names.get(role).cloned().unwrap_or_else(|| match role {
            RoleId::Live(id) => id.clone(),
            RoleId::New(address) => address.as_str().into(),
        })
    }

    fn is_builtin(&self, id: &Untrusted) -> bool {
        self.input.live.of(Kind::Role).any(|role| role.builtin && role.id.as_ref() == Some(id))
    }

    fn is_vacant(&self, role: Option<&RoleId>) -> bool {
        match role {
            None => true,
            Some(RoleId::Live(id)) => {
                self.catalogue().builtin(id.raw()).is_some_and(|builtin| builtin.vacant)
            }
            Some(RoleId::New(_)) => false,
        }
    }

    fn assignments(&mut self) {
        if !self.input.live.read.members {
            return;
        }
        let slots: BTreeMap<(&'static str, &Untrusted), &'a LiveObject> = self
            .input
            .live
            .of(Kind::Assignment)
            .map(|slot| ((slot.key.class, &slot.key.name), slot))
            .collect();
        for ((class, principal), wanted) in &self.input.resolved.assignments {
            let slot = slots.get(&(*class, principal)).copied();
            self.assign(class, principal, slot, &wanted.role, Some(wanted.site));
        }
        let mut unmanaged = 0;
        for slot in slots.values() {
            if self.wanted_role(slot).is_none() && !self.take_away(slot) {
                unmanaged += 1;
            }
        }
        self.plan.unmanaged_assignments = Some(unmanaged);
    }

    /// The slot of one principal gets the wanted role.
    fn assign(
        &mut self,
        class: &'static str,
        principal: &Untrusted,
        slot: Option<&LiveObject>,
        wanted: &RoleId,
        site: Option<crate::model::Site>,
    ) {
        let before = slot.and_then(held_role).cloned();
        if before.as_ref() == Some(wanted) {
            return;
        }
        let action = if self.is_vacant(before.as_ref()) { Action::Assign } else { Action::Reassign };
        // Whoever holds a role that goes on purpose has to move, and the definitions say where.
        let goes = matches!(&before, Some(RoleId::Live(id)) if self.input.resolved.removed.contains_key(id));
        if action == Action::Reassign && !goes && self.input.target.manage.assignments == Mode::Additive {
            let held = before.as_ref().map_or_else(String::new, |role| self.name_of(role).raw().to_owned());
            self.plan.notes.push(
                format!(
                    "`{}` keeps the role `{held}`: the mode `additive` never takes a role away",
                    principal.raw()
                )
                .into(),
            );
            return;
        }
        self.move_principal(Move {
            class,
            principal,
            slot,
            before,
            after: Some(wanted.clone()),
            action,
            reason: None,
            site,
        });
    }

    /// Whether something says that the principal of `slot`, for whom nothing is declared, does not
    /// keep the role; then the change is made.
    fn take_away(&mut self, slot: &'a LiveObject) -> bool {
        let Some(held) = held_role(slot).cloned() else { return self.vacant_slot(slot) };
        if self.is_vacant(Some(&held)) {
            return true; // Everybody has this role: nothing is granted, nothing to count.
        }
        let class = slot.key.class;
        let principal = &slot.key.name;
        let removal = match &held {
            RoleId::Live(id) => self.input.resolved.removed.get(id),
            RoleId::New(_) => None,
        };
        if let Some(removal) = removal {
            let Some(to) = removal.reassign_to.clone() else { return true }; // Refused with the deletion.
            let contradiction = self.contradiction(class, principal, &to);
            let (reason, site) = (Some(Reason::RoleRemoved), Some(removal.site));
            self.move_principal(Move {
                class,
                principal,
                slot: Some(slot),
                before: Some(held),
                after: Some(to),
                action: Action::Reassign,
                reason,
                site,
            });
            if let (Some(verdict), Some(change)) = (contradiction, self.plan.changes.last_mut()) {
                change.verdicts.push(verdict);
            }
            return true;
        }
        let expired = self.input.resolved.expired.get(&(class, principal.clone(), held.clone()));
        let exclusive = self.input.resolved.exclusive.contains(&(held.clone(), class));
        let authoritative = self.input.target.manage.assignments == Mode::Authoritative;
        let (reason, site) = match expired {
            Some(site) => (Reason::Expired, Some(*site)),
            None if exclusive => (Reason::NotInExclusiveList, None),
            None if authoritative => (Reason::NeverDeclared, None),
            None => return false,
        };
        if self.input.target.manage.assignments == Mode::Additive
            || (slot.locked.is_some() && expired.is_none())
        {
            return false;
        }
        let after = self.input.resolved.on_unassign.clone();
        if after.as_ref() == Some(&held) {
            return true;
        }
        self.move_principal(Move {
            class,
            principal,
            slot: Some(slot),
            before: Some(held),
            after,
            action: Action::Unassign,
            reason: Some(reason),
            site,
        });
        true
    }

    /// Nobody is moved by `reassign_to` to a role that the next plan would take from them.
    fn contradiction(&self, class: &'static str, principal: &Untrusted, to: &RoleId) -> Option<Verdict> {
        let resolved = self.input.resolved;
        let why = if self.is_vacant(Some(to)) || resolved.on_unassign.as_ref() == Some(to) {
            return None;
        } else if resolved.expired.contains_key(&(class, principal.clone(), to.clone())) {
            "their assignment of it has expired"
        } else if resolved.exclusive.contains(&(to.clone(), class)) {
            "its list is exclusive and does not name them"
        } else if self.input.target.manage.assignments == Mode::Authoritative {
            "the mode is `authoritative` and they are not declared"
        } else {
            return None;
        };
        let message = format!(
            "`{}` would move to `{}`, and the next plan would take it away: {why}",
            principal.raw(),
            self.name_of(to).raw()
        );
        let help = "Declare the assignment, or name another role under `reassign_to`.";
        Some(Verdict::refuse(Guard::Blocked, message, Some(help.into())))
    }

    /// A slot without a readable role: empty counts for nothing, unreadable is left alone.
    fn vacant_slot(&self, slot: &LiveObject) -> bool {
        !matches!(slot.fields.get(field::ROLE), Some(Live::Unreadable))
    }

    fn move_principal(&mut self, movement: Move<'_>) {
        let Move { class, principal, slot, before, after, action, reason, site } = movement;
        let mut verdicts = Vec::new();
        let called = slot.map_or_else(|| principal.raw().to_owned(), |slot| self.called(slot));
        if let Some(why) = slot.and_then(|slot| slot.locked.as_ref()) {
            let message = format!("the role of `{called}` cannot be changed: {}", why.raw());
            let help = "Take the person out of the assignments, or change the role in the product itself.";
            verdicts.push(Verdict::refuse(Guard::Blocked, message, Some(help.into())));
        }
        if slot.is_some_and(|slot| matches!(slot.fields.get(field::ROLE), Some(Live::Unreadable))) {
            let message = format!("which role `{called}` holds now cannot be read");
            verdicts.push(Verdict::refuse(Guard::Blocked, message, None));
        }
        if let Some(RoleId::Live(id)) = &after
            && self.catalogue().builtin(id.raw()).is_some_and(|builtin| !builtin.assignable)
        {
            let message = format!("nobody can be given the built-in role `{}`", id.raw());
            verdicts.push(Verdict::refuse(Guard::Blocked, message, None));
        }
        if slot.is_none()
            && let Some(why) = self.input.live.incomplete.get(&Kind::Assignment)
        {
            // The role that they may hold would be taken away unseen.
            verdicts.push(incomplete("give a role to", principal, why));
        }
        if action == Action::Unassign {
            if after.is_none() {
                let message = format!("`{called}` would lose a role, and nothing says what they get instead");
                let vacant = self.catalogue().builtin.iter().find(|b| b.vacant).map_or("NAME", |b| b.id);
                let help = format!("Say it once for the target: `on_unassign: {{ to: builtin:{vacant} }}`.");
                verdicts.push(Verdict::refuse(Guard::OnUnassign, message, Some(help)));
            }
            if let Some(why) = self.input.live.incomplete.get(&Kind::Assignment) {
                verdicts.push(incomplete("take a role from", principal, why));
            }
        }
        let title = self
            .input
            .live
            .names
            .get(&(class, principal.clone()))
            .cloned()
            .unwrap_or_else(|| principal.clone());
        self.plan.changes.push(Change {
            address: Address::assignment(&self.input.target.name, &Scope::Target, class, principal, None),
            action,
            title,
            id: Some(principal.clone()),
            what: What::Assignment {
                scope: Scope::Target,
                class,
                principal: principal.clone(),
                before,
                after,
            },
            adopts: false,
            reason,
            holders: None,
            protect: BTreeSet::new(),
            side_effects: Vec::new(),
            site,
            verdicts,
        });
    }
}

/// A principal on the way from one role to another.
struct Move<'m> {
    class: &'static str,
    principal: &'m Untrusted,
    slot: Option<&'m LiveObject>,
    before: Option<RoleId>,
    after: Option<RoleId>,
    action: Action,
    reason: Option<Reason>,
    site: Option<crate::model::Site>,
}

fn incomplete(verb: &str, name: &Untrusted, why: &Untrusted) -> Verdict {
    let message = format!("will not {verb} `{}` on an incomplete read: {}", name.raw(), why.raw());
    Verdict::refuse(Guard::Incomplete, message, None)
}

/// `text` as it has to be written in YAML: plain where that is unambiguous, else in the quotes that
/// JSON and YAML share.
fn yaml_scalar(text: &str) -> String {
    const LOOK_ALIKES: [&str; 9] = ["yes", "no", "on", "off", "true", "false", "null", "y", "n"];
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || " -_.".contains(c))
        && !text.ends_with(' ')
        && !LOOK_ALIKES.contains(&text.to_lowercase().as_str());
    if plain { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}
