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

mod gaps;

use std::collections::{BTreeMap, BTreeSet};

pub use gaps::{Gap, Why, gaps};

use gaps::Wish;

use super::{
    change::{Change, Plan, RoleState, What},
    graph::{Edge, contract, layers, take_in},
    operation::{Op, RoleBody, RolePatch, Verb},
    temporary,
};
use crate::{
    contract::Spec,
    model::{RoleId, Scope, Untrusted},
};

/// The operations of a plan in order: by stratum, then by the place of their first change.
pub fn order(plan: &Plan, spec: &dyn Spec) -> Vec<Op> {
    Order::new(plan).operations(spec)
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
    /// A role's name and description change.
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
    Move(Movers),
}

/// Principals who go from the same role to the same role.
#[derive(Clone, Debug)]
struct Movers {
    scope: Scope,
    class: &'static str,
    to: RoleId,
    /// Change and principal.
    who: Vec<(usize, Untrusted)>,
}

/// Stratum, scope, class of principals, and role: what one request can cover.
type Batch<'b> = (u32, &'b Scope, &'static str, &'b RoleId);

struct Order<'a> {
    plan: &'a Plan,
    steps: Vec<Step>,
    hard: Vec<Edge>,
    /// What avoids gaps, in the order in which it is taken in: what somebody needs first.
    wishes: Vec<Wish>,
    /// Which of the wishes fit.
    granted: Vec<bool>,
    /// The change of each role that changes.
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
}

impl<'a> Order<'a> {
    fn new(plan: &'a Plan) -> Self {
        let mut order = Self {
            plan,
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
        };
        order.role_steps();
        order.moves();
        order.defaults();
        order.grant();
        order.names();
        order
    }

    fn step(&mut self, step: Step) -> usize {
        self.steps.push(step);
        self.steps.len() - 1
    }

    fn role_steps(&mut self) {
        for (change, it) in self.plan.changes.iter().enumerate() {
            let What::Role { before, after, .. } = &it.what else { continue };
            let id = it.role_id();
            self.role_changes.insert(id.clone(), change);
            match (before, after) {
                (None, Some(_)) => {
                    let step = self.step(Step::Create { change });
                    self.create.insert(id, step);
                }
                (Some(_), None) => {
                    let step = self.step(Step::Delete { change });
                    self.delete.insert(id, step);
                }
                (Some(before), Some(after)) => {
                    let (loses, gains) = permission_moves(before, after);
                    let meta = before.name != after.name || before.description != after.description;
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
                        if let Some(lose) = self.lose.get(&id) {
                            self.hard.push((*lose, step));
                        }
                        self.gain.insert(id, step);
                    }
                }
                (None, None) => {}
            }
        }
    }

    fn moves(&mut self) {
        type Way<'w> = (&'w Scope, &'static str, Option<&'w RoleId>, &'w RoleId);
        let mut ways: BTreeMap<Way<'_>, Vec<(usize, Untrusted)>> = BTreeMap::new();
        for (change, it) in self.plan.changes.iter().enumerate() {
            if let What::Assignment { scope, class, principal, before, after: Some(to) } = &it.what {
                ways.entry((scope, class, before.as_ref(), to))
                    .or_default()
                    .push((change, principal.clone()));
            }
        }
        for ((scope, class, from, to), who) in ways {
            let movers = Movers { scope: scope.clone(), class, to: to.clone(), who };
            let step = self.step(Step::Move(movers));
            self.way(step, from, Some(to), true);
        }
    }

    /// New members get the default role: it is moved like a person.
    fn defaults(&mut self) {
        for (change, it) in self.plan.changes.iter().enumerate() {
            let What::Default { before, after } = &it.what else { continue };
            let step = self.step(Step::Default { change });
            self.way(step, before.as_ref(), after.as_ref(), false);
        }
    }

    /// The edges of a step that goes from one role to another; `held` where somebody holds the first
    /// one, and could lose something for a moment.
    fn way(&mut self, step: usize, from: Option<&RoleId>, to: Option<&RoleId>, held: bool) {
        if let Some(to) = to {
            self.hard.extend(self.create.get(to).map(|create| (*create, step)));
            self.hard.extend(self.lose.get(to).map(|lose| (*lose, step)));
            if let Some(gain) = self.gain.get(to) {
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

    /// Whoever takes a name waits for whoever frees it; where that is a ring, the taker bears a
    /// temporary name first. Names that differ only in case are treated as one: some providers do.
    fn names(&mut self) {
        let place = |change: &Change, name: &Untrusted| {
            let What::Role { class, scope, .. } = &change.what else { return None };
            Some((*class, scope.clone(), name.raw().to_lowercase()))
        };
        let mut frees: BTreeMap<_, Vec<(usize, usize)>> = BTreeMap::new();
        for (change, it) in self.plan.changes.iter().enumerate() {
            let What::Role { before: Some(before), after, .. } = &it.what else { continue };
            let step = match after {
                None => self.delete.get(&it.role_id()),
                Some(after) if after.name != before.name => self.meta.get(&change),
                Some(_) => None,
            };
            if let (Some(step), Some(place)) = (step, place(it, &before.name)) {
                frees.entry(place).or_default().push((*step, change));
            }
        }
        let mut wanted = Vec::new();
        for (change, it) in self.plan.changes.iter().enumerate() {
            let What::Role { before, after: Some(after), .. } = &it.what else { continue };
            let takes = match before {
                None => self.create.get(&it.role_id()),
                Some(before) if before.name != after.name => self.meta.get(&change),
                Some(_) => None,
            };
            let freed = place(it, &after.name).and_then(|place| frees.get(&place));
            for (frees, by) in freed.into_iter().flatten() {
                if let (Some(takes), true) = (takes, *by != change) {
                    wanted.push((change, (*frees, *takes)));
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

    fn operations(self, spec: &dyn Spec) -> Vec<Op> {
        let soft: Vec<Edge> = self.wishes.iter().map(|wish| wish.edge).collect();
        let fits = take_in(self.steps.len(), &self.hard, &soft);
        let soft = soft.into_iter().zip(fits).filter(|(_, fits)| *fits).map(|(edge, _)| edge);
        let edges: Vec<Edge> = self.hard.iter().copied().chain(soft).collect();
        let into = self.join(&edges);
        let mut merged: Vec<Edge> =
            edges.iter().map(|&(a, b)| (into[a], into[b])).filter(|(a, b)| a != b).collect();
        let sequence = self.sequence(&merged, &into);
        merged.extend(sequence.iter().copied());
        let layer = layers(self.steps.len(), &merged);
        let mut members = vec![Vec::new(); self.steps.len()];
        for (index, head) in into.iter().enumerate() {
            members[*head].push(index);
        }
        // Operations with the steps they are made of.
        let mut ops: Vec<(Op, Vec<usize>)> = Vec::new();
        let mut batches: BTreeMap<Batch<'_>, Vec<(usize, usize, Untrusted)>> = BTreeMap::new();
        for (index, step) in self.steps.iter().enumerate() {
            if into[index] != index {
                continue;
            }
            if let Step::Move(movers) = step {
                let batch = (layer[index], &movers.scope, movers.class, &movers.to);
                let who = movers.who.iter().map(|(change, principal)| (index, *change, principal.clone()));
                batches.entry(batch).or_default().extend(who);
                continue;
            }
            let joined: Vec<&Step> = members[index].iter().map(|i| &self.steps[*i]).collect();
            let before = |step: Option<&usize>| step.is_some_and(|s| layer[into[*s]] < layer[index]);
            ops.extend(self.operation(&joined, layer[index], &before).map(|op| (op, vec![index])));
        }
        for ((stratum, scope, class, to), mut who) in batches {
            who.sort_by(|a, b| a.2.cmp(&b.2));
            let batch = spec.principals().iter().find(|p| p.class == class).map_or(1, |p| p.batch.max(1));
            for part in who.chunks(batch) {
                let principals = part.iter().map(|(_, _, principal)| principal.clone()).collect();
                let op = Op {
                    verb: Verb::Assign { role: to.clone(), scope: scope.clone(), class, principals },
                    covers: part.iter().map(|(_, change, _)| *change).collect(),
                    needs: Vec::new(),
                    stratum,
                };
                ops.push((op, part.iter().map(|(step, _, _)| *step).collect()));
            }
        }
        ops.sort_by(|(a, _), (b, _)| (a.stratum, a.covers.first()).cmp(&(b.stratum, b.covers.first())));
        self.needs(ops, &into, &sequence)
    }

    /// Only the rules that must hold make an operation depend on another: what merely avoids a gap
    /// does not keep a permission alive because somebody else's move failed.
    fn needs(&self, ops: Vec<(Op, Vec<usize>)>, into: &[usize], sequence: &[Edge]) -> Vec<Op> {
        let mut made_of: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for (index, (_, steps)) in ops.iter().enumerate() {
            for step in steps {
                made_of.entry(*step).or_default().insert(index);
            }
        }
        let mut needs = vec![BTreeSet::new(); ops.len()];
        for &(from, to) in self.hard.iter().chain(sequence) {
            let (from, to) = (into[from], into[to]);
            if let (true, Some(from), Some(to)) = (from != to, made_of.get(&from), made_of.get(&to)) {
                for op in to {
                    needs[*op].extend(from);
                }
            }
        }
        ops.into_iter()
            .zip(needs)
            .map(|((op, _), needs)| Op { needs: needs.into_iter().collect(), ..op })
            .collect()
    }

    /// Requests to one role come one after the other, in whichever order the rest leaves: each says
    /// what the whole role is then.
    fn sequence(&self, merged: &[Edge], into: &[usize]) -> Vec<Edge> {
        let mut pairs = Vec::new();
        for (change, it) in self.plan.changes.iter().enumerate() {
            if !matches!(it.what, What::Role { before: Some(_), after: Some(_), .. }) {
                continue;
            }
            let id = it.role_id();
            let steps =
                [self.lose.get(&id), self.meta.get(&change), self.gain.get(&id), self.last.get(&change)];
            let heads: BTreeSet<usize> = steps.into_iter().flatten().map(|step| into[*step]).collect();
            for &first in &heads {
                for &second in heads.range(first + 1..) {
                    pairs.extend([(first, second), (second, first)]);
                }
            }
        }
        let fits = take_in(self.steps.len(), merged, &pairs);
        pairs.into_iter().zip(fits).filter(|(_, fits)| *fits).map(|(edge, _)| edge).collect()
    }

    /// The steps of one role's change become one request, unless something has to happen between
    /// them.
    fn join(&self, edges: &[Edge]) -> Vec<usize> {
        let groups = |all: &dyn Fn(&RoleId, usize) -> Vec<usize>| -> Vec<Vec<usize>> {
            self.plan
                .changes
                .iter()
                .enumerate()
                .filter(|(_, it)| matches!(it.what, What::Role { .. }))
                .map(|(change, it)| all(&it.role_id(), change))
                .filter(|group| group.len() > 1)
                .collect()
        };
        let (lose, meta, gain) = (&self.lose, &self.meta, &self.gain);
        let whole = groups(&|id, change| {
            [lose.get(id), meta.get(&change), gain.get(id)].into_iter().flatten().copied().collect()
        });
        let into = contract(self.steps.len(), edges, &whole);
        let whole: Vec<Vec<usize>> = whole.into_iter().filter(|group| into[group[1]] == group[0]).collect();
        let taken: Vec<usize> = whole.iter().map(|group| group[0]).collect();
        // What could not be joined as a whole may still carry name and description along.
        let rest = groups(&|id, change| {
            let other = gain.get(id).or(lose.get(id));
            [other, meta.get(&change)].into_iter().flatten().copied().collect()
        });
        let rest = rest.into_iter().filter(|group| !group.iter().any(|node| taken.contains(&into[*node])));
        let all: Vec<Vec<usize>> = whole.iter().cloned().chain(rest).collect();
        contract(self.steps.len(), edges, &all)
    }

    /// One request for the joined steps of one change; `done` tells whether a step comes before it.
    fn operation(&self, steps: &[&Step], stratum: u32, done: &dyn Fn(Option<&usize>) -> bool) -> Option<Op> {
        let change = match steps.first()? {
            Step::Create { change }
            | Step::Lose { change }
            | Step::Meta { change }
            | Step::Gain { change }
            | Step::FinalName { change }
            | Step::Delete { change }
            | Step::Default { change } => *change,
            Step::Move(_) => return None,
        };
        let it = &self.plan.changes[change];
        let verb = match (steps.first()?, &it.what) {
            (Step::Default { .. }, What::Default { before, after }) => {
                Verb::SetDefault { role: after.clone(), clears: before.clone() }
            }
            (Step::Delete { .. }, What::Role { scope, .. }) => {
                Verb::DeleteRole { role: it.role_id(), scope: scope.clone() }
            }
            (Step::Create { .. }, What::Role { scope, after: Some(after), .. }) => {
                let mut body = self.body(change, after);
                if let Some(temporary) = self.temporary.get(&change) {
                    body.name = temporary.clone();
                }
                Verb::CreateRole { address: it.address.clone(), scope: scope.clone(), body }
            }
            (_, What::Role { scope, before, after: Some(after), .. }) => {
                let (send, full) = self.patch(change, steps, before.as_ref(), after, done);
                Verb::UpdateRole { role: it.role_id(), scope: scope.clone(), send, full }
            }
            _ => return None,
        };
        Some(Op { verb, covers: vec![change], needs: Vec::new(), stratum })
    }

    /// What the joined steps send, and the whole role as it is afterwards.
    fn patch(
        &self,
        change: usize,
        steps: &[&Step],
        before: Option<&RoleState>,
        after: &RoleState,
        done: &dyn Fn(Option<&usize>) -> bool,
    ) -> (RolePatch, RoleBody) {
        let id = self.plan.changes[change].role_id();
        let has = |wanted: fn(&Step) -> bool| steps.iter().any(|step| wanted(step));
        let loses = has(|s| matches!(s, Step::Lose { .. }));
        let gains = has(|s| matches!(s, Step::Gain { .. }));
        let meta = has(|s| matches!(s, Step::Meta { .. }));
        let last = has(|s| matches!(s, Step::FinalName { .. }));
        let lost = loses || done(self.lose.get(&id));
        let gained = gains || done(self.gain.get(&id));
        let described = meta || done(self.meta.get(&change));
        let borne = self.temporary.get(&change).unwrap_or(&after.name);
        let mut full = self.body(change, after);
        if let Some(before) = before {
            full.permissions = permissions_between(before, after, lost, gained);
            if !described {
                full.name = before.name.clone();
                full.description = self.described(change);
            }
        }
        if (described || before.is_none()) && !last && !done(self.last.get(&change)) {
            full.name = borne.clone();
        }
        let mut send = RolePatch::default();
        if loses || gains {
            send.permissions = Some(full.permissions.clone());
        }
        if meta {
            let old = before.map(|before| &before.name);
            if old != Some(&after.name) {
                send.name = Some(borne.clone());
            }
            if before.is_some_and(|before| before.description != after.description) {
                send.description = after.description.clone();
            }
        }
        if last {
            send.name = Some(after.name.clone());
        }
        (send, full)
    }

    /// The whole role as it is wanted.
    fn body(&self, change: usize, after: &RoleState) -> RoleBody {
        RoleBody {
            name: after.name.clone(),
            description: after.description.clone().unwrap_or_else(|| self.described(change)),
            permissions: after.permissions.clone().unwrap_or_default(),
        }
    }

    /// The description that the role of a change has now.
    fn described(&self, change: usize) -> Option<Untrusted> {
        match &self.plan.changes[change].what {
            What::Role { described, .. } => described.clone(),
            What::Default { .. } | What::Assignment { .. } => None,
        }
    }
}

/// The permissions of a role on its way: before, between losing and gaining, or after.
fn permissions_between(
    before: &RoleState,
    after: &RoleState,
    lost: bool,
    gained: bool,
) -> BTreeSet<Untrusted> {
    let (old, new) =
        (before.permissions.clone().unwrap_or_default(), after.permissions.clone().unwrap_or_default());
    match (lost, gained) {
        (_, true) => new,
        (true, false) => old.intersection(&new).cloned().collect(),
        (false, false) => old,
    }
}

/// Whether permissions go, and whether they come.
fn permission_moves(before: &RoleState, after: &RoleState) -> (bool, bool) {
    match (&before.permissions, &after.permissions) {
        (Some(before), Some(after)) => (!before.is_subset(after), !after.is_subset(before)),
        (None, Some(_)) => (false, true),
        (_, None) => (false, false),
    }
}
