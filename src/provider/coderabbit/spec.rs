//! CodeRabbit's contract.

use std::sync::LazyLock;

use super::{CodeRabbit, ORG_ID, URL};
use crate::{
    catalog::{self, Catalogue},
    contract::{
        Base, DefaultRole, Example, FieldSpec, Holds, Length, OnRemove, PermissionForm, PrincipalClass,
        RoleClass, Setting, SettingForm, Spec, Spellings, equal_text,
    },
    model::object::field,
};

/// The one class of roles.
pub(super) const ROLE: &str = "role";
/// The one class of principals.
pub(super) const USER: &str = "user";
/// Class of the one object that is the default role.
pub(super) const DEFAULT: &str = "default";
/// Most users in one request. Source: `/api-reference/users-change-roles`.
pub(super) const BATCH: usize = 500;

const SETTINGS: &[Setting] = &[
    Setting {
        name: ORG_ID,
        about: "The git provider's id of the organization; only a workspace API token needs it.",
        example: "88321",
        required: false,
        form: SettingForm::Id,
    },
    Setting {
        name: URL,
        about: "The API of another region, or a server of your own.",
        example: "https://api.eu.coderabbit.ai",
        required: false,
        form: SettingForm::Url,
    },
];

/// A partial PATCH exists for every field. Source: `/api-reference/roles-update`.
const FIELDS: &[FieldSpec] = &[
    FieldSpec::of(field::NAME),
    FieldSpec { same: equal_text, ..FieldSpec::of(field::DESCRIPTION) },
    FieldSpec::of(field::PERMISSIONS),
];

/// Name 1 to 255 characters (`/api/reference/update-role`); limits of descriptions and of the number
/// of roles are not documented. A role is deleted only while nobody holds it
/// (`/api-reference/roles-delete`).
const ROLES: &[RoleClass] = &[RoleClass {
    class: ROLE,
    base: Base::Copy,
    fields: FIELDS,
    name: Length { min: 1, max: Some(255) },
    description: Some(Length { min: 0, max: None }),
    delete_needs_vacancy: true,
    ..RoleClass::PLAIN
}];

/// Users are known by the git provider's user id and nothing else; there is no call that takes a
/// role away. Source: `/api-reference/users-change-roles`.
const PRINCIPALS: &[PrincipalClass] = &[PrincipalClass {
    class: USER,
    field: "users",
    holds: Holds::One,
    batch: BATCH,
    spellings: Spellings {
        handle: true,
        email: false,
        id: true,
        handle_is_id: true,
        free: false,
        about: "the git provider's user id, such as \"583231\"",
    },
    on_remove: OnRemove::AnotherRole,
    ..PrincipalClass::PLAIN
}];

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(catalog::coderabbit);

impl Spec for CodeRabbit {
    fn name(&self) -> &'static str {
        "coderabbit"
    }

    fn title(&self) -> &'static str {
        "CodeRabbit"
    }

    fn credential(&self) -> &'static str {
        "CODERABBIT_API_KEY"
    }

    fn settings(&self) -> &'static [Setting] {
        SETTINGS
    }

    fn roles(&self) -> &'static [RoleClass] {
        ROLES
    }

    /// The default is a flag on a role, and system roles are immutable, so a built-in role cannot be
    /// the default; without one new people become members, so there can be none.
    fn default_role(&self) -> Option<DefaultRole> {
        Some(DefaultRole { builtin: false, none: true })
    }

    fn principals(&self) -> &'static [PrincipalClass] {
        PRINCIPALS
    }

    fn permission_form(&self) -> PermissionForm {
        PermissionForm::ResourceAccess
    }

    fn catalogue(&self) -> &Catalogue {
        &CATALOGUE
    }
    /// Only what the documentation names, so that it exists everywhere.
    fn example(&self) -> Example {
        Example {
            key: "access-auditor",
            name: "Access auditor",
            description: "Sees who may do what, and changes nothing",
            scope: None,
            base: None,
            permissions: &["role_management:read", "user_management:read"],
        }
    }
}
