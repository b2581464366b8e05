//! Roles on the resources of an organization.

use serde_json::Value;

use super::{define, emulator, project};
use crate::common::{Emulator, emulator::text, http};

const APOLLO: &str = "scope: { resource: \"external:acme/project/apollo\" }";

/// Who holds which role on the project Apollo, as `MEMBERSHIP ROLE`, sorted; roles of groups are left out.
fn on_apollo(emulator: &Emulator) -> Vec<String> {
    let path = "/authorization/organizations/org_acme/resources/project/apollo/role_assignments?limit=100";
    let (status, list) = http::send_with(&emulator.address, "GET", path, "authorization: Bearer sk_x", None);
    assert_eq!(status, 200, "{list}");
    let direct = |one: &&Value| one["source"]["type"] == "direct";
    let all = list["data"].as_array().expect("a list").iter().filter(direct);
    let mut all: Vec<String> = all
        .map(|one| format!("{} {}", text(one, "organization_membership_id"), text(&one["role"], "slug")))
        .collect();
    all.sort();
    all
}

#[test]
fn members_and_groups_are_given_roles_on_a_resource_and_lose_them() {
    let emulator = emulator();
    let project = project(&emulator, "");
    let people = |users: &str| {
        format!(
            "roles:\n  project-viewer: {{ name: Viewer, description: Looks, resource_type: project, permissions: [\"project:read\"] }}\nassignments:\n  - {{ role: project-viewer, {APOLLO}, users: [{users}] }}\n  - {{ role: project-viewer, {APOLLO}, groups: [\"id:group_acme_oncall\"] }}\n"
        )
    };
    define(&project, &people("\"email:mira@acme.example.test\", \"id:user_ada\""));
    let plan = project.run("plan --format json").exits(0).json();
    let changes = plan["targets"][0]["changes"].as_array().expect("changes");
    let addresses: Vec<&str> = changes.iter().filter_map(|change| change["address"].as_str()).collect();
    assert!(
        addresses.contains(
            &"env/assignment/resource=org_acme%2Fproject%2Fapollo/resource_user:user_mira/project-viewer"
        ),
        "{addresses:#?}"
    );
    let _given = project.apply().exits(0);
    assert_eq!(on_apollo(&emulator), ["om_acme_ada project-viewer", "om_acme_mira project-viewer"]);
    project.is_in_place();
    project.commit("apollo");

    // Somebody clicks one away, and gives one that git does not know.
    let body = serde_json::json!({ "role_slug": "project-viewer", "resource_external_id": "apollo", "resource_type_slug": "project" });
    let path = "/authorization/organization_memberships/om_acme_mira/role_assignments";
    let (status, _) =
        http::send_with(&emulator.address, "DELETE", path, "authorization: Bearer sk_x", Some(&body));
    assert_eq!(status, 204);
    let _drift = project.run("drift --detailed-exitcode").exits(2).has("mira@acme.example.test");
    let _back = project.apply().exits(0);
    project.is_in_place();

    define(&project, &people("\"id:user_ada\""));
    let _taken = project.apply().exits(0);
    assert_eq!(on_apollo(&emulator), ["om_acme_ada project-viewer"]);
    project.is_in_place();
}

#[test]
fn a_role_of_the_organization_is_held_on_its_resources_and_on_no_others() {
    let emulator = emulator();
    let project = project(&emulator, "");
    let reviewer = |organization: &str| {
        format!(
            "roles:\n  org-reviewer: {{ name: Reviewer, description: Reviews, scope: {{ organization: {organization} }}, resource_type: project, permissions: [\"project:read\"] }}\nassignments:\n  - {{ role: org-reviewer, {APOLLO}, users: [\"id:user_ada\"] }}\n"
        )
    };
    define(&project, &reviewer("[\"external:acme\", org_globex]"));
    let _given = project.apply().exits(0);
    assert_eq!(on_apollo(&emulator), ["om_acme_ada org-reviewer"]);
    project.is_in_place();
    define(&project, &reviewer("org_globex"));
    let _refused =
        project.plan().exits(3).has("this role is one of organization `org_globex`, and cannot be held at");
}

#[test]
fn a_resource_or_a_member_that_is_not_there_is_an_error_with_its_place() {
    let emulator = emulator();
    let project = project(&emulator, "");
    for (scope, user, says) in [
        ("org_acme/project/gemini", "id:user_ada", "knows no resource `org_acme/project/gemini`"),
        ("external:nobody/project/apollo", "id:user_ada", "knows no resource"),
        ("org_acme/apollo", "id:user_ada", "knows no resource"),
        ("org_acme/project/apollo", "id:user_nia", "`user_nia` is no member of the organization"),
    ] {
        define(
            &project,
            &format!(
                "assignments:\n  - {{ role: builtin:member, scope: {{ resource: \"{scope}\" }}, users: [\"{user}\"] }}\n"
            ),
        );
        let _refused = project.plan().exits(3).has(says);
    }
    // A role of another type of resource is what WorkOS would refuse.
    define(
        &project,
        &format!(
            "roles:\n  desk: {{ name: Desk, description: Sits, permissions: [\"reports:read\"] }}\nassignments:\n  - {{ role: desk, {APOLLO}, users: [\"id:user_ada\"] }}\n"
        ),
    );
    let _refused = project.apply().exits(3).has("RC028");
    assert_eq!(on_apollo(&emulator), [""; 0]);
}
