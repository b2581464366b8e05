//! Classes of roles and their fields.

use super::{ResourceType, ScopeSpec, Settings};
use crate::model::{Field, Value, field};

/// A class of roles.
#[derive(Clone, Copy, Debug)]
pub struct RoleClass {
    /// Its name: `role`, `admin` ... The first class is that of a role that says nothing; the name of
    /// every other one is what is written as `kind:`.
    pub class: &'static str,
    /// Where its roles live; empty for the target itself.
    pub scopes: &'static [ScopeSpec],
    /// Whether the API lists the roles of this class. Where it does not, only the attested snapshot
    /// tells which ones exist.
    pub listed: bool,
    /// How a role comes to be.
    pub create: Do,
    /// How it goes.
    pub delete: Do,
    /// What `base:` means. A class with [`Base::Floor`] has the field [`field::BASE`].
    pub base: Base,
    /// Its fields. [`field::NAME`] and [`field::PERMISSIONS`] are among them.
    pub fields: &'static [FieldSpec],
    /// Bounds of its name in characters.
    pub name: Length,
    /// Bounds of its description in characters; `None` where a role has none. Where [`field::DESCRIPTION`]
    /// is not among the fields, it stands in git alone, for whoever reads the definitions.
    pub description: Option<Length>,
    /// What identifies a role of it at the provider, where that is not its name: written as `slug:`,
    /// the key where nothing is written.
    pub slug: Option<Slug>,
    /// What types of resources its roles are for; `None` where they have none. A class that has some has
    /// the field [`field::RESOURCE_TYPE`].
    pub resource_type: Option<ResourceType>,
    /// Whether permissions go with requests of their own: the one that makes a role takes none, nor the one
    /// that changes its other fields. These are operations of their own then; people join a new role after
    /// it has got its permissions.
    pub permissions_apart: bool,
    /// Whether a role of it that the provider ships can be declared: its name, its description, and its
    /// permissions then change like those of any other; it is never made, nor deleted.
    pub declares_builtin: bool,
    /// Fewest permissions.
    pub min_permissions: u32,
    /// Most roles of the class in one scope, where there is a limit.
    pub limit: Option<u32>,
    /// The setting of a target without which the limit is advice, and the provider takes more.
    pub limit_with: Option<&'static str>,
    /// Whether a role can only be deleted once nobody holds it.
    pub delete_needs_vacancy: bool,
    /// The setting with which a target has no roles of this class.
    pub not_with: Option<&'static str>,
}

impl RoleClass {
    /// A class for which everything can be done over the API, to say what differs from it:
    /// `RoleClass { base: Base::Floor, ..RoleClass::PLAIN }`.
    pub const PLAIN: Self = Self {
        class: "role",
        scopes: &[],
        listed: true,
        create: Do::Api,
        delete: Do::Api,
        base: Base::None,
        fields: &[
            FieldSpec::of(field::NAME),
            FieldSpec { same: super::equal_text, ..FieldSpec::of(field::DESCRIPTION) },
            FieldSpec::of(field::PERMISSIONS),
        ],
        name: Length { min: 1, max: None },
        description: Some(Length { min: 0, max: None }),
        slug: None,
        resource_type: None,
        permissions_apart: false,
        declares_builtin: false,
        min_permissions: 0,
        limit: None,
        limit_with: None,
        delete_needs_vacancy: true,
        not_with: None,
    };

    /// Whether a target with these settings can have roles of this class.
    pub fn is_of(&self, settings: &Settings) -> bool {
        self.not_with.is_none_or(|setting| !settings.contains_key(setting))
    }

    /// The limit of roles in a target with these settings, where the provider keeps it.
    pub fn strict_limit(&self, settings: &Settings) -> Option<u32> {
        self.limit.filter(|_| self.limit_with.is_none_or(|setting| settings.contains_key(setting)))
    }

    /// The field with this name.
    pub fn field(&self, name: &str) -> Option<&'static FieldSpec> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// What changing the field takes; a field that the class does not name changes in place.
    pub fn on_change(&self, name: &str) -> OnChange {
        self.field(name).map_or(OnChange::InPlace, |field| field.on_change)
    }

    /// Whether the API tells the value of the field.
    pub fn reads(&self, name: &str) -> bool {
        self.listed && self.field(name).is_none_or(|field| field.readable)
    }
}

/// What identifies a role at the provider beside its name.
#[derive(Clone, Copy, Debug)]
pub struct Slug {
    /// Bounds in characters.
    pub length: Length,
    /// What it has to begin with where the role lives in an instance of a scope: `org-`.
    pub prefix_in_instances: &'static str,
    /// What it looks like, in words, for the message that refuses another one.
    pub about: &'static str,
    /// Whether this can be one; its length was checked.
    pub is_valid: fn(&str) -> bool,
}

impl Slug {
    /// Whether `text` can be one, whatever it has to begin with.
    pub fn fits(&self, text: &str) -> bool {
        self.length.holds(text) && (self.is_valid)(text)
    }
}

/// Bounds of a text in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Length {
    /// Fewest.
    pub min: u32,
    /// Most; `None` where no limit is known.
    pub max: Option<u32>,
}

impl Length {
    /// Whether `text` is within the bounds.
    pub fn holds(&self, text: &str) -> bool {
        let length = text.chars().count();
        length >= self.min as usize && self.max.is_none_or(|max| length <= max as usize)
    }
}

/// A field of a class.
#[derive(Clone, Copy, Debug)]
pub struct FieldSpec {
    /// Its name.
    pub name: Field,
    /// Whether the API tells its value. One that it does not tell is known from the attested snapshot,
    /// or not at all.
    pub readable: bool,
    /// What changing it takes.
    pub on_change: OnChange,
    /// When two values count as equal.
    pub same: fn(&Value, &Value) -> bool,
}

impl FieldSpec {
    /// A field that is read and changed over the API.
    pub const fn of(name: Field) -> Self {
        Self { name, readable: true, on_change: OnChange::InPlace, same: super::equal }
    }
}

/// Whether something can be done over the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Do {
    /// By a request.
    Api,
    /// By a person in the dashboard.
    Manual,
    /// Not at all.
    Refuse,
}

/// What changing a field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnChange {
    /// One request.
    InPlace,
    /// A new object in place of the old one.
    Replace,
    /// A person in the dashboard.
    Manual,
    /// It cannot change, except with a new object that comes for another field.
    Refuse,
}

/// What `base:` means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// There is no base.
    None,
    /// Its permissions are copied; `except` may take some away.
    Copy,
    /// Its permissions are always held; nothing can be taken away. It is a built-in role, and the
    /// role's field [`field::BASE`]; what it grants is shown and not sent.
    Floor,
}

/// The default role.
#[derive(Clone, Copy, Debug)]
pub struct DefaultRole {
    /// Whether a built-in role can be the default.
    pub builtin: bool,
    /// Whether there can be none.
    pub none: bool,
}
