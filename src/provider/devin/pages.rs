//! Lists that come in pages. A page is asked for with the cursor of the one before, so that they follow
//! each other. Source: `/api-reference/concepts/pagination`.

use std::collections::HashSet;

use serde::de::DeserializeOwned;

use super::{help::explain, wire::Page};
use crate::provider::{
    ReadError, RequestLine,
    http::{Get, Reading},
};

/// Items of a page: the most that is documented.
pub(super) const SIZE: usize = 200;
/// Longest cursor in bytes.
const LONGEST_CURSOR: usize = 4096;
/// Most pages of one list.
const MOST_PAGES: usize = 10_000;

/// Which list to read.
#[derive(Clone, Copy, Debug)]
pub(super) struct List<'a> {
    /// Its path below `v3/enterprise`.
    pub(super) segments: &'a [&'a str],
    /// How many requests its first page waits for, itself included.
    pub(super) wave: u32,
}

/// A whole list.
#[derive(Debug)]
pub(super) struct Listed<T> {
    /// What every page gave, in the order of the list.
    pub(super) items: Vec<T>,
    /// The request, for messages.
    pub(super) request: RequestLine,
    /// Why it may not be all of them.
    pub(super) incomplete: Option<String>,
}

/// The path below which everything is.
pub(super) fn path<'a>(segments: &[&'a str]) -> Vec<&'a str> {
    [&["v3", "enterprise"], segments].concat()
}

/// Reads a list to its end.
///
/// # Errors
///
/// Those of a request; a page after which another one is promised without saying where; and a cursor
/// that was given before: such a list would never end.
pub(super) async fn read<T: DeserializeOwned>(
    reading: &Reading,
    list: List<'_>,
) -> Result<Listed<T>, ReadError> {
    let connection = reading.connection();
    let (segments, first) = (path(list.segments), SIZE.to_string());
    let request = RequestLine(format!("GET /{}", segments.join("/")));
    let mut items = Vec::new();
    let mut cursors: HashSet<String> = HashSet::new();
    let mut after: Option<String> = None;
    let mut wave = list.wave;
    loop {
        let mut query = vec![("first", first.as_str())];
        query.extend(after.as_deref().map(|after| ("after", after)));
        let get = Get { segments: &segments, query: &query, wave, quota: None };
        let answer = reading.get(get).await.map_err(explain)?;
        let page: Page<T> = connection.parse(&answer)?;
        wave += 1;
        items.extend(page.items.0);
        if page.has_next_page != Some(true) {
            // A count that differs by what came and went between two pages cannot be told from a gap.
            let gap = page.total.filter(|total| *total != items.len() as u64);
            let incomplete = gap.map(|total| {
                format!(
                    "{} is not complete: it should have {total} items, and {} came",
                    request.0,
                    items.len()
                )
            });
            return Ok(Listed { items, request, incomplete });
        }
        let wrong = |what: &str| -> ReadError { connection.malformed(&answer.request, what).into() };
        let Some(next) = page.end_cursor else {
            return Err(wrong("answered that there is another page, and not where it begins"));
        };
        if next.len() > LONGEST_CURSOR {
            return Err(wrong("answered with a cursor that is too long"));
        }
        if !cursors.insert(next.clone()) {
            return Err(wrong("answered with a cursor that it gave before, so the list would never end"));
        }
        if cursors.len() >= MOST_PAGES {
            return Err(wrong(&format!("answered with more than {MOST_PAGES} pages")));
        }
        after = Some(next);
    }
}
