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
