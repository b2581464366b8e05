//! `rolecall man`

use std::path::PathBuf;

use super::Context;
use crate::workflow::{Exit, Failure};

/// Print the manual page, or write one page per command into a folder.
#[derive(clap::Args, Debug)]
pub(crate) struct ManArgs {
    /// The folder for `rolecall.1`, `rolecall-plan.1`, and so on; it has to exist.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(crate) fn run(context: &Context, args: &ManArgs, command: clap::Command) -> Exit {
    let failure =
        |error: std::io::Error| Failure::new(Exit::Error, format!("the manual cannot be written: {error}"));
    let result = match &args.out {
        Some(folder) => clap_mangen::generate_to(command, folder).map_err(|error| {
            let message = format!("the manual cannot be written to {}: {error}", folder.display());
            Failure::new(Exit::Error, message).help("Name a folder that exists and can be written.")
        }),
        None => {
            let mut page = Vec::new();
            let rendered = clap_mangen::Man::new(command).render(&mut page).map_err(failure);
            rendered.map(|()| context.ui.data(&String::from_utf8_lossy(&page)))
        }
    };
    context.end(result.map(|()| Exit::Done))
}
