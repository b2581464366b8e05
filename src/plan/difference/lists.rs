//! The default role, lists that are the whole truth, and what is removed on purpose.

use std::collections::BTreeMap;

use super::{
    Input,
    assignments::today,
    document::{DefaultDifference, ExclusiveDifference, RemovedDifference, TargetDifference, What, Which},
    matching::Pairs,
    place_of, reference,
};
use crate::model::{
    Address, Scope, Untrusted,
    desired::{DesiredDefault, Exclusive, Removal, RoleName},
};

/// Fills in the default role, exclusive lists, and removals.
pub(super) fn compare(input: &Input<'_>, pairs: &Pairs<'_>, found: &mut TargetDifference) {
    default(input, pairs, found);
    exclusive(input, pairs, found);
    removed(input, pairs, found);
}

fn default(input: &Input<'_>, pairs: &Pairs<'_>, found: &mut TargetDifference) {
    let (a, b) = (input.a.desired.default.as_ref(), input.b.desired.default.as_ref());
    let role = |default: &DesiredDefault| default.role.as_ref().map(|role| role.value.clone());
    let before = a.map(|default| role(default).map(|role| today(&role, pairs)));
    if before == b.map(role) || !input.wants(&Address::default_role(input.target)) {
        return;
    }
    let text = |default: &DesiredDefault| {
        default.role.as_ref().map_or_else(|| "none".into(), |role| reference(&role.value))
    };
    let place = match (a, b) {
        (_, Some(default)) => input.place(Which::B, default.site),
        (Some(default), None) => input.place(Which::A, default.site),
        (None, None) => None,
    };
    found.default = Some(DefaultDifference { before: a.map(text), after: b.map(text), place });
}

/// Whether the role that an entry is about is wanted.
fn wants(input: &Input<'_>, role: &RoleName, scope: &Scope) -> bool {
    match role {
        RoleName::Key(key) => input.wants(&Address::role(input.target, key, scope)),
        RoleName::Builtin(name) | RoleName::Live(name) => {
            input.wants(&Address::live_role(input.target, name, scope))
        }
    }
}

fn exclusive(input: &Input<'_>, pairs: &Pairs<'_>, found: &mut TargetDifference) {
    type Slot<'a> = (RoleName, &'a Scope, &'static str);
    let mut slots: BTreeMap<Slot<'_>, [Option<&Exclusive>; 2]> = BTreeMap::new();
    for (side, list) in [&input.a.desired.exclusive, &input.b.desired.exclusive].into_iter().enumerate() {
        for one in list {
            let role = if side == 0 { today(&one.role.value, pairs) } else { one.role.value.clone() };
            if let Some(slot) = slots.entry((role, &one.scope, one.class)).or_default().get_mut(side) {
                *slot = Some(one);
            }
        }
    }
    for ((role, scope, kind), sides) in slots {
        let (what, which, one) = match sides {
            [None, Some(one)] => (What::Added, Which::B, one),
            [Some(one), None] => (What::Removed, Which::A, one),
            _ => continue,
        };
        if wants(input, &role, scope) {
            found.exclusive.push(ExclusiveDifference {
                what,
                role: reference(&one.role.value),
                kind: kind.into(),
                scope: place_of(scope),
                place: input.place(which, one.role.site),
            });
        }
    }
}

fn removed(input: &Input<'_>, pairs: &Pairs<'_>, found: &mut TargetDifference) {
    let mut slots: BTreeMap<&RoleName, [Option<&Removal>; 2]> = BTreeMap::new();
    for (side, list) in [&input.a.desired.removed, &input.b.desired.removed].into_iter().enumerate() {
        for one in list {
            if let Some(slot) = slots.entry(&one.role.value).or_default().get_mut(side) {
                *slot = Some(one);
            }
        }
    }
    removed_permissions(input, found);
    let to = |one: &Removal| one.reassign_to.as_ref().map(|role| reference(&role.value));
    let to_today = |one: &Removal| one.reassign_to.as_ref().map(|role| reference(&today(&role.value, pairs)));
    for (role, [before, after]) in slots {
        let (what, which, one) = match (before, after) {
            (None, Some(one)) => (What::Added, Which::B, one),
            (Some(one), None) => (What::Removed, Which::A, one),
            (Some(a), Some(b)) if to_today(a) != to(b) => (What::Changed, Which::B, b),
            _ => continue,
        };
        if wants(input, role, &Scope::Target) {
            let reassign = |one: Option<&Removal>| -> Option<Untrusted> { one.and_then(to) };
            found.removed.push(RemovedDifference {
                what,
                role: reference(role),
                reassign_before: reassign(before),
                reassign_after: reassign(after),
                place: input.place(which, one.role.site),
            });
        }
    }
}

fn removed_permissions(input: &Input<'_>, found: &mut TargetDifference) {
    let (a, b) = (&input.a.desired.removed_permissions, &input.b.desired.removed_permissions);
    let gone = a.iter().filter(|(slug, _)| !b.contains_key(*slug)).map(|one| (What::Removed, Which::A, one));
    let come = b.iter().filter(|(slug, _)| !a.contains_key(*slug)).map(|one| (What::Added, Which::B, one));
    for (what, which, (slug, site)) in gone.chain(come) {
        if input.wants(&Address::permission(input.target, slug)) {
            found.removed.push(RemovedDifference {
                what,
                role: format!("permission {}", slug.raw()).into(),
                reassign_before: None,
                reassign_after: None,
                place: input.place(which, *site),
            });
        }
    }
}
