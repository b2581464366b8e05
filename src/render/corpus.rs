//! Hostile text for the tests of every renderer.

use std::fmt::Write as _;

use proptest::{
    prelude::{Just, Strategy},
    prop_oneof,
};

use super::escape::is_hidden;

/// What a terminal, a forge, a browser, or a spreadsheet must not obey, hide, or reorder.
pub(crate) const HOSTILE: &[&str] = &[
    "",
    " ",
    "  a  b  ",
    "plain",
    "Release helper",
    // Terminal
    "\u{1b}[31mred\u{1b}[0m",
    "\u{1b}]8;;https://example.test\u{1b}\\link\u{1b}]8;;\u{1b}\\",
    "\u{1b}]0;title\u{7}",
    "\u{9b}31mC1\u{9d}0;title\u{9c}\u{85}",
    "over\rwrite",
    "back\u{8}\u{8}\u{8}\u{8}space",
    "nul\0nul\u{7f}",
    "line\nfeed\r\n\ttab",
    "\u{2028}separators\u{2029}",
    "page\u{c}break\u{b}",
    // Invisible and reordering
    "access \u{202e}nimda\u{202c} granted",
    "\u{2066}isolate\u{2069}\u{200e}\u{200f}\u{61c}",
    "ad\u{200b}min\u{200c}\u{200d}\u{2060}\u{feff}\u{ad}",
    "tags\u{e0041}\u{e007f}\u{e0001}",
    "selectors\u{fe0f}\u{e0100}\u{180b}",
    "fillers\u{115f}\u{1160}\u{3164}\u{ffa0}\u{2800}\u{34f}",
    "spaces\u{a0}\u{2003}\u{202f}\u{3000}\u{1680}",
    "private\u{e000}\u{f0000}\u{10fffd} unassigned\u{378}\u{ffff}",
    "e\u{301} is not \u{e9}",
    "\u{301}starts with a mark",
    "z\u{300}\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}\u{307}\u{308}",
    "ж\u{300}\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}\u{307}\u{308}",
    "नमस्ते ภาษาไทย עִבְרִית العَرَبِيَّة 日本語 한국어 👩‍💻 Ünïcödé",
    // Looks like an escape
    r"\u{202e}",
    "\\\u{202e}",
    r"\\u{202e}",
    r"\n and \\n and \\\n",
    "\\\n",
    "\\",
    r"C:\dir\new\table",
    // Markdown
    "# heading",
    "- item",
    "+ item",
    "* item",
    "1. item",
    "12) item",
    "> quote",
    "> [!WARNING]",
    "- [x] task",
    "---",
    "***",
    "===",
    ":-: | :-:",
    "    indented code",
    "*a* _b_ **c** __d__ ~~e~~ ~f~",
    "`code` ``co`de`` ``",
    "```\nfence\n```",
    "~~~~\nfence",
    "`",
    "``````````",
    "[link](https://example.test)",
    "![image](https://example.test/a.png)",
    "[reference][1]",
    "[1]: https://example.test",
    "footnote[^1]",
    "[^1]: note",
    "<https://example.test>",
    "http://example.test https://example.test ftp://example.test",
    "www.example.test WWW.EXAMPLE.TEST",
    "mira@example.test mailto:mira@example.test xmpp:mira@example.test",
    "a | b || c \\| d",
    "two  \nlines",
    "$x^2$ $$y$$ $`z`$",
    "costs $5 and $6",
    ":smile: :+1: a:b:c",
    "&amp; &lt; &#64; &nosuch;",
    // Mentions and references
    "@octocat @acme/platform",
    "cc @octo-cat, (@octocat)",
    "#1 GH-1 acme/tools#1 acme#1 JIRA-123",
    "fixes #1, closes acme/tools#2",
    "!1 &1 ~bug ~\"a bug\" %milestone ^alert#1 *iteration:1",
    "1725b9b6f1b2c3d4e5f60718293a4b5c6d7e8f90",
    "acme/tools@1725b9b deadbeef DEADBEEF 1725b9b...b0413e4",
    "GHSA-abcd-efgh-ijkl CVE-2026-1234",
    "/approve",
    " /merge",
    "{{ 7 * 7 }} ${{ secrets.TOKEN }}",
    // HTML
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<!-- comment -->",
    "</details></td></table>",
    "<a href='https://example.test'>a</a>",
    "\" onmouseover=\"alert(1)",
    "' onmouseover='alert(1)",
    "<![CDATA[x]]>",
    "<?php ?>",
    // Commands of CI systems
    "::error file=a,line=1::fake",
    "  ::add-mask::value",
    "a\n::error::second line",
    "a\r::error::carriage return",
    "##[error]fake",
    "text ##[group]fake",
    "##vso[task.setvariable variable=a]b",
    "100% %0A::error::percent %25 %3A",
    "title=a,b:c",
    // CSV
    "=HYPERLINK(\"https://example.test\")",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    " =1",
    "＝1+1",
    "'=1",
    "a,b;c\"d",
    // JSON
    "\"quoted\" {\"a\":1}",
    "\u{d7ff}\u{e000}\u{fffd}",
];

/// [`HOSTILE`] and some that are built: very long ones.
pub(crate) fn hostile() -> Vec<String> {
    let mut all: Vec<String> = HOSTILE.iter().map(|text| (*text).to_owned()).collect();
    all.push("long ".repeat(2_000));
    all.push("x".repeat(10_000));
    all.push("`".repeat(5_000));
    all.push("\u{202e}".repeat(1_000));
    all.push(format!("a{}", "\u{301}".repeat(5_000)));
    all.push("@octocat #1 ".repeat(500));
    all.push("\\".repeat(3_000));
    all
}

/// Random text in which hostile pieces are common.
pub(crate) fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        proptest::sample::select(HOSTILE).prop_map(str::to_owned),
        r"[ -~]{0,8}",
        r"[\\nut{}0-9a-f:#\[]{0,6}",
        proptest::char::any().prop_map(String::from),
        Just("\u{202e}".to_owned()),
    ];
    proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

/// Asserts that nothing in `output` is hidden, and that no log of a CI system obeys a line of it.
/// Line feeds are the renderer's own; `ansi` allows its colours.
#[track_caller]
pub(crate) fn assert_inert(output: &str, ansi: bool) {
    let plain = if ansi { without_colors(output) } else { output.to_owned() };
    for c in plain.chars().filter(|c| *c != '\n') {
        assert!(!is_hidden(c), "{c:?} in {output:?}");
    }
    for command in ["##[", "##vso["] {
        assert!(!plain.contains(command), "{command} in {output:?}");
    }
    let mut marks = String::new();
    for c in plain.chars() {
        marks = if ('\u{300}'..='\u{36f}').contains(&c) { marks + "m" } else { String::new() };
        assert!(marks.len() <= 4, "a flood of marks in {output:?}");
    }
}

/// Removes `ESC [ ... m`, nothing else.
fn without_colors(text: &str) -> String {
    let mut out = String::new();
    let mut parts = text.split("\u{1b}[");
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        match part.split_once('m') {
            Some((code, rest)) if code.bytes().all(|b| b.is_ascii_digit() || b == b';') => out.push_str(rest),
            _ => {
                let _ = write!(out, "\u{1b}[{part}");
            }
        }
    }
    out
}
