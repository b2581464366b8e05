//! Keys from names.

use std::{collections::BTreeSet, sync::Arc};

use crate::definition::scalar;

/// Longest key, in bytes; keys are ASCII.
const LONGEST: usize = 64;

/// The key of a role: its name in small letters, with a number where the key is taken.
pub(super) fn pick(name: &str, taken: &BTreeSet<Arc<str>>) -> Arc<str> {
    let mut slug = slug(name);
    if slug.is_empty() {
        slug = "role".to_owned();
    } else if is_misleading(&slug) {
        slug = format!("role-{slug}");
    }
    let mut key = cut(&slug, LONGEST).to_owned();
    let mut number = 2_u64;
    while taken.contains(key.as_str()) {
        let suffix = format!("-{number}");
        key = format!("{}{suffix}", cut(&slug, LONGEST - suffix.len()));
        number += 1;
    }
    key.into()
}

/// At most `most` bytes, without a sign at the end.
fn cut(slug: &str, most: usize) -> &str {
    slug.get(..most.min(slug.len())).unwrap_or(slug).trim_end_matches(['-', '.', '_'])
}

/// Small letters and digits; what stands between them becomes one `-`, but for a single `.` or `_`.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    let mut between = String::new();
    for c in name.chars() {
        let lower = c.to_ascii_lowercase();
        let letters = if lower.is_ascii_alphanumeric() { lower.to_string() } else { latin(c).to_owned() };
        if letters.is_empty() {
            between.push(c);
            continue;
        }
        if !slug.is_empty() && !between.is_empty() {
            slug.push_str(if matches!(between.as_str(), "." | "_") { &between } else { "-" });
        }
        between.clear();
        slug.push_str(&letters);
        if slug.len() > LONGEST {
            break;
        }
    }
    slug
}

/// The usual spelling of a Latin letter in ASCII; empty for everything else.
fn latin(c: char) -> &'static str {
    match c {
        'à'..='ã' | 'å' | 'À'..='Ã' | 'Å' | 'ā' | 'Ā' | 'ă' | 'Ă' | 'ą' | 'Ą' => "a",
        'ä' | 'Ä' | 'æ' | 'Æ' => "ae",
        'ç' | 'Ç' | 'ć' | 'Ć' | 'č' | 'Č' => "c",
        'ď' | 'Ď' | 'đ' | 'Đ' | 'ð' | 'Ð' => "d",
        'è'..='ë' | 'È'..='Ë' | 'ē' | 'Ē' | 'ė' | 'Ė' | 'ę' | 'Ę' | 'ě' | 'Ě' => "e",
        'ğ' | 'Ğ' => "g",
        'ì'..='ï' | 'Ì'..='Ï' | 'ī' | 'Ī' | 'į' | 'Į' | 'ı' | 'İ' => "i",
        'ł' | 'Ł' => "l",
        'ñ' | 'Ñ' | 'ń' | 'Ń' | 'ň' | 'Ň' => "n",
        'ò'..='õ' | 'Ò'..='Õ' | 'ō' | 'Ō' | 'ő' | 'Ő' => "o",
        'ö' | 'Ö' | 'ø' | 'Ø' | 'œ' | 'Œ' => "oe",
        'ř' | 'Ř' => "r",
        'ś' | 'Ś' | 'š' | 'Š' | 'ş' | 'Ş' | 'ș' | 'Ș' => "s",
        'ß' => "ss",
        'ť' | 'Ť' | 'ț' | 'Ț' | 'ţ' | 'Ţ' => "t",
        'þ' | 'Þ' => "th",
        'ù'..='û' | 'Ù'..='Û' | 'ū' | 'Ū' | 'ů' | 'Ů' | 'ű' | 'Ű' | 'ų' | 'Ų' => "u",
        'ü' | 'Ü' => "ue",
        'ý' | 'ÿ' | 'Ý' | 'Ÿ' => "y",
        'ź' | 'Ź' | 'ż' | 'Ż' | 'ž' | 'Ž' => "z",
        _ => "",
    }
}

/// Whether a key looks like something else: to YAML, in `default_role:`, or to Windows as the name
/// of a file.
fn is_misleading(key: &str) -> bool {
    scalar::look_alike(key).is_some()
        || key.bytes().all(|b| b.is_ascii_digit() || b"._-".contains(&b))
        || key == "none"
        || is_device(key)
}

/// Whether Windows takes a file of this name for a device, whatever follows the first dot.
/// Source: "Naming Files, Paths, and Namespaces", Microsoft.
pub(crate) fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_lowercase();
    let numbered = |start: &str| {
        stem.strip_prefix(start)
            .is_some_and(|rest| rest.len() == 1 && rest.bytes().all(|b| b.is_ascii_digit()))
    };
    matches!(stem.as_str(), "con" | "prn" | "aux" | "nul") || numbered("com") || numbered("lpt")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> String {
        pick(name, &BTreeSet::new()).to_string()
    }

    #[test]
    fn keys_are_what_a_person_would_choose() {
        for (name, expected) in [
            ("Security reviewer", "security-reviewer"),
            ("security-reviewer", "security-reviewer"),
            ("read_only", "read_only"),
            ("v1.2 Ops", "v1.2-ops"),
            ("  Ops / On-call: EU  ", "ops-on-call-eu"),
            ("a.", "a"),
            ("Prüfer Süd", "pruefer-sued"),
            ("日本語", "role"),
            ("", "role"),
            ("no", "role-no"),
            ("012", "role-012"),
            ("1_000", "role-1_000"),
            ("~", "role"),
            ("null", "role-null"),
            ("None", "role-none"),
            ("2026-11-20", "role-2026-11-20"),
            ("CON", "role-con"),
            ("com1.txt", "role-com1.txt"),
            ("Console", "console"),
            ("\u{202e}nimda", "nimda"),
            ("👩\u{200d}💻 Coder", "coder"),
        ] {
            assert_eq!(key(name), expected, "{name:?}");
        }
    }

    #[test]
    fn long_names_are_cut_and_taken_keys_get_a_number() {
        let long = format!("{} x", "a".repeat(63));
        assert_eq!(key(&long), "a".repeat(63));
        let taken: BTreeSet<Arc<str>> = ["a".repeat(64).into(), "ops".into(), "ops-2".into()].into();
        assert_eq!(&*pick(&"a".repeat(300), &taken), format!("{}-2", "a".repeat(62)));
        assert_eq!(&*pick("Ops", &taken), "ops-3");
    }
}
