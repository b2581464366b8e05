//! Permissions: pairs of a resource and an access, and the sets that roles hold.

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::emulator::switch::Switches;

use super::switches::{ACCESS_TYPE, ENTRIES_PER_RESOURCE, PERMISSION_ORDER, WRITE_IMPLIES_READ};

/// A resource and an access; `resource:access` in seeds and state, `resource` where the access is absent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Permission {
    pub(super) resource: String,
    pub(super) access: Option<String>,
}

/// What a role holds.
pub(super) type Permissions = BTreeSet<Permission>;

impl Permission {
    pub(super) fn new(resource: &str, access: &str) -> Self {
        Self { resource: resource.to_owned(), access: Some(access.to_owned()) }
    }
}

impl Serialize for Permission {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.access {
            Some(access) => serializer.collect_str(&format_args!("{}:{access}", self.resource)),
            None => serializer.serialize_str(&self.resource),
        }
    }
}

impl<'de> Deserialize<'de> for Permission {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(match text.rsplit_once(':') {
            Some((resource, access)) => Self::new(resource, access),
            None => Self { resource: text, access: None },
        })
    }
}

/// The permission options that a tenant offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Catalog {
    pub(super) resource_ids: Vec<String>,
    #[serde(default = "access_types")]
    pub(super) access_types: Vec<String>,
}

fn access_types() -> Vec<String> {
    ["read", "write", "delete"].map(str::to_owned).to_vec()
}

/// Invented but for the three documented ones; clients must take the list from the API.
const RESOURCES: [&str; 13] = [
    "api_keys",
    "audit_logs",
    "billing_management",
    "integrations",
    "learnings",
    "metrics_dashboard",
    "organization_settings",
    "reports",
    "repository_management",
    "repository_settings",
    "role_management",
    "subscription_management",
    "user_management",
];

impl Default for Catalog {
    fn default() -> Self {
        Self { resource_ids: RESOURCES.map(str::to_owned).to_vec(), access_types: access_types() }
    }
}

impl Catalog {
    /// Every pair that the catalogue allows.
    pub(super) fn pairs(&self) -> Permissions {
        self.resource_ids
            .iter()
            .flat_map(|resource| self.access_types.iter().map(|access| Permission::new(resource, access)))
            .collect()
    }

    /// Those of the given pairs that the catalogue allows.
    pub(super) fn only(&self, pairs: &[(&str, &str)]) -> Permissions {
        pairs
            .iter()
            .filter(|(resource, access)| {
                self.resource_ids.iter().any(|known| known == resource)
                    && self.access_types.iter().any(|known| known == access)
            })
            .map(|(resource, access)| Permission::new(resource, access))
            .collect()
    }

    /// Reads the `permissions` of a request.
    pub(super) fn read(&self, sent: &[Value], switches: &Switches) -> Result<Permissions, String> {
        let mut permissions = Permissions::new();
        for (index, item) in sent.iter().enumerate() {
            let fields = item.as_object().ok_or_else(|| format!("permissions[{index}] must be an object"))?;
            let resource = match fields.get("resource_id") {
                Some(Value::String(resource)) => resource,
                _ => return Err(format!("permissions[{index}].resource_id must be a string")),
            };
            if !self.resource_ids.contains(resource) {
                return Err(format!("permissions[{index}].resource_id `{resource}` is not supported"));
            }
            let access = match fields.get("access_type") {
                Some(Value::String(access)) if self.access_types.contains(access) => Some(access.clone()),
                Some(Value::String(access)) => {
                    return Err(format!("permissions[{index}].access_type `{access}` is not supported"));
                }
                None | Some(Value::Null) if switches.is(&ACCESS_TYPE, "optional") => None,
                _ => return Err(format!("permissions[{index}].access_type must be a string")),
            };
            permissions.insert(Permission { resource: resource.clone(), access });
        }
        Ok(normalized(permissions, switches))
    }
}

/// What the server makes of a set that it is sent.
fn normalized(mut permissions: Permissions, switches: &Switches) -> Permissions {
    if switches.is(&WRITE_IMPLIES_READ, "yes") {
        let reads: Vec<Permission> = permissions
            .iter()
            .filter(|permission| permission.access.as_deref() == Some("write"))
            .map(|permission| Permission::new(&permission.resource, "read"))
            .collect();
        permissions.extend(reads);
    }
    if switches.is(&ENTRIES_PER_RESOURCE, "highest") {
        let rank = |permission: &Permission| {
            ["read", "write", "delete"].iter().position(|access| permission.access.as_deref() == Some(access))
        };
        let all = permissions.clone();
        permissions.retain(|permission| {
            !all.iter().any(|other| other.resource == permission.resource && rank(other) > rank(permission))
        });
    }
    permissions
}

/// A set as answers show it.
pub(super) struct Entries<'a>(pub(super) &'a Permissions, pub(super) &'a Switches);

#[derive(Serialize)]
struct Entry<'a> {
    resource_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_type: Option<&'a str>,
}

impl Serialize for Entries<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(permissions, switches) = self;
        fn one(permission: &Permission) -> Entry<'_> {
            Entry { resource_id: &permission.resource, access_type: permission.access.as_deref() }
        }
        if switches.is(&PERMISSION_ORDER, "reversed") {
            serializer.collect_seq(permissions.iter().rev().map(one))
        } else {
            serializer.collect_seq(permissions.iter().map(one))
        }
    }
}
