//! Reading parameters from query and body, with the name of the field in every refusal.

use serde_json::{Map, Value};

use crate::emulator::call::Call;

use super::refusal::Refusal;
use super::time::is_date;

/// What was sent, wherever it was sent.
#[derive(Debug, Clone, Default)]
pub(super) struct Params(Map<String, Value>);

/// A parameter that may be absent, empty or null, or have a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Given<T> {
    Absent,
    Null,
    Value(T),
}

impl<T> Given<T> {
    /// The value, if there is one.
    pub(super) fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }
}

impl Params {
    /// The parameters of a request: its query, and a body in JSON or as a form.
    pub(super) fn of(call: &Call) -> Result<Self, Refusal> {
        let mut fields = Map::new();
        for (name, value) in &call.query {
            add(&mut fields, name, value);
        }
        let form = call
            .header("content-type")
            .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        if form {
            for (name, value) in url::form_urlencoded::parse(&call.body) {
                add(&mut fields, &name, &value);
            }
        } else if !call.body.iter().all(u8::is_ascii_whitespace) {
            match serde_json::from_slice(&call.body) {
                Ok(Value::Object(sent)) => fields.extend(sent),
                Ok(_) => {}
                Err(_) => return Err(Refusal::parameter("Problem parsing JSON")),
            }
        }
        Ok(Self(fields))
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// A text; numbers are texts too. Null is absent.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>, Refusal> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(_) => Err(invalid(name)),
        }
    }

    pub(super) fn required_text(&self, name: &str) -> Result<String, Refusal> {
        self.text(name)?.ok_or_else(|| missing(name))
    }

    /// A whole number, also as text; an empty text is null.
    pub(super) fn number(&self, name: &str) -> Result<Given<i64>, Refusal> {
        match self.0.get(name) {
            None => Ok(Given::Absent),
            Some(Value::Null) => Ok(Given::Null),
            Some(Value::String(text)) if text.is_empty() => Ok(Given::Null),
            Some(Value::String(text)) => text.parse().map(Given::Value).map_err(|_| invalid(name)),
            Some(Value::Number(number)) => number.as_i64().map(Given::Value).ok_or_else(|| invalid(name)),
            Some(_) => Err(invalid(name)),
        }
    }

    pub(super) fn required_number(&self, name: &str) -> Result<i64, Refusal> {
        match self.number(name)? {
            Given::Absent => Err(missing(name)),
            Given::Null => Err(invalid(name)),
            Given::Value(number) => Ok(number),
        }
    }

    /// An id of a role: absent, null, or a number; a negative one is an id that nothing has.
    pub(super) fn role_id(&self) -> Result<Given<u64>, Refusal> {
        Ok(match self.number("member_role_id")? {
            Given::Absent => Given::Absent,
            Given::Null => Given::Null,
            Given::Value(id) => Given::Value(u64::try_from(id).unwrap_or(u64::MAX)),
        })
    }

    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, Refusal> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(Value::String(text)) => match text.to_lowercase().as_str() {
                "true" | "1" | "t" | "on" => Ok(Some(true)),
                "false" | "0" | "f" | "off" => Ok(Some(false)),
                _ => Err(invalid(name)),
            },
            Some(Value::Number(number)) if number.as_u64() == Some(1) => Ok(Some(true)),
            Some(Value::Number(number)) if number.as_u64() == Some(0) => Ok(Some(false)),
            Some(_) => Err(invalid(name)),
        }
    }

    /// A list: `name[]=a&name[]=b`, a JSON array, or a text with commas.
    pub(super) fn list(&self, name: &str) -> Option<Vec<String>> {
        let value = self.0.get(name).or_else(|| self.0.get(&format!("{name}[]")))?;
        let text = |value: &Value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        Some(match value {
            Value::Array(items) => items.iter().map(text).collect(),
            Value::Null => Vec::new(),
            other => text(other).split(',').map(|item| item.trim().to_owned()).collect(),
        })
    }

    /// A date; the outer option says whether it was sent.
    pub(super) fn date(&self, name: &str) -> Result<Option<Option<String>>, Refusal> {
        if !self.has(name) {
            return Ok(None);
        }
        let text = self.text(name)?.filter(|text| !text.is_empty());
        match text {
            Some(text) if !is_date(&text) => Err(invalid(name)),
            other => Ok(Some(other)),
        }
    }
}

fn add(fields: &mut Map<String, Value>, name: &str, value: &str) {
    let value = Value::String(value.to_owned());
    if name.ends_with("[]") {
        if let Value::Array(items) = fields.entry(name).or_insert_with(|| Value::Array(Vec::new())) {
            items.push(value);
        }
    } else {
        fields.insert(name.to_owned(), value);
    }
}

pub(super) fn missing(name: &str) -> Refusal {
    Refusal::parameter(format!("{name} is missing"))
}

pub(super) fn invalid(name: &str) -> Refusal {
    Refusal::parameter(format!("{name} is invalid"))
}
