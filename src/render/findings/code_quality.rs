//! Findings as a Code Quality report, a list that a merge request shows at the changed lines: a part of
//! <https://github.com/codeclimate/platform/blob/master/spec/analyzers/SPEC.md>.

use std::collections::BTreeMap;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::{in_repository, labels, ordered};
use crate::{
    model::{Finding, Level, Sources},
    render::{escape::terminal, json},
};

/// What has no place in a file stands at the beginning of this one.
const CONFIG: &str = "rolecall.yaml";

/// The report; an empty list where nothing is wrong. `prefix` is the path of the definitions' root within
/// the repository.
pub fn code_quality(findings: &[Finding], sources: &Sources, prefix: &str) -> String {
    let mut seen = BTreeMap::new();
    let issue = |finding: &&Finding| {
        let spot = labels(finding, sources).next().map(|(_, spot)| spot);
        let (file, begin) = spot.map_or((CONFIG, 1), |spot| (&*spot.source.path, spot.start.line));
        let mut description = terminal(finding.message.raw()).into_owned();
        if let Some(help) = &finding.help {
            description.push(' ');
            description.push_str(&terminal(help.raw()));
        }
        Issue {
            description,
            check_name: finding.code.as_str(),
            fingerprint: fingerprint(&[finding.code.as_str(), file, finding.message.raw()], &mut seen),
            severity: if finding.level == Level::Error { "critical" } else { "minor" },
            location: Location { path: in_repository(prefix, file), lines: Lines { begin } },
        }
    };
    json::to_string(&ordered(findings, sources).iter().map(issue).collect::<Vec<_>>())
}

/// A digest that stays when lines move: of code, file, message, and how many equal ones came before.
fn fingerprint(parts: &[&str], seen: &mut BTreeMap<Vec<u8>, u32>) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    let count = seen.entry(digest.clone().finalize().to_vec()).or_default();
    *count += 1;
    digest.update(count.to_be_bytes());
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[derive(Serialize)]
struct Issue {
    description: String,
    check_name: &'static str,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
}
