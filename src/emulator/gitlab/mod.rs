//! GitLab: custom roles over REST and GraphQL, memberships, SAML and LDAP group links, and shares.
//!
//! A token is sent as `PRIVATE-TOKEN` or as `Authorization: Bearer`. As `group` (gitlab.com) standard roles belong to
//! top-level groups; as `instance` (self-managed) they belong to the instance, and there are custom admin roles.
//!
//! # Seeds
//!
//! ```yaml
//! provider: gitlab
//! deployment: group             # or instance
//! any_token: false              # unknown tokens act as the caller; default: true if there are no tokens
//! caller: ada                   # default: the first user
//! next: 1000                    # ids come after this number and after every id of the seed
//! tokens:
//!   - { token: glpat-acme, user: ada, scopes: [api] }   # scopes: api, read_api, admin_mode
//! users:
//!   - { id: 1, username: ada, name: Ada, email: ada@acme.test, admin: true, state: active, extern_uid: ada@idp, admin_role: 60 }
//! roles:                        # without `group`: of the instance; without `base_access_level`: an admin role
//!   - { id: 51, group: acme, name: Reader, description: null, base_access_level: 10, permissions: [read_code] }
//! groups:                       # a group comes after the one above it
//!   - id: 84
//!     path: acme
//!     name: Acme
//!     saml: { default_membership_role: 10, member_role_id: 51 }
//!     members:
//!       - { user: ada, access_level: 50, member_role_id: null, expires_at: null }
//!     shares:
//!       - { group: partners, group_access: 30, member_role_id: null, expires_at: null }
//!     saml_group_links: [{ name: acme-security, access_level: 10, member_role_id: 51, provider: null }]
//!     ldap_group_links: [{ cn: security, filter: null, group_access: 10, provider: ldapmain, member_role_id: 51 }]
//! projects:
//!   - { id: 201, path: acme/api, name: API, members: [], shares: [] }
//! ldap_admin_role_links: [{ cn: admins, provider: ldapmain, member_role_id: 60 }]
//! security_policies: [{ name: approvals, member_role_ids: [51] }]
//! protected_branches: [{ name: main, member_role_ids: [51] }]
//! generate: { below: acme, groups: 1000, users: 5000, members_each: 100, access_level: 30, member_role_id: null }
//! ```
//!
//! Ids that are absent are given. Times (`created_at`, RFC 3339) can be given too.
//!
//! # Dashboard
//!
//! Besides the routes of [the frame](super). Groups and projects are named by id or encoded path.
//!
//! | route | body |
//! |---|---|
//! | `POST /_dashboard/roles` | `{name, description?, base_access_level?, permissions, group?}`; without a base an admin role; 201 with the role |
//! | `PATCH /_dashboard/roles/{id}` | any of `{name, description, permissions}` |
//! | `DELETE /_dashboard/roles/{id}` | refused as in the API |
//! | `POST /_dashboard/users` | `{username, name?, email?, admin?, extern_uid?}` |
//! | `PUT /_dashboard/groups/{id}/members/{username}`, `.../projects/...` | `{access_level, member_role_id?, expires_at?}`, not checked against the role's base |
//! | `DELETE /_dashboard/groups/{id}/members/{username}`, `.../projects/...` | only this membership |
//! | `POST /_dashboard/groups/{id}/saml_group_links`, `.../ldap_group_links` | a link as in seeds |
//! | `PUT /_dashboard/groups/{id}/saml` | the SAML provider as in seeds, or null |
//! | `PUT /_dashboard/security-policies/{name}`, `/_dashboard/protected-branches/{name}` | `{member_role_ids}` |

mod abilities;
mod ability_table;
mod access;
mod caller;
mod dashboard;
mod document;
mod export;
mod generate;
mod graphql;
mod input;
mod levels;
mod limits;
mod page;
mod refusal;
mod rest;
mod roles;
mod seed;
mod shape;
mod switches;
mod time;
mod world;

#[cfg(test)]
mod tests;

use serde_json::{Value, json};

use super::call::{Answer, Call};
use super::product::{Change, Failure, Limit, Product, Registered, Usage, View};
use caller::Context;
use refusal::Refusal;
use world::World;

/// The line of the registry.
pub(super) const REGISTERED: Registered = Registered {
    name: "gitlab",
    switches: switches::ALL,
    empty: || Box::new(GitLab(World::default())),
    build: |document| seed::build(document).map(|world| Box::new(GitLab(world)) as Box<dyn Product>),
    default_seed: generate::default_seed,
};

/// The emulated product.
#[derive(Debug, Clone)]
struct GitLab(World);

impl GitLab {
    fn context<'a>(&'a self, view: View<'a>, call: &'a Call) -> Context<'a> {
        Context { world: &self.0, switches: view.switches, now: view.now, call }
    }
}

impl Product for GitLab {
    fn credential(&self, call: &Call) -> Option<String> {
        caller::credential(call).map(str::to_owned)
    }

    fn tenant(&self, view: View<'_>, call: &Call) -> Option<String> {
        let caller = caller::identify(self.context(view, call)).ok()??;
        Some(caller.user.username.clone())
    }

    fn limit(&self, view: View<'_>, call: &Call) -> Option<Limit> {
        limits::of_endpoint(self.context(view, call))
    }

    fn limited(&self, view: View<'_>, _call: &Call, _wait_ms: i64) -> Answer {
        limits::application(view.switches)
    }

    fn throttle(&self, view: View<'_>, call: &Call) -> Option<Limit> {
        limits::of_user(self.context(view, call))
    }

    fn throttled(&self, view: View<'_>, _call: &Call, wait_ms: i64) -> Answer {
        limits::throttled(view.switches, wait_ms)
    }

    fn metered(&self, usage: Usage, answer: Answer) -> Answer {
        limits::headers(usage, answer)
    }

    fn answer(&self, view: View<'_>, call: &Call) -> Answer {
        let context = self.context(view, call);
        match call.route().as_slice() {
            ["api", "v4", rest @ ..] => rest::answer(context, rest),
            ["api", "graphql"] => graphql::answer(context),
            _ => Refusal::no_route().answer(),
        }
    }

    fn dashboard(&self, view: View<'_>, call: &Call) -> Answer {
        let segments = call.route();
        dashboard::answer(self.context(view, call), segments.get(1..).unwrap_or_default())
    }

    fn failure(&self, view: View<'_>, call: &Call, failure: &Failure) -> Answer {
        limits::failure(view.switches, call, failure)
    }

    fn loop_cursor(&self, body: &mut Value) {
        match body {
            Value::Object(fields) => {
                for (name, value) in fields {
                    if name == "hasNextPage" {
                        *value = json!(true);
                    } else if name == "endCursor" {
                        *value = json!(graphql::first_cursor());
                    } else {
                        self.loop_cursor(value);
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.loop_cursor(item)),
            _ => {}
        }
    }

    fn apply(&mut self, change: &Change) -> Result<Change, String> {
        self.0.apply(change)
    }

    fn objects(&self) -> Vec<Change> {
        self.0.objects()
    }

    fn export(&self) -> Value {
        export::export(&self.0)
    }

    fn fork(&self) -> Box<dyn Product> {
        Box::new(self.clone())
    }

    fn in_write_log(&self, kind: &str) -> bool {
        !matches!(kind, "facts" | "token")
    }
}
