//! `/v1/users`: members, seats, and the form in which bulk operations answer.

use serde_json::{Map, Value, json};

use crate::emulator::call::Answer;
use crate::emulator::encode;
use crate::emulator::switch::Switches;

use super::caller::{Access, Caller, Context, Right, authorize, authorize_any};
use super::input::{Body, choice, number};
use super::refusal::{Family, Refusal};
use super::roles::edit;
use super::shape::wire_id;
use super::switches::{MEMBER_FILTER, ROLE_FILTER, SEAT_MODE_GET, USER_FIELDS, USER_ROLE_VALUE};
use super::world::{ADMIN, KeyKind, MEMBER, Org, User};

/// The most users that one bulk request may name.
const BATCH: usize = 500;
/// The page size when none is asked for; not documented.
const PAGE: usize = 50;

/// Answers a request under `/v1/users`; `rest` is what follows.
pub(super) fn answer(context: Context<'_>, rest: &[&str]) -> Result<Answer, Refusal> {
    match (context.call.method.as_str(), rest) {
        ("GET", []) => list(context),
        ("PUT", []) => add(context),
        ("POST", ["roles"]) => super::assign::answer(context),
        ("POST", ["seats"]) => seats(context),
        ("POST", ["seats", "assignment"]) => set_mode(context),
        ("GET", ["seats", "assignment"]) if context.switches.is(&SEAT_MODE_GET, "present") => {
            get_mode(context)
        }
        (_, [] | ["roles"] | ["seats"] | ["seats", "assignment"]) => {
            Err(Refusal::new(405, "the method is not supported here"))
        }
        _ => Err(Refusal::not_found("there is no such path")),
    }
}

/// A cursor that begins after a user.
pub(super) fn cursor(after: &str) -> String {
    format!("c{}", encode::hex(after.as_bytes()))
}

fn read_cursor(context: Context<'_>) -> Result<Option<String>, Refusal> {
    let Some(text) = context.call.parameter("cursor") else {
        return Ok(None);
    };
    text.strip_prefix('c')
        .and_then(encode::unhex)
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .map(Some)
        .ok_or_else(|| Refusal::invalid("cursor is not valid"))
}

/// What the filters of a list let through.
fn filter<'a>(context: Context<'a>) -> Result<impl Fn(&User) -> bool + use<'a>, Refusal> {
    let seat = choice(context.call, "seat_filter", &["all", "assigned", "unassigned"])?;
    let roles: &[&str] = match context.switches.get(&ROLE_FILTER) {
        "prefixed" => &["all", "cr_member", "cr_admin"],
        "both" => &["all", "member", "admin", "cr_member", "cr_admin"],
        _ => &["all", "member", "admin"],
    };
    let role = choice(context.call, "role_filter", roles)?;
    let non_admin = context.switches.is(&MEMBER_FILTER, "non_admin");
    Ok(move |user: &User| {
        (seat == "all" || user.seat_assigned == (seat == "assigned"))
            && match role {
                "all" => true,
                "admin" | "cr_admin" => user.role == ADMIN,
                _ if non_admin => user.role != ADMIN,
                _ => user.role == MEMBER,
            }
    })
}

fn list(context: Context<'_>) -> Result<Answer, Refusal> {
    let (caller, access) = authorize_any(context, &Body::default(), Right::UserRead)?;
    let limit = number(context.call, "limit", PAGE, 1, 100)?;
    let after = read_cursor(context)?;
    let filter = filter(context)?;
    let Some(access) = access else {
        return Ok(list_workspace(context, &caller, limit, after.as_deref(), filter));
    };
    let org = access.org;
    let found: Vec<&User> = org
        .users
        .values()
        .map(AsRef::as_ref)
        .filter(|user| after.as_deref().is_none_or(|after| user.user_id.as_str() > after) && filter(user))
        .take(limit + 1)
        .collect();
    let next = next_cursor(found.len() > limit, found.get(limit - 1).map(|user| user.user_id.as_str()));
    let users: Vec<Value> =
        found.iter().take(limit).map(|user| user_json(user, org, context.switches)).collect();
    Ok(Answer::json(
        200,
        &json!({
            "seats_purchased": org.facts.seats_purchased, "seats_assigned": seats_assigned(org),
            "seat_assignment_mode": org.facts.seat_assignment_mode, "users": users, "next_cursor": next,
        }),
    ))
}

fn next_cursor(more: bool, last: Option<&str>) -> Option<String> {
    last.filter(|_| more).map(cursor)
}

/// The view of a whole workspace, by person; its form is not documented.
fn list_workspace(
    context: Context<'_>,
    caller: &Caller<'_>,
    limit: usize,
    after: Option<&str>,
    filter: impl Fn(&User) -> bool,
) -> Answer {
    let mut people: Vec<&str> = caller
        .tenant
        .orgs
        .values()
        .flat_map(|org| org.users.values().filter(|user| filter(user)).map(|user| user.user_id.as_str()))
        .filter(|id| after.is_none_or(|after| *id > after))
        .collect();
    people.sort_unstable();
    people.dedup();
    let next = next_cursor(people.len() > limit, people.get(limit - 1).copied());
    let people: Vec<Value> = people
        .into_iter()
        .take(limit)
        .map(|id| {
            let memberships: Vec<Value> = caller
                .tenant
                .orgs
                .iter()
                .filter_map(|(org_id, org)| {
                    let user = org.users.get(id)?;
                    Some(json!({
                        "org_id": org_id, "org_name": org.facts.name, "seat_assigned": user.seat_assigned,
                        "role": role_value(user, org, context.switches),
                    }))
                })
                .collect();
            json!({ "user_id": id, "organizations": memberships })
        })
        .collect();
    Answer::json(200, &json!({ "people": people, "next_cursor": next }))
}

fn seats_assigned(org: &Org) -> usize {
    org.users.values().filter(|user| user.seat_assigned).count()
}

fn role_value(user: &User, org: &Org, switches: &Switches) -> Value {
    let role = org.roles.get(&user.role);
    match role {
        Some(role) if !role.is_system() => match switches.get(&USER_ROLE_VALUE) {
            "name" => json!(role.name),
            "custom" => json!("custom"),
            "null" => Value::Null,
            _ => json!(role.id),
        },
        _ => json!(wire_id(&user.role, switches)),
    }
}

fn user_json(user: &User, org: &Org, switches: &Switches) -> Value {
    let mut fields = Map::new();
    fields.insert("user_id".to_owned(), json!(user.user_id));
    fields.insert("seat_assigned".to_owned(), json!(user.seat_assigned));
    fields.insert("role".to_owned(), role_value(user, org, switches));
    if switches.is(&USER_FIELDS, "extended") {
        for (name, value) in [("user_name", &user.user_name), ("email", &user.email), ("name", &user.name)] {
            fields.insert(name.to_owned(), json!(value));
        }
    }
    Value::Object(fields)
}

/// How one item of a bulk request ended.
pub(super) type Item = Result<(), &'static str>;

/// The answer of a bulk request: 200 whatever the items did.
pub(super) fn bulk(items: &[(String, Item)]) -> Answer {
    let succeeded: Vec<&str> =
        items.iter().filter(|(_, item)| item.is_ok()).map(|(id, _)| id.as_str()).collect();
    let failed: Vec<Value> = items
        .iter()
        .filter_map(|(id, item)| item.err().map(|code| json!({ "user_id": id, "code": code })))
        .collect();
    let status = match (succeeded.is_empty(), failed.is_empty()) {
        (_, true) => "success",
        (true, false) => "failure",
        (false, false) => "partial_success",
    };
    Answer::json(200, &json!({ "status": status, "succeeded": succeeded, "failed": failed }))
}

/// Checks that a bulk list has 1 to 500 items.
pub(super) fn check_batch(name: &str, count: usize) -> Result<(), Refusal> {
    match count {
        0 => Err(Refusal::invalid(format!("{name} must have at least one item"))),
        1..=BATCH => Ok(()),
        _ => Err(Refusal::invalid("Maximum 500 users per request").code("BATCH_SIZE_EXCEEDED")),
    }
}

/// The `user_ids` of a bulk request, each once, in the order sent.
pub(super) fn user_ids(body: &Body) -> Result<Vec<String>, Refusal> {
    let sent = body.list("user_ids")?.ok_or_else(|| Refusal::invalid("user_ids is required"))?;
    check_batch("user_ids", sent.len())?;
    let mut seen = std::collections::HashSet::new();
    let mut ids = Vec::with_capacity(sent.len());
    for id in sent {
        let id = id.as_str().ok_or_else(|| Refusal::invalid("user_ids must be strings"))?;
        if seen.insert(id) {
            ids.push(id.to_owned());
        }
    }
    Ok(ids)
}

fn seats(context: Context<'_>) -> Result<Answer, Refusal> {
    super::caller::identify(context)?;
    let body = Body::of(context.call)?;
    let access = authorize(context, &body, Family::Users, Right::Admin)?;
    let assign = match body.required_text("action")? {
        "assign" => true,
        "unassign" => false,
        _ => return Err(Refusal::invalid("action must be assign or unassign")),
    };
    let mut edit = edit(context, &access);
    let mut free = usize::try_from(access.org.facts.seats_purchased)
        .unwrap_or(usize::MAX)
        .saturating_sub(seats_assigned(access.org));
    let mut items = Vec::new();
    for id in user_ids(&body)? {
        let item = match access.org.users.get(&id) {
            None => Err("USER_NOT_FOUND"),
            Some(user) if user.seat_assigned == assign => Ok(()),
            Some(_) if assign && free == 0 => Err("NO_SEATS_AVAILABLE"),
            Some(user) => {
                free = if assign { free - 1 } else { free + 1 };
                edit.put_user(&User { seat_assigned: assign, ..user.as_ref().clone() });
                Ok(())
            }
        };
        items.push((id, item));
    }
    Ok(bulk(&items).changing(edit.finish()))
}

fn self_hosted<'a>(context: Context<'a>, body: &Body) -> Result<Access<'a>, Refusal> {
    let access = authorize(context, body, Family::Users, Right::Admin)?;
    if access.caller.kind == KeyKind::SelfHosted {
        Ok(access)
    } else {
        Err(Refusal::forbidden("this is only for self-hosted instances"))
    }
}

fn get_mode(context: Context<'_>) -> Result<Answer, Refusal> {
    let access = self_hosted(context, &Body::default())?;
    Ok(Answer::json(200, &json!({ "mode": access.org.facts.seat_assignment_mode })))
}

fn set_mode(context: Context<'_>) -> Result<Answer, Refusal> {
    super::caller::identify(context)?;
    let body = Body::of(context.call)?;
    let access = self_hosted(context, &body)?;
    let mode = body.required_text("mode")?;
    if !matches!(mode, "automatic" | "manual") {
        return Err(Refusal::invalid("mode must be automatic or manual"));
    }
    let mut edit = edit(context, &access);
    edit.set_seat_mode(mode);
    Ok(Answer::json(200, &json!({ "mode": mode })).changing(edit.finish()))
}

fn add(context: Context<'_>) -> Result<Answer, Refusal> {
    super::caller::identify(context)?;
    let body = Body::of(context.call)?;
    let access = self_hosted(context, &body)?;
    let sent = body.list("users")?.ok_or_else(|| Refusal::invalid("users is required"))?;
    check_batch("users", sent.len())?;
    let mut edit = edit(context, &access);
    let mut items = Vec::new();
    for (index, item) in sent.iter().enumerate() {
        let field = |name: &str| item.get(name).and_then(Value::as_str).map(str::to_owned);
        let id = field("user_id")
            .filter(|id| !id.is_empty())
            .ok_or_else(|| Refusal::invalid(format!("users[{index}].user_id must be a string")))?;
        let before = access.org.users.get(&id);
        let user = User {
            user_id: id.clone(),
            user_name: field("user_name").or_else(|| before.and_then(|user| user.user_name.clone())),
            email: field("email").or_else(|| before.and_then(|user| user.email.clone())),
            name: field("name").or_else(|| before.and_then(|user| user.name.clone())),
            role: before
                .map_or_else(|| access.org.role_of_new_members().to_owned(), |user| user.role.clone()),
            seat_assigned: before.is_some_and(|user| user.seat_assigned),
        };
        if before.is_some() {
            edit.put_user(&user);
        } else {
            edit.add_user(&user);
        }
        items.push((id, Ok(())));
    }
    Ok(bulk(&items).changing(edit.finish()))
}
