//! Environments with their organizations, and how changes reach them.

use std::collections::{BTreeMap, HashMap};

use indexmap::IndexMap;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::emulator::product::Change;

use super::objects::{
    Assignment, Group, GroupAssignment, Key, Mapping, Membership, Permission, Profile, Resource, Role, User,
};
use super::table::{Stored, Table, json_of, put};
use super::time::Moment;

/// An environment without its objects.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EnvironmentFacts {
    pub(super) keys: Vec<Key>,
    /// Whether credentials that no environment knows reach this one.
    pub(super) any_key: bool,
    /// The setting "Multiple roles".
    pub(super) multiple_roles: bool,
    /// The resource types that roles and permissions can be for.
    pub(super) resource_types: Vec<String>,
    /// The slug of the default role.
    pub(super) default_role: String,
    /// The slugs of all roles, the highest priority first.
    pub(super) priority: Vec<String>,
}

/// What an organization has of its own from its first custom role on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Own {
    pub(super) default_role: String,
    /// The slugs of environment roles and custom roles, the highest priority first.
    pub(super) priority: Vec<String>,
}

/// A domain of an organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Domain {
    pub(super) id: String,
    pub(super) domain: String,
    pub(super) state: String,
    pub(super) created_at: Moment,
}

/// An organization without its objects.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OrganizationFacts {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) external_id: Option<String>,
    pub(super) domains: Vec<Domain>,
    pub(super) metadata: BTreeMap<String, String>,
    pub(super) stripe_customer_id: Option<String>,
    pub(super) allow_profiles_outside_organization: bool,
    /// The id of the resource that stands for the organization itself.
    pub(super) resource_id: String,
    /// `None` while it follows the environment.
    pub(super) own: Option<Own>,
    pub(super) created_at: Moment,
    pub(super) updated_at: Moment,
    pub(super) order: u64,
}

impl Stored for OrganizationFacts {
    const KIND: &'static str = "organization";
    fn key(&self) -> &str {
        &self.id
    }
    fn order(&self) -> u64 {
        self.order
    }
}

/// An organization.
#[derive(Debug, Clone)]
pub(super) struct Organization {
    pub(super) facts: OrganizationFacts,
    pub(super) roles: Table<Role>,
    pub(super) memberships: Table<Membership>,
    pub(super) groups: Table<Group>,
    pub(super) resources: Table<Resource>,
    pub(super) assignments: Table<Assignment>,
    pub(super) group_assignments: Table<GroupAssignment>,
    pub(super) mappings: Table<Mapping>,
    pub(super) profiles: Table<Profile>,
}

impl Organization {
    /// An organization without objects.
    pub(super) fn new(facts: OrganizationFacts) -> Self {
        Self {
            facts,
            roles: Table::default(),
            memberships: Table::default(),
            groups: Table::default(),
            resources: Table::default(),
            assignments: Table::default(),
            group_assignments: Table::default(),
            mappings: Table::default(),
            profiles: Table::default(),
        }
    }

    /// Its objects as changes that put them in place.
    pub(super) fn objects(&self, scope: &str) -> Vec<Change> {
        self.roles
            .objects(scope)
            .chain(self.memberships.objects(scope))
            .chain(self.groups.objects(scope))
            .chain(self.resources.objects(scope))
            .chain(self.assignments.objects(scope))
            .chain(self.group_assignments.objects(scope))
            .chain(self.mappings.objects(scope))
            .chain(self.profiles.objects(scope))
            .collect()
    }
}

/// An environment.
#[derive(Debug, Clone)]
pub(super) struct Environment {
    pub(super) facts: EnvironmentFacts,
    /// The number that the last generated id came from.
    pub(super) last: u64,
    pub(super) permissions: Table<Permission>,
    pub(super) roles: Table<Role>,
    pub(super) users: Table<User>,
    pub(super) organizations: BTreeMap<String, Organization>,
    /// The organization of each membership, group and resource, by the object's id.
    homes: HashMap<String, String>,
}

impl Environment {
    /// An environment without objects.
    pub(super) fn new(facts: EnvironmentFacts) -> Self {
        Self {
            facts,
            last: 0,
            permissions: Table::default(),
            roles: Table::default(),
            users: Table::default(),
            organizations: BTreeMap::new(),
            homes: HashMap::new(),
        }
    }

    /// The organization that a membership, group or resource belongs to.
    pub(super) fn home(&self, id: &str) -> Option<&Organization> {
        self.organizations.get(self.homes.get(id)?)
    }

    /// A role as an organization sees it: its own, or one of the environment.
    pub(super) fn role_in<'a>(&'a self, organization: &'a Organization, slug: &str) -> Option<&'a Role> {
        organization.roles.get(slug).or_else(|| self.roles.get(slug))
    }

    /// The role that members without another one have.
    pub(super) fn default_role<'a>(&'a self, organization: &'a Organization) -> &'a str {
        organization.facts.own.as_ref().map_or(&self.facts.default_role, |own| &own.default_role)
    }

    /// The slugs of all roles of an organization, the highest priority first.
    pub(super) fn priority<'a>(&'a self, organization: &'a Organization) -> &'a [String] {
        organization.facts.own.as_ref().map_or(&self.facts.priority, |own| &own.priority)
    }

    /// The organizations, the oldest first.
    pub(super) fn organizations_by_age(&self) -> Vec<&Organization> {
        let mut organizations: Vec<&Organization> = self.organizations.values().collect();
        organizations.sort_by_key(|organization| organization.facts.order);
        organizations
    }
}

/// All environments by name, in the order of the seed.
#[derive(Debug, Clone, Default)]
pub(super) struct World {
    pub(super) environments: IndexMap<String, Environment>,
}

/// Where an organization's objects live; names of environments have no slash.
pub(super) fn scope(environment: &str, organization: &str) -> String {
    format!("{environment}/{organization}")
}

/// The kind of the change that notes the last generated number.
pub(super) const COUNTER: &str = "counter";
/// The kind of the change that holds an environment's facts.
pub(super) const ENVIRONMENT: &str = "environment";

/// A change of a kind that is not a [`Stored`] object.
pub(super) fn put_as<T: Serialize>(scope: &str, kind: &str, id: &str, value: &T) -> Change {
    Change { scope: scope.to_owned(), kind: kind.to_owned(), id: id.to_owned(), value: Some(json_of(value)) }
}

impl World {
    /// Puts one object in place or removes it, and returns the change that undoes this.
    pub(super) fn apply(&mut self, change: &Change) -> Result<Change, String> {
        let before = if change.kind == ENVIRONMENT {
            self.apply_environment(change)?
        } else if let Some((environment, organization)) = change.scope.split_once('/') {
            self.environment_mut(environment)?.apply_within(organization, change)?
        } else {
            self.environment_mut(&change.scope)?.apply(change)?
        };
        Ok(Change { value: before, ..change.clone() })
    }

    fn environment_mut(&mut self, name: &str) -> Result<&mut Environment, String> {
        self.environments.get_mut(name).ok_or_else(|| format!("there is no environment `{name}`"))
    }

    fn apply_environment(&mut self, change: &Change) -> Result<Option<Value>, String> {
        let before = self.environments.get(&change.id).map(|environment| json_of(&environment.facts));
        match &change.value {
            None => {
                self.environments.shift_remove(&change.id);
            }
            Some(value) => {
                let facts: EnvironmentFacts = typed(value)?;
                match self.environments.get_mut(&change.id) {
                    Some(environment) => environment.facts = facts,
                    None => {
                        self.environments.insert(change.id.clone(), Environment::new(facts));
                    }
                }
            }
        }
        Ok(before)
    }

    /// Every object, in an order in which [`apply`](Self::apply) accepts them.
    pub(super) fn objects(&self) -> Vec<Change> {
        let mut objects = Vec::new();
        for (name, environment) in &self.environments {
            objects.push(put_as("", ENVIRONMENT, name, &environment.facts));
            objects.push(put_as(name, COUNTER, "last", &environment.last));
            objects.extend(environment.permissions.objects(name));
            objects.extend(environment.roles.objects(name));
            objects.extend(environment.users.objects(name));
            for (id, organization) in &environment.organizations {
                objects.push(put(name, &organization.facts));
                objects.extend(organization.objects(&scope(name, id)));
            }
        }
        objects
    }
}

impl Environment {
    fn apply(&mut self, change: &Change) -> Result<Option<Value>, String> {
        match change.kind.as_str() {
            COUNTER => {
                let before = self.last;
                self.last = change.value.as_ref().map_or(Ok(0), typed)?;
                Ok(Some(before.into()))
            }
            Permission::KIND => self.permissions.apply(change),
            Role::KIND => self.roles.apply(change),
            User::KIND => self.users.apply(change),
            OrganizationFacts::KIND => self.apply_organization(change),
            kind => Err(format!("there are no objects of the kind `{kind}` in an environment")),
        }
    }

    fn apply_organization(&mut self, change: &Change) -> Result<Option<Value>, String> {
        let before = self.organizations.get(&change.id).map(|organization| json_of(&organization.facts));
        match &change.value {
            None => {
                if let Some(organization) = self.organizations.remove(&change.id) {
                    self.homes.remove(&organization.facts.resource_id);
                }
            }
            Some(value) => {
                let facts: OrganizationFacts = typed(value)?;
                self.homes.insert(facts.resource_id.clone(), facts.id.clone());
                match self.organizations.get_mut(&change.id) {
                    Some(organization) => organization.facts = facts,
                    None => {
                        self.organizations.insert(change.id.clone(), Organization::new(facts));
                    }
                }
            }
        }
        Ok(before)
    }

    fn apply_within(&mut self, id: &str, change: &Change) -> Result<Option<Value>, String> {
        let organization =
            self.organizations.get_mut(id).ok_or_else(|| format!("there is no organization `{id}`"))?;
        match change.kind.as_str() {
            Membership::KIND | Group::KIND | Resource::KIND if change.value.is_some() => {
                self.homes.insert(change.id.clone(), id.to_owned());
            }
            Membership::KIND | Group::KIND | Resource::KIND => {
                self.homes.remove(&change.id);
            }
            _ => {}
        }
        match change.kind.as_str() {
            Role::KIND => organization.roles.apply(change),
            Membership::KIND => organization.memberships.apply(change),
            Group::KIND => organization.groups.apply(change),
            Resource::KIND => organization.resources.apply(change),
            Assignment::KIND => organization.assignments.apply(change),
            GroupAssignment::KIND => organization.group_assignments.apply(change),
            Mapping::KIND => organization.mappings.apply(change),
            Profile::KIND => organization.profiles.apply(change),
            kind => Err(format!("there are no objects of the kind `{kind}` in an organization")),
        }
    }
}

fn typed<T: DeserializeOwned>(value: &Value) -> Result<T, String> {
    T::deserialize(value).map_err(|error| error.to_string())
}
