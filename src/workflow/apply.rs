//! Applying a plan: the checks before, the operations, and the proof after.

mod allowed;
mod outcome;
mod record;
mod verify;

use std::{collections::BTreeSet, time::Duration};

use futures_util::future::join_all;

use self::{
    outcome::{all, begun, outcome, statuses, unplanned},
    verify::{Proof, verify},
};
use super::{
    Exit, Failure, World,
    lock::{LockError, TenantLock},
    plan::{Planned, PlannedTarget, Wishes},
    project::Project,
};
use crate::{
    apply::{self, Run},
    model::Kind,
    plan::{
        document::{RunStatistics, TargetPlan},
        operation::Verb,
        order,
        outcome::{
            ApplyDocument, ChangeStatus, FORMAT_VERSION, OutcomeSummary, Remaining, TargetOutcome,
            TargetResult, Verification,
        },
    },
};

pub use self::allowed::{is_committed, may_apply};

/// Told about each step: the target's name and the step.
pub type Events<'a> = &'a (dyn Fn(&str, apply::Event<'_>) + Sync);

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
    if let Some(failure) = allowed::older(project, target, wishes) {
        let changes = all(&target.plan, ChangeStatus::NotAttempted, "an older revision is refused");
        return TargetOutcome { result: TargetResult::Refused, error: Some(failure.into()), changes, ..base };
    }
    if target.plan.changes.is_empty() {
        // Reading found everything in place: that is the verification.
        let outcome =
            TargetOutcome { verification: Verification { verified: true, remaining: Vec::new() }, ..base };
        return record::recorded(world, project, target, wishes, &target.live, outcome);
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
    let uncounted = uncounted(target);
    let run = Run {
        reader: &*reader,
        writer: &*writer,
        ops: &ops,
        query: &target.live.read,
        uncounted: &uncounted,
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
        Some(live) if complete => record::recorded(world, project, target, wishes, &live, outcome),
        _ => outcome,
    }
}

/// Classes of principals whom no number of holders counts.
fn uncounted(target: &PlannedTarget) -> BTreeSet<&'static str> {
    let roles = target.live.of(Kind::Role).filter(|role| !role.builtin);
    let numbered = roles.map(|role| role.holders).all(|holders| holders.is_some());
    let classes = target.tenant.provider.principals().iter();
    classes.filter(|class| class.listed && !(class.counted && numbered)).map(|class| class.class).collect()
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
