//! What an assignment may hold: one list, and one table, for each kind of principal.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{edit, roles::scope_of};
use crate::{contract::Spec, definition::definition_file::FROM};

pub(super) fn assignment_of(spec: &dyn Spec, assignment: &mut Value) {
    let places = spec.principals().iter().flat_map(|class| class.scopes);
    scope_of(&places.copied().collect::<Vec<_>>(), Some(&mut *assignment));
    let fields: BTreeSet<&str> = spec.principals().iter().map(|class| class.field).collect();
    edit(assignment, "/properties/exclusive", |exclusive| {
        exclusive.insert("items".into(), json!({ "type": "string", "enum": fields }));
    });
    edit(assignment, "/properties/expires", |expires| {
        expires.insert("format".into(), json!("date"));
    });
    edit(assignment, "/properties", |properties| {
        for class in spec.principals() {
            let about = format!("Principals of the class {}: {}.", class.class, class.spellings.about);
            let items = json!({ "type": "string", "minLength": 1, "maxLength": 320 });
            // Several classes can share a field; the first one is the usual one.
            let list = json!({ "description": about, "type": "array", "items": items });
            properties.entry(class.field).or_insert(list);
            properties.insert(format!("{}{FROM}", class.field), table_of(class.field));
        }
    });
    edit(assignment, "", |assignment| {
        assignment.insert("additionalProperties".into(), json!(false));
        assignment.insert("required".into(), json!(["role"]));
    });
}

/// A column of a table, in place of a list.
fn table_of(field: &str) -> Value {
    json!({
        "description": format!("More of `{field}`, from a column of a CSV file; an e-mail address needs no `email:` there."),
        "type": "object",
        "properties": {
            "file": {
                "description": "The CSV file, relative to the configuration. Its first line names the columns.",
                "type": "string", "minLength": 5, "maxLength": 1024, "pattern": "\\.csv$"
            },
            "column": {
                "description": "The column, by its name in the first line.",
                "type": "string", "minLength": 1, "maxLength": 255
            }
        },
        "required": ["file", "column"],
        "additionalProperties": false
    })
}
