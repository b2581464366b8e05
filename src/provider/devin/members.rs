//! Who holds which role where, from lists that overlap.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Devin, place,
    roles::level,
    wire::{RoleAssignment, RoleType},
};
use crate::{
    contract::counts_at,
    model::{
        Key, Kind, RoleId, Scope, Untrusted, Value,
        live::{Live, LiveObject},
        object::field,
    },
};

/// Class, id, and place of a principal.
type Slot = (&'static str, Untrusted, Scope);

/// What was read of who holds what.
#[derive(Debug, Default)]
pub(super) struct Members {
    held: BTreeMap<Slot, BTreeSet<String>>,
    /// Roles that somebody holds, by id, with their level.
    roles: BTreeMap<String, RoleType>,
    unclear: Vec<String>,
}

/// Where an assignment counts; `list` is the organization whose list tells it. In such a list a role of
/// the level of organizations without an organization is one of that.
fn scope(assignment: &RoleAssignment, list: Option<&str>) -> Option<Scope> {
    match (&assignment.org_id, assignment.role.role_type, list) {
        (Some(id), RoleType::Organization, _) => Some(place::organization(id)),
        (None, RoleType::Enterprise, _) => Some(place::enterprise()),
        (None, RoleType::Organization, Some(id)) => Some(place::organization(id)),
        (Some(_), RoleType::Enterprise, _) | (None, RoleType::Organization, None) => None,
    }
}

impl Members {
    /// Adds what a list says of one principal.
    pub(super) fn add(
        &mut self,
        class: &'static str,
        id: &Untrusted,
        assignments: &[RoleAssignment],
        list: Option<&str>,
    ) {
        for assignment in assignments {
            let role = &assignment.role;
            let Some(scope) = scope(assignment, list) else {
                self.unclear.push(format!("{id:?} holds {:?} in a place of the other level", role.role_name));
                continue;
            };
            if !place::is_segment(&role.role_id) {
                self.unclear.push(format!("{:?} is no id of a role", role.role_id));
                continue;
            }
            // The list of an organization may show the other assignments of its members too.
            if list.is_some_and(|list| scope != place::organization(list)) {
                continue;
            }
            self.roles.insert(role.role_id.clone(), role.role_type);
            self.held.entry((class, id.clone(), scope)).or_default().insert(role.role_id.clone());
        }
    }

    /// Roles that somebody holds and that are not among `listed`, by id.
    pub(super) fn unlisted<'a>(&'a self, listed: &BTreeSet<&str>) -> Vec<&'a str> {
        self.roles.keys().map(String::as_str).filter(|id| !listed.contains(id)).collect()
    }

    /// Where one principal holds which role.
    pub(super) fn of(&self, class: &str, id: &Untrusted) -> BTreeSet<(Scope, Untrusted)> {
        let own = self.held.iter().filter(|((of, who, _), _)| *of == class && who == id);
        own.flat_map(|((.., scope), roles)| {
            roles.iter().map(|role| (scope.clone(), Untrusted::from(role.as_str())))
        })
        .collect()
    }

    /// A slot for each principal in each place that `wanted` names, and why some are not clear.
    pub(super) fn objects(self, wanted: impl Fn(&str, &Scope) -> bool) -> (Vec<LiveObject>, Option<String>) {
        const SHOWN: usize = 3;
        let mut unclear = self.unclear;
        let mut objects = Vec::with_capacity(self.held.len());
        for ((class, id, scope), roles) in self.held {
            if !wanted(class, &scope) {
                continue;
            }
            let fits = |role: &&String| {
                self.roles.get(*role).is_none_or(|kind| counts_at(&Devin, &level(*kind), &scope))
            };
            let live = match roles.iter().filter(fits).collect::<Vec<_>>().as_slice() {
                [role] if roles.len() == 1 => {
                    Live::Known(Value::Role(Some(RoleId::Live(role.as_str().into()))))
                }
                _ => {
                    unclear.push(format!("{id:?} holds several roles in one place"));
                    Live::Unreadable
                }
            };
            objects.push(LiveObject {
                key: Key { kind: Kind::Assignment, class, scope, name: id, role: None },
                id: None,
                builtin: false,
                fields: BTreeMap::from([(field::ROLE, live)]),
                holders: None,
                locked: None,
            });
        }
        unclear.sort();
        unclear.dedup();
        let more = match unclear.len().checked_sub(SHOWN) {
            None | Some(0) => String::new(),
            Some(more) => format!(", and {more} more"),
        };
        let shown = unclear.iter().take(SHOWN).cloned().collect::<Vec<_>>().join("; ");
        let incomplete =
            (!unclear.is_empty()).then(|| format!("the answer is not clear: {shown}{more}; plan again"));
        (objects, incomplete)
    }
}
