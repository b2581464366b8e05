//! An empty list of roles: there are none, or the licence for them has run out. GraphQL shows the
//! same for both; REST refuses without a licence.

use super::{deployment::Deployment, help::explain, rest};
use crate::provider::{
    ReadError, ReadErrorKind,
    http::{Get, Reading},
};

/// Why an empty list is not to be believed; `None` where there are really no roles.
pub(super) async fn doubt(
    reading: &Reading,
    deployment: &Deployment,
    wave: u32,
) -> Result<Option<String>, ReadError> {
    let path = rest::list_path(deployment);
    match reading.get(Get { segments: &path, query: &[], wave, quota: None }).await {
        Ok(_) => Ok(None),
        Err(failure) if failure.kind == ReadErrorKind::RateLimited || failure.status.is_none() => {
            Err(failure.into())
        }
        Err(failure) => {
            // Where GitLab's words tell another reason, that is what to mend.
            let failure = explain(failure);
            let help = failure.help.filter(|_| failure.status == Some(400));
            Ok(Some(format!(
                "the list of roles is empty, which a licence that has run out looks like too, and {}{}",
                failure.message.trim_end_matches('.'),
                help.map_or_else(String::new, |help| format!(". {}", help.trim_end_matches('.')))
            )))
        }
    }
}
