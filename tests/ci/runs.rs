//! `ci run`: what each event does to the product, and what it leaves.

use serde_json::json;

use super::checkout::{Checkout, REPOSITORY};
use crate::common::{
    project::target,
    repository::{READS, role},
};

#[test]
fn a_pull_request_is_planned_as_merging_it_would_be() {
    let checkout = Checkout::new();
    let head = checkout.propose("more", || checkout.project.write(
        "roles/two.yaml",
        "provider: coderabbit\nroles:\n  two: { name: Two, description: Needed, permissions: { reports: [read] } }\n",
    ));
    // Meanwhile somebody merges something else.
    checkout.define("one", "Uno");
    checkout.commit_and_push("rename");
    let step = checkout.pull_request(&head, REPOSITORY).run("plan").exits(2);
    let names: Vec<_> = step.results()["plan"]["targets"][0]["changes"]
        .as_array()
        .expect("changes")
        .iter()
        .map(|change| change["after"]["name"].clone())
        .collect();
    assert_eq!(names, [json!("Uno"), json!("Two")]);
    assert_eq!(step.given("changes").as_deref(), Some("true"));
    assert_eq!(step.given("added").as_deref(), Some("2"));
    assert_eq!(step.results()["plan"]["revisions"]["desired"], json!(head));
    assert!(step.summary().contains("### Plan: 2 to create."), "{}", step.summary());
    assert_eq!(checkout.emulator.sent(), Vec::<String>::new(), "a plan writes nothing");
}

#[test]
fn a_fork_is_compared_and_no_server_is_asked() {
    let checkout = Checkout::new();
    let head = checkout.propose("fork", || checkout.define("one", "Mine"));
    for repository in ["mallory/roles", ""] {
        let step = checkout.pull_request(&head, repository).run("plan").exits(0);
        let step = step.has("This pull request may use no credential");
        let diff = step.results()["diff"].to_string();
        assert!(diff.contains("Mine"), "{diff}");
        assert_eq!(checkout.emulator.requests(), Vec::<serde_json::Value>::new());
    }
}

#[test]
fn what_a_pull_request_may_not_do_is_refused_before_anything_is_read() {
    let checkout = Checkout::new();
    let head = checkout.head();
    for command in ["apply", "record", "drift"] {
        let _refused = checkout.pull_request(&head, REPOSITORY).run(command).exits(4);
    }
    let target = checkout.event("pull_request_target", "refs/heads/main", &head, &json!({}));
    for command in ["validate", "diff", "plan", "apply", "drift", "record"] {
        let _refused = target.run(command).exits(4).has("pull_request_target");
    }
    assert_eq!(checkout.emulator.requests(), Vec::<serde_json::Value>::new());
}

#[test]
fn a_push_is_applied_recorded_and_then_nothing_is_left() {
    let checkout = Checkout::new();
    let head = checkout.head();
    let push = checkout.push(&head);
    let planned = push.run("plan").exits(2);
    let digest = planned.given("digest").expect("a digest");
    let applied = checkout.push(&head).input("expect_plan", &digest).run("apply").exits(0);
    assert_eq!(checkout.emulator.custom(), ["One"]);
    let record = applied.given("record_file").expect("a record");
    assert!(applied.summary().contains("Applied"), "{}", applied.summary());

    // The job that pushes has a clone of its own.
    checkout.forget_record();
    let pushed = checkout.push(&head).input("record_file", &record).run("record").exits(0);
    let _said = pushed.has("Recorded: refs/rolecall/applied/-/reviews");
    assert_ne!(checkout.pushed_record(), "");

    checkout.forget_record();
    let again = push.run("plan").exits(0);
    assert_eq!(again.given("changes").as_deref(), Some("false"));
    let schedule = checkout.event("schedule", "refs/heads/main", &head, &json!({}));
    let _clean = schedule.run("drift").exits(0);

    checkout.emulator.edit_role("One", &json!({ "description": "Clicked" }));
    checkout.forget_record();
    let drifted = schedule.run("drift").exits(2);
    assert_eq!(drifted.results()["plan"]["targets"][0]["changes"][0]["origin"], json!("drift"));
}

#[test]
fn a_run_that_is_behind_applies_nothing() {
    let checkout = Checkout::new();
    let old = checkout.head();
    checkout.define("one", "Uno");
    checkout.commit_and_push("newer");
    checkout.project.git(&format!("checkout -q {old}"));
    checkout.emulator.forget();
    let _stale = checkout.push(&old).run("apply").exits(5).has("Nothing was sent");
    assert_eq!(checkout.emulator.requests(), Vec::<serde_json::Value>::new());
}

#[test]
fn where_the_tip_cannot_be_told_nothing_is_applied() {
    let checkout = Checkout::new();
    let head = checkout.head();
    checkout.without_server();
    let _refused = checkout.push(&head).run("apply").exits(4).has("cannot be told");
    assert_eq!(checkout.emulator.requests(), Vec::<serde_json::Value>::new());
}

#[test]
fn another_commit_than_the_event_s_is_not_applied() {
    let checkout = Checkout::new();
    let _refused = checkout.push(&"a".repeat(40)).run("apply").exits(4).has("is checked out");
    let dispatch = checkout.event("workflow_dispatch", "refs/heads/feature", &checkout.head(), &json!({}));
    let _refused = dispatch.run("apply").exits(4).has("default branch");
    assert_eq!(checkout.emulator.requests(), Vec::<serde_json::Value>::new());
}

#[test]
fn another_plan_than_the_expected_one_is_not_applied() {
    let checkout = Checkout::new();
    let head = checkout.head();
    let digest = checkout.push(&head).run("plan").exits(2).given("digest").expect("a digest");
    let _made = checkout.emulator.make_role(&json!({ "name": "One", "permissions": [] }));
    checkout.emulator.forget();
    let stale = checkout.push(&head).input("expect_plan", &digest).run("apply").exits(5);
    let _said = stale.has("the plan is not the expected one");
    assert_eq!(checkout.emulator.sent(), Vec::<String>::new());
}

#[test]
fn a_program_that_was_built_here_applies_only_where_that_is_allowed() {
    let checkout = Checkout::new();
    let head = checkout.head();
    let built = || checkout.push(&head).with("ROLECALL_SOURCE", "build");
    let _planned = built().run("plan").exits(2);
    let _refused = built().run("apply").exits(4).has("only a release may apply");
    assert_eq!(checkout.emulator.sent(), Vec::<String>::new());
    let _applied = built().input("allow_source_build", "true").run("apply").exits(0);
}

#[test]
fn a_record_of_another_commit_is_not_pushed() {
    let checkout = Checkout::new();
    let old = checkout.head();
    let record = checkout.push(&old).run("apply").exits(0).given("record_file").expect("a record");
    let kept = checkout.project.home().join("kept.json");
    std::fs::copy(record, &kept).expect("it is kept");
    checkout.define("one", "Uno");
    let new = checkout.commit_and_push("newer");
    let late = checkout.push(&new).input("record_file", &kept.display().to_string()).run("record");
    let _refused = late.exits(4).has("the record is of the commit");
    assert_eq!(checkout.pushed_record(), "");
}

#[test]
fn invalid_definitions_are_shown_at_their_lines() {
    let checkout = Checkout::new();
    checkout.project.define("roles:\n  one: { name: One, permission: { reports: [read] } }\n");
    let head = checkout.commit_and_push("wrong");
    let step = checkout.push(&head).input("sarif_file", "out.sarif").run("validate").exits(3);
    let step = step.has("::error file=roles/all.yaml,line=3");
    assert!(step.summary().contains("1 error in the definitions"), "{}", step.summary());
    assert_eq!(super::checkout::json_of(&checkout.project.dir.join("out.sarif"))["version"], json!("2.1.0"));
    let _planned = checkout.push(&head).run("plan").exits(3);
}

#[test]
fn inputs_are_no_code_and_a_path_stays_in_the_checkout() {
    let checkout = Checkout::new();
    let push = || checkout.push(&checkout.head());
    let _usage = push().input("command", "plan$(touch pwned)").run_with(&["ci", "run"]).exits(64);
    assert!(!checkout.project.dir.join("pwned").exists());
    let _refused =
        push().input("directory", "..").run("validate").exits(4).has("outside of GITHUB_WORKSPACE");
    let _elsewhere = checkout.project.run("ci run plan").exits(64);
}

#[test]
fn the_head_of_a_fork_is_compared_as_data() {
    let checkout = Checkout::new();
    let head = checkout.propose("mallory", || checkout.define("one", "Mine"));
    let payload = json!({ "workflow_run": {
        "event": "pull_request", "head_branch": "mallory", "head_sha": head,
        "head_repository": { "full_name": "mallory/roles", "owner": { "login": "mallory" } },
    } });
    let before = checkout.project.read("roles/all.yaml");
    let run = checkout.event("workflow_run", "refs/heads/main", &checkout.head(), &payload);
    let step = run.run("diff").exits(0);
    assert!(step.results()["diff"].to_string().contains("Mine"));
    assert_eq!(checkout.project.read("roles/all.yaml"), before);
    let _refused = run.run("plan").exits(4);
    assert_eq!(checkout.emulator.requests(), Vec::<serde_json::Value>::new());
}

#[test]
fn eight_parts_are_one_plan_and_a_missing_one_is_missed() {
    let checkout = Checkout::new();
    let url = checkout.emulator.url.clone();
    let targets: String = (0..12)
        .map(|n| {
            let entry = target(&format!("t{n}"), &url).replace("roles/**", &format!("t{n}/**"));
            format!("{entry}    credential: {{ env: CODERABBIT_API_KEY_T{n} }}\n")
        })
        .collect();
    checkout.project.config(&targets);
    let head = checkout.commit_and_push("twelve targets");
    let whole = checkout.push(&head).run("plan").results()["plan"]["digest"].clone();
    let parts = checkout.project.home().join("parts");
    std::thread::scope(|scope| {
        for part in 1..=8 {
            let (checkout, head, parts) = (&checkout, &head, &parts);
            scope.spawn(move || {
                let folder = parts.join(part.to_string());
                let mut program =
                    checkout.project.command(["ci", "run", "plan", "--shard", &format!("{part}/8")]);
                for (name, value) in [
                    ("GITHUB_ACTIONS", "true"),
                    ("GITHUB_EVENT_NAME", "push"),
                    ("GITHUB_REF", "refs/heads/feature"),
                    ("GITHUB_REPOSITORY", REPOSITORY),
                    ("GITHUB_SHA", head),
                    ("ROLECALL_RESULTS", &folder.display().to_string()),
                ] {
                    program.env(name, value);
                }
                let output = program.output().expect("it runs");
                assert!(
                    matches!(output.status.code(), Some(0 | 2)),
                    "{}",
                    String::from_utf8_lossy(&output.stderr)
                );
            });
        }
    });
    let joined =
        rolecall::ci::results::Results::read_all(std::slice::from_ref(&parts), false).expect("results");
    let plan = joined.plan.expect("a plan");
    // The one that is no longer configured belongs to the first part.
    assert_eq!(plan.targets.len(), 13);
    assert_eq!(json!(plan.digest), whole);
    std::fs::remove_dir_all(parts.join("3")).expect("it is gone");
    let partial = rolecall::ci::results::Results::read_all(&[parts], false).expect("results");
    let why = partial.failure.expect("it says so").message;
    assert!(why.raw().contains("no results of the parts 3/8"), "{}", why.raw());
    assert_eq!(partial.plan.expect("a plan").digest, None);
}

#[test]
fn gitlab_applies_a_push_to_the_default_branch() {
    let checkout = Checkout::new();
    let head = checkout.head();
    checkout.project.git(&format!("checkout -q {head}"));
    let mut command = checkout.project.command(["ci", "run", "apply"]);
    for (name, value) in [
        ("CI", "true"),
        ("GITLAB_CI", "true"),
        ("CI_PIPELINE_SOURCE", "push"),
        ("CI_COMMIT_BRANCH", "main"),
        ("CI_DEFAULT_BRANCH", "main"),
        ("CI_COMMIT_SHA", &head),
        ("CI_PROJECT_PATH", "acme/roles"),
        ("CI_PROJECT_DIR", &checkout.project.dir.display().to_string()),
    ] {
        command.env(name, value);
    }
    let output = checkout.project.output(command.output().expect("it runs")).exits(0);
    assert_eq!(checkout.emulator.custom(), ["One"], "{}", output.everything());
    let outputs = checkout.project.read("rolecall-results/rolecall.env");
    assert!(outputs.contains("ROLECALL_EXIT_CODE=0\n"), "{outputs}");
}

#[test]
fn what_no_pull_request_could_plan_is_applied_by_the_plan_of_the_push() {
    let checkout = Checkout::new();
    let head = checkout.propose("change", || checkout.define("two", "Two"));
    let _checked = checkout.pull_request(&head, REPOSITORY).run("validate").exits(0);
    let _compared = checkout.pull_request(&head, REPOSITORY).run("diff").exits(0).has("Two");
    checkout.define("two", "Two");
    let merged = checkout.commit_and_push("merged");
    let planned = checkout.push(&merged).run("plan").exits(2);
    let digest = planned.given("digest").expect("a digest");
    let apply = || checkout.push(&merged).input("expect_plan", &digest);
    let _applied = apply().run("apply").exits(0).has("Applied 1 of 1");
    assert_eq!(checkout.emulator.custom(), ["Two"]);
    // Whoever merged hears where it is refused, too.
    checkout.project.define("roles:\n  two: { nmae: Two }\n");
    let broken = checkout.commit_and_push("broken");
    let refused = checkout.push(&broken).run("plan").exits(3);
    assert_eq!(refused.results()["pushed"], true);
    assert!(refused.summary().contains("### Nothing was applied"), "{}", refused.summary());
}

#[test]
fn the_log_of_a_repository_that_may_be_public_names_nobody() {
    let checkout = Checkout::new();
    let one = role("one", "One", READS);
    checkout.project.define(&format!("roles:\n{one}assignments:\n  - {{ role: one, users: [\"1003\"] }}\n"));
    let head = checkout.commit_and_push("given");
    let named = |text: &str| text.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == "1003");
    let private = checkout.push(&head).run("plan").exits(2);
    assert!(named(&private.output.stdout), "{}", private.output.everything());
    assert!(!named(&private.summary()), "{}", private.summary());
    let event = checkout.project.home().join("public.json");
    for repository in
        [json!({ "default_branch": "main", "private": false }), json!({ "default_branch": "main" })]
    {
        std::fs::write(&event, json!({ "repository": repository }).to_string()).expect("it is written");
        let push = || checkout.push(&head).with("GITHUB_EVENT_PATH", &event.display().to_string());
        let planned = push().run("plan").exits(2).has("Plan: 1 to create");
        assert!(!named(&planned.output.everything()), "{}", planned.output.everything());
    }
    let push = checkout.push(&head).with("GITHUB_EVENT_PATH", &event.display().to_string());
    let applied = push.run("apply").exits(0).has("Applied");
    assert!(!named(&applied.output.everything()), "{}", applied.output.everything());
}

#[test]
fn what_a_guard_says_of_a_whole_target_is_annotated() {
    let checkout = Checkout::new();
    let roles: String = (0..4).map(|n| role(&format!("r{n}"), &format!("Role {n}"), READS)).collect();
    checkout.project.define(&format!("roles:\n{roles}"));
    let head = checkout.commit_and_push("four");
    let _made = checkout.push(&head).run("apply").exits(0);
    checkout.project.define("roles: {}\n");
    let head = checkout.commit_and_push("none");
    let refused = checkout.push(&head).run("plan").exits(4);
    let _said = refused.has("::error title=rolecall::reviews: refused by the guard `max_deletes`");
}

#[test]
fn a_target_that_a_workflow_leaves_out_may_be_gone() {
    let checkout = Checkout::new();
    let head = checkout.head();
    let event = |targets: &str| checkout.push(&head).input("targets", targets);
    let only = |targets: &str| event(targets).run("plan");
    let _planned = only("!gone !others-*").exits(2);
    let _applied = event("!gone").run("apply").exits(64).has("no target is called `gone`");
    let _nothing = only("!reviews !gone").exits(0).has("`targets` leaves no target, so nothing is read");
    let _unknown = only("gone").exits(64).has("no target is called `gone`");
}
