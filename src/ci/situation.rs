//! Where and why a CI system runs this: the forge, the repository, and what started the run.
//!
//! GitHub: <https://docs.github.com/en/actions/reference/variables-reference> and the payloads of
//! <https://docs.github.com/en/webhooks/webhook-events-and-payloads>; GitLab:
//! <https://docs.gitlab.com/ci/variables/predefined_variables/>.

use serde_json::Value;

use super::event;
use crate::{model::Untrusted, workflow::Environment};

/// Which forge's CI system runs this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forge {
    /// GitHub Actions.
    GitHub,
    /// GitLab CI.
    GitLab,
}

/// A run of a CI system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Situation {
    /// The forge.
    pub forge: Forge,
    /// What started the run.
    pub trigger: Trigger,
    /// The repository, as `OWNER/NAME` or as the path of a project.
    pub repository: Untrusted,
    /// The branch that pull requests are merged into, where the run tells it.
    pub default_branch: Option<Untrusted>,
    /// The commit that the run is about.
    pub commit: Option<String>,
    /// Whether only members can read the repository; `None` where the run does not tell.
    pub private: Option<bool>,
    /// The workflow, or the job, that keeps one comment.
    pub workflow: Untrusted,
    /// Where the run can be looked at.
    pub run_url: Option<String>,
    /// Where the files of a commit can be read, without the commit: `https://github.com/acme/roles/blob`.
    pub files_url: Option<String>,
}

/// What started a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// A pull or merge request.
    PullRequest(PullRequest),
    /// A pull request whose workflow is that of the target branch, with its secrets.
    PullRequestTarget,
    /// A queue of merges tries a merge.
    MergeGroup,
    /// A push to a branch; `None` for a tag.
    Push(Option<Untrusted>),
    /// Somebody asked for it, on this branch.
    Manual(Option<Untrusted>),
    /// The clock, on this branch.
    Schedule(Option<Untrusted>),
    /// Another workflow has ended, which a pull request of a fork started.
    ForkRun(ForkRun),
    /// Anything else, by its name.
    Other(Untrusted),
}

/// A pull or merge request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullRequest {
    /// Its number; `None` where the event could not be read.
    pub number: Option<u64>,
    /// The commit that is proposed.
    pub head: Option<String>,
    /// The branch that it is proposed to.
    pub base: Option<Untrusted>,
    /// Why it may use no credential; `None` where somebody with the right to push proposes it.
    pub foreign: Option<Foreign>,
}

/// Why a pull request may use no credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Foreign {
    /// It comes from a fork, from a repository that is gone, or the event does not tell.
    Fork,
    /// A program that updates dependencies made it.
    Dependabot,
}

/// A run that a pull request of a fork started, and which has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForkRun {
    /// Owner of the fork.
    pub owner: Untrusted,
    /// The branch in the fork.
    pub branch: Untrusted,
    /// The commit that is proposed.
    pub head: String,
}

impl Trigger {
    /// The name of the row in the table of events, as the documentation has it.
    pub fn name(&self) -> &str {
        match self {
            Self::PullRequest(PullRequest { foreign: None, .. }) => "pull request",
            Self::PullRequest(PullRequest { foreign: Some(Foreign::Fork), .. }) => "pull request of a fork",
            Self::PullRequest(PullRequest { foreign: Some(Foreign::Dependabot), .. }) => {
                "pull request of Dependabot"
            }
            Self::PullRequestTarget => "pull_request_target",
            Self::MergeGroup => "merge queue",
            Self::Push(Some(_)) => "push",
            Self::Push(None) => "push of a tag",
            Self::Manual(_) => "manual dispatch",
            Self::Schedule(_) => "schedule",
            Self::ForkRun(_) => "workflow_run after a fork's pull request",
            Self::Other(_) => "any other event",
        }
    }

    /// The branch that is run on, for what is not a pull request.
    pub fn branch(&self) -> Option<&Untrusted> {
        match self {
            Self::Push(branch) | Self::Manual(branch) | Self::Schedule(branch) => branch.as_ref(),
            _ => None,
        }
    }

    /// The pull request, where one started the run.
    pub fn pull_request(&self) -> Option<&PullRequest> {
        match self {
            Self::PullRequest(request) => Some(request),
            _ => None,
        }
    }
}

impl Situation {
    /// Whether it is about the default branch itself.
    pub fn is_on_default(&self) -> bool {
        self.default_branch.is_some() && self.trigger.branch() == self.default_branch.as_ref()
    }
}

/// The run that `environment` describes; `None` outside of both systems.
pub fn of(environment: &Environment) -> Option<Situation> {
    let variables = Variables(environment);
    if variables.get("GITHUB_ACTIONS").is_some() {
        return Some(variables.github());
    }
    variables.get("GITLAB_CI").is_some().then(|| variables.gitlab())
}

struct Variables<'a>(&'a Environment);

impl Variables<'_> {
    /// A variable that is set and not empty.
    fn get(&self, name: &str) -> Option<String> {
        event::text(self.0, name)
    }

    fn untrusted(&self, name: &str) -> Option<Untrusted> {
        self.get(name).map(Untrusted::from)
    }

    fn github(&self) -> Situation {
        let payload = event::payload(self.0);
        let repository = self.get("GITHUB_REPOSITORY").unwrap_or_default();
        let server = self.get("GITHUB_SERVER_URL").unwrap_or_else(|| "https://github.com".to_owned());
        let run_url =
            self.get("GITHUB_RUN_ID").map(|run| format!("{server}/{repository}/actions/runs/{run}"));
        Situation {
            forge: Forge::GitHub,
            trigger: self.github_trigger(&payload, &repository),
            default_branch: text(&payload, "/repository/default_branch").map(Untrusted::from),
            commit: self.get("GITHUB_SHA").filter(|id| event::is_commit(id)),
            private: payload.pointer("/repository/private").and_then(Value::as_bool),
            workflow: self.untrusted("GITHUB_WORKFLOW").unwrap_or_default(),
            run_url,
            files_url: (!repository.is_empty()).then(|| format!("{server}/{repository}/blob")),
            repository: repository.into(),
        }
    }

    fn github_trigger(&self, payload: &Value, repository: &str) -> Trigger {
        let branch = || {
            let name = self.get("GITHUB_REF")?;
            name.strip_prefix("refs/heads/").map(Untrusted::from)
        };
        let name = self.get("GITHUB_EVENT_NAME").unwrap_or_default();
        match name.as_str() {
            "pull_request" => Trigger::PullRequest(PullRequest {
                number: payload.pointer("/pull_request/number").and_then(Value::as_u64),
                head: commit(payload, "/pull_request/head/sha"),
                base: text(payload, "/pull_request/base/ref").map(Untrusted::from),
                foreign: self.foreign(payload, repository),
            }),
            "pull_request_target" => Trigger::PullRequestTarget,
            "merge_group" => Trigger::MergeGroup,
            "push" => Trigger::Push(branch()),
            "workflow_dispatch" => Trigger::Manual(branch()),
            "schedule" => Trigger::Schedule(branch()),
            "workflow_run" => fork_run(payload, repository).unwrap_or_else(|| Trigger::Other(name.into())),
            _ => Trigger::Other(name.into()),
        }
    }

    fn foreign(&self, payload: &Value, repository: &str) -> Option<Foreign> {
        let head = text(payload, "/pull_request/head/repo/full_name");
        if repository.is_empty() || !head.is_some_and(|head| head.eq_ignore_ascii_case(repository)) {
            return Some(Foreign::Fork);
        }
        let actors = [self.get("GITHUB_ACTOR"), text(payload, "/pull_request/user/login").map(str::to_owned)];
        actors.into_iter().flatten().any(|who| who == "dependabot[bot]").then_some(Foreign::Dependabot)
    }

    fn gitlab(&self) -> Situation {
        let branch = || self.untrusted("CI_COMMIT_BRANCH");
        let trigger = match self.get("CI_PIPELINE_SOURCE").unwrap_or_default().as_str() {
            "merge_request_event" => Trigger::PullRequest(PullRequest {
                number: self.get("CI_MERGE_REQUEST_IID").and_then(|number| number.parse().ok()),
                head: self
                    .get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA")
                    .or_else(|| self.get("CI_COMMIT_SHA"))
                    .filter(|id| event::is_commit(id)),
                base: self.untrusted("CI_MERGE_REQUEST_TARGET_BRANCH_NAME"),
                foreign: self.gitlab_foreign(),
            }),
            "push" => Trigger::Push(branch()),
            "web" => Trigger::Manual(branch()),
            "schedule" => Trigger::Schedule(branch()),
            other => Trigger::Other(other.into()),
        };
        let project_url = self.get("CI_PROJECT_URL");
        Situation {
            forge: Forge::GitLab,
            trigger,
            repository: self.untrusted("CI_PROJECT_PATH").unwrap_or_default(),
            default_branch: self.untrusted("CI_DEFAULT_BRANCH"),
            commit: self.get("CI_COMMIT_SHA").filter(|id| event::is_commit(id)),
            private: self.get("CI_PROJECT_VISIBILITY").map(|visibility| visibility == "private"),
            workflow: self.untrusted("CI_JOB_NAME").unwrap_or_default(),
            run_url: self.get("CI_JOB_URL"),
            files_url: project_url.map(|url| format!("{url}/-/blob")),
        }
    }

    fn gitlab_foreign(&self) -> Option<Foreign> {
        let id = |name: &str| self.get(name);
        let (here, source, target) = (
            id("CI_PROJECT_ID"),
            id("CI_MERGE_REQUEST_SOURCE_PROJECT_ID"),
            id("CI_MERGE_REQUEST_PROJECT_ID"),
        );
        (here.is_none() || source != here || target != here).then_some(Foreign::Fork)
    }
}

/// The run of another workflow, where a pull request of a fork started it.
fn fork_run(payload: &Value, repository: &str) -> Option<Trigger> {
    let run = |pointer: &str| text(payload, &format!("/workflow_run/{pointer}"));
    let of_a_fork =
        run("head_repository/full_name").is_some_and(|full| !full.eq_ignore_ascii_case(repository));
    if run("event") != Some("pull_request") || !of_a_fork {
        return None;
    }
    Some(Trigger::ForkRun(ForkRun {
        owner: run("head_repository/owner/login")?.into(),
        branch: run("head_branch")?.into(),
        head: commit(payload, "/workflow_run/head_sha")?,
    }))
}

fn text<'a>(payload: &'a Value, pointer: &str) -> Option<&'a str> {
    payload.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty())
}

fn commit(payload: &Value, pointer: &str) -> Option<String> {
    text(payload, pointer).filter(|id| event::is_commit(id)).map(str::to_owned)
}

#[cfg(test)]
mod tests;
