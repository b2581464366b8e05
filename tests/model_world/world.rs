//! A tenant of the made-up provider: its roles, its people, and what its API tells of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use rolecall::{
    contract::Spec,
    model::{
        Field, Key, Kind, RoleId, Scope, Untrusted, Value,
        desired::Spelling,
        field,
        live::{Identity, Live, LiveObject, LiveState, Query},
    },
    plan::change::{Hand, Plan, RoleState, What},
};

use super::{
    sixth::Sextant,
    spec::{Madeup, PERMISSIONS},
};

/// A role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Role {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) permissions: BTreeSet<String>,
    pub(crate) builtin: bool,
    pub(crate) class: &'static str,
    pub(crate) scope: Scope,
    /// The id of the built-in role whose permissions it has too.
    pub(crate) base: Option<String>,
}

/// A permission that somebody made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Permission {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) resource_type: String,
}

/// A custom role of the target itself.
pub(crate) fn plain_role(name: &str, permissions: BTreeSet<String>) -> Role {
    let (class, scope) = ("role", Scope::Target);
    Role { name: name.to_owned(), description: None, permissions, builtin: false, class, scope, base: None }
}

/// Class and id of a person or a bot.
pub(crate) type Who = (&'static str, String);

/// Where somebody holds roles.
pub(crate) type Place = (&'static str, Scope, String);

/// Roles, who holds which, the default, who holds what in places, and permissions.
pub(crate) type State = (
    BTreeMap<String, Role>,
    BTreeMap<Who, Option<String>>,
    Option<String>,
    BTreeMap<Place, BTreeSet<String>>,
    BTreeMap<String, Permission>,
);

/// The tenant.
#[derive(Clone)]
pub(crate) struct World {
    /// By id.
    pub(crate) roles: BTreeMap<String, Role>,
    /// The id of the role that each holds; `None` holds nothing.
    pub(crate) people: BTreeMap<Who, Option<String>>,
    /// The provider whose tenant it is.
    pub(crate) spec: &'static dyn Spec,
    /// The ids of the roles that each holds in a place, for classes that hold several or hold them in
    /// places.
    pub(crate) held: BTreeMap<Place, BTreeSet<String>>,
    /// Roles of which somebody attested what the API does not tell, with the permissions.
    pub(crate) attested: BTreeMap<String, BTreeSet<String>>,
    /// Permissions that somebody made, by slug.
    pub(crate) permissions: BTreeMap<String, Permission>,
    /// The id of the default role.
    pub(crate) default: Option<String>,
    /// Whether names that differ only in case are the same name.
    pub(crate) folds_case: bool,
    /// How many roles were made.
    pub(crate) made: usize,
    /// What the API tells.
    pub(crate) api: Api,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { roles, people, held, attested, default, permissions, .. } = self;
        write!(f, "{roles:?} {people:?} {held:?} {attested:?} {default:?} {permissions:?}")
    }
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
    let builtin = builtin_role;
    World {
        spec: &Madeup,
        held: BTreeMap::new(),
        attested: BTreeMap::new(),
        permissions: BTreeMap::new(),
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

fn builtin_role(name: &str, permissions: &[&str]) -> Role {
    let permissions = permissions.iter().map(|&p| p.to_owned()).collect();
    Role { builtin: true, ..plain_role(name, permissions) }
}

/// The sites of the second provider.
pub(crate) const SITES: [&str; 2] = ["east", "west"];

/// A tenant of the second provider: its built-in roles and nobody.
pub(crate) fn sixth_world() -> World {
    World {
        spec: &Sextant,
        roles: BTreeMap::from([
            ("low".to_owned(), builtin_role("low", &["read"])),
            ("high".to_owned(), builtin_role("high", &["read", "write", "merge"])),
        ]),
        ..world()
    }
}

/// A site.
pub(crate) fn site(name: &str) -> Scope {
    Scope::within("site", name)
}

impl World {
    /// A custom role of the second provider.
    pub(crate) fn role_at(
        mut self,
        id: &str,
        scope: Scope,
        name: &str,
        base: &str,
        permissions: &[&str],
    ) -> Self {
        let permissions = permissions.iter().map(|&p| p.to_owned()).collect();
        let role = Role { scope, base: Some(base.to_owned()), ..plain_role(name, permissions) };
        self.roles.insert(id.to_owned(), role);
        self
    }

    /// A role of the second provider that only a person makes.
    pub(crate) fn office(mut self, id: &str, name: &str, permissions: &[&str]) -> Self {
        let permissions = permissions.iter().map(|&p| p.to_owned()).collect();
        let scope = Scope::Level("crown".into());
        let role = Role { scope, class: "office", ..plain_role(name, permissions) };
        self.roles.insert(id.to_owned(), role);
        self
    }

    /// Somebody who holds roles in a place.
    pub(crate) fn holds(mut self, class: &'static str, scope: Scope, id: &str, roles: &[&str]) -> Self {
        let roles = roles.iter().map(|&role| role.to_owned()).collect();
        self.held.insert((class, scope, id.to_owned()), roles);
        self
    }

    /// What a person does who follows the steps of a plan, and attests it.
    pub(crate) fn by_hand(&mut self, plan: &Plan) {
        for change in plan.changes.iter().filter(|change| change.by_hand != Hand::Nothing) {
            let What::Role { class, scope, before, after, .. } = &change.what else { continue };
            let set = |state: &RoleState| {
                let set = state.permissions.iter().flatten();
                set.map(|permission| permission.raw().to_owned()).collect::<BTreeSet<_>>()
            };
            let id = change.id.as_ref().map(|id| id.raw().to_owned());
            match (before, after, id) {
                (None, Some(after), _) => {
                    let id = format!("made-{}", self.made);
                    self.made += 1;
                    let role = plain_role(after.name.raw(), set(after));
                    self.roles.insert(id.clone(), Role { class, scope: scope.clone(), ..role });
                    self.attested.insert(id, set(after));
                }
                (Some(_), None, Some(id)) if self.holders(&id) == 0 => {
                    self.roles.remove(&id);
                    self.attested.remove(&id);
                }
                (Some(_), Some(after), Some(id)) => {
                    if let (true, Some(role)) =
                        (change.by_hand.changes(field::PERMISSIONS), self.roles.get_mut(&id))
                    {
                        role.permissions = set(after);
                        self.attested.insert(id, set(after));
                    }
                }
                _ => {}
            }
        }
    }

    pub(crate) fn role(mut self, id: &str, name: &str, permissions: &[&str]) -> Self {
        let permissions = permissions.iter().map(|&p| p.to_owned()).collect();
        self.roles.insert(id.to_owned(), plain_role(name, permissions));
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
            + self.held.values().filter(|roles| roles.contains(id)).count()
    }

    /// How many the API counts as holders of a role.
    fn counted(&self, id: &str) -> u64 {
        let crews = self.held.iter().filter(|((class, ..), roles)| *class == "crew" && roles.contains(id));
        (self.holders(id) - crews.count()) as u64
    }

    /// What each principal, and each new member, may do.
    pub(crate) fn access(&self) -> BTreeMap<Who, BTreeSet<String>> {
        let set = |id: &String| {
            let Some(role) = self.roles.get(id) else { return BTreeSet::new() };
            let base = role.base.as_ref().and_then(|base| self.roles.get(base));
            let granted = base.into_iter().flat_map(|base| base.permissions.clone());
            role.permissions.iter().cloned().chain(granted).collect()
        };
        let of = |role: &Option<String>| role.as_ref().map(set).unwrap_or_default();
        let held = self.held.iter().map(|((class, scope, id), roles)| {
            ((*class, format!("{id} {scope:?}")), roles.iter().flat_map(set).collect())
        });
        let new_member = (("new member", String::new()), of(&self.default));
        let people = self.people.iter().map(|(who, role)| (who.clone(), of(role)));
        people.chain([new_member]).chain(held).collect()
    }

    /// Everything that a plan can change, with roles made in a run under their names.
    pub(crate) fn state(&self) -> State {
        let called = |id: &String| match self.roles.get(id) {
            Some(role) if id.starts_with("made-") => made(role),
            _ => id.clone(),
        };
        (
            self.roles.iter().map(|(id, role)| (called(id), role.clone())).collect(),
            self.people.iter().map(|(who, role)| (who.clone(), role.as_ref().map(called))).collect(),
            self.default.as_ref().map(called),
            self.held
                .iter()
                .filter(|(_, roles)| !roles.is_empty())
                .map(|(place, roles)| (place.clone(), roles.iter().map(called).collect()))
                .collect(),
            self.permissions.clone(),
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
            catalogue: Some(self.known_permissions().map(Untrusted::from).collect()),
            caller: self.api.caller.clone(),
            read: Query { members: !self.api.skips_members, ..Query::roles() },
            incomplete: self.api.incomplete.clone(),
            ..LiveState::default()
        };
        for (id, role) in &self.roles {
            state.objects.push(self.live_role(id, role));
        }
        for (slug, one) in &self.permissions {
            state.objects.push(live_permission(slug, one));
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
        for ((class, scope, id), roles) in self.held.iter().filter(|_| !self.api.skips_members) {
            for role in roles {
                state.objects.push(self.held_slot(class, scope, id, role));
            }
            state.directory.add_id(class, id.as_str().into());
        }
        if self.spec.name() == "sextant" && !self.api.skips_members {
            for (class, id) in (1..=9).flat_map(|id| [("user", id), ("seat", id)]) {
                state.directory.add_id(class, id.to_string().as_str().into());
            }
        }
        for name in SITES {
            state.places.insert(site(name), site(name));
        }
        state.objects.extend(self.api.extra.iter().cloned());
        state.objects.sort_by(|a, b| a.key.cmp(&b.key));
        state
    }

    /// Permissions that a role can have.
    pub(crate) fn known_permissions(&self) -> impl Iterator<Item = &str> {
        PERMISSIONS.into_iter().chain(self.permissions.keys().map(String::as_str))
    }

    /// A permission that somebody made.
    pub(crate) fn permission(mut self, slug: &str, name: &str) -> Self {
        let (name, resource_type) = (name.to_owned(), "ship".to_owned());
        self.permissions.insert(slug.to_owned(), Permission { name, description: None, resource_type });
        self
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
            holders: (!self.api.hides_holders).then(|| self.counted(id)),
            locked: self.api.locked_roles.contains(id).then(|| "the plan does not include it".into()),
            fields: match role.class {
                // The API tells that it is there, and its name.
                "office" => {
                    let name = known(field::NAME, Value::Text(Some(Untrusted::from(&*role.name))));
                    let attested = self.attested.get(id).map(|set| {
                        let set = set.iter().map(|p| Untrusted::from(&**p)).collect();
                        (field::PERMISSIONS, Live::Attested(Value::Set(set)))
                    });
                    [name].into_iter().chain(attested).collect()
                }
                _ => {
                    let base =
                        role.base.as_deref().map(|base| known(field::BASE, Value::Role(Some(live_id(base)))));
                    [
                        known(field::NAME, Value::Text(Some(Untrusted::from(&*role.name)))),
                        known(field::DESCRIPTION, Value::Text(description)),
                        known(field::PERMISSIONS, Value::Set(permissions)),
                    ]
                    .into_iter()
                    .chain(base)
                    .collect()
                }
            },
            key: Key {
                class: role.class,
                scope: role.scope.clone(),
                ..object(Kind::Role, "role", &role.name).key
            },
        }
    }

    fn held_slot(&self, class: &'static str, scope: &Scope, id: &str, role: &str) -> LiveObject {
        let spec = self.spec.principals().iter().find(|known| known.class == class).expect("a class");
        let several = !spec.one_role(&BTreeMap::new());
        let object = object(Kind::Assignment, class, id);
        LiveObject {
            fields: BTreeMap::from([(field::ROLE, Live::Known(Value::Role(Some(live_id(role)))))]),
            key: Key { scope: scope.clone(), role: several.then(|| live_id(role)), ..object.key },
            ..object
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

fn live_permission(slug: &str, one: &Permission) -> LiveObject {
    let text = |text: Option<&str>| Live::Known(Value::Text(text.map(Untrusted::from)));
    LiveObject {
        id: Some(format!("permission-{slug}").into()),
        fields: BTreeMap::from([
            (field::NAME, text(Some(&one.name))),
            (field::DESCRIPTION, text(one.description.as_deref())),
            (field::RESOURCE_TYPE, text(Some(&one.resource_type))),
        ]),
        ..object(Kind::Permission, "permission", slug)
    }
}

/// How the state calls a role that was made in a run.
pub(crate) fn made(role: &Role) -> String {
    match &role.scope {
        Scope::Target => format!("made {}", role.name),
        scope => format!("made {} {scope:?}", role.name),
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
