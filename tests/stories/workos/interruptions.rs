//! What breaks between the two requests that make a role, and around them.

use super::{define, emulator, permissions, project, role, switch};

const YAML: &str = "roles:\n  org-desk: { name: Desk, description: Sits there, scope: { organization: org_globex }, permissions: [\"reports:read\"] }\n";
const ROLES: &str = "/authorization/organizations/org_globex/roles";

#[test]
fn a_role_that_got_no_permissions_gets_them_from_the_next_apply() {
    for fault in ["status=500", "status=403", "drop", "status=422"] {
        let emulator = emulator();
        let project = project(&emulator, "");
        define(&project, YAML);
        emulator.faults(&[&format!("PUT {ROLES}/*/permissions {fault} times=1")]);
        let broken = project.apply();
        assert_ne!(broken.code, 0, "{fault}: {}", broken.everything());
        assert!(role(&emulator, Some("org_globex"), "org-desk").is_some(), "{fault}");
        assert_eq!(permissions(&emulator, Some("org_globex"), "org-desk"), [""; 0], "{fault}");
        emulator.faults(&[]);
        let plan = project.run("plan --format json").exits(0).json();
        assert_eq!(plan["targets"][0]["changes"][0]["action"], "update", "{fault}");
        emulator.forget();
        let _finished = project.apply().exits(0);
        assert_eq!(emulator.sent(), [format!("PUT {ROLES}/org-desk/permissions")], "{fault}");
        assert_eq!(permissions(&emulator, Some("org_globex"), "org-desk"), ["reports:read"], "{fault}");
        project.is_in_place();
    }
}

#[test]
fn a_role_of_the_environment_that_got_no_permissions_gets_them_where_nobody_holds_it() {
    let emulator = emulator();
    let project = project(&emulator, "");
    define(
        &project,
        "roles:\n  desk: { name: Desk, description: Sits there, permissions: [\"reports:read\"] }\n",
    );
    emulator.faults(&["PUT /authorization/roles/*/permissions status=500 times=1"]);
    let broken = project.apply();
    assert_ne!(broken.code, 0, "{}", broken.everything());
    assert_eq!(permissions(&emulator, None, "desk"), [""; 0]);
    // Only the members of every organization tell that nobody holds it.
    let _finished = project.apply().exits(0);
    assert_eq!(permissions(&emulator, None, "desk"), ["reports:read"]);
    project.is_in_place();
}

#[test]
fn a_creation_without_an_answer_is_looked_up_and_finished() {
    let post = format!("POST {ROLES}");
    for (fault, posts) in [("drop-after times=1", 1), ("status=500 done times=1", 1)] {
        let emulator = emulator();
        let project = project(&emulator, "");
        define(&project, YAML);
        emulator.faults(&[&format!("{post} {fault}")]);
        let _made = project.apply().exits(0);
        assert_eq!(emulator.count(&post), posts, "{fault}");
        assert_eq!(permissions(&emulator, Some("org_globex"), "org-desk"), ["reports:read"]);
    }
    // One that had no effect is not repeated.
    let emulator = emulator();
    let project = project(&emulator, "");
    define(&project, YAML);
    emulator.faults(&[&format!("{post} drop times=1")]);
    let broken = project.apply();
    assert_ne!(broken.code, 0, "{}", broken.everything());
    assert_eq!(emulator.count(&post), 1);
    let _made = project.apply().exits(0);
}

#[test]
fn too_many_requests_are_waited_for() {
    let emulator = emulator();
    let project = project(&emulator, "");
    define(&project, YAML);
    emulator.faults(&[
        "* /authorization/** status=429 retry_after_header=1 times=2",
        &format!("POST {ROLES} status=429 times=1"),
    ]);
    let _made = project.apply().exits(0);
    project.is_in_place();
}

#[test]
fn a_list_that_leads_back_to_itself_is_no_list() {
    let emulator = emulator();
    let project = project(&emulator, "");
    define(&project, YAML);
    emulator.faults(&["GET /authorization/permissions loop-cursor"]);
    let _refused = project.plan().exits(7).has("gave before");
}

#[test]
fn a_refusal_of_one_kind_of_role_does_not_stop_another_kind() {
    let emulator = emulator();
    switch(&emulator, &[("custom_role_plan", "refused")]);
    let project = project(&emulator, "");
    let role = |key: &str, more: &str| {
        format!("  {key}: {{ name: {key}, description: Sits{more}, permissions: [\"reports:read\"] }}\n")
    };
    let own = ", scope: { organization: org_acme }";
    let yaml = [role("env-a", ""), role("env-z", ""), role("org-a", own), role("org-b", own)].concat();
    define(&project, &format!("roles:\n{yaml}"));
    let applied = project.apply().exits(6).has("Applied 2 of 4").has("answered 403");
    let _applied = applied.lacks("in a way that this one would too");
    assert_eq!(super::permissions(&emulator, None, "env-z"), ["reports:read"]);
}
