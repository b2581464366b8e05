//! The result for a terminal. It stands below the plan and says nothing again that the plan said.

use super::{LISTS, conclusion, counts, of, unverified};
use crate::{
    plan::{
        ApplyDocument,
        document::Action,
        outcome::{ChangeOutcome, ChangeStatus, OutcomeSummary, TargetOutcome, TargetResult},
    },
    render::{
        Style,
        plan::{
            page::{Page, Paint, Text},
            text::{Signs, change::sign, remarks::help},
            view::verb,
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

/// Only the conclusion, and what the plan could not say.
pub fn quiet(outcome: &ApplyDocument, style: Style) -> String {
    let mut page = Page::new(style);
    let refused = outcome.targets.iter().filter(|target| target.result == TargetResult::Refused);
    for error in refused.filter_map(|target| target.error.as_ref()) {
        page.put(0, 2, &Text::new().own(Paint::Refuse, UNSENT).prose(Paint::Plain, error.message.raw()));
        help(&mut page, 2, error.help.as_ref());
    }
    put_unrecorded(&mut page, outcome, outcome.targets.len() > 1);
    if !is_idle(outcome) {
        page.put(0, 2, &Text::new().own(Paint::Strong, conclusion(outcome, false).join(" ")));
    }
    page.into_string()
}

const UNSENT: &str = "Nothing was sent: ";

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
    let error = target.error.as_ref().filter(|_| refused || !target.changes.is_empty());
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
        let word = if refused { UNSENT } else { "Failed: " };
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
            let mut text = Text::new().own(Paint::Refuse, "! ");
            if let Some(address) = &remaining.address {
                text = text.copied(Paint::Dim, address.as_str()).own(Paint::Dim, ": ");
            }
            page.put(4, 6, &text.prose(Paint::Plain, remaining.message.raw()));
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
            return text.own(paint, verb(action)).space().name(Paint::Strong, change.title.raw());
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

fn put_change(page: &mut Page, change: &ChangeOutcome, signs: Signs) {
    let mut text = head(change, signs);
    // What went well needs no second look; what did not is looked for by its address.
    if !matches!(change.status, ChangeStatus::Applied | ChangeStatus::Already) {
        text = text.own(Paint::Dim, "  ").copied(Paint::Dim, change.address.as_str());
    }
    page.put(4, 8, &text);
    if let Some(reason) = &change.reason {
        page.put(8, 10, &Text::new().prose(Paint::Plain, reason.raw()));
    }
    help(page, 8, change.help.as_ref());
}
