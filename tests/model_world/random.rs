//! Random worlds with random definitions, as recipes that shrink well.

mod oracle;
pub(crate) mod sixth;

use std::{collections::BTreeSet, fmt};

use proptest::prelude::*;
use rolecall::model::config::Mode;

use super::{
    definitions::Definitions,
    world::{Role, Who, World},
};

/// A world, its definitions, and the world that they ask for.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) world: World,
    pub(crate) definitions: Definitions,
    /// Roles that the plan makes stand under `made NAME`.
    pub(crate) wanted: World,
    /// Live roles that the definitions say nothing of.
    pub(crate) undeclared: BTreeSet<String>,
    /// People whom nothing in the definitions concerns.
    pub(crate) untold: BTreeSet<Who>,
    /// For shuffling and choosing.
    pub(crate) seed: u64,
}

/// Short enough to read after a law was broken.
impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let describe = |f: &mut fmt::Formatter<'_>, title: &str, world: &World| {
            writeln!(f, "{title}: default {:?}, folds case {}", world.default, world.folds_case)?;
            for (id, role) in world.roles.iter().filter(|(_, role)| !role.builtin) {
                let Role { name, description, permissions, class, scope, base, .. } = role;
                writeln!(f, "  {id} {class} {scope:?} {name:?} {description:?} {base:?} {permissions:?}")?;
            }
            world
                .people
                .iter()
                .try_for_each(|((class, id), role)| writeln!(f, "  {class} {id}: {role:?}"))?;
            world.held.iter().try_for_each(|((class, scope, id), roles)| {
                writeln!(f, "  {class} {id} at {scope:?}: {roles:?}")
            })
        };
        writeln!(f, "seed {}", self.seed)?;
        describe(f, "live", &self.world)?;
        describe(f, "wanted", &self.wanted)
    }
}

/// Names that people and attackers choose. Some differ only in case.
fn names() -> Vec<String> {
    let short = [
        "Alpha",
        "alpha",
        "Beta",
        "beta",
        "Release helper",
        "release helper",
        "Ångström",
        "ångström",
        "e\u{301}",
        "é",
        "\u{202e}evil",
        "zero\u{200b}width",
        " ",
        "a/b@c=%3D",
        "=Alpha",
        "yes",
        "1",
        "member",
        "Σ",
        "ς",
        "ß",
        "\u{1b}[31mred",
        "line\nbreak",
        "🦀",
    ];
    short.iter().map(|&name| name.to_owned()).chain(["x".repeat(300), "İ".repeat(300)]).collect()
}

/// What becomes of a live role.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Undeclared,
    SameName,
    RenamedById,
    RenamedByPreviously,
    Removed,
}

#[derive(Clone, Debug)]
struct LiveRecipe {
    name: usize,
    permissions: u8,
    described: bool,
    fate: Fate,
    wanted: RoleRecipe,
    /// Where the holders of a removed role go.
    reassign_to: usize,
}

#[derive(Clone, Debug)]
struct RoleRecipe {
    name: usize,
    permissions: u8,
    /// Whether the permissions are those of the live role, so that they do not differ.
    keeps: bool,
    base: usize,
    except: u8,
    /// 0 not managed, 1 cleared, 2 and 3 a text.
    description: u8,
}

#[derive(Clone, Debug)]
struct PersonRecipe {
    bot: bool,
    holds: usize,
    wants: usize,
    expired: bool,
    spelling: u8,
}

#[derive(Clone, Debug)]
pub(crate) struct Recipe {
    folds_case: bool,
    live: Vec<LiveRecipe>,
    new: Vec<RoleRecipe>,
    people: Vec<PersonRecipe>,
    default: usize,
    wanted_default: usize,
    roles: Mode,
    assignments: Mode,
    on_unassign: usize,
    exclusive: Vec<usize>,
    seed: u64,
}

fn mode() -> impl Strategy<Value = Mode> {
    prop_oneof![3 => Just(Mode::Declared), 1 => Just(Mode::Additive), 1 => Just(Mode::Authoritative)]
}

/// Roles that all change, and people who all move among them: rings.
fn ring_recipe() -> impl Strategy<Value = (Vec<LiveRecipe>, Vec<PersonRecipe>)> {
    let fate = prop_oneof![
        3 => Just(Fate::RenamedById),
        2 => Just(Fate::RenamedByPreviously),
        1 => Just(Fate::SameName),
    ];
    let role = (0..26usize, any::<u8>(), fate, any::<u8>(), 0..26usize).prop_map(
        |(name, permissions, fate, wanted, wanted_name)| LiveRecipe {
            name,
            permissions,
            described: false,
            fate,
            wanted: RoleRecipe {
                name: wanted_name,
                permissions: wanted,
                keeps: false,
                base: 0,
                except: 0,
                description: 0,
            },
            reassign_to: 0,
        },
    );
    let person = (3..8usize, 7..12usize, 0..3u8).prop_map(|(holds, wants, spelling)| PersonRecipe {
        bot: false,
        holds,
        wants,
        expired: false,
        spelling,
    });
    (prop::collection::vec(role, 2..5), prop::collection::vec(person, 3..9))
}

fn role_recipe() -> impl Strategy<Value = RoleRecipe> {
    let description = prop_oneof![3 => Just(0u8), 1 => Just(1u8), 2 => 2..4u8];
    (0..26usize, any::<u8>(), prop::bool::weighted(0.3), 0..12usize, any::<u8>(), description).prop_map(
        |(name, permissions, keeps, base, except, description)| RoleRecipe {
            name,
            permissions,
            keeps,
            base,
            except,
            description,
        },
    )
}

fn live_recipe() -> impl Strategy<Value = LiveRecipe> {
    let fate = prop_oneof![
        2 => Just(Fate::Undeclared),
        4 => Just(Fate::SameName),
        3 => Just(Fate::RenamedById),
        2 => Just(Fate::RenamedByPreviously),
        2 => Just(Fate::Removed),
    ];
    (0..26usize, any::<u8>(), any::<bool>(), fate, role_recipe(), 0..8usize).prop_map(
        |(name, permissions, described, fate, wanted, reassign_to)| LiveRecipe {
            name,
            permissions,
            described,
            fate,
            wanted,
            reassign_to,
        },
    )
}

fn person_recipe() -> impl Strategy<Value = PersonRecipe> {
    (prop::bool::weighted(0.2), 0..10usize, 0..12usize, prop::bool::weighted(0.3), 0..3u8).prop_map(
        |(bot, holds, wants, expired, spelling)| PersonRecipe { bot, holds, wants, expired, spelling },
    )
}

pub(crate) fn recipe() -> impl Strategy<Value = Recipe> {
    let live = (prop::collection::vec(live_recipe(), 0..6), prop::collection::vec(person_recipe(), 0..9));
    let live = prop_oneof![4 => live.boxed(), 1 => ring_recipe().boxed()];
    let new = prop::collection::vec(role_recipe(), 0..3);
    let rest = (0..8usize, 0..10usize, mode(), mode(), 0..6usize, prop::collection::vec(0..16usize, 0..2));
    (any::<bool>(), live, new, rest, any::<u64>()).prop_map(
        |(
            folds_case,
            (live, people),
            new,
            (default, wanted_default, roles, assignments, on_unassign, exclusive),
            seed,
        )| {
            Recipe {
                folds_case,
                live,
                new,
                people,
                default,
                wanted_default,
                roles,
                assignments,
                on_unassign,
                exclusive,
                seed,
            }
        },
    )
}

/// A random case.
pub(crate) fn cases() -> impl Strategy<Value = Case> {
    recipe().prop_map(|recipe| oracle::Builder::new(&recipe).build())
}
