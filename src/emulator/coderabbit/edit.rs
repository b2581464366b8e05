//! Changes of one organization, whoever makes them: rules, generated ids, audit entries.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::emulator::product::Change;
use crate::emulator::switch::Switches;

use super::permission::Permissions;
use super::refusal::Refusal;
use super::seed::generated_id;
use super::switches::{
    DELETE_DEFAULT, DELETE_IN_USE, DUPLICATE_NAME, NAME_CASE, NAME_TRIM, PATCH_PERMISSIONS,
    SYSTEM_ROLE_STATUS,
};
use super::time::Moment;
use super::world::{Actor, Entry, Org, OrgFacts, Role, User, put};

/// A set of changes in the making.
pub(super) struct Edit<'a> {
    org: &'a Org,
    org_id: &'a str,
    tenant: &'a str,
    scope: String,
    switches: &'a Switches,
    now: i64,
    actor: Actor,
    facts: OrgFacts,
    changes: Vec<Change>,
}

/// What an update of a role sends; `None` leaves a field as it is.
#[derive(Debug, Default)]
pub(super) struct Patch {
    pub(super) name: Option<String>,
    pub(super) description: Option<Option<String>>,
    pub(super) is_default: Option<bool>,
    pub(super) permissions: Option<Permissions>,
}

impl<'a> Edit<'a> {
    pub(super) fn new(
        tenant: &'a str,
        org_id: &'a str,
        org: &'a Org,
        switches: &'a Switches,
        now: i64,
        actor: Actor,
    ) -> Self {
        Self {
            org,
            org_id,
            tenant,
            scope: super::world::scope(tenant, org_id),
            switches,
            now,
            actor,
            facts: org.facts.clone(),
            changes: Vec::new(),
        }
    }

    /// The changes, complete with what was counted.
    pub(super) fn finish(mut self) -> Vec<Change> {
        if self.facts != self.org.facts {
            self.changes.insert(0, put(self.tenant, "org", self.org_id, &self.facts));
        }
        self.changes
    }

    fn number(&mut self) -> u64 {
        self.facts.next += 1;
        self.facts.next
    }

    fn audit(&mut self, action: &str, resource_type: &str, summary: String, metadata: Value) {
        let number = self.number();
        let entry = Entry {
            id: format!("{number:08}"),
            action: action.to_owned(),
            resource_type: resource_type.to_owned(),
            summary,
            actor: self.actor.clone(),
            metadata,
            created_at: Moment(self.now),
        };
        self.changes.push(put(&self.scope, "audit", &entry.id, &entry));
    }

    fn put_role(&mut self, role: &Role) {
        self.changes.push(put(&self.scope, "role", &role.id, role));
    }

    /// The role with this id, if it may be changed.
    pub(super) fn custom_role(&self, id: &str) -> Result<&'a Arc<Role>, Refusal> {
        let role = self.org.roles.get(id).ok_or_else(|| Refusal::not_found("there is no such role"))?;
        if role.is_system() {
            let status = self.switches.get(&SYSTEM_ROLE_STATUS).parse().unwrap_or(403);
            return Err(Refusal::new(status, format!("the system role {} cannot be changed", role.name)));
        }
        Ok(role)
    }

    fn check_name(&self, name: &str, own_id: Option<&str>) -> Result<String, Refusal> {
        let name = if self.switches.is(&NAME_TRIM, "trim") { name.trim() } else { name };
        if !(1..=255).contains(&name.chars().count()) {
            return Err(Refusal::invalid("name must have 1 to 255 characters"));
        }
        if self.switches.is(&DUPLICATE_NAME, "allowed") {
            return Ok(name.to_owned());
        }
        let folded = self.switches.is(&NAME_CASE, "insensitive").then(|| name.to_lowercase());
        let taken =
            self.org.roles.values().filter(|role| own_id != Some(role.id.as_str())).any(
                |role| match &folded {
                    Some(folded) => role.name.to_lowercase() == *folded,
                    None => role.name == name,
                },
            );
        if taken {
            let status = self.switches.get(&DUPLICATE_NAME).parse().unwrap_or(409);
            return Err(Refusal::new(status, format!("a role named `{name}` exists already")));
        }
        Ok(name.to_owned())
    }

    /// Takes `is_default` from the role that has it, unless that is the one given.
    fn clear_default(&mut self, but: &str) {
        let cleared: Vec<Role> = self
            .org
            .roles
            .values()
            .filter(|role| role.is_default && role.id != but)
            .map(|role| Role { is_default: false, ..role.as_ref().clone() })
            .collect();
        for role in cleared {
            self.put_role(&role);
        }
    }

    /// Creates a role.
    pub(super) fn create(
        &mut self,
        name: &str,
        description: Option<String>,
        is_default: bool,
        permissions: Permissions,
    ) -> Result<Role, Refusal> {
        let name = self.check_name(name, None)?;
        let number = self.number();
        let role = Role {
            id: generated_id(&self.scope, number),
            name,
            description,
            is_default,
            permissions,
            created_at: Moment(self.now),
            updated_at: Moment(self.now),
            order: number,
        };
        if is_default {
            self.clear_default(&role.id);
        }
        self.put_role(&role);
        let metadata = json!({ "role_id": role.id, "role_name": role.name });
        self.audit("role_create", "role", format!("Created the role {}", role.name), metadata);
        Ok(role)
    }

    /// Updates a role; the switch says whether permissions replace or add.
    pub(super) fn update(&mut self, id: &str, mut patch: Patch) -> Result<Role, Refusal> {
        let before = self.custom_role(id)?;
        if self.switches.is(&PATCH_PERMISSIONS, "merge")
            && let Some(permissions) = &mut patch.permissions
        {
            permissions.extend(before.permissions.iter().cloned());
        }
        self.replace(id, patch)
    }

    /// Updates a role; permissions that are sent are all it has afterwards.
    pub(super) fn replace(&mut self, id: &str, patch: Patch) -> Result<Role, Refusal> {
        let before = self.custom_role(id)?;
        let mut role = before.as_ref().clone();
        if let Some(name) = &patch.name {
            role.name = self.check_name(name, Some(id))?;
        }
        if let Some(description) = patch.description {
            role.description = description;
        }
        if let Some(permissions) = patch.permissions {
            role.permissions = permissions;
        }
        if let Some(is_default) = patch.is_default {
            role.is_default = is_default;
        }
        if role == **before {
            return Ok(role);
        }
        if role.is_default {
            self.clear_default(id);
        }
        role.updated_at = Moment(self.now);
        self.put_role(&role);
        let metadata = json!({
            "role_id": role.id, "role_name": role.name, "previous_name": before.name,
            "permissions_added": role.permissions.difference(&before.permissions).collect::<Vec<_>>(),
            "permissions_removed": before.permissions.difference(&role.permissions).collect::<Vec<_>>(),
        });
        self.audit("role_update", "role", format!("Updated the role {}", role.name), metadata);
        Ok(role)
    }

    /// Deletes a role that nobody holds.
    pub(super) fn delete(&mut self, id: &str) -> Result<(), Refusal> {
        let role = self.custom_role(id)?;
        let holders = self.org.users.values().filter(|user| user.role == id).count();
        if holders > 0 {
            let status = self.switches.get(&DELETE_IN_USE).parse().unwrap_or(409);
            return Err(Refusal::new(
                status,
                format!("the role is assigned to {holders} organization members"),
            ));
        }
        if role.is_default && self.switches.is(&DELETE_DEFAULT, "refused") {
            return Err(Refusal::new(409, "the default role cannot be deleted"));
        }
        self.changes.push(Change {
            scope: self.scope.clone(),
            kind: "role".into(),
            id: id.into(),
            value: None,
        });
        let metadata = json!({ "role_id": role.id, "role_name": role.name });
        self.audit("role_delete", "role", format!("Deleted the role {}", role.name), metadata);
        Ok(())
    }

    /// Makes a role the default, or none.
    pub(super) fn set_default(&mut self, id: Option<&str>) -> Result<(), Refusal> {
        match id {
            Some(id) => {
                self.update(id, Patch { is_default: Some(true), ..Patch::default() })?;
            }
            None => self.clear_default(""),
        }
        Ok(())
    }

    /// Gives a member another role.
    pub(super) fn assign(&mut self, user: &User, role: &Role) {
        if user.role == role.id {
            return;
        }
        let from = self.org.roles.get(&user.role).map_or(user.role.as_str(), |role| role.name.as_str());
        let summary = format!("Changed the role of {} from {from} to {}", user.user_id, role.name);
        let metadata = json!({ "user_id": user.user_id, "previous_role": user.role, "role": role.id });
        self.put_user(&User { role: role.id.clone(), ..user.clone() });
        self.audit("user_role_update", "user", summary, metadata);
    }

    /// Puts a member in place without a note in the audit log.
    pub(super) fn put_user(&mut self, user: &User) {
        self.changes.push(put(&self.scope, "user", &user.user_id, user));
    }

    /// Adds a member.
    pub(super) fn add_user(&mut self, user: &User) {
        self.put_user(user);
        let metadata = json!({ "user_id": user.user_id, "role": user.role });
        self.audit("user_add", "user", format!("Added {}", user.user_id), metadata);
    }

    /// Removes a member.
    pub(super) fn remove_user(&mut self, user: &User) {
        let id = user.user_id.clone();
        self.changes.push(Change {
            scope: self.scope.clone(),
            kind: "user".into(),
            id: id.clone(),
            value: None,
        });
        self.audit(
            "user_remove",
            "user",
            format!("Removed {id}"),
            json!({ "user_id": id, "role": user.role }),
        );
    }

    /// Changes how seats are assigned.
    pub(super) fn set_seat_mode(&mut self, mode: &str) {
        mode.clone_into(&mut self.facts.seat_assignment_mode);
    }

    /// What the vendor does when a built-in role changes with a release.
    pub(super) fn change_system_role(&mut self, id: &str, permissions: Permissions) -> Result<Role, Refusal> {
        let role = self.org.roles.get(id).filter(|role| role.is_system());
        let role = role.ok_or_else(|| Refusal::not_found("there is no such system role"))?;
        let role = Role { permissions, ..role.as_ref().clone() };
        self.put_role(&role);
        Ok(role)
    }
}
