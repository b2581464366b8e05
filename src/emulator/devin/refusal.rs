//! Errors in the two forms of the API: RFC 9457 problems, and the older `{"detail": ...}`.

use serde_json::{Value, json};

use crate::emulator::call::Answer;
use crate::emulator::switch::Switches;

use super::switches::{ERROR_FORM, ERROR_ITEMS};

/// A request that is not done, and why.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    detail: String,
    /// Where a value is not valid, and why; only of a 422.
    items: Vec<Item>,
    pub(super) retry_after: Option<u64>,
}

#[derive(Debug, Clone, PartialEq)]
struct Item {
    loc: Vec<String>,
    message: String,
    kind: &'static str,
}

impl Refusal {
    pub(super) fn new(status: u16, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), items: Vec::new(), retry_after: None }
    }

    /// A value that breaks a rule; `place` is `body` or `query`.
    pub(super) fn invalid(place: &str, field: &str, kind: &'static str, message: impl Into<String>) -> Self {
        let loc = vec![place.to_owned(), field.to_owned()];
        let item = Item { loc, message: message.into(), kind };
        Self { items: vec![item], ..Self::new(422, "Request validation failed") }
    }

    /// An object that is not there.
    pub(super) fn not_found(kind: &str) -> Self {
        Self::new(404, format!("{kind} not found"))
    }

    /// A method that a path does not have.
    pub(super) fn no_method() -> Self {
        Self::new(405, "Method Not Allowed")
    }

    /// What is wrong, for a person.
    pub(super) fn message(&self) -> String {
        let items = self.items.iter().map(|item| format!("{}: {}", item.loc.join("."), item.message));
        let items = items.collect::<Vec<_>>().join("; ");
        if items.is_empty() { self.detail.clone() } else { items }
    }

    /// The refusal as an answer to a request of `path`.
    pub(super) fn answer(&self, path: &str, switches: &Switches) -> Answer {
        let answer = if switches.is(&ERROR_FORM, "detail") {
            let detail = match self.items.as_slice() {
                [] => json!(self.detail),
                items => items.iter().map(Item::by_loc).collect(),
            };
            Answer::json(self.status, &json!({ "detail": detail }))
        } else {
            let by_field = switches.is(&ERROR_ITEMS, "field");
            let items: Vec<Value> = self
                .items
                .iter()
                .map(|item| if by_field { item.by_field() } else { item.by_loc() })
                .collect();
            let problem = json!({
                "type": "about:blank", "title": title(self.status), "status": self.status, "detail": self.detail,
                "instance": path, "errors": (!items.is_empty()).then_some(items),
            });
            Answer { content_type: "application/problem+json", ..Answer::json(self.status, &problem) }
        };
        match self.retry_after {
            Some(seconds) => answer.header("retry-after", seconds.to_string()),
            None => answer,
        }
    }
}

impl Item {
    fn by_loc(&self) -> Value {
        json!({ "loc": self.loc, "msg": self.message, "type": self.kind })
    }

    fn by_field(&self) -> Value {
        json!({ "field": self.loc.last(), "message": self.message })
    }
}

fn title(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        409 => "Conflict",
        422 => "Unprocessable Entity",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        _ => "Error",
    }
}

/// The status that a switch's value names.
pub(super) fn status_of(value: &str) -> u16 {
    value.parse().unwrap_or(400)
}
