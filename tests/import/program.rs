//! The real program in a folder of its own, and an emulator beside it.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};
use tempfile::TempDir;

/// A folder with definitions whose target `reviews` is an emulated tenant.
pub(crate) struct Place {
    folder: TempDir,
    emulator: Child,
    url: String,
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ended = self.emulator.kill();
        let _reaped = self.emulator.wait();
    }
}

/// What a run said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rolecall"));
    command.env_clear().env("LANG", "C.UTF-8").env("COLUMNS", "100").stdin(Stdio::null());
    command
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
        Self::with(org, &[])
    }

    /// With switches of the emulator, too.
    pub(crate) fn with(mut org: Value, switches: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        org["id"] = json!("88321");
        let seed = json!({ "provider": "coderabbit", "any_key": true, "tenants": [{ "name": "acme", "orgs": [org] }] });
        let path = folder.path().join("seed.json");
        fs::write(&path, seed.to_string()).expect("the seed is written");
        let mut command = program();
        command.args(["emulate", "coderabbit", "--switch", "rate_limits=off"]).args(switches);
        command.arg("--seed").arg(path);
        let mut emulator = command.stdout(Stdio::piped()).spawn().expect("the emulator starts");
        let mut line = String::new();
        let stdout = emulator.stdout.take().expect("its output is piped");
        BufReader::new(stdout).read_line(&mut line).expect("it says that it is ready");
        let ready: Value = serde_json::from_str(&line).expect("one line of JSON");
        let url = ready["url"].as_str().expect("its address").to_owned();
        let place = Self { folder, emulator, url };
        place.configure("[\"roles/**/*.yaml\"]", "");
        place
    }

    /// Writes the configuration, with these patterns and further targets.
    pub(crate) fn configure(&self, files: &str, more: &str) {
        let url = &self.url;
        self.write(
            "rolecall.yaml",
            &format!(
                "version: 1\ntargets:\n  reviews:\n    provider: coderabbit\n    files: {files}\n    manage: authoritative\n    settings: {{ url: \"{url}\" }}\n{more}"
            ),
        );
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("the folder is made");
        fs::write(path, text).expect("the file is written");
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path().join(path)).expect("the file is there")
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

    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        let output = program().arg("-C").arg(self.path()).args(arguments).output().expect("it runs");
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
