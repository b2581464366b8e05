//! The work tree as a commit that exists only in memory.

use std::{path::Path, sync::Arc};

use git2::{Commit, ErrorCode, Index, IndexEntry, IndexTime, Oid, Repository, Signature, Time};

use super::{ConfigPlace, RepoError, RepoErrorKind as Kind, WorkTree, git, tree};
use crate::model::files::{FileErrorKind, Files, LARGEST_FILE};

/// A commit after `head` in which the files `changed`, relative to the root, are as the work tree
/// has them. Objects are written to `repo`, which has to keep them in memory.
///
/// Line endings are what git would store, as far as it matters for a merge: where the file that
/// `head`, or else `their` has there holds no carriage return, `\r\n` becomes `\n`.
pub(super) fn commit<'r>(
    place: &ConfigPlace,
    repo: &'r Repository,
    prefix: &str,
    head: &Commit<'r>,
    their: &Commit<'r>,
    changed: &[Arc<str>],
) -> Result<Commit<'r>, RepoError> {
    let failed = |error: git2::Error| git::failure("cannot take the work tree for a commit", &error);
    let files = WorkTree::open(place)?;
    let (top, other) = (head.tree().map_err(failed)?, their.tree().map_err(failed)?);
    let mut index = Index::new().map_err(failed)?;
    index.read_tree(&top).map_err(failed)?;
    for relative in changed {
        let path = if prefix.is_empty() { relative.to_string() } else { format!("{prefix}/{relative}") };
        match files.read(relative) {
            Ok(bytes) => {
                let known = top.get_path(Path::new(&path)).ok();
                let kept = known.as_ref().filter(|entry| tree::Entry::of(entry) == tree::Entry::File);
                let like = kept
                    .map(git2::TreeEntry::id)
                    .or_else(|| Some(other.get_path(Path::new(&path)).ok()?.id()));
                let bytes =
                    if like.is_some_and(|id| has_plain_lines(repo, id)) { plain_lines(bytes) } else { bytes };
                let id = repo.blob(&bytes).map_err(failed)?;
                let mode = kept.map_or(0o100_644, |entry| entry.filemode().unsigned_abs());
                index.add(&entry(path.into_bytes(), id, mode)).map_err(failed)?;
            }
            Err(error) if error.kind == FileErrorKind::NotFound => match index.remove(Path::new(&path), 0) {
                Err(error) if error.code() != ErrorCode::NotFound => return Err(failed(error)),
                _ => {}
            },
            Err(error) => {
                let kind = match error.kind {
                    FileErrorKind::Link => Kind::Link,
                    FileErrorKind::TooLarge => Kind::TooLarge,
                    FileErrorKind::Pattern | FileErrorKind::NotAFile => Kind::BadPath,
                    _ => Kind::Io,
                };
                let message = format!("cannot merge the work tree: {}", error.message);
                return Err(RepoError::new(kind, message));
            }
        }
    }
    let mut written = || -> Result<_, git2::Error> {
        let tree = repo.find_tree(index.write_tree_to(repo)?)?;
        let who = Signature::new("rolecall", "rolecall@localhost", &Time::new(head.time().seconds(), 0))?;
        repo.find_commit(repo.commit(None, &who, &who, "work tree", &tree, &[head])?)
    };
    written().map_err(failed)
}

/// Whether the file `id` is there and holds no carriage return.
fn has_plain_lines(repo: &Repository, id: Oid) -> bool {
    let small = tree::header(repo, id).is_ok_and(|(size, _)| size as u64 <= LARGEST_FILE);
    small && repo.find_blob(id).is_ok_and(|blob| !blob.content().contains(&b'\r'))
}

/// `bytes` with `\n` for `\r\n`.
pub(super) fn plain_lines(bytes: Vec<u8>) -> Vec<u8> {
    if !bytes.contains(&b'\r') {
        return bytes;
    }
    let next = bytes.iter().skip(1).copied().map(Some).chain([None]);
    let kept = bytes.iter().copied().zip(next).filter(|pair| *pair != (b'\r', Some(b'\n')));
    kept.map(|(byte, _)| byte).collect()
}

/// An entry of an index that no file belongs to.
pub(super) fn entry(path: Vec<u8>, id: Oid, mode: u32) -> IndexEntry {
    let never = IndexTime::new(0, 0);
    IndexEntry {
        ctime: never,
        mtime: never,
        dev: 0,
        ino: 0,
        mode,
        uid: 0,
        gid: 0,
        file_size: 0,
        id,
        flags: 0,
        flags_extended: 0,
        path,
    }
}
