//! A repository on a forge, a checkout of it as a CI system makes it, and events.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use crate::common::{
    Emulator, Project,
    project::Output,
    repository::{READS, RECORD, git, role},
};

/// The name of the repository.
pub(crate) const REPOSITORY: &str = "acme/roles";

/// A repository with the branch `main` and a live product.
pub(crate) struct Checkout {
    pub(crate) emulator: Emulator,
    pub(crate) project: Project,
    origin: PathBuf,
}

impl Checkout {
    /// The definitions of one role are on `main`; nothing was applied yet.
    pub(crate) fn new() -> Self {
        let emulator = Emulator::start();
        let project = Project::in_git(&emulator, "on_unassign: { to: builtin:cr_member }\n");
        let origin = project.beside("origin.git");
        git(&project.dir, &["init", "-q", "--bare", "-b", "main", &origin.display().to_string()]);
        git(&origin, &["config", "uploadpack.allowAnySHA1InWant", "true"]);
        git(&project.dir, &["remote", "add", "origin", &origin.display().to_string()]);
        let checkout = Self { emulator, project, origin };
        checkout.define("one", "One");
        checkout.commit_and_push("start with one role");
        checkout.emulator.forget();
        checkout
    }

    /// Defines one role.
    pub(crate) fn define(&self, key: &str, name: &str) {
        self.project.define(&format!("roles:\n{}", role(key, name, READS)));
    }

    /// Commits to `main`, and pushes it; returns the commit.
    pub(crate) fn commit_and_push(&self, message: &str) -> String {
        let commit = self.project.commit(message);
        self.project.git("push -q origin HEAD:refs/heads/main");
        self.project.git("fetch -q origin");
        commit
    }

    /// Commits what `change` does to a branch off `main`, pushes it, and goes back to `main`.
    pub(crate) fn propose(&self, branch: &str, change: impl FnOnce()) -> String {
        self.project.git(&format!("checkout -q -b {branch}"));
        change();
        let commit = self.project.commit("proposed");
        self.project.git(&format!("push -q origin HEAD:refs/heads/{branch}"));
        self.project.git("checkout -q main");
        self.project.git("fetch -q origin");
        commit
    }

    /// Applies what is on `main`, and records it.
    pub(crate) fn settle(&self) {
        let head = self.head();
        let record = self.push(&head).run("apply").exits(0).given("record_file").expect("a record");
        let _pushed = self.push(&head).input("record_file", &record).run("record").exits(0);
        self.emulator.forget();
    }

    /// The commit that is checked out.
    pub(crate) fn head(&self) -> String {
        self.project.git("rev-parse HEAD")
    }

    /// The reference of the record on the server.
    pub(crate) fn pushed_record(&self) -> String {
        git(&self.origin, &["for-each-ref", "--format=%(objectname)", RECORD])
    }

    /// Forgets in the clone what only a push would have told the server.
    pub(crate) fn forget_record(&self) {
        if !self.project.git(&format!("for-each-ref {RECORD}")).is_empty() {
            self.project.git(&format!("update-ref -d {RECORD}"));
        }
    }

    /// Makes the server unreachable.
    pub(crate) fn without_server(&self) {
        fs::rename(&self.origin, self.origin.with_extension("gone")).expect("it is moved");
    }

    /// A push of `commit` to `main`.
    pub(crate) fn push(&self, commit: &str) -> Event<'_> {
        self.event("push", "refs/heads/main", commit, &json!({ "before": "0".repeat(40) }))
    }

    /// Pull request 7 with this head, from `repository`.
    pub(crate) fn pull_request(&self, head: &str, repository: &str) -> Event<'_> {
        let payload = json!({ "pull_request": {
            "number": 7,
            "head": { "sha": head, "repo": { "full_name": repository } },
            "base": { "ref": "main", "sha": self.project.git("rev-parse origin/main") },
        } });
        self.event("pull_request", "refs/pull/7/merge", head, &payload).with("GITHUB_BASE_REF", "main")
    }

    /// Any event.
    pub(crate) fn event(&self, name: &str, reference: &str, commit: &str, payload: &Value) -> Event<'_> {
        let mut payload = payload.clone();
        payload["repository"] = json!({ "default_branch": "main", "private": true });
        let file = self.project.home().join("event.json");
        fs::write(&file, payload.to_string()).expect("the event is written");
        Event { checkout: self, variables: Vec::new() }
            .with("CI", "true")
            .with("GITHUB_ACTIONS", "true")
            .with("GITHUB_EVENT_NAME", name)
            .with("GITHUB_EVENT_PATH", &file.display().to_string())
            .with("GITHUB_REF", reference)
            .with("GITHUB_REPOSITORY", REPOSITORY)
            .with("GITHUB_SHA", commit)
            .with("GITHUB_WORKFLOW", "roles")
            .with("GITHUB_WORKSPACE", &self.project.dir.display().to_string())
            .with("RUNNER_TEMP", &self.project.home().display().to_string())
            .with("GITHUB_STEP_SUMMARY", &self.project.home().join("summary.md").display().to_string())
            .with("GITHUB_OUTPUT", &self.project.home().join("output").display().to_string())
    }

    /// A pipeline of GitLab for `commit`, that `source` started on `main`; its results are where those of
    /// other runs are.
    pub(crate) fn pipeline(&self, source: &str, commit: &str) -> Event<'_> {
        let results = self.project.home().join("rolecall");
        Event { checkout: self, variables: Vec::new() }
            .with("CI", "true")
            .with("GITLAB_CI", "true")
            .with("CI_PIPELINE_SOURCE", source)
            .with("CI_COMMIT_SHA", commit)
            .with("CI_COMMIT_BRANCH", "main")
            .with("CI_COMMIT_BEFORE_SHA", &"0".repeat(40))
            .with("CI_DEFAULT_BRANCH", "main")
            .with("CI_PROJECT_ID", "1")
            .with("CI_PROJECT_PATH", super::gitlab::PROJECT)
            .with("CI_PROJECT_VISIBILITY", "private")
            .with("CI_PROJECT_DIR", &self.project.dir.display().to_string())
            .with("CI_JOB_NAME", "roles")
            .with("ROLECALL_RESULTS", &results.display().to_string())
    }

    /// A pipeline of a merge request whose branch lies in the project itself.
    pub(crate) fn merge_request(&self, number: u64, head: &str, target: &str) -> Event<'_> {
        self.pipeline("merge_request_event", head)
            .with("CI_COMMIT_BRANCH", "")
            .with("CI_MERGE_REQUEST_IID", &number.to_string())
            .with("CI_MERGE_REQUEST_PROJECT_ID", "1")
            .with("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "1")
            .with("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", target)
            .with("CI_MERGE_REQUEST_DIFF_BASE_SHA", &self.project.git(&format!("rev-parse origin/{target}")))
    }
}

/// A run of a workflow.
#[derive(Clone)]
pub(crate) struct Event<'a> {
    checkout: &'a Checkout,
    variables: Vec<(String, String)>,
}

impl Event<'_> {
    /// With another variable.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With an input of the Action.
    pub(crate) fn input(self, name: &str, value: &str) -> Self {
        self.with(&format!("INPUT_{}", name.to_uppercase()), value)
    }

    /// Runs `ci run` with a command.
    pub(crate) fn run(&self, command: &str) -> Step {
        self.run_with(&["ci", "run", command])
    }

    /// Runs the program.
    pub(crate) fn run_with(&self, args: &[&str]) -> Step {
        let home = self.checkout.project.home().to_owned();
        for name in ["output", "summary.md", "rolecall/rolecall.env"] {
            let _absent = fs::remove_file(home.join(name));
        }
        let mut program = self.checkout.project.command(args);
        for (name, value) in &self.variables {
            program.env(name, value);
        }
        let output = program.output().expect("the program runs");
        Step { output: self.checkout.project.output(output), home }
    }
}

/// What a step left.
pub(crate) struct Step {
    pub(crate) output: Output,
    home: PathBuf,
}

impl Step {
    /// Requires an exit code.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.output.code, code, "{}", self.output.everything());
        assert_eq!(self.given("exit_code").unwrap_or_else(|| code.to_string()), code.to_string());
        self
    }

    /// Requires a text in the log.
    #[track_caller]
    pub(crate) fn has(self, text: &str) -> Self {
        Self { output: self.output.has(text), home: self.home }
    }

    /// An output of the step.
    pub(crate) fn given(&self, name: &str) -> Option<String> {
        let Ok(text) = fs::read_to_string(self.home.join("output")) else {
            let text = fs::read_to_string(self.home.join("rolecall/rolecall.env")).unwrap_or_default();
            let start = format!("ROLECALL_{}=", name.to_uppercase());
            return text.lines().find_map(|line| line.strip_prefix(&start)).map(str::to_owned);
        };
        let mut lines = text.lines();
        let end = lines.find_map(|line| line.strip_prefix(&format!("{name}<<")))?.to_owned();
        Some(lines.take_while(|line| **line != *end).collect::<Vec<_>>().join("\n"))
    }

    /// The summary of the job.
    pub(crate) fn summary(&self) -> String {
        fs::read_to_string(self.home.join("summary.md")).unwrap_or_default()
    }

    /// What was left for the report.
    pub(crate) fn results(&self) -> Value {
        json_of(&self.home.join("rolecall/results.json"))
    }
}

/// A file of JSON.
pub(crate) fn json_of(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).expect("JSON")
}
