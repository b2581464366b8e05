//! The result of an apply on the merge requests that were merged, in one note each.

use serde_json::json;

use super::{
    checkout::{Checkout, Event},
    gitlab::{BOT, GitLab, TOKEN},
};
use crate::common::repository::{READS, role};

fn asks<'a>(gitlab: &GitLab, event: Event<'a>) -> Event<'a> {
    event
        .with("CI_API_V4_URL", &gitlab.url)
        .with("CI_JOB_NAME", "roles-report")
        .with("ROLECALL_GITLAB_NOTE_TOKEN", TOKEN)
}

#[test]
fn every_merge_request_since_the_last_apply_hears_of_it_once() {
    let checkout = Checkout::new();
    let gitlab = GitLab::start(&"a".repeat(40));
    let first = checkout.head();
    checkout.define("two", "Two");
    let second = checkout.commit_and_push("second");
    for (number, commit, target) in [(1, &first, "main"), (2, &second, "main"), (3, &second, "release")] {
        gitlab.propose(number, &"b".repeat(40), target);
        gitlab.merge(number, commit);
    }
    // Two jobs side by side, each with a part of the targets.
    let folder = |part: usize| checkout.project.home().join(format!("rolecall/{part}")).display().to_string();
    let part = |part: usize| {
        let event = asks(&gitlab, checkout.pipeline("push", &second)).with("CI_JOB_NAME", "roles-apply");
        event.with("ROLECALL_RESULTS", &folder(part)).input("shard", &format!("{part}/2"))
    };
    for number in [1, 2] {
        let _applied = part(number).run_with(&["ci", "run", "apply"]);
    }
    assert_eq!(checkout.emulator.custom(), ["Two"]);
    let report = asks(&gitlab, checkout.pipeline("push", &second));
    let _made = report.run_with(&["ci", "report"]).exits(0).has("A comment was made on !1");
    for number in [1, 2] {
        let notes = gitlab.notes(number);
        assert_eq!(notes.len(), 1, "{notes:?}");
        assert!(notes[0].starts_with("<!-- rolecall:apply {\"workflow\":\"roles-report\""), "{notes:?}");
        assert!(notes[0].contains("Applied") && notes[0].contains("Two"), "{notes:?}");
    }
    assert!(gitlab.notes(3).is_empty() && gitlab.notes(7).is_empty(), "merged elsewhere, or not at all");
    let _again = report.run_with(&["ci", "report"]).exits(0).has("The comment was updated on !2");
    assert_eq!(gitlab.world().notes.values().filter(|note| note.author == BOT).count(), 2);
    gitlab.is_content();
}

#[test]
fn a_run_that_names_none_tells_those_of_the_pushed_commit() {
    let checkout = Checkout::new();
    let gitlab = GitLab::start(&"a".repeat(40));
    let commit = checkout.head();
    for (number, target) in [(1, "release"), (2, "main")] {
        gitlab.propose(number, &"b".repeat(40), target);
        gitlab.merge(number, &commit);
    }
    gitlab.world().of_commit.entry(commit.clone()).or_default().push(7);
    // The job that applies has no token.
    let _applied = checkout.pipeline("push", &commit).run("apply").exits(0);
    let report = asks(&gitlab, checkout.pipeline("push", &commit));
    let _made = report.run_with(&["ci", "report"]).exits(0).has("A comment was made on !2");
    let world = gitlab.world();
    assert_eq!(world.notes.values().map(|note| note.on).collect::<Vec<_>>(), [2]);
}

#[test]
fn what_went_wrong_is_told_too_and_a_missing_token_fails_nothing() {
    let checkout = Checkout::new();
    let gitlab = GitLab::start(&"a".repeat(40));
    let both = [("one", "One"), ("two", "Two")].map(|(key, name)| role(key, name, READS)).concat();
    checkout.project.define(&format!("roles:\n{both}"));
    let commit = checkout.commit_and_push("two");
    gitlab.propose(4, &"b".repeat(40), "main");
    gitlab.merge(4, &commit);
    checkout.emulator.faults(&["POST /v1/roles status=403 nth=2"]);
    let _partly = asks(&gitlab, checkout.pipeline("push", &commit)).run("apply").exits(6);
    let without = asks(&gitlab, checkout.pipeline("push", &commit)).with("ROLECALL_GITLAB_NOTE_TOKEN", "");
    let warned = without.run_with(&["ci", "report"]).exits(0).has("ROLECALL_GITLAB_NOTE_TOKEN is not set");
    let _warning = warned.has("warning: nothing was reported");
    gitlab.world().refuse = Some((403, json!({"message": "403 Forbidden"})));
    let report = asks(&gitlab, checkout.pipeline("push", &commit));
    let _warned = report.run_with(&["ci", "report"]).exits(0).has("the report failed, the run did not");
    let _made = report.run_with(&["ci", "report"]).exits(0).has("A comment was made on !4");
    assert!(gitlab.notes(4)[0].contains("Applied 1 of 2"), "{:?}", gitlab.notes(4));
}

#[test]
fn why_nothing_was_applied_is_told_on_merge_requests_too() {
    let checkout = Checkout::new();
    let gitlab = GitLab::start(&"a".repeat(40));
    let commit = checkout.head();
    gitlab.propose(4, &"b".repeat(40), "main");
    gitlab.merge(4, &commit);
    let push = || asks(&gitlab, checkout.pipeline("push", &commit));
    let _refused =
        push().input("require_reviewed", "true").run("plan").exits(5).has("looked for in the plans of !4");
    let _told = push().run_with(&["ci", "report"]).exits(0).has("A comment was made on !4");
    let told = gitlab.notes(4).pop().expect("a note");
    assert!(
        told.contains("Nothing was applied") && told.contains("run a pipeline on the default branch"),
        "{told}"
    );
    let _applied = asks(&gitlab, checkout.pipeline("web", &commit)).run("apply").exits(0);
    let _told = push().run_with(&["ci", "report"]).exits(0).has("The comment was updated on !4");
    let told = gitlab.notes(4).pop().expect("a note");
    assert!(!told.contains("Nothing was applied") && told.contains("Applied"), "{told}");
}

#[test]
fn an_apply_that_left_nothing_is_told_on_merge_requests_too() {
    let checkout = Checkout::new();
    let gitlab = GitLab::start(&"a".repeat(40));
    let commit = checkout.head();
    gitlab.propose(4, &"b".repeat(40), "main");
    gitlab.merge(4, &commit);
    let push = || asks(&gitlab, checkout.pipeline("push", &commit));
    let _planned = push().run("plan").exits(2);
    let _quiet = push().run_with(&["ci", "report"]).exits(0).has("Nothing is reported of `plan`");
    let told = ["ci", "report", "--expect-apply", "true"];
    let _told = push().run_with(&told).exits(0).has("A comment was made on !4");
    let note = gitlab.notes(4).pop().expect("a note");
    assert!(note.contains("Nothing is known to be applied"), "{note}");
}
