//! Real repositories, made by the real git, and what the program says and leaves there.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use super::{
    Emulator, Project,
    emulator::{text, texts},
    project::{Output, target},
};

/// Runs git in a folder, without anybody's settings, and returns what it printed.
pub(crate) fn git(dir: &Path, args: &[&str]) -> String {
    let mut command = Command::new("git");
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.envs([
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("HOME", "/nonexistent"),
    ]);
    for who in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{who}_NAME"), "Mira");
        command.env(format!("GIT_{who}_EMAIL"), "mira@acme.example.test");
        command.env(format!("GIT_{who}_DATE"), "1790000000 +0000");
    }
    // Submodules come from folders here.
    command.args(["-c", "protocol.file.allow=always"]);
    let output = command.args(args).current_dir(dir).output();
    let output = output.expect("git runs");
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    assert!(output.status.success(), "git {args:?}\n{}\n{}", said(&output.stdout), said(&output.stderr));
    said(&output.stdout)
}

/// The entry of a role in a definition file.
pub(crate) fn role(key: &str, name: &str, rest: &str) -> String {
    format!("  {key}: {{ name: {name}, description: Needed, {rest} }}\n")
}

/// A role that reads reports.
pub(crate) const READS: &str = "permissions: { reports: [read] }";

/// The reference of the record of the target `reviews` at the top of a repository.
pub(crate) const RECORD: &str = "refs/rolecall/applied/-/reviews";

impl Project {
    /// Runs git in the folder of the definitions; the words of `line` are its arguments.
    pub(crate) fn git(&self, line: &str) -> String {
        git(&self.dir, &line.split_whitespace().collect::<Vec<_>>())
    }

    /// A folder beside that of the definitions, which need not be there.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.dir.parent().expect("a parent").join(name)
    }

    /// Clones the repository into a folder beside it.
    pub(crate) fn clone_to(&self, name: &str, options: &str) -> PathBuf {
        let (from, to) = (format!("file://{}", self.dir.display()), self.beside(name));
        let to_text = to.display().to_string();
        let args: Vec<&str> = ["clone", "-q"]
            .into_iter()
            .chain(options.split_whitespace())
            .chain([&*from, &*to_text])
            .collect();
        git(&self.dir, &args);
        to
    }

    /// Runs the program in another folder.
    pub(crate) fn run_in(&self, dir: &Path, line: &str) -> Output {
        let dir = dir.display().to_string();
        self.run_args(["-C", &dir].into_iter().chain(line.split_whitespace()))
    }

    /// Runs the program with variables of a CI system.
    pub(crate) fn run_with(&self, dir: &Path, variables: &[(&str, &str)], line: &str) -> Output {
        let dir = dir.display().to_string();
        let mut command = self.command(["-C", &dir].into_iter().chain(line.split_whitespace()));
        let output = command.envs(variables.iter().copied()).output().expect("the program runs");
        self.output(output)
    }

    /// Writes a file with one role; `rest` is what it has beside name and description.
    pub(crate) fn role(&self, key: &str, name: &str, rest: &str) {
        self.write(
            &format!("roles/{key}.yaml"),
            &format!("provider: coderabbit\nroles:\n{}", role(key, name, rest)),
        );
    }

    /// Deletes a file.
    pub(crate) fn remove(&self, path: &str) {
        fs::remove_file(self.dir.join(path)).expect("the file was there");
    }

    /// Commits everything on the branch that is checked out, with the real git.
    pub(crate) fn save(&self, message: &str) -> String {
        save(&self.dir, message)
    }

    /// The plan as JSON; planning has to end well.
    #[track_caller]
    pub(crate) fn planned(&self, args: &str) -> Plan {
        Plan(self.run(&format!("plan --format json {args}")).exits(0).json())
    }

    /// As [`Self::planned`], in another folder.
    #[track_caller]
    pub(crate) fn planned_in(&self, dir: &Path, args: &str) -> Plan {
        Plan(self.run_in(dir, &format!("plan --format json {args}")).exits(0).json())
    }

    /// The record of the last apply.
    pub(crate) fn record(&self) -> Option<Value> {
        let blob = git2::Repository::open(&self.dir).expect("a repository");
        let commit = blob.find_reference(RECORD).ok()?.peel_to_commit().expect("a commit");
        let entry = commit.tree().expect("a tree").get_name("record.json")?.to_object(&blob).expect("a file");
        let bytes = entry.as_blob().expect("a file").content().to_vec();
        Some(serde_json::from_slice(&bytes).expect("a record is JSON"))
    }

    /// The commit that was applied last, as the record tells.
    pub(crate) fn recorded(&self) -> Option<String> {
        Some(text(&self.record()?, "revision"))
    }

    /// Puts a commit with a file `record.json` in the place of the record.
    pub(crate) fn forge_record(&self, content: &str) {
        self.forge(RECORD, content);
    }

    /// The same, of another target.
    pub(crate) fn forge_record_of(&self, target: &str, content: &str) {
        self.forge(&format!("refs/rolecall/applied/-/{target}"), content);
    }

    fn forge(&self, reference: &str, content: &str) {
        let repo = git2::Repository::open(&self.dir).expect("a repository");
        let mut tree = repo.treebuilder(None).expect("a tree");
        let blob = repo.blob(content.as_bytes()).expect("a blob");
        tree.insert("record.json", blob, 0o100_644).expect("an entry");
        let tree = tree.write().and_then(|id| repo.find_tree(id)).expect("a tree");
        let who = git2::Signature::now("Mallory", "mallory@acme.example.test").expect("a name");
        let id = repo.commit(None, &who, &who, "applied", &tree, &[]).expect("a commit");
        repo.reference(reference, id, true, "forged").expect("a reference");
    }
}

/// Commits everything in a work tree with the real git; returns the full id.
pub(crate) fn save(dir: &Path, message: &str) -> String {
    git(dir, &["add", "-A"]);
    git(dir, &["commit", "-q", "--allow-empty", "-m", message]);
    git(dir, &["rev-parse", "HEAD"])
}

/// A project in a repository of the real git with one role `One`, which is applied and recorded.
pub(crate) fn begun(emulator: &Emulator, more: &str) -> Project {
    let project = Project::on(emulator, more);
    project.git("init -q -b main");
    project.write(".gitignore", ".rolecall/\n");
    project.save("start");
    project.role("one", "One", READS);
    project.save("one");
    let _applied = project.apply().exits(0);
    project
}

/// A config with one target of this name that reads these files.
pub(crate) fn config(emulator: &Emulator, name: &str, files: &str) -> String {
    format!("version: 1\ntargets:\n{}", target(name, &emulator.url).replace("\"roles/**/*.yaml\"", files))
}

/// A plan as JSON.
#[derive(Debug)]
pub(crate) struct Plan(pub(crate) Value);

impl Plan {
    fn target(&self) -> &Value {
        &self.0["targets"][0]
    }

    /// `ACTION KEY ORIGIN` of every change.
    pub(crate) fn changes(&self) -> Vec<String> {
        let one = |change: &Value| {
            let address = text(change, "address");
            let key = address.strip_prefix("reviews/role/").unwrap_or(&address).to_owned();
            format!("{} {key} {}", text(change, "action"), text(change, "origin"))
        };
        self.list("changes").iter().map(one).collect()
    }

    /// Address and digest of every change.
    pub(crate) fn digests(&self) -> Vec<(String, String)> {
        self.list("changes").iter().map(|change| (text(change, "address"), text(change, "digest"))).collect()
    }

    /// The digest of the target.
    pub(crate) fn digest(&self) -> String {
        text(self.target(), "digest")
    }

    /// What changes of what is managed and guarded.
    pub(crate) fn scope_changes(&self) -> Vec<String> {
        self.list("scope_changes").iter().map(|change| text(change, "what")).collect()
    }

    /// All notes in one text.
    pub(crate) fn notes(&self) -> String {
        texts(&self.target()["notes"]).join("\n")
    }

    /// `+VALUE ORIGIN` and `-VALUE ORIGIN` of the permissions of the only change.
    pub(crate) fn permissions(&self) -> Vec<String> {
        let mut all = Vec::new();
        for field in self
            .list("changes")
            .iter()
            .flat_map(|change| change["fields"].as_array().cloned().unwrap_or_default())
        {
            for (sign, side) in [("+", "added"), ("-", "removed")] {
                for one in field[side].as_array().into_iter().flatten() {
                    all.push(format!("{sign}{} {}", text(one, "value"), text(one, "origin")));
                }
            }
        }
        all
    }

    /// A revision of the plan.
    pub(crate) fn revision(&self, which: &str) -> Option<String> {
        self.0["revisions"][which].as_str().map(str::to_owned)
    }

    /// The commit of the record that was used.
    pub(crate) fn applied(&self) -> Option<String> {
        self.target()["applied"]["revision"].as_str().map(str::to_owned)
    }

    fn list(&self, name: &str) -> Vec<Value> {
        self.target()[name].as_array().cloned().expect("a list")
    }
}
