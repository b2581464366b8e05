//! What was merged and is about something that somebody changed outside git: it is not lost.

use serde_json::json;

use super::reviews::{Reviews, definition};
use crate::common::repository::{READS, role};

/// The role with one more permission.
fn more() -> String {
    role("one", "One", &READS.replace("[read]", "[read, write]"))
}

#[test]
fn a_change_of_a_role_that_was_deleted_meanwhile_is_not_lost() {
    let reviews = Reviews::new();
    reviews.settle();
    assert_ne!(more(), role("one", "One", READS), "there is something to merge");
    reviews.open(1, "roles/all.yaml", &format!("provider: coderabbit\nroles:\n{}", more()));
    reviews.checkout.emulator.delete_role("One");
    let commit = reviews.merge(1);
    let event = reviews.push(&commit);
    let refused = event.run("plan").exits(5).has("reviews/role/one: it was deleted outside git");
    assert_eq!(refused.given("record_file"), None, "nothing is recorded");
    let told = reviews.told(&event, 1).expect("a comment");
    for text in
        ["### Nothing was applied", "somebody changed outside git", "Open a pull request whose plan shows"]
    {
        assert!(told.contains(text), "{text} is not in {told}");
    }
    // A pull request that is planned now shows it, and then it is put in place.
    reviews.open(2, "notes.md", "nothing\n");
    let commit = reviews.merge(2);
    let digest = reviews.push(&commit).run("plan").exits(2).given("digest").expect("a digest");
    let _applied = reviews.push(&commit).input("expect_plan", &digest).run("apply").exits(0);
    assert!(reviews.checkout.emulator.role("One").is_some());
}

#[test]
fn what_a_direct_push_says_of_a_role_that_was_deleted_is_not_lost_either() {
    let reviews = Reviews::new();
    reviews.settle();
    reviews.checkout.emulator.delete_role("One");
    // Nobody changed the definitions: the click is left alone.
    reviews.checkout.project.write("notes.md", "nothing\n");
    let commit = reviews.checkout.commit_and_push("notes");
    let _fine = reviews.push(&commit).run("plan").exits(0).has("is left alone");
    reviews.checkout.project.define(&format!("roles:\n{}", more()));
    let commit = reviews.checkout.commit_and_push("pushed by somebody");
    let _refused =
        reviews.push(&commit).run("plan").exits(5).has("reviews/role/one: it was deleted outside git");
}

#[test]
fn a_name_that_somebody_took_meanwhile_does_not_end_as_a_wrong_selection() {
    let reviews = Reviews::new();
    reviews.settle();
    reviews.open(1, "roles/two.yaml", &definition("two", "Taken"));
    reviews.checkout.emulator.edit_role("One", &json!({ "name": "Taken" }));
    let commit = reviews.merge(1);
    let refused = reviews.push(&commit).run("plan").exits(5).has("somebody changed outside git");
    let _which = refused.has("reviews/role/two needs reviews/role/one");
}

#[test]
fn what_was_merged_earlier_and_clicked_over_is_not_lost() {
    let reviews = Reviews::new();
    reviews.settle();
    let renamed = |name: &str| format!("provider: coderabbit\nroles:\n{}", role("one", name, READS));
    reviews.open(1, "roles/all.yaml", &renamed("Other"));
    reviews.merge(1);
    // Before it is applied somebody gives the role a third name, and clicks elsewhere, too.
    reviews.open(2, "roles/two.yaml", &definition("two", "Two"));
    let commit = reviews.merge(2);
    reviews.checkout.emulator.edit_role("One", &json!({ "description": "Clicked", "name": "Third" }));
    let _refused =
        reviews.push(&commit).run("plan").exits(5).has("reviews/role/one: it was changed outside git");
}
