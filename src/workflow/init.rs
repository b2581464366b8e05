//! The first files of a project: a configuration, a definition, and what editors need.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use globset::Glob;

use super::{
    Exit, Failure, World,
    tenant::{GITIGNORE, IGNORE_FILE},
};
use crate::{
    contract::{OnRemove, PermissionForm, Setting, Spec},
    definition::{self, LoadOptions},
    emulator,
    model::{
        Code, Finding,
        files::{FileError, FileErrorKind, Files, Listing},
    },
    repo::{self, CONFIG_NAME},
};

/// What a person said, as far as they said it.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// The provider.
    pub provider: Option<String>,
    /// Name of the target.
    pub name: Option<String>,
    /// Whether the in-process emulator stands in for the provider.
    pub emulator: bool,
    /// Settings by name.
    pub settings: BTreeMap<String, String>,
    /// Whether what is live is imported in place of an example.
    pub import: bool,
}

/// What the first files are made of.
#[derive(Clone)]
pub struct Answers<'a> {
    /// The provider.
    pub spec: &'a dyn Spec,
    /// Name of the target.
    pub name: String,
    /// Whether the in-process emulator stands in for the provider.
    pub emulator: bool,
    /// Settings by name.
    pub settings: BTreeMap<String, String>,
    /// Whether what is live is imported afterwards, so that no example is needed.
    pub import: bool,
}

/// The first files, as path below the root and text, in the order in which they are written: the
/// configuration last, so that there is none before everything it names is there.
#[derive(Clone, Debug)]
pub struct Scaffold {
    files: Vec<(String, String)>,
}

/// Whether a provider has an emulator.
pub fn has_emulator(spec: &dyn Spec) -> bool {
    emulator::providers().contains(&spec.name())
}

/// The contract of the provider that a person named.
///
/// # Errors
///
/// A usage error where there is no such provider in this version.
pub fn provider<'a>(world: &'a World, name: &str) -> Result<&'a dyn Spec, Failure> {
    let specs = world.registry.specs();
    let names: Vec<&str> = specs.iter().map(|spec| spec.name()).collect();
    let unknown = || Failure::new(Exit::Usage, no_provider(name, &names));
    specs.iter().copied().find(|spec| spec.name() == name).ok_or_else(unknown)
}

fn no_provider(name: &str, names: &[&str]) -> String {
    let only = if names.len() == 1 { "only " } else { "" };
    format!("--provider: there is no provider `{name}`; this version knows {only}{}", names.join(", "))
}

/// Completes what a person said with what goes without saying.
///
/// # Errors
///
/// Everything that is missing or wrong, in one usage error.
pub fn complete<'a>(world: &'a World, wanted: &Wanted) -> Result<Answers<'a>, Failure> {
    let specs = world.registry.specs();
    let names: Vec<&str> = specs.iter().map(|spec| spec.name()).collect();
    let mut wrong = Vec::new();
    let spec = match (&wanted.provider, &*specs) {
        (Some(name), _) => {
            let found = specs.iter().copied().find(|spec| spec.name() == name);
            if found.is_none() {
                wrong.push(no_provider(name, &names));
            }
            found
        }
        (None, [only]) => Some(*only),
        (None, _) => {
            wrong.push(format!("--provider is missing: one of {}", names.join(", ")));
            None
        }
    };
    if let Some(problem) = wanted.name.as_deref().and_then(name_fault) {
        wrong.push(format!("--name: {problem}"));
    }
    if let Some(spec) = spec {
        if wanted.emulator && !has_emulator(spec) {
            wrong.push(format!("--emulator: there is none for {}", spec.title()));
        }
        wrong.extend(wrong_settings(spec, wanted));
    }
    match (spec, wrong.is_empty()) {
        (Some(spec), true) => Ok(Answers {
            spec,
            name: wanted.name.clone().unwrap_or_else(|| spec.name().to_owned()),
            emulator: wanted.emulator,
            settings: settings(spec, wanted),
            import: wanted.import,
        }),
        _ => Err(Failure::new(Exit::Usage, listed("this is missing or wrong", &wrong))
            .help("`rolecall init --help` explains each option. Nothing was written.")),
    }
}

/// The settings, with those of the emulator's world where it stands in.
fn settings(spec: &dyn Spec, wanted: &Wanted) -> BTreeMap<String, String> {
    let emulated = spec.settings_of_emulator().iter().filter(|_| wanted.emulator);
    let mut settings: BTreeMap<String, String> =
        emulated.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    settings.extend(wanted.settings.clone());
    settings
}

/// One line by itself, several in a list.
fn listed(what: &str, lines: &[String]) -> String {
    match lines {
        [one] => one.clone(),
        _ => format!("{what}:\n  {}", lines.join("\n  ")),
    }
}

fn wrong_settings(spec: &dyn Spec, wanted: &Wanted) -> Vec<String> {
    let known = spec.settings();
    let mut wrong = Vec::new();
    for name in wanted.settings.keys().filter(|name| !known.iter().any(|known| known.name == *name)) {
        let list: Vec<&str> = known.iter().map(|known| known.name).collect();
        wrong.push(match list.is_empty() {
            true => format!("--setting {name}: {} has no settings", spec.title()),
            false => {
                format!("--setting {name}: {} has no such setting; it has {}", spec.title(), list.join(", "))
            }
        });
    }
    // The emulator invents the tenant.
    let missing = known.iter().filter(|known| known.required && !wanted.emulator);
    for Setting { name, about, example, .. } in missing.filter(|s| !wanted.settings.contains_key(s.name)) {
        wrong.push(format!("--setting {name}=VALUE is missing: {about} For example {example}."));
    }
    wrong
}

/// Why a target cannot have this name; `None` where it can.
pub fn name_fault(name: &str) -> Option<String> {
    let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let fine = (1..=64).contains(&name.len())
        && name.bytes().next().is_some_and(letter)
        && name.bytes().all(|b| letter(b) || b"._-".contains(&b));
    (!fine).then(|| {
        format!("`{name}` is no name of a target: small letters, digits, and `._-`, at most 64, the first a letter or digit")
    })
}

/// Makes the first files, and checks them as `validate` would. `schemas` are those that editors use,
/// by path.
///
/// # Errors
///
/// What the check found: a setting whose form is wrong.
pub fn scaffold(
    world: &World,
    answers: &Answers<'_>,
    schemas: impl IntoIterator<Item = (&'static str, String)>,
) -> Result<Scaffold, Failure> {
    let mut files: Vec<(String, String)> =
        schemas.into_iter().map(|(path, text)| (path.to_owned(), text)).collect();
    files.push((IGNORE_FILE.to_owned(), GITIGNORE.to_owned()));
    if !answers.import {
        files.push((definition_path(answers.spec), definition(answers.spec)));
    }
    files.push((CONFIG_NAME.to_owned(), config(answers)));
    let scaffold = Scaffold { files };
    let options = LoadOptions {
        lints: BTreeMap::new(),
        revision: None,
        today: world.today,
        skip_lints: false,
        cache: &world.cache,
    };
    let loaded = definition::load(&scaffold, CONFIG_NAME, &world.registry.specs(), &options);
    // Before an import there are no definitions.
    let expected = |finding: &Finding| answers.import && finding.code == Code::NoFiles;
    let findings: Vec<&Finding> = loaded.findings.iter().filter(|finding| !expected(finding)).collect();
    if findings.is_empty() {
        return Ok(scaffold);
    }
    let said: Vec<String> = findings
        .iter()
        .map(|finding| {
            let place = finding.labels.first().and_then(|label| {
                let text = &loaded.sources.get(label.site.source)?.text;
                Some(format!(" ({})", text.get(label.site.start as usize..label.site.end as usize)?))
            });
            format!("{}{}", finding.message.raw(), place.unwrap_or_default())
        })
        .collect();
    Err(Failure::new(Exit::Usage, listed("the files would have problems", &said))
        .help("Correct the setting. Nothing was written."))
}

fn definition_path(spec: &dyn Spec) -> String {
    format!("roles/{}/{}.yaml", spec.name(), spec.example().key)
}

/// The first definition: eight lines.
fn definition(spec: &dyn Spec) -> String {
    let example = spec.example();
    let permissions = match spec.permission_form() {
        PermissionForm::Flat => format!("[{}]", example.permissions.join(", ")),
        PermissionForm::ResourceAccess => {
            let mut resources: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
            for permission in example.permissions {
                let (resource, access) = permission.rsplit_once(':').unwrap_or((permission, "read"));
                resources.entry(resource).or_default().push(access);
            }
            let entries: Vec<String> = resources
                .iter()
                .map(|(resource, accesses)| format!("{resource}: [{}]", accesses.join(", ")))
                .collect();
            format!("{{ {} }}", entries.join(", "))
        }
    };
    format!(
        "# yaml-language-server: $schema=../../.rolecall/schema/definitions.schema.json
provider: {}
roles:
  {}: # what git calls it; the name below can change
    name: {}
    description: {}
{}{}    # `rolecall catalog` lists every permission.
    permissions: {permissions}
",
        spec.name(),
        example.key,
        quoted(example.name),
        quoted(example.description),
        example.scope.map(|scope| format!("    scope: {scope}\n")).unwrap_or_default(),
        example.base.map(|base| format!("    base: {base}\n")).unwrap_or_default(),
    )
}

fn config(answers: &Answers<'_>) -> String {
    let Answers { spec, name, emulator, settings, .. } = answers;
    let provider = spec.name();
    let mut lines = vec![
        "# yaml-language-server: $schema=.rolecall/schema/rolecall.schema.json".to_owned(),
        "version: 1".to_owned(),
        String::new(),
        "targets:".to_owned(),
        "  # A live tenant, and the files that describe its roles.".to_owned(),
        format!("  {}:", quoted(name)),
        format!("    provider: {provider}"),
        format!("    files: [\"roles/{provider}/**/*.yaml\"]"),
    ];
    if *emulator {
        lines.push("    # A stand-in inside the program: no account, no network.".to_owned());
        lines.push("    # Take this line away to work on the real tenant.".to_owned());
        lines.push("    emulator: true".to_owned());
    }
    if *emulator && settings.iter().any(|(name, value)| is_emulated(*spec, name, value)) {
        lines.push("    # Of the stand-in's world; the real tenant has its own.".to_owned());
    }
    lines.extend(settings_lines(*spec, settings));
    let credential = spec.credential();
    lines.push(format!("    # The credential comes from {credential}. From another variable:"));
    lines.push(format!("    # credential: {{ env: {credential}_SUFFIX }}"));
    if spec.principals().iter().any(|class| class.on_remove == OnRemove::AnotherRole)
        && let Some(vacant) = spec.catalogue().builtin.iter().find(|role| role.vacant)
    {
        lines.push("    # Where people go from whom a role is taken:".to_owned());
        lines.push(format!("    # on_unassign: {{ to: builtin:{} }}", vacant.id));
    }
    lines.push(String::new());
    lines.push("# What one plan may do at most. These limits hold unless others stand here:".to_owned());
    lines.push("# guards: { max_deletes: 3, max_unassigns: \"10%\", min_admins: 2 }".to_owned());
    lines.push("# The branches that may apply. Without this line every one may:".to_owned());
    lines.push("# apply_from: [main]".to_owned());
    lines.join("\n") + "\n"
}

fn is_emulated(spec: &dyn Spec, name: &str, value: &str) -> bool {
    spec.settings_of_emulator().contains(&(name, value))
}

/// The settings of the target; those without a value as comments with an example.
fn settings_lines(spec: &dyn Spec, settings: &BTreeMap<String, String>) -> Vec<String> {
    let known = spec.settings();
    if known.is_empty() {
        return Vec::new();
    }
    let off = if settings.is_empty() { "# " } else { "" };
    let mut lines = vec![format!("    {off}settings:")];
    for Setting { name, about, example, .. } in known {
        match settings.get(*name) {
            Some(value) => lines.push(format!("      {name}: {}", double_quoted(value))),
            None if off.is_empty() => {
                lines.push(format!("      # {about}"));
                lines.push(format!("      # {name}: {}", double_quoted(example)));
            }
            None => {
                lines.push(format!("    #   # {about}"));
                lines.push(format!("    #   {name}: {}", double_quoted(example)));
            }
        }
    }
    lines
}

/// A scalar that is text whatever a reader of YAML takes for numbers, dates, or truth.
fn quoted(text: &str) -> String {
    let words = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let plain = text.bytes().next().is_some_and(|b| b.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b" ,.-_".contains(&b))
        && !text.ends_with(' ')
        && !words.contains(&text.to_ascii_lowercase().as_str());
    if plain { text.to_owned() } else { double_quoted(text) }
}

/// A JSON string, which is a double-quoted scalar of YAML too.
fn double_quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

impl Files for Scaffold {
    fn list(&self, patterns: &[Arc<str>]) -> Listing {
        let globs: Vec<_> =
            patterns.iter().filter_map(|p| Some(Glob::new(p).ok()?.compile_matcher())).collect();
        let matching = self.files.iter().filter(|(path, _)| globs.iter().any(|glob| glob.is_match(path)));
        Listing { files: matching.map(|(path, _)| path.as_str().into()).collect(), ..Listing::default() }
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        let found = self.files.iter().find(|(known, _)| known == path);
        found.map(|(_, text)| text.clone().into_bytes()).ok_or_else(|| FileError {
            path: path.into(),
            kind: FileErrorKind::NotFound,
            message: "there is no such file".to_owned(),
        })
    }
}

impl Scaffold {
    /// The paths below the root, those that a person edits first.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.iter().rev().map(|(path, _)| path.as_str())
    }

    /// Writes the files below `root`, all or none. What is there already with the same content, from
    /// an earlier run, stays.
    ///
    /// # Errors
    ///
    /// Everything that is in the way, before anything is written: files that are there (exit 1), and
    /// links, through which nothing is written (exit 4).
    pub fn write(&self, root: &Path) -> Result<(), Failure> {
        let root = opened(root)?;
        let obstacles: Vec<Obstacle> =
            self.files.iter().rev().filter_map(|(path, text)| obstacle(&root, path, text)).collect();
        if !obstacles.is_empty() {
            return Err(refusal(&obstacles));
        }
        let mut made = Made::default();
        for (path, text) in &self.files {
            if root.join(path).symlink_metadata().is_ok() {
                continue;
            }
            made.note(&root, path);
            if let Err(error) = repo::write::write_new(&root, path, text.as_bytes()) {
                made.undo();
                let failure = Failure::from(error);
                let message = format!("{}; nothing was written", failure.message.raw());
                return Err(Failure { message: message.into(), ..failure });
            }
        }
        Ok(())
    }
}

/// The folder `root` without links.
fn opened(root: &Path) -> Result<PathBuf, Failure> {
    root.canonicalize().map_err(|error| {
        let at = root.display();
        match error.kind() {
            io::ErrorKind::NotFound => Failure::new(Exit::Usage, format!("there is no folder `{at}`"))
                .help("Make it first, or leave `-C` out."),
            _ => Failure::new(Exit::Error, format!("cannot open `{at}`: {error}")),
        }
    })
}

/// Whether a project can begin in `root` at all, to say so before anybody is asked anything.
///
/// # Errors
///
/// Where `root` is no folder, or has a configuration.
pub fn may_begin(root: &Path) -> Result<(), Failure> {
    match obstacle(&opened(root)?, CONFIG_NAME, "") {
        None => Ok(()),
        Some(obstacle) => Err(refusal(&[obstacle])),
    }
}

/// Something that stands where a file is to be written.
struct Obstacle {
    exit: Exit,
    message: String,
}

/// What is in the way of writing `text` to `path` below `root`.
fn obstacle(root: &Path, path: &str, text: &str) -> Option<Obstacle> {
    let mut place = root.to_path_buf();
    let mut shown = PathBuf::new();
    let parts: Vec<&str> = path.split('/').collect();
    for (index, part) in parts.iter().enumerate() {
        place.push(part);
        shown.push(part);
        let last = index + 1 == parts.len();
        let found = match fs::symlink_metadata(&place) {
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                let message = format!("`{}` cannot be looked at: {error}", shown.display());
                return Some(Obstacle { exit: Exit::Error, message });
            }
        };
        let (exit, what) = match (found.is_symlink(), found.is_dir(), last) {
            (true, ..) => (Exit::Refused, "is a symbolic link; nothing is written through links"),
            (_, true, false) => continue,
            (_, false, false) => (Exit::Error, "is a file where a folder is needed"),
            // What an earlier run left is as it should be; a configuration is somebody's work.
            _ if found.is_file()
                && path != CONFIG_NAME
                && found.len() == text.len() as u64
                && fs::read(&place).is_ok_and(|old| old == text.as_bytes()) =>
            {
                return None;
            }
            _ => (Exit::Error, "is there already"),
        };
        return Some(Obstacle { exit, message: format!("`{}` {what}", shown.display()) });
    }
    None
}

fn refusal(obstacles: &[Obstacle]) -> Failure {
    let exit = obstacles.iter().map(|obstacle| obstacle.exit).fold(Exit::Done, Exit::and);
    let mut lines: Vec<&str> = obstacles.iter().map(|obstacle| &*obstacle.message).collect();
    // One folder can be in the way of several files.
    lines.dedup();
    let help = match obstacles.iter().any(|obstacle| obstacle.message.starts_with("`rolecall.yaml`")) {
        true => "A project begins only once: edit what is there, or name another folder with `-C DIR`.",
        false => "Move away what is there, or name another folder with `-C DIR`.",
    };
    Failure::new(exit, format!("nothing was written:\n  {}", lines.join("\n  "))).help(help)
}

/// What was made so far, to take it back.
#[derive(Default)]
struct Made(Vec<PathBuf>);

impl Made {
    /// Notes the parts of `path` that are not there yet.
    fn note(&mut self, root: &Path, path: &str) {
        let mut place = root.to_path_buf();
        for part in path.split('/') {
            place.push(part);
            if place.symlink_metadata().is_err() {
                self.0.push(place.clone());
            }
        }
    }

    /// Removes the files, and the folders that hold nothing else.
    fn undo(&self) {
        for place in self.0.iter().rev() {
            let _left_behind = match place.is_dir() {
                true => fs::remove_dir(place),
                false => fs::remove_file(place),
            };
        }
    }
}
