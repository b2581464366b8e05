//! Findings as SARIF 2.1.0, for code scanning:
//! <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>. Only what is written is
//! modelled.

use std::collections::{BTreeMap, BTreeSet};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::{Spot, in_repository, labels, ordered};
use crate::{
    model::{Code, Finding, Level, Sources},
    render::{escape::terminal, json},
};

/// Everything but the unreserved characters of RFC 3986 and the separator of segments.
const URI: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// One SARIF log with one run. A finding without a place is a notification of the run, because
/// consumers refuse results without a location.
///
/// `prefix` is the path of the definitions' root within the repository, empty where they are the
/// same: `%SRCROOT%` is the repository's root.
pub fn sarif(findings: &[Finding], sources: &Sources, prefix: &str) -> String {
    let findings = ordered(findings, sources);
    let codes: BTreeSet<Code> = findings.iter().map(|finding| finding.code).collect();
    let codes: Vec<Code> = codes.into_iter().collect();
    let mut seen = BTreeMap::new();
    let (mut results, mut notifications) = (Vec::new(), Vec::new());
    for finding in &findings {
        let rule = codes.binary_search(&finding.code).unwrap_or_default();
        let places: Vec<Location> = labels(finding, sources)
            .map(|(label, spot)| Location::new(&spot, label.text.raw(), prefix))
            .collect();
        let mut places = places.into_iter();
        let Some(mut primary) = places.next() else {
            notifications.push(Notification {
                associated_rule: RuleReference { id: finding.code.as_str(), index: rule },
                level: level(finding.level),
                message: message(finding),
            });
            continue;
        };
        primary.message = None;
        let related = places.enumerate().map(|(id, place)| Location { id: Some(id + 1), ..place }).collect();
        results.push(SarifResult {
            rule_id: finding.code.as_str(),
            rule_index: rule,
            level: level(finding.level),
            message: message(finding),
            partial_fingerprints: fingerprint(finding, &primary, &mut seen),
            locations: vec![primary],
            related_locations: related,
        });
    }
    let driver = Driver {
        name: "rolecall",
        version: env!("CARGO_PKG_VERSION"),
        semantic_version: env!("CARGO_PKG_VERSION"),
        information_uri: env!("CARGO_PKG_REPOSITORY"),
        rules: codes.into_iter().map(Rule::new).collect(),
    };
    json::to_string(&Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: vec![Run {
            tool: Tool { driver },
            automation_details: AutomationDetails { id: "rolecall/" },
            column_kind: "unicodeCodePoints",
            invocations: vec![Invocation {
                execution_successful: true,
                tool_configuration_notifications: notifications,
            }],
            results,
        }],
    })
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
    }
}

fn message(finding: &Finding) -> Message {
    let mut text = plain(finding.message.raw());
    if let Some(help) = &finding.help {
        text.push('\n');
        text.push_str(&plain(help.raw()));
    }
    Message { text }
}

/// Text in which nothing is a link. SARIF reads `[text](target)` in messages (section 3.11.6); where
/// that could stand, brackets and backslashes are escaped as it says, elsewhere they are left alone
/// for consumers that do not undo it.
fn plain(text: &str) -> String {
    let text = terminal(text);
    if text.contains("](") {
        text.replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]")
    } else {
        text.into_owned()
    }
}

/// A digest that stays when lines move: of code, file, message, and how many equal ones came before.
/// The file's text is not part of it, as it may hold a credential.
fn fingerprint(
    finding: &Finding,
    primary: &Location,
    seen: &mut BTreeMap<[u8; 32], usize>,
) -> BTreeMap<&'static str, String> {
    let mut digest = Sha256::new();
    for part in
        [finding.code.as_str(), &primary.physical_location.artifact_location.uri, finding.message.raw()]
    {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    let digest: [u8; 32] = digest.finalize().into();
    let count = seen.entry(digest).or_default();
    *count += 1;
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    BTreeMap::from([("rolecallFinding/v1", format!("{hex}:{count}"))])
}

#[derive(Serialize)]
struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: Vec<Run>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    automation_details: AutomationDetails,
    column_kind: &'static str,
    invocations: Vec<Invocation>,
    results: Vec<SarifResult>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    version: &'static str,
    semantic_version: &'static str,
    information_uri: &'static str,
    rules: Vec<Rule>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: &'static str,
    name: String,
    short_description: Message,
    help_uri: String,
    default_configuration: Configuration,
}

impl Rule {
    fn new(code: Code) -> Self {
        let anchor = code.as_str().to_ascii_lowercase();
        Self {
            id: code.as_str(),
            name: format!("{code:?}"),
            short_description: Message { text: code.summary().to_owned() },
            help_uri: format!("{}/blob/main/docs/codes.md#{anchor}", env!("CARGO_PKG_REPOSITORY")),
            default_configuration: Configuration { level: code.default_level().map_or("none", level) },
        }
    }
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct AutomationDetails {
    id: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_configuration_notifications: Vec<Notification>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Notification {
    associated_rule: RuleReference,
    level: &'static str,
    message: Message,
}

#[derive(Serialize)]
struct RuleReference {
    id: &'static str,
    index: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifResult {
    rule_id: &'static str,
    rule_index: usize,
    level: &'static str,
    message: Message,
    locations: Vec<Location>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location>,
    partial_fingerprints: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
struct Message {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    physical_location: PhysicalLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Message>,
}

impl Location {
    fn new(spot: &Spot<'_>, text: &str, prefix: &str) -> Self {
        let path = in_repository(prefix, &spot.source.path);
        Self {
            id: None,
            physical_location: PhysicalLocation {
                artifact_location: ArtifactLocation {
                    uri: utf8_percent_encode(&path, URI).to_string(),
                    uri_base_id: "%SRCROOT%",
                    properties: spot
                        .source
                        .revision
                        .as_deref()
                        .map(|revision| Properties { revision: revision.to_owned() }),
                },
                region: Region {
                    start_line: spot.start.line,
                    start_column: spot.start.column,
                    end_line: spot.end.line,
                    end_column: spot.end.column,
                },
            },
            message: (!text.is_empty()).then(|| Message { text: plain(text) }),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    region: Region,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactLocation {
    uri: String,
    uri_base_id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    properties: Option<Properties>,
}

#[derive(Serialize)]
struct Properties {
    revision: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    start_column: u32,
    end_line: u32,
    end_column: u32,
}
