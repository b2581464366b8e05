//! A default role that gives every new member more than reading.

use crate::{
    definition::{
        context::{Context, Hit},
        declared::role_name,
        suggest,
    },
    model::{Code, Finding, desired::RoleName},
};

/// Tags of permissions that a new member should not have without being asked for.
const POWERFUL: [&str; 2] = ["write", "delete"];

pub(super) fn run(context: &Context<'_>) -> Vec<Hit> {
    let Some(default) = &context.desired.default else { return Vec::new() };
    let Some(role) = &default.role else { return Vec::new() };
    let catalogue = context.input.spec.catalogue();
    let why = match &role.value {
        RoleName::Builtin(id) => catalogue
            .builtin(id.raw())
            .filter(|builtin| builtin.admin)
            .map(|_| "its holders may change roles".to_owned()),
        RoleName::Key(key) => {
            let roles = super::permissions::by_key(context.desired);
            let powerful: Vec<&str> = roles
                .get(&**key)
                .map(|role| super::permissions::effective(role, &roles))
                .into_iter()
                .flatten()
                .filter(|name| {
                    let tags = catalogue.tags(name);
                    tags.is_some_and(|tags| POWERFUL.iter().any(|tag| tags.contains(*tag)))
                })
                .map(crate::model::Untrusted::raw)
                .collect();
            let start = roles.get(&**key).and_then(|role| super::permissions::builtin_base(role, &roles));
            let start = start.filter(|id| catalogue.builtin(id.raw()).is_some_and(|builtin| builtin.admin));
            match start {
                Some(id) => {
                    Some(format!("its base is `builtin:{}`, whose holders may change roles", id.raw()))
                }
                None => (!powerful.is_empty()).then(|| format!("it grants {}", suggest::list(powerful))),
            }
        }
        RoleName::Live(_) => None,
    };
    let Some(why) = why else { return Vec::new() };
    let text = format!("every new member gets {}, and {why}", role_name(&role.value));
    let finding = Finding::new(Code::PowerfulDefault, text)
        .at(default.site, "")
        .help("Let the default role only read, and assign the rest by name.");
    vec![Hit { finding, anchors: vec![default.site] }]
}
