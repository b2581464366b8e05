//! Roles as the two families show them.

use serde_json::{Map, Value, json};

use crate::emulator::switch::Switches;

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

/// One role, without a wrapper.
pub(super) fn role(role: &Role, org: &Org, family: Family, extra: Extra, switches: &Switches) -> Value {
    let (id, name) = match family {
        Family::A => (switches.get(&FAMILY_A_ID), switches.get(&FAMILY_A_NAME)),
        _ => ("role", "role_name"),
    };
    let is_default = role.is_default
        || role.id == MEMBER
            && switches.is(&MEMBER_IS_DEFAULT, "yes")
            && !org.roles.values().any(|role| role.is_default);
    let mut fields = Map::new();
    fields.insert(id.to_owned(), json!(wire_id(&role.id, switches)));
    fields.insert(name.to_owned(), json!(role.name));
    fields.insert("role_type".to_owned(), json!(if role.is_system() { "system" } else { "custom" }));
    fields.insert("description".to_owned(), json!(role.description));
    fields.insert("is_default".to_owned(), json!(is_default));
    let format = switches.get(&TIMESTAMPS);
    if format != "absent" {
        fields.insert("created_at".to_owned(), json!(role.created_at.text(format)));
        fields.insert("updated_at".to_owned(), json!(role.updated_at.text(format)));
    }
    if extra.permissions {
        fields.insert("permissions".to_owned(), permission::to_json(&role.permissions, switches));
    }
    if let Some(count) = extra.user_count {
        fields.insert("user_count".to_owned(), json!(count));
    }
    Value::Object(fields)
}

/// The body of an answer about one role.
pub(super) fn one(role: Value, family: Family, switches: &Switches) -> Value {
    if family == Family::A && switches.is(&ROLE_SHAPE, "unwrapped") { role } else { json!({ "role": role }) }
}

/// The body of a list of roles.
pub(super) fn list(roles: Vec<Value>, family: Family, switches: &Switches) -> Value {
    match (family, switches.get(&LIST_SHAPE)) {
        (Family::A, "data") => json!({ "data": roles }),
        (Family::A, "array") => Value::Array(roles),
        _ => json!({ "roles": roles }),
    }
}
