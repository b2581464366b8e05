//! `rolecall targets`

use std::collections::BTreeMap;

use super::Context;
use crate::{
    model::{Level, config::Target},
    render::targets::{Document, LARGEST_MATRIX, shards},
    workflow::{Exit, Failure, project},
};

/// List the targets, for a person or for the matrix of a CI system. No network, no credential.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  rolecall targets --format github-matrix             a job for each target\n  rolecall targets --format github-matrix --shards 8  eight jobs, each with `--shard PART/8`"
)]
pub(crate) struct TargetsArgs {
    /// How to print them.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// With `github-matrix`: so many jobs, however many targets there are.
    #[arg(long, value_name = "PARTS", value_parser = clap::value_parser!(u32).range(1..=256))]
    shards: Option<u32>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For a person.
    #[default]
    Text,
    /// For a program: schema/targets.schema.json.
    Json,
    /// The value of `strategy.matrix` of GitHub Actions, on one line.
    GithubMatrix,
}

pub(crate) fn run(context: &Context, args: &TargetsArgs) -> Exit {
    context.end(list(context, args))
}

fn list(context: &Context, args: &TargetsArgs) -> Result<Exit, Failure> {
    if let (Some(parts), true) = (args.shards, args.format == Format::GithubMatrix) {
        context.ui.data(&shards(parts));
        return Ok(Exit::Done);
    }
    if args.shards.is_some() {
        return Err(
            Failure::new(Exit::Usage, "`--shards` makes a matrix").help("Add `--format github-matrix`.")
        );
    }
    let world = context.world_until_the_end();
    let project = project::open(&world, &context.source(BTreeMap::new()))?;
    let findings = &project.loaded.findings;
    let Some(config) = project.loaded.config.as_ref() else {
        context.print_findings(&project, findings);
        return Err(Failure::new(Exit::Invalid, "the configuration has errors"));
    };
    let selected = |target: &&Target| project.selected.contains(&target.name);
    let document = Document::of(config.targets.iter().filter(selected));
    // A target that is left out for its errors would never be planned, and nobody would see it.
    if project.selected.len() != document.len() {
        let errors: Vec<_> =
            findings.iter().filter(|finding| finding.level == Level::Error).cloned().collect();
        context.print_findings(&project, &errors);
        return Err(Failure::new(
            Exit::Invalid,
            "the configuration has errors, so not every target is known",
        ));
    }
    context.ui.data(&match args.format {
        Format::Text => document.text(),
        Format::Json => document.json(),
        Format::GithubMatrix if document.len() > LARGEST_MATRIX => {
            let message = format!(
                "there are {} targets, and a matrix has at most {LARGEST_MATRIX} jobs",
                document.len()
            );
            return Err(Failure::new(Exit::Usage, message)
                .help("Pass `--shards 20`: so many jobs, each with a part of the targets."));
        }
        Format::GithubMatrix => document.matrix(),
    });
    Ok(Exit::Done)
}
