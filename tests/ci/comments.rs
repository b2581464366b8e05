//! The one comment on a pull request.

use rolecall::ci::{decision::Command, results::Results};
use serde_json::json;

use super::{
    github::{BOT, Fault, GitHub},
    world::{HEAD, Job, NEWER, plan, pull_request, results, roles},
};

/// A fault that answers once.
fn fault(request: &'static str, part: &'static str, status: u16, message: &'static str) -> Fault {
    Fault { request, part, status, header: None, message, done: false }
}

/// A marker of the same workflow, as anybody can write one.
fn marker(head: &str) -> String {
    format!(
        "<!-- rolecall:plan {{\"workflow\":\"roles plan\",\"head\":\"{head}\",\"digest\":null,\"v\":1}} -->"
    )
}

#[test]
fn a_comment_is_made_once_and_then_updated() {
    let github = GitHub::start();
    let job = Job::of_pull_request(&github);
    let _made = job.report(&results(Command::Plan, plan(&roles(2)))).exits(0).has("A comment was made on #7");
    let all = github.comments(7);
    let [(id, author, body)] = all.as_slice() else { panic!("one comment: {all:?}") };
    assert_eq!(author, BOT);
    assert!(body.starts_with("<!-- rolecall:plan {\"workflow\":\"roles plan\""), "{body}");
    for text in [HEAD, "sha256:", "Helper 1", "actions/runs/42"] {
        assert!(body.contains(text), "{text} is not in {body}");
    }
    assert_eq!(
        job.outputs(),
        format!("comment_id={id}\ncomment_url=https://github.com/acme/roles/pull/7#issuecomment-{id}\n")
    );

    let _updated =
        job.report(&results(Command::Plan, plan(&roles(1)))).exits(0).has("The comment was updated");
    let all = github.comments(7);
    assert_eq!((all.len(), all[0].0), (1, *id));
    assert!(!all[0].2.contains("Helper 1"), "{}", all[0].2);

    // Nothing to change any more: said where it was said before.
    let _quiet = job.report(&results(Command::Plan, plan(&roles(0)))).exits(0);
    let all = github.comments(7);
    assert!(all.len() == 1 && all[0].2.contains("No changes"), "{all:?}");
    github.is_content();
}

#[test]
fn no_changes_are_no_reason_for_a_comment() {
    let github = GitHub::start();
    let job = Job::of_pull_request(&github);
    let _quiet = job.report(&results(Command::Plan, plan(&roles(0)))).exits(0).has("no comment to correct");
    assert_eq!(github.seen("POST /repos"), 0);
    assert_eq!(job.outputs(), "");
}

#[test]
fn a_hundred_and_five_comments_that_spoof_the_marker_are_left_alone() {
    let github = GitHub::start();
    let job = Job::of_pull_request(&github);
    let before = github.comment(7, BOT, &format!("{}\nold", marker(NEWER)));
    for number in 0..105 {
        let _spoof =
            github.comment(7, &format!("mallory-{number}"), &format!("{}\napply this", marker(HEAD)));
    }
    // Of the bot itself, but other workflows', other topics', or with the marker further down.
    let others = [
        marker(HEAD).replace("roles plan", "roles apply"),
        marker(HEAD).replace(":plan", ":fork-diff"),
        format!("Quote:\n{}", marker(HEAD)),
    ];
    let others = others.map(|body| github.comment(7, BOT, &body));
    let last = github.comment(7, BOT, &format!("{}\nnewer", marker(NEWER)));
    let _updated =
        job.report(&results(Command::Plan, plan(&roles(1)))).exits(0).has("The comment was updated");
    let all = github.comments(7);
    assert_eq!(all.len(), 105 + others.len() + 1, "one of two own ones is folded away");
    for (id, author, body) in all {
        assert_ne!(id, before);
        if id == last {
            assert!(body.contains("Helper 0"), "{body}");
        } else {
            assert!(author != BOT || others.contains(&id), "{author}: {body}");
            assert!(!body.contains("Helper 0"), "{body}");
        }
    }
    assert!(github.world().comments[&before].minimized);
    assert_eq!(github.seen("GET /repos/acme/roles/issues/7/comments"), 2);
    github.is_content();
}

#[test]
fn a_newer_head_keeps_its_comment() {
    let github = GitHub::start();
    let job = Job::of_pull_request(&github);
    github.pull(7, NEWER, &json!({}));
    let _own = github.comment(7, BOT, &format!("{}\nof the newer one", marker(NEWER)));
    let _stale =
        job.report(&results(Command::Plan, plan(&roles(1)))).exits(0).has("A newer commit is proposed");
    assert!(github.comments(7)[0].2.ends_with("of the newer one"));
    assert_eq!(github.seen("PATCH") + github.seen("POST /repos"), 0);
}

#[test]
fn somebody_with_a_token_of_their_own_finds_their_own_comment() {
    let github = GitHub::start();
    github.world().user = Some("mira".to_owned());
    let mut job = Job::of_pull_request(&github);
    job.project.set("GITHUB_TOKEN", "ghp_0123456789abcdefghijklmnopqrstuvwxyz");
    let bots = github.comment(7, BOT, &marker(HEAD));
    for _ in 0..2 {
        let _reported = job.report(&results(Command::Plan, plan(&roles(1)))).exits(0);
    }
    let all = github.comments(7);
    assert_eq!(all.iter().map(|(_, author, _)| author.as_str()).collect::<Vec<_>>(), [BOT, "mira"]);
    assert_eq!(all[0], (bots, BOT.to_owned(), marker(HEAD)));
}

#[test]
fn p9_nothing_is_posted_for_a_fork() {
    let github = GitHub::start();
    github.pull(7, HEAD, &json!({}));
    let job = Job::on_github(&github, "pull_request", &pull_request("mallory/roles"));
    for command in [Command::Plan, Command::Diff] {
        let _none = job.report(&results(command, plan(&roles(1)))).exits(0).has("no right to comment");
    }
    assert_eq!(github.world().seen, Vec::<String>::new());
}

#[test]
fn the_diff_of_a_fork_has_a_marker_of_its_own() {
    let github = GitHub::start();
    let fork = json!({"sha": HEAD, "ref": "change", "repo": {"id": 2, "full_name": "mallory/roles"}});
    github.pull(7, HEAD, &json!({"head": fork}));
    github.pull(8, HEAD, &json!({"head": {"sha": NEWER, "ref": "change", "repo": fork["repo"]}}));
    let payload = json!({"workflow_run": {
        "event": "pull_request", "head_sha": HEAD, "head_branch": "change",
        "head_repository": {"full_name": "mallory/roles", "owner": {"login": "mallory"}},
    }});
    let job = Job::on_github(&github, "workflow_run", &payload);
    let mut ran = Results::new(Command::Diff);
    ran.diff = "One role is new.\n".to_owned();
    let _made = job.report(&ran).exits(0).has("A comment was made on #7");
    let all = github.comments(7);
    assert!(all.len() == 1 && all[0].2.starts_with("<!-- rolecall:fork-diff "), "{all:?}");
    assert!(github.comments(8).is_empty());
    // A plan is never posted there.
    let _none = job.report(&results(Command::Plan, plan(&roles(1)))).exits(0).has("Nothing is reported");
    assert_eq!(github.comments(7).len(), 1);
    github.is_content();
}

#[test]
fn what_was_merged_hears_of_the_apply() {
    let github = GitHub::start();
    let merged = json!({"state": "closed", "merged_at": "2026-11-20T10:00:00Z", "merge_commit_sha": HEAD});
    github.pull(5, NEWER, &merged);
    github.pull(6, NEWER, &json!({"state": "closed"}));
    let job = Job::on_github(&github, "push", &json!({}));
    let mut ran = Results::new(Command::Apply);
    ran.exit = 7;
    ran.failure = Some(rolecall::plan::document::TargetError {
        exit: 7,
        message: "the product cannot be reached".into(),
        help: None,
    });
    // Found by the commit of the merge, as GitHub does not know the way from it.
    let _made = job.report(&ran).exits(0).has("A comment was made on #5");
    assert!(github.comments(5)[0].2.contains("the product cannot be reached"));
    // The run knows which ones they are.
    ran.merged = vec![5, 6];
    let _both =
        job.report(&ran).exits(0).has("The comment was updated on #5").has("A comment was made on #6");
    github.is_content();
}

#[test]
fn a_newer_head_with_errors_takes_the_place_of_the_plan_that_stands_there() {
    let github = GitHub::start();
    let job = Job::of_pull_request(&github);
    let mut invalid = Results::new(Command::Validate);
    let _valid = job.report(&invalid).exits(0).has("the definitions are valid");
    invalid.exit = 3;
    invalid.findings = "**RC020** unknown field\n".to_owned();
    // Where nothing stands, the check says it.
    let _none = job.report(&invalid).exits(0).has("no comment with a plan to correct");
    assert_eq!(github.seen("POST /repos"), 0);

    let plan = github.comment(7, BOT, &format!("{}\n### Plan: 1 to change.", marker(NEWER)));
    let diff = marker("no commit").replace(":plan", ":diff");
    let diff = github.comment(7, BOT, &format!("{diff}\nOne role is new."));
    let _both = job.report(&invalid).exits(0).has("The comment was updated");
    let all = github.comments(7);
    assert_eq!(all.iter().map(|(id, ..)| *id).collect::<Vec<_>>(), [plan, diff]);
    for (_, _, body) in &all {
        for text in [": the definitions have errors", "RC020", &HEAD[..12]] {
            assert!(body.contains(text), "{text} is not in {body}");
        }
        assert!(!body.contains("1 to change") && !body.contains("One role is new"), "{body}");
    }
    assert!(all[0].2.contains(&format!("was of the older commit `{}`", &NEWER[..12])), "{}", all[0].2);
    assert!(all[1].2.contains("was of the older commit."), "{}", all[1].2);

    // The next plan takes its place again, and an old run says nothing.
    let _planned = job.report(&results(Command::Plan, super::world::plan(&roles(1)))).exits(0);
    assert!(github.comments(7)[0].2.contains("Helper 0"));
    github.pull(7, NEWER, &json!({}));
    let _stale = job.report(&invalid).exits(0).has("A newer commit is proposed");
    assert!(github.comments(7)[0].2.contains("Helper 0"));
    github.is_content();
}

#[test]
fn a_part_of_an_apply_that_left_nothing_is_named() {
    let github = GitHub::start();
    github.pull(5, NEWER, &json!({"state": "closed", "merged_at": "2026-11-20T10:00:00Z"}));
    let job = Job::on_github(&github, "push", &json!({}));
    for part in 1..=4 {
        let shard = format!("{part}/4").parse().expect("a part");
        // The third one has nothing to do, so nobody applies it.
        let mut planned = results(Command::Plan, plan(&roles(usize::from(part != 3))));
        planned.shards = vec![shard];
        planned.merged = vec![5];
        job.leave(&format!("all/planned-{part}"), &planned);
        let mut applied = Results::new(Command::Apply);
        applied.shards = vec![shard];
        if part == 1 {
            job.leave(&format!("all/results-{part}"), &applied);
        }
    }
    let _told = job.project.run("ci report --results all").exits(0).has("A comment was made on #5");
    let body = &github.comments(5)[0].2;
    assert!(body.contains("no results of the parts 2/4, 4/4"), "{body}");
    github.is_content();
}

#[test]
fn nothing_to_report_fails_no_run() {
    let github = GitHub::start();
    let job = Job::of_pull_request(&github);
    std::fs::create_dir(job.project.dir.join("empty")).expect("a folder");
    for folder in ["empty", "missing"] {
        let said = job.project.run(&format!("ci report --results {folder}")).exits(0);
        let _warned = said.has("::warning title=rolecall::nothing was reported: there are no results in");
    }
    std::fs::write(job.project.dir.join("empty/results.json"), "{}").expect("a file");
    let _warned =
        job.project.run("ci report --results empty").exits(0).has("is not what this program writes");
    // What the call itself says wrong is no matter of the report.
    let _usage = job.project.run("ci report --results empty --comment maybe").exits(64);
}

#[test]
fn parts_of_a_matrix_are_one_comment() {
    let github = GitHub::start();
    let job = Job::of_pull_request(&github);
    for name in ["east", "west"] {
        let mut plan = plan(&roles(1));
        plan.targets[0].name = name.into();
        job.leave(&format!("parts/{name}"), &results(Command::Plan, plan));
    }
    let _made = job.project.run("ci report --results parts").exits(0).has("A comment was made");
    let body = &github.comments(7)[0].2;
    assert!(body.contains("#### east") && body.contains("#### west"), "{body}");
}

#[test]
fn a_failed_comment_is_a_warning_that_says_what_to_add() {
    for (faults, said) in [
        (
            vec![fault("POST", "comments", 403, "Resource not accessible by integration")],
            "Add `pull-requests: write` to `permissions:` of the job.",
        ),
        (
            vec![fault("GET", "pulls/7", 404, "Not Found")],
            "GET /repos/acme/roles/pulls/7 was answered with 404: Not Found",
        ),
        (vec![fault("POST", "comments", 410, "Gone")], "answered with 410"),
        (vec![fault("GET", "comments", 401, "Bad credentials")], "The token is not known"),
        (vec![fault("POST", "comments", 422, "Validation Failed")], "answered with 422: Validation Failed"),
        (
            vec![
                fault("GET", "comments", 502, "Server Error"),
                fault("GET", "comments", 502, "Server Error"),
            ],
            "answered with 502: Server Error",
        ),
    ] {
        let github = GitHub::start();
        let job = Job::of_pull_request(&github);
        github.world().faults = faults;
        let output = job.report(&results(Command::Plan, plan(&roles(1)))).exits(0).has(said);
        assert!(output.stdout.contains("::warning title=rolecall::the report failed, the run did not: "));
        assert!(github.comments(7).is_empty());
        assert_eq!(job.outputs(), "");
    }
}

#[test]
fn without_a_token_there_is_a_warning() {
    let github = GitHub::start();
    let mut job = Job::of_pull_request(&github);
    job.project.set("GITHUB_TOKEN", "");
    let _warned =
        job.report(&results(Command::Plan, plan(&roles(1)))).exits(0).has("GITHUB_TOKEN is not set");
    assert_eq!(github.world().seen.len(), 0);
}

#[test]
fn p1_the_token_goes_to_no_address_without_encryption() {
    let github = GitHub::start();
    let mut job = Job::of_pull_request(&github);
    for url in ["http://api.github.test", "ftp://127.0.0.1", "https://user:pass@127.0.0.1", "nonsense"] {
        job.project.set("GITHUB_API_URL", url);
        let _warned = job
            .report(&results(Command::Plan, plan(&roles(0))))
            .exits(0)
            .has("the address in GITHUB_API_URL");
    }
}

#[test]
fn reads_are_repeated_and_a_limit_is_waited_for() {
    let github = GitHub::start();
    let job = Job::of_pull_request(&github);
    let limited = |status, message| Fault {
        header: Some(("retry-after", "1")),
        ..fault("POST", "comments", status, message)
    };
    github.world().faults = vec![
        fault("GET", "comments", 502, "Server Error"),
        limited(429, "too many"),
        limited(403, "You have exceeded a secondary rate limit"),
    ];
    let _made = job.report(&results(Command::Plan, plan(&roles(1)))).exits(0).has("A comment was made");
    assert_eq!(github.comments(7).len(), 1);
    assert_eq!(github.seen("POST /repos/acme/roles/issues/7/comments"), 3);
}

#[test]
fn p12_a_limit_that_asks_for_an_hour_is_not_waited_for() {
    let github = GitHub::start();
    let job = Job::of_pull_request(&github);
    github.world().faults =
        vec![Fault { header: Some(("retry-after", "3600")), ..fault("POST", "comments", 403, "slow down") }];
    let _warned = job.report(&results(Command::Plan, plan(&roles(1)))).exits(0).has("lets nothing through");
    assert!(github.comments(7).is_empty());
}

#[test]
fn a_comment_that_was_made_without_an_answer_is_not_made_twice() {
    for done in [true, false] {
        let github = GitHub::start();
        let job = Job::of_pull_request(&github);
        github.world().faults = vec![Fault { done, ..fault("POST", "comments", 502, "Bad Gateway") }];
        let _made = job.report(&results(Command::Plan, plan(&roles(1)))).exits(0).has("A comment was made");
        assert_eq!(github.comments(7).len(), 1, "{done}");
        assert_eq!(github.seen("POST /repos"), if done { 1 } else { 2 });
    }
}

#[test]
fn a_plan_that_is_too_long_is_cut_and_says_so() {
    let github = GitHub::start();
    let job = Job::of_pull_request(&github);
    let ran = results(Command::Plan, plan(&roles(1500)));
    let _made = job.report(&ran).exits(0).has("A comment was made");
    let body = &github.comments(7)[0].2;
    assert!(body.chars().count() <= 60_000, "{}", body.chars().count());
    assert!(body.contains("**Incomplete:**") && body.contains("Digest"), "{body}");
    // A forge with another limit.
    github.world().faults =
        vec![fault("PATCH", "comments", 422, "Body is too long (maximum is 30000 characters)")];
    let _shorter = job.report(&ran).exits(0).has("The comment was updated");
    assert!(github.comments(7)[0].2.len() <= 20_000);
}

#[test]
fn p2_no_token_is_in_any_output() {
    let github = GitHub::start();
    let job = Job::of_pull_request(&github);
    let mut ran = results(Command::Plan, plan(&roles(1)));
    ran.notes.push(format!("somebody pasted {}", super::github::TOKEN).into());
    job.leave("results", &ran);
    github.world().faults =
        vec![fault("GET", "comments", 403, "no ghs_0123456789abcdefghijklmnopqrstuvwxyz")];
    let _warned =
        job.project.run("-vv ci report --results results").exits(0).lacks("ghs_").has("[credential]");
    let _made = job.project.run("-vv ci report --results results").exits(0).lacks("ghs_");
    let body = &github.comments(7)[0].2;
    assert!(
        body.contains("somebody pasted") && body.contains("credential") && !body.contains("0123456789ab"),
        "{body}"
    );
}

#[test]
fn comment_never_is_obeyed_and_a_wrong_call_is_not() {
    let github = GitHub::start();
    let mut job = Job::of_pull_request(&github);
    job.project.set("INPUT_COMMENT", "never");
    let _none = job.report(&results(Command::Plan, plan(&roles(1)))).exits(0).has("`comment` is `never`");
    assert_eq!(github.world().seen.len(), 0);
    job.project.set("INPUT_COMMENT", "auto");
    let _no_folder = job.project.run("ci report").exits(0).has("there are no results in");
    let _empty =
        job.project.run("ci report --results nowhere").exits(0).has("there are no results in nowhere");
    job.project.set("GITHUB_ACTIONS", "");
    let _elsewhere = job.project.run("ci report --results results").exits(64).has("neither GitHub Actions");
}
