//! What the program talks to: the emulator as a process, and a server of raw bytes for what the
//! emulator cannot do.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde_json::Value;

use super::Place;

/// The credential that must never be seen. Each of its characters occurs in base64 and in
/// percent-encoding in another way.
pub(super) const KEY: &str = "cr-Zq7/vX2+mK9=pL4wTn8sBd3yGh6j";

/// The tenant before a run: one role that changes, one that goes, five people.
fn seed() -> Value {
    let user = |id: &str, role: &str| serde_json::json!({ "user_id": id, "user_name": format!("user-{id}"), "role": role });
    serde_json::json!({
        "provider": "coderabbit",
        "tenants": [{
            "name": "acme",
            "caller": "1001",
            "keys": [{ "key": KEY }],
            "orgs": [{
                "id": "88321",
                "roles": [
                    { "id": "role-helper", "name": "Helper", "description": "Helps", "permissions": ["learnings:read"] },
                    { "id": "role-old", "name": "Old Role", "permissions": ["reports:read"] }
                ],
                "users": [
                    user("1001", "cr_admin"), user("1002", "cr_admin"),
                    user("1003", "cr_member"), user("1004", "cr_member"), user("1005", "cr_member")
                ]
            }]
        }]
    })
}

/// A running emulator; it ends with this value.
pub(super) struct Emulator {
    child: Child,
    /// `http://127.0.0.1:PORT`
    pub(super) url: String,
}

impl Emulator {
    /// Starts one in `place` that misbehaves as `faults` say.
    pub(super) fn start(place: &Place, faults: &[&str]) -> Self {
        let seed_file = place.dir.path().join("seed.json");
        std::fs::write(&seed_file, seed().to_string()).expect("a seed");
        let mut command = Command::new(env!("CARGO_BIN_EXE_rolecall"));
        command.args(["emulate", "coderabbit", "--seed"]).arg(&seed_file).env_clear();
        for fault in faults {
            command.args(["--fault", fault]);
        }
        let mut child = command.stdout(Stdio::piped()).stdin(Stdio::null()).spawn().expect("an emulator");
        let output = BufReader::new(child.stdout.take().expect("its output"));
        let (send, ready) = std::sync::mpsc::channel();
        std::thread::spawn(move || send.send(output.lines().next()));
        let line = ready.recv_timeout(Duration::from_secs(20)).expect("a line in time");
        let line = line.expect("a line").expect("text");
        // The seed holds the credential, and every other file below the place is searched for it.
        std::fs::remove_file(seed_file).expect("a seed to remove");
        let ready: Value = serde_json::from_str(&line).expect("a line of JSON");
        Self { child, url: ready["url"].as_str().expect("a URL").to_owned() }
    }

    /// `127.0.0.1:PORT`
    pub(super) fn host(&self) -> &str {
        self.url.strip_prefix("http://").expect("plain http")
    }

    /// What a person would see in the dashboard of the tenant.
    pub(super) fn org(&self) -> Value {
        let (status, body) = get(self.host(), "/_dashboard/state");
        assert_eq!(status, 200, "{body}");
        let state: Value = serde_json::from_str(&body).expect("JSON");
        state["tenants"][0]["orgs"][0].clone()
    }

    /// How many writes had an effect.
    pub(super) fn writes(&self) -> u64 {
        let (_, body) = get(self.host(), "/_dashboard/writes");
        serde_json::from_str::<Value>(&body).expect("JSON")["count"].as_u64().expect("a number")
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ended = self.child.kill().and_then(|()| self.child.wait());
    }
}

/// A GET request with nothing but the standard library.
fn get(host: &str, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(host).expect("a connection");
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n").expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    let body = match head.to_lowercase().contains("transfer-encoding: chunked") {
        true => unchunked(body),
        false => body.to_owned(),
    };
    (status, body)
}

fn unchunked(mut body: &str) -> String {
    let mut whole = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).expect("a size");
        if size == 0 {
            break;
        }
        whole.push_str(&rest[..size]);
        body = rest[size..].trim_start_matches("\r\n");
    }
    whole
}

/// What a raw server sends as its answer, and whether it stays on the line afterwards.
#[derive(Clone)]
pub(super) struct Raw {
    /// The bytes.
    pub(super) bytes: Vec<u8>,
    /// Keep silent instead of closing the connection.
    pub(super) hold: bool,
}

/// A server that gives the same bytes to everybody. It ends with this value.
pub(super) struct RawServer {
    /// `127.0.0.1:PORT`
    pub(super) host: String,
    stop: Arc<AtomicBool>,
    /// Every request that came, as it came.
    pub(super) seen: Arc<Mutex<Vec<String>>>,
}

impl RawServer {
    pub(super) fn start(raw: Raw) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("a listener that does not wait");
        let server = Self {
            host: listener.local_addr().expect("an address").to_string(),
            stop: Arc::default(),
            seen: Arc::default(),
        };
        let (stop, seen) = (Arc::clone(&server.stop), Arc::clone(&server.seen));
        std::thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                let Ok((stream, _)) = listener.accept() else {
                    std::thread::sleep(Duration::from_millis(10));
                    continue;
                };
                let (raw, stop, seen) = (raw.clone(), Arc::clone(&stop), Arc::clone(&seen));
                std::thread::spawn(move || answer(stream, &raw, &stop, &seen));
            }
        });
        server
    }
}

impl Drop for RawServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn answer(mut stream: TcpStream, raw: &Raw, stop: &AtomicBool, seen: &Mutex<Vec<String>>) {
    let _set = stream.set_nonblocking(false);
    let _set = stream.set_read_timeout(Some(Duration::from_secs(5)));
    let mut request = Vec::new();
    let mut chunk = [0; 4096];
    while !request.windows(4).any(|four| four == b"\r\n\r\n") {
        match stream.read(&mut chunk) {
            Ok(read) if read > 0 => request.extend_from_slice(&chunk[..read]),
            _ => break,
        }
    }
    seen.lock().expect("no panic before").push(String::from_utf8_lossy(&request).into_owned());
    let _gone = stream.write_all(&raw.bytes).and_then(|()| stream.flush());
    while raw.hold && !stop.load(Ordering::Relaxed) {
        std::thread::sleep(Duration::from_millis(20));
    }
}
