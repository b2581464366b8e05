//! Infracodebase: custom roles of an enterprise, at two scopes, of which no documented request tells or
//! changes anything. What is read is who the target is; everything else is a person's work, and known
//! from the attested snapshot. Source of every fact: <https://infracodebase.com/docs>
//! (`/enterprises/roles`, `/enterprises/sso`, `/developers/api-reference`, `/developers/access-tokens`)
//! and the vendor's own client (<https://github.com/onwardplatforms/infracodebase-mcp>, commit d9c46a0),
//! November 2026.

mod enterprises;
mod help;
mod manual;
mod probe;
mod read;
mod spec;
mod wire;
mod write;

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may fail loudly")]
mod read_tests;

use std::sync::Arc;

use super::{Endpoint, MemberReading, Provider, Read, Settings, Write, http::Connection};

/// Setting: a server of one's own.
const URL: &str = "url";

/// The app; its API lies below [`API`]. Source: the vendor's client.
const DEFAULT_URL: &str = "https://infracodebase.com";

/// Where the API lies on the host of the app, also on one's own. Source: the vendor's client.
const API: [&str; 2] = ["api", "v1"];

/// Hosts of the app.
const OWN_HOSTS: &[&str] = &["infracodebase.com"];

/// Infracodebase.
#[derive(Clone, Copy, Debug, Default)]
pub struct Infracodebase;

impl Provider for Infracodebase {
    fn reader(&self, connection: Arc<Connection>) -> Box<dyn Read> {
        Box::new(read::Reader::new(connection.read_client()))
    }

    fn writer(&self, _: Arc<Connection>) -> Box<dyn Write> {
        Box::new(write::NoWriter)
    }

    /// The documentation calls the address of the API the base, so that it may end in `/api/v1`.
    fn endpoint(&self, settings: &Settings) -> Endpoint {
        let endpoint = Endpoint::bearer(settings, DEFAULT_URL, OWN_HOSTS);
        let url = endpoint.url.trim_end_matches('/');
        Endpoint { url: url.strip_suffix("/api/v1").unwrap_or(url).to_owned(), ..endpoint }
    }

    /// There is no request for it.
    fn member_reading(&self) -> MemberReading {
        MemberReading { page: 100, quota: None }
    }
}
