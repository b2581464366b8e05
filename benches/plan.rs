//! How long a plan of a large tenant takes: resolve, compare, judge, order, and build the document.

#![expect(clippy::expect_used, reason = "a benchmark that cannot go on says so")]

#[path = "../tests/model_world/definitions.rs"]
#[allow(dead_code, reason = "the stories use the rest")]
mod definitions;
#[path = "../tests/model_world/sixth.rs"]
#[allow(dead_code, reason = "the stories use the rest")]
mod sixth;
#[path = "../tests/model_world/spec.rs"]
#[allow(dead_code, reason = "the stories use the rest")]
mod spec;
#[path = "../tests/model_world/world.rs"]
#[allow(dead_code, reason = "the stories use the rest")]
mod world;

use std::collections::BTreeSet;

use definitions::{Definitions, definitions, plan_live, plan_selected};
use divan::{Bencher, black_box};
use globset::{Glob, GlobSet};
use rolecall::{
    model::{
        config::Placed,
        desired::{DesiredAssignment, DesiredRole, RoleName, Spelling, Via},
        directory::Directory,
        live::LiveState,
    },
    plan::select::select,
};
use world::{World, plain_role, world};

const ROLES: usize = 10_000;
const PERMISSIONS: usize = 20;
const PEOPLE: usize = 10_000;

fn main() {
    divan::main();
}

/// Roles that each have another set of permissions.
fn roles(permissions: impl Fn(usize, usize) -> String) -> World {
    let mut world = world();
    for at in 0..ROLES {
        let permissions = (0..PERMISSIONS).map(|p| permissions(at, p)).collect();
        let role = plain_role(&format!("Role {at:05}"), permissions);
        world.roles.insert(format!("r{at:05}"), role);
    }
    world
}

fn permission(at: usize, p: usize) -> String {
    format!("resource_{}:access_{p}", (at + p) % 97)
}

/// Declares every role of `world`, by id, under the name that `name` gives it.
fn declared(world: &World, name: impl Fn(usize) -> String) -> Definitions {
    let mut definitions = definitions().role("template", |role| role);
    let template = definitions.desired.roles.pop().expect("a role");
    for (at, (id, role)) in world.roles.iter().filter(|(_, role)| !role.builtin).enumerate() {
        let site = template.site;
        definitions.desired.roles.push(DesiredRole {
            key: id.as_str().into(),
            id: Some(Placed { value: id.as_str().into(), site }),
            name: Placed { value: name(at).as_str().into(), site },
            permissions: role
                .permissions
                .iter()
                .map(|p| (p.as_str().into(), Via::Own(site)))
                .collect::<std::collections::BTreeMap<_, _>>()
                .into(),
            ..template.clone()
        });
    }
    definitions
}

fn same_name(at: usize) -> String {
    format!("Role {at:05}")
}

/// What was read; the catalogue knows every permission.
fn read(world: &World) -> LiveState {
    LiveState { catalogue: None, ..world.live() }
}

/// Everybody moves to another role, so that rings are likely.
fn moving(world: &mut World, definitions: &mut Definitions) {
    let site = definitions.target.site;
    for at in 0..PEOPLE {
        let (from, to) = ((at * 7919) % ROLES, (at * 104_729 + 1) % ROLES);
        world.people.insert(("user", format!("p{at:05}")), Some(format!("r{from:05}")));
        definitions.desired.assignments.push(DesiredAssignment {
            role: Placed { value: RoleName::Key(format!("r{to:05}").into()), site },
            scope: rolecall::model::Scope::Target,
            class: "user",
            principal: Placed { value: Spelling::Handle(format!("p{at:05}").into()), site },
            place: site,
            expires: None,
        });
    }
}

fn run(bencher: Bencher<'_, '_>, world: &World, definitions: &Definitions, changes: usize) {
    let live = read(world);
    let planned = plan_live(&live, definitions).map_err(|findings| findings.len()).expect("a plan");
    assert_eq!(planned.plan.changes.len(), changes);
    bencher.bench_local(|| plan_live(black_box(&live), black_box(definitions)));
}

#[divan::bench(sample_count = 5)]
fn all_roles_equal(bencher: Bencher<'_, '_>) {
    let world = roles(permission);
    run(bencher, &world, &declared(&world, same_name), 0);
}

#[divan::bench(sample_count = 5)]
fn all_roles_differ(bencher: Bencher<'_, '_>) {
    let world = roles(permission);
    let wanted = roles(|at, p| permission(at + 31, p));
    run(bencher, &world, &declared(&wanted, same_name), ROLES);
}

#[divan::bench(sample_count = 5)]
fn all_people_move(bencher: Bencher<'_, '_>) {
    let mut world = roles(permission);
    let mut definitions = declared(&world, same_name);
    moving(&mut world, &mut definitions);
    run(bencher, &world, &definitions, PEOPLE);
}

#[divan::bench(sample_count = 5)]
fn all_people_move_among_roles_that_lose_and_gain(bencher: Bencher<'_, '_>) {
    let mut world = roles(permission);
    let mut definitions = declared(&roles(|at, p| permission(at + 31, p)), same_name);
    moving(&mut world, &mut definitions);
    run(bencher, &world, &definitions, ROLES + PEOPLE);
}

#[divan::bench(sample_count = 5)]
fn all_names_in_one_ring(bencher: Bencher<'_, '_>) {
    let world = roles(permission);
    run(bencher, &world, &declared(&world, |at| same_name((at + 1) % ROLES)), ROLES);
}

#[divan::bench(sample_count = 5)]
fn half_of_a_plan(bencher: Bencher<'_, '_>) {
    let mut world = roles(permission);
    let mut definitions = declared(&roles(|at, p| permission(at + 31, p)), same_name);
    moving(&mut world, &mut definitions);
    let live = read(&world);
    let only = GlobSet::new([Glob::new("t/role/**").expect("a pattern")]).expect("a pattern");
    bencher.bench_local(|| {
        plan_selected(&live, &definitions, |plan| select(plan, &only).expect("roles stand by themselves"))
    });
}

#[divan::bench(sample_count = 5)]
fn nobody_is_known(bencher: Bencher<'_, '_>) {
    let mut world = roles(permission);
    let mut definitions = declared(&world, same_name);
    moving(&mut world, &mut definitions);
    let mut live = read(&world);
    let mut others = Directory::default();
    for (class, spelling, id) in live.directory.iter() {
        others.add(class, Spelling::Handle(format!("another-{}", spelling.text().raw()).into()), id.clone());
    }
    live.directory = others;
    let unknown: BTreeSet<_> =
        plan_live(&live, &definitions).expect_err("nobody").iter().map(|f| f.code).collect();
    assert_eq!(unknown.len(), 1);
    bencher.bench_local(|| plan_live(&live, &definitions).map_err(|findings| findings.len()));
}
