//! Credentials in plain text, found by the forms that products give them and by their randomness
//! under a key that names a secret.

use crate::model::{Code, Finding, SourceId};

use super::{
    node::{Kind, Node},
    span::Span,
};

/// Beginnings of credentials whose form is documented by the products that issue them, and how
/// many characters have to follow. These beginnings occur in no ordinary word.
const CERTAIN: &[(&str, usize)] = &[
    ("glpat-", 10),
    ("gldt-", 10),
    ("glrt-", 10),
    ("glptt-", 10),
    ("ghp_", 16),
    ("gho_", 16),
    ("ghu_", 16),
    ("ghs_", 16),
    ("ghr_", 16),
    ("github_pat_", 16),
    ("sk_live_", 10),
    ("sk_test_", 10),
    ("xoxb-", 16),
    ("xoxp-", 16),
    ("AKIA", 16),
    ("AIza", 30),
];

/// Beginnings that ordinary keys can have too: what follows has to look random.
const LIKELY: &[&str] = &["cr-", "sk_", "cog_", "eyJ"];

/// Keys whose values are secrets.
const SECRET_KEYS: &[&str] =
    &["token", "secret", "password", "passwd", "api_key", "apikey", "api-key", "private_key", "credential"];

/// Shortest text that is looked at.
const SHORTEST: usize = 14;

/// The places of credentials in `text`, whose tree is `root` as far as there is one.
pub(crate) fn find(text: &str, root: Option<&Node<'_>>) -> Vec<Span> {
    let mut spans = Vec::new();
    let bytes = text.as_bytes();
    let inside = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    // Looks back from where the shortest word would end: most bytes are never looked at.
    let mut from = 0;
    while let Some(shortest) = bytes.get(from..from + SHORTEST) {
        if let Some(last) = shortest.iter().rposition(|byte| !inside(byte)) {
            from += last + 1;
            continue;
        }
        let rest = bytes.get(from..).unwrap_or_default();
        let end = from + rest.iter().position(|byte| !inside(byte)).unwrap_or(rest.len());
        if is_credential(text.get(from..end).unwrap_or_default()) {
            spans.push(Span::new(from, end));
        }
        from = end + 1;
    }
    if text.contains("PRIVATE KEY-----") {
        spans.extend(private_keys(text));
    }
    if let Some(root) = root {
        under_secret_keys(root, &mut spans);
    }
    // A value under a key that names a secret can be, or hold, a word of a known form.
    spans.sort_unstable_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
    let mut end = None;
    spans.retain(|span| {
        let inside = end.is_some_and(|end| span.end <= end);
        if !inside {
            end = Some(span.end);
        }
        !inside
    });
    spans
}

/// One finding for each place.
pub(crate) fn report(spans: &[Span], source: SourceId, findings: &mut Vec<Finding>) {
    for span in spans {
        let finding = Finding::new(Code::PlaintextCredential, "a credential in plain text")
            .at(span.site(source), "masked here")
            .help(
                "Revoke it: whoever can read the repository can use it. Put its successor into an environment variable, and name the variable under `credential`.",
            );
        findings.push(finding);
    }
}

/// Whether a word has the form of a credential.
pub(crate) fn is_credential(word: &str) -> bool {
    let certain =
        |(prefix, least): &(&str, usize)| word.strip_prefix(prefix).is_some_and(|rest| rest.len() >= *least);
    if CERTAIN.iter().any(certain) {
        return true;
    }
    let random = |part: &str| {
        part.len() >= 10
            && part.bytes().any(|b| b.is_ascii_digit())
            && part.bytes().any(|b| b.is_ascii_alphabetic())
    };
    LIKELY
        .iter()
        .any(|prefix| word.strip_prefix(prefix).is_some_and(|rest| rest.split(['-', '_', '.']).any(random)))
}

/// Whether a text is as random as a generated secret: letters and digits, no spaces, and more than
/// 3 bits in each character.
pub(crate) fn is_random(text: &str) -> bool {
    let shape = text.len() >= 20
        && text.bytes().all(|b| b.is_ascii_graphic())
        && text.bytes().any(|b| b.is_ascii_digit())
        && text.bytes().any(|b| b.is_ascii_lowercase() || b.is_ascii_uppercase());
    if !shape || text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_') {
        return false;
    }
    let mut counts = [0_u32; 256];
    for byte in text.bytes() {
        if let Some(count) = counts.get_mut(byte as usize) {
            *count += 1;
        }
    }
    let length = text.len() as f64;
    let bits: f64 = counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f64::from(*count) / length)
        .map(|share| -share * share.log2())
        .sum();
    bits > 3.0
}

fn private_keys(text: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find("-----BEGIN ")).map(|at| at + from) {
        let rest = text.get(at..).unwrap_or_default();
        let head = rest.lines().next().unwrap_or_default();
        let end = rest.find("-----END ").and_then(|end| {
            let tail = rest.get(end..)?;
            Some(at + end + tail.find('\n').unwrap_or(tail.len()))
        });
        if head.contains("PRIVATE KEY-----") {
            spans.push(Span::new(at, end.unwrap_or(text.len())));
        }
        from = at + "-----BEGIN ".len();
    }
    spans
}

fn under_secret_keys(node: &Node<'_>, spans: &mut Vec<Span>) {
    match &node.kind {
        Kind::Scalar { .. } => {}
        Kind::List(items) => items.iter().for_each(|item| under_secret_keys(item, spans)),
        Kind::Map(entries) => {
            for (key, value) in entries {
                if let Kind::Scalar { text, .. } = &value.kind {
                    if is_random(text) && names_secret(&key.text) {
                        spans.push(value.span);
                    }
                } else {
                    under_secret_keys(value, spans);
                }
            }
        }
    }
}

fn names_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    SECRET_KEYS.iter().any(|secret| key.contains(secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_credentials() {
        for word in [
            "cr-0a1b2c3d4e5f60718293",
            "glpat-AbCdEfGhIjKlMnOpQrSt",
            "sk_test_a2V5XzAxSEtBUzk",
            "ghp_0123456789abcdef0123456789abcdef0123",
            "cog_7f3k29dkq0s8dk3n",
        ] {
            assert!(is_credential(word), "{word}");
            let text = format!("# was {word}\nroles: {{}}\n");
            assert_eq!(find(&text, None).len(), 1, "{word}");
        }
    }

    #[test]
    fn ordinary_words_are_left_alone() {
        for word in [
            "cr-auditor-2024-readonly",
            "sk_release_helper",
            "cr_member",
            "security-reviewer",
            "cog_wheel_operator",
        ] {
            assert!(!is_credential(word), "{word}");
        }
        assert!(!is_random("ROLECALL_CREDENTIAL_EU_2"));
        assert!(!is_random("read_vulnerability_x1"[..19].as_ref()));
    }

    #[test]
    fn a_private_key_is_found_whole() {
        let text = "a: |\n  -----BEGIN RSA PRIVATE KEY-----\n  MIIE\n  -----END RSA PRIVATE KEY-----\nb: 1\n";
        let spans = find(text, None);
        assert_eq!(spans.iter().map(|span| span.slice(text).lines().count()).collect::<Vec<_>>(), [3]);
    }
}
