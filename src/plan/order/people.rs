//! Steps of people: who is given a role, and from whom one is taken.

use std::collections::BTreeMap;

use super::{Order, Step, gaps::Why, room::Interim};
use crate::{
    contract::{self, OnChange, OnRemove},
    model::{RoleId, Scope, Untrusted},
    plan::change::What,
};

/// Principals to whom the same happens.
#[derive(Clone, Debug)]
pub(super) struct People {
    pub(super) scope: Scope,
    pub(super) class: &'static str,
    pub(super) act: Act,
    pub(super) who: Vec<Mover>,
}

/// What happens to them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Act {
    /// They are given this role: in place of the one they hold where they hold one.
    Give(RoleId),
    /// This role is taken from them.
    Take(RoleId),
}

impl Act {
    pub(super) fn role(&self) -> &RoleId {
        match self {
            Self::Give(role) | Self::Take(role) => role,
        }
    }
}

/// One of them.
#[derive(Clone, Debug)]
pub(super) struct Mover {
    /// The changes that this is part of: several where several roles are left for the same one.
    pub(super) changes: Vec<usize>,
    pub(super) principal: Untrusted,
    /// What they hold in the same place until then, where they hold one role.
    pub(super) held: Option<RoleId>,
}

/// From where to where somebody goes.
type Way<'w> = (&'w Scope, &'static str, Option<&'w RoleId>, Option<&'w RoleId>);

/// Who is given which role where.
type Given<'g> = (&'g Scope, &'static str, &'g RoleId, Untrusted);

impl Order<'_> {
    pub(super) fn people(&mut self) {
        let plan = self.plan;
        let mut ways: BTreeMap<Way<'_>, Vec<(usize, Untrusted)>> = BTreeMap::new();
        for (change, it) in plan.changes.iter().enumerate() {
            let What::Assignment { scope, class, principal, before, after } = &it.what else { continue };
            if after.is_none() && !self.can_take(class, before.as_ref()) {
                continue; // Such a plan is refused.
            }
            ways.entry((scope, class, before.as_ref(), after.as_ref()))
                .or_default()
                .push((change, principal.clone()));
        }
        let mut given: BTreeMap<Given<'_>, usize> = BTreeMap::new();
        for ((scope, class, from, to), who) in ways {
            let several = plan.several.contains(class);
            let people = |act: Act, held: Option<&RoleId>, who: &[(usize, Untrusted)]| {
                let mover = |(change, principal): &(usize, Untrusted)| Mover {
                    changes: vec![*change],
                    principal: principal.clone(),
                    held: held.filter(|_| !several).cloned(),
                };
                let who = who.iter().map(mover).collect();
                Step::People(People { scope: scope.clone(), class, act, who })
            };
            let (Some(from), Some(to)) = (from, to) else {
                let step = match (from, to) {
                    (_, Some(to)) => people(Act::Give(to.clone()), None, &who),
                    (Some(from), None) => people(Act::Take(from.clone()), Some(from), &who),
                    (None, None) => continue,
                };
                let step = self.step(step);
                if let (true, Some(to)) = (several, to) {
                    given.extend(who.iter().map(|(_, one)| ((scope, class, to, one.clone()), step)));
                }
                self.way(step, from, to, !several);
                continue;
            };
            let waits = self.waiting.contains(from);
            let apart = contract::principal(self.spec, class)
                .is_some_and(|class| class.on_change == OnChange::Replace);
            if !several && !apart && !waits {
                let step = self.step(people(Act::Give(to.clone()), Some(from), &who));
                self.way(step, Some(from), Some(to), true);
                continue;
            }
            let interim = if waits { self.interim(class, from) } else { None };
            if matches!(&interim, Some(Interim::Role(base)) if base == to) {
                let step = self.step(people(Act::Give(to.clone()), Some(from), &who));
                self.way(step, Some(from), Some(to), true);
                continue;
            }
            let (leave, between) = match interim {
                Some(Interim::Role(base)) => (Act::Give(base.clone()), Some(base)),
                Some(Interim::Nothing) | None => (Act::Take(from.clone()), None),
            };
            let take = self.step(people(leave, Some(from), &who));
            self.way(take, Some(from), None, false);
            // Nothing is taken for a role that could not be made.
            if !waits && let Some(create) = self.create.get(to) {
                self.hard.push((*create, take));
            }
            // Who is given the same role in place of another one, too, is given it once.
            let mut rest = Vec::new();
            for (change, principal) in who.iter().cloned() {
                match given.get(&(scope, class, to, principal.clone())) {
                    Some(give) => {
                        self.is_also_for(*give, &principal, change);
                        self.hard.push((*give, take));
                    }
                    None => rest.push((change, principal)),
                }
            }
            if rest.is_empty() {
                continue;
            }
            let give = self.step(people(Act::Give(to.clone()), between.as_ref(), &rest));
            self.way(give, None, Some(to), false);
            // Of several roles the new one is given first: otherwise nobody knows any more who was to get it.
            self.hard.push(if waits || apart { (take, give) } else { (give, take) });
            if several {
                given.extend(rest.into_iter().map(|(_, one)| ((scope, class, to, one), give)));
            }
        }
    }

    /// A step that gives somebody a role is part of one more change.
    fn is_also_for(&mut self, step: usize, principal: &Untrusted, change: usize) {
        let Step::People(people) = &mut self.steps[step] else { return };
        let movers = people.who.iter_mut().filter(|mover| mover.principal == *principal);
        movers.for_each(|mover| mover.changes.push(change));
    }

    /// Whether taking a role from principals of a class is something that can be done.
    fn can_take(&self, class: &str, from: Option<&RoleId>) -> bool {
        from.is_some()
            && contract::principal(self.spec, class)
                .is_some_and(|c| c.on_remove != OnRemove::AnotherRole || self.plan.several.contains(class))
    }

    /// New members get the default role: it is moved like a person.
    pub(super) fn defaults(&mut self) {
        for (change, it) in self.plan.changes.iter().enumerate() {
            let What::Default { before, after } = &it.what else { continue };
            let step = self.step(Step::Default { change });
            self.way(step, before.as_ref(), after.as_ref(), false);
        }
    }

    /// The edges of a step that goes from one role to another; `held` where somebody holds the first
    /// one and that alone, and could lose something for a moment.
    fn way(&mut self, step: usize, from: Option<&RoleId>, to: Option<&RoleId>, held: bool) {
        if let Some(to) = to {
            self.hard.extend(self.create.get(to).map(|create| (*create, step)));
            self.hard.extend(self.lose.get(to).map(|lose| (*lose, step)));
            // What is made without permissions is not given to anybody before it has them.
            if self.create.contains_key(to) {
                self.hard.extend(self.gain.get(to).map(|gain| (*gain, step)));
            } else if let Some(gain) = self.gain.get(to) {
                let edge = (*gain, step);
                self.wishes.push(self.wish(edge, step, from.filter(|_| held), to, Why::JoinsBeforeItGains));
            }
        }
        if let Some(from) = from {
            self.hard.extend(self.gain.get(from).map(|gain| (step, *gain)));
            self.hard.extend(self.delete.get(from).map(|delete| (step, *delete)));
            if let Some(lose) = self.lose.get(from) {
                let edge = (step, *lose);
                self.wishes.push(self.wish(edge, step, to.filter(|_| held), from, Why::LosesBeforeTheyLeave));
            }
        }
    }
}
