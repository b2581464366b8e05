//! How many requests a plan costs, and how many of them wait for each other.

use serde_json::{Value, json};

use super::{CURATOR, assign, attested, define, emulator, held, project, seed, seed_with, sent};
use crate::common::{Emulator, emulator::text};

fn lines(emulator: &Emulator) -> Vec<String> {
    let line = |one: &Value| format!("{} {}", text(one, "method"), text(one, "path"));
    let mut lines: Vec<String> = emulator.requests().iter().map(line).collect();
    lines.sort();
    lines
}

/// Requests and depth as the plan itself tells them.
fn cost(plan: &Value) -> (u64, u64) {
    let number = |field: &str| plan["run"][field].as_u64().expect("a number");
    (number("requests"), number("depth"))
}

#[test]
fn roles_alone_cost_two_requests_at_once() {
    let emulator = emulator(&seed());
    let project = project(&emulator, "");
    define(&project, CURATOR);
    let plan = project.run("plan --format json").exits(0).json();
    assert_eq!(lines(&emulator), ["GET /v3/enterprise/organizations", "GET /v3/enterprise/roles"]);
    assert_eq!(cost(&plan), (2, 1));
}

#[test]
fn users_of_any_number_of_organizations_cost_one_list() {
    let emulator = emulator(&seed_with(|acme| {
        let many = (0..150).map(|n| json!({ "id": format!("org-{n:03}"), "name": format!("O{n}") }));
        acme["organizations"].as_array_mut().expect("a list").extend(many);
    }));
    let project = attested(&emulator, "");
    let places: Vec<String> = (0..150).map(|n| format!("org-{n:03}")).collect();
    let places = places.join(", ");
    assign(
        &project,
        &format!(
            "  - {{ role: curator, scope: {{ organization: [{places}] }}, users: [\"email:mira@acme.test\"] }}\n"
        ),
    );
    let plan = project.run("plan --format json").exits(0).json();
    assert_eq!(
        lines(&emulator),
        [
            "GET /v3/enterprise/members/service-users/service-user-rolecall",
            "GET /v3/enterprise/members/users",
            "GET /v3/enterprise/organizations",
            "GET /v3/enterprise/roles",
            "GET /v3/self",
        ]
    );
    assert_eq!(cost(&plan), (5, 2), "the rights of the credential wait for who it is");
    let _applied = project.apply().exits(0);
    assert_eq!(sent(&emulator).len(), 150);
}

#[test]
fn service_users_and_groups_cost_a_list_for_each_organization_all_at_once() {
    let emulator = emulator(&seed());
    let project = attested(&emulator, "");
    let given = |places: &str| {
        format!(
            "  - {{ role: curator, scope: {{ organization: [{places}] }}, service_users: [ci], idp_groups: [Writers] }}\n"
        )
    };
    assign(&project, &given("org-apps, org-data"));
    let plan = project.run("plan --format json").exits(0).json();
    // Roles, organizations, who asks, service users, registered groups, and two lists of two places.
    assert_eq!(cost(&plan), (9, 1));
    assign(&project, &given("org-apps, Data"));
    let plan = project.run("plan --format json").exits(0).json();
    assert_eq!(cost(&plan), (9, 2), "a name waits for the list of organizations");
}

#[test]
fn pages_hold_two_hundred() {
    for (people, pages) in [(196, 1), (197, 2), (596, 3)] {
        let emulator = emulator(&seed_with(|acme| {
            let many = (0..people).map(|n| json!({ "id": format!("user-{n}"), "email": format!("u{n}@acme.test"), "role": "account_member" }));
            acme["users"].as_array_mut().expect("a list").extend(many);
        }));
        let project = attested(&emulator, "");
        assign(
            &project,
            "  - { role: curator, scope: { organization: [org-apps] }, users: [\"email:mira@acme.test\"] }\n",
        );
        let plan = project.run("plan --format json").exits(0).json();
        assert_eq!(emulator.count("GET /v3/enterprise/members/users"), pages, "{people} people and four");
        assert_eq!(cost(&plan), (4 + pages as u64, 2.max(pages as u64)));
    }
}

#[test]
fn an_apply_writes_once_for_each_change_and_once_for_all_new_groups() {
    let emulator = emulator(&seed());
    let project = attested(&emulator, "");
    assign(
        &project,
        "  - { role: curator, scope: { organization: [org-apps, org-data] }, users: [\"email:mira@acme.test\"], idp_groups: [Writers, Readers] }\n",
    );
    let _applied = project.apply().exits(0);
    assert_eq!(sent(&emulator).len(), 2 + 4 + 1);
}

/// One request registers all groups of a run, as many as it takes.
#[test]
fn groups_are_registered_together() {
    let emulator = emulator(&seed());
    let project = project(&emulator, "");
    let groups: Vec<String> = (0..150).map(|at| format!("Team {at}")).collect();
    define(
        &project,
        &format!(
            "assignments:\n  - {{ role: builtin:org_member, scope: {{ organization: [Apps] }}, idp_groups: [{}] }}\n",
            groups.join(", ")
        ),
    );
    project.save("many groups");
    let _applied = project.apply().exits(0);
    let registered = sent(&emulator).into_iter().filter(|line| line == "POST idp-groups").count();
    assert_eq!(registered, 2);
    assert_eq!(held(&emulator, "idp_groups", "Team 149", Some("org-apps")), Some("org_member".to_owned()));
    project.is_in_place();
}
