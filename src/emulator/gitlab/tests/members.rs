//! Memberships of groups and projects.

use super::*;

const MEMBERS: &str = "/api/v4/groups/84/members";

#[tokio::test]
async fn a_role_stays_until_null_is_sent() {
    let (_running, client) = group().await;
    let sam = format!("{MEMBERS}/10");
    let (_, member) = client.get(&sam).await;
    assert_eq!((&member["member_role"]["id"], &member["access_level"]), (&json!(51), &json!(10)));
    let (status, kept) = client.put(&sam, json!({ "access_level": 10 })).await;
    assert_eq!((status, &kept["member_role"]["id"]), (200, &json!(51)));
    let (status, refused) = client.put(&sam, json!({ "access_level": 30 })).await;
    assert_eq!(status, 400);
    let text = "cannot be changed because of an existing association with a custom role";
    assert_eq!(refused["message"]["access_level"], json!([text]));
    let (_, refused) = client.put(&sam, json!({ "access_level": 30, "member_role_id": 51 })).await;
    let text = "the custom role's base access level does not match the current access level";
    assert_eq!(refused["message"]["member_role_id"], json!([text]));
    let (_, refused) = client.put(&sam, json!({ "access_level": 10, "member_role_id": 4711 })).await;
    assert_eq!(refused["message"]["member_role"], json!(["not found"]));
    assert_eq!(
        client.put(&sam, json!({ "member_role_id": null })).await.1["error"],
        "access_level is missing"
    );
    let (_, moved) = client.put(&sam, json!({ "access_level": 20, "member_role_id": 52 })).await;
    assert_eq!(moved["member_role"]["id"], 52);
    let (_, plain) = client.put(&sam, json!({ "access_level": 30, "member_role_id": null })).await;
    assert_eq!(plain["access_level"], 30);
    assert!(plain.get("member_role").is_none(), "{plain}");
    client.put(&sam, json!({ "access_level": 20, "member_role_id": 52 })).await;
    let (_, plain) = client.put(&sam, json!({ "access_level": 20, "member_role_id": "" })).await;
    assert!(plain.get("member_role").is_none(), "an empty id is null");
}

#[tokio::test]
async fn without_a_licence_the_role_is_ignored() {
    let (_running, client) = with(|_| {}, &[("licence", "none")]).await;
    let (status, member) =
        client.put(&format!("{MEMBERS}/9"), json!({ "access_level": 10, "member_role_id": 51 })).await;
    assert_eq!(status, 200);
    assert!(member.get("member_role").is_none(), "{member}");
    assert!(client.get(&format!("{MEMBERS}/10")).await.1.get("member_role").is_none());
    client.patch("/_dashboard/switches", json!({ "licence": "ultimate" })).await;
    assert!(client.get(&format!("{MEMBERS}/9")).await.1.get("member_role").is_none());
    assert_eq!(client.get(&format!("{MEMBERS}/10")).await.1["member_role"]["id"], 51, "nothing was lost");
}

#[tokio::test]
async fn people_join_once_and_not_below_what_they_inherit() {
    let (_running, client) = group().await;
    let post = async |path: &str, body: Value| client.post(path, body).await;
    let (status, made) =
        post(MEMBERS, json!({ "user_id": 13, "access_level": 20, "member_role_id": 52 })).await;
    assert_eq!((status, &made["member_role"]["id"]), (201, &json!(52)));
    assert_eq!(made["created_by"]["username"], "ada");
    let again = post(MEMBERS, json!({ "username": "NEWCOMER", "access_level": 20 })).await;
    assert_eq!(again, (409, json!({ "message": "Member already exists" })));
    assert_eq!(post(MEMBERS, json!({ "user_id": 4711, "access_level": 20 })).await.0, 404);
    assert_eq!(post(MEMBERS, json!({ "access_level": 20 })).await.0, 400);
    let (_, refused) =
        post("/api/v4/projects/201/members", json!({ "user_id": 13, "access_level": 10 })).await;
    let text = "should be greater than or equal to Reporter inherited membership from group Acme";
    assert_eq!(refused["message"]["access_level"], json!([text]));
    let (status, both) =
        post("/api/v4/projects/201/members", json!({ "user_id": "12,4711", "access_level": 20 })).await;
    assert_eq!((status, &both["status"]), (201, &json!("error")));
    assert_eq!(both["message"]["4711"], "404 User Not Found");
    assert_eq!(client.get("/api/v4/projects/201/members/12").await.0, 200);
    assert_eq!(client.get("/api/v4/projects/201/members/13").await.0, 404, "only inherited");
    assert_eq!(client.get("/api/v4/projects/201/members/all/13").await.1["member_role"]["id"], 52);
}

#[tokio::test]
async fn a_removal_reaches_what_lies_below_unless_that_is_skipped() {
    let (_running, client) = group().await;
    assert_eq!(client.delete("/api/v4/groups/84/members/3?skip_subresources=true").await.0, 204);
    assert_eq!(client.get("/api/v4/groups/87/members/3").await.0, 200);
    assert_eq!(client.delete("/api/v4/groups/84/members/7").await.0, 204);
    assert_eq!(client.get("/api/v4/projects/201/members/7").await.0, 404);
    assert_eq!(client.delete("/api/v4/groups/84/members/7").await.0, 404);
}

#[tokio::test]
async fn pages_have_the_headers_that_lead_on() {
    let (_running, client) = group().await;
    let page = client.raw("GET", &format!("{MEMBERS}?per_page=4&page=2"), None).await.unwrap();
    let header = |name: &str| page.headers().get(name).unwrap().to_str().unwrap().to_owned();
    assert_eq!((header("x-total"), header("x-total-pages")), ("10".to_owned(), "3".to_owned()));
    assert_eq!((header("x-next-page"), header("x-prev-page")), ("3".to_owned(), "1".to_owned()));
    let link = header("link");
    for rel in ["prev", "next", "first", "last"] {
        assert!(link.contains(&format!("rel=\"{rel}\"")), "{link}");
    }
    let next = link.split(", ").find(|link| link.contains("next")).unwrap();
    let path = next.split(['<', '>']).nth(1).unwrap().split("/api").nth(1).unwrap().to_owned();
    let (_, last) = client.get(&format!("/api{path}")).await;
    assert_eq!(last.as_array().unwrap().len(), 2);
    assert_eq!(client.get(&format!("{MEMBERS}?page=0")).await.0, 400);
    let page = client.raw("GET", &format!("{MEMBERS}?per_page=500"), None).await.unwrap();
    assert_eq!(page.headers()["x-per-page"], "100");
    let (_, seats) = client.get(&format!("{MEMBERS}?show_seat_info=true")).await;
    let using: Vec<&str> = seats
        .as_array()
        .unwrap()
        .iter()
        .filter(|member| member["is_using_seat"] == false)
        .map(|member| member["username"].as_str().unwrap())
        .collect();
    assert_eq!(using, ["pia"], "a plain Guest is free, one who reads vulnerabilities is not");
}

#[tokio::test]
async fn lists_by_key_follow_their_links() {
    let (_running, client) = group().await;
    let mut path = "/api/v4/users?pagination=keyset&order_by=username&sort=desc&per_page=5".to_owned();
    let mut names = Vec::new();
    loop {
        let page = client.raw("GET", &path, None).await.unwrap();
        assert!(page.headers().get("x-total").is_none());
        let link = page.headers().get("link").map(|link| link.to_str().unwrap().to_owned());
        let body: Value = page.json().await.unwrap();
        names.extend(
            body.as_array().unwrap().iter().map(|user| user["username"].as_str().unwrap().to_owned()),
        );
        match link {
            Some(link) => {
                path =
                    format!("/api{}", link.split(['<', '>']).nth(1).unwrap().split("/api").nth(1).unwrap());
            }
            None => break,
        }
    }
    assert_eq!(names.len(), 13);
    assert!(names.is_sorted_by(|left, right| left > right), "{names:?}");
}

#[tokio::test]
async fn nobody_gives_more_than_they_have() {
    let (running, client) = group().await;
    let (_, role) = client
        .post(
            "/api/v4/groups/84/member_roles",
            json!({ "name": "People", "base_access_level": 30, "admin_group_member": true }),
        )
        .await;
    client.put(&format!("{MEMBERS}/3"), json!({ "access_level": 30, "member_role_id": role["id"] })).await;
    let mira = as_user(&running, "glpat-acme-developer");
    let post = async |body: Value| mira.post(MEMBERS, body).await.0;
    assert_eq!(post(json!({ "user_id": 13, "access_level": 40 })).await, 403, "a higher level");
    assert_eq!(
        post(json!({ "user_id": 13, "access_level": 20, "member_role_id": 52 })).await,
        201,
        "a Developer approves"
    );
    assert_eq!(mira.put(&format!("{MEMBERS}/1"), json!({ "access_level": 10 })).await.0, 403, "an Owner");
    assert_eq!(mira.get("/api/v4/groups/84/member_roles").await.0, 403);
}

#[tokio::test]
async fn a_further_seat_can_wait_for_an_administrator() {
    let change = |seed: &mut Value| {
        to_instance(seed);
        seed["groups"][0]["members"].as_array_mut().unwrap().retain(|member| member["user"] != "mira");
        let owner = json!({ "user": "mira", "access_level": 50 });
        seed["groups"][0]["members"].as_array_mut().unwrap().push(owner);
    };
    let (running, client) = with(change, &[("promotion_management", "on")]).await;
    let mira = as_user(&running, "glpat-acme-developer");
    let queued = mira.put(&format!("{MEMBERS}/9"), json!({ "access_level": 30 })).await;
    assert_eq!(queued, (202, json!({ "message": { "user": "Request queued for administrator approval." } })));
    assert_eq!(client.get(&format!("{MEMBERS}/9")).await.1["access_level"], 10);
    assert_eq!(client.put(&format!("{MEMBERS}/9"), json!({ "access_level": 30 })).await.0, 200);
}

#[tokio::test]
async fn an_invitation_adds_who_has_an_account() {
    let (_running, client) = group().await;
    let path = "/api/v4/groups/84/invitations";
    let body = json!({ "email": "newcomer@acme.example.test,new@other.test", "access_level": 10, "member_role_id": 51 });
    assert_eq!(client.post(path, body).await, (201, json!({ "status": "success" })));
    assert_eq!(client.get(&format!("{MEMBERS}/13")).await.1["member_role"]["id"], 51);
    let (_, refused) = client.post(path, json!({ "user_id": 13, "access_level": 10 })).await;
    assert_eq!(refused["message"]["13"], "Member already exists");
}
