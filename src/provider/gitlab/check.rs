//! Checks that only GitLab needs.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    GROUP,
    place::Place,
    spec::{ADMIN, ROLE, catalogue},
};
use crate::{
    catalog::Meaning,
    contract::{Settings, manual},
    model::{
        Code, Finding, Scope, Site, Untrusted,
        desired::{DesiredRole, DesiredState, RoleName, Via},
    },
};

pub(super) fn check(desired: &DesiredState) -> Vec<Finding> {
    let mut findings = Vec::new();
    for role in &desired.roles {
        base(role, &mut findings);
        requirements(role, &mut findings);
        kind(role, &mut findings);
    }
    assignments(desired, &mut findings);
    findings
}

/// Custom admin roles are of an instance, and the roles of a top-level group are held in it alone
/// (`/user/custom_roles/`).
pub(super) fn with_settings(desired: &DesiredState, settings: &Settings) -> Vec<Finding> {
    let Some(group) = settings.get(GROUP) else { return Vec::new() };
    let mut findings = admin_roles(desired);
    findings.extend(outside(desired, group.value.raw()));
    findings
}

/// Places outside of the group that are named, each once.
fn outside(desired: &DesiredState, group: &str) -> Vec<Finding> {
    let top = group.to_ascii_lowercase();
    let is_outside = |scope: &Scope| Place::of(scope).is_some_and(|place| !place.is_within(&top));
    let named = desired.assignments.iter().map(|one| (one.place, &one.scope));
    let named = named.chain(desired.exclusive.iter().map(|list| (list.place, &list.scope)));
    let outside: BTreeMap<Site, &Scope> = named.filter(|(_, scope)| is_outside(scope)).collect();
    let finding = |(site, scope): (Site, &Scope)| {
        let message = format!("{} lies outside of `{group}`", manual::place(scope).unwrap_or_default());
        Finding::new(Code::UnknownScope, message)
            .at(site, "in another top-level group")
            .help(format!("Only what lies in `settings.group: {group}` can be named here; another top-level group is a target of its own."))
    };
    outside.into_iter().map(finding).collect()
}

fn admin_roles(desired: &DesiredState) -> Vec<Finding> {
    let admin = desired.roles.iter().filter(|role| role.class == ADMIN);
    let finding = |role: &DesiredRole| {
        let message = format!("`{}` is an admin role, and groups have none", role.key);
        Finding::new(Code::Unsupported, message)
            .at(role.site, "of a whole instance")
            .help("Declare it for a target without `settings.group`: an instance of your own.")
    };
    admin.map(finding).collect()
}

/// A standard role has a base, which is a built-in role below Owner (`/api/graphql/reference/`,
/// `MemberRolesAccessLevel`).
fn base(role: &DesiredRole, findings: &mut Vec<Finding>) {
    if role.class != ROLE {
        return;
    }
    let words = || {
        let bases = catalogue().builtin.iter().filter(|builtin| builtin.base);
        bases.map(|builtin| format!("`{}`", builtin.id)).collect::<Vec<_>>().join(", ")
    };
    let finding = match &role.base {
        None => Finding::new(Code::MissingField, format!("role `{}` has no `base`", role.key))
            .at(role.site, "starts from no role")
            .help(format!(
                "Every custom role starts from a built-in one. Add `base:` with one of {}.",
                words()
            )),
        Some(base) if catalogue().builtin(word(&base.value)).is_some_and(|builtin| !builtin.base) => {
            Finding::new(Code::NotAllowed, format!("`{}` cannot be the base of a role", word(&base.value)))
                .at(base.site, "no base")
                .help(format!("Possible are {}.", words()))
        }
        Some(_) => return,
    };
    findings.push(finding);
}

/// A permission that another one requires has to be in the role too, unless the base holds it in
/// groups and in projects, wherever it exists. The server refuses such a role.
fn requirements(role: &DesiredRole, findings: &mut Vec<Finding>) {
    let known = &catalogue().permissions;
    let base = role.base.as_ref().map(|base| word(&base.value));
    let held = |permission: &Untrusted| {
        // Of a base that there is not, that is said already.
        let by_base = |meaning: &Meaning| {
            base.is_some_and(|base| catalogue().builtin(base).is_none() || meaning.is_held_by(base))
        };
        role.permissions.contains_key(permission) || known.get(permission).is_some_and(by_base)
    };
    for (permission, via) in role.permissions.iter() {
        let Some(meaning) = known.get(permission) else { continue };
        let missing: Vec<&str> =
            meaning.requires.iter().filter(|needed| !held(needed)).map(Untrusted::raw).collect();
        if missing.is_empty() {
            continue;
        }
        let missing = missing.join("`, `");
        let message = format!("role `{}` has `{}`, which takes `{missing}`, too", role.key, permission.raw());
        let finding = Finding::new(Code::MissingRequirement, message)
            .at(site(role, via), "needs another permission")
            .help(format!("Add `{missing}`, or choose a base role that has it."));
        findings.push(finding);
    }
}

/// Permissions of the Admin area are for admin roles, and for nothing else.
fn kind(role: &DesiredRole, findings: &mut Vec<Finding>) {
    let known = &catalogue().permissions;
    let admin = |permission: &Untrusted| known.get(permission).map(|meaning| meaning.scopes.contains(ADMIN));
    for (permission, via) in role.permissions.iter() {
        let (what, help) = match (role.class, admin(permission)) {
            (ROLE, Some(true)) => {
                ("a standard role", "Take it out, or write `kind: admin` for a role of the Admin area.")
            }
            (ADMIN, Some(false)) => {
                ("an admin role", "Take it out: an admin role holds permissions of the Admin area only.")
            }
            _ => continue,
        };
        let message = format!("role `{}` is {what}, which cannot hold `{}`", role.key, permission.raw());
        let finding =
            Finding::new(Code::Unsupported, message).at(site(role, via), "of the other kind").help(help);
        findings.push(finding);
    }
}

/// Nothing tells who holds an admin role, so that it is not assigned from here.
fn assignments(desired: &DesiredState, findings: &mut Vec<Finding>) {
    let admin: BTreeSet<&str> =
        desired.roles.iter().filter(|role| role.class == ADMIN).map(|role| &*role.key).collect();
    let mut seen = BTreeSet::new();
    for assignment in &desired.assignments {
        let RoleName::Key(key) = &assignment.role.value else { continue };
        if admin.contains(&**key) && seen.insert(assignment.role.site) {
            let message =
                format!("the admin role `{key}` is assigned, and no API tells who holds an admin role");
            let finding = Finding::new(Code::Unsupported, message)
                .at(assignment.role.site, "an admin role")
                .help("Give admin roles to people in the Admin area.");
            findings.push(finding);
        }
    }
}

fn word(name: &RoleName) -> &str {
    match name {
        RoleName::Key(key) => key,
        RoleName::Builtin(name) | RoleName::Live(name) => name.raw(),
    }
}

fn site(role: &DesiredRole, via: &Via) -> Site {
    match via {
        Via::Own(site) | Via::Set { site, .. } => *site,
        Via::Base(_) => role.site,
    }
}
