//! `--pending-only`: a plan without what somebody changed outside git.
//!
//! APIs take a role as a whole, so a change keeps what is live and adds the elements that come from
//! the definitions.

use std::collections::BTreeSet;

use super::{
    change::{Change, Hand, Plan, RoleState, What, differing, natural},
    document::{Action, Origin},
    origin::Origins,
    select::{self, Lacking},
};
use crate::model::Untrusted;

/// Leaves out of the plan what did not come from the definitions, and returns that.
///
/// # Errors
///
/// Every change that stays and needs one that would be left out; the plan is then unchanged.
pub fn keep(plan: &mut Plan) -> Result<Vec<Change>, Vec<Lacking>> {
    parts(plan, |origin| matches!(origin, Origin::Pending | Origin::Unapplied))
}

/// Leaves in the plan only what somebody changed outside git, as far as anybody can tell.
pub fn drift(plan: &mut Plan) {
    let both: Vec<_> = plan
        .changes
        .drain(..)
        .map(|change| split(change, |origin| !matches!(origin, Origin::Pending | Origin::Unapplied)))
        .collect();
    plan.changes = both.into_iter().filter_map(|(kept, _)| kept).collect();
}

/// Leaves out of the plan of what was applied what live has as it is desired today, of which `now` is
/// the plan: an apply put it in place that was not recorded, because it was not the whole or failed in
/// part.
pub fn without_done(plan: &mut Plan, now: &Plan) {
    plan.changes.retain_mut(|change| differs(change, &now.changes));
}

/// Whether some of `change` differs from what is desired today, too; the rest of it is marked as not
/// made outside git.
fn differs(change: &mut Change, now: &[Change]) -> bool {
    let same = |other: &&Change| match (&change.id, &other.id) {
        (Some(id), Some(other)) => id == other,
        _ => change.address == other.address,
    };
    let Some(other) = now.iter().find(same) else { return false };
    let (origins, other) = (&mut change.origins, &other.origins);
    if origins.whole.is_none() && other.whole.is_none() {
        if other.name.is_none() {
            origins.name = origins.name.map(|_| Origin::Unapplied);
        }
        if other.description.is_none() {
            origins.description = origins.description.map(|_| Origin::Unapplied);
        }
        for (name, origin) in &mut origins.fields {
            if !other.fields.contains_key(name) {
                *origin = Origin::Unapplied;
            }
        }
        for (permission, origin) in &mut origins.permissions {
            if !other.permissions.contains_key(permission) {
                *origin = Origin::Unapplied;
            }
        }
    }
    true
}

fn parts(plan: &mut Plan, keeps: impl Fn(Origin) -> bool) -> Result<Vec<Change>, Vec<Lacking>> {
    let (mut kept, mut left) = (Vec::new(), Vec::new());
    for change in &plan.changes {
        let (keep, leave) = split(change.clone(), &keeps);
        kept.extend(keep);
        left.extend(leave);
    }
    let lacking = select::lacking(&kept, &left);
    if !lacking.is_empty() {
        return Err(lacking);
    }
    plan.changes = kept;
    Ok(left)
}

/// The part of a change that is kept, and the part that is left.
fn split(change: Change, keeps: impl Fn(Origin) -> bool) -> (Option<Change>, Option<Change>) {
    if let Some(whole) = change.origins.whole {
        return if keeps(whole) { (Some(change), None) } else { (None, Some(change)) };
    }
    let (kept, left) = (part(&change, &keeps), part(&change, |origin| !keeps(origin)));
    match (kept, left) {
        // Refused as a whole, and without any element: nothing to divide.
        (None, None) => (Some(change), None),
        parts => parts,
    }
}

/// The elements of an update whose origin fits; `None` where there are none.
fn part(change: &Change, fits: impl Fn(Origin) -> bool) -> Option<Change> {
    let (before, after) = change.what.states()?;
    let mut origins = Origins::default();
    let mut state: RoleState = before.clone();
    if let Some(origin) = change.origins.name.filter(|origin| fits(*origin)) {
        state.name = after.name.clone();
        origins.name = Some(origin);
    }
    if let Some(origin) = change.origins.description.filter(|origin| fits(*origin)) {
        state.description = after.description.clone();
        origins.description = Some(origin);
    }
    let fitting: BTreeSet<&Untrusted> = change
        .origins
        .permissions
        .iter()
        .filter(|(_, origin)| fits(**origin))
        .map(|(permission, _)| permission)
        .collect();
    if !fitting.is_empty() {
        let wanted = after.permissions.clone().unwrap_or_default();
        let mut set = before.permissions.clone().unwrap_or_default();
        for permission in fitting {
            if wanted.contains(permission) {
                set.insert(permission.clone());
            } else {
                set.remove(permission);
            }
            let origin = change.origins.of_permission(permission);
            origins.permissions.insert(permission.clone(), origin);
        }
        state.permissions = Some(set);
    }
    for (name, origin) in change.origins.fields.iter().filter(|(_, origin)| fits(**origin)) {
        match after.fields.get(name) {
            Some(value) => state.fields.insert(name, value.clone()),
            None => state.fields.remove(name),
        };
        origins.fields.insert(name, *origin);
    }
    if origins == Origins::default() {
        return None;
    }
    let mut part = change.clone();
    let differ = differing(before, &state);
    part.action = match change.action {
        // What makes it necessary is one of these.
        Action::Replace if !origins.fields.is_empty() => Action::Replace,
        _ if matches!(change.what, What::Permission { .. }) => Action::Update,
        _ if state.name != before.name || natural(before) != natural(&state) => Action::Rename,
        _ => Action::Update,
    };
    if let Hand::Fields(fields) = &mut part.by_hand {
        fields.retain(|field| differ.contains(field));
        if fields.is_empty() {
            part.by_hand = Hand::Nothing;
        }
    }
    part.origins = origins;
    if let What::Role { after, .. } | What::Permission { after, .. } = &mut part.what {
        *after = Some(state);
    }
    Some(part)
}
