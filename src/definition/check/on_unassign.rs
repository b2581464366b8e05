//! The role that people get when another one is taken away has to exist.

use crate::{
    definition::{context::Context, declared::Use},
    model::{Finding, config::OnUnassign},
};

pub(super) fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if let OnUnassign::To(role) = &context.input.target.on_unassign {
        context.declared.placed(&role.value, role.site, Use::Assign, findings);
    }
}
