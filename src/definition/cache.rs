//! What several loads of one run share: files that were parsed before, and the schemas.

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use crate::{
    contract::Spec,
    model::{
        Code,
        files::{FileError, Files},
    },
};

use super::{
    definition_file::DefinitionFile,
    parsed::{self, FileOf},
    schema,
    validate::Checker,
};

/// A definition file that was read.
pub(crate) type Parsed = Arc<FileOf<DefinitionFile>>;

/// Files that were parsed before, by git's id of the blob and by their text. A second load, at
/// another revision, parses only what differs, and where ids are known does not even read the rest.
///
/// One cache serves any number of loads with the same providers.
#[derive(Default)]
pub struct ParseCache {
    known: Mutex<Known>,
    config: OnceLock<Option<Checker>>,
    definitions: OnceLock<Option<Checker>>,
}

#[derive(Default)]
struct Known {
    by_blob: HashMap<[u8; 20], Parsed>,
    by_text: HashMap<Arc<str>, Parsed>,
}

impl ParseCache {
    /// The file at `path`, parsed now or before. `fits` is asked with its size in bytes once that is
    /// known, and before it is parsed; `None` where it says no.
    pub(crate) fn definitions(
        &self,
        files: &dyn Files,
        path: &str,
        checker: &Checker,
        fits: impl Fn(u64) -> bool,
    ) -> Result<Option<Parsed>, FileError> {
        let blob = files.fingerprint(path);
        if let Some(file) = blob.and_then(|blob| self.lock().by_blob.get(&blob).cloned()) {
            return Ok(fits(file.text.len() as u64).then_some(file));
        }
        let bytes = files.read(path)?;
        if !fits(bytes.len() as u64) {
            return Ok(None);
        }
        let file =
            match std::str::from_utf8(&bytes).ok().and_then(|text| self.lock().by_text.get(text).cloned()) {
                Some(file) => file,
                None => Arc::new(parsed::read(bytes, checker)),
            };
        // Only what decoded is kept: of anything else the text is not what was read.
        if file.findings.iter().all(|finding| finding.code != Code::NotUtf8) {
            let mut known = self.lock();
            known.by_text.entry(Arc::clone(&file.text)).or_insert_with(|| Arc::clone(&file));
            if let Some(blob) = blob {
                known.by_blob.insert(blob, Arc::clone(&file));
            }
        }
        Ok(Some(file))
    }

    /// The schema of definition files; `None` would be a mistake in the contracts.
    pub(crate) fn definitions_checker(&self, specs: &[&dyn Spec]) -> Option<&Checker> {
        let make = || {
            let schema = schema::without_permission_names(schema::definitions_schema(specs));
            Checker::new(schema, schema::vocabulary(specs))
        };
        self.definitions.get_or_init(make).as_ref()
    }

    /// The schema of the configuration; `None` would be a mistake in the contracts.
    pub(crate) fn config_checker(&self, specs: &[&dyn Spec]) -> Option<&Checker> {
        self.config.get_or_init(|| Checker::new(schema::config_schema(specs), BTreeSet::new())).as_ref()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for ParseCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParseCache").field("files", &self.lock().by_text.len()).finish_non_exhaustive()
    }
}
