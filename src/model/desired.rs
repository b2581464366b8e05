//! What the definitions of one target say, still symbolic: role references, principals, and bases
//! are names here; `plan::resolve` finds what they mean live.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{Scope, Site, Untrusted, config::Placed};

/// Everything that one target declares.
#[derive(Clone, Debug, Default)]
pub struct DesiredState {
    /// Declared roles, sorted by key and scope.
    pub roles: Vec<DesiredRole>,
    /// The default role, where it is managed.
    pub default: Option<DesiredDefault>,
    /// Declared assignments, one for each principal.
    pub assignments: Vec<DesiredAssignment>,
    /// Lists that are the whole truth for their role, scope, and kind of principal.
    pub exclusive: Vec<Exclusive>,
    /// Roles to delete on purpose.
    pub removed: Vec<Removal>,
    /// Permissions declared as resources of their own, by slug.
    pub permissions: BTreeMap<Untrusted, DesiredPermission>,
    /// Permissions to delete on purpose, by slug, each with where that is written.
    pub removed_permissions: BTreeMap<Untrusted, Site>,
    /// Permission sets as they are written, also those that no role includes. What they bring stands
    /// in the roles already; they tell which line brings it.
    pub sets: BTreeMap<Arc<str>, DesiredSet>,
    /// Where accesses stand and the key of the resource that each stands under, sorted; empty where
    /// permissions are written as a list.
    pub resources: Vec<(Site, Site)>,
}

impl DesiredState {
    /// The key of the resource that the access at `site` stands under; `None` for a permission of a
    /// list, and for accesses that an alias brings to several resources.
    pub fn resource_of(&self, site: Site) -> Option<Site> {
        let first = self.resources.partition_point(|(access, _)| *access < site);
        match self.resources.get(first..)? {
            [(access, _), (next, _), ..] if *access == site && *next == site => None,
            [(access, resource), ..] if *access == site => Some(*resource),
            _ => None,
        }
    }
}

/// A declared permission set, without what it includes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DesiredSet {
    /// Its name in the file.
    pub site: Site,
    /// Sets whose permissions it has too.
    pub include: Vec<Placed<Arc<str>>>,
    /// Permissions that it names itself.
    pub permissions: BTreeMap<Untrusted, Site>,
}

/// A permission declared as a resource of its own. Its slug, by which roles name it, never changes.
#[derive(Clone, Debug)]
pub struct DesiredPermission {
    /// What the product shows; the slug where none was given.
    pub name: Placed<Untrusted>,
    /// Its description; `None` is not managed, `Some(None)` is cleared.
    pub description: Option<Placed<Option<Untrusted>>>,
    /// The type of resource that it is for; `None` is not managed.
    pub resource_type: Option<Placed<Untrusted>>,
    /// Its slug in the file.
    pub site: Site,
}

/// A reference to a role as it was written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RoleName {
    /// A role declared in this target, by its YAML key.
    Key(Arc<str>),
    /// A role that the provider ships, by its name or id there.
    Builtin(Untrusted),
    /// A role known only live, by its name (in `removed`).
    Live(Untrusted),
}

/// A reference to a role and where it was written.
pub type RoleRef = Placed<RoleName>;

/// A declared role.
#[derive(Clone, Debug)]
pub struct DesiredRole {
    /// Its key in YAML.
    pub key: Arc<str>,
    /// Its class in the provider's contract.
    pub class: &'static str,
    /// Where it lives.
    pub scope: Scope,
    /// The provider's id, where one was given.
    pub id: Option<Placed<Untrusted>>,
    /// Its name at the provider; the key where none was given.
    pub name: Placed<Untrusted>,
    /// What identifies it beside its name, for a class that has a slug; the key where none was given.
    pub slug: Option<Placed<Untrusted>>,
    /// The type of resource on which it is held; `None` is not managed.
    pub resource_type: Option<Placed<Untrusted>>,
    /// Earlier names.
    pub previously: Vec<Placed<Untrusted>>,
    /// Its description; `None` is not managed, `Some(None)` is cleared.
    pub description: Option<Placed<Option<Untrusted>>>,
    /// The role whose permissions it starts from.
    pub base: Option<RoleRef>,
    /// Sets whose permissions it has.
    pub include: Vec<Placed<Arc<str>>>,
    /// Permissions of its own and from sets, each with the place that brings it. Two revisions whose
    /// file is the same share them.
    pub permissions: Arc<BTreeMap<Untrusted, Via>>,
    /// Permissions taken away from the union of base, sets, and its own.
    pub except: BTreeMap<Untrusted, Site>,
    /// What may not happen to it.
    pub protect: BTreeSet<Protect>,
    /// Whether a moment without access is accepted.
    pub allow_gap: bool,
    /// Its key in the file.
    pub site: Site,
    /// Where the place is written; its key where nothing says one.
    pub place: Site,
}

impl DesiredRole {
    /// What the provider knows it by: its slug, or else its name.
    pub fn natural(&self) -> &Placed<Untrusted> {
        self.slug.as_ref().unwrap_or(&self.name)
    }
}

/// Why a permission is in a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Via {
    /// It stands in the role itself.
    Own(Site),
    /// It comes from a set.
    Set {
        /// The set that names it.
        name: Arc<str>,
        /// Its line in that set.
        site: Site,
    },
    /// It comes from the base role.
    Base(RoleName),
}

/// What `protect` forbids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protect {
    /// Deleting the role.
    Delete,
    /// Renaming it.
    Rename,
    /// Taking permissions from it.
    Remove,
    /// Giving permissions to it.
    Add,
}

impl Protect {
    /// As it is written in YAML.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Delete => "delete",
            Self::Rename => "rename",
            Self::Remove => "remove",
            Self::Add => "add",
        }
    }
}

/// The declared default role.
#[derive(Clone, Debug)]
pub struct DesiredDefault {
    /// The role; `None` for `none`.
    pub role: Option<RoleRef>,
    /// Where it was written.
    pub site: Site,
}

/// How a principal is written: the way it was spelled decides how it is looked up.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Spelling {
    /// A plain handle.
    Handle(Untrusted),
    /// `email:…`
    Email(Untrusted),
    /// `id:…`
    Id(Untrusted),
}

impl Spelling {
    /// What was written, without the word that says of which kind it is.
    pub fn text(&self) -> &Untrusted {
        match self {
            Self::Handle(text) | Self::Email(text) | Self::Id(text) => text,
        }
    }
}

/// One principal holding one role.
#[derive(Clone, Debug)]
pub struct DesiredAssignment {
    /// The role.
    pub role: RoleRef,
    /// Where.
    pub scope: Scope,
    /// Kind of principal, a class of the contract: `user`, `group` ...
    pub class: &'static str,
    /// Who.
    pub principal: Placed<Spelling>,
    /// Where the place is written; the field that names the principal where nothing says one.
    pub place: Site,
    /// The last day on which it holds.
    pub expires: Option<jiff::civil::Date>,
}

/// A list that is the whole truth: whoever holds `role` in `scope` and is not in the list loses it.
#[derive(Clone, Debug)]
pub struct Exclusive {
    /// The role.
    pub role: RoleRef,
    /// Where.
    pub scope: Scope,
    /// Kind of principal.
    pub class: &'static str,
    /// Where the place is written; the field that it is about where nothing says one.
    pub place: Site,
}

/// A role to delete on purpose.
#[derive(Clone, Debug)]
pub struct Removal {
    /// The role, by former key or by live name.
    pub role: RoleRef,
    /// Where, for one that lives in several places; `None` is everywhere by key, and the only one by
    /// name.
    pub scope: Option<Scope>,
    /// Where its holders go.
    pub reassign_to: Option<RoleRef>,
}
