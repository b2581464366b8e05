//! Lists with numbered pages: the first page tells how many there are, and the others are read at
//! the same time.

use std::collections::BTreeMap;

use reqwest::header::HeaderMap;
use tokio::task::JoinSet;

use super::{Answer, Connection, Failure, Get, Quota, Reading};

/// Most pages that are read.
const MOST_PAGES: u32 = 10_000;
/// Pages that are asked for at a time where nobody tells how many there are.
const WINDOW: u32 = 16;

/// What the headers of an answer say about pages. Names as GitLab documents them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct PageHeaders {
    page: Option<u32>,
    next: Option<u32>,
    pages: Option<u32>,
    items: Option<u64>,
}

impl PageHeaders {
    pub(super) fn read(headers: &HeaderMap) -> Self {
        fn number<T: std::str::FromStr>(headers: &HeaderMap, name: &str) -> Option<T> {
            headers.get(name)?.to_str().ok()?.trim().parse().ok()
        }
        Self {
            page: number(headers, "x-page"),
            next: number(headers, "x-next-page"),
            pages: number(headers, "x-total-pages"),
            items: number(headers, "x-total"),
        }
    }
}

/// A list with numbered pages.
#[derive(Clone, Debug)]
pub(in crate::provider) struct List {
    /// As in [`Get`].
    pub(in crate::provider) segments: Vec<String>,
    /// Query parameters beside `page` and `per_page`.
    pub(in crate::provider) query: Vec<(&'static str, String)>,
    /// Items of a page.
    pub(in crate::provider) per_page: u32,
    /// Pages that there are at least where the server does not tell how many: some leave it out of
    /// long lists.
    pub(in crate::provider) pages_without_total: u32,
    /// The wave of the first page.
    pub(in crate::provider) wave: u32,
    /// The quota of its group.
    pub(in crate::provider) quota: Option<Quota>,
}

/// All items in the order of the pages.
#[derive(Clone, Debug)]
pub(in crate::provider) struct Items<T> {
    pub(in crate::provider) items: Vec<T>,
    /// Why this may not be all of them.
    pub(in crate::provider) incomplete: Option<String>,
}

/// Takes the items out of a page.
pub(in crate::provider) type Parse<T> = fn(&Connection, &Answer) -> Result<Vec<T>, Failure>;

/// A page: what its headers say, and its items.
struct Page<T> {
    headers: PageHeaders,
    items: Vec<T>,
    body: Vec<u8>,
}

impl Reading {
    /// Reads all pages: the first one, then the others at the same time.
    pub(in crate::provider) async fn pages<T: Send + 'static>(
        &self,
        list: List,
        parse: Parse<T>,
    ) -> Result<Items<T>, Failure> {
        let mut first = self.page(&list, 1, list.wave, parse).await?;
        let first_body = std::mem::take(&mut first.body);
        let (total, expected) = (first.headers.pages, first.headers.items);
        let mut known = match (total, first.headers.next) {
            (Some(pages), _) => pages.max(1),
            (None, Some(_)) => list.pages_without_total.max(2),
            (None, None) => 1,
        };
        let mut pages = BTreeMap::from([(1, first)]);
        let (mut done, mut wave) = (1, list.wave);
        while done < known {
            if known > MOST_PAGES {
                let what = format!("answered that there are {known} pages; at most {MOST_PAGES} are read");
                return Err(self.connection().malformed(&list.line(), &what));
            }
            wave += 1;
            for (number, page) in self.several(&list, done + 1..=known, wave, parse).await? {
                if page.body == first_body && !page.items.is_empty() {
                    let what = format!("answered with the first page again when asked for page {number}");
                    return Err(self.connection().malformed(&list.line(), &what));
                }
                pages.insert(number, Page { body: Vec::new(), ..page });
            }
            done = known;
            if total.is_none() && pages.get(&done).is_some_and(|page| page.headers.next.is_some()) {
                known += WINDOW;
            }
        }
        let changed = pages.values().any(|page| page.headers.items != expected && !page.items.is_empty());
        let items: Vec<T> = pages.into_values().flat_map(|page| page.items).collect();
        let incomplete = match expected {
            _ if changed => Some("it changed while its pages were read".to_owned()),
            Some(expected) if expected != items.len() as u64 => {
                Some(format!("it should have {expected} items, and {} came", items.len()))
            }
            _ => None,
        };
        let incomplete = incomplete.map(|why| format!("{} is not complete: {why}", list.line().0));
        Ok(Items { items, incomplete })
    }

    /// Some pages at the same time. Of several failures that of the lowest page is reported.
    async fn several<T: Send + 'static>(
        &self,
        list: &List,
        numbers: std::ops::RangeInclusive<u32>,
        wave: u32,
        parse: Parse<T>,
    ) -> Result<BTreeMap<u32, Page<T>>, Failure> {
        let mut tasks = JoinSet::new();
        for number in numbers {
            let (reading, list) = (self.clone(), list.clone());
            tasks.spawn(async move { (number, reading.page(&list, number, wave, parse).await) });
        }
        let mut results = BTreeMap::new();
        while let Some(joined) = tasks.join_next().await {
            match joined {
                Ok((number, result)) => results.insert(number, result),
                Err(_) => return Err(self.connection().malformed(&list.line(), "was not read to its end")),
            };
        }
        results.into_iter().map(|(number, result)| Ok((number, result?))).collect()
    }

    async fn page<T>(
        &self,
        list: &List,
        number: u32,
        wave: u32,
        parse: Parse<T>,
    ) -> Result<Page<T>, Failure> {
        let (page, per_page) = (number.to_string(), list.per_page.to_string());
        let segments: Vec<&str> = list.segments.iter().map(String::as_str).collect();
        let mut query: Vec<(&str, &str)> =
            list.query.iter().map(|(name, value)| (*name, value.as_str())).collect();
        query.extend([("per_page", &*per_page), ("page", &*page)]);
        let get = Get { segments: &segments, query: &query, wave, quota: list.quota };
        let answer = self.get(get).await?;
        let headers = answer.pages;
        if headers.page.is_some_and(|page| page != number) {
            let what = format!("answered with another page when asked for page {number}");
            return Err(self.connection().malformed(&answer.request, &what));
        }
        let items = parse(self.connection(), &answer)?;
        if items.len() > list.per_page as usize {
            let what = format!("answered with {} items on a page of {}", items.len(), list.per_page);
            return Err(self.connection().malformed(&answer.request, &what));
        }
        Ok(Page { headers, items, body: answer.body })
    }
}

impl List {
    fn line(&self) -> crate::provider::RequestLine {
        crate::provider::RequestLine(format!("GET /{}", self.segments.join("/")))
    }
}
