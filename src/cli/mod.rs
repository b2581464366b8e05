//! The command line: arguments, progress, prompts, exit codes. One file per command.

mod commands;
mod interrupt;
mod log;
mod progress;
mod ui;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, CommandFactory as _, Parser, Subcommand};

use self::ui::{Color, Ui};
use crate::{
    model::secret::Redactor,
    provider::Registry,
    workflow::{Exit, shard::Shard},
};

/// Custom roles of SaaS products as code.
///
/// Roles stand in YAML in git. rolecall checks them, compares them with the live state of the
/// product's roles API, shows a plan, and applies exactly that plan.
#[derive(Debug, Parser)]
#[command(name = "rolecall", version, max_term_width = 100, after_long_help = after_help(), propagate_version = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Options of every command.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Work as if started in this folder.
    #[arg(short = 'C', value_name = "DIR", global = true)]
    directory: Option<PathBuf>,
    /// The configuration, instead of the `rolecall.yaml` found upwards from the folder.
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// Only this target; a glob such as `prod-*`. `!NAME` leaves one out. May be repeated.
    #[arg(long, value_name = "NAME|GLOB", global = true)]
    target: Vec<String>,
    /// Only this part of the targets, such as `2/8`: for runs side by side on several machines. Which part
    /// a target is in depends on nothing but what it reaches.
    #[arg(long, value_name = "PART/PARTS", global = true, hide_short_help = true)]
    shard: Option<Shard>,
    /// Read the definitions from this revision instead of the work tree.
    #[arg(long, value_name = "REV", global = true)]
    rev: Option<String>,
    /// Compare with this revision, instead of the target branch or the commit before.
    #[arg(long, value_name = "REV", global = true)]
    base: Option<String>,
    /// Say who wrote the lines that a plan refers to, and who changed what outside git: the first from
    /// git, the second from the provider's audit log, where the credential may read it.
    #[arg(long, global = true, hide_short_help = true)]
    blame: bool,
    /// Trust this host (`host` or `host:port`) with the credentials of targets whose `url` names it,
    /// beside the provider's own hosts. May be repeated.
    #[arg(
        long,
        value_name = "HOST",
        global = true,
        hide_short_help = true,
        env = "ROLECALL_ALLOW_HOSTS",
        hide_env_values = true,
        value_delimiter = ','
    )]
    allow_host: Vec<String>,
    /// When to colour.
    #[arg(long, value_enum, default_value_t, global = true)]
    color: Color,
    /// Print only results and problems.
    #[arg(short, long, global = true)]
    quiet: bool,
    /// Print each request (-v), and details (-vv). Never a credential.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(commands::init::InitArgs),
    Doctor(commands::doctor::DoctorArgs),
    Catalog(commands::catalog::CatalogArgs),
    Validate(commands::validate::ValidateArgs),
    Plan(commands::plan::PlanArgs),
    Diff(commands::diff::DiffArgs),
    Show(commands::show::ShowArgs),
    Apply(commands::apply::ApplyArgs),
    Drift(commands::drift::DriftArgs),
    Import(commands::import::ImportArgs),
    Targets(commands::targets::TargetsArgs),
    Ci(commands::ci::CiArgs),
    Emulate(commands::emulate::EmulateArgs),
    Schema(commands::schema::SchemaArgs),
    Completions(commands::completions::CompletionsArgs),
    Man(commands::man::ManArgs),
}

fn after_help() -> String {
    let lines: Vec<String> =
        Exit::ALL.iter().rev().map(|exit| format!("  {:>2}  {}", exit.code(), exit.meaning())).collect();
    let registry = Registry::builtin();
    let example = registry.specs().first().map_or("NAME", |spec| spec.name());
    format!(
        "Exit codes (with several outcomes the most severe wins; docs/exit-codes.md has the order):\n{}\n\nTry it without an account: rolecall init --provider {example} --emulator --yes && rolecall plan",
        lines.join("\n")
    )
}

/// Runs the program.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _closed = error.print();
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Done };
            return ExitCode::from(exit.code());
        }
    };
    // A bug ends with exit code 1 and a message, not with a trace of the thread.
    let run = std::thread::Builder::new().stack_size(8 << 20).spawn(move || run(cli));
    let exit = match run.map(std::thread::JoinHandle::join) {
        Ok(Ok(exit)) => exit,
        _ => Exit::Error,
    };
    ExitCode::from(exit.code())
}

fn run(cli: Cli) -> Exit {
    let redactor = Redactor::default();
    let ui = Ui::new(cli.global.color, cli.global.quiet, redactor.clone());
    log::start(cli.global.verbose, redactor.clone());
    log::catch_panics(ui.clone());
    let context = commands::Context { global: cli.global, ui, redactor };
    // A host that is misspelled would be refused only where a target needs it, or never.
    if let Some(exit) = context.refuse_options() {
        return exit;
    }
    match cli.command {
        Command::Init(args) => commands::init::run(&context, &args),
        Command::Doctor(args) => commands::doctor::run(&context, &args),
        Command::Catalog(args) => commands::catalog::run(&context, &args),
        Command::Validate(args) => commands::validate::run(&context, &args),
        Command::Plan(args) => commands::plan::run(&context, &args),
        Command::Diff(args) => commands::diff::run(&context, &args),
        Command::Show(args) => commands::show::run(&context, &args),
        Command::Apply(args) => commands::apply::run(&context, &args),
        Command::Drift(args) => commands::drift::run(&context, &args),
        Command::Import(args) => commands::import::run(&context, &args),
        Command::Targets(args) => commands::targets::run(&context, &args),
        Command::Ci(args) => commands::ci::run(&context, &args),
        Command::Emulate(args) => commands::emulate::run(&context, &args),
        Command::Schema(args) => commands::schema::run(&context, &args),
        Command::Completions(args) => commands::completions::run(&context, &args, Cli::command()),
        Command::Man(args) => commands::man::run(&context, &args, Cli::command()),
    }
}
