//! What was merged, and what was planned for it: the same questions to each forge.

use super::{Made, NoAccess, Refusal, github::GitHub, gitlab::GitLab};
use crate::{
    ci::situation::{Forge, Situation},
    model::{Redactor, Untrusted},
    workflow::Environment,
};

/// A pull or merge request that was merged.
#[derive(Clone, Debug)]
pub struct Merged {
    /// Its number.
    pub number: u64,
    /// The commit that it proposed last.
    pub head: Untrusted,
    /// The branch that it was merged into.
    pub base: Untrusted,
    /// Whether its branch is known to lie in a fork, whose plans review nothing.
    pub foreign: bool,
}

/// The reviews of a repository.
pub enum Reviews {
    /// In pull requests and the artifacts of workflows.
    GitHub(Box<GitHub>),
    /// In merge requests and the artifacts of pipelines.
    GitLab(Box<GitLab>),
}

impl Reviews {
    /// Those of the repository that a run is about.
    ///
    /// # Errors
    ///
    /// Where there is no token, or the repository or the address cannot be used.
    pub fn open(
        environment: &Environment,
        redactor: &Redactor,
        situation: &Situation,
    ) -> Result<Self, NoAccess> {
        match situation.forge {
            Forge::GitHub => GitHub::open(environment, redactor, &situation.repository)
                .map(|github| Self::GitHub(Box::new(github))),
            Forge::GitLab => GitLab::open(environment, redactor, &situation.repository)
                .map(|gitlab| Self::GitLab(Box::new(gitlab))),
        }
    }

    /// What was merged and brought `commit`, into whichever branch.
    ///
    /// # Errors
    ///
    /// What the forge, or the way to it, says against that.
    pub async fn merged_with(&self, commit: &str) -> Result<Vec<Merged>, Refusal> {
        match self {
            Self::GitHub(github) => {
                let pulls = github.pulls_of(commit).await?;
                Ok(pulls.into_iter().map(Merged::from).collect())
            }
            Self::GitLab(gitlab) => gitlab.merged_with(commit).await,
        }
    }

    /// The plans of the last run for the final head of what was merged.
    ///
    /// # Errors
    ///
    /// What the forge, or the way to it, says against that.
    pub async fn plans_of(&self, merged: &Merged) -> Result<Made, Refusal> {
        match self {
            Self::GitHub(github) => github.plans_of(merged.head.raw()).await,
            Self::GitLab(gitlab) => gitlab.plans_of(merged).await,
        }
    }

    /// How people of this forge write the number of one.
    pub fn name(&self, number: u64) -> String {
        match self {
            Self::GitHub(_) => format!("#{number}"),
            Self::GitLab(_) => format!("!{number}"),
        }
    }

    /// What people of this forge call one.
    pub fn noun(&self) -> &'static str {
        match self {
            Self::GitHub(_) => "pull request",
            Self::GitLab(_) => "merge request",
        }
    }

    /// What the token needs to read them.
    pub fn needs(&self) -> &'static str {
        match self {
            Self::GitHub(_) => "The job needs `pull-requests: read` and `actions: read`.",
            Self::GitLab(_) => {
                "The token in ROLECALL_GITLAB_NOTE_TOKEN needs the scope `api`, and the role Developer in the project: the artifacts of `roles-plan` are for developers."
            }
        }
    }
}

/// How somebody approves what is planned now, without a review that can be read.
pub fn by_hand(forge: Forge) -> &'static str {
    match forge {
        Forge::GitHub => {
            "dispatch the workflow by hand: then the reviewers of the environment approve the plan that is made now"
        }
        Forge::GitLab => {
            "run a pipeline on the default branch by hand: there the plan that is made now waits until somebody who may deploy to `roles-production` lets it go on"
        }
    }
}
