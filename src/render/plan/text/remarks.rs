//! What guards say, what live shows to be wrong, and what to do.

use super::{
    super::{
        page::{Page, Paint, Text},
        refusals::{allowable, guard_name, refusal_words, refused},
    },
    place,
};
use crate::{
    model::Untrusted,
    plan::document::{FindingLevel, PlanFinding, Verdict, VerdictOutcome},
    render::advice,
};

/// A problem of the definitions that live shows.
pub(super) fn finding(page: &mut Page, finding: &PlanFinding) {
    let (word, paint) = match finding.level {
        FindingLevel::Error => ("error", Paint::Refuse),
        FindingLevel::Warning => ("warning", Paint::Notice),
    };
    let text = Text::new().own(paint, word).own(paint, "[").said(paint, finding.code.raw()).own(paint, "]: ");
    let mut text = text.prose(Paint::Plain, finding.message.raw());
    if let Some(at) = &finding.place {
        text = text.own(Paint::Dim, "  ").then(place(at));
    }
    page.put(2, 4, &text);
    help(page, 4, finding.help.as_ref());
}

/// What guards say, and what to do: what they refuse, once for each guard, then the rest.
pub(super) fn verdicts(page: &mut Page, indent: usize, verdicts: &[Verdict]) {
    for refusal in refused(verdicts) {
        let mut head =
            Text::new().own(Paint::Refuse, "! Refused: ").own(Paint::Strong, refusal_words(refusal.guard));
        if let Some(name) = allowable(refusal.guard) {
            head = head.own(Paint::Dim, format_args!(" [{name}]"));
        }
        page.put(indent, indent + 2, &head);
        for message in refusal.messages {
            page.put(indent + 4, indent + 4, &Text::new().prose(Paint::Plain, message.raw()));
        }
        for advice in refusal.helps {
            help(page, indent + 4, Some(advice));
        }
    }
    for verdict in verdicts {
        let name = guard_name(verdict.guard);
        let head = match verdict.outcome {
            VerdictOutcome::Refused => continue,
            VerdictOutcome::Allowed => format!("Allowed by hand ({name}): "),
            VerdictOutcome::NotApplicable => format!("Not applicable ({name}): "),
        };
        let paint = if verdict.outcome == VerdictOutcome::Allowed { Paint::Notice } else { Paint::Dim };
        page.put(
            indent,
            indent + 2,
            &Text::new().own(paint, head).prose(Paint::Plain, verdict.message.raw()),
        );
        if let Some(reason) = &verdict.reason {
            let text = Text::new().own(Paint::Notice, "Reason given: ").said(Paint::Plain, reason.raw());
            page.put(indent + 2, indent + 4, &text);
        }
    }
}

/// What to do.
pub(in super::super) fn help(page: &mut Page, indent: usize, help: Option<&Untrusted>) {
    if let Some(help) = help {
        advice::put(page, indent, "help: ", help.raw());
    }
}
