//! Who gets and who loses which role.

use std::collections::BTreeMap;

use super::{
    super::{
        origins::change_words,
        page::{Page, Paint, Text},
        view::{Group, Member, assignments, reason_words, waiting},
    },
    Signs, change,
};
use crate::{
    model::Untrusted,
    plan::document::{Action, Change},
};

/// So many people of one list are named who get or lose a role in the same way; the others are counted.
const SHOWN: usize = 20;

/// All assignments of the target, by place and role. Who needs a word of their own is named.
pub(super) fn put(page: &mut Page, changes: &[Change], signs: Signs) {
    let groups = assignments(changes);
    if groups.is_empty() {
        return;
    }
    page.blank();
    page.put(2, 4, &Text::new().own(Paint::Strong, "Assignments"));
    let mut folded = false;
    for group in &groups {
        folded |= put_group(page, group, signs);
    }
    if folded {
        page.put(4, 6, &Text::new().prose(Paint::Dim, "`--format json` names everybody."));
    }
}

/// Puts one list; whether some of it is only counted.
fn put_group(page: &mut Page, group: &Group<'_>, signs: Signs) -> bool {
    let mut head = match group.role {
        Some(role) => Text::new().name(Paint::Strong, role.raw()),
        None => Text::new().own(Paint::Strong, "(a role that is not known)"),
    };
    if let Some((kind, path)) = &group.scope {
        head = head.own(Paint::Dim, " in ").said(Paint::Dim, kind);
        if !path.is_empty() {
            head = head.space().name(Paint::Dim, path);
        }
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
    let mut alike: BTreeMap<Way<'_>, Vec<&Member<'_>>> = BTreeMap::new();
    let mut line = Text::new();
    for member in &plain {
        let way = way(member, signs);
        let before = alike.entry(way).or_default();
        before.push(member);
        if before.len() <= SHOWN {
            line = line.together(who(member, signs)).own(Paint::Plain, "  ");
        }
    }
    if !plain.is_empty() {
        page.put(6, 6, &line);
    }
    for member in special {
        if has_remarks(member) {
            put_member(page, member, signs);
            continue;
        }
        let before = alike.entry(way(member, signs)).or_default();
        before.push(member);
        if before.len() <= SHOWN {
            put_member(page, member, signs);
        }
    }
    for members in alike.values().filter(|members| members.len() > SHOWN) {
        let Some(last) = members.last() else { continue };
        let (sign, paint) = sign(last.change, signs);
        let more = format!("{} more", members.len() - SHOWN);
        put_way(page, last, Text::new().own(paint, sign).space().own(Paint::Strong, more), signs);
    }
    for sentence in waiting(&group.members.iter().collect::<Vec<_>>()) {
        change::waits(page, 6, &sentence);
    }
    alike.values().any(|members| members.len() > SHOWN)
}

/// How somebody gets or loses a role: sign, roles, why.
type Way<'a> = (&'static str, (Option<&'a Untrusted>, Option<&'a Untrusted>), Vec<&'static str>);

fn way<'a>(member: &Member<'a>, signs: Signs) -> Way<'a> {
    (sign(member.change, signs).0, member.moves(), why(member, signs))
}

/// Whether there is something to say of this one alone.
fn has_remarks(member: &Member<'_>) -> bool {
    let change = member.change;
    member.unknown
        || change.manual.is_some()
        || change.adopts
        || !change.side_effects.is_empty()
        || !change.verdicts.is_empty()
        || !change.activity.is_empty()
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
    put_way(page, member, who(member, signs), signs);
    change::remarks(page, 8, member.change, signs);
}

/// Why somebody gets or loses a role, in a list.
fn why(member: &Member<'_>, signs: Signs) -> Vec<&'static str> {
    let change = member.change;
    let released = (change.action == Action::Release).then_some("no longer managed, stays as it is");
    let reason = change.reason.map(reason_words);
    released.into_iter().chain(change_words(change, signs.told)).chain(reason).collect()
}

/// A line with what happens to those whom it begins with.
fn put_way(page: &mut Page, member: &Member<'_>, mut text: Text, signs: Signs) {
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
    let why = why(member, signs);
    if !why.is_empty() {
        text = text.own(Paint::Dim, format_args!("  ({})", why.join(", ")));
    }
    page.put(6, 8, &text);
}
