//! What REST answers when it does not do what was asked.

use serde_json::{Value, json};

use crate::emulator::call::Answer;

/// A request that is not done: status and body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) body: Value,
}

impl Refusal {
    /// An error under `message`, the key of everything but parameters.
    pub(super) fn message(status: u16, message: impl Into<Value>) -> Self {
        Self { status, body: json!({ "message": message.into() }) }
    }

    /// An error of a parameter, under `error`.
    pub(super) fn parameter(error: impl Into<String>) -> Self {
        Self { status: 400, body: json!({ "error": error.into() }) }
    }

    /// An error of one field of a membership.
    pub(super) fn field(field: &str, error: &str) -> Self {
        Self::message(400, json!({ field: [error] }))
    }

    pub(super) fn unauthorized() -> Self {
        Self::message(401, "401 Unauthorized")
    }

    pub(super) fn forbidden() -> Self {
        Self::message(403, "403 Forbidden")
    }

    /// `404 Group Not Found` and the like.
    pub(super) fn not_found(what: &str) -> Self {
        Self::message(404, format!("404 {what} Not Found"))
    }

    pub(super) fn internal() -> Self {
        Self::message(500, "500 Internal Server Error")
    }

    /// A path that the API does not have.
    pub(super) fn no_route() -> Self {
        Self { status: 404, body: json!({ "error": "404 Not Found" }) }
    }

    /// A path that the API has, with another method.
    pub(super) fn no_method() -> Self {
        Self { status: 405, body: json!({ "error": "405 Not Allowed" }) }
    }

    pub(super) fn answer(&self) -> Answer {
        Answer::json(self.status, &self.body)
    }
}
