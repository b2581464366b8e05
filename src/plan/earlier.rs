//! What git held before the planned definitions: the base revision, and what the last recorded apply
//! put in place. Removals, origins, adoption, and protection that outlives its file come from here.

use std::collections::{BTreeMap, BTreeSet};

use super::resolve::{self, Resolved, ResolvedRole};
use crate::model::{Address, RoleId, Scope, Untrusted, desired::DesiredState, live::LiveObject};

/// The earlier definitions of one target, still symbolic.
#[derive(Clone, Copy, Debug, Default)]
pub struct Earlier<'a> {
    /// What the base declares, without what is released; `None` where there is no base.
    pub base: Option<&'a DesiredState>,
    /// What the last recorded apply put in place, without what is released; `None` without a record.
    pub applied: Option<&'a DesiredState>,
    /// Live ids that the record tells, by the address of the role.
    pub ids: Option<&'a BTreeMap<Address, Untrusted>>,
    /// What base or applied declare in files that are still there and that the target no longer reads.
    pub released: Option<&'a DesiredState>,
    /// More declarations whose protection still holds: of targets of the same tenant under other
    /// names, and of history.
    pub protecting: &'a [DesiredState],
    /// Whether it does not matter what git declared before: the target is an emulator.
    pub exempt: bool,
}

impl<'a> Earlier<'a> {
    /// Base and applied, as far as they are there.
    pub(super) fn states(&self) -> impl Iterator<Item = &'a DesiredState> + use<'a> {
        self.base.into_iter().chain(self.applied)
    }

    /// Everything whose protection holds.
    pub(super) fn protecting(&self) -> impl Iterator<Item = &'a DesiredState> + use<'a> {
        self.states().chain(self.released).chain(self.protecting)
    }

    /// Whether anything tells what git declared before.
    pub fn is_known(&self) -> bool {
        self.base.is_some() || self.applied.is_some()
    }

    /// Whether an earlier revision declared who holds a role.
    pub fn assigns(&self) -> bool {
        self.states().any(|state| !state.assignments.is_empty())
    }
}

/// What an earlier revision means today: its names resolved against what is live.
#[derive(Debug)]
pub struct View<'a> {
    /// The revision, resolved as far as it can be.
    pub resolved: Resolved<'a>,
    by_id: BTreeMap<&'a Untrusted, usize>,
}

impl<'a> View<'a> {
    fn new(resolved: Resolved<'a>) -> Self {
        let roles = resolved.roles.iter().enumerate();
        let by_id = roles.filter_map(|(index, role)| Some((role.live?.id.as_ref()?, index))).collect();
        Self { resolved, by_id }
    }

    /// The role of this address, else the one that is the live role `id`.
    pub(super) fn role(&self, address: &Address, id: Option<&Untrusted>) -> Option<&ResolvedRole<'a>> {
        let roles = &self.resolved.roles;
        let by_address = roles.binary_search_by(|role| role.address.cmp(address)).ok();
        let index = by_address.or_else(|| self.by_id.get(id?).copied())?;
        roles.get(index)
    }
}

/// The earlier definitions of one target, resolved.
#[derive(Debug, Default)]
pub struct Views<'a> {
    /// The base.
    pub base: Option<View<'a>>,
    /// The last recorded apply.
    pub applied: Option<View<'a>>,
    /// What is no longer managed.
    pub released: Option<View<'a>>,
}

/// A live role that git declared before.
#[derive(Clone, Debug)]
pub(super) struct Former<'a> {
    /// Its address then.
    pub(super) address: Address,
    /// The role.
    pub(super) live: &'a LiveObject,
}

impl<'a> Views<'a> {
    /// Resolves what is earlier as `planned`, the definitions of `input`, was: what they no longer
    /// say right is no error.
    pub fn of(input: resolve::Input<'a>, planned: &Resolved<'a>) -> Self {
        let twins: BTreeMap<Address, &'a LiveObject> =
            planned.roles.iter().filter_map(|role| Some((role.address.clone(), role.live?))).collect();
        let view = |desired: Option<&'a DesiredState>| {
            // Its keys mean what base and applied called so; protection is looked up once, for the plan.
            let Earlier { base, applied, released, ids, .. } = input.earlier;
            let earlier = Earlier { base, applied, released, ids, ..Earlier::default() };
            let input = resolve::Input { desired: desired?, earlier, ..input };
            Some(View::new(resolve::leniently(input, &twins)))
        };
        Self {
            base: view(input.earlier.base),
            applied: view(input.earlier.applied),
            released: view(input.earlier.released),
        }
    }

    /// Base and applied.
    fn declared(&self) -> impl Iterator<Item = &View<'a>> {
        self.applied.iter().chain(&self.base)
    }

    /// Live roles that base or applied declare under keys that `planned` does not have, and that it
    /// does not mean in another way, by id.
    pub(super) fn former(&self, planned: &Resolved<'_>) -> BTreeMap<&'a Untrusted, Former<'a>> {
        gone(self.declared(), planned)
    }

    /// Who held which role by base or applied, and is not declared by `planned` at all.
    pub(super) fn former_assignments(
        &self,
        planned: &Resolved<'_>,
    ) -> BTreeSet<(&'static str, Untrusted, RoleId)> {
        let held = self.declared().flat_map(|view| {
            let held = view.resolved.assignments.iter();
            let held = held.map(|((class, principal), held)| (*class, principal.clone(), held.role.clone()));
            // What has expired was declared too.
            held.chain(view.resolved.expired.keys().cloned())
        });
        held.filter(|(class, principal, _)| !planned.assignments.contains_key(&(*class, principal.clone())))
            .collect()
    }

    /// Live roles that are no longer managed and stay, by id.
    pub(super) fn released(&self, planned: &Resolved<'_>) -> BTreeMap<&'a Untrusted, Former<'a>> {
        gone(self.released.iter(), planned)
    }
}

fn gone<'v, 'a: 'v>(
    views: impl Iterator<Item = &'v View<'a>>,
    planned: &Resolved<'_>,
) -> BTreeMap<&'a Untrusted, Former<'a>> {
    let meant: BTreeSet<&Untrusted> =
        planned.roles.iter().filter_map(|role| role.live?.id.as_ref()).collect();
    let keys: BTreeSet<(&str, &Scope)> =
        planned.roles.iter().map(|role| (&*role.desired.key, &role.desired.scope)).collect();
    let mut former = BTreeMap::new();
    for role in views.flat_map(|view| &view.resolved.roles) {
        let Some(live) = role.live else { continue };
        let Some(id) = &live.id else { continue };
        let declared = keys.contains(&(&*role.desired.key, &role.desired.scope));
        if live.builtin || declared || meant.contains(id) || planned.removed.contains_key(id) {
            continue;
        }
        former.entry(id).or_insert_with(|| Former { address: role.address.clone(), live });
    }
    former
}
