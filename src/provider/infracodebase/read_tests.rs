use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    Infracodebase,
    spec::{MEMBER, WORKSPACE},
};
use crate::{
    model::{
        Kind, RoleId, Scope, Untrusted,
        desired::Spelling,
        live::{LiveState, Query},
    },
    plan::operation::{Made, Verb},
    provider::{
        Effect, Noticed, Provider as _, ReadError, ReadErrorKind, Settings,
        http::{
            Connection,
            testing::{Act, KEY, Server, json, settings},
        },
    },
};

const ENTERPRISES: &str = "GET /api/v1/enterprises";
const WORKSPACES: &str = "GET /api/v1/enterprises/ent-acme/workspaces";
const DESCRIPTION: &str = "GET /api/v1/openapi.json";

const ACME: &str = r#"{"data":[{"id":"ent-acme","name":"Acme","role":"Owner","workspaceCount":2}]}"#;
const BOTH: &str = r#"{"data":[{"id":"ent-acme","name":"Acme"},{"id":"ent-globex"}]}"#;

/// A server with a body for each request line; what is not among them is a 404 with text.
async fn server(bodies: &[(&str, u16, &str)]) -> Server {
    let bodies: BTreeMap<String, (u16, String)> = bodies
        .iter()
        .map(|(line, status, body)| ((*line).to_owned(), (*status, (*body).to_owned())))
        .collect();
    Server::start(move |seen, _| match bodies.get(&seen.line) {
        Some((status, body)) => json(*status, body.clone()),
        None => Act::Answer(404, String::new(), b"Not found".to_vec()),
    })
    .await
}

async fn read(server: &Server, named: &[(&str, &str)], query: Query) -> (Result<LiveState, ReadError>, u32) {
    let (connection, _) = server.connect(named);
    let state = Infracodebase.reader(Arc::clone(&connection)).fetch(query).await;
    (state, connection.statistics().depth)
}

fn in_workspace() -> Query {
    let people = [Spelling::Email("Mira@acme.test".into())].into();
    Query {
        places: BTreeMap::from([(
            (Kind::Assignment, MEMBER),
            [Scope::within(WORKSPACE, "ws-network")].into(),
        )]),
        people: BTreeMap::from([(MEMBER, people)]),
        ..Query::all()
    }
}

async fn notices(server: &Server) -> Vec<Noticed> {
    let (connection, _): (Arc<Connection>, _) = server.connect(&[]);
    Infracodebase.reader(connection).notice().unwrap().await
}

#[tokio::test]
async fn a_plan_of_roles_takes_one_request() {
    let server = server(&[(ENTERPRISES, 200, ACME)]).await;
    let (state, depth) = read(&server, &[], Query::all()).await;
    let state = state.unwrap();
    assert_eq!((server.lines(), depth), (vec![ENTERPRISES.to_owned()], 1));
    assert_eq!(state.identity.tenant, Some("ent-acme".into()));
    assert_eq!(state.catalogue, None);
    assert!(state.incomplete.is_empty());
    let roles: BTreeSet<(&str, bool)> =
        state.of(Kind::Role).map(|role| (role.key.name.raw(), role.builtin)).collect();
    let known =
        ["Owner", "Admin", "Billing Admin", "Member", "Viewer", "Workspace Admin", "Workspace editor"];
    assert_eq!(roles, known.map(|name| (name, true)).into());
    assert!(server.seen()[0].head.contains(&format!("x-api-key: {KEY}")), "the credential goes along");
}

#[tokio::test]
async fn workspaces_take_another_one_at_the_same_time() {
    let bodies = [
        (ENTERPRISES, 200, BOTH),
        (WORKSPACES, 200, r#"{"data":[{"id":"ws-network","name":"network","novel":[1]},{"id":"ws-2"}]}"#),
    ];
    let server = server(&bodies).await;
    let (state, depth) = read(&server, &[("enterprise", "ent-acme")], in_workspace()).await;
    let state = state.unwrap();
    assert_eq!((server.lines(), depth), (vec![ENTERPRISES.to_owned(), WORKSPACES.to_owned()], 1));
    assert!(state.place(&Scope::within(WORKSPACE, "ws-network")).is_some());
    assert!(state.place(&Scope::within(WORKSPACE, "network")).is_none());
    // An address stands for itself, in whatever case it is written.
    let mira = state.directory.find(MEMBER, &Spelling::Email("Mira@acme.test".into()));
    assert_eq!(mira, Some(&"mira@acme.test".into()));
    assert_eq!(state.names.get(&(MEMBER, "mira@acme.test".into())), Some(&"Mira@acme.test".into()));
}

#[tokio::test]
async fn a_token_of_several_enterprises_needs_the_setting() {
    let server = server(&[(ENTERPRISES, 200, BOTH)]).await;
    let error = read(&server, &[], Query::all()).await.0.unwrap_err();
    assert_eq!(error.message.raw(), "the token reaches 2 enterprises");
    assert_eq!(
        error.help.as_deref(),
        Some("Say which one under `settings`, `enterprise:`. It reaches ent-acme (Acme), ent-globex.")
    );
    let error = read(&server, &[("enterprise", "ent-other")], Query::all()).await.0.unwrap_err();
    assert_eq!(error.message.raw(), "the token does not reach the enterprise `ent-other`");
}

#[tokio::test]
async fn workspaces_tell_whether_the_enterprise_is_reached_where_the_list_is_not_offered() {
    for status in [403, 404, 501] {
        let server = server(&[(ENTERPRISES, status, ""), (WORKSPACES, 200, r#"{"data":[]}"#)]).await;
        let (state, _) = read(&server, &[("enterprise", "ent-acme")], Query::all()).await;
        assert_eq!(state.unwrap().identity.tenant, Some("ent-acme".into()), "{status}");
        assert_eq!(server.lines(), [ENTERPRISES, WORKSPACES], "{status}: nothing is repeated");
        let (error, _) = read(&server, &[], Query::all()).await;
        assert!(error.is_err(), "{status}: without the setting nobody knows which enterprise it is");
    }
}

#[tokio::test]
async fn refusals_say_what_to_do() {
    for (status, kind, word) in [
        (401, ReadErrorKind::Denied, "90 days"),
        (403, ReadErrorKind::Denied, "icb_eat_"),
        (404, ReadErrorKind::Rejected, "settings.enterprise"),
        (501, ReadErrorKind::Unreachable, "does not offer it yet"),
    ] {
        let server = server(&[(ENTERPRISES, status, "no")]).await;
        let error = read(&server, &[], Query::all()).await.0.unwrap_err();
        assert_eq!(error.kind, kind, "{status}");
        assert!(error.help.as_ref().unwrap().contains(word), "{error:?}");
    }
}

#[tokio::test]
async fn what_is_not_documented_so_is_malformed() {
    for body in [
        r#"{"data":{}}"#,
        r#"{"items":[]}"#,
        r#"[{"id":"ent-acme"}]"#,
        r#"{"data":[{"name":"Acme"}]}"#,
        r#"{"data":[{"id":"../me"}]}"#,
        r#"{"data":[{"id":""}]}"#,
        r#"{"data":[{"id":["ent-acme"]}]}"#,
        "<html>",
        "",
    ] {
        let server = server(&[(ENTERPRISES, 200, body)]).await;
        let error = read(&server, &[], Query::all()).await.0.unwrap_err();
        assert_eq!(error.kind, ReadErrorKind::Malformed, "{body}");
    }
}

#[tokio::test]
async fn endpoints_for_roles_are_told_and_never_asked() {
    let with = r#"{"openapi":"3.1.0","paths":{"/enterprises":{"get":{}},"/enterprises/{eid}/roles":{"get":{},"post":{},"summary":"Roles"},"/enterprises/{eid}/roles/{rid}":{"patch":{}}}}"#;
    let without = r#"{"openapi":"3.1.0","paths":{"/enterprises":{"get":{}}}}"#;
    for (body, message, helps) in [
        (
            with,
            "the server's OpenAPI document has endpoints for roles: GET, POST /enterprises/{eid}/roles; PATCH /enterprises/{eid}/roles/{rid}",
            true,
        ),
        (
            without,
            "the server's OpenAPI document has no endpoint for roles: they are made and changed by hand",
            false,
        ),
    ] {
        let server = server(&[(DESCRIPTION, 200, body)]).await;
        let noticed = notices(&server).await;
        assert_eq!(noticed.iter().map(|one| one.message.raw()).collect::<Vec<_>>(), [message]);
        assert_eq!(noticed[0].help.is_some(), helps);
        assert_eq!(server.lines(), [DESCRIPTION, DESCRIPTION]);
        let signed = server.seen().iter().filter(|seen| seen.head.contains(KEY)).count();
        assert_eq!(signed, 1, "once with the token, once without");
    }
}

#[tokio::test]
async fn a_description_that_is_not_there_is_said_so() {
    for (status, body) in
        [(401, "no"), (404, ""), (501, "not_implemented"), (200, "<html>"), (200, r#"{"paths":[]}"#)]
    {
        let server = server(&[(DESCRIPTION, status, body)]).await;
        let noticed = notices(&server).await;
        let message = noticed[0].message.raw().to_owned();
        assert!(message.starts_with("whether there are endpoints for roles cannot be told"), "{message}");
    }
}

#[tokio::test]
async fn a_description_only_for_one_of_both_is_read() {
    let description = r#"{"paths":{"/enterprises/{eid}/roles":{"get":{}}}}"#;
    for signed in [true, false] {
        let server = Server::start(move |seen, _| match seen.head.contains(KEY) == signed {
            true => json(200, description),
            false => json(401, "no"),
        })
        .await;
        let noticed = notices(&server).await;
        assert!(noticed[0].message.raw().contains("GET /enterprises/{eid}/roles"), "{noticed:?}");
    }
}

#[tokio::test]
async fn nothing_is_ever_sent_to_change_anything() {
    let server = server(&[]).await;
    let (connection, _) = server.connect(&[]);
    let writer = Infracodebase.writer(connection);
    let verb = Verb::DeleteRole {
        role: RoleId::Live("x".into()),
        natural: "x".into(),
        class: "role",
        scope: Scope::Target,
    };
    let error = writer.execute(&verb, &Made::default()).await.unwrap_err();
    assert_eq!(error.effect, Effect::NotSent);
    assert!(writer.insist(&verb, &Made::default()).is_none());
    assert_eq!(server.lines(), [""; 0]);
}

#[test]
fn the_address_may_be_that_of_the_app_or_of_its_api() {
    let url = |settings: &Settings| Infracodebase.endpoint(settings).url;
    assert_eq!(url(&Settings::default()), "https://infracodebase.com");
    for written in ["https://icb.acme.test", "https://icb.acme.test/", "https://icb.acme.test/api/v1/"] {
        assert_eq!(url(&settings(&[("url", written)])), "https://icb.acme.test", "{written}");
    }
}

#[test]
fn names_of_built_in_roles_are_the_documented_ones() {
    let spec: &dyn crate::contract::Spec = &Infracodebase;
    let ids: Vec<(&str, Option<&str>)> =
        spec.catalogue().builtin.iter().map(|role| (role.title, role.scope)).collect();
    assert!(ids.contains(&("Billing Admin", Some("enterprise"))));
    assert!(ids.contains(&("Workspace editor", Some("workspace"))));
    assert!(!spec.catalogue().closed);
    let _: Untrusted = spec.title().into();
}
