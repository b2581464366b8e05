//! Both families of role routes with their default behaviour.

use super::*;

#[tokio::test]
async fn the_list_has_filters_and_tells_permissions_only_on_request() {
    let (_running, client) = with(&[]).await;
    let id = role(&client, "Auditor").await;
    let (_, all) = client.get("/v1/roles").await;
    let all = items(&all);
    let ids: Vec<&str> = all.iter().map(|role| role["role"].as_str().unwrap()).collect();
    assert_eq!(ids, ["cr_admin", "cr_member", "cr_billing_admin", &id]);
    assert!(all.iter().all(|role| role.get("permissions").is_none()));
    assert_eq!((&all[0]["user_count"], &all[3]["user_count"]), (&json!(2), &json!(0)));
    assert_eq!((&all[0]["role_type"], &all[3]["role_type"]), (&json!("system"), &json!("custom")));
    let (_, custom) =
        client.get("/v1/roles?role_type=custom&include_permissions=true&include_user_count=false").await;
    let custom = items(&custom);
    assert_eq!(custom.len(), 1);
    assert_eq!(pairs(&custom[0]), ["reports:read"]);
    assert!(custom[0].get("user_count").is_none());
    assert_eq!(items(&client.get("/v1/roles?role_type=system").await.1).len(), 3);
    for query in ["role_type=x", "include_permissions=1", "include_user_count=yes"] {
        assert_eq!(client.get(&format!("/v1/roles?{query}")).await.0, 400, "{query}");
    }
    let (_, one) = client.get(&format!("/v1/roles/{id}")).await;
    assert_eq!((pairs(&one["role"]).len(), &one["role"]["user_count"]), (1, &json!(0)));
    let (_, bare) =
        client.get(&format!("/v1/roles/{id}?include_permissions=false&include_user_count=false")).await;
    assert!(bare["role"].get("permissions").is_none() && bare["role"].get("user_count").is_none());
}

#[tokio::test]
async fn ids_are_uuids_percent_decoded_and_never_the_word_permissions() {
    let (_running, client) = with(&[]).await;
    let id = role(&client, "Auditor").await;
    assert!(uuid::Uuid::parse_str(&id).is_ok());
    let encoded: String = id.bytes().map(|byte| format!("%{byte:02X}")).collect();
    assert_eq!(client.get(&format!("/v1/roles/{encoded}")).await.1["role"]["role"], id.as_str());
    for prefix in ["/v1/roles", "/v1/configuration/roles"] {
        let (status, options) = client.get(&format!("{prefix}/permissions")).await;
        assert_eq!((status, &options["access_types"]), (200, &json!(["read", "write", "delete"])));
        assert!(options["resource_ids"].as_array().unwrap().contains(&json!("user_management")));
        assert_eq!(client.delete(&format!("{prefix}/permissions")).await.0, 405);
        assert_eq!(client.patch(&format!("{prefix}/permissions"), json!({ "name": "x" })).await.0, 405);
        assert_eq!(client.get(&format!("{prefix}/nothing")).await.0, 404);
        assert_eq!(client.get(&format!("{prefix}/{id}/more")).await.0, 404);
        assert_eq!(client.get(&format!("{prefix}/")).await.0, 404);
        assert_eq!(client.get(&format!("{prefix}/a%2Fb")).await.0, 404);
    }
}

#[tokio::test]
async fn a_new_role_copies_the_member_role_unless_told_otherwise() {
    let (_running, client) = with(&[]).await;
    let (_, member) = client.get("/v1/roles/cr_member").await;
    let (_, admin) = client.get("/v1/roles/cr_admin").await;
    let (status, plain) = client.post("/v1/roles", json!({ "name": "Plain" })).await;
    assert_eq!((status, pairs(&plain["role"])), (201, pairs(&member["role"])));
    let (_, copy) = client.post("/v1/roles", json!({ "name": "Copy", "duplicate_from": "cr_admin" })).await;
    assert_eq!(pairs(&copy["role"]), pairs(&admin["role"]));
    assert_eq!((&copy["role"]["is_default"], &copy["role"]["description"]), (&json!(false), &Value::Null));
    let (status, _) = client.post("/v1/roles", json!({ "name": "X", "duplicate_from": "nothing" })).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn wrong_bodies_are_refused_with_the_field() {
    let (_running, client) = with(&[]).await;
    let id = role(&client, "Auditor").await;
    for (body, part) in [
        (json!({}), "name is required"),
        (json!({ "name": 1 }), "name must be a string"),
        (json!({ "name": "" }), "1 to 255"),
        (json!({ "name": "x".repeat(256) }), "1 to 255"),
        (json!({ "name": "a", "is_default": "yes" }), "is_default"),
        (json!({ "name": "a", "description": 1 }), "description"),
        (json!({ "name": "a", "permissions": {} }), "permissions must be an array"),
        (json!({ "name": "a", "permissions": [1] }), "permissions[0]"),
        (json!({ "name": "a", "permissions": [permission("nothing", "read")] }), "`nothing`"),
        (json!({ "name": "a", "permissions": [permission("reports", "admin")] }), "`admin`"),
        (json!([]), "JSON object"),
    ] {
        let (status, answer) = client.post("/v1/roles", body.clone()).await;
        assert_eq!(status, 400, "{body}");
        assert_eq!(answer["error"]["code"], "invalid_request");
        assert!(answer["error"]["message"].as_str().unwrap().contains(part), "{answer}");
    }
    let broken = client.raw("POST", "/v1/roles", Some("{")).await.unwrap();
    assert_eq!(broken.status(), 400);
    assert_eq!(client.post("/v1/roles", json!({ "name": "x".repeat(255) })).await.0, 201);
    assert_eq!(client.patch(&format!("/v1/roles/{id}"), json!({ "name": null })).await.0, 400);
    assert_eq!(client.send("PUT", "/v1/roles", Some(json!({}))).await.0, 405);
    assert_eq!(client.get("/v2/roles").await.0, 404);
}

#[tokio::test]
async fn an_update_changes_only_what_it_sends() {
    let (_running, client) = with(&[]).await;
    let id = role(&client, "Auditor").await;
    let path = format!("/v1/roles/{id}");
    let (status, answer) = client.patch(&path, json!({ "description": "Reads" })).await;
    assert_eq!((status, &answer["role"]["description"]), (200, &json!("Reads")));
    assert_eq!(pairs(&answer["role"]), ["reports:read"]);
    let (_, answer) = client.patch(&path, json!({ "name": "Reader" })).await;
    assert_eq!(
        (&answer["role"]["role_name"], &answer["role"]["description"]),
        (&json!("Reader"), &json!("Reads"))
    );
    let (_, answer) = client.patch(&path, json!({ "description": null })).await;
    assert_eq!(answer["role"]["description"], Value::Null);
    let permissions = json!([permission("learnings", "write"), permission("learnings", "write")]);
    let (_, answer) = client.patch(&path, json!({ "permissions": permissions })).await;
    assert_eq!(pairs(&answer["role"]), ["learnings:write"]);
    assert_eq!(client.patch("/v1/roles/nothing", json!({ "name": "x" })).await.0, 404);
}

#[tokio::test]
async fn at_most_one_role_is_the_default() {
    let (_running, client) = with(&[]).await;
    let (_, first) = client.post("/v1/roles", json!({ "name": "First", "is_default": true })).await;
    assert_eq!(first["role"]["is_default"], true);
    let second = role(&client, "Second").await;
    client.patch(&format!("/v1/roles/{second}"), json!({ "is_default": true })).await;
    let defaults = async || {
        let (_, list) = client.get("/v1/roles").await;
        items(&list)
            .iter()
            .filter(|role| role["is_default"] == true)
            .map(|role| role["role_name"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(defaults().await, ["Second"]);
    client.post("/_dashboard/users", json!({ "user_id": "3001" })).await;
    assert_eq!(
        client.get("/v1/roles").await.1["roles"][4]["user_count"],
        1,
        "new members get the default role"
    );
    client.patch(&format!("/v1/roles/{second}"), json!({ "is_default": false })).await;
    assert!(defaults().await.is_empty());
}

#[tokio::test]
async fn system_roles_and_held_roles_stay() {
    let (_running, client) = with(&[]).await;
    for id in ["cr_admin", "cr_member", "cr_billing_admin"] {
        assert_eq!(client.patch(&format!("/v1/roles/{id}"), json!({ "name": "x" })).await.0, 403);
        let body = json!({ "name": "x", "permissions": [] });
        assert_eq!(client.patch(&format!("/v1/configuration/roles/{id}"), body).await.0, 403);
        assert_eq!(client.delete(&format!("/v1/roles/{id}")).await.0, 403);
    }
    let id = role(&client, "Auditor").await;
    client.post("/v1/users/roles", json!({ "role": id, "user_ids": ["1003"] })).await;
    assert_eq!(client.delete(&format!("/v1/roles/{id}")).await.0, 409);
    assert_eq!(client.delete(&format!("/_dashboard/roles/{id}")).await.0, 409);
    client.post("/v1/users/roles", json!({ "role": "cr_member", "user_ids": ["1003"] })).await;
    assert_eq!(client.delete(&format!("/v1/roles/{id}")).await, (204, Value::Null));
    assert_eq!(client.delete(&format!("/v1/roles/{id}")).await.0, 404);
}

#[tokio::test]
async fn family_b_is_another_view_of_the_same_roles() {
    let (_running, client) = with(&[]).await;
    let permissions = json!([permission("reports", "write")]);
    let body = json!({ "name": "B", "description": "d", "permissions": permissions });
    let (status, created) = client.post("/v1/configuration/roles", body).await;
    assert_eq!(status, 201);
    assert!(pairs(&created["role"]).len() > 1, "permissions are not part of this create");
    assert!(created["role"].get("user_count").is_none());
    let id = created["role"]["role"].as_str().unwrap();
    let path = format!("/v1/configuration/roles/{id}");
    let (_, list) = client.get("/v1/configuration/roles?include_permissions=true").await;
    assert!(
        items(&list).iter().all(|role| role.get("permissions").is_none() && role.get("user_count").is_none())
    );
    assert_eq!(client.patch(&path, json!({ "name": "B" })).await.0, 400);
    assert_eq!(client.patch(&path, json!({ "permissions": [] })).await.0, 400);
    let (status, _) = client.patch(&path, json!({ "name": "B2", "permissions": permissions })).await;
    assert_eq!(status, 200);
    let (_, one) = client.get(&path).await;
    assert_eq!(
        (&one["role"]["role_name"], pairs(&one["role"])),
        (&json!("B2"), vec!["reports:write".to_owned()])
    );
    assert_eq!(one["role"]["description"], "d");
    assert_eq!(client.get(&format!("/v1/roles/{id}")).await.1["role"]["role_name"], "B2");
    let (status, error) = client.delete(&path).await;
    assert_eq!((status, error["error"]["code"].as_str()), (405, Some("method_not_allowed")));
}

#[tokio::test]
async fn a_person_in_the_dashboard_follows_the_same_rules_and_is_logged() {
    let (_running, client) = with(&[]).await;
    let body = json!({ "name": "Clicked", "permissions": ["reports:read", "future:use"] });
    let (status, created) = client.post("/_dashboard/roles?actor=Eve", body).await;
    assert_eq!(status, 201, "{created}");
    let id = created["id"].as_str().unwrap();
    assert_eq!(client.post("/_dashboard/roles", json!({ "name": "Clicked" })).await.0, 409);
    let path = format!("/_dashboard/roles/{id}");
    assert_eq!(
        client
            .patch(&path, json!({ "name": "Renamed", "permissions": [permission("reports", "write")] }))
            .await
            .0,
        200
    );
    assert_eq!(client.put("/_dashboard/default", json!({ "role": id })).await.0, 204);
    assert_eq!(client.get(&format!("/v1/roles/{id}")).await.1["role"]["is_default"], true);
    assert_eq!(client.put("/_dashboard/default", json!({ "role": null })).await.0, 204);
    assert_eq!(client.put("/_dashboard/default", json!({})).await.0, 400);
    assert_eq!(client.put("/_dashboard/users/1003/role", json!({ "role": id })).await.0, 204);
    assert_eq!(client.put("/_dashboard/users/1008/role", json!({ "role": id })).await.0, 409);
    assert_eq!(client.put("/_dashboard/users/1008/role", json!({ "role": id, "force": true })).await.0, 204);
    assert_eq!(client.post("/_dashboard/users", json!({ "user_id": "1003" })).await.0, 409);
    assert_eq!(client.delete("/_dashboard/users/1007").await.0, 204);
    let system = json!({ "permissions": ["reports:read"] });
    assert_eq!(client.put("/_dashboard/system-roles/cr_member", system.clone()).await.0, 200);
    assert_eq!(pairs(&client.get("/v1/roles/cr_member").await.1["role"]), ["reports:read"]);
    assert_eq!(client.put(&format!("/_dashboard/system-roles/{id}"), system).await.0, 404);
    assert_eq!(client.patch("/_dashboard/roles/cr_member", json!({ "name": "x" })).await.0, 403);
    assert_eq!(client.get("/_dashboard/roles?tenant=nothing").await.0, 404);
    assert_eq!(client.post("/_dashboard/roles?tenant=globex", json!({ "name": "There" })).await.0, 201);
    let (_, log) = client.get("/v1/audit-logs?page_size=100&resource_types=role,user").await;
    let actions: Vec<&str> =
        log["data"].as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert!(actions.contains(&"user_role_update") && actions.contains(&"user_remove"), "{actions:?}");
    let first = log["data"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&first["action"], &first["actor"]["name"]), (&json!("role_create"), &json!("Eve")));
}

#[tokio::test]
async fn ten_thousand_generated_roles_are_always_the_same_and_served_in_time() {
    let seed = "provider: coderabbit\ntenants: [{ name: big, orgs: [{ id: o, generate: { roles: 10000, permissions_each: 20, users: 500 } }] }]";
    let mut options = Options::new("coderabbit");
    options.seed = Some(Seed::parse(seed).unwrap());
    let first = start(options.clone()).await.unwrap();
    let second = start(options).await.unwrap();
    let begin = std::time::Instant::now();
    let (_, list) = Client::new(&first, "any").get("/v1/roles?include_permissions=true").await;
    let took = begin.elapsed();
    assert_eq!(list, Client::new(&second, "any").get("/v1/roles?include_permissions=true").await.1);
    let roles = items(&list);
    assert_eq!((roles.len(), pairs(&roles[5000]).len()), (10_003, 20));
    assert_eq!(roles.iter().filter_map(|role| role["user_count"].as_u64()).sum::<u64>(), 500);
    assert!(took.as_secs() < 20, "{took:?}");
}
