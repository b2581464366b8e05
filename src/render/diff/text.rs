//! The difference for a terminal.
//!
//! | sign | what differs |
//! |---|---|
//! | `+` | only the second revision has it |
//! | `-` | only the first one has it |
//! | `~` | something of it differs |
//! | `→` (`>`) | it has another name or key |
//! | `!` | what is managed or guarded differs |
//!
//! Signs in parentheses are those of a terminal without Unicode.

use super::{
    page::{Page, Paint, Text as Line},
    plan::{
        fields::is_simple,
        words::{Fate, difference},
    },
    view::{
        RELEASED, Row, bringers, broken, conclusion, condition, count, counts, explained, files, has_more,
        is_permission, is_quiet, plain_rows, rows, side, subject,
    },
};
use crate::{
    model::Untrusted,
    plan::{
        difference::document::{
            AssignmentDifference, Cause, DiffDocument, FieldDifference, Holding, Place, RoleDifference, Side,
            TargetDifference, TargetStatus, Text, What,
        },
        document::ScopeChange,
    },
    render::Style,
};

/// Column of what is said about an object.
const ABOUT: usize = 6;

/// The difference in full; the last line has the numbers.
pub fn render(diff: &DiffDocument, style: Style) -> String {
    let mut page = Page::new(style);
    let signs = Signs::of(style);
    page.put(0, 2, &revisions(diff));
    if !diff.policies.is_empty() {
        page.blank();
        for change in &diff.policies {
            page.put(0, 4, &scope_change(change, signs));
        }
    }
    let several = diff.targets.len() > 1;
    for target in diff.targets.iter().filter(|target| !is_quiet(target)) {
        page.blank();
        whole(&mut page, target, diff, signs, several);
    }
    let quiet: Vec<_> = diff.targets.iter().filter(|target| is_quiet(target)).collect();
    if several && !quiet.is_empty() {
        page.blank();
        let text = Line::new()
            .own(Paint::Dim, "No difference in ")
            .then(names(quiet.iter().map(|target| &target.name)));
        page.put(0, 2, &text.own(Paint::Dim, "."));
    }
    page.blank();
    page.put(0, 2, &Line::new().own(Paint::Strong, conclusion(diff, signs.minus)));
    page.into_string()
}

/// Only the numbers.
pub fn quiet(diff: &DiffDocument, style: Style) -> String {
    let mut page = Page::new(style);
    page.put(0, 2, &Line::new().own(Paint::Strong, conclusion(diff, Signs::of(style).minus)));
    page.into_string()
}

#[derive(Clone, Copy)]
struct Signs {
    arrow: &'static str,
    minus: &'static str,
    dot: &'static str,
    rename: &'static str,
}

impl Signs {
    fn of(style: Style) -> Self {
        if style.unicode {
            Self { arrow: "→", minus: "−", dot: " · ", rename: "→" }
        } else {
            Self { arrow: "->", minus: "-", dot: ", ", rename: ">" }
        }
    }
}

fn revisions(diff: &DiffDocument) -> Line {
    let text = named(Line::new().own(Paint::Dim, "From "), &diff.a).own(Paint::Dim, " to ");
    named(text, &diff.b)
}

fn named(text: Line, one: &Side) -> Line {
    let (name, commit) = side(one);
    let mut text = match (name, &one.merge_base_with) {
        (None, _) => text.own(Paint::Plain, "the work tree"),
        (Some(name), Some(other)) => text
            .own(Paint::Dim, "where ")
            .said(Paint::Plain, other.raw())
            .own(Paint::Dim, " parted from ")
            .said(Paint::Plain, name),
        (Some(name), None) => text.said(Paint::Plain, name),
    };
    if let Some(commit) = commit {
        text = text.own(Paint::Dim, " (").copied(Paint::Dim, commit).own(Paint::Dim, ")");
    }
    if one.absent {
        text = text.own(Paint::Notice, " without a configuration");
    }
    text
}

fn names<'a>(names: impl Iterator<Item = &'a Untrusted>) -> Line {
    let mut text = Line::new();
    for (index, name) in names.enumerate() {
        text = text
            .own(Paint::Dim, if index == 0 { "" } else { ", " })
            .together(Line::new().name(Paint::Plain, name.raw()));
    }
    text
}

fn whole(page: &mut Page, target: &TargetDifference, diff: &DiffDocument, signs: Signs, several: bool) {
    page.put(0, 2, &header(target, signs));
    if target.status == TargetStatus::Unknown {
        let mut text = Line::new()
            .own(Paint::Refuse, "Cannot be compared: ")
            .own(Paint::Plain, "its definitions have errors in ");
        for (index, name) in broken(target, diff).iter().enumerate() {
            text = text.own(Paint::Plain, if index == 0 { "" } else { " and " }).said(Paint::Plain, name);
        }
        page.put(2, 4, &text.own(Paint::Plain, "."));
        return;
    }
    scope(page, target, signs);
    for cause in &target.causes {
        page.blank();
        put_cause(page, cause);
    }
    let roles = target.permission_definitions.iter().chain(&target.roles);
    for role in roles.filter(|role| has_more(role)) {
        page.blank();
        put_role(page, role, signs);
    }
    lists(page, target, signs);
    if several {
        let counts = counts(&target.summary, signs.minus);
        page.blank();
        page.put(2, 4, &Line::new().own(Paint::Dim, counts).own(Paint::Dim, "."));
    }
}

fn header(target: &TargetDifference, signs: Signs) -> Line {
    let mut text = Line::new();
    let (sign, paint) = match target.status {
        TargetStatus::Added => ("+ target ", Paint::Add),
        TargetStatus::Dropped => ("- target ", Paint::Remove),
        TargetStatus::Same | TargetStatus::Changed | TargetStatus::Unknown => ("", Paint::Strong),
    };
    text = text.own(paint, sign);
    if let Some(before) = &target.name_before {
        text = text.name(Paint::Strong, before.raw()).own(Paint::Dim, format_args!(" {} ", signs.arrow));
    }
    text = text.name(Paint::Strong, target.name.raw());
    if let Some(provider) = &target.provider {
        text = text.own(Paint::Dim, "  ").said(Paint::Dim, provider.raw());
    }
    if target.emulator {
        text = text.own(Paint::Dim, signs.dot).own(Paint::Emulator, "EMULATOR");
    }
    if target.status == TargetStatus::Dropped {
        text = text.own(Paint::Notice, signs.dot).own(Paint::Notice, RELEASED);
    }
    text
}

fn scope(page: &mut Page, target: &TargetDifference, signs: Signs) {
    for change in &target.scope_changes {
        page.put(2, 6, &scope_change(change, signs));
    }
    for (before, files, after) in files(target) {
        let text = Line::new().own(Paint::Notice, "! ").own(Paint::Plain, before).then(names(files.iter()));
        page.put(2, 6, &text.own(Paint::Plain, after));
    }
}

fn scope_change(change: &ScopeChange, signs: Signs) -> Line {
    let side = |text: Line, paint, side: &Option<Untrusted>| match side {
        Some(value) => text.said(paint, value.raw()),
        None => text.own(Paint::Dim, "(none)"),
    };
    let text =
        Line::new().own(Paint::Notice, "! ").said(Paint::Plain, change.what.raw()).own(Paint::Plain, ": ");
    let text = side(text, Paint::Remove, &change.before).space().own(Paint::Dim, signs.arrow).space();
    side(text, Paint::Add, &change.after)
}

fn place(place: &Place) -> Line {
    Line::new().copied(Paint::Dim, &format!("{}:{}", place.file.raw(), place.line))
}

/// A line that changed several roles: what came or went, and all of the roles.
fn put_cause(page: &mut Page, cause: &Cause) {
    let (what, name) = subject(cause);
    let mut text = Line::new().own(Paint::Change, format_args!("~ {what} "));
    if let Some(name) = name {
        text = text.name(Paint::Strong, name.raw());
    }
    if let Some(include) = &cause.include {
        let comes = !cause.added.is_empty();
        text = text.own(Paint::Plain, if comes { " includes " } else { " no longer includes " });
        text = text.name(Paint::Strong, include.raw());
    }
    for (index, at) in cause.places.iter().enumerate() {
        text = text.own(Paint::Dim, if index == 0 { "  " } else { ", " }).then(place(at));
    }
    page.put(2, ABOUT, &text);
    for row in plain_rows(false, &cause.removed).iter().chain(&plain_rows(true, &cause.added)) {
        page.put(ABOUT, ABOUT + 4, &row_text(row));
    }
    let head = format!("in {}: ", count(cause.roles.len(), "role", "roles"));
    let text = Line::new().own(Paint::Plain, head).then(names(cause.roles.iter().map(|role| &role.name)));
    page.put(ABOUT, ABOUT + 2, &text);
}

fn put_role(page: &mut Page, role: &RoleDifference, signs: Signs) {
    let (sign, paint) = match role.what {
        What::Added => ("+", Paint::Add),
        What::Removed => ("-", Paint::Remove),
        What::Renamed => (signs.rename, Paint::Change),
        What::Changed => ("~", Paint::Change),
    };
    let what = if is_permission(&role.address) { "permission " } else { "" };
    let mut text = Line::new().own(paint, format_args!("{sign} {what}"));
    if let Some(before) = &role.name_before {
        text = text.name(Paint::Strong, before.raw()).own(Paint::Dim, format_args!(" {} ", signs.arrow));
    }
    text = text
        .name(Paint::Strong, role.name.raw())
        .own(Paint::Dim, "  ")
        .copied(Paint::Dim, role.address.as_str());
    if let Some(at) = &role.definition {
        text = text.own(Paint::Dim, "  ").then(place(at));
    }
    page.put(2, ABOUT, &text);
    if role.released {
        page.put(ABOUT, ABOUT, &Line::new().own(Paint::Notice, RELEASED));
    }
    if let Some(before) = &role.key_before {
        let text = Line::new()
            .own(Paint::Plain, "key: ")
            .said(Paint::Remove, before.raw())
            .own(Paint::Dim, format_args!(" {} ", signs.arrow))
            .said(Paint::Add, role.key.raw());
        let same = role.name_before.is_none();
        let text = if same { text.own(Paint::Dim, "  (its name at the provider stays)") } else { text };
        page.put(ABOUT, ABOUT + 2, &text);
    }
    for field in &role.fields {
        put_field(page, field, role.what, signs);
    }
    permissions(page, role);
}

fn permissions(page: &mut Page, role: &RoleDifference) {
    let rows = rows(&role.permissions);
    let explained = explained(role);
    if rows.is_empty() && explained == 0 {
        return;
    }
    let mut text = Line::new().own(Paint::Plain, "permissions:");
    if let Some(base) = &role.permissions.base {
        text = text.space().said(Paint::Dim, base.raw());
    }
    if role.permissions.unchanged > 0 {
        let plus = if role.permissions.base.is_some() { " + " } else { " " };
        text = text.own(Paint::Dim, format_args!("{plus}{} unchanged", role.permissions.unchanged));
    }
    page.put(ABOUT, ABOUT + 2, &text);
    for row in &rows {
        page.put(ABOUT + 2, ABOUT + 6, &row_text(row));
    }
    if explained > 0 {
        let text = format!("and {explained} by the lines above");
        page.put(ABOUT + 2, ABOUT + 4, &Line::new().own(Paint::Dim, text));
    }
}

/// `+ learnings: read, write  (set security-read, roles/sets.yaml:4)`.
fn row_text(row: &Row<'_>) -> Line {
    let (sign, paint) = if row.comes { ("+ ", Paint::Add) } else { ("- ", Paint::Remove) };
    let mut text = Line::new().own(paint, sign);
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
    let condition =
        row.only_if.map(|only_if| condition(only_if, row.comes)).filter(|words| !words.is_empty());
    if let Some(words) = condition {
        text = text.own(Paint::Notice, format_args!("  {words}"));
    }
    let bringers = bringers(row);
    for (index, (what, name)) in bringers.iter().enumerate() {
        let start = if index == 0 { "  (" } else { ", " };
        text = text.own(Paint::Dim, format_args!("{start}{what} ")).said(Paint::Dim, name.raw());
    }
    if !bringers.is_empty() {
        if let Some(at) = row.place {
            text = text.own(Paint::Dim, ", ").then(place(at));
        }
        text = text.own(Paint::Dim, ")");
    }
    text
}

fn put_field(page: &mut Page, field: &FieldDifference, what: What, signs: Signs) {
    let head = Line::new().own(Paint::Plain, format_args!("{}:", field.field));
    if let (Text::Text(old), Text::Text(new)) = (&field.before, &field.after)
        && field.field == "description"
    {
        page.put(ABOUT, ABOUT + 2, &head);
        for line in difference(old.raw(), new.raw()) {
            let (sign, paint, marked) = match line.fate {
                Fate::Same => ("= ", Paint::Dim, Paint::Dim),
                Fate::Removed => ("- ", Paint::Remove, Paint::RemoveWord),
                Fate::Added => ("+ ", Paint::Add, Paint::AddWord),
            };
            let mut text = Line::new().own(paint, sign);
            for (differs, part) in &line.parts {
                text = text.part(if *differs { marked } else { paint }, part);
            }
            page.put(ABOUT + 2, ABOUT + 4, &text);
        }
        return;
    }
    let text = match what {
        What::Added => value(head.space(), Paint::Add, field, &field.after),
        What::Removed => value(head.space(), Paint::Remove, field, &field.before),
        What::Renamed | What::Changed => {
            let text = value(head.space(), Paint::Remove, field, &field.before);
            value(text.own(Paint::Dim, format_args!(" {} ", signs.arrow)), Paint::Add, field, &field.after)
        }
    };
    page.put(ABOUT, ABOUT + 2, &text);
}

fn value(text: Line, paint: Paint, field: &FieldDifference, value: &Text) -> Line {
    match value {
        Text::Unmanaged => text.own(Paint::Dim, "(none)"),
        Text::Cleared => text.own(paint, "(cleared)"),
        Text::Text(value) if field.field != "description" && is_simple(value.raw()) => {
            text.said(paint, value.raw())
        }
        Text::Text(value) => text.own(paint, "\"").said(paint, value.raw()).own(paint, "\""),
        Text::List(list) => list.iter().enumerate().fold(text, |text, (index, item)| {
            reference(text.own(paint, if index == 0 { "" } else { ", " }), paint, item)
        }),
    }
}

/// A key, `builtin:ID`, a permission; or a name, which is quoted where it is not so plain.
fn reference(text: Line, paint: Paint, name: &Untrusted) -> Line {
    if is_simple(name.raw()) { text.said(paint, name.raw()) } else { text.name(paint, name.raw()) }
}

fn lists(page: &mut Page, target: &TargetDifference, signs: Signs) {
    if let Some(default) = &target.default {
        let side = |text: Line, paint, side: &Option<Untrusted>| match side {
            Some(role) => reference(text, paint, role),
            None => text.own(Paint::Dim, "(not managed)"),
        };
        let text = Line::new().own(Paint::Change, "~ ").own(Paint::Plain, "default role: ");
        let text =
            side(text, Paint::Remove, &default.before).own(Paint::Dim, format_args!(" {} ", signs.arrow));
        page.blank();
        page.put(2, ABOUT, &located(side(text, Paint::Add, &default.after), default.place.as_ref()));
    }
    if !target.assignments.is_empty() {
        page.blank();
        page.put(2, 4, &Line::new().own(Paint::Strong, "Assignments"));
        for assignment in &target.assignments {
            page.put(4, ABOUT + 2, &assigned(assignment, signs));
        }
    }
    if !target.exclusive.is_empty() || !target.removed.is_empty() {
        page.blank();
    }
    for list in &target.exclusive {
        let (sign, paint, words) = match list.what {
            What::Removed => ("- ", Paint::Remove, " is no longer the whole truth"),
            _ => ("+ ", Paint::Add, " is the whole truth now: everybody else loses the role"),
        };
        let mut text = Line::new()
            .own(paint, sign)
            .own(Paint::Plain, "the list of every ")
            .said(Paint::Plain, list.kind.raw());
        text = text.own(Paint::Plain, " in ");
        text = reference(text, Paint::Strong, &list.role);
        text = within(text, list.scope.as_ref()).own(Paint::Plain, words);
        page.put(2, ABOUT, &located(text, list.place.as_ref()));
    }
    for entry in &target.removed {
        let (sign, paint) = match entry.what {
            What::Added => ("+ ", Paint::Add),
            What::Removed => ("- ", Paint::Remove),
            What::Renamed | What::Changed => ("~ ", Paint::Change),
        };
        let mut text =
            Line::new().own(paint, sign).own(Paint::Plain, "removed: ").name(Paint::Strong, entry.role.raw());
        let to = |text: Line, paint, to: &Option<Untrusted>| match to {
            Some(role) => reference(text, paint, role),
            None => text.own(Paint::Dim, "(nowhere)"),
        };
        if entry.what == What::Changed {
            text = to(text.own(Paint::Plain, ", its holders go to "), Paint::Remove, &entry.reassign_before);
            text = to(
                text.own(Paint::Dim, format_args!(" {} ", signs.arrow)),
                Paint::Add,
                &entry.reassign_after,
            );
        } else if let Some(role) = entry.reassign_after.as_ref().or(entry.reassign_before.as_ref()) {
            text = reference(text.own(Paint::Plain, ", its holders go to "), paint, role);
        }
        page.put(2, ABOUT, &located(text, entry.place.as_ref()));
    }
}

fn located(text: Line, at: Option<&Place>) -> Line {
    match at {
        Some(at) => text.own(Paint::Dim, "  ").then(place(at)),
        None => text,
    }
}

fn within(text: Line, scope: Option<&Untrusted>) -> Line {
    match scope {
        Some(scope) => text.own(Paint::Dim, " in ").said(Paint::Plain, scope.raw()),
        None => text,
    }
}

fn assigned(one: &AssignmentDifference, signs: Signs) -> Line {
    let (sign, paint) = match one.what {
        What::Added => ("+ ", Paint::Add),
        What::Removed => ("- ", Paint::Remove),
        What::Renamed | What::Changed => ("~ ", Paint::Change),
    };
    let text = Line::new().own(paint, sign).said(Paint::Plain, one.kind.raw()).space();
    let text =
        within(text.name(Paint::Strong, one.principal.raw()), one.scope.as_ref()).own(Paint::Dim, ": ");
    let text = match (&one.before, &one.after) {
        (Some(before), Some(after)) => {
            let text =
                holding(text, Paint::Remove, before).own(Paint::Dim, format_args!(" {} ", signs.arrow));
            holding(text, Paint::Add, after)
        }
        (Some(role), None) => holding(text, Paint::Remove, role),
        (None, Some(role)) => holding(text, Paint::Add, role),
        (None, None) => text,
    };
    located(text, one.place.as_ref())
}

fn holding(text: Line, paint: Paint, holding: &Holding) -> Line {
    let text = reference(text, paint, &holding.role);
    match &holding.expires {
        Some(day) => text.own(paint, " until ").said(paint, day.raw()),
        None => text,
    }
}
