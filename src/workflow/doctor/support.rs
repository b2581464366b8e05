//! What a provider supports, as its contract says.

use schemars::JsonSchema;
use serde::Serialize;

use crate::contract::{Base, Do, Holds, OnChange, OnRemove, PrincipalClass, RoleClass, Settings, Spec};

/// What a provider supports.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Support {
    /// The word in `provider:`.
    pub provider: &'static str,
    /// The product's name.
    pub title: &'static str,
    /// The environment variable of its credential where the configuration names none.
    pub credential: &'static str,
    /// Classes of roles.
    pub roles: Vec<RoleSupport>,
    /// Which role can be the default; `null` where the provider has no such thing.
    pub default_role: Option<DefaultSupport>,
    /// Who can hold roles.
    pub principals: Vec<PrincipalSupport>,
}

/// What can be done with a class of roles. `api` is by request, `manual` by a person in the
/// dashboard, `no` not at all.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RoleSupport {
    /// The class.
    pub class: &'static str,
    /// How a role comes to be.
    pub create: &'static str,
    /// How it goes.
    pub delete: &'static str,
    /// Whether a role can only be deleted once nobody holds it.
    pub delete_needs_vacancy: bool,
    /// What `base:` means: `none`, `copy` (a start, of which `except` may take away), or `floor`
    /// (always held).
    pub base: &'static str,
    /// Fields whose change takes a new role in place of the old one.
    pub replaced: Vec<&'static str>,
    /// Fields that only a person can change in the dashboard.
    pub manual: Vec<&'static str>,
    /// Fields that cannot change.
    pub fixed: Vec<&'static str>,
    /// Fields whose value the API does not tell.
    pub unreadable: Vec<&'static str>,
    /// Most roles of the class in one scope.
    pub limit: Option<u32>,
}

/// Which role can be the default.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct DefaultSupport {
    /// Whether a built-in role can.
    pub builtin: bool,
    /// Whether there can be none.
    pub none: bool,
}

/// A class of principals.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PrincipalSupport {
    /// Its field in an assignment.
    pub field: &'static str,
    /// How principals are written: `HANDLE`, `ID`, `NAME` (any text), `email:ADDRESS`, `id:ID`.
    pub spellings: Vec<&'static str>,
    /// What an id looks like.
    pub id: &'static str,
    /// Kinds of the places where they hold roles; empty for the target itself.
    pub places: Vec<&'static str>,
    /// Whether a principal holds at most one role in a scope.
    pub one_role: bool,
    /// What the target says under `settings` where they hold several all the same: `roles: several`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub several_with: Option<String>,
    /// Whether a role is given and taken by a person in the dashboard alone.
    pub by_hand: bool,
    /// What taking a role away means: `gone`; `another_role` where there is no such call and another role
    /// has to be named (`on_unassign`); `falls_back` where another access can stay; `membership` where
    /// only the membership or the account can go with it.
    pub on_remove: &'static str,
}

impl Support {
    /// What it supports for targets with these settings.
    pub(super) fn of(spec: &dyn Spec, targets: &[&Settings]) -> Self {
        Self {
            provider: spec.name(),
            title: spec.title(),
            credential: spec.credential(),
            roles: spec
                .roles()
                .iter()
                .filter(|class| targets.is_empty() || targets.iter().any(|settings| class.is_of(settings)))
                .map(role)
                .collect(),
            default_role: spec
                .default_role()
                .map(|role| DefaultSupport { builtin: role.builtin, none: role.none }),
            principals: spec.principals().iter().map(principal).collect(),
        }
    }
}

fn role(class: &RoleClass) -> RoleSupport {
    // Where the API does not both make and delete them, no new role takes the place of an old one.
    let replaces = class.create == Do::Api && class.delete == Do::Api;
    let in_force = |change| match change {
        OnChange::Replace if !replaces => OnChange::Refuse,
        other => other,
    };
    let fields = |wanted| {
        let fields = class.fields.iter().filter(|field| in_force(field.on_change) == wanted);
        fields.map(|field| field.name).collect()
    };
    RoleSupport {
        class: class.class,
        create: by(class.create),
        delete: by(class.delete),
        delete_needs_vacancy: class.delete_needs_vacancy,
        base: match class.base {
            Base::None => "none",
            Base::Copy => "copy",
            Base::Floor => "floor",
        },
        replaced: fields(OnChange::Replace),
        manual: fields(OnChange::Manual),
        fixed: fields(OnChange::Refuse),
        unreadable: class.fields.iter().filter(|field| !field.readable).map(|field| field.name).collect(),
        limit: class.limit,
    }
}

fn by(how: Do) -> &'static str {
    match how {
        Do::Api => "api",
        Do::Manual => "manual",
        Do::Refuse => "no",
    }
}

fn principal(class: &PrincipalClass) -> PrincipalSupport {
    let can = class.spellings;
    let plain = match (can.free, can.handle_is_id) {
        (true, _) => "NAME",
        (false, true) => "ID",
        (false, false) => "HANDLE",
    };
    let spellings = [(can.handle, plain), (can.email, "email:ADDRESS"), (can.id, "id:ID")];
    PrincipalSupport {
        field: class.field,
        spellings: spellings.into_iter().filter_map(|(can, spelling)| can.then_some(spelling)).collect(),
        id: can.about,
        places: class.scopes.iter().map(|scope| scope.kind).filter(|kind| !kind.is_empty()).collect(),
        one_role: class.holds != Holds::Several,
        several_with: match class.holds {
            Holds::SeveralIf { setting, value } => Some(format!("{setting}: {value}")),
            Holds::One | Holds::Several => None,
        },
        by_hand: class.assign == Do::Manual,
        on_remove: match class.on_remove {
            OnRemove::Gone => "gone",
            OnRemove::AnotherRole => "another_role",
            OnRemove::FallsBack => "falls_back",
            OnRemove::Membership => "membership",
        },
    }
}
