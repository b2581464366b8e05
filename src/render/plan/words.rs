//! What changed inside a text: line by line, and word by word inside changed lines.

use similar::{ChangeTag, TextDiff};

/// Longer texts (both together, in bytes) are shown as old and new without looking for words, so
/// that no text can make rendering slow.
const MAX_BYTES: usize = 32 << 10;

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::render) enum Fate {
    Same,
    Removed,
    Added,
}

/// A line of the difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::render) struct DiffLine {
    pub(in crate::render) fate: Fate,
    /// Its parts, and whether a part is what differs. They hold a line feed only where the end of
    /// the text differs in exactly that.
    pub(in crate::render) parts: Vec<(bool, String)>,
}

/// The difference of two texts.
pub(in crate::render) fn difference(old: &str, new: &str) -> Vec<DiffLine> {
    let show_end = old.ends_with('\n') != new.ends_with('\n');
    if old.len() + new.len() > MAX_BYTES {
        let whole = |fate, text: &str| {
            text.split('\n')
                .map(|line| DiffLine { fate, parts: vec![(false, line.to_owned())] })
                .collect::<Vec<_>>()
        };
        let mut lines = whole(Fate::Removed, old);
        lines.extend(whole(Fate::Added, new));
        return lines;
    }
    let diff = TextDiff::from_lines(old, new);
    diff.iter_all_inline_changes_deadline(None)
        .map(|change| {
            let fate = match change.tag() {
                ChangeTag::Equal => Fate::Same,
                ChangeTag::Delete => Fate::Removed,
                ChangeTag::Insert => Fate::Added,
            };
            let mut parts: Vec<(bool, String)> =
                change.iter_strings_lossy().map(|(marked, part)| (marked, part.into_owned())).collect();
            if !(show_end && fate != Fate::Same)
                && let Some((_, last)) = parts.last_mut()
                && last.ends_with('\n')
            {
                last.pop();
            }
            parts.retain(|(_, part)| !part.is_empty());
            DiffLine { fate, parts }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(lines: &[DiffLine]) -> Vec<String> {
        let sign = |fate| match fate {
            Fate::Same => ' ',
            Fate::Removed => '-',
            Fate::Added => '+',
        };
        lines
            .iter()
            .map(|line| {
                let text: String = line
                    .parts
                    .iter()
                    .map(|(marked, part)| if *marked { format!("[{part}]") } else { part.clone() })
                    .collect();
                format!("{}{text}", sign(line.fate))
            })
            .collect()
    }

    #[test]
    fn words_that_differ_are_marked() {
        let lines = difference("Reviews all code\nkept", "Reviews secret code\nkept");
        assert_eq!(plain(&lines), ["-Reviews [all] code", "+Reviews [secret] code", " kept"]);
    }

    #[test]
    fn a_line_feed_at_the_end_is_a_difference_that_is_seen() {
        assert_eq!(plain(&difference("a", "a\n")).len(), 2);
        assert!(difference("a", "a\n").iter().any(|line| line.parts.iter().any(|(_, p)| p.contains('\n'))));
    }

    #[test]
    fn a_huge_text_is_old_and_new() {
        let (old, new) = ("a ".repeat(MAX_BYTES), "b ".repeat(MAX_BYTES));
        let lines = difference(&old, &new);
        assert_eq!(lines.iter().map(|line| line.fate).collect::<Vec<_>>(), [Fate::Removed, Fate::Added]);
    }
}
