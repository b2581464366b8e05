//! Devin Enterprise: custom roles of the enterprise and of its organizations, which only its dashboard
//! makes, and who holds which role, which its API reads and writes. Source of every fact:
//! <https://docs.devin.ai> (`/enterprise/custom-roles`, `/api-reference/v3/overview`,
//! `/api-reference/authentication`, `/api-reference/concepts/pagination`, `/api-reference/release-notes`)
//! and the API description in the vendor's Terraform provider (`cognitionai/devin` 0.1.1), November
//! 2026. What they leave open is marked where it matters.

mod activity;
mod caller;
mod check;
mod escalation;
mod help;
mod manual;
mod members;
mod notes;
mod organizations;
mod pages;
mod place;
mod read;
mod roles;
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

use std::sync::Arc;

use super::{Endpoint, MemberReading, Provider, Read, Settings, Write, http::Connection};

/// Setting: a deployment of one's own, or a server.
const URL: &str = "url";

/// The API of the shared deployment. A key reaches one enterprise; nothing in a path names it.
const DEFAULT_URL: &str = "https://api.devin.ai";

/// Hosts of the API. A dedicated deployment (`api.COMPANY.devinenterprise.com`) has to be allowed.
const OWN_HOSTS: &[&str] = &["api.devin.ai"];

/// Devin.
#[derive(Clone, Copy, Debug, Default)]
pub struct Devin;

impl Provider for Devin {
    fn reader(&self, connection: Arc<Connection>) -> Box<dyn Read> {
        Box::new(read::Reader::new(connection.read_client()))
    }

    fn writer(&self, connection: Arc<Connection>) -> Box<dyn Write> {
        Box::new(write::Writer::new(connection.clone().read_client(), connection.write_client()))
    }

    fn endpoint(&self, settings: &Settings) -> Endpoint {
        Endpoint::bearer(settings, DEFAULT_URL, OWN_HOSTS)
    }

    /// No limit of requests is published.
    fn member_reading(&self) -> MemberReading {
        MemberReading { page: pages::SIZE, quota: None }
    }
}
