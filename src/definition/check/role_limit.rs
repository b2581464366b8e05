//! More roles than the provider can hold.

use std::collections::BTreeMap;

use crate::{
    definition::context::Context,
    model::{Code, Finding},
};

pub(super) fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let mut counts = BTreeMap::new();
    for role in &context.desired.roles {
        counts.entry((role.class, &role.scope)).or_insert_with(Vec::new).push(role.site);
    }
    for ((class, _), mut sites) in counts {
        let class = context.input.spec.roles().iter().find(|known| known.class == class);
        let Some(limit) = class.and_then(|class| class.limit) else { continue };
        sites.sort_unstable();
        if let Some(first_over) = sites.get(limit as usize) {
            let text =
                format!("{} roles, and {} holds at most {limit}", sites.len(), context.input.spec.title());
            let finding = Finding::new(Code::Limit, text)
                .at(*first_over, "the first one too many")
                .help("Unite roles, or remove some.");
            findings.push(finding);
        }
    }
}
