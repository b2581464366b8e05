//! Changes of what is managed and guarded: shown first, and in force only after an apply of their own.

use serde_json::json;

use crate::common::{
    Emulator,
    repository::{READS, begun, config},
};

const ALONE: &str = "it takes effect only after an apply of its own";

#[test]
fn a_stricter_mode_takes_effect_after_its_own_apply() {
    let emulator = Emulator::start();
    let project = begun(&emulator, "");
    emulator.make_role(&json!({ "name": "Clicked", "permissions": ["reports:read"] }));
    project.target(&emulator, "manage: { roles: authoritative }\n");
    project.save("authoritative");
    let plan = project.planned("");
    assert_eq!((plan.scope_changes(), plan.changes()), (vec!["manage.roles".to_owned()], vec![]));
    let text = project.apply().exits(0).has("manage.roles");
    let (scope, summary) = (text.stdout.find("manage.roles"), text.stdout.find("Left alone"));
    assert!(scope < summary, "shown first: {}", text.stdout);
    assert_eq!(emulator.custom(), ["Clicked", "One"]);

    // A record alone does not prove that it was in force: the base has to have it, too.
    project.write("notes.txt", "unrelated\n");
    project.save("notes");
    let plan = project.planned("");
    assert_eq!(plan.scope_changes(), [""; 0]);
    assert_eq!(plan.changes(), ["delete =Clicked drift"]);
    let _applied = project.apply().exits(0);
    assert_eq!(emulator.custom(), ["One"]);
}

#[test]
fn a_change_of_scope_is_not_mixed_with_changes_of_roles() {
    let emulator = Emulator::start();
    let project = begun(&emulator, "");
    let first = project.git("rev-parse HEAD");
    project.target(&emulator, "manage: { roles: authoritative }\n");
    project.role("two", "Two", READS);
    project.save("both");
    let refused = project.apply().exits(4).has(ALONE).has("manage.roles").has(&first[..12]);
    assert_eq!(emulator.custom(), ["One"], "{}", refused.everything());
    // Drift is put back all the same: that is no use of the new scope.
    project.remove("roles/two.yaml");
    emulator.edit_role("One", &json!({ "permissions": [] }));
    project.save("only the mode");
    let _applied = project.apply().exits(0);
    assert_eq!(emulator.permissions("One"), ["reports:read"]);
    project.role("two", "Two", READS);
    project.save("two");
    let _applied = project.apply().exits(0);
    assert_eq!(emulator.custom(), ["One", "Two"]);
}

#[test]
fn two_merges_that_were_not_applied_are_applied_one_after_the_other() {
    let emulator = Emulator::start();
    let project = begun(&emulator, "");
    project.target(&emulator, "manage: { roles: authoritative }\n");
    let mode = project.save("mode");
    project.role("two", "Two", READS);
    project.save("two");
    let _refused = project.apply().exits(4).has(ALONE);
    let _first = project.run(&format!("apply --auto-approve --rev {mode}")).exits(0);
    let _second = project.apply().exits(0);
    assert_eq!(emulator.custom(), ["One", "Two"]);
}

#[test]
fn narrowed_globs_release_what_they_no_longer_read() {
    let emulator = Emulator::start();
    let project = begun(&emulator, "");
    project.role("two", "Two", READS);
    project.save("two");
    let _applied = project.apply().exits(0);
    project.write("rolecall.yaml", &config(&emulator, "reviews", "\"roles/one.yaml\""));
    project.save("narrowed");
    let plan = project.planned("");
    assert_eq!(
        (plan.changes(), plan.scope_changes()),
        (vec!["release two pending".to_owned()], vec!["files".to_owned()])
    );
    let _applied = project.apply().exits(0).has("Two");
    assert_eq!(emulator.custom(), ["One", "Two"]);
    project.is_in_place();
    // It is not git's any more: its file may go, and nothing happens to it.
    project.remove("roles/two.yaml");
    project.save("its file goes");
    assert_eq!(project.planned("").changes(), [""; 0]);
    let _applied = project.apply().exits(0);
    assert_eq!(emulator.custom(), ["One", "Two"]);
}

#[test]
fn a_target_that_is_dropped_leaves_its_roles_and_a_renamed_one_keeps_its_record() {
    let (emulator, other) = (Emulator::start(), Emulator::start());
    let project = begun(&emulator, "");
    // Renamed: the tenant is the same, and so is everything on it.
    project.write("rolecall.yaml", &config(&emulator, "others", "\"roles/**/*.yaml\""));
    project.save("renamed");
    let plan = project.planned("");
    assert_eq!(plan.changes(), [""; 0]);
    assert_eq!(plan.applied(), project.recorded());
    let _applied = project.apply().exits(0);
    project.role("two", "Two", READS);
    project.save("two");
    let _applied = project.apply().exits(0);
    project.remove("roles/two.yaml");
    project.save("two goes");
    let _applied = project.apply().exits(0);
    assert_eq!(emulator.custom(), ["One"]);
    // Dropped: another one in its place is a new target on a new tenant.
    project.write("rolecall.yaml", &config(&other, "elsewhere", "\"roles/**/*.yaml\""));
    project.save("dropped");
    let plan = project.planned("");
    assert_eq!(plan.changes().len(), 1, "{:?}", plan.changes());
    let _applied = project.apply().exits(0);
    assert_eq!((emulator.custom(), other.custom()), (vec!["One".to_owned()], vec!["One".to_owned()]));
}

#[test]
fn a_target_that_moves_to_another_tenant_does_so_alone() {
    let (emulator, other) = (Emulator::start(), Emulator::start());
    let project = begun(&emulator, "");
    other.make_role(&json!({ "name": "One", "permissions": ["reports:read"] }));
    project.target(&other, "");
    project.remove("roles/one.yaml");
    project.save("another host, and a deletion");
    let output = project.apply();
    assert_eq!(other.custom(), ["One"], "{}", output.everything());
    assert_eq!(emulator.custom(), ["One"]);
    let shown = project.run("plan --format json").json()["targets"][0]["scope_changes"].to_string();
    assert!(shown.contains("settings.url"), "{shown}");
}

#[test]
fn a_guard_is_not_loosened_and_used_in_one_commit() {
    let emulator = Emulator::start();
    let project = begun(&emulator, "");
    for key in ["a", "b", "c", "d"] {
        project.role(key, key, READS);
    }
    project.save("more");
    let _applied = project.apply().exits(0);
    let config = project.read("rolecall.yaml");
    project.config_also("guards: { max_deletes: 10 }");
    for key in ["a", "b", "c", "d"] {
        project.remove(&format!("roles/{key}.yaml"));
    }
    project.save("loosened and used");
    let _refused = project.apply().exits(4).has("`max_deletes` allows 3").has(ALONE);
    assert_eq!(emulator.custom().len(), 5);
    // A guard that becomes stricter holds at once, and needs no apply of its own.
    project.write("rolecall.yaml", &format!("{config}guards: {{ max_deletes: 1 }}\n"));
    project.git("checkout -q HEAD~1 -- roles/a.yaml roles/b.yaml");
    project.save("stricter");
    let _refused = project.apply().exits(4).has("`max_deletes` allows 1").lacks(ALONE);
    project.git("checkout -q HEAD~2 -- roles/c.yaml");
    project.save("one goes");
    let _applied = project.apply().exits(0);
    assert_eq!(emulator.custom(), ["One", "a", "b", "c"]);
}

#[test]
fn base_head_does_not_loosen_a_guard_or_a_mode_and_use_it() {
    let emulator = Emulator::start();
    let project = begun(&emulator, "");
    for key in ["a", "b", "c", "d"] {
        emulator.make_role(&json!({ "name": key, "permissions": [] }));
    }
    project.git("update-ref -d refs/rolecall/applied/-/reviews");
    project.target(&emulator, "manage: { roles: authoritative }\n");
    project.config_also("guards: { max_deletes: 10 }");
    project.save("loosened and used");
    let _refused = project.run("apply --auto-approve --base HEAD");
    assert_eq!(emulator.custom(), ["One", "a", "b", "c", "d"]);
}

#[test]
fn credential_and_branches_are_scope_too_and_stand_in_the_digest() {
    let emulator = Emulator::start();
    let project = begun(&emulator, "");
    let config = project.read("rolecall.yaml");
    let credential = "    credential: { env: CODERABBIT_API_KEY_OTHER }\napply_from: [main]\n";
    project.write("rolecall.yaml", &format!("{config}{credential}"));
    project.save("credential and branches");
    let plan = project.planned("");
    let scope = ["credential", "apply_from"].map(str::to_owned).to_vec();
    assert_eq!((plan.changes(), plan.scope_changes()), (vec![], scope));
    let _applied = project.apply().exits(0);
    let after = project.planned("");
    assert_eq!(after.scope_changes(), [""; 0]);
    assert_ne!(plan.digest(), after.digest(), "what changes is in the digest");
}
