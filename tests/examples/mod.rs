//! Every folder of definitions under `examples/` is run through its life: valid, applied, nothing left, edited. The
//! others are for CI systems; `tests/action` checks them.

mod devin;
mod gitlab;
mod infracodebase;
mod quickstart;
mod workos;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

fn examples() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut folders: Vec<PathBuf> =
        fs::read_dir(root).expect("examples").map(|entry| entry.expect("entry").path()).collect();
    folders.retain(|path| path.join("rolecall.yaml").is_file());
    folders.sort();
    folders
}

/// Whether a person has to click in the dashboard of a server beside it; such an example has a life of its
/// own.
fn needs_a_server(example: &Path) -> bool {
    fs::read_to_string(example.join("rolecall.yaml")).expect("a config").contains("http://127.0.0.1:")
}

/// A copy without what an earlier run left behind, so that the example itself stays untouched.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("folder");
    for entry in fs::read_dir(from).expect("example") {
        let entry = entry.expect("entry");
        if entry.file_name() == ".rolecall" {
            continue;
        }
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("copy");
        }
    }
}

fn rolecall(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rolecall"))
        .args(args)
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .env("COLUMNS", "100")
        .output()
        .expect("rolecall runs")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

#[test]
fn every_example_is_valid_applies_and_has_nothing_left_to_do() {
    for example in examples().into_iter().filter(|example| !needs_a_server(example)) {
        let temp = tempfile::tempdir().expect("temp");
        let folder = temp.path().join("example");
        copy(&example, &folder);
        let name = example.display();
        let valid = rolecall(&folder, &["validate"]);
        assert_eq!(valid.status.code(), Some(0), "{name}: {}", stdout(&valid));
        assert!(stdout(&valid).starts_with("Valid:"), "{name} has findings: {}", stdout(&valid));
        let mut first = rolecall(&folder, &["apply", "--auto-approve"]);
        if first.status.code() == Some(8) {
            // A person does what no API can, and says so; then the rest follows.
            let attested = rolecall(&folder, &["import", "--attest"]);
            assert_eq!(attested.status.code(), Some(0), "{name}: {}", stdout(&attested));
            first = rolecall(&folder, &["apply", "--auto-approve"]);
        }
        assert_eq!(first.status.code(), Some(0), "{name}: {}", stdout(&first));
        let again = rolecall(&folder, &["plan", "--detailed-exitcode"]);
        assert_eq!(again.status.code(), Some(0), "{name}: {}", stdout(&again));
        assert!(stdout(&again).contains("No changes. "), "{name}");
    }
}

#[test]
fn editing_a_role_of_the_quickstart_shows_exactly_that_change() {
    let temp = tempfile::tempdir().expect("temp");
    let folder = temp.path().join("quickstart");
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/quickstart"), &folder);
    assert_eq!(rolecall(&folder, &["apply", "--auto-approve"]).status.code(), Some(0));
    let file = folder.join("roles/security.yaml");
    let text = fs::read_to_string(&file).expect("definitions");
    let edited =
        text.replace("permissions: { learnings: [write] }", "permissions: { learnings: [write, delete] }");
    assert_ne!(text, edited, "the example still has the line that the test edits");
    fs::write(&file, edited).expect("write");
    let plan = rolecall(&folder, &["plan", "--format", "json"]);
    let plan: serde_json::Value = serde_json::from_slice(&plan.stdout).expect("JSON");
    let changes = plan["targets"][0]["changes"].as_array().expect("changes");
    assert_eq!(changes.len(), 1, "{changes:#?}");
    assert_eq!(changes[0]["address"], "reviews/role/security-reviewer");
    assert_eq!(changes[0]["action"], "update");
    assert_eq!(changes[0]["fields"][0]["added"][0]["value"], "learnings:delete");
    assert_eq!(changes[0]["fields"][0]["removed"], serde_json::json!([]));
}
