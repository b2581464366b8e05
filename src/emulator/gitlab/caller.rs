//! Who asks, and what they may do.

use std::sync::Arc;

use serde_json::json;

use crate::emulator::call::Call;
use crate::emulator::switch::Switches;

use super::abilities;
use super::access::{self, Effective};
use super::levels::{MAINTAINER, OWNER};
use super::refusal::Refusal;
use super::switches::{ADMIN_MODE, INSUFFICIENT_SCOPE, LICENCE};
use super::world::{Deployment, Group, Place, Project, Role, Token, User, World};

/// The scopes of an unknown token, where any token is good.
const ANY: [&str; 2] = ["api", "admin_mode"];

/// What an answer is computed from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) world: &'a World,
    pub(super) switches: &'a Switches,
    pub(super) now: i64,
    pub(super) call: &'a Call,
}

impl Context<'_> {
    pub(super) fn licensed(self) -> bool {
        self.switches.is(&LICENCE, "ultimate")
    }

    pub(super) fn is_instance(self) -> bool {
        self.world.facts.deployment == Deployment::Instance
    }
}

/// A user with the token that they use.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caller<'a> {
    pub(super) user: &'a User,
    /// `None` for a token that only passes because any does.
    pub(super) token: Option<&'a Token>,
}

/// The credential that a request presents.
pub(super) fn credential(call: &Call) -> Option<&str> {
    let bearer = || {
        let (scheme, token) = call.header("authorization")?.trim().split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token)
    };
    call.header("private-token").or_else(bearer).map(str::trim).filter(|token| !token.is_empty())
}

/// The caller, or none without a token; an unknown token is refused.
pub(super) fn identify(context: Context<'_>) -> Result<Option<Caller<'_>>, Refusal> {
    let Some(secret) = credential(context.call) else {
        return Ok(None);
    };
    let world = context.world;
    let token = world.tokens.get(secret).map(Arc::as_ref);
    let fallback = || world.facts.caller.filter(|_| world.facts.any_token);
    let user = token.map(|token| token.user).or_else(fallback);
    let user = user.and_then(|id| world.users.get(&id)).filter(|user| user.state == "active");
    user.map(|user| Some(Caller { user, token })).ok_or_else(Refusal::unauthorized)
}

/// The caller of a REST request, with a token whose scopes suffice.
pub(super) fn authenticate(context: Context<'_>) -> Result<Caller<'_>, Refusal> {
    let caller = identify(context)?.ok_or_else(Refusal::unauthorized)?;
    let writes = context.call.is_mutating();
    if caller.has_scope("api") || !writes && caller.has_scope("read_api") {
        return Ok(caller);
    }
    Err(insufficient_scope(context, if writes { "api" } else { "api read_api" }))
}

fn insufficient_scope(context: Context<'_>, scope: &str) -> Refusal {
    if context.switches.is(&INSUFFICIENT_SCOPE, "forbidden") {
        return Refusal::forbidden();
    }
    let body = json!({
        "error": "insufficient_scope", "scope": scope,
        "error_description": "The request requires higher privileges than provided by the access token.",
    });
    Refusal { status: 403, body }
}

impl<'a> Caller<'a> {
    pub(super) fn scopes(&self) -> Vec<&'a str> {
        self.token.map_or(ANY.to_vec(), |token| token.scopes.iter().map(String::as_str).collect())
    }

    pub(super) fn has_scope(&self, scope: &str) -> bool {
        self.scopes().contains(&scope)
    }

    /// Whether the caller administers the instance; nobody does on gitlab.com.
    pub(super) fn is_admin(&self, context: Context<'_>) -> bool {
        let mode = context.switches.is(&ADMIN_MODE, "off") || self.has_scope("admin_mode");
        context.is_instance() && self.user.admin && mode
    }

    fn effective(&self, context: Context<'a>, place: Place) -> Option<Effective<'a>> {
        access::effective(context, place, self.user.id)
    }

    /// The caller's access level at a place; an administrator is an Owner everywhere.
    pub(super) fn level(&self, context: Context<'a>, place: Place) -> u8 {
        if self.is_admin(context) {
            return OWNER;
        }
        self.effective(context, place).map_or(0, |effective| effective.level)
    }

    fn role(&self, context: Context<'a>, place: Place) -> Option<&'a Role> {
        let id = self.effective(context, place)?.role?;
        context.world.roles.get(&id).map(Arc::as_ref)
    }

    /// Whether a place is visible: a membership there, above, or anywhere below.
    pub(super) fn sees(&self, context: Context<'a>, place: Place) -> bool {
        let below = || match place {
            Place::Group(id) => {
                context.world.below(id).into_iter().any(|place| self.effective(context, place).is_some())
            }
            Place::Project(_) => false,
        };
        self.level(context, place) > 0 || below()
    }

    /// Whether the caller may give and take memberships.
    pub(super) fn manages_members(&self, context: Context<'a>, place: Place) -> bool {
        let level = self.level(context, place);
        match place {
            Place::Project(_) => level >= MAINTAINER,
            Place::Group(_) => {
                level >= OWNER
                    || context.licensed()
                        && self
                            .role(context, place)
                            .is_some_and(|role| role.permissions.contains("admin_group_member"))
            }
        }
    }

    /// Whether nothing is given that the caller does not have: neither a higher level nor a further ability.
    pub(super) fn may_grant(
        &self,
        context: Context<'a>,
        place: Place,
        level: u8,
        role: Option<&Role>,
    ) -> bool {
        let own = self.level(context, place);
        if own >= OWNER {
            return true;
        }
        let mine = self.role(context, place);
        let has = |name: &String| {
            let based = abilities::known(name).is_some_and(|ability| ability.in_base(own, context.switches));
            based || mine.is_some_and(|mine| mine.permissions.contains(name))
        };
        level <= own && role.is_none_or(|role| role.permissions.iter().all(has))
    }
}

/// A group by id or full path, if the caller sees it.
pub(super) fn group<'a>(
    context: Context<'a>,
    caller: &Caller<'a>,
    key: &str,
) -> Result<&'a Arc<Group>, Refusal> {
    let groups = &context.world.groups;
    key.parse()
        .ok()
        .and_then(|id: u64| groups.get(&id))
        .or_else(|| groups.values().find(|group| group.full_path.eq_ignore_ascii_case(key)))
        .filter(|group| caller.sees(context, Place::Group(group.id)))
        .ok_or_else(|| Refusal::not_found("Group"))
}

/// A project by id or full path, if the caller sees it.
pub(super) fn project<'a>(
    context: Context<'a>,
    caller: &Caller<'a>,
    key: &str,
) -> Result<&'a Arc<Project>, Refusal> {
    let projects = &context.world.projects;
    key.parse()
        .ok()
        .and_then(|id: u64| projects.get(&id))
        .or_else(|| projects.values().find(|project| project.full_path.eq_ignore_ascii_case(key)))
        .filter(|project| caller.sees(context, Place::Project(project.id)))
        .ok_or_else(|| Refusal::not_found("Project"))
}

/// The place of `groups/KEY` or `projects/KEY`.
pub(super) fn place<'a>(
    context: Context<'a>,
    caller: &Caller<'a>,
    kind: &str,
    key: &str,
) -> Result<Place, Refusal> {
    if kind == "groups" {
        group(context, caller, key).map(|group| Place::Group(group.id))
    } else {
        project(context, caller, key).map(|project| Place::Project(project.id))
    }
}
