//! Applying only what was reviewed.

use super::run::{Ran, Run};
use crate::workflow::{Exit, Failure, plan::Planned, project::Project};

/// Refuses until the artifacts can be read.
pub(super) async fn plan(_run: Run<'_>, _project: &Project, _ran: &mut Ran) -> Result<Planned, Failure> {
    Err(Failure::new(Exit::Refused, "the plans that were reviewed cannot be read"))
}

/// Names nobody.
pub(super) async fn name_merged(_run: Run<'_>, _project: &Project, _ran: &mut Ran) {}
