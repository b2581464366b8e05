//! Reading bodies and query parameters, with the name of the field in every refusal.

use serde_json::{Map, Value};

use crate::emulator::call::Call;
use crate::emulator::switch::Switches;

use super::refusal::Refusal;
use super::switches::{EMPTY_DESCRIPTION, UNKNOWN_FIELDS};

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
            Ok(_) => Err(Refusal::invalid("body", "the body must be a JSON object")),
            Err(error) => Err(Refusal::invalid("body", format!("the body is not valid JSON: {error}"))),
        }
    }

    /// The body of a request that has only these fields, if other ones are refused.
    pub(super) fn with_fields(call: &Call, switches: &Switches, known: &[&str]) -> Result<Self, Refusal> {
        let body = Self::of(call)?;
        match body.0.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) if switches.is(&UNKNOWN_FIELDS, "refused") => {
                Err(Refusal::invalid(name, format!("property {name} should not exist")))
            }
            _ => Ok(body),
        }
    }

    /// An object within another, for example an item of a list.
    pub(super) fn item(name: &str, value: &Value) -> Result<Self, Refusal> {
        value
            .as_object()
            .map(|fields| Self(fields.clone()))
            .ok_or_else(|| Refusal::invalid(name, format!("{name} must be an object")))
    }

    /// Whether a field was sent, also as null.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// A field as it was sent.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// A text.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, Refusal> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Refusal::invalid(name, format!("{name} must be a string"))),
        }
    }

    /// A text that must be there.
    pub(super) fn required_text(&self, name: &str) -> Result<&str, Refusal> {
        self.text(name)?.ok_or_else(|| Refusal::invalid(name, format!("{name} is required")))
    }

    /// A text or null; the outer option says whether the field was sent.
    pub(super) fn nullable_text(&self, name: &str) -> Result<Option<Option<String>>, Refusal> {
        match self.0.get(name) {
            Some(Value::Null) => Ok(Some(None)),
            _ => Ok(self.text(name)?.map(|text| Some(text.to_owned()))),
        }
    }

    /// The name, if it was sent; it has 1 to `most` characters.
    pub(super) fn name(&self, most: usize) -> Result<Option<String>, Refusal> {
        let name = self.text("name")?;
        match name.map(|name| name.chars().count()) {
            None => Ok(None),
            Some(0) => Err(Refusal::invalid("name", "name must not be empty")),
            Some(count) if count > most => {
                Err(Refusal::invalid("name", format!("name must have at most {most} characters")))
            }
            Some(_) => Ok(name.map(str::to_owned)),
        }
    }

    /// The name, which must be there.
    pub(super) fn required_name(&self, most: usize) -> Result<String, Refusal> {
        self.name(most)?.ok_or_else(|| Refusal::invalid("name", "name is required"))
    }

    /// The description, if it was sent, also as null; it has at most 150 characters.
    pub(super) fn description(&self, switches: &Switches) -> Result<Option<Option<String>>, Refusal> {
        let sent = self.nullable_text("description")?;
        match sent.as_ref().and_then(Option::as_ref).map(|text| text.chars().count()) {
            Some(0) if switches.is(&EMPTY_DESCRIPTION, "null") => Ok(Some(None)),
            Some(151..) => {
                Err(Refusal::invalid("description", "description must have at most 150 characters"))
            }
            _ => Ok(sent),
        }
    }

    /// A boolean.
    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, Refusal> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(_) => Err(Refusal::invalid(name, format!("{name} must be a boolean"))),
        }
    }

    /// A list.
    pub(super) fn list(&self, name: &str) -> Result<Option<&[Value]>, Refusal> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::Array(items)) => Ok(Some(items)),
            Some(_) => Err(Refusal::invalid(name, format!("{name} must be an array"))),
        }
    }

    /// A list of texts, each once, in the order sent.
    pub(super) fn texts(&self, name: &str) -> Result<Option<Vec<String>>, Refusal> {
        let Some(items) = self.list(name)? else {
            return Ok(None);
        };
        let mut texts: Vec<String> = Vec::with_capacity(items.len());
        let mut seen = std::collections::HashSet::new();
        for item in items {
            let text = item
                .as_str()
                .ok_or_else(|| Refusal::invalid(name, format!("each value in {name} must be a string")))?;
            if seen.insert(text) {
                texts.push(text.to_owned());
            }
        }
        Ok(Some(texts))
    }
}
