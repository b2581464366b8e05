//! `--only`: a part of the plan, as long as it stands by itself.

use std::collections::BTreeMap;

use globset::GlobSet;

use super::{
    change::{Change, Plan, RoleState, What, natural},
    document::{Action, Guard},
};
use crate::model::{Address, RoleId, Scope, Untrusted};

/// A selected change that makes no sense without another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lacking {
    /// The selected change.
    pub selected: Address,
    /// The one that it needs.
    pub needs: Address,
}

/// Keeps the changes whose address matches.
///
/// # Errors
///
/// Every selected change that needs one which was not selected; the plan is then unchanged.
pub fn select(plan: &mut Plan, only: &GlobSet) -> Result<(), Vec<Lacking>> {
    let (kept, left): (Vec<&Change>, Vec<&Change>) =
        plan.changes.iter().partition(|change| only.is_match(change.address.as_str()));
    let left = Left::new(&left);
    let lacking = left.lacking(kept.iter().copied());
    if !lacking.is_empty() {
        return Err(lacking);
    }
    plan.changes.retain(|change| only.is_match(change.address.as_str()));
    plan.attested.retain(|address, _| only.is_match(address.as_str()));
    plan.kept.retain(|kept| only.is_match(kept.address.as_str()));
    // A part is never recorded, so that it lets nothing be forgotten which nobody can see.
    plan.verdicts.retain(|verdict| verdict.guard != Guard::Unseen);
    Ok(())
}

/// What `kept` needs of `left`, where what is left stays as it is on purpose: a role is given as it
/// is, whatever it would have lost.
pub(super) fn lacking(kept: &[Change], left: &[Change]) -> Vec<Lacking> {
    let left: Vec<&Change> = left.iter().collect();
    let mut left = Left::new(&left);
    left.loses.clear();
    left.lacking(kept.iter())
}

fn permissions(state: &RoleState) -> impl Iterator<Item = &Untrusted> {
    state.permissions.iter().flatten()
}

/// Whether `after` lacks a permission that `before` has.
fn loses(before: &RoleState, after: &RoleState) -> bool {
    match (&before.permissions, &after.permissions) {
        (Some(before), Some(after)) => !before.is_subset(after),
        _ => false,
    }
}

/// What the changes that were not selected would have done.
#[derive(Default)]
struct Left<'a> {
    /// Roles that would have been made.
    made: BTreeMap<RoleId, &'a Address>,
    /// Roles that would have lost permissions.
    loses: BTreeMap<RoleId, &'a Address>,
    /// Who would have left a role, or the default that would have.
    leaves: BTreeMap<&'a RoleId, Vec<&'a Address>>,
    /// Permissions that would have been made, by slug.
    permissions: BTreeMap<&'a Untrusted, &'a Address>,
    /// Roles that would have lost a permission, or would have gone with it, by slug.
    has: BTreeMap<&'a Untrusted, Vec<&'a Address>>,
    /// Names, in lower case, that roles would have given up.
    frees: BTreeMap<(&'static str, &'a Scope, String), Vec<&'a Address>>,
}

impl<'a> Left<'a> {
    fn new(changes: &[&'a Change]) -> Self {
        let mut left = Self::default();
        for change in changes {
            if let What::Role { before: Some(before), after, .. } = &change.what {
                let stays = |slug: &&Untrusted| {
                    after.as_ref().is_some_and(|after| permissions(after).any(|other| other == *slug))
                };
                for slug in permissions(before).filter(|slug| !stays(slug)) {
                    left.has.entry(slug).or_default().push(&change.address);
                }
            }
            match &change.what {
                What::Permission { slug, before: None, .. } => {
                    left.permissions.insert(slug, &change.address);
                }
                What::Permission { .. } => {}
                What::Role { before: None, .. } => {
                    left.made.insert(change.role_id(), &change.address);
                }
                What::Role { class, scope, before: Some(before), after, .. } => {
                    if change.action == Action::Replace {
                        left.made.insert(change.new_role_id(), &change.address);
                    }
                    if after.as_ref().is_some_and(|after| loses(before, after)) {
                        left.loses.insert(change.role_id(), &change.address);
                    }
                    if after.as_ref().is_none_or(|after| natural(after) != natural(before)) {
                        let name = natural(before).raw().to_lowercase();
                        left.frees.entry((class, scope, name)).or_default().push(&change.address);
                    }
                }
                What::Assignment { before, .. } | What::Default { before, .. } => {
                    if let Some(before) = before {
                        left.leaves.entry(before).or_default().push(&change.address);
                    }
                }
            }
        }
        left
    }

    fn lacking<'c>(&self, kept: impl Iterator<Item = &'c Change>) -> Vec<Lacking> {
        let of = |change: &'c Change| {
            let needs = self.needed_by(change).into_iter().cloned();
            needs.map(|needs| Lacking { selected: change.address.clone(), needs }).collect::<Vec<_>>()
        };
        kept.flat_map(of).collect()
    }

    /// What `change` cannot be made without: a role has to exist, and to have lost what it loses,
    /// before it is given; to be left, by the default too, before it gains or goes; and a name has to
    /// be free before it is taken.
    fn needed_by(&self, change: &Change) -> Vec<&'a Address> {
        match &change.what {
            What::Permission { slug, after: None, .. } => {
                self.has.get(slug).into_iter().flatten().copied().collect()
            }
            What::Permission { .. } => Vec::new(),
            What::Assignment { after, .. } | What::Default { after, .. } => {
                let before = |role| self.made.get(role).into_iter().chain(self.loses.get(role));
                after.iter().flat_map(before).copied().collect()
            }
            What::Role { after: None, .. } => {
                self.leaves.get(&change.role_id()).into_iter().flatten().copied().collect()
            }
            What::Role { class, scope, before, after: Some(after), .. } => {
                let takes = before.as_ref().is_none_or(|before| natural(before) != natural(after));
                let name = takes.then(|| (*class, scope, natural(after).raw().to_lowercase()));
                let freers = name.and_then(|name| self.frees.get(&name));
                let gains = before.as_ref().is_some_and(|before| loses(after, before));
                let id = change.role_id();
                let goes = change.action == Action::Replace;
                let leavers = if gains || goes { self.leaves.get(&id) } else { None };
                let made = permissions(after).filter_map(|slug| self.permissions.get(slug));
                freers.into_iter().chain(leavers).flatten().chain(made).copied().collect()
            }
        }
    }
}
