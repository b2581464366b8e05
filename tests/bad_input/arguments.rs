//! Command lines that are wrong, and the help that is there instead.

use std::{ffi::OsString, fs};

use super::{Place, Snapshots, definitions::GOOD, for_each};

const CONFIG: &str = "version: 1
targets:
  reviews:
    provider: coderabbit
    emulator: true
    files: [\"roles/*.yaml\"]
";

/// A place with a project, and `empty/` beside it.
fn project() -> Place {
    let place = Place::new();
    place.write("project/rolecall.yaml", CONFIG).write("project/roles/roles.yaml", GOOD);
    place.write("empty/.keep", "");
    place
}

#[test]
fn wrong_command_lines() {
    let snapshots = Snapshots::of("arguments");
    let cases: &[(&str, &[&str], i32)] = &[
        ("nothing", &[], 64),
        ("unknown-command", &["aply"], 64),
        ("unknown-option", &["validate", "--formt", "json"], 64),
        ("option-without-value", &["-C", "project", "plan", "--out"], 64),
        ("unknown-format", &["validate", "--format", "xml"], 64),
        ("option-of-another-command", &["validate", "--auto-approve"], 64),
        ("option-twice", &["-C", "project", "plan", "-o", "a", "-o", "b"], 64),
        ("lint-without-level", &["validate", "--lint", "RC041"], 64),
        ("lint-unknown-level", &["validate", "--lint", "RC041=ignore"], 64),
        ("lint-unknown-code", &["validate", "--lint", "RC999=allow"], 64),
        ("lint-fixed-code", &["validate", "--lint", "RC035=allow"], 64),
        ("allow-without-reason", &["plan", "--allow", "max_deletes"], 64),
        ("allow-unknown-guard", &["plan", "--allow", "everything", "--reason", "x"], 64),
        ("reason-empty", &["plan", "--allow", "max_deletes", "--reason", ""], 64),
        ("expect-plan-without-digest", &["-C", "project", "apply", "--expect-plan", "latest"], 64),
        ("expect-plan-short", &["-C", "project", "apply", "--expect-plan", "sha256:abc"], 64),
        ("expect-plan-unknown-target", &["-C", "project", "apply", "--expect-plan", OTHER], 64),
        ("no-config-anywhere", &["-C", "empty", "validate"], 64),
        ("config-that-is-not-there", &["-C", "project", "--config", "roles.yaml", "validate"], 64),
        ("config-that-is-a-folder", &["-C", "project", "--config", "roles", "validate"], 64),
        ("folder-that-is-not-there", &["-C", "nowhere", "validate"], 64),
        ("folder-that-is-a-file", &["-C", "project/rolecall.yaml", "validate"], 64),
        ("unknown-target", &["-C", "project", "--target", "review", "plan"], 64),
        ("malformed-target-glob", &["-C", "project", "--target", "[", "plan"], 64),
        ("malformed-only-glob", &["-C", "project", "plan", "--only", "{"], 64),
        ("only-that-matches-nothing", &["-C", "project", "plan", "--only", "reviews/role/gone"], 0),
        ("revision-outside-git", &["-C", "project", "--rev", "main", "validate"], 64),
        ("malformed-allowed-host", &["-C", "project", "--allow-host", "https://a b/", "plan"], 64),
        ("show-without-file", &["show"], 64),
        ("schema-without-name", &["schema"], 64),
        ("schema-write-and-name", &["schema", "plan", "--write"], 64),
        ("unknown-provider-to-emulate", &["emulate", "coderabit"], 64),
        ("emulate-unknown-switch", &["emulate", "coderabbit", "--switch", "x=y"], 64),
        ("emulate-malformed-fault", &["emulate", "coderabbit", "--fault", "POST /v1 explode"], 64),
        ("emulate-seed-that-is-not-there", &["emulate", "coderabbit", "--seed", "gone.json"], 1),
        ("emulate-for-other-machines", &["emulate", "coderabbit", "--listen", "0.0.0.0:0"], 64),
        ("out-in-a-folder-that-is-not-there", &["-C", "project", "plan", "-o", "gone/plan.json"], 64),
        ("out-that-is-a-folder", &["-C", "project", "plan", "-o", "empty"], 64),
        ("apply-without-a-terminal", &["-C", "project", "apply"], 1),
    ];
    for_each(cases, |(name, args, code)| {
        let place = project();
        let ended = place.run(args);
        let seen = place.seen(&ended);
        if ended.code != Some(*code) {
            snapshots.wrong(format!("{name}: exit code {:?} instead of {code}\n{seen}", ended.code));
        }
        snapshots.hold(name, &seen);
    });
    snapshots.done();
}

/// A digest that no plan has, of a target that there is not.
const OTHER: &str = "other=sha256:0000000000000000000000000000000000000000000000000000000000000000";

#[test]
#[cfg(unix)]
fn arguments_that_are_not_text() {
    use std::os::unix::ffi::OsStringExt as _;
    let odd = || OsString::from_vec(b"pr\xfcfer".to_vec());
    for args in [
        vec!["validate".into(), "--lint".into(), odd()],
        vec!["--target".into(), odd(), "plan".into()],
        vec![odd()],
        vec!["plan".into(), "--reason".into(), odd(), "--allow".into(), "protect".into()],
    ] {
        let ended = project().run(&args);
        assert_eq!(ended.code, Some(64), "{args:?}: {}", ended.stderr());
        assert!(ended.stderr().starts_with("error: "), "{}", ended.stderr());
    }
    // A path need not be text.
    let place = project();
    fs::rename(place.work().join("project"), place.work().join(odd())).expect("a folder");
    let ended = place.run(&["-C".into(), odd(), "validate".into()]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr());
}

#[test]
fn a_variable_that_is_wrong() {
    let snapshots = Snapshots::of("variables");
    type Case = (&'static str, &'static [(&'static str, &'static str)], i32);
    let cases: &[Case] = &[
        ("deadline-that-is-no-number", &[("ROLECALL_DEADLINE", "soon")], 64),
        ("deadline-zero", &[("ROLECALL_DEADLINE", "0")], 64),
        ("no-credential", &[], 1),
        ("empty-credential", &[("CODERABBIT_API_KEY", "")], 1),
        ("credential-with-a-line-break", &[("CODERABBIT_API_KEY", "cr-4f9a8b7c6d5e\n")], 1),
        ("credential-with-a-space", &[("CODERABBIT_API_KEY", "cr-4f9a8b7c6d5e 4f3a2b1c")], 1),
        ("credential-that-is-not-ascii", &[("CODERABBIT_API_KEY", "cr-4f9a8b7c6d5e\u{e9}")], 1),
        ("credential-with-escapes", &[("CODERABBIT_API_KEY", "cr-4f9a8b7c6d5e\u{1b}[31m")], 1),
        ("allowed-hosts-that-are-none", &[("ROLECALL_ALLOW_HOSTS", "https://a b/, ,*")], 64),
    ];
    for_each(cases, |(name, variables, code)| {
        let place = project();
        place.write("project/rolecall.yaml", CONFIG.replace("    emulator: true\n", ""));
        let ended = place.run_with(&["-C", "project", "-vv", "plan"], variables);
        let seen = place.seen(&ended);
        assert!(!seen.contains("4f9a8b7c6d5e"), "{name}: {seen}");
        if ended.code != Some(*code) {
            snapshots.wrong(format!("{name}: exit code {:?} instead of {code}\n{seen}", ended.code));
        }
        snapshots.hold(name, &seen);
    });
    snapshots.done();
}

#[test]
fn help_of_every_command() {
    let snapshots = Snapshots::of("help");
    let place = Place::new();
    let whole = place.run(&["--help"]);
    assert_eq!(whole.code, Some(0));
    let whole = whole.stdout();
    let commands = whole.split_once("Commands:\n").expect("commands").1;
    let commands: Vec<&str> = commands
        .lines()
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect();
    assert!(commands.len() >= 8, "{commands:?}");
    snapshots.hold("rolecall", &whole);
    let global =
        |help: &str| help.split_once("Global options:\n").map(|(_, rest)| rest.trim_end().to_owned());
    let shared = global(whole.split_once("\nExit codes").expect("exit codes").0).expect("global options");
    for command in commands {
        let ended = place.run(&[command, "--help"]);
        assert_eq!((ended.code, ended.stderr()), (Some(0), String::new()), "{command}");
        let help = ended.stdout();
        let own = global(help.split("\nExamples:\n").next().unwrap_or_default());
        assert_eq!(own.as_ref(), Some(&shared), "{command} has the same global options");
        snapshots.hold(command, help.split("Global options:\n").next().unwrap_or_default());
        // The short form fits on a screen.
        let short = place.run(&[command, "-h"]).stdout();
        assert!(short.lines().count() <= 45, "{short}");
    }
    snapshots.done();
}
