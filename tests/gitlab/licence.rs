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
        .has("will not take a role from `2` on an incomplete read");
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
