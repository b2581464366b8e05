//! The real program and emulators of its own, timed from outside.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_rolecall");

/// An emulator in a process of its own.
pub(crate) struct Emulator {
    process: Child,
    address: String,
    slow: bool,
    _folder: TempDir,
}

impl Emulator {
    /// Starts the emulator of the seed's provider.
    pub(crate) fn start(seed: &Value, options: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("seed.json");
        fs::write(&path, seed.to_string()).expect("a seed");
        let provider = seed["provider"].as_str().expect("a provider");
        let mut process = Command::new(PROGRAM)
            .args(["emulate", provider, "--seed"])
            .arg(path)
            .args(options)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("an emulator");
        let mut line = String::new();
        let out = process.stdout.take().expect("its output");
        BufReader::new(out).read_line(&mut line).expect("its address");
        let ready: Value = serde_json::from_str(&line).expect("a line of JSON");
        let address = ready["url"].as_str().and_then(|url| url.strip_prefix("http://")).expect("an address");
        Self { address: address.to_owned(), slow: options.contains(&"--latency"), process, _folder: folder }
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn call(&self, method: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("a connection");
        let host = &self.address;
        write!(stream, "{method} /_dashboard/requests HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
            .expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default()
    }

    /// Number of the requests since they were forgotten, and their longest chain. Without latency
    /// requests that are sent at once can be answered one after the other, which is no chain.
    fn requests(&self) -> String {
        let log: Value = serde_json::from_str(&self.call("GET")).expect("the log");
        let depth = if self.slow { format!(", depth {}", log["depth"]) } else { String::new() };
        format!("{} requests{depth}", log["count"])
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ended = self.process.kill();
        let _ended = self.process.wait();
    }
}

/// The program in a folder, without its output.
pub(crate) fn program(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.arg("-C").arg(folder).args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// How long it takes; it has to succeed.
pub(crate) fn timed(mut command: Command) -> Duration {
    let start = Instant::now();
    let status = command.status().expect("the program");
    assert!(status.success(), "{command:?} ended with {status}");
    start.elapsed()
}

/// The same with the largest resident set in KiB, as Linux counts it: read each millisecond.
fn watched(mut command: Command) -> (Duration, Option<u64>) {
    let start = Instant::now();
    let mut process = command.spawn().expect("the program");
    let path = PathBuf::from(format!("/proc/{}/status", process.id()));
    let mut most = None;
    loop {
        if let Some(status) = process.try_wait().expect("the program") {
            assert!(status.success(), "{command:?} ended with {status}");
            return (start.elapsed(), most);
        }
        let status = fs::read_to_string(&path).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        most = line.and_then(|line| line.split_whitespace().next()?.parse().ok()).max(most);
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Prints the row `name`, where it is wanted: the best of `runs`, peak memory, requests of one run.
pub(crate) fn row(
    wanted: Option<&str>,
    name: &str,
    runs: usize,
    emulator: Option<&Emulator>,
    command: impl Fn() -> Command,
) {
    if wanted.is_some_and(|wanted| !name.contains(wanted)) {
        return;
    }
    if let Some(emulator) = emulator {
        emulator.call("DELETE");
    }
    let (first, memory) = watched(command());
    let requests = emulator.map(Emulator::requests).unwrap_or_default();
    let best = (1..runs).map(|_| timed(command())).chain([first]).min().unwrap_or(first);
    let memory = memory.map_or(String::new(), |kib| format!("{} MB", kib / 1000));
    println!("{name:<46} {:>9.1} ms {memory:>7}  {requests}", best.as_secs_f64() * 1000.0);
}

/// The word that rows are to hold, and whether this is `cargo bench`, not `cargo test --benches`.
pub(crate) fn arguments() -> (bool, Option<String>) {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let bench = arguments.iter().any(|argument| argument == "--bench");
    (bench, arguments.into_iter().find(|argument| !argument.starts_with('-')))
}
