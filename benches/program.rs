//! What a person waits for: the real program against emulators of its own, timed from outside.
//!
//! `cargo bench --bench program` prints a table; `cargo bench --bench program -- WORD` only the rows
//! with that word. Each row is the best of several runs. docs/performance.md has the numbers.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and stops where it cannot go on"
)]

mod large;

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use large::{ROLES, commit, permissions, project};
use serde_json::{Value, json};
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_rolecall");
const ORG: &str = "88321";
const ONE_ROLE: &str =
    "provider: coderabbit\nroles:\n  one: { name: One, permissions: { reports: [read] } }\n";
const ONE_PERSON: &str =
    "provider: coderabbit\nassignments:\n  - { role: builtin:cr_member, users: [\"900001\"] }\n";

/// What the emulator holds: all roles, or none.
fn seed(roles: usize, users: usize) -> Value {
    let role = |number: usize| {
        let all = permissions(number);
        let all = all.iter().flat_map(|(resource, list)| list.iter().map(move |a| format!("{resource}:{a}")));
        json!({
            "name": format!("Role {number:05}"), "description": format!("Number {number} of many"),
            "permissions": all.collect::<Vec<_>>(),
        })
    };
    let roles: Vec<Value> = (0..roles).map(role).collect();
    let generate = json!({ "roles": 0, "permissions_each": 0, "users": users });
    let org = json!({ "id": ORG, "roles": roles, "generate": generate });
    json!({ "provider": "coderabbit", "tenants": [{ "name": "large", "orgs": [org] }] })
}

/// An emulator in a process of its own.
struct Emulator {
    process: Child,
    address: String,
    slow: bool,
    _folder: TempDir,
}

impl Emulator {
    fn start(seed: &Value, options: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("seed.json");
        fs::write(&path, seed.to_string()).expect("a seed");
        let mut process = Command::new(PROGRAM)
            .args(["emulate", "coderabbit", "--seed"])
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

    fn target(&self) -> String {
        format!("settings: {{ url: \"http://{}\", org_id: \"{ORG}\" }}", self.address)
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

fn program(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.arg("-C").arg(folder).args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn timed(mut command: Command) -> Duration {
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
    while process.try_wait().expect("the program").is_none() {
        let status = fs::read_to_string(&path).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        most = line.and_then(|line| line.split_whitespace().next()?.parse().ok()).max(most);
        std::thread::sleep(Duration::from_millis(1));
    }
    (start.elapsed(), most)
}

/// Prints the row `name`, where it is wanted: the best of `runs`, peak memory, requests of one run.
fn row(
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

/// A history: other permissions in fifty files, then those of the folder, then one role more in one
/// file, and one more in another.
fn history(folder: &Path) {
    let path = |file: usize| folder.join(format!("roles/{file:04}.yaml"));
    let text = |file: usize| fs::read_to_string(path(file)).expect("a file");
    let write = |file: usize, text: &str| fs::write(path(file), text).expect("a file");
    let before: Vec<String> = (0..50).map(text).collect();
    for (file, text) in before.iter().enumerate() {
        write(file, &text.replace("description: Number", "description: The number"));
    }
    commit(folder, "worded in another way");
    before.iter().enumerate().for_each(|(file, text)| write(file, text));
    commit(folder, "as it is live");
    for file in [7, 8] {
        let more = format!("  more-{file}: {{ name: More {file}, permissions: {{ reports: [read] }} }}\n");
        write(file, &(text(file) + &more));
        commit(folder, "one role more");
    }
}

fn main() {
    // Not under `cargo test --benches`: this takes minutes.
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    let wanted = arguments.iter().find(|argument| !argument.starts_with('-')).map(String::as_str);
    let same = |role: usize| role;
    let quickstart = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/quickstart");

    row(wanted, "--version", 20, None, || program(&quickstart, &["--version"]));
    row(wanted, "validate, quickstart", 20, None, || program(&quickstart, &["validate"]));
    for (name, files) in [("validate, 10,000 roles, 1 file", 1), ("validate, 10,000 roles, 500 files", 500)] {
        let folder = project("emulator: true", files, same, "");
        row(wanted, name, 10, None, || program(folder.path(), &["validate"]));
    }

    let folder = project("emulator: true", 500, same, "");
    history(folder.path());
    for (name, range) in [
        ("diff, 10,000 roles, 500 files, 1 differs", "HEAD~1..HEAD"),
        ("diff, the same, with the work tree", "HEAD~1"),
        ("diff, 10,000 roles, 1,000 changed", "HEAD~1..HEAD~3"),
    ] {
        row(wanted, name, 20, None, || program(folder.path(), &["diff", range]));
    }

    let slow = Emulator::start(&seed(0, 0), &["--latency", "50"]);
    let folder = project(&slow.target(), 0, same, ONE_ROLE);
    row(wanted, "plan, 1 role, answers after 50 ms", 10, Some(&slow), || program(folder.path(), &["plan"]));

    let (empty, full) = (Emulator::start(&seed(0, 0), &[]), Emulator::start(&seed(ROLES, 0), &[]));
    let changed = |role: usize| if role.is_multiple_of(20) { role + (1 << 15) } else { role };
    for (name, emulator, content) in [
        ("plan, 10,000 roles to create", &empty, same as fn(usize) -> usize),
        ("plan, 10,000 roles in sync", &full, same),
        ("plan, 10,000 roles, 500 changed", &full, changed),
    ] {
        let folder = project(&emulator.target(), 1, content, "");
        row(wanted, name, 10, Some(emulator), || program(folder.path(), &["plan"]));
    }
    let folder = project(&full.target(), 500, same, "");
    row(wanted, "plan, in sync, 500 files, outside git", 10, Some(&full), || {
        program(folder.path(), &["plan"])
    });
    history(folder.path());
    let first = program(folder.path(), &["apply", "--auto-approve", "--rev", "HEAD~2"]);
    timed(first);
    let name = "plan, 500 files, base and record, 1 role each";
    row(wanted, name, 10, Some(&full), || program(folder.path(), &["plan"]));
    let folder = project("emulator: true", 1, same, "");
    row(wanted, "plan, 10,000 to create, emulator within", 10, None, || program(folder.path(), &["plan"]));

    for users in [500, 5_000] {
        let people = Emulator::start(&seed(0, users), &[]);
        let folder = project(&people.target(), 0, same, ONE_PERSON);
        let name = format!("plan, {users} users");
        // The larger one waits minutes for the documented limit: only where it is asked for.
        if users < 1_000 || wanted.is_some() {
            row(wanted, &name, 1, Some(&people), || program(folder.path(), &["plan"]));
        }
    }
}
