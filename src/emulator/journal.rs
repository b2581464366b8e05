//! The durable state: an append-only log of changes, compacted now and then into a snapshot.
//!
//! A state folder holds
//!
//! - `lock`: held while an emulator has the folder open, so that a second one is refused;
//! - `snapshot.jsonl`: a header line, then one changed object per line;
//! - `log-N.jsonl`: one line per commit since snapshot `N`, each an array of changes, so that a commit is all or nothing.
//!
//! A commit is handed to the operating system before its request is answered, which outlives the end of the process
//! in any form; it reaches the disk itself (fsync) on compaction and on a graceful stop, so a power cut can cost the
//! commits since then. A last line that was cut off is a commit that was never answered, and is dropped.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::EmulatorError;
use super::product::Change;

/// A log shorter than this is not worth compacting while the emulator runs.
const COMPACT_AFTER_BYTES: u64 = 4 * 1024 * 1024;

/// The first line of a snapshot.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    provider: String,
    format: u32,
    generation: u64,
}

/// An open state folder.
#[derive(Debug)]
pub(crate) struct Journal {
    folder: PathBuf,
    provider: String,
    generation: u64,
    log: File,
    log_bytes: u64,
    snapshot_bytes: u64,
    /// Held for its lock.
    _lock: File,
}

/// What a state folder held when it was opened.
pub(crate) struct Opened {
    /// The folder, locked.
    pub(crate) journal: Journal,
    /// The changes that lead to the state, or `None` if the folder is new.
    pub(crate) changes: Option<Vec<Change>>,
}

impl Journal {
    /// Opens or creates a state folder and reads what it holds.
    pub(crate) fn open(folder: &Path, provider: &str) -> Result<Opened, EmulatorError> {
        fs::create_dir_all(folder).map_err(at(folder))?;
        let lock = lock(folder)?;
        let found = snapshot(folder)?;
        let mut generation = 0;
        let mut changes = Vec::new();
        if let Some(bytes) = &found {
            (generation, changes) = read_all(folder, provider, bytes, Torn::Cut)?;
        }
        let path = log_path(folder, generation);
        let log = open_log(&path)?;
        let log_bytes = log.metadata().map_err(at(&path))?.len();
        let journal = Self {
            folder: folder.to_owned(),
            provider: provider.to_owned(),
            generation,
            log,
            log_bytes,
            snapshot_bytes: found.as_ref().map_or(0, |bytes| bytes.len() as u64),
            _lock: lock,
        };
        Ok(Opened { journal, changes: found.map(|_| changes) })
    }

    /// What a state folder holds, without a lock and without a change; `None` where it is new.
    pub(crate) fn look(folder: &Path, provider: &str) -> Result<Option<Vec<Change>>, EmulatorError> {
        let mut found = snapshot(folder)?;
        while let Some(bytes) = found {
            let (_, changes) = read_all(folder, provider, &bytes, Torn::Leave)?;
            // A compaction meanwhile took the log away.
            let now = snapshot(folder)?;
            if now.as_ref() == Some(&bytes) {
                return Ok(Some(changes));
            }
            found = now;
        }
        Ok(None)
    }

    /// Adds one commit.
    pub(crate) fn append(&mut self, changes: &[Change]) -> io::Result<()> {
        let mut line = serde_json::to_vec(changes)?;
        line.push(b'\n');
        if let Err(error) = self.log.write_all(&line) {
            // A part of a line must not stand before the next commit.
            self.log.set_len(self.log_bytes)?;
            return Err(error);
        }
        self.log_bytes += line.len() as u64;
        Ok(())
    }

    /// Whether the log has grown long enough for [`compact`](Self::compact).
    pub(crate) fn is_long(&self) -> bool {
        self.log_bytes > COMPACT_AFTER_BYTES.max(self.snapshot_bytes * 2)
    }

    /// Whether there is anything in the log.
    pub(crate) fn has_log(&self) -> bool {
        self.log_bytes > 0
    }

    /// Replaces snapshot and log by a snapshot of `objects`.
    pub(crate) fn compact(&mut self, objects: &[Change]) -> Result<(), EmulatorError> {
        let generation = self.generation + 1;
        let path = log_path(&self.folder, generation);
        let log = open_log(&path)?;
        log.set_len(0).map_err(at(&path))?;
        let temporary = self.folder.join("snapshot.jsonl.tmp");
        let header = Header { provider: self.provider.clone(), format: 1, generation };
        let bytes = write_snapshot(&temporary, &header, objects).map_err(at(&temporary))?;
        let snapshot = snapshot_path(&self.folder);
        fs::rename(&temporary, &snapshot).map_err(at(&snapshot))?;
        sync_folder(&self.folder);
        // From here on the old log is never read again; a remainder of it costs only space.
        let _ = fs::remove_file(log_path(&self.folder, self.generation));
        self.generation = generation;
        self.log = log;
        self.log_bytes = 0;
        self.snapshot_bytes = bytes;
        Ok(())
    }

    /// Brings everything to the disk.
    pub(crate) fn sync(&mut self) -> io::Result<()> {
        self.log.sync_all()
    }
}

fn log_path(folder: &Path, generation: u64) -> PathBuf {
    folder.join(format!("log-{generation}.jsonl"))
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> EmulatorError {
    let path = path.to_owned();
    move |source| EmulatorError::StateIo { path, source }
}

fn lock(folder: &Path) -> Result<File, EmulatorError> {
    let path = folder.join("lock");
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(at(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(EmulatorError::StateLocked { path: folder.to_owned() }),
        Err(TryLockError::Error(error)) => Err(at(&path)(error)),
    }
}

fn open_log(path: &Path) -> Result<File, EmulatorError> {
    OpenOptions::new().create(true).append(true).open(path).map_err(at(path))
}

fn corrupt(path: &Path, line: usize, reason: &dyn std::fmt::Display) -> EmulatorError {
    EmulatorError::StateCorrupt { path: path.to_owned(), line, reason: reason.to_string() }
}

fn read_snapshot(path: &Path, bytes: &[u8]) -> Result<(Header, Vec<Change>), EmulatorError> {
    let mut lines = bytes.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.is_empty());
    let (_, first) = lines.next().ok_or_else(|| corrupt(path, 1, &"the file is empty"))?;
    let header: Header = serde_json::from_slice(first).map_err(|error| corrupt(path, 1, &error))?;
    if header.format != 1 {
        return Err(corrupt(path, 1, &format!("format {} was written by a newer version", header.format)));
    }
    let objects = lines
        .map(|(index, line)| serde_json::from_slice(line).map_err(|error| corrupt(path, index + 1, &error)))
        .collect::<Result<_, _>>()?;
    Ok((header, objects))
}

/// What to do with a last line that was never finished.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Torn {
    /// Take it off the file.
    Cut,
    /// Leave it: another process may be writing it.
    Leave,
}

fn snapshot_path(folder: &Path) -> PathBuf {
    folder.join("snapshot.jsonl")
}

/// The bytes of the snapshot; `None` where there is none.
fn snapshot(folder: &Path) -> Result<Option<Vec<u8>>, EmulatorError> {
    let path = snapshot_path(folder);
    match fs::read(&path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(at(&path)(error)),
    }
}

/// The generation of a snapshot, and the changes of it and of its log.
fn read_all(
    folder: &Path,
    provider: &str,
    bytes: &[u8],
    torn: Torn,
) -> Result<(u64, Vec<Change>), EmulatorError> {
    let (header, mut changes) = read_snapshot(&snapshot_path(folder), bytes)?;
    if header.provider != provider {
        return Err(EmulatorError::StateProvider {
            path: folder.to_owned(),
            provider: provider.to_owned(),
            found: header.provider,
        });
    }
    changes.extend(read_log(&log_path(folder, header.generation), torn)?);
    Ok((header.generation, changes))
}

/// Reads the commits of a log without a last line that was never finished.
fn read_log(path: &Path, torn: Torn) -> Result<Vec<Change>, EmulatorError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(at(path)(error)),
    };
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    if whole < bytes.len() && torn == Torn::Cut {
        let log = OpenOptions::new().write(true).open(path).map_err(at(path))?;
        log.set_len(whole as u64).map_err(at(path))?;
    }
    let mut changes = Vec::new();
    for (index, line) in bytes[..whole].split(|byte| *byte == b'\n').enumerate() {
        if !line.is_empty() {
            let commit: Vec<Change> =
                serde_json::from_slice(line).map_err(|error| corrupt(path, index + 1, &error))?;
            changes.extend(commit);
        }
    }
    Ok(changes)
}

fn write_snapshot(path: &Path, header: &Header, objects: &[Change]) -> io::Result<u64> {
    let mut file = BufWriter::new(File::create(path)?);
    serde_json::to_writer(&mut file, header)?;
    file.write_all(b"\n")?;
    for object in objects {
        serde_json::to_writer(&mut file, object)?;
        file.write_all(b"\n")?;
    }
    let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_all()?;
    Ok(file.metadata()?.len())
}

/// Makes a rename durable where folders can be synced; elsewhere the rename itself has to do.
fn sync_folder(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn change(id: &str, value: u32) -> Change {
        Change { scope: "s".into(), kind: "k".into(), id: id.into(), value: Some(json!(value)) }
    }

    fn fresh(folder: &Path) -> Journal {
        let mut journal = Journal::open(folder, "coderabbit").unwrap().journal;
        journal.compact(&[change("a", 0)]).unwrap();
        journal
    }

    #[test]
    fn commits_survive_without_a_graceful_end() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = fresh(folder.path());
        journal.append(&[change("a", 1), change("b", 2)]).unwrap();
        drop(journal);
        let opened = Journal::open(folder.path(), "coderabbit").unwrap();
        assert_eq!(opened.changes.unwrap(), [change("a", 0), change("a", 1), change("b", 2)]);
    }

    #[test]
    fn a_torn_last_line_is_dropped_and_later_commits_stand_on_lines_of_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = fresh(folder.path());
        journal.append(&[change("a", 1)]).unwrap();
        drop(journal);
        let log = log_path(folder.path(), 1);
        let mut bytes = fs::read(&log).unwrap();
        bytes.extend_from_slice(br#"[{"scope":"s","kind":"k","id":"#);
        fs::write(&log, bytes).unwrap();
        let mut opened = Journal::open(folder.path(), "coderabbit").unwrap();
        assert_eq!(opened.changes.unwrap(), [change("a", 0), change("a", 1)]);
        opened.journal.append(&[change("a", 2)]).unwrap();
        drop(opened.journal);
        let opened = Journal::open(folder.path(), "coderabbit").unwrap();
        assert_eq!(opened.changes.unwrap().last(), Some(&change("a", 2)));
    }

    #[test]
    fn a_broken_line_in_the_middle_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        drop(fresh(folder.path()));
        fs::write(log_path(folder.path(), 1), "[]\nnonsense\n[]\n").unwrap();
        let error = Journal::open(folder.path(), "coderabbit").err().unwrap().to_string();
        assert!(error.contains("line 2"), "{error}");
    }

    #[test]
    fn an_unfinished_compaction_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = fresh(folder.path());
        journal.append(&[change("a", 1)]).unwrap();
        drop(journal);
        fs::write(folder.path().join("snapshot.jsonl.tmp"), "half").unwrap();
        fs::write(log_path(folder.path(), 2), "").unwrap();
        let mut opened = Journal::open(folder.path(), "coderabbit").unwrap();
        assert_eq!(opened.changes.unwrap(), [change("a", 0), change("a", 1)]);
        opened.journal.compact(&[change("a", 1)]).unwrap();
        assert!(!log_path(folder.path(), 1).exists());
        assert!(!opened.journal.has_log());
    }

    #[test]
    fn a_long_log_is_compacted_and_nothing_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = fresh(folder.path());
        let long = Change { value: Some(json!("x".repeat(5 << 20))), ..change("a", 0) };
        assert!(!journal.is_long());
        journal.append(std::slice::from_ref(&long)).unwrap();
        assert!(journal.is_long());
        journal.compact(std::slice::from_ref(&long)).unwrap();
        assert!(!journal.is_long());
        journal.append(&[change("b", 1)]).unwrap();
        drop(journal);
        let opened = Journal::open(folder.path(), "coderabbit").unwrap();
        assert_eq!(opened.changes.unwrap(), [long, change("b", 1)]);
    }

    #[test]
    fn a_folder_has_one_owner_and_one_provider() {
        let folder = tempfile::tempdir().unwrap();
        let journal = fresh(folder.path());
        let error = Journal::open(folder.path(), "coderabbit").err().unwrap();
        assert!(matches!(error, EmulatorError::StateLocked { .. }), "{error}");
        drop(journal);
        let error = Journal::open(folder.path(), "gitlab").err().unwrap();
        assert!(matches!(error, EmulatorError::StateProvider { .. }), "{error}");
    }
}
