//! Whether a plan file still says what was planned: its digests are of its changes, and what it
//! shows of a change is what the change does.
//!
//! The digest of a target cannot be computed anew: it covers the name of the credential, which is
//! not in the document. Somebody who edits a plan and all its digests makes another claim, which
//! `apply` holds against a plan of its own.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    digest,
    document::{Change, FieldChange, FieldValue, PlanDocument},
    read::PlanReadError,
};
use crate::model::Untrusted;

/// Most contradictions that are told.
const MOST: usize = 20;

impl PlanDocument {
    /// Holds the digests against the changes, and the fields of each change against its values.
    ///
    /// # Errors
    /// If a digest is not that of what it stands for, or if a change shows something else than it
    /// does: the first twenty.
    pub fn check_integrity(&self) -> Result<(), PlanReadError> {
        let mut messages: Vec<Untrusted> = Vec::new();
        let changes =
            self.targets.iter().enumerate().flat_map(|(t, target)| {
                target.changes.iter().enumerate().map(move |(c, change)| (t, c, change))
            });
        for (t, c, change) in changes {
            let place = format!("`targets[{t}].changes[{c}]` ({})", change.address);
            if digest::change(change) != change.digest {
                messages.push(format!("{place} is not the change that its digest stands for.").into());
            }
            if let Some(field) = contradiction(change) {
                messages
                    .push(format!("{place} shows `{}` otherwise than it would change.", field.raw()).into());
            }
        }
        if digest::plan(&self.targets) != self.digest {
            messages.push("`digest` does not stand for the digests of the targets.".into());
        }
        if messages.is_empty() {
            return Ok(());
        }
        let more = messages.len().saturating_sub(MOST);
        messages.truncate(MOST);
        if more > 0 {
            messages.push(format!("And {more} more.").into());
        }
        let help = "The file was edited. Write the plan again with `rolecall plan -o FILE`.";
        Err(PlanReadError { messages, help })
    }
}

/// A field in which what a change shows differs from its values before and after.
fn contradiction(change: &Change) -> Option<Untrusted> {
    let none = BTreeMap::new();
    let (before, after) = (change.before.as_ref().unwrap_or(&none), change.after.as_ref().unwrap_or(&none));
    let mut shown = BTreeSet::new();
    for field in &change.fields {
        let (FieldChange::Set { field: name, .. } | FieldChange::Value { field: name, .. }) = field;
        let (old, new) = (before.get(name.raw()), after.get(name.raw()));
        let right = match field {
            FieldChange::Set { added, removed, .. } => {
                let (old, new) = (members(old), members(new));
                let told = |elements: &[super::document::Element]| {
                    let told: Vec<Untrusted> = elements.iter().map(|element| element.value.clone()).collect();
                    told
                };
                let differ = |a: &BTreeSet<Untrusted>, b: &BTreeSet<Untrusted>| {
                    let differ: Vec<Untrusted> = a.difference(b).cloned().collect();
                    differ
                };
                told(added) == differ(&new, &old) && told(removed) == differ(&old, &new)
            }
            FieldChange::Value { before, after, .. } => {
                value(before.as_ref()) == value(old) && value(after.as_ref()) == value(new)
            }
        };
        if !right || !shown.insert(name.raw()) {
            return Some(name.clone());
        }
    }
    let differs = |name: &&String| value(before.get(*name)) != value(after.get(*name));
    before
        .keys()
        .chain(after.keys())
        .filter(differs)
        .find(|name| !shown.contains(name.as_str()))
        .map(|name| name.as_str().into())
}

/// A value as it is compared: no text is the same as nothing, and so is an empty set.
fn value(value: Option<&FieldValue>) -> Option<&FieldValue> {
    value.filter(|value| match value {
        FieldValue::Text(text) => text.is_some(),
        FieldValue::Set(members) => !members.is_empty(),
        FieldValue::Flag(_) | FieldValue::Role(_) => true,
    })
}

fn members(value: Option<&FieldValue>) -> BTreeSet<Untrusted> {
    match value {
        Some(FieldValue::Set(members)) => members.iter().cloned().collect(),
        _ => BTreeSet::new(),
    }
}
