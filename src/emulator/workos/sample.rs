//! The seed that holds when nobody gives one.

use serde_json::{Value, json};

/// One environment with three organizations; every key that is not empty reaches it.
pub(super) fn seed() -> Value {
    let user = |handle: &str, first: &str, last: &str| {
        json!({
            "id": format!("user_{handle}"), "email": format!("{handle}@acme.example.test"),
            "first_name": first, "last_name": last,
        })
    };
    let member = |org: &str, handle: &str, role: &str| json!({ "id": format!("om_{org}_{handle}"), "user": format!("user_{handle}"), "roles": [role] });
    let permission = |slug: &str, name: &str| json!({ "slug": slug, "name": name });
    let of_project =
        |slug: &str, name: &str| json!({ "slug": slug, "name": name, "resource_type_slug": "project" });
    let mut managed = member("acme", "yuki", "member");
    managed["directory_managed"] = json!(true);
    managed["idp_roles"] = json!(["member"]);
    managed["custom_attributes"] = json!({ "department": "Engineering" });
    let mut invited = member("globex", "nia", "member");
    invited["status"] = json!("pending");
    let mut left = member("globex", "tomas", "member");
    left["status"] = json!("inactive");
    json!({
        "provider": "workos",
        "any_key": true,
        "environments": [{
            "name": "production",
            "keys": [{ "key": "sk_test_acme" }],
            "resource_types": ["project"],
            "permissions": [
                permission("billing:read", "Read billing"),
                permission("billing:write", "Change billing"),
                permission("members:read", "See members"),
                permission("members:manage", "Manage members"),
                permission("reports:read", "Read reports"),
                permission("reports:export", "Export reports"),
                permission("settings:manage", "Manage settings"),
                of_project("project:read", "See projects"),
                of_project("project:write", "Change projects"),
            ],
            "roles": [
                {
                    "slug": "admin", "name": "Admin", "description": "Manages the organization",
                    "permissions": [
                        "billing:read", "billing:write", "members:read", "members:manage", "reports:read",
                        "reports:export", "settings:manage",
                    ],
                },
                {
                    "slug": "support-agent", "name": "Support agent", "description": "Helps customers",
                    "permissions": ["members:read", "reports:read"],
                },
                {
                    "slug": "project-editor", "name": "Project editor", "resource_type_slug": "project",
                    "permissions": ["project:read", "project:write"],
                },
                { "slug": "member", "name": "Member", "permissions": ["reports:read"] },
            ],
            "users": [
                user("ada", "Ada", "Adams"), user("ben", "Ben", "Brown"), user("mira", "Mira", "Meyer"),
                user("okan", "Okan", "Oz"), user("lena", "Lena", "Lind"), user("tomas", "Tomas", "Torres"),
                user("yuki", "Yuki", "Yama"), user("nia", "Nia", "Novak"),
            ],
            "organizations": [
                {
                    "id": "org_acme", "name": "Acme", "external_id": "acme", "domains": ["acme.example.test"],
                    "metadata": { "tier": "gold" },
                    "roles": [{
                        "slug": "org-billing-admin", "name": "Billing admin", "description": "Manages invoices",
                        "permissions": ["billing:read", "billing:write"],
                    }],
                    "memberships": [
                        member("acme", "ada", "admin"), member("acme", "ben", "admin"),
                        member("acme", "mira", "member"), member("acme", "okan", "support-agent"),
                        member("acme", "lena", "org-billing-admin"), managed,
                    ],
                    "groups": [{
                        "id": "group_acme_oncall", "name": "On call", "description": "Answers at night",
                        "members": { "om_acme_okan": "2026-06-05T08:00:00Z" },
                    }],
                    "resources": [
                        { "id": "authz_resource_apollo", "external_id": "apollo", "resource_type_slug": "project" },
                    ],
                },
                {
                    "id": "org_globex", "name": "Globex",
                    "memberships": [
                        member("globex", "ben", "admin"), member("globex", "mira", "member"), left, invited,
                    ],
                },
                {
                    "id": "org_initech", "name": "Initech",
                    "memberships": [member("initech", "lena", "admin"), member("initech", "okan", "member")],
                },
            ],
        }],
    })
}
