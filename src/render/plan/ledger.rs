//! The exact result of an apply. *Applied* is said only of what was read back as planned.

pub mod markdown;
pub mod text;

use crate::plan::{
    ApplyDocument,
    outcome::{ChangeOutcome, ChangeStatus, OutcomeSummary, TargetOutcome, TargetResult},
};

/// The statuses in the order in which a reader needs them, with the title of their list.
const LISTS: [(ChangeStatus, &str); 6] = [
    (ChangeStatus::Failed, "Failed"),
    (ChangeStatus::Unconfirmed, "Sent, and nothing says whether it took effect"),
    (ChangeStatus::NotAttempted, "Not attempted"),
    (ChangeStatus::Manual, "To be done by hand"),
    (ChangeStatus::Applied, "Applied"),
    (ChangeStatus::Already, "Already in place"),
];

/// The changes of one status.
fn of(target: &TargetOutcome, status: ChangeStatus) -> Vec<&ChangeOutcome> {
    target.changes.iter().filter(|change| change.status == status).collect()
}

/// `Applied 12 of 20: 12 applied, 1 failed, 7 not attempted`; `None` where there was nothing to do.
fn counts(summary: OutcomeSummary) -> Option<String> {
    let total = summary.total();
    if total == 0 {
        return None;
    }
    let line = format!("Applied {} of {total}", summary.applied);
    if summary.applied == total {
        return Some(line);
    }
    let parts: Vec<_> = [
        (summary.applied, "applied"),
        (summary.already, "already in place"),
        (summary.failed, "failed"),
        (summary.unconfirmed, "unconfirmed"),
        (summary.not_attempted, "not attempted"),
        (summary.manual, "to be done by hand"),
    ]
    .into_iter()
    .filter(|(number, _)| *number > 0)
    .map(|(number, word)| format!("{number} {word}"))
    .collect();
    Some(format!("{line}: {}", parts.join(", ")))
}

/// What reading back confirmed.
fn verified(target: &TargetOutcome) -> &'static str {
    if of(target, ChangeStatus::Manual).is_empty() {
        "Verified: everything was read back, and nothing is left to do."
    } else {
        "Verified: everything was read back, and only what has to be done by hand is left."
    }
}

/// Whether reading back left something open in a target where it was to be read back.
fn is_unverified(target: &TargetOutcome) -> bool {
    let wrote = matches!(target.result, TargetResult::Applied | TargetResult::Partly | TargetResult::Failed);
    wrote && target.error.is_none() && !target.verification.verified
}

/// The whole result in a few sentences, the numbers first: the end of a text, the beginning of a
/// page. They are counted from the changes, so that they agree with the lists.
fn conclusion(outcome: &ApplyDocument) -> Vec<String> {
    let summary = OutcomeSummary::of(outcome.targets.iter().flat_map(|target| &target.changes));
    let number =
        |wanted: fn(&TargetOutcome) -> bool| outcome.targets.iter().filter(|target| wanted(target)).count();
    let refused = number(|target| target.result == TargetResult::Refused);
    let broken = number(|target| target.error.is_some() && target.result != TargetResult::Refused);
    let unverified = number(is_unverified);
    let mut sentences = Vec::new();
    match counts(summary) {
        Some(counts) => sentences.push(format!("{counts}.")),
        None if refused + broken + unverified == 0 => {
            sentences.push("Nothing to do. Live matches the definitions.".to_owned());
        }
        None => sentences.push("Nothing was applied.".to_owned()),
    }
    for (number, what) in [
        (refused, "refused, and nothing was sent to it"),
        (broken, "failed as a whole"),
        (unverified, "not verified"),
    ] {
        match number {
            0 => {}
            1 => sentences.push(format!("1 target is {what}.").replace("is failed", "failed")),
            many => {
                let what = what.replace("sent to it", "sent to them");
                sentences.push(format!("{many} targets are {what}.").replace("are failed", "failed"));
            }
        }
    }
    let open = |target: &&TargetOutcome| target.result != TargetResult::Refused;
    let open = OutcomeSummary::of(outcome.targets.iter().filter(open).flat_map(|target| &target.changes));
    if open.failed + open.unconfirmed + open.not_attempted > 0 {
        sentences.push("Run the same command again to continue.".to_owned());
    }
    sentences
}

#[cfg(test)]
pub(super) mod tests;
