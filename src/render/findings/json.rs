//! Findings for programs: a versioned JSON document.

use schemars::{JsonSchema, generate::SchemaSettings};
use serde::Serialize;

use super::{Count, Spot, labels, ordered};
use crate::{
    model::{Finding, Level, Sources, Untrusted},
    render,
};

/// The findings as a [`Document`], indented, with a line feed at the end.
pub fn json(findings: &[Finding], sources: &Sources) -> String {
    render::json::to_string(&Document::new(findings, sources))
}

/// The JSON Schema of [`Document`], with a line feed at the end.
pub fn schema() -> String {
    let mut schema =
        SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<Document>();
    schema.insert("$id".to_owned(), "urn:rolecall:schema:findings:1".into());
    render::json::to_string(&schema)
}

/// What `validate --format json` prints.
///
/// Within one version fields are only added. Lines and columns count from 1, columns count Unicode
/// code points, and an end is the place behind the last character.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "Findings of rolecall")]
pub struct Document {
    /// Version of this format.
    #[schemars(extend("const" = 1))]
    pub version: u32,
    /// Ordered by file and place; those without a place first.
    pub findings: Vec<Item>,
    /// How many there are.
    pub summary: Summary,
}

/// One problem.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Item {
    /// The stable code.
    #[schemars(regex(pattern = "^RC[0-9]{3}$"))]
    pub code: &'static str,
    /// How much it weighs.
    pub level: Severity,
    /// What is wrong.
    #[schemars(with = "String")]
    pub message: Untrusted,
    /// The primary place; all of it is null where the problem has no place in a file.
    #[serde(flatten)]
    pub place: Place,
    /// What to do.
    #[schemars(with = "Option<String>")]
    pub help: Option<Untrusted>,
    /// Every place; the first is the primary one.
    pub labels: Vec<Labelled>,
}

/// A range of characters in a file.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Place {
    /// Path relative to the root of the definitions, with `/`.
    pub file: Option<String>,
    /// The git revision that the file was read from; null for the work tree.
    pub revision: Option<String>,
    /// First line.
    pub line: Option<u32>,
    /// Column of the first character.
    pub column: Option<u32>,
    /// Last line.
    pub end_line: Option<u32>,
    /// Column behind the last character.
    pub end_column: Option<u32>,
}

/// A place with what is to be seen there.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Labelled {
    /// Where.
    #[serde(flatten)]
    pub place: Place,
    /// A few words, may be empty.
    #[schemars(with = "String")]
    pub text: Untrusted,
}

/// How much a finding weighs.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The definitions cannot be used.
    Error,
    /// Worth knowing; nothing is refused.
    Warning,
}

/// How many findings there are.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Summary {
    /// Findings of level error.
    pub errors: usize,
    /// Findings of level warning.
    pub warnings: usize,
    /// Files with a finding.
    pub files: usize,
}

impl Document {
    /// The document of these findings.
    pub fn new(findings: &[Finding], sources: &Sources) -> Self {
        let findings = ordered(findings, sources);
        let Count { errors, warnings, files } = Count::of(&findings, sources);
        Self {
            version: 1,
            findings: findings.iter().map(|finding| Item::new(finding, sources)).collect(),
            summary: Summary { errors, warnings, files },
        }
    }
}

impl Item {
    fn new(finding: &Finding, sources: &Sources) -> Self {
        Self {
            code: finding.code.as_str(),
            level: match finding.level {
                Level::Error => Severity::Error,
                Level::Warning => Severity::Warning,
            },
            message: finding.message.clone(),
            place: labels(finding, sources).next().map(|(_, spot)| Place::new(&spot)).unwrap_or_default(),
            help: finding.help.clone(),
            labels: labels(finding, sources)
                .map(|(label, spot)| Labelled { place: Place::new(&spot), text: label.text.clone() })
                .collect(),
        }
    }
}

impl Place {
    fn new(spot: &Spot<'_>) -> Self {
        Self {
            file: Some(spot.source.path.to_string()),
            revision: spot.source.revision.as_deref().map(str::to_owned),
            line: Some(spot.start.line),
            column: Some(spot.start.column),
            end_line: Some(spot.end.line),
            end_column: Some(spot.end.column),
        }
    }
}
