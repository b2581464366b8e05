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
    model::{Address, Untrusted},
    plan::{
        PlanDocument,
        difference::document::{TargetDifference, TargetStatus},
        document::{Origin, TargetPlan},
    },
    workflow::{
        Exit, Failure,
        approve::{self, Changed, Landed, Shown, Unreviewed},
        diff, dropped,
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
    let steps = steps(run, project, &reviews, &planned.document).await?;
    ran.results.merged = numbers(&steps);
    let numbers: Vec<String> = ran.results.merged.iter().map(|number| reviews.name(*number)).collect();
    let (reviewed, gone) = line(run, project, &reviews, steps, &planned.document).await?;
    let mut since = Since::new(run, project);
    let lacking = unreviewed(&planned, &reviewed, &mut since);
    if lacking.is_empty() {
        ran.notes(match numbers.is_empty() {
            true => {
                "Every change was reviewed before the last apply, which did not put it in place.".to_owned()
            }
            false => format!("Every change was reviewed: {}.", numbers.join(", ")),
        });
        return Ok(planned);
    }
    // Only what somebody certainly changed outside git is left alone: what nobody can tell may have been
    // merged and never applied.
    let mut lacking: Vec<Unreviewed> =
        lacking.into_iter().filter(|one| one.origin != Origin::Drift).collect();
    if lacking.is_empty() {
        let whole = planned.document.clone();
        planned.close().await;
        let pending = planning::plan(run.world, project, &run.wishes(Part::Pending)).await?;
        lacking = unreviewed(&pending, &reviewed, &mut since);
        let lost = lost(&whole, &pending.document, &reviewed, &mut since);
        if !lost.is_empty() {
            run.shows(project, &pending, ran);
            pending.close().await;
            return Err(in_the_way(run, &reviews, &lost));
        }
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
    let lacking: Vec<String> = lacking.into_iter().map(|one| one.text).collect();
    let noun = reviews.noun();
    let looked = match numbers.is_empty() {
        true => format!("no {noun} was merged since the last apply"),
        false => format!("looked for in the plans of {}", numbers.join(", ")),
    };
    let lacking = listed(&lacking);
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

/// What nobody reviewed. What the last recorded apply left to a person was approved with it, as long as the
/// definitions say the same of it.
fn unreviewed(planned: &Planned, reviewed: &[Landed], since: &mut Since<'_>) -> Vec<Unreviewed> {
    let mut lacking = approve::unreviewed(&planned.document, reviewed);
    lacking.retain(|one| {
        let target = planned.document.targets.iter().find(|target| target.name == one.target);
        let past = planned.targets.iter().find(|target| *target.target.name == *one.target.raw());
        let (Some(target), Some(planned), Some(address)) = (target, past, &one.address) else { return true };
        let stayed = matches!(one.origin, Origin::Unapplied | Origin::Mixed);
        !(stayed && planned.past.is_left(address) && !since.changed(target, address))
    });
    lacking
}

/// What was merged, and would not be applied because something is left alone that somebody changed outside git.
fn lost(
    whole: &PlanDocument,
    pending: &PlanDocument,
    reviewed: &[Landed],
    since: &mut Since<'_>,
) -> Vec<String> {
    let mut lost = approve::lost(pending, reviewed, |target, address| since.changed(target, address));
    // A change that needs one that is left alone: the target has no plan without that.
    let planned =
        |name: &Untrusted| whole.targets.iter().any(|target| target.name == *name && target.error.is_none());
    lost.extend(pending.targets.iter().filter(|target| planned(&target.name)).filter_map(|target| {
        let error = target.error.as_ref().filter(|error| error.exit == Exit::Usage.code())?;
        Some(format!("target {}: {}", target.name.raw(), error.message.raw()))
    }));
    lost
}

fn in_the_way(run: Run<'_>, reviews: &Reviews, lost: &[String]) -> Failure {
    let by_hand = reviews::by_hand(run.situation.forge);
    let message = format!(
        "what was merged is about something that somebody changed outside git since it was reviewed. Leaving that alone would lose what was merged:\n  {}",
        listed(lost)
    );
    let help = format!("Open a {} whose plan shows what is to become of it, or {by_hand}.", reviews.noun());
    Failure::new(Exit::Stale, message).help(help)
}

/// Lines of a list that is not too long.
fn listed(lines: &[String]) -> String {
    let mut shown: Vec<&str> = lines.iter().take(LISTED).map(String::as_str).collect();
    let more =
        lines.len().checked_sub(LISTED).filter(|more| *more > 0).map(|more| format!("and {more} more"));
    shown.extend(more.as_deref());
    shown.join("\n  ")
}

/// What the definitions of targets say otherwise than at their last recorded apply, as far as it is asked for.
struct Since<'a> {
    run: Run<'a>,
    project: &'a Project,
    known: BTreeMap<Untrusted, Changed>,
}

impl<'a> Since<'a> {
    fn new(run: Run<'a>, project: &'a Project) -> Self {
        Self { run, project, known: BTreeMap::new() }
    }

    /// Whether they may say something else of an object.
    fn changed(&mut self, target: &TargetPlan, address: &Address) -> bool {
        let (run, project) = (self.run, self.project);
        let known = self.known.entry(target.name.clone()).or_insert_with(|| {
            let (Some(applied), Some(tip)) = (&target.applied, &project.revisions.desired) else {
                return Changed::Unknown;
            };
            let mut found = between(run, applied.revision.raw(), tip.raw(), &[target]);
            found.remove(target.name.raw()).unwrap_or(Changed::Unknown)
        });
        known.concerns(address)
    }
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
async fn steps(
    run: Run<'_>,
    project: &Project,
    reviews: &Reviews,
    document: &PlanDocument,
) -> Result<Vec<Step>, Failure> {
    let into = run.situation.default_branch.as_ref();
    let mut steps = Vec::new();
    let mut known = BTreeSet::new();
    for (commit, open) in commits(project, document)? {
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
    match history.and_then(|history| history.first_parent(commit).ok().flatten()) {
        Some(parent) => between(run, &parent, commit, targets),
        None => targets.iter().map(|target| (target.name.raw().to_owned(), Changed::Unknown)).collect(),
    }
}

/// What differs in the definitions of these targets between two commits.
fn between(run: Run<'_>, from: &str, to: &str, targets: &[&TargetPlan]) -> BTreeMap<String, Changed> {
    let wishes = diff::Wishes {
        start: run.start.to_owned(),
        config: run.config.map(std::path::Path::to_owned),
        range: diff::Range::parse(Some(&format!("{from}..{to}"))),
        targets: Vec::new(),
        only: Vec::new(),
    };
    let names = targets.iter().map(|target| target.name.raw());
    let Ok(compared) = diff::diff(run.world, &wishes) else {
        return names.map(|name| (name.to_owned(), Changed::Unknown)).collect();
    };
    let document = &compared.document;
    let policies = !document.policies.is_empty();
    let of = |name: &str| match document.targets.iter().find(|target| target.name.raw() == name) {
        Some(target) => of_target(target, policies),
        None => Changed::Some { roles: BTreeSet::new(), others: false, removed: false, scope: policies },
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
        removed: !target.removed.is_empty(),
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
    let Some(document) = ran.results.plan.clone() else { return };
    let found = match open(run) {
        Ok(reviews) => steps(run, project, &reviews, &document).await,
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
/// with the targets of the plan whose own record does not have it: those that are configured, and those that
/// are dropped.
fn commits(project: &Project, document: &PlanDocument) -> Result<Vec<(String, BTreeSet<String>)>, Failure> {
    let (Some(history), Some(tip)) = (&project.past.history, &project.revisions.desired) else {
        return Err(Failure::new(Exit::Refused, "there is no history, so nobody can tell what was reviewed")
            .help("Check out the whole history: `fetch-depth: 0`, or `GIT_DEPTH: 0` in GitLab."));
    };
    // What was merged and never applied may lie behind what was pushed now.
    let mut unrecorded = BTreeSet::new();
    let mut recorded: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let configured = project.targets().map(|(target, _)| {
        let record = Recording::open(project, target).named(target).map(|record| record.revision.clone());
        (target.name.to_string(), record)
    });
    let names = project.names();
    let gone = document.targets.iter().map(|target| target.name.raw()).filter(|name| !names.contains(name));
    let gone = gone.map(|name| (name.to_owned(), dropped::recorded(project, name)));
    for (name, record) in configured.chain(gone) {
        let _new = match record {
            Some(revision) => recorded.entry(revision.raw().to_owned()).or_default().insert(name),
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
