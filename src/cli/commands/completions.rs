//! `rolecall completions`

use super::Context;
use crate::workflow::Exit;

/// Print a completion script for a shell.
#[derive(clap::Args, Debug)]
pub(crate) struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum)]
    shell: clap_complete::Shell,
}

pub(crate) fn run(context: &Context, args: &CompletionsArgs, mut command: clap::Command) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "rolecall", &mut script);
    context.ui.data(&String::from_utf8_lossy(&script));
    Exit::Done
}
