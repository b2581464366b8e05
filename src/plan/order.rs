//! In which order the changes happen, and as which operations.
//!
//! After every prefix of the writes each person's access is within what they have before and what
//! they have after. Three rules give that: people leave a role before it gains anything; a role
//! loses before anybody joins it; a role exists before anybody joins it and is empty before it
//! goes. They cannot contradict each other, because roles are made and lose first, then people
//! move, then roles gain and go.
//!
//! Two more are kept where they fit: people leave a role before it loses, and join it after it has
//! gained, so that nobody loses an access for a moment only to get it back. Where a ring of moves
//! makes that impossible, the role changes in two requests, losing first; [`gaps`] tells for whom.
//!
//! A name is free before it is taken. In a ring of names one role bears a temporary one meanwhile.
//! So does a role that takes the place of another one under the same name, until that one is gone.
//!
//! What a person does by hand stands in the same graph and is no operation; whatever needs it is
//! blocked, and is none either.

mod gaps;
mod hand;
mod names;
mod people;
mod permissions;
mod requests;
mod room;
mod several;

use std::collections::{BTreeMap, BTreeSet};

pub use gaps::{Gap, Why, gaps};
pub use hand::block;
pub use names::tell;
pub use room::{Crowded, crowded};

use gaps::Wish;
use people::People;

use super::{
    change::{Plan, RoleState, What, differing},
    document::Action,
    graph::Edge,
    operation::Op,
};
use crate::{
    contract::{self, Spec},
    model::{RoleId, Untrusted, field},
};

/// The operations of a plan in order: by stratum, then by the place of their first change.
pub fn order(plan: &Plan, spec: &dyn Spec) -> Vec<Op> {
    Order::new(plan, spec).operations()
}

/// A step of one change, before steps are joined into requests.
#[derive(Clone, Debug)]
enum Step {
    Create {
        change: usize,
    },
    /// Permissions go from a role.
    Lose {
        change: usize,
    },
    /// A role's name, description, and other fields change.
    Meta {
        change: usize,
    },
    /// Permissions come to a role.
    Gain {
        change: usize,
    },
    /// A role that was made or renamed under a temporary name gets its own.
    FinalName {
        change: usize,
    },
    Delete {
        change: usize,
    },
    Default {
        change: usize,
    },
    /// A permission comes, changes, or goes.
    Permission {
        change: usize,
    },
    People(People),
}

struct Order<'a> {
    plan: &'a Plan,
    spec: &'a dyn Spec,
    steps: Vec<Step>,
    hard: Vec<Edge>,
    /// What avoids gaps, in the order in which it is taken in: what somebody needs first.
    wishes: Vec<Wish>,
    /// Which of the wishes fit.
    granted: Vec<bool>,
    /// The change of each role that changes; of one that is replaced under both ids.
    role_changes: BTreeMap<RoleId, usize>,
    /// Steps of a role's change by role.
    create: BTreeMap<RoleId, usize>,
    lose: BTreeMap<RoleId, usize>,
    meta: BTreeMap<usize, usize>,
    gain: BTreeMap<RoleId, usize>,
    delete: BTreeMap<RoleId, usize>,
    /// Changes whose role bears a temporary name first, and the step that ends it.
    temporary: BTreeMap<usize, Untrusted>,
    last: BTreeMap<usize, usize>,
    /// Changes that wait for a name, each with the one that frees it.
    names: Vec<(usize, usize)>,
    /// Roles that are replaced and go before the new one is made, because there is no room for both.
    waiting: BTreeSet<RoleId>,
    /// Changes for whose role there is no room.
    crowded: Vec<usize>,
}

impl<'a> Order<'a> {
    fn new(plan: &'a Plan, spec: &'a dyn Spec) -> Self {
        let order = Self::with(plan, spec, BTreeSet::new());
        match order.can_wait() {
            waiting if waiting.is_empty() => order,
            waiting => Self::with(plan, spec, waiting),
        }
    }

    /// The order in which the holders of the roles in `waiting` are without them until the new ones
    /// are there.
    fn with(plan: &'a Plan, spec: &'a dyn Spec, waiting: BTreeSet<RoleId>) -> Self {
        let mut order = Self {
            plan,
            spec,
            steps: Vec::new(),
            hard: Vec::new(),
            wishes: Vec::new(),
            granted: Vec::new(),
            role_changes: BTreeMap::new(),
            create: BTreeMap::new(),
            lose: BTreeMap::new(),
            meta: BTreeMap::new(),
            gain: BTreeMap::new(),
            delete: BTreeMap::new(),
            temporary: BTreeMap::new(),
            last: BTreeMap::new(),
            names: Vec::new(),
            waiting,
            crowded: Vec::new(),
        };
        order.role_steps();
        order.permissions();
        order.people();
        order.defaults();
        order.room();
        order.several();
        order.grant();
        order.successors();
        order.names();
        order
    }

    fn step(&mut self, step: Step) -> usize {
        self.steps.push(step);
        self.steps.len() - 1
    }

    fn role_steps(&mut self) {
        for (change, it) in self.plan.changes.iter().enumerate() {
            let What::Role { before, after, successor, .. } = &it.what else { continue };
            let id = it.role_id();
            self.role_changes.insert(id.clone(), change);
            if it.action == Action::Replace {
                let new = it.new_role_id();
                self.role_changes.insert(new.clone(), change);
                let step = self.step(Step::Delete { change });
                self.delete.insert(id, step);
                match (successor, after) {
                    (Some(successor), Some(after)) => self.updates(change, &new, &successor.state, after),
                    _ => {
                        let create = self.creates(change, &new);
                        // Nothing goes before what takes its place is there, unless there is no room.
                        let waits = self.waiting.contains(&it.role_id());
                        self.hard.push(if waits { (step, create) } else { (create, step) });
                    }
                }
                continue;
            }
            match (before, after) {
                (None, Some(_)) => {
                    self.creates(change, &id);
                }
                (Some(_), None) => {
                    let step = self.step(Step::Delete { change });
                    self.delete.insert(id, step);
                }
                (Some(before), Some(after)) => self.updates(change, &id, before, after),
                (None, None) => {}
            }
        }
    }

    /// The step that makes a role, and the one that gives it permissions where that is another request.
    fn creates(&mut self, change: usize, id: &RoleId) -> usize {
        let create = self.step(Step::Create { change });
        self.create.insert(id.clone(), create);
        if self.has_permissions_apart(change)
            && let What::Role { after: Some(after), .. } = &self.plan.changes[change].what
            && after.permissions.as_ref().is_some_and(|set| !set.is_empty())
        {
            let gain = self.step(Step::Gain { change });
            self.gain.insert(id.clone(), gain);
            self.hard.push((create, gain));
        }
        create
    }

    /// Whether the permissions of the role of a change go with requests of their own.
    fn has_permissions_apart(&self, change: usize) -> bool {
        let What::Role { class, .. } = &self.plan.changes[change].what else { return false };
        contract::role_class(self.spec, class).is_some_and(|class| class.permissions_apart)
    }

    /// The steps from one state of a role to another one.
    fn updates(&mut self, change: usize, id: &RoleId, before: &RoleState, after: &RoleState) {
        let (loses, gains) = permission_moves(before, after);
        let differ = differing(before, after);
        // A successor under its temporary name gets its own at the end.
        let named = self.plan.changes[change].action == Action::Replace;
        let meta = differ.iter().any(|name| match *name {
            field::PERMISSIONS => false,
            field::NAME => !named,
            _ => true,
        });
        if loses {
            let step = self.step(Step::Lose { change });
            self.lose.insert(id.clone(), step);
        }
        if meta {
            let step = self.step(Step::Meta { change });
            self.meta.insert(change, step);
        }
        if gains {
            let step = self.step(Step::Gain { change });
            if let Some(lose) = self.lose.get(id) {
                self.hard.push((*lose, step));
            }
            self.gain.insert(id.clone(), step);
        }
    }
}

/// Whether permissions go, and whether they come. Where nobody can tell what was there, both may.
fn permission_moves(before: &RoleState, after: &RoleState) -> (bool, bool) {
    match (&before.permissions, &after.permissions) {
        (Some(before), Some(after)) => (!before.is_subset(after), !after.is_subset(before)),
        (None, Some(_)) => (true, true),
        (_, None) => (false, false),
    }
}
