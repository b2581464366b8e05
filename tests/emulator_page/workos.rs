//! The WorkOS part of `docs/emulator.md` is true.

use std::collections::BTreeMap;

use rolecall::emulator::{self, Fault, Options, Running, Seed};
use serde_json::Value;

use super::of;

/// The address in that part, in place of which the test takes a free port.
const ADDRESS: &str = "http://127.0.0.1:4020";

async fn started() -> Running {
    let seed: Vec<&str> = of("yaml workos.yaml").collect();
    let mut options = Options::new("workos");
    options.seed = Some(Seed::parse(&seed.join("\n")).expect("a seed"));
    emulator::start(options).await.expect("it starts")
}

/// `curl -s [-X METHOD] [-H 'NAME: VALUE'] [-d 'BODY'] URL`, where the page has `address` in the URL.
pub(super) async fn curl(running: &Running, address: &str, words: &str) -> (u16, Value) {
    let (options, url) = words.rsplit_once(' ').expect("an address");
    let path = url.trim_matches('\'').strip_prefix(address).expect("the address");
    let quoted = |flag: &str| options.split_once(flag).and_then(|(_, rest)| rest.split('\'').next());
    let method = options.split_once("-X ").map_or("GET", |(_, rest)| rest.split(' ').next().expect("one"));
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let mut request = client.request(method.parse().expect("a method"), format!("{}{path}", running.url()));
    if let Some((name, value)) = quoted("-H '").and_then(|header| header.split_once(": ")) {
        request = request.header(name, value);
    }
    if let Some(body) = quoted("-d '") {
        request = request.body(body.to_owned());
    }
    let response = request.send().await.expect("an answer");
    let status = response.status().as_u16();
    (status, serde_json::from_str(&response.text().await.expect("text")).unwrap_or(Value::Null))
}

#[tokio::test]
async fn the_commands_of_the_part_run() {
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let running = started().await;
    let mut commands = of("console workos").filter_map(|line| line.strip_prefix("$ "));
    let start = commands.next().expect("it is started first");
    assert_eq!(start, "rolecall emulate workos --listen 127.0.0.1:4020 --seed workos.yaml");
    let mut answers = BTreeMap::new();
    for command in commands {
        let words = command.strip_prefix("curl ").expect("a request");
        let (status, answer) = curl(&running, ADDRESS, words).await;
        answers.insert(status, answer);
        assert!((200..300).contains(&status) || status == 409, "{command}: {status} {answers:?}");
    }
    assert_eq!(answers[&409]["code"], "role_has_group_role_mappings");
    let roles = &curl(
        &running,
        ADDRESS,
        &format!(
            "-H 'Authorization: Bearer sk_test_demo' {ADDRESS}/authorization/organizations/org_acme/roles"
        ),
    )
    .await
    .1;
    let slugs: Vec<&str> =
        roles["data"].as_array().expect("roles").iter().filter_map(|role| role["slug"].as_str()).collect();
    assert_eq!(slugs, ["admin", "member", "org-auditor", "org-helper"]);
    assert_eq!(roles["data"][3]["permissions"], serde_json::json!(["billing:read"]));
}

#[test]
fn the_faults_of_the_part_are_faults() {
    let faults: Vec<&str> = of("text workos faults").collect();
    assert!(faults.len() > 3, "{faults:?}");
    for fault in faults {
        let _read = Fault::parse(fault).expect(fault);
    }
}

#[test]
fn the_switches_of_the_part_exist() {
    let switches = emulator::switches("workos");
    let mut named = 0;
    for line in of("text workos switches") {
        let (name, value) = line.split_once('=').expect("NAME=VALUE");
        let switch = switches.iter().find(|switch| switch.name == name).expect(line);
        assert!(switch.values.contains(&value), "{line}");
        named += 1;
    }
    assert!(named > 3);
}
