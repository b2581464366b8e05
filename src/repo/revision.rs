//! The files of a commit, read from git's objects: no checkout, no filters, no hooks.

use std::{
    collections::{BTreeMap, HashSet},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use git2::{ObjectType, Oid, Repository};

use super::{
    ConfigPlace, RepoError, RepoErrorKind,
    gather::Gather,
    git, path, resolve,
    tree::{self, Entry, Folders},
    work_tree::too_large,
};
use crate::model::files::{FileError, FileErrorKind as Kind, Files, LARGEST_FILE, Listing};

/// Longest target of a link that is looked at.
const LONGEST_LINK: usize = 4096;

/// The definitions as a commit has them.
pub struct Revision {
    store: Mutex<Store>,
    spec: Arc<str>,
    commit: Arc<str>,
    /// The commit's own tree.
    top: Oid,
    /// Folder of the definitions in it.
    prefix: String,
    /// The tree of that folder; `None` where the commit does not have it.
    root: Option<Oid>,
    config: Arc<str>,
    /// Files that a merge left undecided, and why, as the rest of a sentence.
    unmerged: BTreeMap<Arc<str>, String>,
}

struct Store {
    repo: Repository,
    folders: Folders,
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
        let git::Opened { repo, prefix } =
            git::needed(place, &format!("no revision `{rev}`"), "leave the revision out")?;
        let commit = resolve::commit(&repo, rev)?;
        let (id, top) = (commit.id(), commit.tree_id());
        drop(commit);
        Self::of_tree(repo, prefix, &place.config, rev, id, top)
    }

    /// The definitions below the folder `prefix` of the tree `top`. `id` is what [`Self::commit`]
    /// tells, `rev` what messages call it.
    pub(super) fn of_tree(
        repo: Repository,
        prefix: String,
        config: &Arc<str>,
        rev: &str,
        id: Oid,
        top: Oid,
    ) -> Result<Self, RepoError> {
        let mut root = Some(top);
        let mut seen = String::new();
        for part in prefix.split('/').filter(|part| !part.is_empty()) {
            seen = if seen.is_empty() { part.to_owned() } else { format!("{seen}/{part}") };
            let Some(folder) = root else { break };
            let tree = tree::open(&repo, folder, &seen).map_err(|error| open_error(&repo, rev, &error))?;
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
            store: Mutex::new(Store { repo, folders: Folders::default() }),
            spec: rev.into(),
            commit: id.to_string().into(),
            top,
            prefix,
            root,
            config: Arc::clone(config),
            unmerged: BTreeMap::new(),
        })
    }

    /// The same without these files: reading one says why, as the rest of a sentence.
    pub(super) fn without(self, unmerged: BTreeMap<Arc<str>, String>) -> Self {
        Self { unmerged, ..self }
    }

    /// The commit's full id; of a merge in memory, which is no commit, that of its tree.
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
        let mut store = self.lock();
        let Some(root) = self.root else { return Ok(()) };
        let mut gather = Gather::new(patterns);
        if let Some(missing) = self.walk(&store.repo, root, &mut gather) {
            return Err(git::missing(
                &store.repo,
                &format!("a folder of the revision `{}`", self.spec),
                missing,
            ));
        }
        let mut files = gather.finish().files;
        files.push(Arc::clone(&self.config));
        for file in files {
            let Ok(id) = self.find(&mut store, &file) else { continue };
            if tree::header(&store.repo, id).is_err() {
                return Err(git::missing(
                    &store.repo,
                    &format!("`{file}` of the revision `{}`", self.spec),
                    id,
                ));
            }
        }
        Ok(())
    }

    /// The object of the file at `path`; `None` where the commit has no regular file there.
    pub(super) fn blob(&self, path: &str) -> Option<Oid> {
        self.find(&mut self.lock(), path).ok()
    }

    fn lock(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Walks the trees into `gather`; the first tree that is missing.
    fn walk(&self, repo: &Repository, root: Oid, gather: &mut Gather) -> Option<Oid> {
        let mut missing = None;
        // A folder that stands in many places is one object: its size is looked up once.
        let mut known = HashSet::new();
        let mut folders = vec![(String::new(), root)];
        while let Some((folder, id)) = folders.pop() {
            let found = if known.contains(&id) { repo.find_tree(id).ok() } else { None };
            let tree = match found.map_or_else(|| tree::open(repo, id, &folder), Ok) {
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
                    Entry::Link => match self.leads_to_folder(repo, &folder, entry.id()) {
                        Some(true) => gather.refuse_folder(&path, refusal, fault),
                        Some(false) => gather.refuse(&path, refusal, fault),
                        None => gather.refuse_either(&path, refusal, fault),
                    },
                    Entry::Submodule => gather.refuse_folder(&path, refusal, fault),
                }
            }
        }
        missing
    }

    /// Whether the link `id` in `folder` leads to a folder of this commit; `None` where that cannot be told.
    fn leads_to_folder(&self, repo: &Repository, folder: &str, id: Oid) -> Option<bool> {
        let Ok((size, ObjectType::Blob)) = tree::header(repo, id) else { return None };
        if size > LONGEST_LINK {
            return None;
        }
        let Ok(blob) = repo.find_blob(id) else { return None };
        let Ok(target) = std::str::from_utf8(blob.content()) else { return None };
        if target.starts_with('/') {
            return None;
        }
        let mut parts: Vec<&str> =
            self.prefix.split('/').chain(folder.split('/')).filter(|part| !part.is_empty()).collect();
        for part in target.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    let _left = parts.pop()?;
                }
                part => parts.push(part),
            }
        }
        let mut id = self.top;
        for part in parts {
            let Ok(tree) = tree::open(repo, id, "") else { return None };
            let Some(entry) = tree.get_name(part) else { return Some(false) };
            match Entry::of(&entry) {
                Entry::Folder => id = entry.id(),
                Entry::File => return Some(false),
                Entry::Link | Entry::Submodule => return None,
            }
        }
        Some(true)
    }

    /// The blob at `path`.
    fn find(&self, store: &mut Store, path: &str) -> Result<Oid, FileError> {
        let absent = || {
            path::error(
                path,
                Kind::NotFound,
                format!("there is no file `{path}` in the revision `{}`", self.spec),
            )
        };
        if let Some(fault) = self.unmerged.get(path) {
            return Err(path::error(path, Kind::Io, format!("`{path}` {fault}")));
        }
        let mut id = self.root.ok_or_else(absent)?;
        let mut parts = path.split('/').peekable();
        let mut seen = String::new();
        while let Some(part) = parts.next() {
            let folder = store.folders.get(&store.repo, id, &seen).map_err(|error| {
                path::error(path, error.kind, format!("cannot read `{path}`: `{}` {}", seen, error.fault))
            })?;
            seen = if seen.is_empty() { part.to_owned() } else { format!("{seen}/{part}") };
            let (kind, entry) = *folder.get(part).ok_or_else(absent)?;
            match (kind, parts.peek()) {
                (Entry::Folder, Some(_)) => id = entry,
                (Entry::File, None) => return Ok(entry),
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
        let store = self.lock();
        let mut gather = Gather::new(patterns);
        if let Some(root) = self.root {
            self.walk(&store.repo, root, &mut gather);
        }
        for (path, fault) in &self.unmerged {
            gather.refuse(path, Kind::Io, fault);
        }
        gather.finish()
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        path::readable(path, &self.config)?;
        let mut store = self.lock();
        let id = self.find(&mut store, path)?;
        let gone = |error: &git2::Error| {
            let what = format!("`{path}` of the revision `{}`", self.spec);
            path::error(path, Kind::Io, tree::one_line(&tree::object_error(&store.repo, &what, id, error)))
        };
        let (size, kind) = tree::header(&store.repo, id).map_err(|error| gone(&error))?;
        if kind != ObjectType::Blob {
            let message = format!("`{path}` of the revision `{}` is damaged: {id} is not a file", self.spec);
            return Err(path::error(path, Kind::Io, message));
        }
        if size as u64 > LARGEST_FILE {
            return Err(too_large(path, size as u64));
        }
        let blob = store.repo.find_blob(id).map_err(|error| gone(&error))?;
        Ok(blob.content().to_vec())
    }

    fn fingerprint(&self, path: &str) -> Option<[u8; 20]> {
        path::readable(path, &self.config).ok()?;
        self.blob(path)?.as_bytes().try_into().ok()
    }

    fn fingerprint_of(&self, bytes: &[u8]) -> Option<[u8; 20]> {
        Oid::hash_object(ObjectType::Blob, bytes).ok()?.as_bytes().try_into().ok()
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

fn open_error(repo: &Repository, rev: &str, error: &tree::TreeError) -> RepoError {
    if error.missing {
        return git::missing(repo, &format!("a folder of the revision `{rev}`"), error.id);
    }
    RepoError::new(
        RepoErrorKind::Git,
        format!("in the revision `{rev}` the folder of the definitions {}", error.fault),
    )
}
