//! Removals that contradict what is declared, or each other.

use std::collections::BTreeMap;

use crate::{
    definition::{context::Context, declared::role_name},
    model::{
        Code, Finding, Scope, Site,
        desired::{DesiredRole, RoleName},
    },
};

pub(super) fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if context.desired.removed.is_empty() {
        return;
    }
    let mut by_key: BTreeMap<&str, Vec<&DesiredRole>> = BTreeMap::new();
    let mut by_name: BTreeMap<&str, Vec<&DesiredRole>> = BTreeMap::new();
    for role in &context.desired.roles {
        by_key.entry(&role.key).or_default().push(role);
        by_name.entry(role.name.value.raw()).or_default().push(role);
    }
    let mut seen: BTreeMap<(&RoleName, Option<&Scope>), Site> = BTreeMap::new();
    for removal in &context.desired.removed {
        let name = &removal.role.value;
        let declared = match name {
            RoleName::Key(key) => by_key.get(&**key),
            RoleName::Live(name) => by_name.get(name.raw()),
            RoleName::Builtin(_) => None,
        };
        // A role that lives in several places goes from one of them and stays in the others.
        let there = |role: &&&DesiredRole| removal.scope.as_ref().is_none_or(|scope| *scope == role.scope);
        if let Some(role) = declared.and_then(|roles| roles.iter().find(there)) {
            let finding = Finding::new(
                Code::RemovedButDeclared,
                format!("{} is removed and declared", role_name(name)),
            )
            .at(removal.role.site, "removed here")
            .at(role.site, "declared here")
            .help("Keep one of the two.");
            findings.push(finding);
        }
        if let Some(RoleName::Key(to)) = removal.reassign_to.as_ref().map(|to| &to.value)
            && matches!(name, RoleName::Key(key) if key == to)
            && let Some(to) = &removal.reassign_to
        {
            let finding =
                Finding::new(Code::RemovedButDeclared, "the holders of a role are moved to the role itself")
                    .at(to.site, "")
                    .help("Name another role under `reassign_to`.");
            findings.push(finding);
        }
        let place = (name, removal.scope.as_ref());
        match seen.get(&place) {
            Some(first) => findings.push(
                Finding::new(Code::DeclaredTwice, format!("{} is removed twice", role_name(name)))
                    .at(removal.role.site, "again here")
                    .at(*first, "first here")
                    .help("Remove one of the two lines."),
            ),
            None => {
                seen.insert(place, removal.role.site);
            }
        }
    }
}
