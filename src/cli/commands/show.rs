//! `rolecall show`

use std::path::{Path, PathBuf};

use super::{
    Context,
    plan::{Format, rendered},
};
use crate::{
    model::Untrusted,
    plan::{PlanDocument, read::MAX_BYTES},
    workflow::{Exit, Failure},
};

/// Show a saved plan. Nothing is read but the file.
#[derive(clap::Args, Debug)]
pub(crate) struct ShowArgs {
    /// The plan, from `plan --out`.
    file: PathBuf,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(crate) fn run(context: &Context, args: &ShowArgs) -> Exit {
    context.end(show(context, args))
}

fn show(context: &Context, args: &ShowArgs) -> Result<Exit, Failure> {
    let plan = read_plan(&args.file)?;
    context.ui.data(&rendered(context, &plan, args.format));
    Ok(Exit::Done)
}

/// Reads a plan file. It is a claim that somebody makes: only its form is checked here.
pub(super) fn read_plan(path: &Path) -> Result<PlanDocument, Failure> {
    let shown = path.display();
    let failure = |why: String| Failure::new(Exit::Error, format!("the plan {shown} cannot be read: {why}"));
    let file = std::fs::metadata(path).map_err(|error| failure(error.to_string()))?;
    if !file.is_file() || file.len() > MAX_BYTES as u64 {
        return Err(failure(format!("it is no file of at most {} MiB", MAX_BYTES >> 20)));
    }
    let text = std::fs::read_to_string(path).map_err(|error| failure(error.to_string()))?;
    PlanDocument::read(&text).map_err(|error| {
        let reasons: Vec<&str> = error.messages.iter().map(Untrusted::raw).collect();
        failure(reasons.join("\n  ")).help(error.help)
    })
}
