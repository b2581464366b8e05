//! Seeds, the state, and the dashboard.

use super::*;

#[tokio::test]
async fn the_state_is_a_seed_of_itself() {
    let (_running, client) = instance(&[]).await;
    client
        .put("/_dashboard/groups/84/saml", json!({ "default_membership_role": 10, "member_role_id": 51 }))
        .await;
    client
        .post(
            "/_dashboard/groups/84/ldap_group_links",
            json!({ "cn": "ops", "group_access": 10, "provider": "main", "member_role_id": 51 }),
        )
        .await;
    client.post("/api/v4/groups/84/share", json!({ "group_id": 88, "group_access": 20 })).await;
    client.post("/_dashboard/roles", json!({ "name": "Watcher", "permissions": ["read_admin_users"] })).await;
    client.put("/_dashboard/protected-branches/main", json!({ "member_role_ids": [52] })).await;
    let (_, before) = client.get("/_dashboard/state").await;
    assert_eq!(client.put("/_dashboard/state", before.clone()).await.0, 204);
    assert_eq!(client.get("/_dashboard/state").await.1, before);
}

#[tokio::test]
async fn a_state_folder_keeps_everything() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = Options::new("gitlab");
    options.state = Some(folder.path().to_owned());
    let running = start(options.clone()).await.unwrap();
    let client = as_user(&running, "glpat-acme");
    client
        .post("/api/v4/groups/84/saml_group_links", json!({ "saml_group_name": "ops", "access_level": 20 }))
        .await;
    client.delete("/api/v4/groups/84/members/10").await;
    assert_eq!(client.delete("/api/v4/groups/84/member_roles/51").await.0, 204);
    let (_, before) = client.get("/_dashboard/state").await;
    let (_, writes) = client.get("/_dashboard/writes").await;
    assert_eq!(
        writes["writes"][2]["objects"].as_array().unwrap().len(),
        2,
        "the role and the link that lost it"
    );
    running.stop().await;
    let running = start(options).await.unwrap();
    let client = as_user(&running, "glpat-acme");
    assert_eq!(client.get("/_dashboard/state").await.1, before);
}

#[test]
fn a_wrong_seed_is_refused_with_the_reason() {
    let wrong = |change: &dyn Fn(&mut Value)| {
        let mut document = crate::emulator::gitlab::generate::default_seed();
        change(&mut document);
        Seed::parse(&document.to_string()).unwrap_err().to_string()
    };
    for (error, part) in [
        (wrong(&|seed| seed["caller"] = json!("nobody")), "no user with the `username` `nobody`"),
        (wrong(&|seed| seed["groups"][1]["path"] = json!("other/platform")), "the group `other`"),
        (wrong(&|seed| seed["roles"][0]["permissions"] = json!(["fly"])), "`fly` is no permission"),
        (wrong(&|seed| seed["roles"][0]["group"] = json!("acme/platform")), "no top-level group"),
        (
            wrong(&|seed| seed["groups"][0]["members"][0]["member_role_id"] = json!(4711)),
            "no role with the `id` 4711",
        ),
        (wrong(&|seed| seed["groups"][0]["members"][0]["access_level"] = json!(33)), "33 is no level"),
        (wrong(&|seed| seed["users"][1]["username"] = json!("ADA")), "given twice"),
        (wrong(&|seed| seed["colour"] = json!("red")), "colour"),
    ] {
        assert!(error.contains(part), "{error}");
    }
}

#[tokio::test]
async fn groups_and_people_are_made_in_numbers() {
    let change = |seed: &mut Value| {
        seed["generate"] = json!({ "below": "acme", "groups": 30, "users": 50, "members_each": 10, "access_level": 20, "member_role_id": 52 });
    };
    let (_running, client) = with(change, &[]).await;
    let body = graphql(
        &client,
        "{ group(fullPath: \"acme\") { memberRoles(ids: [\"gid://gitlab/MemberRole/52\"]) { nodes { usersCount membersCount } } } }",
        json!({}),
    )
    .await;
    let role = &body["data"]["group"]["memberRoles"]["nodes"][0];
    assert_eq!(role["membersCount"], 151, "five of each group, and noor");
    assert!(role["usersCount"].as_u64().unwrap() <= 51, "{role}");
    let (_, members) = client.get("/api/v4/groups/acme%2Fgenerated-00007/members").await;
    assert_eq!(members.as_array().unwrap().len(), 10);
}

#[tokio::test]
async fn a_person_can_change_everything_in_the_dashboard() {
    let (_running, client) = group().await;
    let body = json!({ "name": "Watcher", "base_access_level": 20, "permissions": ["read_runners"] });
    let (status, role) = client.post("/_dashboard/roles", body).await;
    assert_eq!((status, &role["group_id"]), (201, &json!(84)));
    let path = format!("/_dashboard/roles/{}", role["id"]);
    let (_, changed) = client.patch(&path, json!({ "permissions": ["read_code"], "description": "d" })).await;
    assert_eq!((&changed["permissions"], &changed["description"]), (&json!(["read_code"]), &json!("d")));
    let member = json!({ "access_level": 30, "member_role_id": role["id"] });
    assert_eq!(client.put("/_dashboard/groups/acme%2Fplatform/members/zoe", member).await.0, 204);
    assert_eq!(client.get("/api/v4/groups/85/members/12").await.1["access_level"], 30, "whatever the base");
    assert_eq!(client.delete(&path).await.0, 400);
    assert_eq!(client.delete("/_dashboard/groups/85/members/zoe").await.0, 204);
    assert_eq!(client.delete(&path).await.0, 204);
    assert_eq!(client.post("/_dashboard/users", json!({ "username": "ada" })).await.0, 409);
    assert_eq!(client.post("/_dashboard/users", json!({ "username": "new" })).await.0, 201);
    assert_eq!(client.get("/_dashboard/nothing").await.0, 404);
}
