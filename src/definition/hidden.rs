//! Characters that a reviewer does not see, or that change the order of what a reviewer sees. Written
//! as escapes in double quotes they can be seen: descriptions, and names beside an `id`, may hold them.

use crate::model::{Code, Finding, SourceId};

use super::span::Span;

/// How many are reported one by one in a file; the rest is counted.
const MOST: usize = 20;

/// What kind of hidden character `c` is.
pub(crate) fn kind(c: char) -> Option<&'static str> {
    match c {
        '\t' | '\n' | '\r' => None,
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' => Some("a control character"),
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            Some("a character that changes the direction of text")
        }
        '\u{ad}'
        | '\u{34f}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200d}'
        | '\u{2060}'..='\u{2065}'
        | '\u{206a}'..='\u{206f}'
        | '\u{3164}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}' => Some("an invisible character"),
        '\u{2028}' | '\u{2029}' => Some("a line separator that YAML does not see as a line break"),
        _ => None,
    }
}

/// A finding for every hidden character of a text; a byte order mark at its start is fine.
pub(crate) fn check(text: &str, source: SourceId, findings: &mut Vec<Finding>) {
    // One pass over bytes: a file of plain ASCII has nothing to look for.
    let suspicious = |b: u8| b >= 0x7f || (b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r'));
    if !text.bytes().any(suspicious) {
        return;
    }
    let mut rest = 0;
    let mut last = None;
    let places = text.char_indices().skip_while(|(at, c)| *at == 0 && *c == '\u{feff}');
    let mut indentation = true;
    let places = places.filter_map(|(at, c)| {
        let odd = indentation && c.is_whitespace() && !c.is_ascii();
        indentation = c == '\n' || (indentation && c.is_whitespace());
        Some((at, c, kind(c).or_else(|| odd.then_some("a space that is no indentation to YAML"))?))
    });
    for (found, (at, c, kind)) in places.enumerate() {
        let span = Span::new(at, at + c.len_utf8());
        if found >= MOST {
            rest += 1;
            last = Some(span);
            continue;
        }
        findings.push(finding(c, kind, span, source));
    }
    if let Some(span) = last {
        let message = format!("{rest} more hidden characters");
        findings.push(Finding::new(Code::HiddenCharacter, message).at(span.site(source), "the last of them"));
    }
}

/// The finding for one such character.
pub(crate) fn finding(c: char, kind: &str, span: Span, source: SourceId) -> Finding {
    Finding::new(Code::HiddenCharacter, format!("U+{:04X} is {kind}", c as u32))
        .at(span.site(source), format!("U+{:04X} here", c as u32))
        .help(
            "Remove it, or retype the line: text that a reviewer cannot see does not belong in a definition.",
        )
}
