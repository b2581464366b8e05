//! What a person waits for: the real program against emulators of its own, timed from outside.
//!
//! `cargo bench --bench program` prints a table; `cargo bench --bench program -- WORD` only the rows
//! with that word. Each row is the best of several runs. docs/performance.md has the numbers.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and stops where it cannot go on"
)]

mod large;
mod outside;

use std::{fs, path::Path};

use large::{ROLES, commit, permissions, project};
use outside::{Emulator, arguments, program, row, timed};
use serde_json::{Value, json};

const ORG: &str = "88321";
const ONE_ROLE: &str =
    "provider: coderabbit\nroles:\n  one: { name: One, permissions: { reports: [read] } }\n";
const ONE_PERSON: &str =
    "provider: coderabbit\nassignments:\n  - { role: builtin:cr_member, users: [\"900001\"] }\n";

/// What the emulator holds: all roles, or none.
fn seed(roles: usize, users: usize) -> Value {
    let role = |number: usize| {
        let all = permissions(number);
        let all = all.iter().flat_map(|(resource, list)| list.iter().map(move |a| format!("{resource}:{a}")));
        json!({
            "name": format!("Role {number:05}"), "description": format!("Number {number} of many"),
            "permissions": all.collect::<Vec<_>>(),
        })
    };
    let roles: Vec<Value> = (0..roles).map(role).collect();
    let generate = json!({ "roles": 0, "permissions_each": 0, "users": users });
    let org = json!({ "id": ORG, "roles": roles, "generate": generate });
    json!({ "provider": "coderabbit", "tenants": [{ "name": "large", "orgs": [org] }] })
}

/// Where a target reaches an emulator.
fn target(emulator: &Emulator) -> String {
    format!("settings: {{ url: \"{}\", org_id: \"{ORG}\" }}", emulator.url())
}

/// A history: other permissions in fifty files, then those of the folder, then one role more in one
/// file, and one more in another.
fn history(folder: &Path) {
    let path = |file: usize| folder.join(format!("roles/{file:04}.yaml"));
    let text = |file: usize| fs::read_to_string(path(file)).expect("a file");
    let write = |file: usize, text: &str| fs::write(path(file), text).expect("a file");
    let before: Vec<String> = (0..50).map(text).collect();
    for (file, text) in before.iter().enumerate() {
        write(file, &text.replace("description: Number", "description: The number"));
    }
    commit(folder, "worded in another way");
    before.iter().enumerate().for_each(|(file, text)| write(file, text));
    commit(folder, "as it is live");
    for file in [7, 8] {
        let more = format!("  more-{file}: {{ name: More {file}, permissions: {{ reports: [read] }} }}\n");
        write(file, &(text(file) + &more));
        commit(folder, "one role more");
    }
}

fn main() {
    // Not under `cargo test --benches`: this takes minutes.
    let (bench, wanted) = arguments();
    if !bench {
        return;
    }
    let wanted = wanted.as_deref();
    let same = |role: usize| role;
    let quickstart = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/quickstart");

    row(wanted, "--version", 20, None, || program(&quickstart, &["--version"]));
    row(wanted, "validate, quickstart", 20, None, || program(&quickstart, &["validate"]));
    for (name, files) in [("validate, 10,000 roles, 1 file", 1), ("validate, 10,000 roles, 500 files", 500)] {
        let folder = project("emulator: true", files, same, "");
        row(wanted, name, 10, None, || program(folder.path(), &["validate"]));
    }

    let folder = project("emulator: true", 500, same, "");
    history(folder.path());
    for (name, range) in [
        ("diff, 10,000 roles, 500 files, 1 differs", "HEAD~1..HEAD"),
        ("diff, the same, with the work tree", "HEAD~1"),
        ("diff, 10,000 roles, 1,000 changed", "HEAD~1..HEAD~3"),
    ] {
        row(wanted, name, 20, None, || program(folder.path(), &["diff", range]));
    }

    let slow = Emulator::start(&seed(0, 0), &["--latency", "50"]);
    let folder = project(&target(&slow), 0, same, ONE_ROLE);
    row(wanted, "plan, 1 role, answers after 50 ms", 10, Some(&slow), || program(folder.path(), &["plan"]));

    let (empty, full) = (Emulator::start(&seed(0, 0), &[]), Emulator::start(&seed(ROLES, 0), &[]));
    let changed = |role: usize| if role.is_multiple_of(20) { role + (1 << 15) } else { role };
    for (name, emulator, content) in [
        ("plan, 10,000 roles to create", &empty, same as fn(usize) -> usize),
        ("plan, 10,000 roles in sync", &full, same),
        ("plan, 10,000 roles, 500 changed", &full, changed),
    ] {
        let folder = project(&target(emulator), 1, content, "");
        row(wanted, name, 10, Some(emulator), || program(folder.path(), &["plan"]));
    }
    let folder = project(&target(&full), 500, same, "");
    row(wanted, "plan, in sync, 500 files, outside git", 10, Some(&full), || {
        program(folder.path(), &["plan"])
    });
    history(folder.path());
    let first = program(folder.path(), &["apply", "--auto-approve", "--rev", "HEAD~2"]);
    timed(first);
    let name = "plan, 500 files, base and record, 1 role each";
    row(wanted, name, 10, Some(&full), || program(folder.path(), &["plan"]));
    let folder = project("emulator: true", 1, same, "");
    row(wanted, "plan, 10,000 to create, emulator within", 10, None, || program(folder.path(), &["plan"]));

    for users in [500, 5_000] {
        let people = Emulator::start(&seed(0, users), &[]);
        let folder = project(&target(&people), 0, same, ONE_PERSON);
        let name = format!("plan, {users} users");
        // The larger one waits minutes for the documented limit: only where it is asked for.
        if users < 1_000 || wanted.is_some() {
            row(wanted, &name, 1, Some(&people), || program(folder.path(), &["plan"]));
        }
    }
}
