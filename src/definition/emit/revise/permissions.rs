//! Declared permissions: their names and descriptions, and whole entries that go.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Obstacle, PermissionRevision,
    entries::{Edit, Holder, Sheet},
    roles::Fields,
};
use crate::{definition::node::Node, model::Untrusted};

/// The edits that make every change of permissions.
pub(super) fn edits<'a>(
    sheet: &Sheet<'a>,
    root: &'a Node<'a>,
    changes: &BTreeMap<&Untrusted, Option<&PermissionRevision>>,
) -> Result<Vec<Edit>, Obstacle> {
    if changes.is_empty() {
        return Ok(Vec::new());
    }
    let declared = root.entry("permission_definitions");
    let (key, node) = declared.ok_or(Obstacle::at(0, "declares no permissions"))?;
    let (mut edits, mut removed, mut found) = (Vec::new(), BTreeSet::new(), 0);
    for (index, (key, entry)) in node.entries().iter().enumerate() {
        let change = changes.iter().find(|(slug, _)| slug.raw() == &*key.text).map(|(_, change)| change);
        match change {
            None => continue,
            Some(None) => {
                removed.insert(index);
            }
            Some(Some(change)) => {
                let holder = Holder { key: Some(key), node: entry, sections: false };
                let fields = Fields { sheet, holder };
                edits.extend(fields.heads(None, change.name.as_ref(), change.description.as_ref())?);
            }
        }
        found += 1;
    }
    if found < changes.len() {
        return Err(Obstacle::at(node.span.start as usize, "does not hold the permission"));
    }
    let holder = Holder { key: Some(key), node, sections: true };
    edits.extend(sheet.rework(&holder, &removed, &[])?);
    Ok(edits)
}
