//! `--blame`, the other half: who changed outside git what a plan finds changed, as the provider's
//! audit log tells.

use std::time::{Duration, Instant};

use futures_util::future::join_all;

use super::{
    Failure,
    plan::{Planned, PlannedTarget},
};
use crate::{
    model::{
        Untrusted,
        activity::{ActivityLog, ActivityQuery},
    },
    plan::activity,
};

/// Longest time that an audit log is waited for: it is no part of the plan.
const LONGEST: Duration = Duration::from_secs(60);

/// Asks the audit log of every target in which something may have been changed outside git, all at the
/// same time. A log that cannot be read is a note of its target.
pub(super) async fn attach(planned: &mut Planned) {
    let start = Instant::now();
    let asked = planned
        .targets
        .iter()
        .filter(|target| target.plan.changes.iter().any(activity::is_from_outside))
        .map(|target| async move {
            let before = target.tenant.connection.statistics();
            let answer = ask(target).await;
            (target, before, answer)
        });
    let answers = join_all(asked).await;
    if answers.is_empty() {
        return;
    }
    for (target, before, answer) in answers {
        let after = target.tenant.connection.statistics();
        if let Some(run) = &mut planned.document.run {
            run.requests += after.requests.saturating_sub(before.requests);
            run.retries += after.retries.saturating_sub(before.retries);
            run.depth = run.depth.max(after.depth);
        }
        let documents = &mut planned.document.targets;
        let Some(document) = documents.iter_mut().find(|one| one.name.raw() == &*target.target.name) else {
            continue;
        };
        match answer {
            Ok(log) => activity::attach(document, &target.plan, &target.live, &log),
            Err(note) => document.notes.push(note),
        }
    }
    if let Some(run) = &mut planned.document.run {
        run.wall_ms += start.elapsed().as_millis() as u64;
    }
}

/// The log since the last recorded apply, or why it cannot be told.
async fn ask(target: &PlannedTarget) -> Result<ActivityLog, Untrusted> {
    let since = target.past.record.as_ref().and_then(|applied| applied.time.raw().parse().ok());
    let reader = target.tenant.reader();
    let Some(reading) = reader.activity(ActivityQuery { since }) else {
        let title = target.tenant.provider.title();
        return Err(unknown(&format!("{title} has no audit log that can be read."), None));
    };
    match tokio::time::timeout(LONGEST, reading).await {
        Ok(Ok(log)) => Ok(log),
        Ok(Err(error)) => {
            let failure = Failure::from(error);
            Err(unknown(&format!("{}.", failure.message.raw()), failure.help.as_ref()))
        }
        Err(_) => {
            let what = format!("the audit log was not there within {} s.", LONGEST.as_secs());
            Err(unknown(&what, None))
        }
    }
}

fn unknown(why: &str, help: Option<&Untrusted>) -> Untrusted {
    let help = help.map_or_else(String::new, |help| format!(" {}", help.raw().replace('\n', " ")));
    format!("Who changed it outside git cannot be told: {why}{help}").into()
}
