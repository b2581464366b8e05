//! CodeRabbit. Source of every fact: <https://docs.coderabbit.ai> (`/api-reference/roles-*`,
//! `/api-reference/users-*`, `/api-reference/platform/audit-logs/*`, `/api/reference/*`,
//! `/management/custom-roles`), November 2026. What its documentation leaves open is marked where it
//! matters.

mod audit;
mod audit_wire;
mod help;
mod holders;
mod members;
mod read;
mod roles;
mod spec;
mod wire;
mod write;

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may fail loudly")]
mod audit_tests;
#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may fail loudly")]
mod member_tests;
#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]
mod read_tests;
#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may fail loudly")]
mod test_api;
#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may fail loudly")]
mod write_tests;

use std::{sync::Arc, time::Duration};

use super::{
    Endpoint, MemberReading, Provider, Read, Settings, Write,
    http::{Connection, Quota},
};

/// Setting: the organization, for a workspace API token.
const ORG_ID: &str = "org_id";
/// Setting: another region or a server of one's own.
const URL: &str = "url";

/// The API in the United States.
const DEFAULT_URL: &str = "https://api.coderabbit.ai";

/// Hosts of the API. Source: `/api/conventions`.
const OWN_HOSTS: &[&str] = &["api.coderabbit.ai", "api.eu.coderabbit.ai"];

/// The documented limit of `/v1/users` and `/v1/users/roles`, per organization. Whether the two
/// share it is not documented, so they do here. Source: `/api-reference/users-change-roles`,
/// `/api-reference/users-list`.
pub const USERS_QUOTA: Quota =
    Quota { group: "users", requests: 10, per: Duration::from_secs(60), concurrent: 3 };

/// CodeRabbit.
#[derive(Clone, Copy, Debug, Default)]
pub struct CodeRabbit;

impl Provider for CodeRabbit {
    fn reader(&self, connection: Arc<Connection>) -> Box<dyn Read> {
        Box::new(read::Reader::new(connection.read_client()))
    }

    fn writer(&self, connection: Arc<Connection>) -> Box<dyn Write> {
        Box::new(write::Writer::new(connection.write_client()))
    }

    fn endpoint(&self, settings: &Settings) -> Endpoint {
        Endpoint {
            url: settings.get(URL).map_or_else(|| DEFAULT_URL.to_owned(), |url| url.value.raw().to_owned()),
            own_hosts: OWN_HOSTS,
            header: "x-coderabbitai-api-key",
            prefix: "",
        }
    }

    fn member_reading(&self) -> MemberReading {
        MemberReading { page: members::PAGE_SIZE, quota: Some(USERS_QUOTA) }
    }
}
