//! Credentials: a type that cannot be printed, and the redactor that guards every sink.

use std::sync::{Arc, RwLock};

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};

/// A credential. It has no `Display`, and its `Debug` shows nothing.
#[derive(Clone, Debug)]
pub struct Secret(SecretString);

impl Secret {
    /// Wraps a credential.
    pub fn new(text: String) -> Self {
        Self(SecretString::from(text))
    }

    /// The credential itself, for the one place that puts it into a header.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

/// Replaces every known credential in text on its way out: raw, percent-encoded, base64, and as a
/// JSON string. Every sink of the program (standard output and error, files, log) passes it.
#[derive(Clone, Debug, Default)]
pub struct Redactor(Arc<RwLock<Vec<SecretString>>>);

/// What stands in place of a credential.
pub const REDACTED: &str = "[credential]";

/// Percent-encoding comes in two usual forms: all but letters and digits, and all but the unreserved
/// characters of RFC 3986, as addresses are written.
const ENCODED: [&AsciiSet; 2] =
    [NON_ALPHANUMERIC, &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~')];

/// Shorter credentials are not searched for: they would hit ordinary words.
const SHORTEST: usize = 6;

impl Redactor {
    /// Learns a credential in all its spellings.
    pub fn learn(&self, secret: &Secret) {
        let raw = secret.expose();
        if raw.len() < SHORTEST {
            return;
        }
        let mut spellings = vec![raw.to_owned()];
        for set in ENCODED {
            let encoded = utf8_percent_encode(raw, set).to_string();
            spellings.push(lower_escapes(&encoded));
            spellings.push(encoded);
        }
        spellings.push(serde_json::Value::from(raw).to_string().trim_matches('"').to_owned());
        spellings.extend(base64_spellings(raw.as_bytes()));
        // The longest first, so that no spelling leaves a rest of a longer one.
        spellings.sort_by_key(|spelling| std::cmp::Reverse(spelling.len()));
        spellings.dedup();
        let mut known = self.0.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        known.extend(spellings.into_iter().map(SecretString::from));
        known.sort_by_key(|spelling| std::cmp::Reverse(spelling.expose_secret().len()));
    }

    /// `text` without any known credential.
    pub fn clean<'a>(&self, text: &'a str) -> std::borrow::Cow<'a, str> {
        let known = self.0.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut text = std::borrow::Cow::Borrowed(text);
        for spelling in known.iter() {
            if text.contains(spelling.expose_secret()) {
                text = text.replace(spelling.expose_secret(), REDACTED).into();
            }
        }
        text
    }
}

/// Percent-encoded text with the hexadecimal digits in lower case, which is allowed too.
fn lower_escapes(encoded: &str) -> String {
    let mut parts = encoded.split('%');
    let mut lower = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2).unwrap_or((part, ""));
        lower.push('%');
        lower.push_str(&digits.to_ascii_lowercase());
        lower.push_str(rest);
    }
    lower
}

/// The parts of the base64 form that are the same whatever surrounds the credential: one for each
/// of the three alignments, in both alphabets.
fn base64_spellings(raw: &[u8]) -> Vec<String> {
    let mut spellings = Vec::new();
    for shift in 0..3 {
        let mut padded = vec![0; shift];
        padded.extend_from_slice(raw);
        padded.truncate(padded.len() / 3 * 3);
        let encoded = STANDARD_NO_PAD.encode(&padded);
        // The first characters mix in what stands before the credential.
        let stable = encoded.get(if shift == 0 { 0 } else { 4 }..).unwrap_or_default().to_owned();
        if stable.len() >= 8 {
            spellings.push(stable.replace('+', "-").replace('/', "_"));
            spellings.push(stable);
        }
    }
    spellings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_is_replaced() {
        let redactor = Redactor::default();
        redactor.learn(&Secret::new("cr-se/cret+key\"1".into()));
        for text in [
            "cr-se/cret+key\"1",
            "a cr%2Dse%2Fcret%2Bkey%221 b",
            "reviews/role/=cr-se%2Fcret%2Bkey%221",
            "cr-se%2fcret%2bkey%221",
            r#"{"k":"cr-se/cret+key\"1"}"#,
        ] {
            let clean = redactor.clean(text);
            assert!(clean.contains(REDACTED) && !clean.contains("cret"), "{clean}");
        }
        // base64 of "x-key: cr-se/cret+key\"1" and of the bare credential.
        for text in ["eC1rZXk6IGNyLXNlL2NyZXQra2V5IjE=", "Y3Itc2UvY3JldCtrZXkiMQ=="] {
            assert!(redactor.clean(text).contains(REDACTED), "{text}");
        }
    }

    #[test]
    fn short_values_are_left_alone() {
        let redactor = Redactor::default();
        redactor.learn(&Secret::new("role".into()));
        assert_eq!(redactor.clean("a role"), "a role");
    }
}
