//! Paid seats. Whoever holds more than Guest takes one, and so does a Guest, or somebody with Minimal
//! Access, whose custom role holds an ability that counts. Source: `/user/custom_roles/`, billing and seat
//! usage. Custom roles need Ultimate, where plain Guests are free.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    notes::SHOWN,
    spec::{USER, catalogue},
};
use crate::{
    catalog::Seat,
    contract::{Moved, Roles},
    model::{
        Kind, RoleId, RoleState, Untrusted, Value,
        live::{Live, LiveObject, LiveState},
        object::field,
    },
};

/// The level of Guest, above which everybody takes a seat.
const GUEST: u32 = 10;

/// Whether a role takes a seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takes {
    Yes,
    No,
    /// Its base, or what a permission of it counts for, is not known.
    Unknown,
}

fn of(base: Option<&Value>, permissions: Option<&BTreeSet<Untrusted>>) -> Takes {
    let base = match base {
        Some(Value::Role(Some(RoleId::Live(base)))) => catalogue().builtin(base.raw()),
        _ => None,
    };
    let Some(level) = base.and_then(|base| base.number) else { return Takes::Unknown };
    if level > GUEST {
        return Takes::Yes;
    }
    let Some(permissions) = permissions else { return Takes::Unknown };
    let seat = |permission: &Untrusted| {
        catalogue().permissions.get(permission).map_or(Seat::Unknown, |meaning| meaning.seat)
    };
    let seats: Vec<Seat> = permissions.iter().map(seat).collect();
    if seats.contains(&Seat::Counted) {
        Takes::Yes
    } else if seats.contains(&Seat::Unknown) {
        Takes::Unknown
    } else {
        Takes::No
    }
}

fn of_state(role: &RoleState) -> Takes {
    of(role.fields.get(field::BASE), role.permissions.as_ref())
}

fn of_live(role: &LiveObject) -> Takes {
    if let Some(builtin) =
        role.id.as_ref().filter(|_| role.builtin).and_then(|id| catalogue().builtin(id.raw()))
    {
        return if builtin.number.is_some_and(|level| level > GUEST) { Takes::Yes } else { Takes::No };
    }
    let value = |name| role.fields.get(name).and_then(Live::value);
    let permissions = match value(field::PERMISSIONS) {
        Some(Value::Set(set)) => Some(set),
        _ => None,
    };
    of(value(field::BASE), permissions)
}

/// What a change of a role means for the seats of whoever holds it.
pub(super) fn when_a_role_changes(before: &RoleState, after: &RoleState) -> Vec<String> {
    if !before.fields.contains_key(field::BASE) {
        return Vec::new(); // An admin role.
    }
    let mut wanted = after.clone();
    if let Some(base) = before.fields.get(field::BASE) {
        wanted.fields.entry(field::BASE).or_insert_with(|| base.clone());
    }
    let said = match (of_state(before), of_state(&wanted)) {
        (Takes::No, Takes::Yes) => {
            "everybody who holds it takes a paid seat from then on, unless they take one already"
        }
        (Takes::No, Takes::Unknown) => {
            "everybody who holds it may take a paid seat from then on: what the catalogue does not know may count"
        }
        (Takes::Yes, Takes::No) => {
            "nobody takes a paid seat for it any longer; whoever holds nothing else that takes one frees theirs"
        }
        _ => return Vec::new(),
    };
    vec![said.to_owned()]
}

/// Who takes a seat by these changes, and whose may become free.
pub(super) fn notes(moved: &[Moved<'_>], roles: &Roles<'_>, live: &LiveState) -> Vec<String> {
    if moved.is_empty() {
        return Vec::new();
    }
    let by_id: BTreeMap<&Untrusted, Takes> =
        live.of(Kind::Role).filter_map(|role| Some((role.id.as_ref()?, of_live(role)))).collect();
    let now = |role: Option<&RoleId>| match role {
        None => Takes::No,
        Some(RoleId::Live(id)) => by_id.get(id).copied().unwrap_or(Takes::Unknown),
        Some(RoleId::New(_)) => Takes::Unknown,
    };
    let then = |role: Option<&RoleId>| match role.and_then(|role| roles.wanted.get(role)) {
        Some(wanted) => of_state(wanted),
        None => now(role),
    };
    // Who takes a seat by something that this plan leaves as it is.
    let changes: BTreeSet<_> = moved.iter().map(|one| (one.class, one.scope, one.principal)).collect();
    let (mut seated, mut seated_now) = (BTreeSet::new(), BTreeSet::new());
    for slot in live.of(Kind::Assignment).filter(|slot| slot.key.class == USER) {
        let role = match slot.fields.get(field::ROLE).and_then(Live::value) {
            Some(Value::Role(role)) => role.as_ref(),
            _ => continue,
        };
        if now(role) == Takes::Yes {
            seated_now.insert(&slot.key.name);
        }
        let stays = !changes.contains(&(USER, &slot.key.scope, &slot.key.name));
        if stays && then(role) == Takes::Yes {
            seated.insert(&slot.key.name);
        }
    }
    let given = |one: &&Moved<'_>| one.class == USER && then(one.after) == Takes::Yes;
    seated.extend(moved.iter().filter(given).map(|one| one.principal));

    let (mut take, mut may, mut free, mut links) =
        (BTreeMap::new(), BTreeMap::new(), BTreeSet::new(), BTreeMap::new());
    for one in moved {
        let (before, after) = (now(one.before), then(one.after));
        if one.class != USER {
            if let (Takes::Yes, Some(role), true) = (after, one.after, before != Takes::Yes) {
                links.entry(role).or_insert_with(BTreeSet::new).insert(one.title);
            }
            continue;
        }
        match (after, one.after) {
            (Takes::Yes, Some(role)) if !seated_now.contains(one.principal) => {
                take.entry(role).or_insert_with(BTreeSet::new).insert(one.title);
            }
            (Takes::Unknown, Some(role)) if !seated_now.contains(one.principal) => {
                may.entry(role).or_insert_with(BTreeSet::new).insert(one.title);
            }
            (Takes::No, _) if before == Takes::Yes && !seated.contains(one.principal) => {
                free.insert(one.title);
            }
            _ => {}
        }
    }
    let each = |all: BTreeMap<&RoleId, BTreeSet<&Untrusted>>| {
        let each = all.into_iter().map(|(role, who)| format!("`{}` ({})", roles.name(role), list(&who)));
        each.collect::<Vec<_>>().join(", ")
    };
    let mut notes = Vec::new();
    if !take.is_empty() {
        notes.push(format!(
            "Seats: each holder of these takes a paid one: {}. Nothing that was read gives them one yet. Whoever has none from elsewhere becomes billable; the API does not tell how many are left.",
            each(take)
        ));
    }
    if !may.is_empty() {
        notes.push(format!("Seats: whether these take a paid one is not known: {}.", each(may)));
    }
    if !links.is_empty() {
        notes.push(format!(
            "Seats: everybody who comes by these groups takes a paid one, and how many they are is not known: {}.",
            each(links)
        ));
    }
    if !free.is_empty() {
        let read = match live.read.everywhere && live.unread.is_empty() {
            true => "every group and project was read, and not who comes by an invited group",
            false => "only the places of the definitions, and the groups above them, were read",
        };
        notes.push(format!(
            "Seats: {} may free a paid one: nothing that was read gives them one any longer ({read}).",
            list(&free)
        ));
    }
    notes
}

fn list(names: &BTreeSet<&Untrusted>) -> String {
    let mut shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{}`", name.raw())).collect();
    if names.len() > SHOWN {
        shown.push(format!("{} more", names.len() - SHOWN));
    }
    shown.join(", ")
}
