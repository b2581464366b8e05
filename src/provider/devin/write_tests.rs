//! What writing sends, and what it makes of refusals whose status is not documented.

use std::collections::BTreeMap;

use super::{
    Devin, place,
    spec::{IDP_GROUP, SERVICE_USER, USER},
    test_api::*,
};
use crate::{
    model::{RoleId, Scope, Untrusted},
    plan::operation::{Made, Verb},
    provider::{
        Effect, Outcome, Provider as _, WriteError,
        http::testing::{Server, json},
    },
};

fn assign(class: &'static str, scope: Scope, principal: &str, role: &str, held: Option<&str>) -> Verb {
    let principal = Untrusted::from(principal);
    let held: BTreeMap<Untrusted, RoleId> =
        held.map(|role| (principal.clone(), RoleId::Live(role.into()))).into_iter().collect();
    Verb::Assign {
        role: RoleId::Live(role.into()),
        scope,
        class,
        principals: vec![principal],
        held,
        base: None,
    }
}

fn unassign(class: &'static str, scope: Scope, principal: &str) -> Verb {
    let role = RoleId::Live("org_member".into());
    Verb::Unassign { role, scope, class, principals: vec![principal.into()] }
}

/// Runs the verbs one after the other with one writer; the requests with their bodies.
async fn run(api: Api, verbs: &[Verb]) -> (Vec<String>, Vec<Result<Outcome, WriteError>>) {
    let server = api.start().await;
    sent(&server, verbs).await
}

async fn sent(server: &Server, verbs: &[Verb]) -> (Vec<String>, Vec<Result<Outcome, WriteError>>) {
    let (connection, _) = server.connect(&[]);
    let (writer, made) = (Devin.writer(connection), Made::new());
    let mut outcomes = Vec::new();
    for verb in verbs {
        outcomes.push(writer.execute(verb, &made).await);
    }
    let lines =
        server.seen().into_iter().map(|seen| format!("{} {}", seen.line, seen.body).trim().to_owned());
    (lines.collect(), outcomes)
}

const DONE: Result<Outcome, WriteError> = Ok(Outcome::Done { id: None });

#[tokio::test]
async fn a_first_role_is_posted_another_one_patched_and_one_that_goes_deleted() {
    let org = || place::organization("org-1");
    let verbs = [
        assign(USER, org(), "okta|acme|mira", "org_member", None),
        assign(USER, org(), "user-ada", "org_member", Some("org_admin")),
        // The role in the enterprise came with the invitation, so that there is no first one.
        assign(USER, place::enterprise(), "user-ada", "account_admin", None),
        assign(SERVICE_USER, place::enterprise(), "su-1", "role-1", None),
        unassign(USER, org(), "user-ada"),
        unassign(IDP_GROUP, place::enterprise(), "a/b c"),
    ];
    let lines = [
        "POST /v3/enterprise/organizations/org-1/members/users/okta%7Cacme%7Cmira",
        "PATCH /v3/enterprise/organizations/org-1/members/users/user-ada",
        "PATCH /v3/enterprise/members/users/user-ada",
        "POST /v3/enterprise/members/service-users/su-1",
        "DELETE /v3/enterprise/organizations/org-1/members/users/user-ada",
        "DELETE /v3/enterprise/members/idp-groups/a%2Fb%20c",
    ];
    let api = lines.iter().fold(Api::new(), |api, line| api.on(line, "{}"));
    let (seen, outcomes) = run(api, &verbs).await;
    assert!(outcomes.iter().all(|outcome| *outcome == DONE), "{outcomes:#?}");
    let bodies = ["org_member", "org_member", "account_admin", "role-1"]
        .map(|role| format!(r#" {{"role_id":"{role}"}}"#));
    let bodies = bodies.into_iter().chain([String::new(), String::new()]);
    let expected: Vec<String> =
        lines.iter().zip(bodies).map(|(line, body)| format!("{line}{body}")).collect();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn a_group_is_registered_before_its_first_role_and_once_in_a_run() {
    let (one, two) = (place::organization("org-1"), place::organization("org-2"));
    let post = |id: &str| format!("POST /v3/enterprise/organizations/{id}/members/idp-groups/Writers");
    let api = Api::new()
        .on("POST /v3/enterprise/idp-groups", "[]")
        .on(&post("org-1"), "{}")
        .on(&post("org-2"), "{}")
        .on("PATCH /v3/enterprise/members/idp-groups/Old", "{}")
        .on("POST /v3/enterprise/members/idp-groups/Eng%20Team", "{}");
    let verbs = [
        assign(IDP_GROUP, one, "Writers", "org_member", None),
        assign(IDP_GROUP, two, "Writers", "org_member", None),
        assign(IDP_GROUP, place::enterprise(), "Eng Team", "account_member", None),
        assign(IDP_GROUP, place::enterprise(), "Old", "account_member", Some("account_admin")),
    ];
    let (seen, outcomes) = run(api, &verbs).await;
    assert!(outcomes.iter().all(|outcome| *outcome == DONE), "{outcomes:#?}");
    let lines: Vec<&str> = seen.iter().map(|line| line.split(" {").next().unwrap()).collect();
    assert_eq!(
        lines,
        [
            "GET /v3/enterprise/idp-groups?first=200",
            "POST /v3/enterprise/idp-groups",
            &post("org-1"),
            &post("org-2"),
            "POST /v3/enterprise/members/idp-groups/Eng%20Team",
            "PATCH /v3/enterprise/members/idp-groups/Old",
        ]
    );
    assert_eq!(seen[1], r#"POST /v3/enterprise/idp-groups {"idp_group_names":["Writers"]}"#);
}

#[tokio::test]
async fn a_first_role_that_is_there_already_is_looked_at_whatever_the_status() {
    let org = place::organization("org-1");
    for (class, id, post, read, body) in [
        (
            USER,
            "user-ada",
            "POST /v3/enterprise/organizations/org-1/members/users/user-ada",
            "GET /v3/enterprise/members/users/user-ada",
            user("user-ada", None, &[holds(ADMIN, None), holds(MEMBER, Some("org-1"))]),
        ),
        (
            SERVICE_USER,
            "su-1",
            "POST /v3/enterprise/organizations/org-1/members/service-users/su-1",
            "GET /v3/enterprise/organizations/org-1/members/service-users?first=200",
            page(&[service_user("su-1", "ci", false, &[holds(MEMBER, Some("org-1"))])]),
        ),
        (
            IDP_GROUP,
            "Eng Team",
            "POST /v3/enterprise/organizations/org-1/members/idp-groups/Eng%20Team",
            "GET /v3/enterprise/organizations/org-1/members/idp-groups/Eng%20Team",
            group("Eng Team", &[holds(MEMBER, Some("org-1"))]),
        ),
    ] {
        for status in [400, 409] {
            let api = Api::new().says(post, status, r#"{"detail":"there is one"}"#).on(read, body.clone());
            let give = |role| assign(class, org.clone(), id, role, None);
            let (_, same) = run(api.clone(), &[give("org_member")]).await;
            assert_eq!(same, [DONE], "{class} {status}");
            let (_, other) = run(api, &[give("org_admin")]).await;
            let error = other[0].clone().unwrap_err();
            assert_eq!((error.effect, error.status), (Effect::Refused, Some(status)), "{class}");
            assert!(error.message.raw().contains("there is one"), "{:?}", error.message);
        }
    }
}

#[tokio::test]
async fn what_is_gone_needs_no_taking_and_other_refusals_say_what_to_do() {
    let (seen, gone) = run(Api::new(), &[unassign(SERVICE_USER, place::enterprise(), "su-1")]).await;
    assert_eq!((seen.len(), gone), (1, vec![DONE]));
    let refused = |status: u16, body: &'static str| async move {
        let server = Server::start(move |_, _| json(status, body)).await;
        let verb = assign(USER, place::organization("org-1"), "u", "r", Some("org_member"));
        sent(&server, &[verb]).await.1.remove(0).unwrap_err()
    };
    let above =
        refused(403, r#"{"title":"Forbidden","status":403,"detail":"Missing required permission"}"#).await;
    assert!(above.message.raw().ends_with("403 Forbidden: Missing required permission"), "{above:?}");
    assert!(above.help.unwrap().contains("administrator"));
    let gone = refused(404, r#"{"detail":"no such user"}"#).await;
    assert!(gone.help.unwrap().contains("Plan again"));
    let odd = refused(422, r#"{"detail":[{"loc":["body","role_id"],"msg":"unknown","type":"x"}]}"#).await;
    assert!(odd.message.raw().contains("body.role_id: unknown"), "{odd:?}");
}

#[tokio::test]
async fn nothing_is_sent_for_roles_or_to_what_is_no_path() {
    let dots = assign(USER, place::enterprise(), "..", "org_member", None);
    let nowhere = assign(USER, Scope::Target, "u", "org_member", None);
    let delete = Verb::DeleteRole {
        role: RoleId::Live("role-1".into()),
        class: "role",
        scope: place::enterprise(),
        natural: "X".into(),
    };
    let (seen, outcomes) = run(Api::new(), &[dots, nowhere, delete]).await;
    assert_eq!(seen, [""; 0]);
    for outcome in outcomes {
        let error = outcome.unwrap_err();
        assert!(error.message.raw().starts_with("nothing was sent"), "{error:?}");
    }
}
