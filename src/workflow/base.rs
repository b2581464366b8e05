//! Which commit the planned definitions are compared with: the base.
//!
//! In a pull request it is the tip of the target branch, on that branch itself the commit before, and
//! while the work tree differs from its commit that commit.

use std::sync::Arc;

use super::{Exit, Failure, failure::sentences};
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
    /// Why a CI system runs this, where one does.
    pub event: Option<&'a Event>,
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
    if let Some(event) = search.event {
        return Ok(search.of_event(event));
    }
    Ok(search.of_branch())
}

/// Whether what is planned is proposed to a branch, and not on it yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proposed {
    /// It is on that branch, or there is no other branch.
    Not,
    /// To the branch with this tip.
    To(Arc<str>),
    /// It is, and this clone does not tell to which, or there is no way from one to the other.
    Unknown,
}

/// Whether what is planned is proposed to a branch, whatever it is compared with (`--base`).
pub fn proposed(search: Search<'_>) -> Proposed {
    let proposal = |base: Option<Base>| base.map_or(Proposed::Unknown, |base| Proposed::To(base.commit));
    if let Some(event @ Event::PullRequest { .. }) = search.event {
        return proposal(search.of_event(event).0);
    }
    let Some(tip) = search.history.target_branch(search.apply_from) else { return Proposed::Not };
    if search.rev || search.event.is_some() {
        return match search.history.is_ancestor(search.commit, &tip.commit) {
            Ok(true) => Proposed::Not,
            Ok(false) => Proposed::To(tip.commit),
            Err(_) => Proposed::Unknown,
        };
    }
    if search.on_branch(&tip) { Proposed::Not } else { proposal(search.merging(tip.commit, tip.name).0) }
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
                    None => (None, Some("The target branch of this pull request is not in this clone, so there is no base: nothing is removed for not being declared. Fetch it, in CI with `fetch-depth: 0` or its like in the checkout step.".into())),
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
        let Some(tip) = self.history.target_branch(self.apply_from) else {
            return self.on_target();
        };
        if self.on_branch(&tip) { self.on_target() } else { self.merging(tip.commit, tip.name) }
    }

    /// Whether the planned commit is on the branch with this tip.
    fn on_branch(&self, Tip { name, commit: tip }: &Tip) -> bool {
        let leads = |ancestor: &str, to: &str| self.history.is_ancestor(ancestor, to);
        match self.branch {
            // Where others pushed to the branch meanwhile, what they did belongs to it.
            Some(branch) => {
                let same = name == branch || name.split_once('/').is_some_and(|(_, rest)| rest == branch);
                same && leads(tip, self.commit).unwrap_or(true)
            }
            None => leads(self.commit, tip).unwrap_or(false),
        }
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

/// Why a CI system runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
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
