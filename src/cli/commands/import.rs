//! `rolecall import`

mod drift;

use std::collections::BTreeMap;

use super::Context;
use crate::{
    cli::progress::Progress,
    definition::{AttestedFile, emit::Skipped},
    model::{Level, Untrusted},
    render::{escape, json},
    workflow::{
        Exit, Failure, attest,
        import::{self, Options, Prepared, TargetImport, Text},
        project,
    },
};

/// Most names that are listed for one reason.
const SHOWN: usize = 10;

/// Write live custom roles, and who holds them, as definitions.
///
/// What is declared already is left alone, so that a second import changes nothing. A file that is
/// there is added to and keeps its comments. With `--drift` the other way round: what was changed in
/// the product since the last apply, as a patch of the definitions that are there.
#[derive(clap::Args, Debug, Default)]
pub(crate) struct ImportArgs {
    /// Only this role. Absent: every custom role.
    #[arg(value_name = "NAME|ID")]
    role: Option<String>,
    /// Where to write, below the configuration and among the `files:` of the target. `{target}` is the
    /// target's name; with `{key}` every role gets a file of its own, and who holds the roles goes to
    /// the file with the key `assignments`. Absent: roles/{target}.yaml, or what fits the target's
    /// `files:`.
    #[arg(long, value_name = "PATTERN")]
    out: Option<String>,
    /// Write files that are there anew: what they hold beside the imported roles is lost.
    #[arg(long, conflicts_with = "drift")]
    force: bool,
    /// Only roles, not who holds them.
    #[arg(long)]
    no_assignments: bool,
    /// Print what was changed outside git since the last apply as a patch of the definitions, for
    /// `git apply`; what gives access stands at its top. Nothing is written, and nothing is added to a
    /// role whose `protect` forbids it.
    #[arg(long)]
    drift: bool,
    /// Write the changed files instead of printing a patch.
    #[arg(long, requires = "drift")]
    write: bool,
    /// Attest that what the definitions say is in place where the provider's API does not tell it: after
    /// its steps by hand are done. Writes `.rolecall/attested/`, to be committed and reviewed.
    #[arg(long, conflicts_with_all = ["role", "out", "force", "no_assignments", "drift"])]
    attest: bool,
    /// Only drift of objects whose address matches, such as `reviews/role/*`. May be repeated.
    #[arg(long, value_name = "ADDRESS-GLOB", requires = "drift")]
    only: Vec<String>,
}

pub(crate) fn run(context: &Context, args: &ImportArgs) -> Exit {
    let work = async {
        if context.global.rev.is_some() {
            let message = "import writes to the work tree; --rev names another place";
            return Err(Failure::new(Exit::Usage, message));
        }
        match (args.attest, args.drift) {
            (true, _) => attest(context).await,
            (_, true) => drift::import(context, args).await,
            _ => import(context, args).await,
        }
    };
    context.end(context.block_on(work).and_then(|result| result))
}

async fn attest(context: &Context) -> Result<Exit, Failure> {
    let progress = Progress::start(context);
    let world = context.world(Some(progress.events()));
    let project = project::compared(&world, &context.source(BTreeMap::new()))?;
    let errors = project.loaded.findings.iter().filter(|finding| finding.level == Level::Error);
    context.print_findings(&project, &errors.cloned().collect::<Vec<_>>());
    if project.loaded.config.is_none() {
        return Err(Failure::new(Exit::Invalid, "the configuration has errors; nothing was attested"));
    }
    progress.reading(project.targets().count());
    let encode = |file: &AttestedFile| json::to_string(file);
    let attested = attest::attest(&world, &project, &encode).await;
    progress.finish();
    let (mut exit, mut anything) = (Exit::Done, false);
    for one in attested? {
        match &one.result {
            Ok(written) => {
                if written.changed {
                    context.ui.data(&format!("Wrote {}\n", escape::terminal(&written.path)));
                }
                anything |= written.roles + written.assignments > 0;
                context.ui.status(&format!(
                    "{}: {} and {} attested, not verified.",
                    one.name,
                    many(written.roles, "role", "roles"),
                    many(written.assignments, "assignment", "assignments")
                ));
                for name in &written.missing {
                    context.ui.problem(&format!(
                        "warning: {}: role `{}` is not there yet, so nothing of it is attested",
                        one.name,
                        escape::terminal(name.raw())
                    ));
                }
            }
            Err(failure) => {
                exit = exit.and(failure.exit);
                let message = format!("{}: {}", one.name, failure.message.raw());
                context.ui.error(&message, failure.help.as_ref().map(Untrusted::raw));
            }
        }
    }
    if exit == Exit::Done && anything {
        context.ui.status("Next: commit it and let somebody review it; plans take it from there.");
    }
    Ok(exit)
}

async fn import(context: &Context, args: &ImportArgs) -> Result<Exit, Failure> {
    let progress = Progress::start(context);
    let world = context.world(Some(progress.events()));
    let project = project::open(&world, &context.source(BTreeMap::new()))?;
    // Lints, and patterns that match nothing yet, are no news before an import.
    let errors = project.loaded.findings.iter().filter(|finding| finding.level == Level::Error);
    context.print_findings(&project, &errors.cloned().collect::<Vec<_>>());
    if project.loaded.config.is_none() {
        return Err(Failure::new(Exit::Invalid, "the configuration has errors; nothing was imported"));
    }
    progress.reading(project.targets().count());
    let options = Options {
        out: args.out.clone(),
        role: args.role.clone(),
        assignments: !args.no_assignments,
        force: args.force,
    };
    let imports = import::import(&world, &project, &options).await;
    progress.finish();
    let imports = imports?;
    for import in &imports {
        match &import.result {
            Ok(prepared) => report(context, import, prepared),
            Err(problem) => {
                context.print_findings(&project, &problem.findings);
                let message = format!("{}: {}", import.name, problem.failure.message.raw());
                context.ui.error(&message, problem.failure.help.as_ref().map(Untrusted::raw));
                if let Some(paste) = &problem.paste {
                    context.ui.data(paste);
                }
            }
        }
    }
    let written = imports.iter().any(|import| import.result.as_ref().is_ok_and(|p| !p.texts.is_empty()));
    if written {
        context.ui.status("Next: `rolecall plan` shows what is left, then commit the files.");
    }
    Ok(imports.iter().map(TargetImport::exit).fold(Exit::Done, Exit::and))
}

fn report(context: &Context, import: &TargetImport, prepared: &Prepared) {
    let (name, additions) = (&import.name, &prepared.additions);
    let changed = |text: &&Text| text.before.as_deref() != Some(text.text.as_bytes());
    for text in prepared.texts.iter().filter(changed) {
        let verb = if text.before.is_none() { "Wrote" } else { "Changed" };
        context.ui.data(&format!("{verb} {}\n", escape::terminal(&text.path)));
    }
    let declared = format!(
        "{} and {}",
        many(additions.declared_roles, "role", "roles"),
        many(additions.declared_holders, "holder", "holders")
    );
    let summary = if additions.is_empty() && import.untold {
        format!(
            "{name}: nothing can be read that could be imported: the API tells neither roles nor who holds them. Declare what is there; `rolecall import --attest` then says that it is."
        )
    } else if additions.is_empty() {
        format!("{name}: nothing to import; {declared} are declared already.")
    } else {
        let default = additions.default.as_ref().map_or("", |_| ", the default role");
        let permissions = match additions.permissions.len() {
            0 => String::new(),
            count => format!(", {}", many(count, "permission", "permissions")),
        };
        format!(
            "{name}: {}, {}{permissions}{default}; {declared} were declared already.",
            many(additions.roles.len(), "role", "roles"),
            many(additions.holders(), "holder", "holders")
        )
    };
    context.ui.status(&summary);
    for why in &import.incomplete {
        context.ui.problem(&format!("warning: {name}: {}", escape::terminal(why.raw())));
    }
    for skipped in &additions.skipped {
        context.ui.problem(&format!("warning: {name}: {}", said(skipped)));
    }
    if prepared.denied > 0 {
        let errors = many(prepared.denied, "error", "errors");
        context.ui.problem(&format!(
            "warning: {name}: the lints that the configuration denies find {errors}; `rolecall validate` shows them"
        ));
    }
}

fn said(skipped: &Skipped) -> String {
    let names = skipped.names.iter().take(SHOWN).map(|name| format!("`{}`", escape::terminal(name.raw())));
    let mut names: Vec<String> = names.collect();
    if skipped.names.len() > SHOWN {
        names.push(format!("{} more", skipped.names.len() - SHOWN));
    }
    format!("not written: {} {}: {}", skipped.what, names.join(", "), escape::terminal(skipped.why.raw()))
}

fn many(count: usize, one: &str, several: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { several })
}
