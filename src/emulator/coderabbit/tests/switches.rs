//! Every value of every switch, each over real HTTP; a value without a case here fails the test.

use super::*;

use crate::emulator::switches;

#[tokio::test]
async fn every_value_of_every_switch_shows_its_behaviour() {
    let mut values = 0;
    for switch in switches("coderabbit") {
        assert!(switch.values.len() > 1 && !switch.about.is_empty(), "{}", switch.name);
        for value in switch.values {
            let (_running, client) = with(&[(switch.name, value)]).await;
            if !roles_case(switch.name, value, &client).await
                && !shapes_case(switch.name, value, &client).await
                && !users_case(switch.name, value, &client).await
                && !keys_case(switch.name, value, &client).await
            {
                panic!("no test flips {}={value}", switch.name);
            }
            values += 1;
        }
    }
    assert!(values > 90, "{values}");
}

async fn permissions_after_create(client: &Client, body: Value) -> Vec<String> {
    let (status, body) = client.post("/v1/roles", body).await;
    assert_eq!(status, 201, "{body}");
    pairs(&body["role"])
}

/// Rules for roles and their permissions. Every case checks the value that is in force.
async fn roles_case(name: &str, value: &str, client: &Client) -> bool {
    let read_write = json!([permission("reports", "read"), permission("reports", "write")]);
    match (name, value) {
        ("patch_permissions", "replace" | "merge") => {
            let id = role(client, "A").await;
            let body = json!({ "permissions": [permission("learnings", "read")] });
            let (_, body) = client.patch(&format!("/v1/roles/{id}"), body).await;
            let merged: &[&str] = &["learnings:read", "reports:read"];
            assert_eq!(pairs(&body["role"]), if value == "merge" { merged } else { &merged[..1] });
        }
        ("create_overlay", "replace" | "overlay" | "overlay_resource") => {
            let base = json!({ "name": "Base", "permissions": [permission("reports", "read"), permission("learnings", "read")] });
            let (_, base) = client.post("/v1/roles", base).await;
            let sent = json!([permission("reports", "write")]);
            let body = json!({ "name": "B", "duplicate_from": base["role"]["role"], "permissions": sent });
            let expected: &[&str] = match value {
                "replace" => &["reports:write"],
                "overlay" => &["learnings:read", "reports:read", "reports:write"],
                _ => &["learnings:read", "reports:write"],
            };
            assert_eq!(permissions_after_create(client, body).await, expected);
        }
        ("empty_permissions", "empty" | "member_default") => {
            let found = permissions_after_create(client, json!({ "name": "E", "permissions": [] })).await;
            assert_eq!(found.is_empty(), value == "empty");
        }
        ("access_type", "required" | "optional") => {
            let body = json!({ "name": "A", "permissions": [{ "resource_id": "reports" }] });
            let (status, body) = client.post("/v1/roles", body).await;
            assert_eq!(status, if value == "required" { 400 } else { 201 });
            if status == 201 {
                assert_eq!(pairs(&body["role"]), ["reports:-"]);
            }
        }
        ("write_implies_read", "no" | "yes") => {
            let body = json!({ "name": "A", "permissions": [permission("reports", "write")] });
            let found = permissions_after_create(client, body).await;
            assert_eq!(found.len(), if value == "yes" { 2 } else { 1 });
        }
        ("entries_per_resource", "several" | "highest") => {
            let found =
                permissions_after_create(client, json!({ "name": "A", "permissions": read_write })).await;
            assert_eq!(found.len(), if value == "several" { 2 } else { 1 });
        }
        ("permission_order", "sorted" | "reversed") => {
            let (_, body) = client.post("/v1/roles", json!({ "name": "A", "permissions": read_write })).await;
            let first = if value == "sorted" { "read" } else { "write" };
            assert_eq!(body["role"]["permissions"][0]["access_type"], first);
        }
        ("list_order", "created" | "id") => {
            for name in ["A", "B", "C"] {
                role(client, name).await;
            }
            let (_, body) = client.get("/v1/roles").await;
            let ids: Vec<String> =
                items(&body).iter().map(|role| role["role"].as_str().unwrap().to_owned()).collect();
            assert_eq!(ids.is_sorted(), value == "id");
            assert_eq!(ids[0] == "cr_admin", value == "created");
        }
        ("delete_in_use", "409" | "400") => {
            let id = role(client, "A").await;
            client.post("/v1/users/roles", json!({ "role": id, "user_ids": ["1003"] })).await;
            assert_eq!(client.delete(&format!("/v1/roles/{id}")).await.0.to_string(), value);
        }
        ("delete_default", "allowed" | "refused") => {
            let (_, body) = client.post("/v1/roles", json!({ "name": "A", "is_default": true })).await;
            let status =
                client.delete(&format!("/v1/roles/{}", body["role"]["role"].as_str().unwrap())).await.0;
            assert_eq!(status, if value == "allowed" { 204 } else { 409 });
        }
        ("duplicate_name", "409" | "400" | "422" | "allowed") => {
            let id = role(client, "A").await;
            let status = client.post("/v1/roles", json!({ "name": "A" })).await.0;
            assert_eq!(status.to_string(), if value == "allowed" { "201" } else { value });
            let status = client.patch(&format!("/v1/roles/{id}"), json!({ "name": "Admin" })).await.0;
            assert_eq!(status.to_string(), if value == "allowed" { "200" } else { value });
            assert_eq!(client.patch(&format!("/v1/roles/{id}"), json!({ "description": "d" })).await.0, 200);
        }
        ("name_case", "sensitive" | "insensitive") => {
            role(client, "Auditor").await;
            let status = client.post("/v1/roles", json!({ "name": "auditor" })).await.0;
            assert_eq!(status, if value == "sensitive" { 201 } else { 409 });
        }
        ("name_trim", "keep" | "trim") => {
            let (_, body) = client.post("/v1/roles", json!({ "name": " A " })).await;
            assert_eq!(body["role"]["role_name"], if value == "keep" { " A " } else { "A" });
        }
        ("system_role_status", "403" | "400" | "409") => {
            assert_eq!(client.delete("/v1/roles/cr_member").await.0.to_string(), value);
            let status = client.patch("/v1/roles/cr_member", json!({ "name": "x" })).await.0;
            assert_eq!(status.to_string(), value);
        }
        ("unknown_fields", "ignored" | "refused") => {
            let status = client.post("/v1/roles", json!({ "name": "A", "color": "red" })).await.0;
            assert_eq!(status, if value == "ignored" { 201 } else { 400 });
        }
        ("family_b_create_status", "201" | "200") => {
            let status = client.post("/v1/configuration/roles", json!({ "name": "A" })).await.0;
            assert_eq!(status.to_string(), value);
        }
        ("family_b_delete", "absent" | "present") => {
            let id = role(client, "A").await;
            let status = client.delete(&format!("/v1/configuration/roles/{id}")).await.0;
            assert_eq!(status, if value == "absent" { 405 } else { 204 });
        }
        ("family_b_patch_default", "ignored" | "applied") => {
            let id = role(client, "A").await;
            let body = json!({ "name": "A", "permissions": [], "is_default": true });
            let (_, body) = client.patch(&format!("/v1/configuration/roles/{id}"), body).await;
            assert_eq!(body["role"]["is_default"], value == "applied");
        }
        _ => return false,
    }
    true
}

/// Forms of roles, lists and errors.
async fn shapes_case(name: &str, value: &str, client: &Client) -> bool {
    match (name, value) {
        ("role_shape", "wrapped" | "unwrapped") => {
            let (_, body) = client.get("/v1/roles/cr_member").await;
            let role = if value == "wrapped" { &body["role"] } else { &body };
            assert_eq!(role["role"], "cr_member");
            let (_, b) = client.get("/v1/configuration/roles/cr_member").await;
            assert_eq!(b["role"]["role"], "cr_member", "the other family has its own switch");
        }
        ("list_shape", "roles" | "data" | "array") => {
            let (_, body) = client.get("/v1/roles").await;
            let list = if value == "array" { &body } else { &body[value] };
            assert_eq!(list.as_array().map(Vec::len), Some(3));
        }
        ("family_a_id", "role" | "role_id" | "id") => {
            let (_, body) = client.get("/v1/roles/cr_member").await;
            assert_eq!(body["role"][value], "cr_member");
            assert_eq!(client.get("/v1/configuration/roles").await.1["roles"][0]["role"], "cr_admin");
        }
        ("family_a_name", "role_name" | "name") => {
            assert_eq!(client.get("/v1/roles/cr_member").await.1["role"][value], "Member");
        }
        ("error_envelope", "error_object" | "error_upper" | "errors_list" | "message") => {
            let (status, body) = client.get("/v1/roles/nothing").await;
            assert_eq!(status, 404);
            let (message, code) = match value {
                "errors_list" => (&body["errors"][0]["message"], &body["errors"][0]["code"]),
                "message" => (&body["message"], &body["code"]),
                _ => (&body["error"]["message"], &body["error"]["code"]),
            };
            assert!(message.is_string(), "{body}");
            let expected = match value {
                "error_object" => json!("not_found"),
                "error_upper" => json!("NOT_FOUND"),
                _ => Value::Null,
            };
            assert_eq!(code, &expected);
            let (_, body) = client.get("/v1/configuration/roles/nothing").await;
            assert_eq!(body["error"]["code"], "not_found");
        }
        ("family_b_get", "wrapped" | "unwrapped") => {
            let (_, body) = client.get("/v1/configuration/roles/cr_member").await;
            let role = if value == "wrapped" { &body["role"] } else { &body };
            assert_eq!(role["role_name"], "Member");
        }
        ("billing_admin_id", "cr_billing_admin" | "other") => {
            let id = if value == "other" { "cr_billing" } else { "cr_billing_admin" };
            let (_, body) = client.get(&format!("/v1/roles/{id}")).await;
            assert_eq!((&body["role"]["role"], &body["role"]["user_count"]), (&json!(id), &json!(1)));
            assert_eq!(client.delete(&format!("/v1/roles/{id}")).await.0, 403);
            let wrong = if value == "other" { "cr_billing_admin" } else { "cr_billing" };
            assert_eq!(client.get(&format!("/v1/roles/{wrong}")).await.0, 404);
            let (_, users) = client.get("/v1/users").await;
            assert_eq!(users["users"][7]["role"], id);
        }
        ("member_is_default", "no" | "yes") => {
            let (_, body) = client.get("/v1/roles/cr_member").await;
            assert_eq!(body["role"]["is_default"], value == "yes");
            client.post("/v1/roles", json!({ "name": "A", "is_default": true })).await;
            assert_eq!(client.get("/v1/roles/cr_member").await.1["role"]["is_default"], false);
        }
        ("timestamps", "rfc3339" | "rfc3339_millis" | "offset" | "date_time" | "absent") => {
            let (_, body) = client.get("/v1/roles/cr_member").await;
            let expected = match value {
                "rfc3339" => json!("2026-06-05T08:00:00Z"),
                "rfc3339_millis" => json!("2026-06-05T08:00:00.000Z"),
                "offset" => json!("2026-06-05T08:00:00+00:00"),
                "date_time" => json!("2026-06-05 08:00:00"),
                _ => Value::Null,
            };
            assert_eq!((&body["role"]["created_at"], &body["role"]["updated_at"]), (&expected, &expected));
        }
        _ => return false,
    }
    true
}

/// Users, assignment, audit log and limits.
async fn users_case(name: &str, value: &str, client: &Client) -> bool {
    match (name, value) {
        ("user_role_value", "id" | "name" | "custom" | "null") => {
            let id = role(client, "Auditor").await;
            client.post("/v1/users/roles", json!({ "role": id, "user_ids": ["1003"] })).await;
            let (_, body) = client.get("/v1/users").await;
            let expected = match value {
                "id" => json!(id),
                "name" => json!("Auditor"),
                "custom" => json!("custom"),
                _ => Value::Null,
            };
            assert_eq!(
                (&body["users"][2]["role"], &body["users"][0]["role"]),
                (&expected, &json!("cr_admin"))
            );
        }
        ("user_fields", "documented" | "extended") => {
            let (_, body) = client.get("/v1/users").await;
            assert_eq!(body["users"][0].get("email").is_some(), value == "extended");
        }
        ("role_filter", "short" | "prefixed" | "both") => {
            let short = client.get("/v1/users?role_filter=admin").await.0;
            let prefixed = client.get("/v1/users?role_filter=cr_admin").await.0;
            let expected = match value {
                "short" => (200, 400),
                "prefixed" => (400, 200),
                _ => (200, 200),
            };
            assert_eq!((short, prefixed), expected);
        }
        ("member_filter", "exact" | "non_admin") => {
            let (_, body) = client.get("/v1/users?role_filter=member").await;
            assert_eq!(body["users"].as_array().unwrap().len(), if value == "exact" { 5 } else { 6 });
        }
        ("assign_unknown_role", "400" | "404") => {
            let status = client.post("/v1/users/roles", json!({ "role": "x", "user_ids": ["1003"] })).await.0;
            assert_eq!(status.to_string(), value);
        }
        ("assign_billing_admin", "refused" | "allowed") => {
            let body = json!({ "role": "cr_billing_admin", "user_ids": ["1003"] });
            let status = client.post("/v1/users/roles", body).await.0;
            assert_eq!(status, if value == "refused" { 400 } else { 200 });
        }
        ("role_audit", "logged" | "absent") => {
            let id = role(client, "A").await;
            client.post("/v1/users/roles", json!({ "role": id, "user_ids": ["1003"] })).await;
            let (_, log) = client.get("/v1/audit-logs").await;
            assert_eq!(log["pagination"]["total_count"], if value == "logged" { 3 } else { 2 });
            assert_eq!(log["data"][0]["action"], "user_role_update");
        }
        ("rate_limits", "on" | "off") => {
            let mut last = 0;
            for _ in 0..11 {
                last = client.get("/v1/users").await.0;
            }
            assert_eq!(last, if value == "on" { 429 } else { 200 });
        }
        ("rate_limit_scope", "endpoint" | "shared") => {
            for _ in 0..10 {
                client.get("/v1/users").await;
            }
            let status =
                client.post("/v1/users/roles", json!({ "role": "cr_member", "user_ids": ["1003"] })).await.0;
            assert_eq!(status, if value == "shared" { 429 } else { 200 });
        }
        ("role_rate_limit", "none" | "10_per_60s") => {
            let mut last = 0;
            for _ in 0..11 {
                last = client.get("/v1/roles").await.0;
            }
            assert_eq!(last, if value == "none" { 200 } else { 429 });
        }
        ("retry_after", "body" | "header" | "both" | "absent") => {
            for _ in 0..10 {
                client.get("/v1/users").await;
            }
            let limited = client.raw("GET", "/v1/users", None).await.unwrap();
            assert_eq!(limited.status(), 429);
            assert_eq!(limited.headers().contains_key("retry-after"), matches!(value, "header" | "both"));
            let body: Value = limited.json().await.unwrap();
            assert_eq!(body["error"]["retry_after"].is_u64(), matches!(value, "body" | "both"));
        }
        _ => return false,
    }
    true
}

/// Keys, rights and what `/v1/me` tells.
async fn keys_case(name: &str, value: &str, client: &Client) -> bool {
    let running = kinds(&[(name, value)]).await;
    let workspace = Client::new(&running, "workspace");
    match (name, value) {
        ("me", "present" | "absent") => {
            assert_eq!(client.get("/v1/me").await.0, if value == "present" { 200 } else { 404 });
        }
        ("me_caller", "absent" | "user_id" | "user") => {
            let (_, body) = client.get("/v1/me").await;
            assert_eq!(body["user_id"] == "1001", value == "user_id");
            assert_eq!(body["user"]["id"] == "1001", value == "user");
        }
        ("me_role", "absent" | "present") => {
            let (_, body) = client.get("/v1/me").await;
            assert_eq!(body["role"] == "cr_admin", value == "present");
        }
        ("key_prefix", "any" | "cr-") => {
            let status = Client::new(&running, "user").get("/v1/roles").await.0;
            assert_eq!(status, if value == "any" { 200 } else { 401 });
            assert_eq!(client.get("/v1/roles").await.0, 200);
        }
        ("rights", "permission" | "admin_only") => {
            let helper = Client::new(&running, "helper");
            let status = helper.post("/v1/roles", json!({ "name": "A" })).await.0;
            assert_eq!(status, if value == "permission" { 201 } else { 403 });
            let status = Client::new(&running, "plain").get("/v1/roles").await.0;
            assert_eq!(status, if value == "permission" { 403 } else { 200 });
        }
        ("non_enterprise", "all" | "writes") => {
            let poor = Client::new(&running, "poor");
            assert_eq!(poor.get("/v1/roles").await.0, if value == "all" { 403 } else { 200 });
            assert_eq!(poor.post("/v1/roles", json!({ "name": "A" })).await.0, 403);
        }
        ("legacy_role_status", "403" | "401" | "410") => {
            assert_eq!(Client::new(&running, "legacy").get("/v1/roles").await.0.to_string(), value);
        }
        ("org_id_patch", "body" | "query") => {
            let (_, body) = workspace.post("/v1/roles", json!({ "name": "A", "org_id": "o1" })).await;
            let path = format!("/v1/roles/{}", body["role"]["role"].as_str().unwrap());
            let in_body = workspace.patch(&path, json!({ "name": "B", "org_id": "o1" })).await.0;
            let in_query = workspace.patch(&format!("{path}?org_id=o1"), json!({ "name": "C" })).await.0;
            assert_eq!((in_body, in_query), if value == "body" { (200, 400) } else { (400, 200) });
        }
        ("org_id_delete", "query" | "body") => {
            let (_, body) = workspace.post("/v1/roles", json!({ "name": "A", "org_id": "o1" })).await;
            let path = format!("/v1/roles/{}", body["role"]["role"].as_str().unwrap());
            let body = Some(json!({ "org_id": "o1" }));
            let query = format!("{path}?org_id=o1");
            if value == "query" {
                assert_eq!(workspace.send("DELETE", &path, body).await.0, 400);
                assert_eq!(workspace.delete(&query).await.0, 204);
            } else {
                assert_eq!(workspace.delete(&query).await.0, 400);
                assert_eq!(workspace.send("DELETE", &path, body).await.0, 204);
            }
        }
        ("seat_mode_get", "absent" | "present") => {
            let (status, body) = Client::new(&running, "hosted").get("/v1/users/seats/assignment").await;
            assert_eq!(status, if value == "absent" { 405 } else { 200 });
            assert_eq!(body["mode"] == "manual", value == "present");
        }
        _ => return false,
    }
    true
}
