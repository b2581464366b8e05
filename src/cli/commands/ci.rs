//! `rolecall ci`

mod report;
mod run;

use super::Context;
use crate::workflow::Exit;

/// What GitHub Actions and GitLab CI call. docs/ci.md describes it.
#[derive(clap::Args, Debug)]
pub(crate) struct CiArgs {
    #[command(subcommand)]
    step: Step,
}

#[derive(clap::Subcommand, Debug)]
enum Step {
    Run(Box<run::RunArgs>),
    Report(report::ReportArgs),
}

pub(crate) fn run(context: &Context, args: &CiArgs) -> Exit {
    match &args.step {
        Step::Run(args) => run::run(context, args),
        Step::Report(args) => report::run(context, args),
    }
}
