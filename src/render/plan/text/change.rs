//! One change of a role, a permission, or the default role.

use super::{
    super::{
        fields::{
            Field, Row, Shown, added_words, context, default_sides, fields, is_new_name, is_simple, members,
            new_name, shown, texts,
        },
        origins::{Way, change_words, origin_words},
        page::{Page, Paint, Text},
        view::{
            ADOPTS, RELEASED, blame, count, holders, is_permission, minute, reason_sentence, told_verb,
            waits_for,
        },
        words::{Fate, difference},
    },
    Signs, place,
    remarks::verdicts,
};
use crate::plan::document::{Action, Blame, Change, FieldValue, Origin, Via};

/// Column of what is said about a change.
const ABOUT: usize = 6;
/// So many members that stay are shown.
const CONTEXT: usize = 6;

pub(super) fn put(page: &mut Page, change: &Change, signs: Signs) {
    page.put(2, ABOUT, &head(change, signs));
    facts(page, change, signs);
    for field in fields(change) {
        if !is_new_name(change, &field) && default_sides(change, &field).is_none() {
            put_field(page, change, &field, signs);
        }
    }
    if !change.blocked_by.is_empty() {
        waits(page, ABOUT, &format!("Waits for {}", waits_for(change)));
    }
    remarks(page, ABOUT, change, signs);
}

/// What a change, or a list of assignments, waits for.
pub(super) fn waits(page: &mut Page, indent: usize, sentence: &str) {
    page.put(indent, indent + 2, &Text::new().own(Paint::Notice, sentence));
}

/// The sign of an action, and its colour.
pub(in super::super) fn sign(action: Action, signs: Signs) -> (&'static str, Paint) {
    match action {
        Action::Create | Action::Assign => ("+", Paint::Add),
        Action::Update | Action::Reassign => ("~", Paint::Change),
        Action::Rename => (signs.rename, Paint::Change),
        Action::Replace => ("-/+", Paint::Remove),
        Action::Delete | Action::Unassign => ("-", Paint::Remove),
        Action::SetDefault => (signs.default, Paint::Change),
        Action::Release => (signs.release, Paint::Notice),
    }
}

/// Sign, verb, title, address.
fn head(change: &Change, signs: Signs) -> Text {
    let (sign, paint) = sign(change.action, signs);
    let verb = told_verb(change.action, signs.told);
    let what = if is_permission(&change.address) { " permission" } else { "" };
    let mut text = Text::new().own(paint, format_args!("{sign} {verb}{what}"));
    if change.action != Action::SetDefault {
        text = text.space().name(Paint::Strong, change.title.raw());
    }
    for [before, after] in fields(change).iter().filter_map(|field| default_sides(change, field)) {
        text = value(text.own(paint, ":").space(), Paint::Strong, before);
        text = value(text.space().own(Paint::Dim, signs.arrow).space(), Paint::Strong, after);
    }
    if change.action == Action::Rename
        && let Some(name) = new_name(change).filter(|name| **name != change.title)
    {
        text = text.space().own(Paint::Dim, signs.arrow).space().name(Paint::Strong, name.raw());
    }
    text.own(Paint::Dim, "  ").copied(Paint::Dim, change.address.as_str())
}

/// Holders, place, origin: one line.
fn facts(page: &mut Page, change: &Change, signs: Signs) {
    let mut facts = Vec::new();
    if let Some(holders) = holders(change) {
        facts.push(Text::new().own(Paint::Plain, holders));
    }
    if let Some(definition) = &change.definition {
        facts.push(wrote(place(definition), definition.blame.as_ref()));
    }
    let mut line = Text::new();
    for (index, fact) in facts.iter().enumerate() {
        line = line.own(Paint::Dim, if index == 0 { "" } else { signs.dot }).then(fact.clone());
    }
    if !facts.is_empty() {
        page.put(ABOUT, ABOUT, &line);
    }
    if let Some(origin) = change_words(change, signs.told) {
        page.put(ABOUT, ABOUT + 2, &Text::new().own(Paint::Notice, origin));
    }
    if change.adopts {
        page.put(ABOUT, ABOUT, &Text::new().own(Paint::Notice, ADOPTS));
    }
    if let Some(reason) = change.reason {
        page.put(ABOUT, ABOUT, &Text::new().own(Paint::Plain, reason_sentence(reason)));
    }
    if change.action == Action::Release {
        page.put(ABOUT, ABOUT, &Text::new().own(Paint::Plain, RELEASED));
    }
}

fn put_field(page: &mut Page, change: &Change, field: &Field<'_>, signs: Signs) {
    match field {
        Field::Set { name, removed, added, unchanged } => {
            let mut parts = Vec::new();
            for (number, word) in [(members(removed), "removed"), (members(added), added_words(change, name))]
            {
                match (number, change.action) {
                    (0, _) => {}
                    (_, Action::Create | Action::Delete) => parts.push(number.to_string()),
                    _ => parts.push(format!("{number} {word}")),
                }
            }
            if !unchanged.is_empty() {
                parts.push(format!("{} unchanged", unchanged.len()));
            }
            let head = if parts.is_empty() { "none".to_owned() } else { parts.join(", ") };
            let text = Text::new().said(Paint::Plain, name).own(Paint::Dim, format_args!(": {head}"));
            page.put(ABOUT, ABOUT + 2, &text);
            for row in removed {
                page.put(ABOUT + 2, ABOUT + 6, &row_text("- ", Paint::Remove, row, change, signs));
            }
            for row in added {
                page.put(ABOUT + 2, ABOUT + 6, &row_text("+ ", Paint::Add, row, change, signs));
            }
            // Beside what comes and goes, a little of what stays tells what the role is for.
            if !unchanged.is_empty() {
                let (rows, more) = context(unchanged, CONTEXT);
                let mut text = Text::new().own(Paint::Dim, "= ");
                for (index, row) in rows.iter().enumerate() {
                    text = values(text.own(Paint::Dim, if index == 0 { "" } else { "; " }), Paint::Dim, row);
                }
                if more > 0 {
                    let more = Text::new().own(Paint::Dim, format_args!("{} and {more} more", signs.more));
                    text = text.space().together(more);
                }
                page.put(ABOUT + 2, ABOUT + 6, &text);
            }
        }
        Field::Value { name, before, after, origin } => {
            let origin = if *origin == change.origin { Origin::Pending } else { *origin };
            let suffix = suffix(origin_words(origin, Way::Turns, signs.told), None);
            let head = Text::new().said(Paint::Plain, name).own(Paint::Dim, ":");
            if let Some((old, new)) = texts(name, *before, *after) {
                page.put(ABOUT, ABOUT + 2, &head.then(suffix));
                words(page, old, new);
                return;
            }
            let text = match change.action {
                Action::Create => value(head.space(), Paint::Add, *after),
                Action::Delete => value(head.space(), Paint::Remove, *before),
                _ => {
                    let text = value(head.space(), Paint::Remove, *before);
                    value(text.space().own(Paint::Dim, signs.arrow).space(), Paint::Add, *after)
                }
            };
            page.put(ABOUT, ABOUT + 2, &text.then(suffix));
        }
    }
}

/// A place with who wrote the line.
fn wrote(text: Text, wrote: Option<&Blame>) -> Text {
    let Some(wrote) = wrote else { return text };
    let [author, commit, day] = blame(wrote);
    text.own(Paint::Dim, " (")
        .said(Paint::Dim, &author)
        .own(Paint::Dim, ", ")
        .copied(Paint::Dim, &commit)
        .own(Paint::Dim, ", ")
        .said(Paint::Dim, &day)
        .own(Paint::Dim, ")")
}

/// `learnings: read, write  (via set security-read, roles/sets.yaml:4)`.
fn row_text(sign: &'static str, paint: Paint, row: &Row<'_>, change: &Change, signs: Signs) -> Text {
    let way = if paint == Paint::Add { Way::Comes } else { Way::Goes };
    let origin = if row.origin == change.origin { Origin::Pending } else { row.origin };
    values(Text::new().own(paint, sign), paint, row)
        .then(suffix(origin_words(origin, way, signs.told), row.via))
}

fn values(mut text: Text, paint: Paint, row: &Row<'_>) -> Text {
    if let Some(resource) = row.resource {
        text = text.said(paint, resource).own(paint, ": ");
    }
    for (index, value) in row.values.iter().enumerate() {
        text = text.own(paint, if index == 0 { "" } else { ", " });
        text = if is_simple(value) {
            text.said(paint, value)
        } else {
            text.own(paint, "\"").said(paint, value).own(paint, "\"")
        };
    }
    text
}

/// Origin and source in parentheses, as far as the change does not say the same already.
fn suffix(origin: Option<&'static str>, via: Option<&Via>) -> Text {
    let mut text = Text::new();
    if origin.is_none() && via.is_none() {
        return text;
    }
    text = text.own(Paint::Dim, "  (");
    if let Some(words) = origin {
        text = text.own(Paint::Notice, words);
    }
    if let Some(via) = via {
        let mut between = if origin.is_some() { "; " } else { "" };
        for (what, name) in [("via set ", &via.set), ("via base ", &via.base)] {
            if let Some(name) = name {
                text = text.own(Paint::Dim, between).own(Paint::Dim, what).said(Paint::Dim, name.raw());
                between = ", ";
            }
        }
        if let Some(file) = &via.file {
            text = text.own(Paint::Dim, between).said(Paint::Dim, file.raw());
            if let Some(line) = via.line {
                text = text.own(Paint::Dim, format_args!(":{line}"));
            }
            text = wrote(text, via.blame.as_ref());
        }
    }
    text.own(Paint::Dim, ")")
}

fn value(text: Text, paint: Paint, field: Option<&FieldValue>) -> Text {
    match shown(field) {
        Shown::Nothing => text.own(Paint::Dim, "(none)"),
        Shown::Text(value) => text.own(paint, "\"").said(paint, value.raw()).own(paint, "\""),
        Shown::Name(name) => text.name(paint, name.raw()),
        Shown::Flag(flag) => text.own(paint, flag),
        Shown::Members(number) => text.own(paint, count(number, "member", "members")),
    }
}

/// Old and new lines, and in colour the words that differ.
fn words(page: &mut Page, old: &str, new: &str) {
    for line in difference(old, new) {
        let (sign, paint, marked) = match line.fate {
            Fate::Same => ("= ", Paint::Dim, Paint::Dim),
            Fate::Removed => ("- ", Paint::Remove, Paint::RemoveWord),
            Fate::Added => ("+ ", Paint::Add, Paint::AddWord),
        };
        let mut text = Text::new().own(paint, sign);
        for (differs, part) in &line.parts {
            text = text.part(if *differs { marked } else { paint }, part);
        }
        page.put(ABOUT + 2, ABOUT + 4, &text);
    }
}

/// Who did what at the provider, newest first.
fn activity(page: &mut Page, indent: usize, change: &Change, signs: Signs) {
    const FEW: usize = 5;
    for one in change.activity.iter().take(FEW) {
        let text = Text::new()
            .own(Paint::Dim, "Audit log ")
            .said(Paint::Dim, &minute(&one.time))
            .own(Paint::Notice, " by ")
            .name(Paint::Notice, one.actor.raw())
            .own(Paint::Dim, ": ")
            .said(Paint::Plain, one.what.raw());
        page.put(indent, indent + 2, &text);
    }
    let more = change.activity.len().saturating_sub(FEW);
    if more > 0 {
        page.put(
            indent,
            indent,
            &Text::new().own(Paint::Dim, format_args!("{} and {more} more", signs.more)),
        );
    }
}

/// Who acted, side effects, steps for a person, verdicts.
pub(super) fn remarks(page: &mut Page, indent: usize, change: &Change, signs: Signs) {
    activity(page, indent, change, signs);
    for effect in &change.side_effects {
        let text = Text::new().own(Paint::Notice, "Side effect: ").said(Paint::Plain, effect.raw());
        page.put(indent, indent + 2, &text);
    }
    if let Some(steps) = &change.steps {
        let text = Text::new().own(Paint::Notice, "Steps: ").said(Paint::Plain, steps.raw());
        page.put(indent, indent + 2, &text);
    }
    if let Some(steps) = &change.manual {
        page.put(indent, indent + 2, &Text::new().own(Paint::Notice, "By hand, as there is no API for it:"));
        for (index, step) in steps.iter().enumerate() {
            let text = Text::new()
                .own(Paint::Notice, format_args!("{}. ", index + 1))
                .said(Paint::Plain, step.raw());
            page.put(indent + 2, indent + 5, &text);
        }
    }
    if !change.granted_by_base.is_empty() {
        let names: Vec<&str> = change.granted_by_base.iter().map(|name| name.raw()).collect();
        let text = Text::new().own(Paint::Dim, "Its base grants ").said(Paint::Plain, &names.join(", "));
        page.put(indent, indent + 2, &text);
    }
    verdicts(page, indent, &change.verdicts);
}
