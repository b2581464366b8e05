//! Two roles that would be one at the provider.

use std::collections::HashSet;

use crate::{
    contract,
    definition::{context::Context, validate::short},
    model::{Code, Finding, Untrusted, config::Placed, desired::DesiredRole},
};

pub(super) fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let roles = &context.desired.roles;
    // Where all of them say by `id` which live role they are, the provider itself holds several.
    let unclear: HashSet<&str> =
        roles.iter().filter(|role| role.id.is_none()).map(|role| role.natural().value.raw()).collect();
    let names = roles.iter().filter(|role| unclear.contains(role.natural().value.raw()));
    let names = names.map(|role| (role, role.natural()));
    twice(names, |name| format!("two roles with the name `{}`", short(name)), findings);
    let ids = roles.iter().filter_map(|role| Some((role, role.id.as_ref()?)));
    twice(ids, |id| format!("two roles with the id `{}`", short(id)), findings);
    let former = roles.iter().flat_map(|role| role.previously.iter().map(move |name| (role, name)));
    twice(former, |name| format!("two roles were previously `{}`", short(name)), findings);

    let spec = context.input.spec;
    for role in roles.iter().filter(|role| role.id.is_none()) {
        let name = role.natural().value.raw();
        let declares = contract::role_class(spec, role.class).is_some_and(|class| class.declares_builtin);
        if !declares && contract::ships(spec, name, &role.scope) {
            let text = format!("{} ships a role `{}` already", spec.title(), short(name));
            let finding =
                Finding::new(Code::SameName, text).at(role.natural().site, "").help("Give it another name.");
            findings.push(finding);
        }
    }
}

/// Reports every value that several roles of one class and scope have.
fn twice<'a>(
    values: impl Iterator<Item = (&'a DesiredRole, &'a Placed<Untrusted>)>,
    message: impl Fn(&str) -> String,
    findings: &mut Vec<Finding>,
) {
    let mut values: Vec<_> =
        values.map(|(role, placed)| ((role.class, &role.scope, placed.value.raw()), placed.site)).collect();
    values.sort_unstable();
    for same in values.chunk_by(|a, b| a.0 == b.0) {
        let Some((((.., value), first), again)) = same.split_first() else { continue };
        for (_, site) in again {
            let finding = Finding::new(Code::SameName, message(value))
                .at(*site, "again here")
                .at(*first, "first here")
                .help("The provider cannot tell them apart. Change one of the two.");
            findings.push(finding);
        }
    }
}
