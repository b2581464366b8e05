//! Roles that start from each other.

use std::collections::{HashMap, HashSet};

use crate::{
    definition::context::Context,
    model::{
        Code, Finding,
        desired::{DesiredRole, RoleName},
    },
};

pub(super) fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let on_others =
        |role: &DesiredRole| role.base.as_ref().is_some_and(|base| matches!(base.value, RoleName::Key(_)));
    if !context.desired.roles.iter().any(on_others) {
        return;
    }
    let roles: HashMap<&str, &DesiredRole> =
        context.desired.roles.iter().map(|role| (&*role.key, role)).collect();
    let mut done: HashSet<&str> = HashSet::new();
    for start in &context.desired.roles {
        let mut path: Vec<&DesiredRole> = Vec::new();
        let mut on_path: HashMap<&str, usize> = HashMap::new();
        let mut next = Some(start);
        while let Some(role) = next {
            if let Some(at) = on_path.get(&*role.key) {
                findings.push(cycle(path.get(*at..).unwrap_or_default()));
                break;
            }
            if !done.insert(&role.key) {
                break;
            }
            on_path.insert(&role.key, path.len());
            path.push(role);
            next = match role.base.as_ref().map(|base| &base.value) {
                Some(RoleName::Key(key)) => roles.get(&**key).copied(),
                _ => None,
            };
        }
    }
}

fn cycle(path: &[&DesiredRole]) -> Finding {
    let mut names: Vec<String> = path.iter().map(|role| format!("`{}`", role.key)).collect();
    names.extend(names.first().cloned());
    let mut finding =
        Finding::new(Code::Cycle, format!("roles start from each other: {}", names.join(" → ")))
            .help("Give one of them its permissions without a base.");
    for site in path.iter().rev().filter_map(|role| role.base.as_ref()).map(|base| base.site).take(8) {
        finding = finding.at(site, "");
    }
    finding
}
