//! `rolecall validate`

use std::collections::BTreeMap;

use super::Context;
use crate::{
    model::{Code, Level, config::LintLevel},
    render::findings,
    workflow::{Exit, Failure, project},
};

/// Check the definitions: schema, meaning, lints. No network, no credential.
#[derive(clap::Args, Debug)]
pub(crate) struct ValidateArgs {
    /// Set the level of a lint, such as `RC041=allow`. Beats the configuration; a comment beats it.
    #[arg(long, value_name = "CODE=deny|warn|allow", value_parser = lint)]
    lint: Vec<(Code, LintLevel)>,
    /// How to print what was found.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
enum Format {
    /// For a person.
    #[default]
    Text,
    /// For a program: schema/findings.schema.json.
    Json,
    /// For code scanning: SARIF 2.1.0.
    Sarif,
    /// Workflow commands that GitHub shows at the lines.
    Github,
}

fn lint(text: &str) -> Result<(Code, LintLevel), String> {
    let (code, level) = text.split_once('=').ok_or("write CODE=deny, CODE=warn, or CODE=allow")?;
    let code: Code = code.parse().map_err(|_| format!("`{code}` is not a code; docs/codes.md lists them"))?;
    if code.lint().is_none() {
        return Err(format!("{code} is not a lint: its level is fixed"));
    }
    let level = match level {
        "deny" => LintLevel::Deny,
        "warn" => LintLevel::Warn,
        "allow" => LintLevel::Allow,
        _ => return Err(format!("`{level}` is not deny, warn, or allow")),
    };
    Ok((code, level))
}

pub(crate) fn run(context: &Context, args: &ValidateArgs) -> Exit {
    context.end(validate(context, args))
}

fn validate(context: &Context, args: &ValidateArgs) -> Result<Exit, Failure> {
    let world = context.world_until_the_end();
    let lints: BTreeMap<Code, LintLevel> = args.lint.iter().copied().collect();
    let project = project::open(&world, &context.source(lints))?;
    let (loaded, ui) = (&project.loaded, &context.ui);
    let (found, sources) = (&loaded.findings, &loaded.sources);
    // Forges want paths from the top of the repository.
    let prefix = project.facts.prefix();
    match args.format {
        Format::Text => ui.data(&findings::text(found, sources, &loaded.masked, &ui.out)),
        Format::Json => ui.data(&findings::json(found, sources)),
        Format::Sarif => ui.data(&findings::sarif(found, sources, prefix)),
        Format::Github => ui.data(&findings::github(found, sources, prefix, None)),
    }
    if found.iter().any(|finding| finding.level == Level::Error) {
        return Ok(Exit::Invalid);
    }
    if let (Format::Text, Some(config)) = (args.format, &loaded.config) {
        let roles: usize = loaded.desired.values().map(|desired| desired.roles.len()).sum();
        let many = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
        ui.data(&format!(
            "Valid: {} in {} for {}.\n",
            many(roles, "role"),
            many(loaded.definition_files, "file"),
            many(config.targets.len(), "target")
        ));
    }
    Ok(Exit::Done)
}
