//! Who loses an access for a moment only to get it back.
//!
//! Somebody moves from one role to another, and keeps what both give. They lack it for a moment where
//! they join the new role before it gains it, or where the old role loses it before they leave. The
//! order avoids both, unless a ring of moves forbids it: two roles that exchange permissions while
//! their holders change places, for one.

use std::collections::BTreeSet;

use super::{Order, Step};
use crate::{
    contract::Spec,
    model::{RoleId, Untrusted, Value, field},
    plan::{
        change::{Plan, RoleState, What},
        document::Action,
        graph::{Edge, take_in},
    },
};

/// A moment without an access that somebody has before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Index of the change of the role that makes the gap.
    pub role: usize,
    /// What happens too early.
    pub why: Why,
    /// Class and id of those who have the gap.
    pub who: BTreeSet<(&'static str, Untrusted)>,
    /// What they are without.
    pub permissions: BTreeSet<Untrusted>,
    /// Whether the definition of the role accepts it.
    pub allowed: bool,
}

/// What happens too early.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// People join the role before it gains what they keep.
    JoinsBeforeItGains,
    /// The role loses what people keep before they leave it.
    LosesBeforeTheyLeave,
}

/// A step that should come before another one, so that nobody has a gap.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    pub(super) edge: Edge,
    /// Those who have the gap otherwise.
    pub(super) who: BTreeSet<(&'static str, Untrusted)>,
    pub(super) role: RoleId,
    pub(super) why: Why,
    /// What they are without otherwise; empty where the wish is only for good measure.
    pub(super) permissions: BTreeSet<Untrusted>,
    pub(super) allowed: bool,
}

impl Wish {
    /// Whether somebody has a gap otherwise, and nobody accepted that.
    pub(super) fn is_needed(&self) -> bool {
        !self.permissions.is_empty() && !self.allowed
    }
}

/// Every gap that the order of `plan` cannot avoid.
pub fn gaps(plan: &Plan, spec: &dyn Spec) -> Vec<Gap> {
    let people = plan.changes.iter().any(|change| matches!(change.what, What::Assignment { .. }));
    if !people && plan.held.is_empty() {
        return Vec::new();
    }
    let order = Order::new(plan, spec);
    let edges: Vec<Edge> = order.wishes.iter().map(|wish| wish.edge).collect();
    let fits = take_in(order.steps.len(), &order.hard, &edges);
    let refused = order.wishes.iter().zip(fits).filter(|(wish, fits)| !fits && !wish.permissions.is_empty());
    let mut gaps: Vec<Gap> = Vec::new();
    for (Wish { who, why, permissions, allowed, role, .. }, _) in refused {
        let Some(role) = order.role_changes.get(role).copied().filter(|_| !who.is_empty()) else { continue };
        // Several steps can make one gap.
        match gaps.iter_mut().find(|gap| gap.role == role && gap.why == *why && gap.who == *who) {
            Some(gap) => gap.permissions.extend(permissions.iter().cloned()),
            None => {
                let (who, permissions) = (who.clone(), permissions.clone());
                gaps.push(Gap { role, why: *why, who, permissions, allowed: *allowed });
            }
        }
    }
    gaps
}

impl Order<'_> {
    /// A wish of those who go between `role`, which changes too early otherwise, and `other`; `None`
    /// where they neither had nor get another role.
    pub(super) fn wish(
        &self,
        edge: Edge,
        step: usize,
        other: Option<&RoleId>,
        role: &RoleId,
        why: Why,
    ) -> Wish {
        let permissions = other.map_or_else(BTreeSet::new, |other| self.at_stake(other, role, why));
        let allowed = self.plan.gaps_allowed.contains(role);
        let who = match self.steps.get(step) {
            Some(Step::People(people)) if !permissions.is_empty() => {
                people.who.iter().map(|mover| (people.class, mover.principal.clone())).collect()
            }
            _ => BTreeSet::new(),
        };
        Wish { edge, who, role: role.clone(), why, permissions, allowed }
    }

    /// What people keep who come from `other`, or go there, and `role` gains or loses.
    fn at_stake(&self, other: &RoleId, role: &RoleId, why: Why) -> BTreeSet<Untrusted> {
        let Some((before, after)) = self.states(role) else { return BTreeSet::new() };
        let (more, less, kept) = match why {
            Why::JoinsBeforeItGains => (after, before, self.states(other).and_then(|(before, _)| before)),
            Why::LosesBeforeTheyLeave => (before, after, self.states(other).and_then(|(_, after)| after)),
        };
        let (more, less, kept) = (self.grants(more), self.grants(less), self.grants(kept));
        let moved = more.into_iter().flatten();
        let moved = moved.filter(|permission| !less.as_ref().is_some_and(|less| less.contains(permission)));
        // Where nobody can tell what the other role gives, they may keep everything.
        let keeps = |permission: &Untrusted| kept.as_ref().is_none_or(|kept| kept.contains(permission));
        moved.filter(keeps).collect()
    }

    /// What a state of a role grants, with what its base grants; `None` where nobody can tell.
    pub(super) fn grants(&self, state: Option<&RoleState>) -> Option<BTreeSet<Untrusted>> {
        let state = state?;
        let mut set = state.permissions.clone()?;
        if let Some(Value::Role(Some(base))) = state.fields.get(field::BASE) {
            set.extend(self.plan.role_permissions.get(base).into_iter().flatten().cloned());
        }
        Some(set)
    }

    /// The role before and after, where the plan changes it.
    fn states(&self, role: &RoleId) -> Option<(Option<&RoleState>, Option<&RoleState>)> {
        let change = self.plan.changes.get(*self.role_changes.get(role)?)?;
        match &change.what {
            What::Role { before, after, successor, .. } if change.action == Action::Replace => {
                match change.role_id() == *role {
                    true => Some((before.as_ref(), None)),
                    false => Some((successor.as_ref().map(|made| &made.state), after.as_ref())),
                }
            }
            What::Role { before, after, .. } => Some((before.as_ref(), after.as_ref())),
            What::Default { .. } | What::Assignment { .. } => None,
        }
    }

    /// Sorts the wishes: those that somebody needs before those whose gap was accepted, and both
    /// before what is only for good measure. Then tells which fit.
    pub(super) fn grant(&mut self) {
        self.wishes.sort_by_key(|wish| (wish.permissions.is_empty(), wish.allowed));
        let edges: Vec<Edge> = self.wishes.iter().map(|wish| wish.edge).collect();
        self.granted = take_in(self.steps.len(), &self.hard, &edges);
    }
}
