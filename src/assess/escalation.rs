//! Nobody is given more than whoever the credential acts for holds, where the provider knows that rule.
//! What it cannot tell is refused.

use super::Facts;
use crate::{
    contract::{Given, TooMuch},
    model::RoleId,
    plan::{
        change::{Hand, Plan, Verdict, What},
        document::Guard,
    },
};

/// Runs after it is known which changes wait for a person: what is not sent gives nobody anything.
pub(super) fn judge(plan: &mut Plan, facts: Facts<'_>) {
    for change in &mut plan.changes {
        let What::Assignment { scope, class, principal, before, after } = &change.what else { continue };
        let Some(RoleId::Live(role)) = after else { continue };
        if before == after || change.by_hand != Hand::Nothing || !change.blocked_by.is_empty() {
            continue;
        }
        let given = Given { class, scope, principal, role };
        let Err(TooMuch { why, help }) = facts.spec.may_give(given, facts.live) else { continue };
        let usual = "Apply with a credential that may do more, or `--allow escalation --reason TEXT`.";
        let help = help.unwrap_or(usual).to_owned();
        change.verdicts.push(Verdict::refuse(Guard::Escalation, why, Some(help)));
    }
}
