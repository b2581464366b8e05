//! Applying only what was reviewed.
//!
//! Every change that a push would make has to stand in the plan of a pull or merge request that was
//! merged since the last apply of that target: in the artifact of its last run, made for its final head
//! before it was merged. What a later one took back counts no more, and of several plans for one target only
//! what all of them show. Such a plan can only refuse; what is applied is the plan of the merged definitions.
//! The law is the same for every forge; where its reviews are, [`Reviews`] knows.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    event,
    forge::{
        Made, NoAccess, Refusal,
        reviews::{self, Merged, Reviews},
    },
    run::{Ran, Run},
    situation::Forge,
};
use crate::{
    plan::{
        PlanDocument,
        difference::document::{TargetDifference, TargetStatus},
        document::{Origin, TargetPlan},
    },
    workflow::{
        Exit, Failure,
        approve::{self, Changed, Landed, Shown, Unreviewed},
        diff,
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
    let steps = steps(run, project, &reviews).await?;
    ran.results.merged = numbers(&steps);
    let numbers: Vec<String> = ran.results.merged.iter().map(|number| reviews.name(*number)).collect();
    let (reviewed, gone) = line(run, project, &reviews, steps, &planned.document).await?;
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

/// A commit of the default branch since the last apply, and what it merged.
struct Step {
    commit: String,
    /// The targets whose last recorded apply does not have it.
    open: BTreeSet<String>,
    merged: Vec<Merged>,
    /// Whether it is one of several that a request brought, of which a later one stands for all.
    stands_for_none: bool,
}

/// What came into the default branch since the last apply of any of the targets, the newest first.
async fn steps(run: Run<'_>, project: &Project, reviews: &Reviews) -> Result<Vec<Step>, Failure> {
    let into = run.situation.default_branch.as_ref();
    let mut steps = Vec::new();
    let mut known = BTreeSet::new();
    for (commit, open) in commits(project)? {
        let found = reviews.merged_with(&commit).await.map_err(|refusal| unread(run, reviews, &refusal))?;
        let mut merged: Vec<Merged> = found.into_iter().filter(|one| into == Some(&one.base)).collect();
        let any = !merged.is_empty();
        merged.retain(|one| known.insert(one.number));
        let stands_for_none = any && merged.is_empty();
        steps.push(Step { commit, open, merged, stands_for_none });
    }
    Ok(steps)
}

/// The numbers of what was merged, in order.
fn numbers(steps: &[Step]) -> Vec<u64> {
    let mut numbers: Vec<u64> =
        steps.iter().flat_map(|step| &step.merged).map(|merged| merged.number).collect();
    numbers.sort_unstable();
    numbers
}

/// The same as the review looks at it, oldest first: with the plans that were made for the final heads of
/// what was merged, and with what changed without a plan. And the names of those whose plans are not kept
/// any more.
async fn line(
    run: Run<'_>,
    project: &Project,
    reviews: &Reviews,
    mut steps: Vec<Step>,
    fresh: &PlanDocument,
) -> Result<(Vec<Landed>, Vec<String>), Failure> {
    steps.reverse();
    let (mut line, mut without): (Vec<Landed>, Vec<String>) = (Vec::new(), Vec::new());
    for step in &steps {
        let mut landed = Landed { open: step.open.clone(), ..Landed::default() };
        for one in step.merged.iter().filter(|one| !one.foreign) {
            let Made { plans, gone } =
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
            let shown = plans.into_iter().filter(of_this);
            landed.shown.extend(shown.map(|plan| Shown {
                request: one.number,
                upon: upon(project, &steps, &plan),
                plan,
            }));
        }
        let told = fresh.targets.iter().filter(|target| landed.open.contains(target.name.raw()));
        let untold: Vec<&TargetPlan> = told.filter(|target| !landed.tells_of(target)).collect();
        let earlier = line.iter().any(|landed: &Landed| !landed.shown.is_empty());
        if earlier && !untold.is_empty() && !step.stands_for_none {
            landed.changed = changed(run, project, &step.commit, &untold);
        }
        line.push(landed);
    }
    Ok((line, without))
}

/// How many of the commits, from the oldest on, a plan was made upon. Where nobody can tell, all of them:
/// what it does not show then counts no more.
fn upon(project: &Project, steps: &[Step], plan: &PlanDocument) -> usize {
    let (Some(history), Some(base)) = (&project.past.history, &plan.revisions.base) else {
        return steps.len();
    };
    let is_part = |step: &Step| history.is_ancestor(&step.commit, base.raw());
    match steps.iter().map(is_part).collect::<Result<Vec<bool>, _>>() {
        Ok(parts) => parts.iter().take_while(|part| **part).count(),
        Err(_) => steps.len(),
    }
}

/// What a commit changed in the definitions of these targets.
fn changed(
    run: Run<'_>,
    project: &Project,
    commit: &str,
    targets: &[&TargetPlan],
) -> BTreeMap<String, Changed> {
    let history = project.past.history.as_ref();
    let parent = history.and_then(|history| history.first_parent(commit).ok().flatten());
    let compared = parent.and_then(|parent| {
        let wishes = diff::Wishes {
            start: run.start.to_owned(),
            config: run.config.map(std::path::Path::to_owned),
            range: diff::Range::parse(Some(&format!("{parent}..{commit}"))),
            targets: Vec::new(),
            only: Vec::new(),
        };
        diff::diff(run.world, &wishes).ok()
    });
    let names = targets.iter().map(|target| target.name.raw());
    let Some(compared) = compared else {
        return names.map(|name| (name.to_owned(), Changed::Unknown)).collect();
    };
    let document = &compared.document;
    let policies = !document.policies.is_empty();
    let of = |name: &str| match document.targets.iter().find(|target| target.name.raw() == name) {
        Some(target) => of_target(target, policies),
        None => Changed::Some { roles: BTreeSet::new(), others: false, scope: policies },
    };
    names.map(|name| (name.to_owned(), of(name))).collect()
}

fn of_target(target: &TargetDifference, policies: bool) -> Changed {
    if !matches!(target.status, TargetStatus::Same | TargetStatus::Changed) {
        return Changed::Unknown;
    }
    // Under its former key a role had another address.
    if target.name_before.is_some() || target.roles.iter().any(|role| role.key_before.is_some()) {
        return Changed::Unknown;
    }
    Changed::Some {
        roles: target.roles.iter().map(|role| role.address.as_str().to_owned()).collect(),
        others: target.default.is_some()
            || !target.assignments.is_empty()
            || !target.permission_definitions.is_empty()
            || !target.exclusive.is_empty()
            || !target.removed.is_empty(),
        scope: policies || !target.scope_changes.is_empty(),
    }
}

/// Whether the request that a run is about was merged or closed: then nobody reviews what would be planned.
/// Where nobody can tell, it is planned, and the merge tells what counts.
pub(super) async fn is_over(run: Run<'_>) -> bool {
    let Some(request) = run.situation.trigger.pull_request().filter(|request| request.foreign.is_none())
    else {
        return false;
    };
    let payload = event::payload(run.environment);
    let state = payload.pointer("/pull_request/state").and_then(serde_json::Value::as_str);
    if run.situation.forge == Forge::GitHub && state == Some("closed") {
        return true;
    }
    // The event of a run that is started again is the old one.
    match (open(run), request.number) {
        (Ok(reviews), Some(number)) => reviews.is_over(number).await.unwrap_or(false),
        _ => false,
    }
}

/// Names those on which the result is reported; where they cannot be found, nobody is told there, and the
/// run goes on.
pub(super) async fn name_merged(run: Run<'_>, project: &Project, ran: &mut Ran) {
    if run.token.is_none() {
        return;
    }
    let found = match open(run) {
        Ok(reviews) => steps(run, project, &reviews).await,
        Err(failure) => Err(failure),
    };
    match found {
        Ok(steps) => ran.results.merged = numbers(&steps),
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

/// The commits on the first parents of what is planned that changed the definitions, the newest first, each
/// with the targets whose own record does not have it.
fn commits(project: &Project) -> Result<Vec<(String, BTreeSet<String>)>, Failure> {
    let (Some(history), Some(tip)) = (&project.past.history, &project.revisions.desired) else {
        return Err(Failure::new(Exit::Refused, "there is no history, so nobody can tell what was reviewed")
            .help("Check out the whole history: `fetch-depth: 0`, or `GIT_DEPTH: 0` in GitLab."));
    };
    // What was merged and never applied may lie behind what was pushed now.
    let mut unrecorded = BTreeSet::new();
    let mut recorded: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (target, _) in project.targets() {
        let name = target.name.to_string();
        let _new = match Recording::open(project, target).named(target) {
            Some(record) => recorded.entry(record.revision.raw().to_owned()).or_default().insert(name),
            None => unrecorded.insert(name),
        };
    }
    let mut commits = Vec::new();
    for (at, commit) in history.first_parents(tip.raw())?.take(COMMITS).enumerate() {
        let commit = commit?;
        let mut applied = Vec::new();
        for end in recorded.keys() {
            if **end == *commit || history.is_ancestor(&commit, end)? {
                applied.push(end.clone());
            }
        }
        // What came before it is applied, too.
        recorded.retain(|end, _| !applied.contains(end));
        let mut open: BTreeSet<String> = recorded.values().flatten().cloned().collect();
        if at < UNRECORDED {
            open.extend(unrecorded.iter().cloned());
        }
        if open.is_empty() {
            break;
        }
        commits.push((commit.to_string(), open));
    }
    Ok(commits)
}
