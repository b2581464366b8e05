//! Runs that somebody ends early: what was done is still told, and nobody has to wait for it.

use std::{
    process::Child,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::assignments::{piped, wait_for};
use crate::common::{Emulator, Project, emulator::signal, project::Output};

/// Nine roles to make, of which only a few are under way at a time.
fn nine_roles() -> (Emulator, Project) {
    let emulator = Emulator::start();
    let project = Project::in_git(&emulator, "");
    let roles: String = (0..9)
        .map(|n| {
            format!("  r{n}: {{ name: R{n}, description: Needed, permissions: {{ reports: [read] }} }}\n")
        })
        .collect();
    project.define(&format!("roles:\n{roles}"));
    (emulator, project)
}

/// Starts an apply, and waits until it asked for `request`.
fn apply_until(emulator: &Emulator, project: &Project, request: &str) -> Child {
    let command = project.command(["apply", "--auto-approve"]).stdout(piped()).stderr(piped()).spawn();
    let child = command.expect("it starts");
    wait_for(emulator, request);
    child
}

fn end(project: &Project, child: Child) -> Output {
    project.output(child.wait_with_output().expect("it ends"))
}

#[test]
fn an_interrupt_ends_the_run_after_the_requests_under_way_and_says_what_was_done() {
    for name in ["INT", "TERM"] {
        let (emulator, project) = nine_roles();
        emulator.faults(&["POST /v1/roles latency=700"]);
        let child = apply_until(&emulator, &project, "POST /v1/roles");
        signal(name, child.id());
        let output = end(&project, child).exits(6);
        let made = emulator.custom().len();
        assert!((1..9).contains(&made), "{name}: {made}");
        let _said = output
            .has("Stopping after the requests that are under way.")
            .has(&format!("Applied {made} of 9: {} not attempted", 9 - made))
            .has("the run was interrupted");
        emulator.faults(&[]);
        let _rest = project.apply().exits(0).has(&format!("Applied {n} of {n}", n = 9 - made));
        project.is_in_place();
    }
}

#[test]
fn an_interrupt_does_not_wait_until_the_provider_takes_requests_again() {
    let (emulator, project) = nine_roles();
    emulator.faults(&["POST /v1/roles status=429 retry_after=100"]);
    let child = apply_until(&emulator, &project, "POST /v1/roles");
    let start = Instant::now();
    signal("TERM", child.id());
    let _told = end(&project, child)
        .exits(7)
        .has("answered 429 Too Many Requests")
        .has("; the run was interrupted before the next try")
        .has("Applied 0 of 9: ");
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
    assert_eq!(emulator.custom(), [""; 0]);
}

#[test]
fn an_interrupt_does_not_wait_for_the_documented_limit_of_requests() {
    let people = |n: usize| (0..n).map(|n| format!("20{n:02}"));
    let administrators = ["1001", "1002"].map(|id| json!({ "user_id": id, "role": "cr_admin" }));
    let users = people(12).map(|id| json!({ "user_id": id, "role": "cr_member" }));
    let users: Vec<Value> = administrators.into_iter().chain(users).collect();
    let emulator = Emulator::seeded(json!({ "users": users }));
    let project = Project::in_git(&emulator, "");
    // Each role is one request for its one person, and ten of those are allowed in a minute.
    let define = |line: &dyn Fn(String) -> String| people(12).map(line).collect::<String>();
    let roles = define(&|n| {
        format!("  r{n}: {{ name: R{n}, description: Needed, permissions: {{ reports: [read] }} }}\n")
    });
    let held = define(&|n| format!("  - {{ role: r{n}, users: [\"{n}\"] }}\n"));
    project.define(&format!("roles:\n{roles}assignments:\n{held}"));
    let child = apply_until(&emulator, &project, "POST /v1/users/roles");
    let moved = until_it_waits(|| emulator.count("POST /v1/users/roles"));
    assert!((1..12).contains(&moved), "{moved}");
    let start = Instant::now();
    signal("INT", child.id());
    let _told = end(&project, child)
        .exits(6)
        // Who holds what cannot be read either before the minute is over.
        .has(&format!("Applied 12 of 24: {moved} unconfirmed, {} not attempted", 12 - moved))
        .has("GET /v1/users was not sent: the run was interrupted")
        .has("the run was interrupted");
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
    assert_eq!(emulator.count("POST /v1/users/roles"), moved);
}

/// The number that `count` stays at for a second.
fn until_it_waits(count: impl Fn() -> usize) -> usize {
    let (mut last, mut same) = (0, 0);
    while same < 20 {
        std::thread::sleep(Duration::from_millis(50));
        let now = count();
        same = if now == last { same + 1 } else { 0 };
        last = now;
    }
    last
}

#[test]
fn a_second_interrupt_gives_up_on_what_is_under_way_and_says_that_nobody_knows() {
    let (emulator, project) = nine_roles();
    // The first is answered at once, and tells that those beside it are under way.
    emulator.faults(&["POST /v1/roles after=1 latency=8000"]);
    let child = apply_until(&emulator, &project, "POST /v1/roles");
    std::thread::sleep(Duration::from_millis(300));
    let start = Instant::now();
    signal("INT", child.id());
    std::thread::sleep(Duration::from_millis(200));
    signal("INT", child.id());
    let output = end(&project, child);
    assert!(start.elapsed().as_secs() < 6, "{:?}", start.elapsed());
    let _told = output
        .has("Giving up on the requests that are under way.")
        .has("was given up without an answer: the run was interrupted")
        .has("not attempted");
}
