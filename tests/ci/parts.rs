//! What one job tells of all parts, as the workflows for many targets call it: also of parts that left nothing.

use super::{
    checkout::Event,
    reviews::{Reviews, definition},
};

/// A part of the targets, whose results go to a folder of its own. Another job tells people.
fn part<'a>(reviews: &'a Reviews, commit: &str, folder: &str, part: usize) -> Event<'a> {
    let event = reviews.push(commit).input("comment", "never").input("shard", &format!("{part}/2"));
    event.with("ROLECALL_RESULTS", &format!("{folder}/rolecall-planned-{}", part - 1))
}

/// What the job that tells people says of everything in a folder, after an apply was started or not.
fn tell(reviews: &Reviews, commit: &str, folder: &str, started: bool) -> Option<String> {
    let event = reviews.on_github(reviews.checkout.push(commit));
    let event = event.with("ROLECALL_RESULTS", folder).input("expect_apply", &started.to_string());
    // It has no credential of the product.
    reviews.told(&event.with("CODERABBIT_API_KEY", ""), 1)
}

#[test]
fn who_merged_hears_of_a_part_that_is_refused() {
    let reviews = Reviews::proposed();
    let commit = reviews.merge(1);
    let folder = reviews.checkout.project.home().join("all").display().to_string();
    reviews.checkout.emulator.faults(&["GET ** status=500"]);
    let codes: Vec<i32> =
        [1, 2].map(|number| part(&reviews, &commit, &folder, number).run("plan").output.code).into();
    assert!(codes.contains(&7) && codes.contains(&0), "one part has the target, and one has none: {codes:?}");
    // An apply is started only after all plans; the words are the same whether one is expected.
    for started in [true, false] {
        let told = tell(&reviews, &commit, &folder, started).expect("a comment");
        for text in ["### Nothing was applied\n\nThe plan of what was merged ended with exit code 7", &commit]
        {
            assert!(told.contains(text), "{text} is not in {told}");
        }
    }
    // A part that left nothing is one that failed.
    reviews.checkout.emulator.faults(&[]);
    let _planned = part(&reviews, &commit, &folder, 1).run("plan");
    std::fs::remove_dir_all(format!("{folder}/rolecall-planned-1")).expect("it is gone");
    let told = tell(&reviews, &commit, &folder, true).expect("a comment");
    assert!(
        told.contains("### Nothing was applied") && told.contains("no results of the parts 2/2"),
        "{told}"
    );
}

#[test]
fn an_apply_of_which_every_part_is_lost_is_told() {
    let reviews = Reviews::proposed();
    let commit = reviews.merge(1);
    let folder = reviews.checkout.project.home().join("all").display().to_string();
    let plans = |number| part(&reviews, &commit, &folder, number).run("plan");
    let changed = [1, 2].into_iter().find(|number| plans(*number).output.code == 2).expect("changes");
    let _other = plans(3 - changed);
    assert_eq!(tell(&reviews, &commit, &folder, false), None, "a plan that is fine says nothing");
    let told = tell(&reviews, &commit, &folder, true).expect("a comment");
    for text in [
        "### Nothing is known to be applied",
        &format!("no part of the apply left results ({changed}/2)"),
        "they may have been changed",
        "run them again",
    ] {
        assert!(told.contains(text), "{text} is not in {told}");
    }
    // Not even the plans are there.
    let nowhere = reviews.checkout.project.home().join("nothing");
    std::fs::create_dir(&nowhere).expect("a folder");
    let nowhere = nowhere.display().to_string();
    let told = tell(&reviews, &commit, &nowhere, true).expect("a comment");
    assert!(told.contains("no part of the apply left results: what became"), "{told}");
    // The apply that comes of another attempt takes its place, and stays.
    let event = part(&reviews, &commit, &folder, changed);
    let applied = format!("{folder}/rolecall-results-{}", changed - 1);
    let _applied = event.with("ROLECALL_RESULTS", &applied).run("apply").exits(0);
    let done = tell(&reviews, &commit, &folder, true).expect("a comment");
    assert!(done.contains("Applied") && !done.contains("Nothing is known"), "{done}");
    assert_eq!(tell(&reviews, &commit, &nowhere, true), Some(done));
}

#[test]
fn where_nothing_was_to_be_applied_nothing_is_missed() {
    let reviews = Reviews::new();
    reviews.settle();
    reviews.open(1, "notes.md", "nothing\n");
    let commit = reviews.merge(1);
    let folder = reviews.checkout.project.home().join("all").display().to_string();
    for number in [1, 2] {
        let _planned = part(&reviews, &commit, &folder, number).run("plan").exits(0);
    }
    assert_eq!(tell(&reviews, &commit, &folder, true), None);
}

#[test]
fn definitions_that_are_wrong_after_a_merge_are_told() {
    let reviews = Reviews::new();
    reviews.settle();
    let head = reviews.open(1, "roles/two.yaml", &definition("two", "Two"));
    // Each is right by itself.
    let commit = reviews.merge_with(1, "roles/again.yaml", &definition("two", "Two"));
    let event = reviews.push(&commit);
    let _invalid = event.run("validate").exits(3);
    let told = reviews.told(&event, 1).expect("a comment");
    for text in [
        "### Nothing was applied\n\nThe check of what was merged ended with exit code 3",
        "is declared twice",
    ] {
        assert!(told.contains(text), "{text} is not in {told}");
    }
    assert!(!told.contains(&head) && !told.contains("Nothing is planned"), "{told}");
    // A branch that is no one's to apply from, and a run that somebody starts, tell nobody.
    for (name, reference) in [("push", "refs/heads/feature"), ("workflow_dispatch", "refs/heads/main")] {
        let other =
            reviews.on_github(reviews.checkout.event(name, reference, &commit, &serde_json::json!({})));
        let _invalid = other.run("validate").exits(3);
        let _quiet = other.run_with(&["ci", "report"]).exits(0).has("Nothing is reported of `validate`");
    }
    // An old run that is started again says nothing either.
    std::fs::remove_file(reviews.checkout.project.dir.join("roles/again.yaml")).expect("it is there");
    let newer = reviews.checkout.commit_and_push("mended");
    reviews.checkout.project.git(&format!("checkout -q {commit}"));
    let _invalid = event.run("validate").exits(3);
    let _behind = event.run_with(&["ci", "report"]).exits(0).has("the branch may be at a newer commit");
    reviews.checkout.project.git("checkout -q main");
    let event = reviews.push(&newer);
    let _valid = event.run("validate").exits(0);
    assert_eq!(reviews.told(&event, 1), Some(told), "a check that is fine says nothing");
}
