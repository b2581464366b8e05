//! One change of a role, a permission, or the default role.

use std::collections::BTreeMap;

use unicode_width::UnicodeWidthStr;

use super::{
    super::{
        fields::{
            Field, Row, Shown, added_words, context, default_sides, fields, is_new_name, is_simple, members,
            new_name, shown, texts,
        },
        origins::{Told, Way, change_words, origin_words},
        view::{
            ADOPTS, RELEASED, blame, capitalized, count, holders, is_permission, minute, reason_sentence,
            told_verb, waits_for,
        },
        words::{Fate, difference},
    },
    MarkdownOptions, clipped, fence,
};
use crate::{
    plan::document::{Action, Blame, Change, FieldValue, Origin, Place, Via},
    render::escape::{markdown, markdown_code, terminal},
};

/// So many members that stay are shown.
const CONTEXT: usize = 6;

/// The change in full.
pub(super) fn full(change: &Change, options: &MarkdownOptions, told: Told) -> String {
    let mut head = vec![format!("**{}**", title(change, markdown, told))];
    if let Some(holders) = holders(change) {
        head.push(holders);
    }
    let origin = change_words(change, told);
    head.extend(origin.map(|origin| format!("*{origin}*")));
    head.extend(change.definition.as_ref().map(|definition| place(definition, options)));
    head.push(markdown_code(change.address.as_str()));
    let mut out = head.join(" · ");
    out.push_str("\n\n");
    let mut sentences = Vec::new();
    if change.adopts {
        sentences.push(ADOPTS);
    }
    sentences.extend(change.reason.map(reason_sentence));
    if change.action == Action::Release {
        sentences.push(RELEASED);
    }
    if !sentences.is_empty() {
        out.push_str(&format!("{}\n\n", sentences.join(" ")));
    }
    let (lines, sources) = lines(change, told);
    if !lines.is_empty() {
        out.push_str(&fence(&lines.join("\n"), "diff"));
    }
    out.push_str(&links(&sources, options));
    if !change.blocked_by.is_empty() {
        out.push_str(&waits(&format!("Waits for {}", waits_for(change))));
    }
    out.push_str(&remarks(change, options));
    out
}

/// What a change, or a list of assignments, waits for.
pub(super) fn waits(sentence: &str) -> String {
    format!("{}\n\n", markdown(sentence).replacen("Waits", "**Waits**", 1))
}

/// The change in one line of bounded length.
pub(super) fn brief(change: &Change, told: Told) -> String {
    let mut parts = vec![format!("**{}**", title(change, clipped, told))];
    parts.extend(holders(change));
    let (mut removed, mut added, mut others) = (0, 0, 0);
    for field in fields(change) {
        match field {
            Field::Set { removed: out, added: new, .. } => {
                removed += members(&out);
                added += members(&new);
            }
            Field::Value { .. } => others += 1,
        }
    }
    for (number, sign) in [(removed, "−"), (added, "+")] {
        if number > 0 {
            parts.push(format!("{sign}{number}"));
        }
    }
    if others > 0 {
        parts.push(count(others, "other field", "other fields"));
    }
    format!("{}\n\n", parts.join(" · "))
}

fn title(change: &Change, encode: fn(&str) -> String, told: Told) -> String {
    let mut title = capitalized(&told_verb(change.action, told));
    if is_permission(&change.address) {
        title.push_str(" permission");
    }
    if change.action != Action::SetDefault {
        title.push_str(&format!(" {}", encode(change.title.raw())));
    }
    for [before, after] in fields(change).iter().filter_map(|field| default_sides(change, field)) {
        let side = |value| match shown(value) {
            Shown::Name(name) => encode(name.raw()),
            Shown::Text(text) => encode(text.raw()),
            _ => "(none)".to_owned(),
        };
        title.push_str(&format!(": {} → {}", side(before), side(after)));
    }
    if change.action == Action::Rename
        && let Some(name) = new_name(change).filter(|name| **name != change.title)
    {
        title.push_str(&format!(" → {}", encode(name.raw())));
    }
    title
}

/// A place in a file, as a link where there is one.
pub(super) fn place(place: &Place, options: &MarkdownOptions) -> String {
    let text = format!("{}:{}", markdown(place.file.raw()), place.line);
    let linked = match options.permalink.as_ref().and_then(|link| link.line(&place.file, place.line)) {
        Some(url) => format!("[{text}]({url})"),
        None => text,
    };
    linked + &place.blame.as_ref().filter(|_| options.names).map(wrote).unwrap_or_default()
}

/// Who wrote the line.
fn wrote(wrote: &Blame) -> String {
    let [author, commit, day] = blame(wrote);
    format!(" ({}, {}, {})", markdown(&author), markdown_code(&commit), markdown(&day))
}

/// The sets that bring something and the lines that others wrote, with their places.
fn links(sources: &[Via], options: &MarkdownOptions) -> String {
    let (mut sets, mut own) = (BTreeMap::new(), Vec::new());
    for via in sources {
        let (Some(file), Some(line)) = (&via.file, via.line) else { continue };
        let place =
            || place(&Place { file: file.clone(), line, column: 1, blame: via.blame.clone() }, options);
        match &via.set {
            Some(set) => {
                let commit = via.blame.as_ref().map(|blame| &blame.commit);
                let words = || format!("set {} from {}", markdown(set.raw()), place());
                let _known = sets.entry((set, commit)).or_insert_with(words);
            }
            None if options.names => own.push(place()),
            None => {}
        }
    }
    let mut parts = sets.into_values().collect::<Vec<_>>();
    parts.extend((!own.is_empty()).then(|| format!("lines of its own from {}", own.join(", "))));
    if parts.is_empty() {
        return String::new();
    }
    format!("With {}\n\n", parts.join(", "))
}

/// The text in lines for a telephone: a code block is not wrapped by itself.
fn wrapped(text: &str) -> Vec<String> {
    const COLUMNS: usize = 44;
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.width() + 1 + word.width() <= COLUMNS => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// The lines of the difference, and what brings what comes.
fn lines(change: &Change, told: Told) -> (Vec<String>, Vec<Via>) {
    let mut lines = Vec::new();
    let mut sources = Vec::new();
    let fields = fields(change);
    let whole = matches!(change.action, Action::Create | Action::Delete);
    for field in &fields {
        if default_sides(change, field).is_some() || is_new_name(change, field) {
            continue;
        }
        match field {
            Field::Set { name, removed, added, unchanged } => {
                let mut sums = Vec::new();
                for (number, word) in
                    [(members(removed), "removed"), (members(added), added_words(change, name))]
                {
                    match number {
                        0 => {}
                        number if whole => sums.push(number.to_string()),
                        number => sums.push(format!("{number} {word}")),
                    }
                }
                if !unchanged.is_empty() {
                    sums.push(format!("{} unchanged", unchanged.len()));
                }
                let sums = if sums.is_empty() { "none".to_owned() } else { sums.join(", ") };
                lines.push(format!("@@ {}: {sums} @@", terminal(name)));
                for (rows, sign, way) in [(removed, "-", Way::Goes), (added, "+", Way::Comes)] {
                    for row in rows {
                        lines.push(format!("{sign} {}", row_line(row)));
                        lines.extend(why(row.origin, way, change, told));
                    }
                }
                sources.extend(added.iter().filter_map(|row| row.via.cloned()));
                if !unchanged.is_empty() {
                    let (rows, more) = context(unchanged, CONTEXT);
                    lines.extend(rows.iter().map(|row| format!("  {}", row_line(row))));
                    if more > 0 {
                        lines.push(format!("  … and {more} more"));
                    }
                }
            }
            Field::Value { name, before, after, origin } => {
                let name = terminal(name);
                if let Some((old, new)) = texts(&name, *before, *after) {
                    lines.push(format!("@@ {name} @@"));
                    lines.extend(difference(old, new).iter().flat_map(|line| {
                        let sign = match line.fate {
                            Fate::Same => ' ',
                            Fate::Removed => '-',
                            Fate::Added => '+',
                        };
                        let text: String = line.parts.iter().map(|(_, part)| part.as_str()).collect();
                        wrapped(&terminal(&text)).into_iter().map(move |part| format!("{sign} {part}"))
                    }));
                    lines.extend(why(*origin, Way::Turns, change, told));
                    continue;
                }
                if change.action != Action::Create {
                    lines.push(format!("- {name}: {}", value(*before)));
                }
                if change.action != Action::Delete {
                    lines.push(format!("+ {name}: {}", value(*after)));
                }
                lines.extend(why(*origin, Way::Turns, change, told));
            }
        }
    }
    (lines, sources)
}

/// Why the line above differs, where the change does not say it as a whole.
fn why(origin: Origin, way: Way, change: &Change, told: Told) -> Vec<String> {
    let words = if origin == change.origin { None } else { origin_words(origin, way, told) };
    below(words.unwrap_or_default())
}

/// Words about the line above, narrow enough for a telephone; nothing for no words.
pub(super) fn below(words: &str) -> Vec<String> {
    if words.is_empty() {
        return Vec::new();
    }
    let mark = |index: usize| if index == 0 { "↳" } else { " " };
    wrapped(words).iter().enumerate().map(|(index, line)| format!("  {} {line}", mark(index))).collect()
}

fn row_line(row: &Row<'_>) -> String {
    let values: Vec<_> =
        row.values
            .iter()
            .map(|value| {
                if is_simple(value) {
                    terminal(value).into_owned()
                } else {
                    format!("\"{}\"", terminal(value))
                }
            })
            .collect();
    let resource = row.resource.map(|resource| format!("{}: ", terminal(resource))).unwrap_or_default();
    format!("{resource}{}{}", values.join(", "), row.via.map(source).unwrap_or_default())
}

/// What brings a permission.
fn source(via: &Via) -> String {
    match (&via.set, &via.base) {
        (Some(set), _) => format!("  (via set {})", terminal(set.raw())),
        (None, Some(base)) => format!("  (via base {})", terminal(base.raw())),
        (None, None) => String::new(),
    }
}

fn value(value: Option<&FieldValue>) -> String {
    match shown(value) {
        Shown::Nothing => "(none)".to_owned(),
        Shown::Text(text) => format!("\"{}\"", terminal(text.raw())),
        Shown::Name(name) => terminal(name.raw()).into_owned(),
        Shown::Flag(flag) => flag.to_string(),
        Shown::Members(number) => count(number, "member", "members"),
    }
}

/// Who acted, side effects, and steps for a person.
pub(super) fn remarks(change: &Change, options: &MarkdownOptions) -> String {
    const FEW: usize = 5;
    let mut out = String::new();
    for one in change.activity.iter().take(FEW) {
        let time = markdown(&minute(&one.time));
        // What was done may name people, too.
        let who = match options.names {
            true => format!("{}: {}", markdown(one.actor.raw()), markdown(one.what.raw())),
            false => "somebody".to_owned(),
        };
        out.push_str(&format!("- Audit log {time} by {who}\n"));
    }
    if !change.activity.is_empty() {
        let more = change.activity.len().saturating_sub(FEW);
        out.push_str(&if more > 0 { format!("- … and {more} more\n\n") } else { "\n".to_owned() });
    }
    for effect in &change.side_effects {
        out.push_str(&format!("Side effect: {}\n\n", markdown(effect.raw())));
    }
    if let Some(steps) = &change.steps {
        out.push_str(&format!("Steps: {}\n\n", markdown(steps.raw())));
    }
    if let Some(steps) = &change.manual {
        out.push_str("**By hand**, as there is no API for it:\n\n");
        for (index, step) in steps.iter().enumerate() {
            out.push_str(&format!("{}. {}\n", index + 1, markdown(step.raw())));
        }
        out.push('\n');
    }
    if !change.granted_by_base.is_empty() {
        let names: Vec<&str> = change.granted_by_base.iter().map(|name| name.raw()).collect();
        out.push_str(&format!("Its base grants {}\n\n", markdown(&names.join(", "))));
    }
    out
}
