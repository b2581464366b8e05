//! The managed fields of a role, or of a permission declared as a resource, before and after a change.

use std::collections::{BTreeMap, BTreeSet};

use super::{Field, Untrusted, Value};

/// The managed fields of a role. A permission has a name, a description, and `fields`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoleState {
    /// Its name.
    pub name: Untrusted,
    /// Its description; the outer `None` is "not managed".
    pub description: Option<Option<Untrusted>>,
    /// Its permissions; `None` where nobody can tell them.
    pub permissions: Option<BTreeSet<Untrusted>>,
    /// Fields that only some providers have, by name: `base`, `slug` ...
    pub fields: BTreeMap<Field, Value>,
}
