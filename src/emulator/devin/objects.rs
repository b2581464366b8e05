//! Devin's objects, in seeds as in the store.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::table::Stored;

/// 2026-06-05T08:00:00Z in seconds since 1970, the time of everything that a seed does not date.
pub(super) const fn long_ago() -> i64 {
    1_780_646_400
}

/// The level of a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Level {
    /// It counts in the whole enterprise.
    Enterprise,
    /// It counts in the organization in which it is given.
    Org,
}

/// A role. The API never tells its permissions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Role {
    #[serde(default)]
    pub(super) id: String,
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) level: Level,
    /// Names as the documentation of the API writes them; `*` is every permission of the level.
    #[serde(default)]
    pub(super) permissions: Vec<String>,
    #[serde(default)]
    pub(super) builtin: bool,
    #[serde(default)]
    pub(super) order: u64,
}

/// An organization of the enterprise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Organization {
    #[serde(default)]
    pub(super) id: String,
    pub(super) name: String,
    #[serde(default = "long_ago")]
    pub(super) created_at: i64,
    #[serde(default = "long_ago")]
    pub(super) updated_at: i64,
    #[serde(default)]
    pub(super) max_session_acu_limit: Option<i64>,
    #[serde(default)]
    pub(super) max_cycle_acu_limit: Option<i64>,
    #[serde(default)]
    pub(super) order: u64,
}

/// A person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct User {
    #[serde(default)]
    pub(super) id: String,
    #[serde(default)]
    pub(super) email: Option<String>,
    #[serde(default)]
    pub(super) name: Option<String>,
    /// The enterprise role; null where there is none but those that come through groups.
    #[serde(default = "member")]
    pub(super) role: Option<String>,
    /// Roles by organization.
    #[serde(default)]
    pub(super) organizations: BTreeMap<String, String>,
    /// The groups that the identity provider named at the last sign-in.
    #[serde(default)]
    pub(super) groups: Vec<String>,
    #[serde(default)]
    pub(super) order: u64,
}

/// The role of a person for whom a seed names none.
pub(super) const MEMBER: &str = "account_member";

fn member() -> Option<String> {
    Some(MEMBER.to_owned())
}

/// A principal that is no person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServiceUser {
    #[serde(default)]
    pub(super) id: String,
    pub(super) name: String,
    #[serde(default)]
    pub(super) role: Option<String>,
    #[serde(default)]
    pub(super) organizations: BTreeMap<String, String>,
    /// The organization that it was made in; none for one of the enterprise.
    #[serde(default)]
    pub(super) org_id: Option<String>,
    #[serde(default)]
    pub(super) expires_at: Option<i64>,
    #[serde(default)]
    pub(super) deleted_at: Option<i64>,
    #[serde(default)]
    pub(super) order: u64,
}

/// A group of the identity provider that is registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Group {
    pub(super) name: String,
    #[serde(default)]
    pub(super) role: Option<String>,
    #[serde(default)]
    pub(super) organizations: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) order: u64,
}

/// An entry of the audit log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Event {
    pub(super) id: String,
    pub(super) action: String,
    pub(super) created_at: i64,
    pub(super) data: Map<String, Value>,
    pub(super) org_id: Option<String>,
    pub(super) user_id: Option<String>,
    pub(super) service_user_id: Option<String>,
    pub(super) order: u64,
}

macro_rules! stored {
    ($($object:ident $kind:literal $key:ident;)+) => {
        $(impl Stored for $object {
            const KIND: &'static str = $kind;
            fn key(&self) -> &str {
                &self.$key
            }
            fn order(&self) -> u64 {
                self.order
            }
        })+
    };
}

stored! {
    Role "role" id;
    Organization "organization" id;
    User "user" id;
    ServiceUser "service_user" id;
    Group "idp_group" name;
    Event "event" id;
}

/// Somebody or something that holds at most one role in the enterprise and one in each organization.
pub(super) trait Holder: Stored {
    /// The enterprise role.
    fn role(&self) -> Option<&str>;
    /// Roles by organization.
    fn organizations(&self) -> &BTreeMap<String, String>;
    /// Both, to be changed.
    fn roles_mut(&mut self) -> (&mut Option<String>, &mut BTreeMap<String, String>);

    /// The role in an organization, or the enterprise role where none is named.
    fn held(&self, org: Option<&str>) -> Option<&str> {
        match org {
            None => self.role(),
            Some(org) => self.organizations().get(org).map(String::as_str),
        }
    }

    /// The same holder with another role there, or without one.
    fn with(&self, org: Option<&str>, role: Option<&str>) -> Self {
        let mut after = self.clone();
        let (enterprise, organizations) = after.roles_mut();
        match (org, role) {
            (None, role) => *enterprise = role.map(str::to_owned),
            (Some(org), Some(role)) => {
                organizations.insert(org.to_owned(), role.to_owned());
            }
            (Some(org), None) => {
                organizations.remove(org);
            }
        }
        after
    }

    /// Whether it holds a role anywhere.
    fn holds(&self, role: &str) -> bool {
        self.role() == Some(role) || self.organizations().values().any(|held| held == role)
    }
}

macro_rules! holder {
    ($($object:ident)+) => {
        $(impl Holder for $object {
            fn role(&self) -> Option<&str> {
                self.role.as_deref()
            }
            fn organizations(&self) -> &BTreeMap<String, String> {
                &self.organizations
            }
            fn roles_mut(&mut self) -> (&mut Option<String>, &mut BTreeMap<String, String>) {
                (&mut self.role, &mut self.organizations)
            }
        })+
    };
}

holder! { User ServiceUser Group }
