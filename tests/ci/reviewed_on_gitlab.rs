//! Applying only what was reviewed, on GitLab: what merge requests showed, from the artifacts of their
//! pipelines.

use serde_json::{Value, json};

use super::{
    checkout::{Checkout, Event, Step},
    gitlab::{GitLab, Job, Pipeline, TOKEN},
};
use crate::common::repository::{READS, role};

/// A project on GitLab whose merge requests are reviewed.
struct Reviews {
    checkout: Checkout,
    gitlab: GitLab,
}

impl Reviews {
    /// What is on `main` was applied.
    fn new() -> Self {
        let checkout = Checkout::new();
        let reviews = Self { gitlab: GitLab::start(&"a".repeat(40)), checkout };
        let head = reviews.checkout.head();
        let applied = reviews.checkout.pipeline("push", &head).run("apply").exits(0);
        reviews.record(&head, &applied);
        reviews.checkout.emulator.forget();
        reviews
    }

    fn asks<'a>(&self, event: Event<'a>) -> Event<'a> {
        event.with("CI_API_V4_URL", &self.gitlab.url).with("ROLECALL_GITLAB_NOTE_TOKEN", TOKEN)
    }

    /// A merge request into `main` that writes a file.
    fn propose(&self, number: u64, file: &str, text: &str) -> String {
        let write = || self.checkout.project.write(file, text);
        let head = self.checkout.propose(&format!("mr-{number}"), write);
        self.gitlab.propose(number, &head, "main");
        head
    }

    /// The same, and its pipeline plans it.
    fn open(&self, number: u64, file: &str, text: &str) -> String {
        let head = self.propose(number, file, text);
        let job = self.plan(number, &head, "main");
        self.gitlab.ran(number, &head, vec![job]);
        head
    }

    /// The job that plans a merge request.
    fn plan(&self, number: u64, head: &str, target: &str) -> Job {
        self.planned(&self.checkout.merge_request(number, head, target), None)
    }

    fn planned(&self, event: &Event<'_>, part: Option<(usize, usize)>) -> Job {
        let plan = event.run("plan").given("plan_file").expect("a plan");
        Job::planned(part, std::path::Path::new(&plan).parent().expect("its folder"))
    }

    /// Merges a merge request; returns the commit.
    fn merge(&self, number: u64) -> String {
        let project = &self.checkout.project;
        project.git(&format!("merge -q --no-ff -m merged mr-{number}"));
        project.git("push -q origin HEAD:refs/heads/main");
        project.git("fetch -q origin");
        let commit = self.checkout.head();
        self.gitlab.merge(number, &commit);
        commit
    }

    /// A pipeline of the push of `commit` that requires a review.
    fn push(&self, commit: &str) -> Event<'_> {
        self.asks(self.checkout.pipeline("push", commit)).input("require_reviewed", "true")
    }

    /// Applies what was reviewed, as the pipeline does: by the digest of its own plan.
    fn applies(&self, commit: &str, reviewed_in: &str) -> Step {
        let planned = self.push(commit).run("plan").exits(2);
        let digest = planned.given("digest").expect("a digest");
        let _said = planned.has(&format!("reviewed: {reviewed_in}."));
        let apply = self.asks(self.checkout.pipeline("push", commit)).input("expect_plan", &digest);
        let applied = apply.run("apply").exits(0);
        self.gitlab.is_content();
        applied
    }

    /// Pushes the record of an apply.
    fn record(&self, commit: &str, applied: &Step) {
        let record = applied.given("record_file").expect("a record");
        let kept = self.checkout.project.home().join("record.json");
        std::fs::copy(record, &kept).expect("it is kept");
        let push = self.checkout.pipeline("push", commit).input("record_file", &kept.display().to_string());
        let _pushed = push.run("record").exits(0);
    }

    fn custom(&self) -> Vec<String> {
        self.checkout.emulator.custom()
    }

    /// Changes the last pipeline.
    fn last(&self, change: impl FnOnce(&mut Pipeline)) {
        change(self.gitlab.world().pipelines.last_mut().expect("a pipeline"));
    }
}

/// A file with one role.
fn definition(key: &str, name: &str) -> String {
    format!("provider: coderabbit\nroles:\n{}", role(key, name, READS))
}

#[test]
fn what_a_merge_request_showed_is_applied() {
    let reviews = Reviews::new();
    reviews.open(1, "roles/two.yaml", &definition("two", "Two"));
    let commit = reviews.merge(1);
    let _applied = reviews.applies(&commit, "!1");
    assert_eq!(reviews.custom(), ["One", "Two"]);
    // Where GitLab itself keeps the artifacts, it redirects nowhere.
    reviews.gitlab.world().object_storage = false;
    reviews.open(2, "roles/three.yaml", &definition("three", "Three"));
    let commit = reviews.merge(2);
    let _applied = reviews.applies(&commit, "!1, !2");
    let seen = reviews.gitlab.world().seen.clone();
    assert_eq!(seen.iter().filter(|request| request.starts_with("GET /storage/")).count(), 1, "{seen:?}");
}

#[test]
fn what_no_merge_request_showed_is_listed_and_somebody_may_let_it_go_on() {
    let reviews = Reviews::new();
    reviews.checkout.define("one", "Evil");
    let commit = reviews.checkout.commit_and_push("pushed by somebody");
    let refused = reviews.push(&commit).run("plan").exits(5).has("no merge request was merged");
    let refused =
        refused.has("reviews/role/one: name would go from").has("run a pipeline on the default branch");
    assert_eq!(refused.given("record_file"), None, "nothing is recorded");
    assert_eq!(reviews.checkout.emulator.sent(), Vec::<String>::new());
    let by_hand = || reviews.asks(reviews.checkout.pipeline("web", &commit));
    let digest = by_hand().run("plan").exits(2).given("digest").expect("a digest");
    let _refused = reviews.push(&commit).input("expect_plan", &digest).run("apply").exits(5);
    let _applied = by_hand().input("expect_plan", &digest).run("apply").exits(0);
    assert_eq!(reviews.custom(), ["Evil"]);
}

#[test]
fn what_was_merged_before_the_first_of_two_was_applied_is_applied_with_it() {
    let reviews = Reviews::new();
    reviews.open(1, "roles/two.yaml", &definition("two", "Two"));
    reviews.open(2, "roles/three.yaml", &definition("three", "Three"));
    reviews.merge(1);
    let commit = reviews.merge(2);
    let applied = reviews.applies(&commit, "!1, !2");
    assert_eq!(reviews.custom(), ["One", "Three", "Two"]);
    reviews.record(&commit, &applied);
    // From here on what was merged before is not looked at any more.
    reviews.open(3, "roles/four.yaml", &definition("four", "Four"));
    let commit = reviews.merge(3);
    let _applied = reviews.applies(&commit, "!3");
}

#[test]
fn an_apply_that_stopped_half_way_goes_on() {
    let reviews = Reviews::new();
    let both = format!("{}{}", definition("two", "Two"), role("three", "Three", READS));
    reviews.open(1, "roles/more.yaml", &both);
    let commit = reviews.merge(1);
    let digest = reviews.push(&commit).run("plan").exits(2).given("digest").expect("a digest");
    reviews.checkout.emulator.faults(&["POST /v1/roles status=403 nth=2"]);
    let _partly = reviews.push(&commit).input("expect_plan", &digest).run("apply").exits(6);
    assert_eq!(reviews.custom().len(), 2, "{:?}", reviews.custom());
    reviews.checkout.emulator.faults(&[]);
    let _rest = reviews.applies(&commit, "!1");
    assert_eq!(reviews.custom(), ["One", "Three", "Two"]);
}

#[test]
fn a_click_that_nobody_reviewed_is_left_alone() {
    let reviews = Reviews::new();
    reviews.open(1, "roles/two.yaml", &definition("two", "Two"));
    let commit = reviews.merge(1);
    reviews.checkout.emulator.edit_role("One", &json!({ "description": "Clicked" }));
    let planned = reviews.push(&commit).run("plan").exits(2).has("What somebody changed outside git was not");
    let digest = planned.given("digest").expect("a digest");
    let applied = reviews.push(&commit).input("expect_plan", &digest).run("apply").exits(0);
    reviews.record(&commit, &applied);
    assert_eq!(reviews.checkout.emulator.role("One").expect("it is there")["description"], "Clicked");
    assert_eq!(reviews.custom(), ["One", "Two"]);
}

#[test]
fn only_the_final_head_counts_and_only_into_this_branch() {
    let reviews = Reviews::new();
    // The plan of an older head showed it, the final one has none.
    let older = reviews.open(1, "roles/two.yaml", &definition("two", "Two"));
    let project = &reviews.checkout.project;
    project.git("checkout -q mr-1");
    project.write("notes.md", "nothing\n");
    let head = project.commit("more");
    project.git("checkout -q main");
    reviews.gitlab.propose(1, &head, "main");
    let commit = reviews.merge(1);
    let _refused = reviews.push(&commit).run("plan").exits(5).has("looked for in the plans of !1");
    // One that says that it is of another commit than its pipeline.
    let job = reviews.plan(1, &older, "main");
    reviews.gitlab.ran(1, &head, vec![job]);
    let _refused = reviews.push(&commit).run("plan").exits(5).has("not reviewed");
    // One of merging it into another branch.
    project.git("push -q origin HEAD~1:refs/heads/release");
    project.git("fetch -q origin");
    let job = reviews.plan(1, &head, "release");
    reviews.gitlab.ran(1, &head, vec![job]);
    let _refused = reviews.push(&commit).run("plan").exits(5).has("not reviewed");
    // A merge request into another branch brought the same commits.
    let request = |field: &str, value: Value| {
        reviews.gitlab.world().requests.get_mut(&1).expect("it is there")[field] = value;
    };
    let project_of_fork = |id: u64| request("source_project_id", json!(id));
    request("target_branch", json!("release"));
    let _refused = reviews.push(&commit).run("plan").exits(5).has("no merge request was merged");
    request("target_branch", json!("main"));
    // The pipeline of a fork says what its author wants it to say.
    let undone = project.git("rev-parse HEAD~1");
    project.git(&format!("push -q -f origin {undone}:refs/heads/main"));
    project.git("fetch -q origin");
    let job = reviews.plan(1, &head, "main");
    project.git(&format!("push -q origin {commit}:refs/heads/main"));
    project.git("fetch -q origin");
    reviews.gitlab.ran(1, &head, vec![job]);
    project_of_fork(2);
    let _refused = reviews.push(&commit).run("plan").exits(5).has("not reviewed");
    project_of_fork(1);
    let _applied = reviews.applies(&commit, "!1");
}

#[test]
fn p3_an_artifact_that_somebody_forged_widens_nothing() {
    let reviews = Reviews::new();
    let head = reviews.open(1, "roles/two.yaml", &definition("two", "Two"));
    let folder = reviews.checkout.project.home().join("rolecall");
    let text = std::fs::read_to_string(folder.join("rolecall-plan.json")).expect("a plan");
    let mut plan: Value = serde_json::from_str(&text).expect("JSON");
    let mut evil = plan["targets"][0]["changes"][0].clone();
    evil["address"] = json!("reviews/role/evil");
    evil["after"]["name"] = json!("Evil");
    plan["targets"][0]["changes"].as_array_mut().expect("changes").push(evil);
    std::fs::write(folder.join("rolecall-plan.json"), plan.to_string()).expect("it is written");
    reviews.gitlab.ran(1, &head, vec![Job::planned(None, &folder)]);
    let commit = reviews.merge(1);
    let _applied = reviews.applies(&commit, "!1");
    assert_eq!(reviews.custom(), ["One", "Two"]);
    // What is no plan, or no archive, reviews nothing.
    let head = reviews.open(2, "roles/three.yaml", &definition("three", "Three"));
    let commit = reviews.merge(2);
    for archive in [b"no archive".to_vec(), Vec::new()] {
        let job = Job { name: "roles-plan".to_owned(), status: "success", archive: Some(archive) };
        reviews.gitlab.ran(2, &head, vec![job]);
        let _refused = reviews.push(&commit).run("plan").exits(5).has("not reviewed");
    }
    assert_eq!(reviews.custom(), ["One", "Two"]);
}

#[test]
fn where_the_reviews_of_gitlab_cannot_be_read_nothing_counts_as_reviewed() {
    let reviews = Reviews::new();
    reviews.open(1, "roles/two.yaml", &definition("two", "Two"));
    let commit = reviews.merge(1);
    let without = reviews.push(&commit).with("ROLECALL_GITLAB_NOTE_TOKEN", "");
    let refused = without.run("plan").exits(4).has("ROLECALL_GITLAB_NOTE_TOKEN is not set");
    let _help =
        refused.has("an access token of the project").has("run a pipeline on the default branch by hand");
    let other = reviews.push(&commit).with("ROLECALL_GITLAB_NOTE_TOKEN", "glpat-zyxwvutsrqponmlkjihg");
    let _refused = other.run("plan").exits(4).has("401 Unauthorized");
    for part in ["/commits/", "/merge_requests/1/pipelines", "/pipelines/1/jobs", "/jobs/100/artifacts"] {
        for status in [403, 404] {
            reviews.gitlab.world().refuse_at = Some((part, status));
            let refused = reviews.push(&commit).run("plan").exits(4);
            let _help = refused.has("what was reviewed cannot be read").has("by hand");
        }
    }
    reviews.gitlab.world().refuse_at = Some(("/jobs/100/artifacts", 403));
    let _help = reviews.push(&commit).run("plan").exits(4).has("the role Developer");
    reviews.gitlab.world().refuse_at = None;
    reviews.last(|pipeline| pipeline.jobs[0].archive = None);
    let expired = reviews.push(&commit).run("plan").exits(4).has("the plans of !1 have expired");
    let _list = expired.has("reviews/role/two").has("Keep the artifacts of plans for longer");
    assert_eq!(reviews.checkout.emulator.sent(), Vec::<String>::new());
}

#[test]
fn the_last_attempt_of_the_last_pipeline_that_planned_counts() {
    let reviews = Reviews::new();
    let head = reviews.open(1, "roles/two.yaml", &definition("two", "Two"));
    // The next one was cancelled before it planned, and other jobs left nothing that counts.
    let job = |name: &str, status| Job { name: name.to_owned(), status, archive: Some(Vec::new()) };
    reviews.gitlab.ran(1, &head, vec![job("roles-plan", "canceled"), job("roles-planets", "success")]);
    // A pipeline of the branch, and not of the merge request.
    reviews.gitlab.ran(1, &head, vec![job("roles-plan", "success")]);
    reviews.last(|pipeline| pipeline.reference = "mr-1".to_owned());
    let commit = reviews.merge(1);
    let _planned = reviews.push(&commit).run("plan").exits(2).has("reviewed: !1.");
    // One that failed showed nothing, whatever an earlier one had shown.
    reviews.gitlab.ran(1, &head, vec![job("roles-plan", "failed")]);
    let _refused = reviews.push(&commit).run("plan").exits(5).has("not reviewed");
}

#[test]
fn with_merged_results_the_plan_tells_its_head() {
    let reviews = Reviews::new();
    let head = reviews.propose(1, "roles/two.yaml", &definition("two", "Two"));
    let project = &reviews.checkout.project;
    // GitLab makes a commit of both branches, which lies on neither.
    project.git("checkout -q --detach main");
    project.git("merge -q --no-ff -m results mr-1");
    let results = reviews.checkout.head();
    project.git("checkout -q main");
    let event = reviews.checkout.merge_request(1, &results, "main");
    let event = event.with("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", &head);
    // Two jobs side by side share the targets, and both are needed.
    let parts = [1, 2].map(|part| {
        let event = reviews.checkout.merge_request(1, &results, "main").input("shard", &format!("{part}/2"));
        reviews.planned(&event.with("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", &head), Some((part, 2)))
    });
    reviews.gitlab.ran(1, &results, parts.into());
    reviews.last(|pipeline| pipeline.reference = "refs/merge-requests/1/merge".to_owned());
    let whole = reviews.planned(&event, None);
    let commit = reviews.merge(1);
    let _planned = reviews.push(&commit).run("plan").exits(2).has("reviewed: !1.");
    // The one of a merge train came last, and was about an older head: the one before it counts.
    let older = reviews.checkout.merge_request(1, &reviews.checkout.project.git("rev-parse mr-1~1"), "main");
    let job = reviews.planned(&older, None);
    reviews.gitlab.ran(1, &"c".repeat(40), vec![job]);
    reviews.last(|pipeline| pipeline.reference = "refs/merge-requests/1/train".to_owned());
    let _planned = reviews.push(&commit).run("plan").exits(2).has("reviewed: !1.");
    reviews.gitlab.ran(1, &"d".repeat(40), vec![whole]);
    reviews.last(|pipeline| pipeline.reference = "refs/merge-requests/1/train".to_owned());
    let _applied = reviews.applies(&commit, "!1");
    assert_eq!(reviews.custom(), ["One", "Two"]);
}
