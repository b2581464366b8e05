//! Permissions of the environment, declared as resources of their own.

use serde_json::json;

use super::{define, emulator, permissions, project, role, switch};
use crate::common::{Emulator, emulator::text, http};

const INVOICES: &str =
    "permission_definitions:\n  \"invoices:read\": { name: Read invoices, description: Sees them }\n";
const KEEPER: &str = "roles:\n  keeper: { name: Keeper, description: Keeps, permissions: [\"invoices:read\", \"reports:read\"] }\n";

/// A permission by its slug.
fn permission(emulator: &Emulator, slug: &str) -> Option<serde_json::Value> {
    let path = format!("/authorization/permissions/{slug}");
    let (status, found) =
        http::send_with(&emulator.address, "GET", &path, "authorization: Bearer sk_x", None);
    (status == 200).then_some(found)
}

#[test]
fn a_permission_is_made_before_the_role_that_has_it_and_goes_after() {
    let emulator = emulator();
    let project = project(&emulator, "");
    define(&project, &format!("{INVOICES}{KEEPER}"));
    let _made = project.apply().exits(0);
    assert_eq!(
        emulator.sent(),
        [
            "POST /authorization/permissions",
            "POST /authorization/roles",
            "PUT /authorization/roles/keeper/permissions"
        ]
    );
    assert_eq!(permissions(&emulator, None, "keeper"), ["invoices:read", "reports:read"]);
    project.is_in_place();
    project.commit("keeper");

    emulator.forget();
    define(&project, &format!("{}{KEEPER}", INVOICES.replace("name: Read invoices", "name: See invoices")));
    let _renamed = project.plan().exits(0).has("\"Read invoices\" → \"See invoices\"");
    let _changed = project.apply().exits(0);
    assert_eq!(emulator.sent(), ["PATCH /authorization/permissions/invoices%3Aread"]);
    assert_eq!(text(&permission(&emulator, "invoices:read").expect("it is there"), "name"), "See invoices");
    project.is_in_place();
    project.commit("see");

    // Taken out of the definitions it goes, with the role that let go of it before.
    emulator.forget();
    define(&project, &KEEPER.replace("\"invoices:read\", ", ""));
    let _gone = project.apply().exits(0);
    assert_eq!(
        emulator.sent(),
        ["PUT /authorization/roles/keeper/permissions", "DELETE /authorization/permissions/invoices%3Aread"]
    );
    assert!(permission(&emulator, "invoices:read").is_none());
    project.is_in_place();
}

#[test]
fn what_a_deleted_permission_takes_along_stands_in_the_plan() {
    let emulator = emulator();
    let project = project(&emulator, "");
    define(&project, "removed:\n  - { permission: \"billing:write\" }\n");
    // Roles of organizations that nothing names are found too.
    let _told = project
        .plan()
        .exits(0)
        .has("Side effect: role `admin` loses it")
        .has("role `org-billing-admin` of organization `org_acme` loses it");
    let _gone = project.apply().exits(0);
    assert_eq!(permissions(&emulator, Some("org_acme"), "org-billing-admin"), ["billing:read"]);
    project.is_in_place();
}

#[test]
fn what_workos_manages_and_what_never_changes_is_refused() {
    let emulator = emulator();
    let project = project(&emulator, "");
    for (yaml, exit, says) in [
        ("permission_definitions:\n  \"widgets:sso:manage\": { name: Mine }\n", 3, "ships the permission"),
        ("permission_definitions:\n  \"Invoices\": {}\n", 3, "is no slug"),
        (
            "permission_definitions:\n  \"billing:read\": { name: Read billing, resource_type: project }\n",
            4,
            "that never changes",
        ),
        (
            "roles:\n  support-agent: { name: Support agent, description: Helps customers, resource_type: project, permissions: [\"members:read\", \"reports:read\"] }\n",
            4,
            "the resource_type of role `support-agent` differs",
        ),
        ("removed:\n  - { permission: \"widgets:sso:manage\" }\n", 4, "manages the permission"),
    ] {
        define(&project, yaml);
        let _refused = project.plan().exits(exit).has(says);
    }
    define(
        &project,
        &format!("{KEEPER}removed:\n  - {{ permission: \"reports:read\" }}\n")
            .replace("\"invoices:read\", ", ""),
    );
    let _held = project.plan().exits(4).has("role `keeper` still has it");
    assert_eq!(emulator.sent(), [""; 0]);
}

#[test]
fn a_role_of_a_type_of_resource_is_made_for_it_and_keeps_it_under_another_slug() {
    let emulator = emulator();
    let project = project(&emulator, "");
    let yaml = "roles:\n  org-planner: { name: Planner, description: Plans, scope: { organization: org_acme }, resource_type: project, permissions: [\"project:read\"] }\n";
    define(&project, yaml);
    let _made = project.apply().exits(0);
    let made = role(&emulator, Some("org_acme"), "org-planner").expect("it is there");
    assert_eq!(made["resource_type_slug"], "project");
    project.is_in_place();
    project.commit("planner");
    define(&project, &yaml.replace("resource_type: project, ", "slug: org-new-planner, "));
    let _replaced = project.apply().exits(0);
    let other = role(&emulator, Some("org_acme"), "org-new-planner").expect("it is there");
    assert_eq!(other["resource_type_slug"], "project");
    // A type that nobody made.
    define(
        &project,
        &yaml.replace("resource_type: project", "resource_type: galaxy").replace("org-planner", "org-other"),
    );
    let _refused = project.apply().exits(1).has("types are made in the WorkOS dashboard");
}

#[test]
fn an_interrupted_creation_is_looked_up_and_ended() {
    for (fault, posts) in [("drop-after times=1", 1), ("status=500 done times=1", 1)] {
        let emulator = emulator();
        let project = project(&emulator, "");
        define(&project, &format!("{INVOICES}{KEEPER}"));
        emulator.faults(&[&format!("POST /authorization/permissions {fault}")]);
        let _made = project.apply().exits(0);
        assert_eq!(emulator.count("POST /authorization/permissions"), posts, "{fault}");
        project.is_in_place();
    }
    // What somebody else made meanwhile is not touched.
    let emulator = emulator();
    let project = project(&emulator, "");
    define(&project, &format!("{INVOICES}{KEEPER}"));
    emulator.faults(&["POST /authorization/permissions status=409 times=1"]);
    let _refused = project.apply().exits(1);
    assert!(role(&emulator, None, "keeper").is_none(), "what needs it is not tried");
    let _made = project.apply().exits(0);
    project.is_in_place();
}

#[test]
fn the_role_that_every_environment_has_changes_and_never_goes() {
    let emulator = emulator();
    let project = project(&emulator, "");
    let yaml = "roles:\n  member: { id: member, name: Member, description: Everybody, permissions: [\"reports:read\", \"members:read\"] }\n";
    define(&project, yaml);
    let _changed = project.apply().exits(0);
    assert_eq!(permissions(&emulator, None, "member"), ["members:read", "reports:read"]);
    project.is_in_place();
    project.commit("member");
    // Not declared any more, it stays as it is.
    define(&project, "");
    project.is_in_place();
    define(&project, "removed:\n  - { key: member }\n");
    let _refused = project.plan().exits(3).has("never deleted");
    define(&project, &yaml.replace("id: member", "slug: everybody, previously: [member]"));
    let _kept = project.plan().exits(4).has("it is never deleted");
}

#[test]
fn a_removal_without_a_place_is_looked_for_everywhere() {
    let emulator = emulator();
    switch(&emulator, &[("empty_description", "null")]);
    let project = project(&emulator, "");
    // By the name that the dashboard shows, and by the slug.
    for named in [
        "{ name: Billing admin, reassign_to: builtin:member }",
        "{ key: org-billing-admin, reassign_to: builtin:member }",
    ] {
        define(&project, &format!("removed:\n  - {named}\n"));
        let plan = project.run("plan --format json").exits(0).json();
        let changes = plan["targets"][0]["changes"].as_array().expect("changes");
        let deletes: Vec<_> = changes.iter().filter(|change| change["action"] == "delete").collect();
        assert_eq!(deletes.len(), 1, "{named}");
        assert_eq!(deletes[0]["address"], "env/role/=org-billing-admin@organization=org_acme");
    }
    let yaml = "roles:\n  org-desk: { name: Desk, description: Sits, scope: { organization: [org_acme, org_globex] }, permissions: [\"reports:read\"] }\n";
    define(&project, yaml);
    let _made = project.apply().exits(0);
    // Nothing tells any more where it is: git never had it.
    define(&project, "removed:\n  - org-desk\n");
    let _gone = project.apply().exits(0);
    for organization in ["org_acme", "org_globex"] {
        assert!(role(&emulator, Some(organization), "org-desk").is_none(), "{organization}");
    }
    define(
        &project,
        "removed:\n  - { key: org-billing-admin, scope: { organization: \"external:nobody\" } }\n",
    );
    // A place that is written wrongly is no place without the role.
    let wrong = project.plan().exits(3).has("RC057").has("knows no organization `external:nobody`");
    let _wrong = wrong.lacks("No changes");
    assert!(role(&emulator, Some("org_acme"), "org-billing-admin").is_some());
}

#[test]
fn a_diff_tells_permissions_from_roles() {
    let emulator = emulator();
    let project = project(&emulator, "");
    define(&project, &format!("{INVOICES}{KEEPER}"));
    project.commit("keeper");
    define(
        &project,
        &format!(
            "{}{KEEPER}removed:\n  - {{ permission: \"invoices:old\" }}\n",
            INVOICES.replace("Sees them", "Sees all")
        ),
    );
    let _told = project
        .run("diff HEAD")
        .exits(0)
        .has("~ permission Read invoices")
        .has("env/permission/invoices%3Aread")
        .has("permission invoices:old");
    let json = project.run("diff HEAD --format json").exits(0).json();
    assert_eq!(json["targets"][0]["permission_definitions"][0]["key"], json!("invoices:read"));
}

#[test]
fn what_only_the_live_list_knows_is_named_once_and_is_no_slip() {
    let emulator = emulator();
    let project = project(&emulator, "");
    let body = json!({ "slug": "widgets:users-tables:manage", "name": "Manages tables" });
    let bearer = "authorization: Bearer sk_x";
    let (status, made) =
        http::send_with(&emulator.address, "POST", "/authorization/permissions", bearer, Some(&body));
    assert_eq!(status, 201, "{made}");
    let role = "roles:\n  tables: { name: Tables, description: Needed, permissions: [\"widgets:users-tables:manage\"] }\n";
    define(&project, role);
    let _doubted = project.run("validate").exits(0).has("RC048");
    let plan = project.plan().exits(0).has("New in the live catalogue").lacks("RC048");
    assert!(plan.stdout.contains("widgets:users-tables:manage"), "{}", plan.everything());
    // What live does not know either is an error, and says so once.
    define(&project, &role.replace("users-tables", "users-tablet"));
    let _unknown = project.plan().exits(3).has("RC035").lacks("RC048").lacks("New in the live");
}
