//! `rolecall ci report`

use std::{
    collections::BTreeMap,
    io::Write as _,
    path::{Path, PathBuf},
};

use super::super::Context;
use crate::{
    ci::{
        annotations,
        forge::Post,
        inputs::Inputs,
        report::{Report, Reporter},
        results::{self, Results},
        situation::{self, Forge},
        space::Space,
    },
    render::escape,
    workflow::{Environment, Exit, Failure},
};

/// Tell people what came of a run: a comment on the pull request, an issue about drift.
///
/// Takes what `ci run` left, of one run or of several side by side, and needs no credential of a
/// provider. What cannot be read or told is a warning: a report never fails a run. Only a call that is
/// wrong itself ends with exit code 64.
#[derive(clap::Args, Debug)]
pub(crate) struct ReportArgs {
    /// A folder that `ci run` wrote, or a folder of such folders. May be repeated. Without it the one that
    /// `ci run` writes to.
    #[arg(long, value_name = "DIR")]
    results: Vec<PathBuf>,
    /// Whether to comment on pull requests: `auto` or `never`.
    #[arg(long, value_name = "WORD")]
    comment: Option<String>,
    /// Whether to keep an issue about drift: `auto` or `never`.
    #[arg(long, value_name = "WORD")]
    issue: Option<String>,
    /// Whether an apply was started: where no part of it left results, that is told. `true` or `false`.
    #[arg(long, value_name = "BOOL")]
    expect_apply: Option<String>,
}

pub(super) fn run(context: &Context, args: &ReportArgs) -> Exit {
    context.end(context.block_on(report(context, args)).and_then(|result| result))
}

async fn report(context: &Context, args: &ReportArgs) -> Result<Exit, Failure> {
    let environment: &Environment = &|name: &str| std::env::var_os(name);
    let words = [("comment", &args.comment), ("issue", &args.issue), ("expect_apply", &args.expect_apply)];
    let options: BTreeMap<&str, String> =
        words.into_iter().filter_map(|(name, word)| Some((name, word.clone()?))).collect();
    let inputs = Inputs::read(environment, &options)?;
    let Some(situation) = situation::of(environment) else {
        return Err(Failure::new(Exit::Usage, "this is neither GitHub Actions nor GitLab CI")
            .help("`rolecall plan --format markdown` writes the same page anywhere."));
    };
    let folders = match args.results.as_slice() {
        [] => vec![results::folder(&inputs, situation.forge, environment)],
        folders => folders.to_vec(),
    };
    let space = Space::of(environment, situation.forge, &context.start())?;
    for folder in &folders {
        let _left = space.results(folder)?;
    }
    let results = match Results::read_all(&folders, inputs.expect_apply) {
        Ok(results) => results,
        Err(failure) => {
            print(context, &Report::without_results(&failure), situation.forge);
            return Ok(Exit::Done);
        }
    };
    let reporter = Reporter {
        environment,
        redactor: &context.redactor,
        situation: &situation,
        inputs: &inputs,
        results: &results,
    };
    let mut report = reporter.report().await;
    if situation.forge == Forge::GitHub
        && let (Some(post), Some(file)) = (&report.post, environment("GITHUB_OUTPUT"))
    {
        let written = write_outputs(Path::new(&file), post);
        if let Err(warning) = written {
            report.warnings.push(warning.into());
        }
    }
    print(context, &report, situation.forge);
    Ok(Exit::Done)
}

/// Says what was done, and what could not be done: on GitHub as an annotation.
fn print(context: &Context, report: &Report, forge: Forge) {
    for sentence in &report.done {
        context.ui.data(&format!("{}\n", escape::terminal(sentence.raw())));
    }
    for warning in &report.warnings {
        match forge {
            Forge::GitHub => {
                context.ui.data(&annotations::command("warning", warning.raw()));
            }
            Forge::GitLab => context.ui.problem(&format!("warning: {}", escape::terminal(warning.raw()))),
        }
    }
}

/// Adds `comment_id` and `comment_url` to the outputs of the step. An address with anything that could
/// begin another output is left out.
fn write_outputs(file: &Path, post: &Post) -> Result<(), String> {
    let url = post.url.raw();
    let plain = url.starts_with("https://") && url.bytes().all(|b| b.is_ascii_graphic());
    let url = if plain { format!("comment_url={url}\n") } else { String::new() };
    let written = std::fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(file)
        .and_then(|mut file| file.write_all(format!("comment_id={}\n{url}", post.id).as_bytes()));
    written.map_err(|error| format!("the outputs cannot be written to {}: {error}", file.display()))
}
