//! The laws of planning and applying through the real program: random definitions and what becomes of
//! them, against the emulator of every product.
//!
//! The laws of the planner (`model_world::laws`) run in memory on made-up providers, by the thousand.
//! These are few and slow, and have everything in them that a user has: files, git, the record, HTTP,
//! and the product's own way to hold roles.

mod definitions;
mod product;

use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::{Value, json};

use crate::common::{Emulator, Project, emulator::text, http, project::Output};
use definitions::{Case, Definitions, State, cases};
use product::{Product, Way};

/// A random plan may delete half of everything.
const ALLOWED: &str = "--allow max_deletes --allow max_unassigns --allow unseen --reason laws";

/// A case takes seconds. `PROPTEST_CASES` asks for more: an eightieth of it.
fn config() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig {
        cases: (usual.cases / 80).max(1),
        failure_persistence: None,
        max_shrink_iters: 60,
        ..usual
    }
}

/// Every law on random cases of one product.
fn hold(product: &Product) {
    let emulator = Emulator::of(product.name, product.arguments);
    let law = |case| holds(product, &emulator, &case).map_err(TestCaseError::fail);
    let held = TestRunner::new(config()).run(&cases(product), law);
    held.unwrap_or_else(|error| panic!("{error}"));
}

fn holds(product: &Product, emulator: &Emulator, case: &Case) -> Result<(), String> {
    let seed = (product.seed)();
    if !seed.is_null() {
        let _seeded = emulator.put("/_dashboard/state", &seed);
    }
    emulator.faults(&[]);
    let project = Project::new();
    let on_unassign = product.on_unassign;
    project.config(&format!(
        "  target:\n    provider: {}\n    files: [\"roles/*.yaml\"]\n    settings: {{ {}url: \"{}\" }}\n    on_unassign: {on_unassign}\n",
        product.name, product.settings, emulator.url
    ));
    project.git("init -q -b main");
    let Case { first, second, fault } = case;
    define(&project, product, first, None);
    match product.way {
        Way::Api => settle(product, emulator, &project, &first.expected(product, None))?,
        Way::Attested => settle_by_hand(emulator, &project)?,
        Way::Dashboard => settle_half_by_hand(product, emulator, &project, first, None)?,
    }
    define(&project, product, second, Some(first));
    match product.way {
        Way::Api => {}
        Way::Attested => return settle_by_hand(emulator, &project),
        Way::Dashboard => return settle_half_by_hand(product, emulator, &project, second, Some(first)),
    }
    let wanted = second.expected(product, Some(first));
    // Something goes wrong on the way, and the next apply ends it.
    emulator.faults(&[fault]);
    let broken = project.run(&format!("apply --auto-approve {ALLOWED}"));
    emulator.faults(&[]);
    expect(broken.code != 101, "it did not panic", &broken)?;
    settle(product, emulator, &project, &wanted)?;

    // Whoever begins with what is live has nothing to do.
    let other = Project::new();
    let config = project.read("rolecall.yaml").replace("roles/*.yaml", "imported/*.yaml");
    other.write("rolecall.yaml", &config);
    let imported = other.run("import --target target --out imported/all.yaml");
    expect(imported.code == 0, "what is live is imported", &imported)?;
    let planned = other.run("plan --detailed-exitcode");
    expect(planned.code == 0, "nothing is left after an import", &planned)
}

fn define(project: &Project, product: &Product, definitions: &Definitions, before: Option<&Definitions>) {
    project.write("roles/all.yaml", &definitions.yaml(product, before));
    project.save("change");
}

/// Applies, and holds what came of it against what was wanted.
fn settle(product: &Product, emulator: &Emulator, project: &Project, wanted: &State) -> Result<(), String> {
    let plan = || project.run(&format!("plan --format json {ALLOWED}"));
    let (one, two) = (plan(), plan());
    expect(one.code == 0, "it can be planned", &project.plan())?;
    expect(targets(&one) == targets(&two), "the same is planned twice", &one)?;
    let applied = project.run(&format!("apply --auto-approve {ALLOWED}"));
    expect(applied.code == 0, "it is applied", &applied)?;
    let state = (product.state)(&emulator.get("/_dashboard/state"));
    let differs = wanted.differs(&state);
    expect(differs.is_empty(), &differs, &applied)?;
    let planned = project.run("plan --detailed-exitcode");
    expect(planned.code == 0, "nothing is left to do", &planned)?;
    emulator.forget();
    let again = project.run("apply --auto-approve");
    expect(again.code == 0, "it is applied again", &again)?;
    expect(emulator.writes().is_empty(), "nothing is written again", &again)
}

/// Does by hand what is told, and attests it.
fn settle_by_hand(emulator: &Emulator, project: &Project) -> Result<(), String> {
    let plan = || project.run(&format!("plan --format json {ALLOWED}"));
    let (one, two) = (plan(), plan());
    expect(one.code == 0, "it can be planned", &project.plan())?;
    expect(targets(&one) == targets(&two), "the same is planned twice", &one)?;
    let open = targets(&one)[0]["changes"].as_array().is_some_and(|changes| !changes.is_empty());
    let told = project.run(&format!("apply --auto-approve {ALLOWED}"));
    expect(told.code == if open { 8 } else { 0 }, "steps are open", &told)?;
    expect(emulator.writes().is_empty(), "nothing is written", &told)?;
    let attested = project.run("import --attest");
    expect(attested.code == 0, "it is attested", &attested)?;
    project.save("done by hand");
    let planned = project.run("plan --detailed-exitcode");
    expect(planned.code == 0, "nothing is left to do", &planned)
}

/// A person makes the roles by turns with applies, which give them to people.
fn settle_half_by_hand(
    product: &Product,
    emulator: &Emulator,
    project: &Project,
    definitions: &Definitions,
    before: Option<&Definitions>,
) -> Result<(), String> {
    let apply = || project.run(&format!("apply --auto-approve {ALLOWED}"));
    let mut applied = apply();
    for round in 0..3 {
        if applied.code != 8 {
            break;
        }
        click(emulator, definitions, before, round == 0);
        let attested = project.run("import --attest");
        expect(attested.code == 0, "it is attested", &project.plan())?;
        project.save("done by hand");
        applied = apply();
    }
    expect(applied.code == 0, "it is applied", &applied)?;
    let differs =
        definitions.expected(product, before).differs(&(product.state)(&emulator.get("/_dashboard/state")));
    expect(differs.is_empty(), &differs, &applied)?;
    let planned = project.run("plan --detailed-exitcode");
    expect(planned.code == 0, "nothing is left to do", &planned)
}

/// What a person does who follows the steps for roles: a role that somebody holds cannot be deleted yet.
/// Whoever renamed roles does not do it again.
fn click(emulator: &Emulator, definitions: &Definitions, before: Option<&Definitions>, renames: bool) {
    let roles = || emulator.get("/_dashboard/state")["enterprises"][0]["roles"].clone();
    let id = |name: &str, kind: &str| {
        let roles = roles();
        let mut roles = roles.as_array().into_iter().flatten();
        let role = roles.find(|role| text(role, "name") == name && text(role, "type") == kind);
        role.map(|role| format!("/_dashboard/roles/{}", text(role, "id")))
    };
    let dashboard = |method: &str, path: &str, body: Option<Value>| {
        let _answer = http::send(&emulator.address, method, path, body.as_ref());
    };
    let roles: Vec<_> = definitions
        .renames(before)
        .map(|(from, to, placed)| (from, to, if placed { "org" } else { "enterprise" }))
        .collect();
    for (from, to, kind) in &roles {
        let Some(path) = from.and_then(|from| id(from, kind)) else { continue };
        match to {
            // Another role may bear the name by now.
            None if !renames && roles.iter().any(|(_, to, other)| to == from && other == kind) => {}
            None => dashboard("DELETE", &path, None),
            // Names may go around in a ring.
            Some(to) if renames && Some(*to) != *from => {
                dashboard("PATCH", &path, Some(json!({ "name": format!("{to} soon") })));
            }
            Some(_) => {}
        }
    }
    // Who cannot give a name yet, because somebody still holds the role that bears it, does it later.
    for (_, to, kind) in &roles {
        if let Some((to, path)) =
            to.filter(|to| id(to, kind).is_none()).and_then(|to| Some((to, id(&format!("{to} soon"), kind)?)))
        {
            dashboard("PATCH", &path, Some(json!({ "name": to })));
        }
    }
    for (_, to, kind) in roles {
        let is_there = |name: &str| id(name, kind).is_some() || id(&format!("{name} soon"), kind).is_some();
        if let Some(name) = to.filter(|name| !is_there(name)) {
            dashboard("POST", "/_dashboard/roles", Some(json!({ "name": name, "type": kind })));
        }
    }
}

/// The part of a plan that does not tell when it was made.
fn targets(plan: &Output) -> Value {
    let plan: Value = serde_json::from_str(&plan.stdout).unwrap_or_default();
    plan["targets"].clone()
}

fn expect(holds: bool, what: &str, said: &Output) -> Result<(), String> {
    if holds { Ok(()) } else { Err(format!("{what}: exit {}\n{}\n{}", said.code, said.stdout, said.stderr)) }
}

#[test]
fn of_coderabbit() {
    hold(&product::CODERABBIT);
}

#[test]
fn of_gitlab() {
    hold(&product::GITLAB);
}

#[test]
fn of_workos() {
    hold(&product::WORKOS);
}

#[test]
fn of_infracodebase() {
    hold(&product::INFRACODEBASE);
}

#[test]
fn of_devin() {
    hold(&product::DEVIN);
}
