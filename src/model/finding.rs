//! Findings: everything that rolecall has to say about what a person wrote, as plain data.

use super::{Code, Site, Untrusted};

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Worth knowing; nothing is refused.
    Warning,
    /// The definitions cannot be used.
    Error,
}

/// A place that a finding points at, with what is to be seen there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The bytes to underline.
    pub site: Site,
    /// A few words, may be empty.
    pub text: Untrusted,
}

/// One problem, with a stable code, its places, and what to do.
///
/// Texts may quote what somebody else wrote, so they are [`Untrusted`]: each renderer encodes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The stable code.
    pub code: Code,
    /// Its level after config, command line, and comments had their say.
    pub level: Level,
    /// What is wrong, one sentence without a full stop.
    pub message: Untrusted,
    /// The first is the primary place; none where the problem has no place in a file.
    pub labels: Vec<Label>,
    /// What to do, in full sentences.
    pub help: Option<Untrusted>,
}

impl Finding {
    /// A finding at the default level of its code.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            level: code.default_level().unwrap_or(Level::Warning),
            message: message.into().into(),
            labels: Vec::new(),
            help: None,
        }
    }

    /// Adds a place; the first one is the primary.
    #[must_use]
    pub fn at(mut self, site: Site, text: impl Into<String>) -> Self {
        self.labels.push(Label { site, text: text.into().into() });
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into().into());
        self
    }
}
