//! What git held before, for each target: the base, the definitions that the last recorded apply put
//! in place, and the protections of both, as far as they hold for the tenant that was reached.

mod recorded;
mod state;
mod target;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

pub use self::target::TargetPast;
use super::{
    World, attest,
    base::Base,
    elsewhere::{self, Other},
    project::Project,
    recording::Recording,
};
use crate::{
    definition::Loaded,
    model::{
        Address, Untrusted,
        config::Target,
        desired::{DesiredAssignment, DesiredRole, DesiredState, RoleName},
    },
    repo::{History, Record, RepoError},
};

/// The definitions of an earlier commit.
#[derive(Debug)]
pub struct Side {
    /// Full id.
    pub commit: Arc<str>,
    /// What they say.
    pub loaded: Loaded,
}

/// The revisions beside the planned one.
#[derive(Default)]
pub struct Past {
    /// The history; `None` outside git.
    pub history: Option<History>,
    /// The base.
    pub base: Option<(Base, Arc<Side>)>,
    /// The base that would have been found, where another one was named: what is guarded there stays
    /// so.
    pub(super) found: Option<Arc<Side>>,
    /// Whose attested snapshots count.
    pub(super) attesting: attest::Copy,
    /// What the reader should know of the base.
    pub note: Option<Untrusted>,
    /// The commit whose history counts: the planned one, or its base where both were merged.
    heads: Vec<Arc<str>>,
    sides: Mutex<BTreeMap<Arc<str>, Arc<Side>>>,
    others: Mutex<BTreeMap<Arc<str>, Arc<[Other]>>>,
    protections: OnceLock<Result<Vec<Protection>, RepoError>>,
}

/// Protected roles of one target in one revision of the history.
#[derive(Clone, Debug)]
struct Protection {
    target: Target,
    state: DesiredState,
    /// Whether it is of another config that is still there.
    elsewhere: bool,
}

impl Past {
    /// The revisions beside the planned one, whose commit and, where both were merged, base are
    /// `heads`.
    pub(super) fn new(
        history: Option<History>,
        base: Option<(Base, Arc<Side>)>,
        note: Option<Untrusted>,
        heads: Vec<Arc<str>>,
    ) -> Self {
        Self { history, base, note, heads, ..Self::default() }
    }

    /// The definitions of a commit, read once.
    fn side(&self, world: &World, project: &Project, commit: &str) -> Result<Arc<Side>, RepoError> {
        if let Some((_, side)) = self.base.as_ref().filter(|(_, side)| *side.commit == *commit) {
            return Ok(Arc::clone(side));
        }
        let known = || self.sides.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(side) = known().get(commit) {
            return Ok(Arc::clone(side));
        }
        let side = Arc::new(super::project::side(world, &project.place, commit)?);
        known().insert(Arc::clone(&side.commit), Arc::clone(&side));
        Ok(side)
    }

    /// What a commit defines in other places, read once.
    fn others(&self, world: &World, project: &Project, commit: &str) -> Result<Arc<[Other]>, RepoError> {
        let Some(planned) = self.heads.first() else { return Ok(Vec::new().into()) };
        let known = || self.others.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(others) = known().get(commit) {
            return Ok(Arc::clone(others));
        }
        let others: Arc<[Other]> = elsewhere::at(world, project, planned, commit)?.into();
        known().insert(commit.into(), Arc::clone(&others));
        Ok(others)
    }

    /// What earlier revisions may have declared of this target: the base, and what the records tell.
    pub(super) fn declared(
        &self,
        world: &World,
        project: &Project,
        target: &Target,
        recording: &Recording,
    ) -> Vec<Arc<DesiredState>> {
        let of = |side: &Side| side.loaded.desired.get(&target.name).cloned();
        let recorded = recording.records.iter().filter(|record| record.target.raw() == &*target.name);
        let commits: BTreeSet<&Untrusted> =
            recorded.flat_map(|record| record.open.values().flatten().chain([&record.revision])).collect();
        let recorded =
            commits.into_iter().filter_map(|commit| of(&*self.side(world, project, commit.raw()).ok()?));
        self.base.as_ref().and_then(|(_, side)| of(side)).into_iter().chain(recorded).collect()
    }

    /// Whether `record` is of the planned commit's own history.
    fn leads_here(&self, record: &Record) -> Result<bool, RepoError> {
        let Some(history) = &self.history else { return Ok(false) };
        for head in &self.heads {
            if history.is_ancestor(record.revision.raw(), head)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a record may name `commit` as an earlier revision: it is of the recorded one's own history.
    fn precedes_record(&self, commit: &Untrusted, record: &Record) -> Result<bool, RepoError> {
        let Some(history) = &self.history else { return Ok(false) };
        history.is_ancestor(commit.raw(), record.revision.raw())
    }

    /// Whether `base` comes before `applied`, as far as this clone can tell.
    fn precedes(&self, base: &Side, applied: &Side) -> bool {
        let before = |history: &History| history.is_ancestor(&base.commit, &applied.commit);
        base.commit != applied.commit && self.history.as_ref().is_some_and(|h| before(h).unwrap_or(false))
    }

    /// Roles that any revision of the first-parent history protects: without a record nobody knows
    /// which of them was applied last.
    fn protections(&self, world: &World, project: &Project) -> Result<&[Protection], RepoError> {
        let look = || {
            let (Some(history), Some(head)) = (&self.history, self.heads.last()) else {
                return Ok(Vec::new());
            };
            let mut found = Vec::new();
            let mut oldest = None;
            for commit in history.first_parents(head)? {
                let commit = commit?;
                let side = self.side(world, project, &commit)?;
                let mut sides = vec![Arc::clone(&side)];
                // Where a branch took the target branch in and then became it, that is not the first.
                for parent in history.parents(&commit).unwrap_or_default().iter().skip(1) {
                    sides.push(self.side(world, project, parent)?);
                }
                for side in &sides {
                    for target in side.loaded.config.iter().flat_map(|config| &config.targets) {
                        let state = side.loaded.desired.get(&target.name);
                        found.extend(state.and_then(|state| protecting(state)).map(|state| Protection {
                            target: target.clone(),
                            state,
                            elsewhere: false,
                        }));
                    }
                }
                if side.loaded.config.is_some() {
                    oldest = Some(commit);
                }
            }
            // Before that the definitions may have lain elsewhere.
            let before = oldest.map(|oldest| history.first_parent(&oldest)).transpose()?.flatten();
            if let Some(before) = before {
                for other in self.others(world, project, &before)?.iter() {
                    for target in other.side.loaded.config.iter().flat_map(|config| &config.targets) {
                        let state = other.side.loaded.desired.get(&target.name);
                        found.extend(state.and_then(|state| protecting(state)).map(|state| Protection {
                            target: target.clone(),
                            state,
                            elsewhere: !other.gone,
                        }));
                    }
                }
            }
            Ok(found)
        };
        self.protections.get_or_init(look).as_deref().map_err(Clone::clone)
    }
}

/// The revisions that may have declared what the last recorded apply left to a person.
#[derive(Debug, Default)]
struct LeftTo {
    /// What they say.
    states: Vec<Arc<DesiredState>>,
    /// Full id of each.
    commits: Vec<Untrusted>,
}

/// What an apply put in place: without what it left to a person, of which the earlier definition holds.
fn put_in_place(
    state: &DesiredState,
    target: &str,
    open: &BTreeMap<Untrusted, Option<Untrusted>>,
    look: impl Fn(&Untrusted) -> Option<Arc<DesiredState>>,
) -> DesiredState {
    let mut put = state.clone();
    let address =
        |role: &DesiredRole| Untrusted::from(Address::role(target, &role.key, &role.scope).as_str());
    let (kept, left): (Vec<_>, Vec<_>) =
        put.roles.drain(..).partition(|role| !open.contains_key(&address(role)));
    put.roles = kept;
    let earlier: Vec<DesiredRole> = open
        .iter()
        .filter_map(|(place, commit)| {
            let state = look(commit.as_ref()?)?;
            state.roles.iter().find(|role| address(role) == *place).cloned()
        })
        .collect();
    put.roles.extend(earlier);
    put.roles.sort_by(|a, b| (&a.key, &a.scope).cmp(&(&b.key, &b.scope)));
    let address = |slug: &Untrusted| Untrusted::from(Address::permission(target, slug).as_str());
    put.permissions.retain(|slug, _| !open.contains_key(&address(slug)));
    for (place, commit) in open.iter().filter(|(place, _)| place.raw().contains("/permission/")) {
        let state = commit.as_ref().and_then(&look);
        let earlier = state.iter().flat_map(|state| &state.permissions);
        let earlier = earlier.filter(|(slug, _)| address(slug) == *place);
        put.permissions.extend(earlier.map(|(slug, one)| (slug.clone(), one.clone())));
    }
    // Who holds a role that is not as it should be was not given it.
    let waits = open.keys().any(|address| address.raw().contains("/assignment/"));
    let of_left = |assignment: &DesiredAssignment| match &assignment.role.value {
        RoleName::Key(key) => left.iter().any(|role| role.key == *key),
        RoleName::Builtin(_) | RoleName::Live(_) => false,
    };
    put.assignments.retain(|assignment| !(waits && of_left(assignment)));
    put
}

/// The protected roles of a state; `None` where there are none.
fn protecting(state: &DesiredState) -> Option<DesiredState> {
    let roles: Vec<_> = state.roles.iter().filter(|role| !role.protect.is_empty()).cloned().collect();
    (!roles.is_empty()).then(|| DesiredState { roles, ..DesiredState::default() })
}
