//! The result for a terminal. It stands below the plan and says nothing again that the plan said.

use super::{LISTS, conclusion, counts, of, unverified};
use crate::{
    plan::{
        ApplyDocument,
        document::Action,
        outcome::{ChangeOutcome, ChangeStatus, OutcomeSummary, Remaining, TargetOutcome, TargetResult},
    },
    render::{
        Style,
        plan::{
            page::{Page, Paint, Text},
            text::{Signs, change::sign, remarks::help},
            view::{is_permission, lives_in, verb},
        },
    },
};

/// What came of the plan that was shown; nothing where there was nothing to do. The last line says
/// how it ended as a whole.
pub fn render(outcome: &ApplyDocument, style: Style) -> String {
    let mut page = Page::new(style);
    let several = outcome.targets.len() > 1;
    if is_idle(outcome) {
        put_unrecorded(&mut page, outcome, several);
        return page.into_string();
    }
    let signs = Signs::of(style);
    for target in &outcome.targets {
        put_target(&mut page, target, signs, several);
    }
    page.separate();
    put_unrecorded(&mut page, outcome, several);
    page.put(0, 2, &Text::new().own(Paint::Strong, conclusion(outcome, false).join(" ")));
    page.into_string()
}

/// Only the conclusion, and that an apply was not recorded. [`reasons`] says why something failed.
pub fn quiet(outcome: &ApplyDocument, style: Style) -> String {
    let mut page = Page::new(style);
    put_unrecorded(&mut page, outcome, outcome.targets.len() > 1);
    if !is_idle(outcome) {
        page.put(0, 2, &Text::new().own(Paint::Strong, conclusion(outcome, false).join(" ")));
    }
    page.into_string()
}

/// What failed or was not confirmed, with the reason, for where [`render`] is not in sight. Empty where
/// everything went well.
pub fn reasons(outcome: &ApplyDocument, style: Style) -> String {
    let mut page = Page::new(style);
    let signs = Signs::of(style);
    for target in &outcome.targets {
        put_reasons(&mut page, target, signs);
    }
    page.into_string()
}

fn put_reasons(page: &mut Page, target: &TargetOutcome, signs: Signs) {
    let head = || {
        Text::new()
            .own(Paint::Refuse, "error: ")
            .name(Paint::Plain, target.name.raw())
            .own(Paint::Plain, ": ")
    };
    // Why there was no plan, or what guards refuse, was said after planning.
    if let Some(error) = target.error.as_ref().filter(|_| target.digest.is_some()) {
        page.put(0, 2, &head().prose(Paint::Plain, error.message.raw()));
        help(page, 2, error.help.as_ref());
    }
    for status in [ChangeStatus::Failed, ChangeStatus::Unconfirmed] {
        for outcome in of(target, status) {
            let word = if status == ChangeStatus::Failed { "failed" } else { "not confirmed" };
            let text = head().own(Paint::Plain, format_args!("{word}: ")).then(change(outcome, signs));
            page.put(0, 2, &text);
            put_reason(page, 2, outcome);
        }
    }
    for remaining in unverified(target).into_iter().flatten() {
        let text = head().own(Paint::Plain, "not verified: ");
        page.put(0, 2, &text.then(left(remaining)));
    }
}

/// Where an apply was complete, and the next plan will not know of it.
fn put_unrecorded(page: &mut Page, outcome: &ApplyDocument, several: bool) {
    for target in &outcome.targets {
        let Some(why) = &target.not_recorded else { continue };
        let mut text = Text::new().own(Paint::Notice, "Note: ").own(Paint::Plain, "the apply");
        if several {
            text = text.own(Paint::Plain, " of ").name(Paint::Strong, target.name.raw());
        }
        page.put(0, 2, &text.own(Paint::Plain, " was not recorded: ").prose(Paint::Plain, why.raw()));
    }
}

/// Whether the plan said already that there is nothing to do.
fn is_idle(outcome: &ApplyDocument) -> bool {
    !outcome.targets.is_empty()
        && outcome.targets.iter().all(|target| target.result == TargetResult::NothingToDo)
}

fn put_target(page: &mut Page, target: &TargetOutcome, signs: Signs, several: bool) {
    let counts = counts(OutcomeSummary::of(&target.changes));
    let unverified = unverified(target);
    // The plan said why there was none, or what guards refuse; an older revision and the lock are
    // refused after it.
    let refused = target.result == TargetResult::Refused;
    let error = target.error.as_ref().filter(|_| target.digest.is_some());
    if error.is_none() && (refused || target.changes.is_empty()) {
        return;
    }
    let whole = target.changes.iter().all(|change| change.status == ChangeStatus::Applied);
    if several {
        page.separate();
        page.put(0, 2, &Text::new().name(Paint::Strong, target.name.raw()));
    }
    if let Some(error) = error {
        page.separate();
        let word = if refused { "Nothing was sent: " } else { "Failed: " };
        page.put(2, 4, &Text::new().own(Paint::Refuse, word).prose(Paint::Plain, error.message.raw()));
        help(page, 4, error.help.as_ref());
    }
    for (status, title) in LISTS.into_iter().filter(|_| !whole && !refused) {
        let changes = of(target, status);
        if changes.is_empty() {
            continue;
        }
        page.separate();
        page.put(2, 4, &Text::new().own(Paint::Strong, title));
        for change in changes {
            put_change(page, change, signs);
        }
    }
    if let Some(remaining) = unverified {
        page.separate();
        let text = Text::new().own(Paint::Refuse, "Not verified: reading back found differences or failed.");
        page.put(2, 4, &text);
        for remaining in remaining {
            page.put(4, 6, &Text::new().own(Paint::Refuse, "! ").then(left(remaining)));
        }
    }
    if let Some(counts) = counts.filter(|_| several) {
        page.put(2, 4, &Text::new().own(Paint::Plain, counts).own(Paint::Plain, "."));
    }
}

/// `+ mira → Release helper (was Member)`, `~ change Reader`.
fn head(change: &ChangeOutcome, signs: Signs) -> Text {
    let (sign, paint) = sign(change.action, signs);
    let text = Text::new().own(paint, sign).space();
    let text = match change.action {
        Action::Assign | Action::Reassign | Action::Unassign => text.name(Paint::Strong, change.title.raw()),
        Action::SetDefault => text.own(paint, verb(change.action)),
        action => {
            let what = if is_permission(&change.address) { " permission" } else { "" };
            let text = text.own(paint, verb(action)).own(paint, what).space();
            let text = text.name(Paint::Strong, change.title.raw());
            return match lives_in(&change.address) {
                Some(place) => text.own(Paint::Dim, " in ").said(Paint::Dim, &place),
                None => text,
            };
        }
    };
    let text = text.space().own(Paint::Dim, signs.arrow).space();
    let text = match &change.after {
        Some(role) => text.name(Paint::Add, role.raw()),
        None => text.own(Paint::Plain, "no role"),
    };
    match &change.before {
        Some(role) => text.own(Paint::Dim, " (was ").name(Paint::Remove, role.raw()).own(Paint::Dim, ")"),
        None => text,
    }
}

/// [`head`], with the address where somebody will look for it: what went well needs no second look.
fn change(change: &ChangeOutcome, signs: Signs) -> Text {
    match change.status {
        ChangeStatus::Applied | ChangeStatus::Already => head(change, signs),
        _ => head(change, signs).own(Paint::Dim, "  ").copied(Paint::Dim, change.address.as_str()),
    }
}

fn put_change(page: &mut Page, outcome: &ChangeOutcome, signs: Signs) {
    page.put(4, 8, &change(outcome, signs));
    put_reason(page, 8, outcome);
}

fn put_reason(page: &mut Page, indent: usize, change: &ChangeOutcome) {
    if let Some(reason) = &change.reason {
        page.put(indent, indent + 2, &Text::new().prose(Paint::Plain, reason.raw()));
    }
    help(page, indent, change.help.as_ref());
}

/// What reading back found to be otherwise.
fn left(remaining: &Remaining) -> Text {
    let text = match &remaining.address {
        Some(address) => Text::new().copied(Paint::Dim, address.as_str()).own(Paint::Dim, ": "),
        None => Text::new(),
    };
    text.prose(Paint::Plain, remaining.message.raw())
}
