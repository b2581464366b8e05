//! Text that somebody else wrote: a role's name, a permission, an id, an API's error message.

use std::{borrow::Borrow, cmp::Ordering, fmt, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Text from a repository, an API, or a plan file.
///
/// It has no `Display`: a renderer has to choose the encoder of its format (terminal, Markdown,
/// GitHub command ...), so that terminal escapes, bidirectional overrides, or mentions cannot pass
/// through by accident. It serializes as a plain string because every JSON sink of this crate
/// escapes what a terminal or a reader could be misled by (`render::json`).
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Untrusted(Arc<str>);

impl Untrusted {
    /// Wraps `text` unchanged.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The text as it came, for comparing, hashing, and sending. Never for printing.
    pub fn raw(&self) -> &str {
        &self.0
    }

    /// Whether there is no text at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The order of two texts. Most that are equal are shared, and then not a byte is looked at.
pub(super) fn order(a: &str, b: &str) -> Ordering {
    if std::ptr::eq(a, b) { Ordering::Equal } else { a.cmp(b) }
}

impl Ord for Untrusted {
    fn cmp(&self, other: &Self) -> Ordering {
        order(&self.0, &other.0)
    }
}

impl PartialOrd for Untrusted {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl From<&str> for Untrusted {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for Untrusted {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl Borrow<str> for Untrusted {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// Escaped as a Rust string literal: control and bidirectional characters become `\u{..}`.
impl fmt::Debug for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
