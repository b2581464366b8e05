//! What reading makes of answers as the description gives them, and of others.

use std::collections::BTreeSet;

use super::{
    place,
    spec::{IDP_GROUP, SERVICE_USER, USER},
    test_api::*,
};
use crate::{
    model::{
        Kind, RoleId, Scope, Untrusted, Value,
        desired::Spelling,
        live::{Live, LiveState, Query},
        object::field,
    },
    provider::ReadErrorKind,
};

const ORG_GROUPS: &str = "GET /v3/enterprise/organizations/org-1/members/idp-groups?first=200";
const ORG_SERVICE_USERS: &str = "GET /v3/enterprise/organizations/org-1/members/service-users?first=200";
const USERS: &str = "GET /v3/enterprise/members/users?first=200";
const ROLES: &str = "GET /v3/enterprise/roles?first=200";

fn api() -> Api {
    Api::new()
        .on(ORG_GROUPS, page(&[group("Eng Team", &[holds(MEMBER, Some("org-1"))])]))
        .on(ORG_SERVICE_USERS, page(&[]))
}

/// Each assignment as `CLASS NAME PLACE ROLE`.
fn held(live: &LiveState) -> Vec<String> {
    let slots = live.of(Kind::Assignment).map(|slot| {
        let role = match slot.fields.get(field::ROLE) {
            Some(Live::Known(Value::Role(Some(RoleId::Live(id))))) => id.raw().to_owned(),
            other => format!("{other:?}"),
        };
        let place = match &slot.key.scope {
            Scope::In { path, .. } => path.raw(),
            _ => "enterprise",
        };
        format!("{} {} {place} {role}", slot.key.class, slot.key.name.raw())
    });
    slots.collect()
}

#[tokio::test]
async fn roles_are_known_by_level_and_name_and_their_permissions_by_nobody() {
    let live = api().read(Query::roles()).await.unwrap();
    let roles: Vec<_> = live
        .of(Kind::Role)
        .map(|role| {
            let level = match &role.key.scope {
                Scope::Level(level) => level.to_string(),
                other => format!("{other:?}"),
            };
            assert_eq!(role.fields.get(field::PERMISSIONS), None);
            (level, role.key.name.raw().to_owned(), role.id.clone().unwrap().raw().to_owned(), role.builtin)
        })
        .collect();
    let expected = [
        ("enterprise", "Admin", "account_admin", true),
        ("organization", "DeepWiki Only", "b7c2", true),
        ("organization", "Knowledge Curator", "role-0a1b2c", false),
        ("organization", "Member", "org_member", true),
    ];
    assert_eq!(roles, expected.map(|(a, b, c, d)| (a.to_owned(), b.to_owned(), c.to_owned(), d)));
    // The oldest organization tells one enterprise from another.
    assert_eq!(live.identity.anchor, Some("org-1".into()));
    assert_eq!((live.identity.tenant, live.caller), (None, None));
}

#[tokio::test]
async fn members_of_every_class_are_told_where_they_were_asked_for() {
    let live = api().read(everybody()).await.unwrap();
    assert_eq!(
        held(&live),
        [
            "idp_group Eng Team org-1 org_member",
            "service_user su-1 enterprise account_admin",
            "user user-ada enterprise account_admin",
            "user user-ada org-1 role-0a1b2c",
        ]
    );
    assert!(live.incomplete.is_empty(), "{:?}", live.incomplete);
    let find = |class, spelling: Spelling| live.directory.find(class, &spelling).map(Untrusted::raw);
    assert_eq!(find(USER, Spelling::Email("ada@acme.test".into())), Some("user-ada"));
    assert_eq!(find(USER, Spelling::Id("okta|acme|mira".into())), Some("okta|acme|mira"));
    assert_eq!(find(SERVICE_USER, Spelling::Handle("rolecall".into())), Some("su-1"));
    assert_eq!(find(IDP_GROUP, Spelling::Handle("Eng Team".into())), Some("Eng Team"));
    let own: BTreeSet<(Scope, Untrusted)> = [(place::enterprise(), "account_admin".into())].into();
    assert_eq!((live.caller, live.caller_holds), (Some("su-1".into()), Some(own)));
}

#[tokio::test]
async fn only_what_is_asked_for_is_read_and_everything_at_once() {
    let server = api().start().await;
    let (connection, _) = server.connect(&[]);
    let users = query(&[USER], &[place::organization("Apps")]);
    let live = read(&connection, users).await.unwrap();
    assert_eq!(held(&live), ["user user-ada enterprise account_admin", "user user-ada org-1 role-0a1b2c"]);
    assert_eq!(live.places.get(&place::organization("Apps")), Some(&place::organization("org-1")));
    assert_eq!(
        server.lines(),
        [
            "GET /v3/enterprise/members/service-users/su-1",
            USERS,
            "GET /v3/enterprise/organizations?first=200",
            ROLES,
            "GET /v3/self",
        ]
    );
    assert_eq!(connection.statistics().depth, 2, "the record of the service user waits for its id");
    let before = server.lines().len();
    let (connection, _) = server.connect(&[]);
    let groups = query(&[IDP_GROUP, SERVICE_USER], &[place::organization("org-1")]);
    let _live = read(&connection, groups).await.unwrap();
    assert_eq!(server.lines().len() - before, 7);
    assert_eq!(connection.statistics().depth, 1);
}

#[tokio::test]
async fn pages_follow_their_cursor_to_the_end() {
    let (first, last) = (user("u1", None, &[]), user("u2", None, &[]));
    // A last page may have a cursor, and need not say that it is the last.
    let api = api().on(USERS, page_before(&[first], "b")).on(
        "GET /v3/enterprise/members/users?first=200&after=b",
        format!(r#"{{"items":[{last}],"end_cursor":"c","total":2}}"#),
    );
    let live = api.read(query(&[USER], &[place::enterprise()])).await.unwrap();
    for id in ["u1", "u2"] {
        assert!(live.directory.find(USER, &Spelling::Id(id.into())).is_some(), "{id}");
    }
    assert!(live.incomplete.is_empty());
}

#[tokio::test]
async fn lists_without_an_end_or_with_a_gap_are_not_taken_for_whole() {
    let users = |body: String| api().on(USERS, body).read(query(&[USER], &[place::enterprise()]));
    let endless = users(r#"{"items":[],"has_next_page":true,"end_cursor":null}"#.to_owned()).await;
    assert_eq!(endless.unwrap_err().kind, ReadErrorKind::Malformed);
    let circle = api()
        .on(USERS, page_before(&[], "b"))
        .on("GET /v3/enterprise/members/users?first=200&after=b", page_before(&[], "b"));
    let circle = circle.read(query(&[USER], &[place::enterprise()])).await.unwrap_err();
    assert_eq!(circle.kind, ReadErrorKind::Malformed);
    let gap = users(r#"{"items":[],"total":3}"#.to_owned()).await.unwrap();
    assert!(gap.incomplete[&Kind::Assignment].raw().contains("should have 3"), "{:?}", gap.incomplete);
}

#[tokio::test]
async fn answers_that_are_not_what_the_description_says_are_refused() {
    let twice = page(&texts(&[MEMBER, MEMBER]));
    let third = r#"{"items":[{"role_id":"x","role_name":"X","role_type":"team"}]}"#.to_owned();
    let empty = r#"{"items":[{"role_id":"","role_name":"X","role_type":"org"}]}"#.to_owned();
    let unnamed = r#"{"items":[{"role_id":"x","role_type":"org"}]}"#.to_owned();
    for body in [twice, third, empty, unnamed, "[]".to_owned(), "{}".to_owned(), "{".to_owned()] {
        let error = api().on(ROLES, body.clone()).read(Query::roles()).await.unwrap_err();
        assert_eq!(error.kind, ReadErrorKind::Malformed, "{body}");
        assert!(error.message.raw().contains("/v3/enterprise/roles"), "{body}: {:?}", error.message);
    }
    let dots = page(&[user("..", None, &[])]);
    let error = api().on(USERS, dots).read(query(&[USER], &[place::enterprise()])).await.unwrap_err();
    assert_eq!(error.kind, ReadErrorKind::Malformed);
}

#[tokio::test]
async fn several_roles_in_one_place_or_one_of_the_other_level_are_unclear() {
    let both = [holds(MEMBER, Some("org-1")), holds(CURATOR, Some("org-1"))];
    let other = [holds(ADMIN, Some("org-1"))];
    for held_by_ada in [&both[..], &other[..]] {
        let users = page(&[user("user-ada", None, held_by_ada)]);
        let live = api().on(USERS, users).read(everybody()).await.unwrap();
        assert!(live.incomplete[&Kind::Assignment].raw().contains("user-ada"), "{:?}", live.incomplete);
    }
}

#[tokio::test]
async fn the_list_of_an_organization_may_show_more_than_its_own() {
    let everywhere =
        [holds(ADMIN, None), holds(MEMBER, Some("org-1")), holds(CURATOR, Some("org-2")), holds(WIKI, None)];
    // Without an organization a role of organizations is one of this list.
    for (held_by_group, role) in [(&everywhere[..3], "org_member"), (&everywhere[3..], "b7c2")] {
        let groups = page(&[group("Eng Team", held_by_group)]);
        let query = query(&[IDP_GROUP], &[place::organization("org-1")]);
        let live = api().on(ORG_GROUPS, groups).read(query).await.unwrap();
        assert_eq!(held(&live), [format!("idp_group Eng Team org-1 {role}")]);
    }
}

#[tokio::test]
async fn a_role_that_somebody_holds_and_no_list_has_makes_the_list_incomplete() {
    let roles = page(&texts(&[ADMIN, MEMBER]));
    let live = api().on(ROLES, roles).read(everybody()).await.unwrap();
    assert!(live.incomplete[&Kind::Role].raw().contains("role-0a1b2c"), "{:?}", live.incomplete);
}

#[tokio::test]
async fn deleted_service_users_are_nobody() {
    let list = page(&[service_user("su-2", "old", true, &[holds(MEMBER, Some("org-1"))])]);
    let live = api()
        .on("GET /v3/enterprise/members/service-users?first=200", list)
        .read(query(&[SERVICE_USER], &[place::organization("org-1")]))
        .await
        .unwrap();
    assert_eq!(live.directory.find(SERVICE_USER, &Spelling::Handle("old".into())), None);
    assert!(!held(&live).iter().any(|slot| slot.contains("su-2")));
}

#[tokio::test]
async fn an_organization_is_found_by_its_id_or_by_a_name_of_its_own() {
    let places = ["org-1", "Apps", "org-9", "Nowhere"].map(place::organization);
    let live = api().read(query(&[USER, IDP_GROUP], &places)).await.unwrap();
    let found: Vec<&Scope> = live.places.keys().collect();
    assert_eq!(found, [&place::organization("Apps"), &place::organization("org-1")]);
    let twins = r#"{"items":[{"org_id":"org-1","name":"Apps","created_at":1},{"org_id":"org-2","name":"Apps","created_at":2}]}"#;
    let api = api().on("GET /v3/enterprise/organizations?first=200", twins);
    let live = api.read(query(&[USER], &[place::organization("Apps")])).await.unwrap();
    assert!(live.places.is_empty(), "a name that two have names neither: {:?}", live.places);
}

#[tokio::test]
async fn without_the_right_to_see_organizations_ids_are_believed_and_the_caller_tells_the_enterprise() {
    let api = api().says("GET /v3/enterprise/organizations?first=200", 403, r#"{"detail":"no"}"#);
    let live = api.clone().read(query(&[USER], &[place::organization("org-1")])).await.unwrap();
    assert_eq!(live.places.len(), 1);
    assert_eq!(live.identity.anchor, Some("su-1".into()));
    let live = api.read(Query::roles()).await.unwrap();
    assert_eq!(live.identity.anchor, Some("su-1".into()));
}

#[tokio::test]
async fn who_asks_may_be_untold_and_a_person_holds_what_comes_through_groups_too() {
    let no = api().says("GET /v3/self", 403, r#"{"detail":"no"}"#).read(everybody()).await.unwrap();
    assert_eq!((no.caller, no.caller_holds), (None, None));
    let odd = api().on("GET /v3/self", r#"{"principal_type":"robot"}"#).read(everybody()).await.unwrap();
    assert_eq!((odd.caller, odd.caller_holds), (None, None));
    let person = api().on("GET /v3/self", r#"{"principal_type":"pat_user","user_id":"user-ada"}"#).on(
        "GET /v3/enterprise/members/users/user-ada",
        format!(
            r#"{{"user_id":"user-ada","email":null,"name":null,"role_assignments":[{}],"idp_role_assignments":[{{"role":{ADMIN},"idp_group_name":"Eng","org_id":null}}]}}"#,
            holds(CURATOR, Some("org-1"))
        ),
    );
    let live = person.read(everybody()).await.unwrap();
    let own: BTreeSet<(Scope, Untrusted)> =
        [(place::enterprise(), "account_admin".into()), (place::organization("org-1"), "role-0a1b2c".into())]
            .into();
    assert_eq!((live.caller, live.caller_holds), (Some("user-ada".into()), Some(own)));
}

#[tokio::test]
async fn somebody_who_is_there_through_a_group_alone_is_looked_up() {
    let mut query = query(&[USER], &[place::organization("org-1")]);
    query.people.insert(USER, [Spelling::Email("zoe@acme.test".into())].into());
    let api = api().on(
        "GET /v3/enterprise/members/idp-users?first=200",
        r#"{"items":[{"user_id":"user-zoe","email":"zoe@acme.test","name":"Zoe","idp_role_assignments":[]}]}"#,
    );
    let live = api.read(query).await.unwrap();
    let found = live.directory.find(USER, &Spelling::Email("zoe@acme.test".into()));
    assert_eq!(found, Some(&"user-zoe".into()));
}
