//! Points in time as GitLab shows them.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Milliseconds since 1970; RFC 3339 text in answers, seeds and state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment(pub(super) i64);

/// 2026-06-05T08:00:00Z, the time of everything that a seed does not date.
pub(super) const fn long_ago() -> Moment {
    Moment(1_780_646_400_000)
}

impl Moment {
    pub(super) fn text(self) -> String {
        self.timestamp().strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
    }

    /// The form of GraphQL's `Time`, without fractions.
    pub(super) fn seconds_text(self) -> String {
        self.timestamp().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// The form of HTTP headers.
    pub(super) fn http_date(self) -> String {
        self.timestamp().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }

    fn timestamp(self) -> Timestamp {
        Timestamp::from_millisecond(self.0).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

/// Whether a text is a date such as `2026-12-31`.
pub(super) fn is_date(text: &str) -> bool {
    text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok()
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text())
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse::<Timestamp>().map(|timestamp| Self(timestamp.as_millisecond())).map_err(|_| {
            serde::de::Error::custom(format!("`{text}` is not a time such as 2026-06-10T08:00:00Z"))
        })
    }
}
