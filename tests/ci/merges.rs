//! The ways in which a forge merges: a queue, squashed, rebased. However commits are told to belong to pull
//! requests, what was reviewed may become less, and never more.

use serde_json::json;

use super::reviews::{Reviews, definition};

/// Squashes a pull request onto `main`, as a queue does with each of those that it merges.
fn squash(reviews: &Reviews, number: u64) -> String {
    let project = &reviews.checkout.project;
    project.git(&format!("merge -q --squash pr-{number}"));
    project.git(&format!("commit -q -m squashed-{number}"));
    reviews.merged(number, reviews.checkout.head())
}

/// Puts each commit of a pull request onto `main` again, which gives it another id. Of all of them GitHub names
/// the pull request, or of the last one only.
fn rebase(reviews: &Reviews, number: u64, names_all: bool) -> String {
    let project = &reviews.checkout.project;
    let base = project.git(&format!("merge-base main pr-{number}"));
    let commits = project.git(&format!("rev-list --reverse {base}..pr-{number}"));
    for commit in commits.lines() {
        project.git(&format!("cherry-pick {commit}"));
        let named = if names_all { vec![number] } else { Vec::new() };
        reviews.github.world().of_commit.insert(reviews.checkout.head(), named);
    }
    assert!(commits.lines().count() > 1, "one commit is no rebase");
    project.git("push -q origin HEAD:refs/heads/main");
    reviews.merged(number, reviews.checkout.head())
}

/// Opens pull request 7, with one commit that writes the first text and one that writes the second.
fn open_two_commits(reviews: &Reviews, file: &str, first: &str, second: &str) {
    let project = &reviews.checkout.project;
    let head = reviews.checkout.propose("pr-7", || {
        project.write(file, first);
        project.commit("the first of two");
        project.write(file, second);
    });
    reviews.github.pull(7, &head, &json!({}));
    reviews.plan(&head, "main");
}

#[test]
fn what_a_merge_queue_tries_is_planned_and_told_nobody() {
    let reviews = Reviews::new();
    reviews.settle();
    let (checkout, project) = (&reviews.checkout, &reviews.checkout.project);
    let base = checkout.head();
    project.git("checkout -q -b gh-readonly-queue/main/pr-2");
    for key in ["two", "three"] {
        project.write(&format!("roles/{key}.yaml"), &definition(key, key));
        project.commit(key);
    }
    let commit = checkout.head();
    let payload = json!({ "merge_group": { "base_sha": base, "head_sha": commit } });
    let reference = "refs/heads/gh-readonly-queue/main/pr-2";
    let event = reviews.on_github(checkout.event("merge_group", reference, &commit, &payload));
    let planned = event.run("plan").exits(2);
    assert_eq!(planned.given("added").as_deref(), Some("2"));
    let _quiet = event.run_with(&["ci", "report"]).exits(0).has("Nothing is reported of `plan`");
    // Both requests that it tries, and not only the last.
    let _compared = event.run("diff").exits(0).has("two").has("three");
    let _valid = event.run("validate").exits(0);
    for command in ["apply", "record", "drift"] {
        let _refused = event.run(command).exits(4);
    }
    assert_eq!(checkout.emulator.sent(), Vec::<String>::new());
    let blind = checkout.event("merge_group", reference, &commit, &json!({}));
    let _refused = blind.run("diff").exits(4).has("does not tell what the queue merges into");
}

#[test]
fn what_a_queue_merged_at_once_is_what_each_request_showed() {
    let reviews = Reviews::new();
    reviews.settle();
    reviews.open(1, "roles/two.yaml", &definition("two", "Two"));
    reviews.open(2, "roles/three.yaml", &definition("three", "Three"));
    squash(&reviews, 1);
    let commit = squash(&reviews, 2);
    let project = &reviews.checkout.project;
    project.git("push -q origin HEAD:refs/heads/main");
    let planned = reviews.push(&commit).run("plan").exits(2).has("Every change was reviewed: #1, #2");
    let digest = planned.given("digest").expect("a digest");
    // What came with them and belongs to none was not reviewed.
    project.write("roles/evil.yaml", &definition("evil", "Evil"));
    let more = reviews.checkout.commit_and_push("pushed by somebody");
    let _refused = reviews.push(&more).run("plan").exits(5).has("reviews/role/evil");
    let _stale = reviews.push(&more).input("expect_plan", &digest).run("apply").exits(5);
    assert_eq!(reviews.checkout.emulator.sent(), Vec::<String>::new());
}

#[test]
fn a_request_that_was_rebased_is_what_it_showed_in_the_end() {
    for names_all in [true, false] {
        let reviews = Reviews::new();
        reviews.settle();
        open_two_commits(&reviews, "roles/two.yaml", &definition("two", "More"), &definition("two", "Less"));
        let commit = rebase(&reviews, 7, names_all);
        let planned = reviews.push(&commit).run("plan").exits(2).has("Every change was reviewed: #7");
        let digest = planned.given("digest").expect("a digest");
        // What only its first commit had was never proposed.
        reviews.checkout.project.write("roles/two.yaml", &definition("two", "More"));
        let back = reviews.checkout.commit_and_push("pushed by somebody");
        let _refused = reviews.push(&back).run("plan").exits(5).has("reviews/role/two: name would go");
        reviews.checkout.project.git(&format!("reset -q --hard {commit}"));
        reviews.checkout.project.git("push -q --force origin HEAD:refs/heads/main");
        let _applied = reviews.push(&commit).input("expect_plan", &digest).run("apply").exits(0);
        assert!(reviews.checkout.emulator.custom().contains(&"Less".to_owned()));
    }
}

#[test]
fn a_rebased_request_takes_the_place_of_an_earlier_one() {
    for names_all in [true, false] {
        let reviews = Reviews::new();
        reviews.settle();
        reviews.open(1, "roles/two.yaml", &definition("two", "Less"));
        reviews.merge(1);
        // Nothing was applied since; this one was planned upon it.
        open_two_commits(&reviews, "roles/two.yaml", &definition("two", "Most"), &definition("two", "More"));
        let commit = rebase(&reviews, 7, names_all);
        let _reviewed = reviews.push(&commit).run("plan").exits(2).has("Every change was reviewed: #1, #7");
        reviews.checkout.project.write("roles/two.yaml", &definition("two", "Less"));
        let back = reviews.checkout.commit_and_push("pushed by somebody");
        let _refused = reviews.push(&back).run("plan").exits(5).has("reviews/role/two: name would go");
    }
}

#[test]
fn p3_a_commit_that_looks_like_one_of_a_rebase_is_not_reviewed() {
    for names_all in [true, false] {
        let reviews = Reviews::new();
        reviews.settle();
        open_two_commits(&reviews, "roles/two.yaml", &definition("two", "More"), &definition("two", "Two"));
        // Pushed between: of it GitHub names no request, as of the first of a rebase.
        reviews.checkout.project.write("roles/evil.yaml", &definition("evil", "Evil"));
        let evil = reviews.checkout.commit_and_push("pushed by somebody");
        reviews.github.world().of_commit.insert(evil, Vec::new());
        let commit = rebase(&reviews, 7, names_all);
        let refused = reviews.push(&commit).run("plan").exits(5).has("reviews/role/evil");
        assert!(!refused.output.everything().contains("reviews/role/two: it would"), "that was reviewed");
    }
}
