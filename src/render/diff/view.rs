//! What text and Markdown say alike.

use std::collections::BTreeMap;

use super::plan::fields::split;
pub(super) use super::plan::view::is_permission;
use crate::{
    model::Untrusted,
    plan::difference::document::{
        Cause, DiffDocument, OnlyIf, Permission, Permissions, Place, RoleDifference, Side, Summary,
        TargetDifference, TargetStatus, What, Which,
    },
};

/// `1 role`, `2 roles`.
pub(super) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// The numbers of a summary; empty where nothing differs.
pub(super) fn counts(summary: &Summary, minus: &str) -> String {
    let mut groups = Vec::new();
    let roles = [
        (summary.roles_added, "added"),
        (summary.roles_removed, "removed"),
        (summary.roles_renamed, "renamed"),
        (summary.roles_changed, "changed"),
    ];
    groups.extend(group("roles", &roles));
    if summary.permissions_added + summary.permissions_removed > 0 {
        let signed = [(summary.permissions_added, "+"), (summary.permissions_removed, minus)];
        let signed: Vec<_> = signed
            .iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, sign)| format!("{sign}{number}"))
            .collect();
        groups.push(format!("permissions {}", signed.join(" ")));
    }
    let assignments = [
        (summary.assignments_added, "added"),
        (summary.assignments_removed, "removed"),
        (summary.assignments_changed, "changed"),
    ];
    groups.extend(group("assignments", &assignments));
    if summary.scope > 0 {
        groups.push(count(summary.scope, "scope change", "scope changes"));
    }
    if summary.other > 0 {
        groups.push(count(summary.other, "other difference", "other differences"));
    }
    groups.join("; ")
}

fn group(what: &str, numbers: &[(usize, &str)]) -> Option<String> {
    let numbers: Vec<_> = numbers.iter().filter(|(number, _)| *number > 0).collect();
    let one = |(number, word): &&(usize, &str)| format!("{number} {word}");
    match numbers.as_slice() {
        [] => None,
        [(1, word)] => Some(format!("1 {} {word}", what.trim_end_matches('s'))),
        [(number, word)] => Some(format!("{number} {what} {word}")),
        several => Some(format!("{what}: {}", several.iter().map(one).collect::<Vec<_>>().join(", "))),
    }
}

/// The last line: the numbers, and what could not be compared.
pub(super) fn conclusion(diff: &DiffDocument, minus: &str) -> String {
    let unknown = diff.targets.iter().filter(|target| target.status == TargetStatus::Unknown).count();
    let counts = counts(&diff.summary, minus);
    let unread = match unknown {
        0 if diff.a.errors + diff.b.errors > 0 && diff.targets.is_empty() => {
            Some("the configuration has errors".to_owned())
        }
        0 => None,
        number => Some(format!("{} cannot be compared", count(number, "target", "targets"))),
    };
    match (unread, counts.is_empty()) {
        (None, true) => "No difference.".to_owned(),
        (None, false) => format!("{}.", capital(&counts)),
        (Some(unread), true) => format!("{}.", capital(&unread)),
        (Some(unread), false) => format!("{}; {unread}.", capital(&counts)),
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// A revision as it was named, and its commit where that says more.
pub(super) fn side(side: &Side) -> (Option<&str>, Option<&str>) {
    let name = side.revision.as_ref().map(Untrusted::raw);
    let commit = side.commit.as_ref().map(|commit| commit.raw().get(..12).unwrap_or(commit.raw()));
    let same =
        |commit: &&str| name.is_some_and(|name| side.merge_base_with.is_none() && commit.starts_with(name));
    (name, commit.filter(|commit| !same(commit)))
}

/// Permissions that come or go together: of one resource, in one way.
pub(super) struct Row<'a> {
    pub(super) comes: bool,
    pub(super) resource: Option<&'a str>,
    pub(super) values: Vec<&'a str>,
    /// The base role and the set that bring them.
    pub(super) via: [Option<&'a Untrusted>; 2],
    pub(super) place: Option<&'a Place>,
    pub(super) only_if: Option<OnlyIf>,
}

/// The permissions of a role that no shared line explains, those that go first.
pub(super) fn rows(permissions: &Permissions) -> Vec<Row<'_>> {
    let mut rows: Vec<Row<'_>> = Vec::new();
    for (comes, list) in [(false, &permissions.removed), (true, &permissions.added)] {
        let mut known = BTreeMap::new();
        for permission in list.iter().filter(|permission| permission.cause.is_none()) {
            let (resource, value) = split(permission.value.raw());
            let via = permission.via.as_ref().map_or([None; 2], |via| [via.base.as_ref(), via.set.as_ref()]);
            // Of what the role names itself, its own place tells where.
            let place =
                permission.via.as_ref().filter(|_| via != [None; 2]).and_then(|via| via.place.as_ref());
            let only_if = permission.only_if;
            let row = Row { comes, resource, values: vec![value], via, place, only_if };
            if resource.is_none() {
                rows.push(row);
                continue;
            }
            let next = rows.len();
            let at = *known.entry((resource, via, place, only_if)).or_insert(next);
            match rows.get_mut(at) {
                Some(row) => row.values.push(value),
                None => rows.push(row),
            }
        }
    }
    rows
}

/// Permissions of a shared line, by resource.
pub(super) fn plain_rows(comes: bool, list: &[Untrusted]) -> Vec<Row<'_>> {
    let mut rows: Vec<Row<'_>> = Vec::new();
    for permission in list {
        let (resource, value) = split(permission.raw());
        match rows.last_mut().filter(|row| row.resource.is_some() && row.resource == resource) {
            Some(row) => row.values.push(value),
            None => rows.push(Row {
                comes,
                resource,
                values: vec![value],
                via: [None; 2],
                place: None,
                only_if: None,
            }),
        }
    }
    rows
}

/// What a coming or going depends on, in words.
pub(super) fn condition(only_if: OnlyIf, comes: bool) -> &'static str {
    match (only_if, comes) {
        (OnlyIf::Granted, true) => "if the base grants it",
        (OnlyIf::Granted, false) => "if the base grants it",
        (OnlyIf::NotGranted, true) => "",
        (OnlyIf::NotGranted, false) => "unless the base grants it",
    }
}

/// Whether a role has something that no shared line explains.
pub(super) fn has_more(role: &RoleDifference) -> bool {
    let own = |list: &[Permission]| list.iter().any(|permission| permission.cause.is_none());
    role.what != What::Changed
        || !role.fields.is_empty()
        || own(&role.permissions.added)
        || own(&role.permissions.removed)
}

/// How many permissions of a role a shared line explains.
pub(super) fn explained(role: &RoleDifference) -> usize {
    let caused = |list: &[Permission]| list.iter().filter(|permission| permission.cause.is_some()).count();
    caused(&role.permissions.added) + caused(&role.permissions.removed)
}

/// What a shared line is: `set security-read`, `role auditor`.
pub(super) fn subject(cause: &Cause) -> (&'static str, Option<&Untrusted>) {
    match (&cause.set, &cause.role) {
        (Some(set), _) => ("set", Some(set)),
        (None, role) => ("role", role.as_ref()),
    }
}

/// Whether the target has nothing to show.
pub(super) fn is_quiet(target: &TargetDifference) -> bool {
    target.status == TargetStatus::Same
}

/// Which sides have errors, in words.
pub(super) fn broken(target: &TargetDifference, diff: &DiffDocument) -> Vec<String> {
    let name = |which: &Which| {
        let side = if *which == Which::A { &diff.a } else { &diff.b };
        side.revision.as_ref().map_or_else(|| "the work tree".to_owned(), |name| name.raw().to_owned())
    };
    let mut names: Vec<String> = target.broken.iter().map(name).collect();
    names.dedup();
    names
}

/// Names of what brings permissions, with the word for each.
pub(super) fn bringers<'a>(row: &Row<'a>) -> Vec<(&'static str, &'a Untrusted)> {
    let [base, set] = row.via;
    [("base", base), ("set", set)].into_iter().filter_map(|(what, name)| Some((what, name?))).collect()
}

/// What became of files that are there on both sides, and are not read on both: the words before
/// their names, and those behind.
pub(super) fn files(target: &TargetDifference) -> Vec<(&'static str, &[Untrusted], &'static str)> {
    let all = [
        ("no longer read: ", &*target.files_left, "; what only they declare is no longer managed, and stays"),
        ("read now, and there before: ", &*target.files_joined, ""),
    ];
    all.into_iter().filter(|(_, files, _)| !files.is_empty()).collect()
}

/// What is said of a role or a target that only git forgets.
pub(super) const RELEASED: &str = "no longer managed, and stays";
