//! `min_admins`: nobody is locked out. A plan that leaves too few holders of the built-in
//! administrator role, or that moves the principal it acts for, is refused; where that principal is
//! unknown, any move of an administrator is.

use super::Facts;
use crate::{
    model::{Kind, RoleId, Value, field, live::LiveState},
    plan::{
        change::{Change, Plan, Verdict, What},
        document::{Action, Guard, VerdictOutcome},
    },
};

pub(super) fn judge(plan: &mut Plan, facts: Facts<'_>) {
    let is_admin = |role: Option<&RoleId>| match role {
        Some(RoleId::Live(id)) => {
            facts.spec.catalogue().builtin(id.raw()).is_some_and(|builtin| builtin.admin)
        }
        _ => false,
    };
    if !facts.spec.catalogue().builtin.iter().any(|builtin| builtin.admin) {
        plan.verdicts.push(Verdict {
            outcome: VerdictOutcome::NotApplicable,
            ..Verdict::refuse(Guard::MinAdmins, "the provider has no built-in administrator role", None)
        });
        return;
    }
    let known = facts.live.of(Kind::Role).any(|role| {
        role.id
            .as_ref()
            .and_then(|id| facts.spec.catalogue().builtin(id.raw()))
            .is_some_and(|builtin| builtin.admin)
    });
    let takes = |change: &Change| matches!(change.action, Action::Reassign | Action::Unassign);
    if !known && plan.changes.iter().any(takes) {
        let message = "the plan would take roles from people, and the API tells of no administrator role";
        let help = "If nobody is locked out: `--allow min_admins --reason TEXT`.";
        plan.verdicts.push(Verdict::refuse(Guard::MinAdmins, message, Some(help.into())));
    }
    let held = |slot: &crate::model::live::LiveObject| matches!(slot.fields.get(field::ROLE).and_then(|live| live.value()), Some(Value::Role(role)) if is_admin(role.as_ref()));
    let before = facts.live.of(Kind::Assignment).filter(|slot| held(slot)).count() as u64;
    let (mut gone, mut come) = (0, 0);
    let mut moved = Vec::new();
    for change in &mut plan.changes {
        let What::Assignment { principal, before, after, .. } = &change.what else { continue };
        let (was, becomes) = (is_admin(before.as_ref()), is_admin(after.as_ref()));
        gone += u64::from(was && !becomes);
        come += u64::from(becomes && !was);
        if facts.live.caller.as_ref() == Some(principal) {
            let message = format!(
                "the plan would change the role of {}, for whom this credential acts",
                called(facts.live, &change.what)
            );
            let help = "Let somebody else apply this, or `--allow min_admins --reason TEXT`.";
            change.verdicts.push(Verdict::refuse(Guard::MinAdmins, message, Some(help.into())));
        } else if was && !becomes {
            moved.push(called(facts.live, &change.what));
        }
    }
    let after = before + come - gone;
    let least = u64::from(facts.guards.min_admins);
    if gone > 0 && after < least {
        let message =
            format!("the plan would leave {after} of {before} administrators; `min_admins` wants {least}");
        let help = "Keep more administrators, or `--allow min_admins --reason TEXT`.";
        plan.verdicts.push(Verdict::refuse(Guard::MinAdmins, message, Some(help.into())));
    }
    if facts.live.caller.is_none() && !moved.is_empty() {
        let message = format!(
            "the plan would take administration from {}, and the API does not tell whether this credential acts for one of them",
            moved.join(", ")
        );
        let help = "If it does not: `--allow min_admins --reason TEXT`.";
        plan.verdicts.push(Verdict::refuse(Guard::MinAdmins, message, Some(help.into())));
    }
}

/// What to call the person whose assignment changes: name and id, or the id alone.
fn called(live: &LiveState, what: &What) -> String {
    let What::Assignment { class, principal, .. } = what else { return String::new() };
    match live.names.get(&(*class, principal.clone())) {
        Some(name) if name != principal => format!("{} ({})", name.raw(), principal.raw()),
        _ => principal.raw().to_owned(),
    }
}
