//! Plans that somebody approved: saved, shown, applied, and never more than that.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::assignments::piped;
use crate::common::{Emulator, Project, project::target};

const ROLES: &str = "\
roles:
  one: { name: One, description: Needed, permissions: { reports: [read] } }
  two: { name: Two, description: Needed, permissions: { learnings: [read] } }
";

fn planned() -> (Emulator, Project) {
    let emulator = Emulator::start();
    let project = Project::in_git(&emulator, "");
    project.define(ROLES);
    let _saved = project.run("plan -o plan.json").exits(0);
    (emulator, project)
}

#[test]
fn a_saved_plan_is_shown_and_applied_without_a_question() {
    let (emulator, project) = planned();
    emulator.forget();
    let shown = project.run("show plan.json").exits(0);
    assert_eq!(shown.stdout, project.plan().stdout, "it shows what was planned");
    let _markdown = project.run("show plan.json --format markdown").exits(0).has("reviews");
    let json = project.run("show plan.json --format json").exits(0).json();
    assert_eq!(json, serde_json::from_str::<Value>(&project.read("plan.json")).expect("JSON"));
    let _applied = project.run("apply plan.json").exits(0).has("Applied 2 of 2");
    project.is_in_place();
    let _again = project.run("apply plan.json").exits(0).has("No changes");
}

#[test]
fn what_was_done_meanwhile_is_fine_and_what_came_in_addition_is_refused() {
    let (emulator, project) = planned();
    emulator.make_role(&json!({ "name": "One", "description": "Needed", "permissions": ["reports:read"] }));
    emulator.forget();
    let _rest = project.run("apply plan.json").exits(0).has("Applied 1 of 1");
    assert_eq!(emulator.sent(), ["POST /v1/roles"]);
    project.commit("both");

    project.define(&ROLES.replace("learnings: [read]", "learnings: [read, write]"));
    let _saved = project.run("plan -o plan.json").exits(0);
    emulator.edit_role("One", &json!({ "permissions": ["api_keys:write", "reports:read"] }));
    emulator.edit_role("Two", &json!({ "permissions": ["learnings:read", "audit_logs:read"] }));
    emulator.forget();
    let stale = project.run("apply plan.json").exits(5);
    assert_snapshot!(stale.steady(&stale.stderr), @r"
    error: the plan is stale; not among what was approved:
      reviews/role/one: it would be changed
      reviews/role/one: permissions would lose `api_keys:write`
      reviews/role/two: permissions would lose `audit_logs:read`
      help: Plan again, and have the new plan reviewed.
    ");
    assert_eq!(emulator.sent(), [""; 0]);
}

#[test]
fn p3_a_plan_file_widens_nothing() {
    let (emulator, project) = planned();
    let read = || serde_json::from_str::<Value>(&project.read("plan.json")).expect("JSON");
    let save = |plan: &Value| project.write("plan.json", &plan.to_string());

    // A permission more in the file: the definitions do not want it, so it is not given.
    let mut more = read();
    more["targets"][0]["changes"][0]["after"]["permissions"] = json!(["api_keys:write", "reports:read"]);
    save(&more);
    let outcome = project.run("apply plan.json");
    let given = emulator.role("One").map(|role| role["permissions"].clone());
    assert!(given.is_none() || given == Some(json!(["reports:read"])), "{given:?} {}", outcome.everything());

    // A change less: what was not approved is not made.
    let emulator = Emulator::start();
    project.target(&emulator, "");
    project.commit("another tenant");
    project.write("roles/note.txt", "");
    project.commit("so that the tenant is no news");
    let _saved = project.run("plan -o plan.json").exits(0);
    let mut less = read();
    less["targets"][0]["changes"].as_array_mut().expect("changes").remove(1);
    less["targets"][0]["summary"]["create"] = json!(1);
    save(&less);
    emulator.forget();
    let _refused = project.run("apply plan.json").exits(5).has("reviews/role/two: it would be created");
    assert_eq!(emulator.sent(), [""; 0]);

    // No target at all.
    less["targets"] = json!([]);
    save(&less);
    let _nothing = project.run("apply plan.json");
    assert_eq!(emulator.custom(), [""; 0]);

    for text in ["", "{}", "[]", "null", "{\"format_version\": 2}", "not json"] {
        project.write("plan.json", text);
        let _refused = project.run("apply plan.json").exits(1).has("cannot be read");
    }
    let _absent = project.run("apply nowhere.json").exits(1).has("nowhere.json");
}

#[test]
fn p3_what_is_sent_comes_from_the_definitions_not_from_the_file() {
    let (emulator, project) = planned();
    let elsewhere = crate::common::http::Listener::start(200, "{}");
    let plan = project.read("plan.json").replace(&emulator.address, &elsewhere.address);
    project.write("plan.json", &plan);
    let refused = project.run("apply plan.json").exits(5);
    let _named = refused.has("was approved").has(&elsewhere.address);
    assert_eq!(elsewhere.seen(), [""; 0]);
    assert_eq!(emulator.custom(), [""; 0]);
}

#[test]
fn p4_a_plan_of_another_tenant_is_refused() {
    let emulator = Emulator::start();
    let mut project = Project::in_git(&emulator, "");
    project.set("ROLECALL_ALLOW_HOSTS", &emulator.address);
    project.define(ROLES);
    project.set("CODERABBIT_API_KEY", "cr-globex");
    let _saved = project.run("plan -o plan.json").exits(0);
    project.set("CODERABBIT_API_KEY", "cr-acme");
    let refused = project.run("apply plan.json").exits(5);
    assert_snapshot!(refused.steady(&refused.stderr), @r"
    error: the plan is stale; not among what was approved:
      target reviews: it is `HOST crorg-acme`, and `HOST crorg-globex` was approved
      help: Plan again, and have the new plan reviewed.
    ");
    assert_eq!(emulator.sent(), [""; 0]);
}

#[test]
fn an_expected_digest_has_to_be_the_digest() {
    let (emulator, project) = planned();
    let plan: Value = serde_json::from_str(&project.read("plan.json")).expect("JSON");
    let (whole, one) =
        (plan["digest"].as_str().expect("one"), plan["targets"][0]["digest"].as_str().expect("one"));
    let run = |expected: &str| project.run_args(["apply", "--expect-plan", expected]);
    for malformed in ["sha256:", "sha256:abc", &whole[7..], &whole.to_uppercase(), "reviews="] {
        let _usage = run(malformed).exits(64).has("--expect-plan");
    }
    let _unknown = run(&format!("other={one}")).exits(64).has("no target is called `other`");
    let wrong = format!("sha256:{}", "0".repeat(64));
    let _stale = run(&wrong).exits(5).has("the plan is not the expected one");
    let _stale = run(&format!("reviews={wrong}")).exits(5);
    assert_eq!(emulator.sent(), [""; 0]);
    let _right = run(&format!("reviews={one}")).exits(0);
    assert_eq!(emulator.custom().len(), 2);
    project.is_in_place();
}

#[test]
fn a_digest_says_what_is_done_and_nothing_else() {
    let (emulator, project) = planned();
    let digest = || project.run("plan --format json").json()["digest"].as_str().map(str::to_owned);
    let first = digest();
    assert!(first.is_some());
    project.define(&format!("# a comment\n{ROLES}"));
    project.write("unrelated.txt", "x");
    project.commit("moved");
    assert_eq!(digest(), first, "another layout and another commit");
    project.config_also("guards: { max_deletes: 2 }");
    assert_ne!(digest(), first, "another guard");
    project.target(&emulator, "manage: additive\n");
    assert_ne!(digest(), first, "another mode");
}

#[test]
fn without_a_terminal_nobody_can_be_asked() {
    let (emulator, project) = planned();
    let _refused =
        project.run("apply").exits(1).has("there is no terminal to ask for a `yes`").has("--auto-approve");
    assert_eq!(emulator.sent(), [""; 0]);
    let _nothing_to_ask = project.apply().exits(0);
    let _nothing_to_ask = project.run("apply").exits(0).has("No changes");
}

#[cfg(target_os = "linux")]
#[test]
#[expect(clippy::print_stderr, reason = "a test that was skipped says so")]
fn only_a_typed_yes_applies() {
    use std::io::Write as _;
    let (emulator, project) = planned();
    for (typed, code, roles) in [("no\n", 1, 0), ("y\n", 1, 0), ("\n", 1, 0), ("yes\n", 0, 2)] {
        // `script` of util-linux gives the program a terminal.
        let program = env!("CARGO_BIN_EXE_rolecall");
        let mut command = project.command(["--version"]);
        let environment: Vec<_> =
            command.get_envs().map(|(n, v)| (n.to_owned(), v.map(ToOwned::to_owned))).collect();
        command = std::process::Command::new("script");
        command.env_clear();
        for (name, value) in environment {
            command.env(name, value.unwrap_or_default());
        }
        command.args(["-qec", &format!("{program} apply"), "/dev/null"]).current_dir(&project.dir);
        let child = command.stdin(piped()).stdout(piped()).stderr(piped()).spawn();
        let Ok(mut child) = child else {
            eprintln!("SKIPPED: there is no `script` to make a terminal with");
            return;
        };
        let mut input = child.stdin.take().expect("piped");
        std::thread::sleep(std::time::Duration::from_millis(600));
        input.write_all(typed.as_bytes()).expect("typed");
        let output = project.output(child.wait_with_output().expect("it ends")).exits(code);
        drop(input);
        let _asked = output.has("Apply these changes? Only `yes` is accepted:");
        assert_eq!(emulator.custom().len(), roles, "{typed:?}");
    }
}

#[test]
fn a_plan_file_narrows_the_run_to_its_targets() {
    let (first, second) = (Emulator::start(), Emulator::start());
    let project = Project::new();
    project.config(&format!("{}{}", target("first", &first.url), target("second", &second.url)));
    project.define(ROLES);
    let _saved = project.run("plan -o plan.json --target first").exits(0);
    let _applied = project.run("apply plan.json").exits(0);
    assert_eq!((first.custom().len(), second.custom().len()), (2, 0));
    let _saved = project.run("plan -o plan.json --only second/role/one").exits(0);
    let _applied = project.run("apply plan.json").exits(0);
    assert_eq!((first.custom().len(), second.custom()), (2, vec!["One".to_owned()]));
}
