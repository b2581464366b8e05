//! What is said of accounts that go, of what a person puts back, and of who did what.

use serde_json::json;

use super::{CURATOR, assign, attested, dashboard, define, emulator, held, project, seed};

const HELD: &str =
    "  - { role: curator, scope: { organization: [org-apps] }, users: [\"email:mira@acme.test\"] }
  - { role: builtin:account_member, scope: enterprise, users: [\"email:zoe@acme.test\"], service_users: [ci] }
";

#[test]
fn only_what_will_be_deleted_is_said_to_be() {
    let emulator = emulator(&seed());
    let project = attested(&emulator, "");
    assign(&project, HELD);
    project.save("given");
    let _given = project.apply().exits(0);
    define(&project, CURATOR);
    project.save("taken");
    // Nothing says that anybody's account goes; the way to say it says what it does.
    let refused = project.plan().exits(4).lacks("Deleted, with their keys").lacks("Removed from the");
    let refused = refused.has("`on_unassign: remove_member` (the service user is deleted, with its keys)");
    let refused = refused.has("(the account is deleted, with every role in every organization)");
    let _refused = refused.has("(the membership of the organization ends)");

    let emulator = super::emulator(&seed());
    let project = attested(&emulator, "on_unassign: remove_member");
    assign(&project, HELD);
    project.save("given");
    let _given = project.apply().exits(0);
    define(&project, CURATOR);
    project.save("taken");
    let allowed = "--allow max_unassigns --reason leaving";
    let one = format!("--only acme/assignment/organization=org-apps/* {allowed}");
    let one = project.run(&format!("plan {one}")).exits(0).lacks("Deleted, with their keys");
    let _one = one.has("Removed from the organization in which they lose the role: `mira@acme.test`.");
    let _drift = project.run("drift").exits(0).lacks("Deleted, with their keys");
    let all = project.run(&format!("plan {allowed}")).exits(0).has("Deleted, with their keys");
    let _all = all.has("the service user is deleted, with its keys");
    let gone = project.run(&format!("apply --auto-approve {allowed}")).exits(0);
    let gone = gone.has("from `ci`: the service user is deleted, with its keys");
    let _gone =
        gone.has("from `zoe@acme.test`: the account is deleted, with every role in every organization");
    assert_eq!(held(&emulator, "users", "okta|acme|zoe", None), None);
}

#[test]
fn what_a_person_puts_back_is_not_promised_to_an_apply() {
    let emulator = emulator(&seed());
    let project = attested(&emulator, "");
    let given =
        "  - { role: curator, scope: { organization: [org-apps] }, users: [\"email:mira@acme.test\"] }\n";
    assign(&project, given);
    project.save("given");
    let _given = project.apply().exits(0);
    dashboard(&emulator, "PUT", "users/user-mira/role", &json!({ "org": "org-apps", "role": "org_member" }));
    let _by_api = project.run("drift").exits(0).has("`rolecall apply` puts it back;");
    let _back = project.apply().exits(0);
    dashboard(&emulator, "PATCH", "roles/role-0a1b", &json!({ "name": "Clicked" }));
    let drift = project.run("drift").exits(0);
    let _drift = drift.has("A person puts it back, by the steps that `rolecall plan` shows;");
    let markdown = project.run("drift --format markdown").exits(0);
    let _markdown = markdown.has("A person puts it back").lacks("puts it back; `rolecall import");
}

#[test]
fn the_audit_log_tells_who_did_it() {
    let emulator = emulator(&seed());
    let project = attested(&emulator, "");
    let given =
        "  - { role: curator, scope: { organization: [org-apps] }, users: [\"email:mira@acme.test\"] }\n";
    assign(&project, given);
    project.save("given");
    let _given = project.apply().exits(0);
    dashboard(&emulator, "PATCH", "roles/role-0a1b?as=user-ben", &json!({ "name": "Clicked" }));
    emulator.forget();
    let told = project.run("drift --blame").exits(0);
    let _told = told.has("by ben@acme.test: changed a role").lacks("no audit log");
    let asked = emulator.requests();
    let log = asked.iter().filter(|one| one["path"] == "/v3/enterprise/audit-logs").count();
    assert_eq!(log, 1);
    emulator.faults(&["GET /v3/enterprise/audit-logs status=403"]);
    let refused = project.run("drift --blame").exits(0);
    let _refused =
        refused.has("cannot be told").has("Reading the audit log takes `ManageEnterpriseSettings`.");
    // A span that is too long is not asked for.
    emulator.faults(&["GET /v3/enterprise/audit-logs status=422 times=1"]);
    let _told = project.run("drift --blame").exits(0).has("by ben@acme.test: changed a role");
}

#[test]
fn a_role_that_an_apply_asked_a_person_to_make_is_not_taken_over() {
    let emulator = emulator(&seed());
    let project = project(&emulator, "");
    let auditor = "roles:\n  auditor:\n    name: Auditor\n    description: a\n    scope: enterprise\n    permissions: [ManageBilling]\n";
    define(&project, auditor);
    project.save("an auditor");
    let _asked = project.apply().exits(8);
    dashboard(&emulator, "POST", "roles", &json!({ "name": "Auditor", "type": "enterprise" }));
    let _there = project.plan().exits(0).has("Tick exactly").lacks("Takes over");
    // One that nobody asked for is.
    define(&project, &format!("{auditor}{}", CURATOR.replace("roles:\n", "")));
    project.save("a curator");
    let _taken = project.plan().exits(0).has("Takes over a live role");
}

#[test]
fn no_credential_lets_a_service_user_manage_service_users() {
    let emulator = emulator(&seed());
    let project = project(&emulator, "");
    define(
        &project,
        "assignments:\n  - { role: builtin:account_admin, scope: enterprise, service_users: [ci] }\n",
    );
    let refused = project.plan().exits(4).has("No credential may, so that allowing it does not help.");
    let _refused = refused.lacks("Apply with a credential that may do more");
}

#[test]
fn names_that_go_around_in_a_ring_get_a_name_in_between() {
    let emulator = emulator(&super::seed_with(|acme| {
        let more = json!({ "id": "role-2", "name": "Keeper", "type": "org", "permissions": [] });
        acme["roles"].as_array_mut().expect("a list").push(more);
    }));
    let two = |curator: &str, keeper: &str| {
        format!(
            "roles:\n  curator: {{ name: {curator}, description: a, scope: organization, permissions: [manage_knowledge] }}\n  keeper: {{ name: {keeper}, description: b, scope: organization, permissions: [use_deepwiki] }}\n"
        )
    };
    let project = project(&emulator, "");
    define(&project, &two("Curator", "Keeper"));
    project.save("two");
    let _attested = project.run("import --attest").exits(0);
    project.save("attested");
    let _recorded = project.apply().exits(0);
    define(&project, &two("Keeper", "Curator"));
    project.save("swapped");
    let plan = project.plan().exits(0).has("Change its name to `rolecall temporary ");
    let plan = plan.has("Go on once no other role is called `");
    let _plan = plan.has("first: it frees the name `");
    for (id, name) in [("role-0a1b", "x"), ("role-2", "Curator"), ("role-0a1b", "Keeper")] {
        dashboard(&emulator, "PATCH", &format!("roles/{id}"), &json!({ "name": name }));
    }
    // Both are still the attested ones.
    project.is_in_place();
}

#[test]
fn an_organization_by_which_the_enterprise_is_known_may_go() {
    let emulator = emulator(&seed());
    let project = attested(&emulator, "");
    let _recorded = project.apply().exits(0);
    let recorded = project.git("rev-parse HEAD").trim().to_owned();
    let without = super::seed_with(|acme| {
        acme["organizations"].as_array_mut().expect("a list").remove(0);
    });
    emulator.put("/_dashboard/state", &without);
    assign(
        &project,
        "  - { role: curator, scope: { organization: [org-data] }, users: [\"email:mira@acme.test\"] }\n",
    );
    project.save("given");
    let refused = project.plan().exits(4);
    let refused = refused.has("known by `org-apps` when it was last recorded, and is by `org-data` now");
    let _refused = refused.has(&format!("`rolecall apply --rev {}` goes on", &recorded[..12]));
    let _anew = project.run(&format!("apply --auto-approve --rev {recorded}")).exits(0);
    let _on = project.apply().exits(0);
    let _known = project.plan().exits(0).lacks("known by `org-apps`");
}

#[test]
fn an_assignment_that_has_expired_needs_nothing_for_who_left() {
    let emulator = emulator(&seed());
    let project = project(&emulator, "");
    define(
        &project,
        "assignments:\n  - { role: builtin:org_member, scope: { organization: [org-apps] }, users: [\"email:left@acme.test\"], expires: 2020-01-01 }\n",
    );
    let plan = project.plan().exits(0).has("What has expired needs nothing for `left@acme.test`");
    let _plan = plan.has("No changes.");
}

#[test]
fn the_catalogue_is_the_one_that_ships() {
    let emulator = emulator(&seed());
    let project = project(&emulator, "");
    let said = project.run("catalog").exits(0).has("manage_api_keys  Manage API keys");
    let _said = said.has("Devin has no request that tells its permissions: these ship with rolecall");
    let json = project.run("catalog --format json").exits(0).json();
    assert_eq!(json["targets"][0]["live"], false);
    assert_eq!(json["targets"][0]["error"], serde_json::Value::Null);
    let _nothing = project.run("catalog --write").exits(0).lacks("Wrote");
    assert!(!project.dir.join(".rolecall/catalog").exists());
    assert_eq!(emulator.requests(), [""; 0]);
}

#[test]
fn what_stands_once_is_said_once() {
    let emulator = emulator(&seed());
    let project = project(&emulator, "");
    define(
        &project,
        "assignments:\n  - { role: builtin:nope, scope: enterprise, users: [\"email:mira@acme.test\", \"email:ada@acme.test\"], service_users: [ci] }\n  - { role: builtin:org_member, scope: { organization: [Apps, Data, Platform] }, users: [\"email:nobody@acme.test\"] }\n",
    );
    let said = project.plan().exits(3).everything();
    assert_eq!(said.matches("`nope`").count(), 1, "{said}");
    assert_eq!(said.matches("knows no user `nobody@acme.test`").count(), 1, "{said}");
}

#[test]
fn what_on_unassign_can_say_is_told_whole() {
    let emulator = emulator(&seed());
    let project = project(&emulator, "on_unassign: keep_base");
    let said = project.run("validate").exits(3);
    let _said = said.has("Possible: `refuse`, `remove_member`, `{ to: KEY }`, and `{ to: builtin:NAME }`.");
}

#[test]
fn a_group_that_holds_a_role_in_two_places_is_one() {
    let emulator = emulator(&seed());
    let project = attested(&emulator, "");
    assign(&project, "  - { role: curator, scope: { organization: [Apps, Data] }, idp_groups: [Writers] }\n");
    project.save("writers");
    let _given = project.apply().exits(0);
    let lines =
        "assignments:\n  - { role: curator, scope: { organization: [Apps, Data] }, idp_groups: [Writers] }\n";
    let more = CURATOR.replace("[manage_knowledge]", "[manage_knowledge, manage_playbooks]");
    define(&project, &format!("{more}{lines}"));
    let _plan = project.plan().exits(0).has("given by 1 group").lacks("2 groups");
}

#[test]
fn roles_of_one_name_are_told_apart_where_they_are_not_imported() {
    let emulator = emulator(&super::seed_with(|enterprise| {
        enterprise["roles"] = serde_json::json!([
            { "id": "role-1", "name": "Auditor", "type": "org", "permissions": [] },
            { "id": "role-2", "name": "Auditor", "type": "enterprise", "permissions": [] },
        ]);
    }));
    let project = project(&emulator, "");
    let said = project.run("import").everything();
    assert!(said.contains("`Auditor (enterprise)`") && said.contains("`Auditor (organization)`"), "{said}");
}
