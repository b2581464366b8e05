//! Giving roles to members of an organization.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::json;

use super::{RolesPath, Writer, not_sent};
use crate::{
    contract::is_safe_id,
    model::{Scope, Untrusted},
    provider::{
        Effect, Outcome, WriteError,
        http::{Get, Quota},
        workos::{
            MEMBER_READS, MEMBER_WRITES,
            help::{explain, explain_write},
            members::{self, ALL_STATUSES},
            slug,
            spec::several_roles,
            wire::{Membership, Page},
        },
    },
};

const MEMBERSHIPS: &[&str] = &["user_management", "organization_memberships"];
const WRITES: Option<Quota> = Some(MEMBER_WRITES);

impl Writer {
    /// Gives each of `principals`, by user id, the role: in place of the one they hold, or beside the
    /// others where the environment allows several. Who is no member is not made one.
    pub(super) async fn give(
        &self,
        scope: &Scope,
        role: &Untrusted,
        principals: &[Untrusted],
    ) -> Result<Outcome, WriteError> {
        let slug = slug::slug_of(role).map_err(|what| not_sent(&what))?;
        let path = RolesPath::new(scope)?;
        let organization = path.organization.ok_or_else(|| not_sent("a role is held in an organization"))?;
        for user in principals {
            match self.membership(organization, user).await? {
                None => {
                    let help = "Let them join in WorkOS itself, or by your own program, and plan again.";
                    let what = format!("{user:?} is no member of the organization");
                    return Err(WriteError { help: Some(help.to_owned()), ..not_sent(&what) });
                }
                Some(membership) => {
                    let mut roles: BTreeSet<&str> = BTreeSet::from([slug]);
                    if several_roles(self.client.connection()) {
                        roles.extend(members::held(&membership));
                    }
                    self.put_roles(&membership, &roles).await?;
                }
            }
        }
        Ok(Outcome::Done { id: None })
    }

    /// Takes the role from each of `principals`, who keep the others that they hold.
    pub(super) async fn take(
        &self,
        scope: &Scope,
        role: &Untrusted,
        principals: &[Untrusted],
    ) -> Result<Outcome, WriteError> {
        let slug = slug::slug_of(role).map_err(|what| not_sent(&what))?;
        let path = RolesPath::new(scope)?;
        let organization = path.organization.ok_or_else(|| not_sent("a role is held in an organization"))?;
        for user in principals {
            let Some(membership) = self.membership(organization, user).await? else { continue };
            let mut roles = members::held(&membership);
            if !roles.remove(slug) {
                continue;
            }
            if roles.is_empty() {
                let what = format!("it is the only role of {user:?}, and a member always has one");
                return Err(WriteError {
                    help: Some("Declare the role that they have instead.".to_owned()),
                    ..not_sent(&what)
                });
            }
            self.put_roles(&membership, &roles).await?;
        }
        Ok(Outcome::Done { id: None })
    }

    async fn put_roles(&self, membership: &Membership, roles: &BTreeSet<&str>) -> Result<(), WriteError> {
        let json = match (several_roles(self.client.connection()), roles.first()) {
            (false, Some(role)) => json!({ "role_slug": role }),
            _ => json!({ "role_slugs": roles }),
        };
        let segments = [MEMBERSHIPS, &[&membership.id]].concat();
        self.send(Method::PUT, &segments, Some(json), WRITES).await.map_err(explain_write)?;
        Ok(())
    }

    /// The membership of a user, whatever its status; `None` where there is none.
    pub(super) async fn membership(
        &self,
        organization: &str,
        user: &Untrusted,
    ) -> Result<Option<Membership>, WriteError> {
        if !is_safe_id(user) {
            return Err(not_sent(&format!("{user:?} is no id of a user")));
        }
        let query = [("organization_id", organization), ("user_id", user.raw()), ("statuses", ALL_STATUSES)];
        let reading = self.reader.begin();
        let get = Get { segments: MEMBERSHIPS, query: &query, wave: 1, quota: Some(MEMBER_READS) };
        // Nothing was changed yet.
        let unread = |error: WriteError| WriteError { effect: Effect::Refused, ..error };
        let answer = reading.get(get).await.map_err(|failure| unread(explain(failure).into()))?;
        let page: Page<Membership> =
            reading.connection().parse(&answer).map_err(|failure| unread(failure.into()))?;
        let own = |found: &Membership| found.user_id == user.raw() && found.organization_id == organization;
        let found = page.data.0.into_iter().find(own);
        match &found {
            Some(membership) if !is_safe_id(&membership.id.as_str().into()) => {
                Err(not_sent(&format!("{:?} is no id of a membership", membership.id)))
            }
            _ => Ok(found),
        }
    }
}
