//! One run in a CI system: the event decides what may happen, and nothing is said to people but in
//! the log, the annotations, and the summary. What a report needs is left as [`Results`].

mod apply;
mod definitions;
mod drift;
mod plan;
mod record;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use super::{
    annotations::{self, Annotations},
    decision::{Command, Decision, decide},
    event, gitlab_reports,
    inputs::Inputs,
    page,
    remote::Remote,
    results::{self, Results},
    reviewed,
    situation::{Forge, Situation, Trigger},
};
use crate::{
    model::{Redactor, Untrusted, secret::Secret},
    plan::{ApplyDocument, PlanDocument, document::TargetPlan, people},
    render::{
        Style, escape,
        plan::{
            ledger,
            markdown::{self, MarkdownOptions},
            text,
        },
    },
    workflow::{
        Environment, Exit, Failure, World,
        plan::{Part, Planned, Wishes},
        project::{Project, Source},
    },
};

/// Longest summary in bytes: GitHub takes 1 MiB of a step.
const SUMMARY: usize = 1_000_000;
/// The file of the plan, in the folder of results: what the review on merge compares with.
const PLAN_FILE: &str = "rolecall-plan.json";

/// What a run takes.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    /// The world outside.
    pub world: &'a World,
    /// Looks up variables.
    pub environment: &'a Environment,
    /// The event.
    pub situation: &'a Situation,
    /// What the workflow asks for.
    pub inputs: &'a Inputs,
    /// Where to start looking for the config.
    pub start: &'a Path,
    /// The config that was named.
    pub config: Option<&'a Path>,
    /// How the log looks.
    pub style: Style,
    /// The forge's own token.
    pub token: Option<&'a Secret>,
    /// Takes credentials out of what is written.
    pub redactor: &'a Redactor,
}

/// A file that a run leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum File {
    /// In the folder of results, under this name.
    Result(&'static str),
    /// Where `sarif_file` says.
    Sarif,
    /// Where `record_file` says.
    Record,
}

/// What came of a run.
pub struct Ran {
    /// For the report.
    pub results: Results,
    /// For the log, encoded for a terminal.
    pub log: String,
    /// Lines that the forge obeys.
    pub annotations: Annotations,
    /// Files to write.
    pub files: Vec<(File, String)>,
    /// What later steps may read, by name.
    pub outputs: Vec<(&'static str, String)>,
    /// Everybody whom the definitions name.
    people: BTreeSet<String>,
    /// Whether only members read the log: elsewhere it names nobody.
    private: bool,
}

impl Ran {
    fn new(command: Command, private: bool) -> Self {
        Self {
            results: Results::new(command),
            log: String::new(),
            annotations: Annotations::default(),
            files: Vec::new(),
            outputs: Vec::new(),
            people: BTreeSet::new(),
            private,
        }
    }

    /// How the run ends.
    pub fn exit(&self) -> Exit {
        self.results.exit()
    }

    fn ends(&mut self, exit: Exit) {
        self.results.exit = self.results.exit().and(exit).code();
    }

    /// Makes everybody known whom the definitions name.
    pub(super) fn knows(&mut self, project: &Project) {
        let base = project.past.base.iter().flat_map(|(_, side)| side.loaded.desired.values());
        let desired = project.loaded.desired.values().chain(base);
        self.people.extend(people::declared(desired.map(|state| &**state)));
    }

    /// A text as it may be shown: whoever can read the repository can read its logs.
    fn shown(&self, text: &Untrusted) -> Untrusted {
        match self.private {
            true => text.clone(),
            false => people::masked_text(self.results.plan.as_ref(), &self.people, text.raw()).into(),
        }
    }

    fn fails(&mut self, mut failure: Failure) {
        failure.message = self.shown(&failure.message);
        failure.help = failure.help.map(|help| self.shown(&help));
        self.log.push_str(&format!("error: {}\n", escape::terminal_block(failure.message.raw())));
        if let Some(help) = &failure.help {
            self.log.push_str(&format!("  help: {}\n", escape::terminal_block(help.raw())));
        }
        self.annotations.add(&annotations::command("error", failure.message.raw()));
        self.ends(failure.exit);
        self.results.failure = Some(failure.into());
    }

    pub(super) fn notes(&mut self, note: impl Into<Untrusted>) {
        let note = self.shown(&note.into());
        self.log.push_str(&format!("note: {}\n", escape::terminal(note.raw())));
        self.results.notes.push(note);
    }

    pub(super) fn gives(&mut self, name: &'static str, value: impl Into<String>) {
        self.outputs.push((name, value.into()));
    }
}

/// Runs the command that the workflow asks for, as far as the event allows.
pub async fn run(run: Run<'_>) -> Ran {
    let mut ran = Ran::new(run.inputs.command, run.is_private());
    ran.results.shards = run.inputs.shard.into_iter().collect();
    ran.results.require_reviewed = run.inputs.require_reviewed && run.situation.trigger.branch().is_some();
    ran.results.pushed = matches!(run.situation.trigger, Trigger::Push(_)) && run.situation.is_on_default();
    let result = match decide(run.situation, run.inputs.command) {
        Decision::Refuse(reason) => Err(reason.failure(run.inputs.command, &run.situation.trigger)),
        Decision::Offline => {
            ran.results.offline = true;
            ran.notes("This pull request may use no credential, so its definitions are checked and compared, and nothing is planned.");
            definitions::validate(run, &mut ran).and_then(|()| definitions::diff(run, &mut ran))
        }
        Decision::Run => match run.inputs.command {
            Command::Validate => definitions::validate(run, &mut ran),
            Command::Diff if matches!(run.situation.trigger, Trigger::ForkRun(_)) => {
                definitions::diff_of_fork(run, &mut ran).await
            }
            Command::Diff => definitions::diff(run, &mut ran),
            Command::Plan if reviewed::is_over(run).await => {
                ran.results.closed = true;
                ran.notes("This pull request is merged or closed, so nothing is planned for it.");
                ran.gives("changes", "false");
                Ok(())
            }
            Command::Plan => plan::plan(run, &mut ran).await,
            Command::Apply => apply::apply(run, &mut ran).await,
            Command::Drift => drift::drift(run, &mut ran).await,
            Command::Record => record::push(run, &mut ran).await,
        },
    };
    if let Err(failure) = result {
        ran.fails(failure);
    }
    if ran.results.is_refused_after_merge() {
        ran.results.outdated = apply::at_the_tip(run).await.is_err();
    }
    if !run.inputs.annotations {
        ran.annotations.clear();
    }
    let exit = ran.exit().code().to_string();
    ran.gives("exit_code", exit);
    ran.gives("version", env!("CARGO_PKG_VERSION"));
    ran
}

/// The summary of a run for the page of its job.
pub fn summary(results: &Results) -> String {
    page::page(results, SUMMARY)
}

impl Run<'_> {
    /// Whether the repository is known to be private.
    fn is_private(&self) -> bool {
        self.situation.private == Some(true)
    }

    /// The definitions that the event is about: of a pull request those that it proposes, and
    /// otherwise those that are checked out.
    fn source(&self) -> Result<Source, Failure> {
        let request = self.situation.trigger.pull_request();
        let rev = match request {
            Some(request) => Some(request.head.clone().ok_or_else(|| {
                Failure::new(Exit::Refused, "the event does not tell which commit is proposed")
            })?),
            None => None,
        };
        Ok(Source {
            start: self.start.to_owned(),
            config: self.config.map(Path::to_owned),
            proposed: rev.is_some(),
            rev,
            targets: self.inputs.targets.clone(),
            // What is applied where is not decided by a name that may be a slip of the pen.
            lenient: self.inputs.command != Command::Apply,
            shard: self.inputs.shard,
            base: None,
            event: event::of(self.environment),
            branch: self.situation.trigger.branch().cloned(),
            lints: std::collections::BTreeMap::new(),
        })
    }

    /// The server that the clone came from.
    fn remote(&self) -> Remote<'_> {
        let variable = |name: &str| event::text(self.environment, name);
        let (server, user) = match self.situation.forge {
            Forge::GitHub => (variable("GITHUB_SERVER_URL"), "x-access-token"),
            Forge::GitLab => (variable("CI_SERVER_URL"), "gitlab-ci-token"),
        };
        Remote { folder: self.start, environment: self.environment, server, token: self.token, user }
    }

    /// Brings the records of applies into the clone. Where that fails, a plan is made without them,
    /// and shows less.
    async fn fetch_records(&self, ran: &mut Ran) {
        if let Err(failure) = self.remote().fetch_records().await {
            ran.notes(format!(
                "The record of the last apply could not be fetched, so that differences cannot be told apart: {}",
                failure.message.raw()
            ));
        }
    }

    /// What the workflow asks for beyond the definitions.
    pub(super) fn wishes(&self, part: Part) -> Wishes {
        let reason: Untrusted = self.inputs.reason.as_str().into();
        let allowed = self.inputs.allow.iter().map(|guard| (*guard, reason.clone())).collect();
        Wishes { only: Vec::new(), allowed, part, older: None }
    }

    /// A plan for the log. Whoever can read the repository can read its logs: people are named only where
    /// it is known to be private.
    fn log_of_plan(&self, plan: &PlanDocument, names: bool) -> String {
        let drift = self.inputs.command == Command::Drift;
        if self.is_private() {
            return match drift {
                true => text::drift(plan, self.style),
                false => text::render(plan, self.style),
            };
        }
        let options =
            MarkdownOptions { names, max_chars: SUMMARY, apply: false, ..MarkdownOptions::default() };
        let page = match drift {
            true => markdown::drift(plan, &options),
            false => markdown::render(plan, &options),
        };
        escape::terminal_block(&page).into_owned()
    }

    /// What came of an apply, for the log.
    fn log_of_outcome(&self, outcome: &ApplyDocument, names: bool) -> String {
        if self.is_private() {
            return ledger::text::render(outcome, self.style);
        }
        let options = MarkdownOptions { names, max_chars: SUMMARY, ..MarkdownOptions::default() };
        escape::terminal_block(&ledger::markdown::render(outcome, &options)).into_owned()
    }

    /// Puts a plan into all that the run leaves.
    pub(super) fn shows(&self, project: &Project, planned: &Planned, ran: &mut Ran) {
        plan::show(*self, project, planned, ran);
    }

    /// Whether people may be named: what is planned and what it is compared with both say so, and the
    /// repository is known to be private.
    fn names(&self, project: &Project) -> bool {
        let says = |config: Option<&crate::model::config::Config>| config.is_some_and(|config| config.names);
        let base = project.past.base.as_ref().map(|(_, side)| side.loaded.config.as_ref());
        self.is_private() && says(project.loaded.config.as_ref()) && base.is_none_or(says)
    }

    /// Where the files of `commit` can be read.
    fn permalink(&self, project: &Project, commit: &str) -> Option<String> {
        let base = format!("{}/{commit}", self.situation.files_url.as_ref()?);
        Some(match project.facts.prefix().trim_end_matches('/') {
            "" => base,
            prefix => format!("{base}/{prefix}"),
        })
    }

    /// The folder for what the run leaves.
    pub fn folder(&self) -> PathBuf {
        results::folder(self.inputs, self.situation.forge, self.environment)
    }

    /// Takes a plan into the results, with the numbers that later steps read.
    fn take_plan(&self, project: &Project, planned: &Planned, ran: &mut Ran) {
        let document = &planned.document;
        ran.results.names = self.names(project);
        ran.results.permalink =
            document.revisions.desired.as_ref().and_then(|commit| self.permalink(project, commit.raw()));
        let sum = |of: fn(&TargetPlan) -> u32| document.targets.iter().map(of).sum::<u32>().to_string();
        ran.gives("added", sum(|target| target.summary.create + target.summary.assign));
        ran.gives(
            "changed",
            sum(|TargetPlan { summary, .. }| {
                summary.update + summary.rename + summary.replace + summary.reassign + summary.set_default
            }),
        );
        ran.gives("removed", sum(|target| target.summary.delete + target.summary.unassign));
        ran.gives("manual", sum(|target| target.summary.manual));
        ran.gives("changes", changes(planned).to_string());
        ran.gives(
            "digest",
            document.digest.as_ref().map_or_else(String::new, |digest| digest.raw().to_owned()),
        );
        if let Some(file) = gitlab_reports::plan_file(self.situation) {
            ran.files.push((File::Result(file), gitlab_reports::plan_counts(document)));
        }
        ran.results.plan = Some(document.clone());
    }
}

/// Whether an apply would do anything: scope changes take an apply of their own.
fn changes(planned: &Planned) -> bool {
    planned
        .document
        .targets
        .iter()
        .any(|target| !target.changes.is_empty() || !target.scope_changes.is_empty())
}
