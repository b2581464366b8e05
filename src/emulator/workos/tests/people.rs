//! Memberships, directories and groups.

use super::*;

#[tokio::test]
async fn the_list_shows_active_memberships_unless_told_otherwise() {
    let (_running, client) = with(&[]).await;
    let count = |query: &'static str| {
        let client = &client;
        async move {
            let (status, body) = client.get(&format!("{MEMBERSHIPS}?{query}")).await;
            assert_eq!(status, 200, "{body}");
            body["data"].as_array().unwrap().len()
        }
    };
    assert_eq!(count("organization_id=org_globex").await, 2);
    assert_eq!(count("organization_id=org_globex&statuses=active,inactive,pending").await, 4);
    assert_eq!(count("organization_id=org_globex&statuses=pending").await, 1);
    assert_eq!(count("user_id=user_mira").await, 2);
    assert_eq!(count("user_id=user_mira&organization_id=org_acme").await, 1);
    let (status, body) = client.get(MEMBERSHIPS).await;
    assert_eq!((status, &body["code"]), (400, &json!("missing_user_id_or_organization_id")));
    let (status, body) = client.get(&format!("{MEMBERSHIPS}?user_id=user_ada&statuses=gone")).await;
    assert_eq!((status, &body["code"]), (400, &json!("invalid_request_parameters")));
}

#[tokio::test]
async fn several_roles_need_the_setting_and_one_always_stays() {
    let (_running, client) = with(&[]).await;
    let path = format!("{MEMBERSHIPS}/om_acme_mira");
    let both = json!({ "role_slugs": ["admin", "member"] });
    let (status, body) = client.put(&path, both.clone()).await;
    assert_eq!((status, &body["code"]), (422, &json!("multiple_roles_not_enabled")));
    client.put("/_dashboard/settings", json!({ "multiple_roles": true })).await;
    let (_, body) = client.put(&path, both).await;
    assert_eq!(body["roles"], json!([{ "slug": "admin" }, { "slug": "member" }]));
    let (_, body) = client.put(&path, json!({ "role_slugs": [] })).await;
    assert_eq!(body["roles"], json!([{ "slug": "member" }]));
    let (_, unchanged) = client.put(&path, json!({})).await;
    assert_eq!(unchanged, body);
}

#[tokio::test]
async fn a_directory_takes_back_what_the_api_changed() {
    let (_running, client) = with(&[]).await;
    let path = format!("{MEMBERSHIPS}/om_acme_yuki");
    let (status, body) = client.put(&path, json!({ "role_slug": "admin" })).await;
    assert_eq!(
        (status, &body["directory_managed"], &body["role"]["slug"]),
        (200, &json!(true), &json!("admin"))
    );
    client.put(&format!("{MEMBERSHIPS}/om_acme_mira"), json!({ "role_slug": "admin" })).await;
    assert_eq!(client.post("/_dashboard/sync?org=acme", json!({})).await.0, 204);
    assert_eq!(role_of(&client, "om_acme_yuki").await, "member");
    assert_eq!(role_of(&client, "om_acme_mira").await, "admin", "only what it manages");
}

#[tokio::test]
async fn a_group_gives_its_roles_to_its_members() {
    let (_running, client) = with(&[]).await;
    let group = "/authorization/groups/group_acme_oncall/role_assignments";
    let (status, made) = client.post(group, json!({ "role_slug": "org-billing-admin" })).await;
    assert_eq!(status, 201, "{made}");
    let held = "/authorization/organization_memberships/om_acme_okan/role_assignments";
    let (_, list) = client.get(held).await;
    let through: Vec<&Value> =
        list["data"].as_array().unwrap().iter().filter(|held| held["source"]["type"] == "group").collect();
    assert_eq!(through.len(), 1);
    assert_eq!(through[0]["source"]["group_role_assignment_id"], made["id"]);
    let id = through[0]["id"].as_str().unwrap();
    assert_eq!(client.delete(&format!("{held}/{id}")).await.0, 403);
    client
        .delete("/organizations/org_acme/groups/group_acme_oncall/organization-memberships/om_acme_okan")
        .await;
    assert_eq!(client.get(held).await.1["data"].as_array().unwrap().len(), 1);
    let too_many = json!({ "role_assignments": vec![json!({ "role_slug": "admin" }); 101] });
    assert_eq!(client.put(group, too_many).await.0, 422);
}

#[tokio::test]
async fn a_removed_membership_leaves_groups_and_resources() {
    let (_running, client) = with(&[]).await;
    let held = "/authorization/organization_memberships/om_acme_okan/role_assignments";
    let wanted = json!({ "role_slug": "project-editor", "resource_external_id": "apollo", "resource_type_slug": "project" });
    assert_eq!(client.post(held, wanted).await.0, 201);
    assert_eq!(client.delete(&format!("{MEMBERSHIPS}/om_acme_okan")).await, (200, Value::Null));
    let members = "/organizations/org_acme/groups/group_acme_oncall/organization-memberships";
    assert_eq!(client.get(members).await.1["data"], json!([]));
    let on = "/authorization/resources/authz_resource_apollo/role_assignments";
    assert_eq!(client.get(on).await.1["data"], json!([]));
}
