//! Applying only what was reviewed.
//!
//! Every change that a push would make has to stand in the plan of a pull request that was merged
//! since the last apply: in the artifact of its last run, made for its final head. Such a plan can only
//! refuse; what is applied is the plan of the merged definitions.

use std::collections::BTreeSet;

use super::{
    forge::{
        NoAccess, Refusal,
        github::{GitHub, pulls::Pull},
    },
    run::{Ran, Run},
    situation::Forge,
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
    let pulls = merged(run, project).await?;
    let reviewed = plans(run, &pulls).await?;
    let numbers: Vec<String> = pulls.iter().map(|pull| format!("#{}", pull.number)).collect();
    ran.results.merged = pulls.iter().map(|pull| pull.number).collect();
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
    let looked = match numbers.is_empty() {
        true => "no pull request was merged since the last apply".to_owned(),
        false => format!("looked for in the plans of {}", numbers.join(", ")),
    };
    let message = format!("not reviewed ({looked}):\n  {}", lacking.join("\n  "));
    Err(Failure::new(Exit::Stale, message).help(
        "Open a pull request whose plan shows these changes, or dispatch the workflow by hand: then the reviewers of the environment approve the plan that is made now.",
    ))
}

/// The pull requests that were merged since the last apply of any of the targets.
pub(super) async fn merged(run: Run<'_>, project: &Project) -> Result<Vec<Pull>, Failure> {
    let github = client(run)?;
    let commits = commits(project)?;
    let mut pulls: Vec<Pull> = Vec::new();
    for commit in commits {
        for pull in github.pulls_of(&commit).await.map_err(|refusal| unread(&refusal))? {
            let into = run.situation.default_branch.as_ref();
            let counts = into == Some(&pull.base.branch);
            if counts && !pulls.iter().any(|known| known.number == pull.number) {
                pulls.push(pull);
            }
        }
    }
    pulls.sort_by_key(|pull| pull.number);
    Ok(pulls)
}

/// The plans that were made for the final heads of `pulls`.
async fn plans(run: Run<'_>, pulls: &[Pull]) -> Result<Vec<PlanDocument>, Failure> {
    let github = client(run)?;
    let mut plans = Vec::new();
    for pull in pulls {
        let head = pull.head.sha.raw();
        let made = github.plans_of(head).await.map_err(|refusal| unread(&refusal))?;
        // A plan of what merging it into another branch would give says nothing of this one.
        let base = format!("origin/{}", pull.base.branch.raw());
        let of_this = |plan: &PlanDocument| {
            plan.revisions.base_name.as_ref().is_some_and(|name| name.raw() == base)
                && plan.revisions.desired.as_ref().is_some_and(|commit| commit.raw() == head)
                && !plan.revisions.dirty
        };
        plans.extend(made.into_iter().filter(of_this));
    }
    Ok(plans)
}

/// Names the pull requests on which the result is reported; where they cannot be found, nobody is told
/// there, and the run goes on.
pub(super) async fn name_merged(run: Run<'_>, project: &Project, ran: &mut Ran) {
    if run.situation.forge != Forge::GitHub || run.token.is_none() {
        return;
    }
    match merged(run, project).await {
        Ok(pulls) => ran.results.merged = pulls.iter().map(|pull| pull.number).collect(),
        Err(failure) => ran.notes(format!(
            "The pull requests that were merged could not be found: {}",
            failure.message.raw()
        )),
    }
}

fn client(run: Run<'_>) -> Result<GitHub, Failure> {
    if run.situation.forge != Forge::GitHub {
        return Err(Failure::new(
            Exit::Refused,
            "`require_reviewed` looks into the artifacts of GitHub's workflows, which this forge does not have",
        )
        .help("Leave it out, and protect the environment that applies."));
    }
    GitHub::open(run.environment, run.redactor, &run.situation.repository)
        .map_err(|NoAccess { message, help }| Failure::new(Exit::Refused, message).help(help))
}

/// What was reviewed cannot be told, so nothing counts as reviewed.
fn unread(refusal: &Refusal) -> Failure {
    Failure::new(Exit::Refused, format!("what was reviewed cannot be read: {}", refusal.sentence())).help(
        "The job needs `pull-requests: read` and `actions: read`. A manual dispatch without `require_reviewed` needs neither: there the reviewers of the environment approve the plan.",
    )
}

/// The commits on the first parents of what is planned that changed the definitions, down to the oldest
/// record of a target.
fn commits(project: &Project) -> Result<Vec<String>, Failure> {
    let (Some(history), Some(tip)) = (&project.past.history, &project.revisions.desired) else {
        return Err(Failure::new(Exit::Refused, "there is no history, so nobody can tell what was reviewed")
            .help("Check out with `fetch-depth: 0`."));
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
