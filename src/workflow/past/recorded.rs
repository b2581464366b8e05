//! What the record of the last apply says of one target, under the names that it has now.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    model::{Address, Untrusted, desired::DesiredState, live::Identity},
    plan::document::Applied,
    repo::Record,
};

/// The recorded ids, under the addresses that the target has now, of roles that the recorded revision
/// declares: anybody may have written the record.
pub(super) fn ids(
    record: &Record,
    name: &str,
    declared: Option<&DesiredState>,
) -> BTreeMap<Address, Untrusted> {
    let roles = declared.into_iter().flat_map(|state| &state.roles);
    let declared: BTreeSet<Address> = roles.map(|role| Address::role(name, &role.key, &role.scope)).collect();
    let renamed = record.target.raw() != name;
    let of = |(address, id): (&Untrusted, &Untrusted)| {
        let address = Address::parse(address)?;
        let address = if renamed { address.of_target(name)? } else { address };
        declared.contains(&address).then(|| (address, id.clone()))
    };
    record.ids.iter().filter_map(of).collect()
}

/// What the record says is left to a person, under the addresses that the target has now.
pub(super) fn open(record: &Record, name: &str) -> BTreeMap<Untrusted, Option<Untrusted>> {
    let renamed = record.target.raw() != name;
    let of = |(address, commit): (&Untrusted, &Option<Untrusted>)| {
        let address = Address::parse(address)?;
        let address = if renamed { address.of_target(name)? } else { address };
        Some((address.as_str().into(), commit.clone()))
    };
    record.open.iter().filter_map(of).collect()
}

/// What to do where the API tells no tenant, and what stood for it is another one now.
pub(super) fn anchor_gone(record: &Record, identity: &Identity) -> Option<Untrusted> {
    let recorded = record.identity.to_live();
    let (Some(before), Some(now)) = (&recorded.anchor, &identity.anchor) else { return None };
    if recorded.host != identity.host || recorded.tenant.is_some() || identity.tenant.is_some() {
        return None;
    }
    let (before, now) = (before.raw(), now.raw());
    let revision: String = record.revision.raw().chars().take(12).collect();
    Some(
        format!(
            "The API tells no tenant. This one was known by `{before}` when it was last recorded, and is by `{now}` now: either `{before}` was deleted, or the credential is of another tenant or may see less. If it was deleted, `rolecall apply --rev {revision}` goes on: it applies what was recorded last, with nothing to change, and records the tenant as it is known now. Else correct the credential."
        )
        .into(),
    )
}

pub(super) fn newer(record: &Record) -> Untrusted {
    let short: String = record.revision.raw().chars().take(12).collect();
    format!("The last recorded apply was of {short}, which is not part of the planned history: this plan may take back what came since.").into()
}

impl From<&Record> for Applied {
    fn from(record: &Record) -> Self {
        Self {
            revision: record.revision.clone(),
            time: record.time.clone(),
            digest: record.digest.clone(),
            actor: Some(record.actor.clone()),
        }
    }
}
