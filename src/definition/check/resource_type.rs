//! A role for one type of resource that somebody is to hold on another one.

use crate::{
    contract::manual,
    definition::{context::Context, declared::role_name, validate::short},
    model::{
        Code, Finding, Scope, Site, Untrusted,
        config::Placed,
        desired::{RoleName, RoleRef},
    },
};

pub(super) fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let (spec, desired) = (context.input.spec, context.desired);
    let assigned = desired.assignments.iter().map(|assignment| (&assignment.role, &assignment.scope));
    let exclusive = desired.exclusive.iter().map(|list| (&list.role, &list.scope));
    let mut last: Option<(Site, &Scope)> = None;
    for (role, scope) in assigned.chain(exclusive) {
        // One line often names many people.
        if last.replace((role.site, scope)) == Some((role.site, scope)) {
            continue;
        }
        let Some(wanted) = spec.resource_type_at(scope) else { continue };
        let said = said(context, role).filter(|said| said.value.raw() != wanted);
        let (Some(said), Some(place)) = (said, manual::place(scope)) else { continue };
        let text = format!(
            "{} is for resources of the type `{}`, and {place} is of the type `{wanted}`",
            role_name(&role.value),
            short(said.value.raw())
        );
        let finding = Finding::new(Code::Unsupported, text)
            .at(role.site, "of another type")
            .at(said.site, "its type")
            .help(format!("Name a role whose type is `{wanted}`, or correct `scope`."));
        if !findings.contains(&finding) {
            findings.push(finding);
        }
    }
}

/// The type that a role's definition says; where it says none, only what is live tells it.
fn said<'a>(context: &'a Context<'_>, role: &RoleRef) -> Option<&'a Placed<Untrusted>> {
    let RoleName::Key(key) = &role.value else { return None };
    let declared = context.desired.roles.iter().find(|role| role.key == *key)?;
    declared.resource_type.as_ref()
}
