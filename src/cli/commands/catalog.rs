//! `rolecall catalog`

use std::collections::BTreeMap;

use super::{Context, schema};
use crate::{
    cli::progress::Progress,
    definition::CatalogueFile,
    render::{self, escape, json},
    repo::{self, Reading, RepoErrorKind},
    workflow::{
        Exit, Failure, World,
        catalog::{self, Catalogues},
        project::{self, Project},
    },
};

/// List the permissions that exist: those that ship with rolecall, and those that each target's API
/// tells.
#[derive(clap::Args, Debug)]
pub(crate) struct CatalogArgs {
    /// Only what ships for these providers; needs no configuration.
    #[arg(value_name = "PROVIDER")]
    providers: Vec<String>,
    /// Only what ships with rolecall: no network, no credential.
    #[arg(long)]
    offline: bool,
    /// Keep each target's list beside the definitions, so that `validate` and editors know it.
    #[arg(long, conflicts_with_all = ["offline", "providers"])]
    write: bool,
    /// How to print the permissions.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
enum Format {
    /// For a person.
    #[default]
    Text,
    /// For a program: schema/catalog.schema.json.
    Json,
}

pub(crate) fn run(context: &Context, args: &CatalogArgs) -> Exit {
    context.end(context.block_on(list(context, args)).and_then(|result| result))
}

async fn list(context: &Context, args: &CatalogArgs) -> Result<Exit, Failure> {
    let progress = Progress::start(context);
    let world = context.world(Some(progress.events()));
    let offline = args.offline || !args.providers.is_empty();
    let (catalogues, project) = if offline || nowhere(context, args) {
        (catalog::shipped(&world, &args.providers)?, None)
    } else {
        let (catalogues, project) = live(context, args, &world, &progress).await?;
        (catalogues, Some(project))
    };
    progress.finish();
    context.ui.data(&match args.format {
        Format::Text => render::catalog::text(&catalogues, context.ui.out),
        Format::Json => render::catalog::json(&catalogues),
    });
    context.ui.reasons(&render::catalog::reasons(&catalogues, context.ui.err));
    for file in catalogues.targets.iter().filter_map(|target| target.file.as_ref()) {
        let path = escape::terminal(&file.path);
        context.ui.status(&match file.written {
            true => format!("Wrote {path}."),
            false => format!("{path} is up to date."),
        });
    }
    let kept = catalogues.targets.iter().any(|target| target.file.is_some());
    if let Some(project) = project.filter(|_| kept)
        && schema::refresh(&project)?
    {
        context.ui.status(&format!("Wrote {}.", schema::DEFINITIONS));
    }
    Ok(catalogues.exit())
}

/// Whether there is no configuration, and nothing on the command line that needs one.
fn nowhere(context: &Context, args: &CatalogArgs) -> bool {
    let global = &context.global;
    let free = !args.write && global.config.is_none() && global.rev.is_none() && global.target.is_empty();
    let found = || repo::find_config(&context.start(), None, Reading::WorkTree);
    free && found().is_err_and(|error| error.kind == RepoErrorKind::NoConfig)
}

async fn live(
    context: &Context,
    args: &CatalogArgs,
    world: &World,
    progress: &Progress,
) -> Result<(Catalogues, Project), Failure> {
    let project = project::open(world, &context.source(BTreeMap::new()))?;
    if project.loaded.config.is_none() {
        context.print_findings(&project, &project.loaded.findings);
        return Err(Failure::new(Exit::Invalid, "the configuration has errors; no target was asked")
            .help("What ships with rolecall: `rolecall catalog --offline`."));
    }
    progress.reading(project.selected.len());
    let encode = |file: &CatalogueFile| json::to_string(file);
    let catalogues = catalog::live(world, &project, args.write.then_some(&encode)).await;
    Ok((catalogues, project))
}
