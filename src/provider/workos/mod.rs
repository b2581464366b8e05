//! WorkOS: roles of an environment and of its organizations, and who holds them there. Source of every
//! fact: <https://workos.com/docs> (`/rbac/custom-roles`, `/rbac/configuration`, `/reference/roles/*`,
//! `/authkit/roles-and-permissions`, `/reference/rate-limits`, `/reference/pagination`) and the vendor's
//! OpenAPI description (`workos/openapi-spec`, release v0.61.0), November 2026. What they leave open
//! is marked where it matters.

mod fork;
mod groups;
mod help;
mod manual;
mod members;
mod organizations;
mod pages;
mod permissions;
mod read;
mod resources;
mod roles;
mod slug;
mod spec;
mod wire;
mod write;

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may fail loudly")]
mod read_tests;
#[cfg(test)]
mod test_api;
#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may fail loudly")]
mod write_tests;

use std::{sync::Arc, time::Duration};

use super::{
    Endpoint, MemberReading, Provider, Read, Settings, Write,
    http::{Connection, Quota},
};

/// Setting: a server of one's own.
const URL: &str = "url";

/// The API. A key reaches one environment; nothing in a path names it.
const DEFAULT_URL: &str = "https://api.workos.com";

/// Hosts of the API.
const OWN_HOSTS: &[&str] = &["api.workos.com"];

/// The documented limits of `/user_management`, per environment. The general one, 6,000 requests in
/// 60 s, is out of reach: no more than [`crate::provider::http::Limits`] allows are under way.
/// Source: `/reference/rate-limits`.
const MEMBER_READS: Quota =
    Quota { group: "member reads", requests: 1_000, per: Duration::from_secs(10), concurrent: 64 };
const MEMBER_WRITES: Quota =
    Quota { group: "member writes", requests: 500, per: Duration::from_secs(10), concurrent: 64 };

/// WorkOS.
#[derive(Clone, Copy, Debug, Default)]
pub struct WorkOs;

impl Provider for WorkOs {
    fn reader(&self, connection: Arc<Connection>) -> Box<dyn Read> {
        Box::new(read::Reader::new(connection.read_client()))
    }

    fn writer(&self, connection: Arc<Connection>) -> Box<dyn Write> {
        Box::new(write::Writer::new(connection.clone().read_client(), connection.write_client()))
    }

    fn endpoint(&self, settings: &Settings) -> Endpoint {
        Endpoint::bearer(settings, DEFAULT_URL, OWN_HOSTS)
    }

    fn member_reading(&self) -> MemberReading {
        MemberReading { page: pages::SIZE, quota: Some(MEMBER_READS) }
    }
}
