//! Who is asking, which organization the request is for, and whether it is allowed.

use crate::emulator::call::Call;
use crate::emulator::switch::Switches;

use super::input::Body;
use super::refusal::{Family, Refusal};
use super::switches::{KEY_PREFIX, LEGACY_ROLE_STATUS, NON_ENTERPRISE, ORG_ID_DELETE, ORG_ID_PATCH, RIGHTS};
use super::world::{ADMIN, Actor, KeyKind, Org, Tenant, World};

/// The header with the key.
pub(super) const KEY_HEADER: &str = "x-coderabbitai-api-key";

/// What a request asks leave for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Right {
    RoleRead,
    RoleWrite,
    UserRead,
    UserWrite,
    /// Seats, new users.
    Admin,
    Audit,
}

/// A request with the world that it meets.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) world: &'a World,
    pub(super) switches: &'a Switches,
    pub(super) now: i64,
    pub(super) call: &'a Call,
}

/// The tenant and key behind a credential.
#[derive(Clone, Copy)]
pub(super) struct Caller<'a> {
    pub(super) tenant_name: &'a str,
    pub(super) tenant: &'a Tenant,
    pub(super) kind: KeyKind,
    /// The `user_id` that the key acts as.
    pub(super) owner: Option<&'a str>,
    org: Option<&'a str>,
}

/// A caller with the organization that the request is for.
#[derive(Clone, Copy)]
pub(super) struct Access<'a> {
    pub(super) caller: Caller<'a>,
    pub(super) org_id: &'a str,
    pub(super) org: &'a Org,
}

/// Finds the tenant and key of a request.
pub(super) fn identify<'a>(context: Context<'a>) -> Result<Caller<'a>, Refusal> {
    let missing = || Refusal::new(401, format!("a valid key in the header {KEY_HEADER} is required"));
    let presented =
        context.call.header(KEY_HEADER).map(str::trim).filter(|key| !key.is_empty()).ok_or_else(missing)?;
    if context.switches.is(&KEY_PREFIX, "cr-") && !presented.starts_with("cr-") {
        return Err(missing());
    }
    for (name, tenant) in &context.world.tenants {
        if let Some(key) = tenant.facts.keys.iter().find(|key| key.key == presented) {
            return Ok(Caller {
                tenant_name: name,
                tenant,
                kind: key.kind,
                owner: key.owner.as_deref().or(tenant.facts.caller.as_deref()),
                org: key.org.as_deref(),
            });
        }
    }
    let (name, tenant) =
        context.world.tenants.iter().find(|(_, tenant)| tenant.facts.any_key).ok_or_else(missing)?;
    Ok(Caller {
        tenant_name: name,
        tenant,
        kind: KeyKind::User,
        owner: tenant.facts.caller.as_deref(),
        org: None,
    })
}

impl<'a> Caller<'a> {
    /// The organization of a key that is bound to one.
    pub(super) fn own_org(&self) -> Result<(&'a str, &'a Org), Refusal> {
        let orgs = &self.tenant.orgs;
        match self.org {
            Some(id) => orgs.get_key_value(id),
            None => orgs.first(),
        }
        .map(|(id, org)| (id.as_str(), org))
        .ok_or_else(|| Refusal::not_found("the organization of the key does not exist"))
    }

    fn named_org(&self, id: Option<&str>, name: Option<&str>) -> Result<(&'a str, &'a Org), Refusal> {
        if id.is_none() && name.is_none() {
            return Err(Refusal::invalid("org_id is required with a workspace token"));
        }
        self.tenant
            .orgs
            .iter()
            .find(|(known, org)| {
                org.facts.active
                    && id.is_none_or(|id| *known == id)
                    && name.is_none_or(|name| org.facts.name == name)
            })
            .map(|(id, org)| (id.as_str(), org))
            .ok_or_else(|| Refusal::not_found("the organization is not an active one of the workspace"))
    }

    /// The organization that a request selects.
    pub(super) fn select(
        &self,
        context: Context<'a>,
        body: &Body,
        family: Family,
    ) -> Result<(&'a str, &'a Org), Refusal> {
        if self.kind != KeyKind::Workspace {
            return self.own_org();
        }
        let in_query = match (context.call.method.as_str(), family) {
            ("DELETE", _) => context.switches.is(&ORG_ID_DELETE, "query"),
            ("PATCH", Family::A) => context.switches.is(&ORG_ID_PATCH, "query"),
            _ => !context.call.is_mutating(),
        };
        if in_query {
            return self.named_org(context.call.parameter("org_id"), None);
        }
        let takes_name = family == Family::B || context.call.path == "/v1/users/roles";
        let name = if takes_name { body.text("org_name")? } else { None };
        self.named_org(body.text("org_id")?, name)
    }

    fn check_kind(&self, switches: &Switches, right: Right) -> Result<(), Refusal> {
        let is_role = matches!(right, Right::RoleRead | Right::RoleWrite);
        let is_write = matches!(right, Right::RoleWrite | Right::UserWrite | Right::Admin);
        match self.kind {
            KeyKind::User | KeyKind::Workspace => Ok(()),
            KeyKind::Legacy if is_role => {
                let status = switches.get(&LEGACY_ROLE_STATUS).parse().unwrap_or(403);
                Err(Refusal::new(status, "legacy keys are not accepted; create a new key"))
            }
            KeyKind::Legacy => {
                Err(Refusal::new(410, "legacy keys are not accepted; create a new key")
                    .code("LEGACY_API_KEY"))
            }
            KeyKind::Agentic if is_write || right == Right::Audit => {
                Err(Refusal::forbidden("an agentic key cannot do this"))
            }
            KeyKind::NonEnterprise if is_write || switches.is(&NON_ENTERPRISE, "all") => {
                Err(Refusal::forbidden("API access requires an Enterprise plan subscription"))
            }
            KeyKind::SelfHosted if is_role || right == Right::Audit => {
                Err(Refusal::forbidden("a self-hosted instance key cannot do this"))
            }
            KeyKind::Agentic | KeyKind::NonEnterprise | KeyKind::SelfHosted => Ok(()),
        }
    }

    /// Whether the owner's current role in an organization gives a right.
    pub(super) fn check_role(&self, switches: &Switches, org: &Org, right: Right) -> Result<(), Refusal> {
        let Some(owner) = self.owner else {
            return Ok(());
        };
        let user = org
            .users
            .get(owner)
            .ok_or_else(|| Refusal::forbidden("the owner of the key is not a member of the organization"))?;
        if user.role == ADMIN {
            return Ok(());
        }
        if self.kind == KeyKind::Workspace {
            return Err(Refusal::forbidden("the owner of the token is no longer a workspace admin"));
        }
        let admin_only = switches.is(&RIGHTS, "admin_only");
        let (resource, access) = match right {
            Right::RoleRead if admin_only => return Ok(()),
            Right::RoleRead => ("role_management", "read"),
            Right::RoleWrite if !admin_only => ("role_management", "write"),
            Right::UserRead if !admin_only => ("user_management", "read"),
            Right::UserWrite if !admin_only => ("user_management", "write"),
            _ => return Err(Refusal::forbidden("this needs the Admin role")),
        };
        let held = org.roles.get(&user.role).is_some_and(|role| {
            role.permissions.iter().any(|permission| {
                permission.resource == resource
                    && permission.access.as_deref().is_none_or(|held| held == access)
            })
        });
        if held { Ok(()) } else { Err(Refusal::forbidden(format!("this needs {resource}:{access}"))) }
    }
}

/// Finds caller and organization of a request and checks that it is allowed.
pub(super) fn authorize<'a>(
    context: Context<'a>,
    body: &Body,
    family: Family,
    right: Right,
) -> Result<Access<'a>, Refusal> {
    let caller = identify(context)?;
    caller.check_kind(context.switches, right)?;
    let (org_id, org) = caller.select(context, body, family)?;
    caller.check_role(context.switches, org, right)?;
    Ok(Access { caller, org_id, org })
}

/// As [`authorize`], for requests that need not name an organization: `None` is the whole workspace.
pub(super) fn authorize_any<'a>(
    context: Context<'a>,
    body: &Body,
    right: Right,
) -> Result<(Caller<'a>, Option<Access<'a>>), Refusal> {
    let caller = identify(context)?;
    caller.check_kind(context.switches, right)?;
    let names_org = context.call.parameter("org_id").is_some() || body.get("org_id").is_some();
    if caller.kind == KeyKind::Workspace && !names_org {
        for org in caller.tenant.orgs.values().filter(|org| org.facts.active) {
            caller.check_role(context.switches, org, right)?;
        }
        return Ok((caller, None));
    }
    let access = authorize(context, body, Family::Users, right)?;
    Ok((caller, Some(access)))
}

impl Access<'_> {
    /// The caller as the audit log shows it.
    pub(super) fn actor(&self) -> Actor {
        let user = self.caller.owner.and_then(|owner| self.org.users.get(owner));
        Actor {
            name: user.map_or_else(
                || "API key".to_owned(),
                |user| user.name.clone().unwrap_or_else(|| user.user_id.clone()),
            ),
            subtitle: user.and_then(|user| user.email.clone()),
            is_bot: self.caller.kind == KeyKind::Agentic,
        }
    }
}
