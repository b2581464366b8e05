//! People who leave lists and join others.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Obstacle,
    entries::{Edit, Holder, New, Sheet},
    roles::item,
};
use crate::{
    definition::{
        emit::quote,
        node::{Kind, Node},
    },
    model::Untrusted,
};

/// Bytes that a principal is written at.
type Place = (u32, u32);

/// Fields of an assignment that hold no principals.
const OTHERS: [&str; 4] = ["role", "exclusive", "expires", "scope"];

/// Who leaves and who joins.
#[derive(Default)]
pub(super) struct People<'r> {
    pub(super) leaving: BTreeSet<Place>,
    pub(super) joining: BTreeMap<Place, Vec<(&'r String, Option<&'r Untrusted>)>>,
}

/// The edits that make every change of assignments; those of roles that are dropped go.
pub(super) fn edits<'a>(
    sheet: &Sheet<'a>,
    root: &'a Node<'a>,
    people: &People<'_>,
    dropped: &BTreeSet<&str>,
) -> Result<Vec<Edit>, Obstacle> {
    let wanted = people.leaving.len() + people.joining.len();
    let Some((key, node)) = root.entry("assignments") else {
        return if wanted == 0 { Ok(Vec::new()) } else { Err(Obstacle::at(0, "assigns nothing")) };
    };
    let Kind::List(entries) = &node.kind else { return Ok(Vec::new()) };
    let mut edits = Vec::new();
    let mut gone = BTreeSet::new();
    let mut found = 0;
    for (index, entry) in entries.iter().enumerate() {
        if is_of(entry, dropped) {
            gone.insert(index);
            continue;
        }
        let mut emptied = BTreeSet::new();
        for (field, (name, list)) in entry.entries().iter().enumerate() {
            let Kind::List(items) = &list.kind else { continue };
            if OTHERS.contains(&&*name.text) {
                continue;
            }
            let places: Vec<Place> = items.iter().map(|item| (item.span.start, item.span.end)).collect();
            let leaves = |place: &Place| people.leaving.contains(place);
            let removed: BTreeSet<usize> = places
                .iter()
                .enumerate()
                .filter(|(_, place)| leaves(place))
                .map(|(index, _)| index)
                .collect();
            let joining: Vec<_> = places.iter().filter_map(|place| people.joining.get(place)).collect();
            found += removed.len() + joining.len();
            let added: Vec<New> =
                joining.into_iter().flatten().map(|(text, called)| new(text, *called)).collect();
            if removed.is_empty() && added.is_empty() {
                continue;
            }
            if removed.len() == items.len() && added.is_empty() && !is_exclusive(entry, &name.text) {
                emptied.insert(field);
                continue;
            }
            let holder = Holder { key: Some(name), node: list, sections: false };
            edits.extend(sheet.rework(&holder, &removed, &added)?);
        }
        let left = entry.entries().iter().enumerate().filter(|(index, (name, _))| {
            !emptied.contains(index) && !matches!(&*name.text, "role" | "expires" | "scope")
        });
        if !emptied.is_empty() && left.count() == 0 {
            gone.insert(index);
        } else if !emptied.is_empty() {
            let holder = Holder { key: None, node: entry, sections: false };
            edits.extend(sheet.rework(&holder, &emptied, &[])?);
        }
    }
    if found < wanted {
        return Err(Obstacle::at(node.span.start as usize, "does not name the person in a list of its own"));
    }
    let holder = Holder { key: Some(key), node, sections: true };
    edits.extend(sheet.rework(&holder, &gone, &[])?);
    Ok(edits)
}

/// Whether the entry is about one of these roles.
fn is_of(entry: &Node<'_>, roles: &BTreeSet<&str>) -> bool {
    matches!(entry.get("role").map(|role| &role.kind), Some(Kind::Scalar { text, .. }) if roles.contains(&**text))
}

/// Whether the entry says that its list under `field` is the whole truth.
fn is_exclusive(entry: &Node<'_>, field: &str) -> bool {
    let Some(Kind::List(fields)) = entry.get("exclusive").map(|list| &list.kind) else { return false };
    fields.iter().any(|one| matches!(&one.kind, Kind::Scalar { text, .. } if text == field))
}

fn new(text: &str, called: Option<&Untrusted>) -> New {
    let New { flow, block } = item(text);
    let comment = called.and_then(|name| quote::comment(name.raw()));
    let block = match comment {
        Some(comment) => format!("{} # {comment}\n", block.trim_end_matches('\n')),
        None => block,
    };
    New { flow, block }
}
