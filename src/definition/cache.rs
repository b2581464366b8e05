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
    target::Answers,
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
    answers: Answers,
}

#[derive(Default)]
struct Known {
    by_blob: HashMap<[u8; 20], Parsed>,
    by_text: HashMap<Arc<str>, Parsed>,
    /// Those of `by_text` that are not in `by_blob`: they came from where files have no ids.
    unnamed: Vec<Parsed>,
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
            let new = known.by_text.insert(Arc::clone(&file.text), Arc::clone(&file)).is_none();
            match blob {
                Some(blob) => {
                    known.by_blob.insert(blob, Arc::clone(&file));
                }
                None if new => known.unnamed.push(Arc::clone(&file)),
                None => {}
            }
        }
        Ok(Some(file))
    }

    /// Finds out the ids that `files` would give to what came without any, such as that of the work
    /// tree: to hash a text takes less time than to inflate its blob.
    pub(crate) fn identify(&self, files: &dyn Files) {
        if files.fingerprint_of(&[]).is_none() {
            return;
        }
        let unnamed = std::mem::take(&mut self.lock().unnamed);
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(16);
        std::thread::scope(|scope| {
            for part in unnamed.chunks(unnamed.len().div_ceil(threads).max(1)) {
                scope.spawn(move || {
                    let blobs = part
                        .iter()
                        .filter_map(|file| Some((files.fingerprint_of(file.text.as_bytes())?, file)));
                    let blobs: Vec<_> = blobs.map(|(blob, file)| (blob, Arc::clone(file))).collect();
                    self.lock().by_blob.extend(blobs);
                });
            }
        });
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

    /// What came of targets before.
    pub(crate) fn answers(&self) -> &Answers {
        &self.answers
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
