//! The files of a commit, read from git's objects: no checkout, no filters, no hooks.

use std::{
    collections::HashSet,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use git2::{ErrorCode, ObjectType, Oid, Repository, TreeEntry};

use super::{
    ConfigPlace, RepoError, RepoErrorKind, Root, gather::Gather, git, path, resolve, work_tree::too_large,
};
use crate::model::files::{FileError, FileErrorKind as Kind, Files, LARGEST_FILE, Listing};

/// Longest target of a link that is looked at.
const LONGEST_LINK: usize = 4096;

/// The definitions as a commit has them.
pub struct Revision {
    repo: Mutex<Repository>,
    spec: Arc<str>,
    commit: Arc<str>,
    /// The commit's own tree.
    top: Oid,
    /// Folder of the definitions in it.
    prefix: String,
    /// The tree of that folder; `None` where the commit does not have it.
    root: Option<Oid>,
    config: Arc<str>,
}

/// What an entry of a tree is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Entry {
    Folder,
    File,
    Link,
    Submodule,
}

impl Entry {
    fn of(entry: &TreeEntry<'_>) -> Self {
        // The upper bits of the mode decide, as in git itself; old trees have modes such as 100664.
        match entry.filemode_raw() & 0o170_000 {
            0o040_000 => Self::Folder,
            0o120_000 => Self::Link,
            0o160_000 => Self::Submodule,
            _ => Self::File,
        }
    }

    fn fault(self) -> (Kind, &'static str) {
        match self {
            Self::Folder => (Kind::NotAFile, "is a folder"),
            Self::File => (Kind::NotFound, "is not a folder"),
            Self::Link => (Kind::Link, "is a symbolic link; links are not followed"),
            Self::Submodule => (Kind::NotAFile, "is a submodule; its files are not read"),
        }
    }
}

impl Revision {
    /// The definitions of `place` as the commit that `rev` names has them.
    ///
    /// A commit without the folder of the definitions is not an error: it has no files.
    ///
    /// # Errors
    ///
    /// `NotARepository` outside git; `UnknownRevision`, `AmbiguousRevision`, `Shallow`,
    /// `MissingObject`; `Link` where the folder of the definitions lies behind a link or in a
    /// submodule in that commit; `Owner`, `Unsupported`, `Git` where the repository cannot be opened.
    pub fn open(place: &ConfigPlace, rev: &str) -> Result<Self, RepoError> {
        let Some(git::Opened { repo, prefix }) = git::open(place)? else {
            let at = match &place.root {
                Root::Folder(folder) => folder,
                Root::Bare { git_dir, .. } => git_dir,
            };
            let message =
                format!("`{}` is not in a git repository, so there is no revision `{rev}`", at.display());
            return Err(RepoError::new(RepoErrorKind::NotARepository, message)
                .help("Run rolecall in a clone, or leave the revision out."));
        };
        let commit = resolve::commit(&repo, rev)?;
        let (id, top) = (commit.id(), commit.tree_id());
        drop(commit);
        let mut root = Some(top);
        let mut seen = String::new();
        for part in prefix.split('/').filter(|part| !part.is_empty()) {
            seen = if seen.is_empty() { part.to_owned() } else { format!("{seen}/{part}") };
            let Some(folder) = root else { break };
            let tree = tree(&repo, folder, &seen).map_err(|error| open_error(&repo, rev, &error))?;
            root = match tree.get_name(part).map(|entry| (Entry::of(&entry), entry.id())) {
                Some((Entry::Folder, id)) => Some(id),
                Some((kind @ (Entry::Link | Entry::Submodule), _)) => {
                    let (_, fault) = kind.fault();
                    let message =
                        format!("in the revision `{rev}` the folder of the definitions `{seen}` {fault}");
                    return Err(RepoError::new(RepoErrorKind::Link, message)
                        .help("Name the real folder with `-C DIR` or `--config FILE`."));
                }
                Some((Entry::File, _)) | None => None,
            };
        }
        Ok(Self {
            repo: Mutex::new(repo),
            spec: rev.into(),
            commit: id.to_string().into(),
            top,
            prefix,
            root,
            config: Arc::clone(&place.config),
        })
    }

    /// The commit's full id.
    pub fn commit(&self) -> &Arc<str> {
        &self.commit
    }

    /// The revision as it was named.
    pub fn spec(&self) -> &Arc<str> {
        &self.spec
    }

    /// Whether everything that `patterns` match, and the config, is in this clone.
    ///
    /// What a removal depends on has to pass this first: a base of which a part is missing proves
    /// nothing. Only headers of objects are read.
    ///
    /// # Errors
    ///
    /// `MissingObject` or `Shallow`, with the command that fetches what is missing.
    pub fn complete(&self, patterns: &[Arc<str>]) -> Result<(), RepoError> {
        let repo = self.lock();
        let Some(root) = self.root else { return Ok(()) };
        let mut gather = Gather::new(patterns);
        if let Some(missing) = self.walk(&repo, root, &mut gather) {
            return Err(git::missing(&repo, &format!("a folder of the revision `{}`", self.spec), missing));
        }
        let mut files = gather.finish().files;
        files.push(Arc::clone(&self.config));
        for file in files {
            let Ok(id) = self.find(&repo, &file) else { continue };
            if header(&repo, id).is_err() {
                return Err(git::missing(&repo, &format!("`{file}` of the revision `{}`", self.spec), id));
            }
        }
        Ok(())
    }

    /// The object of the file at `path`; `None` where the commit has no regular file there.
    pub(super) fn blob(&self, path: &str) -> Option<Oid> {
        self.find(&self.lock(), path).ok()
    }

    fn lock(&self) -> MutexGuard<'_, Repository> {
        self.repo.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Walks the trees into `gather`; the first tree that is missing.
    fn walk(&self, repo: &Repository, root: Oid, gather: &mut Gather) -> Option<Oid> {
        let mut missing = None;
        // A folder that stands in many places is one object: its size is looked up once.
        let mut known = HashSet::new();
        let mut folders = vec![(String::new(), root)];
        while let Some((folder, id)) = folders.pop() {
            let found = if known.contains(&id) { repo.find_tree(id).ok() } else { None };
            let tree = match found.map_or_else(|| tree(repo, id, &folder), Ok) {
                Ok(tree) => tree,
                Err(error) => {
                    gather.refuse_folder(&folder, error.kind, &error.fault);
                    if error.missing {
                        missing = missing.or(Some(id));
                    }
                    continue;
                }
            };
            known.insert(id);
            for entry in &tree {
                let name = String::from_utf8_lossy(entry.name_bytes());
                let path = if folder.is_empty() { name.to_string() } else { format!("{folder}/{name}") };
                if !gather.visit(&path) {
                    return missing;
                }
                let kind = Entry::of(&entry);
                if entry.name().is_err() {
                    let fault = "has a name that is not UTF-8";
                    match kind {
                        Entry::Folder => gather.refuse_folder(&path, Kind::NotUnicode, fault),
                        _ => gather.refuse(&path, Kind::NotUnicode, fault),
                    }
                    continue;
                }
                let (refusal, fault) = kind.fault();
                match kind {
                    // A tree that somebody made by hand can have any bytes as names.
                    Entry::Folder if name.is_empty() || name.contains('/') => {}
                    Entry::File if name.contains('/') => {}
                    Entry::Folder if gather.folder(&path) => folders.push((path, entry.id())),
                    Entry::Folder => {}
                    Entry::File => gather.file(&path),
                    Entry::Link if self.leads_to_folder(repo, &folder, entry.id()) => {
                        gather.refuse_folder(&path, refusal, fault);
                    }
                    Entry::Link => gather.refuse(&path, refusal, fault),
                    Entry::Submodule => gather.refuse_folder(&path, refusal, fault),
                }
            }
        }
        missing
    }

    /// Whether the link `id` in `folder` leads to a folder of this commit, or to somewhere that
    /// cannot be told.
    fn leads_to_folder(&self, repo: &Repository, folder: &str, id: Oid) -> bool {
        let Ok((size, ObjectType::Blob)) = header(repo, id) else { return true };
        if size > LONGEST_LINK {
            return true;
        }
        let Ok(blob) = repo.find_blob(id) else { return true };
        let Ok(target) = std::str::from_utf8(blob.content()) else { return true };
        if target.starts_with('/') {
            return true;
        }
        let mut parts: Vec<&str> =
            self.prefix.split('/').chain(folder.split('/')).filter(|part| !part.is_empty()).collect();
        for part in target.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    if parts.pop().is_none() {
                        return true;
                    }
                }
                part => parts.push(part),
            }
        }
        let mut id = self.top;
        for part in parts {
            let Ok(tree) = tree(repo, id, "") else { return true };
            let Some(entry) = tree.get_name(part) else { return false };
            match Entry::of(&entry) {
                Entry::Folder => id = entry.id(),
                Entry::File => return false,
                Entry::Link | Entry::Submodule => return true,
            }
        }
        true
    }

    /// The blob at `path`.
    fn find(&self, repo: &Repository, path: &str) -> Result<Oid, FileError> {
        let absent = || {
            path::error(
                path,
                Kind::NotFound,
                format!("there is no file `{path}` in the revision `{}`", self.spec),
            )
        };
        let mut id = self.root.ok_or_else(absent)?;
        let mut parts = path.split('/').peekable();
        let mut seen = String::new();
        while let Some(part) = parts.next() {
            let tree = tree(repo, id, &seen).map_err(|error| {
                path::error(path, error.kind, format!("cannot read `{path}`: `{}` {}", seen, error.fault))
            })?;
            seen = if seen.is_empty() { part.to_owned() } else { format!("{seen}/{part}") };
            let entry = tree.get_name(part).ok_or_else(absent)?;
            let kind = Entry::of(&entry);
            match (kind, parts.peek()) {
                (Entry::Folder, Some(_)) => id = entry.id(),
                (Entry::File, None) => return Ok(entry.id()),
                _ => {
                    let (kind, fault) = kind.fault();
                    let message = format!("cannot read `{path}` of `{}`: `{seen}` {fault}", self.spec);
                    return Err(path::error(path, kind, message));
                }
            }
        }
        Err(absent())
    }
}

impl Files for Revision {
    fn list(&self, patterns: &[Arc<str>]) -> Listing {
        let repo = self.lock();
        let mut gather = Gather::new(patterns);
        if let Some(root) = self.root {
            self.walk(&repo, root, &mut gather);
        }
        gather.finish()
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        path::readable(path, &self.config)?;
        let repo = self.lock();
        let id = self.find(&repo, path)?;
        let gone = |error: &git2::Error| {
            let what = format!("`{path}` of the revision `{}`", self.spec);
            path::error(path, Kind::Io, one_line(&object_error(&repo, &what, id, error)))
        };
        let (size, kind) = header(&repo, id).map_err(|error| gone(&error))?;
        if kind != ObjectType::Blob {
            let message = format!("`{path}` of the revision `{}` is damaged: {id} is not a file", self.spec);
            return Err(path::error(path, Kind::Io, message));
        }
        if size as u64 > LARGEST_FILE {
            return Err(too_large(path, size as u64));
        }
        let blob = repo.find_blob(id).map_err(|error| gone(&error))?;
        Ok(blob.content().to_vec())
    }

    fn fingerprint(&self, path: &str) -> Option<[u8; 20]> {
        path::readable(path, &self.config).ok()?;
        self.blob(path)?.as_bytes().try_into().ok()
    }
}

impl fmt::Debug for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Revision")
            .field("spec", &self.spec)
            .field("commit", &self.commit)
            .finish_non_exhaustive()
    }
}

/// Size and kind of an object, without inflating it.
fn header(repo: &Repository, id: Oid) -> Result<(usize, ObjectType), git2::Error> {
    repo.odb()?.read_header(id)
}

/// Why a tree cannot be read.
struct TreeError {
    id: Oid,
    kind: Kind,
    missing: bool,
    /// The rest of a sentence that starts with the folder.
    fault: String,
}

/// The tree `id`, if it is not larger than a file may be.
fn tree<'r>(repo: &'r Repository, id: Oid, folder: &str) -> Result<git2::Tree<'r>, TreeError> {
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
fn object_error(repo: &Repository, what: &str, id: Oid, error: &git2::Error) -> RepoError {
    match error.code() {
        ErrorCode::NotFound => git::missing(repo, what, id),
        _ => git::failure(&format!("cannot read {what}"), error),
    }
}

/// Message and help for a place that has room for one sentence.
fn one_line(error: &RepoError) -> String {
    match &error.help {
        Some(help) => format!("{} ({})", error.message, help.replace('\n', " ")),
        None => error.message.clone(),
    }
}

fn open_error(repo: &Repository, rev: &str, error: &TreeError) -> RepoError {
    if error.missing {
        return git::missing(repo, &format!("a folder of the revision `{rev}`"), error.id);
    }
    RepoError::new(
        RepoErrorKind::Git,
        format!("in the revision `{rev}` the folder of the definitions {}", error.fault),
    )
}
