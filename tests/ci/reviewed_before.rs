//! What was reviewed before the last apply, or takes no change of a role at all: it blocks nothing.

use serde_json::json;

use super::{
    checkout::Step,
    reviews::{Reviews, definition},
};
use crate::common::{
    Emulator,
    project::target,
    repository::{READS, role},
};

/// Plans what was pushed, applies it, and records it; the plan, and how the apply ended.
fn ship(reviews: &Reviews, commit: &str) -> (Step, i32) {
    let planned = reviews.push(commit).run("plan");
    let Some(digest) = planned.given("digest").filter(|_| [2, 8].contains(&planned.output.code)) else {
        panic!("{}", planned.output.everything());
    };
    let applied = reviews.push(commit).input("expect_plan", &digest).run("apply");
    let record = applied.given("record_file").expect("a record");
    let code = applied.output.code;
    let _pushed = reviews.checkout.push(commit).input("record_file", &record).run("record").exits(0);
    (planned, code)
}

const ON_UNASSIGN: &str = "    on_unassign: { to: builtin:cr_member }\n";

#[test]
fn a_target_is_dropped_by_a_request_that_shows_it() {
    let reviews = Reviews::new();
    let other = Emulator::start();
    let project = &reviews.checkout.project;
    let entry =
        |name: &str, url: &str| target(name, url).replace("roles/**", &format!("roles/{name}")) + ON_UNASSIGN;
    let first = entry("reviews", &reviews.checkout.emulator.url);
    project.config(&format!("{first}{}", entry("other", &other.url)));
    std::fs::remove_file(project.dir.join("roles/all.yaml")).expect("it is there");
    project.write("roles/reviews/one.yaml", &definition("one", "One"));
    project.write("roles/other/one.yaml", &definition("one", "One"));
    let _start = reviews.checkout.commit_and_push("two targets");
    reviews.settle();
    // Pushed by somebody it is refused.
    let config = project.read("rolecall.yaml");
    project.config(&first);
    let commit = reviews.checkout.commit_and_push("pushed by somebody");
    let _refused = reviews.push(&commit).run("plan").exits(5).has("target other: what is managed or guarded");
    project.write("rolecall.yaml", &config);
    let _back = reviews.checkout.commit_and_push("back");
    // As a pull request it is shown, and one that is merged before its apply does not stand in the way.
    let without = format!("version: 1\ntargets:\n{first}");
    reviews.open(2, "rolecall.yaml", &without);
    reviews.open(3, "roles/reviews/two.yaml", &definition("two", "Two"));
    reviews.merge(2);
    reviews.open(4, "notes.md", "something\n");
    reviews.merge(4);
    let commit = reviews.merge(3);
    let (planned, code) = ship(&reviews, &commit);
    let _said = planned.has("the target is dropped").has("Every change was reviewed: #2, #3, #4");
    assert_eq!(code, 0);
    assert!(reviews.checkout.emulator.custom().contains(&"Two".to_owned()));
    assert_eq!(other.custom(), ["One"], "what it managed stays");
    // It is over: nothing of it is planned any more.
    let quiet = reviews.push(&commit).run("plan").exits(0).output.everything();
    assert!(!quiet.contains("dropped"), "{quiet}");
}

/// A role of a product whose roles are made by hand, and somebody who gets it.
fn curator(permissions: &str, person: &str) -> String {
    format!(
        "provider: devin\nroles:\n  curator: {{ name: Curator, description: x, scope: organization, permissions: [{permissions}] }}\nassignments:\n  - {{ role: curator, users: [\"{person}\"], scope: {{ organization: [org-apps] }} }}\n"
    )
}

#[test]
fn what_an_apply_left_to_a_person_needs_no_second_review_as_long_as_it_stays() {
    let reviews = Reviews::new();
    let devin = Emulator::of("devin", &[]);
    devin.put(
        "/_dashboard/state",
        &json!({ "provider": "devin", "enterprises": [{
            "name": "acme",
            "anybody": "service-user-bot",
            "organizations": [{ "id": "org-apps", "name": "Apps" }],
            "users": [
                { "id": "user-ada", "email": "ada@acme.test", "name": "Ada", "role": "account_admin" },
                { "id": "user-ben", "email": "ben@acme.test", "name": "Ben", "role": "account_admin" },
                { "id": "user-mira", "email": "mira@acme.test", "name": "Mira", "role": "account_member" },
            ],
            "service_users": [{ "id": "service-user-bot", "name": "bot", "role": "account_admin" }],
        }] }),
    );
    let project = &reviews.checkout.project;
    project.config(&format!(
        "{}{ON_UNASSIGN}  acme:\n    provider: devin\n    files: [\"devin/*.yaml\"]\n    settings: {{ url: \"{}\" }}\n",
        target("reviews", &reviews.checkout.emulator.url),
        devin.url
    ));
    project.write("devin/all.yaml", "provider: devin\nroles: {}\n");
    let _start = reviews.checkout.commit_and_push("two targets");
    reviews.settle();
    // The second one is planned before the first one is merged, so its plan does not show the steps.
    reviews.open(1, "devin/all.yaml", &curator("manage_knowledge", "email:mira@acme.test"));
    reviews.open(2, "roles/two.yaml", &definition("two", "Two"));
    assert_eq!(ship(&reviews, &reviews.merge(1)).1, 8);
    assert_eq!(ship(&reviews, &reviews.merge(2)).1, 8);
    assert!(reviews.checkout.emulator.custom().contains(&"Two".to_owned()));
    project.write("notes.md", "nothing\n");
    let commit = reviews.checkout.commit_and_push("notes");
    let _fine =
        reviews.push(&commit).run("plan").exits(2).has("Every change was reviewed before the last apply");
    // Another permission, or another person, is another change, also after one more push.
    for (permissions, person, address) in [
        ("manage_knowledge, manage_organization", "email:mira@acme.test", "acme/role/curator"),
        ("manage_knowledge", "email:ben@acme.test", "acme/assignment/"),
    ] {
        project.write("devin/all.yaml", &curator(permissions, person));
        let commit = reviews.checkout.commit_and_push("pushed by somebody");
        let _refused = reviews.push(&commit).run("plan").exits(5).has("not reviewed").has(address);
        project.write("notes.md", &format!("nothing but {person} and {permissions}\n"));
        let commit = reviews.checkout.commit_and_push("more notes");
        let _refused = reviews.push(&commit).run("plan").exits(5).has("not reviewed").has(address);
    }
}

#[test]
fn a_day_that_passes_was_reviewed_with_its_date() {
    let reviews = Reviews::new();
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let yesterday = today.yesterday().expect("a day before");
    let until = |day: &str| {
        format!(
            "provider: coderabbit\nroles:\n{}assignments:\n  - {{ role: two, users: [\"1003\"], expires: {day} }}\n",
            role("two", "Two", READS)
        )
    };
    reviews.checkout.project.write("roles/two.yaml", &until(&yesterday.to_string()));
    let commit = reviews.checkout.commit_and_push("a role for a time");
    reviews.settle();
    reviews.open(1, "roles/three.yaml", &definition("three", "Three"));
    // As if the day had passed since: the role is held.
    reviews.checkout.emulator.give("1003", &reviews.checkout.emulator.role_id("Two"));
    let schedule = reviews.checkout.event("schedule", "refs/heads/main", &commit, &json!({}));
    let _told = schedule.run("drift").exits(0).has("1 assignment is over, and still live").has("(Two)");
    let (_, code) = ship(&reviews, &reviews.merge(1));
    assert_eq!(code, 0);
    assert_ne!(reviews.checkout.emulator.held_by("1003"), "Two");
    // A date that nobody reviewed takes nothing away.
    reviews.checkout.project.write("roles/two.yaml", &until("2999-01-01"));
    let _later = reviews.checkout.commit_and_push("longer");
    reviews.settle();
    reviews.checkout.project.write("roles/two.yaml", &until(&yesterday.to_string()));
    let commit = reviews.checkout.commit_and_push("pushed by somebody");
    let _refused = reviews.push(&commit).run("plan").exits(5).has("not reviewed");
}
