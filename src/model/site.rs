//! Places in files: which file of which revision, and which bytes of it.

use std::sync::{Arc, OnceLock};

/// Index of a [`Source`] in its [`Sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub u32);

/// A range of bytes in one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Site {
    /// The file.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// One file as it was read.
#[derive(Debug)]
pub struct Source {
    /// Path relative to the root of the definitions, with `/` on every system.
    pub path: Arc<str>,
    /// The git revision it was read from; `None` for the work tree.
    pub revision: Option<Arc<str>>,
    /// The text; empty where the file could not be decoded.
    pub text: Arc<str>,
    lines: OnceLock<Vec<u32>>,
}

/// Line and column of a byte, both from 1; the column counts characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl Source {
    /// A source with its text.
    pub fn new(path: impl Into<Arc<str>>, revision: Option<Arc<str>>, text: impl Into<Arc<str>>) -> Self {
        Self { path: path.into(), revision, text: text.into(), lines: OnceLock::new() }
    }

    /// Line and column of byte `offset`; an offset past the end is the end.
    pub fn position(&self, offset: u32) -> Position {
        let lines = self.lines.get_or_init(|| {
            let starts =
                self.text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i as u32 + 1);
            std::iter::once(0).chain(starts).collect()
        });
        let offset = offset.min(self.text.len() as u32);
        let index = lines.partition_point(|start| *start <= offset).saturating_sub(1);
        let start = lines.get(index).copied().unwrap_or(0);
        let before = self.text.get(start as usize..offset as usize).unwrap_or_default();
        Position { line: index as u32 + 1, column: before.chars().count() as u32 + 1 }
    }
}

/// Every file that was read in this run, so that a finding or a change can point into it.
#[derive(Debug, Default)]
pub struct Sources(Vec<Arc<Source>>);

impl Sources {
    /// Adds a source and returns its id.
    pub fn add(&mut self, source: Source) -> SourceId {
        self.0.push(Arc::new(source));
        SourceId(self.0.len() as u32 - 1)
    }

    /// The source with this id.
    pub fn get(&self, id: SourceId) -> Option<&Arc<Source>> {
        self.0.get(id.0 as usize)
    }

    /// All sources in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = (SourceId, &Arc<Source>)> {
        self.0.iter().enumerate().map(|(index, source)| (SourceId(index as u32), source))
    }

    /// Path and position of the first byte of `site`.
    pub fn locate(&self, site: Site) -> Option<(&Arc<Source>, Position)> {
        let source = self.get(site.source)?;
        Some((source, source.position(site.start)))
    }
}
