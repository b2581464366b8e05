//! The result for a terminal.

use super::{LISTS, conclusion, counts, is_unverified, of, verified};
use crate::{
    plan::{
        ApplyDocument,
        document::Action,
        outcome::{ChangeOutcome, OutcomeSummary, TargetOutcome, TargetResult},
    },
    render::{
        Style,
        plan::{
            page::{Page, Paint, Text},
            text::{Signs, change::sign, header, help, revisions, verdict},
            view::verb,
        },
    },
};

/// The result in full. The last line says how it ended as a whole.
pub fn render(outcome: &ApplyDocument, style: Style) -> String {
    let mut page = Page::new(style);
    let signs = Signs::of(style);
    revisions(&mut page, &outcome.revisions);
    for target in &outcome.targets {
        put_target(&mut page, target, signs);
    }
    page.blank();
    if let Some(digest) = &outcome.digest {
        page.put(0, 2, &Text::new().own(Paint::Dim, "Digest ").copied(Paint::Dim, digest.raw()));
    }
    page.put(0, 2, &Text::new().own(Paint::Strong, conclusion(outcome).join(" ")));
    page.into_string()
}

/// Only the conclusion.
pub fn quiet(outcome: &ApplyDocument, style: Style) -> String {
    let mut page = Page::new(style);
    page.put(0, 2, &Text::new().own(Paint::Strong, conclusion(outcome).join(" ")));
    page.into_string()
}

fn put_target(page: &mut Page, target: &TargetOutcome, signs: Signs) {
    page.blank();
    let names = (&target.name, &target.provider);
    let head = header(names, target.emulator, target.identity.as_ref(), signs);
    if target.result == TargetResult::NothingToDo {
        let text = head.own(Paint::Plain, signs.dot).own(Paint::Plain, "nothing to do");
        page.put(0, 2, &text);
        return;
    }
    page.put(0, 2, &head);
    if let Some(error) = &target.error {
        let text = Text::new().own(Paint::Refuse, "Failed: ").said(Paint::Plain, error.message.raw());
        page.put(2, 4, &text);
        help(page, 4, error.help.as_ref());
    }
    if target.result == TargetResult::Refused {
        page.put(2, 4, &Text::new().own(Paint::Refuse, "Refused: nothing was sent."));
    }
    for item in &target.verdicts {
        verdict(page, 2, item);
    }
    for (status, title) in LISTS {
        let changes = of(target, status);
        if changes.is_empty() {
            continue;
        }
        page.blank();
        page.put(2, 4, &Text::new().own(Paint::Strong, title));
        for change in changes {
            put_change(page, change, signs);
        }
    }
    page.blank();
    if target.verification.verified {
        page.put(2, 4, &Text::new().own(Paint::Add, verified(target)));
    } else if is_unverified(target) {
        page.put(
            2,
            4,
            &Text::new().own(Paint::Refuse, "Not verified: reading back found differences or failed."),
        );
        for remaining in &target.verification.remaining {
            let mut text = Text::new().own(Paint::Refuse, "! ");
            if let Some(address) = &remaining.address {
                text = text.copied(Paint::Dim, address.as_str()).own(Paint::Dim, ": ");
            }
            page.put(4, 6, &text.said(Paint::Plain, remaining.message.raw()));
        }
    }
    if let Some(counts) = counts(OutcomeSummary::of(&target.changes)) {
        page.put(2, 4, &Text::new().own(Paint::Plain, counts).own(Paint::Plain, "."));
    }
}

fn put_change(page: &mut Page, change: &ChangeOutcome, signs: Signs) {
    let (sign, paint) = sign(change.action, signs);
    let mut text = Text::new().own(paint, format_args!("{sign} {}", verb(change.action)));
    if change.action != Action::SetDefault {
        text = text.space().name(Paint::Strong, change.title.raw());
    }
    page.put(4, 8, &text.own(Paint::Dim, "  ").copied(Paint::Dim, change.address.as_str()));
    if let Some(reason) = &change.reason {
        page.put(8, 10, &Text::new().said(Paint::Plain, reason.raw()));
    }
    help(page, 8, change.help.as_ref());
}
