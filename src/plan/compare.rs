//! What differs: the changes that lead from live to what is wanted, under the mode that says what
//! is owned.

mod adoption;
mod assignments;
mod default;
mod deletion;
mod kept;
mod likely_rename;
mod permissions;
mod roles;
mod shown;
mod unjudged;
mod wider;

use std::collections::{BTreeMap, BTreeSet};

use super::{
    change::{Change, Hand, Plan, Verdict, What},
    document::Guard,
    earlier::{Earlier, Former, Views},
    holders, origin,
    resolve::{Resolved, ResolvedRole},
};
use crate::{
    catalog::Catalogue,
    contract::{self, Base, Moved, Obstacle, Roles, Spec},
    model::{
        Key, Kind, RoleId, RoleState, Scope, Untrusted, Value,
        config::{Mode, Target},
        field,
        live::{Live, LiveObject, LiveState},
    },
};

pub use wider::wider;

/// What comparing needs.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// The target.
    pub target: &'a Target,
    /// Its provider.
    pub spec: &'a dyn Spec,
    /// What is wanted.
    pub resolved: &'a Resolved<'a>,
    /// What is there.
    pub live: &'a LiveState,
    /// What git held before, symbolic.
    pub earlier: Earlier<'a>,
    /// The same, resolved against what is there.
    pub views: &'a Views<'a>,
}

/// What git declared before, as evidence that a live role is ours.
#[derive(Debug, Default)]
struct Declared<'a> {
    /// Names of roles, with their scopes.
    names: BTreeSet<(&'a Scope, &'a Untrusted)>,
    /// Names of roles, with their keys and scopes.
    keyed: BTreeSet<(&'a str, &'a Scope, &'a Untrusted)>,
    /// Ids that definitions gave.
    ids: BTreeSet<&'a Untrusted>,
}

impl<'a> Declared<'a> {
    fn of(earlier: Earlier<'a>, live: &'a LiveState) -> Self {
        let mut declared = Self::default();
        for role in earlier.states().flat_map(|state| &state.roles) {
            let name = &role.natural().value;
            declared.names.insert((live.place(&role.scope).unwrap_or(&role.scope), name));
            declared.keyed.insert((&role.key, &role.scope, name));
            declared.ids.extend(role.id.as_ref().map(|id| &id.value));
        }
        declared
    }
}

/// Whether the plan cannot be made without knowing who holds which role.
fn needs_members(input: Input<'_>) -> bool {
    let resolved = input.resolved;
    let held = |object: &LiveObject| object.holders != Some(0);
    !resolved.assignments.is_empty()
        || !resolved.expired.is_empty()
        || !resolved.exclusive.is_empty()
        || input.target.manage.assignments == Mode::Authoritative
        || resolved.removed.values().any(|removal| held(removal.live))
        || (input.target.manage.roles != Mode::Additive
            && input.views.former(resolved).values().any(|former| held(former.live)))
        || (input.target.manage.roles == Mode::Authoritative
            && undeclared_roles(resolved, input.live).any(held))
        || resolved.roles.iter().any(|role| role.replaced && role.live.is_some_and(held))
}

/// Compares and returns the changes, with the verdicts that follow from what can and cannot be
/// known or done.
pub fn compare(input: Input<'_>) -> Plan {
    let former = match input.target.manage.roles {
        Mode::Additive => BTreeMap::new(),
        Mode::Declared | Mode::Authoritative => input.views.former(input.resolved),
    };
    let released = input.views.released(input.resolved);
    let going = going(input, &former, &released);
    let mut comparison = Comparison {
        input,
        declared: Declared::of(input.earlier, input.live),
        former_assignments: input.views.former_assignments(input.resolved),
        slots: input.live.of(Kind::Assignment).map(|slot| (&slot.key, slot)).collect(),
        holders: by_role(input.live),
        named: named(input.live),
        leaving: going.iter().copied().chain(renamed(input.resolved)).collect(),
        going,
        former,
        released,
        live_default: live_default(input.live),
        plan: Plan::default(),
    };
    comparison.plan.notes.extend(input.resolved.notes.iter().cloned());
    comparison.plan.verdicts.extend(input.resolved.verdicts.iter().cloned());
    comparison.role_names();
    comparison.bases();
    comparison.roles();
    comparison.permissions();
    comparison.default();
    comparison.assignments();
    comparison.given_by();
    comparison.room();
    comparison.held();
    comparison.unread();
    comparison.unchecked();
    comparison.unjudged();
    let mut plan = comparison.plan;
    plan.changes.sort_by(|a, b| (&a.address, &a.id).cmp(&(&b.address, &b.id)));
    origin::mark(&mut plan.changes, input);
    for change in &plan.changes {
        plan.attested.remove(&change.address);
    }
    plan.notes.extend(likely_rename::notes(&plan.changes));
    plan.shown = shown::roles(input, &plan.changes);
    let new: Vec<(&'static str, &Scope)> = plan.changes.iter().filter_map(new_role).collect();
    let notes = input.spec.about_new_roles(&new, input.live);
    plan.notes.extend(notes.into_iter().map(Untrusted::from));
    plan.notes.extend(attest(&plan.changes, input.spec));
    for change in &mut plan.changes {
        let obstacle = moved(change)
            .and_then(|moved| input.spec.cannot_hold(&moved, input.live, &input.target.settings));
        if let Some(Obstacle { why, help }) = obstacle {
            change.verdicts.push(Verdict::refuse(Guard::Blocked, why, Some(help)));
        }
    }
    plan.unmanaged_roles.sort();
    plan
}

/// Declared roles as they will be.
fn wanted_roles(resolved: &Resolved<'_>) -> BTreeMap<RoleId, RoleState> {
    let state = |role: &ResolvedRole<'_>| RoleState {
        name: role.desired.name.value.clone(),
        description: None,
        permissions: Some(role.permissions.keys().cloned().collect()),
        fields: role.fields.clone(),
    };
    resolved.roles.iter().map(|role| (role.id(), state(role))).collect()
}

/// What the provider has to say about who moves by the changes that are left of a plan; of a change that
/// is refused for its own sake nothing comes.
pub fn about_people(
    plan: &Plan,
    spec: &dyn Spec,
    resolved: &Resolved<'_>,
    live: &LiveState,
) -> Vec<Untrusted> {
    let stands = |change: &&Change| change.verdicts.is_empty();
    let moved: BTreeSet<Moved<'_>> = plan.changes.iter().filter(stands).filter_map(moved).collect();
    let moved: Vec<Moved<'_>> = moved.into_iter().collect();
    let wanted = wanted_roles(resolved);
    let roles = Roles { names: &plan.role_names, wanted: &wanted };
    spec.about_assignments(&moved, &roles, live).into_iter().map(Untrusted::from).collect()
}

/// Class and place of the role that a change makes.
fn new_role(change: &Change) -> Option<(&'static str, &Scope)> {
    match &change.what {
        What::Role { class, scope, before: None, after: Some(_), .. } => Some((class, scope)),
        _ => None,
    }
}

/// How what a person does becomes known where the API does not tell it.
fn attest(changes: &[Change], spec: &dyn Spec) -> Option<Untrusted> {
    let hidden = |class: &&str| {
        contract::role_class(spec, class)
            .is_some_and(|class| !class.listed || class.fields.iter().any(|field| !field.readable))
    };
    let unseen = |change: &Change| match &change.what {
        What::Role { class, after: Some(_), .. } => change.by_hand != Hand::Nothing && hidden(class),
        What::Assignment { class, .. } => {
            change.by_hand != Hand::Nothing
                && contract::principal(spec, class).is_some_and(|class| !class.listed)
        }
        _ => false,
    };
    changes.iter().any(unseen).then(|| {
        format!(
            "{} does not tell everything that is done by hand. Once it is, `rolecall import --attest` says so; its file is reviewed and committed, and counts from then on.",
            spec.title()
        )
        .into()
    })
}

/// The principal whose role a change changes.
fn moved(change: &Change) -> Option<Moved<'_>> {
    match &change.what {
        What::Assignment { scope, class, principal, before, after } => Some(Moved {
            class,
            scope,
            principal,
            title: &change.title,
            before: before.as_ref(),
            after: after.as_ref(),
        }),
        What::Role { .. } | What::Permission { .. } | What::Default { .. } => None,
    }
}

/// Who holds each role: role id to the slots.
fn by_role(live: &LiveState) -> BTreeMap<&Untrusted, Vec<&LiveObject>> {
    let mut holders: BTreeMap<&Untrusted, Vec<&LiveObject>> = BTreeMap::new();
    for slot in live.of(Kind::Assignment) {
        if let Some(RoleId::Live(id)) = held_role(slot) {
            holders.entry(id).or_default().push(slot);
        }
    }
    holders
}

fn named(live: &LiveState) -> BTreeMap<&Untrusted, Vec<&LiveObject>> {
    let mut named: BTreeMap<&Untrusted, Vec<&LiveObject>> = BTreeMap::new();
    for role in live.of(Kind::Role) {
        named.entry(&role.key.name).or_default().push(role);
    }
    named
}

/// Live roles that are deleted.
fn going<'a>(
    input: Input<'a>,
    former: &BTreeMap<&'a Untrusted, Former<'a>>,
    released: &BTreeMap<&'a Untrusted, Former<'a>>,
) -> BTreeSet<&'a Untrusted> {
    let resolved: &'a Resolved<'a> = input.resolved;
    let authoritative = input.target.manage.roles == Mode::Authoritative;
    let undeclared = undeclared_roles(resolved, input.live).filter_map(|role| role.id.as_ref());
    let undeclared = undeclared.filter(|id| authoritative && !released.contains_key(id));
    former.keys().copied().chain(resolved.removed.keys()).chain(undeclared).collect()
}

/// Live roles that give up what they are known by.
fn renamed<'a>(resolved: &'a Resolved<'a>) -> impl Iterator<Item = &'a Untrusted> {
    resolved.roles.iter().filter_map(|role| {
        let live = role.live.filter(|live| live.key.name != role.desired.natural().value);
        live.and_then(|live| live.id.as_ref())
    })
}

fn live_default(live: &LiveState) -> Option<Option<RoleId>> {
    match live.of(Kind::Default).next()?.fields.get(field::ROLE)?.value()? {
        Value::Role(role) => Some(role.clone()),
        _ => None,
    }
}

/// The role in a slot; `None` for an empty or unreadable one.
fn held_role(slot: &LiveObject) -> Option<&RoleId> {
    match slot.fields.get(field::ROLE)?.value()? {
        Value::Role(role) => role.as_ref(),
        _ => None,
    }
}

/// Custom live roles that are neither declared nor removed on purpose.
fn undeclared_roles<'a>(
    resolved: &'a Resolved<'_>,
    live: &'a LiveState,
) -> impl Iterator<Item = &'a LiveObject> {
    let lives = resolved.roles.iter().flat_map(|role| [role.live, role.successor]);
    let declared: BTreeSet<&Untrusted> = lives.flatten().filter_map(|live| live.id.as_ref()).collect();
    live.of(Kind::Role).filter(move |object| {
        !object.builtin
            && object
                .id
                .as_ref()
                .is_some_and(|id| !declared.contains(id) && !resolved.removed.contains_key(id))
    })
}

struct Comparison<'a> {
    input: Input<'a>,
    /// What git declared before.
    declared: Declared<'a>,
    /// Live roles that git no longer declares and that go, by id.
    former: BTreeMap<&'a Untrusted, Former<'a>>,
    /// Live roles that are no longer managed and stay, by id.
    released: BTreeMap<&'a Untrusted, Former<'a>>,
    /// Ids of roles that are deleted.
    going: BTreeSet<&'a Untrusted>,
    /// Who held which role by the definitions before, and is not declared now.
    former_assignments: BTreeSet<(Key, RoleId)>,
    /// Live assignments by natural key.
    slots: BTreeMap<&'a Key, &'a LiveObject>,
    holders: BTreeMap<&'a Untrusted, Vec<&'a LiveObject>>,
    /// Live roles by name.
    named: BTreeMap<&'a Untrusted, Vec<&'a LiveObject>>,
    /// Ids of roles that give up their name.
    leaving: BTreeSet<&'a Untrusted>,
    /// The live default; `None` where it cannot be read.
    live_default: Option<Option<RoleId>>,
    plan: Plan,
}

impl<'a> Comparison<'a> {
    fn catalogue(&self) -> &'a Catalogue {
        self.input.spec.catalogue()
    }

    fn role_names(&mut self) {
        for object in self.input.live.of(Kind::Role) {
            if let Some(id) = &object.id {
                self.plan.role_names.insert(RoleId::Live(id.clone()), object.key.name.clone());
            }
        }
        // What was declared before and is nowhere has no other name.
        let views = [&self.input.views.base, &self.input.views.applied].into_iter().flatten();
        for role in views.flat_map(|view| &view.resolved.roles).filter(|role| role.live.is_none()) {
            self.plan.role_names.insert(role.id(), role.desired.name.value.clone());
        }
        for role in &self.input.resolved.roles {
            self.plan.role_names.insert(role.id(), role.desired.name.value.clone());
            if role.desired.allow_gap {
                self.plan.gaps_allowed.insert(role.id());
                self.plan.gaps_allowed.extend(role.live_id());
            }
        }
    }

    /// Counts who holds a role that changes, where the API has no number of them, and who gives it to
    /// others.
    fn given_by(&mut self) {
        for change in &self.plan.changes {
            let (What::Role { class, scope, before, .. }, Some(id)) = (&change.what, &change.id) else {
                continue;
            };
            // Of each the same one may hold it in several places.
            let (mut people, mut groups) = (BTreeSet::new(), BTreeSet::new());
            for slot in self.holders.get(id).into_iter().flatten() {
                match contract::principal(self.input.spec, slot.key.class) {
                    Some(class) if class.group => {
                        if !class.counted || change.holders.is_none() {
                            groups.insert((slot.key.class, &slot.key.name));
                        }
                    }
                    _ => {
                        people.insert((slot.key.class, &slot.key.name));
                    }
                }
            }
            if !groups.is_empty() {
                self.plan.given_by.insert(id.clone(), groups.len() as u64);
            }
            let kind = before.as_ref().and_then(|before| before.fields.get(field::RESOURCE_TYPE));
            let inside = contract::is_held_inside(self.input.spec, class, kind);
            if change.holders.is_none() && !people.is_empty() && self.lists_people(scope, inside) {
                self.plan.held_by.insert(id.clone(), people.len() as u64);
            }
            if let Some(number) = change.holders.or_else(|| self.plan.held_by.get(id).copied()) {
                let mut listed: BTreeMap<&'static str, u64> = BTreeMap::new();
                for (class, _) in &people {
                    *listed.entry(class).or_default() += 1;
                }
                let kinds = holders::kinds(self.input.spec, number, &listed);
                if !kinds.is_empty() {
                    self.plan.held_as.insert(id.clone(), kinds);
                }
            }
        }
    }

    /// Says which lists were not read.
    fn unread(&mut self) {
        const SHOWN: usize = 10;
        let unread = &self.input.live.unread;
        let notes = unread.values().take(SHOWN).map(|why| {
            format!(
                "A list was not read, so that nothing of it changes: {}.",
                why.raw().trim_end_matches('.')
            )
        });
        self.plan.notes.extend(notes.map(Untrusted::from));
        if let Some(more) = unread.len().checked_sub(SHOWN).filter(|more| *more > 0) {
            self.plan.notes.push(format!("{more} more lists were not read.").into());
        }
    }

    /// Says of which places nobody can tell whether they are there.
    fn unchecked(&mut self) {
        const SHOWN: usize = 10;
        let unchecked = &self.input.live.unchecked;
        let note = |(scope, why): (&Scope, &Untrusted)| {
            let place = contract::manual::place(scope)?;
            Some(format!("Not known whether there is such a place: {place}. {}", why.raw()))
        };
        let notes = unchecked.iter().filter_map(note).take(SHOWN);
        self.plan.notes.extend(notes.map(Untrusted::from));
        if let Some(more) = unchecked.len().checked_sub(SHOWN).filter(|more| *more > 0) {
            self.plan.notes.push(format!("Nor of {more} more places.").into());
        }
    }

    /// What every role starts from, where that is always held: live, and as the definitions want it.
    fn bases(&mut self) {
        let base = |value: Option<&Value>| match value {
            Some(Value::Role(Some(base))) => Some(base.clone()),
            _ => None,
        };
        for object in self.input.live.of(Kind::Role) {
            let there = base(object.fields.get(field::BASE).and_then(Live::value));
            if let (Some(id), Some(base)) = (&object.id, there) {
                self.plan.bases.insert(RoleId::Live(id.clone()), base);
            }
        }
        for role in &self.input.resolved.roles {
            if let Some(base) = base(role.fields.get(field::BASE)) {
                self.plan.bases.insert(role.id(), base);
            }
        }
    }

    /// How many more roles fit, where the provider has a limit.
    fn room(&mut self) {
        let settings = &self.input.target.settings;
        let classes = self.input.spec.roles().iter();
        let limited = classes.filter_map(|class| Some((class.class, class.strict_limit(settings)?)));
        let limits: BTreeMap<&str, u32> = limited.collect();
        for change in &self.plan.changes {
            let What::Role { class, scope, .. } = &change.what else { continue };
            let Some(limit) = limits.get(class) else { continue };
            let there = self
                .input
                .live
                .of(Kind::Role)
                .filter(|role| !role.builtin && role.key.class == *class && role.key.scope == *scope);
            let room = (*limit as usize).saturating_sub(there.count());
            self.plan.room.insert((class, scope.clone()), room);
        }
        self.advised();
    }

    /// Says where there will be more roles than the provider is documented to hold, if it takes more.
    fn advised(&mut self) {
        let settings = &self.input.target.settings;
        for class in self.input.spec.roles().iter().filter(|class| class.strict_limit(settings).is_none()) {
            let Some(limit) = class.limit else { continue };
            let there =
                self.input.live.of(Kind::Role).filter(|role| !role.builtin && role.key.class == class.class);
            let is = |change: &&Change, made: bool| match &change.what {
                What::Role { class: of, before, after, .. } if *of == class.class => match made {
                    true => before.is_none() && after.is_some(),
                    false => before.is_some() && after.is_none(),
                },
                _ => false,
            };
            let made = self.plan.changes.iter().filter(|change| is(change, true)).count();
            let gone = self.plan.changes.iter().filter(|change| is(change, false)).count();
            let roles = (there.count() + made).saturating_sub(gone);
            if made > 0 && roles > limit as usize {
                let title = self.input.spec.title();
                let note = format!("There would be {roles} roles; {title} is documented to hold {limit}.");
                self.plan.notes.push(note.into());
            }
        }
    }

    /// What principals hold who can hold several roles in one place.
    fn held(&mut self) {
        let classes =
            self.input.spec.principals().iter().filter(|c| !c.one_role(&self.input.target.settings));
        self.plan.several = classes.map(|class| class.class).collect();
        if self.plan.changes.is_empty() {
            return;
        }
        let granted = |object: &LiveObject| match object.fields.get(field::PERMISSIONS)?.value()? {
            Value::Set(set) => Some(set.clone()),
            _ => None,
        };
        if self.input.spec.roles().iter().any(|class| class.base == Base::Floor) {
            let builtin = self.input.live.of(Kind::Role).filter(|object| object.builtin);
            let builtin =
                builtin.filter_map(|object| Some((RoleId::Live(object.id.clone()?), granted(object)?)));
            self.plan.role_permissions = builtin.collect();
        }
        if self.plan.several.is_empty() {
            return;
        }
        let mut held: BTreeMap<_, BTreeSet<RoleId>> = BTreeMap::new();
        for slot in self.input.live.of(Kind::Assignment) {
            if let (true, Some(role)) = (self.plan.several.contains(slot.key.class), held_role(slot)) {
                let who = (slot.key.class, slot.key.scope.clone(), slot.key.name.clone());
                held.entry(who).or_default().insert(role.clone());
            }
        }
        let moved: BTreeSet<_> = self
            .plan
            .changes
            .iter()
            .filter_map(|change| match &change.what {
                What::Assignment { scope, class, principal, .. } => {
                    Some((*class, scope.clone(), principal.clone()))
                }
                What::Role { .. } | What::Permission { .. } | What::Default { .. } => None,
            })
            .collect();
        held.retain(|who, roles| roles.len() > 1 || moved.contains(who));
        let roles: BTreeSet<&RoleId> = held.values().flatten().collect();
        for object in self.input.live.of(Kind::Role).filter(|object| !object.builtin) {
            let id = object.id.clone().map(RoleId::Live).filter(|id| roles.contains(id));
            let (Some(id), Some(mut set)) = (id, granted(object)) else { continue };
            if let Some(Value::Role(Some(base))) =
                object.fields.get(field::BASE).and_then(|live| live.value())
            {
                set.extend(self.plan.role_permissions.get(base).into_iter().flatten().cloned());
            }
            self.plan.role_permissions.insert(id, set);
        }
        self.plan.held = held;
    }

    fn called(&self, slot: &LiveObject) -> String {
        self.called_by(slot.key.class, &slot.key.name)
    }

    /// What to call a principal: its name and its id, or the id alone.
    fn called_by(&self, class: &'static str, id: &Untrusted) -> String {
        match self.input.live.names.get(&(class, id.clone())) {
            Some(name) if name != id => format!("{} ({})", name.raw(), id.raw()),
            _ => id.raw().to_owned(),
        }
    }

    fn wanted_role(&self, slot: &LiveObject) -> Option<&RoleId> {
        let resolved = self.input.resolved;
        let wanted = match &slot.key.role {
            None => resolved.assignments.get(&slot.key)?,
            Some(role) if resolved.becomes(role) == role => resolved.assignments.get(&slot.key)?,
            // The new role is another slot: this one moves.
            Some(_) => return None,
        };
        Some(&wanted.role)
    }

    /// The key and the role of a slot as the definitions mean them: of a role that is replaced the new
    /// one.
    fn as_said(&self, slot: &LiveObject, held: &RoleId) -> (Key, RoleId) {
        let role = self.input.resolved.becomes(held).clone();
        let key = Key { role: slot.key.role.as_ref().map(|_| role.clone()), ..slot.key.clone() };
        (key, role)
    }

    fn name_of(&self, role: &RoleId) -> Untrusted {
        self.plan.role_names.get(role).cloned().unwrap_or_else(|| match role {
            RoleId::Live(id) => id.clone(),
            RoleId::New(address) => address.as_str().into(),
        })
    }

    fn is_builtin(&self, id: &Untrusted) -> bool {
        self.input.live.of(Kind::Role).any(|role| role.builtin && role.id.as_ref() == Some(id))
    }

    fn is_vacant(&self, role: Option<&RoleId>) -> bool {
        match role {
            None => true,
            Some(RoleId::Live(id)) => {
                self.catalogue().builtin(id.raw()).is_some_and(|builtin| builtin.vacant)
            }
            Some(RoleId::New(_)) => false,
        }
    }
}

fn incomplete(verb: &str, name: &str, why: &Untrusted) -> Verdict {
    let message = format!("will not {verb} `{name}` on an incomplete read: {}", why.raw());
    Verdict::refuse(Guard::Incomplete, message, None)
}
