//! The patch in the issue about drift: what a reader copies out of it is what git applies.

use std::{io::Write as _, process::Stdio};

use pulldown_cmark::{CodeBlockKind, Event as Piece, Options, Parser, Tag, TagEnd};
use rolecall::ci::{acceptance::Acceptance, decision::Command, results::Results};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{
    checkout::{Checkout, Event},
    github::{GitHub, TOKEN},
    world::{Job, plan, results, roles},
};
use crate::common::{Emulator, project::target};

/// Definitions in a person's own style.
const ROLES: &str = "\
roles:
  # who looks at findings
  one: # by key
    name: One
    description: Needed # for now
    permissions:
      reports: [read] # only read
  two: { name: Two, description: Needed, permissions: { reports: [read] } }
";

/// A repository whose definitions are applied and recorded, and a forge with its issues.
struct Watched {
    checkout: Checkout,
    github: GitHub,
}

impl Watched {
    fn new(definitions: &str) -> Self {
        let checkout = Checkout::new();
        checkout.project.define(definitions);
        checkout.commit_and_push("the roles");
        checkout.settle();
        Self { checkout, github: GitHub::start() }
    }

    fn event(&self) -> Event<'_> {
        let event = self.checkout.event("schedule", "refs/heads/main", &self.checkout.head(), &json!({}));
        event.with("GITHUB_API_URL", &self.github.url).with("GITHUB_TOKEN", TOKEN).input("issue", "auto")
    }

    /// Looks for drift and reports it; the text of the issue.
    fn look(&self) -> String {
        let _found = self.event().run("drift").exits(2);
        // Without a folder the usual one is looked into.
        let _reported = self.event().run_with(&["ci", "report"]).exits(0);
        self.github.is_content();
        let world = self.github.world();
        let (_, issue) = world.issues.iter().next_back().expect("an issue");
        issue.body.clone()
    }

    fn report(&self, folder: &str) {
        let folder = self.checkout.project.home().join(folder).display().to_string();
        let _reported = self.event().run_with(&["ci", "report", "--results", &folder]).exits(0);
        self.github.is_content();
    }

    /// Applies a patch to the work tree.
    #[track_caller]
    fn apply(&self, patch: &str) {
        for args in [&["apply", "--check"][..], &["apply"]] {
            let mut git = std::process::Command::new("git");
            git.args(args)
                .current_dir(&self.checkout.project.dir)
                .stdin(Stdio::piped())
                .stderr(Stdio::piped());
            let mut git = git.spawn().expect("git runs");
            git.stdin.take().expect("piped").write_all(patch.as_bytes()).expect("it is taken");
            let ended = git.wait_with_output().expect("it ends");
            assert!(ended.status.success(), "{}\n{patch}", String::from_utf8_lossy(&ended.stderr));
        }
    }

    /// Requires that the definitions of the work tree, once merged, leave no drift.
    #[track_caller]
    fn is_clean(&self) {
        self.checkout.commit_and_push("accept it");
        let _clean = self.event().run("drift").exits(0);
        let head = self.checkout.head();
        let planned = self.checkout.push(&head).run("plan").exits(0);
        assert_eq!(planned.given("changes").as_deref(), Some("false"));
    }
}

/// The patches of a page, as a forge renders them.
fn patches(page: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut inside = false;
    for piece in Parser::new_ext(page, Options::all()) {
        match piece {
            Piece::Start(Tag::CodeBlock(CodeBlockKind::Fenced(lang))) if &*lang == "diff" => {
                found.push(String::new());
                inside = true;
            }
            Piece::Text(text) if inside => found.last_mut().expect("a block").push_str(&text),
            Piece::End(TagEnd::CodeBlock) => inside = false,
            _ => {}
        }
    }
    // What drifted is shown as a difference, too.
    found.retain(|text| text.starts_with("diff --git "));
    found
}

/// The one patch of a page.
#[track_caller]
fn patch(page: &str) -> String {
    let mut all = patches(page);
    assert_eq!(all.len(), 1, "{page}");
    all.remove(0)
}

#[test]
fn what_a_reader_copies_is_what_git_applies() {
    let watched = Watched::new(ROLES);
    let emulator = &watched.checkout.emulator;
    emulator
        .edit_role("One", &json!({ "permissions": ["reports:read", "learnings:write", "learnings:read"] }));
    let page = watched.look();
    for text in [
        "#### Accept it",
        "run `git apply` at the top of the repository",
        "<details><summary>Patch: 1 file</summary>",
        "#### Put it back\n\n`rolecall apply` puts it back.",
    ] {
        assert!(page.contains(text), "{text} is not in {page}");
    }
    assert!(page.find("Accept it") < page.find("Put it back"));
    assert!(!page.contains("Not taken over") && !page.contains("Incomplete"), "{page}");
    // The same drift on another day is no news.
    let edits = watched.github.seen("PATCH");
    assert_eq!(watched.look(), page);
    assert_eq!(watched.github.seen("PATCH"), edits);
    let copied = patch(&page);
    assert_eq!(
        copied,
        watched
            .checkout
            .project
            .run("import --drift")
            .stdout
            .split_once("diff --git")
            .map(|(_, patch)| format!("diff --git{patch}"))
            .expect("a patch")
    );
    watched.apply(&copied);
    let text = watched.checkout.project.read("roles/all.yaml");
    assert!(text.contains("# only read") && text.contains("learnings"), "{text}");
    watched.is_clean();
}

#[test]
fn nothing_is_read_a_second_time_for_it() {
    let watched = Watched::new(ROLES);
    watched.checkout.emulator.edit_role("One", &json!({ "permissions": ["reports:read", "learnings:read"] }));
    watched.checkout.emulator.forget();
    let _drift = watched.checkout.project.run("--blame drift").exits(0);
    let alone = watched.checkout.emulator.requests().len();
    watched.checkout.emulator.forget();
    let _found = watched.event().run("drift").exits(2);
    assert_eq!(watched.checkout.emulator.requests().len(), alone);
}

#[test]
fn names_that_deceive_arrive_as_they_are_live() {
    let watched = Watched::new(ROLES);
    let emulator = &watched.checkout.emulator;
    let name = "One \u{202e}nimda\u{202c}\u{200b} ```` </details> @octocat";
    emulator.edit_role("One", &json!({ "name": name, "description": "::error::no\n``````\n/close" }));
    let page = watched.look();
    assert!(!page.contains(['\u{202e}', '\u{200b}']), "{page}");
    watched.apply(&patch(&page));
    watched.is_clean();
}

#[test]
fn a_file_whose_name_git_quotes() {
    let watched = Watched::new(ROLES);
    let project = &watched.checkout.project;
    let text = project.read("roles/all.yaml");
    project.git("rm -q roles/all.yaml");
    let file = "roles/our own \"rôles\"\u{200b}.yaml";
    project.write(file, &text);
    watched.checkout.commit_and_push("another name");
    watched.checkout.settle();
    watched.checkout.emulator.edit_role("Two", &json!({ "permissions": ["learnings:read"] }));
    let page = watched.look();
    watched.apply(&patch(&page));
    assert_ne!(project.read(file), text);
    watched.is_clean();
}

#[test]
fn a_patch_that_a_page_would_alter_is_not_shown() {
    let carriage_returns = ROLES.replace('\n', "\r\n");
    let watched = Watched::new(&carriage_returns);
    watched.checkout.emulator.edit_role("One", &json!({ "permissions": ["learnings:read"] }));
    let page = watched.look();
    assert_eq!(patches(&page), Vec::<String>::new());
    assert!(page.contains("it holds characters that nobody sees"), "{page}");
    assert!(page.contains("`rolecall import --drift` prints it."), "{page}");
}

#[test]
fn p2_no_credential_is_in_a_patch_and_no_patch_lacks_one_silently() {
    let watched = Watched::new(ROLES);
    let key = "desk-of-acme-in-the-east";
    watched.checkout.emulator.edit_role("One", &json!({ "name": key }));
    let event = watched.event().with("CODERABBIT_API_KEY", key).with("ROLECALL_ALLOW_HOSTS", "127.0.0.1");
    let found = event.run("drift").exits(2);
    let shown = found.summary() + &found.results().to_string();
    assert!(!shown.contains(key), "{shown}");
    assert!(shown.contains("is not shown: something like a credential was in it"), "{shown}");
    watched.report("rolecall");
    let world = watched.github.world();
    let (_, issue) = world.issues.iter().next_back().expect("an issue");
    assert!(!issue.body.contains(key) && patches(&issue.body).is_empty(), "{}", issue.body);
}

#[test]
fn people_are_named_in_a_patch_only_where_they_may_be() {
    let people = "assignments:\n  - role: one\n    users: [\"1003\", \"1004\"]\n";
    let watched = Watched::new(&format!("{ROLES}{people}"));
    let emulator = &watched.checkout.emulator;
    emulator.give("1004", &emulator.role_id("Two"));
    let page = watched.look();
    assert_eq!(patches(&page), Vec::<String>::new());
    assert!(page.contains("is not shown: it names people, who are only counted here"), "{page}");
    assert!(!page.contains("1004") && !page.contains("1003"), "{page}");
    // A change of a role beside nobody is shown all the same.
    emulator.give("1004", &emulator.role_id("One"));
    emulator.edit_role("One", &json!({ "permissions": ["learnings:read"] }));
    let page = watched.look();
    assert!(!patch(&page).contains("1003"), "{page}");
    // Where people may be named.
    emulator.edit_role("One", &json!({ "permissions": ["reports:read"] }));
    watched.checkout.project.config_also("comments: { names: true }");
    watched.checkout.commit_and_push("name people");
    watched.checkout.project.write("notes.md", "The revision before has to say so, too.\n");
    watched.checkout.commit_and_push("a note");
    watched.checkout.settle();
    emulator.give("1004", &emulator.role_id("Two"));
    let page = watched.look();
    watched.apply(&patch(&page));
    watched.is_clean();
}

#[test]
fn what_the_patch_does_not_take_is_said_without_names() {
    let people = "    protect: [add]\nassignments:\n  - role: one\n    users: [\"1003\"]\n";
    let definitions = ROLES
        .replace("  two: { name: Two, description: Needed, permissions: { reports: [read] } }\n", people);
    let watched = Watched::new(&definitions);
    let emulator = &watched.checkout.emulator;
    emulator.edit_role("One", &json!({ "permissions": ["reports:read", "learnings:read"] }));
    let clicked = emulator.make_role(&json!({ "name": "Clicked", "permissions": ["reports:read"] }));
    emulator.give("1003", &clicked);
    let page = watched.look();
    assert!(
        page.contains("No patch takes it over:\n\n- reviews: refused: roles/all.yaml<span>&#58;</span>"),
        "{page}"
    );
    assert!(page.contains("a role that is not declared") && page.contains("(a person)"), "{page}");
    assert!(!page.contains("1003") && !page.to_lowercase().contains("mira"), "{page}");
}

/// Drift of one role, with a patch that changes `file`.
fn part(name: &str, file: &str, lines: usize) -> Results {
    let mut drift = plan(&roles(1));
    drift.targets[0].name = name.into();
    let added = "+  # a line that somebody would have to read\n".repeat(lines);
    let patch = format!(
        "diff --git a/{file} b/{file}\n--- a/{file}\n+++ b/{file}\n@@ -1 +1,{} @@\n provider: coderabbit\n{added}",
        lines + 1
    );
    let mut results = results(Command::Drift, drift);
    results.acceptances = vec![Acceptance {
        targets: vec![name.into()],
        sha256: Sha256::digest(patch.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect(),
        patch: patch.into(),
        files: vec![file.into()],
        left: Vec::new(),
        people: Vec::new(),
    }];
    results
}

#[test]
fn a_patch_that_does_not_fit_is_left_out_whole() {
    let github = GitHub::start();
    let mut job = Job::on_github(&github, "schedule", &json!({}));
    job.project.set("INPUT_ISSUE", "auto");
    for (lines, shown) in [(1_000, 1), (2_000, 0)] {
        let _reported = job.report(&part("reviews", "roles/a.yaml", lines)).exits(0);
        let page = github.world().issues.values().next().expect("an issue").body.clone();
        assert_eq!(patches(&page).len(), shown, "{lines}");
        assert!(page.len() <= 60_000 && page.contains("Helper 0"), "{page}");
        let said =
            "**Incomplete:** the patch does not fit on this page. `rolecall import --drift` prints it.";
        assert_eq!(page.contains(said), shown == 0, "{page}");
    }
}

#[test]
fn each_part_has_its_patch_and_no_two_change_one_file() {
    let github = GitHub::start();
    let mut job = Job::on_github(&github, "schedule", &json!({}));
    job.project.set("INPUT_ISSUE", "auto");
    for (name, file) in
        [("east", "roles/east.yaml"), ("north", "roles/east.yaml"), ("west", "roles/west.yaml")]
    {
        job.leave(&format!("parts/{name}"), &part(name, file, 3));
    }
    let _reported = job.project.run("ci report --results parts").exits(0);
    let page = github.world().issues.values().next().expect("an issue").body.clone();
    let all = patches(&page);
    assert!(all.len() == 2 && all[0].contains("east.yaml") && all[1].contains("west.yaml"), "{page}");
    for text in [
        "<summary>Patch for east: 1 file</summary>",
        "<summary>Patch for west: 1 file</summary>",
        "The patch for north is not shown: it changes a file that another patch changes, too.",
    ] {
        assert!(page.contains(text), "{text} is not in {page}");
    }
}

#[test]
fn parts_that_ran_by_themselves_apply_one_after_the_other() {
    let watched = Watched::new(ROLES);
    let project = &watched.checkout.project;
    let other = Emulator::start();
    let files = |name: &str, emulator: &Emulator| {
        target(name, &emulator.url).replace("roles/**/*.yaml", &format!("{name}/*.yaml"))
    };
    let targets = [("east", &watched.checkout.emulator), ("west", &other)];
    project.config(&targets.map(|(name, emulator)| files(name, emulator)).concat());
    project.git("rm -q -r roles");
    for (name, _) in targets {
        project.write(&format!("{name}/roles.yaml"), &format!("provider: coderabbit\n{ROLES}"));
    }
    watched.checkout.commit_and_push("two targets");
    watched.checkout.settle();
    let folder = |name: &str| project.home().join("parts").join(name).display().to_string();
    for (name, emulator) in targets {
        emulator.edit_role("One", &json!({ "permissions": ["reports:read", "learnings:read"] }));
        let event = watched.event().input("targets", name).with("ROLECALL_RESULTS", &folder(name));
        let _found = event.run("drift").exits(2);
    }
    watched.report("parts");
    let page = watched.github.world().issues.values().next().expect("an issue").body.clone();
    let all = patches(&page);
    assert_eq!(all.len(), 2, "{page}");
    for patch in &all {
        watched.apply(patch);
    }
    watched.is_clean();
}
