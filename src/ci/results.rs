//! What a run leaves for the report: the report has no credential of a provider, and the run does not
//! talk to people. Several runs side by side are reported as one.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{acceptance::Acceptance, decision::Command, event, inputs::Inputs, situation::Forge};
use crate::{
    model::Untrusted,
    plan::{ApplyDocument, PlanDocument, document::TargetError},
    render::json,
    workflow::{Environment, Exit, Failure, shard::Shard},
};

/// The version of the format of [`Results`].
const FORMAT_VERSION: u32 = 1;
/// The file in the folder of results.
pub const FILE: &str = "results.json";
/// Largest file of results that is read, in bytes.
const LARGEST: u64 = 64 << 20;

/// What came of one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Results {
    /// Always 1.
    pub format_version: u32,
    /// What was asked for.
    pub command: Command,
    /// Whether only `validate` and `diff` ran in its place.
    pub offline: bool,
    /// The exit code.
    pub exit: u8,
    /// Why the run as a whole ended early.
    pub failure: Option<TargetError>,
    /// Whether people may be named.
    pub names: bool,
    /// Where the files of the planned commit can be read.
    pub permalink: Option<String>,
    /// What is wrong with the definitions, as Markdown; empty where nothing is.
    pub findings: String,
    /// What differs from the target branch, as Markdown; empty where that was not asked for.
    pub diff: String,
    /// The plan; of `drift` its differences.
    pub plan: Option<PlanDocument>,
    /// With `drift`: the way to accept it, for each part of the targets.
    #[serde(default)]
    pub acceptances: Vec<Acceptance>,
    /// What an apply did.
    pub outcome: Option<ApplyDocument>,
    /// The pull requests whose merges this run is about.
    pub merged: Vec<u64>,
    /// What else is worth knowing.
    pub notes: Vec<Untrusted>,
    /// Whether what was merged had to have been reviewed.
    #[serde(default)]
    pub require_reviewed: bool,
    /// Whether this is about what was just pushed to the default branch: it is applied next, or it is not.
    #[serde(default)]
    pub pushed: bool,
    /// Whether nobody can tell that the run is about the newest commit. A run that is behind tells nobody
    /// that it did nothing: the run of the newer commit tells what became of both.
    #[serde(default)]
    pub outdated: bool,
    /// Whether an apply was started, and no part of it left results.
    #[serde(default)]
    pub lost: bool,
    /// Whether the pull request was merged or closed, so that nothing was planned.
    #[serde(default)]
    pub closed: bool,
    /// Which parts of the targets these are the results of; empty where nothing was divided.
    #[serde(default)]
    pub shards: Vec<Shard>,
}

/// The folder for what a run leaves: the one that is named, or the usual one of the forge.
pub fn folder(inputs: &Inputs, forge: Forge, environment: &Environment) -> PathBuf {
    let variable = |name: &str| event::text(environment, name).map(PathBuf::from);
    inputs.results.clone().unwrap_or_else(|| match forge {
        Forge::GitHub => variable("RUNNER_TEMP").unwrap_or_else(std::env::temp_dir).join("rolecall"),
        Forge::GitLab => variable("CI_PROJECT_DIR").unwrap_or_default().join("rolecall-results"),
    })
}

/// Whether a run left results in a folder. A link is not what a run leaves.
fn is_left(folder: &Path) -> bool {
    folder.join(FILE).symlink_metadata().is_ok_and(|data| data.is_file())
}

impl Results {
    /// Nothing yet.
    pub fn new(command: Command) -> Self {
        Self {
            format_version: FORMAT_VERSION,
            command,
            offline: false,
            exit: Exit::Done.code(),
            failure: None,
            names: false,
            permalink: None,
            findings: String::new(),
            diff: String::new(),
            plan: None,
            acceptances: Vec::new(),
            outcome: None,
            merged: Vec::new(),
            notes: Vec::new(),
            require_reviewed: false,
            pushed: false,
            outdated: false,
            lost: false,
            closed: false,
            shards: Vec::new(),
        }
    }

    /// How the run ended.
    pub fn exit(&self) -> Exit {
        Exit::from_code(self.exit)
    }

    /// Whether this is the check or the plan of what was merged, and ended so that it is not applied.
    pub fn is_refused_after_merge(&self) -> bool {
        match self.command {
            Command::Validate => self.pushed && !self.is_fine(),
            Command::Plan => (self.require_reviewed || self.pushed) && !self.is_fine(),
            _ => false,
        }
    }

    /// Whether what comes next may come.
    fn is_fine(&self) -> bool {
        matches!(self.exit(), Exit::Done | Exit::Changes | Exit::Manual)
    }

    /// The same without what `clean` takes out. That is done before anything is rendered: encoded for
    /// Markdown a credential would not be recognised any more.
    #[must_use]
    pub fn cleaned(&self, clean: impl Fn(&str) -> String) -> Self {
        let clean = serde_json::from_str(&clean(&json::to_line(self)));
        clean.unwrap_or_else(|_| Self { exit: self.exit, ..Self::new(self.command) })
    }

    /// What [`FILE`] holds.
    pub fn text(&self) -> String {
        json::to_string(self)
    }

    /// Reads what a run left in `folder`.
    ///
    /// # Errors
    ///
    /// Where there is nothing, or it is not what a run writes.
    pub fn read(folder: &Path) -> Result<Self, Failure> {
        let path = folder.join(FILE);
        let failed = |why: String| {
            Failure::new(Exit::Error, format!("there are no results in {}: {why}", folder.display()))
                .help("`rolecall ci run` writes them; `ROLECALL_RESULTS` names the folder for both.")
        };
        let size = std::fs::symlink_metadata(&path).map_err(|error| failed(error.to_string()))?.len();
        if size > LARGEST {
            return Err(failed(format!("{FILE} has {size} bytes; at most {LARGEST} are read")));
        }
        let bytes = std::fs::read(&path).map_err(|error| failed(error.to_string()))?;
        let results: Self = serde_json::from_slice(&bytes).map_err(|error| {
            failed(format!("{FILE} is not what this program writes (line {})", error.line()))
        })?;
        match results.format_version {
            FORMAT_VERSION => Ok(results),
            other => Err(failed(format!("{FILE} has version {other} of the format"))),
        }
    }

    /// Reads what several runs left, in `folders` or one level below them, and joins them. Beside an apply
    /// its plans tell which parts of it there have to be, and what was merged. Whoever knows that an apply was
    /// started says so with `expect_apply`: then it is missed also where no part of it left anything.
    ///
    /// # Errors
    ///
    /// Where one cannot be read, there are none, or they are of commands that do not belong together.
    pub fn read_all(folders: &[PathBuf], expect_apply: bool) -> Result<Self, Failure> {
        let mut found = Vec::new();
        for folder in folders {
            if is_left(folder) {
                found.push(folder.clone());
                continue;
            }
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
            let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
            let mut below: Vec<PathBuf> =
                folders.map(|entry| entry.path()).filter(|path| is_left(path)).collect();
            below.sort();
            found.extend(below);
        }
        let all: Vec<Self> = found.iter().map(|folder| Self::read(folder)).collect::<Result<_, _>>()?;
        let applied = expect_apply || all.iter().any(|one| one.command == Command::Apply);
        let (plans, all): (Vec<Self>, Vec<Self>) =
            all.into_iter().partition(|one| applied && one.command == Command::Plan);
        if all.is_empty() && expect_apply {
            return Self::without_apply(plans);
        }
        let mut all = all.into_iter();
        let Some(first) = all.next() else {
            let names: Vec<_> = folders.iter().map(|folder| folder.display().to_string()).collect();
            return Err(Failure::new(Exit::Error, format!("there are no results in {}", names.join(", ")))
                .help("`rolecall ci run` writes them; `ROLECALL_RESULTS` names the folder for both."));
        };
        let mut joined = all.try_fold(first, Self::join)?;
        let mut expected = Vec::new();
        for plan in plans {
            if plan.has_changes() {
                expected.extend(plan.shards);
            }
            joined.merged.extend(plan.merged);
        }
        joined.merged.sort_unstable();
        joined.merged.dedup();
        Ok(joined.without_missing(&expected))
    }

    /// An apply of which no part left anything, after its plans.
    fn without_apply(plans: Vec<Self>) -> Result<Self, Failure> {
        let changed = plans.iter().filter(|plan| plan.has_changes());
        let parts: Vec<String> = changed.flat_map(|plan| &plan.shards).map(ToString::to_string).collect();
        let mut plans = plans.into_iter();
        let planned = match plans.next() {
            Some(first) => Some(plans.try_fold(first, Self::join)?.without_missing(&[])),
            None => None,
        };
        if let Some(planned) = &planned
            && (!planned.is_fine() || !planned.has_changes())
        {
            // Nothing was to be applied, and the plans say why.
            return Ok(planned.clone());
        }
        let which = if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) };
        let message = format!(
            "no part of the apply left results{which}: what became of its targets is not known, and they may have been changed"
        );
        let failure = Failure::new(Exit::Error, message)
            .help("Look at the jobs of the apply, and run them again: they apply what is still to be done.");
        Ok(Self {
            exit: failure.exit.code(),
            failure: Some(failure.into()),
            names: planned.as_ref().is_some_and(|planned| planned.names),
            permalink: planned.as_ref().and_then(|planned| planned.permalink.clone()),
            merged: planned.map(|planned| planned.merged).unwrap_or_default(),
            lost: true,
            ..Self::new(Command::Apply)
        })
    }

    /// Whether there is something to apply.
    fn has_changes(&self) -> bool {
        let targets = self.plan.iter().flat_map(|plan| &plan.targets);
        targets.into_iter().any(|target| !target.changes.is_empty() || !target.scope_changes.is_empty())
    }

    /// Says which parts have no results, and gives no digest of what is not whole. Of an apply only the parts
    /// with changes are `expected`.
    fn without_missing(mut self, expected: &[Shard]) -> Self {
        let missing = match self.command {
            Command::Apply => expected.iter().filter(|part| !self.shards.contains(part)).copied().collect(),
            _ => Shard::missing(&self.shards),
        };
        let missing: Vec<String> = missing.iter().map(ToString::to_string).collect();
        if missing.is_empty() {
            return self;
        }
        let unknown = match self.command {
            Command::Apply => "what became of their targets is not known, and they may have been changed",
            _ => "what their targets would do is not known",
        };
        let message =
            format!("incomplete: there are no results of the parts {}; {unknown}", missing.join(", "));
        let failure =
            Failure::new(Exit::Error, message).help("Look at the jobs of these parts, and run them again.");
        self.exit = self.exit().and(failure.exit).code();
        self.failure = self.failure.or(Some(failure.into()));
        if let Some(plan) = &mut self.plan {
            plan.digest = None;
        }
        self
    }

    /// Two parts of one whole.
    fn join(mut self, other: Self) -> Result<Self, Failure> {
        if self.command != other.command {
            let message =
                format!("these are results of `{}` and of `{}`", self.command.name(), other.command.name());
            return Err(Failure::new(Exit::Usage, message).help("Report each command by itself."));
        }
        self.exit = self.exit().and(other.exit()).code();
        self.offline |= other.offline;
        self.names &= other.names;
        self.require_reviewed |= other.require_reviewed;
        self.pushed |= other.pushed;
        self.outdated |= other.outdated;
        self.lost |= other.lost;
        self.closed |= other.closed;
        self.failure = self.failure.or(other.failure);
        self.permalink = self.permalink.or(other.permalink);
        // Every part checks the same definitions.
        if self.findings.is_empty() {
            self.findings = other.findings;
        }
        if self.diff.is_empty() {
            self.diff = other.diff;
        }
        self.plan = match (self.plan, other.plan) {
            (Some(one), Some(two)) => Some(one.joined(two)),
            (one, two) => one.or(two),
        };
        self.outcome = match (self.outcome, other.outcome) {
            (Some(one), Some(two)) => Some(one.joined(two)),
            (one, two) => one.or(two),
        };
        self.acceptances.extend(other.acceptances);
        self.shards.extend(other.shards);
        self.merged.extend(other.merged);
        self.merged.sort_unstable();
        self.merged.dedup();
        for note in other.notes {
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
        Ok(self)
    }
}
