//! What somebody changed outside git: shown beside what the definitions change, and left alone where
//! that is asked for.

use serde_json::{Value, json};

use crate::common::{
    Emulator, Project,
    emulator::text,
    repository::{Plan, READS, begun, git},
};

/// The definitions add one permission and the dashboard another one.
fn both(emulator: &Emulator) -> Project {
    let project = begun(emulator, "");
    project.git("checkout -q -b feature");
    project.role("one", "One", "permissions: { reports: [read, write] }");
    project.save("write, too");
    emulator.edit_role("One", &json!({ "permissions": ["reports:read", "learnings:read"] }));
    project
}

fn drifted(project: &Project) -> Plan {
    Plan(project.run("drift --format json").exits(0).json())
}

#[test]
fn what_the_definitions_add_and_what_the_dashboard_added_are_two_lines() {
    let emulator = Emulator::start();
    let project = both(&emulator);
    let plan = project.planned("");
    assert_eq!(plan.changes(), ["update one mixed"]);
    assert_eq!(plan.permissions(), ["+reports:write pending", "-learnings:read drift"]);
    let text = project.plan().exits(0);
    let line = |word: &str| text.stdout.lines().find(|line| line.contains(word)).map(str::to_owned);
    let (adds, takes) = (line("reports: write"), line("learnings: read"));
    assert!(adds.is_some() && takes.is_some() && adds != takes, "{}", text.everything());
    assert!(takes.is_some_and(|line| line.contains("drift")), "{}", text.everything());
    assert!(adds.is_some_and(|line| !line.contains("drift")), "{}", text.everything());
    project.git("checkout -q main");
    project.git("merge -q --ff-only feature");
    let _applied = project.apply().exits(0);
    assert_eq!(emulator.permissions("One"), ["reports:read", "reports:write"]);
}

#[test]
fn a_plan_of_what_is_pending_says_what_it_leaves_and_leaves_it_live() {
    let emulator = Emulator::start();
    let project = both(&emulator);
    emulator.make_role(&json!({ "name": "Clicked", "permissions": ["reports:read"] }));
    let plan = project.planned("--pending-only");
    assert_eq!(
        (plan.changes(), plan.permissions()),
        (vec!["update one pending".to_owned()], vec!["+reports:write pending".to_owned()])
    );
    let target = &plan.0["targets"][0];
    assert_eq!(target["pending_only"], true);
    let left = target["left"].as_array().expect("a list");
    assert_eq!(left.len(), 1, "{target}");
    assert_eq!(
        (text(&left[0], "address"), text(&left[0], "origin")),
        ("reviews/role/one".into(), "drift".into())
    );
    assert_eq!(left[0]["fields"][0]["removed"][0]["value"], "learnings:read");
    let _said = project.run("plan --pending-only").exits(0).has("learnings: read");

    project.git("checkout -q main");
    project.git("merge -q --ff-only feature");
    let whole = project.planned("");
    assert_ne!(whole.digest(), plan.digest(), "who approved one has not approved the other");
    let _applied = project.run("apply --auto-approve --pending-only").exits(0);
    assert_eq!(emulator.permissions("One"), ["learnings:read", "reports:read", "reports:write"]);
    let _again = project.run("apply --auto-approve --pending-only").exits(0);
    assert_eq!(emulator.permissions("One"), ["learnings:read", "reports:read", "reports:write"]);
    assert_eq!(emulator.sent().iter().filter(|line| line.starts_with("PATCH")).count(), 1);
    // The drift does not vanish: the next whole plan shows it.
    assert_eq!(project.planned("").permissions(), ["-learnings:read drift"]);
    assert_eq!(drifted(&project).permissions(), ["-learnings:read drift"]);
}

#[test]
fn drift_is_what_differs_from_what_was_applied_whatever_was_merged_since() {
    let emulator = Emulator::start();
    let project = begun(&emulator, "");
    assert_eq!(drifted(&project).changes(), [""; 0]);
    let _none = project.run("drift --detailed-exitcode").exits(0);
    // Merged and not applied is no drift.
    project.role("two", "Two", READS);
    project.role("one", "One", "permissions: { reports: [read, write] }");
    project.save("merged");
    assert_eq!(drifted(&project).changes(), [""; 0]);
    let _none = project.run("drift --detailed-exitcode").exits(0);
    // What the dashboard did is, apart from what was merged anyway.
    emulator.edit_role(
        "One",
        &json!({ "permissions": ["reports:read", "reports:write", "learnings:read"], "description": "Clicked" }),
    );
    let drift = drifted(&project);
    assert_eq!(
        (drift.changes(), drift.permissions()),
        (vec!["update one drift".to_owned()], vec!["-learnings:read drift".to_owned()])
    );
    let said = project.run("drift --detailed-exitcode").exits(2);
    let _said = said.has("One").has("Clicked").lacks("Two");
    let _markdown = project.run("drift --format markdown").exits(0).has("One");
    let _fine = project.run("drift").exits(0);
    emulator.delete_role("One");
    assert_eq!(drifted(&project).changes(), ["create one drift"]);
    assert_eq!(project.planned("").changes(), ["create one drift", "create two pending"]);
    assert_eq!(
        emulator.sent().iter().filter(|line| !line.starts_with("POST /v1/roles")).count(),
        0,
        "a report writes nothing"
    );
}

#[test]
fn who_was_moved_by_hand_is_drift() {
    let emulator = Emulator::start();
    let project = begun(&emulator, "");
    project.write(
        "roles/people.yaml",
        "provider: coderabbit\nassignments:\n  - { role: one, users: [\"1003\", \"1004\"] }\n",
    );
    project.save("people");
    let _applied = project.apply().exits(0);
    emulator.give("1003", "cr_member");
    let changes = drifted(&project).changes();
    assert!(
        matches!(&*changes, [one] if one.contains("ssign reviews/assignment/") && one.ends_with(" drift")),
        "{changes:?}"
    );
    project.write(
        "roles/people.yaml",
        "provider: coderabbit\nassignments:\n  - { role: one, users: [\"1003\", \"1004\", \"1005\"] }\n",
    );
    project.save("more people");
    let _pending = project.run("apply --auto-approve --pending-only").exits(0);
    let held = ["1003", "1004", "1005"].map(|user| emulator.held_by(user));
    assert_eq!(held, ["Member", "One", "One"]);
    let _whole = project.apply().exits(0);
    assert_eq!(emulator.held_by("1003"), "One");
}

#[test]
fn without_a_record_nobody_can_tell_and_a_role_is_not_called_drifted() {
    let emulator = Emulator::start();
    let project = both(&emulator);
    project.git("update-ref -d refs/rolecall/applied/-/reviews");
    let plan = project.planned("");
    assert_eq!(plan.permissions(), ["+reports:write pending", "-learnings:read undetermined"]);
    let _text = project.plan().exits(0).lacks("drift").lacks("undetermined");
    project.git("checkout -q main");
    assert_eq!(drifted(&project).permissions(), ["-learnings:read undetermined"]);
    let _found = project.run("drift --detailed-exitcode").exits(2);
}

#[test]
fn a_part_that_needs_what_is_left_is_refused() {
    let emulator = Emulator::start();
    let project = begun(&emulator, "");
    emulator.delete_role("One");
    project.write(
        "roles/people.yaml",
        "provider: coderabbit\nassignments:\n  - { role: one, users: [\"1003\"] }\n",
    );
    project.save("people");
    let refused = project.run("plan --pending-only").exits(64);
    let _refused = refused.has("needs reviews/role/one").has("Leave `--pending-only` out");
    assert_eq!(project.planned("").0["targets"][0]["summary"]["create"], json!(1));
    let kept: Value = emulator.get("/_dashboard/writes");
    let _applied = project.apply().exits(0);
    assert_ne!(emulator.get("/_dashboard/writes"), kept);
}

#[test]
fn who_wrote_what_drifted_is_told_of_the_lines_that_were_applied() {
    let emulator = Emulator::start();
    let project = begun(&emulator, "");
    let author = project.git("rev-parse HEAD");
    project.write("roles/one.yaml", &format!("# One.\n# Two.\n{}", project.read("roles/one.yaml")));
    project.save("comments above");
    emulator.edit_role("One", &json!({ "permissions": ["reports:read", "learnings:read"] }));
    let drift = project.run("drift --blame --format json").exits(0).json();
    let place = &drift["targets"][0]["changes"][0]["definition"];
    assert_eq!((&place["line"], &place["blame"]["commit"]), (&json!(3), &json!(author)), "{place}");
    let plan = project.run("plan --blame --format json").exits(0).json();
    let place = &plan["targets"][0]["changes"][0]["definition"];
    assert_eq!((&place["line"], &place["blame"]["commit"]), (&json!(5), &json!(author)), "{place}");
}

#[test]
fn who_wrote_a_permission_is_told_beside_it_where_it_is_somebody_else() {
    let emulator = Emulator::start();
    let project = begun(&emulator, "");
    let role = |permissions: &str| {
        project.write(
            "roles/one.yaml",
            &format!("provider: coderabbit\nroles:\n  one:\n    name: One\n    description: Needed\n    permissions:\n      reports: [read]\n{permissions}"),
        );
    };
    role("");
    project.save("in lines");
    role("      learnings: [read]\n");
    project.git("add -A");
    let by = |who: &str| git(&project.dir, &["commit", "-q", "--author", who, "-m", "learnings"]);
    by("Ben @everyone <ben@acme.example.test>");
    let text = project.run("plan --blame").exits(0).has("roles/one.yaml:3 (Mira, ");
    let _text = text.has("+ learnings: read  (roles/one.yaml:8 (Ben @everyone, ");
    let markdown = project.run("plan --blame --format markdown").exits(0);
    let _markdown = markdown.has("With lines of its own from roles/one.yaml:8 (Ben ").lacks("@everyone");
    let _without = project.run("plan").exits(0).lacks("Ben");

    // In one commit with the role it says nothing more.
    emulator.edit_role("One", &json!({ "permissions": [] }));
    let text = project.run("plan --blame").exits(0).lacks("roles/one.yaml:7");
    assert_eq!(
        (text.stdout.matches("Mira").count(), text.stdout.matches("Ben").count()),
        (1, 1),
        "{}",
        text.everything()
    );
}

#[test]
fn a_role_that_git_never_declared_is_named_beside_the_drift() {
    let emulator = Emulator::start();
    let project = begun(&emulator, "");
    let _made = emulator.make_role(&json!({ "name": "Clicked", "permissions": ["reports:read"] }));
    let _quiet = project
        .run("drift --detailed-exitcode")
        .exits(0)
        .has("No drift")
        .has("Not managed: 1 role")
        .has("Clicked");
}

#[test]
fn what_an_apply_would_refuse_to_put_back_is_told() {
    let emulator = Emulator::start();
    let project = begun(&emulator, "");
    project.role("one", "One", "protect: true, permissions: { reports: [read] }");
    project.save("protected");
    let _applied = project.apply().exits(0);
    let told = "puts it back";
    emulator.edit_role("One", &json!({ "permissions": [] }));
    let _gains = project.run("drift").exits(0).has(told).lacks("would refuse");
    emulator.edit_role("One", &json!({ "permissions": ["reports:read", "learnings:read"] }));
    let drift = project.run("drift").exits(0).has("would refuse to put this back").lacks(told);
    let _page = project.run("drift --format markdown").exits(0).has("would refuse").lacks(told);
    let _refused = project.apply().exits(4);
    assert!(drift.stdout.contains("import --drift"), "{}", drift.everything());
}
