//! The base: found by itself or named, and merged with in memory where the branch is behind it.

use crate::common::{
    Emulator, Project,
    emulator::text,
    repository::{Plan, READS, begun, git, role, save},
};

/// `main` moved on and was applied; the branch `feature`, which is checked out, lacks that and adds
/// the role `Two`.
fn behind(emulator: &Emulator) -> Project {
    let project = begun(emulator, "");
    project.git("checkout -q -b feature");
    project.role("two", "Two", READS);
    project.save("two");
    project.git("checkout -q main");
    project.role("one", "One", "permissions: { reports: [read], learnings: [read] }");
    project.role("three", "Three", READS);
    project.save("merged meanwhile");
    let _applied = project.apply().exits(0);
    project.git("checkout -q feature");
    project
}

#[test]
fn a_branch_that_is_behind_does_not_plan_to_revert_what_was_merged_meanwhile() {
    let emulator = Emulator::start();
    let project = behind(&emulator);
    let plan = project.planned("");
    assert_eq!(plan.changes(), ["create two pending"]);
    assert_eq!(plan.revision("base"), Some(project.git("rev-parse main")));
    assert_eq!(plan.revision("base_name").as_deref(), Some("main"));
    let merged = project.git("merge-tree --write-tree feature main");
    assert_eq!(plan.revision("merged"), Some(merged), "the tree that git's own merge has");

    // With work that is not committed; the file that both changed is merged, too.
    project.role("four", "Four", READS);
    project.remove("roles/one.yaml");
    project.write(
        "roles/one.yaml",
        &format!("provider: coderabbit\nroles:\n{}\n\n# Read by nobody.\n", role("one", "One", READS)),
    );
    let dirty = project.run("plan --format json");
    let _conflict = dirty.exits(3).has("roles/one.yaml").has("git merge 'main'");
    project.git("checkout -q roles/one.yaml");
    let dirty = project.planned("");
    assert_eq!(dirty.changes(), ["create four pending", "create two pending"]);
    assert_eq!(dirty.0["revisions"]["dirty"], true);
    assert!(dirty.revision("merged").is_some());

    let _behind = project.apply().exits(5).has("does not have what main has").has("Merge or pull first");
    assert_eq!(emulator.custom(), ["One", "Three"]);
    assert_eq!(project.git("status --porcelain"), "?? roles/four.yaml", "the work tree is as it was");
}

#[test]
fn a_local_main_that_is_behind_its_remote_does_not_plan_to_revert_what_others_pushed() {
    let emulator = Emulator::start();
    let project = begun(&emulator, "");
    let here = project.clone_to("here", "");
    project.role("two", "Two", READS);
    let pushed = project.save("two");
    let _applied = project.apply().exits(0);
    git(&here, &["fetch", "-q"]);

    let plan = project.planned_in(&here, "");
    assert_eq!(plan.changes(), [""; 0], "nothing is deleted and nothing made");
    assert_eq!(plan.revision("base"), Some(pushed));
    assert_eq!(plan.revision("base_name").as_deref(), Some("origin/main"));
    let _behind = project.run_in(&here, "apply --auto-approve").exits(5).has("origin/main");

    // With a commit of its own, and with work that is not committed.
    std::fs::write(
        here.join("roles/three.yaml"),
        format!("provider: coderabbit\nroles:\n{}", role("three", "Three", READS)),
    )
    .expect("written");
    assert_eq!(project.planned_in(&here, "").changes(), ["create three pending"]);
    save(&here, "three");
    assert_eq!(project.planned_in(&here, "").changes(), ["create three pending"]);
    git(&here, &["pull", "-q", "--rebase"]);
    let plan = project.planned_in(&here, "");
    assert_eq!((plan.changes(), plan.revision("merged")), (vec!["create three pending".to_owned()], None));
    assert_eq!(emulator.custom(), ["One", "Two"]);
}

#[test]
fn what_both_changed_differently_is_a_conflict_that_names_every_file() {
    let emulator = Emulator::start();
    let project = begun(&emulator, "");
    project.git("checkout -q -b feature");
    project.role("one", "Uno", READS);
    project.role("two", "Two", READS);
    project.save("feature");
    project.git("checkout -q main");
    project.role("one", "Ein", READS);
    project.role("two", "Zwei", READS);
    project.save("main");
    project.git("checkout -q feature");
    let _conflict =
        project.plan().exits(3).has("conflict in `roles/one.yaml`, `roles/two.yaml`").has("git merge 'main'");
    // What is no definition may conflict as it likes.
    project.git("checkout -q -B other main~1");
    project.write("README.md", "a\n");
    project.role("four", "Four", READS);
    project.save("other");
    project.git("checkout -q main");
    project.write("README.md", "b\n");
    project.save("readme");
    project.git("checkout -q other");
    let plan = project.planned("");
    assert!(plan.changes().contains(&"create four pending".to_owned()), "{:?}", plan.changes());
}

#[test]
fn on_the_target_branch_the_base_is_the_commit_before_and_of_uncommitted_work_its_commit() {
    let emulator = Emulator::start();
    let project = begun(&emulator, "");
    let first = project.git("rev-parse HEAD");
    project.role("two", "Two", READS);
    let dirty = project.planned("");
    assert_eq!(
        (dirty.revision("base"), dirty.changes()),
        (Some(first.clone()), vec!["create two pending".to_owned()])
    );
    assert_eq!(dirty.revision("base_name").as_deref(), Some("HEAD"));
    let second = project.save("two");
    let clean = project.planned("");
    assert_eq!(
        (clean.revision("base"), clean.changes()),
        (Some(first.clone()), vec!["create two pending".to_owned()])
    );
    project.role("three", "Three", READS);
    project.save("three");
    let plan = project.planned("");
    assert_eq!((plan.revision("base"), plan.applied()), (Some(second.clone()), Some(first.clone())));
    assert_eq!(plan.changes(), ["create three pending", "create two unapplied"]);

    // A detached head on the branch's history is the branch at that time.
    project.git("checkout -q --detach HEAD~1");
    let detached = project.planned("");
    assert_eq!(
        (detached.revision("base"), detached.changes()),
        (Some(first.clone()), vec!["create two pending".to_owned()])
    );
    assert_eq!(detached.0["revisions"]["branch"], serde_json::Value::Null);
    // And beside it, work that will be merged.
    project.role("four", "Four", READS);
    project.save("four");
    let beside = project.planned("");
    assert_eq!(beside.revision("base_name").as_deref(), Some("main"));
    assert_eq!(beside.changes(), ["create four pending", "create three unapplied", "create two unapplied"]);
    // A revision that is named is compared with the one before it.
    assert_eq!(project.planned("--rev main").revision("base"), Some(second));
    assert_eq!(project.planned("--rev main~1").revision("base"), Some(first));
}

#[test]
fn a_base_that_was_named_is_used_or_refused_with_what_helps() {
    let emulator = Emulator::start();
    let project = begun(&emulator, "");
    let first = project.git("rev-parse HEAD");
    project.git("tag v1");
    for key in ["two", "three"] {
        project.role(key, key, READS);
        project.save(key);
    }
    let plan = project.planned("--base v1");
    assert_eq!(
        (plan.revision("base"), plan.changes()),
        (Some(first), vec!["create three pending".to_owned(), "create two pending".to_owned()])
    );
    assert_eq!(plan.revision("base_name").as_deref(), Some("--base v1"));
    let plan = project.planned("--base HEAD");
    assert_eq!(plan.changes(), ["create three unapplied", "create two unapplied"]);

    let _unknown = project.run("plan --base nowhere").exits(64).has("nowhere");
    let _newer = project.run("plan --rev main~1 --base main").exits(4).has("newer than the planned revision");
    project.git("checkout -q --orphan elsewhere");
    project.save("elsewhere");
    let _unrelated =
        project.run("plan --base main").exits(4).has("no history in common").has("git merge-base");
    project.git("checkout -q main");
    let _unrelated = project.run("plan --base elsewhere").exits(4).has("no history in common");
    assert_eq!(emulator.custom(), ["One"]);
}

#[test]
fn without_a_base_nothing_is_removed_for_not_being_declared() {
    let emulator = Emulator::start();
    let project = begun(&emulator, "");
    project.git("update-ref -d refs/rolecall/applied/-/reviews");
    let clicked = |plan: &Plan| text(&plan.0["targets"][0]["unmanaged"]["roles"][0], "name");
    // An orphan branch, and the first commit of a history.
    project.git("checkout -q --orphan elsewhere");
    project.git("rm -q --cached roles/one.yaml");
    project.remove("roles/one.yaml");
    project.save("elsewhere");
    let plan = project.planned("");
    assert!(plan.notes().contains("no history in common"), "{}", plan.notes());
    assert_eq!((plan.changes(), clicked(&plan)), (vec![], "One".to_owned()));
    let alone = project.clone_to("alone", "--single-branch --branch elsewhere");
    git(&alone, &["remote", "remove", "origin"]);
    git(&alone, &["branch", "-q", "-m", "main"]);
    let plan = project.planned_in(&alone, "");
    assert!(plan.notes().contains("This is the first commit"), "{}", plan.notes());
    assert_eq!((plan.changes(), clicked(&plan)), (vec![], "One".to_owned()));
}
