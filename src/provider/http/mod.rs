//! The one way to a provider: where the credential may go, how long to wait, how much to read, what
//! to repeat. Readers and writers share a [`Connection`]; a reader's client can only read.

mod client;
mod credential;
mod event;
mod exchange;
mod failure;
mod graphql;
#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may fail loudly")]
mod graphql_tests;
mod host;
mod json;
mod limits;
mod pages;
#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test may fail loudly")]
mod pages_tests;
mod pause;
mod quota;
mod statistics;
mod stop;
#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test may fail loudly")]
pub(in crate::provider) mod testing;
#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail loudly")]
mod tests;

use std::{
    collections::BTreeMap,
    fmt,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use reqwest::header::{HeaderName, HeaderValue};
use tokio::{sync::Semaphore, time::Instant};

use self::{quota::Gate, statistics::Counters};
use super::{Endpoint, Settings};
use crate::model::{Redactor, Untrusted, config::CredentialSource};

pub use credential::{CredentialError, Environment, read_credential};
pub use event::{Event, Events, Why};
pub use host::{ALLOWED_HOSTS, Destination, HostRefusal, Sends, allowed_hosts, check_allowed, judge};
pub use limits::{DEADLINE, Limits};
pub use quota::Quota;
pub use statistics::Statistics;
pub use stop::Stop;

pub(in crate::provider) use client::{Get, ReadClient, Reading, Send, WriteClient};
pub(in crate::provider) use exchange::Answer;
pub(in crate::provider) use failure::Failure;
pub(in crate::provider) use graphql::{Document, Mutation, Query};
pub(in crate::provider) use json::{Bounded, Loose, Text, items};
pub(in crate::provider) use pages::{Items, List};

/// What a loopback server gets in place of a credential, unless the host was named as allowed.
pub const DUMMY_CREDENTIAL: &str = "loopback-dummy-credential";

/// Chooses the TLS implementation of the process. Safe to call any number of times; a client that
/// is built before the first call would have none.
pub fn install_tls() {
    // An error says that one is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// What a connection is opened with.
pub struct Opening<'a> {
    /// Where requests go.
    pub endpoint: Endpoint,
    /// The target's settings.
    pub settings: &'a Settings,
    /// Where the credential comes from; read only after the host was found to be allowed.
    pub credential: &'a CredentialSource,
    /// Hosts that a person allowed ([`allowed_hosts`]).
    pub allowed: &'a [String],
    /// Looks up environment variables.
    pub environment: Environment<'a>,
    /// Learns the credential.
    pub redactor: Redactor,
    /// What stands as the host in the identity instead of the real one: `emulator/TARGET`.
    pub stands_for: Option<Untrusted>,
    /// Bounds.
    pub limits: Limits,
    /// Whether the run is to end.
    pub stop: Stop,
    /// Receives what happens.
    pub events: Option<Events>,
}

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenError {
    /// The credential may not go to that host (exit 4); it was not read.
    Host(HostRefusal),
    /// There is no usable credential.
    Credential(CredentialError),
    /// The system gives no HTTPS client: one sentence.
    Client(String),
}

/// A connection to one target: base URL, credential, bounds, counts.
pub struct Connection {
    http: reqwest::Client,
    destination: Destination,
    header: (HeaderName, HeaderValue),
    variable: Box<str>,
    stands_for: Option<Untrusted>,
    settings: BTreeMap<String, Untrusted>,
    limits: Limits,
    stop: Stop,
    redactor: Redactor,
    counters: Counters,
    events: Option<Events>,
    permits: Semaphore,
    gates: Mutex<BTreeMap<&'static str, Arc<Gate>>>,
    /// Until when the server lets nothing through, as it said itself.
    closed: Mutex<Option<Instant>>,
}

/// Shows the host and nothing that could hold a credential.
impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("host", &self.destination.host).finish_non_exhaustive()
    }
}

impl Connection {
    /// Judges the host, then reads the credential, then prepares a client. Nothing is sent yet.
    pub fn open(opening: Opening<'_>) -> Result<Self, OpenError> {
        let Opening { endpoint, settings, credential, allowed, environment, redactor, .. } = opening;
        let destination = judge(&endpoint.url, endpoint.own_hosts, allowed).map_err(OpenError::Host)?;
        let header = match destination.sends {
            Sends::Credential => {
                let secret =
                    read_credential(credential, environment, &redactor).map_err(OpenError::Credential)?;
                HeaderValue::try_from(format!("{}{}", endpoint.prefix, secret.expose()))
            }
            Sends::Dummy => HeaderValue::try_from(format!("{}{DUMMY_CREDENTIAL}", endpoint.prefix)),
        };
        let (Ok(name), Ok(mut value)) = (HeaderName::try_from(endpoint.header), header) else {
            return Err(OpenError::Client("the credential does not fit into a header".to_owned()));
        };
        value.set_sensitive(true);
        let limits = opening.limits;
        Ok(Self {
            http: build_client(&destination, &limits)?,
            destination,
            header: (name, value),
            variable: credential.variable().into(),
            stands_for: opening.stands_for,
            settings: settings.iter().map(|(name, placed)| (name.clone(), placed.value.clone())).collect(),
            redactor,
            counters: Counters::default(),
            events: opening.events,
            stop: opening.stop,
            permits: Semaphore::new(limits.concurrent.max(1)),
            limits,
            gates: Mutex::default(),
            closed: Mutex::default(),
        })
    }

    /// The host for the target's identity: `emulator/TARGET`, or the real one, with its port where
    /// that is not the usual one.
    pub fn identity_host(&self) -> Untrusted {
        self.stands_for.clone().unwrap_or_else(|| self.destination.host.as_str().into())
    }

    /// Where requests go and what goes there, for `doctor`.
    pub fn destination(&self) -> &Destination {
        &self.destination
    }

    /// A setting of the target.
    pub fn setting(&self, name: &str) -> Option<&Untrusted> {
        self.settings.get(name)
    }

    /// What it has cost so far.
    pub fn statistics(&self) -> Statistics {
        self.counters.snapshot()
    }

    /// How long `requests` more requests will wait because of `quota` alone.
    pub fn expected_wait(&self, quota: &Quota, requests: usize) -> Duration {
        self.gate(*quota).expected_wait(requests)
    }

    /// How many requests of `quota` can be under way at the same time: its own bound, and that of all
    /// requests.
    pub fn at_a_time(&self, quota: &Quota) -> usize {
        quota.concurrent.min(quota.requests).min(self.limits.concurrent).max(1)
    }

    fn gate(&self, quota: Quota) -> Arc<Gate> {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        gates.entry(quota.group).or_insert_with(|| Arc::new(Gate::new(quota))).clone()
    }

    fn report(&self, event: &Event) {
        if let Some(events) = &self.events {
            events(event);
        }
    }
}

fn build_client(destination: &Destination, limits: &Limits) -> Result<reqwest::Client, OpenError> {
    install_tls();
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("rolecall/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .gzip(true)
        .connect_timeout(limits.connect)
        .read_timeout(limits.read)
        // Servers close idle connections; a write on one that is just being closed would have an
        // unknown outcome. Between plan and apply a person may think for minutes.
        .pool_idle_timeout(Duration::from_secs(15))
        .tcp_nodelay(true)
        .https_only(!destination.loopback);
    if destination.loopback {
        // The name must not lead elsewhere, whatever the resolver says.
        let local = [SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), SocketAddr::from((Ipv6Addr::LOCALHOST, 0))];
        builder = builder.no_proxy().resolve_to_addrs("localhost", &local);
        if destination.base.scheme() == "http" {
            // Plain http needs no certificates, so it works where the system has none.
            builder = builder.tls_certs_only([]);
        }
    }
    builder.build().map_err(|error| {
        OpenError::Client(format!("no HTTPS client: {}", failure::root_cause(&error.without_url())))
    })
}
