//! From what was read to live objects.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    level,
    roles::Role,
    spec::{self, catalogue},
    wire::Member,
};
use crate::{
    catalog::Builtin,
    model::{
        Field, Key, Kind, RoleId, Scope, Untrusted, Value,
        live::{Live, LiveObject},
        object::field,
    },
};

fn key(kind: Kind, class: &'static str, scope: Scope, name: Untrusted) -> Key {
    Key { kind, class, scope, name, role: None }
}

fn text(text: Option<Untrusted>) -> Live {
    Live::Known(Value::Text(text))
}

/// A role that GitLab ships, with what it grants wherever it can be granted.
pub(super) fn builtin(builtin: &Builtin) -> LiveObject {
    let held = catalogue().permissions.iter().filter(|(_, meaning)| meaning.is_held_by(builtin.id));
    let permissions: BTreeSet<Untrusted> = held.map(|(name, _)| name.clone()).collect();
    LiveObject {
        key: key(Kind::Role, spec::ROLE, Scope::Target, builtin.title.into()),
        id: Some(builtin.id.into()),
        builtin: true,
        fields: BTreeMap::from([
            (field::NAME, text(Some(builtin.title.into()))),
            (field::DESCRIPTION, text(None)),
            (field::PERMISSIONS, Live::Known(Value::Set(permissions))),
        ]),
        holders: None,
        locked: None,
    }
}

/// A custom role. `holders` are known only where links were read, too.
pub(super) fn role(class: &'static str, role: &Role, holders: Option<u64>) -> LiveObject {
    let base = match role.base {
        Some(id) => Live::Known(Value::Role(Some(RoleId::Live(id.into())))),
        None => Live::Unreadable,
    };
    let permissions =
        role.permissions.clone().map_or(Live::Unreadable, |permissions| Live::Known(Value::Set(permissions)));
    let mut fields = BTreeMap::from([
        (field::NAME, text(Some(role.name.clone()))),
        (field::DESCRIPTION, text(role.description.clone())),
        (field::PERMISSIONS, permissions),
    ]);
    if class == spec::ROLE {
        fields.insert(field::BASE, base);
    }
    LiveObject {
        key: key(Kind::Role, class, Scope::Target, role.name.clone()),
        id: Some(role.id.clone()),
        builtin: false,
        fields,
        holders,
        locked: None,
    }
}

/// What a membership or link holds: its custom role, or the built-in role of its level.
fn held(level: u32, custom: Option<u64>) -> Live {
    let id = match custom {
        Some(id) => Some(id.to_string().into()),
        None => level::by_number(level).map(|builtin| builtin.id.into()),
    };
    id.map_or(Live::Unreadable, |id| Live::Known(Value::Role(Some(RoleId::Live(id)))))
}

/// The assignment of one principal.
pub(super) fn assignment(
    class: &'static str,
    scope: &Scope,
    id: Untrusted,
    level: u32,
    custom: Option<u64>,
) -> LiveObject {
    LiveObject {
        key: key(Kind::Assignment, class, scope.clone(), id),
        id: None,
        builtin: false,
        fields: BTreeMap::from([(field::ROLE, held(level, custom))]),
        holders: None,
        locked: None,
    }
}

/// From which day on an assignment no longer counts (`/api/group_members/`, `/api/groups/`: from the date
/// onward there is no access).
pub(super) fn ends(day: &str) -> (Field, Live) {
    (field::ENDS, text(Some(day.into())))
}

/// A membership; `by_saml` is why those of people who sign in by SAML cannot be changed, where that is
/// so.
pub(super) fn member(scope: &Scope, member: &Member, by_saml: Option<&str>) -> LiveObject {
    let id = member.id.to_string().into();
    let custom = member.member_role.as_ref().map(|role| role.id);
    let mut object = assignment(spec::USER, scope, id, member.access_level, custom);
    object.fields.extend(member.expires_at.as_deref().map(ends));
    // Where somebody overrode it, LDAP leaves it alone.
    if member.overridden == Some(false) {
        object.locked = Some("LDAP decides it at every synchronization".into());
    } else if let (Some(why), Some(_)) = (by_saml, &member.group_saml_identity) {
        object.locked = Some(why.into());
    }
    object
}
