//! What a run has to say to people, as one Markdown page: for a comment, an issue, or a summary.

use super::{decision::Command, results::Results};
use crate::render::{
    advice, escape,
    plan::{
        ledger,
        markdown::{self, MIN_CHARS, MarkdownOptions, Permalink},
    },
};

/// The page, of at most about `budget` bytes of UTF-8: what matters most stands first, and what is cut
/// says so.
pub fn page(results: &Results, budget: usize) -> String {
    let mut before = String::new();
    if let Some(failure) = &results.failure {
        before.push_str(&format!(
            "### `{}` ended with exit code {}\n\n> [!CAUTION]\n> {}\n\n",
            results.command.name(),
            results.exit,
            escape::markdown(failure.message.raw())
        ));
        if let Some(help) = &failure.help {
            before.push_str(&format!("{}\n\n", advice::prose(help.raw())));
        }
    }
    let mut after = String::new();
    for part in [&results.findings, &results.diff] {
        after.push_str(part);
        if !part.is_empty() && !part.ends_with("\n\n") {
            after.push('\n');
        }
    }
    for note in &results.notes {
        after.push_str(&format!("- {}\n", escape::markdown(note.raw())));
    }
    let room = budget.saturating_sub(before.len() + after.len()).max(MIN_CHARS);
    let options = MarkdownOptions {
        permalink: results.permalink.as_deref().and_then(Permalink::new),
        max_chars: room,
        names: results.names,
    };
    let main = match (&results.outcome, &results.plan) {
        (Some(outcome), _) => ledger::markdown::render(outcome, &options),
        (None, Some(plan)) if results.command == Command::Drift => markdown::drift(plan, &options),
        (None, Some(plan)) => markdown::render(plan, &options),
        (None, None) => String::new(),
    };
    let parts = [before, main, after];
    parts.iter().filter(|part| !part.is_empty()).map(|part| part.trim_end()).collect::<Vec<_>>().join("\n\n")
        + "\n"
}
