//! Why a CI system runs: what it says in variables and in the file of its event.
//!
//! GitHub: <https://docs.github.com/en/actions/reference/variables-reference>; GitLab:
//! <https://docs.gitlab.com/ci/variables/predefined_variables/>.

use crate::workflow::{Environment, base::Event};

/// Largest event that is read, in bytes; GitHub's are at most 25 MB.
const LARGEST_EVENT: u64 = 32 << 20;

/// The event of GitHub Actions or GitLab CI; `None` outside of both and for other events.
pub fn of(environment: &Environment) -> Option<Event> {
    let text = |name: &str| text(environment, name);
    if text("GITHUB_ACTIONS").is_some() {
        let payload = payload(environment);
        let at = |pointer: &str| {
            payload
                .pointer(pointer)
                .and_then(|value| value.as_str())
                .filter(|id| is_commit(id))
                .map(str::to_owned)
        };
        return match text("GITHUB_BASE_REF") {
            Some(branch) => {
                let commit = at("/pull_request/base/sha");
                Some(Event::PullRequest { branch: Some(branch), commit })
            }
            None if text("GITHUB_EVENT_NAME").as_deref() == Some("push") => {
                Some(Event::Push { before: at("/before") })
            }
            None => None,
        };
    }
    if text("GITLAB_CI").is_some() {
        let sha = |name: &str| text(name).filter(|id| is_commit(id));
        return match text("CI_MERGE_REQUEST_TARGET_BRANCH_NAME") {
            Some(branch) => {
                let commit = sha("CI_MERGE_REQUEST_TARGET_BRANCH_SHA")
                    .or_else(|| sha("CI_MERGE_REQUEST_DIFF_BASE_SHA"));
                Some(Event::PullRequest { branch: Some(branch), commit })
            }
            None if text("CI_COMMIT_BRANCH").is_some() => {
                Some(Event::Push { before: sha("CI_COMMIT_BEFORE_SHA") })
            }
            None => None,
        };
    }
    None
}

/// A variable that is set and not empty.
pub(super) fn text(environment: &Environment, name: &str) -> Option<String> {
    environment(name).and_then(|value| value.into_string().ok()).filter(|value| !value.is_empty())
}

/// What GitHub says about the event; `null` where it cannot be read.
pub(super) fn payload(environment: &Environment) -> serde_json::Value {
    let read = |path: String| {
        let size = std::fs::metadata(&path).ok()?.len();
        if size > LARGEST_EVENT {
            return None;
        }
        serde_json::from_slice(&std::fs::read(path).ok()?).ok()
    };
    text(environment, "GITHUB_EVENT_PATH").and_then(read).unwrap_or_default()
}

/// Whether a text is a commit's full id, and not the zeros that stand for none.
pub(super) fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64)
        && text.bytes().all(|b| b.is_ascii_hexdigit())
        && text.bytes().any(|b| b != b'0')
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, ffi::OsString};

    use super::*;

    fn event(variables: &[(&str, &str)]) -> Option<Event> {
        let variables: BTreeMap<String, OsString> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), OsString::from(value))).collect();
        of(&move |name: &str| variables.get(name).cloned())
    }

    #[test]
    fn a_pull_request_names_its_target() {
        let found = event(&[
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_BASE_REF", "main"),
            ("GITHUB_EVENT_NAME", "pull_request"),
        ]);
        assert_eq!(found, Some(Event::PullRequest { branch: Some("main".to_owned()), commit: None }));
        let sha = "8d10c33fa1b2c3d4e5f60718293a4b5c6d7e8f90";
        let found = event(&[
            ("GITLAB_CI", "true"),
            ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
            ("CI_MERGE_REQUEST_DIFF_BASE_SHA", sha),
        ]);
        assert_eq!(
            found,
            Some(Event::PullRequest { branch: Some("main".to_owned()), commit: Some(sha.to_owned()) })
        );
    }

    #[test]
    fn a_new_branch_has_nothing_before() {
        let found = event(&[
            ("GITLAB_CI", "true"),
            ("CI_COMMIT_BRANCH", "main"),
            ("CI_COMMIT_BEFORE_SHA", "0000000000000000000000000000000000000000"),
        ]);
        assert_eq!(found, Some(Event::Push { before: None }));
    }

    #[test]
    fn elsewhere_there_is_no_event() {
        assert_eq!(event(&[]), None);
        assert_eq!(event(&[("GITHUB_ACTIONS", "true"), ("GITHUB_EVENT_NAME", "schedule")]), None);
    }
}
