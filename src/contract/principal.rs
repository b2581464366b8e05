//! Classes of principals, and what taking a role from one means.

use std::collections::BTreeMap;

use super::{Do, OnChange, ScopeSpec};
use crate::model::{
    Scope, Untrusted,
    config::{OnUnassign, Placed},
    desired::Spelling,
};

/// A class of principals.
#[derive(Clone, Copy, Debug)]
pub struct PrincipalClass {
    /// Its name in addresses: `user`.
    pub class: &'static str,
    /// The field in an assignment: `users`.
    pub field: &'static str,
    /// Where its principals hold roles; empty for the target itself.
    pub scopes: &'static [ScopeSpec],
    /// The kind of place in which its own places lie, where that is so: a role of the outer place, or of the
    /// whole target, can be held in any of them, and only reading all of them tells who holds it. A role for
    /// the usual type of resource is held in none of them.
    pub inside: Option<&'static str>,
    /// How many roles a principal holds in one scope.
    pub holds: Holds,
    /// How a role is given and taken.
    pub assign: Do,
    /// What giving another role in place of the one that is held takes: one request, or taking the old
    /// one away first ([`OnChange::Replace`]). Only for classes that hold one role.
    pub on_change: OnChange,
    /// Most principals in one request.
    pub batch: usize,
    /// What can be looked up: whether a plain handle, an e-mail, an id.
    pub spellings: Spellings,
    /// What taking the role away can mean.
    pub on_remove: OnRemove,
    /// What it means in single places ([`super::ScopeForm::Instance`]), where that is something else.
    pub on_remove_in_places: Option<OnRemove>,
    /// Whether the API tells who of this class holds which role. Where it does not, only the attested
    /// snapshot tells it; such a class holds one role and is assigned by hand.
    pub listed: bool,
    /// Whether a role's number of holders, where the API tells one, counts them.
    pub counted: bool,
    /// Whether each of them is a person for sure: accounts of machines are none, and may be among users.
    pub people: bool,
    /// Whether it is a group or a link, which gives its role to whoever is in it.
    pub group: bool,
    /// Which handles and ids there can be, where the provider has a form for them; `None` for any that is
    /// safe in a path.
    pub form: Option<fn(&Spelling) -> bool>,
    /// Whether giving a role makes a member of somebody who was none.
    pub joins: bool,
}

impl PrincipalClass {
    /// Users who hold one role in the target, to say what differs.
    pub const PLAIN: Self = Self {
        class: "user",
        field: "users",
        scopes: &[],
        inside: None,
        holds: Holds::One,
        assign: Do::Api,
        on_change: OnChange::InPlace,
        batch: 1,
        spellings: Spellings::ID,
        on_remove: OnRemove::Gone,
        on_remove_in_places: None,
        listed: true,
        counted: true,
        people: true,
        group: false,
        form: None,
        joins: false,
    };

    /// What taking a role away means at `scope`.
    pub fn removal(&self, scope: &Scope) -> OnRemove {
        match scope {
            Scope::In { .. } => self.on_remove_in_places.unwrap_or(self.on_remove),
            Scope::Target | Scope::Level(_) => self.on_remove,
        }
    }

    /// Whether its places lie in others, so that a role that lives at `scope` may be held in them.
    pub fn is_inside(&self, scope: &Scope) -> bool {
        match scope {
            Scope::Target => self.inside.is_some(),
            Scope::Level(kind) | Scope::In { kind, .. } => self.inside == Some(&**kind),
        }
    }

    /// Whether a principal holds at most one role in a scope of a target with these settings.
    pub fn one_role(&self, settings: &BTreeMap<String, Placed<Untrusted>>) -> bool {
        match self.holds {
            Holds::One => true,
            Holds::Several => false,
            Holds::SeveralIf { setting, value } => {
                settings.get(setting).is_none_or(|placed| placed.value.raw() != value)
            }
        }
    }
}

/// How many roles a principal holds in one scope.
///
/// Where it is one, the assignment is the slot of the principal and the role is what it holds; where
/// it is several, each role is an assignment of its own, with the role in its key and address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// At most one.
    One,
    /// Any number.
    Several,
    /// Several where the target says so under `settings`, otherwise one: what the API does not tell.
    SeveralIf {
        /// Name of the setting.
        setting: &'static str,
        /// The value that means several.
        value: &'static str,
    },
}

/// Which spellings of a principal a provider can resolve.
#[derive(Clone, Copy, Debug)]
pub struct Spellings {
    /// A plain handle; where `handle_is_id`, it is the id.
    pub handle: bool,
    /// `email:…`
    pub email: bool,
    /// `id:…`
    pub id: bool,
    /// A plain handle is the provider's id.
    pub handle_is_id: bool,
    /// Nothing tells who exists: what is written is the id as it stands, and may hold any printable
    /// character. Names of groups in an identity provider are such.
    pub free: bool,
    /// What an id looks like, in words, for the message that refuses another spelling.
    pub about: &'static str,
}

impl Spellings {
    /// A plain word that is the id.
    pub const ID: Self =
        Self { handle: true, email: false, id: true, handle_is_id: true, free: false, about: "an id" };

    /// Any text, taken as it is.
    pub const FREE: Self =
        Self { handle: true, email: false, id: false, handle_is_id: true, free: true, about: "a name" };
}

/// What taking a role from somebody means at the provider, and what `on_unassign` has to say for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnRemove {
    /// The assignment is gone and nothing else with it: nothing has to be said.
    Gone,
    /// There is no such call: the principal always holds some role, so that another has to be
    /// named (`{ to: … }`).
    AnotherRole,
    /// Another access can stay, that of the role's base (`keep_base`); or the whole membership goes
    /// (`remove_member`), or the principal is given another role (`{ to: … }`).
    FallsBack,
    /// The role goes only with the membership or the account itself (`remove_member`), or the
    /// principal is given another role (`{ to: … }`).
    Membership,
}

impl OnRemove {
    /// Whether `on_unassign` can say this where taking a role away means `self`.
    pub fn takes(self, said: &OnUnassign) -> bool {
        match said {
            OnUnassign::Refuse => true,
            OnUnassign::To(_) => self != Self::Gone,
            OnUnassign::KeepBase => self == Self::FallsBack,
            OnUnassign::RemoveMember => matches!(self, Self::FallsBack | Self::Membership),
        }
    }
}
