//! A small server with a body for each request line, and bodies to begin with.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    Devin, place,
    spec::{IDP_GROUP, SERVICE_USER, USER},
};
use crate::{
    model::{
        Kind, Scope,
        live::{LiveState, Query},
    },
    provider::{
        Provider as _, ReadError,
        http::{
            Connection,
            testing::{Act, Server, json},
        },
    },
};

pub(super) const ADMIN: &str = r#"{"role_id":"account_admin","role_name":"Admin","role_type":"enterprise"}"#;
pub(super) const MEMBER: &str = r#"{"role_id":"org_member","role_name":"Member","role_type":"org"}"#;
pub(super) const WIKI: &str = r#"{"role_id":"b7c2","role_name":"DeepWiki Only","role_type":"org"}"#;
pub(super) const CURATOR: &str =
    r#"{"role_id":"role-0a1b2c","role_name":"Knowledge Curator","role_type":"org","novel":1}"#;

/// A page in its barest form: nothing that may be missing is there.
pub(super) fn page(items: &[String]) -> String {
    format!(r#"{{"items":[{}]}}"#, items.join(","))
}

/// A page after which another one follows.
pub(super) fn page_before(items: &[String], cursor: &str) -> String {
    format!(r#"{{"items":[{}],"end_cursor":"{cursor}","has_next_page":true,"total":null}}"#, items.join(","))
}

pub(super) fn texts(items: &[&str]) -> Vec<String> {
    items.iter().map(|item| (*item).to_owned()).collect()
}

/// That somebody holds `role`, in an organization or, with `null` for it, in the enterprise.
pub(super) fn holds(role: &str, organization: Option<&str>) -> String {
    let organization = organization.map_or_else(|| "null".to_owned(), |id| format!("\"{id}\""));
    format!(r#"{{"role":{role},"org_id":{organization}}}"#)
}

pub(super) fn user(id: &str, email: Option<&str>, held: &[String]) -> String {
    let email = email.map_or_else(|| "null".to_owned(), |email| format!("\"{email}\""));
    format!(r#"{{"user_id":"{id}","email":{email},"name":null,"role_assignments":[{}]}}"#, held.join(","))
}

pub(super) fn service_user(id: &str, name: &str, deleted: bool, held: &[String]) -> String {
    let deleted = if deleted { "1780646400" } else { "null" };
    format!(
        r#"{{"service_user_id":"{id}","name":"{name}","expires_at":null,"deleted_at":{deleted},"role_assignments":[{}]}}"#,
        held.join(",")
    )
}

pub(super) fn group(name: &str, held: &[String]) -> String {
    format!(r#"{{"idp_group_name":"{name}","role_assignments":[{}]}}"#, held.join(","))
}

fn organization(id: &str, name: &str, created: u32) -> String {
    format!(
        r#"{{"org_id":"{id}","name":"{name}","created_at":{created},"updated_at":{created},"max_session_acu_limit":null,"max_cycle_acu_limit":null}}"#
    )
}

/// An API by request line; what is not in it is a 404.
#[derive(Clone)]
pub(super) struct Api(pub(super) BTreeMap<String, (u16, String)>);

impl Api {
    pub(super) fn new() -> Self {
        let organizations =
            [organization("org-2", "Data", 1_700_000_000), organization("org-1", "Apps", 1_600_000_000)];
        Self(BTreeMap::new())
            .on("GET /v3/enterprise/roles?first=200", page(&texts(&[ADMIN, MEMBER, WIKI, CURATOR])))
            .on("GET /v3/enterprise/organizations?first=200", page(&organizations))
            .on("GET /v3/self", r#"{"principal_type":"service_user","service_user_id":"su-1","org_id":null}"#)
            .on(
                "GET /v3/enterprise/members/users?first=200",
                page(&[
                    user(
                        "user-ada",
                        Some("ada@acme.test"),
                        &[holds(ADMIN, None), holds(CURATOR, Some("org-1"))],
                    ),
                    user("okta|acme|mira", None, &[]),
                ]),
            )
            .on(
                "GET /v3/enterprise/members/service-users?first=200",
                page(&[service_user("su-1", "rolecall", false, &[holds(ADMIN, None)])]),
            )
            .on(
                "GET /v3/enterprise/members/service-users/su-1",
                service_user("su-1", "rolecall", false, &[holds(ADMIN, None)]),
            )
            .on("GET /v3/enterprise/members/idp-groups?first=200", page(&[group("Eng Team", &[])]))
            .on(
                "GET /v3/enterprise/idp-groups?first=200",
                page(&texts(&[r#"{"idp_group_name":"Eng Team"}"#])),
            )
    }

    pub(super) fn on(self, line: &str, body: impl Into<String>) -> Self {
        self.says(line, 200, body)
    }

    pub(super) fn says(mut self, line: &str, status: u16, body: impl Into<String>) -> Self {
        self.0.insert(line.to_owned(), (status, body.into()));
        self
    }

    pub(super) fn answer(&self, line: &str) -> Act {
        match self.0.get(line) {
            Some((status, body)) => json(*status, body.clone()),
            None => json(404, r#"{"type":"about:blank","title":"Not Found","status":404,"detail":"gone"}"#),
        }
    }

    pub(super) async fn start(self) -> Server {
        Server::start(move |seen, _| self.answer(&seen.line)).await
    }

    pub(super) async fn read(self, query: Query) -> Result<LiveState, ReadError> {
        let server = self.start().await;
        let (connection, _) = server.connect(&[]);
        read(&connection, query).await
    }
}

pub(super) async fn read(connection: &Arc<Connection>, query: Query) -> Result<LiveState, ReadError> {
    Devin.reader(connection.clone()).fetch(query).await
}

/// What asks who of these classes holds what in these places.
pub(super) fn query(classes: &[&'static str], places: &[Scope]) -> Query {
    let places: BTreeSet<Scope> = places.iter().cloned().collect();
    let places = classes.iter().map(|class| ((Kind::Assignment, *class), places.clone())).collect();
    Query { members: true, places, ..Query::roles() }
}

/// Every class, in the enterprise and in `org-1`.
pub(super) fn everybody() -> Query {
    query(&[USER, SERVICE_USER, IDP_GROUP], &[place::enterprise(), place::organization("org-1")])
}
