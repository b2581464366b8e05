//! Reading bodies, with the name of the field in every refusal.

use serde_json::{Map, Value};

use crate::emulator::call::Call;

use super::refusal::Refusal;

/// A JSON object that was sent. Fields that are not documented are ignored.
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
            Ok(_) => Err(invalid("body", "model_type", "Input should be a valid dictionary")),
            Err(_) => Err(invalid("body", "json_invalid", "JSON decode error")),
        }
    }

    /// Whether a field was sent, also as null.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// A text; null is as good as nothing.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, Refusal> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(invalid(name, "string_type", "Input should be a valid string")),
        }
    }

    /// A text that must be there.
    pub(super) fn required_text(&self, name: &str) -> Result<&str, Refusal> {
        self.text(name)?.ok_or_else(|| invalid(name, "missing", "Field required"))
    }

    /// A whole number; null is as good as nothing.
    pub(super) fn number(&self, name: &str) -> Result<Option<i64>, Refusal> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => value
                .as_i64()
                .map(Some)
                .ok_or_else(|| invalid(name, "int_type", "Input should be a valid integer")),
        }
    }

    /// A list of texts, each once.
    pub(super) fn texts(&self, name: &str) -> Result<Option<Vec<String>>, Refusal> {
        let items = match self.0.get(name) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::Array(items)) => items,
            Some(_) => return Err(invalid(name, "list_type", "Input should be a valid list")),
        };
        let mut texts: Vec<String> = Vec::with_capacity(items.len());
        for item in items {
            let text = item.as_str();
            let text = text.ok_or_else(|| invalid(name, "string_type", "Input should be a valid string"))?;
            if !texts.iter().any(|known| known == text) {
                texts.push(text.to_owned());
            }
        }
        Ok(Some(texts))
    }

    /// A list of 1 to 100 texts that must be there.
    pub(super) fn hundred_texts(&self, name: &str) -> Result<Vec<String>, Refusal> {
        let texts = self.texts(name)?.ok_or_else(|| invalid(name, "missing", "Field required"))?;
        match texts.len() {
            0 => Err(invalid(name, "too_short", "List should have at least 1 item")),
            1..=100 => Ok(texts),
            _ => Err(invalid(name, "too_long", "List should have at most 100 items")),
        }
    }
}

fn invalid(field: &str, kind: &'static str, message: &str) -> Refusal {
    Refusal::invalid("body", field, kind, message)
}
