//! Sliding-window rate limits and limits on concurrent requests.

use std::collections::{HashMap, VecDeque};

use super::product::{Limit, Usage};

/// The requests that count against each limit.
#[derive(Debug, Default)]
pub(crate) struct Limiter {
    begun: HashMap<String, VecDeque<i64>>,
    under_way: HashMap<String, usize>,
}

impl Limiter {
    /// Admits a request, or says for how many milliseconds its limit is still exhausted.
    ///
    /// A refused request does not count. An admitted one must be given back with [`leave`](Self::leave).
    pub(crate) fn enter(&mut self, limit: &Limit, now: i64) -> Result<(), i64> {
        let begun = self.begun.entry(limit.key.clone()).or_default();
        while begun.front().is_some_and(|begin| begin.saturating_add(limit.window_ms) <= now) {
            begun.pop_front();
        }
        if begun.len() >= limit.requests {
            let oldest = begun.front().copied().unwrap_or(now);
            return Err(oldest.saturating_add(limit.window_ms).saturating_sub(now));
        }
        let under_way = self.under_way.entry(limit.key.clone()).or_default();
        if limit.concurrent.is_some_and(|most| *under_way >= most) {
            return Err(1000);
        }
        *under_way += 1;
        begun.push_back(now);
        Ok(())
    }

    /// How far a limit is used up.
    pub(crate) fn usage(&self, limit: &Limit, now: i64) -> Usage {
        let begun = self.begun.get(&limit.key);
        let oldest = begun.and_then(|begun| begun.front()).copied().unwrap_or(now);
        Usage {
            limit: limit.requests,
            observed: begun.map_or(0, VecDeque::len),
            reset: oldest.saturating_add(limit.window_ms),
        }
    }

    /// Gives back an admitted request.
    pub(crate) fn leave(&mut self, key: &str) {
        if let Some(under_way) = self.under_way.get_mut(key) {
            *under_way = under_way.saturating_sub(1);
        }
    }

    /// Forgets what has begun, but not what is still under way.
    pub(crate) fn reset(&mut self) {
        self.begun.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_slides_and_concurrency_is_bounded() {
        let limit = Limit { key: "k".into(), requests: 2, window_ms: 60_000, concurrent: Some(1) };
        let mut limiter = Limiter::default();
        assert_eq!(limiter.enter(&limit, 0), Ok(()));
        assert_eq!(limiter.enter(&limit, 1), Err(1000), "one is under way");
        limiter.leave("k");
        assert_eq!(limiter.enter(&limit, 20_000), Ok(()));
        limiter.leave("k");
        assert_eq!(limiter.enter(&limit, 20_000), Err(40_000));
        assert_eq!(limiter.usage(&limit, 20_000), Usage { limit: 2, observed: 2, reset: 60_000 });
        assert_eq!(limiter.enter(&limit, 60_000), Ok(()));
    }
}
