//! Reading bodies and query parameters, with the name of the field in every refusal.

use serde_json::{Map, Value};

use crate::emulator::call::Call;

use super::refusal::Refusal;

/// A JSON object that was sent.
#[derive(Debug, Clone, Default)]
pub(super) struct Body(Map<String, Value>);

impl Body {
    /// The body of a request; a request without body has no fields.
    pub(super) fn of(call: &Call) -> Result<Self, Refusal> {
        if call.body.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self::default());
        }
        match serde_json::from_slice(&call.body) {
            Ok(Value::Object(fields)) => Ok(Self(fields)),
            Ok(_) => Err(Refusal::invalid("the body must be a JSON object")),
            Err(error) => Err(Refusal::invalid(format!("the body is not valid JSON: {error}"))),
        }
    }

    /// A field, if it was sent, also as null.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// A text.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, Refusal> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Refusal::invalid(format!("{name} must be a string"))),
        }
    }

    /// A text that must be there.
    pub(super) fn required_text(&self, name: &str) -> Result<&str, Refusal> {
        self.text(name)?.ok_or_else(|| Refusal::invalid(format!("{name} is required")))
    }

    /// A text or null; the outer option says whether the field was sent.
    pub(super) fn nullable_text(&self, name: &str) -> Result<Option<Option<String>>, Refusal> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::Null) => Ok(Some(None)),
            Some(Value::String(text)) => Ok(Some(Some(text.clone()))),
            Some(_) => Err(Refusal::invalid(format!("{name} must be a string or null"))),
        }
    }

    /// A boolean.
    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, Refusal> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(_) => Err(Refusal::invalid(format!("{name} must be a boolean"))),
        }
    }

    /// A list.
    pub(super) fn list(&self, name: &str) -> Result<Option<&[Value]>, Refusal> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::Array(items)) => Ok(Some(items)),
            Some(_) => Err(Refusal::invalid(format!("{name} must be an array"))),
        }
    }

    /// The first field that is none of the given.
    pub(super) fn unknown(&self, known: &[&str]) -> Option<&str> {
        self.0.keys().map(String::as_str).find(|name| !known.contains(name))
    }
}

/// A boolean query parameter.
pub(super) fn flag(call: &Call, name: &str, default: bool) -> Result<bool, Refusal> {
    match call.parameter(name) {
        None => Ok(default),
        Some("true") => Ok(true),
        Some("false") => Ok(false),
        Some(other) => Err(Refusal::invalid(format!("{name} must be true or false, not `{other}`"))),
    }
}

/// A query parameter that is one of some words.
pub(super) fn choice<'a>(call: &'a Call, name: &str, words: &[&'static str]) -> Result<&'a str, Refusal> {
    match call.parameter(name) {
        None => Ok(words.first().copied().unwrap_or_default()),
        Some(word) if words.contains(&word) => Ok(word),
        Some(_) => Err(Refusal::invalid(format!("{name} must be one of: {}", words.join(", ")))),
    }
}

/// A whole number as query parameter.
pub(super) fn number(
    call: &Call,
    name: &str,
    default: usize,
    least: usize,
    most: usize,
) -> Result<usize, Refusal> {
    match call.parameter(name) {
        None => Ok(default),
        Some(text) => {
            text.parse().ok().filter(|number| (least..=most).contains(number)).ok_or_else(|| {
                Refusal::invalid(format!("{name} must be a whole number from {least} to {most}"))
            })
        }
    }
}
