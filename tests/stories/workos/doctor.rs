//! What `doctor` tells of an environment is what the program does.

use serde_json::json;

use super::{define, emulator, project};
use crate::common::http;

#[test]
fn numbers_and_rules_are_those_that_count() {
    let emulator = emulator();
    let send = |path: &str, body| {
        let key = "authorization: Bearer sk_x";
        let (status, answer) = http::send_with(&emulator.address, "POST", path, key, Some(&body));
        assert_eq!(status, 201, "{answer}");
    };
    let apollo = json!({ "role_slug": "project-editor", "resource_external_id": "apollo", "resource_type_slug": "project" });
    send("/authorization/organization_memberships/om_acme_ada/role_assignments", apollo.clone());
    send("/authorization/groups/group_acme_oncall/role_assignments", apollo);
    send("/authorization/groups/group_acme_oncall/role_assignments", json!({ "role_slug": "member" }));
    let project = project(&emulator, "");
    define(
        &project,
        "roles:\n  org-billing-admin: { name: Billing admin, scope: { organization: org_acme }, permissions: [\"billing:read\"] }\nassignments:\n  - { role: org-billing-admin, scope: { organization: org_acme }, users: [\"id:user_lena\"], groups: [\"id:group_acme_oncall\"] }\n  - { role: viewer, scope: { resource: \"org_acme/project/apollo\" }, users: [\"id:user_ada\"], groups: [\"id:group_acme_oncall\"] }\n",
    );
    project.write(
        "roles/viewer.yaml",
        "provider: workos\nroles:\n  viewer: { name: Viewer, resource_type: project, permissions: [\"project:read\"] }\n",
    );
    let said = project.run("doctor");
    let text = said.everything();
    let said = said
        // No more requests are under way than any connection allows.
        .has("1000 requests in 10 s, 8 at a time")
        // Admin, support agent, and project editor; and the one of Acme.
        .has("4 of your own, 1 built in; 1 of them belong to one organization, where the definitions name it")
        .has("one role per organization, or several with `settings: { roles_of_a_member: several }`")
        .has("any number of roles per resource")
        .has("given and taken by hand in the dashboard");
    // Nothing guards administrators where there is no role for them.
    let _quiet = said.lacks("moves an administrator").lacks("64 at a time");
    // Everybody counts once, whatever they hold.
    let members = text.lines().find(|line| line.contains("members  ")).unwrap_or_default();
    assert!(members.contains("6 members, 1 group"), "{text}");
}
