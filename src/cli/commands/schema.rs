//! `rolecall schema`

use std::collections::BTreeMap;

use super::Context;
use crate::{
    definition::schema::{self, Kept},
    model::files::Files as _,
    provider::Registry,
    render::{self, json},
    repo::{self, WorkTree},
    workflow::{
        Exit, Failure, catalog,
        project::{self, Project},
    },
};

/// Print a JSON Schema, or write those that editors use beside the definitions.
#[derive(clap::Args, Debug)]
pub(crate) struct SchemaArgs {
    /// Which schema.
    #[arg(value_enum, required_unless_present = "write")]
    name: Option<Name>,
    /// Write `.rolecall/schema/*.schema.json` beside the configuration; editors complete the lists that
    /// `catalog --write` keeps too.
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

/// Where the schema of definition files lies for editors.
pub(super) const DEFINITIONS: &str = ".rolecall/schema/definitions.schema.json";

/// The schemas that editors use, by file name. `kept` is completed beside what ships.
pub(super) fn editor_schemas(kept: &Kept) -> [(&'static str, String); 2] {
    let registry = Registry::builtin();
    let specs = registry.specs();
    [
        (".rolecall/schema/rolecall.schema.json", json::to_string(&schema::config_schema(&specs))),
        (DEFINITIONS, json::to_string(&schema::definitions_schema_with(&specs, kept))),
    ]
}

pub(crate) fn run(context: &Context, args: &SchemaArgs) -> Exit {
    let [config, definitions] = editor_schemas(&Kept::new());
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

/// Writes the schema of definition files again where one lies beside the definitions and is another one
/// than what is kept there makes; whether it did.
pub(super) fn refresh(project: &Project) -> Result<bool, Failure> {
    let folder = project.folder()?;
    let [_, (path, text)] = editor_schemas(&catalog::kept(project)?);
    let old = WorkTree::open(&project.place)?.read(path).ok();
    let stale = old.is_some_and(|old| old != text.as_bytes());
    if stale {
        repo::write::replace(folder, path, text.as_bytes())?;
    }
    Ok(stale)
}

/// A folder whose configuration has errors has schemas too: they help to mend it.
fn write(context: &Context) -> Result<Exit, Failure> {
    let world = context.world(None);
    let project = project::open(&world, &context.source(BTreeMap::new()))?;
    let kept = catalog::kept(&project)?;
    for (path, text) in editor_schemas(&kept) {
        repo::write::replace(project.folder()?, path, text.as_bytes())?;
        context.ui.status(&format!("Wrote {path}."));
    }
    Ok(Exit::Done)
}
