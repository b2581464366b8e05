//! A plan in a few lines, for snapshots.

use std::collections::BTreeSet;

use rolecall::{
    model::{Finding, RoleId, Untrusted, Value},
    plan::{
        change::{self, Plan, RoleState, Verdict, What},
        document::{Change, FieldChange, FieldValue, Left, Reason, VerdictOutcome},
        operation::{Op, PermissionAct, Verb},
    },
};

use super::definitions::Planned;

/// Changes, what is left alone, notes, and operations; or the findings.
pub(crate) fn text(planned: &Result<Planned, Vec<Finding>>) -> String {
    match planned {
        Ok(planned) => [changes(planned), operations(&planned.ops)].concat(),
        Err(findings) => findings.iter().map(finding).collect(),
    }
}

/// Without the operations.
pub(crate) fn changes(planned: &Planned) -> String {
    let plan = &planned.plan;
    let mut text = String::new();
    for change in &plan.changes {
        text.push_str(&line(plan, change));
        for verdict in &change.verdicts {
            text.push_str(&format!("  {}\n", said(verdict)));
        }
    }
    for verdict in plan.verdicts.iter().filter(|v| v.outcome != VerdictOutcome::NotApplicable) {
        text.push_str(&format!("{}\n", said(verdict)));
    }
    for (address, _) in &plan.unmanaged_roles {
        text.push_str(&format!("left alone: {address}\n"));
    }
    for kept in &plan.kept {
        let role = plan.role_names.get(&kept.role).map_or("?", Untrusted::raw);
        let who = kept.who.as_ref().map_or("nobody knows who", Untrusted::raw);
        let refused = if kept.breaks_list { ", against an exclusive list" } else { "" };
        text.push_str(&format!("stays: {who} keeps {role}{refused}: {}\n", kept.why.raw()));
    }
    match plan.unmanaged_assignments {
        Some(0) => {}
        Some(n) => text.push_str(&format!("left alone: {n} assignments\n")),
        None => text.push_str("members were not read\n"),
    }
    for note in &plan.notes {
        text.push_str(&format!("note: {}\n", note.raw()));
    }
    if text.is_empty() { "nothing to do\n".to_owned() } else { text }
}

fn line(plan: &Plan, change: &change::Change) -> String {
    let action = serde_json::to_value(change.action).expect("an action is a word");
    let mut line = format!("{} {}", action.as_str().expect("an action is a word"), change.address);
    let role = |role: &Option<RoleId>| match role {
        Some(role) => plan.role_names.get(role).map_or("?", Untrusted::raw).to_owned(),
        None => "nothing".to_owned(),
    };
    match &change.what {
        What::Role { before: Some(_), after: None, .. } => {}
        What::Permission { before: Some(_), after: None, .. } => {}
        What::Role { before, after, .. } | What::Permission { before, after, .. } => {
            line.push_str(&fields(before.as_ref(), after.as_ref()));
        }
        What::Default { before, after } | What::Assignment { before, after, .. } => {
            line.push_str(&format!(": {} -> {}", role(before), role(after)));
        }
    }
    if change.adopts {
        line.push_str(" (adopts)");
    }
    if let Some(reason) = change.reason {
        line.push_str(match reason {
            Reason::BaseChanged => " (base changed)",
            Reason::Expired => " (expired)",
            Reason::RoleRemoved => " (role removed)",
            Reason::NotInExclusiveList => " (not in the exclusive list)",
            Reason::NeverDeclared => " (never declared)",
            Reason::NoLongerDeclared => " (no longer declared)",
            Reason::RoleReplaced => " (role replaced)",
        });
    }
    for effect in change.side_effects.iter().chain(plan.steps.get(&change.address)) {
        line.push_str(&format!("; {}", effect.raw()));
    }
    line + "\n"
}

fn fields(before: Option<&RoleState>, after: Option<&RoleState>) -> String {
    let mut text = String::new();
    let name = |state: Option<&RoleState>| state.map(|state| state.name.clone());
    if name(before) != name(after) {
        text.push_str(&format!(" name {}", after.map_or("", |state| state.name.raw())));
    }
    let described = |state: Option<&RoleState>| state.and_then(|state| state.description.clone());
    if described(before) != described(after) {
        text.push_str(&format!(" description {:?}", described(after).flatten()));
    }
    let none = BTreeSet::new();
    let set = |state: Option<&RoleState>| state.and_then(|s| s.permissions.clone()).unwrap_or(none.clone());
    let (old, new) = (set(before), set(after));
    for permission in new.difference(&old) {
        text.push_str(&format!(" +{}", permission.raw()));
    }
    for permission in old.difference(&new) {
        text.push_str(&format!(" -{}", permission.raw()));
    }
    let others = |state: Option<&RoleState>| state.map(|state| state.fields.clone()).unwrap_or_default();
    let (old, new) = (others(before), others(after));
    let shown = |value: Option<&Value>| match value {
        Some(Value::Role(Some(RoleId::Live(id)))) => id.raw().to_owned(),
        value => format!("{value:?}"),
    };
    for (name, value) in new.iter().filter(|(name, value)| before.is_some() && old.get(*name) != Some(value))
    {
        text.push_str(&format!(" {name} {} -> {}", shown(old.get(name)), shown(Some(value))));
    }
    format!(":{text}")
}

fn said(verdict: &Verdict) -> String {
    let outcome = match verdict.outcome {
        VerdictOutcome::Refused => "refused",
        VerdictOutcome::Allowed => "allowed",
        VerdictOutcome::NotApplicable => "not applicable",
    };
    let guard = serde_json::to_value(verdict.guard).expect("a guard is a word");
    let guard = guard.as_str().expect("a guard is a word");
    let help = verdict.help.as_ref().map_or_else(String::new, |help| format!(" | {}", help.raw()));
    let reason = verdict.reason.as_ref().map_or_else(String::new, |why| format!(" | because: {}", why.raw()));
    format!("{outcome} by {guard}: {}{help}{reason}", verdict.message.raw())
}

fn finding(finding: &Finding) -> String {
    let help = finding.help.as_ref().map_or_else(String::new, |help| format!(" | {}", help.raw()));
    format!("{} {}{help}\n", finding.code, finding.message.raw())
}

/// The plan as its document tells it: what differs, and why.
pub(crate) fn told(planned: &Planned) -> String {
    let target = planned.target();
    let mut text = String::new();
    for change in &target.changes {
        let Change { address, action, origin, fields, after, .. } = change;
        text.push_str(&format!("{} {address} [{}]", word(action), word(origin)));
        if after.is_some() && !fields.is_empty() {
            text.push_str(&format!(":{}", differences(fields)));
        }
        text.push_str(if change.adopts { " (adopts)" } else { "" });
        if let Some(reason) = &change.reason {
            text.push_str(&format!(" ({})", word(reason)));
        }
        text.push('\n');
        for verdict in change.verdicts.iter().filter(|v| v.outcome == VerdictOutcome::Refused) {
            text.push_str(&format!("  refused by {}: {}\n", word(&verdict.guard), verdict.message.raw()));
        }
    }
    for verdict in target.verdicts.iter().filter(|v| v.outcome == VerdictOutcome::Refused) {
        text.push_str(&format!("refused by {}: {}\n", word(&verdict.guard), verdict.message.raw()));
    }
    for Left { address, action, origin, fields, .. } in &target.left {
        text.push_str(&format!(
            "left: {} {address} [{}]:{}\n",
            word(action),
            word(origin),
            differences(fields)
        ));
    }
    for role in &target.unmanaged.roles {
        text.push_str(&format!("left alone: {}\n", role.address));
    }
    if let Some(assignments) = target.unmanaged.assignments.filter(|count| *count > 0) {
        text.push_str(&format!("left alone: {assignments} assignments\n"));
    }
    for note in &target.notes {
        text.push_str(&format!("note: {}\n", note.raw()));
    }
    if text.is_empty() { "nothing to do\n".to_owned() } else { text }
}

fn differences(fields: &[FieldChange]) -> String {
    let mut text = String::new();
    for field in fields {
        match field {
            FieldChange::Set { added, removed, .. } => {
                let members =
                    added.iter().map(|member| ('+', member)).chain(removed.iter().map(|m| ('-', m)));
                for (sign, member) in members {
                    text.push_str(&format!(" {sign}{} [{}]", member.value.raw(), word(&member.origin)));
                }
            }
            FieldChange::Value { field, after, origin, .. } => {
                let after = match after {
                    Some(FieldValue::Text(Some(text))) => text.raw().to_owned(),
                    Some(FieldValue::Role(role)) => role.name.raw().to_owned(),
                    _ => "nothing".to_owned(),
                };
                text.push_str(&format!(" {} {after} [{}]", field.raw(), word(origin)));
            }
        }
    }
    text
}

fn word(word: &impl serde::Serialize) -> String {
    let value = serde_json::to_value(word).expect("a word");
    value.as_str().expect("a word").to_owned()
}

/// The operations alone, each with its stratum.
pub(crate) fn operations(ops: &[Op]) -> String {
    ops.iter().map(|op| format!("{}. {}\n", op.stratum, operation(&op.verb))).collect()
}

fn operation(verb: &Verb) -> String {
    let id = |role: &RoleId| match role {
        RoleId::Live(id) => id.raw().to_owned(),
        RoleId::New(address) => address.as_str().to_owned(),
    };
    let list = |set: &BTreeSet<Untrusted>| set.iter().map(Untrusted::raw).collect::<Vec<_>>().join(" ");
    match verb {
        Verb::CreateRole { body, .. } => {
            format!("make {}: {}", body.name.raw(), list(&body.permissions)).trim_end().to_owned()
        }
        Verb::UpdateRole { role, send, .. } => {
            let mut text = format!("set {}:", id(role));
            if let Some(name) = &send.name {
                text.push_str(&format!(" name {};", name.raw()));
            }
            if let Some(description) = &send.description {
                text.push_str(&format!(" description {description:?};"));
            }
            if let Some(permissions) = &send.permissions {
                text.push_str(&format!(" [{}]", list(permissions)));
            }
            text
        }
        Verb::DeleteRole { role, .. } => format!("delete {}", id(role)),
        Verb::Permission { slug, act } => {
            let act = match act {
                PermissionAct::Create(_) => "make",
                PermissionAct::Update { .. } => "set",
                PermissionAct::Delete => "delete",
            };
            format!("{act} permission {}", slug.raw())
        }
        Verb::SetDefault { role, .. } => format!("default {}", role.as_ref().map_or("none".to_owned(), id)),
        Verb::Assign { role, class, principals, .. } => {
            let who: Vec<&str> = principals.iter().map(Untrusted::raw).collect();
            format!("give {} to {class} {}", id(role), who.join(", "))
        }
        Verb::Unassign { role, class, principals, .. } => {
            let who: Vec<&str> = principals.iter().map(Untrusted::raw).collect();
            format!("take {} from {class} {}", id(role), who.join(", "))
        }
    }
}
