//! From CodeRabbit's roles to live objects.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::{
    spec::{DEFAULT, ROLE},
    wire::{self, RoleList},
};
use crate::{
    contract::is_safe_id,
    model::{
        Key, Kind, RoleId, Scope, Untrusted, Value,
        live::{Live, LiveObject},
        object::field,
    },
};

/// System roles whose ids are documented; they are the same for everyone.
const DOCUMENTED: [&str; 2] = ["cr_admin", "cr_member"];
/// The system role that people have who were given nothing else.
const MEMBER: &str = "cr_member";

/// A role as it was read.
#[derive(Clone, Debug)]
pub(super) struct Role {
    pub(super) id: Untrusted,
    pub(super) name: Untrusted,
    /// Whether it is a system role, which cannot be changed.
    pub(super) builtin: bool,
    pub(super) user_count: Option<u64>,
    description: Live,
    /// `None` where the answer did not hold any.
    permissions: Option<Live>,
    is_default: Option<bool>,
    created_at: Option<Untrusted>,
}

/// All roles as they were read.
#[derive(Clone, Debug, Default)]
pub(super) struct Roles {
    pub(super) list: Vec<Role>,
    /// Why this may not be all of them.
    pub(super) incomplete: Option<String>,
}

/// One spelling of each permission, shared by all roles.
#[derive(Default)]
struct Permissions<'a>(HashMap<&'a str, HashMap<&'a str, Untrusted>>);

impl<'a> Permissions<'a> {
    fn get(&mut self, resource: &'a str, access: &'a str) -> Untrusted {
        let of_resource = self.0.entry(resource).or_default();
        of_resource.entry(access).or_insert_with(|| canonical(resource, access)).clone()
    }
}

/// `resource_id:access_type`. Split at the last colon, so an access type with one is not used.
pub(super) fn canonical(resource: &str, access: &str) -> Untrusted {
    format!("{resource}:{access}").into()
}

/// The set of permissions, unreadable where an entry cannot be understood: one without an access
/// type could mean any of them, and leaving it out would show a role as weaker than it is.
fn permission_set<'a>(entries: &'a [wire::Entry<'a>], known: &mut Permissions<'a>) -> Live {
    let set = entries.iter().map(|entry| {
        let resource = &*entry.resource_id.0;
        let access = &*entry.access_type.as_ref()?.0;
        let fine = !resource.is_empty() && !access.is_empty() && !access.contains(':');
        fine.then(|| known.get(resource, access))
    });
    set.collect::<Option<BTreeSet<_>>>().map_or(Live::Unreadable, |set| Live::Known(Value::Set(set)))
}

impl Roles {
    /// Checks and takes over what was parsed. The error says what is wrong with the answer.
    pub(super) fn new(list: &RoleList<'_>) -> Result<Self, String> {
        let mut seen = HashSet::new();
        let mut known = Permissions::default();
        // Where no role at all has a description, the API may not tell any; where some have one,
        // those without have none.
        let described = list.roles.iter().any(|role| role.description.is_some());
        let mut roles = Vec::with_capacity(list.roles.len());
        for (index, role) in list.roles.iter().enumerate() {
            let id = checked_id(&role.id.0).map_err(|what| format!("roles[{index}]: {what}"))?;
            if !seen.insert(&role.id) {
                return Err(format!("roles[{index}]: the id {:?} stands there twice", role.id.0));
            }
            roles.push(Role {
                builtin: is_builtin(role),
                name: Untrusted::from(&*role.name.0),
                user_count: role.user_count,
                description: match &role.description {
                    Some(text) => {
                        Live::Known(Value::Text(text.as_ref().map(|text| Untrusted::from(&*text.0))))
                    }
                    None if described => Live::Known(Value::Text(None)),
                    None => Live::Unreadable,
                },
                permissions: role.permissions.as_deref().map(|entries| permission_set(entries, &mut known)),
                is_default: role.is_default,
                created_at: role.created_at.as_ref().map(|time| Untrusted::from(&*time.0)),
                id,
            });
        }
        let incomplete = incompleteness(list.cut.as_deref(), &roles);
        Ok(Self { list: roles, incomplete })
    }

    /// Ids of the roles whose permissions were not in the list.
    pub(super) fn without_permissions(&self) -> Vec<Untrusted> {
        self.list.iter().filter(|role| role.permissions.is_none()).map(|role| role.id.clone()).collect()
    }

    /// Takes over the permissions of one role that was read on its own.
    pub(super) fn supply(&mut self, id: &Untrusted, role: &wire::Role<'_>) -> Result<(), String> {
        if *role.id.0 != *id.raw() {
            return Err(format!("the answer is about the role {:?}", role.id.0));
        }
        let mut known = Permissions::default();
        let set = role.permissions.as_deref().map(|entries| permission_set(entries, &mut known));
        if let Some(slot) = self.list.iter_mut().find(|slot| slot.id == *id) {
            slot.permissions = set;
        }
        Ok(())
    }

    /// Live objects of all roles and of the default.
    pub(super) fn objects(&self) -> Vec<LiveObject> {
        let roles = self.list.iter().map(|role| LiveObject {
            key: key(Kind::Role, ROLE, role.name.clone()),
            id: Some(role.id.clone()),
            builtin: role.builtin,
            fields: BTreeMap::from([
                (field::NAME, Live::Known(Value::Text(Some(role.name.clone())))),
                (field::DESCRIPTION, role.description.clone()),
                (field::PERMISSIONS, role.permissions.clone().unwrap_or(Live::Unreadable)),
            ]),
            holders: role.user_count,
            locked: None,
        });
        let default = LiveObject {
            key: key(Kind::Default, DEFAULT, Untrusted::default()),
            id: None,
            builtin: false,
            fields: BTreeMap::from([(field::ROLE, self.default_role())]),
            holders: None,
            locked: None,
        };
        roles.chain([default]).collect()
    }

    /// The default role. The Member role as default is the same as no default, because it is what
    /// new people get without one (`/management/custom-roles`).
    fn default_role(&self) -> Live {
        if self.list.iter().all(|role| role.is_default.is_none()) {
            return Live::Unreadable;
        }
        let mut defaults = self.list.iter().filter(|role| role.is_default == Some(true));
        match (defaults.next(), defaults.next()) {
            (None, _) => Live::Known(Value::Role(None)),
            (Some(role), None) if role.builtin && role.id.raw() == MEMBER => Live::Known(Value::Role(None)),
            (Some(role), None) => Live::Known(Value::Role(Some(RoleId::Live(role.id.clone())))),
            // There can be only one; whichever is meant is not for us to guess.
            (Some(_), Some(_)) => Live::Unreadable,
        }
    }

    /// Something about the system roles that another tenant would not have: an id that is not one of
    /// the documented constants, else the time at which the oldest was made.
    pub(super) fn anchor(&self) -> Option<Untrusted> {
        let builtin = || self.list.iter().filter(|role| role.builtin);
        let own_id = builtin().map(|role| &role.id).filter(|id| !id.raw().starts_with("cr_")).min();
        if let Some(id) = own_id {
            return Some(id.clone());
        }
        let oldest = builtin().filter_map(|role| Some((role.created_at.as_ref()?, &role.id))).min()?;
        Some(format!("{}@{}", oldest.1.raw(), oldest.0.raw()).into())
    }
}

/// Why the list may not be all roles: it always holds the system roles and comes in one piece.
fn incompleteness(cut: Option<&str>, roles: &[Role]) -> Option<String> {
    if let Some(cut) = cut {
        return Some(format!("the list of roles is not complete: {cut}"));
    }
    let missing: Vec<&str> = DOCUMENTED
        .into_iter()
        .filter(|id| !roles.iter().any(|role| role.id.raw() == *id && role.builtin))
        .collect();
    match (roles.is_empty(), missing.is_empty()) {
        (true, _) => Some("the list of roles is empty, not even the system roles are in it".to_owned()),
        (false, true) => None,
        (false, false) => Some(format!(
            "the list of roles lacks the system roles {}, so others may be missing too",
            missing.join(" and ")
        )),
    }
}

/// Whether a role is a system role. Where the type is absent, the documented ids and names decide;
/// an unknown type is no custom role, so it is left alone.
fn is_builtin(role: &wire::Role<'_>) -> bool {
    match role.role_type.as_ref().map(|text| &*text.0) {
        Some("custom") => false,
        Some(_) => true,
        None => role.id.0.starts_with("cr_") || is_billing_name(&role.name.0),
    }
}

/// Whether it is the Billing Admin role, whose id is not documented.
pub(super) fn is_billing_admin(role: &Role) -> bool {
    role.builtin && (role.id.raw() == "cr_billing_admin" || is_billing_name(role.name.raw()))
}

fn is_billing_name(name: &str) -> bool {
    let letters = |c: &char| c.is_ascii_alphanumeric();
    name.chars().filter(letters).map(|c| c.to_ascii_lowercase()).eq("billingadmin".chars())
}

/// An id that can stand in a path. `permissions` cannot: that path lists the permissions.
pub(super) fn checked_id(id: &str) -> Result<Untrusted, String> {
    let id = Untrusted::from(id);
    if is_safe_id(&id) && id.raw() != "permissions" {
        Ok(id)
    } else {
        Err(format!("{id:?} cannot be a role's id: it would change the path of a request"))
    }
}

pub(super) fn key(kind: Kind, class: &'static str, name: Untrusted) -> Key {
    Key { kind, class, scope: Scope::Target, name, role: None }
}
