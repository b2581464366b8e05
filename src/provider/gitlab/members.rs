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

/// The direct members of a place; `None` where there is no such place, or where the token does not
/// see it.
pub(super) async fn list(
    reading: &Reading,
    place: &Place,
    wave: u32,
) -> Result<Option<Items<Member>>, ReadError> {
    let list = List {
        segments: place.segments(&["members"]).into_iter().map(str::to_owned).collect(),
        query: Vec::new(),
        per_page: PAGE_SIZE,
        pages_without_total: PAGES_WITHOUT_TOTAL,
        wave,
        quota: None,
    };
    match reading.pages(list, page).await {
        Ok(items) => Ok(Some(items)),
        Err(failure) if failure.status == Some(404) => Ok(None),
        Err(failure) => Err(explain(failure).into()),
    }
}

fn page(connection: &Connection, answer: &Answer) -> Result<Vec<Member>, Failure> {
    let members: Members = connection.parse(answer)?;
    Ok(members.0)
}
