//! A second made-up provider, unlike the first in everything: a base that cannot change, fields that
//! the API does not tell, roles that only a person makes, several roles for one person, places of two
//! kinds, and a limit.

use std::sync::LazyLock;

use rolecall::{
    catalog::{Builtin, Catalogue, Meaning},
    contract::{
        Base, DefaultRole, Do, Example, FieldSpec, Holds, OnChange, OnRemove, PermissionForm, PrincipalClass,
        RoleClass, ScopeSpec, Setting, Spec, Spellings, equal_text,
    },
    model::field,
};

use super::spec::PERMISSIONS;

/// The provider.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sextant;

/// Most custom roles in one place.
pub(crate) const LIMIT: u32 = 4;

const SITE: ScopeSpec = ScopeSpec::instance("site", "one site");

const ROLE_FIELDS: &[FieldSpec] = &[
    FieldSpec::of(field::NAME),
    FieldSpec { same: equal_text, ..FieldSpec::of(field::DESCRIPTION) },
    FieldSpec::of(field::PERMISSIONS),
    FieldSpec { on_change: OnChange::Replace, ..FieldSpec::of(field::BASE) },
];

const OFFICE_FIELDS: &[FieldSpec] = &[
    FieldSpec::of(field::NAME),
    FieldSpec { readable: false, on_change: OnChange::Manual, ..FieldSpec::of(field::PERMISSIONS) },
];

const ROLES: &[RoleClass] = &[
    RoleClass {
        scopes: &[ScopeSpec::TARGET, SITE],
        base: Base::Floor,
        fields: ROLE_FIELDS,
        limit: Some(LIMIT),
        ..RoleClass::PLAIN
    },
    RoleClass {
        class: "office",
        scopes: &[ScopeSpec::level("crown", "everything")],
        create: Do::Manual,
        delete: Do::Manual,
        fields: OFFICE_FIELDS,
        description: None,
        ..RoleClass::PLAIN
    },
];

const PRINCIPALS: &[PrincipalClass] = &[
    PrincipalClass {
        scopes: &[ScopeSpec::TARGET, SITE, ScopeSpec::level("crown", "everything")],
        holds: Holds::Several,
        batch: 3,
        ..PrincipalClass::PLAIN
    },
    PrincipalClass {
        class: "seat",
        field: "seats",
        scopes: &[SITE],
        on_remove: OnRemove::FallsBack,
        ..PrincipalClass::PLAIN
    },
    PrincipalClass {
        class: "crew",
        field: "crews",
        scopes: &[SITE],
        on_change: OnChange::Replace,
        spellings: Spellings::FREE,
        counted: false,
        ..PrincipalClass::PLAIN
    },
];

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue {
    closed: false,
    permissions: PERMISSIONS.iter().map(|name| ((*name).into(), Meaning::default())).collect(),
    builtin: ["low", "high"]
        .map(|id| Builtin { id, title: id, base: true, assignable: true, ..Builtin::default() })
        .to_vec(),
    ..Catalogue::default()
});

impl Spec for Sextant {
    fn name(&self) -> &'static str {
        "sextant"
    }

    fn title(&self) -> &'static str {
        "Sextant"
    }

    fn credential(&self) -> &'static str {
        "SEXTANT_TOKEN"
    }

    fn settings(&self) -> &'static [Setting] {
        &[]
    }

    fn roles(&self) -> &'static [RoleClass] {
        ROLES
    }

    fn default_role(&self) -> Option<DefaultRole> {
        None
    }

    fn principals(&self) -> &'static [PrincipalClass] {
        PRINCIPALS
    }

    fn permission_form(&self) -> PermissionForm {
        PermissionForm::Flat
    }

    fn catalogue(&self) -> &Catalogue {
        &CATALOGUE
    }

    fn example(&self) -> Example {
        Example {
            key: "reader",
            name: "Reader",
            description: "Reads",
            scope: None,
            base: None,
            permissions: &["read"],
        }
    }
}
