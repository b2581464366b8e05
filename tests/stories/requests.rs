//! How many requests a command costs, and how many of them wait for each other.

use serde_json::{Value, json};

use crate::common::{Emulator, Project, emulator::text};

fn log(emulator: &Emulator) -> (Value, Vec<String>) {
    let log = emulator.get("/_dashboard/requests");
    let mut paths: Vec<String> =
        log["requests"].as_array().expect("a list").iter().map(|one| text(one, "path")).collect();
    paths.sort();
    (log, paths)
}

#[test]
fn a_plan_costs_the_same_few_requests_however_many_roles_there_are() {
    for roles in [1, 100, 3000] {
        let emulator = Emulator::with(&["--switch", "rate_limits=off", "--latency", "30"]);
        emulator.reseed(json!({ "generate": { "roles": roles, "permissions_each": 20 } }));
        let project = Project::in_git(&emulator, "");
        project.define("roles:\n  one: { name: Generated role 00001, permissions: { reports: [read] } }\n");
        let plan = project.run("plan --format json").exits(0).json();
        let (log, paths) = log(&emulator);
        assert_eq!(paths, ["/v1/me", "/v1/roles", "/v1/roles/permissions"], "{roles} roles");
        assert_eq!(log["depth"], 1, "{roles} roles");
        assert_eq!((&plan["run"]["requests"], &plan["run"]["depth"]), (&json!(3), &json!(1)));
    }
}

#[test]
fn people_are_read_only_where_they_matter_and_beside_the_roles() {
    let emulator = Emulator::with(&["--switch", "rate_limits=off", "--latency", "30"]);
    emulator.make_role(&json!({ "name": "Free", "permissions": [] }));
    let held = emulator.make_role(&json!({ "name": "Held", "permissions": [] }));
    emulator.give("1003", &held);
    let project = Project::in_git(&emulator, "");
    let role = "roles:\n  one: { name: One, description: Needed, permissions: { reports: [read] } }\n";
    for (wanted, people, depth) in [
        (role.to_owned(), false, 1),
        (format!("{role}removed:\n  - {{ name: Free }}\n"), false, 1),
        (format!("{role}assignments:\n  - {{ role: one, users: [\"1003\"] }}\n"), true, 1),
        // Only the list of roles shows that somebody holds it.
        (format!("{role}removed:\n  - {{ name: Held, reassign_to: one }}\n"), true, 2),
    ] {
        project.define(&wanted);
        emulator.forget();
        let _planned = project.plan().exits(0);
        let (log, paths) = log(&emulator);
        assert_eq!(paths.contains(&"/v1/users".to_owned()), people, "{wanted}");
        assert_eq!(log["depth"], depth, "{wanted}");
        let roles = paths.iter().filter(|path| path.starts_with("/v1/roles")).count();
        assert!(roles <= 4, "{wanted}: {paths:?}");
    }
}

#[test]
fn an_apply_with_nothing_to_do_costs_no_more_than_a_plan() {
    let emulator = Emulator::start();
    let project = Project::in_git(&emulator, "");
    project.define(
        "roles:\n  one: { name: One, description: Needed, permissions: { reports: [read] } }\nassignments:\n  - { role: one, users: [\"1003\"] }\n",
    );
    let _made = project.apply().exits(0);
    emulator.forget();
    let _planned = project.plan().exits(0);
    let (_, plan) = log(&emulator);
    emulator.forget();
    let _applied = project.apply().exits(0);
    assert_eq!(log(&emulator).1, plan);
}

#[test]
fn an_apply_writes_once_for_each_change_and_reads_once_for_each_step() {
    let emulator = Emulator::start();
    let project = Project::in_git(&emulator, "");
    let roles: String = (0..20)
        .map(|n| {
            format!("  r{n}: {{ name: R{n}, description: Needed, permissions: {{ reports: [read] }} }}\n")
        })
        .collect();
    project
        .define(&format!("roles:\n{roles}assignments:\n  - {{ role: r0, users: [\"1003\", \"1004\"] }}\n"));
    let _made = project.apply().exits(0);
    assert_eq!(emulator.sent().len(), 21, "twenty roles, and two people in one request");
    let reads = emulator
        .requests()
        .iter()
        .filter(|one| text(one, "path") == "/v1/roles" && one["mutating"] == false)
        .count();
    assert!(reads <= 3, "the plan, the roles that were made, and everything at the end: {reads}");
    assert!(emulator.get("/_dashboard/requests")["max_in_flight"].as_u64().is_some_and(|most| most <= 8));
}

#[test]
fn a_definition_that_is_wrong_costs_no_request() {
    let emulator = Emulator::start();
    let project = Project::in_git(&emulator, "");
    project.define("roles:\n  one: { nme: One }\n");
    let _wrong = project.apply().exits(3);
    assert_eq!(emulator.requests().len(), 0);
}
