//! Protections and guards that outlive the place of their definitions: a root, a config, or a target
//! that is moved, and a second root on the same tenant.

use serde_json::json;

use crate::common::{
    Emulator, Project,
    repository::{READS, begun, config, role},
};

const BARE: &str = "permissions: { reports: [read], learnings: [read] }";
const REMOVES: &str = "provider: coderabbit\nremoved:\n  - { name: Guarded }\n";

/// A project whose role `Guarded` is protected and in place, recorded or not.
fn guarded(recorded: bool) -> (Emulator, Project) {
    let emulator = Emulator::start();
    let project = begun(&emulator, "");
    project.role("guarded", "Guarded", &format!("protect: true, {BARE}"));
    project.save("guarded");
    let _applied = project.apply().exits(0);
    if !recorded {
        forget(&project);
    }
    (emulator, project)
}

fn forget(project: &Project) {
    project.git("update-ref -d refs/rolecall/applied/-/reviews");
}

fn move_root(project: &Project) {
    std::fs::create_dir(project.dir.join("sub")).expect("made");
    project.git("mv rolecall.yaml roles sub/");
}

#[test]
fn a_root_that_is_moved_takes_its_protections_along() {
    for recorded in [true, false] {
        let (emulator, project) = guarded(recorded);
        move_root(&project);
        project.remove("sub/roles/guarded.yaml");
        project.write("sub/roles/removed.yaml", REMOVES);
        // Before it is committed, and after.
        for saved in [false, true] {
            if saved {
                project.save("moved, and deleted");
            }
            let refused = project.run_in(&project.dir.join("sub"), "apply --auto-approve");
            let _refused = refused.exits(4).has("`protect` forbids it");
        }
        assert_eq!(emulator.custom(), ["Guarded", "One"]);
    }
}

#[test]
fn a_root_that_is_moved_says_where_its_record_is_and_what_to_do() {
    let (emulator, project) = guarded(true);
    let sub = project.dir.join("sub");
    // Another root of the same tenant has lost nothing.
    project.write("second/rolecall.yaml", &config(&emulator, "second", "\"roles/*.yaml\""));
    project.write("second/roles/two.yaml", "provider: coderabbit\nroles: {}\n");
    project.save("a second root");
    let beside = project.planned_in(&project.dir.join("second"), "");
    assert!(!beside.notes().contains("that record is not read here"), "{}", beside.notes());
    // Nor is it that one under another name.
    let change = beside.0["targets"][0]["scope_changes"][0].clone();
    assert_eq!(change, json!({ "what": "target", "before": null, "after": "second" }));
    project.remove("second/rolecall.yaml");
    project.remove("second/roles/two.yaml");
    move_root(&project);
    project.save("moved");
    project.save("something else");
    let notes = project.planned_in(&sub, "").notes();
    for said in [
        "lay in the top folder when they were last recorded",
        "Apply before something else changes",
        "git update-ref -d 'refs/rolecall/applied/-/reviews'",
    ] {
        assert!(notes.contains(said), "{notes}");
    }
    let _applied = project.run_in(&sub, "apply --auto-approve").exits(0);
    let plan = project.planned_in(&sub, "");
    assert!(plan.applied().is_some() && !plan.notes().contains("that record"), "{}", plan.notes());
}

#[test]
fn a_rebase_merge_that_moves_the_root_and_then_deletes() {
    let (emulator, project) = guarded(false);
    move_root(&project);
    project.write(
        "sub/roles/guarded.yaml",
        &format!("provider: coderabbit\nroles:\n{}", role("guarded", "Guarded", BARE)),
    );
    project.save("moved, and lifted");
    project.remove("sub/roles/guarded.yaml");
    project.save("deleted");
    let refused = project.run_in(&project.dir.join("sub"), "apply --auto-approve");
    let _refused = refused.exits(4).has("`protect` forbids it");
    assert_eq!(emulator.custom(), ["Guarded", "One"]);
}

#[test]
fn a_config_of_another_name_takes_its_protections_along() {
    for recorded in [true, false] {
        let (emulator, project) = guarded(recorded);
        project.git("mv rolecall.yaml other.yaml");
        project.remove("roles/guarded.yaml");
        project.write("roles/removed.yaml", REMOVES);
        project.save("renamed, and deleted");
        let _refused =
            project.run("apply --auto-approve --config other.yaml").exits(4).has("`protect` forbids it");
        assert_eq!(emulator.custom(), ["Guarded", "One"]);
    }
}

#[test]
fn a_moved_root_does_not_loosen_guards_and_use_that() {
    let emulator = Emulator::start();
    let project = begun(&emulator, "");
    for key in ["a", "b", "c", "d"] {
        emulator.make_role(&json!({ "name": key, "permissions": [] }));
    }
    project.target(&emulator, "manage: { roles: authoritative }\n");
    project.config_also("guards: { max_deletes: 10 }");
    move_root(&project);
    project.save("moved, and loosened");
    let sub = project.dir.join("sub");
    let plan = project.planned_in(&sub, "");
    let scope = ["manage.roles", "guards.max_deletes"].map(str::to_owned).to_vec();
    assert_eq!((plan.changes(), plan.scope_changes()), (vec![], scope));
    let _applied = project.run_in(&sub, "apply --auto-approve").exits(0);
    assert_eq!(emulator.custom(), ["One", "a", "b", "c", "d"]);
}

#[test]
fn another_root_of_the_same_tenant_does_not_delete_what_this_one_protects() {
    let (emulator, project) = guarded(true);
    project.write("second/rolecall.yaml", &config(&emulator, "second", "\"roles/*.yaml\""));
    project.write("second/roles/removed.yaml", REMOVES);
    for unrelated in ["a second root", "and something else"] {
        project.write("notes.txt", unrelated);
        project.save(unrelated);
        let refused = project.run_in(&project.dir.join("second"), "apply --auto-approve");
        let _refused = refused.exits(4).has("`protect` forbids it");
    }
    // On another tenant a role of the same name is another role.
    let other = Emulator::start();
    other.make_role(&json!({ "name": "Guarded", "permissions": [] }));
    project.write("third/rolecall.yaml", &config(&other, "third", "\"roles/*.yaml\""));
    project.write("third/roles/removed.yaml", REMOVES);
    project.save("another tenant");
    let _applied = project.run_in(&project.dir.join("third"), "apply --auto-approve").exits(0);
    assert_eq!((emulator.custom(), other.custom()), (vec!["Guarded".into(), "One".into()], vec![]));
}

#[test]
fn a_renamed_target_does_not_loosen_guards_and_use_that() {
    for recorded in [true, false] {
        let emulator = Emulator::start();
        let project = begun(&emulator, "");
        for key in ["a", "b", "c", "d"] {
            emulator.make_role(&json!({ "name": key, "permissions": [] }));
        }
        if !recorded {
            forget(&project);
        }
        project.target(&emulator, "manage: { roles: authoritative }\n");
        let config = project.read("rolecall.yaml").replace("  reviews:", "  others:");
        project.write("rolecall.yaml", &format!("{config}guards: {{ max_deletes: 10 }}\n"));
        project.save("renamed, and loosened");
        let plan = project.planned("");
        let scope = ["target", "manage.roles", "guards.max_deletes"].map(str::to_owned).to_vec();
        assert_eq!((plan.changes(), plan.scope_changes()), (vec![], scope), "{recorded}");
        let _applied = project.apply().exits(0);
        assert_eq!(emulator.custom(), ["One", "a", "b", "c", "d"]);
    }
}

#[test]
fn a_target_that_becomes_an_emulator_says_that_its_tenant_is_left() {
    let (emulator, project) = guarded(true);
    project.write(
        "rolecall.yaml",
        "version: 1\ntargets:\n  reviews:\n    provider: coderabbit\n    emulator: true\n    files: [\"roles/**/*.yaml\"]\n",
    );
    project.role("two", "Two", READS);
    project.save("an emulator");
    assert_eq!(project.planned("").scope_changes(), ["emulator"]);
    let _applied = project.apply().exits(0);
    assert_eq!(emulator.custom(), ["Guarded", "One"]);
}
