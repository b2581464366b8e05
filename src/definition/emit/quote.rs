//! Texts of others as YAML: plain where that cannot be mistaken, else in double quotes, in which
//! everything that cannot be seen is an escape.

use unicode_general_category::{GeneralCategory, get_general_category};

use crate::{
    definition::{hidden, leak, scalar},
    model::Scope,
};

/// Longest comment, in characters.
const LONGEST_COMMENT: usize = 60;
/// Signs that mean nothing to YAML inside a plain scalar.
const SIGNS: &str = " _-./(),;'&+=!?@%*";
/// The same inside brackets.
const SIGNS_IN_BRACKETS: &str = "_-./*";

/// A text as a value of a block mapping or an item of a block list.
pub(super) fn scalar(text: &str) -> String {
    if is_plain(text, SIGNS) { text.to_owned() } else { quoted(text) }
}

/// A text between brackets.
pub(super) fn word(text: &str) -> String {
    if is_plain(text, SIGNS_IN_BRACKETS) { text.to_owned() } else { quoted(text) }
}

/// The entry under `removed` that means a role by the name that it has, as a message can tell somebody to
/// write it: with its place where that is not the whole target, since others can have the name elsewhere.
pub fn removal(name: &str, scope: &Scope, reassign_to: Option<&str>) -> String {
    let place = match scope {
        Scope::Target => String::new(),
        Scope::Level(kind) => format!(", scope: {}", shown(kind)),
        Scope::In { kind, path } => format!(", scope: {{ {}: {} }}", shown(kind), shown(path.raw())),
    };
    let to = reassign_to.map(|to| format!(", reassign_to: {to}")).unwrap_or_default();
    format!("- {{ name: {}{place}{to} }}", shown(name))
}

/// A text between brackets, as a message can tell somebody to write it. What shows a message makes
/// hidden characters visible in a way of its own, which is not YAML; so nothing is left for it to do,
/// and the line that is seen is the line that works.
pub fn shown(text: &str) -> String {
    let stays = |c: char| c.is_alphanumeric() || " _-.".contains(c);
    if is_plain(text, " _-.") && text.chars().all(stays) && !text.contains("  ") && !text.contains(is_mark) {
        return text.to_owned();
    }
    let mut out = String::from("\"");
    let (mut previous, mut marks) = (' ', 0);
    for c in text.chars() {
        // A backslash, a backtick, and a bracket can be signs of the message; of several blanks one is
        // left where lines are broken.
        let sign = matches!(c, '\\' | '`' | '[') || (c == ' ' && previous == ' ');
        let plain = !sign && !is_escaped(c, previous) && (!is_mark(c) || marks > 0);
        marks = match (plain, is_mark(c)) {
            (true, true) => marks - 1,
            (true, false) if !c.is_ascii() => MARKS,
            _ => 0,
        };
        match c {
            '"' => out.push_str("\\\""),
            c if plain => out.push(c),
            c => out.push_str(&numbered(c)),
        }
        previous = c;
    }
    out.push('"');
    out
}

/// So many marks on one character are shown as they are.
const MARKS: u8 = 4;

fn is_mark(c: char) -> bool {
    use GeneralCategory::{EnclosingMark, NonspacingMark, SpacingMark};
    !c.is_ascii() && matches!(get_general_category(c), NonspacingMark | EnclosingMark | SpacingMark)
}

/// A key; it consists of small letters, digits, and `._-`.
pub(super) fn key(key: &str) -> String {
    if scalar::look_alike(key).is_none() { key.to_owned() } else { quoted(key) }
}

fn is_plain(text: &str, signs: &str) -> bool {
    let mut previous = ' ';
    let fine = |c: char| {
        let fine = (c.is_alphanumeric() || signs.contains(c) || c == ':') && !is_escaped(c, previous);
        // A colon before a blank ends a key.
        let ends_key = previous == ':' && c == ' ';
        previous = c;
        fine && !ends_key
    };
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && !text.ends_with([' ', ':'])
        && text.chars().all(fine)
        && scalar::look_alike(text).is_none()
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    let mut previous = ' ';
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_escaped(c, previous) => out.push_str(&numbered(c)),
            c => out.push(c),
        }
        previous = c;
    }
    out.push('"');
    out
}

/// The escape of a character by its number.
fn numbered(c: char) -> String {
    match c as u32 {
        code @ ..=0xff => format!("\\x{code:02X}"),
        code @ ..=0xffff => format!("\\u{code:04X}"),
        code => format!("\\U{code:08X}"),
    }
}

/// Whether a character cannot be seen where it stands: it shows nothing, or another character.
fn is_escaped(c: char, previous: char) -> bool {
    use GeneralCategory::{
        Control, Format, LineSeparator, ParagraphSeparator, PrivateUse, SpaceSeparator, Surrogate, Unassigned,
    };
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    match get_general_category(c) {
        Control | Format | LineSeparator | ParagraphSeparator | PrivateUse | Surrogate | Unassigned
        | SpaceSeparator => true,
        // A mark on an ASCII letter looks like the one character for both, and on a quote like ours.
        _ if is_mark(c) && previous.is_ascii() => true,
        // Variation selectors, which nobody sees on a letter, and blank Braille.
        _ => matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{2800}') || hidden::kind(c).is_some(),
    }
}

/// The lines of a text of several lines, for a block scalar, and its indicator; `None` where only
/// quotes can hold it.
pub(super) fn block(text: &str) -> Option<(&'static str, Vec<&str>)> {
    let (indicator, body) = match text.strip_suffix('\n') {
        Some(body) => ("|", body),
        None => ("|-", text),
    };
    if !body.contains('\n') || body.ends_with('\n') || body.starts_with([' ', '\n']) {
        return None;
    }
    let fine = |line: &&str| {
        let mut previous = ' ';
        !line.ends_with(' ')
            && line.chars().all(|c| !is_escaped(c, std::mem::replace(&mut previous, c)) && c != '\t')
    };
    let lines: Vec<&str> = body.split('\n').collect();
    lines.iter().all(fine).then_some((indicator, lines))
}

/// What stands behind a `#`; `None` where there is nothing to say. Whatever a comment can mean to
/// rolecall, to an editor, or to YAML needs a sign that is escaped here.
pub(super) fn comment(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut previous = ' ';
    for (count, c) in text.trim().chars().enumerate() {
        if count == LONGEST_COMMENT {
            out.push('…');
            break;
        }
        if (c.is_alphanumeric() || " .-'_@+,()".contains(c)) && !is_escaped(c, previous) {
            out.push(c);
        } else {
            out.push_str(&format!("\\u{{{:x}}}", c as u32));
        }
        previous = c;
    }
    (!out.is_empty() && leak::find(&out, None).is_empty()).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_text_stays_plain() {
        for text in [
            "Security reviewer",
            "Reads everything, and keeps the learnings (EU)",
            "builtin:cr_admin",
            "email:mira@example.test",
            "Prüfer",
            "日本語",
            "x - y",
        ] {
            assert_eq!(scalar(text), text);
        }
    }

    #[test]
    fn everything_else_is_quoted_and_visible() {
        for (text, expected) in [
            ("", r#""""#),
            ("no", r#""no""#),
            ("012", r#""012""#),
            ("a: b", r#""a: b""#),
            ("a:", r#""a:""#),
            ("a #b", r#""a #b""#),
            (" a", r#"" a""#),
            ("- a", r#""- a""#),
            ("a\"\\b", r#""a\"\\b""#),
            ("a\nb", r#""a\nb""#),
            ("\u{0}\u{1b}[31m\u{85}", r#""\x00\x1B[31m\x85""#),
            ("\u{202e}nimda\u{200b}", r#""\u202Enimda\u200B""#),
            ("\u{feff}\u{2028}\u{a0}", r#""\uFEFF\u2028\xA0""#),
            ("\u{e0041}x", r#""\U000E0041x""#),
            ("e\u{301}", r#""e\u0301""#),
            ("👩\u{200d}💻", r#""👩\u200D💻""#),
            ("Admin\u{fe0f}", r#""Admin\uFE0F""#),
            ("❤\u{fe0f}", r#""❤\uFE0F""#),
            ("х\u{301}", "\"х\u{301}\""),
        ] {
            assert_eq!(scalar(text), expected, "{text:?}");
        }
        assert_eq!(word("a, b"), "\"a, b\"");
    }

    #[test]
    fn what_a_message_shows_needs_nothing_made_visible() {
        for (text, expected) in [
            ("Security reviewer", "Security reviewer"),
            ("Prüfer", "Prüfer"),
            ("no", r#""no""#),
            ("Old: role", r#""Old: role""#),
            ("adm\u{202e}nimda", r#""adm\u202Enimda""#),
            ("e\u{301}\u{301}", r#""e\u0301\u0301""#),
            ("a\nb\tc", r#""a\x0Ab\x09c""#),
            (r"a\n\u{20}", r#""a\x5Cn\x5Cu{20}""#),
            ("a  b`c##[d]\"", r#""a \x20b\x60c##\x5Bd]\"""#),
            ("क\u{93f}", "\"क\u{93f}\""),
        ] {
            assert_eq!(shown(text), expected, "{text:?}");
        }
        let marks = format!("х{}", "\u{301}".repeat(6));
        assert_eq!(shown(&marks), format!("\"х{}\\u0301\\u0301\"", "\u{301}".repeat(4)));
    }

    #[test]
    fn text_of_several_lines_is_a_block_where_it_can_be() {
        assert_eq!(block("a\n\n  b"), Some(("|-", vec!["a", "", "  b"])));
        assert_eq!(block("a\n# b\n"), Some(("|", vec!["a", "# b"])));
        for text in ["a", "a\n", "a\nb\n\n", " a\nb", "\na\nb", "a \nb", "a\r\nb", "a\tb\nc", "a\n\u{200b}b"]
        {
            assert_eq!(block(text), None, "{text:?}");
        }
    }

    #[test]
    fn comments_are_inert() {
        assert_eq!(comment("Mira Chen").as_deref(), Some("Mira Chen"));
        assert_eq!(
            comment("rolecall: allow RC041 because\nroles: {}").as_deref(),
            Some("rolecall\\u{3a} allow RC041 because\\u{a}roles\\u{3a} \\u{7b}\\u{7d}")
        );
        assert_eq!(comment("\u{202e}x").as_deref(), Some("\\u{202e}x"));
        assert_eq!(comment(" \n "), None);
        assert_eq!(comment("ghp_0123456789abcdef0123456789abcdef0123"), None);
        assert_eq!(comment(&"x".repeat(100)).map(|text| text.chars().count()), Some(61));
    }
}
