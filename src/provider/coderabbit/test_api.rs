//! A small server with a body for each path, and what tests ask of a live state.

use std::{collections::BTreeMap, sync::Arc};

use super::CodeRabbit;
use crate::{
    model::{
        Field, Kind, RoleId, Untrusted, Value,
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

pub(super) const ADMIN: &str = r#"{"role":"cr_admin","role_name":"Admin","role_type":"system","description":"","is_default":false,"user_count":1,"permissions":[{"resource_id":"user_management","access_type":"write"}]}"#;
pub(super) const MEMBER: &str = r#"{"role":"cr_member","role_name":"Member","role_type":"system","description":null,"is_default":false,"user_count":2,"permissions":[]}"#;
pub(super) const CUSTOM: &str = r#"{"role":"6f1bb6c1","role_name":"Release Auditor","role_type":"custom","description":"Reads","is_default":false,"user_count":1,"permissions":[{"resource_id":"a","access_type":"read"},{"resource_id":"b:c","access_type":"write"}],"novel":{"x":[1]}}"#;
pub(super) const OPTIONS: &str = r#"{"resource_ids":["a","b:c"],"access_types":["read","write"]}"#;
pub(super) const ME: &str = r#"{"scope":{"id":"org-77","kind":"organization"},"user":{"user_id":1001}}"#;
pub(super) const ROLES: Query = Query::roles();
pub(super) const ALL: Query = Query::all();

pub(super) fn list(roles: &[&str]) -> String {
    format!(r#"{{"roles":[{}],"novel":null}}"#, roles.join(","))
}

pub(super) fn users(users: &[(&str, &str)]) -> String {
    let users: Vec<String> = users
        .iter()
        .map(|(id, role)| {
            format!(r#"{{"user_id":"{id}","role":{role},"seat_assigned":true,"user_name":"name {id}"}}"#)
        })
        .collect();
    format!(r#"{{"seats_purchased":50,"users":[{}],"next_cursor":null}}"#, users.join(","))
}

/// A server with a body for each path.
pub(super) struct Api {
    pub(super) roles: String,
    pub(super) me: (u16, String),
    pub(super) options: (u16, String),
    pub(super) users: String,
    pub(super) single: BTreeMap<String, String>,
}

impl Api {
    pub(super) fn new(roles: impl Into<String>) -> Self {
        Self {
            roles: roles.into(),
            me: (200, ME.to_owned()),
            options: (200, OPTIONS.to_owned()),
            users: users(&[
                ("1001", r#""cr_admin""#),
                ("1002", r#""6f1bb6c1""#),
                ("1003", r#""cr_member""#),
                ("1004", r#""cr_member""#),
            ]),
            single: BTreeMap::new(),
        }
    }

    fn answer(&self, seen: &Seen) -> Act {
        let path = seen.line.trim_start_matches("GET ").split('?').next().unwrap_or_default();
        match path {
            "/v1/roles" => json(200, self.roles.clone()),
            "/v1/me" => json(self.me.0, self.me.1.clone()),
            "/v1/roles/permissions" => json(self.options.0, self.options.1.clone()),
            "/v1/users" => json(200, self.users.clone()),
            path => match self.single.get(path) {
                Some(body) => json(200, body.clone()),
                None => json(404, r#"{"error":{"code":"not_found"}}"#),
            },
        }
    }

    pub(super) async fn start(self) -> Server {
        Server::start(move |seen, _| self.answer(seen)).await
    }

    pub(super) async fn read(self, query: Query) -> Result<LiveState, ReadError> {
        fetch(&self.start().await, &[], query).await.0
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

pub(super) async fn read(connection: &Arc<Connection>, query: Query) -> Result<LiveState, ReadError> {
    CodeRabbit.reader(connection.clone()).fetch(query).await
}

pub(super) fn role<'a>(state: &'a LiveState, id: &str) -> &'a LiveObject {
    state.of(Kind::Role).find(|object| object.id.as_ref().is_some_and(|found| found.raw() == id)).unwrap()
}

pub(super) fn field_of(object: &LiveObject, name: Field) -> Live {
    object.fields.get(name).unwrap().clone()
}

pub(super) fn default_of(state: &LiveState) -> Live {
    field_of(state.of(Kind::Default).next().unwrap(), field::ROLE)
}

pub(super) fn held(state: &LiveState) -> Vec<(String, Option<String>)> {
    state
        .of(Kind::Assignment)
        .map(|object| {
            let role = match field_of(object, field::ROLE) {
                Live::Known(Value::Role(Some(RoleId::Live(id)))) => Some(id.raw().to_owned()),
                _ => None,
            };
            (object.key.name.raw().to_owned(), role)
        })
        .collect()
}

pub(super) fn set(members: &[&str]) -> Live {
    Live::Known(Value::Set(members.iter().map(|&member| Untrusted::from(member)).collect()))
}
