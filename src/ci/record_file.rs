//! The records of an apply as a file, between the job that applies and the one that may push.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::run::{File, Ran, Run};
use crate::{
    model::{Untrusted, config},
    render::json,
    repo::{Record, RecordPlace, RecordStore},
    workflow::{Exit, Failure, project::Project},
};

/// The name of the file in the folder of results.
const NAME: &str = "record.json";
/// The version of the format.
const FORMAT_VERSION: u32 = 1;
/// Largest file that is read, in bytes.
const LARGEST: u64 = 64 << 20;

/// Records of one root.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RecordFile {
    /// Always 1.
    format_version: u32,
    /// The folder of the definitions in the repository; empty for its top.
    pub(super) root: Untrusted,
    /// The records.
    pub(super) records: Vec<Record>,
}

/// Puts the records of this commit into the file that `record` pushes, where records are kept in git.
pub(super) fn collect(run: Run<'_>, project: &Project, ran: &mut Ran) {
    if project.loaded.config.as_ref().is_none_or(|config| config.record != config::Record::Git) {
        return;
    }
    let records = match records(project) {
        Ok(records) => records,
        Err(failure) => {
            return ran.notes(format!("The record cannot be handed on: {}", failure.message.raw()));
        }
    };
    if records.is_empty() {
        return;
    }
    let file = RecordFile { format_version: FORMAT_VERSION, root: project.facts.prefix().into(), records };
    let (place, path) = match &run.inputs.record_file {
        Some(path) => (File::Record, path.clone()),
        None => (File::Result(NAME), run.folder().join(NAME)),
    };
    ran.gives("record_file", path.display().to_string());
    ran.files.push((place, json::to_string(&file)));
}

/// The records in this clone that are of the planned commit.
fn records(project: &Project) -> Result<Vec<Record>, Failure> {
    let store = RecordStore::open(&project.place, &RecordPlace::Git)?;
    let all = store.read_all()?;
    let of_this = |record: &Record| Some(&record.revision) == project.revisions.desired.as_ref();
    Ok(all.into_values().flatten().filter(of_this).collect())
}

impl RecordFile {
    /// Reads the file that an apply left.
    ///
    /// # Errors
    ///
    /// Where it is not there, too large, or not what an apply writes.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let failed = |why: String| {
            Failure::new(Exit::Error, format!("the record {} cannot be used: {why}", path.display()))
                .help("Pass the file that `apply` gave as its output `record_file`.")
        };
        let size = std::fs::metadata(path).map_err(|error| failed(error.to_string()))?.len();
        if size > LARGEST {
            return Err(failed(format!("it has {size} bytes; at most {LARGEST} are read")));
        }
        let bytes = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
        let file: Self = serde_json::from_slice(&bytes)
            .map_err(|error| failed(format!("it is not what an apply writes (line {})", error.line())))?;
        match file.format_version {
            FORMAT_VERSION => Ok(file),
            other => Err(failed(format!("it has version {other} of the format"))),
        }
    }
}
