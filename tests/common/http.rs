//! The smallest HTTP client that can talk to an emulator's dashboard, and a server that keeps what
//! it was sent.

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::Value;

/// Sends one request and returns status and JSON (`null` where there is none).
pub(crate) fn send(address: &str, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
    send_with(address, method, path, "", body)
}

/// [`send`] with a further header, `name: value`, unless that is empty.
pub(crate) fn send_with(
    address: &str,
    method: &str,
    path: &str,
    header: &str,
    body: Option<&Value>,
) -> (u16, Value) {
    let mut stream = TcpStream::connect(address).expect("the emulator listens");
    let limit = Some(Duration::from_secs(30));
    stream.set_read_timeout(limit).expect("a timeout can be set");
    let body = body.map(Value::to_string).unwrap_or_default();
    let header = if header.is_empty() { String::new() } else { format!("{header}\r\n") };
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{header}content-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).expect("the request is sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("the answer arrives");
    let answer = String::from_utf8(answer).expect("the answer is text");
    let (head, body) = answer.split_once("\r\n\r\n").expect("the answer has a head");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, serde_json::from_str(body).unwrap_or(Value::Null))
}

/// A server that answers everything with the same bytes and keeps the heads of what it was sent.
pub(crate) struct Listener {
    /// `127.0.0.1:PORT`.
    pub(crate) address: String,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Listener {
    /// Answers with a status and a JSON body.
    pub(crate) fn start(status: u16, body: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address").to_string();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (log, answer) = (
            Arc::clone(&seen),
            format!(
                "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            ),
        );
        // The thread ends with the process of the tests.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let mut head = Vec::new();
                let mut chunk = [0; 4096];
                while !head.windows(4).any(|end| end == b"\r\n\r\n") {
                    match stream.read(&mut chunk) {
                        Ok(0) | Err(_) => break,
                        Ok(count) => head.extend_from_slice(&chunk[..count]),
                    }
                }
                log.lock().expect("no panic").push(String::from_utf8_lossy(&head).into_owned());
                let _gone = stream.write_all(answer.as_bytes());
            }
        });
        Self { address, seen }
    }

    /// Everything that arrived.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().expect("no panic").clone()
    }
}
