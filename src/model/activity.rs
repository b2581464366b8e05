//! What a provider's audit log says: who did what, when, to which object.

use std::collections::BTreeSet;

use super::{Kind, Untrusted};

/// What to read of an audit log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ActivityQuery {
    /// Only entries from this time on; `None` for the newest ones, however old.
    pub since: Option<jiff::Timestamp>,
}

/// What was read of an audit log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActivityLog {
    /// Newest first, as far as their times can be understood; those without one come last.
    pub entries: Vec<Entry>,
    /// What the reader should know, in sentences: entries that were not read.
    pub notes: Vec<Untrusted>,
}

/// An entry of an audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When, as a point in time; `None` where the log's spelling of it is not understood.
    pub instant: Option<jiff::Timestamp>,
    /// When: RFC 3339 where it is understood, else as the log spells it.
    pub time: Untrusted,
    /// Who, as the log calls them.
    pub actor: Untrusted,
    /// What, in the words of the log.
    pub what: Untrusted,
    /// To what.
    pub object: Mention,
}

/// What an entry says about its object. Logs differ in how well they say it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mention {
    /// Whether it is about a role itself or about who holds one; `None` where nobody can tell.
    pub kind: Option<Kind>,
    /// Whatever may be an id of what it is about.
    pub ids: BTreeSet<Untrusted>,
    /// Whatever may be a name of what it is about.
    pub names: BTreeSet<Untrusted>,
    /// What it says in prose.
    pub text: Untrusted,
}
