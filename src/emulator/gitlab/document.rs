//! The form of seeds.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::time::{Moment, long_ago};
use super::world::{AdminLink, Deployment, LdapLink, Reference, SamlLink, SamlProvider};

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    pub(super) provider: String,
    #[serde(default)]
    pub(super) deployment: Deployment,
    #[serde(default)]
    pub(super) any_token: Option<bool>,
    /// The username that unknown tokens act as.
    #[serde(default)]
    pub(super) caller: Option<String>,
    #[serde(default)]
    pub(super) next: u64,
    #[serde(default)]
    pub(super) tokens: Vec<SeedToken>,
    pub(super) users: Vec<SeedUser>,
    #[serde(default)]
    pub(super) roles: Vec<SeedRole>,
    #[serde(default)]
    pub(super) groups: Vec<SeedGroup>,
    #[serde(default)]
    pub(super) projects: Vec<SeedProject>,
    #[serde(default)]
    pub(super) ldap_admin_role_links: Vec<AdminLink>,
    #[serde(default)]
    pub(super) security_policies: Vec<Reference>,
    #[serde(default)]
    pub(super) protected_branches: Vec<Reference>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) generate: Option<super::generate::Generate>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeedToken {
    pub(super) token: String,
    pub(super) user: String,
    #[serde(default = "api")]
    pub(super) scopes: Vec<String>,
    #[serde(default)]
    pub(super) id: u64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeedUser {
    #[serde(default)]
    pub(super) id: u64,
    pub(super) username: String,
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) email: Option<String>,
    #[serde(default = "active")]
    pub(super) state: String,
    #[serde(default)]
    pub(super) admin: bool,
    #[serde(default)]
    pub(super) extern_uid: Option<String>,
    #[serde(default)]
    pub(super) admin_role: Option<u64>,
    #[serde(default = "long_ago")]
    pub(super) created_at: Moment,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeedRole {
    #[serde(default)]
    pub(super) id: u64,
    /// The path of a top-level group; absent for a role of the instance.
    #[serde(default)]
    pub(super) group: Option<String>,
    pub(super) name: String,
    #[serde(default)]
    pub(super) description: Option<String>,
    /// Absent for an admin role.
    #[serde(default)]
    pub(super) base_access_level: Option<u8>,
    pub(super) permissions: BTreeSet<String>,
    #[serde(default = "long_ago")]
    pub(super) created_at: Moment,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeedMember {
    pub(super) user: String,
    pub(super) access_level: u8,
    #[serde(default)]
    pub(super) member_role_id: Option<u64>,
    #[serde(default)]
    pub(super) expires_at: Option<String>,
    #[serde(default = "long_ago")]
    pub(super) created_at: Moment,
    #[serde(default)]
    pub(super) created_by: Option<u64>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeedShare {
    /// The path of the invited group.
    pub(super) group: String,
    pub(super) group_access: u8,
    #[serde(default)]
    pub(super) member_role_id: Option<u64>,
    #[serde(default)]
    pub(super) expires_at: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeedGroup {
    #[serde(default)]
    pub(super) id: u64,
    pub(super) path: String,
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) saml: Option<SamlProvider>,
    #[serde(default)]
    pub(super) members: Vec<SeedMember>,
    #[serde(default)]
    pub(super) shares: Vec<SeedShare>,
    #[serde(default)]
    pub(super) saml_group_links: Vec<SamlLink>,
    #[serde(default)]
    pub(super) ldap_group_links: Vec<LdapLink>,
    #[serde(default = "long_ago")]
    pub(super) created_at: Moment,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeedProject {
    #[serde(default)]
    pub(super) id: u64,
    pub(super) path: String,
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) members: Vec<SeedMember>,
    #[serde(default)]
    pub(super) shares: Vec<SeedShare>,
    #[serde(default = "long_ago")]
    pub(super) created_at: Moment,
}

fn api() -> Vec<String> {
    vec!["api".to_owned()]
}

pub(super) fn active() -> String {
    "active".to_owned()
}
