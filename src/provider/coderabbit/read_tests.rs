//! Reading roles, from servers that answer in every shape that the documentation leaves open.

use std::time::Duration;

use super::test_api::*;
use crate::{
    model::{Kind, RoleId, Untrusted, Value, live::Live, object::field},
    provider::{
        ReadErrorKind,
        http::{
            Limits,
            testing::{Server, json},
        },
    },
};

#[tokio::test]
async fn roles_take_three_requests_of_depth_one() {
    let server = Api::new(list(&[ADMIN, MEMBER, CUSTOM])).start().await;
    let (state, statistics) = fetch(&server, &[], ROLES).await;
    let state = state.unwrap();
    assert_eq!(
        server.lines(),
        [
            "GET /v1/me",
            "GET /v1/roles/permissions",
            "GET /v1/roles?role_type=all&include_permissions=true&include_user_count=true"
        ]
    );
    assert_eq!((statistics.requests, statistics.depth, statistics.retries), (3, 1, 0));

    let custom = role(&state, "6f1bb6c1");
    assert_eq!(custom.key.name.raw(), "Release Auditor");
    assert_eq!((custom.builtin, custom.holders), (false, Some(1)));
    assert_eq!(field_of(custom, field::PERMISSIONS), set(&["a:read", "b:c:write"]));
    assert_eq!(field_of(custom, field::DESCRIPTION), Live::Known(Value::Text(Some("Reads".into()))));
    assert!(role(&state, "cr_admin").builtin);
    assert_eq!(default_of(&state), Live::Known(Value::Role(None)));
    let known: Vec<&str> = state.catalogue.iter().flatten().map(Untrusted::raw).collect();
    assert_eq!(known, ["a:read", "a:write", "b:c:read", "b:c:write"]);
    assert_eq!(state.identity.tenant.unwrap().raw(), "org-77");
    assert_eq!(state.identity.anchor, None);
    assert_eq!(state.identity.host.raw(), server.address.to_string());
    assert!(state.incomplete.is_empty() && state.read == ROLES && state.caller.is_none());
    assert!(state.objects.is_sorted_by(|a, b| a.key <= b.key));
}

#[tokio::test]
async fn every_documented_shape_is_read_alike() {
    let flat = list(&[ADMIN, MEMBER, CUSTOM]);
    let plain = flat.replace(r#""role":"#, r#""id":"#).replace("role_name", "name");
    let expected = format!("{:?}", Api::new(flat.clone()).read(ROLES).await.unwrap().objects);
    for body in [
        flat.replace(r#"{"roles":"#, r#"{"data":"#),
        flat.replace(r#"{"roles":"#, r#"{"roles":null,"data":"#),
        format!("[{ADMIN},{MEMBER},{CUSTOM}]"),
        format!(r#"[{{"role":{ADMIN}}},{{"role":{MEMBER}}},{{"role":{CUSTOM}}}]"#),
        flat.replace(r#""role":"#, r#""role_id":"#),
        flat.replace("6f1bb6c1", "\\u0036f1bb6c1"),
        plain,
    ] {
        let state = Api::new(body.clone()).read(ROLES).await.unwrap();
        assert_eq!(format!("{:?}", state.objects), expected, "{body}");
    }
}

#[tokio::test]
async fn a_wrong_value_is_named_with_its_place() {
    for (body, expected) in [
        (
            list(&[ADMIN, r#"{"name":"x"}"#]),
            "roles[1]: none of the fields `role`, `role_id`, and `id` is there",
        ),
        (list(&[r#"{"id":"x"}"#]), "roles[0]: none of the fields `role_name` and `name` is there"),
        (
            list(&[ADMIN, MEMBER, &CUSTOM.replace(r#""access_type":"write""#, r#""access_type":true"#)]),
            "roles[2].permissions[1].access_type: invalid type: boolean `true`, expected a string",
        ),
        (
            list(&[&ADMIN.replace(r#""user_count":1"#, r#""user_count":-1"#)]),
            "roles[0].user_count: invalid value: integer `-1`",
        ),
        (
            list(&[&ADMIN.replace(r#"{"resource_id":"user_management","#, "{")]),
            "roles[0].permissions[0]: missing field `resource_id`",
        ),
        (r#"{"items":[]}"#.to_owned(), "neither `roles` nor `data` is a list"),
        (r#"{"roles":[],"roles":[]}"#.to_owned(), "the field `roles` is there twice"),
        (r#""roles""#.to_owned(), "expected a list of roles"),
        (list(&[ADMIN, ADMIN]), "roles[1]: the id \"cr_admin\" stands there twice"),
        ("<html><title>Sign in".to_owned(), "HTML page"),
        (list(&[ADMIN])[..60].to_owned(), "ends early"),
    ] {
        let error = Api::new(body.clone()).read(ROLES).await.unwrap_err();
        assert_eq!(error.kind, ReadErrorKind::Malformed, "{body}");
        assert!(error.message.raw().contains(expected), "{body}: {:?}", error.message);
        assert_eq!(error.request.unwrap().0, "GET /v1/roles");
    }
}

#[tokio::test]
async fn p10_an_id_that_would_change_a_path_is_refused_by_name() {
    let long = "x".repeat(129);
    for id in ["..", ".", "", "a/b", "a?b", "a#b", "a b", "%2e%2e", "permissions", "\\u202e", &long] {
        let error =
            Api::new(list(&[ADMIN, MEMBER, &CUSTOM.replace("6f1bb6c1", id)])).read(ROLES).await.unwrap_err();
        assert_eq!(error.kind, ReadErrorKind::Malformed, "{id}");
        assert!(error.message.raw().contains("roles[2]"), "{:?}", error.message);
    }
    let error = Api::new(list(&[&CUSTOM.replace("6f1bb6c1", "..")])).read(ROLES).await.unwrap_err();
    assert!(error.message.raw().contains("\"..\""), "{:?}", error.message);
}

#[tokio::test]
async fn what_the_list_does_not_tell_is_unreadable() {
    let without_access = CUSTOM.replace(r#""resource_id":"a","access_type":"read""#, r#""resource_id":"a""#);
    let state = Api::new(list(&[ADMIN, MEMBER, &without_access])).read(ROLES).await.unwrap();
    assert_eq!(field_of(role(&state, "6f1bb6c1"), field::PERMISSIONS), Live::Unreadable);
    let null_access = CUSTOM.replace(r#""access_type":"read""#, r#""access_type":null"#);
    let state = Api::new(list(&[ADMIN, MEMBER, &null_access])).read(ROLES).await.unwrap();
    assert_eq!(field_of(role(&state, "6f1bb6c1"), field::PERMISSIONS), Live::Unreadable);

    // No role of the list has the fields at all.
    let bare = list(&[ADMIN, MEMBER, CUSTOM]).replace(r#""is_default":false,"#, "");
    let bare = bare.replace("\"description\"", "\"about\"");
    let state = Api::new(bare).read(ROLES).await.unwrap();
    assert_eq!(default_of(&state), Live::Unreadable);
    assert_eq!(field_of(role(&state, "6f1bb6c1"), field::DESCRIPTION), Live::Unreadable);
    // Some have it: where it is left out there is none.
    let one = list(&[ADMIN, MEMBER, &CUSTOM.replace(r#""description":"Reads","#, "")]);
    let state = Api::new(one).read(ROLES).await.unwrap();
    assert_eq!(field_of(role(&state, "6f1bb6c1"), field::DESCRIPTION), Live::Known(Value::Text(None)));
}

#[tokio::test]
async fn permissions_that_the_list_lacks_are_read_one_by_one() {
    let lacking = CUSTOM.replace("\"permissions\"", "\"grants\"");
    let mut api = Api::new(list(&[ADMIN, MEMBER, &lacking]));
    api.single.insert("/v1/roles/6f1bb6c1".to_owned(), format!(r#"{{"role":{CUSTOM}}}"#));
    let server = api.start().await;
    let (state, statistics) = fetch(&server, &[("org_id", "88321")], ROLES).await;
    assert_eq!(
        field_of(role(&state.unwrap(), "6f1bb6c1"), field::PERMISSIONS),
        set(&["a:read", "b:c:write"])
    );
    assert_eq!((statistics.requests, statistics.depth), (4, 2));
    assert!(
        server.lines().contains(&"GET /v1/roles/6f1bb6c1?include_permissions=true&org_id=88321".to_owned())
    );

    // An answer about another role is not taken for this one.
    let mut api = Api::new(list(&[ADMIN, MEMBER, &lacking]));
    api.single.insert("/v1/roles/6f1bb6c1".to_owned(), CUSTOM.replace("6f1bb6c1", "7"));
    assert_eq!(api.read(ROLES).await.unwrap_err().kind, ReadErrorKind::Malformed);

    // Too many for that.
    let many: Vec<String> =
        (0..21).map(|number| lacking.replace("6f1bb6c1", &format!("r{number}"))).collect();
    let mut all = vec![ADMIN, MEMBER];
    all.extend(many.iter().map(String::as_str));
    let server = Api::new(list(&all)).start().await;
    let (state, statistics) = fetch(&server, &[], ROLES).await;
    assert_eq!(field_of(role(&state.unwrap(), "r0"), field::PERMISSIONS), Live::Unreadable);
    assert_eq!(statistics.requests, 3);
}

#[tokio::test]
async fn the_default_is_one_custom_role_or_none() {
    let default = |role: &str| role.replace(r#""is_default":false"#, r#""is_default":true"#);
    for (roles, expected) in [
        (
            list(&[ADMIN, MEMBER, &default(CUSTOM)]),
            Live::Known(Value::Role(Some(RoleId::Live("6f1bb6c1".into())))),
        ),
        (list(&[ADMIN, &default(MEMBER), CUSTOM]), Live::Known(Value::Role(None))),
        (
            list(&[&default(ADMIN), MEMBER, CUSTOM]),
            Live::Known(Value::Role(Some(RoleId::Live("cr_admin".into())))),
        ),
        (list(&[ADMIN, &default(MEMBER), &default(CUSTOM)]), Live::Unreadable),
        (
            list(&[ADMIN, MEMBER, &default(CUSTOM), &default(&CUSTOM.replace("6f1bb6c1", "7"))]),
            Live::Unreadable,
        ),
    ] {
        assert_eq!(default_of(&Api::new(roles.clone()).read(ROLES).await.unwrap()), expected, "{roles}");
    }
}

#[tokio::test]
async fn p6_a_list_that_may_not_be_whole_is_incomplete() {
    let whole = list(&[ADMIN, MEMBER, CUSTOM]);
    for (body, why) in [
        (r#"{"roles":[]}"#.to_owned(), "empty"),
        (list(&[CUSTOM]), "lacks the system roles cr_admin and cr_member"),
        (list(&[ADMIN, CUSTOM]), "cr_member"),
        (whole.replace(r#""novel":null}"#, r#""next_cursor":"x"}"#), "next_cursor"),
        (whole.replace(r#""novel":null}"#, r#""has_more":true}"#), "has_more"),
        (whole.replace(r#""novel":null}"#, r#""total":4}"#), "holds 3 roles and says that there are 4"),
        (whole.replace(r#""novel":null}"#, r#""pagination":{"has_next_page":true}}"#), "has_next_page"),
    ] {
        let state = Api::new(body.clone()).read(ROLES).await.unwrap();
        let said = state.incomplete.get(&Kind::Role).unwrap();
        assert!(said.raw().contains(why), "{body}: {said:?}");
    }
    for extra in [
        r#""next_cursor":null}"#,
        r#""next_cursor":""}"#,
        r#""has_more":false}"#,
        r#""total":3}"#,
        r#""pagination":null}"#,
    ] {
        let body = whole.replace(r#""novel":null}"#, extra);
        assert!(Api::new(body).read(ROLES).await.unwrap().incomplete.is_empty(), "{extra}");
    }
}

#[tokio::test]
async fn a_role_of_an_unknown_type_is_left_alone() {
    let typed = |kind: &str| CUSTOM.replace(r#""role_type":"custom","#, kind);
    for (body, builtin) in [
        (typed(r#""role_type":"preset","#), true),
        (typed(""), false),
        (typed(r#""role_type":null,"#), false),
    ] {
        let state = Api::new(list(&[ADMIN, MEMBER, &body])).read(ROLES).await.unwrap();
        assert_eq!(role(&state, "6f1bb6c1").builtin, builtin, "{body}");
    }
    let untyped = list(&[ADMIN, MEMBER]).replace(r#""role_type":"system","#, "");
    assert!(Api::new(untyped).read(ROLES).await.unwrap().of(Kind::Role).all(|object| object.builtin));
}

#[tokio::test]
async fn the_organization_goes_into_reads_and_into_the_identity() {
    let server = Api::new(list(&[ADMIN, MEMBER])).start().await;
    let (state, _) = fetch(&server, &[("org_id", "88321")], ALL).await;
    assert_eq!(state.unwrap().identity.tenant.unwrap().raw(), "org-77/88321");
    assert_eq!(
        server.lines(),
        [
            "GET /v1/me",
            "GET /v1/roles/permissions",
            "GET /v1/roles?role_type=all&include_permissions=true&include_user_count=true&org_id=88321",
            "GET /v1/users?limit=100&org_id=88321",
        ]
    );
}

#[tokio::test]
async fn an_api_that_does_not_tell_the_tenant_is_still_read() {
    for (status, body) in
        [(404, "{}"), (403, "{}"), (500, "{}"), (200, "{}"), (200, r#"{"scope":"x"}"#), (200, "[]")]
    {
        let mut api = Api::new(list(&[ADMIN, MEMBER]));
        api.me = (status, body.to_owned());
        let server = api.start().await;
        let (state, _) = fetch(&server, &[("org_id", "88321")], ROLES).await;
        let identity = state.unwrap().identity;
        assert_eq!((identity.tenant, identity.anchor.unwrap().raw()), (None, "88321"), "{status} {body}");
    }
    // Something of the system roles that is this tenant's own.
    let billing = ADMIN.replace("cr_admin", "0b1c").replace("Admin", "Billing Admin");
    let made = ADMIN.replace(r#""user_count""#, r#""created_at":"2026-01-02T03:04:05Z","user_count""#);
    for (roles, anchor) in [
        (list(&[ADMIN, MEMBER, &billing]), "0b1c"),
        (list(&[&made, MEMBER]), "cr_admin@2026-01-02T03:04:05Z"),
    ] {
        let mut api = Api::new(roles);
        api.me = (404, "{}".to_owned());
        assert_eq!(api.read(ROLES).await.unwrap().identity.anchor.unwrap().raw(), anchor);
    }
}

#[tokio::test]
async fn an_unaccepted_credential_is_an_error_that_names_its_variable() {
    let server =
        Server::start(|_, _| json(401, r#"{"error":{"code":"unauthenticated","message":"no"}}"#)).await;
    let error = fetch(&server, &[], ALL).await.0.unwrap_err();
    assert_eq!(error.kind, ReadErrorKind::Denied);
    assert!(error.help.unwrap().contains("ROLES_KEY"));
}

#[tokio::test]
async fn refusals_say_which_right_or_setting_is_missing() {
    for (status, settings, expected) in [
        (403, &[][..], "Enterprise"),
        (410, &[], "legacy"),
        (400, &[], "settings.org_id"),
        (404, &[("org_id", "5")], "active organization"),
        (404, &[], "settings.url"),
    ] {
        let server = Server::start(move |seen, _| match seen.line.starts_with("GET /v1/roles?") {
            true => json(status, r#"{"error":{"message":"no"}}"#),
            false => json(200, "{}"),
        })
        .await;
        let error = fetch(&server, settings, ROLES).await.0.unwrap_err();
        assert!(error.help.unwrap().contains(expected), "{status}");
    }
}

#[tokio::test]
async fn a_catalogue_that_cannot_be_read_is_unknown() {
    for (status, body) in
        [(404, "{}"), (500, "{}"), (200, "{}"), (200, r#"{"resources":["x"]}"#), (200, "<html>")]
    {
        let mut api = Api::new(list(&[ADMIN, MEMBER]));
        api.options = (status, body.to_owned());
        assert_eq!(api.read(ROLES).await.unwrap().catalogue, None, "{status} {body}");
    }
}

#[tokio::test]
async fn a_catalogue_of_something_else_than_text_is_an_unexpected_answer() {
    for (body, place) in [
        (r#"{"resource_ids":"x","access_types":[]}"#, "resource_ids: "),
        (r#"{"resource_ids":["x", 7],"access_types":["read"]}"#, "resource_ids[1]: "),
        (r#"{"resource_ids":["x"],"access_types":[true]}"#, "access_types[0]: "),
    ] {
        let mut api = Api::new(list(&[ADMIN, MEMBER]));
        api.options = (200, body.to_owned());
        let error = api.read(ROLES).await.unwrap_err();
        assert_eq!(error.kind, ReadErrorKind::Malformed, "{body}");
        assert_eq!(error.request.unwrap().0, "GET /v1/roles/permissions");
        assert!(error.message.raw().contains(place), "{:?}", error.message);
    }
}

#[tokio::test]
async fn ten_thousand_roles_are_read_quickly() {
    let entries: Vec<String> =
        (0..20).map(|n| format!(r#"{{"resource_id":"some_resource_{n}","access_type":"read"}}"#)).collect();
    let entries = entries.join(",");
    let mut roles = vec![ADMIN.to_owned(), MEMBER.to_owned()];
    roles.extend((0..10_000).map(|n| {
        CUSTOM
            .replace("6f1bb6c1", &format!("6f1bb6c1-0000-4000-8000-{n:012}"))
            .replace("Release Auditor", &format!("Role {n}"))
            .replace(r#"{"resource_id":"a","access_type":"read"}"#, &entries)
    }));
    let body = format!(r#"{{"roles":[{}]}}"#, roles.join(","));
    assert!(body.len() > 10 << 20);
    let server = Api::new(body).start().await;
    let (connection, _) = server.connect_with(&[], Limits::default());
    let start = std::time::Instant::now();
    let state = read(&connection, ROLES).await.unwrap();
    let took = start.elapsed();
    assert_eq!(state.of(Kind::Role).count(), 10_002);
    // Generous: what it guards against is a quadratic step.
    assert!(took < Duration::from_secs(10), "{took:?}");
    // One spelling of a permission is one text in memory.
    let first = |id: &str| match field_of(role(&state, id), field::PERMISSIONS) {
        Live::Known(Value::Set(members)) => members.first().unwrap().raw().as_ptr(),
        other => panic!("{other:?}"),
    };
    assert_eq!(first("6f1bb6c1-0000-4000-8000-000000000001"), first("6f1bb6c1-0000-4000-8000-000000009999"));
}
