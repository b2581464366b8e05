//! Who holds a role, and what that keeps from being done.

use serde_json::json;

use super::{dashboard, define, emulator, held_by, project, role};
use crate::common::{emulator::text, http};

const DESK: &str = "roles:\n  org-desk: { name: Desk, description: Sits there, scope: { organization: org_acme }, permissions: [\"reports:read\"] }\n";
const MIRA: &str = "assignments:\n  - { role: org-desk, scope: { organization: org_acme }, users: [\"email:mira@acme.example.test\"] }\n";

#[test]
fn a_member_is_given_a_role_and_goes_back_to_the_default_one() {
    let emulator = emulator();
    let project = project(&emulator, "    on_unassign: { to: builtin:member }\n");
    define(&project, &format!("{DESK}{MIRA}"));
    let _given = project.apply().exits(0);
    assert_eq!(held_by(&emulator, "om_acme_mira"), "org-desk");
    project.is_in_place();
    project.commit("mira");
    define(&project, DESK);
    let _taken = project.apply().exits(0);
    assert_eq!(held_by(&emulator, "om_acme_mira"), "member");
    project.is_in_place();
}

#[test]
fn a_held_role_is_deleted_only_where_somebody_says_where_its_holders_go() {
    let emulator = emulator();
    let project = project(&emulator, "");
    let removed = |more: &str| {
        define(
            &project,
            &format!(
                "removed:\n  - {{ name: org-billing-admin, scope: {{ organization: org_acme }}{more} }}\n"
            ),
        );
    };
    removed("");
    let _refused = project.plan().has("lena@acme.example.test");
    let _not = project.apply().exits(4);
    assert!(role(&emulator, Some("org_acme"), "org-billing-admin").is_some());
    removed(", reassign_to: builtin:member");
    let _gone = project.apply().exits(0);
    assert!(role(&emulator, Some("org_acme"), "org-billing-admin").is_none());
    assert_eq!(held_by(&emulator, "om_acme_lena"), "member");
}

#[test]
fn what_an_identity_provider_gives_keeps_a_role_from_being_deleted() {
    let emulator = emulator();
    let project = project(&emulator, "");
    define(&project, DESK);
    let _made = project.apply().exits(0);
    project.commit("desk");
    dashboard(&emulator, "POST", "mappings?org=acme", &json!({ "group": "Front desk", "role": "org-desk" }));
    define(&project, "");
    let _refused = project.apply().exits(1).has("role_has_group_role_mappings").has("Admin Portal");
    dashboard(&emulator, "DELETE", "mappings/Front%20desk?org=acme", &json!({}));
    dashboard(&emulator, "POST", "profiles?org=acme", &json!({ "role": "org-desk", "via": "sso" }));
    let _refused = project.apply().exits(1).has("role_has_assignments").has("SSO profile");
}

#[test]
fn a_membership_that_a_directory_manages_is_shown_and_not_changed() {
    let emulator = emulator();
    let project = project(&emulator, "");
    let yuki = MIRA.replace("mira@", "yuki@");
    define(&project, &format!("{DESK}{yuki}"));
    let refused = project.plan().has("a directory manages this membership");
    let _refused = refused.has("Take the person out of the assignments");
    let _not = project.apply().exits(4);
    assert_eq!(held_by(&emulator, "om_acme_yuki"), "member");

    // Whom no line names nobody can take out of one.
    define(&project, DESK);
    let _made = project.apply().exits(0);
    let desk = json!({ "roles": ["org-desk"], "idp_roles": ["org-desk"] });
    dashboard(&emulator, "PATCH", "memberships/om_acme_yuki?org=org_acme", &desk);
    define(
        &project,
        "removed:\n  - { name: org-desk, scope: { organization: org_acme }, reassign_to: builtin:member }\n",
    );
    let refused = project.plan().exits(4).has("a directory manages this membership");
    let _refused = refused.has("take the role from them where it is decided").lacks("out of the assignments");
}

#[test]
fn a_group_gives_a_role_beside_others() {
    let emulator = emulator();
    let project = project(&emulator, "");
    let (_, groups) = http::send_with(
        &emulator.address,
        "GET",
        "/organizations/org_acme/groups",
        "authorization: Bearer sk_x",
        None,
    );
    let group = &groups["data"][0];
    let id = text(group, "id");
    let given = || {
        let path = format!("/authorization/groups/{id}/role_assignments");
        let (_, given) = http::send_with(&emulator.address, "GET", &path, "authorization: Bearer sk_x", None);
        let roles = given["data"].as_array().cloned().unwrap_or_default();
        roles.iter().map(|one| text(&one["role"], "slug")).collect::<Vec<_>>()
    };
    let before = given();
    define(
        &project,
        &format!(
            "{DESK}assignments:\n  - {{ role: org-desk, scope: {{ organization: org_acme }}, groups: [\"id:{id}\"] }}\n"
        ),
    );
    let _given = project.apply().exits(0);
    assert!(given().contains(&"org-desk".to_owned()) && given().len() == before.len() + 1, "{:?}", given());
    project.is_in_place();
    project.commit("group");
    define(&project, DESK);
    let _taken = project.apply().exits(0);
    assert_eq!(given(), before);
    project.is_in_place();
}

#[test]
fn with_multiple_roles_a_member_keeps_what_git_does_not_declare() {
    let emulator = emulator();
    dashboard(&emulator, "PUT", "settings", &json!({ "multiple_roles": true }));
    let config = format!(
        "  env:\n    provider: workos\n    files: [\"roles/**/*.yaml\"]\n    settings: {{ url: \"{}\", roles_of_a_member: several }}\n",
        emulator.url
    );
    let project = project(&emulator, "");
    project.config(&config);
    project.commit("several roles");
    define(&project, &format!("{DESK}{MIRA}"));
    let _given = project.apply().exits(0);
    let member = emulator.get("/_dashboard/state").to_string();
    assert!(member.contains("org-desk"));
    project.is_in_place();
    project.commit("mira");
    define(&project, DESK);
    let _taken = project.apply().exits(0);
    assert_eq!(held_by(&emulator, "om_acme_mira"), "member");
    project.is_in_place();
}

#[test]
fn an_address_in_other_capitals_is_that_persons() {
    let emulator = emulator();
    let project = project(&emulator, "");
    define(
        &project,
        "assignments:\n  - { role: builtin:member, scope: { organization: org_acme }, users: [\"email:ADA@ACME.EXAMPLE.TEST\"] }\n",
    );
    let _suggested = project.plan().exits(3).has("Did you mean `ada@acme.example.test`?");
}

#[test]
fn nobody_is_made_a_member_whatever_else_the_definitions_say() {
    let emulator = emulator();
    let project = project(&emulator, "    on_unassign: { to: builtin:member }\n");
    // She is a member of Acme, and not of Globex.
    let row = |role: &str, at: &str, who: &str| {
        format!("  - {{ role: {role}, scope: {{ organization: {at} }}, users: [\"{who}\"] }}\n")
    };
    let acme = row("admin", "org_acme", "email:mira@acme.example.test");
    let admin = "roles:\n  admin: { id: admin, name: Admin, description: Manages the organization, permissions: [\"reports:read\"] }\n";
    for who in ["email:yuki@acme.example.test", "id:user_yuki"] {
        for more in ["", &*acme] {
            let globex = row("builtin:member", "org_globex", who);
            define(&project, &format!("{admin}assignments:\n{globex}{more}"));
            let said = project.plan().exits(3).has("RC051").has("organization `org_globex` has no member");
            let _said = said.has("A role makes nobody a member.");
        }
    }
    // Nor on a resource, nor through a group of another organization.
    let resource = "  - { role: project-editor, scope: { resource: \"org_acme/project/apollo\" }, users: [\"id:user_nia\"] }\n";
    let editor = "roles:\n  project-editor: { name: Project editor, resource_type: project, permissions: [\"project:read\", \"project:write\"] }\n";
    for more in ["", &*row("builtin:member", "org_globex", "id:user_nia")] {
        define(&project, &format!("{editor}assignments:\n{resource}{more}"));
        let said = project.plan().exits(3);
        let _said = said.has("`user_nia` is no member of the organization in which resource");
    }
    let group = row("builtin:member", "org_globex", "id:group_acme_oncall").replace("users:", "groups:");
    let own = row("builtin:member", "org_acme", "id:group_acme_oncall").replace("users:", "groups:");
    define(&project, &format!("assignments:\n{group}{own}"));
    let _said = project.plan().exits(3).has("organization `org_globex` has no group `group_acme_oncall`");
    assert_eq!(emulator.sent(), [""; 0]);
}

#[test]
fn what_has_expired_needs_no_membership_any_more() {
    let emulator = emulator();
    let project = project(&emulator, "");
    define(
        &project,
        "assignments:\n  - { role: builtin:member, scope: { organization: org_globex }, users: [\"id:user_yuki\"], expires: 2020-01-01 }\n  - { role: builtin:member, scope: { organization: org_acme }, users: [\"id:user_mira\"] }\n",
    );
    let _planned = project.plan().exits(0).lacks("RC051");
}
