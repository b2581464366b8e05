//! What a run has to say to people, as one Markdown page: for a comment, an issue, or a summary.

use std::{borrow::Cow, collections::BTreeSet};

use super::{acceptance, decision::Command, results::Results};
use crate::{
    plan::{PlanDocument, people},
    render::{
        advice, escape,
        plan::{
            ledger,
            markdown::{self, MIN_CHARS, MarkdownOptions, Permalink},
        },
    },
    workflow::Exit,
};

/// Longest text of a failure, in characters.
const LONGEST: usize = 1_000;
/// Room for the line that says that something is missing.
const MISSING: usize = 150;

/// The page, of at most about `budget` bytes of UTF-8: what matters most stands first, and what is cut
/// says so.
pub fn page(results: &Results, budget: usize) -> String {
    let mut before = String::new();
    if results.is_refused_after_merge() {
        before.push_str(&format!("### Nothing was applied\n\n{}\n\n", why_not(results)));
    } else if results.lost {
        before.push_str("### Nothing is known to be applied\n\n");
    }
    if let Some(failure) = &results.failure {
        if before.is_empty() {
            let command = results.command.name();
            before.push_str(&format!("### `{command}` ended with exit code {}\n\n", results.exit));
        }
        // The lines of a list stay lines.
        let message = shown(results, failure.message.raw());
        let lines: Vec<String> = beginning(&message).lines().map(escape::markdown).collect();
        before.push_str(&format!("> [!CAUTION]\n> {}\n\n", lines.join("<br>\n> ")));
        if let Some(help) = &failure.help {
            before.push_str(&format!("{}\n\n", advice::prose(&beginning(&shown(results, help.raw())))));
        }
    }
    let main_room = if results.plan.is_some() || results.outcome.is_some() { MIN_CHARS } else { 0 };
    let after = rest(results, budget.saturating_sub(before.len() + main_room));
    let room = budget.saturating_sub(before.len() + after.len()).max(MIN_CHARS);
    let options = MarkdownOptions {
        permalink: results.permalink.as_deref().and_then(Permalink::new),
        max_chars: room,
        names: results.names,
        apply: false,
    };
    let main = match (&results.outcome, &results.plan) {
        (Some(outcome), _) => ledger::markdown::render(outcome, &options),
        (None, Some(plan)) if results.command == Command::Drift => drift(results, plan, &options),
        (None, Some(plan)) => markdown::render(plan, &options),
        (None, None) => String::new(),
    };
    let parts = [before, main, after];
    parts.iter().filter(|part| !part.is_empty()).map(|part| part.trim_end()).collect::<Vec<_>>().join("\n\n")
        + "\n"
}

/// A text of a failure, as it may be shown: with nobody in it where people are only counted.
fn shown<'a>(results: &Results, text: &'a str) -> Cow<'a, str> {
    match results.names {
        true => text.into(),
        false => people::masked_text(results.plan.as_ref(), &BTreeSet::new(), text).into(),
    }
}

/// Why what was merged is not applied, and what to do where nothing else says it.
fn why_not(results: &Results) -> String {
    let exit = results.exit();
    let what = if results.command == Command::Validate { "check" } else { "plan" };
    let begin = format!("The {what} of what was merged ended with exit code {}", exit.code());
    match &results.failure {
        Some(failure) if failure.help.is_some() => format!("{begin}."),
        Some(_) => format!("{begin}. The log of the run says more."),
        None if exit == Exit::Provider => {
            format!("{begin}: {}. Run the workflow again when the product answers.", exit.meaning())
        }
        None => format!("{begin}: {}. What to do about it stands below.", exit.meaning()),
    }
}

/// What drifted and both ways out. What drifted gets half of the room at least, and the patches the rest.
fn drift(results: &Results, plan: &PlanDocument, options: &MarkdownOptions) -> String {
    let alone = markdown::drift(plan, options);
    let room = options.max_chars;
    let free = (room / 2).max(room.saturating_sub(alone.len())).min(room.saturating_sub(MIN_CHARS));
    let accept = acceptance::markdown(&results.acceptances, results.names, free);
    if accept.is_empty() { alone } else { markdown::drift_or_accept(plan, options, &accept) }
}

/// Findings, the comparison, and notes, as far as they fit: each stands as a whole or not at all.
fn rest(results: &Results, room: usize) -> String {
    let notes =
        results.notes.iter().map(|note| format!("- {}\n", escape::markdown(&shown(results, note.raw()))));
    let parts = [&results.findings, &results.diff].into_iter().filter(|part| !part.is_empty());
    let parts = parts.map(|part| format!("{}\n\n", part.trim_end()));
    let mut page = String::new();
    let mut missing = false;
    for part in parts.chain(notes) {
        if page.len() + part.len() + MISSING <= room {
            page.push_str(&part);
        } else {
            missing = true;
        }
    }
    if missing {
        page.push_str("\n**Incomplete:** this page is full. The log of the run has everything.\n");
    }
    page
}

/// The beginning of a text that may be very long.
fn beginning(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
