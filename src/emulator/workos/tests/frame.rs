//! Keys, limits, faults and state.

use super::*;

const KEYS: &str = r#"
provider: workos
environments:
  - name: staging
    keys: [{ key: sk_full }, { key: sk_read, access: read }, { key: sk_none, access: none }]
    roles: [{ slug: staging-role, name: Staging }]
  - name: production
    keys: [{ key: sk_live }]
"#;

#[tokio::test]
async fn a_key_reaches_one_environment_with_what_it_may_do() {
    let running = seeded(KEYS).await;
    let status = |key: &'static str, method: &'static str| {
        let client = Client::bearing(&running, key);
        async move {
            let body = (method == "POST").then(|| json!({ "slug": "a", "name": "A" }));
            client.send(method, ROLES, body).await.0
        }
    };
    assert_eq!((status("sk_full", "GET").await, status("sk_full", "POST").await), (200, 201));
    assert_eq!((status("sk_read", "GET").await, status("sk_read", "POST").await), (200, 403));
    assert_eq!((status("sk_none", "GET").await, status("sk_other", "GET").await), (403, 401));
    assert_eq!(status("", "GET").await, 401);
    assert_eq!(slugs(&Client::bearing(&running, "sk_live").get(ROLES).await.1), ["member"]);
}

#[tokio::test]
async fn every_answer_names_its_request() {
    let (_running, client) = with(&[]).await;
    for path in [ROLES, "/nothing"] {
        let response = client.raw("GET", path, None).await.unwrap();
        assert!(response.headers().contains_key("x-request-id"), "{path}");
    }
}

#[tokio::test]
async fn the_documented_limits_hold() {
    let (_running, client) = with(&[]).await;
    for _ in 0..50 {
        assert_eq!(client.delete("/organizations/org_nothing").await.0, 404);
    }
    let response = client.raw("DELETE", "/organizations/org_nothing", None).await.unwrap();
    assert_eq!(response.status(), 429);
    assert!(response.headers()["retry-after"].to_str().unwrap().parse::<u64>().unwrap() <= 60);
    assert_eq!(client.get("/organizations/org_acme").await.0, 200, "other requests have another limit");
    client.post("/_dashboard/clock", json!({ "advance_ms": 60_000 })).await;
    assert_eq!(client.delete("/organizations/org_nothing").await.0, 404);
    client
        .send(
            "PATCH",
            "/_dashboard/switches",
            Some(json!({ "authorization_limit": "50_per_10s", "retry_after": "absent" })),
        )
        .await;
    for _ in 0..50 {
        assert_eq!(client.get("/authorization/roles/member").await.0, 200);
    }
    let response = client.raw("GET", "/authorization/roles/member", None).await.unwrap();
    assert_eq!((response.status().as_u16(), response.headers().contains_key("retry-after")), (429, false));
}

#[tokio::test]
async fn faults_answer_in_the_form_of_the_api_and_cursors_can_loop() {
    let (_running, client) = with(&[]).await;
    client
        .put(
            "/_dashboard/faults",
            json!(["GET /authorization/roles status=400", "GET /authorization/permissions loop-cursor"]),
        )
        .await;
    assert_eq!(
        client.get(ROLES).await,
        (400, json!({ "code": "bad_request", "message": "injected by the emulator" }))
    );
    let (_, first) = client.get("/authorization/permissions?limit=4").await;
    let cursor = first["list_metadata"]["after"].as_str().unwrap();
    let (_, again) = client.get(&format!("/authorization/permissions?limit=4&after={cursor}")).await;
    assert_eq!(again, first);
}

#[tokio::test]
async fn the_state_is_a_seed_and_survives() {
    let (_running, client) = with(&[]).await;
    custom(&client, "org-a").await;
    let group = "/authorization/groups/group_acme_oncall/role_assignments";
    client.post(group, json!({ "role_slug": "org-a" })).await;
    let held = "/authorization/organization_memberships/om_acme_mira/role_assignments";
    client.post(held, json!({ "role_slug": "project-editor", "resource_id": "authz_resource_apollo" })).await;
    let (_, state) = client.get("/_dashboard/state").await;
    let (_, roles) = client.get(ACME).await;
    let (_other, fresh) = with(&[]).await;
    assert_eq!(fresh.put("/_dashboard/state", state.clone()).await, (204, Value::Null));
    assert_eq!(fresh.get("/_dashboard/state").await.1, state);
    assert_eq!(fresh.get(ACME).await.1, roles);
    assert_eq!(fresh.get(held).await.1, client.get(held).await.1);
    let folder = tempfile::tempdir().unwrap();
    let mut options = Options::new("workos");
    options.state = Some(folder.path().to_owned());
    let running = start(options.clone()).await.unwrap();
    custom(&Client::bearing(&running, "x"), "org-b").await;
    drop(running);
    let running = start(options).await.unwrap();
    assert_eq!(Client::bearing(&running, "x").get(&format!("{ACME}/org-b")).await.0, 200);
}

#[test]
fn a_wrong_seed_says_what_is_wrong() {
    let one = |fields: &str| format!("provider: workos\nenvironments: [{{ name: e, {fields} }}]");
    for (seed, part) in [
        ("provider: workos\nenvironments: []".to_owned(), "`environments` is empty"),
        (one("default_role: x"), "no role `x`"),
        (one("roles: [{ slug: a, name: A, permissions: [x] }]"), "no permission `x`"),
        (one("permissions: [{ slug: a, name: A, resource_type_slug: x }]"), "no resource type `x`"),
        (one("organizations: [{ id: o, name: O, memberships: [{ user: x }] }]"), "no user `x`"),
        (one("organizations: [{ id: o, name: O, priority: [] }]"), "`priority`"),
        (one("organizations: [{ id: o, name: O }, { id: o, name: P }]"), "two organizations"),
        (one("roles: [{ slug: a, name: A }, { slug: a, name: B }]"), "two objects `a`"),
        (one("rolls: []"), "`rolls`"),
    ] {
        let error = Seed::parse(&seed).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
}

#[tokio::test]
async fn a_seed_can_generate_organizations_and_people() {
    let seed = "provider: workos\nenvironments:\n  - name: e\n    generate: { organizations: 12, roles_each: 2, members_each: 3, permissions: 5 }\n";
    let running = seeded(seed).await;
    let client = Client::bearing(&running, "x");
    let (_, list) = client.get("/organizations?limit=100").await;
    assert_eq!(list["data"].as_array().unwrap().len(), 12);
    let (_, one) = client.get("/organizations/external_id/generated-007").await;
    let id = one["id"].as_str().unwrap();
    let (_, roles) = client.get(&format!("/authorization/organizations/{id}/roles")).await;
    assert_eq!(slugs(&roles), ["member", "org-generated-1", "org-generated-2"]);
    let (_, members) = client.get(&format!("{MEMBERSHIPS}?organization_id={id}")).await;
    assert_eq!(members["data"].as_array().unwrap().len(), 3);
}
