//! Random worlds of the second provider with random definitions, and what has to come of them: worked
//! out from the recipe, without the planner.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use rolecall::model::{
    Scope,
    config::{Mode, OnUnassign},
};

use super::{
    super::{
        definitions::{Definitions, sixth_definitions},
        spec::PERMISSIONS,
        world::{Place, Role, SITES, World, made, plain_role, site, sixth_world},
    },
    Case,
};

/// What becomes of a live role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Undeclared,
    Kept,
    Renamed,
    Removed,
}

#[derive(Clone, Debug)]
struct RoleRecipe {
    place: usize,
    base: bool,
    permissions: u8,
    fate: Fate,
    wanted_base: bool,
    wanted: u8,
    name: usize,
}

#[derive(Clone, Debug)]
struct OfficeRecipe {
    permissions: u8,
    attested: bool,
    fate: Fate,
    wanted: u8,
}

#[derive(Clone, Debug)]
struct PersonRecipe {
    class: usize,
    place: usize,
    holds: u8,
    wants: u8,
    declared: bool,
}

#[derive(Clone, Debug)]
struct Recipe {
    folds_case: bool,
    live: Vec<RoleRecipe>,
    new: Vec<RoleRecipe>,
    offices: Vec<OfficeRecipe>,
    people: Vec<PersonRecipe>,
    authoritative: bool,
    on_unassign: usize,
    seed: u64,
}

fn role() -> impl Strategy<Value = RoleRecipe> {
    let fate = prop_oneof![
        1 => Just(Fate::Undeclared),
        4 => Just(Fate::Kept),
        2 => Just(Fate::Renamed),
        2 => Just(Fate::Removed),
    ];
    (0..3usize, any::<bool>(), any::<u8>(), fate, prop::bool::weighted(0.4), any::<u8>(), 0..6usize).prop_map(
        |(place, base, permissions, fate, moves, wanted, name)| RoleRecipe {
            place,
            base,
            permissions,
            fate,
            wanted_base: base != moves,
            wanted,
            name,
        },
    )
}

fn office() -> impl Strategy<Value = OfficeRecipe> {
    let fate = prop_oneof![1 => Just(Fate::Undeclared), 3 => Just(Fate::Kept), 2 => Just(Fate::Removed)];
    (any::<u8>(), any::<bool>(), fate, any::<u8>()).prop_map(|(permissions, attested, fate, wanted)| {
        OfficeRecipe { permissions, attested, fate, wanted }
    })
}

fn person() -> impl Strategy<Value = PersonRecipe> {
    (0..4usize, 0..4usize, any::<u8>(), any::<u8>(), prop::bool::weighted(0.7)).prop_map(
        |(class, place, holds, wants, declared)| PersonRecipe { class, place, holds, wants, declared },
    )
}

fn recipe() -> impl Strategy<Value = Recipe> {
    let roles = (prop::collection::vec(role(), 0..7), prop::collection::vec(role(), 0..3));
    let others = (prop::collection::vec(office(), 0..3), prop::collection::vec(person(), 0..10));
    let rest = (prop::bool::weighted(0.3), 0..4usize, any::<u64>(), any::<bool>());
    (roles, others, rest).prop_map(
        |((live, new), (offices, people), (authoritative, on_unassign, seed, folds_case))| Recipe {
            folds_case,
            live,
            new,
            offices,
            people,
            authoritative,
            on_unassign,
            seed,
        },
    )
}

/// A random case.
pub(crate) fn cases() -> impl Strategy<Value = Case> {
    recipe().prop_map(|recipe| build(&recipe))
}

fn permissions(mask: u8) -> BTreeSet<String> {
    (0..8).filter(|bit| mask & (1 << bit) != 0).map(|bit| PERMISSIONS[bit].to_owned()).collect()
}

fn place(at: usize) -> Scope {
    match at {
        0 => Scope::Target,
        n => site(SITES[(n - 1) % SITES.len()]),
    }
}

fn base(high: bool) -> &'static str {
    if high { "high" } else { "low" }
}

/// A role that is declared: its key, how the wanted world calls it, and where it lives.
struct Declared {
    key: String,
    id: String,
    scope: Scope,
}

fn build(recipe: &Recipe) -> Case {
    let mut world = World { folds_case: recipe.folds_case, ..sixth_world() };
    let mode = if recipe.authoritative { Mode::Authoritative } else { Mode::Declared };
    let mut definitions = sixth_definitions().manage(Mode::Declared, mode);
    for (index, role) in recipe.live.iter().enumerate() {
        let scope = place(role.place);
        let there = world.roles.values().filter(|other| !other.builtin && other.scope == scope).count();
        if there < super::super::sixth::LIMIT as usize {
            let base = Some(base(role.base).to_owned());
            let name = format!("Role {index}");
            let role = Role { scope, base, ..plain_role(&name, permissions(role.permissions)) };
            world.roles.insert(format!("r{index}"), role);
        }
    }
    for (index, office) in recipe.offices.iter().enumerate() {
        let id = format!("o{index}");
        world.roles.insert(
            id.clone(),
            Role {
                class: "office",
                scope: Scope::Level("crown".into()),
                ..plain_role(&format!("Office {index}"), permissions(office.permissions))
            },
        );
        if office.attested {
            world.attested.insert(id, permissions(office.permissions));
        }
    }
    let mut roles = world.roles.clone();
    let (mut declared, mut undeclared, mut removed) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    // Names of each place that are free in the end.
    let mut taken: BTreeSet<(Scope, String)> = BTreeSet::new();
    for (index, role) in recipe.live.iter().enumerate() {
        let stays = matches!(role.fate, Fate::Undeclared | Fate::Kept | Fate::Removed);
        if let (true, Some(live)) = (stays, world.roles.get(&format!("r{index}"))) {
            taken.insert((live.scope.clone(), live.name.clone()));
        }
    }
    for (index, role) in recipe.live.iter().enumerate() {
        let id = format!("r{index}");
        let Some(live) = world.roles.get(&id).cloned() else { continue };
        let key = format!("k{}", (index * 5 + 2) % 7);
        match role.fate {
            Fate::Undeclared => {
                undeclared.insert(id);
            }
            Fate::Removed => {
                definitions =
                    definitions.removed_at(&format!("={}", live.name), &live.scope, Some("builtin:low"));
                roles.remove(&id);
                removed.insert(id);
            }
            Fate::Kept | Fate::Renamed => {
                // Often the name that another role bears: chains and rings. What is replaced is not known
                // by its id afterwards.
                let other = format!("Role {}", (index + role.name) % recipe.live.len().max(1));
                let moves = role.base != role.wanted_base;
                let name = match role.fate {
                    Fate::Renamed if !moves && taken.insert((live.scope.clone(), other.clone())) => other,
                    Fate::Renamed => format!("New name {index}"),
                    _ => live.name.clone(),
                };
                let renamed = name != live.name;
                let told = (renamed && !moves, renamed && moves);
                let of = (&*key, &*id, &live, &*name, role);
                declare(&mut definitions, &mut roles, &mut declared, of, told, recipe);
            }
        }
    }
    for (index, new) in recipe.new.iter().enumerate() {
        let scope = place(new.place);
        let name = format!("Made {index}");
        let base = base(new.wanted_base);
        let key = format!("n{index}");
        let own = permissions(new.wanted);
        definitions = definitions.role(&key, |role| {
            let own: Vec<&str> = own.iter().map(String::as_str).collect();
            role.name(&name).at(scope.clone()).base(&format!("builtin:{base}")).permissions(&own)
        });
        let role = Role { scope: scope.clone(), base: Some(base.into()), ..plain_role(&name, own) };
        let id = made(&role);
        roles.insert(id.clone(), role);
        declared.push(Declared { key, id, scope });
    }
    undeclared.extend(offices(recipe, &world, &mut definitions, &mut roles, &mut declared));
    let mut wanted = World { roles, ..world.clone() };
    let untold = BTreeSet::new();
    people(recipe, &mut world, &mut wanted, &mut definitions, &declared, &removed);
    Case { world, definitions, wanted, undeclared, untold, seed: recipe.seed }
}

type Live<'a> = (&'a str, &'a str, &'a Role, &'a str, &'a RoleRecipe);

/// Declares a live role, by id or by an earlier name where that is `told`.
fn declare(
    definitions: &mut Definitions,
    roles: &mut BTreeMap<String, Role>,
    declared: &mut Vec<Declared>,
    (key, id, live, name, recipe): Live<'_>,
    (by_id, previously): (bool, bool),
    whole: &Recipe,
) {
    let own = permissions(recipe.wanted);
    let base = base(recipe.wanted_base);
    *definitions = definitions.clone().role(key, |role| {
        let own: Vec<&str> = own.iter().map(String::as_str).collect();
        let role = role.name(name).at(live.scope.clone()).base(&format!("builtin:{base}")).permissions(&own);
        let role = if by_id { role.id(id) } else { role };
        let role = if previously { role.previously(&live.name) } else { role };
        role.allow_gap((whole.seed >> (key.len() + recipe.name)) & 3 != 0)
    });
    let role = Role { base: Some(base.into()), scope: live.scope.clone(), ..plain_role(name, own) };
    let id = if recipe.base == recipe.wanted_base {
        id.to_owned()
    } else {
        roles.remove(id);
        made(&role)
    };
    roles.insert(id.clone(), role);
    declared.push(Declared { key: key.to_owned(), id, scope: live.scope.clone() });
}

fn offices(
    recipe: &Recipe,
    world: &World,
    definitions: &mut Definitions,
    roles: &mut BTreeMap<String, Role>,
    declared: &mut Vec<Declared>,
) -> BTreeSet<String> {
    let mut undeclared = BTreeSet::new();
    for (index, office) in recipe.offices.iter().enumerate() {
        let id = format!("o{index}");
        let live = &world.roles[&id];
        match office.fate {
            Fate::Undeclared => {
                undeclared.insert(id);
            }
            Fate::Removed => {
                *definitions = definitions.clone().removed_at(
                    &format!("={}", live.name),
                    &live.scope,
                    Some("builtin:low"),
                );
                roles.remove(&id);
            }
            Fate::Kept | Fate::Renamed => {
                let own = permissions(office.wanted);
                let key = format!("office-{index}");
                *definitions = definitions.clone().role(&key, |role| {
                    let own: Vec<&str> = own.iter().map(String::as_str).collect();
                    role.name(&live.name).office().permissions(&own)
                });
                roles.insert(id.clone(), Role { permissions: own, ..live.clone() });
                declared.push(Declared { key, id, scope: live.scope.clone() });
            }
        }
    }
    undeclared
}

/// Who holds what before and afterwards.
fn people(
    recipe: &Recipe,
    world: &mut World,
    wanted: &mut World,
    definitions: &mut Definitions,
    declared: &[Declared],
    removed: &BTreeSet<String>,
) {
    let on_unassign = match recipe.on_unassign {
        0 => OnUnassign::Refuse,
        1 => OnUnassign::KeepBase,
        _ => OnUnassign::RemoveMember,
    };
    definitions.target.on_unassign = on_unassign.clone();
    // A role that is replaced is another one afterwards.
    let becomes = |id: &String| match wanted.roles.contains_key(id) {
        true => Some(id.clone()),
        false => {
            let old = &world.roles[id];
            let key = declared.iter().find(|one| one.scope == old.scope && one.key == key_of(id))?;
            Some(key.id.clone())
        }
    };
    let mut held: BTreeMap<Place, BTreeSet<String>> = BTreeMap::new();
    let mut after: BTreeMap<Place, BTreeSet<String>> = BTreeMap::new();
    for (index, person) in recipe.people.iter().enumerate() {
        let class = ["user", "user", "seat", "crew"][person.class];
        let scope = match (class, person.place) {
            ("user", 3) => Scope::Level("crown".into()),
            ("user", n) => place(n),
            (_, n) => site(SITES[n % SITES.len()]),
        };
        let at: Place = (class, scope.clone(), (index % 6 + 1).to_string());
        if held.contains_key(&at) {
            continue;
        }
        let here = |role: &Role| role.scope == scope;
        let mut can_hold: Vec<String> = world
            .roles
            .iter()
            .filter(|(_, role)| !role.builtin && here(role))
            .map(|(id, _)| id.clone())
            .collect();
        can_hold.extend(["low".to_owned(), "high".to_owned()]);
        let mut can_want: Vec<(String, String)> = declared
            .iter()
            .filter(|one| one.scope == scope)
            .map(|one| (one.key.clone(), one.id.clone()))
            .collect();
        can_want.extend(["low", "high"].map(|id| (format!("builtin:{id}"), id.to_owned())));
        let several = class == "user";
        let choose = |mask: u8, n: usize| -> Vec<usize> {
            match several {
                true => (0..n).filter(|bit| mask & (1 << (bit % 8)) != 0).collect(),
                false if mask.is_multiple_of(3) => Vec::new(),
                false => vec![mask as usize % n],
            }
        };
        let before: BTreeSet<String> =
            choose(person.holds, can_hold.len()).into_iter().map(|at| can_hold[at].clone()).collect();
        let wants = if person.declared { choose(person.wants, can_want.len()) } else { Vec::new() };
        let mut gets = BTreeSet::new();
        for at_role in &wants {
            let (reference, id) = &can_want[*at_role];
            *definitions = definitions.clone().hold(class, &scope, reference, &[&at.2]);
            gets.insert(id.clone());
        }
        let told = !wants.is_empty();
        for id in &before {
            let goes = removed.contains(id) || !wanted.roles.contains_key(id) && becomes(id).is_none();
            let now = if goes { Some("low".to_owned()) } else { becomes(id) };
            let Some(now) = now else { continue };
            if !several && told {
                continue; // They are given another one.
            }
            if recipe.authoritative && !gets.contains(&now) {
                if class != "seat" {
                    continue;
                }
                // What is refused is not looked at.
                let custom = world.roles[id].base.clone();
                match (&on_unassign, custom) {
                    (OnUnassign::KeepBase, Some(base)) => gets.insert(base),
                    (OnUnassign::KeepBase, None) => gets.insert(now),
                    _ => continue,
                };
                continue;
            }
            gets.insert(now);
        }
        held.insert(at.clone(), before);
        after.insert(at, gets);
    }
    world.held = held;
    wanted.held = after;
}

/// The key that a live role has where it is declared.
fn key_of(id: &str) -> String {
    match id.strip_prefix('r').and_then(|index| index.parse::<usize>().ok()) {
        Some(index) => format!("k{}", (index * 5 + 2) % 7),
        None => id.to_owned(),
    }
}
