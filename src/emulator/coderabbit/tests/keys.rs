//! Keys: which tenant they reach and what they may do.

use super::*;

#[tokio::test]
async fn keys_reach_their_tenants_and_others_the_first() {
    let (running, client) = with(&[]).await;
    for path in ["/v1/roles", "/v1/configuration/roles", "/v1/me"] {
        for key in ["", " "] {
            let (status, error) = Client::new(&running, key).get(path).await;
            assert_eq!((status, &error["error"]["code"]), (401, &json!("unauthenticated")), "{path}");
        }
    }
    assert_eq!(Client::new(&running, "").get("/v1/users").await.1["error"]["code"], "UNAUTHORIZED");
    assert_eq!(client.get("/v1/me").await.1["scope"]["id"], "crorg-acme");
    assert_eq!(Client::new(&running, "whatever").get("/v1/me").await.1["scope"]["id"], "crorg-acme");
    let globex = Client::new(&running, "cr-globex");
    assert_eq!(globex.get("/v1/me").await.1["scope"]["id"], "crorg-globex");
    role(&globex, "There").await;
    assert_eq!(
        items(&client.get("/v1/roles?role_type=custom&org_id=99454").await.1).len(),
        0,
        "org_id is ignored"
    );
    let running = kinds(&[]).await;
    assert_eq!(Client::new(&running, "unknown").get("/v1/roles").await.0, 401, "this seed names its keys");
    assert_eq!(items(&Client::new(&running, "second").get("/v1/roles").await.1).len(), 3);
}

#[tokio::test]
async fn each_kind_of_key_has_its_own_limits() {
    let running = kinds(&[]).await;
    let assign = json!({ "role": "cr_member", "user_ids": ["2"] });
    let statuses = async |key: &str| {
        let client = Client::new(&running, key);
        [
            client.get("/v1/roles").await.0,
            client.post("/v1/roles", json!({ "name": format!("By {key}") })).await.0,
            client.get("/v1/users").await.0,
            client.post("/v1/users/roles", assign.clone()).await.0,
            client.get("/v1/audit-logs").await.0,
            client.get("/v1/me").await.0,
        ]
    };
    assert_eq!(statuses("user").await, [200, 201, 200, 200, 200, 200]);
    assert_eq!(statuses("agentic").await, [200, 403, 200, 403, 403, 200]);
    assert_eq!(statuses("hosted").await, [403, 403, 200, 200, 403, 200]);
    assert_eq!(statuses("legacy").await, [403, 403, 410, 410, 410, 200]);
    assert_eq!(statuses("poor").await, [403, 403, 403, 403, 403, 200]);
    assert_eq!(statuses("helper").await, [200, 201, 200, 200, 403, 200]);
    assert_eq!(statuses("plain").await, [403, 403, 200, 403, 403, 200]);
    let (_, error) = Client::new(&running, "legacy").get("/v1/users").await;
    assert_eq!(error["error"]["code"], "LEGACY_API_KEY");
    let (_, error) = Client::new(&running, "poor").get("/v1/roles").await;
    assert_eq!(error["error"]["message"], "API access requires an Enterprise plan subscription");
}

#[tokio::test]
async fn a_key_acts_with_its_owners_current_role() {
    let (_running, client) = with(&[]).await;
    let (_, result) =
        client.post("/v1/users/roles", json!({ "role": "cr_member", "user_ids": ["1001"] })).await;
    assert_eq!(result["status"], "success");
    assert_eq!(client.post("/v1/roles", json!({ "name": "x" })).await.0, 403);
    client.delete("/_dashboard/users/1001").await;
    assert_eq!(client.get("/v1/roles").await.0, 403);
}

#[tokio::test]
async fn a_workspace_key_names_its_organization() {
    let running = kinds(&[("rate_limits", "off")]).await;
    let client = Client::new(&running, "workspace");
    for path in ["/v1/roles", "/v1/roles/permissions", "/v1/roles/cr_member", "/v1/configuration/roles"] {
        assert_eq!(client.get(path).await.0, 400, "{path}");
        for org in ["nothing", "o3"] {
            assert_eq!(client.get(&format!("{path}?org_id={org}")).await.0, 404, "{path} {org}");
        }
        assert_eq!(client.get(&format!("{path}?org_id=o2")).await.0, 200, "{path}");
    }
    assert_eq!(client.post("/v1/roles?org_id=o2", json!({ "name": "x" })).await.0, 400);
    assert_eq!(client.post("/v1/roles", json!({ "name": "x", "org_id": "nothing" })).await.0, 404);
    let (status, created) = client.post("/v1/roles", json!({ "name": "x", "org_id": "o2" })).await;
    assert_eq!(status, 201);
    let path = format!("/v1/roles/{}", created["role"]["role"].as_str().unwrap());
    assert_eq!(client.get(&format!("{path}?org_id=o1")).await.0, 404);
    assert_eq!(client.patch(&path, json!({ "name": "y", "org_id": "o2" })).await.0, 200);
    assert_eq!(client.delete(&path).await.0, 400);
    assert_eq!(client.delete(&format!("{path}?org_id=o2")).await.0, 204);
    assert_eq!(
        client.post("/v1/configuration/roles", json!({ "name": "z", "org_name": "two" })).await.0,
        201
    );
    assert_eq!(
        client
            .post("/v1/configuration/roles", json!({ "name": "z", "org_name": "two", "org_id": "o1" }))
            .await
            .0,
        404
    );
    let assign = |org: Value| json!({ "role": "cr_member", "user_ids": ["4"], "org_id": org });
    assert_eq!(client.post("/v1/users/roles", assign(json!("o2"))).await.1["status"], "success");
    assert_eq!(
        client.post("/v1/users/roles", json!({ "role": "cr_member", "user_ids": ["4"] })).await.0,
        400
    );
    assert_eq!(client.post("/v1/users/roles", assign(json!(7))).await.0, 400);
    let (_, people) = client.get("/v1/users?limit=2").await;
    assert_eq!(people["people"][0]["organizations"].as_array().unwrap().len(), 2);
    assert!(people["next_cursor"].is_string() && people.get("users").is_none());
    assert_eq!(client.get("/v1/users?org_id=o2").await.1["users"].as_array().unwrap().len(), 2);
    assert_eq!(client.get("/v1/me").await.1["scope"]["id"], "crws-acme");
    assert_eq!(Client::new(&running, "former").get("/v1/roles?org_id=o1").await.0, 403);
}
