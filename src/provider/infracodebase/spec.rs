//! Infracodebase's contract.

use std::sync::LazyLock;

use super::{Infracodebase, URL, manual};
use crate::{
    catalog::{self, Catalogue},
    contract::{
        Do, Example, FieldSpec, OnChange, OnRemove, PrincipalClass, RoleClass, ScopeSpec, Setting,
        SettingForm, Spec, Spellings, Task, equal_text,
    },
    model::object::field,
};

/// Class of the roles.
pub(super) const ROLE: &str = "role";
/// Class of the people.
pub(super) const MEMBER: &str = "user";
/// The level of roles for the whole enterprise, and where they are held.
pub(super) const ENTERPRISE: &str = "enterprise";
/// The level of roles that count in single workspaces, and the kind of place where they are held.
pub(super) const WORKSPACE: &str = "workspace";

/// Setting: which enterprise.
pub(super) const ENTERPRISE_ID: &str = "enterprise";

const SETTINGS: &[Setting] = &[
    Setting {
        name: ENTERPRISE_ID,
        about: "The id of the enterprise, where the token reaches several; `rolecall doctor` lists them.",
        example: "ent-acme",
        required: false,
        form: SettingForm::Id,
    },
    Setting {
        name: URL,
        about: "A server of your own.",
        example: "https://infracodebase.example.com",
        required: false,
        form: SettingForm::Url,
    },
];

/// Name, description, and a set of permissions. Source: `/enterprises/roles`.
const FIELDS: &[FieldSpec] = &[
    by_hand(field::NAME),
    FieldSpec { same: equal_text, ..by_hand(field::DESCRIPTION) },
    by_hand(field::PERMISSIONS),
];

/// A field that no request tells or changes.
const fn by_hand(name: crate::model::Field) -> FieldSpec {
    FieldSpec { readable: false, on_change: OnChange::Manual, ..FieldSpec::of(name) }
}

/// Limits of names and descriptions, the number of roles, and whether a role that somebody holds can be
/// deleted are not documented.
const ROLES: &[RoleClass] = &[RoleClass {
    class: ROLE,
    scopes: &[
        ScopeSpec::level(ENTERPRISE, "a role for the whole enterprise"),
        ScopeSpec::level(WORKSPACE, "a role that counts in single workspaces"),
    ],
    listed: false,
    create: Do::Manual,
    delete: Do::Manual,
    fields: FIELDS,
    ..RoleClass::PLAIN
}];

/// A member has one role in the enterprise, and may have another one in a workspace, which counts only
/// there. Source: `/enterprises/roles`. No request tells who is a member, so that nothing can be looked
/// up; the page of the people shows e-mail addresses.
const PRINCIPALS: &[PrincipalClass] = &[PrincipalClass {
    class: MEMBER,
    field: "users",
    scopes: &[
        ScopeSpec::level(ENTERPRISE, "the whole enterprise"),
        ScopeSpec::instance(WORKSPACE, "workspaces by their id"),
    ],
    assign: Do::Manual,
    listed: false,
    spellings: Spellings {
        handle: false,
        email: true,
        id: false,
        handle_is_id: false,
        free: false,
        about: "the e-mail address as \"email:mira@example.test\"; nothing tells whether there is such a member",
    },
    on_remove: OnRemove::AnotherRole,
    on_remove_in_places: Some(OnRemove::Gone),
    counted: false,
    ..PrincipalClass::PLAIN
}];

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(catalog::infracodebase);

/// The catalogue that ships with the program.
pub(super) fn catalogue() -> &'static Catalogue {
    &CATALOGUE
}

/// Which role new members get is not documented, so that there is no default role.
impl Spec for Infracodebase {
    fn name(&self) -> &'static str {
        "infracodebase"
    }

    fn title(&self) -> &'static str {
        "Infracodebase"
    }

    fn credential(&self) -> &'static str {
        "INFRACODEBASE_TOKEN"
    }

    fn settings(&self) -> &'static [Setting] {
        SETTINGS
    }

    fn settings_of_emulator(&self) -> &'static [(&'static str, &'static str)] {
        &[(ENTERPRISE_ID, "ent-acme")]
    }

    fn roles(&self) -> &'static [RoleClass] {
        ROLES
    }

    /// The documentation keeps the scopes apart, and older versions did not: a lint tells of it.
    fn keeps_levels_apart(&self) -> bool {
        false
    }

    fn principals(&self) -> &'static [PrincipalClass] {
        PRINCIPALS
    }

    fn catalogue(&self) -> &Catalogue {
        catalogue()
    }

    fn tells_permissions(&self) -> bool {
        false
    }

    fn example(&self) -> Example {
        Example {
            key: "ruleset-maintainer",
            name: "Ruleset Maintainer",
            description: "Keeps the rulesets of a workspace",
            scope: Some(WORKSPACE),
            base: None,
            permissions: &["workspace.rulesets.manage"],
        }
    }

    fn manual(&self, task: &Task<'_>) -> Vec<String> {
        manual::steps(task)
    }
}
