//! Whether the commit that is checked out brought what lies at a path.

use std::path::Path;

use git2::ErrorCode;

use super::{RepoError, git, tree};

/// Whether the commit of `HEAD`, or the index, has something at `relative` below the folder `top`, or at a
/// part of the way to it that is no folder. Names are compared without regard to case: on some file
/// systems they are the same. Outside git there is no commit.
///
/// # Errors
///
/// Where the repository cannot be read.
pub fn is_committed(top: &Path, relative: &str) -> Result<bool, RepoError> {
    let top = top.canonicalize().map_err(|error| RepoError::io("cannot open", top, &error))?;
    let Some((repo, work_tree)) = git::discover(&top)? else { return Ok(false) };
    let failed = |error: git2::Error| git::failure("cannot read what is checked out", &error);
    let inside = top.strip_prefix(&work_tree).unwrap_or(Path::new("")).to_string_lossy().replace('\\', "/");
    let wanted = format!("{inside}/{relative}").to_lowercase();
    let wanted: Vec<&str> = wanted.split('/').filter(|part| !part.is_empty()).collect();
    let index = repo.index().map_err(failed)?;
    let staged = index.iter().any(|entry| {
        let path = String::from_utf8_lossy(&entry.path).to_lowercase();
        // A file below it, or a file or link on the way to it.
        path.split('/').zip(&wanted).all(|(has, wanted)| has == *wanted)
    });
    if staged {
        return Ok(true);
    }
    let head = match repo.head().and_then(|head| head.peel_to_tree()) {
        Ok(tree) => tree,
        Err(error) if matches!(error.code(), ErrorCode::UnbornBranch | ErrorCode::NotFound) => {
            return Ok(false);
        }
        Err(error) => return Err(failed(error)),
    };
    below(&repo, &head, &wanted).map_err(failed)
}

/// Whether a tree has something at these names, or something that is no folder on the way.
fn below(repo: &git2::Repository, folder: &git2::Tree<'_>, names: &[&str]) -> Result<bool, git2::Error> {
    let Some((name, rest)) = names.split_first() else { return Ok(true) };
    for entry in folder {
        if String::from_utf8_lossy(entry.name_bytes()).to_lowercase() != *name {
            continue;
        }
        let found = tree::Entry::of(&entry) != tree::Entry::Folder
            || below(repo, &repo.find_tree(entry.id())?, rest)?;
        if found {
            return Ok(true);
        }
    }
    Ok(false)
}
