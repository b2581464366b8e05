//! A permission exists before a role has it, and goes when no role has it any more.

use std::collections::{BTreeMap, BTreeSet};

use super::{Order, RoleState, Step};
use crate::{
    model::Untrusted,
    plan::{change::What, document::Action},
};

fn set(state: Option<&RoleState>) -> Option<&BTreeSet<Untrusted>> {
    state.and_then(|state| state.permissions.as_ref())
}

impl Order<'_> {
    /// The steps of permissions that are resources of their own, and what they wait for.
    pub(super) fn permissions(&mut self) {
        let (mut made, mut gone): (BTreeMap<&Untrusted, usize>, BTreeMap<&Untrusted, usize>) =
            (BTreeMap::new(), BTreeMap::new());
        let plan = self.plan;
        for (change, it) in plan.changes.iter().enumerate() {
            let What::Permission { slug, before, after } = &it.what else { continue };
            if it.action == Action::Release {
                continue;
            }
            let step = self.step(Step::Permission { change });
            match (before, after) {
                (None, Some(_)) => made.insert(slug, step),
                (Some(_), None) => gone.insert(slug, step),
                _ => None,
            };
        }
        if made.is_empty() && gone.is_empty() {
            return;
        }
        let none = BTreeSet::new();
        for it in &plan.changes {
            let What::Role { before, after, successor, .. } = &it.what else { continue };
            let (old, new) = (it.role_id(), it.new_role_id());
            let wanted = set(after.as_ref()).unwrap_or(&none);
            let has = set(before.as_ref()).unwrap_or(&none);
            let made_already = set(successor.as_ref().map(|made| &made.state)).unwrap_or(&none);
            for slug in wanted {
                let takes = [self.create.get(&new), self.gain.get(&new)].into_iter().flatten();
                if let Some(made) = made.get(slug) {
                    self.hard.extend(takes.map(|takes| (*made, *takes)));
                }
            }
            for slug in has.iter().chain(made_already) {
                let drops = (!wanted.contains(slug)).then(|| self.lose.get(&new)).flatten();
                let goes = has.contains(slug).then(|| self.delete.get(&old)).flatten();
                if let Some(gone) = gone.get(slug) {
                    self.hard.extend(drops.into_iter().chain(goes).map(|drops| (*drops, *gone)));
                }
            }
        }
    }
}
