//! A role that goes while a much alike one comes: likely a rename that nobody declared, by which
//! people would lose the role, or other programs its id.

use std::collections::BTreeSet;

use super::super::{
    change::{Change, What},
    document::{Action, Reason},
};
use crate::{
    definition::emit,
    model::{Scope, Untrusted},
};

/// So many are pointed out; more roles are no renames but a new design.
const MOST: usize = 10;

/// A share of permissions in common, in percent, from which two roles are much alike.
const LIKE: usize = 80;

/// Among so many roles that come a rename is looked for.
const MOST_MADE: usize = 200;

/// One note for each role that goes and is likely the one that comes.
pub(super) fn notes(changes: &[Change]) -> Vec<Untrusted> {
    let gone = changes.iter().filter(|change| change.reason == Some(Reason::NoLongerDeclared));
    let made: Vec<&Change> = changes.iter().filter(|change| change.action == Action::Create).collect();
    if made.len() > MOST_MADE {
        return Vec::new();
    }
    let notes = gone.filter_map(|old| {
        let old_set = permissions(old)?;
        let likeness = |new: &&Change| permissions(new).map(|set| alike(old_set, set)).unwrap_or_default();
        let alike = made.iter().copied().filter(|new| place(new) == place(old) && likeness(new) >= LIKE);
        // Of several equal ones the first.
        let new = alike.rev().max_by_key(likeness)?;
        let (from, to) = (old.title.raw(), new.title.raw());
        let then = match old.holders {
            Some(0) => "Then it keeps its id",
            _ => "Then its members keep it",
        };
        let line = format!("previously: [{}]", emit::shown(from));
        Some(
            format!(
                "Role `{from}` would be deleted and `{to}` made, and they are much alike. If it is a new name for the same role, add to the definition of `{to}`: `{line}`. {then}."
            )
            .into(),
        )
    });
    notes.take(MOST).collect()
}

/// Only within its class and scope can a role be renamed.
fn place(change: &Change) -> Option<(&'static str, &Scope)> {
    match &change.what {
        What::Role { class, scope, .. } => Some((class, scope)),
        What::Permission { .. } | What::Default { .. } | What::Assignment { .. } => None,
    }
}

fn permissions(change: &Change) -> Option<&BTreeSet<Untrusted>> {
    let What::Role { before, after, .. } = &change.what else { return None };
    before.as_ref().or(after.as_ref())?.permissions.as_ref().filter(|set| !set.is_empty())
}

/// The share of permissions that two sets have in common, in percent.
fn alike(a: &BTreeSet<Untrusted>, b: &BTreeSet<Untrusted>) -> usize {
    let common = a.intersection(b).count();
    common * 100 / (a.len() + b.len() - common).max(1)
}
