//! A plan and the result of an apply as JSON, and the schemas of both.

use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::Value;

use crate::{
    plan::{ApplyDocument, PlanDocument},
    render::json,
};

/// The plan as it is; [`PlanDocument::read`] reads it back.
pub fn render(plan: &PlanDocument) -> String {
    json::to_string(plan)
}

/// The result of an apply as it is.
pub fn render_outcome(outcome: &ApplyDocument) -> String {
    json::to_string(outcome)
}

/// The JSON Schema (draft 2020-12) of what [`render`] writes: `schema/plan.schema.json`.
pub fn plan_schema() -> Value {
    schema::<PlanDocument>("urn:rolecall:schema:plan:1", "rolecall plan")
}

/// The JSON Schema (draft 2020-12) of what [`render_outcome`] writes: `schema/apply.schema.json`.
pub fn outcome_schema() -> Value {
    schema::<ApplyDocument>("urn:rolecall:schema:apply:1", "rolecall apply result")
}

fn schema<T: JsonSchema>(id: &str, title: &str) -> Value {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>();
    schema.insert("$id".to_owned(), id.into());
    schema.insert("title".to_owned(), title.into());
    schema.to_value()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may fail by panicking")]
pub(super) mod tests;
