//! `rolecall doctor`

use std::collections::BTreeMap;

use super::Context;
use crate::{
    cli::progress::Progress,
    render,
    workflow::{
        Exit, Failure,
        doctor::{self, Wishes},
    },
};

/// Look at the setup: configuration, git, hosts, credentials, what can be read. Changes nothing.
#[derive(clap::Args, Debug)]
pub(crate) struct DoctorArgs {
    /// Read the members also where the provider's limit of requests makes that slow.
    #[arg(long)]
    members: bool,
    /// How to print what was found.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
enum Format {
    /// For a person.
    #[default]
    Text,
    /// For a program: schema/doctor.schema.json.
    Json,
}

pub(crate) fn run(context: &Context, args: &DoctorArgs) -> Exit {
    context.end(context.block_on(look(context, args)).and_then(|result| result))
}

async fn look(context: &Context, args: &DoctorArgs) -> Result<Exit, Failure> {
    let progress = Progress::start(context);
    let world = context.world(Some(progress.events()));
    progress.reading(1);
    let wishes = Wishes { members: args.members };
    let report = doctor::doctor(&world, &context.source(BTreeMap::new()), wishes).await;
    progress.finish();
    context.ui.data(&match args.format {
        Format::Text if context.global.quiet => render::doctor::quiet(&report, context.ui.out),
        Format::Text => render::doctor::text(&report, context.ui.out),
        Format::Json => render::doctor::json(&report),
    });
    Ok(report.worst())
}
