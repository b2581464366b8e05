//! `max_deletes` and `max_unassigns`: how much one plan may take away.

use super::Facts;
use crate::{
    catalog::Catalogue,
    model::{
        Kind, RoleId, Value,
        config::Limit,
        field,
        live::{LiveObject, LiveState},
    },
    plan::{
        change::{Plan, Verdict, What},
        document::{Action, Guard},
    },
};

pub(super) fn judge(plan: &mut Plan, facts: Facts<'_>) {
    let count = |wanted: &[Action]| {
        plan.changes.iter().filter(|change| wanted.contains(&change.action)).count() as u64
    };
    let deletes = count(&[Action::Delete, Action::Replace]);
    // What else goes than roles counts with them.
    let permissions = plan
        .changes
        .iter()
        .any(|change| change.action == Action::Delete && matches!(change.what, What::Permission { .. }));
    let what = if permissions { "object" } else { "role" };
    let unassigns = count(&[Action::Unassign]);
    let (roles, held) = existing(facts.live, facts.spec.catalogue());
    let limits = [
        (Guard::MaxDeletes, "max_deletes", facts.guards.max_deletes, deletes, roles, "delete", what),
        (
            Guard::MaxUnassigns,
            "max_unassigns",
            facts.guards.max_unassigns,
            unassigns,
            held,
            "take away",
            "assignment",
        ),
    ];
    for (guard, name, limit, planned, existing, verb, what) in limits {
        let most = most(limit, existing);
        if planned <= most {
            continue;
        }
        let share = match limit {
            Limit::Count(_) => String::new(),
            Limit::Percent(percent) => format!(" ({percent}% of {existing})"),
        };
        let s = if planned == 1 { "" } else { "s" };
        let message = format!("the plan would {verb} {planned} {what}{s}; `{name}` allows {most}{share}");
        let help = format!(
            "If that is meant: `--allow {name} --reason TEXT`, or a higher `{name}` in its own change."
        );
        plan.verdicts.push(Verdict::refuse(guard, message, Some(help)));
    }
}

/// The strictest of two limits for what is live.
pub(super) fn stricter(a: Limit, b: Limit, existing: u64) -> Limit {
    if most(b, existing) < most(a, existing) { b } else { a }
}

/// How many custom roles, and how many granted assignments, there are.
pub(super) fn existing(live: &LiveState, catalogue: &Catalogue) -> (u64, u64) {
    let roles = live.of(Kind::Role).filter(|role| !role.builtin).count() as u64;
    let held = live.of(Kind::Assignment).filter(|slot| is_granted(slot, catalogue)).count() as u64;
    (roles, held)
}

/// The most that a limit allows; a percentage always allows one.
fn most(limit: Limit, existing: u64) -> u64 {
    match limit {
        Limit::Count(count) => u64::from(count),
        Limit::Percent(percent) => (existing * u64::from(percent) / 100).max(1),
    }
}

/// Whether a slot holds a role that was given, rather than the one that everybody has.
fn is_granted(slot: &LiveObject, catalogue: &Catalogue) -> bool {
    match slot.fields.get(field::ROLE).and_then(|live| live.value()) {
        Some(Value::Role(Some(RoleId::Live(id)))) => {
            !catalogue.builtin(id.raw()).is_some_and(|builtin| builtin.vacant)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_rounds_down_and_always_allows_one() {
        assert_eq!(most(Limit::Percent(10), 4), 1);
        assert_eq!(most(Limit::Percent(10), 39), 3);
        assert_eq!(most(Limit::Percent(0), 100), 1);
        assert_eq!(most(Limit::Count(0), 100), 0);
    }
}
