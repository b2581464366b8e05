//! The targets of a configuration, for a person and for a CI system's matrix.

use schemars::{JsonSchema, generate::SchemaSettings};
use serde::Serialize;

use super::{escape, json};
use crate::model::{Untrusted, config::Target};

/// Most jobs of one matrix: <https://docs.github.com/en/actions/reference/limits>.
pub const LARGEST_MATRIX: usize = 256;

/// One target, as programs read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Item {
    /// Its name.
    name: String,
    /// The provider.
    provider: String,
    /// Whether the emulator stands in for the product.
    emulator: bool,
    /// The environment variable with its credential.
    credential: Untrusted,
}

/// What `targets --format json` prints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Document {
    /// Version of this format.
    format_version: u32,
    /// The targets, in the order of the configuration.
    targets: Vec<Item>,
}

impl Document {
    /// The document of `targets`.
    pub fn of<'a>(targets: impl Iterator<Item = &'a Target>) -> Self {
        let item = |target: &Target| Item {
            name: target.name.to_string(),
            provider: target.provider.to_owned(),
            emulator: target.emulator,
            credential: target.credential.variable().into(),
        };
        Self { format_version: 1, targets: targets.map(item).collect() }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.targets.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.targets.is_empty()
    }

    /// A line for each.
    pub fn text(&self) -> String {
        let name = self.targets.iter().map(|item| item.name.len()).max().unwrap_or(0);
        let provider = self.targets.iter().map(|item| item.provider.len()).max().unwrap_or(0);
        let line = |item: &Item| {
            let credential = match item.emulator {
                true => "EMULATOR".into(),
                false => escape::terminal(item.credential.raw()),
            };
            format!("{:name$}  {:provider$}  {credential}\n", item.name, item.provider)
        };
        self.targets.iter().map(line).collect()
    }

    /// For programs.
    pub fn json(&self) -> String {
        json::to_string(self)
    }

    /// A matrix with a job for each target: `{"include":[{"target":"reviews"}]}`.
    pub fn matrix(&self) -> String {
        let include: Vec<_> =
            self.targets.iter().map(|item| serde_json::json!({ "target": item.name })).collect();
        json::to_line(&serde_json::json!({ "include": include })) + "\n"
    }
}

/// A matrix with a job for each of `parts` parts: `{"include":[{"shard":"1/8"}]}`.
pub fn shards(parts: u32) -> String {
    let include: Vec<_> =
        (1..=parts).map(|part| serde_json::json!({ "shard": format!("{part}/{parts}") })).collect();
    json::to_line(&serde_json::json!({ "include": include })) + "\n"
}

/// The JSON Schema (draft 2020-12) of what [`Document::json`] writes: `schema/targets.schema.json`.
pub fn schema() -> String {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<Document>();
    schema.insert("$id".to_owned(), "urn:rolecall:schema:targets:1".into());
    schema.insert("title".to_owned(), "rolecall targets".into());
    json::to_string(&schema.to_value())
}
