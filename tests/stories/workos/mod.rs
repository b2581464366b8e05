//! WorkOS: roles of an environment and of its organizations, from a first plan to the last deletion.

mod doctor;
mod holders;
mod inside;
mod interruptions;
mod mappings;
mod messages;
mod permissions;
mod places;
mod requests;
mod resources;
mod roles;
mod tables;
mod types;

use serde_json::{Value, json};

use crate::common::{
    Emulator, Project,
    emulator::{text, texts},
    http,
};

/// The default seed: the environment roles `admin`, `support-agent`, `project-editor`, and `member`,
/// and the organizations Acme (external id `acme`, with the role `org-billing-admin`), Globex, and
/// Initech.
fn emulator() -> Emulator {
    Emulator::of("workos", &["--switch", "rate_limits=off"])
}

/// A git repository with one target `env` and no definition; `more` is added to the target.
fn project(emulator: &Emulator, more: &str) -> Project {
    let project = Project::new();
    project.config(&format!(
        "  env:\n    provider: workos\n    files: [\"roles/**/*.yaml\"]\n    settings: {{ url: \"{}\" }}\n{more}",
        emulator.url
    ));
    project.init();
    project.commit("start");
    project
}

fn define(project: &Project, yaml: &str) {
    project.write("roles/all.yaml", &format!("provider: workos\n{yaml}"));
}

/// A role of the environment, or of an organization by its id.
fn role(emulator: &Emulator, organization: Option<&str>, slug: &str) -> Option<Value> {
    let path = match organization {
        Some(id) => format!("/authorization/organizations/{id}/roles/{slug}"),
        None => format!("/authorization/roles/{slug}"),
    };
    let (status, role) = http::send_with(&emulator.address, "GET", &path, "authorization: Bearer sk_x", None);
    (status == 200).then_some(role)
}

/// The permissions of a role that has to be there, sorted.
fn permissions(emulator: &Emulator, organization: Option<&str>, slug: &str) -> Vec<String> {
    let role = role(emulator, organization, slug).unwrap_or_else(|| panic!("no role `{slug}`"));
    let mut permissions = texts(&role["permissions"]);
    permissions.sort();
    permissions
}

/// The slug of the role that a member holds.
fn held_by(emulator: &Emulator, membership: &str) -> String {
    let path = format!("/user_management/organization_memberships/{membership}");
    let (status, member) =
        http::send_with(&emulator.address, "GET", &path, "authorization: Bearer sk_x", None);
    assert_eq!(status, 200, "{member}");
    text(&member["role"], "slug")
}

/// What a person does in the dashboard.
fn dashboard(emulator: &Emulator, method: &str, path: &str, body: &Value) {
    let (status, answer) = http::send(&emulator.address, method, &format!("/_dashboard/{path}"), Some(body));
    assert!((200..300).contains(&status), "{method} {path}: {status} {answer}");
}

/// Sets the switches that are named, `NAME=VALUE`.
fn switch(emulator: &Emulator, switches: &[(&str, &str)]) {
    for (name, value) in switches {
        dashboard(emulator, "PATCH", "switches", &json!({ *name: value }));
    }
}
