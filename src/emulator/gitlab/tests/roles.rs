//! Roles over REST.

use super::*;

const ROLES: &str = "/api/v4/groups/84/member_roles";

#[tokio::test]
async fn a_role_shows_every_ability_as_a_boolean() {
    let (_running, client) = group().await;
    let body = json!({ "base_access_level": 20, "admin_merge_request": true, "colour": "red" });
    let (status, role) = client.post(ROLES, body).await;
    assert_eq!(status, 201, "{role}");
    assert_eq!(role["name"], "Reporter - custom");
    assert_eq!((&role["group_id"], &role["description"]), (&json!(84), &Value::Null));
    let on = |role: &Value| role.as_object().unwrap().values().filter(|flag| **flag == json!(true)).count();
    assert_eq!(on(&role), 1);
    assert_eq!(role["read_admin_users"], false);
    let (_, list) = client.get("/api/v4/groups/acme%2Fplatform/member_roles?per_page=1").await;
    let names: Vec<&str> =
        list.as_array().unwrap().iter().map(|role| role["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Release approver", "Reporter - custom", "Security reader"], "not in pages");
}

#[tokio::test]
async fn what_is_wrong_is_said_under_the_documented_key() {
    let (_running, client) = group().await;
    for (body, key, text) in [
        (json!({}), "error", "base_access_level is missing"),
        (json!({ "base_access_level": 5 }), "error", "base_access_level does not have a valid value"),
        (json!({ "base_access_level": 25 }), "error", "base_access_level does not have a valid value"),
        (
            json!({ "base_access_level": 50, "read_code": true }),
            "message",
            "Base access level is not included in the list",
        ),
        (
            json!({ "base_access_level": 10, "name": "x" }),
            "message",
            "Cannot create a member role with no enabled permissions",
        ),
        (
            json!({ "base_access_level": 10, "name": "x", "read_admin_users": true }),
            "message",
            "Unknown permission: read_admin_users",
        ),
        (
            json!({ "base_access_level": 10, "name": "x", "manage_protected_tags": true }),
            "message",
            "Unknown permission: manage_protected_tags",
        ),
        (
            json!({ "base_access_level": 10, "name": "Security reader", "admin_runners": true }),
            "message",
            "Name has already been taken, Read runners has to be enabled in order to enable Admin runners",
        ),
        (json!({ "base_access_level": 10, "read_code": "maybe" }), "error", "read_code is invalid"),
    ] {
        let (status, answer) = client.post(ROLES, body).await;
        assert_eq!((status, &answer), (400, &json!({ key: text })));
    }
    let long = json!({ "base_access_level": 10, "name": "x".repeat(256), "read_code": true });
    assert_eq!(client.post(ROLES, long.clone()).await.0, 500);
    client.patch("/_dashboard/switches", json!({ "too_long": "400" })).await;
    assert_eq!(client.post(ROLES, long).await.0, 400);
}

#[tokio::test]
async fn a_requirement_is_met_by_a_base_that_has_it() {
    let (_running, client) = group().await;
    let body = |base| json!({ "name": base, "base_access_level": base, "admin_vulnerability": true });
    assert_eq!(client.post(ROLES, body(20)).await.0, 400);
    assert_eq!(client.post(ROLES, body(30)).await.0, 201, "a Developer reads vulnerabilities already");
}

#[tokio::test]
async fn a_top_level_group_has_at_most_ten_roles_and_a_subgroup_none() {
    let (_running, client) = group().await;
    let body = |name: u32| json!({ "name": name.to_string(), "base_access_level": 10, "read_code": true });
    for number in 0..8 {
        assert_eq!(client.post(ROLES, body(number)).await.0, 201);
    }
    let (status, answer) = client.post(ROLES, body(8)).await;
    assert_eq!(status, 400);
    assert!(message(&answer).starts_with("Namespace maximum number of Member Roles"), "{answer}");
    let (status, answer) = client.post("/api/v4/groups/85/member_roles", body(9)).await;
    assert_eq!((status, message(&answer)), (400, "Namespace must be top-level namespace"));
}

#[tokio::test]
async fn a_role_is_not_deleted_while_held_or_in_a_policy_and_links_lose_it() {
    let (_running, client) = group().await;
    let (status, answer) = client.delete("/api/v4/groups/84/member_roles/51").await;
    assert_eq!(status, 400);
    assert!(message(&answer).starts_with("Role is assigned to one or more group members."), "{answer}");
    client.delete("/_dashboard/groups/84/members/sam").await;
    client
        .put("/_dashboard/groups/84/saml", json!({ "default_membership_role": 10, "member_role_id": 51 }))
        .await;
    client.put("/_dashboard/security-policies/approvals", json!({ "member_role_ids": [51] })).await;
    let (status, answer) = client.delete("/api/v4/groups/84/member_roles/51").await;
    assert_eq!((status, message(&answer)), (400, "Custom role linked with a security policy."));
    client.put("/_dashboard/security-policies/approvals", json!({ "member_role_ids": [] })).await;
    client.put("/_dashboard/protected-branches/main", json!({ "member_role_ids": [51] })).await;
    assert_eq!(client.delete("/api/v4/groups/84/member_roles/51").await.0, 400);
    client.patch("/_dashboard/switches", json!({ "protected_branch_delete": "allowed" })).await;
    assert_eq!(client.delete("/api/v4/groups/84/member_roles/51").await.0, 204);
    let (_, link) = client.get("/api/v4/groups/84/saml_group_links/acme-security").await;
    assert_eq!((&link["member_role_id"], &link["access_level"]), (&Value::Null, &json!(10)));
    let (_, state) = client.get("/_dashboard/state").await;
    assert_eq!(state["groups"][0]["saml"]["member_role_id"], Value::Null);
    assert_eq!(state["protected_branches"][0]["member_role_ids"], json!([]));
    let (status, answer) = client.delete("/api/v4/groups/84/member_roles/51").await;
    assert_eq!((status, message(&answer)), (404, "404 Member Role Not Found"));
}

#[tokio::test]
async fn only_the_scope_of_the_deployment_has_roles() {
    let (_running, client) = group().await;
    let (status, answer) = client.get("/api/v4/member_roles").await;
    assert_eq!((status, message(&answer)), (400, "400 Bad request"));
    assert_eq!(client.get("/api/v4/admin_member_roles").await.0, 403, "nobody administers gitlab.com");
    let (running, client) = instance(&[]).await;
    let (status, answer) = client.get(ROLES).await;
    assert_eq!(status, 400);
    assert!(message(&answer).contains("deprecated on self-managed instances"), "{answer}");
    let (status, list) = client.get("/api/v4/member_roles").await;
    assert_eq!((status, list.as_array().unwrap().len()), (200, 2));
    assert_eq!(list[0]["group_id"], Value::Null);
    assert_eq!(as_user(&running, "glpat-acme-developer").get("/api/v4/member_roles").await.0, 403);
}

#[tokio::test]
async fn admin_roles_have_no_base_and_only_their_own_abilities() {
    let (_running, client) = instance(&[]).await;
    let (status, role) = client.post("/api/v4/admin_member_roles", json!({ "read_admin_users": true })).await;
    assert_eq!((status, &role["name"]), (201, &json!("Admin role - custom")));
    assert!(role.get("base_access_level").is_none());
    let (_, refused) =
        client.post("/api/v4/admin_member_roles", json!({ "name": "x", "read_code": true })).await;
    assert_eq!(message(&refused), "Unknown permission: read_code");
    let (_, listed) = client.get("/api/v4/member_roles").await;
    assert_eq!(listed.as_array().unwrap().len(), 2, "they are not among the standard ones");
    client.patch("/_dashboard/switches", json!({ "custom_admin_roles": "off" })).await;
    assert_eq!(client.get("/api/v4/admin_member_roles").await.0, 403);
}

#[tokio::test]
async fn without_a_token_a_right_or_a_licence_nothing_is_shown() {
    let (running, client) = group().await;
    let nobody = as_user(&running, "");
    assert_eq!(nobody.get(ROLES).await, (401, json!({ "message": "401 Unauthorized" })));
    let developer = as_user(&running, "glpat-acme-developer");
    assert_eq!(developer.get(ROLES).await, (403, json!({ "message": "403 Forbidden" })));
    let (status, answer) = developer.get("/api/v4/groups/partners/member_roles").await;
    assert_eq!((status, message(&answer)), (404, "404 Group Not Found"), "not a member there");
    let reader = as_user(&running, "glpat-acme-reader");
    assert_eq!(reader.get(ROLES).await.0, 200);
    let (status, answer) = reader.post(ROLES, json!({ "base_access_level": 10, "read_code": true })).await;
    assert_eq!((status, &answer["error"]), (403, &json!("insufficient_scope")));
    assert_eq!(client.put("/api/v4/groups/84/member_roles/51", json!({})).await.0, 405, "there is no update");
    client.patch("/_dashboard/switches", json!({ "licence": "none" })).await;
    assert_eq!(client.get(ROLES).await.0, 403);
    assert_eq!(client.get("/api/v4/nonsense").await.0, 404);
}
