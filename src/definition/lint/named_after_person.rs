//! A role named after who holds it instead of what it allows.

use std::collections::HashSet;

use crate::{
    definition::context::{Context, Hit},
    model::{
        Code, Finding,
        desired::{DesiredRole, Spelling},
    },
};

/// Words for groups of people.
const GROUPS: &[&str] = &["team", "teams", "squad", "guild", "tribe", "crew", "department", "dept"];

pub(super) fn run(context: &Context<'_>) -> Vec<Hit> {
    let people: HashSet<String> = context
        .desired
        .assignments
        .iter()
        .filter_map(|assignment| match &assignment.principal.value {
            Spelling::Handle(handle) => Some(handle.raw().to_lowercase()),
            Spelling::Email(email) => email.raw().split(['@', '.']).next().map(str::to_lowercase),
            Spelling::Id(_) => None,
        })
        .filter(|name| name.len() >= 3 && name.bytes().any(|b| b.is_ascii_alphabetic()))
        .collect();
    let roles = context.desired.roles.iter();
    roles
        .filter_map(|role| {
            let why = why(role, &people)?;
            let finding =
                Finding::new(Code::NamedAfterPerson, format!("the role `{}` is named after {why}", role.key))
                    .at(role.site, "")
                    .help("Name it after what it allows: people and teams change, and the role stays.");
            Some(Hit { finding, anchors: vec![role.site, role.name.site] })
        })
        .collect()
}

fn why(role: &DesiredRole, people: &HashSet<String>) -> Option<&'static str> {
    let name = role.name.value.raw();
    if name.contains('@') || name.contains("'s ") || name.contains("’s ") {
        return Some("a person");
    }
    let words = || role.key.split(['-', '_', '.']).chain(name.split(|c: char| !c.is_alphanumeric()));
    let lower = || words().map(str::to_lowercase);
    if lower().any(|word| people.contains(&word)) || people.contains(&*role.key) {
        return Some("a person");
    }
    // `team-lead` is a duty, `blue-team` is a team: the word stands last.
    let last = role.key.rsplit(['-', '_', '.']).next().unwrap_or_default();
    (last.len() < role.key.len() && GROUPS.contains(&last)).then_some("a team")
}
