//! Lists of who gets and who loses which role, by place: shared by text and Markdown.

use std::collections::BTreeMap;

use super::{
    origins::{Told, change_words},
    view::{Place, is_assignment, waits_for},
};
use crate::{
    model::Untrusted,
    plan::document::{Action, Change, FieldChange, FieldValue, Guard},
};

/// The assignments that change the holders of one role in one scope.
#[derive(Clone, Debug)]
pub(super) struct Group<'a> {
    /// The role.
    pub(super) role: Option<&'a Untrusted>,
    /// Where: kind and path; of a level no path.
    pub(super) scope: Option<(String, String)>,
    /// Its changes, in the plan's order.
    pub(super) members: Vec<Member<'a>>,
}

/// One assignment.
#[derive(Clone, Debug)]
pub(super) struct Member<'a> {
    pub(super) change: &'a Change,
    /// Class of the principal, where it is not a user.
    pub(super) class: Option<String>,
    /// The role before, where there was one.
    pub(super) before: Option<&'a Untrusted>,
    /// The role after, where there is one.
    pub(super) after: Option<&'a Untrusted>,
    /// Whether nobody can tell which role the principal holds now.
    pub(super) unknown: bool,
}

impl<'a> Member<'a> {
    /// The role before and the one after; none of both for who stays what they are.
    pub(super) fn moves(&self) -> (Option<&'a Untrusted>, Option<&'a Untrusted>) {
        if self.change.action == Action::Release { (None, None) } else { (self.before, self.after) }
    }

    /// Whether there is nothing to say but who.
    pub(super) fn is_plain(&self, told: Told) -> bool {
        let change = self.change;
        let moves = matches!(self.moves(), (Some(_), Some(_)));
        !moves
            && !self.unknown
            && change.reason.is_none()
            && change.manual.is_none()
            && !change.adopts
            && change.side_effects.is_empty()
            && change.verdicts.is_empty()
            && change.activity.is_empty()
            && change.action != Action::Release
            && change_words(change, told).is_none()
    }
}

/// Groups the assignments by place, and there by the role that people get, or else the one that is taken
/// from them, whatever stays in its place.
pub(super) fn assignments(changes: &[Change]) -> Vec<Group<'_>> {
    let mut groups = BTreeMap::<_, Vec<Member<'_>>>::new();
    for change in changes.iter().filter(|change| is_assignment(change)) {
        let place = Place::of(&change.address);
        let mut before = change.before.as_ref().and_then(|fields| role_name(fields.get("role")));
        let mut after = change.after.as_ref().and_then(|fields| role_name(fields.get("role")));
        for field in &change.fields {
            if let FieldChange::Value { field, before: old, after: new, .. } = field
                && field.raw() == "role"
            {
                before = before.or(role_name(old.as_ref()));
                after = after.or(role_name(new.as_ref()));
            }
        }
        let class = place.class.filter(|class| class != "user");
        let unknown = before.is_none() && is_unreadable(change);
        let member = Member { change, class, before, after, unknown };
        let role = if change.action == Action::Unassign { before.or(after) } else { after.or(before) };
        groups.entry((place.scope, role)).or_default().push(member);
    }
    groups.into_iter().map(|((scope, role), members)| Group { role, scope, members }).collect()
}

/// `+12 ~1 −3`: how many of `members` get another role, get one in place of one, lose one, or are let go.
pub(super) fn sums<'m, 'a: 'm>(
    members: impl IntoIterator<Item = &'m Member<'a>>,
    minus: &str,
    release: &str,
) -> String {
    let signs = ["+", "~", minus, release];
    let mut numbers = [0_usize; 4];
    for member in members {
        let [comes, turns, goes, released] = &mut numbers;
        *match member.change.action {
            Action::Assign | Action::Create => comes,
            Action::Unassign | Action::Delete => goes,
            Action::Release => released,
            _ => turns,
        } += 1;
    }
    let some = signs.iter().zip(numbers).filter(|(_, number)| *number > 0);
    some.map(|(sign, number)| format!("{sign}{number}")).collect::<Vec<_>>().join(" ")
}

/// Whether a guard refuses because the role that the principal holds now could not be read.
fn is_unreadable(change: &Change) -> bool {
    change.action == Action::Assign
        && change.verdicts.iter().any(|verdict| match verdict.guard {
            Guard::Incomplete => true,
            Guard::Blocked => verdict.message.raw().contains("cannot be read"),
            _ => false,
        })
}

fn role_name(value: Option<&FieldValue>) -> Option<&Untrusted> {
    match value {
        Some(FieldValue::Role(role)) => Some(&role.name),
        Some(FieldValue::Text(text)) => text.as_ref(),
        _ => None,
    }
}

/// What the assignments of a list wait for, each set of changes by hand once, as whole sentences.
pub(super) fn waiting(members: &[&Member<'_>]) -> Vec<String> {
    let mut sets: Vec<(&Change, usize)> = Vec::new();
    for change in members.iter().map(|member| member.change).filter(|change| !change.blocked_by.is_empty()) {
        match sets.iter_mut().find(|(first, _)| first.blocked_by == change.blocked_by) {
            Some((_, number)) => *number += 1,
            None => sets.push((change, 1)),
        }
    }
    let sentence = |(change, number): (&Change, usize)| match number == members.len() {
        true => format!("Waits for {}", waits_for(change)),
        false => {
            let verb = if number == 1 { "waits" } else { "wait" };
            format!("{number} of {} {verb} for {}", members.len(), waits_for(change))
        }
    };
    sets.into_iter().map(sentence).collect()
}
