//! The Infracodebase part of `docs/emulator.md` is true.

use rolecall::emulator::{self, Options, Seed};

use super::{of, workos::curl};

/// The address in that part, in place of which the test takes a free port.
const ADDRESS: &str = "http://127.0.0.1:4040";

#[tokio::test]
async fn the_commands_of_the_part_run() {
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let seed: Vec<&str> = of("yaml infracodebase.yaml").collect();
    let mut options = Options::new("infracodebase");
    options.seed = Some(Seed::parse(&seed.join("\n")).expect("a seed"));
    let running = emulator::start(options).await.expect("it starts");
    let mut commands = of("console infracodebase").filter_map(|line| line.strip_prefix("$ "));
    let start = commands.next().expect("it is started first");
    assert_eq!(start, "rolecall emulate infracodebase --listen 127.0.0.1:4040 --seed infracodebase.yaml");
    let mut run = 0;
    for command in commands {
        let words = command.strip_prefix("curl ").expect("a request");
        let (status, answer) = curl(&running, ADDRESS, words).await;
        assert_eq!(status, 200, "{command}: {answer}");
        run += 1;
    }
    assert_eq!(run, 3);
}

#[test]
fn the_switches_of_the_part_are_all_of_them_and_one() {
    let switches = emulator::switches("infracodebase");
    let named: Vec<&str> = of("text infracodebase switches").collect();
    for line in &named {
        let (name, value) = line.split_once('=').expect("NAME=VALUE");
        let switch = switches.iter().find(|switch| switch.name == name).expect(line);
        assert!(switch.values.contains(&value), "{line}");
    }
    assert_eq!(named.len() + 1, switches.len());
}
