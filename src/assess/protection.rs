//! `protect`: what may not happen to a role.

use crate::{
    model::desired::Protect,
    plan::{
        change::{Plan, Verdict, What},
        document::{Action, Guard},
    },
};

pub(super) fn judge(plan: &mut Plan) {
    for change in &mut plan.changes {
        let What::Role { before: Some(before), after, .. } = &change.what else { continue };
        let mut broken = Vec::new();
        match after {
            None => broken.push((Protect::Delete, "be deleted")),
            Some(after) => {
                if change.action == Action::Replace {
                    broken.push((Protect::Delete, "be replaced, which deletes it"));
                }
                if before.name != after.name {
                    broken.push((Protect::Rename, "be renamed"));
                }
                let (old, new) = (before.permissions.as_ref(), after.permissions.as_ref());
                if let (Some(old), Some(new)) = (old, new) {
                    if !old.is_subset(new) {
                        broken.push((Protect::Remove, "lose permissions"));
                    }
                    if !new.is_subset(old) {
                        broken.push((Protect::Add, "gain permissions"));
                    }
                }
            }
        }
        for (protect, what) in broken {
            if change.protect.contains(&protect) {
                let message = format!("role `{}` would {what}, and `protect` forbids it", before.name.raw());
                let help = format!(
                    "Take `{}` out of `protect` in a change of its own, or `--allow protect --reason TEXT`.",
                    protect.as_str()
                );
                change.verdicts.push(Verdict::refuse(Guard::Protect, message, Some(help)));
            }
        }
    }
}
