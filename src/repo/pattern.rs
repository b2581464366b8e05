//! `files:` patterns. One matcher serves the work tree and revisions, so that they cannot differ.

use std::sync::Arc;

use globset::{Glob, GlobBuilder, GlobMatcher};

use super::path;
use crate::model::files::{FileError, FileErrorKind};

/// Most patterns of one list.
const MOST_PATTERNS: usize = 1_000;
/// What a pattern has to end with.
const ENDINGS: [&str; 4] = [".yaml", ".yml", ".{yaml,yml}", ".{yml,yaml}"];

/// A checked pattern.
///
/// `*` and `?` stay within one folder's name, `**/` is any number of folders, `{a,b}` and `[a-z]`
/// are choices. Names are compared byte by byte: `?` is one byte.
pub(super) struct Pattern {
    whole: GlobMatcher,
    /// One per folder of the pattern.
    folders: Vec<Folder>,
    /// Whether it names one file.
    pub(super) exact: bool,
}

enum Folder {
    One(GlobMatcher),
    /// `**`, or a choice between paths: anything may follow.
    Any,
}

impl Pattern {
    /// Checks and compiles `pattern`.
    pub(super) fn new(pattern: &Arc<str>) -> Result<Self, FileError> {
        let problem = |fault: &str| {
            path::error(
                Arc::clone(pattern),
                FileErrorKind::Pattern,
                format!("the pattern `{pattern}` {fault}"),
            )
        };
        if let Some(fault) = path::fault(pattern) {
            return Err(problem(fault));
        }
        if pattern.split(['/', '{', ',', '}']).any(|part| part == "..") {
            return Err(problem("leads out of the folder of the config with `..`"));
        }
        if path::hidden(pattern) {
            return Err(problem("asks for a hidden file or folder; those are never read"));
        }
        if !ENDINGS.iter().any(|ending| pattern.ends_with(ending)) {
            return Err(problem("does not end with `.yaml` or `.yml`"));
        }
        let compile = |text: &str| match glob(text) {
            Ok(glob) => Ok(glob.compile_matcher()),
            Err(error) => Err(problem(&format!("is malformed: {}", error.kind()))),
        };
        let whole = compile(pattern)?;
        let mut folders = Vec::new();
        let (parents, _) = pattern.rsplit_once('/').unwrap_or(("", pattern));
        for part in parents.split('/').filter(|part| !part.is_empty()) {
            // A choice may hold a `/`, so what follows it cannot be told part by part.
            if part.contains("**") || part.contains('{') {
                folders.push(Folder::Any);
                break;
            }
            folders.push(Folder::One(compile(part)?));
        }
        // A choice in the last part that holds a `/` opens the pattern too: `{a/b,c}.yaml` splits
        // into `{a` and `b,c}.yaml`, which the loop has seen.
        Ok(Self { whole, folders, exact: !pattern.contains(['*', '?', '[', '{']) })
    }

    /// Whether the file at `path` is meant.
    pub(super) fn matches(&self, path: &str) -> bool {
        (path.ends_with(".yaml") || path.ends_with(".yml")) && self.whole.is_match(path)
    }

    /// Whether a file below the folder `path` may be meant.
    pub(super) fn reaches(&self, path: &str) -> bool {
        let mut folders = self.folders.iter();
        path.split('/').all(|part| match folders.as_slice().first() {
            Some(Folder::Any) => true,
            Some(Folder::One(glob)) => {
                folders.next();
                glob.is_match(part)
            }
            None => false,
        })
    }
}

/// Whether a file at `path` would be among those that `patterns` mean, if it were there.
pub fn is_meant(patterns: &[Arc<str>], path: &str) -> bool {
    let visible = path::fault(path).is_none() && !path::hidden(path);
    visible && compile(patterns).0.iter().flatten().any(|pattern| pattern.matches(path))
}

fn glob(text: &str) -> Result<Glob, globset::Error> {
    GlobBuilder::new(text).literal_separator(true).backslash_escape(false).build()
}

/// Compiles all of `patterns`; what is wrong with one does not hide another.
pub(super) fn compile(patterns: &[Arc<str>]) -> (Vec<Option<Pattern>>, Vec<(usize, FileError)>) {
    let mut compiled = Vec::new();
    let mut problems = Vec::new();
    for (index, pattern) in patterns.iter().enumerate() {
        if index == MOST_PATTERNS {
            let message = format!("there are more than {MOST_PATTERNS} patterns");
            problems.push((index, path::error(Arc::clone(pattern), FileErrorKind::TooMany, message)));
            break;
        }
        match Pattern::new(pattern) {
            Ok(pattern) => compiled.push(Some(pattern)),
            Err(error) => {
                compiled.push(None);
                problems.push((index, error));
            }
        }
    }
    (compiled, problems)
}
