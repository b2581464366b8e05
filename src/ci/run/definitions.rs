//! What needs no server and no credential: checking the definitions, and comparing them.

use super::{File, Ran, Run};
use crate::{
    ci::{event, gitlab_reports, situation::Trigger},
    model::{Code, Finding, Level, desired::DesiredState},
    plan::people,
    render::{self, diff::markdown::MarkdownOptions, findings},
    workflow::{
        Exit, Failure,
        base::Event,
        diff::{self, Range, Wishes},
        project::{self, Project},
    },
};

/// Longest comparison in bytes: it stands in a comment or not at all, with room for what else is said.
const LONGEST_DIFF: usize = 50_000;

/// Checks what is checked out.
pub(super) fn validate(run: Run<'_>, ran: &mut Ran) -> Result<(), Failure> {
    // Of a pull request the forge checked out what merging it would give.
    let source = project::Source { rev: None, proposed: false, ..run.source()? };
    let project = project::open(run.world, &source)?;
    ran.knows(&project);
    let found = &project.loaded.findings;
    show(run, &project, found, ran);
    let shown = &as_shown(run.is_private(), &project, found);
    if let Some(path) = &run.inputs.sarif_file {
        let sarif = findings::sarif(shown, &project.loaded.sources, project.facts.prefix());
        ran.files.push((File::Sarif, sarif));
        ran.gives("sarif_file", path.display().to_string());
    }
    if let Some(file) = gitlab_reports::code_quality_file(run.situation) {
        let report = findings::code_quality(shown, &project.loaded.sources, project.facts.prefix());
        ran.files.push((File::Result(file), report));
    }
    if found.iter().any(|finding| finding.level == Level::Error) {
        ran.ends(Exit::Invalid);
    } else if let Some(config) = &project.loaded.config {
        let roles: usize = project.loaded.desired.values().map(|desired| desired.roles.len()).sum();
        ran.notes(format!(
            "The definitions are valid: {roles} roles in {} files for {} targets.",
            project.loaded.definition_files,
            config.targets.len()
        ));
    }
    Ok(())
}

/// Findings as they may be shown: where people are only counted, with nobody in them.
fn as_shown(names: bool, project: &Project, found: &[Finding]) -> Vec<Finding> {
    if names {
        return found.to_vec();
    }
    let desired: Vec<&DesiredState> = project.loaded.desired.values().map(|state| &**state).collect();
    people::masked_findings(found, &project.loaded.sources, &[], &desired)
}

/// Puts findings into the log, the annotations, and the results.
pub(super) fn show(run: Run<'_>, project: &Project, found: &[Finding], ran: &mut Ran) {
    if found.is_empty() {
        return;
    }
    let (sources, prefix) = (&project.loaded.sources, project.facts.prefix());
    if run.is_private() {
        let plain = render::Style { color: false, unicode: true, width: 100 };
        ran.log.push_str(&findings::text(found, sources, &project.loaded.masked, &plain));
    } else {
        // Without the lines themselves, which may name anybody.
        let page = findings::markdown(&as_shown(false, project, found), sources);
        ran.log.push_str(&render::escape::terminal_block(&page));
    }
    let shown = as_shown(run.is_private(), project, found);
    ran.annotations.add(&findings::github(&shown, sources, prefix, None));
    ran.results.findings = findings::markdown(&as_shown(run.names(project), project, found), sources);
}

/// Compares what is proposed, or what was pushed, with what was there before.
pub(super) fn diff(run: Run<'_>, ran: &mut Ran) -> Result<(), Failure> {
    let range = match &run.situation.trigger {
        Trigger::PullRequest(request) => {
            let head = request.head.as_deref().ok_or_else(|| {
                Failure::new(Exit::Refused, "the event does not tell which commit is proposed")
            })?;
            let base = request.base.as_ref().ok_or_else(|| {
                Failure::new(Exit::Refused, "the event does not tell which branch it is proposed to")
            })?;
            format!("refs/remotes/origin/{}...{head}", base.raw())
        }
        // All that the queue tries at once, and not only the last request of it.
        Trigger::MergeGroup => {
            let base = event::payload(run.environment);
            let base = base.pointer("/merge_group/base_sha").and_then(serde_json::Value::as_str);
            let base = base.filter(|id| event::is_commit(id)).ok_or_else(|| {
                Failure::new(Exit::Refused, "the event does not tell what the queue merges into")
            })?;
            format!("{base}..HEAD")
        }
        _ => match event::of(run.environment) {
            Some(Event::Push { before: Some(before) }) => format!("{before}..HEAD"),
            _ => "HEAD~1..HEAD".to_owned(),
        },
    };
    compare(run, ran, &range)
}

/// Fetches the head of a fork's pull request as data, and compares it. What the fork wrote is parsed
/// and never run; the work tree stays that of the default branch.
pub(super) async fn diff_of_fork(run: Run<'_>, ran: &mut Ran) -> Result<(), Failure> {
    let Trigger::ForkRun(fork) = &run.situation.trigger else { return Ok(()) };
    run.remote().fetch_commit(&fork.head).await?;
    compare(run, ran, &format!("HEAD...{}", fork.head))
}

fn compare(run: Run<'_>, ran: &mut Ran, range: &str) -> Result<(), Failure> {
    let wishes = Wishes {
        start: run.start.to_owned(),
        config: run.config.map(std::path::Path::to_owned),
        range: Range::parse(Some(range)),
        targets: run.inputs.targets.clone(),
        only: Vec::new(),
    };
    let compared = diff::diff(run.world, &wishes)?;
    for side in &compared.broken {
        let message = format!("the definitions of {} have errors", side.revision);
        ran.notes(message);
        let desired: Vec<&DesiredState> = side.loaded.desired.values().map(|state| &**state).collect();
        let shown = people::masked_findings(&side.findings, &side.loaded.sources, &[], &desired);
        ran.results.findings = findings::markdown(&shown, &side.loaded.sources);
    }
    let masked = people::masked_difference(&compared.document);
    let in_log = if run.is_private() { &compared.document } else { &masked };
    ran.log.push_str(&render::diff::text::render(in_log, run.style));
    let document = if names(run) { &compared.document } else { &masked };
    if document.differs || !document.policies.is_empty() {
        ran.results.diff =
            render::diff::markdown::render(document, &MarkdownOptions { max_chars: LONGEST_DIFF });
    } else if compared.broken.is_empty() {
        ran.notes("The definitions give the same roles as before.");
    }
    ran.gives("changes", document.differs.to_string());
    ran.ends(compared.exit());
    Ok(())
}

/// Whether people may be named in a comparison: the config of what is proposed, and that of its base, say so.
fn names(run: Run<'_>) -> bool {
    let opened = || project::compared(run.world, &run.source().ok()?).ok();
    run.is_private() && opened().is_some_and(|project| run.names(&project))
}

/// Whether the live catalogue may say the same with certainty.
pub(super) fn waits_for_live(finding: &&Finding) -> bool {
    finding.code == Code::UnknownToOpenCatalogue
}
