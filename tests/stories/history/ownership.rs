//! Who owns what: what git declared before and no longer does goes, and nothing else.

use serde_json::json;

use crate::common::{
    Emulator, Project,
    emulator::text,
    repository::{Plan, READS, begun, config, git, role},
};

#[test]
fn a_role_deleted_in_a_merge_whose_apply_failed_is_still_deleted_by_the_next_one() {
    let emulator = Emulator::start();
    let project = begun(&emulator, "");
    let applied = project.recorded();
    project.remove("roles/one.yaml");
    project.role("two", "Two", READS);
    project.save("one goes, two comes");
    emulator.faults(&["DELETE /v1/roles/* status=500"]);
    let failed = project.apply();
    assert!([6, 7].contains(&failed.code), "{}", failed.everything());
    emulator.faults(&[]);
    assert_eq!((emulator.custom(), project.recorded()), (vec!["One".into(), "Two".into()], applied));

    project.role("three", "Three", READS);
    project.save("three");
    assert_eq!(project.planned("").changes(), ["delete one unapplied", "create three pending"]);
    // A branch that starts here shows it, too, and does not call it its own.
    project.git("checkout -q -b feature");
    project.role("four", "Four", READS);
    project.save("four");
    let branch = project.planned("");
    assert_eq!(branch.changes(), ["create four pending", "delete one unapplied", "create three unapplied"]);
    project.git("checkout -q main");
    let _applied = project.apply().exits(0);
    assert_eq!(emulator.custom(), ["Three", "Two"]);
    project.is_in_place();
}

#[test]
fn a_person_whose_role_was_taken_away_in_a_merge_that_failed_still_loses_it() {
    let emulator = Emulator::start();
    let project = begun(&emulator, "on_unassign: { to: builtin:cr_member }\n");
    let people = "provider: coderabbit\nassignments:\n  - { role: one, users: [\"1003\"] }\n";
    project.write("roles/people.yaml", people);
    project.save("1003");
    let _applied = project.apply().exits(0);
    project.remove("roles/people.yaml");
    project.save("1003 goes");
    emulator.faults(&["POST /v1/users/roles status=500"]);
    let failed = project.apply();
    assert_eq!(failed.code, 7, "{}", failed.everything());
    emulator.faults(&[]);
    emulator.give("1004", &emulator.role_id("One"));
    project.write("notes.txt", "unrelated\n");
    project.save("something else");
    let changes = project.planned("").changes();
    let about = "reviews/assignment/-/user:1003";
    assert!(matches!(&*changes, [one] if one.contains(about) && one.ends_with(" unapplied")), "{changes:?}");
    let _applied = project.apply().exits(0);
    assert_eq!((emulator.held_by("1003"), emulator.held_by("1004")), ("Member".into(), "One".into()));
}

#[test]
fn a_role_clicked_together_in_the_dashboard_is_not_deleted_by_a_plan_that_never_mentioned_it() {
    let emulator = Emulator::start();
    let project = begun(&emulator, "");
    emulator.make_role(&json!({ "name": "Clicked", "permissions": ["reports:read"] }));
    let left = |plan: &Plan| text(&plan.0["targets"][0]["unmanaged"]["roles"][0], "name");
    project.role("two", "Two", READS);
    project.save("two");
    let plan = project.planned("");
    assert_eq!((plan.changes(), left(&plan)), (vec!["create two pending".to_owned()], "Clicked".to_owned()));
    let _applied = project.apply().exits(0);
    // Nor when other roles go, with a record and without.
    project.remove("roles/two.yaml");
    project.save("two goes");
    for record in [true, false] {
        if !record {
            project.git("update-ref -d refs/rolecall/applied/-/reviews");
        }
        assert_eq!(project.planned("").changes(), ["delete two pending"], "{record}");
    }
    let _applied = project.apply().exits(0);
    assert_eq!(emulator.custom(), ["Clicked", "One"]);
}

#[test]
fn a_revert_is_the_change_back_whether_or_not_the_merge_was_applied() {
    for applied in [true, false] {
        let emulator = Emulator::start();
        let project = begun(&emulator, "");
        project.remove("roles/one.yaml");
        project.role("two", "Two", READS);
        project.save("one goes, two comes");
        if applied {
            let _applied = project.apply().exits(0);
            assert_eq!(emulator.custom(), ["Two"]);
        }
        project.git("revert --no-edit HEAD");
        let plan = project.planned("");
        let expected: &[&str] = if applied { &["create one pending", "delete two pending"] } else { &[] };
        assert_eq!(plan.changes(), expected);
        let _applied = project.apply().exits(0);
        assert_eq!(emulator.custom(), ["One"]);
        assert_eq!(project.recorded(), Some(project.git("rev-parse HEAD")));
    }
}

#[test]
fn two_roots_in_one_repository_have_two_histories() {
    let (east, west) = (Emulator::start(), Emulator::start());
    let project = Project::new();
    project.git("init -q -b main");
    for (root, emulator) in [("east", &east), ("west", &west)] {
        project.write(&format!("{root}/rolecall.yaml"), &config(emulator, "reviews", "\"roles/**/*.yaml\""));
        let yaml = format!("provider: coderabbit\nroles:\n{}", role("one", "One", READS));
        project.write(&format!("{root}/roles/one.yaml"), &yaml);
    }
    project.write(".gitignore", ".rolecall/\n");
    project.save("both");
    for root in ["east", "west"] {
        let _applied = project.run_in(&project.dir.join(root), "apply --auto-approve").exits(0);
    }
    let refs = project.git("for-each-ref --format=%(refname) refs/rolecall");
    assert_eq!(refs, "refs/rolecall/applied/east/reviews\nrefs/rolecall/applied/west/reviews");

    project.remove("east/roles/one.yaml");
    let two = format!("provider: coderabbit\nroles:\n{}", role("two", "Two", READS));
    project.write("west/roles/two.yaml", &two);
    project.save("one goes in the east");
    let plan = |root: &str| project.planned_in(&project.dir.join(root), "").changes();
    assert_eq!(
        (plan("east"), plan("west")),
        (vec!["delete one pending".into()], vec!["create two pending".into()])
    );
    project.write("notes.txt", "elsewhere\n");
    project.save("elsewhere");
    assert_eq!(
        (plan("east"), plan("west")),
        (vec!["delete one unapplied".into()], vec!["create two unapplied".into()])
    );
    let _applied = project.run_in(&project.dir.join("east"), "apply --auto-approve").exits(0);
    assert_eq!((east.custom(), west.custom()), (vec![], vec!["One".to_owned()]));
    let tip = |root: &str| {
        let blob = git(&project.dir, &["show", &format!("refs/rolecall/applied/{root}/reviews:record.json")]);
        text(&serde_json::from_str(&blob).expect("JSON"), "revision")
    };
    assert_eq!((tip("east"), tip("west")), (project.git("rev-parse HEAD"), project.git("rev-parse HEAD~2")));
}

#[test]
fn each_mode_removes_what_it_owns() {
    for (manage, deleted) in [
        ("additive", vec![]),
        ("declared", vec!["delete one pending"]),
        (
            "{ roles: authoritative, assignments: declared }",
            vec!["delete =Clicked undetermined", "delete one pending"],
        ),
    ] {
        let emulator = Emulator::start();
        let project = begun(&emulator, &format!("manage: {manage}\n"));
        emulator.make_role(&json!({ "name": "Clicked", "permissions": ["reports:read"] }));
        project.remove("roles/one.yaml");
        project.save("one goes");
        let changes = project.planned("").changes();
        let without_origin = |line: &str| line.rsplit_once(' ').map(|(change, _)| change.to_owned());
        assert_eq!(
            changes.iter().map(|line| without_origin(line)).collect::<Vec<_>>(),
            deleted.iter().map(|line| without_origin(line)).collect::<Vec<_>>(),
            "{manage}"
        );
        if manage.contains("authoritative") {
            assert_eq!(changes, ["delete =Clicked drift", "delete one pending"]);
        }
    }
}

#[test]
fn a_role_clicked_together_under_an_earlier_name_is_not_deleted_with_the_one_that_had_it() {
    for recorded in [true, false] {
        let emulator = Emulator::start();
        let project = begun(&emulator, "");
        project.role("two", "Two", &format!("previously: [Clicked], {READS}"));
        project.save("two");
        let _applied = project.apply().exits(0);
        if !recorded {
            project.git("update-ref -d refs/rolecall/applied/-/reviews");
        }
        emulator.delete_role("Two");
        emulator.make_role(&json!({ "name": "Clicked", "permissions": ["reports:read"] }));
        project.remove("roles/two.yaml");
        project.save("two goes");
        let _left = match recorded {
            true => project.apply().exits(0).has("Clicked"),
            false => project.apply().exits(4).has("only `previously` says that git declared it"),
        };
        project.write("roles/removed.yaml", "provider: coderabbit\nremoved: [two]\n");
        project.save("two goes on purpose");
        let _left = project.apply();
        assert_eq!(emulator.custom(), ["Clicked", "One"], "{recorded}");
    }
}
