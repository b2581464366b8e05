//! Writing: what is sent, and what is made of the answers.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json as value};

use super::CodeRabbit;
use crate::{
    model::{Address, RoleId, Scope, Untrusted},
    plan::operation::{Made, RoleBody, RolePatch, Verb},
    provider::{
        Effect, Outcome, Provider as _, WriteError,
        http::testing::{Act, Server, json},
    },
};

fn set(members: &[&str]) -> BTreeSet<Untrusted> {
    members.iter().map(|&member| member.into()).collect()
}

fn body() -> RoleBody {
    RoleBody {
        name: "Auditor".into(),
        description: Some("Reads".into()),
        permissions: set(&["a:read", "b:c:write"]),
        fields: BTreeMap::new(),
    }
}

fn live(id: &str) -> RoleId {
    RoleId::Live(id.into())
}

fn address() -> Address {
    Address::role("t", "auditor", &Scope::Target)
}

fn create() -> Verb {
    Verb::CreateRole { address: address(), class: "role", scope: Scope::Target, body: body() }
}

fn update(send: RolePatch) -> Verb {
    Verb::UpdateRole { role: live("r1"), class: "role", scope: Scope::Target, send, full: body() }
}

fn delete() -> Verb {
    Verb::DeleteRole { role: live("r1"), class: "role", scope: Scope::Target, natural: "Auditor".into() }
}

fn assign(ids: &[&str]) -> Verb {
    let principals = ids.iter().map(|&id| id.into()).collect();
    let held = BTreeMap::new();
    Verb::Assign { role: live("r1"), base: None, scope: Scope::Target, class: "user", principals, held }
}

struct Sent {
    result: Result<Outcome, WriteError>,
    line: String,
    body: Json,
    count: usize,
}

/// Executes, or insists on, a verb against a server with one answer.
async fn run(
    verb: &Verb,
    settings: &[(&str, &str)],
    insist: bool,
    answer: impl Fn() -> Act + Send + Sync + 'static,
) -> Sent {
    let server = Server::start(move |_, _| answer()).await;
    let (connection, _) = server.connect(settings);
    let writer = CodeRabbit.writer(connection);
    let made = Made::from([(address(), "new-id".into())]);
    let result =
        if insist { writer.insist(verb, &made).unwrap().await } else { writer.execute(verb, &made).await };
    let seen = server.seen();
    let first = seen.first();
    Sent {
        result,
        line: first.map(|seen| seen.line.clone()).unwrap_or_default(),
        body: first.and_then(|seen| serde_json::from_str(&seen.body).ok()).unwrap_or_default(),
        count: seen.len(),
    }
}

const DONE: Result<Outcome, WriteError> = Ok(Outcome::Done { id: None });

#[tokio::test]
async fn a_role_is_made_with_its_full_set() {
    let sent = run(&create(), &[("org_id", "88321")], false, || {
        json(201, r#"{"role":{"role":"r9","role_name":"Auditor"}}"#)
    })
    .await;
    assert_eq!(sent.result, Ok(Outcome::Done { id: Some("r9".into()) }));
    assert_eq!(sent.line, "POST /v1/roles");
    let permissions =
        value!([{"resource_id": "a", "access_type": "read"}, {"resource_id": "b:c", "access_type": "write"}]);
    assert_eq!(
        sent.body,
        value!({"name": "Auditor", "description": "Reads", "permissions": permissions, "org_id": "88321"})
    );

    let bare = RoleBody { description: None, permissions: BTreeSet::new(), ..body() };
    let verb = Verb::CreateRole { address: address(), class: "role", scope: Scope::Target, body: bare };
    let sent = run(&verb, &[], false, || json(201, "{}")).await;
    assert_eq!(sent.body, value!({"name": "Auditor", "permissions": []}));
}

#[tokio::test]
async fn the_id_of_a_new_role_is_found_in_every_shape() {
    for answer in [
        r#"{"role":{"role":"r9"}}"#,
        r#"{"role":{"id":"r9","name":"x"}}"#,
        r#"{"role":"r9"}"#,
        r#"{"role_id":"r9"}"#,
        r#"{"id":"r9","permissions":[]}"#,
        r#"{"data":{"id":"r9"}}"#,
    ] {
        let sent = run(&create(), &[], false, move || json(201, answer)).await;
        assert_eq!(sent.result, Ok(Outcome::Done { id: Some("r9".into()) }), "{answer}");
    }
    for answer in ["", "{}", r#"{"role":null}"#, r#"{"status":"ok"}"#] {
        assert_eq!(run(&create(), &[], false, move || json(201, answer)).await.result, DONE, "{answer}");
    }
}

#[tokio::test]
async fn p10_an_id_that_would_change_a_path_is_never_used() {
    let error = run(&create(), &[], false, || json(201, r#"{"id":"../x"}"#)).await.result.unwrap_err();
    assert_eq!((error.effect, error.status), (Effect::Unknown, Some(201)));
    assert!(error.message.raw().contains("../x"), "{:?}", error.message);
    for id in ["..", "a/b", "permissions", ""] {
        for verb in [
            Verb::DeleteRole { role: live(id), class: "role", scope: Scope::Target, natural: "X".into() },
            Verb::SetDefault { role: Some(live(id)), clears: None },
        ] {
            let sent = run(&verb, &[], false, || json(200, "{}")).await;
            assert_eq!((sent.result.unwrap_err().effect, sent.count), (Effect::NotSent, 0), "{id}");
        }
    }
}

#[tokio::test]
async fn an_accepted_answer_that_is_no_json_leaves_the_outcome_unknown() {
    for verb in
        [create(), update(RolePatch { name: Some("x".into()), ..RolePatch::default() }), assign(&["1"])]
    {
        for answer in ["<html><title>Sign in</title>", "{\"cut"] {
            let error = run(&verb, &[], false, move || json(200, answer)).await.result.unwrap_err();
            assert_eq!((error.effect, error.status), (Effect::Unknown, Some(200)), "{verb:?}");
        }
    }
}

#[tokio::test]
async fn a_change_sends_only_what_changes_and_sets_as_a_whole() {
    for (send, expected) in [
        (RolePatch { name: Some("New".into()), ..RolePatch::default() }, value!({"name": "New"})),
        (RolePatch { description: Some(None), ..RolePatch::default() }, value!({"description": null})),
        (
            RolePatch {
                permissions: Some(set(&["a:read"])),
                description: Some(Some("d".into())),
                ..RolePatch::default()
            },
            value!({"description": "d", "permissions": [{"resource_id": "a", "access_type": "read"}]}),
        ),
    ] {
        let sent = run(&update(send), &[], false, || json(200, "{}")).await;
        assert_eq!((sent.result, sent.line.as_str(), sent.body), (DONE, "PATCH /v1/roles/r1", expected));
    }
}

#[tokio::test]
async fn a_permission_that_cannot_be_sent_is_named() {
    let send = RolePatch { permissions: Some(set(&["nocolon"])), ..RolePatch::default() };
    let sent = run(&update(send), &[], false, || json(200, "{}")).await;
    let error = sent.result.unwrap_err();
    assert_eq!((error.effect, sent.count), (Effect::NotSent, 0));
    assert!(error.message.raw().contains("nocolon"), "{:?}", error.message);
}

#[tokio::test]
async fn what_did_not_stick_is_asked_for_where_complete_sets_are_documented() {
    let send = RolePatch { permissions: Some(set(&["a:read"])), ..RolePatch::default() };
    let sent = run(&update(send), &[("org_id", "5")], true, || json(200, "{}")).await;
    assert_eq!(sent.line, "PATCH /v1/configuration/roles/r1");
    let permissions =
        value!([{"resource_id": "a", "access_type": "read"}, {"resource_id": "b:c", "access_type": "write"}]);
    assert_eq!(sent.body, value!({"name": "Auditor", "permissions": permissions, "org_id": "5"}));

    let sent = run(&create(), &[], true, || json(200, "{}")).await;
    assert_eq!(sent.line, "PATCH /v1/roles/new-id");
    assert_eq!(sent.body, value!({"permissions": permissions}));
}

#[tokio::test]
async fn there_is_no_other_way_for_the_rest() {
    let server = Server::start(|_, _| json(200, "{}")).await;
    let writer = CodeRabbit.writer(server.connect(&[]).0);
    let renamed = update(RolePatch { name: Some("x".into()), ..RolePatch::default() });
    for verb in [create(), renamed, delete(), assign(&["1"])] {
        assert!(writer.insist(&verb, &Made::new()).is_none(), "{verb:?}");
    }
}

#[tokio::test]
async fn a_deletion_names_the_organization_in_its_query() {
    for (status, expected) in [(204, DONE), (200, DONE), (404, DONE)] {
        let sent = run(&delete(), &[("org_id", "88321")], false, move || json(status, "{}")).await;
        assert_eq!((sent.result, sent.line.as_str()), (expected, "DELETE /v1/roles/r1?org_id=88321"));
    }
    for status in [400, 409] {
        let error = run(&delete(), &[], false, move || json(status, r#"{"message":"role in use"}"#))
            .await
            .result
            .unwrap_err();
        assert_eq!((error.effect, error.status), (Effect::Refused, Some(status)));
        assert!(error.message.raw().contains("role in use"));
        assert!(error.help.unwrap().contains("reassign_to"));
    }
    let error = run(&delete(), &[], false, || json(500, "{}")).await.result.unwrap_err();
    assert_eq!(error.effect, Effect::Unknown);
}

#[tokio::test]
async fn a_refused_change_of_a_workspace_names_the_organization_in_the_other_place_too() {
    let name = || update(RolePatch { name: Some("x".into()), ..RolePatch::default() });
    for (verb, first, second) in [
        (delete(), "DELETE /v1/roles/r1?org_id=5", "DELETE /v1/roles/r1?org_id=5"),
        (name(), "PATCH /v1/roles/r1", "PATCH /v1/roles/r1?org_id=5"),
    ] {
        let tries = |settings: &'static [(&str, &str)], last: u16| {
            let verb = verb.clone();
            async move {
                let server = Server::start(move |_, before| {
                    json(if before == 0 { 400 } else { last }, r#"{"message":"no"}"#)
                })
                .await;
                let (connection, _) = server.connect(settings);
                let made = Made::from([(address(), "new-id".into())]);
                let result = CodeRabbit.writer(connection).execute(&verb, &made).await;
                (result, server.seen())
            }
        };
        let (result, seen) = tries(&[("org_id", "5")], 200).await;
        assert_eq!(result, DONE);
        assert_eq!([&*seen[0].line, &*seen[1].line], [first, second]);
        assert!(seen[1].body.contains(r#""org_id":"5""#), "{seen:?}");
        // The refusal that is told is the first; where no organization is set there is no other way.
        let (result, seen) = tries(&[("org_id", "5")], 400).await;
        assert_eq!((result.unwrap_err().status, seen.len()), (Some(400), 2));
        let (result, seen) = tries(&[], 200).await;
        assert_eq!((result.unwrap_err().status, seen.len()), (Some(400), 1));
    }
}

#[tokio::test]
async fn the_default_takes_one_request() {
    let set = Verb::SetDefault { role: Some(RoleId::New(address())), clears: Some(live("old")) };
    let sent = run(&set, &[], false, || json(200, "{}")).await;
    assert_eq!(
        (sent.line.as_str(), sent.body, sent.count),
        ("PATCH /v1/roles/new-id", value!({"is_default": true}), 1)
    );
    let clear = Verb::SetDefault { role: None, clears: Some(live("old")) };
    let sent = run(&clear, &[], false, || json(200, "{}")).await;
    assert_eq!(
        (sent.line.as_str(), sent.body, sent.count),
        ("PATCH /v1/roles/old", value!({"is_default": false}), 1)
    );
    let nothing = Verb::SetDefault { role: None, clears: None };
    assert_eq!(
        run(&nothing, &[], false, || json(200, "{}")).await.result.unwrap_err().effect,
        Effect::NotSent
    );
}

#[tokio::test]
async fn a_role_that_was_not_made_is_not_used() {
    let missing = RoleId::New(Address::role("t", "other", &Scope::Target));
    let (scope, principals, held) = (Scope::Target, vec!["1".into()], BTreeMap::new());
    let verb = Verb::Assign { role: missing, base: None, scope, class: "user", principals, held };
    let sent = run(&verb, &[], false, || json(200, "{}")).await;
    assert_eq!((sent.result.unwrap_err().effect, sent.count), (Effect::NotSent, 0));
}

#[tokio::test]
async fn an_assignment_is_judged_person_by_person() {
    let failed = |pairs: &[(&str, &str)]| {
        Ok(Outcome::Partly { failed: pairs.iter().map(|&(id, why)| (id.into(), why.into())).collect() })
    };
    for (answer, expected) in [
        (r#"{"status":"success","succeeded":["1","2"],"failed":[]}"#, DONE),
        (r#"{"status":"success"}"#, DONE),
        (r#"{"status":"success","succeeded":[1,2],"novel":1}"#, DONE),
        (
            r#"{"status":"partial_success","succeeded":["1"],"failed":[{"user_id":"2","code":"CANNOT_CHANGE_BILLING_ADMIN_ROLE"}]}"#,
            failed(&[("2", "CANNOT_CHANGE_BILLING_ADMIN_ROLE")]),
        ),
        (
            r#"{"status":"success","succeeded":["1"]}"#,
            failed(&[("2", "the answer names it neither as changed nor as failed")]),
        ),
        (
            r#"{"status":"failure","failed":[{"user_id":"1","code":"X","message":"no"},{"user_id":"99"}]}"#,
            failed(&[("1", "X: no"), ("2", "the request failed as a whole")]),
        ),
    ] {
        let sent = run(&assign(&["1", "2"]), &[("org_id", "5")], false, move || json(200, answer)).await;
        assert_eq!(sent.result, expected, "{answer}");
        assert_eq!(sent.line, "POST /v1/users/roles");
        assert_eq!(sent.body, value!({"role": "r1", "user_ids": ["1", "2"], "org_id": "5"}));
    }
}

#[tokio::test]
async fn an_assignment_with_an_unclear_answer_is_no_success() {
    for (answer, effect) in [
        (r#"{"status":"failure"}"#, Effect::Refused),
        (r#"{"status":"failure","failed":[]}"#, Effect::Refused),
        (r#"{"status":"partial_success","failed":[{"user_id":"99"}]}"#, Effect::Unknown),
        (r#"{"status":"queued"}"#, Effect::Unknown),
        ("{}", Effect::Unknown),
        ("[]", Effect::Unknown),
        ("", Effect::Unknown),
        (r#"{"status":"failure","failed":[{}]}"#, Effect::Unknown),
    ] {
        let error = run(&assign(&["1"]), &[], false, move || json(200, answer)).await.result.unwrap_err();
        assert_eq!(error.effect, effect, "{answer}: {:?}", error.message);
    }
}

#[tokio::test]
async fn a_batch_has_between_one_and_five_hundred_people() {
    let many: Vec<String> = (0..501).map(|number| number.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    for ids in [&[][..], &many] {
        let sent = run(&assign(ids), &[], false, || json(200, "{}")).await;
        assert_eq!((sent.result.unwrap_err().effect, sent.count), (Effect::NotSent, 0));
    }
    assert_eq!(
        run(&assign(&many[..500]), &[], false, || json(200, r#"{"status":"success"}"#)).await.result,
        DONE
    );
}

#[tokio::test]
async fn p2_a_reason_that_echoes_the_credential_is_cleaned() {
    let key = crate::provider::http::testing::KEY;
    let answer = format!(r#"{{"status":"failure","failed":[{{"user_id":"1","message":"bad key {key}"}}]}}"#);
    let result = run(&assign(&["1"]), &[], false, move || json(200, answer.clone())).await.result;
    assert_eq!(result, Ok(Outcome::Partly { failed: vec![("1".into(), "bad key [credential]".into())] }));
}
