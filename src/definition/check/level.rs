//! A role of one level that somebody is to hold at another.

use crate::{
    contract::{ScopeForm, counts_at, manual},
    definition::{context::Context, declared::role_name},
    model::{
        Code, Finding, Scope, Site,
        desired::{RoleName, RoleRef},
    },
};

pub(super) fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let desired = context.desired;
    let assigned = desired.assignments.iter().map(|assignment| (&assignment.role, &assignment.scope));
    let exclusive = desired.exclusive.iter().map(|list| (&list.role, &list.scope));
    let mut seen: Vec<(Site, &Scope)> = Vec::new();
    for (role, scope) in assigned.chain(exclusive) {
        if seen.last() == Some(&(role.site, scope)) {
            continue;
        }
        seen.push((role.site, scope));
        let levels = levels(context, role);
        let Some(level) = levels
            .first()
            .filter(|_| !levels.iter().any(|level| counts_at(context.input.spec, level, scope)))
        else {
            continue;
        };
        let place = |scope: &Scope| manual::place(scope).unwrap_or_else(|| "the whole target".to_owned());
        let text = format!(
            "{} is a role of the level {}, and cannot be held at {}",
            role_name(&role.value),
            place(level),
            place(scope)
        );
        let finding = Finding::new(Code::Unsupported, text)
            .at(role.site, "another level")
            .help("Name a role of that level, or correct `scope`.");
        if !findings.contains(&finding) {
            findings.push(finding);
        }
    }
}

/// The levels at which a role lives; empty where it lives elsewhere, or nothing tells.
fn levels(context: &Context<'_>, role: &RoleRef) -> Vec<Scope> {
    let spec = context.input.spec;
    match &role.value {
        RoleName::Key(key) => {
            let all = context.desired.roles.iter().filter(|role| role.key == *key);
            let scopes: Vec<Scope> = all.map(|role| role.scope.clone()).collect();
            let levels_only = scopes.iter().all(|scope| matches!(scope, Scope::Level(_)));
            if levels_only { scopes } else { Vec::new() }
        }
        RoleName::Builtin(id) => {
            let level = spec.catalogue().builtin(id.raw()).and_then(|builtin| builtin.scope);
            let known = spec.roles().iter().flat_map(|class| class.scopes);
            let known = known.filter(|scope| scope.form == ScopeForm::Level && Some(scope.kind) == level);
            known.take(1).map(|scope| Scope::Level(scope.kind.into())).collect()
        }
        RoleName::Live(_) => Vec::new(),
    }
}
