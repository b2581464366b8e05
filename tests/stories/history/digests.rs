//! What was approved on a branch is what its merge does; and what changes nothing is in no digest.

use crate::common::{
    Emulator, Project,
    repository::{Plan, READS, begun, config, role},
};

/// A branch `feature` of two commits on a `main` that moved on without being applied: it makes, edits,
/// renames and deletes roles, and moves a person.
fn forked(emulator: &Emulator) -> Project {
    let project = begun(emulator, "on_unassign: { to: builtin:cr_member }\n");
    for (key, name) in [("two", "Two"), ("three", "Three"), ("four", "Four")] {
        project.role(key, name, READS);
    }
    project.write(
        "roles/people.yaml",
        "provider: coderabbit\nassignments:\n  - { role: two, users: [\"1003\"] }\n",
    );
    project.save("more");
    let _applied = project.apply().exits(0);
    project.git("checkout -q -b feature");
    project.role("one", "One", "permissions: { reports: [read], learnings: [read] }");
    project.role("two", "Zwei", "previously: [Two], permissions: { reports: [read] }");
    project.save("edit and rename");
    project.remove("roles/three.yaml");
    project.role("five", "Five", READS);
    project.write(
        "roles/people.yaml",
        "provider: coderabbit\nassignments:\n  - { role: five, users: [\"1003\"] }\n",
    );
    project.save("delete, make and move");
    project.git("checkout -q main");
    project.role("four", "Four", "permissions: { reports: [read, write] }");
    project.role("six", "Six", READS);
    project.save("merged meanwhile");
    project.git("checkout -q feature");
    project
}

fn merged(how: &[&str]) -> (Plan, Plan, Emulator, Project) {
    let emulator = Emulator::start();
    let project = forked(&emulator);
    let branch = project.planned("");
    for line in how {
        project.git(line);
    }
    let main = project.planned("");
    (branch, main, emulator, project)
}

fn the_same(how: &[&str]) {
    let (branch, main, emulator, project) = merged(how);
    assert_eq!(branch.digests().len(), 7, "{:?}", branch.changes());
    assert_eq!(branch.digests(), main.digests(), "{:?}\n{:?}", branch.changes(), main.changes());
    assert_eq!(branch.digest(), main.digest());
    assert_eq!(main.revision("merged"), None);
    let expected = format!("apply --expect-plan reviews={}", branch.digest());
    let _applied = project.run(&expected).exits(0).has("Applied 7 of 7");
    assert_eq!(emulator.custom(), ["Five", "Four", "One", "Six", "Zwei"]);
    assert_eq!(emulator.held_by("1003"), "Five");
    project.is_in_place();
}

#[test]
fn a_merge_commit_does_what_was_approved_on_the_branch() {
    the_same(&["checkout -q main", "merge -q --no-ff -m merge feature"]);
}

#[test]
fn a_squash_does_what_was_approved_on_the_branch() {
    the_same(&["checkout -q main", "merge -q --squash feature", "commit -q -m squash"]);
}

#[test]
fn a_rebase_does_what_was_approved_on_the_branch() {
    the_same(&["rebase -q main", "checkout -q main", "merge -q --ff-only feature"]);
}

#[test]
fn a_fast_forward_does_what_was_approved_on_the_branch() {
    the_same(&["merge -q -m update main", "checkout -q main", "merge -q --ff-only feature"]);
}

#[test]
fn the_older_merge_that_is_still_unapplied_is_told_from_what_the_branch_does() {
    let (branch, main, ..) = merged(&["checkout -q main", "merge -q --no-ff -m merge feature"]);
    let origins = [
        "create five pending",
        "update four unapplied",
        "update one pending",
        "create six unapplied",
        "delete three pending",
        "rename two pending",
    ];
    for plan in [branch, main] {
        let changes = plan.changes();
        let roles: Vec<&String> = changes.iter().filter(|change| !change.contains("assignment")).collect();
        assert_eq!(roles, origins);
        assert!(
            changes.iter().any(|change| change.starts_with("reassign") && change.ends_with("pending")),
            "{changes:?}"
        );
    }
}

#[test]
fn moving_splitting_reordering_and_commenting_is_no_change_at_all() {
    let emulator = Emulator::start();
    let project = begun(&emulator, "");
    let (two, three) = (
        role("two", "Two", "permissions: { learnings: [read, write], reports: [read] }"),
        role("three", "Three", READS),
    );
    project.write("roles/more.yaml", &format!("provider: coderabbit\nroles:\n{two}{three}"));
    project.save("more");
    let pending = project.planned("");
    assert_eq!(pending.changes().len(), 2);

    project.write("roles/three.yaml", &format!("# Of its own now.\nroles:\n{three}provider: coderabbit\n"));
    project.write(
        "roles/deep/er/zwei.yaml",
        "provider: coderabbit\npermission_sets:\n  some: { reports: [read] }\nroles:\n  two:\n    include: [some]\n    permissions:\n      learnings: [write, read]\n    description: \"Needed\"\n    name: Two\n",
    );
    project.remove("roles/more.yaml");
    project.save("another layout");
    let moved = project.planned("--base HEAD~1");
    assert_eq!((pending.digests(), pending.digest()), (moved.digests(), moved.digest()));
    let _applied = project.apply().exits(0);

    // With everything in place, moving is no change and no scope change.
    project.git("mv roles/three.yaml roles/drei.yaml");
    project.save("moved again");
    let plan = project.planned("");
    assert_eq!((plan.changes(), plan.scope_changes()), (vec![], vec![]));
    project.is_in_place();
}

#[test]
fn a_renamed_folder_is_no_change_where_the_globs_follow_it() {
    let emulator = Emulator::start();
    let project = begun(&emulator, "");
    project.git("mv roles access");
    project.write("rolecall.yaml", &config(&emulator, "reviews", "\"access/**/*.yaml\""));
    project.save("renamed");
    let plan = project.planned("");
    assert_eq!((plan.changes(), plan.scope_changes()), (vec![], vec![]));
    let _applied = project.apply().exits(0).has("No changes");
    assert_eq!(project.recorded(), Some(project.git("rev-parse HEAD")));

    // One side of a merge may rename the folder in which the other adds a file.
    project.git("checkout -q -b feature HEAD~1");
    project.role("two", "Two", READS);
    project.save("two, in the old folder");
    let plan = project.planned("");
    assert!(plan.revision("merged").is_some());
    assert!(plan.changes().iter().all(|change| !change.contains("one")), "{:?}", plan.changes());
}

#[test]
fn line_ends_and_names_of_all_scripts_make_no_difference() {
    let emulator = Emulator::start();
    let project = begun(&emulator, "");
    let text = format!("provider: coderabbit\nroles:\n{}", role("pruefer", "Prüferin 検査", READS));
    project.write("roles/prüfung/検査 à.yaml", &text);
    project.git("checkout -q -b änderung/検査");
    project.save("Prüferin");
    let branch = project.planned("");
    assert_eq!(branch.changes(), ["create pruefer pending"]);
    assert_eq!(branch.revision("branch").as_deref(), Some("änderung/検査"));
    let place = &branch.0["targets"][0]["changes"][0]["definition"]["file"];
    assert_eq!(place, "roles/prüfung/検査 à.yaml");
    project.git("checkout -q main");
    project.git("merge -q --ff-only änderung/検査");
    let _applied = project.apply().exits(0);
    project.is_in_place();

    // The same with the line ends of Windows: committed, and converted at checkout.
    let commit = project.git("rev-parse HEAD");
    project.write("roles/prüfung/検査 à.yaml", &text.replace('\n', "\r\n"));
    project.save("CRLF");
    assert_eq!((project.planned("").changes(), project.planned("").scope_changes()), (vec![], vec![]));
    project.git(&format!("reset -q --hard {commit}"));
    project.git("config core.autocrlf true");
    project.remove("roles/one.yaml");
    project.git("checkout -q roles/one.yaml");
    assert!(project.read("roles/one.yaml").contains("\r\n"));
    let plan = project.planned("");
    assert_eq!((plan.changes(), &plan.0["revisions"]["dirty"]), (vec![], &serde_json::json!(false)));
    // A role that goes in such a work tree is still known from the commits.
    project.remove("roles/prüfung/検査 à.yaml");
    assert_eq!(project.planned("").changes(), ["delete pruefer pending"]);
}
