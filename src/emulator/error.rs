//! What can go wrong before an emulator answers its first request.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why an emulator cannot be configured or started; each message says what failed, why, and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmulatorError {
    /// No emulator is registered under this name.
    #[error("there is no emulator for `{provider}`; the emulators are: {known}")]
    UnknownProvider {
        /// The name that was asked for.
        provider: String,
        /// The registered names, separated by commas.
        known: String,
    },
    /// A switch that the provider does not have.
    #[error("the {provider} emulator has no switch `{name}`; its switches are: {known}")]
    UnknownSwitch {
        /// The provider whose switches were searched.
        provider: String,
        /// The name that was asked for.
        name: String,
        /// The switches that exist, separated by commas.
        known: String,
    },
    /// A value that the switch does not have.
    #[error(
        "`{value}` is not a value of the switch `{name}`; its values are: {known} (the first is the default)"
    )]
    UnknownSwitchValue {
        /// The switch.
        name: String,
        /// The value that was asked for.
        value: String,
        /// The values that exist, separated by commas.
        known: String,
    },
    /// A fault that does not follow the grammar of [`Fault::parse`](super::Fault::parse).
    #[error(
        "cannot read the fault `{spec}`: {reason}; the form is `METHOD PATH-GLOB [nth=N] [times=N] EFFECT`, \
         for example `POST /v1/roles status=500 nth=2`"
    )]
    Fault {
        /// The text as given.
        spec: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A seed file that cannot be opened.
    #[error("cannot read the seed file {}: {source}; check the path and its permissions", path.display())]
    SeedFile {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// A seed whose text or content is not valid.
    #[error("the seed{} is not valid: {reason}", path.as_ref().map(|path| format!(" {}", path.display())).unwrap_or_default())]
    Seed {
        /// The file, if the seed came from one.
        path: Option<PathBuf>,
        /// What is wrong, with the name of the field.
        reason: String,
    },
    /// A seed that describes another product.
    #[error(
        "the seed describes `{seed}`, but the emulator to start is `{provider}`; use a seed with `provider: {provider}`"
    )]
    SeedProvider {
        /// The provider to start.
        provider: String,
        /// The provider that the seed names.
        seed: String,
    },
    /// An address that other machines can reach, without leave.
    #[error(
        "the emulator listens only on this machine, and {address} is reachable from others; \
         use 127.0.0.1 or [::1], or pass --allow-remote (anybody who reaches it can change its state)"
    )]
    NotLoopback {
        /// The address that was refused.
        address: SocketAddr,
    },
    /// An address that cannot be bound.
    #[error("cannot listen on {address}: {source}; choose a free port, or port 0 for any")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The operating system's reason.
        source: io::Error,
    },
    /// A state folder that another process has open.
    #[error(
        "the state folder {} is in use by another emulator; stop that one, or give this one a folder of its own",
        path.display()
    )]
    StateLocked {
        /// The folder.
        path: PathBuf,
    },
    /// A state folder that was written for another product.
    #[error(
        "the state folder {} belongs to the {found} emulator, not to {provider}; give this emulator a folder of its own",
        path.display()
    )]
    StateProvider {
        /// The folder.
        path: PathBuf,
        /// The provider to start.
        provider: String,
        /// The provider that wrote the folder.
        found: String,
    },
    /// A state folder whose files cannot be understood.
    #[error(
        "cannot understand {} line {line}: {reason}; restore the file, or delete the state folder to begin again",
        path.display()
    )]
    StateCorrupt {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// A state folder that cannot be read or written.
    #[error("cannot use the state file {}: {source}; check permissions and free space", path.display())]
    StateIo {
        /// The file or folder.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
}
