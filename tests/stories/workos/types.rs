//! Roles are for one type of resource, and are held on nothing else.

use super::{define, emulator, project, role};

const EDITOR: &str = "roles:\n  editor: { name: Editor, description: Edits, resource_type: project, permissions: [\"project:read\"] }\n";
const DESK: &str =
    "roles:\n  desk: { name: Desk, description: Sits there, permissions: [\"reports:read\"] }\n";

#[test]
fn a_definition_that_says_the_type_is_refused_offline_with_its_lines() {
    let emulator = emulator();
    let project = project(&emulator, "");
    define(
        &project,
        &format!(
            "{EDITOR}assignments:\n  - {{ role: editor, scope: {{ organization: org_acme }}, users: [\"id:user_mira\"] }}\n"
        ),
    );
    let _refused = project
        .run("validate")
        .exits(3)
        .has("RC028")
        .has("`editor` is for resources of the type `project`")
        .has("and organization `org_acme` is of the type")
        .has("its type")
        .has("roles/all.yaml:5:")
        .has("Name a role whose type is `organization`");
    define(
        &project,
        &format!(
            "{}assignments:\n  - {{ role: desk, scope: {{ resource: \"org_acme/project/apollo\" }}, groups: [\"id:group_acme_oncall\"] }}\n",
            DESK.replace("description", "resource_type: organization, description")
        ),
    );
    let _refused = project.run("validate").exits(3).has("`desk` is for resources of the type `organization`");
    assert!(emulator.requests().is_empty(), "nothing was asked");
}

#[test]
fn what_only_live_tells_is_refused_by_the_plan() {
    let emulator = emulator();
    let project = project(&emulator, "");
    let held = |definitions: &str, role: &str, scope: &str| {
        define(
            &project,
            &format!(
                "{definitions}assignments:\n  - {{ role: \"{role}\", scope: {{ {scope} }}, users: [\"id:user_mira\"] }}\n"
            ),
        );
        let _fine = project.run("validate").exits(0).lacks("of the type");
        project.plan().exits(3).has("RC028").has("roles/all.yaml:")
    };
    let apollo = "resource: \"org_acme/project/apollo\"";
    // What the provider ships, what is not made yet, and what is there already.
    let _refused = held("", "builtin:member", apollo)
        .has("this role is for resources of the type `organization`")
        .has("is of the type `project`");
    let _refused = held(DESK, "desk", apollo).has("this role is for resources of the type `organization`");
    let there = "roles:\n  project-editor: { name: Project editor, permissions: [\"project:read\"] }\n";
    let _refused = held(there, "project-editor", "organization: org_acme")
        .has("this role is for resources of the type `project`");
    assert!(role(&emulator, None, "desk").is_none());
}

#[test]
fn the_holders_of_a_removed_role_get_one_of_its_type() {
    let emulator = emulator();
    let project = project(&emulator, "");
    define(
        &project,
        &format!(
            "{EDITOR}removed:\n  - {{ name: org-billing-admin, scope: {{ organization: org_acme }}, reassign_to: editor }}\n"
        ),
    );
    let _refused =
        project.plan().exits(3).has("get one for `project`").has("Name a role whose type is `organization`.");
}
