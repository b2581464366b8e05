//! One role in several organizations, of which some leave it or drift.

use serde_json::json;

use super::{define, emulator, permissions, project, role};
use crate::common::{Emulator, Project, http};

fn desk(places: &str, more: &str) -> String {
    format!(
        "roles:\n  org-desk:\n    name: Desk\n    description: Sits there\n    scope: {{ organization: [{places}] }}\n    permissions: [\"reports:read\"]\n{more}"
    )
}

const ALL: &str = "\"external:acme\", org_globex, org_initech";

/// The role in three organizations, applied and recorded.
fn three(emulator: &Emulator) -> Project {
    let project = project(emulator, "");
    define(&project, &desk(ALL, ""));
    project.commit("desk");
    let _made = project.apply().exits(0);
    project
}

fn send(emulator: &Emulator, method: &str, path: &str, body: &serde_json::Value) {
    let (status, answer) =
        http::send_with(&emulator.address, method, path, "authorization: Bearer sk_x", Some(body));
    assert!((200..300).contains(&status), "{method} {path}: {status} {answer}");
}

/// The line that a message says to write, between backticks or on a line of its own.
fn offered(said: &str) -> String {
    let line = said.lines().map(str::trim).find(|line| line.starts_with("- { ")).expect("a line to paste");
    line.to_owned()
}

#[test]
fn a_place_that_leaves_is_removed_with_the_line_that_the_refusal_offers() {
    let emulator = emulator();
    let project = three(&emulator);
    let okan = "/user_management/organization_memberships/om_initech_okan";
    send(&emulator, "PUT", okan, &json!({ "role_slug": "org-desk" }));
    let two = "\"external:acme\", org_globex";
    define(&project, &desk(two, ""));
    let refused = project.plan().has("somebody still holds the role").everything();
    let line = offered(&refused);
    assert!(line.contains("scope: { organization: org_initech }"), "{line}");
    // Without the place nobody can tell which is meant, and the message says it.
    let vague = "removed:\n  - { name: org-desk, reassign_to: builtin:member }\n";
    define(&project, &desk(two, vague));
    let said = project.plan().exits(3).has("RC053").everything();
    assert_eq!(offered(&said), line);
    // By key or by name, both work.
    let by_key = line.replace("name: org-desk", "key: org-desk");
    for line in [&by_key, &line] {
        define(&project, &desk(two, &format!("removed:\n  {line}\n")));
        let _fine = project.run("validate").exits(0);
        let _planned = project.plan().exits(0).has("okan@acme.example.test").has("org-desk → member");
    }
    let _gone = project.apply().exits(0);
    assert!(role(&emulator, Some("org_initech"), "org-desk").is_none());
    assert!(role(&emulator, Some("org_globex"), "org-desk").is_some());
    project.is_in_place();
    // The place that stays cannot be removed.
    define(&project, &desk(two, &format!("removed:\n  {}\n", by_key.replace("org_initech", "org_globex"))));
    let _refused = project.run("validate").exits(3).has("RC038");
}

#[test]
fn what_drifted_in_one_place_is_taken_over_for_that_place_alone() {
    let emulator = emulator();
    let project = three(&emulator);
    let permissions_at = |organization: &str, all: &[&str]| {
        let path = format!("/authorization/organizations/{organization}/roles/org-desk/permissions");
        send(&emulator, "PUT", &path, &json!({ "permissions": all }));
    };
    permissions_at("org_acme", &["reports:read", "billing:read"]);
    permissions_at("org_globex", &[]);
    let said = project.run("import --drift --write").exits(0);
    let _quiet = said.lacks("org_initech").lacks("needs its `id`");
    let written = project.read("roles/all.yaml");
    assert!(
        written.contains(
            "    overrides:\n      external:acme: { permissions: [billing:read] }\n      org_globex: { except: [reports:read] }\n"
        ),
        "{written}"
    );
    project.is_in_place();
    project.commit("taken over");
    let _nothing = project.apply().exits(0);
    // Again, where something is said of the place already.
    permissions_at("org_globex", &["reports:read"]);
    permissions_at("org_acme", &["reports:read"]);
    let _taken = project.run("import --drift --write").exits(0);
    project.is_in_place();
    let plain = project.read("roles/all.yaml");
    assert!(!plain.contains("except: [reports:read]"), "{plain}");
    project.commit("taken over again");
    let _nothing = project.apply().exits(0);
    // Where all places drifted alike, the role itself says it.
    for organization in ["org_acme", "org_globex", "org_initech"] {
        permissions_at(organization, &["reports:read", "reports:export"]);
    }
    let _taken = project.run("import --drift --write").exits(0);
    let all = project.read("roles/all.yaml");
    assert!(all.contains("    permissions: [\"reports:read\", reports:export]\n"), "{all}");
    project.is_in_place();
}

#[test]
fn a_place_where_the_role_was_deleted_leaves_the_definition_and_the_others_stay() {
    let emulator = emulator();
    let project = three(&emulator);
    let path = "/authorization/organizations/org_globex/roles/org-desk";
    send(&emulator, "DELETE", path, &json!({}));
    let _taken =
        project.run("import --drift --write").exits(0).has("role `org-desk` in organization `org_globex`");
    let written = project.read("roles/all.yaml");
    assert!(written.contains("scope: { organization: [\"external:acme\", org_initech] }"), "{written}");
    project.is_in_place();
    assert_eq!(permissions(&emulator, Some("org_initech"), "org-desk"), ["reports:read"]);
}

#[test]
fn a_permission_that_was_changed_or_deleted_is_taken_over() {
    let emulator = emulator();
    let project = project(&emulator, "");
    define(
        &project,
        "permission_definitions:\n  \"invoices:read\": { name: Read invoices, description: Sees invoices }\n  \"invoices:send\":\n    name: Send invoices\nroles:\n  clerk:\n    name: Clerk\n    description: Counts\n    permissions: [\"invoices:read\", \"invoices:send\"]\n",
    );
    project.commit("invoices");
    let _made = project.apply().exits(0);
    let body = json!({ "name": "Look at invoices", "description": null });
    send(&emulator, "PATCH", "/authorization/permissions/invoices:read", &body);
    send(&emulator, "DELETE", "/authorization/permissions/invoices:send", &json!({}));
    let _taken =
        project.run("import --drift --write").exits(0).has("permission `invoices:send`").lacks("by hand");
    let written = project.read("roles/all.yaml");
    assert!(
        written.contains("  \"invoices:read\": { name: \"Look at invoices\", description: null }\nroles:\n"),
        "{written}"
    );
    assert!(written.contains("    permissions: [\"invoices:read\"]\n"), "{written}");
    project.is_in_place();
}
