//! The rules of slugs.

use super::refusal::Refusal;

/// The most characters of a slug of a role, permission or resource type.
pub(super) const MOST: usize = 48;
/// What a slug that is chosen for a custom role begins with.
pub(super) const CUSTOM_PREFIX: &str = "org-";

fn check_length(slug: &str) -> Result<(), Refusal> {
    match slug.chars().count() {
        0 => Err(Refusal::invalid("slug", "slug must not be empty")),
        count if count > MOST => {
            Err(Refusal::invalid("slug", format!("slug must have at most {MOST} characters")))
        }
        _ => Ok(()),
    }
}

/// Checks the slug of a role: lowercase letters, digits, `-` and `_`, the last two only between others.
pub(super) fn check_role(slug: &str, custom: bool) -> Result<(), Refusal> {
    check_length(slug)?;
    if custom && !slug.starts_with(CUSTOM_PREFIX) {
        return Err(Refusal::invalid("slug", format!("slug must begin with '{CUSTOM_PREFIX}'")));
    }
    let is_separator = |byte: u8| matches!(byte, b'-' | b'_');
    let bytes = slug.as_bytes();
    if !bytes.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || is_separator(*byte)) {
        return Err(Refusal::invalid(
            "slug",
            "slug must contain only lowercase letters, numbers, hyphens, and underscores",
        ));
    }
    let ends = [bytes.first(), bytes.last()].into_iter().flatten().any(|byte| is_separator(*byte));
    let consecutive = bytes.windows(2).any(|pair| pair.iter().all(|byte| is_separator(*byte)));
    if ends || consecutive {
        return Err(Refusal::invalid(
            "slug",
            "slug must not begin or end with a separator or have two in a row",
        ));
    }
    Ok(())
}

/// Checks the slug of a permission: lowercase letters, digits, `-`, `_`, `.`, `:` and `*`.
pub(super) fn check_permission(slug: &str) -> Result<(), Refusal> {
    check_length(slug)?;
    let fits = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_' | b'.' | b':' | b'*')
    };
    if slug.bytes().all(fits) {
        Ok(())
    } else {
        Err(Refusal::invalid(
            "slug",
            "slug must contain only lowercase letters, numbers, hyphens, underscores, colons, periods, and asterisks",
        ))
    }
}

/// The slug of a custom role that was created without one: its name in short, and six characters of its id.
pub(super) fn generated(name: &str, id: &str) -> String {
    let mut short = String::new();
    for character in name.chars().flat_map(char::to_lowercase) {
        let separator = character.is_whitespace() || matches!(character, '-' | '_');
        if separator && !short.is_empty() && !short.ends_with('-') {
            short.push('-');
        } else if character.is_ascii_lowercase() || character.is_ascii_digit() {
            short.push(character);
        }
    }
    short.truncate(MOST - 7);
    let short = short.trim_end_matches('-');
    let short = if short.is_empty() { "role" } else { short };
    let tail: String = id.chars().rev().take(6).map(|character| character.to_ascii_lowercase()).collect();
    format!("{short}-{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_of_roles_and_permissions_have_their_own_alphabets() {
        for slug in ["admin", "a", "org-a_b-c9", &"x".repeat(48)] {
            assert_eq!(check_role(slug, false), Ok(()), "{slug}");
        }
        for slug in ["", "-a", "a-", "a--b", "a_-b", "A", "a b", "a.b", "a:b", "é", &"x".repeat(49)] {
            assert!(check_role(slug, false).is_err(), "{slug}");
        }
        assert!(check_role("admin", true).is_err() && check_role("org-", true).is_err());
        assert_eq!(check_role("org-a", true), Ok(()));
        for slug in ["billing:read", "*", "a.b:c-d_e*", ":"] {
            assert_eq!(check_permission(slug), Ok(()), "{slug}");
        }
        for slug in ["", "A", "a b", "a/b", &"x".repeat(49)] {
            assert!(check_permission(slug).is_err(), "{slug}");
        }
    }

    #[test]
    fn a_generated_slug_is_the_name_in_short_with_six_characters() {
        let id = "role_01J9ZQ4T8V3M5N6P7Q8R9S0T1V";
        assert_eq!(generated("  Billing  Admin! ", id), "billing-admin-v1t0s9");
        assert_eq!(generated("Ümläut_x", id), "mlut-x-v1t0s9");
        assert_eq!(generated("!!", id), "role-v1t0s9");
        let long = generated(&"very long name ".repeat(5), id);
        assert!(long.len() <= MOST, "{long}");
        for slug in [&generated("Billing Admin", id), &long] {
            assert_eq!(check_role(slug, false), Ok(()), "{slug}");
        }
    }
}
