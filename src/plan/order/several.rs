//! Nobody who holds several roles in one place loses an access for a moment because another role
//! brings it later.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Order, Step,
    gaps::{Why, Wish},
    people::Act,
};
use crate::{
    model::{RoleId, Scope, Untrusted},
    plan::{change::What, graph::Edge},
};

type Who = (&'static str, Scope, Untrusted);

impl Order<'_> {
    /// What brings an access comes before what takes it away.
    pub(super) fn several(&mut self) {
        if self.plan.several.is_empty() {
            return;
        }
        // The steps by which each principal is given roles, and by which they are taken.
        let mut gives: BTreeMap<(Who, RoleId), usize> = BTreeMap::new();
        let mut takes: BTreeMap<(Who, RoleId), usize> = BTreeMap::new();
        for (index, step) in self.steps.iter().enumerate() {
            let Step::People(people) = step else { continue };
            for mover in people.who.iter().filter(|_| self.plan.several.contains(people.class)) {
                let who = (people.class, people.scope.clone(), mover.principal.clone());
                match &people.act {
                    Act::Give(role) => gives.insert((who, role.clone()), index),
                    Act::Take(role) => takes.insert((who, role.clone()), index),
                };
            }
        }
        let mut held: BTreeMap<Who, BTreeSet<RoleId>> = BTreeMap::new();
        for (who, roles) in &self.plan.held {
            held.insert(who.clone(), roles.clone());
        }
        for (who, _) in gives.keys() {
            held.entry(who.clone()).or_default();
        }
        let mut wishes: BTreeMap<Edge, Wish> = BTreeMap::new();
        for (who, before) in &held {
            let given = gives.range((who.clone(), first())..).take_while(|((w, _), _)| w == who);
            let given: BTreeSet<&RoleId> = given.map(|((_, role), _)| role).collect();
            let taken = |role: &RoleId| takes.get(&(who.clone(), role.clone())).copied();
            let after: Vec<&RoleId> = before
                .iter()
                .filter(|role| taken(role).is_none())
                .chain(given.iter().copied().filter(|role| !before.contains(*role)))
                .collect();
            // Who leaves a role loses what it brought; a role may lose some of that even earlier.
            let ends = before.iter().filter(|old| !self.waiting.contains(*old)).flat_map(|old| {
                let ends = [(taken(old), true), (self.lose.get(old).copied(), false)];
                ends.into_iter().filter_map(move |(goes, leaves)| Some((old, goes?, leaves)))
            });
            for (old, goes, leaves) in ends {
                for new in after.iter().copied().filter(|new| *new != old) {
                    let permissions = self.kept(old, leaves, new);
                    if permissions.is_empty() {
                        continue;
                    }
                    let given = gives.get(&(who.clone(), new.clone()));
                    let comes = [
                        (given, old, Why::LosesBeforeTheyLeave),
                        (self.gain.get(new), new, Why::JoinsBeforeItGains),
                    ];
                    for (comes, changes, why) in comes {
                        let Some(comes) = comes.copied() else { continue };
                        let role = self.carrier(changes, new, old).unwrap_or(new);
                        let wish = wishes.entry((comes, goes)).or_insert_with(|| Wish {
                            edge: (comes, goes),
                            who: BTreeSet::new(),
                            allowed: self.plan.gaps_allowed.contains(role),
                            role: role.clone(),
                            why,
                            permissions: BTreeSet::new(),
                        });
                        wish.who.insert((who.0, who.2.clone()));
                        wish.permissions.extend(permissions.iter().cloned());
                    }
                }
            }
        }
        self.wishes.extend(wishes.into_values());
    }

    /// A role of the three that changes: its definition accepts the gap, or not.
    fn carrier<'r>(&self, first: &'r RoleId, second: &'r RoleId, third: &'r RoleId) -> Option<&'r RoleId> {
        [first, second, third].into_iter().find(|role| self.role_changes.contains_key(role))
    }

    /// What somebody keeps who has it by `old` before and by `new` afterwards; `leaves` where they
    /// leave the old one, else it loses something.
    fn kept(&self, old: &RoleId, leaves: bool, new: &RoleId) -> BTreeSet<Untrusted> {
        let ((had, keeps), (_, gets)) = (self.sets(old), self.sets(new));
        // Where nobody can tell what the old one gives, it may be all that the new one does.
        let gone = had.or_else(|| gets.clone()).into_iter().flatten();
        let gone = gone.filter(|p| leaves || !keeps.as_ref().is_some_and(|keeps| keeps.contains(p)));
        gone.filter(|p| gets.as_ref().is_none_or(|gets| gets.contains(p))).collect()
    }

    /// What a role grants before and after, as far as that is known.
    fn sets(&self, role: &RoleId) -> (Option<BTreeSet<Untrusted>>, Option<BTreeSet<Untrusted>>) {
        let change = self.role_changes.get(role).map(|change| &self.plan.changes[*change]);
        let Some((change, What::Role { before, after, successor, .. })) = change.map(|it| (it, &it.what))
        else {
            let same = self.plan.role_permissions.get(role).cloned();
            return (same.clone(), same);
        };
        let (is_old, is_new) = (change.role_id() == *role, change.new_role_id() == *role);
        let before = if is_old { before.as_ref() } else { successor.as_ref().map(|made| &made.state) };
        let after = after.as_ref().filter(|_| is_new);
        (self.grants(before), self.grants(after))
    }
}

fn first() -> RoleId {
    RoleId::Live(Untrusted::default())
}
