//! What is read of groups and projects: members, and what gives roles to many people at once.

use std::collections::{BTreeMap, BTreeSet};

use tokio::task::JoinSet;

use super::{
    links::{self, Links, Part},
    members::{self, Found},
    place::{Place, PlaceKind},
    wire::Member,
};
use crate::provider::{ReadError, http::Reading};

/// What decides a membership where SAML links do.
const BY_SAML: &str = "the SAML group links of the group decide it at the next sign-in";

/// What is asked of one place.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    /// Whether its members are.
    pub(super) members: bool,
    /// Which of its links are, by class.
    pub(super) links: BTreeSet<&'static str>,
    /// Whether something else shows that it is there: a list, or what the roles belong to.
    pub(super) listed: bool,
}

/// What was read of one place.
#[derive(Debug)]
pub(super) struct AtPlace {
    pub(super) place: Place,
    /// `None` where they were not asked for.
    pub(super) members: Option<Found>,
    pub(super) links: Links,
    /// Why memberships of people who sign in by SAML cannot be changed, where that is so.
    pub(super) by_saml: Option<String>,
    /// Whether something shows that there is such a place.
    pub(super) exists: bool,
}

impl AtPlace {
    pub(super) fn members(&self) -> &[Member] {
        self.members.as_ref().map_or(&[], Found::list)
    }

    /// Why its members are not all known, where they were asked for. Of a place that is there it does not
    /// matter that the server says otherwise.
    pub(super) fn members_unread(&self) -> Option<&str> {
        match self.members.as_ref()? {
            Found::Nowhere(why) if self.exists => Some(why),
            found => found.unread(),
        }
    }

    /// What the server said that knows no such place; `None` where it is there.
    pub(super) fn denial(&self) -> Option<&str> {
        let members = || match self.members.as_ref()? {
            Found::Nowhere(why) => Some(&**why),
            Found::Partly(..) | Found::All(_) => None,
        };
        if self.exists { None } else { members().or_else(|| self.links.denial()) }
    }
}

/// Members and links of places, all at the same time.
pub(super) async fn read(
    reading: &Reading,
    wanted: BTreeMap<Place, Wanted>,
    wave: u32,
) -> Result<Vec<AtPlace>, ReadError> {
    let mut tasks = JoinSet::new();
    for (place, wanted) in wanted {
        let reading = reading.clone();
        tasks.spawn(async move {
            let read = one(&reading, place.clone(), wanted, wave).await;
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
    let mut places: Vec<AtPlace> = results.into_values().collect::<Result<_, _>>()?;
    // Whatever is there lies in groups that are there.
    let found = places.iter().filter(|at| at.exists);
    let around: BTreeSet<Place> = found.flat_map(|at| at.place.above()).collect();
    for at in &mut places {
        at.exists |= around.contains(&at.place);
    }
    Ok(places)
}

async fn one(reading: &Reading, place: Place, wanted: Wanted, wave: u32) -> Result<AtPlace, ReadError> {
    let members = async {
        match wanted.members {
            true => members::list(reading, &place, wave).await.map(Some),
            false => Ok(None),
        }
    };
    let (members, links) = tokio::join!(members, links::read(reading, &place, &wanted.links, wave));
    let (members, links) = (members?, links?);
    let signs_in = |member: &Member| member.group_saml_identity.is_some();
    let some = members.as_ref().is_some_and(|found| found.list().iter().any(signs_in));
    let by_saml = match (place.kind, some) {
        (PlaceKind::Group, true) => owned_by_saml(reading, &place, links.saml.as_ref(), wave + 2).await?,
        _ => None,
    };
    let answered = members.as_ref().is_some_and(|found| !matches!(found, Found::Nowhere(_)));
    let exists = wanted.listed || answered || links.show_a_group();
    Ok(AtPlace { place, members, links, by_saml, exists })
}

/// Why memberships of people who sign in by SAML are not changed: the group has SAML links, or nobody
/// can tell. The links are asked for only where they were not read anyway.
async fn owned_by_saml(
    reading: &Reading,
    place: &Place,
    links: Option<&Part>,
    wave: u32,
) -> Result<Option<String>, ReadError> {
    let read;
    let saml = match links {
        Some(links) => links,
        None => {
            read = links::saml(reading, place, wave).await?;
            &read
        }
    };
    Ok(match saml {
        Ok(links) if links.is_empty() => None,
        Ok(_) => Some(BY_SAML.to_owned()),
        Err(unread) => Some(format!("nobody can tell whether SAML group links decide it: {}", unread.why)),
    })
}
