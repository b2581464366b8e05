//! Memberships of groups and projects, page by page.

use super::{
    help::explain,
    place::Place,
    wire::{Member, Members},
};
use crate::provider::{
    ReadError,
    http::{Answer, Connection, Failure, Items, List, Reading},
};

/// Members of a page: the most that there can be (`/api/rest/`, pagination).
pub(super) const PAGE_SIZE: u32 = 100;
/// Where there are more than 10,000 the server does not say how many, so that there are 101 pages at
/// least.
pub(super) const PAGES_WITHOUT_TOTAL: u32 = 101;

/// What was read of the members of a place.
#[derive(Debug)]
pub(super) enum Found {
    /// The server says that there is no such place, in these words; or the token does not see it.
    Nowhere(String),
    /// There is, and its members are not all known: those that came, and why.
    Partly(Vec<Member>, String),
    /// Everybody.
    All(Vec<Member>),
}

impl Found {
    /// Those who were read.
    pub(super) fn list(&self) -> &[Member] {
        match self {
            Self::Nowhere(_) => &[],
            Self::Partly(list, _) | Self::All(list) => list,
        }
    }

    /// Why these are not all.
    pub(super) fn unread(&self) -> Option<&str> {
        match self {
            Self::Partly(_, why) => Some(why),
            Self::Nowhere(_) | Self::All(_) => None,
        }
    }
}

/// The direct members of a place.
pub(super) async fn list(reading: &Reading, place: &Place, wave: u32) -> Result<Found, ReadError> {
    let list = List {
        segments: place.segments(&["members"]).into_iter().map(str::to_owned).collect(),
        query: Vec::new(),
        per_page: PAGE_SIZE,
        pages_without_total: PAGES_WITHOUT_TOTAL,
        wave,
        quota: None,
    };
    match reading.pages(list, page).await {
        Ok(Items { items, incomplete: Some(why) }) => Ok(Found::Partly(items, why)),
        Ok(Items { items, incomplete: None }) => Ok(Found::All(items)),
        Err(failure) if failure.status == Some(404) => Ok(Found::Nowhere(failure.message)),
        Err(failure) if failure.status == Some(403) => Ok(Found::Partly(Vec::new(), failure.message)),
        Err(failure) => Err(explain(failure).into()),
    }
}

fn page(connection: &Connection, answer: &Answer) -> Result<Vec<Member>, Failure> {
    let members: Members = connection.parse(answer)?;
    Ok(members.0)
}
