//! Which role of one revision is which of the other: as a plan finds it, by what the provider itself
//! holds unique before what only git knows.

use std::collections::HashMap;

use super::expand::View;
use crate::model::{Scope, desired::DesiredRole};

/// Roles of both sides that are one.
pub(super) struct Pairs<'a> {
    /// For each role of `b`, by index, its role of `a`.
    pub(super) of_b: Vec<Option<&'a DesiredRole>>,
    /// Roles of `a` that `b` does not have, in their order.
    pub(super) gone: Vec<&'a DesiredRole>,
    /// Keys of `b` by keys of `a`, where they differ.
    renamed: HashMap<&'a str, &'a str>,
    /// Keys of `a` by keys of `b`, where they differ.
    before: HashMap<&'a str, &'a str>,
}

/// What makes a role unique: its class, its scope, and a text.
type Mark<'a> = (&'static str, &'a Scope, &'a str);

impl<'a> Pairs<'a> {
    pub(super) fn new(a: &View<'a>, b: &View<'a>) -> Self {
        let (before, after) = (&a.desired.roles, &b.desired.roles);
        let mut work =
            Work { taken: vec![false; before.len()], of_b: vec![None; after.len()], before, after };
        // Nearly every role is this one: same key, same scope, same name.
        let keyed: HashMap<(&str, &Scope), usize> =
            before.iter().enumerate().map(|(index, role)| ((&*role.key, &role.scope), index)).collect();
        for (at, role) in after.iter().enumerate() {
            if let Some(index) = keyed.get(&(&*role.key, &role.scope))
                && before.get(*index).is_some_and(|old| {
                    (old.class, &old.name.value, old.id.as_ref().map(|id| &id.value))
                        == (role.class, &role.name.value, role.id.as_ref().map(|id| &id.value))
                })
            {
                work.pair(at, *index);
            }
        }
        let id = |role: &'a DesiredRole| role.id.iter().map(|id| id.value.raw()).collect::<Vec<_>>();
        let name = |role: &'a DesiredRole| vec![role.name.value.raw()];
        let former = |role: &'a DesiredRole| role.previously.iter().map(|name| name.value.raw()).collect();
        let key = |role: &'a DesiredRole| vec![&*role.key];
        work.pass(id, id);
        work.pass(name, name);
        work.pass(name, former);
        work.pass(key, key);
        work.finish()
    }

    /// The key in `b` of the role that has `key` in `a`.
    pub(super) fn after<'k>(&self, key: &'k str) -> &'k str
    where
        'a: 'k,
    {
        self.renamed.get(key).copied().unwrap_or(key)
    }

    /// The key in `a` of the role that has `key` in `b`.
    pub(super) fn before<'k>(&self, key: &'k str) -> &'k str
    where
        'a: 'k,
    {
        self.before.get(key).copied().unwrap_or(key)
    }
}

struct Work<'a> {
    taken: Vec<bool>,
    of_b: Vec<Option<usize>>,
    before: &'a [DesiredRole],
    after: &'a [DesiredRole],
}

impl<'a> Work<'a> {
    fn pair(&mut self, at: usize, index: usize) {
        if let (Some(slot), Some(taken)) = (self.of_b.get_mut(at), self.taken.get_mut(index))
            && slot.is_none()
            && !*taken
        {
            (*slot, *taken) = (Some(index), true);
        }
    }

    /// Pairs what is left where a text that `old` tells of a role of `a` is among those that `new`
    /// tells of a role of `b`.
    fn pass(
        &mut self,
        old: impl Fn(&'a DesiredRole) -> Vec<&'a str>,
        new: impl Fn(&'a DesiredRole) -> Vec<&'a str>,
    ) {
        let mut known: HashMap<Mark<'a>, Vec<usize>> = HashMap::new();
        for (index, role) in self.before.iter().enumerate().rev() {
            if !self.taken.get(index).copied().unwrap_or(true) {
                for text in old(role) {
                    known.entry((role.class, &role.scope, text)).or_default().push(index);
                }
            }
        }
        if known.is_empty() {
            return;
        }
        for (at, role) in self.after.iter().enumerate() {
            if self.of_b.get(at).copied().flatten().is_some() {
                continue;
            }
            for text in new(role) {
                if let Some(index) = known.get_mut(&(role.class, &role.scope, text)).and_then(Vec::pop) {
                    self.pair(at, index);
                    break;
                }
            }
        }
    }

    fn finish(self) -> Pairs<'a> {
        let (mut renamed, mut before) = (HashMap::new(), HashMap::new());
        let of_b: Vec<_> =
            self.of_b.iter().map(|index| index.and_then(|index| self.before.get(index))).collect();
        for (new, old) in self.after.iter().zip(&of_b) {
            if let Some(old) = old.filter(|old| old.key != new.key) {
                renamed.insert(&*old.key, &*new.key);
                before.insert(&*new.key, &*old.key);
            }
        }
        let gone = self.before.iter().zip(&self.taken).filter(|(_, taken)| !**taken);
        Pairs { of_b, gone: gone.map(|(role, _)| role).collect(), renamed, before }
    }
}
