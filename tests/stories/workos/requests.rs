//! How many requests a command costs: one for each organization.

use serde_json::{Value, json};

use super::{define, project};
use crate::common::{Emulator, emulator::text};

/// An environment with this many organizations of five members each.
fn many(organizations: usize, latency: &str) -> (Emulator, Vec<String>) {
    let emulator = Emulator::of("workos", &["--switch", "rate_limits=off", "--latency", latency]);
    let state = json!({
        "provider": "workos",
        "environments": [{
            "name": "staging",
            "permissions": [{ "slug": "reports:read", "name": "Read reports" }],
            "roles": [{ "slug": "member", "name": "Member" }],
            "generate": { "organizations": organizations, "members_each": 5, "roles_each": 2, "permissions": 150 },
        }],
    });
    emulator.put("/_dashboard/state", &state);
    let state = emulator.get("/_dashboard/state");
    let ids = state["environments"][0]["organizations"].as_array().expect("organizations");
    let ids: Vec<String> = ids.iter().map(|one| text(one, "id")).collect();
    assert_eq!(ids.len(), organizations);
    (emulator, ids)
}

fn log(emulator: &Emulator) -> (Vec<String>, Value) {
    let log = emulator.get("/_dashboard/requests");
    let paths = log["requests"].as_array().expect("a list").iter().map(|one| text(one, "path")).collect();
    (paths, log["depth"].clone())
}

#[test]
fn two_hundred_organizations_take_a_request_each() {
    let (emulator, ids) = many(200, "10");
    let project = project(&emulator, "");
    let scope = ids.iter().map(|id| format!("\"{id}\"")).collect::<Vec<_>>().join(", ");
    let yaml = format!(
        "roles:\n  org-desk:\n    name: Desk\n    description: Sits there\n    scope: {{ organization: [{scope}] }}\n    permissions: [\"reports:read\"]\n"
    );
    define(&project, &yaml);
    emulator.forget();
    let plan = project.run("plan --format json").exits(0).json();
    let (paths, _) = log(&emulator);
    let of_organizations =
        paths.iter().filter(|path| path.starts_with("/authorization/organizations/")).count();
    assert_eq!(of_organizations, 200);
    // The roles of the environment, and two pages of permissions.
    assert_eq!(paths.len(), 200 + 3, "{paths:?}");
    assert_eq!((&plan["run"]["requests"], &plan["run"]["depth"]), (&json!(203), &json!(2)));
    assert_eq!(plan["targets"][0]["summary"]["create"], 200);

    emulator.forget();
    let _made = project.apply().exits(0);
    assert_eq!(emulator.sent().len(), 400, "a role and its permissions, in each");
    project.is_in_place();
}

#[test]
fn members_are_read_only_where_they_matter() {
    let (emulator, ids) = many(3, "0");
    let project = project(&emulator, "");
    define(
        &project,
        &format!(
            "roles:\n  org-desk: {{ name: Desk, description: D, scope: {{ organization: {} }}, permissions: [\"reports:read\"] }}\n",
            ids[0]
        ),
    );
    emulator.forget();
    let _planned = project.plan().exits(0);
    let (paths, _) = log(&emulator);
    assert!(!paths.iter().any(|path| path.contains("memberships")), "{paths:?}");
}
