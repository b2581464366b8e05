//! Tokens, permissions, faults, and state.

use super::*;

const TOKENS: &str = r#"
provider: devin
enterprises:
  - name: acme
    tokens:
      - { token: cog_admin, of: user-ada }
      - { token: cog_viewer, of: service-user-viewer }
      - { token: cog_apps, of: service-user-apps }
      - { token: cog_old, of: service-user-expired }
      - { token: cog_group, of: user-ben }
      - { token: apk_user_1, of: user-ada, legacy: true }
    roles:
      - { id: role-v, name: Viewer, type: enterprise, permissions: [ViewAccountMembership] }
    organizations: [{ id: org-apps, name: Apps }]
    users:
      - { id: user-ada, email: ada@acme.test, role: account_admin }
      - { id: user-ben, role: null, groups: [admins] }
    service_users:
      - { id: service-user-viewer, name: viewer, role: role-v }
      - { id: service-user-apps, name: apps, org_id: org-apps, organizations: { org-apps: org_admin } }
      - { id: service-user-expired, name: old, role: account_admin, expires_at: 1 }
    idp_groups: [{ name: admins, role: account_admin }]
  - name: globex
    tokens: [{ token: cog_globex, of: user-lena }]
    users: [{ id: user-lena, role: account_admin }]
"#;

#[tokio::test]
async fn a_token_may_do_what_the_roles_of_its_owner_allow() {
    let running = seeded(TOKENS).await;
    let status = |token: &'static str, method: &'static str, path: &'static str| {
        let client = Client::bearing(&running, token);
        async move {
            client.send(method, path, (method == "PATCH").then(|| json!({ "role_id": "role-v" }))).await.0
        }
    };
    let ada = "/v3/enterprise/members/users/user-ada";
    let beta = "/v3beta1/organizations/org-apps/members/users";
    for (token, roles, change, organizations, in_apps) in [
        ("cog_admin", 200, 200, 200, 200),
        // What it may see in the enterprise, it may see in every organization.
        ("cog_viewer", 200, 403, 403, 200),
        ("cog_apps", 403, 403, 403, 200),
        ("cog_group", 200, 200, 200, 200),
        ("cog_old", 401, 401, 401, 401),
        ("apk_user_1", 401, 401, 401, 401),
        ("cog_other", 401, 401, 401, 401),
        ("", 401, 401, 401, 401),
    ] {
        assert_eq!(status(token, "GET", ROLES).await, roles, "{token}");
        assert_eq!(status(token, "GET", "/v3/enterprise/organizations").await, organizations, "{token}");
        assert_eq!(status(token, "GET", beta).await, in_apps, "{token}");
        assert_eq!(status(token, "PATCH", ada).await, change, "{token}");
        Client::bearing(&running, "")
            .put("/_dashboard/users/user-ada/role", json!({ "role": "account_admin" }))
            .await;
    }
    let (_, problem) =
        Client::bearing(&running, "cog_viewer").patch(ada, json!({ "role_id": "role-v" })).await;
    assert_eq!(problem["detail"], "Missing required permission 'ManageAccountMembership' on this enterprise");
    assert_eq!(Client::bearing(&running, "cog_globex").get(USERS).await.1["total"], 1, "another enterprise");
}

#[tokio::test]
async fn a_token_says_whose_it_is() {
    let running = seeded(TOKENS).await;
    let whoami = |token: &'static str| {
        let client = Client::bearing(&running, token);
        async move { client.get("/v3/self").await.1 }
    };
    let admin = whoami("cog_admin").await;
    assert_eq!((&admin["principal_type"], &admin["user_id"]), (&json!("pat_user"), &json!("user-ada")));
    let apps = whoami("cog_apps").await;
    assert_eq!(apps["principal_type"], "service_user");
    assert_eq!(
        (&apps["service_user_id"], &apps["org_id"]),
        (&json!("service-user-apps"), &json!("org-apps"))
    );
}

#[tokio::test]
async fn reads_of_one_organization_show_roles_without_type() {
    let (_running, client) = with(&[]).await;
    let path = "/v3beta1/organizations/org-apps/members";
    let page = client.get(&format!("{path}/users")).await.1;
    assert_eq!(each(&page, "user_id"), ["user-mira", "user-okan", "user-nia"]);
    assert_eq!(
        page["items"][0]["role_assignments"][0]["role"],
        json!({ "role_id": "org_admin", "role_name": "Admin" })
    );
    assert_eq!(client.get(&format!("{path}/users/user-okan")).await.0, 200);
    assert_eq!(client.get(&format!("{path}/users/user-ada")).await.0, 404);
    assert_eq!(client.get(&format!("{path}/idp-users")).await.0, 200);
    assert_eq!(client.delete(&format!("{path}/users/user-okan")).await.0, 405);
}

#[tokio::test]
async fn faults_answer_in_the_form_of_the_api_and_cursors_can_loop() {
    let (_running, client) = with(&[]).await;
    let faults = json!([
        "GET /v3/enterprise/roles status=429 retry_after_header=7 times=1",
        "GET /v3/enterprise/members/users loop-cursor"
    ]);
    client.put("/_dashboard/faults", faults).await;
    let limited = client.raw("GET", ROLES, None).await.unwrap();
    assert_eq!((limited.status().as_u16(), &limited.headers()["retry-after"]), (429, &"7".parse().unwrap()));
    assert_eq!(limited.headers()["content-type"], "application/problem+json");
    let problem: Value = limited.json().await.unwrap();
    assert_eq!((&problem["status"], &problem["title"]), (&json!(429), &json!("Too Many Requests")));
    let (_, first) = client.get(&format!("{USERS}?first=2")).await;
    let again = format!("{USERS}?first=2&after={}", first["end_cursor"].as_str().unwrap());
    assert_eq!(client.get(&again).await.1, first);
}

#[tokio::test]
async fn the_state_is_a_seed_and_survives() {
    let (_running, client) = with(&[]).await;
    client.post(&format!("{APPS}/users/user-lena"), json!({ "role_id": "org_member" })).await;
    client.delete(&format!("{SERVICE_USERS}/service-user-ci")).await;
    let (_, state) = client.get("/_dashboard/state").await;
    let (_other, fresh) = with(&[]).await;
    assert_eq!(fresh.put("/_dashboard/state", state.clone()).await, (204, Value::Null));
    assert_eq!(fresh.get("/_dashboard/state").await.1, state);
    for path in [USERS, SERVICE_USERS, "/v3/enterprise/audit-logs"] {
        assert_eq!(fresh.get(path).await.1, client.get(path).await.1, "{path}");
    }
    let folder = tempfile::tempdir().unwrap();
    let mut options = Options::new("devin");
    options.state = Some(folder.path().to_owned());
    let running = start(options.clone()).await.unwrap();
    let here = Client::bearing(&running, "x");
    here.post(REGISTERED, json!({ "idp_group_names": ["kept"] })).await;
    drop(running);
    let running = start(options).await.unwrap();
    let names = Client::bearing(&running, "x").get(REGISTERED).await.1;
    assert_eq!(each(&names, "idp_group_name"), ["Platform Engineers", "Contractors", "kept"]);
}

#[tokio::test]
async fn the_dashboard_makes_what_the_api_cannot() {
    let (_running, client) = with(&[]).await;
    let (status, role) =
        client.post("/_dashboard/roles", json!({ "name": "Auditor", "type": "org", "id": "role-a" })).await;
    assert_eq!((status, &role["id"]), (201, &json!("role-a")));
    assert_eq!(client.post("/_dashboard/roles", json!({ "name": "Auditor", "type": "org" })).await.0, 409);
    assert_eq!(
        client.post("/_dashboard/roles", json!({ "name": "Auditor", "type": "enterprise" })).await.0,
        201
    );
    assert_eq!(
        client.patch("/_dashboard/roles/role-a", json!({ "name": "Reader" })).await.1["name"],
        "Reader"
    );
    client.put("/_dashboard/users/user-okan/role", json!({ "role": "role-a", "org": "org-apps" })).await;
    assert_eq!(client.delete("/_dashboard/roles/role-a").await.0, 409, "it is held");
    client.put("/_dashboard/users/user-okan/role", json!({ "role": null, "org": "org-apps" })).await;
    assert_eq!(client.delete("/_dashboard/roles/role-a").await.0, 204);
    assert_eq!(client.delete("/_dashboard/roles/org_admin").await.0, 409, "it is built in");
    let (status, user) =
        client.post("/_dashboard/users", json!({ "email": "x@acme.test", "role": "account_member" })).await;
    assert_eq!(status, 201, "{user}");
    assert_eq!(client.delete(&format!("/_dashboard/users/{}", user["id"].as_str().unwrap())).await.0, 204);
    let (status, made) = client
        .post("/_dashboard/service-users", json!({ "name": "n", "role": "org_member", "org": "org-apps" }))
        .await;
    assert_eq!((status, &made["org_id"]), (201, &json!("org-apps")));
    assert_eq!(
        client
            .put("/_dashboard/service-users/service-user-ci/role", json!({ "role": "account_member" }))
            .await
            .0,
        200
    );
    assert_eq!(
        client.put("/_dashboard/idp-groups/Contractors/role", json!({ "role": "account_member" })).await.0,
        200
    );
    assert_eq!(
        client.put("/_dashboard/idp-groups/Nobody/role", json!({ "role": "account_member" })).await.0,
        404
    );
    let (status, error) = client.post("/_dashboard/roles", json!({ "type": "org" })).await;
    assert!(status == 422 && error.to_string().contains("body.name: Field required"), "{error}");
    assert_eq!(client.get("/_dashboard/nothing").await.0, 404);
}

#[test]
fn a_wrong_seed_says_what_is_wrong() {
    let one = |fields: &str| format!("provider: devin\nenterprises: [{{ name: e, {fields} }}]");
    for (seed, part) in [
        ("provider: devin\nenterprises: []".to_owned(), "`enterprises` is empty"),
        (one("users: [{ id: u, role: x }]"), "no role `x`"),
        (one("users: [{ id: u, role: org_member }]"), "of the other type"),
        (one("users: [{ id: u, organizations: { o: org_member } }]"), "no organization `o`"),
        (one("users: [{ id: u }, { id: u }]"), "two objects `u`"),
        (one("roles: [{ name: Admin, type: org }, { name: Admin, type: org }]"), "two roles `Admin`"),
        (one("tokens: [{ token: t, of: x }]"), "no user and no service user `x`"),
        (one("tokens: [{ token: '', of: x }]"), "`token` is empty"),
        (one("rolls: []"), "`rolls`"),
    ] {
        let error = Seed::parse(&seed).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
}

#[tokio::test]
async fn a_seed_can_generate_organizations_and_people() {
    let seed = "provider: devin\nenterprises:\n  - name: e\n    users: [{ id: a, role: account_admin }]\n    generate: { organizations: 12, users: 3 }\n";
    let running = seeded(seed).await;
    let client = Client::bearing(&running, "x");
    assert_eq!(client.get("/v3/enterprise/organizations").await.1["total"], 12);
    let members = client.get("/v3/enterprise/organizations/org-generated-007/members/users").await.1;
    assert_eq!(members["total"], 3);
}
