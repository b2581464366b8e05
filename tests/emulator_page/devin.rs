//! The Devin part of `docs/emulator.md` is true.

use rolecall::emulator::{self, Fault, Options, Seed};
use serde_json::Value;

use super::{of, workos::curl};

/// The address in that part, in place of which the test takes a free port.
const ADDRESS: &str = "http://127.0.0.1:4030";

#[tokio::test]
async fn the_commands_of_the_part_run() {
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let seed: Vec<&str> = of("yaml devin.yaml").collect();
    let mut options = Options::new("devin");
    options.seed = Some(Seed::parse(&seed.join("\n")).expect("a seed"));
    let running = emulator::start(options).await.expect("it starts");
    let mut commands = of("console devin").filter_map(|line| line.strip_prefix("$ "));
    let start = commands.next().expect("it is started first");
    assert_eq!(start, "rolecall emulate devin --listen 127.0.0.1:4030 --seed devin.yaml");
    let mut answers: Vec<(u16, Value)> = Vec::new();
    for command in commands {
        let words = command.strip_prefix("curl ").expect("a request");
        answers.push(curl(&running, ADDRESS, words).await);
    }
    let statuses: Vec<u16> = answers.iter().map(|(status, _)| *status).collect();
    assert_eq!(statuses, [200, 200, 200, 200, 409, 200], "{answers:?}");
    let mira = &answers[5].1;
    assert_eq!(mira["idp_role_assignments"][0]["role"]["role_id"], "org_member");
    assert_eq!(mira["role_assignments"].as_array().map(Vec::len), Some(1));
}

#[test]
fn the_faults_and_switches_of_the_part_exist() {
    for fault in of("text devin faults") {
        let _read = Fault::parse(fault).expect(fault);
    }
    let switches = emulator::switches("devin");
    let named: Vec<&str> = of("text devin switches").collect();
    assert!(named.len() > 3);
    for line in named {
        let (name, value) = line.split_once('=').expect("NAME=VALUE");
        let switch = switches.iter().find(|switch| switch.name == name).expect(line);
        assert!(switch.values.contains(&value), "{line}");
    }
}
