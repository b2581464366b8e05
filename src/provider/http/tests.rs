//! The connection against servers that answer oddly, falsely, or not at all.

use std::{
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use tokio::io::AsyncWriteExt as _;

use super::{
    testing::{Act, KEY, Server, json, open, quick, settings},
    *,
};
use crate::provider::{Effect, ReadErrorKind};

const GET: Get<'static> = Get { segments: &["v1", "things"], query: &[], wave: 1, quota: None };

fn post() -> Send<'static> {
    let body = Some(serde_json::json!({"name": "x"}));
    Send { method: reqwest::Method::POST, segments: &["v1", "things"], query: &[], body, quota: None }
}

async fn read(connection: &Arc<Connection>) -> Result<Answer, Failure> {
    connection.clone().read_client().begin().get(GET).await
}

async fn write(connection: &Arc<Connection>) -> Result<Answer, Failure> {
    connection.clone().write_client().send(post()).await
}

fn raw(text: &str) -> Act {
    Act::Raw(text.as_bytes().to_vec())
}

fn waits(events: &Mutex<Vec<Event>>) -> Vec<Why> {
    let events = events.lock().expect("no panic elsewhere");
    events
        .iter()
        .filter_map(|event| if let Event::Waiting { why, .. } = event { Some(*why) } else { None })
        .collect()
}

// -- Where the credential goes -----------------------------------------------------------------------

#[test]
fn p1_the_credential_is_not_read_before_its_host_is_allowed() {
    for (url, expected) in [
        ("https://roles.evil.test", false),
        ("https://api.roles.test@evil.test", false),
        ("http://127.0.0.1:9", false),
        ("https://api.roles.test", true),
    ] {
        let looked = AtomicBool::new(false);
        let _ = Connection::open(Opening {
            endpoint: Endpoint {
                url: url.to_owned(),
                own_hosts: &["api.roles.test"],
                header: "x-api-key",
                prefix: "",
            },
            settings: &settings(&[]),
            credential: &CredentialSource::Env("ROLES_KEY".into()),
            allowed: &[],
            environment: &|_| {
                looked.store(true, Ordering::Relaxed);
                Some(KEY.into())
            },
            redactor: Redactor::default(),
            stands_for: None,
            limits: quick(),
            stop: Stop::default(),
            events: None,
        });
        assert_eq!(looked.load(Ordering::Relaxed), expected, "{url}");
    }
}

#[tokio::test]
async fn p1_a_loopback_server_gets_a_dummy_and_a_named_one_the_credential() {
    let server = Server::start(|_, _| json(200, "{}")).await;
    let url = format!("http://{}", server.address);
    let (unnamed, _) = open(&url, &[], &[], quick()).unwrap();
    read(&unnamed).await.unwrap();
    let (named, _) = open(&url, &[server.address.to_string()], &[], quick()).unwrap();
    read(&named).await.unwrap();
    let heads: Vec<String> = server.seen().into_iter().map(|seen| seen.head).collect();
    assert!(
        heads[0].contains(&format!("x-api-key: {DUMMY_CREDENTIAL}")) && !heads[0].contains(KEY),
        "{}",
        heads[0]
    );
    assert!(heads[1].contains(&format!("x-api-key: {KEY}")), "{}", heads[1]);
    assert!(heads[1].contains(concat!("user-agent: rolecall/", env!("CARGO_PKG_VERSION"))), "{}", heads[1]);
}

#[tokio::test]
async fn p1_localhost_is_this_machine() {
    let server = Server::start(|_, _| json(200, "{}")).await;
    let url = format!("http://LOCALHOST:{}/base/", server.address.port());
    let (connection, _) = open(&url, &[], &[], quick()).unwrap();
    read(&connection).await.unwrap();
    assert_eq!(server.lines(), ["GET /base/v1/things"]);
    assert_eq!(connection.identity_host().raw(), format!("localhost:{}", server.address.port()));
}

#[tokio::test]
async fn p1_no_redirect_is_followed() {
    let elsewhere = Server::start(|_, _| json(200, "{}")).await;
    let location = format!("location: http://{}/v1/things\r\n", elsewhere.address);
    for status in [301, 302, 303, 307, 308] {
        let location = location.clone();
        let server = Server::start(move |_, _| Act::Answer(status, location.clone(), Vec::new())).await;
        let (connection, _) = server.connect(&[]);
        let failure = read(&connection).await.unwrap_err();
        assert_eq!(failure.kind, ReadErrorKind::Malformed);
        assert!(failure.message.contains("a redirect to 127.0.0.1"), "{}", failure.message);
        assert_eq!(write(&connection).await.unwrap_err().effect, Effect::Unknown);
        assert_eq!(server.seen().len(), 2);
    }
    assert!(elsewhere.seen().is_empty());
}

#[tokio::test]
async fn segments_and_parameters_cannot_leave_their_place() {
    let server = Server::start(|_, _| json(200, "{}")).await;
    let (connection, _) = server.connect(&[]);
    let reading = connection.clone().read_client().begin();
    let get = Get {
        segments: &["v1", "a/../b?c#d", "billing:*", "%2F", ".."],
        query: &[("cursor", "x&org_id=y#")],
        ..GET
    };
    reading.get(get).await.unwrap();
    assert_eq!(server.lines(), ["GET /v1/a%2F..%2Fb%3Fc%23d/billing%3A%2A/%252F?cursor=x%26org_id%3Dy%23"]);
}

// -- Credentials in what is shown --------------------------------------------------------------------

/// Collects everything that is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic elsewhere").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn p2_an_echoed_credential_is_never_shown_or_logged() {
    let encoded = STANDARD.encode(format!("key:{KEY}"));
    let percent = "cr%2Dtest%2Fkey%2B0123456789";
    let mut bodies: Vec<(u16, String)> = Vec::new();
    for echo in
        [KEY, &encoded, percent, "\\u0063r-test\\/key+0123456789", &format!("{}{KEY}", "x".repeat(290))]
    {
        for status in [200, 400, 401, 403, 404, 500] {
            bodies.push((
                status,
                format!(r#"{{"error":{{"code":"{echo}","message":"you sent {echo}"}},"list":"{echo}"}}"#),
            ));
            if !echo.starts_with('\\') {
                bodies.push((status, format!("<html><title>{echo}</title>{echo}")));
                bodies.push((status, format!("{echo} is not JSON")));
            }
        }
    }
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let mut shown = String::new();
    for (status, body) in bodies {
        let location = format!("location: http://{KEY}.evil.test/{KEY}\r\nx-echo: {KEY}\r\n");
        let server =
            Server::start(move |_, _| Act::Answer(status, location.clone(), body.clone().into_bytes())).await;
        let (connection, events) = server.connect_with(&[], Limits { tries: 1, ..quick() });
        let failure = match read(&connection).await {
            Ok(answer) => connection.parse::<List>(&answer).unwrap_err(),
            Err(failure) => failure,
        };
        shown.push_str(&format!("{failure:?} {connection:?} {events:?}\n"));
    }
    let log = String::from_utf8_lossy(&log.0.lock().expect("no panic elsewhere")).into_owned();
    assert!(shown.contains("GET /v1/things") && log.contains("hyper_util"), "{log}");
    for text in [shown, log] {
        for part in ["0123456789", percent, &STANDARD.encode(KEY)[..16], &encoded[8..24]] {
            assert!(!text.contains(part), "{part} in {text}");
        }
    }
}

#[derive(Debug, Deserialize)]
struct List {
    #[expect(dead_code, reason = "only parsed")]
    list: Vec<Item>,
}

#[derive(Debug, Deserialize)]
struct Item {
    #[expect(dead_code, reason = "only parsed")]
    names: Vec<u8>,
}

// -- Answers that are not what they should be --------------------------------------------------------

#[tokio::test]
async fn what_is_not_the_expected_json_is_named_with_its_place() {
    for (body, expected) in [
        ("", "with an empty body instead of JSON"),
        (" \n", "with an empty body instead of JSON"),
        ("<!doctype html><title>Sign in</title>", "with an HTML page titled \"Sign in\" instead of JSON"),
        (r#"{"list": [{"names": [1"#, "with JSON that ends early, after 22 bytes"),
        ("not json", "with something that is not JSON"),
        (r#"{"list": [{"names": [1, "two"]}]}"#, "list[0].names[1]: invalid type: string \"two\""),
        (r#"{"list": [{}]}"#, "list[0]: missing field `names`"),
        (r#"{"other": 1}"#, "missing field `list`"),
        ("[]", "invalid length 0"),
    ] {
        let server = Server::start(move |_, _| json(200, body)).await;
        let (connection, _) = server.connect(&[]);
        let failure = connection.parse::<List>(&read(&connection).await.unwrap()).unwrap_err();
        assert_eq!(failure.kind, ReadErrorKind::Malformed);
        assert!(failure.message.starts_with("GET /v1/things answered 200"), "{}", failure.message);
        assert!(failure.message.contains(expected), "{}", failure.message);
    }
}

#[tokio::test]
async fn every_refusal_says_what_to_do() {
    for (status, kind, help) in [
        (400, ReadErrorKind::Rejected, None),
        (401, ReadErrorKind::Denied, Some("ROLES_KEY")),
        (403, ReadErrorKind::Denied, None),
        (404, ReadErrorKind::Rejected, None),
        (410, ReadErrorKind::Denied, None),
        (503, ReadErrorKind::Unreachable, Some("again later")),
    ] {
        let body = r#"{"error":{"code":"some_code","message":"some text"}}"#;
        let server = Server::start(move |_, _| json(status, body)).await;
        let (connection, _) = server.connect(&[]);
        let failure = read(&connection).await.unwrap_err();
        assert_eq!((failure.kind, failure.status), (kind, Some(status)));
        assert!(failure.message.contains(&format!("answered {status} ")), "{}", failure.message);
        assert!(failure.message.contains("some_code: some text"), "{}", failure.message);
        if let Some(help) = help {
            assert!(failure.help.unwrap().contains(help));
        }
    }
}

#[tokio::test]
async fn the_dummy_credential_explains_itself() {
    let server = Server::start(|_, _| json(401, "{}")).await;
    let (connection, _) = open(&format!("http://{}", server.address), &[], &[], quick()).unwrap();
    let help = read(&connection).await.unwrap_err().help.unwrap();
    assert!(help.contains(&format!("--allow-host {}", server.address)), "{help}");
}

#[tokio::test]
async fn p12_a_long_message_is_cut() {
    let body = format!(r#"{{"message":"{}"}}"#, "long ".repeat(20_000));
    let server = Server::start(move |_, _| json(400, body.clone())).await;
    let (connection, _) = server.connect(&[]);
    assert!(read(&connection).await.unwrap_err().message.len() < 400);
}

#[tokio::test]
async fn p12_an_answer_that_is_too_large_is_refused_while_it_streams() {
    let limits = Limits { answer: 100_000, tries: 1, ..quick() };
    let long = "0".repeat(200_000);
    let announced = format!("HTTP/1.1 200 X\r\ncontent-length: 999999999999\r\n\r\n{long}");
    let endless = format!("HTTP/1.1 200 X\r\n\r\n{long}");
    let chunked = format!("HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n30d40\r\n{long}\r\n");
    for answer in [announced, endless, chunked] {
        let server = Server::start(move |_, _| raw(&answer)).await;
        let (connection, _) = server.connect_with(&[], limits);
        let failure = read(&connection).await.unwrap_err();
        assert_eq!(failure.kind, ReadErrorKind::Malformed);
        assert!(failure.message.contains("answered with more than"), "{}", failure.message);
    }
}

#[tokio::test]
async fn p12_a_compressed_bomb_is_measured_decompressed() {
    let bomb = gzip_of_zeros();
    let size = bomb.len();
    let headers = "content-encoding: gzip\r\n".to_owned();
    let server = Server::start(move |_, _| Act::Answer(200, headers.clone(), bomb.clone())).await;
    let (connection, _) = server.connect_with(&[], Limits { answer: 100_000, tries: 1, ..quick() });
    let failure = read(&connection).await.unwrap_err();
    assert!(
        size < 2_000 && failure.message.contains("answered with more than"),
        "{size} {}",
        failure.message
    );
}

/// A gzip file of 300,000 times the digit 0: header, one block, checksum.
fn gzip_of_zeros() -> Vec<u8> {
    let mut file = vec![
        0x1f, 0x8b, 0x8, 0x0, 0x0, 0x0, 0x0, 0x0, 0x2, 0x3, 0xed, 0xc1, 0x1, 0xd, 0x0, 0x0, 0x0, 0xc2, 0xa0,
        0x4a, 0xef, 0x9f, 0xce, 0x1e, 0xe, 0x28,
    ];
    file.extend(vec![0; 290]);
    file.extend([0xf8, 0x31, 0xcd, 0xce, 0x49, 0x5, 0xe0, 0x93, 0x4, 0x0]);
    file
}

#[tokio::test]
async fn what_is_not_compressed_as_it_says_is_refused() {
    let headers = "content-encoding: gzip\r\n".to_owned();
    let server =
        Server::start(move |_, _| Act::Answer(200, headers.clone(), b"{\"list\":[]}".to_vec())).await;
    let (connection, _) = server.connect(&[]);
    let failure = read(&connection).await.unwrap_err();
    assert_eq!(failure.kind, ReadErrorKind::Malformed);
    assert!(failure.message.contains("not compressed as it says"), "{}", failure.message);
}

// -- Repeating ---------------------------------------------------------------------------------------

#[tokio::test]
async fn a_read_is_repeated_after_failures_of_the_server() {
    let server = Server::start(|_, before| match before {
        0 => json(503, "{}"),
        1 => Act::Close,
        2 => raw("HTTP/1.1 200 X\r\ncontent-length: 100\r\n\r\n{\"cut"),
        _ => json(200, "{}"),
    })
    .await;
    let (connection, events) = server.connect(&[]);
    read(&connection).await.unwrap();
    assert_eq!(waits(&events), [Why::ServerError(503), Why::Broken, Why::Broken]);
    let statistics = connection.statistics();
    assert_eq!((statistics.requests, statistics.retries, statistics.depth), (4, 3, 1));
    assert!(statistics.throttled > Duration::ZERO);
}

#[tokio::test]
async fn a_read_gives_up_after_its_tries() {
    for (act, kind, what) in [
        (json as fn(u16, &'static str) -> Act, ReadErrorKind::Unreachable, "answered 500"),
        (|_, _| Act::Close, ReadErrorKind::Unreachable, "the connection broke"),
        (|_, _| Act::Silence, ReadErrorKind::Unreachable, "got no answer"),
        (
            |_, _| raw("HTTP/1.1 200 X\r\ncontent-length: 9\r\n\r\n{"),
            ReadErrorKind::Malformed,
            "broke off after 1 byte, 4 times",
        ),
    ] {
        let server = Server::start(move |_, _| act(500, "{}")).await;
        let (connection, _) = server.connect(&[]);
        let failure = read(&connection).await.unwrap_err();
        assert_eq!(failure.kind, kind, "{}", failure.message);
        assert!(
            failure.message.contains(what) && failure.message.ends_with(", 4 times"),
            "{}",
            failure.message
        );
        assert_eq!(server.seen().len(), 4);
    }
}

#[tokio::test]
async fn a_read_waits_as_long_as_it_is_told() {
    let server = Server::start(|_, before| match before {
        0 => Act::Answer(429, "retry-after: 1\r\n".to_owned(), Vec::new()),
        1 => json(429, r#"{"error":{"code":"rate_limit_exceeded","retry_after":0.3}}"#),
        _ => json(200, "{}"),
    })
    .await;
    let (connection, events) = server.connect(&[]);
    let start = Instant::now();
    read(&connection).await.unwrap();
    assert!(start.elapsed() >= Duration::from_millis(1300), "{:?}", start.elapsed());
    assert_eq!(waits(&events), [Why::RateLimited, Why::RateLimited]);
}

#[tokio::test]
async fn after_one_refusal_for_its_rate_nothing_else_runs_into_the_same_limit() {
    const MANY: usize = 60;
    let few = Quota { group: "few", requests: 1_000, per: Duration::from_secs(60), concurrent: 4 };
    for (quota, at_a_time) in [(Some(few), 4), (None, quick().concurrent)] {
        let refused_at: Arc<Mutex<Option<Instant>>> = Arc::default();
        let refused = Arc::new(AtomicUsize::new(0));
        let (since, count) = (refused_at.clone(), refused.clone());
        // Ten are answered, and all others only a second after the first refusal.
        let server = Server::start(move |_, before| {
            let mut since = since.lock().unwrap();
            if before < 10 || since.is_some_and(|since| since.elapsed() >= Duration::from_secs(1)) {
                return json(200, "{}");
            }
            since.get_or_insert_with(Instant::now);
            count.fetch_add(1, Ordering::Relaxed);
            Act::Answer(429, "retry-after: 1\r\n".to_owned(), Vec::new())
        })
        .await;
        let (connection, _) = server.connect(&[]);
        let reading = connection.read_client().begin();
        let all = (0..MANY).map(|_| reading.get(Get { quota, ..GET }));
        assert!(futures_util::future::join_all(all).await.iter().all(Result::is_ok));
        let refused = refused.load(Ordering::Relaxed);
        assert!((1..=at_a_time).contains(&refused), "{refused} of {at_a_time} at a time");
    }
}

#[tokio::test]
async fn p12_a_wait_beyond_the_deadline_is_an_error_at_once() {
    let server =
        Server::start(|_, _| Act::Answer(429, "retry-after: 86400\r\n".to_owned(), Vec::new())).await;
    let limits = Limits { deadline: Duration::from_secs(60), ..Limits::default() };
    let (connection, _) = server.connect_with(&[], limits);
    let failure = read(&connection).await.unwrap_err();
    assert_eq!(failure.kind, ReadErrorKind::RateLimited);
    assert!(failure.message.contains("the next try would be in 120 s"), "{}", failure.message);
    assert!(failure.help.unwrap().contains("ROLECALL_DEADLINE"));
}

#[tokio::test]
async fn p12_an_answer_that_never_ends_meets_the_deadline() {
    let server = Server::start(|_, _| Act::Silence).await;
    let limits = Limits { deadline: Duration::from_millis(200), read: Duration::from_secs(30), ..quick() };
    let (connection, _) = server.connect_with(&[], limits);
    let failure = read(&connection).await.unwrap_err();
    assert_eq!((failure.kind, server.seen().len()), (ReadErrorKind::Unreachable, 1));
}

#[tokio::test]
async fn a_write_of_unknown_outcome_is_never_sent_again() {
    for act in [
        || json(500, "{}"),
        || json(502, "<title>Bad gateway</title>"),
        || Act::Close,
        || Act::Silence,
        || raw("HTTP/1.1 201 X\r\ncontent-length: 9\r\n\r\n{"),
    ] {
        let server = Server::start(move |_, _| act()).await;
        let (connection, _) = server.connect(&[]);
        let failure = write(&connection).await.unwrap_err();
        assert_eq!(failure.effect, Effect::Unknown, "{}", failure.message);
        assert_eq!(server.seen().len(), 1, "{}", failure.message);
    }
}

#[tokio::test]
async fn a_write_that_was_refused_for_its_rate_is_sent_again() {
    let server = Server::start(|_, before| if before == 0 { json(429, "{}") } else { json(201, "{}") }).await;
    let (connection, _) = server.connect(&[]);
    write(&connection).await.unwrap();
    assert_eq!(server.lines(), ["POST /v1/things", "POST /v1/things"]);
    assert_eq!(server.seen()[1].body, r#"{"name":"x"}"#);
}

#[tokio::test]
async fn other_refusals_of_a_write_are_final() {
    for status in [400, 403, 404, 409, 412] {
        let server = Server::start(move |_, _| json(status, "{}")).await;
        let (connection, _) = server.connect(&[]);
        assert_eq!(write(&connection).await.unwrap_err().effect, Effect::Refused);
        assert_eq!(server.seen().len(), 1);
    }
}

#[tokio::test]
async fn without_a_connection_nothing_was_sent() {
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let (connection, events) = open(&format!("http://{closed}"), &[], &[], quick()).unwrap();
    let failure = write(&connection).await.unwrap_err();
    assert_eq!((failure.effect, failure.kind), (Effect::NotSent, ReadErrorKind::Unreachable));
    assert_eq!(waits(&events), [Why::Broken; 3]);
}

#[tokio::test]
async fn a_server_without_tls_is_not_trusted() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(b"HTTP/1.1 400 X\r\n\r\n").await;
        }
    });
    let (connection, _) = open(&format!("https://{address}"), &[], &[], quick()).unwrap();
    let failure = read(&connection).await.unwrap_err();
    assert_eq!(failure.effect, Effect::NotSent, "{}", failure.message);
    assert!(failure.message.contains("no trusted TLS connection"), "{}", failure.message);
    assert!(failure.help.unwrap().contains("certificate"));
    assert_eq!(connection.statistics().requests, 1);
}

#[tokio::test]
async fn a_quota_that_is_used_up_is_an_error_where_the_deadline_is_near() {
    let server = Server::start(|_, _| json(200, "{}")).await;
    let (connection, _) = server.connect(&[]);
    let quota = Quota { group: "few", requests: 2, per: Duration::from_secs(60), concurrent: 3 };
    let reading = connection.clone().read_client().begin();
    let get = Get { quota: Some(quota), ..GET };
    assert_eq!(connection.expected_wait(&quota, 2), Duration::ZERO);
    reading.get(get).await.unwrap();
    reading.get(get).await.unwrap();
    assert!(connection.expected_wait(&quota, 1) > Duration::from_secs(55));
    let failure = reading.get(get).await.unwrap_err();
    assert_eq!((failure.kind, server.seen().len()), (ReadErrorKind::RateLimited, 2));
    assert!(failure.message.contains("quota is used up"), "{}", failure.message);
}

#[tokio::test]
async fn depth_counts_requests_that_waited_for_each_other() {
    let server = Server::start(|_, _| json(200, "{}")).await;
    let (connection, _) = server.connect(&[]);
    let client = connection.clone().read_client();
    let reading = client.begin();
    let (a, b) = tokio::join!(reading.get(GET), reading.get(GET));
    assert!(a.is_ok() && b.is_ok());
    assert_eq!(connection.statistics().depth, 1);
    write(&connection).await.unwrap();
    client.begin().get(GET).await.unwrap();
    assert_eq!((connection.statistics().depth, connection.statistics().requests), (3, 4));
}
