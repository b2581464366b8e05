//! Whether what was accepted is there.

use std::{
    collections::{BTreeMap, BTreeSet},
    iter,
};

use super::{Event, LOOK_AGAIN, Run, Status, failed, query_of_roles, read_roles};
use crate::{
    contract,
    model::{
        Field, Kind, RoleId, Scope, Untrusted, Value, field,
        live::{Live, LiveObject, LiveState, Query},
    },
    plan::operation::{Made, Op, PermissionAct, PermissionBody, RoleBody, Verb},
    provider::{Outcome, ReadError, WriteError},
};

/// An operation that was accepted, or whose outcome is unknown, with the error that left it so.
pub(super) type Pending = (usize, Option<WriteError>);

const LOOK_AT_THE_PLAN: &str = "Run `rolecall plan` to see what is there now.";

/// Looks, a few times, whether the effects of `pending` are there, and asks once more in another
/// way where the provider has one. Returns the status of each.
///
/// People are read back at the end of the whole apply, with the planner as judge. Here only those
/// of an operation whose outcome is unknown are looked up.
pub(super) async fn read_back(run: &Run<'_>, pending: Vec<Pending>, made: &mut Made) -> Vec<(usize, Status)> {
    let (mut open, people): (Vec<Pending>, Vec<Pending>) =
        pending.into_iter().partition(|(index, _)| !moves_people(&run.ops[*index].verb));
    let mut statuses = Vec::new();
    for (index, unknown) in people {
        let status = match unknown {
            Some(error) => look_up_people(run, &run.ops[index], &error, made).await,
            None => Status::Done,
        };
        statuses.push((index, status));
    }
    for attempt in 0..=LOOK_AGAIN.len() {
        if open.is_empty() {
            break;
        }
        if let Some(pause) = attempt.checked_sub(1).and_then(|again| LOOK_AGAIN.get(again)) {
            tokio::time::sleep(*pause).await;
        }
        let live = match read_roles(run, open.iter().map(|(index, _)| &run.ops[*index])).await {
            Ok(live) => live,
            Err(error) => {
                let unread = |(index, unknown): Pending| {
                    let (help, principals) = (error.help.clone(), Vec::new());
                    let message = match unknown {
                        None => format!("accepted, and could not be read back: {}", error.message.raw()),
                        // Nobody accepted it; whether it was done all the same only reading tells.
                        Some(sent) => format!(
                            "{}; whether it took effect could not be read: {}",
                            sent.request.said(&sent.message),
                            error.message.raw()
                        ),
                    };
                    (index, Status::Failed { message: message.into(), help, principals })
                };
                statuses.extend(open.into_iter().map(unread));
                return statuses;
            }
        };
        let last = attempt == LOOK_AGAIN.len();
        let mut still = Vec::new();
        for (index, unknown) in open {
            let op = &run.ops[index];
            match missing(op, &live, made) {
                Seen::There => statuses.push((index, Status::Done)),
                Seen::Not(what) if last => statuses.push((index, did_not_stick(&what, unknown.as_ref()))),
                Seen::Not(_) => {
                    // The first look may have been too early; after the second it is asked again.
                    if attempt > 0 && unknown.is_none() && !run.stop.is_asked() {
                        insist(run, op, made).await;
                    }
                    still.push((index, unknown));
                }
            }
        }
        open = still;
    }
    statuses
}

/// What became of a request that gave people a role and was not answered. It is looked for twice:
/// reading everybody can take minutes, so not more often.
async fn look_up_people(run: &Run<'_>, op: &Op, error: &WriteError, made: &Made) -> Status {
    let (role, place, class, principals, given) = match &op.verb {
        Verb::Assign { role, scope, class, principals, .. } => (role, scope, class, principals, true),
        Verb::Unassign { role, scope, class, principals } => (role, scope, class, principals, false),
        _ => return failed(error),
    };
    let wanted = role.id(made).cloned().map(RoleId::Live);
    let mut left: Vec<&Untrusted> = principals.iter().collect();
    for pause in [None, LOOK_AGAIN.last()] {
        if let Some(pause) = pause {
            tokio::time::sleep(*pause).await;
        }
        let Ok(live) = run.reader.fetch(Query { members: true, ..run.query.clone() }).await else {
            return failed(error);
        };
        let holders: BTreeSet<&Untrusted> = live
            .of(Kind::Assignment)
            .filter(|slot| slot.key.class == *class && slot.key.scope == *place)
            .filter(|slot| matches!(slot.fields.get(field::ROLE).and_then(|live| live.value()), Some(Value::Role(held)) if *held == wanted))
            .map(|slot| &slot.key.name)
            .collect();
        left.retain(|principal| holders.contains(principal) != given);
        if left.is_empty() {
            return Status::Done;
        }
    }
    let who = if class.contains("group") {
        "the group"
    } else if class.contains("service") {
        "the service user"
    } else {
        "the person"
    };
    let there = if given { format!("{who} has another role") } else { format!("{who} still has the role") };
    let why: Untrusted = format!("{}; read back, {there}", error.request.said(&error.message)).into();
    Status::Failed {
        message: why.clone(),
        help: Some(LOOK_AT_THE_PLAN.to_owned()),
        principals: left.into_iter().map(|principal| (principal.clone(), why.clone())).collect(),
    }
}

/// Why a role cannot be deleted yet: somebody is still seen in it after the moves.
pub(super) async fn still_held(run: &Run<'_>, op: &Op, made: &Made) -> Option<Status> {
    let Verb::DeleteRole { role: gone, .. } = &op.verb else { return None };
    let id = gone.id(made)?;
    let moved = moved_from(run, gone);
    let mut message = String::new();
    for attempt in 0..=LOOK_AGAIN.len() {
        if let Some(pause) = attempt.checked_sub(1).and_then(|again| LOOK_AGAIN.get(again)) {
            tokio::time::sleep(*pause).await;
        }
        let read = match moved.is_empty() {
            true => read_roles(run, iter::once(op)).await,
            false => read_people(run, op, &moved).await,
        };
        let live = match read {
            Ok(live) => live,
            Err(error) => {
                message = format!("nobody can tell whether the role is empty: {}", error.message.raw());
                continue;
            }
        };
        message = match role(&live, id).map(|role| role.holders) {
            Some(Some(holders)) if holders > 0 => {
                format!("{holders} people still hold the role; it was not deleted")
            }
            None => return None,
            // Empty, or not told: what the number does not count has been looked up.
            Some(_) => seen_in(&live, id, &moved)?,
        };
    }
    let help = Some("Run the same command again: it plans what is left.".to_owned());
    Some(Status::Failed { message: message.into(), help, principals: Vec::new() })
}

/// Lists in which principals stand, by class and place.
type Lists<'a> = BTreeSet<(&'static str, &'a Scope)>;

/// Where this run takes `role` from principals whom no number of its holders counts.
fn moved_from<'a>(run: &Run<'a>, role: &RoleId) -> Lists<'a> {
    let from = |op: &'a Op| match &op.verb {
        Verb::Assign { scope, class, held, .. } if held.values().any(|held| held == role) => {
            Some((*class, scope))
        }
        Verb::Unassign { role: taken, scope, class, .. } if taken == role => Some((*class, scope)),
        _ => None,
    };
    run.ops.iter().filter_map(from).filter(|(class, _)| run.uncounted.contains(class)).collect()
}

/// Reads the roles, and who stands in these lists.
async fn read_people(run: &Run<'_>, op: &Op, lists: &Lists<'_>) -> Result<LiveState, ReadError> {
    let mut query = Query { members: true, ..query_of_roles(run, iter::once(op)) };
    for (class, scope) in lists {
        query.places.entry((Kind::Assignment, *class)).or_default().insert((*scope).clone());
    }
    (run.events)(Event::ReadingBack);
    run.reader.fetch(query).await
}

/// Who is still seen in the role `id`, or which list cannot tell it.
fn seen_in(live: &LiveState, id: &Untrusted, lists: &Lists<'_>) -> Option<String> {
    let place = |scope: &Scope| {
        contract::manual::place(scope).map_or_else(String::new, |place| format!(" in {place}"))
    };
    let listed = |class: &'static str, scope: &Scope| lists.contains(&(class, scope));
    let gap = lists.iter().find_map(|(class, scope)| live.incomplete_at(Kind::Assignment, class, scope));
    let denied = || lists.iter().find(|(_, scope)| live.place(scope).is_none());
    if let Some(why) = gap {
        return Some(format!("nobody can tell whether the role is empty: {}", why.raw()));
    }
    if let Some((_, scope)) = denied() {
        return Some(format!(
            "nobody can tell whether the role is empty{}: it does not answer",
            place(scope)
        ));
    }
    let mut slots =
        live.of(Kind::Assignment).filter(|slot| listed(slot.key.class, &slot.key.scope)).filter(|slot| {
            match slot.fields.get(field::ROLE) {
                Some(Live::Unreadable) | None => true,
                Some(held) => {
                    matches!(held.value(), Some(Value::Role(Some(RoleId::Live(held)))) if held == id)
                }
            }
        });
    let slot = slots.next()?;
    let key = (slot.key.class, slot.key.name.clone());
    let name = live.names.get(&key).unwrap_or(&slot.key.name);
    let more = match slots.count() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Some(format!(
        "`{}`{}{more} may still hold the role; it was not deleted",
        name.raw(),
        place(&slot.key.scope)
    ))
}

async fn insist(run: &Run<'_>, op: &Op, made: &mut Made) {
    // Whatever comes of it, the next look decides.
    let answer = match run.writer.insist(&op.verb, made) {
        Some(again) => again.await,
        None => return,
    };
    if let (Ok(Outcome::Done { id: Some(id) }), Verb::CreateRole { address, .. }) = (answer, &op.verb) {
        made.entry(address.clone()).or_insert(id);
    }
}

fn did_not_stick(what: &str, unknown: Option<&WriteError>) -> Status {
    let message = match unknown {
        Some(error) => format!("{}; read back, {what}", error.request.said(&error.message)),
        None => format!("the provider accepted it, and read back, {what}"),
    };
    let help = Some(LOOK_AT_THE_PLAN.to_owned());
    Status::Failed { message: message.into(), help, principals: Vec::new() }
}

/// Whether a request gives people a role, or takes one from them.
fn moves_people(verb: &Verb) -> bool {
    matches!(verb, Verb::Assign { .. } | Verb::Unassign { .. })
}

/// What the provider knows a new role by: its slug, or else its name.
fn natural(body: &RoleBody) -> &Untrusted {
    match body.fields.get(field::SLUG) {
        Some(Value::Text(Some(slug))) => slug,
        _ => &body.name,
    }
}

enum Seen {
    There,
    /// What is not as it should be, in words.
    Not(String),
}

/// Compares the effect of one operation with what is there; learns the id of a role that was made.
fn missing(op: &Op, live: &LiveState, made: &mut Made) -> Seen {
    match &op.verb {
        Verb::CreateRole { address, class, scope, body } => {
            let found = match made.get(address) {
                Some(id) => role(live, id),
                None => live.of(Kind::Role).find(|object| {
                    !object.builtin
                        && object.key.class == *class
                        && object.key.scope == *scope
                        && object.key.name == *natural(body)
                }),
            };
            let Some(found) = found else { return Seen::Not("the role is not there".into()) };
            if let Some(id) = &found.id {
                made.insert(address.clone(), id.clone());
            }
            same_role(found, body, true, true, body.fields.keys())
        }
        Verb::UpdateRole { role: id, send, full, .. } => {
            let found = id.id(made).and_then(|id| role(live, id));
            let Some(found) = found else { return Seen::Not("the role is not there".into()) };
            let mut wanted = full.clone();
            if send.name.is_none() {
                wanted.name = live_name(found).clone();
            } else {
                wanted.name = send.name.clone().unwrap_or(wanted.name);
            }
            if let Some(description) = &send.description {
                wanted.description = description.clone();
            }
            let (permissions, description) = (send.permissions.is_some(), send.description.is_some());
            same_role(found, &wanted, permissions, description, send.fields.keys())
        }
        Verb::DeleteRole { role: id, .. } => match id.id(made).and_then(|id| role(live, id)) {
            Some(_) => Seen::Not("the role is still there".into()),
            None => Seen::There,
        },
        Verb::Permission { slug, act } => same_permission(slug, act, live),
        Verb::SetDefault { role, .. } => {
            let wanted = match role {
                Some(role) => match role.id(made) {
                    Some(id) => Some(RoleId::Live(id.clone())),
                    None => return Seen::Not("the role is not there".into()),
                },
                None => None,
            };
            let default = live.of(Kind::Default).next().and_then(|object| object.fields.get(field::ROLE));
            if default.and_then(|live| live.value()) == Some(&Value::Role(wanted)) {
                Seen::There
            } else {
                Seen::Not("the default is another role".into())
            }
        }
        Verb::Assign { .. } | Verb::Unassign { .. } => Seen::There,
    }
}

fn role<'l>(live: &'l LiveState, id: &Untrusted) -> Option<&'l LiveObject> {
    live.of(Kind::Role).find(|object| object.id.as_ref() == Some(id))
}

/// Whether a permission is there, is as it was to be, or is gone.
fn same_permission(slug: &Untrusted, act: &PermissionAct, live: &LiveState) -> Seen {
    let found = live.of(Kind::Permission).find(|object| object.key.name == *slug);
    let (found, wanted, description) = match (act, found) {
        (PermissionAct::Delete, None) => return Seen::There,
        (PermissionAct::Delete, Some(_)) => return Seen::Not("the permission is still there".into()),
        (_, None) => return Seen::Not("the permission is not there".into()),
        (PermissionAct::Create(body), Some(found)) => (found, body.clone(), true),
        (PermissionAct::Update { name, description }, Some(found)) => {
            let body = PermissionBody {
                name: name.clone().unwrap_or_else(|| live_name(found).clone()),
                description: description.clone().flatten(),
                fields: BTreeMap::new(),
            };
            (found, body, description.is_some())
        }
    };
    let PermissionBody { name, description: text, fields } = wanted;
    let body = RoleBody { name, description: text, permissions: BTreeSet::new(), fields };
    same_role(found, &body, false, description, body.fields.keys())
}

/// A live role's name.
fn live_name(found: &LiveObject) -> &Untrusted {
    match found.fields.get(field::NAME).and_then(|live| live.value()) {
        Some(Value::Text(Some(name))) => name,
        _ => &found.key.name,
    }
}

/// Compares what was sent with what is there, as far as the API tells it.
fn same_role<'f>(
    found: &LiveObject,
    wanted: &RoleBody,
    permissions: bool,
    description: bool,
    others: impl Iterator<Item = &'f Field>,
) -> Seen {
    let mut wrong = Vec::new();
    let name = live_name(found);
    if *name != wanted.name {
        wrong.push(format!("field `name` is `{}`", name.raw()));
    }
    for other in others {
        let there = found.fields.get(other).and_then(|live| live.value());
        if there.is_some() && there != wanted.fields.get(other) {
            wrong.push(format!("field `{other}` has another value"));
        }
    }
    if description {
        let text = |text: Option<&Untrusted>| text.map_or(String::new(), |text| text.raw().to_owned());
        let there = match found.fields.get(field::DESCRIPTION).and_then(|live| live.value()) {
            Some(Value::Text(there)) => text(there.as_ref()),
            _ => String::new(),
        };
        if there != text(wanted.description.as_ref()) {
            wrong.push("field `description` is another text".into());
        }
    }
    if permissions {
        match found.fields.get(field::PERMISSIONS).and_then(|live| live.value()) {
            Some(Value::Set(there)) => wrong.extend(set_difference(there, &wanted.permissions)),
            _ => wrong.push("field `permissions` cannot be read".into()),
        }
    }
    if wrong.is_empty() { Seen::There } else { Seen::Not(wrong.join("; ")) }
}

fn set_difference(there: &BTreeSet<Untrusted>, wanted: &BTreeSet<Untrusted>) -> Option<String> {
    let list =
        |set: Vec<&Untrusted>| set.iter().map(|p| format!("`{}`", p.raw())).collect::<Vec<_>>().join(", ");
    let lacking: Vec<_> = wanted.difference(there).collect();
    let extra: Vec<_> = there.difference(wanted).collect();
    match (lacking.is_empty(), extra.is_empty()) {
        (true, true) => None,
        (false, true) => Some(format!("field `permissions` lacks {}", list(lacking))),
        (true, false) => Some(format!("field `permissions` still has {}", list(extra))),
        (false, false) => {
            Some(format!("field `permissions` lacks {} and still has {}", list(lacking), list(extra)))
        }
    }
}
