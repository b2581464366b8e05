//! What git held before the planned definitions: the base revision, and what the last recorded apply
//! put in place. Removals, origins, adoption, and protection that outlives its file come from here.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    resolve::{self, Matched, Resolved, ResolvedRole},
    temporary,
};
use crate::model::{
    Address, Key, RoleId, Untrusted,
    desired::{DesiredState, Protect},
    live::LiveObject,
};

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
    /// What the last recorded apply left to a person, by address; `None` without a record.
    pub open: Option<&'a BTreeMap<Untrusted, Option<Untrusted>>>,
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
    /// Live roles whose keys mean other ones by the definitions, and those.
    moved: BTreeMap<RoleId, RoleId>,
}

impl<'a> View<'a> {
    fn new(resolved: Resolved<'a>, twins: &BTreeMap<Address, &'a LiveObject>) -> Self {
        let roles = resolved.roles.iter().enumerate();
        let by_id = roles.filter_map(|(index, role)| Some((role.live?.id.as_ref()?, index))).collect();
        let now = |role: &ResolvedRole<'_>| twins.get(&role.address)?.id.clone().map(RoleId::Live);
        let moved = resolved.roles.iter().filter_map(|role| Some((role.id(), now(role)?)));
        let moved = moved.filter(|(then, now)| then != now).collect();
        Self { resolved, by_id, moved }
    }

    /// The role of this address, else the one that is the live role `id`.
    pub(super) fn role(&self, address: &Address, id: Option<&Untrusted>) -> Option<&ResolvedRole<'a>> {
        let roles = &self.resolved.roles;
        let by_address = roles.binary_search_by(|role| role.address.cmp(address)).ok();
        let index = by_address.or_else(|| self.by_id.get(id?).copied())?;
        roles.get(index)
    }
}

impl View<'_> {
    /// Whether the key of `now` means a live role that another key had. Where it is a new role for
    /// git, nobody can tell that it takes the place of the old one.
    fn means_another(&self, now: &ResolvedRole<'_>) -> bool {
        now.live.and_then(|live| live.id.as_ref()).is_some_and(|id| self.by_id.contains_key(id))
    }

    /// What it forbids to happen to the live role `id`.
    fn protects(&self, id: &Untrusted) -> impl Iterator<Item = Protect> {
        let role = self.by_id.get(id).and_then(|index| self.resolved.roles.get(*index));
        role.into_iter().flat_map(|role| role.desired.protect.iter().copied())
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
    /// Name of the target.
    target: Arc<str>,
}

/// A live role that git declared before.
#[derive(Clone, Debug)]
pub(super) struct Former<'a> {
    /// Its address then.
    pub(super) address: Address,
    /// The role.
    pub(super) live: &'a LiveObject,
    /// Whether only the record of applies says that it is this one: no revision gave its key the name
    /// that it bears.
    pub(super) unproven: bool,
    /// Whether only `previously` says that it is this one: no revision gave any key the name that it
    /// bears.
    pub(super) once: bool,
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
            Some(View::new(resolve::leniently(input, &twins), &twins))
        };
        Self {
            base: view(input.earlier.base),
            applied: view(input.earlier.applied),
            released: view(input.earlier.released),
            target: Arc::clone(&input.target.name),
        }
    }

    /// What base, applied, and what is released forbid to happen to the live role `id`, however they
    /// find it.
    pub(super) fn protects(&self, id: &Untrusted) -> impl Iterator<Item = Protect> {
        self.declared().chain(&self.released).flat_map(move |view| view.protects(id))
    }

    /// Base and applied.
    fn declared(&self) -> impl Iterator<Item = &View<'a>> {
        self.applied.iter().chain(&self.base)
    }

    /// Live roles that base or applied declare under keys that `planned` does not have, and that it
    /// does not mean in another way, by id.
    pub(super) fn former(&self, planned: &Resolved<'_>) -> BTreeMap<&'a Untrusted, Former<'a>> {
        let mut former = self.gone(self.declared(), planned);
        let released = self.released(planned);
        former.retain(|id, _| !released.contains_key(id));
        former
    }

    /// Who held which role by base or applied, and is not declared by `planned` at all.
    pub(super) fn former_assignments(&self, planned: &Resolved<'_>) -> BTreeSet<(Key, RoleId)> {
        let of = |key: &Key, role: &RoleId| {
            (Key { role: key.role.as_ref().map(|_| role.clone()), ..key.clone() }, role.clone())
        };
        let held = self.declared().flat_map(|view| {
            let held = view.resolved.assignments.iter();
            let held = held.map(|(key, held)| (key.clone(), held.role.clone()));
            // What has expired was declared too.
            let held = held.chain(view.resolved.expired.keys().cloned());
            held.flat_map(move |(key, role)| {
                let now = view.moved.get(&role).map(|now| of(&key, now));
                [(key, role)].into_iter().chain(now)
            })
        });
        held.filter(|(key, role)| {
            let (now, _) = of(key, planned.becomes(role));
            !planned.assignments.contains_key(key) && !planned.assignments.contains_key(&now)
        })
        .collect()
    }

    /// Live roles that are no longer managed and stay, by id. Where the base has one in a file that is
    /// still read, it was taken out of that file.
    pub(super) fn released(&self, planned: &Resolved<'_>) -> BTreeMap<&'a Untrusted, Former<'a>> {
        let mut released = self.gone(self.released.iter(), planned);
        if let Some(base) = &self.base {
            released.retain(|id, _| !base.by_id.contains_key(id));
        }
        released
    }

    fn gone<'v>(
        &self,
        views: impl Iterator<Item = &'v View<'a>>,
        planned: &Resolved<'_>,
    ) -> BTreeMap<&'a Untrusted, Former<'a>>
    where
        'a: 'v,
    {
        let meant: BTreeSet<&Untrusted> =
            planned.roles.iter().filter_map(|role| role.live?.id.as_ref()).collect();
        let earlier = self.declared().chain(&self.released);
        let names: BTreeSet<&Untrusted> = earlier
            .flat_map(|view| view.resolved.roles.iter())
            .map(|role| &role.desired.natural().value)
            .collect();
        let mut former = BTreeMap::new();
        for (view, role) in views.flat_map(|view| view.resolved.roles.iter().map(move |role| (view, role))) {
            let Some(live) = role.live else { continue };
            let Some(id) = &live.id else { continue };
            if live.builtin || meant.contains(id) || planned.removed.contains_key(id) {
                continue;
            }
            let now = planned.roles.binary_search_by(|now| now.address.cmp(&role.address)).ok();
            let address = match now.and_then(|now| planned.roles.get(now)) {
                None => role.address.clone(),
                Some(now) if view.means_another(now) => {
                    Address::live_role(&self.target, &live.key.name, &live.key.scope)
                }
                Some(_) => continue,
            };
            let unproven = role.matched == Matched::Recorded && !role.bears(&live.key.name);
            let interrupted = temporary::name(&role.address) == live.key.name;
            let once = role.matched == Matched::Previously && !interrupted && !names.contains(&live.key.name);
            // By the record the new name was in place: who has the old one now is another role.
            if once && self.applied.is_some() {
                continue;
            }
            let known = former.entry(id);
            known
                .and_modify(|former: &mut Former<'_>| {
                    former.unproven &= unproven;
                    former.once &= once;
                })
                .or_insert_with(|| Former { address, live, unproven, once });
        }
        former
    }
}
