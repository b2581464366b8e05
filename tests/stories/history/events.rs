//! What CI systems say of why they run.

use crate::common::{
    Emulator, Project,
    repository::{READS, begun, git, role},
};

const ZEROS: &str = "0000000000000000000000000000000000000000";

/// `main` and a branch `feature`, both moved on since they parted; the tip of the branch is checked
/// out as CI systems do it: detached, with the branches of the remote only.
fn checked_out(emulator: &Emulator) -> (Project, std::path::PathBuf) {
    let project = begun(emulator, "");
    project.git("checkout -q -b feature");
    project.role("two", "Two", READS);
    project.save("two");
    project.git("checkout -q main");
    project.role("three", "Three", READS);
    project.save("three");
    let _applied = project.apply().exits(0);
    let clone = project.clone_to("ci", "");
    git(&clone, &["fetch", "-q", "origin", "refs/rolecall/*:refs/rolecall/*"]);
    git(&clone, &["checkout", "-q", "--detach", "origin/feature"]);
    git(&clone, &["branch", "-q", "-D", "main"]);
    (project, clone)
}

fn planned(
    project: &Project,
    dir: &std::path::Path,
    variables: &[(&str, &str)],
) -> crate::common::repository::Plan {
    crate::common::repository::Plan(project.run_with(dir, variables, "plan --format json").exits(0).json())
}

#[test]
fn a_pull_request_is_planned_as_its_merge_with_and_without_the_forges_merge_commit() {
    let emulator = Emulator::start();
    let (project, clone) = checked_out(&emulator);
    let main = project.git("rev-parse main");
    let event = project.beside("event.json");
    let payload = format!("{{\"pull_request\":{{\"base\":{{\"sha\":\"{main}\"}}}}}}");
    std::fs::write(&event, payload).expect("written");
    let event = event.display().to_string();
    let github = [
        ("CI", "true"),
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_EVENT_NAME", "pull_request"),
        ("GITHUB_BASE_REF", "main"),
    ];
    let with_event: Vec<(&str, &str)> = github.into_iter().chain([("GITHUB_EVENT_PATH", &*event)]).collect();
    let gitlab = [("CI", "true"), ("GITLAB_CI", "true"), ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main")];
    let with_sha: Vec<(&str, &str)> =
        gitlab.into_iter().chain([("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", &*main)]).collect();
    let mut digests = Vec::new();
    for variables in [&github[..], &gitlab[..]] {
        let head = planned(&project, &clone, variables);
        assert_eq!(
            (head.changes(), head.revision("base")),
            (vec!["create two pending".to_owned()], Some(main.clone()))
        );
        assert!(head.revision("merged").is_some());
        digests.push(head.digests());
    }
    git(&clone, &["merge", "-q", "--no-ff", "-m", "merge", "origin/main"]);
    git(&clone, &["checkout", "-q", "--detach", "origin/main"]);
    git(&clone, &["merge", "-q", "--no-ff", "-m", "Merge 1 into 2", "origin/feature"]);
    for variables in [&github[..], &gitlab[..]] {
        let merge = planned(&project, &clone, variables);
        assert_eq!(
            (merge.changes(), merge.revision("base")),
            (vec!["create two pending".to_owned()], Some(main.clone()))
        );
        assert_eq!(merge.revision("merged"), None);
        digests.push(merge.digests());
    }
    // Without the branch of the remote, what the event tells of it counts.
    git(&clone, &["checkout", "-q", "--detach", "origin/feature"]);
    git(&clone, &["update-ref", "-d", "refs/remotes/origin/main"]);
    git(&clone, &["tag", "kept", &main]);
    for variables in [&with_event, &with_sha] {
        let told = planned(&project, &clone, variables);
        assert_eq!(
            (told.changes(), told.revision("base")),
            (vec!["create two pending".to_owned()], Some(main.clone()))
        );
        digests.push(told.digests());
    }
    assert!(digests.windows(2).all(|two| two[0] == two[1]), "{digests:?}");
    // And without either nothing goes, and that is said.
    let alone = planned(&project, &clone, &github);
    assert!(alone.notes().contains("fetch-depth: 0"), "{}", alone.notes());
    assert!(alone.changes().iter().all(|change| !change.starts_with("delete")), "{:?}", alone.changes());
    assert_eq!(alone.revision("base"), None);
}

#[test]
fn a_push_is_compared_with_what_the_branch_was_before_it() {
    let emulator = Emulator::start();
    let project = begun(&emulator, "");
    let before = project.git("rev-parse HEAD");
    for key in ["two", "three"] {
        project.role(key, key, READS);
        project.save(key);
    }
    let last = project.git("rev-parse HEAD~1");
    let event = project.beside("event.json");
    let path = event.display().to_string();
    let both = ["create three pending", "create two pending"];
    let one = ["create three pending", "create two unapplied"];
    let gone = "8d10c33fa1b2c3d4e5f60718293a4b5c6d7e8f90";
    for (said, base, changes) in [
        (&*before, &before, both),
        (ZEROS, &last, one),
        (gone, &last, one),
        ("main~2", &last, one),
        ("", &last, one),
    ] {
        std::fs::write(&event, format!("{{\"before\":\"{said}\",\"after\":\"x\"}}")).expect("written");
        let github =
            [("GITHUB_ACTIONS", "true"), ("GITHUB_EVENT_NAME", "push"), ("GITHUB_EVENT_PATH", &*path)];
        let gitlab = [("GITLAB_CI", "true"), ("CI_COMMIT_BRANCH", "main"), ("CI_COMMIT_BEFORE_SHA", said)];
        for variables in [github, gitlab] {
            let plan = planned(&project, &project.dir, &variables);
            assert_eq!(
                (plan.revision("base").as_ref(), plan.changes()),
                (Some(base), changes.map(str::to_owned).to_vec()),
                "{said:?}"
            );
        }
    }
    // An event that cannot be read is as none: that of the branch counts.
    for content in ["", "[1", "{\"before\": 7}"] {
        std::fs::write(&event, content).expect("written");
        let github =
            [("GITHUB_ACTIONS", "true"), ("GITHUB_EVENT_NAME", "push"), ("GITHUB_EVENT_PATH", &*path)];
        assert_eq!(planned(&project, &project.dir, &github).changes(), one);
    }
    // `--base` wins.
    let plan = project.run_with(
        &project.dir,
        &[("GITLAB_CI", "true"), ("CI_COMMIT_BRANCH", "main"), ("CI_COMMIT_BEFORE_SHA", &before)],
        "plan --format json --base HEAD",
    );
    assert_eq!(
        crate::common::repository::Plan(plan.exits(0).json()).changes(),
        ["create three unapplied", "create two unapplied"]
    );
}

#[test]
fn a_name_that_an_event_chose_leads_nowhere_else() {
    let emulator = Emulator::start();
    let (project, clone) = checked_out(&emulator);
    for name in ["../../heads/feature", "feature^{tree}", "--help", "main\nfeature", "\u{1b}[31m"] {
        let variables = [("GITHUB_ACTIONS", "true"), ("GITHUB_BASE_REF", name)];
        let plan = planned(&project, &clone, &variables);
        assert_eq!(plan.revision("base"), None, "{name:?}");
        assert!(plan.changes().iter().all(|change| !change.starts_with("delete")), "{:?}", plan.changes());
    }
    assert_eq!(role("a", "A", READS).matches('\n').count(), 1);
}
