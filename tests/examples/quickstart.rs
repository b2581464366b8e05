//! The life of the quickstart: empty, applied, changed, renamed, pruned, imported back as a whole.

use std::{fs, path::Path};

use super::{copy, rolecall, stdout};

/// Applies, and requires that nothing is left to do.
fn apply(folder: &Path, has: &[&str]) {
    let applied = rolecall(folder, &["apply", "--auto-approve"]);
    let said = stdout(&applied);
    assert_eq!(applied.status.code(), Some(0), "{said}{}", String::from_utf8_lossy(&applied.stderr));
    for words in has {
        assert!(said.contains(words), "`{words}` is not in\n{said}");
    }
    let again = rolecall(folder, &["plan", "--detailed-exitcode"]);
    assert_eq!(again.status.code(), Some(0), "{}", stdout(&again));
    assert!(stdout(&again).contains("No changes. Live matches the definitions."), "{}", stdout(&again));
}

/// Replaces a text that stands in a file once.
fn edit(file: &Path, old: &str, new: &str) {
    let text = fs::read_to_string(file).expect("definitions");
    assert_eq!(text.matches(old).count(), 1, "`{old}` in {text}");
    fs::write(file, text.replace(old, new)).expect("write");
}

#[test]
fn the_quickstart_lives_from_nothing_to_import() {
    let temp = tempfile::tempdir().expect("temp");
    let folder = temp.path().join("quickstart");
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/quickstart"), &folder);
    let roles = folder.join("roles/security.yaml");

    apply(&folder, &["create Security reviewer", "create Release auditor", "EMULATOR", "Applied 5 of 5"]);
    edit(&roles, "permissions: { learnings: [write] }", "permissions: { learnings: [write, delete] }");
    apply(&folder, &["change Security reviewer", "+ learnings: delete"]);
    edit(&roles, "name: Security reviewer\n", "name: Security lead\n    previously: [Security reviewer]\n");
    apply(&folder, &["rename Security reviewer → Security lead"]);
    edit(&roles, "users: [\"1003\", \"1004\"]", "users: [\"1003\"]");
    let unassigned = rolecall(&folder, &["plan"]);
    assert!(stdout(&unassigned).contains("No changes"), "outside git nothing is taken by leaving it out");

    let text = fs::read_to_string(&roles).expect("definitions");
    let (start, end) = (
        text.find("  security-reviewer:").expect("a role"),
        text.find("  release-auditor:").expect("a role"),
    );
    let removed = "\nremoved:\n  - { name: Security lead, reassign_to: builtin:cr_member }\n";
    fs::write(&roles, format!("{}{}{removed}", &text[..start], &text[end..])).expect("write");
    edit(&roles, "  - role: security-reviewer\n    users: [\"1003\"]\n", "");
    apply(&folder, &["delete Security lead"]);

    // Without any definition all of it comes back.
    fs::remove_file(&roles).expect("a file");
    let imported = rolecall(&folder, &["import", "--out", "roles/all.yaml"]);
    assert_eq!(imported.status.code(), Some(0), "{}", String::from_utf8_lossy(&imported.stderr));
    let text = fs::read_to_string(folder.join("roles/all.yaml")).expect("imported");
    assert!(text.contains("name: Release auditor") && text.contains("\"1005\""), "{text}");
    assert!(!text.contains("Security"), "{text}");
    let plan = rolecall(&folder, &["plan", "--format", "json"]);
    let plan: serde_json::Value = serde_json::from_slice(&plan.stdout).expect("JSON");
    assert_eq!(plan["targets"][0]["changes"], serde_json::json!([]));
    assert_eq!(plan["targets"][0]["unmanaged"]["roles"], serde_json::json!([]));
}
