//! From Devin's roles to live objects.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    place::{self, ENTERPRISE, ORGANIZATION},
    spec::{DEEPWIKI_ONLY, ROLE, catalogue},
    wire::{Role, RoleType},
};
use crate::model::{
    Key, Kind, Scope, Untrusted, Value,
    live::{Live, LiveObject},
    object::field,
};

/// The level at which a role counts.
pub(super) fn level(kind: RoleType) -> Scope {
    let level = match kind {
        RoleType::Enterprise => ENTERPRISE,
        RoleType::Organization => ORGANIZATION,
    };
    Scope::Level(level.into())
}

/// Whether Devin ships the role. Of one of them no id is documented: it is known by level and name.
fn is_builtin(role: &Role) -> bool {
    catalogue().builtin(&role.role_id).is_some()
        || (role.role_type == RoleType::Organization && role.role_name == DEEPWIKI_ONLY)
}

/// Checks and takes over the list of roles. Names repeat across levels, ids do not; the error says what
/// is wrong with the answer.
pub(super) fn objects(list: &[Role]) -> Result<Vec<LiveObject>, String> {
    let mut ids: BTreeSet<&str> = BTreeSet::new();
    let mut objects = Vec::with_capacity(list.len());
    for (index, role) in list.iter().enumerate() {
        let id = place::checked("id of a role", &role.role_id)
            .map_err(|what| format!("items[{index}]: {what}"))?;
        if !ids.insert(&role.role_id) {
            return Err(format!("the role {id:?} stands there twice"));
        }
        let name = Untrusted::from(role.role_name.as_str());
        objects.push(LiveObject {
            key: Key {
                kind: Kind::Role,
                class: ROLE,
                scope: level(role.role_type),
                name: name.clone(),
                role: None,
            },
            id: Some(id),
            builtin: is_builtin(role),
            fields: BTreeMap::from([(field::NAME, Live::Known(Value::Text(Some(name))))]),
            holders: None,
            locked: None,
        });
    }
    Ok(objects)
}
