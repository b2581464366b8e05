//! Builds a case from its recipe, with what has to come of it: worked out from the recipe itself,
//! without the planner.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan as _;
use rolecall::model::{config::Mode, desired::Spelling};

use super::{
    super::{
        definitions::{Definitions, TODAY, definitions},
        spec::PERMISSIONS,
        world::{Role, Who, World, plain_role, world},
    },
    Case, Fate, Recipe, RoleRecipe, names,
};

fn permissions(mask: u8) -> BTreeSet<String> {
    (0..8).filter(|bit| mask & (1 << bit) != 0).map(|bit| PERMISSIONS[bit].to_owned()).collect()
}

/// A role that is declared: its key, the live role it is, and what it asks for.
struct Declared<'r> {
    key: String,
    live: Option<String>,
    /// Whether it says `id`.
    by_id: bool,
    name: String,
    recipe: &'r RoleRecipe,
}

impl Declared<'_> {
    /// How the wanted world calls it.
    fn id(&self) -> String {
        self.live.clone().unwrap_or_else(|| format!("made {}", self.name))
    }
}

pub(super) struct Builder<'r> {
    recipe: &'r Recipe,
    names: Vec<String>,
    world: World,
    declared: Vec<Declared<'r>>,
    undeclared: BTreeSet<String>,
    /// Live id and where the holders go.
    removed: BTreeMap<String, Option<String>>,
    definitions: Definitions,
}

impl<'r> Builder<'r> {
    pub(super) fn new(recipe: &'r Recipe) -> Self {
        let world = World { folds_case: recipe.folds_case, ..world() };
        Self {
            recipe,
            names: names(),
            world,
            declared: Vec::new(),
            undeclared: BTreeSet::new(),
            removed: BTreeMap::new(),
            definitions: definitions().manage(recipe.roles, recipe.assignments),
        }
    }

    fn folded(&self, name: &str) -> String {
        if self.recipe.folds_case { name.to_lowercase() } else { name.to_owned() }
    }

    /// The first name from `start` that is `free`.
    fn pick(&self, start: usize, free: impl Fn(&str) -> bool) -> String {
        let (before, from) = self.names.split_at(start % self.names.len());
        let found = from.iter().chain(before).find(|name| free(name)).cloned();
        found.unwrap_or_else(|| format!("name {start} {}", self.declared.len()))
    }

    pub(super) fn build(mut self) -> Case {
        self.live_world();
        self.fates();
        self.declare();
        let wanted_roles = self.wanted_roles();
        let mut wanted = World { roles: wanted_roles, ..self.world.clone() };
        let untold = self.people(&mut wanted);
        self.default(&mut wanted);
        for (removed, to) in &self.removed {
            let name = format!("={}", self.world.roles[removed].name);
            let to = to.as_ref().map(|to| self.reference(to));
            self.definitions = self.definitions.clone().removed(&name, to.as_deref());
            wanted.roles.remove(removed);
        }
        if self.recipe.roles == Mode::Authoritative {
            for id in &self.undeclared {
                wanted.roles.remove(id);
            }
        }
        Case {
            world: self.world,
            definitions: self.definitions,
            wanted,
            undeclared: self.undeclared,
            untold,
            seed: self.recipe.seed,
        }
    }

    fn live_world(&mut self) {
        for (index, recipe) in self.recipe.live.iter().enumerate() {
            let taken: BTreeSet<String> = self.world.roles.values().map(|r| self.folded(&r.name)).collect();
            let name = self.pick(recipe.name, |name| !taken.contains(&self.folded(name)));
            let description = recipe.described.then(|| "as it was".to_owned());
            let role = Role { description, ..plain_role(&name, permissions(recipe.permissions)) };
            self.world.roles.insert((index + 1).to_string(), role);
        }
        // Ids of people are also ids of roles: nothing may mix them up.
        let mut roles: Vec<Option<String>> = vec![None, Some("member".into()), Some("admin".into())];
        roles.extend((1..=self.recipe.live.len()).map(|id| Some(id.to_string())));
        for (index, person) in self.recipe.people.iter().enumerate() {
            let who = (if person.bot { "bot" } else { "user" }, (index + 1).to_string());
            let holds = match person.wants {
                // Whoever is frozen is rarely told to move.
                0 if person.holds == 0 => Some("frozen".to_owned()),
                _ => roles[person.holds % roles.len()].clone(),
            };
            self.world.people.insert(who, holds);
        }
        let default = self.recipe.default.checked_sub(1).and_then(|at| roles[at % roles.len()].clone());
        self.world.default = default;
    }

    /// Which live roles are declared, removed, and left alone.
    fn fates(&mut self) {
        for (index, recipe) in self.recipe.live.iter().enumerate() {
            let id = (index + 1).to_string();
            let in_use = self.world.holders(&id) > 0 || self.world.default.as_ref() == Some(&id);
            let fate = match (recipe.fate, self.recipe.roles) {
                // Refused, and told as stories.
                (Fate::Removed, Mode::Additive) => Fate::Undeclared,
                (Fate::Undeclared, Mode::Authoritative) if in_use => Fate::Removed,
                (fate, _) => fate,
            };
            let by_id = matches!(fate, Fate::RenamedById);
            match fate {
                Fate::Undeclared => {
                    self.undeclared.insert(id);
                }
                Fate::Removed => {
                    self.removed.insert(id, None);
                }
                Fate::SameName | Fate::RenamedById | Fate::RenamedByPreviously => {
                    let name = match fate {
                        Fate::SameName => self.world.roles[&id].name.clone(),
                        _ => String::new(),
                    };
                    let live = Some(id);
                    self.declared.push(Declared {
                        key: String::new(),
                        live,
                        by_id,
                        name,
                        recipe: &recipe.wanted,
                    });
                }
            }
        }
        for recipe in &self.recipe.new {
            let name = String::new();
            self.declared.push(Declared { key: String::new(), live: None, by_id: false, name, recipe });
        }
        self.name_them();
    }

    /// Gives every declared role a final name that does not contradict the others.
    fn name_them(&mut self) {
        let kept = self.undeclared.iter().filter(|_| self.recipe.roles != Mode::Authoritative);
        let mut taken: BTreeSet<String> = kept.map(|id| self.folded(&self.world.roles[id].name)).collect();
        taken.extend(["admin", "member", "frozen"].map(|id| self.folded(&self.world.roles[id].name)));
        taken.extend(self.declared.iter().filter(|d| !d.name.is_empty()).map(|d| self.folded(&d.name)));
        // A name that a role without `id` must not take: the live role of that name would be meant.
        let claimed = |id: &String| self.declared.iter().any(|d| d.by_id && d.live.as_ref() == Some(id));
        let meant: BTreeSet<String> = self
            .world
            .roles
            .iter()
            .filter(|(id, _)| !claimed(id))
            .map(|(_, role)| role.name.clone())
            .collect();
        // `removed` names a role that goes: nobody may take exactly that name in the same step.
        let removed: BTreeSet<String> =
            self.removed.keys().map(|id| self.world.roles[id].name.clone()).collect();
        for index in 0..self.declared.len() {
            if self.declared[index].name.is_empty() {
                let by_id = self.declared[index].by_id;
                let free = |name: &str| {
                    !taken.contains(&self.folded(name))
                        && !removed.contains(name)
                        && (by_id || !meant.contains(name))
                };
                // Often the name that another role bears: chains and rings of names.
                let start = self.declared[index].recipe.name;
                let borne = self.world.roles.get(&(start % 5 + 1).to_string()).map(|role| role.name.clone());
                let name = borne.filter(|name| free(name)).unwrap_or_else(|| self.pick(start, free));
                taken.insert(self.folded(&name));
                self.declared[index].name = name;
            }
            // Keys are in another order than the roles, so that bases point both ways.
            self.declared[index].key = format!("k{}", (index * 7 + 3) % 11);
        }
    }

    fn declare(&mut self) {
        for (index, declared) in self.declared.iter().enumerate() {
            let recipe = declared.recipe;
            let live = declared.live.as_ref().map(|id| &self.world.roles[id]);
            let own = self.own(declared);
            let own: Vec<&str> = own.iter().map(String::as_str).collect();
            let except = permissions(recipe.except);
            let except: Vec<&str> = except.iter().map(String::as_str).collect();
            let base = self.base(index);
            self.definitions = self.definitions.clone().role(&declared.key, |mut role| {
                role = role.name(&declared.name).allow_gap((self.recipe.seed >> (index % 64)) & 3 != 0);
                let (own, set) = own.split_at(own.len() / 2);
                role = role.permissions(own).set("some-set", set);
                if let Some(base) = &base {
                    role = role.base(base).except(&except);
                }
                match (declared.by_id, &declared.live, live) {
                    (true, Some(id), _) => role = role.id(id),
                    (false, _, Some(live)) if live.name != declared.name => {
                        role = role.previously("never was").previously(&live.name);
                    }
                    _ => {}
                }
                match recipe.description {
                    0 => role,
                    1 => role.description(None),
                    n => role.description(Some(if n == 2 { "as it was" } else { "as it is" })),
                }
            });
        }
    }

    fn own(&self, declared: &Declared<'_>) -> BTreeSet<String> {
        match declared.live.as_ref().map(|id| &self.world.roles[id]) {
            Some(live) if declared.recipe.keeps => live.permissions.clone(),
            _ => permissions(declared.recipe.permissions),
        }
    }

    /// The base of a declared role: none, a built-in one, or one declared before it.
    fn base(&self, index: usize) -> Option<String> {
        match self.declared[index].recipe.base {
            0..=5 => None,
            6 => Some("builtin:member".to_owned()),
            7 => Some("builtin:Administrator".to_owned()),
            8 => Some("builtin:frozen".to_owned()),
            n if index > 0 => Some(self.declared[n % index].key.clone()),
            _ => None,
        }
    }

    /// The wanted permissions of each declared role, in order.
    fn wanted_permissions(&self) -> Vec<BTreeSet<String>> {
        let mut sets: Vec<BTreeSet<String>> = Vec::new();
        for (index, declared) in self.declared.iter().enumerate() {
            let mut set = self.own(declared);
            if let Some(base) = self.base(index) {
                match base.as_str() {
                    "builtin:member" => set.extend(self.world.roles["member"].permissions.clone()),
                    "builtin:Administrator" => set.extend(self.world.roles["admin"].permissions.clone()),
                    "builtin:frozen" => {}
                    key => {
                        let at = self.declared.iter().position(|d| d.key == key).expect("declared before");
                        set.extend(sets[at].clone());
                    }
                }
                let except = permissions(declared.recipe.except);
                set.retain(|permission| !except.contains(permission));
            }
            sets.push(set);
        }
        sets
    }

    fn wanted_roles(&self) -> BTreeMap<String, Role> {
        let mut roles = self.world.roles.clone();
        for (declared, mut permissions) in self.declared.iter().zip(self.wanted_permissions()) {
            let live = declared.live.as_ref().map(|id| &self.world.roles[id]);
            if self.recipe.roles == Mode::Additive {
                permissions.extend(live.iter().flat_map(|role| role.permissions.clone()));
            }
            let description = match declared.recipe.description {
                0 => live.and_then(|role| role.description.clone()),
                1 => None,
                2 => Some("as it was".to_owned()),
                _ => Some("as it is".to_owned()),
            };
            let name = declared.name.clone();
            roles.insert(declared.id(), Role { description, ..plain_role(&name, permissions) });
        }
        roles
    }

    /// How a definition refers to a role of the wanted world.
    fn reference(&self, id: &str) -> String {
        match self.declared.iter().find(|declared| declared.id() == id) {
            Some(declared) => declared.key.clone(),
            None => format!("builtin:{id}"),
        }
    }

    fn can_be_given(&self, id: &str) -> bool {
        ["member", "admin"].contains(&id) || self.declared.iter().any(|declared| declared.id() == id)
    }

    /// A role that people can be given: built in or declared.
    fn givable(&self, at: usize) -> String {
        let mut ids = vec!["member".to_owned(), "admin".to_owned()];
        ids.extend(self.declared.iter().map(Declared::id));
        ids.swap_remove(at % ids.len())
    }

    /// Moves people in the wanted world as the definitions say; returns those whom nothing concerns.
    fn people(&mut self, wanted: &mut World) -> BTreeSet<Who> {
        let recipe = self.recipe;
        let additive = recipe.assignments == Mode::Additive;
        let on_unassign = recipe.on_unassign.checked_sub(1).map(|at| self.givable(at.saturating_sub(2)));
        if let Some(to) = &on_unassign {
            self.definitions = self.definitions.clone().on_unassign(&self.reference(to));
        }
        let mut exclusive = BTreeSet::new();
        for at in &recipe.exclusive {
            let (role, class) = (self.givable(at / 2), if at % 2 == 0 { "user" } else { "bot" });
            let reference = self.reference(&role);
            self.definitions.exclusive_class(class, &reference);
            exclusive.insert((role, class));
        }
        for (id, to) in &mut self.removed {
            let at: usize = id.parse().expect("a number");
            let holders = self.world.holders(id) > 0;
            let mut ids = vec!["member".to_owned(), "admin".to_owned()];
            ids.extend(self.declared.iter().map(Declared::id));
            let recipe = &recipe.live[at - 1];
            *to =
                (holders || recipe.reassign_to > 5).then(|| ids.swap_remove(recipe.reassign_to % ids.len()));
        }
        let mut untold = BTreeSet::new();
        let people: Vec<(Who, Option<String>)> =
            self.world.people.iter().map(|(who, held)| (who.clone(), held.clone())).collect();
        for (who, held) in people {
            let at: usize = who.1.parse().expect("a number");
            let person = &recipe.people[at - 1];
            let mut wants = person.wants.checked_sub(5).map(|at| self.givable(at));
            if person.expired && held.as_ref().is_some_and(|held| self.can_be_given(held)) {
                wants.clone_from(&held);
            }
            if let Some(role) = &wants {
                let expires = match (person.expired, person.spelling) {
                    (true, _) => Some(TODAY.checked_sub(1.day()).expect("a day")),
                    (false, 0) => Some(TODAY),
                    (false, _) => None,
                };
                let spelling = match person.spelling {
                    0 => Spelling::Handle(who.1.as_str().into()),
                    1 => Spelling::Email(format!("{}@example.test", who.1).into()),
                    _ => Spelling::Id(who.1.as_str().into()),
                };
                let reference = self.reference(role);
                self.definitions.assignment(who.0, &reference, spelling, expires);
            }
            let vacant = held.as_deref().is_none_or(|held| held == "member");
            let removed = held.as_ref().and_then(|held| self.removed.get(held));
            let expired = person.expired && wants.is_some() && wants == held;
            let taken_away = held.as_ref().is_some_and(|held| {
                let locked = held == "frozen";
                expired
                    || (!locked && exclusive.contains(&(held.clone(), who.0)))
                    || (!locked && recipe.assignments == Mode::Authoritative)
            });
            let gets = match wants {
                Some(role) if !person.expired => (vacant || removed.is_some() || !additive).then_some(role),
                _ if vacant => None,
                _ => match removed {
                    Some(to) => to.clone(),
                    None if taken_away && !additive => on_unassign.clone(),
                    None => {
                        if !taken_away {
                            untold.insert(who.clone());
                        }
                        None
                    }
                },
            };
            if let Some(role) = gets {
                wanted.people.insert(who, Some(role));
            }
        }
        untold
    }

    fn default(&mut self, wanted: &mut World) {
        let default = match self.recipe.wanted_default {
            0..=2 => {
                // Deleting the default is refused, and told as a story.
                if wanted.default.as_ref().is_none_or(|default| !self.removed.contains_key(default)) {
                    return;
                }
                None
            }
            3 => None,
            n => Some(self.givable(n - 4)),
        };
        let reference = default.as_ref().map(|role| self.reference(role));
        self.definitions = self.definitions.clone().default_role(reference.as_deref());
        wanted.default = default;
    }
}
