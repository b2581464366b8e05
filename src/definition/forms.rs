//! Values that can be written in two forms. Each has its visitor and its schema side by side; the
//! schema chooses the form by what was written (`if`, `then`, `else`), so that an error is about the
//! form that was meant.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{
    self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor,
    value::{MapAccessDeserializer, SeqAccessDeserializer},
};

use crate::model::{
    config::{LintLevel, Mode, Record},
    desired::Protect,
};

use super::{
    de::{Entries, Spanned, Text},
    definition_file::{RemovedBody, SetBody},
};

/// A fixed vocabulary as an enum that is read from text and has a plain `enum` in the schema.
macro_rules! words {
    ($(#[doc = $doc:literal])* $name:ident($of:ty) { $($word:literal => $value:expr,)* }) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) struct $name(pub(crate) $of);

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = <Cow<'_, str>>::deserialize(deserializer)?;
                match word.as_ref() {
                    $($word => Ok(Self($value)),)*
                    other => Err(de::Error::unknown_variant(other, &[$($word,)*])),
                }
            }
        }

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "enum": [$($word,)*] })
            }
        }
    };
}

words! {
    /// Where a complete apply is recorded.
    RecordWord(Record) {
        "git" => Record::Git,
        "file" => Record::File,
        "none" => Record::None,
    }
}

words! {
    /// How much of what is live belongs to git.
    ModeWord(Mode) {
        "additive" => Mode::Additive,
        "declared" => Mode::Declared,
        "authoritative" => Mode::Authoritative,
    }
}

words! {
    /// What a lint does when it finds something.
    LintWord(LintLevel) {
        "allow" => LintLevel::Allow,
        "warn" => LintLevel::Warn,
        "deny" => LintLevel::Deny,
    }
}

words! {
    /// Something that may not happen to a role.
    ProtectWord(Protect) {
        "delete" => Protect::Delete,
        "rename" => Protect::Rename,
        "remove" => Protect::Remove,
        "add" => Protect::Add,
    }
}

/// One text or a list of texts.
#[derive(Clone, Debug, Default)]
pub(crate) struct OneOrMany(pub(crate) Vec<Spanned<Text>>);

/// What is owned: one mode for all, or one for each kind.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ManageEntry {
    /// One mode for roles and assignments.
    All(Mode),
    /// A mode for each; what is absent is the default.
    Each(ManageBody),
}

/// A mode for each kind of object.
#[derive(Clone, Copy, Debug, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ManageBody {
    /// How much of the roles belongs to git. Absent: `declared`.
    #[serde(default)]
    pub(crate) roles: Option<ModeWord>,
    /// How much of the assignments belongs to git. Absent: `declared`.
    #[serde(default)]
    pub(crate) assignments: Option<ModeWord>,
}

/// A number, or a percentage as text.
#[derive(Clone, Debug)]
pub(crate) enum LimitEntry {
    /// `3`
    Count(u32),
    /// `10%`
    Percent(Text),
}

/// What taking a role from somebody means.
#[derive(Clone, Debug)]
pub(crate) enum OnUnassignEntry {
    /// One word.
    Word(Text),
    /// The role that the person gets instead.
    To(OnUnassignBody),
}

/// The role that a person gets when another one is taken away.
#[derive(Clone, Debug, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OnUnassignBody {
    /// A role key, or `builtin:NAME`.
    pub(crate) to: Spanned<Text>,
}

/// What may not happen to a role.
#[derive(Clone, Debug)]
pub(crate) enum Protection {
    /// `true` is delete, rename, and remove.
    Flag(bool),
    /// Exactly these.
    List(Vec<ProtectWord>),
}

/// Permissions, in the form that the provider has.
#[derive(Clone, Debug)]
pub(crate) enum Permissions {
    /// A list of names.
    Flat(Vec<Spanned<Text>>),
    /// Resources with their accesses.
    ByResource(Vec<(Spanned<Text>, Vec<Spanned<Text>>)>),
}

/// A permission set: its permissions, or a mapping that can also include other sets.
#[derive(Clone, Debug)]
pub(crate) enum SetEntry {
    /// Only permissions.
    Permissions(Permissions),
    /// With included sets.
    Full(SetBody),
}

/// A role to delete: its former key or live name, or a mapping.
#[derive(Clone, Debug)]
pub(crate) enum RemovedEntry {
    /// A former key, or a live name.
    Text(Text),
    /// With more to say.
    Full(RemovedBody),
}

/// A visitor from the forms a value can have.
macro_rules! visit {
    ($name:ident, $expecting:literal, $($method:tt)*) => {
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Forms;
                impl<'de> Visitor<'de> for Forms {
                    type Value = $name;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expecting)
                    }
                    $($method)*
                }
                deserializer.deserialize_any(Forms)
            }
        }
    };
}

visit! { ManageEntry, "a mode, or a mapping from `roles` and `assignments` to modes",
    fn visit_str<E: de::Error>(self, word: &str) -> Result<ManageEntry, E> {
        let word = <ModeWord as Deserialize>::deserialize(de::value::StrDeserializer::<E>::new(word))?;
        Ok(ManageEntry::All(word.0))
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ManageEntry, A::Error> {
        ManageBody::deserialize(MapAccessDeserializer::new(map)).map(ManageEntry::Each)
    }
}

visit! { LimitEntry, "a number, or a percentage such as \"10%\"",
    fn visit_i64<E: de::Error>(self, number: i64) -> Result<LimitEntry, E> {
        u32::try_from(number).map(LimitEntry::Count).map_err(|_| E::custom("a number out of range"))
    }
    fn visit_str<E: de::Error>(self, text: &str) -> Result<LimitEntry, E> {
        Ok(LimitEntry::Percent(Text(text.into())))
    }
}

visit! { OnUnassignEntry, "a word, or a mapping with `to`",
    fn visit_str<E: de::Error>(self, text: &str) -> Result<OnUnassignEntry, E> {
        Ok(OnUnassignEntry::Word(Text(text.into())))
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<OnUnassignEntry, A::Error> {
        OnUnassignBody::deserialize(MapAccessDeserializer::new(map)).map(OnUnassignEntry::To)
    }
}

visit! { Protection, "true, or a list",
    fn visit_bool<E: de::Error>(self, flag: bool) -> Result<Protection, E> {
        Ok(Protection::Flag(flag))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Protection, A::Error> {
        Deserialize::deserialize(SeqAccessDeserializer::new(items)).map(Protection::List)
    }
}

visit! { Permissions, "a list of permissions, or a mapping from resources to lists of accesses",
    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Permissions, A::Error> {
        Deserialize::deserialize(SeqAccessDeserializer::new(items)).map(Permissions::Flat)
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Permissions, A::Error> {
        let entries = <Entries<Vec<Spanned<Text>>>>::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Permissions::ByResource(entries.0))
    }
}

/// Whether a mapping with this key is the full form of a set. A resource with one of these names
/// can be written in the full form.
pub(crate) const SET_FIELDS: [&str; 2] = ["include", "permissions"];

impl<'de> Deserialize<'de> for SetEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Forms;
        impl<'de> Visitor<'de> for Forms {
            type Value = SetEntry;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("permissions, or a mapping with `include` and `permissions`")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<SetEntry, A::Error> {
                let list = Deserialize::deserialize(SeqAccessDeserializer::new(items))?;
                Ok(SetEntry::Permissions(Permissions::Flat(list)))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<SetEntry, A::Error> {
                let (mut resources, mut body, mut full) = (Vec::new(), SetBody::default(), false);
                while let Some(key) = map.next_key::<Spanned<Text>>()? {
                    match key.value.as_str() {
                        "include" => body.include = map.next_value()?,
                        "permissions" => body.permissions = Some(map.next_value()?),
                        _ => {
                            resources.push((key, map.next_value()?));
                            continue;
                        }
                    }
                    full = true;
                }
                if full && !resources.is_empty() {
                    return Err(de::Error::custom("resources beside `include` or `permissions`"));
                }
                Ok(if full {
                    SetEntry::Full(body)
                } else {
                    SetEntry::Permissions(Permissions::ByResource(resources))
                })
            }
        }
        deserializer.deserialize_any(Forms)
    }
}

visit! { RemovedEntry, "a former key or live name, or a mapping",
    fn visit_str<E: de::Error>(self, text: &str) -> Result<RemovedEntry, E> {
        Ok(RemovedEntry::Text(Text(text.into())))
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RemovedEntry, A::Error> {
        RemovedBody::deserialize(MapAccessDeserializer::new(map)).map(RemovedEntry::Full)
    }
}

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The place of a single text is the place of the whole value, which only `Spanned` knows.
        let whole = <Spanned<TextOrList>>::deserialize(deserializer)?;
        Ok(match whole.value {
            TextOrList::Text(value) => Self(vec![Spanned { value, span: whole.span }]),
            TextOrList::List(list) => Self(list),
        })
    }
}

enum TextOrList {
    Text(Text),
    List(Vec<Spanned<Text>>),
}

visit! { TextOrList, "a text, or a list of texts",
    fn visit_str<E: de::Error>(self, text: &str) -> Result<TextOrList, E> {
        Ok(TextOrList::Text(Text(text.into())))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<TextOrList, A::Error> {
        Deserialize::deserialize(SeqAccessDeserializer::new(items)).map(TextOrList::List)
    }
}

/// A schema that stands inline where its type is used.
macro_rules! schema {
    ($name:ident, $generator:ident => $schema:expr) => {
        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema($generator: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    };
}

schema!(OneOrMany, _generator => json_schema!({
    "if": { "type": "array" },
    "then": { "items": { "type": "string", "minLength": 1 }, "minItems": 1 },
    "else": { "type": "string", "minLength": 1 }
}));

schema!(ManageEntry, generator => {
    let body = ManageBody::json_schema(generator);
    let word = ModeWord::json_schema(generator);
    json_schema!({ "if": { "type": "object" }, "then": body, "else": word })
});

schema!(LimitEntry, _generator => json_schema!({
    "if": { "type": "string" },
    "then": { "pattern": "^(100|[0-9]{1,2})%$" },
    "else": { "type": "integer", "minimum": 0, "maximum": 4_294_967_295_u32 }
}));

schema!(OnUnassignEntry, generator => {
    let body = OnUnassignBody::json_schema(generator);
    json_schema!({ "if": { "type": "object" }, "then": body, "else": { "type": "string" } })
});

schema!(Protection, generator => {
    let words = ProtectWord::json_schema(generator);
    json_schema!({
        "if": { "type": "array" },
        "then": { "items": words, "uniqueItems": true },
        "else": { "type": "boolean" }
    })
});

/// The provider's form replaces this one.
impl JsonSchema for Permissions {
    fn schema_name() -> Cow<'static, str> {
        "Permissions".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["array", "object"] })
    }
}

/// The provider's form replaces this one.
impl JsonSchema for SetEntry {
    fn schema_name() -> Cow<'static, str> {
        "SetEntry".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let body = generator.subschema_for::<SetBody>();
        let permissions = generator.subschema_for::<Permissions>();
        let required: Vec<_> =
            SET_FIELDS.iter().map(|field| serde_json::json!({ "required": [field] })).collect();
        json_schema!({
            "if": { "type": "object", "anyOf": required },
            "then": body,
            "else": permissions
        })
    }
}

impl JsonSchema for RemovedEntry {
    fn schema_name() -> Cow<'static, str> {
        "RemovedEntry".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let body = generator.subschema_for::<RemovedBody>();
        json_schema!({
            "if": { "type": "object" },
            "then": body,
            "else": { "type": "string", "minLength": 1 }
        })
    }
}
