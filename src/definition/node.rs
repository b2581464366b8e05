//! The tree of a YAML file: values with the bytes they were written in.

use std::borrow::Cow;

use serde_json::{Map, Number, Value};

use super::{
    scalar::{self, Scalar},
    span::Span,
};

/// A value and its place.
#[derive(Clone, Debug)]
pub(crate) struct Node<'t> {
    /// Where it was written; for the target of an alias, where that is.
    pub(crate) span: Span,
    /// What it is.
    pub(crate) kind: Kind<'t>,
}

/// What a node is.
#[derive(Clone, Debug)]
pub(crate) enum Kind<'t> {
    /// Text, number, truth value, or nothing: a plain one is resolved where it is used.
    Scalar {
        /// The text after escapes.
        text: Cow<'t, str>,
        /// Whether it was written without quotes.
        plain: bool,
    },
    /// A list.
    List(Vec<Node<'t>>),
    /// A mapping in the order it was written; keys are distinct.
    Map(Vec<(Key<'t>, Node<'t>)>),
}

/// A key of a mapping.
#[derive(Clone, Debug)]
pub(crate) struct Key<'t> {
    /// Where it was written.
    pub(crate) span: Span,
    /// The text after escapes.
    pub(crate) text: Cow<'t, str>,
    /// Whether it was written without quotes.
    pub(crate) plain: bool,
}

impl<'t> Node<'t> {
    /// What a scalar resolves to; `None` for lists and mappings.
    pub(crate) fn scalar(&self) -> Option<Scalar> {
        match &self.kind {
            Kind::Scalar { text, plain: true } => Some(scalar::resolve(text)),
            Kind::Scalar { .. } => Some(Scalar::Text),
            Kind::List(_) | Kind::Map(_) => None,
        }
    }

    /// The entry of a mapping with this key.
    pub(crate) fn entry(&self, key: &str) -> Option<&(Key<'t>, Self)> {
        match &self.kind {
            Kind::Map(entries) => entries.iter().find(|(known, _)| known.text == key),
            Kind::Scalar { .. } | Kind::List(_) => None,
        }
    }

    /// The value of a mapping under this key.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|(_, value)| value)
    }

    /// The entries of a mapping; none for other nodes.
    pub(crate) fn entries(&self) -> &[(Key<'t>, Self)] {
        match &self.kind {
            Kind::Map(entries) => entries,
            Kind::Scalar { .. } | Kind::List(_) => &[],
        }
    }

    /// In words, with its article.
    pub(crate) fn describe(&self) -> &'static str {
        match (&self.kind, self.scalar()) {
            (Kind::List(_), _) => "a list",
            (Kind::Map(_), _) => "a mapping",
            (_, Some(Scalar::Null)) => "no value",
            (_, Some(Scalar::Bool(_))) => "a truth value",
            (_, Some(Scalar::Int(_))) => "a whole number",
            (_, Some(Scalar::Float(_))) => "a number",
            _ => "text",
        }
    }

    /// The same as JSON. Numbers that JSON does not have become text.
    pub(crate) fn json(&self) -> Value {
        match &self.kind {
            Kind::List(items) => Value::Array(items.iter().map(Self::json).collect()),
            Kind::Map(entries) => {
                let entries = entries.iter().map(|(key, value)| (key.text.to_string(), value.json()));
                Value::Object(entries.collect::<Map<_, _>>())
            }
            Kind::Scalar { .. } => self.shallow_json(),
        }
    }

    /// The same with lists and mappings empty.
    pub(crate) fn shallow_json(&self) -> Value {
        match &self.kind {
            Kind::List(_) => Value::Array(Vec::new()),
            Kind::Map(_) => Value::Object(Map::new()),
            Kind::Scalar { text, plain } => {
                let resolved = if *plain { scalar::resolve(text) } else { Scalar::Text };
                match resolved {
                    Scalar::Null => Value::Null,
                    Scalar::Bool(value) => Value::Bool(value),
                    Scalar::Int(Some(value)) => Value::from(value),
                    Scalar::Float(value) => {
                        Number::from_f64(value).map_or_else(|| Value::String(text.to_string()), Value::Number)
                    }
                    Scalar::Int(None) | Scalar::Text => Value::String(text.to_string()),
                }
            }
        }
    }

    /// Takes the value at `path` out of the tree; whether there was one.
    pub(crate) fn prune(&mut self, path: &[String]) -> bool {
        let Some((first, rest)) = path.split_first() else { return false };
        match &mut self.kind {
            Kind::Scalar { .. } => false,
            Kind::Map(entries) => {
                let Some(index) = entries.iter().position(|(key, _)| key.text == first.as_str()) else {
                    return false;
                };
                if rest.is_empty() {
                    entries.remove(index);
                    return true;
                }
                entries.get_mut(index).is_some_and(|(_, value)| value.prune(rest))
            }
            Kind::List(items) => {
                let Some(index) = first.parse().ok().filter(|index| *index < items.len()) else {
                    return false;
                };
                if rest.is_empty() {
                    items.remove(index);
                    return true;
                }
                items.get_mut(index).is_some_and(|item: &mut Self| item.prune(rest))
            }
        }
    }
}
