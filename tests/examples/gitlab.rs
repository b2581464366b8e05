//! The life of the GitLab example: empty, applied, changed, renamed, replaced, pruned, imported back as a
//! whole.

use std::{fs, path::Path};

use super::{copy, rolecall, stdout};

/// Applies, and requires that nothing is left to do.
fn apply(folder: &Path, has: &[&str]) {
    // Whoever deletes or replaces a role looked first whether the SAML provider gives it.
    let applied = rolecall(folder, &["apply", "--auto-approve", "--allow", "unseen", "--reason", "looked"]);
    let said = stdout(&applied);
    assert_eq!(applied.status.code(), Some(0), "{said}{}", String::from_utf8_lossy(&applied.stderr));
    for words in has {
        assert!(said.contains(words), "`{words}` is not in\n{said}");
    }
    let again = rolecall(folder, &["plan", "--detailed-exitcode"]);
    assert_eq!(again.status.code(), Some(0), "{}", stdout(&again));
}

/// Replaces a text that stands in a file once.
fn edit(file: &Path, old: &str, new: &str) {
    let text = fs::read_to_string(file).expect("definitions");
    assert_eq!(text.matches(old).count(), 1, "`{old}` in {text}");
    fs::write(file, text.replace(old, new)).expect("write");
}

#[test]
fn the_gitlab_example_lives_from_nothing_to_import() {
    let temp = tempfile::tempdir().expect("temp");
    let folder = temp.path().join("gitlab");
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/gitlab"), &folder);
    let (roles, people) = (folder.join("roles/review.yaml"), folder.join("assignments/platform.yaml"));

    apply(&folder, &["create Release helper", "create Security champion", "EMULATOR"]);
    edit(&roles, "permissions: [admin_merge_request]", "permissions: [admin_merge_request, read_runners]");
    apply(&folder, &["change Release helper", "+ read_runners"]);
    edit(&roles, "name: Release helper\n", "name: Release assistant\n    previously: [Release helper]\n");
    apply(&folder, &["rename Release helper → Release assistant"]);
    edit(&roles, "base: reporter", "base: developer");
    apply(&folder, &["replace Release assistant", "base: Reporter → Developer"]);

    let text = fs::read_to_string(&roles).expect("definitions");
    let (start, end) =
        (text.find("  release-helper:").expect("a role"), text.find("  security-champion:").expect("a role"));
    let removed = "\nremoved:\n  - { name: Release assistant, reassign_to: builtin:reporter }\n";
    fs::write(&roles, format!("{}{}{removed}", &text[..start], &text[end..])).expect("write");
    edit(&people, "role: release-helper", "role: builtin:reporter");
    apply(&folder, &["delete Release assistant"]);

    // The sample tenant has more roles and people, which git did not know until now.
    let imported = rolecall(&folder, &["import", "--out", "roles/imported.yaml"]);
    assert_eq!(imported.status.code(), Some(0), "{}", String::from_utf8_lossy(&imported.stderr));
    let text = fs::read_to_string(folder.join("roles/imported.yaml")).expect("imported");
    assert!(text.contains("name: Security reader") && text.contains("base: guest"), "{text}");
    everything_is_declared(&folder);

    // Without any definition all of it comes back.
    for file in [&roles, &people, &folder.join("roles/imported.yaml")] {
        fs::remove_file(file).expect("a file");
    }
    let imported = rolecall(&folder, &["import", "--out", "roles/all.yaml"]);
    assert_eq!(imported.status.code(), Some(0), "{}", String::from_utf8_lossy(&imported.stderr));
    let text = fs::read_to_string(folder.join("roles/all.yaml")).expect("imported");
    for words in
        ["name: Security champion", "saml_groups", "acme-contractors", "project: acme/platform/api", "zoe"]
    {
        assert!(text.contains(words), "`{words}` is not in\n{text}");
    }
    everything_is_declared(&folder);
}

/// Nothing is left to do, and nothing is live that the definitions do not say.
fn everything_is_declared(folder: &Path) {
    let valid = rolecall(folder, &["validate"]);
    assert_eq!(valid.status.code(), Some(0), "{}", stdout(&valid));
    let plan = rolecall(folder, &["plan", "--format", "json"]);
    assert_eq!(plan.status.code(), Some(0), "{}", String::from_utf8_lossy(&plan.stderr));
    let plan: serde_json::Value = serde_json::from_slice(&plan.stdout).expect("JSON");
    let target = &plan["targets"][0];
    assert_eq!(target["changes"], serde_json::json!([]));
    assert_eq!(target["unmanaged"], serde_json::json!({ "roles": [], "assignments": 0 }));
}
