//! One change of a role, a permission, or the default role.

use super::{
    super::{
        fields::{
            Field, Row, Shown, context, default_sides, fields, is_new_name, is_simple, members, new_name,
            shown, texts,
        },
        page::{Page, Paint, Text},
        view::{ADOPTS, RELEASED, count, origin_sentence, origin_word, reason_sentence, verb},
        words::{Fate, difference},
    },
    Signs, verdicts,
};
use crate::plan::document::{Action, Change, FieldValue, Origin, Via};

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
    remarks(page, ABOUT, change);
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
    let mut text = Text::new().own(paint, format_args!("{sign} {}", verb(change.action)));
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
    if let Some(holders) = change.holders {
        let holders = match holders {
            0 => "held by nobody".to_owned(),
            1 => "held by 1 person".to_owned(),
            many => format!("held by {many} people"),
        };
        facts.push(Text::new().own(Paint::Plain, holders));
    }
    if let Some(origin) = origin_sentence(change.origin) {
        facts.push(Text::new().own(Paint::Notice, origin));
    }
    if let Some(place) = &change.definition {
        let text =
            Text::new().said(Paint::Dim, place.file.raw()).own(Paint::Dim, format_args!(":{}", place.line));
        facts.push(text);
    }
    let mut line = Text::new();
    for (index, fact) in facts.iter().enumerate() {
        line = line.own(Paint::Dim, if index == 0 { "" } else { signs.dot }).then(fact.clone());
    }
    if !facts.is_empty() {
        page.put(ABOUT, ABOUT, &line);
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
            for (number, word) in [(members(removed), "removed"), (members(added), "added")] {
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
                page.put(ABOUT + 2, ABOUT + 6, &row_text("- ", Paint::Remove, row, change.origin));
            }
            for row in added {
                page.put(ABOUT + 2, ABOUT + 6, &row_text("+ ", Paint::Add, row, change.origin));
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
            let suffix = suffix(*origin, None, change.origin);
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

/// `learnings: read, write  (drift; via set security-read, roles/sets.yaml:4)`.
fn row_text(sign: &'static str, paint: Paint, row: &Row<'_>, known: Origin) -> Text {
    values(Text::new().own(paint, sign), paint, row).then(suffix(row.origin, row.via, known))
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
fn suffix(origin: Origin, via: Option<&Via>, known: Origin) -> Text {
    let origin = if origin == known { None } else { origin_word(origin) };
    let mut text = Text::new();
    if origin.is_none() && via.is_none() {
        return text;
    }
    text = text.own(Paint::Dim, "  (");
    if let Some(word) = origin {
        text = text.own(Paint::Notice, word);
    }
    if let Some(via) = via {
        text = text.own(Paint::Dim, if origin.is_some() { "; via " } else { "via " });
        if let Some(set) = &via.set {
            text = text.own(Paint::Dim, "set ").said(Paint::Dim, set.raw());
        } else if let Some(base) = &via.base {
            text = text.own(Paint::Dim, "base ").said(Paint::Dim, base.raw());
        }
        if let Some(file) = &via.file {
            text = text.own(Paint::Dim, ", ").said(Paint::Dim, file.raw());
            if let Some(line) = via.line {
                text = text.own(Paint::Dim, format_args!(":{line}"));
            }
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

/// Side effects, steps for a person, verdicts.
pub(super) fn remarks(page: &mut Page, indent: usize, change: &Change) {
    for effect in &change.side_effects {
        let text = Text::new().own(Paint::Notice, "Side effect: ").said(Paint::Plain, effect.raw());
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
    verdicts(page, indent, &change.verdicts);
}
