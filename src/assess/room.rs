//! No more roles than the provider holds. A role that takes the place of another one needs room for
//! both for a while; where there is none, its holders wait without it only if its definition accepts
//! that (`allow_gap`).

use super::{
    Facts,
    gap::{list, people},
};
use crate::plan::{
    change::{Plan, Verdict, What},
    document::{Action, Guard},
    order::crowded,
};

pub(super) fn judge(plan: &mut Plan, facts: Facts<'_>) {
    for crowded in crowded(plan, facts.spec) {
        let Some(change) = plan.changes.get(crowded.change) else { continue };
        let What::Role { class, .. } = &change.what else { continue };
        let limit = crate::contract::role_class(facts.spec, class).and_then(|class| class.limit);
        let (title, name) = (facts.spec.title(), change.title.raw());
        let limit = limit.unwrap_or_default();
        let who = list(&people(&crowded.who, facts.live));
        if crowded.waits {
            let who = if crowded.who.is_empty() { "nobody" } else { &*who };
            let message = format!(
                "{who} would be without role `{name}` for a moment: {title} holds at most {limit} roles, so that it goes before the new one is made; `allow_gap` accepts it"
            );
            // Whoever approves the change approves that, too.
            if let Some(change) = plan.changes.get_mut(crowded.change) {
                change.side_effects.push(message.into());
            }
            continue;
        }
        let (message, help) = match (change.action, crowded.who.is_empty()) {
            (Action::Replace, empty) => {
                let held =
                    if empty { String::new() } else { format!("; {who} would be without it meanwhile") };
                (
                    format!(
                        "a new role has to take the place of `{name}`, and {title} holds at most {limit}: there is no room for both{held}"
                    ),
                    format!(
                        "Remove another role first, or accept that it goes before the new one is made: `allow_gap: true` at `{}`, with everybody who holds it declared.",
                        change.address
                    ),
                )
            }
            _ => (
                format!("role `{name}` would be one more than the {limit} that {title} holds"),
                "Remove another role, or apply its removal first.".to_owned(),
            ),
        };
        if let Some(change) = plan.changes.get_mut(crowded.change) {
            change.verdicts.push(Verdict::refuse(Guard::Blocked, message, Some(help)));
        }
    }
}
