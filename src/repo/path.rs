//! Which relative paths may be read and written below a root.

use std::sync::Arc;

use crate::model::files::{FileError, FileErrorKind};

/// The only dot-folder whose files may be read: schemas, catalogues, and attested snapshots.
const OWN_FOLDER: &str = ".rolecall";
/// Longest path or pattern, in bytes.
pub(super) const LONGEST: usize = 1024;

/// Why `path` may not be used below a root at all, as the rest of a sentence; `None` where it may.
///
/// The same on every system, so that a definition that works on one works on all.
pub(super) fn fault(path: &str) -> Option<&'static str> {
    if path.is_empty() {
        return Some("is empty");
    }
    if path.len() > LONGEST {
        return Some("is longer than 1024 bytes");
    }
    if path.chars().any(char::is_control) {
        return Some("holds a control character");
    }
    if path.contains('\\') {
        return Some("holds a backslash; folders are separated by `/` on every system");
    }
    if path.starts_with('/') {
        return Some("is absolute; write it relative to the folder of the config");
    }
    if matches!(path.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic()) {
        return Some("names a drive; write it relative to the folder of the config");
    }
    path.split('/').find_map(|part| match part {
        "" => Some("has an empty part: a doubled `/`, or one at the end"),
        "." => Some("has the part `.`; leave it out"),
        ".." => Some("leads out of the folder of the config with `..`"),
        _ if git_internal(part) => Some("leads into git's own files"),
        _ if cfg!(windows) && (part.contains(':') || part.ends_with(['.', ' '])) => {
            Some("has a part that Windows reads as another name")
        }
        _ => None,
    })
}

/// Whether some file system takes `part` for `.git`: without regard to case, as a short name, with
/// dots and spaces at the end, or with a stream's name.
fn git_internal(part: &str) -> bool {
    let part = part.split(':').next().unwrap_or_default().trim_end_matches(['.', ' ']);
    let part: String = part.chars().filter(|c| !ignored_by_hfs(*c)).collect();
    part.eq_ignore_ascii_case(".git")
        || part.get(..4).is_some_and(|start| {
            start.eq_ignore_ascii_case("git~")
                && part.len() > 4
                && part.bytes().skip(4).all(|b| b.is_ascii_digit())
        })
}

/// Characters that HFS+ leaves out when it compares names.
fn ignored_by_hfs(c: char) -> bool {
    matches!(c, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}')
}

/// Whether a part of `path` starts with a dot. Such files are read only beneath
/// `.rolecall`: what a definition names must not be able to reach `.env`, `.netrc`, or the like.
pub(super) fn hidden(path: &str) -> bool {
    path.split('/').any(|part| part.starts_with('.'))
}

/// Whether `path` may be read; `config` is the config's own name, which may start with a dot.
pub(super) fn readable(path: &str, config: &str) -> Result<(), FileError> {
    let fault = match fault(path) {
        None if path == config => None,
        None => {
            let own = path.strip_prefix(OWN_FOLDER).and_then(|rest| rest.strip_prefix('/'));
            hidden(own.unwrap_or(path)).then_some("leads to a hidden file or folder")
        }
        fault => fault,
    };
    match fault {
        None => Ok(()),
        Some(fault) => Err(error(path, FileErrorKind::Pattern, format!("the path `{path}` {fault}"))),
    }
}

/// A [`FileError`].
pub(super) fn error(path: impl Into<Arc<str>>, kind: FileErrorKind, message: impl Into<String>) -> FileError {
    FileError { path: path.into(), kind, message: message.into() }
}
