//! Custom roles of groups that a group is shared with. Source: `/api/groups/`; whether a share keeps its
//! custom role is a feature flag, on for instances since 17.4 and off on gitlab.com.

use std::collections::BTreeSet;

use super::{
    GROUP,
    spec::{SHARED_GROUP, catalogue},
};
use crate::{
    contract::{Moved, Obstacle, Settings, manual},
    model::{
        Kind, RoleId, Value,
        live::{Live, LiveState},
        object::field,
    },
};

fn is_custom(role: &RoleId) -> bool {
    match role {
        RoleId::Live(id) => catalogue().builtin(id.raw()).is_none(),
        RoleId::New(_) => true,
    }
}

/// Whether some share has a custom role now, so that the flag is on for this group after all.
fn one_has(live: &LiveState) -> bool {
    let mut shares = live.of(Kind::Assignment).filter(|slot| slot.key.class == SHARED_GROUP);
    shares.any(|slot| {
        let role = slot.fields.get(field::ROLE).and_then(Live::value);
        matches!(role, Some(Value::Role(Some(role))) if is_custom(role))
    })
}

/// A share changes in two requests, and the one that is made anew would have no end (`/api/groups/`).
fn would_never_end(moved: &Moved<'_>, live: &LiveState) -> Option<Obstacle> {
    if moved.class != SHARED_GROUP || moved.before.is_none() || moved.after.is_none() {
        return None;
    }
    let mut slots = live.of(Kind::Assignment).filter(|slot| slot.key.class == SHARED_GROUP);
    let slot = slots.find(|slot| slot.key.scope == *moved.scope && slot.key.name == *moved.principal)?;
    let Value::Text(Some(day)) = slot.fields.get(field::ENDS)?.value()? else { return None };
    let (title, place) = (moved.title.raw(), manual::place(moved.scope).unwrap_or_default());
    Some(Obstacle {
        why: format!(
            "{place} is shared with `{title}` until {}, and a share with another role is made anew, without an end",
            day.raw()
        ),
        help: "Take the share away in GitLab and invite the group there anew, with the new role and the date; or let it end first.".to_owned(),
    })
}

/// What a share cannot be given: an end that stays, and on gitlab.com a custom role. There a share silently
/// loses the custom role that it is given: each apply would delete it and make it anew for nothing.
pub(super) fn cannot_hold(moved: &Moved<'_>, live: &LiveState, settings: &Settings) -> Option<Obstacle> {
    if let Some(obstacle) = would_never_end(moved, live) {
        return Some(obstacle);
    }
    let given = moved.after.filter(|role| is_custom(role))?;
    if moved.class != SHARED_GROUP || !settings.contains_key(GROUP) || one_has(live) {
        return None;
    }
    let now = match moved.before.filter(|before| *before != given) {
        Some(RoleId::Live(id)) => {
            let title = catalogue().builtin(id.raw()).map_or(id.raw(), |builtin| builtin.title);
            format!("; it is shared with plain {title} now")
        }
        _ => String::new(),
    };
    let place = manual::place(moved.scope).unwrap_or_default();
    Some(Obstacle {
        why: format!(
            "{place} would be shared with `{}` without the custom role: gitlab.com takes the request and drops the role without a word{now}",
            moved.title.raw()
        ),
        help: "Share it with a built-in role, such as `role: builtin:guest`, or give the role to the people. Where gitlab.com has switched it on for the group, one share with a custom role that is made in the dashboard shows that.".to_owned(),
    })
}

/// On an instance the flag may be off, or the version too old.
pub(super) fn notes(moved: &[Moved<'_>], live: &LiveState) -> Vec<String> {
    let given = |one: &&Moved<'_>| one.class == SHARED_GROUP && one.after.is_some_and(is_custom);
    let groups: BTreeSet<&str> = moved.iter().filter(given).map(|one| one.title.raw()).collect();
    if groups.is_empty() || one_has(live) {
        return Vec::new();
    }
    let groups: Vec<String> = groups.into_iter().map(|group| format!("`{group}`")).collect();
    vec![format!(
        "Whether a shared group keeps a custom role depends on the instance (since 17.4, where its flag is on). Otherwise GitLab drops the role without a word, and the group stays shared with the plain base; the apply reads it back and says so. It is about {}.",
        groups.join(", ")
    )]
}
