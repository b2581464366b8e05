//! Keeping a provider's documented quota, so that "too many requests" stays rare.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::Instant,
};

/// A documented quota of a group of paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Name of the group; requests with the same name share the quota.
    pub group: &'static str,
    /// Most requests in any span of [`Quota::per`].
    pub requests: usize,
    /// The span.
    pub per: Duration,
    /// Most requests at the same time.
    pub concurrent: usize,
}

/// Clocks differ and requests are under way for a while: the span is kept this much longer.
const MARGIN: Duration = Duration::from_secs(1);

/// The gate before a group of paths: a sliding window.
///
/// A request occupies its place from the moment it is let through until [`Quota::per`] after it has
/// ended, because only then it is certain that the server counted it no later.
#[derive(Debug)]
pub(super) struct Gate {
    quota: Quota,
    permits: Semaphore,
    window: Mutex<Window>,
}

#[derive(Debug, Default)]
struct Window {
    under_way: usize,
    ended: VecDeque<Instant>,
    /// Until when the server refuses whatever counts against the quota, as it said itself.
    closed: Option<Instant>,
}

/// Leave to send one request; dropping it says that the request has ended.
#[derive(Debug)]
pub(super) struct Pass<'a> {
    gate: &'a Gate,
    _permit: Option<SemaphorePermit<'a>>,
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        let mut window = self.gate.window();
        window.under_way = window.under_way.saturating_sub(1);
        window.ended.push_back(Instant::now());
    }
}

impl Gate {
    pub(super) fn new(quota: Quota) -> Self {
        let requests = quota.requests.max(1);
        let quota = Quota { requests, concurrent: quota.concurrent.clamp(1, requests), ..quota };
        Self { quota, permits: Semaphore::new(quota.concurrent), window: Mutex::default() }
    }

    fn window(&self) -> MutexGuard<'_, Window> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn span(&self) -> Duration {
        self.quota.per + MARGIN
    }

    /// Lets nothing through for a while: others use the same quota, or it is a smaller one than documented.
    pub(super) fn close_for(&self, wait: Duration) {
        let until = Instant::now() + wait;
        let mut window = self.window();
        window.closed = Some(window.closed.map_or(until, |before| before.max(until)));
    }

    /// Waits for a place. Before each wait `waiting` is told until when, and may give up with an
    /// error.
    pub(super) async fn enter<E>(
        &self,
        mut waiting: impl FnMut(Instant) -> Result<(), E>,
    ) -> Result<Pass<'_>, E> {
        // A semaphore fails only when it is closed, which never happens here.
        let mut permit = self.permits.acquire().await.ok();
        loop {
            let free_at = {
                let mut window = self.window();
                let now = Instant::now();
                while window.ended.front().is_some_and(|ended| *ended + self.span() <= now) {
                    window.ended.pop_front();
                }
                match window.closed.filter(|until| *until > now) {
                    Some(until) => until,
                    None if window.under_way + window.ended.len() < self.quota.requests => {
                        window.under_way += 1;
                        return Ok(Pass { gate: self, _permit: permit.take() });
                    }
                    None => window.ended.front().map_or(now + MARGIN, |ended| *ended + self.span()),
                }
            };
            waiting(free_at)?;
            tokio::time::sleep_until(free_at).await;
        }
    }

    /// How long `requests` more requests take because of the quota alone.
    pub(super) fn expected_wait(&self, requests: usize) -> Duration {
        let now = Instant::now();
        let window = self.window();
        let mut places = window.ended.clone();
        places.extend(std::iter::repeat_n(now, window.under_way));
        let mut last = now;
        for _ in 0..requests {
            if places.len() >= self.quota.requests
                && let Some(ended) = places.pop_front()
            {
                last = last.max(ended + self.span());
            }
            places.push_back(last);
        }
        last - now
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use super::*;

    const QUOTA: Quota = Quota { group: "users", requests: 10, per: Duration::from_secs(60), concurrent: 3 };

    async fn one(gate: &Gate) {
        let pass = gate.enter(|_| Ok::<_, ()>(())).await.unwrap();
        tokio::time::sleep(Duration::from_millis(200)).await;
        drop(pass);
    }

    #[tokio::test(start_paused = true)]
    async fn no_span_holds_more_than_the_quota() {
        let gate = Gate::new(QUOTA);
        let mut starts = Vec::new();
        for _ in 0..35 {
            let pass = gate.enter(|_| Ok::<_, ()>(())).await.unwrap();
            starts.push(Instant::now());
            drop(pass);
        }
        for pair in starts.windows(11) {
            assert!(*pair.last().unwrap() - *pair.first().unwrap() > QUOTA.per);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_expected_wait_is_the_real_one() {
        let gate = Gate::new(QUOTA);
        assert_eq!(gate.expected_wait(10), Duration::ZERO);
        assert_eq!(gate.expected_wait(11), Duration::from_secs(61));
        assert_eq!(gate.expected_wait(35), Duration::from_secs(183));
        let start = Instant::now();
        for _ in 0..11 {
            one(&gate).await;
        }
        let took = start.elapsed();
        assert!((Duration::from_secs(61)..Duration::from_secs(64)).contains(&took), "{took:?}");
        // Ten of them are still in the window.
        assert!(gate.expected_wait(9) > Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn at_most_three_are_under_way() {
        let gate = Gate::new(QUOTA);
        let passes = [
            gate.enter(|_| Ok::<_, ()>(())).await.unwrap(),
            gate.enter(|_| Ok::<_, ()>(())).await.unwrap(),
            gate.enter(|_| Ok::<_, ()>(())).await.unwrap(),
        ];
        let fourth = tokio::time::timeout(Duration::from_secs(5), gate.enter(|_| Ok::<_, ()>(()))).await;
        assert!(fourth.is_err());
        drop(passes);
        assert!(gate.enter(|_| Ok::<_, ()>(())).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_may_refuse_to_wait() {
        let gate = Gate::new(QUOTA);
        for _ in 0..10 {
            one(&gate).await;
        }
        assert!(gate.enter(Err).await.unwrap_err() > Instant::now());
    }
}
