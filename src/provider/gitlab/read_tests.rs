//! Reading against servers that answer as documented, and otherwise.

use std::collections::BTreeSet;

use super::{
    GitLab, quota,
    spec::{LDAP_GROUP, SAML_GROUP, SHARED_GROUP, USER},
    test_api::{Api, GROUP, at, fetch, held, named, page, role},
};
use crate::{
    model::{
        Kind, RoleId, Scope, Untrusted, Value,
        desired::Spelling,
        live::{Live, LiveObject, Query},
        object::field,
    },
    provider::{Provider as _, ReadErrorKind},
};

#[tokio::test]
async fn roles_catalogue_and_identity_take_one_query() {
    let server = Api::of(&[role(14, "Approver", 4)]).start().await;
    let (state, statistics) = fetch(&server, GROUP, Query::roles()).await;
    let state = state.unwrap();
    assert_eq!((statistics.requests, statistics.depth), (1, 1));
    assert_eq!(state.identity.tenant, Some("84".into()));
    assert_eq!(state.catalogue, Some(["read_code".into(), "read_new".into()].into()));
    let role = named(&state, "Approver");
    assert_eq!(
        (role.id.as_ref().map(Untrusted::raw), role.builtin, role.holders),
        (Some("14"), false, Some(4))
    );
    assert_eq!(role.fields[field::DESCRIPTION], Live::Known(Value::Text(None)));
    assert_eq!(role.fields[field::PERMISSIONS], Live::Known(Value::Set(["read_code".into()].into())));
    let base = Value::Role(Some(RoleId::Live("reporter".into())));
    assert_eq!(role.fields[field::BASE], Live::Known(base));
    assert!(named(&state, "Maintainer").builtin && state.incomplete.is_empty());
    let sent: serde_json::Value = serde_json::from_str(&server.seen()[0].body).unwrap();
    assert_eq!(sent["variables"], serde_json::json!({ "group": "acme", "after": null }));
    assert!(sent["query"].as_str().unwrap().starts_with("query("));
}

#[tokio::test]
async fn each_hundred_roles_are_a_query_after_the_one_before() {
    let mut api = Api::of(&[]);
    api.graphql = vec![
        (r#""after":null"#, page(&[role(1, "One", 0)], Some("MQ"))),
        (r#""after":"MQ""#, page(&[role(2, "Two", 0)], Some("Mg"))),
        (r#""after":"Mg""#, page(&[role(3, "Three", 0)], None)),
    ];
    let server = api.start().await;
    let (state, statistics) = fetch(&server, GROUP, Query::roles()).await;
    assert_eq!(state.unwrap().of(Kind::Role).filter(|role| !role.builtin).count(), 3);
    assert_eq!((statistics.requests, statistics.depth), (3, 3));
}

#[tokio::test]
async fn p12_a_cursor_that_comes_again_and_a_role_that_comes_twice_are_errors() {
    let mut api = Api::of(&[]);
    api.graphql = vec![
        (r#""after":null"#, page(&[role(1, "One", 0)], Some("MQ"))),
        ("", page(&[role(2, "Two", 0)], Some("MQ"))),
    ];
    let error = api.read(Query::roles()).await.unwrap_err();
    assert_eq!(error.kind, ReadErrorKind::Malformed);
    let twice = Api::of(&[role(1, "One", 0), role(1, "Two", 0)]);
    assert_eq!(twice.read(Query::roles()).await.unwrap_err().kind, ReadErrorKind::Malformed);
}

#[tokio::test]
async fn p10_an_id_that_is_no_number_is_refused() {
    let odd = role(14, "Odd", 0).replace("MemberRole/14\"", "MemberRole/14/../15\"");
    let error = Api::of(&[odd]).read(Query::roles()).await.unwrap_err();
    assert_eq!(error.kind, ReadErrorKind::Malformed);
}

#[tokio::test]
async fn p6_an_empty_list_is_believed_only_where_rest_says_the_same() {
    let path = "/api/v4/groups/acme/member_roles";
    let none = Api::of(&[]).with(path, 200, "[]").read(Query::roles()).await.unwrap();
    assert!(none.incomplete.is_empty() && none.barred.is_none());
    let lapsed = Api::of(&[]).with(path, 403, r#"{"message":"403 Forbidden"}"#);
    let lapsed = lapsed.read(Query::roles()).await.unwrap();
    assert!(lapsed.incomplete.contains_key(&Kind::Role) && lapsed.incomplete.contains_key(&Kind::Assignment));
    assert!(lapsed.barred.unwrap().raw().contains("licence"));
}

#[tokio::test]
async fn p6_an_empty_list_is_not_believed_where_somebody_holds_a_role() {
    let member =
        r#"[{"id":7,"username":"mira","access_level":20,"member_role":{"id":14,"name":"Approver"}}]"#;
    let link = r#"[{"name":"eng","access_level":20,"member_role_id":14,"provider":null}]"#;
    let path = "/api/v4/groups/acme/member_roles";
    let of = |api: Api| async { api.with(path, 200, "[]").read(at(SAML_GROUP, &[("group", "acme")])).await };
    let none = of(Api::of(&[]).group("acme", "[]")).await.unwrap();
    assert!(none.incomplete.is_empty());
    let linked = Api::of(&[]).group("acme", "[]").with("/api/v4/groups/acme/saml_group_links", 200, link);
    let linked = of(linked).await.unwrap();
    let held = Api::of(&[]).group("acme", member).with(path, 200, "[]");
    let held = held.read(at(USER, &[("group", "acme")])).await.unwrap();
    for state in [linked, held] {
        assert!(state.incomplete[&Kind::Role].raw().contains("name a custom role"), "{:?}", state.incomplete);
        assert!(state.incomplete.contains_key(&Kind::Assignment));
    }
}

#[tokio::test]
async fn memberships_that_no_list_names_keep_their_role() {
    let member =
        r#"[{"id":7,"username":"mira","access_level":20,"member_role":{"id":14,"name":"Approver"}}]"#;
    for (counted, kept) in [(1, false), (2, true)] {
        let state = Api::of(&[role(14, "Approver", counted)])
            .group("acme", member)
            .with("/api/v4/groups/acme/descendant_groups", 200, "[]")
            .with("/api/v4/groups/acme/projects", 200, "[]")
            .read(Query { everywhere: true, ..Query::all() })
            .await
            .unwrap();
        let why =
            state.kept.get(&Untrusted::from("14")).map(|why| why.raw().contains("counts 2 memberships"));
        assert_eq!(why, kept.then_some(true), "{:?}", state.kept);
    }
}

#[tokio::test]
async fn the_token_says_what_it_may() {
    let path = "/api/v4/personal_access_tokens/self";
    for (status, body, says, help) in [
        (200, r#"{"scopes":["api"],"expires_at":"2027-01-31"}"#, "`api`; expires on 2027-01-31", None),
        (200, r#"{"scopes":["read_api"],"expires_at":null}"#, "`read_api`; no day", Some("not apply")),
        (200, r#"{"scopes":["granular"]}"#, "`granular`", Some("fine-grained")),
        (404, "{}", "nothing of the token", None),
    ] {
        let server = Api::of(&[]).with(path, status, body).start().await;
        let (connection, _) = server.connect(GROUP);
        let noticed = GitLab.reader(connection).notice().unwrap().await;
        let [one] = noticed.as_slice() else { panic!("{noticed:?}") };
        assert!(one.message.raw().contains(says), "{noticed:?}");
        let helps = one.help.as_deref();
        assert!(helps.is_some() == help.is_some() && help.is_none_or(|words| helps.unwrap().contains(words)));
    }
}

#[tokio::test]
async fn a_group_that_is_not_there_and_a_wrong_deployment_say_which_setting_is_off() {
    let mut api = Api::of(&[]);
    api.graphql = vec![("", r#"{"data":{"group":null}}"#.to_owned())];
    let error = api.read(Query::roles()).await.unwrap_err();
    assert_eq!(error.kind, ReadErrorKind::Rejected);
    assert!(error.help.unwrap().contains("settings.group"));

    let instance = role(14, "Of all", 0).replace("/groups/acme/-/settings/", "/admin/application_settings/");
    let error = Api::of(&[instance]).read(Query::roles()).await.unwrap_err();
    assert!(error.help.unwrap().contains("take `settings.group` out"));
}

#[tokio::test]
async fn what_cannot_be_understood_is_unreadable_and_not_left_out() {
    let odd = role(14, "Odd", 0)
        .replace("READ_CODE", "read code")
        .replace(r#""integerValue":20"#, r#""integerValue":27"#);
    let cut = role(15, "Cut", 0).replace(r#""hasNextPage":false"#, r#""hasNextPage":true"#);
    let state = Api::of(&[odd, cut]).read(Query::roles()).await.unwrap();
    assert_eq!(named(&state, "Odd").fields[field::PERMISSIONS], Live::Unreadable);
    assert_eq!(named(&state, "Odd").fields[field::BASE], Live::Unreadable);
    assert_eq!(named(&state, "Cut").fields[field::PERMISSIONS], Live::Unreadable);
}

#[tokio::test]
async fn where_graphql_does_not_know_roles_rest_tells_them() {
    let mut api = Api::of(&[]);
    api.graphql = vec![(
        "",
        r#"{"errors":[{"message":"Field 'memberRoles' doesn't exist on type 'Group'"}]}"#.to_owned(),
    )];
    let list = r#"[{"id":14,"group_id":84,"name":"Approver","description":"d","base_access_level":20,"read_code":true,"admin_runners":false}]"#;
    let api = api.with("/api/v4/groups/acme/member_roles", 200, list).with(
        "/api/v4/groups/acme",
        200,
        r#"{"id":84,"full_path":"acme"}"#,
    );
    let state = api.read(Query::roles()).await.unwrap();
    assert_eq!(state.identity.tenant, Some("84".into()));
    assert_eq!(
        named(&state, "Approver").fields[field::PERMISSIONS],
        Live::Known(Value::Set(["read_code".into()].into()))
    );
    assert_eq!(state.catalogue, None);
}

#[tokio::test]
async fn members_are_read_where_they_are_asked_for_and_nowhere_else() {
    let members = r#"[{"id":7,"username":"mira","access_level":20,"member_role":{"id":14,"name":"Approver"}},
        {"id":8,"username":"okan","access_level":30},{"id":9,"username":"odd","access_level":33},
        {"id":10,"username":"synced","access_level":30,"override":false}]"#;
    let server = Api::of(&[role(14, "Approver", 1)]).group("acme%2Fplatform", members).start().await;
    let query = at(
        USER,
        &[("group", "Acme/Platform"), ("group", "acme/gone"), ("group", "other"), ("project", "84")],
    );
    let (state, statistics) = fetch(&server, GROUP, query).await;
    let state = state.unwrap();
    // Those of the group above, too: nobody can be less here than there.
    assert_eq!(statistics.requests, 5, "{:?}", server.lines());
    let of = |user: &str, role: &str| ("acme/platform".to_owned(), user.to_owned(), role.to_owned());
    assert_eq!(held(&state), [of("10", "developer"), of("7", "14"), of("8", "developer"), of("9", "")]);
    let locked = state.of(Kind::Assignment).filter(|slot| slot.locked.is_some()).count();
    assert_eq!((locked, state.caller.as_ref().map(Untrusted::raw)), (1, Some("1")));
    let written = Scope::within("group", "Acme/Platform");
    assert_eq!(state.place(&written), Some(&Scope::within("group", "acme/platform")));
    for path in ["acme/gone", "other"] {
        assert_eq!(state.place(&Scope::within("group", path)), None, "{path}");
    }
    assert_eq!(state.directory.find(USER, &Spelling::Handle("mira".into())), Some(&"7".into()));
}

#[tokio::test]
async fn a_membership_that_saml_links_own_is_locked() {
    let members = r#"[{"id":7,"username":"mira","access_level":20,"group_saml_identity":{"extern_uid":"x"}},
        {"id":8,"username":"okan","access_level":20,"group_saml_identity":null}]"#;
    let link = r#"[{"name":"eng","access_level":20,"provider":null}]"#;
    for (links, locked) in [(link, 1), ("[]", 0)] {
        let api = Api::of(&[role(14, "Approver", 0)]).group("acme", members);
        let api = api.with("/api/v4/groups/acme/saml_group_links", 200, links);
        let state = api.read(at(USER, &[("group", "acme")])).await.unwrap();
        assert_eq!(state.of(Kind::Assignment).filter(|slot| slot.locked.is_some()).count(), locked);
        assert_eq!(held(&state).len(), 2, "links of a place that only names people are no assignments");
    }
}

#[tokio::test]
async fn only_people_whom_no_list_names_are_looked_up() {
    let members = r#"[{"id":7,"username":"mira","access_level":20}]"#;
    let server = Api::of(&[role(14, "Approver", 0)])
        .group("acme", members)
        .with("/api/v4/users", 200, r#"[{"id":12,"username":"Zoe"}]"#)
        .with("/api/v4/users/13", 200, r#"{"id":13,"username":"yuki"}"#)
        .start()
        .await;
    let mut query = at(USER, &[("group", "acme")]);
    let people = [
        Spelling::Handle("mira".into()),
        Spelling::Handle("zoe".into()),
        Spelling::Id("13".into()),
        Spelling::Id("../x".into()),
    ];
    query.people.insert(USER, BTreeSet::from(people));
    let state = fetch(&server, GROUP, query).await.0.unwrap();
    assert_eq!(state.directory.find(USER, &Spelling::Handle("zoe".into())), Some(&"12".into()));
    assert_eq!(state.directory.find(USER, &Spelling::Id("13".into())), Some(&"13".into()));
    let asked: Vec<String> = server.lines().into_iter().filter(|line| line.contains("/users")).collect();
    assert_eq!(asked, ["GET /api/v4/users/13", "GET /api/v4/users?username=zoe"]);
}

#[tokio::test]
async fn links_are_read_and_only_the_documented_404_is_an_empty_list() {
    let links = r#"[{"name":"eng","access_level":20,"member_role_id":14,"provider":null},{"name":"all","access_level":10,"provider":"saml-2"}]"#;
    let api = |status: u16, body: &str| {
        Api::of(&[role(14, "Approver", 0)])
            .group("acme", "[]")
            .with("/api/v4/groups/acme/saml_group_links", 200, links)
            .with("/api/v4/groups/acme/ldap_group_links", status, body)
            .with("/api/v4/groups/acme", 200, r#"{"id":84,"full_path":"acme","shared_with_groups":[{"group_id":88,"group_full_path":"partners","group_access_level":20,"member_role_id":14}]}"#)
    };
    let query = || {
        let classes = [SAML_GROUP, LDAP_GROUP, SHARED_GROUP];
        let here = BTreeSet::from([Scope::within("group", "acme")]);
        let places = classes.map(|class| ((Kind::Assignment, class), here.clone()));
        Query { places: places.into(), ..Query::all() }
    };
    let ldap =
        r#"[{"cn":"ops","group_access":30,"provider":"ldapmain","filter":null,"member_role_id":null}]"#;
    let state = api(200, ldap).read(query()).await.unwrap();
    let of = |who: &str, role: &str| ("acme".to_owned(), who.to_owned(), role.to_owned());
    assert_eq!(
        held(&state),
        [
            of("88", "14"),
            of("ldapmain:cn=ops", "developer"),
            of("eng", "14"),
            of("provider=saml-2;all", "guest")
        ]
    );
    assert!(state.incomplete.is_empty());

    let none = api(404, r#"{"message":"No linked LDAP groups found"}"#).read(query()).await.unwrap();
    assert_eq!(held(&none).len(), 3);
    assert!(api(401, "{}").read(query()).await.is_err());
    for (status, body) in [
        (404, r#"{"message":"404 Not Found"}"#),
        (403, "{}"),
        (200, r#"[{"cn":null,"filter":null,"group_access":30,"provider":"ldapmain"}]"#),
    ] {
        let state = api(status, body).read(query()).await.unwrap();
        assert_eq!(held(&state).len(), 3, "the other lists are known");
        let here = Scope::within("group", "acme");
        for (class, unread) in [(LDAP_GROUP, true), (SAML_GROUP, false), (SHARED_GROUP, false)] {
            let why = state.incomplete_at(Kind::Assignment, class, &here);
            assert_eq!(why.is_some(), unread, "{status} {class}");
        }
        assert!(state.incomplete_anywhere(Kind::Assignment).is_some());
    }
}

#[tokio::test]
async fn p6_a_list_of_members_that_is_closed_is_unread_in_its_place_alone() {
    let api = Api::of(&[role(14, "Approver", 0)])
        .group("acme", "[]")
        .group("acme%2Fopen", r#"[{"id":7,"username":"mira","access_level":30}]"#)
        .with("/api/v4/groups/acme%2Fclosed/members", 403, r#"{"message":"403 Forbidden"}"#);
    let state = api.read(at(USER, &[("group", "acme/open"), ("group", "acme/closed")])).await.unwrap();
    let unread = |path| state.incomplete_at(Kind::Assignment, USER, &Scope::within("group", path)).is_some();
    assert_eq!(["acme", "acme/open", "acme/closed"].map(unread), [false, false, true]);
    assert_eq!(held(&state).len(), 1);
    assert!(state.place(&Scope::within("group", "acme/closed")).is_some(), "it exists");
}

#[tokio::test]
async fn policies_that_name_a_role_are_read_only_where_everything_is() {
    let policies = r#"{"data":{"group":{"memberRoles":{"pageInfo":{"hasNextPage":false,"endCursor":null},
        "nodes":[{"id":"gid://gitlab/MemberRole/14","dependentSecurityPolicies":[{"name":"Four eyes"}]},{"id":"gid://gitlab/MemberRole/15","dependentSecurityPolicies":[]}]}}}}"#;
    let broken = r#"{"errors":[{"message":"Internal server error"}],"data":null}"#;
    let roles = [role(14, "Approver", 0), role(15, "Reader", 0)];
    for (answer, kept) in [(policies, vec!["14"]), (broken, vec!["14", "15"])] {
        let mut api = Api::of(&roles)
            .group("acme", "[]")
            .with("/api/v4/groups/acme/descendant_groups", 200, "[]")
            .with("/api/v4/groups/acme/projects", 200, "[]");
        api.graphql.insert(0, ("dependentSecurityPolicies", answer.to_owned()));
        let server = api.start().await;
        let state = fetch(&server, GROUP, Query::roles()).await.0.unwrap();
        assert!(state.kept.is_empty());
        let state = fetch(&server, GROUP, Query { everywhere: true, ..Query::all() }).await.0.unwrap();
        assert_eq!(state.kept.keys().map(Untrusted::raw).collect::<Vec<_>>(), kept);
    }
}

#[tokio::test]
async fn p6_nobody_holds_a_role_only_where_every_place_and_link_was_read() {
    let api = || {
        Api::of(&[role(14, "Approver", 0)])
            .group("acme", "[]")
            .group("acme%2Fsub", r#"[{"id":7,"username":"mira","access_level":30}]"#)
            .with("/api/v4/groups/acme/descendant_groups", 200, r#"[{"id":85,"full_path":"acme/Sub"}]"#)
            .with("/api/v4/groups/acme/projects", 200, r#"[{"id":201,"path_with_namespace":"acme/api"}]"#)
            .with("/api/v4/projects/acme%2Fapi/members", 200, "[]")
    };
    let holders = |state: &crate::model::live::LiveState| named(state, "Approver").holders;
    assert_eq!(holders(&api().read(Query::roles()).await.unwrap()), None);
    assert_eq!(holders(&api().read(at(USER, &[("group", "acme")])).await.unwrap()), None);
    let everywhere = Query { everywhere: true, ..Query::all() };
    let state = api().read(everywhere).await.unwrap();
    assert_eq!((holders(&state), held(&state).len()), (Some(0), 1));
    let three = [
        Scope::within("group", "acme"),
        Scope::within("group", "acme/sub"),
        Scope::within("project", "acme/api"),
    ];
    assert!(three.iter().all(|scope| state.places.contains_key(scope)), "{:?}", state.places);
}

#[tokio::test]
async fn an_instance_has_roles_of_both_kinds_and_needs_no_group() {
    let admin = r#"{"id":"gid://gitlab/MemberRole/15","name":"Watcher","description":"d","enabledPermissions":{"pageInfo":{"hasNextPage":false},"nodes":[{"value":"READ_ADMIN_USERS"}]},"usersCount":2}"#;
    let list =
        |nodes: &str| format!(r#"{{"pageInfo":{{"hasNextPage":false,"endCursor":null}},"nodes":[{nodes}]}}"#);
    let body = format!(
        r#"{{"data":{{"memberRoles":{},"memberRolePermissions":{{"nodes":[{{"value":"READ_CODE"}}]}},"adminMemberRoles":{},"adminMemberRolePermissions":{{"nodes":[{{"value":"READ_ADMIN_USERS"}}]}}}}}}"#,
        list(&role(14, "Approver", 3)),
        list(admin)
    );
    let api = Api { graphql: vec![("", body)], ..Api::default() };
    let (state, statistics) = fetch(&api.start().await, &[], Query::roles()).await;
    let state = state.unwrap();
    assert_eq!(statistics.requests, 1);
    assert_eq!((state.identity.tenant, state.identity.anchor), (None, Some("instance".into())));
    let of = |name: &str| state.objects.iter().find(|object| object.key.name.raw() == name).unwrap();
    assert_eq!((of("Watcher").key.class, of("Watcher").holders), ("admin", Some(2)));
    assert!(!of("Watcher").fields.contains_key(field::BASE));
    assert_eq!(state.catalogue, Some(["read_admin_users".into(), "read_code".into()].into()));
}

#[tokio::test]
async fn single_groups_are_asked_for_no_faster_than_documented() {
    let server = Api::of(&[role(14, "Approver", 0)]).group("acme", "[]").start().await;
    for (settings, is_limited) in [(GROUP, true), (&[][..], false)] {
        let (connection, _) = server.connect(settings);
        assert_eq!(quota::of_single_groups(&connection).is_some(), is_limited);
    }
    let (connection, _) = server.connect(GROUP);
    let limit = quota::of_single_groups(&connection).unwrap();
    assert!(connection.expected_wait(&limit, 400).is_zero());
    GitLab.reader(connection.clone()).fetch(at(SHARED_GROUP, &[("group", "acme")])).await.unwrap();
    assert!(!connection.expected_wait(&limit, 400).is_zero(), "one of them was sent");
}

#[tokio::test]
async fn what_is_switched_off_is_not_there_and_what_is_not_told_is_in_doubt() {
    let with = |bases: &str| {
        let told = format!(r#""bases":{bases},"memberRolePermissions""#);
        let mut api = Api::of(&[]);
        api.graphql =
            vec![("", page(&[role(14, "Approver", 0)], None).replace(r#""memberRolePermissions""#, &told))];
        api
    };
    let values = |names: &[&str]| {
        let all: Vec<String> = names.iter().map(|name| format!(r#"{{"name":"{name}"}}"#)).collect();
        format!(r#"{{"enumValues":[{}]}}"#, all.join(","))
    };
    for (bases, is_there, is_doubtful) in [
        (values(&["GUEST", "REPORTER"]), false, false),
        (values(&["GUEST", "SECURITY_MANAGER"]), true, false),
        ("null".to_owned(), true, true),
        (r#"{"enumValues":null}"#.to_owned(), true, true),
        (values(&["SOMETHING_ELSE"]), true, true),
    ] {
        let state = with(&bases).read(Query::roles()).await.unwrap();
        let gated = |object: &LiveObject| object.id.as_ref().is_some_and(|id| id.raw() == "security_manager");
        assert_eq!(state.of(Kind::Role).any(gated), is_there, "{bases}");
        assert_eq!(!state.doubtful.is_empty(), is_doubtful, "{bases}");
    }
}
