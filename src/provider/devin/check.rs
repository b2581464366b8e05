//! Checks that only Devin needs.

use super::spec::catalogue;
use crate::model::{
    Code, Finding, Scope, Site,
    desired::{DesiredState, Via},
};

/// A permission exists at one level, and the dashboard offers it for roles of that level. Source:
/// `/enterprise/custom-roles`, two lists.
pub(super) fn check(desired: &DesiredState) -> Vec<Finding> {
    let mut findings = Vec::new();
    for role in &desired.roles {
        let Scope::Level(level) = &role.scope else { continue };
        for (permission, via) in role.permissions.iter() {
            let scopes = catalogue().scopes(permission);
            let Some(other) = scopes.first().filter(|_| !scopes.contains(&**level)) else { continue };
            let text = format!(
                "`{}` is a permission of the level `{other}`, and role `{}` is of the level `{level}`",
                permission.raw(),
                role.key
            );
            let finding = Finding::new(Code::NotAllowed, text)
                .at(site(via, role.site), "another level")
                .help("`rolecall catalog` lists the permissions of each level.");
            findings.push(finding);
        }
    }
    findings
}

fn site(via: &Via, role: Site) -> Site {
    match via {
        Via::Own(site) | Via::Set { site, .. } => *site,
        Via::Base(_) => role,
    }
}
