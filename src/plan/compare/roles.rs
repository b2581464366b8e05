//! Roles that are made, changed, and deleted.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::{
        change::{Change, Hand, RoleState, Successor, Verdict, What, differing, natural},
        document::{Action, Guard, Reason},
        earlier::Former,
        origin::Origins,
        resolve::{Matched, ResolvedRole},
    },
    Comparison, incomplete, undeclared_roles,
};
use crate::{
    contract::{self, Do, OnChange, RoleClass, equal, equal_text},
    definition::emit,
    model::{
        Address, Field, Kind, Untrusted, Value,
        config::Mode,
        desired::{Protect, Via},
        field,
        live::{Live, LiveObject},
    },
};

impl<'a> Comparison<'a> {
    pub(super) fn roles(&mut self) {
        for role in &self.input.resolved.roles {
            let change = match role.live {
                None => Some(self.create(role)),
                Some(live) => self.update(role, live),
            };
            self.plan.changes.extend(change);
        }
        let resolved = self.input.resolved;
        for removal in resolved.removed.values() {
            let address = self.live_address(removal.live);
            self.delete(address, removal.live, removal.reassign_to.as_ref(), Some(removal.site), None);
            if removal.unproven {
                self.unproven(removal.live);
            }
        }
        for former in self.former.clone().into_values() {
            self.delete(former.address, former.live, None, None, Some(Reason::NoLongerDeclared));
            if former.unproven {
                self.unproven(former.live);
            }
            if former.once {
                self.once(former.live);
            }
        }
        for former in self.released.clone().into_values() {
            self.release(&former);
        }
        self.attested();
        let authoritative = self.input.target.manage.roles == Mode::Authoritative;
        let known = |id: &&Untrusted| self.former.contains_key(id) || self.released.contains_key(id);
        let others: Vec<&LiveObject> = undeclared_roles(resolved, self.input.live)
            .filter(|object| !object.id.as_ref().is_some_and(|id| known(&id)))
            .collect();
        for object in others {
            if authoritative {
                self.delete(self.live_address(object), object, None, None, Some(Reason::NeverDeclared));
            } else {
                let address =
                    Address::live_role(&self.input.target.name, &object.key.name, &object.key.scope);
                self.plan.unmanaged_roles.push((address, object.key.name.clone()));
            }
        }
    }

    /// Says what nobody verified.
    fn attested(&mut self) {
        let attested =
            |live: &&LiveObject| live.fields.values().any(|field| matches!(field, Live::Attested(_)));
        let resolved = self.input.resolved;
        let roles = resolved.roles.iter().filter_map(|role| Some((role, role.live.filter(attested)?)));
        let target = &self.input.target.name;
        let mut names = Vec::new();
        for (role, live) in roles {
            names.push(format!("`{}`", live_name(live).raw()));
            let address = Address::role(target, &role.desired.key, &role.scope);
            self.plan.attested.insert(address, Kind::Role);
        }
        let held = self.slots.iter().filter(|(_, slot)| attested(slot)).map(|(key, _)| *key);
        for key in held.filter(|key| resolved.assignments.contains_key(key)) {
            let role = key.role.as_ref().map(|role| self.label(role));
            let address = Address::assignment(target, &key.scope, key.class, &key.name, role.as_deref());
            self.plan.attested.insert(address, Kind::Assignment);
        }
        const SHOWN: usize = 10;
        let more = names.len().saturating_sub(SHOWN);
        names.truncate(SHOWN);
        if more > 0 {
            names.push(format!("{more} more roles"));
        }
        let held = self.slots.values().filter(|slot| attested(slot)).count();
        match held {
            0 => {}
            1 => names.push("1 assignment".to_owned()),
            held => names.push(format!("{held} assignments")),
        }
        let shown = match names.as_slice() {
            [] => return,
            [one] => one.clone(),
            [first @ .., last] => format!("{}, and {last}", first.join(", ")),
        };
        let text =
            format!("Attested, not verified: what {} cannot tell of {shown}.", self.input.spec.title());
        self.plan.notes.push(text.into());
    }

    /// The record of applies is a ref that others may be able to write: on its word alone nothing is
    /// deleted.
    fn unproven(&mut self, live: &LiveObject) {
        let by_id = live.id.as_ref().is_some_and(|id| self.declared.ids.contains(id));
        let (Some(change), false) = (self.plan.changes.last_mut(), by_id || self.input.earlier.exempt) else {
            return;
        };
        let name = &live.key.name;
        let message = format!(
            "role `{}` would be deleted; only the record of the last apply says that git declared it, under another name",
            name.raw()
        );
        let line = emit::removal(name.raw(), &live.key.scope, None);
        let help = format!("To delete it on purpose, say under `removed:` `{line}`.");
        change.verdicts.push(Verdict::refuse(Guard::Adopt, message, Some(help)));
    }

    /// An earlier name stays in the definitions long after the rename: without a record nobody can
    /// tell whether who bears it today is that role, or was made since.
    fn once(&mut self, live: &LiveObject) {
        let (Some(change), false) = (self.plan.changes.last_mut(), self.input.earlier.exempt) else {
            return;
        };
        let name = &live.key.name;
        let message = format!(
            "role `{}` would be deleted; only `previously` says that git declared it, under another name",
            name.raw()
        );
        let line = emit::removal(name.raw(), &live.key.scope, None);
        let help = format!("To delete it on purpose, say under `removed:` `{line}`.");
        change.verdicts.push(Verdict::refuse(Guard::Adopt, message, Some(help)));
    }

    fn live_address(&self, object: &LiveObject) -> Address {
        Address::live_role(&self.input.target.name, &object.key.name, &object.key.scope)
    }

    /// A role that is no longer managed, and stays as it is.
    fn release(&mut self, former: &Former<'_>) {
        let live = former.live;
        let state = state(live);
        self.plan.changes.push(Change {
            address: former.address.clone(),
            action: Action::Release,
            title: live.key.name.clone(),
            id: live.id.clone(),
            what: What::Role {
                class: live.key.class,
                scope: live.key.scope.clone(),
                described: state.description.clone().flatten(),
                before: Some(state.clone()),
                after: Some(state),
                via: BTreeMap::new(),
                granted: BTreeSet::new(),
                successor: None,
            },
            origins: Origins::default(),
            adopts: false,
            reason: None,
            holders: live.holders,
            protect: BTreeSet::new(),
            side_effects: Vec::new(),
            site: None,
            verdicts: Vec::new(),
            by_hand: Hand::Nothing,
            blocked_by: Vec::new(),
        });
    }

    fn create(&self, role: &ResolvedRole<'_>) -> Change {
        let mut verdicts = Vec::new();
        let (class, scope) = (role.desired.class, &role.scope);
        if let Some(why) = self.input.live.incomplete_at(Kind::Role, class, scope) {
            verdicts.push(incomplete("create", role.desired.name.value.raw(), why));
        }
        verdicts.extend(self.taken_name(role));
        let class = self.class(role.desired.class);
        if class.is_some_and(|class| class.create == Do::Refuse) {
            let message = format!(
                "role `{}` is not there, and {} has no way to make one of its class",
                role.desired.name.value.raw(),
                self.input.spec.title()
            );
            verdicts.push(Verdict::refuse(Guard::Blocked, message, None));
        }
        Change {
            address: role.address.clone(),
            action: Action::Create,
            title: role.desired.name.value.clone(),
            id: None,
            what: What::Role {
                class: role.desired.class,
                scope: role.scope.clone(),
                before: None,
                after: Some(wanted(role, class)),
                described: None,
                via: role.permissions.clone(),
                granted: role.granted.clone(),
                successor: None,
            },
            origins: Origins::default(),
            adopts: false,
            reason: None,
            holders: None,
            protect: role.desired.protect.clone(),
            side_effects: Vec::new(),
            site: Some(role.desired.site),
            verdicts,
            by_hand: hand(class.map(|class| class.create)),
            blocked_by: Vec::new(),
        }
    }

    pub(super) fn class(&self, class: &str) -> Option<&'static RoleClass> {
        contract::role_class(self.input.spec, class)
    }

    /// A live role that differs from its definition; where a field cannot change, a new one takes its
    /// place.
    fn update(&mut self, role: &ResolvedRole<'_>, live: &LiveObject) -> Option<Change> {
        let additive = self.input.target.manage.roles == Mode::Additive;
        let class = self.class(role.desired.class);
        let mut verdicts = Vec::new();
        let before_permissions = match live.fields.get(field::PERMISSIONS).and_then(Live::value) {
            Some(Value::Set(set)) => Some(set.clone()),
            _ => None,
        };
        let told = class.is_none_or(|class| class.reads(field::PERMISSIONS));
        if before_permissions.is_none() && told {
            let message = format!(
                "the permissions of role `{}` cannot be read, so nobody can tell what would change",
                live.key.name.raw()
            );
            let help = "Check the rights of the credential with `rolecall doctor`.".to_owned();
            verdicts.push(Verdict::refuse(Guard::Blocked, message, Some(help)));
        }
        let mut after = wanted(role, class);
        if additive && let Some(permissions) = &mut after.permissions {
            permissions.extend(before_permissions.iter().flatten().cloned());
        }
        let described = match live.fields.get(field::DESCRIPTION).and_then(Live::value) {
            Some(Value::Text(text)) => text.clone(),
            _ => None,
        };
        // Where the API never tells it, nobody knows that it is as it should be.
        let never_told = self.class(role.desired.class).is_some_and(|c| !c.reads(field::DESCRIPTION))
            && live.fields.get(field::DESCRIPTION).and_then(Live::value).is_none();
        let managed = after.description.is_some() && !never_told;
        let mut before = RoleState {
            name: live_name(live),
            description: managed.then(|| described.clone()),
            permissions: before_permissions,
            fields: BTreeMap::new(),
        };
        let description_differs = after.description.as_ref().is_some_and(|after| {
            let value = |text: &Option<Untrusted>| Value::Text(text.clone());
            never_told
                || !self.same(role.desired.class, field::DESCRIPTION, &value(&described), &value(after))
        });
        for (name, value) in &mut after.fields {
            let there = live.fields.get(name).and_then(Live::value);
            if let Some(there) = there {
                before.fields.insert(name, there.clone());
                if self.same(role.desired.class, name, there, value) {
                    value.clone_from(there);
                }
            }
        }
        let mut differ = differing(&before, &after);
        if !description_differs {
            differ.remove(field::DESCRIPTION); // No text and the empty text.
        }
        if differ.is_empty() && !role.replaced {
            return None;
        }
        let renamed = natural(&before) != natural(&after);
        verdicts.extend(Self::locked(live));
        if renamed {
            verdicts.extend(self.taken_name(role));
        }
        if description_differs
            && !never_told
            && matches!(live.fields.get(field::DESCRIPTION), Some(Live::Unreadable))
        {
            let message = format!("the description of role `{}` cannot be read", live.key.name.raw());
            let help = "Leave `description` out to let it be as it is.";
            verdicts.push(Verdict::refuse(Guard::Blocked, message, Some(help.into())));
        }
        let mut by_hand = BTreeSet::new();
        for name in &differ {
            match class.map_or(OnChange::InPlace, |class| class.on_change(name)) {
                OnChange::InPlace | OnChange::Replace => {}
                OnChange::Manual => {
                    by_hand.insert(*name);
                }
                // A new role takes its place anyway.
                OnChange::Refuse if role.replaced => {}
                OnChange::Refuse => verdicts.push(self.unchangeable(live, name)),
            }
        }
        let (old, new) = (before.permissions.as_ref(), after.permissions.as_ref());
        let empty = BTreeSet::new();
        let (old, new) = (old.unwrap_or(&empty), new.unwrap_or(&empty));
        let gains = new.difference(old).next().is_some() || (role.replaced && !role.granted.is_empty());
        let only_base = differ.iter().eq([&field::PERMISSIONS])
            && self.says_the_same(role, live)
            && before.permissions.as_ref().is_some_and(|before| before.is_subset(new))
            && new.difference(old).all(|p| matches!(role.permissions.get(p), Some(Via::Base(_))));
        let mut adopts = self.adopts(role, live, gains);
        // An `id` in the definition is consent; and whoever does it by hand sees who holds the role.
        if adopts
            && gains
            && !by_hand.contains(field::PERMISSIONS)
            && !self.nobody_holds(live)
            && role.matched != Matched::Id
        {
            verdicts.push(self.adoption(role, live));
        }
        let named = before.name != after.name || renamed;
        let action = match (role.replaced, named) {
            (true, _) => Action::Replace,
            (false, true) => Action::Rename,
            (false, false) => Action::Update,
        };
        if role.replaced {
            verdicts.extend(self.replacement_verdicts(role, live, class, &before, &after));
            by_hand.clear();
            if let Some(verdict) = self.held_successor(role, live, &after) {
                verdicts.push(verdict);
                adopts = true;
            }
        }
        let side_effects = self.input.spec.when_a_role_changes(&whole(live, &before), &after);
        let side_effects = side_effects.into_iter().map(Untrusted::from).collect();
        let successor = role.successor.and_then(|made| {
            let mut state = state(made);
            if after.description.is_none() {
                state.description = None; // It is not managed.
            }
            state.fields.retain(|name, _| after.fields.contains_key(name));
            Some(Box::new(Successor { id: made.id.clone()?, state }))
        });
        Some(Change {
            address: role.address.clone(),
            action,
            title: live_name(live),
            id: live.id.clone(),
            what: What::Role {
                class: role.desired.class,
                scope: role.scope.clone(),
                described,
                before: Some(before),
                after: Some(after),
                via: role.permissions.clone(),
                granted: if role.replaced { role.granted.clone() } else { BTreeSet::new() },
                successor,
            },
            origins: Origins::default(),
            adopts,
            reason: only_base.then_some(Reason::BaseChanged),
            holders: live.holders,
            protect: self.protected(live, &role.desired.protect),
            side_effects,
            site: Some(role.desired.site),
            verdicts,
            by_hand: if by_hand.is_empty() { Hand::Nothing } else { Hand::Fields(by_hand) },
            blocked_by: Vec::new(),
        })
    }

    fn unchangeable(&self, live: &LiveObject, name: Field) -> Verdict {
        let message = format!(
            "the {name} of role `{}` differs, and {} has no way to change it",
            live.key.name.raw(),
            self.input.spec.title()
        );
        Verdict::refuse(Guard::Blocked, message, None)
    }

    /// Why a new role cannot take the place of a live one.
    fn replacement_verdicts(
        &self,
        role: &ResolvedRole<'_>,
        live: &LiveObject,
        class: Option<&RoleClass>,
        before: &RoleState,
        after: &RoleState,
    ) -> Vec<Verdict> {
        let mut verdicts = Vec::new();
        let name = live.key.name.raw();
        let mut refuse = |message: String, help: Option<&str>| {
            verdicts.push(Verdict::refuse(Guard::Blocked, message, help.map(Into::into)));
        };
        if self.input.target.manage.roles == Mode::Additive {
            let help = "Set `manage: declared` for this target, or leave what cannot change as it is.";
            let message = format!("role `{name}` would be replaced, and the mode `additive` never removes");
            refuse(message, Some(help));
        }
        if live.builtin {
            let message = format!("role `{name}` would be replaced by a new one, and it is never deleted");
            refuse(message, Some("Take the earlier name out, and declare the new role beside it."));
        }
        if role.matched == Matched::Id {
            let message = format!(
                "role `{name}` would be replaced by a new one, and the definition names the old one by its `id`"
            );
            refuse(message, Some("Remove the line with `id`: the name is enough."));
        }
        if let Some(class) = class {
            if class.create != Do::Api || class.delete != Do::Api {
                let what = match (class.create == Do::Api, class.delete == Do::Api) {
                    (true, _) => "deleted",
                    (_, true) => "made",
                    (false, false) => "made and deleted",
                };
                let message = format!(
                    "role `{name}` would have to be replaced, and roles of its class are not {what} over the API"
                );
                refuse(message, Some("Declare a new role, and remove this one with `reassign_to`."));
            }
            if class.slug.is_some() && natural(before) == natural(after) {
                let message = format!(
                    "role `{name}` would have to be replaced by one with the same slug, and a slug never changes"
                );
                refuse(message, Some("Give the role another `slug`, and this one under `previously`."));
            }
        }
        if let Some(why) = self.input.live.incomplete_at(Kind::Role, live.key.class, &live.key.scope) {
            verdicts.push(incomplete("replace", live.key.name.raw(), why));
        }
        if let Some(successor) = role.successor {
            let same = state(successor);
            let differ = differing(&same, after);
            let fixed = |name: &&Field| {
                class.is_some_and(|class| class.on_change(name) == OnChange::Replace) && **name != field::NAME
            };
            if let Some(name) = differ.iter().find(fixed) {
                let message = format!(
                    "role `{}` was left by an interrupted run in place of `{}`, and has another {name}",
                    successor.key.name.raw(),
                    live.key.name.raw()
                );
                let line = emit::removal(successor.key.name.raw(), &successor.key.scope, None);
                let help = format!("Remove it first, with `{line}` under `removed:`.");
                verdicts.push(Verdict::refuse(Guard::Blocked, message, Some(help)));
            }
        }
        verdicts.extend(self.kept(live));
        verdicts.extend(self.unknown_holders(live, "replaced"));
        verdicts.extend(self.default_verdict(live));
        verdicts.extend(self.unseen(live.key.class, before));
        verdicts
    }

    /// What nobody can see may use a role that goes.
    pub(super) fn unseen(&self, class: &str, role: &RoleState) -> Option<Verdict> {
        let unseen = self.input.spec.unseen_use(class, role, self.input.target)?;
        let help = "Do what stands under \"by hand\" first.".to_owned();
        Some(Verdict::refuse(Guard::Unseen, unseen.why, Some(help)))
    }

    /// Whether the definitions say of the role's permissions what they said before, as far as anybody
    /// can tell; both as they are with the base role of today.
    fn says_the_same(&self, role: &ResolvedRole<'_>, live: &LiveObject) -> bool {
        let views = self.input.views;
        let Some(view) = views.applied.as_ref().or(views.base.as_ref()) else { return true };
        let before = view.role(&role.address, live.id.as_ref());
        before.is_some_and(|before| before.permissions.keys().eq(role.permissions.keys()))
    }

    /// What may not happen to a live role: the strictest of the definitions and earlier ones.
    pub(super) fn protected(&self, live: &LiveObject, desired: &BTreeSet<Protect>) -> BTreeSet<Protect> {
        let mut protected = desired.clone();
        if let Some(id) = &live.id {
            protected.extend(self.input.resolved.protected.get(id).into_iter().flatten());
            protected.extend(self.input.views.protects(id));
        }
        protected
    }

    /// A name that another live role has, and keeps.
    fn taken_name(&self, role: &ResolvedRole<'_>) -> Option<Verdict> {
        let name = &role.desired.natural().value;
        let own = role.live.and_then(|live| live.id.as_ref());
        let next = role.successor.and_then(|live| live.id.as_ref());
        let keeper = self.named.get(name)?.iter().find(|other| {
            let id = other.id.as_ref();
            let goes = id.is_some_and(|id| self.leaving.contains(id));
            other.key.class == role.desired.class
                && other.key.scope == role.scope
                && id != own
                && (next.is_none() || id != next)
                && !goes
        })?;
        let id = keeper.id.as_ref().map_or("", |id| id.raw());
        let message = format!(
            "role `{}` would be named `{}`, and role {id} has that name",
            role.desired.key,
            name.raw()
        );
        let help = "Choose another name, or rename or remove the other role too.";
        Some(Verdict::refuse(Guard::Blocked, message, Some(help.into())))
    }

    /// A role that cannot be changed at all.
    pub(super) fn locked(live: &LiveObject) -> Option<Verdict> {
        let why = live.locked.as_ref()?;
        let message = format!("role `{}` cannot be changed: {}", live.key.name.raw(), why.raw());
        Some(Verdict::refuse(Guard::Blocked, message, None))
    }

    /// A role that cannot be deleted, because something else uses it.
    pub(super) fn kept(&self, live: &LiveObject) -> Option<Verdict> {
        let why = self.input.live.kept.get(live.id.as_ref()?)?;
        let message = format!("role `{}` cannot be deleted: {}", live.key.name.raw(), why.raw());
        let help = "Take the role out of what uses it first, and plan again.";
        Some(Verdict::refuse(Guard::Blocked, message, Some(help.into())))
    }

    fn same(&self, class: &str, name: Field, a: &Value, b: &Value) -> bool {
        let usual = if name == field::DESCRIPTION { equal_text } else { equal };
        self.class(class).and_then(|c| c.field(name)).map_or(usual, |f| f.same)(a, b)
    }
}

/// What a definition asks for.
pub(super) fn wanted(role: &ResolvedRole<'_>, class: Option<&RoleClass>) -> RoleState {
    // Of a class that takes a description and has no such field it stands in git alone.
    let kept = class.is_none_or(|class| class.field(field::DESCRIPTION).is_some());
    let description = role.desired.description.as_ref().filter(|_| kept);
    RoleState {
        name: role.desired.name.value.clone(),
        description: description.map(|text| text.value.clone()),
        permissions: Some(role.permissions.keys().cloned().collect()),
        fields: role.fields.clone(),
    }
}

pub(super) fn hand(how: Option<Do>) -> Hand {
    if how == Some(Do::Manual) { Hand::Whole } else { Hand::Nothing }
}

/// A live role's name: for one that has a slug not what it is known by.
fn live_name(object: &LiveObject) -> Untrusted {
    match object.fields.get(field::NAME).and_then(Live::value) {
        Some(Value::Text(Some(name))) => name.clone(),
        _ => object.key.name.clone(),
    }
}

/// A live role with the fields that its definition does not manage.
fn whole(live: &LiveObject, before: &RoleState) -> RoleState {
    let mut whole = state(live);
    whole.permissions.clone_from(&before.permissions);
    whole
}

/// A live role as far as it can be read.
pub(super) fn state(object: &LiveObject) -> RoleState {
    let others = object
        .fields
        .iter()
        .filter(|(name, _)| ![field::NAME, field::DESCRIPTION, field::PERMISSIONS].contains(*name));
    RoleState {
        name: live_name(object),
        description: match object.fields.get(field::DESCRIPTION).and_then(Live::value) {
            Some(Value::Text(text)) => Some(text.clone()),
            _ => None,
        },
        permissions: match object.fields.get(field::PERMISSIONS).and_then(Live::value) {
            Some(Value::Set(set)) => Some(set.clone()),
            _ => None,
        },
        fields: others.filter_map(|(name, live)| Some((*name, live.value()?.clone()))).collect(),
    }
}
