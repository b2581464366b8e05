//! What to do about WorkOS's refusals, beyond what every provider's need. Matched are status and code:
//! messages are only examples. Source: the vendor's OpenAPI description.

use crate::provider::http::Failure;

/// A group of an identity provider maps to the role.
pub(super) const MAPPED: &str = "role_has_group_role_mappings";
/// A membership, a directory user, or an SSO profile has the role.
pub(super) const HELD: &str = "role_has_assignments";
/// A role with this slug is there.
pub(super) const TAKEN: [&str; 2] = ["role_slug_conflict", "organization_role_slug_conflict"];
/// A permission with this slug is there.
pub(super) const TAKEN_PERMISSION: &str = "permission_slug_conflict";
/// Several roles were sent, and the environment allows one.
const ONE_ROLE: &str = "multiple_roles_not_enabled";

/// Adds help where the documentation says what a status means.
pub(super) fn explain(mut failure: Failure) -> Failure {
    let help = match (failure.status, failure.code.as_deref()) {
        (Some(403), _) => {
            "Use a secret key (`sk_…`) of this environment that may read and change roles. Custom roles of organizations may also need another plan."
        }
        (Some(404), _) if failure.request.0.contains("/organizations/") => {
            "Check that the organization belongs to the environment of this key, by its id (`org_…`) or by `external:` and its external id."
        }
        (Some(404), _) => "Check `settings.url`, and that the key is one of this environment.",
        (Some(422), Some(ONE_ROLE)) => {
            "In this environment a member holds one role. \"Multiple roles\" is switched on in the WorkOS dashboard, under Authorization."
        }
        _ => return failure,
    };
    failure.help = Some(help.to_owned());
    failure
}

/// Whether a request makes a role or a permission.
fn makes(request: &str) -> bool {
    request.starts_with("POST ") && (request.ends_with("/roles") || request.ends_with("/permissions"))
}

/// As [`explain`], for a request that changes something. What it is about was read shortly before, so
/// that something that is not found is no longer there.
pub(super) fn explain_write(mut failure: Failure) -> Failure {
    let help = match (failure.status, failure.code.as_deref()) {
        (Some(409), Some(MAPPED)) => {
            "A group of an identity provider gives this role, and no API shows which one or takes that away. In the WorkOS dashboard, or in the organization's Admin Portal, open the role assignment of its directory and of its SSO connection, take the role out of every mapping, and apply again."
        }
        (Some(409), Some(code)) if TAKEN.contains(&code) => {
            "A role with this slug is there and differs from what was to be made: somebody was faster. Plan again."
        }
        (Some(409), Some(TAKEN_PERMISSION)) => {
            "A permission with this slug is there and differs from what was to be made: somebody was faster. Plan again."
        }
        (Some(404 | 422), _) if makes(&failure.request.0) => {
            "Where the type of resource is not known: types are made in the WorkOS dashboard alone. Where the organization is not: plan again."
        }
        (Some(404 | 422), _) if failure.request.0.ends_with("/permissions") => {
            "Either the role was deleted meanwhile, or one of its permissions does not exist, or belongs to another resource type than the role. Plan again."
        }
        (Some(404), _) => {
            "It was probably deleted meanwhile. Plan again: what the definitions still declare is then made anew."
        }
        _ => return explain(failure),
    };
    failure.help = Some(help.to_owned());
    failure
}
