//! What is read of groups and projects: members, and what gives roles to many people at once.

use std::collections::{BTreeMap, BTreeSet};

use tokio::task::JoinSet;

use super::{
    links::{self, Links},
    members::{self, Found},
    place::{Place, PlaceKind},
    wire::Member,
};
use crate::provider::{ReadError, http::Reading};

/// What decides a membership where SAML links do.
const BY_SAML: &str = "the SAML group links of the group decide it at the next sign-in";

/// What was read of one place.
#[derive(Debug)]
pub(super) struct AtPlace {
    pub(super) place: Place,
    /// `None` where they were not asked for.
    pub(super) members: Option<Found>,
    /// `None` where they were not asked for, or where there is no such place.
    pub(super) links: Option<Links>,
    /// Why memberships of people who sign in by SAML cannot be changed, where that is so.
    pub(super) by_saml: Option<String>,
}

impl AtPlace {
    /// Whether there is such a place.
    pub(super) fn exists(&self) -> bool {
        self.links.is_some() || self.members.as_ref().is_some_and(|found| !matches!(found, Found::Nowhere))
    }

    pub(super) fn members(&self) -> &[Member] {
        self.members.as_ref().map_or(&[], Found::list)
    }
}

/// Members of `users` and links of `groups`, all at the same time.
pub(super) async fn read(
    reading: &Reading,
    users: &BTreeSet<Place>,
    groups: &BTreeSet<Place>,
    wave: u32,
) -> Result<Vec<AtPlace>, ReadError> {
    let mut tasks = JoinSet::new();
    for place in users.union(groups) {
        let (reading, place) = (reading.clone(), place.clone());
        let (members, links) = (users.contains(&place), groups.contains(&place));
        tasks.spawn(async move {
            let read = one(&reading, place.clone(), members, links, wave).await;
            (place, read)
        });
    }
    // Of several failures the same one is reported in every run, whichever came first.
    let mut results = BTreeMap::new();
    while let Some(joined) = tasks.join_next().await {
        let Ok((place, read)) = joined else {
            let connection = reading.connection();
            return Err(connection.malformed(&"GET /members".into(), "was not read to its end").into());
        };
        results.insert(place, read);
    }
    results.into_values().collect()
}

async fn one(
    reading: &Reading,
    place: Place,
    members: bool,
    links: bool,
    wave: u32,
) -> Result<AtPlace, ReadError> {
    let members = async {
        match members {
            true => members::list(reading, &place, wave).await.map(Some),
            false => Ok(None),
        }
    };
    let links = async {
        match links {
            true => links::read(reading, &place, wave).await,
            false => Ok(None),
        }
    };
    let (members, links) = tokio::join!(members, links);
    let (members, links) = (members?, links?);
    let signs_in = |member: &Member| member.group_saml_identity.is_some();
    let some = members.as_ref().is_some_and(|found| found.list().iter().any(signs_in));
    let by_saml = match (place.kind, some) {
        (PlaceKind::Group, true) => owned_by_saml(reading, &place, links.as_ref(), wave + 2).await?,
        _ => None,
    };
    Ok(AtPlace { place, members, links, by_saml })
}

/// Why memberships of people who sign in by SAML are not changed: the group has SAML links, or nobody
/// can tell. The links are asked for only where they were not read anyway.
async fn owned_by_saml(
    reading: &Reading,
    place: &Place,
    links: Option<&Links>,
    wave: u32,
) -> Result<Option<String>, ReadError> {
    let read;
    let saml = match links {
        Some(links) => &links.saml,
        None => {
            read = links::saml(reading, place, wave).await?;
            &read
        }
    };
    Ok(match saml {
        Ok(links) if links.is_empty() => None,
        Ok(_) => Some(BY_SAML.to_owned()),
        Err(why) => Some(format!("nobody can tell whether SAML group links decide it: {why}")),
    })
}
