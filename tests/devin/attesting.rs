//! Which attested snapshot counts, of which role, and what is said of what rests on it.

use std::fs;

use serde_json::{Value, json};

use super::{CURATOR, attested, dashboard, define, emulator, project, role_id, seed, sent};
use crate::common::{Project, emulator::text, repository::git};

const SNAPSHOT: &str = ".rolecall/attested/acme.json";
const GIVEN: &str =
    "  - { role: curator, scope: { organization: [org-apps] }, users: [\"email:mira@acme.test\"] }\n";

fn snapshot(project: &Project) -> Value {
    serde_json::from_str(&project.read(SNAPSHOT)).expect("JSON")
}

#[test]
fn a_role_that_was_made_again_under_its_name_is_not_the_attested_one() {
    let emulator = emulator(&seed());
    let project = attested(&emulator, "");
    project.is_in_place();
    assert_eq!(snapshot(&project)["roles"][0]["id"], "role-0a1b");
    dashboard(&emulator, "DELETE", "roles/role-0a1b", &Value::Null);
    let again = json!({ "name": "Curator", "type": "org", "permissions": ["ManageOrgSecrets"] });
    dashboard(&emulator, "POST", "roles", &again);
    super::assign(&project, GIVEN);
    project.save("given");

    let plan = project.plan().exits(0);
    let plan = plan.has("What is attested of `Curator` counts no more").has("`role-0a1b`");
    let plan = plan.has("Tick exactly these permissions").lacks("Attested, not verified");
    let _plan = plan.has("Waits for acme/role/curator@organization");
    // Nobody is given what nobody looked at.
    let _open = project.apply().exits(8);
    assert_eq!(sent(&emulator), [""; 0]);
    let _attested = project.run("import --attest").exits(0);
    project.save("looked at");
    assert_eq!(text(&snapshot(&project)["roles"][0], "id"), role_id(&emulator, "Curator"));
    let _given = project.apply().exits(0);
    assert_eq!(sent(&emulator), ["POST organizations/org-apps/members/users/user-mira"]);
}

#[test]
fn a_snapshot_that_does_not_say_of_which_role_attests_nothing() {
    let emulator = emulator(&seed());
    let project = attested(&emulator, "");
    let mut file = snapshot(&project);
    file["roles"][0].as_object_mut().expect("a role").remove("id");
    project.write(SNAPSHOT, &file.to_string());
    project.save("as it was written once");
    let plan = project.plan().exits(0);
    let _plan = plan.has("What is attested of `Curator` does not count").has("its id is missing");
    let _again = project.run("import --attest").exits(0);
    project.save("again");
    project.is_in_place();
}

#[test]
fn a_role_is_attested_under_another_name_too() {
    let emulator = emulator(&seed());
    let project = attested(&emulator, "");
    // Somebody renamed it, and made another one of its name.
    dashboard(&emulator, "PATCH", "roles/role-0a1b", &json!({ "name": "Writer" }));
    define(&project, &CURATOR.replace("name: Curator", "name: Writer\n    previously: [Curator]"));
    project.save("renamed");
    project.is_in_place();
}

#[test]
fn what_is_attested_counts_once_it_is_committed() {
    let emulator = emulator(&seed());
    let project = project(&emulator, "");
    define(&project, CURATOR);
    project.save("a curator");
    let _attested = project.run("import --attest").exits(0);
    let waits =
        "What `.rolecall/attested/acme.json` says here counts once it is committed, reviewed, and merged";
    let _untracked = project.plan().exits(0).has(waits).has("until then nothing is attested");
    let _open = project.apply().exits(8).has(waits);
    let commit = project.save("attested");
    let _done = project.apply().exits(0).lacks(waits);

    // What somebody writes into the file afterwards is no news before it is committed either.
    let more = CURATOR.replace("[manage_knowledge]", "[manage_knowledge, manage_playbooks]");
    define(&project, &more);
    project.save("more");
    let _attested = project.run("import --attest").exits(0);
    let dirty = project.plan().exits(0).has(waits).has("Tick these permissions: `Manage Playbooks`.");
    let _dirty =
        dirty.has(&format!("until then the copy of commit {} counts", &project.git("rev-parse HEAD")[..12]));
    assert!(!commit.is_empty());
    let _open = project.apply().exits(8);
    // Nor does it count less for being deleted.
    project.git("checkout -q .");
    project.remove(SNAPSHOT);
    define(&project, CURATOR);
    let _still = project.plan().exits(0).has("No changes. 1 role matches what was attested, not verified.");
    project.git("checkout -q .");
    // How it is written does not matter.
    project.write(SNAPSHOT, &snapshot(&project).to_string());
    let _same = project.plan().exits(0).lacks(waits);
}

#[test]
fn what_was_not_pushed_was_shown_to_nobody() {
    let emulator = emulator(&seed());
    let project = project(&emulator, "");
    define(&project, CURATOR);
    project.save("a curator");
    let bare = project.beside("bare.git");
    git(&project.dir, &["init", "-q", "--bare", "-b", "main", bare.to_str().expect("UTF-8")]);
    git(&project.dir, &["remote", "add", "origin", bare.to_str().expect("UTF-8")]);
    project.git("push -q -u origin main");
    let _attested = project.run("import --attest").exits(0);
    project.save("attested, for myself");
    let _open = project.apply().exits(8).has("until then nothing is attested");
    project.git("push -q origin main");
    let _done = project.apply().exits(0);
    project.is_in_place();
}

#[test]
fn outside_git_the_file_counts_and_the_plan_says_that_nobody_reviewed_it() {
    let emulator = emulator(&seed());
    let project = Project::new();
    project.config(&format!(
        "  acme:\n    provider: devin\n    files: [\"roles/**/*.yaml\"]\n    settings: {{ url: \"{}\" }}\n",
        emulator.url
    ));
    define(&project, CURATOR);
    let _open = project.apply().exits(8);
    let _attested = project.run("import --attest").exits(0);
    let plan = project.plan().exits(0).has("is not in git: nobody reviewed what it attests");
    let _plan = plan.has("No changes. 1 role matches what was attested, not verified.");
    // In a repository that has no commit yet nothing was reviewed.
    project.init();
    let _none = project.plan().exits(0).has("does not count: there is no commit yet");
}

#[test]
fn every_last_line_says_what_nobody_verified() {
    let emulator = emulator(&seed());
    let project = attested(&emulator, "");
    let line = "No changes. 1 role matches what was attested, not verified.";
    for args in ["plan", "--quiet plan", "plan --format markdown"] {
        let _said = project.run(args).exits(0).has(line).lacks("Live matches the definitions");
    }
    assert_eq!(project.run("--quiet plan").stdout.trim_end(), line);
    let json = project.run("plan --format json").exits(0).json();
    assert_eq!(json["targets"][0]["attested"], json!({ "roles": 1, "assignments": 0 }));
    let none = project.run("plan --only acme/assignment/**").exits(0);
    let _none = none.has("No changes in what --only selects.").lacks("what was attested, not verified.");

    let markdown = project.run("apply --auto-approve --format markdown").exits(0);
    let _markdown = markdown.has("### Nothing to do. **1 role matches what was attested, not verified.**");
    assert_eq!(project.run("--quiet apply --auto-approve").exits(0).stdout.trim_end(), line);

    for args in ["drift", "--quiet drift", "drift --format markdown"] {
        let said = project.run(args).exits(0).lacks("No drift.").lacks("as it was recorded last");
        let _said = said.has("No drift in what can be read. 1 role matches what was attested, not verified.");
    }
    super::assign(&project, GIVEN);
    project.save("given");
    let verified = "Verified: what the API tells was read back, and nothing is left to do. 1 role matches what was attested, not verified.";
    let applied = project.run("--quiet apply --auto-approve").exits(0).has(verified);
    let _applied = applied.lacks("everything was read back");
    define(&project, CURATOR);
    super::assign(&project, &GIVEN.replace("mira@", "ada@"));
    project.save("moved");
    let json = project.run("apply --auto-approve --format json --allow max_unassigns --reason moved").json();
    assert_eq!(json["targets"][0]["attested"], json!({ "roles": 1, "assignments": 0 }));
}

#[test]
fn the_record_tells_which_of_two_roles_of_one_name_is_attested() {
    let emulator = emulator(&seed());
    let project = attested(&emulator, "");
    let _recorded = project.apply().exits(0);
    let other = json!({ "name": "Other", "type": "org", "permissions": ["ManageOrgSecrets"] });
    let other = text(&dashboard(&emulator, "POST", "roles", &other), "id");
    dashboard(&emulator, "PATCH", &format!("roles/{other}"), &json!({ "name": "Curator" }));
    project.is_in_place();
    fs::remove_file(project.dir.join(SNAPSHOT)).expect("removed");
    let _attested = project.run("import --attest").exits(0).has("1 role and 0 assignments attested");
    assert_eq!(snapshot(&project)["roles"][0]["id"], "role-0a1b");
}

#[test]
fn nobody_took_away_what_nobody_can_read() {
    let emulator = emulator(&seed());
    let project = attested(&emulator, "");
    let _done = project.apply().exits(0);
    dashboard(&emulator, "DELETE", "roles/role-0a1b", &Value::Null);
    let again = json!({ "name": "Curator", "type": "org", "permissions": ["ManageOrgKnowledge"] });
    dashboard(&emulator, "POST", "roles", &again);
    for args in ["drift", "drift --format markdown"] {
        let drift = project.run(args).exits(0).has("1 wanted; what is there now cannot be read");
        let _drift = drift.has("counts no more").lacks("1 removed");
    }
}
