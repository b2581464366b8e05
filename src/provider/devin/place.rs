//! Levels, organizations, and what may stand in a path.

use crate::model::{Scope, Untrusted};

/// Level of roles that count everywhere.
pub(super) const ENTERPRISE: &str = "enterprise";
/// Level of roles that are held in organizations, and kind of the places where.
pub(super) const ORGANIZATION: &str = "organization";

/// What every id of an organization begins with.
const ORGANIZATION_ID: &str = "org-";
/// Longest id or name in bytes that is sent.
const LONGEST_SEGMENT: usize = 255;

/// Where a role is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place<'a> {
    /// In the whole enterprise.
    Enterprise,
    /// In one organization: its id, or, as people write it, perhaps its name.
    Organization(&'a str),
}

/// Which place `scope` means; the error is why it is none.
pub(super) fn place(scope: &Scope) -> Result<Place<'_>, String> {
    match scope {
        Scope::Level(kind) if &**kind == ENTERPRISE => Ok(Place::Enterprise),
        Scope::In { kind, path } if &**kind == ORGANIZATION && is_segment(path.raw()) => {
            Ok(Place::Organization(path.raw()))
        }
        other => Err(format!("{other:?} is no place in which somebody holds a role")),
    }
}

/// The enterprise as a place.
pub(super) fn enterprise() -> Scope {
    Scope::Level(ENTERPRISE.into())
}

/// An organization as a place.
pub(super) fn organization(id: &str) -> Scope {
    Scope::within(ORGANIZATION, id)
}

/// Whether a text looks like the id of an organization rather than like its name.
pub(super) fn looks_like_an_id(text: &str) -> bool {
    text.starts_with(ORGANIZATION_ID)
}

/// Whether a text can be one segment of a path, where it stands encoded. Ids of people hold `|`, names of
/// groups spaces and slashes; dots alone would lead elsewhere.
pub(super) fn is_segment(text: &str) -> bool {
    (1..=LONGEST_SEGMENT).contains(&text.len())
        && !text.chars().any(char::is_control)
        && text.bytes().any(|b| b != b'.')
}

/// An id from an answer that will stand in paths; the error says what is wrong with the answer.
pub(super) fn checked(what: &str, id: &str) -> Result<Untrusted, String> {
    if is_segment(id) { Ok(id.into()) } else { Err(format!("{id:?} is no {what}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_the_enterprise_or_one_organization() {
        assert_eq!(place(&enterprise()), Ok(Place::Enterprise));
        assert_eq!(place(&organization("org-0a1b")), Ok(Place::Organization("org-0a1b")));
        for scope in [
            Scope::Target,
            Scope::Level(ORGANIZATION.into()),
            Scope::within("workspace", "org-1"),
            organization(".."),
            organization(""),
            organization("a\nb"),
        ] {
            assert!(place(&scope).is_err(), "{scope:?}");
        }
    }

    #[test]
    fn what_stands_in_a_path_is_no_way_out_of_it() {
        for fine in ["okta|acme|mira", "Platform Engineers", "a/b", "é", "...a"] {
            assert!(is_segment(fine), "{fine}");
        }
        for not in ["", ".", "..", "...", "a\0", "a\u{7f}", &"x".repeat(256)] {
            assert!(!is_segment(not), "{not:?}");
        }
    }
}
