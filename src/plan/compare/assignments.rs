//! People who are given roles, moved, and taken from them.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::{
        change::{Change, Verdict, What},
        document::{Action, Guard, Reason},
        origin::Origins,
    },
    Comparison, held_role, incomplete,
};
use crate::model::{
    Address, Kind, RoleId, Scope, Untrusted,
    config::Mode,
    field,
    live::{Live, LiveObject},
};

impl<'a> Comparison<'a> {
    pub(super) fn assignments(&mut self) {
        if !self.input.live.read.members {
            return;
        }
        let slots: BTreeMap<(&'static str, &Untrusted), &'a LiveObject> = self
            .input
            .live
            .of(Kind::Assignment)
            .map(|slot| ((slot.key.class, &slot.key.name), slot))
            .collect();
        for ((class, principal), wanted) in &self.input.resolved.assignments {
            let slot = slots.get(&(*class, principal)).copied();
            self.assign(class, principal, slot, &wanted.role, Some(wanted.site));
        }
        let mut unmanaged = 0;
        for slot in slots.values() {
            if self.wanted_role(slot).is_none() && !self.take_away(slot) {
                unmanaged += 1;
            }
        }
        self.plan.unmanaged_assignments = Some(unmanaged);
    }

    /// The slot of one principal gets the wanted role.
    fn assign(
        &mut self,
        class: &'static str,
        principal: &Untrusted,
        slot: Option<&LiveObject>,
        wanted: &RoleId,
        site: Option<crate::model::Site>,
    ) {
        let before = slot.and_then(held_role).cloned();
        if before.as_ref() == Some(wanted) {
            return;
        }
        let action = if self.is_vacant(before.as_ref()) { Action::Assign } else { Action::Reassign };
        // Whoever holds a role that goes has to move, and the definitions say where.
        let goes = matches!(&before, Some(RoleId::Live(id)) if self.going.contains(id));
        if action == Action::Reassign && !goes && self.input.target.manage.assignments == Mode::Additive {
            let held = before.as_ref().map_or_else(String::new, |role| self.name_of(role).raw().to_owned());
            self.plan.notes.push(
                format!(
                    "`{}` keeps the role `{held}`: the mode `additive` never takes a role away",
                    principal.raw()
                )
                .into(),
            );
            return;
        }
        self.move_principal(Move {
            class,
            principal,
            slot,
            before,
            after: Some(wanted.clone()),
            action,
            reason: None,
            site,
        });
    }

    /// Whether something says that the principal of `slot`, for whom nothing is declared, does not
    /// keep the role; then the change is made.
    fn take_away(&mut self, slot: &'a LiveObject) -> bool {
        let Some(held) = held_role(slot).cloned() else { return self.vacant_slot(slot) };
        if self.is_vacant(Some(&held)) {
            return true; // Everybody has this role: nothing is granted, nothing to count.
        }
        let class = slot.key.class;
        let principal = &slot.key.name;
        let removal = match &held {
            RoleId::Live(id) => self.input.resolved.removed.get(id),
            RoleId::New(_) => None,
        };
        if let Some(removal) = removal
            && let Some(to) = removal.reassign_to.clone()
        {
            let contradiction = self.contradiction(class, principal, &to);
            let (reason, site) = (Some(Reason::RoleRemoved), Some(removal.site));
            self.move_principal(Move {
                class,
                principal,
                slot: Some(slot),
                before: Some(held),
                after: Some(to),
                action: Action::Reassign,
                reason,
                site,
            });
            if let (Some(verdict), Some(change)) = (contradiction, self.plan.changes.last_mut()) {
                change.verdicts.push(verdict);
            }
            return true;
        }
        let refused = removal.is_some(); // With the deletion.
        let Some((reason, site)) = self.loses(slot, &held) else { return refused };
        let after = self.input.resolved.on_unassign.clone();
        if after.as_ref() == Some(&held) || (refused && after.is_none()) {
            return true;
        }
        self.move_principal(Move {
            class,
            principal,
            slot: Some(slot),
            before: Some(held),
            after,
            action: Action::Unassign,
            reason: Some(reason),
            site,
        });
        true
    }

    /// Why the principal of `slot`, for whom nothing is declared, does not keep the role `held`.
    fn loses(&self, slot: &LiveObject, held: &RoleId) -> Option<(Reason, Option<crate::model::Site>)> {
        let class = slot.key.class;
        let own = (class, slot.key.name.clone(), held.clone());
        let expired = self.input.resolved.expired.get(&own);
        let exclusive = self.input.resolved.exclusive.contains(&(held.clone(), class));
        let authoritative = self.input.target.manage.assignments == Mode::Authoritative;
        let because = match expired {
            Some(site) => (Reason::Expired, Some(*site)),
            None if self.former_assignments.contains(&own) => (Reason::NoLongerDeclared, None),
            None if exclusive => (Reason::NotInExclusiveList, None),
            None if authoritative => (Reason::NeverDeclared, None),
            None => return None,
        };
        let kept = self.input.target.manage.assignments == Mode::Additive
            || (slot.locked.is_some() && expired.is_none());
        (!kept).then_some(because)
    }

    /// Whether the principal of `slot` leaves the role in the same plan.
    pub(super) fn leaves(&self, slot: &LiveObject) -> bool {
        let Some(held) = held_role(slot) else { return false };
        let to = self.input.resolved.on_unassign.as_ref();
        self.wanted_role(slot).is_some()
            || (to.is_some_and(|to| to != held) && self.loses(slot, held).is_some())
    }

    /// Nobody is moved by `reassign_to` to a role that the next plan would take from them.
    fn contradiction(&self, class: &'static str, principal: &Untrusted, to: &RoleId) -> Option<Verdict> {
        let resolved = self.input.resolved;
        let why = if self.is_vacant(Some(to)) || resolved.on_unassign.as_ref() == Some(to) {
            return None;
        } else if resolved.expired.contains_key(&(class, principal.clone(), to.clone())) {
            "their assignment of it has expired"
        } else if resolved.exclusive.contains(&(to.clone(), class)) {
            "its list is exclusive and does not name them"
        } else if self.former_assignments.contains(&(class, principal.clone(), to.clone())) {
            "an earlier revision declares it, and the definitions no longer do"
        } else if self.input.target.manage.assignments == Mode::Authoritative {
            "the mode is `authoritative` and they are not declared"
        } else {
            return None;
        };
        let message = format!(
            "`{}` would move to `{}`, and the next plan would take it away: {why}",
            principal.raw(),
            self.name_of(to).raw()
        );
        let help = "Declare the assignment, or name another role under `reassign_to`.";
        Some(Verdict::refuse(Guard::Blocked, message, Some(help.into())))
    }

    /// A slot without a readable role: empty counts for nothing, unreadable is left alone.
    fn vacant_slot(&self, slot: &LiveObject) -> bool {
        !matches!(slot.fields.get(field::ROLE), Some(Live::Unreadable))
    }

    fn move_principal(&mut self, movement: Move<'_>) {
        let Move { class, principal, slot, before, after, action, reason, site } = movement;
        let mut verdicts = Vec::new();
        let called = slot.map_or_else(|| principal.raw().to_owned(), |slot| self.called(slot));
        if let Some(why) = slot.and_then(|slot| slot.locked.as_ref()) {
            let message = format!("the role of `{called}` cannot be changed: {}", why.raw());
            let help = "Take the person out of the assignments, or change the role in the product itself.";
            verdicts.push(Verdict::refuse(Guard::Blocked, message, Some(help.into())));
        }
        if slot.is_some_and(|slot| matches!(slot.fields.get(field::ROLE), Some(Live::Unreadable))) {
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
        if slot.is_none()
            && let Some(why) = self.input.live.incomplete.get(&Kind::Assignment)
        {
            // The role that they may hold would be taken away unseen.
            verdicts.push(incomplete("give a role to", principal, why));
        }
        if action == Action::Unassign {
            if after.is_none() {
                let message = format!("`{called}` would lose a role, and nothing says what they get instead");
                let vacant = self.catalogue().builtin.iter().find(|b| b.vacant).map_or("NAME", |b| b.id);
                let help = format!("Say it once for the target: `on_unassign: {{ to: builtin:{vacant} }}`.");
                verdicts.push(Verdict::refuse(Guard::OnUnassign, message, Some(help)));
            }
            if let Some(why) = self.input.live.incomplete.get(&Kind::Assignment) {
                verdicts.push(incomplete("take a role from", principal, why));
            }
        }
        let title = self
            .input
            .live
            .names
            .get(&(class, principal.clone()))
            .cloned()
            .unwrap_or_else(|| principal.clone());
        self.plan.changes.push(Change {
            address: Address::assignment(&self.input.target.name, &Scope::Target, class, principal, None),
            action,
            title,
            id: Some(principal.clone()),
            what: What::Assignment {
                scope: Scope::Target,
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
            side_effects: Vec::new(),
            site,
            verdicts,
        });
    }
}

/// A principal on the way from one role to another.
struct Move<'m> {
    class: &'static str,
    principal: &'m Untrusted,
    slot: Option<&'m LiveObject>,
    before: Option<RoleId>,
    after: Option<RoleId>,
    action: Action,
    reason: Option<Reason>,
    site: Option<crate::model::Site>,
}
