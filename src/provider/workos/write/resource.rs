//! Giving roles on a resource of an organization to its members, and taking them.

use reqwest::Method;
use serde_json::{Value as Json, json};

use super::{Writer, not_sent};
use crate::{
    contract::is_safe_id,
    model::{Scope, Untrusted},
    provider::{
        Outcome, WriteError,
        workos::{
            help::explain_write,
            slug::{self, RESOURCE, Resource},
        },
    },
};

/// The resource of a place; `None` for an organization as a whole.
pub(super) fn scope_of(scope: &Scope) -> Result<Option<Resource<'_>>, WriteError> {
    match scope {
        Scope::In { kind, .. } if &**kind == RESOURCE => {
            Resource::of(scope).map(Some).ok_or_else(|| not_sent("the place is no resource"))
        }
        _ => Ok(None),
    }
}

/// The body that gives a role on a resource and, as what it has to match, takes it.
pub(super) fn on(resource: &Resource<'_>, role: &str) -> Json {
    json!({
        "role_slug": role,
        "resource_external_id": resource.external_id,
        "resource_type_slug": resource.kind,
    })
}

impl Writer {
    /// Gives each of `principals`, by user id, the role on a resource, beside the others that they have.
    pub(super) async fn give_on_resource(
        &self,
        scope: &Scope,
        role: &Untrusted,
        principals: &[Untrusted],
    ) -> Result<Outcome, WriteError> {
        self.each_on_resource(scope, role, principals, Method::POST).await
    }

    /// Takes the role on a resource from each of `principals`; who does not have it is as they should be.
    pub(super) async fn take_on_resource(
        &self,
        scope: &Scope,
        role: &Untrusted,
        principals: &[Untrusted],
    ) -> Result<Outcome, WriteError> {
        self.each_on_resource(scope, role, principals, Method::DELETE).await
    }

    async fn each_on_resource(
        &self,
        scope: &Scope,
        role: &Untrusted,
        principals: &[Untrusted],
        method: Method,
    ) -> Result<Outcome, WriteError> {
        let slug = slug::slug_of(role).map_err(|what| not_sent(&what))?;
        let resource = scope_of(scope)?.ok_or_else(|| not_sent("the place is no resource"))?;
        let owner = Untrusted::from(resource.organization);
        if !slug::is_organization(&owner) {
            return Err(not_sent(&format!("{owner:?} is no id of an organization")));
        }
        let takes = method == Method::DELETE;
        for user in principals {
            let membership = match self.membership(resource.organization, user).await? {
                Some(membership) => membership.id,
                None if takes => continue,
                None => {
                    let help = "Give them a role in the organization first, under the same `users`.";
                    let what = format!("{user:?} is no member of the organization");
                    return Err(WriteError { help: Some(help.to_owned()), ..not_sent(&what) });
                }
            };
            if !is_safe_id(&membership.as_str().into()) {
                return Err(not_sent(&format!("{membership:?} is no id of a membership")));
            }
            let segments = ["authorization", "organization_memberships", &membership, "role_assignments"];
            match self.send(method.clone(), &segments, Some(on(&resource, slug)), None).await {
                Ok(_) => {}
                Err(failure) if takes && failure.status == Some(404) => {}
                Err(failure) => return Err(explain_write(failure).into()),
            }
        }
        Ok(Outcome::Done { id: None })
    }
}
