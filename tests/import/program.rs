//! A folder of definitions that git owns as a whole, beside an emulated tenant with hostile names.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::{Value, json};

use crate::common::{Emulator, Project};

/// A folder with definitions whose target `reviews` is an emulated tenant.
pub(crate) struct Place {
    project: Project,
    pub(crate) emulator: Emulator,
}

/// What a run said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Roles and people for [`Place::new`].
pub(crate) fn usual() -> Value {
    json!({
        "roles": [
            { "id": "r1", "name": "Security reviewer", "description": "Reads everything", "is_default": true,
              "permissions": ["learnings:read", "learnings:write", "reports:read"] },
            { "id": "r2", "name": "Twin", "permissions": ["reports:read"] },
            { "id": "r3", "name": "Twin", "permissions": ["reports:write"] },
            { "id": "r4", "name": "\u{202e}nimda: #x", "permissions": [] },
        ],
        "users": [
            { "user_id": "1001", "user_name": "ada", "role": "cr_admin" },
            { "user_id": "1002", "user_name": "ben", "role": "cr_admin" },
            { "user_id": "1003", "user_name": "mira", "role": "r1" },
            { "user_id": "1004", "user_name": "okan\nroles: {}", "role": "r3" },
            { "user_id": "1005", "user_name": "lena", "role": "cr_member" },
        ],
    })
}

impl Place {
    /// With roles and people in the form of a seed.
    pub(crate) fn new(org: Value) -> Self {
        let place = Self { project: Project::new(), emulator: Emulator::seeded(org) };
        place.emulator.switch("user_fields", "extended");
        place.configure("[\"roles/**/*.yaml\"]", "");
        place
    }

    /// Writes the configuration, with these patterns and further targets.
    pub(crate) fn configure(&self, files: &str, more: &str) {
        let url = &self.emulator.url;
        self.write(
            "rolecall.yaml",
            &format!(
                "version: 1\ntargets:\n  reviews:\n    provider: coderabbit\n    files: {files}\n    manage: authoritative\n    settings: {{ url: \"{url}\" }}\n{more}"
            ),
        );
    }

    pub(crate) fn path(&self) -> &Path {
        &self.project.dir
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        self.project.write(path, text);
    }

    pub(crate) fn read(&self, path: &str) -> String {
        self.project.read(path)
    }

    /// Every definition file with its bytes.
    pub(crate) fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        for entry in walkdir::WalkDir::new(self.path().join("roles")).into_iter().flatten() {
            if entry.file_type().is_file() {
                let path = entry.path().strip_prefix(self.path()).expect("beneath").display().to_string();
                files.insert(path, fs::read(entry.path()).expect("the file is there"));
            }
        }
        files
    }

    /// Runs it; both streams are as they came.
    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        let output = self.project.command(arguments).output().expect("it runs");
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
        Said { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }

    /// Runs it and expects success.
    pub(crate) fn must(&self, arguments: &[&str]) -> Said {
        let said = self.run(arguments);
        assert_eq!(said.code, Some(0), "{arguments:?}: {said:?}");
        said
    }

    /// An authoritative plan has nothing to do, and leaves nothing alone.
    pub(crate) fn nothing_left(&self) {
        let said = self.must(&["plan", "--format", "json", "--detailed-exitcode"]);
        let plan: Value = serde_json::from_str(&said.out).expect("JSON");
        let target = &plan["targets"][0];
        assert_eq!(target["changes"], json!([]), "{}", said.out);
        assert_eq!(target["unmanaged"], json!({ "roles": [], "assignments": 0 }));
    }
}
