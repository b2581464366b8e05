//! Roles of the environment and of organizations.

use serde_json::json;

use super::{dashboard, define, emulator, permissions, project, role, switch};
use crate::common::{Emulator, Project};

#[test]
fn a_role_of_the_environment_is_made_changed_and_renamed() {
    let emulator = emulator();
    let project = project(&emulator, "");
    let define = |name: &str, permissions: &str| {
        define(
            &project,
            &format!(
                "roles:\n  auditor: {{ name: {name}, description: Reads, permissions: [{permissions}] }}\n"
            ),
        );
    };
    define("Auditor", "\"reports:read\", \"widgets:sso:manage\"");
    let _made = project.apply().exits(0);
    assert_eq!(
        emulator.sent(),
        ["POST /authorization/roles", "PUT /authorization/roles/auditor/permissions"]
    );
    assert_eq!(permissions(&emulator, None, "auditor"), ["reports:read", "widgets:sso:manage"]);
    project.is_in_place();
    project.commit("auditor");

    emulator.forget();
    define("Chief auditor", "\"reports:read\"");
    let _changed = project.apply().exits(0);
    assert_eq!(
        emulator.sent(),
        ["PUT /authorization/roles/auditor/permissions", "PATCH /authorization/roles/auditor"]
    );
    let role = role(&emulator, None, "auditor").expect("it keeps its slug");
    assert_eq!(role["name"], "Chief auditor");
    project.is_in_place();
}

#[test]
fn a_role_of_organizations_is_stamped_on_each_with_what_differs_there() {
    let emulator = emulator();
    // Two changes of the roles of one organization at once would be refused.
    switch(&emulator, &[("concurrent_role_writes", "409"), ("empty_description", "null")]);
    let project = project(&emulator, "");
    let scope = "scope: { organization: [\"external:acme\", org_globex] }";
    let yaml = format!(
        "roles:\n  org-desk:\n    name: Desk\n    description: \"\"\n    {scope}\n    permissions: [\"reports:read\", \"billing:read\"]\n    overrides:\n      org_globex: {{ except: [\"billing:read\"] }}\n  org-lead: {{ name: Lead, description: Leads, {scope}, permissions: [\"members:manage\"] }}\n"
    );
    define(&project, &yaml);
    // Acme has a role of its own already.
    let _noted = project
        .plan()
        .exits(0)
        .has("a default role and an order of priority of its own")
        .has("environment: `org_globex`.");
    let plan = project.run("plan --format json").exits(0).json();
    let addresses: Vec<&str> = plan["targets"][0]["changes"]
        .as_array()
        .expect("changes")
        .iter()
        .filter_map(|change| change["address"].as_str())
        .collect();
    assert_eq!(
        addresses,
        [
            "env/role/org-desk@organization=external%3Aacme",
            "env/role/org-desk@organization=org_globex",
            "env/role/org-lead@organization=external%3Aacme",
            "env/role/org-lead@organization=org_globex",
        ]
    );
    let _made = project.apply().exits(0);
    assert_eq!(permissions(&emulator, Some("org_acme"), "org-desk"), ["billing:read", "reports:read"]);
    assert_eq!(permissions(&emulator, Some("org_globex"), "org-desk"), ["reports:read"]);
    assert!(role(&emulator, Some("org_initech"), "org-desk").is_none());
    project.is_in_place();
    project.commit("desk");

    // A role that is taken out of one organization is deleted there and nowhere else.
    define(
        &project,
        &yaml
            .replace("[\"external:acme\", org_globex]", "\"external:acme\"")
            .replace("    overrides:\n      org_globex: { except: [\"billing:read\"] }\n", ""),
    );
    let _gone = project.apply().exits(0);
    assert!(role(&emulator, Some("org_globex"), "org-desk").is_none());
    assert!(role(&emulator, Some("org_acme"), "org-desk").is_some());
    project.is_in_place();
}

#[test]
fn what_somebody_clicks_is_drift_and_order_and_default_are_none() {
    let emulator = emulator();
    let project = project(&emulator, "");
    define(
        &project,
        "roles:\n  auditor: { name: Auditor, description: Reads, permissions: [\"reports:read\"] }\n",
    );
    let _made = project.apply().exits(0);
    project.commit("auditor");
    dashboard(&emulator, "PUT", "default", &json!({ "role": "auditor" }));
    let order = ["member", "auditor", "project-editor", "support-agent", "admin"];
    dashboard(&emulator, "PUT", "priority", &json!({ "roles": order }));
    project.is_in_place();
    dashboard(
        &emulator,
        "PATCH",
        "roles/auditor",
        &json!({ "permissions": ["reports:read", "billing:write"] }),
    );
    let _drift = project.run("drift --detailed-exitcode").exits(2).has("billing: write");
    let _back = project.apply().exits(0);
    assert_eq!(permissions(&emulator, None, "auditor"), ["reports:read"]);
}

#[test]
fn what_workos_would_not_take_is_refused_before_anything_is_sent() {
    let emulator = emulator();
    let project = project(&emulator, "");
    for (role, says) in [
        ("org-a: { name: A, scope: { organization: org_acme }, slug: helper }", "does not begin with `org-`"),
        ("a--b: { name: A }", "is no slug"),
        ("a.b: { name: A }", "is no slug"),
        ("a: { name: A, slug: Capital }", "is no slug"),
        ("a: { name: A, permissions: [\"no:such\"] }", "no:such"),
        ("org-a: { name: A, scope: { organization: org_nowhere } }", "org_nowhere"),
        ("org-a: { name: A, scope: { organization: \"external:nobody\" } }", "external:nobody"),
    ] {
        define(&project, &format!("roles:\n  {role}\n"));
        let _refused = project.plan().exits(3).has(says);
    }
    let long = "n".repeat(49);
    define(&project, &format!("roles:\n  a: {{ name: {long} }}\n"));
    let _refused = project.plan().exits(3).has("48");
    define(&project, &format!("roles:\n  a: {{ name: A, description: {} }}\n", "d".repeat(151)));
    let _refused = project.plan().exits(3).has("150");
    assert_eq!(emulator.sent(), [""; 0]);
}

#[test]
fn another_slug_is_another_role_in_place_of_the_old_one() {
    let emulator = emulator();
    let project = project(&emulator, "    on_unassign: { to: builtin:member }\n");
    let yaml = "roles:\n  org-desk: { name: Desk, description: D, scope: { organization: org_acme }, permissions: [\"reports:read\"] }\nassignments:\n  - { role: org-desk, scope: { organization: org_acme }, users: [\"email:mira@acme.example.test\"] }\n";
    define(&project, yaml);
    let _made = project.apply().exits(0);
    project.commit("desk");
    define(&project, &yaml.replace("name: Desk", "name: Desk, slug: org-front-desk"));
    let plan = project.run("plan --format json").exits(0).json();
    let changes = plan["targets"][0]["changes"].as_array().expect("changes");
    assert!(changes.iter().any(|change| change["action"] == "replace"), "{changes:#?}");
    let _replaced = project.apply().exits(0);
    assert!(role(&emulator, Some("org_acme"), "org-desk").is_none());
    assert_eq!(super::held_by(&emulator, "om_acme_mira"), "org-front-desk");
    project.is_in_place();
}

#[test]
fn a_role_of_the_environment_is_deleted_by_hand() {
    let emulator = emulator();
    let project = project(&emulator, "");
    // Whoever holds it would be given the default role of their organization without a word.
    define(&project, "removed:\n  - { key: support-agent }\n");
    let _held = project.plan().exits(4).has("role `support-agent` is held by okan@acme.example.test");
    assert_eq!(emulator.sent(), [""; 0]);
    define(&project, "removed:\n  - { key: support-agent, reassign_to: builtin:member }\n");
    let _steps = project.plan().exits(0).has("Delete the role `Support agent`.");
    let _waits = project.apply().exits(8);
    assert_eq!(super::held_by(&emulator, "om_acme_okan"), "member");
    dashboard(&emulator, "DELETE", "roles/support-agent", &json!({}));
    project.is_in_place();
}

/// A role in two organizations.
const DESKS: &str = "roles:\n  org-desk: { name: Desk, description: Sits, scope: { organization: [org_acme, org_globex] }, permissions: [\"reports:read\"] }\n";

/// With [`DESKS`] applied.
fn with_desks() -> (Emulator, Project) {
    let emulator = emulator();
    let project = project(&emulator, "");
    define(&project, DESKS);
    project.commit("both");
    let _made = project.apply().exits(0);
    (emulator, project)
}

#[test]
fn a_removal_in_one_organization_does_not_hint_at_the_role_of_another_one() {
    let (_emulator, project) = with_desks();
    let one = DESKS.replace("[org_acme, org_globex]", "[org_globex]");
    define(
        &project,
        &format!("{one}removed:\n  - {{ name: org-desk, scope: {{ organization: org_acme }} }}\n"),
    );
    project.commit("one");
    let _gone = project.apply().exits(0);
    let note = "`removed` names `org-desk` in organization `org_acme`, and no live role has that name there.";
    let _plan = project.plan().exits(0).has(note).lacks("if you mean it");
    // One that nobody declares may be meant, with its place.
    define(&project, "removed:\n  - { name: org-desk, scope: { organization: org_acme } }\n");
    let hint = "write `{ name: org-desk, scope: { organization: org_globex } }` if you mean it";
    let _plan = project.plan().has(note).has(hint);
}

#[test]
fn another_slug_of_a_role_of_the_environment_is_refused_and_nothing_else_is_promised() {
    let emulator = emulator();
    let project = project(&emulator, "");
    let yaml = "roles:\n  desk: { name: Desk, description: Sits there, permissions: [\"reports:read\"] }\n";
    define(&project, yaml);
    project.commit("desk");
    let _made = project.apply().exits(0);
    define(&project, &yaml.replace("name: Desk", "name: Desk, slug: front-desk, previously: [desk]"));
    let refused = project.plan().exits(4).has("are not deleted over the API");
    let _refused = refused.lacks("the new role").lacks("is made");
    let said = project.run("doctor").exits(0).everything();
    assert!(said.contains("never changes: slug, resource_type"), "{said}");
    assert!(said.contains("replaced where these change: slug"), "{said}");
}

#[test]
fn what_is_gone_in_one_place_already_is_not_said_to_be_missing() {
    let (emulator, project) = with_desks();
    // Somebody deletes one of the two.
    let (status, _) = crate::common::http::send_with(
        &emulator.address,
        "DELETE",
        "/authorization/organizations/org_globex/roles/org-desk",
        "authorization: Bearer sk_x",
        None,
    );
    assert_eq!(status, 204);
    define(&project, "removed:\n  - { key: org-desk }\n");
    project.commit("removed");
    let plan = project.plan().exits(0).has("organization=org_acme");
    let _plan = plan.lacks("`removed` names").lacks("if you mean it");
    let _gone = project.apply().exits(0);
    let note = "`removed` names `org-desk`, and no live role has that name.";
    let _plan = project.plan().exits(0).has(note).lacks("if you mean it");
    // What one line removes is nothing that another one may mean.
    define(&project, DESKS);
    let _made = project.apply().exits(0);
    let at = |place: &str| format!("  - {{ name: org-desk, scope: {{ organization: {place} }} }}\n");
    define(&project, &format!("removed:\n{}{}{}", at("org_acme"), at("org_globex"), at("org_initech")));
    let plan = project.plan().exits(0).has("`removed` names `org-desk` in organization `org_initech`");
    let _plan = plan.lacks("if you mean it");
}
