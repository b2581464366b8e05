//! `docs/emulator.md` is true: its seed is served, its commands run, its faults and switches exist.

mod devin;
mod infracodebase;
mod workos;

use std::{fs, path::Path, process::Command};

use serde_json::{Value, json};

use crate::common::{Emulator, http};

const PAGE: &str = include_str!("../../docs/emulator.md");
/// The address on the page, in place of which the test takes a free port.
pub(crate) const ADDRESS: &str = "127.0.0.1:4010";

/// Info string and lines of every fenced block.
fn blocks() -> Vec<(&'static str, Vec<&'static str>)> {
    let mut blocks: Vec<(&str, Vec<&str>)> = Vec::new();
    let mut open = false;
    for line in PAGE.lines() {
        match line.strip_prefix("```") {
            Some(_) if open => open = false,
            Some(info) => {
                open = true;
                blocks.push((info, Vec::new()));
            }
            None if open => blocks.last_mut().expect("a block is open").1.push(line),
            None => {}
        }
    }
    blocks
}

fn of(info: &str) -> impl Iterator<Item = &'static str> {
    blocks().into_iter().filter(move |(other, _)| *other == info).flat_map(|(_, lines)| lines)
}

/// `curl -s [-H 'HEADER'] [-X METHOD] [-d 'BODY'] URL` as a request, so that the test needs no curl.
pub(crate) fn curl(emulator: &Emulator, words: &str) -> (u16, Value) {
    let (options, url) = words.rsplit_once(' ').expect("an address");
    let path = url.strip_prefix("http://").and_then(|url| url.strip_prefix(ADDRESS)).expect("the address");
    let method =
        options.split_once("-X ").map_or("GET", |(_, rest)| rest.split(' ').next().expect("a method"));
    let header =
        options.split_once("-H '").map_or("", |(_, rest)| rest.split('\'').next().expect("a header"));
    let body = options.split_once("-d '").map(|(_, rest)| rest.split('\'').next().expect("a body"));
    let body: Option<Value> = body.map(|body| serde_json::from_str(body).expect("JSON"));
    http::send_with(&emulator.address, method, path, header, body.as_ref())
}

fn rolecall(folder: &Path, words: &str) {
    let output = Command::new(env!("CARGO_BIN_EXE_rolecall"))
        .args(words.split(' '))
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .output()
        .expect("it runs");
    assert!(output.status.success(), "{words}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_commands_of_the_page_run() {
    let temp = tempfile::tempdir().expect("temp");
    for (info, lines) in blocks() {
        if let Some(path) = info.strip_prefix("yaml ") {
            let path = temp.path().join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, lines.join("\n")).expect("a file");
        }
    }
    let mut commands = of("console").filter_map(|line| line.strip_prefix("$ "));
    let start = commands.next().expect("it is started first");
    assert_eq!(start, format!("rolecall emulate coderabbit --listen {ADDRESS} --seed seed.yaml"));
    let seed = temp.path().join("seed.yaml");
    let emulator = Emulator::with(&["--seed", seed.to_str().expect("UTF-8")]);
    let config = temp.path().join("rolecall.yaml");
    let text = fs::read_to_string(&config).expect("the config");
    fs::write(&config, text.replace(ADDRESS, &emulator.address)).expect("the config");
    for command in commands {
        match (command.strip_prefix("rolecall "), command.strip_prefix("curl ")) {
            (Some(words), _) => rolecall(temp.path(), words),
            (_, Some(words)) => {
                let (status, answer) = curl(&emulator, words);
                assert!((200..300).contains(&status), "{command}: {status} {answer}");
            }
            _ => panic!("the page runs `{command}`"),
        }
    }
    assert_eq!(emulator.custom(), ["Auditor", "Release helper"]);
    assert!(emulator.permissions("Auditor").contains(&"reports:delete".to_owned()));
}

#[test]
fn the_commands_for_gitlab_run() {
    let temp = tempfile::tempdir().expect("temp");
    let seed = temp.path().join("gitlab.yaml");
    let text: Vec<&str> = of("yaml gitlab.yaml").collect();
    fs::write(&seed, text.join("\n")).expect("a file");
    let mut commands = of("console gitlab").filter_map(|line| line.strip_prefix("$ "));
    let start = commands.next().expect("it is started first");
    assert_eq!(start, format!("rolecall emulate gitlab --listen {ADDRESS} --seed gitlab.yaml"));
    let emulator = Emulator::of("gitlab", &["--seed", seed.to_str().expect("UTF-8")]);
    let mut answers = Vec::new();
    for command in commands {
        let words = command.strip_prefix("curl ").expect("the rest are requests");
        let (status, answer) = curl(&emulator, words);
        assert!((200..300).contains(&status), "{command}: {status} {answer}");
        answers.push(answer);
    }
    assert_eq!(answers[0][0]["name"], "Reader");
    assert_eq!(answers[2]["data"]["memberRoleDelete"]["errors"], json!([]));
    assert_eq!(answers[3][0]["member_role_id"], Value::Null, "the link has lost its role");
    assert_eq!(answers[6]["data"]["group"]["memberRoles"]["nodes"], json!([]), "the licence has run out");
}

#[test]
fn the_faults_of_the_page_are_faults() {
    let emulator = Emulator::start();
    let faults: Vec<&str> = of("text faults").collect();
    assert!(faults.len() > 5, "{faults:?}");
    emulator.faults(&faults);
    let gitlab: Vec<&str> = of("text faults gitlab").collect();
    assert_eq!(gitlab.len(), 2);
    Emulator::of("gitlab", &[]).faults(&gitlab);
}

#[test]
fn the_root_says_what_listens_there_and_is_not_logged() {
    let emulator = Emulator::start();
    let hint = emulator.get("/");
    assert_eq!(hint["emulator"], "coderabbit");
    for route in hint["dashboard"].as_array().expect("a list") {
        let (methods, path) = route.as_str().and_then(|route| route.rsplit_once(' ')).expect("a route");
        if methods.starts_with("GET") {
            let _answer = emulator.get(path);
        }
        assert!(PAGE.contains(path), "{path} is not on the page");
    }
    assert_eq!(emulator.get("/_dashboard/requests")["count"], json!(0));
}
