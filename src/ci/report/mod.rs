//! Telling people what came of a run: a comment, an issue. Nothing of this fails a run: what does not
//! work is a warning, with what to do about it.

mod comment;
mod github;
mod gitlab;
mod issue;
pub mod marker;
#[cfg(test)]
#[expect(clippy::panic, reason = "a test that cannot go on has failed")]
mod tests;

use sha2::{Digest as _, Sha256};

use self::{
    comment::{Conversation, Wish},
    issue::{Drift, State, Tracker},
    marker::{Marker, Topic},
};
use super::{
    decision::Command,
    forge::{Kind, NoAccess, Post, Refusal, github::GitHub, gitlab::GitLab},
    inputs::Inputs,
    page,
    results::Results,
    situation::{Forge, ForkRun, PullRequest, Situation, Trigger},
};
use crate::{
    model::{Redactor, Untrusted},
    plan::{
        PlanDocument,
        document::{TargetPlan, VerdictOutcome},
        outcome::TargetResult,
    },
    render::{json, plan::markdown::Permalink},
    workflow::{Environment, Exit, Failure},
};

/// What a report takes from outside.
pub struct Reporter<'a> {
    /// Looks up environment variables.
    pub environment: &'a Environment,
    /// Learns the forge's token, and cleans what is sent to it.
    pub redactor: &'a Redactor,
    /// Why and where this runs.
    pub situation: &'a Situation,
    /// What the workflow asks for.
    pub inputs: &'a Inputs,
    /// What the run left.
    pub results: &'a Results,
}

/// What came of a report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// What was done, one sentence each.
    pub done: Vec<Untrusted>,
    /// What could not be done, and what to do: one paragraph each.
    pub warnings: Vec<Untrusted>,
    /// The comment, or the issue, that says it now.
    pub post: Option<Post>,
}

/// So many pull requests hear of one apply, and so many of one run of a fork.
const MOST: usize = 20;

impl Reporter<'_> {
    /// Says what is to be said.
    pub async fn report(&self) -> Report {
        let mut report = Report::default();
        let drift = self.results.command == Command::Drift;
        if drift && !self.inputs.issue {
            report.done("Nothing is reported: `issue` is `never`.");
        } else if !drift && !self.inputs.comment {
            report.done("Nothing is reported: `comment` is `never`.");
        } else if let Some(place) = self.place(&mut report) {
            match self.situation.forge {
                Forge::GitHub => self.on_github(place, &mut report).await,
                Forge::GitLab => self.on_gitlab(place, &mut report).await,
            }
        }
        report
    }

    /// Where it is to be said.
    fn place(&self, report: &mut Report) -> Option<Place<'_>> {
        let on_default = self.situation.is_on_default();
        match (self.results.command, &self.situation.trigger) {
            (_, Trigger::PullRequest(PullRequest { foreign: Some(_), .. })) => {
                report.done("Nothing is reported: a pull request from outside has no right to comment.");
                None
            }
            (Command::Plan, Trigger::PullRequest(_)) if self.results.closed => {
                report.done("Nothing is reported: the pull request is merged or closed.");
                None
            }
            (Command::Validate, Trigger::PullRequest(_)) if self.results.exit() == Exit::Done => {
                report.done("Nothing is reported: the definitions are valid.");
                None
            }
            (Command::Validate, Trigger::PullRequest(request)) => Some(Place::Invalid(request)),
            (Command::Plan, Trigger::PullRequest(request)) => Some(Place::Proposed(request, Topic::Plan)),
            (Command::Diff, Trigger::PullRequest(request)) => Some(Place::Proposed(request, Topic::Diff)),
            (Command::Diff, Trigger::ForkRun(run)) => Some(Place::Fork(run)),
            (Command::Apply, Trigger::Push(_) | Trigger::Manual(_)) if on_default => self.merged(report),
            (Command::Validate | Command::Plan, Trigger::Push(_))
                if on_default && self.results.is_refused_after_merge() =>
            {
                self.merged(report)
            }
            (Command::Drift, Trigger::Schedule(_) | Trigger::Manual(_) | Trigger::Push(_)) if on_default => {
                Some(Place::Issue)
            }
            (command, trigger) => {
                let command = command.name();
                report
                    .done(&format!("Nothing is reported of `{command}` for this event: {}.", trigger.name()));
                None
            }
        }
    }

    /// The pull requests that were merged, unless a newer run tells what became of them.
    fn merged(&self, report: &mut Report) -> Option<Place<'_>> {
        if self.results.outdated && self.results.outcome.is_none() {
            report.done("Nothing is reported: the branch may be at a newer commit, whose run reports.");
            return None;
        }
        Some(Place::Merged)
    }

    async fn on_github(&self, place: Place<'_>, report: &mut Report) {
        let opened = GitHub::open(self.environment, self.redactor, &self.situation.repository);
        let forge = match opened {
            Ok(forge) => forge,
            Err(error) => return report.no_access(error),
        };
        let account = github::Account { login: forge.login().await, forge: &forge };
        let numbers = match place {
            Place::Issue => return self.issue(&account, report).await,
            Place::Proposed(request, _) | Place::Invalid(request) => Ok(request.number.into_iter().collect()),
            Place::Fork(run) => forge
                .pulls_from(&run.owner, &run.branch, &run.head)
                .await
                .map(|pulls| pulls.into_iter().map(|pull| pull.number).collect()),
            Place::Merged if !self.results.merged.is_empty() => Ok(self.results.merged.clone()),
            Place::Merged => match &self.situation.commit {
                Some(commit) => forge
                    .pulls_of(commit)
                    .await
                    .map(|pulls| pulls.into_iter().map(|pull| pull.number).collect()),
                None => Ok(Vec::new()),
            },
        };
        let numbers: Vec<u64> = match numbers {
            Ok(numbers) => numbers,
            Err(refusal) => return report.refused(self.situation.forge, "pull-requests", &refusal),
        };
        if numbers.is_empty() {
            report.done("Nothing is reported: there is no pull request to comment on.");
        }
        for number in numbers.into_iter().take(MOST) {
            let on = github::PullRequest { account: &account, number };
            self.comment(&on, &place, number, report).await;
        }
    }

    async fn on_gitlab(&self, place: Place<'_>, report: &mut Report) {
        let opened = GitLab::open(self.environment, self.redactor, &self.situation.repository);
        let forge = match opened {
            Ok(forge) => forge,
            Err(error) => return report.no_access(error),
        };
        let login = match forge.login().await {
            Ok(login) => login,
            Err(refusal) => return report.refused(self.situation.forge, "api", &refusal),
        };
        let account = gitlab::Account { login, forge: &forge };
        let numbers: Vec<u64> = match place {
            Place::Issue => return self.issue(&account, report).await,
            Place::Proposed(request, _) | Place::Invalid(request) => request.number.into_iter().collect(),
            Place::Merged if !self.results.merged.is_empty() => self.results.merged.clone(),
            Place::Merged => match self.merged_by_push(&forge).await {
                Ok(numbers) => numbers,
                Err(refusal) => return report.refused(self.situation.forge, "api", &refusal),
            },
            Place::Fork(_) => Vec::new(),
        };
        if numbers.is_empty() {
            report.done("Nothing is reported: there is no merge request to write to.");
        }
        for number in numbers.into_iter().take(MOST) {
            let on = gitlab::MergeRequest { account: &account, number };
            self.comment(&on, &place, number, report).await;
        }
    }

    /// The merge requests that the pushed commit merged into the default branch.
    async fn merged_by_push(&self, forge: &GitLab) -> Result<Vec<u64>, Refusal> {
        let Some(commit) = &self.situation.commit else { return Ok(Vec::new()) };
        let into = self.situation.default_branch.as_ref();
        let merged = forge.merged_with(commit).await?.into_iter();
        Ok(merged.filter(|one| into == Some(&one.base)).map(|one| one.number).collect())
    }

    async fn comment(&self, on: &impl Conversation, place: &Place<'_>, number: u64, report: &mut Report) {
        match place {
            Place::Proposed(request, topic) => {
                self.comment_about(on, *topic, request.head.as_deref(), number, report).await;
            }
            Place::Fork(run) => {
                self.comment_about(on, Topic::ForkDiff, Some(&run.head), number, report).await;
            }
            Place::Merged => self.comment_about(on, Topic::Apply, None, number, report).await,
            // What stands there is of an older commit.
            Place::Invalid(request) => {
                for topic in [Topic::Plan, Topic::Diff] {
                    self.comment_about(on, topic, request.head.as_deref(), number, report).await;
                }
            }
            Place::Issue => {}
        }
    }

    async fn comment_about(
        &self,
        on: &impl Conversation,
        topic: Topic,
        head: Option<&str>,
        number: u64,
        report: &mut Report,
    ) {
        let of_older = self.results.command == Command::Validate && topic != Topic::Apply;
        let corrects = of_older.then(|| match self.results.exit() {
            Exit::Invalid => "the definitions have errors",
            _ => "the definitions could not be checked",
        });
        let digest = match topic {
            Topic::Plan => self.results.plan.as_ref().and_then(|plan| plan.digest.clone()),
            Topic::Apply => self.results.outcome.as_ref().and_then(|outcome| outcome.digest.clone()),
            _ => None,
        };
        let marker = Marker {
            workflow: self.situation.workflow.clone(),
            head: head.or(self.situation.commit.as_deref()).map(Untrusted::from),
            digest,
            applied: topic == Topic::Apply && self.results.outcome.is_some(),
            v: marker::VERSION,
        };
        let page = |budget: usize| self.page(budget);
        let quiet = corrects.is_some() || is_quiet(self.results);
        let wish = Wish { topic, marker: &marker, head, quiet, corrects, page: &page };
        let name = |text: &str| format!("{text} on {}{number}", if self.is_github() { "#" } else { "!" });
        match comment::keep(on, &wish).await {
            Ok(comment::Kept::Made(post)) => report.kept(&name("A comment was made"), post),
            Ok(comment::Kept::Updated(post)) => report.kept(&name("The comment was updated"), post),
            Ok(comment::Kept::Nothing) if corrects.is_some() => {
                let what = if topic == Topic::Plan { "plan" } else { "comparison" };
                report.done(&name(&format!("There is no comment with a {what} to correct")));
            }
            Ok(comment::Kept::Nothing) => {
                report.done(&name("There are no changes and no comment to correct"));
            }
            Ok(comment::Kept::Applied) => {
                report.done(&name("What an apply did stands there, and stays"));
            }
            Ok(comment::Kept::Stale) => {
                report.done(&name("A newer commit is proposed, whose run comments"));
            }
            Err(refusal) => {
                let right = if self.is_github() { "pull-requests" } else { "api" };
                report.refused(self.situation.forge, right, &refusal);
            }
        }
    }

    async fn issue(&self, tracker: &impl Tracker, report: &mut Report) {
        let marker = Marker {
            workflow: self.situation.workflow.clone(),
            head: self.situation.commit.as_deref().map(Untrusted::from),
            digest: Some(content(self.results)),
            applied: false,
            v: marker::VERSION,
        };
        let page = |budget: usize| self.page(budget);
        let drift = Drift { marker: &marker, state: state(self.results), page: &page };
        match issue::keep(tracker, &drift).await {
            Ok(issue::Kept::Opened(post)) => report.kept("An issue was opened", post),
            Ok(issue::Kept::Updated(post)) => report.kept("The issue was updated", post),
            Ok(issue::Kept::Unchanged(post)) => report.kept("The issue says it already", post),
            Ok(issue::Kept::Closed(post)) => report.kept("The issue was closed: there is no drift", post),
            Ok(issue::Kept::Nothing) => report.done("There is no drift, and no issue about any."),
            Ok(issue::Kept::Left) => {
                report.done("Issues stay as they are: the run could not tell whether there is drift.");
            }
            Err(refusal) => {
                let right = if self.is_github() { "issues" } else { "api" };
                report.refused(self.situation.forge, right, &refusal);
            }
        }
    }

    fn is_github(&self) -> bool {
        self.situation.forge == Forge::GitHub
    }

    /// The page, and where more of it stands.
    fn page(&self, budget: usize) -> String {
        let url = self.situation.run_url.as_deref().filter(|url| Permalink::new(url).is_some());
        let foot =
            url.map(|url| format!("\n<sub>[Summary and log of this run]({url})</sub>\n")).unwrap_or_default();
        let clean = self.results.cleaned(|text| self.redactor.clean(text).into_owned());
        format!("{}{foot}", page::page(&clean, budget.saturating_sub(foot.len())))
    }
}

/// Where something is to be said.
#[derive(Clone, Copy)]
enum Place<'a> {
    /// On the pull request.
    Proposed(&'a PullRequest, Topic),
    /// On the pull request, where something older stands: its definitions have errors now.
    Invalid(&'a PullRequest),
    /// On the pull request of a fork, whose own run has no right to comment.
    Fork(&'a ForkRun),
    /// On the pull requests that were merged.
    Merged,
    /// In an issue.
    Issue,
}

impl Report {
    /// Where a run left nothing that can be reported.
    pub fn without_results(failure: &Failure) -> Self {
        let help = failure.help.as_ref().map(|help| format!(" {}", help.raw())).unwrap_or_default();
        let message = failure.message.raw();
        Self { warnings: vec![format!("nothing was reported: {message}.{help}").into()], ..Self::default() }
    }

    fn done(&mut self, sentence: &str) {
        self.done.push(sentence.into());
    }

    fn kept(&mut self, sentence: &str, post: Post) {
        let url = if post.url.raw().is_empty() { String::new() } else { format!(": {}", post.url.raw()) };
        self.done.push(format!("{sentence}{url}").into());
        self.post.get_or_insert(post);
    }

    fn no_access(&mut self, error: NoAccess) {
        let NoAccess { message, help } = error;
        self.warnings.push(format!("nothing was reported: {message}. {help}").trim_end().into());
    }

    /// `right` is the permission that the request needs.
    fn refused(&mut self, forge: Forge, right: &str, refusal: &Refusal) {
        let help = match (refusal.kind, forge) {
            (Kind::Unauthorized, Forge::GitHub) => {
                "The token is not known: pass `github.token`, or a token that has not expired.".to_owned()
            }
            (Kind::Unauthorized, Forge::GitLab) => {
                "The token is not known: it may have expired, or have been revoked.".to_owned()
            }
            (Kind::Forbidden | Kind::NotFound, Forge::GitHub) => {
                format!("Add `{right}: write` to `permissions:` of the job.")
            }
            (Kind::Forbidden | Kind::NotFound, Forge::GitLab) => {
                format!("The token needs the scope `{right}`, and the role Reporter in the project.")
            }
            (Kind::Limited, _) => {
                "The forge lets nothing through for a while; the next run says it.".to_owned()
            }
            (Kind::TooLong, _) => "The summary of the job has everything.".to_owned(),
            _ => "The summary of the job has everything; the next run tries again.".to_owned(),
        };
        self.warnings
            .push(format!("the report failed, the run did not: {}. {help}", refusal.sentence()).into());
    }
}

/// Whether nothing is worth a comment of its own.
fn is_quiet(results: &Results) -> bool {
    let unchanged = |target: &TargetPlan| {
        target.error.is_none()
            && target.changes.is_empty()
            && target.scope_changes.is_empty()
            && target.left.is_empty()
            && target.findings.is_empty()
            && target.verdicts.iter().all(|verdict| verdict.outcome == VerdictOutcome::NotApplicable)
    };
    let plan = |plan: &PlanDocument| plan.targets.iter().all(unchanged);
    results.exit() == Exit::Done
        && results.failure.is_none()
        && results.findings.is_empty()
        && results.diff.is_empty()
        && (results.command == Command::Apply || results.plan.as_ref().is_none_or(plan))
        && results.outcome.as_ref().is_none_or(|outcome| {
            outcome.targets.iter().all(|target| target.result == TargetResult::NothingToDo)
        })
}

/// What a run of `drift` found.
fn state(results: &Results) -> State {
    let Some(plan) = &results.plan else { return State::Unknown };
    // Without the record of an apply nobody knows what drift is: it may not have been fetched.
    let known = |target: &TargetPlan| target.error.is_none() && target.applied.is_some();
    let all_known = results.failure.is_none() && !plan.targets.is_empty() && plan.targets.iter().all(known);
    match plan.targets.iter().any(|target| !target.changes.is_empty()) {
        true => State::Found,
        false if all_known => State::Clean,
        false => State::Unknown,
    }
}

/// A digest of what an issue says, but for what differs from day to day.
fn content(results: &Results) -> Untrusted {
    let plan = results.plan.as_ref().map(|plan| &plan.targets);
    let said = (results.names, &results.failure, plan, &results.acceptances, &results.notes);
    let mut digest = Sha256::new();
    digest.update(json::to_line(&said));
    let hex: String = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}").into()
}
