//! The difference as JSON, and its schema.

use schemars::generate::SchemaSettings;
use serde_json::Value;

use crate::{plan::difference::document::DiffDocument, render::json};

/// The document as it is.
pub fn render(diff: &DiffDocument) -> String {
    json::to_string(diff)
}

/// The JSON Schema (draft 2020-12) of what [`render`] writes: `schema/diff.schema.json`.
pub fn schema() -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut schema = settings.into_generator().into_root_schema_for::<DiffDocument>();
    schema.insert("$id".to_owned(), "urn:rolecall:schema:diff:1".into());
    schema.insert("title".to_owned(), "rolecall diff".into());
    schema.to_value()
}
