//! A project in a folder of its own, with a home of its own, and the program run in it.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use tempfile::TempDir;

use super::Emulator;

/// Every run starts with these and nothing else, apart from `PATH`.
const ENVIRONMENT: [(&str, &str); 3] = [("COLUMNS", "100"), ("LANG", "C.UTF-8"), ("TZ", "UTC")];

/// A folder with definitions.
pub(crate) struct Project {
    _temp: TempDir,
    /// The folder of the definitions.
    pub(crate) dir: PathBuf,
    home: PathBuf,
    environment: BTreeMap<String, String>,
    url: Option<String>,
}

impl Project {
    /// An empty folder.
    pub(crate) fn new() -> Self {
        let temp = TempDir::new().expect("a temporary folder");
        let root = temp.path().canonicalize().expect("it is there");
        let (dir, home) = (root.join("project"), root.join("home"));
        fs::create_dir(&dir).and_then(|()| fs::create_dir(&home)).expect("folders");
        Self { _temp: temp, dir, home, environment: BTreeMap::new(), url: None }
    }

    /// With one target `reviews` on an emulator. `more` is added to the target, indented by nothing.
    pub(crate) fn on(emulator: &Emulator, more: &str) -> Self {
        let mut project = Self::new();
        project.url = Some(emulator.address.clone());
        project.target(emulator, more);
        project
    }

    /// As [`Self::on`], in a git repository whose first commit holds the config and no role.
    pub(crate) fn in_git(emulator: &Emulator, more: &str) -> Self {
        let project = Self::on(emulator, more);
        project.init();
        project.commit("start");
        project
    }

    /// Writes the config with one target `reviews`; what `more` says beside it replaces the rest.
    pub(crate) fn target(&self, emulator: &Emulator, more: &str) {
        self.config(&format!(
            "{}{}",
            target("reviews", &emulator.url),
            more.lines().map(|line| format!("    {line}\n")).collect::<String>()
        ));
    }

    /// Writes the config: `targets` are entries indented by two blanks, as [`target`] makes them.
    pub(crate) fn config(&self, targets: &str) {
        self.write("rolecall.yaml", &format!("version: 1\ntargets:\n{targets}"));
    }

    /// Adds lines to the end of the config.
    pub(crate) fn config_also(&self, lines: &str) {
        let config = fs::read_to_string(self.dir.join("rolecall.yaml")).expect("a config");
        self.write("rolecall.yaml", &format!("{config}{lines}\n"));
    }

    /// Writes the one file of definitions.
    pub(crate) fn define(&self, yaml: &str) {
        self.write("roles/all.yaml", &format!("provider: coderabbit\n{yaml}"));
    }

    /// Writes a file.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.dir.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("the folder is made");
        fs::write(path, text).expect("the file is written");
    }

    /// The text of a file.
    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.dir.join(path)).expect("the file is there")
    }

    /// Sets a variable for every run.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.environment.insert(name.to_owned(), value.to_owned());
    }

    /// The command, to be run or watched.
    pub(crate) fn command<I: IntoIterator<Item: AsRef<std::ffi::OsStr>>>(&self, args: I) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rolecall"));
        command.args(args).current_dir(&self.dir).env_clear().envs(ENVIRONMENT).envs(&self.environment);
        command.env("HOME", &self.home).env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.stdin(Stdio::null());
        command
    }

    /// Runs the program; the words of `line` are its arguments.
    pub(crate) fn run(&self, line: &str) -> Output {
        self.run_args(line.split_whitespace())
    }

    /// Runs the program with arguments that hold blanks.
    pub(crate) fn run_args<I: IntoIterator<Item: AsRef<std::ffi::OsStr>>>(&self, args: I) -> Output {
        let output = self.command(args).output().expect("the program runs");
        self.output(output)
    }

    /// What a run said, with places and times that differ from run to run replaced.
    pub(crate) fn output(&self, output: std::process::Output) -> Output {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("output is UTF-8");
        Output {
            code: output.status.code().expect("it ended by itself"),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
            dir: self.dir.display().to_string(),
            address: self.url.clone(),
        }
    }

    /// The home of whoever runs the program.
    pub(crate) fn home(&self) -> &Path {
        &self.home
    }

    /// Applies without asking.
    pub(crate) fn apply(&self) -> Output {
        self.run("apply --auto-approve")
    }

    /// Plans.
    pub(crate) fn plan(&self) -> Output {
        self.run("plan")
    }

    /// Requires that nothing is left to do.
    pub(crate) fn is_in_place(&self) {
        let _in_place = self.run("plan --detailed-exitcode").exits(0).has("No changes. ");
    }

    /// Makes the folder a git repository on the branch `main`.
    pub(crate) fn init(&self) {
        let mut options = git2::RepositoryInitOptions::new();
        options.initial_head("main");
        let _repo = git2::Repository::init_opts(&self.dir, &options).expect("a repository");
    }

    /// Commits everything; returns the id of the commit.
    pub(crate) fn commit(&self, message: &str) -> String {
        commit(&self.dir, message)
    }
}

/// Commits everything in a work tree; returns the id of the commit.
pub(crate) fn commit(dir: &Path, message: &str) -> String {
    let repo = git2::Repository::open(dir).expect("a repository");
    let mut index = repo.index().expect("an index");
    let skip = &mut |path: &Path, _: &[u8]| i32::from(path.starts_with(".rolecall"));
    index.add_all(["*"], git2::IndexAddOption::DEFAULT, Some(skip)).expect("files are added");
    index.update_all(["*"], None).expect("deleted files are noticed");
    index.write().expect("the index is written");
    let tree = index.write_tree().and_then(|id| repo.find_tree(id)).expect("a tree");
    let time = git2::Time::new(1_790_000_000, 0);
    let who = git2::Signature::new("Mira", "mira@acme.example.test", &time).expect("a name");
    let parent = repo.head().ok().and_then(|head| head.peel_to_commit().ok());
    let parents: Vec<_> = parent.iter().collect();
    repo.commit(Some("HEAD"), &who, &who, message, &tree, &parents).expect("a commit").to_string()
}

/// The entry of a target in a config.
pub(crate) fn target(name: &str, url: &str) -> String {
    format!(
        "  {name}:\n    provider: coderabbit\n    files: [\"roles/**/*.yaml\"]\n    settings: {{ url: \"{url}\" }}\n"
    )
}

/// What a run of the program left.
#[must_use = "look at the exit code at least"]
pub(crate) struct Output {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    dir: String,
    address: Option<String>,
}

impl Output {
    /// Requires an exit code.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "exit code\n{}", self.everything());
        self
    }

    /// Requires a text in the output or in the messages, wherever lines are broken.
    #[track_caller]
    pub(crate) fn has(self, text: &str) -> Self {
        let all = self.everything();
        assert!(unwrapped(&all).contains(&unwrapped(text)), "`{text}` is not in\n{all}");
        self
    }

    /// Requires that a text is nowhere.
    #[track_caller]
    pub(crate) fn lacks(self, text: &str) -> Self {
        let all = self.everything();
        assert!(!unwrapped(&all).contains(&unwrapped(text)), "`{text}` is in\n{all}");
        self
    }

    /// Both streams, for messages.
    pub(crate) fn everything(&self) -> String {
        format!("{}\n--- stderr\n{}--- exit {}", self.stdout, self.stderr, self.code)
    }

    /// Both streams and the exit code, with what differs from run to run replaced; for snapshots.
    pub(crate) fn shown(&self) -> String {
        let mut text = String::new();
        text.push_str(&self.stdout);
        if !self.stderr.is_empty() {
            text.push_str("--- stderr\n");
            text.push_str(&self.stderr);
        }
        text.push_str(&format!("--- exit {}\n", self.code));
        self.steady(&text)
    }

    /// A text with what differs from run to run replaced.
    pub(crate) fn steady(&self, text: &str) -> String {
        let mut text = text.replace(&self.dir, "DIR");
        if let Some(address) = &self.address {
            text = text.replace(address, "HOST");
        }
        let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date().to_string();
        let text = text.replace(&today, "TODAY");
        let text = cut(&cut(&text, "sha256:", 64, "DIGEST"), "Commit ", 12, "COMMIT");
        let text = cut(&cut(&text, "(", 12, "BASE"), "declared before ", 12, "BASE");
        let text = cut(&text, " at ", 12, "APPLIED");
        let mut parts = text.split("last recorded: TODAY ");
        let mut clean = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            clean.push_str("last recorded: TODAY TIME");
            clean.push_str(part.get("23:59".len()..).unwrap_or_default());
        }
        clean
    }

    /// Standard output as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}\n{}", self.everything()))
    }
}

/// Replaces the `length` hexadecimal digits that follow each `start` by a word.
fn cut(text: &str, start: &str, length: usize, word: &str) -> String {
    let mut parts = text.split(start);
    let mut clean = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_hexdigit).count();
        clean.push_str(start);
        clean.push_str(if digits == length { word } else { &part[..digits] });
        clean.push_str(&part[digits..]);
    }
    clean
}

/// A text with one blank wherever there is white space.
pub(crate) fn unwrapped(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
