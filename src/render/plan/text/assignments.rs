//! Who gets and who loses which role.

use std::collections::BTreeMap;

use super::{
    super::{
        lists::{Group, Member, assignments, sums, waiting},
        origins::change_words,
        page::{Page, Paint, Text},
        view::reason_words,
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
    let places: Vec<&[Group<'_>]> = groups.chunk_by(|a, b| a.scope == b.scope).collect();
    page.blank();
    let mut title = Text::new().own(Paint::Strong, "Assignments");
    // The place that is the target itself has no line of its own.
    if let [roles @ [Group { scope: None, .. }, _, ..]] = places.as_slice() {
        title = title.then(sum(roles, signs));
    }
    page.put(2, 4, &title);
    let mut folded = false;
    for roles in places {
        let indent = match roles {
            [Group { scope: Some(scope), .. }, _, ..] => {
                page.put(4, 6, &place(Text::new(), scope).then(sum(roles, signs)));
                6
            }
            _ => 4,
        };
        for group in roles {
            folded |= put_group(page, group, indent, signs);
        }
    }
    if folded {
        page.put(4, 6, &Text::new().prose(Paint::Dim, "`--format json` names everybody."));
    }
}

/// `group acme/platform`.
fn place(text: Text, (kind, path): &(String, String)) -> Text {
    let text = text.said(Paint::Dim, kind);
    if path.is_empty() { text } else { text.space().name(Paint::Strong, path) }
}

/// `  (+2 ~1 −1)` of everybody in these lists.
fn sum(groups: &[Group<'_>], signs: Signs) -> Text {
    let members = groups.iter().flat_map(|group| &group.members);
    Text::new().own(Paint::Dim, format_args!("  ({})", sums(members, signs.minus, signs.release)))
}

/// Puts one list; whether some of it is only counted. Where `indent` is deeper, the line of its place
/// stands above.
fn put_group(page: &mut Page, group: &Group<'_>, indent: usize, signs: Signs) -> bool {
    let mut head = Text::new();
    if let Some(scope) = group.scope.as_ref().filter(|_| indent == 4) {
        head = place(head, scope).own(Paint::Dim, ": ");
    }
    head = match group.role {
        Some(role) => head.name(Paint::Strong, role.raw()),
        None => head.own(Paint::Strong, "(a role that is not known)"),
    };
    if group.members.len() > 1 {
        head = head.then(sum(std::slice::from_ref(group), signs));
    }
    page.put(indent, indent + 2, &head);
    let (plain, special): (Vec<_>, Vec<_>) =
        group.members.iter().partition(|member| member.is_plain(signs.told));
    let inside = indent + 2;
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
        page.put(inside, inside, &line);
    }
    for member in special {
        if has_remarks(member) {
            put_member(page, member, inside, signs);
            continue;
        }
        let before = alike.entry(way(member, signs)).or_default();
        before.push(member);
        if before.len() <= SHOWN {
            put_member(page, member, inside, signs);
        }
    }
    for members in alike.values().filter(|members| members.len() > SHOWN) {
        let Some(last) = members.last() else { continue };
        let (sign, paint) = sign(last.change, signs);
        let more = format!("{} more", members.len() - SHOWN);
        let who = Text::new().own(paint, sign).space().own(Paint::Strong, more);
        put_way(page, last, who, inside, signs);
    }
    for sentence in waiting(&group.members.iter().collect::<Vec<_>>()) {
        change::waits(page, inside, &sentence);
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

fn put_member(page: &mut Page, member: &Member<'_>, indent: usize, signs: Signs) {
    put_way(page, member, who(member, signs), indent, signs);
    change::remarks(page, indent + 2, member.change, signs);
}

/// Why somebody gets or loses a role, in a list.
fn why(member: &Member<'_>, signs: Signs) -> Vec<&'static str> {
    let change = member.change;
    let released = (change.action == Action::Release).then_some("no longer managed, stays as it is");
    let reason = change.reason.map(reason_words);
    released.into_iter().chain(change_words(change, signs.told)).chain(reason).collect()
}

/// A line with what happens to those whom it begins with.
fn put_way(page: &mut Page, member: &Member<'_>, mut text: Text, indent: usize, signs: Signs) {
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
    page.put(indent, indent + 2, &text);
}
