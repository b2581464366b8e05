//! Reading JSON answers: borrowed text, bounded lists, and the place of what is wrong.

use std::{borrow::Cow, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{self, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use super::{Answer, Connection, Failure, failure};

impl Connection {
    /// Parses the body of an answer. The failure names the place, such as
    /// `roles[3].permissions[0].access_type`.
    pub(in crate::provider) fn parse<'a, T: Deserialize<'a>>(
        &self,
        answer: &'a Answer,
    ) -> Result<T, Failure> {
        serde_json::from_slice::<T>(&answer.body).map_err(|error| self.not_understood::<T>(answer, &error))
    }

    fn not_understood<'a, T: Deserialize<'a>>(
        &self,
        answer: &'a Answer,
        error: &serde_json::Error,
    ) -> Failure {
        let status = answer.status;
        if answer.body.iter().all(u8::is_ascii_whitespace) {
            return self.malformed(
                &answer.request,
                &format!("answered {status} with an empty body instead of JSON"),
            );
        }
        if let Some(title) = failure::html_title(&answer.body) {
            let mut failure = self.malformed(
                &answer.request,
                &format!("answered {status} with an HTML page{title} instead of JSON"),
            );
            failure.help = Some("Set `settings.url` to the address of the API itself; a proxy or a sign-in page may stand between.".to_owned());
            return failure;
        }
        if error.is_eof() {
            let bytes = answer.body.len();
            return self.malformed(
                &answer.request,
                &format!("answered {status} with JSON that ends early, after {bytes} bytes"),
            );
        }
        if error.is_syntax() {
            return self.malformed(
                &answer.request,
                &format!("answered {status} with something that is not JSON: {}", without_place(error)),
            );
        }
        // Parsed once more, slowly, to find the place: keeping track of it costs time on every
        // good answer.
        let mut deserializer = serde_json::Deserializer::from_slice(&answer.body);
        let what = match serde_path_to_error::deserialize::<_, T>(&mut deserializer) {
            Ok(_) => without_place(error),
            Err(error) if error.path().iter().next().is_none() => without_place(error.inner()),
            Err(error) => format!("{}: {}", error.path(), without_place(error.inner())),
        };
        self.malformed(&answer.request, &format!("answered {status} with an unexpected body: {what}"))
    }
}

/// What an error says without line and column, which are those of an answer that nobody sees.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&place).map(str::to_owned).unwrap_or(text)
}

/// Text, borrowed from the answer where it holds no escape; a whole number is taken as its digits,
/// for ids that some answers give as numbers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::provider) struct Text<'a>(pub(in crate::provider) Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(number.to_string())))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(number.to_string())))
            }
        }
        deserializer.deserialize_any(TextVisitor)
    }
}

/// A list of at most `N` items: a small answer must not become a large structure.
#[derive(Clone, Debug)]
pub(in crate::provider) struct Bounded<T, const N: usize>(pub(in crate::provider) Vec<T>);

impl<'de, T: Deserialize<'de>, const N: usize> Deserialize<'de> for Bounded<T, N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ListVisitor<T, const N: usize>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>, const N: usize> Visitor<'de> for ListVisitor<T, N> {
            type Value = Bounded<T, N>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
                items(seq)
            }
        }
        deserializer.deserialize_seq(ListVisitor::<T, N>(PhantomData))
    }
}

/// The items of a sequence that has begun.
pub(in crate::provider) fn items<'de, A: SeqAccess<'de>, T: Deserialize<'de>, const N: usize>(
    mut seq: A,
) -> Result<Bounded<T, N>, A::Error> {
    let mut items = Vec::new();
    while let Some(item) = seq.next_element()? {
        if items.len() == N {
            return Err(de::Error::custom(format_args!("more than {N} items")));
        }
        items.push(item);
    }
    Ok(Bounded(items))
}

/// A value of which only the rough kind matters.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::provider) enum Loose<'a> {
    /// `null`.
    Null,
    /// A truth value.
    Flag(bool),
    /// A whole number that is not negative.
    Count(u64),
    /// Text.
    Text(Cow<'a, str>),
    /// A list, a mapping, or another number.
    Other,
}

impl<'de: 'a, 'a> Deserialize<'de> for Loose<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct LooseVisitor;
        impl<'de> Visitor<'de> for LooseVisitor {
            type Value = Loose<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any value")
            }

            fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
                Ok(Loose::Null)
            }

            fn visit_bool<E: de::Error>(self, flag: bool) -> Result<Self::Value, E> {
                Ok(Loose::Flag(flag))
            }

            fn visit_u64<E: de::Error>(self, count: u64) -> Result<Self::Value, E> {
                Ok(Loose::Count(count))
            }

            fn visit_i64<E: de::Error>(self, _: i64) -> Result<Self::Value, E> {
                Ok(Loose::Other)
            }

            fn visit_f64<E: de::Error>(self, _: f64) -> Result<Self::Value, E> {
                Ok(Loose::Other)
            }

            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Loose::Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Loose::Text(Cow::Owned(text.to_owned())))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Loose::Other)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Loose::Other)
            }
        }
        deserializer.deserialize_any(LooseVisitor)
    }
}
