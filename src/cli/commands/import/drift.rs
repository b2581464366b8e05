//! `rolecall import --drift`

use std::collections::BTreeMap;

use super::{Context, ImportArgs, many, project};
use crate::{
    cli::progress::Progress,
    model::{Level, Untrusted},
    render::escape,
    workflow::{
        Exit, Failure,
        import::drift::{self, Drift, Line, Options, Rank, Taken, TargetDrift},
    },
};

/// Most items that are listed in one line.
const SHOWN: usize = 12;

pub(super) async fn import(context: &Context, args: &ImportArgs) -> Result<Exit, Failure> {
    let progress = Progress::start(context);
    let world = context.world(Some(progress.events()));
    let project = project::compared(&world, &context.source(BTreeMap::new()))?;
    // Lints are no news before an import.
    let errors = project.loaded.findings.iter().filter(|finding| finding.level == Level::Error);
    context.print_findings(&project, &errors.cloned().collect::<Vec<_>>());
    if project.loaded.config.is_none() {
        return Err(Failure::new(Exit::Invalid, "the configuration has errors; nothing was compared"));
    }
    progress.reading(project.targets().count());
    let options = Options {
        only: args.only.clone(),
        role: args.role.clone(),
        assignments: !args.no_assignments,
        out: args.out.clone(),
    };
    let found = drift::drift(&world, &project, &options).await;
    progress.finish();
    let found = found?;
    context.print_findings(&project, &found.findings);
    let mut exit = found.targets.iter().map(TargetDrift::exit).fold(Exit::Done, Exit::and);
    let summary = summary(&found);
    for target in &found.targets {
        report(context, target);
    }
    if args.write {
        context.ui.status(&summary);
        if let Err(failure) = drift::write(&world, &project, &found.files) {
            exit = exit.and(context.fail(&failure));
        } else {
            for file in &found.files {
                let verb = if file.before.is_none() { "Wrote" } else { "Changed" };
                context.ui.data(&format!("{verb} {}\n", escape::terminal(&file.path)));
            }
        }
    } else if !found.files.is_empty() {
        let comment: String = summary.lines().map(|line| format!("# {line}\n")).collect();
        context.ui.data(&format!("{comment}{}", drift::patch(&found.prefix, &found.files)));
        context.ui.status("Nothing was written: pass the patch to `git apply`, or add --write.");
    }
    Ok(exit)
}

/// What is taken over, what gives access first; the text is safe on a terminal.
fn summary(found: &Drift) -> String {
    let mut text = String::new();
    for (rank, title) in [
        (Rank::Gives, "Gives access"),
        (Rank::Takes, "Takes access away"),
        (Rank::Texts, "Gives and takes nothing"),
    ] {
        let mut lines: Vec<String> = Vec::new();
        for target in &found.targets {
            let Ok(taken) = &target.result else { continue };
            let of_rank: Vec<&Line> = taken.lines.iter().filter(|line| line.rank == rank).collect();
            for group in of_rank.chunk_by(|a, b| (&a.subject, a.verb) == (&b.subject, b.verb)) {
                let Some(first) = group.first() else { continue };
                let mut objects: Vec<String> = group
                    .iter()
                    .take(SHOWN)
                    .map(|line| escape::terminal(line.object.raw()).into_owned())
                    .collect();
                if group.len() > SHOWN {
                    objects.push(format!("{} more", group.len() - SHOWN));
                }
                let subject = escape::terminal(first.subject.raw());
                lines.push(format!("  {}: {subject} {} {}\n", target.name, first.verb, objects.join(", ")));
            }
        }
        if !lines.is_empty() {
            text.push_str(&format!("{title}:\n{}", lines.concat()));
        }
    }
    text
}

fn report(context: &Context, target: &TargetDrift) {
    let name = &target.name;
    let taken = match &target.result {
        Ok(taken) => taken,
        Err(problem) => {
            let message = format!("{name}: {}", problem.failure.message.raw());
            return context.ui.error(&message, problem.failure.help.as_ref().map(Untrusted::raw));
        }
    };
    if !target.recorded && !is_empty(taken) {
        context.ui.problem(&format!(
            "warning: {name}: there is no record of an apply, so that nobody can tell drift from what was merged and is not in place yet: all of it counts as drift"
        ));
    }
    for why in &target.incomplete {
        context.ui.problem(&format!("warning: {name}: {}", escape::terminal(why.raw())));
    }
    for (verb, left) in taken.not_taken() {
        context.ui.problem(&format!("{name}: {verb}: {}", escape::terminal(&left.sentence())));
        if let Some(paste) = &left.paste {
            context.ui.problem(&escape::terminal_block(paste));
        }
    }
    if taken.lines.is_empty() {
        let but = if is_empty(taken) { "" } else { " of the rest" };
        context.ui.status(&format!("{name}: the definitions say what is live{but}; nothing to take over."));
    }
    let (roles, assignments) = target.unmanaged;
    let assignments = usize::try_from(assignments).unwrap_or(usize::MAX);
    let all = [many(roles, "role", "roles"), many(assignments, "assignment", "assignments")];
    let some = all.into_iter().zip([roles, assignments]).filter(|(_, count)| *count > 0);
    let some: Vec<String> = some.map(|(text, _)| text).collect();
    if !some.is_empty() {
        let (were, them) = if roles + assignments == 1 { ("was", "it") } else { ("were", "them") };
        context.ui.status(&format!(
            "{name}: {} {were} never declared in git, which is no drift; `rolecall import` writes {them}.",
            some.join(" and ")
        ));
    }
}

fn is_empty(taken: &Taken) -> bool {
    taken.lines.is_empty() && taken.refused.is_empty() && taken.by_hand.is_empty() && taken.left.is_empty()
}
