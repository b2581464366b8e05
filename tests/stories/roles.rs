//! Roles: made, changed, renamed, deleted, and which is the default.

use insta::assert_snapshot;
use serde_json::json;

use crate::common::{
    Emulator, Project,
    emulator::{text, texts},
};

const AUDITOR: &str = "\
roles:
  auditor:
    name: Auditor
    description: Reads
    permissions: { user_management: [read], reports: [read] }
";

#[test]
fn the_first_apply_makes_everything_the_second_nothing_and_an_edit_is_exactly_what_is_planned() {
    let emulator = Emulator::start();
    let project = Project::in_git(&emulator, "");
    project.define(&format!("{AUDITOR}assignments:\n  - {{ role: auditor, users: [\"1003\"] }}\n"));
    assert_snapshot!(project.plan().shown(), @r#"
    Commit COMMIT on main, compared with HEAD (BASE), with changes that are not committed,
      TODAY

    reviews  coderabbit · HOST · tenant crorg-acme

      + create Auditor  reviews/role/auditor
          roles/all.yaml:3
          description: "Reads"
          permissions: 2
            + reports: read
            + user_management: read

      Assignments
        Auditor
          + 1003: Member → Auditor

      Left alone: 3 assignments.

    Digest sha256:DIGEST
    Plan: 1 to create; 1 assignment (+1).
    --- exit 0
    "#);
    assert_snapshot!(project.apply().shown(), @r#"
    Commit COMMIT on main, compared with HEAD (BASE), with changes that are not committed,
      TODAY

    reviews  coderabbit · HOST · tenant crorg-acme

      + create Auditor  reviews/role/auditor
          roles/all.yaml:3
          description: "Reads"
          permissions: 2
            + reports: read
            + user_management: read

      Assignments
        Auditor
          + 1003: Member → Auditor

      Left alone: 3 assignments.

    Digest sha256:DIGEST
    Plan: 1 to create; 1 assignment (+1).

    Note: the apply was not recorded: the work tree has changes that are not committed
    Applied 2 of 2. Verified: everything was read back, and nothing is left to do.
    --- stderr
    reviews: create role `Auditor`: done
    reviews: give `1003` the role `Auditor` in place of `Member`: done
    --- exit 0
    "#);
    emulator.forget();
    let _again = project.apply().exits(0).has("No changes.");
    assert_eq!(emulator.sent(), [""; 0]);

    project.commit("auditor");
    project.define(&format!(
        "{}assignments:\n  - {{ role: auditor, users: [\"1003\"] }}\n",
        AUDITOR.replace("reports: [read]", "learnings: [write, read]")
    ));
    assert_snapshot!(project.plan().shown(), @"
    Commit COMMIT on main, compared with HEAD (BASE), with changes that are not committed,
      TODAY

    reviews  coderabbit · HOST · tenant crorg-acme

      ~ change Auditor  reviews/role/auditor
          held by 1 person · roles/all.yaml:3
          permissions: 1 removed, 2 added, 1 unchanged
            - reports: read
            + learnings: read, write
            = user_management: read

      Left alone: 3 assignments.

    Digest sha256:DIGEST
    Plan: 1 to change.
    --- exit 0
    ");
    let _applied = project.apply().exits(0);
    assert_eq!(emulator.sent(), ["PATCH /v1/roles/ID"], "one change is one request");
    assert_eq!(
        emulator.permissions("Auditor"),
        ["learnings:read", "learnings:write", "user_management:read"]
    );
    project.is_in_place();
}

#[test]
fn a_description_that_is_not_written_is_left_alone_and_null_clears_it() {
    let emulator = Emulator::start();
    let project = Project::in_git(&emulator, "");
    project.define(AUDITOR);
    let _made = project.apply().exits(0);
    project.commit("auditor");

    project.define(&AUDITOR.replace("    description: Reads\n", ""));
    project.is_in_place();
    project.define(&AUDITOR.replace("description: Reads", "description: null"));
    let _planned = project.plan().exits(0).has("description");
    let _cleared = project.apply().exits(0);
    let description = &emulator.role("Auditor").expect("it is there")["description"];
    assert!(description.is_null(), "{description}");
    project.is_in_place();
}

#[test]
fn a_role_that_previously_had_another_name_is_renamed_and_keeps_its_people() {
    let emulator = Emulator::start();
    let project = Project::in_git(&emulator, "");
    project.define(AUDITOR);
    let _made = project.apply().exits(0);
    project.commit("auditor");
    let id = emulator.role_id("Auditor");
    emulator.give("1003", &id);
    emulator.forget();

    project.define(&AUDITOR.replace("name: Auditor", "name: Inspector\n    previously: [Auditor]"));
    assert_snapshot!(project.apply().shown(), @"
    Commit COMMIT on main, compared with HEAD (BASE), with changes that are not committed,
      TODAY

    reviews  coderabbit · HOST · tenant crorg-acme

      → rename Auditor → Inspector  reviews/role/auditor
          held by 1 person · roles/all.yaml:3

    Digest sha256:DIGEST
    Plan: 1 to rename.

    Note: the apply was not recorded: the work tree has changes that are not committed
    Applied 1 of 1. Verified: everything was read back, and nothing is left to do.
    --- stderr
    reviews: change role `Inspector`: done
    --- exit 0
    ");
    assert_eq!(emulator.sent(), ["PATCH /v1/roles/ID"]);
    assert_eq!(emulator.role_id("Inspector"), id);
    assert_eq!(emulator.held_by("1003"), "Inspector");
    project.is_in_place();
}

#[test]
fn the_name_of_a_role_with_an_id_can_simply_be_changed() {
    let emulator = Emulator::start();
    let id = emulator.make_role(&json!({ "name": "Clicked", "permissions": ["reports:read"] }));
    emulator.give("1003", &id);
    let project = Project::in_git(&emulator, "");
    project.define(&format!("roles:\n  made: {{ id: {id}, name: Coded, description: Needed, permissions: {{ reports: [read] }} }}\n"));
    let _renamed = project.apply().exits(0).has("rename");
    assert_eq!((emulator.custom(), emulator.held_by("1003")), (vec!["Coded".to_owned()], "Coded".to_owned()));
    project.is_in_place();
}

#[test]
fn two_roles_swap_their_names_without_ever_bearing_the_same() {
    let emulator = Emulator::start();
    let a = emulator.make_role(&json!({ "name": "A", "permissions": ["reports:read"] }));
    let b = emulator.make_role(&json!({ "name": "B", "permissions": ["learnings:read"] }));
    let project = Project::in_git(&emulator, "");
    project.define(&format!(
        "roles:\n  a: {{ id: {a}, name: B, description: Needed, permissions: {{ reports: [read] }} }}\n  b: {{ id: {b}, name: A, description: Needed, permissions: {{ learnings: [read] }} }}\n"
    ));
    let _swapped = project.apply().exits(0).has("Applied 2 of 2");
    assert_eq!((emulator.role_id("A"), emulator.role_id("B")), (b, a));
    assert_eq!(emulator.count("PATCH"), 3, "one of them bears a temporary name for a moment");
    project.is_in_place();
}

#[test]
fn a_removed_role_that_nobody_holds_is_deleted() {
    let emulator = Emulator::start();
    emulator.make_role(&json!({ "name": "Clicked Together", "permissions": ["reports:read"] }));
    let project = Project::in_git(&emulator, "");
    project.define("removed:\n  - { name: Clicked Together }\n");
    assert_snapshot!(project.apply().shown(), @"
    Commit COMMIT on main, compared with HEAD (BASE), with changes that are not committed,
      TODAY

    reviews  coderabbit · HOST · tenant crorg-acme

      - delete Clicked Together  reviews/role/=Clicked%20Together
          held by nobody · roles/all.yaml:3
          description: (none)
          permissions: 1
            - reports: read

    Digest sha256:DIGEST
    Plan: 1 to delete.

    Note: the apply was not recorded: the work tree has changes that are not committed
    Applied 1 of 1. Verified: everything was read back, and nothing is left to do.
    --- stderr
    reviews: delete role `Clicked Together`: done
    --- exit 0
    ");
    assert_eq!(emulator.custom(), [""; 0]);
    let _later = project.plan().exits(0).has("No changes");
}

#[test]
fn a_removed_role_that_somebody_holds_is_refused_with_the_line_that_works() {
    let emulator = Emulator::start();
    let old = emulator.make_role(&json!({ "name": "Old: \"Role\"", "permissions": ["reports:read"] }));
    emulator.give("1003", &old);
    emulator.give("1004", &old);
    let project = Project::in_git(&emulator, "");
    project.define("removed:\n  - { name: 'Old: \"Role\"' }\n");
    emulator.forget();
    let refused = project.apply().exits(4);
    assert_snapshot!(refused.shown(), @r#"
    Commit COMMIT on main, compared with HEAD (BASE), with changes that are not committed,
      TODAY

    reviews  coderabbit · HOST · tenant crorg-acme

      - delete "Old: "Role""  reviews/role/=Old%3A%20%22Role%22
          held by 2 people · roles/all.yaml:3
          description: (none)
          permissions: 1
            - reports: read
          ! Refused: somebody still holds the role
              role `Old: "Role"` is held by 1003, 1004
              help: Say under `removed:` where they go:
                    - { name: "Old: \"Role\"", reassign_to: builtin:cr_member }

      Left alone: 3 assignments.

    Digest sha256:DIGEST
    Refused: 1 refusal; nothing will be sent to reviews.
    Plan: 1 to delete.

    Nothing was sent.
    --- exit 4
    "#);
    assert_eq!(emulator.sent(), [""; 0]);

    let all = refused.everything();
    let line = all.lines().map(str::trim).find(|line| line.starts_with("- {")).expect("the line to add");
    project.define(&format!("removed:\n  {line}\n"));
    let _deleted = project.apply().exits(0);
    assert_eq!(
        emulator.sent(),
        ["POST /v1/users/roles", "DELETE /v1/roles/ID"],
        "the people move in one request, and only then the role goes"
    );
    let log = emulator.requests();
    let at = |method: &str, path: &str| {
        log.iter().position(|one| text(one, "method") == method && text(one, "path").starts_with(path))
    };
    let moved = at("POST", "/v1/users/roles").expect("moved");
    let deleted = at("DELETE", "/v1/roles/").expect("deleted");
    assert!(
        log[moved..deleted]
            .iter()
            .any(|one| text(one, "method") == "GET" && text(one, "path") == "/v1/roles"),
        "in between the role is read and seen to be empty"
    );
    assert_eq!((emulator.held_by("1003"), emulator.custom().len()), ("Member".to_owned(), 0));
}

#[test]
fn a_role_is_deleted_by_the_key_that_it_had() {
    let emulator = Emulator::start();
    let project = Project::in_git(&emulator, "");
    project.define(AUDITOR);
    let _made = project.apply().exits(0);
    project.commit("auditor");
    project.define("removed: [auditor]\n");
    let _deleted = project.apply().exits(0).has("delete");
    assert_eq!(emulator.custom(), [""; 0]);
    let _planned = project.plan().exits(0);
}

#[test]
fn the_default_moves_in_one_change_that_shows_both_sides() {
    let emulator = Emulator::start();
    let project = Project::in_git(&emulator, "");
    let roles = "\
roles:
  one: { name: One, description: Needed, permissions: { reports: [read] } }
  two: { name: Two, description: Needed, permissions: { learnings: [read] } }
";
    project.define(&format!("{roles}default_role: one\n"));
    let _made = project.apply().exits(0);
    assert_eq!(emulator.default_role().as_deref(), Some("One"));
    project.commit("one");

    project.define(&format!("{roles}default_role: two\n"));
    emulator.forget();
    assert_snapshot!(project.apply().shown(), @"
    Commit COMMIT on main, compared with HEAD (BASE), with changes that are not committed,
      TODAY

    reviews  coderabbit · HOST · tenant crorg-acme

      ◆ default role: One → Two  reviews/default
          roles/all.yaml:5
          Side effect: `One` is no longer the default

    Digest sha256:DIGEST
    Plan: a new default role.

    Note: the apply was not recorded: the work tree has changes that are not committed
    Applied 1 of 1. Verified: everything was read back, and nothing is left to do.
    --- stderr
    reviews: make `Two` the default role: done
    --- exit 0
    ");
    assert_eq!(emulator.sent(), ["PATCH /v1/roles/ID"], "setting one clears the other");
    assert_eq!(emulator.default_role().as_deref(), Some("Two"));
    project.is_in_place();

    project.define(roles);
    let _left_alone = project.plan().exits(0).has("No changes");
    project.define(&format!("{roles}default_role: none\n"));
    let _cleared = project.apply().exits(0);
    assert_eq!(emulator.default_role(), None);
    project.is_in_place();
}

#[test]
fn the_default_role_is_not_deleted_before_somebody_says_what_new_members_get() {
    let emulator = Emulator::start();
    emulator.make_role(&json!({ "name": "Old", "is_default": true, "permissions": ["reports:read"] }));
    let project = Project::in_git(&emulator, "");
    project.define("removed:\n  - { name: Old }\n");
    let _refused =
        project.apply().exits(4).has("role `Old` is the default of new members").has("default_role: none");
    assert_eq!(emulator.custom(), ["Old"]);
    project.define("default_role: none\nremoved:\n  - { name: Old }\n");
    emulator.forget();
    let _deleted = project.apply().exits(0);
    assert_eq!(emulator.sent(), ["PATCH /v1/roles/ID", "DELETE /v1/roles/ID"]);
    assert_eq!(emulator.custom(), [""; 0]);
}

#[test]
fn a_role_starts_from_the_permissions_of_its_base_and_follows_it() {
    let emulator = Emulator::start();
    let project = Project::in_git(&emulator, "");
    project.define(
        "\
roles:
  plus:
    name: Member plus
    description: Needed
    base: builtin:cr_member
    permissions: { audit_logs: [read] }
  plus-plus:
    name: Member plus plus
    description: Needed
    base: plus
    permissions: { api_keys: [read] }
",
    );
    project.commit("plus");
    let _made = project.apply().exits(0);
    let member = emulator.permissions("Member");
    let mut plus = member.clone();
    plus.push("audit_logs:read".to_owned());
    plus.sort();
    assert_eq!(emulator.permissions("Member plus"), plus);
    assert!(emulator.permissions("Member plus plus").contains(&"audit_logs:read".to_owned()));
    assert_eq!(emulator.count("POST /v1/roles"), 2);
    for request in emulator.requests().iter().filter(|one| text(one, "method") == "POST") {
        assert!(
            request["body"].get("duplicate_from").is_none(),
            "the full set is sent, and nothing is guessed"
        );
    }
    project.is_in_place();

    let wider: Vec<String> = member.iter().cloned().chain(["integrations:delete".to_owned()]).collect();
    emulator.put("/_dashboard/system-roles/cr_member", &json!({ "permissions": wider }));
    let plan = project.run("plan --format json").exits(0).json();
    let changes = plan["targets"][0]["changes"].as_array().expect("changes");
    assert_eq!(changes.iter().map(|change| text(change, "reason")).collect::<Vec<_>>(), ["base_changed"; 2]);
    assert_snapshot!(project.plan().shown(), @"
    Commit COMMIT on main, compared with the commit before (BASE), TODAY

    reviews  coderabbit · HOST · tenant crorg-acme
      last recorded: TODAY TIME UTC by unknown at APPLIED

      ~ change Member plus  reviews/role/plus
          held by nobody · roles/all.yaml:3
          Only the base role changed at the provider; this one follows.
          permissions: 1 added, 14 unchanged
            + integrations: delete  (via base cr_member)
            = audit_logs: read; integrations: read, write; learnings: read, write; metrics_dashboard:
                read … and 8 more

      ~ change Member plus plus  reviews/role/plus-plus
          held by nobody · roles/all.yaml:8
          Only the base role changed at the provider; this one follows.
          permissions: 1 added, 15 unchanged
            + integrations: delete  (via base plus)
            = api_keys: read; audit_logs: read; integrations: read, write; learnings: read, write
                … and 9 more

    Digest sha256:DIGEST
    Plan: 2 to change; all of it drift.
    --- exit 0
    ");
    let _followed = project.apply().exits(0);
    project.is_in_place();
}

#[test]
fn built_in_roles_are_never_touched() {
    let emulator = Emulator::start();
    let project = Project::in_git(&emulator, "manage: { roles: authoritative }\n");
    let before = emulator.roles();
    for (wanted, why) in [
        (
            "roles:\n  mine: { name: Member, permissions: { reports: [read] } }\n",
            "ships a role `Member` already",
        ),
        ("roles:\n  mine: { id: cr_admin, name: Mine, permissions: { reports: [read] } }\n", "built-in role"),
        ("removed:\n  - { name: Member }\n", "built-in role"),
    ] {
        project.define(wanted);
        let refused = project.apply().exits(3).has(why);
        assert_eq!(
            refused.stdout.matches("No plan:").count(),
            2,
            "once for the target, once in all: {}",
            refused.stdout
        );
    }
    project.define("roles: {}\n");
    let _nothing = project.apply().exits(0).has("No changes");
    assert_eq!(emulator.roles(), before);
}

#[test]
fn an_empty_set_is_made_empty_and_not_what_a_member_may() {
    let emulator = Emulator::start();
    let project = Project::in_git(&emulator, "");
    project.define("roles:\n  nothing: { name: Nothing, description: Needed, permissions: {} }\n");
    let _made = project.apply().exits(0);
    assert_eq!(emulator.permissions("Nothing"), [""; 0]);
    project.is_in_place();
}

#[test]
fn what_cannot_be_read_is_not_changed() {
    let emulator = Emulator::start();
    emulator.switch("access_type", "optional");
    emulator.make_role(&json!({ "name": "Odd", "permissions": [{ "resource_id": "reports" }] }));
    let project = Project::in_git(&emulator, "");
    project.define("roles:\n  odd: { name: Odd, description: Needed, permissions: { reports: [read] } }\n");
    assert_snapshot!(project.apply().exits(4).shown(), @r#"
    Commit COMMIT on main, compared with HEAD (BASE), with changes that are not committed,
      TODAY

    reviews  coderabbit · HOST · tenant crorg-acme

      ~ change Odd  reviews/role/odd
          held by nobody · roles/all.yaml:3
          Takes over a live role that no earlier revision is known to declare.
          description: (none) → "Needed"
          permissions: 1 wanted; what is there now cannot be read
            + reports: read
          ! Refused: this cannot be changed
              the permissions of role `Odd` cannot be read, so nobody can tell what would change
              help: Check the rights of the credential with
                    rolecall doctor

    Digest sha256:DIGEST
    Refused: 1 refusal; nothing will be sent to reviews.
    Plan: 1 to change.

    Nothing was sent.
    --- exit 4
    "#);
    assert_eq!(emulator.sent(), [""; 0]);
}

#[test]
fn a_change_made_by_hand_is_taken_back_and_everything_at_once() {
    let emulator = Emulator::start();
    let project = Project::in_git(&emulator, "");
    project.define(AUDITOR);
    let _made = project.apply().exits(0);
    project.commit("auditor");
    emulator.edit_role(
        "Auditor",
        &json!({ "name": "Auditor", "description": "x", "permissions": ["api_keys:write", "reports:read"] }),
    );
    let _back = project.apply().exits(0);
    assert_eq!(
        texts(&emulator.role("Auditor").expect("there")["permissions"]),
        ["reports:read", "user_management:read"]
    );
    emulator.delete_role("Auditor");
    let _made_again = project.apply().exits(0).has("create");
    project.is_in_place();
}

#[test]
fn a_permission_that_the_product_does_not_know_is_found_before_anything_is_written() {
    let emulator = Emulator::start();
    let project = Project::in_git(&emulator, "");
    project.define(
        "roles:\n  odd: { name: Odd, description: Needed, permissions: { user_managment: [read] } }\n",
    );
    assert_snapshot!(project.apply().exits(3).shown(), @"
    Commit COMMIT on main, compared with HEAD (BASE), with changes that are not committed,
      TODAY

    reviews  coderabbit
      No plan: 1 problem in the definitions that live shows

    Failed: reviews.
    No plan: 1 target failed.

    Nothing was sent.
    --- stderr
    error[RC035]

      × CodeRabbit does not know the resource `user_managment`
       ╭─[roles/all.yaml:3:57]
     2 │ roles:
     3 │   odd: { name: Odd, description: Needed, permissions: { user_managment: [read] } }
       ·                                                         ───────┬──────
       ·                                                                ╰── unknown to the live catalogue
       ╰────
      help: Did you mean `user_management`? `rolecall catalog --target reviews` lists them.

    1 error in 1 file
    --- exit 3
    ");
    assert_eq!(emulator.sent(), [""; 0]);
}

#[test]
fn two_live_roles_of_one_name_are_told_apart_by_id() {
    let emulator = Emulator::start();
    emulator.switch("duplicate_name", "allowed");
    let first = emulator.make_role(&json!({ "name": "Twin", "permissions": ["reports:read"] }));
    let second = emulator.make_role(&json!({ "name": "Twin", "permissions": ["learnings:read"] }));
    let project = Project::in_git(&emulator, "");
    project
        .define("roles:\n  twin: { name: Twin, description: Needed, permissions: { audit_logs: [read] } }\n");
    let _ambiguous =
        project.apply().exits(3).has("2 live roles are named `Twin`").has(&first[..8]).has(&second[..8]);
    project.define(&format!(
        "roles:\n  twin: {{ id: {second}, name: Twin, description: Needed, permissions: {{ audit_logs: [read] }} }}\n"
    ));
    let _told = project.apply().exits(0);
    let roles = emulator.roles();
    let of = |id: &str| texts(&roles.iter().find(|role| role["id"] == id).expect("there")["permissions"]);
    assert_eq!((of(&first), of(&second)), (vec!["reports:read".into()], vec!["audit_logs:read".into()]));
}
