//! A role whose permissions another role has too, and more.

use std::collections::{BTreeMap, HashMap};

use crate::{
    definition::context::{Context, Hit},
    model::{
        Code, Finding,
        desired::{DesiredRole, RoleName},
    },
};

pub(super) fn run(context: &Context<'_>) -> Vec<Hit> {
    let numbered = super::permissions::numbered(context.desired);
    // Only roles with the same base can be compared offline; equal ones are another lint's matter.
    let mut families: BTreeMap<Option<&RoleName>, HashMap<&[u32], &DesiredRole>> = BTreeMap::new();
    for (role, permissions) in context.desired.roles.iter().zip(&numbered) {
        if permissions.is_empty() || (role.base.is_some() && !role.except.is_empty()) {
            continue;
        }
        let base = role.base.as_ref().map(|base| &base.value);
        families.entry(base).or_default().entry(permissions).or_insert(role);
    }
    let mut hits = Vec::new();
    for family in families.into_values() {
        family_hits(family, &mut hits);
    }
    hits.sort_by_key(|hit| hit.anchors.first().copied());
    hits
}

fn family_hits(family: HashMap<&[u32], &DesiredRole>, hits: &mut Vec<Hit>) {
    let mut members: Vec<(&[u32], &DesiredRole)> = family.into_iter().collect();
    members.sort_by_key(|(_, role)| &role.key);
    let width = members.iter().flat_map(|(set, _)| set.last()).max().map_or(0, |max| *max as usize / 64 + 1);
    let bits: Vec<Vec<u64>> = members.iter().map(|(set, _)| bit_set(set, width)).collect();
    let mut holders: HashMap<u32, Vec<usize>> = HashMap::new();
    for (index, (set, _)) in members.iter().enumerate() {
        for permission in *set {
            holders.entry(*permission).or_default().push(index);
        }
    }
    for (index, (set, role)) in members.iter().enumerate() {
        // Whoever holds all of them holds the rarest.
        let rarest =
            set.iter().filter_map(|permission| holders.get(permission)).min_by_key(|list| list.len());
        let Some(own) = bits.get(index) else { continue };
        let larger = rarest.into_iter().flatten().find_map(|other| {
            let (bits, (_, larger)) = (bits.get(*other)?, members.get(*other)?);
            (*other != index && own.iter().zip(bits).all(|(a, b)| a & !b == 0)).then_some(larger)
        });
        if let Some(larger) = larger {
            let text = format!("everything that `{}` grants, `{}` grants too", role.key, larger.key);
            let finding = Finding::new(Code::SubsumedRole, text)
                .at(role.site, "")
                .at(larger.site, "the larger role")
                .help("Include the smaller one's permission set in the larger one, or keep only one of the two.");
            hits.push(Hit { finding, anchors: vec![role.site] });
        }
    }
}

fn bit_set(set: &[u32], width: usize) -> Vec<u64> {
    let mut bits = vec![0; width];
    for number in set {
        if let Some(word) = bits.get_mut(*number as usize / 64) {
            *word |= 1 << (number % 64);
        }
    }
    bits
}
