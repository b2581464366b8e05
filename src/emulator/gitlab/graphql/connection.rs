//! Pages of lists in GraphQL.

use serde_json::{Map, Value};

use crate::emulator::encode;

use super::node::{Connection, Failed, Node, Object, PageInfo};

/// The largest page; more is not refused, and not given.
const LARGEST: usize = 100;

/// The cursor after an item: its place, from one, in base64 without padding.
fn cursor(place: usize) -> String {
    encode::base64(place.to_string().as_bytes()).trim_end_matches('=').to_owned()
}

/// The cursor that leads to the beginning.
pub(in crate::emulator::gitlab) fn first_cursor() -> String {
    cursor(0)
}

/// The place that a cursor of a list of `length` items means.
fn place(text: &str, length: usize) -> Result<usize, Failed> {
    (0..=length)
        .find(|place| cursor(*place) == text)
        .ok_or_else(|| Failed("Please provide a valid cursor".to_owned()))
}

fn number(arguments: &Map<String, Value>, name: &str) -> Result<Option<usize>, Failed> {
    match arguments.get(name).and_then(Value::as_i64) {
        None => Ok(None),
        Some(number) => usize::try_from(number)
            .map(|number| Some(number.min(LARGEST)))
            .map_err(|_| Failed(format!("`{name}` must not be negative"))),
    }
}

/// The page of a list that `first`, `after`, `last` and `before` ask for.
pub(super) fn page(
    of: &'static str,
    items: Vec<Object>,
    arguments: &Map<String, Value>,
) -> Result<Node, Failed> {
    let length = items.len();
    let text = |name: &str| arguments.get(name).and_then(Value::as_str);
    let mut start = text("after").map_or(Ok(0), |after| place(after, length))?;
    let mut end = match text("before") {
        Some(before) => place(before, length)?.saturating_sub(1).max(start),
        None => length,
    };
    let (first, last) = (number(arguments, "first")?, number(arguments, "last")?);
    if let Some(first) = first {
        end = end.min(start.saturating_add(first));
    }
    if let Some(last) = last {
        start = start.max(end.saturating_sub(last));
    }
    if first.is_none() && last.is_none() {
        end = end.min(start.saturating_add(LARGEST));
    }
    let items: Vec<(String, Object)> = items
        .into_iter()
        .enumerate()
        .skip(start)
        .take(end.saturating_sub(start))
        .map(|(index, item)| (cursor(index + 1), item))
        .collect();
    let page = PageInfo {
        next: end < length,
        previous: start > 0,
        start: items.first().map(|(cursor, _)| cursor.clone()),
        end: items.last().map(|(cursor, _)| cursor.clone()),
    };
    Ok(Node::Object(Object::Connection(Connection { of, items, page })))
}
