//! What to do about CodeRabbit's refusals, beyond what every provider's need.
//! Sources: `/api/authentication`, `/api/workspace-api-tokens`, `/api-reference/roles-*`,
//! `/api-reference/platform/audit-logs/list-audit-log-entries`.

use crate::provider::http::Failure;

const LEGACY: &str = "A legacy organization key cannot be used here. Make a user key in the dashboard.";

/// The request for the audit log.
const AUDIT_LOG: &str = "GET /v1/audit-logs";

/// Adds help where CodeRabbit's documentation says what a status means.
pub(super) fn explain(mut failure: Failure, org_id: bool) -> Failure {
    let help = match failure.status {
        Some(400) if !org_id => {
            "A workspace API token needs the organization: set `settings.org_id` to the git provider's id of it."
        }
        Some(403) if failure.message.to_lowercase().contains("legacy") => LEGACY,
        Some(403) if failure.request.0 == AUDIT_LOG => {
            "The audit log needs the Enterprise plan and a key of a person with the Admin role that is no agentic key."
        }
        Some(403) if failure.message.to_lowercase().contains("agentic") => {
            "An agentic key cannot change roles. Make a user key in the dashboard, of a person with the Admin role."
        }
        Some(403) if failure.request.0 == "GET /v1/users" => {
            "Listing users needs a key with the permission `user_management:read`, and the Enterprise plan."
        }
        Some(403) if failure.request.0.contains("/v1/users") => {
            "Changing who holds which role needs a key with the permission `user_management:write`, and the Enterprise plan. An agentic key cannot."
        }
        Some(403) => {
            "Roles need the Enterprise plan and a key of a person with the Admin role. An agentic key cannot change roles, and the owner of a workspace token has to be an administrator of the workspace."
        }
        Some(404) if org_id => {
            "`settings.org_id` has to be an active organization of the workspace, by the git provider's id. Check also the region in `settings.url`."
        }
        Some(404) => "Check the region and the path in `settings.url`.",
        Some(410) => LEGACY,
        _ => return failure,
    };
    failure.help = Some(help.to_owned());
    failure
}

/// As [`explain`], for a request that changes something below `path`. The roles were read shortly
/// before, so that an address that is not found is no longer there.
pub(super) fn explain_write(failure: Failure, org_id: bool, path: &[&str]) -> Failure {
    let help = match (failure.status, path) {
        (Some(404), [_, "users", ..]) => {
            "The role or one of the people was probably removed meanwhile. Plan again to see who is there now."
        }
        (Some(404), [.., "roles"]) => {
            "The roles could be read before, so the organization, or the right of this key to make roles in it, is probably gone meanwhile. Plan again."
        }
        (Some(404), _) => {
            "The role was probably deleted meanwhile. Plan again: what the definitions still declare is then made anew."
        }
        _ => return explain(failure, org_id),
    };
    Failure { help: Some(help.to_owned()), ..failure }
}
