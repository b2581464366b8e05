//! CODEOWNERS: who decides about roles also decides about what decides about them.

use std::{collections::BTreeSet, sync::Arc};

use super::{Forge, Known};
use crate::model::config::Config;

/// The files and folders, below the top of the repository, that `config` and its definitions name: the
/// folder of each pattern, and every file that was read outside of those.
pub(super) fn paths(config: &Config, read: &[Arc<str>], root: &str) -> BTreeSet<String> {
    let patterns = config.targets.iter().flat_map(|target| &target.files);
    let mut paths: BTreeSet<String> = patterns.map(|pattern| folder(&pattern.value)).collect();
    paths.insert(".rolecall/".to_owned());
    let folders = paths.clone();
    let covers = |folder: &str, path: &str| {
        folder.is_empty() || folder == path || folder.ends_with('/') && path.starts_with(folder)
    };
    let covered = |path: &str| folders.iter().any(|folder| covers(folder, path));
    // The configuration itself, and people who are named in a table of their own.
    paths.extend(read.iter().map(ToString::to_string).filter(|path| !covered(path)));
    let begin = if root.is_empty() { "/".to_owned() } else { format!("/{root}/") };
    paths.iter().map(|path| format!("{begin}{path}")).collect()
}

/// The part of a pattern in which nothing is a choice: a folder, or the file that it names.
fn folder(pattern: &str) -> String {
    match pattern.find(['*', '?', '[', '{']) {
        None => pattern.to_owned(),
        Some(choice) => {
            let before = pattern.get(..choice).unwrap_or_default();
            before.rfind('/').and_then(|end| before.get(..=end)).unwrap_or_default().to_owned()
        }
    }
}

/// A path as a pattern of CODEOWNERS: everything, where it is the top of the repository. A blank ends the pattern, and what else has a meaning cannot
/// be written at all on every forge: then one character stands for any other.
fn pattern(path: &str) -> String {
    if path == "/" {
        return "*".to_owned();
    }
    let mut pattern = String::new();
    for character in path.chars() {
        match character {
            ' ' => pattern.push_str("\\ "),
            '#' | '!' | '[' | ']' | '*' | '?' | '\\' => pattern.push('?'),
            other if other.is_control() || other.is_whitespace() => pattern.push('?'),
            other => pattern.push(other),
        }
    }
    pattern
}

impl Known {
    /// The file of owners, or the lines to add to it.
    pub(super) fn code_owners(&self, forge: Forge) -> String {
        let of_forge: &[&str] = match forge {
            Forge::GitHub => &["/.github/workflows/", "/.github/CODEOWNERS"],
            Forge::GitLab => &["/.gitlab-ci.yml", "/.gitlab/CODEOWNERS"],
        };
        let template = include_str!("../../../templates/github/CODEOWNERS");
        let paths = self.owned_paths.iter().map(String::as_str).chain(of_forge.iter().copied());
        let lines: Vec<String> = paths.map(|path| format!("{} {}", pattern(path), self.owners)).collect();
        template.replace("@OWNED@", &lines.join("\n"))
    }
}
