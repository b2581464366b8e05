use proptest::prelude::*;
use unicode_width::UnicodeWidthStr;

use super::*;
use crate::{
    model::{Address, Scope},
    plan::document::{
        Action, Change, FieldChange, Guard, Origin, Reason, UnmanagedRole, Verdict, VerdictOutcome,
    },
    render::{
        escape::is_hidden,
        plan::{
            json::tests::any_plan,
            markdown::{self, MarkdownOptions},
            samples::{
                COLOR, HOSTILE, NARROW, WIDE, change, document, everything, failed, fields, git, hostile,
                many, person, role, set, target, text, verdict,
            },
        },
    },
};

#[test]
fn wide() {
    insta::assert_snapshot!(render(&everything(), WIDE), @r#"
Commit 4f2a91c0d3b8 on release-roles, compared with origin/main (8d10c33fa1b2), 2026-11-20

reviews  acme · EMULATOR · api.acme.test · tenant 88321
  manage: roles authoritative, assignments declared

  What is managed and guarded changes
    ! how roles are managed (manage.roles): declared → authoritative

  - delete Old role  reviews/role/=Old%20role
      held by 1 person
      drift: added outside git, this plan takes it away again
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
      description:  (merged earlier, not in place yet)
        - Reviews all the code and reads audit logs
        + Reviews security relevant code and reads audit logs
      permissions: 2 removed, 3 added, 7 unchanged
        - learnings: none
        - user_management: read  (drift: added outside git, this plan takes it away again)
        + learnings: read, write  (via set security-read, roles/sets.yaml:4)
        + members: read  (drift: removed outside git, comes back; via base Member)
        = api_keys: read; audit: read; knowledge: read; reports: read; reviews: read, write;
            workspaces: read

  ○ release Released role  reviews/role/released
      It is no longer managed, and stays as it is.

  ◆ default role: Member → Release auditor  reviews/default
      By hand, as there is no API for it:
        1. Open Settings > Roles.
        2. Choose “Release auditor” as the default.

  Assignments
    group acme/platform: Release auditor  (+2 ~1 −1)
      + mira  + okan
      ~ jo: Developer → Release auditor
      - x@example.test  (expired)

  Not applicable (min_admins): the provider has no administrator role

  Left alone: 2 roles that git does not declare: Temp, Guest 2; 12 assignments.

  Note: There is no record of the last apply.

Digest sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd
Refused: 1 refusal; nothing will be sent to reviews.
Plan: 1 to create, 2 to change, 1 to rename, 1 to replace, 1 to delete, 1 to release, a new default
  role; 4 assignments (+2 ~1 −1); 1 scope change; 1 by hand; drift in 2 of them.
"#);
}

#[test]
fn narrow_without_unicode() {
    insta::assert_snapshot!(render(&everything(), NARROW), @r#"
Commit 4f2a91c0d3b8 on release-roles,
  compared with origin/main
  (8d10c33fa1b2), 2026-11-20

reviews  acme, EMULATOR, api.acme.test,
  tenant 88321
  manage: roles authoritative,
    assignments declared

  What is managed and guarded changes
    ! how roles are managed
        (manage.roles): declared ->
        authoritative

  - delete Old role
      reviews/role/=Old%20role
      held by 1 person
      drift: added outside git, this
        plan takes it away again
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
      description:  (merged earlier, not
        in place yet)
        - Reviews all the code and reads
          audit logs
        + Reviews security relevant code
          and reads audit logs
      permissions: 2 removed, 3 added, 7
        unchanged
        - learnings: none
        - user_management: read  (drift:
            added outside git, this plan
            takes it away again)
        + learnings: read, write  (via
            set security-read,
            roles/sets.yaml:4)
        + members: read  (drift: removed
            outside git, comes back; via
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
    group acme/platform: Release auditor
      (+2 ~1 -1)
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
Refused: 1 refusal; nothing will be sent
  to reviews.
Plan: 1 to create, 2 to change, 1 to
  rename, 1 to replace, 1 to delete, 1
  to release, a new default role; 4
  assignments (+2 ~1 -1); 1 scope
  change; 1 by hand; drift in 2 of them.
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
␛[2mCommit␛[0m 4f2a91c0d3b8 ␛[2mon␛[0m release-roles␛[2m, compared with␛[0m origin/main ␛[2m(8d10c33fa1b2), 2026-11-20␛[0m

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
fn a_pull_request_tells_what_is_its_own() {
    insta::assert_snapshot!(render(&git::review(), WIDE), @r"
    Commit 4f2a91c0d3b8 on release-roles, merged with origin/main (8d10c33fa1b2) in memory, as the
      branch is behind, 2026-11-20

    reviews  acme · api.acme.test · tenant 88321
      last recorded: 2026-11-20 10:04 UTC by mira at 8d10c33fa1b2

      What is managed and guarded changes
        ! how roles are managed (manage.roles): declared → authoritative
        ! most roles that one plan may delete (guards.max_deletes): 3 → 50%
        ! files that are no longer read (files): roles/legacy.yaml
        ! setting (settings.org_id): 88321 → 88322

      ~ change Security reviewer  reviews/role/security-reviewer
          held by 3 people · roles/security.yaml:4 (Mira, 4f2a91c0, 2026-11-19)
          permissions: 1 removed, 2 added, 1 unchanged
            - api_keys: write  (drift: added outside git, this plan takes it away again)
            + audit: read
            + learnings: read  (drift: removed outside git, comes back)
            = reports: read
          Audit log 2026-11-19 15:20 UTC by okan: edited role Security reviewer

      ~ change Release helper  reviews/role/release-helper
          roles/security.yaml:12 (Mira, 4f2a91c0, 2026-11-19)
          merged earlier, not in place yet
          description:
            - Does anything
            + Prepares releases

      - delete Clicked  reviews/role/clicked
          held by nobody
          drift: added outside git, this plan takes it away again
          Git never declared it, and the mode is authoritative.
          permissions: 1
            - api_keys: write
          Audit log 2026-11-18 09:01 UTC by okan: created role Clicked

      + create Auditor  reviews/role/auditor
          roles/security.yaml:20 (Mira, 4f2a91c0, 2026-11-19)
          drift: removed outside git, comes back
          permissions: 1
            + audit: read

      ○ release Intern  reviews/role/intern
          Git declared it before, and the definitions no longer do.
          It is no longer managed, and stays as it is.

      Assignments
        group acme/platform: Auditor  (+2 ~1 −1 ○1)
          + mira
          + okan  (drift: removed outside git, comes back)
          - x@example.test  (drift: added outside git, this plan takes it away again)
          ~ jo: Developer → Auditor  (merged earlier, not in place yet)
          ○ sam  (no longer managed, stays as it is, no longer declared)

      warning[RC052]: `audit:read` is not in the live catalogue  roles/security.yaml:9
        help: Refresh it with
              rolecall catalog --write

    Digest sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd
    Plan: 1 to create, 2 to change, 1 to delete, 2 to release; 4 assignments (+2 ~1 −1); 4 scope
      changes; drift in 5 of them.
    ");
}

#[test]
fn a_pull_request_on_a_narrow_terminal() {
    insta::assert_snapshot!(render(&git::review(), NARROW), @r"
    Commit 4f2a91c0d3b8 on release-roles,
      merged with origin/main (8d10c33fa1b2)
      in memory, as the branch is behind,
      2026-11-20

    reviews  acme, api.acme.test, tenant
      88321
      last recorded: 2026-11-20 10:04 UTC by
        mira at 8d10c33fa1b2

      What is managed and guarded changes
        ! how roles are managed
            (manage.roles): declared ->
            authoritative
        ! most roles that one plan may
            delete (guards.max_deletes): 3
            -> 50%
        ! files that are no longer read
            (files): roles/legacy.yaml
        ! setting (settings.org_id): 88321
            -> 88322

      ~ change Security reviewer
          reviews/role/security-reviewer
          held by 3 people,
          roles/security.yaml:4 (Mira,
          4f2a91c0, 2026-11-19)
          permissions: 1 removed, 2 added, 1
            unchanged
            - api_keys: write  (drift: added
                outside git, this plan takes
                it away again)
            + audit: read
            + learnings: read  (drift:
                removed outside git, comes
                back)
            = reports: read
          Audit log 2026-11-19 15:20 UTC by
            okan: edited role Security
            reviewer

      ~ change Release helper
          reviews/role/release-helper
          roles/security.yaml:12 (Mira,
          4f2a91c0, 2026-11-19)
          merged earlier, not in place yet
          description:
            - Does anything
            + Prepares releases

      - delete Clicked  reviews/role/clicked
          held by nobody
          drift: added outside git, this
            plan takes it away again
          Git never declared it, and the
          mode is authoritative.
          permissions: 1
            - api_keys: write
          Audit log 2026-11-18 09:01 UTC by
            okan: created role Clicked

      + create Auditor  reviews/role/auditor
          roles/security.yaml:20 (Mira,
          4f2a91c0, 2026-11-19)
          drift: removed outside git, comes
            back
          permissions: 1
            + audit: read

      o release Intern  reviews/role/intern
          Git declared it before, and the
          definitions no longer do.
          It is no longer managed, and stays
          as it is.

      Assignments
        group acme/platform: Auditor  (+2 ~1
          -1 o1)
          + mira
          + okan  (drift: removed outside
            git, comes back)
          - x@example.test  (drift: added
            outside git, this plan takes it
            away again)
          ~ jo: Developer -> Auditor
            (merged earlier, not in place
            yet)
          o sam  (no longer managed, stays
            as it is, no longer declared)

      warning[RC052]: `audit:read` is not in
        the live catalogue
        roles/security.yaml:9
        help: Refresh it with
              rolecall catalog --write

    Digest
      sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd
    Plan: 1 to create, 2 to change, 1 to
      delete, 2 to release; 4 assignments
      (+2 ~1 -1); 4 scope changes; drift in
      5 of them.
    ");
}

#[test]
fn what_is_left_alone_is_told_with_the_way_to_include_it() {
    insta::assert_snapshot!(render(&git::pending_only(), WIDE), @r"
    Commit 4f2a91c0d3b8 on release-roles, compared with origin/main (8d10c33fa1b2), 2026-11-20

    reviews  acme · api.acme.test · tenant 88321
      only what the definitions changed (--pending-only)
      last recorded: 2026-11-20 10:04 UTC by mira at 8d10c33fa1b2

      ~ change Security reviewer  reviews/role/security-reviewer
          held by 3 people · roles/security.yaml:4 (Mira, 4f2a91c0, 2026-11-19)
          permissions: 1 added, 1 unchanged
            + audit: read
            = reports: read

      Left alone by --pending-only

        ~ would change Release helper  reviews/role/release-helper
            nobody can tell why: there is no record of an apply
            description:
              - Does anything
              + Prepares releases

        ~ would change Security reviewer  reviews/role/security-reviewer
            drift: changed outside git
            permissions: 1 removed, 1 added
              - api_keys: write
              + learnings: read

        Assignments
          group acme/platform: Developer
            ~ jo: Auditor → Developer  (drift: changed outside git)

        A plan without `--pending-only` includes it.

    Digest sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd
    Plan: 1 to change; 3 differences left alone.
    ");
}

#[test]
fn drift_is_told_as_what_somebody_did() {
    insta::assert_snapshot!(drift(&git::drift(Origin::Drift), WIDE), @r"
    Drift: what was changed outside git since the last apply
    Commit 4f2a91c0d3b8 on release-roles, compared with origin/main (8d10c33fa1b2), 2026-11-20

    reviews  acme · api.acme.test · tenant 88321
      last recorded: 2026-11-20 10:04 UTC by mira at 8d10c33fa1b2

      ~ changed Security reviewer  reviews/role/security-reviewer
          held by 3 people · roles/security.yaml:4 (Mira, 4f2a91c0, 2026-11-19)
          permissions: 1 removed, 1 added, 1 unchanged
            - learnings: read
            + api_keys: write
            = reports: read
          Audit log 2026-11-19 15:20 UTC by okan: edited role Security reviewer

      + created Clicked  reviews/role/clicked
          held by nobody
          permissions: 1
            + api_keys: write
          Audit log 2026-11-18 09:01 UTC by okan: created role Clicked

      - deleted Auditor  reviews/role/auditor
          roles/security.yaml:20 (Mira, 4f2a91c0, 2026-11-19)
          permissions: 1
            - audit: read

      → renamed Helper → Helper!!  reviews/role/helper

      Assignments
        group acme/platform: Auditor  (+1 −1)
          - okan  + x@example.test

    `rolecall apply` puts it back; `rolecall import --drift` takes it into the definitions.
    Drift: 1 created, 1 changed, 1 renamed, 1 deleted, 2 assignments (+1 −1) outside git.
    ");
    insta::assert_snapshot!(drift_quiet(&git::drift(Origin::Drift), WIDE), @"Drift: 1 created, 1 changed, 1 renamed, 1 deleted, 2 assignments (+1 −1) outside git.");
    let mut settled = target("reviews", Vec::new());
    settled.applied = git::drift(Origin::Drift).targets[0].applied.clone();
    insta::assert_snapshot!(drift(&document(vec![settled]), WIDE), @r"
    Drift: what was changed outside git since the last apply
    Commit 4f2a91c0d3b8 on release-roles, compared with origin/main (8d10c33fa1b2), 2026-11-20

    reviews  acme · api.acme.test · tenant 88321
      last recorded: 2026-11-20 10:04 UTC by mira at 8d10c33fa1b2
      No drift.

    No drift. Live is as it was recorded last.
    ");
    let mut never = target("reviews", Vec::new());
    never.applied = None;
    insta::assert_snapshot!(drift_quiet(&document(vec![never]), WIDE), @"No drift is known: no apply of 1 target is recorded yet.");
    insta::assert_snapshot!(drift_quiet(&document(Vec::new()), WIDE), @"No drift: there is no target here.");
}

#[test]
fn without_a_record_a_report_says_what_it_cannot_tell() {
    let unknown = drift(&git::drift(Origin::Undetermined), WIDE);
    assert!(unknown.contains("Note: There is no record of an apply"), "{unknown}");
    let known = drift(&git::drift(Origin::Drift), WIDE);
    assert!(!known.contains("no record"), "{known}");
}

#[test]
fn without_a_record_a_plan_says_why_nothing_is_called_drift() {
    let mut plan = git::drift(Origin::Undetermined);
    let out = render(&plan, WIDE);
    assert!(out.contains("no record of an apply") && !out.contains("drift"), "{out}");
    plan.revisions.base = None;
    assert!(!render(&plan, WIDE).contains("no record"), "outside git nobody expects one");
}

#[test]
fn a_selection_that_matches_nothing_does_not_say_that_all_is_well() {
    let selected = TargetPlan {
        selection: vec!["reviews/role/nobody".into()],
        notes: vec!["`--only` matches nothing of the plan; 3 changes are outside of it".into()],
        ..target("reviews", Vec::new())
    };
    insta::assert_snapshot!(render(&document(vec![selected]), WIDE), @r"
    Commit 4f2a91c0d3b8 on release-roles, compared with origin/main (8d10c33fa1b2), 2026-11-20

    reviews  acme · api.acme.test · tenant 88321
      only: reviews/role/nobody
      No changes in this selection.

      Note: `--only` matches nothing of the plan; 3 changes are outside of it

    Digest sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd
    No changes in what --only selects.
    ");
}

#[test]
fn one_guard_refuses_once_with_all_its_reasons() {
    let refused = TargetPlan {
        verdicts: vec![
            Verdict {
                help: Some("Keep more administrators, or `--allow min_admins --reason TEXT`.".into()),
                ..verdict(Guard::MinAdmins, VerdictOutcome::Refused, "1 of 2 would remain")
            },
            verdict(Guard::MinAdmins, VerdictOutcome::Refused, "the caller would be moved"),
            verdict(Guard::Held, VerdictOutcome::Refused, "1 person holds the role"),
        ],
        ..target("reviews", vec![role(Action::Delete, "old", "Old")])
    };
    insta::assert_snapshot!(render(&document(vec![refused]), WIDE), @r"
    Commit 4f2a91c0d3b8 on release-roles, compared with origin/main (8d10c33fa1b2), 2026-11-20

    reviews  acme · api.acme.test · tenant 88321

      - delete Old  reviews/role/old

      ! Refused: administrators could be locked out [min_admins]
          1 of 2 would remain
          the caller would be moved
          help: Keep more administrators, or
                --allow min_admins --reason TEXT
      ! Refused: somebody still holds the role
          1 person holds the role

    Digest sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd
    Refused: 2 refusals; nothing will be sent to reviews.
    Plan: 1 to delete.
    ");
}

#[test]
fn a_role_that_cannot_be_read_is_unknown_now() {
    let assigned = Change {
        verdicts: vec![verdict(
            Guard::Blocked,
            VerdictOutcome::Refused,
            "which role `mira` holds now cannot be read",
        )],
        ..person(Action::Assign, "mira", None, Some("Auditor"))
    };
    let out = render(&document(vec![target("reviews", vec![assigned])]), WIDE);
    assert!(out.contains("+ mira: unknown now → Auditor"), "{out}");
}

#[test]
fn nothing_to_do() {
    insta::assert_snapshot!(render(&document(vec![target("reviews", Vec::new())]), WIDE), @r"
Commit 4f2a91c0d3b8 on release-roles, compared with origin/main (8d10c33fa1b2), 2026-11-20

reviews  acme · api.acme.test · tenant 88321
  No changes.

Digest sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd
No changes. Live matches the definitions.
");
}

#[test]
fn a_failed_target_does_not_hide_the_others() {
    insta::assert_snapshot!(render(&many(5), WIDE), @r"
Commit 4f2a91c0d3b8 on release-roles, compared with origin/main (8d10c33fa1b2), 2026-11-20

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
Commit 4f2a91c0d3b8 on release-roles, compared with origin/main (8d10c33fa1b2), 2026-11-20

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
Refused: 1 refusal; nothing will be sent to reviews.
Plan: 1 to create, 2 to change, 1 to rename, 1 to replace, 1 to delete, 1 to release, a new default
  role; 4 assignments (+2 ~1 −1); 1 scope change; 1 by hand; drift in 2 of them.
");
    insta::assert_snapshot!(quiet(&many(3), WIDE), @r"
Failed: team-002.
Plan: 1 to rename; 1 of 3 targets failed.
");
}

#[test]
fn people_flow_and_who_fits_is_named() {
    let names: Vec<_> = (0..20).map(|number| format!("person-{number:02}")).collect();
    let mut changes: Vec<_> =
        names.iter().map(|name| person(Action::Assign, name, None, Some("Auditor"))).collect();
    changes.push(person(Action::Unassign, "a, - b", Some("Auditor"), None));
    let out = render(&document(vec![target("reviews", changes)]), NARROW);
    for name in &names {
        assert!(out.contains(&format!("+ {name}")), "{out}");
    }
    assert!(out.contains("- \"a, - b\""), "a name that looks like two is quoted\n{out}");
    assert!(out.contains("21 assignments (+20 -1)"), "{out}");
}

#[test]
fn long_lists_of_people_are_folded_and_who_needs_a_word_is_named() {
    let mut changes: Vec<Change> =
        (0..30).map(|n| person(Action::Assign, &format!("new-{n:02}"), None, Some("Auditor"))).collect();
    changes.extend((0..24).map(|n| Change {
        reason: Some(Reason::NoLongerDeclared),
        ..person(Action::Unassign, &format!("old-{n:02}"), Some("Auditor"), None)
    }));
    changes.push(Change {
        verdicts: vec![verdict(Guard::Blocked, VerdictOutcome::Refused, "the role cannot be changed")],
        ..person(Action::Unassign, "zoe", Some("Auditor"), None)
    });
    let out = render(&document(vec![target("reviews", changes)]), WIDE);
    assert!(out.contains("group acme/platform: Auditor  (+30 −25)"), "{out}");
    assert!(out.contains("+ new-19") && !out.contains("new-20") && out.contains("+ 10 more\n"), "{out}");
    assert!(out.contains("- old-19") && !out.contains("old-20"), "{out}");
    assert!(out.contains("- 4 more  (no longer declared)\n"), "{out}");
    assert!(out.contains("- zoe") && out.contains("`--format json` names everybody."), "{out}");
    let few =
        render(&document(vec![target("reviews", vec![person(Action::Assign, "a", None, Some("X"))])]), WIDE);
    assert!(!few.contains("names everybody"), "{few}");
}

#[test]
fn what_is_left_alone_in_places_is_told_with_them() {
    let role = |organization: &str| {
        let scope = Scope::within("organization", organization);
        UnmanagedRole {
            address: Address::live_role("reviews", &"Billing".into(), &scope),
            name: "Billing".into(),
        }
    };
    let mut left = target("reviews", Vec::new());
    left.unmanaged.roles = vec![role("org_acme"), role("org_globex")];
    let text = render(&document(vec![left.clone()]), WIDE);
    let told = "Billing in organization org_acme, Billing in organization org_globex";
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains(told), "{text}");
    let page = markdown::render(&document(vec![left]), &MarkdownOptions::default());
    assert!(page.contains(&told.replace('_', "&#95;")), "{page}");
}

#[test]
fn people_are_listed_place_by_place() {
    let at = |path: &str, role: &str| {
        let scope = Scope::within("group", path);
        let address = Address::assignment("reviews", &scope, "user", &role.into(), None);
        Change { address, ..person(Action::Assign, role, None, Some(role)) }
    };
    let changes = vec![at("acme", "B"), at("acme/platform", "A"), at("acme", "C")];
    let out = render(&document(vec![target("reviews", changes)]), WIDE);
    let places: Vec<&str> = out.lines().filter_map(|line| line.trim().strip_prefix("group ")).collect();
    assert_eq!(places, ["acme  (+2)", "acme/platform: A"], "{out}");
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
            let plan = hostile(hostile_text);
            let out = render(&plan, style) + &drift(&plan, style);
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

/// Who loses a role stands under that role, whatever stays of it.
#[test]
fn a_place_with_several_roles_has_one_sum() {
    let gets = |who: &str, role| person(Action::Assign, who, None, Some(role));
    let changes = vec![
        gets("lena", "Auditor"),
        person(Action::Unassign, "mira", Some("Release approver"), Some("Reporter")),
        gets("okan", "Release approver"),
        person(Action::Reassign, "pia", Some("Auditor"), Some("Release approver")),
    ];
    let out = render(&document(vec![target("reviews", changes.clone())]), WIDE);
    let list =
        out.split("Assignments\n").nth(1).and_then(|rest| rest.split("\n\n").next()).unwrap_or_default();
    assert_eq!(
        list,
        "    group acme/platform  (+2 ~1 −1)
      Auditor
        + lena
      Release approver  (+1 ~1 −1)
        + okan
        - mira: Release approver → Reporter
        ~ pia: Auditor → Release approver"
    );
    let page = markdown::render(&document(vec![target("reviews", changes)]), &MarkdownOptions::default());
    assert!(page.contains("##### Assignments by place\n\n- +2 ~1 −1 at group acme/platform\n"), "{page}");
    assert!(page.contains("**group acme/platform** · Release approver · −1"), "{page}");
}
