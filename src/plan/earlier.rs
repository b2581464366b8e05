//! What git held before the planned definitions: the base revision, and what the last recorded apply
//! put in place. Removals, origins, adoption, and protection that outlives its file come from here.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    change::{Change, What},
    resolve::{self, Matched, Resolved, ResolvedRole},
    temporary,
};
use crate::model::{
    Address, Key, Kind, RoleId, Scope, Untrusted,
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
    /// What the revisions say of that which may have declared it: the last recorded one, which asked
    /// for it, first, and those before that it names. Of each only what is open counts.
    pub left: &'a [Arc<DesiredState>],
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
        let left = self.left.iter().map(|state| &**state);
        self.states().chain(left).any(|state| !state.assignments.is_empty())
    }
}

/// Which earlier revision declares something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Declaring {
    /// What the last recorded apply put in place.
    Applied,
    /// The base.
    Base,
    /// Of [`Earlier::left`] the one at this index.
    Left(usize),
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

    /// Who holds which role by it, expired or not.
    fn held(&self) -> impl Iterator<Item = (Key, RoleId)> {
        let held = self.resolved.assignments.iter().map(|(key, held)| (key.clone(), held.role.clone()));
        // What has expired was declared too.
        held.chain(self.resolved.expired.keys().cloned())
    }

    /// The address of an assignment as this revision alone would write it: whatever the definitions
    /// call the role today.
    fn assignment(&self, target: &str, key: &Key, role: &RoleId) -> Address {
        let label = match (self.resolved.declared(role), role) {
            (Some(declared), _) => declared.desired.key.to_string(),
            (None, RoleId::Live(id)) => format!("={}", id.raw()),
            (None, RoleId::New(address)) => format!("={}", address.as_str()),
        };
        let label = key.role.as_ref().map(|_| &*label);
        Address::assignment(target, &key.scope, key.class, &key.name, label)
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
    /// What may have declared what the last recorded apply left to a person.
    left: Vec<View<'a>>,
    /// What it left.
    open: Option<&'a BTreeMap<Untrusted, Option<Untrusted>>>,
    /// Live roles that it left to go under no other address than that of their name, by name and place.
    named: BTreeMap<(&'a Untrusted, &'a Scope), &'a LiveObject>,
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
        // Its keys mean what base and applied called so; protection is looked up once, for the plan.
        let Earlier { base, applied, released, ids, open, left, .. } = input.earlier;
        let by_all = Earlier { base, applied, released, ids, open, left, ..Earlier::default() };
        // What is older than the record called other roles so, perhaps: of its ids only those of roles
        // count that a person still has to delete.
        let by_itself = Earlier { ids, open, left, ..Earlier::default() };
        let resolved = |desired: &'a DesiredState, earlier| {
            let input = resolve::Input { desired, earlier, ..input };
            View::new(resolve::leniently(input, &twins), &twins)
        };
        let view = |desired: Option<&'a DesiredState>| desired.map(|desired| resolved(desired, by_all));
        let of_left = |(index, state): (usize, &'a Arc<DesiredState>)| {
            resolved(state, if index == 0 { by_all } else { by_itself })
        };
        let target = &input.target.name;
        let went_by_name = |live: &&LiveObject| {
            let address = Address::live_role(target, &live.key.name, &live.key.scope);
            open.is_some_and(|open| open.contains_key(&Untrusted::from(address.as_str())))
        };
        let mut named: BTreeMap<_, Vec<&LiveObject>> = BTreeMap::new();
        for live in input.live.of(Kind::Role).filter(went_by_name) {
            named.entry((&live.key.name, &live.key.scope)).or_default().push(live);
        }
        // Of two nobody can tell which one was meant.
        let one = |(at, live): (_, Vec<&'a LiveObject>)| <[_; 1]>::try_from(live).ok().map(|[one]| (at, one));
        Self {
            named: named.into_iter().filter_map(one).collect(),
            base: view(input.earlier.base),
            applied: view(input.earlier.applied),
            released: view(input.earlier.released),
            left: left.iter().enumerate().map(of_left).collect(),
            open: input.earlier.open,
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

    /// Whether the last recorded apply left this to a person.
    fn is_open(&self, address: &Address) -> bool {
        self.open.is_some_and(|open| open.contains_key(&Untrusted::from(address.as_str())))
    }

    /// Roles that the last recorded apply left to a person, as the revisions say them that may have
    /// declared them.
    fn left_roles(&self) -> impl Iterator<Item = (&View<'a>, &ResolvedRole<'a>)> {
        let roles =
            self.left.iter().flat_map(|view| view.resolved.roles.iter().map(move |role| (view, role)));
        roles.filter(|(_, role)| {
            // Where its key means another role, or `removed:` names it, it went by its name.
            let live =
                role.live.map(|live| Address::live_role(&self.target, &live.key.name, &live.key.scope));
            self.is_open(&role.address) || live.is_some_and(|live| self.is_open(&live))
        })
    }

    /// As [`Self::left_roles`], those that go by their name, whatever their key means by now.
    fn left_by_name(&self) -> impl Iterator<Item = (&View<'a>, &ResolvedRole<'a>, &'a LiveObject)> {
        let roles =
            self.left.iter().flat_map(|view| view.resolved.roles.iter().map(move |role| (view, role)));
        roles.filter_map(|(view, role)| {
            let live = self.named.get(&(&role.desired.natural().value, &role.scope))?;
            Some((view, role, *live))
        })
    }

    /// As [`Self::left_roles`], who holds which role.
    fn left_assignments(&self) -> impl Iterator<Item = (&View<'a>, (Key, RoleId))> {
        let held = self.left.iter().flat_map(|view| view.held().map(move |held| (view, held)));
        held.filter(|(view, (key, role))| self.is_open(&view.assignment(&self.target, key, role)))
    }

    /// As [`Self::left_roles`], permissions.
    pub(super) fn left_permissions(&self) -> impl Iterator<Item = &'a Untrusted> {
        let slugs = self.left.iter().flat_map(|view| view.resolved.permissions.keys());
        slugs.filter(|slug| self.is_open(&Address::permission(&self.target, slug)))
    }

    /// The earlier revision that declares what `change` takes away, and the address that it has there:
    /// where somebody has to do it, that revision is what remembers it. `None` where git never declared
    /// it.
    pub fn declaring(&self, change: &Change) -> Option<(Declaring, Address)> {
        let views = self.applied.iter().map(|view| (Declaring::Applied, view));
        let views = views.chain(self.base.iter().map(|view| (Declaring::Base, view)));
        let left = self.left.iter().enumerate().map(|(index, view)| (Declaring::Left(index), view));
        let mut views = views.chain(left);
        match &change.what {
            What::Role { before: Some(before), .. } => {
                let id = change.id.as_ref()?;
                let found = views.filter_map(|(which, view)| {
                    let role = view.resolved.roles.get(*view.by_id.get(id)?)?;
                    Some((which, role))
                });
                let found: Vec<_> = found.collect();
                // One that gave it the name that it bears proves more than the record alone.
                let proves =
                    found.iter().find(|(_, role)| role.bears(&before.name) || role.desired.id.is_some());
                let (which, role) = proves.or(found.first())?;
                Some((*which, role.address.clone()))
            }
            What::Assignment { scope, class, principal, before: Some(held), .. } => {
                views.find_map(|(which, view)| {
                    let same = |key: &Key| (key.class, &key.scope, &key.name) == (class, scope, principal);
                    let (key, role) = view.held().find(|(key, role)| {
                        same(key) && (role == held || view.moved.get(role) == Some(held))
                    })?;
                    Some((which, view.assignment(&self.target, &key, &role)))
                })
            }
            What::Permission { slug, before: Some(_), .. } => {
                let (which, _) = views.find(|(_, view)| view.resolved.permissions.contains_key(slug))?;
                Some((which, change.address.clone()))
            }
            What::Role { .. } | What::Assignment { .. } | What::Permission { .. } | What::Default { .. } => {
                None
            }
        }
    }

    /// Live roles that base or applied declare under keys that `planned` does not have, and that it
    /// does not mean in another way, by id.
    pub(super) fn former(&self, planned: &Resolved<'_>) -> BTreeMap<&'a Untrusted, Former<'a>> {
        let declared =
            self.declared().flat_map(|view| view.resolved.roles.iter().map(move |role| (view, role)));
        let declared = declared.chain(self.left_roles());
        let declared = declared.filter_map(|(view, role)| Some((view, role, role.live?)));
        let mut former = self.gone(declared.chain(self.left_by_name()), planned);
        let released = self.released(planned);
        former.retain(|id, _| !released.contains_key(id));
        former
    }

    /// Who held which role by base or applied, and is not declared by `planned` at all.
    pub(super) fn former_assignments(&self, planned: &Resolved<'_>) -> BTreeSet<(Key, RoleId)> {
        let of = |key: &Key, role: &RoleId| {
            (Key { role: key.role.as_ref().map(|_| role.clone()), ..key.clone() }, role.clone())
        };
        let declared = self.declared().flat_map(|view| view.held().map(move |held| (view, held)));
        let held = declared.chain(self.left_assignments()).flat_map(|(view, (key, role))| {
            let now = view.moved.get(&role).map(|now| of(&key, now));
            [(key, role)].into_iter().chain(now)
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
        let views = self.released.iter();
        let roles = views.flat_map(|view| view.resolved.roles.iter().map(move |role| (view, role)));
        let roles = roles.filter_map(|(view, role)| Some((view, role, role.live?)));
        let mut released = self.gone(roles, planned);
        if let Some(base) = &self.base {
            released.retain(|id, _| !base.by_id.contains_key(id));
        }
        released
    }

    fn gone<'v>(
        &self,
        roles: impl Iterator<Item = (&'v View<'a>, &'v ResolvedRole<'a>, &'a LiveObject)>,
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
            .chain(self.left_roles().map(|(_, role)| role))
            .map(|role| &role.desired.natural().value)
            .collect();
        let mut former = BTreeMap::new();
        for (view, role, live) in roles {
            let Some(id) = &live.id else { continue };
            if live.builtin || meant.contains(id) || planned.removed.contains_key(id) {
                continue;
            }
            let by_name =
                self.named.get(&(&live.key.name, &live.key.scope)).is_some_and(|it| it.id == live.id);
            let now = planned.roles.binary_search_by(|now| now.address.cmp(&role.address)).ok();
            let address = match now.and_then(|now| planned.roles.get(now)) {
                None => role.address.clone(),
                Some(now) if by_name || view.means_another(now) => {
                    Address::live_role(&self.target, &live.key.name, &live.key.scope)
                }
                Some(_) => continue,
            };
            let unproven = role.matched == Matched::Recorded && !role.bears(&live.key.name);
            let named = role.desired.natural().value == live.key.name;
            let interrupted = temporary::name(&role.address) == live.key.name;
            let once = role.matched == Matched::Previously
                && !(named || interrupted || names.contains(&live.key.name));
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
