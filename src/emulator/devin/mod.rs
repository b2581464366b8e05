//! Devin: roles by name, members, service users, groups of the identity provider, organizations, and the audit log.
//!
//! A token is sent as `Authorization: Bearer cog_...`; it reaches one enterprise and stands for a user or a service
//! user there, whose roles decide what it may do. Roles are made in the dashboard alone, and no route of the API
//! tells their permissions; here they decide what their holders may do, and whom the guard against escalation lets
//! have them.
//!
//! Served are `/v3/self`, `/v3/enterprise/roles`, `.../members/*`, `.../idp-groups`, `.../organizations` with the
//! members of each, `.../audit-logs`, and the reads of one organization under `/v3beta1/organizations`. Keys of
//! service users, and the older versions of the API, are not.
//!
//! # Seeds
//!
//! ```yaml
//! provider: devin
//! enterprises:
//!   - name: acme                 # what `?enterprise=` and the request log call it
//!     tokens:
//!       - { token: cog_demo, of: service-user-bot }   # a user's or a service user's id
//!       - { token: apk_user_old, of: user-ada, legacy: true }
//!     anybody: user-ada          # whom unknown tokens stand for; default: the first account_admin if no tokens
//!     roles:                     # besides the built-in ones
//!       - { id: role-0a1b2c, name: Knowledge Curator, type: org, permissions: [ManageOrgKnowledge] }
//!     organizations:
//!       - { id: org-apps, name: Apps, max_session_acu_limit: 10 }
//!     users:                     # `role` is account_member where it is absent
//!       - { id: user-ada, email: ada@acme.test, name: Ada, role: account_admin, organizations: { org-apps: org_admin } }
//!       - { id: "okta|acme|mira", email: mira@acme.test, groups: [eng] }
//!     service_users:
//!       - { id: service-user-bot, name: bot, role: account_admin, expires_at: 1893456000 }
//!     idp_groups:                # registered ones; `groups` of users may name others
//!       - { name: eng, role: account_member, organizations: { org-apps: org_member } }
//!     generate: { organizations: 200, users: 50 }
//! ```
//!
//! Permissions of roles are written as the API's documentation writes them; `*` is every permission of the level.
//!
//! # Dashboard
//!
//! Besides the routes of [the frame](super), each with `?enterprise=NAME` (default: the first) and `?as=ID`, the
//! principal whom the audit log names.
//!
//! | route | body |
//! |---|---|
//! | `POST /_dashboard/roles` | `{name, type, permissions?, id?}`; `type` is `enterprise` or `org` |
//! | `PATCH /_dashboard/roles/{id}` | any of `{name, permissions}`; permissions replace |
//! | `DELETE /_dashboard/roles/{id}` | none; refused while somebody holds the role |
//! | `POST /_dashboard/users` | `{email?, name?, id?, role?, groups?}` |
//! | `DELETE /_dashboard/users/{id}` | none |
//! | `PUT /_dashboard/users/{id}/groups` | `{"groups": [NAME, ...]}`: what the identity provider names at the next sign-in |
//! | `POST /_dashboard/service-users` | `{name, role, id?, org?, expires_at?}` |
//! | `PUT /_dashboard/users/{id}/role`, `.../service-users/{id}/role`, `.../idp-groups/{name}/role` | `{role, org?}`; `null` takes it away |

mod assign;
mod caller;
mod dashboard;
mod edit;
mod enterprise;
mod input;
mod members;
mod objects;
mod page;
mod refusal;
mod sample;
mod seed;
mod shape;
mod switches;
mod table;
mod world;

#[cfg(test)]
mod tests;

use serde_json::{Value, json};

use super::call::{Answer, Call};
use super::product::{Change, Failure, Limit, Product, Registered, View};
use caller::Request;
use objects::Event;
use refusal::Refusal;
use switches::RETRY_AFTER;
use table::Stored as _;
use world::{COUNTER, ENTERPRISE, World};

/// The line of the registry.
pub(super) const REGISTERED: Registered = Registered {
    name: "devin",
    switches: switches::ALL,
    empty: || Box::new(Devin(World::default())),
    build: |document| seed::build(document).map(|world| Box::new(Devin(world)) as Box<dyn Product>),
    default_seed: sample::seed,
};

/// The emulated product.
#[derive(Debug, Clone)]
struct Devin(World);

fn route(request: Request<'_>, route: &[&str]) -> Result<Answer, Refusal> {
    match route {
        ["v3", "self"] => enterprise::whoami(request),
        ["v3", "enterprise", "roles"] => enterprise::roles(request),
        ["v3", "enterprise", "members", rest @ ..] => members::answer(request, None, rest),
        ["v3", "enterprise", "idp-groups", rest @ ..] => enterprise::groups(request, rest),
        ["v3", "enterprise", "audit-logs"] => enterprise::audit(request, None),
        ["v3", "enterprise", "organizations", org, "members", rest @ ..] => {
            let org = enterprise::organization(request, org);
            request.require_membership()?;
            members::answer(request, Some(&org?.id), rest)
        }
        ["v3", "enterprise", "organizations", org, "audit-logs"] => {
            enterprise::audit(request, Some(&enterprise::organization(request, org)?.id))
        }
        ["v3", "enterprise", "organizations", rest @ ..] => enterprise::organizations(request, rest),
        ["v3beta1", "organizations", org, "members", rest @ ..] => {
            members::of_organization(request, &enterprise::organization(request, org)?.id, rest)
        }
        _ => Err(Refusal::not_found("Page")),
    }
}

impl Product for Devin {
    fn credential(&self, call: &Call) -> Option<String> {
        caller::credential(call).map(str::to_owned)
    }

    fn tenant(&self, _view: View<'_>, call: &Call) -> Option<String> {
        caller::reached(&self.0, call).map(|(name, ..)| name.to_owned())
    }

    fn limit(&self, view: View<'_>, call: &Call) -> Option<Limit> {
        caller::limit(&self.0, view, call)
    }

    fn limited(&self, view: View<'_>, call: &Call, wait_ms: i64) -> Answer {
        let seconds = u64::try_from(wait_ms).unwrap_or(0).div_ceil(1000).max(1);
        let failure = Failure {
            status: 429,
            code: None,
            message: "Rate limit exceeded".to_owned(),
            retry_after: None,
            retry_after_header: Some(seconds).filter(|_| view.switches.is(&RETRY_AFTER, "header")),
        };
        self.failure(view, call, &failure)
    }

    fn answer(&self, view: View<'_>, call: &Call) -> Answer {
        caller::identify(&self.0, view, call)
            .and_then(|request| route(request, &call.route()))
            .unwrap_or_else(|refusal| refusal.answer(&call.path, view.switches))
    }

    fn dashboard(&self, view: View<'_>, call: &Call) -> Answer {
        let segments = call.route();
        dashboard::answer(&self.0, view, call, segments.get(1..).unwrap_or_default())
            .unwrap_or_else(|refusal| Answer::plain_error(refusal.status, &refusal.message()))
    }

    fn failure(&self, view: View<'_>, call: &Call, failure: &Failure) -> Answer {
        let mut refusal = Refusal::new(failure.status, failure.message.clone());
        refusal.retry_after = failure.retry_after_header;
        refusal.answer(&call.path, view.switches)
    }

    fn loop_cursor(&self, body: &mut Value) {
        if let Some(page) = body.as_object_mut().filter(|page| page.contains_key("end_cursor")) {
            page.insert("end_cursor".to_owned(), json!(page::cursor(0)));
            page.insert("has_next_page".to_owned(), json!(true));
        }
    }

    fn apply(&mut self, change: &Change) -> Result<Change, String> {
        self.0.apply(change)
    }

    fn objects(&self) -> Vec<Change> {
        self.0.objects()
    }

    fn export(&self) -> Value {
        seed::export(&self.0)
    }

    fn fork(&self) -> Box<dyn Product> {
        Box::new(self.clone())
    }

    fn in_write_log(&self, kind: &str) -> bool {
        !matches!(kind, COUNTER | ENTERPRISE) && kind != Event::KIND
    }
}
