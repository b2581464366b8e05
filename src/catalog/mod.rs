//! What permissions and built-in roles a provider has, as data with a source for each fact.
//!
//! One file per provider under `data/`, embedded in the program and parsed when somebody first asks
//! for that provider.

mod file;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::Untrusted;

/// What a tag says about a permission. Several can be true of one.
pub const TAGS: [(&str, &str); 8] = [
    ("write", "creates or changes something"),
    ("delete", "deletes something"),
    ("self_referential", "changes who may do what: roles, members, tokens"),
    ("secrets", "reads or makes credentials, or something that holds them"),
    ("destructive", "deletes what cannot be made again"),
    ("exfiltration", "shows or sends out what outsiders must not see: code, weaknesses, personal data"),
    ("billing", "shows or changes what the product costs"),
    ("identity", "decides how people sign in, or acts in somebody else's name"),
];

/// A provider's permissions and built-in roles.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    /// Whether the list is complete: a permission outside it is an error. An open one is only
    /// what is documented; the live catalogue decides.
    pub closed: bool,
    /// Whether an open list was complete for the version that it was read from: what it lacks is newer,
    /// or a slip of the hand.
    pub whole: bool,
    /// Whether the list of built-in roles is complete although that of permissions is open.
    pub builtin_closed: bool,
    /// Permissions by canonical spelling.
    pub permissions: BTreeMap<Untrusted, Meaning>,
    /// What the last word of a permission means where the list is open: the risk tags of a
    /// permission `resource:access` or `domain.action` that is not in the list.
    pub accesses: BTreeMap<&'static str, BTreeSet<String>>,
    /// The scope that the beginning of a permission tells, for one that is not in the list.
    pub prefixes: BTreeMap<&'static str, &'static str>,
    /// How permissions are made up where the list is open: `SCOPE.DOMAIN.ACTION`, as many words with
    /// dots between them, of which the first is one of `prefixes`; empty where nothing is known.
    pub form: &'static str,
    /// Roles that the provider ships, by id.
    pub builtin: Vec<Builtin>,
    /// Which version of the product, or of its documentation, the list was read from.
    pub as_of: &'static str,
    /// Where the facts stand: addresses, or a source in words.
    pub sources: Vec<&'static str>,
}

/// What a permission means.
#[derive(Clone, Debug, Default)]
pub struct Meaning {
    /// A few words, in our own.
    pub title: String,
    /// Risk: `write`, `delete`, and the others of [`TAGS`].
    pub tags: BTreeSet<String>,
    /// What it belongs to, in a few words; empty where the provider has no areas.
    pub area: String,
    /// What it allows, one sentence of our own; empty where nothing is known.
    pub description: String,
    /// The scopes or kinds of role in which it can be granted. Which words there are is the
    /// provider's matter; empty where nothing is known.
    pub scopes: BTreeSet<String>,
    /// The built-in roles that hold it already, by id, for each scope in which that is known.
    pub included: BTreeMap<String, BTreeSet<String>>,
    /// Permissions that a role with this one has to hold too; see [`Meaning::is_held_by`].
    pub requires: BTreeSet<Untrusted>,
    /// Whether it makes its holder take a paid seat.
    pub seat: Seat,
    /// The first version of the product that has it.
    pub since: Option<String>,
    /// The switch at the provider that it waits for.
    pub flag: Option<String>,
    /// What the provider's dashboard calls it, where that is not the title.
    pub label: Option<String>,
    /// Other spellings that the provider's documentation uses for it.
    pub aliases: BTreeSet<String>,
    /// Spellings that were seen and are not documented: understood, never written.
    pub unconfirmed: BTreeSet<String>,
    /// What else somebody should know, one sentence.
    pub remark: Option<String>,
}

/// Whether a permission makes its holder take a paid seat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Seat {
    /// Nothing is known.
    #[default]
    Unknown,
    /// It alone takes none.
    Free,
    /// A holder who had no seat takes one.
    Counted,
}

/// A role that the provider ships.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Builtin {
    /// Its id at the provider; where no id is documented, a word of the catalogue.
    pub id: &'static str,
    /// Its display name. Roles of different scopes can have the same.
    pub title: &'static str,
    /// Whether its holders may change roles: the guard on administrators counts them.
    pub admin: bool,
    /// Whether everybody has it who was given nothing else; an assignment of it is no grant.
    pub vacant: bool,
    /// Whether people may be moved to it and from it, through the API or, where their assignments are
    /// made by hand, in the dashboard.
    pub assignable: bool,
    /// The scope in which it exists, where the provider has several.
    pub scope: Option<&'static str>,
    /// Its number at the provider, where roles have numbers: a higher one holds more.
    pub number: Option<u32>,
    /// Whether a custom role can start from it where bases are floors.
    pub base: bool,
    /// Whether it exists only where the provider, or the owner of a server, has switched it on.
    pub gated: bool,
}

/// The documented catalogue of CodeRabbit.
pub fn coderabbit() -> Catalogue {
    embedded("coderabbit", include_str!("data/coderabbit.yaml"))
}

/// The known abilities of GitLab with the access levels.
pub fn gitlab() -> Catalogue {
    embedded("gitlab", include_str!("data/gitlab.yaml"))
}

/// The permissions that WorkOS itself puts into every environment.
pub fn workos() -> Catalogue {
    embedded("workos", include_str!("data/workos.yaml"))
}

/// The documented permissions of Devin at both levels.
pub fn devin() -> Catalogue {
    embedded("devin", include_str!("data/devin.yaml"))
}

/// The few permissions of Infracodebase that are known by name.
pub fn infracodebase() -> Catalogue {
    embedded("infracodebase", include_str!("data/infracodebase.yaml"))
}

/// A file of this room; one that cannot be read, which the tests rule out, is an empty open list.
fn embedded(provider: &str, text: &'static str) -> Catalogue {
    file::parse(provider, text).unwrap_or_default()
}

impl Catalogue {
    /// The risk tags of a permission: its own, or else those of its access.
    pub fn tags(&self, permission: &Untrusted) -> Option<&BTreeSet<String>> {
        let known = self.permissions.get(permission).map(|meaning| &meaning.tags);
        known.or_else(|| {
            let name = permission.raw();
            let (_, access) = name.rsplit_once(':').or_else(|| name.rsplit_once('.'))?;
            self.accesses.get(access)
        })
    }

    /// The scopes in which a permission can be granted: its own, or else the one that its beginning
    /// tells; empty where nothing is known.
    pub fn scopes(&self, permission: &Untrusted) -> BTreeSet<&str> {
        if let Some(meaning) = self.permissions.get(permission) {
            return meaning.scopes.iter().map(String::as_str).collect();
        }
        let told = self.prefixes.iter().filter(|(prefix, _)| permission.raw().starts_with(**prefix));
        told.map(|(_, scope)| *scope).collect()
    }

    /// Whether a permission that is not in the list is made up like those that are.
    pub fn has_form(&self, permission: &Untrusted) -> bool {
        let name = permission.raw();
        let words = |text: &str| text.split('.').filter(|word| !word.is_empty()).count();
        let whole = !name.split('.').any(str::is_empty);
        self.form.is_empty()
            || (whole
                && words(name) == words(self.form)
                && self.prefixes.keys().any(|prefix| name.starts_with(prefix)))
    }

    /// The canonical spelling of what somebody wrote: of a permission itself, of its label, or of
    /// another spelling of it. `None` where the catalogue has nothing of the kind.
    pub fn canonical(&self, written: &str) -> Option<&Untrusted> {
        if let Some((name, _)) = self.permissions.get_key_value(written) {
            return Some(name);
        }
        let means = |meaning: &Meaning| meaning.spellings().any(|other| other == written);
        self.permissions.iter().find(|(_, meaning)| means(meaning)).map(|(name, _)| name)
    }

    /// The built-in role with this id.
    pub fn builtin(&self, id: &str) -> Option<&Builtin> {
        self.builtin.iter().find(|builtin| builtin.id == id)
    }

    /// The built-in role that somebody calls so: by its id, or by its title where only one role has
    /// that title.
    pub fn builtin_called(&self, name: &str) -> Option<&Builtin> {
        let titled = || {
            let mut all = self.builtin.iter().filter(|builtin| builtin.title == name);
            all.next().filter(|_| all.next().is_none())
        };
        self.builtin(name).or_else(titled)
    }

    /// Whether there can be no other built-in role than those in the list.
    pub fn has_every_builtin(&self) -> bool {
        self.closed || self.builtin_closed
    }
}

impl Meaning {
    /// Whether a built-in role holds this permission wherever it can be held: in every scope for
    /// which the catalogue lists the holders. A role that starts from such a base meets a
    /// requirement without naming it; a base that holds it in only one of two scopes does not.
    pub fn is_held_by(&self, builtin: &str) -> bool {
        !self.included.is_empty() && self.included.values().all(|holders| holders.contains(builtin))
    }

    /// Every spelling besides the canonical one.
    pub fn spellings(&self) -> impl Iterator<Item = &str> {
        self.label.iter().chain(&self.aliases).chain(&self.unconfirmed).map(String::as_str)
    }

    /// Title, description, and requirements as sentences, for an editor; empty where there is no
    /// title.
    pub fn explained(&self) -> String {
        let mut text = self.title.clone();
        if !self.description.is_empty() {
            text = format!("{text}. {}", self.description);
        }
        if !self.requires.is_empty() {
            let names: Vec<&str> = self.requires.iter().map(Untrusted::raw).collect();
            let dot = if self.description.is_empty() { "." } else { "" };
            text = format!("{text}{dot} Requires {}.", names.join(", "));
        }
        text
    }
}
