//! What to do about Devin's refusals, beyond what every provider's need. Matched are statuses and paths:
//! texts are only examples, and some statuses are not documented.

use crate::provider::http::Failure;

/// Adds help where the documentation says what a status means.
pub(super) fn explain(mut failure: Failure) -> Failure {
    let path = &failure.request.0;
    let help = match failure.status {
        Some(401) => {
            "This API takes the key of a service user or a personal access token, which begin with `cog_`, and no key of an older version (`apk_…`). Check that it is whole, not expired, and of this deployment."
        }
        Some(403) if path.ends_with("/roles") => {
            "Reading roles takes `ViewAccountMembership`, as older pages say `ManageAccountMembership`. Custom roles are unlocked for each enterprise by Devin's support."
        }
        Some(403) => {
            "Reading members takes `ViewAccountMembership`, as older pages say `ManageAccountMembership`; changing them takes the latter, and organizations `ManageOrganizations`. Give the role of this service user what is missing; a key of an older version has none of it."
        }
        Some(404) if path.ends_with("/roles") => {
            "Check `settings.url`: it is the address of the API, without a version. A dedicated deployment has one of its own."
        }
        _ => return failure,
    };
    failure.help = Some(help.to_owned());
    failure
}

/// As [`explain`], for a request that changes something. What it is about was read shortly before, so
/// that something that is not found is no longer there.
pub(super) fn explain_write(mut failure: Failure) -> Failure {
    let help = match failure.status {
        Some(403) => {
            "Changing members takes `ManageAccountMembership`; and nobody is given a role that permits more than the one of this credential, or that manages service users. Let an administrator give this role in the dashboard, or use a credential that holds more."
        }
        Some(404) => {
            "The principal, the organization, or the role was probably deleted meanwhile, or somebody lost the role that was to be changed. Plan again."
        }
        Some(400 | 409 | 422) => {
            "It contradicts what is there now: another role may have been given meanwhile, or the role is of the other level. Plan again."
        }
        _ => return explain(failure),
    };
    failure.help = Some(help.to_owned());
    failure
}
