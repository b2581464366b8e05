//! Applying only what was reviewed.
//!
//! Every change that a push would make has to stand in the plan of a pull or merge request that was
//! merged since the last apply: in the artifact of its last run, made for its final head. Such a plan can
//! only refuse; what is applied is the plan of the merged definitions. The law is the same for every
//! forge; where its reviews are, [`Reviews`] knows.

use std::collections::BTreeSet;

use super::{
    forge::{
        Made, NoAccess, Refusal,
        reviews::{self, Merged, Reviews},
    },
    run::{Ran, Run},
};
use crate::{
    plan::{PlanDocument, document::Origin},
    workflow::{
        Exit, Failure,
        approve::{self, Unreviewed},
        plan::{self as planning, Part, Planned},
        project::Project,
        recording::Recording,
    },
};

/// Most commits since the last apply whose pull requests are looked for.
const COMMITS: usize = 500;
/// Most of them where a target has no record, so that nobody knows how far back to look.
const UNRECORDED: usize = 50;
/// Most differences that a refusal lists.
const LISTED: usize = 20;

/// Plans, and requires that every change was reviewed. What somebody changed outside git and nobody
/// reviewed is left alone where only that stands in the way.
pub(super) async fn plan(run: Run<'_>, project: &Project, ran: &mut Ran) -> Result<Planned, Failure> {
    let planned = planning::plan(run.world, project, &run.wishes(Part::Whole)).await?;
    if !planned.has_changes() && planned.document.targets.iter().all(|target| target.scope_changes.is_empty())
    {
        return Ok(planned);
    }
    let reviews = open(run)?;
    let merged = merged(run, project, &reviews).await?;
    ran.results.merged = merged.iter().map(|one| one.number).collect();
    let (reviewed, gone) = plans(run, &reviews, &merged).await?;
    let numbers: Vec<String> = merged.iter().map(|one| reviews.name(one.number)).collect();
    let lacking = approve::unreviewed(&planned.document, &reviewed);
    if lacking.is_empty() {
        ran.notes(format!("Every change was reviewed: {}.", numbers.join(", ")));
        return Ok(planned);
    }
    // Only what somebody certainly changed outside git is left alone: what nobody can tell may have been
    // merged and never applied.
    let mut lacking: Vec<Unreviewed> =
        lacking.into_iter().filter(|one| one.origin != Origin::Drift).collect();
    if lacking.is_empty() {
        planned.close().await;
        let pending = planning::plan(run.world, project, &run.wishes(Part::Pending)).await?;
        lacking = approve::unreviewed(&pending.document, &reviewed);
        if lacking.is_empty() {
            ran.notes(format!(
                "Every change of the definitions was reviewed: {}. What somebody changed outside git was not, and is left alone; `rolecall drift` shows it.",
                numbers.join(", ")
            ));
            return Ok(pending);
        }
        run.shows(project, &pending, ran);
        pending.close().await;
    } else {
        run.shows(project, &planned, ran);
        planned.close().await;
    }
    let mut lacking: Vec<String> = lacking.into_iter().map(|one| one.text).collect();
    let count = lacking.len();
    lacking.truncate(LISTED);
    if count > LISTED {
        lacking.push(format!("and {} more", count - LISTED));
    }
    let noun = reviews.noun();
    let looked = match numbers.is_empty() {
        true => format!("no {noun} was merged since the last apply"),
        false => format!("looked for in the plans of {}", numbers.join(", ")),
    };
    let lacking = lacking.join("\n  ");
    let by_hand = reviews::by_hand(run.situation.forge);
    if gone.is_empty() {
        let help = format!("Open a {noun} whose plan shows these changes, or {by_hand}.");
        let message = format!("not reviewed ({looked}):\n  {lacking}");
        return Err(Failure::new(Exit::Stale, message).help(help));
    }
    let message = format!(
        "what was reviewed cannot be read: the plans of {} have expired, or somebody deleted them. Without them, this counts as not reviewed ({looked}):\n  {lacking}",
        gone.join(", ")
    );
    let help = format!(
        "Open a {noun} whose plan shows these changes, or {by_hand}. Keep the artifacts of plans for longer than a merge waits for its apply."
    );
    Err(Failure::new(Exit::Refused, message).help(help))
}

/// What was merged into the default branch since the last apply of any of the targets.
async fn merged(run: Run<'_>, project: &Project, reviews: &Reviews) -> Result<Vec<Merged>, Failure> {
    let into = run.situation.default_branch.as_ref();
    let mut all: Vec<Merged> = Vec::new();
    for commit in commits(project)? {
        let found = reviews.merged_with(&commit).await.map_err(|refusal| unread(run, reviews, &refusal))?;
        for one in found.into_iter().filter(|one| into == Some(&one.base)) {
            if !all.iter().any(|known| known.number == one.number) {
                all.push(one);
            }
        }
    }
    all.sort_by_key(|one| one.number);
    Ok(all)
}

/// The plans that were made for the final heads of what was merged, and the names of those whose plans
/// are not kept any more.
async fn plans(
    run: Run<'_>,
    reviews: &Reviews,
    merged: &[Merged],
) -> Result<(Vec<PlanDocument>, Vec<String>), Failure> {
    let (mut plans, mut without) = (Vec::new(), Vec::new());
    for one in merged.iter().filter(|one| !one.foreign) {
        let Made { plans: made, gone } =
            reviews.plans_of(one).await.map_err(|refusal| unread(run, reviews, &refusal))?;
        if gone {
            without.push(reviews.name(one.number));
        }
        // A plan of what merging it into another branch would give says nothing of this one.
        let base = format!("origin/{}", one.base.raw());
        let of_this = |plan: &PlanDocument| {
            plan.revisions.base_name.as_ref().is_some_and(|name| name.raw() == base)
                && plan.revisions.desired.as_ref() == Some(&one.head)
                && !plan.revisions.dirty
        };
        plans.extend(made.into_iter().filter(of_this));
    }
    Ok((plans, without))
}

/// Names those on which the result is reported; where they cannot be found, nobody is told there, and the
/// run goes on.
pub(super) async fn name_merged(run: Run<'_>, project: &Project, ran: &mut Ran) {
    if run.token.is_none() {
        return;
    }
    let found = match open(run) {
        Ok(reviews) => merged(run, project, &reviews).await,
        Err(failure) => Err(failure),
    };
    match found {
        Ok(merged) => ran.results.merged = merged.iter().map(|one| one.number).collect(),
        Err(failure) => ran.notes(format!("What was merged could not be found: {}", failure.message.raw())),
    }
}

fn open(run: Run<'_>) -> Result<Reviews, Failure> {
    Reviews::open(run.environment, run.redactor, run.situation).map_err(|NoAccess { message, help }| {
        let help = format!("{help} Or {}.", reviews::by_hand(run.situation.forge));
        Failure::new(Exit::Refused, format!("what was reviewed cannot be read: {message}")).help(help)
    })
}

/// What was reviewed cannot be told, so nothing counts as reviewed.
fn unread(run: Run<'_>, reviews: &Reviews, refusal: &Refusal) -> Failure {
    let message = format!("what was reviewed cannot be read: {}", refusal.sentence());
    let help = format!("{} Or {}.", reviews.needs(), reviews::by_hand(run.situation.forge));
    Failure::new(Exit::Refused, message).help(help)
}

/// The commits on the first parents of what is planned that changed the definitions, down to the oldest
/// record of a target.
fn commits(project: &Project) -> Result<Vec<String>, Failure> {
    let (Some(history), Some(tip)) = (&project.past.history, &project.revisions.desired) else {
        return Err(Failure::new(Exit::Refused, "there is no history, so nobody can tell what was reviewed")
            .help("Check out the whole history: `fetch-depth: 0`, or `GIT_DEPTH: 0` in GitLab."));
    };
    let mut ends = BTreeSet::new();
    let mut unrecorded = false;
    for (target, _) in project.targets() {
        match Recording::open(project, target).named(target) {
            Some(record) => {
                ends.insert(record.revision.raw().to_owned());
            }
            None => unrecorded = true,
        }
    }
    // What was merged and never applied may lie behind what was pushed now.
    let most = if unrecorded { UNRECORDED } else { COMMITS };
    let mut commits = Vec::new();
    for commit in history.first_parents(tip.raw())?.take(most) {
        let commit = commit?;
        let mut applied = !unrecorded;
        for end in &ends {
            applied &= *end == *commit || history.is_ancestor(&commit, end)?;
        }
        if applied {
            break;
        }
        commits.push(commit.to_string());
    }
    Ok(commits)
}
