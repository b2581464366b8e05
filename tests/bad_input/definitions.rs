//! Definition files that are wrong: those of `tests/invalid/definitions`, and those that cannot be
//! committed as text.

use std::fs;

use super::{Place, Snapshots, for_each, invalid};

/// The configuration around a definition file.
const CONFIG: &str = r#"version: 1
targets:
  reviews:
    provider: coderabbit
    emulator: true
    files: ["roles/*.yaml"]
    on_unassign: { to: builtin:cr_member }
"#;

pub(super) const GOOD: &str = "provider: coderabbit
roles:
  helper:
    description: Reads the learnings
    permissions: { learnings: [read] }
";

/// Cases that only look wrong, or are only worth a warning.
const ACCEPTED: &[&str] = &[
    "default-role-that-deletes",
    "permission-misspelled-resource",
    "permission-misspelled-resource-and-access",
    "permission-unknown-access",
];

pub(super) fn named(folder: &str, end: &str) -> Vec<(String, String)> {
    let mut cases = Vec::new();
    for entry in fs::read_dir(invalid().join(folder)).expect("the cases") {
        let path = entry.expect("an entry").path();
        let file = path.file_name().expect("a name").to_string_lossy().into_owned();
        if let Some(name) = file.strip_suffix(end) {
            cases.push((name.to_owned(), fs::read_to_string(&path).expect("a case")));
        }
    }
    cases.sort();
    cases
}

/// Runs `validate` here and holds what is seen against the snapshot.
pub(super) fn check(place: &Place, name: &str, accepted: &[&str], snapshots: &Snapshots) {
    let ended = place.run(&["validate"]);
    let seen = place.seen(&ended);
    let expected = if accepted.contains(&name) { 0 } else { 3 };
    if ended.code != Some(expected) {
        snapshots.wrong(format!("{name}: exit code {:?} instead of {expected}\n{seen}", ended.code));
    }
    if ended.took.as_secs() >= 30 {
        snapshots.wrong(format!("{name}: took {:?}", ended.took));
    }
    snapshots.hold(name, &seen);
}

/// Every message names file, line, and column.
fn names_a_place(seen: &str) -> bool {
    let findings = seen.matches("error[RC").count() + seen.matches("warning[RC").count();
    let places = seen.lines().filter(|line| {
        let place = line.split_once("─[").and_then(|(_, rest)| rest.strip_suffix(']'));
        let mut parts = place.unwrap_or_default().rsplitn(3, ':');
        let number = |part: Option<&str>| part.is_some_and(|part| part.parse::<u32>().is_ok());
        number(parts.next()) && number(parts.next()) && parts.next().is_some_and(|file| !file.is_empty())
    });
    findings > 0 && places.count() >= findings
}

#[test]
fn committed_cases() {
    let snapshots = Snapshots::of("definitions");
    let cases = named("definitions", ".yaml");
    assert!(cases.len() >= 90, "{} cases", cases.len());
    for_each(&cases, |(name, text)| {
        let place = Place::new();
        place.write("rolecall.yaml", CONFIG).write(&format!("roles/{name}.yaml"), text);
        check(&place, name, ACCEPTED, &snapshots);
        let seen = place.seen(&place.run(&["validate"]));
        let silent = seen.starts_with("exit code 0\n--- stdout\nValid:");
        if !silent && !names_a_place(&seen) {
            snapshots.wrong(format!("{name}: a finding without its place\n{seen}"));
        }
    });
    snapshots.done();
}

/// A case that no text file can hold, or that needs more than one file.
type Case = (&'static str, fn(&Place));

const GENERATED: &[Case] = &[
    ("empty-file", |place| {
        place.write("roles/empty.yaml", "");
    }),
    ("byte-order-mark-only", |place| {
        place.write("roles/bom.yaml", "\u{feff}");
    }),
    ("byte-order-mark-in-the-middle", |place| {
        place.write("roles/bom.yaml", format!("{GOOD}\u{feff}default_role: none\n"));
    }),
    ("fault-after-byte-order-mark", |place| {
        place.write("roles/bom.yaml", "\u{feff}provder: coderabbit\n");
    }),
    ("fault-with-windows-line-ends", |place| {
        place.write("roles/crlf.yaml", GOOD.replace("[read]", "[no, read]").replace('\n', "\r\n"));
    }),
    ("fault-with-old-mac-line-ends", |place| {
        place.write("roles/cr.yaml", GOOD.replace("[read]", "read").replace('\n', "\r"));
    }),
    ("utf-16", |place| {
        let units = format!("\u{feff}{GOOD}");
        place.write("roles/utf16.yaml", units.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>());
    }),
    ("latin-1", |place| {
        let bytes =
            GOOD.replace("Reads the learnings", "Pr\u{fc}ft").chars().map(|c| c as u8).collect::<Vec<_>>();
        place.write("roles/latin1.yaml", bytes);
    }),
    ("truncated-utf-8", |place| {
        place.write("roles/cut.yaml", [GOOD.as_bytes(), b"# \xe6\x97"].concat());
    }),
    ("overlong-utf-8", |place| {
        place.write("roles/overlong.yaml", [GOOD.as_bytes(), b"# \xc0\xaf\n"].concat());
    }),
    ("nul-bytes", |place| {
        place.write("roles/nul.yaml", GOOD.replace("helper", "hel\0per"));
    }),
    ("binary", |place| {
        place.write("roles/image.yaml", [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d]);
    }),
    ("hundred-mebibytes", |place| {
        place.write("roles/good.yaml", GOOD).write("roles/huge.yaml", "");
        // A file with a hole is as large as it says and takes no room.
        let file =
            fs::File::options().write(true).open(place.work().join("roles/huge.yaml")).expect("a file");
        file.set_len(100 << 20).expect("a large file");
    }),
    ("seventy-mebibytes-together", |place| {
        for index in 0..5 {
            let comment = format!("# {}\n", "x".repeat(1022)).repeat(14 << 10);
            place.write(&format!("roles/part{index}.yaml"), format!("provider: coderabbit\n{comment}"));
        }
    }),
    ("twenty-thousand-keys-twice", |place| {
        let keys: String =
            (0..20_000).map(|index| format!("  r{index}: {{ learnings: [read] }}\n")).collect();
        place.write(
            "roles/many.yaml",
            format!("provider: coderabbit\npermission_sets:\n{keys}{}", &keys[..27]),
        );
    }),
    ("long-scalar", |place| {
        let name = "n".repeat(4 << 20);
        place.write(
            "roles/long.yaml",
            GOOD.replace("    description", &format!("    name: {name}\n    description")),
        );
    }),
    ("forty-faults", |place| {
        let roles: String = (0..20).map(|index| format!("  r{index}: {{ nmae: x, colour: [] }}\n")).collect();
        place.write("roles/many.yaml", format!("provider: coderabbit\nroles:\n{roles}"));
    }),
    ("brackets-without-end", |place| {
        place.write("roles/deep.yaml", "[".repeat(1 << 20));
    }),
    ("braces-without-end", |place| {
        place.write("roles/deep.yaml", "{a: ".repeat(1 << 18));
    }),
    ("dashes-without-end", |place| {
        place.write("roles/deep.yaml", "- ".repeat(1 << 18));
    }),
    ("alias-bomb-in-roles", |place| {
        let mut text = "provider: coderabbit\nroles:\n  r0: { permissions: &a0 { reports: &l [read, read, read, read, read, read, read, read, read, read] } }\n".to_owned();
        for index in 1..12 {
            let before = index - 1;
            let parts: String = (0..10).map(|n| format!("k{n}: *a{before}, ")).collect();
            text.push_str(&format!("  r{index}: {{ permissions: &a{index} {{ {parts} }} }}\n"));
        }
        place.write("roles/bomb.yaml", text);
    }),
    ("names-in-two-files", |place| {
        place.write("roles/a.yaml", GOOD).write("roles/b.yaml", GOOD);
    }),
    ("set-in-two-files", |place| {
        let file = "provider: coderabbit\npermission_sets:\n  reads: { learnings: [read] }\n";
        place.write("roles/a.yaml", file).write("roles/b.yaml", file);
    }),
    ("default-in-two-files", |place| {
        place.write("roles/a.yaml", format!("{GOOD}default_role: helper\n"));
        place.write("roles/b.yaml", "provider: coderabbit\ndefault_role: none\n");
    }),
    ("cycle-over-two-files", |place| {
        place.write("roles/a.yaml", "provider: coderabbit\npermission_sets:\n  a: { include: [b] }\n");
        place.write("roles/b.yaml", "provider: coderabbit\npermission_sets:\n  b: { include: [a] }\n");
    }),
    ("fault-in-a-path-with-spaces", |place| {
        place.write("roles/security team.yaml", GOOD.replace("[read]", "read"));
    }),
    ("fault-in-a-path-with-non-ascii", |place| {
        place.write("roles/prüfer-読む.yaml", GOOD.replace("[read]", "read"));
    }),
    ("path-with-escape-sequence", |place| {
        place.write("roles/\u{1b}[31mred.yaml", GOOD.replace("[read]", "read"));
    }),
    ("path-with-bidi", |place| {
        place.write("roles/a\u{202e}lmay.yaml", GOOD.replace("[read]", "read"));
    }),
    ("path-with-line-break", |place| {
        place.write("roles/a\n::error::b.yaml", GOOD.replace("[read]", "read"));
    }),
    ("config-is-a-folder", |place| {
        fs::remove_file(place.work().join("rolecall.yaml")).expect("a config");
        fs::create_dir(place.work().join("rolecall.yaml")).expect("a folder");
    }),
];

#[cfg(unix)]
const ON_UNIX: &[Case] = &[
    ("symbolic-link", |place| {
        place.write("elsewhere.yaml", GOOD).write("roles/good.yaml", GOOD.replace("helper", "other"));
        link("../elsewhere.yaml", place, "roles/link.yaml");
    }),
    ("symbolic-link-out-of-the-repository", |place| {
        place.write("roles/good.yaml", GOOD);
        link("/etc/passwd", place, "roles/passwd.yaml");
    }),
    ("symbolic-link-to-itself", |place| {
        place.write("roles/good.yaml", GOOD);
        link("loop.yaml", place, "roles/loop.yaml");
    }),
    ("symbolic-link-to-nothing", |place| {
        place.write("roles/good.yaml", GOOD);
        link("nothing.yaml", place, "roles/gone.yaml");
    }),
    ("folder-is-a-symbolic-link", |place| {
        place.write("elsewhere/good.yaml", GOOD);
        link("elsewhere", place, "roles");
    }),
    ("config-is-a-symbolic-link", |place| {
        place.write("elsewhere.yaml", CONFIG).write("roles/good.yaml", GOOD);
        fs::remove_file(place.work().join("rolecall.yaml")).expect("a config");
        link("elsewhere.yaml", place, "rolecall.yaml");
    }),
    ("named-pipe", |place| {
        place.write("roles/good.yaml", GOOD);
        let pipe = place.work().join("roles/pipe.yaml");
        let made = std::process::Command::new("mkfifo").arg(pipe).status().expect("mkfifo");
        assert!(made.success());
    }),
    ("socket", |place| {
        place.write("roles/good.yaml", GOOD);
        let _open =
            std::os::unix::net::UnixListener::bind(place.work().join("roles/s.yaml")).expect("a socket");
    }),
    ("path-is-not-utf-8", |place| {
        use std::os::unix::ffi::OsStrExt as _;
        place.write("roles/good.yaml", GOOD);
        let name = std::ffi::OsStr::from_bytes(b"roles/pr\xfcfer.yaml");
        fs::write(place.work().join(name), GOOD).expect("a file");
    }),
];

#[cfg(unix)]
fn link(to: &str, place: &Place, path: &str) {
    std::os::unix::fs::symlink(to, place.work().join(path)).expect("a link");
}

#[test]
fn generated_cases() {
    let snapshots = Snapshots::of("generated");
    #[cfg(unix)]
    let cases = [GENERATED, ON_UNIX].concat();
    #[cfg(not(unix))]
    let cases = GENERATED.to_vec();
    for_each(&cases, |(name, make)| {
        let place = Place::new();
        place.write("rolecall.yaml", CONFIG);
        make(&place);
        check(&place, name, ACCEPTED, &snapshots);
    });
    snapshots.done();
}
