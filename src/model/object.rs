//! What is compared: objects with fields, each at a natural key.

use std::{cmp::Ordering, collections::BTreeSet, sync::Arc};

use super::{Address, Untrusted, untrusted::order};

/// Name of a field, from the fixed vocabulary below and in the providers' contracts.
pub type Field = &'static str;

/// The fields that every provider shares.
pub mod field {
    use super::Field;

    /// A role's display name.
    pub const NAME: Field = "name";
    /// A role's description.
    pub const DESCRIPTION: Field = "description";
    /// A role's permissions, a set.
    pub const PERMISSIONS: Field = "permissions";
    /// The role that an assignment or the default refers to.
    pub const ROLE: Field = "role";
    /// The day from which on an assignment no longer counts that the product ends itself.
    pub const ENDS: Field = "ends";
    /// The built-in role whose permissions a role always has too.
    pub const BASE: Field = "base";
    /// What identifies a role at the provider beside its name.
    pub const SLUG: Field = "slug";
    /// The type of resource on which a role is held, or a permission counts.
    pub const RESOURCE_TYPE: Field = "resource_type";
}

/// What an object is; the order is the order of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A permission declared as a resource.
    Permission,
    /// A role.
    Role,
    /// The role that new members get.
    Default,
    /// Who holds a role.
    Assignment,
}

/// Where an object lives inside a target.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// The target itself.
    Target,
    /// A level of it, such as `enterprise` or `organization`: everything of that kind at once.
    Level(Arc<str>),
    /// A place inside it, such as an organization or a group.
    In {
        /// Kind of the place: `organization`, `group` ...
        kind: Arc<str>,
        /// Its path or id, as it is written or, live, as the API spells it.
        path: Untrusted,
    },
}

impl Scope {
    /// A place of this kind.
    pub fn within(kind: &str, path: impl Into<Untrusted>) -> Self {
        Self::In { kind: kind.into(), path: path.into() }
    }
}

impl Ord for Scope {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Target, Self::Target) => Ordering::Equal,
            (Self::Target, _) => Ordering::Less,
            (_, Self::Target) => Ordering::Greater,
            (Self::Level(a), Self::Level(b)) => order(a, b),
            (Self::Level(_), Self::In { .. }) => Ordering::Less,
            (Self::In { .. }, Self::Level(_)) => Ordering::Greater,
            (Self::In { kind: kind_a, path: a }, Self::In { kind: kind_b, path: b }) => {
                order(kind_a, kind_b).then_with(|| a.cmp(b))
            }
        }
    }
}

impl PartialOrd for Scope {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The natural key of an object: what the provider itself holds unique.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// What it is.
    pub kind: Kind,
    /// Class within the kind: `role`, `admin_role`, for assignments the kind of principal.
    pub class: &'static str,
    /// Where it is.
    pub scope: Scope,
    /// Name of a role, or its slug where it has one; id of a principal; empty for the default.
    pub name: Untrusted,
    /// For an assignment where a principal may hold several roles: which. `None` where a principal
    /// has one slot, whose content is then the field `role`.
    pub role: Option<RoleId>,
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        self.kind
            .cmp(&other.kind)
            .then_with(|| order(self.class, other.class))
            .then_with(|| self.scope.cmp(&other.scope))
            .then_with(|| self.name.cmp(&other.name))
            .then_with(|| self.role.cmp(&other.role))
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Which role, beyond its name: names change and can be swapped.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RoleId {
    /// A role that exists at the provider, by the provider's id.
    Live(Untrusted),
    /// A role that the plan creates, by its address.
    New(Address),
}

/// The value of a field.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// Text; `None` is cleared.
    Text(Option<Untrusted>),
    /// Yes or no.
    Flag(bool),
    /// A set, in canonical spelling.
    Set(BTreeSet<Untrusted>),
    /// A role; `None` is no role.
    Role(Option<RoleId>),
}

impl Value {
    /// The members of a set; empty for every other value.
    pub fn members(&self) -> &BTreeSet<Untrusted> {
        static EMPTY: BTreeSet<Untrusted> = BTreeSet::new();
        match self {
            Self::Set(members) => members,
            _ => &EMPTY,
        }
    }
}
