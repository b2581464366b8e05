//! The files that lie in the folder of the definitions.

use std::{
    fs::{self, File, Metadata},
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use walkdir::WalkDir;

use super::{ConfigPlace, RepoError, RepoErrorKind, gather::Gather, path};
use crate::model::files::{FileError, FileErrorKind as Kind, Files, LARGEST_FILE, Listing};

/// The work tree, or a folder outside git.
#[derive(Debug)]
pub struct WorkTree {
    root: PathBuf,
    config: Arc<str>,
}

impl WorkTree {
    /// The files below the root of `place`.
    ///
    /// # Errors
    ///
    /// `NoWorkTree` where the repository is bare; `BadPath` where the folder does not exist.
    pub fn open(place: &ConfigPlace) -> Result<Self, RepoError> {
        let root = place.folder()?;
        if !root.is_dir() {
            let message = format!("there is no folder `{}`", root.display());
            return Err(RepoError::new(RepoErrorKind::BadPath, message));
        }
        Ok(Self { root: root.to_owned(), config: Arc::clone(&place.config) })
    }

    /// `below` relative to the root, with `/`; `Err` has the nearest text where it is not UTF-8.
    fn relative(&self, below: &Path) -> Result<String, String> {
        let below = below.strip_prefix(&self.root).unwrap_or(below);
        let parts: Vec<_> = below.components().map(|part| part.as_os_str().to_string_lossy()).collect();
        let text = parts.join("/");
        if below.to_str().is_some() { Ok(text) } else { Err(text) }
    }

    /// The file's own data, where it is a regular file and no part of its path is a link.
    fn look(&self, relative: &str) -> Result<(PathBuf, Metadata), FileError> {
        let mut whole = self.root.clone();
        let mut parts = relative.split('/').peekable();
        let mut seen = String::new();
        while let Some(part) = parts.next() {
            whole.push(part);
            seen = if seen.is_empty() { part.to_owned() } else { format!("{seen}/{part}") };
            let data = fs::symlink_metadata(&whole).map_err(|error| io_error(relative, &error))?;
            let (kind, fault) = match (data.file_type(), parts.peek()) {
                (file_type, _) if file_type.is_symlink() => (Kind::Link, "is a symbolic link"),
                (file_type, Some(_)) if !file_type.is_dir() => (Kind::NotFound, "is not a folder"),
                (_, Some(_)) => continue,
                (file_type, None) if file_type.is_dir() => (Kind::NotAFile, "is a folder"),
                (file_type, None) if !file_type.is_file() => (Kind::NotAFile, SPECIAL),
                (_, None) => return Ok((whole, data)),
            };
            let message = if seen == relative {
                format!("`{relative}` {fault}")
            } else {
                format!("cannot read `{relative}`: `{seen}` {fault}")
            };
            return Err(path::error(relative, kind, message));
        }
        Err(path::error(relative, Kind::NotFound, format!("there is no file `{relative}`")))
    }
}

const SPECIAL: &str = "is not a regular file but a pipe, a socket, or a device";

impl Files for WorkTree {
    fn list(&self, patterns: &[Arc<str>]) -> Listing {
        let mut gather = Gather::new(patterns);
        let mut walk =
            WalkDir::new(&self.root).min_depth(1).follow_links(false).sort_by_file_name().into_iter();
        while let Some(entry) = walk.next() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    let at = error.path().unwrap_or(&self.root);
                    let why = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
                    let at = self.relative(at).unwrap_or_else(|lossy| lossy);
                    gather.refuse_folder(&at, Kind::Io, &format!("cannot be read: {why}"));
                    continue;
                }
            };
            let file_type = entry.file_type();
            let relative = match self.relative(entry.path()) {
                Ok(relative) => relative,
                Err(lossy) => {
                    let fault = "has a name that is not UTF-8";
                    if file_type.is_dir() {
                        gather.refuse_folder(&lossy, Kind::NotUnicode, fault);
                        walk.skip_current_dir();
                    } else {
                        gather.refuse(&lossy, Kind::NotUnicode, fault);
                    }
                    continue;
                }
            };
            if !gather.visit(&relative) {
                break;
            }
            if file_type.is_dir() {
                if !gather.folder(&relative) {
                    walk.skip_current_dir();
                } else if entry.path().join(".git").symlink_metadata().is_ok() {
                    let fault = "is a repository of its own, or a submodule; its files are not read";
                    gather.refuse_folder(&relative, Kind::NotAFile, fault);
                    walk.skip_current_dir();
                }
            } else if file_type.is_symlink() {
                let fault = "is a symbolic link; links are not followed";
                if entry.path().is_dir() {
                    gather.refuse_folder(&relative, Kind::Link, fault);
                } else {
                    gather.refuse(&relative, Kind::Link, fault);
                }
            } else if file_type.is_file() {
                gather.file(&relative);
            } else {
                gather.refuse(&relative, Kind::NotAFile, SPECIAL);
            }
        }
        gather.finish()
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        path::readable(path, &self.config)?;
        let (whole, before) = self.look(path)?;
        if before.len() > LARGEST_FILE {
            return Err(too_large(path, before.len()));
        }
        let file = File::open(&whole).map_err(|error| io_error(path, &error))?;
        // What was opened has to be what lies there without any link, also if somebody exchanged a
        // part of the path between the first look and the opening.
        let (_, after) = self.look(path)?;
        let opened = file.metadata().map_err(|error| io_error(path, &error))?;
        if !opened.is_file() || !same_file(&opened, &after) {
            let message = format!("`{path}` was exchanged while it was being read");
            return Err(path::error(path, Kind::Link, message));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(opened.len().min(LARGEST_FILE)).unwrap_or(0));
        file.take(LARGEST_FILE + 1).read_to_end(&mut bytes).map_err(|error| io_error(path, &error))?;
        if bytes.len() as u64 > LARGEST_FILE {
            return Err(too_large(path, bytes.len() as u64));
        }
        Ok(bytes)
    }
}

/// Whether both are one file.
#[cfg(unix)]
fn same_file(a: &Metadata, b: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (a.dev(), a.ino()) == (b.dev(), b.ino())
}

/// Whether both look like one file: the standard library does not tell a file's number here.
#[cfg(not(unix))]
fn same_file(a: &Metadata, b: &Metadata) -> bool {
    a.created().ok() == b.created().ok() && a.file_type() == b.file_type()
}

pub(super) fn too_large(path: &str, size: u64) -> FileError {
    let message = format!("`{path}` has {size} bytes; at most {LARGEST_FILE} are read");
    path::error(path, Kind::TooLarge, message)
}

fn io_error(path: &str, error: &io::Error) -> FileError {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            path::error(path, Kind::NotFound, format!("there is no file `{path}`"))
        }
        io::ErrorKind::InvalidFilename => {
            path::error(path, Kind::NotFound, format!("there is no file `{path}`: its name is too long"))
        }
        _ => path::error(path, Kind::Io, format!("cannot read `{path}`: {error}")),
    }
}
