//! `rolecall plan`

use std::path::PathBuf;

use super::{Context, WishArgs};
use crate::{
    cli::progress::Progress,
    plan::PlanDocument,
    render::{self, plan::markdown::MarkdownOptions},
    repo,
    workflow::{Exit, Failure, blame, plan},
};

/// Show what apply would do: the difference between the definitions and what is live.
#[derive(clap::Args, Debug)]
pub(crate) struct PlanArgs {
    /// Also save the plan, for `show` and `apply`.
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// How to print the plan.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Exit with 2 where there are changes.
    #[arg(long)]
    detailed_exitcode: bool,
    #[command(flatten)]
    wishes: WishArgs,
}

/// Formats of a plan.
#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
pub(super) enum Format {
    /// For a person at a terminal.
    #[default]
    Text,
    /// For a program: schema/plan.schema.json.
    Json,
    /// For a pull request.
    Markdown,
}

/// Renders a plan in the wanted format.
pub(super) fn rendered(context: &Context, plan: &PlanDocument, format: Format) -> String {
    match format {
        Format::Text if context.global.quiet => render::plan::text::quiet(plan, context.ui.out),
        Format::Text => render::plan::text::render(plan, context.ui.out),
        Format::Json => render::plan::json::render(plan),
        Format::Markdown => render::plan::markdown::render(plan, &MarkdownOptions::default()),
    }
}

/// For a terminal on which the findings stand already, with their lines of the files.
pub(super) fn without_findings(plan: &PlanDocument) -> PlanDocument {
    let mut plan = plan.clone();
    for target in &mut plan.targets {
        target.findings.clear();
    }
    plan
}

pub(crate) fn run(context: &Context, args: &PlanArgs) -> Exit {
    context.end(context.block_on(plan(context, args)).and_then(|result| result))
}

async fn plan(context: &Context, args: &PlanArgs) -> Result<Exit, Failure> {
    let progress = Progress::start(context);
    let world = context.world(Some(progress.events()));
    let project = context.project(&world)?;
    progress.reading(project.targets().count());
    let wishes = args.wishes.wishes();
    let mut planned = plan::plan(&world, &project, &wishes).await?;
    if context.global.blame {
        blame::blame(&project, &mut planned, wishes.part).await?;
    }
    progress.finish();
    context.print_planned(&project, &planned);
    if let Some(path) = &args.out {
        // A name that somebody made up of the credential must not carry it into a file either.
        let text = render::plan::json::render(&planned.document);
        repo::write::write_file(path, context.redactor.clean(&text).as_bytes())?;
    }
    let shown = match args.format {
        Format::Text => without_findings(&planned.document),
        Format::Json | Format::Markdown => planned.document.clone(),
    };
    context.ui.reasons(&render::plan::text::reasons(&shown, context.ui.err));
    context.ui.data(&rendered(context, &shown, args.format));
    let changes = args.detailed_exitcode && planned.has_changes();
    let exit = planned.exit().and(if changes { Exit::Changes } else { Exit::Done });
    planned.close().await;
    Ok(exit)
}
