//! One file per command, and what they share.

pub(super) mod apply;
pub(super) mod catalog;
pub(super) mod ci;
pub(super) mod completions;
pub(super) mod diff;
pub(super) mod doctor;
pub(super) mod drift;
pub(super) mod emulate;
pub(super) mod import;
pub(super) mod init;
pub(super) mod man;
pub(super) mod plan;
pub(super) mod schema;
pub(super) mod show;
pub(super) mod targets;
pub(super) mod validate;

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    mem::ManuallyDrop,
    path::PathBuf,
    sync::Arc,
};

use super::{Global, ui::Ui};
use crate::{
    assess,
    ci::{actor, event},
    definition::ParseCache,
    model::{Code, Finding, Level, Redactor, Site, Untrusted, config::LintLevel},
    plan::document::Guard,
    provider::{Registry, http},
    render::findings,
    workflow::{
        Exit, Failure, World,
        plan::{Part, Planned, Wishes},
        project::{self, Project, Source},
    },
};

/// What every command gets.
pub(super) struct Context {
    pub(super) global: Global,
    pub(super) ui: Ui,
    pub(super) redactor: Redactor,
}

impl Context {
    /// The hosts that a person allowed.
    fn allowed_hosts(&self) -> Vec<String> {
        http::allowed_hosts(&self.global.allow_host, std::env::var_os(http::ALLOWED_HOSTS))
    }

    /// Prints what is wrong with the global options; `None` where nothing is.
    pub(super) fn refuse_options(&self) -> Option<Exit> {
        let refusal = http::check_allowed(&self.allowed_hosts()).err()?;
        let failure =
            Failure { exit: Exit::Usage, message: refusal.message, help: Some(refusal.help.into()) };
        Some(self.fail(&failure))
    }

    /// What the run takes from outside.
    fn world(&self, events: Option<http::Events>) -> World {
        let now = jiff::Timestamp::now();
        World {
            actor: actor::actor(&|name: &str| std::env::var_os(name)),
            now,
            registry: Registry::builtin(),
            environment: Arc::new(|name: &str| std::env::var_os(name)),
            allowed_hosts: self.allowed_hosts(),
            redactor: self.redactor.clone(),
            today: now.to_zoned(jiff::tz::TimeZone::UTC).date(),
            cache: ParseCache::default(),
            stop: http::Stop::default(),
            events,
        }
    }

    /// The same for a command after which the process ends: to give back the memory of everything that
    /// was parsed would take a tenth of its time.
    fn world_until_the_end(&self) -> ManuallyDrop<World> {
        ManuallyDrop::new(self.world(None))
    }

    fn source(&self, lints: BTreeMap<Code, LintLevel>) -> Source {
        Source {
            start: self.start(),
            config: self.global.config.clone(),
            rev: self.global.rev.clone(),
            proposed: false,
            targets: self.global.target.clone(),
            lenient: false,
            shard: self.global.shard,
            base: self.global.base.clone(),
            event: event::of(&|name: &str| std::env::var_os(name)),
            branch: None,
            lints,
        }
    }

    /// The folder that the run starts in.
    fn start(&self) -> PathBuf {
        self.global.directory.clone().unwrap_or_else(|| PathBuf::from("."))
    }

    /// Opens the definitions and prints what is wrong with them to standard error.
    fn project(&self, world: &World) -> Result<Project, Failure> {
        let project = project::compared(world, &self.source(BTreeMap::new()))?;
        let now = project.loaded.findings.iter().filter(|finding| !waits_for_live(finding)).cloned();
        let (errors, warnings): (Vec<Finding>, Vec<Finding>) =
            now.partition(|finding| finding.level == Level::Error);
        self.print_findings(&project, &errors);
        match warnings.len() {
            0 => {}
            1 => self.ui.status("1 warning in the definitions; `rolecall validate` shows it."),
            n => self.ui.status(&format!("{n} warnings in the definitions; `rolecall validate` shows them.")),
        }
        // Of a target whose entry cannot be read there is nothing to say beside the finding.
        let readable = project.selected.iter().any(|name| project.target(name).is_some());
        match project.loaded.config {
            Some(_) if readable || project.selected.is_empty() => Ok(project),
            _ => Err(Failure::new(Exit::Invalid, "the configuration has errors; nothing was planned")),
        }
    }

    /// Prints what planning found, after what waited for it: where live knows a permission, or does
    /// not, that the shipped list lacks it is not worth saying.
    fn print_planned(&self, project: &Project, planned: &Planned) {
        let place = |finding: &Finding| finding.labels.first().map(|label| label.site);
        let mut judged: BTreeSet<Site> = planned
            .findings
            .iter()
            .filter(|finding| finding.code == Code::UnknownPermission)
            .filter_map(place)
            .collect();
        judged.extend(&planned.known_live);
        let waited = project.loaded.findings.iter().filter(waits_for_live);
        let waited = waited.filter(|finding| !place(finding).is_some_and(|site| judged.contains(&site)));
        self.print_findings(project, &waited.chain(&planned.findings).cloned().collect::<Vec<_>>());
    }

    /// Prints findings to standard error; with `--quiet` only errors.
    fn print_findings(&self, project: &Project, findings: &[Finding]) {
        let shown = |finding: &&Finding| !self.global.quiet || finding.level == Level::Error;
        let findings: Vec<Finding> = findings.iter().filter(shown).cloned().collect();
        if !findings.is_empty() {
            let (sources, masked) = (&project.loaded.sources, &project.loaded.masked);
            self.ui.problem(&findings::text(&findings, sources, masked, &self.ui.err));
        }
    }

    /// Prints a failure and returns its exit code.
    fn fail(&self, failure: &Failure) -> Exit {
        self.ui.error(failure.message.raw(), failure.help.as_ref().map(Untrusted::raw));
        failure.exit
    }

    /// Runs `work`, which does I/O, to its end.
    fn block_on<F: Future>(&self, work: F) -> Result<F::Output, Failure> {
        http::install_tls();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime
            .map_err(|error| Failure::new(Exit::Error, format!("the system gives no threads: {error}")))?;
        Ok(runtime.block_on(work))
    }

    /// Turns a failure into its exit code.
    fn end(&self, result: Result<Exit, Failure>) -> Exit {
        result.unwrap_or_else(|failure| self.fail(&failure))
    }
}

/// Whether the live catalogue may say the same with certainty.
fn waits_for_live(finding: &&Finding) -> bool {
    finding.code == Code::UnknownToOpenCatalogue
}

/// Which part of a plan, and which guards are lifted.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Selection and guards")]
pub(super) struct WishArgs {
    /// Only objects whose address matches, such as `reviews/role/*`. May be repeated.
    #[arg(long, value_name = "ADDRESS-GLOB")]
    only: Vec<String>,
    /// Lift one guard for this run; needs --reason. May be repeated.
    #[arg(long, value_name = "GUARD", value_parser = guard_names(), requires = "reason")]
    allow: Vec<String>,
    /// Leave alone what somebody changed outside git: write live plus what the definitions changed.
    #[arg(long)]
    pending_only: bool,
    /// Why the guard is lifted; shown in the plan and in the result.
    #[arg(long, value_name = "TEXT", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    reason: Option<String>,
}

fn guard_names() -> clap::builder::PossibleValuesParser {
    assess::ALLOWABLE.iter().map(|(name, _)| *name).collect::<Vec<_>>().into()
}

impl WishArgs {
    fn wishes(&self) -> Wishes {
        let reason: Untrusted = self.reason.as_deref().unwrap_or_default().into();
        let guards =
            assess::ALLOWABLE.iter().filter(|(name, _)| self.allow.iter().any(|allow| allow == name));
        let allowed: BTreeMap<Guard, Untrusted> = guards.map(|(_, guard)| (*guard, reason.clone())).collect();
        let part = if self.pending_only { Part::Pending } else { Part::Whole };
        Wishes { only: self.only.clone(), allowed, part, older: None }
    }
}
