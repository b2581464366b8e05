//! Writing files: whole or not at all.
//!
//! Files are made beside their place under a name of their own, flushed to the disk, and moved
//! there. Their modes are what the user's umask makes of a new file; a file that is replaced keeps
//! its own. Definitions, schemas, and plans hold no secrets, so nothing is narrower than that.

use std::{
    fs::{self, File, Metadata, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use tempfile::{Builder, NamedTempFile};

use super::{RepoError, RepoErrorKind as Kind, path};

/// Writes a new file at `relative` below `root`, with the folders that it needs.
///
/// # Errors
///
/// `Exists` where something is there; `Link` where a part of the path is a link; `BadPath` where
/// `relative` is absolute, leaves `root`, or leads into git's own files; `Io`.
pub fn write_new(root: &Path, relative: &str, bytes: &[u8]) -> Result<(), RepoError> {
    let place = below(root, relative)?;
    match fs::symlink_metadata(&place) {
        Ok(_) => return Err(exists(&place)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(RepoError::io("cannot write", &place, &error)),
    }
    let file = prepare(&place, None, bytes)?;
    below(root, relative)?;
    file.persist_noclobber(&place).map_err(|error| match error.error.kind() {
        io::ErrorKind::AlreadyExists => exists(&place),
        _ => RepoError::io("cannot write", &place, &error.error),
    })?;
    flush_folder(&place)
}

/// Writes `bytes` to `relative` below `root`, in place of the file that is there, if any.
///
/// # Errors
///
/// As [`write_new`], without `Exists`; something that is not a regular file is not replaced.
pub fn replace(root: &Path, relative: &str, bytes: &[u8]) -> Result<(), RepoError> {
    let place = below(root, relative)?;
    let old = match fs::symlink_metadata(&place) {
        Ok(old) if old.is_symlink() => return Err(link(&place)),
        Ok(old) if !old.is_file() => return Err(not_a_file(&place)),
        Ok(old) => Some(old),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(RepoError::io("cannot write", &place, &error)),
    };
    let file = prepare(&place, old.as_ref(), bytes)?;
    below(root, relative)?;
    file.persist(&place).map_err(|error| RepoError::io("cannot write", &place, &error.error))?;
    flush_folder(&place)
}

/// Whether [`replace`] could put a file at `relative` below `root`: nothing on the way is a link or a file, and
/// nothing but a regular file is in its place. Nothing is made.
///
/// # Errors
///
/// As [`replace`].
pub fn check(root: &Path, relative: &str) -> Result<(), RepoError> {
    let (mut place, parts) = parts(root, relative)?;
    let last = parts.len().saturating_sub(1);
    for (at, part) in parts.into_iter().enumerate() {
        place.push(part);
        match fs::symlink_metadata(&place) {
            Ok(data) if data.is_symlink() => return Err(link(&place)),
            Ok(data) if at < last && !data.is_dir() => return Err(not_a_folder(&place)),
            Ok(data) if at == last && !data.is_file() && !data.is_dir() => return Err(not_a_file(&place)),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(RepoError::io("cannot open", &place, &error)),
        }
    }
    Ok(())
}

/// Writes `bytes` to the file that a person named (`plan -o FILE`), in place of what is there.
///
/// Links are followed, since the person chose the path. What is no regular file (`/dev/stdout`, a
/// pipe) is written to instead of replaced. Folders are not made.
///
/// # Errors
///
/// `BadPath` where `path` is a folder or lies in none; `Io`.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), RepoError> {
    let failed = |error: io::Error| RepoError::io("cannot write", path, &error);
    match fs::metadata(path) {
        Ok(old) if old.is_dir() => {
            Err(RepoError::new(Kind::BadPath, format!("cannot write `{}`: it is a folder", path.display())))
        }
        Ok(old) if old.is_file() => {
            let place = path.canonicalize().map_err(failed)?;
            let file = prepare(&place, Some(&old), bytes)?;
            file.persist(&place).map_err(|error| failed(error.error))?;
            flush_folder(&place)
        }
        Ok(_) => {
            let mut file = OpenOptions::new().write(true).open(path).map_err(failed)?;
            file.write_all(bytes).and_then(|()| file.flush()).map_err(failed)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if fs::symlink_metadata(path).is_ok() {
                let message = format!("cannot write `{}`: it is a link that leads nowhere", path.display());
                return Err(RepoError::new(Kind::BadPath, message));
            }
            let folder = folder_of(path);
            if !folder.is_dir() {
                let message =
                    format!("cannot write `{}`: there is no folder `{}`", path.display(), folder.display());
                return Err(RepoError::new(Kind::BadPath, message).help("Make the folder first."));
            }
            let file = prepare(path, None, bytes)?;
            file.persist(path).map_err(|error| failed(error.error))?;
            flush_folder(path)
        }
        Err(error) => Err(failed(error)),
    }
}

/// The path of `relative` below `root`; its folders exist afterwards and none is a link.
fn below(root: &Path, relative: &str) -> Result<PathBuf, RepoError> {
    let (mut place, parts) = parts(root, relative)?;
    let last = parts.len().saturating_sub(1);
    for (at, part) in parts.into_iter().enumerate() {
        place.push(part);
        if at < last {
            folder(&place)?;
        }
    }
    Ok(place)
}

/// The root without links, and the parts of a path that may be written below it.
fn parts<'r>(root: &Path, relative: &'r str) -> Result<(PathBuf, Vec<&'r str>), RepoError> {
    if let Some(fault) = path::fault(relative) {
        let message = format!("cannot write `{relative}`: the path {fault}");
        return Err(RepoError::new(Kind::BadPath, message));
    }
    // The root is the user's own choice; links above and at it are fine.
    let root = root.canonicalize().map_err(|error| RepoError::io("cannot open", root, &error))?;
    Ok((root, relative.split('/').collect()))
}

/// Makes sure that `place` is a folder and no link.
fn folder(place: &Path) -> Result<(), RepoError> {
    match fs::create_dir(place) {
        Ok(()) => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(RepoError::io("cannot make the folder", place, &error)),
    }
    match fs::symlink_metadata(place) {
        Ok(data) if data.is_symlink() => Err(link(place)),
        Ok(data) if data.is_dir() => Ok(()),
        Ok(_) => Err(not_a_folder(place)),
        Err(error) => Err(RepoError::io("cannot open", place, &error)),
    }
}

/// A flushed file with `bytes` in the folder of `place`.
fn prepare(place: &Path, old: Option<&Metadata>, bytes: &[u8]) -> Result<NamedTempFile, RepoError> {
    let failed = |error: io::Error| RepoError::io("cannot write", place, &error);
    let mut builder = Builder::new();
    builder.prefix(".rolecall-").suffix(".tmp");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder_of(place)).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    if let Some(old) = old {
        file.as_file().set_permissions(old.permissions()).map_err(failed)?;
    }
    file.as_file().sync_all().map_err(failed)?;
    Ok(file)
}

fn folder_of(place: &Path) -> &Path {
    match place.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Flushes the folder's list of names, without which a new name may be lost when the power fails.
fn flush_folder(place: &Path) -> Result<(), RepoError> {
    if cfg!(unix) {
        let folder = folder_of(place);
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(|error| RepoError::io("cannot flush the folder", folder, &error))?;
    }
    Ok(())
}

fn exists(place: &Path) -> RepoError {
    RepoError::new(Kind::Exists, format!("`{}` is there already; it is not overwritten", place.display()))
}

fn link(place: &Path) -> RepoError {
    let message = format!("`{}` is a symbolic link; nothing is written through links", place.display());
    RepoError::new(Kind::Link, message).help("Put a real file or folder in its place.")
}

fn not_a_folder(place: &Path) -> RepoError {
    RepoError::new(Kind::Io, format!("`{}` is a file where a folder is needed", place.display()))
}

fn not_a_file(place: &Path) -> RepoError {
    RepoError::new(Kind::Io, format!("`{}` is not a regular file; it is not replaced", place.display()))
}
