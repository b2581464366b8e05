//! What a plan leaves alone: what git never declared, and what stays against the definitions.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Reason, RoleValue};
use crate::model::{Address, Untrusted};

/// What is there and left alone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Unmanaged {
    /// Custom roles that nobody declared.
    pub roles: Vec<UnmanagedRole>,
    /// Assignments that nobody declared; `null` where assignments were not read.
    pub assignments: Option<u64>,
    /// Permissions that somebody made and nobody declared; absent where the provider ships all there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions: Option<u64>,
    /// Roles that somebody keeps although the definitions would take them away: what differs and stays.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<Kept>,
    /// How many lists of principals could not be read as a whole, so that nobody knows whether they
    /// differ.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unread: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
pub(in crate::plan) fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Holders of a role in one place who keep it although the definitions would take it away.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// The role.
    pub role: RoleValue,
    /// Where, such as `group acme/platform`; `null` in the target itself.
    pub place: Option<Untrusted>,
    /// Class of the principals: `user`, `saml_group` ...
    pub class: Untrusted,
    /// How many.
    pub number: u64,
    /// What to call the first ten of them, sorted.
    pub people: Vec<Untrusted>,
    /// Why the definitions would take it away.
    pub reason: Reason,
    /// Why it stays, as the rest of a sentence.
    pub why: Untrusted,
}

/// A custom role that nobody declared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnmanagedRole {
    /// Its address.
    pub address: Address,
    /// Its name.
    pub name: Untrusted,
}
