//! Changes: what differs between what is wanted and what is there, as pure data.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    document::{Action, Guard, Reason, VerdictOutcome},
    origin::Origins,
};
use crate::contract::Shown;
use crate::model::{
    Address, Field, Kind, RoleId, Scope, Site, Untrusted, Value,
    desired::{Protect, Via},
    field,
};

pub use crate::model::RoleState;

/// Everything that a plan says about one target, before it is made a document.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Sorted by address.
    pub changes: Vec<Change>,
    /// Custom roles that nobody declared: address and name.
    pub unmanaged_roles: Vec<(Address, Untrusted)>,
    /// Assignments that nobody declared; `None` where assignments were not read.
    pub unmanaged_assignments: Option<u64>,
    /// Permissions as resources of their own that nobody declared; `None` where there are no such.
    pub unmanaged_permissions: Option<u64>,
    /// Who keeps a role against the definitions, in the order of live.
    pub kept: Vec<Kept>,
    /// How many lists of principals could not be read as a whole.
    pub unread: u64,
    /// What the reader should know.
    pub notes: Vec<Untrusted>,
    /// What guards say about the plan as a whole.
    pub verdicts: Vec<Verdict>,
    /// Names of the roles that changes refer to.
    pub role_names: BTreeMap<RoleId, Untrusted>,
    /// How a dashboard shows the roles that somebody gives or takes by hand.
    pub shown: BTreeMap<RoleId, ShownRole>,
    /// The bases of roles that have one which is always held.
    pub bases: BTreeMap<RoleId, RoleId>,
    /// Roles whose definition accepts a moment without access (`allow_gap`).
    pub gaps_allowed: BTreeSet<RoleId>,
    /// How many more roles fit, by class and place, where the provider has a limit.
    pub room: BTreeMap<(&'static str, Scope), usize>,
    /// Classes of principals that hold several roles in one place.
    pub several: BTreeSet<&'static str>,
    /// What those of them hold now who hold several roles in one place, or are about to.
    pub held: BTreeMap<(&'static str, Scope, Untrusted), BTreeSet<RoleId>>,
    /// How many people hold each live role by what was read or attested, where the API has no number.
    pub held_by: BTreeMap<Untrusted, u64>,
    /// How many of each class hold each live role, where not all of them are people for sure.
    pub held_as: BTreeMap<Untrusted, BTreeMap<Untrusted, u64>>,
    /// How many groups give each live role to others, beside those whom the API counts as its holders.
    pub given_by: BTreeMap<Untrusted, u64>,
    /// In which steps roles are replaced, by address, set by [`super::order::tell`].
    pub steps: BTreeMap<Address, Untrusted>,
    /// Names that roles which a person makes or renames bear first, because their own is still taken; by
    /// address, set by [`super::order::block`].
    pub by_way_of: BTreeMap<Address, Untrusted>,
    /// What frees by hand the name that a role is given by hand, by the address of the latter; set as
    /// well.
    pub freed_by: BTreeMap<Address, Address>,
    /// Declared roles and assignments that are as they are wanted, as far as somebody attested it.
    pub attested: BTreeMap<Address, Kind>,
    /// What live roles grant, with what their bases grant: built-in ones that can be a base, and those
    /// that such principals hold.
    pub role_permissions: BTreeMap<RoleId, BTreeSet<Untrusted>>,
}

/// A role as a dashboard shows it once the changes before are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownRole {
    /// Its name.
    pub name: Untrusted,
    /// Its slug, where its class has one.
    pub slug: Option<Untrusted>,
}

impl ShownRole {
    /// The same for a task.
    pub fn borrowed(&self) -> Shown<'_> {
        Shown { name: &self.name, slug: self.slug.as_ref() }
    }
}

/// A role that somebody keeps although the definitions would take it from them.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The assignment.
    pub address: Address,
    /// Where.
    pub scope: Scope,
    /// Class of the principal.
    pub class: &'static str,
    /// What to call the principal; `None` where nobody can tell who holds the role.
    pub who: Option<Untrusted>,
    /// The role.
    pub role: RoleId,
    /// Why the definitions would take it away.
    pub reason: Reason,
    /// Why it stays, as the rest of a sentence.
    pub why: Untrusted,
    /// Whether an `exclusive` list is not the whole truth because of it.
    pub breaks_list: bool,
}

/// One change.
#[derive(Clone, Debug)]
pub struct Change {
    /// What it is about.
    pub address: Address,
    /// What happens.
    pub action: Action,
    /// What to call it.
    pub title: Untrusted,
    /// The provider's id of the object, where it exists.
    pub id: Option<Untrusted>,
    /// The difference.
    pub what: What,
    /// Why each of its elements differs.
    pub origins: Origins,
    /// Whether a live object that git never declared is taken over.
    pub adopts: bool,
    /// Why, where that is not plain from the definitions.
    pub reason: Option<Reason>,
    /// How many principals hold the role now.
    pub holders: Option<u64>,
    /// What may not happen to the role.
    pub protect: BTreeSet<Protect>,
    /// What else happens at the provider.
    pub side_effects: Vec<Untrusted>,
    /// Where it is defined.
    pub site: Option<Site>,
    /// What guards say.
    pub verdicts: Vec<Verdict>,
    /// What of it a person does, because there is no API for it.
    pub by_hand: Hand,
    /// Changes by hand without which it cannot be made, by address, sorted; set by
    /// [`super::order::block`].
    pub blocked_by: Vec<Address>,
}

/// What of a change a person does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Hand {
    /// Nothing.
    #[default]
    Nothing,
    /// These fields of a role; the rest goes over the API.
    Fields(BTreeSet<Field>),
    /// All of it.
    Whole,
}

impl Hand {
    /// Whether the field of a role is changed by hand.
    pub fn changes(&self, field: Field) -> bool {
        match self {
            Self::Nothing => false,
            Self::Fields(fields) => fields.contains(field),
            Self::Whole => true,
        }
    }
}

/// What a guard says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Which guard.
    pub guard: Guard,
    /// Whether it refuses.
    pub outcome: VerdictOutcome,
    /// Why; may quote names.
    pub message: Untrusted,
    /// What to do.
    pub help: Option<Untrusted>,
    /// The reason given with `--allow`.
    pub reason: Option<Untrusted>,
}

impl Verdict {
    /// A refusal.
    pub fn refuse(guard: Guard, message: impl Into<String>, help: Option<String>) -> Self {
        Self {
            guard,
            outcome: VerdictOutcome::Refused,
            message: message.into().into(),
            help: help.map(Into::into),
            reason: None,
        }
    }
}

/// The difference itself.
#[derive(Clone, Debug)]
pub enum What {
    /// Of a role.
    Role {
        /// Its class.
        class: &'static str,
        /// Where it is.
        scope: Scope,
        /// What is there; `None` for a new one.
        before: Option<RoleState>,
        /// What is wanted; `None` for one that goes.
        after: Option<RoleState>,
        /// The description that it has now, managed or not: an API that wants the whole role gets it
        /// back.
        described: Option<Untrusted>,
        /// What brings each wanted permission.
        via: BTreeMap<Untrusted, Via>,
        /// What its base grants whatever the role says: shown, never sent.
        granted: BTreeSet<Untrusted>,
        /// Of a role that is replaced: the new one, as far as an interrupted run made it already.
        successor: Option<Box<Successor>>,
    },
    /// Of a permission that is a resource of its own. Its states have no permissions.
    Permission {
        /// What roles name it by.
        slug: Untrusted,
        /// What is there; `None` for a new one.
        before: Option<RoleState>,
        /// What is wanted; `None` for one that goes.
        after: Option<RoleState>,
    },
    /// Of the default role.
    Default {
        /// The old one.
        before: Option<RoleId>,
        /// The new one.
        after: Option<RoleId>,
    },
    /// Of a role that a principal holds: the only one there, or one of several. Where it is one of
    /// several and both are given, the new one is given before the old one is taken.
    Assignment {
        /// Where.
        scope: Scope,
        /// Class of the principal.
        class: &'static str,
        /// Its id.
        principal: Untrusted,
        /// The role held now.
        before: Option<RoleId>,
        /// The role wanted; `None` where nothing stays.
        after: Option<RoleId>,
    },
}

impl What {
    /// What is there and what is wanted, of a role or a permission that is both.
    pub fn states(&self) -> Option<(&RoleState, &RoleState)> {
        match self {
            Self::Role { before: Some(before), after: Some(after), .. }
            | Self::Permission { before: Some(before), after: Some(after), .. } => Some((before, after)),
            _ => None,
        }
    }
}

/// A new role in the place of one that is replaced.
#[derive(Clone, Debug)]
pub struct Successor {
    /// Its id.
    pub id: Untrusted,
    /// As it is.
    pub state: RoleState,
}

impl Plan {
    /// Every refusal, of the plan and of its changes.
    pub fn refusals(&self) -> impl Iterator<Item = &Verdict> {
        self.verdicts
            .iter()
            .chain(self.changes.iter().flat_map(|change| &change.verdicts))
            .filter(|verdict| verdict.outcome == VerdictOutcome::Refused)
    }
}

impl Change {
    /// The role this change is about, as others refer to it.
    pub fn role_id(&self) -> RoleId {
        match &self.id {
            Some(id) => RoleId::Live(id.clone()),
            None => RoleId::New(self.address.clone()),
        }
    }

    /// The role as it is afterwards, as others refer to it: of one that is replaced the new one.
    pub fn new_role_id(&self) -> RoleId {
        match (&self.what, self.action) {
            (What::Role { successor: Some(successor), .. }, Action::Replace) => {
                RoleId::Live(successor.id.clone())
            }
            (_, Action::Replace) => RoleId::New(self.address.clone()),
            _ => self.role_id(),
        }
    }
}

/// The fields in which two states of a role differ.
pub fn differing(before: &RoleState, after: &RoleState) -> BTreeSet<Field> {
    let mut differ = BTreeSet::new();
    let common = [
        (before.name != after.name, field::NAME),
        (before.description != after.description, field::DESCRIPTION),
        (before.permissions != after.permissions, field::PERMISSIONS),
    ];
    differ.extend(common.into_iter().filter(|(differs, _)| *differs).map(|(_, name)| name));
    for name in before.fields.keys().chain(after.fields.keys()) {
        if before.fields.get(name) != after.fields.get(name) {
            differ.insert(name);
        }
    }
    differ
}

/// What the provider knows a role by: its slug, or else its name.
pub fn natural(state: &RoleState) -> &Untrusted {
    match state.fields.get(field::SLUG) {
        Some(Value::Text(Some(slug))) => slug,
        _ => &state.name,
    }
}
