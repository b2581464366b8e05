//! A tree as the schema validator reads it: in place, because a second tree of JSON values costs a
//! large file more time and memory than the validation itself.

use std::borrow::Cow;

use jsonschema::{
    JsonType,
    json::{Array, Json, JsonNumber, Node as Instance, NodeIdentity, Object, unique},
};
use serde_json::{Number, Value};

use super::{
    node::{Key, Kind, Node},
    scalar::Scalar,
    span::Span,
};

/// The representation of instances that is made of [`Node`].
pub(crate) struct Tree;

impl Json for Tree {
    type Node<'a> = &'a Node<'a>;
    type PreparedKey = Box<str>;
    type StringBuffer = ();

    fn prepare_key(key: &str) -> Box<str> {
        key.into()
    }

    /// A name of a property as an instance of its own: text, whatever it looks like.
    fn with_string_node<T>((): &mut (), text: &str, judge: impl FnOnce(Self::Node<'_>) -> T) -> T {
        let kind = Kind::Scalar { text: Cow::Borrowed(text), plain: false };
        judge(&Node { span: Span { start: 0, end: 0 }, kind })
    }
}

impl<'a> Instance<'a, Tree> for &'a Node<'a> {
    type Object = Members<'a>;
    type Array = Items<'a>;
    type Number = Numeric;

    fn as_object(&self) -> Option<Members<'a>> {
        match &self.kind {
            Kind::Map(entries) => Some(Members(entries)),
            Kind::Scalar { .. } | Kind::List(_) => None,
        }
    }

    fn as_array(&self) -> Option<Items<'a>> {
        match &self.kind {
            Kind::List(items) => Some(Items(items)),
            Kind::Scalar { .. } | Kind::Map(_) => None,
        }
    }

    fn as_string(&self) -> Option<Cow<'a, str>> {
        match &self.kind {
            Kind::Scalar { text, .. } if self.json_type() == JsonType::String => Some(Cow::Borrowed(text)),
            _ => None,
        }
    }

    fn as_number(&self) -> Option<Numeric> {
        match self.shallow_json() {
            Value::Number(number) => Some(Numeric(number)),
            _ => None,
        }
    }

    fn as_boolean(&self) -> Option<bool> {
        match self.scalar() {
            Some(Scalar::Bool(value)) => Some(value),
            _ => None,
        }
    }

    fn is_null(&self) -> bool {
        self.scalar() == Some(Scalar::Null)
    }

    fn json_type(&self) -> JsonType {
        match (&self.kind, self.scalar()) {
            (Kind::List(_), _) => JsonType::Array,
            (Kind::Map(_), _) => JsonType::Object,
            (_, Some(Scalar::Null)) => JsonType::Null,
            (_, Some(Scalar::Bool(_))) => JsonType::Boolean,
            (_, Some(Scalar::Int(Some(_)))) => JsonType::Number,
            (_, Some(Scalar::Float(number))) if number.is_finite() => JsonType::Number,
            _ => JsonType::String,
        }
    }

    fn equals_value(&self, expected: &Value) -> bool {
        match (expected, self.as_string()) {
            (Value::String(expected), Some(text)) => *expected == *text,
            (Value::String(_), None) => false,
            _ => jsonschema::json::cmp::equal(&self.json(), expected),
        }
    }

    /// What an error quotes. Lists and mappings come empty: our messages take them from the tree,
    /// and a copy for each error would cost the square of a file with many.
    fn to_value(&self) -> Cow<'a, Value> {
        Cow::Owned(self.shallow_json())
    }

    fn identity(&self) -> Option<NodeIdentity> {
        Some(NodeIdentity::new(std::ptr::from_ref::<Node<'_>>(self) as usize))
    }
}

/// The entries of a mapping.
pub(crate) struct Members<'a>(&'a [(Key<'a>, Node<'a>)]);

impl<'a> Object<'a, Tree> for Members<'a> {
    type Node = &'a Node<'a>;
    type MemberName = &'a str;
    type MembersIter = MembersIter<'a>;

    fn len(&self) -> usize {
        self.0.len()
    }

    fn get(&self, key: &Box<str>) -> Option<&'a Node<'a>> {
        self.0.iter().find(|(known, _)| *known.text == **key).map(|(_, value)| value)
    }

    fn members(&self) -> MembersIter<'a> {
        MembersIter(self.0.iter())
    }
}

/// Names and values of a mapping.
pub(crate) struct MembersIter<'a>(std::slice::Iter<'a, (Key<'a>, Node<'a>)>);

impl<'a> Iterator for MembersIter<'a> {
    type Item = (&'a str, &'a Node<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(key, value)| (&*key.text, value))
    }
}

/// The items of a list.
pub(crate) struct Items<'a>(&'a [Node<'a>]);

impl<'a> Array<'a, Tree> for Items<'a> {
    type Node = &'a Node<'a>;
    type ElementsIter = std::slice::Iter<'a, Node<'a>>;

    fn len(&self) -> usize {
        self.0.len()
    }

    fn elements(&self) -> std::slice::Iter<'a, Node<'a>> {
        self.0.iter()
    }

    fn is_unique(&self) -> bool {
        let values: Vec<Value> = self.0.iter().map(Node::json).collect();
        unique::is_unique(&values)
    }
}

/// A number of a tree.
pub(crate) struct Numeric(Number);

impl JsonNumber for Numeric {
    fn as_u64(&self) -> Option<u64> {
        self.0.as_u64()
    }
    fn as_i64(&self) -> Option<i64> {
        self.0.as_i64()
    }
    fn as_f64(&self) -> Option<f64> {
        self.0.as_f64()
    }
    fn as_str(&self) -> Cow<'_, str> {
        Cow::Owned(self.0.to_string())
    }
    fn to_number(&self) -> Cow<'_, Number> {
        Cow::Borrowed(&self.0)
    }
}
