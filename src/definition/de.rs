//! From tree to types: a serde deserializer over nodes that keeps the place of a value wherever a
//! type asks for it with [`Spanned`].
//!
//! The schema has been checked before, so that an error here is rare. One thing is found only
//! here: a plain scalar where text is wanted that is not safely text.

use std::{borrow::Cow, cell::RefCell, fmt, marker::PhantomData, sync::Arc};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, VariantAccess, Visitor, value::BorrowedStrDeserializer,
};

use super::{
    node::{Key, Kind, Node},
    scalar::{self, Scalar},
    span::Span,
};

/// Text that a person wrote.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Text(pub(crate) Arc<str>);

impl Text {
    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl Visitor<'_> for TextVisitor {
            type Value = Text;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Text, E> {
                Ok(Text(text.into()))
            }
        }
        deserializer.deserialize_str(TextVisitor)
    }
}

impl JsonSchema for Text {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": "string" })
    }
}

/// A value with the place it was written at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Spanned<T> {
    /// The value.
    pub(crate) value: T,
    /// Where it stands.
    pub(crate) span: Span,
}

/// The name by which [`Spanned`] asks this deserializer, and only this one, for a place.
const SPANNED: &str = "$rolecall::Spanned";

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Spanned<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SpannedVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for SpannedVisitor<T> {
            type Value = Spanned<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value with its place")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Spanned<T>, A::Error> {
                let start = parts.next_element()?.ok_or_else(|| de::Error::custom("no place"))?;
                let end = parts.next_element()?.ok_or_else(|| de::Error::custom("no place"))?;
                let value = parts.next_element()?.ok_or_else(|| de::Error::custom("no value"))?;
                Ok(Spanned { value, span: Span { start, end } })
            }
        }
        deserializer.deserialize_tuple_struct(SPANNED, 3, SpannedVisitor(PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for Spanned<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// The entries of a mapping whose keys are names, in the order they were written.
#[derive(Clone, Debug)]
pub(crate) struct Entries<T>(pub(crate) Vec<(Spanned<Text>, T)>);

impl<T> Default for Entries<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Entries<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for EntriesVisitor<T> {
            type Value = Entries<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries<T>, A::Error> {
                let mut entries = Vec::with_capacity(map.size_hint().unwrap_or(0));
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(EntriesVisitor(PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for Entries<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        format!("Entries_of_{}", T::schema_name()).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let values = generator.subschema_for::<T>();
        schemars::json_schema!({ "type": "object", "additionalProperties": values })
    }
}

/// Why a tree is not of a type.
#[derive(Debug)]
pub(crate) struct Mismatch {
    /// One sentence without a full stop.
    pub(crate) message: String,
    /// The innermost place it is known for.
    pub(crate) span: Option<Span>,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Mismatch {}

impl de::Error for Mismatch {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { message: message.to_string(), span: None }
    }
}

impl Mismatch {
    fn within(mut self, span: Span) -> Self {
        self.span.get_or_insert(span);
        self
    }
}

/// Plain scalars where text was wanted: place and what they are.
pub(crate) type LookAlikes = RefCell<Vec<(Span, &'static str)>>;

/// Reads `node` as a `T`; what only looks like text is used as text and noted in `look_alikes`.
pub(crate) fn from_node<'de, T: Deserialize<'de>>(
    node: &'de Node<'_>,
    look_alikes: &LookAlikes,
) -> Result<T, Mismatch> {
    T::deserialize(De { node, look_alikes })
}

#[derive(Clone, Copy)]
struct De<'a, 'de, 't> {
    node: &'de Node<'t>,
    look_alikes: &'a LookAlikes,
}

impl<'de> De<'_, 'de, '_> {
    fn invalid(self, visitor: &dyn de::Expected) -> Mismatch {
        let found = Unexpected::Other(self.node.describe());
        <Mismatch as de::Error>::invalid_type(found, visitor).within(self.node.span)
    }

    fn text(self) -> Option<&'de str> {
        let Kind::Scalar { text, plain } = &self.node.kind else { return None };
        if *plain && let Some(what) = scalar::look_alike(text) {
            self.look_alikes.borrow_mut().push((self.node.span, what));
        }
        Some(text)
    }
}

impl<'de> Deserializer<'de> for De<'_, 'de, '_> {
    type Error = Mismatch;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        let span = self.node.span;
        let value = match &self.node.kind {
            Kind::List(items) => {
                visitor.visit_seq(Items { items: items.iter(), look_alikes: self.look_alikes })
            }
            Kind::Map(entries) => visitor.visit_map(Fields {
                entries: entries.iter(),
                value: None,
                look_alikes: self.look_alikes,
            }),
            Kind::Scalar { text, .. } => match self.node.scalar() {
                Some(Scalar::Null) => visitor.visit_unit(),
                Some(Scalar::Bool(value)) => visitor.visit_bool(value),
                Some(Scalar::Int(Some(value))) => visitor.visit_i64(value),
                Some(Scalar::Float(value)) => visitor.visit_f64(value),
                _ => match self.text() {
                    Some(text) => visitor.visit_borrowed_str(text),
                    None => visitor.visit_str(text),
                },
            },
        };
        value.map_err(|error| error.within(span))
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        match self.text() {
            Some(text) => {
                visitor.visit_borrowed_str(text).map_err(|error: Mismatch| error.within(self.node.span))
            }
            None => Err(self.invalid(&visitor)),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        match self.node.scalar() {
            Some(Scalar::Null) => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        if name == SPANNED {
            let span = self.node.span;
            return visitor
                .visit_seq(Parts { span, step: 0, value: self })
                .map_err(|error| error.within(span));
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        match &self.node.kind {
            Kind::Scalar { text, .. } => {
                visitor.visit_enum(Variant(text)).map_err(|error: Mismatch| error.within(self.node.span))
            }
            Kind::List(_) | Kind::Map(_) => Err(self.invalid(&visitor)),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct seq
        tuple map struct identifier ignored_any
    }
}

/// The three parts of a [`Spanned`].
struct Parts<'a, 'de, 't> {
    span: Span,
    step: u8,
    value: De<'a, 'de, 't>,
}

impl<'de> SeqAccess<'de> for Parts<'_, 'de, '_> {
    type Error = Mismatch;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Mismatch> {
        self.step += 1;
        match self.step {
            1 => seed.deserialize(self.span.start.into_deserializer()).map(Some),
            2 => seed.deserialize(self.span.end.into_deserializer()).map(Some),
            3 => seed.deserialize(self.value).map(Some),
            _ => Ok(None),
        }
    }
}

struct Items<'a, 'de, 't> {
    items: std::slice::Iter<'de, Node<'t>>,
    look_alikes: &'a LookAlikes,
}

impl<'de> SeqAccess<'de> for Items<'_, 'de, '_> {
    type Error = Mismatch;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Mismatch> {
        let Some(node) = self.items.next() else { return Ok(None) };
        let value = seed.deserialize(De { node, look_alikes: self.look_alikes });
        value.map(Some).map_err(|error| error.within(node.span))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

struct Fields<'a, 'de, 't> {
    entries: std::slice::Iter<'de, (Key<'t>, Node<'t>)>,
    value: Option<&'de Node<'t>>,
    look_alikes: &'a LookAlikes,
}

impl<'de> MapAccess<'de> for Fields<'_, 'de, '_> {
    type Error = Mismatch;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Mismatch> {
        let Some((key, value)) = self.entries.next() else { return Ok(None) };
        self.value = Some(value);
        let key_span = key.span;
        seed.deserialize(KeyDe { key, look_alikes: self.look_alikes })
            .map(Some)
            .map_err(|e| e.within(key_span))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Mismatch> {
        let node =
            self.value.take().ok_or_else(|| <Mismatch as de::Error>::custom("a value without a key"))?;
        seed.deserialize(De { node, look_alikes: self.look_alikes }).map_err(|error| error.within(node.span))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.entries.len())
    }
}

struct KeyDe<'a, 'de, 't> {
    key: &'de Key<'t>,
    look_alikes: &'a LookAlikes,
}

impl<'de> Deserializer<'de> for KeyDe<'_, 'de, '_> {
    type Error = Mismatch;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        visitor.visit_borrowed_str(&self.key.text)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        if self.key.plain
            && let Some(what) = scalar::look_alike(&self.key.text)
        {
            self.look_alikes.borrow_mut().push((self.key.span, what));
        }
        visitor.visit_borrowed_str(&self.key.text)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        if name == SPANNED {
            return visitor.visit_seq(KeyParts { step: 0, key: Some(self) });
        }
        self.deserialize_any(visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple map struct enum identifier ignored_any
    }
}

/// The three parts of a [`Spanned`] key.
struct KeyParts<'a, 'de, 't> {
    step: u8,
    key: Option<KeyDe<'a, 'de, 't>>,
}

impl<'de> SeqAccess<'de> for KeyParts<'_, 'de, '_> {
    type Error = Mismatch;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Mismatch> {
        self.step += 1;
        match (self.step, &self.key) {
            (1, Some(key)) => seed.deserialize(key.key.span.start.into_deserializer()).map(Some),
            (2, Some(key)) => seed.deserialize(key.key.span.end.into_deserializer()).map(Some),
            _ => self.key.take().map(|key| seed.deserialize(key)).transpose(),
        }
    }
}

/// A word that names a variant.
struct Variant<'de>(&'de str);

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = Mismatch;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Mismatch> {
        let value = seed.deserialize(BorrowedStrDeserializer::<Mismatch>::new(self.0))?;
        Ok((value, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'de> {
    type Error = Mismatch;

    fn unit_variant(self) -> Result<(), Mismatch> {
        Ok(())
    }
    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, _: T) -> Result<T::Value, Mismatch> {
        Err(de::Error::custom("a word, where a mapping is wanted"))
    }
    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Mismatch> {
        Err(de::Error::custom("a word, where a list is wanted"))
    }
    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], _: V) -> Result<V::Value, Mismatch> {
        Err(de::Error::custom("a word, where a mapping is wanted"))
    }
}
