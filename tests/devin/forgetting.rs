//! What a person still has to take away stays in every plan until it is gone, whatever is applied and
//! recorded meanwhile.

use serde_json::{Value, json};

use super::{CURATOR, attested, changes, dashboard, define, emulator, role_id, seed};
use crate::common::{Emulator, Project};

const AUDITOR: &str = "  auditor: { name: Auditor, description: Sees numbers, scope: enterprise, permissions: [view_account_metrics] }\n";

/// The role [`AUDITOR`] was asked for, and a person made it.
fn made(emulator: &Emulator, project: &Project) {
    define(project, &format!("{CURATOR}{AUDITOR}"));
    project.save("an auditor");
    let _asked = project.apply().exits(8);
    dashboard(emulator, "POST", "roles", &json!({ "name": "Auditor", "type": "enterprise" }));
}

/// An applied and recorded project in which [`made`] happened.
fn with_auditor() -> (Emulator, Project) {
    let emulator = emulator(&seed());
    let project = attested(&emulator, "");
    let _recorded = project.apply().exits(0);
    made(&emulator, &project);
    (emulator, project)
}

/// Takes the role [`AUDITOR`] out of the definitions.
fn undeclared(project: &Project) {
    define(project, CURATOR);
    project.save("no auditor");
}

fn record(project: &Project) -> Value {
    serde_json::from_str(&project.git("show refs/rolecall/applied/-/acme:record.json")).expect("JSON")
}

/// The deletion stays open over applies and commits, is no drift, and ends with the role.
#[track_caller]
fn stays_until_done(emulator: &Emulator, project: &Project, open: &[&str]) {
    assert_eq!(changes(project), open, "{:#}", record(project));
    for at in 0..3 {
        let again = project.apply();
        assert_eq!(again.code, 8, "{}", again.everything());
        assert_eq!(changes(project), open, "{:#}", record(project));
        let drift = project.run("drift --detailed-exitcode").exits(0);
        let _drift = drift.has("left to a person");
        project.write("notes.txt", &at.to_string());
        project.save("something else");
        assert_eq!(changes(project), open, "{:#}", record(project));
    }
    let id = role_id(emulator, "Auditor");
    dashboard(emulator, "DELETE", &format!("roles/{id}"), &Value::Null);
    project.is_in_place();
    let _done = project.apply().exits(0);
    assert_eq!(record(project)["open"], Value::Null);
    project.is_in_place();
}

#[test]
fn a_role_that_a_person_made_and_git_no_longer_declares() {
    let (emulator, project) = with_auditor();
    undeclared(&project);
    let _open = project.apply().exits(8).has("1 to be done by hand");
    stays_until_done(&emulator, &project, &["delete acme/role/auditor@enterprise"]);
}

#[test]
fn where_the_first_apply_of_all_asks_for_it() {
    let emulator = emulator(&seed());
    let project = attested(&emulator, "");
    dashboard(&emulator, "POST", "roles", &json!({ "name": "Auditor", "type": "enterprise" }));
    define(&project, &format!("{CURATOR}{AUDITOR}"));
    project.save("an auditor, never applied");
    undeclared(&project);
    let _open = project.apply().exits(8);
    stays_until_done(&emulator, &project, &["delete acme/role/auditor@enterprise"]);
}

/// The commit that takes it away is not applied itself, and the one after it knows nothing of it.
#[test]
fn where_another_commit_came_before_the_apply() {
    let (emulator, project) = with_auditor();
    undeclared(&project);
    project.write("notes.txt", "more");
    project.save("something else");
    stays_until_done(&emulator, &project, &["delete acme/role/auditor@enterprise"]);
}

/// `removed:` asks for it once; the line may go before the role does.
#[test]
fn where_the_line_under_removed_is_gone() {
    let (emulator, project) = with_auditor();
    define(&project, &format!("{CURATOR}removed:\n  - {{ name: Auditor, scope: enterprise }}\n"));
    project.save("remove the auditor");
    let _open = project.apply().exits(8);
    assert_eq!(changes(&project), ["delete acme/role/=Auditor@enterprise"]);
    let _again = project.apply().exits(8);
    define(&project, CURATOR);
    project.save("no line any more");
    project.write("notes.txt", "more");
    project.save("something else");
    stays_until_done(&emulator, &project, &["delete acme/role/auditor@enterprise"]);
}

/// A new name is asked for, and before anybody gives it the whole role is to go.
#[test]
fn where_it_was_to_be_renamed() {
    let (emulator, project) = with_auditor();
    let _attested = project.run("import --attest").exits(0);
    project.save("attested");
    let _done = project.apply();
    define(&project, &format!("{CURATOR}{}", AUDITOR.replace("name: Auditor", "name: Reviewer")));
    project.save("another name");
    let _open = project.apply().exits(8).has("Change its name");
    undeclared(&project);
    let _open = project.apply().exits(8);
    stays_until_done(&emulator, &project, &["delete acme/role/auditor@enterprise"]);
}

/// Where only the record tells which role it is, nobody guesses, and nothing is forgotten either.
#[test]
fn where_it_is_renamed_by_hand() {
    let (emulator, project) = with_auditor();
    undeclared(&project);
    let _open = project.apply().exits(8);
    let id = role_id(&emulator, "Auditor");
    dashboard(&emulator, "PATCH", &format!("roles/{id}"), &json!({ "name": "Somebody's" }));
    let _refused = project.plan().exits(4).has("acme/role/auditor@enterprise").has("To delete it on purpose");
    project.save("something else");
    let _refused = project.plan().exits(4).has("acme/role/auditor@enterprise");
}

/// The target gets another name, and the record of the old one counts.
#[test]
fn where_the_target_is_renamed() {
    let (_emulator, project) = with_auditor();
    undeclared(&project);
    let _open = project.apply().exits(8);
    let config = project.read("rolecall.yaml");
    project.write("rolecall.yaml", &config.replace("  acme:", "  corp:"));
    project.git("mv .rolecall/attested/acme.json .rolecall/attested/corp.json");
    project.save("another name");
    // Both at a time are refused, and so nothing is recorded that would not know it.
    let plan = project.plan().exits(4);
    let _plan = plan.has("- delete Auditor  corp/role/auditor@enterprise");
}

/// The record alone would tell of it; without one it is among what is left alone.
#[test]
fn without_a_record_a_note_says_what_nobody_remembers() {
    let emulator = emulator(&seed());
    let project = attested(&emulator, "");
    dashboard(&emulator, "POST", "roles", &json!({ "name": "Auditor", "type": "enterprise" }));
    define(&project, &format!("{CURATOR}{AUDITOR}"));
    project.save("an auditor");
    define(&project, CURATOR);
    let gone = project.save("no auditor");
    project.save("something else");
    let note = format!(
        "No apply is recorded here. A role that git declared before {}, and that was not deleted then, is among those left alone: `removed:` deletes it.",
        &gone[..12]
    );
    let _left = project.plan().exits(0).has("1 role that git does not declare: Auditor").has(&note);
    let _recorded = project.apply().exits(0);
    let _known = project.plan().exits(0).has("git does not declare: Auditor").lacks("No apply is recorded");
}

/// Whoever can write the record names no commit that was never applied.
#[test]
fn a_record_that_names_a_commit_of_another_branch_is_not_used() {
    let emulator = emulator(&seed());
    let project = attested(&emulator, "");
    let _recorded = project.apply().exits(0);
    dashboard(&emulator, "POST", "roles", &json!({ "name": "Auditor", "type": "enterprise" }));
    project.git("checkout -q -b other");
    define(&project, &format!("{CURATOR}{AUDITOR}"));
    let other = project.save("never merged");
    project.git("checkout -q main");
    let mut forged = record(&project);
    forged["open"] = json!({ "acme/role/auditor@enterprise": other });
    project.forge_record_of("acme", &forged.to_string());
    let plan = project.plan().exits(0);
    let plan = plan.has("names an earlier revision that is not part of its history");
    let _plan = plan.lacks("delete Auditor").has("No changes");
    let _applied = project.apply().exits(0).has("cannot be used");
}
