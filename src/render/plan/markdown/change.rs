//! One change of a role, a permission, or the default role.

use std::collections::BTreeMap;

use unicode_width::UnicodeWidthStr;

use super::{
    super::{
        fields::{
            Field, Row, Shown, context, default_sides, fields, is_new_name, is_simple, members, new_name,
            shown, texts,
        },
        view::{ADOPTS, RELEASED, count, origin_sentence, origin_word, reason_sentence, verb},
        words::{Fate, difference},
    },
    MarkdownOptions, clipped, fence,
};
use crate::{
    plan::document::{Action, Change, FieldValue, Origin, Place, Via},
    render::escape::{markdown, markdown_code, terminal},
};

/// So many members that stay are shown.
const CONTEXT: usize = 6;

/// The change in full.
pub(super) fn full(change: &Change, options: &MarkdownOptions) -> String {
    let mut head = vec![format!("**{}**", title(change, markdown))];
    if let Some(holders) = holders(change) {
        head.push(holders);
    }
    head.extend(origin_sentence(change.origin).map(|origin| format!("*{origin}*")));
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
    let (lines, sources) = lines(change);
    if !lines.is_empty() {
        out.push_str(&fence(&lines.join("\n"), "diff"));
    }
    out.push_str(&links(&sources, options));
    out.push_str(&remarks(change));
    out
}

/// The change in one line of bounded length.
pub(super) fn brief(change: &Change) -> String {
    let mut parts = vec![format!("**{}**", title(change, clipped))];
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

fn title(change: &Change, encode: fn(&str) -> String) -> String {
    let verb = verb(change.action);
    let verb =
        format!("{}{}", verb.get(..1).unwrap_or_default().to_uppercase(), verb.get(1..).unwrap_or_default());
    let mut title = verb;
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

fn holders(change: &Change) -> Option<String> {
    change.holders.map(|holders| match holders {
        0 => "held by nobody".to_owned(),
        1 => "held by 1 person".to_owned(),
        many => format!("held by {many} people"),
    })
}

/// A place in a file, as a link where there is one.
pub(super) fn place(place: &Place, options: &MarkdownOptions) -> String {
    let text = format!("{}:{}", markdown(place.file.raw()), place.line);
    match options.permalink.as_ref().and_then(|link| link.line(&place.file, place.line)) {
        Some(url) => format!("[{text}]({url})"),
        None => text,
    }
}

/// The sets that bring something, with their places.
fn links(sources: &[Via], options: &MarkdownOptions) -> String {
    let mut sets = BTreeMap::new();
    for via in sources {
        if let (Some(set), Some(file), Some(line)) = (&via.set, &via.file, via.line) {
            let place = || place(&Place { file: file.clone(), line, column: 1, blame: None }, options);
            sets.entry(set).or_insert_with(|| format!("set {} from {}", markdown(set.raw()), place()));
        }
    }
    if sets.is_empty() {
        return String::new();
    }
    format!("With {}\n\n", sets.into_values().collect::<Vec<_>>().join(", "))
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
fn lines(change: &Change) -> (Vec<String>, Vec<Via>) {
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
                for (number, word) in [(members(removed), "removed"), (members(added), "added")] {
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
                lines.extend(removed.iter().map(|row| format!("- {}", row_line(row, change.origin))));
                lines.extend(added.iter().map(|row| format!("+ {}", row_line(row, change.origin))));
                sources.extend(added.iter().filter_map(|row| row.via.cloned()));
                if !unchanged.is_empty() {
                    let (rows, more) = context(unchanged, CONTEXT);
                    lines.extend(rows.iter().map(|row| format!("  {}", row_line(row, row.origin))));
                    if more > 0 {
                        lines.push(format!("  … and {more} more"));
                    }
                }
            }
            Field::Value { name, before, after, origin } => {
                let name = terminal(name);
                let suffix = suffix(*origin, None, change.origin);
                if let Some((old, new)) = texts(&name, *before, *after) {
                    lines.push(format!("@@ {name}{suffix} @@"));
                    lines.extend(difference(old, new).iter().flat_map(|line| {
                        let sign = match line.fate {
                            Fate::Same => ' ',
                            Fate::Removed => '-',
                            Fate::Added => '+',
                        };
                        let text: String = line.parts.iter().map(|(_, part)| part.as_str()).collect();
                        wrapped(&terminal(&text)).into_iter().map(move |part| format!("{sign} {part}"))
                    }));
                    continue;
                }
                if change.action != Action::Create {
                    lines.push(format!("- {name}: {}{suffix}", value(*before)));
                }
                if change.action != Action::Delete {
                    lines.push(format!("+ {name}: {}{suffix}", value(*after)));
                }
            }
        }
    }
    (lines, sources)
}

fn row_line(row: &Row<'_>, known: Origin) -> String {
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
    format!("{resource}{}{}", values.join(", "), suffix(row.origin, row.via, known))
}

fn suffix(origin: Origin, via: Option<&Via>, known: Origin) -> String {
    let mut parts = Vec::new();
    if origin != known {
        parts.extend(origin_word(origin).map(str::to_owned));
    }
    if let Some(via) = via {
        let what = match (&via.set, &via.base) {
            (Some(set), _) => format!("set {}", terminal(set.raw())),
            (None, Some(base)) => format!("base {}", terminal(base.raw())),
            (None, None) => String::new(),
        };
        parts.push(format!("via {what}"));
    }
    if parts.is_empty() { String::new() } else { format!("  ({})", parts.join("; ")) }
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

/// Side effects and steps for a person.
pub(super) fn remarks(change: &Change) -> String {
    let mut out = String::new();
    for effect in &change.side_effects {
        out.push_str(&format!("Side effect: {}\n\n", markdown(effect.raw())));
    }
    if let Some(steps) = &change.manual {
        out.push_str("**By hand**, as there is no API for it:\n\n");
        for (index, step) in steps.iter().enumerate() {
            out.push_str(&format!("{}. {}\n", index + 1, markdown(step.raw())));
        }
        out.push('\n');
    }
    out
}
