//! What stays of somebody's access whose membership ends.

use super::{level, spec::USER};
use crate::{
    contract::{Moved, Roles, manual},
    model::{
        Kind, RoleId, Scope, Untrusted, Value,
        live::{Live, LiveState},
        object::field,
    },
};

/// Most people in one note.
pub(super) const SHOWN: usize = 10;

/// The role that somebody holds in a place by their own membership.
pub(super) fn held_in<'l>(live: &'l LiveState, scope: &Scope, who: &Untrusted) -> Option<&'l RoleId> {
    let mut slots = live.of(Kind::Assignment).filter(|slot| slot.key.class == USER);
    let slot = slots.find(|slot| slot.key.scope == *scope && slot.key.name == *who)?;
    match slot.fields.get(field::ROLE)?.value()? {
        Value::Role(role) => role.as_ref(),
        _ => None,
    }
}

/// The level of a role, or of the base that it starts from.
pub(super) fn rank(live: &LiveState, roles: &Roles<'_>, role: &RoleId) -> Option<u32> {
    let RoleId::Live(id) = base(live, roles, role)? else { return None };
    level::number(&id)
}

/// A built-in role itself, or what a custom role starts from.
fn base(live: &LiveState, roles: &Roles<'_>, role: &RoleId) -> Option<RoleId> {
    let of = |value: Option<&Value>| match value {
        Some(Value::Role(Some(base))) => Some(base.clone()),
        _ => None,
    };
    if let Some(wanted) = roles.wanted.get(role) {
        return of(wanted.fields.get(field::BASE));
    }
    let RoleId::Live(id) = role else { return None };
    let object = live.of(Kind::Role).find(|object| object.id.as_ref() == Some(id))?;
    match object.builtin {
        true => Some(role.clone()),
        false => of(object.fields.get(field::BASE).and_then(Live::value)),
    }
}

/// Says of everybody whose membership ends which access they keep there from the groups above. Their
/// memberships further down are left alone (`skip_subresources`), and what an invited group gives is not
/// theirs to lose.
pub(super) fn what_stays(moved: &[Moved<'_>], roles: &Roles<'_>, live: &LiveState) -> Vec<String> {
    let ends = |one: &&Moved<'_>| one.class == USER && one.before.is_some() && one.after.is_none();
    let mut ended: Vec<&Moved<'_>> = moved.iter().filter(ends).collect();
    if ended.is_empty() {
        return Vec::new();
    }
    let more = ended.len().saturating_sub(SHOWN);
    ended.truncate(SHOWN);
    let mut said: Vec<String> = ended.into_iter().map(|one| kept(one, moved, roles, live)).collect();
    if more > 0 {
        said.push(format!("{more} more end likewise"));
    }
    vec![format!(
        "Memberships end: {}. What they hold further down, and what invited groups give them, stays.",
        said.join("; ")
    )]
}

fn kept(one: &Moved<'_>, moved: &[Moved<'_>], roles: &Roles<'_>, live: &LiveState) -> String {
    let above = live.above.get(&(USER, one.scope.clone()));
    let after = |scope: &Scope| {
        let change = moved
            .iter()
            .find(|other| other.class == USER && other.scope == scope && other.principal == one.principal);
        match change {
            Some(change) => change.after.cloned(),
            None => held_in(live, scope, one.principal).cloned(),
        }
    };
    let held = above.into_iter().flatten().filter_map(|scope| Some((after(scope)?, scope)));
    let most = held.max_by_key(|(role, _)| rank(live, roles, role));
    let unread =
        above.into_iter().flatten().any(|scope| live.incomplete_at(Kind::Assignment, USER, scope).is_some());
    let keeps = match most {
        Some((role, scope)) => {
            format!("keeps `{}` there from {}", roles.name(&role), manual::place(scope).unwrap_or_default())
        }
        None if unread => "may keep what a group above gives, which could not be read".to_owned(),
        None => "keeps nothing there from a group above".to_owned(),
    };
    format!("`{}` in {} {keeps}", one.title.raw(), manual::place(one.scope).unwrap_or_default())
}
