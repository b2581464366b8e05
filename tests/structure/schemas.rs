//! The committed schemas are those of the types and of every known provider.

use std::{fs, path::Path, process::Command};

#[test]
fn the_committed_schemas_are_what_the_program_prints() {
    for (name, file) in [
        ("config", "rolecall"),
        ("definitions", "definitions"),
        ("plan", "plan"),
        ("apply", "apply"),
        ("diff", "diff"),
        ("findings", "findings"),
        ("doctor", "doctor"),
        ("catalog", "catalog"),
        ("targets", "targets"),
    ] {
        let printed = Command::new(env!("CARGO_BIN_EXE_rolecall")).args(["schema", name]).output();
        let printed = String::from_utf8(printed.expect("rolecall runs").stdout).expect("UTF-8");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("schema/{file}.schema.json"));
        if std::env::var_os("UPDATE_SCHEMA").is_some() {
            fs::write(&path, &printed).expect("schema is written");
        }
        let committed = fs::read_to_string(&path).unwrap_or_default();
        assert!(committed == printed, "{} is stale; run: UPDATE_SCHEMA=1 cargo test schemas", path.display());
        let schema: serde_json::Value = serde_json::from_str(&printed).expect("JSON");
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema", "{name}");
        assert!(jsonschema::draft202012::new(&schema).is_ok(), "{name} is a schema");
    }
}
