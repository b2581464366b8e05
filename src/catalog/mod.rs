//! What permissions and built-in roles a provider has, as data with a source for each fact.

mod coderabbit;

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Untrusted;

pub use coderabbit::coderabbit;

/// A provider's permissions and built-in roles.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    /// Whether the list is complete: a permission outside it is an error. An open one is only
    /// what is documented; the live catalogue decides.
    pub closed: bool,
    /// Permissions by canonical spelling.
    pub permissions: BTreeMap<Untrusted, Meaning>,
    /// What an access means where the list of resources is open: its risk tags, for permissions
    /// `resource:access` that are not in the list.
    pub accesses: BTreeMap<&'static str, BTreeSet<String>>,
    /// Roles that the provider ships, by id.
    pub builtin: Vec<Builtin>,
}

/// What a permission means.
#[derive(Clone, Debug, Default)]
pub struct Meaning {
    /// A few words, in our own.
    pub title: String,
    /// Risk: `write`, `delete`, and later `secrets`, `billing` ...
    pub tags: BTreeSet<String>,
}

/// A role that the provider ships.
#[derive(Clone, Debug)]
pub struct Builtin {
    /// Its id at the provider.
    pub id: &'static str,
    /// Its display name.
    pub title: &'static str,
    /// Whether its holders may change roles: the guard on administrators counts them.
    pub admin: bool,
    /// Whether everybody has it who was given nothing else; an assignment of it is no grant.
    pub vacant: bool,
    /// Whether people may be moved to it and from it through the API.
    pub assignable: bool,
}

impl Catalogue {
    /// The risk tags of a permission: its own, or else those of its access.
    pub fn tags(&self, permission: &Untrusted) -> Option<&BTreeSet<String>> {
        let known = self.permissions.get(permission).map(|meaning| &meaning.tags);
        known.or_else(|| self.accesses.get(permission.raw().rsplit_once(':')?.1))
    }

    /// The built-in role with this id.
    pub fn builtin(&self, id: &str) -> Option<&Builtin> {
        self.builtin.iter().find(|builtin| builtin.id == id)
    }
}
