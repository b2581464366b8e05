//! The life of the example for Infracodebase: empty, done by hand, attested, changed, renamed, pruned,
//! imported back. Nothing of it is sent: the stand-in has no roles, as the product's API has none.

use std::{fs, path::Path};

use serde_json::Value;

use super::{copy, rolecall, stdout};

const ATTESTED: &str = ".rolecall/attested/platform.json";

/// The changes of a plan as `ACTION ADDRESS`; each of them has steps.
fn changes(folder: &Path) -> Vec<String> {
    let plan = rolecall(folder, &["plan", "--format", "json"]);
    assert_eq!(plan.status.code(), Some(0), "{}", stdout(&plan));
    let plan: Value = serde_json::from_slice(&plan.stdout).expect("JSON");
    let changes = plan["targets"][0]["changes"].as_array().expect("changes");
    let text = |change: &Value, field: &str| change[field].as_str().expect("text").to_owned();
    for change in changes {
        assert!(change["manual"].as_array().is_some_and(|steps| steps.len() > 1), "{change:#}");
    }
    changes.iter().map(|change| format!("{} {}", text(change, "action"), text(change, "address"))).collect()
}

/// A person follows the steps, and says so.
fn done_by_hand(folder: &Path) {
    let open = rolecall(folder, &["apply", "--auto-approve"]);
    assert_eq!(open.status.code(), Some(8), "{}", stdout(&open));
    assert!(stdout(&open).contains("Nothing sent: "), "{}", stdout(&open));
    let attested = rolecall(folder, &["import", "--attest"]);
    assert_eq!(attested.status.code(), Some(0));
    assert_eq!(changes(folder), [""; 0]);
    let closed = rolecall(folder, &["apply", "--auto-approve"]);
    assert_eq!(closed.status.code(), Some(0), "{}", stdout(&closed));
}

#[test]
fn roles_that_are_made_by_hand_live_from_the_first_plan_to_the_last() {
    let temp = tempfile::tempdir().expect("temp");
    let folder = temp.path().join("infracodebase");
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/infracodebase"), &folder);
    let file = folder.join("roles/rulesets.yaml");
    let original = fs::read_to_string(&file).expect("definitions");
    let edit = |from: &str, to: &str| {
        let text = fs::read_to_string(&file).expect("definitions");
        assert!(text.contains(from), "the example still has what the test edits: {from}");
        fs::write(&file, text.replace(from, to)).expect("write");
    };
    assert_eq!(
        changes(&folder),
        [
            "assign platform/assignment/enterprise/user:mira%40example.test",
            "assign platform/assignment/workspace=ws-network/user:mira%40example.test",
            "assign platform/assignment/workspace=ws-network/user:okan%40example.test",
            "create platform/role/ruleset-approver@enterprise",
            "create platform/role/ruleset-maintainer@workspace",
        ]
    );
    done_by_hand(&folder);
    let note = "Attested, not verified: what Infracodebase cannot tell of `Ruleset Approver`, `Ruleset Maintainer`, and 3 assignments.";
    let plan = stdout(&rolecall(&folder, &["plan"])).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(plan.contains(note), "{plan}");

    edit("[enterprise.rulesets.approve, enterprise.compliance.approve]", "[enterprise.rulesets.approve]");
    assert_eq!(changes(&folder), ["update platform/role/ruleset-approver@enterprise"]);
    done_by_hand(&folder);

    edit("name: Ruleset Maintainer", "name: Ruleset Keeper\n    previously: [Ruleset Maintainer]");
    assert_eq!(changes(&folder), ["rename platform/role/ruleset-maintainer@workspace"]);
    done_by_hand(&folder);
    let attested = fs::read_to_string(folder.join(ATTESTED)).expect("attested");
    assert!(attested.contains("Ruleset Keeper") && !attested.contains("Ruleset Maintainer"), "{attested}");

    // What is attested comes back as definitions, as far as that goes: keys are made from names.
    let (kept, empty) = (fs::read_to_string(&file).expect("definitions"), "provider: infracodebase\n");
    fs::write(&file, empty).expect("write");
    let imported = rolecall(&folder, &["import", "--out", "roles/imported.yaml"]);
    assert_eq!(imported.status.code(), Some(0), "{}", String::from_utf8_lossy(&imported.stderr));
    let text = fs::read_to_string(folder.join("roles/imported.yaml")).expect("definitions");
    for line in
        ["scope: enterprise", "scope: workspace", "name: Ruleset Keeper", "- enterprise.rulesets.approve"]
    {
        let short = line.trim_start_matches("- ");
        assert!(text.contains(line) || text.contains(short), "{line}\n{text}");
    }
    assert_eq!(changes(&folder), [""; 0], "{text}");
    fs::remove_file(folder.join("roles/imported.yaml")).expect("removed");
    fs::write(&file, kept).expect("write");

    // Outside git nothing goes that `removed` does not name. A member always has a role in the
    // enterprise; what somebody holds in a workspace is taken first.
    edit("  - role: ruleset-maintainer\n", "  - role: builtin:workspace_editor\n");
    assert_eq!(changes(&folder).len(), 2);
    done_by_hand(&folder);
    let pruned = "provider: infracodebase\nremoved:\n  - { name: Ruleset Keeper }\n  - { name: Ruleset Approver, reassign_to: builtin:member }\n";
    fs::write(&file, pruned).expect("write");
    assert_eq!(
        changes(&folder),
        [
            "reassign platform/assignment/enterprise/user:mira%40example.test",
            "delete platform/role/=Ruleset%20Approver@enterprise",
            "delete platform/role/=Ruleset%20Keeper@workspace",
        ]
    );
    done_by_hand(&folder);
    let attested = fs::read_to_string(folder.join(ATTESTED)).expect("attested");
    assert!(!attested.contains("Ruleset"), "{attested}");

    fs::write(&file, original).expect("write");
    assert!(changes(&folder).contains(&"create platform/role/ruleset-maintainer@workspace".to_owned()));
}
