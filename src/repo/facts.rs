//! What git knows about the work tree that is planned.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use git2::{DiffOptions, ErrorCode, ObjectType, Oid, Repository};

use super::{ConfigPlace, RepoError, Revision, Root, WorkTree, git};
use crate::model::files::Files;

/// The commit, the branch, and what differs from them. Outside git, which is a normal state,
/// nothing is known and nothing is dirty.
pub struct Facts {
    /// Full id of `HEAD`'s commit; `None` outside git and before the first commit.
    pub commit: Option<String>,
    /// Name of the branch, without `refs/heads/`; `None` outside git and on a detached head.
    pub branch: Option<String>,
    /// Whether the clone holds only the latest part of the history.
    pub shallow: bool,
    git: Option<Git>,
}

struct Git {
    repo: Mutex<Repository>,
    head: Option<Oid>,
    prefix: String,
    place: ConfigPlace,
}

impl Facts {
    /// The facts about the work tree that `place` lies in.
    ///
    /// # Errors
    ///
    /// `Owner`, `Unsupported`, `Git` where the repository cannot be opened; `MissingObject` where
    /// `HEAD`'s commit is not there. A bare repository has facts, too: those of its `HEAD`.
    pub fn of(place: &ConfigPlace) -> Result<Self, RepoError> {
        let Some(git::Opened { repo, prefix }) = git::open(place)? else {
            return Ok(Self { commit: None, branch: None, shallow: false, git: None });
        };
        let symbolic = repo.find_reference("HEAD").ok().and_then(|head| {
            let target = head.symbolic_target().ok().flatten()?;
            target.strip_prefix("refs/heads/").map(str::to_owned)
        });
        let head = match repo.head() {
            Ok(head) => Some(head.peel_to_commit().map_err(|error| match (error.code(), head.target()) {
                (ErrorCode::NotFound, Some(id)) => git::missing(&repo, "the commit that `HEAD` names", id),
                _ => git::failure("cannot read the commit that `HEAD` names", &error),
            })?),
            Err(error) if matches!(error.code(), ErrorCode::UnbornBranch | ErrorCode::NotFound) => None,
            Err(error) => return Err(git::failure("cannot read `HEAD`", &error)),
        };
        let head = head.map(|commit| commit.id());
        Ok(Self {
            commit: head.map(|id| id.to_string()),
            branch: symbolic,
            shallow: git::is_shallow(&repo),
            git: Some(Git { repo: Mutex::new(repo), head, prefix, place: place.clone() }),
        })
    }

    /// The folder of the definitions inside the repository, with `/`; empty at its top and outside git.
    pub fn prefix(&self) -> &str {
        self.git.as_ref().map_or("", |git| &git.prefix)
    }

    /// The owner of the repository that this clone came from, where its address names one:
    /// `https://HOST/OWNER/NAME` or `git@HOST:OWNER/NAME`.
    pub fn origin_owner(&self) -> Option<String> {
        let repo = self.git.as_ref()?.repo.lock().unwrap_or_else(PoisonError::into_inner);
        let remote = repo.find_remote("origin").ok()?;
        let url = remote.url().ok()?.trim_end_matches('/').trim_end_matches(".git").to_owned();
        let path = match url.split_once("://") {
            Some((_, rest)) => rest.split_once('/')?.1,
            None => url.split_once(':')?.1,
        };
        let (owner, name) = path.split_once('/')?;
        let plain = |text: &str| {
            !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
        };
        (plain(owner) && plain(name)).then(|| owner.to_owned())
    }

    /// The branch that the server shows first, as this clone knows it.
    pub fn default_branch(&self) -> Option<String> {
        let repo = self.git.as_ref()?.repo.lock().unwrap_or_else(PoisonError::into_inner);
        let head = repo.find_reference("refs/remotes/origin/HEAD").ok()?;
        let name = head.symbolic_target().ok().flatten()?.strip_prefix("refs/remotes/origin/")?.to_owned();
        Some(name)
    }

    /// The branch that is probably the default one where nothing says so: `main` where there is one, else the one
    /// that is checked out, with commits or without.
    pub fn likely_branch(&self) -> Option<String> {
        let repo = self.git.as_ref()?.repo.lock().unwrap_or_else(PoisonError::into_inner);
        let there = |name: &str| repo.find_reference(name).is_ok();
        match there("refs/heads/main") || there("refs/remotes/origin/main") {
            true => Some("main".to_owned()),
            false => self.branch.clone(),
        }
    }

    /// Whether a file that a plan reads differs from `HEAD`; see [`Self::changed`].
    ///
    /// # Errors
    ///
    /// As [`Self::changed`].
    pub fn dirty(&self, paths: &[Arc<str>], patterns: &[Arc<str>]) -> Result<bool, RepoError> {
        Ok(!self.changed(paths, patterns)?.is_empty())
    }

    /// The files that differ from `HEAD`, sorted: of the config, of `paths` (what was read from the
    /// work tree, relative to the root), and of what `HEAD` has under `patterns`. Untracked, ignored,
    /// and deleted files differ; the index is not asked; line endings that git would convert
    /// (`core.autocrlf`, `.gitattributes`) and modes do not differ.
    ///
    /// # Errors
    ///
    /// `MissingObject` or `Shallow` where a part of `HEAD` is not in this clone, `Git` where git's
    /// library fails.
    pub fn changed(&self, paths: &[Arc<str>], patterns: &[Arc<str>]) -> Result<Vec<Arc<str>>, RepoError> {
        let Some(git) = &self.git else { return Ok(Vec::new()) };
        if matches!(git.place.root, Root::Bare { .. }) {
            return Ok(Vec::new());
        }
        let files = WorkTree::open(&git.place)?;
        let mut paths: Vec<Arc<str>> = paths.to_vec();
        paths.push(Arc::clone(&git.place.config));
        let head = git.head.map(|head| Revision::open(&git.place, &head.to_string())).transpose()?;
        if let Some(head) = &head {
            head.complete(patterns)?;
            paths.extend(head.list(patterns).files);
        }
        paths.sort();
        paths.dedup();
        let Some(head) = head else { return Ok(paths) };
        let mut changed = Vec::new();
        let mut unsure = Vec::new();
        for path in paths {
            match (head.blob(&path), files.read(&path)) {
                (Some(id), Ok(bytes)) => match Oid::hash_object(ObjectType::Blob, &bytes) {
                    Ok(hash) if hash == id => {}
                    _ => unsure.push(path),
                },
                (None, Err(_)) if path == git.place.config => {}
                _ => changed.push(path),
            }
        }
        changed.extend(git.differing(&unsure)?);
        changed.sort();
        changed.dedup();
        Ok(changed)
    }
}

impl Git {
    fn lock(&self) -> MutexGuard<'_, Repository> {
        self.repo.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Those of `paths`, which `HEAD` has, that differ from it after the conversion of line endings.
    ///
    /// git's library has no filters but that one and `$Id$`; it starts no programs.
    fn differing(&self, paths: &[Arc<str>]) -> Result<Vec<Arc<str>>, RepoError> {
        let Some(head) = self.head else { return Ok(paths.to_vec()) };
        if paths.is_empty() {
            return Ok(Vec::new());
        }
        let mut options = DiffOptions::new();
        options.disable_pathspec_match(true).ignore_filemode(true);
        options.include_untracked(true).recurse_untracked_dirs(true).include_ignored(true);
        let start = if self.prefix.is_empty() { String::new() } else { format!("{}/", self.prefix) };
        for path in paths {
            options.pathspec(format!("{start}{path}"));
        }
        let repo = self.lock();
        let diff = repo
            .find_commit(head)
            .and_then(|commit| commit.tree())
            .and_then(|tree| repo.diff_tree_to_workdir(Some(&tree), Some(&mut options)))
            .map_err(|error| git::failure("cannot compare the work tree with `HEAD`", &error))?;
        let names = diff.deltas().filter_map(|delta| {
            let name = delta.new_file().path_bytes().or_else(|| delta.old_file().path_bytes())?;
            let name = String::from_utf8_lossy(name);
            Some(Arc::from(name.strip_prefix(start.as_str()).unwrap_or(&name)))
        });
        Ok(names.collect())
    }
}

impl fmt::Debug for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Facts")
            .field("commit", &self.commit)
            .field("branch", &self.branch)
            .field("shallow", &self.shallow)
            .finish_non_exhaustive()
    }
}
