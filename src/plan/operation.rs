//! Operations: what a writer is asked to do, each at most one mutating request. The unit of order,
//! retry, and fault.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Address, Field, Kind, RoleId, Scope, Untrusted, Value};

/// One operation of an apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Op {
    /// What to do.
    pub verb: Verb,
    /// The changes it is part of, as indices into the plan's changes.
    pub covers: Vec<usize>,
    /// Operations, as indices, without which it makes no sense or is not safe: it is not attempted
    /// where one of them failed.
    pub needs: Vec<usize>,
    /// Its place in the order: every operation of a lower stratum ends, and is read back, before
    /// one of this stratum starts. Operations of one stratum are independent.
    pub stratum: u32,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Make a role.
    CreateRole {
        /// The address by which later operations refer to it.
        address: Address,
        /// Its class.
        class: &'static str,
        /// Where.
        scope: Scope,
        /// Everything about it.
        body: RoleBody,
    },
    /// Change a role.
    UpdateRole {
        /// Which.
        role: RoleId,
        /// Its class.
        class: &'static str,
        /// Where.
        scope: Scope,
        /// What changes; a set of permissions is always the full one.
        send: RolePatch,
        /// The whole role as it is after this operation, for APIs that want everything.
        full: RoleBody,
    },
    /// Delete a role.
    DeleteRole {
        /// Which.
        role: RoleId,
        /// Its class.
        class: &'static str,
        /// Where.
        scope: Scope,
        /// What the provider knows it by: its name, or its slug.
        natural: Untrusted,
    },
    /// Make, change, or delete a permission that is a resource of its own.
    Permission {
        /// What roles name it by.
        slug: Untrusted,
        /// What is done to it.
        act: PermissionAct,
    },
    /// Make another role, or none, the default.
    SetDefault {
        /// The new one.
        role: Option<RoleId>,
        /// The old one, which loses the mark.
        clears: Option<RoleId>,
    },
    /// Give principals a role: in place of the one they hold where they can hold only one, beside the
    /// others where they can hold several.
    Assign {
        /// The role.
        role: RoleId,
        /// The built-in role that it starts from, where that is always held too; an API may want both.
        base: Option<RoleId>,
        /// Where.
        scope: Scope,
        /// Class of the principals.
        class: &'static str,
        /// Their ids, at most the batch size of the class.
        principals: Vec<Untrusted>,
        /// The role that each of them holds in this place until then, where they can hold only one;
        /// who is not in it holds nothing there, and may not be a member.
        held: BTreeMap<Untrusted, RoleId>,
    },
    /// Take a role from principals, with whatever the class says goes with it: the membership where
    /// `on_unassign` says `remove_member`. Where another access is to stay, that is an assignment.
    Unassign {
        /// The role.
        role: RoleId,
        /// Where.
        scope: Scope,
        /// Class of the principals.
        class: &'static str,
        /// Their ids, at most the batch size of the class.
        principals: Vec<Untrusted>,
    },
}

/// What operations are alike: what they change, of which class, and where.
pub type OpKind<'a> = (Kind, &'static str, &'a Scope);

impl Verb {
    /// What it is like.
    pub fn kind(&self) -> OpKind<'_> {
        match self {
            Self::CreateRole { class, .. }
            | Self::UpdateRole { class, .. }
            | Self::DeleteRole { class, .. } => (Kind::Role, class, self.scope()),
            Self::Assign { class, .. } | Self::Unassign { class, .. } => {
                (Kind::Assignment, class, self.scope())
            }
            Self::SetDefault { .. } => (Kind::Default, "", self.scope()),
            Self::Permission { .. } => (Kind::Permission, "", self.scope()),
        }
    }

    /// Where it changes something.
    pub fn scope(&self) -> &Scope {
        match self {
            Self::CreateRole { scope, .. }
            | Self::UpdateRole { scope, .. }
            | Self::DeleteRole { scope, .. }
            | Self::Assign { scope, .. }
            | Self::Unassign { scope, .. } => scope,
            Self::SetDefault { .. } | Self::Permission { .. } => &Scope::Target,
        }
    }
}

/// A whole role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleBody {
    /// Its name.
    pub name: Untrusted,
    /// Its description.
    pub description: Option<Untrusted>,
    /// Its permissions; without what its base grants.
    pub permissions: BTreeSet<Untrusted>,
    /// Fields that only some providers have: `base`, `slug` ...
    pub fields: BTreeMap<Field, Value>,
}

/// What is done to a permission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PermissionAct {
    /// It is made.
    Create(PermissionBody),
    /// It changes.
    Update {
        /// A new name.
        name: Option<Untrusted>,
        /// A new description; `Some(None)` clears it.
        description: Option<Option<Untrusted>>,
    },
    /// It is deleted; roles that still have it lose it.
    Delete,
}

/// A whole permission, beside its slug.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PermissionBody {
    /// Its name.
    pub name: Untrusted,
    /// Its description.
    pub description: Option<Untrusted>,
    /// Fields that only some providers have: `resource_type`.
    pub fields: BTreeMap<Field, Value>,
}

/// The fields of a role that an operation changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RolePatch {
    /// A new name.
    pub name: Option<Untrusted>,
    /// A new description; `Some(None)` clears it.
    pub description: Option<Option<Untrusted>>,
    /// The full new set.
    pub permissions: Option<BTreeSet<Untrusted>>,
    /// Fields that only some providers have.
    pub fields: BTreeMap<Field, Value>,
}

/// Ids of the roles that were made in this run, by address.
pub type Made = BTreeMap<Address, Untrusted>;

impl RoleId {
    /// The provider's id, if the role exists by now.
    pub fn id<'a>(&'a self, made: &'a Made) -> Option<&'a Untrusted> {
        match self {
            Self::Live(id) => Some(id),
            Self::New(address) => made.get(address),
        }
    }
}
