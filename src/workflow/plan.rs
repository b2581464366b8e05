//! Planning: read live, resolve, compare, judge, and put the document together.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant,
};

use futures_util::future::join_all;

use super::{
    Exit, Failure, World, past::TargetPast, project::Project, recording::Recording, scope, tenant::Tenant,
};
use crate::{
    assess,
    contract::Spec,
    definition::AttestedFile,
    model::{
        Code, Finding, Kind, Level, RoleId, Site, Untrusted, config::Target, desired::DesiredState,
        live::LiveState,
    },
    plan::{
        PlanDocument, build,
        change::{Change, Plan, Verdict, What},
        compare,
        document::{Action, Guard, Origin, Reason, RunStatistics, TargetPlan},
        earlier::Views,
        pending, people,
        query::{query, read_ahead},
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
    /// Which differences are planned, by their origin.
    pub part: Part,
    /// The older revision that may be applied all the same (`--allow-older`).
    pub older: Option<String>,
}

/// Which differences are planned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Part {
    /// All of them.
    #[default]
    Whole,
    /// Those that come from the definitions (`--pending-only`).
    Pending,
    /// Those that somebody made outside git.
    Drift,
}

/// The plan of all targets.
pub struct Planned {
    /// The document.
    pub document: PlanDocument,
    /// The targets that could be planned, by name in the order of the document.
    pub targets: Vec<PlannedTarget>,
    /// Problems that only live could show.
    pub findings: Vec<Finding>,
    /// Where permissions are written that live has, whatever the shipped list says.
    pub known_live: BTreeSet<Site>,
}

/// A target that could be planned, with all that applying it needs.
pub struct PlannedTarget {
    /// Its configuration.
    pub target: Target,
    /// The changes.
    pub plan: Plan,
    /// What was read.
    pub live: LiveState,
    /// What git held before.
    pub past: TargetPast,
    /// The record of its applies.
    pub recording: Recording,
    /// How many differences `--pending-only` left alone without anybody knowing that they were made outside
    /// git.
    pub left: usize,
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
        let result = plan_target(world, project, target, desired, wishes, &tenant).await;
        (target, result, Some(tenant))
    });
    let mut statistics = RunStatistics::default();
    let (mut documents, mut targets, mut findings) = (Vec::new(), Vec::new(), Vec::new());
    let mut known_live = BTreeSet::new();
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
                known_live.extend(made.known_live);
                documents.push(made.document);
                targets.push(PlannedTarget {
                    target: target.clone(),
                    plan: made.plan,
                    live: made.live,
                    past: made.past,
                    recording: made.recording,
                    left: made.left,
                    tenant,
                });
            }
            (Err(failure), tenant) => {
                let mut failed = build::failed(&target.name, Some(target), &guards, failure.failure.into());
                failed.findings = build::findings(&failure.findings, &project.loaded.sources);
                let desired = project.targets().filter(|(one, _)| one.name == target.name);
                let desired: Vec<_> = desired.map(|(_, desired)| desired).collect();
                failed.people = people::named(&failed, None, &desired);
                findings.extend(failure.findings);
                documents.push(failed);
                if let Some(tenant) = tenant {
                    tenant.close().await;
                }
            }
            (Ok(_), None) => {}
        }
    }
    super::overlap::refuse(project, &guards, &mut documents, &mut targets, &mut findings).await;
    if wishes.part != Part::Drift {
        documents.extend(super::dropped::plans(project, &guards, &targets));
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
    Ok(Planned { document, targets, findings, known_live })
}

/// A target's plan before its tenant is attached.
struct Made {
    document: TargetPlan,
    plan: Plan,
    live: LiveState,
    past: TargetPast,
    recording: Recording,
    left: usize,
    findings: Vec<Finding>,
    known_live: BTreeSet<Site>,
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
    wishes: &Wishes,
    tenant: &Tenant,
) -> Result<Made, TargetFailure> {
    let reader = tenant.reader();
    let declared = desired;
    let recording = Recording::open(project, target);
    let spec = &*tenant.provider;
    let before = project.past.declared(world, project, target, &recording);
    let states = || [desired].into_iter().chain(before.iter().map(|state| &**state));
    let assigns = !desired.exclusive.is_empty() || states().any(|state| !state.assignments.is_empty());
    let attested = super::attest::of(project, target);
    let earlier = before.iter().map(|state| &**state);
    let mut first = query(states(), spec, target, assigns);
    if wishes.part != Part::Drift {
        read_ahead(&mut first, desired, earlier, spec, target);
    }
    let mut live = reader.fetch(first).await.map_err(Failure::from)?;
    let mut said = overlay(attested.as_deref(), &mut live, spec);
    let mut past = TargetPast::of(world, project, target, &live.identity, &recording)?;
    if let Some(failure) = &past.unusable {
        past.notes.push(unusable(failure));
    }
    let mut history = None;
    loop {
        let target = &past.in_force;
        // Drift is what differs from what was applied, whatever was merged since.
        let recorded = past.recorded().filter(|_| wishes.part == Part::Drift);
        let (desired, sources) = recorded.unwrap_or((desired, &project.loaded.sources));
        let mut earlier = past.earlier();
        if wishes.part == Part::Drift {
            earlier.base = Some(desired);
        }
        let input = resolve::Input { target, spec, desired, live: &live, earlier, today: world.today };
        let resolved = resolve::resolve(input).map_err(|findings| TargetFailure {
            failure: Failure::new(
                Exit::Invalid,
                format!("{} in the definitions that live shows", count(&findings)),
            ),
            findings,
        })?;
        let views = Views::of(input, &resolved);
        let input = compare::Input { target, spec, resolved: &resolved, live: &live, earlier, views: &views };
        let mut plan = compare::compare(input);
        if let Some(wider) = compare::wider(input, &plan, || query(states(), spec, target, true)) {
            drop((views, resolved));
            live = reader.fetch(wider).await.map_err(Failure::from)?;
            said = overlay(attested.as_deref(), &mut live, spec);
            continue;
        }
        let deletes = plan.changes.iter().any(|change| change.action == Action::Delete);
        let touches =
            deletes || (!past.is_recorded() && plan.changes.iter().any(|change| alters(change).is_some()));
        if touches && history.is_none() && !target.emulator {
            let found = past.search(world, project, target).map_err(Failure::from);
            history = Some(found.as_ref().err().cloned());
            if let Ok(found) = found
                && !found.is_empty()
            {
                drop((views, resolved));
                past.protecting.extend(found);
                continue;
            }
        }
        if let Some(Some(failure)) = &history {
            refuse(&mut plan, failure, alters);
        }
        if let (true, Some(failure)) = (deletes, &past.unusable) {
            refuse(&mut plan, failure, deletion);
        }
        // Places in what was applied are none in what is read now.
        let new = if recorded.is_none() { resolved.new_permissions.clone() } else { BTreeMap::new() };
        plan.notes.extend(new_in_live(project, &new));
        let known_live = new.into_keys().collect();
        let findings = resolved.findings.clone();
        plan.notes.extend(super::attest::note(project, target).into_iter().chain(said.iter().cloned()));
        plan.notes.extend(past.notes.iter().cloned());
        let some = |count: Option<u64>| count.is_some_and(|count| count > 0);
        let others = !plan.unmanaged_roles.is_empty()
            || some(plan.unmanaged_assignments)
            || some(plan.unmanaged_permissions);
        plan.notes.extend(past.no_base.clone().filter(|_| others));
        plan.notes.extend(past.no_record.clone().filter(|_| !plan.unmanaged_roles.is_empty()));
        let now = recorded.and_then(|_| compared(world, &past, declared, &live, spec));
        if wishes.part == Part::Drift {
            plan.notes.extend(still_open(&plan, &past));
            plan.notes.extend(over(&plan, &live));
        }
        let left = narrow(&mut plan, wishes, now.as_ref())?;
        let guards = assess::strictest(&past.guards, &live, spec.catalogue());
        let facts = assess::Facts { live: &live, spec, guards: &guards, allowed: &wishes.allowed };
        let mut refusals = Vec::new();
        if wishes.part == Part::Drift {
            known(&mut plan, &live)?;
            // A report: nobody applies it, so nothing refuses it. It says what an apply would.
            let mut judged = plan.clone();
            assess::judge(&mut judged, facts);
            refusals = judged.refusals().cloned().collect();
            plan.changes.iter_mut().for_each(|change| change.verdicts.clear());
        } else {
            let about = compare::about_people(&plan, spec, &resolved, &live);
            plan.notes.extend(about);
            assess::judge(&mut plan, facts);
            scope_alone(&mut plan, &past);
        }
        let circumstances = build::Circumstances {
            target,
            spec,
            identity: &live.identity,
            guards: &guards,
            selection: &wishes.only,
            left: left.as_deref(),
            applied: past.record.as_ref(),
            scope_changes: &past.scope_changes,
        };
        let mut document = build::target(circumstances, &plan, sources);
        document.verdicts.extend(refusals.iter().map(build::verdict));
        document.findings = build::findings(&findings, &project.loaded.sources);
        document.people = people::named(&document, Some(&live), &states().collect::<Vec<_>>());
        // What was certainly changed outside git stays that, whatever is recorded next.
        let unknown = |change: &&Change| change.origins.common() != Origin::Drift;
        let left = left.map_or(0, |left| left.iter().filter(unknown).count());
        return Ok(Made { document, plan, live, past, recording, left, findings, known_live });
    }
}

/// Adds what is attested; what a reader should know of it.
fn overlay(attested: Option<&AttestedFile>, live: &mut LiveState, spec: &dyn Spec) -> Vec<Untrusted> {
    attested.map(|attested| attested.overlay(live, spec)).unwrap_or_default()
}

/// What the definitions use that live has and no list known offline: `new` are the places where live
/// knows more than the shipped list.
fn new_in_live(project: &Project, new: &BTreeMap<Site, Untrusted>) -> Option<Untrusted> {
    const SHOWN: usize = 10;
    let doubted =
        project.loaded.findings.iter().filter(|finding| finding.code == Code::UnknownToOpenCatalogue);
    let places = doubted.filter_map(|finding| Some(finding.labels.first()?.site));
    let names: BTreeSet<&Untrusted> = places.filter_map(|site| new.get(&site)).collect();
    let mut shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{}`", name.raw())).collect();
    if let Some(more) = names.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        shown.push(format!("and {more} more"));
    }
    (!shown.is_empty()).then(|| {
        format!(
            "New in the live catalogue, and not in the list that this version of rolecall ships: {}. `rolecall catalog --write` keeps the live list for editors and `validate`.",
            shown.join(", ")
        )
        .into()
    })
}

/// What would change for `desired` to be in place; `None` where live does not fit it.
fn compared(
    world: &World,
    past: &TargetPast,
    desired: &DesiredState,
    live: &LiveState,
    spec: &dyn Spec,
) -> Option<Plan> {
    let (target, earlier, today) = (&past.in_force, past.earlier(), world.today);
    let input = resolve::Input { target, spec, desired, live, earlier, today };
    let resolved = resolve::resolve(input).ok()?;
    let views = Views::of(input, &resolved);
    Some(compare::compare(compare::Input { target, spec, resolved: &resolved, live, earlier, views: &views }))
}

/// Leaves of a report only what was read: what is not in a list that was not read is not known to be gone.
fn known(plan: &mut Plan, live: &LiveState) -> Result<(), Failure> {
    let unread = |change: &Change| change.verdicts.iter().any(|verdict| verdict.guard == Guard::Incomplete);
    let all = plan.changes.len();
    plan.changes.retain(|change| !unread(change));
    let left = all - plan.changes.len();
    if let Some(why) = live.incomplete.get(&Kind::Role).filter(|_| left > 0) {
        let message = format!("nobody can tell what was changed outside git: {}", why.raw());
        return Err(Failure::new(Exit::Provider, message).help("`rolecall doctor` looks at it."));
    }
    if left > 0 {
        let what = if left == 1 { "1 difference".to_owned() } else { format!("{left} differences") };
        plan.notes.push(format!("Not told: {what} in lists that were not read.").into());
    }
    Ok(())
}

/// What the last apply left to a person, and is not done: no drift, and not in place either.
fn still_open(plan: &Plan, past: &TargetPast) -> Option<Untrusted> {
    let open = |change: &&Change| past.is_left(&change.address);
    let what = match plan.changes.iter().filter(open).count() {
        0 => return None,
        1 => "1 change that the last apply left to a person is".to_owned(),
        n => format!("{n} changes that the last apply left to a person are"),
    };
    Some(format!("{what} still open; that is no drift, and `rolecall plan` shows it.").into())
}

/// Whose assignment is over and who holds the role all the same.
fn over(plan: &Plan, live: &LiveState) -> Option<Untrusted> {
    const SHOWN: usize = 10;
    let over = plan.changes.iter().filter(|change| change.reason == Some(Reason::Expired));
    let names: Vec<String> = over
        .map(|change| {
            let held = match &change.what {
                What::Assignment { before: Some(RoleId::Live(id)), .. } => Some(id),
                _ => None,
            };
            let role = live.of(Kind::Role).find(|role| held.is_some() && role.id.as_ref() == held);
            let role = role.map(|role| format!(" ({})", role.key.name.raw())).unwrap_or_default();
            format!("{}{role}", change.title.raw())
        })
        .collect();
    let mut shown: Vec<&str> = names.iter().take(SHOWN).map(String::as_str).collect();
    let more = names.len().checked_sub(SHOWN).filter(|more| *more > 0).map(|more| format!("and {more} more"));
    shown.extend(more.as_deref());
    let what = match names.len() {
        0 => return None,
        1 => "1 assignment is over, and still live".to_owned(),
        n => format!("{n} assignments are over, and still live"),
    };
    Some(format!("{what}: {}. The next apply takes that away.", shown.join(", ")).into())
}

/// Narrows a plan to what was asked for; what `--pending-only` leaves alone.
///
/// `now` is the plan of what is desired today, where `plan` is that of what was applied.
fn narrow(plan: &mut Plan, wishes: &Wishes, now: Option<&Plan>) -> Result<Option<Vec<Change>>, Failure> {
    if !wishes.only.is_empty() {
        let only = super::project::globs(&wishes.only, "--only")?;
        let all = plan.changes.len();
        select::select(plan, &only).map_err(|lacking| {
            lacking_selection(&lacking, "Widen `--only` so that it matches these addresses too.")
        })?;
        plan.notes.extend(outside(all, plan.changes.len()));
    }
    match wishes.part {
        Part::Whole => Ok(None),
        Part::Drift => {
            if let Some(now) = now {
                pending::without_done(plan, now);
            }
            pending::drift(plan);
            Ok(None)
        }
        Part::Pending => {
            let left = pending::keep(plan).map_err(|lacking| {
                lacking_selection(&lacking, "Leave `--pending-only` out, or take the drift into the definitions with `rolecall import --drift`.")
            })?;
            Ok(Some(left))
        }
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

fn unusable(failure: &Failure) -> Untrusted {
    let help = failure.help.as_ref().map_or_else(String::new, |help| help.raw().replace('\n', " "));
    format!("The record of the last apply cannot be used: {}. {help}", failure.message.raw()).into()
}

/// What a change does to a live role that `protect` may forbid, as the rest of a sentence.
type Does = fn(&Change) -> Option<&'static str>;

fn deletion(change: &Change) -> Option<&'static str> {
    let of_role = matches!(change.what, What::Role { .. });
    (of_role && change.action == Action::Delete).then_some("be deleted")
}

/// As [`deletion`], and renaming, taking permissions away, and giving some.
fn alters(change: &Change) -> Option<&'static str> {
    let What::Role { before: Some(before), after: Some(after), .. } = &change.what else {
        return deletion(change);
    };
    match (&before.permissions, &after.permissions) {
        (Some(old), Some(new)) if !old.is_subset(new) => Some("lose permissions"),
        (Some(old), Some(new)) if old != new => Some("gain permissions"),
        _ => (before.name != after.name).then_some("be renamed"),
    }
}

/// What `protect` may forbid is refused where nobody can tell what was applied, or protected, before.
fn refuse(plan: &mut Plan, failure: &Failure, does: Does) {
    for change in &mut plan.changes {
        let Some(what) = does(change) else { continue };
        let message = format!(
            "role `{}` would {what}, and nobody can tell whether an earlier revision protects it: {}",
            change.title.raw(),
            failure.message.raw()
        );
        let help = failure.help.as_ref().map(|help| help.raw().to_owned());
        change.verdicts.push(Verdict::refuse(Guard::Base, message, help));
    }
}

/// What is managed or guarded changes in an apply of its own; putting drift back is no use of it.
fn scope_alone(plan: &mut Plan, past: &TargetPast) {
    let changes = plan
        .changes
        .iter()
        .filter(|change| change.action != Action::Release && change.origins.common() != Origin::Drift);
    let count = changes.count();
    let alone = past.scope_changes.iter().filter(|change| scope::alone(change));
    let what: Vec<&str> = alone.map(|change| change.what.raw()).collect();
    if what.is_empty() || count == 0 || past.is_exempt() {
        return;
    }
    let message = format!(
        "what is managed or guarded changes ({}) together with {}; it takes effect only after an apply of its own",
        what.join(", "),
        if count == 1 {
            "1 change of a role or an assignment".to_owned()
        } else {
            format!("{count} changes of roles and assignments")
        }
    );
    let since = past.since.as_deref().map_or_else(String::new, |commit| {
        let short: String = commit.chars().take(12).collect();
        format!(" (what holds until then is that of {short})")
    });
    let help = format!(
        "Put the two into commits of their own, and apply the first one before the second: `rolecall apply --rev COMMIT`{since}."
    );
    plan.verdicts.push(Verdict::refuse(Guard::ScopeChange, message, Some(help)));
}

fn count(findings: &[Finding]) -> String {
    match findings.iter().filter(|finding| finding.level == Level::Error).count() {
        1 => "1 problem".to_owned(),
        n => format!("{n} problems"),
    }
}

fn lacking_selection(lacking: &[select::Lacking], help: &str) -> Failure {
    let lines: Vec<String> =
        lacking.iter().take(10).map(|one| format!("{} needs {}", one.selected, one.needs)).collect();
    Failure::new(Exit::Usage, format!("the selection does not stand by itself: {}", lines.join("; ")))
        .help(help)
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
