//! The live catalogue of a target, as it is kept beside the definitions for completion and
//! warnings: `.rolecall/catalog/TARGET.json`.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::Untrusted;

/// What the provider's API offered when the file was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CatalogueFile {
    /// Version of this format: 1.
    pub version: u32,
    /// The provider that was asked.
    pub provider: String,
    /// Permissions in canonical spelling.
    pub permissions: BTreeSet<Untrusted>,
}

impl CatalogueFile {
    /// The version that is written and read.
    pub const VERSION: u32 = 1;

    /// Where the file of a target lies, relative to the root of the definitions.
    pub fn path(target: &str) -> String {
        format!(".rolecall/catalog/{target}.json")
    }

    /// Reads the file of a target of `provider`; the error is one sentence.
    pub(crate) fn parse(bytes: &[u8], provider: &str) -> Result<Self, String> {
        let file: Self = serde_json::from_slice(bytes)
            .map_err(|error| format!("line {}, column {}: not a catalogue", error.line(), error.column()))?;
        if file.version != Self::VERSION {
            return Err(format!("version {} of the format is not known", file.version));
        }
        if file.provider != provider {
            return Err("it belongs to another provider".to_owned());
        }
        Ok(file)
    }
}
