//! What merged requests showed of a target, in the order in which they were merged: what one of them gave,
//! and a later one took away, counts no more.

use std::collections::{BTreeMap, BTreeSet};

use super::{origin, reviewable};
use crate::{
    model::Address,
    plan::{
        PlanDocument,
        digest::{Element, elements},
        document::{Origin, ScopeChange, TargetPlan},
    },
};

/// A commit of the branch that is applied from.
#[derive(Clone, Debug, Default)]
pub struct Landed {
    /// The targets whose last recorded apply does not have it, by name.
    pub open: BTreeSet<String>,
    /// The plans of what it merged; empty where it merged nothing, or nothing that was planned.
    pub shown: Vec<Shown>,
    /// What it changed in the definitions of a target for which there is no plan, by the target's name.
    pub changed: BTreeMap<String, Changed>,
}

/// A plan of a request that was merged.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The number of the request.
    pub request: u64,
    /// The plan.
    pub plan: PlanDocument,
    /// So many of the commits, from the oldest on, were part of what it was planned against.
    pub upon: usize,
}

/// What changed in the definitions of a target without a plan that tells, or since an apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// These roles, by address; whether something else than roles; whether what is managed or guarded.
    Some {
        /// Addresses of roles.
        roles: BTreeSet<String>,
        /// Whether something beside roles changed: who holds what is written in other words there.
        others: bool,
        /// Whether the list of roles that are removed on purpose changed; `others` then, too.
        removed: bool,
        /// Whether what is managed or guarded changed.
        scope: bool,
    },
    /// Nobody can tell.
    Unknown,
}

/// What an element is about: address, field, and value.
type Subject = (String, String, String);

/// An element that a plan showed.
#[derive(Debug)]
struct Entry {
    element: Element,
    /// The commit that it came with.
    since: usize,
    /// Whether the definitions brought it, rather than somebody who changed something outside git.
    declared: bool,
}

/// What was shown of one target and still stands.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    elements: BTreeMap<Subject, Entry>,
    scopes: Vec<(ScopeChange, usize)>,
}

impl Ledger {
    /// Goes through the commits, oldest first.
    pub(super) fn of(target: &TargetPlan, line: &[Landed]) -> Self {
        let mut ledger = Self::default();
        for (at, landed) in line.iter().enumerate() {
            if !landed.open.contains(target.name.raw()) {
                continue;
            }
            let mut of_request: BTreeMap<u64, Vec<&TargetPlan>> = BTreeMap::new();
            let mut upon = 0;
            for shown in &landed.shown {
                if let Some(plan) = usable(shown, target) {
                    of_request.entry(shown.request).or_default().push(plan);
                    upon = upon.max(shown.upon);
                }
            }
            if of_request.is_empty() {
                if let Some(changed) = landed.changed.get(target.name.raw()) {
                    ledger.forget(changed);
                }
                continue;
            }
            let requests: Vec<Vec<&TargetPlan>> = of_request.into_values().collect();
            ledger.add(&requests, upon, at);
        }
        ledger
    }

    /// What a later plan was made upon and does not show, is in place or was taken back. `requests` are the
    /// plans of each request, of which there is at least one: who reviewed one of several saw what all show.
    fn add(&mut self, requests: &[Vec<&TargetPlan>], upon: usize, at: usize) {
        let elements: BTreeSet<Element> = requests.iter().flat_map(|plans| in_all(plans)).collect();
        let scopes: Vec<&ScopeChange> = requests.iter().flat_map(|plans| scopes_in_all(plans)).collect();
        self.elements.retain(|_, entry| entry.since >= upon || elements.contains(&entry.element));
        self.scopes.retain(|(change, since)| *since >= upon || scopes.contains(&change));
        self.scopes.extend(scopes.into_iter().map(|change| (change.clone(), at)));
        let declared: BTreeSet<Subject> = requests.iter().flatten().flat_map(|plan| declared(plan)).collect();
        for element in elements {
            let subject = (element.address.clone(), element.field.clone(), element.value.clone());
            let declared = declared.contains(&subject);
            let _earlier = self.elements.insert(subject, Entry { element, since: at, declared });
        }
    }

    /// What changed since without a plan was not shown as it is now.
    fn forget(&mut self, changed: &Changed) {
        match changed {
            Changed::Unknown => *self = Self::default(),
            Changed::Some { roles, others, scope, .. } => {
                self.elements.retain(|(address, ..), _| match is_role(address) {
                    true => !roles.contains(address),
                    false => !others,
                });
                if *scope {
                    self.scopes.clear();
                }
            }
        }
    }

    pub(super) fn has(&self, element: &Element) -> bool {
        let subject = (element.address.clone(), element.field.clone(), element.value.clone());
        self.elements.get(&subject).is_some_and(|known| known.element == *element)
    }

    /// Whether the definitions brought something new of a field, whatever it was.
    pub(super) fn declares(&self, address: &Address, field: &str, value: &str) -> bool {
        let subject = (address.as_str().to_owned(), field.to_owned(), value.to_owned());
        self.elements.get(&subject).is_some_and(|known| known.declared)
    }

    /// Whether the definitions brought something new of an object.
    pub(super) fn declares_any(&self, address: &Address) -> bool {
        self.elements.values().any(|known| known.declared && known.element.address == address.as_str())
    }

    pub(super) fn has_scope(&self, change: &ScopeChange) -> bool {
        self.scopes.iter().any(|(known, _)| known == change)
    }
}

impl Changed {
    /// Whether it may have changed the object.
    pub fn concerns(&self, address: &Address) -> bool {
        match self {
            Self::Unknown => true,
            Self::Some { roles, removed, .. } if is_role(address.as_str()) => {
                *removed || roles.contains(address.as_str())
            }
            Self::Some { others, .. } => *others,
        }
    }
}

impl Landed {
    /// Whether a plan of it tells of a target.
    pub fn tells_of(&self, target: &TargetPlan) -> bool {
        self.shown.iter().any(|shown| usable(shown, target).is_some())
    }
}

/// The plan of the same target on the same tenant, where it could be made. Of a target that is dropped nothing
/// is read, and its provider is known only as long as the definitions that are compared with have it.
fn usable<'a>(shown: &'a Shown, target: &TargetPlan) -> Option<&'a TargetPlan> {
    let dropped = |plan: &TargetPlan| plan.identity.is_none() && plan.error.is_none();
    shown.plan.targets.iter().find(|plan| {
        plan.name == target.name
            && (plan.provider == target.provider || dropped(plan) && dropped(target))
            && plan.identity == target.identity
            && plan.error.is_none()
    })
}

/// What of a plan did not come from outside git.
fn declared(plan: &TargetPlan) -> impl Iterator<Item = Subject> {
    plan.changes.iter().flat_map(|change| {
        let of_definitions = elements(change).into_iter().filter(|one| origin(change, one) != Origin::Drift);
        of_definitions.map(|one| (one.address, one.field, one.value)).collect::<Vec<_>>()
    })
}

/// What every one of several plans of a request shows. Another workflow that leaves a plan of the same target
/// then takes something away from what was reviewed, and adds nothing.
fn in_all(plans: &[&TargetPlan]) -> BTreeSet<Element> {
    let each = plans.iter().map(|plan| plan.changes.iter().flat_map(reviewable).collect::<BTreeSet<_>>());
    each.reduce(|one, other| &one & &other).unwrap_or_default()
}

/// The same of what is managed or guarded.
fn scopes_in_all<'a>(plans: &[&'a TargetPlan]) -> Vec<&'a ScopeChange> {
    let Some((first, others)) = plans.split_first() else { return Vec::new() };
    let all = first.scope_changes.iter();
    all.filter(|change| others.iter().all(|other| other.scope_changes.contains(change))).collect()
}

fn is_role(address: &str) -> bool {
    address.split('/').nth(1) == Some("role")
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test may fail loudly")]
mod tests {
    use super::*;

    fn element(value: &str, gains: bool) -> Element {
        Element {
            address: "reviews/role/auditor".to_owned(),
            field: "permissions".to_owned(),
            value: value.to_owned(),
            before: (!gains).to_string(),
            after: gains.to_string(),
        }
    }

    fn with(values: &[(&str, bool)]) -> Ledger {
        let entry = |(value, gains): &(&str, bool)| {
            let one = element(value, *gains);
            let subject = (one.address.clone(), one.field.clone(), one.value.clone());
            (subject, Entry { element: one, since: 0, declared: true })
        };
        Ledger { elements: values.iter().map(entry).collect(), scopes: Vec::new() }
    }

    fn changed(roles: &[&str], others: bool) -> Changed {
        Changed::Some {
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            others,
            removed: false,
            scope: false,
        }
    }

    #[test]
    fn what_was_changed_without_a_plan_was_not_shown() {
        let gain = element("reports:write", true);
        for (since, stands) in [
            (changed(&["reviews/role/auditor"], false), false),
            (changed(&["reviews/role/other"], true), true),
            (Changed::Unknown, false),
        ] {
            let mut ledger = with(&[("reports:write", true)]);
            assert!(ledger.has(&gain) && !ledger.has(&element("reports:write", false)));
            ledger.forget(&since);
            assert_eq!(ledger.has(&gain), stands, "{since:?}");
        }
    }
    #[test]
    fn what_may_have_changed_since_an_apply_concerns_what_it_names() {
        let role = Address::parse(&"reviews/role/auditor".into()).expect("an address");
        let person = Address::parse(&"reviews/assignment/-/user:1003".into()).expect("an address");
        let removed = Changed::Some { roles: BTreeSet::new(), others: true, removed: true, scope: false };
        for (since, of_role, of_person) in [
            (changed(&["reviews/role/auditor"], false), true, false),
            (changed(&["reviews/role/other"], true), false, true),
            (removed, true, true),
            (Changed::Unknown, true, true),
        ] {
            assert_eq!(since.concerns(&role), of_role, "{since:?}");
            assert_eq!(since.concerns(&person), of_person, "{since:?}");
        }
    }
}
