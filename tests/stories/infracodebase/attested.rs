//! Nobody attests for themselves: of what is proposed to a branch the copy of that branch counts.

use super::{COMPLIANCE, RULESETS, approver, attested, changes, define, emulator, planned};
use crate::common::{
    Project,
    repository::{git, save},
};

const STEPS: [&str; 1] = ["update role/approver@enterprise by hand"];

/// A branch `feature` that gives the role more and attests that itself.
fn proposal(project: &Project) {
    project.git("checkout -q -b feature");
    define(project, &approver(&format!("{RULESETS}, {COMPLIANCE}")));
    let _attested = project.run("import --attest").exits(0).has("Wrote .rolecall/attested/platform.json");
    assert!(project.read(".rolecall/attested/platform.json").contains(COMPLIANCE));
}

#[test]
fn a_proposal_that_brings_its_own_attested_file_along_still_shows_the_steps() {
    let emulator = emulator();
    let project = attested(&emulator);
    proposal(&project);
    // Before and after it is committed.
    assert_eq!(planned(&project, ""), STEPS);
    project.save("more, and done, I swear");
    assert_eq!(planned(&project, ""), STEPS);
    let _shown = project.plan().exits(0).has("Add the permissions `enterprise.compliance.approve`.");
    // Once somebody reviewed and merged it, the work is known to be done.
    project.git("checkout -q main");
    project.git("merge -q --no-ff -m merged feature");
    assert_eq!(planned(&project, ""), [""; 0]);
}

#[test]
fn no_base_and_no_revision_makes_the_own_copy_count() {
    let emulator = emulator();
    let project = attested(&emulator);
    proposal(&project);
    project.save("more");
    for args in ["--base main", "--base HEAD~1", "--base HEAD", "--rev feature", "--rev feature --base main"]
    {
        let plan = project.run(&format!("plan --format json {args}")).exits(0).json();
        assert_eq!(changes(&plan), STEPS, "{args}");
    }
    project.git("checkout -q main");
    assert_eq!(planned(&project, "--rev feature"), STEPS);
    assert_eq!(planned(&project, "--rev main"), [""; 0]);
    project.git("checkout -q --detach feature");
    assert_eq!(planned(&project, ""), STEPS);
}

#[test]
fn another_target_branch_in_the_proposal_does_not_make_the_own_copy_count() {
    let emulator = emulator();
    let project = attested(&emulator);
    proposal(&project);
    project.config_also("apply_from: [feature]");
    project.save("this is the main branch now");
    assert_eq!(planned(&project, ""), STEPS);
}

#[test]
fn a_proposal_that_is_behind_is_judged_by_the_tip() {
    let emulator = emulator();
    let project = attested(&emulator);
    proposal(&project);
    project.save("more");
    project.git("checkout -q main");
    project.write("roles/other.yaml", "provider: infracodebase\n");
    project.save("something else");
    project.git("checkout -q feature");
    let plan = project.run("plan --format json").exits(0).json();
    assert!(!plan["revisions"]["merged"].is_null(), "both were merged");
    assert_eq!(changes(&plan), STEPS);
}

#[test]
fn pull_requests_of_both_forges_are_judged_by_their_target_branch() {
    let emulator = emulator();
    let project = attested(&emulator);
    proposal(&project);
    project.save("more");
    project.git("checkout -q main");
    let clone = project.clone_to("ci", "");
    git(&clone, &["checkout", "-q", "--detach", "origin/feature"]);
    git(&clone, &["branch", "-q", "-D", "main"]);
    let github = [
        ("CI", "true"),
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_EVENT_NAME", "pull_request"),
        ("GITHUB_BASE_REF", "main"),
    ];
    let gitlab = [("CI", "true"), ("GITLAB_CI", "true"), ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main")];
    let push = [("CI", "true"), ("GITHUB_ACTIONS", "true"), ("GITHUB_EVENT_NAME", "push")];
    for variables in [&github[..], &gitlab[..], &push[..]] {
        for args in ["", " --rev HEAD", " --base HEAD~1"] {
            let plan =
                project.run_with(&clone, variables, &format!("plan --format json{args}")).exits(0).json();
            assert_eq!(changes(&plan), STEPS, "{variables:?}{args}");
        }
    }
    // The merge commit that a forge makes holds the copy of the proposal.
    git(&clone, &["checkout", "-q", "--detach", "origin/main"]);
    git(&clone, &["merge", "-q", "--no-ff", "-m", "Merge 1 into 2", "origin/feature"]);
    for variables in [&github[..], &gitlab[..]] {
        let plan = project.run_with(&clone, variables, "plan --format json").exits(0).json();
        assert_eq!(changes(&plan), STEPS, "{variables:?}");
    }
    // In a clone without the target branch nobody's copy counts.
    git(&clone, &["checkout", "-q", "--detach", "origin/feature"]);
    for reference in ["refs/remotes/origin/main", "refs/remotes/origin/HEAD"] {
        git(&clone, &["update-ref", "--no-deref", "-d", reference]);
    }
    for variables in [&github[..], &gitlab[..]] {
        let plan = project.run_with(&clone, variables, "plan --format json").exits(0).json();
        assert_eq!(changes(&plan), ["create role/approver@enterprise by hand"], "{variables:?}");
    }
}

#[test]
fn a_role_that_a_proposal_takes_out_of_both_files_is_still_to_be_deleted() {
    let emulator = emulator();
    let project = attested(&emulator);
    project.git("checkout -q -b feature");
    define(&project, "removed: [approver]\n");
    project.write(
        ".rolecall/attested/platform.json",
        "{\n  \"version\": 1,\n  \"provider\": \"infracodebase\",\n  \"roles\": []\n}\n",
    );
    project.save("gone, I swear");
    assert_eq!(planned(&project, ""), ["delete role/=Approver@enterprise by hand"]);
    project.remove(".rolecall/attested/platform.json");
    project.save("and the file");
    assert_eq!(planned(&project, ""), ["delete role/=Approver@enterprise by hand"]);
}

#[test]
fn a_target_that_a_proposal_renames_has_nothing_attested() {
    let emulator = emulator();
    let project = attested(&emulator);
    project.git("checkout -q -b feature");
    let config = project.read("rolecall.yaml").replace("  platform:", "  renamed:");
    project.write("rolecall.yaml", &config);
    project.git("mv .rolecall/attested/platform.json .rolecall/attested/renamed.json");
    save(&project.dir, "another name");
    let plan = project.run("plan --format json").json();
    let change = &plan["targets"][0]["changes"][0];
    assert_eq!(change["address"], "renamed/role/approver@enterprise");
    assert!(!change["manual"].is_null());
}

#[test]
fn an_attested_file_that_is_no_snapshot_is_an_error() {
    let emulator = emulator();
    let project = attested(&emulator);
    for text in [
        "{}",
        "[]",
        "{\"version\":2,\"provider\":\"infracodebase\",\"roles\":[]}",
        "{\"version\":1,\"provider\":\"workos\",\"roles\":[]}",
    ] {
        project.write(".rolecall/attested/platform.json", text);
        let _said = project.plan().exits(3).has(".rolecall/attested/platform.json");
    }
}

#[test]
fn who_holds_a_role_by_what_is_attested_is_a_person() {
    let emulator = emulator();
    let project = attested(&emulator);
    let held = "assignments:\n  - { role: approver, scope: enterprise, users: [\"email:mira@acme.test\"] }\n";
    define(&project, &format!("{}{held}", approver(RULESETS)));
    project.save("mira");
    let _open = project.apply().exits(8);
    let _attested = project.run("import --attest").exits(0);
    project.save("done by hand");
    define(&project, &format!("{}{held}", approver(&format!("{RULESETS}, {COMPLIANCE}"))));
    let _plan = project.plan().exits(0).has("held by 1 person").lacks("given by");
}
