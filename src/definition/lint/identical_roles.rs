//! Roles that grant exactly the same.

use std::collections::HashMap;

use crate::{
    definition::{
        context::{Context, Hit},
        suggest,
    },
    model::{
        Code, Finding,
        desired::{DesiredRole, RoleName},
    },
};

/// Base, what is taken away from it, and the permissions without it.
type Content<'a> = (Option<(u8, &'a str)>, Vec<&'a str>, &'a [u32]);

fn hashable(name: &RoleName) -> (u8, &str) {
    match name {
        RoleName::Key(key) => (0, key),
        RoleName::Builtin(id) => (1, id.raw()),
        RoleName::Live(name) => (2, name.raw()),
    }
}

pub(super) fn run(context: &Context<'_>) -> Vec<Hit> {
    let numbered = super::permissions::numbered(context.desired);
    let mut groups: HashMap<Content<'_>, Vec<&DesiredRole>> = HashMap::new();
    for (role, permissions) in context.desired.roles.iter().zip(&numbered) {
        let base = role.base.as_ref().map(|base| hashable(&base.value));
        if base.is_none() && permissions.is_empty() {
            continue;
        }
        // What `except` takes from the sets is gone from the numbers; it matters for a base only.
        let except = base.iter().flat_map(|_| role.except.keys().map(|name| name.raw())).collect();
        groups.entry((base, except, permissions)).or_default().push(role);
    }
    let mut hits: Vec<Hit> = groups.into_values().filter(|group| group.len() > 1).map(hit).collect();
    hits.sort_by_key(|hit| hit.anchors.first().copied());
    hits
}

fn hit(mut group: Vec<&DesiredRole>) -> Hit {
    group.sort_by_key(|role| role.site);
    let names = suggest::list(group.iter().map(|role| &*role.key));
    let mut finding = Finding::new(Code::IdenticalRoles, format!("{names} have the same permissions"))
        .help("Keep one of them, or say in a comment why both are needed.");
    // The first is taken as the original; the second is what is one too many.
    let (first, rest) = group.split_at(1);
    for role in rest.iter().take(4) {
        finding = finding.at(role.site, "");
    }
    for role in first {
        finding = finding.at(role.site, "the first of them");
    }
    let anchors = rest.iter().chain(first).map(|role| role.site).collect();
    Hit { finding, anchors }
}
