//! Errors and the envelopes that the route families put them in.

use serde_json::{Map, Value, json};

use crate::emulator::call::Answer;
use crate::emulator::switch::Switches;

use super::switches::ERROR_ENVELOPE;

/// Which group of routes answers; they differ in the form of errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// `/v1/roles`.
    A,
    /// `/v1/configuration/roles` and other product operations.
    B,
    /// Users, seats and audit log.
    Users,
}

impl Family {
    /// The family of a path.
    pub(super) fn of(route: &[&str]) -> Self {
        match route {
            ["v1", "roles", ..] => Self::A,
            ["v1", "users" | "audit-logs", ..] => Self::Users,
            _ => Self::B,
        }
    }
}

/// A request that is not done, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    /// The code where the usual one for the status would be wrong.
    pub(super) code: Option<String>,
    pub(super) message: String,
    pub(super) retry_after: Option<u64>,
    pub(super) retry_after_header: Option<u64>,
}

impl Refusal {
    pub(super) fn new(status: u16, message: impl Into<String>) -> Self {
        Self { status, code: None, message: message.into(), retry_after: None, retry_after_header: None }
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, message)
    }

    pub(super) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(403, message)
    }

    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self::new(404, message)
    }

    pub(super) fn code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// The refusal as the family's answer.
    pub(super) fn answer(&self, family: Family, switches: &Switches) -> Answer {
        let form = match family {
            Family::A => switches.get(&ERROR_ENVELOPE),
            Family::B => "error_object",
            Family::Users => "error_upper",
        };
        let code = |upper: bool| {
            self.code.clone().unwrap_or_else(|| {
                if upper { upper_code(self.status) } else { lower_code(self.status) }.to_owned()
            })
        };
        let mut fields = Map::new();
        if form == "error_object" || form == "error_upper" {
            fields.insert("code".to_owned(), Value::String(code(form == "error_upper")));
        }
        fields.insert("message".to_owned(), Value::String(self.message.clone()));
        if let Some(seconds) = self.retry_after {
            fields.insert("retry_after".to_owned(), Value::from(seconds));
        }
        let body = match form {
            "errors_list" => json!({ "errors": [fields] }),
            "message" => Value::Object(fields),
            _ => json!({ "error": fields }),
        };
        let answer = Answer::json(self.status, &body);
        match self.retry_after_header {
            Some(seconds) => answer.header("retry-after", seconds.to_string()),
            None => answer,
        }
    }
}

fn lower_code(status: u16) -> &'static str {
    match status {
        401 => "unauthenticated",
        403 => "forbidden",
        404 => "not_found",
        405 => "method_not_allowed",
        409 => "conflict",
        410 => "legacy_api_key",
        412 => "precondition_failed",
        413 => "payload_too_large",
        429 => "rate_limit_exceeded",
        503 => "unavailable",
        400..=499 => "invalid_request",
        _ => "internal_error",
    }
}

fn upper_code(status: u16) -> &'static str {
    match status {
        401 => "UNAUTHORIZED",
        403 => "FORBIDDEN",
        404 => "NOT_FOUND",
        405 => "METHOD_NOT_ALLOWED",
        409 => "CONFLICT",
        410 => "LEGACY_API_KEY",
        429 => "RATE_LIMIT_EXCEEDED",
        400..=499 => "INVALID_REQUEST",
        _ => "INTERNAL_ERROR",
    }
}
