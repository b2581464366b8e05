//! Lists that come in pages.

use std::collections::HashSet;

use serde::de::DeserializeOwned;

use super::help::explain;
use crate::provider::{
    ReadError,
    http::{Get, Quota, Reading},
};

/// Items of a page: the most that is documented. Left out it would be ten, and a list that looks whole
/// would not be. Source: `/reference/pagination`.
pub(super) const SIZE: usize = 100;
/// Longest cursor in bytes; it is the id of an object.
const LONGEST_CURSOR: usize = 256;
/// Most pages of one list.
const MOST_PAGES: usize = 10_000;

/// Which list to read.
#[derive(Clone, Copy, Debug)]
pub(super) struct List<'a> {
    /// Its path.
    pub(super) segments: &'a [&'a str],
    /// Its parameters beside those of the pages.
    pub(super) query: &'a [(&'a str, &'a str)],
    /// How many requests its first page waits for, itself included.
    pub(super) wave: u32,
    /// The quota of its requests.
    pub(super) quota: Option<Quota>,
}

/// A list as far as it was read.
#[derive(Debug)]
pub(super) struct Listed<T> {
    /// What every page gave, in the order of the list.
    pub(super) items: Vec<T>,
    /// Whether it ended; a limit on the pages may have come first.
    pub(super) whole: bool,
    /// How many pages it took.
    pub(super) pages: u32,
}

/// Reads a list to its end, or `most` pages of it.
///
/// # Errors
///
/// Those of a request, and a cursor that was given before: such a list would never end.
pub(super) async fn read<T: DeserializeOwned>(
    reading: &Reading,
    list: List<'_>,
    most: Option<usize>,
) -> Result<Listed<T>, ReadError> {
    let listed = pages(reading, list, most, false).await?;
    Ok(listed.unwrap_or(Listed { items: Vec::new(), whole: false, pages: 0 }))
}

/// Reads a list to its end; `None` where what it belongs to does not exist.
///
/// # Errors
///
/// As [`read`].
pub(super) async fn read_if_any<T: DeserializeOwned>(
    reading: &Reading,
    list: List<'_>,
) -> Result<Option<Listed<T>>, ReadError> {
    pages(reading, list, None, true).await
}

async fn pages<T: DeserializeOwned>(
    reading: &Reading,
    list: List<'_>,
    most: Option<usize>,
    may_lack: bool,
) -> Result<Option<Listed<T>>, ReadError> {
    let connection = reading.connection();
    let limit = SIZE.to_string();
    let mut listed = Listed { items: Vec::new(), whole: false, pages: 0 };
    let mut cursors: HashSet<String> = HashSet::new();
    let mut after: Option<String> = None;
    loop {
        let mut query = list.query.to_vec();
        query.push(("limit", &limit));
        query.extend(after.as_deref().map(|after| ("after", after)));
        let get =
            Get { segments: list.segments, query: &query, wave: list.wave + listed.pages, quota: list.quota };
        let answer = match reading.get(get).await {
            Ok(answer) => answer,
            Err(failure) if may_lack && failure.status == Some(404) => return Ok(None),
            Err(failure) => return Err(explain(failure).into()),
        };
        let page: super::wire::Page<T> = connection.parse(&answer)?;
        listed.pages += 1;
        listed.items.extend(page.data.0);
        let Some(next) = page.list_metadata.after else {
            listed.whole = true;
            return Ok(Some(listed));
        };
        if next.len() > LONGEST_CURSOR {
            let what = "answered with a cursor that is too long";
            return Err(connection.malformed(&answer.request, what).into());
        }
        if !cursors.insert(next.clone()) {
            let what = "answered with a cursor that it gave before, so the list would never end";
            return Err(connection.malformed(&answer.request, what).into());
        }
        if cursors.len() >= MOST_PAGES {
            let what = &format!("answered with more than {MOST_PAGES} pages");
            return Err(connection.malformed(&answer.request, what).into());
        }
        if most.is_some_and(|most| cursors.len() >= most) {
            return Ok(Some(listed));
        }
        after = Some(next);
    }
}
