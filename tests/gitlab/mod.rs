//! GitLab through the real program and its emulator.

mod licence;
mod links;
mod members;
mod offered;
mod places;
mod replacing;
mod requests;
mod roles;
mod seats;
mod unknown;
mod used;

use serde_json::{Value, json};

use crate::common::{Emulator, Project, emulator::text, project::Output};

/// A group of gitlab.com: `acme` with `acme/platform`, the project `acme/platform/api`, and the
/// separate group `partners`. Ada owns it; Mira and Okan are members, Zoe of nothing.
fn seed() -> Value {
    json!({
        "provider": "gitlab",
        "deployment": "group",
        "caller": "ada",
        "users": [
            { "id": 1, "username": "ada", "name": "Ada" },
            { "id": 2, "username": "mira", "name": "Mira" },
            { "id": 3, "username": "okan", "name": "Okan" },
            { "id": 4, "username": "zoe", "name": "Zoe" },
        ],
        "roles": [
            { "id": 14, "group": "acme", "name": "Reader", "base_access_level": 10, "permissions": ["read_code"] },
        ],
        "groups": [
            { "id": 84, "path": "acme", "members": [{ "user": "ada", "access_level": 50 }, { "user": "mira", "access_level": 10 }] },
            { "id": 85, "path": "acme/platform", "members": [{ "user": "okan", "access_level": 30 }] },
            { "id": 88, "path": "partners", "members": [{ "user": "ada", "access_level": 50 }] },
        ],
        "projects": [{ "id": 201, "path": "acme/platform/api" }],
    })
}

/// The role `Reader` of the seed, as YAML.
const READER: &str = "roles:\n  reader: { name: Reader, description: Reads, base: guest, permissions: [read_code], id: \"14\" }\n";

/// An emulator with a world of its own and without limits of requests.
fn emulator(seed: &Value) -> Emulator {
    let emulator = Emulator::of("gitlab", &["--switch", "rate_limits=off"]);
    emulator.put("/_dashboard/state", seed);
    emulator
}

/// A project in git with one target `platform` on the group `acme`; `more` is added to the target.
fn project(emulator: &Emulator, more: &str) -> Project {
    let project = Project::new();
    let more: String = more.lines().map(|line| format!("    {line}\n")).collect();
    project.config(&format!(
        "  platform:\n    provider: gitlab\n    files: [\"roles/**/*.yaml\"]\n    settings: {{ group: acme, url: \"{}\" }}\n{more}",
        emulator.url
    ));
    project.init();
    project.commit("start");
    project
}

fn define(project: &Project, yaml: &str) {
    project.write("roles/all.yaml", &format!("provider: gitlab\n{yaml}"));
}

/// Plans for somebody who looked at what no API tells.
fn plan_looked(project: &Project) -> Output {
    project.run("plan --allow unseen --reason looked")
}

/// Applies for somebody who looked at what no API tells.
fn apply_looked(project: &Project) -> Output {
    project.run("apply --auto-approve --allow unseen --reason looked")
}

/// One role on a base, as YAML.
fn role(key: &str, base: &str, permissions: &str) -> String {
    format!("  {key}:\n    description: Needed\n    base: {base}\n    permissions: [{permissions}]\n")
}

/// The custom role with this name, in the form of a seed.
fn live(emulator: &Emulator, name: &str) -> Option<Value> {
    let roles = emulator.get("/_dashboard/state")["roles"].as_array().cloned().unwrap_or_default();
    roles.into_iter().find(|role| text(role, "name") == name)
}

/// Level and custom role of a direct member.
fn membership(emulator: &Emulator, kind: &str, path: &str, user: &str) -> Option<(u64, Option<u64>)> {
    let places = emulator.get("/_dashboard/state")[kind].as_array().cloned().unwrap_or_default();
    let place = places.iter().find(|place| text(place, "path") == path)?;
    let member = place["members"].as_array()?.iter().find(|member| text(member, "user") == user)?;
    Some((member["access_level"].as_u64()?, member["member_role_id"].as_u64()))
}

/// A seed in which something was replaced.
fn seed_with(change: impl FnOnce(&mut Value)) -> Value {
    let mut seed = seed();
    change(&mut seed);
    seed
}

/// The group `acme/platform`, in the form of a seed.
fn platform(emulator: &Emulator) -> Value {
    let groups = emulator.get("/_dashboard/state")["groups"].as_array().cloned().unwrap_or_default();
    groups.into_iter().find(|group| group["path"] == "acme/platform").expect("the group")
}
