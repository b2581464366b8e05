//! A small server with a body for each path and each query, and what tests ask of a live state.

use std::{collections::BTreeMap, sync::Arc};

use super::GitLab;
use crate::{
    model::{
        Kind, Scope, Value,
        live::{Live, LiveObject, LiveState, Query},
        object::field,
    },
    provider::{
        Provider as _, ReadError,
        http::{
            Connection, Statistics,
            testing::{Act, Seen, Server, json},
        },
    },
};

pub(super) const GROUP: &[(&str, &str)] = &[("group", "acme")];

/// A role of GraphQL on the base Reporter.
pub(super) fn role(id: u32, name: &str, members: u32) -> String {
    format!(
        r#"{{"id":"gid://gitlab/MemberRole/{id}","name":"{name}","description":null,"baseAccessLevel":{{"integerValue":20}},
        "enabledPermissions":{{"pageInfo":{{"hasNextPage":false}},"nodes":[{{"value":"READ_CODE"}}]}},"membersCount":{members},"usersCount":{members},
        "detailsPath":"/groups/acme/-/settings/roles_and_permissions/{id}","novel":[]}}"#
    )
}

/// A page of a group's roles.
pub(super) fn page(roles: &[String], next: Option<&str>) -> String {
    let cursor = next.map_or("null".to_owned(), |cursor| format!("\"{cursor}\""));
    format!(
        r#"{{"data":{{"group":{{"id":"gid://gitlab/Group/84","memberRoles":{{"pageInfo":{{"hasNextPage":{},"endCursor":{cursor}}},"nodes":[{}]}}}},
        "memberRolePermissions":{{"pageInfo":{{"hasNextPage":false}},"nodes":[{{"value":"READ_CODE"}},{{"value":"READ_NEW"}}]}}}}}}"#,
        next.is_some(),
        roles.join(",")
    )
}

/// A server: bodies of GraphQL by what stands in the query and its variables, of REST by path.
#[derive(Default)]
pub(super) struct Api {
    pub(super) graphql: Vec<(&'static str, String)>,
    pub(super) rest: BTreeMap<String, (u16, String)>,
}

impl Api {
    pub(super) fn of(roles: &[String]) -> Self {
        Self { graphql: vec![("", page(roles, None))], rest: BTreeMap::new() }.with(
            "/api/v4/user",
            200,
            r#"{"id":1,"username":"ada"}"#,
        )
    }

    pub(super) fn with(mut self, path: &str, status: u16, body: &str) -> Self {
        self.rest.insert(path.to_owned(), (status, body.to_owned()));
        self
    }

    /// A group without any link.
    pub(super) fn group(self, path: &str, members: &str) -> Self {
        let at = format!("/api/v4/groups/{path}");
        self.with(&at, 200, &format!(r#"{{"id":84,"full_path":"{path}","shared_with_groups":[]}}"#))
            .with(&format!("{at}/members"), 200, members)
            .with(&format!("{at}/saml_group_links"), 200, "[]")
            .with(&format!("{at}/ldap_group_links"), 404, r#"{"message":"No linked LDAP groups found"}"#)
    }

    fn answer(&self, seen: &Seen) -> Act {
        let (method, rest) = seen.line.split_once(' ').unwrap();
        if rest == "/api/graphql" {
            let found = self.graphql.iter().find(|(part, _)| seen.body.contains(part));
            return json(200, found.map(|(_, body)| body.clone()).unwrap());
        }
        let path = rest.split('?').next().unwrap_or_default();
        let known = self.rest.get(&format!("{method} {path}")).or_else(|| self.rest.get(path));
        match known {
            Some((status, body)) => json(*status, body.clone()),
            None => json(404, r#"{"message":"404 Not Found"}"#),
        }
    }

    pub(super) async fn start(self) -> Server {
        Server::start(move |seen, _| self.answer(seen)).await
    }

    pub(super) async fn read(self, query: Query) -> Result<LiveState, ReadError> {
        fetch(&self.start().await, GROUP, query).await.0
    }
}

pub(super) async fn fetch(
    server: &Server,
    settings: &[(&str, &str)],
    query: Query,
) -> (Result<LiveState, ReadError>, Statistics) {
    let (connection, _) = server.connect(settings);
    (read(&connection, query).await, connection.statistics())
}

async fn read(connection: &Arc<Connection>, query: Query) -> Result<LiveState, ReadError> {
    GitLab.reader(connection.clone()).fetch(query).await
}

/// Members and links of these places.
pub(super) fn at(class: &'static str, places: &[(&str, &str)]) -> Query {
    let places = places.iter().map(|(kind, path)| Scope::within(kind, *path)).collect();
    Query { places: BTreeMap::from([((Kind::Assignment, class), places)]), ..Query::all() }
}

pub(super) fn named<'a>(state: &'a LiveState, name: &str) -> &'a LiveObject {
    state.of(Kind::Role).find(|object| object.key.name.raw() == name).unwrap()
}

/// Place, principal, and role of every assignment.
pub(super) fn held(state: &LiveState) -> Vec<(String, String, String)> {
    let assignment = |object: &LiveObject| {
        let Scope::In { path, .. } = &object.key.scope else { panic!("{object:?}") };
        let role = match object.fields.get(field::ROLE) {
            Some(Live::Known(Value::Role(Some(crate::model::RoleId::Live(id))))) => id.raw().to_owned(),
            _ => String::new(),
        };
        (path.raw().to_owned(), object.key.name.raw().to_owned(), role)
    };
    state.of(Kind::Assignment).map(assignment).collect()
}
