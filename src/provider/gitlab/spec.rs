//! GitLab's contract.

use std::sync::LazyLock;

use super::{GROUP, GitLab, URL, check, place::is_path};
use crate::{
    catalog::{self, Catalogue},
    contract::{
        Base, DefaultRole, Example, FieldSpec, Length, OnChange, OnRemove, PathForm, PermissionForm,
        PrincipalClass, RoleClass, ScopeSpec, Setting, SettingForm, Settings, Spec, Spellings, equal_text,
    },
    model::{
        Finding, RoleId, Value,
        desired::DesiredState,
        live::{Live, LiveObject},
        object::field,
    },
};

/// Standard custom roles.
pub(super) const ROLE: &str = "role";
/// Custom admin roles of an instance.
pub(super) const ADMIN: &str = "admin";
/// Members.
pub(super) const USER: &str = "user";
/// SAML group links.
pub(super) const SAML_GROUP: &str = "saml_group";
/// LDAP group links.
pub(super) const LDAP_GROUP: &str = "ldap_group";
/// Groups that a group is shared with.
pub(super) const SHARED_GROUP: &str = "group";

const SETTINGS: &[Setting] = &[
    Setting {
        name: GROUP,
        about: "The path of the top-level group on gitlab.com; absent for an instance of your own.",
        example: "acme",
        required: false,
        form: SettingForm::Id,
    },
    Setting {
        name: URL,
        about: "An instance of your own.",
        example: "https://gitlab.example.com",
        required: false,
        form: SettingForm::Url,
    },
];

const NAME: FieldSpec = FieldSpec::of(field::NAME);
const DESCRIPTION: FieldSpec = FieldSpec { same: equal_text, ..FieldSpec::of(field::DESCRIPTION) };
const PERMISSIONS: FieldSpec = FieldSpec::of(field::PERMISSIONS);
/// No call changes the base of a role (`/api/graphql/reference/`, `memberRoleUpdate`).
const BASE: FieldSpec = FieldSpec { on_change: OnChange::Replace, ..FieldSpec::of(field::BASE) };

/// Name and description hold 255 characters each, a group ten roles; a role needs a permission
/// (`/user/custom_roles/`, `/api/member_roles/`). An instance is documented to hold ten, too, and its
/// server counts none.
const STANDARD: RoleClass = RoleClass {
    class: ROLE,
    base: Base::Floor,
    fields: &[NAME, DESCRIPTION, PERMISSIONS, BASE],
    name: Length { min: 1, max: Some(255) },
    description: Some(Length { min: 0, max: Some(255) }),
    min_permissions: 1,
    limit: Some(10),
    limit_with: Some(GROUP),
    delete_needs_vacancy: true,
    ..RoleClass::PLAIN
};

const ROLES: &[RoleClass] = &[
    STANDARD,
    RoleClass {
        class: ADMIN,
        base: Base::None,
        fields: &[NAME, DESCRIPTION, PERMISSIONS],
        limit: None,
        ..STANDARD
    },
];

const IN_GROUP: ScopeSpec = ScopeSpec::instance("group", "a group, by its path").with_path(PATH);
const IN_PROJECT: ScopeSpec = ScopeSpec::instance("project", "a project, by its path").with_path(PATH);
/// A path of digits alone would be taken for an id (`/api/rest/`, namespaced paths).
const PATH: PathForm = PathForm {
    is_valid: |path| is_path(&path.into()),
    about: "the whole path as it stands in the address, such as `acme/platform`: letters, digits, and `-._`, with `/` between; no number",
};

const PRINCIPALS: &[PrincipalClass] = &[
    PrincipalClass {
        class: USER,
        field: "users",
        scopes: &[IN_GROUP, IN_PROJECT],
        batch: 1,
        spellings: Spellings {
            handle: true,
            email: false,
            id: true,
            handle_is_id: false,
            free: false,
            about: "a username such as `mira`, or the number of the user, `id:42`",
        },
        on_remove: OnRemove::FallsBack,
        ..PrincipalClass::PLAIN
    },
    PrincipalClass {
        class: SAML_GROUP,
        field: "saml_groups",
        spellings: Spellings { about: "the name of the group in the identity provider", ..Spellings::FREE },
        ..LINK
    },
    PrincipalClass {
        class: LDAP_GROUP,
        field: "ldap_groups",
        spellings: Spellings {
            about: "`PROVIDER:cn=NAME` or `PROVIDER:filter=FILTER`, such as `ldapmain:cn=engineering`",
            ..Spellings::FREE
        },
        ..LINK
    },
    PrincipalClass {
        class: SHARED_GROUP,
        field: "groups",
        spellings: Spellings {
            handle: true,
            email: false,
            id: true,
            handle_is_id: false,
            free: false,
            about: "the whole path of the group that is invited, or its number, `id:42`",
        },
        ..LINK
    },
];

/// Links of a group cannot be changed, only made and deleted (`/api/saml/`,
/// `/api/group_ldap_links/`, `/api/groups/`).
const LINK: PrincipalClass = PrincipalClass {
    scopes: &[IN_GROUP],
    on_change: OnChange::Replace,
    batch: 1,
    on_remove: OnRemove::Gone,
    counted: false,
    ..PrincipalClass::PLAIN
};

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(catalog::gitlab);

/// The catalogue that ships with the program.
pub(super) fn catalogue() -> &'static Catalogue {
    &CATALOGUE
}

impl Spec for GitLab {
    fn name(&self) -> &'static str {
        "gitlab"
    }

    fn title(&self) -> &'static str {
        "GitLab"
    }

    fn credential(&self) -> &'static str {
        "GITLAB_TOKEN"
    }

    fn settings(&self) -> &'static [Setting] {
        SETTINGS
    }

    fn settings_of_emulator(&self) -> &'static [(&'static str, &'static str)] {
        &[(GROUP, "acme")]
    }

    fn roles(&self) -> &'static [RoleClass] {
        ROLES
    }

    /// New members get the role that somebody gives them; there is no default.
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

    /// Reads weaknesses, which a Reporter cannot, and changes nothing.
    fn example(&self) -> Example {
        Example {
            key: "vulnerability-reader",
            name: "Vulnerability reader",
            description: "Reads vulnerabilities and dependencies, and changes nothing",
            scope: None,
            base: Some("reporter"),
            permissions: &["read_dependency", "read_vulnerability"],
        }
    }

    fn check(&self, desired: &DesiredState) -> Vec<Finding> {
        check::check(desired)
    }

    fn check_settings(&self, desired: &DesiredState, settings: &Settings) -> Vec<Finding> {
        check::with_settings(desired, settings)
    }

    /// The SAML provider of a top-level group has a default role for whoever signs in first. It may be a
    /// custom one, which a deletion takes from it without a word; no call tells it.
    fn when_a_role_goes(&self, role: &LiveObject, settings: &Settings) -> Vec<String> {
        if role.key.class != ROLE || !settings.contains_key(GROUP) {
            return Vec::new();
        }
        let base = match role.fields.get(field::BASE).and_then(Live::value) {
            Some(Value::Role(Some(RoleId::Live(base)))) => CATALOGUE.builtin(base.raw()),
            _ => None,
        };
        let falls = base.map_or("its base", |base| base.title);
        vec![format!(
            "where the group's SAML provider gives `{}` to whoever signs in first, it gives {falls} from then on; no API tells it, so look under Settings > SAML SSO",
            role.key.name.raw()
        )]
    }
}
