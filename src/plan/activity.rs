//! Which entries of an audit log are about which change: who made by hand what a plan would put back.
//!
//! An entry that names another object is never taken for this one's: better nobody is named than the
//! wrong person.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    change::{Change, Plan, What},
    document::{Action, Activity, Origin, TargetPlan},
};
use crate::model::{
    Kind, RoleId, Untrusted,
    activity::{ActivityLog, Entry},
    live::LiveState,
};

/// Whether somebody may have made a part of the change outside git.
pub fn is_from_outside(change: &Change) -> bool {
    change.action != Action::Release
        && change.origins.any(|origin| matches!(origin, Origin::Drift | Origin::Undetermined))
}

/// Puts the entries of `log` beside the changes of `plan` that they are about, in its document.
pub fn attach(document: &mut TargetPlan, plan: &Plan, live: &LiveState, log: &ActivityLog) {
    document.notes.extend(log.notes.iter().cloned());
    let known = Known::new(plan, live);
    let subjects: BTreeMap<_, _> = plan
        .changes
        .iter()
        .filter(|change| is_from_outside(change))
        .map(|change| (&change.address, Subject::of(change, live)))
        .collect();
    let mut silent = 0;
    for change in &mut document.changes {
        let Some(subject) = subjects.get(&change.address) else { continue };
        let about = log.entries.iter().filter(|entry| known.is_about(entry, subject));
        change.activity = about
            .map(|entry| Activity {
                actor: entry.actor.clone(),
                time: entry.time.clone(),
                what: entry.what.clone(),
            })
            .collect();
        silent += usize::from(change.activity.is_empty());
    }
    if silent > 0 {
        let all = subjects.len();
        let of = if all == 1 {
            "the change that may have been made outside git".to_owned()
        } else {
            format!("{silent} of the {all} changes that may have been made outside git")
        };
        document.notes.push(format!("What was read of the audit log says nothing about {of}.").into());
    }
}

/// What a change is about, as an audit log may call it.
enum Subject<'a> {
    /// One role, or the roles that are and shall be the default.
    Roles { ids: BTreeSet<&'a Untrusted>, names: BTreeSet<&'a Untrusted> },
    /// Who holds which role.
    Principal { id: &'a Untrusted, name: Option<&'a Untrusted> },
}

impl<'a> Subject<'a> {
    fn of(change: &'a Change, live: &'a LiveState) -> Self {
        match &change.what {
            What::Role { before, after, .. } => Self::Roles {
                ids: change.id.iter().collect(),
                names: before.iter().chain(after).map(|state| &state.name).collect(),
            },
            // No audit log names permissions yet.
            What::Permission { .. } => Self::Roles { ids: BTreeSet::new(), names: BTreeSet::new() },
            What::Default { before, after } => {
                let ids = before.iter().chain(after).filter_map(|role| match role {
                    RoleId::Live(id) => Some(id),
                    RoleId::New(_) => None,
                });
                let ids: BTreeSet<_> = ids.collect();
                let roles = live.of(Kind::Role);
                let roles = roles.filter(|role| role.id.as_ref().is_some_and(|id| ids.contains(id)));
                Self::Roles { names: roles.map(|role| &role.key.name).collect(), ids }
            }
            What::Assignment { class, principal, .. } => {
                let name = live.names.get(&(*class, principal.clone()));
                // A name that two people have is nobody's.
                let shared =
                    |name: &Untrusted| live.names.values().filter(|other| *other == name).count() > 1;
                Self::Principal { id: principal, name: name.filter(|name| !shared(name)) }
            }
        }
    }
}

/// Everything that an entry may be about.
struct Known<'a> {
    roles: BTreeSet<&'a Untrusted>,
    role_names: BTreeSet<&'a Untrusted>,
    principals: BTreeSet<&'a Untrusted>,
}

impl<'a> Known<'a> {
    fn new(plan: &'a Plan, live: &'a LiveState) -> Self {
        let planned = plan.changes.iter().flat_map(|change| match &change.what {
            What::Role { before, after, .. } => [before.as_ref(), after.as_ref()],
            _ => [None, None],
        });
        let names = live.of(Kind::Role).map(|role| &role.key.name);
        Self {
            roles: live.of(Kind::Role).filter_map(|role| role.id.as_ref()).collect(),
            role_names: names.chain(planned.flatten().map(|state| &state.name)).collect(),
            principals: live.of(Kind::Assignment).map(|object| &object.key.name).collect(),
        }
    }

    fn is_about(&self, entry: &Entry, subject: &Subject<'_>) -> bool {
        let object = &entry.object;
        match subject {
            Subject::Roles { ids, names } => {
                let named = ids.iter().any(|id| object.ids.contains(*id));
                match object.kind {
                    // Only an id says enough where nothing says what the entry is about.
                    None => named,
                    Some(Kind::Role) if named => true,
                    Some(Kind::Role) if object.ids.iter().any(|id| self.roles.contains(id)) => false,
                    Some(Kind::Role) => {
                        names.iter().any(|name| object.names.contains(*name))
                            || (!object.names.iter().any(|name| self.role_names.contains(name))
                                && names
                                    .iter()
                                    .any(|name| is_named(object.text.raw(), name.raw(), &self.role_names)))
                    }
                    Some(_) => false,
                }
            }
            Subject::Principal { id, name } => {
                if !matches!(object.kind, Some(Kind::Assignment | Kind::Role)) {
                    return false;
                }
                object.ids.contains(*id)
                    || (!object.ids.iter().any(|id| self.principals.contains(id))
                        && [Some(*id), *name].into_iter().flatten().any(|name| {
                            object.names.contains(name)
                                || is_named(object.text.raw(), name.raw(), &BTreeSet::new())
                        }))
            }
        }
    }
}

/// Whether `text` holds `name` as words of its own that are not part of a longer one of `others`.
fn is_named(text: &str, name: &str, others: &BTreeSet<&Untrusted>) -> bool {
    let places = |name: &str| -> Vec<(usize, usize)> {
        if name.is_empty() {
            return Vec::new();
        }
        let alone = |start: usize, end: usize| {
            let before = text.get(..start).and_then(|text| text.chars().next_back());
            let after = text.get(end..).and_then(|text| text.chars().next());
            !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
        };
        let all = text.match_indices(name).map(|(start, found)| (start, start + found.len()));
        all.filter(|(start, end)| alone(*start, *end)).collect()
    };
    let longer = others.iter().filter(|other| other.raw().len() > name.len() && other.raw().contains(name));
    let longer: Vec<_> = longer.flat_map(|other| places(other.raw())).collect();
    places(name).iter().any(|(start, end)| !longer.iter().any(|(from, to)| from <= start && end <= to))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::activity::Mention;

    fn named(text: &str, name: &str, others: &[&str]) -> bool {
        let others: Vec<Untrusted> = others.iter().map(|other| (*other).into()).collect();
        is_named(text, name, &others.iter().collect())
    }

    #[test]
    fn a_name_is_found_as_words_of_its_own() {
        assert!(named("Updated the role Auditor", "Auditor", &[]));
        assert!(named("\"Auditor\" was updated", "Auditor", &[]));
        assert!(named("Auditor", "Auditor", &["Auditor"]));
        assert!(!named("Updated the role Auditors", "Auditor", &[]));
        assert!(!named("Updated the role auditor", "Auditor", &[]));
        assert!(!named("anything", "", &[]));
    }

    #[test]
    fn a_part_of_a_longer_name_is_another_role() {
        let others = ["Auditor", "Release Auditor"];
        assert!(!named("Updated the role Release Auditor", "Auditor", &others));
        assert!(named("Updated the role Release Auditor", "Release Auditor", &others));
        assert!(named("Renamed Release Auditor to Auditor", "Auditor", &others));
    }

    fn texts(texts: &[&str]) -> BTreeSet<Untrusted> {
        texts.iter().map(|text| (*text).into()).collect()
    }

    fn entry(kind: Option<Kind>, ids: &[&str], names: &[&str], text: &str) -> Entry {
        let word = || Untrusted::from("x");
        let object = Mention { kind, ids: texts(ids), names: texts(names), text: text.into() };
        Entry { instant: None, time: word(), actor: word(), what: word(), object }
    }

    /// Whether an entry is about the role `r1`, called `Auditor`, and about the person `1003`, called `mira`.
    fn about(kind: Option<Kind>, ids: &[&str], names: &[&str], text: &str) -> (bool, bool) {
        let (roles, role_names) = (texts(&["r1", "r2"]), texts(&["Auditor", "Release Auditor"]));
        let (role, name) = (texts(&["r1"]), texts(&["Auditor"]));
        let (principals, mira) = (texts(&["1003", "1004"]), Untrusted::from("mira"));
        let known = Known {
            roles: roles.iter().collect(),
            role_names: role_names.iter().collect(),
            principals: principals.iter().collect(),
        };
        let entry = entry(kind, ids, names, text);
        let id = Untrusted::from("1003");
        (
            known.is_about(
                &entry,
                &Subject::Roles { ids: role.iter().collect(), names: name.iter().collect() },
            ),
            known.is_about(&entry, &Subject::Principal { id: &id, name: Some(&mira) }),
        )
    }

    #[test]
    fn an_entry_about_a_role_is_found_by_id_then_by_name_then_by_words() {
        let role = Some(Kind::Role);
        assert_eq!(about(role, &["r1"], &[], ""), (true, false));
        assert_eq!(about(role, &["gone"], &["Auditor"], ""), (true, false), "an earlier role of the name");
        assert_eq!(about(role, &[], &[], "Updated Auditor"), (true, false));
        assert_eq!(about(role, &["r2"], &["Auditor"], "Updated Auditor"), (false, false), "another id");
        assert_eq!(about(role, &[], &["Release Auditor"], "Auditor"), (false, false), "another name");
        assert_eq!(about(role, &[], &[], "Updated Release Auditor"), (false, false));
        assert_eq!(about(None, &["r1"], &[], ""), (true, false));
        assert_eq!(about(None, &[], &["Auditor"], "Auditor 1003"), (false, false), "not said of what kind");
    }

    #[test]
    fn an_entry_about_a_person_is_none_about_the_role_that_they_get() {
        let person = Some(Kind::Assignment);
        assert_eq!(about(person, &["1003", "r1"], &["Auditor"], "Auditor"), (false, true));
        assert_eq!(about(person, &[], &[], "Made mira an Auditor"), (false, true));
        assert_eq!(about(person, &[], &[], "Changed the role of 1003"), (false, true));
        assert_eq!(about(person, &["1004"], &["mira"], "Changed the role of 1003"), (false, false));
        assert_eq!(about(person, &[], &[], "Changed the role of 11003"), (false, false));
    }
}
