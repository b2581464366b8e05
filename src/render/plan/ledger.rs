//! The exact result of an apply. *Applied* is said only of what was read back as planned.

pub mod markdown;
pub mod text;

use super::view::{against, attested};
use crate::plan::{
    ApplyDocument,
    document::Action,
    outcome::{ChangeOutcome, ChangeStatus, OutcomeSummary, Remaining, TargetOutcome, TargetResult},
};

/// The statuses in the order in which a reader needs them, with the title of their list.
const LISTS: [(ChangeStatus, &str); 7] = [
    (ChangeStatus::Failed, "Failed"),
    (ChangeStatus::Unconfirmed, "Sent, and nothing says whether it took effect"),
    (ChangeStatus::NotAttempted, "Not attempted"),
    (ChangeStatus::Manual, "To be done by hand"),
    (ChangeStatus::Blocked, "Waiting for what is done by hand"),
    (ChangeStatus::Applied, "Applied"),
    (ChangeStatus::Already, "Already in place"),
];

/// The changes of one status.
fn of(target: &TargetOutcome, status: ChangeStatus) -> Vec<&ChangeOutcome> {
    let mut changes: Vec<_> = target.changes.iter().filter(|change| change.status == status).collect();
    if status == ChangeStatus::Manual {
        changes.sort_by_key(|change| turn(change.action));
    }
    changes
}

/// When a person does it: a role is there before somebody gets it, and nobody holds one that goes.
fn turn(action: Action) -> u8 {
    match action {
        Action::Create | Action::Update | Action::Rename | Action::Replace => 0,
        Action::Assign | Action::Reassign | Action::Unassign | Action::SetDefault | Action::Release => 1,
        Action::Delete => 2,
    }
}

/// `Applied 12 of 20: 1 failed, 7 not attempted`; `None` where there was nothing to do.
fn counts(summary: OutcomeSummary) -> Option<String> {
    let total = summary.total();
    if total == 0 {
        return None;
    }
    let untouched = summary.waiting().saturating_add(summary.not_attempted);
    let line = match untouched == total {
        true => "Nothing sent".to_owned(),
        false => format!("Applied {} of {total}", summary.applied),
    };
    let parts: Vec<_> = [
        (summary.already, "already in place"),
        (summary.failed, "failed"),
        (summary.unconfirmed, "unconfirmed"),
        (summary.not_attempted, "not attempted"),
        (summary.manual, "to be done by hand"),
        (summary.blocked, "waiting for that"),
    ]
    .into_iter()
    .filter(|(number, _)| *number > 0)
    .map(|(number, word)| format!("{number} {word}"))
    .collect();
    if parts.is_empty() { Some(line) } else { Some(format!("{line}: {}", parts.join(", "))) }
}

const READ_BACK: &str = "Verified: everything was read back, and nothing is left to do.";
const REST_BY_HAND: &str = "Verified: what was sent was read back; the rest has to be done by hand.";
const ONLY_BY_HAND: &str = "Only what has to be done by hand is left.";

const AS_FAR_AS_TOLD: &str = "Verified: what the API tells was read back, and nothing is left to do.";

/// What reading back confirmed, and what it cannot.
fn verified<'a>(targets: impl IntoIterator<Item = &'a TargetOutcome> + Clone) -> String {
    let summary = OutcomeSummary::of(targets.clone().into_iter().flat_map(|target| &target.changes));
    let attested = attested(targets.into_iter().map(|target| &target.attested));
    let said = match (summary.waiting(), summary.applied, &attested) {
        (0, _, None) => READ_BACK,
        (0, _, Some(_)) => AS_FAR_AS_TOLD,
        (_, 0, _) => ONLY_BY_HAND,
        _ => REST_BY_HAND,
    };
    match attested {
        Some(attested) => format!("{said} {attested}."),
        None => said.to_owned(),
    }
}

/// What reading back found that no list of changes tells already. `None` where the target was not to
/// be read back, or everything is in place.
fn unverified(target: &TargetOutcome) -> Option<Vec<&Remaining>> {
    let wrote = matches!(
        target.result,
        TargetResult::Applied | TargetResult::Waiting | TargetResult::Partly | TargetResult::Failed
    );
    if !wrote || target.error.is_some() || target.verification.verified {
        return None;
    }
    let told = |remaining: &Remaining| {
        let open = [
            ChangeStatus::Failed,
            ChangeStatus::Unconfirmed,
            ChangeStatus::NotAttempted,
            ChangeStatus::Manual,
            ChangeStatus::Blocked,
        ];
        remaining.address.as_ref().is_some_and(|address| {
            target.changes.iter().any(|change| change.address == *address && open.contains(&change.status))
        })
    };
    let untold: Vec<_> = target.verification.remaining.iter().filter(|remaining| !told(remaining)).collect();
    let all_told = untold.is_empty() && !target.verification.remaining.is_empty();
    (!all_told).then_some(untold)
}

/// The whole result in a few sentences, the numbers first: the end of a text, the beginning of a
/// page. They are counted from the changes, so that they agree with the lists. A page that stands
/// `alone` also says what a plan before it would have said: who is refused, who failed.
fn conclusion(outcome: &ApplyDocument, alone: bool) -> Vec<String> {
    let summary = OutcomeSummary::of(outcome.targets.iter().flat_map(|target| &target.changes));
    let number =
        |wanted: fn(&TargetOutcome) -> bool| outcome.targets.iter().filter(|target| wanted(target)).count();
    let refused = number(|target| target.result == TargetResult::Refused);
    let broken = number(|target| target.error.is_some() && target.result != TargetResult::Refused);
    let unread = number(|target| unverified(target).is_some());
    let sent = number(|target| target.result != TargetResult::Refused && !target.changes.is_empty());
    let mut sentences = Vec::new();
    match counts(summary) {
        Some(counts) if sent > 0 => sentences.push(format!("{counts}.")),
        None if refused + broken + unread == 0 => {
            let kept = against(outcome.targets.iter().map(|target| target.kept).sum());
            let unread = outcome.targets.iter().any(|target| target.unread > 0);
            let attested = attested(outcome.targets.iter().map(|target| &target.attested));
            sentences.push(match kept {
                Some(kept) => format!("Nothing to do; {kept}."),
                None if unread => "Nothing to do in what could be read.".to_owned(),
                None if attested.is_some() => "Nothing to do.".to_owned(),
                None => "Nothing to do. Live matches the definitions.".to_owned(),
            });
            sentences.extend(attested.map(|attested| format!("{attested}.")));
        }
        _ => sentences.push("Nothing was sent.".to_owned()),
    }
    let done = summary.total() > 0 && summary.settled() == summary.total();
    if done && unread + broken + refused == 0 {
        sentences.push(verified(&outcome.targets));
    }
    let (refused, broken) = if alone { (refused, broken) } else { (0, 0) };
    for (number, one, many) in [
        (refused, "is refused, and nothing was sent to it", "are refused, and nothing was sent to them"),
        (broken, "failed as a whole", "failed as a whole"),
        (unread, "is not verified", "are not verified"),
    ] {
        match number {
            0 => {}
            1 => sentences.push(format!("1 target {one}.")),
            number => sentences.push(format!("{number} targets {many}.")),
        }
    }
    let open = |target: &&TargetOutcome| target.result != TargetResult::Refused;
    let open = OutcomeSummary::of(outcome.targets.iter().filter(open).flat_map(|target| &target.changes));
    if open.failed > 0 {
        // What was refused is refused again as long as nobody does anything about it.
        sentences.push("Put right what failed, then apply again to continue.".to_owned());
    } else if open.unconfirmed + open.not_attempted > 0 {
        sentences.push("Apply again to continue.".to_owned());
    }
    sentences
}

#[cfg(test)]
pub(super) mod tests;
