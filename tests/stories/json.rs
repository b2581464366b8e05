//! What other programs read.

use serde_json::{Value, json};

use crate::common::{Emulator, Project};

const FIRST: &str = "\
roles:
  one: { name: One, description: Needed, permissions: { reports: [read] } }
  two: { name: Two, description: Needed, permissions: { learnings: [read] } }
default_role: one
assignments:
  - { role: one, users: [\"1003\", \"1004\"] }
";

const SECOND: &str = "\
roles:
  one: { name: Uno, previously: [One], description: null, permissions: { reports: [write] } }
default_role: none
assignments:
  - { role: one, users: [\"1003\"], exclusive: [users] }
removed:
  - { name: Two }
  - { name: Held }
";

#[track_caller]
fn fits(schema: &str, document: &Value) {
    let path = format!("{}/schema/{schema}", env!("CARGO_MANIFEST_DIR"));
    let schema: Value =
        serde_json::from_str(&std::fs::read_to_string(path).expect("the schema")).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let errors: Vec<String> =
        validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}\n{document:#}");
}

#[test]
fn plans_and_results_fit_their_schemas() {
    let emulator = Emulator::start();
    let held = emulator.make_role(&json!({ "name": "Held", "permissions": [] }));
    emulator.give("1005", &held);
    let project = Project::in_git(&emulator, "on_unassign: { to: builtin:cr_member }\n");
    let plan = || fits("plan.schema.json", &project.run("plan --format json").json());
    let apply = |args: &str| {
        let output = project.run(&format!("apply --auto-approve --format json {args}"));
        fits("apply.schema.json", &output.json());
        output.code
    };
    project.define(FIRST);
    plan();
    assert_eq!(apply(""), 0);
    assert_eq!(apply(""), 0, "nothing to do");
    project.commit("first");
    project.define(SECOND);
    plan();
    assert_eq!(apply(""), 4, "somebody holds the role");
    project.define(&SECOND.replace("name: Held", "name: Held, reassign_to: builtin:cr_member"));
    plan();
    emulator.faults(&["DELETE /v1/roles/* status=500", "PATCH /v1/roles/* lose nth=1"]);
    assert_eq!(apply(""), 6);
    emulator.faults(&["READ ** status=403"]);
    plan();
    assert_eq!(apply(""), 1);
    project.define("roles: 1\n");
    plan();
    assert_eq!(apply(""), 3);
}

#[test]
fn equal_inputs_give_equal_plans_apart_from_the_run() {
    let emulator = Emulator::start();
    let project = Project::in_git(&emulator, "");
    project.define(FIRST);
    let plan = || {
        let mut plan = project.run("plan --format json").exits(0).json();
        assert!(plan.as_object_mut().expect("an object").remove("run").is_some());
        plan.to_string()
    };
    let first = plan();
    assert_eq!(first, plan());
    emulator.switch("list_order", "id");
    emulator.switch("permission_order", "reversed");
    assert_eq!(first, plan(), "in whatever order the API answers");
    let text = || project.plan().stdout;
    assert_eq!(text(), text());
    let markdown = || project.run("plan --format markdown").stdout;
    assert_eq!(markdown(), markdown());
}

#[test]
fn data_goes_to_standard_output_and_everything_else_to_standard_error() {
    let emulator = Emulator::start();
    let project = Project::in_git(&emulator, "");
    project.define("roles:\n  one: { name: One, permissions: { reports: [read] } }\n");
    let plan = project.run("plan --format json -vv").exits(0);
    assert!(plan.json().is_object() && plan.stderr.contains("1 warning"), "{}", plan.everything());
    let quiet = project.run("apply --auto-approve --quiet").exits(0);
    assert!(!quiet.stderr.contains("done"), "{}", quiet.stderr);
    let _changes = project.run("plan --detailed-exitcode").exits(0);
    project.define("roles:\n  one: { name: One, permissions: { reports: [write] } }\n");
    let _changes = project.run("plan --detailed-exitcode").exits(2);
    let _changes = project.run("plan").exits(0);
}

#[test]
fn what_only_live_shows_stands_in_the_plan() {
    let emulator = Emulator::start();
    let project = Project::in_git(&emulator, "");
    project.define("assignments:\n  - { role: builtin:cr_member, users: [\"10044\"] }\n");
    let plan = project.run("plan --format json").exits(3).json();
    let finding = &plan["targets"][0]["findings"][0];
    assert_eq!(finding["code"], "RC051");
    assert_eq!(finding["level"], "error");
    assert_eq!(finding["message"], "CodeRabbit knows no user `10044`");
    assert_eq!(
        (finding["place"]["file"].as_str(), finding["place"]["line"].as_u64()),
        (Some("roles/all.yaml"), Some(3))
    );
    let text = project.plan().exits(3);
    assert_eq!(text.everything().matches("knows no user").count(), 1, "a terminal says it once");
    let _page = project.run("plan --format markdown").exits(3).has("**Error** `RC051`");
}

#[test]
fn a_selection_that_matches_nothing_says_so() {
    let emulator = Emulator::start();
    let project = Project::in_git(&emulator, "");
    project.define("roles:\n  one: { name: One, description: Needed, permissions: { reports: [read] } }\n");
    let _nothing = project
        .run("plan --only reviews/role/other")
        .exits(0)
        .has("`--only` matches nothing of the plan; 1 change is outside of it")
        .has("No changes in what --only selects.")
        .lacks("Live matches");
    let _all =
        project.run("plan --only reviews/role/one").exits(0).has("Plan: 1 to create.").lacks("outside of");
}
