//! What can go wrong between a path or a revision and the bytes of the definitions.

/// Why a config, a revision, or a file of a repository cannot be used.
///
/// `message` and `help` may quote paths and names of branches as they are: renderers encode them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RepoError {
    /// What kind of failure; decides the exit code by [`RepoErrorKind::fault`].
    pub kind: RepoErrorKind,
    /// What happened, where, and why: one sentence without a full stop.
    pub message: String,
    /// What to do; a command stands on a line of its own.
    pub help: Option<String>,
}

/// Kinds of failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RepoErrorKind {
    /// There is no config where one was looked for.
    NoConfig,
    /// A path given by the user, or written in a definition, cannot be used.
    BadPath,
    /// A revision was asked for outside git.
    NotARepository,
    /// The work tree of a bare repository was asked for.
    NoWorkTree,
    /// No commit has this name.
    UnknownRevision,
    /// Several commits have this name.
    AmbiguousRevision,
    /// The clone is shallow and does not hold the commit.
    Shallow,
    /// The clone does not hold an object: partial or damaged.
    MissingObject,
    /// The repository belongs to another user.
    Owner,
    /// A bare repository inside a work tree.
    Bare,
    /// A path leads through a symbolic link or into a submodule.
    Link,
    /// Two branches changed the same file in ways that git cannot merge.
    Conflict,
    /// Two branches have no history in common.
    Unrelated,
    /// A file of this clone gives commits other parents than they have.
    Grafts,
    /// Both branches changed a file that is too large to be merged.
    TooLarge,
    /// The record of the last apply is malformed, or cannot be written as it is.
    Record,
    /// Somebody else recorded an apply meanwhile.
    Moved,
    /// The file to be written is there already.
    Exists,
    /// The repository has a format that this program cannot read.
    Unsupported,
    /// The repository is damaged, or git's library refuses it for another reason.
    Git,
    /// The system refused.
    Io,
}

/// Whose fault a failure is; each is one exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The command line is wrong.
    Usage,
    /// The definitions are not usable.
    Invalid,
    /// A trust rule refuses, or what is there is not enough to decide safely.
    Refused,
    /// Anything else.
    Other,
}

impl RepoErrorKind {
    /// Which exit code this leads to.
    pub fn fault(self) -> Fault {
        match self {
            Self::NoConfig
            | Self::BadPath
            | Self::NotARepository
            | Self::NoWorkTree
            | Self::UnknownRevision
            | Self::AmbiguousRevision => Fault::Usage,
            Self::Conflict | Self::TooLarge => Fault::Invalid,
            Self::Shallow
            | Self::MissingObject
            | Self::Owner
            | Self::Bare
            | Self::Link
            | Self::Unrelated
            | Self::Grafts
            | Self::Record => Fault::Refused,
            Self::Moved | Self::Exists | Self::Unsupported | Self::Git | Self::Io => Fault::Other,
        }
    }
}

impl RepoError {
    pub(super) fn new(kind: RepoErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), help: None }
    }

    pub(super) fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    /// A failure of the system at `path`, which `doing` names: "cannot read".
    pub(super) fn io(doing: &str, path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::new(RepoErrorKind::Io, format!("{doing} `{}`: {error}", path.display()))
    }
}
