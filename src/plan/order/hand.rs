//! What a person does by hand, and what waits for it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Order, Step};
use crate::{
    contract::Spec,
    model::{Address, RoleId, Untrusted, field},
    plan::change::{Change, Hand, Plan, What, differing},
};

/// Says of every change which changes by hand it waits for, and how names that are changed by hand get
/// out of each other's way.
pub fn block(plan: &mut Plan, spec: &dyn Spec) {
    if plan.changes.iter().all(|change| change.by_hand == Hand::Nothing) {
        plan.changes.iter_mut().for_each(|change| change.blocked_by.clear());
        return;
    }
    let order = Order::new(plan, spec);
    let blocked = order.blocked();
    let renames = |change: &usize| plan.changes[*change].by_hand.changes(field::NAME);
    let address = |change: usize| plan.changes[change].address.clone();
    let by_way_of: BTreeMap<Address, Untrusted> = order
        .temporary
        .iter()
        .filter(|(change, _)| renames(change))
        .map(|(change, name)| (address(*change), name.clone()))
        .collect();
    let by_hand = order.names.iter().filter(|(taker, freer)| renames(taker) && renames(freer));
    let freed_by = by_hand.map(|(taker, freer)| (address(*taker), address(*freer))).collect();
    let addresses: BTreeMap<usize, Vec<Address>> = blocked
        .changes
        .into_iter()
        .map(|(change, by)| (change, by.into_iter().map(|by| plan.changes[by].address.clone()).collect()))
        .collect();
    (plan.by_way_of, plan.freed_by) = (by_way_of, freed_by);
    for (index, change) in plan.changes.iter_mut().enumerate() {
        change.blocked_by = addresses.get(&index).cloned().unwrap_or_default();
    }
}

/// What waits for a person.
#[derive(Debug, Default)]
pub(super) struct Blocked {
    /// Steps that cannot be made yet.
    pub(super) steps: BTreeSet<usize>,
    /// The same by change, with the changes by hand that each waits for; without those themselves.
    pub(super) changes: BTreeMap<usize, BTreeSet<usize>>,
}

impl Order<'_> {
    /// Whether a person makes a step.
    pub(super) fn is_by_hand(&self, step: &Step) -> bool {
        let of = |change: &usize| &self.plan.changes[*change];
        match step {
            Step::Create { change } | Step::Delete { change } => of(change).by_hand == Hand::Whole,
            Step::Lose { change } | Step::Gain { change } => of(change).by_hand.changes(field::PERMISSIONS),
            Step::Meta { change } => {
                let What::Role { before: Some(before), after: Some(after), .. } = &of(change).what else {
                    return false;
                };
                let differ = differing(before, after);
                let mut meta = differ.iter().filter(|name| **name != field::PERMISSIONS);
                // What frees or takes a name by hand is by hand, whatever else changes with it.
                of(change).by_hand.changes(field::NAME) && differ.contains(field::NAME)
                    || meta.all(|name| of(change).by_hand.changes(name))
            }
            Step::FinalName { change } => of(change).by_hand.changes(field::NAME),
            Step::Default { .. } | Step::Permission { .. } => false,
            Step::People(people) => people
                .who
                .first()
                .is_some_and(|mover| mover.changes.iter().any(|change| of(change).by_hand == Hand::Whole)),
        }
    }

    /// The changes that a step is part of.
    pub(super) fn changes_of(step: &Step) -> Vec<usize> {
        match step {
            Step::Create { change }
            | Step::Lose { change }
            | Step::Meta { change }
            | Step::Gain { change }
            | Step::FinalName { change }
            | Step::Delete { change }
            | Step::Default { change }
            | Step::Permission { change } => vec![*change],
            Step::People(people) => {
                people.who.iter().flat_map(|mover| mover.changes.iter().copied()).collect()
            }
        }
    }

    /// Whether somebody is given a role by `step` that one of `changes` makes.
    fn needs_role(&self, step: &Step, changes: &[usize]) -> bool {
        let made = |role: &RoleId| {
            let creates = |change: &&Change| matches!(change.what, What::Role { before: None, .. });
            let of = changes.iter().map(|change| &self.plan.changes[*change]);
            of.filter(creates).any(|change| change.role_id() == *role)
        };
        let Step::People(people) = step else { return false };
        let given = people.who.iter().flat_map(|mover| &mover.changes);
        given
            .map(|change| &self.plan.changes[*change].what)
            .any(|what| matches!(what, What::Assignment { after: Some(role), .. } if made(role)))
    }

    /// Every step that has to come after one that a person makes.
    pub(super) fn blocked(&self) -> Blocked {
        let mut blocked = Blocked::default();
        let mut out: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        // Nobody loses for days what somebody has to give them back by hand.
        let needed = self.wishes.iter().zip(&self.granted);
        let needed = needed.filter(|(wish, granted)| **granted && !wish.permissions.is_empty());
        for (from, to) in self.hard.iter().copied().chain(needed.map(|(wish, _)| wish.edge)) {
            out.entry(from).or_default().push(to);
        }
        for (start, step) in self.steps.iter().enumerate().filter(|(_, step)| self.is_by_hand(step)) {
            let causes = Self::changes_of(step);
            let (mut seen, mut open) = (BTreeSet::from([start]), vec![start]);
            while let Some(node) = open.pop() {
                for next in out.get(&node).into_iter().flatten().filter(|next| seen.insert(**next)) {
                    open.push(*next);
                }
            }
            for reached in seen.into_iter().filter(|reached| *reached != start) {
                let step = &self.steps[reached];
                // Of what a person does, only who gets a role waits: it has to be there. The rest follows
                // the steps in their order.
                if self.is_by_hand(step) && !self.needs_role(step, &causes) {
                    continue;
                }
                blocked.steps.insert(reached);
                for change in Self::changes_of(step) {
                    let causes = causes.iter().filter(|cause| **cause != change);
                    blocked.changes.entry(change).or_default().extend(causes);
                }
            }
        }
        blocked.changes.retain(|_, by| !by.is_empty());
        blocked
    }
}
