//! Lists with numbered pages, against servers that lie about them.

use std::time::Duration;

use super::{
    testing::{Act, Seen, Server, quick},
    *,
};
use crate::provider::ReadErrorKind;

fn list() -> List {
    List {
        segments: vec!["things".to_owned()],
        query: Vec::new(),
        per_page: 2,
        pages_without_total: 4,
        wave: 1,
        quota: None,
    }
}

fn numbers(connection: &Connection, answer: &Answer) -> Result<Vec<u32>, Failure> {
    connection.parse(answer)
}

async fn read(server: &Server) -> (Result<Items<u32>, Failure>, Statistics) {
    let (connection, _) = server.connect(&[]);
    let result = connection.clone().read_client().begin().pages(list(), numbers).await;
    (result, connection.statistics())
}

fn asked(seen: &Seen) -> u32 {
    seen.line.rsplit_once("&page=").and_then(|(_, page)| page.parse().ok()).expect("a page")
}

/// The page that `seen` asks for, of `items` numbers, two on each.
fn page(seen: &Seen, items: u32, headers: &str) -> Act {
    let page = asked(seen);
    let first = (page - 1) * 2;
    let body: Vec<u32> = (first..items.min(first + 2)).collect();
    let next = if page * 2 < items { (page + 1).to_string() } else { String::new() };
    let headers = format!("x-page: {page}\r\nx-next-page: {next}\r\n{headers}");
    Act::Answer(200, headers, serde_json::to_vec(&body).expect("JSON"))
}

#[tokio::test]
async fn the_first_page_tells_how_many_there_are_and_the_others_are_read_together() {
    let server = Server::start(|seen, _| page(seen, 9, "x-total: 9\r\nx-total-pages: 5\r\n")).await;
    let (items, statistics) = read(&server).await;
    let items = items.expect("a list");
    assert_eq!((items.items, items.incomplete), ((0..9).collect(), None));
    assert_eq!((statistics.requests, statistics.depth), (5, 2));
}

#[tokio::test]
async fn without_totals_the_pages_are_read_until_one_has_no_next() {
    for (count, requests) in [(1, 1), (2, 1), (3, 4), (8, 4), (9, 20), (41, 36)] {
        let server = Server::start(move |seen, _| page(seen, count, "")).await;
        let (items, statistics) = read(&server).await;
        assert_eq!(items.expect("a list").items, (0..count).collect::<Vec<_>>());
        assert_eq!(statistics.requests, requests, "{count} items");
    }
}

#[tokio::test]
async fn a_list_that_changes_while_it_is_read_is_not_complete() {
    let server = Server::start(|seen, _| {
        let items = if asked(seen) == 1 { 6 } else { 5 };
        page(seen, items, &format!("x-total: {items}\r\nx-total-pages: 3\r\n"))
    });
    assert!(read(&server.await).await.0.expect("a list").incomplete.is_some());
    let server = Server::start(|seen, _| page(seen, 5, "x-total: 6\r\nx-total-pages: 3\r\n"));
    let why = read(&server.await).await.0.expect("a list").incomplete.expect("a reason");
    assert_eq!(why, "GET /things is not complete: it should have 6 items, and 5 came");
}

#[tokio::test]
async fn p12_pages_that_never_end_are_an_error() {
    let same = |_: &Seen, _: usize| Act::Answer(200, "x-next-page: 2\r\n".to_owned(), b"[1,2]".to_vec());
    let another =
        |_: &Seen, _: usize| Act::Answer(200, "x-page: 1\r\nx-total-pages: 2\r\n".to_owned(), b"[]".to_vec());
    let endless =
        |_: &Seen, _: usize| Act::Answer(200, "x-total-pages: 4000000000\r\n".to_owned(), b"[1]".to_vec());
    let large = |_: &Seen, _: usize| Act::Answer(200, String::new(), b"[1,2,3]".to_vec());
    for (server, words) in [
        (Server::start(same).await, "the first page again"),
        (Server::start(another).await, "another page"),
        (Server::start(endless).await, "at most 10000 are read"),
        (Server::start(large).await, "3 items on a page of 2"),
    ] {
        let failure = read(&server).await.0.expect_err("a failure");
        assert_eq!(failure.kind, ReadErrorKind::Malformed);
        assert!(failure.message.contains(words), "{}", failure.message);
    }
}

#[tokio::test]
async fn a_limit_that_is_used_up_stops_every_request_until_it_begins_anew() {
    let script = |seen: &Seen, before: usize| {
        let left = if before == 0 { "ratelimit-remaining: 0\r\nratelimit-reset: 1\r\n" } else { "" };
        page(seen, 6, &format!("x-total: 6\r\nx-total-pages: 3\r\n{left}"))
    };
    let server = Server::start(script).await;
    let begin = Instant::now();
    let (items, statistics) = read(&server).await;
    assert_eq!(items.expect("a list").items.len(), 6);
    assert!(begin.elapsed() >= Duration::from_millis(900), "{:?}", begin.elapsed());
    assert_eq!((statistics.requests, statistics.retries), (3, 0));

    let server = Server::start(script).await;
    let limits = Limits { deadline: Duration::from_millis(300), ..quick() };
    let (connection, _) = server.connect_with(&[], limits);
    let result = connection.clone().read_client().begin().pages(list(), numbers).await;
    assert_eq!(result.expect_err("too long").kind, ReadErrorKind::RateLimited);
}
