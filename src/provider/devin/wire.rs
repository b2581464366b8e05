//! Devin's JSON. Fields that the API description requires and that matter here have to be there;
//! everything else is ignored. Errors are read by the shared client.

use serde::{Deserialize, Deserializer};

use crate::provider::http::Bounded;

/// Most items of a page; 200 are asked for.
const MOST_OF_A_PAGE: usize = 1_000;
/// Most assignments of one principal.
const MOST_ASSIGNMENTS: usize = 10_000;

/// A page of a list.
#[derive(Debug, Deserialize)]
pub(super) struct Page<T> {
    pub(super) items: Bounded<T, MOST_OF_A_PAGE>,
    /// Where the next page begins; there may be one on the last page too.
    #[serde(default)]
    pub(super) end_cursor: Option<String>,
    /// Absent is `false`.
    #[serde(default)]
    pub(super) has_next_page: Option<bool>,
    /// How many items all pages have, where it is told.
    #[serde(default)]
    pub(super) total: Option<u64>,
}

/// A role; what it permits is never told.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Role {
    pub(super) role_id: String,
    pub(super) role_name: String,
    pub(super) role_type: RoleType,
}

/// The level of a role. Of a third one nobody would know where it counts, so that it is an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) enum RoleType {
    #[serde(rename = "enterprise")]
    Enterprise,
    #[serde(rename = "org")]
    Organization,
}

/// That somebody holds a role.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct RoleAssignment {
    pub(super) role: Role,
    /// Where; `null` or absent is the enterprise.
    #[serde(default)]
    pub(super) org_id: Option<String>,
}

/// The assignments of one principal.
pub(super) type Assignments = Bounded<RoleAssignment, MOST_ASSIGNMENTS>;

/// A person. What comes through a group is told apart, and only of one person at a time.
#[derive(Debug, Deserialize)]
pub(super) struct User {
    pub(super) user_id: String,
    #[serde(deserialize_with = "required")]
    pub(super) email: Option<String>,
    #[serde(deserialize_with = "required")]
    pub(super) name: Option<String>,
    pub(super) role_assignments: Assignments,
    #[serde(default = "none")]
    pub(super) idp_role_assignments: Assignments,
}

/// A person who is there through a group.
#[derive(Debug, Deserialize)]
pub(super) struct IdpUser {
    pub(super) user_id: String,
    #[serde(deserialize_with = "required")]
    pub(super) email: Option<String>,
    #[serde(deserialize_with = "required")]
    pub(super) name: Option<String>,
}

/// A service user.
#[derive(Debug, Deserialize)]
pub(super) struct ServiceUser {
    pub(super) service_user_id: String,
    pub(super) name: String,
    /// When it was deleted, in seconds since 1970; such a one may still be told of.
    #[serde(default)]
    pub(super) deleted_at: Option<i64>,
    pub(super) role_assignments: Assignments,
}

/// A group of the identity provider with its roles.
#[derive(Debug, Deserialize)]
pub(super) struct IdpGroup {
    pub(super) idp_group_name: String,
    pub(super) role_assignments: Assignments,
}

/// The name of a registered group.
#[derive(Debug, Deserialize)]
pub(super) struct IdpGroupName {
    pub(super) idp_group_name: String,
}

/// An organization.
#[derive(Debug, Deserialize)]
pub(super) struct Organization {
    pub(super) org_id: String,
    pub(super) name: String,
    /// In seconds since 1970.
    pub(super) created_at: i64,
}

/// Whom a key acts for. Which fields there are beside the id is not documented as a whole.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Myself {
    #[serde(default)]
    pub(super) service_user_id: Option<String>,
    #[serde(default)]
    pub(super) user_id: Option<String>,
}

fn none() -> Assignments {
    Bounded(Vec::new())
}

/// Text that has to be there and may be `null`; without this an absent field would be `null` too.
fn required<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Option::deserialize(deserializer)
}
