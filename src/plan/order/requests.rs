//! From steps to requests.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Order, Step,
    people::{Act, Mover},
};
use crate::{
    contract,
    model::{Field, RoleId, RoleState, Scope, Untrusted, field},
    plan::{
        change::{Hand, What, differing, natural},
        document::Action,
        graph::{Edge, contract as merge, layers, take_in},
        operation::{Op, RoleBody, RolePatch, Verb},
    },
};

/// Stratum, scope, class of principals, and what happens to them: what one request can cover.
type Batch<'b> = (u32, &'b Scope, &'static str, &'b Act);

impl Order<'_> {
    pub(super) fn operations(self) -> Vec<Op> {
        let open = self.open_steps();
        let soft: Vec<Edge> = self.wishes.iter().map(|wish| wish.edge).collect();
        let fits = take_in(self.steps.len(), &self.hard, &soft);
        let soft = soft.into_iter().zip(fits).filter(|(_, fits)| *fits).map(|(edge, _)| edge);
        let edges: Vec<Edge> = self.hard.iter().copied().chain(soft).collect();
        let into = self.join(&edges, &open);
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
        let mut batches: BTreeMap<Batch<'_>, Vec<(usize, &Mover)>> = BTreeMap::new();
        for (index, step) in self.steps.iter().enumerate() {
            if into[index] != index || !open.contains(&index) {
                continue;
            }
            if let Step::People(people) = step {
                let batch = (layer[index], &people.scope, people.class, &people.act);
                batches.entry(batch).or_default().extend(people.who.iter().map(|mover| (index, mover)));
                continue;
            }
            let joined: Vec<&Step> = members[index].iter().map(|i| &self.steps[*i]).collect();
            let before = |step: Option<&usize>| {
                step.is_some_and(|s| open.contains(s) && layer[into[*s]] < layer[index])
            };
            ops.extend(self.operation(&joined, layer[index], &before).map(|op| (op, vec![index])));
        }
        for ((stratum, scope, class, act), mut who) in batches {
            who.sort_by(|(_, a), (_, b)| a.principal.cmp(&b.principal));
            let batch = contract::principal(self.spec, class).map_or(1, |class| class.batch.max(1));
            for part in who.chunks(batch) {
                let principals = part.iter().map(|(_, mover)| mover.principal.clone()).collect();
                let (role, scope) = (act.role().clone(), scope.clone());
                let verb = match act {
                    Act::Give(_) => {
                        let held = part
                            .iter()
                            .filter_map(|(_, mover)| Some((mover.principal.clone(), mover.held.clone()?)));
                        let base = self.plan.bases.get(&role).cloned();
                        Verb::Assign { role, base, scope, class, principals, held: held.collect() }
                    }
                    Act::Take(_) => Verb::Unassign { role, scope, class, principals },
                };
                let covers = part.iter().flat_map(|(_, mover)| mover.changes.iter().copied()).collect();
                let op = Op { verb, covers, needs: Vec::new(), stratum };
                ops.push((op, part.iter().map(|(step, _)| *step).collect()));
            }
        }
        ops.sort_by(|(a, _), (b, _)| (a.stratum, a.covers.first()).cmp(&(b.stratum, b.covers.first())));
        self.needs(ops, &into, &sequence)
    }

    /// The steps that are made now: not by hand, and not waiting for that.
    fn open_steps(&self) -> BTreeSet<usize> {
        let all = 0..self.steps.len();
        if self.plan.changes.iter().all(|change| change.by_hand == Hand::Nothing) {
            return all.collect();
        }
        let blocked = self.blocked();
        let is_open = |index: &usize| !blocked.steps.contains(index) && !self.is_by_hand(&self.steps[*index]);
        all.filter(is_open).collect()
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
            let id = it.new_role_id();
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
    fn join(&self, edges: &[Edge], open: &BTreeSet<usize>) -> Vec<usize> {
        let groups = |all: &dyn Fn(&RoleId, usize) -> Vec<usize>| -> Vec<Vec<usize>> {
            self.plan
                .changes
                .iter()
                .enumerate()
                .filter(|(_, it)| matches!(it.what, What::Role { .. }))
                .map(|(change, it)| all(&it.new_role_id(), change))
                .map(|group| group.into_iter().filter(|step| open.contains(step)).collect::<Vec<_>>())
                .filter(|group| group.len() > 1)
                .collect()
        };
        let (lose, meta, gain) = (&self.lose, &self.meta, &self.gain);
        let whole = groups(&|id, change| {
            [lose.get(id), meta.get(&change), gain.get(id)].into_iter().flatten().copied().collect()
        });
        let into = merge(self.steps.len(), edges, &whole);
        let whole: Vec<Vec<usize>> = whole.into_iter().filter(|group| into[group[1]] == group[0]).collect();
        let taken: Vec<usize> = whole.iter().map(|group| group[0]).collect();
        // What could not be joined as a whole may still carry name and description along.
        let rest = groups(&|id, change| {
            let other = gain.get(id).or(lose.get(id));
            [other, meta.get(&change)].into_iter().flatten().copied().collect()
        });
        let rest = rest.into_iter().filter(|group| !group.iter().any(|node| taken.contains(&into[*node])));
        let all: Vec<Vec<usize>> = whole.iter().cloned().chain(rest).collect();
        merge(self.steps.len(), edges, &all)
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
            Step::People(_) => return None,
        };
        let it = &self.plan.changes[change];
        let verb = match (steps.first()?, &it.what) {
            (Step::Default { .. }, What::Default { before, after }) => {
                Verb::SetDefault { role: after.clone(), clears: before.clone() }
            }
            (Step::Delete { .. }, What::Role { class, scope, before: Some(before), .. }) => {
                let (role, scope, natural) = (it.role_id(), scope.clone(), natural(before).clone());
                Verb::DeleteRole { role, class, scope, natural }
            }
            (Step::Create { .. }, What::Role { class, scope, after: Some(after), .. }) => {
                let mut body = self.body(change, after);
                if let Some(temporary) = self.temporary.get(&change) {
                    body.name = temporary.clone();
                }
                Verb::CreateRole { address: it.address.clone(), class, scope: scope.clone(), body }
            }
            (_, What::Role { class, scope, after: Some(after), .. }) => {
                let (send, full) = self.patch(change, steps, self.base_of_update(change), after, done);
                Verb::UpdateRole { role: it.new_role_id(), class, scope: scope.clone(), send, full }
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
        let it = &self.plan.changes[change];
        let id = it.new_role_id();
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
            let keeps = |field: Field| !described || it.by_hand.changes(field);
            if keeps(field::NAME) {
                full.name = before.name.clone();
            }
            if keeps(field::DESCRIPTION) {
                full.description = self.described(change);
            }
            for (name, value) in &before.fields {
                if keeps(name) {
                    full.fields.insert(name, value.clone());
                }
            }
        }
        let named = described && !it.by_hand.changes(field::NAME);
        if (named || before.is_none()) && !last && !done(self.last.get(&change)) {
            full.name = borne.clone();
        }
        if last || done(self.last.get(&change)) {
            full.name = after.name.clone();
        }
        let mut send = RolePatch::default();
        if loses || gains {
            send.permissions = Some(full.permissions.clone());
        }
        if meta {
            let api = |field: Field| !it.by_hand.changes(field);
            let differ = before.map(|before| differing(before, after)).unwrap_or_default();
            // The successor of a replaced role gets its name at the end.
            let renames = it.action != Action::Replace;
            if (before.is_none() || differ.contains(field::NAME)) && api(field::NAME) && renames {
                send.name = Some(borne.clone());
            }
            if differ.contains(field::DESCRIPTION) && api(field::DESCRIPTION) {
                send.description = after.description.clone();
            }
            let others = after.fields.iter().filter(|(name, _)| differ.contains(*name) && api(name));
            send.fields = others.map(|(name, value)| (*name, value.clone())).collect();
        }
        if last {
            send.name = Some(after.name.clone());
        }
        (send, full)
    }

    /// What the role that is updated has before: nothing of it is known where the same plan makes it.
    fn base_of_update(&self, change: usize) -> Option<&RoleState> {
        match self.plan.changes[change].action {
            Action::Replace => match &self.plan.changes[change].what {
                What::Role { successor: Some(made), .. } => Some(&made.state),
                _ => None,
            },
            _ => match &self.plan.changes[change].what {
                What::Role { before, .. } => before.as_ref(),
                What::Default { .. } | What::Assignment { .. } => None,
            },
        }
    }

    /// The whole role as it is wanted.
    fn body(&self, change: usize, after: &RoleState) -> RoleBody {
        RoleBody {
            name: after.name.clone(),
            description: after.description.clone().unwrap_or_else(|| self.described(change)),
            permissions: after.permissions.clone().unwrap_or_default(),
            fields: after.fields.clone(),
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
