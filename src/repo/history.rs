//! What git knows about the commits before a commit, and about branches.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use git2::{Oid, Repository};

use super::{ConfigPlace, RepoError, RepoErrorKind as Kind, git, graph::Graph, resolve, tree};

/// The history of the repository that the definitions lie in.
///
/// No answer is guessed: where a shallow, partial, or damaged clone does not hold what an answer
/// needs, there is an error that says what fetches it.
pub struct History {
    inner: Mutex<Inner>,
}

struct Inner {
    /// The repository itself, for names: a linked work tree has its own `HEAD`.
    names: Repository,
    graph: Graph,
    /// Folder of the definitions in the trees, with `/`; empty for the top.
    prefix: String,
}

/// The newest commit of a branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tip {
    /// As git shows it: `origin/main`, or `main` for a local branch. May hold what somebody who can
    /// push chose.
    pub name: String,
    /// Full id.
    pub commit: Arc<str>,
}

impl History {
    /// The history of the repository that `place` lies in; `None` outside git.
    ///
    /// # Errors
    ///
    /// `Owner`, `Unsupported`, `Git`, `BadPath` where the repository cannot be opened.
    pub fn open(place: &ConfigPlace) -> Result<Option<Self>, RepoError> {
        let Some(git::Opened { repo, prefix }) = git::open(place)? else { return Ok(None) };
        ungrafted(&repo)?;
        let again = git::open_exactly(repo.path()).map_err(|error| git::refusal(&error, repo.path()))?;
        let inner = Inner { names: repo, graph: Graph::of(again)?, prefix };
        Ok(Some(Self { inner: Mutex::new(inner) }))
    }

    /// The full id of the commit that `rev` names.
    ///
    /// # Errors
    ///
    /// `UnknownRevision`, `AmbiguousRevision`, `Shallow`, `MissingObject`.
    pub fn resolve(&self, rev: &str) -> Result<Arc<str>, RepoError> {
        let inner = self.lock();
        Ok(resolve::commit(&inner.names, rev)?.id().to_string().into())
    }

    /// Whether the commit `ancestor` is `of`, or comes before it. Both are resolved as by
    /// [`Self::resolve`].
    ///
    /// # Errors
    ///
    /// `Shallow` where the history ends too early to tell, `MissingObject` where a commit is lost;
    /// and those of [`Self::resolve`].
    pub fn is_ancestor(&self, ancestor: &str, of: &str) -> Result<bool, RepoError> {
        let inner = self.lock();
        let (ancestor, of) = (inner.id(ancestor)?, inner.id(of)?);
        inner.graph.is_ancestor(ancestor, of)
    }

    /// Whether two commits have history in common.
    ///
    /// # Errors
    ///
    /// As [`Self::is_ancestor`].
    pub fn is_related(&self, one: &str, two: &str) -> Result<bool, RepoError> {
        let inner = self.lock();
        let (one, two) = (inner.id(one)?, inner.id(two)?);
        Ok(!inner.graph.common(one, two)?.is_empty())
    }

    /// Full id of the commit at which the histories of two commits parted: their best common ancestor,
    /// the first one where there are several. `None` where they have no history in common.
    ///
    /// # Errors
    ///
    /// As [`Self::is_ancestor`].
    pub fn merge_base(&self, one: &str, two: &str) -> Result<Option<Arc<str>>, RepoError> {
        let inner = self.lock();
        let (one, two) = (inner.id(one)?, inner.id(two)?);
        Ok(inner.graph.common(one, two)?.first().map(|id| id.to_string().into()))
    }

    /// Full ids of the parents of `commit`, in order; empty for a commit that began a history.
    ///
    /// # Errors
    ///
    /// `Shallow` where the clone's history ends early at exactly this commit; and those of
    /// [`Self::resolve`].
    pub fn parents(&self, commit: &str) -> Result<Vec<Arc<str>>, RepoError> {
        let inner = self.lock();
        let parents = inner.graph.parents(inner.id(commit)?)?;
        Ok(parents.iter().map(|id| id.to_string().into()).collect())
    }

    /// Full id of the first parent of `commit`: what its branch was before it. `None` for a commit
    /// that began a history.
    ///
    /// # Errors
    ///
    /// As [`Self::parents`], and `MissingObject` where this clone lost the parent.
    pub fn first_parent(&self, commit: &str) -> Result<Option<Arc<str>>, RepoError> {
        let inner = self.lock();
        let Some(parent) = inner.graph.parents(inner.id(commit)?)?.first().copied() else { return Ok(None) };
        Ok(Some(inner.graph.commit(parent)?.id().to_string().into()))
    }

    /// The commit that the reference with this full name (`refs/heads/main`) leads to; `None` where
    /// there is no such reference, or what it names is not a commit of this clone.
    pub fn reference(&self, name: &str) -> Option<Arc<str>> {
        Some(self.lock().tip(name)?.to_string().into())
    }

    /// The branch that local work will be merged into.
    ///
    /// The first of the branches `apply_from` that exists: as the remote `origin` has it (or the
    /// only other remote), or as it is here. Where nothing is said, the default branch of the remote,
    /// else `main` or `master`. Where a branch exists at the remote and here, the newer one counts if
    /// the other leads up to it, else the remote's.
    pub fn target_branch(&self, apply_from: &[&str]) -> Option<Tip> {
        let inner = self.lock();
        inner.newest(&inner.target_name(apply_from)?)
    }

    /// The same branch as a remote has it; `None` where no remote has it.
    pub fn remote_branch(&self, apply_from: &[&str]) -> Option<Tip> {
        let inner = self.lock();
        let (name, id) = inner.at_remote(&inner.target_name(apply_from)?)?;
        Some(Tip { name, commit: id.to_string().into() })
    }

    /// Walks from the commit `from` along first parents, newest first, and gives each commit that
    /// changed the folder of the definitions in any way (the full id). After an error nothing
    /// follows; without one the history was walked to its beginning.
    ///
    /// Where the history ends early, the oldest commit that this clone holds is given before the
    /// error, since nobody knows that it changed nothing.
    ///
    /// # Errors
    ///
    /// Those of [`Self::resolve`]; the items' are `Shallow` and `MissingObject`.
    pub fn first_parents(&self, from: &str) -> Result<FirstParents<'_>, RepoError> {
        let next = Some(Ok(self.lock().id(from)?));
        Ok(FirstParents { history: self, next, known: None })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn id(&self, rev: &str) -> Result<Oid, RepoError> {
        Ok(resolve::commit(&self.names, rev)?.id())
    }

    fn tip(&self, reference: &str) -> Option<Oid> {
        let commit = self.names.find_reference(reference).ok()?.peel_to_commit().ok()?;
        Some(commit.id())
    }

    /// The name of the branch that local work will be merged into.
    fn target_name(&self, apply_from: &[&str]) -> Option<String> {
        let exists = |name: &&&str| self.newest(name).is_some();
        if !apply_from.is_empty() {
            return apply_from.iter().find(exists).map(|name| (*name).to_owned());
        }
        let of_remote = |remote: &String| {
            let head = self.names.find_reference(&format!("refs/remotes/{remote}/HEAD")).ok()?;
            let target = head.symbolic_target().ok().flatten()?.to_owned();
            let name = target.strip_prefix(&format!("refs/remotes/{remote}/"))?.to_owned();
            self.newest(&name).is_some().then_some(name)
        };
        let usual = ["main", "master"];
        let found = self.remotes().iter().find_map(of_remote);
        found.or_else(|| {
            let there = usual.iter().find(|name| self.at_remote(name).is_some());
            there.or_else(|| usual.iter().find(exists)).map(|name| (*name).to_owned())
        })
    }

    /// `origin`, and the other remote where there is exactly one.
    fn remotes(&self) -> Vec<String> {
        let mut found = vec!["origin".to_owned()];
        if let Ok(names) = self.names.remotes() {
            let others = names.iter().filter_map(|name| name.ok().flatten()).filter(|name| *name != "origin");
            let others: Vec<&str> = others.collect();
            if let [only] = *others {
                found.push(only.to_owned());
            }
        }
        found
    }

    /// The branch `name` as a remote has it: the name to show, and its tip.
    fn at_remote(&self, name: &str) -> Option<(String, Oid)> {
        self.remotes().iter().find_map(|remote| {
            let shown = format!("{remote}/{name}");
            Some((shown.clone(), self.tip(&format!("refs/remotes/{shown}"))?))
        })
    }

    fn newest(&self, name: &str) -> Option<Tip> {
        let here = self.tip(&format!("refs/heads/{name}")).map(|id| (name.to_owned(), id));
        let (name, id) = match (self.at_remote(name), here) {
            (Some(there), Some(here)) => {
                let ahead = there.1 != here.1 && self.graph.is_ancestor(there.1, here.1).unwrap_or(false);
                if ahead { here } else { there }
            }
            (there, here) => there.or(here)?,
        };
        Some(Tip { name, commit: id.to_string().into() })
    }

    /// The tree of the folder of the definitions in a commit whose tree is `top`.
    fn folder(&self, top: Oid) -> Result<Option<Oid>, RepoError> {
        let mut at = top;
        for part in self.prefix.split('/').filter(|part| !part.is_empty()) {
            let folder = tree::open(&self.graph.repo, at, &self.prefix).map_err(|error| {
                let what = format!("a folder on the way to `{}`", self.prefix);
                if error.missing {
                    git::missing(&self.graph.repo, &what, error.id)
                } else {
                    RepoError::new(Kind::Git, format!("in the history {what} {}", error.fault))
                }
            })?;
            match folder.get_name(part) {
                Some(entry) if tree::Entry::of(&entry) == tree::Entry::Folder => at = entry.id(),
                _ => return Ok(None),
            }
        }
        Ok(Some(at))
    }
}

/// The commits of [`History::first_parents`].
pub struct FirstParents<'h> {
    history: &'h History,
    next: Option<Result<Oid, RepoError>>,
    /// The last tree of a commit, and that of the folder of the definitions in it.
    known: Option<(Oid, Option<Oid>)>,
}

impl FirstParents<'_> {
    fn folder(&mut self, inner: &Inner, top: Oid) -> Result<Option<Oid>, RepoError> {
        if let Some((known, folder)) = self.known
            && known == top
        {
            return Ok(folder);
        }
        let folder = inner.folder(top)?;
        self.known = Some((top, folder));
        Ok(folder)
    }

    fn step(&mut self, inner: &Inner, id: Oid) -> Result<Option<Arc<str>>, RepoError> {
        let commit = inner.graph.commit(id)?;
        let folder = self.folder(inner, commit.tree_id())?;
        let parent = inner.graph.parents(id).and_then(|parents| {
            let Some(parent) = parents.first() else { return Ok(None) };
            let commit = inner.graph.commit(*parent)?;
            Ok(Some((*parent, self.folder(inner, commit.tree_id())?)))
        });
        let same = matches!(&parent, Ok(Some((_, before))) if *before == folder);
        self.next = parent.map(|parent| parent.map(|(id, _)| id)).transpose();
        Ok((!same && folder.is_some()).then(|| id.to_string().into()))
    }
}

impl Iterator for FirstParents<'_> {
    type Item = Result<Arc<str>, RepoError>;

    fn next(&mut self) -> Option<Self::Item> {
        let history = self.history;
        let inner = history.lock();
        loop {
            match self.next.take()? {
                Err(error) => return Some(Err(error)),
                Ok(id) => match self.step(&inner, id) {
                    Ok(None) => {}
                    Ok(Some(id)) => return Some(Ok(id)),
                    Err(error) => return Some(Err(error)),
                },
            }
        }
    }
}

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("History").field("prefix", &self.lock().prefix).finish_non_exhaustive()
    }
}

impl fmt::Debug for FirstParents<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FirstParents").field("next", &self.next).finish_non_exhaustive()
    }
}

/// Refuses a clone whose history is not the one that its commits tell. git itself has left grafts
/// behind; its library follows them.
fn ungrafted(repo: &Repository) -> Result<(), RepoError> {
    let path = repo.commondir().join("info/grafts");
    match std::fs::metadata(&path) {
        Ok(file) if file.len() > 0 => {}
        _ => return Ok(()),
    }
    let message = format!("`{}` gives commits of this clone other parents than they have", path.display());
    Err(RepoError::new(Kind::Grafts, message)
        .help("Nobody can tell from it what was merged before. Remove the file, or clone again."))
}
