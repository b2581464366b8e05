//! Operations: what a writer is asked to do, each at most one mutating request. The unit of order,
//! retry, and fault.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Address, RoleId, Scope, Untrusted};

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
        /// Where.
        scope: Scope,
        /// Everything about it.
        body: RoleBody,
    },
    /// Change a role.
    UpdateRole {
        /// Which.
        role: RoleId,
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
        /// Where.
        scope: Scope,
    },
    /// Make another role, or none, the default.
    SetDefault {
        /// The new one.
        role: Option<RoleId>,
        /// The old one, which loses the mark.
        clears: Option<RoleId>,
    },
    /// Give principals a role, in place of the one they hold where they can hold only one.
    Assign {
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

/// A whole role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleBody {
    /// Its name.
    pub name: Untrusted,
    /// Its description.
    pub description: Option<Untrusted>,
    /// Its permissions.
    pub permissions: BTreeSet<Untrusted>,
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
