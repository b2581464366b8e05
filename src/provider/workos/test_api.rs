//! A small server with a body for each request line, and bodies to begin with.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::WorkOs;
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

pub(super) const ADMIN: &str = r#"{"object":"role","id":"role_A","slug":"admin","name":"Admin","description":null,"type":"EnvironmentRole","resource_type_slug":"organization","permissions":["b:w","a:r"],"created_at":"x","updated_at":"x"}"#;
pub(super) const MEMBER: &str = r#"{"object":"role","id":"role_M","slug":"member","name":"Member","description":"All","type":"EnvironmentRole","resource_type_slug":"organization","permissions":[],"created_at":"x","updated_at":"x"}"#;
pub(super) const CUSTOM: &str = r#"{"object":"role","id":"role_C","slug":"org-auditor","name":"Auditor","description":"","type":"OrganizationRole","resource_type_slug":"organization","permissions":["a:r"],"created_at":"x","updated_at":"x","novel":{}}"#;

pub(super) fn roles(roles: &[&str]) -> String {
    format!(r#"{{"object":"list","data":[{}]}}"#, roles.join(","))
}

pub(super) fn page(items: &[String], after: Option<&str>) -> String {
    let after = after.map_or_else(|| "null".to_owned(), |after| format!("\"{after}\""));
    format!(
        r#"{{"object":"list","data":[{}],"list_metadata":{{"before":null,"after":{after}}}}}"#,
        items.join(",")
    )
}

pub(super) fn permission(slug: &str) -> String {
    format!(
        r#"{{"object":"permission","id":"perm_1","slug":"{slug}","name":"x","description":null,"system":false,"resource_type_slug":"organization","created_at":"x","updated_at":"x"}}"#
    )
}

pub(super) fn membership(user: &str, roles: &[&str], directory: bool) -> String {
    let first = roles.first().unwrap_or(&"member");
    let all: Vec<String> = roles.iter().map(|slug| format!(r#"{{"slug":"{slug}"}}"#)).collect();
    format!(
        r#"{{"object":"organization_membership","id":"om_{user}","user_id":"{user}","organization_id":"org_1","status":"active","directory_managed":{directory},"role":{{"slug":"{first}"}},"roles":[{}],"user":{{"object":"user","id":"{user}","email":"{user}@acme.test"}}}}"#,
        all.join(",")
    )
}

/// A role that user_b holds on the project Apollo.
pub(super) fn on_resource(slug: &str, source: &str) -> String {
    format!(
        r#"{{"id":"role_assignment_{slug}","organization_membership_id":"om_user_b","role":{{"slug":"{slug}"}},"resource":{{"id":"authz_resource_1","external_id":"apollo","resource_type_slug":"project"}},"source":{{"type":"{source}","group_role_assignment_id":null}}}}"#
    )
}

/// What stands at the path of memberships.
pub(super) const MEMBERS_OF_1: &str = "GET /user_management/organization_memberships?organization_id=org_1&statuses=active%2Cinactive%2Cpending&limit=100";

/// An API by request line; what is not in it is a 404.
#[derive(Clone)]
pub(super) struct Api(pub(super) BTreeMap<String, (u16, String)>);

impl Api {
    pub(super) fn new() -> Self {
        Self(BTreeMap::new())
            .on("GET /authorization/roles", roles(&[ADMIN, MEMBER]))
            .on(
                "GET /authorization/permissions?limit=100",
                page(&[permission("a:r"), permission("b:w")], None),
            )
            .on("GET /authorization/organizations/org_1/roles", roles(&[ADMIN, CUSTOM, MEMBER]))
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
            None => json(404, r#"{"message":"Not found"}"#),
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
    WorkOs.reader(connection.clone()).fetch(query).await
}

/// What asks for the roles of these organizations, and for their members.
pub(super) fn query(organizations: &[&str], members: bool) -> Query {
    let places: BTreeSet<Scope> =
        organizations.iter().map(|path| Scope::within("organization", *path)).collect();
    let roles = (Kind::Role, super::spec::ORGANIZATION_ROLE);
    let people = (Kind::Assignment, super::spec::MEMBERSHIP);
    let places = BTreeMap::from([(roles, places.clone()), (people, places)]);
    Query { members, places, ..Query::roles() }
}
