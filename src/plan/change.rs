//! Changes: what differs between what is wanted and what is there, as pure data.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    document::{Action, Guard, Reason, VerdictOutcome},
    origin::Origins,
};
use crate::model::{
    Address, RoleId, Scope, Site, Untrusted,
    desired::{Protect, Via},
};

/// Everything that a plan says about one target, before it is made a document.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Sorted by address.
    pub changes: Vec<Change>,
    /// Custom roles that nobody declared: address and name.
    pub unmanaged_roles: Vec<(Address, Untrusted)>,
    /// Assignments that nobody declared; `None` where assignments were not read.
    pub unmanaged_assignments: Option<u64>,
    /// What the reader should know.
    pub notes: Vec<Untrusted>,
    /// What guards say about the plan as a whole.
    pub verdicts: Vec<Verdict>,
    /// Names of the roles that changes refer to.
    pub role_names: BTreeMap<RoleId, Untrusted>,
    /// Roles whose definition accepts a moment without access (`allow_gap`).
    pub gaps_allowed: BTreeSet<RoleId>,
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
    },
    /// Of the default role.
    Default {
        /// The old one.
        before: Option<RoleId>,
        /// The new one.
        after: Option<RoleId>,
    },
    /// Of the one role that a principal holds.
    Assignment {
        /// Where.
        scope: Scope,
        /// Class of the principal.
        class: &'static str,
        /// Its id.
        principal: Untrusted,
        /// The role held now.
        before: Option<RoleId>,
        /// The role wanted.
        after: Option<RoleId>,
    },
}

/// The managed fields of a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleState {
    /// Its name.
    pub name: Untrusted,
    /// Its description; the outer `None` is "not managed".
    pub description: Option<Option<Untrusted>>,
    /// Its permissions; `None` where the API does not tell them.
    pub permissions: Option<BTreeSet<Untrusted>>,
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
}
