//! `rolecall schema`

use super::Context;
use crate::{
    definition::schema,
    provider::Registry,
    render::{self, json},
    repo,
    workflow::{Exit, Failure},
};

/// Print a JSON Schema, or write those that editors use beside the definitions.
#[derive(clap::Args, Debug)]
pub(crate) struct SchemaArgs {
    /// Which schema.
    #[arg(value_enum, required_unless_present = "write")]
    name: Option<Name>,
    /// Write `.rolecall/schema/*.schema.json` beside the configuration.
    #[arg(long, conflicts_with = "name")]
    write: bool,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Name {
    /// Of `rolecall.yaml`.
    Config,
    /// Of definition files.
    Definitions,
    /// Of `plan --format json`.
    Plan,
    /// Of `apply --format json`.
    Apply,
    /// Of `diff --format json`.
    Diff,
    /// Of `validate --format json`.
    Findings,
    /// Of `doctor --format json`.
    Doctor,
    /// Of `catalog --format json`.
    Catalog,
    /// Of `targets --format json`.
    Targets,
}

/// The schemas that editors use, by file name.
pub(super) fn editor_schemas() -> [(&'static str, String); 2] {
    let registry = Registry::builtin();
    [
        (".rolecall/schema/rolecall.schema.json", json::to_string(&schema::config_schema(&registry.specs()))),
        (
            ".rolecall/schema/definitions.schema.json",
            json::to_string(&schema::definitions_schema(&registry.specs())),
        ),
    ]
}

pub(crate) fn run(context: &Context, args: &SchemaArgs) -> Exit {
    let [config, definitions] = editor_schemas();
    match args.name {
        Some(Name::Config) => context.ui.data(&config.1),
        Some(Name::Definitions) => context.ui.data(&definitions.1),
        Some(Name::Plan) => context.ui.data(&json::to_string(&render::plan::json::plan_schema())),
        Some(Name::Apply) => context.ui.data(&json::to_string(&render::plan::json::outcome_schema())),
        Some(Name::Diff) => context.ui.data(&json::to_string(&render::diff::json::schema())),
        Some(Name::Findings) => context.ui.data(&render::findings::schema()),
        Some(Name::Doctor) => context.ui.data(&render::doctor::schema()),
        Some(Name::Catalog) => context.ui.data(&render::catalog::schema()),
        Some(Name::Targets) => context.ui.data(&render::targets::schema()),
        None => return context.end(write(context)),
    }
    Exit::Done
}

fn write(context: &Context) -> Result<Exit, Failure> {
    let place =
        repo::find_config(&context.start(), context.global.config.as_deref(), repo::Reading::WorkTree)?;
    for (path, text) in editor_schemas() {
        repo::write::replace(place.folder()?, path, text.as_bytes())?;
        context.ui.status(&format!("Wrote {path}."));
    }
    Ok(Exit::Done)
}
