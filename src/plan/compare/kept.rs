//! Roles that stay with somebody although the definitions would take them away: that is told, and
//! where it makes an `exclusive` list untrue, refused.

use super::{
    super::{change::Kept, document::Reason},
    Comparison,
};
use crate::model::{Address, Key, Kind, RoleId, Untrusted, config::Mode, live::LiveObject};

impl Comparison<'_> {
    /// Whether an `exclusive` list leaves out the principal of `slot`, who holds the role.
    pub(super) fn is_left_out(&self, slot: &LiveObject, held: &RoleId) -> bool {
        let (key, role) = self.as_said(slot, held);
        self.is_left_out_of(&key, &role)
    }

    /// Whether there is an `exclusive` list of the role in this place, and it does not name the
    /// principal.
    pub(super) fn is_left_out_of(&self, key: &Key, role: &RoleId) -> bool {
        let resolved = self.input.resolved;
        let there = Key { role: key.role.as_ref().map(|_| role.clone()), ..key.clone() };
        resolved.exclusive.contains(&(role.clone(), key.scope.clone(), key.class))
            && resolved.assignments.get(&there).is_none_or(|wanted| wanted.role != *role)
    }

    /// Notes that the principal of `slot` keeps a role that somebody else decides about, or that the mode
    /// never takes away; whether that is so.
    pub(super) fn stays_against(&mut self, slot: &LiveObject, held: &RoleId) -> bool {
        let Some((reason, _)) = self.goes_because(slot, held) else { return false };
        let additive = self.input.target.manage.assignments == Mode::Additive;
        match &slot.locked {
            Some(why) if !additive => self.keep(slot, held, reason, why.clone()),
            // What else the mode leaves alone is counted.
            _ if additive && (reason == Reason::Expired || self.is_left_out(slot, held)) => {
                self.keep(slot, held, reason, "the mode `additive` never takes a role away");
            }
            _ => return false,
        }
        true
    }

    /// Notes that the principal of `slot` keeps a role that the definitions would take away, and `why`.
    pub(super) fn keep(
        &mut self,
        slot: &LiveObject,
        held: &RoleId,
        reason: Reason,
        why: impl Into<Untrusted>,
    ) {
        let Key { class, scope, name, role, .. } = &slot.key;
        let label = role.as_ref().map(|role| self.label(role));
        // Whoever chose `additive` chose that no list is kept.
        let breaks_list =
            self.input.target.manage.assignments != Mode::Additive && self.is_left_out(slot, held);
        self.plan.kept.push(Kept {
            address: Address::assignment(&self.input.target.name, scope, class, name, label.as_deref()),
            scope: scope.clone(),
            class,
            who: Some(self.called(slot).into()),
            role: held.clone(),
            reason,
            why: why.into(),
            breaks_list,
        });
    }

    /// Notes the `exclusive` lists of which nobody can tell whether they are the whole truth.
    pub(super) fn unproven_lists(&mut self) {
        let live = self.input.live;
        let unread = live.unread.keys().filter(|(kind, ..)| *kind == Kind::Assignment).count();
        self.plan.unread = unread as u64 + u64::from(live.incomplete.contains_key(&Kind::Assignment));
        if self.input.target.manage.assignments == Mode::Additive {
            return;
        }
        for (role, scope, class) in &self.input.resolved.exclusive {
            let Some(why) = live.incomplete_at(Kind::Assignment, class, scope) else { continue };
            let address = Address::assignment(&self.input.target.name, scope, class, &"*".into(), None);
            self.plan.kept.push(Kept {
                address,
                scope: scope.clone(),
                class,
                who: None,
                role: role.clone(),
                reason: Reason::NotInExclusiveList,
                why: why.clone(),
                breaks_list: true,
            });
        }
    }
}
