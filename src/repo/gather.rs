//! Collects what patterns match, from whatever walks a work tree or a git tree.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    path,
    pattern::{self, Pattern},
};
use crate::model::files::{FileErrorKind, Listing, MOST_FILES};

/// Most files and folders that are looked at for one list: a folder of 10 × 10 × … shared git trees
/// costs its author nothing.
const MOST_ENTRIES: usize = 500_000;
/// Most problems of one list.
const MOST_PROBLEMS: usize = 2_000;
/// Deepest nesting of folders.
pub(super) const DEEPEST: usize = 128;

/// A listing in the making.
pub(super) struct Gather {
    patterns: Vec<Option<Pattern>>,
    hit: Vec<bool>,
    files: BTreeSet<Arc<str>>,
    listing: Listing,
    entries: usize,
    full: bool,
}

impl Gather {
    pub(super) fn new(patterns: &[Arc<str>]) -> Self {
        let (patterns, problems) = pattern::compile(patterns);
        let hit = vec![false; patterns.len()];
        let listing = Listing { problems, ..Listing::default() };
        Self { patterns, hit, files: BTreeSet::new(), listing, entries: 0, full: false }
    }

    /// Counts one entry of a folder; `false` means that the walk has to stop.
    pub(super) fn visit(&mut self, path: &str) -> bool {
        self.entries += 1;
        if self.entries > MOST_ENTRIES && !self.full {
            self.full = true;
            let message = format!("the patterns lead through more than {MOST_ENTRIES} files and folders");
            self.problem_for_first(path, FileErrorKind::TooMany, message);
        }
        !self.full
    }

    /// Whether to look into the folder at `path`.
    pub(super) fn folder(&mut self, path: &str) -> bool {
        if self.first(|pattern| pattern.exact && pattern.matches(path)).is_some() {
            self.refuse(path, FileErrorKind::NotAFile, "is a folder");
        }
        if path::hidden(path) || self.reaching(path).is_none() {
            return false;
        }
        let deep = path.split('/').count() > DEEPEST;
        if deep {
            self.refuse_folder(
                path,
                FileErrorKind::TooMany,
                "lies in more than 128 folders that are nested in each other",
            );
        }
        !deep
    }

    /// A regular file.
    pub(super) fn file(&mut self, path: &str) {
        if path::hidden(path) {
            return;
        }
        let mut found = false;
        for (pattern, hit) in self.patterns.iter().zip(&mut self.hit) {
            if pattern.as_ref().is_some_and(|pattern| pattern.matches(path)) {
                *hit = true;
                found = true;
            }
        }
        if !found || self.full {
            return;
        }
        if let Some(fault) = path::fault(path) {
            return self.refuse(path, FileErrorKind::Pattern, fault);
        }
        if self.files.len() == MOST_FILES && !self.files.contains(path) {
            self.full = true;
            let message = format!("the patterns match more than {MOST_FILES} files");
            return self.problem_for_first(path, FileErrorKind::TooMany, message);
        }
        self.files.insert(path.into());
    }

    /// Something at `path` that is no regular file: a problem where a pattern means it.
    pub(super) fn refuse(&mut self, path: &str, kind: FileErrorKind, fault: &str) {
        if !path::hidden(path)
            && let Some(index) = self.first(|pattern| pattern.matches(path))
        {
            self.problem(index, path, kind, format!("`{path}` {fault}"));
        }
    }

    /// A folder at `path` that is not looked into: a problem where a pattern leads into it, because
    /// leaving files out in silence would read as "these roles are gone". The empty path is the root.
    pub(super) fn refuse_folder(&mut self, path: &str, kind: FileErrorKind, fault: &str) {
        let index = if path.is_empty() { self.first(|_| true) } else { self.reaching(path) };
        if let Some(index) = index
            && !path::hidden(path)
        {
            let name = if path.is_empty() { "." } else { path };
            self.problem(index, name, kind, format!("`{name}` {fault}"));
        }
    }

    /// What may be a file or a folder: as a file where a pattern names it, else as a folder.
    pub(super) fn refuse_either(&mut self, path: &str, kind: FileErrorKind, fault: &str) {
        match self.first(|pattern| pattern.matches(path)) {
            Some(_) => self.refuse(path, kind, fault),
            None => self.refuse_folder(path, kind, fault),
        }
    }

    /// Whether some pattern leads into the folder `path`.
    pub(super) fn reaching(&self, path: &str) -> Option<usize> {
        self.first(|pattern| pattern.reaches(path))
    }

    /// The listing, sorted.
    pub(super) fn finish(mut self) -> Listing {
        for (index, hit) in self.hit.iter().enumerate() {
            // A walk that ended early proves nothing about the patterns that it did not come to.
            if !hit && !self.full && !self.listing.problems.iter().any(|(at, _)| *at == index) {
                self.listing.unmatched.push(index);
            }
        }
        self.listing.files = self.files.into_iter().collect();
        self.listing.problems.sort_by(|a, b| (a.0, &a.1.path).cmp(&(b.0, &b.1.path)));
        self.listing
    }

    fn first(&self, found: impl Fn(&Pattern) -> bool) -> Option<usize> {
        self.patterns.iter().position(|pattern| pattern.as_ref().is_some_and(&found))
    }

    fn problem_for_first(&mut self, path: &str, kind: FileErrorKind, message: String) {
        let index = self.first(|_| true).unwrap_or(0);
        self.problem(index, path, kind, message);
    }

    fn problem(&mut self, index: usize, path: &str, kind: FileErrorKind, message: String) {
        self.listing.problems.push((index, path::error(path, kind, message)));
        if self.listing.problems.len() >= MOST_PROBLEMS && !self.full {
            self.full = true;
            let message = format!("there are more than {MOST_PROBLEMS} problems; the rest is not listed");
            self.listing.problems.push((index, path::error(path, FileErrorKind::TooMany, message)));
        }
    }
}
