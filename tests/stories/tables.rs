//! People from a CSV file: planned, compared, imported beside, and never written.

use serde_json::Value;

use crate::common::{
    Emulator, Project,
    emulator::text,
    repository::{READS, role},
};

const TABLE: &str = "name,git_id\nMira,1003\n\"Okan, the younger\",1004\n";

fn definitions(table: &str) -> String {
    format!(
        "roles:\n{}assignments:\n  - role: one\n    users_from: {{ file: {table}, column: git_id }}\n    # stays as it is\n    users: [\"1005\"]\n",
        role("one", "One", READS)
    )
}

/// A repository whose first role is held by whoever stands in a table, and by one more.
fn begun(emulator: &Emulator) -> Project {
    let project = Project::on(emulator, "on_unassign: { to: builtin:cr_member }");
    project.git("init -q -b main");
    project.write(".gitignore", ".rolecall/\n");
    project.define(&definitions("people/all.csv"));
    project.write("people/all.csv", TABLE);
    project.save("people");
    project
}

/// `ADDRESS FILE:LINE` of every assignment that changes.
#[track_caller]
fn people(plan: &Value) -> Vec<String> {
    let changes = plan["targets"][0]["changes"].as_array().expect("changes");
    let one = |change: &Value| {
        let address = text(change, "address");
        let who = address.strip_prefix("reviews/assignment/-/")?;
        let place = &change["definition"];
        Some(format!("{} {who} {}:{}", text(change, "action"), text(place, "file"), place["line"]))
    };
    changes.iter().filter_map(one).collect()
}

#[track_caller]
fn planned(project: &Project, args: &str) -> Vec<String> {
    people(&project.run(&format!("plan --format json {args}")).exits(0).json())
}

#[test]
fn whoever_stands_in_the_column_holds_the_role() {
    let emulator = Emulator::start();
    let project = begun(&emulator);
    assert_eq!(
        planned(&project, ""),
        [
            "assign user:1003 people/all.csv:2",
            "assign user:1004 people/all.csv:3",
            "assign user:1005 roles/all.yaml:8",
        ]
    );
    let _applied = project.apply().exits(0);
    for user in ["1003", "1004", "1005"] {
        assert_eq!(emulator.held_by(user), "One", "{user}");
    }
    project.is_in_place();

    // Somebody leaves the table, somebody joins; nothing else of the definitions changes.
    project.write("people/all.csv", "name,git_id\nMira,1003\nKim,1006\n");
    assert_eq!(planned(&project, "").len(), 2);
    let diff = project.run("diff").exits(0);
    let _diff = diff.has("people/all.csv:3").has("1006").has("1004").lacks("1005");
    project.save("kim for okan");
    let diff = project.run("diff HEAD~1..HEAD --format json").exits(0).json().to_string();
    assert!(diff.contains("people/all.csv") && diff.contains("1006"), "{diff}");
    assert_eq!(
        planned(&project, ""),
        ["unassign user:1004 null:null", "assign user:1006 people/all.csv:3"]
            .map(|line| line.replace(" null:null", " :null"))
    );
    let plan = project.run("plan --blame --format json").exits(0).json();
    let changes = plan["targets"][0]["changes"].as_array().expect("changes");
    let blame = changes.iter().find_map(|change| change["definition"]["blame"]["author"].as_str());
    assert_eq!(blame, Some("Mira"), "who wrote the line of the table");
    let _applied = project.apply().exits(0);
    assert_eq!(emulator.held_by("1004"), "Member");
    project.is_in_place();
}

#[test]
fn the_table_is_that_of_the_planned_revision() {
    let emulator = Emulator::start();
    let project = begun(&emulator);
    let _applied = project.apply().exits(0);
    project.write("people/all.csv", &format!("{TABLE}Kim,1006\n"));
    // Not committed: a person may plan it, and the plan says that it is not what git holds.
    let plan = project.run("plan --format json").exits(0).json();
    assert_eq!(plan["revisions"]["dirty"], true);
    assert_eq!(people(&plan), ["assign user:1006 people/all.csv:4"]);
    assert_eq!(planned(&project, "--rev HEAD"), [""; 0]);
    project.git("checkout -q -b feature");
    project.save("kim");
    assert_eq!(planned(&project, "--rev HEAD").len(), 1);
    // A branch that is behind keeps what was merged meanwhile, line by line of the table.
    project.git("checkout -q main");
    project.write("people/all.csv", &TABLE.replace("Mira", "Ada,1007\nMira"));
    project.save("ada");
    project.git("checkout -q feature");
    let plan = project.run("plan --format json");
    let merged = plan.exits(0).json();
    assert!(!merged["revisions"]["merged"].is_null());
    assert_eq!(people(&merged).len(), 2, "{:?}", people(&merged));
    // Both say something else of one line: nobody guesses.
    project.git("checkout -q main");
    project.write("people/all.csv", &format!("{TABLE}Lena,1006\n"));
    project.save("lena");
    project.git("checkout -q feature");
    let _conflict = project.plan().exits(3).has("people/all.csv");
}

#[test]
fn a_deleted_line_takes_the_role_and_a_deleted_table_is_an_error() {
    let emulator = Emulator::start();
    let project = begun(&emulator);
    let _applied = project.apply().exits(0);
    project.remove("people/all.csv");
    let _error = project.plan().exits(3).has("RC001").has("roles/all.yaml:6");
    project.write("people/all.csv", "name,git_id\n");
    let _none = project.run("validate").exits(0);
    let plan = project.run("plan --format json").json();
    let gone = people(&plan);
    assert_eq!(gone.iter().filter(|line| line.starts_with("unassign ")).count(), 2, "{gone:?}");
}

#[test]
fn p10_no_table_is_read_outside_the_definitions() {
    let emulator = Emulator::start();
    let project = begun(&emulator);
    std::fs::write(project.beside("outside.csv"), "name,git_id\nEve,1009\n").expect("written");
    std::fs::create_dir(project.beside("elsewhere")).expect("a folder");
    std::fs::write(project.beside("elsewhere/in.csv"), "name,git_id\nEve,1009\n").expect("written");
    project.write(".hidden/x.csv", TABLE);
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(project.beside("outside.csv"), project.dir.join("link.csv"))
            .expect("a link");
        std::os::unix::fs::symlink(project.beside("elsewhere"), project.dir.join("folder")).expect("a link");
    }
    let outside = project.beside("outside.csv").display().to_string();
    for path in [
        "../outside.csv",
        "people/../../outside.csv",
        &*outside,
        "./people/all.csv",
        "people//all.csv",
        ".hidden/x.csv",
        ".git/x.csv",
        "people\\all.csv",
        "people",
        "people/none.csv",
        #[cfg(unix)]
        "link.csv",
        #[cfg(unix)]
        "folder/in.csv",
    ] {
        project.define(&definitions(&format!("'{path}'")));
        let said = project.run("validate").exits(3);
        let said = said.has("roles/all.yaml:6").lacks("1009").lacks("Eve");
        assert!(said.stderr.contains("error[RC0") || said.stdout.contains("error[RC0"), "{path}");
    }
    project.define(&definitions("people/all.csv"));
    let _fine = project.run("validate").exits(0);
    // A revision has its own links.
    #[cfg(unix)]
    {
        project.define(&definitions("link.csv"));
        project.save("a link");
        let _said = project.run("plan --rev HEAD").exits(3).lacks("Eve");
    }
}

#[test]
fn p12_a_table_that_is_too_large_is_refused() {
    let emulator = Emulator::start();
    let project = begun(&emulator);
    let large = format!("name,git_id\n{}", "somebody,1003\n".repeat((16 << 20) / 14 + 1));
    project.write("people/all.csv", &large);
    let _said = project.run("validate").exits(3).has("RC003").has("roles/all.yaml:6");
}

#[test]
fn an_unknown_person_is_an_error_that_names_the_line_of_the_table() {
    let emulator = Emulator::start();
    let project = begun(&emulator);
    project.write("people/all.csv", "name,git_id\nMira,1003\nNobody,4711\n");
    let _said = project.plan().exits(3).has("RC051").has("people/all.csv:3:8").has("4711");
}

#[test]
fn an_import_adds_beside_a_table_and_leaves_it_as_it_is() {
    let emulator = Emulator::start();
    let project = begun(&emulator);
    let _applied = project.apply().exits(0);
    let before = project.read("roles/all.yaml");
    let _made =
        emulator.make_role(&serde_json::json!({ "name": "Clicked", "permissions": ["reports:read"] }));
    emulator.give("1006", &emulator.role_id("Clicked"));
    let _imported = project.run("import --out roles/all.yaml").exits(0);
    let after = project.read("roles/all.yaml");
    assert!(
        after.contains("users_from: { file: people/all.csv, column: git_id }\n    # stays as it is\n"),
        "{after}"
    );
    assert!(after.contains("Clicked") && after.contains("1006") && after.len() > before.len(), "{after}");
    assert_eq!(project.read("people/all.csv"), TABLE);
    project.is_in_place();
}

#[test]
fn drift_of_somebody_in_a_table_is_told_and_not_written() {
    let emulator = Emulator::start();
    let project = begun(&emulator);
    let block = "users:\n      - \"1005\"\n      - \"1006\"\n";
    project.define(&definitions("people/all.csv").replace("users: [\"1005\"]\n", block));
    project.save("one in each line");
    let _applied = project.apply().exits(0);
    let before = project.read("roles/all.yaml");
    emulator.give("1003", "cr_member");
    emulator.give("1005", "cr_member");
    let patch = project.run("import --drift --write");
    let patch = patch.has("stand in `people/all.csv`, which is never written");
    let _patch = patch.lacks("+++ b/people/all.csv");
    assert_eq!(project.read("people/all.csv"), TABLE);
    let after = project.read("roles/all.yaml");
    assert!(after.contains("users_from:"), "{after}");
    assert!(after != before && !after.contains("1005"), "whoever stands in the list leaves it\n{after}");
}
