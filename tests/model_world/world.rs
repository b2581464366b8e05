//! A tenant of the made-up provider: its roles, its people, and what its API tells of them.

use std::collections::{BTreeMap, BTreeSet};

use rolecall::model::{
    Field, Key, Kind, RoleId, Scope, Untrusted, Value,
    desired::Spelling,
    field,
    live::{Identity, Live, LiveObject, LiveState, Query},
};

use super::spec::PERMISSIONS;

/// A role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Role {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) permissions: BTreeSet<String>,
    pub(crate) builtin: bool,
}

/// Class and id of a person or a bot.
pub(crate) type Who = (&'static str, String);

/// Roles, who holds which, and the default.
pub(crate) type State = (BTreeMap<String, Role>, BTreeMap<Who, Option<String>>, Option<String>);

/// The tenant.
#[derive(Clone, Debug)]
pub(crate) struct World {
    /// By id.
    pub(crate) roles: BTreeMap<String, Role>,
    /// The id of the role that each holds; `None` holds nothing.
    pub(crate) people: BTreeMap<Who, Option<String>>,
    /// The id of the default role.
    pub(crate) default: Option<String>,
    /// Whether names that differ only in case are the same name.
    pub(crate) folds_case: bool,
    /// How many roles were made.
    pub(crate) made: usize,
    /// What the API tells.
    pub(crate) api: Api,
}

/// What the API tells, and how well.
#[derive(Clone, Debug, Default)]
pub(crate) struct Api {
    pub(crate) incomplete: BTreeMap<Kind, Untrusted>,
    pub(crate) caller: Option<Untrusted>,
    /// Fields of roles that cannot be understood.
    pub(crate) unreadable: BTreeSet<(String, Field)>,
    /// Principals whose role cannot be understood.
    pub(crate) unreadable_slots: BTreeSet<Who>,
    /// Roles that cannot be changed.
    pub(crate) locked_roles: BTreeSet<String>,
    /// Whether the number of holders is hidden.
    pub(crate) hides_holders: bool,
    /// Whether the members were not read.
    pub(crate) skips_members: bool,
    /// Whether the default is missing from the answer.
    pub(crate) hides_default: bool,
    /// Objects that the API tells on top.
    pub(crate) extra: Vec<LiveObject>,
}

/// The built-in roles and nobody.
pub(crate) fn world() -> World {
    let builtin = |name: &str, permissions: &[&str]| Role {
        name: name.to_owned(),
        description: None,
        permissions: permissions.iter().map(|&p| p.to_owned()).collect(),
        builtin: true,
    };
    World {
        roles: BTreeMap::from([
            ("admin".to_owned(), builtin("Administrator", &PERMISSIONS)),
            ("member".to_owned(), builtin("Member", &["read"])),
            ("frozen".to_owned(), builtin("Frozen", &[])),
        ]),
        people: BTreeMap::new(),
        default: None,
        folds_case: false,
        made: 0,
        api: Api::default(),
    }
}

impl World {
    pub(crate) fn role(mut self, id: &str, name: &str, permissions: &[&str]) -> Self {
        let permissions = permissions.iter().map(|&p| p.to_owned()).collect();
        let role = Role { name: name.to_owned(), description: None, permissions, builtin: false };
        self.roles.insert(id.to_owned(), role);
        self
    }

    pub(crate) fn described(mut self, id: &str, description: &str) -> Self {
        self.roles.get_mut(id).expect("a role").description = Some(description.to_owned());
        self
    }

    pub(crate) fn user(mut self, id: &str, role: &str) -> Self {
        self.people.insert(("user", id.to_owned()), Some(role.to_owned()));
        self
    }

    pub(crate) fn users(self, ids: &[&str], role: &str) -> Self {
        ids.iter().fold(self, |world, id| world.user(id, role))
    }

    pub(crate) fn default_role(mut self, id: &str) -> Self {
        self.default = Some(id.to_owned());
        self
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut Api)) -> Self {
        change(&mut self.api);
        self
    }

    pub(crate) fn holders(&self, id: &str) -> usize {
        self.people.values().filter(|role| role.as_deref() == Some(id)).count()
    }

    /// What each principal, and each new member, may do.
    pub(crate) fn access(&self) -> BTreeMap<Who, BTreeSet<String>> {
        let of = |role: &Option<String>| {
            role.as_ref().and_then(|id| self.roles.get(id)).map(|r| r.permissions.clone()).unwrap_or_default()
        };
        let new_member = (("new member", String::new()), of(&self.default));
        self.people.iter().map(|(who, role)| (who.clone(), of(role))).chain([new_member]).collect()
    }

    /// Everything that a plan can change, with roles made in a run under their names.
    pub(crate) fn state(&self) -> State {
        let called = |id: &String| match self.roles.get(id) {
            Some(role) if id.starts_with("made-") => format!("made {}", role.name),
            _ => id.clone(),
        };
        (
            self.roles.iter().map(|(id, role)| (called(id), role.clone())).collect(),
            self.people.iter().map(|(who, role)| (who.clone(), role.as_ref().map(called))).collect(),
            self.default.as_ref().map(called),
        )
    }

    /// What reading gives.
    pub(crate) fn live(&self) -> LiveState {
        let mut state = LiveState {
            identity: Identity {
                host: "api.madeup.test".into(),
                tenant: Some("tenant-1".into()),
                anchor: None,
            },
            catalogue: Some(PERMISSIONS.iter().map(|&p| p.into()).collect()),
            caller: self.api.caller.clone(),
            read: Query { members: !self.api.skips_members, ..Query::roles() },
            incomplete: self.api.incomplete.clone(),
            ..LiveState::default()
        };
        for (id, role) in &self.roles {
            state.objects.push(self.live_role(id, role));
        }
        if !self.api.hides_default {
            let value = Value::Role(self.default.as_deref().map(live_id));
            let fields = BTreeMap::from([(field::ROLE, Live::Known(value))]);
            state.objects.push(LiveObject { fields, ..object(Kind::Default, "default", "") });
        }
        if !self.api.skips_members {
            for (who, role) in &self.people {
                state.objects.push(self.slot(who, role.as_deref()));
                let id = Untrusted::from(&*who.1);
                state.directory.add_id(who.0, id.clone());
                state.directory.add(who.0, Spelling::Handle(id.clone()), id.clone());
                let email = Untrusted::from(format!("{}@example.test", who.1));
                state.directory.add(who.0, Spelling::Email(email), id.clone());
                if who.1.chars().all(char::is_alphabetic) {
                    state.names.insert((who.0, id), capitalized(&who.1).into());
                }
            }
        }
        state.objects.extend(self.api.extra.iter().cloned());
        state.objects.sort_by(|a, b| a.key.cmp(&b.key));
        state
    }

    fn live_role(&self, id: &str, role: &Role) -> LiveObject {
        let known = |name: Field, value: Value| {
            let hidden = self.api.unreadable.contains(&(id.to_owned(), name));
            (name, if hidden { Live::Unreadable } else { Live::Known(value) })
        };
        let permissions = role.permissions.iter().map(|p| Untrusted::from(&**p)).collect();
        let description = role.description.as_deref().map(Untrusted::from);
        LiveObject {
            id: Some(id.into()),
            builtin: role.builtin,
            holders: (!self.api.hides_holders).then(|| self.holders(id) as u64),
            locked: self.api.locked_roles.contains(id).then(|| "the plan does not include it".into()),
            fields: BTreeMap::from([
                known(field::NAME, Value::Text(Some(Untrusted::from(&*role.name)))),
                known(field::DESCRIPTION, Value::Text(description)),
                known(field::PERMISSIONS, Value::Set(permissions)),
            ]),
            ..object(Kind::Role, "role", &role.name)
        }
    }

    pub(crate) fn slot(&self, who: &Who, role: Option<&str>) -> LiveObject {
        let hidden = self.api.unreadable_slots.contains(who);
        let value = Live::Known(Value::Role(role.map(live_id)));
        let locked = (role == Some("frozen")).then(|| "the role `frozen` is set by Madeup itself".into());
        LiveObject {
            fields: BTreeMap::from([(field::ROLE, if hidden { Live::Unreadable } else { value })]),
            locked,
            ..object(Kind::Assignment, who.0, &who.1)
        }
    }
}

/// A role's id as others refer to it.
pub(crate) fn live_id(id: &str) -> RoleId {
    RoleId::Live(id.into())
}

/// An object without any field.
pub(crate) fn object(kind: Kind, class: &'static str, name: &str) -> LiveObject {
    LiveObject {
        key: Key { kind, class, scope: Scope::Target, name: name.into(), role: None },
        id: None,
        builtin: false,
        fields: BTreeMap::new(),
        holders: None,
        locked: None,
    }
}

fn capitalized(id: &str) -> String {
    let mut letters = id.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
