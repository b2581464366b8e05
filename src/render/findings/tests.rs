#![expect(clippy::panic, reason = "a test ends there")]

mod sarif;
mod text;

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::{
    model::{Code, SourceId, Untrusted},
    render::{
        Style,
        corpus::{any_text, assert_inert, hostile},
    },
};

const PLAIN: Style = Style { color: false, unicode: true, width: 80 };

const ROLES: &str = "\
roles:
  reviewer:
    name: Reviewer
    permissions:
      reviews: [read, rite]
  helper:
    name: Reviewer
    token: s3cr3t-t0k3n-value
";

const SETS: &str = "permission_sets:\n  all: [everything]\n";

fn sources() -> Sources {
    let mut sources = Sources::default();
    sources.add(Source::new("roles/team a.yaml", None, ROLES));
    sources.add(Source::new("roles/sets.yaml", None, SETS));
    sources.add(Source::new("roles/sets.yaml", Some("1725b9b".into()), SETS));
    sources
}

/// The place of the `nth` occurrence of `needle` in source `id`.
#[track_caller]
fn site(sources: &Sources, id: u32, needle: &str, nth: usize) -> Site {
    let source = sources.get(SourceId(id)).map(|source| source.text.clone()).unwrap_or_default();
    let found = source.match_indices(needle).nth(nth);
    let (start, _) = found.unwrap_or_else(|| panic!("no {needle:?}"));
    Site { source: SourceId(id), start: start as u32, end: (start + needle.len()) as u32 }
}

fn findings(sources: &Sources) -> Vec<Finding> {
    vec![
        Finding::new(Code::SameName, "two roles are named `Reviewer`")
            .at(site(sources, 0, "Reviewer", 1), "this one")
            .at(site(sources, 0, "Reviewer", 0), "and this one"),
        Finding::new(Code::UnknownPermission, "`reviews` has no access `rite`")
            .at(site(sources, 0, "rite", 0), "not an access")
            .help("Did you mean `write`?"),
        Finding::new(Code::NoFiles, "`roles/*.yml` matches no file"),
        Finding::new(Code::PlaintextCredential, "a credential stands in a file")
            .at(site(sources, 0, "s3cr3t-t0k3n-value", 0), "a token")
            .help("Revoke it, then name a variable that holds the new one."),
        Finding::new(Code::Cycle, "`all` includes itself")
            .at(site(sources, 1, "all", 0), "")
            .at(site(sources, 2, "everything", 0), "as it was"),
    ]
}

/// `text` alone in a file, underlined as a whole, and in every other text of a finding.
fn hostile_finding(text: &str) -> (Vec<Finding>, Sources) {
    let mut sources = Sources::default();
    let source =
        sources.add(Source::new(format!("a/{text}.yaml"), Some(text.into()), format!("k: {text}\nx: y\n")));
    let whole = Site { source, start: 3, end: 3 + text.len() as u32 };
    let finding =
        Finding::new(Code::Grammar, text).at(whole, text).at(Site { source, start: 0, end: 1 }, text);
    (vec![finding.help(text)], sources)
}

#[test]
fn json_has_every_place() {
    let sources = sources();
    insta::assert_snapshot!(json(&findings(&sources)[2..4], &sources), @r#"
    {
      "version": 1,
      "findings": [
        {
          "code": "RC016",
          "level": "warning",
          "message": "`roles/*.yml` matches no file",
          "file": null,
          "revision": null,
          "line": null,
          "column": null,
          "end_line": null,
          "end_column": null,
          "help": null,
          "labels": []
        },
        {
          "code": "RC036",
          "level": "error",
          "message": "a credential stands in a file",
          "file": "roles/team a.yaml",
          "revision": null,
          "line": 8,
          "column": 12,
          "end_line": 8,
          "end_column": 30,
          "help": "Revoke it, then name a variable that holds the new one.",
          "labels": [
            {
              "file": "roles/team a.yaml",
              "revision": null,
              "line": 8,
              "column": 12,
              "end_line": 8,
              "end_column": 30,
              "text": "a token"
            }
          ]
        }
      ],
      "summary": {
        "errors": 1,
        "warnings": 1,
        "files": 1
      }
    }
    "#);
}

#[test]
fn the_schema_of_the_json_is_the_committed_one() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/findings.schema.json");
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(path, schema()).unwrap_or_else(|error| panic!("{path}: {error}"));
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(committed, schema(), "run the tests with UPDATE_SCHEMA=1 and review the difference");
}

#[track_caller]
fn assert_valid(schema: &str, document: &str) -> Value {
    // The pattern of a language in the published schema has a bracket too many for strict readers.
    let schema: Value = serde_json::from_str(&schema.replace("{2}]?$", "{2}$")).unwrap_or_default();
    let document: Value = serde_json::from_str(document).unwrap_or_default();
    assert!(schema.is_object() && document.is_object());
    let validator = jsonschema::options().should_validate_formats(true).build(&schema);
    let validator = validator.unwrap_or_else(|error| panic!("{error}"));
    let errors: Vec<String> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    document
}

const SARIF_SCHEMA: &str = include_str!("../../../tests/data/sarif-schema-2.1.0.json");

#[test]
fn every_document_follows_its_schema() {
    let sources = sources();
    let findings = findings(&sources);
    assert_valid(&schema(), &json(&findings, &sources));
    assert_valid(SARIF_SCHEMA, &sarif(&findings, &sources, ""));
    assert_valid(&schema(), &json(&[], &sources));
    assert_valid(SARIF_SCHEMA, &sarif(&[], &sources, ""));
    for text in hostile() {
        let (findings, sources) = hostile_finding(&text);
        assert_valid(&schema(), &json(&findings, &sources));
        assert_valid(SARIF_SCHEMA, &sarif(&findings, &sources, "infra/"));
    }
}

#[test]
fn a_code_quality_report_names_findings_apart_from_lines() {
    let sources = sources();
    let report = report(&code_quality(&findings(&sources), &sources, "access/"));
    assert_eq!(report.len(), findings(&sources).len());
    let mut prints: Vec<String> = report.iter().map(|issue| issue["fingerprint"].to_string()).collect();
    prints.sort_unstable();
    prints.dedup();
    assert_eq!(prints.len(), report.len(), "every finding has a fingerprint of its own");
    for issue in &report {
        let path = issue["location"]["path"].as_str().unwrap_or_default();
        assert!(path.starts_with("access/") && issue["location"]["lines"]["begin"].as_u64() >= Some(1));
        assert!(matches!(issue["severity"].as_str(), Some("critical" | "minor")));
        assert!(issue["check_name"].as_str().is_some_and(|name| name.starts_with("RC")));
    }
    assert_eq!(code_quality(&[], &sources, ""), "[]\n");
}

/// The issues of a code quality report.
fn report(text: &str) -> Vec<Value> {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn github_puts_errors_first_and_counts_the_rest() {
    let sources = sources();
    insta::assert_snapshot!(github(&findings(&sources), &sources, "access/", None), @r"
    ::error file=access/roles/sets.yaml,line=2,endLine=2,col=3,endColumn=6,title=RC033::`all` includes itself%0Aroles/sets.yaml:2:9: as it was
    ::error file=access/roles/team a.yaml,line=5,endLine=5,col=23,endColumn=27,title=RC035::`reviews` has no access `rite`%0Anot an access%0ADid you mean `write`?
    ::error file=access/roles/team a.yaml,line=7,endLine=7,col=11,endColumn=19,title=RC034::two roles are named `Reviewer`%0Athis one%0Aroles/team a.yaml:3:11: and this one
    ::error file=access/roles/team a.yaml,line=8,endLine=8,col=12,endColumn=30,title=RC036::a credential stands in a file%0Aa token%0ARevoke it, then name a variable that holds the new one.
    ::warning title=RC016::`roles/*.yml` matches no file
    ");
    insta::assert_snapshot!(github(&findings(&sources), &sources, "", Some(1)), @r"
    ::error file=roles/sets.yaml,line=2,endLine=2,col=3,endColumn=6,title=RC033::`all` includes itself%0Aroles/sets.yaml:2:9: as it was
    ::notice title=rolecall::without an annotation: 3 errors, 1 warning
    ");
    assert_eq!(github(&[], &sources, "", Some(0)), "");
}

#[test]
fn hostile_text_is_inert_in_every_format() {
    for hostile in hostile() {
        let (findings, sources) = hostile_finding(&hostile);
        assert_inert(&json(&findings, &sources), false);
        assert_inert(&sarif(&findings, &sources, ""), false);
        let quality = code_quality(&findings, &sources, "");
        assert_inert(&quality, false);
        assert_inert(&markdown(&findings, &sources), false);
        for issue in report(&quality) {
            assert_inert(issue["description"].as_str().unwrap_or("\0"), false);
        }
        for width in [0, 40, 80, usize::MAX] {
            for (color, unicode) in [(false, false), (true, true)] {
                let shown = text(&findings, &sources, &[], &Style { color, unicode, width });
                assert_inert(&shown, color);
                for line in shown.lines() {
                    assert!(!line.trim_start().starts_with("::"), "{shown}");
                }
            }
        }
        let commands = github(&findings, &sources, "", None);
        assert_inert(&commands, false);
        assert_eq!(commands.lines().count(), 1, "{commands}");
        assert!(
            commands.starts_with("::error file=a/") && commands.matches(",title=RC024::").count() == 1,
            "{commands}"
        );
    }
}

#[test]
fn the_json_gives_every_text_back() {
    for hostile in hostile() {
        let (findings, sources) = hostile_finding(&hostile);
        let document: Value = serde_json::from_str(&json(&findings, &sources)).unwrap_or_default();
        let item = &document["findings"][0];
        for text in [&item["message"], &item["help"], &item["revision"], &item["labels"][0]["text"]] {
            assert_eq!(text, &hostile);
        }
    }
}

/// Findings with any spans in any files, some of which do not exist.
fn any_findings() -> impl Strategy<Value = (Vec<Finding>, Vec<String>, Vec<Site>)> {
    let file = proptest::collection::vec(prop_oneof![any_text(), "[a-z: \r\n]{0,200}"], 0..6)
        .prop_map(|lines| lines.join("\n"));
    let offset = prop_oneof![0..40_u32, 0..600_u32, Just(u32::MAX)];
    let site = (0..4_u32, offset.clone(), offset).prop_map(|(source, start, end)| Site {
        source: SourceId(source),
        start,
        end,
    });
    let label = (site.clone(), prop_oneof![Just(String::new()), any_text()]);
    let finding = (proptest::sample::select(Code::ALL), any_text(), proptest::collection::vec(label, 0..5))
        .prop_map(|(code, message, labels)| Finding {
            labels: labels
                .into_iter()
                .map(|(site, text)| Label { site, text: Untrusted::from(text) })
                .collect(),
            ..Finding::new(code, message)
        });
    (
        proptest::collection::vec(finding, 0..4),
        proptest::collection::vec(file, 0..4),
        proptest::collection::vec(site, 0..3),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn no_span_breaks_a_renderer((findings, files, masked) in any_findings(), width in 0..120_usize, unicode: bool) {
        let mut sources = Sources::default();
        for (index, file) in files.iter().enumerate() {
            sources.add(Source::new(format!("{index}.yaml"), None, file.as_str()));
        }
        let shown = text(&findings, &sources, &masked, &Style { color: false, unicode, width });
        assert_inert(&shown, false);
        prop_assert!(!shown.contains("Failed to read"), "{}", shown);
        assert_valid(&schema(), &json(&findings, &sources));
        assert_inert(&sarif(&findings, &sources, ""), false);
        prop_assert_eq!(github(&findings, &sources, "", None).lines().count(), findings.len());
    }
}
