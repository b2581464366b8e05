//! Who gets and who loses which role.

use std::collections::BTreeMap;

use super::{
    super::{
        lists::{Group, Member, assignments, sums, waiting},
        origins::{Told, change_words},
        view::reason_words,
    },
    MarkdownOptions, change, clipped, fence,
    fit::{Item, Section, Subject},
};
use crate::{
    plan::document::{Action, Change},
    render::escape::{markdown, terminal},
};

/// So many people stand in one item, so that a long list can be cut between two of them.
const CHUNK: usize = 100;

/// What becomes of each place whose assignments stand in several lists, one line for each.
pub(super) fn places(changes: &[Change]) -> Section {
    let groups = assignments(changes);
    let line = |roles: &[Group<'_>]| {
        let members = || roles.iter().flat_map(|group| &group.members);
        let first = members().next().map(subject_of);
        let one_list = roles.len() == 1 && members().all(|member| Some(subject_of(member)) == first);
        let scope = roles.first().and_then(|group| group.scope.as_ref());
        let place = scope.map_or_else(|| "the target itself".to_owned(), |scope| place(scope, markdown));
        let text = format!("- {} at {place}\n", sums(members(), "−", "○"));
        (!one_list).then(|| Item::new(Subject::Sum, 1, text))
    };
    let items = groups.chunk_by(|a, b| a.scope == b.scope).filter_map(line).collect();
    Section { head: "##### Assignments by place\n\n".to_owned(), tail: "\n".to_owned(), items }
}

/// `group acme/platform`.
fn place((kind, path): &(String, String), encode: fn(&str) -> String) -> String {
    if path.is_empty() { encode(kind) } else { format!("{} {}", encode(kind), encode(path)) }
}

/// The members of `group` that `subject` is about.
pub(super) fn items(group: &Group<'_>, subject: Subject, options: &MarkdownOptions, told: Told) -> Vec<Item> {
    let members: Vec<_> = group.members.iter().filter(|member| subject_of(member) == subject).collect();
    let waits: String = waiting(&members).iter().map(|sentence| change::waits(sentence)).collect();
    if !options.names {
        let text = format!("{}\n\n{}{waits}", head(group, &members, markdown), moves(&members));
        let brief = format!("{}\n\n", head(group, &members, clipped));
        return if members.is_empty() {
            Vec::new()
        } else {
            vec![Item::new(subject, members.len(), text).brief(brief)]
        };
    }
    members
        .chunks(CHUNK)
        .enumerate()
        .map(|(index, members)| {
            let lines: Vec<_> = members.iter().flat_map(|member| lines(member, told)).collect();
            let mut text =
                format!("{}\n\n{}", head(group, members, markdown), fence(&lines.join("\n"), "diff"));
            if index == 0 {
                text.push_str(&waits);
            }
            for member in members {
                let remarks = change::remarks(member.change, options);
                if !remarks.is_empty() {
                    text.push_str(&format!("{}:\n\n{remarks}", markdown(member.change.title.raw())));
                }
            }
            let brief = format!("{}\n\n", head(group, members, clipped));
            Item::new(subject, members.len(), text).brief(brief)
        })
        .collect()
}

/// How many go from which role to which, where they are only counted.
fn moves(members: &[&Member<'_>]) -> String {
    let mut numbers: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for member in members {
        if let (Some(before), Some(after)) = (member.before, member.after) {
            *numbers.entry((before.raw(), after.raw())).or_default() += 1;
        }
    }
    let line = |((before, after), number): (&(&str, &str), &usize)| {
        format!("- {number}: {} → {}\n", markdown(before), markdown(after))
    };
    let mut lines: String = numbers.iter().map(line).collect();
    if !lines.is_empty() {
        lines.push('\n');
    }
    lines
}

/// What an assignment means for the person.
fn subject_of(member: &Member<'_>) -> Subject {
    match member.change.action {
        Action::Unassign | Action::Delete => Subject::Removal,
        Action::Assign | Action::Create => Subject::Addition,
        Action::Release => Subject::Release,
        _ => Subject::Change,
    }
}

/// `**group acme/platform** · Release auditor · +12`.
fn head(group: &Group<'_>, members: &[&Member<'_>], encode: fn(&str) -> String) -> String {
    let role = group.role.map_or_else(|| "(a role that is not known)".to_owned(), |role| encode(role.raw()));
    let head = match &group.scope {
        Some(scope) => format!("**{}** · {role}", place(scope, encode)),
        None => format!("**{role}**"),
    };
    let by_hand = members.iter().filter(|member| member.change.manual.is_some()).count();
    let by_hand = if by_hand > 0 { format!(", {by_hand} by hand") } else { String::new() };
    format!("{head} · {}{by_hand}", sums(members.iter().copied(), "−", "○"))
}

fn lines(member: &Member<'_>, told: Told) -> Vec<String> {
    let change = member.change;
    let sign = match change.action {
        Action::Unassign | Action::Delete => '-',
        Action::Assign | Action::Create => '+',
        Action::Release => ' ',
        // The sign of a changed line in the classic form of `diff`.
        _ => '!',
    };
    let mut line = format!("{sign} {}", terminal(change.title.raw()));
    if let Some(class) = &member.class {
        line.push_str(&format!(" ({})", terminal(class)));
    }
    if let (Some(before), Some(after)) = member.moves() {
        line.push_str(&format!(": {} → {}", terminal(before.raw()), terminal(after.raw())));
    }
    if member.unknown {
        line.push_str(": unknown now");
        if let Some(after) = member.after {
            line.push_str(&format!(" → {}", terminal(after.raw())));
        }
    }
    let origin = change_words(change, told);
    let why: Vec<_> = origin.into_iter().chain(change.reason.map(reason_words)).collect();
    let mut lines = vec![line];
    lines.extend(change::below(&why.join(", ")));
    lines
}
