//! Effective permissions as far as git alone tells them, as numbers for fast comparison.

use std::collections::{BTreeSet, HashMap};

use crate::model::{
    Untrusted,
    desired::{DesiredRole, DesiredState, RoleName},
};

/// Longest chain of bases that is followed.
const LONGEST: usize = 32;

/// The permissions of a role without its base, sorted, as indices into a common list.
pub(super) fn numbered(desired: &DesiredState) -> Vec<Vec<u32>> {
    let mut numbers: HashMap<&Untrusted, u32> = HashMap::new();
    desired
        .roles
        .iter()
        .map(|role| {
            let mut own: Vec<u32> = role
                .permissions
                .keys()
                .filter(|permission| !role.except.contains_key(*permission))
                .map(|permission| {
                    let next = numbers.len() as u32;
                    *numbers.entry(permission).or_insert(next)
                })
                .collect();
            own.sort_unstable();
            own
        })
        .collect()
}

/// What a declared role grants, its declared bases included; built-in bases are not known offline.
pub(super) fn effective<'a>(
    role: &'a DesiredRole,
    roles: &HashMap<&str, &'a DesiredRole>,
) -> BTreeSet<&'a Untrusted> {
    let mut chain = vec![role];
    let mut at = role;
    while let Some(RoleName::Key(key)) = at.base.as_ref().map(|base| &base.value) {
        let Some(base) = roles.get(&**key).filter(|_| chain.len() < LONGEST) else { break };
        chain.push(base);
        at = base;
    }
    let mut all = BTreeSet::new();
    for role in chain.into_iter().rev() {
        all.extend(role.permissions.keys());
        all.retain(|permission| !role.except.contains_key(*permission));
    }
    all
}

/// The built-in role at the end of a chain of bases.
pub(super) fn builtin_base<'a>(
    role: &'a DesiredRole,
    roles: &HashMap<&str, &'a DesiredRole>,
) -> Option<&'a Untrusted> {
    let mut at = role;
    for _ in 0..LONGEST {
        match &at.base.as_ref()?.value {
            RoleName::Builtin(id) => return Some(id),
            RoleName::Key(key) => at = roles.get(&**key)?,
            RoleName::Live(_) => return None,
        }
    }
    None
}

/// The roles of a target by key.
pub(super) fn by_key(desired: &DesiredState) -> HashMap<&str, &DesiredRole> {
    desired.roles.iter().map(|role| (&*role.key, role)).collect()
}
