#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::{collections::BTreeMap, ffi::OsString};

use serde_json::{Value, json};

use super::*;

const SHA: &str = "8d10c33fa1b2c3d4e5f60718293a4b5c6d7e8f90";

fn of(variables: &[(&str, &str)]) -> Option<Situation> {
    let variables: BTreeMap<String, OsString> =
        variables.iter().map(|(name, value)| ((*name).to_owned(), OsString::from(value))).collect();
    super::of(&move |name: &str| variables.get(name).cloned())
}

/// What a run of GitHub Actions says of an event with this payload.
fn github(event: &str, reference: &str, payload: &Value) -> Situation {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), payload.to_string()).unwrap();
    of(&[
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_EVENT_NAME", event),
        ("GITHUB_EVENT_PATH", file.path().to_str().unwrap()),
        ("GITHUB_REF", reference),
        ("GITHUB_REPOSITORY", "acme/roles"),
        ("GITHUB_RUN_ID", "77"),
        ("GITHUB_SHA", SHA),
        ("GITHUB_WORKFLOW", "roles plan"),
    ])
    .unwrap()
}

fn pull_request(head: &Value) -> Situation {
    let payload = json!({
        "pull_request": { "number": 12, "head": { "sha": SHA, "repo": head }, "base": { "ref": "main" } },
        "repository": { "default_branch": "main", "private": true },
    });
    github("pull_request", "refs/pull/12/merge", &payload)
}

#[test]
fn a_pull_request_of_the_same_repository_is_trusted() {
    let found = pull_request(&json!({ "full_name": "Acme/roles" }));
    assert_eq!(
        found.trigger,
        Trigger::PullRequest(PullRequest {
            number: Some(12),
            head: Some(SHA.to_owned()),
            base: Some("main".into()),
            foreign: None,
        })
    );
    assert_eq!(found.private, Some(true));
    assert_eq!(found.run_url.as_deref(), Some("https://github.com/acme/roles/actions/runs/77"));
}

#[test]
fn a_fork_and_a_repository_that_is_gone_are_foreign() {
    for head in [json!({ "full_name": "mallory/roles" }), Value::Null, json!({})] {
        let found = pull_request(&head);
        assert_eq!(found.trigger.pull_request().unwrap().foreign, Some(Foreign::Fork), "{head}");
    }
}

#[test]
fn an_event_that_cannot_be_read_is_foreign() {
    let found = of(&[
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_EVENT_NAME", "pull_request"),
        ("GITHUB_REPOSITORY", "acme/roles"),
    ]);
    assert_eq!(found.unwrap().trigger.pull_request().unwrap().foreign, Some(Foreign::Fork));
}

#[test]
fn a_push_names_its_branch_and_a_tag_none() {
    let of = |reference: &str| github("push", reference, &json!({})).trigger;
    assert_eq!(of("refs/heads/main"), Trigger::Push(Some("main".into())));
    assert_eq!(of("refs/tags/v1"), Trigger::Push(None));
}

#[test]
fn only_a_run_of_a_fork_s_pull_request_counts_as_one() {
    let run = |event: &str, repository: &str| {
        let payload = json!({ "workflow_run": {
            "event": event, "head_branch": "x", "head_sha": SHA,
            "head_repository": { "full_name": repository, "owner": { "login": "mallory" } },
        } });
        github("workflow_run", "refs/heads/main", &payload).trigger
    };
    assert!(matches!(run("pull_request", "mallory/roles"), Trigger::ForkRun(_)));
    assert!(matches!(run("push", "mallory/roles"), Trigger::Other(_)));
    assert!(matches!(run("pull_request", "acme/roles"), Trigger::Other(_)));
}

#[test]
fn a_merge_request_of_another_project_is_foreign() {
    let of = |source: &str, here: &str| {
        let found = of(&[
            ("GITLAB_CI", "true"),
            ("CI_PIPELINE_SOURCE", "merge_request_event"),
            ("CI_MERGE_REQUEST_IID", "4"),
            ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
            ("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", source),
            ("CI_MERGE_REQUEST_PROJECT_ID", "10"),
            ("CI_PROJECT_ID", here),
            ("CI_COMMIT_SHA", SHA),
        ]);
        found.unwrap().trigger.pull_request().unwrap().foreign
    };
    assert_eq!(of("10", "10"), None);
    assert_eq!(of("11", "10"), Some(Foreign::Fork));
    assert_eq!(of("11", "11"), Some(Foreign::Fork));
}

#[test]
fn elsewhere_there_is_no_run() {
    assert_eq!(of(&[("CI", "true")]), None);
}
