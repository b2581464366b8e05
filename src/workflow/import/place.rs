//! Which files import writes to: `--out`, and what is chosen without it.

use std::sync::Arc;

use crate::{
    definition::emit::HOLDERS_KEY,
    model::config::{Config, Target},
    repo,
    workflow::{Exit, Failure},
};

/// Where roles go if nobody says otherwise and the patterns of the target allow it.
const USUAL: &str = "roles/{target}.yaml";

/// A checked pattern with `{target}` and `{key}`, for one target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The pattern with the target's name in it.
    pattern: String,
}

impl Place {
    /// The pattern that a person gave, or the first of the usual ones that the target's `files:` mean.
    pub(super) fn of(out: Option<&str>, config: &Config, target: &Target) -> Result<Self, Failure> {
        let candidates = match out {
            Some(pattern) => {
                check_pattern(pattern)?;
                vec![pattern.to_owned()]
            }
            None => usual(target),
        };
        let mut first = None;
        for candidate in candidates {
            let place = Self { pattern: candidate.replace("{target}", &target.name) };
            match place.check(config, target) {
                Ok(()) => return Ok(place),
                Err(failure) => first = first.or(Some(failure)),
            }
        }
        Err(first.unwrap_or_else(|| Failure::new(Exit::Usage, "--out is empty")))
    }

    /// Whether every role has a file of its own.
    pub(super) fn per_role(&self) -> bool {
        self.pattern.contains("{key}")
    }

    /// The file of a role.
    pub(super) fn role(&self, key: &str) -> Arc<str> {
        self.pattern.replace("{key}", key).into()
    }

    /// The file of assignments and the default role.
    pub(super) fn holders(&self) -> Arc<str> {
        self.role(HOLDERS_KEY)
    }

    fn check(&self, config: &Config, target: &Target) -> Result<(), Failure> {
        let path = self.role("key");
        for part in path.split('/') {
            if let Some(why) = unfit(part) {
                let message = format!("--out: `{part}` is no name of a file or folder on Windows: it {why}");
                return Err(Failure::new(Exit::Usage, message).help("Choose another name with --out."));
            }
        }
        let serves = |target: &Target| {
            let patterns: Vec<Arc<str>> = target.files.iter().map(|pattern| pattern.value.clone()).collect();
            repo::is_meant(&patterns, &path)
        };
        let shown = self.pattern.replace("{key}", "*");
        if !serves(target) {
            let message = format!(
                "`{shown}` is not among the `files:` of target `{}`, so what is written there would not be read",
                target.name
            );
            let help =
                format!("Add \"{shown}\" to the `files:` of the target, or choose another place with --out.");
            return Err(Failure::new(Exit::Usage, message).help(help));
        }
        if let Some(other) = config.targets.iter().find(|other| other.name != target.name && serves(other)) {
            let message = format!(
                "`{shown}` is among the `files:` of target `{}`, too: it would get the roles of `{}`",
                other.name, target.name
            );
            let help = "Give each target files of its own, and choose one of them with --out.";
            return Err(Failure::new(Exit::Usage, message).help(help));
        }
        Ok(())
    }
}

/// The usual file, and what follows from the target's own patterns.
fn usual(target: &Target) -> Vec<String> {
    let is_glob = |part: &str| part.contains(['*', '?', '[', '{']);
    let own = target.files.iter().map(|pattern| {
        let parts: Vec<&str> = pattern.value.split('/').collect();
        match parts.iter().position(|part| is_glob(part)) {
            None => pattern.value.to_string(),
            Some(first) => {
                let folders = parts.iter().take(first).map(|part| format!("{part}/"));
                folders.chain(["{target}.yaml".to_owned()]).collect()
            }
        }
    });
    std::iter::once(USUAL.to_owned()).chain(own).collect()
}

fn check_pattern(pattern: &str) -> Result<(), Failure> {
    let rest = pattern.replace("{target}", "").replace("{key}", "");
    let wrong = |why: &str| {
        Failure::new(Exit::Usage, format!("--out: `{pattern}` {why}"))
            .help("Write a path below the configuration such as 'roles/{target}/{key}.yaml'.")
    };
    if rest.contains(['{', '}', '*', '?', '[', ']']) {
        return Err(wrong("holds something else in braces than {target} and {key}, or a wildcard"));
    }
    if !pattern.ends_with(".yaml") && !pattern.ends_with(".yml") {
        return Err(wrong("does not end with .yaml or .yml"));
    }
    if pattern.starts_with('/') || pattern.split('/').any(|part| part.is_empty() || part.starts_with('.')) {
        return Err(wrong("is absolute, leaves the folder of the configuration, or is hidden"));
    }
    Ok(())
}

/// Why a name cannot be one on Windows, as the rest of a sentence.
/// Source: "Naming Files, Paths, and Namespaces", Microsoft.
fn unfit(part: &str) -> Option<&'static str> {
    if part.contains(['<', '>', ':', '"', '|', '?', '*', '\\']) || part.chars().any(char::is_control) {
        return Some("holds a character that is not allowed");
    }
    if part.ends_with(['.', ' ']) {
        return Some("ends with a dot or a blank");
    }
    crate::definition::emit::is_device(part).then_some("is the name of a device")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::model::{
        Site, SourceId,
        config::{CredentialSource, Guards, Manage, Mode, OnUnassign, Placed},
    };

    const SITE: Site = Site { source: SourceId(0), start: 0, end: 0 };

    fn target(name: &str, files: &[&str]) -> Target {
        Target {
            name: name.into(),
            provider: "acme",
            files: files.iter().map(|file| Placed { value: (*file).into(), site: SITE }).collect(),
            manage: Manage { roles: Mode::Declared, assignments: Mode::Declared },
            settings: BTreeMap::new(),
            credential: CredentialSource::Env("ACME_TOKEN".into()),
            emulator: false,
            on_unassign: OnUnassign::Refuse,
            site: SITE,
        }
    }

    fn place(out: Option<&str>, targets: &[Target]) -> Result<String, String> {
        let config = Config {
            record: crate::model::config::Record::default(),
            targets: targets.to_vec(),
            guards: Guards::default(),
            lints: BTreeMap::new(),
            apply_from: None,
            names: false,
        };
        let place = Place::of(out, &config, targets.first().unwrap());
        place.map(|place| place.role("k").to_string()).map_err(|failure| failure.message.raw().to_owned())
    }

    #[test]
    fn without_out_the_patterns_of_the_target_decide() {
        for (files, expected) in [
            (&["roles/*.yaml"][..], "roles/main.yaml"),
            (&["roles/acme/**/*.yaml"], "roles/acme/main.yaml"),
            (&["access.yaml"], "access.yaml"),
            (&["x/[0-9].yaml", "y/{a,b}/*.yaml", "z/**/*.yaml"], "z/main.yaml"),
        ] {
            assert_eq!(place(None, &[target("main", files)]).as_deref(), Ok(expected));
        }
        let refused = place(None, &[target("main", &["x/[0-9].yaml"])]).unwrap_err();
        assert!(refused.contains("`roles/main.yaml` is not among the `files:`"), "{refused}");
    }

    #[test]
    fn a_pattern_stays_in_place() {
        let main = target("main", &["roles/**/*.yaml"]);
        let one = std::slice::from_ref(&main);
        assert_eq!(place(Some("roles/{target}/{key}.yaml"), one).as_deref(), Ok("roles/main/k.yaml"));
        for out in [
            "/tmp/{key}.yaml",
            "../roles/{key}.yaml",
            "roles/../x.yaml",
            "roles/.git/{key}.yaml",
            "roles/{name}.yaml",
            "roles/x.txt",
            "roles//x.yaml",
            "other/{key}.yaml",
            "roles/*.yaml",
            "roles/con.yaml",
            "roles/a./x.yaml",
            "roles/LPT1/{key}.yaml",
            "roles/a:b.yaml",
            "roles\\x.yaml",
        ] {
            assert!(place(Some(out), one).is_err(), "{out}");
        }
        assert!(place(None, &[target("con", &["roles/*.yaml"])]).is_err());
        let shared = place(None, &[main, target("second", &["roles/**/*.yaml"])]).unwrap_err();
        assert!(shared.contains("target `second`, too"), "{shared}");
    }
}
