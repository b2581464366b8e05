//! Which organizations are meant: ids that stand in the definitions, and external ids that are looked
//! up.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;

use super::{
    help::explain,
    pages::{self, List},
    slug::{self, ORGANIZATION, Place},
    wire::Organization,
};
use crate::{
    model::{Scope, Untrusted},
    provider::{
        ReadError,
        http::{Get, Reading},
    },
};

/// From this many external ids on the list of organizations is read first: a page of it answers for
/// a hundred. As many pages are read as this goes into the number of external ids, so that the list
/// of a large environment costs little beside looking up each.
const WORTH_A_PAGE: usize = 8;

/// The organizations that were asked for.
#[derive(Debug, Default)]
pub(super) struct Organizations {
    /// Each place as it was asked for, with the canonical spelling; one that does not exist is not here.
    pub(super) places: BTreeMap<Scope, Scope>,
    /// Ids of those that the API has shown already.
    pub(super) shown: BTreeSet<String>,
    /// Whether it has shown all that there are.
    pub(super) all: bool,
    /// How many requests one had to wait for until all were known.
    pub(super) waves: u32,
}

/// Finds `asked`, and all organizations that there are where `everywhere`. Whether one that is written
/// by its id exists shows when its roles are read.
pub(super) async fn find(
    reading: &Reading,
    asked: &BTreeSet<&Scope>,
    everywhere: bool,
) -> Result<Organizations, ReadError> {
    let mut found = Organizations::default();
    let mut external: BTreeMap<&str, Vec<&Scope>> = BTreeMap::new();
    for scope in asked {
        match slug::place(scope) {
            Ok(Place::Id(_)) => {
                found.places.insert((*scope).clone(), (*scope).clone());
            }
            Ok(Place::External(id)) => external.entry(id).or_default().push(scope),
            Ok(Place::Environment) | Err(_) => {}
        }
    }
    let worth = external.len() / WORTH_A_PAGE;
    if everywhere || worth > 0 {
        let most = (!everywhere).then_some(worth);
        let list = List { segments: &["organizations"], query: &[], wave: 1, quota: None };
        let listed: pages::Listed<Organization> = pages::read(reading, list, most).await?;
        found.waves = listed.pages;
        for organization in listed.items {
            let id = checked(reading, organization.id)?;
            found.shown.insert(id.raw().to_owned());
            let scope = Scope::within(ORGANIZATION, id);
            let written = organization.external_id.as_deref().and_then(|id| external.remove(id));
            for written in written.unwrap_or_default() {
                found.places.insert(written.clone(), scope.clone());
            }
            if everywhere {
                found.places.insert(scope.clone(), scope);
            }
        }
        if listed.whole {
            found.all = true;
            external.clear();
        }
    }
    if !external.is_empty() {
        found.waves += 1;
    }
    let wave = found.waves;
    // The connection lets only so many through at a time.
    let ids = join_all(external.keys().map(|external| look_up(reading, external, wave))).await;
    for (written, id) in external.into_values().zip(ids) {
        let Some(id) = id? else { continue };
        found.shown.insert(id.raw().to_owned());
        for written in written {
            found.places.insert(written.clone(), Scope::within(ORGANIZATION, id.clone()));
        }
    }
    Ok(found)
}

/// Whether there is an organization with this id.
pub(super) async fn exists(reading: &Reading, id: &str, wave: u32) -> Result<bool, ReadError> {
    match reading.get(Get { segments: &["organizations", id], query: &[], wave, quota: None }).await {
        Ok(_) => Ok(true),
        Err(failure) if failure.status == Some(404) => Ok(false),
        Err(failure) => Err(explain(failure).into()),
    }
}

/// The id of the organization with this external id; `None` where there is none.
async fn look_up(reading: &Reading, external: &str, wave: u32) -> Result<Option<Untrusted>, ReadError> {
    let segments = &["organizations", "external_id", external];
    match reading.get(Get { segments, query: &[], wave, quota: None }).await {
        Ok(answer) => {
            let organization: Organization = reading.connection().parse(&answer)?;
            checked(reading, organization.id).map(Some)
        }
        Err(failure) if failure.status == Some(404) => Ok(None),
        Err(failure) => Err(explain(failure).into()),
    }
}

/// An id from the API, which will stand in paths.
fn checked(reading: &Reading, id: String) -> Result<Untrusted, ReadError> {
    let id = Untrusted::from(id);
    if slug::is_organization(&id) {
        return Ok(id);
    }
    let request = crate::provider::RequestLine::from("GET /organizations");
    let what = format!("answered with an unexpected body: {id:?} is no id of an organization");
    Err(reading.connection().malformed(&request, &what).into())
}
