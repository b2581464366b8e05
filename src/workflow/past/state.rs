//! The definitions of one target at an earlier commit, without what is no longer managed.

use std::{collections::BTreeSet, sync::Arc};

use super::{Side, TargetPast};
use crate::{
    model::{
        Scope, Site, Sources, Untrusted,
        config::Target,
        desired::{DesiredRole, DesiredState},
        files::Files,
    },
    repo::is_meant,
    workflow::project::Project,
};

/// The definitions of one target at a commit.
#[derive(Clone, Debug)]
pub(super) enum State {
    Whole(Arc<Side>, Arc<str>),
    /// Without what is released.
    Part(Box<DesiredState>),
}

impl State {
    pub(super) fn get(&self) -> Option<&DesiredState> {
        match self {
            Self::Whole(side, name) => side.loaded.desired.get(name).map(|state| &**state),
            Self::Part(state) => Some(state),
        }
    }
}

impl TargetPast {
    /// The state of a side without what is released, which is kept apart.
    pub(super) fn state(
        &mut self,
        side: Arc<Side>,
        name: &Arc<str>,
        target: &Target,
        project: &Project,
    ) -> Option<State> {
        let state = side.loaded.desired.get(name)?;
        let entry = side.loaded.config.as_ref()?.targets.iter().find(|entry| entry.name == *name)?;
        let left = left_files(&side, entry, target, project.files.as_ref());
        if left.is_empty() {
            return Some(State::Whole(side, Arc::clone(name)));
        }
        let stays = |site: Site| path_of(&side.loaded.sources, site).is_some_and(|path| left.contains(&path));
        let (mut kept, mut released) = (DesiredState::clone(state), DesiredState::default());
        let declared: BTreeSet<(&str, &Scope)> = project
            .loaded
            .desired
            .get(&target.name)
            .into_iter()
            .flat_map(|state| &state.roles)
            .map(|role| (&*role.key, &role.scope))
            .collect();
        let goes = |role: &DesiredRole| stays(role.site) && !declared.contains(&(&*role.key, &role.scope));
        released.roles = state.roles.iter().filter(|role| goes(role)).cloned().collect();
        kept.roles.retain(|role| !goes(role));
        kept.assignments.retain(|assignment| !stays(assignment.principal.site));
        let declared = project.loaded.desired.get(&target.name);
        let goes = |slug: &Untrusted, site| {
            stays(site) && !declared.is_some_and(|state| state.permissions.contains_key(slug))
        };
        released.permissions = state.permissions.clone();
        released.permissions.retain(|slug, one| goes(slug, one.site));
        kept.permissions.retain(|slug, one| !goes(slug, one.site));
        let both = self.released.get_or_insert_default();
        for (slug, one) in released.permissions {
            both.permissions.entry(slug).or_insert(one);
        }
        both.roles.extend(
            released
                .roles
                .into_iter()
                .filter(|role| {
                    !both.roles.iter().any(|known| (&known.key, &known.scope) == (&role.key, &role.scope))
                })
                .collect::<Vec<_>>(),
        );
        Some(State::Part(Box::new(kept)))
    }
}

fn path_of(sources: &Sources, site: Site) -> Option<Untrusted> {
    sources.get(site.source).map(|source| Untrusted::new(Arc::clone(&source.path)))
}

/// Files that `then` read at an earlier commit, that are still there, and that `now` does not read.
pub(super) fn left_files(side: &Side, then: &Target, now: &Target, files: &dyn Files) -> BTreeSet<Untrusted> {
    let patterns = |target: &Target| -> Vec<Arc<str>> {
        target.files.iter().map(|pattern| Arc::clone(&pattern.value)).collect()
    };
    let (then, now) = (patterns(then), patterns(now));
    if then == now {
        return BTreeSet::new();
    }
    let read = side.loaded.read.iter().filter(|path| is_meant(&then, path) && !is_meant(&now, path));
    read.filter(|path| files.read(path).is_ok()).map(|path| Untrusted::new(Arc::clone(path))).collect()
}
