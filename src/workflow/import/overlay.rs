//! The work tree as it would be after files were written.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    model::files::{FileError, Files, Listing},
    repo,
};

/// Files with some of them in a new version.
pub(super) struct Overlay<'a> {
    pub(super) files: &'a dyn Files,
    /// New texts by path.
    pub(super) texts: BTreeMap<&'a str, &'a str>,
}

impl Files for Overlay<'_> {
    fn list(&self, patterns: &[Arc<str>]) -> Listing {
        let mut listing = self.files.list(patterns);
        let new = self.texts.keys().filter(|path| repo::is_meant(patterns, path)).map(|path| (*path).into());
        listing.files.extend(new);
        listing.files.sort();
        listing.files.dedup();
        listing.unmatched.retain(|index| {
            let pattern = patterns.get(*index).map_or(&[][..], std::slice::from_ref);
            !self.texts.keys().any(|path| repo::is_meant(pattern, path))
        });
        listing
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        match self.texts.get(path) {
            Some(text) => Ok(text.as_bytes().to_vec()),
            None => self.files.read(path),
        }
    }
}
