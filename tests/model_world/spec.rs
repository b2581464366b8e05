//! A made-up provider: copied bases, one role for each person, a default role, and three built-in
//! roles of which one can neither be given nor taken.

use std::sync::LazyLock;

use rolecall::{
    catalog::{Builtin, Catalogue, Meaning},
    contract::{
        Base, DefaultRole, Example, FieldSpec, OnRemove, PermissionForm, PrincipalClass, RoleClass, Setting,
        Spec, Spellings, equal_text,
    },
    model::field,
};

/// The provider.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Madeup;

/// Every permission there is.
pub(crate) const PERMISSIONS: [&str; 8] =
    ["audit", "billing", "deploy", "keys", "merge", "people", "read", "write"];

/// Most people in one request.
pub(crate) const BATCH: usize = 3;

const FIELDS: &[FieldSpec] = &[
    FieldSpec::of(field::NAME),
    FieldSpec { same: equal_text, ..FieldSpec::of(field::DESCRIPTION) },
    FieldSpec::of(field::PERMISSIONS),
];

const ROLES: &[RoleClass] = &[RoleClass { base: Base::Copy, fields: FIELDS, ..RoleClass::PLAIN }];

const SPELLINGS: Spellings = Spellings {
    handle: true,
    email: true,
    id: true,
    handle_is_id: false,
    free: false,
    about: "an id of the provider",
};

const PRINCIPALS: &[PrincipalClass] = &[
    PrincipalClass {
        class: "user",
        field: "users",
        batch: BATCH,
        spellings: SPELLINGS,
        on_remove: OnRemove::AnotherRole,
        ..PrincipalClass::PLAIN
    },
    PrincipalClass {
        class: "bot",
        field: "bots",
        batch: 1,
        spellings: SPELLINGS,
        on_remove: OnRemove::AnotherRole,
        ..PrincipalClass::PLAIN
    },
];

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue {
    closed: false,
    permissions: PERMISSIONS.iter().map(|name| ((*name).into(), Meaning::default())).collect(),
    builtin: vec![
        Builtin { id: "admin", title: "Administrator", admin: true, assignable: true, ..Builtin::default() },
        Builtin { id: "member", title: "Member", vacant: true, assignable: true, ..Builtin::default() },
        Builtin { id: "frozen", title: "Frozen", ..Builtin::default() },
    ],
    ..Catalogue::default()
});

impl Spec for Madeup {
    fn name(&self) -> &'static str {
        "madeup"
    }

    fn title(&self) -> &'static str {
        "Madeup"
    }

    fn credential(&self) -> &'static str {
        "MADEUP_TOKEN"
    }

    fn settings(&self) -> &'static [Setting] {
        &[]
    }

    fn roles(&self) -> &'static [RoleClass] {
        ROLES
    }

    fn default_role(&self) -> Option<DefaultRole> {
        Some(DefaultRole { builtin: true, none: true })
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
