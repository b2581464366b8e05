//! Two targets on one tenant: each object is declared by one of them, and none of them takes away
//! what another one declares. Otherwise one apply would undo the other.

use std::collections::{BTreeMap, BTreeSet};

use super::{Exit, Failure, plan::PlannedTarget, project::Project};
use crate::{
    contract,
    model::{
        Address, Code, Finding, Kind, RoleId, Scope, Site, Untrusted,
        config::{Guards, Mode, Target},
        desired::{DesiredRole, DesiredState, RoleName},
        live::{Identity, LiveObject, LiveState},
    },
    plan::{build, change::What, document::TargetPlan},
};

/// Most findings for one pair of targets: two targets that share a file share everything in it.
const MOST_FINDINGS: usize = 20;

/// Turns the plans of targets that get in each other's way into failures, and ends their
/// connections.
pub(super) async fn refuse(
    project: &Project,
    guards: &Guards,
    documents: &mut [TargetPlan],
    targets: &mut Vec<PlannedTarget>,
    findings: &mut Vec<Finding>,
) {
    let mut failures: BTreeMap<String, Failure> = BTreeMap::new();
    // Most targets are alone in their tenant.
    let alone = |one: &PlannedTarget| {
        let same = |other: &&PlannedTarget| {
            other.target.provider == one.target.provider && other.live.identity == one.live.identity
        };
        targets.iter().filter(same).count() < 2
    };
    let claims: Vec<Claims<'_>> = targets
        .iter()
        .filter(|planned| !alone(planned))
        .filter_map(|planned| Some(Claims::new(planned, project.loaded.desired.get(&planned.target.name)?)))
        .collect();
    for (index, first) in claims.iter().enumerate() {
        for second in claims.iter().skip(index + 1).filter(|second| first.is_tenant_of(second)) {
            let found = first.conflicts(second);
            if found.is_empty() {
                continue;
            }
            for (this, other) in [(first, second), (second, first)] {
                failures
                    .entry(this.target.name.to_string())
                    .or_insert_with(|| failure(other, this.identity, found.len()));
            }
            findings.extend(found.into_iter().take(MOST_FINDINGS));
        }
    }
    drop(claims);
    let kept = std::mem::take(targets);
    for planned in kept {
        let Some(failure) = failures.remove(&*planned.target.name) else {
            targets.push(planned);
            continue;
        };
        for document in documents.iter_mut().filter(|document| document.name.raw() == &*planned.target.name) {
            let identity = document.identity.take();
            *document =
                build::failed(&planned.target.name, Some(&planned.target), guards, failure.clone().into());
            document.identity = identity;
        }
        planned.tenant.close().await;
    }
}

fn failure(other: &Claims<'_>, identity: &Identity, found: usize) -> Failure {
    let tenant = match identity.tenant.as_ref().or(identity.anchor.as_ref()) {
        Some(tenant) => format!("the tenant {} on {}", tenant.raw(), identity.host.raw()),
        None => format!("the same tenant on {}", identity.host.raw()),
    };
    let times = if found == 1 { "once".to_owned() } else { format!("{found} times") };
    let name = &other.target.name;
    Failure::new(
        Exit::Invalid,
        format!("target `{name}` is {tenant} too, and the two get in each other's way {times}"),
    )
    .help("Take each object out of one of the two targets, or make them one target.")
}

/// Class, scope, and name of a role.
type RoleKey<'a> = (&'static str, &'a Scope, &'a Untrusted);
/// Class of principals, scope, principal, and the role where a principal can hold several.
type Slot<'a> = (&'static str, &'a Scope, &'a Untrusted, Option<RoleId>);

/// What one target declares, in words that two targets of one tenant share.
struct Claims<'a> {
    target: &'a Target,
    identity: &'a Identity,
    ids: BTreeMap<Untrusted, &'a DesiredRole>,
    names: BTreeMap<RoleKey<'a>, &'a DesiredRole>,
    /// Live roles that the plan deletes, with the place that says so.
    deletes: BTreeMap<&'a Untrusted, Option<Site>>,
    /// Names of roles that the definitions remove.
    removes: BTreeMap<&'a str, Site>,
    permissions: BTreeMap<&'a Untrusted, Site>,
    /// Permissions that the plan deletes, with the place that says so.
    deletes_permissions: BTreeMap<&'a Untrusted, Option<Site>>,
    default: Option<Site>,
    slots: BTreeMap<Slot<'a>, Site>,
    /// Who is given which role.
    gives: BTreeMap<(RoleId, &'static str, &'a Scope), Site>,
    exclusive: BTreeMap<(RoleId, &'static str, &'a Scope), Site>,
}

impl<'a> Claims<'a> {
    fn new(planned: &'a PlannedTarget, desired: &'a DesiredState) -> Self {
        let PlannedTarget { target, plan, live, tenant, .. } = planned;
        let spec = &*tenant.provider;
        let changed: BTreeMap<&Address, Option<&Untrusted>> =
            plan.changes.iter().map(|change| (&change.address, change.id.as_ref())).collect();
        let live_roles = LiveRoles::new(live);
        let mut ids = BTreeMap::new();
        let mut by_key: BTreeMap<(&str, &Scope), RoleId> = BTreeMap::new();
        for role in &desired.roles {
            let address = Address::role(&target.name, &role.key, &role.scope);
            let id = match changed.get(&address) {
                Some(id) => (*id).cloned(),
                None => live_roles.of(role),
            };
            if let Some(id) = &id {
                ids.insert(id.clone(), role);
            }
            by_key.insert((&role.key, &role.scope), id.map_or(RoleId::New(address), RoleId::Live));
        }
        let role_id = |name: &RoleName, scope: &Scope| match name {
            RoleName::Key(key) => {
                let found = by_key.get(&(&**key, scope)).or_else(|| by_key.get(&(&**key, &Scope::Target)));
                found.cloned()
            }
            RoleName::Builtin(name) | RoleName::Live(name) => live_roles.called(name).map(RoleId::Live),
        };
        let (mut slots, mut gives) = (BTreeMap::new(), BTreeMap::new());
        for assignment in &desired.assignments {
            let (class, scope, site) = (assignment.class, &assignment.scope, assignment.principal.site);
            let Some(role) = role_id(&assignment.role.value, scope) else { continue };
            gives.entry((role.clone(), class, scope)).or_insert(site);
            let spelling = &assignment.principal.value;
            if let Some(who) = contract::principal_id(spec, &live.directory, class, spelling) {
                let one =
                    contract::principal(spec, class).is_some_and(|class| class.one_role(&target.settings));
                slots.entry((class, scope, who, (!one).then_some(role))).or_insert(site);
            }
        }
        let exclusive = desired.exclusive.iter().filter_map(|list| {
            Some(((role_id(&list.role.value, &list.scope)?, list.class, &list.scope), list.role.site))
        });
        let deletes = plan.changes.iter().filter_map(|change| match &change.what {
            What::Role { after: None, .. } => Some((change.id.as_ref()?, change.site)),
            _ => None,
        });
        let removes = desired.removed.iter().map(|removal| match &removal.role.value {
            RoleName::Key(key) => (&**key, removal.role.site),
            RoleName::Builtin(name) | RoleName::Live(name) => (name.raw(), removal.role.site),
        });
        Self {
            target,
            identity: &live.identity,
            ids,
            names: desired
                .roles
                .iter()
                .map(|role| ((role.class, &role.scope, &role.name.value), role))
                .collect(),
            deletes: deletes.collect(),
            removes: removes.collect(),
            permissions: desired.permissions.iter().map(|(slug, one)| (slug, one.site)).collect(),
            deletes_permissions: plan
                .changes
                .iter()
                .filter_map(|change| match &change.what {
                    What::Permission { slug, after: None, .. } => Some((slug, change.site)),
                    _ => None,
                })
                .collect(),
            default: desired.default.as_ref().map(|default| default.site),
            slots,
            gives,
            exclusive: exclusive.collect(),
        }
    }

    /// Whether both are one tenant. Where the API tells nothing of the tenant, one credential for one
    /// host is one tenant.
    fn is_tenant_of(&self, other: &Self) -> bool {
        let told = self.identity.tenant.is_some() || self.identity.anchor.is_some();
        let same_credential = self.target.credential.variable() == other.target.credential.variable();
        self.target.provider == other.target.provider
            && self.identity == other.identity
            && (told || same_credential)
    }

    fn conflicts(&self, other: &Self) -> Vec<Finding> {
        let mut found = self.both_declare(other);
        found.extend(self.takes_from(other));
        found.extend(other.takes_from(self));
        found
    }

    fn both_declare(&self, other: &Self) -> Vec<Finding> {
        let mut found = Vec::new();
        let both = |what: String, here: Site, there: Site| {
            let (a, b) = (&self.target.name, &other.target.name);
            let message = format!("targets `{a}` and `{b}` are one tenant, and both declare {what}");
            let finding = Finding::new(Code::OneTenant, message).help(HELP);
            if here == there {
                return finding.at(here, format!("by `{a}` and by `{b}`"));
            }
            finding.at(here, format!("by `{a}`")).at(there, format!("by `{b}`"))
        };
        let mut seen = BTreeSet::new();
        let by_id = self.ids.iter().filter_map(|(id, role)| Some((*role, *other.ids.get(id)?)));
        let by_name = self.names.iter().filter_map(|(key, role)| Some((*role, *other.names.get(key)?)));
        for (here, there) in by_id.chain(by_name) {
            if seen.insert((here.site, there.site)) {
                let name = here.name.value.raw();
                found.push(both(format!("the role `{name}`"), here.name.site, there.name.site));
            }
        }
        for (slug, here) in &self.permissions {
            if let Some(there) = other.permissions.get(slug) {
                found.push(both(format!("the permission `{}`", slug.raw()), *here, *there));
            }
        }
        if let (Some(here), Some(there)) = (self.default, other.default) {
            found.push(both("the default role".to_owned(), here, there));
        }
        for (slot, here) in &self.slots {
            if let Some(there) = other.slots.get(slot) {
                found.push(both(format!("the role of {} `{}`", slot.0, slot.2.raw()), *here, *there));
            }
        }
        found
    }

    /// What this target takes away, and the other one declares.
    fn takes_from(&self, other: &Self) -> Vec<Finding> {
        let mut found = Vec::new();
        let (a, b) = (&self.target.name, &other.target.name);
        let whole = |what: &str, there: Site| {
            let message = format!(
                "targets `{a}` and `{b}` are one tenant, and `{a}` is authoritative for {what}: it takes away what `{b}` declares"
            );
            Finding::new(Code::OneTenant, message)
                .at(self.target.site, format!("`{a}` manages all {what}"))
                .at(there, format!("declared by `{b}`"))
                .help(HELP)
        };
        let roles = self.target.manage.roles == Mode::Authoritative;
        let assignments = self.target.manage.assignments == Mode::Authoritative;
        if let (true, Some(role)) = (roles, other.names.values().next()) {
            found.push(whole("roles", role.name.site));
        }
        if let (true, Some(site)) = (assignments, other.gives.values().next()) {
            found.push(whole("assignments", *site));
        }
        let gone = |role: &DesiredRole, here: Option<Site>| {
            let name = role.name.value.raw();
            let message = format!(
                "targets `{a}` and `{b}` are one tenant, and `{a}` deletes the role `{name}` that `{b}` declares"
            );
            let finding = Finding::new(Code::OneTenant, message);
            let by_b = format!("declared by `{b}`");
            match here {
                Some(site) => {
                    finding.at(site, format!("deleted by `{a}`")).at(role.name.site, by_b).help(HELP)
                }
                // `a` declared it before: it is meant to move.
                None => finding.at(role.name.site, by_b).help(moving(a, b)),
            }
        };
        if !roles {
            let by_id = self.deletes.iter().filter_map(|(id, site)| Some((*other.ids.get(*id)?, *site)));
            let by_name = other
                .names
                .values()
                .filter_map(|role| Some((*role, Some(*self.removes.get(role.name.value.raw())?))));
            let mut seen = BTreeSet::new();
            for (role, site) in by_id.chain(by_name) {
                if seen.insert(role.site) {
                    found.push(gone(role, site));
                }
            }
        }
        for (slug, here) in &self.deletes_permissions {
            let Some(there) = other.permissions.get(slug) else { continue };
            let message = format!(
                "targets `{a}` and `{b}` are one tenant, and `{a}` deletes the permission `{}` that `{b}` declares",
                slug.raw()
            );
            let mut finding = Finding::new(Code::OneTenant, message).help(HELP);
            if let Some(site) = here {
                finding = finding.at(*site, format!("deleted by `{a}`"));
            }
            found.push(finding.at(*there, format!("declared by `{b}`")));
        }
        for (list, here) in &self.exclusive {
            if let (false, Some(there)) = (assignments, other.gives.get(list)) {
                let message = format!(
                    "targets `{a}` and `{b}` are one tenant, and the exclusive list of `{a}` takes a role away that `{b}` gives"
                );
                found.push(
                    Finding::new(Code::OneTenant, message)
                        .at(*here, format!("the whole truth for `{a}`"))
                        .at(*there, format!("given by `{b}`"))
                        .help(HELP),
                );
            }
        }
        found
    }
}

const HELP: &str =
    "Targets of one tenant share nothing: let one of the two declare it, or make them one target.";

/// How a role gets from the target `a` to `b`: released by the one before the other takes it.
fn moving(a: &str, b: &str) -> String {
    format!(
        "To move the role, first keep it in `{a}`, in a file of its own. Narrow `files` of `{a}` so that it no longer reads that file, and apply: the role is released. Then let `files` of `{b}` read it, and apply."
    )
}

/// Live roles by id and by name.
struct LiveRoles<'a> {
    by_name: BTreeMap<&'a Untrusted, Vec<&'a LiveObject>>,
    by_id: BTreeMap<&'a Untrusted, &'a LiveObject>,
}

impl<'a> LiveRoles<'a> {
    fn new(live: &'a LiveState) -> Self {
        let mut by_name: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for role in live.of(Kind::Role) {
            by_name.entry(&role.key.name).or_default().push(role);
        }
        let by_id = live.of(Kind::Role).filter_map(|role| Some((role.id.as_ref()?, role))).collect();
        Self { by_name, by_id }
    }

    /// The id of a declared role that the plan leaves as it is.
    fn of(&self, role: &DesiredRole) -> Option<Untrusted> {
        if let Some(id) = &role.id {
            return Some(id.value.clone());
        }
        let named = |name: &Untrusted| {
            let found = self.by_name.get(name).into_iter().flatten();
            found.copied().find(|live| live.key.class == role.class && live.key.scope == role.scope)
        };
        let names = std::iter::once(&role.name).chain(&role.previously);
        names.filter_map(|name| named(&name.value)).find_map(|live| live.id.clone())
    }

    /// The id of the role with this id or name.
    fn called(&self, name: &Untrusted) -> Option<Untrusted> {
        let by_id = self.by_id.get(name).copied();
        let found = by_id.or_else(|| self.by_name.get(name)?.first().copied());
        found?.id.clone()
    }
}
