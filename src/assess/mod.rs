//! What a plan means: whether a guard refuses it. Pure.

mod administrators;
mod escalation;
mod exclusive;
mod gap;
mod limits;
mod protection;
mod room;

use std::collections::BTreeMap;

use crate::{
    catalog::Catalogue,
    contract::Spec,
    model::{Untrusted, config::Guards, live::LiveState},
    plan::{
        change::Plan,
        document::{Guard, VerdictOutcome},
        order,
    },
};

/// What guards look at beside the plan.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    /// What was read.
    pub live: &'a LiveState,
    /// The provider.
    pub spec: &'a dyn Spec,
    /// The guards in force.
    pub guards: &'a Guards,
    /// Guards that a person allowed, each with the reason.
    pub allowed: &'a BTreeMap<Guard, Untrusted>,
}

/// The strictest of several guards for what is live: a guard is not lifted and used in one apply.
pub fn strictest(guards: &[Guards], live: &LiveState, catalogue: &Catalogue) -> Guards {
    let (roles, held) = limits::existing(live, catalogue);
    let all = guards.iter().copied().reduce(|a, b| Guards {
        max_deletes: limits::stricter(a.max_deletes, b.max_deletes, roles),
        max_unassigns: limits::stricter(a.max_unassigns, b.max_unassigns, held),
        min_admins: a.min_admins.max(b.min_admins),
    });
    all.unwrap_or_default()
}

/// Adds the verdicts of every guard to the plan; those that a person allowed are marked so. Says also
/// which changes wait for a person.
pub fn judge(plan: &mut Plan, facts: Facts<'_>) {
    exclusive::judge(plan);
    limits::judge(plan, facts);
    administrators::judge(plan, facts);
    protection::judge(plan);
    gap::judge(plan, facts);
    room::judge(plan, facts);
    order::block(plan, facts.spec);
    escalation::judge(plan, facts);
    let verdicts = plan.changes.iter_mut().flat_map(|change| &mut change.verdicts).chain(&mut plan.verdicts);
    for verdict in verdicts {
        if let Some(reason) = facts.allowed.get(&verdict.guard)
            && can_be_allowed(verdict.guard)
            && verdict.outcome == VerdictOutcome::Refused
        {
            verdict.outcome = VerdictOutcome::Allowed;
            verdict.reason = Some(reason.clone());
        }
    }
}

/// The guards that `--allow` may lift, by the name it takes. The others name something that has to
/// be said in the definitions or cannot be done at all.
pub const ALLOWABLE: &[(&str, Guard)] = &[
    ("adopt", Guard::Adopt),
    ("escalation", Guard::Escalation),
    ("max_deletes", Guard::MaxDeletes),
    ("max_unassigns", Guard::MaxUnassigns),
    ("min_admins", Guard::MinAdmins),
    ("protect", Guard::Protect),
];

fn can_be_allowed(guard: Guard) -> bool {
    ALLOWABLE.iter().any(|(_, allowable)| *allowable == guard)
}
