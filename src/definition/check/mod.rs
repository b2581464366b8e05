//! What has to hold between the parts of a target. One rule per file.

mod base_cycle;
mod expired;
mod few_permissions;
mod level;
mod on_unassign;
mod permission;
mod principal_once;
mod removed;
mod resource_type;
mod role_limit;
mod same_name;

use crate::model::Finding;

use super::context::Context;

pub(crate) use permission::{Unknown, unknown};

/// A rule adds what it finds.
type Rule = fn(&Context<'_>, &mut Vec<Finding>);

/// Every rule.
const RULES: &[Rule] = &[
    base_cycle::check,
    expired::check,
    few_permissions::check,
    level::check,
    on_unassign::check,
    permission::check,
    principal_once::check,
    removed::check,
    resource_type::check,
    role_limit::check,
    same_name::check,
];

/// Runs every rule, and those of the provider.
pub(crate) fn run(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for rule in RULES {
        rule(context, findings);
    }
    let input = context.input;
    findings.extend(input.spec.check(context.desired));
    findings.extend(input.spec.check_settings(context.desired, &input.target.settings));
}
