//! A permission that no known catalogue has, where the provider's list is open: reported only where
//! a live catalogue is kept beside the definitions, or where the spelling is close to a known one.

use std::collections::HashMap;

use crate::{
    definition::{
        check,
        context::{Context, Hit},
        validate::short,
    },
    model::{Code, Finding, Untrusted},
};

pub(super) fn run(context: &Context<'_>) -> Vec<Hit> {
    if context.input.spec.catalogue().closed {
        return Vec::new();
    }
    // `None`: nothing to say. Otherwise what to say beside it.
    let mut verdicts: HashMap<&Untrusted, Option<String>> = HashMap::new();
    let mut left = check::MOST_SUGGESTIONS;
    let mut hits = Vec::new();
    for written in context.written {
        let name = &written.permission;
        let verdict = verdicts.entry(name).or_insert_with(|| {
            if check::is_known(context, name) {
                return None;
            }
            let mean = check::mean(context, name.raw(), &mut left);
            let live = context.input.live.as_ref();
            mean.or_else(|| {
                live.map(|_| "Refresh the list with `rolecall catalog --write` if it is new.".to_owned())
            })
        });
        if let Some(help) = verdict {
            let text = format!("`{}` is not in the known catalogue", short(name.raw()));
            let finding =
                Finding::new(Code::UnknownToOpenCatalogue, text).at(written.site, "").help(help.clone());
            hits.push(Hit { finding, anchors: vec![written.site, written.owner] });
        }
    }
    hits
}
