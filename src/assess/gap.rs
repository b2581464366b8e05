//! Nobody loses an access for a moment only to get it back, unless the definition of the role that
//! makes the gap accepts it (`allow_gap`).
//!
//! Of a class of principals for which another role takes two requests (`OnChange::Replace`) every move
//! makes a gap: it is told, and not refused.

use super::Facts;
use crate::{
    contract::OnChange,
    model::{Untrusted, live::LiveState},
    plan::{
        change::{Change, Plan, Verdict, What},
        document::Guard,
        order::{Gap, Why, gaps},
    },
};

pub(super) fn judge(plan: &mut Plan, facts: Facts<'_>) {
    apart(plan, facts);
    for gap in gaps(plan, facts.spec) {
        let Some(role) = plan.changes.get(gap.role) else { continue };
        let message = message(role, &gap, facts);
        if gap.allowed {
            // Whoever approves the change approves that, too.
            if let Some(role) = plan.changes.get_mut(gap.role) {
                role.side_effects.push(format!("{message}; `allow_gap` accepts it").into());
            }
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

/// Tells who is without a role between two requests.
fn apart(plan: &mut Plan, facts: Facts<'_>) {
    for class in facts.spec.principals().iter().filter(|class| class.on_change == OnChange::Replace) {
        let moves = plan.changes.iter().filter_map(|change| match &change.what {
            What::Assignment { class: of, before: Some(_), after: Some(_), .. } if *of == class.class => {
                Some(change.title.raw().to_owned())
            }
            _ => None,
        });
        let who: Vec<String> = moves.collect();
        if !who.is_empty() {
            let title = facts.spec.title();
            let message = format!(
                "{} of `{}` would be without a role for a moment: {title} gives another one in two requests",
                list(&who),
                class.field
            );
            plan.notes.push(message.into());
        }
    }
}

fn message(role: &Change, gap: &Gap, facts: Facts<'_>) -> String {
    let people = people(&gap.who, facts.live);
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

/// What to call people: name and id, or the id alone.
pub(super) fn people<'w>(
    who: impl IntoIterator<Item = &'w (&'static str, Untrusted)>,
    live: &LiveState,
) -> Vec<String> {
    let called = |(class, principal): &(&'static str, Untrusted)| match live
        .names
        .get(&(*class, principal.clone()))
        .filter(|name| *name != principal)
    {
        Some(name) => format!("{} ({})", name.raw(), principal.raw()),
        None => principal.raw().to_owned(),
    };
    who.into_iter().map(called).collect()
}

pub(super) fn list(items: &[String]) -> String {
    const SHOWN: usize = 10;
    match items.len().checked_sub(SHOWN) {
        None | Some(0) => items.join(", "),
        Some(more) => {
            format!("{} and {more} more", items.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", "))
        }
    }
}
