//! The permissions of a role after sets, base roles, and `except`; what a built-in base role grants
//! stays a name.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet, HashMap},
    rc::Rc,
};

use super::document::Which;
use crate::model::{
    Untrusted,
    desired::{DesiredRole, DesiredState, RoleName, Via},
};

/// One side with its roles by key.
pub(super) struct View<'a> {
    pub(super) which: Which,
    pub(super) desired: &'a DesiredState,
    pub(super) roles: HashMap<&'a str, &'a DesiredRole>,
    known: RefCell<HashMap<*const DesiredRole, Rc<Effective<'a>>>>,
}

/// What a role grants: `base − minus + plus`.
#[derive(Clone, Debug, Default)]
pub(super) struct Effective<'a> {
    /// A role that only the provider knows.
    pub(super) base: Option<&'a RoleName>,
    /// Granted for sure, with what brings it.
    pub(super) plus: BTreeMap<&'a Untrusted, Bringer<'a>>,
    /// Taken from what the base grants; nothing of `plus`.
    pub(super) minus: BTreeSet<&'a Untrusted>,
}

/// What brings a permission: an entry of the role itself, or of a role that it starts from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bringer<'a> {
    pub(super) owner: &'a DesiredRole,
    pub(super) via: &'a Via,
}

/// Whether a role has a permission.
#[derive(Clone, Copy, Debug)]
pub(super) enum Has<'a> {
    Yes(Bringer<'a>),
    No,
    /// Only what the base grants tells.
    IfBase,
}

impl<'a> Effective<'a> {
    pub(super) fn has(&self, permission: &Untrusted) -> Has<'a> {
        match self.plus.get(permission) {
            Some(bringer) => Has::Yes(*bringer),
            None if self.base.is_none() || self.minus.contains(permission) => Has::No,
            None => Has::IfBase,
        }
    }

    /// The same, and then what `role` says itself.
    fn with(mut self, role: &'a DesiredRole) -> Self {
        if let Some(base @ (RoleName::Builtin(_) | RoleName::Live(_))) =
            role.base.as_ref().map(|base| &base.value)
        {
            self.base = Some(base);
        }
        self.plus.extend(role.permissions.iter().map(|(name, via)| (name, Bringer { owner: role, via })));
        for taken in role.except.keys() {
            self.plus.remove(taken);
            self.minus.insert(taken);
        }
        match self.base {
            Some(_) => self.minus.retain(|name| !self.plus.contains_key(name)),
            None => self.minus.clear(),
        }
        self
    }
}

impl<'a> View<'a> {
    pub(super) fn new(which: Which, desired: &'a DesiredState) -> Self {
        let roles = desired.roles.iter().map(|role| (&*role.key, role)).collect();
        Self { which, desired, roles, known: RefCell::default() }
    }

    /// The declared role that `role` starts from.
    pub(super) fn base(&self, role: &DesiredRole) -> Option<&'a DesiredRole> {
        match &role.base.as_ref()?.value {
            RoleName::Key(key) => self.roles.get(&**key).copied(),
            RoleName::Builtin(_) | RoleName::Live(_) => None,
        }
    }

    /// What `role` grants.
    pub(super) fn effective(&self, role: &'a DesiredRole) -> Rc<Effective<'a>> {
        // A chain can be as long as there are roles, so this is no recursion. A ring is an error of
        // the definitions; where one came here all the same, the walk ends.
        let mut known = self.known.borrow_mut();
        let mut chain = vec![role];
        let mut start = None;
        while let Some(base) = chain.last().and_then(|role| self.base(role)) {
            if let Some(found) = known.get(&std::ptr::from_ref(base)) {
                start = Some(Rc::clone(found));
                break;
            }
            if chain.len() > self.desired.roles.len() {
                break;
            }
            chain.push(base);
        }
        let mut last = start.unwrap_or_default();
        for (at, role) in chain.iter().enumerate().rev() {
            last = Rc::new(Effective::clone(&last).with(role));
            // Only what others start from is asked for again.
            if at > 0 {
                known.insert(std::ptr::from_ref(*role), Rc::clone(&last));
            }
        }
        last
    }
}
