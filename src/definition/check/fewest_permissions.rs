//! Fewer permissions than a role of the provider has to have.

use crate::{
    contract,
    definition::context::Context,
    model::{Code, Finding},
};

pub(super) fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for role in &context.desired.roles {
        let class = contract::role_class(context.input.spec, role.class);
        let Some(fewest) = class.map(|class| class.min_permissions).filter(|fewest| *fewest > 0) else {
            continue;
        };
        if role.permissions.len() < fewest as usize {
            let needed = match fewest {
                1 => "at least one permission".to_owned(),
                several => format!("at least {several} permissions"),
            };
            let message = format!(
                "role `{}` has {} permissions, and a role of {} needs {needed}",
                role.key,
                role.permissions.len(),
                context.input.spec.title()
            );
            let finding = Finding::new(Code::Limit, message)
                .at(role.site, "too few permissions")
                .help("Add what the role is for, or remove it.");
            findings.push(finding);
        }
    }
}
