//! Merging a branch with its target, in memory: nothing of the repository changes.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use git2::{Commit, ErrorCode, Index, IndexConflict, IndexEntry, MergeOptions, Oid, Repository};

use super::{
    ConfigPlace, RepoError, RepoErrorKind as Kind, Revision, dirty, git, graph::Graph, path, pattern,
    resolve, shell, tree,
};
use crate::model::files::LARGEST_FILE;

/// Most paths that one message lists.
const MOST_SHOWN: usize = 50;
/// Above the priorities of git's own stores of objects, which are 1 and 2.
const FIRST: i32 = 1_000;

/// What is merged with the target branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ours<'a> {
    /// The commit that this revision names.
    Commit(&'a str),
    /// `HEAD` with these files, relative to the root, as the work tree has them (what
    /// [`super::Facts::changed`] gives).
    WorkTree(&'a [Arc<str>]),
}

/// The definitions as the merge will have them.
#[derive(Debug)]
pub struct Merged {
    /// The files.
    pub files: Revision,
    /// Full id of the merged tree, that of the whole repository. Files that conflict and do not matter
    /// are not in it; without such it is the tree that git's own merge would have.
    pub tree: Arc<str>,
    /// Full id of the commit that was merged, or of `HEAD` for the work tree.
    pub ours: Arc<str>,
    /// Full id of the commit that it was merged with.
    pub theirs: Arc<str>,
}

/// Merges `theirs`, the tip of the target branch, with `ours`, as `git merge` would. `None` where
/// `ours` has everything of `theirs` already, and is what the merge will be.
///
/// A conflict counts in the config, in `.rolecall`, and in files that `patterns` match (without
/// patterns: in every YAML file of the folder of the definitions that is not hidden). Other files of
/// that folder that conflict cannot be read from the result; what is outside does not matter.
///
/// # Errors
///
/// `Conflict` lists every file that conflicts; `Unrelated` where the two have no history in common;
/// `Shallow`, `MissingObject` where the clone does not hold what it takes; `Link` where a changed
/// file of the work tree is a link or lies behind one; `TooLarge` where both changed a file that is
/// too large; and those of [`Revision::open`].
pub fn merge(
    place: &ConfigPlace,
    ours: Ours<'_>,
    theirs: &str,
    patterns: &[Arc<str>],
) -> Result<Option<Merged>, RepoError> {
    let opened = git::needed(place, &format!("no branch `{theirs}` to merge"), "do not name a base")?;
    let spec = match ours {
        Ours::Commit(rev) => rev,
        Ours::WorkTree(_) => "HEAD",
    };
    let (our_id, their_id) =
        (resolve::commit(&opened.repo, spec)?.id(), resolve::commit(&opened.repo, theirs)?.id());
    let graph = Graph::of(opened.repo)?;
    if graph.is_ancestor(their_id, our_id)? {
        return Ok(None);
    }
    let name = match ours {
        Ours::Commit(rev) => format!("`{rev}`"),
        Ours::WorkTree(_) => "the work tree".to_owned(),
    };
    let bases = graph.common(our_id, their_id)?;
    if bases.is_empty() {
        let message = format!("{name} and `{theirs}` have no history in common, so they cannot be merged");
        return Err(RepoError::new(Kind::Unrelated, message).help(
            "Start the branch from the one that it is to be merged into, or name another base with `--base REV`.",
        ));
    }
    let (top, unmerged) = {
        let repo = &graph.repo;
        // Every object that is written from here on stays in memory.
        let odb = repo.odb().map_err(|error| git::failure("cannot open the objects", &error))?;
        odb.add_new_mempack_backend(FIRST).map_err(|error| git::failure("cannot merge in memory", &error))?;
        let (our, their) = (graph.commit(our_id)?, graph.commit(their_id)?);
        let our = match ours {
            Ours::Commit(_) => our,
            Ours::WorkTree(changed) => dirty::commit(place, repo, &opened.prefix, &our, &their, changed)?,
        };
        let (prefix, config) = (&opened.prefix, &place.config);
        Merging { repo, prefix, config, patterns, name: &name, theirs }.run(&our, &their, &bases)?
    };
    let spec = format!("{} merged with {theirs}", name.trim_matches('`'));
    let files =
        Revision::of_tree(graph.repo, opened.prefix, &place.config, &spec, top, top)?.without(unmerged);
    Ok(Some(Merged {
        files,
        tree: top.to_string().into(),
        ours: our_id.to_string().into(),
        theirs: their_id.to_string().into(),
    }))
}

struct Merging<'m> {
    repo: &'m Repository,
    prefix: &'m str,
    config: &'m str,
    patterns: &'m [Arc<str>],
    /// How messages call the two sides.
    name: &'m str,
    theirs: &'m str,
}

impl Merging<'_> {
    /// The merged tree, and the files of the definitions' folder that it lacks because they conflict.
    fn run(
        &self,
        our: &Commit<'_>,
        their: &Commit<'_>,
        bases: &[Oid],
    ) -> Result<(Oid, BTreeMap<Arc<str>, String>), RepoError> {
        let large = self.large(our, their, bases)?;
        let mut index = self.merge(our, their, !large)?;
        let mut unmerged = BTreeMap::new();
        if index.has_conflicts() {
            let conflicts = self.conflicts(&index)?;
            unmerged = self.judge(&conflicts)?;
            index = decided(&index).map_err(|error| self.failure(&error))?;
        }
        let top = index.write_tree_to(self.repo).map_err(|error| self.failure(&error))?;
        Ok((top, unmerged))
    }

    fn merge(&self, our: &Commit<'_>, their: &Commit<'_>, renames: bool) -> Result<Index, RepoError> {
        let mut options = MergeOptions::new();
        options.find_renames(renames);
        match self.repo.merge_commits(our, their, Some(&options)) {
            Ok(index) => Ok(index),
            // A partial clone may lack files that only the search for renames reads. Without it a
            // rename that matters is a conflict.
            Err(error) if renames && error.code() == ErrorCode::NotFound => self.merge(our, their, false),
            Err(error) if error.code() == ErrorCode::NotFound => {
                let id = super::graph::lost(&error).unwrap_or_else(|| their.id());
                Err(git::missing(self.repo, &format!("a file that merging `{}` needs", self.theirs), id))
            }
            Err(error) => Err(self.failure(&error)),
        }
    }

    /// Whether a file that one side changed is too large to search it for renames. One that both
    /// changed would have to be read to be merged.
    fn large(&self, our: &Commit<'_>, their: &Commit<'_>, bases: &[Oid]) -> Result<bool, RepoError> {
        let mut any = false;
        for base in bases {
            let (ours, theirs) = (self.sizes(*base, our)?, self.sizes(*base, their)?);
            any |= ours.values().chain(theirs.values()).any(|size| *size > LARGEST_FILE);
            let both = ours.iter().filter_map(|(path, size)| Some((path, *theirs.get(path)?.max(size))));
            if let Some((path, size)) =
                both.max_by_key(|(_, size)| *size).filter(|(_, size)| *size > LARGEST_FILE)
            {
                let path = String::from_utf8_lossy(path);
                let message = format!(
                    "{} and `{}` both changed `{path}`, which has up to {size} bytes; at most {LARGEST_FILE} are merged",
                    self.name, self.theirs
                );
                return Err(RepoError::new(Kind::TooLarge, message).help(self.by_hand()));
            }
        }
        Ok(any)
    }

    /// The files that differ between `base` and `side`, with the larger of both sizes.
    fn sizes(&self, base: Oid, side: &Commit<'_>) -> Result<BTreeMap<Vec<u8>, u64>, RepoError> {
        let compare = || -> Result<_, git2::Error> {
            let base = self.repo.find_commit(base)?.tree()?;
            self.repo.diff_tree_to_tree(Some(&base), Some(&side.tree()?), None)
        };
        let diff = compare().map_err(|error| match error.code() {
            ErrorCode::NotFound => {
                let id = super::graph::lost(&error).unwrap_or(base);
                git::missing(self.repo, &format!("a folder that merging `{}` needs", self.theirs), id)
            }
            _ => self.failure(&error),
        })?;
        let mut sizes = BTreeMap::new();
        for delta in diff.deltas() {
            let files = [delta.old_file(), delta.new_file()];
            // What is not in this clone is not inflated either.
            let size = files
                .iter()
                .filter_map(|file| tree::header(self.repo, file.id()).ok())
                .map(|(size, _)| size as u64);
            let path = files.iter().find_map(git2::DiffFile::path_bytes).unwrap_or_default();
            sizes.insert(path.to_vec(), size.max().unwrap_or(0));
        }
        Ok(sizes)
    }

    fn conflicts(&self, index: &Index) -> Result<Vec<IndexConflict>, RepoError> {
        let all = index.conflicts().and_then(Iterator::collect);
        all.map_err(|error| self.failure(&error))
    }

    /// The conflicts that do not matter; an error where one does.
    fn judge(&self, conflicts: &[IndexConflict]) -> Result<BTreeMap<Arc<str>, String>, RepoError> {
        let start = if self.prefix.is_empty() { String::new() } else { format!("{}/", self.prefix) };
        let inside: BTreeSet<String> = conflicts
            .iter()
            .flat_map(sides)
            .filter_map(|entry| {
                let path = String::from_utf8_lossy(&entry.path);
                path.strip_prefix(&start).map(str::to_owned)
            })
            .collect();
        let (matter, rest): (Vec<_>, Vec<_>) = inside.into_iter().partition(|path| self.matters(path));
        if matter.is_empty() {
            let fault =
                format!("conflicts between {} and `{}`; merge the branch yourself", self.name, self.theirs);
            return Ok(rest.into_iter().map(|path| (path.into(), fault.clone())).collect());
        }
        let mut shown: Vec<String> = matter.iter().take(MOST_SHOWN).map(|path| format!("`{path}`")).collect();
        if matter.len() > MOST_SHOWN {
            shown.push(format!("and {} more", matter.len() - MOST_SHOWN));
        }
        let message = format!("{} and `{}` conflict in {}", self.name, self.theirs, shown.join(", "));
        Err(RepoError::new(Kind::Conflict, message).help(self.by_hand()))
    }

    fn matters(&self, path: &str) -> bool {
        if path == self.config || path.starts_with(".rolecall/") {
            return true;
        }
        if self.patterns.is_empty() {
            return (path.ends_with(".yaml") || path.ends_with(".yml")) && !path::hidden(path);
        }
        pattern::is_meant(self.patterns, path)
    }

    fn by_hand(&self) -> String {
        format!("Merge the branch yourself:\ngit merge {}", shell::quote(self.theirs.as_bytes()))
    }

    fn failure(&self, error: &git2::Error) -> RepoError {
        git::failure(&format!("cannot merge {} with `{}`", self.name, self.theirs), error)
    }
}

fn sides(conflict: &IndexConflict) -> impl Iterator<Item = &IndexEntry> {
    [&conflict.ancestor, &conflict.our, &conflict.their].into_iter().flatten()
}

/// `index` without the files that conflict: a tree cannot hold several sides of one.
fn decided(index: &Index) -> Result<Index, git2::Error> {
    /// The bits that tell which side of a conflict an entry is; 0 for none.
    const SIDE: u16 = 0x3000;
    let mut clean = Index::new()?;
    for entry in index.iter().filter(|entry| entry.flags & SIDE == 0) {
        clean.add(&entry)?;
    }
    Ok(clean)
}
