//! What an API tells goes into files that are committed; a credential that it echoes does not.

use std::borrow::Cow;

use super::{Exit, Failure};
use crate::model::Redactor;

/// Most characters of a line that are quoted.
const LONGEST_QUOTE: usize = 120;

/// Refuses `text`, which is about to be written to `place`, where it holds a credential in any spelling.
///
/// # Errors
///
/// Exit code 4 with the line, in which the credential is not shown.
pub(super) fn without_credential(redactor: &Redactor, place: &str, text: &str) -> Result<(), Failure> {
    let leaking = text.lines().find_map(|line| match redactor.clean(line) {
        Cow::Owned(clean) => Some(clean),
        Cow::Borrowed(_) => None,
    });
    let Some(line) = leaking else { return Ok(()) };
    let quote: String = line.trim().chars().take(LONGEST_QUOTE).collect();
    let message = format!("{place} was not written, because it would hold a credential: {quote}");
    Err(Failure::new(Exit::Refused, message).help(
        "Everybody who sees that in the product can use it. Make a new credential, and take the old one out of the text.",
    ))
}
