//! Roles, members, groups, organizations, and the audit log.

use super::*;

#[tokio::test]
async fn roles_can_be_listed_and_nothing_else() {
    let (_running, client) = with(&[]).await;
    let (status, page) = client.get(ROLES).await;
    assert_eq!(status, 200);
    assert_eq!(
        each(&page, "role_id"),
        [
            "account_admin",
            "account_member",
            "org_admin",
            "org_member",
            "org_deepwiki",
            "role-0a1b2c",
            "role-3d4e5f"
        ]
    );
    assert_eq!(
        page["items"][0],
        json!({ "role_id": "account_admin", "role_name": "Admin", "role_type": "enterprise" })
    );
    assert_eq!(page["items"][2], json!({ "role_id": "org_admin", "role_name": "Admin", "role_type": "org" }));
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        assert_eq!(client.send(method, ROLES, Some(json!({ "role_name": "A" }))).await.0, 405, "{method}");
    }
    assert_eq!(client.get(&format!("{ROLES}/org_admin")).await.0, 404);
}

#[tokio::test]
async fn people_are_invited_moved_and_removed() {
    let (_running, client) = with(&[]).await;
    let new = json!({ "emails": ["new@acme.example.test", "ada@acme.example.test"], "enterprise_role_id": "account_member" });
    let (status, made) = client.post(USERS, new).await;
    assert_eq!(status, 200, "{made}");
    let id = made[0]["user_id"].as_str().unwrap();
    assert_eq!(
        (held(&made[0]), held(&made[1])),
        (vec![("*", "account_member")], vec![("*", "account_admin")])
    );
    let one = format!("{USERS}/{id}");
    let (status, moved) = client.patch(&one, json!({ "role_id": "account_admin" })).await;
    assert_eq!((status, held(&moved)), (200, vec![("*", "account_admin")]));
    assert_eq!(client.post(&one, json!({ "role_id": "account_admin" })).await.0, 405);

    let in_apps = format!("{APPS}/users/{id}");
    let (status, added) = client.post(&in_apps, json!({ "role_id": "org_member" })).await;
    assert_eq!((status, held(&added)), (200, vec![("*", "account_admin"), ("org-apps", "org_member")]));
    let (status, twice) = client.post(&in_apps, json!({ "role_id": "org_admin" })).await;
    assert_eq!((status, &twice["title"]), (409, &json!("Conflict")));
    assert_eq!(
        held(&client.patch(&in_apps, json!({ "role_id": "role-0a1b2c" })).await.1)[1],
        ("org-apps", "role-0a1b2c")
    );
    assert_eq!(client.get(&in_apps).await.0, 405, "one user of an organization cannot be read there");
    let listed = client.get(&format!("{APPS}/users")).await.1;
    assert_eq!(each(&listed, "user_id"), ["user-mira", "user-okan", "user-nia", id]);
    let (status, gone) = client.delete(&in_apps).await;
    assert_eq!((status, held(&gone).len()), (200, 2), "the answer is what was removed");
    assert_eq!(client.delete(&in_apps).await.0, 404);

    client.post(&in_apps, json!({ "role_id": "org_member" })).await;
    let (status, gone) = client.delete(&one).await;
    assert_eq!((status, &gone["user_id"]), (200, &json!(id)));
    assert_eq!(client.get(&one).await.0, 404);
    assert!(!each(&client.get(&format!("{APPS}/users")).await.1, "user_id").contains(&id));
    assert_eq!(client.post(&in_apps, json!({ "role_id": "org_member" })).await.0, 404);
}

#[tokio::test]
async fn what_is_sent_is_checked() {
    let (_running, client) = with(&[]).await;
    let one = format!("{USERS}/user-okan");
    let (status, problem) = client.patch(&one, json!({})).await;
    assert_eq!(status, 422);
    assert_eq!(problem["instance"], json!(one));
    assert_eq!(
        problem["errors"],
        json!([{ "loc": ["body", "role_id"], "msg": "Field required", "type": "missing" }])
    );
    for (method, path, body, status) in [
        ("PATCH", one.as_str(), json!({ "role_id": "org_member" }), 400),
        ("PATCH", one.as_str(), json!({ "role_id": "nothing" }), 404),
        ("PATCH", one.as_str(), json!({ "role_id": 7 }), 422),
        ("PATCH", one.as_str(), json!(["role_id"]), 422),
        ("POST", &format!("{APPS}/users/user-lena"), json!({ "role_id": "account_member" }), 400),
        ("POST", USERS, json!({ "emails": [], "enterprise_role_id": "account_member" }), 422),
        ("POST", USERS, json!({ "emails": ["nobody"], "enterprise_role_id": "account_member" }), 422),
        ("POST", "/v3/enterprise/organizations/org-x/members/users/user-ada", json!({}), 404),
    ] {
        let (found, answer) = client.send(method, path, Some(body.clone())).await;
        assert_eq!(found, status, "{method} {path} {body}: {answer}");
    }
    let many: Vec<String> = (0..101).map(|number| format!("{number}@acme.example.test")).collect();
    let body = json!({ "emails": many, "enterprise_role_id": "account_member" });
    assert_eq!(client.post(USERS, body).await.0, 422);
}

#[tokio::test]
async fn service_users_hold_roles_until_they_are_deleted() {
    let (_running, client) = with(&[]).await;
    let ci = format!("{SERVICE_USERS}/service-user-ci");
    assert_eq!(
        held(&client.post(&ci, json!({ "role_id": "account_member" })).await.1)[0],
        ("*", "account_member")
    );
    assert_eq!(client.post(&ci, json!({ "role_id": "account_member" })).await.0, 409);
    // More than the caller has itself, and the management of service users.
    for role in ["role-0a1b2c", "org_admin"] {
        let path = format!("{APPS}/service-users/service-user-ci");
        assert_eq!(client.patch(&path, json!({ "role_id": role })).await.0, 403, "{role}");
    }
    assert_eq!(client.patch(&ci, json!({ "role_id": "account_admin" })).await.0, 403);
    let listed = client.get(SERVICE_USERS).await.1;
    assert_eq!(each(&listed, "name"), ["rolecall", "ci"]);
    let (status, gone) = client.delete(&ci).await;
    assert_eq!((status, gone["deleted_at"].is_i64(), held(&gone).len()), (200, true, 2));
    assert_eq!(each(&client.get(SERVICE_USERS).await.1, "name"), ["rolecall"]);
    let all = client.get(&format!("{SERVICE_USERS}?include_inactive=true")).await.1;
    assert_eq!((each(&all, "name"), held(&all["items"][1])), (vec!["rolecall", "ci"], vec![]));
    assert_eq!(client.patch(&ci, json!({ "role_id": "account_member" })).await.0, 404);
}

#[tokio::test]
async fn groups_are_registered_before_they_hold_roles() {
    let (_running, client) = with(&[]).await;
    let (status, names) =
        client.post(REGISTERED, json!({ "idp_group_names": ["Everybody", "Contractors"] })).await;
    assert_eq!(
        (status, names),
        (200, json!([{ "idp_group_name": "Everybody" }, { "idp_group_name": "Contractors" }]))
    );
    assert_eq!(client.post(&format!("{GROUPS}/Nobody"), json!({ "role_id": "account_member" })).await.0, 404);
    let engineers = format!("{GROUPS}/Platform%20Engineers");
    let (status, group) = client.post(&engineers, json!({ "role_id": "account_member" })).await;
    assert_eq!((status, held(&group)), (200, vec![("*", "account_member"), ("org-platform", "org_member")]));
    // Roles come to people through their groups, and are shown apart from their own.
    let (_, yuki) = client.get(&format!("{USERS}/user-okta%7Cacme%7Cyuki")).await;
    assert_eq!(held(&yuki), [("*", "account_member")]);
    assert_eq!(yuki["idp_role_assignments"].as_array().unwrap().len(), 2);
    assert_eq!(yuki["idp_role_assignments"][0]["idp_group_name"], "Platform Engineers");
    let listed = client.get(USERS).await.1;
    assert!(
        listed["items"].as_array().unwrap().iter().all(|user| user.get("idp_role_assignments").is_none())
    );
    let through = client.get("/v3/enterprise/organizations/org-platform/members/idp-users").await.1;
    assert_eq!(through["items"][0]["idp_role_assignments"].as_array().unwrap().len(), 1);
    assert_eq!(client.get(&format!("{APPS}/idp-users")).await.1["items"], json!([]));

    let registered = format!("{REGISTERED}/Platform%20Engineers");
    assert_eq!(client.delete(&registered).await.0, 409);
    client.delete(&engineers).await;
    client.delete("/v3/enterprise/organizations/org-platform/members/idp-groups/Platform%20Engineers").await;
    assert_eq!(client.delete(&registered).await.0, 409, "it has members still");
    client.put("/_dashboard/users/user-okta%7Cacme%7Cyuki/groups", json!({ "groups": [] })).await;
    assert_eq!(client.delete(&registered).await, (200, json!({ "idp_group_name": "Platform Engineers" })));
    assert_eq!(client.delete(&registered).await.0, 404);
}

#[tokio::test]
async fn lists_come_in_pages() {
    let (_running, client) = with(&[]).await;
    let mut path = format!("{USERS}?first=3");
    let mut names = Vec::new();
    loop {
        let (status, page) = client.get(&path).await;
        assert_eq!((status, &page["total"]), (200, &json!(7)));
        names.extend(each(&page, "user_id").into_iter().map(str::to_owned));
        match page["end_cursor"].as_str() {
            Some(cursor) => path = format!("{USERS}?first=3&after={cursor}"),
            None => break assert_eq!(page["has_next_page"], json!(false)),
        }
    }
    assert_eq!(names.len(), 7);
    assert_eq!(names.first().map(String::as_str), Some("user-ada"));
    for query in ["first=0", "first=201", "first=x", "after=x"] {
        assert_eq!(client.get(&format!("{USERS}?{query}")).await.0, 422, "{query}");
    }
    let one = client.get(&format!("{USERS}?email=mira@acme.example.test")).await.1;
    assert_eq!(each(&one, "user_id"), ["user-mira"]);
    assert_eq!(client.get(&format!("{USERS}?email=mira")).await.1["total"], 0);
}

#[tokio::test]
async fn an_organization_that_goes_takes_its_roles_along() {
    let (_running, client) = with(&[]).await;
    let path = "/v3/enterprise/organizations";
    let (status, made) = client.post(path, json!({ "name": "New", "max_session_acu_limit": 5 })).await;
    assert_eq!((status, &made["max_session_acu_limit"]), (200, &json!(5)));
    let one = format!("{path}/{}", made["org_id"].as_str().unwrap());
    let (_, changed) = client.patch(&one, json!({ "max_session_acu_limit": null })).await;
    assert_eq!((&changed["name"], &changed["max_session_acu_limit"]), (&json!("New"), &Value::Null));
    assert_eq!(client.get(path).await.1["total"], 4);
    assert_eq!(client.delete(&one).await.0, 200);
    assert_eq!(client.get(&one).await.0, 404);
    assert_eq!(client.delete(&format!("{path}/org-apps")).await.0, 200);
    let (_, mira) = client.get(&format!("{USERS}/user-mira")).await;
    assert_eq!(held(&mira), [("*", "account_member"), ("org-data", "org_member")]);
}

#[tokio::test]
async fn the_audit_log_tells_who_did_what() {
    let (_running, client) = with(&[]).await;
    client.patch(&format!("{APPS}/users/user-okan"), json!({ "role_id": "org_admin" })).await;
    let new = json!({ "name": "Drift", "type": "org", "permissions": ["ManageOrgSecrets"] });
    assert_eq!(client.post("/_dashboard/roles?as=user-ada", new).await.0, 201);
    let path = "/v3/enterprise/audit-logs";
    let (status, page) = client.get(path).await;
    assert_eq!((status, each(&page, "action")), (200, vec!["create_role", "assign_roles"]));
    let made = &page["items"][0];
    assert_eq!(
        (&made["user_id"], &made["user_email"]),
        (&json!("user-ada"), &json!("ada@acme.example.test"))
    );
    assert_eq!(made["data"]["role_name"], "Drift");
    assert!(made["data"].get("permissions").is_none(), "{made}");
    let moved = &page["items"][1];
    assert_eq!((&moved["org_id"], &moved["service_user_name"]), (&json!("org-apps"), &json!("rolecall")));
    assert_eq!(
        each(&client.get(&format!("{path}?order=asc")).await.1, "action"),
        ["assign_roles", "create_role"]
    );
    assert_eq!(each(&client.get(&format!("{path}?action=create_role")).await.1, "action"), ["create_role"]);
    let of_apps = client.get("/v3/enterprise/organizations/org-apps/audit-logs").await.1;
    assert_eq!(each(&of_apps, "action"), ["assign_roles"]);
    let first = client.get(&format!("{path}?first=1")).await.1;
    let next = format!("{path}?first=1&after={}", first["end_cursor"].as_str().unwrap());
    assert_eq!(each(&client.get(&next).await.1, "action"), ["assign_roles"]);
    let future = format!("{path}?time_after={}", made["created_at"].as_i64().unwrap() + 60);
    assert_eq!(client.get(&future).await.1["items"], json!([]));
    for query in ["time_before=1", "time_after=0&time_before=8640001", "order=up", "time_after=x"] {
        assert_eq!(client.get(&format!("{path}?{query}")).await.0, 422, "{query}");
    }
}
