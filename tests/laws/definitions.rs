//! Random definitions, as files and as the state that they ask for.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use proptest::prelude::*;

use super::product::{Product, Way};

/// Roles that are tried, each under a key of its own.
const ROLES: usize = 4;

/// Definitions, those that follow them, and what goes wrong meanwhile.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) first: Definitions,
    pub(super) second: Definitions,
    pub(super) fault: String,
    /// What of the first apply is known to the second, where a person does what is told.
    pub(super) known: Known,
}

/// What of an apply is known to the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// That everything was done.
    Done,
    /// That something was asked of a person, who did it and attested it; nobody applied since.
    Asked,
    /// The same, and nobody attested it.
    Made,
    /// Nothing: there is no record.
    Nothing,
}

/// What one revision says.
#[derive(Clone, Debug)]
pub(super) struct Definitions {
    roles: Vec<Option<Role>>,
    /// For each person of the product: which of the roles of their place.
    holds: Vec<Option<usize>>,
}

#[derive(Clone, Debug)]
struct Role {
    name: String,
    description: String,
    base: Option<&'static str>,
    permissions: BTreeSet<&'static str>,
    /// The places it lives in; none where it is the target's own.
    places: Vec<&'static str>,
}

/// Roles by place and name, and who holds what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    /// What a custom role says, by place (none: the target's own) and name.
    pub(super) roles: BTreeMap<(String, String), String>,
    /// The name of the custom role that a person holds in a place; none where it is built in.
    pub(super) holds: BTreeMap<(String, String), Option<String>>,
}

impl State {
    /// What differs from the roles and the people that are told of here; empty where nothing does.
    pub(super) fn differs(&self, live: &Self) -> String {
        let mut differs = String::new();
        if self.roles != live.roles {
            let _ = writeln!(differs, "roles should be {:#?} and are {:#?}", self.roles, live.roles);
        }
        for (who, wanted) in &self.holds {
            let holds = live.holds.get(who).cloned().flatten();
            if holds != *wanted {
                let _ = writeln!(differs, "{who:?} should hold {wanted:?} and holds {holds:?}");
            }
        }
        differs
    }
}

pub(super) fn cases(product: &Product) -> impl Strategy<Value = Case> + use<> {
    const KINDS: [&str; 5] = ["status=500", "status=503 done", "status=403", "drop", "drop-after"];
    let fault = (1..8usize, prop::sample::select(&KINDS[..]))
        .prop_map(|(nth, kind)| format!("WRITE ** {kind} nth={nth} times=1"));
    let product = *product;
    let known = prop::sample::select(vec![Known::Done, Known::Asked, Known::Made, Known::Nothing]);
    let two = (definitions(&product), definitions(&product));
    (two, fault, known).prop_map(move |((first, mut second), fault, known)| {
        for (index, (before, after)) in first.roles.iter().zip(&mut second.roles).enumerate() {
            if let (Some(role), None) = (before, &after) {
                // Where only a person can delete it, it stays.
                let kept = || Role { name: format!("Kept {index}"), ..role.clone() };
                *after = (!(product.can_delete)(&role.places)).then(kept);
            }
        }
        Case { first, second, fault, known }
    })
}

fn definitions(product: &Product) -> impl Strategy<Value = Definitions> + use<> {
    let product = *product;
    let names = Just((0..ROLES + 1).collect::<Vec<_>>()).prop_shuffle();
    let role = prop::option::weighted(0.8, (1..64u8, 0..3usize, any::<u8>(), 0..3u8));
    let roles = prop::collection::vec(role, ROLES);
    let holds = prop::collection::vec(prop::option::weighted(0.7, 0..8usize), product.people.len());
    (names, roles, holds).prop_map(move |(names, roles, holds)| {
        let role = |(index, recipe): (usize, Option<(u8, usize, u8, u8)>)| {
            let (permissions, base, places, described) = recipe?;
            let chosen = |all: &[&'static str], mask: u8| -> Vec<&'static str> {
                let bits = all.iter().enumerate().filter(|(bit, _)| mask & (1 << bit) != 0);
                bits.map(|(_, one)| *one).collect()
            };
            let everywhere = product.role_places;
            let mut places = chosen(everywhere, places);
            // Roles of the target itself and of its places have keys of their own.
            if index % 2 == 0 {
                places.clear();
            } else if places.is_empty() {
                places.extend(everywhere.first());
            }
            let may = (product.permissions)(&places);
            // At least one of those that it may have.
            let permissions = match (permissions as usize).is_multiple_of(1 << may.len()) {
                true => 1,
                false => permissions,
            };
            Some(Role {
                name: format!("Role {}", names[index]),
                description: format!("Needed {described}"),
                base: product.bases.get(base % product.bases.len().max(1)).copied(),
                permissions: chosen(may, permissions).into_iter().collect(),
                places,
            })
        };
        Definitions { roles: roles.into_iter().enumerate().map(role).collect(), holds }
    })
}

impl Definitions {
    /// The file of definitions; `before` is the revision that it follows.
    pub(super) fn yaml(&self, product: &Product, before: Option<&Self>) -> String {
        let mut yaml = format!("provider: {}\nroles:\n", product.name);
        for (index, role) in self.roles.iter().enumerate() {
            let Some(role) = role else { continue };
            let key = key(index, role);
            let _ =
                writeln!(yaml, "  {key}:\n    name: {}\n    description: {}", role.name, role.description);
            if let Some(base) = role.base {
                let _ = writeln!(yaml, "    base: {base}");
            }
            if let Some(scope) = (product.role_scope)(&role.places) {
                let _ = writeln!(yaml, "    scope: {scope}");
            }
            let former = before.and_then(|before| before.roles[index].as_ref());
            if let Some(former) = former.filter(|former| product.named && former.name != role.name) {
                let _ = writeln!(yaml, "    previously: [{}]", former.name);
            }
            // A ring of moves may leave nobody any other way.
            yaml.push_str("    allow_gap: true\n    permissions:\n");
            for permission in &role.permissions {
                let _ = writeln!(yaml, "      {permission}");
            }
        }
        yaml.push_str("assignments:\n");
        for (person, choice) in product.people.iter().zip(&self.holds) {
            let Some(choice) = choice else { continue };
            let reference = self.held(product, person.place, *choice).0;
            let _ = writeln!(yaml, "  - role: {reference}\n    users: [\"{}\"]", person.spelled);
            if let Some(scope) = (product.person_scope)(person.place) {
                let _ = writeln!(yaml, "    scope: {scope}");
            }
        }
        // What is empty is written as such.
        if self.holds.iter().all(Option::is_none) {
            yaml.push_str("  []\n");
        }
        yaml.replace("roles:\nassignments", "roles: {}\nassignments")
    }

    /// How many roles it has that are none of the others: neither by their key nor, where that is new, by
    /// their name.
    pub(super) fn without(&self, others: &Self) -> usize {
        let keyed = |all: &Self| -> BTreeMap<String, (Vec<&'static str>, String)> {
            let roles = all.roles.iter().enumerate();
            let said = |role: &Role| (role.places.clone(), role.name.clone());
            roles
                .filter_map(|(index, role)| Some((key(index, role.as_ref()?), said(role.as_ref()?))))
                .collect()
        };
        let (own, others) = (keyed(self), keyed(others));
        let other = |name| others.iter().any(|(key, said)| said == name && !own.contains_key(key));
        own.iter().filter(|(key, name)| !others.contains_key(*key) && !other(*name)).count()
    }

    /// How a role is referred to that somebody holds in a place, and its name where it is no built-in one.
    fn held(&self, product: &Product, place: &str, choice: usize) -> (String, Option<String>) {
        let mut there = vec![((product.builtin)(place).to_owned(), None)];
        for (index, role) in self.roles.iter().enumerate() {
            if let Some(role) = role.as_ref().filter(|role| (product.is_held_in)(&role.places, place)) {
                there.push((key(index, role), Some(role.name.clone())));
            }
        }
        there[choice % there.len()].clone()
    }

    /// What is there once this is applied after `before`.
    pub(super) fn expected(&self, product: &Product, before: Option<&Self>) -> State {
        let mut state = State::default();
        for role in self.roles.iter().flatten() {
            let permissions: BTreeSet<&str> =
                role.permissions.iter().map(|one| (product.plain)(one)).collect();
            let permissions: Vec<&str> = permissions.into_iter().collect();
            let says = match product.way {
                Way::Dashboard => String::new(),
                Way::Api | Way::Attested => format!("{:?} {} {permissions:?}", role.base, role.description),
            };
            let places = if role.places.is_empty() { vec![""] } else { role.places.clone() };
            for place in places {
                state.roles.insert((place.to_owned(), role.name.clone()), says.clone());
            }
        }
        for (index, person) in product.people.iter().enumerate() {
            let now = self.holds[index];
            let declared = now.or_else(|| before.and_then(|before| before.holds[index]));
            if declared.is_some() {
                let holds = now.and_then(|choice| self.held(product, person.place, choice).1);
                state.holds.insert((person.place.to_owned(), person.id.to_owned()), holds);
            }
        }
        state
    }
}

fn key(index: usize, role: &Role) -> String {
    if role.places.is_empty() { format!("key-{index}") } else { format!("org-key-{index}") }
}
