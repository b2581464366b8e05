//! Renames and moves: declared, made in the dashboard, swapped, and forgotten to declare.

use serde_json::json;

use crate::common::{
    Emulator,
    repository::{READS, begun},
};

const LEARNS: &str = "permissions: { learnings: [read] }";

#[test]
fn members_keep_a_role_that_is_renamed_on_a_branch() {
    let emulator = Emulator::start();
    let project = begun(&emulator, "");
    let id = emulator.role_id("One");
    emulator.give("1003", &id);
    // The same key tells it, and so does an earlier name where the key changes, too.
    for (record, key, name, rest) in [
        (true, "one", "Uno", READS.to_owned()),
        (false, "one", "Un", READS.to_owned()),
        (true, "ein", "Ein", format!("previously: [Un], {READS}")),
        (false, "en", "En", format!("previously: [Un, Ein], {READS}")),
    ] {
        if !record {
            project.git("update-ref -d refs/rolecall/applied/-/reviews");
        }
        let branch = format!("checkout -q -b {name}");
        project.git(&branch);
        project.git("rm -q -r roles");
        project.role(key, name, &rest);
        project.save(name);
        let plan = project.planned("");
        assert_eq!(plan.changes(), [format!("rename {key} pending")], "{name}");
        project.git("checkout -q main");
        project.git(&format!("merge -q --ff-only {name}"));
        let _applied = project.apply().exits(0);
        assert_eq!(
            (emulator.custom(), emulator.role_id(name), emulator.held_by("1003")),
            (vec![name.to_owned()], id.clone(), name.to_owned())
        );
        project.is_in_place();
    }
}

#[test]
fn two_roles_swap_their_names() {
    let emulator = Emulator::start();
    let project = begun(&emulator, "");
    project.role("two", "Two", LEARNS);
    project.save("two");
    let _applied = project.apply().exits(0);
    let (one, two) = (emulator.role_id("One"), emulator.role_id("Two"));
    emulator.give("1003", &one);
    project.role("one", "Two", &format!("previously: [One], {READS}"));
    project.role("two", "One", &format!("previously: [Two], {LEARNS}"));
    project.save("swapped");
    assert_eq!(project.planned("").changes(), ["rename one pending", "rename two pending"]);
    let _applied = project.apply().exits(0);
    assert_eq!((emulator.role_id("Two"), emulator.role_id("One")), (one, two));
    assert_eq!(emulator.held_by("1003"), "Two");
    assert_eq!(emulator.permissions("Two"), ["reports:read"]);
    project.is_in_place();
}

#[test]
fn a_rename_in_the_dashboard_is_drift() {
    let emulator = Emulator::start();
    let project = begun(&emulator, "");
    let id = emulator.role_id("One");
    emulator.give("1003", &id);
    emulator.edit_role("One", &json!({ "name": "Clicked" }));
    let plan = project.planned("");
    assert_eq!(plan.changes(), ["rename one drift"]);
    let _drift = project.run("drift --detailed-exitcode").exits(2).has("Clicked");
    let _left = project.run("apply --auto-approve --pending-only").exits(0);
    assert_eq!(emulator.custom(), ["Clicked"]);
    let _taken_back = project.apply().exits(0);
    assert_eq!((emulator.role_id("One"), emulator.held_by("1003")), (id, "One".to_owned()));
    // Deleted in git meanwhile: it is the same role, and goes once git names it as it is called now. The
    // record alone, which anybody who may push could have written, deletes nothing.
    emulator.give("1003", "cr_member");
    emulator.edit_role("One", &json!({ "name": "Clicked" }));
    project.remove("roles/one.yaml");
    project.save("one goes");
    let _refused = project.apply().exits(4).has("- { name: Clicked }");
    assert_eq!(emulator.custom(), ["Clicked"]);
    project.write("roles/removed.yaml", "provider: coderabbit\nremoved:\n  - { name: Clicked }\n");
    project.save("by the name that it has now");
    let _deleted = project.apply().exits(0);
    assert_eq!(emulator.custom(), [""; 0]);
}

#[test]
fn a_likely_rename_is_pointed_out_with_the_line_to_add() {
    let emulator = Emulator::start();
    let project = begun(&emulator, "");
    emulator.give("1003", &emulator.role_id("One"));
    project.remove("roles/one.yaml");
    project.role("uno", "Uno", READS);
    project.save("renamed, as somebody thinks");
    let plan = project.run("plan --format json").exits(4);
    let notes = plan.json()["targets"][0]["notes"].to_string();
    assert!(notes.contains("previously: [One]"), "{notes}");
    let _said = project.apply().exits(4).has("previously: [One]").has("reassign_to");
    project.role("uno", "Uno", &format!("previously: [One], {READS}"));
    project.save("declared");
    let _renamed = project.apply().exits(0);
    assert_eq!(emulator.held_by("1003"), "Uno");
}
