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
    // No API tells whether it is the default of the group's SAML provider.
    let _plan =
        project.plan().exits(0).has("SAML provider gives `Reader`").has("it gives Guest from then on");
    let _deleted = project.apply().exits(0);
    assert!(live(&emulator, "Reader").is_none());
}

#[test]
fn a_role_that_a_security_policy_names_is_not_deleted() {
    let (emulator, project) = world(false, false);
    emulator.put("/_dashboard/security-policies/Four%20eyes", &json!({ "member_role_ids": [14] }));
    let policies = emulator.get("/_dashboard/state")["security_policies"].clone();
    assert_eq!(policies[0]["member_role_ids"], json!([14]), "{policies}");
    define(&project, "roles: {}\n");
    emulator.forget();
    let _refused = project.apply().exits(4).has("it is named by the security policy").has("eyes");
    assert!(live(&emulator, "Reader").is_some());
    assert!(emulator.sent().iter().all(|line| line.starts_with("GET") || line == "POST /api/graphql"));
    emulator.put("/_dashboard/security-policies/Four%20eyes", &json!({ "member_role_ids": [] }));
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
        let _refused = project.apply().exits(4).has("nobody can tell who holds role `Reader`");
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

#[test]
fn a_link_goes_as_a_whole_whatever_stays_of_people() {
    for said in ["keep_base", "remove_member", "{ to: builtin:guest }"] {
        let emulator = emulator(&seed_with(|_| {}));
        let project = project(&emulator, &format!("on_unassign: {said}"));
        project.config_also("guards: { max_unassigns: \"100%\" }\n");
        project.commit("guards");
        let link =
            "assignments:\n  - { role: builtin:developer, saml_groups: [eng], scope: { group: acme } }\n";
        define(&project, link);
        let _given = project.apply().exits(0);
        project.commit("given");
        define(&project, "roles: {}\n");
        let _gone = project.apply().exits(0);
        let links = emulator.get("/_dashboard/state")["groups"][0]["saml_group_links"].clone();
        assert_eq!(links.as_array().map_or(0, Vec::len), 0, "{said}: {links}");
    }
}

#[test]
fn a_share_that_silently_lost_its_role_is_said_so() {
    for (deployment, sticks) in [("group", false), ("instance", true)] {
        let emulator = emulator(&seed_with(|seed| {
            seed["deployment"] = json!(deployment);
            seed["users"][0]["admin"] = json!(true);
            seed["roles"] = json!([]);
        }));
        let project = project(&emulator, "");
        if deployment == "instance" {
            project.config(&format!(
                "  platform:\n    provider: gitlab\n    files: [\"roles/**/*.yaml\"]\n    settings: {{ url: \"{}\" }}\n",
                emulator.url
            ));
            project.commit("instance");
        }
        define(
            &project,
            "roles:\n  reader: { description: Reads, base: guest, permissions: [read_code] }\nassignments:\n  - { role: reader, groups: [partners], scope: { group: acme/platform } }\n",
        );
        let applied = project.apply();
        // Groups further down come last.
        let share = emulator.get("/_dashboard/state")["groups"][2]["shares"][0].clone();
        let kept = (share["group_access"].as_u64(), share["member_role_id"].is_null());
        assert_eq!(kept, (Some(10), !sticks), "{}", applied.everything());
        match sticks {
            true => drop(applied.exits(0)),
            false => drop(applied.exits(6).has("partners")),
        }
    }
}
