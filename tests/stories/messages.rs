//! What is said beside plans and errors: enough to go on, once, and no more.

use std::{fs, fs::File};

use serde_json::json;

use crate::common::{Emulator, Project};

const QUIET_ROLE: &str = "roles:\n  one: { name: One, permissions: { reports: [read] } }\n  two: { name: Two, permissions: { learnings: [read] } }\n";

#[test]
fn warnings_of_the_definitions_take_one_line_beside_a_plan() {
    let emulator = Emulator::start();
    let project = Project::in_git(&emulator, "");
    project.define(QUIET_ROLE);
    let line = "2 warnings in the definitions; `rolecall validate` shows them.";
    for command in ["plan", "apply --auto-approve"] {
        let output = project.run(command).exits(0).has(line).lacks("RC040");
        assert_eq!(output.stderr.matches("warning").count(), 1, "{}", output.stderr);
    }
    let quiet = project.run("plan -q").exits(0);
    assert!(!quiet.stderr.contains("warning"), "{}", quiet.stderr);
    project.define(&QUIET_ROLE.replace("name: One", "base: nowhere"));
    let _error = project.run("plan -q").exits(3).has("error[RC").lacks("warning");
}

#[test]
fn a_target_whose_entry_is_wrong_has_only_its_finding() {
    let project = Project::new();
    project.config(
        "  a:\n    provider: coderabbit\n    files: [\"roles/*.yaml\"]\n    settings: { url: \"ftp://x\" }\n",
    );
    project.define(QUIET_ROLE);
    let _output = project
        .run("plan")
        .exits(3)
        .has("this is not the URL of an API")
        .has("Write an absolute URL such as `https://api.eu.coderabbit.ai`")
        .lacks("unknown");
    project.config("  a:\n    provider: nobody\n    files: [\"roles/*.yaml\"]\n");
    let _output = project.run("plan").exits(3).has("unknown provider `nobody`").has("`coderabbit`");
}

#[test]
fn details_show_each_request_once_with_its_query() {
    let emulator = Emulator::start();
    let mut project = Project::in_git(&emulator, "");
    project.set("CODERABBIT_API_KEY", "cr-0123456789abcdef0123456789");
    project.define("assignments:\n  - { role: builtin:cr_admin, users: [\"1001\"] }\n");
    let output = project.run(&format!("plan -vv --allow-host {}", emulator.address)).exits(0);
    let lines: Vec<&str> = output.stderr.lines().filter(|line| line.contains("GET /v1/")).collect();
    assert_eq!(lines.len(), emulator.requests().len(), "{}", output.stderr);
    for part in ["/v1/users?limit=100:", "/v1/roles?role_type=all&include_permissions=true", "/v1/me:"] {
        assert_eq!(lines.iter().filter(|line| line.contains(part)).count(), 1, "{part}\n{}", output.stderr);
    }
    let _output = output.lacks("cr-0123");
}

#[test]
fn an_agentic_key_is_named_before_it_fails() {
    let seed = json!({ "provider": "coderabbit", "tenants": [{
        "name": "acme",
        "keys": [
            { "key": "cr-agentic", "kind": "agentic", "owner": "1001" },
            { "key": "cr-legacy", "kind": "legacy", "owner": "1001" },
        ],
        "orgs": [{ "id": "88321", "users": [{ "user_id": "1001", "role": "cr_admin" }] }],
    }] });
    let emulator = Emulator::start();
    emulator.put("/_dashboard/state", &seed);
    let mut project = Project::in_git(&emulator, "");
    project.define(QUIET_ROLE);
    project.set("ROLECALL_ALLOW_HOSTS", &emulator.address);
    project.set("CODERABBIT_API_KEY", "cr-agentic");
    let _doctor = project.run("doctor").has("this key cannot change roles");
    let _apply = project.apply().exits(1).has("An agentic key cannot change roles.").lacks("Enterprise");
    project.set("CODERABBIT_API_KEY", "cr-legacy");
    let _plan =
        project.plan().exits(1).has("A legacy organization key cannot be used here.").lacks("Enterprise");
}

#[test]
fn a_key_that_may_not_list_users_learns_which_permission_that_takes() {
    let emulator = Emulator::start();
    let project = Project::in_git(&emulator, "");
    project.define("assignments:\n  - { role: builtin:cr_admin, users: [\"1003\"] }\n");
    emulator.faults(&["GET /v1/users status=403"]);
    let _plan = project.plan().exits(1).has("`user_management:read`").lacks("Admin role");
}

#[test]
fn a_person_is_called_by_name_where_administrators_are_counted() {
    let emulator = Emulator::start();
    emulator.switch("user_fields", "extended");
    let project = Project::in_git(&emulator, "on_unassign: { to: builtin:cr_member }");
    let name = emulator.get("/_dashboard/state")["tenants"][0]["orgs"][0]["users"][1]["user_name"].clone();
    project.define("assignments:\n  - { role: builtin:cr_member, users: [\"1002\"] }\n");
    let name = name.as_str().expect("a name");
    let plan = project.plan().exits(4);
    assert!(
        plan.stdout.split_whitespace().collect::<Vec<_>>().join(" ").contains(&format!("from {name} (1002)")),
        "{}",
        plan.stdout
    );
}

#[test]
fn an_unknown_provider_is_named_before_anything_else() {
    let project = Project::new();
    project.config("  a: { provider: coderabbit, emulator: true, files: [\"roles/*.yaml\"] }\n");
    let _init = project
        .run("init --provider nobody")
        .exits(64)
        .has("there is no provider `nobody`; this version knows")
        .lacks("rolecall.yaml");
    let _emulate = project.run("emulate nothing").exits(64).has("this version emulates `coderabbit`");
}

#[test]
fn a_manual_without_its_folder_says_what_to_do() {
    let project = Project::new();
    let _man = project.run("man --out nodir").exits(1).has("nodir").has("Name a folder that exists");
}

/// Runs with standard output in a file; what stands on standard error, and in the file.
fn into_file(project: &Project, line: &str, code: i32) -> (String, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("out.txt");
    let file = File::create(&path).expect("a file");
    let output = project.command(line.split_whitespace()).stdout(file).output().expect("it runs");
    let errors = project.output(output).exits(code).stderr;
    (errors, fs::read_to_string(&path).expect("text"))
}

#[test]
fn why_something_failed_or_is_refused_is_seen_without_standard_output_and_with_quiet() {
    let emulator = Emulator::start();
    let project = Project::in_git(&emulator, "");
    project.define("roles:\n  one: { name: One, description: d, permissions: { reports: [read] } }\nassignments:\n  - { role: one, users: [\"1003\"] }\n");
    let _applied = project.apply().exits(0);
    project.define("removed: [{ name: One }]\n");
    for line in ["plan", "plan -q", "plan --format json", "plan --format markdown", "apply --auto-approve"] {
        let (errors, _) = into_file(&project, line, 4);
        let expected = "refused: reviews: somebody still holds the role  reviews/role/=One\n";
        assert_eq!(errors.matches(expected).count(), 1, "{line}\n{errors}");
        assert!(errors.contains("reassign_to: builtin:cr_member"), "{line}\n{errors}");
    }
    let quiet = project.run("plan -q").exits(4);
    assert!(quiet.stderr.contains("refused: reviews: somebody still holds the role"), "{}", quiet.stderr);
    // Through two pipes both are seen, and nothing stands there twice.
    let whole = project.run("plan").exits(4).everything();
    assert_eq!(whole.matches("somebody still holds the role").count(), 1, "{whole}");

    emulator.faults(&["GET /v1/roles status=403"]);
    for line in ["plan", "plan -q", "drift", "drift -q"] {
        let (errors, shown) = into_file(&project, line, 1);
        assert_eq!(
            errors.matches("error: reviews: GET /v1/roles answered 403").count(),
            1,
            "{line}\n{errors}"
        );
        assert!(errors.contains("help: Roles need the Enterprise plan"), "{line}\n{errors}");
        assert!(!shown.contains("No drift"), "{line}\n{shown}");
    }
    let _drift = project.run("drift").exits(1).has("Not known: 1 target could not be read.");
}

#[test]
fn a_write_that_failed_is_told_with_quiet_and_no_repetition_is_promised() {
    let emulator = Emulator::start();
    let project = Project::in_git(&emulator, "");
    project.define("roles:\n  one: { name: One, description: d, permissions: { reports: [read] } }\n");
    emulator.faults(&["POST /v1/roles status=403"]);
    for line in ["apply --auto-approve", "apply -q --auto-approve"] {
        let (errors, shown) = into_file(&project, line, 1);
        let expected = "error: reviews: failed: + create One  reviews/role/one\n";
        assert!(errors.contains(expected), "{line}\n{errors}");
        assert!(errors.contains("POST /v1/roles answered 403"), "{line}\n{errors}");
        assert!(shown.contains("1 failed. Put right what failed, then apply again to continue."), "{shown}");
        assert!(!shown.contains("the same command"), "{shown}");
    }
}
