//! Everything that can be told about a setup without changing anything.

mod definitions;
mod support;
mod target;

use std::{borrow::Cow, path::PathBuf, sync::Arc};

use futures_util::future::join_all;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    Exit, Failure, World,
    project::{self, Source},
};
use crate::{
    contract::{Settings, Spec},
    definition::Loaded,
    model::{Untrusted, config::Config},
    plan::document::Identity,
    repo::{self, Facts, Reading, WorkTree},
};

pub use support::{DefaultSupport, PrincipalSupport, RoleSupport, Support};

/// What `rolecall doctor` found.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Report {
    /// Version of this format: 1.
    pub format_version: u32,
    /// Version of the program.
    pub rolecall: &'static str,
    /// The exit code: that of the worst failed check.
    pub exit: u8,
    /// What concerns every target.
    pub checks: Vec<Check>,
    /// The targets, by name.
    pub targets: Vec<TargetReport>,
    /// What the providers of these targets support.
    pub providers: Vec<Support>,
}

/// What was found about one target.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct TargetReport {
    /// The target.
    pub name: Untrusted,
    /// Its provider; `null` where its entry in the configuration cannot be read.
    pub provider: Option<&'static str>,
    /// Whether the in-process emulator stands in for it.
    pub emulator: bool,
    /// Who it is; `null` where it could not be read.
    pub identity: Option<Identity>,
    /// What was checked, in order.
    pub checks: Vec<Check>,
}

/// One line of the checklist.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Check {
    /// What was looked at; stable.
    pub check: &'static str,
    /// How it is.
    pub status: Status,
    /// What was found.
    pub message: Untrusted,
    /// What to do, where something is to be done.
    pub help: Option<Untrusted>,
    /// The exit code that a failed check leads to; 0 for every other.
    pub exit: u8,
}

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// As it should be.
    Ok,
    /// Worth knowing.
    Info,
    /// It works, with less than there could be.
    Warning,
    /// It does not work.
    Failed,
    /// It cannot be told.
    Unknown,
}

impl Check {
    fn new(check: &'static str, status: Status, message: impl Into<Untrusted>) -> Self {
        Self { check, status, message: message.into(), help: None, exit: Exit::Done.code() }
    }

    fn ok(check: &'static str, message: impl Into<Untrusted>) -> Self {
        Self::new(check, Status::Ok, message)
    }

    fn info(check: &'static str, message: impl Into<Untrusted>) -> Self {
        Self::new(check, Status::Info, message)
    }

    fn warning(check: &'static str, message: impl Into<Untrusted>) -> Self {
        Self::new(check, Status::Warning, message)
    }

    fn unknown(check: &'static str, message: impl Into<Untrusted>) -> Self {
        Self::new(check, Status::Unknown, message)
    }

    fn failed(check: &'static str, failure: Failure) -> Self {
        let Failure { exit, message, help } = failure;
        Self { help, exit: exit.code(), ..Self::new(check, Status::Failed, message) }
    }

    fn help(mut self, help: impl Into<Cow<'static, str>>) -> Self {
        self.help = Some(help.into().into_owned().into());
        self
    }
}

/// What the caller chooses.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wishes {
    /// Read the members also where the provider's limit of requests makes that slow.
    pub members: bool,
}

/// Definitions that were read, as far as looking at targets needs them.
struct Opened {
    /// The folder of the definitions; none in a bare repository.
    folder: Option<PathBuf>,
    /// The work tree; none where a revision is looked at.
    files: Option<WorkTree>,
    loaded: Loaded,
    selected: Vec<Arc<str>>,
}

/// Looks at everything that `source` names.
pub async fn doctor(world: &World, source: &Source, wishes: Wishes) -> Report {
    let mut report = Report {
        format_version: 1,
        rolecall: env!("CARGO_PKG_VERSION"),
        exit: 0,
        checks: Vec::new(),
        targets: Vec::new(),
        providers: Vec::new(),
    };
    if let Some(project) = general(world, source, &mut report.checks) {
        let runs = project.selected.iter().map(|name| target::of_target(world, &project, name, wishes));
        report.targets = join_all(runs).await;
        let used = |name: &str| report.targets.iter().any(|target| target.provider == Some(name));
        let specs = world.registry.specs();
        let support = |spec: &&dyn Spec| {
            let all = project.loaded.config.iter().flat_map(|config| &config.targets);
            let all = all.filter(|target| target.provider == spec.name());
            let chosen = all.filter(|target| project.selected.contains(&target.name));
            let settings: Vec<&Settings> = chosen.map(|target| &target.settings).collect();
            Support::of(*spec, &settings)
        };
        report.providers = specs.iter().filter(|spec| used(spec.name())).map(support).collect();
    }
    report.exit = report.worst().code();
    report
}

/// Config, git, definitions. Each is looked at even where another one failed.
fn general(world: &World, source: &Source, checks: &mut Vec<Check>) -> Option<Opened> {
    let reading = if source.rev.is_some() { Reading::Revision } else { Reading::WorkTree };
    let place = match repo::find_config(&source.start, source.config.as_deref(), reading) {
        Ok(place) => place,
        Err(error) => {
            checks.push(Check::failed("config", error.into()));
            return None;
        }
    };
    checks.push(Check::ok("config", definitions::place(&place)));
    let read = project::read(world, &place, source);
    let facts = Facts::of(&place).map_err(Failure::from);
    let loaded = read.as_ref().ok().map(|checked| &checked.loaded);
    match &facts {
        Ok(facts) => checks.extend(definitions::git(facts, loaded, source.rev.as_deref())),
        Err(failure) => checks.push(Check::failed("git", failure.clone())),
    }
    if let (Ok(facts), Some(config)) = (&facts, loaded.and_then(|loaded| loaded.config.as_ref())) {
        checks.extend(definitions::branch(facts, config));
    }
    let loaded = match read {
        Ok(checked) => checked.loaded,
        Err(failure) => {
            checks.push(Check::failed("definitions", failure));
            return None;
        }
    };
    checks.push(definitions::definitions(&loaded));
    let config: &Config = loaded.config.as_ref()?;
    let selected = match project::select(config, &loaded.failed, source) {
        Ok(selected) => selected,
        Err(failure) => {
            checks.push(Check::failed("targets", failure));
            return None;
        }
    };
    let files = source.rev.is_none().then(|| WorkTree::open(&place).ok()).flatten();
    Some(Opened { folder: place.folder().ok().map(Into::into), files, loaded, selected })
}

impl Report {
    /// Every check.
    pub fn all(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().chain(self.targets.iter().flat_map(|target| &target.checks))
    }

    /// How the run ends: the worst failure.
    pub fn worst(&self) -> Exit {
        self.all().map(|check| Exit::from_code(check.exit)).fold(Exit::Done, Exit::and)
    }
}
