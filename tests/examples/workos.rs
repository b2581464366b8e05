//! The life of the example for WorkOS: empty, applied, changed, renamed, pruned.

use std::{fs, path::Path};

use serde_json::Value;

use super::{copy, rolecall, stdout};

/// The changes of a plan as `ACTION ADDRESS`.
fn changes(folder: &Path) -> Vec<String> {
    let plan = rolecall(folder, &["plan", "--format", "json"]);
    assert_eq!(plan.status.code(), Some(0), "{}", stdout(&plan));
    let plan: Value = serde_json::from_slice(&plan.stdout).expect("JSON");
    let changes = plan["targets"][0]["changes"].as_array().expect("changes");
    let text = |change: &Value, field: &str| change[field].as_str().expect("text").to_owned();
    changes.iter().map(|change| format!("{} {}", text(change, "action"), text(change, "address"))).collect()
}

fn apply(folder: &Path) {
    let applied = rolecall(folder, &["apply", "--auto-approve"]);
    assert_eq!(applied.status.code(), Some(0), "{}", stdout(&applied));
    assert_eq!(changes(folder), [""; 0]);
}

#[test]
fn roles_of_many_organizations_live_from_the_first_plan_to_the_last() {
    let temp = tempfile::tempdir().expect("temp");
    let folder = temp.path().join("workos");
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/workos"), &folder);
    let file = folder.join("roles/customers.yaml");
    let original = fs::read_to_string(&file).expect("definitions");
    let edit = |from: &str, to: &str| {
        let text = fs::read_to_string(&file).expect("definitions");
        assert!(text.contains(from), "the example still has what the test edits: {from}");
        fs::write(&file, text.replace(from, to)).expect("write");
    };
    let stamped = |action: &str| {
        ["external%3Aacme", "org_globex", "org_initech"]
            .map(|place| format!("{action} staging/role/org-customer-admin@organization={place}"))
    };

    let mut first = vec!["create staging/role/billing-viewer".to_owned()];
    first.extend(stamped("create"));
    let assigned = ["assign staging/assignment/organization=org_acme/user:user_mira"];
    let planned = changes(&folder);
    assert!(first.iter().all(|change| planned.contains(change)), "{planned:#?}");
    assert!(assigned.iter().all(|change| planned.iter().any(|one| one == change)), "{planned:#?}");
    apply(&folder);

    edit(
        "[\"members:manage\", \"billing:read\", \"billing:write\"]",
        "[\"members:manage\", \"billing:read\"]",
    );
    // In one organization the role never had what the others lose.
    assert_eq!(changes(&folder), stamped("update")[..2]);
    apply(&folder);

    edit("name: Customer admin", "name: Customer administrator");
    assert_eq!(changes(&folder), stamped("rename"));
    apply(&folder);

    // Outside git nothing is removed that `removed` does not name; here it takes a place, too.
    let place = "{ organization: [\"external:acme\", org_globex, org_initech] }";
    let removed = format!(
        "provider: workos\nremoved:\n  - {{ key: org-customer-admin, scope: {place}, reassign_to: builtin:member }}\n"
    );
    fs::write(&file, removed).expect("write");
    let planned = changes(&folder);
    assert_eq!(planned.iter().filter(|change| change.starts_with("delete ")).count(), 3, "{planned:#?}");
    apply(&folder);

    fs::write(&file, original).expect("write");
    assert!(changes(&folder).contains(&stamped("create")[0]));
}
