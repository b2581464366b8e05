//! More roles than the provider can hold.

use std::collections::BTreeMap;

use crate::{
    definition::context::Context,
    model::{Code, Finding, Level},
};

pub(super) fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let mut counts = BTreeMap::new();
    for role in &context.desired.roles {
        counts.entry((role.class, &role.scope)).or_insert_with(Vec::new).push(role.site);
    }
    for ((class, _), mut sites) in counts {
        let class = context.input.spec.roles().iter().find(|known| known.class == class);
        let Some((class, limit)) = class.and_then(|class| Some((class, class.limit?))) else { continue };
        sites.sort_unstable();
        let Some(first_over) = sites.get(limit as usize) else { continue };
        let title = context.input.spec.title();
        let strict = class.strict_limit(&context.input.target.settings).is_some();
        let holds = if strict { "holds at most" } else { "is documented to hold" };
        let text = format!("{} roles, and {title} {holds} {limit}", sites.len());
        let mut finding = Finding::new(Code::Limit, text)
            .at(*first_over, "the first one too many")
            .help("Unite roles, or remove some.");
        if !strict {
            finding.level = Level::Warning;
        }
        findings.push(finding);
    }
}
