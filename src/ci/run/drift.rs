//! Looking for what was changed outside git.

use super::{Ran, Run, plan};
use crate::{
    ci::acceptance,
    workflow::{
        Exit, Failure, blame,
        plan::{self as planning, Part},
    },
};

pub(super) async fn drift(run: Run<'_>, ran: &mut Ran) -> Result<(), Failure> {
    run.fetch_records(ran).await;
    let project = plan::open(run, ran)?;
    let mut planned = planning::plan(run.world, &project, &run.wishes(Part::Drift)).await?;
    // Who clicked, where the provider tells.
    if let Err(failure) = blame::blame(&project, &mut planned, Part::Drift).await {
        ran.notes(format!("Who changed it could not be read: {}", failure.message.raw()));
    }
    plan::show(run, &project, &planned, ran);
    ran.ends(planned.exit());
    if planned.has_changes() {
        ran.ends(Exit::Changes);
        match acceptance::of(run.world, &project, &planned) {
            Ok(found) => ran.results.acceptances.push(found),
            Err(failure) => {
                ran.notes(format!("The patch that accepts it could not be made: {}", failure.message.raw()));
            }
        }
    }
    planned.close().await;
    Ok(())
}
