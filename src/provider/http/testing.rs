//! A small server for tests: it answers raw bytes from a script, so that it can be as odd or hostile
//! as a test needs.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use super::{Connection, Event, Limits, OpenError, Opening, Stop};
use crate::{
    model::{
        Redactor, Site, SourceId, Untrusted,
        config::{CredentialSource, Placed},
    },
    provider::{Endpoint, Settings},
};

/// The credential in tests.
pub(in crate::provider) const KEY: &str = "cr-test/key+0123456789";

/// A request as the server saw it.
#[derive(Clone, Debug)]
pub(in crate::provider) struct Seen {
    /// `GET /path?query`.
    pub(in crate::provider) line: String,
    /// Header lines in lower case, as they came otherwise.
    pub(in crate::provider) head: String,
    /// Body.
    pub(in crate::provider) body: String,
}

/// What the server does with a request.
pub(in crate::provider) enum Act {
    /// Status, extra header lines (each ending in CRLF), body.
    Answer(u16, String, Vec<u8>),
    /// These bytes, then the connection closes.
    Raw(Vec<u8>),
    /// Nothing, and the connection closes.
    Close,
    /// Nothing, for a long time.
    Silence,
}

pub(in crate::provider) fn json(status: u16, body: impl Into<Vec<u8>>) -> Act {
    Act::Answer(status, "content-type: application/json\r\n".to_owned(), body.into())
}

type Script = dyn Fn(&Seen, usize) -> Act + Send + Sync;

/// A running server; it ends with the runtime of the test.
#[derive(Clone)]
pub(in crate::provider) struct Server {
    pub(in crate::provider) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    /// Starts one. `script` gets the request and how many came before it.
    pub(in crate::provider) async fn start(
        script: impl Fn(&Seen, usize) -> Act + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let server = Self { address, seen: Arc::default() };
        let (seen, script): (_, Arc<Script>) = (server.seen.clone(), Arc::new(script));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, seen.clone(), script.clone()));
            }
        });
        server
    }

    /// All requests so far.
    pub(in crate::provider) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("no panic elsewhere").clone()
    }

    /// The request lines so far, sorted.
    pub(in crate::provider) fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.seen().into_iter().map(|seen| seen.line).collect();
        lines.sort();
        lines
    }

    /// A connection to it with quick retries, and the events that it reports.
    pub(in crate::provider) fn connect(&self, settings: &[(&str, &str)]) -> Opened {
        self.connect_with(settings, quick())
    }

    pub(in crate::provider) fn connect_with(&self, settings: &[(&str, &str)], limits: Limits) -> Opened {
        let url = format!("http://{}", self.address);
        open(&url, &["127.0.0.1".to_owned()], settings, limits).expect("an allowed host")
    }
}

/// A connection and the events that it reports.
pub(in crate::provider) type Opened = (Arc<Connection>, Arc<Mutex<Vec<Event>>>);

/// Limits with pauses of milliseconds.
pub(in crate::provider) fn quick() -> Limits {
    Limits {
        pause: Duration::from_millis(5),
        deadline: Duration::from_secs(20),
        read: Duration::from_millis(400),
        longest_pause: Duration::from_secs(2),
        ..Limits::default()
    }
}

pub(in crate::provider) fn settings(values: &[(&str, &str)]) -> Settings {
    let site = Site { source: SourceId(0), start: 0, end: 0 };
    values
        .iter()
        .map(|&(name, value)| (name.to_owned(), Placed { value: Untrusted::from(value), site }))
        .collect()
}

pub(in crate::provider) fn open(
    url: &str,
    allowed: &[String],
    values: &[(&str, &str)],
    limits: Limits,
) -> Result<Opened, OpenError> {
    let events: Arc<Mutex<Vec<Event>>> = Arc::default();
    let sink = events.clone();
    let connection = Connection::open(Opening {
        endpoint: Endpoint {
            url: url.to_owned(),
            own_hosts: &["api.roles.test"],
            header: "x-api-key",
            prefix: "",
        },
        settings: &settings(values),
        credential: &CredentialSource::Env("ROLES_KEY".into()),
        allowed,
        environment: &|name| (name == "ROLES_KEY").then(|| KEY.into()),
        redactor: Redactor::default(),
        stands_for: None,
        limits,
        stop: Stop::default(),
        events: Some(Arc::new(move |event| sink.lock().expect("no panic elsewhere").push(event.clone()))),
    })?;
    Ok((Arc::new(connection), events))
}

async fn serve(mut stream: TcpStream, seen: Arc<Mutex<Vec<Seen>>>, script: Arc<Script>) {
    let mut buffer = Vec::new();
    while let Some(request) = read_request(&mut stream, &mut buffer).await {
        let before = {
            let mut seen = seen.lock().expect("no panic elsewhere");
            seen.push(request.clone());
            seen.len() - 1
        };
        match script(&request, before) {
            Act::Answer(status, headers, body) => {
                let head = format!("HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\n\r\n", body.len());
                let length = if status == 204 { 0 } else { body.len() };
                if stream.write_all(head.as_bytes()).await.is_err()
                    || stream.write_all(&body[..length]).await.is_err()
                {
                    return;
                }
            }
            Act::Raw(bytes) => {
                let _ = stream.write_all(&bytes).await;
                return;
            }
            Act::Close => return,
            Act::Silence => tokio::time::sleep(Duration::from_secs(60)).await,
        }
    }
}

async fn read_request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Seen> {
    loop {
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
            let length = head
                .lines()
                .find_map(|line| {
                    line.to_ascii_lowercase()
                        .strip_prefix("content-length:")
                        .map(|n| n.trim().parse().unwrap_or(0))
                })
                .unwrap_or(0);
            if buffer.len() >= end + 4 + length {
                let body = String::from_utf8_lossy(&buffer[end + 4..end + 4 + length]).into_owned();
                buffer.drain(..end + 4 + length);
                let line = head.lines().next()?.trim_end_matches(" HTTP/1.1").to_owned();
                return Some(Seen { line, head, body });
            }
        }
        let mut chunk = [0; 4096];
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return None,
            Ok(read) => buffer.extend_from_slice(&chunk[..read]),
        }
    }
}
