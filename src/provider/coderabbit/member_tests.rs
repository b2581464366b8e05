//! Reading users and finding their roles.

use std::time::Duration;

use super::test_api::*;
use crate::{
    model::{Kind, Untrusted, desired::Spelling},
    provider::{
        ReadErrorKind,
        http::{
            Limits,
            testing::{Server, json, quick},
        },
    },
};

#[tokio::test]
async fn holders_are_read_beside_the_roles() {
    let server = Api::new(list(&[ADMIN, MEMBER, CUSTOM])).start().await;
    let (state, statistics) = fetch(&server, &[], ALL).await;
    let state = state.unwrap();
    let expected = [("1001", "cr_admin"), ("1002", "6f1bb6c1"), ("1003", "cr_member"), ("1004", "cr_member")];
    let expected: Vec<_> =
        expected.iter().map(|(id, role)| ((*id).to_owned(), Some((*role).to_owned()))).collect();
    assert_eq!(held(&state), expected);
    assert_eq!((statistics.requests, statistics.depth), (4, 1));
    assert!(state.incomplete.is_empty() && state.read == ALL);
    assert_eq!(state.caller.as_ref().map(Untrusted::raw), Some("1001"));
    assert_eq!(state.names.get(&("user", "1002".into())).unwrap().raw(), "name 1002");
    // A name is never a way to somebody: it could be somebody else's id.
    let ways: Vec<&Spelling> = state.directory.iter().map(|(_, spelling, _)| spelling).collect();
    let ids = ["1001", "1002", "1003", "1004"].map(|id| Spelling::Id(id.into()));
    assert_eq!(ways, ids.iter().collect::<Vec<_>>());
}

#[tokio::test]
async fn the_caller_is_known_only_as_one_of_the_users() {
    for me in [r#"{"user":{"user_id":"4711"}}"#, r#"{"user":{"id":"1001"}}"#, r#"{"id":"1001"}"#, "{}"] {
        let mut api = Api::new(list(&[ADMIN, MEMBER, CUSTOM]));
        api.me = (200, me.to_owned());
        assert_eq!(api.read(ALL).await.unwrap().caller, None, "{me}");
    }
}

#[tokio::test]
async fn a_role_is_found_by_its_unique_name_if_the_counts_agree() {
    let named = users(&[("1", r#""Release Auditor""#), ("2", r#""cr_admin""#)]);
    let mut api = Api::new(list(&[ADMIN, MEMBER, CUSTOM]));
    api.users = named.clone();
    let state = api.read(ALL).await.unwrap();
    assert_eq!(held(&state)[0].1.as_deref(), Some("6f1bb6c1"));
    assert!(!state.incomplete.contains_key(&Kind::Assignment));

    let twin = CUSTOM.replace("6f1bb6c1", "7").replace(r#""user_count":1"#, r#""user_count":0"#);
    let other_count = CUSTOM.replace(r#""user_count":1"#, r#""user_count":0"#);
    for roles in [list(&[ADMIN, MEMBER, CUSTOM, &twin]), list(&[ADMIN, MEMBER, &other_count])] {
        let mut api = Api::new(roles);
        api.users = named.clone();
        let state = api.read(ALL).await.unwrap();
        assert_eq!(held(&state)[0].1, None);
        assert!(state.incomplete.contains_key(&Kind::Assignment));
    }
}

#[tokio::test]
async fn an_api_that_hides_custom_roles_leads_to_no_wrong_plan() {
    // User 2 holds the custom role and is listed as a member: then no member can be believed.
    let member_of_two = users(&[
        ("1", r#""cr_admin""#),
        ("2", r#""cr_member""#),
        ("3", r#""cr_member""#),
        ("4", r#""cr_member""#),
    ]);
    let mut api = Api::new(list(&[ADMIN, MEMBER, CUSTOM]));
    api.users = member_of_two;
    let state = api.read(ALL).await.unwrap();
    let roles: Vec<Option<String>> = held(&state).into_iter().map(|(_, role)| role).collect();
    // The one administrator is as many as the role reports; the three members are not.
    assert_eq!(roles, [Some("cr_admin".to_owned()), None, None, None]);
    let why = state.incomplete.get(&Kind::Assignment).unwrap();
    assert!(why.raw().contains("reports 1 users and the list of users shows 0"), "{why:?}");

    // A word that is no role, no text, or nothing.
    for word in [r#""custom""#, "null", "{}", r#""""#] {
        let mut api = Api::new(list(&[ADMIN, MEMBER, CUSTOM]));
        api.users = users(&[("1", r#""cr_admin""#), ("2", word)]);
        let state = api.read(ALL).await.unwrap();
        assert_eq!(held(&state)[1].1, None, "{word}");
        assert!(state.incomplete.contains_key(&Kind::Assignment));
    }
}

#[tokio::test]
async fn a_role_that_is_no_text_is_an_unexpected_answer() {
    for word in ["7", "true"] {
        let mut api = Api::new(list(&[ADMIN, MEMBER, CUSTOM]));
        api.users = users(&[("1", r#""cr_admin""#), ("2", word)]);
        let error = api.read(ALL).await.unwrap_err();
        assert_eq!(error.kind, ReadErrorKind::Malformed, "{word}");
        assert_eq!(error.request.unwrap().0, "GET /v1/users");
        assert!(error.message.raw().contains("users[1].role is not text"), "{:?}", error.message);
    }
}

#[tokio::test]
async fn a_role_made_between_the_two_answers_is_named_as_that() {
    let mut api = Api::new(list(&[ADMIN, MEMBER]));
    api.users = users(&[("1", r#""cr_admin""#), ("2", r#""9a8b7c6d-0000-4000""#)]);
    let state = api.read(ALL).await.unwrap();
    let why = state.incomplete.get(&Kind::Assignment).unwrap();
    assert_eq!(why.raw(), "2 holds a role that was not in the list of roles; plan again");
    assert!(state.barred.is_none());
}

#[tokio::test]
async fn an_agentic_key_is_told_wherever_its_kind_stands() {
    for (me, agentic) in [
        (r#"{"scope":{"id":"o"},"type":"agentic"}"#, true),
        (r#"{"scope":{"id":"o"},"key":{"type":"agentic"}}"#, true),
        (r#"{"scope":{"id":"o","type":"agentic"},"key":{"type":"user"},"type":7}"#, false),
    ] {
        let mut api = Api::new(list(&[ADMIN, MEMBER, CUSTOM]));
        api.me = (200, me.to_owned());
        assert_eq!(api.read(ALL).await.unwrap().barred.is_some(), agentic, "{me}");
    }
}

#[tokio::test]
async fn more_holders_by_id_than_a_role_reports_are_believed() {
    let mut api = Api::new(list(&[ADMIN, MEMBER, CUSTOM]));
    api.users = users(&[("1", r#""6f1bb6c1""#), ("2", r#""6f1bb6c1""#)]);
    let state = api.read(ALL).await.unwrap();
    assert!(held(&state).iter().all(|(_, role)| role.as_deref() == Some("6f1bb6c1")));
    assert!(state.incomplete.is_empty());
}

#[tokio::test]
async fn a_billing_admin_is_locked() {
    let billing = ADMIN.replace("cr_admin", "0b1c").replace("Admin", "Billing Admin");
    let mut api = Api::new(list(&[ADMIN, MEMBER, &billing]));
    api.users = users(&[("1", r#""cr_admin""#), ("2", r#""0b1c""#)]);
    let state = api.read(ALL).await.unwrap();
    let locked: Vec<bool> = state.of(Kind::Assignment).map(|object| object.locked.is_some()).collect();
    assert_eq!(locked, [false, true]);
}

#[tokio::test]
async fn the_view_of_a_workspace_asks_for_the_organization() {
    for body in [
        r#"{"people":[]}"#,
        r#"{"users":[{"user_id":"1","organizations":[{"org_id":"5","role":"cr_admin"}]}]}"#,
        r#"{"users":[{"email":"a@b.test","role":"cr_admin"}]}"#,
    ] {
        let mut api = Api::new(list(&[ADMIN, MEMBER]));
        api.users = body.to_owned();
        let error = api.read(ALL).await.unwrap_err();
        assert_eq!(error.kind, ReadErrorKind::Rejected, "{body}");
        assert!(error.help.unwrap().contains("settings.org_id"));
    }
}

#[tokio::test]
async fn pages_follow_their_cursors() {
    let server = Server::start(|seen, _| {
        let page = |id: &str, role: &str, next: &str| {
            json(200, format!(r#"{{"users":[{{"user_id":"{id}","role":"{role}"}},{{"user_id":"twice","role":"{role}"}}],"next_cursor":{next}}}"#))
        };
        if seen.line.starts_with("GET /v1/users") {
            match seen.line.split("cursor=").nth(1) {
                None => page("1", "cr_admin", r#""a&b=c""#),
                Some("a%26b%3Dc") => page("2", "cr_member", r#""last""#),
                Some("last") => page("3", "cr_member", r#""""#),
                Some(other) => json(400, other.to_owned()),
            }
        } else if seen.line.starts_with("GET /v1/roles?") {
            json(200, list(&[ADMIN, MEMBER]))
        } else {
            json(200, ME)
        }
    })
    .await;
    let (state, statistics) = fetch(&server, &[], ALL).await;
    let state = state.unwrap();
    assert_eq!((statistics.requests, statistics.depth), (6, 3));
    let twice: Vec<_> = held(&state).into_iter().filter(|(id, _)| id == "twice").collect();
    assert_eq!(twice, [("twice".to_owned(), None)], "two pages disagree about the same user");
    assert_eq!(state.of(Kind::Assignment).count(), 4);
}

#[tokio::test]
async fn p12_a_repeated_cursor_is_an_error() {
    let mut api = Api::new(list(&[ADMIN, MEMBER]));
    api.users = r#"{"users":[],"next_cursor":"again"}"#.to_owned();
    let error = api.read(ALL).await.unwrap_err();
    assert_eq!(error.kind, ReadErrorKind::Malformed);
    assert!(error.message.raw().contains("a cursor that it gave before"), "{:?}", error.message);
}

#[tokio::test]
async fn p12_users_are_read_within_the_quota() {
    let server = Server::start(|seen, before| match seen.line.starts_with("GET /v1/users") {
        true => json(200, format!(r#"{{"users":[],"next_cursor":"{before}"}}"#)),
        false if seen.line.starts_with("GET /v1/roles?") => json(200, list(&[ADMIN, MEMBER])),
        false => json(200, ME),
    })
    .await;
    let (connection, _) = server.connect_with(&[], Limits { deadline: Duration::from_secs(30), ..quick() });
    let error = read(&connection, ALL).await.unwrap_err();
    assert_eq!(error.kind, ReadErrorKind::RateLimited);
    assert_eq!(server.lines().iter().filter(|line| line.starts_with("GET /v1/users")).count(), 10);
    assert!(connection.expected_wait(&super::USERS_QUOTA, 1) > Duration::from_secs(50));
}

#[tokio::test]
async fn p12_a_user_without_a_usable_id_is_refused() {
    let long = "9".repeat(256);
    for id in ["", "a\\nb", &long] {
        let mut api = Api::new(list(&[ADMIN, MEMBER]));
        api.users = users(&[(id, r#""cr_member""#)]);
        let error = api.read(ALL).await.unwrap_err();
        assert!(error.message.raw().contains("users[0].user_id"), "{:?}", error.message);
    }
}
