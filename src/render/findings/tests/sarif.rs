use std::collections::BTreeSet;

use super::{super::sarif, *};

#[test]
fn sarif_for_one_finding() {
    let sources = sources();
    let findings = findings(&sources);
    let chosen = [findings[1].clone(), findings[2].clone(), findings[4].clone()];
    let log = sarif(&chosen, &sources, "access")
        .replace(env!("CARGO_PKG_REPOSITORY"), "REPOSITORY")
        .replace(&format!("ersion\": \"{}", env!("CARGO_PKG_VERSION")), "ersion\": \"VERSION");
    insta::assert_snapshot!(log, @r#"
    {
      "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
      "version": "2.1.0",
      "runs": [
        {
          "tool": {
            "driver": {
              "name": "rolecall",
              "version": "VERSION",
              "semanticVersion": "VERSION",
              "informationUri": "REPOSITORY",
              "rules": [
                {
                  "id": "RC016",
                  "name": "NoFiles",
                  "shortDescription": {
                    "text": "a pattern matches no file"
                  },
                  "helpUri": "REPOSITORY/blob/main/docs/codes.md#rc016",
                  "defaultConfiguration": {
                    "level": "warning"
                  }
                },
                {
                  "id": "RC033",
                  "name": "Cycle",
                  "shortDescription": {
                    "text": "sets or bases that include each other"
                  },
                  "helpUri": "REPOSITORY/blob/main/docs/codes.md#rc033",
                  "defaultConfiguration": {
                    "level": "error"
                  }
                },
                {
                  "id": "RC035",
                  "name": "UnknownPermission",
                  "shortDescription": {
                    "text": "a permission that does not exist"
                  },
                  "helpUri": "REPOSITORY/blob/main/docs/codes.md#rc035",
                  "defaultConfiguration": {
                    "level": "error"
                  }
                }
              ]
            }
          },
          "automationDetails": {
            "id": "rolecall/"
          },
          "columnKind": "unicodeCodePoints",
          "invocations": [
            {
              "executionSuccessful": true,
              "toolConfigurationNotifications": [
                {
                  "associatedRule": {
                    "id": "RC016",
                    "index": 0
                  },
                  "level": "warning",
                  "message": {
                    "text": "`roles/*.yml` matches no file"
                  }
                }
              ]
            }
          ],
          "results": [
            {
              "ruleId": "RC033",
              "ruleIndex": 1,
              "level": "error",
              "message": {
                "text": "`all` includes itself"
              },
              "locations": [
                {
                  "physicalLocation": {
                    "artifactLocation": {
                      "uri": "access/roles/sets.yaml",
                      "uriBaseId": "%SRCROOT%"
                    },
                    "region": {
                      "startLine": 2,
                      "startColumn": 3,
                      "endLine": 2,
                      "endColumn": 6
                    }
                  }
                }
              ],
              "relatedLocations": [
                {
                  "id": 1,
                  "physicalLocation": {
                    "artifactLocation": {
                      "uri": "access/roles/sets.yaml",
                      "uriBaseId": "%SRCROOT%",
                      "properties": {
                        "revision": "1725b9b"
                      }
                    },
                    "region": {
                      "startLine": 2,
                      "startColumn": 9,
                      "endLine": 2,
                      "endColumn": 19
                    }
                  },
                  "message": {
                    "text": "as it was"
                  }
                }
              ],
              "partialFingerprints": {
                "rolecallFinding/v1": "f052950fcb7beb3c357dcc798540601b386e9f0732ad49a63bc4b3de39fc1aaf:1"
              }
            },
            {
              "ruleId": "RC035",
              "ruleIndex": 2,
              "level": "error",
              "message": {
                "text": "`reviews` has no access `rite`\nDid you mean `write`?"
              },
              "locations": [
                {
                  "physicalLocation": {
                    "artifactLocation": {
                      "uri": "access/roles/team%20a.yaml",
                      "uriBaseId": "%SRCROOT%"
                    },
                    "region": {
                      "startLine": 5,
                      "startColumn": 23,
                      "endLine": 5,
                      "endColumn": 27
                    }
                  }
                }
              ],
              "partialFingerprints": {
                "rolecallFinding/v1": "ba06d5011c5a599f28d053ce9be440558fd8ba88337dd341cfd84f80759239b5:1"
              }
            }
          ]
        }
      ]
    }
    "#);
}

#[test]
fn sarif_fingerprints_survive_moved_lines_and_tell_equal_findings_apart() {
    let fingerprints = |before: &str| {
        let mut sources = Sources::default();
        let source = sources.add(Source::new("a.yaml", None, format!("{before}a: b\na: b\n")));
        let at = |start: usize| Site {
            source,
            start: (before.len() + start) as u32,
            end: (before.len() + start + 1) as u32,
        };
        let findings =
            [0, 5].map(|start| Finding::new(Code::UnknownField, "unknown field `a`").at(at(start), ""));
        let log: Value = serde_json::from_str(&sarif(&findings, &sources, "")).unwrap_or_default();
        let results = log["runs"][0]["results"].as_array().cloned().unwrap_or_default();
        results.iter().map(|result| result["partialFingerprints"].to_string()).collect::<Vec<_>>()
    };
    assert_eq!(fingerprints(""), fingerprints("# one\n# two\n"));
    assert_eq!(fingerprints("").into_iter().collect::<BTreeSet<_>>().len(), 2);
}

#[test]
fn sarif_messages_hold_no_links() {
    let mut sources = Sources::default();
    let source = sources.add(Source::new("a.yaml", None, "a"));
    let finding = Finding::new(Code::Grammar, "[x](https://example.test) \u{202e}")
        .at(Site { source, start: 0, end: 1 }, "");
    let log: Value = serde_json::from_str(&sarif(&[finding], &sources, "")).unwrap_or_default();
    assert_eq!(log["runs"][0]["results"][0]["message"]["text"], r"\[x\](https://example.test) \\u{202e}");
}
