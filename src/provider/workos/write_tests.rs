use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use serde_json::{Value as Json, json as value};

use super::{WorkOs, test_api::*};
use crate::{
    model::{Address, RoleId, Scope, Untrusted, Value, object::field},
    plan::operation::{Made, RoleBody, RolePatch, Verb},
    provider::{
        Effect, Outcome, Provider as _, WriteError,
        http::testing::{Act, Server, json},
    },
};

const ROLES: &str = "/authorization/organizations/org_1/roles";

fn organization() -> Scope {
    Scope::within("organization", "org_1")
}

fn set(members: &[&str]) -> BTreeSet<Untrusted> {
    members.iter().map(|&member| member.into()).collect()
}

fn body(slug: &str) -> RoleBody {
    RoleBody {
        name: "Auditor".into(),
        description: None,
        permissions: BTreeSet::new(),
        fields: BTreeMap::from([(field::SLUG, Value::Text(Some(slug.into())))]),
    }
}

fn create() -> Verb {
    let address = Address::role("t", "auditor", &organization());
    Verb::CreateRole { address, class: "organization_role", scope: organization(), body: body("org-auditor") }
}

fn live(id: &str) -> RoleId {
    RoleId::Live(id.into())
}

fn update(send: RolePatch) -> Verb {
    let (role, full) = (live("org_1.org-auditor"), body("org-auditor"));
    Verb::UpdateRole { role, class: "organization_role", scope: organization(), send, full }
}

fn delete(id: &str, scope: Scope) -> Verb {
    Verb::DeleteRole { role: live(id), class: "organization_role", scope, natural: "org-auditor".into() }
}

fn assign(role: &str) -> Verb {
    let principals = vec!["user_a".into()];
    let (scope, held) = (organization(), BTreeMap::new());
    Verb::Assign { role: live(role), base: None, scope, class: "user", principals, held }
}

struct Sent {
    result: Result<Outcome, WriteError>,
    /// Request lines with their bodies.
    requests: Vec<(String, Json)>,
}

impl Sent {
    fn lines(&self) -> Vec<&str> {
        self.requests.iter().map(|(line, _)| &**line).collect()
    }
}

async fn run(verb: &Verb, settings: &[(&str, &str)], api: Api) -> Sent {
    run_with(verb, settings, move |line| api.answer(line)).await
}

async fn run_with(
    verb: &Verb,
    settings: &[(&str, &str)],
    answer: impl Fn(&str) -> Act + Send + Sync + 'static,
) -> Sent {
    let server = Server::start(move |seen, _| answer(&seen.line)).await;
    let (connection, _) = server.connect(settings);
    let result = WorkOs.writer(connection).execute(verb, &Made::new()).await;
    let requests = server
        .seen()
        .into_iter()
        .map(|seen| (seen.line, serde_json::from_str(&seen.body).unwrap_or(Json::Null)))
        .collect();
    Sent { result, requests }
}

#[tokio::test]
async fn a_role_is_made_with_one_request() {
    let mut bare = body("auditor");
    bare.description = Some("Reads".into());
    let address = Address::role("t", "auditor", &Scope::Target);
    let verb = Verb::CreateRole { address, class: "role", scope: Scope::Target, body: bare };
    let sent = run(&verb, &[], Api::new().says("POST /authorization/roles", 201, ADMIN)).await;
    assert_eq!(sent.result.unwrap(), Outcome::Done { id: Some("auditor".into()) });
    let body = value!({"slug": "auditor", "name": "Auditor", "description": "Reads"});
    assert_eq!(sent.requests, [("POST /authorization/roles".to_owned(), body)]);
}

#[tokio::test]
async fn a_creation_that_was_not_answered_is_looked_up_and_never_sent_again() {
    let got = format!("GET {ROLES}/org-auditor");
    let post = format!("POST {ROLES}");
    let empty = CUSTOM.replace(r#"["a:r"]"#, "[]");
    let conflict = r#"{"code":"organization_role_slug_conflict","message":"x"}"#;
    for (there, lines, done) in [
        // It came about.
        (Some(empty.clone()), vec![&*post, &got], true),
        // A role that somebody else made is not touched.
        (Some(CUSTOM.to_owned()), vec![&*post, &got], false),
        (Some(empty.replace("\"Auditor\"", "\"Other\"")), vec![&*post, &got], false),
        (Some(empty.replace("[]", r#"["b:w"]"#)), vec![&*post, &got], false),
        (None, vec![&*post, &got], false),
    ] {
        for taken in [true, false] {
            let api = there.iter().fold(Api::new(), |api, there| api.on(&got, there.clone()));
            let line = post.clone();
            let sent = run_with(&create(), &[], move |seen| match (seen == line, taken) {
                (true, true) => json(409, conflict),
                (true, false) => Act::Close,
                (false, _) => api.answer(seen),
            })
            .await;
            assert_eq!(sent.lines(), lines, "{there:?}");
            assert_eq!(sent.result.is_ok(), done, "{there:?}");
            if let Err(error) = sent.result {
                let effect = if taken { Effect::Refused } else { Effect::Unknown };
                assert_eq!(error.effect, effect);
            }
        }
    }
}

#[tokio::test]
async fn a_change_sends_what_changes_and_sets_as_a_whole() {
    let role = format!("PATCH {ROLES}/org-auditor");
    let set_line = format!("PUT {ROLES}/org-auditor/permissions");
    for (send, expected) in [
        (
            RolePatch { name: Some("New".into()), ..RolePatch::default() },
            vec![(role.clone(), value!({"name": "New"}))],
        ),
        (
            RolePatch { description: Some(None), ..RolePatch::default() },
            vec![(role.clone(), value!({"description": null}))],
        ),
        (
            RolePatch { permissions: Some(set(&[])), ..RolePatch::default() },
            vec![(set_line.clone(), value!({"permissions": []}))],
        ),
        (
            RolePatch { permissions: Some(set(&["b:w", "a:r"])), ..RolePatch::default() },
            vec![(set_line.clone(), value!({"permissions": ["a:r", "b:w"]}))],
        ),
    ] {
        let sent = run(&update(send), &[], Api::new().on(&role, CUSTOM).on(&set_line, CUSTOM)).await;
        assert_eq!(sent.result.unwrap(), Outcome::Done { id: None });
        assert_eq!(sent.requests, expected);
    }
}

#[tokio::test]
async fn a_deletion_that_is_refused_names_who_still_holds_the_role() {
    let line = format!("DELETE {ROLES}/org-auditor");
    let verb = delete("org_1.org-auditor", organization());
    for status in [204, 404] {
        let sent = run(&verb, &[], Api::new().says(&line, status, "")).await;
        assert_eq!(sent.result.unwrap(), Outcome::Done { id: None });
    }
    let held = |api: Api| api.says(&line, 409, r#"{"code":"role_has_assignments","message":"held"}"#);
    let members = [membership("user_a", &["org-auditor"], false), membership("user_b", &["member"], false)];
    let api = held(Api::new().on(MEMBERS_OF_1, page(&members, None)));
    let error = run(&verb, &[], api).await.result.unwrap_err();
    assert!(error.message.raw().ends_with("; still held by user_a@acme.test"), "{:?}", error.message);
    let role = "GET /authorization/organizations/org_1/roles/org-auditor";
    let nobody =
        || held(Api::new().on(MEMBERS_OF_1, page(&[membership("user_b", &["member"], false)], None)));
    let error = run(&verb, &[], nobody().on(role, CUSTOM)).await.result.unwrap_err();
    assert!(error.help.unwrap().contains("SSO profile"));
    let error = run(&verb, &[], held(Api::new())).await.result.unwrap_err();
    assert!(error.help.unwrap().contains("could not be read"));
    // A role for projects is held on projects.
    let of_b = "GET /authorization/organization_memberships/om_user_b/role_assignments?limit=100";
    let for_projects =
        CUSTOM.replace(r#""resource_type_slug":"organization""#, r#""resource_type_slug":"project""#);
    let api = nobody().on(role, for_projects).on(of_b, page(&[on_resource("org-auditor", "direct")], None));
    let error = run(&verb, &[], api).await.result.unwrap_err();
    assert!(error.message.raw().ends_with("; still held by user_b@acme.test"), "{:?}", error.message);
    let api = Api::new().says(&line, 409, r#"{"code":"role_has_group_role_mappings","message":"x"}"#);
    let error = run(&verb, &[], api).await.result.unwrap_err();
    assert!(error.help.unwrap().contains("Admin Portal"));
}

#[tokio::test]
async fn a_role_of_the_environment_is_never_deleted() {
    let sent = run(&delete("admin", Scope::Target), &[], Api::new()).await;
    assert!(sent.result.is_err());
    assert!(sent.requests.is_empty());
}

#[tokio::test]
async fn a_member_gets_another_role_or_one_more() {
    let find = "GET /user_management/organization_memberships?organization_id=org_1&user_id=user_a&statuses=active%2Cinactive%2Cpending";
    let put = "PUT /user_management/organization_memberships/om_user_a";
    let there = page(&[membership("user_a", &["member"], false)], None);
    let api = || Api::new().on(find, there.clone()).on(put, "{}");
    let verb = assign("org_1.org-auditor");

    let sent = run(&verb, &[], api()).await;
    assert_eq!(sent.result.unwrap(), Outcome::Done { id: None });
    assert_eq!(sent.requests[1], (put.to_owned(), value!({"role_slug": "org-auditor"})));

    let several = [("roles_of_a_member", "several")];
    let sent = run(&verb, &several, api()).await;
    assert_eq!(sent.requests[1], (put.to_owned(), value!({"role_slugs": ["member", "org-auditor"]})));

    // Who is no member is not made one.
    let sent = run(&verb, &[], api().on(find, page(&[], None))).await;
    let error = sent.result.unwrap_err();
    assert!(error.message.raw().contains("is no member of the organization"), "{:?}", error.message);
    assert_eq!(sent.requests.len(), 1);

    let take = |role: &str| Verb::Unassign {
        role: live(role),
        scope: organization(),
        class: "user",
        principals: vec!["user_a".into()],
    };
    let two = page(&[membership("user_a", &["member", "org-auditor"], false)], None);
    let sent = run(&take("org_1.org-auditor"), &several, api().on(find, two)).await;
    assert_eq!(sent.requests[1], (put.to_owned(), value!({"role_slugs": ["member"]})));
    let sent = run(&take("member"), &several, api()).await;
    assert_eq!((sent.result.unwrap_err().effect, sent.requests.len()), (Effect::Refused, 1));
}

#[tokio::test]
async fn p10_what_would_change_a_path_is_never_sent() {
    let elsewhere = Scope::within("organization", "org_1/../../x");
    for verb in [
        delete("org_1.a/b", organization()),
        delete("org_1...", organization()),
        delete("org_1.org-auditor", elsewhere),
        delete("org_1.org-auditor", Scope::within("organization", "external:acme")),
        assign("../x"),
    ] {
        let sent = run(&verb, &[], Api::new()).await;
        assert_eq!(sent.result.unwrap_err().effect, Effect::Refused);
        assert!(sent.requests.is_empty(), "{verb:?}");
    }
}

#[tokio::test]
async fn a_request_that_was_too_many_is_sent_again_and_a_refused_one_is_not() {
    let tries: Arc<Mutex<usize>> = Arc::default();
    let counted = tries.clone();
    let sent = run_with(&delete("org_1.org-auditor", organization()), &[], move |_| {
        let mut tries = counted.lock().unwrap();
        *tries += 1;
        match *tries {
            1 => json(429, "\"Ratelimited\""),
            _ => json(403, r#"{"message":"Forbidden"}"#),
        }
    })
    .await;
    assert_eq!(*tries.lock().unwrap(), 2);
    let error = sent.result.unwrap_err();
    assert_eq!((error.status, error.effect), (Some(403), Effect::Refused));
    assert!(error.help.unwrap().contains("secret key"));
}

#[tokio::test]
async fn a_group_gives_a_role_or_no_longer() {
    let path = "/authorization/groups/group_1/role_assignments";
    let principals = vec!["group_1".into()];
    let (role, scope, held) = (live("org_1.org-auditor"), organization(), BTreeMap::new());
    let give = Verb::Assign {
        role: role.clone(),
        base: None,
        scope: scope.clone(),
        class: "group",
        principals: principals.clone(),
        held,
    };
    let take = Verb::Unassign { role, scope, class: "group", principals };
    let duplicate = r#"{"code":"duplicate_group_role_assignment","message":"x"}"#;
    for (verb, method, answers) in [
        (give, "POST", [(201, "{}", true), (409, duplicate, true), (422, "{}", false)]),
        (take, "DELETE", [(204, "", true), (404, "{}", true), (403, "{}", false)]),
    ] {
        for (status, body, done) in answers {
            let sent = run(&verb, &[], Api::new().says(&format!("{method} {path}"), status, body)).await;
            assert_eq!(sent.result.is_ok(), done, "{method} {status}");
            assert_eq!(sent.requests, [(format!("{method} {path}"), value!({"role_slug": "org-auditor"}))]);
        }
    }
}
