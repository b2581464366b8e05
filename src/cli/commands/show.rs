//! `rolecall show`

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
};

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

/// Reads a plan file. It is a claim that somebody makes: here it is checked whether it is in itself
/// consistent.
pub(super) fn read_plan(path: &Path) -> Result<PlanDocument, Failure> {
    let shown = path.display();
    let failure = |why: String| Failure::new(Exit::Error, format!("the plan {shown} cannot be read: {why}"));
    let unreadable = |error: &std::io::Error| match error.kind() {
        ErrorKind::NotFound => {
            failure("there is no such file".to_owned()).help("Write one with `rolecall plan -o FILE`.")
        }
        ErrorKind::InvalidData => failure("it is not UTF-8, so it is not a plan".to_owned()),
        _ => failure(error.to_string()),
    };
    let file = std::fs::metadata(path).map_err(|error| unreadable(&error))?;
    if file.is_dir() {
        return Err(failure("it is a folder".to_owned()).help("Name the file in it."));
    }
    if !file.is_file() {
        return Err(failure("it is a pipe, a socket, or a device, and not a file".to_owned()));
    }
    if file.len() > MAX_BYTES as u64 {
        return Err(failure(format!("it is larger than {} MiB", MAX_BYTES >> 20)));
    }
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(&error))?;
    let read = PlanDocument::read(&text);
    let checked = read.and_then(|plan| plan.check_integrity().map(|()| plan));
    checked.map_err(|error| {
        let reasons: Vec<&str> = error.messages.iter().map(Untrusted::raw).collect();
        failure(reasons.join("\n  ")).help(error.help)
    })
}
