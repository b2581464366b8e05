//! `--only`: a part of the plan, as long as it stands by itself.

use std::collections::BTreeSet;

use globset::GlobSet;

use super::change::{Change, Plan, What};
use crate::model::{Address, RoleId};

/// A selected change that makes no sense without another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lacking {
    /// The selected change.
    pub selected: Address,
    /// The one that it needs.
    pub needs: Address,
}

/// Keeps the changes whose address matches.
///
/// # Errors
///
/// Every selected change that needs one which was not selected; the plan is then unchanged.
pub fn select(plan: &mut Plan, only: &GlobSet) -> Result<(), Vec<Lacking>> {
    let (kept, left): (Vec<&Change>, Vec<&Change>) =
        plan.changes.iter().partition(|change| only.is_match(change.address.as_str()));
    let mut lacking = Vec::new();
    for change in &kept {
        for other in &left {
            if needs(change, other) {
                lacking.push(Lacking { selected: change.address.clone(), needs: other.address.clone() });
            }
        }
    }
    if !lacking.is_empty() {
        return Err(lacking);
    }
    let kept: BTreeSet<Address> = kept.into_iter().map(|change| change.address.clone()).collect();
    plan.changes.retain(|change| kept.contains(&change.address));
    Ok(())
}

/// Whether `change` cannot be made without `other`: a role has to exist before it is given, and to
/// be empty, and no default, before it goes.
fn needs(change: &Change, other: &Change) -> bool {
    let given = match &change.what {
        What::Assignment { after, .. } | What::Default { after, .. } => after.as_ref(),
        What::Role { .. } => None,
    };
    let made = matches!(&other.what, What::Role { before: None, .. });
    if made && given == Some(&other.role_id()) {
        return true;
    }
    let gone = matches!(&change.what, What::Role { after: None, .. });
    let left = match &other.what {
        What::Assignment { before, .. } | What::Default { before, .. } => before.as_ref(),
        What::Role { .. } => None,
    };
    gone && left.is_some_and(|left| *left == change.role_id() && matches!(left, RoleId::Live(_)))
}
