//! Planning what a pull request proposes, or what was merged.

use super::{File, PLAN_FILE, Ran, Run, changes, definitions::waits_for_live};
use crate::{
    ci::{annotations, decision::Command, reviewed},
    model::Finding,
    plan::{document::VerdictOutcome, people},
    render::{self, escape},
    workflow::{
        Exit, Failure,
        plan::{self, Part, Planned},
        project::{self, Project},
    },
};

pub(super) async fn plan(run: Run<'_>, ran: &mut Ran) -> Result<(), Failure> {
    run.fetch_records(ran).await;
    let project = open(run, ran)?;
    let planned = if run.inputs.require_reviewed {
        reviewed::plan(run, &project, ran).await?
    } else {
        plan::plan(run.world, &project, &run.wishes(Part::Whole)).await?
    };
    show(run, &project, &planned, ran);
    ran.ends(planned.exit());
    let nothing_to_do = planned.exit() == Exit::Done && !changes(&planned);
    if changes(&planned) {
        ran.ends(Exit::Changes);
    }
    if nothing_to_do && run.situation.trigger.branch().is_some() {
        // Where nothing is to be written, the plan is the whole apply, and its record matters as much.
        super::apply::record_idle(run, &project, &planned, ran).await;
    }
    planned.close().await;
    Ok(())
}

/// Opens the definitions with the base that they are compared with.
pub(super) fn open(run: Run<'_>, ran: &mut Ran) -> Result<Project, Failure> {
    let project = project::compared(run.world, &run.source()?)?;
    let findings = &project.loaded.findings;
    let now: Vec<Finding> = findings.iter().filter(|finding| !waits_for_live(finding)).cloned().collect();
    ran.knows(&project);
    super::definitions::show(run, &project, &now, ran);
    if project.selected.is_empty() && !run.inputs.targets.is_empty() {
        ran.notes("`targets` leaves no target, so nothing is read.");
    }
    let readable = project.selected.iter().any(|name| project.target(name).is_some());
    match project.loaded.config {
        Some(_) if readable || project.selected.is_empty() => Ok(project),
        _ => Err(Failure::new(Exit::Invalid, "the configuration has errors; nothing was planned")),
    }
}

/// Puts a plan into the log, the annotations, the results, and the file that the review on merge
/// compares with.
pub(super) fn show(run: Run<'_>, project: &Project, planned: &Planned, ran: &mut Ran) {
    run.take_plan(project, planned, ran);
    let document = &planned.document;
    ran.log.push_str(&run.log_of_plan(document, ran.results.names));
    if run.inputs.command != Command::Drift {
        ran.gives("plan_file", run.folder().join(PLAN_FILE).display().to_string());
        ran.files.push((File::Result(PLAN_FILE), render::plan::json::render(document)));
    }
    annotate(run, project, planned, ran);
}

/// Shows at their lines what live says against the definitions, and what guards refuse.
fn annotate(run: Run<'_>, project: &Project, planned: &Planned, ran: &mut Ran) {
    let (sources, prefix) = (&project.loaded.sources, project.facts.prefix());
    let live: Vec<_> = planned.targets.iter().map(|target| &target.live).collect();
    let desired: Vec<_> = project.loaded.desired.values().map(|state| &**state).collect();
    let masked = people::masked_findings(&planned.findings, sources, &live, &desired);
    let findings = if run.is_private() { &planned.findings } else { &masked };
    ran.annotations.add(&render::findings::github(findings, sources, prefix, None));
    let masked = people::masked(&planned.document);
    let document = if run.is_private() { &planned.document } else { &masked };
    for target in &document.targets {
        if let Some(error) = &target.error {
            let text = format!("{}: {}", target.name.raw(), error.message.raw());
            ran.annotations.add(&annotations::command("error", &text));
        }
        let of_target = target.verdicts.iter().map(|verdict| (None, verdict));
        let of_changes = target.changes.iter().flat_map(|change| {
            change.verdicts.iter().map(move |verdict| (change.definition.as_ref(), verdict))
        });
        for (place, verdict) in of_target.chain(of_changes) {
            if verdict.outcome != VerdictOutcome::Refused {
                continue;
            }
            let place = place.map_or_else(String::new, |place| {
                let file = render::findings::in_repository(prefix, place.file.raw());
                format!("file={},line={},col={},", escape::github_property(&file), place.line, place.column)
            });
            // Which people a guard is about stands in the summary, where it may.
            let guard = render::plan::guard_name(verdict.guard);
            let text = format!("{}: refused by the guard `{guard}`; the summary says why", target.name.raw());
            let text = escape::github_data(&text);
            ran.annotations.add(&format!("::error {place}title=rolecall::{text}\n"));
        }
    }
}
