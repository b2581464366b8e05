//! What git declared before and does not any more, and of which nobody can tell whether it is still there:
//! a list was not read as a whole. A plan that said nothing of it would let it be forgotten.

use std::collections::BTreeSet;

use super::{Comparison, Input};
use crate::{
    contract,
    model::{Kind, Untrusted, config::Mode},
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
        for verdict in roles.chain(people) {
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
    const SHOWN: usize = 10;
    let why = because?;
    let mut names: Vec<String> =
        unknown.iter().take(SHOWN).map(|(_, who)| format!("`{}`", who.raw())).collect();
    names
        .extend(unknown.len().checked_sub(SHOWN).filter(|more| *more > 0).map(|more| format!("{more} more")));
    let message = format!(
        "nobody can tell whether {} still {} what an earlier revision gave: {}",
        names.join(", "),
        if unknown.len() == 1 { "holds" } else { "hold" },
        why.raw()
    );
    Some(Verdict::refuse(Guard::Incomplete, message, None))
}
