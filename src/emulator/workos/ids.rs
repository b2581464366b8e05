//! Ids in WorkOS's form: a prefix that says what it is, and a ULID.

use sha2::{Digest, Sha256};

use super::time::Moment;

/// Crockford's base 32, the alphabet of ULIDs.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// An id with a prefix such as `role_`: the time of creation, then bits that follow from `source` alone.
///
/// Ids sort by time within one prefix, as the service's own do.
pub(super) fn id(prefix: &str, created: Moment, source: &str) -> String {
    let digest = Sha256::digest(format!("{prefix}{source}"));
    let mut bytes = [0; 16];
    let millis = u64::try_from(created.0).unwrap_or(0).to_be_bytes();
    bytes[..6].copy_from_slice(&millis[2..]);
    bytes[6..].copy_from_slice(&digest[..10]);
    let number = u128::from_be_bytes(bytes);
    let ulid = (0..26).rev().map(|digit| {
        let index = usize::try_from((number >> (5 * digit)) & 31).unwrap_or(0);
        char::from(ALPHABET[index])
    });
    prefix.chars().chain(ulid).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_ulids_that_sort_by_time_and_follow_from_their_source() {
        let early = id("role_", Moment(1_469_918_176_385), "a");
        assert!(early.starts_with("role_01ARYZ6S41"), "{early}");
        assert_eq!(early.len(), 5 + 26);
        assert_eq!(early, id("role_", Moment(1_469_918_176_385), "a"));
        assert_ne!(early, id("role_", Moment(1_469_918_176_385), "b"));
        assert!(early < id("role_", Moment(1_469_918_176_386), "0"));
    }
}
