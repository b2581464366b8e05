//! A role that nobody holds in the definitions.

use std::collections::HashSet;

use crate::{
    definition::context::{Context, Hit},
    model::{
        Code, Finding,
        config::OnUnassign,
        desired::{RoleName, RoleRef},
    },
};

pub(super) fn run(context: &Context<'_>) -> Vec<Hit> {
    let desired = context.desired;
    // Where git assigns nobody, assignments are made elsewhere.
    if desired.assignments.is_empty() {
        return Vec::new();
    }
    let references = desired
        .assignments
        .iter()
        .map(|assignment| &assignment.role)
        .chain(desired.default.iter().filter_map(|default| default.role.as_ref()))
        .chain(desired.roles.iter().filter_map(|role| role.base.as_ref()))
        .chain(desired.removed.iter().filter_map(|removal| removal.reassign_to.as_ref()));
    let mut used: HashSet<&str> = references.filter_map(key).collect();
    if let OnUnassign::To(role) = &context.input.target.on_unassign {
        used.insert(&role.value);
    }
    let unused = desired.roles.iter().filter(|role| !used.contains(&*role.key));
    unused
        .map(|role| Hit {
            finding: Finding::new(Code::UnusedRole, format!("nobody holds the role `{}`", role.key))
                .at(role.site, "")
                .help("Assign it, or remove it."),
            anchors: vec![role.site],
        })
        .collect()
}

fn key(role: &RoleRef) -> Option<&str> {
    match &role.value {
        RoleName::Key(key) => Some(key),
        RoleName::Builtin(_) | RoleName::Live(_) => None,
    }
}
