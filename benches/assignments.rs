//! 100,000 assignments over 1,000 groups of GitLab: the real program against emulators of its own,
//! timed from outside.
//!
//! `cargo bench --bench assignments` prints a table; `-- WORD` after it only the rows with that word.
//! docs/performance.md has the numbers. The emulators keep no limit of requests: what GitLab allows in
//! a minute would be all that is measured.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and stops where it cannot go on"
)]

mod outside;

use std::{fmt::Write as _, fs, path::Path, time::Duration};

use outside::{Emulator, arguments, program, row};
use serde_json::{Value, json};
use tempfile::TempDir;

const GROUPS: usize = 1_000;
const MEMBERS: usize = 100;
const USERS: usize = 20_000;
/// Level of the base, base, and permission of each role.
const ROLES: [(u8, &str, &str); 4] = [
    (10, "guest", "read_code"),
    (20, "reporter", "admin_merge_request"),
    (30, "developer", "admin_web_hook"),
    (30, "developer", "admin_push_rules"),
];
const UNLIMITED: [&str; 2] = ["--switch", "rate_limits=off"];

fn user(number: usize) -> String {
    format!("user-{number:05}")
}

fn group(number: usize) -> String {
    format!("acme/team-{number:04}")
}

/// Who is a member of a group, and as what: an index of [`ROLES`].
fn members(group: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..MEMBERS).map(move |place| ((group * 37 + place) % USERS, (group + place) % ROLES.len()))
}

/// The roles, the groups, and their members, if they are to be there.
fn seed(with_members: bool) -> Value {
    let users = (0..USERS).map(|number| json!({ "username": user(number) }));
    let users: Vec<Value> = std::iter::once(json!({ "username": "ada" })).chain(users).collect();
    let role = |(index, (level, _, permission)): (usize, &(u8, &str, &str))| {
        json!({
            "id": 500_000 + index, "group": "acme", "name": format!("Role {index}"), "description": "One of few",
            "base_access_level": level, "permissions": [permission],
        })
    };
    let roles: Vec<Value> = ROLES.iter().enumerate().map(role).collect();
    let member = |(person, role): (usize, usize)| json!({ "user": user(person), "access_level": ROLES[role].0, "member_role_id": 500_000 + role });
    let team = |number: usize| {
        let members: Vec<Value> = members(number).filter(|_| with_members).map(member).collect();
        json!({ "path": group(number), "members": members })
    };
    let top = json!({ "path": "acme", "members": [{ "user": "ada", "access_level": 50 }] });
    let groups: Vec<Value> = std::iter::once(top).chain((0..GROUPS).map(team)).collect();
    json!({ "provider": "gitlab", "caller": "ada", "users": users, "roles": roles, "groups": groups })
}

/// The same as definitions; the first `moved` members of each group hold another role.
fn project(how: &str, moved: usize) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |path: &str, text: &str| fs::write(folder.path().join(path), text).expect("a file");
    fs::create_dir(folder.path().join("roles")).expect("a folder");
    write(
        "rolecall.yaml",
        &format!(
            "version: 1\ntargets:\n  large: {{ provider: gitlab, files: [\"roles/*.yaml\"], on_unassign: keep_base, {how} }}\nguards: {{ max_unassigns: \"100%\" }}\n"
        ),
    );
    let mut text = "provider: gitlab\nroles:\n".to_owned();
    for (index, (_, base, permission)) in ROLES.iter().enumerate() {
        let _ = writeln!(
            text,
            "  role-{index}: {{ name: Role {index}, description: One of few, base: {base}, permissions: [{permission}] }}"
        );
    }
    write("roles/roles.yaml", &text);
    for file in 0..GROUPS / 10 {
        let mut text = "provider: gitlab\nassignments:\n".to_owned();
        for number in (file..GROUPS).step_by(GROUPS / 10) {
            let role =
                |place: usize, role: usize| if place < moved { (role + 1) % ROLES.len() } else { role };
            let all: Vec<(usize, usize)> = members(number)
                .enumerate()
                .map(|(place, (person, one))| (person, role(place, one)))
                .collect();
            for index in 0..ROLES.len() {
                let people = all.iter().filter(|(_, role)| *role == index).map(|(person, _)| user(*person));
                let people = people.collect::<Vec<_>>().join(", ");
                let _ = writeln!(
                    text,
                    "  - {{ role: role-{index}, users: [{people}], scope: {{ group: {} }} }}",
                    group(number)
                );
            }
        }
        write(&format!("roles/teams-{file:03}.yaml"), &text);
    }
    folder
}

/// Where a target reaches an emulator.
fn target(emulator: &Emulator) -> String {
    format!("settings: {{ url: \"{}\", group: acme }}", emulator.url())
}

/// The time that `requests` take where each answer takes 50 ms and eight are under way.
fn critical(requests: usize) -> Duration {
    Duration::from_millis(50) * u32::try_from(requests.div_ceil(8)).unwrap_or(u32::MAX)
}

fn main() {
    // Not under `cargo test --benches`: this takes minutes.
    let (bench, wanted) = arguments();
    if !bench {
        return;
    }
    let wanted = wanted.as_deref();
    let plan = |folder: &Path| program(folder, &["plan"]);
    let apply = |folder: &Path| program(folder, &["apply", "--auto-approve"]);

    let folder = project("emulator: true", 0);
    row(wanted, "validate, 100,000 assignments", 5, None, || program(folder.path(), &["validate"]));

    let fast = Emulator::start(&seed(true), &UNLIMITED);
    let (same, moved) = (project(&target(&fast), 0), project(&target(&fast), 1));
    row(wanted, "plan, all in sync", 5, Some(&fast), || plan(same.path()));
    row(wanted, "plan, 1,000 to move", 5, Some(&fast), || plan(moved.path()));
    row(wanted, "apply, 1,000 to move", 1, Some(&fast), || apply(moved.path()));
    row(wanted, "apply, nothing left", 1, Some(&fast), || apply(moved.path()));

    let empty = Emulator::start(&seed(false), &UNLIMITED);
    let all = project(&target(&empty), 0);
    row(wanted, "plan, all to assign", 3, Some(&empty), || plan(all.path()));
    drop(empty);

    let [switch, off] = UNLIMITED;
    let slow = Emulator::start(&seed(true), &[switch, off, "--latency", "50"]);
    let same = project(&target(&slow), 0);
    row(wanted, "plan, answers after 50 ms", 3, Some(&slow), || plan(same.path()));
    println!("{:<46} {:>9.1} ms", "its critical path", critical(GROUPS + 2).as_secs_f64() * 1000.0);
}
