//! What is applied before a person goes on with their steps.

use std::collections::BTreeSet;

use super::Builder;
use crate::{
    model::Address,
    plan::change::{Change, What},
};

impl Builder<'_> {
    /// What the API does before: who leaves a role before it goes or gains, and what makes one that is given
    /// by hand. A person who does not wait for it changes what those people have.
    pub(super) fn applied_before(&self, change: &Change) -> Option<String> {
        const SHOWN: usize = 10;
        let first = self.plan.applied_before.get(&change.address)?;
        let first: BTreeSet<&Address> = first.iter().collect();
        let (mut people, mut made, mut waits) = (Vec::new(), Vec::new(), BTreeSet::new());
        for one in self.plan.changes.iter().filter(|one| first.contains(&one.address)) {
            waits.extend(one.blocked_by.iter().filter(|by| **by != change.address));
            match &one.what {
                What::Assignment { .. } => people.push(one.title.raw()),
                What::Role { after: Some(after), .. } => made.push(after.name.raw()),
                What::Role { .. } | What::Permission { .. } | What::Default { .. } => {}
            }
        }
        let list = |names: &[&str]| {
            let mut list: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
            list.extend(
                names.len().checked_sub(SHOWN).filter(|more| *more > 0).map(|more| format!("{more} more")),
            );
            list.join(", ")
        };
        let mut so_that = Vec::new();
        if !people.is_empty() {
            let have = if people.len() == 1 { "has" } else { "have" };
            so_that.push(format!("{} {have} left the role", list(&people)));
        }
        if !made.is_empty() {
            let are = if made.len() == 1 { "is" } else { "are" };
            so_that.push(format!("{} {are} made", list(&made)));
        }
        if so_that.is_empty() {
            return None;
        }
        let so_that = so_that.join(" and ");
        if waits.is_empty() {
            return Some(format!("Apply this plan first, and go on only once {so_that}."));
        }
        let waits: Vec<String> = waits.into_iter().map(|by| format!("`{}`", by.as_str())).collect();
        Some(format!(
            "Do what stands at {} first, apply again, and go on only once {so_that}.",
            waits.join(", ")
        ))
    }
}
