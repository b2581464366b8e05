//! What came of a target and of each of its changes.

use std::collections::BTreeMap;

use super::verify::{Left, Proof};
use crate::{
    apply::{Report, Status},
    model::{Address, Kind, RoleId, Untrusted, Value, field, live::Live},
    plan::{
        change::{Change, Hand, Plan, What},
        document::TargetPlan,
        operation::Op,
        outcome::{ChangeOutcome, ChangeStatus, OutcomeSummary, TargetOutcome, TargetResult, Verification},
    },
};

pub(super) fn unplanned(document: &TargetPlan) -> TargetOutcome {
    TargetOutcome { result: TargetResult::Failed, error: document.error.clone(), ..outcome(document) }
}

/// An outcome in which nothing happened yet.
pub(super) fn outcome(document: &TargetPlan) -> TargetOutcome {
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

pub(super) fn all(plan: &Plan, status: ChangeStatus, reason: &str) -> Vec<ChangeOutcome> {
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

pub(super) fn statuses(plan: &Plan, ops: &[Op], report: &Report, proof: &Proof) -> Vec<ChangeOutcome> {
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
                true if keeps(change, proof) => {
                    format!("taking the old role away was accepted, and it is still there: {}", reason.raw())
                        .into()
                }
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
        if !change.blocked_by.is_empty() {
            let reason = waits_for(&change.blocked_by);
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

/// Whether the principal of a change is seen with the role that was to be taken away first.
fn keeps(change: &Change, proof: &Proof) -> bool {
    let (What::Assignment { scope, class, principal, before: Some(before), .. }, Proof::Read(_, Some(live))) =
        (&change.what, proof)
    else {
        return false;
    };
    let mut slots = live.of(Kind::Assignment);
    slots.any(|slot| {
        slot.key.class == *class
            && slot.key.scope == *scope
            && slot.key.name == *principal
            && matches!(slot.fields.get(field::ROLE).and_then(Live::value), Some(Value::Role(Some(held))) if held == before)
    })
}

/// Whether a part of some change was done, and the rest of it was not.
pub(super) fn begun(plan: &Plan, ops: &[Op], report: &Report) -> bool {
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

/// Which changes by hand something waits for: the first few.
fn waits_for(by_hand: &[Address]) -> String {
    const SHOWN: usize = 3;
    let shown: Vec<&str> = by_hand.iter().take(SHOWN).map(Address::as_str).collect();
    let more = match by_hand.len().checked_sub(SHOWN) {
        None | Some(0) => String::new(),
        Some(more) => format!(" and {more} more"),
    };
    let done = if by_hand.len() == 1 { "which is" } else { "which are" };
    format!("it waits for {}{more}, {done} done by hand", shown.join(", "))
}
