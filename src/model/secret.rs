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
pub struct Redactor(Arc<RwLock<Vec<Spelling>>>);

/// A form in which a credential can stand in a text.
#[derive(Clone, Debug)]
struct Spelling {
    text: SecretString,
    /// Whether it is base64, where the characters around it hold a rest of the credential.
    base64: bool,
}

/// What stands in place of a credential.
pub const REDACTED: &str = "[credential]";

/// Shorter credentials are not searched for: they would hit ordinary words.
const SHORTEST: usize = 6;

impl Redactor {
    /// Learns a credential in all its spellings.
    pub fn learn(&self, secret: &Secret) {
        let raw = secret.expose();
        if raw.len() < SHORTEST {
            return;
        }
        let mut spellings =
            vec![raw.to_owned(), serde_json::Value::from(raw).to_string().trim_matches('"').to_owned()];
        spellings.extend(percent_spellings(raw));
        let mut spellings: Vec<(String, bool)> = spellings.into_iter().map(|text| (text, false)).collect();
        spellings.extend(base64_spellings(raw.as_bytes()).into_iter().map(|text| (text, true)));
        spellings.sort();
        spellings.dedup();
        let spellings =
            spellings.into_iter().map(|(text, base64)| Spelling { text: SecretString::from(text), base64 });
        let mut known = self.0.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        known.extend(spellings);
        // The longest first, so that no spelling leaves a rest of a longer one.
        known.sort_by_key(|spelling| std::cmp::Reverse(spelling.text.expose_secret().len()));
    }

    /// `text` without any known credential.
    pub fn clean<'a>(&self, text: &'a str) -> std::borrow::Cow<'a, str> {
        let known = self.0.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut text = std::borrow::Cow::Borrowed(text);
        for spelling in known.iter() {
            let secret = spelling.text.expose_secret();
            if !text.contains(secret) {
            } else if spelling.base64 {
                text = replace_base64(&text, secret).into();
            } else {
                text = text.replace(secret, REDACTED).into();
            }
        }
        text
    }
}

/// Replaces `secret` and the group of characters before and after it, in which the first and the
/// last bytes of the credential are mixed with what stands around it.
fn replace_base64(text: &str, secret: &str) -> String {
    const GROUP: usize = 4;
    let of_base64 = |b: &u8| b.is_ascii_alphanumeric() || b"+/-_=".contains(b);
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(secret) {
        let (before, after) = (&rest[..at], &rest[at + secret.len()..]);
        let mixed_before = before.bytes().rev().take(GROUP).take_while(of_base64).count();
        let mixed_after = after.bytes().take(GROUP).take_while(of_base64).count();
        clean.push_str(&before[..at - mixed_before]);
        clean.push_str(REDACTED);
        rest = &after[mixed_after..];
    }
    clean + rest
}

/// With every character encoded that can be, and with only those that a URL reserves; in capital and
/// in small hexadecimal digits.
fn percent_spellings(raw: &str) -> Vec<String> {
    const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    let mut spellings = Vec::new();
    for set in [NON_ALPHANUMERIC, RESERVED] {
        let parts = || utf8_percent_encode(raw, set);
        spellings.push(parts().to_string());
        let small =
            parts().map(|part| if part.starts_with('%') { part.to_lowercase() } else { part.to_owned() });
        spellings.push(small.collect());
    }
    spellings
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
            "a cr%2dse%2fcret%2bkey%221 b",
            "a cr-se%2Fcret%2Bkey%221 b",
            r#"{"k":"cr-se/cret+key\"1"}"#,
        ] {
            let clean = redactor.clean(text);
            assert!(clean.contains(REDACTED) && !clean.contains("cret"), "{clean}");
        }
        // Not one byte of it is left at the edges: here the first or last group holds one or two.
        for (text, clean) in [
            ("base64 Y3Itc2UvY3JldCtrZXkiMQ==.", "base64 [credential]."),
            ("base64 Y3Itc2UvY3JldCtrZXkiMQ.", "base64 [credential]."),
            ("base64 eGNyLXNlL2NyZXQra2V5IjF6.", "base64 [credential]."),
            ("base64 eHhjci1zZS9jcmV0K2tleSIxenp6.", "base64 [credential]."),
        ] {
            assert_eq!(redactor.clean(text), clean);
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
