//! Permissions that a closed catalogue does not have. An open catalogue is a matter for a lint.

use std::collections::HashMap;

use crate::{
    contract::PermissionForm,
    definition::{context::Context, suggest, validate::short},
    model::{Code, Finding, Untrusted},
};

/// Most unknown permissions for which the nearest known one is looked for.
pub(crate) const MOST_SUGGESTIONS: usize = 500;

pub(super) fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let catalogue = context.input.spec.catalogue();
    if !catalogue.closed {
        return;
    }
    let mut left = MOST_SUGGESTIONS;
    // Each permission is judged once: `None` is known, otherwise what to say beside the error.
    let mut verdicts: HashMap<&Untrusted, Option<Option<String>>> = HashMap::new();
    for written in context.written {
        let name = &written.permission;
        let verdict = verdicts
            .entry(name)
            .or_insert_with(|| (!is_known(context, name)).then(|| mean(context, name.raw(), &mut left)));
        let Some(help) = verdict else { continue };
        let text = format!("{} has no permission `{}`", context.input.spec.title(), short(name.raw()));
        let mut finding = Finding::new(Code::UnknownPermission, text).at(written.site, "");
        if let Some(help) = help {
            finding = finding.help(help.clone());
        }
        findings.push(finding);
    }
}

/// Whether the catalogue that ships with the program, or the live one, has a permission.
pub(crate) fn is_known(context: &Context<'_>, name: &Untrusted) -> bool {
    context.input.spec.catalogue().permissions.contains_key(name)
        || context.input.live.as_ref().is_some_and(|live| live.permissions.contains(name))
}

/// The known permission that was probably meant, spelled as a person writes it.
///
/// Costs a comparison with every known permission; `left` is how many more of these a rule may make.
pub(crate) fn mean(context: &Context<'_>, name: &str, left: &mut usize) -> Option<String> {
    *left = left.checked_sub(1)?;
    let live = context.input.live.iter().flat_map(|live| &live.permissions);
    let known = context.input.spec.catalogue().permissions.keys().chain(live).map(Untrusted::raw);
    let form = context.input.spec.permission_form();
    let found = suggest::nearest(name, known.clone());
    match (form, found.and_then(|found| found.rsplit_once(':'))) {
        (PermissionForm::ResourceAccess, Some((resource, access))) => {
            Some(format!("Did you mean `{access}` under `{resource}`?"))
        }
        (PermissionForm::ResourceAccess, None) => {
            // A resource that nobody documented has the accesses that all others have.
            let accesses = known.filter_map(|known| Some(known.rsplit_once(':')?.1));
            let (resource, access) = name.rsplit_once(':')?;
            let access = suggest::nearest(access, accesses)?;
            Some(format!("Did you mean `{access}` under `{resource}`?"))
        }
        (PermissionForm::Flat, _) => found.map(|found| format!("Did you mean `{found}`?")),
    }
}
