//! Definitions in other places of the same repository. Protection does not end where a root or a
//! config is moved, nor where another root reaches the same tenant.

use std::{collections::BTreeMap, sync::Arc};

use super::{World, past::Side, project, project::Project};
use crate::{
    model::{Untrusted, config::Target, desired::DesiredState},
    repo::{self, ConfigPlace, RepoError, Root},
};

/// The definitions of another place at a commit.
#[derive(Clone, Debug)]
pub(super) struct Other {
    /// What they say.
    pub(super) side: Arc<Side>,
    /// Whether the planned revision does not have that config any more: it may be the one that is
    /// planned, moved here.
    pub(super) gone: bool,
}

/// What else the commit `commit` defines.
pub(super) fn at(
    world: &World,
    project: &Project,
    planned: &str,
    commit: &str,
) -> Result<Vec<Other>, RepoError> {
    let places = repo::elsewhere(&project.place, commit)?;
    if places.is_empty() {
        return Ok(Vec::new());
    }
    let now = repo::elsewhere(&project.place, planned)?;
    let mut others = Vec::new();
    for place in places {
        let gone = !now.contains(&place) || (!project.rev && !is_here(&place));
        let side = project::side(world, &place, commit)?;
        if side.loaded.config.is_some() {
            others.push(Other { side: Arc::new(side), gone });
        }
    }
    Ok(others)
}

fn is_here(place: &ConfigPlace) -> bool {
    match &place.root {
        Root::Folder(folder) => folder.join(&*place.config).symlink_metadata().is_ok(),
        Root::Bare { .. } => true,
    }
}

impl Other {
    /// Its targets that may be the tenant of `target`, with what they declare; and whether their
    /// settings say so.
    pub(super) fn of<'o>(
        &'o self,
        target: &'o Target,
    ) -> impl Iterator<Item = (&'o Target, Option<&'o DesiredState>, bool)> {
        let config = self.side.loaded.config.iter();
        let targets = config.flat_map(|config| &config.targets);
        let targets = targets.filter(|other| other.provider == target.provider && !other.emulator);
        targets.filter_map(move |other| {
            let same = same_settings(other, target);
            let state = self.side.loaded.desired.get(&other.name).map(|state| &**state);
            (same || self.gone).then_some((other, state, same))
        })
    }
}

/// Whether two targets have the same settings.
pub(super) fn same_settings(one: &Target, other: &Target) -> bool {
    let values = |target: &Target| -> BTreeMap<String, Untrusted> {
        target.settings.iter().map(|(name, placed)| (name.clone(), placed.value.clone())).collect()
    };
    values(one) == values(other)
}
