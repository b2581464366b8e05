use proptest::prelude::*;
use unicode_width::UnicodeWidthStr;

use super::*;
use crate::{
    model::{Address, Scope},
    plan::document::{Action, Change, FieldChange, Origin},
    render::{
        escape::is_hidden,
        plan::{
            json::tests::any_plan,
            samples::{
                COLOR, HOSTILE, NARROW, WIDE, change, document, everything, failed, fields, hostile, many,
                person, role, set, target, text,
            },
        },
    },
};

#[test]
fn wide() {
    insta::assert_snapshot!(render(&everything(), WIDE), @r#"
Commit 4f2a91c0d3b8 on release-roles, compared with 8d10c33fa1b2, 2026-11-20

reviews  acme · EMULATOR · api.acme.test · tenant 88321
  manage: roles authoritative, assignments declared

  What is managed and guarded changes
    ! manage.roles: declared → authoritative

  - delete Old role  reviews/role/=Old%20role
      held by 1 person · drift: changed outside git
      Git never declared it, and the mode is authoritative.
      permissions: 2
        - reviews: read, write
      ! Refused: somebody still holds the role
          1 person holds the role
          help: Add `- { name: Old role, reassign_to: member }` to `removed`.

  -/+ replace Base mover  reviews/role/base-mover
      base: "guest" → "reporter"
      Side effect: The identity provider's link of the role is lost.
      Allowed by hand (protect): the role is protected from being deleted
        Reason given: agreed with the release team, CHG-12

  ~ change Clicked together  reviews/role/clicked
      held by nobody
      Takes over a live role that no earlier revision is known to declare.
      protected: false → true

  + create Release auditor  reviews/role/release-auditor
      roles/release.yaml:2
      description: "Reads what was released"
      permissions: 4
        + read_release
        + read_tag
        + reports: read, write

  → rename Release Aide → Release helper  reviews/role/release-helper

  ~ change Security reviewer  reviews/role/security-reviewer
      held by 3 people · roles/security.yaml:4
      description:  (unapplied)
        - Reviews all the code and reads audit logs
        + Reviews security relevant code and reads audit logs
      permissions: 2 removed, 3 added, 7 unchanged
        - learnings: none
        - user_management: read  (drift)
        + learnings: read, write  (via set security-read, roles/sets.yaml:4)
        + members: read  (drift; via base Member)
        = api_keys: read; audit: read; knowledge: read; reports: read; reviews: read, write;
            workspaces: read

  ○ release Released role  reviews/role/released
      It is no longer managed, and stays as it is.

  ◆ default role: Member → Release auditor  reviews/default
      By hand, as there is no API for it:
        1. Open Settings > Roles.
        2. Choose “Release auditor” as the default.

  Assignments
    Release auditor in group acme/platform  (+2 ~1 −1)
      + mira  + okan
      ~ jo: Developer → Release auditor
      - x@example.test  (expired)

  Not applicable (min_admins): the provider has no administrator role

  Left alone: 2 roles that git does not declare: Temp, Guest 2; 12 assignments.

  Note: There is no record of the last apply.

Digest sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd
Refused: 1 refusal; nothing will be applied to reviews.
Plan: 1 to create, 2 to change, 1 to rename, 1 to replace, 1 to delete, 1 to release, a new default
  role; 4 assignments (+2 ~1 −1); 1 scope change; 1 by hand.
"#);
}

#[test]
fn narrow_without_unicode() {
    insta::assert_snapshot!(render(&everything(), NARROW), @r#"
Commit 4f2a91c0d3b8 on release-roles,
  compared with 8d10c33fa1b2, 2026-11-20

reviews  acme, EMULATOR, api.acme.test,
  tenant 88321
  manage: roles authoritative,
    assignments declared

  What is managed and guarded changes
    ! manage.roles: declared ->
        authoritative

  - delete Old role
      reviews/role/=Old%20role
      held by 1 person, drift: changed
      outside git
      Git never declared it, and the
      mode is authoritative.
      permissions: 2
        - reviews: read, write
      ! Refused: somebody still holds
        the role
          1 person holds the role
          help: Add `- { name: Old role,
            reassign_to: member }` to
            `removed`.

  -/+ replace Base mover
      reviews/role/base-mover
      base: "guest" -> "reporter"
      Side effect: The identity
        provider's link of the role is
        lost.
      Allowed by hand (protect): the
        role is protected from being
        deleted
        Reason given: agreed with the
          release team, CHG-12

  ~ change Clicked together
      reviews/role/clicked
      held by nobody
      Takes over a live role that no
      earlier revision is known to
      declare.
      protected: false -> true

  + create Release auditor
      reviews/role/release-auditor
      roles/release.yaml:2
      description: "Reads what was
        released"
      permissions: 4
        + read_release
        + read_tag
        + reports: read, write

  > rename Release Aide -> Release
      helper
      reviews/role/release-helper

  ~ change Security reviewer
      reviews/role/security-reviewer
      held by 3 people,
      roles/security.yaml:4
      description:  (unapplied)
        - Reviews all the code and reads
          audit logs
        + Reviews security relevant code
          and reads audit logs
      permissions: 2 removed, 3 added, 7
        unchanged
        - learnings: none
        - user_management: read  (drift)
        + learnings: read, write  (via
            set security-read,
            roles/sets.yaml:4)
        + members: read  (drift; via
            base Member)
        = api_keys: read; audit: read;
            knowledge: read; reports:
            read; reviews: read, write;
            workspaces: read

  o release Released role
      reviews/role/released
      It is no longer managed, and stays
      as it is.

  * default role: Member -> Release
      auditor  reviews/default
      By hand, as there is no API for
        it:
        1. Open Settings > Roles.
        2. Choose “Release auditor” as
           the default.

  Assignments
    Release auditor in group
      acme/platform  (+2 ~1 -1)
      + mira  + okan
      ~ jo: Developer -> Release auditor
      - x@example.test  (expired)

  Not applicable (min_admins): the
    provider has no administrator role

  Left alone: 2 roles that git does not
    declare: Temp, Guest 2; 12
    assignments.

  Note: There is no record of the last
    apply.

Digest
  sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd
Refused: 1 refusal; nothing will be
  applied to reviews.
Plan: 1 to create, 2 to change, 1 to
  rename, 1 to replace, 1 to delete, 1
  to release, a new default role; 4
  assignments (+2 ~1 -1); 1 scope
  change; 1 by hand.
"#);
}

#[test]
fn colour() {
    let description = FieldChange::Value {
        field: "description".into(),
        before: Some(text("Reads all code")),
        after: Some(text("Reads secret code")),
        origin: Origin::Pending,
    };
    let update = Change { fields: vec![description], ..role(Action::Update, "reader", "Reader") };
    let plan = document(vec![target("reviews", vec![update])]);
    let out = render(&plan, COLOR);
    insta::assert_snapshot!(out.replace('\u{1b}', "␛"), @r"
␛[2mCommit␛[0m 4f2a91c0d3b8 ␛[2mon␛[0m release-roles␛[2m, compared with␛[0m 8d10c33fa1b2␛[2m, 2026-11-20␛[0m

␛[1mreviews␛[0m  ␛[2macme · api.acme.test · tenant 88321␛[0m

  ␛[33m~ change␛[0m ␛[1mReader␛[0m  ␛[2mreviews/role/reader␛[0m
      description␛[2m:␛[0m
        ␛[31m- Reads␛[0m ␛[1m␛[4m␛[31mall␛[0m ␛[31mcode␛[0m
        ␛[32m+ Reads␛[0m ␛[1m␛[4m␛[32msecret␛[0m ␛[32mcode␛[0m

␛[2mDigest sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd␛[0m
␛[1mPlan: 1 to change.␛[0m
");
    let stripped = anstream::adapter::strip_str(&out).to_string();
    assert_eq!(stripped, render(&plan, WIDE), "colour adds nothing but colour");
}

#[test]
fn nothing_to_do() {
    insta::assert_snapshot!(render(&document(vec![target("reviews", Vec::new())]), WIDE), @r"
Commit 4f2a91c0d3b8 on release-roles, compared with 8d10c33fa1b2, 2026-11-20

reviews  acme · api.acme.test · tenant 88321
  No changes.

Digest sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd
No changes. Live matches the definitions.
");
}

#[test]
fn a_failed_target_does_not_hide_the_others() {
    insta::assert_snapshot!(render(&many(5), WIDE), @r"
Commit 4f2a91c0d3b8 on release-roles, compared with 8d10c33fa1b2, 2026-11-20

team-001  acme · api.acme.test · tenant 88321

  → rename Release Aide → Release helper  reviews/role/release-helper

  Digest sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
  1 to rename.

team-002  acme
  No plan: GET /api/v4/groups/acme answered 503 four times in 30 s
    help: Try again later, or leave the target out with `--target`.

team-000  acme · api.acme.test · tenant 88321 · no changes
team-003  acme · api.acme.test · tenant 88321 · no changes
team-004  acme · api.acme.test · tenant 88321 · no changes

Failed: team-002.
Plan: 1 to rename; 1 of 5 targets failed.
");
    insta::assert_snapshot!(render(&document(vec![failed("reviews")]), WIDE), @r"
Commit 4f2a91c0d3b8 on release-roles, compared with 8d10c33fa1b2, 2026-11-20

reviews  acme
  No plan: GET /api/v4/groups/acme answered 503 four times in 30 s
    help: Try again later, or leave the target out with `--target`.

Failed: reviews.
No plan: 1 target failed.
");
}

#[test]
fn two_hundred_targets_flow() {
    let out = render(&many(200), WIDE);
    assert!(out.lines().count() < 45, "{out}");
    assert!(out.contains("No changes in 198 targets: team-000, team-003,"), "{out}");
    assert!(out.contains("team-199"), "{out}");
}

#[test]
fn quiet_is_the_end() {
    insta::assert_snapshot!(quiet(&everything(), WIDE), @r"
Refused: 1 refusal; nothing will be applied to reviews.
Plan: 1 to create, 2 to change, 1 to rename, 1 to replace, 1 to delete, 1 to release, a new default
  role; 4 assignments (+2 ~1 −1); 1 scope change; 1 by hand.
");
    insta::assert_snapshot!(quiet(&many(3), WIDE), @r"
Failed: team-002.
Plan: 1 to rename; 1 of 3 targets failed.
");
}

#[test]
fn many_people_flow_and_all_are_named() {
    let names: Vec<_> = (0..40).map(|number| format!("person-{number:02}")).collect();
    let mut changes: Vec<_> =
        names.iter().map(|name| person(Action::Assign, name, None, Some("Auditor"))).collect();
    changes.push(person(Action::Unassign, "a, - b", Some("Auditor"), None));
    let out = render(&document(vec![target("reviews", changes)]), NARROW);
    for name in &names {
        assert!(out.contains(&format!("+ {name}")), "{out}");
    }
    assert!(out.contains("- \"a, - b\""), "a name that looks like two is quoted\n{out}");
    assert!(out.contains("41 assignments (+40 -1)"), "{out}");
}

#[test]
fn a_permission_cannot_pretend_to_be_two() {
    let created = Change {
        after: fields([("permissions", set(&["a:read, write", "a:read", "a::b", "x y"]))]),
        ..role(Action::Create, "r", "R")
    };
    let out = render(&document(vec![target("reviews", vec![created])]), WIDE);
    assert!(out.contains("+ \"a:read, write\"\n"), "{out}");
    assert!(out.contains("+ a: read\n"), "{out}");
    assert!(out.contains("+ a::b\n"), "{out}");
    assert!(out.contains("+ \"x y\"\n"), "{out}");
}

#[test]
fn hostile_text_is_inert() {
    for hostile_text in HOSTILE {
        for style in [WIDE, NARROW] {
            let out = render(&hostile(hostile_text), style);
            assert!(!out.chars().any(|c| c != '\n' && is_hidden(c)), "{out}");
            assert!(!out.lines().any(|line| line.trim_start().starts_with("::")), "{out}");
        }
    }
    assert!(render(&everything(), NARROW).replace(['“', '”'], "").is_ascii(), "but for what is quoted");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever comes or goes is there in full, and nothing is wider than the terminal but what a
    /// reader may copy.
    #[test]
    fn nothing_that_comes_or_goes_is_folded(number in 1_usize..60, width in 40_usize..200, creates: bool) {
        let names: Vec<_> = (0..number).map(|n| format!("area{}:access{n}", n % 7)).collect();
        let values: Vec<_> = names.iter().map(String::as_str).collect();
        let all = fields([("permissions", set(&values))]);
        let address = Address::role("reviews", "r", &Scope::Target);
        let change = if creates {
            Change { after: all, ..change(Action::Create, address, "R") }
        } else {
            Change { before: all, ..change(Action::Delete, address, "R") }
        };
        let out = render(&document(vec![target("reviews", vec![change])]), Style { width, ..WIDE });
        for n in 0..number {
            let name = format!("access{n}");
            prop_assert!(out.contains(&name));
        }
        for line in out.lines().filter(|line| !line.contains("sha256:")) {
            prop_assert!(line.width() <= width, "{line}");
        }
    }

    #[test]
    fn any_plan_is_inert(plan in any_plan(), width in 0_usize..120, unicode: bool) {
        let out = render(&plan, Style { color: false, unicode, width });
        prop_assert!(!out.chars().any(|c| c != '\n' && is_hidden(c)));
        prop_assert!(!out.lines().any(|line| line.trim_start().starts_with("::")));
        prop_assert!(out.ends_with(".\n"));
    }
}
