//! Environment roles and permissions.

use super::*;

#[tokio::test]
async fn environment_roles_are_created_empty_at_the_bottom_and_cannot_be_deleted() {
    let (_running, client) = with(&[]).await;
    let (status, made) = client
        .post(ROLES, json!({ "slug": "auditor", "name": "Auditor", "permissions": ["billing:read"] }))
        .await;
    assert_eq!((status, &made["permissions"], &made["type"]), (201, &json!([]), &json!("EnvironmentRole")));
    assert_eq!(made.as_object().unwrap().len(), 10);
    assert_eq!(slugs(&client.get(ROLES).await.1).last(), Some(&"auditor"));
    assert_eq!(slugs(&client.get(ACME).await.1).last(), Some(&"auditor"));
    assert_eq!(slugs(&client.get(GLOBEX).await.1).last(), Some(&"auditor"));
    assert!(client.get(ROLES).await.1.get("list_metadata").is_none(), "lists of roles have no pages");
    assert_eq!(client.delete("/authorization/roles/auditor").await.0, 404);
    assert_eq!(client.put("/authorization/roles/auditor", json!({ "name": "x" })).await.0, 404);
    let (status, after) = client
        .patch("/authorization/roles/auditor", json!({ "slug": "other", "resource_type_slug": "project" }))
        .await;
    assert_eq!((status, &after), (200, &made), "slug and resource type never change, and so nothing does");
}

#[tokio::test]
async fn permissions_are_set_whole_or_not_at_all() {
    let (_running, client) = with(&[]).await;
    let path = "/authorization/roles/support-agent/permissions";
    let (_, set) =
        client.put(path, json!({ "permissions": ["billing:write", "billing:read", "billing:read"] })).await;
    assert_eq!(set["permissions"], json!(["billing:read", "billing:write"]));
    assert_eq!(client.put(path, json!({ "permissions": ["reports:read", "nothing"] })).await.0, 404);
    let (_, after) = client.get("/authorization/roles/support-agent").await;
    assert_eq!(after["permissions"], set["permissions"]);
    let (_, system) = client.post(path, json!({ "slug": "widgets:sso:manage" })).await;
    assert_eq!(system["permissions"].as_array().unwrap().len(), 3, "system permissions can be granted");
    assert_eq!(client.put(path, json!({ "permissions": [] })).await.1["permissions"], json!([]));
}

#[tokio::test]
async fn slugs_of_permissions_may_stand_raw_or_encoded_in_paths() {
    let (_running, client) = with(&[]).await;
    let new = json!({ "slug": "a:b.*", "name": "A" });
    assert_eq!(client.post("/authorization/permissions", new).await.0, 201);
    for path in ["a:b.*", "a%3Ab.%2A"] {
        assert_eq!(client.get(&format!("/authorization/permissions/{path}")).await.1["slug"], "a:b.*");
    }
}

#[tokio::test]
async fn pages_follow_each_other_in_every_order() {
    let (_running, client) = with(&[]).await;
    let all = |query: &'static str| {
        let client = &client;
        async move {
            let (status, body) = client.get(&format!("/authorization/permissions?{query}")).await;
            assert_eq!(status, 200, "{body}");
            body
        }
    };
    assert_eq!(all("").await["data"].as_array().unwrap().len(), 10);
    let descending = all("limit=100").await;
    let ids: Vec<String> = descending["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!((ids.len(), &descending["list_metadata"]["after"]), (13, &Value::Null));
    let mut ascending =
        slugs(&all("limit=100&order=asc").await).iter().map(ToString::to_string).collect::<Vec<_>>();
    ascending.reverse();
    assert_eq!(slugs(&descending), ascending);
    let first = all("limit=4").await;
    assert_eq!(first["list_metadata"], json!({ "before": null, "after": ids[3] }));
    let (_, second) = client.get(&format!("/authorization/permissions?limit=4&after={}", ids[3])).await;
    assert_eq!(second["list_metadata"], json!({ "before": ids[4], "after": ids[7] }));
    let (_, back) = client.get(&format!("/authorization/permissions?limit=4&before={}", ids[4])).await;
    assert_eq!(back, first);
    let normal = all("limit=4&order=normal").await;
    assert_eq!(normal["data"], first["data"]);
    assert_eq!(normal["list_metadata"], json!({ "before": ids[3], "after": null }));
    let (_, older) =
        client.get(&format!("/authorization/permissions?limit=4&order=normal&before={}", ids[3])).await;
    assert_eq!(older["data"], second["data"]);
    for query in [
        "limit=0",
        "limit=101",
        "limit=x",
        "order=up",
        "after=nothing",
        &format!("after={0}&before={0}", ids[0]),
    ] {
        assert_eq!(client.get(&format!("/authorization/permissions?{query}")).await.0, 422, "{query}");
    }
}

#[tokio::test]
async fn a_deleted_environment_role_leaves_its_members_with_the_default() {
    let (_running, client) = with(&[]).await;
    let path = "/_dashboard/roles/support-agent";
    assert_eq!(client.delete("/_dashboard/roles/member").await.0, 409, "it cannot be deleted");
    assert_eq!(role_of(&client, "om_acme_okan").await, "support-agent");
    assert_eq!(client.delete(path).await.0, 204);
    assert_eq!(role_of(&client, "om_acme_okan").await, "member");
    assert!(!slugs(&client.get(ACME).await.1).contains(&"support-agent"));
    client.put("/_dashboard/default?org=acme", json!({ "role": "admin" })).await;
    assert_eq!(client.delete("/_dashboard/roles/admin").await.0, 409, "it is a default somewhere");
    let body = json!({ "replacement_default": "member" });
    assert_eq!(client.send("DELETE", "/_dashboard/roles/admin", Some(body)).await.0, 204);
    assert_eq!(role_of(&client, "om_acme_ada").await, "member");
}
