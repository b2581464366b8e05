//! A permission that no known catalogue has, where the provider's list is open: neither the list that
//! ships, nor the definitions themselves, nor the live list that is kept beside them. Where none is kept
//! and what ships is only some of it, nobody knows more than that a name is close to a known one, or not
//! made up like those.

use crate::{
    definition::{
        check,
        context::{Context, Hit},
        validate::short,
    },
    model::{Code, Finding},
};

/// What to do about a permission that is new.
const REFRESH: &str = "Refresh the list with `rolecall catalog --write` if it is new.";
const KEEP: &str = "Look at the spelling. `rolecall catalog --write` keeps the live list, and what that has is known; a plan asks the live list in any case.";
const LOOK: &str = "Look at the spelling: no API tells which permissions there are.";

pub(super) fn run(context: &Context<'_>) -> Vec<Hit> {
    let catalogue = context.input.spec.catalogue();
    if catalogue.closed {
        return Vec::new();
    }
    let new = match (&context.input.live, context.input.spec.tells_permissions()) {
        (Some(_), _) => Some(REFRESH),
        (None, true) => catalogue.whole.then_some(KEEP),
        (None, false) => catalogue.whole.then_some(LOOK),
    };
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
        let new = new.map(str::to_owned);
        let Some(help) = help.or_else(odd).or(new) else { continue };
        let the = if what == "resource" { "the resource " } else { "" };
        let text = format!("{the}`{}` is not in the known catalogue", short(&name));
        let finding = Finding::new(Code::UnknownToOpenCatalogue, text).at(site, "").help(help);
        hits.push(Hit { finding, anchors: vec![site, owner] });
    }
    hits
}
