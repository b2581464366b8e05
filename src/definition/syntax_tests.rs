//! Bad text, and text that is fine.

use proptest::prelude::*;

use super::{
    hidden,
    node::{Kind, Node},
    syntax::{Parsed, parse},
    testing::{self, Memory},
};
use crate::model::{Source, SourceId};

const HERE: SourceId = SourceId(0);

/// `CODE line:column` of every finding about a text alone.
fn found(text: &str) -> Vec<String> {
    let mut findings = Vec::new();
    hidden::check(text, HERE, &mut findings);
    findings.extend(parse(text, HERE).findings);
    let source = Source::new("a", None, text);
    let place = |finding: &crate::model::Finding| {
        let at = source.position(finding.labels.first().map_or(0, |label| label.site.start));
        format!("{} {}:{}", finding.code, at.line, at.column)
    };
    findings.iter().map(place).collect()
}

#[test]
fn bad_text() {
    let mut wrong = Vec::new();
    let deep = "[".repeat(300);
    let deep_but_allowed = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let bomb: String = std::iter::once("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned())
        .chain((1..10).map(|i| {
            let items = vec![format!("*a{}", i - 1); 10].join(", ");
            format!("a{i}: &a{i} [{items}]\n")
        }))
        .collect();
    for (text, expected) in [
        ("", vec!["RC013 1:1"]),
        ("# only\n", vec!["RC013 1:1"]),
        ("---\n...\n", vec!["RC013 1:1"]),
        ("a: 1\na: 2\n", vec!["RC005 2:1"]),
        ("x: {a: 1, b: 2, a: 3}\n", vec!["RC005 1:17"]),
        ("? [a]\n: 1\n", vec!["RC010 1:3"]),
        ("? {a: 1}\n: 1\n", vec!["RC010 1:3"]),
        ("~: 1\n", vec!["RC010 1:1"]),
        ("a: !!str 1\n", vec!["RC009 1:4"]),
        ("a: !foo [1]\n", vec!["RC009 1:4"]),
        ("a: *gone\nb: *gone\n", vec!["RC007 1:4", "RC007 2:4"]),
        ("a: &a [*a]\n", vec!["RC007 1:8"]),
        (&bomb, vec!["RC007 5:45"]),
        ("a: 1\n---\nb: 2\n", vec!["RC008 2:1"]),
        (&deep, vec!["RC006 1:129"]),
        (&deep_but_allowed, vec!["RC006 1:129"]),
        ("a:\n\tb: 1\n", vec!["RC004 2:2"]),
        ("\ta: 1\n", vec!["RC004 1:2"]),
        ("a: 'x\n", vec!["RC004 1:6"]),
        ("a: \"\\q\"\n", vec!["RC004 1:4"]),
        ("a: [1\n", vec!["RC004 1:4"]),
        ("a: b: c\n", vec!["RC004 1:5"]),
        ("a: x\u{200b}y\n", vec!["RC011 1:5"]),
        ("a: \u{202e}x # \u{2066}\n", vec!["RC011 1:4", "RC011 1:9"]),
        ("a: b: c\nd: 1\ne: f: g\n", vec!["RC004 1:5", "RC004 3:5"]),
        ("a:\n  b: c: d\n    e: 1\n  f: 2\ng: h: i\n", vec!["RC004 2:7", "RC004 5:5"]),
    ] {
        let found = found(text);
        if found != expected {
            wrong.push(format!(
                "{:?}: {found:?}, not {expected:?}",
                text.chars().take(80).collect::<String>()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn fine_text() {
    for text in [
        "\u{feff}a: 1\n",
        "a: 1\r\nb:\r\n  - 2\r\n",
        "a: &x [1, 2]\nb: *x\nc: *x\n",
        "---\na: 1\n...\n",
        "a: |\n  text\n  more\nb: >-\n  folded\n",
        "a: é # ü\nb: \"\\u00e9\"\n",
        // An escape is visible in the file; live names can hold such characters.
        "a: \"\\u202e\\0\\x1b\"\n",
        "a: {b: [1, {c: d}]}\n",
        "a:\n- 1\n- 2\n",
        "'a b': \"c: d\"\n",
    ] {
        assert_eq!(found(text), Vec::<String>::new(), "{text:?}");
    }
}

#[test]
fn places_are_exact() {
    let text = "é: 'a b'\nb:\n  - x: 1 # c\n    y: |\n      text\n\nc: [ 1, 2 ]\n";
    let Parsed { root, comments, .. } = parse(text, HERE);
    let root = root.expect("a tree");
    let mut slices = Vec::new();
    fn walk<'s>(node: &Node<'_>, text: &'s str, slices: &mut Vec<&'s str>) {
        match &node.kind {
            Kind::Scalar { .. } => slices.push(node.span.slice(text)),
            Kind::List(items) => {
                slices.push(node.span.slice(text));
                items.iter().for_each(|item| walk(item, text, slices));
            }
            Kind::Map(entries) => entries.iter().for_each(|(key, value)| {
                slices.push(key.span.slice(text));
                walk(value, text, slices);
            }),
        }
    }
    walk(&root, text, &mut slices);
    assert_eq!(slices[..4], ["é", "'a b'", "b", "- x: 1 # c\n    y: |\n      text"]);
    assert_eq!(slices[4..7], ["x", "1", "y"]);
    assert!(slices[7].ends_with("text"), "{:?}", slices[7]);
    assert_eq!(slices[8..], ["c", "[ 1, 2 ]", "1", "2"]);
    assert_eq!(comments.iter().map(|comment| comment.span.slice(text)).collect::<Vec<_>>(), ["# c"]);
}

#[test]
fn bytes_that_are_no_text() {
    let mut files = Memory::new([("rolecall.yaml", testing::CONFIG)]);
    files.0.insert("roles/a.yaml".into(), b"provider: acme\nroles: \xff\n".to_vec());
    let loaded = testing::load(&files);
    assert_eq!(
        testing::lines(&loaded),
        ["RC002 roles/a.yaml:2:8: the file is not UTF-8: line 2, column 8 (byte 22) holds 0xFF"]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut files = Memory::new([("rolecall.yaml", testing::CONFIG)]);
        files.0.insert("roles/a.yaml".into(), bytes.clone());
        testing::load(&files);
        testing::load(&Memory([("rolecall.yaml".to_owned(), bytes)].into()));
    }

    #[test]
    fn no_yaml_like_text_makes_it_panic(
        parts in prop::collection::vec(prop::sample::select(vec![
            "provider: acme\n", "roles:\n", "  a:\n", "    permissions: ", "[", "]", "{", "}", "read_code", ": ", "- ",
            "\n", "  ", "\t", "&x ", "*x", "'", "\"", "# rolecall: allow RC040 because x\n", "|\n", "---\n", "~", "012",
            "include: [a]\n", "permission_sets:\n", "assignments:\n", "role: a\n", "users: [u]\n", "? ", "<<", "é", "\u{feff}",
            "removed:\n", "default_role: a\n", "!t ", "%YAML 1.2\n", ",",
        ]), 0..40)
    ) {
        let text = parts.concat();
        let loaded = testing::load_one(&format!("provider: acme\n{text}"));
        for finding in &loaded.findings {
            for label in &finding.labels {
                let source = loaded.sources.get(label.site.source).expect("a source");
                prop_assert!(label.site.start <= label.site.end);
                prop_assert!(source.text.get(label.site.start as usize..label.site.end as usize).is_some(), "{text:?}");
            }
        }
        testing::load_one(&text);
    }

    /// What is written by the YAML writer of this crate is read back the same.
    #[test]
    fn scalars_survive(texts in prop::collection::vec("[ -~éß\n]{0,20}", 1..8)) {
        let written = serde_yaml::to_string(&texts).expect("YAML");
        let parsed = parse(&written, HERE);
        prop_assert!(!parsed.broken, "{written}");
        let Some(Node { kind: Kind::List(items), .. }) = parsed.root else { return Err(TestCaseError::fail(written)) };
        let read: Vec<String> = items
            .iter()
            .map(|item| match &item.json() {
                serde_json::Value::String(text) => text.clone(),
                other => format!("{other:?}"),
            })
            .collect();
        prop_assert_eq!(read, texts, "{}", written);
    }
}
