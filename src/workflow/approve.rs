//! Whether what would be applied now is what somebody approved.
//!
//! A plan file and a digest are claims, not orders: everything that is applied comes from the
//! definitions and from live. They can only refuse.

mod ledger;

use std::collections::BTreeSet;

use self::ledger::Ledger;
pub use self::ledger::{Changed, Landed, Shown};
use super::{Exit, Failure};
use crate::{
    model::{Address, Untrusted},
    plan::{
        PlanDocument,
        digest::{Element, elements},
        document::{Action, Change, FieldChange, Left, Origin, Reason, TargetPlan},
    },
};

/// Checks a fresh plan against an approved one: every element of every fresh change has to be among
/// the approved ones. What is in place by now is simply no longer in the fresh plan.
///
/// # Errors
///
/// Every difference, as one failure with exit code 5.
pub fn check_plan(fresh: &PlanDocument, approved: &PlanDocument) -> Result<(), Failure> {
    let mut differences = Vec::new();
    for target in &fresh.targets {
        if target.error.is_some() || (target.changes.is_empty() && target.scope_changes.is_empty()) {
            continue;
        }
        match approved.targets.iter().find(|other| other.name == target.name) {
            None => differences.push(format!("target {}: it is not in the approved plan", target.name.raw())),
            Some(other) => compare(target, other, &mut differences),
        }
    }
    if differences.is_empty() {
        return Ok(());
    }
    let count = differences.len();
    differences.truncate(20);
    if count > differences.len() {
        differences.push(format!("and {} more", count - differences.len()));
    }
    let message = format!("the plan is stale; not among what was approved:\n  {}", differences.join("\n  "));
    Err(Failure::new(Exit::Stale, message).help("Plan again, and have the new plan reviewed."))
}

fn compare(fresh: &TargetPlan, approved: &TargetPlan, differences: &mut Vec<String>) {
    let name = fresh.name.raw();
    if fresh.provider != approved.provider || fresh.identity != approved.identity {
        let whose = |target: &TargetPlan| {
            target.identity.as_ref().map_or_else(String::new, |identity| {
                let tenant = identity.tenant.as_ref().or(identity.anchor.as_ref());
                format!("{} {}", identity.host.raw(), tenant.map_or("", |tenant| tenant.raw()))
            })
        };
        let (now, then) = (whose(fresh), whose(approved));
        differences.push(format!("target {name}: it is `{now}`, and `{then}` was approved"));
        return;
    }
    let known: BTreeSet<Element> = approved.changes.iter().flat_map(elements).collect();
    if fresh.scope_changes.iter().any(|change| !approved.scope_changes.contains(change)) {
        differences.push(format!("target {name}: what is managed or guarded changed"));
    }
    for change in &fresh.changes {
        // An update of a role is approved element by element; whether it exists is not in question.
        for element in elements(change).iter().filter(|element| !known.contains(element)) {
            differences.push(describe(element));
        }
    }
}

/// An element of a plan that nobody reviewed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreviewed {
    /// The target.
    pub target: Untrusted,
    /// What it is about; `None` for what is managed or guarded.
    pub address: Option<Address>,
    /// The element in words.
    pub text: String,
    /// Why it differs; [`Origin::Mixed`] only of an object whose fields have several origins.
    pub origin: Origin,
}

/// The elements of a fresh plan that no plan of what was merged shows, or that were taken back since.
/// `line` are the commits since the last apply, oldest first; each target looks at its own.
///
/// Several pull requests can have been merged since the last apply, and each plan was made before the
/// others were in place: so what a field of a role will be has to be reviewed, not what it is now.
/// Of people, and of which object it is, both have to be as they were reviewed.
///
/// A day that has passed was reviewed with the date, where the last recorded apply had that already.
pub fn unreviewed(fresh: &PlanDocument, line: &[Landed]) -> Vec<Unreviewed> {
    let mut lacking = Vec::new();
    for target in &fresh.targets {
        let known = Ledger::of(target, line);
        if !target.scope_changes.iter().all(|change| known.has_scope(change)) {
            let text = format!("target {}: what is managed or guarded changes", target.name.raw());
            let target = target.name.clone();
            lacking.push(Unreviewed { target, address: None, text, origin: Origin::Pending });
        }
        let over =
            |change: &&Change| change.reason == Some(Reason::Expired) && change.origin == Origin::Unapplied;
        for change in target.changes.iter().filter(|change| !over(change)) {
            let elements = elements(change).into_iter().zip(reviewable(change));
            lacking.extend(elements.filter(|(_, key)| !known.has(key)).map(|(element, _)| Unreviewed {
                target: target.name.clone(),
                address: Some(change.address.clone()),
                text: describe(&element),
                origin: origin(change, &element),
            }));
        }
    }
    lacking
}

/// What a plan leaves alone though the definitions say something new of it: to apply and record the rest
/// would lose that. `pending` is a plan without what was changed outside git, and `line` as for
/// [`unreviewed`]; `changed` tells whether the definitions of an object changed since the last recorded apply.
pub fn lost(
    pending: &PlanDocument,
    line: &[Landed],
    mut changed: impl FnMut(&TargetPlan, &Address) -> bool,
) -> Vec<String> {
    let mut lost = Vec::new();
    for target in pending.targets.iter().filter(|target| !target.left.is_empty()) {
        let known = Ledger::of(target, line);
        let says_more = |left: &&Left| match left.action {
            // Each field stands by itself.
            Action::Update | Action::Rename | Action::Replace => {
                fields(left).any(|(field, value)| known.declares(&left.address, field, value))
            }
            Action::Create => known.declares_any(&left.address) || changed(target, &left.address),
            _ => known.declares_any(&left.address),
        };
        lost.extend(target.left.iter().filter(says_more).map(|left| {
            let what = match left.action {
                Action::Create => "it was deleted",
                Action::Delete => "it was made",
                _ => "it was changed",
            };
            format!("{}: {what} outside git", left.address.as_str())
        }));
    }
    lost
}

/// The fields that differ, each with the member of a set.
fn fields(left: &Left) -> impl Iterator<Item = (&str, &str)> {
    left.fields.iter().flat_map(|field| match field {
        FieldChange::Set { field, added, removed } => {
            let members = added.iter().chain(removed);
            members.map(|member| (field.raw(), member.value.raw())).collect::<Vec<_>>()
        }
        FieldChange::Value { field, .. } => vec![(field.raw(), "")],
    })
}

/// Why an element of a change differs: its own origin where the change has fields of several.
fn origin(change: &Change, element: &Element) -> Origin {
    let of_field = change.fields.iter().find_map(|field| match field {
        FieldChange::Set { field, added, removed } if field.raw() == element.field => {
            let member = added.iter().chain(removed).find(|member| member.value.raw() == element.value);
            member.map(|member| member.origin)
        }
        FieldChange::Value { field, origin, .. } if field.raw() == element.field => Some(*origin),
        _ => None,
    });
    of_field.unwrap_or(change.origin)
}

/// The elements of a change as a review is about them, in the order of [`elements`].
fn reviewable(change: &Change) -> Vec<Element> {
    let of_role = matches!(change.action, Action::Create | Action::Update | Action::Rename | Action::Replace);
    let mut all = elements(change);
    for element in &mut all {
        if of_role && !element.field.is_empty() && element.value.is_empty() {
            element.before.clear();
        }
    }
    all
}

fn describe(element: &Element) -> String {
    let Element { address, field, value, before, after } = element;
    match (field.as_str(), value.as_str()) {
        ("", _) if before == "false" => format!("{address}: it would be created"),
        ("", _) if after == "false" => format!("{address}: it would be deleted"),
        ("", _) => format!("{address}: it would be changed"),
        (field, "") => format!("{address}: {field} would go from {before} to {after}"),
        (field, value) if after == "true" => format!("{address}: {field} would gain `{value}`"),
        (field, value) => format!("{address}: {field} would lose `{value}`"),
    }
}

/// Checks that every target of an approved plan is one of `known`: of a target that is not there
/// nothing would be planned, and so nothing refused.
///
/// # Errors
///
/// Exit code 5 with every target that is unknown.
pub fn check_targets(approved: &PlanDocument, known: &BTreeSet<&str>) -> Result<(), Failure> {
    let names = approved.targets.iter().map(|target| target.name.raw());
    let unknown: Vec<String> =
        names.filter(|name| !known.contains(name)).map(|name| format!("`{name}`")).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let message = format!("the plan is for {}, which the configuration does not have", unknown.join(", "));
    Err(Failure::new(Exit::Stale, message).help("Plan again, and have the new plan reviewed."))
}

/// Checks the form of digests, before anything is read: `sha256:…`, or `TARGET=sha256:…` with one of
/// the `known` targets.
///
/// # Errors
///
/// Exit code 64.
pub fn check_expected(expected: &[String], known: &BTreeSet<&str>) -> Result<(), Failure> {
    for one in expected {
        let (name, digest) = match one.split_once('=') {
            Some((name, digest)) => (Some(name), digest),
            None => (None, one.as_str()),
        };
        if !is_digest(digest) {
            let message = format!("--expect-plan: `{one}` is not [TARGET=]sha256: and 64 hexadecimal digits");
            return Err(Failure::new(Exit::Usage, message)
                .help("`rolecall plan` prints the digest; copy it as a whole."));
        }
        if let Some(name) = name.filter(|name| !known.contains(name)) {
            let known: Vec<&str> = known.iter().copied().collect();
            return Err(Failure::new(Exit::Usage, format!("--expect-plan: no target is called `{name}`"))
                .help(format!("The targets are: {}.", known.join(", "))));
        }
    }
    Ok(())
}

/// Checks a fresh plan against digests: `sha256:…` for the whole plan, `TARGET=sha256:…` for one.
///
/// # Errors
///
/// Exit code 64 for a target that is not in the plan, 5 where a digest is another.
pub fn check_digests(fresh: &PlanDocument, expected: &[String]) -> Result<(), Failure> {
    for one in expected {
        let (name, digest) = match one.split_once('=') {
            Some((name, digest)) => (Some(name), digest),
            None => (None, one.as_str()),
        };
        let actual = match name {
            None => fresh.digest.as_ref(),
            Some(name) => fresh
                .targets
                .iter()
                .find(|target| target.name.raw() == name)
                .ok_or_else(|| {
                    Failure::new(Exit::Usage, format!("--expect-plan: no target is called `{name}`"))
                })?
                .digest
                .as_ref(),
        };
        if actual.map(|actual| actual.raw()) != Some(digest) {
            let is = actual.map_or("no plan", |actual| actual.raw());
            let message = format!("the plan is not the expected one: expected {digest}, and now it is {is}");
            return Err(
                Failure::new(Exit::Stale, message).help("Plan again, and have the new plan reviewed.")
            );
        }
    }
    Ok(())
}

fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:").is_some_and(|hex| {
        hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    })
}
