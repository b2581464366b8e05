//! `member_roles` of a group, of the instance, and `admin_member_roles`.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::emulator::call::Answer;
use crate::emulator::gitlab::abilities;
use crate::emulator::gitlab::caller::{self, Caller, Context};
use crate::emulator::gitlab::input::{Params, invalid, missing};
use crate::emulator::gitlab::levels::{self, OWNER};
use crate::emulator::gitlab::page::base_url;
use crate::emulator::gitlab::refusal::Refusal;
use crate::emulator::gitlab::roles::{self, Draft, Problem};
use crate::emulator::gitlab::shape;
use crate::emulator::gitlab::switches::{CUSTOM_ADMIN_ROLES, UNKNOWN_PARAMETERS};
use crate::emulator::gitlab::world::{Place, Role};

/// What the routes of one family work on.
struct Family<'a> {
    /// Which roles belong to it.
    holds: &'a dyn Fn(&Role) -> bool,
    /// The group of new roles.
    group: Option<u64>,
    admin: bool,
}

/// `/member_roles`.
pub(super) fn instance<'a>(
    context: Context<'a>,
    caller: &Caller<'a>,
    rest: &[&str],
) -> Result<Answer, Refusal> {
    if !context.is_instance() {
        return Err(Refusal::message(400, "400 Bad request"));
    }
    if !caller.is_admin(context) || !context.licensed() {
        return Err(Refusal::forbidden());
    }
    let holds = |role: &Role| !role.is_admin() && role.group.is_none();
    answer(context, rest, &Family { holds: &holds, group: None, admin: false })
}

/// `/admin_member_roles`.
pub(super) fn admin<'a>(context: Context<'a>, caller: &Caller<'a>, rest: &[&str]) -> Result<Answer, Refusal> {
    let on = context.switches.is(&CUSTOM_ADMIN_ROLES, "on");
    if !on || !caller.is_admin(context) || !context.licensed() {
        return Err(Refusal::forbidden());
    }
    answer(context, rest, &Family { holds: &Role::is_admin, group: None, admin: true })
}

/// `/groups/:id/member_roles`.
pub(super) fn group<'a>(
    context: Context<'a>,
    caller: &Caller<'a>,
    key: &str,
    rest: &[&str],
) -> Result<Answer, Refusal> {
    let group = caller::group(context, caller, key)?.id;
    if context.is_instance() {
        let help = format!("{}/help/user/custom_roles/_index.md", base_url(context.call));
        return Err(Refusal::message(
            400,
            format!(
                "400 Bad request - Group-level custom roles are deprecated on self-managed instances. See {help}"
            ),
        ));
    }
    if caller.level(context, Place::Group(group)) < OWNER || !context.licensed() {
        return Err(Refusal::forbidden());
    }
    // A list of a subgroup is that of its root; a role is deleted in its own group only.
    let home = if context.call.method == "GET" { context.world.root(group) } else { group };
    let holds = |role: &Role| role.group == Some(home);
    answer(context, rest, &Family { holds: &holds, group: Some(group), admin: false })
}

fn answer(context: Context<'_>, rest: &[&str], family: &Family<'_>) -> Result<Answer, Refusal> {
    let roles = || context.world.roles.values().filter(|role| (family.holds)(role));
    match (context.call.method.as_str(), rest) {
        ("GET", []) => {
            let mut found: Vec<_> = roles().collect();
            found.sort_by(|left, right| left.name.cmp(&right.name));
            let shapes: Vec<Value> = found.into_iter().map(|role| shape::role(context, role)).collect();
            Ok(Answer::json(200, &shapes))
        }
        ("POST", []) => {
            let draft = read(context, family)?;
            let (role, changes) = roles::create(context, draft).map_err(refused)?;
            Ok(Answer::json(201, &shape::role(context, &role)).changing(changes))
        }
        ("DELETE", [id]) => {
            let id: u64 = id.parse().map_err(|_| invalid("member_role_id"))?;
            let role = roles()
                .find(|role| role.id == id)
                .ok_or_else(|| Refusal::message(404, "404 Member Role Not Found"))?;
            Ok(Answer::empty(204).changing(roles::delete(context, role).map_err(refused)?))
        }
        (_, [] | [_]) => Err(Refusal::no_method()),
        _ => Err(Refusal::no_route()),
    }
}

fn refused(problem: Problem) -> Refusal {
    match problem {
        Problem::Invalid(text) => Refusal::message(400, text),
        Problem::Internal => Refusal::internal(),
    }
}

fn read(context: Context<'_>, family: &Family<'_>) -> Result<Draft, Refusal> {
    let params = Params::of(context.call)?;
    let base = if family.admin { None } else { Some(read_base(context, &params)?) };
    let abilities = abilities::all(context.switches);
    if context.switches.is(&UNKNOWN_PARAMETERS, "400") {
        let known = |name: &str| {
            matches!(name, "name" | "description" | "base_access_level" | "id")
                || abilities.iter().any(|ability| ability.name == name)
        };
        if let Some(unknown) = params.names().find(|name| !known(name)) {
            return Err(invalid(unknown));
        }
    }
    let mut permissions = BTreeSet::new();
    for ability in abilities {
        if params.flag(ability.name)? == Some(true) {
            permissions.insert(ability.name.to_owned());
        }
    }
    let default = format!("{} - custom", base.map_or("Admin role", levels::human));
    let name = params.text("name")?.unwrap_or(default);
    Ok(Draft { group: family.group, name, description: params.text("description")?, base, permissions })
}

/// The base; REST knows neither Minimal Access here nor that Owner is no base.
fn read_base(context: Context<'_>, params: &Params) -> Result<u8, Refusal> {
    if !params.has("base_access_level") {
        return Err(missing("base_access_level"));
    }
    let wrong = || Refusal::parameter("base_access_level does not have a valid value");
    let level = params.required_number("base_access_level")?;
    let level = u8::try_from(level).map_err(|_| wrong())?;
    let known = levels::all(context.switches).any(|known| known == level);
    if known && level != levels::MINIMAL_ACCESS { Ok(level) } else { Err(wrong()) }
}
