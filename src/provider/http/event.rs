//! What a connection reports while it works: for progress bars and `-v`.

use std::{sync::Arc, time::Duration};

use crate::provider::RequestLine;

/// Something that happened on a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A request ended.
    Request {
        /// Method, path, and query.
        request: RequestLine,
        /// Status; `None` where there was no answer.
        status: Option<u16>,
        /// Milliseconds from sending to the last byte.
        ms: u64,
    },
    /// A request has to wait.
    Waiting {
        /// Method and path.
        request: RequestLine,
        /// How long.
        wait: Duration,
        /// Why.
        why: Why,
    },
}

/// Why a request waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The provider's documented quota would be exceeded.
    Quota,
    /// The provider said that there were too many requests (429).
    RateLimited,
    /// The provider failed (5xx), and the request is sent again.
    ServerError(u16),
    /// There was no connection, or it broke, and the request is sent again.
    Broken,
}

/// Receives events, from any thread.
pub type Events = Arc<dyn Fn(&Event) + Send + Sync>;
