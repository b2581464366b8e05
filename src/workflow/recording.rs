//! The record of applies of one target: read before planning, written after a complete apply.

use std::{collections::BTreeSet, path::Path};

use super::{Failure, World, project::Project, tenant};
use crate::{
    model::{
        Untrusted,
        config::{self, Target},
        live::Identity,
    },
    repo::record::{Record, Store},
};

/// Where a target's applies are recorded, and what is recorded there.
pub struct Recording {
    store: Option<Store>,
    /// Every record of these definitions; of an emulator only its own.
    pub records: Vec<Record>,
    /// What the reader should know.
    pub note: Option<Untrusted>,
}

impl Recording {
    /// Reads the records that concern `target`.
    pub fn open(project: &Project, target: &Target) -> Self {
        let store = store(project, target);
        let read = store.as_ref().map(Store::read_all).transpose();
        match read {
            Ok(records) => Self { store, records: records.unwrap_or_default(), note: None },
            Err(error) => {
                let help = error.help.as_deref().unwrap_or_default().replace('\n', " ");
                let note = format!("The record of the last apply cannot be used: {}. {help}", error.message);
                Self { store: None, records: Vec::new(), note: Some(note.into()) }
            }
        }
    }

    /// The record under the target's own name.
    pub fn named(&self, target: &Target) -> Option<&Record> {
        self.records.iter().find(|record| record.target.raw() == &*target.name && !record.released)
    }

    /// The record of `target` on the tenant `identity`: its own, or that of a target which is gone and
    /// was the same tenant under another name.
    pub fn of(&self, target: &Target, identity: &Identity, names: &BTreeSet<&str>) -> Option<&Record> {
        let same = |record: &&Record| record.identity == *identity && !record.released;
        self.named(target).filter(same).or_else(|| {
            let gone = self.records.iter().filter(|record| !names.contains(record.target.raw()));
            gone.filter(same).max_by(|a, b| a.time.cmp(&b.time))
        })
    }

    /// Records a complete apply; `None` where nothing is recorded or the record says the same.
    ///
    /// # Errors
    ///
    /// Where it cannot be written; the apply itself is done.
    pub fn write(&self, record: &Record) -> Result<Option<Untrusted>, Failure> {
        let Some(store) = &self.store else { return Ok(None) };
        let known = self.records.iter().find(|known| known.target == record.target);
        if known.is_some_and(|known| {
            Record { time: known.time.clone(), actor: known.actor.clone(), ..record.clone() } == *known
        }) {
            return Ok(None);
        }
        store.write(record)?;
        Ok(Some(store.place(record).into()))
    }
}

fn store(project: &Project, target: &Target) -> Option<Store> {
    let kind = project.loaded.config.as_ref()?.record;
    if target.emulator {
        // Whoever throws the emulator's state away throws its record away with it.
        let folder: &Path = project.folder().ok()?;
        return Some(Store::file(folder, &format!("{}/applied.json", tenant::emulator_state(target))));
    }
    match kind {
        config::Record::Git => Some(Store::git(&project.place)),
        config::Record::File => {
            let folder: &Path = project.folder().ok()?;
            Some(Store::file(folder, &format!(".rolecall/runs/applied/{}.json", target.name)))
        }
        config::Record::None => None,
    }
}

/// Who applies, as far as the environment tells.
pub fn actor(world: &World) -> Untrusted {
    let variables = ["GITHUB_ACTOR", "GITLAB_USER_LOGIN", "USER", "USERNAME"];
    let text = |name: &&str| {
        (world.environment)(name).and_then(|value| value.into_string().ok()).filter(|v| !v.is_empty())
    };
    variables.iter().find_map(text).map_or_else(|| "unknown".into(), Untrusted::from)
}
