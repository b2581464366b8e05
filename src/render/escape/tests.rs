#![expect(clippy::panic, reason = "a test ends there")]

use std::collections::HashMap;

use proptest::prelude::*;
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use super::super::corpus::{HOSTILE, any_text, assert_inert, hostile};
use super::*;

type Encoder = fn(&str) -> String;

/// Every encoder that gives one line.
const LINES: &[(&str, Encoder)] = &[
    ("terminal", |text| terminal(text).into_owned()),
    ("markdown", markdown),
    ("markdown_code", markdown_code),
    ("github_data", github_data),
    ("github_property", github_property),
    ("html", html),
];

/// Reads the terminal's escapes back.
fn read_back(shown: &str) -> String {
    let mut out = String::new();
    let mut rest = shown;
    while let Some(c) = rest.chars().next() {
        let run = rest.len() - rest.trim_start_matches('\\').len();
        if run == 0 {
            out.push(c);
            rest = &rest[c.len_utf8()..];
            continue;
        }
        let after = &rest[run..];
        let escape_like = after.starts_with(['n', 't']) || after.starts_with("u{");
        if !escape_like {
            out.push_str(&rest[..run]);
            rest = after;
            continue;
        }
        out.push_str(&rest[..run / 2]);
        rest = after;
        if run % 2 == 1 {
            if let Some(hex) = after.strip_prefix("u{") {
                let (hex, tail) = hex.split_once('}').unwrap_or((hex, ""));
                out.extend(u32::from_str_radix(hex, 16).ok().and_then(char::from_u32));
                rest = tail;
            } else {
                out.push(if after.starts_with('n') { '\n' } else { '\t' });
                rest = &after[1..];
            }
        }
    }
    out
}

#[test]
fn terminal_shows_what_cannot_be_seen() {
    let shown: String = [
        "a\u{202e}b",
        "tab\there\n",
        "\u{1b}[31m",
        "x\ry",
        "e\u{301} é",
        "C:\\dir\\new",
        "::error::x",
        "a ##[error]b",
        "日本語 👍",
    ]
    .map(|text| format!("{}\n", terminal(text)))
    .concat();
    insta::assert_snapshot!(shown, @r"
    a\u{202e}b
    tab\there\n
    \u{1b}[31m
    x\u{d}y
    e\u{301} é
    C:\dir\\new
    \u{3a}:error::x
    a ##\u{5b}error]b
    日本語 👍
    ");
}

#[test]
fn ordinary_text_is_not_copied() {
    for text in ["", "Release helper", "C:\\dir", "a: [b]", "Größe"] {
        assert!(matches!(terminal(text), Cow::Borrowed(same) if same == text), "{text}");
    }
}

#[test]
fn every_encoder_is_inert_and_tells_texts_apart() {
    for (name, encode) in LINES {
        let mut seen: HashMap<String, String> = HashMap::new();
        for text in hostile() {
            let encoded = encode(&text);
            assert!(!encoded.contains('\n'), "{name}: {encoded:?}");
            assert_inert(&encoded, false);
            if let Some(other) = seen.insert(encoded.clone(), text.clone()) {
                panic!("{name} gives {encoded:?} for {other:?} and {text:?}");
            }
        }
    }
}

#[test]
fn blocks_keep_their_lines_and_begin_no_command() {
    assert_eq!(terminal_block("a\n  ::error::b\n\tc\r\n"), "a\n  \\u{3a}:error::b\n\\tc\\u{d}\n");
    for text in hostile() {
        let shown = terminal_block(&text);
        assert_inert(&shown, false);
        assert!(shown.lines().all(|line| !line.trim_start().starts_with("::")), "{shown:?}");
        assert_eq!(shown.matches('\n').count(), text.matches('\n').count());
    }
}

fn options() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_GFM
        | Options::ENABLE_MATH
        | Options::ENABLE_DEFINITION_LIST
        | Options::ENABLE_HEADING_ATTRIBUTES
        | Options::ENABLE_SUPERSCRIPT
        | Options::ENABLE_SUBSCRIPT
        | Options::ENABLE_WIKILINKS
}

/// The pieces of text between tags, as a forge searches them for mentions and links, of a document
/// that consists of one paragraph with nothing but text and our own `<span>`.
#[track_caller]
fn plain_pieces(markdown: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    for event in Parser::new_ext(markdown, options()) {
        match event {
            Event::Start(Tag::Paragraph) | Event::End(TagEnd::Paragraph) => {}
            Event::Text(text) => {
                if let Some(last) = pieces.last_mut() {
                    // A no-break space of ours is a space; one of the text is shown as an escape.
                    last.push_str(&text.replace('\u{a0}', " "));
                }
            }
            Event::InlineHtml(tag) if matches!(&*tag, "<span>" | "</span>" | "<code>" | "</code>") => {
                pieces.push(String::new());
            }
            event => panic!("{event:?} in {markdown:?}"),
        }
    }
    pieces
}

/// Asserts that a forge finds nothing to link, mention, or replace in `piece`.
#[track_caller]
fn assert_no_reference(piece: &str) {
    let bytes = piece.as_bytes();
    let at = |i: usize| bytes.get(i).copied().unwrap_or(b' ');
    for (i, byte) in bytes.iter().enumerate() {
        let before = i.checked_sub(1).map_or(b' ', at);
        let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        match byte {
            b'@' | b'#' | b'$' | b'~' => assert!(!word(at(i + 1)) && at(i + 1) != b'"', "{piece:?}"),
            b'!' | b'&' | b'%' => assert!(!word(at(i + 1)), "{piece:?}"),
            b':' => assert!(!word(at(i + 1)) && at(i + 1) != b'/', "{piece:?}"),
            b'-' => assert!(!(word(before) && at(i + 1).is_ascii_digit()), "{piece:?}"),
            b'.' => assert!(!piece[..i].to_ascii_lowercase().ends_with("www"), "{piece:?}"),
            _ => {}
        }
    }
    let hex = piece.split(|c: char| !c.is_ascii_hexdigit()).map(str::len).max().unwrap_or(0);
    assert!(hex < 7, "a commit in {piece:?}");
}

#[track_caller]
fn assert_markdown_is_text(text: &str) {
    let visible = terminal(text).into_owned();
    let encoded = markdown(text);
    // Alone, after text, in a heading position, and in a table.
    let pieces = plain_pieces(&encoded);
    assert_eq!(pieces.concat(), visible, "{encoded:?}");
    pieces.iter().for_each(|piece| assert_no_reference(piece));
    assert_eq!(plain_pieces(&format!("before {encoded} after")).concat(), format!("before {visible} after"));
    assert_eq!(plain_pieces(&format!("{encoded}{encoded}")).concat(), format!("{visible}{visible}"));
    assert_eq!(cells(&encoded), [visible.as_str(), "next"]);
}

/// The texts of the cells of a table row that begins with `cell`.
fn cells(cell: &str) -> Vec<String> {
    let table = format!("| a | b |\n| - | - |\n| {cell} | next |\n");
    let mut cells: Vec<String> = Vec::new();
    let mut body = false;
    for event in Parser::new_ext(&table, options()) {
        match event {
            Event::End(TagEnd::TableHead) => body = true,
            Event::Start(Tag::TableCell) if body => cells.push(String::new()),
            Event::Text(text) | Event::Code(text) if body => {
                if let Some(last) = cells.last_mut() {
                    last.push_str(&text.replace('\u{a0}', " "));
                }
            }
            Event::Start(Tag::Link { .. } | Tag::Emphasis | Tag::Strong | Tag::Image { .. }) => {
                panic!("{table}")
            }
            _ => {}
        }
    }
    cells
}

#[test]
fn markdown_renders_as_the_text_itself() {
    for text in hostile() {
        assert_markdown_is_text(&text);
    }
}

#[test]
fn markdown_reads_well_where_nothing_is_special() {
    insta::assert_snapshot!(markdown("Approves merge requests (level 3), reads CI/CD: all - \"quoted\""), @r#"Approves merge requests (level 3), reads CI/CD: all - "quoted""#);
    insta::assert_snapshot!(markdown("@octocat: see #12, *now* at https://example.test"), @"<span>&#64;</span>octocat: see <span>&#35;</span>12, <span>&#42;</span>now&#42; at https<span>&#58;</span>//example.test");
}

#[test]
fn code_spans_hold_the_text_itself() {
    for text in hostile() {
        let visible = terminal(&text).into_owned();
        let encoded = markdown_code(&text);
        let mut code = String::new();
        for event in Parser::new_ext(&format!("a {encoded} b"), options()) {
            match event {
                Event::Code(text) | Event::Text(text) => code.push_str(&text.replace('\u{a0}', " ")),
                Event::Start(Tag::Paragraph) | Event::End(TagEnd::Paragraph) => {}
                Event::InlineHtml(tag) => {
                    assert!(matches!(&*tag, "<code>" | "</code>" | "<span>" | "</span>"), "{tag}");
                }
                event => panic!("{event:?} in {encoded:?}"),
            }
        }
        assert_eq!(code, format!("a {visible} b"), "{encoded:?}");
        assert_eq!(cells(&encoded), [visible.as_str(), "next"], "{encoded:?}");
    }
    assert_eq!(markdown_code("a`b"), "``a`b``");
    assert_eq!(markdown_code("`"), "`` ` ``");
    assert_eq!(markdown_code("a|b"), "<code>a&#124;b</code>");
}

#[test]
fn fences_hold_the_text_byte_for_byte_or_not_at_all() {
    let mut shown = 0;
    for text in hostile() {
        let Some(encoded) = markdown_fence(&text, "diff\n```") else {
            assert_ne!(terminal_block(&text), text);
            continue;
        };
        assert_inert(&encoded, false);
        let mut code = String::new();
        let mut blocks = 0;
        for event in Parser::new_ext(&format!("before\n\n{encoded}\nafter\n"), options()) {
            match event {
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(lang))) => {
                    assert_eq!(&*lang, "diff");
                    blocks += 1;
                }
                Event::Text(text) => code.push_str(&text),
                Event::Start(Tag::Paragraph) | Event::End(TagEnd::Paragraph | TagEnd::CodeBlock) => {}
                event => panic!("{event:?} in {encoded:?}"),
            }
        }
        let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        assert_eq!((blocks, code), (1, format!("before{text}{end}after")), "{encoded:?}");
        shown += 1;
    }
    assert!(shown > 50, "{shown}");
    // A backslash is a backslash there, whatever stands behind it.
    assert_eq!(markdown_fence("a\\nb \\u{202e}\n", ""), Some("```\na\\nb \\u{202e}\n```\n".to_owned()));
}

#[test]
fn github_commands_stay_one_command() {
    assert_eq!(github_data("50% a\nb: c, d"), "50%25 a\\nb: c, d");
    assert_eq!(github_property("a,b:c%"), "a%2Cb%3Ac%25");
    for text in HOSTILE {
        assert!(!github_property(text).contains([':', ',', '\n', '\r']));
        assert!(github_data(text).split('%').skip(1).all(|rest| rest.starts_with("25")), "{text:?}");
    }
}

#[test]
fn html_is_text_in_elements_and_attributes() {
    assert_eq!(html("<a href='x'>&\"\u{202e}"), "&lt;a href=&#39;x&#39;&gt;&amp;&quot;\\u{202e}");
    for text in HOSTILE {
        assert!(!html(text).contains(['<', '>', '"', '\'']), "{text:?}");
    }
}

proptest! {
    #[test]
    fn terminal_can_be_read_back(text in any_text()) {
        let shown = terminal(&text);
        assert_inert(&shown, false);
        prop_assert!(!shown.trim_start().starts_with("::"));
        prop_assert_eq!(read_back(&shown), text.clone());
        // Encoding once more changes no character but backslashes: it was safe already.
        let twice = terminal(&shown);
        prop_assert_eq!(twice.replace('\\', ""), shown.replace('\\', ""));
        prop_assert_eq!(read_back(&terminal_block(&text)), text);
    }

    #[test]
    fn any_text_is_plain_in_markdown(text in any_text()) {
        assert_markdown_is_text(&text);
    }

    #[test]
    fn no_encoder_lets_a_hidden_character_pass(text in any_text()) {
        for (_, encode) in LINES {
            assert_inert(&encode(&text), false);
        }
    }
}
