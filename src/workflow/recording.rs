//! The record of applies of one target: read before planning, written after a complete apply.

use std::collections::BTreeSet;

use super::{Failure, project::Project, tenant};
use crate::{
    model::{
        Untrusted,
        config::{self, Target},
        live::Identity,
    },
    repo::{Record, RecordPlace, RecordStore, RepoError},
};

/// Where a target's applies are recorded, and what is recorded there.
#[derive(Debug, Default)]
pub struct Recording {
    store: Option<RecordStore>,
    /// Every record of these definitions that can be read; of an emulator only its own.
    pub records: Vec<Record>,
    /// Why the target's own record cannot be used.
    pub unusable: Option<Failure>,
}

impl Recording {
    /// Reads the records that concern `target`.
    pub fn open(project: &Project, target: &Target) -> Self {
        let unusable = |error: RepoError| Self { unusable: Some(error.into()), ..Self::default() };
        let Some(place) = place(project, target) else { return Self::default() };
        let store = match RecordStore::open(&project.place, &place) {
            Ok(store) => store,
            Err(error) => return unusable(error),
        };
        let all = match store.read_all() {
            Ok(all) => all,
            Err(error) => return unusable(error),
        };
        let mut recording = Self { store: Some(store), ..Self::default() };
        for (name, record) in all {
            match record {
                Ok(record) => recording.records.push(record),
                Err(error) if name.raw() == &*target.name => recording.unusable = Some(error.into()),
                Err(_) => {}
            }
        }
        recording
    }

    /// The record under the target's own name.
    pub fn named(&self, target: &Target) -> Option<&Record> {
        self.records.iter().find(|record| record.target.raw() == &*target.name && !record.released)
    }

    /// The record of `target` on the tenant `identity`: its own, or that of a target which is gone and
    /// was the same tenant under another name.
    pub fn of(&self, target: &Target, identity: &Identity, names: &BTreeSet<&str>) -> Option<&Record> {
        let same = |record: &&Record| record.identity.to_live() == *identity && !record.released;
        self.named(target).filter(same).or_else(|| {
            let gone = self.records.iter().filter(|record| !names.contains(record.target.raw()));
            gone.filter(same).max_by(|a, b| a.time.cmp(&b.time))
        })
    }

    /// What to say where the tenant `identity` was last applied to from a folder that has no definitions
    /// at `commit` any more: that record is not read here.
    pub fn left_behind(&self, identity: &Identity, commit: &str) -> Option<Untrusted> {
        let found = self.store.as_ref()?.left_behind(commit).ok()?.into_iter();
        let same = found.filter(|(.., record)| record.identity.to_live() == *identity && !record.released);
        let (name, folder, record) = same.max_by(|(.., a), (.., b)| a.time.cmp(&b.time))?;
        let folder = if folder.is_empty() { "the top folder".to_owned() } else { format!("`{folder}`") };
        let short: String = record.revision.raw().chars().take(12).collect();
        Some(
            format!(
                "The definitions of this tenant lay in {folder} when they were last recorded (at {short}); that record is not read here. Until an apply from here is recorded, what was changed outside git cannot be told from what was never put in place, and a deletion that was not made is not repeated. Apply before something else changes; then `git update-ref -d {name}` removes the old record."
            )
            .into(),
        )
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
        Ok(store.location(record.target.raw()).map(Into::into))
    }
}

/// Where the applies of a target are recorded; `None` outside git, where nothing tells what was
/// applied.
fn place(project: &Project, target: &Target) -> Option<RecordPlace> {
    let kind = project.loaded.config.as_ref()?.record;
    project.past.history.as_ref()?;
    if target.emulator {
        // Whoever throws the emulator's state away throws its record away with it.
        project.folder().ok()?;
        return Some(RecordPlace::Folder(tenant::emulator_state(target).into()));
    }
    match kind {
        config::Record::Git => Some(RecordPlace::Git),
        config::Record::File => {
            project.folder().ok()?;
            Some(RecordPlace::Folder(FOLDER.into()))
        }
        config::Record::None => None,
    }
}

/// The folder of `record: file`, below the root of the definitions.
pub(super) const FOLDER: &str = ".rolecall/runs/applied";
