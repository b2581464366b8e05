//! Who gets and who loses which role.

use super::{
    super::{
        origins::change_words,
        page::{Page, Paint, Text},
        view::{Group, Member, assignments, reason_words, waiting},
    },
    Signs, change,
};
use crate::plan::document::{Action, Change};

/// All assignments of the target, by role. Everybody is named.
pub(super) fn put(page: &mut Page, changes: &[Change], signs: Signs) {
    let groups = assignments(changes);
    if groups.is_empty() {
        return;
    }
    page.blank();
    page.put(2, 4, &Text::new().own(Paint::Strong, "Assignments"));
    for group in &groups {
        put_group(page, group, signs);
    }
}

fn put_group(page: &mut Page, group: &Group<'_>, signs: Signs) {
    let mut head = match group.role {
        Some(role) => Text::new().name(Paint::Strong, role.raw()),
        None => Text::new().own(Paint::Strong, "(a role that is not known)"),
    };
    if let Some((kind, path)) = &group.scope {
        head = head.own(Paint::Dim, " in ").said(Paint::Dim, kind).space().name(Paint::Dim, path);
    }
    let (plain, special): (Vec<_>, Vec<_>) =
        group.members.iter().partition(|member| member.is_plain(signs.told));
    let number = |action| group.members.iter().filter(|member| member.change.action == action).count();
    let mut sums = Vec::new();
    for (sign, number) in [
        ("+", number(Action::Assign)),
        ("~", number(Action::Reassign)),
        (signs.minus, number(Action::Unassign)),
        (signs.release, number(Action::Release)),
    ] {
        if number > 0 {
            sums.push(format!("{sign}{number}"));
        }
    }
    if group.members.len() > 1 {
        head = head.own(Paint::Dim, format_args!("  ({})", sums.join(" ")));
    }
    page.put(4, 6, &head);
    let mut line = Text::new();
    for member in &plain {
        line = line.together(who(member, signs)).own(Paint::Plain, "  ");
    }
    if !plain.is_empty() {
        page.put(6, 6, &line);
    }
    for member in special {
        put_member(page, member, signs);
    }
    for sentence in waiting(&group.members.iter().collect::<Vec<_>>()) {
        change::waits(page, 6, &sentence);
    }
}

/// `+ mira`, `- eng-all (saml_group)`.
fn who(member: &Member<'_>, signs: Signs) -> Text {
    let (sign, paint) = sign(member.change, signs);
    let mut text = Text::new().own(paint, sign).space().name(paint, member.change.title.raw());
    if let Some(class) = &member.class {
        text = text.own(Paint::Dim, " (").said(Paint::Dim, class).own(Paint::Dim, ")");
    }
    text
}

fn sign(change: &Change, signs: Signs) -> (&'static str, Paint) {
    match change.action {
        Action::Unassign | Action::Delete => ("-", Paint::Remove),
        Action::Assign | Action::Create => ("+", Paint::Add),
        Action::Release => (signs.release, Paint::Notice),
        _ => ("~", Paint::Change),
    }
}

fn put_member(page: &mut Page, member: &Member<'_>, signs: Signs) {
    let change = member.change;
    let mut text = who(member, signs);
    if let (Some(before), Some(after)) = member.moves() {
        text = text
            .own(Paint::Dim, ": ")
            .name(Paint::Remove, before.raw())
            .space()
            .own(Paint::Dim, signs.arrow)
            .space()
            .name(Paint::Add, after.raw());
    }
    if member.unknown {
        text = text.own(Paint::Dim, ": ").own(Paint::Notice, "unknown now");
        if let Some(after) = member.after {
            text = text.space().own(Paint::Dim, signs.arrow).space().name(Paint::Add, after.raw());
        }
    }
    let mut why = Vec::new();
    if change.action == Action::Release {
        why.push("no longer managed, stays as it is");
    }
    why.extend(change_words(change, signs.told));
    why.extend(change.reason.map(reason_words));
    if !why.is_empty() {
        text = text.own(Paint::Dim, format_args!("  ({})", why.join(", ")));
    }
    page.put(6, 8, &text);
    change::remarks(page, 8, change, signs);
}
