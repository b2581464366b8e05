//! `rolecall diff`

use super::Context;
use crate::{
    render::{self, diff::markdown::MarkdownOptions, findings},
    workflow::{
        Exit, Failure,
        diff::{self, Compared, Range, Wishes},
    },
};

/// Show what differs between the definitions of two revisions. No network, no credential.
///
/// Sets, inclusions, and base roles are expanded: a line in a set that changes forty roles is shown
/// once, with all forty. What only moved, or only reads differently, is no difference. Nothing of the
/// repository is executed, so that it is safe on a pull request of a stranger.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  rolecall diff                  what the work tree changes\n  rolecall diff main...HEAD      what a branch changes\n  rolecall diff v1..v2           what differs between two tags"
)]
pub(crate) struct DiffArgs {
    /// `A..B`; `A...B` for what B changed since the two parted; `A` for what the work tree changed
    /// since A. Without it: since HEAD.
    #[arg(value_name = "A..B")]
    range: Option<String>,
    /// Only objects whose address matches, such as `reviews/role/*`. May be repeated.
    #[arg(long, value_name = "ADDRESS-GLOB")]
    only: Vec<String>,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Exit with 2 where the two differ.
    #[arg(long)]
    detailed_exitcode: bool,
}

#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
enum Format {
    /// For a person at a terminal.
    #[default]
    Text,
    /// For a program: schema/diff.schema.json.
    Json,
    /// For a pull request.
    Markdown,
}

pub(crate) fn run(context: &Context, args: &DiffArgs) -> Exit {
    context.end(compare(context, args))
}

fn compare(context: &Context, args: &DiffArgs) -> Result<Exit, Failure> {
    let global = &context.global;
    if let Some(option) = global.rev.as_ref().map(|_| "--rev").or(global.base.as_ref().map(|_| "--base")) {
        return Err(Failure::new(Exit::Usage, format!("`diff` takes no `{option}`"))
            .help("Name both revisions: `rolecall diff A..B`."));
    }
    if global.shard.is_some() {
        return Err(Failure::new(Exit::Usage, "`diff` takes no `--shard`")
            .help("It asks no server, so one machine does all targets at once."));
    }
    let wishes = Wishes {
        start: context.start(),
        config: global.config.clone(),
        range: Range::parse(args.range.as_deref()),
        targets: global.target.clone(),
        only: args.only.clone(),
    };
    let compared = diff::diff(&context.world_until_the_end(), &wishes)?;
    print_broken(context, &compared);
    let document = &compared.document;
    let ui = &context.ui;
    ui.data(&match args.format {
        Format::Text if global.quiet => render::diff::text::quiet(document, ui.out),
        Format::Text => render::diff::text::render(document, ui.out),
        Format::Json => render::diff::json::render(document),
        Format::Markdown => render::diff::markdown::render(document, &MarkdownOptions::default()),
    });
    let differs = args.detailed_exitcode && document.differs;
    Ok(compared.exit().and(if differs { Exit::Changes } else { Exit::Done }))
}

/// The errors of each side, under the name of its revision.
fn print_broken(context: &Context, compared: &Compared) {
    for side in &compared.broken {
        let (sources, masked) = (&side.loaded.sources, &side.loaded.masked);
        context.ui.error(&format!("the definitions of {} have errors", side.revision), None);
        context.ui.problem(&findings::text(&side.findings, sources, masked, &context.ui.err));
    }
}
