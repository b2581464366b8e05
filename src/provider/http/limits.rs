//! Bounds on what a server can make the program do: wait, repeat, and hold in memory.

use std::time::Duration;

use super::credential::Environment;

/// The variable that sets [`Limits::deadline`], in seconds.
pub const DEADLINE: &str = "ROLECALL_DEADLINE";

/// Bounds of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest time to connect.
    pub connect: Duration,
    /// Longest silence while an answer is read.
    pub read: Duration,
    /// Longest time for reading a target, or for one write, with all waiting.
    pub deadline: Duration,
    /// Largest answer in bytes, decompressed.
    pub answer: usize,
    /// How often a request is sent that ends in 5xx or a broken connection.
    pub tries: u32,
    /// First pause before a request is repeated; it doubles each time, with jitter.
    pub pause: Duration,
    /// Longest pause, also where the server asks for a longer one.
    pub longest_pause: Duration,
    /// Most requests at the same time.
    pub concurrent: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            read: Duration::from_secs(30),
            deadline: Duration::from_secs(600),
            answer: 64 << 20,
            tries: 4,
            pause: Duration::from_millis(500),
            longest_pause: Duration::from_secs(120),
            concurrent: 8,
        }
    }
}

impl Limits {
    /// The usual limits with the deadline that [`DEADLINE`] sets: whole seconds, 1 to 86400. The
    /// error is one sentence.
    pub fn from_environment(environment: Environment<'_>) -> Result<Self, String> {
        let usual = Self::default();
        let Some(value) = environment(DEADLINE).filter(|value| !value.is_empty()) else {
            return Ok(usual);
        };
        match value.to_str().and_then(|text| text.parse().ok()) {
            Some(seconds @ 1..=86_400) => Ok(Self { deadline: Duration::from_secs(seconds), ..usual }),
            _ => Err(format!("{DEADLINE} is not a number of seconds from 1 to 86400")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deadline_comes_from_the_environment() {
        let read = |value: &'static str| Limits::from_environment(&|_| Some(value.into()));
        assert_eq!(read("90").map(|limits| limits.deadline), Ok(Duration::from_secs(90)));
        assert_eq!(read("").map(|limits| limits.deadline), Ok(Duration::from_secs(600)));
        for value in ["0", "-1", "1.5", "99999999999", "soon"] {
            assert!(read(value).is_err(), "{value}");
        }
    }
}
