//! The one issue about drift.

use rolecall::ci::{decision::Command, results::Results};
use serde_json::json;

use super::{
    github::{BOT, Fault, GitHub, Issue},
    world::{HEAD, Job, drift},
};

fn job(github: &GitHub) -> Job {
    let mut job = Job::on_github(github, "schedule", &json!({}));
    job.project.set("INPUT_ISSUE", "auto");
    job
}

/// Number, text, and whether it is open.
fn issues(github: &GitHub) -> Vec<(u64, String, bool)> {
    github.world().issues.iter().map(|(number, one)| (*number, one.body.clone(), one.open)).collect()
}

#[test]
fn one_issue_is_opened_updated_and_closed() {
    let github = GitHub::start();
    let job = job(&github);
    let _none = job.report(&drift(0)).exits(0).has("There is no drift, and no issue");
    assert!(issues(&github).is_empty());

    let mut same = drift(1);
    let _opened = job.report(&same).exits(0).has("An issue was opened");
    let all = issues(&github);
    let [(number, body, true)] = all.as_slice() else { panic!("one open issue: {all:?}") };
    for text in ["<!-- rolecall:drift ", "Helper 0", "rolecall apply", "rolecall import --drift"] {
        assert!(body.contains(text), "{text} is not in {body}");
    }
    assert_eq!(github.world().issues[number].labels, ["rolecall-drift"]);
    assert_eq!(github.world().issues[number].title, "Roles were changed outside git");
    assert!(job.outputs().contains(&format!("comment_id={number}\n")));

    // The same drift on another day, at another commit.
    let same_plan = same.plan.as_mut().expect("a plan");
    same_plan.revisions.today = "2027-01-01".into();
    same_plan.run = None;
    let _unchanged = job.report(&same).exits(0).has("The issue says it already");
    assert_eq!(github.seen("PATCH"), 0);

    let _updated = job.report(&drift(2)).exits(0).has("The issue was updated");
    assert!(issues(&github)[0].1.contains("Helper 1"));

    let _closed = job.report(&drift(0)).exits(0).has("The issue was closed");
    assert!(!issues(&github)[0].2);
    assert!(github.comments(*number)[0].2.contains("There is no drift any more"));

    // A closed one is never opened again.
    let _opened = job.report(&drift(1)).exits(0).has("An issue was opened");
    let all = issues(&github);
    assert_eq!(all.iter().map(|(_, _, open)| *open).collect::<Vec<_>>(), [false, true]);
    github.is_content();
}

#[test]
fn a_run_that_could_not_tell_closes_nothing() {
    let github = GitHub::start();
    let job = job(&github);
    let _opened = job.report(&drift(1)).exits(0);
    let mut failed = Results::new(Command::Drift);
    failed.exit = 7;
    let _left = job.report(&failed).exits(0).has("Issues stay as they are");
    let mut unread = drift(0);
    unread.exit = 7;
    let error = json!({"exit": 7, "message": "no connection", "help": null});
    unread.plan.as_mut().expect("a plan").targets[0].error =
        Some(serde_json::from_value(error).expect("an error"));
    let _left = job.report(&unread).exits(0).has("Issues stay as they are");
    // Without a record nobody knows what drift is.
    let mut unrecorded = drift(0);
    unrecorded.plan.as_mut().expect("a plan").targets[0].applied = None;
    let _left = job.report(&unrecorded).exits(0).has("Issues stay as they are");
    assert!(issues(&github)[0].2);
}

#[test]
fn issues_of_others_and_pull_requests_are_left_alone() {
    let github = GitHub::start();
    let job = job(&github);
    let _opened = job.report(&drift(1)).exits(0);
    let (number, body, _) = issues(&github).remove(0);
    let spoof = |author: &str, body: &str| Issue {
        author: author.to_owned(),
        title: "Roles were changed outside git".to_owned(),
        body: body.to_owned(),
        open: true,
        labels: vec!["rolecall-drift".to_owned()],
    };
    for n in 0..105 {
        github.world().issues.insert(2_000 + n, spoof("mallory", &body));
    }
    github.world().issues.insert(3_000, spoof(BOT, &body.replace("roles plan", "another workflow")));
    github.pull(9, HEAD, &json!({"body": body}));
    let _closed = job.report(&drift(0)).exits(0).has("The issue was closed");
    let open = issues(&github).into_iter().filter(|(_, _, open)| *open).count();
    assert_eq!(open, 106);
    assert!(!github.world().issues[&number].open);
}

#[test]
fn a_missing_right_is_a_warning() {
    let github = GitHub::start();
    let job = job(&github);
    github.world().faults = vec![Fault {
        request: "POST",
        part: "issues",
        status: 403,
        header: None,
        message: "Resource not accessible by integration",
        done: false,
    }];
    let _warned = job.report(&drift(1)).exits(0).has("Add `issues: write` to `permissions:` of the job.");
    assert!(issues(&github).is_empty());
}

#[test]
fn no_issue_is_kept_unless_it_is_asked_for() {
    let github = GitHub::start();
    let mut job = job(&github);
    job.project.set("INPUT_ISSUE", "never");
    let _none = job.report(&drift(1)).exits(0).has("`issue` is `never`");
    job.project.set("INPUT_ISSUE", "auto");
    job.project.set("GITHUB_REF", "refs/heads/elsewhere");
    let _elsewhere = job.report(&drift(1)).exits(0).has("Nothing is reported of `drift`");
    assert_eq!(github.world().seen.len(), 0);
}
