//! A role whose base changes is a new role, for which there has to be room.

use serde_json::json;

use super::{apply_looked, define, emulator, live, membership, plan_looked, project, role, seed_with};
use crate::common::{Emulator, Project};

/// A full group: nine roles that git does not declare, and `approver`, which Mira holds.
fn full() -> (Emulator, Project) {
    let emulator = emulator(&seed_with(|seed| {
        let role = |n: u32| json!({ "id": n, "group": "acme", "name": format!("Role {n}"), "base_access_level": 20, "permissions": ["read_code"] });
        seed["roles"] = json!((1..=9).map(role).collect::<Vec<_>>());
    }));
    let project = project(&emulator, "on_unassign: keep_base");
    define(&project, &approver("reporter", ""));
    let _made = project.apply().exits(0);
    project.commit("made");
    (emulator, project)
}

fn approver(base: &str, more: &str) -> String {
    let role = role("approver", base, "admin_merge_request");
    format!(
        "roles:\n{role}{more}assignments:\n  - {{ role: approver, users: [mira], scope: {{ group: acme }} }}\n"
    )
}

#[test]
fn in_a_full_group_a_role_is_replaced_only_where_a_gap_is_accepted() {
    let (emulator, project) = full();
    let old = live(&emulator, "approver").expect("made")["id"].clone();
    define(&project, &approver("developer", ""));
    let _refused =
        project.apply().exits(4).has("there is no room for both").has("mira (2)").has("`allow_gap: true`");
    assert_eq!(live(&emulator, "approver").expect("still there")["id"], old);

    define(&project, &approver("developer", "    allow_gap: true\n"));
    let _told = plan_looked(&project)
        .exits(0)
        .has("mira (2) would be without role `approver` for a moment")
        .has("there is no room for both: the old role is deleted first");
    let _replaced = apply_looked(&project).exits(0);
    project.is_in_place();
    let new = live(&emulator, "approver").expect("replaced")["id"].as_u64();
    assert_ne!(new, old.as_u64());
    assert_eq!(membership(&emulator, "groups", "acme", "mira"), Some((30, new)));
    let roles = emulator.get("/_dashboard/state")["roles"].as_array().map(Vec::len);
    assert_eq!(roles, Some(10));
}

#[test]
fn a_gap_is_not_accepted_for_holders_whom_nobody_would_remember() {
    let (emulator, project) = full();
    let id = live(&emulator, "approver").expect("made")["id"].clone();
    let link = json!({ "name": "eng", "access_level": 20, "member_role_id": id });
    emulator.put("/_dashboard/groups/84/members/okan", &json!({ "access_level": 20, "member_role_id": id }));
    define(&project, &approver("developer", "    allow_gap: true\n"));
    let _refused = project.apply().exits(4).has("okan");
    emulator.put("/_dashboard/groups/84/members/okan", &json!({ "access_level": 20 }));

    add_link(&emulator, &link);
    for more in ["", "    allow_gap: true\n"] {
        define(&project, &approver("developer", more));
        let _refused = project.apply().exits(4).has("Declare it under `saml_groups`");
        assert_eq!(live(&emulator, "approver").expect("still there")["id"], id);
    }
}

#[test]
fn a_link_moves_to_the_new_role_where_it_is_declared_and_only_there() {
    let emulator = emulator(&seed_with(|seed| seed["roles"] = json!([])));
    let project = project(&emulator, "on_unassign: keep_base");
    define(&project, &approver("reporter", ""));
    let _made = project.apply().exits(0);
    project.commit("made");
    let id = live(&emulator, "approver").expect("made")["id"].clone();
    add_link(&emulator, &json!({ "name": "eng", "access_level": 20, "member_role_id": id }));
    define(&project, &approver("developer", ""));
    let _refused = project.apply().exits(4).has("eng").has("Declare it under `saml_groups`");

    let link = "  - { role: approver, saml_groups: [eng], scope: { group: acme } }\n";
    define(&project, &format!("{}{link}", approver("developer", "")));
    let _plan =
        plan_looked(&project).exits(0).has("eng of `saml_groups` would be without a role for a moment");
    let _replaced = apply_looked(&project).exits(0);
    project.is_in_place();
    let new = live(&emulator, "approver").expect("replaced")["id"].clone();
    let link = emulator.get("/_dashboard/state")["groups"][0]["saml_group_links"][0].clone();
    assert_eq!((&link["member_role_id"], &link["access_level"]), (&new, &json!(30)));
}

/// Adds a SAML link as a person does.
fn add_link(emulator: &Emulator, link: &serde_json::Value) {
    emulator.post("/_dashboard/groups/84/saml_group_links", link);
}

/// A role that somebody made under the name that a replacement gives its new role for a while.
#[test]
fn a_role_under_the_temporary_name_gives_its_holders_nothing_unseen() {
    let emulator = emulator(&seed_with(|seed| seed["roles"] = json!([])));
    let project = project(&emulator, "on_unassign: keep_base");
    let defined = |base: &str| format!("roles:\n{}", role("approver", base, "admin_merge_request"));
    define(&project, &defined("reporter"));
    let _made = project.apply().exits(0);
    project.commit("made");
    define(&project, &defined("developer"));
    let plan = plan_looked(&project).exits(0).everything();
    let at = plan.find("rolecall temporary ").expect("a temporary name");
    let name = plan[at..at + "rolecall temporary 01234567".len()].to_owned();
    let made =
        json!({ "name": name, "group": "acme", "base_access_level": 30, "permissions": ["read_code"] });
    emulator.post("/_dashboard/roles", &made);
    // Nobody holds it: it is what an interrupted run leaves.
    let _free = plan_looked(&project).exits(0).has("is there already, as `rolecall temporary");
    let id = live(&emulator, &name).expect("it is there")["id"].clone();
    emulator.put("/_dashboard/groups/85/members/okan", &json!({ "access_level": 30, "member_role_id": id }));
    let refused = apply_looked(&project).exits(4).has("is held by okan (3)");
    let _refused = refused.has("would gain permissions by it").has("`--allow adopt --reason TEXT`");
    assert_eq!(live(&emulator, &name).expect("as it was")["permissions"], json!(["read_code"]));
}

#[test]
fn p4_a_gap_that_was_not_reviewed_is_not_taken() {
    let emulator = emulator(&seed_with(|seed| {
        let role = |n: u32| json!({ "id": n, "group": "acme", "name": format!("Role {n}"), "base_access_level": 20, "permissions": ["read_code"] });
        seed["roles"] = json!((1..=8).map(role).collect::<Vec<_>>());
    }));
    let project = project(&emulator, "on_unassign: keep_base");
    let defined = |base: &str, more: &str| {
        format!(
            "roles:\n{}{more}assignments:\n  - {{ role: approver, users: [mira], scope: {{ group: acme }} }}\n",
            role("approver", base, "admin_merge_request")
        )
    };
    define(&project, &defined("reporter", ""));
    let _made = project.apply().exits(0);
    project.commit("made");
    define(&project, &defined("developer", "    allow_gap: true\n"));
    project.commit("replaced");
    let _plan = project
        .run("plan --allow unseen --reason looked -o plan.json")
        .exits(0)
        .has("is made as `rolecall temporary");
    let tenth =
        json!({ "name": "Tenth", "group": "acme", "base_access_level": 20, "permissions": ["read_code"] });
    emulator.post("/_dashboard/roles", &tenth);
    emulator.forget();
    let refused = project.run("apply plan.json --allow unseen --reason looked");
    assert!(refused.code != 0, "{}", refused.everything());
    assert_eq!(emulator.writes().len(), 0, "{}", refused.everything());
    let _told = plan_looked(&project).exits(0).has("mira (2) would be without role `approver` for a moment");
}

#[test]
fn a_first_takeover_with_another_base_says_one_thing_to_do() {
    let emulator = emulator(&seed_with(|seed| {
        seed["groups"][1]["members"] = json!([{ "user": "okan", "access_level": 10, "member_role_id": 14 }]);
    }));
    let project = project(&emulator, "on_unassign: keep_base");
    define(
        &project,
        "roles:\n  reader: { name: Reader, description: Reads, base: developer, permissions: [read_vulnerability, read_code] }\n",
    );
    let refused = apply_looked(&project).exits(4).has("--allow adopt --reason TEXT");
    let _refused = refused.lacks("id: 14");
    let _taken = project.run("apply --auto-approve --allow unseen --allow adopt --reason looked").exits(0);
    assert_eq!(membership(&emulator, "groups", "acme/platform", "okan").map(|held| held.0), Some(30));
}
