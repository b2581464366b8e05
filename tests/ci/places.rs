//! Where a run writes, and which results it reads: a checkout may hold links that lead anywhere, and results that
//! no run left.

use std::fs;

use super::{
    checkout::{Checkout, REPOSITORY},
    gitlab::{GitLab, TOKEN},
};

#[cfg(unix)]
fn link(to: &std::path::Path, at: &std::path::Path) {
    let _old = fs::remove_file(at);
    std::os::unix::fs::symlink(to, at).expect("a link");
}

#[cfg(unix)]
#[test]
fn p10_no_link_of_a_checkout_leads_a_file_out() {
    let checkout = Checkout::new();
    let outside = checkout.project.beside("outside");
    fs::create_dir_all(&outside).expect("a folder");
    let victim = outside.join("report.sh");
    fs::write(&victim, "echo of the machine\n").expect("a file");
    let dir = &checkout.project.dir;
    let head = checkout.propose("fork", || {
        link(&victim, &dir.join("rolecall.sarif"));
        link(&outside, &dir.join("reports"));
    });
    checkout.project.git("checkout -q fork");
    let absolute = outside.join("new.sarif").display().to_string();
    let from_top = dir.join("reports/new.sarif").display().to_string();
    for (path, why) in [
        ("rolecall.sarif", "symbolic link"),
        ("reports/new.sarif", "symbolic link"),
        (&from_top, "symbolic link"),
        ("../outside/new.sarif", "`..`"),
        ("reports/../../outside/new.sarif", "`..`"),
        (&absolute, "outside of the checkout"),
    ] {
        let run = checkout.pull_request(&head, "mallory/roles").input("sarif_file", path);
        let _refused = run.run("validate").exits(4).has(why);
        let run = checkout.pull_request(&head, REPOSITORY).input("record_file", path);
        let _refused = run.run("plan").exits(4).has(why);
    }
    // Nothing of an apply is sent before it is known where its record goes.
    checkout.project.git("checkout -q main");
    let main = checkout.head();
    link(&victim, &dir.join("record.json"));
    let _refused = checkout.push(&main).input("record_file", "record.json").run("apply").exits(4);
    assert_eq!(checkout.emulator.sent(), Vec::<String>::new());
    // The folder of results, whoever named it.
    checkout.project.git("checkout -q fork");
    for folder in ["reports", "reports/1", "rolecall.sarif"] {
        let results = dir.join(folder).display().to_string();
        let run = checkout.pipeline("push", &head).with("ROLECALL_RESULTS", &results);
        let _refused = run.run("validate").exits(4);
        let _refused = run.run_with(&["ci", "report"]).exits(4);
    }
    assert_eq!(fs::read_to_string(&victim).expect("it is there"), "echo of the machine\n");
    assert_eq!(fs::read_dir(&outside).expect("a folder").count(), 1, "nothing else is there");
}

#[test]
fn a_file_of_a_run_takes_the_place_of_one_that_lies_there() {
    let checkout = Checkout::new();
    let head = checkout.head();
    let dir = &checkout.project.dir;
    let results = dir.join("rolecall-results/1");
    fs::create_dir_all(&results).expect("a folder");
    fs::write(results.join("rolecall.env"), "ROLECALL_DIGEST=sha256:old\n").expect("a file");
    let run = checkout.pipeline("push", &head).with("ROLECALL_RESULTS", "rolecall-results/1");
    let _planned = run.input("sarif_file", "reports/of/validate.sarif").run("plan").exits(2);
    let left = fs::read_to_string(results.join("rolecall.env")).expect("it is there");
    assert_eq!(left.matches("ROLECALL_DIGEST=").count(), 1, "{left}");
    assert!(!left.contains("sha256:old"), "{left}");
    let run = checkout.push(&head).input("sarif_file", "reports/of/validate.sarif");
    let _valid = run.run("validate").exits(0);
    assert!(dir.join("reports/of/validate.sarif").is_file());
}

#[test]
fn p3_results_that_were_committed_are_those_of_no_run() {
    let checkout = Checkout::new();
    let project = &checkout.project;
    project.write("rolecall-results/9/results.json", "{}");
    project.write("rolecall-applied/9/record.json", "{}");
    let head = checkout.commit_and_push("results");
    let gitlab = GitLab::start(&head);
    let event = || {
        let event = checkout.merge_request(7, &head, "main");
        event.with("CI_API_V4_URL", &gitlab.url).with("ROLECALL_GITLAB_NOTE_TOKEN", TOKEN)
    };
    let planned = event().with("ROLECALL_RESULTS", "rolecall-results/1").run("plan");
    assert_eq!(planned.output.code, 2, "{}", planned.output.everything());
    for folder in ["rolecall-results", "rolecall-results/9", "Rolecall-Results"] {
        let committed = event().with("ROLECALL_RESULTS", folder);
        let _refused = committed.run_with(&["ci", "report"]).exits(4).has("was committed");
        let _refused = committed.run("plan").exits(4).has("was committed");
    }
    assert!(gitlab.notes(7).is_empty());
    let record = checkout.pipeline("push", &head).input("record_file", "rolecall-applied/9/record.json");
    let _refused = record.run("record").exits(4).has("was committed");
}

#[test]
fn what_is_not_committed_is_never_applied_whatever_the_variable_ci_says() {
    let checkout = Checkout::new();
    let head = checkout.head();
    let role = crate::common::repository::role("evil", "Evil", crate::common::repository::READS);
    checkout.project.write("roles/evil.yaml", &format!("provider: coderabbit\nroles:\n{role}"));
    for ci in ["true", "false", ""] {
        for run in [checkout.push(&head), checkout.pipeline("push", &head)] {
            let _refused = run.with("CI", ci).run("apply").exits(4).has("differs from the commit");
        }
    }
    assert_eq!(checkout.emulator.sent(), Vec::<String>::new());
}
