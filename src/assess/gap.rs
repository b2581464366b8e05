//! Nobody loses an access for a moment only to get it back, unless the definition of the role that
//! makes the gap accepts it (`allow_gap`).
//!
//! Every provider known today moves a person in one request that replaces the role. One that takes
//! the old role away in a request of its own makes a gap of every move: it has to say so here.

use super::Facts;
use crate::{
    model::Untrusted,
    plan::{
        change::{Change, Plan, Verdict, What},
        document::Guard,
        order::{Gap, Why, gaps},
    },
};

pub(super) fn judge(plan: &mut Plan, facts: Facts<'_>) {
    for gap in gaps(plan) {
        let Some(role) = plan.changes.get(gap.role) else { continue };
        let message = message(plan, role, &gap, facts);
        if gap.allowed {
            plan.notes.push(format!("{message}; `allow_gap` accepts it").into());
            continue;
        }
        let help = format!(
            "Accept it with `allow_gap: true` at `{}`, or let one side of the exchange move to a new role instead.",
            role.address
        );
        if let Some(role) = plan.changes.get_mut(gap.role) {
            role.verdicts.push(Verdict::refuse(Guard::Blocked, message, Some(help)));
        }
    }
}

fn message(plan: &Plan, role: &Change, gap: &Gap, facts: Facts<'_>) -> String {
    let people: Vec<String> = gap
        .who
        .iter()
        .filter_map(|change| match &plan.changes.get(*change)?.what {
            What::Assignment { class, principal, .. } => {
                let name = facts.live.names.get(&(*class, principal.clone()));
                Some(match name.filter(|name| *name != principal) {
                    Some(name) => format!("{} ({})", name.raw(), principal.raw()),
                    None => principal.raw().to_owned(),
                })
            }
            _ => None,
        })
        .collect();
    let permissions: Vec<String> =
        gap.permissions.iter().map(Untrusted::raw).map(|permission| format!("`{permission}`")).collect();
    let name = role.title.raw();
    let why = match gap.why {
        Why::JoinsBeforeItGains => {
            format!("they join role `{name}` before it gains that, because others have to leave it first")
        }
        Why::LosesBeforeTheyLeave => {
            format!("role `{name}` loses that before they leave it, because others join it")
        }
    };
    format!("{} would be without {} for a moment: {why}", list(&people), list(&permissions))
}

fn list(items: &[String]) -> String {
    const SHOWN: usize = 10;
    match items.len().checked_sub(SHOWN) {
        None | Some(0) => items.join(", "),
        Some(more) => {
            format!("{} and {more} more", items.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", "))
        }
    }
}
