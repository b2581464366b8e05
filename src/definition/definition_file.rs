//! A definition file as it is written. The schema that editors use and the reader come from these
//! types; what depends on the provider is filled in by `schema`. The comments are what an editor
//! shows.

use std::fmt;

use schemars::JsonSchema;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

use super::{
    de::{Entries, Spanned, Text},
    forms::{Permissions, Protection, RemovedEntry, SetEntry},
    place::ScopeEntry,
};

/// Roles of one provider, and who holds them. A file may serve several targets of its provider, and several files make one target.
#[derive(Clone, Debug, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DefinitionFile {
    /// The product that these roles belong to.
    pub(crate) provider: Spanned<Text>,
    /// Named groups of permissions, for `include`. Visible in all files of the target; one name once.
    #[serde(default)]
    pub(crate) permission_sets: Entries<SetEntry>,
    /// Custom roles by key. The key identifies the role in git; its `name` is what the product shows.
    #[serde(default)]
    pub(crate) roles: Entries<RoleEntry>,
    /// Who holds which role.
    #[serde(default)]
    pub(crate) assignments: Vec<AssignmentEntry>,
    /// The role that new members get: a role key, `builtin:NAME`, or `none`. Absent: not managed.
    #[serde(default)]
    pub(crate) default_role: Option<Spanned<Text>>,
    /// Roles to delete on purpose, by former key or by live name.
    #[serde(default)]
    pub(crate) removed: Vec<Spanned<RemovedEntry>>,
}

/// A permission set that includes others.
#[derive(Clone, Debug, Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetBody {
    /// Names of permission sets whose permissions this one has too.
    #[serde(default)]
    pub(crate) include: Vec<Spanned<Text>>,
    /// Permissions of its own.
    #[serde(default)]
    pub(crate) permissions: Option<Permissions>,
}

/// A custom role. Its permissions are those of `base`, of the included sets, and its own, without `except`.
#[derive(Clone, Debug, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RoleEntry {
    /// The class of the role, where the provider has several.
    #[serde(default)]
    pub(crate) kind: Option<Spanned<Text>>,
    /// Where it lives: a level, or places inside the target, with one role in each of them.
    #[serde(default)]
    pub(crate) scope: Option<Spanned<ScopeEntry>>,
    /// What differs in single places of `scope`, by place.
    #[serde(default)]
    pub(crate) overrides: Entries<OverrideBody>,
    /// What identifies it at the provider; it never changes. Absent: the key.
    #[serde(default)]
    pub(crate) slug: Option<Spanned<Text>>,
    /// The provider's id of this role, where its name is not enough to find it. Not in a file that serves several targets.
    #[serde(default)]
    pub(crate) id: Option<Spanned<Text>>,
    /// Its name at the provider. Absent: the key.
    #[serde(default)]
    pub(crate) name: Option<Spanned<Text>>,
    /// What the role is for. Absent: not managed; null clears it.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Option<String>")]
    pub(crate) description: Option<Spanned<Option<Text>>>,
    /// The role that this one starts from: a role key, or `builtin:NAME`.
    #[serde(default)]
    pub(crate) base: Option<Spanned<Text>>,
    /// Names of permission sets whose permissions this role has.
    #[serde(default)]
    pub(crate) include: Vec<Spanned<Text>>,
    /// Permissions of its own.
    #[serde(default)]
    pub(crate) permissions: Option<Permissions>,
    /// Permissions that are taken away from the union of base, sets, and its own.
    #[serde(default)]
    pub(crate) except: Option<Permissions>,
    /// What may not happen to this role: true is `[delete, rename, remove]`; `add` forbids gaining permissions.
    #[serde(default)]
    pub(crate) protect: Option<Protection>,
    /// Earlier names of this role: it is renamed instead of deleted and created.
    #[serde(default)]
    pub(crate) previously: Vec<Spanned<Text>>,
    /// Accepts that holders who keep an access are without it for a moment, where no order of steps
    /// avoids that.
    #[serde(default)]
    pub(crate) allow_gap: bool,
}

/// What differs in one place. Permissions come on top of those of the role, `except` takes some away.
#[derive(Clone, Debug, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OverrideBody {
    /// Its name in this place.
    #[serde(default)]
    pub(crate) name: Option<Spanned<Text>>,
    /// Its description in this place.
    #[serde(default)]
    pub(crate) description: Option<Spanned<Text>>,
    /// Permissions that it has in this place too.
    #[serde(default)]
    pub(crate) permissions: Option<Permissions>,
    /// Permissions that it does not have in this place.
    #[serde(default)]
    pub(crate) except: Option<Permissions>,
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Spanned<Option<Text>>>, D::Error> {
    Deserialize::deserialize(deserializer).map(Some)
}

/// Who holds one role.
#[derive(Clone, Debug, JsonSchema)]
pub(crate) struct AssignmentEntry {
    /// The role: a role key, or `builtin:NAME`.
    pub(crate) role: Spanned<Text>,
    /// Where it is held: a level, or places inside the target; in each of them the same people.
    pub(crate) scope: Option<Spanned<ScopeEntry>>,
    /// Lists that are the whole truth: whoever holds the role and is not listed loses it.
    pub(crate) exclusive: Vec<Spanned<Text>>,
    /// The last day on which the assignment holds, as YYYY-MM-DD; afterwards it is planned away.
    pub(crate) expires: Option<Spanned<Text>>,
    /// The lists of principals, by the names that the provider's contract gives them.
    #[schemars(skip)]
    pub(crate) principals: Vec<(Spanned<Text>, Vec<Spanned<Text>>)>,
    /// Where more of them come from, by the same names with [`FROM`] behind.
    #[schemars(skip)]
    pub(crate) tables: Vec<(Spanned<Text>, TableEntry)>,
}

/// What stands behind the name of a list of principals where they come from a table.
pub(crate) const FROM: &str = "_from";

/// A column of a table of people.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TableEntry {
    /// The CSV file, relative to the configuration.
    pub(crate) file: Spanned<Text>,
    /// The column, by its name in the header.
    pub(crate) column: Spanned<Text>,
}

impl<'de> Deserialize<'de> for AssignmentEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntryVisitor;
        impl<'de> Visitor<'de> for EntryVisitor {
            type Value = AssignmentEntry;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping with `role`")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<AssignmentEntry, A::Error> {
                let (mut role, mut exclusive, mut expires, mut scope) = (None, Vec::new(), None, None);
                let (mut principals, mut tables) = (Vec::new(), Vec::new());
                while let Some(key) = map.next_key::<Spanned<Text>>()? {
                    match key.value.as_str() {
                        "role" => role = Some(map.next_value()?),
                        "scope" => scope = Some(map.next_value()?),
                        "exclusive" => exclusive = map.next_value()?,
                        "expires" => expires = Some(map.next_value()?),
                        field if field.ends_with(FROM) => tables.push((key, map.next_value()?)),
                        _ => principals.push((key, map.next_value()?)),
                    }
                }
                let role = role.ok_or_else(|| serde::de::Error::missing_field("role"))?;
                Ok(AssignmentEntry { role, scope, exclusive, expires, principals, tables })
            }
        }
        deserializer.deserialize_map(EntryVisitor)
    }
}

/// A role to delete on purpose. Give `key` or `name`, not both.
#[derive(Clone, Debug, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RemovedBody {
    /// The key that the role had.
    #[serde(default)]
    pub(crate) key: Option<Spanned<Text>>,
    /// The name that the product shows, for a role that git never declared.
    #[serde(default)]
    pub(crate) name: Option<Spanned<Text>>,
    /// Where it lives, for one that lives in several places. Absent: everywhere.
    #[serde(default)]
    pub(crate) scope: Option<Spanned<ScopeEntry>>,
    /// The role that its holders get: a role key, or `builtin:NAME`. Needed where somebody holds it.
    #[serde(default)]
    pub(crate) reassign_to: Option<Spanned<Text>>,
}
