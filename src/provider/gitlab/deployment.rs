//! Whose roles these are: those of a top-level group on gitlab.com, or those of an instance.

use super::GROUP;
use crate::{
    contract::is_safe_id,
    provider::{ReadError, ReadErrorKind, http::Connection},
};

/// Where custom roles belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Deployment {
    /// A top-level group of gitlab.com, by its path.
    Group(String),
    /// A whole instance.
    Instance,
}

impl Deployment {
    /// As the settings say.
    ///
    /// # Errors
    ///
    /// Where the group is missing, or cannot be one.
    pub(super) fn of(connection: &Connection) -> Result<Self, ReadError> {
        let refuse = |message: String, help: &str| {
            let (kind, message) = (ReadErrorKind::Rejected, message.into());
            Err(ReadError { kind, request: None, message, help: Some(help.to_owned()) })
        };
        match connection.setting(GROUP) {
            Some(group) if is_safe_id(group) => Ok(Self::Group(group.raw().to_ascii_lowercase())),
            Some(group) => refuse(
                format!("{group:?} cannot be the path of a top-level group"),
                "Set `settings.group` to the path of the top-level group: what follows the host in its address.",
            ),
            None if connection.destination().host == "gitlab.com" => refuse(
                "on gitlab.com custom roles belong to a top-level group, and the target names none"
                    .to_owned(),
                "Set `settings.group` to the path of the top-level group.",
            ),
            None => Ok(Self::Instance),
        }
    }

    /// The top-level group.
    pub(super) fn group(&self) -> Option<&str> {
        match self {
            Self::Group(path) => Some(path),
            Self::Instance => None,
        }
    }
}
