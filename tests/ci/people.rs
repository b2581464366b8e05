//! Where a repository is not known to be private, nothing that a run says names anybody.

use serde_json::json;

use super::checkout::{Checkout, Event, REPOSITORY, Step};
use crate::common::repository::{READS, role};

/// Every way to write the people of the emulator, and one whom nobody knows.
const PEOPLE: [&str; 8] =
    ["1001", "1002", "1003", "1007777", "ada", "ben", "mira", "nobody@acme.example.test"];

fn assigned(users: &str) -> String {
    format!(
        "provider: coderabbit\nroles:\n{}assignments:\n  - role: two\n    users: [{users}]\n",
        role("two", "Two", READS)
    )
}

/// The same event in a public repository.
fn public<'a>(checkout: &'a Checkout, event: Event<'a>) -> Event<'a> {
    let file = checkout.project.home().join("event.json");
    let text = std::fs::read_to_string(&file).expect("the event");
    std::fs::write(&file, text.replace("\"private\":true", "\"private\":false")).expect("it is written");
    event
}

/// The log, the annotations, and the summary.
#[track_caller]
fn names_nobody(what: &str, step: &Step) {
    for said in [step.output.everything(), step.summary()] {
        // Results and the plan itself are for the review on merge.
        let words: Vec<&str> = said.split(|c: char| !(c.is_alphanumeric() || "@.-_".contains(c))).collect();
        for who in PEOPLE {
            let found = words.iter().any(|word| word.trim_matches('.').eq_ignore_ascii_case(who));
            assert!(!found, "{what}: {who} is named in\n{said}");
        }
    }
}

#[test]
fn nothing_that_a_run_says_names_anybody() {
    let checkout = Checkout::new();
    let project = &checkout.project;
    checkout.settle();
    let write = |text: &str| project.write("roles/two.yaml", text);
    let twice = assigned("\"1002\"") + "  - role: builtin:cr_admin\n    users: [\"1002\"]\n";
    let cases = [
        ("an assignment", assigned("\"1003\"")),
        ("somebody whom nobody knows", assigned("\"1007777\", \"nobody@acme.example.test\"")),
        ("a name with another spelling", assigned("Mira, ADA")),
        ("the last administrators", assigned("\"1001\", \"1002\"")),
        ("somebody with two roles", twice),
        ("somebody twice", assigned("mira, mira")),
        ("no way to write somebody", assigned("\"mail:nobody@acme.example.test\"")),
        ("a hidden character", assigned("\"mi\u{200b}ra\", \"1003\"")),
    ];
    for (number, (what, text)) in cases.iter().enumerate() {
        let head = checkout.propose(&format!("pr-{number}"), || write(text));
        project.git(&format!("checkout -q pr-{number}"));
        for command in ["validate", "diff", "plan"] {
            let event = checkout.pull_request(&head, REPOSITORY);
            let step = public(&checkout, event).run(command);
            names_nobody(&format!("{command}: {what}"), &step);
        }
        let fork = checkout.pull_request(&head, "mallory/roles");
        names_nobody(&format!("a fork: {what}"), &public(&checkout, fork).run("plan"));
        project.git("checkout -q main");
    }
    // Pushed by somebody: refused, and listed.
    write(&assigned("\"1002\", \"1003\""));
    let commit = checkout.commit_and_push("pushed by somebody");
    let github = super::github::GitHub::start();
    let push = || {
        let event = checkout.push(&commit);
        let event = event.with("GITHUB_API_URL", &github.url).with("GITHUB_TOKEN", super::github::TOKEN);
        public(&checkout, event)
    };
    let refused = push().input("require_reviewed", "true").run("plan").exits(5);
    assert!(refused.output.everything().contains("(a person)"), "{}", refused.output.everything());
    names_nobody("not reviewed", &refused);
    let digest = format!("sha256:{}", "a".repeat(64));
    names_nobody("another digest", &push().input("expect_plan", &digest).run("apply").exits(5));
    checkout.emulator.faults(&["POST ** status=403", "PUT ** status=403", "PATCH ** status=403"]);
    names_nobody("an apply that fails", &push().run("apply"));
    checkout.emulator.faults(&[]);
    checkout.emulator.faults(&["GET ** status=500"]);
    names_nobody("a product that does not answer", &push().run("plan").exits(7));
    checkout.emulator.faults(&[]);
    names_nobody("an apply", &push().run("apply"));
    let schedule = checkout.event("schedule", "refs/heads/main", &commit, &json!({}));
    names_nobody("drift", &public(&checkout, schedule).run("drift"));
}

#[test]
fn the_lines_of_a_failure_are_lines_of_its_annotation() {
    let checkout = Checkout::new();
    let head = checkout.head();
    let wrong = checkout.push(&head).input("require_reviewed", "true").with("GITHUB_TOKEN", "");
    let said = wrong.run("plan").exits(4).output.everything();
    assert!(said.contains("::error title=rolecall::"), "{said}");
    let github = super::github::GitHub::start();
    let push =
        checkout.push(&head).with("GITHUB_API_URL", &github.url).with("GITHUB_TOKEN", super::github::TOKEN);
    let said = push.input("require_reviewed", "true").run("plan").exits(5).output.everything();
    let line = said.lines().find(|line| line.starts_with("::error title=rolecall::not reviewed"));
    let line = line.expect("an annotation");
    assert!(line.contains(":%0A  reviews/role/one") && !line.contains("\\n"), "{line}");
}
