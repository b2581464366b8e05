//! The README and `docs/history.md` are true: every command of the tutorial and of that page prints
//! what stands there. `UPDATE_README=1 cargo test readme` writes what the commands print now.

#![cfg(unix)] // the tutorial is typed into a shell

use std::{fs, path::Path, process::Command};

use crate::{
    common::Emulator,
    emulator_page::{ADDRESS, curl},
};

const README: &str = include_str!("../../README.md");
const HISTORY: &str = include_str!("../../docs/history.md");

/// A fenced block: its info string, its lines, and where its content stands in the page.
struct Block<'t> {
    info: &'t str,
    text: &'t str,
    start: usize,
}

fn blocks(page: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut from = 0;
    while let Some(open) = page[from..].find("```").map(|at| from + at) {
        let line_end = open + page[open..].find('\n').expect("a fence ends its line");
        let close = line_end + page[line_end..].find("\n```").expect("a fence is closed");
        let text = &page[line_end + 1..=close];
        blocks.push(Block { info: page[open + 3..line_end].trim(), text, start: line_end + 1 });
        from = close + 4;
    }
    blocks
}

fn section<'t>(page: &'t str, heading: &str) -> (usize, &'t str) {
    let start = page.find(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("## {heading}")) + 1;
    let end = page[start + 3..].find("\n## ").map_or(page.len(), |at| start + 3 + at);
    (start, &page[start..end])
}

/// Days and times change, and so do the ids of commits, which hold them, and digests, which hold the
/// ids that the emulator gave to what was made at the same time; everything else has to be the same.
fn steady(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let shape: String = rest
            .chars()
            .take_while(|c| *c != '\n')
            .map(|c| if c.is_ascii_digit() { '0' } else { c })
            .collect();
        let word: &str = rest.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        let is_id = word.len() >= 7 && word.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let (shown, length) = if shape.starts_with("0000-00-00T") {
            ("TIME", rest.find('Z').unwrap_or(10))
        } else if shape.starts_with("0000-00-00 00:00") {
            ("TIME", 16)
        } else if shape.starts_with("0000-00-00") {
            ("DAY", 10)
        } else if is_id {
            ("ID", rest.find(|c: char| c != '-' && !c.is_ascii_hexdigit()).unwrap_or(rest.len()))
        } else {
            let length = if word.is_empty() { c.len_utf8() } else { word.len() };
            (&rest[..length], length)
        };
        out.push_str(shown);
        rest = &rest[length..];
    }
    out
}

fn run(folder: &Path, command: &str) -> String {
    let bin = Path::new(env!("CARGO_BIN_EXE_rolecall")).parent().expect("a folder");
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default());
    let output = Command::new("sh")
        .args(["-c", &format!("{command} 2>&1")])
        .current_dir(folder)
        .env_clear()
        .env("PATH", path)
        .env("HOME", folder)
        .env("COLUMNS", "90")
        .env("USER", "mira")
        .envs(["AUTHOR", "COMMITTER"].map(|who| (format!("GIT_{who}_NAME"), "Mira")))
        .envs(["AUTHOR", "COMMITTER"].map(|who| (format!("GIT_{who}_EMAIL"), "mira@acme.example.test")))
        .env("GIT_CEILING_DIRECTORIES", folder)
        .output()
        .expect("sh runs");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Writes the files of `part` of `page`, which starts at `offset`, into `folder`, and holds what its
/// commands print.
fn hold(path: &str, page: &str, (offset, part): (usize, &str), folder: &Path, run: impl Fn(&str) -> String) {
    let mut now = page.to_owned();
    let mut shift: isize = 0;
    let mut wrong = Vec::new();
    for block in blocks(part) {
        if let Some(path) = block.info.strip_prefix("yaml ") {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("folder");
            fs::write(path, block.text).expect("file");
            continue;
        }
        if block.info != "console" {
            continue;
        }
        let mut printed = String::new();
        for command in block.text.lines().filter_map(|line| line.strip_prefix("$ ")) {
            printed.push_str(&format!("$ {command}\n"));
            let output = run(command);
            printed.push_str(&output);
            if !output.is_empty() && !output.ends_with('\n') {
                printed.push('\n');
            }
        }
        if steady(&printed) != steady(block.text) {
            wrong.push(format!("{path} shows:\n{}\nand it prints:\n{printed}", block.text));
            let start = (offset + block.start) as isize + shift;
            now.replace_range(start as usize..start as usize + block.text.len(), &printed);
            shift += printed.len() as isize - block.text.len() as isize;
        }
    }
    if std::env::var_os("UPDATE_README").is_some() {
        fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join(path), now).expect("it is written");
        return;
    }
    assert!(wrong.is_empty(), "{}\nUPDATE_README=1 cargo test readme writes it", wrong.join("\n\n"));
}

#[test]
fn every_command_of_the_tutorial_prints_what_the_readme_shows() {
    let temp = tempfile::tempdir().expect("temp");
    let tutorial = section(README, "Ten minutes");
    hold("README.md", README, tutorial, temp.path(), |command| run(temp.path(), command));
}

#[test]
fn every_command_of_the_page_about_history_prints_what_it_shows() {
    let temp = tempfile::tempdir().expect("temp");
    let seed = temp.path().join("seed.yaml");
    fs::write(&seed, blocks(HISTORY)[0].text).expect("the page starts with the seed");
    let emulator = Emulator::with(&["--seed", &seed.display().to_string()]);
    // The emulator listens somewhere else than on the page.
    hold("docs/history.md", HISTORY, (0, HISTORY), temp.path(), |command| {
        if command.starts_with("curl ") {
            let (status, answer) = curl(&emulator, command);
            assert!((200..300).contains(&status), "{command}: {status} {answer}");
            return String::new();
        }
        let config = temp.path().join("rolecall.yaml");
        let text = fs::read_to_string(&config).expect("a config").replace(ADDRESS, &emulator.address);
        fs::write(&config, text).expect("the config");
        run(temp.path(), command).replace(&emulator.address, ADDRESS)
    });
}

#[test]
fn the_configuration_that_the_readme_shows_is_valid() {
    let (_, text) = section(README, "Configuration");
    let yaml: Vec<&str> = blocks(text).iter().filter(|b| b.info == "yaml").map(|b| b.text).collect();
    let [config, definitions] = yaml.as_slice() else { panic!("two files: {}", yaml.len()) };
    let temp = tempfile::tempdir().expect("temp");
    fs::create_dir(temp.path().join("roles")).expect("folder");
    fs::write(temp.path().join("rolecall.yaml"), config).expect("config");
    fs::write(temp.path().join("roles/reviews.yaml"), definitions).expect("definitions");
    let printed = run(temp.path(), "rolecall validate");
    assert_eq!(printed, "Valid: 1 role in 1 file for 1 target.\n");
}

#[test]
fn the_first_two_commands_are_the_ones_that_ci_runs() {
    let commands: Vec<&str> = README.lines().filter_map(|line| line.strip_prefix("$ ")).take(2).collect();
    assert_eq!(commands[0], "cargo run --release -- -C examples/quickstart apply --auto-approve");
    assert_eq!(commands[1], "cargo test");
    let ci = include_str!("../../.ci/run");
    assert!(ci.contains("cargo test"), "CI runs the README's test command");
}
