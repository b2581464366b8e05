//! Beginning a project and looking at it, through the real program.

mod catalog;
mod devin;
mod doctor;
mod infracodebase;
mod init;

use std::{fs, path::Path};

use tempfile::TempDir;

use crate::common::{Emulator, Project};

/// A project that begins with `rolecall init`.
pub(crate) struct Sandbox(Project);

/// What a run said, without what differs from run to run.
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Sandbox {
    /// An empty folder.
    pub(crate) fn new() -> Self {
        Self(Project::new()).with("COLUMNS", "80")
    }

    /// A folder in which `rolecall init --name reviews` was run with `args`.
    pub(crate) fn begun(args: &[&str]) -> Self {
        let sandbox = Self::new();
        let said = sandbox.run(&[&["init", "--name", "reviews"], args].concat());
        assert_eq!(said.code, 0, "{}", said.err);
        sandbox
    }

    /// With a target on `emulator`, which may get `key`.
    pub(crate) fn on(emulator: &Emulator, key: &str) -> Self {
        Self::begun(&["--setting", &format!("url={}", emulator.url)])
            .with("ROLECALL_ALLOW_HOSTS", &emulator.address)
            .with("CODERABBIT_API_KEY", key)
    }

    /// A folder in which `rolecall init` made a target of another provider on `emulator`, whose
    /// credential is in the variable `credential.0`.
    pub(crate) fn of(provider: &str, name: &str, emulator: &Emulator, credential: (&str, &str)) -> Self {
        let sandbox =
            Self::new().with("ROLECALL_ALLOW_HOSTS", &emulator.address).with(credential.0, credential.1);
        let url = format!("url={}", emulator.url);
        let said = sandbox.run(&["init", "--provider", provider, "--name", name, "--setting", &url]);
        assert_eq!(said.code, 0, "{}", said.err);
        sandbox
    }

    /// With a variable of the environment.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.0.set(name, value);
        self
    }

    /// The folder that the program is started in.
    pub(crate) fn work(&self) -> &Path {
        &self.0.dir
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        self.0.write(path, text);
    }

    pub(crate) fn read(&self, path: &str) -> String {
        self.0.read(path)
    }

    /// Runs the program. Where several products could be meant, `init` is about the first one.
    pub(crate) fn run(&self, args: &[&str]) -> Said {
        let mut args = args.to_vec();
        let init = args.iter().position(|arg| *arg == "init").filter(|_| !args.contains(&"--provider"));
        if let Some(init) = init {
            args.splice(init + 1..=init, ["--provider", "coderabbit"]);
        }
        self.run_as_it_is(&args)
    }

    /// Runs the program with exactly these arguments.
    pub(crate) fn run_as_it_is(&self, args: &[&str]) -> Said {
        let output = self.0.run_args(args);
        Said { code: output.code, out: output.steady(&output.stdout), err: output.steady(&output.stderr) }
    }

    /// Makes it a repository and commits the definitions.
    pub(crate) fn commit(&self) -> git2::Repository {
        self.0.init();
        self.0.commit("start");
        git2::Repository::open(self.work()).expect("a repository")
    }

    /// Every file below the folder with its content, except those of git.
    pub(crate) fn files(&self) -> Vec<(String, String)> {
        let mut files = Vec::new();
        collect(self.work(), self.work(), &mut files);
        files.sort();
        files
    }

    /// Every file below the home of whoever runs the program.
    pub(crate) fn home_files(&self) -> Vec<(String, String)> {
        let mut files = Vec::new();
        collect(self.0.home(), self.0.home(), &mut files);
        files
    }

    /// Every file below the folder.
    pub(crate) fn names(&self) -> Vec<String> {
        self.files().into_iter().map(|(name, _)| name).collect()
    }
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let place = entry.expect("an entry").path();
        let name = place.strip_prefix(root).expect("below the root").display().to_string();
        let kind = fs::symlink_metadata(&place).expect("it is there");
        if kind.is_dir() && name != ".git" {
            collect(root, &place, files);
        } else if kind.is_file() {
            let text = fs::read_to_string(&place).unwrap_or_else(|_| "(no text)".to_owned());
            files.push((name, text));
        } else if kind.is_symlink() {
            files.push((name, "(a link)".to_owned()));
        }
    }
}

/// An emulator with a world of its own.
pub(crate) fn emulator(seed: &str, args: &[&str]) -> Emulator {
    emulator_of("coderabbit", seed, args)
}

/// The same of any provider.
pub(crate) fn emulator_of(provider: &str, seed: &str, args: &[&str]) -> Emulator {
    let folder = TempDir::new().expect("a temporary folder");
    let path = folder.path().join("seed.yaml");
    fs::write(&path, seed).expect("a seed");
    let path = path.display().to_string();
    Emulator::of(provider, &[&["--seed", &path], args].concat())
}

/// Ports and commits differ from run to run.
macro_rules! snapshot {
    ($value:expr, @$expected:literal) => {
        insta::with_settings!({ filters => vec![(r"127\.0\.0\.1:\d+", "LOOPBACK"), (r"\b[0-9a-f]{12}\b", "COMMIT")] }, {
            insta::assert_snapshot!($value, @$expected);
        });
    };
}
pub(crate) use snapshot;
