//! A licence that has run out: lists of roles are empty, and memberships do not tell their custom role.

use serde_json::json;

use super::{apply_looked, define, emulator, live, membership, project, role, seed_with};
use crate::common::{Emulator, Project};

/// Reader with the id that it has live, and who holds it.
const READER: &str = "  reader:\n    id: \"14\"\n    name: Reader\n    description: Needed\n    base: guest\n    permissions: [read_code]\n";
const HELD: &str = "assignments:\n  - { role: reader, users: [mira], scope: { group: acme } }\n";

/// A tenant in which Mira holds Reader, and a project that `declare`s it, applied and recorded.
fn applied(declare: &str) -> (Emulator, Project) {
    let emulator = emulator(&seed_with(|seed| {
        seed["groups"][0]["members"][1]["member_role_id"] = json!(14);
    }));
    let project = project(&emulator, "on_unassign: keep_base");
    define(&project, declare);
    project.commit("declared");
    let _applied = project.apply().exits(0);
    project.is_in_place();
    (emulator, project)
}

#[test]
fn what_is_removed_while_the_licence_is_lapsed_is_not_forgotten() {
    let free = role("free", "reporter", "admin_merge_request");
    let (emulator, project) = applied(&format!("roles:\n{free}{READER}{HELD}"));
    emulator.switch("licence", "none");
    define(&project, "roles: {}\n");
    project.commit("nothing is declared");
    let _plan = project.plan().exits(4).lacks("No changes").has("nobody can tell whether role `Reader`");
    let _refused = project
        .apply()
        .exits(4)
        .has("nobody can tell whether role `free` is there to be removed")
        .has("will not take a role from `mira (2)` on an incomplete read");
    emulator.switch("licence", "ultimate");
    define(&project, "roles: {}\n# The licence is back.\n");
    project.commit("a comment");
    let _plan = project.plan().has("delete free").has("delete Reader").has("mira");
    let _done = apply_looked(&project).exits(0);
    assert!(live(&emulator, "free").is_none() && live(&emulator, "Reader").is_none());
    assert_eq!(membership(&emulator, "groups", "acme", "mira"), Some((10, None)));
}

#[test]
fn a_role_that_nobody_assigned_is_not_forgotten_either() {
    let (emulator, project) = applied(&format!("roles:\n{READER}"));
    emulator.switch("licence", "none");
    define(&project, "roles: {}\n");
    project.commit("nothing is declared");
    let _refused = project.apply().exits(4).has("nobody can tell whether role `Reader`");
    emulator.switch("licence", "ultimate");
    let _plan = project.plan().has("delete Reader");
}

#[test]
fn an_import_names_whose_role_is_not_known_and_writes_none_of_them() {
    let emulator = emulator(&seed_with(|seed| {
        seed["groups"][0]["members"][1]["member_role_id"] = json!(14);
    }));
    let project = project(&emulator, "on_unassign: keep_base");
    emulator.switch("licence", "none");
    let said = project.run("import").exits(7);
    let said = said.has("mira").has("okan").has("which role they hold cannot be read");
    assert!(!said.everything().contains("builtin:guest"), "{}", said.everything());
    let written = project.read("roles/platform.yaml");
    assert!(written.contains("ada"), "no custom role makes an owner: {written}");
    assert!(!written.contains("mira") && !written.contains("builtin:guest"), "{written}");
    emulator.switch("licence", "ultimate");
    let _known = project.run("import").exits(0);
    project.is_in_place();
    assert_eq!(membership(&emulator, "groups", "acme", "mira"), Some((10, Some(14))));
}

#[test]
fn an_id_that_no_list_shows_is_not_told_to_be_wrong() {
    let (emulator, project) = applied(&format!("roles:\n{READER}{HELD}"));
    emulator.switch("licence", "none");
    let _plan = project
        .plan()
        .exits(4)
        .has("will not create `Reader` on an incomplete read")
        .lacks("RC055")
        .lacks("remove this line");
    let _doctor = project.run("doctor").lacks("Apply with another key").has("a licence that has run out");
    // Of a whole list it is.
    emulator.switch("licence", "ultimate");
    define(&project, &format!("roles:\n{}", READER.replace("14", "15")));
    let _wrong = project.plan().exits(3).has("RC055");
}

/// Of what was not read nobody knows that it is missing: somebody took it away outside git no more than
/// anybody else did. In every form of the plan, also where memberships still tell the role.
#[test]
fn what_was_not_read_is_never_called_drift() {
    for shown in ["absent", "shown"] {
        let emulator = emulator(&seed_with(|seed| {
            seed["groups"][0]["members"][1]["member_role_id"] = json!(14);
            seed["groups"][0]["saml_group_links"] =
                json!([{ "name": "readers", "access_level": 10, "member_role_id": 14 }]);
        }));
        let project = project(&emulator, "on_unassign: keep_base");
        let linked = "  - { role: reader, saml_groups: [readers], scope: { group: acme } }\n";
        define(&project, &format!("roles:\n{READER}{HELD}{linked}"));
        project.commit("declared");
        let _applied = project.apply().exits(0);
        emulator.switch("lapsed_member_role", shown);
        emulator.switch("licence", "none");
        let plan = project.plan().exits(4).lacks("drift").lacks("Drift").lacks("outside git");
        let plan = plan.has("not read: it may be in place already").has("a licence that has run out");
        let plan = plan.has("will not give a role to `mira (2)` on an incomplete read").lacks("14 →");
        let _plan = plan
            .has("+ mira: unknown now → Reader")
            .has("+ readers (saml_group): unknown now → Reader")
            .has("Plan: 1 to create; 2 assignments (+2); all of it not read.");
        let markdown = project.run("plan --format markdown").exits(4).lacks("drift").lacks("Drift");
        let _markdown = markdown.has("all of it not read").has("not read: it may be in place already");
        let document = project.run("plan --format json").exits(4).json();
        let changes = document["targets"][0]["changes"].as_array().expect("changes");
        assert_eq!(changes.len(), 3);
        for change in changes {
            assert_eq!(
                (&change["origin"], &change["verdicts"][0]["guard"]),
                (&"unread".into(), &"incomplete".into())
            );
        }
        // What the definitions change is theirs; nothing is sent either way.
        emulator.forget();
        define(&project, &format!("roles:\n{READER}{}{linked}", HELD.replace("[mira]", "[mira, ada]")));
        project.commit("one more");
        let _refused = project.apply().exits(4).has("3 of them not read").lacks("drift");
        assert!(emulator.sent().iter().all(|line| line == "POST /api/graphql"), "{:?}", emulator.sent());
        emulator.switch("licence", "ultimate");
        assert_eq!(membership(&emulator, "groups", "acme", "mira"), Some((10, Some(14))));
    }
}
