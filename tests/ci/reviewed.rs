//! Applying only what was reviewed: what pull requests showed, from the artifacts of their runs.

use serde_json::json;

use super::{
    checkout::REPOSITORY,
    github::{AGAIN, LATE},
    reviews::{Reviews, definition},
};

#[test]
fn what_was_merged_and_never_applied_is_not_forgotten() {
    let reviews = Reviews::new();
    reviews.open(1, "roles/two.yaml", &definition("two", "Two"));
    reviews.open(2, "notes.md", "nothing\n");
    reviews.merge(1);
    let commit = reviews.merge(2);
    // The plan of the first showed what was on `main` and never applied, too.
    let planned = reviews.push(&commit).run("plan").exits(2).has("Every change was reviewed: #1, #2");
    assert_eq!(planned.given("added").as_deref(), Some("2"));
    let kept = std::mem::take(&mut reviews.github.world().files);
    let lost = reviews.push(&commit).run("plan").exits(4).has("the plans of #1, #2 have expired");
    let lost = lost.has("reviews/role/two").has("dispatch the workflow by hand");
    assert_eq!(lost.given("record_file"), None, "nothing is recorded");
    reviews.github.world().files = kept;
    reviews.settle();
    reviews.open(3, "roles/three.yaml", &definition("three", "Three"));
    reviews.open(4, "notes.md", "still nothing\n");
    reviews.merge(3);
    let commit = reviews.merge(4);
    let planned = reviews.push(&commit).run("plan").exits(2).has("Every change was reviewed: #3");
    let digest = planned.given("digest").expect("a digest");
    let _applied = reviews.push(&commit).input("expect_plan", &digest).run("apply").exits(0);
    assert!(reviews.checkout.emulator.custom().contains(&"Three".to_owned()));
}

#[test]
fn what_no_pull_request_showed_is_not_applied_whatever_digest_is_expected() {
    let reviews = Reviews::new();
    reviews.settle();
    reviews.checkout.define("one", "Evil");
    let commit = reviews.checkout.commit_and_push("pushed by somebody");
    let digest = reviews.checkout.push(&commit).run("plan").given("digest").expect("a digest");
    let _refused = reviews.push(&commit).run("plan").exits(5).has("no pull request was merged");
    let _refused = reviews.push(&commit).input("expect_plan", &digest).run("apply").exits(5);
    assert_eq!(reviews.checkout.emulator.sent(), Vec::<String>::new());
    // A person may dispatch it.
    let dispatch = reviews.checkout.event("workflow_dispatch", "refs/heads/main", &commit, &json!({}));
    let _applied = dispatch.input("expect_plan", &digest).run("apply").exits(0);
}

#[test]
fn p3_a_plan_for_another_branch_reviews_nothing() {
    let reviews = Reviews::new();
    reviews.settle();
    let project = &reviews.checkout.project;
    let _big =
        reviews.checkout.propose("big", || project.write("roles/evil.yaml", &definition("evil", "Evil")));
    // The pull request is first one to `big`, and its plan shows what `big` has; then it is retargeted.
    let head = reviews.checkout.propose("pr-7", || project.write("notes.md", "nothing\n"));
    reviews.github.pull(7, &head, &json!({}));
    let of_big = reviews.made(&head, "big");
    reviews.github.planned(&head, &of_big);
    reviews.plan(&head, "main");
    reviews.merge(7);
    project.write("roles/evil.yaml", &definition("evil", "Evil"));
    let commit = reviews.checkout.commit_and_push("pushed by somebody");
    let _refused = reviews.push(&commit).run("plan").exits(5).has("not reviewed").has("#7");
    // Where the last run was for the other branch, nothing is reviewed either.
    reviews.github.planned(&head, &of_big);
    let _refused = reviews.push(&commit).run("plan").exits(5).has("not reviewed");
    reviews.github.is_content();
}

/// A request is merged together with something that its plan does not show, and planned afterwards.
fn late(reviews: &Reviews) -> (String, String, Vec<u8>) {
    reviews.settle();
    let head = reviews.open(7, "roles/two.yaml", &definition("two", "Two"));
    let commit = reviews.merge_with(7, "roles/evil.yaml", &definition("evil", "Evil"));
    let _refused = reviews.push(&commit).run("plan").exits(5).has("reviews/role/evil").has("#7");
    let by_hand = reviews.checkout.event("workflow_dispatch", "refs/heads/main", &commit, &json!({}));
    let file = by_hand.run("plan").exits(2).given("plan_file").expect("a plan");
    // As a run of the pull request would have left it.
    let base = reviews.checkout.project.git("rev-parse HEAD~1");
    let text = std::fs::read_to_string(file).expect("it is there");
    let mut plan: serde_json::Value = serde_json::from_str(&text).expect("a plan");
    plan["revisions"]["desired"] = json!(head);
    plan["revisions"]["base"] = json!(base);
    plan["revisions"]["base_name"] = json!("origin/main");
    (commit, head, plan.to_string().into_bytes())
}

#[test]
fn p3_what_was_planned_after_the_merge_reviews_nothing() {
    let reviews = Reviews::new();
    let (commit, head, plan) = late(&reviews);
    // Before the merge it would have been a review.
    reviews.github.planned(&head, &plan);
    let _planned = reviews.push(&commit).run("plan").exits(2).has("Every change was reviewed: #7");
    reviews.github.world().runs.last_mut().expect("a run").at = LATE;
    let _refused = reviews.push(&commit).run("plan").exits(5).has("reviews/role/evil");
    // A second attempt of the run that was reviewed leaves its artifact beside the first.
    let mut world = reviews.github.world();
    let late = world.runs.pop().expect("a run");
    assert_eq!(late.at, LATE);
    let file = world.files.remove("2").expect("its plan");
    let again = (AGAIN + 1).to_string();
    let place = format!("{}/elsewhere/{again}", reviews.github.url);
    world.files.insert(again, (place, file.1));
    world.runs[0].again = Some(LATE);
    drop(world);
    let _refused = reviews.push(&commit).run("plan").exits(5).has("reviews/role/evil");
    reviews.github.is_content();
}

#[test]
fn p3_a_plan_that_another_workflow_left_adds_nothing_to_what_was_reviewed() {
    let reviews = Reviews::new();
    // The request brings a workflow of its own, which uploads whatever it likes under the name of a plan.
    let (commit, head, forged) = late(&reviews);
    for path in [".github/workflows/a.yml", ".github/workflows/z.yml"] {
        reviews.github.left_by(path, &head, &forged);
        let _refused = reviews.push(&commit).run("plan").exits(5).has("reviews/role/evil");
    }
    reviews.github.is_content();
}

#[test]
fn a_plan_that_another_workflow_left_can_refuse() {
    let reviews = Reviews::new();
    reviews.settle();
    let head = reviews.open(7, "roles/two.yaml", &definition("two", "Two"));
    let shown = reviews.made(&head, "main");
    let commit = reviews.merge(7);
    let _planned = reviews.push(&commit).run("plan").exits(2).has("Every change was reviewed: #7");
    let mut less: serde_json::Value = serde_json::from_slice(&shown).expect("a plan");
    less["targets"][0]["changes"] = json!([]);
    reviews.github.left_by(".github/workflows/a.yml", &head, less.to_string().as_bytes());
    let _refused = reviews.push(&commit).run("plan").exits(5).has("reviews/role/two");
}

#[test]
fn what_was_merged_or_closed_is_not_planned_again() {
    let reviews = Reviews::new();
    reviews.settle();
    let head = reviews.open(7, "roles/two.yaml", &definition("two", "Two"));
    let event = || reviews.on_github(reviews.checkout.pull_request(&head, REPOSITORY));
    let _planned = event().run("plan").exits(2);
    let _told = event().run_with(&["ci", "report"]).exits(0);
    let before = reviews.github.comments(7);
    assert!(before[0].2.contains("Two"), "{before:?}");
    let page = &before[0].2;
    assert!(page.contains("rolecall plan --rev") && !page.contains("rolecall apply"), "{page}");
    // The event of a run that is started again says that it is open; the forge knows better.
    reviews.merge(7);
    let over = event().run("plan").exits(0).has("merged or closed");
    assert_eq!((over.given("plan_file"), over.given("digest")), (None, None));
    let _quiet = event().run_with(&["ci", "report"]).exits(0).has("Nothing is reported");
    assert_eq!(reviews.github.comments(7), before, "what was reviewed stays");
}

#[test]
fn what_a_later_one_took_back_counts_no_more() {
    let reviews = Reviews::new();
    reviews.settle();
    let project = &reviews.checkout.project;
    // Nobody knows any more what was applied, so that older ones are looked at.
    let forget = || {
        let origin = project.beside("origin.git");
        let pushed = reviews.checkout.pushed_record();
        if !pushed.is_empty() {
            crate::common::repository::git(&origin, &["update-ref", "-d", crate::common::repository::RECORD]);
        }
        reviews.checkout.forget_record();
    };
    let apply = |commit: &str| {
        forget();
        let digest = reviews.push(commit).run("plan").exits(2).given("digest").expect("a digest");
        forget();
        let _applied = reviews.push(commit).input("expect_plan", &digest).run("apply").exits(0);
        forget();
    };
    reviews.open(1, "roles/two.yaml", &definition("two", "More"));
    apply(&reviews.merge(1));
    reviews.open(2, "roles/two.yaml", &definition("two", "Less"));
    apply(&reviews.merge(2));
    project.write("roles/two.yaml", &definition("two", "More"));
    let commit = reviews.checkout.commit_and_push("pushed by somebody");
    let _refused = reviews.push(&commit).run("plan").exits(5).has("reviews/role/two: name would go");
    forget();
    // The same in the commit that merges another request.
    project.write("roles/two.yaml", &definition("two", "Less"));
    let _back = reviews.checkout.commit_and_push("back");
    reviews.open(3, "notes.md", "nothing\n");
    let commit = reviews.merge_with(3, "roles/two.yaml", &definition("two", "More"));
    forget();
    let _refused =
        reviews.push(&commit).run("plan").exits(5).has("reviews/role/two: name would go").has("#3");
}

#[test]
fn each_target_looks_back_to_its_own_record() {
    let reviews = Reviews::new();
    let other = crate::common::Emulator::start();
    let project = &reviews.checkout.project;
    let more = "    on_unassign: { to: builtin:cr_member }\n";
    let config = |files: &str, name: &str, url: &str| {
        crate::common::project::target(name, url).replace("roles/**", files) + more
    };
    project.config(&format!(
        "{}{}",
        config("roles/reviews", "reviews", &reviews.checkout.emulator.url),
        config("roles/other", "other", &other.url)
    ));
    project.write("roles/reviews/two.yaml", &definition("two", "Less"));
    project.write("roles/other/one.yaml", &definition("one", "One"));
    std::fs::remove_file(project.dir.join("roles/all.yaml")).expect("it is there");
    let _start = reviews.checkout.commit_and_push("two targets");
    reviews.settle();
    // From here on only one of them is applied.
    let ship = |commit: &str| {
        let only = || reviews.push(commit).input("targets", "reviews");
        let digest = only().run("plan").exits(2).given("digest").expect("a digest");
        let record = only().input("expect_plan", &digest).run("apply").exits(0).given("record_file");
        let record = record.expect("a record");
        let _pushed = reviews.checkout.push(commit).input("record_file", &record).run("record").exits(0);
    };
    reviews.open(1, "roles/reviews/two.yaml", &definition("two", "More"));
    ship(&reviews.merge(1));
    reviews.open(2, "roles/reviews/two.yaml", &definition("two", "Less"));
    ship(&reviews.merge(2));
    reviews.open(3, "roles/other/three.yaml", &definition("three", "Three"));
    let commit = reviews.merge(3);
    let _fine = reviews.push(&commit).run("plan").exits(2).has("Every change was reviewed: ");
    project.write("roles/reviews/two.yaml", &definition("two", "More"));
    let commit = reviews.checkout.commit_and_push("pushed by somebody");
    let refused = reviews.push(&commit).run("plan").exits(5).has("reviews/role/two: name would go");
    assert!(!refused.output.everything().contains("other/role/three: it would"), "that was reviewed");
}

#[test]
fn a_click_is_left_alone_and_the_apply_recorded_all_the_same() {
    let reviews = Reviews::new();
    reviews.settle();
    reviews.open(5, "roles/two.yaml", &definition("two", "Two"));
    let commit = reviews.merge(5);
    reviews.checkout.emulator.edit_role("One", &json!({ "description": "Clicked" }));
    let planned = reviews.push(&commit).run("plan").exits(2).has("What somebody changed outside git was not");
    let digest = planned.given("digest").expect("a digest");
    let applied = reviews.push(&commit).input("expect_plan", &digest).run("apply").exits(0);
    let record = applied.given("record_file").expect("a record");
    let _pushed = reviews.checkout.push(&commit).input("record_file", &record).run("record").exits(0);
    let one = reviews.checkout.emulator.role("One").expect("it is there");
    assert_eq!(one["description"], "Clicked");
    let schedule = reviews.checkout.event("schedule", "refs/heads/main", &commit, &json!({}));
    let drift = schedule.run("drift").exits(2).results();
    let changes = drift["plan"]["targets"][0]["changes"].as_array().expect("changes").len();
    assert_eq!(changes, 1, "{drift:#}");
}

#[test]
fn where_the_reviews_cannot_be_read_nothing_counts_as_reviewed() {
    let reviews = Reviews::new();
    reviews.settle();
    reviews.open(8, "roles/two.yaml", &definition("two", "Two"));
    let commit = reviews.merge(8);
    let without = reviews.checkout.push(&commit).input("require_reviewed", "true");
    let _refused = without.run("plan").exits(4).has("GITHUB_TOKEN is not set");
    reviews.github.world().files.clear();
    let _refused = reviews.push(&commit).run("plan").exits(4).has("the plans of #8 have expired");
}

#[test]
fn a_refused_plan_is_told_on_what_was_merged_and_the_apply_takes_its_place() {
    let reviews = Reviews::new();
    reviews.settle();
    let head = reviews.open(1, "roles/two.yaml", &definition("two", "Two"));
    let commit = reviews.merge(1);
    let kept = std::mem::take(&mut reviews.github.world().files);
    let event = reviews.push(&commit);
    let _refused = event.run("plan").exits(4);
    let told = reviews.told(&event, 1).expect("a comment");
    for text in [
        "### Nothing was applied\n\nThe plan of what was merged ended with exit code 4.",
        "counts as not reviewed",
        "looked for in the plans of",
        "<br>\n> ",
        "reviews/role/two",
        "Open a pull request whose plan shows these changes",
        &commit,
    ] {
        assert!(told.contains(text), "{text} is not in {told}");
    }
    assert!(!told.contains(&head));
    // A second attempt that is refused says so in the same place.
    let _refused = event.run("plan").exits(4);
    assert!(reviews.told(&event, 1).expect("a comment").contains("Nothing was applied"));
    reviews.github.world().files = kept;
    // Where it is fine, the apply reports.
    let digest = event.run("plan").exits(2).given("digest").expect("a digest");
    assert!(reviews.told(&event, 1).expect("a comment").contains("Nothing was applied"));
    let apply = reviews.push(&commit).input("expect_plan", &digest);
    let _applied = apply.run("apply").exits(0);
    let done = reviews.told(&apply, 1).expect("a comment");
    assert!(!done.contains("Nothing was applied") && done.contains("Two"), "{done}");
    // Another attempt of the run finds nothing reviewed, and does not take back what was told.
    reviews.checkout.emulator.faults(&["GET ** status=500"]);
    let _failed = event.run("plan").exits(7);
    assert_eq!(reviews.told(&event, 1), Some(done.clone()));
    let _failed = apply.run("apply").exits(5);
    assert_eq!(reviews.told(&apply, 1), Some(done));
}

#[test]
fn a_product_that_does_not_answer_and_a_guard_are_told_too() {
    let reviews = Reviews::proposed();
    let commit = reviews.merge(1);
    let event = reviews.push(&commit);
    reviews.checkout.emulator.faults(&["GET ** status=500"]);
    let _failed = event.run("plan").exits(7);
    let told = reviews.told(&event, 1).expect("a comment");
    assert!(told.contains("exit code 7") && told.contains("Run the workflow again"), "{told}");
    reviews.checkout.emulator.faults(&[]);
    let _quiet = event.clone().input("comment", "never").run("plan").exits(2);
    let never = event.clone().input("comment", "never");
    reviews.checkout.emulator.faults(&["GET ** status=500"]);
    let _failed = never.run("plan").exits(7);
    assert_eq!(reviews.told(&never, 1), Some(told));
}

#[test]
fn an_old_run_that_is_replayed_says_nothing() {
    let reviews = Reviews::proposed();
    let old = reviews.merge(1);
    reviews.open(2, "roles/three.yaml", &definition("three", "Three"));
    let new = reviews.merge(2);
    reviews.checkout.project.git(&format!("checkout -q {old}"));
    reviews.checkout.emulator.faults(&["GET ** status=500"]);
    for command in ["plan", "apply"] {
        let event = reviews.push(&old);
        let _refused = event.run(command);
        assert_eq!(reviews.told(&event, 1), None, "{command}");
        let _said = event.run_with(&["ci", "report"]).exits(0).has("the branch may be at a newer commit");
    }
    reviews.checkout.project.git("checkout -q main");
    // Where nobody can tell, nothing is said either.
    reviews.checkout.without_server();
    let event = reviews.push(&new);
    let _refused = event.run("plan").exits(7);
    assert_eq!(reviews.told(&event, 2), None);
}

#[test]
fn a_refusal_names_nobody_where_people_are_only_counted() {
    let reviews = Reviews::new();
    reviews.settle();
    let people = "assignments:\n  - role: two\n    users: [\"1003\"]\n";
    reviews.open(1, "roles/two.yaml", &format!("{}{people}", definition("two", "Two")));
    let commit = reviews.merge(1);
    reviews.github.world().files.clear();
    let event = reviews.push(&commit);
    let summary = event.run("plan").exits(4).summary();
    let told = reviews.told(&event, 1).expect("a comment");
    for page in [&told, &summary] {
        assert!(page.contains("(a person)") && !page.contains("1003"), "{page}");
    }
    // Whoever reads a public repository reads its logs.
    let payload = json!({ "before": "0".repeat(40) });
    let public = reviews.checkout.event("push", "refs/heads/main", &commit, &payload);
    let file = reviews.checkout.project.home().join("event.json");
    let text = std::fs::read_to_string(&file).expect("the event");
    std::fs::write(&file, text.replace("\"private\":true", "\"private\":false")).expect("it is written");
    let refused = reviews.on_github(public).input("require_reviewed", "true").run("plan").exits(4);
    let log = refused.output.everything();
    assert!(log.contains("(a person)") && !log.contains("user:1003"), "{log}");
}

#[test]
fn the_report_of_parts_goes_to_everything_that_a_part_brought() {
    let reviews = Reviews::proposed();
    reviews.merge(1);
    reviews.open(2, "notes.md", "nothing\n");
    let commit = reviews.merge(2);
    let folder = reviews.checkout.project.home().join("parts").display().to_string();
    let part = |shard: &str| {
        let event = reviews.on_github(reviews.checkout.push(&commit));
        let event = event.input("comment", "never").input("shard", shard);
        event.with("ROLECALL_RESULTS", &format!("{folder}/{}", shard.replace('/', "-")))
    };
    for shard in ["1/2", "2/2"] {
        let _applied = part(shard).run("apply").exits(0);
    }
    let report = reviews.on_github(reviews.checkout.push(&commit));
    let _reported =
        report.run_with(&["ci", "report", "--results", &folder]).exits(0).has("on #1").has("on #2");
    assert!(reviews.github.comments(1)[0].2.contains("Two"));
}
