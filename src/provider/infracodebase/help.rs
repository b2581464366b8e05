//! What to do about Infracodebase's refusals. Errors have no documented form: only the status counts.
//! Source: `/developers/access-tokens`, `/developers/api-reference`.

use crate::provider::http::Failure;

/// Adds help where the documentation says what a status means.
pub(super) fn explain(mut failure: Failure) -> Failure {
    let help = match failure.status {
        Some(401) => {
            let usual = failure.help.take().unwrap_or_default();
            format!(
                "{usual} Tokens end after 90 days unless they were made with another term; a new one is made in the enterprise settings > Tokens."
            )
        }
        Some(403) => "An enterprise token (`icb_eat_…`) reaches one enterprise, and the workspaces that were chosen for it; a personal one (`icb_pat_…`) what its owner may see.".to_owned(),
        Some(404) => "Check `settings.enterprise`, and `settings.url` where it is a server of your own.".to_owned(),
        Some(501) => "Infracodebase documents this endpoint and does not offer it yet.".to_owned(),
        _ => return failure,
    };
    failure.help = Some(help.trim_start().to_owned());
    failure
}
