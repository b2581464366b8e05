//! Why a command, or one target of it, could not be carried out.

use super::Exit;
use crate::{
    model::Untrusted,
    plan::document::TargetError,
    provider::{ReadError, ReadErrorKind, http::OpenError},
    repo::{Fault, RepoError},
};

/// One failure in words, with the exit code that it leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// How the run ends.
    pub exit: Exit,
    /// What happened, where, and why; may quote what somebody else wrote.
    pub message: Untrusted,
    /// What to do.
    pub help: Option<Untrusted>,
}

impl Failure {
    /// A failure without help.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into().into(), help: None }
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into().into());
        self
    }
}

impl From<RepoError> for Failure {
    fn from(error: RepoError) -> Self {
        let exit = match error.kind.fault() {
            Fault::Usage => Exit::Usage,
            Fault::Invalid => Exit::Invalid,
            Fault::Refused => Exit::Refused,
            Fault::Other => Exit::Error,
        };
        let help = error.help.map(|help| sentences(&help).into());
        Self { exit, message: error.message.into(), help }
    }
}

/// An advice whose commands stand on lines of their own, each after a colon, as one text: with the
/// commands as code at the ends of the sentences.
pub(super) fn sentences(advice: &str) -> String {
    let mut text = String::new();
    for line in advice.split('\n') {
        let command = text.ends_with(':');
        if !text.is_empty() {
            text.push(' ');
        }
        match command {
            true => text.extend(["`", line, "`."]),
            false => text.push_str(line),
        }
    }
    text
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        let exit = match error.kind {
            ReadErrorKind::Denied | ReadErrorKind::Rejected => Exit::Error,
            ReadErrorKind::RateLimited | ReadErrorKind::Unreachable | ReadErrorKind::Malformed => {
                Exit::Provider
            }
        };
        let message = match &error.request {
            Some(request) => request.said(&error.message).into(),
            None => error.message,
        };
        Self { exit, message, help: error.help.map(Into::into) }
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Host(refusal) => {
                Self { exit: Exit::Refused, message: refusal.message, help: Some(refusal.help.into()) }
            }
            OpenError::Credential(error) => Self::new(Exit::Error, error.message).help(error.help),
            OpenError::Client(message) => Self::new(Exit::Error, message),
        }
    }
}

impl From<Failure> for TargetError {
    fn from(failure: Failure) -> Self {
        Self { exit: failure.exit.code(), message: failure.message, help: failure.help }
    }
}

#[cfg(test)]
mod tests {
    use super::sentences;

    #[test]
    fn commands_end_their_sentences() {
        assert_eq!(sentences("Clone it again."), "Clone it again.");
        assert_eq!(
            sentences("Look at it:\ngit log -p x\nTo go on, remove it:\ngit update-ref -d x"),
            "Look at it: `git log -p x`. To go on, remove it: `git update-ref -d x`."
        );
    }
}
