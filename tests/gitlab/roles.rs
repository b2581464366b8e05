//! A role's whole life.

use serde_json::json;

use super::{apply_looked, define, emulator, live, membership, plan_looked, project, role, seed, seed_with};
use crate::common::emulator::texts;

#[test]
fn a_role_is_made_changed_renamed_and_deleted() {
    let emulator = emulator(&seed());
    let project = project(&emulator, "");
    define(&project, &format!("roles:\n{}", role("approver", "reporter", "admin_merge_request")));
    let _made = project.apply().exits(0).has("create approver").has("everything was read back");
    project.is_in_place();
    let made = live(&emulator, "approver").expect("it is there");
    assert_eq!(
        (made["base_access_level"].as_u64(), texts(&made["permissions"])),
        (Some(20), vec!["admin_merge_request".to_owned()])
    );
    project.commit("made");

    define(
        &project,
        &format!("roles:\n{}", role("approver", "reporter", "admin_merge_request, read_dependency")),
    );
    let _changed = project.apply().exits(0).has("+ read_dependency");
    project.is_in_place();
    assert_eq!(texts(&live(&emulator, "approver").expect("still there")["permissions"]).len(), 2);
    project.commit("changed");

    let renamed = role("approver", "reporter", "admin_merge_request, read_dependency")
        .replace("description: Needed", "name: Release approver");
    define(&project, &format!("roles:\n{renamed}"));
    let _renamed = project.apply().exits(0).has("rename approver → Release approver");
    project.is_in_place();
    let renamed = live(&emulator, "Release approver").expect("renamed");
    assert_eq!(
        (renamed["id"].clone(), renamed["description"].as_str()),
        (made["id"].clone(), Some("Needed"))
    );
    project.commit("renamed");

    define(&project, "roles: {}\n");
    let _deleted = apply_looked(&project).exits(0).has("delete Release approver");
    assert!(live(&emulator, "Release approver").is_none());
    assert!(live(&emulator, "Reader").is_some(), "what git never declared stays");
}

#[test]
fn what_somebody_changed_in_the_dashboard_is_drift_and_put_back() {
    let emulator = emulator(&seed());
    let project = project(&emulator, "");
    define(&project, &format!("roles:\n{}", role("approver", "reporter", "admin_merge_request")));
    let _made = project.apply().exits(0);
    project.commit("made");
    emulator.edit(
        "approver",
        &json!({ "permissions": ["admin_merge_request", "admin_runners", "read_runners"] }),
    );
    let _drift = project.run("drift --detailed-exitcode").exits(2).has("admin_runners");
    let _back = project.apply().exits(0);
    assert_eq!(texts(&live(&emulator, "approver").expect("there")["permissions"]), ["admin_merge_request"]);
}

#[test]
fn another_base_is_a_new_role_in_place_of_the_old_one() {
    let emulator = emulator(&seed());
    let project = project(&emulator, "on_unassign: keep_base");
    let people = "assignments:\n  - { role: approver, users: [mira], scope: { group: acme } }\n";
    define(&project, &format!("roles:\n{}{people}", role("approver", "reporter", "admin_merge_request")));
    let _made = project.apply().exits(0);
    project.commit("made");
    let old = live(&emulator, "approver").expect("made")["id"].as_u64();
    assert_eq!(membership(&emulator, "groups", "acme", "mira"), Some((20, old)));

    define(&project, &format!("roles:\n{}{people}", role("approver", "developer", "admin_merge_request")));
    let _unseen = project.apply().exits(4).has("SAML provider of the group gives `approver`");
    let _plan = plan_looked(&project)
        .exits(0)
        .has("replace approver")
        .has("base: Reporter → Developer")
        .has("the new role is made as `rolecall temporary")
        .has("the new one is renamed to `approver`");
    let _replaced = apply_looked(&project).exits(0);
    project.is_in_place();
    let new = live(&emulator, "approver").expect("replaced");
    assert_ne!(new["id"].as_u64(), old);
    assert_eq!(membership(&emulator, "groups", "acme", "mira"), Some((30, new["id"].as_u64())));
}

#[test]
fn p6_a_licence_that_has_run_out_removes_nothing() {
    let emulator = emulator(&seed());
    let project = project(&emulator, "");
    define(&project, &format!("roles:\n{}", role("approver", "reporter", "admin_merge_request")));
    let _made = project.apply().exits(0);
    project.commit("made");
    emulator.switch("licence", "none");
    emulator.forget();
    // What was applied is not there, and nobody can tell that it is gone.
    let _unknown =
        project.run("drift --detailed-exitcode").exits(7).has("a licence that has run out").lacks("deleted");
    let _same = project.apply().exits(4).has("will not create `approver` on an incomplete read");
    for gone in
        ["roles: {}\n", "roles: {}\nremoved: [approver]\n", "roles: {}\nremoved: [{ name: approver }]\n"]
    {
        define(&project, gone);
        let _nothing = project.plan().lacks("delete approver").lacks("no live role has that name");
        let _refused = project.apply();
    }
    let _refused =
        project.apply().exits(4).has("nobody can tell whether role `approver` is there to be removed");
    assert!(
        emulator.sent().iter().all(|line| line == "POST /api/graphql"),
        "queries only: {:?}",
        emulator.sent()
    );
    emulator.switch("licence", "ultimate");
    assert!(live(&emulator, "approver").is_some());
}

#[test]
fn what_gitlab_would_refuse_is_found_offline() {
    let emulator = emulator(&seed());
    let project = project(&emulator, "");
    let long = "x".repeat(256);
    for (yaml, words) in [
        (role("one", "reporter", "admin_runners"), "takes `read_runners`, too"),
        (role("one", "reporter", "read_admin_users"), "cannot hold `read_admin_users`"),
        (role("one", "owner", "read_code"), "owner"),
        (role("one", "reporter", ""), "permission"),
        (role("one", "reporter", "read_code").replace("Needed", &long), "255"),
    ] {
        define(&project, &format!("roles:\n{yaml}"));
        let _wrong = project.run("validate").exits(3).has(words);
    }
    // The base already holds it, in groups and in projects.
    define(&project, &format!("roles:\n{}", role("one", "maintainer", "admin_runners")));
    let _fine = project.run("validate").exits(0);
    assert_eq!(emulator.requests().len(), 0);
}

#[test]
fn an_eleventh_role_is_refused_before_anything_is_sent() {
    let roles: Vec<_> = (1..=10)
        .map(|n| json!({ "id": n, "group": "acme", "name": format!("Role {n}"), "base_access_level": 20, "permissions": ["read_code"] }))
        .collect();
    let emulator = emulator(&seed_with(|seed| seed["roles"] = json!(roles)));
    let project = project(&emulator, "");
    define(&project, &format!("roles:\n{}", role("eleventh", "reporter", "admin_merge_request")));
    let _refused = project.apply().exits(4);
    assert!(live(&emulator, "eleventh").is_none());
}

#[test]
fn an_instance_takes_more_than_ten_roles_and_the_plan_says_so() {
    let roles: Vec<_> = (1..=10)
        .map(|n| json!({ "id": n, "name": format!("Role {n}"), "base_access_level": 20, "permissions": ["read_code"] }))
        .collect();
    let emulator = emulator(&seed_with(|seed| {
        seed["deployment"] = json!("instance");
        seed["users"][0]["admin"] = json!(true);
        seed["roles"] = json!(roles);
    }));
    let project = project(&emulator, "");
    let many: String = (0..11).map(|n| role(&format!("r{n}"), "reporter", "admin_merge_request")).collect();
    define(&project, &format!("roles:\n{many}"));
    let _group = project.run("validate").exits(3).has("error[RC025]").has("GitLab holds at most 10");
    project.config(&format!(
        "  platform:\n    provider: gitlab\n    files: [\"roles/**/*.yaml\"]\n    settings: {{ url: \"{}\" }}\n",
        emulator.url
    ));
    project.commit("instance");
    let _instance = project.run("validate").exits(0).has("warning[RC025]").has("is documented to hold 10");
    define(&project, &format!("roles:\n{}", role("eleventh", "reporter", "admin_merge_request")));
    let _made = project.apply().exits(0).has("There would be 11 roles; GitLab is documented to hold 10.");
    assert!(live(&emulator, "eleventh").is_some());
}

#[test]
fn admin_roles_are_of_an_instance_and_refused_for_a_group() {
    let emulator = emulator(&seed());
    let project = project(&emulator, "");
    define(
        &project,
        "roles:\n  watcher: { kind: admin, description: Sees people, permissions: [read_admin_users] }\n",
    );
    let _refused =
        project.run("validate").exits(3).has("RC028").has("is an admin role, and groups have none");
}

#[test]
fn an_instance_has_admin_roles_too() {
    let emulator = emulator(&seed_with(|seed| {
        seed["deployment"] = json!("instance");
        seed["users"][0]["admin"] = json!(true);
        seed["roles"] =
            json!([{ "id": 14, "name": "Reader", "base_access_level": 10, "permissions": ["read_code"] }]);
    }));
    let project = project(&emulator, "");
    project.config(&format!(
        "  platform:\n    provider: gitlab\n    files: [\"roles/**/*.yaml\"]\n    settings: {{ url: \"{}\" }}\n",
        emulator.url
    ));
    project.commit("instance");
    let admin =
        "  watcher:\n    kind: admin\n    description: Sees people\n    permissions: [read_admin_users]\n";
    define(&project, &format!("roles:\n{admin}{}", role("approver", "reporter", "admin_merge_request")));
    let _made = project.apply().exits(0);
    project.is_in_place();
    assert!(live(&emulator, "watcher").is_some_and(|role| role["base_access_level"].is_null()));
    project.commit("made");
    define(
        &project,
        &format!("roles:\n{}", admin.replace("[read_admin_users]", "[read_admin_users, read_admin_groups]")),
    );
    let _changed = project.apply().exits(0).has("+ read_admin_groups").has("delete approver");
    project.is_in_place();
}

#[test]
fn doctor_tells_of_the_token_and_of_what_the_deployment_has() {
    for (deployment, admin) in [("group", false), ("instance", true)] {
        let emulator = emulator(&seed_with(|seed| {
            seed["deployment"] = json!(deployment);
            seed["users"][0]["admin"] = json!(true);
            seed["roles"] = json!([]);
        }));
        let project = project(&emulator, "");
        if admin {
            project.config(&format!(
                "  platform:\n    provider: gitlab\n    files: [\"roles/**/*.yaml\"]\n    settings: {{ url: \"{}\" }}\n",
                emulator.url
            ));
        }
        let said = project.run("doctor").has("scopes of the token: `api`").has("What GitLab supports");
        assert_eq!(said.everything().contains("\n  admin "), admin, "{}", said.everything());
    }
}

#[test]
fn a_base_that_there_is_not_is_said_once_and_a_place_outside_before_anything_is_asked() {
    let emulator = emulator(&seed());
    let project = project(&emulator, "");
    for base in ["auditor", "nonsense"] {
        define(&project, &format!("roles:\n{}", role("a", base, "admin_runners")));
        let _wrong = project.run("validate").exits(3).has("RC032").lacks("has no `base`").lacks("RC058");
    }
    define(
        &project,
        "assignments:\n  - { role: \"builtin:developer\", users: [zoe], scope: { group: partners } }\n",
    );
    let wrong = project.run("validate").exits(3).has("group `partners` lies outside of `acme`");
    let _wrong = wrong.lacks("knows no group");
}

#[test]
fn what_only_admin_roles_hold_is_not_gone_from_the_catalogue_of_a_group() {
    let emulator = emulator(&seed());
    let project = project(&emulator, "");
    let _catalogue = project.run("catalog").exits(0).lacks("read_admin_users");
}
