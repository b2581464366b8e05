//! Which commit the planned definitions are compared with: the base.
//!
//! In a pull request it is the tip of the target branch, on that branch itself the commit before, and
//! while the work tree differs from its commit that commit.

use std::sync::Arc;

use super::{Environment, Exit, Failure, failure::sentences};
use crate::{
    model::Untrusted,
    repo::{History, RepoError, Tip},
};

/// The base of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    /// Full id of its commit.
    pub commit: Arc<str>,
    /// How it was found, in words.
    pub name: String,
    /// A name by which git finds it.
    pub revision: String,
    /// Whether the planned commit will be merged into it: what both changed belongs together.
    pub merges: bool,
}

impl Base {
    /// A base that is part of the planned history.
    fn plain(commit: Arc<str>, name: &str) -> Self {
        Self { revision: commit.to_string(), commit, name: name.to_owned(), merges: false }
    }
}

/// What looking for the base depends on.
#[derive(Clone, Copy)]
pub struct Search<'a> {
    /// The history of the repository.
    pub history: &'a History,
    /// `--base`.
    pub named: Option<&'a str>,
    /// The planned commit; of a work tree its `HEAD`.
    pub commit: &'a str,
    /// Whether the revision was named (`--rev`).
    pub rev: bool,
    /// The checked-out branch.
    pub branch: Option<&'a str>,
    /// Whether the work tree differs from its commit.
    pub dirty: bool,
    /// Branches from which applies are allowed: the first is the target of pull requests.
    pub apply_from: &'a [&'a str],
    /// Environment variables.
    pub environment: &'a Environment,
}

/// Finds the base; `None` with a note where there is none.
///
/// # Errors
///
/// Where a base was named and cannot be used.
pub fn find(search: Search<'_>) -> Result<(Option<Base>, Option<Untrusted>), Failure> {
    if let Some(named) = search.named {
        return Ok((Some(search.named_base(named)?), None));
    }
    if search.rev {
        return Ok(search.before(search.commit));
    }
    if let Some(event) = Event::of(search.environment) {
        return Ok(search.of_event(&event));
    }
    Ok(search.of_branch())
}

impl Search<'_> {
    fn named_base(&self, named: &str) -> Result<Base, Failure> {
        let commit = self.history.resolve(named)?;
        let (name, revision) = (format!("--base {named}"), named.to_owned());
        let refused = |message: String, help: &str| Failure::new(Exit::Refused, message).help(help);
        if self.history.is_ancestor(&commit, self.commit)? {
            return Ok(Base { commit, name, revision, merges: false });
        }
        if self.rev && self.history.is_ancestor(self.commit, &commit)? {
            let message =
                format!("the base `{named}` is newer than the planned revision, which is part of it");
            return Err(refused(message, "Name a base that is older, or plan a newer revision."));
        }
        if !self.history.is_related(&commit, self.commit)? {
            let message = format!("the base `{named}` and the planned commit have no history in common");
            return Err(refused(
                message,
                "Name a base of the same history: `git merge-base` tells whether there is one.",
            ));
        }
        Ok(Base { commit, name, revision, merges: true })
    }

    /// The first parent of a commit.
    fn before(&self, commit: &str) -> (Option<Base>, Option<Untrusted>) {
        match self.history.first_parent(commit) {
            Ok(Some(commit)) => {
                (Some(Base::plain(commit, "the commit before")), None)
            }
            Ok(None) => (None, Some("This is the first commit, so there is no base to compare with: nothing is removed for not being declared.".into())),
            Err(error) => (None, Some(no_base(&error))),
        }
    }

    fn of_event(&self, event: &Event) -> (Option<Base>, Option<Untrusted>) {
        match event {
            Event::PullRequest { branch, commit } => {
                // A merge commit that the forge made has the tip of the target branch as first parent.
                let tip = branch
                    .as_deref()
                    .and_then(|branch| self.history.reference(&format!("refs/remotes/origin/{branch}")));
                let tip = tip.or_else(|| self.history.resolve(commit.as_deref()?).ok());
                match tip {
                    Some(tip) => {
                        let name = branch.as_ref().map_or_else(|| "the target branch".to_owned(), |b| format!("origin/{b}"));
                        self.merging(tip, name)
                    }
                    None => (None, Some("The target branch of this pull request is not in this clone, so there is no base: nothing is removed for not being declared. Fetch it, in GitHub Actions with `fetch-depth: 0` in the checkout step.".into())),
                }
            }
            Event::Push { before: Some(before) } => match self.history.resolve(before) {
                Ok(commit) if self.history.is_ancestor(&commit, self.commit).unwrap_or(false) => {
                    (Some(Base::plain(commit, "the commit before this push")), None)
                }
                // The history was rewritten, or the clone is too shallow for it.
                _ => self.before(self.commit),
            },
            Event::Push { before: None } => self.before(self.commit),
        }
    }

    fn of_branch(&self) -> (Option<Base>, Option<Untrusted>) {
        let Some(Tip { name, commit: tip }) = self.history.target_branch(self.apply_from) else {
            return self.on_target();
        };
        let leads = |ancestor: &str, to: &str| self.history.is_ancestor(ancestor, to);
        let on_target = match self.branch {
            // Where others pushed to the branch meanwhile, what they did belongs to it.
            Some(branch) => {
                let same = name == branch || name.split_once('/').is_some_and(|(_, rest)| rest == branch);
                same && leads(&tip, self.commit).unwrap_or(true)
            }
            None => leads(self.commit, &tip).unwrap_or(false),
        };
        if on_target { self.on_target() } else { self.merging(tip, name) }
    }

    fn on_target(&self) -> (Option<Base>, Option<Untrusted>) {
        if self.dirty {
            return (Some(Base::plain(self.commit.into(), "HEAD")), None);
        }
        self.before(self.commit)
    }

    /// The tip of the branch that this commit will be merged into.
    fn merging(&self, tip: Arc<str>, name: String) -> (Option<Base>, Option<Untrusted>) {
        let related = self.history.is_related(&tip, self.commit);
        // A tag or a local branch may have the same name, and an event may tell a tip without one.
        let named = self.history.resolve(&name).is_ok_and(|commit| commit == tip);
        let revision = if named { name.clone() } else { tip.to_string() };
        match (self.history.is_ancestor(&tip, self.commit), related) {
            (Ok(true), _) => (Some(Base { commit: tip, revision, name, merges: false }), None),
            (Ok(false), Ok(true)) => (Some(Base { commit: tip, revision, name, merges: true }), None),
            (Ok(false), Ok(false)) => {
                let note = format!(
                    "This branch and {name} have no history in common, so there is no base: nothing is removed for not being declared."
                );
                (None, Some(note.into()))
            }
            (Err(error), _) | (_, Err(error)) => (None, Some(no_base(&error))),
        }
    }
}

/// What to say where the base cannot be used.
pub(super) fn no_base(error: &RepoError) -> Untrusted {
    let help = sentences(error.help.as_deref().unwrap_or_default());
    format!("There is no base: {}. Nothing is removed for not being declared. {help}", error.message).into()
}

/// What a CI system says why it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Event {
    /// A pull or merge request.
    PullRequest {
        /// The branch that it will be merged into.
        branch: Option<String>,
        /// That branch's tip.
        commit: Option<String>,
    },
    /// A push to a branch.
    Push {
        /// What the branch was before; `None` for a new one.
        before: Option<String>,
    },
}

/// Largest event that is read, in bytes; GitHub's are at most 25 MB.
const LARGEST_EVENT: u64 = 32 << 20;

impl Event {
    /// The event of GitHub Actions or GitLab CI; `None` outside of both and for other events.
    fn of(environment: &Environment) -> Option<Self> {
        let text = |name: &str| {
            environment(name).and_then(|value| value.into_string().ok()).filter(|value| !value.is_empty())
        };
        if text("GITHUB_ACTIONS").is_some() {
            let payload = text("GITHUB_EVENT_PATH").and_then(|path| payload(&path)).unwrap_or_default();
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
                    Some(Self::PullRequest { branch: Some(branch), commit })
                }
                None if text("GITHUB_EVENT_NAME").as_deref() == Some("push") => {
                    Some(Self::Push { before: at("/before") })
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
                    Some(Self::PullRequest { branch: Some(branch), commit })
                }
                None if text("CI_COMMIT_BRANCH").is_some() => {
                    Some(Self::Push { before: sha("CI_COMMIT_BEFORE_SHA") })
                }
                None => None,
            };
        }
        None
    }
}

fn payload(path: &str) -> Option<serde_json::Value> {
    let size = std::fs::metadata(path).ok()?.len();
    if size > LARGEST_EVENT {
        return None;
    }
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

/// Whether a text is a commit's full id, and not the zeros that stand for none.
fn is_commit(text: &str) -> bool {
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
        Event::of(&move |name: &str| variables.get(name).cloned())
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
