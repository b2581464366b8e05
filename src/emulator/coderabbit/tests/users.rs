//! Users, assignment, seats, audit log and limits with their default behaviour.

use super::*;

fn ids(body: &Value) -> Vec<String> {
    body["users"]
        .as_array()
        .unwrap()
        .iter()
        .map(|user| user["user_id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn members_are_paged_and_filtered() {
    let (_running, client) = with(&[("rate_limits", "off")]).await;
    let (_, first) = client.get("/v1/users?limit=3").await;
    assert_eq!(ids(&first), ["1001", "1002", "1003"]);
    assert_eq!(
        (&first["seats_purchased"], &first["seats_assigned"], &first["seat_assignment_mode"]),
        (&json!(50), &json!(8), &json!("manual"))
    );
    assert_eq!(first["users"][0], json!({ "user_id": "1001", "seat_assigned": true, "role": "cr_admin" }));
    let cursor = first["next_cursor"].as_str().unwrap();
    client.delete("/_dashboard/users/1003").await;
    let (_, second) = client.get(&format!("/v1/users?limit=3&cursor={cursor}")).await;
    assert_eq!(ids(&second), ["1004", "1005", "1006"], "the cursor does not depend on its user");
    let (_, last) =
        client.get(&format!("/v1/users?limit=3&cursor={}", second["next_cursor"].as_str().unwrap())).await;
    assert_eq!((ids(&last).len(), &last["next_cursor"]), (2, &Value::Null));
    assert_eq!(ids(&client.get("/v1/users?role_filter=admin").await.1), ["1001", "1002"]);
    client.post("/v1/users/seats", json!({ "action": "unassign", "user_ids": ["1004"] })).await;
    assert_eq!(ids(&client.get("/v1/users?seat_filter=unassigned").await.1), ["1004"]);
    for query in
        ["limit=0", "limit=101", "limit=x", "cursor=x", "cursor=czz", "seat_filter=x", "role_filter=owner"]
    {
        let (status, error) = client.get(&format!("/v1/users?{query}")).await;
        assert_eq!((status, error["error"]["code"].as_str()), (400, Some("INVALID_REQUEST")), "{query}");
    }
}

#[tokio::test]
async fn an_assignment_reports_every_user() {
    let (_running, client) = with(&[("rate_limits", "off")]).await;
    let id = role(&client, "Auditor").await;
    let path = "/v1/users/roles";
    let (status, result) =
        client.post(path, json!({ "role": id, "user_ids": ["1003", "1008", "9999", "1003"] })).await;
    assert_eq!(status, 200);
    assert_eq!(
        result,
        json!({ "status": "partial_success", "succeeded": ["1003"], "failed": [
            { "user_id": "1008", "code": "CANNOT_CHANGE_BILLING_ADMIN_ROLE" },
            { "user_id": "9999", "code": "USER_NOT_FOUND" },
        ] })
    );
    let (_, result) = client.post(path, json!({ "role": "cr_member", "user_ids": ["1003"] })).await;
    assert_eq!((&result["status"], &result["failed"]), (&json!("success"), &json!([])));
    let (_, result) = client.post(path, json!({ "role": "cr_member", "user_ids": ["1008"] })).await;
    assert_eq!(result["status"], "failure");
    let many: Vec<String> = (0..501).map(|index| index.to_string()).collect();
    let (status, error) = client.post(path, json!({ "role": "cr_member", "user_ids": many })).await;
    assert_eq!((status, &error["error"]["code"]), (400, &json!("BATCH_SIZE_EXCEEDED")));
    assert_eq!(error["error"]["message"], "Maximum 500 users per request");
    assert_eq!(client.post(path, json!({ "role": "cr_member", "user_ids": many[..500] })).await.0, 200);
    for body in [
        json!({ "role": id, "user_ids": [] }),
        json!({ "role": id }),
        json!({ "user_ids": ["1003"] }),
        json!({ "role": id, "user_ids": [1] }),
        json!({ "role": "x", "user_ids": ["1003"] }),
    ] {
        assert_eq!(client.post(path, body.clone()).await.0, 400, "{body}");
    }
    assert_eq!(client.get(path).await.0, 405);
    assert_eq!(client.get("/v1/users/other").await.0, 404);
}

#[tokio::test]
async fn ten_requests_a_minute_for_each_organization() {
    let (running, client) = with(&[]).await;
    let body = json!({ "role": "cr_member", "user_ids": ["1003"] });
    for _ in 0..10 {
        assert_eq!(client.get("/v1/users").await.0, 200);
        assert_eq!(client.post("/v1/users/roles", body.clone()).await.0, 200);
    }
    let (status, error) = client.post("/v1/users/roles", body.clone()).await;
    assert_eq!((status, &error["error"]["code"]), (429, &json!("RATE_LIMIT_EXCEEDED")));
    assert!((1..=60).contains(&error["error"]["retry_after"].as_u64().unwrap()));
    assert_eq!(client.get("/v1/users").await.0, 429);
    assert_eq!(Client::new(&running, "cr-globex").get("/v1/users").await.0, 200, "another organization");
    client.post("/_dashboard/clock", json!({ "advance_ms": 60_000 })).await;
    assert_eq!(client.post("/v1/users/roles", body).await.0, 200);
    assert_eq!(client.get("/v1/users").await.0, 200);
}

#[tokio::test]
async fn three_assignments_at_once() {
    let (_running, client) = with(&[]).await;
    client.put("/_dashboard/faults", json!(["POST /v1/users/roles latency=200"])).await;
    let body = json!({ "role": "cr_member", "user_ids": ["1003"] });
    let send = || client.post("/v1/users/roles", body.clone());
    let (first, second, third, fourth) = tokio::join!(send(), send(), send(), send());
    let mut statuses = [first.0, second.0, third.0, fourth.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 200, 429]);
    assert_eq!(send().await.0, 200);
}

#[tokio::test]
async fn seats_are_bounded_and_modes_are_for_self_hosted_instances() {
    let running = kinds(&[]).await;
    let client = Client::new(&running, "hosted");
    assert_eq!(
        client.post("/v1/users/seats/assignment", json!({ "mode": "automatic" })).await,
        (200, json!({ "mode": "automatic" }))
    );
    assert_eq!(client.post("/v1/users/seats/assignment", json!({ "mode": "x" })).await.0, 400);
    assert_eq!(client.get("/v1/users").await.1["seat_assignment_mode"], "automatic");
    let users =
        json!({ "users": [{ "user_id": "7", "user_name": "seven" }, { "user_id": "1", "name": "One" }] });
    let (_, result) = client.put("/v1/users", users.clone()).await;
    assert_eq!(result, json!({ "status": "success", "succeeded": ["7", "1"], "failed": [] }));
    assert_eq!(client.put("/v1/users", json!({ "users": [{}] })).await.0, 400);
    let user = Client::new(&running, "user");
    assert_eq!(user.put("/v1/users", users).await.0, 403);
    assert_eq!(user.post("/v1/users/seats/assignment", json!({ "mode": "manual" })).await.0, 403);
    let (_, result) =
        user.post("/v1/users/seats", json!({ "action": "assign", "user_ids": ["7", "8"] })).await;
    assert_eq!(result["failed"], json!([{ "user_id": "8", "code": "USER_NOT_FOUND" }]));
    assert_eq!(user.post("/v1/users/seats", json!({ "action": "x", "user_ids": ["7"] })).await.0, 400);
    let (_, mut state) = user.get("/_dashboard/state").await;
    state["tenants"][0]["orgs"][0]["seats_purchased"] = json!(4);
    user.put("/_dashboard/state", state).await;
    user.post("/_dashboard/users", json!({ "user_id": "9", "seat_assigned": false })).await;
    let (_, result) = user.post("/v1/users/seats", json!({ "action": "assign", "user_ids": ["9"] })).await;
    assert_eq!(result["failed"][0]["code"], "NO_SEATS_AVAILABLE");
}

#[tokio::test]
async fn every_organization_of_a_self_hosted_instance_at_once() {
    let running = kinds(&[]).await;
    let client = Client::new(&running, "hosted");
    let body = json!({ "role": "cr_member", "user_ids": ["1", "4"], "org_id": "ALL" });
    let (_, result) = client.post("/v1/users/roles", body).await;
    assert_eq!(result["status"], "failure", "no user is in every organization: {result}");
    let (_, state) = client.get("/_dashboard/state").await;
    assert_eq!(state["tenants"][0]["orgs"][1]["users"][0]["role"], "cr_member", "yet it is not atomic");
}

#[tokio::test]
async fn the_audit_log_has_pages_filters_and_no_unknown_parameters() {
    let (_running, client) = with(&[]).await;
    let id = role(&client, "Auditor").await;
    client.post("/v1/users/roles", json!({ "role": id, "user_ids": ["1003", "1004"] })).await;
    let (_, log) = client.get("/v1/audit-logs?page_size=3").await;
    assert_eq!(
        log["pagination"],
        json!({ "page": 1, "page_size": 3, "total_count": 4, "total_pages": 2, "has_next_page": true, "has_previous_page": false })
    );
    let newest = &log["data"][0];
    assert_eq!(
        (&newest["action"], &newest["actor"]["name"], &newest["actor"]["isBot"]),
        (&json!("user_role_update"), &json!("Ada Admin"), &json!(false))
    );
    assert_eq!((&newest["metadata"]["role"], &newest["relativeTime"]), (&json!(id), &json!("just now")));
    assert_eq!(
        log["filter_options"]["actions"][2],
        json!({ "value": "user_role_update", "label": "User role update", "count": 2 })
    );
    assert_eq!(
        client.get("/v1/audit-logs?actions=role_create,api_key_create").await.1["pagination"]["total_count"],
        2
    );
    assert_eq!(
        client.get("/v1/audit-logs?search=auditor&resource_types=role").await.1["pagination"]["total_count"],
        1
    );
    assert_eq!(
        client.get("/v1/audit-logs?date_from=2026-06-05&date_to=2026-06-05").await.1["pagination"]["total_count"],
        1
    );
    assert_eq!(
        client.get("/v1/audit-logs?page=2&page_size=3").await.1["pagination"]["has_previous_page"],
        true
    );
    let long = format!("search={}", "x".repeat(201));
    for query in ["x=1", "page=0", "page_size=101", "date_from=x", &long] {
        let (status, error) = client.get(&format!("/v1/audit-logs?{query}")).await;
        assert_eq!((status, error["error"]["code"].as_str()), (400, Some("INVALID_REQUEST")), "{query}");
    }
    assert_eq!(client.post("/v1/audit-logs", json!({})).await.0, 405);
}
