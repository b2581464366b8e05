//! Clones that hold only a part, and repositories that are no plain clone.

use crate::common::{
    Emulator, Project,
    repository::{READS, begun, config, git, role},
};

/// `One` is in place; then it goes, in the last of three commits.
fn removed(emulator: &Emulator) -> Project {
    let project = begun(emulator, "");
    project.role("two", "Two", READS);
    project.save("two");
    project.remove("roles/one.yaml");
    project.save("one goes");
    project
}

#[test]
fn a_shallow_clone_removes_nothing_and_says_what_it_lacks() {
    let emulator = Emulator::start();
    let project = removed(&emulator);
    let shallow = project.clone_to("shallow", "--depth 1");
    let plan = project.planned_in(&shallow, "");
    assert_eq!(plan.changes().len(), 1, "{:?}", plan.changes());
    assert!(plan.notes().contains("git fetch --unshallow"), "{}", plan.notes());
    assert!(plan.notes().contains("Nothing is removed for not being declared"), "{}", plan.notes());
    let named = project.run_in(&shallow, "plan --base HEAD~1");
    assert_ne!(named.code, 0);
    let _named = named.has("git fetch --unshallow");
    let applied = project.run_in(&shallow, "apply --auto-approve --format json").exits(0).json();
    assert_eq!(emulator.custom(), ["One", "Two"]);
    // Had it been recorded, nobody would ever know that `One` was to go.
    let said = applied["targets"][0]["not_recorded"].as_str().unwrap_or_default();
    assert!(said.contains("neither a record nor a base"), "{applied}");
    git(&shallow, &["fetch", "-q", "--unshallow"]);
    let _applied = project.run_in(&shallow, "apply --auto-approve").exits(0);
    assert_eq!(emulator.custom(), ["Two"]);
}

#[test]
fn a_base_that_a_shallow_clone_cannot_prove_is_refused() {
    let emulator = Emulator::start();
    let project = removed(&emulator);
    let first = project.git("rev-parse HEAD~2");
    let shallow = project.clone_to("shallow", "--depth 1");
    git(&shallow, &["fetch", "-q", "--depth", "1", "origin", &first]);
    let _refused =
        project.run_in(&shallow, &format!("plan --base {first}")).exits(4).has("git fetch --unshallow");
    assert_eq!(emulator.custom(), ["One"]);
}

#[test]
fn a_partial_clone_is_told_what_to_fetch() {
    let emulator = Emulator::start();
    let project = removed(&emulator);
    project.git("config uploadpack.allowFilter true");
    let partial = project.clone_to("partial", "--filter=blob:none");
    let output = project.run_in(&partial, "apply --auto-approve");
    assert!(emulator.custom().contains(&"One".to_owned()), "{}", output.everything());
    let _said = output.has("git fetch --refetch --no-filter");
    git(&partial, &["fetch", "-q", "--refetch", "--no-filter"]);
    git(&partial, &["fetch", "-q", "--no-filter", "origin", "refs/rolecall/*:refs/rolecall/*"]);
    let _applied = project.run_in(&partial, "apply --auto-approve").exits(0);
    assert_eq!(emulator.custom(), ["Two"]);
}

#[test]
fn definitions_in_a_submodule_have_the_history_of_the_submodule() {
    let emulator = Emulator::start();
    let project = removed(&emulator);
    let outer = project.beside("outer");
    std::fs::create_dir(&outer).expect("made");
    git(&outer, &["init", "-q", "-b", "main"]);
    git(&outer, &["submodule", "add", "-q", &format!("file://{}", project.dir.display()), "roles"]);
    git(&outer, &["commit", "-q", "-m", "roles"]);
    let inner = outer.join("roles");
    let plan = project.planned_in(&inner, "");
    assert_eq!(plan.revision("desired"), Some(project.git("rev-parse HEAD")));
    assert_eq!(plan.revision("base"), Some(project.git("rev-parse HEAD~1")));
    assert!(plan.changes().iter().any(|change| change.starts_with("delete one")), "{:?}", plan.changes());
    let _applied = project.run_in(&inner, "apply --auto-approve").exits(0);
    assert_eq!(emulator.custom(), ["Two"]);
    assert!(git(&inner, &["for-each-ref", "refs/rolecall"]).contains("refs/rolecall/applied/-/reviews"));
    assert_eq!(git(&outer, &["for-each-ref", "refs/rolecall"]), "");
}

#[test]
fn a_bare_repository_plans_applies_and_records_a_revision() {
    let emulator = Emulator::start();
    let project = removed(&emulator);
    let bare = project.clone_to("bare.git", "--mirror");
    let plan = project.planned_in(&bare, "--rev main");
    assert_eq!(plan.changes(), ["delete one pending", "create two unapplied"]);
    let _applied = project.run_in(&bare, "apply --auto-approve --rev main").exits(0);
    assert_eq!(emulator.custom(), ["Two"]);
    let record = git(&bare, &["show", "refs/rolecall/applied/-/reviews:record.json"]);
    assert!(record.contains(&project.git("rev-parse HEAD")), "{record}");
    let _older = project.run_in(&bare, "apply --auto-approve --rev main~1").exits(5);
}

#[test]
fn a_folder_of_a_larger_repository_is_a_root_like_any_other() {
    let emulator = Emulator::start();
    let project = Project::new();
    project.git("init -q -b main");
    project.write("infra/zugriff ü/rolecall.yaml", &config(&emulator, "reviews", "\"roles/**/*.yaml\""));
    let write = |key: &str, name: &str| {
        let yaml = format!("provider: coderabbit\nroles:\n{}", role(key, name, READS));
        project.write(&format!("infra/zugriff ü/roles/{key}.yaml"), &yaml);
    };
    write("one", "One");
    project.write(".gitignore", ".rolecall/\n");
    project.save("one");
    let root = project.dir.join("infra/zugriff ü");
    let run = |line: &str| {
        let root = root.display().to_string();
        project.run_args(["-C", &root].into_iter().chain(line.split_whitespace()))
    };
    let _applied = run("apply --auto-approve").exits(0);
    let refs = project.git("for-each-ref --format=%(refname) refs/rolecall");
    assert_eq!(refs.lines().count(), 1);
    assert!(refs.starts_with("refs/rolecall/applied/infra"), "{refs}");
    project.git("checkout -q -b feature");
    write("two", "Two");
    project.save("two");
    project.git("checkout -q main");
    write("three", "Three");
    project.save("three");
    project.git("checkout -q feature");
    let plan = crate::common::repository::Plan(run("plan --format json").exits(0).json());
    assert_eq!(plan.changes(), ["create three unapplied", "create two pending"]);
}
