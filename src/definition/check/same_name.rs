//! Two roles that would be one at the provider.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    definition::{context::Context, validate::short},
    model::{Code, Finding, Site, desired::DesiredRole},
};

pub(super) fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let roles = &context.desired.roles;
    // Where all of them say by `id` which live role they are, the provider itself holds several.
    let unclear: BTreeSet<&str> =
        roles.iter().filter(|role| role.id.is_none()).map(|role| role.natural().value.raw()).collect();
    let name = |role: &DesiredRole| {
        let own = role.natural();
        let name = Some(own.value.raw()).filter(|name| unclear.contains(name));
        name.map(|name| (name.to_owned(), own.site)).into_iter().collect()
    };
    twice(roles, name, |name| format!("two roles with the name `{}`", short(name)), findings);
    let id = |role: &DesiredRole| role.id.iter().map(|id| (id.value.raw().to_owned(), id.site)).collect();
    twice(roles, id, |id| format!("two roles with the id `{}`", short(id)), findings);
    let former = |role: &DesiredRole| {
        role.previously.iter().map(|name| (name.value.raw().to_owned(), name.site)).collect()
    };
    twice(roles, former, |name| format!("two roles were previously `{}`", short(name)), findings);

    let builtin = &context.input.spec.catalogue().builtin;
    for role in roles.iter().filter(|role| role.id.is_none()) {
        let name = role.natural().value.raw();
        if builtin.iter().any(|builtin| builtin.title == name || builtin.id == name) {
            let text = format!("{} ships a role `{}` already", context.input.spec.title(), short(name));
            let finding =
                Finding::new(Code::SameName, text).at(role.natural().site, "").help("Give it another name.");
            findings.push(finding);
        }
    }
}

/// Reports every value that several roles of one class and scope have.
fn twice(
    roles: &[DesiredRole],
    values: impl Fn(&DesiredRole) -> Vec<(String, Site)>,
    message: impl Fn(&str) -> String,
    findings: &mut Vec<Finding>,
) {
    let mut places: BTreeMap<_, Vec<Site>> = BTreeMap::new();
    for role in roles {
        for (value, site) in values(role) {
            places.entry((role.class, &role.scope, value)).or_default().push(site);
        }
    }
    for ((_, _, value), mut sites) in places {
        sites.sort_unstable();
        let Some((first, again)) = sites.split_first() else { continue };
        for site in again {
            let finding = Finding::new(Code::SameName, message(&value))
                .at(*site, "again here")
                .at(*first, "first here")
                .help("The provider cannot tell them apart. Change one of the two.");
            findings.push(finding);
        }
    }
}
