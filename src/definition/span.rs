//! Byte ranges inside one file, before it is known which source that file is.

use crate::model::{Site, SourceId};

/// A range of bytes in the text of one file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Span {
    /// First byte.
    pub(crate) start: u32,
    /// One past the last byte.
    pub(crate) end: u32,
}

impl Span {
    /// The range `start..end`. Files are at most 16 MiB, so offsets fit.
    pub(crate) fn new(start: usize, end: usize) -> Self {
        Self { start: start as u32, end: (end as u32).max(start as u32) }
    }

    /// The same bytes as a place in `source`.
    pub(crate) fn site(self, source: SourceId) -> Site {
        Site { source, start: self.start, end: self.end }
    }

    /// The bytes themselves; empty where the range does not lie on character boundaries.
    pub(crate) fn slice(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}
