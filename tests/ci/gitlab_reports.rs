//! The files that GitLab shows in a merge request itself, as a pipeline writes them: the numbers of a plan
//! (<https://docs.gitlab.com/ci/yaml/artifacts_reports/#artifactsreportsterraform>), and findings
//! (<https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format>).

use serde_json::{Value, json};

use super::checkout::{Checkout, json_of};
use crate::common::{Emulator, Project};

/// A place in a file of the project, and how bad it is there.
type Place = (String, String, u64);

/// Requires what GitLab documents of a list of findings; returns where they are, and their fingerprints.
#[track_caller]
fn findings(report: &Value) -> (Vec<Place>, Vec<String>) {
    let (mut places, mut prints) = (Vec::new(), Vec::new());
    for finding in report.as_array().expect("a list") {
        let text = |value: &Value| {
            let text = value.as_str().unwrap_or_default().to_owned();
            assert!(!text.is_empty(), "a text is missing in {finding}");
            text
        };
        let _words = (text(&finding["description"]), text(&finding["check_name"]));
        let severity = text(&finding["severity"]);
        assert!(["info", "minor", "major", "critical", "blocker"].contains(&severity.as_str()), "{finding}");
        let path = text(&finding["location"]["path"]);
        assert!(!path.starts_with("./") && !path.starts_with('/'), "{path} is not relative to the project");
        let line = finding["location"]["lines"]["begin"].as_u64().expect("a line");
        let print = text(&finding["fingerprint"]);
        assert!(!prints.contains(&print), "two findings are the same one: {report}");
        places.push((severity, path, line));
        prints.push(print);
    }
    (places, prints)
}

#[test]
fn the_widget_counts_what_a_plan_would_do() {
    let emulator = Emulator::of("workos", &["--switch", "rate_limits=off"]);
    let mut project = Project::new();
    project.config(&format!(
        "  env:\n    provider: workos\n    files: [\"roles/**/*.yaml\"]\n    settings: {{ url: \"{}\" }}\n    on_unassign: {{ to: builtin:member }}\n",
        emulator.url
    ));
    project.init();
    project.commit("start");
    let define = |roles: &str, people: &str| {
        let roles = roles.replace("ORG", "description: Needed, scope: { organization: org_acme }");
        let yaml = format!("provider: workos\nroles:\n{roles}assignments:\n{people}");
        project.write("roles/all.yaml", &yaml);
        project.commit("defined")
    };
    let given = |role: &str, who: &str| {
        format!(
            "  - {{ role: {role}, scope: {{ organization: org_acme }}, users: [\"email:{who}@acme.example.test\"] }}\n"
        )
    };
    define(
        "  org-desk: { name: Desk, ORG, permissions: [\"reports:read\"] }\n  org-old: { name: Old, ORG }\n  org-same: { name: Same, ORG }\n",
        &given("org-desk", "mira"),
    );
    let _made = project.apply().exits(0);
    let commit = define(
        "  org-desk: { name: Desk, ORG, slug: org-front-desk, permissions: [\"reports:read\"] }\n  org-same: { name: Same again, ORG }\n  org-new: { name: New, ORG }\n",
        &format!("{}{}", given("org-desk", "mira"), given("org-new", "okan")),
    );
    let results = project.home().join("results");
    for (name, value) in [
        ("GITLAB_CI", "true"),
        ("CI_PIPELINE_SOURCE", "push"),
        ("CI_COMMIT_BRANCH", "main"),
        ("CI_DEFAULT_BRANCH", "main"),
        ("CI_COMMIT_SHA", &commit),
        ("CI_PROJECT_PATH", super::gitlab::PROJECT),
        ("ROLECALL_RESULTS", &results.display().to_string()),
    ] {
        project.set(name, value);
    }
    let _planned = project.run("ci run plan").exits(2);
    let plan = json_of(&results.join("rolecall-plan.json"));
    let changes = plan["targets"][0]["changes"].as_array().expect("changes");
    let mut actions: Vec<&str> =
        changes.iter().map(|change| change["action"].as_str().expect("a word")).collect();
    actions.sort_unstable();
    assert_eq!(actions, ["create", "delete", "reassign", "reassign", "rename", "replace"]);
    // What is replaced is made and removed.
    let counts = json_of(&results.join("gitlab-plan.json"));
    assert_eq!(counts, json!({ "create": 2, "update": 3, "delete": 2 }));
    let _applied = project.apply().exits(0);
    project.commit("applied");
    let _nothing = project.run("ci run plan").exits(0);
    let counts = json_of(&results.join("gitlab-plan.json"));
    assert_eq!(counts, json!({ "create": 0, "update": 0, "delete": 0 }));
}

#[test]
fn a_finding_keeps_its_identity_when_lines_move() {
    let checkout = Checkout::new();
    let validate = |text: &str| {
        checkout.project.write("roles/all.yaml", text);
        let commit = checkout.commit_and_push("changed");
        let ran = checkout.pipeline("push", &commit).run("validate");
        let report = json_of(&checkout.project.home().join("rolecall/gitlab-code-quality.json"));
        (ran.output.code, findings(&report))
    };
    let role = "  one: { name: One, description: Needed, permission: { user_management: [read] } }\n";
    let bare = |key: &str| format!("  {key}: {{ name: {key}, permissions: {{ {key}: [read] }} }}\n");
    let roles = format!("provider: coderabbit\nroles:\n{role}{}{}", bare("reports"), bare("learnings"));
    let (code, (places, prints)) = validate(&roles);
    assert_eq!(code, 3);
    let at = |severity: &str, line| (severity.to_owned(), "roles/all.yaml".to_owned(), line);
    assert_eq!(places, [at("critical", 3), at("minor", 4), at("minor", 5)], "an error, and two lints");
    let (_, (moved, same)) = validate(&format!("# Who may do what.\n\n{roles}"));
    assert_eq!(moved, [at("critical", 5), at("minor", 6), at("minor", 7)]);
    assert_eq!(same, prints);
    // One that is put right takes its fingerprint along, and the others keep theirs.
    let (code, (_, rest)) = validate(&roles.replace("permission:", "permissions:"));
    assert_eq!((code, rest), (0, prints[1..].to_vec()));
    let (_, none) = validate("provider: coderabbit\nroles: {}\n");
    assert_eq!(none, (Vec::new(), Vec::new()));
}
