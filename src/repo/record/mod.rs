//! The record of what was applied last: a chain of commits under a reference of its own, or a file.
//!
//! A record is a hint, never an authority, and anybody who can push references may have written it:
//! its size is looked at before it is read, unknown fields are refused, and what it says has to fit
//! the place that it was found at.

mod file;
mod format;
mod reference;

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use git2::Oid;

pub use format::{Record, RecordIdentity};

use super::{CONFIG_NAME, ConfigPlace, RepoError, RepoErrorKind as Kind, git, resolve, shell, tree};
use crate::model::Untrusted;

/// Largest record, in bytes.
const LARGEST: u64 = 16 << 20;
/// Most targets of one root that are looked for.
const MOST: usize = 2_000;

/// Where records are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordPlace {
    /// In the repository, under `refs/rolecall/applied/ROOT/TARGET`. A linked work tree shares them
    /// with its repository.
    Git,
    /// In this folder below the root of the definitions, one `TARGET.json` for each target. A folder
    /// whose name starts with a dot has to lie in `.rolecall`.
    Folder(Arc<str>),
    /// Nowhere: nothing is ever found, and writing does nothing.
    None,
}

/// The records of the targets of one root.
///
/// It remembers what it read, and does not overwrite what somebody else wrote since.
pub struct RecordStore {
    place: ConfigPlace,
    keep: Keep,
    /// What was read or written last, by target; see [`Found::version`].
    seen: Mutex<BTreeMap<String, Option<Oid>>>,
}

enum Keep {
    Git(Mutex<git::Opened>),
    Folder(Arc<str>),
    None,
}

/// A record and which one it is: the commit that holds it, or the hash of the file.
struct Found {
    version: Oid,
    record: Result<Record, RepoError>,
}

impl RecordStore {
    /// The records of the definitions at `place`.
    ///
    /// # Errors
    ///
    /// `NotARepository` where they are kept in git, and there is none; `Owner`, `Unsupported`, `Git`
    /// where it cannot be opened; `NoWorkTree` where they are kept in a folder, and the repository is
    /// bare.
    pub fn open(place: &ConfigPlace, records: &RecordPlace) -> Result<Self, RepoError> {
        let keep = match records {
            RecordPlace::Git => {
                let instead = "keep the record of the last apply in a file, or nowhere";
                Keep::Git(Mutex::new(git::needed(place, "no place for a record", instead)?))
            }
            RecordPlace::Folder(folder) => {
                place.folder()?;
                Keep::Folder(Arc::clone(folder))
            }
            RecordPlace::None => Keep::None,
        };
        Ok(Self { place: place.clone(), keep, seen: Mutex::default() })
    }

    /// The last record of `target`; `None` where there is none.
    ///
    /// # Errors
    ///
    /// `Record` where it is malformed, too large, or of a newer format; `Shallow`, `MissingObject`
    /// where the clone does not hold it; `Link`, `Io` where its file cannot be read.
    pub fn read(&self, target: &str) -> Result<Option<Record>, RepoError> {
        let found = match &self.keep {
            Keep::Git(opened) => reference::read(&lock(opened), target)?,
            Keep::Folder(folder) => file::read(&self.place, folder, target)?,
            Keep::None => None,
        };
        let version = found.as_ref().map(|found| found.version);
        lock(&self.seen).insert(target.to_owned(), version);
        found.map(|found| found.record).transpose()
    }

    /// The last records of all targets of this root, by target, also of those that the config does
    /// not have any more. One that cannot be used does not hide the others.
    ///
    /// # Errors
    ///
    /// Where the records cannot be listed, or there are more than 2,000.
    pub fn read_all(&self) -> Result<BTreeMap<Untrusted, Result<Record, RepoError>>, RepoError> {
        let all = match &self.keep {
            Keep::Git(opened) => reference::targets(&lock(opened))?,
            Keep::Folder(folder) => file::targets(&self.place, folder)?,
            Keep::None => Vec::new(),
        };
        if all.len() > MOST {
            let message = format!("there are more than {MOST} records of applies");
            return Err(RepoError::new(Kind::Record, message));
        }
        let mut records = BTreeMap::new();
        for target in all {
            if let Some(record) = self.read(&target).transpose() {
                records.insert(target.into(), record);
            }
        }
        Ok(records)
    }

    /// The last records of other roots in this repository whose folders have no config in `commit` any
    /// more, each with its reference as a shell takes it, and its folder: the definitions may have been
    /// moved here. Nothing where records are not kept in git.
    ///
    /// # Errors
    ///
    /// Where the commit is not in this clone, or the records cannot be listed.
    pub fn left_behind(&self, commit: &str) -> Result<Vec<(String, String, Record)>, RepoError> {
        let Keep::Git(opened) = &self.keep else { return Ok(Vec::new()) };
        let opened = lock(opened);
        let top = resolve::commit(&opened.repo, commit)?.tree_id();
        let tree = tree::open(&opened.repo, top, "").map_err(|error| match error.missing {
            true => git::missing(&opened.repo, "the top folder", error.id),
            false => RepoError::new(Kind::Git, format!("the top folder of {commit} {}", error.fault)),
        })?;
        let found = reference::left_behind(&opened, &tree, &[CONFIG_NAME, &self.place.config])?;
        let quoted = |(name, root, record): (String, _, _)| (shell::quote(name.as_bytes()), root, record);
        Ok(found.into_iter().map(quoted).collect())
    }

    /// Keeps `record` as the last one of its target, after the one before it.
    ///
    /// The repository is changed in nothing but that reference and its objects: no hook runs, nothing
    /// is signed, no branch moves, nothing is pushed.
    ///
    /// # Errors
    ///
    /// `Moved` where another record was written since this store read the target's, and nothing
    /// was written; `Record` where `record` itself breaks the format; `Link`, `BadPath`, `Io`, `Git`
    /// where it cannot be written.
    pub fn write(&self, record: &Record) -> Result<(), RepoError> {
        let bytes = record.to_bytes()?;
        let target = record.target.raw();
        let seen = lock(&self.seen).get(target).copied();
        let version = match &self.keep {
            Keep::Git(opened) => reference::write(&lock(opened), record, &bytes, seen)?,
            Keep::Folder(folder) => file::write(&self.place, folder, target, &bytes, seen)?,
            Keep::None => return Ok(()),
        };
        lock(&self.seen).insert(target.to_owned(), Some(version));
        Ok(())
    }

    /// Where the record of `target` is kept: the full name of the reference, or the path below the
    /// root; `None` where it is kept nowhere.
    pub fn location(&self, target: &str) -> Option<String> {
        match &self.keep {
            Keep::Git(opened) => Some(reference::name(&lock(opened).prefix, target)),
            Keep::Folder(folder) => Some(file::path(folder, target)),
            Keep::None => None,
        }
    }
}

impl fmt::Debug for RecordStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keep = match &self.keep {
            Keep::Git(_) => "git",
            Keep::Folder(folder) => folder,
            Keep::None => "none",
        };
        f.debug_struct("RecordStore").field("keep", &keep).finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Somebody else wrote a record.
fn moved(target: &str) -> RepoError {
    let message = format!("another apply of `{target}` was recorded meanwhile, so this one was not");
    RepoError::new(Kind::Moved, message).help("Plan again, to see what the other one left to do.")
}
