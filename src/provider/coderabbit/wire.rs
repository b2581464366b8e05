//! CodeRabbit's JSON. The bodies of `/v1/roles` are not documented, so every shape that its
//! documentation and its other endpoints suggest is read, and unknown fields are ignored:
//!
//! ```text
//! one  = body.role if it is an object, else body
//! list = body.roles, or body.data, or the body itself if it is a list
//! id   = role, role_id, or id; name = role_name or name
//! ```

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{self, IgnoredAny, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};

use crate::provider::http::{Bounded, Loose, Text, items};

/// Most roles, permissions of a role, and users of a page that are read.
const MOST_ROLES: usize = 100_000;
const MOST_PERMISSIONS: usize = 10_000;
const MOST_USERS: usize = 10_000;
/// Most resource ids and access types of the catalogue.
const MOST_OPTIONS: usize = 2_000;

/// A role.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "RoleShape<'_>")]
#[serde(bound(deserialize = "'de: 'a"))]
pub(super) struct Role<'a> {
    pub(super) id: Text<'a>,
    pub(super) name: Text<'a>,
    pub(super) role_type: Option<Text<'a>>,
    /// Outer `None`: the key is absent.
    pub(super) description: Option<Option<Text<'a>>>,
    pub(super) is_default: Option<bool>,
    pub(super) user_count: Option<u64>,
    pub(super) permissions: Option<Vec<Entry<'a>>>,
    pub(super) created_at: Option<Text<'a>>,
}

/// A permission of a role.
#[derive(Clone, Debug, Deserialize)]
#[serde(expecting = "a permission: an object with `resource_id` and `access_type`")]
pub(super) struct Entry<'a> {
    #[serde(borrow)]
    pub(super) resource_id: Text<'a>,
    /// Generated samples leave it out, so it may be absent; what that means is not documented.
    #[serde(borrow, default)]
    pub(super) access_type: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct RoleShape<'a> {
    #[serde(borrow, default)]
    role: Option<IdOrRole<'a>>,
    #[serde(borrow, default)]
    role_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    id: Option<Text<'a>>,
    #[serde(borrow, default)]
    role_name: Option<Text<'a>>,
    #[serde(borrow, default)]
    name: Option<Text<'a>>,
    #[serde(borrow, default)]
    role_type: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "present")]
    description: Option<Option<Text<'a>>>,
    #[serde(default)]
    is_default: Option<bool>,
    #[serde(default)]
    user_count: Option<u64>,
    #[serde(borrow, default)]
    permissions: Option<Bounded<Entry<'a>, MOST_PERMISSIONS>>,
    #[serde(borrow, default)]
    created_at: Option<Text<'a>>,
}

impl<'a> TryFrom<RoleShape<'a>> for Role<'a> {
    type Error = &'static str;

    fn try_from(shape: RoleShape<'a>) -> Result<Self, Self::Error> {
        let id = match shape.role {
            Some(IdOrRole::Role(role)) => return Ok(*role),
            Some(IdOrRole::Id(id)) => Some(id),
            None => shape.role_id.or(shape.id),
        };
        Ok(Self {
            id: id.ok_or("none of the fields `role`, `role_id`, and `id` is there")?,
            name: shape
                .role_name
                .or(shape.name)
                .ok_or("none of the fields `role_name` and `name` is there")?,
            role_type: shape.role_type,
            description: shape.description,
            is_default: shape.is_default,
            user_count: shape.user_count,
            permissions: shape.permissions.map(|Bounded(entries)| entries),
            created_at: shape.created_at,
        })
    }
}

/// The value of `role`: outside a role the role itself, inside it its id.
enum IdOrRole<'a> {
    Id(Text<'a>),
    Role(Box<Role<'a>>),
}

impl<'de: 'a, 'a> Deserialize<'de> for IdOrRole<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct RoleVisitor;
        impl<'de> Visitor<'de> for RoleVisitor {
            type Value = IdOrRole<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an id or a role")
            }

            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(IdOrRole::Id(Text(text.into())))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(IdOrRole::Id(Text(text.to_owned().into())))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                let role = Role::deserialize(MapAccessDeserializer::new(map))?;
                Ok(IdOrRole::Role(Box::new(role)))
            }
        }
        deserializer.deserialize_any(RoleVisitor)
    }
}

/// Tells an absent key from `null`.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Tells an absent key from `null`, for values of any kind.
fn some<'de: 'a, 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Loose<'a>>, D::Error> {
    Loose::deserialize(deserializer).map(Some)
}

/// The list of roles.
#[derive(Debug)]
pub(super) struct RoleList<'a> {
    pub(super) roles: Vec<Role<'a>>,
    /// A sign that this is not the whole list; the list is documented to come in one piece.
    pub(super) cut: Option<String>,
}

impl<'de: 'a, 'a> Deserialize<'de> for RoleList<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ListVisitor;
        impl<'de> Visitor<'de> for ListVisitor {
            type Value = RoleList<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of roles, or an object with one in `roles` or `data`")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
                let Bounded(roles) = items::<_, _, MOST_ROLES>(seq)?;
                Ok(RoleList { roles, cut: None })
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                type List<'a> = Option<Bounded<Role<'a>, MOST_ROLES>>;
                let (mut roles, mut data): (List<'de>, List<'de>) = (None, None);
                let mut paging = Paging::default();
                while let Some(Text(key)) = map.next_key()? {
                    match &*key {
                        "roles" if roles.is_none() => roles = map.next_value()?,
                        "data" if data.is_none() => data = map.next_value()?,
                        "roles" | "data" => {
                            return Err(de::Error::custom(format_args!("the field `{key}` is there twice")));
                        }
                        "pagination" | "meta" => match map.next_value()? {
                            PagingField::Paging(inner) => paging.join(inner),
                            PagingField::Other => {}
                        },
                        key => {
                            let value = map.next_value()?;
                            paging.see(key, value);
                        }
                    }
                }
                let Some(Bounded(roles)) = roles.or(data) else {
                    return Err(de::Error::custom("neither `roles` nor `data` is a list"));
                };
                let cut = paging.cut(roles.len());
                Ok(RoleList { roles, cut })
            }
        }
        deserializer.deserialize_any(ListVisitor)
    }
}

/// Signs of a list that comes in pages.
#[derive(Debug, Default)]
struct Paging {
    more: Option<String>,
    total: Option<u64>,
}

impl Paging {
    fn see(&mut self, key: &str, value: Loose<'_>) {
        match (key, value) {
            ("next_cursor" | "nextCursor" | "next_page_token" | "next", Loose::Text(text))
                if !text.is_empty() =>
            {
                self.more = Some(key.to_owned());
            }
            ("has_more" | "hasMore" | "has_next_page" | "hasNextPage", Loose::Flag(true))
            | ("next_page" | "nextPage", Loose::Count(_)) => self.more = Some(key.to_owned()),
            ("total" | "total_count" | "totalCount", Loose::Count(total)) => self.total = Some(total),
            _ => {}
        }
    }

    fn join(&mut self, other: Self) {
        self.more = self.more.take().or(other.more);
        self.total = self.total.or(other.total);
    }

    fn cut(self, length: usize) -> Option<String> {
        match (self.more, self.total) {
            (Some(key), _) => Some(format!("the answer has `{key}`, so there are more roles")),
            (None, Some(total)) if total > length as u64 => {
                Some(format!("the answer holds {length} roles and says that there are {total}"))
            }
            _ => None,
        }
    }
}

enum PagingField {
    Paging(Paging),
    Other,
}

impl<'de> Deserialize<'de> for PagingField {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PagingVisitor;
        impl<'de> Visitor<'de> for PagingVisitor {
            type Value = PagingField;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
                Ok(PagingField::Other)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut paging = Paging::default();
                while let Some((Text(key), value)) = map.next_entry::<Text<'de>, Loose<'de>>()? {
                    paging.see(&key, value);
                }
                Ok(PagingField::Paging(paging))
            }
        }
        deserializer.deserialize_any(PagingVisitor)
    }
}

/// `GET /v1/roles/permissions`. Its lists are documented; an answer without them is another one.
#[derive(Debug, Deserialize)]
#[serde(expecting = "an object with lists in `resource_ids` and `access_types`")]
pub(super) struct Options<'a> {
    #[serde(borrow, default)]
    pub(super) resource_ids: Option<Bounded<Word<'a>, MOST_OPTIONS>>,
    #[serde(borrow, default)]
    pub(super) access_types: Option<Bounded<Word<'a>, MOST_OPTIONS>>,
}

/// Text, and nothing that could be taken for it: a name that is given as a number is another name.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Word<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// `GET /v1/me`, of which only `scope.id` is documented. Anything of another type is as good as
/// absent. The kind of the key, where it is told, is only good for a warning.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Me {
    #[serde(default, deserialize_with = "part")]
    scope: Part,
    #[serde(default, deserialize_with = "part")]
    user: Part,
    #[serde(default, deserialize_with = "part")]
    key: Part,
    #[serde(default, deserialize_with = "text")]
    user_id: Option<String>,
    #[serde(default, rename = "type", deserialize_with = "text")]
    kind: Option<String>,
}

#[derive(Debug, Default)]
struct Part {
    id: Option<String>,
    user_id: Option<String>,
    kind: Option<String>,
}

impl Me {
    /// The CodeRabbit id of the organization or workspace.
    pub(super) fn scope_id(&self) -> Option<&str> {
        self.scope.id.as_deref()
    }

    /// Whether the key is an agentic one, which may change nothing (`/api/authentication`).
    pub(super) fn is_agentic(&self) -> bool {
        [&self.kind, &self.key.kind].into_iter().flatten().any(|kind| kind == "agentic")
    }

    /// The user, only where the field has the name that the list of users gives to the same id.
    pub(super) fn user_id(&self) -> Option<&str> {
        self.user_id.as_deref().or(self.user.user_id.as_deref())
    }
}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Loose::deserialize(deserializer)? {
        Loose::Text(text) if !text.is_empty() && text.len() <= 255 => Some(text.into_owned()),
        Loose::Count(number) => Some(number.to_string()),
        _ => None,
    })
}

fn part<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Part, D::Error> {
    struct PartVisitor;
    impl<'de> Visitor<'de> for PartVisitor {
        type Value = Part;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            #[derive(Deserialize)]
            #[serde(transparent)]
            struct Word(#[serde(deserialize_with = "text")] Option<String>);
            let mut part = Part::default();
            while let Some(Text(key)) = map.next_key()? {
                match &*key {
                    "id" => part.id = map.next_value::<Word>()?.0,
                    "user_id" => part.user_id = map.next_value::<Word>()?.0,
                    "type" => part.kind = map.next_value::<Word>()?.0,
                    _ => {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
            }
            Ok(part)
        }

        fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
            Ok(Part::default())
        }

        fn visit_str<E: de::Error>(self, _: &str) -> Result<Self::Value, E> {
            Ok(Part::default())
        }
    }
    deserializer.deserialize_any(PartVisitor)
}

/// A page of `GET /v1/users`.
#[derive(Debug, Deserialize)]
#[serde(expecting = "an object with a list in `users`")]
pub(super) struct UserPage<'a> {
    #[serde(borrow, default)]
    pub(super) users: Option<Bounded<User<'a>, MOST_USERS>>,
    #[serde(borrow, default)]
    pub(super) next_cursor: Option<Text<'a>>,
}

/// A user.
#[derive(Debug, Deserialize)]
#[serde(expecting = "a user")]
pub(super) struct User<'a> {
    #[serde(borrow, default)]
    pub(super) user_id: Option<Text<'a>>,
    /// Absent in the view of a whole workspace, which has another shape.
    #[serde(borrow, default, deserialize_with = "some")]
    pub(super) role: Option<Loose<'a>>,
    #[serde(borrow, default)]
    pub(super) user_name: Option<Loose<'a>>,
    #[serde(borrow, default)]
    pub(super) name: Option<Loose<'a>>,
    #[serde(borrow, default)]
    pub(super) email: Option<Loose<'a>>,
}

/// The answer to a creation, of which only the id matters.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Made {
    #[serde(default)]
    role: Option<MadeRole>,
    #[serde(default)]
    data: Option<MadeRole>,
    #[serde(default, deserialize_with = "text")]
    role_id: Option<String>,
    #[serde(default, deserialize_with = "text")]
    id: Option<String>,
}

impl Made {
    pub(super) fn id(self) -> Option<String> {
        let inner = |role: Option<MadeRole>| match role? {
            MadeRole::Id(id) => Some(id),
            MadeRole::Role(made) => made.id(),
            MadeRole::Other => None,
        };
        inner(self.role).or(self.role_id).or(self.id).or_else(|| inner(self.data))
    }
}

#[derive(Debug)]
enum MadeRole {
    Id(String),
    Role(Box<Made>),
    Other,
}

impl<'de> Deserialize<'de> for MadeRole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MadeVisitor;
        impl<'de> Visitor<'de> for MadeVisitor {
            type Value = MadeRole;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an id or a role")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(MadeRole::Id(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                Made::deserialize(MapAccessDeserializer::new(map)).map(|made| MadeRole::Role(Box::new(made)))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(MadeRole::Other)
            }
        }
        deserializer.deserialize_any(MadeVisitor)
    }
}

/// The answer to `POST /v1/users/roles`: 200 even where some or all failed.
#[derive(Debug, Deserialize)]
#[serde(expecting = "an object with a `status`")]
pub(super) struct Bulk<'a> {
    #[serde(borrow, default)]
    pub(super) status: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) succeeded: Option<Bounded<Text<'a>, MOST_USERS>>,
    #[serde(borrow, default)]
    pub(super) failed: Option<Bounded<Failed<'a>, MOST_USERS>>,
}

/// One user whose role was not changed.
#[derive(Debug, Deserialize)]
#[serde(expecting = "a failure: an object with a `user_id`")]
pub(super) struct Failed<'a> {
    #[serde(borrow)]
    pub(super) user_id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) code: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) message: Option<Text<'a>>,
}
