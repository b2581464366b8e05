#![expect(clippy::unwrap_used, reason = "a test that cannot set up its folder has to stop")]

mod blame;
mod facts;
mod history;
mod merge;
mod owner;
mod place;
mod record;
mod revision;
mod unusual;
mod work_tree;
mod write;

use std::{fs, path::Path, path::PathBuf, sync::Arc};

use git2::{IndexAddOption, Oid, Repository, RepositoryInitOptions, Signature, Time};
use tempfile::TempDir;

use super::{ConfigPlace, Facts, Reading, RepoError, Revision, WorkTree, find_config};
use crate::model::files::{FileError, Files, Listing};

/// A folder of its own, gone afterwards. Its path has no links and holds a space and letters that
/// are not ASCII.
struct Sandbox {
    _dir: TempDir,
    path: PathBuf,
}

impl Sandbox {
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let path = dir.path().canonicalize().unwrap().join("zwölf Rollen");
        fs::create_dir(&path).unwrap();
        Self { _dir: dir, path }
    }

    fn at(&self, relative: &str) -> PathBuf {
        self.path.join(relative)
    }
}

/// A repository with a work tree. What the machine's own git configuration could change is set.
struct Project {
    sandbox: Sandbox,
    root: PathBuf,
    repo: Repository,
}

impl Project {
    /// An empty repository on `main`.
    fn empty() -> Self {
        let sandbox = Sandbox::new();
        let root = sandbox.at("project");
        let repo = init(&root, false);
        Self { sandbox, root, repo }
    }

    /// A repository with one commit: a config and a definition.
    fn new() -> Self {
        let project = Self::empty();
        project.write("rolecall.yaml", "version: 1\n");
        project.write("roles/a.yaml", "provider: x\n");
        project.commit("start");
        project
    }

    fn write(&self, relative: &str, text: &str) {
        put(&self.root, relative, text);
    }

    fn remove(&self, relative: &str) {
        fs::remove_file(self.root.join(relative)).unwrap();
    }

    /// Commits everything that lies there.
    fn commit(&self, message: &str) -> String {
        commit_all(&self.repo, message)
    }

    fn place(&self) -> ConfigPlace {
        find_config(&self.root, None, Reading::WorkTree).unwrap()
    }

    fn files(&self) -> WorkTree {
        WorkTree::open(&self.place()).unwrap()
    }

    fn revision(&self, rev: &str) -> Result<Revision, RepoError> {
        Revision::open(&self.place(), rev)
    }

    fn facts(&self) -> Facts {
        Facts::of(&self.place()).unwrap()
    }

    /// What differs from `HEAD`, where `roles/**/*.yaml` is planned.
    fn changed(&self) -> Vec<String> {
        changed(&self.place())
    }

    /// Replaces the tree of a new commit on `main` by `entries` of (name, mode, object) at the top.
    fn commit_tree(&self, entries: &[(&str, i32, Oid)]) -> String {
        let mut builder = self.repo.treebuilder(None).unwrap();
        for (name, mode, id) in entries {
            builder.insert(name, *id, *mode).unwrap();
        }
        commit_tree(&self.repo, builder.write().unwrap(), "by hand")
    }

    fn tree(&self, entries: &[(&str, i32, Oid)]) -> Oid {
        let mut builder = self.repo.treebuilder(None).unwrap();
        for (name, mode, id) in entries {
            builder.insert(name, *id, *mode).unwrap();
        }
        builder.write().unwrap()
    }
}

fn init(at: &Path, bare: bool) -> Repository {
    let mut options = RepositoryInitOptions::new();
    options.initial_head("main").bare(bare).external_template(false);
    let repo = Repository::init_opts(at, &options).unwrap();
    let mut config = repo.config().unwrap();
    for (name, value) in [
        ("core.autocrlf", "false"),
        ("core.excludesfile", ""),
        ("core.attributesfile", ""),
        ("core.eol", "lf"),
    ] {
        config.set_str(name, value).unwrap();
    }
    repo
}

fn put(root: &Path, relative: &str, text: impl AsRef<[u8]>) {
    let place = root.join(relative);
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    fs::write(place, text).unwrap();
}

fn commit_all(repo: &Repository, message: &str) -> String {
    let mut index = repo.index().unwrap();
    index.add_all(["*"], IndexAddOption::DEFAULT, None).unwrap();
    index.update_all(["*"], None).unwrap();
    index.write().unwrap();
    let tree = index.write_tree().unwrap();
    commit_tree(repo, tree, message)
}

fn commit_tree(repo: &Repository, tree: Oid, message: &str) -> String {
    let who = Signature::new("Mira", "mira@example.test", &Time::new(1_700_000_000, 0)).unwrap();
    let tree = repo.find_tree(tree).unwrap();
    let parent = repo.head().ok().map(|head| head.peel_to_commit().unwrap());
    let parents: Vec<_> = parent.iter().collect();
    repo.commit(Some("HEAD"), &who, &who, message, &tree, &parents).unwrap().to_string()
}

fn patterns(patterns: &[&str]) -> Vec<Arc<str>> {
    patterns.iter().copied().map(Arc::from).collect()
}

fn changed(place: &ConfigPlace) -> Vec<String> {
    let patterns = patterns(&["roles/**/*.yaml"]);
    let read = WorkTree::open(place).unwrap().list(&patterns).files;
    let changed = Facts::of(place).unwrap().changed(&read, &patterns).unwrap();
    changed.iter().map(ToString::to_string).collect()
}

/// The listing as text, one line for each file and problem.
fn shown(listing: &Listing) -> Vec<String> {
    let files = listing.files.iter().map(ToString::to_string);
    let problems =
        listing.problems.iter().map(|(index, error)| format!("{index} {:?} {}", error.kind, error.path));
    files.chain(problems).collect()
}

fn list(files: &impl Files, wanted: &[&str]) -> Vec<String> {
    shown(&files.list(&patterns(wanted)))
}

fn refused(result: Result<Vec<u8>, FileError>) -> FileError {
    result.unwrap_err()
}

/// Deletes a loose object.
fn lose(repo: &Repository, id: &str) {
    let (folder, file) = id.split_at(2);
    fs::remove_file(repo.path().join("objects").join(folder).join(file)).unwrap();
}

#[cfg(unix)]
fn symlink(target: impl AsRef<Path>, at: &Path) {
    std::os::unix::fs::symlink(target, at).unwrap();
}

/// A commit with any parents that no branch has; its folder of definitions is as `roles` says.
fn loose_commit(repo: &Repository, roles: &[(&str, &str)], parents: &[&str]) -> String {
    let mut index = git2::Index::new().unwrap();
    for (path, text) in roles {
        index.add(&entry(path, repo.blob(text.as_bytes()).unwrap())).unwrap();
    }
    let tree = repo.find_tree(index.write_tree_to(repo).unwrap()).unwrap();
    let who = Signature::new("Mira", "mira@example.test", &Time::new(1_700_000_000, 0)).unwrap();
    let parents: Vec<_> =
        parents.iter().map(|id| repo.find_commit(Oid::from_str(id).unwrap()).unwrap()).collect();
    let parents: Vec<_> = parents.iter().collect();
    repo.commit(None, &who, &who, &format!("{roles:?}"), &tree, &parents).unwrap().to_string()
}

fn entry(path: &str, id: Oid) -> git2::IndexEntry {
    git2::IndexEntry {
        ctime: git2::IndexTime::new(0, 0),
        mtime: git2::IndexTime::new(0, 0),
        dev: 0,
        ino: 0,
        mode: 0o100_644,
        uid: 0,
        gid: 0,
        file_size: 0,
        id,
        flags: 0,
        flags_extended: 0,
        path: path.as_bytes().to_vec(),
    }
}

/// Moves a reference to a commit.
fn point(repo: &Repository, name: &str, id: &str) {
    repo.reference(name, Oid::from_str(id).unwrap(), true, "").unwrap();
}

/// Makes the clone shallow: its history ends at `ends`, and what is before is lost.
fn shallow(repo: &Repository, ends: &[&str], lost: &[&str]) {
    let list: String = ends.iter().map(|id| format!("{id}\n")).collect();
    fs::write(repo.commondir().join("shallow"), list).unwrap();
    for id in lost {
        lose(repo, id);
    }
}
