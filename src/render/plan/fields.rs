//! What differs in a change, sorted for reading: shared by text and Markdown.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    model::Untrusted,
    plan::document::{Action, Blame, Change, FieldChange, FieldValue, Origin, Via},
};

/// A field of a change.
#[derive(Clone, Debug)]
pub(super) enum Field<'a> {
    Set { name: &'a str, removed: Vec<Row<'a>>, added: Vec<Row<'a>>, unchanged: Vec<&'a Untrusted> },
    Value { name: &'a str, before: Option<&'a FieldValue>, after: Option<&'a FieldValue>, origin: Origin },
}

impl Field<'_> {
    /// Whether a member of a set goes.
    pub(super) fn removes(&self) -> bool {
        matches!(self, Self::Set { removed, .. } if !removed.is_empty())
    }
}

/// Members of a set that come or go together: of one resource, for one reason.
#[derive(Clone, Debug)]
pub(super) struct Row<'a> {
    /// `learnings` of `learnings:read`.
    pub(super) resource: Option<&'a str>,
    /// `read`, `write`; whole members where there is no resource.
    pub(super) values: Vec<&'a str>,
    pub(super) origin: Origin,
    /// What brings it: a set, a base, or a line of the role itself that somebody else wrote.
    pub(super) via: Option<&'a Via>,
}

/// Whether nobody can read what a field of a role that is there and stays is now.
pub(super) fn is_unread(change: &Change, name: &str) -> bool {
    let lacks = |fields: &BTreeMap<String, FieldValue>| !fields.contains_key(name);
    matches!((&change.before, &change.after), (Some(one), Some(other)) if lacks(one) || lacks(other))
}

/// What stands beside the number of members that come into a set: of one that cannot be read now nobody
/// knows which ones come.
pub(super) fn added_words(change: &Change, name: &str) -> &'static str {
    match is_unread(change, name) {
        true => "wanted; what is there now cannot be read",
        false => "added",
    }
}

/// How many members the rows stand for.
pub(super) fn members(rows: &[Row<'_>]) -> usize {
    rows.iter().map(|row| row.values.len()).sum()
}

/// More members without a resource than these flow in one paragraph.
const LIST: usize = 8;

/// `learnings:read` as `learnings` and `read`.
pub(in crate::render) fn split(value: &str) -> (Option<&str>, &str) {
    match value.rsplit_once(':') {
        Some((resource, access)) if !resource.ends_with(':') && is_simple(resource) && is_simple(access) => {
            (Some(resource), access)
        }
        _ => (None, value),
    }
}

/// Whether a permission is spelled as permissions are. Any other stands alone and in quotes, as it
/// could be mistaken for several.
pub(in crate::render) fn is_simple(value: &str) -> bool {
    !value.is_empty()
        && value
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'/' | b'*' | b':'))
}

fn rows<'a>(elements: impl IntoIterator<Item = (&'a Untrusted, Origin, Option<&'a Via>)>) -> Vec<Row<'a>> {
    fn source<'a>(row: &Row<'a>) -> (Origin, Option<[Option<&'a Untrusted>; 4]>) {
        let commit = |via: &'a Via| via.blame.as_ref().map(|blame| &blame.commit);
        let via = row.via;
        (row.origin, via.map(|via| [via.set.as_ref(), via.base.as_ref(), via.file.as_ref(), commit(via)]))
    }
    let mut rows: Vec<Row<'a>> = Vec::new();
    let mut index = BTreeMap::new();
    for (value, origin, via) in elements {
        let (resource, access) = split(value.raw());
        let row = Row { resource, values: vec![access], origin, via };
        if !is_simple(value.raw()) {
            rows.push(row);
            continue;
        }
        let next = rows.len();
        let at = *index.entry((resource, source(&row))).or_insert(next);
        match rows.get_mut(at) {
            Some(row) => row.values.push(access),
            None => rows.push(row),
        }
    }
    // A short list without resources reads better with one member in each line.
    rows.into_iter()
        .flat_map(|row| {
            if row.resource.is_some() || row.values.len() > LIST {
                return vec![row];
            }
            row.values.iter().map(|value| Row { values: vec![*value], ..row.clone() }).collect()
        })
        .collect()
}

/// What brings a member, as far as the place of the change itself does not say it.
fn via<'a>(change: &Change, via: Option<&'a Via>) -> Option<&'a Via> {
    let commit = |blame: &'_ Option<Blame>| blame.as_ref().map(|blame| blame.commit.clone());
    let role = change.definition.as_ref().and_then(|place| commit(&place.blame));
    via.filter(|via| {
        let own = commit(&via.blame);
        via.set.is_some() || via.base.is_some() || (own.is_some() && own != role)
    })
}

/// Members that stay, by resource, at most `limit` of them; and how many more there are.
pub(super) fn context<'a>(unchanged: &[&'a Untrusted], limit: usize) -> (Vec<Row<'a>>, usize) {
    // Saying that there is one more takes as much room as saying which.
    let limit = if unchanged.len() <= limit + 2 { unchanged.len() } else { limit };
    let shown = unchanged.iter().take(limit).map(|value| (*value, Origin::Pending, None));
    (rows(shown), unchanged.len() - limit)
}

/// The fields of a change: what differs, and everything of an object that comes or goes.
pub(super) fn fields(change: &Change) -> Vec<Field<'_>> {
    let mut seen = BTreeSet::new();
    let mut fields: Vec<Field<'_>> = change
        .fields
        .iter()
        .map(|field| match field {
            FieldChange::Set { field, added, removed } => {
                seen.insert(field.raw());
                Field::Set {
                    name: field.raw(),
                    removed: rows(removed.iter().map(|e| (&e.value, e.origin, None))),
                    added: rows(added.iter().map(|e| (&e.value, e.origin, via(change, e.via.as_ref())))),
                    unchanged: unchanged(change, field.raw()),
                }
            }
            FieldChange::Value { field, before, after, origin } => {
                seen.insert(field.raw());
                Field::Value {
                    name: field.raw(),
                    before: before.as_ref(),
                    after: after.as_ref(),
                    origin: *origin,
                }
            }
        })
        .collect();
    let (whole, comes) = match change.action {
        Action::Create => (change.after.as_ref(), true),
        Action::Delete => (change.before.as_ref(), false),
        _ => (None, false),
    };
    for (name, value) in whole.into_iter().flatten().filter(|(name, _)| !seen.contains(name.as_str())) {
        match value {
            FieldValue::Set(values) => {
                let all = rows(values.iter().map(|value| (value, change.origin, None)));
                let (added, removed) = if comes { (all, Vec::new()) } else { (Vec::new(), all) };
                fields.push(Field::Set { name, removed, added, unchanged: Vec::new() });
            }
            FieldValue::Text(None) => {}
            value => {
                let (before, after) = if comes { (None, Some(value)) } else { (Some(value), None) };
                fields.push(Field::Value { name, before, after, origin: change.origin });
            }
        }
    }
    // The name of what comes or goes is its title already.
    fields.retain(|field| !is_title(change, field));
    // What matters most last: texts, then flags, then sets.
    fields.sort_by_key(|field| matches!(field, Field::Set { .. }));
    fields
}

fn is_title(change: &Change, field: &Field<'_>) -> bool {
    let Field::Value { name: "name", before, after, .. } = field else { return false };
    let text = |value: &Option<&FieldValue>| match value {
        Some(FieldValue::Text(Some(text))) => Some(*text == change.title),
        Some(_) => Some(false),
        None => None,
    };
    match change.action {
        Action::Create => before.is_none() && text(after) == Some(true),
        Action::Delete => after.is_none() && text(before) == Some(true),
        _ => false,
    }
}

fn unchanged<'a>(change: &'a Change, field: &str) -> Vec<&'a Untrusted> {
    let set = |fields: &'a Option<BTreeMap<String, FieldValue>>| match fields.as_ref()?.get(field)? {
        FieldValue::Set(values) => Some(values),
        _ => None,
    };
    let (Some(before), Some(after)) = (set(&change.before), set(&change.after)) else { return Vec::new() };
    let after: BTreeSet<_> = after.iter().collect();
    before.iter().filter(|value| after.contains(value)).collect()
}

/// The sides of a change of the default role, where that is all it is.
pub(super) fn default_sides<'a>(
    change: &'a Change,
    field: &Field<'a>,
) -> Option<[Option<&'a FieldValue>; 2]> {
    match field {
        Field::Value { name: "role", before, after, .. } if change.action == Action::SetDefault => {
            Some([*before, *after])
        }
        _ => None,
    }
}

/// Whether the field is the name of something that is renamed, which its title says already.
pub(super) fn is_new_name(change: &Change, field: &Field<'_>) -> bool {
    change.action == Action::Rename
        && matches!(field, Field::Value { name: "name", origin, .. } if *origin == change.origin)
}

/// The new name of something that is renamed.
pub(super) fn new_name(change: &Change) -> Option<&Untrusted> {
    change.fields.iter().find_map(|field| match field {
        FieldChange::Value { field, after: Some(FieldValue::Text(Some(name))), .. }
            if field.raw() == "name" =>
        {
            Some(name)
        }
        _ => None,
    })
}

/// A value as a reader meets it.
pub(super) enum Shown<'a> {
    Nothing,
    Text(&'a Untrusted),
    Name(&'a Untrusted),
    Flag(bool),
    Members(usize),
}

pub(super) fn shown(value: Option<&FieldValue>) -> Shown<'_> {
    match value {
        None | Some(FieldValue::Text(None)) => Shown::Nothing,
        Some(FieldValue::Text(Some(text))) => Shown::Text(text),
        Some(FieldValue::Flag(flag)) => Shown::Flag(*flag),
        Some(FieldValue::Role(role)) => Shown::Name(&role.name),
        Some(FieldValue::Set(values)) => Shown::Members(values.len()),
    }
}

/// Old and new text of a field whose words are worth comparing.
pub(super) fn texts<'a>(
    name: &str,
    before: Option<&'a FieldValue>,
    after: Option<&'a FieldValue>,
) -> Option<(&'a str, &'a str)> {
    let (Shown::Text(old), Shown::Text(new)) = (shown(before), shown(after)) else { return None };
    let (old, new) = (old.raw(), new.raw());
    let long = old.len() + new.len() > 60 || old.contains('\n') || new.contains('\n');
    (name == "description" || long).then_some((old, new))
}
