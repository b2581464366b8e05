//! How long to wait before a request is sent again.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use jiff::Timestamp;
use reqwest::header::{HeaderMap, RETRY_AFTER};

use super::Limits;

/// The pauses of one request: they double, with jitter, and never exceed the limit.
pub(super) struct Pauses {
    backoff: ExponentialBackoff,
    longest: Duration,
}

impl Pauses {
    pub(super) fn new(limits: &Limits) -> Self {
        let backoff = ExponentialBuilder::new()
            .with_min_delay(limits.pause)
            .with_max_delay(limits.longest_pause / 4)
            .without_max_times()
            .with_jitter()
            .build();
        Self { backoff, longest: limits.longest_pause }
    }

    /// The next pause: what the server asked for, and never less than the back-off, so that a
    /// server which always asks for nothing is not flooded.
    pub(super) fn next(&mut self, told: Option<Duration>) -> Duration {
        let own = self.backoff.next().unwrap_or(self.longest);
        told.unwrap_or_default().max(own).min(self.longest)
    }
}

/// What a `Retry-After` header asks for: seconds, or a date (RFC 9110, 10.2.3).
pub(super) fn from_header(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let at = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(Duration::try_from(at.duration_since(now)).unwrap_or_default())
}

/// How long a limit that is used up stays so: `RateLimit-Remaining` is 0 and `RateLimit-Reset` says
/// when it begins anew, as seconds since 1970 or, below a thousand million, from now on.
pub(super) fn until_reset(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<i64>().ok();
    if number("ratelimit-remaining")? != 0 {
        return None;
    }
    let reset = number("ratelimit-reset")?;
    let seconds = if reset < 1_000_000_000 { reset } else { reset - now.as_second() };
    Some(Duration::from_secs(u64::try_from(seconds).unwrap_or_default()))
}

/// What a number of seconds in a body asks for; nothing where it makes no sense.
pub(super) fn from_seconds(seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use super::*;

    fn header(text: &str) -> Option<Duration> {
        let now: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, text.parse().unwrap());
        from_header(&headers, now)
    }

    #[test]
    fn both_forms_of_retry_after_are_understood() {
        assert_eq!(header("7"), Some(Duration::from_secs(7)));
        assert_eq!(header("Fri, 20 Nov 2026 10:00:30 GMT"), Some(Duration::from_secs(30)));
        assert_eq!(header("Fri, 20 Nov 2026 09:00:00 GMT"), Some(Duration::ZERO));
        for text in ["", "soon", "-3", "1e9", "99999999999999999999999"] {
            assert_eq!(header(text), None, "{text}");
        }
    }

    #[test]
    fn a_limit_that_is_used_up_is_waited_for() {
        let now: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
        let wait = |remaining: &str, reset: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("ratelimit-remaining", remaining.parse().unwrap());
            headers.insert("ratelimit-reset", reset.parse().unwrap());
            until_reset(&headers, now)
        };
        let at = |seconds: i64| (now.as_second() + seconds).to_string();
        assert_eq!(wait("0", &at(20)), Some(Duration::from_secs(20)));
        assert_eq!(wait("0", "20"), Some(Duration::from_secs(20)));
        assert_eq!(wait("0", &at(-20)), Some(Duration::ZERO));
        for (remaining, reset) in [("1", at(20)), ("", at(20)), ("0", String::new())] {
            assert_eq!(wait(remaining, &reset), None, "{remaining} {reset}");
        }
        assert_eq!(until_reset(&HeaderMap::new(), now), None);
    }

    #[test]
    fn p12_what_a_server_asks_for_is_clamped() {
        let mut pauses = Pauses::new(&Limits::default());
        assert_eq!(pauses.next(header("86400")), Duration::from_secs(120));
        for seconds in [f64::NAN, f64::INFINITY, -1.0, 1e300] {
            assert_eq!(from_seconds(seconds), None, "{seconds}");
        }
    }

    #[test]
    fn pauses_grow_even_if_the_server_asks_for_none() {
        let mut pauses = Pauses::new(&Limits::default());
        let all: Vec<Duration> = (0..12).map(|_| pauses.next(Some(Duration::ZERO))).collect();
        assert!(all.iter().all(|pause| *pause >= Duration::from_millis(500)), "{all:?}");
        assert!(all.iter().skip(8).all(|pause| *pause >= Duration::from_secs(30)), "{all:?}");
    }
}
