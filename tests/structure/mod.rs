//! The shape of the code itself: rooms that import one way, provider's names in their own places,
//! output only where it belongs.

mod schemas;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// The rooms in the order in which they may import each other: only from left to right.
const ORDER: [&str; 13] = [
    "model",
    "catalog",
    "contract",
    "definition",
    "access",
    "plan",
    "assess",
    "provider",
    "apply",
    "workflow",
    "render",
    "ci",
    "cli",
];

/// Which rooms a room may import.
fn allowed(room: &str) -> Vec<&'static str> {
    match room {
        // Stands beside the chain.
        "repo" => vec!["model"],
        // A misunderstanding must not hide on both sides.
        "emulator" => vec![],
        "definition" => vec!["model", "catalog", "contract"],
        "access" => vec!["model", "catalog", "contract"],
        _ => {
            let place = ORDER.iter().position(|other| *other == room).unwrap_or(0);
            let mut rooms = ORDER[..place].to_vec();
            if matches!(room, "workflow" | "render" | "ci" | "cli") {
                rooms.push("repo");
            }
            if matches!(room, "workflow" | "cli") {
                rooms.push("emulator");
            }
            rooms
        }
    }
}

fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("it is there") {
            let path = entry.expect("it is there").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = fs::read_to_string(&path).expect("it is there");
                files.push((path.strip_prefix(&root).expect("it is there").to_owned(), text));
            }
        }
    }
    files.sort();
    files
}

fn room(path: &Path) -> Option<&str> {
    (path.components().count() > 1)
        .then(|| path.iter().next().expect("it is there").to_str().expect("it is there"))
}

/// The rooms that a file names after `crate::`, grouped imports included.
fn imports(text: &str) -> Vec<String> {
    let mut rooms = Vec::new();
    for (at, _) in text.match_indices("crate::") {
        let rest = &text[at + "crate::".len()..];
        let Some(group) = rest.strip_prefix('{') else {
            rooms.push(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
            continue;
        };
        let (mut depth, mut word) = (0, String::new());
        for c in group.chars() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                _ => {}
            }
            if depth > 0 {
                continue;
            }
            if c.is_alphanumeric() || c == '_' {
                word.push(c);
            } else if c == ',' {
                word.clear();
            } else if c == ':' && !word.is_empty() {
                rooms.push(std::mem::take(&mut word));
            }
        }
    }
    rooms
}

#[test]
fn rooms_import_one_way() {
    let known: Vec<&str> = ORDER.iter().copied().chain(["repo", "emulator"]).collect();
    let mut wrong = Vec::new();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for (path, text) in sources() {
        let Some(room) = room(&path) else { continue };
        assert!(known.contains(&room), "{} lies in a room that nobody planned", path.display());
        for import in imports(&text) {
            if import == room || !known.contains(&import.as_str()) {
                continue;
            }
            *seen.entry(import.clone()).or_default() += 1;
            if !allowed(room).contains(&import.as_str()) {
                wrong.push(format!("{} imports {import}", path.display()));
            }
        }
    }
    assert!(seen.len() > 8, "the test reads the imports: {seen:?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_emulator_imports_nothing_of_the_rest() {
    for (path, text) in sources().iter().filter(|(path, _)| room(path) == Some("emulator")) {
        for import in imports(text) {
            assert_eq!(import, "emulator", "{}", path.display());
        }
    }
}

#[test]
fn providers_are_named_only_in_their_own_places() {
    let names = ["coderabbit", "gitlab", "workos", "devin", "infracodebase"];
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        if matches!(room(&path), Some("catalog" | "provider" | "emulator" | "ci")) {
            continue;
        }
        // One of them is a forge, too, whose CI system this command serves.
        if path.starts_with("cli/commands/ci") || path == Path::new("cli/commands/ci.rs") {
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            if names.iter().any(|name| line.to_lowercase().contains(name)) {
                wrong.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_json_sinks_write_json_documents_for_people() {
    // Documents hold text that somebody else wrote; `render::json` escapes what a terminal would obey.
    for (path, text) in sources() {
        if matches!(room(&path), Some("cli" | "render")) && path != Path::new("render/json.rs") {
            let code = text.split("#[cfg(test)]").next().expect("it is there");
            assert!(
                !code.contains("serde_json::to_string"),
                "{} writes JSON past render::json",
                path.display()
            );
            assert!(!code.contains("to_string_pretty"), "{} writes JSON past render::json", path.display());
        }
    }
}

#[test]
fn the_parser_of_yaml_is_named_once() {
    // So that another parser can take its place in one file.
    for (path, text) in sources() {
        let adapter = path.starts_with("definition/syntax") || path == Path::new("definition/syntax.rs");
        assert!(adapter || !text.contains("granit_parser"), "{}", path.display());
    }
}

#[test]
fn the_threat_model_names_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/threat-model.md")).expect("it is there");
    let mut code: String = sources().into_iter().map(|(_, text)| text).collect();
    let mut folders = vec![root.join("tests")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("it is there") {
            let path = entry.expect("it is there").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                code.push_str(&fs::read_to_string(&path).expect("it is there"));
            }
        }
    }
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| P")).collect();
    assert_eq!(rows.len(), 13, "one row for each property");
    for row in rows {
        let named = row.split('`').skip(1).step_by(2);
        for name in named {
            assert!(code.contains(&format!("fn {name}(")), "no test is called {name}: {row}");
        }
    }
}
