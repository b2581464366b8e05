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

/// A file that somebody has parsed or is parsing; `None` where it cannot be kept.
type Slot = Arc<OnceLock<Option<Parsed>>>;

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
    by_blob: HashMap<[u8; 20], Slot>,
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
        let Some(blob) = files.fingerprint(path) else {
            let file = self.by_text(files, path, checker, &fits)?;
            if let Some((file, true)) = &file {
                self.lock().unnamed.push(Arc::clone(file));
            }
            return Ok(file.map(|(file, _)| file));
        };
        let slot = Arc::clone(self.lock().by_blob.entry(blob).or_default());
        // Two loads at the same time meet here: the second waits for what the first is parsing.
        let mut own = None;
        let known = slot.get_or_init(|| {
            let file = own.insert(self.by_text(files, path, checker, &fits)).as_ref().ok()?.as_ref()?;
            is_whole(&file.0).then(|| Arc::clone(&file.0))
        });
        match (own, known) {
            (Some(own), _) => Ok(own?.map(|(file, _)| file)),
            (None, Some(file)) => Ok(fits(file.text.len() as u64).then(|| Arc::clone(file))),
            (None, None) => Ok(self.by_text(files, path, checker, &fits)?.map(|(file, _)| file)),
        }
    }

    /// The file at `path`, which is read in any case, and whether its text is new.
    fn by_text(
        &self,
        files: &dyn Files,
        path: &str,
        checker: &Checker,
        fits: &impl Fn(u64) -> bool,
    ) -> Result<Option<(Parsed, bool)>, FileError> {
        let bytes = files.read(path)?;
        if !fits(bytes.len() as u64) {
            return Ok(None);
        }
        let text = std::str::from_utf8(&bytes).ok();
        if let Some(file) = text.and_then(|text| self.lock().by_text.get(text).cloned()) {
            return Ok(Some((file, false)));
        }
        let file = Arc::new(parsed::read(bytes, checker));
        let whole = is_whole(&file);
        if whole {
            self.lock().by_text.insert(Arc::clone(&file.text), Arc::clone(&file));
        }
        Ok(Some((file, whole)))
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
                    let slot = |file: &Parsed| Arc::new(OnceLock::from(Some(Arc::clone(file))));
                    let blobs: Vec<_> = blobs.map(|(blob, file)| (blob, slot(file))).collect();
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

/// Whether the text is what was read; only then the file can be kept.
fn is_whole(file: &Parsed) -> bool {
    file.findings.iter().all(|finding| finding.code != Code::NotUtf8)
}
