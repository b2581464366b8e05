//! One apply at a time on one tenant, from this machine.
//!
//! The lock is a file outside the repository, named after the verified tenant, so that two checkouts
//! meet. No provider offers a lock of its own; applies from different machines are kept apart by the
//! CI system's own concurrency setting.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    time::Duration,
};

use sha2::{Digest as _, Sha256};

use crate::model::live::Identity;

/// A held lock; it ends with the process at the latest.
#[derive(Debug)]
pub struct TenantLock {
    _file: File,
}

/// Why the lock was not taken.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another apply holds it.
    #[error("another apply on this tenant is running on this machine")]
    Held,
    /// The lock file cannot be made.
    #[error("the lock file {path} cannot be opened: {source}")]
    Io {
        /// Where it would be.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

impl TenantLock {
    /// Takes the lock of a tenant, or says at once why not.
    ///
    /// # Errors
    ///
    /// [`LockError::Held`] where another process has it.
    pub fn take(identity: &Identity) -> Result<Self, LockError> {
        let (folder, path) = place(identity);
        let io = |source| LockError::Io { path: path.clone(), source };
        std::fs::create_dir_all(&folder).map_err(io)?;
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(io)?;
        let mut looks = 0;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: file }),
                // Whoever only looks holds it for an instant.
                Err(TryLockError::WouldBlock) if looks < LOOKS => {
                    looks += 1;
                    std::thread::sleep(INSTANT);
                }
                Err(TryLockError::WouldBlock) => return Err(LockError::Held),
                Err(TryLockError::Error(source)) => return Err(io(source)),
            }
        }
    }

    /// Whether the lock of a tenant could be taken. Makes no file, and no folder.
    ///
    /// # Errors
    ///
    /// [`LockError::Held`] where another process has it, [`LockError::Io`] where it could not be made.
    pub fn look(identity: &Identity) -> Result<(), LockError> {
        let (folder, path) = place(identity);
        let io = |source| LockError::Io { path: path.clone(), source };
        let file = match OpenOptions::new().write(true).open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return may_make(&folder).map_err(io),
            Err(error) => return Err(io(error)),
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(()),
            Err(TryLockError::WouldBlock) => Err(LockError::Held),
            Err(TryLockError::Error(source)) => Err(io(source)),
        }
    }
}

/// How often, and after which pause, a lock that is held is tried again.
const LOOKS: u32 = 3;
const INSTANT: Duration = Duration::from_millis(10);

/// The folder of the locks, and the file for one tenant.
fn place(identity: &Identity) -> (PathBuf, PathBuf) {
    let mut hasher = Sha256::new();
    for part in [Some(&identity.host), identity.tenant.as_ref(), identity.anchor.as_ref()] {
        hasher.update(part.map_or("", |part| part.raw()));
        hasher.update([0]);
    }
    let name: String = hasher.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let folder = folder();
    let path = folder.join(format!("{name}.lock"));
    (folder, path)
}

/// Whether something can be made in `folder`, or it in what is there above it.
fn may_make(folder: &Path) -> io::Result<()> {
    for above in folder.ancestors() {
        match above.metadata() {
            Ok(found) if !found.is_dir() => return Err(ErrorKind::NotADirectory.into()),
            Ok(found) if found.permissions().readonly() => return Err(ErrorKind::PermissionDenied.into()),
            Ok(_) => return Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// A folder of this user's own, so that nobody else can put a link or a foreign lock in the way.
fn folder() -> PathBuf {
    let own = |variable: &str, below: &str| {
        std::env::var_os(variable).filter(|path| !path.is_empty()).map(|path| PathBuf::from(path).join(below))
    };
    own("XDG_RUNTIME_DIR", "rolecall")
        .or_else(|| own("LOCALAPPDATA", "rolecall/locks"))
        .or_else(|| own("HOME", ".cache/rolecall/locks"))
        .unwrap_or_else(|| std::env::temp_dir().join("rolecall-locks"))
}
