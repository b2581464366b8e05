//! Infracodebase: no documented request tells or changes its roles, so that everything is done by hand
//! and attested.

mod attested;
mod by_hand;
mod identity;
mod words;

use serde_json::Value;

use crate::common::{Emulator, Project, emulator::text};

/// The default seed: the enterprises `ent-acme`, with the workspaces `ws-network` and `ws-storage`, and
/// `ent-globex`. Every token reaches both.
fn emulator() -> Emulator {
    Emulator::of("infracodebase", &[])
}

/// A repository of the real git with one target `platform` and no definition; `more` is added to the
/// target.
fn project(emulator: &Emulator, more: &str) -> Project {
    let project = Project::new();
    project.config(&format!(
        "  platform:\n    provider: infracodebase\n    files: [\"roles/**/*.yaml\"]\n    settings: {{ url: \"{}\", enterprise: ent-acme }}\n{more}",
        emulator.url
    ));
    project.git("init -q -b main");
    project.save("start");
    project
}

fn define(project: &Project, yaml: &str) {
    project.write("roles/all.yaml", &format!("provider: infracodebase\n{yaml}"));
}

/// A role for the enterprise with these permissions.
fn approver(permissions: &str) -> String {
    format!(
        "roles:\n  approver:\n    name: Approver\n    description: Approves\n    scope: enterprise\n    permissions: [{permissions}]\n"
    )
}

const RULESETS: &str = "enterprise.rulesets.approve";
const COMPLIANCE: &str = "enterprise.compliance.approve";

/// With the role `approver` that was made by hand and attested on `main`.
fn attested(emulator: &Emulator) -> Project {
    let project = project(emulator, "");
    define(&project, &approver(RULESETS));
    project.save("an approver");
    let _manual = project.apply().exits(8);
    let _attested = project.run("import --attest").exits(0).has("attested, not verified");
    project.save("done by hand");
    let plan = project.run("plan --detailed-exitcode").exits(0);
    let _plan = plan.has("Attested, not verified").lacks("By hand");
    project
}

/// `ACTION ADDRESS` of every change, and `by hand` where it has steps.
#[track_caller]
fn changes(plan: &Value) -> Vec<String> {
    let changes = plan["targets"][0]["changes"].as_array().expect("changes");
    let one = |change: &Value| {
        let address = text(change, "address");
        let address = address.strip_prefix("platform/").expect("of the target").to_owned();
        let by_hand = if change["manual"].is_null() { "" } else { " by hand" };
        format!("{} {address}{by_hand}", text(change, "action"))
    };
    changes.iter().map(one).collect()
}

#[track_caller]
fn planned(project: &Project, args: &str) -> Vec<String> {
    changes(&project.run(&format!("plan --format json {args}")).exits(0).json())
}
