//! Points in time as CodeRabbit shows them.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Milliseconds since 1970; RFC 3339 text in seeds and state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment(pub(super) i64);

impl Moment {
    fn timestamp(self) -> Timestamp {
        Timestamp::from_millisecond(self.0).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// The text in one of the forms of the switch `timestamps`.
    pub(super) fn text(self, format: &str) -> String {
        let pattern = match format {
            "rfc3339_millis" => "%Y-%m-%dT%H:%M:%S.%3fZ",
            "offset" => "%Y-%m-%dT%H:%M:%S+00:00",
            "date_time" => "%Y-%m-%d %H:%M:%S",
            _ => "%Y-%m-%dT%H:%M:%SZ",
        };
        self.timestamp().strftime(pattern).to_string()
    }

    /// Reads RFC 3339, or a date, which is its first moment.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let whole = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
        whole.parse::<Timestamp>().ok().map(|timestamp| Self(timestamp.as_millisecond()))
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text("rfc3339_millis"))
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            serde::de::Error::custom(format!("`{text}` is not a time such as 2026-06-10T08:00:00Z"))
        })
    }
}
