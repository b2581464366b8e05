//! Random histories: revisions of the definitions, each an edit of the one before, and what became of
//! their applies. Live is at first as the first revision says.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan as _;
use proptest::prelude::*;
use rolecall::{
    model::{config::Mode, desired::Protect},
    plan::document::Guard,
};

use super::{
    definitions::{Definitions, TODAY, definitions},
    spec::PERMISSIONS,
    world::{Role, World, plain_role, world},
};

/// What one revision says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Revision {
    roles: BTreeMap<String, Declared>,
    /// Who holds which role, by key or built in, and whether that has expired.
    people: BTreeMap<usize, (String, bool)>,
    /// The default: nothing, a key, or built in.
    default: Option<String>,
    /// Former names of roles that go on purpose.
    removed: BTreeSet<String>,
}

#[derive(Clone, Debug)]
struct Declared {
    name: String,
    previously: Vec<String>,
    permissions: u8,
    description: Option<u8>,
    protect: bool,
}

/// One edit of the definitions; numbers choose among what there is.
#[derive(Clone, Copy, Debug)]
enum Edit {
    Create { key: usize, name: usize, permissions: u8 },
    Delete { role: usize },
    Remove { role: usize },
    Rename { role: usize, name: usize, told: bool },
    RenameKey { role: usize, key: usize },
    Swap { role: usize, other: usize },
    Permissions { role: usize, permissions: u8 },
    Describe { role: usize, text: Option<u8> },
    Protect { role: usize, on: bool },
    Assign { person: usize, role: usize },
    Expire { person: usize },
    Unassign { person: usize },
    Default { role: usize },
}

/// What became of the apply of a merged revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Applied,
    /// So many of a hundred operations were done.
    Failed(u8),
    NotRun,
}

/// What somebody does in the dashboard.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Click {
    Rename { role: usize, name: usize },
    Permission { role: usize, permission: usize },
    Describe { role: usize },
    Move { person: usize, role: usize },
    Create { name: usize, permissions: u8 },
    Delete { role: usize },
    Default { role: usize },
}

/// A history with its first live state.
#[derive(Clone, Debug)]
pub(crate) struct History {
    pub(crate) revisions: Vec<Revision>,
    /// Of each revision after the first.
    pub(crate) fates: Vec<Fate>,
    pub(crate) clicks: Vec<Click>,
}

const PEOPLE: usize = 5;

fn edit() -> impl Strategy<Value = Edit> {
    let n = || 0..12usize;
    prop_oneof![
        4 => (n(), n(), any::<u8>()).prop_map(|(key, name, permissions)| Edit::Create { key, name, permissions }),
        3 => n().prop_map(|role| Edit::Delete { role }),
        1 => n().prop_map(|role| Edit::Remove { role }),
        4 => (n(), n(), any::<bool>()).prop_map(|(role, name, told)| Edit::Rename { role, name, told }),
        1 => (n(), n()).prop_map(|(role, key)| Edit::RenameKey { role, key }),
        1 => (n(), n()).prop_map(|(role, other)| Edit::Swap { role, other }),
        4 => (n(), any::<u8>()).prop_map(|(role, permissions)| Edit::Permissions { role, permissions }),
        2 => (n(), prop::option::of(0..3u8)).prop_map(|(role, text)| Edit::Describe { role, text }),
        1 => (n(), prop::bool::weighted(0.3)).prop_map(|(role, on)| Edit::Protect { role, on }),
        5 => (n(), n()).prop_map(|(person, role)| Edit::Assign { person, role }),
        1 => n().prop_map(|person| Edit::Expire { person }),
        4 => n().prop_map(|person| Edit::Unassign { person }),
        2 => n().prop_map(|role| Edit::Default { role }),
    ]
}

fn click() -> impl Strategy<Value = Click> {
    let n = || 0..12usize;
    prop_oneof![
        2 => (n(), n()).prop_map(|(role, name)| Click::Rename { role, name }),
        3 => (n(), 0..8usize).prop_map(|(role, permission)| Click::Permission { role, permission }),
        1 => n().prop_map(|role| Click::Describe { role }),
        2 => (n(), n()).prop_map(|(person, role)| Click::Move { person, role }),
        1 => (n(), any::<u8>()).prop_map(|(name, permissions)| Click::Create { name, permissions }),
        1 => n().prop_map(|role| Click::Delete { role }),
        1 => n().prop_map(|role| Click::Default { role }),
    ]
}

/// Random histories of up to five revisions after the first.
pub(crate) fn histories() -> impl Strategy<Value = History> {
    let fate = prop_oneof![
        3 => Just(Fate::Applied),
        2 => (0..100u8).prop_map(Fate::Failed),
        2 => Just(Fate::NotRun),
    ];
    let first = prop::collection::vec(edit(), 6..20);
    let steps = prop::collection::vec((prop::collection::vec(edit(), 1..5), fate), 1..6);
    let clicks = prop::collection::vec(click(), 0..4);
    (first, steps, clicks).prop_map(|(first, steps, clicks)| {
        let mut now = Revision::default();
        // What is declared at first, more roles than people: nothing was there before.
        let creates = (0..4).map(|n| Edit::Create { key: n, name: n, permissions: 37 << n });
        for edit in creates.chain(first) {
            now.edit(edit, &now.clone());
        }
        now.people.retain(|_, (_, expired)| !*expired);
        now.removed.clear();
        for role in now.roles.values_mut() {
            role.previously.clear();
        }
        let (mut revisions, mut fates) = (vec![now.clone()], Vec::new());
        for (edits, fate) in steps {
            let before = now.clone();
            edits.into_iter().for_each(|edit| now.edit(edit, &before));
            revisions.push(now.clone());
            fates.push(fate);
        }
        History { revisions, fates, clicks }
    })
}

fn name(at: usize) -> String {
    ["Alpha", "Beta", "Gamma", "Delta", "Epsilon", "Zeta", "Eta", "Theta", "Iota", "Kappa", "Lambda", "My"]
        [at % 12]
        .to_owned()
}

fn set(mask: u8) -> BTreeSet<String> {
    (0..8).filter(|bit| mask & (1 << bit) != 0).map(|bit| PERMISSIONS[bit].to_owned()).collect()
}

fn text(text: u8) -> String {
    format!("text {text}")
}

impl Revision {
    fn key(&self, at: usize) -> Option<String> {
        self.roles.keys().nth(at % self.roles.len().max(1)).cloned()
    }

    /// A role that may be changed: an edit that a protection forbids would be refused at once.
    fn free(&self, at: usize, before: &Self) -> Option<String> {
        let key = self.key(at)?;
        let protects = |revision: &Self| revision.roles.get(&key).is_some_and(|role| role.protect);
        (!protects(self) && !protects(before)).then_some(key)
    }

    fn is_taken(&self, name: &str) -> bool {
        self.removed.contains(name) || self.roles.values().any(|role| role.name == name)
    }

    fn takes(&mut self, key: &str) -> Option<Declared> {
        self.people.retain(|_, (role, _)| role != key);
        if self.default.as_deref() == Some(key) {
            self.default = None;
        }
        self.roles.remove(key)
    }

    fn edit(&mut self, edit: Edit, before: &Self) {
        match edit {
            Edit::Create { key, name: wanted, permissions } => {
                let (key, name) = (format!("k{key}"), name(wanted));
                // A key that was in use in the revision before means that role.
                if !self.roles.contains_key(&key) && !before.roles.contains_key(&key) && !self.is_taken(&name)
                {
                    let role = Declared {
                        name,
                        previously: Vec::new(),
                        permissions,
                        description: None,
                        protect: false,
                    };
                    self.roles.insert(key, role);
                }
            }
            Edit::Delete { role } => {
                if let Some(key) = self.free(role, before) {
                    self.takes(&key);
                }
            }
            Edit::Remove { role } => {
                // Under the name that it had before: one that is new with this revision was never live.
                let earlier =
                    |name: &str| self.roles.values().any(|role| role.previously.iter().any(|n| n == name));
                if let Some(key) = self.free(role, before)
                    && !earlier(&self.roles[&key].name)
                    && before.roles.get(&key).is_some_and(|role| role.name == self.roles[&key].name)
                    && let Some(role) = self.takes(&key)
                {
                    self.removed.insert(role.name);
                }
            }
            Edit::Rename { role, name: wanted, told } => {
                let wanted = name(wanted);
                if let Some(key) = self.free(role, before)
                    && !self.is_taken(&wanted)
                    && let Some(role) = self.roles.get_mut(&key)
                {
                    let old = std::mem::replace(&mut role.name, wanted);
                    if told {
                        role.previously.insert(0, old);
                    }
                }
            }
            Edit::RenameKey { role, key } => {
                let new = format!("k{key}");
                if let Some(old) = self.free(role, before)
                    && !self.roles.contains_key(&new)
                    && !before.roles.contains_key(&new)
                    && let Some(role) = self.roles.remove(&old)
                {
                    self.roles.insert(new.clone(), role);
                    for (holds, _) in self.people.values_mut().filter(|(holds, _)| *holds == old) {
                        holds.clone_from(&new);
                    }
                    if self.default.as_deref() == Some(&old) {
                        self.default = Some(new);
                    }
                }
            }
            Edit::Swap { role, other } => {
                if let (Some(a), Some(b)) = (self.free(role, before), self.free(other, before))
                    && a != b
                {
                    let names = (self.roles[&a].name.clone(), self.roles[&b].name.clone());
                    for (key, name) in [(a, names.1), (b, names.0)] {
                        if let Some(role) = self.roles.get_mut(&key) {
                            role.name = name;
                        }
                    }
                }
            }
            Edit::Permissions { role, permissions } => {
                if let Some(key) = self.free(role, before)
                    && let Some(role) = self.roles.get_mut(&key)
                {
                    role.permissions = permissions;
                }
            }
            Edit::Describe { role, text } => {
                if let Some(role) = self.key(role).and_then(|key| self.roles.get_mut(&key)) {
                    role.description = text;
                }
            }
            Edit::Protect { role, on } => {
                if let Some(role) = self.key(role).and_then(|key| self.roles.get_mut(&key)) {
                    role.protect = on;
                }
            }
            Edit::Assign { person, role } => {
                let role = if role == 11 { Some("builtin:admin".to_owned()) } else { self.key(role) };
                if let Some(role) = role {
                    self.people.insert(person % PEOPLE, (role, false));
                }
            }
            Edit::Expire { person } => {
                if let Some((_, expired)) = self.people.get_mut(&(person % PEOPLE)) {
                    *expired = true;
                }
            }
            Edit::Unassign { person } => {
                self.people.remove(&(person % PEOPLE));
            }
            Edit::Default { role } => {
                self.default = match role {
                    10 => None,
                    11 => Some("builtin:member".to_owned()),
                    n => self.key(n),
                };
            }
        }
    }

    /// The definitions; everything that they can manage they do.
    pub(crate) fn definitions(&self) -> Definitions {
        let mut made = definitions().on_unassign("builtin:member").with(|d| d.exempt = false);
        // A lifted protection is told apart from every other refusal.
        made.allowed.insert(Guard::Protect, "the law looks at what would come".into());
        for (key, role) in &self.roles {
            let permissions = set(role.permissions);
            let permissions: Vec<&str> = permissions.iter().map(String::as_str).collect();
            made = made.role(key, |mut builder| {
                // A moment without an access is another law's subject.
                builder = builder.name(&role.name).permissions(&permissions).allow_gap(true);
                builder = builder.description(role.description.map(text).as_deref());
                for name in &role.previously {
                    builder = builder.previously(name);
                }
                let all = [Protect::Delete, Protect::Rename, Protect::Remove, Protect::Add];
                builder.protect(if role.protect { &all } else { &[] })
            });
        }
        for (person, (role, expired)) in &self.people {
            let last = expired.then(|| TODAY.checked_sub(1.day()).expect("a day"));
            made = made.assign_until(role, &[&person.to_string()], last);
        }
        for name in &self.removed {
            made = made.removed(&format!("={name}"), Some("builtin:member"));
        }
        made.default_role(self.default.as_deref())
    }

    /// The live state that the revision asks for, made by its first apply.
    pub(crate) fn live(&self) -> World {
        let mut live = world();
        let mut ids: BTreeMap<&str, String> = BTreeMap::new();
        for (at, (key, role)) in self.roles.iter().enumerate() {
            let id = format!("id{at}");
            let description = role.description.map(text);
            let made = Role { description, ..plain_role(&role.name, set(role.permissions)) };
            live.roles.insert(id.clone(), made);
            ids.insert(key, id);
        }
        let id = |role: &str| match role.strip_prefix("builtin:") {
            Some(builtin) => builtin.to_owned(),
            None => ids[role].clone(),
        };
        for person in 0..PEOPLE {
            let held = self.people.get(&person).filter(|(_, expired)| !*expired);
            let held = held.map_or_else(|| "member".to_owned(), |(role, _)| id(role));
            live.people.insert(("user", person.to_string()), Some(held));
        }
        live.default = self.default.as_deref().map(id);
        live
    }

    /// Names of its roles, now and before.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.roles.values().flat_map(|role| role.previously.iter().chain([&role.name])).map(String::as_str)
    }

    /// Who holds which role by it, expired or not, by the role's name.
    pub(crate) fn holds(&self, person: &str, role: &str) -> bool {
        let named = |key: &str| self.roles.get(key).map_or(key, |role| &role.name).to_owned();
        self.people.iter().any(|(who, (key, _))| who.to_string() == person && named(key) == role)
    }

    /// Whether the revision says who holds a role of this person.
    pub(crate) fn tells(&self, person: &str) -> bool {
        self.people.keys().any(|who| who.to_string() == person)
    }
}

/// What clicks in the dashboard make of a live state.
pub(crate) fn click_all(live: &mut World, clicks: &[Click]) {
    for click in clicks {
        let custom: Vec<String> =
            live.roles.iter().filter(|(_, r)| !r.builtin).map(|(id, _)| id.clone()).collect();
        let some = |at: usize| custom.get(at % custom.len().max(1)).cloned();
        let taken = |live: &World, name: &str| live.roles.values().any(|role| role.name == name);
        match *click {
            Click::Rename { role, name: wanted } => {
                let wanted = name(wanted);
                if let (Some(id), false) = (some(role), taken(live, &wanted)) {
                    live.roles.get_mut(&id).expect("a role").name = wanted;
                }
            }
            Click::Permission { role, permission } => {
                if let Some(role) = some(role).and_then(|id| live.roles.get_mut(&id)) {
                    let permission = PERMISSIONS[permission].to_owned();
                    if !role.permissions.remove(&permission) {
                        role.permissions.insert(permission);
                    }
                }
            }
            Click::Describe { role } => {
                if let Some(role) = some(role).and_then(|id| live.roles.get_mut(&id)) {
                    role.description = Some("clicked".to_owned());
                }
            }
            Click::Move { person, role } => {
                let role = if role == 11 { Some("admin".to_owned()) } else { some(role) };
                if let Some(role) = role {
                    live.people.insert(("user", (person % PEOPLE).to_string()), Some(role));
                }
            }
            Click::Create { name: wanted, permissions } => {
                let wanted = name(wanted);
                if !taken(live, &wanted) {
                    let role = plain_role(&wanted, set(permissions));
                    live.roles.insert(format!("clicked-{}", live.roles.len()), role);
                }
            }
            Click::Delete { role } => {
                if let Some(id) = some(role)
                    && live.holders(&id) == 0
                    && live.default.as_ref() != Some(&id)
                {
                    live.roles.remove(&id);
                }
            }
            Click::Default { role } => live.default = some(role),
        }
    }
}

/// A live state by names: an object that was made anew is the same.
pub(crate) type Named = (BTreeMap<String, Role>, BTreeMap<String, Option<String>>, Option<String>);

pub(crate) fn named(world: &World) -> Named {
    let name = |id: &String| world.roles[id].name.clone();
    (
        world.roles.values().map(|role| (role.name.clone(), role.clone())).collect(),
        world.people.iter().map(|(who, role)| (who.1.clone(), role.as_ref().map(name))).collect(),
        world.default.as_ref().map(name),
    )
}

/// The definitions of a revision over its past, in the mode `declared`.
pub(crate) fn over(
    revision: &Revision,
    base: Option<&Revision>,
    applied: Option<(&Revision, &BTreeMap<rolecall::model::Address, rolecall::model::Untrusted>)>,
) -> Definitions {
    let mut all = revision.definitions().manage(Mode::Declared, Mode::Declared);
    if let Some(base) = base {
        all = all.based_on(base.definitions());
    }
    if let Some((applied, ids)) = applied {
        all = all.applied(applied.definitions());
        all.ids = ids.clone();
    }
    all
}
