//! Each reading of what the documentation leaves open.

use super::*;

/// The status and body of one request with each value of a switch, each time in a fresh world.
async fn each(switch: &str, values: &[&str], method: &str, path: &str, body: &Value) -> Vec<(u16, Value)> {
    let mut answers = Vec::new();
    for value in values {
        let (_running, client) = with(&[(switch, value)]).await;
        answers.push(client.send(method, path, Some(body.clone())).await);
    }
    answers
}

/// The same, of which only the status counts.
async fn statuses(switch: &str, values: &[&str], method: &str, path: &str, body: &Value) -> Vec<u16> {
    each(switch, values, method, path, body).await.into_iter().map(|(status, _)| status).collect()
}

#[tokio::test]
async fn statuses_that_are_open() {
    let set = "/authorization/roles/admin/permissions";
    let held = "/authorization/organization_memberships/om_acme_mira/role_assignments";
    let role = format!("{ACME}/member");
    let billing = format!("{ACME}/org-billing-admin");
    let on_project = json!({ "permissions": ["project:read"] });
    let unknown_type = json!({ "slug": "a", "name": "A", "resource_type_slug": "x" });
    let unknown_role = json!({ "role_slug": "x", "resource_id": "authz_resource_apollo" });
    let present = json!({ "user_id": "user_ada", "organization_id": "org_acme" });
    let by_filter = format!("{MEMBERSHIPS}?organization_id=x");
    for (switch, values, method, path, body, expected) in [
        ("unknown_permission", ["404", "422"], "PUT", set, json!({ "permissions": ["x"] }), [404, 422]),
        ("permission_scope", ["same_type", "free"], "PUT", set, on_project, [422, 200]),
        (
            "environment_role_by_organization",
            ["404", "403"],
            "PATCH",
            &role,
            json!({ "name": "x" }),
            [404, 403],
        ),
        ("missing_method", ["404", "405"], "DELETE", "/authorization/roles/member", json!({}), [404, 405]),
        ("unknown_resource_type", ["404", "422"], "POST", ROLES, unknown_type, [404, 422]),
        ("unknown_fields", ["ignored", "refused"], "PATCH", &billing, json!({ "slug": "org-x" }), [200, 422]),
        ("custom_role_plan", ["included", "refused"], "PATCH", &billing, json!({}), [200, 403]),
        (
            "system_permission_update",
            ["403", "allowed"],
            "PATCH",
            "/authorization/permissions/widgets:sso:manage",
            json!({ "name": "x" }),
            [403, 200],
        ),
        ("unknown_assigned_role", ["404", "422"], "POST", held, unknown_role, [404, 422]),
        ("existing_membership", ["422", "updated"], "POST", MEMBERSHIPS, present, [422, 201]),
        ("unknown_filter", ["404", "empty"], "GET", &by_filter, json!({}), [404, 200]),
        ("organization_delete", ["202", "200"], "DELETE", "/organizations/org_acme", json!({}), [202, 200]),
        (
            "unknown_cursor",
            ["422", "place"],
            "GET",
            "/authorization/permissions?after=perm_x",
            json!({}),
            [422, 200],
        ),
        ("validation_status", ["422", "400"], "POST", ROLES, json!({ "slug": "A", "name": "A" }), [422, 400]),
    ] {
        assert_eq!(statuses(switch, &values, method, path, &body).await, expected, "{switch}");
    }
}

#[tokio::test]
async fn forms_of_errors() {
    let bad = json!({ "slug": "A", "name": "A" });
    let answers = each("validation_body", &["message", "code", "errors"], "POST", ROLES, &bad).await;
    assert_eq!(answers[0].1.as_object().unwrap().len(), 1);
    assert_eq!(answers[1].1["code"], "unprocessable_entity");
    assert_eq!(answers[2].1["errors"], json!([{ "code": "invalid", "field": "slug" }]));
    for (value, expected) in [("message", "message"), ("error", "error"), ("empty", "")] {
        let (running, _client) = with(&[("unauthorized_body", value)]).await;
        let (status, body) = Client::bearing(&running, "").get(ROLES).await;
        assert_eq!(status, 401);
        assert_eq!(body.get(expected).is_some(), !expected.is_empty(), "{body}");
    }
}

#[tokio::test]
async fn descriptions_and_permissions_of_roles() {
    let body = json!({ "description": "" });
    let answers =
        each("empty_description", &["kept", "null"], "PATCH", "/authorization/roles/admin", &body).await;
    assert_eq!((&answers[0].1["description"], &answers[1].1["description"]), (&json!(""), &Value::Null));
    let path = "/authorization/roles/member/permissions";
    let body = json!({ "permissions": ["billing:write", "reports:read", "billing:read"] });
    let answers = each("permission_order", &["sorted", "reversed", "sent"], "PUT", path, &body).await;
    assert_eq!(answers[0].1["permissions"], json!(["billing:read", "billing:write", "reports:read"]));
    assert_eq!(answers[1].1["permissions"], json!(["reports:read", "billing:write", "billing:read"]));
    assert_eq!(answers[2].1["permissions"], body["permissions"]);
    for (value, expected) in [("none", json!(["reports:read"])), ("known", json!(["billing:read"]))] {
        let (_running, client) = with(&[("partial_permissions", value)]).await;
        assert_eq!(client.put(path, json!({ "permissions": ["billing:read", "x"] })).await.0, 404);
        assert_eq!(client.get("/authorization/roles/member").await.1["permissions"], expected, "{value}");
    }
}

#[tokio::test]
async fn a_deleted_permission_leaves_its_roles_or_stays() {
    for (value, status, left) in [("cascade", 204, 1), ("kept", 204, 2), ("409", 409, 2)] {
        let (_running, client) = with(&[("permission_delete", value)]).await;
        assert_eq!(client.delete("/authorization/permissions/billing:write").await.0, status, "{value}");
        let (_, role) = client.get(&format!("{ACME}/org-billing-admin")).await;
        assert_eq!(role["permissions"].as_array().unwrap().len(), left, "{value}");
    }
}

#[tokio::test]
async fn what_the_last_and_the_default_custom_role_leave() {
    for (value, expected) in [("keeps_own", "support-agent"), ("inherits", "member")] {
        let (_running, client) = with(&[("last_custom_role", value)]).await;
        client.post(GLOBEX, json!({ "slug": "org-a", "name": "A" })).await;
        client.put("/_dashboard/default?org=org_globex", json!({ "role": "support-agent" })).await;
        assert_eq!(client.delete(&format!("{GLOBEX}/org-a")).await.0, 204);
        let new = json!({ "user_id": "user_yuki", "organization_id": "org_globex" });
        assert_eq!(client.post(MEMBERSHIPS, new).await.1["role"]["slug"], expected, "{value}");
    }
    for (value, status) in [("400", 400), ("allowed", 204)] {
        let (_running, client) = with(&[("delete_default_role", value)]).await;
        client.post(GLOBEX, json!({ "slug": "org-a", "name": "A" })).await;
        client.put("/_dashboard/default?org=org_globex", json!({ "role": "org-a" })).await;
        assert_eq!(client.delete(&format!("{GLOBEX}/org-a")).await.0, status);
    }
    let (_running, client) = with(&[("custom_role_limit", "5")]).await;
    for index in 0..4 {
        custom(&client, &format!("org-{index}")).await;
    }
    assert_eq!(client.post(ACME, json!({ "slug": "org-x", "name": "x" })).await.0, 422);
}

#[tokio::test]
async fn the_former_route_for_the_order() {
    let path = format!("{ACME}/priority");
    let order = json!({ "role_priority_order": ["member", "org-billing-admin"] });
    let (_running, client) = with(&[]).await;
    assert_eq!(client.put(&path, order.clone()).await.0, 404);
    let (_running, client) = with(&[("priority_endpoint", "slugs")]).await;
    let (status, list) = client.put(&path, order.clone()).await;
    let expected = ["member", "org-billing-admin", "admin", "support-agent", "project-editor"];
    assert_eq!((status, slugs(&list)), (200, expected.to_vec()));
    assert_eq!(slugs(&client.get(ACME).await.1), expected);
    for (order, code) in
        [(json!(["member", "member"]), "duplicate_role_slugs"), (json!(["x"]), "unknown_role_slugs")]
    {
        let (status, body) = client.put(&path, json!({ "role_priority_order": order })).await;
        assert_eq!((status, &body["code"]), (400, &json!(code)));
    }
    let (_running, client) = with(&[("priority_endpoint", "ids")]).await;
    assert_eq!(client.put(&path, order).await.0, 400);
    let id = client.get(&format!("{ACME}/member")).await.1["id"].clone();
    assert_eq!(slugs(&client.put(&path, json!({ "role_priority_order": [id] })).await.1)[0], "member");
}

#[tokio::test]
async fn roles_that_come_through_groups() {
    let group = "/authorization/groups/group_acme_oncall/role_assignments";
    let role = json!({ "role_slug": "org-billing-admin" });
    for (value, count) in [("hidden", 1), ("shown", 2)] {
        let (_running, client) = with(&[("group_roles", value)]).await;
        client.post(group, role.clone()).await;
        let (_, member) = client.get(&format!("{MEMBERSHIPS}/om_acme_okan")).await;
        assert_eq!(member["roles"].as_array().unwrap().len(), count, "{value}");
    }
    let (_running, client) = with(&[("group_propagation", "2s")]).await;
    client.post(group, role.clone()).await;
    let held = "/authorization/organization_memberships/om_acme_okan/role_assignments";
    assert_eq!(client.get(held).await.1["data"].as_array().unwrap().len(), 1);
    client.post("/_dashboard/clock", json!({ "advance_ms": 2_000 })).await;
    assert_eq!(client.get(held).await.1["data"].as_array().unwrap().len(), 2);
    for (value, status) in
        [("role_has_assignments", 409), ("role_has_group_role_mappings", 409), ("cascade", 204)]
    {
        let (_running, client) = with(&[("delete_group_role", value)]).await;
        custom(&client, "org-a").await;
        client.post(group, json!({ "role_slug": "org-a" })).await;
        let (found, body) = client.delete(&format!("{ACME}/org-a")).await;
        assert_eq!(found, status);
        assert!(status == 204 || body["code"] == value, "{body}");
    }
    let (_running, client) = with(&[("group_limit", "5")]).await;
    let add = ["ada", "ben", "mira", "lena", "yuki"].map(|name| format!("om_acme_{name}"));
    let members = "/organizations/org_acme/groups/group_acme_oncall/organization-memberships";
    let (status, body) = client.patch(members, json!({ "add": add })).await;
    assert_eq!((status, &body["code"]), (400, &json!("group_membership_limit_exceeded")));
}

#[tokio::test]
async fn assignments_on_the_organization_itself() {
    let held = "/authorization/organization_memberships/om_acme_mira/role_assignments";
    for (value, external_id) in [("id", "org_acme"), ("external_id", "acme")] {
        let (_running, client) = with(&[("organization_resource", value)]).await;
        let wanted = json!({ "role_slug": "admin", "resource_external_id": external_id, "resource_type_slug": "organization" });
        let (status, made) = client.post(held, wanted).await;
        assert_eq!((status, &made["resource"]["external_id"]), (201, &json!(external_id)), "{made}");
        assert_eq!(role_of(&client, "om_acme_mira").await, "admin");
    }
    let on_acme = |role: &str| json!({ "role_slug": role, "resource_external_id": "org_acme", "resource_type_slug": "organization" });
    let refused =
        statuses("organization_assignment", &["replaces", "refused"], "POST", held, &on_acme("admin")).await;
    assert_eq!(refused, [201, 422]);
    let again =
        statuses("duplicate_assignment", &["existing", "422"], "POST", held, &on_acme("member")).await;
    assert_eq!(again, [201, 422]);
}

#[tokio::test]
async fn limits_can_be_lifted() {
    let (_running, client) = with(&[("rate_limits", "off")]).await;
    for _ in 0..55 {
        assert_eq!(client.delete("/organizations/org_nothing").await.0, 404);
    }
}

#[tokio::test]
async fn writes_of_the_roles_of_one_organization_at_once() {
    let (running, client) = with(&[("concurrent_role_writes", "409")]).await;
    client.put("/_dashboard/faults", json!(["WRITE /** latency=300"])).await;
    let other = Client::bearing(&running, "sk_test_acme");
    let new = |slug: &str| json!({ "slug": slug, "name": "A" });
    let (first, second, elsewhere) = tokio::join!(
        client.post(ACME, new("org-a")),
        other.post(ACME, new("org-b")),
        other.post(GLOBEX, new("org-a")),
    );
    let mut acme = [first.0, second.0];
    acme.sort_unstable();
    assert_eq!((acme, elsewhere.0), ([201, 409], 201));
    assert_eq!(client.post(ACME, new("org-c")).await.0, 201, "one after the other they are done");
}
