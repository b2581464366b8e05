//! The laws of planning and applying through the real program: random definitions and what becomes of
//! them, against the emulator of every product.
//!
//! The laws of the planner (`model_world::laws`) run in memory on made-up providers, by the thousand.
//! These are few and slow, and have everything in them that a user has: files, git, the record, HTTP,
//! and the product's own way to hold roles.

mod definitions;
mod product;

use std::collections::BTreeMap;

use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::{Value, json};

use crate::common::{Emulator, Project, emulator::text, http, project::Output};
use definitions::{Case, Definitions, Known, State, cases};
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
    project.write("notes.txt", "");
    let Case { first, second, fault, known } = case;
    define(&project, product, first, None);
    match product.way {
        Way::Api => settle(product, emulator, &project, &first.expected(product, None))?,
        Way::Attested => settle_by_hand(emulator, &project)?,
        Way::Dashboard if *known == Known::Asked => {
            ask(emulator, &project)?;
            attest(&project)?;
        }
        Way::Dashboard if *known == Known::Made => ask(emulator, &project)?,
        Way::Dashboard => settle_half_by_hand(product, emulator, &project, first, None)?,
    }
    if product.way != Way::Api {
        match known {
            Known::Done => _ = project.run(&format!("apply --auto-approve {ALLOWED}")),
            Known::Asked | Known::Made => {}
            Known::Nothing => _ = project.git("update-ref -d refs/rolecall/applied/-/target"),
        }
    }
    define(&project, product, second, Some(first));
    if product.way != Way::Api && *known != Known::Made {
        keeps(&project, first, second)?;
    }
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
    remembers(project)?;
    attest(project)?;
    let planned = project.run("plan --detailed-exitcode");
    expect(planned.code == 0, "nothing is left to do", &planned)
}

/// Says that what was told is done.
fn attest(project: &Project) -> Result<(), String> {
    let attested = project.run("import --attest");
    expect(attested.code == 0, "it is attested", &project.plan())?;
    project.save("done by hand");
    Ok(())
}

/// A person does the first of what an apply asks for, and nobody applies again.
fn ask(emulator: &Emulator, project: &Project) -> Result<(), String> {
    let applied = project.run(&format!("apply --auto-approve {ALLOWED}"));
    expect(matches!(applied.code, 0 | 8), "it is applied", &applied)?;
    click(emulator, &project.run(&format!("plan --format json {ALLOWED}")));
    Ok(())
}

/// What is left to a person stays in every plan until it is done: right after the apply, after another
/// one, after a commit that has nothing to do with it, and after the apply of that. None of it is drift.
fn remembers(project: &Project) -> Result<(), String> {
    let open = || {
        let plan = project.run(&format!("plan --format json {ALLOWED}"));
        let changes = targets(&plan)[0]["changes"].as_array().cloned().unwrap_or_default();
        let of = |change: &Value| (text(change, "action"), text(change, "address"));
        (changes.iter().map(of).collect::<Vec<_>>(), plan)
    };
    let before = open();
    let holds = |when: &str| {
        let (now, said) = open();
        expect(now == before.0, &format!("{when}, all of {:?} is open", before.0), &said)
    };
    let apply = || project.run(&format!("apply --auto-approve {ALLOWED}"));
    let again = apply();
    expect(again.code == if before.0.is_empty() { 0 } else { 8 }, "steps stay open", &again)?;
    holds("after another apply")?;
    let unrelated = project.read("notes.txt").len() + 1;
    project.write("notes.txt", &"x".repeat(unrelated));
    project.save("something else");
    holds("after another commit")?;
    let third = apply();
    expect(third.code == again.code, "steps stay open", &third)?;
    holds("after the apply of another commit")?;
    let drift = project.run("drift --detailed-exitcode");
    expect(drift.code == 0, "what is open is no drift", &drift)
}

/// A key that stays means the same role, whatever names go around; another key of one name does, too.
fn keeps(project: &Project, first: &Definitions, second: &Definitions) -> Result<(), String> {
    let plan = project.run(&format!("plan --format json {ALLOWED}"));
    let changes = targets(&plan)[0]["changes"].as_array().cloned().unwrap_or_default();
    let number = |action: &str| {
        let roles = changes.iter().filter(|change| text(change, "address").contains("/role/"));
        roles.filter(|change| change["action"] == action).count()
    };
    let (gone, new) = (first.without(second), second.without(first));
    expect(number("delete") == gone, &format!("{gone} roles go"), &project.plan())?;
    expect(number("create") == new, &format!("{new} roles come"), &project.plan())
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
    for _round in 0..4 {
        if applied.code != 8 {
            break;
        }
        remembers(project)?;
        click(emulator, &project.run(&format!("plan --format json {ALLOWED}")));
        attest(project)?;
        applied = apply();
    }
    expect(applied.code == 0, "it is applied", &applied)?;
    let differs =
        definitions.expected(product, before).differs(&(product.state)(&emulator.get("/_dashboard/state")));
    expect(differs.is_empty(), &differs, &applied)?;
    let planned = project.run("plan --detailed-exitcode");
    expect(planned.code == 0, "nothing is left to do", &planned)
}

/// What a person does who follows the steps of a plan, as far as they can be followed by now: somebody
/// may still hold a role that is to be deleted, and another role may bear a name.
fn click(emulator: &Emulator, plan: &Output) {
    let changes = targets(plan)[0]["changes"].as_array().cloned().unwrap_or_default();
    let mut open: Vec<Vec<String>> = changes
        .iter()
        .filter_map(|change| change["manual"].as_array())
        .map(|steps| steps.iter().filter_map(Value::as_str).map(str::to_owned).rev().collect())
        .collect();
    // What one change frees another one may take.
    loop {
        let before: usize = open.iter().map(Vec::len).sum();
        for steps in &mut open {
            follow(emulator, steps);
        }
        if open.iter().map(Vec::len).sum::<usize>() == before {
            return;
        }
    }
}

/// Follows the steps of one change, the next one last, until one cannot be made yet.
fn follow(emulator: &Emulator, steps: &mut Vec<String>) {
    let roles = emulator.get("/_dashboard/state")["enterprises"][0]["roles"].clone();
    let mut roles: BTreeMap<(String, String), String> = roles
        .as_array()
        .into_iter()
        .flatten()
        .map(|role| ((text(role, "name"), text(role, "type")), text(role, "id")))
        .collect();
    let dashboard = |method: &str, path: &str, body: Option<Value>| {
        let (status, answer) = http::send(&emulator.address, method, path, body.as_ref());
        (200..300).contains(&status).then_some(answer)
    };
    let quoted =
        |step: &str| -> Vec<String> { step.split('`').skip(1).step_by(2).map(str::to_owned).collect() };
    let kind = |level: &str| if level == "Organization" { "org" } else { "enterprise" }.to_owned();
    let (mut level, mut id) = (String::new(), String::new());
    // The level and the role stand in steps that were followed before, so that these are read again.
    let mut done = Vec::new();
    while let Some(step) = steps.pop() {
        let words = quoted(&step);
        let followed = if step.starts_with("Create a custom role") {
            level = kind(&words[0]);
            true
        } else if step.starts_with("Name it") {
            let body = json!({ "name": words[0], "type": level });
            let made = dashboard("POST", "/_dashboard/roles", Some(body));
            roles.extend(made.iter().map(|made| ((words[0].clone(), level.clone()), text(made, "id"))));
            made.is_some()
        } else if step.starts_with("Edit the role") {
            level = kind(&words[1]);
            let found = roles.get(&(words[0].clone(), level.clone()));
            id = found.cloned().unwrap_or_default();
            found.is_some()
        } else if step.starts_with("Change its name") {
            let free = !roles.contains_key(&(words[0].clone(), level.clone()));
            let body = json!({ "name": words[0] });
            free && dashboard("PATCH", &format!("/_dashboard/roles/{id}"), Some(body)).is_some()
        } else if step.starts_with("Delete the role") {
            let found = roles.get(&(words[0].clone(), kind(&words[1])));
            found.is_some_and(|id| dashboard("DELETE", &format!("/_dashboard/roles/{id}"), None).is_some())
        } else {
            !step.starts_with("Go on once") || !roles.keys().any(|(name, _)| *name == words[0])
        };
        if !followed {
            steps.push(step);
            break;
        }
        done.push(step);
    }
    // A name that is not free yet: which role is to get it has to be found again.
    if steps.last().is_some_and(|step| step.starts_with("Change its name") || step.starts_with("Name it")) {
        steps.extend(done.pop());
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
