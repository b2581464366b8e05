//! A role that says nothing about its purpose, where the provider has descriptions.

use crate::{
    definition::context::{Context, Hit},
    model::{Code, Finding},
};

pub(super) fn run(context: &Context<'_>) -> Vec<Hit> {
    if context.input.spec.roles().first().is_none_or(|class| class.description.is_none()) {
        return Vec::new();
    }
    let silent = |text: &Option<crate::model::Untrusted>| {
        text.as_ref().is_none_or(|text| text.raw().trim().is_empty())
    };
    let roles = context.desired.roles.iter();
    roles
        .filter(|role| role.description.as_ref().is_none_or(|description| silent(&description.value)))
        .map(|role| Hit {
            finding: Finding::new(Code::NoDescription, format!("the role `{}` has no description", role.key))
                .at(role.site, "")
                .help("Say in one sentence who needs it and for what."),
            anchors: vec![role.site],
        })
        .collect()
}
