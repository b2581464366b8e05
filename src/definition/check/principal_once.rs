//! One principal twice: in two roles where the provider allows one, or twice in the same role.

use std::collections::BTreeMap;

use crate::{
    contract,
    definition::{context::Context, declared::role_name, principal},
    model::{
        Code, Finding, Scope,
        desired::{DesiredAssignment, RoleName},
    },
};

/// Class, scope, and identity of a principal.
type Who<'a> = (&'a str, &'a Scope, (u8, String));

pub(super) fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let today = context.input.today;
    let holds = |one: &&DesiredAssignment| one.expires.is_none_or(|date| date >= today);
    let who = |one: &DesiredAssignment| {
        let class = contract::principal(context.input.spec, one.class)?;
        Some(principal::identity(&one.principal.value, class))
    };
    let held = context.desired.assignments.iter().filter(holds);
    let mut held: Vec<(Who<'_>, &DesiredAssignment)> =
        held.filter_map(|one| Some(((one.class, &one.scope, who(one)?), one))).collect();
    held.sort_by(|(a, _), (b, _)| a.cmp(b));
    for same in held.chunk_by(|(a, _), (b, _)| a == b) {
        let [((class, ..), _), _, ..] = same else { continue };
        let mut group: Vec<&DesiredAssignment> = same.iter().map(|(_, assignment)| *assignment).collect();
        group.sort_by_key(|assignment| assignment.principal.site);
        let mut by_role: BTreeMap<&RoleName, Vec<&DesiredAssignment>> = BTreeMap::new();
        for assignment in &group {
            by_role.entry(&assignment.role.value).or_default().push(assignment);
        }
        for (role, same) in &by_role {
            if let [first, again, ..] = same.as_slice() {
                let text = format!("this principal is in {} twice", role_name(role));
                let finding = Finding::new(Code::DeclaredTwice, text)
                    .at(again.principal.site, "again here")
                    .at(first.principal.site, "first here")
                    .help("Remove one of the two.");
                findings.push(finding);
            }
        }
        let one_role = contract::principal(context.input.spec, class)
            .is_some_and(|class| class.one_role(&context.input.target.settings));
        if one_role && by_role.len() > 1 {
            let mut firsts: Vec<_> =
                by_role.iter().filter_map(|(role, same)| Some((role, same.first()?))).collect();
            firsts.sort_by_key(|(_, assignment)| assignment.principal.site);
            let title = context.input.spec.title();
            let mut finding = Finding::new(
                Code::TwoRoles,
                format!("one principal in {} roles, and {title} allows one", by_role.len()),
            )
            .help("Keep one, or declare a role that unites them.");
            // The second place is where the contradiction arises.
            if let [_, second, ..] = firsts.as_slice() {
                finding = finding.at(second.1.principal.site, format!("in {} here", role_name(second.0)));
            }
            for (index, (role, assignment)) in
                firsts.iter().enumerate().filter(|(index, _)| *index != 1).take(8)
            {
                let word = if index == 0 { "first" } else { "also" };
                finding = finding.at(assignment.principal.site, format!("{word} in {}", role_name(role)));
            }
            findings.push(finding);
        }
    }
}
