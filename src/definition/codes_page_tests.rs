//! `docs/codes.md` against the program: every code has its section, every example does what the
//! page says, and every fix fixes it.

use std::{collections::BTreeMap, path::Path};

use super::testing::{self, CONFIG, Memory};
use crate::model::Code;

/// A section of the page.
#[derive(Default)]
struct Section {
    title: String,
    example: Vec<(String, String)>,
    says: String,
    fix: Vec<(String, String)>,
    /// Only a live tenant, or something that a page cannot hold, shows the code.
    shown_only: bool,
}

fn sections() -> BTreeMap<String, Section> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/codes.md");
    let page = std::fs::read_to_string(path).expect("the page");
    let mut sections: BTreeMap<String, Section> = BTreeMap::new();
    let (mut code, mut fixed) = (String::new(), false);
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(title) = line.strip_prefix("## RC") {
            let (number, title) = title.split_once(": ").expect("a title");
            code = format!("RC{number}");
            fixed = false;
            sections.insert(code.clone(), Section { title: title.to_owned(), ..Section::default() });
            continue;
        }
        let Some(section) = sections.get_mut(&code) else { continue };
        if line == "Fixed:" {
            fixed = true;
        } else if line.starts_with("*Not checked") {
            section.shown_only = true;
        } else if let Some(info) = line.strip_prefix("```") {
            let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            let body = format!("{}\n", body.join("\n"));
            match info.strip_prefix("yaml ").or_else(|| info.strip_prefix("csv ")) {
                Some(file) if fixed => section.fix.push((file.to_owned(), body)),
                Some(file) => section.example.push((file.to_owned(), body)),
                None => section.says.push_str(&body),
            }
        }
    }
    sections
}

fn load(files: &[(String, String)]) -> Vec<String> {
    let mut memory = Memory::new([("rolecall.yaml", CONFIG)]);
    memory.0.extend(files.iter().map(|(path, text)| (path.clone(), text.clone().into_bytes())));
    if !memory.0.keys().any(|path| path.starts_with("roles/")) {
        memory.0.insert("roles/none.yaml".into(), "provider: acme\n".into());
    }
    testing::lines(&testing::load(&memory))
}

#[test]
fn every_code_has_its_section() {
    let sections = sections();
    let titles: Vec<(&str, &str)> =
        sections.iter().map(|(code, section)| (code.as_str(), section.title.as_str())).collect();
    let codes: Vec<(&str, &str)> = Code::ALL.iter().map(|code| (code.as_str(), code.summary())).collect();
    assert_eq!(titles, codes);
}

#[test]
fn every_example_does_what_the_page_says() {
    let mut wrong = Vec::new();
    for (code, section) in sections() {
        if section.shown_only {
            assert!(section.example.is_empty() || !section.says.is_empty(), "{code}");
            continue;
        }
        let found = load(&section.example);
        let says: Vec<&str> = section.says.lines().collect();
        if found != says || !found.iter().any(|line| line.starts_with(&code)) {
            wrong.push(format!("{code} says\n{}\nand does\n{}\n", section.says, found.join("\n")));
        }
        let fixed = load(&section.fix);
        if section.fix.is_empty() || !fixed.is_empty() {
            wrong.push(format!("{code} fixed still does\n{}\n", fixed.join("\n")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
