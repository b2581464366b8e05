//! Applying what was merged, at the tip of the default branch only.

use super::{Ran, Run, plan};
use crate::{
    ci::{decision::Command, record_file, reviewed, situation::Trigger},
    render::escape,
    workflow::{
        Exit, Failure, apply as applying, approve,
        plan::{self as planning, Part, Planned, Wishes},
        project::Project,
    },
};

pub(super) async fn apply(run: Run<'_>, ran: &mut Ran) -> Result<(), Failure> {
    if run.inputs.built_here && !run.inputs.allow_source_build {
        return Err(Failure::new(
            Exit::Refused,
            "this program was built from source on this runner, and only a release may apply",
        )
        .help("Use a commit of the Action that lists a release, or set `allow_source_build: true`."));
    }
    if let Err(failure) = at_the_tip(run).await {
        ran.results.outdated = true;
        return Err(failure);
    }
    run.fetch_records(ran).await;
    let project = plan::open(run, ran)?;
    applying::may_apply(run.world, &project, false)?;
    approve::check_expected(&run.inputs.expect_plan, &project.names())?;
    let (planned, wishes) = expected(run, &project, ran).await?;
    plan::show(run, &project, &planned, ran);
    // Asked before, as the record will be newer than what is merged now. Of a part another job reports.
    if run.inputs.comment || run.inputs.shard.is_some() {
        reviewed::name_merged(run, &project, ran).await;
    }
    let document = applying::apply(run.world, &project, &planned, &wishes, &|_, _| {}).await;
    ran.log.push_str(&run.log_of_outcome(&document, ran.results.names));
    ran.ends(applying::exit(&document));
    if applying::exit(&document) != Exit::Done {
        let text = format!(
            "the apply ended with exit code {}: {}",
            applying::exit(&document).code(),
            applying::exit(&document).meaning()
        );
        ran.annotations.add(&format!("::error title=rolecall::{}\n", escape::github_data(&text)));
    }
    ran.results.outcome = Some(document);
    record_file::collect(run, &project, ran);
    planned.close().await;
    Ok(())
}

/// Where a plan has nothing to do: what it read is the proof that everything is in place, and this
/// says so in the record.
pub(super) async fn record_idle(run: Run<'_>, project: &Project, planned: &Planned, ran: &mut Ran) {
    let decision = crate::ci::decision::decide(run.situation, Command::Record);
    if decision != crate::ci::decision::Decision::Run || at_the_tip(run).await.is_err() {
        return;
    }
    let wishes = run.wishes(part(planned));
    // There is no change, so nothing is written but the record.
    let _idle = applying::apply(run.world, project, planned, &wishes, &|_, _| {}).await;
    record_file::collect(run, project, ran);
}

/// Which differences a plan has.
fn part(planned: &Planned) -> Part {
    match planned.document.targets.iter().any(|target| target.pending_only) {
        true => Part::Pending,
        false => Part::Whole,
    }
}

/// Requires that what is checked out is the event's commit, and that the branch is still at it.
pub(super) async fn at_the_tip(run: Run<'_>) -> Result<(), Failure> {
    let (Some(commit), Some(branch)) = (&run.situation.commit, run.situation.trigger.branch()) else {
        return Err(Failure::new(
            Exit::Refused,
            "the event does not tell which commit of which branch is meant",
        ));
    };
    let place = crate::repo::find_config(run.start, run.config, crate::repo::Reading::WorkTree)?;
    let head = crate::repo::Facts::of(&place)?.commit;
    if head.as_ref() != Some(commit) {
        let head = head.unwrap_or_else(|| "nothing".to_owned());
        let message = format!("{head} is checked out, and the event is about {commit}");
        return Err(Failure::new(Exit::Refused, message).help("Check out the event's own commit."));
    }
    let tip = run.remote().tip(branch.raw()).await.map_err(|failure| {
        let message = format!(
            "whether {commit} is still the tip of the branch cannot be told: {}",
            failure.message.raw()
        );
        Failure::new(Exit::Refused, message).help("Nothing was sent. Run it again once the server answers.")
    })?;
    if tip == *commit {
        return Ok(());
    }
    let again = match run.situation.trigger {
        Trigger::Manual(_) => "Dispatch it again, from the tip.",
        _ => "Nothing was sent. The run of the newer commit applies both.",
    };
    Err(Failure::new(Exit::Stale, format!("the branch is at {tip} by now, and this run is about {commit}"))
        .help(again))
}

/// The plan that is applied: it has the expected digest, and every change of it was reviewed where
/// that is required. A digest may be that of the whole plan or of its pending part.
async fn expected(run: Run<'_>, project: &Project, ran: &mut Ran) -> Result<(Planned, Wishes), Failure> {
    if run.inputs.require_reviewed {
        let planned = reviewed::plan(run, project, ran).await?;
        if let Err(failure) = approve::check_digests(&planned.document, &run.inputs.expect_plan) {
            plan::show(run, project, &planned, ran);
            planned.close().await;
            return Err(failure);
        }
        let wishes = run.wishes(part(&planned));
        return Ok((planned, wishes));
    }
    if run.inputs.expect_plan.is_empty() {
        let wishes = run.wishes(Part::Whole);
        return Ok((planning::plan(run.world, project, &wishes).await?, wishes));
    }
    let mut stale = None;
    for part in [Part::Whole, Part::Pending] {
        let wishes = run.wishes(part);
        let planned = planning::plan(run.world, project, &wishes).await?;
        match approve::check_digests(&planned.document, &run.inputs.expect_plan) {
            Ok(()) => return Ok((planned, wishes)),
            Err(failure) => {
                if part == Part::Whole {
                    plan::show(run, project, &planned, ran);
                }
                planned.close().await;
                stale = stale.or(Some(failure));
            }
        }
    }
    Err(stale.unwrap_or_else(|| Failure::new(Exit::Stale, "the plan is not the expected one")))
}
