//! A share of the targets, for runs side by side on several machines.

use std::{fmt, fmt::Write as _, str::FromStr};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::model::config::Target;

/// Part `index` of `of` (`--shard 2/8`).
///
/// Which part a target falls into depends on what it reaches only: its provider, settings, and the
/// name of its credential. So other targets may come and go, and two targets that are one tenant are
/// never applied to at the same time by two machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Shard {
    /// From 1.
    index: u32,
    /// How many parts there are.
    of: u32,
}

impl Shard {
    /// The parts that are not among `known`, of as many as those say that there are.
    pub fn missing(known: &[Self]) -> Vec<Self> {
        let of = known.iter().map(|shard| shard.of).max().unwrap_or(0);
        (1..=of).map(|index| Self { index, of }).filter(|shard| !known.contains(shard)).collect()
    }

    /// Most parts.
    const MOST: u32 = 10_000;

    /// Whether it is the first part, which also does what belongs to no target.
    pub fn is_first(self) -> bool {
        self.index == 1
    }

    /// Whether `target` is in this part.
    pub fn holds(self, target: &Target) -> bool {
        // The parts of an emulator's address are its name only.
        let mut what = format!("{}\n{}\n", target.provider, target.credential.variable());
        if target.emulator {
            what.push_str(&target.name);
        }
        for (name, value) in &target.settings {
            let _infallible = writeln!(what, "{name}\n{}", value.value.raw());
        }
        self.holds_text(&what)
    }

    /// Whether what `text` stands for is in this part.
    pub fn holds_text(self, text: &str) -> bool {
        let hash = Sha256::digest(text.as_bytes());
        let number = hash.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        number % u64::from(self.of) == u64::from(self.index - 1)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

impl From<Shard> for String {
    fn from(shard: Shard) -> Self {
        shard.to_string()
    }
}

impl TryFrom<String> for Shard {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers =
            text.split_once('/').and_then(|(index, of)| Some((index.parse().ok()?, of.parse().ok()?)));
        match numbers {
            Some((index, of)) if 1 <= index && index <= of && of <= Self::MOST => Ok(Self { index, of }),
            Some((0, _)) => Err("the first part is 1, as in 1/8".to_owned()),
            Some((_, of)) if of > Self::MOST => Err(format!("at most {} parts", Self::MOST)),
            Some(_) => Err("there are not so many parts".to_owned()),
            None => Err("write PART/PARTS, such as 2/8".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_in_one_part() {
        for of in [1, 2, 8, 31] {
            for text in ["a", "b", "one acme", ""] {
                let holding = (1..=of).filter(|index| Shard { index: *index, of }.holds_text(text)).count();
                assert_eq!(holding, 1, "{text} of {of}");
            }
        }
    }

    #[test]
    fn parts_are_alike_in_size() {
        for index in 1..=8 {
            let share = (0..8_000).filter(|n| Shard { index, of: 8 }.holds_text(&n.to_string())).count();
            assert!((900..1_100).contains(&share), "{share}");
        }
    }

    #[test]
    fn a_part_without_results_is_missed() {
        let known = [Shard { index: 1, of: 3 }, Shard { index: 3, of: 3 }];
        assert_eq!(Shard::missing(&known), [Shard { index: 2, of: 3 }]);
        assert_eq!(Shard::missing(&[]), []);
    }

    #[test]
    fn a_part_is_written_as_a_fraction() {
        assert_eq!("2/8".parse(), Ok(Shard { index: 2, of: 8 }));
        for wrong in ["", "2", "0/8", "9/8", "1/0", "1/99999", "-1/8", "1/8/9", "a/b"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }
}
