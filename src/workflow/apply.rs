//! Applying a plan: the checks before, the operations, and the proof after.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use futures_util::future::join_all;

use super::{
    Exit, Failure, World, leak,
    lock::{LockError, TenantLock},
    plan::{Part, Planned, PlannedTarget, Wishes},
    project::Project,
};
use crate::{
    apply::{self, Report, Run, Status},
    model::{
        Kind, RoleId, Untrusted,
        config::Config,
        desired::DesiredState,
        field,
        live::{Live, LiveState, Query},
    },
    plan::{
        change::{Change, Hand, Plan, What, differing},
        compare,
        document::{Action, Guard, RunStatistics, TargetPlan},
        earlier::Views,
        operation::Verb,
        order,
        outcome::{
            ApplyDocument, ChangeOutcome, ChangeStatus, FORMAT_VERSION, OutcomeSummary, Remaining,
            TargetOutcome, TargetResult, Verification,
        },
        pending, resolve, select,
    },
    repo::{Record, RecordIdentity},
};

/// Told about each step: the target's name and the step.
pub type Events<'a> = &'a (dyn Fn(&str, apply::Event<'_>) + Sync);

/// Checks that do not depend on live: whether this revision may be applied from here at all.
///
/// # Errors
///
/// Exit code 4 where the branch is not one of `apply_from`, or a CI system would apply a dirty work
/// tree. Emulators are exempt.
pub fn may_apply(world: &World, project: &Project, allow_branch: bool) -> Result<(), Failure> {
    let Some(config) = &project.loaded.config else { return Ok(()) };
    let real = config.targets.iter().any(|t| !t.emulator && project.selected.contains(&t.name));
    if !real {
        return Ok(());
    }
    let ci = (world.environment)("CI").is_some_and(|value| !value.is_empty() && value != "false");
    if ci && project.revisions.dirty {
        return Err(Failure::new(
            Exit::Refused,
            "a file of the definitions differs from the commit, and CI applies only commits",
        )
        .help("Commit what differs, or apply from a clean checkout."));
    }
    if let (Some(_), Some(name)) = (&project.revisions.merged, &project.revisions.base_name) {
        let message = format!(
            "this branch does not have what {} has; only a plan can look at the merge of both",
            name.raw()
        );
        return Err(
            Failure::new(Exit::Stale, message).help("Merge or pull first, then apply what is merged.")
        );
    }
    branch(config, project, allow_branch)?;
    // What the target branch demands is not lifted by the branch that is applied.
    let base = project.past.base.as_ref().map(|(_, side)| side);
    let earlier = base.into_iter().chain(&project.past.found);
    earlier
        .filter_map(|side| side.loaded.config.as_ref())
        .try_for_each(|config| branch(config, project, allow_branch))
}

fn branch(config: &Config, project: &Project, allow_branch: bool) -> Result<(), Failure> {
    let Some(allowed) = &config.apply_from else { return Ok(()) };
    if allow_branch || project.revisions.branch.as_ref().is_some_and(|branch| allowed.contains(branch)) {
        return Ok(());
    }
    let on = match &project.revisions.branch {
        Some(branch) => format!("this is branch `{}`", branch.raw()),
        None => "this is not a branch".to_owned(),
    };
    let names: Vec<&str> = allowed.iter().map(Untrusted::raw).collect();
    Err(Failure::new(Exit::Refused, format!("`apply_from` allows {}, and {on}", names.join(", ")))
        .help("Apply from there, or pass --allow-branch."))
}

/// About how long the provider's limits make an apply of this plan take at least, over all targets.
pub fn expected_wait(planned: &Planned) -> Duration {
    let of = |target: &PlannedTarget| {
        let reading = target.tenant.provider.member_reading();
        let ops = order::order(&target.plan, &*target.tenant.provider);
        let moves = ops.iter().filter(|op| matches!(op.verb, Verb::Assign { .. })).count();
        // Reading back takes as many requests as there are pages of members.
        let pages = reading.requests(target.live.of(Kind::Assignment).count());
        let quota = reading.quota.filter(|_| moves > 0)?;
        Some(target.tenant.connection.expected_wait(&quota, moves + pages))
    };
    planned.targets.iter().filter_map(of).max().unwrap_or_default()
}

/// Applies every planned target, all tenants at the same time, and reads everything back. Several
/// targets on one tenant follow each other: one lock holds for all of them.
pub async fn apply(
    world: &World,
    project: &Project,
    planned: &Planned,
    wishes: &Wishes,
    events: Events<'_>,
) -> ApplyDocument {
    let start = std::time::Instant::now();
    let tenants = by_tenant(planned).into_iter().map(|documents| async move {
        let mut outcomes = Vec::with_capacity(documents.len());
        for (index, target) in documents {
            let document = &planned.document.targets[index];
            let outcome = match target {
                Some(target) => apply_target(world, project, target, document, wishes, events).await,
                None if document.error.is_none() => dropped(project, document),
                None => unplanned(document),
            };
            outcomes.push((index, outcome));
        }
        outcomes
    });
    let mut targets: Vec<(usize, TargetOutcome)> = join_all(tenants).await.into_iter().flatten().collect();
    targets.sort_by_key(|(index, _)| *index);
    let targets: Vec<TargetOutcome> = targets.into_iter().map(|(_, outcome)| outcome).collect();
    let summary = OutcomeSummary::of(targets.iter().flat_map(|target| &target.changes));
    let mut run = RunStatistics { wall_ms: start.elapsed().as_millis() as u64, ..RunStatistics::default() };
    for target in &planned.targets {
        let cost = target.tenant.connection.statistics();
        run.requests += cost.requests;
        run.retries += cost.retries;
        run.depth = run.depth.max(cost.depth);
    }
    ApplyDocument {
        format_version: FORMAT_VERSION,
        rolecall: env!("CARGO_PKG_VERSION").into(),
        digest: planned.document.digest.clone(),
        revisions: planned.document.revisions.clone(),
        targets,
        summary,
        run: Some(run),
    }
}

/// Each document, by its index, with its target where that could be planned; together where they
/// are one tenant.
fn by_tenant(planned: &Planned) -> Vec<Vec<(usize, Option<&PlannedTarget>)>> {
    let mut tenants: Vec<Vec<(usize, Option<&PlannedTarget>)>> = Vec::new();
    for (index, document) in planned.document.targets.iter().enumerate() {
        let target = planned.targets.iter().find(|target| *target.target.name == *document.name.raw());
        let identity = |target: &PlannedTarget| target.live.identity.clone();
        let same = tenants.iter_mut().find(|tenant| {
            let first = tenant.first().and_then(|(_, first)| *first).map(identity);
            first.is_some() && first == target.map(identity)
        });
        match same {
            Some(tenant) => tenant.push((index, target)),
            None => tenants.push(vec![(index, target)]),
        }
    }
    tenants
}

/// A target that is not configured any more: there is nothing to send.
fn dropped(project: &Project, document: &TargetPlan) -> TargetOutcome {
    let recorded = match project.revisions.dirty {
        true => None,
        false => super::dropped::release(project, document.name.raw()),
    };
    let verification = Verification { verified: true, remaining: Vec::new() };
    TargetOutcome { recorded, verification, ..outcome(document) }
}

fn unplanned(document: &TargetPlan) -> TargetOutcome {
    TargetOutcome { result: TargetResult::Failed, error: document.error.clone(), ..outcome(document) }
}

/// An outcome in which nothing happened yet.
fn outcome(document: &TargetPlan) -> TargetOutcome {
    TargetOutcome {
        name: document.name.clone(),
        provider: document.provider.clone(),
        emulator: document.emulator,
        identity: document.identity.clone(),
        digest: document.digest.clone(),
        result: TargetResult::NothingToDo,
        error: None,
        changes: Vec::new(),
        verdicts: document
            .verdicts
            .iter()
            .chain(document.changes.iter().flat_map(|change| &change.verdicts))
            .cloned()
            .collect(),
        people: document.people.clone(),
        verification: Verification::default(),
        attested: document.attested,
        summary: OutcomeSummary::default(),
        kept: document.unmanaged.kept.iter().map(|kept| kept.number).sum(),
        unread: document.unmanaged.unread,
        recorded: None,
        not_recorded: None,
    }
}

/// A target at an older revision than the one that was applied last: what was applied since would be
/// taken back.
fn older(project: &Project, target: &PlannedTarget, wishes: &Wishes) -> Option<Failure> {
    let newer = target.past.newer.as_ref().filter(|_| !target.target.emulator)?;
    let planned = project.revisions.desired.as_ref().map_or("", |commit| commit.raw());
    if wishes.older.as_deref() == Some(planned) {
        return None;
    }
    let message = format!(
        "{} was recorded last, and it is not part of the history of {planned}: this apply would take back what came since",
        newer.raw()
    );
    Some(Failure::new(Exit::Stale, message).help(format!(
        "Pull, and apply the newest revision. If going back is meant: `--allow-older {planned}`."
    )))
}

/// Why an apply is not that of a revision as a whole.
fn partial(project: &Project, target: &PlannedTarget, wishes: &Wishes) -> Option<&'static str> {
    if !wishes.only.is_empty() {
        return Some("`--only` chose a part of the definitions");
    }
    if wishes.part != Part::Whole && target.left > 0 {
        return Some("`--pending-only` left something alone of which nobody can tell where it comes from");
    }
    if project.revisions.dirty {
        return Some("the work tree has changes that are not committed");
    }
    project.revisions.merged.as_ref().map(|_| "no commit holds the merge")
}

/// Why nobody can tell what an apply had to take away: a record of it would hide that for ever.
fn unproven(project: &Project, target: &PlannedTarget) -> Option<Untrusted> {
    let past = &target.past;
    if target.target.emulator || past.is_recorded() {
        return None;
    }
    if let Some(failure) = &past.unusable {
        return Some(
            format!("the record of the last apply cannot be used: {}", failure.message.raw()).into(),
        );
    }
    let (history, commit) = (project.past.history.as_ref()?, project.revisions.desired.as_ref()?);
    let begins = matches!(history.first_parent(commit.raw()), Ok(None));
    (project.past.base.is_none() && !begins).then(|| {
        "there was neither a record nor a base, so nobody could tell what git declared before: what was not removed for that would be forgotten".into()
    })
}

/// What could not be judged on what was read: a record would hide for ever that git declared it before.
fn unjudged(input: resolve::Input<'_>, resolved: &resolve::Resolved<'_>) -> Option<Untrusted> {
    let resolve::Input { target, spec, live, earlier, .. } = input;
    live.gaps().next()?;
    let views = Views::of(input, resolved);
    let plan = compare::compare(compare::Input { target, spec, resolved, live, earlier, views: &views });
    let mut refusals = plan.refusals();
    let refusal = refusals.find(|verdict| verdict.guard == Guard::Incomplete)?;
    Some(format!("too little could be read: {}", refusal.message.raw()).into())
}

/// What waits for a person stays at its earlier value: each with the revision that holds that.
fn open(target: &PlannedTarget, outcome: &TargetOutcome) -> BTreeMap<Untrusted, Option<Untrusted>> {
    let waits = [ChangeStatus::Manual, ChangeStatus::Blocked];
    let waiting = outcome.changes.iter().filter(|change| waits.contains(&change.status));
    waiting
        .map(|change| {
            let address = Untrusted::from(change.address.as_str());
            let earlier = target.past.earlier_revision(&address);
            (address, earlier)
        })
        .collect()
}

/// Records a complete apply, or says why that failed.
fn recorded(
    world: &World,
    project: &Project,
    target: &PlannedTarget,
    wishes: &Wishes,
    live: &LiveState,
    outcome: TargetOutcome,
) -> TargetOutcome {
    let (Some(revision), Some(desired)) =
        (&project.revisions.desired, project.loaded.desired.get(&target.target.name))
    else {
        return outcome;
    };
    if let Some(why) = partial(project, target, wishes) {
        // Where nothing was written nobody asks, and an emulator forgets.
        let asked = outcome.result != TargetResult::NothingToDo && !target.target.emulator;
        return TargetOutcome { not_recorded: asked.then(|| why.into()), ..outcome };
    }
    if let Some(why) = unproven(project, target) {
        return TargetOutcome { not_recorded: Some(why), ..outcome };
    }
    let in_force = &target.past.in_force;
    let spec = &*target.tenant.provider;
    let earlier = target.past.earlier();
    let input = resolve::Input { target: in_force, spec, desired, live, earlier, today: world.today };
    let Ok(resolved) = resolve::resolve(input) else { return outcome };
    if let Some(why) = unjudged(input, &resolved) {
        return TargetOutcome { not_recorded: Some(why), ..outcome };
    }
    let ids =
        resolved.roles.iter().filter_map(|role| Some((role.address.as_str().into(), role.live?.id.clone()?)));
    let record = Record {
        format_version: Record::FORMAT_VERSION,
        target: (&*target.target.name).into(),
        revision: revision.clone(),
        digest: outcome.digest.clone().unwrap_or_default(),
        // Its end: what the audit log holds from then on is no part of this apply.
        time: jiff::Timestamp::now().to_string().into(),
        actor: world.actor.clone(),
        rolecall: env!("CARGO_PKG_VERSION").into(),
        identity: RecordIdentity::from(&live.identity),
        ids: ids.collect(),
        open: open(target, &outcome),
        released: false,
    };
    let written = serde_json::to_string(&record)
        .map_err(|error| Failure::new(Exit::Error, format!("the record cannot be written: {error}")))
        .and_then(|text| leak::without_credential(&world.redactor, "the record", &text))
        .and_then(|()| target.recording.write(&record));
    match written {
        Ok(place) => TargetOutcome { recorded: place, ..outcome },
        Err(failure) => TargetOutcome { not_recorded: Some(failure.message), ..outcome },
    }
}

async fn apply_target(
    world: &World,
    project: &Project,
    target: &PlannedTarget,
    document: &TargetPlan,
    wishes: &Wishes,
    events: Events<'_>,
) -> TargetOutcome {
    let base = outcome(document);
    if target.plan.refusals().next().is_some() {
        let changes = all(&target.plan, ChangeStatus::NotAttempted, "a guard refused the plan");
        return TargetOutcome { result: TargetResult::Refused, changes, ..base };
    }
    if let Some(failure) = older(project, target, wishes) {
        let changes = all(&target.plan, ChangeStatus::NotAttempted, "an older revision is refused");
        return TargetOutcome { result: TargetResult::Refused, error: Some(failure.into()), changes, ..base };
    }
    if target.plan.changes.is_empty() {
        // Reading found everything in place: that is the verification.
        let outcome =
            TargetOutcome { verification: Verification { verified: true, remaining: Vec::new() }, ..base };
        return recorded(world, project, target, wishes, &target.live, outcome);
    }
    let _lock = match TenantLock::take(&target.live.identity) {
        Ok(lock) => lock,
        Err(error) => {
            let exit = if matches!(error, LockError::Held) { Exit::Refused } else { Exit::Error };
            let failure =
                Failure::new(exit, error.to_string()).help("Wait until it has ended, then run this again.");
            let changes = all(&target.plan, ChangeStatus::NotAttempted, "the lock was not taken");
            return TargetOutcome {
                result: TargetResult::Refused,
                error: Some(failure.into()),
                changes,
                ..base
            };
        }
    };
    let (reader, writer) = (target.tenant.reader(), target.tenant.writer());
    let ops = order::order(&target.plan, &*target.tenant.provider);
    let name: &str = &target.target.name;
    let tell = |event: apply::Event<'_>| events(name, event);
    let spec = &target.tenant.provider;
    let run = Run {
        reader: &*reader,
        writer: &*writer,
        ops: &ops,
        query: &target.live.read,
        at_a_time: spec.writes_at_a_time(),
        one_per_scope: spec.one_write_per_scope(),
        stop: &world.stop,
        events: &tell,
    };
    let report = apply::run(run).await;
    tell(apply::Event::ReadingBack);
    let proof = verify(world, project, target, wishes, &report).await;
    let changes = statuses(&target.plan, &ops, &report, &proof);
    let summary = OutcomeSummary::of(&changes);
    let error = match &proof {
        Proof::Unread(failure) => Some(failure.clone().into()),
        Proof::Read(..) if report.unreachable && summary.applied == 0 => {
            Some(Failure::new(Exit::Provider, "the provider could not be reached, or failed").into())
        }
        Proof::Read(..) => None,
    };
    let result = match (summary.settled(), summary.total()) {
        (_, total) if summary.waiting() == total => TargetResult::Waiting,
        (done, total) if done == total => TargetResult::Applied,
        _ if summary.applied + summary.already == 0 && !begun(&target.plan, &ops, &report) => {
            TargetResult::Failed
        }
        _ => TargetResult::Partly,
    };
    let (verification, live) = match proof {
        Proof::Read(left, live) => (
            Verification {
                verified: left.iter().all(|left| left.waits),
                remaining: left.into_iter().filter(|left| !left.waits).map(|left| left.remaining).collect(),
            },
            live,
        ),
        Proof::Unread(failure) => (
            Verification {
                verified: false,
                remaining: vec![Remaining { address: None, message: failure.message }],
            },
            None,
        ),
    };
    let settled = matches!(result, TargetResult::Applied | TargetResult::Waiting);
    let complete = settled && verification.verified && error.is_none();
    let outcome = TargetOutcome { result, error, changes, verification, summary, ..base };
    match live {
        Some(live) if complete => recorded(world, project, target, wishes, &live, outcome),
        _ => outcome,
    }
}

fn all(plan: &Plan, status: ChangeStatus, reason: &str) -> Vec<ChangeOutcome> {
    plan.changes
        .iter()
        .map(|change| change_outcome(plan, change, status, Some(reason.into()), None))
        .collect()
}

fn change_outcome(
    plan: &Plan,
    change: &Change,
    status: ChangeStatus,
    reason: Option<Untrusted>,
    help: Option<Untrusted>,
) -> ChangeOutcome {
    let (before, after) = match &change.what {
        What::Assignment { before, after, .. } | What::Default { before, after } => (before, after),
        What::Role { .. } | What::Permission { .. } => (&None, &None),
    };
    let name = |role: &Option<RoleId>| plan.role_names.get(role.as_ref()?).cloned();
    ChangeOutcome {
        address: change.address.clone(),
        title: change.title.clone(),
        action: change.action,
        before: name(before),
        after: name(after),
        status,
        reason,
        help,
    }
}

/// What reading everything back said.
enum Proof {
    /// What the planner would still change, and what is there.
    Read(Vec<Left>, Option<Box<LiveState>>),
    /// It could not be read.
    Unread(Failure),
}

/// A change that the planner would still make.
struct Left {
    remaining: Remaining,
    /// Whether that is only because what is there cannot be read.
    unreadable: bool,
    /// Whether it is a person's to make, or waits for one.
    waits: bool,
}

/// Pauses before looking again, where what was accepted has not shown up.
const LOOK_AGAIN: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(2)];

/// Reads live again and lets the planner judge what is left of the plan.
async fn verify(
    world: &World,
    project: &Project,
    target: &PlannedTarget,
    wishes: &Wishes,
    report: &Report,
) -> Proof {
    let moves_people =
        target.plan.changes.iter().any(|change| matches!(change.what, What::Assignment { .. }));
    let query = Query { members: moves_people || target.live.read.members, ..target.live.read.clone() };
    let reader = target.tenant.reader();
    let Some(desired) = project.loaded.desired.get(&target.target.name) else {
        return Proof::Read(Vec::new(), None);
    };
    let complete = report.statuses.iter().all(|status| *status == Status::Done);
    let mut looks = LOOK_AGAIN.iter();
    loop {
        let live = match reader.fetch(query.clone()).await {
            Ok(mut live) => {
                if let Some(attested) = super::attest::of(project, &target.target) {
                    let _said_by_the_plan = attested.overlay(&mut live, &*target.tenant.provider);
                }
                live
            }
            Err(error) => return Proof::Unread(error.into()),
        };
        let remaining = remaining(world, target, desired, wishes, &live);
        // A failed apply leaves something for sure: waiting for it to vanish is in vain.
        let missing = remaining.iter().any(|left| !left.waits);
        let again = if complete && missing { looks.next() } else { None };
        match again {
            Some(pause) => tokio::time::sleep(*pause).await,
            None => return Proof::Read(remaining, Some(Box::new(live))),
        }
    }
}

fn remaining(
    world: &World,
    target: &PlannedTarget,
    desired: &DesiredState,
    wishes: &Wishes,
    live: &LiveState,
) -> Vec<Left> {
    let whole = |message: &str| {
        let remaining = Remaining { address: None, message: message.into() };
        vec![Left { remaining, unreadable: false, waits: false }]
    };
    if live.identity != target.live.identity {
        return whole("the credential reaches another tenant now");
    }
    let spec = &*target.tenant.provider;
    let in_force = &target.past.in_force;
    let earlier = target.past.earlier();
    let input = resolve::Input { target: in_force, spec, desired, live, earlier, today: world.today };
    let Ok(resolved) = resolve::resolve(input) else {
        return whole("the definitions no longer fit what is there: run `rolecall plan`");
    };
    let views = Views::of(input, &resolved);
    let input = compare::Input { target: in_force, spec, resolved: &resolved, live, earlier, views: &views };
    let mut plan = compare::compare(input);
    if let (false, Ok(only)) = (wishes.only.is_empty(), super::project::globs(&wishes.only, "--only")) {
        let selected = select::select(&mut plan, &only);
        if selected.is_err() {
            plan.changes.retain(|change| only.is_match(change.address.as_str()));
        }
    }
    if wishes.part == Part::Pending {
        // What was left alone remains, and that is as it should be.
        let planned: BTreeSet<&str> =
            target.plan.changes.iter().map(|change| change.address.as_str()).collect();
        let kept = pending::keep(&mut plan);
        if kept.is_err() {
            plan.changes.retain(|change| planned.contains(change.address.as_str()));
        }
    }
    order::block(&mut plan, spec);
    plan.changes
        .iter()
        .filter(|change| change.action != Action::Release)
        .map(|change| {
            let unreadable = unreadable(change, live);
            let message = if unreadable { "which role it is cannot be read" } else { &*left(change) };
            let remaining = Remaining { address: Some(change.address.clone()), message: message.into() };
            Left { remaining, unreadable, waits: waits(change) }
        })
        .collect()
}

/// Whether nothing of a change can be sent now: it is a person's to make, or waits for one.
fn waits(change: &Change) -> bool {
    let by_hand = match (&change.by_hand, &change.what) {
        (Hand::Whole, _) => true,
        (Hand::Fields(fields), What::Role { before: Some(before), after: Some(after), .. }) => {
            differing(before, after).is_subset(fields)
        }
        _ => false,
    };
    by_hand || !change.blocked_by.is_empty()
}

/// Whether a principal is listed, and the role that they hold cannot be made out.
fn unreadable(change: &Change, live: &LiveState) -> bool {
    let What::Assignment { scope, class, principal, .. } = &change.what else { return false };
    live.of(Kind::Assignment).any(|slot| {
        slot.key.class == *class
            && slot.key.scope == *scope
            && slot.key.name == *principal
            && matches!(slot.fields.get(field::ROLE), Some(Live::Unreadable))
    })
}

/// What of a change is left, in words that name the fields.
fn left(change: &Change) -> String {
    match &change.what {
        What::Role { before: None, .. } => "the role is not there".into(),
        What::Role { after: None, .. } => "the role is still there".into(),
        What::Permission { before: None, .. } => "the permission is not there".into(),
        What::Permission { after: None, .. } => "the permission is still there".into(),
        What::Role { before: Some(before), after: Some(after), .. }
        | What::Permission { before: Some(before), after: Some(after), .. } => {
            let differ = differing(before, after);
            // In the order in which a plan shows them.
            let usual = [field::NAME, field::DESCRIPTION, field::PERMISSIONS];
            let common = usual.into_iter().filter(|name| differ.contains(name));
            let others = differ.iter().copied().filter(|name| !usual.contains(name));
            let differ: Vec<&str> = common.chain(others).collect();
            format!("field {} reads back otherwise", differ.join(" and "))
        }
        What::Default { .. } => "the default is another role".into(),
        What::Assignment { .. } => "field role reads back otherwise".into(),
    }
}

fn statuses(
    plan: &Plan,
    ops: &[crate::plan::operation::Op],
    report: &Report,
    proof: &Proof,
) -> Vec<ChangeOutcome> {
    let mut by_change: Vec<Vec<&Status>> = vec![Vec::new(); plan.changes.len()];
    for (op, status) in ops.iter().zip(&report.statuses) {
        for change in &op.covers {
            by_change[*change].push(status);
        }
    }
    let left: BTreeMap<&str, &Left> = match proof {
        Proof::Read(left, _) => {
            left.iter().filter_map(|one| Some((one.remaining.address.as_ref()?.as_str(), one))).collect()
        }
        Proof::Unread(_) => BTreeMap::new(),
    };
    let outcome = |(change, statuses): (&Change, Vec<&Status>)| {
        let principal = match &change.what {
            What::Assignment { principal, .. } => Some(principal),
            _ => None,
        };
        let failed = statuses.iter().find_map(|status| failure_of(status, principal));
        if let Some((reason, help)) = failed {
            let begun = principal.is_some() && statuses.iter().any(|status| **status == Status::Done);
            let reason = match begun {
                true => format!(
                    "the old role is taken away, and the new one could not be given: {}",
                    reason.raw()
                )
                .into(),
                false => reason,
            };
            return change_outcome(plan, change, ChangeStatus::Failed, Some(reason), help);
        }
        let skipped = statuses.iter().find_map(|status| match status {
            Status::NotAttempted { why } => Some(why.clone()),
            _ => None,
        });
        if let Some(why) = skipped {
            let begun = statuses.iter().any(|status| **status == Status::Done);
            let status = if begun { ChangeStatus::Failed } else { ChangeStatus::NotAttempted };
            return change_outcome(plan, change, status, Some(why), None);
        }
        if let Some(first) = change.blocked_by.first() {
            let reason = format!("it waits for {first}, which is done by hand");
            return change_outcome(plan, change, ChangeStatus::Blocked, Some(reason.into()), None);
        }
        if change.by_hand == Hand::Whole {
            return change_outcome(plan, change, ChangeStatus::Manual, None, None);
        }
        match (left.get(change.address.as_str()), proof) {
            (Some(Left { waits: true, .. }), _) => {
                change_outcome(plan, change, ChangeStatus::Manual, None, None)
            }
            (Some(Left { remaining, unreadable, .. }), _) => {
                let reason = format!("the provider accepted it, and {}", remaining.message.raw());
                let (status, help) = match unreadable {
                    true => (ChangeStatus::Unconfirmed, "Look at it in the product itself."),
                    false => (ChangeStatus::Failed, "Run `rolecall plan` to see what is there now."),
                };
                change_outcome(plan, change, status, Some(reason.into()), Some(help.into()))
            }
            // Roles are read back after each stratum; only people have not been looked at.
            (None, Proof::Unread(failure)) if principal.is_some() => change_outcome(
                plan,
                change,
                ChangeStatus::Unconfirmed,
                Some(failure.message.clone()),
                failure.help.clone(),
            ),
            (None, _) => change_outcome(plan, change, ChangeStatus::Applied, None, None),
        }
    };
    plan.changes.iter().zip(by_change).map(outcome).collect()
}

/// Whether a part of some change was done, and the rest of it was not.
fn begun(plan: &Plan, ops: &[crate::plan::operation::Op], report: &Report) -> bool {
    let mut parts = vec![(false, false); plan.changes.len()];
    for (op, status) in ops.iter().zip(&report.statuses) {
        for change in &op.covers {
            if let Some((done, not)) = parts.get_mut(*change) {
                *(if *status == Status::Done { done } else { not }) = true;
            }
        }
    }
    parts.into_iter().any(|(done, not)| done && not)
}

/// Why an operation failed for a change: in a batch that failed for some, only for those.
fn failure_of(status: &Status, principal: Option<&Untrusted>) -> Option<(Untrusted, Option<Untrusted>)> {
    let Status::Failed { message, help, principals } = status else { return None };
    let help = help.as_deref().map(Into::into);
    match principal {
        Some(principal) if !principals.is_empty() => {
            let (_, reason) = principals.iter().find(|(who, _)| who == principal)?;
            Some((reason.clone(), help))
        }
        _ => Some((message.clone(), help)),
    }
}

/// How an apply ended.
pub fn exit(document: &ApplyDocument) -> Exit {
    let of = |target: &TargetOutcome| {
        let error = target.error.as_ref().map(|error| Exit::from_code(error.exit));
        match target.result {
            TargetResult::Applied | TargetResult::Waiting | TargetResult::NothingToDo if error.is_none() => {
                match (target.verification.verified, target.summary.waiting()) {
                    (false, _) => Exit::Partly,
                    (true, 0) => Exit::Done,
                    (true, _) => Exit::Manual,
                }
            }
            TargetResult::Applied
            | TargetResult::Waiting
            | TargetResult::NothingToDo
            | TargetResult::Partly => Exit::Partly,
            TargetResult::Failed => error.unwrap_or(Exit::Error),
            TargetResult::Refused => error.unwrap_or(Exit::Refused),
        }
    };
    let wins = document.targets.iter().map(of).fold(Exit::Done, Exit::and);
    // One target in place and another failed: applied partly, whatever the other failed of.
    let any_applied = document.summary.applied > 0;
    let well = matches!(wins, Exit::Done | Exit::Manual);
    if any_applied && !well { wins.and(Exit::Partly) } else { wins }
}
