//! What concerns every target: the config, git, the definitions.

use std::sync::Arc;

use super::Check;
use crate::{
    definition::Loaded,
    model::{Level, config::Config},
    repo::{ConfigPlace, Facts, Root},
    workflow::{Exit, Failure, project},
};

/// Most names in a message.
const MOST_NAMES: usize = 5;

pub(super) fn place(place: &ConfigPlace) -> String {
    match &place.root {
        Root::Folder(folder) => format!("{} in {}", place.config, folder.display()),
        Root::Bare { git_dir, .. } => {
            format!("{} in the bare repository {}", place.config, git_dir.display())
        }
    }
}

/// Commit and branch, what is not committed, and how far the history reaches.
pub(super) fn git(facts: &Facts, loaded: Option<&Loaded>, rev: Option<&str>) -> Vec<Check> {
    if facts.commit.is_none() && facts.branch.is_none() {
        return vec![Check::info(
            "git",
            "outside git: only `removed:` and `manage: authoritative` remove anything",
        )];
    }
    let on = match &facts.branch {
        Some(branch) => format!("branch {branch}"),
        None => "no branch".to_owned(),
    };
    let mut checks = vec![match &facts.commit {
        Some(commit) => Check::ok("git", format!("commit {}, {on}", short(commit))),
        None => Check::info("git", format!("no commit yet, {on}")),
    }];
    match (rev, loaded.and_then(|loaded| Some((loaded, loaded.config.as_ref()?)))) {
        (Some(rev), _) => {
            checks.push(Check::info("work tree", format!("not read: `--rev {rev}` names a revision")));
        }
        (None, Some((loaded, config))) if facts.commit.is_some() => {
            checks.push(match facts.changed(&loaded.read, &project::patterns(config)) {
                Ok(changed) if changed.is_empty() => Check::ok("work tree", "as committed"),
                Ok(changed) => Check::info("work tree", format!("not committed: {}", names(&changed)))
                    .help("A person may apply this. CI applies only commits."),
                Err(error) => Check::failed("work tree", error.into()),
            });
        }
        (None, _) => {}
    }
    if facts.shallow {
        checks.push(
            Check::warning("history", "the clone is shallow: earlier definitions may be missing").help(
                "Fetch the rest, in CI with `fetch-depth: 0` or its like in the checkout step: git fetch --unshallow",
            ),
        );
    }
    checks
}

/// Whether `apply_from` lets this branch apply; nothing where there is no such list, or only
/// emulators are applied to.
pub(super) fn branch(facts: &Facts, config: &Config) -> Option<Check> {
    let allowed = config.apply_from.as_ref()?;
    if config.targets.iter().all(|target| target.emulator) {
        return None;
    }
    let names: Vec<&str> = allowed.iter().map(|branch| branch.raw()).collect();
    let here = facts.branch.as_deref().is_some_and(|branch| names.contains(&branch));
    let list = names.join(", ");
    Some(match here {
        true => Check::ok("apply from", format!("this branch: `apply_from` allows {list}")),
        false => Check::warning("apply from", format!("not from here: `apply_from` allows {list}"))
            .help("Apply from there, or pass --allow-branch."),
    })
}

pub(super) fn definitions(loaded: &Loaded) -> Check {
    let count = |level| loaded.findings.iter().filter(|finding| finding.level == level).count();
    let (errors, warnings) = (count(Level::Error), count(Level::Warning));
    let found = format!("{}, {}", many(errors, "error"), many(warnings, "warning"));
    if errors > 0 || loaded.config.is_none() {
        return Check::failed(
            "definitions",
            Failure::new(Exit::Invalid, found).help("`rolecall validate` shows each of them."),
        );
    }
    let roles: usize = loaded.desired.values().map(|desired| desired.roles.len()).sum();
    let all = format!("{} in {}", many(roles, "role"), many(loaded.definition_files, "file"));
    if warnings > 0 {
        return Check::warning("definitions", format!("{all}, {}", many(warnings, "warning")))
            .help("`rolecall validate` shows each of them.");
    }
    Check::ok("definitions", format!("{all}, no findings"))
}

/// What one target declares.
pub(super) fn of_target(loaded: &Loaded, name: &str) -> Check {
    let Some(desired) = loaded.desired.get(name) else {
        return Check::failed(
            "definitions",
            Failure::new(Exit::Invalid, "they have errors, so that there can be no plan")
                .help("`rolecall validate` shows each of them."),
        );
    };
    let mut parts = vec![many(desired.roles.len(), "role"), many(desired.assignments.len(), "assignment")];
    if desired.default.is_some() {
        parts.push("the default role".to_owned());
    }
    if !desired.removed.is_empty() {
        parts.push(many(desired.removed.len(), "removal"));
    }
    let text = parts.join(", ");
    match desired.roles.is_empty() && desired.assignments.is_empty() && desired.removed.is_empty() {
        true => Check::warning("definitions", text).help("Check the `files:` of the target."),
        false => Check::ok("definitions", text),
    }
}

/// `1 role`, `2 roles`
pub(super) fn many(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn names(paths: &[Arc<str>]) -> String {
    let mut text = paths.iter().take(MOST_NAMES).map(|path| &**path).collect::<Vec<_>>().join(", ");
    if paths.len() > MOST_NAMES {
        text.push_str(&format!(", and {} more", paths.len() - MOST_NAMES));
    }
    text
}

fn short(commit: &str) -> &str {
    commit.get(..12).unwrap_or(commit)
}
