//! Rate limits.

use super::*;

#[tokio::test]
async fn answers_tell_how_much_of_the_limit_is_left() {
    let (running, client) = group().await;
    let answer = client.raw("GET", "/api/v4/user", None).await.unwrap();
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("ratelimit-name"), "throttle_authenticated_api");
    assert_eq!(
        (header("ratelimit-limit"), header("ratelimit-remaining")),
        ("2000".to_owned(), "1999".to_owned())
    );
    assert!(header("ratelimit-reset").parse::<i64>().unwrap() > 1_700_000_000);
    for _ in 0..1999 {
        client.raw("GET", "/api/v4/user", None).await.unwrap();
    }
    let answer = client.raw("GET", "/api/v4/user", None).await.unwrap();
    assert_eq!(answer.status(), 429);
    assert!(
        answer.headers().contains_key("retry-after") && answer.headers().contains_key("ratelimit-resettime")
    );
    assert_eq!(answer.headers()["ratelimit-remaining"], "0");
    assert_eq!(answer.text().await.unwrap(), "Retry later\n");
    assert_eq!(as_user(&running, "glpat-acme-developer").get("/api/v4/user").await.0, 200, "by user");
    client.post("/_dashboard/clock", json!({ "advance_ms": 60_000 })).await;
    assert_eq!(client.get("/api/v4/user").await.0, 200);
}

#[tokio::test]
async fn members_are_removed_sixty_times_a_minute() {
    let (_running, client) = group().await;
    for _ in 0..60 {
        assert_eq!(client.delete("/api/v4/groups/84/members/4711").await.0, 404);
    }
    let answer = client.raw("DELETE", "/api/v4/groups/84/members/4711", None).await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers()["retry-after"].to_str().unwrap()), (429, "60"));
    let body: Value = answer.json().await.unwrap();
    let text = "This endpoint has been requested too many times. Try again later.";
    assert_eq!(body, json!({ "message": { "error": text } }));
    assert_eq!(client.delete("/api/v4/groups/85/members/4711").await.0, 404, "by group");
    client.patch("/_dashboard/switches", json!({ "rate_limits": "off" })).await;
    assert_eq!(client.delete("/api/v4/groups/84/members/4711").await.0, 404);
}

#[tokio::test]
async fn both_forms_of_429_are_faults() {
    let (_running, client) = instance(&[]).await;
    let answer = client.raw("GET", "/api/v4/user", None).await.unwrap();
    assert!(!answer.headers().contains_key("ratelimit-limit"), "an instance limits nothing by default");
    let faults = json!([
        "GET /api/v4/user status=429 retry_after=7 times=1",
        "GET /api/v4/users status=429 code=application times=1",
        "POST /api/graphql status=502",
    ]);
    client.put("/_dashboard/faults", faults).await;
    let answer = client.raw("GET", "/api/v4/user", None).await.unwrap();
    assert_eq!(answer.headers()["retry-after"], "7");
    assert_eq!(answer.text().await.unwrap(), "Retry later\n");
    let (status, body) = client.get("/api/v4/users").await;
    assert_eq!(status, 429);
    assert!(body["message"]["error"].is_string(), "{body}");
    let (status, body) = client.post("/api/graphql", json!({})).await;
    assert_eq!((status, errors(&body).len()), (502, 1));
    client.put("/_dashboard/faults", json!(["POST /api/graphql loop-cursor"])).await;
    let page =
        graphql(&client, "{ memberRoles(first: 1) { pageInfo { hasNextPage endCursor } } }", json!({})).await;
    let info = &page["data"]["memberRoles"]["pageInfo"];
    let again =
        "query($a: String) { memberRoles(first: 1, after: $a) { pageInfo { hasNextPage endCursor } } }";
    let next = graphql(&client, again, json!({ "a": info["endCursor"] })).await;
    assert_eq!(next["data"]["memberRoles"]["pageInfo"], *info, "it leads nowhere");
}
