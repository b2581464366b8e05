//! Room for roles, where the provider holds only so many.
//!
//! A role that is made where there is no room waits for one that goes. A role that is replaced needs
//! room for both for a while; where there is none, and its definition accepts a gap, its holders are
//! without it until the old one is gone and the new one made.

use std::collections::{BTreeMap, BTreeSet};

use super::Order;
use crate::{
    contract::{self, OnRemove, Spec},
    model::{RoleId, Untrusted, Value, field},
    plan::{
        change::{Change, Plan, What},
        document::Action,
        graph::{Edge, take_in},
    },
};

/// What somebody has while the role that they hold is made anew.
#[derive(Clone, Debug)]
pub(super) enum Interim {
    /// No role in that place.
    Nothing,
    /// The base of the role.
    Role(RoleId),
}

/// A role for which there is no room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crowded {
    /// Index of its change.
    pub change: usize,
    /// Whether it is replaced, and its holders wait: its definition accepts that.
    pub waits: bool,
    /// Class and id of those who hold it.
    pub who: Vec<(&'static str, Untrusted)>,
}

/// The changes for whose role there is no room, or none for the old and the new one at a time.
pub fn crowded(plan: &Plan, spec: &dyn Spec) -> Vec<Crowded> {
    if plan.room.is_empty() {
        return Vec::new();
    }
    let order = Order::new(plan, spec);
    let waiting = plan.changes.iter().enumerate().filter(|(_, it)| order.waiting.contains(&it.role_id()));
    let mut all: Vec<Crowded> = waiting
        .map(|(change, _)| (change, true))
        .chain(order.crowded.iter().map(|change| (*change, false)))
        .map(|(change, waits)| Crowded { change, waits, who: order.holders(change) })
        .collect();
    all.sort_by_key(|one| one.change);
    all
}

impl Order<'_> {
    /// Who moves from the role that a change replaces.
    fn holders(&self, change: usize) -> Vec<(&'static str, Untrusted)> {
        let old = self.plan.changes[change].role_id();
        let moves = self.plan.changes.iter().filter_map(|it| match &it.what {
            What::Assignment { class, principal, before: Some(before), .. } if *before == old => {
                Some((*class, principal.clone()))
            }
            _ => None,
        });
        moves.collect()
    }

    /// Lets roles that are made wait for room, and remembers those for which there is none.
    pub(super) fn room(&mut self) {
        let plan = self.plan;
        // Steps that free room, by place; `None` is room that is there.
        let mut free: BTreeMap<_, Vec<Option<usize>>> = BTreeMap::new();
        for (place, room) in &plan.room {
            free.insert(place.clone(), vec![None; *room]);
        }
        if free.is_empty() {
            return;
        }
        let mut takers: Vec<(bool, usize)> = Vec::new();
        for (change, it) in plan.changes.iter().enumerate() {
            let What::Role { class, scope, after, .. } = &it.what else { continue };
            let Some(free) = free.get_mut(&(*class, scope.clone())) else { continue };
            let id = it.role_id();
            match (it.action, after) {
                // It takes the room that it leaves.
                (Action::Replace, _) if self.waiting.contains(&id) => {}
                (Action::Replace, _) if self.create.contains_key(&it.new_role_id()) => {
                    takers.push((false, change));
                }
                // Its successor is there already.
                (Action::Replace, _) | (_, None) => free.extend(self.delete.get(&id).map(|d| Some(*d))),
                (Action::Create, _) => takers.push((true, change)),
                _ => {}
            }
        }
        // Replacements give back what they take, so that they come first.
        takers.sort_unstable();
        for (_, change) in takers {
            let it = &plan.changes[change];
            let What::Role { class, scope, .. } = &it.what else { continue };
            let Some(free) = free.get_mut(&(*class, scope.clone())) else { continue };
            let Some(create) = self.create.get(&it.new_role_id()).copied() else { continue };
            let found = free.iter().position(|step| match step {
                None => true,
                Some(step) => self.fits((*step, create)),
            });
            let Some(found) = found else {
                self.crowded.push(change);
                continue;
            };
            let freed = free.remove(found);
            self.hard.extend(freed.map(|step| (step, create)));
            if it.action == Action::Replace {
                free.extend(self.delete.get(&it.role_id()).map(|delete| Some(*delete)));
            }
        }
    }

    fn fits(&self, edge: Edge) -> bool {
        take_in(self.steps.len(), &self.hard, &[edge]) == [true]
    }

    /// The roles without room whose holders can wait, and whose definitions accept that.
    pub(super) fn can_wait(&self) -> BTreeSet<RoleId> {
        let waits = |change: &&usize| {
            let it = &self.plan.changes[**change];
            let allowed = self.plan.gaps_allowed.contains(&it.new_role_id());
            let old = it.role_id();
            it.action == Action::Replace
                && allowed
                && self.holders(**change).iter().all(|(class, _)| self.interim(class, &old).is_some())
                && !self.plan.changes.iter().any(undeclared(&old))
        };
        self.crowded.iter().filter(waits).map(|change| self.plan.changes[*change].role_id()).collect()
    }

    /// What principals of a class have while `role`, which is replaced, is made anew; `None` where they
    /// cannot be without it.
    pub(super) fn interim(&self, class: &str, role: &RoleId) -> Option<Interim> {
        let class = contract::principal(self.spec, class)?;
        let several = self.plan.several.contains(class.class);
        match class.on_remove {
            OnRemove::Gone => Some(Interim::Nothing),
            OnRemove::FallsBack if !several => {
                let change = self.role_changes.get(role)?;
                let What::Role { before: Some(before), .. } = &self.plan.changes[*change].what else {
                    return None;
                };
                match before.fields.get(field::BASE)? {
                    Value::Role(Some(base)) => Some(Interim::Role(base.clone())),
                    _ => None,
                }
            }
            OnRemove::FallsBack | OnRemove::AnotherRole | OnRemove::Membership => None,
        }
    }
}

/// Whether somebody leaves `role` of whom no definition says that they get the new one: after an
/// interrupted run nobody would know it.
fn undeclared(role: &RoleId) -> impl Fn(&Change) -> bool {
    move |change| {
        let leaves = matches!(&change.what, What::Assignment { before: Some(before), after: Some(_), .. } if before == role);
        leaves && change.site.is_none()
    }
}
