//! The definitions of one target as live knows them.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    model::{
        Address, Field, Finding, Key, RoleId, Scope, Site, Untrusted, Value,
        desired::{DesiredPermission, DesiredRole, Protect, Via},
        live::LiveObject,
    },
    plan::{change::Verdict, temporary},
};

/// The definitions of one target, resolved.
#[derive(Debug)]
pub struct Resolved<'a> {
    /// Declared roles in order of address.
    pub roles: Vec<ResolvedRole<'a>>,
    /// The wanted default; the outer `None` is "not managed".
    pub default: Option<ResolvedDefault>,
    /// Wanted assignments that have not expired, by natural key.
    pub assignments: BTreeMap<Key, ResolvedAssignment>,
    /// Where assignments that have expired were written, by natural key and role.
    pub expired: BTreeMap<(Key, RoleId), Site>,
    /// Lists that are the whole truth: (role, place, class of principals).
    pub exclusive: BTreeSet<(RoleId, Scope, &'static str)>,
    /// Roles to delete on purpose, by id.
    pub removed: BTreeMap<Untrusted, ResolvedRemoval<'a>>,
    /// Permissions as resources of their own, by slug.
    pub permissions: &'a BTreeMap<Untrusted, DesiredPermission>,
    /// Permissions to delete on purpose.
    pub removed_permissions: &'a BTreeMap<Untrusted, Site>,
    /// What earlier revisions forbid to happen to live roles, by id.
    pub protected: BTreeMap<Untrusted, BTreeSet<Protect>>,
    /// What becomes of somebody from whom a role is taken away.
    pub on_unassign: Unassign,
    /// Permissions that live has and the shipped catalogue does not: where they, or their resources, are
    /// written, and what they are called.
    pub new_permissions: BTreeMap<Site, Untrusted>,
    /// What the reader should know.
    pub notes: Vec<Untrusted>,
    /// Why nothing can be told of what the definitions name.
    pub verdicts: Vec<Verdict>,
    /// Warnings.
    pub findings: Vec<Finding>,
    /// How others refer to each of the roles.
    pub(super) ids: Vec<RoleId>,
    /// Which of the roles each is, also under the id of the live one.
    pub(super) by_role: BTreeMap<RoleId, usize>,
    /// Live roles that are replaced, by id.
    pub(super) replaced: BTreeMap<Untrusted, usize>,
}

/// What becomes of somebody from whom a role is taken away, where the class leaves a choice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Unassign {
    /// It is refused.
    #[default]
    Refuse,
    /// They are given this role instead.
    To(RoleId),
    /// They keep the access of the role's base.
    KeepBase,
    /// They leave the place, or the provider.
    RemoveMember,
}

impl Unassign {
    /// The role that they are given instead.
    pub fn to(&self) -> Option<&RoleId> {
        match self {
            Self::To(role) => Some(role),
            Self::Refuse | Self::KeepBase | Self::RemoveMember => None,
        }
    }
}

/// A declared role and what it is live.
#[derive(Debug)]
pub struct ResolvedRole<'a> {
    /// Its address.
    pub address: Address,
    /// The definition.
    pub desired: &'a DesiredRole,
    /// Where it lives, as the API spells it.
    pub scope: Scope,
    /// The live role; `None` if it has to be made.
    pub live: Option<&'a LiveObject>,
    /// How it was found.
    pub matched: Matched,
    /// Its permissions, each with what brings it; without what a floor grants.
    pub permissions: BTreeMap<Untrusted, Via>,
    /// Its fields beside name, description, and permissions, as far as the definition says something.
    pub fields: BTreeMap<Field, Value>,
    /// What its base grants whatever the role says ([`crate::contract::Base::Floor`]).
    pub granted: BTreeSet<Untrusted>,
    /// Whether a new role takes the place of the live one.
    pub replaced: bool,
    /// The new role in the place of the live one, where an interrupted run made it already.
    pub successor: Option<&'a LiveObject>,
}

/// How a declared role was matched with a live one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matched {
    /// By the provider's id in the definition.
    Id,
    /// By the id that the record of the last apply has for this address.
    Recorded,
    /// By the id that a reviewed snapshot has for its key.
    Attested,
    /// By its name.
    Name,
    /// By an earlier name: one that the definition tells, the temporary one that an interrupted run
    /// left, or the one that the same key had in an earlier revision.
    Previously,
    /// There is no such live role.
    Not,
}

impl ResolvedRole<'_> {
    /// Whether its definition gives it this name, now or before, or an interrupted run did.
    pub(in crate::plan) fn bears(&self, name: &Untrusted) -> bool {
        let given = [&self.desired.name].into_iter().chain(&self.desired.previously);
        let slug = self.desired.slug.iter().any(|slug| slug.value == *name);
        slug || given.into_iter().any(|given| given.value == *name) || temporary::name(&self.address) == *name
    }

    /// How others refer to it: a role that is replaced is the new one.
    pub fn id(&self) -> RoleId {
        let live = if self.replaced { self.successor } else { self.live };
        match live.and_then(|live| live.id.as_ref()) {
            Some(id) => RoleId::Live(id.clone()),
            None => RoleId::New(self.address.clone()),
        }
    }

    /// How others refer to what is there now.
    pub fn live_id(&self) -> Option<RoleId> {
        self.live.and_then(|live| live.id.clone()).map(RoleId::Live)
    }
}

impl<'a> Resolved<'a> {
    /// The declared role whose live one is replaced, and is `held`.
    pub(in crate::plan) fn replacing(&self, held: &RoleId) -> Option<&ResolvedRole<'a>> {
        let RoleId::Live(id) = held else { return None };
        let index = self.replaced.get(id)?;
        self.roles.get(*index)
    }

    /// What a live role is after the plan: of one that is replaced the new one.
    pub(in crate::plan) fn becomes<'r>(&'r self, held: &'r RoleId) -> &'r RoleId {
        match held {
            RoleId::Live(id) => self.replaced.get(id).and_then(|i| self.ids.get(*i)).unwrap_or(held),
            RoleId::New(_) => held,
        }
    }

    /// The live role in whose place `role` comes.
    pub(in crate::plan) fn predecessor(&self, role: &RoleId) -> Option<RoleId> {
        let found = self.replaced.iter().find(|(_, index)| self.ids.get(**index) == Some(role));
        found.map(|(id, _)| RoleId::Live((*id).clone()))
    }

    /// The declared role that is `role`, or whose live one is.
    pub fn declared(&self, role: &RoleId) -> Option<&ResolvedRole<'a>> {
        self.roles.get(*self.by_role.get(role)?)
    }

    pub(super) fn index(&mut self) {
        for (index, role) in self.roles.iter().enumerate() {
            let id = role.id();
            self.by_role.entry(id.clone()).or_insert(index);
            self.ids.push(id);
            if let Some(live) = role.live_id() {
                self.by_role.entry(live).or_insert(index);
            }
            if let Some(id) = role.live.and_then(|live| live.id.clone()).filter(|_| role.replaced) {
                self.replaced.insert(id, index);
            }
        }
    }
}

/// The wanted default role.
#[derive(Clone, Debug)]
pub struct ResolvedDefault {
    /// The role, or none.
    pub role: Option<RoleId>,
    /// Where it was written.
    pub site: Site,
}

/// A wanted assignment.
#[derive(Clone, Debug)]
pub struct ResolvedAssignment {
    /// The role.
    pub role: RoleId,
    /// Where it was written.
    pub site: Site,
}

/// A role to delete on purpose.
#[derive(Debug)]
pub struct ResolvedRemoval<'a> {
    /// The live role.
    pub live: &'a LiveObject,
    /// Where its holders go.
    pub reassign_to: Option<RoleId>,
    /// Where it was written.
    pub site: Site,
    /// Whether only the record of applies says that it is this role.
    pub unproven: bool,
}
