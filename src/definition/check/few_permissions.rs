//! Fewer permissions than the provider takes for a role.

use crate::{
    contract::{self, Base},
    definition::context::Context,
    model::{Code, Finding},
};

pub(super) fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let spec = context.input.spec;
    for role in &context.desired.roles {
        let Some(class) = contract::role_class(spec, role.class) else { continue };
        // What a base brings that is copied is known only live.
        if class.min_permissions == 0 || (class.base == Base::Copy && role.base.is_some()) {
            continue;
        }
        let count = role.permissions.keys().filter(|name| !role.except.contains_key(*name)).count();
        if count < class.min_permissions as usize {
            let text = match count {
                0 => "a role without any permission".to_owned(),
                n => format!("a role with {n} of at least {} permissions", class.min_permissions),
            };
            let finding = Finding::new(Code::Limit, text)
                .at(role.site, "")
                .help(format!("{} takes no such role. Give it a permission of its own.", spec.title()));
            if !findings.contains(&finding) {
                findings.push(finding);
            }
        }
    }
}
