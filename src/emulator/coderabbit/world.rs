//! CodeRabbit's objects: tenants with keys, organizations, roles, users and audit entries.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use indexmap::IndexMap;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::emulator::product::Change;

use super::permission::{Catalog, Permissions};
use super::time::Moment;

/// The id of the Admin role.
pub(super) const ADMIN: &str = "cr_admin";
/// The id of the Member role.
pub(super) const MEMBER: &str = "cr_member";
/// The id of the Billing Admin role in the store; what the API calls it is a switch.
pub(super) const BILLING_ADMIN: &str = "cr_billing_admin";

/// What kind of key a credential is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum KeyKind {
    /// Acts with its owner's current role.
    #[default]
    User,
    /// Of an agent: no administrative writes, no audit log.
    Agentic,
    /// Of a workspace: needs `org_id`.
    Workspace,
    /// Of a self-hosted instance: user management only.
    SelfHosted,
    /// Of the time before the present kinds; rejected.
    Legacy,
    /// Of an organization without an Enterprise plan.
    NonEnterprise,
}

/// A credential of a tenant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Key {
    pub(super) key: String,
    #[serde(default)]
    pub(super) kind: KeyKind,
    /// The owner's `user_id`; the tenant's caller when absent.
    #[serde(default)]
    pub(super) owner: Option<String>,
    /// The organization's id; the tenant's first when absent.
    #[serde(default)]
    pub(super) org: Option<String>,
}

/// A tenant without its organizations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TenantFacts {
    pub(super) workspace_id: String,
    pub(super) caller: Option<String>,
    pub(super) keys: Vec<Key>,
    /// Whether credentials that no tenant knows reach this one.
    pub(super) any_key: bool,
}

/// An organization without its roles, users and audit entries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OrgFacts {
    pub(super) scope_id: String,
    pub(super) name: String,
    pub(super) active: bool,
    pub(super) seats_purchased: u64,
    pub(super) seat_assignment_mode: String,
    pub(super) catalog: Catalog,
    /// The number that the next generated id comes from.
    pub(super) next: u64,
}

/// A role, in seeds as in the store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Role {
    #[serde(default)]
    pub(super) id: String,
    pub(super) name: String,
    #[serde(default)]
    pub(super) description: Option<String>,
    #[serde(default)]
    pub(super) is_default: bool,
    #[serde(default)]
    pub(super) permissions: Permissions,
    #[serde(default = "long_ago")]
    pub(super) created_at: Moment,
    #[serde(default = "long_ago")]
    pub(super) updated_at: Moment,
    /// Its place in the order of creation.
    #[serde(default)]
    pub(super) order: u64,
}

/// 2026-06-05T08:00:00Z, the time of everything that a seed does not date.
pub(super) const fn long_ago() -> Moment {
    Moment(1_780_646_400_000)
}

impl Role {
    pub(super) fn is_system(&self) -> bool {
        matches!(self.id.as_str(), ADMIN | MEMBER | BILLING_ADMIN)
    }
}

/// A member of an organization, in seeds as in the store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct User {
    pub(super) user_id: String,
    #[serde(default)]
    pub(super) user_name: Option<String>,
    #[serde(default)]
    pub(super) email: Option<String>,
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default = "member")]
    pub(super) role: String,
    #[serde(default = "yes")]
    pub(super) seat_assigned: bool,
}

fn member() -> String {
    MEMBER.to_owned()
}

pub(super) const fn yes() -> bool {
    true
}

/// An entry of the audit log, in seeds as in the store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    #[serde(default)]
    pub(super) id: String,
    pub(super) action: String,
    pub(super) resource_type: String,
    #[serde(default)]
    pub(super) summary: String,
    #[serde(default)]
    pub(super) actor: Actor,
    #[serde(default)]
    pub(super) metadata: Value,
    #[serde(default = "long_ago")]
    pub(super) created_at: Moment,
}

/// Who did what an audit entry says.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Actor {
    pub(super) name: String,
    #[serde(default)]
    pub(super) subtitle: Option<String>,
    #[serde(default)]
    pub(super) is_bot: bool,
}

/// An organization.
#[derive(Debug, Clone)]
pub(super) struct Org {
    pub(super) facts: OrgFacts,
    pub(super) roles: BTreeMap<String, Arc<Role>>,
    pub(super) users: BTreeMap<String, Arc<User>>,
    pub(super) audit: BTreeMap<String, Arc<Entry>>,
}

impl Org {
    /// How many members hold each role.
    pub(super) fn user_counts(&self) -> HashMap<&str, usize> {
        let mut counts = HashMap::new();
        for user in self.users.values() {
            *counts.entry(user.role.as_str()).or_default() += 1;
        }
        counts
    }

    /// The role that a new member gets.
    pub(super) fn role_of_new_members(&self) -> &str {
        self.roles.values().find(|role| role.is_default).map_or(MEMBER, |role| role.id.as_str())
    }
}

/// A tenant.
#[derive(Debug, Clone)]
pub(super) struct Tenant {
    pub(super) facts: TenantFacts,
    pub(super) orgs: IndexMap<String, Org>,
}

/// All tenants by name, in the order of the seed.
#[derive(Debug, Clone, Default)]
pub(super) struct World {
    pub(super) tenants: IndexMap<String, Tenant>,
}

/// Where an organization's objects live; names of tenants have no slash.
pub(super) fn scope(tenant: &str, org: &str) -> String {
    format!("{tenant}/{org}")
}

/// A change that puts an object in place.
pub(super) fn put<T: Serialize>(scope: &str, kind: &str, id: &str, object: &T) -> Change {
    // Serialization of these types cannot fail; a null would be refused when it is applied.
    let value = serde_json::to_value(object).unwrap_or(Value::Null);
    Change { scope: scope.to_owned(), kind: kind.to_owned(), id: id.to_owned(), value: Some(value) }
}

impl World {
    /// Puts one object in place or removes it, and returns the change that undoes this.
    pub(super) fn apply(&mut self, change: &Change) -> Result<Change, String> {
        let before = match change.kind.as_str() {
            "tenant" => self.apply_tenant(change)?,
            "org" => self.apply_org(change)?,
            "role" => apply_to(&mut self.org_mut(change)?.roles, change)?,
            "user" => apply_to(&mut self.org_mut(change)?.users, change)?,
            "audit" => apply_to(&mut self.org_mut(change)?.audit, change)?,
            kind => return Err(format!("there are no objects of the kind `{kind}`")),
        };
        Ok(Change { value: before, ..change.clone() })
    }

    fn apply_tenant(&mut self, change: &Change) -> Result<Option<Value>, String> {
        let before = self.tenants.get(&change.id).map(|tenant| json_of(&tenant.facts));
        match &change.value {
            None => {
                self.tenants.shift_remove(&change.id);
            }
            Some(value) => {
                let facts: TenantFacts = typed(value)?;
                match self.tenants.get_mut(&change.id) {
                    Some(tenant) => tenant.facts = facts,
                    None => {
                        self.tenants.insert(change.id.clone(), Tenant { facts, orgs: IndexMap::new() });
                    }
                }
            }
        }
        Ok(before)
    }

    fn apply_org(&mut self, change: &Change) -> Result<Option<Value>, String> {
        let tenant = self
            .tenants
            .get_mut(&change.scope)
            .ok_or_else(|| format!("there is no tenant `{}`", change.scope))?;
        let before = tenant.orgs.get(&change.id).map(|org| json_of(&org.facts));
        match &change.value {
            None => {
                tenant.orgs.shift_remove(&change.id);
            }
            Some(value) => {
                let facts: OrgFacts = typed(value)?;
                match tenant.orgs.get_mut(&change.id) {
                    Some(org) => org.facts = facts,
                    None => {
                        let org = Org {
                            facts,
                            roles: BTreeMap::new(),
                            users: BTreeMap::new(),
                            audit: BTreeMap::new(),
                        };
                        tenant.orgs.insert(change.id.clone(), org);
                    }
                }
            }
        }
        Ok(before)
    }

    fn org_mut(&mut self, change: &Change) -> Result<&mut Org, String> {
        change
            .scope
            .split_once('/')
            .and_then(|(tenant, org)| self.tenants.get_mut(tenant)?.orgs.get_mut(org))
            .ok_or_else(|| format!("there is no organization `{}`", change.scope))
    }

    /// Every object, in an order in which [`apply`](Self::apply) accepts them.
    pub(super) fn objects(&self) -> Vec<Change> {
        let mut objects = Vec::new();
        for (name, tenant) in &self.tenants {
            objects.push(put("", "tenant", name, &tenant.facts));
            for (id, org) in &tenant.orgs {
                let scope = scope(name, id);
                objects.push(put(name, "org", id, &org.facts));
                objects.extend(org.roles.iter().map(|(id, role)| put(&scope, "role", id, role.as_ref())));
                objects.extend(org.users.iter().map(|(id, user)| put(&scope, "user", id, user.as_ref())));
                objects.extend(org.audit.iter().map(|(id, entry)| put(&scope, "audit", id, entry.as_ref())));
            }
        }
        objects
    }
}

fn typed<T: DeserializeOwned>(value: &Value) -> Result<T, String> {
    T::deserialize(value).map_err(|error| error.to_string())
}

fn json_of<T: Serialize>(object: &T) -> Value {
    serde_json::to_value(object).unwrap_or(Value::Null)
}

fn apply_to<T: Serialize + DeserializeOwned>(
    objects: &mut BTreeMap<String, Arc<T>>,
    change: &Change,
) -> Result<Option<Value>, String> {
    let before = match &change.value {
        None => objects.remove(&change.id),
        Some(value) => objects.insert(change.id.clone(), Arc::new(typed(value)?)),
    };
    Ok(before.map(|object| json_of(object.as_ref())))
}
