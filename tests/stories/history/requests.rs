//! Base and record come from git: no request more.

use crate::common::{
    Emulator,
    repository::{READS, begun},
};

fn paths(emulator: &Emulator) -> Vec<String> {
    let requests = emulator.requests();
    let mut paths: Vec<String> =
        requests.iter().map(|one| crate::common::emulator::text(one, "path")).collect();
    paths.sort();
    paths
}

const FEW: [&str; 3] = ["/v1/me", "/v1/roles", "/v1/roles/permissions"];

#[test]
fn a_plan_costs_the_same_requests_with_base_record_and_merge() {
    let emulator = Emulator::with(&["--switch", "rate_limits=off", "--latency", "30"]);
    let project = begun(&emulator, "");
    emulator.forget();
    assert_eq!(project.planned("").changes(), [""; 0]);
    assert_eq!(paths(&emulator), FEW);
    let log = emulator.get("/_dashboard/requests");
    assert_eq!(log["depth"], 1, "all at the same time");

    project.git("checkout -q -b feature");
    project.role("two", "Two", READS);
    project.save("two");
    project.git("checkout -q main");
    project.role("three", "Three", READS);
    project.save("three");
    project.git("checkout -q feature");
    for args in ["", "--pending-only", "--base main~1"] {
        emulator.forget();
        let _planned = project.planned(args);
        assert_eq!(paths(&emulator), FEW, "{args}");
    }
    emulator.forget();
    let _drift = project.run("drift").exits(0);
    assert_eq!(paths(&emulator), FEW);
}

#[test]
fn an_apply_with_nothing_to_do_is_recorded_for_the_price_of_a_plan() {
    let emulator = Emulator::start();
    let project = begun(&emulator, "");
    project.write("notes.txt", "unrelated\n");
    project.save("notes");
    emulator.forget();
    let _applied = project.apply().exits(0);
    assert_eq!(paths(&emulator), FEW);
    assert_eq!(project.recorded(), Some(project.git("rev-parse HEAD")));
    // Nor does a refusal cost more.
    project.git("checkout -q HEAD~1");
    emulator.forget();
    let _older = project.apply().exits(5);
    assert_eq!(paths(&emulator), FEW);
}
