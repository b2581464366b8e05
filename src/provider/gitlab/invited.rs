//! Groups that a group is shared with, looked up one by one.

use std::collections::BTreeSet;

use super::{
    help::explain,
    place::is_path,
    quota,
    wire::{RestGroup, is_number},
};
use crate::{
    model::{Untrusted, desired::Spelling},
    provider::{
        ReadError,
        http::{Failure, Get, Reading},
    },
};

/// Groups that are invited, by path or number.
pub(super) async fn find(
    reading: &Reading,
    groups: &BTreeSet<Spelling>,
    wave: u32,
) -> Result<Vec<(Spelling, Untrusted, Untrusted)>, ReadError> {
    let found = futures_util::future::try_join_all(groups.iter().map(|spelling| async move {
        let path = match spelling {
            Spelling::Handle(path) if is_path(path) => path,
            Spelling::Id(id) if is_number(id.raw()) => id,
            _ => return Ok(None),
        };
        let segments = ["api", "v4", "groups", path.raw()];
        let quota = quota::of_single_groups(reading.connection());
        match reading.get(Get { segments: &segments, query: &[], wave, quota }).await {
            Ok(answer) => {
                let group: RestGroup<'_> = reading.connection().parse(&answer)?;
                Ok(Some((spelling.clone(), group.id.to_string().into(), (&*group.full_path.0).into())))
            }
            Err(failure) if failure.status == Some(404) => Ok(None),
            Err(failure) => Err(explain(failure)),
        }
    }));
    let found: Vec<Option<_>> = found.await.map_err(|failure: Failure| ReadError::from(failure))?;
    Ok(found.into_iter().flatten().collect())
}
