//! A plan told as what somebody did outside git since the last apply: the same differences, seen from
//! the other side.

use std::{collections::BTreeSet, mem};

use super::{
    fields::is_unread,
    origins::has_origin,
    refusals::refused,
    view::{against, attested, count, kept_number},
};
use crate::{
    model::Untrusted,
    plan::{
        PlanDocument,
        document::{Action, Change, FieldChange, FieldValue, Origin, Summary, TargetPlan},
    },
};

/// How what drifted is put back.
const BACK: &str = "`rolecall apply` puts it back";

/// The same where an apply would refuse some of it.
const PARTLY: &str = "An apply would refuse to put it all back, as the notes say";

/// How it is taken into the definitions.
const ACCEPT: &str = "`rolecall import --drift` takes it into the definitions.";

/// What leads a reason why an apply would not put drift back.
const REFUSED: &str = "`rolecall apply` would refuse to put this back: ";

/// How it is put back where a person does some of it, and where a person does it all.
const WITH_A_PERSON: &str =
    "`rolecall apply` puts back what it can, and a person the rest, by the steps that `rolecall plan` shows";
const BY_HAND: &str = "A person puts it back, by the steps that `rolecall plan` shows";

/// The ways out of what a plan calls drift, before it is told from the other side; `None` where there is
/// nothing to leave.
pub(super) fn ways_out(plan: &PlanDocument) -> Option<String> {
    back(plan).map(|back| format!("{back}; {ACCEPT}"))
}

/// The way out that puts it back, as a sentence without its full stop.
pub(super) fn back(plan: &PlanDocument) -> Option<&'static str> {
    let changes = || plan.targets.iter().flat_map(|target| &target.changes);
    let by_hand = |change: &&Change| change.manual.is_some() || !change.blocked_by.is_empty();
    let (all, by_hand) = (changes().count(), changes().filter(by_hand).count());
    let refuses = plan.targets.iter().any(|target| !refused(&target.verdicts).is_empty());
    match (all, by_hand) {
        (0, _) => None,
        _ if refuses => Some(PARTLY),
        (_, 0) => Some(BACK),
        (all, some) if all > some => Some(WITH_A_PERSON),
        _ => Some(BY_HAND),
    }
}

/// Where there is no record, not everything in the report has to be drift.
pub(super) const NO_RECORD: &str = "There is no record of an apply: some of this may be what was merged and never put in place, rather than what somebody did outside git.";

/// The plan from the other side: what it would make was deleted, what it would take away was added.
pub(super) fn outside(plan: &PlanDocument) -> PlanDocument {
    let mut plan = plan.clone();
    plan.digest = None;
    for target in &mut plan.targets {
        for change in &mut target.changes {
            turn(change);
        }
        if target.changes.iter().any(|change| has_origin(change, Origin::Undetermined)) {
            target.notes.push(NO_RECORD.into());
        }
        let refusals = refused(&target.verdicts);
        for message in refusals.iter().flat_map(|refusal| &refusal.messages) {
            target.notes.push(format!("{REFUSED}{}.", message.raw().trim_end_matches('.')).into());
        }
        target.digest = None;
        target.summary = Summary::of(&target.changes);
        target.scope_changes.clear();
        target.verdicts.clear();
        target.left.clear();
        // Who else holds what is no news; a role that somebody made may be.
        target.unmanaged.assignments = None;
    }
    plan
}

fn turn(change: &mut Change) {
    change.action = match change.action {
        Action::Create => Action::Delete,
        Action::Delete => Action::Create,
        Action::Assign => Action::Unassign,
        Action::Unassign => Action::Assign,
        other => other,
    };
    mem::swap(&mut change.before, &mut change.after);
    let sets = change.fields.iter().filter_map(|field| match field {
        FieldChange::Set { field, .. } => Some(field),
        FieldChange::Value { .. } => None,
    });
    let unread: BTreeSet<Untrusted> = sets.filter(|name| is_unread(change, name.raw())).cloned().collect();
    for field in &mut change.fields {
        match field {
            // Nobody took away what nobody can read: it is wanted, as the plan says.
            FieldChange::Set { field, .. } if unread.contains(field) => {}
            FieldChange::Set { added, removed, .. } => mem::swap(added, removed),
            FieldChange::Value { field, before, after, .. } => {
                mem::swap(before, after);
                // What is called by its old name in a plan was called by the other one before.
                if let (Action::Rename, "name", Some(FieldValue::Text(Some(name)))) =
                    (change.action, field.raw(), before)
                {
                    change.title = name.clone();
                }
            }
        }
    }
    change.adopts = false;
    change.manual = None;
    change.blocked_by.clear();
    change.reason = None;
    change.side_effects.clear();
    change.steps = None;
    change.verdicts.clear();
}

/// `Drift: 1 created, 2 changed; 3 assignments (+2 −1).`
pub(super) fn headline<'a>(targets: impl IntoIterator<Item = &'a TargetPlan>, minus: &str) -> String {
    let (mut changes, mut read, mut failed, mut kept, mut rest) = (Vec::new(), 0, 0, 0, Vec::new());
    let mut unrecorded = 0;
    for target in targets {
        kept += kept_number([target]);
        changes.extend(&target.changes);
        rest.push(&target.attested);
        *if target.error.is_some() { &mut failed } else { &mut read } += 1;
        unrecorded += usize::from(target.applied.is_none());
    }
    let summary = Summary::of(changes.iter().copied());
    let mut parts: Vec<String> = [
        (summary.create, "created"),
        (summary.update, "changed"),
        (summary.rename, "renamed"),
        (summary.replace, "replaced"),
        (summary.delete, "deleted"),
        (summary.set_default, "default role changed"),
    ]
    .into_iter()
    .filter(|(number, _)| *number > 0)
    .map(|(number, word)| format!("{number} {word}"))
    .collect();
    let assignments = summary.assignments() as usize;
    if assignments > 0 {
        let signed: Vec<String> = [("+", summary.assign), ("~", summary.reassign), (minus, summary.unassign)]
            .into_iter()
            .filter(|(_, number)| *number > 0)
            .map(|(sign, number)| format!("{sign}{number}"))
            .collect();
        parts.push(format!("{} ({})", count(assignments, "assignment", "assignments"), signed.join(" ")));
    }
    let unread = count(failed, "target", "targets");
    // Nobody looks at what the API does not tell: what became of it is not known.
    let rest = attested(rest);
    let unseen = rest.as_ref().map_or_else(String::new, |rest| format!(" {rest}."));
    match (parts.join(", "), read, failed) {
        (_, 0, 0) => "No drift: there is no target here.".to_owned(),
        // Without a record there is nothing that live could differ from.
        (none, _, 0) if none.is_empty() && unrecorded > 0 && kept == 0 && rest.is_none() => {
            let targets = count(unrecorded, "target", "targets");
            format!("No drift is known: no apply of {targets} is recorded yet.")
        }
        (none, _, 0) if none.is_empty() => match (against(kept), &rest) {
            (None, None) => "No drift. Live is as it was recorded last.".to_owned(),
            (None, Some(_)) => format!("No drift in what can be read.{unseen}"),
            (Some(kept), _) => format!("No drift that an apply could put back; {kept}.{unseen}"),
        },
        (_, 0, _) => format!("Not known: {unread} could not be read."),
        (none, ..) if none.is_empty() => {
            format!("No drift in what could be read; {unread} could not be read.{unseen}")
        }
        (parts, _, 0) => format!("Drift: {parts} outside git."),
        (parts, ..) => format!("Drift: {parts} outside git; {unread} could not be read."),
    }
}
