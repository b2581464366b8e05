//! A name is free before it is taken.

use std::collections::BTreeMap;

use super::{Order, Step};
use crate::{
    contract::Spec,
    model::{Untrusted, field},
    plan::{
        change::{Change, Plan, What, natural},
        document::{Action, Guard},
        graph::{Edge, take_in},
        temporary,
    },
};

/// Says of every role that is replaced which steps that takes, with the temporary name.
pub fn tell(plan: &mut Plan, spec: &dyn Spec) {
    if plan.changes.iter().all(|change| change.action != Action::Replace) {
        return;
    }
    let order = Order::new(plan, spec);
    let steps = plan
        .changes
        .iter()
        .enumerate()
        .filter_map(|(index, change)| Some((change.address.clone(), order.steps_of(index, change)?.into())))
        .collect();
    plan.steps = steps;
}

impl Order<'_> {
    /// How a new role takes the place of an old one. Of an interrupted run the rest: who approved the
    /// whole way approved that.
    fn steps_of(&self, index: usize, change: &Change) -> Option<String> {
        let What::Role { after: Some(after), successor, .. } = &change.what else { return None };
        let refused = change.verdicts.iter().any(|verdict| verdict.guard == Guard::Blocked);
        if change.action != Action::Replace || refused {
            return None;
        }
        let name = after.name.raw();
        if self.waiting.contains(&change.role_id()) {
            return Some(format!(
                "there is no room for both: the old role is deleted first, and the new `{name}` is made after it"
            ));
        }
        let moves = "whoever holds the old one moves, the old one is deleted";
        Some(match self.temporary.get(&index) {
            Some(temporary) if successor.is_some() => format!(
                "the new role is there already, as `{}`: it becomes what the definition says, {moves}, and the new one is renamed to `{name}`",
                temporary.raw()
            ),
            Some(temporary) => format!(
                "the new role is made as `{}`, {moves}, and the new one is renamed to `{name}`",
                temporary.raw()
            ),
            None if successor.is_some() => {
                format!(
                    "the new role `{name}` is there already: it becomes what the definition says, and {moves}"
                )
            }
            None => format!("the new role `{name}` is made, and {moves}"),
        })
    }

    /// A role that takes the place of another one bears a temporary name until that one is gone: by it
    /// the next plan knows what an interrupted run left.
    pub(super) fn successors(&mut self) {
        for (change, it) in self.plan.changes.iter().enumerate() {
            let What::Role { before: Some(_), after: Some(after), successor, .. } = &it.what else {
                continue;
            };
            let id = it.role_id();
            if it.action != Action::Replace || self.waiting.contains(&id) {
                continue;
            }
            if after.fields.contains_key(field::SLUG) {
                continue; // It is known by another slug than the old one.
            }
            if successor.as_ref().is_some_and(|made| made.state.name == after.name) {
                continue; // It has its name already.
            }
            let last = self.step(Step::FinalName { change });
            self.temporary.insert(change, temporary::name(&it.address));
            self.last.insert(change, last);
            let new = it.new_role_id();
            let before = self.create.get(&new).or(self.delete.get(&id)).copied();
            self.hard.extend(before.map(|step| (step, last)));
            self.hard.extend(self.delete.get(&id).map(|delete| (*delete, last)));
        }
    }

    /// Whoever takes a name waits for whoever frees it; where that is a ring, the taker bears a
    /// temporary name first. Names that differ only in case are treated as one: some providers do.
    pub(super) fn names(&mut self) {
        let place = |change: &Change, name: &Untrusted| {
            let What::Role { class, scope, .. } = &change.what else { return None };
            Some((*class, scope.clone(), name.raw().to_lowercase()))
        };
        let mut frees: BTreeMap<_, Vec<(usize, usize)>> = BTreeMap::new();
        for (change, it) in self.plan.changes.iter().enumerate() {
            let What::Role { before: Some(before), after, .. } = &it.what else { continue };
            let step = match after {
                None => self.delete.get(&it.role_id()),
                Some(_) if it.action == Action::Replace => self.delete.get(&it.role_id()),
                Some(after) if natural(after) != natural(before) => self.meta.get(&change),
                Some(_) => None,
            };
            if let (Some(step), Some(place)) = (step, place(it, natural(before))) {
                frees.entry(place).or_default().push((*step, change));
            }
        }
        let mut wanted = Vec::new();
        for (change, it) in self.plan.changes.iter().enumerate() {
            let What::Role { before, after: Some(after), .. } = &it.what else { continue };
            let takes = match before {
                None => self.create.get(&it.role_id()),
                Some(_) if it.action == Action::Replace => self.create.get(&it.new_role_id()),
                Some(before) if natural(before) != natural(after) => self.meta.get(&change),
                Some(_) => None,
            };
            // A role that bears a temporary name takes its own with the last step.
            let takes = self.last.get(&change).or(takes);
            let freed = place(it, natural(after)).and_then(|place| frees.get(&place));
            for (frees, by) in freed.into_iter().flatten() {
                if let (Some(takes), true) = (takes, *by != change) {
                    wanted.push((change, (*frees, *takes)));
                    self.names.push((change, *by));
                }
            }
        }
        let edges: Vec<Edge> = wanted.iter().map(|(_, edge)| *edge).collect();
        // A temporary name hurts nobody: it gives way to what somebody needs.
        let needed =
            self.wishes.iter().zip(&self.granted).filter(|(wish, granted)| **granted && wish.is_needed());
        let held: Vec<Edge> = self.hard.iter().copied().chain(needed.map(|(wish, _)| wish.edge)).collect();
        let fits = take_in(self.steps.len(), &held, &edges);
        for ((change, (frees, takes)), fits) in wanted.into_iter().zip(fits) {
            if fits {
                self.hard.push((frees, takes));
                continue;
            }
            let last = match self.last.get(&change) {
                Some(last) => *last,
                None => {
                    let last = self.step(Step::FinalName { change });
                    self.temporary.insert(change, temporary::name(&self.plan.changes[change].address));
                    self.last.insert(change, last);
                    self.hard.push((takes, last));
                    last
                }
            };
            self.hard.push((frees, last));
        }
    }
}
