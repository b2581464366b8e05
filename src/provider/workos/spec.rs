//! WorkOS's contract.

use std::sync::LazyLock;

use super::{
    URL, WorkOs, fork, manual,
    slug::{self, Resource},
};
use crate::{
    catalog::{self, Catalogue},
    contract::{
        DefaultRole, Do, Example, FieldSpec, Holds, Length, OnChange, OnRemove, PermissionClass,
        PermissionForm, PrincipalClass, ResourceType, RoleClass, ScopeSpec, Setting, SettingForm, Slug, Spec,
        Spellings, Task, equal_text,
    },
    model::{Scope, live::LiveState, object::field},
    provider::http::Connection,
};

/// Class of the roles that exist in every organization.
pub(super) const ENVIRONMENT_ROLE: &str = "role";
/// Class of the roles of one organization.
pub(super) const ORGANIZATION_ROLE: &str = "organization_role";
/// Class of the users who are members of organizations.
pub(super) const MEMBERSHIP: &str = "user";
/// Class of WorkOS's own groups, which give roles to those of an organization's members who are in them.
pub(super) const GROUP: &str = "group";

/// Class of the groups of a directory that map to a role in an organization.
pub(super) const DIRECTORY_GROUP: &str = "idp_group";
/// Class of the groups that an SSO connection tells of, and that map to a role in an organization.
pub(super) const SSO_GROUP: &str = "sso_group";

/// Class of the users who hold roles on resources of organizations.
pub(super) const RESOURCE_MEMBER: &str = "resource_user";
/// Class of the groups that give roles on resources of organizations.
pub(super) const RESOURCE_GROUP: &str = "resource_group";

/// Setting: whether a member holds one role or several.
pub(super) const ROLES_OF_A_MEMBER: &str = "roles_of_a_member";
/// What it says where they hold several.
pub(super) const SEVERAL: &str = "several";

const SETTINGS: &[Setting] = &[
    Setting {
        name: ROLES_OF_A_MEMBER,
        about: "`several` where \"Multiple roles\" is on in the environment, which no API tells; otherwise a member holds one.",
        example: SEVERAL,
        required: false,
        form: SettingForm::Words(&["one", SEVERAL]),
    },
    Setting {
        name: URL,
        about: "A server of your own.",
        example: "https://api.workos.com",
        required: false,
        form: SettingForm::Url,
    },
];

/// Whether the target says that a member holds several roles.
pub(super) fn several_roles(connection: &Connection) -> bool {
    connection.setting(ROLES_OF_A_MEMBER).is_some_and(|value| value.raw() == SEVERAL)
}

/// A slug cannot change, nor the type of resource; with another slug a new role takes the place of the
/// old one. Source: `/reference/roles/custom-role`.
const FIELDS: &[FieldSpec] = &[
    FieldSpec::of(field::NAME),
    FieldSpec { on_change: OnChange::Replace, ..FieldSpec::of(field::SLUG) },
    FieldSpec { on_change: OnChange::Refuse, ..FieldSpec::of(field::RESOURCE_TYPE) },
    FieldSpec { same: equal_text, ..FieldSpec::of(field::DESCRIPTION) },
    FieldSpec::of(field::PERMISSIONS),
];

/// Names and slugs up to 48 characters, descriptions up to 150; names need not be unique. Source: the
/// vendor's OpenAPI description, `CreateRoleDto`, `CreateOrganizationRoleDto`.
const LONGEST: Length = Length { min: 1, max: Some(48) };

const SLUG: Slug = Slug {
    length: LONGEST,
    prefix_in_instances: "org-",
    about: "lowercase letters, digits, `-` and `_`, which stand neither at an end nor beside each other",
    is_valid: slug::is_role_slug,
};

/// Which types there are, only the dashboard tells. Source: the vendor's OpenAPI description,
/// `CreateRoleDto`; what is usual, its SDKs.
const RESOURCE_TYPE: ResourceType = ResourceType { usual: slug::ORGANIZATION, length: LONGEST };

/// Source: `/reference/roles/permission`, and the vendor's OpenAPI description, `CreatePermissionDto`.
const PERMISSION: PermissionClass = PermissionClass {
    slug: Slug {
        length: LONGEST,
        prefix_in_instances: "",
        about: "at most 48 lowercase letters, digits, and `-` `_` `.` `:` `*`",
        is_valid: slug::is_permission_slug,
    },
    name: LONGEST,
    description: Length { min: 0, max: Some(150) },
    resource_type: Some(RESOURCE_TYPE),
};

const ORGANIZATIONS: ScopeSpec = ScopeSpec::instance(
    slug::ORGANIZATION,
    "organizations by their id (`org_…`), or by `external:` and their external id",
);

/// A role of the environment is deleted in the dashboard alone, where its members get the default role,
/// so that it need not be vacant. The role `member`, which every environment has, changes like any other.
const ROLES: &[RoleClass] = &[
    RoleClass {
        class: ENVIRONMENT_ROLE,
        delete: Do::Manual,
        delete_needs_vacancy: true,
        declares_builtin: true,
        ..COMMON
    },
    RoleClass { class: ORGANIZATION_ROLE, scopes: &[ORGANIZATIONS], ..COMMON },
];

const COMMON: RoleClass = RoleClass {
    fields: FIELDS,
    name: LONGEST,
    description: Some(Length { min: 0, max: Some(150) }),
    slug: Some(SLUG),
    resource_type: Some(RESOURCE_TYPE),
    permissions_apart: true,
    delete_needs_vacancy: true,
    ..RoleClass::PLAIN
};

const RESOURCES: ScopeSpec = ScopeSpec::instance(
    slug::RESOURCE,
    "resources of organizations, as `ORGANIZATION/TYPE/EXTERNAL_ID`: `org_…/project/proj-1`",
);

/// A member of an organization always has a role there, and on its resources any number. Source:
/// `/authkit/roles-and-permissions`; the vendor's OpenAPI description, `AuthorizationRoleAssignments`.
const PRINCIPALS: &[PrincipalClass] =
    &[MEMBERSHIPS, GROUPS, DIRECTORY_GROUPS, SSO_GROUPS, ON_RESOURCES, GROUPS_ON_RESOURCES];

/// Which group of an identity provider maps to which role is set in the dashboard or in the Admin Portal,
/// and no request tells it. Source: `/rbac/idp-role-assignment`.
const DIRECTORY_GROUPS: PrincipalClass = PrincipalClass {
    class: DIRECTORY_GROUP,
    field: "idp_groups",
    scopes: &[ORGANIZATIONS],
    assign: Do::Manual,
    listed: false,
    spellings: Spellings {
        about: "the name of the group in the directory; nothing tells whether there is such a group",
        ..Spellings::FREE
    },
    on_remove: OnRemove::Gone,
    counted: false,
    group: true,
    ..PrincipalClass::PLAIN
};

const SSO_GROUPS: PrincipalClass = PrincipalClass {
    class: SSO_GROUP,
    field: "sso_groups",
    spellings: Spellings {
        about: "the name of the group as the SSO connection tells it; nothing tells whether there is such a group",
        ..Spellings::FREE
    },
    ..DIRECTORY_GROUPS
};

const ON_RESOURCES: PrincipalClass = PrincipalClass {
    class: RESOURCE_MEMBER,
    scopes: &[RESOURCES],
    inside: Some(slug::ORGANIZATION),
    holds: Holds::Several,
    on_remove: OnRemove::Gone,
    ..MEMBERSHIPS
};

const GROUPS_ON_RESOURCES: PrincipalClass = PrincipalClass {
    class: RESOURCE_GROUP,
    scopes: &[RESOURCES],
    inside: Some(slug::ORGANIZATION),
    ..GROUPS
};

const MEMBERSHIPS: PrincipalClass = PrincipalClass {
    class: MEMBERSHIP,
    field: "users",
    scopes: &[ORGANIZATIONS],
    holds: Holds::SeveralIf { setting: ROLES_OF_A_MEMBER, value: SEVERAL },
    batch: 1,
    spellings: Spellings {
        handle: false,
        email: true,
        id: true,
        handle_is_id: false,
        free: false,
        about: "the e-mail address as \"email:mira@example.test\", or the id as \"id:user_01J9…\"",
    },
    on_remove: OnRemove::AnotherRole,
    ..PrincipalClass::PLAIN
};

/// A group gives any number of roles. Many organizations have groups of one name, so that only an id
/// says which is meant. Source: `/authkit/group-role-assignments`.
const GROUPS: PrincipalClass = PrincipalClass {
    class: GROUP,
    field: "groups",
    scopes: &[ORGANIZATIONS],
    holds: Holds::Several,
    spellings: Spellings {
        handle: false,
        email: false,
        id: true,
        handle_is_id: false,
        free: false,
        about: "the id of a group as \"id:group_01J9…\"",
    },
    on_remove: OnRemove::Gone,
    group: true,
    ..PrincipalClass::PLAIN
};

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(catalog::workos);

impl Spec for WorkOs {
    fn name(&self) -> &'static str {
        "workos"
    }

    fn title(&self) -> &'static str {
        "WorkOS"
    }

    fn credential(&self) -> &'static str {
        "WORKOS_API_KEY"
    }

    fn settings(&self) -> &'static [Setting] {
        SETTINGS
    }

    fn roles(&self) -> &'static [RoleClass] {
        ROLES
    }

    /// The environment has a default role, and each organization with a custom role one of its own; no
    /// documented request reads or sets it.
    fn default_role(&self) -> Option<DefaultRole> {
        None
    }

    fn principals(&self) -> &'static [PrincipalClass] {
        PRINCIPALS
    }

    fn permission_form(&self) -> PermissionForm {
        PermissionForm::Flat
    }

    fn permission_class(&self) -> Option<PermissionClass> {
        Some(PERMISSION)
    }

    fn catalogue(&self) -> &Catalogue {
        &CATALOGUE
    }

    /// Only what WorkOS itself defines, so that it exists in every environment.
    fn example(&self) -> Example {
        Example {
            key: "member-manager",
            name: "Member manager",
            description: "Opens the widget for members",
            scope: None,
            base: None,
            permissions: &["widgets:users-table:manage"],
        }
    }

    fn manual(&self, task: &Task<'_>) -> Vec<String> {
        manual::steps(task)
    }

    fn about_new_roles(&self, new: &[(&'static str, &Scope)], live: &LiveState) -> Vec<String> {
        fork::note(new, live).into_iter().collect()
    }

    /// An organization's own roles can be held on its resources, as those of the environment can. Source:
    /// `/rbac/custom-roles`.
    fn lies_in(&self, place: &Scope, outer: &Scope) -> bool {
        Resource::of(place).is_some_and(|resource| resource.organization() == *outer)
    }

    /// A membership is of the organization, which is a resource itself; what is given on another one is
    /// for its type. Source: the vendor's OpenAPI description (`sub_resource_scoped_role_not_allowed`;
    /// `resource_type_slug` of a role).
    fn resource_type_at<'s>(&self, at: &'s Scope) -> Option<&'s str> {
        match at {
            Scope::In { kind, .. } if &**kind == slug::ORGANIZATION => Some(slug::ORGANIZATION),
            Scope::In { .. } => Resource::of(at).map(|resource| resource.kind),
            Scope::Target | Scope::Level(_) => None,
        }
    }

    /// A change of one role rewrites the order of priority of all in its place. Source: the vendor's
    /// Terraform provider had to put them in a row.
    fn one_write_per_scope(&self) -> bool {
        true
    }
}
