//! A permission that no known catalogue has, where the provider's list is open: reported only where
//! a live catalogue is kept beside the definitions, where the spelling is close to a known one, or where
//! it is not made up like the known ones.

use crate::{
    definition::{
        check,
        context::{Context, Hit},
        validate::short,
    },
    model::{Code, Finding},
};

pub(super) fn run(context: &Context<'_>) -> Vec<Hit> {
    let catalogue = context.input.spec.catalogue();
    if catalogue.closed {
        return Vec::new();
    }
    let live = context.input.live.as_ref();
    let new = || live.map(|_| "Refresh the list with `rolecall catalog --write` if it is new.".to_owned());
    let mut hits = Vec::new();
    for check::Unknown { what, name, site, owner, help } in check::unknown(context) {
        let odd = || {
            let begin = catalogue.prefixes.keys().map(|prefix| format!("`{prefix}`")).collect::<Vec<_>>();
            let form = format!(
                "Permissions are made up as {}, and begin with {}.",
                catalogue.form,
                begin.join(" or ")
            );
            (!catalogue.has_form(&name.as_str().into())).then_some(form)
        };
        let Some(help) = help.or_else(odd).or_else(new) else { continue };
        let the = if what == "resource" { "the resource " } else { "" };
        let text = format!("{the}`{}` is not in the known catalogue", short(&name));
        let finding = Finding::new(Code::UnknownToOpenCatalogue, text).at(site, "").help(help);
        hits.push(Hit { finding, anchors: vec![site, owner] });
    }
    hits
}
