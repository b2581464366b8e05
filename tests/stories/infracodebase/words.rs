//! Nothing says that something was applied: nobody checked it. The fields and the reference that have
//! that word in their name are fixed, for every provider.

use super::{COMPLIANCE, RULESETS, approver, define, emulator, project};
use crate::common::{Project, project::Output};

/// The names that are fixed: of a reference, of a folder, and of fields and counts in JSON.
const FIXED: [&str; 4] =
    ["refs/rolecall/applied/", ".rolecall/runs/applied", "\"applied\":", "\"unapplied\""];

#[track_caller]
fn says_nothing_of_it(line: &str, output: &Output) {
    let mut text = output.everything();
    for fixed in FIXED {
        text = text.replace(fixed, "");
    }
    for (number, said) in text.lines().enumerate() {
        let words = said.split(|c: char| !c.is_alphanumeric() && c != '_');
        let found = words.map(str::to_lowercase).find(|word| word.ends_with("applied"));
        assert!(found.is_none(), "`rolecall {line}`, line {}: {said}\n{}", number + 1, output.everything());
    }
}

fn every_command(project: &Project) {
    let lines = [
        "plan",
        "plan --format markdown",
        "plan --format json",
        "plan --pending-only",
        "plan --blame",
        "-v plan",
        "--quiet plan",
        "plan -o saved.json",
        "show saved.json",
        "show saved.json --format markdown",
        "show saved.json --format json",
        "apply saved.json",
        "apply --auto-approve",
        "apply --auto-approve --format markdown",
        "apply --auto-approve --format json",
        "--quiet apply --auto-approve",
        "apply --auto-approve --rev HEAD~1",
        "apply",
        "drift",
        "drift --format markdown",
        "drift --format json",
        "diff",
        "diff HEAD~1..HEAD",
        "diff HEAD~1..HEAD --format markdown",
        "diff HEAD~1..HEAD --format json",
        "validate",
        "validate --format json",
        "validate --format sarif",
        "validate --format github",
        "doctor",
        "doctor --format json",
        "catalog",
        "catalog --format json",
        "import",
        "import --drift",
        "targets",
    ];
    for line in lines {
        let output = project.run(line);
        says_nothing_of_it(line, &output);
    }
    project.remove("saved.json");
}

#[test]
fn the_word_is_never_said_in_any_command_and_format() {
    let emulator = emulator();
    let project = project(&emulator, "    on_unassign: { to: builtin:member }\n");
    let held = "assignments:\n  - { role: approver, users: [\"email:mira@acme.test\"], scope: enterprise }\n";
    define(&project, &format!("{}{held}", approver(RULESETS)));
    project.save("first");
    every_command(&project);
    // What was merged and is still to be done.
    define(&project, &format!("{}{held}", approver(&format!("{RULESETS}, {COMPLIANCE}"))));
    project.save("second");
    every_command(&project);
    says_nothing_of_it("import --attest", &project.run("import --attest").exits(0));
    // Before it is committed a note says from when on it counts.
    let _waits = project.plan().has("counts once it is committed, reviewed, and merged");
    every_command(&project);
    project.save("attested");
    every_command(&project);
    // Somebody says that it is otherwise now.
    let path = ".rolecall/attested/platform.json";
    project.write(
        path,
        &project.read(path).replace("    \"enterprise.rulesets.approve\"", "    \"enterprise.rulesets.see\""),
    );
    project.save("drift");
    every_command(&project);
    define(&project, "removed: [approver]\n");
    project.save("third");
    every_command(&project);
    let log = project.git("log --format=%B refs/rolecall/applied/-/platform");
    assert!(log.contains("platform recorded at "), "{log}");
    assert!(!log.contains("applied"), "{log}");
}

#[test]
fn a_refusal_and_an_older_revision_do_not_say_it_either() {
    let emulator = emulator();
    let project = project(&emulator, "");
    let held = "assignments:\n  - { role: approver, users: [\"email:mira@acme.test\"], scope: enterprise }\n";
    define(&project, &format!("{}{held}", approver(RULESETS)));
    project.save("first");
    let _attested = project.run("import --attest").exits(0);
    let last = project.save("attested");
    let _recorded = project.apply().exits(0);
    define(&project, &approver(RULESETS));
    let refused = project.apply().exits(4);
    says_nothing_of_it("apply", &refused);
    project.git("checkout -q .");
    for line in ["apply --auto-approve --rev HEAD~1", "apply --auto-approve --rev HEAD~1 --format markdown"] {
        let older = project.run(line).exits(5);
        says_nothing_of_it(line, &older);
    }
    let allowed = format!("apply --auto-approve --rev HEAD~1 --allow-older {last}");
    says_nothing_of_it(&allowed, &project.run(&allowed));
    for fault in [
        "GET /api/v1/enterprises status=500",
        "GET /api/v1/enterprises status=401",
        "GET /api/v1/enterprises garbage",
    ] {
        emulator.faults(&[fault]);
        for line in ["plan", "apply --auto-approve", "doctor", "import --attest"] {
            says_nothing_of_it(line, &project.run(line));
        }
    }
}
