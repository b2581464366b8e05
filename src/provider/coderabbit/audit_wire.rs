//! The JSON of CodeRabbit's audit log. The fields of an entry are documented, its actions, its metadata,
//! and whether it tells the id of its object are not. So keys count in camel case and in snake case,
//! values of another type than documented are none, and everything that is not documented is searched
//! for ids and names.
//! Source: `/api-reference/platform/audit-logs/list-audit-log-entries`.

use std::{collections::BTreeSet, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use crate::{
    model::Untrusted,
    provider::http::{Bounded, Loose, Text},
};

/// Most entries of a page and most resource types to filter by that are read.
const MOST_ENTRIES: usize = 1_000;
const MOST_TYPES: usize = 1_000;
/// Most ids and names that are taken from one entry, and the longest of them in bytes.
const MOST_MENTIONS: usize = 500;
const LONGEST_MENTION: usize = 1_024;

/// A page of the log.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) entries: Vec<RawEntry>,
    /// Whether there is another page.
    pub(super) more: bool,
    /// How many entries the filters find on all pages.
    pub(super) total: Option<u64>,
    /// The resource types that the log knows.
    pub(super) types: Vec<String>,
}

/// An entry as it stands in the log.
#[derive(Debug, Default)]
pub(super) struct RawEntry {
    pub(super) id: Option<String>,
    pub(super) action: Option<String>,
    pub(super) action_label: Option<String>,
    pub(super) resource_type: Option<String>,
    pub(super) type_label: Option<String>,
    pub(super) summary: Option<String>,
    pub(super) actor: RawActor,
    pub(super) created_at: Option<Moment>,
    pub(super) found: Found,
}

/// Who acted.
#[derive(Debug, Default)]
pub(super) struct RawActor {
    pub(super) name: Option<String>,
    pub(super) subtitle: Option<String>,
    pub(super) bot: bool,
}

/// A point in time; its format is not documented.
#[derive(Debug)]
pub(super) enum Moment {
    Text(String),
    /// Seconds or milliseconds since 1970.
    Number(u64),
}

/// What may be an id or a name of the object.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) ids: BTreeSet<Untrusted>,
    pub(super) names: BTreeSet<Untrusted>,
}

impl Found {
    fn text(&mut self, key: &[String], text: &str) {
        if text.is_empty() || text.len() > LONGEST_MENTION {
            return;
        }
        let is = |wanted: &[&str]| key.iter().any(|word| wanted.contains(&&**word));
        let named = is(&["name", "names", "title", "label"]);
        if named || is(&["role", "roles"]) {
            insert(&mut self.names, text);
        }
        if !named {
            insert(&mut self.ids, text);
        }
    }

    /// A number is an id only where its key says so.
    fn number(&mut self, key: &[String], number: u64) {
        let ids = ["id", "ids", "user", "users", "member", "members"];
        if key.iter().any(|word| ids.contains(&&**word)) {
            insert(&mut self.ids, &number.to_string());
        }
    }
}

fn insert(set: &mut BTreeSet<Untrusted>, text: &str) {
    if set.len() < MOST_MENTIONS {
        set.insert(text.into());
    }
}

/// The words of a key or of a value such as `user_role_update`, in lower case.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut lower = false;
    for c in text.chars().take(LONGEST_MENTION) {
        if !c.is_alphanumeric() || (c.is_uppercase() && lower) {
            words.push(String::new());
        }
        lower = c.is_lowercase() || c.is_numeric();
        if let Some(word) = words.last_mut().filter(|_| c.is_alphanumeric()) {
            word.extend(c.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Whether what stands under a key is about who acted.
fn is_of_actor(key: &[String]) -> bool {
    const WORDS: [&str; 8] =
        ["actor", "by", "author", "initiator", "performer", "caller", "creator", "requester"];
    key.iter().any(|word| WORDS.contains(&&**word))
}

/// A key without what differs between camel and snake case.
fn plain(key: &str) -> String {
    words(key).concat()
}

fn text(value: Loose<'_>) -> Option<String> {
    match value {
        Loose::Text(text) if !text.is_empty() => Some(text.into_owned()),
        Loose::Count(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Searches a value of any shape for ids and names.
struct Search<'f> {
    key: Vec<String>,
    found: &'f mut Found,
}

impl<'de> DeserializeSeed<'de> for Search<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Search<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        self.found.number(&self.key, number);
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.found.text(&self.key, text);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(Search { key: self.key.clone(), found: self.found })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Text(key)) = map.next_key()? {
            let key = words(&key);
            if is_of_actor(&key) {
                map.next_value::<IgnoredAny>()?;
            } else {
                map.next_value_seed(Search { key, found: self.found })?;
            }
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for RawEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntryVisitor;
        impl<'de> Visitor<'de> for EntryVisitor {
            type Value = RawEntry;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an entry of the audit log")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawEntry, A::Error> {
                let mut entry = RawEntry::default();
                while let Some(Text(key)) = map.next_key()? {
                    let field = match &*plain(&key) {
                        "id" => &mut entry.id,
                        "action" => &mut entry.action,
                        "actionlabel" => &mut entry.action_label,
                        "resourcetype" => &mut entry.resource_type,
                        "resourcetypelabel" => &mut entry.type_label,
                        "resourcesummary" => &mut entry.summary,
                        "createdat" => {
                            entry.created_at = match map.next_value::<Loose<'_>>()? {
                                Loose::Text(text) if !text.is_empty() => {
                                    Some(Moment::Text(text.into_owned()))
                                }
                                Loose::Count(number) => Some(Moment::Number(number)),
                                _ => None,
                            };
                            continue;
                        }
                        "actor" => {
                            entry.actor = map.next_value()?;
                            continue;
                        }
                        "ipaddress" | "relativetime" => {
                            map.next_value::<IgnoredAny>()?;
                            continue;
                        }
                        _ => {
                            let key = words(&key);
                            if is_of_actor(&key) {
                                map.next_value::<IgnoredAny>()?;
                            } else {
                                map.next_value_seed(Search { key, found: &mut entry.found })?;
                            }
                            continue;
                        }
                    };
                    *field = text(map.next_value()?);
                }
                Ok(entry)
            }
        }
        deserializer.deserialize_any(EntryVisitor)
    }
}

impl<'de> Deserialize<'de> for RawActor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ActorVisitor;
        impl<'de> Visitor<'de> for ActorVisitor {
            type Value = RawActor;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an actor")
            }

            fn visit_unit<E>(self) -> Result<RawActor, E> {
                Ok(RawActor::default())
            }

            fn visit_str<E>(self, name: &str) -> Result<RawActor, E> {
                Ok(RawActor { name: Some(name.to_owned()), ..RawActor::default() })
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawActor, A::Error> {
                let mut actor = RawActor::default();
                while let Some(Text(key)) = map.next_key()? {
                    let value = map.next_value::<Loose<'_>>()?;
                    match &*plain(&key) {
                        "name" => actor.name = text(value),
                        "subtitle" => actor.subtitle = text(value),
                        "isbot" => actor.bot = value == Loose::Flag(true),
                        _ => {}
                    }
                }
                Ok(actor)
            }
        }
        deserializer.deserialize_any(ActorVisitor)
    }
}

#[derive(Debug, Default)]
struct Paging {
    more: bool,
    total: Option<u64>,
}

impl<'de> Deserialize<'de> for Paging {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PagingVisitor;
        impl<'de> Visitor<'de> for PagingVisitor {
            type Value = Paging;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object about pages")
            }

            fn visit_unit<E>(self) -> Result<Paging, E> {
                Ok(Paging::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Paging, A::Error> {
                let mut paging = Paging::default();
                while let Some(Text(key)) = map.next_key()? {
                    match (&*plain(&key), map.next_value::<Loose<'_>>()?) {
                        ("hasnextpage", Loose::Flag(more)) => paging.more = more,
                        ("totalcount", Loose::Count(total)) => paging.total = Some(total),
                        _ => {}
                    }
                }
                Ok(paging)
            }
        }
        deserializer.deserialize_any(PagingVisitor)
    }
}

/// The resource types among the options to filter by.
#[derive(Debug, Default)]
struct Types(Vec<String>);

impl<'de> Deserialize<'de> for Types {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Choice<'a> {
            #[serde(borrow, default)]
            value: Option<Loose<'a>>,
        }
        struct OptionsVisitor;
        impl<'de> Visitor<'de> for OptionsVisitor {
            type Value = Types;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("options to filter by")
            }

            fn visit_unit<E>(self) -> Result<Types, E> {
                Ok(Types::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Types, A::Error> {
                let mut types = Types::default();
                while let Some(Text(key)) = map.next_key()? {
                    if plain(&key) == "resourcetypes" {
                        let choices: Option<Bounded<Choice<'_>, MOST_TYPES>> = map.next_value()?;
                        let values = choices.into_iter().flat_map(|choices| choices.0);
                        types.0 = values.filter_map(|choice| text(choice.value?)).collect();
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(types)
            }
        }
        deserializer.deserialize_any(OptionsVisitor)
    }
}

impl<'de> Deserialize<'de> for Page {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PageVisitor;
        impl<'de> Visitor<'de> for PageVisitor {
            type Value = Page;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a page of the audit log")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Page, A::Error> {
                let (mut entries, mut paging, mut types) = (None, Paging::default(), Types::default());
                while let Some(Text(key)) = map.next_key()? {
                    match &*plain(&key) {
                        "data" => {
                            entries = map.next_value::<Option<Bounded<RawEntry, MOST_ENTRIES>>>()?;
                        }
                        "pagination" => paging = map.next_value()?,
                        "filteroptions" => types = map.next_value()?,
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                let Some(Bounded(entries)) = entries else {
                    return Err(A::Error::custom("`data` is not a list"));
                };
                Ok(Page { entries, more: paging.more, total: paging.total, types: types.0 })
            }
        }
        deserializer.deserialize_any(PageVisitor)
    }
}
