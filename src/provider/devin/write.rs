//! Writing Devin: who holds which role. Roles themselves have no request.

mod group;

use std::{collections::BTreeSet, sync::OnceLock};

use reqwest::Method;
use serde_json::{Value as Json, json};
use tokio::sync::Mutex;

use super::{
    help::explain_write,
    members::Members,
    pages::{self, List},
    place::{self, Place},
    spec::{IDP_GROUP, SERVICE_USER, USER},
    wire,
};
use crate::{
    model::{RoleId, Scope, Untrusted},
    plan::operation::{Made, Verb},
    provider::{
        Effect, Fut, Outcome, Write, WriteError,
        http::{Answer, Failure, Get, ReadClient, Send, WriteClient},
    },
};

/// Writes, and reads what a refused request came to.
#[derive(Debug)]
pub(super) struct Writer {
    reader: ReadClient,
    client: WriteClient,
    /// Groups that are registered, as far as this run asked; `None` before it did.
    registered: Mutex<Option<BTreeSet<String>>>,
    /// Groups that are given a first role in this run.
    coming: OnceLock<BTreeSet<String>>,
}

/// A principal in a place.
#[derive(Clone, Copy)]
struct Slot<'a> {
    class: &'static str,
    scope: &'a Scope,
    place: Place<'a>,
    principal: &'a Untrusted,
}

impl<'a> Slot<'a> {
    fn new(class: &'static str, scope: &'a Scope, principal: &'a Untrusted) -> Result<Self, WriteError> {
        let place = place::place(scope).map_err(|what| not_sent(&what))?;
        if !place::is_segment(principal.raw()) {
            return Err(not_sent(&format!("{principal:?} cannot stand in a path")));
        }
        Ok(Self { class, scope, place, principal })
    }

    /// The path of the list of its class in its place.
    fn list(&self) -> Vec<&'a str> {
        let kind = match self.class {
            SERVICE_USER => "service-users",
            IDP_GROUP => "idp-groups",
            _ => "users",
        };
        match self.place {
            Place::Enterprise => vec!["members", kind],
            Place::Organization(id) => vec!["organizations", id, "members", kind],
        }
    }

    fn path(&self) -> Vec<&'a str> {
        pages::path(&[&self.list()[..], &[self.principal.raw()]].concat())
    }

    /// Of a user's role in the enterprise there is no first one: it came with the invitation.
    fn comes_with_the_account(&self) -> bool {
        self.class == USER && self.place == Place::Enterprise
    }
}

impl Write for Writer {
    fn execute<'a>(&'a self, verb: &'a Verb, made: &'a Made) -> Fut<'a, Result<Outcome, WriteError>> {
        Box::pin(self.run(verb, made))
    }

    fn announce(&self, verbs: &[&Verb]) {
        let groups = verbs.iter().flat_map(|verb| match verb {
            Verb::Assign { class, principals, held, .. } if *class == IDP_GROUP => {
                principals.iter().filter(|group| !held.contains_key(*group)).collect()
            }
            _ => Vec::new(),
        });
        let coming: BTreeSet<String> = groups.map(|group| group.raw().to_owned()).collect();
        self.coming.get_or_init(|| coming);
    }

    /// There is one way to give a role.
    fn insist<'a>(&'a self, _: &'a Verb, _: &'a Made) -> Option<Fut<'a, Result<Outcome, WriteError>>> {
        None
    }
}

impl Writer {
    pub(super) fn new(reader: ReadClient, client: WriteClient) -> Self {
        Self { reader, client, registered: Mutex::new(None), coming: OnceLock::new() }
    }

    async fn run(&self, verb: &Verb, made: &Made) -> Result<Outcome, WriteError> {
        match verb {
            Verb::Assign { role, scope, class, principals, held, .. } => {
                let role = known(role, made)?;
                for principal in principals {
                    let slot = Slot::new(class, scope, principal)?;
                    self.give(slot, role, held.contains_key(principal)).await?;
                }
            }
            Verb::Unassign { scope, class, principals, .. } => {
                for principal in principals {
                    self.take(Slot::new(class, scope, principal)?).await?;
                }
            }
            Verb::CreateRole { .. } | Verb::UpdateRole { .. } | Verb::DeleteRole { .. } => {
                return Err(not_sent("Devin has no request that makes, changes, or deletes a role"));
            }
            Verb::SetDefault { .. } => return Err(not_sent("Devin has no default role")),
            Verb::Permission { .. } => return Err(not_sent("Devin ships every permission")),
        }
        Ok(Outcome::Done { id: None })
    }

    /// POST gives the first role in a place, PATCH another one.
    async fn give(&self, slot: Slot<'_>, role: &Untrusted, held: bool) -> Result<(), WriteError> {
        if slot.class == IDP_GROUP && !held {
            self.register(slot.principal).await?;
        }
        let changes = held || slot.comes_with_the_account();
        let method = if changes { Method::PATCH } else { Method::POST };
        let body = json!({ "role_id": role.raw() });
        match self.send(method, &slot.path(), Some(body)).await {
            Ok(_) => Ok(()),
            // Somebody was faster, perhaps with the same role; which status that has is not documented.
            Err(failure) if !changes && matches!(failure.status, Some(400 | 409)) => {
                match self.holds(slot).await {
                    Some(held) if held == BTreeSet::from([role.clone()]) => Ok(()),
                    _ => Err(explain_write(failure).into()),
                }
            }
            Err(failure) => Err(explain_write(failure).into()),
        }
    }

    /// Takes what the principal holds there: of a user or service user in the enterprise with the
    /// account, in an organization with the membership. The plan asks for it only where that is said.
    async fn take(&self, slot: Slot<'_>) -> Result<(), WriteError> {
        match self.send(Method::DELETE, &slot.path(), None).await {
            Ok(_) => Ok(()),
            // Somebody else was faster.
            Err(failure) if failure.status == Some(404) => Ok(()),
            Err(failure) => Err(explain_write(failure).into()),
        }
    }

    /// The roles that a principal holds in its place; `None` where they cannot be read.
    async fn holds(&self, slot: Slot<'_>) -> Option<BTreeSet<Untrusted>> {
        let reading = self.reader.begin();
        let mut members = Members::default();
        let own = slot.path();
        let user = pages::path(&["members", "users", slot.principal.raw()]);
        let one = |segments| Get { segments, query: &[], wave: 1, quota: None };
        let connection = reading.connection();
        let organization = match slot.place {
            Place::Organization(id) => Some(id),
            Place::Enterprise => None,
        };
        match slot.class {
            USER => {
                // There is none for one user of an organization.
                let answer = reading.get(one(&user[..])).await.ok()?;
                let user: wire::User = connection.parse(&answer).ok()?;
                members.add(USER, slot.principal, &user.role_assignments.0, None);
            }
            IDP_GROUP => {
                let answer = reading.get(one(&own[..])).await.ok()?;
                let group: wire::IdpGroup = connection.parse(&answer).ok()?;
                members.add(IDP_GROUP, slot.principal, &group.role_assignments.0, organization);
            }
            _ if organization.is_none() => {
                let answer = reading.get(one(&own[..])).await.ok()?;
                let user: wire::ServiceUser = connection.parse(&answer).ok()?;
                members.add(slot.class, slot.principal, &user.role_assignments.0, None);
            }
            _ => {
                let list = List { segments: &slot.list(), wave: 1 };
                let listed: pages::Listed<wire::ServiceUser> = pages::read(&reading, list).await.ok()?;
                for user in listed.items.iter().filter(|user| user.service_user_id == slot.principal.raw()) {
                    members.add(slot.class, slot.principal, &user.role_assignments.0, organization);
                }
            }
        }
        let held = members.of(slot.class, slot.principal);
        Some(held.into_iter().filter(|(scope, _)| scope == slot.scope).map(|(_, role)| role).collect())
    }

    async fn send(&self, method: Method, segments: &[&str], body: Option<Json>) -> Result<Answer, Failure> {
        self.client.send(Send { method, segments, query: &[], body, quota: None }).await
    }
}

/// The id of a role that exists by now.
fn known<'a>(role: &'a RoleId, made: &'a Made) -> Result<&'a Untrusted, WriteError> {
    role.id(made).ok_or_else(|| not_sent("the role that it is about is not there"))
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
