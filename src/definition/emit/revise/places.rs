//! A role that lives in several places: what differs in one of them, and places that it leaves.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Obstacle, RoleRevision,
    entries::{Edit, Holder, New, Sheet},
    roles::{Role, chosen},
};
use crate::{
    contract::PermissionForm,
    definition::{
        emit::{quote, text},
        node::{Kind, Node},
    },
    model::Untrusted,
};

/// The edits of one role that are about single places.
pub(super) fn edits<'a>(
    sheet: &Sheet<'a>,
    role: &Holder<'a>,
    changes: &BTreeMap<&Untrusted, RoleRevision>,
    left: &BTreeSet<&Untrusted>,
    form: PermissionForm,
) -> Result<Vec<Edit>, Obstacle> {
    let mut edits = leave(sheet, role, left)?;
    let overrides = role.node.entry("overrides");
    let (mut new, mut gone) = (Vec::new(), BTreeSet::new());
    for (path, change) in changes {
        let known = overrides.and_then(|(_, node)| node.entry(path.raw()));
        match known {
            Some((key, node)) => {
                let change = settled(node, change);
                let holder = Holder { key: Some(key), node, sections: false };
                edits.extend(Role { sheet, holder, form }.edits(&change)?);
            }
            None => new.push(entry(path, change, form)?),
        }
    }
    if let Some((key, node)) = overrides {
        let paths = node.entries().iter().enumerate();
        gone.extend(
            paths
                .filter(|(_, (key, _))| left.iter().any(|path| path.raw() == &*key.text))
                .map(|(index, _)| index),
        );
        let holder = Holder { key: Some(key), node, sections: false };
        edits.extend(sheet.rework(&holder, &gone, &new)?);
    } else if !new.is_empty() {
        let flow: Vec<&str> = new.iter().map(|one| one.flow.as_str()).collect();
        let block: String = new.iter().map(|one| format!("  {}", one.block)).collect();
        let all = New {
            flow: format!("overrides: {{ {} }}", flow.join(", ")),
            block: format!("overrides:\n{block}"),
        };
        edits.extend(sheet.rework(role, &BTreeSet::new(), &[all])?);
    }
    Ok(edits)
}

/// The places leave the list under `scope`.
fn leave<'a>(
    sheet: &Sheet<'a>,
    role: &Holder<'a>,
    left: &BTreeSet<&Untrusted>,
) -> Result<Vec<Edit>, Obstacle> {
    if left.is_empty() {
        return Ok(Vec::new());
    }
    let at = role.node.span.start as usize;
    let (_, scope) = role.node.entry("scope").ok_or(Obstacle::at(at, "names no place"))?;
    let (mut edits, mut found) = (Vec::new(), 0);
    for (key, list) in scope.entries() {
        let Kind::List(items) = &list.kind else { continue };
        let gone = chosen(items, |text| left.iter().any(|path| path.raw() == text));
        found += gone.len();
        let holder = Holder { key: Some(key), node: list, sections: false };
        edits.extend(sheet.rework(&holder, &gone, &[])?);
    }
    if found < left.len() {
        return Err(Obstacle::at(scope.span.start as usize, "does not name the place in a list"));
    }
    Ok(edits)
}

/// What a change means where something is said of the place already: a permission that only the role
/// itself goes without is given here.
fn settled(node: &Node<'_>, change: &RoleRevision) -> RoleRevision {
    let said = |permission: &Untrusted| match node.get("except").map(|list| &list.kind) {
        Some(Kind::List(items)) => !chosen(items, |text| text == permission.raw()).is_empty(),
        _ => false,
    };
    let mut change = change.clone();
    let elsewhere: Vec<Untrusted> = change.readmit.iter().filter(|one| !said(one)).cloned().collect();
    change.readmit.retain(|one| !elsewhere.contains(one));
    change.grant.extend(elsewhere);
    change
}

/// A new entry under `overrides`.
fn entry(path: &Untrusted, change: &RoleRevision, form: PermissionForm) -> Result<New, Obstacle> {
    let mut fields = Vec::new();
    if let Some(name) = &change.name {
        fields.push(format!("name: {}", quote::word(name.raw())));
    }
    match &change.description {
        Some(Some(description)) => fields.push(format!("description: {}", quote::word(description.raw()))),
        Some(None) => return Err(Obstacle::at(0, "cannot say of one place that it has no description")),
        None => {}
    }
    let granted: BTreeSet<Untrusted> = change.grant.union(&change.readmit).cloned().collect();
    for (field, set) in [("permissions", &granted), ("except", &change.except)] {
        if !set.is_empty() {
            fields.push(format!("{field}: {}", text::permissions_flow(set, form)));
        }
    }
    let flow = format!("{}: {{ {} }}", quote::word(path.raw()), fields.join(", "));
    Ok(New { block: format!("{flow}\n"), flow })
}
