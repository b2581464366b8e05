//! The life of the example for Devin: empty, roles blocked, made by a person and attested, assignments
//! applied, changed, renamed, pruned, imported back. Its server is that of `rolecall emulate devin`.

use std::{fs, path::Path};

use serde_json::{Value, json};

use super::{copy, rolecall, stdout};
use crate::common::{Emulator, emulator::text, http};

/// `STATUS ADDRESS` of every change of an apply, and its exit code.
fn apply(folder: &Path) -> (Option<i32>, Vec<String>) {
    let applied = rolecall(folder, &["apply", "--auto-approve", "--format", "json"]);
    let outcome: Value = serde_json::from_slice(&applied.stdout).expect("JSON");
    let changes = outcome["targets"][0]["changes"].as_array().cloned().expect("changes");
    let line = |change: &Value| format!("{} {}", text(change, "status"), text(change, "address"));
    (applied.status.code(), changes.iter().map(line).collect())
}

fn is_in_place(folder: &Path) {
    let plan = rolecall(folder, &["plan", "--detailed-exitcode"]);
    assert_eq!(plan.status.code(), Some(0), "{}", stdout(&plan));
    assert!(stdout(&plan).contains("No changes. "), "{}", stdout(&plan));
}

fn attest(folder: &Path) {
    let attested = rolecall(folder, &["import", "--attest"]);
    assert_eq!(attested.status.code(), Some(0), "{}", stdout(&attested));
}

/// What a person does in the dashboard.
fn click(emulator: &Emulator, method: &str, path: &str, body: Option<&Value>) -> Value {
    let (status, answer) = http::send(&emulator.address, method, &format!("/_dashboard/{path}"), body);
    assert!((200..300).contains(&status), "{method} {path}: {status} {answer}");
    answer
}

#[test]
fn roles_are_blocked_until_a_person_made_them_and_assignments_follow() {
    let temp = tempfile::tempdir().expect("temp");
    let folder = temp.path().join("devin");
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/devin"), &folder);
    let seed = folder.join("enterprise.yaml");
    let emulator = Emulator::of("devin", &["--seed", seed.to_str().expect("UTF-8")]);
    let edit = |file: &str, from: &str, to: &str| {
        let file = folder.join(file);
        let text = fs::read_to_string(&file).expect("a file");
        assert!(text.contains(from), "the example still has what the test edits: {from}");
        fs::write(&file, text.replace(from, to)).expect("write");
    };
    edit("rolecall.yaml", "http://127.0.0.1:4030\" }", &format!("{}\" }}", emulator.url));
    let roles = "roles/acme.yaml";
    let valid = rolecall(&folder, &["validate"]);
    assert!(stdout(&valid).starts_with("Valid:"), "{}", stdout(&valid));

    // Empty: what needs a role waits, the rest goes over the API.
    let (code, first) = apply(&folder);
    assert_eq!(code, Some(8));
    assert_eq!(
        first,
        [
            "blocked acme/assignment/enterprise/service_user:service-user-reporting",
            "blocked acme/assignment/organization=org-apps/idp_group:Writers",
            "blocked acme/assignment/organization=org-apps/user:user-mira",
            "blocked acme/assignment/organization=org-data/idp_group:Writers",
            "blocked acme/assignment/organization=org-data/user:user-mira",
            "applied acme/assignment/organization=org-platform/user:okta%7Cacme%7Czoe",
            "applied acme/assignment/organization=org-platform/user:user-okan",
            "manual acme/role/auditor@enterprise",
            "manual acme/role/knowledge-curator@organization",
        ]
    );

    // A person makes the roles and says so.
    let permissions = json!(["ManageOrgKnowledge", "ManageOrgPlaybooks"]);
    let curator = json!({ "name": "Knowledge Curator", "type": "org", "permissions": permissions });
    let curator = text(&click(&emulator, "POST", "roles", Some(&curator)), "id");
    let permissions = json!(["ViewAccountMetrics", "ViewEnterpriseInfraDetails"]);
    let auditor = json!({ "name": "Auditor", "type": "enterprise", "permissions": permissions });
    let auditor = text(&click(&emulator, "POST", "roles", Some(&auditor)), "id");
    attest(&folder);
    let (code, second) = apply(&folder);
    assert_eq!(code, Some(0));
    assert_eq!(second.iter().filter(|line| line.starts_with("applied ")).count(), 5, "{second:#?}");
    is_in_place(&folder);

    // Changed.
    edit(roles, "[manage_knowledge, manage_playbooks]", "[manage_knowledge]");
    assert_eq!(apply(&folder), (Some(8), vec!["manual acme/role/knowledge-curator@organization".to_owned()]));
    let less = json!({ "permissions": ["ManageOrgKnowledge"] });
    click(&emulator, "PATCH", &format!("roles/{curator}"), Some(&less));
    attest(&folder);
    is_in_place(&folder);

    // Renamed.
    edit(roles, "name: Knowledge Curator", "name: Knowledge Keeper\n    previously: [Knowledge Curator]");
    assert_eq!(apply(&folder), (Some(8), vec!["manual acme/role/knowledge-curator@organization".to_owned()]));
    click(&emulator, "PATCH", &format!("roles/{curator}"), Some(&json!({ "name": "Knowledge Keeper" })));
    attest(&folder);
    is_in_place(&folder);

    // Imported back: with the snapshot beside it, an empty folder gets what is there.
    let original = fs::read_to_string(folder.join(roles)).expect("definitions");
    fs::remove_file(folder.join(roles)).expect("removed");
    let imported = rolecall(&folder, &["import"]);
    let said = stdout(&imported);
    assert_eq!(imported.status.code(), Some(0), "{said} {}", String::from_utf8_lossy(&imported.stderr));
    is_in_place(&folder);
    let text = fs::read_to_string(folder.join(roles)).expect("imported");
    for line in [
        "name: Knowledge Keeper",
        "scope: organization",
        "[manage_knowledge, use_ask_devin, use_deepwiki]",
        "- Writers",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    fs::write(folder.join(roles), original).expect("write");

    // Pruned: holders move over the API, and a person deletes what nobody holds any more.
    let removed = "provider: devin\nremoved:\n  - { name: Knowledge Keeper, reassign_to: builtin:org_member }\n  - { name: Auditor, reassign_to: builtin:account_member }\n";
    fs::write(folder.join(roles), removed).expect("write");
    let (code, pruned) = apply(&folder);
    assert_eq!(code, Some(8), "{pruned:#?}");
    assert_eq!(pruned.iter().filter(|line| line.starts_with("applied ")).count(), 5, "{pruned:#?}");
    assert_eq!(pruned.iter().filter(|line| line.starts_with("manual ")).count(), 2, "{pruned:#?}");
    for role in [curator, auditor] {
        click(&emulator, "DELETE", &format!("roles/{role}"), None);
    }
    is_in_place(&folder);
}
