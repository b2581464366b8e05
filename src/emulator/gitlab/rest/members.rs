//! Members of groups and projects.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::emulator::call::Answer;
use crate::emulator::gitlab::access::{self, Effective};
use crate::emulator::gitlab::caller::{self, Caller, Context};
use crate::emulator::gitlab::input::{Given, Params, invalid};
use crate::emulator::gitlab::page::by_offset;
use crate::emulator::gitlab::refusal::Refusal;
use crate::emulator::gitlab::shape::{self, Membership, Roles};
use crate::emulator::gitlab::switches::MEMBER_NOT_FOUND;
use crate::emulator::gitlab::time::Moment;
use crate::emulator::gitlab::world::{Member, Place, User, put, remove};
use crate::emulator::product::Change;

use super::membership;

const CONFLICT: &str = "Member already exists";
const QUEUED: &str = "Request queued for administrator approval.";
const STUCK: &str = "cannot be changed because of an existing association with a custom role";

/// Answers `/groups|projects/:id/members...`.
pub(super) fn answer<'a>(
    context: Context<'a>,
    caller: &Caller<'a>,
    kind: &str,
    key: &str,
    rest: &[&str],
) -> Result<Answer, Refusal> {
    let place = caller::place(context, caller, kind, key)?;
    match (context.call.method.as_str(), rest) {
        ("GET", []) => list(context, place, false),
        ("GET", ["all"]) => list(context, place, true),
        ("GET", ["all", id]) => {
            let effective =
                access::effective(context, place, user_id(id)?).ok_or_else(|| unknown_member(context))?;
            Ok(Answer::json(200, &shape::member(context, &effective, false, &mut Roles::default())))
        }
        ("GET", [id]) => {
            let member = context.world.member(place, user_id(id)?).ok_or_else(|| unknown_member(context))?;
            Ok(Answer::json(200, &one(context, member)))
        }
        ("POST", []) => add(context, caller, place),
        ("PUT", [id]) => change(context, caller, place, id),
        ("DELETE", [id]) => delete(context, caller, place, id),
        (_, [] | [_] | ["all", _]) => Err(Refusal::no_method()),
        _ => Err(Refusal::no_route()),
    }
}

fn user_id(text: &str) -> Result<u64, Refusal> {
    text.parse().map_err(|_| invalid("user_id"))
}

fn unknown_member(context: Context<'_>) -> Refusal {
    Refusal::message(404, context.switches.get(&MEMBER_NOT_FOUND))
}

fn effective(member: &Member) -> Effective<'_> {
    Effective { level: member.access_level, role: member.role, member }
}

fn one(context: Context<'_>, member: &Member) -> Option<Membership> {
    shape::member(context, &effective(member), false, &mut Roles::default())
}

fn numbers(params: &Params, name: &str) -> Result<Option<BTreeSet<u64>>, Refusal> {
    let read =
        |texts: Vec<String>| texts.iter().map(|text| text.parse().map_err(|_| invalid(name))).collect();
    params.list(name).map(read).transpose()
}

fn list(context: Context<'_>, place: Place, all: bool) -> Result<Answer, Refusal> {
    let params = Params::of(context.call)?;
    let query = params.text("query")?.unwrap_or_default().to_lowercase();
    let wanted = numbers(&params, "user_ids")?;
    let skipped = if all { None } else { numbers(&params, "skip_users")? };
    let seats = params.flag("show_seat_info")?.unwrap_or(false);
    let saml = params.flag("with_saml_identity")?.unwrap_or(false);
    let state = if all { params.text("state")? } else { None };
    if state.as_deref().is_some_and(|state| !matches!(state, "awaiting" | "active")) {
        return Err(Refusal::parameter("state does not have a valid value"));
    }
    let passes = |effective: &Effective<'_>| {
        let id = effective.member.user;
        let Some(user) = context.world.users.get(&id) else { return false };
        wanted.as_ref().is_none_or(|wanted| wanted.contains(&id))
            && !skipped.as_ref().is_some_and(|skipped| skipped.contains(&id))
            && (!saml || user.extern_uid.is_some())
            && state.as_deref() != Some("awaiting")
            && (query.is_empty() || matches(user, &query))
    };
    let found: Vec<Effective<'_>> = if all {
        access::everybody(context, place).into_values().filter(passes).collect()
    } else {
        context.world.members_of(place).map(|member| effective(member)).filter(passes).collect()
    };
    let mut roles = Roles::default();
    by_offset(context.call, &params, &found, |one| shape::member(context, one, seats, &mut roles))
}

fn matches(user: &User, query: &str) -> bool {
    let email = user.email.as_deref().unwrap_or_default();
    [&user.username, &user.name, email].iter().any(|text| text.to_lowercase().contains(query))
}

/// The user that a word of `user_id` or `username` means.
fn person<'a>(context: Context<'a>, by_id: bool, word: &str) -> Option<&'a User> {
    let world = context.world;
    let found = if by_id {
        word.parse().ok().and_then(|id: u64| world.users.get(&id))
    } else {
        world.user_named(word)
    };
    found.map(AsRef::as_ref)
}

/// What an addition gives.
struct Grant {
    level: u8,
    role: Option<u64>,
    expires_at: Option<String>,
}

fn grant<'a>(
    context: Context<'a>,
    caller: &Caller<'a>,
    place: Place,
    params: &Params,
) -> Result<Grant, Refusal> {
    let level = membership::level(context, params.required_number("access_level")?)?;
    let id = params.role_id()?.value().filter(|_| context.licensed());
    let expires_at = params.date("expires_at")?.flatten();
    let role = id.map(|id| membership::role(context, place, id, level)).transpose()?;
    if !caller.may_grant(context, place, level, role) {
        return Err(Refusal::forbidden());
    }
    Ok(Grant { level, role: id, expires_at })
}

/// A new membership, or why there is none.
fn join<'a>(
    context: Context<'a>,
    caller: &Caller<'a>,
    place: Place,
    user: &User,
    grant: &Grant,
) -> Result<Member, Refusal> {
    if context.world.member(place, user.id).is_some() {
        return Err(Refusal::message(409, CONFLICT));
    }
    membership::floor(context, place, user.id, grant.level)?;
    let role = grant.role.and_then(|id| context.world.roles.get(&id)).map(AsRef::as_ref);
    if membership::queues(context, caller, None, grant.level, role) {
        return Err(Refusal::message(202, json!({ "user": QUEUED })));
    }
    Ok(Member {
        user: user.id,
        access_level: grant.level,
        role: grant.role,
        expires_at: grant.expires_at.clone(),
        created_at: Moment(context.now),
        created_by: Some(caller.user.id),
    })
}

fn put_member(place: Place, member: &Member) -> Change {
    put(&place.scope(), "member", member.user, member)
}

fn add<'a>(context: Context<'a>, caller: &Caller<'a>, place: Place) -> Result<Answer, Refusal> {
    let params = Params::of(context.call)?;
    if !caller.manages_members(context, place) {
        return Err(Refusal::forbidden());
    }
    let by_id = params.has("user_id");
    let words = match (params.list("user_id"), params.list("username")) {
        (Some(_), Some(_)) => {
            return Err(Refusal::parameter("user_id, username are mutually exclusive"));
        }
        (Some(words), None) | (None, Some(words)) => words,
        (None, None) => {
            return Err(Refusal::parameter(
                "user_id, username are missing, exactly one parameter must be provided",
            ));
        }
    };
    let grant = grant(context, caller, place, &params)?;
    if let [word] = words.as_slice() {
        let user = person(context, by_id, word).ok_or_else(|| Refusal::not_found("User"))?;
        let member = join(context, caller, place, user, &grant)?;
        return Ok(Answer::json(201, &one(context, &member)).changing(vec![put_member(place, &member)]));
    }
    let mut changes = Vec::new();
    let mut errors = Map::new();
    for word in words {
        let joined = person(context, by_id, &word)
            .ok_or_else(|| Refusal::not_found("User"))
            .and_then(|user| join(context, caller, place, user, &grant));
        match joined {
            Ok(member) => changes.push(put_member(place, &member)),
            Err(refusal) => {
                errors.insert(word, refusal.body["message"].clone());
            }
        }
    }
    Ok(many(&errors).changing(changes))
}

fn many(errors: &Map<String, Value>) -> Answer {
    if errors.is_empty() {
        Answer::json(201, &json!({ "status": "success" }))
    } else {
        Answer::json(201, &json!({ "status": "error", "message": errors }))
    }
}

/// `POST /groups|projects/:id/invitations`: people with an account join at once; an address without one gets a mail,
/// of which nothing is kept here.
pub(super) fn invite<'a>(
    context: Context<'a>,
    caller: &Caller<'a>,
    kind: &str,
    key: &str,
) -> Result<Answer, Refusal> {
    let place = caller::place(context, caller, kind, key)?;
    super::method(context, &["POST"])?;
    let params = Params::of(context.call)?;
    if !caller.manages_members(context, place) {
        return Err(Refusal::forbidden());
    }
    let grant = grant(context, caller, place, &params)?;
    let ids = params.list("user_id").unwrap_or_default();
    let emails = params.list("email").unwrap_or_default();
    if ids.is_empty() && emails.is_empty() {
        return Err(Refusal::parameter(
            "email, user_id are missing, at least one parameter must be provided",
        ));
    }
    let by_email = |email: &str| {
        let is = |user: &&std::sync::Arc<User>| user.email.as_deref() == Some(email);
        context.world.users.values().find(is).map(AsRef::as_ref)
    };
    let people = ids.iter().map(|id| (id, person(context, true, id)));
    let people = people.chain(emails.iter().map(|email| (email, by_email(email))));
    let (mut changes, mut errors) = (Vec::new(), Map::new());
    for (word, user) in people {
        match user {
            Some(user) => match join(context, caller, place, user, &grant) {
                Ok(member) => changes.push(put_member(place, &member)),
                Err(refusal) => {
                    errors.insert(word.clone(), refusal.body["message"].clone());
                }
            },
            None if word.contains('@') => {}
            None => {
                errors.insert(word.clone(), json!("404 User Not Found"));
            }
        }
    }
    Ok(many(&errors).changing(changes))
}

fn change<'a>(context: Context<'a>, caller: &Caller<'a>, place: Place, id: &str) -> Result<Answer, Refusal> {
    let params = Params::of(context.call)?;
    let level = params.required_number("access_level")?;
    if !caller.manages_members(context, place) {
        return Err(Refusal::forbidden());
    }
    let before = context.world.member(place, user_id(id)?).ok_or_else(|| unknown_member(context))?;
    let level = membership::level(context, level)?;
    let sent = if context.licensed() { params.role_id()? } else { Given::Absent };
    let role = match sent {
        Given::Absent if before.role.is_some() && level != before.access_level => {
            return Err(Refusal::field("access_level", STUCK));
        }
        Given::Absent => before.role,
        Given::Null => None,
        Given::Value(id) => Some(id),
    };
    let held = match sent {
        Given::Value(id) => Some(membership::role(context, place, id, level)?),
        _ => role.and_then(|id| context.world.roles.get(&id)).map(AsRef::as_ref),
    };
    if !caller.may_grant(context, place, level.max(before.access_level), held) {
        return Err(Refusal::forbidden());
    }
    membership::floor(context, place, before.user, level)?;
    if membership::queues(context, caller, Some(before), level, held) {
        return Err(Refusal::message(202, json!({ "user": QUEUED })));
    }
    let member = Member {
        access_level: level,
        role,
        expires_at: params.date("expires_at")?.unwrap_or_else(|| before.expires_at.clone()),
        ..before.as_ref().clone()
    };
    Ok(Answer::json(200, &one(context, &member)).changing(vec![put_member(place, &member)]))
}

fn delete<'a>(context: Context<'a>, caller: &Caller<'a>, place: Place, id: &str) -> Result<Answer, Refusal> {
    let params = Params::of(context.call)?;
    let skip = params.flag("skip_subresources")?.unwrap_or(false);
    let id = user_id(id)?;
    let leaves = id == caller.user.id;
    if !leaves && !caller.manages_members(context, place) {
        return Err(Refusal::forbidden());
    }
    let member = context.world.member(place, id).ok_or_else(|| unknown_member(context))?;
    if !leaves && !caller.may_grant(context, place, member.access_level, None) {
        return Err(Refusal::forbidden());
    }
    let mut changes = vec![remove(&place.scope(), "member", id)];
    if let Place::Group(group) = place
        && !skip
    {
        let below = context.world.below(group).into_iter();
        let held = below.filter(|place| context.world.member(*place, id).is_some());
        changes.extend(held.map(|place| remove(&place.scope(), "member", id)));
    }
    Ok(Answer::empty(204).changing(changes))
}
