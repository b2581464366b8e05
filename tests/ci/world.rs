//! A job of GitHub Actions or GitLab CI whose run has ended, and whose report comes.

use rolecall::{
    ci::{
        decision::Command,
        results::{self, Results},
    },
    plan::PlanDocument,
};
use serde_json::{Value, json};

use super::github::{GitHub, REPOSITORY, TOKEN};
use crate::common::{Emulator, Project, project::Output};

/// The commit that the pull request proposes.
pub(crate) const HEAD: &str = "8d10c33fa1b2c3d4e5f60718293a4b5c6d7e8f90";
/// Another commit.
pub(crate) const NEWER: &str = "1725b9b6f1b2c3d4e5f60718293a4b5c6d7e8f90";

/// A job.
pub(crate) struct Job {
    pub(crate) project: Project,
}

impl Job {
    /// On GitHub, for an event.
    pub(crate) fn on_github(github: &GitHub, event: &str, payload: &Value) -> Self {
        let mut job = Self { project: Project::new() };
        let payload_file = job.project.home().join("event.json");
        let mut payload = payload.clone();
        payload["repository"] = json!({"default_branch": "main", "private": true});
        std::fs::write(&payload_file, payload.to_string()).expect("the event is written");
        let output = job.project.home().join("output");
        for (name, value) in [
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_EVENT_NAME", event),
            ("GITHUB_REPOSITORY", REPOSITORY),
            ("GITHUB_REF", "refs/heads/main"),
            ("GITHUB_SHA", HEAD),
            ("GITHUB_WORKFLOW", "roles plan"),
            ("GITHUB_RUN_ID", "42"),
            ("GITHUB_API_URL", &github.url),
            ("GITHUB_TOKEN", TOKEN),
            ("GITHUB_EVENT_PATH", &payload_file.display().to_string()),
            ("GITHUB_OUTPUT", &output.display().to_string()),
        ] {
            job.project.set(name, value);
        }
        job
    }

    /// A pull request of the repository itself, number 7, which proposes [`HEAD`].
    pub(crate) fn of_pull_request(github: &GitHub) -> Self {
        github.pull(7, HEAD, &json!({}));
        Self::on_github(github, "pull_request", &pull_request(REPOSITORY))
    }

    /// Leaves results, and reports them.
    pub(crate) fn report(&self, results: &Results) -> Output {
        self.leave("results", results);
        self.project.run("ci report --results results")
    }

    /// Leaves results in a folder.
    pub(crate) fn leave(&self, folder: &str, results: &Results) {
        let folder = self.project.dir.join(folder);
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join(results::FILE), results.text()).expect("results are written");
    }

    /// The outputs of the step.
    pub(crate) fn outputs(&self) -> String {
        std::fs::read_to_string(self.project.home().join("output")).unwrap_or_default()
    }
}

/// The event of a pull request whose head lies in `repository`.
pub(crate) fn pull_request(repository: &str) -> Value {
    json!({"pull_request": {
        "number": 7,
        "head": {"sha": HEAD, "repo": {"full_name": repository}},
        "base": {"ref": "main", "sha": "b".repeat(40)},
        "user": {"login": "mira"},
    }})
}

/// A plan of the real program: one role is new, or none where there are no `roles`.
pub(crate) fn plan(roles: &str) -> PlanDocument {
    let emulator = Emulator::start();
    let project = Project::on(&emulator, "");
    project.define(roles);
    let output = project.run("plan --format json").exits(0);
    serde_json::from_value(output.json()).expect("a plan")
}

/// Definitions of so many roles.
pub(crate) fn roles(number: usize) -> String {
    let one = |n: usize| {
        format!("  helper-{n}:\n    name: Helper {n}\n    permissions: {{ user_management: [read] }}\n")
    };
    if number == 0 {
        "roles: {}\n".to_owned()
    } else {
        format!("roles:\n{}", (0..number).map(one).collect::<String>())
    }
}

/// What `drift` finds with so many roles that are not there, where an apply is recorded.
pub(crate) fn drift(number: usize) -> Results {
    let mut plan = plan(&roles(number));
    let applied = json!({ "revision": HEAD, "time": "2026-11-01T00:00:00Z", "digest": "sha256:00" });
    plan.targets[0].applied = Some(serde_json::from_value(applied).expect("a record"));
    results(Command::Drift, plan)
}

/// Results of a command with that plan.
pub(crate) fn results(command: Command, plan: PlanDocument) -> Results {
    let changes = plan.targets.iter().any(|target| !target.changes.is_empty());
    let mut results = Results::new(command);
    results.exit = if changes { 2 } else { 0 };
    results.plan = Some(plan);
    results
}
