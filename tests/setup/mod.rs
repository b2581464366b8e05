//! Beginning a project and looking at it, through the real program.

mod catalog;
mod doctor;
mod init;

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

/// The program under test.
const PROGRAM: &str = env!("CARGO_BIN_EXE_rolecall");

/// A folder of its own with a home beside it; nothing of the machine's environment is seen.
pub(crate) struct Sandbox {
    dir: TempDir,
    variables: Vec<(String, String)>,
}

/// What a run said.
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        let dir = TempDir::new().expect("a temporary folder");
        for folder in ["home", "work"] {
            fs::create_dir(dir.path().join(folder)).expect("a folder");
        }
        Self { dir, variables: Vec::new() }
    }

    /// A sandbox in which `rolecall init` was run with `args`.
    pub(crate) fn begun(args: &[&str]) -> Self {
        let sandbox = Self::new();
        let said = sandbox.run(&[&["init", "--name", "reviews"], args].concat());
        assert_eq!(said.code, 0, "{}", said.err);
        sandbox
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The folder that the program is started in.
    pub(crate) fn work(&self) -> PathBuf {
        self.dir.path().join("work").canonicalize().expect("the folder")
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let place = self.work().join(path);
        fs::create_dir_all(place.parent().expect("a folder")).expect("a folder");
        fs::write(place, text).expect("a file");
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.work().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Every file below the folder with its content, except those of git.
    pub(crate) fn files(&self) -> Vec<(String, String)> {
        let mut files = Vec::new();
        collect(&self.work(), &self.work(), &mut files);
        files.sort();
        files
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.files().into_iter().map(|(name, _)| name).collect()
    }

    pub(crate) fn run(&self, args: &[&str]) -> Said {
        let mut command = Command::new(PROGRAM);
        command.env_clear().current_dir(self.work()).stdin(Stdio::null()).args(args);
        command.env("HOME", self.dir.path().join("home")).env("COLUMNS", "80");
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        let output = command.output().expect("the program starts");
        let text = |bytes: &[u8]| self.normal(&String::from_utf8_lossy(bytes));
        Said {
            code: output.status.code().unwrap_or(-1),
            out: text(&output.stdout),
            err: text(&output.stderr),
        }
    }

    /// Without what differs from run to run.
    fn normal(&self, text: &str) -> String {
        text.replace(&self.work().display().to_string(), "WORK")
    }

    /// A repository with everything committed on `main`.
    pub(crate) fn commit(&self) -> git2::Repository {
        let mut options = git2::RepositoryInitOptions::new();
        options.initial_head("main").external_template(false);
        let repo = git2::Repository::init_opts(self.work(), &options).expect("a repository");
        let mut index = repo.index().expect("an index");
        index.add_all(["*"], git2::IndexAddOption::DEFAULT, None).expect("files");
        index.write().expect("the index is written");
        let tree = index.write_tree().expect("a tree");
        let who = git2::Signature::new("A", "a@example.test", &git2::Time::new(0, 0)).expect("a name");
        let tree = repo.find_tree(tree).expect("the tree");
        repo.commit(Some("HEAD"), &who, &who, "start", &tree, &[]).expect("a commit");
        drop(tree);
        repo
    }
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let place = entry.expect("an entry").path();
        let name = place.strip_prefix(root).expect("below the root").display().to_string();
        if name == ".git" {
            continue;
        }
        let kind = fs::symlink_metadata(&place).expect("it is there");
        if kind.is_dir() {
            collect(root, &place, files);
        } else {
            let text = fs::read_to_string(&place).unwrap_or_else(|_| "(no text)".to_owned());
            files.push((name, text));
        }
    }
}

/// An emulator in a process of its own.
pub(crate) struct Emulator {
    process: Child,
    pub(crate) url: String,
}

impl Emulator {
    pub(crate) fn start(seed: Option<&str>, more: &[&str]) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let mut command = Command::new(PROGRAM);
        command.env_clear().args(["emulate", "coderabbit"]).args(more);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        if let Some(seed) = seed {
            let path = folder.path().join("seed.yaml");
            fs::write(&path, seed).expect("a seed");
            command.arg("--seed").arg(path);
        }
        let mut process = command.spawn().expect("the emulator starts");
        let mut line = String::new();
        let out = process.stdout.take().expect("its output");
        BufReader::new(out).read_line(&mut line).expect("a line");
        let ready: serde_json::Value = serde_json::from_str(&line).expect("a line of JSON");
        let url = ready["url"].as_str().expect("an address").to_owned();
        Self { process, url }
    }

    /// Host and port.
    pub(crate) fn host(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// How many requests of the product's API it got.
    pub(crate) fn requests(&self) -> usize {
        self.count("requests")
    }

    /// How many of them changed something.
    pub(crate) fn writes(&self) -> usize {
        self.count("writes")
    }

    fn count(&self, what: &str) -> usize {
        use std::io::{Read as _, Write as _};
        let mut stream = std::net::TcpStream::connect(self.host()).expect("a connection");
        write!(stream, "GET /_dashboard/{what} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            .expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
        let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
        body[what].as_array().unwrap_or_else(|| panic!("{body}")).len()
    }

    /// A project whose target is this server, which may get `key`.
    pub(crate) fn project(&self, key: &str) -> Sandbox {
        Sandbox::begun(&["--setting", &format!("url={}", self.url)])
            .with("ROLECALL_ALLOW_HOSTS", self.host())
            .with("CODERABBIT_API_KEY", key)
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ended = self.process.kill().and_then(|()| self.process.wait());
    }
}

/// Ports differ from run to run.
macro_rules! snapshot {
    ($value:expr, @$expected:literal) => {
        insta::with_settings!({ filters => vec![(r"127\.0\.0\.1:\d+", "LOOPBACK"), (r"\b[0-9a-f]{12}\b", "COMMIT")] }, {
            insta::assert_snapshot!($value, @$expected);
        });
    };
}
pub(crate) use snapshot;
