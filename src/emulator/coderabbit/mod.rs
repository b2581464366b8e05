//! CodeRabbit: both families of role routes, users, seats, audit log and `/v1/me` over one store.
//!
//! A key is sent in the header `x-coderabbitai-api-key`.
//!
//! # Seeds
//!
//! ```yaml
//! provider: coderabbit
//! any_key: false                # unknown keys reach the first tenant; default: true if no tenant has keys
//! tenants:
//!   - name: acme                # what `?tenant=` and the request log call it
//!     caller: "1001"            # the user that keys without `owner` act as; absent: an administrator outside the org
//!     workspace_id: crws-acme   # what /v1/me shows to workspace keys
//!     keys:
//!       - { key: cr-acme, kind: user, owner: "1001", org: "88321" }
//!         # kinds: user, agentic, workspace, self_hosted, legacy, non_enterprise
//!     orgs:
//!       - id: "88321"           # the git provider's id, `org_id`
//!         scope_id: crorg-acme  # CodeRabbit's id, `scope.id` of /v1/me
//!         name: acme
//!         active: true
//!         seats_purchased: 50
//!         seat_assignment_mode: manual
//!         catalog: { resource_ids: [user_management], access_types: [read, write, delete] }
//!         roles:                # custom roles; an entry with the id of a system role overrides that
//!           - { id: ..., name: Auditor, description: null, is_default: false, permissions: ["user_management:read"] }
//!         users:
//!           - { user_id: "1001", user_name: ada, email: ada@acme.test, name: Ada, role: cr_admin, seat_assigned: true }
//!         audit:
//!           - { action: api_key_create, resource_type: api_key, summary: ..., actor: { name: Ada } }
//!         generate: { roles: 10000, permissions_each: 20, users: 500 }
//! ```
//!
//! Everything but `provider`, `tenants`, `name`, `orgs` and the ids has a default. A role's `created_at`, `updated_at`
//! (RFC 3339) and `order` (place in lists), and an organization's `next` (source of generated ids) can be given too.
//!
//! # Dashboard
//!
//! Besides the routes of [the frame](super), each with `?tenant=NAME` and `?org=ID` (default: the first) and
//! `?actor=NAME` (for the audit log). Permissions are texts `resource:access` (not checked) or the API's objects
//! (checked). Ids are those of the store, whatever the switches say.
//!
//! | route | body |
//! |---|---|
//! | `POST /_dashboard/roles` | `{name, description?, is_default?, permissions?, duplicate_from?}`; 201 with the role in seed form |
//! | `PATCH /_dashboard/roles/{id}` | any of `{name, description, is_default, permissions}`; permissions replace |
//! | `DELETE /_dashboard/roles/{id}` | refused while somebody holds the role |
//! | `PUT /_dashboard/default` | `{"role": ID}` or `{"role": null}` |
//! | `POST /_dashboard/users` | `{user_id, user_name?, email?, name?, role?, seat_assigned?}`; without role: the default role, else `cr_member` |
//! | `DELETE /_dashboard/users/{user_id}` | removes the member |
//! | `PUT /_dashboard/users/{user_id}/role` | `{"role": ID}`; `"force": true` also moves a billing admin |
//! | `PUT /_dashboard/system-roles/{id}` | `{permissions}`: what the vendor does when a built-in role changes |

mod assign;
mod audit;
mod caller;
mod dashboard;
mod edit;
mod input;
mod me;
mod permission;
mod refusal;
mod roles;
mod seed;
mod shape;
mod switches;
mod time;
mod users;
mod world;

#[cfg(test)]
mod tests;

use serde_json::{Value, json};

use super::call::{Answer, Call};
use super::product::{Change, Failure, Limit, Product, Registered, View};
use caller::{Context, KEY_HEADER};
use refusal::{Family, Refusal};
use switches::{RATE_LIMIT_SCOPE, RATE_LIMITS, RETRY_AFTER, ROLE_RATE_LIMIT};
use world::World;

/// The line of the registry.
pub(super) const REGISTERED: Registered = Registered {
    name: "coderabbit",
    switches: switches::ALL,
    empty: || Box::new(CodeRabbit(World::default())),
    build: |document| seed::build(document).map(|world| Box::new(CodeRabbit(world)) as Box<dyn Product>),
    default_seed: seed::default_seed,
};

/// The emulated product.
#[derive(Debug, Clone)]
struct CodeRabbit(World);

impl CodeRabbit {
    fn context<'a>(&'a self, view: View<'a>, call: &'a Call) -> Context<'a> {
        Context { world: &self.0, switches: view.switches, now: view.now, call }
    }
}

fn route(context: Context<'_>, route: &[&str]) -> Result<Answer, Refusal> {
    match route {
        ["v1", "roles", rest @ ..] => roles::answer(context, Family::A, rest),
        ["v1", "configuration", "roles", rest @ ..] => roles::answer(context, Family::B, rest),
        ["v1", "users", rest @ ..] => users::answer(context, rest),
        ["v1", "audit-logs"] if context.call.method == "GET" => audit::answer(context),
        ["v1", "audit-logs"] => Err(Refusal::new(405, "the method is not supported here")),
        ["v1", "me"] => me::answer(context),
        _ => Err(Refusal::not_found("there is no such path")),
    }
}

impl Product for CodeRabbit {
    fn credential(&self, call: &Call) -> Option<String> {
        call.header(KEY_HEADER).map(|key| key.trim().to_owned())
    }

    fn tenant(&self, view: View<'_>, call: &Call) -> Option<String> {
        caller::identify(self.context(view, call)).ok().map(|caller| caller.tenant_name.to_owned())
    }

    fn limit(&self, view: View<'_>, call: &Call) -> Option<Limit> {
        let (name, concurrent) = match (call.method.as_str(), call.route().as_slice()) {
            ("GET", ["v1", "users"]) if view.switches.is(&RATE_LIMITS, "on") => ("users", None),
            ("POST", ["v1", "users", "roles"]) if view.switches.is(&RATE_LIMITS, "on") => ("assign", Some(3)),
            (_, ["v1", "roles", ..] | ["v1", "configuration", "roles", ..])
                if view.switches.is(&ROLE_RATE_LIMIT, "10_per_60s") =>
            {
                ("roles", None)
            }
            _ => return None,
        };
        let context = self.context(view, call);
        let caller = caller::identify(context).ok()?;
        let body = input::Body::of(call).unwrap_or_default();
        let org = caller.select(context, &body, Family::of(&call.route())).map_or("*", |(id, _)| id);
        let shared = name != "roles" && view.switches.is(&RATE_LIMIT_SCOPE, "shared");
        let name = if shared { "users+assign" } else { name };
        Some(Limit {
            key: format!("{}/{org}/{name}", caller.tenant_name),
            requests: 10,
            window_ms: 60_000,
            concurrent,
        })
    }

    fn limited(&self, view: View<'_>, call: &Call, wait_ms: i64) -> Answer {
        let seconds = u64::try_from(wait_ms).unwrap_or(0).div_ceil(1000).max(1);
        let place = view.switches.get(&RETRY_AFTER);
        let failure = Failure {
            status: 429,
            code: None,
            message: "Rate limit exceeded".to_owned(),
            retry_after: Some(seconds).filter(|_| matches!(place, "body" | "both")),
            retry_after_header: Some(seconds).filter(|_| matches!(place, "header" | "both")),
        };
        self.failure(view, call, &failure)
    }

    fn answer(&self, view: View<'_>, call: &Call) -> Answer {
        let segments = call.route();
        route(self.context(view, call), &segments)
            .unwrap_or_else(|refusal| refusal.answer(Family::of(&segments), view.switches))
    }

    fn dashboard(&self, view: View<'_>, call: &Call) -> Answer {
        let segments = call.route();
        dashboard::answer(self.context(view, call), segments.get(1..).unwrap_or_default())
            .unwrap_or_else(|refusal| refusal.answer(Family::B, view.switches))
    }

    fn failure(&self, view: View<'_>, call: &Call, failure: &Failure) -> Answer {
        let refusal = Refusal {
            status: failure.status,
            code: failure.code.clone(),
            message: failure.message.clone(),
            retry_after: failure.retry_after,
            retry_after_header: failure.retry_after_header,
        };
        refusal.answer(Family::of(&call.route()), view.switches)
    }

    fn loop_cursor(&self, body: &mut Value) {
        if let Some(fields) = body.as_object_mut() {
            fields.insert("next_cursor".to_owned(), json!(users::cursor("")));
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
        matches!(kind, "role" | "user")
    }
}
