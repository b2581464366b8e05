//! Lists with cursors.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use crate::emulator::call::Answer;

use super::caller::Request;
use super::refusal::Refusal;
use super::switches::{LAST_CURSOR, NEXT_PAGE_FLAG, TOTAL};
use super::table::Stored;

/// The page size when none is asked for.
const PAGE: usize = 100;

/// The cursor behind an object; nobody but the API reads it.
pub(super) fn cursor(order: u64) -> String {
    URL_SAFE_NO_PAD.encode(format!("after:{order}"))
}

fn place(cursor: &str) -> Option<u64> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    std::str::from_utf8(&bytes).ok()?.strip_prefix("after:")?.parse().ok()
}

/// The page that a request asks for out of `items`, which are in the order of the list: that of their creation, or
/// with `falling` the other way round.
pub(super) fn answer<T: Stored>(
    request: Request<'_>,
    items: &[&T],
    falling: bool,
    show: impl Fn(&T) -> Value,
) -> Result<Answer, Refusal> {
    let invalid = |field, message| Refusal::invalid("query", field, "value_error", message);
    let first = match request.call.parameter("first") {
        None => PAGE,
        Some(text) => text
            .parse()
            .ok()
            .filter(|first| (1..=200).contains(first))
            .ok_or_else(|| invalid("first", "Input should be a whole number from 1 to 200"))?,
    };
    let start = match request.call.parameter("after") {
        None => 0,
        Some(after) => {
            let after = place(after).ok_or_else(|| invalid("after", "Input should be a cursor of a page"))?;
            // Cursor 0 stands before every list; only a fault gives it out.
            let passed = |item: &&T| if falling { item.order() >= after } else { item.order() <= after };
            if after == 0 { 0 } else { items.iter().take_while(|item| passed(item)).count() }
        }
    };
    let shown: Vec<&T> = items.iter().skip(start).take(first).copied().collect();
    let more = start + shown.len() < items.len();
    let end = shown.last().filter(|_| more || request.switches.is(&LAST_CURSOR, "kept"));
    let mut page = Map::new();
    page.insert("items".to_owned(), shown.iter().map(|item| show(item)).collect());
    page.insert("end_cursor".to_owned(), json!(end.map(|item| cursor(item.order()))));
    if more || request.switches.is(&NEXT_PAGE_FLAG, "present") {
        page.insert("has_next_page".to_owned(), json!(more));
    }
    match request.switches.get(&TOTAL) {
        "present" => page.insert("total".to_owned(), json!(items.len())),
        "null" => page.insert("total".to_owned(), Value::Null),
        _ => None,
    };
    Ok(Answer::json(200, &page))
}
