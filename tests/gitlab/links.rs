//! Deleting a role takes it from every membership and link, so that all of them are known before.

use serde_json::json;

use super::{define, emulator, live, membership, project, seed_with};
use crate::common::{Emulator, Project};

/// A declared role that a member of a subgroup holds where `member`, and a SAML link where `link`.
fn world(member: bool, link: bool) -> (Emulator, Project) {
    let emulator = emulator(&seed_with(|seed| {
        if member {
            seed["groups"][1]["members"] =
                json!([{ "user": "okan", "access_level": 10, "member_role_id": 14 }]);
        }
        if link {
            seed["groups"][0]["saml_group_links"] =
                json!([{ "name": "eng", "access_level": 10, "member_role_id": 14 }]);
        }
    }));
    let project = project(&emulator, "");
    define(
        &project,
        "roles:\n  reader: { name: Reader, description: Reads, base: guest, permissions: [read_code], id: \"14\" }\n",
    );
    let _taken = project.apply().exits(0);
    project.commit("taken over");
    (emulator, project)
}

#[test]
fn a_role_that_nobody_holds_is_deleted() {
    let (emulator, project) = world(false, false);
    define(&project, "roles: {}\n");
    let _deleted = project.apply().exits(0);
    assert!(live(&emulator, "Reader").is_none());
}

#[test]
fn a_role_that_somebody_or_a_link_holds_anywhere_is_not_deleted() {
    for (member, link, who) in [(true, false, "okan"), (false, true, "eng")] {
        let (emulator, project) = world(member, link);
        define(&project, "roles: {}\n");
        let _refused = project.apply().exits(4).has(who);
        assert!(live(&emulator, "Reader").is_some());
    }
}

#[test]
fn each_member_and_each_link_of_a_role_that_goes_is_a_change_of_its_own() {
    let (emulator, project) = world(true, true);
    let removed = "roles: {}\nremoved:\n  - { name: Reader, reassign_to: builtin:guest }\n";
    define(&project, removed);
    // A link changes in two requests, between which only a definition remembers it.
    let _unnamed = project.apply().exits(4).has("eng").has("Declare it under `saml_groups`");
    assert!(live(&emulator, "Reader").is_some());
    let link = "assignments:\n  - { role: builtin:guest, saml_groups: [eng], scope: { group: acme } }\n";
    define(&project, &format!("{removed}{link}"));
    let _plan = project.plan().exits(0).has("okan").has("eng");
    let _moved = project.apply().exits(0);
    assert!(live(&emulator, "Reader").is_none());
    assert_eq!(membership(&emulator, "groups", "acme/platform", "okan"), Some((10, None)));
    let link = emulator.get("/_dashboard/state")["groups"][0]["saml_group_links"][0].clone();
    assert_eq!((link["name"].as_str(), link["access_level"].as_u64()), (Some("eng"), Some(10)));
    assert!(link["member_role_id"].is_null());
}

#[test]
fn links_that_cannot_be_read_are_a_refusal() {
    let (emulator, project) = world(false, false);
    define(&project, "roles: {}\n");
    for path in ["saml_group_links", "ldap_group_links"] {
        emulator.faults(&[&format!("GET /api/v4/groups/*/{path} status=403")]);
        let _refused = project.apply();
        assert!(live(&emulator, "Reader").is_some(), "{path}");
    }
}

#[test]
fn links_are_given_roles_and_lose_them() {
    let (emulator, project) = world(false, false);
    let reader = "roles:\n  reader: { name: Reader, description: Reads, base: guest, permissions: [read_code], id: \"14\" }\n";
    let link = |role: &str| {
        format!(
            "{reader}assignments:\n  - {{ role: {role}, saml_groups: [eng], ldap_groups: [\"ldapmain:cn=ops\"], scope: {{ group: acme }} }}\n"
        )
    };
    let saml =
        |emulator: &Emulator| emulator.get("/_dashboard/state")["groups"][0]["saml_group_links"].clone();
    define(&project, &link("reader"));
    let _given = project.apply().exits(0);
    project.is_in_place();
    assert_eq!(saml(&emulator)[0]["member_role_id"], 14);
    project.commit("given");
    define(&project, &link("builtin:developer"));
    let _moved = project.apply().exits(0);
    project.is_in_place();
    assert_eq!(
        (saml(&emulator)[0]["access_level"].as_u64(), saml(&emulator)[0]["member_role_id"].is_null()),
        (Some(30), true)
    );
    project.commit("moved");
    define(&project, reader);
    let _many = project.apply().exits(4).has("max_unassigns");
    let _gone = project
        .run_args(["apply", "--auto-approve", "--allow", "max_unassigns", "--reason", "gone"])
        .exits(0);
    assert_eq!(saml(&emulator).as_array().map(Vec::len), Some(0));
}
