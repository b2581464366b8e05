//! Writing CodeRabbit: one request for each operation.
//!
//! `/v1/roles` is used first: it alone creates with permissions, sets the default, and deletes.
//! Whether its PATCH replaces or merges permissions is not documented, so the full set is always
//! sent; where that is read back otherwise, `/v1/configuration/roles`, which is documented to take
//! complete sets, is asked once.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use serde_json::{Map, Value, json};

use super::{
    ORG_ID, USERS_QUOTA,
    help::explain_write,
    roles::checked_id,
    spec::BATCH,
    wire::{Bulk, Made as MadeRole},
};
use crate::{
    model::{RoleId, Untrusted},
    plan::operation::{Made, RoleBody, RolePatch, Verb},
    provider::{
        Effect, Fut, Outcome, Write, WriteError,
        http::{Answer, Failure, Send, WriteClient},
    },
};

/// Writes, and nothing else.
#[derive(Debug)]
pub(super) struct Writer {
    client: WriteClient,
}

/// The path of the roles that knows every operation.
const ROLES: &[&str] = &["v1", "roles"];
/// The path of the roles that is documented to take complete sets.
const CONFIGURATION_ROLES: &[&str] = &["v1", "configuration", "roles"];

impl Write for Writer {
    fn execute<'a>(&'a self, verb: &'a Verb, made: &'a Made) -> Fut<'a, Result<Outcome, WriteError>> {
        Box::pin(self.run(verb, made))
    }

    fn insist<'a>(&'a self, verb: &'a Verb, made: &'a Made) -> Option<Fut<'a, Result<Outcome, WriteError>>> {
        match verb {
            // What was made lacks or exceeds the permissions it was made with.
            Verb::CreateRole { address, body, .. } => {
                let id = made.get(address)?;
                let send = RolePatch { permissions: Some(body.permissions.clone()), ..RolePatch::default() };
                Some(Box::pin(async move { self.patch(id, &send).await }))
            }
            Verb::UpdateRole { role, send, full, .. } if send.permissions.is_some() => {
                let id = role.id(made)?;
                Some(Box::pin(async move { self.put_whole(id, full).await }))
            }
            _ => None,
        }
    }
}

impl Writer {
    pub(super) fn new(client: WriteClient) -> Self {
        Self { client }
    }

    async fn run(&self, verb: &Verb, made: &Made) -> Result<Outcome, WriteError> {
        match verb {
            Verb::CreateRole { body, .. } => self.create(body).await,
            Verb::UpdateRole { role, send, .. } => {
                self.patch(known("PATCH /v1/roles", role, made)?, send).await
            }
            Verb::DeleteRole { role, .. } => self.delete(known("DELETE /v1/roles", role, made)?).await,
            // One request: marking a role clears the mark of the one before.
            Verb::SetDefault { role: Some(role), .. } => {
                self.mark(known("PATCH /v1/roles", role, made)?, true).await
            }
            Verb::SetDefault { role: None, clears: Some(role) } => {
                self.mark(known("PATCH /v1/roles", role, made)?, false).await
            }
            Verb::SetDefault { role: None, clears: None } => {
                Err(not_sent("PATCH /v1/roles", "there is no default role to clear"))
            }
            Verb::Assign { role, principals, .. } => {
                self.assign(known("POST /v1/users/roles", role, made)?, principals).await
            }
            Verb::Permission { .. } => Err(not_sent("no request", "CodeRabbit ships every permission")),
            Verb::Unassign { .. } => {
                Err(not_sent("POST /v1/users/roles", "there is no call that takes a role away"))
            }
        }
    }

    async fn create(&self, body: &RoleBody) -> Result<Outcome, WriteError> {
        let mut json = Map::new();
        json.insert("name".to_owned(), body.name.raw().into());
        if let Some(description) = &body.description {
            json.insert("description".to_owned(), description.raw().into());
        }
        // Always sent, also where it is empty: without it the role would get the permissions of
        // the Member role.
        json.insert("permissions".to_owned(), entries("POST /v1/roles", &body.permissions)?);
        let answer = self.send(Method::POST, ROLES, Some(json), false).await?;
        if is_blank(&answer) {
            return Ok(Outcome::Done { id: None });
        }
        let connection = self.client.connection();
        let made: MadeRole =
            connection.parse(&answer).map_err(|failure| self.accepted(failure.into(), &answer))?;
        let Some(id) = made.id() else { return Ok(Outcome::Done { id: None }) };
        match checked_id(&id) {
            Ok(id) => Ok(Outcome::Done { id: Some(id) }),
            Err(what) => {
                let failure = connection.malformed(&answer.request, &format!("was accepted, but {what}"));
                Err(self.accepted(failure.into(), &answer))
            }
        }
    }

    async fn patch(&self, id: &Untrusted, send: &RolePatch) -> Result<Outcome, WriteError> {
        let mut json = Map::new();
        if let Some(name) = &send.name {
            json.insert("name".to_owned(), name.raw().into());
        }
        if let Some(description) = &send.description {
            json.insert("description".to_owned(), description.as_ref().map(Untrusted::raw).into());
        }
        if let Some(permissions) = &send.permissions {
            json.insert("permissions".to_owned(), entries("PATCH /v1/roles", permissions)?);
        }
        self.change(ROLES, id, json).await
    }

    async fn mark(&self, id: &Untrusted, default: bool) -> Result<Outcome, WriteError> {
        self.change(ROLES, id, Map::from_iter([("is_default".to_owned(), default.into())])).await
    }

    /// The documented call that demands the complete name and the complete set.
    async fn put_whole(&self, id: &Untrusted, full: &RoleBody) -> Result<Outcome, WriteError> {
        let json = Map::from_iter([
            ("name".to_owned(), full.name.raw().into()),
            ("permissions".to_owned(), entries("PATCH /v1/configuration/roles", &full.permissions)?),
        ]);
        self.change(CONFIGURATION_ROLES, id, json).await
    }

    async fn change(
        &self,
        path: &[&str],
        id: &Untrusted,
        json: Map<String, Value>,
    ) -> Result<Outcome, WriteError> {
        let line = format!("PATCH /{}", path.join("/"));
        let id = checked_id(id.raw()).map_err(|what| not_sent(&line, &what))?;
        let mut segments = path.to_vec();
        segments.push(id.raw());
        let answer = self.send(Method::PATCH, &segments, Some(json), false).await?;
        if !is_blank(&answer) {
            // Any JSON will do: the role is read back. A page of something in between will not.
            self.client
                .connection()
                .parse::<serde::de::IgnoredAny>(&answer)
                .map_err(|failure| self.accepted(failure.into(), &answer))?;
        }
        Ok(Outcome::Done { id: None })
    }

    async fn delete(&self, id: &Untrusted) -> Result<Outcome, WriteError> {
        let id = checked_id(id.raw()).map_err(|what| not_sent("DELETE /v1/roles", &what))?;
        match self.send(Method::DELETE, &["v1", "roles", id.raw()], None, true).await {
            Ok(_) => Ok(Outcome::Done { id: None }),
            // Somebody else was faster.
            Err(error) if error.status == Some(404) => Ok(Outcome::Done { id: None }),
            Err(mut error) => {
                // Which of the two it is for a role in use is not documented.
                if matches!(error.status, Some(400 | 409)) {
                    error.help = Some("A role can only be deleted while nobody holds it: it may be in use. Give its holders another role with `reassign_to` under `removed`.".to_owned());
                }
                Err(error)
            }
        }
    }

    async fn assign(&self, role: &Untrusted, principals: &[Untrusted]) -> Result<Outcome, WriteError> {
        const LINE: &str = "POST /v1/users/roles";
        if principals.is_empty() || principals.len() > BATCH {
            let what = format!("{} users are not between 1 and {BATCH}", principals.len());
            return Err(not_sent(LINE, &what));
        }
        let ids: Vec<&str> = principals.iter().map(Untrusted::raw).collect();
        let json =
            Map::from_iter([("role".to_owned(), role.raw().into()), ("user_ids".to_owned(), json!(ids))]);
        let answer = self.send(Method::POST, &["v1", "users", "roles"], Some(json), false).await?;
        let connection = self.client.connection();
        let bulk: Bulk<'_> =
            connection.parse(&answer).map_err(|failure| self.accepted(failure.into(), &answer))?;

        // 200 is no success: the status and every user tell.
        let mut failed: BTreeMap<&Untrusted, Untrusted> = BTreeMap::new();
        let sent: BTreeMap<&str, &Untrusted> = principals.iter().map(|id| (id.raw(), id)).collect();
        for item in bulk.failed.iter().flat_map(|items| &items.0) {
            let reason = match (&item.code, &item.message) {
                (Some(code), Some(message)) => format!("{}: {}", code.0, message.0),
                (Some(text), None) | (None, Some(text)) => text.0.clone().into_owned(),
                (None, None) => "no reason was given".to_owned(),
            };
            if let Some(id) = sent.get(&*item.user_id.0) {
                failed.insert(id, connection.quote(&reason).into());
            }
        }
        if let Some(succeeded) = &bulk.succeeded {
            let done: BTreeSet<&str> = succeeded.0.iter().map(|id| &*id.0).collect();
            for id in principals.iter().filter(|id| !done.contains(id.raw())) {
                failed
                    .entry(id)
                    .or_insert_with(|| "the answer names it neither as changed nor as failed".into());
            }
        }
        let status = bulk.status.as_ref().map(|status| &*status.0);
        if status == Some("failure") && !failed.is_empty() {
            for id in principals {
                failed.entry(id).or_insert_with(|| "the request failed as a whole".into());
            }
        }
        let failed: Vec<_> = failed.into_iter().map(|(id, why)| (id.clone(), why)).collect();
        let unclear = |effect, what: &str| {
            let failure = connection.malformed(&answer.request, what);
            Err(WriteError { effect, status: Some(answer.status), ..failure.into() })
        };
        match (status, failed.is_empty()) {
            (Some("success"), true) => Ok(Outcome::Done { id: None }),
            (Some("success" | "partial_success" | "failure"), false) => Ok(Outcome::Partly { failed }),
            (Some("failure"), true) => {
                unclear(Effect::Refused, "answered with the status `failure` and no reason")
            }
            (Some("partial_success"), true) => unclear(
                Effect::Unknown,
                "answered with the status `partial_success` and does not say for whom",
            ),
            _ => unclear(Effect::Unknown, "answered without one of the documented statuses"),
        }
    }

    /// Sends one request; `org_id` goes into the query of a DELETE and into every body.
    ///
    /// That a DELETE takes it from the query only a third party says, and of a PATCH the documentation
    /// says so of all writes in one sentence. Where such a request is refused with 400, as one without
    /// an organization is, it is sent once more with `org_id` in both places. A refusal did nothing.
    async fn send(
        &self,
        method: Method,
        segments: &[&str],
        body: Option<Map<String, Value>>,
        in_query: bool,
    ) -> Result<Answer, WriteError> {
        let org_id = self.client.connection().setting(ORG_ID);
        let elsewhere = org_id.is_some() && [Method::PATCH, Method::DELETE].contains(&method);
        let refused = match self.send_once(method.clone(), segments, body.clone(), in_query).await {
            Err(failure) if elsewhere && failure.status == Some(400) => failure,
            sent => return Ok(sent.map_err(|failure| explain_write(failure, org_id.is_some(), segments))?),
        };
        match self.send_once(method, segments, Some(body.unwrap_or_default()), true).await {
            Err(again) if again.status == Some(400) => Err(explain_write(refused, true, segments).into()),
            sent => Ok(sent.map_err(|failure| explain_write(failure, true, segments))?),
        }
    }

    async fn send_once(
        &self,
        method: Method,
        segments: &[&str],
        body: Option<Map<String, Value>>,
        in_query: bool,
    ) -> Result<Answer, Failure> {
        let org_id = self.client.connection().setting(ORG_ID);
        let query: Vec<(&str, &str)> =
            org_id.iter().filter(|_| in_query).map(|id| (ORG_ID, id.raw())).collect();
        let body = body.map(|mut body| {
            if let Some(id) = org_id {
                body.insert(ORG_ID.to_owned(), id.raw().into());
            }
            Value::Object(body)
        });
        let quota = segments.contains(&"users").then_some(USERS_QUOTA);
        self.client.send(Send { method, segments, query: &query, body, quota }).await
    }

    /// An error about an answer that accepted the request.
    fn accepted(&self, error: WriteError, answer: &Answer) -> WriteError {
        WriteError {
            effect: Effect::Unknown,
            status: Some(answer.status),
            help: error
                .help
                .or_else(|| Some("It was accepted; read the role to see what came of it.".to_owned())),
            ..error
        }
    }
}

/// The id of a role that exists by now.
fn known<'a>(line: &str, role: &'a RoleId, made: &'a Made) -> Result<&'a Untrusted, WriteError> {
    role.id(made).ok_or_else(|| not_sent(line, "the role that it is about was not made"))
}

/// A permission set as the API takes it.
fn entries(line: &str, permissions: &BTreeSet<Untrusted>) -> Result<Value, WriteError> {
    permissions
        .iter()
        .map(|permission| match permission.raw().rsplit_once(':') {
            Some((resource, access)) if !resource.is_empty() && !access.is_empty() => {
                Ok(json!({ "resource_id": resource, "access_type": access }))
            }
            _ => Err(not_sent(line, &format!("{permission:?} is not `resource:access`"))),
        })
        .collect()
}

fn not_sent(line: &str, what: &str) -> WriteError {
    WriteError {
        effect: Effect::NotSent,
        request: line.into(),
        status: None,
        message: format!("{line} was not sent: {what}").into(),
        help: None,
    }
}

fn is_blank(answer: &Answer) -> bool {
    answer.body.iter().all(u8::is_ascii_whitespace)
}
