//! What to do about GitLab's refusals, beyond what every provider's need. Sources:
//! `/api/graphql/reference/`, `/api/member_roles/`, `/api/group_members/`.

use crate::provider::{Effect, ReadErrorKind, WriteError, http::Failure};

/// GraphQL's word for both "not there" and "not allowed".
const NOT_THERE: &str = "does not exist or you don't have permission";

const NO_RIGHT: &str = "On gitlab.com roles are managed by an Owner of the top-level group, on an instance by an administrator; the token needs the scope `api`, and the licence has to be Ultimate.";

/// Adds help, and what a message says for sure, where GitLab's documentation tells what it means.
pub(super) fn explain(mut failure: Failure) -> Failure {
    let says = |words: &str| failure.message.contains(words);
    let (refused, help) = if says(NOT_THERE) {
        failure.kind = ReadErrorKind::Denied;
        (true, NO_RIGHT)
    } else if failure.message.contains("argument is required")
        || failure.message.contains("deprecated on self-managed")
    {
        (
            true,
            "On gitlab.com set `settings.group` to the top-level group; on an instance of your own take it out.",
        )
    } else if failure.message.contains("argument is not allowed on self-managed") {
        (true, "On an instance of your own custom roles belong to the instance: take `settings.group` out.")
    } else if failure.message.contains("feature flag is disabled") {
        (true, "An administrator of the instance has to enable the feature flag first.")
    } else if failure.message.contains("was provided invalid value") {
        (
            true,
            "This version of GitLab does not have one of the permissions, or the base role; `rolecall doctor` reads its catalogue.",
        )
    } else if failure.status == Some(403) {
        (false, NO_RIGHT)
    } else {
        return failure;
    };
    // A refusal that the server words so came before anything was done.
    if refused && failure.status == Some(200) {
        failure.effect = Effect::Refused;
    }
    failure.help = Some(help.to_owned());
    failure
}

/// Help for what a membership or a link was refused for.
pub(super) fn explain_member(failure: Failure) -> WriteError {
    let mut error = WriteError::from(explain(failure));
    let says = |words: &str| error.message.raw().contains(words);
    let help = if says("existing association with a custom role")
        || says("does not match the current access level")
    {
        "The role of this person was changed meanwhile. Plan again."
    } else if says("inherited membership") {
        "The person has a higher role in a group above, and cannot have a lower one here. Change it there, or take this assignment out."
    } else if says("member_role not found") || says("Member Role Not Found") {
        "The role was deleted meanwhile, or it belongs to another top-level group. Plan again."
    } else if says("already exists") {
        "Somebody added them meanwhile. Plan again."
    } else if error.status == Some(404) {
        "The place, the person, or the link is no longer there. Plan again."
    } else if error.status == Some(403) {
        "The token may not give more than its owner holds: in a group it takes an Owner, in a project a Maintainer."
    } else {
        return error;
    };
    error.help = Some(help.to_owned());
    error
}
