//! The record of the last apply: when it moves, where it is kept, and what a wrong one cannot do.

use serde_json::{Value, json};

use crate::common::{
    Emulator, Project,
    emulator::text,
    repository::{READS, RECORD, begun, git, save},
};

fn head(project: &Project) -> Option<String> {
    Some(project.git("rev-parse HEAD"))
}

fn outcome(project: &Project, args: &str) -> (i32, Value) {
    let output = project.run(&format!("apply --auto-approve --format json {args}"));
    (output.code, output.json()["targets"][0].clone())
}

#[test]
fn it_tells_revision_digest_time_actor_and_ids_and_follows_the_one_before() {
    let emulator = Emulator::start();
    let mut project = begun(&emulator, "");
    project.set("GITHUB_ACTOR", "mira");
    project.role("two", "Two", READS);
    project.save("two");
    let planned = project.planned("");
    let (code, outcome) = outcome(&project, "");
    assert_eq!((code, &outcome["recorded"]), (0, &json!(RECORD)));
    let record = project.record().expect("a record");
    assert_eq!(text(&record, "revision"), project.git("rev-parse HEAD"));
    assert_eq!((text(&record, "digest"), text(&record, "actor")), (planned.digest(), "mira".to_owned()));
    assert!(record["time"].as_str().is_some_and(|time| time.parse::<jiff::Timestamp>().is_ok()));
    let ids =
        json!({ "reviews/role/one": emulator.role_id("One"), "reviews/role/two": emulator.role_id("Two") });
    assert_eq!(record["ids"], ids);
    assert_eq!(project.git(&format!("rev-list --count {RECORD}")), "2");
    assert_eq!(project.git("status --porcelain"), "");
    assert_eq!(project.git("branch --format=%(refname)"), "refs/heads/main");
    let applied = &project.planned("").0["targets"][0]["applied"];
    assert_eq!((&applied["revision"], &applied["actor"]), (&record["revision"], &json!("mira")));
}

#[test]
fn it_moves_by_complete_applies_and_by_those_with_nothing_to_do() {
    let emulator = Emulator::start();
    let project = begun(&emulator, "");
    assert_eq!(project.recorded(), head(&project));
    project.write("notes.txt", "unrelated\n");
    project.save("notes");
    let _nothing = project.apply().exits(0).has("No changes");
    assert_eq!(project.recorded(), head(&project));
    let tip = project.git(&format!("rev-parse {RECORD}"));
    let _again = project.apply().exits(0);
    assert_eq!(project.git(&format!("rev-parse {RECORD}")), tip, "it would say the same");
}

#[test]
fn it_does_not_move_by_applies_that_are_not_the_whole_of_a_commit() {
    let emulator = Emulator::start();
    let project = begun(&emulator, "");
    let first = project.recorded();
    project.role("two", "Two", READS);
    let _dirty = project.apply().exits(0);
    assert_eq!(project.recorded(), first, "dirty");
    project.role("three", "Three", READS);
    project.role("four", "Four", READS);
    project.save("more");
    let _selected = project.run("apply --auto-approve --only reviews/role/three").exits(0);
    assert_eq!(project.recorded(), first, "selected");
    emulator.faults(&["POST /v1/roles status=500"]);
    assert_ne!(project.apply().code, 0);
    assert_eq!(project.recorded(), first, "failed");
    emulator.faults(&[]);
    emulator.edit_role("One", &json!({ "permissions": ["reports:read", "learnings:read"] }));
    let _left = project.run("apply --auto-approve --pending-only").exits(0);
    assert_eq!(emulator.custom(), ["Four", "One", "Three", "Two"]);
    // What was left alone is known to be a click, and stays one.
    assert_eq!(project.recorded(), head(&project));
    let _still = project.run("drift --detailed-exitcode").exits(2).has("1 changed");
}

#[test]
fn one_that_is_malformed_permits_no_removal_and_says_what_helps() {
    let emulator = Emulator::start();
    let project = begun(&emulator, "");
    project.role("two", "Two", READS);
    project.save("two");
    let _applied = project.apply().exits(0);
    let good = project.record().expect("a record");
    let mut newer = good.clone();
    newer["format_version"] = json!(99);
    let mut short = good.clone();
    short["revision"] = json!("abc");
    let mut more = good;
    more["command"] = json!("rm -rf /");
    let (newer, short, more) = (newer.to_string(), short.to_string(), more.to_string());
    for (content, help) in [
        ("", "git update-ref -d"),
        ("{", "git update-ref -d"),
        ("[]", "git update-ref -d"),
        (&newer, "newer rolecall"),
        (&short, "git update-ref -d"),
        (&more, "git update-ref -d"),
    ] {
        project.forge_record(content);
        project.git("checkout -q -B wrong main");
        project.remove("roles/two.yaml");
        project.save("two goes");
        project.git("checkout -q -B main wrong");
        let said = project.apply().exits(4).has("nobody can tell whether an earlier revision protects it");
        let _said = said.has(RECORD).has(help);
        assert_eq!(emulator.custom(), ["One", "Two"], "{content}");
        // What removes nothing is planned, with a note.
        project.git("checkout -q -B main HEAD~1");
        let plan = project.planned("");
        assert_eq!(plan.changes(), [""; 0]);
        assert!(plan.notes().contains("The record of the last apply cannot be used"), "{}", plan.notes());
    }
    project.git(&format!("update-ref -d {RECORD}"));
    let _applied = project.apply().exits(0);
    assert_eq!(project.recorded(), head(&project));
}

#[test]
fn one_that_was_force_pushed_away_is_no_ground_for_removals_and_going_back_is_said_in_full() {
    let emulator = Emulator::start();
    let project = begun(&emulator, "");
    let old = project.git("rev-parse HEAD");
    project.role("two", "Two", READS);
    let lost = project.save("two");
    let _applied = project.apply().exits(0);
    project.git("reset -q --hard HEAD~1");
    project.role("three", "Three", READS);
    let other = project.save("another history");
    assert_ne!(old, other);
    let plan = project.planned("");
    assert_eq!(plan.changes(), ["create three pending"], "two is in no history any more, and stays");
    assert!(plan.notes().contains("is not part of the planned history"), "{}", plan.notes());
    assert_eq!(plan.applied(), None);

    let refused = project.apply().exits(5).has(&lost).has(&format!("--allow-older {other}"));
    assert_eq!(emulator.custom(), ["One", "Two"], "{}", refused.everything());
    for wrong in [&other[..12], "HEAD", "main", &lost, &other.to_uppercase()] {
        let _refused = project.run(&format!("apply --auto-approve --allow-older {wrong}")).exits(5);
    }
    assert_eq!(emulator.sent().iter().filter(|line| line.starts_with("POST")).count(), 2);
    let _meant = project.run(&format!("apply --auto-approve --allow-older {other}")).exits(0);
    assert_eq!((emulator.custom().len(), project.recorded()), (3, Some(other)));
}

#[test]
fn an_older_revision_is_not_applied_silently() {
    let emulator = Emulator::start();
    let project = begun(&emulator, "");
    let old = project.git("rev-parse HEAD");
    project.role("one", "One", "permissions: { reports: [read], learnings: [read] }");
    let new = project.save("wider");
    let _applied = project.apply().exits(0);
    let _by_name = project.run("apply --auto-approve --rev HEAD~1").exits(5).has(&new).has("--allow-older");
    project.git("checkout -q HEAD~1");
    let _detached = project.apply().exits(5);
    let (code, said) = outcome(&project, "--only reviews/role/none");
    assert_eq!((code, &said["error"]["exit"]), (5, &json!(5)), "also with nothing to do: {said}");
    assert_eq!(emulator.permissions("One"), ["learnings:read", "reports:read"]);
    let _meant = project.run(&format!("apply --auto-approve --allow-older {old}")).exits(0);
    assert_eq!(
        (emulator.permissions("One"), project.recorded()),
        (vec!["reports:read".to_owned()], Some(old))
    );
    project.git("checkout -q main");
    assert_eq!(project.planned("").changes(), ["update one pending"]);
    let _forward = project.apply().exits(0);
    assert_eq!(project.recorded(), Some(new));
}

#[test]
fn one_whose_commit_this_clone_does_not_hold_is_said_with_what_fetches_it() {
    let emulator = Emulator::start();
    let project = begun(&emulator, "");
    for key in ["two", "three"] {
        project.role(key, key, READS);
        project.save(key);
    }
    project.remove("roles/one.yaml");
    project.save("one goes");
    let shallow = project.clone_to("shallow", "--depth 2");
    git(&shallow, &["fetch", "-q", "--depth", "1", "origin", &format!("{RECORD}:{RECORD}")]);
    let said = project.run_in(&shallow, "apply --auto-approve").exits(4);
    let _said = said.has("git fetch --unshallow").has("cannot be used");
    assert_eq!(emulator.custom(), ["One"]);
    git(&shallow, &["fetch", "-q", "--unshallow"]);
    let plan = project.planned_in(&shallow, "");
    assert_eq!(plan.changes(), ["delete one pending", "create three unapplied", "create two unapplied"]);
}

/// Roles `One` and, only in the dashboard, `Victim`, which somebody holds.
fn with_a_victim() -> (Emulator, Project, Value) {
    let emulator = Emulator::start();
    let project = begun(&emulator, "");
    let id = emulator.make_role(&json!({ "name": "Victim", "permissions": ["learnings:read"] }));
    emulator.make_role(&json!({ "name": "Lonely", "permissions": ["learnings:read"] }));
    emulator.give("1003", &id);
    let record = project.record().expect("a record");
    (emulator, project, record)
}

fn is_whole(emulator: &Emulator, why: &str) {
    for name in ["Victim", "Lonely"] {
        let victim = emulator.role(name);
        assert!(victim.is_some(), "{name} {why}");
        assert_eq!(emulator.permissions(name), ["learnings:read"], "{name} {why}");
    }
    assert_eq!(emulator.held_by("1003"), "Victim");
}

#[test]
fn one_that_somebody_forged_with_the_id_of_another_role_does_not_delete_that() {
    for name in ["Victim", "Lonely"] {
        let (emulator, project, mut record) = with_a_victim();
        record["ids"]["reviews/role/one"] = json!(emulator.role_id(name));
        project.forge_record(&record.to_string());
        project.remove("roles/one.yaml");
        project.save("one goes");
        let output = project.apply();
        is_whole(&emulator, &format!("deletion\n{}", output.everything()));
    }
}

#[test]
fn one_that_somebody_forged_with_ids_of_roles_that_git_never_declared_deletes_none_of_them() {
    let (emulator, project, mut record) = with_a_victim();
    for name in ["Victim", "Lonely"] {
        let id = json!(emulator.role_id(name));
        record["ids"][&format!("reviews/role/={name}")] = id.clone();
        record["ids"][&format!("reviews/role/{}", name.to_lowercase())] = id;
    }
    project.forge_record(&record.to_string());
    project.remove("roles/one.yaml");
    project.save("one goes");
    assert_eq!(project.planned("").changes(), ["delete one pending"]);
    let _applied = project.apply().exits(0);
    assert_eq!(emulator.custom(), ["Lonely", "Victim"]);
    is_whole(&emulator, "");
}

#[test]
fn one_that_somebody_forged_with_the_id_of_another_role_does_not_change_one_that_is_there() {
    for name in ["Victim", "Lonely"] {
        let (emulator, project, mut record) = with_a_victim();
        record["ids"]["reviews/role/one"] = json!(emulator.role_id(name));
        project.forge_record(&record.to_string());
        project.role("one", "One", "permissions: { reports: [read, write] }");
        project.save("one gains");
        let output = project.apply();
        is_whole(&emulator, &format!("change\n{}", output.everything()));
    }
}

#[test]
fn one_that_somebody_forged_with_an_id_for_a_role_to_come_does_not_change_that() {
    for name in ["Victim", "Lonely"] {
        let (emulator, project, mut record) = with_a_victim();
        record["ids"]["reviews/role/two"] = json!(emulator.role_id(name));
        project.forge_record(&record.to_string());
        project.role("two", "Two", READS);
        project.save("two comes");
        let output = project.apply();
        is_whole(&emulator, &format!("change\n{}", output.everything()));
    }
}

#[test]
fn one_that_somebody_forged_for_another_revision_changes_nothing_that_git_never_declared() {
    let (emulator, project, mut record) = with_a_victim();
    // A branch that nobody merged declares the victim.
    project.git("checkout -q -b evil");
    project.role("victim", "Victim", READS);
    record["revision"] = json!(project.save("evil"));
    project.git("checkout -q main");
    project.forge_record(&record.to_string());
    let plan = project.planned("");
    assert_eq!((plan.changes(), plan.applied()), (vec![], None));
    let _refused = project.apply().exits(5);
    is_whole(&emulator, "");
}

#[test]
fn it_is_kept_in_a_file_or_nowhere_where_the_config_says_so() {
    let emulator = Emulator::start();
    let project = Project::on(&emulator, "");
    project.config_also("record: file");
    project.git("init -q -b main");
    project.write(".gitignore", ".rolecall/\n");
    project.role("one", "One", READS);
    project.save("one");
    let (code, said) = outcome(&project, "");
    assert_eq!((code, &said["recorded"]), (0, &json!(".rolecall/runs/applied/reviews.json")));
    let record: Value =
        serde_json::from_str(&project.read(".rolecall/runs/applied/reviews.json")).expect("JSON");
    assert_eq!(text(&record, "revision"), project.git("rev-parse HEAD"));
    assert_eq!(project.git("for-each-ref refs/rolecall"), "");
    project.remove("roles/one.yaml");
    project.save("one goes");
    project.role("two", "Two", READS);
    project.save("two comes");
    assert_eq!(project.planned("").changes(), ["delete one unapplied", "create two pending"]);
    project.write(".rolecall/runs/applied/reviews.json", "{}");
    let _unusable = project.plan().exits(0).has("cannot be used").has("delete the file");

    let config = project.read("rolecall.yaml").replace("record: file", "record: none");
    project.write("rolecall.yaml", &config);
    project.save("no record");
    let (code, said) = outcome(&project, "");
    assert_eq!((code, &said["recorded"], &said["not_recorded"]), (0, &Value::Null, &Value::Null));
    assert_eq!(project.planned("").applied(), None);
    assert_eq!(emulator.custom(), ["One", "Two"], "nobody knows of One any more");
}

#[test]
fn an_apply_that_cannot_be_recorded_has_applied_and_says_so() {
    let emulator = Emulator::start();
    let project = Project::in_git(&emulator, "");
    project.role("one", "One", READS);
    project.save("one");
    // Nobody can make a folder where a file is, not even root.
    project.write(".git/refs/rolecall", "in the way\n");
    let output = project.run("apply --auto-approve --format json").exits(0);
    let target = &output.json()["targets"][0];
    assert_eq!((&target["result"], &target["recorded"]), (&json!("applied"), &Value::Null));
    assert!(target["not_recorded"].as_str().is_some_and(|why| why.contains("refs/rolecall")), "{target}");
    assert_eq!(emulator.custom(), ["One"]);
}

#[test]
fn the_text_of_an_apply_says_why_it_was_not_recorded_or_refused() {
    let emulator = Emulator::start();
    let project = begun(&emulator, "");
    project.write("notes.txt", "unrelated\n");
    project.save("notes");
    let _recorded = project.apply().exits(0);
    let _older = project.run("apply --auto-approve --rev HEAD~1").exits(5).has("--allow-older");
    project.git(&format!("update-ref -d {RECORD}"));
    std::fs::remove_dir_all(project.dir.join(".git/refs/rolecall")).expect("removed");
    project.write(".git/refs/rolecall", "in the way\n");
    let _said = project.apply().exits(0).has("the apply was not recorded: ");
}

#[test]
fn it_belongs_to_the_repository_and_not_to_a_work_tree() {
    let emulator = Emulator::start();
    let project = begun(&emulator, "");
    let linked = project.beside("linked");
    project.git(&format!("worktree add -q {} -b feature", linked.display()));
    std::fs::write(linked.join("roles/two.yaml"), "provider: coderabbit\nroles:\n  two: { name: Two, description: Needed, permissions: { reports: [read] } }\n").expect("written");
    let there = save(&linked, "two");
    assert_eq!(project.planned_in(&linked, "").changes(), ["create two pending"]);
    let _applied = project.run_in(&linked, "apply --auto-approve").exits(0);
    assert_eq!(project.recorded(), Some(there));
    let _older = project.apply().exits(5);
    project.git("merge -q --ff-only feature");
    project.is_in_place();
}
