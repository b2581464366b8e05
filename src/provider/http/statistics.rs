//! What a connection has cost so far.

use std::{
    sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// What a connection has cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Requests that were sent, retries included.
    pub requests: u32,
    /// Requests that were repeated.
    pub retries: u32,
    /// Bytes of answers, decompressed.
    pub bytes: u64,
    /// The longest chain of requests that had to wait for each other.
    pub depth: u32,
    /// Time that requests waited for quotas and pauses, added up.
    pub throttled: Duration,
}

/// Counts.
#[derive(Debug, Default)]
pub(super) struct Counters {
    requests: AtomicU32,
    retries: AtomicU32,
    bytes: AtomicU64,
    depth: AtomicU32,
    throttled_ms: AtomicU64,
}

impl Counters {
    pub(super) fn sent(&self) {
        self.requests.fetch_add(1, Relaxed);
    }

    pub(super) fn repeated(&self) {
        self.retries.fetch_add(1, Relaxed);
    }

    pub(super) fn received(&self, bytes: usize) {
        self.bytes.fetch_add(bytes as u64, Relaxed);
    }

    pub(super) fn waited(&self, wait: Duration) {
        self.throttled_ms.fetch_add(wait.as_millis() as u64, Relaxed);
    }

    /// A request of wave `wave` has ended: it waited for one of the wave before.
    pub(super) fn ended(&self, wave: u32) {
        self.depth.fetch_max(wave, Relaxed);
    }

    pub(super) fn depth(&self) -> u32 {
        self.depth.load(Relaxed)
    }

    pub(super) fn snapshot(&self) -> Statistics {
        Statistics {
            requests: self.requests.load(Relaxed),
            retries: self.retries.load(Relaxed),
            bytes: self.bytes.load(Relaxed),
            depth: self.depth(),
            throttled: Duration::from_millis(self.throttled_ms.load(Relaxed)),
        }
    }
}
