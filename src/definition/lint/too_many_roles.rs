//! More roles than people can tell apart.

use crate::{
    definition::context::{Context, Hit},
    model::{Code, Finding},
};

/// So many roles can still be listed on a page and told apart by name.
const MANY: usize = 50;

pub(super) fn run(context: &Context<'_>) -> Vec<Hit> {
    let count = context.desired.roles.len();
    if count <= MANY {
        return Vec::new();
    }
    let site = context.input.target.site;
    let text = format!("{count} roles in one target: nobody can tell more than {MANY} apart");
    let finding = Finding::new(Code::TooManyRoles, text)
        .at(site, "")
        .help("Look for roles that can be united: `--lint RC043=warn` shows those that others contain.");
    vec![Hit { finding, anchors: vec![site] }]
}
