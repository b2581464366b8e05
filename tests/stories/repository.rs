//! Where the definitions come from: work trees, revisions, bare repositories, and none at all.

use serde_json::json;

use crate::common::{Emulator, Project, project::commit};

const ROLE: &str = "roles:\n  one: { name: One, description: Needed, permissions: { reports: [read] } }\n";

fn revisions(project: &Project, args: &str) -> serde_json::Value {
    project.run(&format!("plan --format json {args}")).exits(0).json()["revisions"].clone()
}

#[test]
fn a_revision_is_planned_whatever_the_work_tree_holds() {
    let emulator = Emulator::start();
    let project = Project::in_git(&emulator, "");
    project.define(ROLE);
    let id = project.commit("one");
    project.define("roles: [broken\n");
    let _broken = project.plan().exits(3);
    let planned = revisions(&project, "--rev HEAD");
    assert_eq!((&planned["desired"], &planned["dirty"]), (&json!(id), &json!(false)));
    let _before = project.run("plan --rev HEAD~1").exits(0).has("No changes");
    let _short = project.run_args(["plan", "--rev", &id[..10]]).exits(0).has("create One");
    let _unknown = project.run("plan --rev nowhere").exits(64).has("nowhere");
    let _applied = project.run("apply --rev HEAD --auto-approve").exits(0);
    assert_eq!(emulator.custom(), ["One"]);
}

#[test]
fn what_differs_from_the_commit_is_said_and_ci_does_not_apply_it() {
    let emulator = Emulator::start();
    let mut project = Project::in_git(&emulator, "");
    project.define(ROLE);
    assert_eq!(revisions(&project, "")["dirty"], true);
    project.set("CI", "true");
    let _refused = project.apply().exits(4).has("CI applies only commits");
    assert_eq!(emulator.custom(), [""; 0]);
    project.commit("one");
    assert_eq!(revisions(&project, "")["dirty"], false);
    project.write("notes.txt", "unrelated");
    let _applied = project.apply().exits(0);
    assert_eq!(emulator.custom(), ["One"]);
}

#[test]
fn apply_from_names_the_branches() {
    let emulator = Emulator::start();
    let project = Project::in_git(&emulator, "");
    project.config_also("apply_from: [main]");
    project.define(ROLE);
    project.commit("one");
    let repo = git2::Repository::open(&project.dir).expect("a repository");
    let head = repo.head().and_then(|head| head.peel_to_commit()).expect("a commit");
    repo.branch("feature", &head, false).expect("a branch");
    repo.set_head("refs/heads/feature").expect("checked out");
    let _refused = project
        .apply()
        .exits(4)
        .has("`apply_from` allows main, and this is branch `feature`")
        .has("--allow-branch");
    repo.set_head_detached(head.id()).expect("checked out");
    let _detached = project.apply().exits(4).has("this is not a branch");
    assert_eq!(emulator.sent(), [""; 0]);
    let _planning_is_fine = project.plan().exits(0);
    let _allowed = project.run("apply --auto-approve --allow-branch").exits(0);
    repo.set_head("refs/heads/main").expect("checked out");
    let _on_main = project.apply().exits(0);
}

#[test]
fn an_emulator_inside_the_program_may_be_applied_from_anywhere() {
    let mut project = Project::new();
    project.config(
        "  try-it:\n    provider: coderabbit\n    emulator: true\n    files: [\"roles/**/*.yaml\"]\n",
    );
    project.config_also("apply_from: [main]");
    project.set("CI", "true");
    project.define(ROLE);
    let _applied = project.apply().exits(0).has("EMULATOR");
    let _kept = project.apply().exits(0).has("No changes");
    let ignored = project.read(".rolecall/.gitignore");
    assert!(ignored.lines().any(|line| line == "emulator/"), "{ignored}");
}

#[test]
fn outside_git_a_plan_says_so() {
    let emulator = Emulator::start();
    let project = Project::on(&emulator, "");
    project.define(ROLE);
    let _planned = project.apply().exits(0).has("Files outside git");
    let _revision = project.run("plan --rev HEAD").exits(64);
    let _by_name = project.run_args(["-C", "roles", "plan"]).exits(0).has("No changes");
    std::fs::remove_file(project.dir.join("rolecall.yaml")).expect("removed");
    let _nothing = project.plan().exits(64).has("there is no `rolecall.yaml`").has("rolecall init");
}

#[test]
fn a_bare_repository_is_planned_by_revision() {
    let emulator = Emulator::start();
    let project = Project::in_git(&emulator, "");
    project.define(ROLE);
    project.commit("one");
    let bare = project.dir.parent().expect("a parent").join("bare.git");
    git2::build::RepoBuilder::new()
        .bare(true)
        .clone(&project.dir.display().to_string(), &bare)
        .expect("cloned");
    let bare = bare.display().to_string();
    let _planned = project.run_args(["-C", &bare, "plan", "--rev", "main"]).exits(0).has("create One");
    let _which = project.run_args(["-C", &bare, "plan"]).exits(64).has("--rev");
    // One that lies in a work tree may have been committed there.
    let inside = project.dir.join("fixture");
    git2::build::RepoBuilder::new()
        .bare(true)
        .clone(&project.dir.display().to_string(), &inside)
        .expect("cloned");
    std::fs::remove_file(project.dir.join("rolecall.yaml")).expect("removed");
    let _refused = project.run("-C fixture plan --rev main").exits(4).has("is not trusted");
}

#[test]
fn a_linked_work_tree_is_a_work_tree() {
    let emulator = Emulator::start();
    let project = Project::in_git(&emulator, "");
    project.define(ROLE);
    project.commit("one");
    let linked = project.dir.parent().expect("a parent").join("linked");
    let repo = git2::Repository::open(&project.dir).expect("a repository");
    repo.worktree("linked", &linked, None).expect("a work tree");
    let path = linked.display().to_string();
    let _planned = project.run_args(["-C", &path, "plan"]).exits(0).has("on linked");
    std::fs::write(
        linked.join("roles/all.yaml"),
        format!("provider: coderabbit\n{}", ROLE.replace("One", "Uno")),
    )
    .expect("written");
    commit(&linked, "uno");
    let _planned = project.run_args(["-C", &path, "plan"]).exits(0).has("create Uno");
    let _main = project.plan().exits(0).has("create One");
}

#[test]
fn a_shallow_clone_plans_and_does_not_take_a_role_for_its_own() {
    let emulator = Emulator::start();
    let project = Project::in_git(&emulator, "");
    project.define(ROLE);
    let _made = project.apply().exits(0);
    project.commit("one");
    emulator.give("1003", &emulator.role_id("One"));
    project.define(&ROLE.replace("[read]", "[read, write]"));
    let id = project.commit("wider");
    project.write(".git/shallow", &format!("{id}\n"));
    let _unproven =
        project.apply().exits(4).has("there is no earlier revision that shows whether git declared it");
    std::fs::remove_file(project.dir.join(".git/shallow")).expect("removed");
    let _proven = project.apply().exits(0);
}

#[cfg(unix)]
#[test]
#[expect(clippy::print_stderr, reason = "a test that was skipped says so")]
fn a_repository_of_somebody_else_is_refused_with_what_helps() {
    let emulator = Emulator::start();
    let project = Project::in_git(&emulator, "");
    project.define(ROLE);
    project.commit("one");
    for entry in walkdir::WalkDir::new(&project.dir) {
        let entry = entry.expect("readable");
        if std::os::unix::fs::chown(entry.path(), Some(12345), Some(12345)).is_err() {
            eprintln!("SKIPPED: only root can give files to somebody else");
            return;
        }
    }
    let refused = project.plan().has("safe.directory");
    assert!([1, 4].contains(&refused.code), "{}", refused.everything());
    let home = project.dir.parent().expect("a parent").join("home/.gitconfig");
    std::fs::write(home, format!("[safe]\n\tdirectory = {}\n", project.dir.display())).expect("written");
    let _trusted = project.plan().exits(0).has("create One");
}
