//! Limits of single endpoints that GitLab documents. Source: `/security/rate_limits/`, `/user/gitlab_com/`.
//! No header tells them.

use std::time::Duration;

use super::GROUP;
use crate::provider::http::{Connection, Quota};

/// Members may be removed 60 times a minute.
pub(super) const REMOVALS: Quota =
    Quota { group: "member removals", requests: 60, per: Duration::from_secs(60), concurrent: 4 };

/// Single groups may be read 400 times a minute on gitlab.com.
const SINGLE_GROUPS: Quota =
    Quota { group: "single groups", requests: 400, per: Duration::from_secs(60), concurrent: 8 };

/// The quota of `GET /groups/:id`: an instance sets its own, or none.
pub(super) fn of_single_groups(connection: &Connection) -> Option<Quota> {
    connection.setting(GROUP).map(|_| SINGLE_GROUPS)
}
