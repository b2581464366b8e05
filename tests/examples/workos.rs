//! The life of the example for WorkOS: empty, applied, changed, renamed, pruned, imported back.

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

    // Empty: everything has to be made.
    let mut first = [
        "assign staging/assignment/resource=org_acme%2Fproject%2Fapollo/resource_group:group_acme_oncall/project-guest",
        "assign staging/assignment/resource=org_acme%2Fproject%2Fapollo/resource_user:user_ada/project-guest",
        "create staging/permission/contracts%3Aread",
        "create staging/permission/project%3Acomment",
        "create staging/role/billing-viewer",
        "create staging/role/project-guest",
        "assign staging/assignment/organization=org_acme/user:user_mira",
        "reassign staging/assignment/organization=org_acme/user:user_okan",
    ]
    .map(str::to_owned)
    .to_vec();
    first.extend(stamped("create"));
    first.sort();
    let mut planned = changes(&folder);
    planned.sort();
    assert_eq!(planned, first);
    apply(&folder);

    edit(
        "[\"members:manage\", \"billing:read\", \"billing:write\"]",
        "[\"members:manage\", \"billing:read\"]",
    );
    // In one organization the role never had what the others lose.
    assert_eq!(changes(&folder), stamped("update")[..2]);
    apply(&folder);

    edit("name: Customer admin", "name: Customer administrator");
    edit("name: Read contracts", "name: See contracts");
    let mut renamed = vec!["update staging/permission/contracts%3Aread".to_owned()];
    renamed.extend(stamped("rename"));
    assert_eq!(changes(&folder), renamed);
    apply(&folder);

    // Imported back into an empty folder, it is the same definition again.
    let declared = fs::read_to_string(&file).expect("definitions");
    fs::write(&file, "provider: workos\n").expect("write");
    let imported = rolecall(&folder, &["import"]);
    assert_eq!(imported.status.code(), Some(0), "{}", stdout(&imported));
    let written = folder.join("roles/staging.yaml");
    let text = fs::read_to_string(&written).expect("what was imported");
    for lines in [
        "  contracts:read:\n    name: See contracts\n    description: Sees what was signed\n",
        "  org-customer-admin:\n    scope:\n      organization: [org_acme, org_globex, org_initech]\n    name: Customer administrator\n",
        "  project-guest:\n    name: Project guest\n    resource_type: project\n",
        "  - role: org-customer-admin\n    scope: { organization: org_acme }\n",
    ] {
        assert!(text.contains(lines), "{lines}\nis not in\n{text}");
    }
    assert_eq!(changes(&folder), [""; 0]);
    fs::remove_file(&written).expect("remove");
    fs::write(&file, declared).expect("write");
    assert_eq!(changes(&folder), [""; 0]);

    edit("  \"project:comment\": { name: Comment on projects, resource_type: project }\n", "");
    edit("[\"project:read\", \"project:comment\"]", "[\"project:read\"]");
    let text = fs::read_to_string(&file).expect("definitions");
    fs::write(&file, format!("{text}removed:\n  - {{ permission: \"project:comment\" }}\n")).expect("write");
    assert_eq!(
        changes(&folder),
        ["delete staging/permission/project%3Acomment", "update staging/role/project-guest"]
    );
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
