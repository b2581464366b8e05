//! Custom roles, and what keeps them from being deleted.

use super::*;

#[tokio::test]
async fn the_first_custom_role_forks_default_and_order() {
    let (_running, client) = with(&[]).await;
    assert_eq!(
        client
            .put(
                "/_dashboard/priority",
                json!({ "roles": ["member", "admin", "support-agent", "project-editor"] })
            )
            .await
            .0,
        204
    );
    assert_eq!(slugs(&client.get(GLOBEX).await.1), ["member", "admin", "support-agent", "project-editor"]);
    let new = json!({ "slug": "org-a", "name": "A" });
    assert_eq!(client.post(GLOBEX, new).await.0, 201);
    client
        .put(
            "/_dashboard/priority",
            json!({ "roles": ["admin", "member", "support-agent", "project-editor"] }),
        )
        .await;
    client.put("/_dashboard/default", json!({ "role": "admin" })).await;
    let own = ["member", "admin", "support-agent", "project-editor", "org-a"];
    assert_eq!(slugs(&client.get(GLOBEX).await.1), own, "it no longer follows the environment");
    let new = |org: &str| json!({ "user_id": "user_yuki", "organization_id": org });
    assert_eq!(client.post(MEMBERSHIPS, new("org_globex")).await.1["role"]["slug"], "member");
    assert_eq!(client.post(MEMBERSHIPS, new("org_initech")).await.1["role"]["slug"], "admin");
}

#[tokio::test]
async fn slugs_of_custom_roles_begin_with_org_or_are_generated() {
    let (_running, client) = with(&[]).await;
    for slug in ["auditor", "org-", "org-A", "org--a", "org-a_"] {
        assert_eq!(client.post(ACME, json!({ "slug": slug, "name": "x" })).await.0, 422, "{slug}");
    }
    let (status, made) = client.post(ACME, json!({ "name": "Billing  Admin" })).await;
    assert_eq!(status, 201);
    let slug = made["slug"].as_str().unwrap();
    assert!(slug.starts_with("billing-admin-") && slug.len() == "billing-admin-".len() + 6, "{slug}");
    assert_eq!(client.get(&format!("{ACME}/{slug}")).await.1, made);
    let (status, body) = client.post(ACME, json!({ "slug": "org-billing-admin", "name": "x" })).await;
    assert_eq!((status, &body["code"]), (409, &json!("organization_role_slug_conflict")));
}

#[tokio::test]
async fn a_role_is_deleted_only_when_nothing_holds_it() {
    let (_running, client) = with(&[]).await;
    let path = format!("{ACME}/org-a");
    let refused = |code: &'static str| {
        let (client, path) = (&client, &path);
        async move {
            let (status, body) = client.delete(path).await;
            assert_eq!((status, &body["code"]), (409, &json!(code)));
        }
    };
    custom(&client, "org-a").await;
    let member = format!("{MEMBERSHIPS}/om_acme_mira");
    client.put(&member, json!({ "role_slug": "org-a" })).await;
    client.put(&format!("{member}/deactivate"), json!({})).await;
    refused("role_has_assignments").await;
    client.put(&member, json!({ "role_slug": "member" })).await;
    let (_, profile) =
        client.post("/_dashboard/profiles?org=acme", json!({ "role": "org-a", "via": "sso" })).await;
    refused("role_has_assignments").await;
    client.delete(&format!("/_dashboard/profiles/{}?org=acme", profile["id"].as_str().unwrap())).await;
    client.post("/_dashboard/mappings?org=acme", json!({ "group": "Finance", "role": "org-a" })).await;
    refused("role_has_group_role_mappings").await;
    client.delete("/_dashboard/mappings/Finance?org=acme").await;
    let group = "/authorization/groups/group_acme_oncall/role_assignments";
    assert_eq!(client.post(group, json!({ "role_slug": "org-a" })).await.0, 201);
    refused("role_has_assignments").await;
    assert_eq!(client.send("DELETE", group, Some(json!({ "role_slug": "org-a" }))).await.0, 204);
    assert_eq!(client.delete(&path).await.0, 204);
    assert_eq!(client.delete(&path).await.0, 404);
}

#[tokio::test]
async fn an_organization_takes_everything_with_it() {
    let (_running, client) = with(&[]).await;
    assert_eq!(client.delete("/organizations/org_acme").await.0, 202);
    assert_eq!(client.get("/organizations/org_acme").await.0, 404);
    assert_eq!(client.get(&format!("{MEMBERSHIPS}/om_acme_ada")).await.0, 404);
    assert_eq!(client.get("/authorization/resources/authz_resource_apollo/role_assignments").await.0, 404);
    client.put("/_dashboard/faults", json!(["GET /** stale=1"])).await;
    assert_eq!(
        client.get(&format!("{MEMBERSHIPS}/om_acme_ada")).await.0,
        200,
        "undoing brings all of it back"
    );
    assert_eq!(client.get("/authorization/resources/authz_resource_apollo/role_assignments").await.0, 200);
}
