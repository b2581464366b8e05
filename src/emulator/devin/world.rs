//! Enterprises, and how changes reach them.

use indexmap::IndexMap;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::emulator::product::Change;

use super::objects::{Event, Group, Organization, Role, ServiceUser, User};
use super::table::{Stored, Table, json_of, put_as};

/// A credential and whom it stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Token {
    pub(super) token: String,
    /// The id of a user or of a service user.
    pub(super) of: String,
    /// Whether it belongs to an older version of the API.
    #[serde(default)]
    pub(super) legacy: bool,
}

/// An enterprise without its objects.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Facts {
    pub(super) tokens: Vec<Token>,
    /// Whom credentials stand for that no enterprise knows; none if they are refused.
    pub(super) anybody: Option<String>,
}

/// An enterprise.
#[derive(Debug, Clone, Default)]
pub(super) struct Enterprise {
    pub(super) facts: Facts,
    /// The number that the last object's place and generated id came from.
    pub(super) last: u64,
    pub(super) roles: Table<Role>,
    pub(super) organizations: Table<Organization>,
    pub(super) users: Table<User>,
    pub(super) service_users: Table<ServiceUser>,
    pub(super) groups: Table<Group>,
    pub(super) events: Table<Event>,
}

/// All enterprises by name, in the order of the seed.
#[derive(Debug, Clone, Default)]
pub(super) struct World {
    pub(super) enterprises: IndexMap<String, Enterprise>,
}

/// The kind of the change that notes the last number.
pub(super) const COUNTER: &str = "counter";
/// The kind of the change that holds an enterprise's facts.
pub(super) const ENTERPRISE: &str = "enterprise";

impl World {
    /// Puts one object in place or removes it, and returns the change that undoes this.
    pub(super) fn apply(&mut self, change: &Change) -> Result<Change, String> {
        let before = if change.kind == ENTERPRISE {
            self.apply_enterprise(change)?
        } else {
            let enterprise = self.enterprises.get_mut(&change.scope);
            enterprise.ok_or_else(|| format!("there is no enterprise `{}`", change.scope))?.apply(change)?
        };
        Ok(Change { value: before, ..change.clone() })
    }

    fn apply_enterprise(&mut self, change: &Change) -> Result<Option<Value>, String> {
        let before = self.enterprises.get(&change.id).map(|enterprise| json_of(&enterprise.facts));
        match &change.value {
            None => {
                self.enterprises.shift_remove(&change.id);
            }
            Some(value) => self.enterprises.entry(change.id.clone()).or_default().facts = typed(value)?,
        }
        Ok(before)
    }

    /// Every object, in an order in which [`apply`](Self::apply) accepts them.
    pub(super) fn objects(&self) -> Vec<Change> {
        let mut objects = Vec::new();
        for (name, enterprise) in &self.enterprises {
            objects.push(put_as("", ENTERPRISE, name, &enterprise.facts));
            objects.push(put_as(name, COUNTER, "last", &enterprise.last));
            objects.extend(enterprise.roles.objects(name));
            objects.extend(enterprise.organizations.objects(name));
            objects.extend(enterprise.users.objects(name));
            objects.extend(enterprise.service_users.objects(name));
            objects.extend(enterprise.groups.objects(name));
            objects.extend(enterprise.events.objects(name));
        }
        objects
    }
}

impl Enterprise {
    fn apply(&mut self, change: &Change) -> Result<Option<Value>, String> {
        match change.kind.as_str() {
            COUNTER => {
                let before = self.last;
                self.last = change.value.as_ref().map_or(Ok(0), typed)?;
                Ok(Some(before.into()))
            }
            Role::KIND => self.roles.apply(change),
            Organization::KIND => self.organizations.apply(change),
            User::KIND => self.users.apply(change),
            ServiceUser::KIND => self.service_users.apply(change),
            Group::KIND => self.groups.apply(change),
            Event::KIND => self.events.apply(change),
            kind => Err(format!("there are no objects of the kind `{kind}` in an enterprise")),
        }
    }
}

fn typed<T: DeserializeOwned>(value: &Value) -> Result<T, String> {
    T::deserialize(value).map_err(|error| error.to_string())
}
