//! WorkOS: roles of environments and organizations, permissions, memberships, groups, role assignments and
//! organizations over one store.
//!
//! A key is sent as `Authorization: Bearer sk_...`; it reaches one environment.
//!
//! # Seeds
//!
//! ```yaml
//! provider: workos
//! any_key: false                # unknown keys reach the first environment; default: true if none has keys
//! environments:
//!   - name: production          # what `?environment=` and the request log call it
//!     keys:
//!       - { key: sk_live_acme, access: full }     # access: full, read, none
//!     multiple_roles: false     # the setting "Multiple roles"
//!     resource_types: [project] # besides `organization`
//!     default_role: member
//!     permissions:
//!       - { slug: "billing:read", name: Read billing, description: null, resource_type_slug: organization }
//!     roles:                    # in the order of priority; `member` is there always
//!       - { slug: admin, name: Admin, permissions: ["billing:read"] }
//!     users:
//!       - { id: user_ada, email: ada@acme.test, first_name: Ada, last_name: Adams }
//!     organizations:
//!       - id: org_acme
//!         name: Acme
//!         external_id: acme
//!         domains: [acme.test]
//!         metadata: { tier: gold }
//!         default_role: member  # these two only where the organization has its own
//!         priority: [admin, org-auditor, member]
//!         roles:
//!           - { slug: org-auditor, name: Auditor, permissions: ["billing:read"] }
//!         memberships:          # `user` is an id or an e-mail address
//!           - { id: om_ada, user: user_ada, roles: [admin], status: active, directory_managed: false }
//!         groups:
//!           - { id: group_ops, name: Operations, members: { om_ada: "2026-06-05T08:00:00Z" } }
//!         resources:
//!           - { external_id: proj-1, resource_type_slug: project }
//!         role_assignments:     # `resource` is an id or an external id
//!           - { membership: om_ada, role: editor, resource: proj-1 }
//!         group_role_assignments:
//!           - { group: group_ops, role: admin }
//!         mappings:             # an identity provider's groups; no API shows them
//!           - { group: Finance, via: directory, role: org-auditor }
//!         profiles:             # directory users and SSO profiles with a role
//!           - { id: directory_user_1, via: directory, role: org-auditor }
//!     generate: { organizations: 200, members_each: 5, permissions: 100 }
//! ```
//!
//! Everything but `provider`, `environments`, names, slugs and what refers to another object has a default. Where an
//! organization has roles but no `priority`, its own order is the environment's followed by its roles.
//! `directory_managed` memberships can have `idp_roles`, which the next sync gives them.
//!
//! # Dashboard
//!
//! Besides the routes of [the frame](super), each with `?environment=NAME` (default: the first) and `?org=ID` (an id
//! or an external id).
//!
//! | route | body |
//! |---|---|
//! | `POST /_dashboard/roles` | `{slug, name, description?, resource_type_slug?, permissions?}`; with `org` a custom role |
//! | `PATCH /_dashboard/roles/{slug}` | any of `{name, description, permissions}`; permissions replace |
//! | `DELETE /_dashboard/roles/{slug}` | with `org` a custom role, as the API does; without it an environment role: `{replacement_default?}`, members get the default role |
//! | `PUT /_dashboard/default` | `{"role": SLUG}`, of the organization or of the environment |
//! | `PUT /_dashboard/priority` | `{"roles": [SLUG, ...]}`, all of them |
//! | `PUT /_dashboard/settings` | `{"multiple_roles": BOOLEAN}` |
//! | `POST /_dashboard/resource-types` | `{slug}` |
//! | `POST /_dashboard/users` | `{email, id?, first_name?, last_name?, external_id?}` |
//! | `POST /_dashboard/memberships` with `org` | `{user, status?, directory_managed?, roles?, idp_roles?, custom_attributes?}` |
//! | `PATCH /_dashboard/memberships/{id}` with `org` | any of these but `user` |
//! | `DELETE /_dashboard/memberships/{id}` with `org` | none |
//! | `POST /_dashboard/sync` with `org` | none; directory-managed memberships get their `idp_roles` |
//! | `POST /_dashboard/mappings` with `org` | `{group, role, via?}` |
//! | `DELETE /_dashboard/mappings/{group}` with `org` | none |
//! | `POST /_dashboard/profiles` with `org` | `{role, via?}` |
//! | `DELETE /_dashboard/profiles/{id}` with `org` | none |
//! | `POST /_dashboard/resources` with `org` | `{external_id, resource_type_slug}` |

mod assignments;
mod caller;
mod dashboard;
mod edit;
mod effective;
mod group_assignments;
mod groups;
mod held;
mod ids;
mod input;
mod memberships;
mod objects;
mod organizations;
mod page;
mod permissions;
mod refusal;
mod role_edit;
mod roles;
mod sample;
mod seed;
mod shape;
mod slug;
mod switches;
mod table;
mod time;
mod world;

#[cfg(test)]
mod tests;

use serde_json::{Value, json};
use uuid::Uuid;

use super::call::{Answer, Call};
use super::product::{Change, Failure, Limit, Product, Registered, View};
use caller::{Context, Request};
use held::Target;
use refusal::{Form, Refusal};
use switches::RETRY_AFTER;
use world::{COUNTER, ENVIRONMENT, Organization, World};

/// The line of the registry.
pub(super) const REGISTERED: Registered = Registered {
    name: "workos",
    switches: switches::ALL,
    empty: || Box::new(WorkOs(World::default())),
    build: |document| seed::build(document).map(|world| Box::new(WorkOs(world)) as Box<dyn Product>),
    default_seed: sample::seed,
};

/// The emulated product.
#[derive(Debug, Clone)]
struct WorkOs(World);

impl WorkOs {
    fn context<'a>(&'a self, view: View<'a>, call: &'a Call) -> Context<'a> {
        Context { world: &self.0, switches: view.switches, now: view.now, call }
    }
}

fn route(request: Request<'_>, route: &[&str]) -> Result<Answer, Refusal> {
    match route {
        ["authorization", "roles", rest @ ..] => roles::environment(request, rest),
        ["authorization", "permissions", rest @ ..] => permissions::answer(request, rest),
        ["authorization", "organizations", id, "roles", rest @ ..] => roles::organization(request, id, rest),
        ["authorization", "organizations", id, "resources", resource_type, external_id, what] => {
            let organization = request.organization(id)?;
            let target = held::target_by_external_id(request, organization, resource_type, external_id)?;
            on_resource(request, organization, &target, what)
        }
        ["authorization", "resources", id, what] => {
            let organization =
                request.environment.home(id).ok_or_else(|| Refusal::not_found("Resource", id))?;
            on_resource(request, organization, &held::target_by_id(request, organization, id)?, what)
        }
        ["authorization", "organization_memberships", id, "role_assignments", rest @ ..] => {
            assignments::of_membership(request, id, rest)
        }
        ["authorization", "organization_memberships", id, rest @ ..] => {
            effective::of_membership(request, id, rest)
        }
        ["authorization", "groups", id, "role_assignments", rest @ ..] => {
            group_assignments::answer(request, id, rest)
        }
        ["organizations", id, "groups", rest @ ..] => groups::answer(request, id, rest),
        ["organizations", rest @ ..] => organizations::answer(request, rest),
        ["user_management", "organization_memberships", rest @ ..] => memberships::answer(request, rest),
        _ => Err(request.no_route()),
    }
}

/// What can be asked about one resource.
fn on_resource(
    request: Request<'_>,
    organization: &Organization,
    target: &Target<'_>,
    what: &str,
) -> Result<Answer, Refusal> {
    match (request.call.method.as_str(), what) {
        ("GET", "role_assignments") => assignments::on_resource(request, organization, target),
        ("GET", "organization_memberships") => effective::on_resource(request, organization, target),
        _ => Err(request.no_route()),
    }
}

/// Every answer names its request.
fn named(answer: Answer) -> Answer {
    answer.header("x-request-id", Uuid::new_v4().to_string())
}

impl Product for WorkOs {
    fn credential(&self, call: &Call) -> Option<String> {
        caller::credential(call).map(str::to_owned)
    }

    fn tenant(&self, view: View<'_>, call: &Call) -> Option<String> {
        caller::environment_of(self.context(view, call)).map(|(name, ..)| name.to_owned())
    }

    fn limit(&self, view: View<'_>, call: &Call) -> Option<Limit> {
        caller::limit(self.context(view, call))
    }

    fn limited(&self, view: View<'_>, call: &Call, wait_ms: i64) -> Answer {
        if self.limit(view, call).is_some_and(|limit| limit.concurrent.is_some()) {
            let message = "The roles of the organization are being changed by another request.";
            return named(Refusal::new(409, message).answer(Form::Plain, view.switches));
        }
        let seconds = u64::try_from(wait_ms).unwrap_or(0).div_ceil(1000).max(1);
        let failure = Failure {
            status: 429,
            code: None,
            message: "Rate limit exceeded.".to_owned(),
            retry_after: None,
            retry_after_header: Some(seconds).filter(|_| view.switches.is(&RETRY_AFTER, "header")),
        };
        self.failure(view, call, &failure)
    }

    fn answer(&self, view: View<'_>, call: &Call) -> Answer {
        let segments = call.route();
        let answer = caller::identify(self.context(view, call))
            .and_then(|request| route(request, &segments))
            .unwrap_or_else(|refusal| refusal.answer(Form::of(&call.method, &segments), view.switches));
        named(answer)
    }

    fn dashboard(&self, view: View<'_>, call: &Call) -> Answer {
        let segments = call.route();
        dashboard::answer(self.context(view, call), segments.get(1..).unwrap_or_default())
            .unwrap_or_else(|refusal| dashboard::refuse(&refusal))
    }

    fn failure(&self, view: View<'_>, call: &Call, failure: &Failure) -> Answer {
        let mut refusal = Refusal::new(failure.status, failure.message.clone());
        refusal.code.clone_from(&failure.code);
        if failure.status == 400 {
            refusal.code.get_or_insert_with(|| "bad_request".to_owned());
        }
        if let Some(seconds) = failure.retry_after {
            refusal = refusal.with("retry_after", seconds);
        }
        refusal.retry_after_header = failure.retry_after_header;
        named(refusal.answer(Form::of(&call.method, &call.route()), view.switches))
    }

    fn loop_cursor(&self, body: &mut Value) {
        if let Some(metadata) = body.get_mut("list_metadata").and_then(Value::as_object_mut) {
            metadata.insert("after".to_owned(), json!(page::START));
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
        !matches!(kind, COUNTER | ENVIRONMENT)
    }
}
