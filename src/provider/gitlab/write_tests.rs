//! Writing: what is sent, and what is made of the answers.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json as value};

use super::{
    GitLab,
    spec::{ADMIN, LDAP_GROUP, ROLE, SAML_GROUP, SHARED_GROUP, USER},
    test_api::{Api, GROUP},
};
use crate::{
    model::{Address, RoleId, Scope, Untrusted, Value, object::field},
    plan::operation::{Made, RoleBody, RolePatch, Verb},
    provider::{Effect, Outcome, Provider as _, WriteError, http::testing::Seen},
};

fn body(base: Option<&str>) -> RoleBody {
    let base = base.map(|base| (field::BASE, Value::Role(Some(RoleId::Live(base.into())))));
    RoleBody {
        name: "Approver".into(),
        description: Some("Approves".into()),
        permissions: ["read_code".into(), "admin_merge_request".into()].into(),
        fields: base.into_iter().collect(),
    }
}

fn live(id: &str) -> RoleId {
    RoleId::Live(id.into())
}

fn address() -> Address {
    Address::role("t", "approver", &Scope::Target)
}

fn create(class: &'static str, base: Option<&str>) -> Verb {
    Verb::CreateRole { address: address(), class, scope: Scope::Target, body: body(base) }
}

fn scope() -> Scope {
    Scope::within("group", "acme/platform")
}

fn assign(role: &str, class: &'static str, who: &str, there: bool) -> Verb {
    let held = there.then(|| (Untrusted::from(who), live("guest")));
    let (principals, held) = (vec![who.into()], held.into_iter().collect());
    let base = (role == "14").then(|| live("reporter"));
    Verb::Assign { role: live(role), base, scope: scope(), class, principals, held }
}

fn unassign(class: &'static str, who: &str) -> Verb {
    Verb::Unassign { role: live("14"), scope: scope(), class, principals: vec![who.into()] }
}

fn outcome(body: &str) -> String {
    format!(r#"{{"data":{{"outcome":{body}}}}}"#)
}

const DONE: &str = r#"{"errors":[],"memberRole":{"id":"gid://gitlab/MemberRole/14"}}"#;

/// A server that answers every mutation so.
fn api(mutation: &str) -> Api {
    let mut api = Api::of(&[]);
    api.graphql = vec![("\"mutation", mutation.to_owned())];
    api
}

struct Ran {
    result: Result<Outcome, WriteError>,
    seen: Vec<Seen>,
}

impl Ran {
    fn body(&self) -> Json {
        serde_json::from_str(&self.seen.last().unwrap().body).unwrap()
    }

    fn line(&self) -> &str {
        &self.seen.last().unwrap().line
    }
}

async fn run(api: Api, verb: &Verb) -> Ran {
    let server = api.start().await;
    let (connection, _) = server.connect(GROUP);
    let result = GitLab.writer(connection).execute(verb, &Made::new()).await;
    Ran { result, seen: server.seen() }
}

#[tokio::test]
async fn a_role_is_made_with_its_base_and_its_whole_set_as_variables() {
    let ran = run(api(&outcome(DONE)), &create(ROLE, Some("reporter"))).await;
    assert_eq!(ran.result, Ok(Outcome::Done { id: Some("14".into()) }));
    let input = value!({ "name": "Approver", "description": "Approves", "baseAccessLevel": "REPORTER",
        "groupPath": "acme", "permissions": ["ADMIN_MERGE_REQUEST", "READ_CODE"] });
    assert_eq!(ran.body()["variables"], value!({ "input": input }));
    assert!(ran.body()["query"].as_str().unwrap().contains("memberRoleCreate(input: $input)"));
    assert_eq!(ran.seen.len(), 1);

    let ran = run(api(&outcome(DONE)), &create(ADMIN, None)).await;
    let input = ran.body()["variables"]["input"].clone();
    assert_eq!((&input["baseAccessLevel"], &input["groupPath"]), (&Json::Null, &Json::Null));
    assert!(ran.body()["query"].as_str().unwrap().contains("memberRoleAdminCreate"));
}

#[tokio::test]
async fn a_change_always_sends_the_whole_set_and_only_what_else_changes() {
    let update = |send| Verb::UpdateRole {
        role: live("14"),
        class: ROLE,
        scope: Scope::Target,
        send,
        full: body(None),
    };
    let sets = value!(["ADMIN_MERGE_REQUEST", "READ_CODE"]);
    for (send, more) in [
        (RolePatch { name: Some("New".into()), ..RolePatch::default() }, value!({ "name": "New" })),
        (RolePatch { description: Some(None), ..RolePatch::default() }, value!({ "description": "" })),
        (RolePatch { permissions: Some(body(None).permissions), ..RolePatch::default() }, value!({})),
    ] {
        let ran = run(api(&outcome(DONE)), &update(send)).await;
        assert_eq!(ran.result, Ok(Outcome::Done { id: None }));
        let mut input = more;
        input["id"] = "gid://gitlab/MemberRole/14".into();
        input["permissions"] = sets.clone();
        assert_eq!(ran.body()["variables"]["input"], input);
    }
}

#[tokio::test]
async fn a_refusal_at_status_200_is_a_refusal() {
    let delete =
        Verb::DeleteRole { role: live("14"), class: ROLE, scope: Scope::Target, natural: "Approver".into() };
    let held = r#"{"errors":["Role is assigned to one or more group members."],"memberRole":{"id":"gid://gitlab/MemberRole/14"}}"#;
    let denied = r#"{"data":{"outcome":null},"errors":[{"message":"The resource that you are attempting to access does not exist or you don't have permission to perform this action"}]}"#;
    let broken = r#"{"data":{"outcome":null},"errors":[{"message":"Internal server error"}]}"#;
    for (answer, effect, words) in [
        (outcome(held), Effect::Refused, "Role is assigned"),
        (denied.to_owned(), Effect::Refused, "permission to perform"),
        (broken.to_owned(), Effect::Unknown, "Internal server error"),
        (outcome("null"), Effect::Unknown, "without an outcome"),
    ] {
        let error = run(api(&answer), &delete).await.result.unwrap_err();
        assert_eq!(error.effect, effect, "{answer}");
        assert!(error.message.raw().contains(words) && error.help.is_some(), "{error:?}");
    }
    assert!(run(api(&outcome(DONE)), &delete).await.result.is_ok());
}

#[tokio::test]
async fn a_membership_gets_the_level_of_the_roles_base_and_the_role_always() {
    let path = "/api/v4/groups/acme%2Fplatform/members";
    let api = || api("").with(path, 201, "{}").with(&format!("{path}/7"), 200, "{}");
    for (verb, line, sent) in [
        (assign("14", USER, "7", true), "PUT", value!({ "access_level": 20, "member_role_id": 14 })),
        (
            assign("14", USER, "7", false),
            "POST",
            value!({ "user_id": 7, "access_level": 20, "member_role_id": 14 }),
        ),
        (assign("developer", USER, "7", true), "PUT", value!({ "access_level": 30, "member_role_id": null })),
    ] {
        let ran = run(api(), &verb).await;
        assert_eq!(ran.result, Ok(Outcome::Done { id: None }));
        assert!(ran.line().starts_with(line), "{}", ran.line());
        assert_eq!(ran.body(), sent);
        assert_eq!(ran.seen.len(), 1);
    }
    let gone = run(api(), &assign("99", USER, "7", true)).await;
    assert_eq!(gone.result.unwrap_err().effect, Effect::NotSent);
    let ran = run(api().with(&format!("DELETE {path}/7"), 204, ""), &unassign(USER, "7")).await;
    assert_eq!(ran.line(), format!("DELETE {path}/7?skip_subresources=true"));
}

#[tokio::test]
async fn links_are_made_and_deleted() {
    let group = "/api/v4/groups/acme%2Fplatform";
    let api = || {
        ["saml_group_links", "ldap_group_links", "share", "saml_group_links/a%2Fb", "share/88"]
            .iter()
            .fold(api(""), |api, path| api.with(&format!("{group}/{path}"), 201, "{}"))
    };
    for (class, who, path, sent, delete) in [
        (
            SAML_GROUP,
            "a/b",
            "saml_group_links",
            value!({ "saml_group_name": "a/b", "access_level": 20, "member_role_id": 14 }),
            "saml_group_links/a%2Fb",
        ),
        (
            LDAP_GROUP,
            "ldapmain:cn=ops",
            "ldap_group_links",
            value!({ "cn": "ops", "provider": "ldapmain", "group_access": 20, "member_role_id": 14 }),
            "ldap_group_links?cn=ops&provider=ldapmain",
        ),
        (
            SHARED_GROUP,
            "88",
            "share",
            value!({ "group_id": 88, "group_access": 20, "member_role_id": 14 }),
            "share/88",
        ),
    ] {
        let ran = run(api(), &assign("14", class, who, false)).await;
        assert_eq!((ran.line(), ran.body()), (&*format!("POST {group}/{path}"), sent));
        let ran = run(api(), &unassign(class, who)).await;
        assert_eq!(ran.line(), format!("DELETE {group}/{delete}"));
    }
}

#[tokio::test]
async fn p10_what_could_leave_its_place_in_a_request_is_never_sent() {
    let bad = Scope::within("group", "../admin");
    let elsewhere =
        Verb::Unassign { role: live("14"), scope: bad, class: USER, principals: vec!["7".into()] };
    let quoted = RoleBody { permissions: ["read_code\"".into()].into(), ..body(Some("reporter")) };
    let quoted = Verb::CreateRole { address: address(), class: ROLE, scope: Scope::Target, body: quoted };
    let delete =
        Verb::DeleteRole { role: live("14/x"), class: ROLE, scope: Scope::Target, natural: "x".into() };
    let new = RoleId::New(address());
    let unmade = Verb::Assign {
        role: new,
        base: None,
        scope: scope(),
        class: USER,
        principals: vec!["7".into()],
        held: BTreeMap::new(),
    };
    for verb in [
        elsewhere,
        quoted,
        delete,
        unmade,
        unassign(USER, "7/x"),
        unassign(SAML_GROUP, ".."),
        assign("developer", LDAP_GROUP, "ops", false),
        create(ROLE, Some("owner")),
        create(ROLE, None),
    ] {
        let ran = run(api(""), &verb).await;
        assert_eq!((ran.result.unwrap_err().effect, ran.seen.len()), (Effect::NotSent, 0), "{verb:?}");
    }
}
