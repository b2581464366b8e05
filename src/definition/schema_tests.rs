//! The schemas: what they are, and that they say the same as the reader.

use std::{collections::BTreeSet, path::Path};

use serde_json::Value;

use super::{
    schema::{config_schema, definitions_schema},
    testing::SPECS,
};

#[test]
fn they_are_valid_schemas_with_urns() {
    for (schema, id) in [
        (config_schema(SPECS), "urn:rolecall:schema:config:1"),
        (definitions_schema(SPECS), "urn:rolecall:schema:definitions:1"),
        (config_schema(&[]), "urn:rolecall:schema:config:1"),
        (definitions_schema(&[]), "urn:rolecall:schema:definitions:1"),
    ] {
        assert!(jsonschema::meta::is_valid(&schema), "{id}");
        assert_eq!(schema.get("$id").and_then(Value::as_str), Some(id));
        assert!(jsonschema::validator_for(&schema).is_ok(), "{id}");
    }
}

/// Every field that an editor shows has a description.
#[test]
fn every_field_is_described() {
    fn walk(value: &Value, path: &str, missing: &mut BTreeSet<String>) {
        if let Some(fields) = value.get("properties").and_then(Value::as_object) {
            for (name, field) in fields {
                let branch = path.contains("/if");
                if field.get("description").is_none() && field.get("$ref").is_none() && !branch {
                    missing.insert(format!("{path}/{name}"));
                }
            }
        }
        match value {
            Value::Object(object) => {
                object.iter().for_each(|(k, v)| walk(v, &format!("{path}/{k}"), missing));
            }
            Value::Array(items) => items.iter().for_each(|v| walk(v, path, missing)),
            _ => {}
        }
    }
    let mut missing = BTreeSet::new();
    walk(&config_schema(SPECS), "", &mut missing);
    walk(&definitions_schema(SPECS), "", &mut missing);
    assert_eq!(missing, BTreeSet::new());
}

#[test]
fn each_provider_has_its_own_words() {
    let schema = definitions_schema(SPECS);
    let at = |pointer: &str| schema.pointer(pointer).cloned().unwrap_or_default();
    let names = |key: &str| at(&format!("/$defs/acme.Permission/anyOf/0/{key}"));
    assert_eq!(names("enum/0"), "delete_code");
    assert_eq!(names("enumDescriptions/0"), "Delete code");
    assert_eq!(names("enum/2"), "read_report");
    assert_eq!(names("enumDescriptions/2"), "Read reports. Shows the reports. Requires read_code.");
    assert_eq!(names("enum/4"), Value::Null, "other spellings are understood, and not offered");
    assert_eq!(at("/$defs/acme.RoleEntry/properties/name/maxLength"), 40);
    assert_eq!(at("/$defs/bricks.RoleEntry/properties/description"), Value::Null);
    assert_eq!(at("/$defs/bricks/properties/default_role"), Value::Null);
    assert!(at("/$defs/bricks.Permissions/properties/walls").is_object());
    assert_eq!(at("/$defs/acme.AssignmentEntry/properties/users/type"), "array");
    let config = config_schema(SPECS);
    assert!(config.pointer("/$defs/target.acme/properties/settings/properties/org").is_some());
}

#[test]
fn an_editor_accepts_what_the_reader_accepts() {
    let validator = jsonschema::validator_for(&definitions_schema(SPECS)).expect("a schema");
    let good = serde_json::json!({
        "provider": "bricks",
        "permission_sets": { "look": { "walls": ["read"] }, "more": { "include": ["look"], "permissions": { "roofs": ["read"] } } },
        "roles": { "a": { "include": ["more"], "protect": ["add"] } },
        "removed": ["old", { "name": "Old One", "reassign_to": "a" }]
    });
    assert!(
        validator.is_valid(&good),
        "{:?}",
        validator.iter_errors(&good).map(|e| e.to_string()).collect::<Vec<_>>()
    );
    let spelled = serde_json::json!({ "provider": "acme", "roles": { "a": { "permissions": ["See (all) Reports", "ReadReport", "read_report"] } } });
    assert!(validator.is_valid(&spelled));
    for bad in [
        serde_json::json!({ "provider": "bricks", "roles": { "A": {} } }),
        serde_json::json!({ "provider": "bricks", "roles": { "a": { "permissions": ["read"] } } }),
        serde_json::json!({ "provider": "acme", "roles": { "a": { "permissions": ["read_kode"] } } }),
        serde_json::json!({ "provider": "acme", "roles": { "a": { "colour": "red" } } }),
        serde_json::json!({ "provider": "acme", "roles": { "a": { "permissions": ["See all Reports"] } } }),
        serde_json::json!({ "roles": {} }),
    ] {
        assert!(!validator.is_valid(&bad), "{bad}");
    }
}

/// The committed schemas hold at least what does not depend on a provider; which providers there
/// are is the registry's matter, and is held against these files there.
#[test]
fn the_committed_schemas_have_this_shape() {
    for (file, schema) in
        [("rolecall.schema.json", config_schema(&[])), ("definitions.schema.json", definitions_schema(&[]))]
    {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema").join(file);
        let text = std::fs::read_to_string(&path).expect("a committed schema");
        let committed: Value = serde_json::from_str(&text).expect("JSON");
        for keyword in ["$schema", "$id", "title", "description", "type", "required"] {
            assert_eq!(committed.get(keyword), schema.get(keyword), "{file}: {keyword}");
        }
    }
}
