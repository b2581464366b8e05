//! Points in time as WorkOS shows them.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Milliseconds since 1970; ISO 8601 with milliseconds and `Z` in answers, seeds and state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment(pub(super) i64);

/// 2026-06-05T08:00:00Z, the time of everything that a seed does not date.
pub(super) const fn long_ago() -> Moment {
    Moment(1_780_646_400_000)
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let timestamp = Timestamp::from_millisecond(self.0).unwrap_or(Timestamp::UNIX_EPOCH);
        serializer.serialize_str(&timestamp.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string())
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse::<Timestamp>().map(|timestamp| Self(timestamp.as_millisecond())).map_err(|_| {
            serde::de::Error::custom(format!("`{text}` is not a time such as 2026-06-10T08:00:00.000Z"))
        })
    }
}
