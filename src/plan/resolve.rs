//! What the symbolic definitions mean live: which live role a declared one is, which role a
//! reference names, who a principal is, and which permissions a base brings.

use std::collections::{BTreeMap, BTreeSet};

use strsim::jaro_winkler;

use super::temporary;
use crate::{
    contract::{self, Base, Spec},
    model::{
        Address, Code, Finding, Key, Kind, RoleId, Scope, Site, Untrusted, Value,
        config::{OnUnassign, Placed, Target},
        desired::{DesiredRole, DesiredState, Protect, RoleName, RoleRef, Spelling, Via},
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
    /// Wanted assignments that have not expired, by (class, principal id).
    pub assignments: BTreeMap<(&'static str, Untrusted), ResolvedAssignment>,
    /// Where assignments that have expired were written, by (class, principal id, role).
    pub expired: BTreeMap<(&'static str, Untrusted, RoleId), Site>,
    /// Lists that are the whole truth: (role, class of principals).
    pub exclusive: BTreeSet<(RoleId, &'static str)>,
    /// Roles to delete on purpose, by id.
    pub removed: BTreeMap<Untrusted, ResolvedRemoval<'a>>,
    /// What the base revision forbids to happen to live roles, by id.
    pub protected: BTreeMap<Untrusted, BTreeSet<Protect>>,
    /// What somebody gets when a role is taken away; `None` where that is refused.
    pub on_unassign: Option<RoleId>,
    /// What the reader should know.
    pub notes: Vec<Untrusted>,
    /// Warnings.
    pub findings: Vec<Finding>,
}

/// A declared role and what it is live.
#[derive(Debug)]
pub struct ResolvedRole<'a> {
    /// Its address.
    pub address: Address,
    /// The definition.
    pub desired: &'a DesiredRole,
    /// The live role; `None` if it has to be made.
    pub live: Option<&'a LiveObject>,
    /// How it was found.
    pub matched: Matched,
    /// Its permissions, each with what brings it.
    pub permissions: BTreeMap<Untrusted, Via>,
}

/// How a declared role was matched with a live one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matched {
    /// By the provider's id in the definition.
    Id,
    /// By its name.
    Name,
    /// By an earlier name: one that the definition tells, the temporary one that an interrupted run
    /// left, or the one that the same key had in the base revision.
    Previously,
    /// There is no such live role.
    Not,
}

impl ResolvedRole<'_> {
    /// How others refer to it.
    pub fn id(&self) -> RoleId {
        match self.live.and_then(|live| live.id.as_ref()) {
            Some(id) => RoleId::Live(id.clone()),
            None => RoleId::New(self.address.clone()),
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
    /// Definitions of the base revision, for the names of keys that are gone.
    pub base: Option<&'a DesiredState>,
    /// The day of the plan (UTC).
    pub today: jiff::civil::Date,
}

/// Resolves the definitions against live; every problem with its place.
///
/// # Errors
///
/// All findings, when at least one is an error.
pub fn resolve(input: Input<'_>) -> Result<Resolved<'_>, Vec<Finding>> {
    let mut resolver = Resolver::new(input);
    resolver.check_live();
    resolver.match_roles();
    let roles = resolver.roles();
    let default = input.desired.default.as_ref().map(|default| ResolvedDefault {
        role: default.role.as_ref().and_then(|role| resolver.role(role)),
        site: default.site,
    });
    let (assignments, expired) = resolver.assignments();
    let exclusive = input
        .desired
        .exclusive
        .iter()
        .filter_map(|list| Some((resolver.role(&list.role)?, list.class)))
        .collect();
    let removed = resolver.removed();
    let protected = resolver.protected();
    let on_unassign = match &input.target.on_unassign {
        OnUnassign::To(role) => resolver.role(&on_unassign_ref(role)),
        OnUnassign::Refuse | OnUnassign::KeepBase | OnUnassign::RemoveMember => None,
    };
    let Resolver { findings, notes, .. } = resolver;
    if findings.iter().any(|finding| finding.level == crate::model::Level::Error) {
        return Err(findings);
    }
    Ok(Resolved {
        roles,
        default,
        assignments,
        expired,
        exclusive,
        removed,
        protected,
        on_unassign,
        notes,
        findings,
    })
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
    /// Roles of the base revision by key and scope.
    base_roles: BTreeMap<(&'a str, &'a Scope), &'a DesiredRole>,
    /// For each declared role its live one, in the order of `desired.roles`.
    matches: Vec<(Option<&'a LiveObject>, Matched)>,
    by_name: BTreeMap<&'a str, usize>,
    /// How often something similar was looked for.
    guesses: usize,
    findings: Vec<Finding>,
    notes: Vec<Untrusted>,
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
        let base_roles = input.base.into_iter().flat_map(|base| &base.roles);
        let base_roles = base_roles.map(|role| ((&*role.key, &role.scope), role)).collect();
        let by_name = input.desired.roles.iter().enumerate().map(|(i, role)| (&*role.key, i)).collect();
        let matches = vec![(None, Matched::Not); input.desired.roles.len()];
        Self {
            input,
            by_id,
            by_key,
            by_live_name,
            base_roles,
            matches,
            by_name,
            guesses: 0,
            findings: Vec::new(),
            notes: Vec::new(),
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

    /// `id`, then the name, then earlier names; all of one kind before the next, so that a role is
    /// never matched by an earlier name that another role bears today.
    fn match_roles(&mut self) {
        let mut desired: Vec<(usize, &DesiredRole)> = self.input.desired.roles.iter().enumerate().collect();
        desired.sort_by(|(_, a), (_, b)| (&a.key, &a.scope).cmp(&(&b.key, &b.scope)));
        let mut claimed: BTreeMap<&Untrusted, usize> = BTreeMap::new();
        for &(index, role) in &desired {
            let Some(id) = &role.id else { continue };
            match self.by_id.get(&id.value).copied() {
                Some(live) if live.builtin => self.builtin_named(role, id.site, "this id"),
                Some(live) => {
                    if claimed.insert(&id.value, index).is_some() {
                        let message = format!("two roles have the id `{}`", id.value.raw());
                        self.error(Code::DeclaredTwice, id.site, message, "second use", None);
                    }
                    self.matches[index] = (Some(live), Matched::Id);
                }
                None => self.error(
                    Code::UnknownId,
                    id.site,
                    format!("no live role has the id `{}`", id.value.raw()),
                    "not found",
                    Some("If the role was deleted and should be made anew, remove this line.".into()),
                ),
            }
        }
        for &(index, role) in &desired {
            if role.id.is_none()
                && let Some(live) = self.by_natural_key(role, &role.name, &claimed)
            {
                if let Some(id) = &live.id {
                    claimed.insert(id, index);
                }
                self.matches[index] = (Some(live), Matched::Name);
            }
        }
        for &(index, role) in &desired {
            if role.id.is_some() || self.matches[index].0.is_some() {
                continue;
            }
            let address = Address::role(&self.input.target.name, &role.key, &role.scope);
            let interrupted = Placed { value: temporary::name(&address), site: role.site };
            let in_base =
                self.base_role(role).map(|base| Placed { value: base.name.value.clone(), site: role.site });
            for earlier in role.previously.iter().chain([&interrupted]).chain(&in_base) {
                if let Some(live) = self.by_natural_key(role, earlier, &claimed) {
                    if let Some(id) = &live.id {
                        claimed.insert(id, index);
                    }
                    self.matches[index] = (Some(live), Matched::Previously);
                    break;
                }
            }
        }
    }

    /// The role of the same key in the base revision.
    fn base_role(&self, role: &DesiredRole) -> Option<&'a DesiredRole> {
        self.base_roles.get(&(&*role.key, &role.scope)).copied()
    }

    fn builtin_named(&mut self, role: &DesiredRole, site: Site, what: &str) {
        let message = format!("role `{}` is a built-in role of {}", role.key, self.input.spec.title());
        let help = "Built-in roles are never changed. Give the role another name, or refer to the built-in one as `builtin:NAME`.";
        self.error(
            Code::SameName,
            site,
            message,
            &format!("{what} belongs to a built-in role"),
            Some(help.into()),
        );
    }

    fn by_natural_key(
        &mut self,
        role: &DesiredRole,
        name: &Placed<Untrusted>,
        claimed: &BTreeMap<&Untrusted, usize>,
    ) -> Option<&'a LiveObject> {
        let key = Key {
            kind: Kind::Role,
            class: role.class,
            scope: role.scope.clone(),
            name: name.value.clone(),
            role: None,
        };
        let found: Vec<&LiveObject> = self
            .by_key
            .get(&key)
            .into_iter()
            .flatten()
            .copied()
            .filter(|live| live.id.as_ref().is_none_or(|id| !claimed.contains_key(id)))
            .collect();
        match found.as_slice() {
            [] => None,
            [live] if live.builtin => {
                self.builtin_named(role, name.site, "this name");
                None
            }
            [live] => Some(live),
            several => {
                let ids: Vec<&str> =
                    several.iter().filter_map(|l| l.id.as_ref()).map(Untrusted::raw).collect();
                let message = format!("{} live roles are named `{}`", several.len(), name.value.raw());
                let help = format!("Say which one with `id:`: {}.", ids.join(" or "));
                self.error(Code::Ambiguous, name.site, message, "more than one live role", Some(help));
                None
            }
        }
    }

    fn id_of(&self, index: usize) -> RoleId {
        let role = &self.input.desired.roles[index];
        match self.matches[index].0.and_then(|live| live.id.as_ref()) {
            Some(id) => RoleId::Live(id.clone()),
            None => RoleId::New(Address::role(&self.input.target.name, &role.key, &role.scope)),
        }
    }

    /// The live built-in role that is meant by its id or its name.
    fn builtin(&self, name: &Untrusted) -> Option<&'a LiveObject> {
        let by_id = self.by_id.get(name).into_iter();
        let by_name = self.by_live_name.get(name).into_iter().flatten();
        by_id.chain(by_name).copied().find(|object| object.builtin)
    }

    /// The role that a reference names; a finding where there is none.
    fn role(&mut self, reference: &RoleRef) -> Option<RoleId> {
        match &reference.value {
            RoleName::Key(key) => {
                if let Some(index) = self.by_name.get(&**key) {
                    return Some(self.id_of(*index));
                }
                let message = format!("role `{key}` is not declared");
                self.error(Code::UnknownRole, reference.site, message, "unknown role", None);
                None
            }
            RoleName::Builtin(name) => {
                if let Some(id) = self.builtin(name).and_then(|object| object.id.clone()) {
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

    fn roles(&mut self) -> Vec<ResolvedRole<'a>> {
        let desired = &self.input.desired.roles;
        let mut sets: Vec<Option<BTreeMap<Untrusted, Via>>> = vec![None; desired.len()];
        let mut waits = vec![false; desired.len()];
        for index in 0..desired.len() {
            // Bases first. A chain of them can be as long as there are roles, so this is no recursion;
            // a ring of bases is refused with the definitions.
            let mut chain = Vec::new();
            let mut next = Some(index);
            while let Some(role) = next.filter(|role| !waits[*role]) {
                waits[role] = true;
                chain.push(role);
                next = self.declared_base(role);
            }
            for role in chain.into_iter().rev() {
                sets[role] = Some(self.permissions(role, &sets));
            }
        }
        let mut roles: Vec<ResolvedRole<'a>> = desired
            .iter()
            .zip(sets)
            .enumerate()
            .map(|(index, (desired, permissions))| ResolvedRole {
                address: Address::role(&self.input.target.name, &desired.key, &desired.scope),
                desired,
                live: self.matches[index].0,
                matched: self.matches[index].1,
                permissions: permissions.unwrap_or_default(),
            })
            .collect();
        roles.sort_by(|a, b| a.address.cmp(&b.address));
        self.check_catalogue(&roles);
        roles
    }

    /// The role that another one copies, where it is declared too.
    fn declared_base(&self, index: usize) -> Option<usize> {
        match &self.input.desired.roles[index].base.as_ref()?.value {
            RoleName::Key(key) => self.by_name.get(&**key).copied(),
            RoleName::Builtin(_) | RoleName::Live(_) => None,
        }
    }

    /// The full set of one role; that of a declared base is among `sets`.
    fn permissions(
        &mut self,
        index: usize,
        sets: &[Option<BTreeMap<Untrusted, Via>>],
    ) -> BTreeMap<Untrusted, Via> {
        let role = &self.input.desired.roles[index];
        let mut set = role.permissions.clone();
        if let Some(base) = &role.base
            && self.input.spec.roles().iter().any(|c| c.class == role.class && c.base == Base::Copy)
        {
            let inherited: Vec<Untrusted> = match (&base.value, self.declared_base(index)) {
                (RoleName::Key(_), Some(other)) => {
                    sets[other].iter().flat_map(BTreeMap::keys).cloned().collect()
                }
                (RoleName::Key(_), None) => {
                    self.role(base);
                    Vec::new()
                }
                (RoleName::Builtin(_) | RoleName::Live(_), _) => self.live_permissions(base),
            };
            for permission in inherited {
                set.entry(permission).or_insert_with(|| Via::Base(base.value.clone()));
            }
        }
        for permission in role.except.keys() {
            set.remove(permission);
        }
        set
    }

    fn live_permissions(&mut self, base: &RoleRef) -> Vec<Untrusted> {
        let Some(RoleId::Live(id)) = self.role(base) else { return Vec::new() };
        let value = self.by_id.get(&id).and_then(|object| object.fields.get(field::PERMISSIONS));
        match value.and_then(|live| live.value()) {
            Some(Value::Set(members)) => members.iter().cloned().collect(),
            _ => {
                let message = format!("the permissions of base role `{}` cannot be read", id.raw());
                let help = "List the permissions in the role itself instead of starting from this base.";
                self.error(Code::UnknownBuiltin, base.site, message, "unreadable base", Some(help.into()));
                Vec::new()
            }
        }
    }

    /// A permission that the live catalogue does not know is an error, where the catalogue could be
    /// read.
    fn check_catalogue(&mut self, roles: &[ResolvedRole<'a>]) {
        let Some(catalogue) = &self.input.live.catalogue else {
            if !roles.is_empty() {
                self.notes.push("The live list of permissions could not be read: unknown ones are found only when they are written.".into());
            }
            return;
        };
        // One set may bring the same permission to many roles: one finding is enough.
        let mut seen = BTreeSet::new();
        for role in roles {
            for (permission, via) in &role.permissions {
                let site = match via {
                    Via::Own(site) | Via::Set { site, .. } => *site,
                    Via::Base(_) => continue,
                };
                if !catalogue.contains(permission) && seen.insert(site) {
                    let message = format!(
                        "{} does not know the permission `{}`",
                        self.input.spec.title(),
                        permission.raw()
                    );
                    self.guesses += 1;
                    let known = catalogue.iter().filter(|_| self.guesses <= MOST_GUESSES);
                    let help = nearest(permission.raw(), known.map(Untrusted::raw))
                        .map(|near| format!("Did you mean `{near}`?"));
                    self.error(Code::UnknownPermission, site, message, "unknown to the live catalogue", help);
                }
            }
        }
    }

    #[expect(clippy::type_complexity, reason = "the two maps of Resolved")]
    fn assignments(
        &mut self,
    ) -> (
        BTreeMap<(&'static str, Untrusted), ResolvedAssignment>,
        BTreeMap<(&'static str, Untrusted, RoleId), Site>,
    ) {
        let mut wanted: BTreeMap<(&'static str, Untrusted), ResolvedAssignment> = BTreeMap::new();
        let mut expired = BTreeMap::new();
        for assignment in &self.input.desired.assignments {
            let role = self.role(&assignment.role);
            let principal = self.principal(assignment.class, &assignment.principal);
            let (Some(role), Some(principal)) = (role, principal) else { continue };
            let site = assignment.principal.site;
            if assignment.expires.is_some_and(|last| last < self.input.today) {
                expired.insert((assignment.class, principal, role), site);
                continue;
            }
            let slot = (assignment.class, principal);
            if let Some(first) = wanted.get(&slot) {
                let message = format!("`{}` is assigned twice", slot.1.raw());
                let finding = Finding::new(Code::TwoRoles, message)
                    .at(site, "second assignment")
                    .at(first.site, "first assignment")
                    .help(format!(
                        "{} gives a person one role. Keep one of the two.",
                        self.input.spec.title()
                    ));
                self.findings.push(finding);
                continue;
            }
            wanted.insert(slot, ResolvedAssignment { role, site });
        }
        (wanted, expired)
    }

    fn principal(&mut self, class: &'static str, principal: &Placed<Spelling>) -> Option<Untrusted> {
        let (Spelling::Handle(text) | Spelling::Email(text) | Spelling::Id(text)) = &principal.value;
        let directory = &self.input.live.directory;
        let spellings = contract::principal(self.input.spec, class).map(|class| class.spellings);
        let is_id = match &principal.value {
            Spelling::Id(_) => true,
            Spelling::Handle(_) => spellings.is_some_and(|spellings| spellings.handle_is_id),
            Spelling::Email(_) => false,
        };
        // People choose their handles, perhaps one that is somebody else's id.
        let found = directory.get(&(class, text.clone())).filter(|id| !is_id || *id == text).cloned();
        if found.is_none() {
            self.guesses += 1;
            let known = directory.keys().filter(|(c, spelling)| *c == class && spelling != text);
            let known = known.map(|(_, spelling)| spelling.raw());
            let near = nearest(text.raw(), known.filter(|_| self.guesses <= MOST_GUESSES));
            let near = near.map(|near| format!("Did you mean `{near}`?"));
            let message = format!("{} knows no {class} `{}`", self.input.spec.title(), text.raw());
            let help = near.unwrap_or_else(|| "Only existing members can be given a role.".into());
            self.error(Code::UnknownPrincipal, principal.site, message, "not found", Some(help));
        }
        found
    }

    fn removed(&mut self) -> BTreeMap<Untrusted, ResolvedRemoval<'a>> {
        let mut removed: BTreeMap<Untrusted, ResolvedRemoval<'a>> = BTreeMap::new();
        let matched = self.matches.iter().enumerate();
        let declared: BTreeMap<&Untrusted, usize> =
            matched.filter_map(|(index, (live, _))| Some((live.as_ref()?.id.as_ref()?, index))).collect();
        for removal in &self.input.desired.removed {
            let reassign_to = removal.reassign_to.as_ref().and_then(|role| self.role(role));
            let name = self.removed_name(&removal.role.value);
            let candidates = self.by_live_name.get(&name).cloned().unwrap_or_default();
            let live = match candidates.as_slice() {
                [] => {
                    self.note_missing(&name);
                    continue;
                }
                [live] => *live,
                several => {
                    let message = format!("{} live roles are named `{}`", several.len(), name.raw());
                    self.error(Code::Ambiguous, removal.role.site, message, "more than one live role", None);
                    continue;
                }
            };
            if live.builtin {
                let message = format!("`{}` is a built-in role and is never deleted", name.raw());
                self.error(Code::Unsupported, removal.role.site, message, "built-in role", None);
                continue;
            }
            if let Some(index) = live.id.as_ref().and_then(|id| declared.get(id)) {
                let role = &self.input.desired.roles[*index];
                let finding = Finding::new(
                    Code::RemovedButDeclared,
                    format!("role `{}` is removed and declared", role.key),
                )
                .at(removal.role.site, "removed here")
                .at(role.site, "declared here")
                .help("Keep one of the two.");
                self.findings.push(finding);
                continue;
            }
            if let Some(id) = &live.id {
                let site = removal.role.site;
                removed.insert(id.clone(), ResolvedRemoval { live, reassign_to, site });
            }
        }
        for removal in removed.values() {
            if let Some(RoleId::Live(to)) = &removal.reassign_to
                && let Some(gone) = removed.get(to)
            {
                let name = gone.live.key.name.raw();
                let message = format!(
                    "the holders of `{}` would move to `{name}`, which is removed too",
                    removal.live.key.name.raw()
                );
                let finding = Finding::new(Code::UnknownRole, message)
                    .at(removal.site, "its holders move")
                    .at(gone.site, "removed here")
                    .help("Name a role that stays.");
                self.findings.push(finding);
            }
        }
        removed
    }

    /// `protect` of the base revision still holds: it is lifted in a change of its own. A role is
    /// known by its id, else by its name, and by its key where that is still declared.
    fn protected(&self) -> BTreeMap<Untrusted, BTreeSet<Protect>> {
        let mut protected: BTreeMap<Untrusted, BTreeSet<Protect>> = BTreeMap::new();
        let desired = self.input.desired.roles.iter().zip(&self.matches);
        let by_key: BTreeMap<(&str, &Scope), &LiveObject> =
            desired.filter_map(|(role, (live, _))| Some(((&*role.key, &role.scope), (*live)?))).collect();
        for (key, role) in self.base_roles.iter().filter(|(_, role)| !role.protect.is_empty()) {
            let by_id = role.id.as_ref().and_then(|id| self.by_id.get(&id.value)).copied();
            let named = || self.by_live_name.get(&role.name.value).into_iter().flatten().copied();
            let by_name = named().filter(|live| by_id.is_none() && live.key.scope == role.scope);
            for live in by_id.into_iter().chain(by_name).chain(by_key.get(key).copied()) {
                if let Some(id) = &live.id {
                    protected.entry(id.clone()).or_default().extend(&role.protect);
                }
            }
        }
        protected
    }

    /// The live name that `removed` means: a key stands for the name it had in the base revision.
    fn removed_name(&self, role: &RoleName) -> Untrusted {
        match role {
            RoleName::Live(name) | RoleName::Builtin(name) => name.clone(),
            RoleName::Key(key) => self
                .base_roles
                .range((&**key, &Scope::Target)..)
                .next()
                .filter(|((found, _), _)| *found == &**key)
                .map_or_else(|| Untrusted::new(key.clone()), |(_, role)| role.name.value.clone()),
        }
    }

    fn note_missing(&mut self, name: &Untrusted) {
        let near = self
            .by_id
            .values()
            .filter(|object| !object.builtin)
            .find(|object| slug(object.key.name.raw()) == slug(name.raw()));
        let hint = near.map_or_else(String::new, |object| {
            format!(
                " A live role is named `{}`: write `{{ name: {} }}` if you mean it.",
                object.key.name.raw(),
                object.key.name.raw()
            )
        });
        self.notes
            .push(format!("`removed` names `{}`, and no live role has that name.{hint}", name.raw()).into());
    }
}

/// Lower-case letters and digits with single dashes: how a name would be written as a key.
fn slug(name: &str) -> String {
    let words: Vec<String> = name
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    words.join("-")
}

/// The most similar of `known`, if it is similar enough to be meant.
fn nearest<'k>(text: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    known
        .map(|candidate| (jaro_winkler(text, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.85)
        .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(a.1)))
        .map(|(_, candidate)| candidate)
}
