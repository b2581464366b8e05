//! GitLab. Source of every fact: <https://docs.gitlab.com> (`/user/custom_roles/`, `/api/member_roles/`,
//! `/api/graphql/reference/`, `/api/group_members/`, `/api/project_members/`, `/api/groups/`,
//! `/api/saml/`, `/api/group_ldap_links/`, `/security/rate_limits/`) and, where these are silent or
//! wrong, what GitLab's server does (18.9 to 19.3), November 2026.
//!
//! On gitlab.com custom roles belong to a top-level group, which `settings.group` names; on an
//! instance of one's own they belong to the instance, and the setting is absent.

mod check;
mod deployment;
mod everywhere;
mod help;
mod invited;
mod level;
mod licence;
mod links;
mod members;
mod notes;
mod objects;
mod people;
mod place;
mod places;
mod policies;
mod queries;
mod quota;
mod read;
mod rest;
mod roles;
mod saml_default;
mod seats;
mod shares;
mod spec;
mod token;
mod wire;
mod write;

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]
mod read_tests;
#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]
mod test_api;
#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may fail loudly")]
mod write_tests;

use std::sync::Arc;

use super::{Endpoint, MemberReading, Provider, Read, Settings, Write, http::Connection};

/// Setting: the top-level group whose roles these are.
const GROUP: &str = "group";
/// Setting: an instance of one's own.
const URL: &str = "url";

const DEFAULT_URL: &str = "https://gitlab.com";
const OWN_HOSTS: &[&str] = &["gitlab.com"];

/// Path of GraphQL below the base URL.
const GRAPHQL: &[&str] = &["api", "graphql"];

/// GitLab.
#[derive(Clone, Copy, Debug, Default)]
pub struct GitLab;

impl Provider for GitLab {
    fn reader(&self, connection: Arc<Connection>) -> Box<dyn Read> {
        Box::new(read::Reader::new(connection.read_client()))
    }

    fn writer(&self, connection: Arc<Connection>) -> Box<dyn Write> {
        Box::new(write::Writer::new(connection.write_client()))
    }

    /// Personal, group, and OAuth tokens alike are accepted as bearer tokens (`/api/rest/authentication/`).
    fn endpoint(&self, settings: &Settings) -> Endpoint {
        Endpoint::bearer(settings, DEFAULT_URL, OWN_HOSTS)
    }

    fn member_reading(&self) -> MemberReading {
        MemberReading { page: members::PAGE_SIZE as usize, quota: None }
    }
}
