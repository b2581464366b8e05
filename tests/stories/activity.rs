//! `--blame`: who changed outside git what differs, as the provider's audit log tells.

use serde_json::{Value, json};

use super::hostile_text::{HOSTILE, inert};
use crate::common::{
    Emulator, Project,
    emulator::text,
    http,
    repository::{READS, begun},
};

const LOG: &str = "GET /v1/audit-logs";

/// Somebody does something in the dashboard, under a name.
fn act(emulator: &Emulator, method: &str, path: &str, actor: &str, body: &Value) {
    let actor: String = actor.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let (status, answer) =
        http::send(&emulator.address, method, &format!("/_dashboard/{path}?actor={actor}"), Some(body));
    assert!((200..300).contains(&status), "{method} {path}: {status} {answer}");
}

fn edit(emulator: &Emulator, role: &str, actor: &str, body: &Value) {
    act(emulator, "PATCH", &format!("roles/{}", emulator.role_id(role)), actor, body);
}

/// `ADDRESS: ACTOR, WHAT` of everything that a plan says somebody did.
fn told(plan: &Value) -> Vec<String> {
    let mut told = Vec::new();
    for change in plan["targets"][0]["changes"].as_array().expect("changes") {
        for one in change["activity"].as_array().into_iter().flatten() {
            told.push(format!("{}: {}, {}", text(change, "address"), text(one, "actor"), text(one, "what")));
        }
    }
    told
}

fn notes(plan: &Value) -> String {
    plan["targets"][0]["notes"].to_string()
}

fn extra() -> Value {
    json!({ "permissions": ["reports:read", "learnings:read"] })
}

#[test]
fn drift_says_who_and_when() {
    let emulator = Emulator::start();
    let project = begun(&emulator, "");
    edit(&emulator, "One", "mira@acme.example", &extra());
    let state = emulator.get("/_dashboard/state");
    let entries = state["tenants"][0]["orgs"][0]["audit"].as_array().expect("entries");
    let at = text(entries.last().expect("an entry"), "created_at");
    let minute = format!("{} {} UTC", &at[..10], &at[11..16]);
    emulator.forget();

    let report = project.run("drift --blame").exits(0);
    let _report =
        report.has(&format!("Audit log {minute} by mira@acme.example: Role update: Updated the role One"));
    assert_eq!(emulator.count(LOG), 1);
    let _plan = project.run("plan --blame").exits(0).has("by mira@acme.example: Role update");
    let markdown = project.run("drift --blame --format markdown").exits(0);
    assert!(markdown.stdout.contains("- Audit log ") && markdown.stdout.contains("Updated the role One"));
    let plan = project.run("plan --blame --format json").exits(0).json();
    // What the apply itself did is no drift.
    assert_eq!(told(&plan), ["reviews/role/one: mira@acme.example, Role update: Updated the role One"]);
    assert!(text(&plan["targets"][0]["changes"][0]["activity"][0], "time").starts_with(&at[..19]));
    assert_eq!(plan["run"]["requests"], 4);
    let without = project.run("plan --format json").exits(0).json();
    assert_eq!(without["digest"], plan["digest"]);
}

#[test]
fn the_log_is_asked_only_on_request_and_only_for_what_nobody_explains() {
    let emulator = Emulator::start();
    let project = begun(&emulator, "");
    let _nothing = project.run("drift --blame").exits(0);
    let _nothing = project.run("plan --blame").exits(0);
    project.role("two", "Two", READS);
    project.save("two");
    let _pending = project.run("plan --blame").exits(0).lacks("audit log");
    edit(&emulator, "One", "Mira", &extra());
    for command in ["plan", "drift", "plan --format json", "drift --format markdown"] {
        let _plan = project.run(command).exits(0).lacks("Mira");
    }
    assert_eq!(emulator.count(LOG), 0);
    let _saved = project.run("plan --blame --out plan.json").exits(0);
    let _shown = project.run("show plan.json").exits(0).has("by Mira: Role update: Updated the role One");
    let _applied = project.run("apply plan.json").exits(0);
    assert_eq!(emulator.count(LOG), 1);
}

#[test]
fn everybody_is_told_beside_what_they_did() {
    let emulator = Emulator::start();
    let project = begun(&emulator, "on_unassign: { to: builtin:cr_member }\n");
    project.role("two", "One and two", READS);
    project.write(
        "roles/people.yaml",
        "provider: coderabbit\ndefault_role: one\nassignments:\n  - { role: one, users: [\"1003\", \"1004\"] }\n",
    );
    project.save("people");
    let _applied = project.apply().exits(0);
    edit(&emulator, "One", "Ada", &json!({ "description": "Clicked" }));
    edit(&emulator, "One", "Ada", &json!({ "description": "Twice" }));
    act(&emulator, "PUT", "users/1003/role", "Okan", &json!({ "role": "cr_member" }));
    // Nothing that is managed.
    act(&emulator, "PUT", "users/1005/role", "Eve", &json!({ "role": emulator.role_id("One") }));
    act(&emulator, "DELETE", &format!("roles/{}", emulator.role_id("One and two")), "Jo", &json!({}));
    let drift = project.run("drift --blame --format json").exits(0).json();
    let mut told = told(&drift);
    told.sort();
    let user = told.iter().find(|one| one.contains("1003")).cloned().expect("1003");
    assert!(
        user.contains("user:1003: Okan, User role update: Changed the role of 1003 from One to Member"),
        "{user}"
    );
    told.retain(|one| *one != user);
    assert_eq!(
        told,
        [
            "reviews/role/one: Ada, Role update: Updated the role One",
            "reviews/role/one: Ada, Role update: Updated the role One",
            "reviews/role/two: Jo, Role delete: Deleted the role One and two"
        ]
    );
    for format in ["text", "markdown"] {
        let report = project.run(&format!("drift --blame --format {format}")).exits(0);
        let _report = report.has("Okan").has("Ada").has("Jo").lacks("Eve");
    }
}

#[test]
fn a_log_that_says_nothing_is_said_to_say_nothing() {
    let emulator = Emulator::start();
    let project = begun(&emulator, "");
    emulator.switch("role_audit", "absent");
    edit(&emulator, "One", "Mira", &extra());
    let plan = project.run("plan --blame --format json").exits(0).json();
    assert_eq!(told(&plan), [""; 0]);
    assert!(notes(&plan).contains("says nothing about the change that may have been made outside git"));
}

#[test]
fn a_log_that_cannot_be_read_is_a_note_and_no_failure() {
    let emulator = Emulator::start();
    let project = begun(&emulator, "");
    edit(&emulator, "One", "Mira", &extra());
    for (fault, why) in [
        ("status=403", "Admin role"),
        ("status=404", "settings.url"),
        ("status=410", "user key"),
        ("status=401", "credential"),
        ("html", "HTML page"),
        ("truncate", "GET /v1/audit-logs"),
    ] {
        emulator.faults(&[&format!("GET /v1/audit-logs {fault}")]);
        for command in ["drift", "plan"] {
            let said = project.run(&format!("{command} --blame")).exits(0);
            let _said = said.has("Who changed it outside git cannot be told").has(why).has("learnings: read");
        }
    }
    emulator.faults(&[]);
    let _read = project.run("drift --blame").exits(0).has("Mira");
}

#[test]
fn outside_git_and_without_a_record_the_newest_entries_are_asked_for() {
    let emulator = Emulator::start();
    let project = Project::on(&emulator, "");
    emulator.make_role(&json!({ "name": "One", "permissions": ["reports:read"] }));
    project.define("roles:\n  one: { name: One, description: null, permissions: { reports: [read] } }\n");
    let _applied = project.apply().exits(0);
    edit(&emulator, "One", "Mira", &extra());
    emulator.forget();
    let plan = project.run("plan --blame --format json").exits(0).json();
    assert_eq!(
        told(&plan),
        [
            "reviews/role/one: Mira, Role update: Updated the role One",
            "reviews/role/one: Dashboard, Role create: Created the role One"
        ]
    );
    let asked = emulator.requests().into_iter().find(|one| text(one, "path") == "/v1/audit-logs");
    assert_eq!(text(&asked.expect("it was asked"), "query"), "page_size=100");
}

#[test]
fn more_than_two_pages_are_not_read_and_that_is_said() {
    let emulator = Emulator::start();
    let project = begun(&emulator, "");
    edit(&emulator, "One", "Zoe", &extra());
    let other = emulator.make_role(&json!({ "name": "Other", "permissions": [] }));
    for number in 0..205 {
        act(
            &emulator,
            "PATCH",
            &format!("roles/{other}"),
            "Eve",
            &json!({ "description": number.to_string() }),
        );
    }
    emulator.forget();
    let said = project.run("drift --blame").exits(0).has("of the audit log were not read").lacks("Zoe");
    let _said = said.has("says nothing about the change");
    assert_eq!(emulator.count(LOG), 2);
}

#[test]
fn p11_who_acted_is_inert() {
    for hostile in HOSTILE {
        let emulator = Emulator::start();
        let project = begun(&emulator, "");
        edit(&emulator, "One", hostile, &extra());
        let mut state = emulator.get("/_dashboard/state");
        let entries = state["tenants"][0]["orgs"][0]["audit"].as_array_mut().expect("entries");
        let last = entries.last_mut().expect("an entry");
        last["actor"]["subtitle"] = json!(hostile);
        last["summary"] = json!(format!("One {hostile}"));
        emulator.put("/_dashboard/state", &state);
        for command in ["drift", "plan", "plan --format json", "drift --format markdown", "drift --quiet"] {
            let output = project.run(&format!("{command} --blame"));
            inert(&output, command);
            assert_eq!(output.code, 0, "{command}");
        }
        assert_eq!(told(&project.planned("--blame").0).len(), 1, "{hostile:?}");
    }
}
