//! What git declared before and does not any more, and of which nobody can tell whether it is still there:
//! a list was not read as a whole, or a place does not answer. A plan that said nothing of it would let it
//! be forgotten.

use std::collections::{BTreeMap, BTreeSet};

use super::{Comparison, Input};
use crate::{
    contract,
    model::{Kind, Scope, Untrusted, config::Mode},
    plan::{
        change::Verdict,
        document::Guard,
        resolve::{ResolvedRole, nobody_can_tell},
    },
};

impl Comparison<'_> {
    /// Refuses to plan without what earlier revisions declared and no list shows. Who is known to the
    /// provider and was assigned is a change of its own.
    pub(super) fn unjudged(&mut self) {
        let manage = self.input.target.manage;
        let roles = roles(self.input).into_iter().filter(|_| manage.roles != Mode::Additive);
        let people = people(self.input).filter(|_| manage.assignments != Mode::Additive);
        let absent = absent(self.input);
        for verdict in roles.chain(people).chain(absent) {
            // `removed` says the same of a role that it names.
            if !self.plan.verdicts.iter().any(|known| known.message == verdict.message) {
                self.plan.verdicts.push(verdict);
            }
        }
    }
}

/// Roles that the definitions no longer have.
fn roles(input: Input<'_>) -> Vec<Verdict> {
    let views = [&input.views.applied, &input.views.base].into_iter().flatten();
    let declared: BTreeSet<_> = input.resolved.roles.iter().map(|role| &role.address).collect();
    let gone = |role: &&ResolvedRole<'_>| role.live.is_none() && !declared.contains(&role.address);
    let mut verdicts = Vec::new();
    let mut seen = BTreeSet::new();
    for role in views.flat_map(|view| &view.resolved.roles).filter(gone) {
        let why = input.live.incomplete_at(Kind::Role, role.desired.class, &role.scope);
        if let Some(why) = why.filter(|_| seen.insert(&role.address)) {
            verdicts.push(nobody_can_tell(&role.desired.natural().value, why));
        }
    }
    verdicts
}

/// Principals whom no list shows: that they hold nothing any more, only the whole list would tell.
fn people(input: Input<'_>) -> Option<Verdict> {
    let Input { spec, live, .. } = input;
    let mut unknown: BTreeSet<(&str, &Untrusted)> = BTreeSet::new();
    let mut because = None;
    for one in input.earlier.states().flat_map(|state| &state.assignments).filter(|_| live.read.members) {
        let who = &one.principal.value;
        let Some(place) = live.place(&one.scope) else { continue };
        let why = live.incomplete_at(Kind::Assignment, one.class, place);
        let known = || contract::principal_id(spec, &live.directory, one.class, who).is_some();
        if let Some(why) = why.filter(|_| !known()) {
            unknown.insert((one.class, who.text()));
            because.get_or_insert(why);
        }
    }
    let why = because?;
    let message = format!(
        "nobody can tell whether {} what an earlier revision gave: {}",
        still_hold(&unknown.into_iter().map(|(_, who)| who).collect()),
        why.raw()
    );
    Some(Verdict::refuse(Guard::Incomplete, message, None))
}

/// Who these are, as the subject of a sentence.
fn still_hold(who: &BTreeSet<&Untrusted>) -> String {
    const SHOWN: usize = 10;
    let mut names: Vec<String> = who.iter().take(SHOWN).map(|who| format!("`{}`", who.raw())).collect();
    names.extend(who.len().checked_sub(SHOWN).filter(|more| *more > 0).map(|more| format!("{more} more")));
    format!("{} still {}", names.join(", "), if who.len() == 1 { "holds" } else { "hold" })
}

/// Principals, and roles, in places of which the API says that there are none. One that was deleted took
/// them along; one that was moved, or that the credential does not see any more, did not.
fn absent(input: Input<'_>) -> Vec<Verdict> {
    let Input { live, .. } = input;
    let manage = input.target.manage;
    let mut holders: BTreeMap<&Scope, BTreeSet<&Untrusted>> = BTreeMap::new();
    let mut roles: BTreeMap<&Scope, BTreeSet<&Untrusted>> = BTreeMap::new();
    for state in input.earlier.states() {
        let managed = manage.assignments != Mode::Additive && live.read.members;
        for one in state.assignments.iter().filter(|_| managed) {
            holders.entry(&one.scope).or_default().insert(one.principal.value.text());
        }
        for role in state.roles.iter().filter(|_| manage.roles != Mode::Additive) {
            roles.entry(&role.scope).or_default().insert(&role.natural().value);
        }
    }
    let refusal = |scope: &Scope, why: &Untrusted| {
        let what = match (holders.get(scope), roles.get(scope)) {
            (Some(who), _) => format!("{} what an earlier revision gave", still_hold(who)),
            (None, Some(roles)) => {
                let roles: Vec<String> = roles.iter().map(|role| format!("`{}`", role.raw())).collect();
                format!("{} of an earlier revision is still there", roles.join(", "))
            }
            (None, None) => return None,
        };
        let place = contract::manual::place(scope).unwrap_or_default();
        let message = format!("nobody can tell whether in {place} {what}: {}", why.raw());
        let help = format!(
            "Plan again, with a credential that sees {place}. Where it was moved, take the roles away there first. Where it was deleted, `--allow unseen --reason TEXT` says so."
        );
        Some(Verdict::refuse(Guard::Unseen, message, Some(help)))
    };
    live.absent.iter().filter_map(|(scope, why)| refusal(scope, why)).collect()
}
