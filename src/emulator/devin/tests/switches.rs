//! Every value of every switch, each over real HTTP; a value without a case here fails the test.

use super::*;

use crate::emulator::switches;

#[tokio::test]
async fn every_value_of_every_switch_shows_its_behaviour() {
    for switch in switches("devin") {
        assert!(switch.values.len() > 1 && !switch.about.is_empty(), "{}", switch.name);
        for value in switch.values {
            let (_running, client) = with(&[(switch.name, value)]).await;
            let seen = shapes_case(switch.name, value, &client).await
                || status_case(switch.name, value, &client).await
                || rules_case(switch.name, value, &client).await;
            assert!(seen, "no test flips {}={value}", switch.name);
        }
    }
}

/// A caller without any permission of the enterprise.
async fn powerless(client: &Client) {
    let role = json!({ "role": "account_member" });
    assert_eq!(client.put("/_dashboard/service-users/service-user-rolecall/role", role).await.0, 200);
}

/// How answers look.
async fn shapes_case(name: &str, value: &str, client: &Client) -> bool {
    match (name, value) {
        ("error_form", "problem" | "detail") => {
            let response = client.raw("GET", "/v3/nothing", None).await.unwrap();
            let problem = response.headers()["content-type"] == "application/problem+json";
            let body: Value = response.json().await.unwrap();
            assert_eq!((problem, body.get("title").is_some()), (value == "problem", value == "problem"));
            let (_, invalid) = client.patch(&format!("{USERS}/user-okan"), json!({})).await;
            assert_eq!(invalid["detail"].is_array(), value == "detail");
        }
        ("error_items", "loc" | "field") => {
            let (_, invalid) = client.patch(&format!("{USERS}/user-okan"), json!({})).await;
            let item = &invalid["errors"][0];
            assert_eq!(
                (item.get("loc").is_some(), item["field"] == "role_id"),
                (value == "loc", value == "field")
            );
        }
        ("permission_names", "pascal" | "dotted") => {
            powerless(client).await;
            let detail = client.get("/v3/enterprise/organizations").await.1["detail"].to_string();
            let name =
                if value == "pascal" { "'ManageOrganizations'" } else { "'account.organizations.manage'" };
            assert!(detail.contains(name), "{detail}");
        }
        ("total", "present" | "null" | "absent") => {
            let page = client.get(ROLES).await.1;
            let expected = match value {
                "present" => Some(json!(7)),
                "null" => Some(Value::Null),
                _ => None,
            };
            assert_eq!(page.get("total"), expected.as_ref());
        }
        ("next_page_flag", "present" | "absent_when_false") => {
            let page = client.get(ROLES).await.1;
            assert_eq!(page.get("has_next_page").is_some(), value == "present");
            let page = client.get(&format!("{ROLES}?first=1")).await.1;
            assert_eq!(page["has_next_page"], json!(true));
        }
        ("last_cursor", "null" | "kept") => {
            let page = client.get(ROLES).await.1;
            assert_eq!(page["end_cursor"].is_null(), value == "null");
        }
        ("enterprise_org_id", "null" | "absent") => {
            let (_, ada) = client.get(&format!("{USERS}/user-ada")).await;
            assert_eq!(ada["role_assignments"][0].get("org_id").is_some(), value == "null");
        }
        ("self_org_id", "null" | "absent") => {
            let (_, found) = client.get("/v3/self").await;
            assert_eq!(found.get("org_id").is_some(), value == "null");
        }
        ("organization_lists", "own" | "all") => {
            let (_, page) = client.get(&format!("{APPS}/users")).await;
            assert_eq!(held(&page["items"][0]).len(), if value == "own" { 1 } else { 3 });
        }
        ("audit_data", "ids" | "with_permissions" | "empty") => {
            let new = json!({ "name": "A", "type": "org", "permissions": ["ManageOrgSecrets"] });
            client.post("/_dashboard/roles", new).await;
            let (_, page) = client.get("/v3/enterprise/audit-logs").await;
            let data = page["items"][0]["data"].as_object().unwrap();
            let fields = (data.contains_key("role_id"), data.contains_key("permissions"));
            assert_eq!(fields, (value != "empty", value == "with_permissions"));
        }
        _ => return false,
    }
    true
}

/// Which status a refusal has.
async fn status_case(name: &str, value: &str, client: &Client) -> bool {
    let member = json!({ "role_id": "account_member" });
    let okan = format!("{USERS}/user-okan");
    let number = || value.parse::<u16>().unwrap();
    match (name, value) {
        ("unknown_role", "404" | "422" | "400") => {
            assert_eq!(client.patch(&okan, json!({ "role_id": "x" })).await.0, number());
        }
        ("wrong_role_type", "400" | "422") => {
            assert_eq!(client.patch(&okan, json!({ "role_id": "org_admin" })).await.0, number());
        }
        ("duplicate_assignment", "409" | "400") => {
            let path = format!("{APPS}/users/user-okan");
            assert_eq!(client.post(&path, json!({ "role_id": "org_member" })).await.0, number());
        }
        ("missing_assignment", "404" | "created") => {
            let path = format!("{APPS}/users/user-lena");
            let (status, _) = client.patch(&path, json!({ "role_id": "org_member" })).await;
            assert_eq!(status, if value == "404" { 404 } else { 200 });
            assert_eq!(client.delete(&path).await.0, if value == "404" { 404 } else { 200 });
            assert_eq!(client.delete(&path).await.0, 404, "there is nothing to take away");
        }
        ("unregistered_group", "404" | "400") => {
            assert_eq!(client.post(&format!("{GROUPS}/Nobody"), member).await.0, number());
            assert_eq!(client.get(&format!("{GROUPS}/Nobody")).await.0, 404);
        }
        ("group_in_use", "409" | "400") => {
            assert_eq!(client.delete(&format!("{REGISTERED}/Platform%20Engineers")).await.0, number());
        }
        ("existing_member", "returned" | "409") => {
            let body = json!({ "emails": ["new@acme.test", "ada@acme.example.test"], "enterprise_role_id": "account_member" });
            assert_eq!(client.post(USERS, body).await.0, if value == "409" { 409 } else { 200 });
            let made = client.get(&format!("{USERS}?email=new@acme.test")).await.1["total"].clone();
            assert_eq!(made, if value == "409" { 0 } else { 1 }, "all or nobody");
        }
        ("deleted_service_user", "shown" | "404") => {
            let path = format!("{SERVICE_USERS}/service-user-ci");
            client.delete(&path).await;
            assert_eq!(client.get(&path).await.0, if value == "404" { 404 } else { 200 });
        }
        ("legacy_key", "401" | "403") => {
            let (running, _client) = with(&[(name, value)]).await;
            assert_eq!(Client::bearing(&running, "apk_user_1").get(ROLES).await.0, number());
        }
        _ => return false,
    }
    true
}

/// Which rules hold.
async fn rules_case(name: &str, value: &str, client: &Client) -> bool {
    match (name, value) {
        ("read_permission", "view" | "manage") => {
            let new = json!({ "name": "V", "type": "enterprise", "id": "role-v", "permissions": ["ViewAccountMembership"] });
            client.post("/_dashboard/roles", new).await;
            let role = json!({ "role": "role-v" });
            client.put("/_dashboard/service-users/service-user-rolecall/role", role).await;
            assert_eq!(client.get(USERS).await.0, if value == "view" { 200 } else { 403 });
        }
        ("email_filter", "exact" | "any_case") => {
            let (_, page) = client.get(&format!("{USERS}?email=ADA@acme.example.test")).await;
            assert_eq!(page["total"], if value == "exact" { 0 } else { 1 });
        }
        ("guard", "service_users" | "everybody" | "off") => {
            let admin = json!({ "role_id": "account_admin" });
            let (person, _) = client.patch(&format!("{USERS}/user-okan"), admin.clone()).await;
            let (robot, _) = client.post(&format!("{SERVICE_USERS}/service-user-ci"), admin).await;
            let allowed = |yes: bool| if yes { 200 } else { 403 };
            assert_eq!((person, robot), (allowed(value != "everybody"), allowed(value == "off")));
        }
        ("guarded_level", "enterprise" | "both") => {
            let admin = json!({ "role": "account_admin" });
            client.put("/_dashboard/service-users/service-user-rolecall/role", admin).await;
            let path = format!("{APPS}/service-users/service-user-ci");
            let (status, _) = client.patch(&path, json!({ "role_id": "org_admin" })).await;
            assert_eq!(status, if value == "enterprise" { 200 } else { 403 });
        }
        ("custom_role_id", "prefixed" | "uuid") => {
            let (_, role) = client.post("/_dashboard/roles", json!({ "name": "A", "type": "org" })).await;
            let id = role["id"].as_str().unwrap();
            assert_eq!(id.starts_with("role-"), value == "prefixed", "{id}");
            assert_eq!(id.len(), if value == "uuid" { 36 } else { 21 }, "{id}");
        }
        ("custom_roles", "unlocked" | "hidden" | "403") => {
            let (status, page) = client.get(ROLES).await;
            match value {
                "403" => assert_eq!(status, 403),
                _ => assert_eq!(page["total"], if value == "hidden" { 5 } else { 7 }),
            }
        }
        ("rate_limit", "none" | "60_per_60s") => {
            let mut last = 0;
            for _ in 0..61 {
                last = client.get("/v3/self").await.0;
            }
            assert_eq!(last, if value == "none" { 200 } else { 429 });
        }
        ("retry_after", "header" | "absent") => {
            client.patch("/_dashboard/switches", json!({ "rate_limit": "60_per_60s" })).await;
            for _ in 0..60 {
                assert_eq!(client.get("/v3/self").await.0, 200);
            }
            let limited = client.raw("GET", "/v3/self", None).await.unwrap();
            assert_eq!(limited.headers().contains_key("retry-after"), value == "header");
        }
        _ => return false,
    }
    true
}
