//! I/O with the products: a shared HTTP client, one folder per provider, and the registry.

pub mod coderabbit;
pub mod devin;
pub mod gitlab;
pub mod http;
pub mod infracodebase;
mod registry;
pub mod workos;

use std::{future::Future, pin::Pin, sync::Arc};

use crate::{
    contract::Spec,
    model::{
        Untrusted,
        activity::{ActivityLog, ActivityQuery},
        live::{LiveState, Query},
    },
    plan::operation::{Made, Verb},
};

pub use registry::Registry;

/// A boxed future, so that the traits below can be objects.
pub type Fut<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A provider with its I/O.
pub trait Provider: Spec {
    /// A client that can read and nothing else: planning holds only this.
    fn reader(&self, connection: Arc<http::Connection>) -> Box<dyn Read>;
    /// A client that can write.
    fn writer(&self, connection: Arc<http::Connection>) -> Box<dyn Write>;
    /// Where a target's requests go; what `settings` say was checked against the contract.
    fn endpoint(&self, settings: &Settings) -> Endpoint;
    /// What reading the members takes.
    fn member_reading(&self) -> MemberReading;
}

/// What reading the members takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberReading {
    /// Members in one answer; the requests follow each other.
    pub page: usize,
    /// The documented limit of these requests, which moving members counts against too.
    pub quota: Option<http::Quota>,
}

impl MemberReading {
    /// How many requests it takes to read so many members.
    pub fn requests(&self, members: usize) -> usize {
        members.div_ceil(self.page.max(1)).max(1)
    }
}

/// A target's settings by name.
pub type Settings = std::collections::BTreeMap<String, crate::model::config::Placed<Untrusted>>;

/// Where requests go, and how they say who asks. Whether the credential may go there is decided by
/// [`http::judge`], not here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Base URL as it was configured or built in.
    pub url: String,
    /// The provider's own hosts, to which its credential may always go over https.
    pub own_hosts: &'static [&'static str],
    /// Name of the header that carries the credential, in lower case.
    pub header: &'static str,
    /// What stands before the credential in that header: `Bearer `, or nothing.
    pub prefix: &'static str,
}

impl Endpoint {
    /// The usual one: a bearer token, and the address that the setting `url` names, else `default`.
    pub(crate) fn bearer(settings: &Settings, default: &str, own_hosts: &'static [&'static str]) -> Self {
        let url = settings.get("url").map_or(default, |url| url.value.raw()).to_owned();
        Self { url, own_hosts, header: "authorization", prefix: "Bearer " }
    }
}

/// Reads the live state.
pub trait Read: Send + Sync {
    /// Everything that `query` asks for, or why not. Requests that do not depend on each other run
    /// at the same time.
    fn fetch(&self, query: Query) -> Fut<'_, Result<LiveState, ReadError>>;

    /// What `doctor` should say of the API beyond what reading tells; `None` where there is nothing to
    /// look at.
    fn notice(&self) -> Option<Fut<'_, Vec<Noticed>>> {
        None
    }

    /// What the provider's audit log says, in one or two requests; `None` where it has none that can be
    /// read.
    fn activity(&self, _query: ActivityQuery) -> Option<Fut<'_, Result<ActivityLog, ReadError>>> {
        None
    }
}

/// Something about an API that is worth knowing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noticed {
    /// What it is; may quote the API.
    pub message: Untrusted,
    /// What to do about it.
    pub help: Option<String>,
}

/// Executes operations.
pub trait Write: Send + Sync {
    /// Sends the one request of `verb`. It is never repeated by the client where its outcome is
    /// unknown.
    fn execute<'a>(&'a self, verb: &'a Verb, made: &'a Made) -> Fut<'a, Result<Outcome, WriteError>>;

    /// Hears of everything that a run may send, before the first of it: what several of them need
    /// can then be made in one request.
    fn announce(&self, _verbs: &[&Verb]) {}

    /// Asks for the same in another documented way, after `verb` was accepted but read back
    /// otherwise; `None` where there is no other way.
    fn insist<'a>(&'a self, verb: &'a Verb, made: &'a Made) -> Option<Fut<'a, Result<Outcome, WriteError>>>;
}

/// What came of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Accepted as a whole.
    Done {
        /// The id of what was made.
        id: Option<Untrusted>,
    },
    /// Accepted for some principals.
    Partly {
        /// Those for whom it failed, with the provider's reason.
        failed: Vec<(Untrusted, Untrusted)>,
    },
}

/// Which request, for messages: method and path without query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestLine(pub String);

/// Why reading failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// What kind of failure.
    pub kind: ReadErrorKind,
    /// The request that failed, where one was sent.
    pub request: Option<RequestLine>,
    /// What happened, one sentence; may quote the API.
    pub message: Untrusted,
    /// What to do.
    pub help: Option<String>,
}

/// Kinds of failed reads; the exit code follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadErrorKind {
    /// The credential is missing, unknown, or not allowed to (401, 403, 410).
    Denied,
    /// The request is wrong or what it asks for does not exist (other 4xx): a setting is off.
    Rejected,
    /// Too many requests, and the deadline came before the answer (429).
    RateLimited,
    /// No connection, no answer in time, or 5xx.
    Unreachable,
    /// An answer that is not what the reference says: not JSON, truncated, a wrong type, a redirect,
    /// too large, a repeated cursor.
    Malformed,
}

/// Why writing failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteError {
    /// What is known of the effect.
    pub effect: Effect,
    /// The request.
    pub request: RequestLine,
    /// HTTP status, where there was an answer.
    pub status: Option<u16>,
    /// What happened, one sentence; may quote the API.
    pub message: Untrusted,
    /// What to do.
    pub help: Option<String>,
}

/// What is known of the effect of a failed write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing was sent.
    NotSent,
    /// The provider refused it.
    Refused,
    /// It was sent and there is no answer, or one that says nothing: only reading tells.
    Unknown,
}

impl RequestLine {
    /// `message` as a sentence that names the request, once.
    pub fn said(&self, message: &Untrusted) -> String {
        match message.raw().starts_with(&self.0) {
            true => message.raw().to_owned(),
            false => format!("{}: {}", self.0, message.raw()),
        }
    }
}

impl From<&str> for RequestLine {
    fn from(line: &str) -> Self {
        Self(line.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_take_a_request_for_each_page_and_one_at_least() {
        let reading = MemberReading { page: 100, quota: None };
        assert_eq!([0, 1, 100, 101, 1200].map(|members| reading.requests(members)), [1, 1, 1, 2, 12]);
    }
}
