//! Reading git's trees: sizes before contents, and each only once.

use std::{collections::HashMap, sync::Arc};

use git2::{ErrorCode, ObjectType, Oid, Repository, TreeEntry};

use super::{RepoError, git};
use crate::model::files::{FileErrorKind as Kind, LARGEST_FILE};

/// Most entries of folders that are kept; about 100 bytes each.
const MOST_KEPT: usize = 200_000;

/// What an entry of a tree is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    Folder,
    File,
    Link,
    Submodule,
}

impl Entry {
    pub(super) fn of(entry: &TreeEntry<'_>) -> Self {
        // The upper bits of the mode decide, as in git itself; old trees have modes such as 100664.
        match entry.filemode_raw() & 0o170_000 {
            0o040_000 => Self::Folder,
            0o120_000 => Self::Link,
            0o160_000 => Self::Submodule,
            _ => Self::File,
        }
    }

    pub(super) fn fault(self) -> (Kind, &'static str) {
        match self {
            Self::Folder => (Kind::NotAFile, "is a folder"),
            Self::File => (Kind::NotFound, "is not a folder"),
            Self::Link => (Kind::Link, "is a symbolic link; links are not followed"),
            Self::Submodule => (Kind::NotAFile, "is a submodule; its files are not read"),
        }
    }
}

/// Size and kind of an object, without inflating it.
pub(super) fn header(repo: &Repository, id: Oid) -> Result<(usize, ObjectType), git2::Error> {
    repo.odb()?.read_header(id)
}

/// Why a tree cannot be read.
pub(super) struct TreeError {
    pub(super) id: Oid,
    pub(super) kind: Kind,
    pub(super) missing: bool,
    /// The rest of a sentence that starts with the folder.
    pub(super) fault: String,
}

/// The tree `id`, if it is not larger than a file may be.
pub(super) fn open<'r>(repo: &'r Repository, id: Oid, folder: &str) -> Result<git2::Tree<'r>, TreeError> {
    let failed = |error: git2::Error| {
        let what =
            if folder.is_empty() { "the top folder".to_owned() } else { format!("the folder `{folder}`") };
        TreeError {
            id,
            kind: Kind::Io,
            missing: error.code() == ErrorCode::NotFound,
            fault: format!("cannot be read: {}", one_line(&object_error(repo, &what, id, &error))),
        }
    };
    let (size, _) = header(repo, id).map_err(failed)?;
    if size as u64 > LARGEST_FILE {
        let fault =
            format!("is a folder whose list of files has {size} bytes; at most {LARGEST_FILE} are read");
        return Err(TreeError { id, kind: Kind::TooLarge, missing: false, fault });
    }
    repo.find_tree(id).map_err(failed)
}

/// A failure to read object `id`, which is `what`.
pub(super) fn object_error(repo: &Repository, what: &str, id: Oid, error: &git2::Error) -> RepoError {
    match error.code() {
        ErrorCode::NotFound => git::missing(repo, what, id),
        _ => git::failure(&format!("cannot read {what}"), error),
    }
}

/// Message and help for a place that has room for one sentence.
pub(super) fn one_line(error: &RepoError) -> String {
    match &error.help {
        Some(help) => format!("{} ({})", error.message, help.replace('\n', " ")),
        None => error.message.clone(),
    }
}

/// Folders that were read, by id: without them each file of a folder would cost reading the folder.
#[derive(Default)]
pub(super) struct Folders {
    known: HashMap<Oid, Arc<Folder>>,
    entries: usize,
}

/// What a folder has, by name. Names that are not UTF-8 are left out: no path leads to them.
type Folder = HashMap<Box<str>, (Entry, Oid)>;

impl Folders {
    /// What the folder `id` at the path `at` has.
    pub(super) fn get(&mut self, repo: &Repository, id: Oid, at: &str) -> Result<Arc<Folder>, TreeError> {
        if let Some(folder) = self.known.get(&id) {
            return Ok(Arc::clone(folder));
        }
        let tree = open(repo, id, at)?;
        let entries = tree.iter().filter_map(|entry| {
            let name = Box::from(entry.name().ok()?);
            Some((name, (Entry::of(&entry), entry.id())))
        });
        let folder: Arc<Folder> = Arc::new(entries.collect());
        if self.entries + folder.len() > MOST_KEPT {
            *self = Self::default();
        }
        self.entries += folder.len();
        self.known.insert(id, Arc::clone(&folder));
        Ok(folder)
    }
}
