//! `rolecall apply`

use std::path::PathBuf;

use tokio::task::JoinHandle;

use super::{
    Context, WishArgs,
    plan::{rendered, without_findings},
    show::read_plan,
};
use crate::{
    cli::{interrupt::Interrupts, progress::Progress, ui},
    plan::PlanDocument,
    provider::http::Stop,
    render::plan::{json, ledger, markdown::MarkdownOptions, text},
    workflow::{
        Exit, Failure, World, apply, approve, blame,
        plan::{self, Planned, Wishes},
        project::Project,
    },
};

/// Make live what the definitions say.
///
/// Without FILE the plan is made, shown, and applied after a typed `yes`. With FILE the plan is made
/// again, and applied only if every change is among those of the file.
///
/// A live role that no earlier revision declared is taken over, and the plan says so; if people hold
/// it and it would gain permissions, its `id:` has to stand in the definition. What `protect` keeps a
/// role from, and what the guards of the configuration limit, is refused unless `--allow` lifts it.
///
/// Ctrl-C or SIGTERM ends it after the requests that are under way, a second one at once; either way it
/// says what was done.
#[derive(clap::Args, Debug)]
pub(crate) struct ApplyArgs {
    /// A plan from `plan --out` that somebody approved.
    file: Option<PathBuf>,
    /// Do not ask.
    #[arg(long)]
    auto_approve: bool,
    /// Apply only if the fresh plan has this digest; for one target `TARGET=sha256:…`. May be repeated.
    #[arg(long, value_name = "[TARGET=]sha256:…")]
    expect_plan: Vec<String>,
    /// Apply this commit although a newer one was applied: its full id, to show that going back is
    /// meant.
    #[arg(long, value_name = "FULL_SHA", hide_short_help = true)]
    allow_older: Option<String>,
    /// Apply from a branch that `apply_from` does not list.
    #[arg(long)]
    allow_branch: bool,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    wishes: WishArgs,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// The plan, then what came of it.
    #[default]
    Text,
    /// What came of it, for a program: schema/apply.schema.json.
    Json,
    /// What came of it, for a pull request or a job summary.
    Markdown,
}

pub(crate) fn run(context: &Context, args: &ApplyArgs) -> Exit {
    context.end(context.block_on(apply(context, args)).and_then(|result| result))
}

async fn apply(context: &Context, args: &ApplyArgs) -> Result<Exit, Failure> {
    let approved = args.file.as_deref().map(read_plan).transpose()?;
    let progress = Progress::start(context);
    let world = context.world(Some(progress.events()));
    let mut project = context.project(&world)?;
    apply::may_apply(&world, &project, args.allow_branch)?;
    approve::check_expected(&args.expect_plan, &project.names())?;
    let mut wishes = args.wishes.wishes();
    wishes.older.clone_from(&args.allow_older);
    if let Some(approved) = &approved {
        approve::check_targets(approved, &project.names())?;
        narrow(&mut project, &mut wishes, approved);
    }
    progress.reading(project.targets().count());
    let mut planned = plan::plan(&world, &project, &wishes).await?;
    if context.global.blame {
        blame::blame(&project, &mut planned, wishes.part).await?;
    }
    progress.finish();
    context.print_planned(&project, &planned);
    context.ui.reasons(&text::reasons(&planned.document, context.ui.err));
    if args.format == Format::Text {
        let shown = without_findings(&planned.document);
        context.ui.data(&rendered(context, &shown, super::plan::Format::Text));
    }
    if let Some(approved) = &approved {
        approve::check_plan(&planned.document, approved)?;
    }
    approve::check_digests(&planned.document, &args.expect_plan)?;
    let planned = match confirmed(context, args, &progress, &world, &project, &wishes, planned).await? {
        Confirmed::Yes(planned) => planned,
        Confirmed::No(exit) => return Ok(exit),
    };
    let wait = apply::expected_wait(&planned);
    if !wait.is_zero() {
        let minutes = wait.as_secs().div_ceil(60);
        context.ui.status(&format!("The provider's limit of requests makes this take about {minutes} min."));
    }
    let listening = interruptible(context, world.stop.clone());
    progress.applying(planned.targets.iter().map(|target| target.plan.changes.len()).sum());
    let events = |name: &str, event: crate::apply::Event<'_>| {
        if let Some(target) = planned.targets.iter().find(|target| &*target.target.name == name) {
            progress.step(name, &target.plan, &event);
        }
    };
    let document = apply::apply(&world, &project, &planned, &wishes, &events).await;
    listening.abort();
    progress.finish();
    context.ui.reasons(&ledger::text::reasons(&document, context.ui.err));
    context.ui.data(&match args.format {
        Format::Text if context.global.quiet => ledger::text::quiet(&document, context.ui.out),
        Format::Text => ledger::text::render(&document, context.ui.out),
        Format::Json => json::render_outcome(&document),
        Format::Markdown => ledger::markdown::render(&document, &MarkdownOptions::default()),
    });
    planned.close().await;
    Ok(apply::exit(&document))
}

/// A plan file narrows the run to its targets and its selection; it cannot widen anything.
fn narrow(project: &mut Project, wishes: &mut Wishes, approved: &PlanDocument) {
    project.selected.retain(|name| approved.targets.iter().any(|target| target.name.raw() == &**name));
    if wishes.only.is_empty() {
        let selections = approved.targets.iter().flat_map(|target| &target.selection);
        wishes.only = selections.map(|glob| glob.raw().to_owned()).collect();
        wishes.only.sort();
        wishes.only.dedup();
    }
}

enum Confirmed {
    Yes(Box<Planned>),
    No(Exit),
}

/// Asks, unless there is nothing to ask about or somebody answered before.
async fn confirmed(
    context: &Context,
    args: &ApplyArgs,
    progress: &Progress,
    world: &World,
    project: &Project,
    wishes: &Wishes,
    planned: Planned,
) -> Result<Confirmed, Failure> {
    let appliable = planned
        .targets
        .iter()
        .any(|target| !target.plan.changes.is_empty() && target.plan.refusals().next().is_none());
    let answered = args.auto_approve || args.file.is_some() || !args.expect_plan.is_empty();
    if !appliable || answered {
        return Ok(Confirmed::Yes(Box::new(planned)));
    }
    match ui::confirm("Apply these changes?") {
        None => Err(Failure::new(Exit::Error, "there is no terminal to ask for a `yes`")
            .help("Pass --auto-approve, or apply a saved plan: `rolecall apply FILE`.")),
        Some(false) => {
            context.ui.status("Nothing was sent.");
            planned.close().await;
            Ok(Confirmed::No(Exit::Error))
        }
        Some(true) => {
            // Time has passed: what is applied is planned now, and may be no more than was shown.
            let shown = planned.document.clone();
            planned.close().await;
            progress.reading(project.targets().count());
            let fresh = plan::plan(world, project, wishes).await?;
            progress.finish();
            approve::check_plan(&fresh.document, &shown)?;
            Ok(Confirmed::Yes(Box::new(fresh)))
        }
    }
}

/// Ctrl-C or SIGTERM ends the run after the requests that are under way, and a second one at once; what
/// came of it is still reported.
fn interruptible(context: &Context, stop: Stop) -> JoinHandle<()> {
    let (ui, mut interrupts) = (context.ui.clone(), Interrupts::listen());
    tokio::spawn(async move {
        loop {
            interrupts.next().await;
            match stop.ask() {
                1 => ui.problem(
                    "Stopping after the requests that are under way. Interrupt again to give up on those, too.",
                ),
                2 => ui.problem("Giving up on the requests that are under way."),
                _ => {}
            }
        }
    })
}
