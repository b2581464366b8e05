//! What differs between the definitions of two revisions, without anything live: roles with their
//! expanded permissions, who holds what, and the lines that caused it.
//!
//! Built-in roles stay symbolic, as only the provider knows what they grant. Persons are compared as
//! they are spelled. Where a role stands, in which order, and with which comments is no difference.

mod assignments;
mod cause;
pub mod document;
mod expand;
mod lists;
mod matching;
mod permissions;
mod roles;

use std::collections::BTreeMap;

use globset::GlobSet;

use self::{
    document::{Place, Summary, TargetDifference, TargetStatus, Which},
    expand::View,
    matching::Pairs,
};
use crate::{
    contract::Spec,
    model::{
        Scope, Site, Sources, Untrusted,
        config::Placed,
        desired::{DesiredState, RoleName},
    },
};

/// What one revision declares for a target.
#[derive(Clone, Copy, Debug)]
pub struct Half<'a> {
    /// What it declares.
    pub desired: &'a DesiredState,
    /// The files that its places point into.
    pub sources: &'a Sources,
}

/// The two states of a target and how to name what is in them.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// The name of the target, for addresses.
    pub target: &'a str,
    /// Its provider.
    pub spec: &'a dyn Spec,
    /// Its settings.
    pub settings: &'a BTreeMap<String, Placed<Untrusted>>,
    /// What is compared with.
    pub a: Half<'a>,
    /// What is compared.
    pub b: Half<'a>,
    /// Addresses that are wanted; `None` for all.
    pub only: Option<&'a GlobSet>,
}

impl Input<'_> {
    fn wants(&self, address: &crate::model::Address) -> bool {
        self.only.is_none_or(|only| only.is_match(address.as_str()))
    }

    fn sources(&self, which: Which) -> &Sources {
        match which {
            Which::A => self.a.sources,
            Which::B => self.b.sources,
        }
    }

    fn place(&self, which: Which, site: Site) -> Option<Place> {
        let (source, position) = self.sources(which).locate(site)?;
        Some(Place { file: (&*source.path).into(), line: position.line, side: which })
    }
}

/// Compares what both halves declare into `found`, whose name, scope, and status are known already.
pub fn compare(input: Input<'_>, found: &mut TargetDifference) {
    let (a, b) = (View::new(Which::A, input.a.desired), View::new(Which::B, input.b.desired));
    let pairs = Pairs::new(&a, &b);
    roles::compare(&input, &a, &b, &pairs, found);
    permissions::compare(&input, found);
    assignments::compare(&input, &pairs, found);
    lists::compare(&input, &pairs, found);
}

/// Counts what was found, and says whether anything was.
pub fn conclude(found: &mut TargetDifference) {
    use document::What;
    let mut summary = Summary {
        scope: found.scope_changes.len()
            + usize::from(!found.files_left.is_empty())
            + usize::from(!found.files_joined.is_empty())
            + usize::from(matches!(found.status, TargetStatus::Added | TargetStatus::Dropped)),
        other: usize::from(found.default.is_some())
            + found.permission_definitions.len()
            + found.exclusive.len()
            + found.removed.len(),
        ..Summary::default()
    };
    for role in &found.roles {
        let count = match role.what {
            What::Added => &mut summary.roles_added,
            What::Removed => &mut summary.roles_removed,
            What::Renamed => &mut summary.roles_renamed,
            What::Changed => &mut summary.roles_changed,
        };
        *count += 1;
        if matches!(role.what, What::Renamed | What::Changed) {
            summary.permissions_added += role.permissions.added.len();
            summary.permissions_removed += role.permissions.removed.len();
        }
    }
    for assignment in &found.assignments {
        let count = match assignment.what {
            What::Added => &mut summary.assignments_added,
            What::Removed => &mut summary.assignments_removed,
            What::Renamed | What::Changed => &mut summary.assignments_changed,
        };
        *count += 1;
    }
    found.summary = summary;
    if found.status == TargetStatus::Same && summary != Summary::default() {
        found.status = TargetStatus::Changed;
    }
}

/// A reference to a role as a person reads it.
fn reference(role: &RoleName) -> Untrusted {
    match role {
        RoleName::Key(key) => (&**key).into(),
        RoleName::Builtin(id) => format!("builtin:{}", id.raw()).into(),
        RoleName::Live(name) => name.clone(),
    }
}

/// A scope as a person reads it; `None` for the target itself.
fn place_of(scope: &Scope) -> Option<Untrusted> {
    match scope {
        Scope::Target => None,
        Scope::Level(kind) => Some(Untrusted::new(kind.clone())),
        Scope::In { kind, path } => Some(format!("{kind}={}", path.raw()).into()),
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
mod tests;
