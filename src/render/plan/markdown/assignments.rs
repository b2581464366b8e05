//! Who gets and who loses which role.

use std::collections::BTreeMap;

use super::{
    super::{
        origins::{Told, change_words},
        view::{Group, Member, reason_words, waiting},
    },
    MarkdownOptions, change, clipped, fence,
    fit::{Item, Subject},
};
use crate::{
    plan::document::Action,
    render::escape::{markdown, terminal},
};

/// So many people stand in one item, so that a long list can be cut between two of them.
const CHUNK: usize = 100;

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

/// `**Release auditor** in group acme/platform (+12)`.
fn head(group: &Group<'_>, members: &[&Member<'_>], encode: fn(&str) -> String) -> String {
    let role = group.role.map_or_else(|| "(a role that is not known)".to_owned(), |role| encode(role.raw()));
    let scope = group
        .scope
        .as_ref()
        .map(|(kind, path)| match path.is_empty() {
            true => format!(" in {}", encode(kind)),
            false => format!(" in {} {}", encode(kind), encode(path)),
        })
        .unwrap_or_default();
    let sign = match members.first().map(|member| member.change.action) {
        Some(Action::Unassign | Action::Delete) => "−",
        Some(Action::Assign | Action::Create) => "+",
        Some(Action::Release) => "○",
        _ => "~",
    };
    let by_hand = members.iter().filter(|member| member.change.manual.is_some()).count();
    let by_hand = if by_hand > 0 { format!(", {by_hand} by hand") } else { String::new() };
    format!("**{role}**{scope} · {sign}{}{by_hand}", members.len())
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
