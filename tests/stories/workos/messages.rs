//! What is said where a plan cannot be made: the cause, once, and where it is written.

use serde_json::json;

use super::{dashboard, define, emulator, project};

#[test]
fn a_member_with_several_roles_is_told_apart_from_one_who_cannot_be_read() {
    let emulator = emulator();
    dashboard(&emulator, "PUT", "settings", &json!({ "multiple_roles": true }));
    let (status, answer) = crate::common::http::send_with(
        &emulator.address,
        "PUT",
        "/user_management/organization_memberships/om_acme_mira",
        "authorization: Bearer sk_x",
        Some(&json!({ "role_slugs": ["admin", "member"] })),
    );
    assert_eq!(status, 200, "{answer}");
    let project = project(&emulator, "");
    define(
        &project,
        "assignments:\n  - { role: builtin:member, scope: { organization: org_acme }, users: [\"email:mira@acme.example.test\"] }\n",
    );
    let _refused = project
        .plan()
        .has("they hold several roles (`admin`, `member`)")
        .has("settings: { roles_of_a_member: several }")
        .lacks("may have been made while");
    let _not = project.apply().exits(4);
}

#[test]
fn a_place_that_is_not_there_is_underlined_itself_and_nobody_in_it_is_called_unknown() {
    let emulator = emulator();
    let project = project(&emulator, "");
    define(
        &project,
        "assignments:\n  - role: builtin:member\n    users: [\"email:mira@acme.example.test\", \"email:nobody@example.test\"]\n    scope: { organization: \"external:nobody\" }\nroles:\n  org-desk:\n    name: Desk\n    description: Sits there\n    scope: { organization: [org_acme, org_gone] }\n    permissions: [\"reports:read\"]\n",
    );
    let said = project.plan().exits(3).has("RC057").lacks("RC051");
    let _places = said
        .has("roles/all.yaml:5:28")
        .has("no organization `external:nobody`")
        .has("roles/all.yaml:10:39")
        .has("no organization `org_gone`");
}

#[test]
fn permissions_that_nobody_declared_are_counted_among_what_is_left_alone() {
    let emulator = emulator();
    let project = project(&emulator, "");
    define(&project, "permission_definitions:\n  \"invoices:read\": { name: Read invoices }\n");
    let _counted = project.plan().exits(0).has("9 permissions that git does not declare");
    let plan = project.run("plan --format json").exits(0).json();
    assert_eq!(plan["targets"][0]["unmanaged"]["permissions"], 9);
    let _counted =
        project.run("plan --format markdown").exits(0).has("9 permissions that git does not declare");
    // What is declared, and what WorkOS made itself, is not among them.
    define(
        &project,
        "permission_definitions:\n  \"billing:read\": { name: Read billing }\nroles:\n  desk: { name: Desk, permissions: [\"widgets:users-table:manage\"] }\n",
    );
    let _counted = project.plan().exits(0).has("8 permissions that git does not declare");
}
