//! Saved plans that are wrong: a plan file is a claim that somebody makes.

use std::fs;

use rolecall::plan::{PlanDocument, digest};
use serde_json::Value;

use super::{Place, Snapshots, for_each};

const CONFIG: &str = "version: 1
targets:
  reviews:
    provider: coderabbit
    emulator: true
    files: [\"roles/*.yaml\"]
    on_unassign: { to: builtin:cr_member }
";

const ROLES: &str = "provider: coderabbit
roles:
  auditor:
    description: Reads reports
    permissions: { reports: [read] }
assignments:
  - role: auditor
    users: [\"1003\"]
";

/// A project with a plan of it, and the plan.
fn planned() -> (Place, Value) {
    let place = Place::new();
    place.write("rolecall.yaml", CONFIG).write("roles/roles.yaml", ROLES);
    let ended = place.run(&["plan", "-o", "plan.json"]);
    assert_eq!(ended.code, Some(0), "{}", place.seen(&ended));
    let plan = fs::read(place.work().join("plan.json")).expect("a plan");
    let mut plan: Value = serde_json::from_slice(&plan).expect("JSON");
    // How long it took is the only part that differs from run to run, and columns follow it.
    plan["run"] = Value::Null;
    (place, plan)
}

type Spoil = fn(&Place, Value);

fn write(place: &Place, plan: &Value) {
    place.write("plan.json", plan.to_string());
}

/// Exit codes of `show` and of `apply`.
const CASES: &[(&str, Spoil, i32, i32)] = &[
    ("missing", |place, _| fs::remove_file(place.work().join("plan.json")).expect("a plan"), 1, 1),
    ("empty", |place, _| write_text(place, ""), 1, 1),
    ("not-json", |place, _| write_text(place, "provider: coderabbit\n"), 1, 1),
    ("truncated", |place, plan| write_text(place, &plan.to_string()[..900]), 1, 1),
    ("another-object", |place, _| write_text(place, "{\"version\": 1}"), 1, 1),
    ("array", |place, _| write_text(place, "[1]"), 1, 1),
    ("nested-without-end", |place, _| write_text(place, &"[".repeat(1 << 20)), 1, 1),
    ("two-documents", |place, plan| write_text(place, &format!("{plan}{plan}")), 1, 1),
    (
        "not-utf-8",
        |place, plan| {
            place.write("plan.json", [plan.to_string().as_bytes(), b"\xff\xfe"].concat());
        },
        1,
        1,
    ),
    (
        "other-version",
        |place, mut plan| {
            plan["format_version"] = 2.into();
            write(place, &plan);
        },
        1,
        1,
    ),
    (
        "version-as-text",
        |place, mut plan| {
            plan["format_version"] = "\u{1b}[2J".repeat(40).into();
            write(place, &plan);
        },
        1,
        1,
    ),
    (
        "unknown-field",
        |place, mut plan| {
            plan["targets"][0]["changes"][0]["sneaky"] = true.into();
            write(place, &plan);
        },
        1,
        1,
    ),
    (
        "wrong-type",
        |place, mut plan| {
            plan["targets"][0]["changes"] = "none".into();
            write(place, &plan);
        },
        1,
        1,
    ),
    (
        "digest-malformed",
        |place, mut plan| {
            plan["digest"] = "sha256:abc".into();
            plan["targets"][0]["digest"] = "md5:\u{202e}".into();
            write(place, &plan);
        },
        1,
        1,
    ),
    (
        "counts-that-are-wrong",
        |place, mut plan| {
            plan["targets"][0]["summary"]["create"] = 0.into();
            write(place, &plan);
        },
        1,
        1,
    ),
    // A digest that is not of what it stands for.
    (
        "digests-edited",
        |place, mut plan| {
            let other = format!("sha256:{}", "0".repeat(64));
            plan["digest"] = other.clone().into();
            plan["targets"][0]["digest"] = other.into();
            write(place, &plan);
        },
        1,
        1,
    ),
    (
        "digest-of-a-change-edited",
        |place, mut plan| {
            plan["targets"][0]["changes"][0]["digest"] = format!("sha256:{}", "0".repeat(64)).into();
            write(place, &plan);
        },
        1,
        1,
    ),
    (
        "permissions-edited",
        |place, plan| write_text(place, &plan.to_string().replace("reports:read", "role_management:write")),
        1,
        1,
    ),
    // What is shown to the reviewer is less, or more, than what the change does.
    (
        "permission-hidden",
        |place, mut plan| {
            for change in plan["targets"][0]["changes"].as_array_mut().expect("changes") {
                change["fields"].as_array_mut().expect("fields").retain(|field| field["added"].is_null());
            }
            write(place, &plan);
        },
        1,
        1,
    ),
    (
        "permission-smuggled",
        |place, plan| {
            let more = r#""added":[{"origin":"undetermined","value":"api_keys:write"},"#;
            write_text(place, &plan.to_string().replace(r#""added":["#, more));
        },
        1,
        1,
    ),
    // With digests that fit, it is another claim, and the fresh plan is not among it.
    (
        "permissions-edited-with-digests",
        |place, plan| {
            let text = plan.to_string().replace("reports:read", "role_management:write");
            write_text(place, &sealed(&text));
        },
        0,
        5,
    ),
    (
        "target-renamed",
        |place, plan| write_text(place, &sealed(&plan.to_string().replace("reviews", "production"))),
        0,
        5,
    ),
    (
        "hostile-texts",
        |place, plan| {
            let hostile = "\\u001b]0;x\\u0007\\u202e::error::\\n<script>@everyone`|";
            write_text(place, &sealed(&plan.to_string().replace("Reads reports", hostile)));
        },
        0,
        5,
    ),
    (
        "hundred-mebibytes",
        |place, _| {
            let file = fs::File::create(place.work().join("plan.json")).expect("a file");
            file.set_len(100 << 20).expect("a large file");
        },
        1,
        1,
    ),
    (
        "folder",
        |place, _| {
            fs::remove_file(place.work().join("plan.json")).expect("a plan");
            fs::create_dir(place.work().join("plan.json")).expect("a folder");
        },
        1,
        1,
    ),
    #[cfg(unix)]
    (
        "pipe",
        |place, _| {
            fs::remove_file(place.work().join("plan.json")).expect("a plan");
            let made = std::process::Command::new("mkfifo").arg(place.work().join("plan.json")).status();
            assert!(made.expect("mkfifo").success());
        },
        1,
        1,
    ),
];

/// A plan with the digests that its changes have.
fn sealed(text: &str) -> String {
    let mut plan: PlanDocument = serde_json::from_str(text).expect("a plan");
    for change in plan.targets.iter_mut().flat_map(|target| &mut target.changes) {
        change.digest = digest::change(change);
    }
    plan.digest = digest::plan(&plan.targets);
    serde_json::to_string(&plan).expect("JSON")
}

fn write_text(place: &Place, text: &str) {
    place.write("plan.json", text);
}

#[test]
fn saved_plans() {
    let snapshots = Snapshots::of("plans");
    for_each(CASES, |(name, spoil, show, apply)| {
        let (place, plan) = planned();
        spoil(&place, plan);
        let shown = place.run(&["show", "plan.json"]);
        let applied = place.run(&["apply", "plan.json"]);
        let mut seen = format!("# show: {}", place.seen(&shown));
        // What `apply` shows before it refuses is the plan itself, which is not at issue.
        let refusal = place.normal(&applied.stderr());
        seen.push_str(&format!("# apply: exit code {:?}\n{refusal}", applied.code.unwrap_or(-1)));
        if (shown.code, applied.code) != (Some(*show), Some(*apply)) {
            snapshots.wrong(format!("{name}: {:?} and {:?}\n{seen}", shown.code, applied.code));
        }
        for text in [&seen, &place.normal(&applied.stdout())] {
            assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{name}: {text}");
        }
        snapshots.hold(name, &seen);
        // Whatever a refused file says, nothing was applied.
        let again = place.run(&["plan", "--detailed-exitcode"]);
        let left = if *apply == 0 { 0 } else { 2 };
        assert_eq!(again.code, Some(left), "{name}: {}", place.seen(&again));
    });
    snapshots.done();
}
