//! `rolecall init --ci`: the files of a forge's CI system.

use std::{collections::BTreeMap, path::PathBuf};

use super::Context;
use crate::{
    ci::pipelines::{self, Forge, Wanted},
    render::escape,
    workflow::{Exit, Failure, World, project},
};

/// What the files of a CI system say.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Files of a CI system")]
pub(super) struct PipelineArgs {
    /// Also write the files with which this forge reviews and applies the roles; in a project that is
    /// there already, write only these.
    #[arg(long, value_enum, value_name = "FORGE")]
    pub(super) ci: Option<Forge>,
    /// Who has to approve changes, for CODEOWNERS. May be repeated.
    #[arg(long, value_name = "@WHO", requires = "ci", value_delimiter = ',')]
    owners: Vec<String>,
    /// The Action at a full commit.
    #[arg(long, value_name = "OWNER/rolecall@COMMIT", requires = "ci")]
    action: Option<String>,
    /// Also write the workflow that comments on the pull requests of forks.
    #[arg(long, requires = "ci")]
    forks: bool,
}

impl PipelineArgs {
    /// Whether what is asked for can be written.
    pub(super) fn check(&self) -> Result<(), Failure> {
        self.wanted(false).check()
    }

    fn wanted(&self, owned: bool) -> Wanted {
        Wanted { action: self.action.clone(), owners: self.owners.clone(), forks: self.forks, owned }
    }
}

/// Writes the files beside a project that is there, and says what a person has to do on the forge.
pub(super) fn write(
    context: &Context,
    world: &World,
    args: &PipelineArgs,
    forge: Forge,
) -> Result<Exit, Failure> {
    let project = project::open(world, &context.source(BTreeMap::new()))?;
    let top = top(&project)?;
    let wanted = args.wanted(top.join(forge.owners_file()).exists());
    let made = pipelines::pipelines(&project, &world.registry.specs(), forge, &wanted)?;
    made.scaffold.write(&top)?;
    let mut text: String =
        made.scaffold.paths().map(|path| format!("Wrote {}\n", escape::terminal(path))).collect();
    text.push_str("\nNext, on the forge:\n");
    for (number, step) in made.steps.iter().enumerate() {
        text.push_str(&format!(
            "  {}. {}\n",
            number + 1,
            escape::terminal_block(&step.replace('\n', "\n     "))
        ));
    }
    context.ui.status(text.trim_end());
    Ok(Exit::Done)
}

/// The top of the repository, where forges look for their files; outside git the root of the definitions.
fn top(project: &project::Project) -> Result<PathBuf, Failure> {
    let folder = project.folder()?;
    let depth = project.facts.prefix().split('/').filter(|part| !part.is_empty()).count();
    Ok(folder.ancestors().nth(depth).unwrap_or(folder).to_owned())
}
