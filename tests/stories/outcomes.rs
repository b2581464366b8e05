//! What came of a write when the answer does not tell, and runs that end early.

use std::time::Instant;

use insta::assert_snapshot;
use serde_json::json;

use super::assignments::{piped, wait_for};
use crate::common::{Emulator, Project};

const ROLES: &str = "\
roles:
  one: { name: One, description: Needed, permissions: { reports: [read] } }
";

const HELD: &str = "assignments:\n  - { role: one, users: [\"1003\"] }\n";

/// A tenant with the role One, held by 1003 and the default, and the role Old, held by nobody.
fn lived_in() -> (Emulator, Project) {
    let emulator = Emulator::start();
    let project = Project::in_git(&emulator, "on_unassign: { to: builtin:cr_member }\n");
    project.define(&format!("{ROLES}{HELD}"));
    let _made = project.apply().exits(0);
    project.commit("one");
    emulator.make_role(&json!({ "name": "Old", "permissions": [] }));
    emulator.forget();
    (emulator, project)
}

/// What is wanted next, and the request that does it.
fn steps() -> [(&'static str, String, &'static str); 5] {
    let wide = format!("{}{HELD}", ROLES.replace("reports: [read]", "reports: [read, write]"));
    [
        (
            "create",
            format!(
                "{ROLES}  two: {{ name: Two, description: Needed, permissions: {{ learnings: [read] }} }}\n{HELD}"
            ),
            "POST /v1/roles",
        ),
        ("patch", wide, "PATCH /v1/roles/*"),
        ("delete", format!("{ROLES}{HELD}removed:\n  - {{ name: Old }}\n"), "DELETE /v1/roles/*"),
        (
            "assign",
            format!("{ROLES}assignments:\n  - {{ role: one, users: [\"1003\", \"1004\"] }}\n"),
            "POST /v1/users/roles",
        ),
        ("default", format!("{ROLES}{HELD}default_role: one\n"), "PATCH /v1/roles/*"),
    ]
}

/// Every step at the same time: most of it is waiting for what does not show up.
fn each(story: impl Fn(&str, &str, &str) + Sync) {
    std::thread::scope(|scope| {
        for (name, wanted, request) in steps() {
            let story = &story;
            scope.spawn(move || story(name, &wanted, request));
        }
    });
}

#[test]
fn a_write_that_was_done_but_not_answered_is_found_by_reading_and_not_sent_again() {
    each(|name, wanted, request| {
        for how in ["drop-after", "status=500 done", "status=504 done", "truncate=1", "html done"] {
            if how == "truncate=1" && name == "delete" {
                continue; // There is no body that could be cut.
            }
            let (emulator, project) = lived_in();
            project.define(wanted);
            emulator.faults(&[&format!("{request} {how} times=1")]);
            let output = project.apply();
            assert_eq!(output.code, 0, "{name} {how}\n{}", output.everything());
            assert_eq!(emulator.sent().len(), 1, "{name} {how}: {:?}", emulator.sent());
            project.is_in_place();
        }
    });
}

#[test]
fn a_write_that_was_not_done_and_not_answered_is_reported_and_not_sent_again() {
    each(|name, wanted, request| {
        for how in ["drop", "status=500", "status=502", "html"] {
            let (emulator, project) = lived_in();
            project.define(wanted);
            emulator.faults(&[&format!("{request} {how} times=1")]);
            let before = emulator.get("/_dashboard/state");
            let output = project.apply();
            let code = if how == "html" { 1 } else { 7 };
            assert_eq!(output.code, code, "{name} {how}\n{}", output.everything());
            assert_eq!(emulator.sent().len(), 1, "{name} {how}: {:?}", emulator.sent());
            let method = request.split('/').next().unwrap_or_default().trim();
            // Nothing in the answer to a DELETE is read: there it only did not stick.
            let why = if method == "DELETE" && how == "html" { "the role is still there" } else { method };
            let _said = output.has(why).has("Applied 0 of 1");
            assert_eq!(emulator.get("/_dashboard/state"), before);
            let _again = project.apply().exits(0);
            project.is_in_place();
        }
    });
}

#[test]
fn a_write_that_was_accepted_and_did_not_stick_names_the_field() {
    for ((name, wanted, request), field) in steps().into_iter().zip([
        "the role is not there",
        "field `permissions` lacks `reports:write`",
        "the role is still there",
        "field role reads back otherwise",
        "the default is another role",
    ]) {
        let (emulator, project) = lived_in();
        project.define(&wanted);
        emulator.faults(&[&format!("{request} lose"), "PATCH /v1/configuration/roles/* lose"]);
        let output = project.apply();
        assert_eq!(output.code, 1, "{name}\n{}", output.everything());
        let _said = output.has(field).has("the provider accepted it");
    }
}

#[test]
fn permissions_that_did_not_stick_are_asked_for_once_more_in_the_other_documented_way() {
    let (emulator, project) = lived_in();
    let (_, wanted, request) = &steps()[1];
    project.define(wanted);
    emulator.faults(&[&format!("{request} lose")]);
    let _stuck = project.apply().exits(0);
    assert_eq!(emulator.sent(), ["PATCH /v1/roles/ID", "PATCH /v1/configuration/roles/ID"]);
    project.is_in_place();
}

#[test]
fn a_limit_of_requests_is_waited_for_as_long_as_the_answer_says() {
    let (emulator, project) = lived_in();
    let (_, wanted, _) = &steps()[0];
    project.define(wanted);
    emulator.faults(&[
        "POST /v1/roles status=429 retry_after=2 times=1",
        "GET /v1/roles status=429 retry_after_header=1 times=1",
    ]);
    let start = Instant::now();
    let output = project.apply().exits(0);
    assert!(start.elapsed().as_secs_f64() >= 3.0, "{:?}", start.elapsed());
    assert_eq!(emulator.count("POST /v1/roles"), 2, "refused once, so it was certain that nothing was done");
    let _said =
        output.has("Waiting 2 s before POST /v1/roles: the provider says there were too many requests.");
    let mut project = project;
    project.set("ROLECALL_DEADLINE", "1");
    emulator.faults(&["GET /v1/roles status=429 retry_after=60"]);
    let _too_long = project.plan().exits(7).has("429").has("ROLECALL_DEADLINE");
}

#[test]
fn reads_are_repeated_until_they_answer() {
    let (emulator, project) = lived_in();
    emulator.faults(&[
        "GET /v1/roles status=500 times=1",
        "GET /v1/users drop times=1",
        "GET /v1/me truncate=3 times=1",
    ]);
    let _read = project.plan().exits(0).has("No changes");
    emulator.faults(&["GET /v1/roles status=500"]);
    let _down = project.plan().exits(7).has("500").has("4 times");
}

#[test]
fn what_becomes_visible_late_is_waited_for() {
    let (emulator, project) = lived_in();
    let (_, wanted, _) = &steps()[0];
    project.define(wanted);
    emulator.faults(&["GET /v1/roles after=1 times=1 stale=1"]);
    let _seen = project.apply().exits(0).has("Verified");
    assert_eq!(emulator.sent(), ["POST /v1/roles"], "nothing was asked for twice");

    let (emulator, project) = lived_in();
    let (_, wanted, _) = &steps()[3];
    project.define(wanted);
    emulator.faults(&["GET /v1/users after=1 times=1 stale=1"]);
    let _seen = project.apply().exits(0).has("Verified");
    assert_eq!(emulator.sent(), ["POST /v1/users/roles"]);

    let (emulator, project) = lived_in();
    project.define(wanted);
    emulator.faults(&["POST /v1/users/roles drop-after times=1", "GET /v1/users after=1 times=1 stale=1"]);
    let _seen = project.apply().exits(0).has("Verified");
    assert_eq!(emulator.sent(), ["POST /v1/users/roles"], "not answered, and late to be seen");
}

#[test]
fn one_failure_does_not_keep_independent_changes_from_being_made() {
    let emulator = Emulator::start();
    let two =
        emulator.make_role(&json!({ "name": "Two", "permissions": ["learnings:read", "api_keys:read"] }));
    let project = Project::in_git(&emulator, "");
    project.define(&format!(
        "{ROLES}  two: {{ id: {two}, name: Two, description: Needed, permissions: {{ learnings: [read] }} }}\nassignments:\n  - {{ role: one, users: [\"1003\"] }}\n  - {{ role: two, users: [\"1004\"] }}\n"
    ));
    emulator.faults(&["PATCH /v1/roles/* status=422"]);
    let partly = project.apply().exits(6);
    assert_snapshot!(partly.shown(), @r#"
    Commit COMMIT on main, compared with HEAD (BASE), with changes that are not committed,
      TODAY

    reviews  coderabbit · HOST · tenant crorg-acme

      + create One  reviews/role/one
          roles/all.yaml:3
          description: "Needed"
          permissions: 1
            + reports: read

      ~ change Two  reviews/role/two
          held by nobody · roles/all.yaml:4
          Takes over a live role that no earlier revision is known to declare.
          description: (none) → "Needed"
          permissions: 1 removed, 1 unchanged
            - api_keys: read
            = learnings: read

      Assignments  (+2)
        One
          + 1003: Member → One
        Two
          + 1004: Member → Two

      Left alone: 3 assignments.

    Digest sha256:DIGEST
    Plan: 1 to create, 1 to change; 2 assignments (+2).

      Failed
        ~ change Two  reviews/role/two
            PATCH /v1/roles/6e951e03-ff38-4491-8aab-4c6c6fc10375 answered 422 Unprocessable Entity:
              invalid_request: injected by the emulator
            help: `rolecall doctor` checks the settings and what the credential may do; `-v` shows each
              request.

      Not attempted
        + 1004 → Two (was Member)  reviews/assignment/-/user:1004
            something that has to happen before it failed

      Applied
        + 1003 → One (was Member)
        + create One

    Applied 2 of 4: 1 failed, 1 not attempted. Put right what failed, then apply again to continue.
    --- stderr
    reviews: create role `One`: done
    reviews: change role `Two`: failed
    reviews: give `1003` the role `One` in place of `Member`: done
    --- exit 6
    "#);
    emulator.faults(&[]);
    let _rest = project.apply().exits(0);
    project.is_in_place();
}

#[test]
fn a_credential_that_is_refused_halfway_ends_the_run() {
    let emulator = Emulator::start();
    let project = Project::in_git(&emulator, "");
    project.define(&format!("{ROLES}assignments:\n  - {{ role: one, users: [\"1003\"] }}\n"));
    emulator.faults(&["POST /v1/users/roles status=403"]);
    let _partly = project.apply().exits(6).has("403").has("Applied 1 of 2");
    emulator.faults(&["WRITE ** status=401"]);
    project.define(&format!(
        "{ROLES}  two: {{ name: Two, description: Needed, permissions: {{}} }}\ndefault_role: one\n"
    ));
    let _none = project.apply().exits(1).has("401");
}

#[test]
fn one_apply_at_a_time_on_one_tenant() {
    let emulator = Emulator::start();
    let project = Project::in_git(&emulator, "");
    project.define(ROLES);
    emulator.faults(&["POST /v1/roles latency=1500"]);
    let first = project.command(["apply", "--auto-approve"]).stdout(piped()).stderr(piped()).spawn();
    let first = first.expect("it starts");
    wait_for(&emulator, "POST /v1/roles");
    let _second = project.apply().exits(4).has("another apply on this tenant is running on this machine");
    let _reading_is_fine = project.plan().exits(0);
    let _first = project.output(first.wait_with_output().expect("it ends")).exits(0);
    assert_eq!(emulator.count("POST /v1/roles"), 1);
}

#[test]
fn a_provider_that_is_not_there_is_exit_7() {
    let emulator = Emulator::start();
    let project = Project::on(&emulator, "");
    project.define(ROLES);
    drop(emulator);
    let _gone = project.plan().exits(7).has("no connection");
}

#[cfg(unix)]
#[test]
fn the_emulator_ends_cleanly_and_keeps_its_state() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let state = folder.path().join("state").display().to_string();
    let emulator = Emulator::with(&["--state", &state]);
    emulator.make_role(&json!({ "name": "Kept", "permissions": [] }));
    assert_eq!(emulator.terminate(), Some(0));
    let again = Emulator::with(&["--state", &state]);
    assert_eq!(again.custom(), ["Kept"]);
}
