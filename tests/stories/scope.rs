//! What is managed: modes, selections, several targets, several tenants.

use insta::assert_snapshot;
use serde_json::json;

use crate::common::{Emulator, Project, emulator::text, project::target};

const ROLES: &str = "\
roles:
  one: { name: One, description: Needed, permissions: { reports: [read] } }
  two: { name: Two, description: Needed, permissions: { learnings: [read] } }
";

fn with_a_stranger() -> Emulator {
    let emulator = Emulator::start();
    let id = emulator.make_role(&json!({ "name": "Clicked", "permissions": ["reports:read"] }));
    emulator.make_role(&json!({ "name": "Empty", "permissions": ["reports:read"] }));
    emulator.give("1003", &id);
    emulator
}

#[test]
fn what_git_never_declared_is_left_alone_and_listed() {
    let emulator = with_a_stranger();
    let project = Project::in_git(&emulator, "");
    project.define(ROLES);
    assert_snapshot!(project.plan().exits(0).shown(), @r#"
    Commit COMMIT on main, compared with HEAD (BASE), with changes that are not committed,
      TODAY

    reviews  coderabbit · HOST · tenant crorg-acme

      + create One  reviews/role/one
          roles/all.yaml:3
          description: "Needed"
          permissions: 1
            + reports: read

      + create Two  reviews/role/two
          roles/all.yaml:4
          description: "Needed"
          permissions: 1
            + learnings: read

      Left alone: 2 roles that git does not declare: Clicked, Empty.

      Note: No apply is recorded here. A role that git declared before BASE, and that was not
        deleted then, is among those left alone: `removed:` deletes it.

    Digest sha256:DIGEST
    Plan: 2 to create.
    --- exit 0
    "#);
    let plan = project.run("plan --format json").exits(0).json();
    let unmanaged = &plan["targets"][0]["unmanaged"];
    assert_eq!(unmanaged["roles"][0]["name"], "Clicked");
    assert_eq!(unmanaged["roles"][0]["address"], "reviews/role/=Clicked");
}

#[test]
fn authoritative_deletes_what_nobody_holds_and_refuses_what_somebody_does() {
    let emulator = with_a_stranger();
    let project = Project::in_git(&emulator, "manage: { roles: authoritative }\n");
    project.define(ROLES);
    let _refused = project.apply().exits(4).has("role `Clicked` is held by 1003");
    assert_eq!(emulator.custom(), ["Clicked", "Empty"]);
    project.define(&format!("{ROLES}removed:\n  - {{ name: Clicked, reassign_to: one }}\n"));
    let _applied = project.apply().exits(0);
    assert_eq!(
        (emulator.custom(), emulator.held_by("1003")),
        (vec!["One".into(), "Two".into()], "One".into())
    );
    project.is_in_place();
}

#[test]
fn authoritative_assignments_take_away_what_git_never_gave() {
    let emulator = with_a_stranger();
    let project = Project::in_git(
        &emulator,
        "manage: { assignments: authoritative }\non_unassign: { to: builtin:cr_member }\n",
    );
    project.define("assignments:\n  - { role: builtin:cr_admin, users: [\"1001\", \"1002\"] }\n");
    let _taken = project.apply().exits(0).has("1003");
    assert_eq!(emulator.held_by("1003"), "Member");
    assert_eq!(emulator.held_by("1008"), "Billing Admin", "nobody can move them, so nobody tries");
    let _told = project
        .plan()
        .exits(0)
        .has("Stays: 1 user keeps `Billing Admin`, though git never declared it")
        .has("No changes; 1 assignment stays against the definitions.")
        .lacks("Live matches");
    project.define("assignments:\n  - { role: builtin:cr_admin, users: [\"1001\", \"1002\"] }\n  - { role: builtin:cr_billing_admin, users: [\"1008\"] }\n");
    project.is_in_place();
}

#[test]
fn additive_gives_and_never_takes() {
    let emulator = with_a_stranger();
    let project = Project::in_git(&emulator, "manage: additive\n");
    let clicked = emulator.role_id("Clicked");
    project.define(&format!(
        "roles:
  clicked: {{ id: {clicked}, name: Clicked, description: Needed, permissions: {{ learnings: [read] }} }}
  two: {{ name: Two, description: Needed, permissions: {{ learnings: [read] }} }}
assignments:
  - {{ role: two, users: [\"1003\", \"1004\"], exclusive: [users] }}
"
    ));
    let _added = project.apply().exits(0);
    assert_eq!(emulator.permissions("Clicked"), ["learnings:read", "reports:read"]);
    assert_eq!((emulator.held_by("1003"), emulator.held_by("1004")), ("Clicked".into(), "Two".into()));
    let _kept = project.plan().exits(0).has("`1003` keeps the role `Clicked`");
    project.define("removed:\n  - { name: Empty }\n");
    let _refused = project.apply().exits(4).has("the mode `additive` never removes");
    assert_eq!(emulator.custom().len(), 3);
}

#[test]
fn a_part_can_be_selected_as_long_as_it_stands_by_itself() {
    let emulator = Emulator::start();
    let project = Project::in_git(&emulator, "");
    project
        .define(&format!("{ROLES}default_role: two\nassignments:\n  - {{ role: one, users: [\"1003\"] }}\n"));
    let _lacking = project
        .run("apply --auto-approve --only reviews/assignment/**")
        .exits(64)
        .has("reviews/assignment/-/user:1003 needs reviews/role/one");
    assert_eq!(emulator.sent(), [""; 0]);
    let _one = project.run("apply --auto-approve --only reviews/role/one").exits(0).has("Applied 1 of 1");
    assert_eq!(emulator.custom(), ["One"]);
    let _more = project.run("apply --auto-approve --only reviews/assignment/**").exits(0);
    assert_eq!((emulator.custom(), emulator.held_by("1003")), (vec!["One".into()], "One".into()));
    let _malformed = project.run("plan --only reviews/[").exits(64).has("--only");
    let _none = project.run("plan --only elsewhere/**").exits(0);
}

#[test]
fn targets_are_named_or_matched_and_an_unknown_one_is_an_error() {
    let (first, second) = (Emulator::start(), Emulator::start());
    let project = Project::new();
    project.config(&format!(
        "{}{}{}",
        target("reviews-eu", &first.url),
        target("reviews-us", &second.url),
        target("other", &second.url).replace("roles/**", "nothing/**"),
    ));
    project.define(ROLES);
    let plan = project.run("plan --format json --target reviews-*").exits(0).json();
    let names: Vec<String> =
        plan["targets"].as_array().expect("targets").iter().map(|one| text(one, "name")).collect();
    assert_eq!(names, ["reviews-eu", "reviews-us"]);
    let _unknown = project
        .run("plan --target review")
        .exits(64)
        .has("no target is called `review`")
        .has("other, reviews-eu, reviews-us");
    let _one = project.run("apply --auto-approve --target reviews-us").exits(0);
    assert_eq!((first.custom().len(), second.custom().len()), (0, 2));
}

#[test]
fn a_target_that_fails_does_not_keep_the_others_from_being_applied() {
    let (well, broken) = (Emulator::start(), Emulator::start());
    broken.faults(&["* ** status=403"]);
    let project = Project::new();
    project.config(&format!("{}{}", target("a-broken", &broken.url), target("well", &well.url)));
    project.define(ROLES);
    let plan = project.run("plan --format json").exits(1).json();
    assert!(plan["digest"].is_null());
    assert!(plan["targets"][0]["error"].is_object());
    assert!(plan["targets"][1]["digest"].is_string());

    let applied = project.apply().exits(6);
    let _named = applied.has("a-broken").has("403");
    assert_eq!(well.custom(), ["One", "Two"]);
    assert_eq!(broken.sent(), [""; 0]);
    let _second_time = project.apply().exits(1);
}

#[test]
fn the_most_severe_outcome_of_several_targets_decides_the_exit_code() {
    let (denied, down, refused) = (Emulator::start(), Emulator::start(), Emulator::start());
    denied.faults(&["* ** status=403"]);
    down.faults(&["* ** html"]);
    let held = refused.make_role(&json!({ "name": "Held", "permissions": [] }));
    refused.give("1003", &held);
    let project = Project::new();
    let config = |names: [&str; 3]| {
        let urls = [&denied.url, &down.url, &refused.url];
        let all: Vec<String> = names.iter().zip(urls).map(|(name, url)| target(name, url)).collect();
        project.config(&all.concat());
    };
    config(["denied", "down", "refused"]);
    project.define("removed:\n  - { name: Held }\n");
    let _denied = project.run("plan --target denied").exits(1);
    let _down = project.run("plan --target down").exits(7);
    let _refused = project.run("plan --target refused").exits(4);
    let _both = project.run("plan --target denied --target down").exits(7);
    let _all = project.run("plan --detailed-exitcode").exits(4);
}

#[test]
fn two_tenants_behind_one_address_are_two_identities() {
    let emulator = Emulator::start();
    let mut project = Project::new();
    project.config(&format!(
        "{}    credential: {{ env: CODERABBIT_API_KEY_ACME }}\n{}    credential: {{ env: CODERABBIT_API_KEY_GLOBEX }}\n",
        target("acme", &emulator.url),
        target("globex", &emulator.url),
    ));
    project.set("CODERABBIT_API_KEY_ACME", "cr-acme");
    project.set("CODERABBIT_API_KEY_GLOBEX", "cr-globex");
    project.set("ROLECALL_ALLOW_HOSTS", &emulator.address);
    project.define(ROLES);
    let applied = project.run("apply --auto-approve --format json").exits(0).json();
    let tenants: Vec<String> = applied["targets"]
        .as_array()
        .expect("targets")
        .iter()
        .map(|one| text(&one["identity"], "tenant"))
        .collect();
    assert_eq!(tenants, ["crorg-acme", "crorg-globex"]);
    let state = emulator.get("/_dashboard/state");
    for tenant in state["tenants"].as_array().expect("tenants") {
        let roles = tenant["orgs"][0]["roles"].as_array().expect("roles");
        assert_eq!(roles.len(), 5, "{}", tenant["name"]);
    }
    project.is_in_place();
}

/// Two targets `east` and `west` on one tenant, each with a file of its own.
fn on_one_tenant(emulator: &Emulator, more: [&str; 2], files: [&str; 2]) -> Project {
    let project = Project::new();
    let entry = |name: &str, more: &str| {
        format!("{}{more}", target(name, &emulator.url).replace("roles/**", &format!("{name}/**")))
    };
    project.config(&format!("{}{}", entry("east", more[0]), entry("west", more[1])));
    for (name, yaml) in ["east", "west"].iter().zip(files) {
        project.write(&format!("{name}/all.yaml"), &format!("provider: coderabbit\n{yaml}"));
    }
    project
}

const EAST: &str = "roles:\n  one: { name: One, description: Needed, permissions: { reports: [read] } }\n";

#[test]
fn two_targets_on_one_tenant_declare_different_objects() {
    let emulator = Emulator::start();
    let project = on_one_tenant(
        &emulator,
        ["", ""],
        [
            &format!("{EAST}default_role: one\nassignments:\n  - {{ role: one, users: [\"1003\"] }}\n"),
            "roles:\n  two: { name: Two, description: Needed, permissions: { reports: [read] } }
assignments:\n  - { role: two, users: [\"1004\"], exclusive: [users] }\n",
        ],
    );
    let _applied = project.apply().exits(0);
    assert_eq!((emulator.held_by("1003"), emulator.held_by("1004")), ("One".into(), "Two".into()));
    project.is_in_place();
}

#[test]
fn two_targets_on_one_tenant_may_not_declare_the_same_object() {
    let emulator = Emulator::start();
    let id = emulator.make_role(&json!({ "name": "Same", "permissions": ["reports:read"] }));
    let project = on_one_tenant(
        &emulator,
        ["", ""],
        [
            &format!(
                "{EAST}  same: {{ id: {id}, name: Renamed, description: Needed, permissions: {{ reports: [read] }} }}
default_role: one\nassignments:\n  - {{ role: one, users: [\"1003\"] }}\n"
            ),
            "roles:
  uno: { name: One, description: Needed, permissions: { learnings: [read] } }
  same: { name: Same, description: Needed, permissions: { reports: [read] } }
default_role: uno\nassignments:\n  - { role: builtin:cr_member, users: [\"1003\"] }\n",
        ],
    );
    let refused = project.apply().exits(3);
    let refused = refused
        .has("targets `east` and `west` are one tenant, and both declare the role `One`")
        .has("both declare the role `Renamed`")
        .has("both declare the default role")
        .has("both declare the role of user `1003`")
        .has("east/all.yaml:3:16")
        .has("west/all.yaml:3:16")
        .has("target `west` is the tenant crorg-acme")
        .has("4 times");
    assert_eq!(emulator.sent(), [""; 0], "{}", refused.everything());
    let plan = project.run("plan --format json").exits(3).json();
    assert!(plan["digest"].is_null());
    for target in plan["targets"].as_array().expect("targets") {
        assert_eq!((&target["error"]["exit"], &target["changes"]), (&json!(3), &json!([])));
    }
    let _alone = project.run("plan --target east").exits(0);
}

#[test]
fn one_file_for_two_targets_of_one_tenant_is_told_once_for_each_object() {
    let emulator = Emulator::start();
    let project = Project::new();
    project.config(&format!("{}{}", target("east", &emulator.url), target("west", &emulator.url)));
    project.define(ROLES);
    let said = project.plan().exits(3).has("by `east` and by `west`");
    assert_eq!(said.stderr.matches("RC056").count(), 2, "{}", said.everything());
}

#[test]
fn no_target_takes_away_what_another_one_of_its_tenant_declares() {
    let two = "roles:\n  two: { name: Two, description: Needed, permissions: { reports: [read] } }
assignments:\n  - { role: builtin:cr_admin, users: [\"1001\"] }\n";
    let emulator = Emulator::start();
    let roles = "    manage: { roles: authoritative }\n";
    let _roles = on_one_tenant(&emulator, ["", roles], [two, ""])
        .plan()
        .exits(3)
        .has("`west` is authoritative for roles");
    let people = "    manage: { assignments: authoritative }\n    on_unassign: { to: builtin:cr_member }\n";
    let _people = on_one_tenant(&emulator, [people, ""], [EAST, two])
        .plan()
        .exits(3)
        .has("`east` is authoritative for assignments");
    let _removed = on_one_tenant(&emulator, ["", ""], [two, "removed:\n  - { name: Two }\n"])
        .plan()
        .exits(3)
        .has("deleted by `west`");
    let list = "assignments:\n  - { role: builtin:cr_admin, users: [\"1002\"], exclusive: [users] }\n";
    let _exclusive =
        on_one_tenant(&emulator, ["", ""], [two, list]).plan().exits(3).has("the whole truth for `west`");
}

#[test]
fn a_role_moves_between_two_targets_of_one_tenant_as_the_refusal_says() {
    let emulator = Emulator::start();
    let project = Project::new();
    project.git("init -q -b main");
    project.write(".gitignore", ".rolecall/\n");
    let entry = |name: &str, files: &str| target(name, &emulator.url).replace("\"roles/**/*.yaml\"", files);
    let config =
        |east: &str, west: &str| project.config(&format!("{}{}", entry("east", east), entry("west", west)));
    let define = |path: &str, yaml: &str| project.write(path, &format!("provider: coderabbit\n{yaml}"));
    let moves = "roles:\n  moves: { name: Moves, description: Needed, permissions: { reports: [read] } }\n";
    config("\"east/*.yaml\"", "\"west/*.yaml\"");
    define("east/all.yaml", &format!("{EAST}{}", moves.trim_start_matches("roles:\n")));
    define("west/all.yaml", "roles: {}\n");
    project.save("both in east");
    let _applied = project.apply().exits(0);
    let id = text(&emulator.role("Moves").expect("made"), "id");

    project.git("checkout -q -b at-once");
    define("east/all.yaml", EAST);
    define("west/moves.yaml", moves);
    project.save("moved at once");
    let refused = project.plan().exits(3);
    let _refused = refused
        .has("`east` deletes the role `Moves`")
        .has("in a file of its own. Narrow `files` of `east`")
        .has("the role is released. Then let `files` of");

    project.git("checkout -q main");
    define("east/all.yaml", EAST);
    define("east/moves.yaml", moves);
    project.save("in a file of its own");
    let _nothing = project.apply().exits(0).has("No changes");
    config("\"east/all.yaml\"", "\"west/*.yaml\"");
    project.save("east no longer reads it");
    let _released = project.apply().exits(0).has("release Moves");
    config("\"east/all.yaml\"", "\"west/*.yaml\", \"east/moves.yaml\"");
    project.save("west reads it");
    let _taken = project.apply().exits(0);
    project.git("mv east/moves.yaml west/moves.yaml");
    config("\"east/*.yaml\"", "\"west/*.yaml\"");
    project.save("and the file moves");
    let _applied = project.apply().exits(0);
    assert_eq!(text(&emulator.role("Moves").expect("still there"), "id"), id);
    assert_eq!(emulator.custom(), ["Moves", "One"]);
}
