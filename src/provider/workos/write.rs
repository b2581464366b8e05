//! Writing WorkOS. A role is made without permissions: they come with an operation of their own, and where
//! that does not come about, the next plan gives them.

mod body;
mod group;
mod membership;
mod permission;
mod resource;

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value as Json, json};

use self::body::{details, full};
use super::{
    help::{HELD, TAKEN, explain, explain_write},
    members, resources,
    slug::{self, Place},
    spec::{GROUP, RESOURCE_GROUP, RESOURCE_MEMBER},
    wire,
};
use crate::{
    contract::equal_text,
    model::{RoleId, Scope, Untrusted, Value},
    plan::operation::{Made, RoleBody, RolePatch, Verb},
    provider::{
        Effect, Fut, Outcome, ReadError, Write, WriteError,
        http::{Answer, Failure, Get, Quota, ReadClient, Reading, Send, WriteClient},
    },
};

/// Writes, and reads what a refused or unanswered request came to.
#[derive(Debug)]
pub(super) struct Writer {
    reader: ReadClient,
    client: WriteClient,
}

/// The path of the roles of a place; an organization's holds its id.
struct RolesPath<'a> {
    segments: Vec<&'a str>,
    organization: Option<&'a str>,
}

impl<'a> RolesPath<'a> {
    fn new(scope: &'a Scope) -> Result<Self, WriteError> {
        let organization = match slug::place(scope) {
            Ok(Place::Environment) => None,
            Ok(Place::Id(id)) => Some(id),
            Ok(Place::External(id)) => return Err(not_sent(&format!("`external:{id}` was not looked up"))),
            Err(what) => return Err(not_sent(&what)),
        };
        let segments = match organization {
            None => vec!["authorization", "roles"],
            Some(id) => vec!["authorization", "organizations", id, "roles"],
        };
        Ok(Self { segments, organization })
    }

    fn role(&self, rest: &[&'a str]) -> Vec<&'a str> {
        [&self.segments, rest].concat()
    }
}

impl Write for Writer {
    fn execute<'a>(&'a self, verb: &'a Verb, made: &'a Made) -> Fut<'a, Result<Outcome, WriteError>> {
        Box::pin(self.run(verb, made))
    }

    /// The full set once more, where it was accepted and is read back otherwise.
    fn insist<'a>(&'a self, verb: &'a Verb, made: &'a Made) -> Option<Fut<'a, Result<Outcome, WriteError>>> {
        let (id, scope, permissions) = match verb {
            Verb::UpdateRole { role, scope, full, send, .. } if send.permissions.is_some() => {
                (role.id(made)?, scope, &full.permissions)
            }
            _ => return None,
        };
        Some(Box::pin(async move {
            let slug = slug::slug_of(id).map_err(|what| not_sent(&what))?;
            self.put_permissions(&RolesPath::new(scope)?, slug, permissions).await?;
            Ok(Outcome::Done { id: None })
        }))
    }
}

impl Writer {
    pub(super) fn new(reader: ReadClient, client: WriteClient) -> Self {
        Self { reader, client }
    }

    async fn run(&self, verb: &Verb, made: &Made) -> Result<Outcome, WriteError> {
        match verb {
            Verb::CreateRole { scope, body, .. } => self.create(scope, body).await,
            Verb::UpdateRole { role, scope, send, .. } => self.update(scope, known(role, made)?, send).await,
            Verb::DeleteRole { role, scope, .. } => self.delete(scope, known(role, made)?).await,
            Verb::Assign { role, class: GROUP | RESOURCE_GROUP, scope, principals, .. } => {
                self.let_give(scope, known(role, made)?, principals).await
            }
            Verb::Unassign { role, class: GROUP | RESOURCE_GROUP, scope, principals } => {
                self.let_keep(scope, known(role, made)?, principals).await
            }
            Verb::Assign { role, class: RESOURCE_MEMBER, scope, principals, .. } => {
                self.give_on_resource(scope, known(role, made)?, principals).await
            }
            Verb::Unassign { role, class: RESOURCE_MEMBER, scope, principals } => {
                self.take_on_resource(scope, known(role, made)?, principals).await
            }
            Verb::Assign { role, scope, principals, .. } => {
                self.give(scope, known(role, made)?, principals).await
            }
            Verb::Unassign { role, scope, principals, .. } => {
                self.take(scope, known(role, made)?, principals).await
            }
            Verb::Permission { slug, act } => self.permission(slug, act).await,
            Verb::SetDefault { .. } => Err(not_sent("WorkOS has no request that sets the default role")),
        }
    }

    async fn create(&self, scope: &Scope, body: &RoleBody) -> Result<Outcome, WriteError> {
        let path = RolesPath::new(scope)?;
        let full = full(body).map_err(|what| not_sent(&what))?;
        let slug = full.slug;
        match self.send(Method::POST, &path.segments, Some(full.json), None).await {
            Ok(_) => {}
            Err(failure) if is_taken(&failure) || failure.effect == Effect::Unknown => {
                self.reconcile(&path, slug, body, failure).await?;
            }
            Err(failure) => return Err(explain_write(failure).into()),
        }
        Ok(Outcome::Done { id: Some(slug::role_id(path.organization, slug)) })
    }

    /// What is there where a role was to be made, and the request was not answered, or answered that
    /// the slug is taken. A role that is as it was to be, and has no permission, is the one that was meant:
    /// the plan saw none. Any other is not touched.
    async fn reconcile(
        &self,
        path: &RolesPath<'_>,
        slug: &str,
        body: &RoleBody,
        failure: Failure,
    ) -> Result<(), WriteError> {
        let segments = path.role(&[slug]);
        let get = Get { segments: &segments, query: &[], wave: 1, quota: None };
        let reading = self.reader.begin();
        let Ok(answer) = reading.get(get).await else { return Err(explain_write(failure).into()) };
        let Ok(role) = reading.connection().parse::<wire::Role<'_>>(&answer) else {
            return Err(explain_write(failure).into());
        };
        let text = |text: Option<&str>| Value::Text(text.map(Untrusted::from));
        let description = role.description.as_ref().map(|text| &*text.0);
        let own = match path.organization {
            None => wire::RoleKind::Environment,
            Some(_) => wire::RoleKind::Organization,
        };
        let same = role.slug.0 == slug
            && role.kind == own
            && role.name.0 == body.name.raw()
            && equal_text(&text(description), &text(body.description.as_ref().map(Untrusted::raw)))
            && role.permissions.0.is_empty();
        if same { Ok(()) } else { Err(explain_write(failure).into()) }
    }

    async fn update(&self, scope: &Scope, id: &Untrusted, send: &RolePatch) -> Result<Outcome, WriteError> {
        let path = RolesPath::new(scope)?;
        let slug = slug::slug_of(id).map_err(|what| not_sent(&what))?;
        // The planner keeps the two apart: each is a request of its own.
        match (details(send), &send.permissions) {
            (Some(json), None) => {
                let sent = self.send(Method::PATCH, &path.role(&[slug]), Some(json), None).await;
                sent.map_err(explain_write)?;
            }
            (None, Some(permissions)) => self.put_permissions(&path, slug, permissions).await?,
            (None, None) => {}
            (Some(_), Some(_)) => return Err(not_sent("it would take two requests")),
        }
        Ok(Outcome::Done { id: None })
    }

    /// The full set, which replaces the one that is there.
    async fn put_permissions(
        &self,
        path: &RolesPath<'_>,
        slug: &str,
        permissions: &BTreeSet<Untrusted>,
    ) -> Result<(), WriteError> {
        let slugs: Vec<&str> = permissions.iter().map(Untrusted::raw).collect();
        let json = json!({ "permissions": slugs });
        let sent = self.send(Method::PUT, &path.role(&[slug, "permissions"]), Some(json), None).await;
        sent.map_err(explain_write)?;
        Ok(())
    }

    async fn delete(&self, scope: &Scope, id: &Untrusted) -> Result<Outcome, WriteError> {
        let path = RolesPath::new(scope)?;
        let slug = slug::slug_of(id).map_err(|what| not_sent(&what))?;
        let Some(organization) = path.organization else {
            return Err(not_sent("WorkOS has no request that deletes a role of the environment"));
        };
        match self.send(Method::DELETE, &path.role(&[slug]), None, None).await {
            Ok(_) => Ok(Outcome::Done { id: None }),
            // Somebody else was faster.
            Err(failure) if failure.status == Some(404) => Ok(Outcome::Done { id: None }),
            Err(failure) if failure.code.as_deref() == Some(HELD) => {
                Err(self.holders(organization, slug, failure).await)
            }
            Err(failure) => Err(explain_write(failure).into()),
        }
    }

    /// A refused deletion with the names of those who still hold the role.
    async fn holders(&self, organization: &str, slug: &str, mut failure: Failure) -> WriteError {
        const SHOWN: usize = 10;
        let help = match self.who_holds(organization, slug).await {
            Err(_) => "Who has it could not be read. Plan again.",
            Ok(holders) if holders.is_empty() => {
                "No membership has it itself, neither in the organization nor on a resource of it: a group, a user of a directory, or an SSO profile does. What a directory or an SSO connection gives is set in the WorkOS dashboard or in the organization's Admin Portal."
            }
            Ok(holders) => {
                let more = match holders.len().checked_sub(SHOWN) {
                    None | Some(0) => String::new(),
                    Some(more) => format!(" and {more} more"),
                };
                let shown = holders.into_iter().take(SHOWN).collect::<Vec<_>>().join(", ");
                failure.message.push_str("; still held by ");
                failure.message.push_str(&self.client.connection().quote(&shown));
                failure.message.push_str(&more);
                "Give its holders another role with `reassign_to` under `removed`."
            }
        };
        failure.help = Some(help.to_owned());
        failure.into()
    }

    /// The addresses of the members who hold a role in an organization, or on a resource of it.
    async fn who_holds(&self, organization: &str, slug: &str) -> Result<Vec<String>, ReadError> {
        let reading = self.reader.begin();
        let members = members::list(&reading, organization, 1).await?;
        let mut holding: BTreeSet<&str> = BTreeSet::new();
        let here = members.iter().filter(|membership| members::held(membership).contains(slug));
        holding.extend(here.map(|membership| &*membership.id));
        // A role is held in the organization or on resources, never on both.
        let on_resources =
            match holding.is_empty() && self.is_for_resources(&reading, organization, slug).await? {
                true => resources::of_members(&reading, members.iter().map(|one| &*one.id), 2).await?,
                false => Vec::new(),
            };
        let there = on_resources.iter().filter(|one| one.role.slug == slug && resources::is_direct(one));
        holding.extend(there.map(|one| &*one.organization_membership_id));
        let holders = members.iter().filter(|membership| holding.contains(&*membership.id));
        Ok(holders.map(|membership| membership.user.email.clone()).collect())
    }

    /// Whether a role of an organization is for another type of resource than the organization itself.
    async fn is_for_resources(
        &self,
        reading: &Reading,
        organization: &str,
        slug: &str,
    ) -> Result<bool, ReadError> {
        let segments = ["authorization", "organizations", organization, "roles", slug];
        let get = Get { segments: &segments, query: &[], wave: 1, quota: None };
        let answer = reading.get(get).await.map_err(explain)?;
        let role: wire::Role<'_> = reading.connection().parse(&answer)?;
        Ok(role.resource_type_slug.0 != slug::ORGANIZATION)
    }

    async fn send(
        &self,
        method: Method,
        segments: &[&str],
        body: Option<Json>,
        quota: Option<Quota>,
    ) -> Result<Answer, Failure> {
        self.client.send(Send { method, segments, query: &[], body, quota }).await
    }
}

/// Whether the slug is taken; a 409 without a code can mean nothing else there.
fn is_taken(failure: &Failure) -> bool {
    failure.status == Some(409) && failure.code.as_deref().is_none_or(|code| TAKEN.contains(&code))
}

/// The id of a role that exists by now.
fn known<'a>(role: &'a RoleId, made: &'a Made) -> Result<&'a Untrusted, WriteError> {
    role.id(made).ok_or_else(|| not_sent("the role that it is about was not made"))
}

/// Nothing was sent, because of something in the plan or in an answer before.
fn not_sent(what: &str) -> WriteError {
    WriteError {
        effect: Effect::Refused,
        request: "no request".into(),
        status: None,
        message: format!("nothing was sent: {what}").into(),
        help: None,
    }
}
