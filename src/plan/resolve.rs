//! What the symbolic definitions mean live: which live role a declared one is, which role a
//! reference names, who a principal is, and which permissions a base brings.

mod matching;
mod permissions;
mod removed;

pub(super) use removed::nobody_can_tell;

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

use strsim::jaro_winkler;

use super::{change::Verdict, earlier::Earlier, temporary};
use crate::{
    contract::{self, Spec},
    model::{
        Address, Code, Field, Finding, Key, Kind, Level, RoleId, Scope, Site, Untrusted, Value,
        config::{OnUnassign, Placed, Target},
        desired::{DesiredPermission, DesiredRole, DesiredState, Protect, RoleName, RoleRef, Spelling, Via},
        field,
        live::{LiveObject, LiveState},
    },
};

/// The definitions of one target, resolved.
#[derive(Debug)]
pub struct Resolved<'a> {
    /// Declared roles in order of address.
    pub roles: Vec<ResolvedRole<'a>>,
    /// The wanted default; the outer `None` is "not managed".
    pub default: Option<ResolvedDefault>,
    /// Wanted assignments that have not expired, by natural key.
    pub assignments: BTreeMap<Key, ResolvedAssignment>,
    /// Where assignments that have expired were written, by natural key and role.
    pub expired: BTreeMap<(Key, RoleId), Site>,
    /// Lists that are the whole truth: (role, place, class of principals).
    pub exclusive: BTreeSet<(RoleId, Scope, &'static str)>,
    /// Roles to delete on purpose, by id.
    pub removed: BTreeMap<Untrusted, ResolvedRemoval<'a>>,
    /// Permissions as resources of their own, by slug.
    pub permissions: &'a BTreeMap<Untrusted, DesiredPermission>,
    /// Permissions to delete on purpose.
    pub removed_permissions: &'a BTreeMap<Untrusted, Site>,
    /// What earlier revisions forbid to happen to live roles, by id.
    pub protected: BTreeMap<Untrusted, BTreeSet<Protect>>,
    /// What becomes of somebody from whom a role is taken away.
    pub on_unassign: Unassign,
    /// Permissions that live has and the shipped catalogue does not: where they, or their resources, are
    /// written, and what they are called.
    pub new_permissions: BTreeMap<Site, Untrusted>,
    /// What the reader should know.
    pub notes: Vec<Untrusted>,
    /// Why nothing can be told of what the definitions name.
    pub verdicts: Vec<Verdict>,
    /// Warnings.
    pub findings: Vec<Finding>,
    /// How others refer to each of the roles.
    ids: Vec<RoleId>,
    /// Which of the roles each is, also under the id of the live one.
    by_role: BTreeMap<RoleId, usize>,
    /// Live roles that are replaced, by id.
    replaced: BTreeMap<Untrusted, usize>,
}

/// What becomes of somebody from whom a role is taken away, where the class leaves a choice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Unassign {
    /// It is refused.
    #[default]
    Refuse,
    /// They are given this role instead.
    To(RoleId),
    /// They keep the access of the role's base.
    KeepBase,
    /// They leave the place, or the provider.
    RemoveMember,
}

impl Unassign {
    /// The role that they are given instead.
    pub fn to(&self) -> Option<&RoleId> {
        match self {
            Self::To(role) => Some(role),
            Self::Refuse | Self::KeepBase | Self::RemoveMember => None,
        }
    }
}

/// A declared role and what it is live.
#[derive(Debug)]
pub struct ResolvedRole<'a> {
    /// Its address.
    pub address: Address,
    /// The definition.
    pub desired: &'a DesiredRole,
    /// Where it lives, as the API spells it.
    pub scope: Scope,
    /// The live role; `None` if it has to be made.
    pub live: Option<&'a LiveObject>,
    /// How it was found.
    pub matched: Matched,
    /// Its permissions, each with what brings it; without what a floor grants.
    pub permissions: BTreeMap<Untrusted, Via>,
    /// Its fields beside name, description, and permissions, as far as the definition says something.
    pub fields: BTreeMap<Field, Value>,
    /// What its base grants whatever the role says ([`contract::Base::Floor`]).
    pub granted: BTreeSet<Untrusted>,
    /// Whether a new role takes the place of the live one.
    pub replaced: bool,
    /// The new role in the place of the live one, where an interrupted run made it already.
    pub successor: Option<&'a LiveObject>,
}

/// How a declared role was matched with a live one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matched {
    /// By the provider's id in the definition.
    Id,
    /// By the id that the record of the last apply has for this address.
    Recorded,
    /// By its name.
    Name,
    /// By an earlier name: one that the definition tells, the temporary one that an interrupted run
    /// left, or the one that the same key had in an earlier revision.
    Previously,
    /// There is no such live role.
    Not,
}

impl ResolvedRole<'_> {
    /// Whether its definition gives it this name, now or before, or an interrupted run did.
    pub(super) fn bears(&self, name: &Untrusted) -> bool {
        let given = [&self.desired.name].into_iter().chain(&self.desired.previously);
        let slug = self.desired.slug.iter().any(|slug| slug.value == *name);
        slug || given.into_iter().any(|given| given.value == *name) || temporary::name(&self.address) == *name
    }

    /// How others refer to it: a role that is replaced is the new one.
    pub fn id(&self) -> RoleId {
        let live = if self.replaced { self.successor } else { self.live };
        match live.and_then(|live| live.id.as_ref()) {
            Some(id) => RoleId::Live(id.clone()),
            None => RoleId::New(self.address.clone()),
        }
    }

    /// How others refer to what is there now.
    pub fn live_id(&self) -> Option<RoleId> {
        self.live.and_then(|live| live.id.clone()).map(RoleId::Live)
    }
}

impl<'a> Resolved<'a> {
    /// The declared role whose live one is replaced, and is `held`.
    pub(super) fn replacing(&self, held: &RoleId) -> Option<&ResolvedRole<'a>> {
        let RoleId::Live(id) = held else { return None };
        let index = self.replaced.get(id)?;
        self.roles.get(*index)
    }

    /// What a live role is after the plan: of one that is replaced the new one.
    pub(super) fn becomes<'r>(&'r self, held: &'r RoleId) -> &'r RoleId {
        match held {
            RoleId::Live(id) => self.replaced.get(id).and_then(|i| self.ids.get(*i)).unwrap_or(held),
            RoleId::New(_) => held,
        }
    }

    /// The live role in whose place `role` comes.
    pub(super) fn predecessor(&self, role: &RoleId) -> Option<RoleId> {
        let found = self.replaced.iter().find(|(_, index)| self.ids.get(**index) == Some(role));
        found.map(|(id, _)| RoleId::Live((*id).clone()))
    }

    /// The declared role that is `role`, or whose live one is.
    pub fn declared(&self, role: &RoleId) -> Option<&ResolvedRole<'a>> {
        self.roles.get(*self.by_role.get(role)?)
    }

    fn index(&mut self) {
        for (index, role) in self.roles.iter().enumerate() {
            let id = role.id();
            self.by_role.entry(id.clone()).or_insert(index);
            self.ids.push(id);
            if let Some(live) = role.live_id() {
                self.by_role.entry(live).or_insert(index);
            }
            if let Some(id) = role.live.and_then(|live| live.id.clone()).filter(|_| role.replaced) {
                self.replaced.insert(id, index);
            }
        }
    }
}

/// The wanted default role.
#[derive(Clone, Debug)]
pub struct ResolvedDefault {
    /// The role, or none.
    pub role: Option<RoleId>,
    /// Where it was written.
    pub site: Site,
}

/// A wanted assignment.
#[derive(Clone, Debug)]
pub struct ResolvedAssignment {
    /// The role.
    pub role: RoleId,
    /// Where it was written.
    pub site: Site,
}

/// A role to delete on purpose.
#[derive(Debug)]
pub struct ResolvedRemoval<'a> {
    /// The live role.
    pub live: &'a LiveObject,
    /// Where its holders go.
    pub reassign_to: Option<RoleId>,
    /// Where it was written.
    pub site: Site,
    /// Whether only the record of applies says that it is this role.
    pub unproven: bool,
}

/// What resolving needs.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// The target.
    pub target: &'a Target,
    /// Its provider.
    pub spec: &'a dyn Spec,
    /// Its definitions.
    pub desired: &'a DesiredState,
    /// What was read.
    pub live: &'a LiveState,
    /// What git held before.
    pub earlier: Earlier<'a>,
    /// The day of the plan (UTC).
    pub today: jiff::civil::Date,
}

/// Resolves the definitions against live; every problem with its place.
///
/// # Errors
///
/// All findings, when at least one is an error.
pub fn resolve(input: Input<'_>) -> Result<Resolved<'_>, Vec<Finding>> {
    let resolved = leniently(input, &BTreeMap::new());
    if resolved.findings.iter().any(|finding| finding.level == Level::Error) {
        return Err(resolved.findings);
    }
    Ok(resolved)
}

/// Resolves what can be resolved; what cannot is left out, and stands in the findings. `twins` are
/// the live roles of addresses that are known already.
pub(super) fn leniently<'a>(input: Input<'a>, twins: &BTreeMap<Address, &'a LiveObject>) -> Resolved<'a> {
    let mut resolver = Resolver::new(input);
    resolver.check_live();
    resolver.match_roles(twins);
    let roles = resolver.roles();
    let default = input.desired.default.as_ref().map(|default| ResolvedDefault {
        role: default.role.as_ref().and_then(|role| resolver.role(role, &Scope::Target)),
        site: default.site,
    });
    let (assignments, expired) = resolver.assignments();
    let exclusive = input
        .desired
        .exclusive
        .iter()
        .filter_map(|list| {
            let place = resolver.place(&list.scope, list.place)?;
            Some((resolver.held_role(&list.role, &place)?, place, list.class))
        })
        .collect();
    let removed = resolver.removed();
    let protected = resolver.protected();
    let on_unassign = match &input.target.on_unassign {
        OnUnassign::To(role) => {
            let to = resolver.role(&on_unassign_ref(role), &Scope::Target);
            to.map_or(Unassign::Refuse, Unassign::To)
        }
        OnUnassign::Refuse => Unassign::Refuse,
        OnUnassign::KeepBase => Unassign::KeepBase,
        OnUnassign::RemoveMember => Unassign::RemoveMember,
    };
    let Resolver { findings, notes, verdicts, new_permissions, .. } = resolver;
    let mut resolved = Resolved {
        roles,
        default,
        assignments,
        expired,
        exclusive,
        removed,
        permissions: &input.desired.permissions,
        removed_permissions: &input.desired.removed_permissions,
        protected,
        on_unassign,
        new_permissions,
        notes,
        verdicts,
        findings,
        ids: Vec::new(),
        by_role: BTreeMap::new(),
        replaced: BTreeMap::new(),
    };
    resolved.index();
    resolved
}

/// `on_unassign: { to: … }` is a role's key or `builtin:NAME`.
fn on_unassign_ref(to: &Placed<std::sync::Arc<str>>) -> RoleRef {
    let value = match to.value.strip_prefix("builtin:") {
        Some(name) => RoleName::Builtin(name.into()),
        None => RoleName::Key(to.value.clone()),
    };
    Placed { value, site: to.site }
}

/// After so many the reader has seen that the whole list is wrong, and looking for something similar
/// in a large tenant takes long.
const MOST_GUESSES: usize = 20;

struct Resolver<'a> {
    input: Input<'a>,
    /// Live roles by id, by natural key.
    by_id: BTreeMap<&'a Untrusted, &'a LiveObject>,
    by_key: BTreeMap<&'a Key, Vec<&'a LiveObject>>,
    by_live_name: BTreeMap<&'a Untrusted, Vec<&'a LiveObject>>,
    /// Roles of base and applied by key and scope.
    earlier_roles: BTreeMap<(&'a str, &'a Scope), Vec<&'a DesiredRole>>,
    /// For each declared role its live one, in the order of `desired.roles`.
    matches: Vec<(Option<&'a LiveObject>, Matched)>,
    /// For each declared role that is replaced the new one, where it is there already.
    replaced: BTreeMap<usize, Option<&'a LiveObject>>,
    by_name: BTreeMap<&'a str, Vec<usize>>,
    /// Places that were reported as missing.
    missing: BTreeSet<&'a Scope>,
    /// How often something similar was looked for.
    guesses: usize,
    new_permissions: BTreeMap<Site, Untrusted>,
    findings: Vec<Finding>,
    notes: Vec<Untrusted>,
    verdicts: Vec<Verdict>,
}

impl<'a> Resolver<'a> {
    fn new(input: Input<'a>) -> Self {
        let mut by_id = BTreeMap::new();
        let mut by_key: BTreeMap<_, Vec<_>> = BTreeMap::new();
        let mut by_live_name: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for role in input.live.of(Kind::Role) {
            if let Some(id) = &role.id {
                by_id.insert(id, role);
            }
            by_key.entry(&role.key).or_default().push(role);
        }
        for role in by_id.values().copied() {
            by_live_name.entry(&role.key.name).or_default().push(role);
        }
        let mut earlier_roles: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for role in input.earlier.states().flat_map(|state| &state.roles) {
            earlier_roles.entry((&*role.key, &role.scope)).or_default().push(role);
        }
        let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, role) in input.desired.roles.iter().enumerate() {
            by_name.entry(&role.key).or_default().push(index);
        }
        let matches = vec![(None, Matched::Not); input.desired.roles.len()];
        Self {
            input,
            by_id,
            by_key,
            by_live_name,
            earlier_roles,
            matches,
            replaced: BTreeMap::new(),
            by_name,
            missing: BTreeSet::new(),
            guesses: 0,
            new_permissions: BTreeMap::new(),
            findings: Vec::new(),
            notes: Vec::new(),
            verdicts: Vec::new(),
        }
    }

    fn error(&mut self, code: Code, site: Site, message: String, label: &str, help: Option<String>) {
        let mut finding = Finding::new(code, message).at(site, label);
        finding.help = help.map(Into::into);
        self.findings.push(finding);
    }

    /// An id stands for one role, a principal has one slot, and there is one default: otherwise
    /// nobody can tell what is there. Custom roles of one name are no problem until one is meant.
    fn check_live(&mut self) {
        let mut seen = BTreeSet::new();
        for object in &self.input.live.objects {
            let (identity, what) = match (object.key.kind, &object.id) {
                (Kind::Role, Some(id)) => ((Kind::Role, None, Some(id)), format!("id `{}`", id.raw())),
                (Kind::Assignment, _) => {
                    let key = &object.key;
                    ((Kind::Assignment, Some(key), None), format!("{} `{}`", key.class, key.name.raw()))
                }
                (Kind::Default, _) => ((Kind::Default, None, None), "default of new members".to_owned()),
                (Kind::Role | Kind::Permission, _) => continue,
            };
            if !seen.insert(identity) {
                let message = format!("the API tells two different things of the {what}");
                self.findings
                    .push(Finding::new(Code::Ambiguous, message).help("Try again, and ask the provider."));
            }
        }
    }

    fn id_of(&self, index: usize) -> RoleId {
        let role = &self.input.desired.roles[index];
        let live = self.replaced.get(&index).copied().unwrap_or(self.matches[index].0);
        match live.and_then(|live| live.id.as_ref()) {
            Some(id) => RoleId::Live(id.clone()),
            None => RoleId::New(Address::role(&self.input.target.name, &role.key, &role.scope)),
        }
    }

    /// How the API spells a place; a finding where there is none.
    fn place(&mut self, scope: &'a Scope, site: Site) -> Option<Scope> {
        if let Some(place) = self.input.live.place(scope) {
            return Some(place.clone());
        }
        if self.missing.insert(scope)
            && let Some(place) = contract::manual::place(scope)
        {
            let message = format!("{} knows no {place}", self.input.spec.title());
            let help = "Write it as the product does, and make sure that the credential may see it.";
            self.error(Code::UnknownScope, site, message, "not found", Some(help.into()));
        }
        None
    }

    /// The declared role of a key as it is meant at `at`: the one that lives there, else the one of a place
    /// around it, of the whole target, or of a level, else the only one.
    fn declared(&self, key: &str, at: &Scope) -> Option<usize> {
        let all = self.by_name.get(key)?;
        let scope = |index: &&usize| &self.input.desired.roles[**index].scope;
        let here = |index: &&usize| self.input.live.place(scope(index)) == Some(at);
        let wide = |index: &&usize| !matches!(scope(index), Scope::In { .. });
        let around = |index: &&usize| {
            let place = self.input.live.place(scope(index));
            place.is_some_and(|place| self.input.spec.lies_in(at, place))
        };
        let only = || if let [only] = all.as_slice() { Some(only) } else { None };
        let elsewhere = || all.iter().find(around).or_else(|| all.iter().find(wide)).or_else(only);
        all.iter().find(here).or_else(elsewhere).copied()
    }

    /// The live built-in role that is meant by its id or its name.
    fn builtin(&self, name: &Untrusted, at: &Scope) -> Option<&'a LiveObject> {
        let by_id = self.by_id.get(name).into_iter();
        let by_name = || self.by_live_name.get(name).into_iter().flatten();
        let here = by_name().filter(|object| contract::counts_at(self.input.spec, &object.key.scope, at));
        by_id.chain(here).chain(by_name()).copied().find(|object| object.builtin)
    }

    /// The role that is held at `at`; a finding where there is none, or it cannot be held there.
    fn held_role(&mut self, reference: &RoleRef, at: &Scope) -> Option<RoleId> {
        let role = self.counting_role(reference, at)?;
        self.fits_the_type(&role, reference, at).then_some(role)
    }

    /// The role that counts at `at`, whatever type of resource it is for; a finding where there is none, or
    /// it lives elsewhere.
    fn counting_role(&mut self, reference: &RoleRef, at: &Scope) -> Option<RoleId> {
        let role = self.role(reference, at)?;
        let lives = match &role {
            RoleId::Live(id) => self.by_id.get(id).map(|object| object.key.scope.clone()),
            RoleId::New(_) => match &reference.value {
                RoleName::Key(key) => self
                    .declared(key, at)
                    .and_then(|index| self.input.live.place(&self.input.desired.roles[index].scope).cloned()),
                RoleName::Builtin(_) | RoleName::Live(_) => None,
            },
        };
        if lives.as_ref().is_none_or(|lives| contract::counts_at(self.input.spec, lives, at)) {
            return Some(role);
        }
        let place = |scope: &Scope| contract::manual::place(scope).unwrap_or_else(|| "the target".into());
        let lives = lives.as_ref().map(place).unwrap_or_default();
        let message = format!("this role is one of {lives}, and cannot be held at {}", place(at));
        let help = "Name a role of that place, or correct `scope`.";
        self.error(Code::Unsupported, reference.site, message, "lives elsewhere", Some(help.into()));
        None
    }

    /// Whether the role is for resources of the type that the place is of; a finding where it is for
    /// others.
    fn fits_the_type(&mut self, role: &RoleId, reference: &RoleRef, at: &Scope) -> bool {
        let Some(wanted) = self.input.spec.resource_type_at(at) else { return true };
        let Some(kind) = self.resource_type(role).filter(|kind| kind.raw() != wanted) else { return true };
        let place = contract::manual::place(at).unwrap_or_else(|| "the target".into());
        let message = format!(
            "this role is for resources of the type `{}`, and {place} is of the type `{wanted}`",
            kind.raw()
        );
        let help = format!("Name a role whose type is `{wanted}`, or correct `scope`.");
        let code = Code::Unsupported;
        // One role is often given to many in one line.
        let known = |finding: &Finding| {
            finding.code == code
                && finding.message.raw() == message
                && finding.labels.first().is_some_and(|label| label.site == reference.site)
        };
        if !self.findings.iter().any(known) {
            self.error(code, reference.site, message, "of another type", Some(help));
        }
        false
    }

    /// The type of resource that a role is for: what is live never changes.
    fn resource_type(&self, role: &RoleId) -> Option<Untrusted> {
        let of_live = |live: &LiveObject| match live.fields.get(field::RESOURCE_TYPE)?.value()? {
            Value::Text(text) => text.clone(),
            _ => None,
        };
        match role {
            RoleId::Live(id) => of_live(self.by_id.get(id)?),
            RoleId::New(_) => {
                let index = (0..self.matches.len()).find(|index| self.id_of(*index) == *role)?;
                let declared = &self.input.desired.roles[index];
                let said = declared.resource_type.as_ref().map(|kind| kind.value.clone());
                let usual = || {
                    let class = contract::role_class(self.input.spec, declared.class)?;
                    Some(class.resource_type?.usual.into())
                };
                said.or_else(|| self.matches[index].0.and_then(of_live)).or_else(usual)
            }
        }
    }

    /// The role that a reference names where it is used; a finding where there is none.
    fn role(&mut self, reference: &RoleRef, at: &Scope) -> Option<RoleId> {
        match &reference.value {
            RoleName::Key(key) => {
                if let Some(index) = self.declared(key, at) {
                    return Some(self.id_of(index));
                }
                let (message, label) = match contract::manual::place(at) {
                    Some(place) if self.by_name.contains_key(&**key) => {
                        (format!("role `{key}` is not declared for {place}"), "not there")
                    }
                    _ if self.by_name.contains_key(&**key) => {
                        (format!("role `{key}` lives in several places"), "which one?")
                    }
                    _ => (format!("role `{key}` is not declared"), "unknown role"),
                };
                self.error(Code::UnknownRole, reference.site, message, label, None);
                None
            }
            RoleName::Builtin(name) => {
                if let Some(id) = self.builtin(name, at).and_then(|object| object.id.clone()) {
                    return Some(RoleId::Live(id));
                }
                let known: Vec<&str> = self
                    .by_id
                    .values()
                    .filter(|object| object.builtin)
                    .filter_map(|object| object.id.as_ref())
                    .map(Untrusted::raw)
                    .collect();
                let message = format!("{} has no built-in role `{}`", self.input.spec.title(), name.raw());
                let help = format!("Built-in roles here: {}.", known.join(", "));
                self.error(
                    Code::UnknownBuiltin,
                    reference.site,
                    message,
                    "unknown built-in role",
                    Some(help),
                );
                None
            }
            RoleName::Live(name) => {
                let found = self.by_live_name.get(name).and_then(|found| found.first());
                let id = found.and_then(|object| object.id.clone()).map(RoleId::Live);
                if id.is_none() {
                    let message = format!("no live role is named `{}`", name.raw());
                    self.error(Code::UnknownRole, reference.site, message, "unknown role", None);
                }
                id
            }
        }
    }

    fn assignments(&mut self) -> (BTreeMap<Key, ResolvedAssignment>, BTreeMap<(Key, RoleId), Site>) {
        let mut wanted: BTreeMap<Key, ResolvedAssignment> = BTreeMap::new();
        let mut expired = BTreeMap::new();
        let several: BTreeSet<&str> = {
            let classes = self.input.spec.principals().iter();
            classes
                .filter(|class| !class.one_role(&self.input.target.settings))
                .map(|class| class.class)
                .collect()
        };
        let mut gone: BTreeSet<&'a str> = BTreeSet::new();
        let input = self.input;
        for assignment in &input.desired.assignments {
            let is_past = assignment.expires.is_some_and(|last| last < input.today);
            // Whoever left holds nothing any more: a list may keep them until somebody tidies it.
            let written = &assignment.principal.value;
            if is_past
                && contract::principal_id(input.spec, &input.live.directory, assignment.class, written)
                    .is_none()
            {
                gone.insert(written.text().raw());
                continue;
            }
            // Who is in a place that is not there, nobody can tell.
            let Some(scope) = self.place(&assignment.scope, assignment.place) else { continue };
            let role = self.held_role(&assignment.role, &scope);
            let principal = self.principal(assignment.class, &assignment.principal);
            let (Some(role), Some(name)) = (role, principal) else { continue };
            let site = assignment.principal.site;
            let class = assignment.class;
            let slot = several.contains(class).then(|| role.clone());
            let key = Key { kind: Kind::Assignment, class, scope, name, role: slot };
            if is_past {
                expired.insert((key, role), site);
                continue;
            }
            let first = match wanted.entry(key) {
                Entry::Vacant(entry) => {
                    entry.insert(ResolvedAssignment { role, site });
                    continue;
                }
                Entry::Occupied(entry) => entry,
            };
            let message = format!("`{}` is assigned twice", first.key().name.raw());
            let finding = Finding::new(Code::TwoRoles, message)
                .at(site, "second assignment")
                .at(first.get().site, "first assignment")
                .help(match first.key().role {
                    Some(_) => "Remove one of the two.".to_owned(),
                    None => {
                        format!("{} gives a person one role. Keep one of the two.", self.input.spec.title())
                    }
                });
            self.findings.push(finding);
        }
        self.notes.extend(left(input.spec.title(), &gone));
        (wanted, expired)
    }

    fn principal(&mut self, class: &'static str, principal: &Placed<Spelling>) -> Option<Untrusted> {
        let text = principal.value.text();
        let directory = &self.input.live.directory;
        let found = contract::principal_id(self.input.spec, directory, class, &principal.value).cloned();
        if found.is_none() {
            self.guesses += 1;
            let known = directory.iter().filter(|(c, ..)| *c == class);
            let known =
                known.map(|(_, spelling, _)| spelling.text().raw()).filter(|known| *known != text.raw());
            let near = if self.guesses > MOST_GUESSES { None } else { nearest(text.raw(), known) };
            let near = near.map(|near| format!("Did you mean `{near}`?"));
            let message = format!("{} knows no {class} `{}`", self.input.spec.title(), text.raw());
            let help = near.unwrap_or_else(|| match contract::principal(self.input.spec, class) {
                Some(class) if class.joins => format!(
                    "Nobody is found by it. Write {}, and make sure that the credential may see them.",
                    class.spellings.about
                ),
                _ => "Only existing members can be given a role.".into(),
            });
            self.error(Code::UnknownPrincipal, principal.site, message, "not found", Some(help));
        }
        found
    }
}

/// That nothing is to be done for whoever is gone and whose assignment has expired.
fn left(title: &str, gone: &BTreeSet<&str>) -> Option<Untrusted> {
    const SHOWN: usize = 10;
    let mut names: Vec<String> = gone.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    if gone.len() > SHOWN {
        names.push(format!("{} more", gone.len() - SHOWN));
    }
    let text = format!(
        "What has expired needs nothing for {}, whom {title} does not know any more.",
        names.join(", ")
    );
    (!gone.is_empty()).then(|| text.into())
}

/// The most similar of `known`, if it is similar enough to be meant. Capitals do not count: an address
/// in other capitals is that very person's.
fn nearest<'k>(text: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let text = text.to_lowercase();
    known
        .map(|candidate| (jaro_winkler(&text, &candidate.to_lowercase()), candidate))
        .filter(|(likeness, _)| *likeness > 0.85)
        .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(a.1)))
        .map(|(_, candidate)| candidate)
}
