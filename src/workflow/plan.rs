//! Planning: read live, resolve, compare, judge, and put the document together.

use std::{collections::BTreeMap, time::Instant};

use futures_util::future::join_all;

use super::{Exit, Failure, World, project::Project, tenant::Tenant};
use crate::{
    assess,
    model::{
        Finding, Level, Untrusted,
        config::{Guards, Target},
        desired::DesiredState,
        live::{LiveState, Query},
    },
    plan::{
        PlanDocument, build,
        change::Plan,
        compare::{self, DeclaredBefore},
        document::{Action, Guard, RunStatistics, TargetPlan},
        resolve, select,
    },
};

/// What a plan is asked to do beyond the definitions.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// Globs of addresses (`--only`); empty for everything.
    pub only: Vec<String>,
    /// Guards that a person allowed, with the reason.
    pub allowed: BTreeMap<Guard, Untrusted>,
}

/// The plan of all targets.
pub struct Planned {
    /// The document.
    pub document: PlanDocument,
    /// The targets that could be planned, by name in the order of the document.
    pub targets: Vec<PlannedTarget>,
    /// Problems that only live could show.
    pub findings: Vec<Finding>,
}

/// A target that could be planned, with all that applying it needs.
pub struct PlannedTarget {
    /// Its configuration.
    pub target: Target,
    /// The changes.
    pub plan: Plan,
    /// What was read.
    pub live: LiveState,
    /// What git declared before.
    pub before: DeclaredBefore,
    /// The open connection.
    pub tenant: Tenant,
}

/// Plans every selected target, all at the same time.
///
/// # Errors
///
/// Where a wish is malformed. A target that fails stands in the document with its error.
pub async fn plan(world: &World, project: &Project, wishes: &Wishes) -> Result<Planned, Failure> {
    let start = Instant::now();
    super::project::globs(&wishes.only, "--only")?;
    let guards = project.loaded.config.as_ref().map(|config| config.guards).unwrap_or_default();
    let folder = project.folder().ok();
    let runs = project.targets().map(|(target, desired)| async move {
        let tenant = match Tenant::connect(world, target, folder).await {
            Ok(tenant) => tenant,
            Err(failure) => return (target, Err(TargetFailure::from(failure)), None),
        };
        let result = plan_target(world, project, target, desired, &guards, wishes, &tenant).await;
        (target, result, Some(tenant))
    });
    let mut statistics = RunStatistics::default();
    let (mut documents, mut targets, mut findings) = (Vec::new(), Vec::new(), Vec::new());
    for (target, result, tenant) in join_all(runs).await {
        if let Some(tenant) = &tenant {
            let cost = tenant.connection.statistics();
            statistics.requests += cost.requests;
            statistics.retries += cost.retries;
            statistics.depth = statistics.depth.max(cost.depth);
        }
        match (result, tenant) {
            (Ok(made), Some(tenant)) => {
                findings.extend(made.findings);
                documents.push(made.document);
                targets.push(PlannedTarget {
                    target: target.clone(),
                    plan: made.plan,
                    live: made.live,
                    before: made.before,
                    tenant,
                });
            }
            (Err(failure), tenant) => {
                let mut failed = build::failed(&target.name, Some(target), &guards, failure.failure.into());
                failed.findings = build::findings(&failure.findings, &project.loaded.sources);
                findings.extend(failure.findings);
                documents.push(failed);
                if let Some(tenant) = tenant {
                    tenant.close().await;
                }
            }
            (Ok(_), None) => {}
        }
    }
    documents.extend(project.broken().map(|name| {
        let target = project.target(name);
        let failure = Failure::new(Exit::Invalid, "its definitions have errors")
            .help("`rolecall validate` shows them.");
        build::failed(name, target, &guards, failure.into())
    }));
    targets.sort_by(|a, b| a.target.name.cmp(&b.target.name));
    let mut document = build::document(project.revisions.clone(), documents);
    statistics.wall_ms = start.elapsed().as_millis() as u64;
    document.run = Some(statistics);
    Ok(Planned { document, targets, findings })
}

/// A target's plan before its tenant is attached.
struct Made {
    document: TargetPlan,
    plan: Plan,
    live: LiveState,
    before: DeclaredBefore,
    findings: Vec<Finding>,
}

struct TargetFailure {
    failure: Failure,
    findings: Vec<Finding>,
}

impl From<Failure> for TargetFailure {
    fn from(failure: Failure) -> Self {
        Self { failure, findings: Vec::new() }
    }
}

async fn plan_target(
    world: &World,
    project: &Project,
    target: &Target,
    desired: &DesiredState,
    guards: &Guards,
    wishes: &Wishes,
    tenant: &Tenant,
) -> Result<Made, TargetFailure> {
    let reader = tenant.reader();
    let assigns = !desired.assignments.is_empty() || !desired.exclusive.is_empty();
    let first = Query { roles: true, members: assigns };
    let mut live = reader.fetch(first).await.map_err(Failure::from)?;
    let spec = &*tenant.provider;
    let mut base = None;
    let mut before = if target.emulator { DeclaredBefore::Exempt } else { DeclaredBefore::Unknown };
    let (mut base_read, mut base_lacks) = (false, false);
    loop {
        let input =
            resolve::Input { target, spec, desired, live: &live, base: base.as_ref(), today: world.today };
        let resolved = resolve::resolve(input).map_err(|findings| TargetFailure {
            failure: Failure::new(
                Exit::Invalid,
                format!("{} in the definitions that live shows", count(&findings)),
            ),
            findings,
        })?;
        let input = compare::Input { target, spec, resolved: &resolved, live: &live, before: &before };
        if !live.read.members && compare::needs_members(input) {
            drop(resolved);
            live = reader.fetch(Query { roles: true, members: true }).await.map_err(Failure::from)?;
            continue;
        }
        let mut plan = compare::compare(input);
        if !base_read && (wants_base(target, &plan) || resolved.removed.len() < desired.removed.len()) {
            base_read = true;
            base = project.base(world, &target.name);
            base_lacks = base.is_none() && project.facts.shallow;
            if let (Some(base), false) = (&base, target.emulator) {
                before = declared(base);
            }
            continue;
        }
        if base_lacks {
            plan.notes.push(SHALLOW.into());
        }
        let findings = resolved.findings;
        if !wishes.only.is_empty() {
            let only = super::project::globs(&wishes.only, "--only")?;
            let all = plan.changes.len();
            select::select(&mut plan, &only).map_err(|lacking| lacking_selection(&lacking))?;
            plan.notes.extend(outside(all, plan.changes.len()));
        }
        let facts =
            assess::Facts { live: &live, catalogue: spec.catalogue(), guards, allowed: &wishes.allowed };
        assess::judge(&mut plan, facts);
        let sources = &project.loaded.sources;
        let mut document = build::target(target, &live.identity, &plan, guards, &wishes.only, sources);
        document.findings = build::findings(&findings, sources);
        return Ok(Made { document, plan, live, before, findings });
    }
}

/// What the selection leaves out of a plan with `all` changes.
fn outside(all: usize, selected: usize) -> Option<Untrusted> {
    let changes = |number: usize| match number {
        1 => "1 change is".to_owned(),
        n => format!("{n} changes are"),
    };
    match (selected, all - selected) {
        (0, 0) => None,
        (0, left) => {
            Some(format!("`--only` matches nothing of the plan; {} outside of it", changes(left)).into())
        }
        (_, 0) => None,
        (_, left) => Some(format!("{} outside of `--only`", changes(left)).into()),
    }
}

const SHALLOW: &str = "This clone is shallow and does not hold the revision before, so nobody can tell which roles git declared earlier. `git fetch --deepen 1` brings it.";

/// The base revision is read only where it can decide something: whether a live role that changes
/// was declared before. An emulator is everybody's own.
fn wants_base(target: &Target, plan: &Plan) -> bool {
    !target.emulator
        && plan.changes.iter().any(|change| matches!(change.action, Action::Update | Action::Rename))
}

fn declared(base: &DesiredState) -> DeclaredBefore {
    DeclaredBefore::Known {
        names: base.roles.iter().map(|role| (role.scope.clone(), role.name.value.clone())).collect(),
        ids: base.roles.iter().filter_map(|role| Some(role.id.as_ref()?.value.clone())).collect(),
    }
}

fn count(findings: &[Finding]) -> String {
    match findings.iter().filter(|finding| finding.level == Level::Error).count() {
        1 => "1 problem".to_owned(),
        n => format!("{n} problems"),
    }
}

fn lacking_selection(lacking: &[select::Lacking]) -> Failure {
    let lines: Vec<String> =
        lacking.iter().take(10).map(|one| format!("{} needs {}", one.selected, one.needs)).collect();
    Failure::new(Exit::Usage, format!("the selection does not stand by itself: {}", lines.join("; ")))
        .help("Widen `--only` so that it matches these addresses too.")
}

impl Planned {
    /// How planning ended: failed targets, refusals, or nothing wrong.
    pub fn exit(&self) -> Exit {
        let failed = self.document.targets.iter().filter_map(|target| target.error.as_ref());
        let failed = failed.map(|error| Exit::from_code(error.exit)).fold(Exit::Done, Exit::and);
        let refused = self.targets.iter().any(|target| target.plan.refusals().next().is_some());
        failed.and(if refused { Exit::Refused } else { Exit::Done })
    }

    /// Whether there is anything to do.
    pub fn has_changes(&self) -> bool {
        self.targets.iter().any(|target| !target.plan.changes.is_empty())
    }

    /// Ends every connection.
    pub async fn close(self) {
        for target in self.targets {
            target.tenant.close().await;
        }
    }
}
