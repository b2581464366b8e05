use proptest::prelude::*;

use super::{super::text, *};

#[test]
fn text_underlines_the_bytes() {
    let sources = sources();
    insta::assert_snapshot!(text(&findings(&sources), &sources, &[], &PLAIN), @r"
    warning[RC016]

      ⚠ `roles/*.yml` matches no file

    error[RC033]

      × `all` includes itself
       ╭─[roles/sets.yaml:2:3]
     1 │ permission_sets:
     2 │   all: [everything]
       ·   ───
       ╰────
       ╭─[1725b9b:roles/sets.yaml:2:9]
     1 │ permission_sets:
     2 │   all: [everything]
       ·         ─────┬────
       ·              ╰── as it was
       ╰────

    error[RC035]

      × `reviews` has no access `rite`
       ╭─[roles/team a.yaml:5:23]
     4 │     permissions:
     5 │       reviews: [read, rite]
       ·                       ──┬─
       ·                         ╰── not an access
     6 │   helper:
       ╰────
      help: Did you mean `write`?

    error[RC034]

      × two roles are named `Reviewer`
       ╭─[roles/team a.yaml:7:11]
     6 │   helper:
     7 │     name: Reviewer
       ·           ────┬───
       ·               ╰── this one
     8 │     token: ****
       ╰────
       ╭─[roles/team a.yaml:3:11]
     2 │   reviewer:
     3 │     name: Reviewer
       ·           ────┬───
       ·               ╰── and this one
     4 │     permissions:
       ╰────

    error[RC036]

      × a credential stands in a file
       ╭─[roles/team a.yaml:8:12]
     7 │     name: Reviewer
     8 │     token: ****
       ·            ──┬─
       ·              ╰── a token
       ╰────
      help: Revoke it, then name a variable that holds the new one.

    4 errors, 1 warning in 2 files
    ");
}

#[test]
fn text_in_ascii_for_a_narrow_terminal() {
    let sources = sources();
    let style = Style { color: false, unicode: false, width: 40 };
    insta::assert_snapshot!(text(&findings(&sources)[..2], &sources, &[], &style), @r"
    error[RC035]

      x `reviews` has no access `rite`
       ,-[roles/team a.yaml:5:23]
     4 |     permissions:
     5 |       reviews: [read, rite]
       :                       ^^|^
       :                         `-- not an access
     6 |   helper:
       `----
      help: Did you mean `write`?

    error[RC034]

      x two roles are named `Reviewer`
       ,-[roles/team a.yaml:7:11]
     6 |   helper:
     7 |     name: Reviewer
       :           ^^^^|^^^
       :               `-- this one
     8 |     token: s3cr3t-t0k3n-value
       `----
       ,-[roles/team a.yaml:3:11]
     2 |   reviewer:
     3 |     name: Reviewer
       :           ^^^^|^^^
       :               `-- and this one
     4 |     permissions:
       `----

    2 errors in 1 file
    ");
}

#[test]
fn color_changes_nothing_but_the_colors() {
    let sources = sources();
    let findings = findings(&sources);
    let plain = text(&findings, &sources, &[], &PLAIN);
    let colored = text(&findings, &sources, &[], &Style { color: true, ..PLAIN });
    assert!(colored.contains("\u{1b}[31m") && !plain.contains('\u{1b}'));
    let mut stripped = colored;
    while let Some(start) = stripped.find('\u{1b}') {
        let end = start + stripped[start..].find('m').map_or(1, |end| end + 1);
        stripped.replace_range(start..end, "");
    }
    assert_eq!(stripped, plain);
}

#[test]
fn text_is_empty_without_findings() {
    assert_eq!(text(&[], &Sources::default(), &[], &PLAIN), "");
}

#[test]
fn hidden_characters_in_a_line_are_shown_and_the_underline_moves_with_them() {
    let mut sources = Sources::default();
    let line = "name: \"ad\u{202e}min\" # tab\there, C:\\new \\u{41} 日本 x\r\n";
    sources.add(Source::new("a.yaml", None, line));
    let finding = Finding::new(Code::HiddenCharacter, "a hidden character")
        .at(site(&sources, 0, "\u{202e}", 0), "U+202E")
        .at(site(&sources, 0, "x", 0), "after all");
    insta::assert_snapshot!(text(&[finding], &sources, &[], &PLAIN), @r#"
    error[RC011]

      × a hidden character
       ╭─[a.yaml:1:10]
     1 │ name: "ad\u{202e}min" # tab\u{9}here, C:\new \\u{41} 日本 x
       ·          ────┬───                                         ┬
       ·              │                                            ╰── after all
       ·              ╰── U+202E
       ╰────

    1 error in 1 file
    "#);
}

#[test]
fn long_lines_are_cut_around_the_label() {
    let mut sources = Sources::default();
    let line = format!(
        "a: [{}needle, {}]\n{}\n",
        "before, ".repeat(50_000),
        "after, ".repeat(50_000),
        "z".repeat(300)
    );
    sources.add(Source::new("a.yaml", None, line));
    let finding = Finding::new(Code::NotAllowed, "not allowed").at(site(&sources, 0, "needle", 0), "this");
    insta::assert_snapshot!(text(&[finding], &sources, &[], &PLAIN), @r"
    error[RC023]

      × not allowed
       ╭─[a.yaml:1:400005]
     1 │ …, before, before, needle, after, after, after, after, after, after, after…
       ·                    ───┬──
       ·                       ╰── this
     2 │ zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz…
       ╰────

    1 error in 1 file
    ");
}

#[test]
fn credentials_are_masked_wherever_their_line_is_shown() {
    let mut sources = Sources::default();
    sources.add(Source::new(
        "a.yaml",
        None,
        "a: 1\nkey: abc-SECRET-def # \u{202e}SECRET\nb: 2\nc: |\n  SECRET one\n  SECRET two\nd: 3\n",
    ));
    let mask: Vec<Site> = ["SECRET", "SECRET-def", "SECRET one\n  SECRET two"]
        .iter()
        .enumerate()
        .map(|(index, needle)| site(&sources, 0, needle, usize::from(index == 0)))
        .collect();
    let findings = [
        Finding::new(Code::UnknownField, "unknown field").at(site(&sources, 0, "a", 0), ""),
        Finding::new(Code::UnknownField, "unknown field").at(site(&sources, 0, "abc-SECRET", 0), "here"),
        Finding::new(Code::UnknownField, "unknown field").at(site(&sources, 0, "d: 3", 0), ""),
    ];
    for width in [40, 80] {
        let shown = text(&findings, &sources, &mask, &Style { width, ..PLAIN });
        assert!(!shown.contains("SECRET") && shown.contains("abc-**** # "), "{shown}");
        assert!(shown.contains("\n 6 │ ****\n"), "{shown}");
    }
    // A finding about a credential masks it without being told.
    let credential =
        Finding::new(Code::PlaintextCredential, "a credential").at(site(&sources, 0, "SECRET-def", 0), "");
    let shown = text(&[credential], &sources, &[], &PLAIN);
    assert!(shown.contains("abc-**** # ") && !shown.contains("SECRET-def"), "{shown}");
}

proptest! {
    /// The text over an underline is the text of the span.
    #[test]
    fn the_underline_stands_below_the_span(before in "[ -~]{0,150}", word in "[a-z]{1,30}", after in "[ -~]{0,150}") {
        let mut sources = Sources::default();
        let line = format!("{before}{word}{after}");
        let source = sources.add(Source::new("a", None, line));
        let place = Site { source, start: before.len() as u32, end: (before.len() + word.len()) as u32 };
        let finding = Finding::new(Code::Grammar, "x").at(place, "");
        let shown = text(&[finding], &sources, &[], &PLAIN);
        let lines: Vec<Vec<char>> = shown.lines().map(|line| line.chars().collect()).collect();
        let mark = lines.iter().position(|line| line.contains(&'─') && line.contains(&'·')).unwrap_or(1);
        let columns = lines[mark].iter().enumerate().filter(|(_, c)| **c == '─').map(|(column, _)| column);
        let over: String = columns.map(|column| lines[mark - 1].get(column).copied().unwrap_or(' ')).collect();
        prop_assert_eq!(over, word, "{}", shown);
    }
}
