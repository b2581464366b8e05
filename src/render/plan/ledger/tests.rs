use super::*;
use crate::{
    model::{Address, Scope, Untrusted},
    plan::{
        document::{Action, Attested, Guard, Identity, TargetError, Verdict, VerdictOutcome},
        outcome::{Remaining, Verification},
    },
    render::{
        Style,
        plan::{
            markdown::MarkdownOptions,
            samples::{HOSTILE, NARROW, WIDE, digest, document, verdict},
        },
    },
};

fn change(action: Action, key: &str, status: ChangeStatus, reason: Option<&str>) -> ChangeOutcome {
    ChangeOutcome {
        address: Address::role("reviews", key, &Scope::Target),
        title: key.into(),
        action,
        before: None,
        after: None,
        status,
        reason: reason.map(Untrusted::from),
        help: None,
    }
}

fn target(name: &str, result: TargetResult, changes: Vec<ChangeOutcome>) -> TargetOutcome {
    TargetOutcome {
        kept: 0,
        unread: 0,
        recorded: None,
        not_recorded: None,
        name: name.into(),
        provider: "acme".into(),
        emulator: false,
        identity: Some(Identity { host: "api.acme.test".into(), tenant: Some("88321".into()), anchor: None }),
        digest: Some(digest('a')),
        result,
        error: None,
        summary: OutcomeSummary::of(&changes),
        changes,
        verdicts: Vec::new(),
        people: Vec::new(),
        verification: Verification { verified: true, remaining: Vec::new() },
        attested: Attested::default(),
    }
}

fn result(targets: Vec<TargetOutcome>) -> ApplyDocument {
    ApplyDocument {
        format_version: 1,
        rolecall: "0.1.0".into(),
        digest: Some(digest('d')),
        revisions: document(Vec::new()).revisions,
        summary: OutcomeSummary::of(targets.iter().flat_map(|target| &target.changes)),
        targets,
        run: None,
    }
}

/// Every status, a target that was refused, one with nothing to do, and one that failed as a whole.
pub(in crate::render::plan) fn outcome() -> ApplyDocument {
    let mut failed = change(
        Action::Update,
        "security-reviewer",
        ChangeStatus::Failed,
        Some("PUT /roles/7 was accepted, and `description` reads back as it was"),
    );
    failed.help = Some("Ask the provider, or leave the field out of the definition.".into());
    let needs = "it needs security-reviewer, which failed";
    let changes = vec![
        change(Action::Create, "auditor", ChangeStatus::Applied, None),
        change(Action::Delete, "old", ChangeStatus::NotAttempted, Some(needs)),
        change(Action::Rename, "renamed", ChangeStatus::Already, None),
        failed,
        change(Action::SetDefault, "default", ChangeStatus::Manual, Some("the provider has no API for it")),
        ChangeOutcome {
            before: Some("Member".into()),
            after: Some("Auditor".into()),
            ..change(
                Action::Assign,
                "mira",
                ChangeStatus::Unconfirmed,
                Some("POST /members had no answer in 30 s"),
            )
        },
    ];
    let partly = TargetOutcome {
        emulator: true,
        verdicts: vec![Verdict {
            reason: Some("agreed in CHG-12".into()),
            ..verdict(Guard::MaxDeletes, VerdictOutcome::Allowed, "5 roles would be deleted, 3 are allowed")
        }],
        verification: Verification {
            verified: false,
            remaining: vec![Remaining {
                address: Some(Address::role("reviews", "security-reviewer", &Scope::Target)),
                message: "`description` differs".into(),
            }],
        },
        ..target("reviews", TargetResult::Partly, changes)
    };
    let refused = TargetOutcome {
        verdicts: vec![verdict(Guard::MinAdmins, VerdictOutcome::Refused, "1 administrator would remain")],
        verification: Verification::default(),
        ..target(
            "staging",
            TargetResult::Refused,
            vec![change(Action::Unassign, "okan", ChangeStatus::NotAttempted, None)],
        )
    };
    let broken = TargetOutcome {
        error: Some(TargetError { exit: 5, message: "the tenant is another one".into(), help: None }),
        verification: Verification::default(),
        ..target("west", TargetResult::Failed, Vec::new())
    };
    let idle = target("test", TargetResult::NothingToDo, Vec::new());
    result(vec![partly, refused, idle, broken])
}

fn conclude(targets: Vec<TargetOutcome>) -> String {
    conclusion(&result(targets), true).join(" ")
}

#[test]
fn the_last_line_is_exact() {
    let many = |number: usize, status| (0..number).map(move |_| change(Action::Create, "x", status, None));
    let all = many(12, ChangeStatus::Applied).collect();
    insta::assert_snapshot!(conclude(vec![target("a", TargetResult::Applied, all)]), @"Applied 12 of 12. Verified: everything was read back, and nothing is left to do.");
    let some = many(12, ChangeStatus::Applied)
        .chain(many(1, ChangeStatus::Failed))
        .chain(many(7, ChangeStatus::NotAttempted))
        .collect();
    insta::assert_snapshot!(conclude(vec![target("a", TargetResult::Partly, some)]),
        @"Applied 12 of 20: 1 failed, 7 not attempted. Put right what failed, then apply again to continue.");
    let interrupted = many(1, ChangeStatus::Applied).chain(many(2, ChangeStatus::NotAttempted)).collect();
    insta::assert_snapshot!(conclude(vec![target("a", TargetResult::Partly, interrupted)]),
        @"Applied 1 of 3: 2 not attempted. Apply again to continue.");
    insta::assert_snapshot!(conclude(vec![target("a", TargetResult::NothingToDo, Vec::new())]),
        @"Nothing to do. Live matches the definitions.");
    let by_hand = vec![change(Action::Create, "x", ChangeStatus::Manual, None)];
    insta::assert_snapshot!(conclude(vec![target("a", TargetResult::Applied, by_hand)]),
        @"Nothing sent: 1 to be done by hand. Only what has to be done by hand is left.");
    let some = many(2, ChangeStatus::Applied).chain(many(1, ChangeStatus::Manual)).collect();
    insta::assert_snapshot!(conclude(vec![target("a", TargetResult::Applied, some)]),
        @"Applied 2 of 3: 1 to be done by hand. Verified: what was sent was read back; the rest has to be done by hand.");
    let mut unverified = target("a", TargetResult::Applied, many(1, ChangeStatus::Applied).collect());
    unverified.verification.verified = false;
    insta::assert_snapshot!(conclude(vec![unverified]), @"Applied 1 of 1. 1 target is not verified.");
    insta::assert_snapshot!(conclude(outcome().targets), @"Applied 1 of 7: 1 already in place, 1 failed, 1 unconfirmed, 2 not attempted, 1 to be done by hand. 1 target is refused, and nothing was sent to it. 1 target failed as a whole. Put right what failed, then apply again to continue.");
}

#[test]
fn wide() {
    insta::assert_snapshot!(text::render(&outcome(), WIDE), @"
    reviews

      Failed
        ~ change security-reviewer  reviews/role/security-reviewer
            PUT /roles/7 was accepted, and `description` reads back as it was
            help: Ask the provider, or leave the field out of the definition.

      Sent, and nothing says whether it took effect
        + mira → Auditor (was Member)  reviews/role/mira
            POST /members had no answer in 30 s

      Not attempted
        - delete old  reviews/role/old
            it needs security-reviewer, which failed

      To be done by hand
        ◆ default role → no role  reviews/role/default
            the provider has no API for it

      Applied
        + create auditor

      Already in place
        → rename renamed
      Applied 1 of 6: 1 already in place, 1 failed, 1 unconfirmed, 1 not attempted, 1 to be done by
        hand.

    west

      Failed: the tenant is another one

    Applied 1 of 7: 1 already in place, 1 failed, 1 unconfirmed, 2 not attempted, 1 to be done by hand.
      Put right what failed, then apply again to continue.
    ");
}

#[test]
fn narrow() {
    insta::assert_snapshot!(text::render(&outcome(), NARROW), @"
    reviews

      Failed
        ~ change security-reviewer
            reviews/role/security-reviewer
            PUT /roles/7 was accepted, and
              `description` reads back as it
              was
            help: Ask the provider, or leave
              the field out of the
              definition.

      Sent, and nothing says whether it took
        effect
        + mira -> Auditor (was Member)
            reviews/role/mira
            POST /members had no answer in
              30 s

      Not attempted
        - delete old  reviews/role/old
            it needs security-reviewer,
              which failed

      To be done by hand
        * default role -> no role
            reviews/role/default
            the provider has no API for it

      Applied
        + create auditor

      Already in place
        > rename renamed
      Applied 1 of 6: 1 already in place, 1
        failed, 1 unconfirmed, 1 not
        attempted, 1 to be done by hand.

    west

      Failed: the tenant is another one

    Applied 1 of 7: 1 already in place, 1
      failed, 1 unconfirmed, 2 not
      attempted, 1 to be done by hand. Put
      right what failed, then apply again to
      continue.
    ");
}

#[test]
fn page() {
    insta::assert_snapshot!(markdown::render(&outcome(), &MarkdownOptions::default()), @r"
### Applied 1 of 7: 1 already in place, 1 failed, 1 unconfirmed, 2 not attempted, 1 to be done by hand.

**1 target is refused, and nothing was sent to it. 1 target failed as a whole. Put right what failed, then apply again to continue.**

Commit `4f2a91c0d3b8` on release-roles, compared with origin/main (`8d10c33fa1b2`), 2026<span>&#45;</span>11<span>&#45;</span>20.

#### reviews

acme · **EMULATOR** · api.acme.test · tenant 88321

##### Guards

- Allowed by hand (`max_deletes`): 5 roles would be deleted, 3 are allowed<br>Reason given: agreed in CHG<span>&#45;</span>12

##### Failed

- change **security-reviewer** · `reviews/role/security-reviewer`<br>PUT /roles/7 was accepted, and `description` reads back as it was<br>Help: Ask the provider, or leave the field out of the definition.

##### Sent, and nothing says whether it took effect

- **mira** → Auditor (was Member) · `reviews/role/mira`<br>POST /members had no answer in 30 s

##### Not attempted

- delete **old** · `reviews/role/old`<br>it needs security-reviewer, which failed

##### To be done by hand

- default role → no role · `reviews/role/default`<br>the provider has no API for it

##### Applied

- create **auditor** · `reviews/role/auditor`

##### Already in place

- rename **renamed** · `reviews/role/renamed`

#### staging

acme · api.acme.test · tenant 88321

**Refused:** nothing was sent.

##### Guards

- **Refused: administrators could be locked out** [`min_admins`]: 1 administrator would remain

##### Not attempted

- **okan** → no role · `reviews/role/okan`

#### test

acme · api.acme.test · tenant 88321

Nothing to do.

#### west

acme · api.acme.test · tenant 88321

**Failed:** the tenant is another one

Digest <code>sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd</code> · rolecall 0&#46;1.0
");
}

#[test]
fn quiet_is_the_last_line() {
    let full = text::render(&outcome(), Style { width: 400, ..WIDE });
    assert_eq!(full.lines().last(), text::quiet(&outcome(), Style { width: 400, ..WIDE }).lines().next());
}

#[test]
fn people_are_counted_where_they_are_not_named() {
    let options = MarkdownOptions { names: false, ..MarkdownOptions::default() };
    let page = markdown::render(&outcome(), &options);
    assert!(!page.contains("mira") && !page.contains("okan"), "{page}");
    assert!(page.contains("- assign (1 assignment)"), "{page}");
}

#[test]
fn why_something_failed_is_told_where_people_are_only_counted() {
    let failed = |who: &str, reason: &str| ChangeOutcome {
        address: Address::assignment("reviews", &Scope::Target, "user", &who.into(), None),
        help: Some("Ask whoever administers the product.".into()),
        ..change(Action::Assign, who, ChangeStatus::Failed, Some(reason))
    };
    let changes = vec![
        failed("mira", "POST /members/mira was answered with 400: mira_is_no_member"),
        failed("okan", "POST /members/okan was answered with 400: okan_is_no_member"),
        failed("zoe", "POST /members had no answer in 30 s"),
    ];
    let outcome = result(vec![target("reviews", TargetResult::Failed, changes)]);
    let page = markdown::render(&outcome, &MarkdownOptions { names: false, ..MarkdownOptions::default() });
    assert!(page.contains("- assign (3 assignments)\n  - 2 assignments: POST"), "{page}");
    assert!(page.contains("400") && page.contains("  - 1 assignment: POST /members had no answer"), "{page}");
    assert!(page.contains("Help: Ask whoever administers the product."), "{page}");
    assert!(["mira", "okan", "zoe"].iter().all(|who| !page.contains(who)), "{page}");
}

/// Every failed and every not attempted change is named with its reason, whatever its text.
#[test]
fn hostile_text_is_inert() {
    for text in HOSTILE {
        let mut outcome = outcome();
        for target in &mut outcome.targets {
            target.name = text.into();
            for change in &mut target.changes {
                change.title = text.into();
                change.reason = Some(text.into());
                change.help = Some(text.into());
            }
        }
        for out in [text::render(&outcome, WIDE), markdown::render(&outcome, &MarkdownOptions::default())] {
            assert!(!out.chars().any(|c| c != '\n' && crate::render::escape::is_hidden(c)), "{out}");
            assert!(!out.lines().any(|line| line.trim_start().starts_with("::")), "{out}");
        }
        let page = markdown::render(&outcome, &MarkdownOptions::default());
        assert!(!page.contains("@acme") && !page.contains("<!--") && !page.contains("**bold**"), "{page}");
    }
}

#[test]
fn a_full_page_keeps_failures_and_says_what_is_missing() {
    let changes: Vec<_> = (0..400)
        .map(|number| {
            let status = if number % 100 == 0 { ChangeStatus::Failed } else { ChangeStatus::Applied };
            change(Action::Create, &format!("role-{number}"), status, Some("because"))
        })
        .collect();
    let outcome = result(vec![target("a", TargetResult::Partly, changes)]);
    let options = MarkdownOptions { max_chars: 8_000, ..MarkdownOptions::default() };
    let page = markdown::render(&outcome, &options);
    assert!(page.len() <= 8_000);
    assert!(page.contains("**Incomplete:**"), "{page}");
    for number in [0, 100, 200, 300] {
        assert!(page.contains(&format!("reviews/role/role-{number}`<br>because")), "{page}");
    }
}
