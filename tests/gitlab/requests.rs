//! How many requests a plan costs, and how many of them wait for each other.

use serde_json::json;

use super::{define, emulator, project, role, seed, seed_with};
use crate::common::{Emulator, emulator::text};

fn lines(emulator: &Emulator) -> Vec<String> {
    let mut lines: Vec<String> = emulator
        .requests()
        .iter()
        .map(|one| format!("{} {}", text(one, "method"), text(one, "path")))
        .collect();
    lines.sort();
    lines
}

#[test]
fn each_hundred_roles_cost_one_query() {
    for (roles, queries) in [(1, 1), (100, 1), (101, 2), (250, 3)] {
        let many: Vec<_> = (1..=roles)
            .map(|n| json!({ "id": n, "name": format!("Role {n}"), "base_access_level": 20, "permissions": ["read_code"] }))
            .collect();
        let emulator = emulator(&seed_with(|seed| {
            seed["deployment"] = json!("instance");
            seed["roles"] = json!(many);
        }));
        let project = project(&emulator, "");
        project.config(&format!(
            "  platform:\n    provider: gitlab\n    files: [\"roles/**/*.yaml\"]\n    settings: {{ url: \"{}\" }}\n",
            emulator.url
        ));
        define(&project, &format!("roles:\n{}", role("approver", "reporter", "admin_merge_request")));
        let plan = project.run("plan --format json");
        assert_eq!(lines(&emulator), vec!["POST /api/graphql"; queries], "{roles} roles");
        let run = &plan.json()["run"];
        assert_eq!(
            (run["requests"].as_u64(), run["depth"].as_u64()),
            (Some(queries as u64), Some(queries as u64))
        );
    }
}

#[test]
fn members_cost_a_page_for_each_hundred_beside_the_roles() {
    let people = 250;
    let emulator = emulator(&seed_with(|seed| {
        let users: Vec<_> = (10..10 + people)
            .map(|n| json!({ "id": n, "username": format!("user{n}"), "name": "User" }))
            .collect();
        seed["users"].as_array_mut().expect("a list").extend(users);
        let members = (10..10 + people).map(|n| json!({ "user": format!("user{n}"), "access_level": 20 }));
        seed["groups"][1]["members"].as_array_mut().expect("a list").extend(members);
    }));
    let project = project(&emulator, "on_unassign: keep_base");
    define(
        &project,
        &format!(
            "roles:\n{}assignments:\n  - {{ role: approver, users: [user10, okan], scope: {{ group: acme/platform }} }}\n",
            role("approver", "reporter", "admin_merge_request")
        ),
    );
    let plan = project.run("plan --format json").exits(0).json();
    let members = "GET /api/v4/groups/acme%2Fplatform/members";
    // Those of the group above tell how little somebody can be here.
    let above = "GET /api/v4/groups/acme/members";
    let expected = [members, members, members, above, "GET /api/v4/user", "POST /api/graphql"];
    assert_eq!(lines(&emulator), expected);
    assert_eq!((plan["run"]["requests"].as_u64(), plan["run"]["depth"].as_u64()), (Some(6), Some(2)));
}

#[test]
fn an_apply_writes_once_for_each_change() {
    let emulator = emulator(&seed());
    let project = project(&emulator, "on_unassign: keep_base");
    let roles: String = (0..5).map(|n| role(&format!("r{n}"), "reporter", "admin_merge_request")).collect();
    define(
        &project,
        &format!(
            "roles:\n{roles}assignments:\n  - {{ role: r0, users: [mira, zoe], scope: {{ group: acme }} }}\n"
        ),
    );
    let _made = project.apply().exits(0);
    let writes = emulator.writes();
    assert_eq!(writes.len(), 7, "five roles and two memberships: {writes:#?}");
    // The writer reads nothing: roles before, after each stratum, and at the end.
    assert_eq!(emulator.count("POST /api/graphql"), 5 + 3);
}

#[test]
fn nothing_waits_for_an_answer_that_it_does_not_need() {
    let emulator = Emulator::of("gitlab", &["--switch", "rate_limits=off", "--latency", "400"]);
    emulator.put("/_dashboard/state", &seed());
    let project = project(&emulator, "on_unassign: keep_base");
    let depth = || emulator.get("/_dashboard/requests")["depth"].clone();
    define(
        &project,
        &format!(
            "roles:\n{}assignments:\n  - {{ role: approver, users: [okan], scope: {{ group: acme/platform }} }}\n",
            role("approver", "reporter", "admin_merge_request")
        ),
    );
    // The roles, who asks, and the members of both groups.
    let plan = project.run("plan --format json").json();
    assert_eq!((emulator.requests().len(), depth()), (4, json!(1)), "{:?}", lines(&emulator));
    assert_eq!(plan["run"]["depth"], 1);
    // Whoever is a member nowhere is looked up after that.
    emulator.forget();
    define(
        &project,
        &format!(
            "roles:\n{}assignments:\n  - {{ role: approver, users: [zoe], scope: {{ group: acme/platform }} }}\n",
            role("approver", "reporter", "admin_merge_request")
        ),
    );
    let _plan = project.plan().exits(0);
    assert_eq!((emulator.requests().len(), depth()), (5, json!(2)), "{:?}", lines(&emulator));
}

#[test]
fn a_held_role_that_is_dropped_is_read_once_with_everything_that_depends_on_it() {
    let emulator = emulator(&seed());
    let project = project(&emulator, "on_unassign: keep_base");
    let approver = role("approver", "reporter", "admin_merge_request");
    define(
        &project,
        &format!(
            "roles:\n{approver}assignments:\n  - {{ role: approver, users: [mira], scope: {{ group: acme }} }}\n"
        ),
    );
    let _made = project.apply().exits(0);
    project.commit("made");
    define(&project, "roles: {}\n");
    emulator.forget();
    let plan = project.run("plan --format json --allow unseen --reason looked").json();
    let lines = lines(&emulator);
    // The roles, and which policies name them; nothing else is asked twice.
    let once: std::collections::BTreeSet<&String> =
        lines.iter().filter(|line| *line != "POST /api/graphql").collect();
    assert_eq!(lines.len(), once.len() + 2, "{lines:#?}");
    assert_eq!(plan["run"]["requests"].as_u64(), Some(lines.len() as u64));
    assert!(plan["run"]["depth"].as_u64() <= Some(4), "{}", plan["run"]);
    assert!(plan["targets"][0]["changes"].as_array().is_some_and(|changes| changes.len() == 2));
}

#[test]
fn only_the_kinds_of_links_that_are_declared_are_read() {
    for (groups, path) in [
        ("saml_groups: [eng]", "saml_group_links"),
        ("ldap_groups: [\"ldapmain:cn=ops\"]", "ldap_group_links"),
    ] {
        let emulator = emulator(&seed());
        let project = project(&emulator, "");
        define(
            &project,
            &format!("assignments:\n  - {{ role: \"builtin:guest\", {groups}, scope: {{ group: acme }} }}\n"),
        );
        let _plan = project.plan().exits(0);
        let expected = [
            format!("GET /api/v4/groups/acme/{path}"),
            "GET /api/v4/user".into(),
            "POST /api/graphql".into(),
        ];
        assert_eq!(lines(&emulator), expected);
    }
}
