//! What merged requests showed of a target, in the order in which they were merged: what one of them gave,
//! and a later one took away, counts no more.

use std::collections::{BTreeMap, BTreeSet};

use super::reviewable;
use crate::plan::{
    PlanDocument,
    digest::Element,
    document::{ScopeChange, TargetPlan},
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

/// What a commit changed without a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// These roles, by address; whether something else than roles; whether what is managed or guarded.
    Some {
        /// Addresses of roles.
        roles: BTreeSet<String>,
        /// Whether something beside roles changed: who holds what is written in other words there.
        others: bool,
        /// Whether what is managed or guarded changed.
        scope: bool,
    },
    /// Nobody can tell.
    Unknown,
}

/// What an element is about: address, field, and value.
type Subject = (String, String, String);

/// What was shown of one target and still stands.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    elements: BTreeMap<Subject, (Element, usize)>,
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
        self.elements.retain(|_, (element, since)| *since >= upon || elements.contains(element));
        self.scopes.retain(|(change, since)| *since >= upon || scopes.contains(&change));
        self.scopes.extend(scopes.into_iter().map(|change| (change.clone(), at)));
        for element in elements {
            let subject = (element.address.clone(), element.field.clone(), element.value.clone());
            let _earlier = self.elements.insert(subject, (element, at));
        }
    }

    /// What changed since without a plan was not shown as it is now.
    fn forget(&mut self, changed: &Changed) {
        match changed {
            Changed::Unknown => *self = Self::default(),
            Changed::Some { roles, others, scope } => {
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
        self.elements.get(&subject).is_some_and(|(known, _)| known == element)
    }

    pub(super) fn has_scope(&self, change: &ScopeChange) -> bool {
        self.scopes.iter().any(|(known, _)| known == change)
    }
}

impl Landed {
    /// Whether a plan of it tells of a target.
    pub fn tells_of(&self, target: &TargetPlan) -> bool {
        self.shown.iter().any(|shown| usable(shown, target).is_some())
    }
}

/// The plan of the same target on the same tenant, where it could be made.
fn usable<'a>(shown: &'a Shown, target: &TargetPlan) -> Option<&'a TargetPlan> {
    shown.plan.targets.iter().find(|plan| {
        plan.name == target.name
            && plan.provider == target.provider
            && plan.identity == target.identity
            && plan.error.is_none()
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
            ((one.address.clone(), one.field.clone(), one.value.clone()), (one, 0))
        };
        Ledger { elements: values.iter().map(entry).collect(), scopes: Vec::new() }
    }

    fn changed(roles: &[&str], others: bool) -> Changed {
        Changed::Some { roles: roles.iter().map(|role| (*role).to_owned()).collect(), others, scope: false }
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
}
