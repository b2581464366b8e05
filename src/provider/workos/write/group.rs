//! Giving roles to WorkOS's own groups, and taking them: by the organization as a whole, or on a resource
//! of it.

use reqwest::Method;
use serde_json::json;

use super::{
    Writer, not_sent,
    resource::{on, scope_of},
};
use crate::{
    contract::is_safe_id,
    model::{Scope, Untrusted},
    provider::{
        Outcome, WriteError,
        workos::{help::explain_write, slug},
    },
};

/// The group gives the role already.
const ALREADY: &str = "duplicate_group_role_assignment";

impl Writer {
    /// Lets each of `groups`, by id, give the role beside those that it gives.
    pub(super) async fn let_give(
        &self,
        scope: &Scope,
        role: &Untrusted,
        groups: &[Untrusted],
    ) -> Result<Outcome, WriteError> {
        self.each(scope, role, groups, Method::POST, |status, code| status == 409 && code == Some(ALREADY))
            .await
    }

    /// Takes the role from each of `groups`; a group that does not give it is as it should be.
    pub(super) async fn let_keep(
        &self,
        scope: &Scope,
        role: &Untrusted,
        groups: &[Untrusted],
    ) -> Result<Outcome, WriteError> {
        self.each(scope, role, groups, Method::DELETE, |status, _| status == 404).await
    }

    /// The same body makes an assignment and, as what it has to match, removes it.
    async fn each(
        &self,
        scope: &Scope,
        role: &Untrusted,
        groups: &[Untrusted],
        method: Method,
        is_so: fn(u16, Option<&str>) -> bool,
    ) -> Result<Outcome, WriteError> {
        let slug = slug::slug_of(role).map_err(|what| not_sent(&what))?;
        for group in groups {
            if !is_safe_id(group) {
                return Err(not_sent(&format!("{group:?} is no id of a group")));
            }
            let segments = ["authorization", "groups", group.raw(), "role_assignments"];
            let body = match scope_of(scope)? {
                None => json!({ "role_slug": slug }),
                Some(resource) => on(&resource, slug),
            };
            match self.send(method.clone(), &segments, Some(body), None).await {
                Ok(_) => {}
                Err(failure) if failure.status.is_some_and(|s| is_so(s, failure.code.as_deref())) => {}
                Err(failure) => return Err(explain_write(failure).into()),
            }
        }
        Ok(Outcome::Done { id: None })
    }
}
