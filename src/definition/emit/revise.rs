//! Changes of what a file says already: a permission more or less in a role's own list, another
//! name, somebody who leaves a list. Every byte that is not meant stays as it is.
//!
//! What comes out has to be read again and held against what was meant ([`super::Meaning`]): an
//! anchor, or a form that is not looked at here, can make a change mean more than it says.

mod assignments;
mod entries;
mod permissions;
mod places;
mod roles;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use self::entries::{Edit, Sheet, carry_out};
use super::{holders::NewAssignment, insert::insert, quote, text::Part};
use crate::{
    contract::Spec,
    definition::{node::Kind, syntax},
    model::{SourceId, Untrusted},
};

/// A change of one file.
#[derive(Clone, Debug)]
pub enum Revision {
    /// Of a role that is declared in it.
    Role {
        /// Its key.
        key: Arc<str>,
        /// What becomes of it.
        change: RoleRevision,
    },
    /// Of such a role in one of its places alone, under `overrides`.
    RoleIn {
        /// Its key.
        key: Arc<str>,
        /// The place, as it is written.
        path: Untrusted,
        /// What becomes of it there.
        change: RoleRevision,
    },
    /// A role leaves one of several places.
    LeavePlace {
        /// Its key.
        key: Arc<str>,
        /// The place, as it is written.
        path: Untrusted,
    },
    /// Of a permission that is declared as a resource of its own.
    Permission {
        /// Its slug.
        slug: Untrusted,
        /// What becomes of it; `None` where it goes.
        change: Option<PermissionRevision>,
    },
    /// The role goes, as far as this file is concerned: its entry, and who holds it.
    DropRole {
        /// Its key.
        key: Arc<str>,
    },
    /// The principal that is written at these bytes leaves their list.
    Leave {
        /// First byte, and one past the last.
        place: (u32, u32),
    },
    /// Somebody joins the list in which another principal is written at these bytes.
    Join {
        /// First byte, and one past the last, of the other one.
        beside: (u32, u32),
        /// As it is written: `1003`, `email:…`
        written: String,
        /// What to call them beside it.
        called: Option<Untrusted>,
    },
    /// An entry of its own for somebody.
    Assign(NewAssignment),
    /// Another default role, as it is written; `None` takes the line out.
    Default(Option<String>),
}

/// What becomes of a declared role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoleRevision {
    /// The provider's id, where the name alone no longer tells the role.
    pub id: Option<Untrusted>,
    /// Its new name.
    pub name: Option<Untrusted>,
    /// Its new description; `Some(None)` clears it.
    pub description: Option<Option<Untrusted>>,
    /// Permissions that its own list gains.
    pub grant: BTreeSet<Untrusted>,
    /// Permissions that its own list loses.
    pub revoke: BTreeSet<Untrusted>,
    /// Permissions that `except` gains.
    pub except: BTreeSet<Untrusted>,
    /// Permissions that `except` loses.
    pub readmit: BTreeSet<Untrusted>,
}

/// What becomes of a declared permission.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PermissionRevision {
    /// Its new name.
    pub name: Option<Untrusted>,
    /// Its new description; `Some(None)` clears it.
    pub description: Option<Option<Untrusted>>,
}

impl RoleRevision {
    fn unite(&mut self, other: &Self) {
        self.id = self.id.take().or_else(|| other.id.clone());
        self.name = self.name.take().or_else(|| other.name.clone());
        self.description = self.description.take().or_else(|| other.description.clone());
        for (mine, theirs) in [
            (&mut self.grant, &other.grant),
            (&mut self.revoke, &other.revoke),
            (&mut self.except, &other.except),
            (&mut self.readmit, &other.readmit),
        ] {
            mine.extend(theirs.iter().cloned());
        }
    }
}

/// Why a file cannot be changed safely.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// The byte at which it shows.
    pub at: usize,
    /// As the rest of a sentence about what stands there.
    pub why: &'static str,
}

impl Obstacle {
    fn at(at: usize, why: &'static str) -> Self {
        Self { at, why }
    }
}

/// `text` with the changes made.
///
/// # Errors
///
/// The first thing that stands in the way; then nothing is to be changed.
pub fn revise(text: &str, revisions: &[&Revision], spec: &dyn Spec) -> Result<String, Obstacle> {
    let parsed = syntax::parse(text, SourceId(0));
    let root = parsed.root.filter(|_| !parsed.broken).ok_or(Obstacle::at(0, "is no usable YAML"))?;
    if !matches!(root.kind, Kind::Map(_)) {
        return Err(Obstacle::at(0, "is no mapping"));
    }
    let sheet = Sheet { text };
    let mut roles = roles::Roles::default();
    let mut permissions: BTreeMap<&Untrusted, Option<&PermissionRevision>> = BTreeMap::new();
    let mut dropped = BTreeSet::new();
    let mut people = assignments::People::default();
    let mut new: Vec<NewAssignment> = Vec::new();
    let mut edits: Vec<Edit> = Vec::new();
    for revision in revisions {
        match revision {
            Revision::Role { key, change } => roles.changes.entry(key).or_default().unite(change),
            Revision::RoleIn { key, path, change } => {
                roles.places.entry(key).or_default().entry(path).or_default().unite(change);
            }
            Revision::LeavePlace { key, path } => {
                roles.left.entry(key).or_default().insert(path);
            }
            Revision::Permission { slug, change } => {
                permissions.insert(slug, change.as_ref());
            }
            Revision::DropRole { key } => {
                dropped.insert(&**key);
            }
            Revision::Leave { place } => {
                people.leaving.insert(*place);
            }
            Revision::Join { beside, written, called } => {
                people.joining.entry(*beside).or_default().push((written, called.as_ref()));
            }
            Revision::Assign(assignment) => add(&mut new, assignment),
            Revision::Default(written) => {
                edits.extend(default(&sheet, &root, written.as_deref())?);
            }
        }
    }
    edits.extend(roles::edits(&sheet, &root, &roles, &dropped, spec.permission_form())?);
    edits.extend(permissions::edits(&sheet, &root, &permissions)?);
    edits.extend(assignments::edits(&sheet, &root, &people, &dropped)?);
    let text = carry_out(text, edits)?;
    if new.is_empty() {
        return Ok(text);
    }
    let part = Part { assignments: new.iter().collect(), ..Part::default() };
    insert(&text, &part, spec).map_err(|_| Obstacle::at(0, "has a form in which no assignment can be added"))
}

/// People who get the same role in the same place for the same time stand together.
fn add(all: &mut Vec<NewAssignment>, one: &NewAssignment) {
    let is_same = |other: &&mut NewAssignment| {
        (&other.role, &other.scope, other.expires) == (&one.role, &one.scope, one.expires)
    };
    let Some(same) = all.iter_mut().find(is_same) else {
        return all.push(one.clone());
    };
    for (field, people) in &one.people {
        match same.people.iter_mut().find(|(other, _)| other == field) {
            Some((_, known)) => known.extend(people.iter().cloned()),
            None => same.people.push((field, people.clone())),
        }
    }
}

fn default(
    sheet: &Sheet<'_>,
    root: &crate::definition::node::Node<'_>,
    written: Option<&str>,
) -> Result<Vec<Edit>, Obstacle> {
    let holder = sheet.root(root);
    let found = root.entries().iter().position(|(key, _)| key.text == "default_role");
    let index = found.ok_or(Obstacle::at(0, "has no `default_role`"))?;
    match written {
        None => sheet.rework(&holder, &BTreeSet::from([index]), &[]),
        Some(written) => {
            let (key, value) = &root.entries()[index];
            let text = if holder.is_flow(sheet.text) { quote::word(written) } else { quote::scalar(written) };
            Ok(vec![sheet.replace(key, value, text)?])
        }
    }
}

#[cfg(test)]
mod tests;
