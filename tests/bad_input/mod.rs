//! Bad input through the real program: what somebody sees whose file, API, plan, or command line
//! is wrong. `tests/invalid/` holds each case with its snapshot beside it, so that a reviewer reads
//! fault and message side by side. `UPDATE_SNAPSHOTS=1` writes the snapshots anew.

mod answers;
mod arguments;
mod config;
mod definitions;
mod fuzz;
mod plan_file;
mod server;

use std::{
    collections::BTreeSet,
    ffi::{OsStr, OsString},
    fs,
    io::Read as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Mutex,
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// Longest a run of the program may take; what takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// The cases, beside their snapshots.
fn invalid() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/invalid")
}

/// A folder of its own with a home of its own, in which the program runs.
struct Place {
    dir: TempDir,
}

/// How a run of the program ended.
struct Ended {
    code: Option<i32>,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    took: Duration,
}

impl Place {
    fn new() -> Self {
        let dir = TempDir::new().expect("a temporary folder");
        fs::create_dir(dir.path().join("home")).expect("a home");
        fs::create_dir(dir.path().join("here")).expect("a folder to work in");
        Self { dir }
    }

    /// Where the definitions are.
    fn work(&self) -> PathBuf {
        self.dir.path().join("here")
    }

    /// Writes a file below the definitions, with its folders.
    fn write(&self, path: &str, content: impl AsRef<[u8]>) -> &Self {
        let path = self.work().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        fs::write(path, content).expect("a file");
        self
    }

    fn run<A: AsRef<OsStr>>(&self, args: &[A]) -> Ended {
        self.run_with(args, &[])
    }

    /// Runs the program here and waits for its end.
    fn run_with<A: AsRef<OsStr>>(&self, args: &[A], variables: &[(&str, &str)]) -> Ended {
        let (out, err) = (self.dir.path().join("stdout"), self.dir.path().join("stderr"));
        let start = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_rolecall"))
            .args(args)
            .current_dir(self.work())
            .env_clear()
            .env("HOME", self.dir.path().join("home"))
            .env("TMPDIR", self.dir.path())
            .env("COLUMNS", "100")
            .env("LC_ALL", "C.UTF-8")
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(fs::File::create(&out).expect("a file for the output"))
            .stderr(fs::File::create(&err).expect("a file for the errors"))
            .spawn()
            .expect("the program");
        let status = loop {
            match child.try_wait().expect("a process to wait for") {
                Some(status) => break status,
                None if start.elapsed() > PATIENCE => {
                    child.kill().expect("a process to end");
                    panic!("{:?} hangs", args.iter().map(AsRef::as_ref).collect::<Vec<_>>());
                }
                None => std::thread::sleep(Duration::from_millis(5)),
            }
        };
        let took = start.elapsed();
        let ended = Ended { code: status.code(), stdout: read(&out), stderr: read(&err), took };
        for text in [ended.stdout(), ended.stderr()] {
            assert!(!text.contains("panicked at") && !text.contains("a bug of its own"), "{text}");
        }
        ended
    }

    /// What a person sees of a run, without what differs from run to run.
    fn seen(&self, ended: &Ended) -> String {
        let code = ended.code.map_or_else(|| "none".to_owned(), |code| code.to_string());
        let mut seen = format!("exit code {code}\n");
        for (name, text) in [("stdout", ended.stdout()), ("stderr", ended.stderr())] {
            if !text.is_empty() {
                let end = if text.ends_with('\n') { "" } else { "\n(no line break at the end)\n" };
                seen.push_str(&format!("--- {name}\n{}{end}", self.normal(&text)));
            }
        }
        seen
    }

    /// Text without this folder, ports, and times.
    fn normal(&self, text: &str) -> String {
        let folder = self.dir.path().canonicalize().expect("a folder");
        let text = text.replace(&*folder.to_string_lossy(), "[dir]");
        let text = text.replace(&*self.dir.path().to_string_lossy(), "[dir]");
        let text = replace_number(&text, "127.0.0.1:", "[port]");
        // The digest of a plan is over the host, so over the port.
        let text = replace_word(&text, "sha256:", "[digest]", |c| c.is_ascii_hexdigit());
        let text = replace_word(&text, "outside git, ", "[today]", |c| c.is_ascii_digit() || c == '-');
        let text = replace_number_before(&text, " ms", "[n]");
        replace_number_before(&text, " s before ", "[n]")
    }

    /// Every byte of every file below this folder, by path, without the program's own output.
    fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files = Vec::new();
        let mut folders = vec![self.dir.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry")) {
                let kind = entry.file_type().expect("a kind");
                if kind.is_dir() {
                    folders.push(entry.path());
                } else if kind.is_file() {
                    files.push((entry.path(), fs::read(entry.path()).expect("a file")));
                }
            }
        }
        files
    }
}

impl Ended {
    fn stdout(&self) -> String {
        String::from_utf8(self.stdout.clone()).expect("standard output is UTF-8")
    }

    fn stderr(&self) -> String {
        String::from_utf8(self.stderr.clone()).expect("standard error is UTF-8")
    }
}

fn read(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    fs::File::open(path).and_then(|mut file| file.read_to_end(&mut bytes)).expect("a file");
    bytes
}

/// Replaces the digits after each `mark`.
fn replace_number(text: &str, mark: &str, with: &str) -> String {
    replace_word(text, mark, with, |c| c.is_ascii_digit())
}

/// Replaces the characters after each `mark` that are `of` a word.
fn replace_word(text: &str, mark: &str, with: &str, of: fn(char) -> bool) -> String {
    let mut parts = text.split(mark);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(of);
        out.push_str(mark);
        out.push_str(if rest.len() < part.len() { with } else { "" });
        out.push_str(rest);
    }
    out
}

/// Replaces the digits before each `mark`.
fn replace_number_before(text: &str, mark: &str, with: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(mark) {
        let (before, after) = rest.split_at(at);
        let kept = before.trim_end_matches(|c: char| c.is_ascii_digit());
        out.push_str(kept);
        out.push_str(if kept.len() < before.len() { with } else { "" });
        out.push_str(mark);
        rest = &after[mark.len()..];
    }
    out + rest
}

/// Snapshots of one folder: each is held against its file, and in the end no file is left over.
struct Snapshots {
    folder: PathBuf,
    used: Mutex<BTreeSet<OsString>>,
    wrong: Mutex<Vec<String>>,
}

impl Snapshots {
    fn of(folder: &str) -> Self {
        Self {
            folder: invalid().join(folder),
            used: Mutex::new(BTreeSet::new()),
            wrong: Mutex::new(Vec::new()),
        }
    }

    /// Holds `seen` against `NAME.out`.
    fn hold(&self, name: &str, seen: &str) {
        let file = format!("{name}.out");
        let path = self.folder.join(&file);
        self.used.lock().expect("no panic before").insert(file.into());
        if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
            fs::create_dir_all(&self.folder).expect("a folder");
            fs::write(path, seen).expect("a snapshot");
            return;
        }
        let known = fs::read_to_string(&path).unwrap_or_default();
        if known != seen {
            let mut wrong = self.wrong.lock().expect("no panic before");
            wrong.push(format!("{name}: was\n{known}\nis now\n{seen}"));
        }
    }

    fn wrong(&self, message: String) {
        self.wrong.lock().expect("no panic before").push(message);
    }

    /// Fails with everything that is wrong, and with snapshots that belong to no case.
    fn done(self) {
        let used = self.used.into_inner().expect("no panic before");
        let mut wrong = self.wrong.into_inner().expect("no panic before");
        for entry in fs::read_dir(&self.folder).expect("the snapshots") {
            let name = entry.expect("an entry").file_name();
            if name.to_string_lossy().ends_with(".out") && !used.contains(&name) {
                wrong.push(format!("{name:?} belongs to no case"));
            }
        }
        assert!(
            wrong.is_empty(),
            "{} of {} differ; UPDATE_SNAPSHOTS=1 writes them anew\n\n{}",
            wrong.len(),
            used.len(),
            wrong.join("\n")
        );
    }
}

/// Does `work` with each of `items`, a few at a time.
fn for_each<T: Sync>(items: &[T], work: impl Fn(&T) + Sync) {
    let next = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                while let Some(item) = items.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
                    work(item);
                }
            });
        }
    });
}
