//! Import of drift: what was changed in the product since the last apply, as changes of the
//! definition files. Nothing is written here, and nothing is added to a role whose protection
//! forbids it.

mod find;
mod patch;
mod people;
mod pieces;
mod stages;
mod step;
mod take;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

use super::Problem;
use crate::{
    model::{Finding, Untrusted, desired::DesiredState, files::Files as _, live::LiveState},
    plan::change::{Change, What},
    repo::WorkTree,
    workflow::{
        Exit, Failure, World,
        plan::{self, Part, Planned, PlannedTarget, Wishes},
        project::Project,
    },
};

pub use patch::patch;
pub use step::{Line, Rank};
pub use take::{Input, Left, Taken, take};

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Globs of addresses (`--only`); empty for everything.
    pub only: Vec<String>,
    /// Only the role with this key, name, or live id, and who holds it.
    pub role: Option<String>,
    /// Who holds the roles, too.
    pub assignments: bool,
    /// Where new roles go (`--out`), where the target is managed as a whole.
    pub out: Option<String>,
}

/// What came of one target.
#[derive(Debug)]
pub struct TargetDrift {
    /// Its name.
    pub name: Arc<str>,
    /// What is taken over and what is not, or why nobody can tell.
    pub result: Result<Taken, Problem>,
    /// Whether there is a record of an apply: without one every difference counts as drift.
    pub recorded: bool,
    /// Roles and assignments that git does not declare, and that are no drift.
    pub unmanaged: (usize, u64),
    /// Why the read is not complete, for each kind of which it is not.
    pub incomplete: Vec<Untrusted>,
}

impl TargetDrift {
    /// How it ended. What is refused fails the run only where nothing else was found.
    pub fn exit(&self) -> Exit {
        let taken = match &self.result {
            Err(problem) => return problem.failure.exit,
            Ok(taken) => taken,
        };
        if !taken.refused.is_empty() && taken.lines.is_empty() {
            return Exit::Refused;
        }
        if !self.incomplete.is_empty() {
            return Exit::Provider;
        }
        if taken.by_hand.is_empty() { Exit::Done } else { Exit::Error }
    }
}

/// A definition file before and after.
#[derive(Clone, Debug)]
pub struct Changed {
    /// Its path below the root of the definitions.
    pub path: Arc<str>,
    /// What it holds; `None` where it is new.
    pub before: Option<Vec<u8>>,
    /// What it would hold.
    pub after: String,
}

/// What came of all targets.
#[derive(Debug)]
pub struct Drift {
    /// The targets in the order of their names.
    pub targets: Vec<TargetDrift>,
    /// The files that would change.
    pub files: Vec<Changed>,
    /// The folder of the definitions in the repository; empty at its top and outside git.
    pub prefix: String,
    /// Problems that only live could show.
    pub findings: Vec<Finding>,
}

/// Finds what drifted, and how the files of the work tree would say it.
///
/// # Errors
///
/// Where a wish is malformed, or the definitions are not in a work tree.
pub async fn drift(world: &World, project: &Project, options: &Options) -> Result<Drift, Failure> {
    project.folder()?;
    let wishes = Wishes { only: options.only.clone(), part: Part::Drift, ..Wishes::default() };
    let planned = plan::plan(world, project, &wishes).await?;
    let found = of(world, project, &planned, options);
    planned.close().await;
    found
}

/// How the files of the work tree would say what a plan calls drift; nothing is read again.
///
/// # Errors
///
/// Where the definitions are not in a work tree.
pub fn of(world: &World, project: &Project, planned: &Planned, options: &Options) -> Result<Drift, Failure> {
    project.folder()?;
    let files = WorkTree::open(&project.place)?;
    let specs = world.registry.specs();
    let mut texts: BTreeMap<Arc<str>, String> = BTreeMap::new();
    let mut targets = Vec::new();
    for one in &planned.targets {
        let input = Input {
            files: &files,
            config_path: &project.place.config,
            specs: &specs,
            target: &one.past.in_force,
            spec: &*one.tenant.provider,
            live: &one.live,
            drift: &wanted(one, options),
            earlier: one.past.earlier(),
            assignments: options.assignments,
            out: options.out.as_deref(),
            today: world.today,
            cache: &world.cache,
        };
        let result = take(&input, texts.clone());
        if let Ok(taken) = &result {
            texts.clone_from(&taken.texts);
        }
        targets.push(TargetDrift {
            name: one.target.name.clone(),
            result,
            recorded: one.past.recorded().is_some(),
            unmanaged: (one.plan.unmanaged_roles.len(), one.plan.unmanaged_assignments.unwrap_or(0)),
            incomplete: one.live.gaps().cloned().collect(),
        });
    }
    for target in &planned.document.targets {
        let Some(error) = &target.error else { continue };
        let failure = Failure {
            exit: Exit::from_code(error.exit),
            message: error.message.clone(),
            help: error.help.clone(),
        };
        targets.push(TargetDrift {
            name: target.name.raw().into(),
            result: Err(failure.into()),
            recorded: true,
            unmanaged: (0, 0),
            incomplete: Vec::new(),
        });
    }
    targets.sort_by(|a, b| a.name.cmp(&b.name));
    let findings = planned.findings.clone();
    let changed = texts.into_iter().filter_map(|(path, after)| {
        let before = files.read(&path).ok();
        (before.as_deref() != Some(after.as_bytes())).then_some(Changed { path, before, after })
    });
    Ok(Drift { targets, files: changed.collect(), prefix: project.facts.prefix().to_owned(), findings })
}

/// The changes that were asked for.
fn wanted(planned: &PlannedTarget, options: &Options) -> Vec<Change> {
    let Some(role) = &options.role else { return planned.plan.changes.clone() };
    let key = crate::model::Address::role(&planned.target.name, role, &crate::model::Scope::Target);
    let about = |change: &Change| match &change.what {
        What::Role { before, after, .. } => {
            let names = before.iter().chain(after).map(|state| state.name.raw());
            change.address == key
                || change.id.as_ref().is_some_and(|id| id.raw() == role)
                || names.into_iter().any(|name| name == role)
        }
        What::Permission { .. } | What::Default { .. } | What::Assignment { .. } => false,
    };
    let mut ids: BTreeSet<_> =
        planned.plan.changes.iter().filter(|one| about(one)).map(Change::role_id).collect();
    for (id, name) in &planned.plan.role_names {
        let same = match id {
            crate::model::RoleId::Live(id) => id.raw() == role,
            crate::model::RoleId::New(address) => *address == key,
        };
        if same || name.raw() == role {
            ids.insert(id.clone());
        }
    }
    let holds = |role: &Option<crate::model::RoleId>| role.as_ref().is_some_and(|role| ids.contains(role));
    let of = |change: &&Change| match &change.what {
        What::Role { .. } | What::Permission { .. } => about(change),
        What::Default { before, after } | What::Assignment { before, after, .. } => {
            holds(before) || holds(after)
        }
    };
    planned.plan.changes.iter().filter(of).cloned().collect()
}

/// Writes the files, each as a whole or not at all.
///
/// # Errors
///
/// Where a file changed meanwhile, cannot be written, or would hold a credential.
pub fn write(world: &World, project: &Project, changed: &[Changed]) -> Result<(), Failure> {
    let folder: &Path = project.folder()?;
    let files = WorkTree::open(&project.place)?;
    let texts: Vec<super::Text> = changed
        .iter()
        .map(|one| super::Text {
            path: one.path.clone(),
            text: one.after.clone(),
            before: one.before.clone(),
        })
        .collect();
    super::write(world, &files, folder, &texts)
}

/// The live roles of a state, for messages.
fn name_of(live: &LiveState, desired: &DesiredState, role: &crate::model::RoleId) -> Untrusted {
    match role {
        crate::model::RoleId::Live(id) => {
            let found = live.of(crate::model::Kind::Role).find(|role| role.id.as_ref() == Some(id));
            found.map_or_else(|| id.clone(), |role| role.key.name.clone())
        }
        crate::model::RoleId::New(address) => {
            let target = address.as_str().split('/').next().unwrap_or_default();
            let is = |role: &&crate::model::desired::DesiredRole| {
                crate::model::Address::role(target, &role.key, &role.scope) == *address
            };
            let found = desired.roles.iter().find(is);
            found.map_or_else(|| address.as_str().into(), |role| role.name.value.clone())
        }
    }
}
