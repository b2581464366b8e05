//! Roles that are live and that no earlier revision declared: they are taken over, or not.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::{
        change::Verdict,
        document::Guard,
        holders,
        resolve::{Matched, ResolvedRole},
    },
    Comparison,
    roles::{state, wanted},
};
use crate::{
    contract::Do,
    definition::emit,
    model::{RoleState, Untrusted, desired::DesiredRole, live::LiveObject},
};

impl Comparison<'_> {
    /// Whether git never declared the live role before. Where nobody can tell, an `id` in the
    /// definition says that it is known, and a name does not.
    ///
    /// The record of applies is a ref that others may be able to write: its word alone, for a role
    /// under a name that git never gave its key, gives nobody permissions.
    pub(super) fn adopts(&self, role: &ResolvedRole<'_>, live: &LiveObject, gains: bool) -> bool {
        if self.input.earlier.exempt || self.was_asked_for(role) {
            return false;
        }
        if !self.input.earlier.is_known() {
            return !matches!(role.matched, Matched::Id | Matched::Attested);
        }
        let by_id = live.id.as_ref().is_some_and(|id| self.declared.ids.contains(id));
        let by_name = match role.matched {
            // The name of another role of git proves nothing of this one.
            Matched::Recorded => {
                let DesiredRole { key, scope, previously, .. } = role.desired;
                self.declared.keyed.contains(&(&**key, scope, &live.key.name))
                    || previously.iter().any(|name| name.value == live.key.name)
                    || self.was_renamed(role, live)
            }
            Matched::Attested => true,
            _ => self.declared.names.contains(&(&live.key.scope, &live.key.name)),
        };
        let by_record = role.matched == Matched::Recorded && !(gains && live.holders != Some(0));
        !by_id && !by_name && !by_record
    }

    /// Whether the last apply asked a person to make the role: git declared it then.
    fn was_asked_for(&self, role: &ResolvedRole<'_>) -> bool {
        let by_hand = self.class(role.desired.class).is_some_and(|class| class.create == Do::Manual);
        let address = Untrusted::from(role.address.as_str());
        by_hand && self.input.earlier.open.is_some_and(|open| open.contains_key(&address))
    }

    /// Whether an apply that did not end gave the role its new name already: it bears that, and no
    /// other live role can be the one that git declared under an earlier name. Who bears such a name
    /// and is all that another definition says is that one's role.
    pub(super) fn was_renamed(&self, role: &ResolvedRole<'_>, live: &LiveObject) -> bool {
        let DesiredRole { key, scope, previously, .. } = role.desired;
        let keyed = self.declared.keyed.iter().filter(|(k, s, _)| *k == &**key && *s == scope);
        let former: BTreeSet<&Untrusted> =
            keyed.map(|(_, _, name)| *name).chain(previously.iter().map(|name| &name.value)).collect();
        let explained = |other: &LiveObject| {
            let roles = self.input.resolved.roles.iter();
            roles.filter(|one| one.live.is_some_and(|it| it.id == other.id)).any(|one| {
                let (is, wanted) = (state(other), wanted(one, self.class(one.desired.class)));
                is.name == wanted.name && is.permissions.is_some() && is.permissions == wanted.permissions
            })
        };
        let mut others =
            former.iter().flat_map(|name| self.named.get(*name).into_iter().flatten()).filter(|other| {
                other.id != live.id && other.key.class == live.key.class && other.key.scope == live.key.scope
            });
        role.desired.natural().value == live.key.name
            && !former.is_empty()
            && others.all(|other| explained(other))
    }

    pub(super) fn adoption(&self, role: &ResolvedRole<'_>, live: &LiveObject) -> Verdict {
        let listed = BTreeMap::new();
        let words = |number| holders::words(number, &holders::kinds(self.input.spec, number, &listed));
        let held = match live.holders {
            Some(1) => format!("{} holds it", words(1)),
            Some(number) => format!("{} hold it", words(number)),
            None => "people may hold it".to_owned(),
        };
        let why = if role.matched == Matched::Recorded {
            "only the record of the last apply says that it is this role, under another name"
        } else if self.input.earlier.is_known() {
            "no earlier revision declares it"
        } else {
            "there is no earlier revision that shows whether git declared it"
        };
        let message =
            format!("role `{}` exists, {held}, and it would gain permissions; {why}", live.key.name.raw());
        let id = live.id.as_ref().map_or("", |id| id.raw());
        let help = match role.replaced {
            // By its id a definition means the old role, and that one goes.
            true => "To take it over on purpose: `--allow adopt --reason TEXT`.".to_owned(),
            false => format!("To take it over on purpose, add to role `{}`: `id: {id}`.", role.desired.key),
        };
        Verdict::refuse(Guard::Adopt, message, Some(help))
    }

    /// Whoever holds the new role already, by no definition, must not gain by it: an interrupted run leaves
    /// it as the definitions say, and somebody else can make a role of its name.
    pub(super) fn held_successor(
        &mut self,
        role: &ResolvedRole<'_>,
        live: &LiveObject,
        after: &RoleState,
    ) -> Option<Verdict> {
        let made = role.successor.filter(|_| !self.input.earlier.exempt)?;
        let new = role.id();
        let undeclared = |slot: &&LiveObject| self.wanted_role(slot) != Some(&new) && !self.leaves(slot);
        let left: Vec<&LiveObject> = self.slots_of(made).iter().copied().filter(undeclared).collect();
        if left.is_empty() {
            return None;
        }
        let (who, one) = (self.list(&left), left.len() == 1);
        let (is, becomes) = (made.key.name.raw(), after.name.raw());
        let has = state(made).permissions;
        let same =
            has.as_ref().zip(after.permissions.as_ref()).is_some_and(|(has, will)| will.is_subset(has));
        if same {
            let (hold, keep) = if one { ("holds", "keeps") } else { ("hold", "keep") };
            let note =
                format!("{who} {hold} `{is}` by no definition, and {keep} it when it becomes `{becomes}`");
            self.plan.notes.push(note.into());
            return None;
        }
        let message = format!(
            "role `{is}` is there already, is to take the place of `{}`, and is held by {who}, who would gain permissions by it; no definition gives {} `{becomes}`",
            live.key.name.raw(),
            if one { "them" } else { "these" },
        );
        let line = emit::removal(is, &made.key.scope, None);
        let help = format!(
            "Remove it first, with `{line}` under `removed:`, assign `{becomes}` to them, or take the role from them in the product itself. `--allow adopt --reason TEXT` gives it to them."
        );
        Some(Verdict::refuse(Guard::Adopt, message, Some(help)))
    }
}
