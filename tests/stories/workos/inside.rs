//! Roles on resources that no definition names: they count wherever somebody's access goes with a role.

use serde_json::{Value, json};

use super::{dashboard, define, emulator, project, role};
use crate::common::{Emulator, Project, emulator::text, http};

const GUEST: &str =
    "  guest: { name: Guest, description: Looks, resource_type: project, permissions: [\"project:read\"] }\n";
const ORG_GUEST: &str = "  org-guest: { name: Org guest, description: Looks, resource_type: project, scope: { organization: org_acme }, permissions: [\"project:read\"] }\n";
const EDITOR: &str = "  project-editor: { name: Project editor, resource_type: project, permissions: [\"project:read\", \"project:write\"] }\n";

/// What somebody does past rolecall.
fn give(emulator: &Emulator, whose: &str, role: &str) {
    let path = format!("/authorization/{whose}/role_assignments");
    let body =
        json!({ "role_slug": role, "resource_external_id": "apollo", "resource_type_slug": "project" });
    let (status, answer) =
        http::send_with(&emulator.address, "POST", &path, "authorization: Bearer sk_x", Some(&body));
    assert_eq!(status, 201, "{answer}");
}

const MIRA: &str = "organization_memberships/om_acme_mira";
const ONCALL: &str = "groups/group_acme_oncall";

/// What a member, or a group, has on resources: the slugs, sorted.
fn on_resources(emulator: &Emulator, whose: &str) -> Vec<String> {
    let path = format!("/authorization/{whose}/role_assignments?limit=100");
    let (status, list) = http::send_with(&emulator.address, "GET", &path, "authorization: Bearer sk_x", None);
    assert_eq!(status, 200, "{list}");
    let there =
        |one: &&Value| one["resource"]["resource_type_slug"] == "project" && one["source"]["type"] != "group";
    let all = list["data"].as_array().expect("a list").iter().filter(there);
    let mut slugs: Vec<String> = all.map(|one| text(&one["role"], "slug")).collect();
    slugs.sort();
    slugs
}

/// How many requests asked what a member has on resources.
fn asked_of_members(emulator: &Emulator) -> usize {
    let of_member = |one: &&Value| {
        let path = text(one, "path");
        path.starts_with("/authorization/organization_memberships/") && one["mutating"] == false
    };
    emulator.requests().iter().filter(of_member).count()
}

/// Both roles in place, committed, and held on a resource that no definition names.
fn held() -> (Emulator, Project) {
    let emulator = emulator();
    let project = project(&emulator, "");
    define(&project, &format!("roles:\n{GUEST}{ORG_GUEST}"));
    project.commit("guests");
    let _made = project.apply().exits(0);
    give(&emulator, MIRA, "guest");
    give(&emulator, MIRA, "org-guest");
    give(&emulator, ONCALL, "guest");
    emulator.forget();
    (emulator, project)
}

#[test]
fn a_role_that_is_held_on_a_resource_that_nobody_names_does_not_go() {
    let (emulator, project) = held();
    define(&project, "");
    let refused = project.plan().exits(4);
    let refused = refused.has("role `org-guest` is held by mira@acme.example.test");
    let refused = refused.has("role `guest` is held by").has("On call (group_acme_oncall), mira@");
    // What is offered instead works as it stands: no role of the organization can be held there.
    let _refused = refused.lacks("builtin:member").has("for resources of the type `project`");
    assert!(asked_of_members(&emulator) > 0);
    assert_eq!(emulator.sent(), [""; 0]);

    define(&project, "removed:\n  - { name: org-guest, scope: { organization: org_acme } }\n");
    let _refused = project.plan().exits(4).has("role `org-guest` is held by mira@acme.example.test");
    let _refused = project.apply().exits(4);
    assert!(role(&emulator, Some("org_acme"), "org-guest").is_some());
}

#[test]
fn whoever_holds_it_there_moves_to_the_role_that_the_message_offers() {
    let (emulator, project) = held();
    define(&project, &format!("roles:\n{EDITOR}"));
    let refused = project.plan().exits(4);
    let moved = "{ name: org-guest, scope: { organization: org_acme }, reassign_to: project-editor }";
    let _offered = refused.has(moved).has("- { name: guest, reassign_to: project-editor }");
    define(
        &project,
        &format!(
            "roles:\n{EDITOR}removed:\n  - {moved}\n  - {{ name: guest, reassign_to: project-editor }}\n"
        ),
    );
    let plan = project
        .plan()
        .exits(0)
        .has("whoever still does on a resource of the type `project` would have it no more")
        .has("Apply this plan first, and go on only once");
    let _plan = plan.lacks("default role");
    let _waits = project.apply().exits(8);
    assert_eq!(on_resources(&emulator, MIRA), ["project-editor"]);
    assert_eq!(on_resources(&emulator, ONCALL), ["project-editor"]);
    assert!(role(&emulator, Some("org_acme"), "org-guest").is_none());
    dashboard(&emulator, "DELETE", "roles/guest", &json!({}));
    project.is_in_place();
}

#[test]
fn another_slug_of_a_role_takes_its_holders_on_every_resource_along() {
    let (emulator, project) = held();
    let other = ORG_GUEST.replace("name: Org guest", "name: Org guest, slug: org-visitor");
    define(&project, &format!("roles:\n{GUEST}{other}"));
    let _replaced = project.apply().exits(0);
    assert!(role(&emulator, Some("org_acme"), "org-guest").is_none());
    assert_eq!(on_resources(&emulator, MIRA), ["guest", "org-visitor"]);
    project.is_in_place();
}

#[test]
fn nobody_is_counted_where_not_every_resource_was_read() {
    let (_emulator, project) = held();
    let named = "assignments:\n  - { role: guest, scope: { resource: \"org_acme/project/apollo\" }, users: [\"id:user_mira\"] }\n";
    let changed = GUEST.replace("Looks", "Looks around");
    define(&project, &format!("roles:\n{changed}{ORG_GUEST}{named}"));
    let _plan = project.plan().exits(0).has("Looks around").lacks("held by");
}

#[test]
fn an_import_writes_who_holds_roles_on_resources() {
    let (emulator, project) = held();
    define(&project, "");
    let _imported = project.run("import").exits(0);
    let written = project.read("roles/env.yaml");
    let place = "resource: org_acme/project/apollo";
    assert!(written.contains(place), "{written}");
    for (role, who) in [("guest", "mira@"), ("org-guest", "mira@"), ("guest", "group_acme_oncall")] {
        let blocks = written.split("\n  - role: ");
        let there = blocks.into_iter().filter(|block| block.starts_with(&format!("{role}\n")));
        assert!(there.into_iter().any(|block| block.contains(place) && block.contains(who)), "{written}");
    }
    project.is_in_place();
    // Without people nobody is asked what they hold.
    emulator.forget();
    let _roles = project.run("import --no-assignments").exits(0);
    assert_eq!(asked_of_members(&emulator), 0);
}

#[test]
fn what_git_never_declared_on_a_resource_goes_where_the_mode_says_so() {
    let (emulator, project) = held();
    let authoritative = format!(
        "  env:\n    provider: workos\n    files: [\"roles/**/*.yaml\"]\n    settings: {{ url: \"{}\" }}\n    manage: {{ roles: declared, assignments: authoritative }}\n    on_unassign: {{ to: builtin:member }}\n",
        emulator.url
    );
    project.config(&authoritative);
    project.commit("authoritative");
    // What is managed changes in an apply of its own, and holds from the next revision on.
    let _managed = project.apply().exits(0);
    project.write("README.md", "Roles.\n");
    project.commit("after that");
    let plan = project.run("plan --format json").json();
    let changes = plan["targets"][0]["changes"].as_array().expect("changes");
    let there = changes.iter().filter_map(|change| change["address"].as_str());
    let there: Vec<&str> =
        there.filter(|address| address.contains("/resource=org_acme%2Fproject%2Fapollo/")).collect();
    assert_eq!(
        there,
        [
            "env/assignment/resource=org_acme%2Fproject%2Fapollo/resource_group:group_acme_oncall/guest",
            "env/assignment/resource=org_acme%2Fproject%2Fapollo/resource_user:user_mira/guest",
            "env/assignment/resource=org_acme%2Fproject%2Fapollo/resource_user:user_mira/org-guest",
        ]
    );
}

#[test]
fn members_are_asked_only_where_a_role_for_resources_goes() {
    let (emulator, project) = held();
    let desk = "  org-desk: { name: Desk, description: Sits, scope: { organization: org_acme }, permissions: [\"reports:read\"] }\n";
    let desk_and = |more: &str| format!("roles:\n{GUEST}{ORG_GUEST}{more}");
    define(&project, &desk_and(desk));
    project.commit("desk");
    let _made = project.apply().exits(0);
    // Neither a change, nor the end of a role that nobody can hold on a resource.
    for definitions in [desk_and(desk).replace("Looks", "Sees"), desk_and("")] {
        define(&project, &definitions);
        emulator.forget();
        let _planned = project.plan().exits(0);
        assert_eq!(asked_of_members(&emulator), 0, "{definitions}");
    }
    // Those of the one organization whose role goes, each once.
    define(&project, &format!("roles:\n{GUEST}{desk}"));
    emulator.forget();
    let plan = project.run("plan --format json").exits(4).json();
    let members = emulator.get("/_dashboard/state")["environments"][0]["organizations"][0]["memberships"]
        .as_array()
        .map(Vec::len);
    assert_eq!(Some(asked_of_members(&emulator)), members);
    assert_eq!(plan["run"]["depth"], 3, "{}", plan["run"]);
}
