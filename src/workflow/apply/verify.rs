//! The proof after an apply: everything is read back, and the planner judges what is left.

use std::{collections::BTreeSet, time::Duration};

use crate::{
    apply::{Report, Status},
    model::{
        Kind,
        desired::DesiredState,
        field,
        live::{Live, LiveState, Query},
    },
    plan::{
        change::{Change, Hand, What, differing},
        compare,
        document::Action,
        earlier::Views,
        order,
        outcome::Remaining,
        pending, resolve, select,
    },
    workflow::{
        Failure, World, attest,
        plan::{Part, PlannedTarget, Wishes},
        project::{self, Project},
    },
};

/// What reading everything back said.
pub(super) enum Proof {
    /// What the planner would still change, and what is there.
    Read(Vec<Left>, Option<Box<LiveState>>),
    /// It could not be read.
    Unread(Failure),
}

/// A change that the planner would still make.
pub(super) struct Left {
    pub(super) remaining: Remaining,
    /// Whether that is only because what is there cannot be read.
    pub(super) unreadable: bool,
    /// Whether it is a person's to make, or waits for one.
    pub(super) waits: bool,
}

/// Pauses before looking again, where what was accepted has not shown up.
const LOOK_AGAIN: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(2)];

/// Reads live again and lets the planner judge what is left of the plan.
pub(super) async fn verify(
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
                if let Some(attested) = attest::of(project, &target.target) {
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
    if let (false, Ok(only)) = (wishes.only.is_empty(), project::globs(&wishes.only, "--only")) {
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
