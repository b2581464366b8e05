//! What to do, in words and in lines to copy: help texts of verdicts, failures, and findings.

use super::{
    Style, escape,
    page::{Page, Paint, Text},
};

/// A part of an advice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    /// Words; single words of code in them stand in backticks.
    Words(&'a str),
    /// A command or lines of a file, to be copied as they are.
    Copy(&'a str),
}

/// Shorter code is quicker typed than copied, and stays among the words.
const SHORTEST: usize = 15;

/// Cuts an advice into words and what is to be copied: code of several words at the end of a clause,
/// as in ``Say where they go: `- { name: Old, reassign_to: new }`.`` Other code stays among the words.
pub(super) fn parts(advice: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let (mut begin, mut from) = (0, 0);
    while let Some((start, end)) = code(advice, from) {
        from = end + 1;
        let (Some(before), Some(code), Some(after)) =
            (advice.get(begin..start), advice.get(start + 1..end), advice.get(end + 1..))
        else {
            break;
        };
        let led = before.ends_with(": ") || before.ends_with(" or ") || before.ends_with(" with ");
        let ends = after.is_empty() || after.starts_with(['.', ',', ';']);
        if !(led && ends && code.len() >= SHORTEST && code.contains(' ')) {
            continue;
        }
        parts.push(Part::Words(before.trim_end()));
        parts.push(Part::Copy(code));
        begin = end + 1 + (after.len() - after.trim_start_matches(['.', ',', ';', ' ']).len());
        from = begin;
    }
    parts.push(Part::Words(advice.get(begin..).unwrap_or_default()));
    parts.retain(|part| !matches!(part, Part::Words(words) if words.is_empty()));
    parts
}

/// The next code in backticks: where they stand. A backtick inside double quotes does not end it, as
/// a quoted name may hold one.
fn code(text: &str, from: usize) -> Option<(usize, usize)> {
    let start = from + text.get(from..)?.find('`')?;
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in text.get(start + 1..)?.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '`' if !quoted => return Some((start, start + 1 + at)),
            _ => {}
        }
    }
    None
}

/// Puts an advice on a page, `label` before it.
pub(super) fn put(page: &mut Page, indent: usize, label: &str, advice: &str) {
    let mut label = Some(label);
    for part in parts(advice) {
        let mut head = Text::new();
        let begins = label.is_some();
        if let Some(label) = label.take() {
            head = head.own(Paint::Notice, label);
        }
        match part {
            Part::Words(words) if begins => page.put(indent, indent + 2, &head.prose(Paint::Plain, words)),
            Part::Words(words) => page.put(indent + 2, indent + 2, &head.prose(Paint::Plain, words)),
            Part::Copy(code) => {
                if begins {
                    page.put(indent, indent + 2, &head);
                }
                page.copy(indent + 6, code);
            }
        }
    }
}

/// An error in one sentence or in several lines, and what to do.
pub fn error(message: &str, help: Option<&str>, style: Style) -> String {
    let mut page = Page::new(style);
    for (index, line) in message.split('\n').enumerate() {
        let words = line.trim_start_matches(' ');
        let indent = line.len() - words.len();
        let text = if index == 0 { Text::new().own(Paint::Refuse, "error: ") } else { Text::new() };
        page.put(indent, indent + 2, &text.prose(Paint::Plain, words));
    }
    if let Some(help) = help {
        put(&mut page, 2, "help: ", help);
    }
    page.into_string()
}

/// The lines of a text that something else will indent: no wider than `width`, commands whole and on
/// their own lines. Encoded for a terminal.
pub(super) fn lines(text: &str, width: usize) -> String {
    let mut page = Page::new(Style { color: false, unicode: true, width });
    for part in parts(text) {
        match part {
            Part::Words(words) => page.put(0, 0, &Text::new().prose(Paint::Plain, words)),
            Part::Copy(code) => page.copy(4, code),
        }
    }
    let mut lines = page.into_string();
    lines.truncate(lines.trim_end_matches('\n').len());
    lines
}

/// For a page in Markdown: the words as text, what is to be copied as code.
pub(super) fn markdown(advice: &str) -> String {
    let shown: Vec<String> = parts(advice)
        .into_iter()
        .map(|part| match part {
            Part::Words(words) => prose(words),
            Part::Copy(code) => escape::markdown_code(code),
        })
        .collect();
    shown.join(" ")
}

/// A sentence of ours in Markdown: what stands in backticks is code.
pub fn prose(text: &str) -> String {
    let mut out = String::new();
    let mut from = 0;
    while let Some((start, end)) = code(text, from) {
        out.push_str(&words(text.get(from..start).unwrap_or_default()));
        out.push_str(&escape::markdown_code(text.get(start + 1..end).unwrap_or_default()));
        from = end + 1;
    }
    out + &words(text.get(from..).unwrap_or_default())
}

/// Text beside code: one space at an end is a space.
fn words(text: &str) -> String {
    let inner = text.strip_prefix(' ').unwrap_or(text);
    let core = inner.strip_suffix(' ').unwrap_or(inner);
    let before = if inner.len() < text.len() { " " } else { "" };
    let after = if core.len() < inner.len() { " " } else { "" };
    format!("{before}{}{after}", escape::markdown(core))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_and_lines_of_a_file_stand_alone() {
        assert_eq!(
            parts("Say under `removed:` where they go: `- { name: Old, reassign_to: new }`."),
            [
                Part::Words("Say under `removed:` where they go:"),
                Part::Copy("- { name: Old, reassign_to: new }")
            ]
        );
        assert_eq!(
            parts("If that is meant: `--allow max_deletes --reason TEXT`, or a higher `max_deletes`."),
            [
                Part::Words("If that is meant:"),
                Part::Copy("--allow max_deletes --reason TEXT"),
                Part::Words("or a higher `max_deletes`.")
            ]
        );
        for whole in ["`rolecall validate` shows them.", "Add `- x: y` to `removed`.", "`open", ""] {
            assert_eq!(
                parts(whole).iter().filter(|part| matches!(part, Part::Copy(_))).count(),
                0,
                "{whole}"
            );
        }
    }

    #[test]
    fn a_quoted_name_with_backticks_makes_no_line_of_its_own() {
        let advice = "Say where they go: `- { name: \"a`: `b c`, d\", reassign_to: new }`.";
        assert_eq!(
            parts(advice),
            [Part::Words("Say where they go:"), Part::Copy("- { name: \"a`: `b c`, d\", reassign_to: new }")]
        );
    }

    #[test]
    fn an_error_says_what_to_do() {
        let style = Style { color: false, unicode: true, width: 40 };
        let help = "Pass --auto-approve, or apply a saved plan: `rolecall apply FILE`.";
        insta::assert_snapshot!(error("there is no terminal:\n  none", Some(help), style), @r"
        error: there is no terminal:
          none
          help: Pass --auto-approve, or apply a
            saved plan:
                rolecall apply FILE
        ");
    }
}
