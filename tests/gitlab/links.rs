//! Deleting a role takes it from every membership and link, so that all of them are known before.

use serde_json::json;

use super::{
    READER, apply_looked, define, emulator, live, membership, plan_looked, platform, project, role, seed,
    seed_with,
};
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
    // No API tells whether it is the default of the group's SAML provider: somebody has to look.
    let plan = project.plan().exits(4);
    let plan = plan.has("the SAML provider of the group gives `Reader`").has("plain Guest from then on");
    let plan = plan.has("By hand").has("1. Open").has("/groups/acme/-/saml").has("2. Look at");
    let _plan = plan.has("choose the role that new people are to get").has("`--allow unseen");
    emulator.forget();
    let _blocked = project.apply().exits(4);
    assert_eq!(emulator.writes().len(), 0);
    let _deleted = apply_looked(&project).exits(0);
    assert!(live(&emulator, "Reader").is_none());
}

#[test]
fn a_role_that_only_a_link_gives_is_not_called_held_by_nobody() {
    let (emulator, project) = world(false, true);
    define(
        &project,
        "roles:\n  other: { description: Sees, base: guest, permissions: [read_code] }\nremoved:\n  - { name: Reader, reassign_to: other }\n",
    );
    let plan = project.plan().exits(4);
    let _plan = plan.has("held by nobody directly, given by 1 group");
    let plan = project.run("plan --format json").json();
    let changes = plan["targets"][0]["changes"].as_array().cloned().expect("changes");
    let gone = changes.iter().find(|change| change["action"] == "delete").expect("a deletion");
    assert_eq!((&gone["holders"], &gone["given_by"]), (&json!(0), &json!(1)), "{gone}");
    drop(emulator);
}

#[test]
fn people_who_hold_a_role_are_counted_once() {
    let emulator = emulator(&seed_with(|seed| {
        let held = json!([{ "user": "okan", "access_level": 10, "member_role_id": 14 }]);
        seed["groups"][1]["members"] = held.clone();
        seed["projects"][0]["members"] = held;
    }));
    let project = project(&emulator, "");
    define(&project, "roles: {}\nremoved: [{ name: Reader, reassign_to: builtin:guest }]\n");
    let _plan = plan_looked(&project).exits(0).has("held by 1 user");
    let _moved = apply_looked(&project).exits(0);
    assert_eq!(membership(&emulator, "projects", "acme/platform/api", "okan"), Some((10, None)));
}

#[test]
fn the_link_keeps_its_role_where_the_one_in_its_place_cannot_be_made() {
    let emulator = emulator(&seed_with(|seed| seed["roles"] = json!([])));
    let project = project(&emulator, "on_unassign: keep_base");
    let link = "assignments:\n  - { role: approver, saml_groups: [eng], scope: { group: acme } }\n";
    define(&project, &format!("roles:\n{}{link}", role("approver", "reporter", "admin_merge_request")));
    let _made = project.apply().exits(0);
    project.commit("made");
    let links = || emulator.get("/_dashboard/state")["groups"][0]["saml_group_links"].clone();
    let before = links();
    define(&project, &format!("roles:\n{}{link}", role("approver", "developer", "admin_merge_request")));
    // An apply asks as often as a plan does, and then makes the new role.
    emulator.forget();
    let _asks = plan_looked(&project).exits(0);
    let asks = emulator.count("POST /api/graphql");
    for (times, words) in
        [(" times=1", "read back, the role is not there"), ("", "whether it took effect could not be read")]
    {
        emulator.faults(&[&format!("WRITE /api/graphql status=500 after={asks}{times}")]);
        let failed = apply_looked(&project);
        assert!(failed.code != 0, "{}", failed.everything());
        let _failed = failed.has(words).lacks("accepted, and could not be read back");
        assert_eq!(links(), before);
    }
    emulator.faults(&[]);

    // Where the link goes, and cannot be made anew, that is said: a part of it was done.
    emulator.faults(&["POST /api/v4/groups/*/saml_group_links status=400"]);
    let _partly =
        apply_looked(&project).exits(6).has("the old role is taken away, and the new one could not be given");
    assert_eq!(links().as_array().map_or(0, Vec::len), 0);
    emulator.faults(&[]);
    let _ended = apply_looked(&project).exits(0);
    project.is_in_place();
    assert_eq!(links()[0]["access_level"], 30);
}

#[test]
fn a_link_that_moves_and_cannot_be_made_anew_is_an_apply_in_part() {
    let (emulator, project) = world(false, true);
    let reader = "roles:\n  reader: { name: Reader, description: Reads, base: guest, permissions: [read_code], id: \"14\" }\n";
    let link = "assignments:\n  - { role: builtin:developer, saml_groups: [eng], scope: { group: acme } }\n";
    define(&project, &format!("{reader}{link}"));
    emulator.faults(&["POST /api/v4/groups/*/saml_group_links status=400"]);
    let _partly = project
        .apply()
        .exits(6)
        .has("the old role is taken away, and the new one could not be given")
        .has("platform/assignment/group=acme/saml_group:eng");
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
    let _deleted = apply_looked(&project).exits(0);
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
    let _plan = plan_looked(&project).exits(0).has("okan").has("eng");
    let _moved = apply_looked(&project).exits(0);
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

/// A project on an instance whose group `acme/platform` is shared with `partners`.
fn on_instance(emulator: &Emulator, project: &Project) {
    project.config(&format!(
        "  platform:\n    provider: gitlab\n    files: [\"roles/**/*.yaml\"]\n    settings: {{ url: \"{}\" }}\n",
        emulator.url
    ));
    project.commit("instance");
}

const SHARED: &str = "roles:\n  reader: { description: Reads, base: guest, permissions: [read_code] }\nassignments:\n  - { role: reader, groups: [partners], scope: { group: acme/platform } }\n";

/// The share of `acme/platform`; groups further down come last.
fn share(emulator: &Emulator) -> serde_json::Value {
    emulator.get("/_dashboard/state")["groups"][2]["shares"][0].clone()
}

#[test]
fn on_gitlab_com_a_share_that_would_lose_its_role_is_refused_before_anything_is_sent() {
    let emulator = emulator(&seed_with(|seed| {
        seed["roles"] = json!([]);
        // One that was left plain is told.
        seed["groups"][0]["shares"] = json!([{ "group": "partners", "group_access": 10 }]);
    }));
    let project = project(&emulator, "");
    define(&project, SHARED);
    let _refused = project
        .apply()
        .exits(4)
        .has("would be shared with `partners` without the custom role")
        .has("`role: builtin:guest`");
    assert_eq!(emulator.writes().len(), 0);
    let top = SHARED.replace("acme/platform", "acme");
    define(&project, &top);
    let _refused = project.plan().exits(4).has("it is shared with plain Guest now");
    define(&project, &top.replace("role: reader", "role: builtin:guest"));
    let _plain = project.apply().exits(0);
    project.is_in_place();
}

#[test]
fn where_gitlab_com_keeps_the_role_of_one_share_others_can_have_one() {
    let emulator = emulator(&seed_with(|seed| {
        seed["groups"][0]["shares"] =
            json!([{ "group": "partners", "group_access": 10, "member_role_id": 14 }]);
    }));
    emulator.switch("group_link_roles", "on");
    let project = project(&emulator, "");
    let links = "  - { role: reader, groups: [partners], scope: { group: acme } }\n";
    define(
        &project,
        &format!("{}{links}", SHARED.replace("reader: {", "reader: { name: Reader, id: \"14\",")),
    );
    let _given = project.apply().exits(0);
    assert_eq!(share(&emulator)["member_role_id"], 14);
    project.is_in_place();
}

#[test]
fn on_an_instance_a_share_that_silently_lost_its_role_is_said_so() {
    for sticks in [true, false] {
        let emulator = emulator(&seed_with(|seed| {
            seed["deployment"] = json!("instance");
            seed["users"][0]["admin"] = json!(true);
            seed["roles"] = json!([]);
        }));
        emulator.switch("group_link_roles", if sticks { "on" } else { "off" });
        let project = project(&emulator, "");
        on_instance(&emulator, &project);
        define(&project, SHARED);
        let _told = project.plan().exits(0).has("depends on the instance (since 17.4");
        let applied = project.apply();
        let share = share(&emulator);
        let kept = (share["group_access"].as_u64(), share["member_role_id"].is_null());
        assert_eq!(kept, (Some(10), !sticks), "{}", applied.everything());
        match sticks {
            true => drop(applied.exits(0)),
            false => drop(applied.exits(6).has("partners")),
        }
    }
}

#[test]
fn a_group_below_another_one_is_invited_by_its_whole_path() {
    let emulator = emulator(&seed_with(|seed| {
        let audit = json!({ "id": 89, "path": "partners/audit", "members": [] });
        seed["groups"].as_array_mut().expect("a list").push(audit);
    }));
    let project = project(&emulator, "");
    let share =
        "assignments:\n  - { role: builtin:guest, groups: [Partners/Audit], scope: { group: acme } }\n";
    define(&project, share);
    let _shared = project.apply().exits(0);
    project.is_in_place();
    assert_eq!(emulator.get("/_dashboard/state")["groups"][0]["shares"][0]["group"], "partners/audit");
}

#[test]
fn a_link_that_stays_is_seen_before_its_role_is_deleted() {
    for fault in ["lose nth=1", "html nth=1"] {
        for (kind, links) in [
            ("saml_group_links", "saml_groups: [eng]"),
            ("ldap_group_links", "ldap_groups: [\"ldapmain:cn=ops\"]"),
        ] {
            let emulator = emulator(&seed_with(|seed| seed["roles"] = json!([])));
            let project = project(&emulator, "on_unassign: keep_base");
            let defined = |base: &str| {
                format!(
                    "roles:\n{}assignments:\n  - {{ role: approver, {links}, scope: {{ group: acme }} }}\n",
                    role("approver", base, "admin_merge_request")
                )
            };
            define(&project, &defined("reporter"));
            let _made = project.apply().exits(0);
            project.commit("made");
            let old = live(&emulator, "approver").expect("made")["id"].clone();
            define(&project, &defined("developer"));
            let _plan = plan_looked(&project).exits(0);
            emulator.faults(&[
                &format!("DELETE /api/v4/groups/*/{kind}/** {fault}"),
                &format!("DELETE /api/v4/groups/*/{kind} {fault}"),
            ]);
            let failed = apply_looked(&project).lacks("the old role is taken away");
            assert!(failed.code != 0, "{kind} {fault}: {}", failed.everything());
            let link = emulator.get("/_dashboard/state")["groups"][0][kind][0].clone();
            assert_eq!(link["member_role_id"], old, "{kind} {fault}: {}", failed.everything());
            emulator.faults(&[]);
            let _ended = apply_looked(&project).exits(0);
            project.is_in_place();
            let new = live(&emulator, "approver").expect("replaced")["id"].clone();
            let link = emulator.get("/_dashboard/state")["groups"][0][kind][0].clone();
            assert_eq!(
                (&link["member_role_id"], link["member_role_id"] == old),
                (&new, false),
                "{kind} {fault}"
            );
        }
    }
}

#[test]
fn a_share_that_ends_does_not_become_one_without_an_end() {
    let emulator = emulator(&seed_with(|seed| {
        seed["groups"][1]["shares"] =
            json!([{ "group": "partners", "group_access": 20, "expires_at": "2027-01-31" }]);
    }));
    let project = project(&emulator, "on_unassign: keep_base");
    let share = |role: &str| {
        format!(
            "assignments:\n  - {{ role: \"builtin:{role}\", groups: [partners], scope: {{ group: acme/platform }} }}\n"
        )
    };
    define(&project, &share("reporter"));
    let _same = project.apply().exits(0);
    define(&project, &share("developer"));
    let refused = project.apply().exits(4).has("is shared with `partners` until 2027-01-31");
    let _refused = refused.has("without an end");
    let shares = platform(&emulator)["shares"].clone();
    assert_eq!((&shares[0]["expires_at"], &shares[0]["group_access"]), (&json!("2027-01-31"), &json!(20)));
}

#[test]
fn a_role_that_the_share_of_a_project_gives_is_not_deleted() {
    let emulator = emulator(&seed_with(|seed| {
        seed["projects"][0]["shares"] =
            json!([{ "group": "partners", "group_access": 10, "member_role_id": 14 }]);
    }));
    emulator.switch("project_share_roles", "on");
    let project = project(&emulator, "on_unassign: keep_base");
    define(&project, READER);
    let _taken = project.apply().exits(0);
    project.commit("taken over");
    define(&project, "roles: {}\nremoved: [{ name: Reader, reassign_to: builtin:guest }]\n");
    let refused = apply_looked(&project).exits(4).has("role `Reader` cannot be deleted");
    let _refused = refused.has("the project `acme/platform/api` is shared with the group `partners` with it");
    assert!(live(&emulator, "Reader").is_some());
}

#[test]
fn a_saml_link_that_gitlab_cannot_tell_from_another_one_is_not_taken_away() {
    let emulator = emulator(&seed_with(|seed| {
        seed["groups"][0]["saml_group_links"] = json!([
            { "name": "eng", "access_level": 10 },
            { "name": "eng", "access_level": 20, "provider": "saml-2" },
        ]);
    }));
    let project = project(&emulator, "");
    define(
        &project,
        "assignments:\n  - { role: \"builtin:guest\", saml_groups: [eng], scope: { group: acme } }\n",
    );
    let _same = project.apply().exits(0);
    project.commit("same");
    define(&project, "roles: {}\n");
    let _refused = project.apply().exits(4).has("has another SAML link of this name, `provider=saml-2;eng`");
}

#[test]
fn an_import_keeps_the_day_on_which_gitlab_ends_something() {
    let emulator = emulator(&seed_with(|seed| {
        seed["groups"][1]["shares"] =
            json!([{ "group": "partners", "group_access": 20, "expires_at": "2027-01-31" }]);
        seed["groups"][1]["members"] = json!([
            { "user": "okan", "access_level": 30, "expires_at": "2027-03-01" },
            { "user": "zoe", "access_level": 30 },
        ]);
    }));
    let project = project(&emulator, "on_unassign: keep_base");
    let _written = project.run("import").exits(0);
    let written = project.read("roles/platform.yaml");
    // From the date onward there is no access: the day before is the last.
    for (last, field, who) in [("2027-01-30", "groups", "partners"), ("2027-02-28", "users", "okan")] {
        let entry = format!("    expires: {last}\n    {field}:\n      - {who}\n");
        assert!(written.contains(&entry), "{written}");
    }
    assert_eq!(written.matches("expires:").count(), 2, "zoe stays: {written}");
    project.is_in_place();
}

#[test]
fn what_somebody_gave_for_a_while_is_taken_over_for_that_while() {
    let emulator = emulator(&seed());
    let project = project(&emulator, "on_unassign: keep_base");
    define(
        &project,
        "assignments:\n  - { role: \"builtin:reporter\", users: [okan, zoe], scope: { group: acme/platform } }\n",
    );
    let _given = project.apply().exits(0);
    project.commit("given");
    let member = |level: u8, ends: Option<&str>| json!({ "access_level": level, "expires_at": ends });
    emulator.put("/_dashboard/groups/85/members/okan", &member(30, Some("2027-03-01")));
    let _taken = project.run("import --drift --write").exits(0);
    let written = project.read("roles/all.yaml");
    assert!(written.contains("expires: 2027-02-28") && written.contains("users: [zoe]"), "{written}");
    project.is_in_place();
}
