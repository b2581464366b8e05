//! Lists with cursors.

use serde_json::{Value, json};

use crate::emulator::call::Answer;

use super::caller::Request;
use super::refusal::Refusal;
use super::switches::UNKNOWN_CURSOR;

/// The page size when none is asked for.
const PAGE: usize = 10;
/// A cursor that stands before every list; only a fault gives it out.
pub(super) const START: &str = "cursor_00000000000000000000000000";

/// A part of a list, with the cursors to what lies around it.
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
    before: Option<String>,
    after: Option<String>,
}

/// Cuts the page that a request asks for out of a list, which is given with the oldest item first.
pub(super) fn cut<T>(
    request: Request<'_>,
    mut items: Vec<T>,
    id: impl Fn(&T) -> &str,
) -> Result<Page<T>, Refusal> {
    let call = request.call;
    let limit = match call.parameter("limit") {
        None => PAGE,
        Some(text) => text
            .parse()
            .ok()
            .filter(|limit| (1..=100).contains(limit))
            .ok_or_else(|| Refusal::invalid("limit", "limit must be a whole number from 1 to 100"))?,
    };
    let order = call.parameter("order").unwrap_or("desc");
    if !matches!(order, "asc" | "desc" | "normal") {
        return Err(Refusal::invalid("order", "order must be one of: asc, desc, normal"));
    }
    if order != "asc" {
        items.reverse();
    }
    let (mut before, mut after) = (call.parameter("before"), call.parameter("after"));
    if before.is_some() && after.is_some() {
        return Err(Refusal::invalid("before", "before and after cannot be used together"));
    }
    // `normal` lists as `desc` does, but the cursors look the other way.
    let swapped = order == "normal";
    if swapped {
        (before, after) = (after, before);
    }
    let place = |cursor: &str| -> Result<(usize, usize), Refusal> {
        if cursor == START {
            return Ok((0, 0));
        }
        match items.iter().position(|item| id(item) == cursor) {
            Some(position) => Ok((position, position + 1)),
            None if request.switches.is(&UNKNOWN_CURSOR, "place") => {
                let passed = |item: &&T| if order == "asc" { id(item) < cursor } else { id(item) > cursor };
                let position = items.iter().take_while(passed).count();
                Ok((position, position))
            }
            None => {
                Err(Refusal::invalid("after", format!("the cursor '{cursor}' is not an object of the list")))
            }
        }
    };
    let (start, end) = match (before, after) {
        (Some(cursor), _) => {
            let (end, _) = place(cursor)?;
            (end.saturating_sub(limit), end)
        }
        (None, Some(cursor)) => {
            let (_, start) = place(cursor)?;
            (start, (start + limit).min(items.len()))
        }
        (None, None) => (0, limit.min(items.len())),
    };
    let more = end < items.len();
    let items: Vec<T> = items.into_iter().take(end).skip(start).collect();
    let mut before = items.first().filter(|_| start > 0).map(|item| id(item).to_owned());
    let mut after = items.last().filter(|_| more).map(|item| id(item).to_owned());
    if swapped {
        std::mem::swap(&mut before, &mut after);
    }
    Ok(Page { items, before, after })
}

impl<T> Page<T> {
    /// The page as an answer.
    pub(super) fn answer(self, show: impl Fn(T) -> Value) -> Answer {
        let data: Vec<Value> = self.items.into_iter().map(show).collect();
        Answer::json(
            200,
            &json!({
                "object": "list", "data": data,
                "list_metadata": { "before": self.before, "after": self.after },
            }),
        )
    }
}
