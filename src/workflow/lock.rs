//! One apply at a time on one tenant, from this machine.
//!
//! The lock is a file outside the repository, named after the verified tenant, so that two checkouts
//! meet. No provider offers a lock of its own; applies from different machines are kept apart by the
//! CI system's own concurrency setting.

use std::{
    fs::{File, OpenOptions, TryLockError},
    path::PathBuf,
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
        source: std::io::Error,
    },
}

impl TenantLock {
    /// Takes the lock of a tenant, or says at once why not.
    ///
    /// # Errors
    ///
    /// [`LockError::Held`] where another process has it.
    pub fn take(identity: &Identity) -> Result<Self, LockError> {
        let mut hasher = Sha256::new();
        for part in [Some(&identity.host), identity.tenant.as_ref(), identity.anchor.as_ref()] {
            hasher.update(part.map_or("", |part| part.raw()));
            hasher.update([0]);
        }
        let name: String = hasher.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let folder = folder();
        let path = folder.join(format!("{name}.lock"));
        let io = |source| LockError::Io { path: path.clone(), source };
        std::fs::create_dir_all(&folder).map_err(io)?;
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(LockError::Held),
            Err(TryLockError::Error(source)) => Err(io(source)),
        }
    }
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
