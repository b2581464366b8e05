//! What names things at WorkOS: slugs, and the ids that live objects have here.

use crate::{
    contract::is_safe_id,
    model::{Scope, Untrusted},
};

/// Kind of the one place inside an environment.
pub(super) const ORGANIZATION: &str = "organization";
/// Kind of the places inside an organization.
pub(super) const RESOURCE: &str = "resource";
/// What stands before the id that a customer chose for an organization.
const EXTERNAL: &str = "external:";
/// What every id of an organization begins with.
const ORGANIZATION_ID: &str = "org_";
/// Longest external id in bytes that is looked up; no limit is documented.
const LONGEST_EXTERNAL: usize = 256;

/// Whether `slug` can name a role: lowercase letters, digits, `-`, and `_`, with none of the latter at
/// an end or beside another. Source: `/reference/roles/custom-role`.
pub(super) fn is_role_slug(slug: &str) -> bool {
    let separator = |b: u8| b == b'-' || b == b'_';
    let bytes = slug.as_bytes();
    let fine = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || separator(b);
    !bytes.is_empty()
        && bytes.iter().all(|b| fine(*b))
        && !bytes.first().is_some_and(|b| separator(*b))
        && !bytes.last().is_some_and(|b| separator(*b))
        && !bytes.windows(2).any(|pair| pair.iter().all(|b| separator(*b)))
}

/// Whether `slug` can name a permission: lowercase letters, digits, `-`, `_`, `.`, `:`, and `*`. One that
/// is only dots would lead elsewhere in a path. Source: `/reference/roles/permission`.
pub(super) fn is_permission_slug(slug: &str) -> bool {
    let fine = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.:*".contains(&b);
    !slug.is_empty() && slug.bytes().all(fine) && slug.bytes().any(|b| b != b'.')
}

/// How an organization is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place<'a> {
    /// The environment.
    Environment,
    /// By WorkOS's id.
    Id(&'a str),
    /// By the id that its customer's systems have for it.
    External(&'a str),
}

/// Which place `scope` means; the error is why there can be none.
pub(super) fn place(scope: &Scope) -> Result<Place<'_>, String> {
    let (kind, path) = match scope {
        Scope::Target => return Ok(Place::Environment),
        Scope::Level(kind) => return Err(format!("{kind:?} is no place")),
        Scope::In { kind, path } => (kind, path),
    };
    if &**kind != ORGANIZATION {
        return Err(format!("{kind:?} is no kind of place"));
    }
    match path.raw().strip_prefix(EXTERNAL) {
        Some(external) => {
            let fine = (1..=LONGEST_EXTERNAL).contains(&external.len())
                && !matches!(external, "." | "..")
                && !external.chars().any(char::is_control);
            if fine { Ok(Place::External(external)) } else { Err(format!("{external:?} is no external id")) }
        }
        None if is_organization(path) => Ok(Place::Id(path.raw())),
        None => Err(format!("{path:?} is neither the id of an organization nor `external:` and one")),
    }
}

/// A resource of an organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Resource<'a> {
    /// The organization as it is written.
    pub(super) organization: &'a str,
    /// Its type.
    pub(super) kind: &'a str,
    /// The id that the customer's systems have for it.
    pub(super) external_id: &'a str,
}

impl<'a> Resource<'a> {
    /// The resource that `scope` means, written as `ORGANIZATION/TYPE/EXTERNAL_ID`; `None` where it means
    /// none.
    pub(super) fn of(scope: &'a Scope) -> Option<Self> {
        let Scope::In { kind, path } = scope else { return None };
        let mut parts = path.raw().splitn(3, '/').filter(|_| &**kind == RESOURCE);
        let (organization, kind, external_id) = (parts.next()?, parts.next()?, parts.next()?);
        let fine = is_role_slug(kind)
            && !matches!(external_id, "." | "..")
            && external_id.len() <= LONGEST_EXTERNAL
            && !external_id.chars().any(char::is_control);
        let resource = Self { organization, kind, external_id };
        (fine && !external_id.is_empty()).then_some(resource)
    }

    /// The place of the organization, as it is written.
    pub(super) fn organization(&self) -> Scope {
        Scope::within(ORGANIZATION, self.organization)
    }

    /// The same in the organization with this id.
    pub(super) fn within(&self, organization: &str) -> Scope {
        Scope::within(RESOURCE, format!("{organization}/{}/{}", self.kind, self.external_id))
    }
}

/// Whether `id` can be that of an organization, and stand in a path.
pub(super) fn is_organization(id: &Untrusted) -> bool {
    id.raw().starts_with(ORGANIZATION_ID) && is_safe_id(id) && !id.raw().contains('.')
}

/// The id of a role as everything outside this folder knows it. WorkOS itself knows a role of the
/// environment by its slug, and one of an organization by the organization and the slug: paths and
/// memberships name nothing else. The id of an organization holds no dot.
pub(super) fn role_id(organization: Option<&str>, slug: &str) -> Untrusted {
    match organization {
        Some(organization) => format!("{organization}.{slug}").into(),
        None => slug.into(),
    }
}

/// The slug in the id of a role.
pub(super) fn slug_of(id: &Untrusted) -> Result<&str, String> {
    let of_organization = id.raw().split_once('.').filter(|(id, _)| id.starts_with(ORGANIZATION_ID));
    let slug = of_organization.map_or(id.raw(), |(_, slug)| slug);
    if is_role_slug(slug) { Ok(slug) } else { Err(format!("{id:?} names no role")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_of_roles_are_those_that_are_documented() {
        for slug in ["a", "member", "org-billing-admin", "a_1-b2"] {
            assert!(is_role_slug(slug), "{slug}");
        }
        for slug in ["", "-a", "a_", "a--b", "a-_b", "A", "a.b", "a b", "é", "a/b", "..", "%2e"] {
            assert!(!is_role_slug(slug), "{slug}");
        }
    }

    #[test]
    fn slugs_of_permissions_are_those_that_are_documented() {
        for slug in ["a", "billing:read", "widgets:users-table:manage", "*", "a.b_c"] {
            assert!(is_permission_slug(slug), "{slug}");
        }
        for slug in ["", ".", "..", "A", "a b", "a/b", "é", "%2e"] {
            assert!(!is_permission_slug(slug), "{slug}");
        }
    }

    #[test]
    fn an_organization_is_written_by_its_id_or_by_an_external_one() {
        let at = |path: &str| Scope::within(ORGANIZATION, path);
        assert_eq!(place(&at("org_01J9")), Ok(Place::Id("org_01J9")));
        assert_eq!(place(&at("external:a/../b")), Ok(Place::External("a/../b")));
        assert_eq!(place(&Scope::Target), Ok(Place::Environment));
        for path in ["acme", "org_a/b", "org_a.b", "org_%2f", "external:", "external:..", "external:a\nb", ""]
        {
            assert!(place(&at(path)).is_err(), "{path:?}");
        }
        assert!(place(&Scope::within("workspace", "org_01J9")).is_err());
    }

    #[test]
    fn a_resource_is_written_by_its_organization_its_type_and_its_external_id() {
        let scope = |path: &str| Scope::within(RESOURCE, path);
        let (one, other) = (scope("external:acme/project/a/b"), scope("org_1/project/..%2f"));
        let resource = Resource::of(&one);
        assert_eq!(
            resource,
            Some(Resource { organization: "external:acme", kind: "project", external_id: "a/b" })
        );
        assert_eq!(resource.map(|one| one.within("org_1")), Some(scope("org_1/project/a/b")));
        assert!(Resource::of(&other).is_some(), "it is encoded where it is sent");
        for path in ["org_1", "org_1/project", "org_1/project/", "org_1/Project/a", "org_1/project/.."] {
            assert_eq!(Resource::of(&scope(path)), None, "{path}");
        }
        assert_eq!(Resource::of(&Scope::within(ORGANIZATION, "org_1/project/a")), None);
    }

    #[test]
    fn the_id_of_a_role_leads_back_to_its_slug() {
        for organization in [None, Some("org_01J9")] {
            let id = role_id(organization, "org-auditor");
            assert!(is_safe_id(&id));
            assert_eq!(slug_of(&id), Ok("org-auditor"));
        }
        // A slug that is none is not taken for the end of it.
        for id in ["org_01J9.", "org_01J9.a.b", "a.b", "a/b", ""] {
            assert!(slug_of(&id.into()).is_err(), "{id}");
        }
    }
}
