//! `rolecall drift`

use super::{Context, plan::Format};
use crate::{
    cli::progress::Progress,
    render::{self, plan::markdown::MarkdownOptions},
    workflow::{
        Exit, Failure, blame,
        plan::{self, Part, Wishes},
    },
};

/// Show what was changed outside git since the last apply.
///
/// Live is compared with the definitions that were applied last, so that what was merged since does
/// not hide it. Without a record of an apply every difference is shown: nobody can tell them apart.
#[derive(clap::Args, Debug)]
pub(crate) struct DriftArgs {
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Exit with 2 where there is drift.
    #[arg(long)]
    detailed_exitcode: bool,
    /// Only objects whose address matches, such as `reviews/role/*`. May be repeated.
    #[arg(long, value_name = "ADDRESS-GLOB")]
    only: Vec<String>,
}

pub(crate) fn run(context: &Context, args: &DriftArgs) -> Exit {
    context.end(context.block_on(drift(context, args)).and_then(|result| result))
}

async fn drift(context: &Context, args: &DriftArgs) -> Result<Exit, Failure> {
    let progress = Progress::start(context);
    let world = context.world(Some(progress.events()));
    let project = context.project(&world)?;
    progress.reading(project.targets().count());
    let wishes = Wishes { only: args.only.clone(), part: Part::Drift, ..Wishes::default() };
    let mut planned = plan::plan(&world, &project, &wishes).await?;
    if context.global.blame {
        blame::blame(&project, &mut planned, Part::Drift).await?;
    }
    progress.finish();
    context.print_planned(&project, &planned);
    let document = &planned.document;
    context.ui.reasons(&render::plan::text::drift_reasons(document, context.ui.err));
    context.ui.data(&match args.format {
        Format::Text if context.global.quiet => render::plan::text::drift_quiet(document, context.ui.out),
        Format::Text => render::plan::text::drift(document, context.ui.out),
        Format::Json => render::plan::json::render(document),
        Format::Markdown => render::plan::markdown::drift(document, &MarkdownOptions::default()),
    });
    let changes = args.detailed_exitcode && planned.has_changes();
    let exit = planned.exit().and(if changes { Exit::Changes } else { Exit::Done });
    planned.close().await;
    Ok(exit)
}
