//! People: who gets which role, who loses one, and what they get instead.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::common::{
    Emulator, Project,
    emulator::{text, texts},
};

const ROLES: &str = "\
roles:
  one: { name: One, description: Needed, permissions: { reports: [read] } }
  two: { name: Two, description: Needed, permissions: { learnings: [read] } }
";

const TO_MEMBER: &str = "on_unassign: { to: builtin:cr_member }\n";

fn assigned(role: &str, users: &[&str]) -> String {
    format!("assignments:\n  - {{ role: {role}, users: {users:?} }}\n")
}

#[test]
fn people_are_assigned_reassigned_and_left_alone() {
    let emulator = Emulator::start();
    let project = Project::in_git(&emulator, "");
    project.define(&format!("{ROLES}{}", assigned("one", &["1003", "1004"])));
    let _assigned = project.apply().exits(0).has("Applied 4 of 4");
    assert_eq!(emulator.count("POST /v1/users/roles"), 1, "one request for both");

    project.define(&format!("{ROLES}{}", assigned("two", &["1003"])));
    assert_snapshot!(project.apply().exits(0).shown(), @"
    Commit COMMIT on main, compared with HEAD (BASE), with changes that are not committed,
      TODAY

    reviews  coderabbit · HOST · tenant crorg-acme

      Assignments
        Two
          ~ 1003: One → Two

      Left alone: 4 assignments.

    Digest sha256:DIGEST
    Plan: 1 assignment (~1).

    Note: the apply was not recorded: the work tree has changes that are not committed
    Applied 1 of 1. Verified: everything was read back, and nothing is left to do.
    --- stderr
    reviews: give `1003` the role `Two` in place of `One`: done
    --- exit 0
    ");
    assert_eq!((emulator.held_by("1003"), emulator.held_by("1004")), ("Two".into(), "One".into()));
    project.is_in_place();
}

#[test]
fn a_built_in_role_can_be_assigned_too() {
    let emulator = Emulator::start();
    let project = Project::in_git(&emulator, "");
    project.define("assignments:\n  - { role: builtin:cr_admin, users: [\"1003\"] }\n");
    let _assigned = project.apply().exits(0);
    assert_eq!(emulator.held_by("1003"), "Admin");
    project.is_in_place();
}

#[test]
fn an_unknown_person_is_an_error_that_names_the_place() {
    let emulator = Emulator::start();
    let project = Project::in_git(&emulator, "");
    project.define(&format!("{ROLES}{}", assigned("one", &["1003", "10044", "mira"])));
    assert_snapshot!(project.apply().exits(3).shown(), @r#"
    Commit COMMIT on main, compared with HEAD (BASE), with changes that are not committed,
      TODAY

    reviews  coderabbit
      No plan: 2 problems in the definitions that live shows

    Failed: reviews.
    No plan: 1 target failed.

    Nothing was sent.
    --- stderr
    error[RC051]

      × CodeRabbit knows no user `10044`
       ╭─[roles/all.yaml:6:34]
     5 │ assignments:
     6 │   - { role: one, users: ["1003", "10044", "mira"] }
       ·                                  ───┬───
       ·                                     ╰── not found
       ╰────
      help: Did you mean `1004`?

    error[RC051]

      × CodeRabbit knows no user `mira`
       ╭─[roles/all.yaml:6:43]
     5 │ assignments:
     6 │   - { role: one, users: ["1003", "10044", "mira"] }
       ·                                           ───┬──
       ·                                              ╰── not found
       ╰────
      help: Only existing members can be given a role.

    2 errors in 1 file
    --- exit 3
    "#);
    assert_eq!(emulator.sent(), [""; 0]);
}

#[test]
fn an_exclusive_list_is_the_whole_truth() {
    let emulator = Emulator::start();
    let project = Project::in_git(&emulator, "");
    project.define(&format!("{ROLES}{}", assigned("one", &["1003"])));
    let _made = project.apply().exits(0);
    let one = emulator.role_id("One");
    emulator.give("1004", &one);
    let exclusive =
        format!("{ROLES}assignments:\n  - {{ role: one, users: [\"1003\"], exclusive: [users] }}\n");
    project.define(&exclusive);
    let _refused = project
        .apply()
        .exits(4)
        .has("`1004` would lose a role, and nothing says what they get instead")
        .has("on_unassign: { to: builtin:cr_member }");
    assert_eq!(emulator.held_by("1004"), "One");

    project.target(&emulator, TO_MEMBER);
    assert_snapshot!(project.apply().exits(0).shown(), @"
    Commit COMMIT on main, compared with HEAD (BASE), with changes that are not committed,
      TODAY

    reviews  coderabbit · HOST · tenant crorg-acme

      What is managed and guarded changes
        ! what people get when a role is taken from them (on_unassign): refuse → to builtin:cr_member

      Assignments
        One
          - 1004: One → Member  (not in the exclusive list)

      Left alone: 3 assignments.

    Digest sha256:DIGEST
    Plan: 1 assignment (−1); 1 scope change.

    Note: the apply was not recorded: the work tree has changes that are not committed
    Applied 1 of 1. Verified: everything was read back, and nothing is left to do.
    --- stderr
    reviews: give `1004` the role `Member` in place of `One`: done
    --- exit 0
    ");
    assert_eq!((emulator.held_by("1003"), emulator.held_by("1004")), ("One".into(), "Member".into()));
    project.commit("on_unassign");
    let _recorded = project.apply().exits(0);
    project.is_in_place();
}

#[test]
fn an_assignment_ends_the_day_after_it_expires() {
    let emulator = Emulator::start();
    let project = Project::in_git(&emulator, TO_MEMBER);
    let until =
        |day: &str| format!("{ROLES}assignments:\n  - {{ role: one, users: [\"1003\"], expires: {day} }}\n");
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    project.define(&until(&today.to_string()));
    let _given = project.apply().exits(0);
    assert_eq!(emulator.held_by("1003"), "One", "the day itself still counts");
    project.define(&until("2199-12-31"));
    project.is_in_place();
    project.define(&until(&today.yesterday().expect("a day before").to_string()));
    let _taken = project.apply().exits(0).has("1003").has("expired");
    assert_eq!(emulator.held_by("1003"), "Member");
    let _gone = project.plan().exits(0).has("No changes");
}

#[test]
fn a_billing_admin_is_not_moved_and_the_plan_says_so() {
    let emulator = Emulator::start();
    let project = Project::in_git(&emulator, "");
    project.define(&format!("{ROLES}{}", assigned("one", &["1003", "1008"])));
    assert_snapshot!(project.apply().exits(4).shown(), @r#"
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

      Assignments
        One  (+1 ~1)
          + 1003: Member → One
          ~ 1008: Billing Admin → One
            ! Refused: this cannot be changed
                the role of `1008` cannot be changed: CodeRabbit does not let a billing admin's role be
                changed over the API
                help: Take the person out of the assignments, or change the role in the product itself.

      Left alone: 2 assignments.

    Digest sha256:DIGEST
    Refused: 1 refusal; nothing will be sent to reviews.
    Plan: 2 to create; 2 assignments (+1 ~1).

    Nothing was sent.
    --- exit 4
    "#);
    assert_eq!(emulator.sent(), [""; 0]);
}

#[test]
fn a_person_who_became_a_billing_admin_meanwhile_fails_alone() {
    let emulator = Emulator::start();
    let project = Project::in_git(&emulator, "");
    project.define(&format!("{ROLES}{}", assigned("one", &["1003", "1004", "1005"])));
    // The plan reads the people once; they change before the request is sent.
    emulator.faults(&["POST /v1/roles latency=600 times=1"]);
    let command = project.command(["apply", "--auto-approve"]).stdout(piped()).stderr(piped()).spawn();
    let child = command.expect("it starts");
    wait_for(&emulator, "POST /v1/roles");
    emulator.give("1004", "cr_billing_admin");
    let output = project.output(child.wait_with_output().expect("it ends")).exits(6);
    assert_snapshot!(output.shown(), @r#"
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

      Assignments
        One  (+3)
          + 1003: Member → One
          + 1004: Member → One
          + 1005: Member → One

      Left alone: 3 assignments.

    Digest sha256:DIGEST
    Plan: 2 to create; 3 assignments (+3).

      Failed
        + 1004 → One (was Member)  reviews/assignment/-/user:1004
            CANNOT_CHANGE_BILLING_ADMIN_ROLE

      Applied
        + 1003 → One (was Member)
        + 1005 → One (was Member)
        + create One
        + create Two

    Applied 4 of 5: 1 failed. Put right what failed, then apply again to continue.
    --- stderr
    reviews: create role `One`: done
    reviews: create role `Two`: done
    reviews: give 3 people the role `One`: failed
    --- exit 6
    "#);
    assert_eq!(["1003", "1004", "1005"].map(|user| emulator.held_by(user)), ["One", "Billing Admin", "One"]);
}

#[test]
fn who_holds_what_is_not_guessed() {
    let emulator = Emulator::start();
    let project = Project::in_git(&emulator, TO_MEMBER);
    project.define(&format!("{ROLES}{}", assigned("one", &["1003"])));
    let _made = project.apply().exits(0);
    emulator.switch("user_role_value", "custom");
    project.define(&format!("{ROLES}{}", assigned("two", &["1003"])));
    let refused = project.apply().exits(4).has("will not give a role to `1003` on an incomplete read");
    assert_snapshot!(refused.shown(), @r#"
    Commit COMMIT on main, compared with HEAD (BASE), with changes that are not committed,
      TODAY

    reviews  coderabbit · HOST · tenant crorg-acme

      Assignments
        Two
          + 1003: unknown now → Two
            ! Refused: too little could be read
                will not give a role to `1003` on an incomplete read: the role "One" reports 1 users and
                the list of users shows 0, so what the list says about others cannot be relied on

      Left alone: 3 assignments.

    Digest sha256:DIGEST
    Refused: 1 refusal; nothing will be sent to reviews.
    Plan: 1 assignment (+1).

    Nothing was sent.
    --- exit 4
    "#);
    assert_eq!(emulator.held_by("1003"), "One");
}

/// Gives so many people a role; returns the sizes of the requests, largest first.
fn many(count: usize) -> Vec<usize> {
    let ids: Vec<String> = (0..count).map(|n| format!("{}", 5000 + n)).collect();
    let users: Vec<Value> = ids.iter().map(|id| json!({ "user_id": id, "role": "cr_member" })).collect();
    let emulator = Emulator::seeded(json!({ "users": users }));
    let project = Project::in_git(&emulator, "");
    project.define(&format!("{ROLES}assignments:\n  - role: one\n    users: {ids:?}\n"));
    let all = count + 2;
    let _applied = project
        .apply()
        .exits(0)
        .has(&format!("Applied {all} of {all}"))
        .has("s before GET /v1/users: the provider's limit of requests.");
    let mut batches: Vec<usize> = emulator
        .requests()
        .iter()
        .filter(|one| text(one, "path") == "/v1/users/roles")
        .map(|one| texts(&one["body"]["user_ids"]).len())
        .collect();
    batches.sort_unstable_by(|a, b| b.cmp(a));
    batches
}

/// A page has a hundred people, and ten requests a minute are allowed: this waits for a minute, as it
/// would at the product.
#[test]
fn six_hundred_people_move_in_batches_of_five_hundred() {
    assert_eq!(many(600), [500, 100]);
}

#[test]
#[ignore = "waits for three minutes"]
fn twelve_hundred_people_move_in_batches_of_five_hundred() {
    assert_eq!(many(1200), [500, 500, 200]);
}

pub(super) fn piped() -> std::process::Stdio {
    std::process::Stdio::piped()
}

/// Waits until a request that begins so has arrived.
#[track_caller]
pub(super) fn wait_for(emulator: &Emulator, start: &str) {
    for _ in 0..500 {
        if emulator.count(start) > 0 {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("no request {start}");
}

#[test]
fn a_moment_without_access_is_refused_unless_the_role_accepts_it() {
    let emulator = Emulator::start();
    let project = Project::in_git(&emulator, "");
    let roles = |one: &str, two: &str, holders: [&str; 2]| {
        project.define(&format!(
            "roles:
  one: {{ name: One, description: Needed, {one} }}
  two: {{ name: Two, description: Needed, {two} }}
assignments:
  - {{ role: one, users: [\"{}\"] }}
  - {{ role: two, users: [\"{}\"] }}
",
            holders[0], holders[1]
        ));
    };
    let (reports, learnings) = ("permissions: { reports: [read] }", "permissions: { learnings: [read] }");
    roles(reports, learnings, ["1003", "1004"]);
    let _first = project.apply().exits(0);
    project.commit("start");
    emulator.forget();
    // Everybody keeps what they have, over the other role.
    roles(learnings, reports, ["1004", "1003"]);
    let _refused = project
        .apply()
        .exits(4)
        .has("1003 would be without `reports:read` for a moment")
        .has("1004 would be without `learnings:read` for a moment")
        // Which of the two makes the gap depends on their ids.
        .has("Accept it with `allow_gap: true` at `reviews/role/");
    assert_eq!(emulator.sent(), [""; 0]);
    roles(&format!("allow_gap: true, {learnings}"), reports, ["1004", "1003"]);
    let _accepted = project.apply().exits(0).has("`allow_gap` accepts it");
    assert_eq!((emulator.held_by("1003"), emulator.held_by("1004")), ("Two".into(), "One".into()));
    project.is_in_place();
}
