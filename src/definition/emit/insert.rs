//! Additions to a file that is there: text goes in between, and no byte that was there changes, but
//! for an empty `{}` or `[]` that makes room.

use super::text::{self, Part};
use crate::{
    contract::Spec,
    definition::{
        node::{Kind, Node},
        span::Span,
        syntax,
    },
    model::SourceId,
};

/// A range of bytes and what comes into its place.
type Edit = (usize, usize, String);

/// `text` with a part added. What comes out has to be read again and held against what was meant
/// ([`super::check`]): YAML knows more forms than are looked at here.
///
/// # Errors
///
/// Why the file has a form in which nothing can be added, as the rest of a sentence about the file.
pub fn insert(text: &str, part: &Part<'_>, spec: &dyn Spec) -> Result<String, String> {
    let parsed = syntax::parse(text, SourceId(0));
    let root = parsed.root.filter(|_| !parsed.broken).ok_or("is no usable YAML")?;
    if !matches!(root.kind, Kind::Map(_)) || is_flow(text, root.span) {
        return Err("is written between braces".to_owned());
    }
    let file = File { text, root: &root };
    let mut edits: Vec<Edit> = Vec::new();
    let mut rest = Part::default();
    if !part.permissions.is_empty() {
        match file.place("permission_definitions")? {
            Some(place) => {
                let permissions = text::permission_definitions(&part.permissions, place.column);
                edits.extend(place.edits(&permissions, ""));
            }
            None => rest.permissions.clone_from(&part.permissions),
        }
    }
    if !part.roles.is_empty() {
        match file.place("roles")? {
            Some(place) => {
                let roles = text::roles(&part.roles, spec, place.column);
                edits.extend(place.edits(&roles, "\n"));
            }
            None => rest.roles.clone_from(&part.roles),
        }
    }
    if !part.assignments.is_empty() {
        match file.place("assignments")? {
            Some(place) => {
                let assignments = text::assignments(&part.assignments, place.column);
                edits.extend(place.edits(&assignments, ""));
            }
            None => rest.assignments.clone_from(&part.assignments),
        }
    }
    rest.default = part.default;
    for section in text::sections(&rest, spec) {
        edits.push((text.len(), text.len(), format!("\n{section}")));
    }
    edits.sort_by_key(|(start, _, _)| *start);
    Ok(apply(text, &edits))
}

/// Carries out edits that are sorted and do not overlap, with the line ends of the text.
fn apply(text: &str, edits: &[Edit]) -> String {
    let windows = text.contains("\r\n");
    let (mut out, mut from) = (String::new(), 0);
    for (start, end, insertion) in edits {
        out.push_str(text.get(from..*start).unwrap_or_default());
        let unfinished = start == end && !out.is_empty() && !out.ends_with('\n');
        let insertion = format!("{}{insertion}", if unfinished { "\n" } else { "" });
        out.push_str(&if windows { insertion.replace('\n', "\r\n") } else { insertion });
        from = *end;
    }
    out.push_str(text.get(from..).unwrap_or_default());
    out
}

fn is_flow(text: &str, span: Span) -> bool {
    span.slice(text).starts_with(['{', '['])
}

struct File<'a> {
    text: &'a str,
    root: &'a Node<'a>,
}

/// Where something can be added, and at which column it begins.
struct Place {
    at: usize,
    column: usize,
    /// From the end of the key to the end of the empty brackets that make room.
    brackets: Option<(usize, usize)>,
}

impl Place {
    /// The edits that add `lines`; `between` separates them from what is there.
    fn edits(&self, lines: &str, between: &str) -> Vec<Edit> {
        match self.brackets {
            Some((start, end)) => vec![(start, end, ":".to_owned()), (self.at, self.at, lines.to_owned())],
            None => vec![(self.at, self.at, format!("{between}{lines}"))],
        }
    }
}

impl File<'_> {
    /// Where to add to the mapping or list under `key`; `None` where there is no such key.
    fn place(&self, key: &str) -> Result<Option<Place>, String> {
        let Some((found, node)) = self.root.entry(key) else { return Ok(None) };
        let first = match &node.kind {
            Kind::Map(entries) => entries.first().map(|(key, _)| key.span.start as usize),
            Kind::List(items) => items.first().map(|item| item.span.start as usize),
            Kind::Scalar { .. } => return Err(format!("has something else under `{key}`")),
        };
        let Some(first) = first else {
            let (start, end) = (found.span.end as usize, node.span.end as usize);
            let rest = self.text.get(end..).unwrap_or_default();
            let at = rest.find('\n').map_or(self.text.len(), |newline| end + newline + 1);
            return Ok(Some(Place { at, column: 2, brackets: Some((start, end)) }));
        };
        let before = self.text.get(self.line_of(first)..first).unwrap_or_default();
        let column = before.len() - before.trim_start_matches(' ').len();
        let expected = if matches!(node.kind, Kind::List(_)) { "-" } else { "" };
        if before.trim() != expected || is_flow(self.text, node.span) {
            return Err(format!("has what stands under `{key}` between brackets, or behind an alias"));
        }
        let at = self.end_of_section(found.span.start as usize, column);
        Ok(Some(Place { at, column, brackets: None }))
    }

    /// The first byte of the line that holds byte `at`.
    fn line_of(&self, at: usize) -> usize {
        self.text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1)
    }

    /// The end of the last line of the section whose key begins at `key`: blank lines after it, and
    /// comments that are not indented as its entries are, belong to what follows.
    fn end_of_section(&self, key: usize, column: usize) -> usize {
        let starts = self.root.entries().iter().map(|(key, _)| key.span.start as usize);
        let next = starts.filter(|start| *start > key).min();
        let mut end = next.map_or(self.text.len(), |next| self.line_of(next));
        while let Some(line) = self.text.get(..end).filter(|before| !before.is_empty()) {
            let start = line.strip_suffix('\n').unwrap_or(line).rfind('\n').map_or(0, |newline| newline + 1);
            let line = line.get(start..).unwrap_or_default();
            let indent = line.len() - line.trim_start_matches(' ').len();
            let foreign = indent < column || column == 0;
            if !(line.trim().is_empty() || line.trim_start().starts_with('#') && foreign) || start <= key {
                break;
            }
            end = start;
        }
        end
    }
}
