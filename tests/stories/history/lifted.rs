//! Protection and the revision that is named: an older base, going back, and a missing record.

use serde_json::json;

use crate::common::{
    Emulator,
    repository::{READS, begun},
};

const BARE: &str = "permissions: { reports: [read], learnings: [read] }";
const PROTECTED: &str = "protect: true, permissions: { reports: [read], learnings: [read] }";

#[test]
fn an_older_base_does_not_hide_what_the_newer_one_protects() {
    let emulator = Emulator::start();
    let project = begun(&emulator, "");
    project.role("guarded", "Guarded", BARE);
    project.save("bare");
    let _applied = project.apply().exits(0);
    project.role("guarded", "Guarded", PROTECTED);
    project.save("protected");
    project.remove("roles/guarded.yaml");
    project.save("deleted");
    for base in ["", "--base HEAD~1", "--base HEAD~2", "--base HEAD~3"] {
        let _refused = project.run(&format!("apply --auto-approve {base}")).exits(4);
    }
    assert_eq!(emulator.custom(), ["Guarded", "One"]);
}

#[test]
fn going_back_does_not_delete_what_the_newest_apply_protects() {
    let emulator = Emulator::start();
    let project = begun(&emulator, "");
    project.role("guarded", "Guarded", BARE);
    project.save("made");
    project.remove("roles/guarded.yaml");
    let old = project.save("deleted");
    project.role("guarded", "Guarded", PROTECTED);
    project.save("made again");
    let _applied = project.apply().exits(0);
    let refused = project.run(&format!("apply --auto-approve --rev {old} --allow-older {old}"));
    let _refused = refused.exits(4).has("`protect` forbids it");
    assert_eq!(emulator.custom(), ["Guarded", "One"]);
}

#[test]
fn a_clone_that_cannot_tell_what_was_protected_takes_nothing_from_a_role() {
    let emulator = Emulator::start();
    let project = begun(&emulator, "");
    project.role("guarded", "Guarded", PROTECTED);
    project.save("guarded");
    let _applied = project.apply().exits(0);
    project.git("update-ref -d refs/rolecall/applied/-/reviews");
    project.role("guarded", "Guarded", BARE);
    project.save("lifted");
    project.role("guarded", "Guarded", READS);
    project.save("narrowed");
    let shallow = project.clone_to("shallow", "--depth 2");
    let said = project.run_in(&shallow, "apply --auto-approve").exits(4);
    let _said = said.has("would lose permissions, and nobody can tell").has("git fetch --unshallow");
    assert_eq!(emulator.permissions("Guarded"), ["learnings:read", "reports:read"]);
}

#[test]
fn a_branch_that_took_the_target_branch_in_and_became_it_does_not_hide_what_that_protects() {
    let emulator = Emulator::start();
    let project = begun(&emulator, "");
    project.git("branch -q feature");
    project.role("guarded", "Guarded", PROTECTED);
    project.save("guarded");
    let _applied = project.apply().exits(0);
    project.git("update-ref -d refs/rolecall/applied/-/reviews");
    project.git("checkout -q feature");
    project.git("merge -q --no-ff --no-commit main");
    project.remove("roles/guarded.yaml");
    project.write("roles/removed.yaml", "provider: coderabbit\nremoved:\n  - { name: Guarded }\n");
    project.git("commit -q --allow-empty -m start");
    project.git("add -A");
    project.git("commit -q --amend -m merge");
    project.git("checkout -q main");
    project.git("merge -q --ff-only feature");
    let _refused = project.apply().exits(4).has("`protect` forbids it");
    assert_eq!(emulator.custom(), ["Guarded", "One"]);
}

#[test]
fn a_config_that_was_broken_in_between_does_not_hide_its_guards() {
    let emulator = Emulator::start();
    let project = begun(&emulator, "");
    for key in ["a", "b", "c", "d"] {
        emulator.make_role(&json!({ "name": key, "permissions": [] }));
    }
    project.git("update-ref -d refs/rolecall/applied/-/reviews");
    project.config_also("broken: [");
    project.save("broken");
    project.target(&emulator, "manage: { roles: authoritative }\n");
    project.config_also("guards: { max_deletes: 10 }");
    project.save("repaired, and loosened");
    let scope = ["manage.roles", "guards.max_deletes"].map(str::to_owned).to_vec();
    let plan = project.planned("");
    assert_eq!((plan.changes(), plan.scope_changes()), (vec![], scope));
    let _applied = project.apply().exits(0);
    assert_eq!(emulator.custom(), ["One", "a", "b", "c", "d"]);
}
