//! `rolecall ci run`

use std::{
    collections::BTreeMap,
    fs::OpenOptions,
    io::Write as _,
    path::{Path, PathBuf},
};

use super::super::Context;
use crate::{
    ci::{
        decision::Command,
        inputs::{Inputs, NAMES},
        results,
        run::{self, File, Ran, Run},
        situation::{self, Forge},
        space::{Place, Space},
    },
    model::secret::Secret,
    workflow::{Environment, Exit, Failure},
};

/// The page of the run, in the folder of results.
const SUMMARY: &str = "summary.md";
/// What later jobs read on GitLab, in the folder of results.
const OUTPUTS: &str = "rolecall.env";

/// Read the event, decide what it allows, and do it.
///
/// Each option has a variable: `INPUT_` and its name in capital letters, with `_` for `-`. An empty one
/// is one that is not given. Results for `ci report` are left in a folder.
#[derive(clap::Args, Debug)]
pub(crate) struct RunArgs {
    /// validate, diff, plan, apply, drift, or record.
    command: Option<String>,
    /// The root of the definitions, within the work space.
    #[arg(long, value_name = "DIR")]
    directory: Option<String>,
    /// Names or globs of targets, separated by blanks.
    #[arg(long, value_name = "NAMES")]
    targets: Option<String>,
    /// Whether `ci report` comments on pull requests: auto or never.
    #[arg(long, value_name = "WHEN")]
    comment: Option<String>,
    /// Whether `ci report` keeps an issue about drift: auto or never.
    #[arg(long, value_name = "WHEN")]
    issue: Option<String>,
    /// Apply only a plan with this digest; `TARGET=sha256:…` for one target. Several with blanks between.
    #[arg(long, value_name = "DIGESTS")]
    expect_plan: Option<String>,
    /// Refuse what no merged pull request showed in its plan: true or false.
    #[arg(long, value_name = "BOOL")]
    require_reviewed: Option<String>,
    /// Guards to lift, separated by blanks; needs a reason.
    #[arg(long, value_name = "GUARDS")]
    allow: Option<String>,
    /// Why guards are lifted.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Let a program apply that was built from source on the runner: true or false.
    #[arg(long, value_name = "BOOL")]
    allow_source_build: Option<String>,
    /// Whether problems are shown at their lines: true or false.
    #[arg(long, value_name = "BOOL")]
    annotations: Option<String>,
    /// Where `validate` writes SARIF.
    #[arg(long, value_name = "FILE")]
    sarif_file: Option<String>,
    /// The records of an apply: written by `apply`, pushed by `record`.
    #[arg(long, value_name = "FILE")]
    record_file: Option<String>,
    /// The folder for the results.
    #[arg(long, value_name = "DIR")]
    results: Option<String>,
}

pub(super) fn run(context: &Context, args: &RunArgs) -> Exit {
    context.end(context.block_on(run_event(context, args)).and_then(|ended| ended))
}

impl RunArgs {
    /// What was given, by the names of the inputs.
    fn options(&self, context: &Context) -> BTreeMap<&'static str, String> {
        let global = &context.global;
        let config = global.config.as_ref().map(|path| path.display().to_string());
        let targets = (!global.target.is_empty()).then(|| global.target.join(" "));
        let values = [
            &self.command,
            &self.directory,
            &config,
            &self.targets.clone().or(targets),
            &global.shard.map(|shard| shard.to_string()),
            &self.comment,
            &self.issue,
            &self.expect_plan,
            &self.require_reviewed,
            &self.allow,
            &self.reason,
            &self.allow_source_build,
            &self.annotations,
            &self.sarif_file,
            &self.record_file,
            &self.results,
        ];
        NAMES.into_iter().zip(values).filter_map(|(name, value)| Some((name, value.clone()?))).collect()
    }
}

async fn run_event(context: &Context, args: &RunArgs) -> Result<Exit, Failure> {
    let world = context.world(None);
    let environment = &*world.environment;
    let situation = situation::of(environment).ok_or_else(|| {
        Failure::new(Exit::Usage, "this is neither GitHub Actions nor GitLab CI")
            .help("`ci run` reads their events; elsewhere use `plan`, `apply`, and `drift`.")
    })?;
    let inputs = Inputs::read(environment, &args.options(context))?;
    let places = Places::of(context, environment, &inputs, situation.forge)?;
    let token = forge_token(context, situation.forge);
    let start = directory(context, &inputs, situation.forge)?;
    let run = Run {
        world: &world,
        environment,
        situation: &situation,
        inputs: &inputs,
        start: &start,
        config: inputs.config.as_deref(),
        style: context.ui.out,
        token: token.as_ref(),
        redactor: &context.redactor,
    };
    let ran = run::run(run).await;
    context.ui.data(&ran.log);
    if situation.forge == Forge::GitHub {
        context.ui.data(&ran.annotations.shown());
    }
    leave(context, &run, &ran, &places)?;
    Ok(ran.exit())
}

/// Where the run writes. Looked at before anything else is done, as what was applied and cannot be recorded is
/// worse than what was not applied.
struct Places {
    results: Place,
    sarif: Option<Place>,
    record: Option<Place>,
}

impl Places {
    fn of(
        context: &Context,
        environment: &Environment,
        inputs: &Inputs,
        forge: Forge,
    ) -> Result<Self, Failure> {
        let space = Space::of(environment, forge, &context.start())?;
        let results = space.results(&results::folder(inputs, forge, environment))?;
        let sarif = inputs.sarif_file.as_deref().map(|path| space.file("sarif_file", path)).transpose()?;
        let record = match (inputs.command, inputs.record_file.as_deref()) {
            (Command::Record, Some(path)) => space.left("record_file", path).map(|()| None)?,
            (_, path) => path.map(|path| space.file("record_file", path)).transpose()?,
        };
        Ok(Self { results, sarif, record })
    }

    /// Of a file that nobody asked for there is none.
    fn place(&self, file: File) -> Option<Place> {
        match file {
            File::Result(name) => Some(self.results.file(name)),
            File::Sarif => self.sarif.clone(),
            File::Record => self.record.clone(),
        }
    }
}

/// The forge's own token, which goes only to the forge.
fn forge_token(context: &Context, forge: Forge) -> Option<Secret> {
    let name = match forge {
        Forge::GitHub => "GITHUB_TOKEN",
        Forge::GitLab => "ROLECALL_GITLAB_NOTE_TOKEN",
    };
    let token = std::env::var(name).ok().filter(|token| !token.trim().is_empty())?;
    let secret = Secret::new(token.trim().to_owned());
    context.redactor.learn(&secret);
    Some(secret)
}

/// The folder of the definitions. It lies within the work space: a path from a workflow must not lead
/// to definitions that nobody reviewed.
fn directory(context: &Context, inputs: &Inputs, forge: Forge) -> Result<PathBuf, Failure> {
    let variable = match forge {
        Forge::GitHub => "GITHUB_WORKSPACE",
        Forge::GitLab => "CI_PROJECT_DIR",
    };
    let start = context.start();
    let directory = inputs.directory.as_ref().map_or_else(|| start.clone(), |below| start.join(below));
    let failed = |path: &Path, error: &std::io::Error| {
        Failure::new(Exit::Usage, format!("the directory {}: {error}", path.display()))
    };
    let directory = directory.canonicalize().map_err(|error| failed(&directory, &error))?;
    let Some(space) = std::env::var_os(variable).map(PathBuf::from) else { return Ok(directory) };
    let space = space.canonicalize().map_err(|error| failed(&space, &error))?;
    if directory.starts_with(&space) {
        return Ok(directory);
    }
    let message = format!("the directory {} is outside of {variable}", directory.display());
    Err(Failure::new(Exit::Refused, message).help("Give a path below the root of the checkout."))
}

/// Writes what later steps and people read.
fn leave(context: &Context, run: &Run<'_>, ran: &Ran, places: &Places) -> Result<(), Failure> {
    let clean = |text: &str| context.redactor.clean(text).into_owned();
    let failed = |path: &Path, error: &std::io::Error| {
        Failure::new(Exit::Error, format!("{} cannot be written: {error}", path.display()))
    };
    let folder = run.folder();
    let result = |name: &str, text: &str| places.results.file(name).write(clean(text).as_bytes());
    result(results::FILE, &ran.results.text())?;
    for (file, text) in &ran.files {
        places.place(*file).map_or(Ok(()), |place| place.write(clean(text).as_bytes()))?;
    }
    let summary = clean(&run::summary(&ran.results.cleaned(clean)));
    result(SUMMARY, &summary)?;
    if let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").map(PathBuf::from) {
        append(&path, &summary).map_err(|error| failed(&path, &error))?;
    }
    let mut outputs = ran.outputs.clone();
    outputs.push(("summary_file", folder.join(SUMMARY).display().to_string()));
    outputs.push(("results", folder.display().to_string()));
    match run.situation.forge {
        Forge::GitHub => match std::env::var_os("GITHUB_OUTPUT").map(PathBuf::from) {
            Some(path) => append(&path, &clean(&crate::ci::outputs::github(&outputs)))
                .map_err(|error| failed(&path, &error)),
            None => Ok(()),
        },
        // Nothing is added to what lies there: it would not be of this run.
        Forge::GitLab => result(OUTPUTS, &crate::ci::outputs::dotenv(&outputs)),
    }
}

/// Adds to a file of the runner's own, outside of the checkout.
fn append(path: &Path, text: &str) -> std::io::Result<()> {
    OpenOptions::new().create(true).append(true).open(path)?.write_all(text.as_bytes())
}
