//! Groups and projects that are shared with a group.

use crate::emulator::call::Answer;
use crate::emulator::gitlab::access::shares_keep_roles;
use crate::emulator::gitlab::caller::{self, Caller, Context};
use crate::emulator::gitlab::input::{Given, Params, invalid, missing};
use crate::emulator::gitlab::levels;
use crate::emulator::gitlab::refusal::Refusal;
use crate::emulator::gitlab::roles;
use crate::emulator::gitlab::shape;
use crate::emulator::gitlab::switches::{LINK_BASE_MISMATCH, SHARE_STATUS};
use crate::emulator::gitlab::world::{Place, Share, World, put, remove};

/// Level and role of a link to a role whose base is another, or that cannot be given; the error is the text.
pub(super) fn link_role(
    context: Context<'_>,
    place: Place,
    level: u8,
    role: Option<u64>,
) -> Result<(u8, Option<u64>), &'static str> {
    let Some(id) = role else {
        return Ok((level, None));
    };
    let role = roles::assignable(context, place, id).ok_or("Member role not found")?;
    let base = role.base.unwrap_or(level);
    match context.switches.get(&LINK_BASE_MISMATCH) {
        _ if base == level => Ok((level, Some(id))),
        "overwritten" => Ok((base, Some(id))),
        "kept" => Ok((level, Some(id))),
        _ => Err("Member role's base access level does not match the access level"),
    }
}

/// Answers `/groups|projects/:id/share...`.
pub(super) fn answer<'a>(
    context: Context<'a>,
    caller: &Caller<'a>,
    kind: &str,
    key: &str,
    rest: &[&str],
) -> Result<Answer, Refusal> {
    let place = caller::place(context, caller, kind, key)?;
    let method = match rest {
        [] => super::method(context, &["POST"])?,
        [_] => super::method(context, &["DELETE"])?,
        _ => return Err(Refusal::no_route()),
    };
    if !caller.manages_members(context, place) {
        return Err(Refusal::forbidden());
    }
    match (method, rest) {
        ("DELETE", [id]) => {
            let id: u64 = id.parse().map_err(|_| invalid("group_id"))?;
            let found = context.world.shares.get(&place).and_then(|shares| shares.get(&id));
            found.ok_or_else(|| Refusal::message(404, "404 Not Found"))?;
            Ok(Answer::empty(204).changing(vec![remove(&place.scope(), "share", id)]))
        }
        _ => add(context, caller, place),
    }
}

fn add<'a>(context: Context<'a>, caller: &Caller<'a>, place: Place) -> Result<Answer, Refusal> {
    let params = Params::of(context.call)?;
    let group = params.text("group_id")?.ok_or_else(|| missing("group_id"))?;
    let level = params.required_number("group_access")?;
    let wrong = || Refusal::parameter("group_access does not have a valid value");
    let level = u8::try_from(level).map_err(|_| wrong())?;
    if !levels::all(context.switches).any(|known| known == level) {
        return Err(wrong());
    }
    group.parse::<u64>().map_err(|_| invalid("group_id"))?;
    let group = caller::group(context, caller, &group)?.id;
    if place == Place::Group(group) {
        return Err(Refusal::message(400, "A group cannot be shared with itself"));
    }
    if context.world.shares.get(&place).is_some_and(|shares| shares.contains_key(&group)) {
        return Err(Refusal::message(409, "The group has already been shared with this group"));
    }
    let keeps = context.licensed() && shares_keep_roles(context, place);
    let sent = if keeps { params.role_id()? } else { Given::Absent };
    let (level, role) =
        link_role(context, place, level, sent.value()).map_err(|text| Refusal::message(400, text))?;
    if !caller.may_grant(context, place, level, None) {
        return Err(Refusal::forbidden());
    }
    let share = Share { group, access_level: level, role, expires_at: params.date("expires_at")?.flatten() };
    let change = put(&place.scope(), "share", group, &share);
    let mut after = World::default();
    after.groups.clone_from(&context.world.groups);
    after.projects.clone_from(&context.world.projects);
    after.shares.clone_from(&context.world.shares);
    // The answer shows the share; a change that cannot be applied here is refused by the frame all the same.
    let _ = after.apply(&change);
    let later = Context { world: &after, ..context };
    let body = match place {
        Place::Group(id) => after.groups.get(&id).map(|group| shape::one_group(later, group)),
        Place::Project(id) => after.projects.get(&id).map(|project| shape::project(later, project)),
    };
    let status = context.switches.get(&SHARE_STATUS).parse().unwrap_or(201);
    Ok(Answer::json(status, &body).changing(vec![change]))
}
