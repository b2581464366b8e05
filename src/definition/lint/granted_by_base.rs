//! A permission of a role that its base grants already.

use std::collections::{BTreeSet, HashMap};

use crate::{
    definition::{
        context::{Context, Hit},
        validate::short,
    },
    model::{
        Code, Finding, Untrusted,
        desired::{RoleName, Via},
    },
};

pub(super) fn run(context: &Context<'_>) -> Vec<Hit> {
    let roles = super::permissions::by_key(context.desired);
    let mut known: HashMap<&str, BTreeSet<&Untrusted>> = HashMap::new();
    let mut hits = Vec::new();
    for role in &context.desired.roles {
        let Some(RoleName::Key(key)) = role.base.as_ref().map(|base| &base.value) else { continue };
        let Some(base) = roles.get(&**key) else { continue };
        let granted = known.entry(key).or_insert_with(|| super::permissions::effective(base, &roles));
        for (permission, via) in role.permissions.iter() {
            if let Via::Own(site) = via
                && granted.contains(permission)
            {
                let text = format!("the base `{key}` grants `{}` already", short(permission.raw()));
                let finding = Finding::new(Code::GrantedByBase, text)
                    .at(*site, "")
                    .help("Remove it here: a reviewer then sees only what the role adds.");
                hits.push(Hit { finding, anchors: vec![*site, role.site] });
            }
        }
    }
    hits
}
