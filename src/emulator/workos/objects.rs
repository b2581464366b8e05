//! WorkOS's objects, in seeds as in the store.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::table::Stored;
use super::time::{Moment, long_ago};

/// The resource type of roles and permissions that do not name one, and of organizations themselves.
pub(super) const ORGANIZATION_TYPE: &str = "organization";
/// The role that every environment starts with and that cannot be deleted.
pub(super) const MEMBER: &str = "member";

pub(super) fn organization_type() -> String {
    ORGANIZATION_TYPE.to_owned()
}

/// What a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Power {
    /// Everything in its environment.
    #[default]
    Full,
    /// Reads; writes are answered with 403.
    Read,
    /// Nothing; everything is answered with 403.
    None,
}

/// An API key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Key {
    pub(super) key: String,
    #[serde(default)]
    pub(super) access: Power,
}

/// A permission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Permission {
    #[serde(default)]
    pub(super) id: String,
    pub(super) slug: String,
    pub(super) name: String,
    #[serde(default)]
    pub(super) description: Option<String>,
    /// Whether WorkOS manages it.
    #[serde(default)]
    pub(super) system: bool,
    #[serde(default = "organization_type")]
    pub(super) resource_type_slug: String,
    #[serde(default = "long_ago")]
    pub(super) created_at: Moment,
    #[serde(default = "long_ago")]
    pub(super) updated_at: Moment,
    #[serde(default)]
    pub(super) order: u64,
}

/// A role of the environment or of one organization, by where it lies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Role {
    #[serde(default)]
    pub(super) id: String,
    pub(super) slug: String,
    pub(super) name: String,
    #[serde(default)]
    pub(super) description: Option<String>,
    #[serde(default = "organization_type")]
    pub(super) resource_type_slug: String,
    /// Slugs, each once.
    #[serde(default)]
    pub(super) permissions: Vec<String>,
    #[serde(default = "long_ago")]
    pub(super) created_at: Moment,
    #[serde(default = "long_ago")]
    pub(super) updated_at: Moment,
    #[serde(default)]
    pub(super) order: u64,
}

/// A person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct User {
    #[serde(default)]
    pub(super) id: String,
    pub(super) email: String,
    #[serde(default)]
    pub(super) first_name: Option<String>,
    #[serde(default)]
    pub(super) last_name: Option<String>,
    #[serde(default)]
    pub(super) external_id: Option<String>,
    #[serde(default = "long_ago")]
    pub(super) created_at: Moment,
    #[serde(default = "long_ago")]
    pub(super) updated_at: Moment,
    #[serde(default)]
    pub(super) order: u64,
}

/// Whether a membership is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    #[default]
    Active,
    Inactive,
    /// Invited.
    Pending,
}

/// A person in an organization.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Membership {
    #[serde(default)]
    pub(super) id: String,
    /// The user's id; a seed may write the e-mail address.
    pub(super) user: String,
    #[serde(default)]
    pub(super) status: Status,
    /// Whether a directory decides on it.
    #[serde(default)]
    pub(super) directory_managed: bool,
    /// The roles in force, at least one.
    #[serde(default)]
    pub(super) roles: Vec<String>,
    /// The roles that the directory gives at the next sync, if it manages the membership.
    #[serde(default)]
    pub(super) idp_roles: Vec<String>,
    #[serde(default)]
    pub(super) custom_attributes: Map<String, Value>,
    #[serde(default = "long_ago")]
    pub(super) created_at: Moment,
    #[serde(default = "long_ago")]
    pub(super) updated_at: Moment,
    #[serde(default)]
    pub(super) order: u64,
}

/// A group of an organization's memberships, WorkOS's own kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Group {
    pub(super) id: String,
    pub(super) name: String,
    #[serde(default)]
    pub(super) description: Option<String>,
    /// Ids of memberships, with the time each was added.
    #[serde(default)]
    pub(super) members: BTreeMap<String, Moment>,
    #[serde(default = "long_ago")]
    pub(super) created_at: Moment,
    #[serde(default = "long_ago")]
    pub(super) updated_at: Moment,
    #[serde(default)]
    pub(super) order: u64,
}

/// A resource that roles can be assigned on, besides the organization itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Resource {
    #[serde(default)]
    pub(super) id: String,
    pub(super) external_id: String,
    pub(super) resource_type_slug: String,
    #[serde(default)]
    pub(super) order: u64,
}

/// A role of a membership on a resource other than the organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Assignment {
    #[serde(default)]
    pub(super) id: String,
    /// The membership's id.
    pub(super) membership: String,
    pub(super) role: String,
    /// The resource's id; a seed may write its external id.
    pub(super) resource: String,
    #[serde(default = "long_ago")]
    pub(super) created_at: Moment,
    #[serde(default)]
    pub(super) order: u64,
}

/// A role of a group on a resource, the organization itself included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GroupAssignment {
    #[serde(default)]
    pub(super) id: String,
    /// The group's id.
    pub(super) group: String,
    pub(super) role: String,
    /// The resource's id; empty in a seed means the organization.
    #[serde(default)]
    pub(super) resource: String,
    #[serde(default = "long_ago")]
    pub(super) created_at: Moment,
    #[serde(default)]
    pub(super) order: u64,
}

/// Where an identity provider's group or profile comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Via {
    #[default]
    Directory,
    Sso,
}

/// An identity provider's group that gives a role; no API shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mapping {
    /// The group's name at the identity provider.
    pub(super) group: String,
    #[serde(default)]
    pub(super) via: Via,
    pub(super) role: String,
    #[serde(default)]
    pub(super) order: u64,
}

/// A directory user or SSO profile that holds a role besides any membership.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Profile {
    pub(super) id: String,
    #[serde(default)]
    pub(super) via: Via,
    pub(super) role: String,
    #[serde(default)]
    pub(super) order: u64,
}

macro_rules! stored {
    ($($type:ident $kind:literal $key:ident;)+) => {
        $(
            impl Stored for $type {
                const KIND: &'static str = $kind;
                fn key(&self) -> &str {
                    &self.$key
                }
                fn order(&self) -> u64 {
                    self.order
                }
            }
        )+
    };
}

stored! {
    Permission "permission" slug;
    Role "role" slug;
    User "user" id;
    Membership "membership" id;
    Group "group" id;
    Resource "resource" id;
    Assignment "role_assignment" id;
    GroupAssignment "group_role_assignment" id;
    Mapping "mapping" group;
    Profile "profile" id;
}
