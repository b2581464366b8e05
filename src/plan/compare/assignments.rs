//! People who are given roles, moved, and taken from them.

use std::{collections::BTreeSet, ops::Bound};

use super::{
    super::{
        change::{Change, Hand, Verdict, What},
        document::{Action, Guard, Reason},
        origin::Origins,
        resolve::Unassign,
    },
    Comparison, held_role, incomplete,
};
use crate::{
    contract::{self, Do, OnChange, OnRemove, PrincipalClass},
    model::{
        Address, Key, Kind, RoleId, Scope, Site, Untrusted,
        config::Mode,
        field,
        live::{Live, LiveObject},
    },
};

/// Why an `exclusive` list is against somebody.
const LEFT_OUT: &str = "its list is exclusive and does not name them";

impl<'a> Comparison<'a> {
    pub(super) fn assignments(&mut self) {
        if !self.input.live.read.members {
            return;
        }
        // Both are in the order of keys, and may be many: neither is searched for the other's.
        let mut slots = self.slots.clone().into_iter().peekable();
        let mut others = Vec::new();
        for (key, wanted) in &self.input.resolved.assignments {
            while let Some((_, slot)) = slots.next_if(|(there, _)| *there < key) {
                others.push(slot);
            }
            let slot = slots.next_if(|(there, _)| *there == key).map(|(_, slot)| slot);
            others.extend(slot.filter(|slot| self.wanted_role(slot).is_none()));
            self.assign(key, slot, &wanted.role, wanted.site);
        }
        others.extend(slots.map(|(_, slot)| slot));
        let mut unmanaged = 0;
        for slot in others {
            if !self.take_away(slot) {
                unmanaged += 1;
            }
        }
        self.plan.unmanaged_assignments = Some(unmanaged);
        self.out_of_sight();
        self.unproven_lists();
    }

    /// Who was assigned, is not any more, and may hold the role where the list was not read: that is
    /// neither done nor forgotten.
    fn out_of_sight(&mut self) {
        let live = self.input.live;
        if self.input.target.manage.assignments == Mode::Additive
            || live.incomplete_anywhere(Kind::Assignment).is_none()
        {
            return;
        }
        let mut said = BTreeSet::new();
        for (key, held) in self.former_assignments.clone() {
            let unread = live.incomplete_at(Kind::Assignment, key.class, &key.scope).is_some();
            let slot = self.slots.get(&key).copied();
            if unread && slot.is_none_or(is_unreadable) && said.insert(key.clone()) {
                self.move_principal(Move {
                    key: &key,
                    slot,
                    before: Some(held),
                    after: None,
                    action: Action::Unassign,
                    reason: Some(Reason::NoLongerDeclared),
                    site: None,
                });
            }
        }
    }

    /// The slot of one principal gets the wanted role.
    fn assign(&mut self, key: &Key, slot: Option<&'a LiveObject>, wanted: &RoleId, site: Site) {
        let before = slot.and_then(held_role).cloned();
        if before.as_ref() == Some(wanted) {
            return;
        }
        // Of several roles the old one is a slot of its own: who holds it moves.
        if key.role.is_some()
            && let Some(old) = self.input.resolved.predecessor(wanted)
        {
            let held = Key { role: Some(old), ..key.clone() };
            if self.slots.contains_key(&held) {
                return;
            }
        }
        let action = if self.is_vacant(before.as_ref()) { Action::Assign } else { Action::Reassign };
        let replaced = before.as_ref().is_some_and(|held| self.input.resolved.becomes(held) == wanted);
        // Whoever holds a role that goes has to move, and the definitions say where.
        let goes = replaced || matches!(&before, Some(RoleId::Live(id)) if self.going.contains(id));
        if action == Action::Reassign && !goes && self.input.target.manage.assignments == Mode::Additive {
            let held = before.as_ref().map_or_else(String::new, |role| self.name_of(role).raw().to_owned());
            self.plan.notes.push(
                format!(
                    "`{}` keeps the role `{held}`: the mode `additive` never takes a role away",
                    self.called_by(key.class, &key.name)
                )
                .into(),
            );
            return;
        }
        let reason = replaced.then_some(Reason::RoleReplaced);
        let after = Some(wanted.clone());
        self.move_principal(Move { key, slot, before, after, action, reason, site: Some(site) });
    }

    /// Whether something says that the principal of `slot`, for whom nothing is declared, does not
    /// keep the role; then the change is made.
    fn take_away(&mut self, slot: &'a LiveObject) -> bool {
        let Some(held) = held_role(slot).cloned() else { return self.vacant_slot(slot) };
        if self.is_vacant(Some(&held)) {
            // Everybody has this role: nothing is granted, nothing to count.
            if self.is_left_out(slot, &held) {
                self.keep(slot, &held, Reason::NotInExclusiveList, "everybody has it who has no other");
            }
            return true;
        }
        let removal = match &held {
            RoleId::Live(id) => self.input.resolved.removed.get(id),
            RoleId::New(_) => None,
        };
        if let Some(removal) = removal
            && let Some(to) = removal.reassign_to.clone()
        {
            let contradiction = self.contradiction(&slot.key, &to);
            self.move_on(slot, held, to, Reason::RoleRemoved, Some(removal.site));
            if let (Some(verdict), Some(change)) = (contradiction, self.plan.changes.last_mut()) {
                change.verdicts.push(verdict);
            }
            return true;
        }
        let refused = removal.is_some(); // With the deletion.
        let Some((reason, site)) = self.loses(slot, &held) else {
            if let Some(role) = self.input.resolved.replacing(&held) {
                // Nobody declares an assignment that has no place.
                let (to, (key, _)) = (role.id(), self.as_said(slot, &held));
                let site = self.input.resolved.assignments.get(&key).map(|wanted| wanted.site);
                self.move_on(slot, held, to, Reason::RoleReplaced, site);
                return true;
            }
            return refused || self.stays_against(slot, &held);
        };
        let stays = self.stays(slot, &held);
        let left_out = self.is_left_out(slot, &held);
        if let Stays::Everything(why) = stays {
            match left_out {
                true => {
                    self.keep(slot, &held, reason, "`on_unassign` says `keep_base`, and this is the base");
                }
                false => self.plan.notes.push(why),
            }
            return true;
        }
        let after = match &stays {
            Stays::Role(role) => Some(role.clone()),
            _ => None,
        };
        if after.as_ref() == Some(&held) || (refused && stays == Stays::Unsaid) {
            if after.is_some() && left_out {
                self.keep(slot, &held, reason, "`on_unassign` gives it");
            }
            return true;
        }
        self.move_principal(Move {
            key: &slot.key,
            slot: Some(slot),
            before: Some(held),
            after,
            action: Action::Unassign,
            reason: Some(reason),
            site,
        });
        true
    }

    /// The holder of a role that goes gets another one.
    fn move_on(
        &mut self,
        slot: &'a LiveObject,
        held: RoleId,
        to: RoleId,
        reason: Reason,
        site: Option<Site>,
    ) {
        // Of several roles the other one may be held already, or be given by the definitions.
        let other = slot.key.role.as_ref().map(|_| Key { role: Some(to.clone()), ..slot.key.clone() });
        let has = other.is_some_and(|other| {
            self.slots.contains_key(&other)
                || (self.input.resolved.assignments.contains_key(&other)
                    && self.input.resolved.becomes(&held) != &to)
        });
        let (after, action) = if has { (None, Action::Unassign) } else { (Some(to), Action::Reassign) };
        let (key, before) = (&slot.key, Some(held));
        self.move_principal(Move {
            key,
            slot: Some(slot),
            before,
            after,
            action,
            reason: Some(reason),
            site,
        });
    }

    /// What stays where the principal of `slot` loses the role `held`.
    fn stays(&self, slot: &LiveObject, held: &RoleId) -> Stays {
        let Some(class) = contract::principal(self.input.spec, slot.key.class) else { return Stays::Nothing };
        let removal = class.removal(&slot.key.scope);
        if removal == OnRemove::Gone || self.keeps_another(slot, held) {
            return Stays::Nothing;
        }
        match (&self.input.resolved.on_unassign, removal) {
            (Unassign::To(role), _) if self.counts_at(role, &slot.key.scope) => Stays::Role(role.clone()),
            (Unassign::KeepBase, OnRemove::FallsBack) => match self.plan.bases.get(held) {
                Some(base) => Stays::Role(base.clone()),
                None => Stays::Everything(
                    format!(
                        "{} keeps `{}`{}: it is the access that a membership has without a custom role, and `on_unassign` says `keep_base`",
                        self.called(slot),
                        self.name_of(held).raw(),
                        contract::manual::place(&slot.key.scope)
                            .map_or_else(String::new, |place| format!(" in {place}"))
                    )
                    .into(),
                ),
            },
            (Unassign::RemoveMember, OnRemove::FallsBack | OnRemove::Membership) => Stays::Nothing,
            _ => Stays::Unsaid,
        }
    }

    /// Whether the principal of a slot holds another role in the same place, and keeps it.
    fn keeps_another(&self, slot: &LiveObject, held: &RoleId) -> bool {
        if slot.key.role.is_none() {
            return false;
        }
        let first = Key { role: None, ..slot.key.clone() };
        let same = |key: &Key| {
            (key.class, &key.scope, &key.name) == (slot.key.class, &slot.key.scope, &slot.key.name)
        };
        let from = (Bound::Included(&first), Bound::Unbounded);
        let held_too = self.slots.range::<Key, _>(from).map(|(_, other)| *other);
        let mut held_too = held_too.take_while(|other| same(&other.key));
        let keeps = |other: &LiveObject| {
            let Some(role) = held_role(other) else { return false };
            role != held
                && (self.wanted_role(other).is_some()
                    || (self.loses(other, role).is_none() && !self.goes(role)))
        };
        held_too.any(keeps)
            || self.input.resolved.assignments.range(first..).next().is_some_and(|(key, _)| same(key))
    }

    /// Whether `role` can be held at `at`; of one that nobody knows the provider decides.
    fn counts_at(&self, role: &RoleId, at: &Scope) -> bool {
        let lives = match (self.input.resolved.declared(role), role) {
            (Some(declared), _) => Some(&declared.scope),
            (None, RoleId::Live(id)) => {
                let live = self.input.live.of(Kind::Role).find(|live| live.id.as_ref() == Some(id));
                live.map(|live| &live.key.scope)
            }
            (None, RoleId::New(_)) => None,
        };
        lives.is_none_or(|lives| contract::counts_at(self.input.spec, lives, at))
    }

    fn goes(&self, role: &RoleId) -> bool {
        matches!(role, RoleId::Live(id) if self.going.contains(id))
    }

    /// Why the principal of `slot`, for whom nothing is declared, does not keep the role `held`.
    fn loses(&self, slot: &LiveObject, held: &RoleId) -> Option<(Reason, Option<Site>)> {
        let because = self.goes_because(slot, held)?;
        let kept = self.input.target.manage.assignments == Mode::Additive
            || (slot.locked.is_some() && because.0 != Reason::Expired);
        (!kept).then_some(because)
    }

    /// Why the definitions want the role `held` taken from the principal of `slot`, whether that can be
    /// done or not.
    pub(super) fn goes_because(&self, slot: &LiveObject, held: &RoleId) -> Option<(Reason, Option<Site>)> {
        let resolved = self.input.resolved;
        let (key, role) = self.as_said(slot, held);
        // Of a role that is replaced: they keep the new one.
        if slot.key.role.is_some() && resolved.assignments.contains_key(&key) {
            return None;
        }
        let expired = resolved.expired.get(&(key.clone(), role.clone()));
        let exclusive = resolved.exclusive.contains(&(role, key.scope, key.class));
        let authoritative = self.input.target.manage.assignments == Mode::Authoritative;
        match expired {
            Some(site) => Some((Reason::Expired, Some(*site))),
            None if self.former_assignments.contains(&(slot.key.clone(), held.clone())) => {
                Some((Reason::NoLongerDeclared, None))
            }
            None if exclusive => Some((Reason::NotInExclusiveList, None)),
            None if authoritative => Some((Reason::NeverDeclared, None)),
            None => None,
        }
    }

    /// Whether the principal of `slot` leaves the role in the same plan.
    pub(super) fn leaves(&self, slot: &LiveObject) -> bool {
        let Some(held) = held_role(slot) else { return false };
        if self.wanted_role(slot).is_some_and(|wanted| wanted != held) {
            return true;
        }
        self.wanted_role(slot).is_none()
            && self.loses(slot, held).is_some()
            && match self.stays(slot, held) {
                Stays::Role(to) => to != *held,
                Stays::Nothing => true,
                Stays::Everything(_) | Stays::Unsaid => false,
            }
    }

    /// Nobody is moved by `reassign_to` to a role that the next plan would take from them.
    fn contradiction(&self, key: &Key, to: &RoleId) -> Option<Verdict> {
        let resolved = self.input.resolved;
        let there = Key { role: key.role.as_ref().map(|_| to.clone()), ..key.clone() };
        let why = if resolved.exclusive.contains(&(to.clone(), key.scope.clone(), key.class)) {
            LEFT_OUT
        } else if self.is_vacant(Some(to)) || resolved.on_unassign.to() == Some(to) {
            return None;
        } else if resolved.expired.contains_key(&(there.clone(), to.clone())) {
            "their assignment of it has expired"
        } else if self.former_assignments.contains(&(there, to.clone())) {
            "an earlier revision declares it, and the definitions no longer do"
        } else if self.input.target.manage.assignments == Mode::Authoritative {
            "the mode is `authoritative` and they are not declared"
        } else {
            return None;
        };
        let message = format!(
            "`{}` would move to `{}`, and the next plan would take it away: {why}",
            self.called_by(key.class, &key.name),
            self.name_of(to).raw()
        );
        let help = "Declare the assignment, or name another role under `reassign_to`.";
        Some(Verdict::refuse(Guard::Blocked, message, Some(help.into())))
    }

    /// A slot without a readable role: empty counts for nothing, unreadable is left alone.
    fn vacant_slot(&self, slot: &LiveObject) -> bool {
        !is_unreadable(slot)
    }

    fn move_principal(&mut self, movement: Move<'_>) {
        let Move { key, slot, before, after, action, reason, site } = movement;
        let (class, principal) = (key.class, &key.name);
        let spec = contract::principal(self.input.spec, class);
        let mut verdicts = Vec::new();
        let called = self.called_by(class, principal);
        if let Some(why) = slot.and_then(|slot| slot.locked.as_ref()) {
            let message = format!("the role of `{called}` cannot be changed: {}", why.raw());
            let help = "Take the person out of the assignments, or change the role in the product itself.";
            verdicts.push(Verdict::refuse(Guard::Blocked, message, Some(help.into())));
        }
        // What cannot be changed says why itself, and so does a list that is not whole.
        let unreadable = |slot: &LiveObject| slot.locked.is_none() && is_unreadable(slot);
        let unread = self.input.live.incomplete_at(Kind::Assignment, class, &key.scope);
        if slot.is_some_and(unreadable) && unread.is_none() {
            let message = format!("which role `{called}` holds now cannot be read");
            let help = "Plan again: the role may have been made while the lists were read. If it stays so, give the person a role in the product itself.";
            verdicts.push(Verdict::refuse(Guard::Blocked, message, Some(help.into())));
        }
        if let Some(RoleId::Live(id)) = &after
            && self.catalogue().builtin(id.raw()).is_some_and(|builtin| !builtin.assignable)
        {
            let message = format!("nobody can be given the built-in role `{}`", id.raw());
            verdicts.push(Verdict::refuse(Guard::Blocked, message, None));
        }
        let too_little = after.as_ref().and_then(|role| self.too_little(key, role, &called));
        verdicts.extend(too_little.map(|verdict| match action {
            Action::Unassign => Verdict {
                help: Some("Let the membership here go, with `on_unassign: remove_member`, or change what they hold above in an apply before.".into()),
                ..verdict
            },
            _ => verdict,
        }));
        if spec.is_some_and(|spec| spec.assign == Do::Refuse) {
            let title = self.input.spec.title();
            let message = format!("{title} has no way to change which role `{called}` holds");
            verdicts.push(Verdict::refuse(Guard::Blocked, message, None));
        }
        if slot.is_none_or(unreadable)
            && action != Action::Unassign
            && let Some(why) = unread
        {
            // The role that they may hold would be taken away unseen.
            verdicts.push(incomplete("give a role to", &called, why));
        }
        if let (Some(spec), Some(slot), Some(held), Some(to)) = (spec, slot, &before, &after)
            && spec.on_change == OnChange::Replace
            && !self.input.resolved.assignments.contains_key(&self.as_said(slot, held).0)
        {
            let message = format!(
                "`{called}` would move to `{}` in two requests, and after an interrupted run nobody would know it: no definition assigns it",
                self.name_of(to).raw()
            );
            let help = format!("Declare it under `{}`, with the role that it gets.", spec.field);
            verdicts.push(Verdict::refuse(Guard::Blocked, message, Some(help)));
        }
        if action == Action::Unassign {
            if after.is_none()
                && let (Some(spec), Some(slot), Some(held)) = (spec, slot, &before)
                && reason != Some(Reason::RoleRemoved)
                && reason != Some(Reason::RoleReplaced)
                && self.stays(slot, held) == Stays::Unsaid
            {
                verdicts.push(self.unsaid(spec, slot, &called));
            }
            if let Some(to) = &after
                && self.is_left_out_of(key, to)
            {
                let message =
                    format!("`{called}` would get `{}` instead: {LEFT_OUT}", self.name_of(to).raw());
                let help = "Name them in that list, or say something else under `on_unassign`.";
                verdicts.push(Verdict::refuse(Guard::Exclusive, message, Some(help.into())));
            }
            if let Some(why) = unread {
                verdicts.push(incomplete("take a role from", &called, why));
            }
        }
        let goes = action == Action::Unassign
            && after.is_none()
            && verdicts.is_empty()
            && spec.is_some_and(|spec| spec.removal(&key.scope) == OnRemove::Membership);
        let more = self.input.spec.when_a_member_goes(class, &key.scope).filter(|_| goes);
        let title = self
            .input
            .live
            .names
            .get(&(class, principal.clone()))
            .cloned()
            .unwrap_or_else(|| principal.clone());
        let role = key.role.as_ref().map(|role| self.label(role));
        let target = &self.input.target.name;
        self.plan.changes.push(Change {
            address: Address::assignment(target, &key.scope, class, principal, role.as_deref()),
            action,
            title,
            id: Some(principal.clone()),
            what: What::Assignment {
                scope: key.scope.clone(),
                class,
                principal: principal.clone(),
                before,
                after,
            },
            origins: Origins::default(),
            adopts: false,
            reason,
            holders: None,
            protect: BTreeSet::new(),
            side_effects: more.map(Untrusted::from).into_iter().collect(),
            site,
            verdicts,
            by_hand: if spec.is_some_and(|spec| spec.assign == Do::Manual) {
                Hand::Whole
            } else {
                Hand::Nothing
            },
            blocked_by: Vec::new(),
        });
    }

    /// A role below the one that the principal holds, or is to hold, in a place above.
    fn too_little(&self, key: &Key, role: &RoleId, called: &str) -> Option<Verdict> {
        let rank = self.rank(role)?;
        let above = self.input.live.above.get(&(key.class, key.scope.clone()))?;
        let held = above.iter().flat_map(|scope| {
            let slot = Key { scope: scope.clone(), ..key.clone() };
            let now = self.slots.get(&slot).and_then(|slot| held_role(slot));
            let wanted = self.input.resolved.assignments.get(&slot).map(|wanted| &wanted.role);
            let now = now.map(|held| (held, "holds"));
            let wanted = wanted.map(|held| (held, "is to hold"));
            let both = now.into_iter().chain(wanted);
            both.filter_map(move |(held, verb)| Some((self.rank(held)?, held, verb, scope)))
        });
        // Of several equal ones the nearest.
        let (least, held, verb, scope) =
            held.reduce(|best, next| if next.0 > best.0 { next } else { best })?;
        if rank >= least {
            return None;
        }
        let Scope::In { kind, path } = scope else { return None };
        let message = format!(
            "`{called}` {verb} `{}` in {kind} `{}`, and cannot hold less here, as `{}` is",
            self.name_of(held).raw(),
            path.raw(),
            self.name_of(role).raw()
        );
        let help = "Give a role here that is no less, or change what they hold above in an apply before.";
        Some(Verdict::refuse(Guard::Blocked, message, Some(help.into())))
    }

    /// The rank of a built-in role, or of the base of another one.
    fn rank(&self, role: &RoleId) -> Option<u32> {
        let base = self.plan.bases.get(role).unwrap_or(role);
        let RoleId::Live(id) = base else { return None };
        self.catalogue().builtin(id.raw())?.number
    }

    /// Nothing says what becomes of somebody who loses a role.
    fn unsaid(&self, class: &PrincipalClass, slot: &LiveObject, called: &str) -> Verdict {
        let message = format!("`{called}` would lose a role, and nothing says what they get instead");
        let vacant = self.catalogue().builtin.iter().find(|b| b.vacant).map_or("NAME", |b| b.id);
        let to = format!("`on_unassign: {{ to: builtin:{vacant} }}`");
        let more = self.input.spec.when_a_member_goes(slot.key.class, &slot.key.scope);
        let more = more.map_or_else(String::new, |more| format!(" ({more})"));
        let ways = match class.removal(&slot.key.scope) {
            OnRemove::Gone | OnRemove::AnotherRole => to,
            OnRemove::FallsBack => {
                format!("`on_unassign: keep_base`, `on_unassign: remove_member`{more}, or {to}")
            }
            OnRemove::Membership if more.is_empty() => format!("`on_unassign: remove_member`, or {to}"),
            // What takes the most stands last.
            OnRemove::Membership => format!("{to}, or `on_unassign: remove_member`{more}"),
        };
        Verdict::refuse(Guard::OnUnassign, message, Some(format!("Say it once for the target: {ways}.")))
    }

    /// How the role of an assignment stands in its address: as a key, or what it is live.
    pub(super) fn label(&self, role: &RoleId) -> String {
        if let Some(declared) = self.input.resolved.declared(role) {
            return declared.desired.key.to_string();
        }
        match role {
            RoleId::Live(id) if self.is_builtin(id) => format!("builtin:{}", id.raw()),
            _ => format!("={}", self.name_of(role).raw()),
        }
    }
}

/// Whether a principal is listed, and which role they hold cannot be made out.
fn is_unreadable(slot: &LiveObject) -> bool {
    matches!(slot.fields.get(field::ROLE), Some(Live::Unreadable))
}

/// What stays of somebody's access who loses a role.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Stays {
    /// Nothing of it.
    Nothing,
    /// This role.
    Role(RoleId),
    /// All of it, and why.
    Everything(Untrusted),
    /// Nothing says it.
    Unsaid,
}

/// A principal on the way from one role to another.
struct Move<'m> {
    key: &'m Key,
    slot: Option<&'m LiveObject>,
    before: Option<RoleId>,
    after: Option<RoleId>,
    action: Action,
    reason: Option<Reason>,
    site: Option<Site>,
}
