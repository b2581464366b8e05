//! WorkOS's JSON. Fields that the vendor's OpenAPI description requires and that matter here have to
//! be there; everything else is ignored. Errors are read by the shared client.

use serde::{Deserialize, Deserializer};

use crate::provider::http::{Bounded, Text};

/// Most roles of a list, permissions of a role, items of a page, and roles of a member that are read.
const MOST_ROLES: usize = 10_000;
const MOST_PERMISSIONS: usize = 10_000;
const MOST_OF_A_PAGE: usize = 1_000;
const MOST_ROLES_HELD: usize = 1_000;

/// A list of roles: never in pages, in the order of priority.
#[derive(Debug, Deserialize)]
pub(super) struct RoleList<'a> {
    #[serde(borrow)]
    pub(super) data: Bounded<Role<'a>, MOST_ROLES>,
    /// Not documented for roles; where it names a next page, the list is not whole.
    #[serde(default)]
    pub(super) list_metadata: Option<Cursors>,
}

/// A role.
#[derive(Debug, Deserialize)]
pub(super) struct Role<'a> {
    /// `role_` and more; nothing takes it, but no other environment has it.
    #[serde(borrow)]
    pub(super) id: Text<'a>,
    #[serde(borrow)]
    pub(super) slug: Text<'a>,
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(borrow, deserialize_with = "nullable")]
    pub(super) description: Option<Text<'a>>,
    #[serde(rename = "type")]
    pub(super) kind: RoleKind,
    #[serde(borrow)]
    pub(super) resource_type_slug: Text<'a>,
    #[serde(borrow)]
    pub(super) permissions: Bounded<Text<'a>, MOST_PERMISSIONS>,
}

/// Whether a role belongs to the environment or to one organization. Of a third kind nobody would know
/// whom a change meets, so that it is read as neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) enum RoleKind {
    /// It exists in every organization of the environment.
    #[serde(rename = "EnvironmentRole")]
    Environment,
    /// It exists in one organization.
    #[serde(rename = "OrganizationRole")]
    Organization,
}

/// A page of a list.
#[derive(Debug, Deserialize)]
pub(super) struct Page<T> {
    pub(super) data: Bounded<T, MOST_OF_A_PAGE>,
    pub(super) list_metadata: Cursors,
}

/// Where the next page begins.
#[derive(Debug, Deserialize)]
pub(super) struct Cursors {
    /// Required, and `null` at the end.
    #[serde(deserialize_with = "required")]
    pub(super) after: Option<String>,
}

/// A permission.
#[derive(Debug, Deserialize)]
pub(super) struct Permission {
    /// `perm_` and more; paths name the slug.
    pub(super) id: String,
    pub(super) slug: String,
    pub(super) name: String,
    #[serde(deserialize_with = "required")]
    pub(super) description: Option<String>,
    /// Whether WorkOS manages it itself: it can be given, and neither changed nor deleted.
    pub(super) system: bool,
    pub(super) resource_type_slug: String,
}

/// An organization.
#[derive(Debug, Deserialize)]
pub(super) struct Organization {
    pub(super) id: String,
    #[serde(deserialize_with = "required")]
    pub(super) external_id: Option<String>,
}

/// What somebody holds in an organization.
#[derive(Debug, Deserialize)]
pub(super) struct Membership {
    pub(super) id: String,
    pub(super) user_id: String,
    pub(super) organization_id: String,
    /// Whether the identity provider gives the role, again at each synchronization.
    pub(super) directory_managed: bool,
    pub(super) role: SlimRole,
    /// All of them where a member may hold several; otherwise the one.
    pub(super) roles: Bounded<SlimRole, MOST_ROLES_HELD>,
    pub(super) user: User,
}

/// A group of WorkOS's own.
#[derive(Debug, Deserialize)]
pub(super) struct Group {
    pub(super) id: String,
    pub(super) name: String,
}

/// A role that a group gives.
#[derive(Debug, Deserialize)]
pub(super) struct GroupRole {
    pub(super) id: String,
    pub(super) role: SlimRole,
    pub(super) resource: Resource,
}

/// What a role is given on.
#[derive(Debug, Deserialize)]
pub(super) struct Resource {
    pub(super) external_id: String,
    pub(super) resource_type_slug: String,
}

/// A role that a membership has on a resource, which may be the organization itself.
#[derive(Debug, Deserialize)]
pub(super) struct RoleAssignment {
    pub(super) id: String,
    pub(super) organization_membership_id: String,
    pub(super) role: SlimRole,
    pub(super) resource: Resource,
    pub(super) source: AssignmentSource,
}

/// Where a role on a resource comes from.
#[derive(Debug, Deserialize)]
pub(super) struct AssignmentSource {
    /// `direct`, or a group.
    #[serde(rename = "type")]
    pub(super) kind: String,
}

/// A role by its slug.
#[derive(Debug, Deserialize)]
pub(super) struct SlimRole {
    pub(super) slug: String,
}

/// A user.
#[derive(Debug, Deserialize)]
pub(super) struct User {
    pub(super) email: String,
}

/// Text that has to be there and may be `null`; without this an absent field would be `null` too.
fn nullable<'de: 'a, 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Text<'a>>, D::Error> {
    Option::deserialize(deserializer)
}

/// The same, for text that outlives the answer.
fn required<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Option::deserialize(deserializer)
}
