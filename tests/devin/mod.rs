//! Devin through the real program and its emulator.

mod attesting;
mod by_hand;
mod forgetting;
mod identity;
mod limits;
mod members;
mod readings;
mod requests;
mod words;

use serde_json::{Value, json};

use crate::common::{Emulator, Project, emulator::text, http};

/// An enterprise with the organizations Apps, Data, and Platform, and the custom role `Curator` of
/// organizations. Ada and Ben administer it, Mira and Zoe are members; the credential acts for the
/// service user `rolecall`, an administrator; `ci` holds no role.
fn seed() -> Value {
    json!({
        "provider": "devin",
        "enterprises": [{
            "name": "acme",
            "anybody": "service-user-rolecall",
            "roles": [{ "id": "role-0a1b", "name": "Curator", "type": "org", "permissions": ["ManageOrgKnowledge"] }],
            "organizations": [
                { "id": "org-apps", "name": "Apps" },
                { "id": "org-data", "name": "Data" },
                { "id": "org-platform", "name": "Platform" },
            ],
            "users": [
                { "id": "user-ada", "email": "ada@acme.test", "name": "Ada", "role": "account_admin" },
                { "id": "user-ben", "email": "ben@acme.test", "name": "Ben", "role": "account_admin" },
                { "id": "user-mira", "email": "mira@acme.test", "name": "Mira", "role": "account_member" },
                { "id": "okta|acme|zoe", "email": "zoe@acme.test", "role": "account_member", "groups": ["Writers"] },
            ],
            "service_users": [
                { "id": "service-user-rolecall", "name": "rolecall", "role": "account_admin" },
                { "id": "service-user-ci", "name": "ci" },
            ],
        }],
    })
}

/// A seed in which something of the enterprise was replaced.
fn seed_with(change: impl FnOnce(&mut Value)) -> Value {
    let mut seed = seed();
    change(&mut seed["enterprises"][0]);
    seed
}

fn emulator(seed: &Value) -> Emulator {
    let emulator = Emulator::of("devin", &[]);
    emulator.put("/_dashboard/state", seed);
    emulator
}

/// A project in git with one target `acme`; `more` is added to it.
fn project(emulator: &Emulator, more: &str) -> Project {
    let project = Project::new();
    let more: String = more.lines().map(|line| format!("    {line}\n")).collect();
    project.config(&format!(
        "  acme:\n    provider: devin\n    files: [\"roles/**/*.yaml\"]\n    settings: {{ url: \"{}\" }}\n{more}",
        emulator.url
    ));
    project.git("init -q -b main");
    project.save("start");
    project
}

fn define(project: &Project, yaml: &str) {
    project.write("roles/all.yaml", &format!("provider: devin\n{yaml}"));
}

/// The role `curator`, which is there in [`seed`].
const CURATOR: &str = "roles:\n  curator:\n    name: Curator\n    description: Keeps the knowledge\n    scope: organization\n    permissions: [manage_knowledge]\n";

/// With [`CURATOR`] declared and attested.
fn attested(emulator: &Emulator, more: &str) -> Project {
    let project = project(emulator, more);
    define(&project, CURATOR);
    project.save("a curator");
    let _attested = project.run("import --attest").exits(0);
    project.save("attested");
    emulator.forget();
    project
}

/// Declares assignments beside [`CURATOR`].
fn assign(project: &Project, lines: &str) {
    define(project, &format!("{CURATOR}assignments:\n{lines}"));
}

/// What a person does in the dashboard.
#[track_caller]
fn dashboard(emulator: &Emulator, method: &str, path: &str, body: &Value) -> Value {
    let body = Some(body).filter(|body| !body.is_null());
    let (status, answer) = http::send(&emulator.address, method, &format!("/_dashboard/{path}"), body);
    assert!((200..300).contains(&status), "{method} {path}: {status} {answer}");
    answer
}

/// The id of a custom role.
fn role_id(emulator: &Emulator, name: &str) -> String {
    let state = emulator.get("/_dashboard/state");
    let roles = state["enterprises"][0]["roles"].as_array().cloned().unwrap_or_default();
    let role = roles.into_iter().find(|role| text(role, "name") == name).expect("the role exists");
    text(&role, "id")
}

/// The role that a principal of `class` (`users`, `service_users`, `idp_groups`) holds in the
/// enterprise, or in an organization; `None` for none, and for one who is not there.
fn held(emulator: &Emulator, class: &str, id: &str, organization: Option<&str>) -> Option<String> {
    let state = emulator.get("/_dashboard/state");
    let all = state["enterprises"][0][class].as_array().cloned().unwrap_or_default();
    let key = if class == "idp_groups" { "name" } else { "id" };
    let one = all.into_iter().find(|one| text(one, key) == id)?;
    let role = match organization {
        None => &one["role"],
        Some(organization) => &one["organizations"][organization],
    };
    role.as_str().map(str::to_owned)
}

/// `METHOD PATH` below the API of every request that could change something, in the order in which they
/// came.
fn sent(emulator: &Emulator) -> Vec<String> {
    let requests = emulator.requests().into_iter().filter(|one| one["mutating"] == true);
    let line = |one: Value| {
        let path = text(&one, "path");
        format!("{} {}", text(&one, "method"), path.trim_start_matches("/v3/enterprise/"))
    };
    requests.map(line).collect()
}

/// `STATUS ADDRESS` of every change of an apply.
fn statuses(outcome: &Value) -> Vec<String> {
    let changes = outcome["targets"][0]["changes"].as_array().expect("changes");
    let line = |change: &Value| format!("{} {}", text(change, "status"), text(change, "address"));
    changes.iter().map(line).collect()
}

/// `ACTION ADDRESS` of every change of a plan.
fn changes(project: &Project) -> Vec<String> {
    let plan = project.run("plan --format json").exits(0).json();
    let changes = plan["targets"][0]["changes"].as_array().cloned().expect("changes");
    changes.iter().map(|one| format!("{} {}", text(one, "action"), text(one, "address"))).collect()
}
