//! GitLab's contract.

use std::sync::LazyLock;

use super::{
    GROUP, GitLab, URL, check,
    links::{self, LdapGroup, SamlGroup},
    notes,
    place::is_path,
    saml_default, seats, shares,
    wire::is_number,
};
use crate::{
    catalog::{self, Catalogue},
    contract::{
        Base, DefaultRole, Example, FieldSpec, Length, Moved, Obstacle, OnChange, OnRemove, PathForm,
        PermissionForm, PrincipalClass, RoleClass, Roles, ScopeSpec, Setting, SettingForm, Settings, Spec,
        Spellings, UnseenUse, equal_text, is_safe_id,
    },
    model::{
        Finding, RoleState,
        config::Target,
        desired::{DesiredState, Spelling},
        live::LiveState,
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
        not_with: Some(GROUP),
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
        // Service accounts and the bots of access tokens are users, and no list of members tells them apart.
        people: false,
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
        form: Some(is_person),
        joins: true,
        ..PrincipalClass::PLAIN
    },
    PrincipalClass {
        class: SAML_GROUP,
        field: "saml_groups",
        spellings: Spellings {
            about: "the name of the group in the identity provider, or `provider=PROVIDER;NAME`",
            ..Spellings::FREE
        },
        form: Some(is_saml_group),
        ..LINK
    },
    PrincipalClass {
        class: LDAP_GROUP,
        field: "ldap_groups",
        spellings: Spellings {
            about: "`PROVIDER:cn=NAME` or `PROVIDER:filter=FILTER`, such as `ldapmain:cn=engineering`",
            ..Spellings::FREE
        },
        form: Some(is_ldap_group),
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
            about: "the whole path of the group that is invited, such as `partners/audit`, or its number, `id:42`",
        },
        form: Some(is_group),
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
    group: true,
    joins: true,
    ..PrincipalClass::PLAIN
};

/// Usernames are letters, digits, and `-._`; ids are numbers (`/api/users/`).
fn is_person(spelling: &Spelling) -> bool {
    match spelling {
        Spelling::Handle(name) => is_safe_id(name),
        Spelling::Id(id) => is_number(id.raw()),
        Spelling::Email(_) => false,
    }
}

fn is_group(spelling: &Spelling) -> bool {
    match spelling {
        Spelling::Handle(path) => is_path(path),
        Spelling::Id(id) => is_number(id.raw()),
        Spelling::Email(_) => false,
    }
}

fn is_saml_group(spelling: &Spelling) -> bool {
    matches!(spelling, Spelling::Handle(name) if SamlGroup::of(name.raw()).is_some())
}

fn is_ldap_group(spelling: &Spelling) -> bool {
    matches!(spelling, Spelling::Handle(name) if LdapGroup::of(name.raw()).is_some())
}

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

    fn reading_credential(&self) -> Option<&'static str> {
        // <https://docs.gitlab.com/user/profile/personal_access_tokens/#personal-access-token-scopes>
        Some("a token with the scope `read_api`")
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
    fn unseen_use(&self, class: &str, role: &RoleState, target: &Target) -> Option<UnseenUse> {
        let group = target.settings.get(GROUP).filter(|_| class == ROLE)?;
        Some(saml_default::unseen_use(role, group.value.raw(), target))
    }

    fn when_a_role_changes(&self, before: &RoleState, after: &RoleState) -> Vec<String> {
        seats::when_a_role_changes(before, after)
    }

    fn cannot_hold(&self, moved: &Moved<'_>, live: &LiveState, settings: &Settings) -> Option<Obstacle> {
        shares::cannot_hold(moved, live, settings).or_else(|| links::cannot_go(moved, live))
    }

    fn about_assignments(&self, moved: &[Moved<'_>], roles: &Roles<'_>, live: &LiveState) -> Vec<String> {
        let mut notes = notes::what_stays(moved, roles, live);
        notes.extend(seats::notes(moved, roles, live));
        notes.extend(shares::notes(moved, live));
        notes
    }
}
