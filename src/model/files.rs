//! Where definitions are read from, as far as the reader of definitions needs to know.

use std::sync::Arc;

/// A set of files below the root of the definitions: the work tree, or a revision.
///
/// Paths are relative to the root and use `/` on every system.
pub trait Files: Send + Sync {
    /// The regular files that match any of `patterns`, sorted, each once.
    ///
    /// Never leaves the root: `..`, dot-folders, and links are not followed, and a pattern that
    /// asks for them, or names something other than `.yaml` or `.yml`, is a problem.
    fn list(&self, patterns: &[Arc<str>]) -> Listing;

    /// The bytes of one file, at most [`LARGEST_FILE`].
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError>;

    /// What tells the content of one file without reading it: git's id of its blob. Equal
    /// fingerprints mean equal bytes. `None` where that is not known, or `read` would refuse the path.
    fn fingerprint(&self, _path: &str) -> Option<[u8; 20]> {
        None
    }

    /// The fingerprint that a file with these bytes has here; `None` where files have none.
    fn fingerprint_of(&self, _bytes: &[u8]) -> Option<[u8; 20]> {
        None
    }
}

/// Largest file that is read, in bytes.
pub const LARGEST_FILE: u64 = 16 << 20;
/// Most bytes of all definition files together.
pub const LARGEST_TOTAL: u64 = 64 << 20;
/// Most definition files.
pub const MOST_FILES: usize = 20_000;

/// What `list` found.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// Matching files, sorted.
    pub files: Vec<Arc<str>>,
    /// Indices of patterns that matched nothing.
    pub unmatched: Vec<usize>,
    /// What could not be listed, by index of the pattern.
    pub problems: Vec<(usize, FileError)>,
}

/// Why a file or pattern cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FileError {
    /// The path or pattern.
    pub path: Arc<str>,
    /// What kind of failure.
    pub kind: FileErrorKind,
    /// One sentence without a full stop; may quote a path, so renderers encode it.
    pub message: String,
}

/// Kinds of failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileErrorKind {
    /// There is no such file.
    NotFound,
    /// It is a folder, a device, a socket, or a submodule.
    NotAFile,
    /// It is, or lies behind, a symbolic link.
    Link,
    /// It is larger than [`LARGEST_FILE`].
    TooLarge,
    /// There are more than [`MOST_FILES`].
    TooMany,
    /// The pattern is malformed, absolute, or leaves the root.
    Pattern,
    /// The path is not UTF-8.
    NotUnicode,
    /// The system refused.
    Io,
}
