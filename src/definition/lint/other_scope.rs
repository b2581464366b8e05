//! A permission or a role of another scope than where it is used, for providers whose permissions tell
//! their scope by how they begin. Their documentation keeps the scopes apart; older versions of the
//! product did not.

use std::collections::BTreeMap;

use crate::{
    definition::{
        context::{Context, Hit},
        validate::short,
    },
    model::{
        Code, Finding, Scope, Site,
        desired::{DesiredRole, RoleName, Via},
    },
};

pub(super) fn run(context: &Context<'_>) -> Vec<Hit> {
    if context.input.spec.catalogue().prefixes.is_empty() {
        return Vec::new();
    }
    let mut hits = permissions(context);
    hits.extend(assignments(context));
    hits
}

fn permissions(context: &Context<'_>) -> Vec<Hit> {
    let catalogue = context.input.spec.catalogue();
    let mut hits = Vec::new();
    for role in &context.desired.roles {
        let Some(level) = kind(&role.scope) else { continue };
        for (permission, via) in role.permissions.iter() {
            let scopes = catalogue.scopes(permission);
            if scopes.is_empty() || scopes.contains(level) {
                continue;
            }
            let scopes = scopes.into_iter().collect::<Vec<_>>().join("` or `");
            let text = format!(
                "`{}` is of the scope `{scopes}`, and role `{}` of `{level}`",
                short(permission.raw()),
                role.key
            );
            let site = site(role, via);
            let finding = Finding::new(Code::OtherScope, text)
                .at(site, "of another scope")
                .help(format!("Put it into a role with `scope: {scopes}`."));
            hits.push(Hit { finding, anchors: vec![site, role.site] });
        }
    }
    hits
}

/// Roles that are held somewhere else than at their level, each once.
fn assignments(context: &Context<'_>) -> Vec<Hit> {
    let catalogue = context.input.spec.catalogue();
    let levels: BTreeMap<&str, &str> =
        context.desired.roles.iter().filter_map(|role| Some((&*role.key, kind(&role.scope)?))).collect();
    let mut hits: BTreeMap<Site, Hit> = BTreeMap::new();
    for assignment in &context.desired.assignments {
        let role = &assignment.role;
        let level = match &role.value {
            RoleName::Key(key) => levels.get(&**key).copied(),
            RoleName::Builtin(id) => catalogue.builtin(id.raw()).and_then(|builtin| builtin.scope),
            RoleName::Live(_) => None,
        };
        let (Some(level), Some(at)) = (level, kind(&assignment.scope)) else { continue };
        if level == at {
            continue;
        }
        let text = format!("a role of the scope `{level}` is held at `{at}`");
        let finding = Finding::new(Code::OtherScope, text).at(role.site, "of another scope").help(format!(
            "Name a role of the scope `{at}`, or put the assignment into a place of the role's own."
        ));
        hits.entry(role.site).or_insert(Hit { finding, anchors: vec![role.site] });
    }
    hits.into_values().collect()
}

/// The level of a place, or what kind of place it is.
fn kind(scope: &Scope) -> Option<&str> {
    match scope {
        Scope::Target => None,
        Scope::Level(kind) | Scope::In { kind, .. } => Some(kind),
    }
}

fn site(role: &DesiredRole, via: &Via) -> Site {
    match via {
        Via::Own(site) | Via::Set { site, .. } => *site,
        Via::Base(_) => role.site,
    }
}
