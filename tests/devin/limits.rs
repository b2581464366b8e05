//! Nobody is given more than whoever the credential acts for holds, and nobody is locked out.

use serde_json::json;

use super::{assign, attested, define, emulator, held, project, seed, seed_with, sent};

/// A service user whose role manages members and knows nothing of knowledge.
fn manager(permissions: &serde_json::Value) -> serde_json::Value {
    seed_with(|acme| {
        let role =
            json!({ "id": "role-mgr", "name": "Manager", "type": "enterprise", "permissions": permissions });
        acme["roles"].as_array_mut().expect("a list").push(role);
        acme["service_users"][0]["role"] = json!("role-mgr");
    })
}

const GIVEN: &str =
    "  - { role: curator, scope: { organization: [org-apps] }, users: [\"email:mira@acme.test\"] }\n";

/// The role of the credential itself, so that it is attested too.
fn with_manager(permissions: &str) -> String {
    format!(
        "{}  manager:\n    name: Manager\n    description: Gives roles\n    scope: enterprise\n    permissions: [{permissions}]\n",
        super::CURATOR
    )
}

#[test]
fn more_than_the_credential_holds_is_refused_and_what_nobody_knows_too() {
    let emulator = emulator(&manager(&json!([
        "ViewAccountMembership",
        "ManageAccountMembership",
        "ManageOrganizations"
    ])));
    let project = attested(&emulator, "");
    assign(&project, GIVEN);
    let unknown = project.plan().exits(4);
    let unknown = unknown.has("more would be given than the credential itself may do [escalation]");
    let _unknown = unknown.has("nobody has attested what `Manager` permits");
    define(
        &project,
        &with_manager("manage_account_membership, view_account_membership, manage_organizations"),
    );
    project.save("its own role");
    let _attested = project.run("import --attest").exits(0);
    project.save("attested");
    let declared = with_manager("manage_account_membership, view_account_membership, manage_organizations");
    define(&project, &format!("{declared}assignments:\n{GIVEN}"));
    let more = project.plan().exits(4);
    let _more =
        more.has("`Curator` permits `manage_knowledge`, and this credential acts for somebody who may not");
    let _refused = project.apply().exits(4);
    assert_eq!(sent(&emulator), [""; 0]);
    // A role without any management is nothing that lifts anybody.
    define(
        &project,
        &format!(
            "{declared}assignments:\n  - {{ role: builtin:org_member, scope: {{ organization: [org-apps] }}, users: [\"email:mira@acme.test\"] }}\n"
        ),
    );
    let _given = project.apply().exits(0);
    assert_eq!(held(&emulator, "users", "user-mira", Some("org-apps")), Some("org_member".to_owned()));
}

#[test]
fn a_person_may_allow_it_with_a_reason_and_then_the_api_decides() {
    let emulator = emulator(&manager(&json!([
        "ViewAccountMembership",
        "ManageAccountMembership",
        "ManageOrganizations"
    ])));
    emulator.switch("guard", "everybody");
    let project = attested(&emulator, "");
    assign(&project, GIVEN);
    let refused = project.run("apply --auto-approve --allow escalation --reason trial").exits(1);
    let _refused = refused.has("answered 403").has("nobody is given a role that permits more");
    assert_eq!(held(&emulator, "users", "user-mira", Some("org-apps")), None);
    emulator.switch("guard", "off");
    let _given = project.run("apply --auto-approve --allow escalation --reason trial").exits(0);
    assert_eq!(held(&emulator, "users", "user-mira", Some("org-apps")), Some("role-0a1b".to_owned()));
}

#[test]
fn a_service_user_is_never_given_the_management_of_service_users() {
    let emulator = emulator(&seed());
    let project = project(&emulator, "");
    define(
        &project,
        "assignments:\n  - { role: builtin:account_admin, scope: enterprise, service_users: [ci] }\n",
    );
    let _refused = project.plan().exits(4).has("`Admin` permits `manage_account_service_users`");
}

#[test]
fn nobody_locks_themselves_or_everybody_out() {
    let emulator = emulator(&seed());
    let project = project(&emulator, "");
    define(
        &project,
        "assignments:\n  - { role: builtin:account_member, scope: enterprise, service_users: [rolecall] }\n",
    );
    let _own = project.plan().exits(4).has("for whom this credential acts");
    define(
        &project,
        "assignments:\n  - { role: builtin:account_member, scope: enterprise, users: [\"email:ada@acme.test\", \"email:ben@acme.test\"] }\n",
    );
    let _all = project.plan().exits(4).has("administrators; `min_admins` wants 2");
}

#[test]
fn who_asks_and_is_not_told_gives_nothing_that_lifts_anybody() {
    let emulator = emulator(&seed());
    let project = attested(&emulator, "");
    assign(&project, GIVEN);
    emulator.faults(&["GET /v3/self status=403"]);
    let _refused = project.plan().exits(4).has("the API does not tell what this credential's own role is");
}
