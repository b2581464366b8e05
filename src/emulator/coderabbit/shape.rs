//! Roles as the two families show them.

use std::collections::BTreeMap;

use serde::ser::{Serialize, SerializeMap as _, Serializer};

use crate::emulator::{call::Answer, switch::Switches};

use super::permission;
use super::refusal::Family;
use super::switches::{
    BILLING_ADMIN_ID, FAMILY_A_ID, FAMILY_A_NAME, LIST_SHAPE, MEMBER_IS_DEFAULT, ROLE_SHAPE, TIMESTAMPS,
};
use super::world::{BILLING_ADMIN, MEMBER, Org, Role};

/// The id of a role as the API shows it.
pub(super) fn wire_id<'a>(id: &'a str, switches: &Switches) -> &'a str {
    if id == BILLING_ADMIN && switches.is(&BILLING_ADMIN_ID, "other") { "cr_billing" } else { id }
}

/// The id in the store of a role that a request names.
pub(super) fn stored_id<'a>(id: &'a str, switches: &Switches) -> &'a str {
    match (switches.is(&BILLING_ADMIN_ID, "other"), id) {
        (true, "cr_billing") => BILLING_ADMIN,
        (true, BILLING_ADMIN) => "",
        _ => id,
    }
}

/// What an answer tells of a role beyond its own fields.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extra {
    pub(super) permissions: bool,
    pub(super) user_count: Option<usize>,
}

/// One role, without a wrapper. It is written as it is read from the store: a tree of JSON values of
/// a list of thousands takes longer than everything else.
pub(super) struct Shown<'a> {
    pub(super) role: &'a Role,
    pub(super) org: &'a Org,
    pub(super) family: Family,
    pub(super) extra: Extra,
    pub(super) switches: &'a Switches,
}

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { role, switches, .. } = *self;
        let (id, name) = match self.family {
            Family::A => (switches.get(&FAMILY_A_ID), switches.get(&FAMILY_A_NAME)),
            _ => ("role", "role_name"),
        };
        let is_default = role.is_default
            || role.id == MEMBER
                && switches.is(&MEMBER_IS_DEFAULT, "yes")
                && !self.org.roles.values().any(|role| role.is_default);
        let mut fields = serializer.serialize_map(None)?;
        fields.serialize_entry(id, wire_id(&role.id, switches))?;
        fields.serialize_entry(name, &role.name)?;
        fields.serialize_entry("role_type", if role.is_system() { "system" } else { "custom" })?;
        fields.serialize_entry("description", &role.description)?;
        fields.serialize_entry("is_default", &is_default)?;
        let format = switches.get(&TIMESTAMPS);
        if format != "absent" {
            fields.serialize_entry("created_at", &role.created_at.text(format))?;
            fields.serialize_entry("updated_at", &role.updated_at.text(format))?;
        }
        if self.extra.permissions {
            fields.serialize_entry("permissions", &permission::Entries(&role.permissions, switches))?;
        }
        if let Some(count) = self.extra.user_count {
            fields.serialize_entry("user_count", &count)?;
        }
        fields.end()
    }
}

/// An answer about one role.
pub(super) fn one(status: u16, role: &Shown<'_>) -> Answer {
    if role.family == Family::A && role.switches.is(&ROLE_SHAPE, "unwrapped") {
        Answer::json(status, role)
    } else {
        Answer::json(status, &BTreeMap::from([("role", role)]))
    }
}

/// An answer with a list of roles.
pub(super) fn list(roles: &[Shown<'_>], family: Family, switches: &Switches) -> Answer {
    match (family, switches.get(&LIST_SHAPE)) {
        (Family::A, "data") => Answer::json(200, &BTreeMap::from([("data", roles)])),
        (Family::A, "array") => Answer::json(200, &roles),
        _ => Answer::json(200, &BTreeMap::from([("roles", roles)])),
    }
}
