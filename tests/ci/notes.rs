//! The one note on a merge request, and the one issue, on GitLab.

use rolecall::ci::decision::Command;
use serde_json::json;

use super::{
    gitlab::{BOT, GitLab, Note, PROJECT, TOKEN},
    world::{HEAD, Job, NEWER, drift, plan, results, roles},
};
use crate::common::Project;

/// A job of the pipeline of the merge request 7, or of a schedule.
fn job(gitlab: &GitLab, source: &str) -> Job {
    let mut job = Job { project: Project::new() };
    for (name, value) in [
        ("GITLAB_CI", "true"),
        ("CI_PIPELINE_SOURCE", source),
        ("CI_API_V4_URL", &gitlab.url),
        ("CI_PROJECT_PATH", PROJECT),
        ("CI_PROJECT_ID", "1"),
        ("CI_MERGE_REQUEST_PROJECT_ID", "1"),
        ("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "1"),
        ("CI_MERGE_REQUEST_IID", "7"),
        ("CI_COMMIT_SHA", HEAD),
        ("CI_COMMIT_BRANCH", "main"),
        ("CI_DEFAULT_BRANCH", "main"),
        ("CI_JOB_NAME", "roles plan"),
        ("CI_JOB_URL", "https://gitlab.com/acme/tools/roles/-/jobs/42"),
        ("ROLECALL_GITLAB_NOTE_TOKEN", TOKEN),
        ("INPUT_ISSUE", "auto"),
    ] {
        job.project.set(name, value);
    }
    job
}

#[test]
fn a_note_is_made_once_and_then_updated() {
    let gitlab = GitLab::start(HEAD);
    let job = job(&gitlab, "merge_request_event");
    let _made = job.report(&results(Command::Plan, plan(&roles(2)))).exits(0).has("A comment was made on !7");
    let text = gitlab.notes(7).pop().expect("a note");
    gitlab.world().notes.insert(900, Note { on: 7, author: "mallory".to_owned(), text });
    let _updated =
        job.report(&results(Command::Plan, plan(&roles(1)))).exits(0).has("The comment was updated");
    let world = gitlab.world();
    assert_eq!(world.notes.len(), 2);
    let own = &world.notes.values().find(|note| note.author == BOT).expect("a note").text;
    assert!(own.contains("Helper 0") && !own.contains("Helper 1"), "{own}");
    assert!(world.notes[&900].text.contains("Helper 1"));
}

#[test]
fn a_newer_head_keeps_its_note() {
    let gitlab = GitLab::start(NEWER);
    let job = job(&gitlab, "merge_request_event");
    let _stale =
        job.report(&results(Command::Plan, plan(&roles(1)))).exits(0).has("A newer commit is proposed");
    assert!(gitlab.world().notes.is_empty());
}

#[test]
fn a_newer_head_with_errors_takes_the_place_of_the_plan_that_stands_there() {
    let gitlab = GitLab::start(HEAD);
    let job = job(&gitlab, "merge_request_event");
    let _made = job.report(&results(Command::Plan, plan(&roles(1)))).exits(0);
    let mut invalid = rolecall::ci::results::Results::new(Command::Validate);
    invalid.exit = 3;
    let _updated = job.report(&invalid).exits(0).has("The comment was updated on !7");
    let notes = gitlab.notes(7);
    assert_eq!(notes.len(), 1);
    assert!(notes[0].contains("Nothing is planned: the definitions have errors"), "{notes:?}");
    assert!(!notes[0].contains("Helper 0"), "{notes:?}");
}

#[test]
fn p9_nothing_is_written_for_a_fork() {
    let gitlab = GitLab::start(HEAD);
    let mut job = job(&gitlab, "merge_request_event");
    job.project.set("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "2");
    let _none = job.report(&results(Command::Plan, plan(&roles(1)))).exits(0).has("no right to comment");
    assert_eq!(gitlab.world().seen.len(), 0);
}

#[test]
fn a_failed_note_is_a_warning() {
    let gitlab = GitLab::start(HEAD);
    let mut job = job(&gitlab, "merge_request_event");
    let ran = results(Command::Plan, plan(&roles(1)));
    gitlab.world().refuse = Some((403, json!({"message": "403 Forbidden"})));
    let output = job.report(&ran).exits(0).has("The token needs the scope `api`");
    assert!(output.stderr.starts_with("warning: the report failed, the run did not"), "{}", output.stderr);
    gitlab.world().refuse =
        Some((400, json!({"message": {"note": ["is too long (maximum is 1 characters)"]}})));
    let _shorter = job.report(&ran).exits(0).has("A comment was made");
    job.project.set("ROLECALL_GITLAB_NOTE_TOKEN", "");
    let _none = job.report(&ran).exits(0).has("ROLECALL_GITLAB_NOTE_TOKEN is not set");
}

#[test]
fn one_issue_is_opened_and_closed() {
    let gitlab = GitLab::start(HEAD);
    let job = job(&gitlab, "schedule");
    let found = drift(1);
    let _opened = job.report(&found).exits(0).has("An issue was opened");
    let _same = job.report(&found).exits(0).has("The issue says it already");
    let _updated = job.report(&drift(2)).exits(0).has("The issue was updated");
    let _closed = job.report(&drift(0)).exits(0).has("The issue was closed");
    let world = gitlab.world();
    assert_eq!(world.issues.len(), 1);
    assert!(world.issues.values().all(|(_, text, open)| !open && text.contains("Helper 1")));
}
