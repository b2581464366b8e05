//! Who is asking, and what that principal may do.

use crate::emulator::call::Call;
use crate::emulator::product::{Limit, View};
use crate::emulator::switch::Switches;

use super::objects::{Holder, Level, Role, ServiceUser, User};
use super::refusal::{Refusal, status_of};
use super::switches::{GUARD, GUARDED_LEVEL, LEGACY_KEY, PERMISSION_NAMES, RATE_LIMIT, READ_PERMISSION};
use super::world::{Enterprise, World};

/// What reading members and roles needs.
pub(super) const VIEW_MEMBERSHIP: &str = "ViewAccountMembership";
/// What changing members needs, and reading them too where the switch says so.
pub(super) const MANAGE_MEMBERSHIP: &str = "ManageAccountMembership";
/// Stands for every permission of a role's level.
const EVERY: &str = "*";

/// A principal of an enterprise.
#[derive(Debug, Clone, Copy)]
pub(super) enum Principal<'a> {
    /// A person with a personal access token.
    User(&'a User),
    /// A service user with its key.
    ServiceUser(&'a ServiceUser),
}

/// A request within the enterprise of its token.
#[derive(Clone, Copy)]
pub(super) struct Request<'a> {
    /// The enterprise's name.
    pub(super) name: &'a str,
    pub(super) enterprise: &'a Enterprise,
    pub(super) switches: &'a Switches,
    /// Seconds since 1970.
    pub(super) now: i64,
    pub(super) call: &'a Call,
    /// `None` for a person in the dashboard whom nobody named.
    pub(super) principal: Option<Principal<'a>>,
}

/// The token that a request presents.
pub(super) fn credential(call: &Call) -> Option<&str> {
    let (scheme, token) = call.header("authorization")?.trim().split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// The enterprise that a request reaches, the id of whom its token stands for, and whether the token belongs to an
/// older version of the API.
pub(super) fn reached<'a>(world: &'a World, call: &Call) -> Option<(&'a str, &'a Enterprise, &'a str, bool)> {
    let presented = credential(call)?;
    let known = world.enterprises.iter().find_map(|(name, enterprise)| {
        let token = enterprise.facts.tokens.iter().find(|token| token.token == presented)?;
        Some((name.as_str(), enterprise, token.of.as_str(), token.legacy))
    });
    known.or_else(|| {
        let (name, enterprise) = world.enterprises.first()?;
        Some((name.as_str(), enterprise, enterprise.facts.anybody.as_deref()?, presented.starts_with("apk_")))
    })
}

/// Finds the principal of a request.
pub(super) fn identify<'a>(world: &'a World, view: View<'a>, call: &'a Call) -> Result<Request<'a>, Refusal> {
    let unknown = || Refusal::new(401, "Invalid authentication credentials");
    let (name, enterprise, id, legacy) = reached(world, call).ok_or_else(unknown)?;
    if legacy {
        let status = status_of(view.switches.get(&LEGACY_KEY));
        return Err(Refusal::new(status, "This API key cannot be used with this version of the API"));
    }
    let now = view.now / 1000;
    let principal = principal(enterprise, id).filter(|principal| match principal {
        Principal::User(_) => true,
        Principal::ServiceUser(service_user) => service_user.is_active(now),
    });
    let principal = Some(principal.ok_or_else(unknown)?);
    Ok(Request { name, enterprise, switches: view.switches, now, call, principal })
}

/// The user or service user with an id.
pub(super) fn principal<'a>(enterprise: &'a Enterprise, id: &str) -> Option<Principal<'a>> {
    let user = enterprise.users.get(id).map(Principal::User);
    user.or_else(|| enterprise.service_users.get(id).map(Principal::ServiceUser))
}

/// The limit that a request falls under; no numbers are published.
pub(super) fn limit(world: &World, view: View<'_>, call: &Call) -> Option<Limit> {
    let (name, ..) = reached(world, call)?;
    let key = format!("{name}/{}", credential(call)?);
    let limited = view.switches.is(&RATE_LIMIT, "60_per_60s");
    limited.then_some(Limit { key, requests: 60, window_ms: 60_000, concurrent: None })
}

impl ServiceUser {
    /// Whether its key works: it is neither deleted nor expired.
    pub(super) fn is_active(&self, now: i64) -> bool {
        self.deleted_at.is_none() && self.expires_at.is_none_or(|expires| expires > now)
    }
}

/// The permission of the enterprise that matches one of an organization: `ManageAccountKnowledge` of
/// `ManageOrgKnowledge`.
fn of_enterprise(permission: &str) -> String {
    let word = |at: &usize| permission.get(at + 3..).is_some_and(|rest| rest.starts_with(char::is_uppercase));
    match permission.find("Org").filter(word) {
        Some(at) => format!("{}Account{}", &permission[..at], &permission[at + 3..]),
        None => permission.to_owned(),
    }
}

fn grants(role: &Role, permission: &str) -> bool {
    role.permissions.iter().any(|granted| granted == EVERY || granted == permission)
}

impl<'a> Request<'a> {
    /// The roles of the caller at one level: those of its own, and those that come through its groups.
    fn roles(self, org: Option<&'a str>) -> Vec<&'a Role> {
        let (own, groups) = match self.principal {
            Some(Principal::User(user)) => (user.held(org), user.groups.as_slice()),
            Some(Principal::ServiceUser(service_user)) => (service_user.held(org), [].as_slice()),
            None => (None, [].as_slice()),
        };
        let through = groups.iter().filter_map(|group| self.enterprise.groups.get(group)?.held(org));
        own.into_iter().chain(through).filter_map(|role| self.enterprise.roles.get(role)).collect()
    }

    fn has(self, permission: &str) -> bool {
        self.roles(None).into_iter().any(|role| grants(role, permission))
    }

    /// Whether the caller has a permission of an organization: from a role there, or from the matching permission of
    /// the enterprise.
    fn has_in(self, org: &'a str, permission: &str) -> bool {
        self.has(&of_enterprise(permission))
            || self.roles(Some(org)).into_iter().any(|role| grants(role, permission))
    }

    /// Refuses a caller without a permission of the enterprise.
    pub(super) fn require(self, permission: &str) -> Result<(), Refusal> {
        if self.has(permission) { Ok(()) } else { Err(self.missing(permission, "enterprise")) }
    }

    /// Refuses a caller without a permission of an organization.
    pub(super) fn require_in(self, org: &'a str, permission: &str) -> Result<(), Refusal> {
        if self.has_in(org, permission) { Ok(()) } else { Err(self.missing(permission, "organization")) }
    }

    /// Refuses a caller that may not read members and roles.
    pub(super) fn require_view(self) -> Result<(), Refusal> {
        let manages = self.has(MANAGE_MEMBERSHIP);
        match self.switches.get(&READ_PERMISSION) {
            "manage" => self.require(MANAGE_MEMBERSHIP),
            _ if manages => Ok(()),
            _ => self.require(VIEW_MEMBERSHIP),
        }
    }

    /// Refuses a caller that may not do what its method does to members.
    pub(super) fn require_membership(self) -> Result<(), Refusal> {
        if self.call.is_mutating() { self.require(MANAGE_MEMBERSHIP) } else { self.require_view() }
    }

    fn missing(self, permission: &str, place: &str) -> Refusal {
        let name = match self.switches.get(&PERMISSION_NAMES) {
            "dotted" => dotted(permission),
            _ => permission.to_owned(),
        };
        Refusal::new(403, format!("Missing required permission '{name}' on this {place}"))
    }

    /// Refuses a role that would give somebody more than the caller has, or the management of service users.
    pub(super) fn guard(
        self,
        role: &Role,
        org: Option<&'a str>,
        to_service_user: bool,
    ) -> Result<(), Refusal> {
        match self.switches.get(&GUARD) {
            "off" => return Ok(()),
            "everybody" => {}
            _ if to_service_user => {}
            _ => return Ok(()),
        }
        let both = self.switches.is(&GUARDED_LEVEL, "both");
        let forbidden: &[&str] = match role.level {
            Level::Enterprise => &["ManageAccountServiceUsers", "ManageServiceUsers"],
            Level::Org if both => &["ManageOrgServiceUsers"],
            Level::Org => &[],
        };
        if forbidden.iter().any(|permission| grants(role, permission)) {
            return Err(Refusal::new(403, "The role must not grant the management of service users"));
        }
        let held = |permission: &String| match org {
            None => self.has(permission),
            Some(org) => self.has_in(org, permission),
        };
        if role.permissions.iter().all(held) {
            return Ok(());
        }
        Err(Refusal::new(403, "The role grants permissions that the caller does not have"))
    }
}

/// `ManageOrgPlaybooks` as `org.playbooks.manage`.
fn dotted(permission: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    for letter in permission.chars() {
        match words.last_mut() {
            Some(word) if letter.is_lowercase() => word.push(letter),
            _ => words.push(letter.to_lowercase().collect()),
        }
    }
    let (level, from) = match words.get(1).map(String::as_str) {
        Some("org") => ("org", 2),
        Some("account") => ("account", 2),
        _ => ("account", 1),
    };
    let domain = words.get(from..).unwrap_or_default().join("_");
    format!("{level}.{domain}.{}", words.first().map_or("", String::as_str))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_have_dotted_names() {
        assert_eq!(dotted("ManageOrgPlaybooks"), "org.playbooks.manage");
        assert_eq!(dotted("ViewOrgSessions"), "org.sessions.view");
        assert_eq!(dotted("ManageOrganizations"), "account.organizations.manage");
        assert_eq!(dotted(""), "account..");
    }

    #[test]
    fn permissions_of_an_organization_match_those_of_the_enterprise() {
        assert_eq!(of_enterprise("ManageOrgKnowledge"), "ManageAccountKnowledge");
        assert_eq!(of_enterprise("ManageOrganizations"), "ManageOrganizations");
        assert_eq!(of_enterprise("UseDevinSessions"), "UseDevinSessions");
    }
}
