//! Guards: how much one plan may take away, and lifting a guard with a reason.

use insta::assert_snapshot;
use serde_json::json;

use crate::common::{Emulator, Project, emulator::text};

fn with_roles(count: usize) -> Emulator {
    let emulator = Emulator::start();
    for n in 0..count {
        emulator.make_role(&json!({ "name": format!("Old {n}"), "permissions": ["reports:read"] }));
    }
    emulator
}

fn removing(count: usize) -> String {
    let lines: String = (0..count).map(|n| format!("  - {{ name: Old {n} }}\n")).collect();
    format!("removed:\n{lines}")
}

#[test]
fn more_deletions_than_the_guard_allows_need_a_reason() {
    let emulator = with_roles(4);
    let project = Project::in_git(&emulator, "");
    project.define(&removing(4));
    let _refused = project
        .apply()
        .exits(4)
        .has("the plan would delete 4 roles; `max_deletes` allows 3")
        .has("--allow max_deletes --reason TEXT");
    let _no_reason = project.run("apply --auto-approve --allow max_deletes").exits(64).has("--reason");
    let _blank =
        project.run_args(["apply", "--auto-approve", "--allow", "max_deletes", "--reason", ""]).exits(64);
    let _unknown = project.run("apply --allow held --reason x").exits(64).has("possible values");
    assert_eq!(emulator.custom().len(), 4);

    let allowed = project
        .run_args(["apply", "--auto-approve", "--allow", "max_deletes", "--reason", "The old ones go, OPS-7"])
        .exits(0);
    assert_snapshot!(allowed.shown(), @"
    Commit COMMIT on main, compared with HEAD (BASE), with changes that are not committed,
      TODAY

    reviews  coderabbit · HOST · tenant crorg-acme

      - delete Old 0  reviews/role/=Old%200
          held by nobody · roles/all.yaml:3
          description: (none)
          permissions: 1
            - reports: read

      - delete Old 1  reviews/role/=Old%201
          held by nobody · roles/all.yaml:4
          description: (none)
          permissions: 1
            - reports: read

      - delete Old 2  reviews/role/=Old%202
          held by nobody · roles/all.yaml:5
          description: (none)
          permissions: 1
            - reports: read

      - delete Old 3  reviews/role/=Old%203
          held by nobody · roles/all.yaml:6
          description: (none)
          permissions: 1
            - reports: read

      Allowed by hand (max_deletes): the plan would delete 4 roles; `max_deletes` allows 3
        Reason given: The old ones go, OPS-7

    Digest sha256:DIGEST
    Plan: 4 to delete.

    Note: the apply was not recorded: the work tree has changes that are not committed
    Applied 4 of 4. Verified: everything was read back, and nothing is left to do.
    --- stderr
    reviews: delete role `Old 0`: done
    reviews: delete role `Old 1`: done
    reviews: delete role `Old 2`: done
    reviews: delete role `Old 3`: done
    --- exit 0
    ");
    assert_eq!(emulator.custom(), [""; 0]);
}

#[test]
fn another_number_of_deletions_can_be_allowed_in_the_config() {
    let emulator = with_roles(4);
    let project = Project::in_git(&emulator, "");
    project.config_also("guards: { max_deletes: \"50%\" }");
    project.commit("guards");
    project.define(&removing(3));
    let _refused = project.plan().exits(4).has("allows 2 (50% of 4)");
    project.define(&removing(2));
    let _allowed = project.apply().exits(0);
    assert_eq!(emulator.custom().len(), 2);
}

#[test]
fn more_people_losing_a_role_than_the_guard_allows_are_refused() {
    let emulator = with_roles(1);
    let role = emulator.role_id("Old 0");
    for user in ["1003", "1004", "1005"] {
        emulator.give(user, &role);
    }
    let project = Project::in_git(
        &emulator,
        "manage: { assignments: authoritative }\non_unassign: { to: builtin:cr_member }\n",
    );
    project.define("assignments:\n  - { role: builtin:cr_admin, users: [\"1001\", \"1002\"] }\n");
    let _refused =
        project.apply().exits(4).has("the plan would take away 3 assignments; `max_unassigns` allows 1");
    assert_eq!(emulator.held_by("1003"), "Old 0");
    let _allowed = project.run("apply --auto-approve --allow max_unassigns --reason reorganisation").exits(0);
    assert_eq!(emulator.held_by("1003"), "Member");
}

#[test]
fn nobody_is_locked_out() {
    let emulator = Emulator::start();
    let project = Project::in_git(&emulator, "on_unassign: { to: builtin:cr_member }\n");
    project.define("assignments:\n  - { role: builtin:cr_member, users: [\"1002\"] }\n");
    let refused = project.apply().exits(4);
    assert_snapshot!(refused.shown(), @"
    Commit COMMIT on main, compared with HEAD (BASE), with changes that are not committed,
      TODAY

    reviews  coderabbit · HOST · tenant crorg-acme

      Assignments
        Member
          ~ 1002: Admin → Member

      ! Refused: administrators could be locked out [min_admins]
          the plan would leave 1 of 2 administrators; `min_admins` wants 2
          the plan would take administration from 1002, and the API does not tell whether this
          credential acts for one of them
          help: Keep more administrators, or
                --allow min_admins --reason TEXT
          help: If it does not:
                --allow min_admins --reason TEXT

      Left alone: 2 assignments.

    Digest sha256:DIGEST
    Refused: 1 refusal; nothing will be sent to reviews.
    Plan: 1 assignment (~1).

    Nothing was sent.
    --- exit 4
    ");
    assert_eq!(emulator.held_by("1002"), "Admin");

    project.config_also("guards: { min_admins: 1 }");
    project.commit("guards");
    project.write("roles/note.txt", "");
    project.commit("so that the guard is no news");
    let _unknown_caller =
        project.apply().exits(4).has("the API does not tell whether this credential acts for one of them");
    emulator.switch("me_caller", "user_id");
    let _known_caller = project.apply().exits(0);
    assert_eq!(emulator.held_by("1002"), "Member");
    project.define("assignments:\n  - { role: builtin:cr_member, users: [\"1001\"] }\n");
    let _oneself = project.apply().exits(4).has("for whom this credential acts");
    assert_eq!(emulator.held_by("1001"), "Admin");
}

#[test]
fn a_protected_role_loses_nothing_and_keeps_its_name() {
    let emulator = Emulator::start();
    let project = Project::in_git(&emulator, "");
    let role = |rest: &str| {
        project.define(&format!("roles:\n  kept:\n    description: Needed\n    protect: true\n{rest}"));
    };
    role("    name: Kept\n    permissions: { reports: [read], learnings: [read] }\n");
    let _made = project.apply().exits(0);
    project.commit("kept");
    role("    name: Kept\n    permissions: { reports: [read] }\n");
    let _loses = project.apply().exits(4).has("role `Kept` would lose permissions, and `protect` forbids it");
    role(
        "    name: Other\n    previously: [Kept]\n    permissions: { reports: [read], learnings: [read] }\n",
    );
    let _renamed = project.apply().exits(4).has("role `Kept` would be renamed");
    role("    name: Kept\n    permissions: { reports: [read], learnings: [read, write] }\n");
    let _gains = project.apply().exits(0);
    role("    name: Kept\n    permissions: { reports: [read] }\n");
    let _meant = project.run("apply --auto-approve --allow protect --reason agreed").exits(0);
    assert_eq!(emulator.permissions("Kept"), ["reports:read"]);
}

#[test]
fn a_role_that_git_never_declared_is_not_widened_behind_its_holders_backs() {
    let emulator = Emulator::start();
    let id = emulator.make_role(&json!({ "name": "Clicked", "permissions": ["reports:read"] }));
    emulator.give("1003", &id);
    let project = Project::in_git(&emulator, "");
    let role = |more: &str| {
        project.define(&format!(
            "roles:\n  clicked: {{ {more}name: Clicked, description: Needed, permissions: {{ api_keys: [write] }} }}\n"
        ));
    };
    role("");
    let refused = project.apply().exits(4);
    assert_snapshot!(refused.shown(), @r#"
    Commit COMMIT on main, compared with HEAD (BASE), with changes that are not committed,
      TODAY

    reviews  coderabbit · HOST · tenant crorg-acme

      ~ change Clicked  reviews/role/clicked
          held by 1 person · roles/all.yaml:3
          Takes over a live role that no earlier revision is known to declare.
          description: (none) → "Needed"
          permissions: 1 removed, 1 added
            - reports: read
            + api_keys: write
          ! Refused: nothing proves that git owns this role [adopt]
              role `Clicked` exists, 1 person holds it, and it would gain permissions; no earlier
              revision declares it
              help: To take it over on purpose, add to role `clicked`:
                    id: 6e951e03-ff38-4491-8aab-4c6c6fc10375

    Digest sha256:DIGEST
    Refused: 1 refusal; nothing will be sent to reviews.
    Plan: 1 to change.

    Nothing was sent.
    --- exit 4
    "#);
    assert_eq!(emulator.permissions("Clicked"), ["reports:read"]);
    let plan = project.run("plan --format json").exits(4).json();
    assert_eq!(plan["targets"][0]["changes"][0]["adopts"], true);
    role(&format!("id: {id}, "));
    let _meant = project.apply().exits(0);
    assert_eq!(emulator.permissions("Clicked"), ["api_keys:write"]);
}

#[test]
fn outside_git_a_role_with_holders_is_widened_only_with_an_id_or_a_reason() {
    let emulator = Emulator::start();
    let id = emulator.make_role(&json!({ "name": "Clicked", "permissions": [] }));
    emulator.give("1003", &id);
    let project = Project::on(&emulator, "");
    project.define(
        "roles:\n  clicked: { name: Clicked, description: Needed, permissions: { reports: [read] } }\n",
    );
    let _refused =
        project.apply().exits(4).has("there is no earlier revision that shows whether git declared it");
    let _meant = project.run("apply --auto-approve --allow adopt --reason mine").exits(0);
    assert_eq!(emulator.permissions("Clicked"), ["reports:read"]);
}

#[test]
fn nothing_is_deleted_on_an_incomplete_read() {
    let emulator = with_roles(2);
    let project =
        Project::in_git(&emulator, "manage: authoritative\non_unassign: { to: builtin:cr_member }\n");
    project.define("assignments:\n  - { role: builtin:cr_admin, users: [\"1001\", \"1002\"] }\n");
    let before = emulator.roles();
    for (fault, code) in [
        ("GET /v1/roles garbage=empty", 7),
        ("GET /v1/roles garbage=null", 7),
        ("GET /v1/roles garbage=scalar", 7),
        ("GET /v1/roles garbage=missing", 4),
        ("GET /v1/roles html", 7),
        ("GET /v1/roles truncate=200", 7),
        ("GET /v1/users garbage=missing", 1),
        ("GET /v1/users loop-cursor", 7),
        ("GET /v1/users status=403", 1),
    ] {
        emulator.faults(&[fault]);
        emulator.forget();
        let refused = project.apply();
        assert_eq!(refused.code, code, "{fault}\n{}", refused.everything());
        assert_eq!(emulator.sent(), [""; 0], "{fault}");
    }
    emulator.faults(&[]);
    assert_eq!(emulator.roles(), before);
    // The read was fine, and holds no system role: then others may be missing too.
    let mut state = emulator.get("/_dashboard/state");
    let roles = state["tenants"][0]["orgs"][0]["roles"].as_array_mut().expect("roles");
    roles.retain(|role| text(role, "name") != "Old 1");
    emulator.put("/_dashboard/state", &state);
    let _fine = project.apply().exits(0);
}
