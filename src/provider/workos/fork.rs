//! What the first role of an organization brings along.

use std::collections::BTreeSet;

use super::spec::ORGANIZATION_ROLE;
use crate::model::{Kind, Scope, live::LiveState};

/// Which organizations get their first role of their own, as a sentence: from then on the environment's
/// default role and order of priority no longer count there. No request reads or sets the two.
/// Source: `/rbac/custom-roles`.
pub(super) fn note(new: &[(&'static str, &Scope)], live: &LiveState) -> Option<String> {
    const SHOWN: usize = 10;
    let of_organizations =
        || live.of(Kind::Role).map(|object| &object.key).filter(|key| key.class == ORGANIZATION_ROLE);
    let have: BTreeSet<&Scope> = of_organizations().map(|key| &key.scope).collect();
    let first: BTreeSet<&str> = new
        .iter()
        .filter(|(class, scope)| *class == ORGANIZATION_ROLE && !have.contains(scope))
        .filter_map(|(_, scope)| match scope {
            Scope::In { path, .. } => Some(path.raw()),
            _ => None,
        })
        .collect();
    let shown: Vec<String> = first.iter().take(SHOWN).map(|id| format!("`{id}`")).collect();
    let more = match first.len().checked_sub(SHOWN) {
        None | Some(0) => String::new(),
        Some(more) => format!(" and {more} more"),
    };
    let list = shown.join(", ");
    (!first.is_empty()).then(|| {
        format!(
            "With its first role an organization gets a default role and an order of priority of its own, apart from those of the environment: {list}{more}."
        )
    })
}
