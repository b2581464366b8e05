//! SAML links, LDAP links and shares.

use super::*;

#[tokio::test]
async fn a_saml_link_takes_the_level_of_its_role() {
    let (running, client) = group().await;
    let links = "/api/v4/groups/84/saml_group_links";
    let post = async |body: Value| client.post(links, body).await;
    let (status, made) =
        post(json!({ "saml_group_name": "ops", "access_level": 40, "member_role_id": 52 })).await;
    let expected = json!({ "name": "ops", "access_level": 20, "member_role_id": 52, "provider": null });
    assert_eq!((status, made), (201, expected));
    assert_eq!(post(json!({ "saml_group_name": "ops", "access_level": 20 })).await.0, 400);
    assert_eq!(
        post(json!({ "saml_group_name": "x", "access_level": 20, "member_role_id": 4711 })).await.0,
        400
    );
    assert_eq!(
        post(json!({ "saml_group_name": "ops", "access_level": 10, "provider": "okta" })).await.0,
        201
    );
    assert_eq!(client.get(&format!("{links}/ops")).await.0, 422);
    assert_eq!(client.delete(&format!("{links}/ops?provider=okta")).await.0, 204);
    assert_eq!(client.get(&format!("{links}/ops")).await.0, 200);
    assert_eq!(client.get(&format!("{links}/none")).await.0, 404);
    assert_eq!(as_user(&running, "glpat-acme-developer").get(links).await.0, 401, "not 403");
}

#[tokio::test]
async fn a_list_of_no_ldap_links_is_not_found() {
    let (_running, client) = group().await;
    let links = "/api/v4/groups/84/ldap_group_links";
    assert_eq!(client.get(links).await, (404, json!({ "message": "No linked LDAP groups found" })));
    let link = json!({ "cn": "ops", "group_access": 20, "provider": "main", "member_role_id": 52 });
    let (status, made) = client.post(links, link.clone()).await;
    assert_eq!((status, &made["filter"], &made["member_role_id"]), (201, &Value::Null, &json!(52)));
    assert_eq!(client.post(links, link).await, (409, json!({ "message": "Cn has already been taken" })));
    let mismatch = json!({ "filter": "(a=b)", "group_access": 30, "provider": "main", "member_role_id": 52 });
    assert_eq!(client.post(links, mismatch.clone()).await.0, 409);
    client.patch("/_dashboard/switches", json!({ "link_base_mismatch": "overwritten" })).await;
    assert_eq!(client.post(links, mismatch).await.1["group_access"], 20);
    assert_eq!(client.get(links).await.1.as_array().unwrap().len(), 2);
    assert_eq!(client.delete(&format!("{links}?cn=ops&provider=other")).await.0, 404);
    assert_eq!(client.delete(&format!("{links}?cn=ops&provider=main")).await.0, 204);
    assert_eq!(client.delete(links).await.0, 400);
}

#[tokio::test]
async fn a_share_keeps_its_role_on_an_instance_and_drops_it_on_gitlab_com() {
    let share = json!({ "group_id": 88, "group_access": 20, "member_role_id": 52 });
    let (_running, client) = group().await;
    let (status, made) = client.post("/api/v4/groups/84/share", share.clone()).await;
    assert_eq!(status, 201);
    assert_eq!(made["shared_with_groups"][0]["member_role_id"], Value::Null);
    assert_eq!(client.post("/api/v4/groups/84/share", share.clone()).await.0, 409);
    assert_eq!(client.get("/api/v4/groups/84/members/all/12").await.1["access_level"], 20, "the lower level");
    assert_eq!(client.delete("/api/v4/groups/84/share/88").await.0, 204);
    assert_eq!(client.delete("/api/v4/groups/84/share/88").await.0, 404);
    assert_eq!(client.get("/api/v4/groups/84/members/all/12").await.0, 404);
    let (_running, client) = instance(&[("share_status", "200")]).await;
    let (status, made) = client.post("/api/v4/groups/84/share", share.clone()).await;
    assert_eq!((status, &made["shared_with_groups"][0]["member_role_id"]), (200, &json!(52)));
    let (_, through) = client.get("/api/v4/groups/84/members/all/12").await;
    assert_eq!(through["member_role"]["id"], 52, "the lower side brings its role");
    client.patch("/_dashboard/switches", json!({ "invited_custom_role": "guest" })).await;
    let (_, through) = client.get("/api/v4/groups/84/members/all/12").await;
    assert_eq!((&through["access_level"], through.get("member_role")), (&json!(10), None));
    let (_, project) = client.post("/api/v4/projects/203/share", share).await;
    assert_eq!(project["shared_with_groups"][0]["member_role_id"], Value::Null, "not for projects yet");
}
