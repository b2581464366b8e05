//! Which role is which, where a person renames them: by the record, by what was attested of its key, and
//! only then by its name.

use serde_json::{Value, json};

use super::{CURATOR, attested, changes, dashboard, define, emulator, role_id, seed};
use crate::common::{Emulator, Project};

/// Two roles of the enterprise with these names, beside [`CURATOR`].
fn two(auditor: &str, reviewer: &str) -> String {
    format!("{CURATOR}{}{}", role("auditor", auditor), role("reviewer", reviewer))
}

fn role(key: &str, name: &str) -> String {
    format!(
        "  {key}: {{ name: {name}, description: Sees numbers, scope: enterprise, permissions: [view_account_metrics] }}\n"
    )
}

/// An apply asked for both, and a person made them.
fn made(emulator: &Emulator, project: &Project) {
    let _recorded = project.apply().exits(0);
    define(project, &two("Auditor", "Reviewer"));
    project.save("two");
    let _asked = project.apply().exits(8);
    for name in ["Auditor", "Reviewer"] {
        dashboard(emulator, "POST", "roles", &json!({ "name": name, "type": "enterprise" }));
    }
}

fn attest(project: &Project) {
    let _attested = project.run("import --attest").exits(0);
    project.save("attested");
}

/// The same is planned after applies and commits that have nothing to do with it.
#[track_caller]
fn stays(project: &Project, open: &[&str]) {
    for at in 0..3 {
        assert_eq!(changes(project), open);
        let _open = project.apply().exits(8);
        assert_eq!(changes(project), open);
        project.write("notes.txt", &at.to_string());
        project.save("something else");
    }
}

const RENAMES: [&str; 2] = ["rename acme/role/auditor@enterprise", "rename acme/role/reviewer@enterprise"];

#[test]
fn names_that_go_on_before_anybody_applied_again_are_renames() {
    let emulator = emulator(&seed());
    for recorded in [true, false] {
        emulator.put("/_dashboard/state", &seed());
        let project = attested(&emulator, "");
        made(&emulator, &project);
        attest(&project);
        if !recorded {
            project.git("update-ref -d refs/rolecall/applied/-/acme");
        }
        define(&project, &two("Reviewer", "Approver"));
        project.save("one name further");
        stays(&project, &RENAMES);
        for (from, to) in [("Reviewer", "Approver"), ("Auditor", "Reviewer")] {
            let id = role_id(&emulator, from);
            dashboard(&emulator, "PATCH", &format!("roles/{id}"), &json!({ "name": to }));
        }
        attest(&project);
        project.is_in_place();
        let _done = project.apply().exits(0);
        project.is_in_place();
    }
}

/// Nobody can tell whether the role was made as it was asked for first, or as it is declared now.
#[test]
fn what_nobody_attested_goes_by_its_name_and_what_is_left_over_is_not_forgotten() {
    let emulator = emulator(&seed());
    let project = attested(&emulator, "");
    made(&emulator, &project);
    define(&project, &format!("{CURATOR}{}", role("auditor", "Reviewer")));
    project.save("one of the names");
    stays(&project, &["delete acme/role/=Auditor@enterprise", "update acme/role/auditor@enterprise"]);
    let id = role_id(&emulator, "Auditor");
    dashboard(&emulator, "DELETE", &format!("roles/{id}"), &Value::Null);
    attest(&project);
    project.is_in_place();
    let _done = project.apply().exits(0);
    project.is_in_place();
}

#[test]
fn a_key_that_is_used_anew_is_not_the_role_that_was_attested() {
    let emulator = emulator(&seed());
    let project = attested(&emulator, "");
    // The key changes, the role does not, and so nothing is there to attest.
    let keeper = CURATOR.replace("  curator:", "  keeper:");
    define(&project, &keeper);
    project.save("another key");
    project.is_in_place();
    define(
        &project,
        &format!(
            "{keeper}{}",
            role("curator", "Newcomer")
                .replace("enterprise", "organization")
                .replace("view_account_metrics", "use_deepwiki")
        ),
    );
    project.save("the key of old");
    assert_eq!(changes(&project), ["create acme/role/curator@organization"]);
}
