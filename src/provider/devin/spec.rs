//! Devin's contract.

use std::sync::LazyLock;

use super::{
    Devin, URL, check, escalation, manual, notes,
    place::{ENTERPRISE, ORGANIZATION},
};
use crate::{
    catalog::{self, Catalogue},
    contract::{
        Do, Example, FieldSpec, Given, Length, Moved, OnChange, OnRemove, PrincipalClass, RoleClass, Roles,
        ScopeSpec, Setting, SettingForm, Spec, Spellings, Task, TooMuch,
    },
    model::{Finding, Scope, desired::DesiredState, live::LiveState, object::field},
};

/// The one class of roles, at two levels.
pub(super) const ROLE: &str = "role";
/// Class of people.
pub(super) const USER: &str = "user";
/// Class of service users.
pub(super) const SERVICE_USER: &str = "service_user";
/// Class of groups of the identity provider.
pub(super) const IDP_GROUP: &str = "idp_group";

/// The built-in role with full access across the enterprise.
pub(super) const ACCOUNT_ADMIN: &str = "account_admin";
/// The built-in role with full access in an organization.
pub(super) const ORG_ADMIN: &str = "org_admin";
/// The built-in role whose id is not documented; it is of the level of organizations.
pub(super) const DEEPWIKI_ONLY: &str = "DeepWiki Only";

const SETTINGS: &[Setting] = &[Setting {
    name: URL,
    about: "The address of the API of a dedicated deployment, or a server of your own.",
    example: "https://api.acme.devinenterprise.com",
    required: false,
    form: SettingForm::Url,
}];

/// A role has a name, a level, and permissions; the API tells the first two and changes none of them.
/// Source: schema `Role` and `GET /v3/enterprise/roles`, the only endpoint for roles.
const FIELDS: &[FieldSpec] = &[
    FieldSpec { on_change: OnChange::Manual, ..FieldSpec::of(field::NAME) },
    FieldSpec { readable: false, on_change: OnChange::Manual, ..FieldSpec::of(field::PERMISSIONS) },
];

/// No limit of names or of the number of roles is documented. A description stands in git alone.
const ROLES: &[RoleClass] = &[RoleClass {
    class: ROLE,
    scopes: &[
        ScopeSpec::level(ORGANIZATION, "a role that people hold in single organizations"),
        ScopeSpec::level(ENTERPRISE, "a role that counts in the whole enterprise"),
    ],
    create: Do::Manual,
    delete: Do::Manual,
    fields: FIELDS,
    description: Some(Length { min: 0, max: None }),
    ..RoleClass::PLAIN
}];

const PLACES: &[ScopeSpec] = &[
    ScopeSpec::level(ENTERPRISE, "the whole enterprise"),
    ScopeSpec::instance(ORGANIZATION, "organizations by their id (`org-…`), or by their name"),
];

/// One role in the enterprise, and one in each organization. Source: `/enterprise/custom-roles`.
const PRINCIPALS: &[PrincipalClass] = &[
    // No call takes somebody's role and leaves the rest: that of the enterprise removes the account, and
    // that of an organization the membership.
    PrincipalClass {
        class: USER,
        field: "users",
        spellings: Spellings {
            handle: false,
            email: true,
            id: true,
            handle_is_id: false,
            free: false,
            about: "the e-mail address as \"email:mira@example.test\", or the id as \"id:user-0a1b2c\"",
        },
        on_remove: OnRemove::Membership,
        ..COMMON
    },
    PrincipalClass {
        class: SERVICE_USER,
        field: "service_users",
        people: false,
        spellings: Spellings {
            handle: true,
            email: false,
            id: true,
            handle_is_id: false,
            free: false,
            about: "its name, or the id as \"id:service-user-0a1b2c\"",
        },
        on_remove: OnRemove::Membership,
        ..COMMON
    },
    PrincipalClass {
        class: IDP_GROUP,
        field: "idp_groups",
        group: true,
        spellings: Spellings { about: "the name of the group in the identity provider", ..Spellings::FREE },
        on_remove: OnRemove::Gone,
        ..COMMON
    },
];

const COMMON: PrincipalClass =
    PrincipalClass { scopes: PLACES, batch: 1, counted: false, ..PrincipalClass::PLAIN };

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(catalog::devin);

/// The catalogue that ships with the program.
pub(super) fn catalogue() -> &'static Catalogue {
    &CATALOGUE
}

/// There is no default role: that of a new member is chosen with each invitation.
impl Spec for Devin {
    fn name(&self) -> &'static str {
        "devin"
    }

    fn title(&self) -> &'static str {
        "Devin"
    }

    fn credential(&self) -> &'static str {
        "DEVIN_TOKEN"
    }

    fn reading_credential(&self) -> Option<&'static str> {
        Some("a service user whose role has `ViewAccountMembership` and nothing that changes")
    }

    fn settings(&self) -> &'static [Setting] {
        SETTINGS
    }

    fn roles(&self) -> &'static [RoleClass] {
        ROLES
    }

    fn principals(&self) -> &'static [PrincipalClass] {
        PRINCIPALS
    }

    fn catalogue(&self) -> &Catalogue {
        &CATALOGUE
    }

    fn tells_permissions(&self) -> bool {
        false
    }

    fn example(&self) -> Example {
        Example {
            key: "knowledge-curator",
            name: "Knowledge curator",
            description: "Keeps the knowledge of an organization",
            scope: Some(ORGANIZATION),
            base: None,
            permissions: &["manage_knowledge", "use_deepwiki"],
        }
    }

    fn check(&self, desired: &DesiredState) -> Vec<Finding> {
        check::check(desired)
    }

    fn manual(&self, task: &Task<'_>) -> Vec<String> {
        manual::steps(task)
    }

    fn about_assignments(&self, moved: &[Moved<'_>], _: &Roles<'_>, live: &LiveState) -> Vec<String> {
        notes::notes(moved, live)
    }

    fn when_a_member_goes(&self, class: &'static str, scope: &Scope) -> Option<&'static str> {
        notes::with_the_role(class, scope)
    }

    fn may_give(&self, given: Given<'_>, live: &LiveState) -> Result<(), TooMuch> {
        escalation::may_give(given, live)
    }
}
