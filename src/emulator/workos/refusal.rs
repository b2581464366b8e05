//! Errors in the forms of the API, which has no uniform one.

use serde_json::{Map, Value, json};

use crate::emulator::call::Answer;
use crate::emulator::switch::Switches;

use super::switches::{MISSING_METHOD, UNAUTHORIZED_BODY, VALIDATION_BODY, VALIDATION_STATUS};

/// Which form the errors of a route have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `{message}`, with a code where one is documented.
    Plain,
    /// Of role and permission routes that document 400 with the code `bad_request`.
    BadRequest,
    /// Of the list of memberships: 400 with the code `invalid_request_parameters`.
    MembershipList,
    /// Of writes of memberships: 422 with the code `invalid_request_parameters`.
    MembershipWrite,
}

impl Form {
    /// The form of a route.
    pub(super) fn of(method: &str, route: &[&str]) -> Self {
        match (method, route) {
            ("GET", ["user_management", "organization_memberships"]) => Self::MembershipList,
            ("POST" | "PUT", ["user_management", "organization_memberships", ..]) => Self::MembershipWrite,
            ("POST" | "PATCH" | "PUT", ["authorization", "roles", ..])
            | ("POST", ["authorization", "permissions"])
            | ("POST" | "PATCH", ["authorization", "organizations", _, "roles", ..])
            | ("PUT", ["authorization", "organizations", _, "roles", "priority"])
            | ("POST" | "PATCH", ["organizations", _, "groups"] | ["organizations", _, "groups", _]) => {
                Self::BadRequest
            }
            _ => Self::Plain,
        }
    }
}

/// A request that is not done, and why.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) code: Option<String>,
    pub(super) message: String,
    /// The field whose value is not valid; such refusals have the form that the switches choose.
    field: Option<String>,
    /// Fields beside code and message.
    more: Vec<(&'static str, Value)>,
    pub(super) retry_after_header: Option<u64>,
}

impl Refusal {
    pub(super) fn new(status: u16, message: impl Into<String>) -> Self {
        Self {
            status,
            code: None,
            message: message.into(),
            field: None,
            more: Vec::new(),
            retry_after_header: None,
        }
    }

    /// A value that breaks a rule.
    pub(super) fn invalid(field: &str, message: impl Into<String>) -> Self {
        Self { field: Some(field.to_owned()), ..Self::new(422, message) }
    }

    /// An object that is not there.
    pub(super) fn not_found(kind: &str, id: &str) -> Self {
        Self::new(404, format!("{kind} not found: '{id}'."))
    }

    /// A path or method that is not there.
    pub(super) fn no_route(switches: &Switches, method: &str, path: &str) -> Self {
        Self::new(status_of(switches.get(&MISSING_METHOD)), format!("Cannot {method} {path}"))
    }

    /// The same with another status.
    pub(super) fn status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    pub(super) fn code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// The same with one more field.
    pub(super) fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.more.push((name, value.into()));
        self
    }

    /// The refusal as the route's answer.
    pub(super) fn answer(&self, form: Form, switches: &Switches) -> Answer {
        if self.status == 401 {
            return match switches.get(&UNAUTHORIZED_BODY) {
                "empty" => Answer::empty(401),
                "error" => {
                    Answer::json(401, &json!({ "error": "unauthorized", "error_description": self.message }))
                }
                _ => Answer::json(401, &json!({ "message": self.message })),
            };
        }
        let mut status = self.status;
        let mut code = self.code.clone();
        let mut fields = Map::new();
        if let Some(field) = self.field.as_deref().filter(|_| code.is_none()) {
            match form {
                Form::MembershipList => {
                    status = 400;
                    code = Some("invalid_request_parameters".to_owned());
                }
                Form::MembershipWrite => code = Some("invalid_request_parameters".to_owned()),
                Form::BadRequest if switches.is(&VALIDATION_STATUS, "400") => {
                    status = 400;
                    code = Some("bad_request".to_owned());
                }
                _ => match switches.get(&VALIDATION_BODY) {
                    "code" => code = Some("unprocessable_entity".to_owned()),
                    "errors" => {
                        fields.insert("errors".to_owned(), json!([{ "code": "invalid", "field": field }]));
                    }
                    _ => {}
                },
            }
        }
        if let Some(code) = code {
            fields.insert("code".to_owned(), code.into());
        }
        fields.insert("message".to_owned(), self.message.clone().into());
        fields.extend(self.more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        let answer = Answer::json(status, &fields);
        match self.retry_after_header {
            Some(seconds) => answer.header("retry-after", seconds.to_string()),
            None => answer,
        }
    }
}

/// The status that a switch's value names.
pub(super) fn status_of(value: &str) -> u16 {
    value.parse().unwrap_or(422)
}
