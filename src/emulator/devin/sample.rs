//! The seed that holds when nobody gives one.

use serde_json::{Value, json};

/// One enterprise with three organizations; every token that is not empty is that of the service user
/// `service-user-rolecall`, whose role manages membership and organizations.
pub(super) fn seed() -> Value {
    let user = |handle: &str, name: &str, role: &str, organizations: Value| {
        json!({
            "id": format!("user-{handle}"), "email": format!("{handle}@acme.example.test"), "name": name,
            "role": role, "organizations": organizations,
        })
    };
    let mut through_sign_in = user("okta|acme|yuki", "Yuki Yama", "account_member", json!({}));
    through_sign_in["email"] = json!("yuki@acme.example.test");
    through_sign_in["groups"] = json!(["Platform Engineers", "Everybody"]);
    let mut nameless = user("nia", "", "account_member", json!({ "org-apps": "org_deepwiki" }));
    nameless["name"] = Value::Null;
    json!({
        "provider": "devin",
        "enterprises": [{
            "name": "acme",
            "anybody": "service-user-rolecall",
            "roles": [
                {
                    "id": "role-0a1b2c", "name": "Knowledge Curator", "type": "org",
                    "permissions": ["UseDevinSessions", "ManageOrgKnowledge"],
                },
                {
                    "id": "role-3d4e5f", "name": "Access Manager", "type": "enterprise",
                    "permissions": [
                        "ReadAccountMeta", "ViewAccountMembership", "ManageAccountMembership", "ManageOrganizations",
                        "ManageEnterpriseSettings", "UseDevinSessions",
                    ],
                },
            ],
            "organizations": [
                { "id": "org-apps", "name": "Apps" },
                { "id": "org-data", "name": "Data" },
                { "id": "org-platform", "name": "Platform" },
            ],
            "users": [
                user("ada", "Ada Adams", "account_admin", json!({})),
                user("ben", "Ben Brown", "account_admin", json!({ "org-platform": "org_admin" })),
                user("mira", "Mira Meyer", "account_member", json!({ "org-apps": "org_admin", "org-data": "org_member" })),
                user("okan", "Okan Oz", "account_member", json!({ "org-apps": "org_member" })),
                user("lena", "Lena Lind", "account_member", json!({ "org-data": "role-0a1b2c" })),
                nameless,
                through_sign_in,
            ],
            "service_users": [
                { "id": "service-user-rolecall", "name": "rolecall", "role": "role-3d4e5f" },
                { "id": "service-user-ci", "name": "ci", "organizations": { "org-apps": "org_member" } },
            ],
            "idp_groups": [
                { "name": "Platform Engineers", "organizations": { "org-platform": "org_member" } },
                { "name": "Contractors" },
            ],
        }],
    })
}
