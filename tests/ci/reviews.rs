//! A repository whose pull requests are planned, merged, and then applied.

use serde_json::json;

use super::{
    checkout::{Checkout, Event, REPOSITORY},
    github::{GitHub, MERGED, TOKEN},
};
use crate::common::repository::{READS, role};

/// A repository on a forge whose pull requests are reviewed.
pub(crate) struct Reviews {
    pub(crate) checkout: Checkout,
    pub(crate) github: GitHub,
}

impl Reviews {
    /// Nothing is proposed yet, and nothing applied.
    pub(crate) fn new() -> Self {
        Self { checkout: Checkout::new(), github: GitHub::start() }
    }

    /// Settled, with the role `two` proposed in pull request 1.
    pub(super) fn proposed() -> Self {
        let reviews = Self::new();
        reviews.settle();
        reviews.open(1, "roles/two.yaml", &definition("two", "Two"));
        reviews
    }

    /// An event with the forge's address and token.
    pub(crate) fn on_github<'a>(&self, event: Event<'a>) -> Event<'a> {
        event.with("GITHUB_API_URL", &self.github.url).with("GITHUB_TOKEN", TOKEN)
    }

    /// A pull request that writes a file, planned against `main` unless `base` is another branch.
    pub(crate) fn open(&self, number: u64, file: &str, text: &str) -> String {
        let head = self.checkout.propose(&format!("pr-{number}"), || self.checkout.project.write(file, text));
        self.github.pull(number, &head, &json!({}));
        self.plan(&head, "main");
        head
    }

    /// The run of a pull request's workflow, which uploads its plan.
    pub(crate) fn plan(&self, head: &str, base: &str) {
        self.github.planned(head, &self.made(head, base));
    }

    /// What such a run plans.
    pub(crate) fn made(&self, head: &str, base: &str) -> Vec<u8> {
        let event = self.checkout.pull_request(head, REPOSITORY).with("GITHUB_BASE_REF", base);
        let file = self.on_github(event).run("plan").given("plan_file").expect("a plan");
        std::fs::read(file).expect("it is there")
    }

    /// Merges a pull request; returns the commit.
    pub(crate) fn merge(&self, number: u64) -> String {
        let project = &self.checkout.project;
        project.git(&format!("merge -q --no-ff -m merged pr-{number}"));
        project.git("push -q origin HEAD:refs/heads/main");
        project.git("fetch -q origin");
        self.merged(number, self.checkout.head())
    }

    /// Merges a pull request in a commit that writes a file, too.
    pub(crate) fn merge_with(&self, number: u64, file: &str, text: &str) -> String {
        self.checkout.project.git(&format!("merge -q --no-ff --no-commit pr-{number}"));
        self.checkout.project.write(file, text);
        self.merged(number, self.checkout.commit_and_push("merged with something else in it"))
    }

    /// The forge takes a commit for the merge of a pull request.
    pub(crate) fn merged(&self, number: u64, commit: String) -> String {
        let mut world = self.github.world();
        let pull = world.pulls.get_mut(&number).expect("it is there");
        pull["merged_at"] = json!(MERGED);
        pull["state"] = json!("closed");
        pull["merge_commit_sha"] = json!(commit);
        world.of_commit.insert(commit.clone(), vec![number]);
        commit
    }

    /// What `ci report` says on a pull request about what an apply did or did not, after a run that is over.
    pub(crate) fn told(&self, event: &Event<'_>, number: u64) -> Option<String> {
        let _reported = event.run_with(&["ci", "report"]).exits(0);
        self.github.is_content();
        let all = self.github.comments(number).into_iter().map(|(_, _, body)| body);
        let mut all: Vec<_> = all.filter(|body| body.starts_with("<!-- rolecall:apply ")).collect();
        assert!(all.len() < 2, "{all:?}");
        all.pop()
    }

    /// A run on the push of `commit` that requires a review.
    pub(crate) fn push(&self, commit: &str) -> Event<'_> {
        self.on_github(self.checkout.push(commit)).input("require_reviewed", "true")
    }

    /// Applies what is there by hand, and records it.
    pub(crate) fn settle(&self) {
        self.checkout.settle();
    }
}

/// A file with one role.
pub(crate) fn definition(key: &str, name: &str) -> String {
    format!("provider: coderabbit\nroles:\n{}", role(key, name, READS))
}
