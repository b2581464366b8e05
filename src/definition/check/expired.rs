//! Assignments whose last day is over.

use crate::{
    definition::context::Context,
    model::{Code, Finding},
};

pub(super) fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let today = context.input.today;
    for assignment in &context.desired.assignments {
        if let Some(date) = assignment.expires
            && date < today
        {
            let finding = Finding::new(Code::Expired, format!("this assignment expired on {date}"))
                .at(assignment.principal.site, "it is planned away")
                .help("Remove it, or set a later day.");
            findings.push(finding);
        }
    }
}
