//! GitLab's JSON. Unknown fields are ignored; ids are checked where they enter.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{
    model::Untrusted,
    provider::http::{Bounded, Loose, Text},
};

/// Most roles of a page; a hundred are asked for.
pub(super) const ROLES_OF_PAGE: usize = 100;
/// Most permissions of a role or a catalogue.
const MOST_PERMISSIONS: usize = 1_000;
/// Most values of an enum.
const MOST_VALUES: usize = 1_000;
/// Most roles that REST lists, which knows no pages there.
const MOST_ROLES: usize = 10_000;
/// Most members, groups, or projects of a page.
const MOST_OF_PAGE: usize = 1_000;
/// Most links of a group.
const MOST_LINKS: usize = 10_000;
/// Most policies that name one role.
const MOST_POLICIES: usize = 10_000;
/// Most scopes of a token.
const MOST_SCOPES: usize = 1_000;
/// Most errors of a mutation.
const MOST_ERRORS: usize = 100;

/// Answers to [`super::queries::GROUP`] and its next pages.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GroupData<'a> {
    #[serde(borrow)]
    pub(super) group: Option<Group<'a>>,
    #[serde(borrow, default)]
    pub(super) member_role_permissions: Option<Catalogue<'a>>,
    #[serde(borrow, default)]
    pub(super) bases: Option<Enumeration<'a>>,
}

/// An enum of GraphQL's schema.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Enumeration<'a> {
    #[serde(borrow, default)]
    pub(super) enum_values: Option<Bounded<EnumValue<'a>, MOST_VALUES>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct EnumValue<'a> {
    #[serde(borrow)]
    pub(super) name: Text<'a>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Group<'a> {
    #[serde(borrow)]
    pub(super) id: Text<'a>,
    #[serde(borrow)]
    pub(super) member_roles: RolePage<'a>,
}

/// Answers to [`super::queries::INSTANCE`] and the next pages of either list.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InstanceData<'a> {
    #[serde(borrow, default)]
    pub(super) member_roles: Option<RolePage<'a>>,
    #[serde(borrow, default)]
    pub(super) member_role_permissions: Option<Catalogue<'a>>,
    #[serde(borrow, default)]
    pub(super) admin_member_roles: Option<RolePage<'a>>,
    #[serde(borrow, default)]
    pub(super) admin_member_role_permissions: Option<Catalogue<'a>>,
    #[serde(borrow, default)]
    pub(super) bases: Option<Enumeration<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RolePage<'a> {
    #[serde(borrow)]
    pub(super) page_info: PageInfo<'a>,
    #[serde(borrow)]
    pub(super) nodes: Bounded<RoleNode<'a>, ROLES_OF_PAGE>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PageInfo<'a> {
    pub(super) has_next_page: bool,
    #[serde(borrow, default)]
    pub(super) end_cursor: Option<Text<'a>>,
}

/// A role of either kind.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RoleNode<'a> {
    #[serde(borrow)]
    pub(super) id: Text<'a>,
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(borrow, default)]
    pub(super) description: Option<Text<'a>>,
    #[serde(default)]
    pub(super) base_access_level: Option<Level>,
    #[serde(borrow)]
    pub(super) enabled_permissions: Catalogue<'a>,
    #[serde(default)]
    pub(super) members_count: Option<u64>,
    #[serde(default)]
    pub(super) users_count: Option<u64>,
    #[serde(borrow, default)]
    pub(super) details_path: Option<Text<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Level {
    pub(super) integer_value: u32,
}

/// Permissions: those of a role, or all that there are.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Catalogue<'a> {
    #[serde(default)]
    pub(super) page_info: Option<More>,
    #[serde(borrow)]
    pub(super) nodes: Bounded<Permission<'a>, MOST_PERMISSIONS>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct More {
    pub(super) has_next_page: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct Permission<'a> {
    #[serde(borrow)]
    pub(super) value: Text<'a>,
}

/// Answers to [`super::queries::GROUP_POLICIES`] and [`super::queries::INSTANCE_POLICIES`].
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PolicyData<'a> {
    #[serde(borrow, default)]
    pub(super) group: Option<PolicyGroup<'a>>,
    #[serde(borrow, default)]
    pub(super) member_roles: Option<PolicyPage<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PolicyGroup<'a> {
    #[serde(borrow)]
    pub(super) member_roles: PolicyPage<'a>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PolicyPage<'a> {
    #[serde(borrow)]
    pub(super) page_info: PageInfo<'a>,
    #[serde(borrow)]
    pub(super) nodes: Bounded<PolicyNode<'a>, ROLES_OF_PAGE>,
}

/// A role, with the policies that name it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PolicyNode<'a> {
    #[serde(borrow)]
    pub(super) id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) dependent_security_policies: Option<Bounded<Policy<'a>, MOST_POLICIES>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Policy<'a> {
    #[serde(borrow)]
    pub(super) name: Text<'a>,
}

/// What a mutation of a role answers.
#[derive(Debug, Deserialize)]
pub(super) struct Changed<'a> {
    #[serde(borrow)]
    pub(super) outcome: Option<Outcome<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outcome<'a> {
    #[serde(borrow)]
    pub(super) errors: Bounded<Text<'a>, MOST_ERRORS>,
    #[serde(borrow, default)]
    pub(super) member_role: Option<Made<'a>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Made<'a> {
    #[serde(borrow)]
    pub(super) id: Text<'a>,
}

/// A role of REST: known fields and one flag for each permission.
pub(super) type RestRole<'a> = BTreeMap<Text<'a>, Loose<'a>>;

/// REST's list of roles.
pub(super) type RestRoles<'a> = Bounded<RestRole<'a>, MOST_ROLES>;

/// A group that was asked for on its own.
#[derive(Debug, Deserialize)]
pub(super) struct RestGroup<'a> {
    pub(super) id: u64,
    #[serde(borrow)]
    pub(super) full_path: Text<'a>,
    #[serde(borrow, default)]
    pub(super) shared_with_groups: Option<Bounded<Share<'a>, MOST_LINKS>>,
}

/// A group that this one is shared with.
#[derive(Debug, Deserialize)]
pub(super) struct Share<'a> {
    pub(super) group_id: u64,
    #[serde(borrow, default)]
    pub(super) group_full_path: Option<Text<'a>>,
    pub(super) group_access_level: u32,
    /// The day from which on the share no longer counts.
    #[serde(borrow, default)]
    pub(super) expires_at: Option<Text<'a>>,
    #[serde(default)]
    pub(super) member_role_id: Option<u64>,
}

/// A SAML group link.
#[derive(Debug, Deserialize)]
pub(super) struct SamlLink<'a> {
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    pub(super) access_level: u32,
    #[serde(default)]
    pub(super) member_role_id: Option<u64>,
    #[serde(borrow, default)]
    pub(super) provider: Option<Text<'a>>,
}

/// An LDAP group link.
#[derive(Debug, Deserialize)]
pub(super) struct LdapLink<'a> {
    #[serde(borrow, default)]
    pub(super) cn: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) filter: Option<Text<'a>>,
    pub(super) group_access: u32,
    #[serde(borrow, default)]
    pub(super) provider: Option<Text<'a>>,
    #[serde(default)]
    pub(super) member_role_id: Option<u64>,
}

/// SAML group links of a group.
pub(super) type SamlLinks<'a> = Bounded<SamlLink<'a>, MOST_LINKS>;
/// LDAP group links of a group.
pub(super) type LdapLinks<'a> = Bounded<LdapLink<'a>, MOST_LINKS>;

/// A membership.
#[derive(Debug, Deserialize)]
pub(super) struct Member {
    pub(super) id: u64,
    pub(super) username: String,
    pub(super) access_level: u32,
    /// Absent where there is no custom role.
    #[serde(default)]
    pub(super) member_role: Option<MemberRole>,
    /// The day from which on the membership no longer counts.
    #[serde(default)]
    pub(super) expires_at: Option<String>,
    /// There where LDAP decides the level; `true` where somebody overrode it.
    #[serde(default, rename = "override")]
    pub(super) overridden: Option<bool>,
    /// There where the person signs in by the group's SAML.
    #[serde(default)]
    pub(super) group_saml_identity: Option<serde::de::IgnoredAny>,
}

#[derive(Debug, Deserialize)]
pub(super) struct MemberRole {
    pub(super) id: u64,
}

/// A page of memberships.
pub(super) type Members = Bounded<Member, MOST_OF_PAGE>;

/// A person.
#[derive(Debug, Deserialize)]
pub(super) struct User {
    pub(super) id: u64,
    pub(super) username: String,
}

/// A token, as it sees itself.
#[derive(Debug, Deserialize)]
pub(super) struct Token<'a> {
    #[serde(borrow)]
    pub(super) scopes: Bounded<Text<'a>, MOST_SCOPES>,
    #[serde(borrow, default)]
    pub(super) expires_at: Option<Text<'a>>,
}

/// People with one username: one or none.
pub(super) type Users = Bounded<User, 10>;

/// A group in a list.
#[derive(Debug, Deserialize)]
pub(super) struct ListedGroup {
    pub(super) full_path: String,
}

/// A project in a list.
#[derive(Debug, Deserialize)]
pub(super) struct ListedProject {
    pub(super) path_with_namespace: String,
    /// Absent in the simple form of a project.
    #[serde(default)]
    pub(super) shared_with_groups: Option<Bounded<ProjectShare, MOST_LINKS>>,
}

/// A group that a project is shared with.
#[derive(Debug, Deserialize)]
pub(super) struct ProjectShare {
    pub(super) group_id: u64,
    #[serde(default)]
    pub(super) group_full_path: Option<String>,
    #[serde(default)]
    pub(super) member_role_id: Option<u64>,
}

/// A page of groups.
pub(super) type Groups = Bounded<ListedGroup, MOST_OF_PAGE>;
/// A page of projects.
pub(super) type Projects = Bounded<ListedProject, MOST_OF_PAGE>;

/// The number at the end of a global id of `kind`: `gid://gitlab/MemberRole/14`.
pub(super) fn number(gid: &str, kind: &str) -> Option<Untrusted> {
    let digits = gid.strip_prefix("gid://gitlab/")?.strip_prefix(kind)?.strip_prefix('/')?;
    is_number(digits).then(|| digits.into())
}

/// The global id of a role.
pub(super) fn role_gid(number: &Untrusted) -> Option<String> {
    is_number(number.raw()).then(|| format!("gid://gitlab/MemberRole/{}", number.raw()))
}

/// Whether this is an id: digits that a 64-bit number can hold.
pub(super) fn is_number(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit()) && id.parse::<u64>().is_ok()
}

/// A permission as definitions spell it; `None` where it is no plain word in capitals.
pub(super) fn permission(value: &str) -> Option<Untrusted> {
    let plain = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
    (!value.is_empty() && value.bytes().all(plain)).then(|| value.to_ascii_lowercase().into())
}

/// A permission as GraphQL spells it; `None` where it is no plain word in small letters.
pub(super) fn enum_value(permission: &Untrusted) -> Option<String> {
    let name = permission.raw();
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    (!name.is_empty() && name.bytes().all(plain)).then(|| name.to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p10_only_numbers_are_ids() {
        assert_eq!(number("gid://gitlab/MemberRole/14", "MemberRole"), Some("14".into()));
        for gid in [
            "14",
            "gid://gitlab/Group/14",
            "gid://gitlab/MemberRole/",
            "gid://gitlab/MemberRole/1/../2",
            "gid://gitlab/MemberRole/-1",
        ] {
            assert_eq!(number(gid, "MemberRole"), None, "{gid}");
        }
        assert_eq!(role_gid(&"14".into()).as_deref(), Some("gid://gitlab/MemberRole/14"));
        for id in ["", "x", "1 2", "99999999999999999999999999"] {
            assert_eq!(role_gid(&id.into()), None, "{id}");
        }
    }

    #[test]
    fn permissions_are_words_in_both_spellings() {
        assert_eq!(permission("READ_CODE"), Some("read_code".into()));
        assert_eq!(enum_value(&"read_code".into()).as_deref(), Some("READ_CODE"));
        for value in ["", "read_code", "READ CODE", "READ\"CODE"] {
            assert_eq!(permission(value), None, "{value}");
            if value != "read_code" {
                assert_eq!(enum_value(&value.into()), None, "{value}");
            }
        }
    }
}
