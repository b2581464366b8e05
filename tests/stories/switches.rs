//! Every value of every switch of the emulator: whatever the product does where its documentation
//! is silent, a tenant ends as the definitions say, or the program says what is in the way.

use std::{collections::VecDeque, process::Command, sync::Mutex};

use serde_json::{Value, json};

use crate::common::{Emulator, Project, project::unwrapped};

/// How a life under a switch ends other than well: the step, the exit code, and a text that names
/// the field or person and says why.
struct Exception {
    switch: &'static str,
    value: &'static str,
    step: usize,
    code: i32,
    says: &'static str,
}

/// Behaviours under which not everything can be done, with the reason.
const EXCEPTIONS: &[Exception] = &[
    // The product gives more than it was asked for: the role cannot be as it is written.
    Exception {
        switch: "write_implies_read",
        value: "yes",
        step: 0,
        code: 6,
        says: "create One reviews/role/one the provider accepted it, and read back, field `permissions` still has `learnings:read`",
    },
    // The product keeps less than it was asked for.
    Exception {
        switch: "entries_per_resource",
        value: "highest",
        step: 0,
        code: 6,
        says: "create Two reviews/role/two the provider accepted it, and read back, field `permissions` lacks `learnings:read`",
    },
    // The product does not tell who holds which custom role, so nobody can say whether it worked.
    Exception {
        switch: "user_role_value",
        value: "custom",
        step: 0,
        code: 6,
        says: "1003 → One (was Member) reviews/assignment/-/user:1003 the provider accepted it, and which role it is cannot be read",
    },
    Exception {
        switch: "user_role_value",
        value: "null",
        step: 0,
        code: 6,
        says: "1003 → One (was Member) reviews/assignment/-/user:1003 the provider accepted it, and which role it is cannot be read",
    },
    // More requests than the product takes in a minute, and only a few seconds to wait.
    Exception {
        switch: "role_rate_limit",
        value: "10_per_60s",
        step: 0,
        code: 6,
        says: "answered 429 Too Many Requests",
    },
];

/// The steps of a life; each is applied, and nothing may be left afterwards.
fn steps() -> Vec<String> {
    let roles = |one: &str, two: &str| format!("roles:\n  one: {{ {one} }}\n  two: {{ {two} }}\n");
    let nothing = "  nothing: { name: Nothing, description: Nothing at all, permissions: {} }\n";
    let two = "name: Two, description: null, permissions: { learnings: [read, write] }";
    vec![
        // Made: with a description and permissions, and with none at all.
        format!(
            "{}{nothing}default_role: one\nassignments:\n  - {{ role: one, users: [\"1003\", \"1004\"] }}\n",
            roles(
                "name: One, description: The first, permissions: { reports: [read], learnings: [write], api_keys: [read] }",
                two
            )
        ),
        // Changed: one permission goes, one comes, the description is cleared, the default moves.
        format!(
            "{}{nothing}default_role: two\nassignments:\n  - {{ role: one, users: [\"1003\", \"1004\"] }}\n",
            roles(
                "name: One, description: null, permissions: { reports: [read], learnings: [read, write] }",
                two
            )
        ),
        // Renamed, people move, no default.
        format!(
            "{}{nothing}default_role: none\nassignments:\n  - {{ role: two, users: [\"1003\"] }}\n  - {{ role: one, users: [\"1004\"] }}\n",
            roles(
                "name: Uno, previously: [One], description: Renamed, permissions: { reports: [read], learnings: [read, write] }",
                two
            )
        ),
        // Deleted with somebody in it.
        format!(
            "roles:\n  two: {{ {two} }}\nassignments:\n  - {{ role: two, users: [\"1003\"] }}\nremoved:\n  - {{ name: Uno, reassign_to: two }}\n  - {{ name: Nothing }}\n"
        ),
    ]
}

/// Lives through all steps; where it stops, the step and what was said.
fn live(emulator: &Emulator, seed: &Value, switch: &str, value: &str) -> Result<(), (usize, i32, String)> {
    emulator.put("/_dashboard/state", seed);
    emulator.put("/_dashboard/switches", &json!({}));
    if switch != "rate_limits" {
        emulator.switch("rate_limits", "off");
    }
    emulator.switch(switch, value);
    // Where the organization stands in a request matters only to the key of a workspace.
    let workspace = switch.starts_with("org_id_");
    let mut project = Project::on(emulator, "on_unassign: { to: builtin:cr_member }\n");
    if workspace {
        let config = project.read("rolecall.yaml").replace("settings: {", "settings: { org_id: \"88321\",");
        project.write("rolecall.yaml", &config);
    }
    project.init();
    project.commit("start");
    project.set("CODERABBIT_API_KEY", if workspace { "cr-workspace" } else { "cr-acme" });
    project.set("ROLECALL_ALLOW_HOSTS", &emulator.address);
    // Whoever has to wait for a minute says so instead.
    project.set("ROLECALL_DEADLINE", "4");
    for (index, step) in steps().iter().enumerate() {
        project.define(step);
        let applied = project.apply();
        if applied.code != 0 {
            return Err((index, applied.code, applied.everything()));
        }
        let left = project.run("plan --detailed-exitcode");
        if left.code != 0 {
            return Err((
                index,
                left.code,
                format!("NOT CONVERGED\n{}{}", applied.everything(), left.everything()),
            ));
        }
        project.commit("step");
        // A minute passes, for limits of requests.
        emulator.advance(61_000);
    }
    assert_eq!(emulator.custom(), ["Two"], "{switch}={value}");
    assert_eq!((emulator.held_by("1003"), emulator.held_by("1004")), ("Two".into(), "Two".into()));
    assert_eq!(emulator.permissions("Two"), ["learnings:read", "learnings:write"]);
    Ok(())
}

#[test]
fn under_every_value_of_every_switch_everything_converges_or_says_why_not() {
    let listed = Command::new(env!("CARGO_BIN_EXE_rolecall"))
        .args(["emulate", "coderabbit", "--list-switches"])
        .output()
        .expect("it runs");
    let listed = String::from_utf8(listed.stdout).expect("text");
    let mut all = VecDeque::new();
    for line in listed.lines().filter(|line| !line.starts_with(' ')) {
        let (name, values) = line.split_once('=').expect("NAME=VALUES");
        all.extend(values.split('|').map(|value| (name.to_owned(), value.to_owned())));
    }
    assert!(all.len() > 100, "the list of switches is read");
    for exception in EXCEPTIONS {
        let known = all.iter().any(|(name, value)| name == exception.switch && value == exception.value);
        assert!(known, "there is no {}={} any more", exception.switch, exception.value);
    }
    let (todo, problems) = (Mutex::new(all), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let emulator = Emulator::start();
                let mut seed = emulator.get("/_dashboard/state");
                let keys = seed["tenants"][0]["keys"].as_array_mut().expect("keys");
                keys.push(json!({ "key": "cr-workspace", "kind": "workspace" }));
                loop {
                    let next = todo.lock().expect("no panic").pop_front();
                    let Some((name, value)) = next else { break };
                    let ended = live(&emulator, &seed, &name, &value);
                    let expected = EXCEPTIONS.iter().find(|one| one.switch == name && one.value == value);
                    let problem = match (ended, expected) {
                        (Ok(()), None) => continue,
                        (Err((step, code, text)), Some(wanted))
                            if step == wanted.step
                                && code == wanted.code
                                && unwrapped(&text).contains(wanted.says) =>
                        {
                            continue;
                        }
                        (Ok(()), Some(_)) => "went well, against expectation".to_owned(),
                        (Err((step, code, text)), _) => format!("step {step}, exit {code}\n{text}"),
                    };
                    problems.lock().expect("no panic").push(format!("=== {name}={value}: {problem}"));
                }
            });
        }
    });
    let problems = problems.into_inner().expect("no panic");
    assert!(problems.is_empty(), "{} problems\n{}", problems.len(), problems.join("\n"));
}
