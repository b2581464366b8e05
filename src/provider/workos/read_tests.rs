use std::collections::BTreeMap;

use super::test_api::*;
use crate::{
    model::{
        Kind, RoleId, Scope, Untrusted, Value,
        desired::Spelling,
        live::{Live, LiveState, Query},
        object::field,
    },
    provider::ReadErrorKind,
};

fn keys(state: &LiveState) -> Vec<(String, String)> {
    let of = |path: &Scope| match path {
        Scope::In { path, .. } => path.raw().to_owned(),
        _ => "-".to_owned(),
    };
    let roles = state.of(Kind::Role);
    roles.map(|object| (of(&object.key.scope), object.id.clone().unwrap().raw().to_owned())).collect()
}

fn held(state: &LiveState) -> Vec<(&str, Option<&str>)> {
    state
        .of(Kind::Assignment)
        .map(|slot| (slot.key.name.raw(), slot.fields.get(field::ROLE).and_then(live_role)))
        .collect()
}

fn live_role(live: &Live) -> Option<&str> {
    match live {
        Live::Known(Value::Role(Some(RoleId::Live(id)))) => Some(id.raw()),
        _ => None,
    }
}

#[tokio::test]
async fn the_environment_takes_a_request_for_roles_and_one_for_permissions() {
    let server = Api::new().start().await;
    let (connection, _) = server.connect(&[]);
    let state = read(&connection, Query::roles()).await.unwrap();
    assert_eq!(server.lines(), ["GET /authorization/permissions?limit=100", "GET /authorization/roles"]);
    assert_eq!(connection.statistics().depth, 1);
    assert_eq!(keys(&state), [("-".to_owned(), "admin".to_owned()), ("-".to_owned(), "member".to_owned())]);
    let member = state.of(Kind::Role).find(|role| role.key.name.raw() == "member").unwrap();
    assert!(member.builtin);
    assert_eq!(state.identity.anchor, Some("role_M".into()));
    assert_eq!(state.catalogue, Some(["a:r", "b:w"].map(Untrusted::from).into()));
    assert_eq!(state.incomplete, BTreeMap::new());
    let admin = state.of(Kind::Role).find(|role| role.key.name.raw() == "admin").unwrap();
    assert_eq!(
        admin.fields.get(field::PERMISSIONS),
        Some(&Live::Known(Value::Set(["a:r", "b:w"].map(Untrusted::from).into())))
    );
    assert_eq!(admin.fields.get(field::NAME), Some(&Live::Known(Value::Text(Some("Admin".into())))));
}

#[tokio::test]
async fn an_organization_takes_one_request_however_it_is_written() {
    let api = Api::new().on(
        "GET /organizations/external_id/a%2Fb",
        r#"{"object":"organization","id":"org_1","name":"A","external_id":"a/b"}"#,
    );
    let server = api.start().await;
    let (connection, _) = server.connect(&[]);
    let asked = ["org_1", "external:a/b", "external:nobody", "org_2", "acme"];
    let state = read(&connection, query(&asked, false)).await.unwrap();
    assert_eq!(
        server.lines(),
        [
            "GET /authorization/organizations/org_1/roles",
            "GET /authorization/organizations/org_2/roles",
            "GET /authorization/permissions?limit=100",
            "GET /authorization/roles",
            "GET /organizations/external_id/a%2Fb",
            "GET /organizations/external_id/nobody",
            // Its roles alone do not prove that it is not there.
            "GET /organizations/org_2",
        ]
    );
    assert_eq!(connection.statistics().depth, 3);
    let place = |path: &str| Scope::within("organization", path);
    assert_eq!(
        state.places,
        BTreeMap::from([(place("org_1"), place("org_1")), (place("external:a/b"), place("org_1"))])
    );
    // Roles of the environment stand in every list, and once in the state.
    let ids = keys(&state);
    assert_eq!(ids.len(), 3);
    assert!(ids.contains(&("org_1".to_owned(), "org_1.org-auditor".to_owned())), "{ids:?}");
}

#[tokio::test]
async fn many_external_ids_are_looked_up_in_the_list_first() {
    let written: Vec<String> = (0..18).map(|index| format!("external:c{index}")).collect();
    let organization = |index: usize| format!(r#"{{"id":"org_1","name":"A","external_id":"c{index}"}}"#);
    // Two pages are worth it; the third is not read, and the rest is looked up one by one.
    let api = Api::new()
        .on("GET /organizations?limit=100", page(&(0..8).map(organization).collect::<Vec<_>>(), Some("p2")))
        .on(
            "GET /organizations?limit=100&after=p2",
            page(&(8..16).map(organization).collect::<Vec<_>>(), Some("p3")),
        )
        .on("GET /organizations/external_id/c16", organization(16));
    let server = api.start().await;
    let (connection, _) = server.connect(&[]);
    let asked: Vec<&str> = written.iter().map(String::as_str).collect();
    let state = read(&connection, query(&asked, false)).await.unwrap();
    assert_eq!(state.places.len(), 17);
    let looked_up: Vec<String> =
        server.lines().into_iter().filter(|line| line.contains("external_id")).collect();
    assert_eq!(looked_up, ["GET /organizations/external_id/c16", "GET /organizations/external_id/c17"]);
    assert_eq!(connection.statistics().depth, 4);
}

#[tokio::test]
async fn members_of_every_status_are_read_with_the_role_that_they_hold() {
    let members = [
        membership("user_a", &["org-auditor"], false),
        membership("user_b", &["member"], true),
        membership("user_c", &["gone"], false),
        membership("user_d", &["admin", "member"], false),
    ];
    let api = Api::new().on(MEMBERS_OF_1, page(&members, None));
    let server = api.start().await;
    let (connection, _) = server.connect(&[]);
    let state = read(&connection, query(&["org_1"], true)).await.unwrap();
    assert_eq!(
        held(&state),
        [
            ("user_a", Some("org_1.org-auditor")),
            ("user_b", Some("member")),
            ("user_c", None),
            ("user_d", None),
        ]
    );
    // A directory manages one; of another nobody says that members hold several.
    let locked: Vec<bool> = state.of(Kind::Assignment).map(|slot| slot.locked.is_some()).collect();
    assert_eq!(locked, [false, true, false, true]);
    let why = state.incomplete.get(&Kind::Assignment).unwrap().raw();
    assert!(why.contains("user_c"), "{why}");
    let email = Spelling::Email("user_a@acme.test".into());
    assert_eq!(state.directory.find("user", &email), Some(&"user_a".into()));

    let (connection, _) = server.connect(&[("roles_of_a_member", "several")]);
    let state = read(&connection, query(&["org_1"], true)).await.unwrap();
    assert_eq!(held(&state)[2..], [("user_c", None), ("user_d", Some("admin")), ("user_d", Some("member"))]);
}

#[tokio::test]
async fn a_list_is_read_to_its_end_and_never_in_circles() {
    let first = "GET /authorization/permissions?limit=100";
    let second = "GET /authorization/permissions?limit=100&after=p2";
    let api = |after| {
        Api::new()
            .on(first, page(&[permission("a:r")], Some("p2")))
            .on(second, page(&[permission("b:w")], after))
    };
    let state = api(None).read(Query::roles()).await.unwrap();
    assert_eq!(state.catalogue.unwrap().len(), 2);
    let error = api(Some("p2")).read(Query::roles()).await.unwrap_err();
    assert_eq!(error.kind, ReadErrorKind::Malformed);
    assert!(error.message.raw().contains("gave before"), "{:?}", error.message);
}

#[tokio::test]
async fn an_answer_that_lacks_what_is_required_is_no_answer() {
    for (what, broken) in [
        ("permissions", ADMIN.replace(r#""permissions":["b:w","a:r"],"#, "")),
        ("description", ADMIN.replace(r#""description":null,"#, "")),
        ("type", ADMIN.replace("EnvironmentRole", "NovelRole")),
        ("twice", format!("{ADMIN},{ADMIN}")),
        ("no role of the environment", CUSTOM.to_owned()),
    ] {
        let api = Api::new().on("GET /authorization/roles", roles(&[&broken, MEMBER]));
        let error = api.read(Query::roles()).await.unwrap_err();
        assert_eq!(error.kind, ReadErrorKind::Malformed, "{what}");
        assert!(error.message.raw().contains(what), "{what}: {:?}", error.message);
    }
    let broken = page(&[permission("a:r")], None).replace(r#","after":null"#, "");
    let api = Api::new().on("GET /authorization/permissions?limit=100", broken);
    assert_eq!(api.read(Query::roles()).await.unwrap_err().kind, ReadErrorKind::Malformed);
}

#[tokio::test]
async fn a_list_without_the_role_that_cannot_be_deleted_is_not_whole() {
    let api = Api::new().on("GET /authorization/roles", roles(&[]));
    let state = api.read(Query::roles()).await.unwrap();
    assert!(state.incomplete.contains_key(&Kind::Role));
    let api = Api::new().on("GET /authorization/organizations/org_1/roles", roles(&[CUSTOM]));
    let state = api.read(query(&["org_1"], false)).await.unwrap();
    assert!(state.incomplete.get(&Kind::Role).unwrap().raw().contains("org_1"));
}

#[tokio::test]
async fn a_slug_that_no_request_can_name_is_shown_and_not_changed() {
    let odd = CUSTOM.replace("org-auditor", "a/../b");
    let api = Api::new().on("GET /authorization/organizations/org_1/roles", roles(&[&odd, MEMBER]));
    let state = api.read(query(&["org_1"], false)).await.unwrap();
    let role = state.of(Kind::Role).find(|role| role.key.name.raw() == "a/../b").unwrap();
    assert!(role.locked.is_some());
}

#[tokio::test]
async fn an_import_reads_every_organization() {
    let organization = r#"{"id":"org_1","name":"A","external_id":null}"#.to_owned();
    let api = Api::new().on("GET /organizations?limit=100", page(&[organization], None));
    let state = api.read(Query { everywhere: true, ..Query::roles() }).await.unwrap();
    assert_eq!(keys(&state).len(), 3);
}

#[tokio::test]
async fn a_group_is_read_with_what_it_gives_in_the_organization() {
    let group = |id: &str, name: &str| {
        format!(r#"{{"object":"group","id":"{id}","organization_id":"org_1","name":"{name}"}}"#)
    };
    let given = |slug: &str, kind: &str| {
        format!(
            r#"{{"id":"gra_{slug}","role":{{"slug":"{slug}"}},"resource":{{"id":"authz_resource_1","external_id":"x","resource_type_slug":"{kind}"}}}}"#
        )
    };
    let api = Api::new()
        .on(MEMBERS_OF_1, page(&[], None))
        .on(
            "GET /organizations/org_1/groups?limit=100",
            page(&[group("group_1", "Ops"), group("group_2", "Dev")], None),
        )
        .on(
            "GET /authorization/groups/group_1/role_assignments?limit=100",
            page(
                &[
                    given("org-auditor", "organization"),
                    given("admin", "organization"),
                    given("editor", "project"),
                ],
                None,
            ),
        )
        .on("GET /authorization/groups/group_2/role_assignments?limit=100", page(&[], None));
    let server = api.start().await;
    let (connection, _) = server.connect(&[]);
    let mut query = query(&["org_1"], true);
    query.places.insert((Kind::Assignment, "group"), [Scope::within("organization", "org_1")].into());
    let state = read(&connection, query).await.unwrap();
    assert_eq!(held(&state), [("group_1", Some("admin")), ("group_1", Some("org_1.org-auditor"))]);
    assert_eq!(state.directory.find("group", &Spelling::Id("group_2".into())), Some(&"group_2".into()));
    assert_eq!(state.incomplete, BTreeMap::new());
    assert_eq!(connection.statistics().depth, 2);
}

#[tokio::test]
async fn what_members_hold_on_any_resource_is_asked_where_there_are_roles_for_resources() {
    let editor = CUSTOM
        .replace("org-auditor", "org-editor")
        .replace(r#""resource_type_slug":"organization""#, r#""resource_type_slug":"project""#);
    let members = [membership("user_a", &["member"], false), membership("user_b", &["member"], false)];
    let of = |user: &str| {
        format!("GET /authorization/organization_memberships/om_{user}/role_assignments?limit=100")
    };
    let api = Api::new()
        .on(MEMBERS_OF_1, page(&members, None))
        .on("GET /organizations/org_1/groups?limit=100", page(&[], None))
        .on(
            &of("user_b"),
            page(
                &[
                    on_resource("org-editor", "direct"),
                    on_resource("org-editor", "group"),
                    on_resource("member", "direct").replace(r#""project""#, r#""organization""#),
                ],
                None,
            ),
        );
    let inside = |scope: Scope| Query { inside: [scope].into(), ..query(&["org_1"], true) };
    let with_editor =
        || api.clone().on("GET /authorization/organizations/org_1/roles", roles(&[&editor, MEMBER]));
    let there = Scope::within("resource", "org_1/project/apollo");
    for asked in [inside(Scope::Target), inside(Scope::within("organization", "org_1"))] {
        // One who left meanwhile holds nothing.
        let server = with_editor().start().await;
        let (connection, _) = server.connect(&[]);
        let state = read(&connection, asked.clone()).await.unwrap();
        assert_eq!(connection.statistics().depth, 2);
        assert_eq!(state.incomplete, BTreeMap::new());
        let slots = state.of(Kind::Assignment).filter(|slot| slot.key.class == "resource_user");
        let slots: Vec<_> =
            slots.map(|slot| (slot.key.name.raw(), &slot.key.scope, slot.key.role.clone())).collect();
        let role = Some(RoleId::Live("org_1.org-editor".into()));
        assert_eq!(slots, [("user_b", &there, role)]);
        assert_eq!(state.place(&there), Some(&there));
        // Without a role for resources nobody is asked.
        let server = api.clone().start().await;
        let (connection, _) = server.connect(&[]);
        let state = read(&connection, asked).await.unwrap();
        assert!(!server.lines().contains(&of("user_b")));
        assert_eq!(state.of(Kind::Assignment).count(), 2);
    }
    let state = with_editor().read(inside(Scope::within("organization", "org_2"))).await.unwrap();
    assert!(state.of(Kind::Assignment).all(|slot| slot.key.class == "user"));
    assert!(state.belongs("resource_user", &there, &"user_c".into()), "nothing is known of it");
    // A role that no list has, or a resource that nobody can write.
    for odd in [
        on_resource("org-gone", "direct"),
        on_resource("org-editor", "direct").replace("apollo", "..").replace("role_assignment_", "x"),
    ] {
        let state = with_editor().on(&of("user_b"), page(&[odd], None));
        let state = state.read(inside(Scope::Target)).await.unwrap();
        assert!(state.incomplete.contains_key(&Kind::Assignment));
    }
}

#[tokio::test]
async fn who_belongs_to_an_organization_is_known_where_its_members_were_read() {
    let members = [membership("user_a", &["member"], false)];
    let api = Api::new().on(MEMBERS_OF_1, page(&members, None));
    let state = api.clone().read(query(&["org_1"], true)).await.unwrap();
    let here = Scope::within("organization", "org_1");
    let belongs = |state: &LiveState, user: &str| state.belongs("user", &here, &user.into());
    assert!(belongs(&state, "user_a") && !belongs(&state, "user_b"));
    let state = api.read(query(&["org_1"], false)).await.unwrap();
    assert!(belongs(&state, "user_b"));
}
