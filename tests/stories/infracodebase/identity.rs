//! A role is the one that the snapshot has for its key, whatever names go around.

use serde_json::Value;

use super::{define, emulator, planned, project};
use crate::common::Project;

/// Two roles of the enterprise with these names.
fn two(auditor: &str, reviewer: &str) -> String {
    let role = |key: &str, name: &str, permission: &str| {
        format!(
            "  {key}: {{ name: {name}, description: Looks, scope: enterprise, permissions: [enterprise.{permission}.see] }}\n"
        )
    };
    format!("roles:\n{}{}", role("auditor", auditor, "audit"), role("reviewer", reviewer, "review"))
}

const RENAMES: [&str; 2] =
    ["rename role/auditor@enterprise by hand", "rename role/reviewer@enterprise by hand"];

/// The steps stay over applies and commits that have nothing to do with them, until they are attested.
#[track_caller]
fn done_by_hand(project: &Project, steps: &[&str]) {
    for at in 0..2 {
        assert_eq!(planned(project, ""), steps);
        let _open = project.apply().exits(8);
        project.write("notes.txt", &at.to_string());
        project.save("something else");
    }
    let _attested = project.run("import --attest").exits(0);
    project.save("done by hand");
    assert_eq!(planned(project, ""), [""; 0]);
    let _done = project.apply().exits(0);
    assert_eq!(planned(project, ""), [""; 0]);
}

#[test]
fn a_name_goes_from_one_role_to_the_next_and_back() {
    let emulator = emulator();
    let project = project(&emulator, "");
    define(&project, &two("Auditor", "Reviewer"));
    project.save("two");
    done_by_hand(
        &project,
        &["create role/auditor@enterprise by hand", "create role/reviewer@enterprise by hand"],
    );
    define(&project, &two("Reviewer", "Approver"));
    project.save("one name further");
    done_by_hand(&project, &RENAMES);
    define(&project, &two("Approver", "Reviewer"));
    project.save("exchanged");
    done_by_hand(&project, &RENAMES);
}

#[test]
fn no_record_is_needed_for_that() {
    let emulator = emulator();
    let project = project(&emulator, "");
    define(&project, &two("Auditor", "Reviewer"));
    project.save("two");
    let _attested = project.run("import --attest").exits(0);
    project.save("attested");
    define(&project, &two("Reviewer", "Approver"));
    project.save("one name further");
    assert_eq!(planned(&project, ""), RENAMES);
    project.save("something else");
    assert_eq!(planned(&project, ""), RENAMES);
}

#[test]
fn a_snapshot_without_keys_knows_its_roles_by_their_names() {
    let emulator = emulator();
    let project = project(&emulator, "");
    define(&project, &two("Auditor", "Reviewer"));
    project.save("two");
    let _attested = project.run("import --attest").exits(0);
    let path = ".rolecall/attested/platform.json";
    let mut file: Value = serde_json::from_str(&project.read(path)).expect("JSON");
    for role in file["roles"].as_array_mut().expect("roles") {
        assert_eq!(role["key"], role["role"].as_str().expect("a name").to_lowercase());
        role.as_object_mut().expect("a role").remove("key");
    }
    project.write(path, &file.to_string());
    project.save("as it was written once");
    assert_eq!(planned(&project, ""), [""; 0]);
    define(&project, &two("Auditor", "Approver"));
    project.save("another name");
    assert_eq!(planned(&project, ""), RENAMES[1..]);
}
