//! The difference of two revisions: read both, pair their targets, compare each. No network, and no
//! variable that holds a credential is looked up.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::Arc,
};

use super::{
    Exit, Failure, World,
    project::{self, chosen, globs},
    scope,
};
use crate::{
    definition::Loaded,
    model::{
        Finding, Level, Untrusted,
        config::{Config, Placed, Target},
        desired::DesiredState,
        files::{FileErrorKind, Files},
    },
    plan::{
        difference::{
            self, Half, Input,
            document::{
                DiffDocument, FORMAT_VERSION, Side, Summary, TargetDifference, TargetStatus, What, Which,
            },
        },
        document::ScopeChange,
    },
    repo::{self, ConfigPlace, History, Reading, Revision, WorkTree},
};

/// What is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// What is compared with.
    a: String,
    /// What is compared; `None` for the work tree.
    b: Option<String>,
    /// Whether it is compared with where the two parted (`A...B`).
    parted: bool,
}

impl Range {
    /// Reads `A..B`, `A...B`, `A`, or nothing, which is `HEAD`. An end that is left out is `HEAD`.
    pub fn parse(text: Option<&str>) -> Self {
        let end = |text: &str| if text.is_empty() { "HEAD".to_owned() } else { text.to_owned() };
        let text = text.unwrap_or_default();
        let both = text.split_once("...").map(|ends| (ends, true));
        match both.or_else(|| text.split_once("..").map(|ends| (ends, false))) {
            Some(((a, b), parted)) => Self { a: end(a), b: Some(end(b)), parted },
            None => Self { a: end(text), b: None, parted: false },
        }
    }
}

/// What a comparison is asked for.
#[derive(Clone, Debug)]
pub struct Wishes {
    /// Where to start looking (`-C`, else the working directory).
    pub start: PathBuf,
    /// The config (`--config`).
    pub config: Option<PathBuf>,
    /// Which revisions.
    pub range: Range,
    /// Names or globs of targets (`--target`); empty for all.
    pub targets: Vec<String>,
    /// Globs of addresses (`--only`); empty for everything.
    pub only: Vec<String>,
}

/// Two revisions, compared.
pub struct Compared {
    /// What differs.
    pub document: DiffDocument,
    /// The sides whose definitions have errors, with everything that was read.
    pub broken: Vec<Broken>,
}

/// A side whose definitions have errors.
pub struct Broken {
    /// Which revision, in words.
    pub revision: String,
    /// What was read.
    pub loaded: Arc<Loaded>,
    /// The errors.
    pub findings: Vec<Finding>,
}

impl Compared {
    /// How comparing ended.
    pub fn exit(&self) -> Exit {
        if self.broken.is_empty() { Exit::Done } else { Exit::Invalid }
    }
}

/// Compares two revisions, or a revision and the work tree.
///
/// # Errors
///
/// Where a revision cannot be read, no side has a configuration, or a wish is malformed. Definitions
/// with errors are no failure: the rest is compared, and they stand in [`Compared::broken`].
pub fn diff(world: &World, wishes: &Wishes) -> Result<Compared, Failure> {
    let only = globs(&wishes.only, "--only")?;
    let only = (!wishes.only.is_empty()).then_some(&only);
    let Range { a, b, parted } = &wishes.range;
    let reading = if b.is_some() { Reading::Revision } else { Reading::WorkTree };
    let place = repo::find_config(&wishes.start, wishes.config.as_deref(), reading)?;
    let (a, b) = match (b, parted) {
        (Some(b), true) => (Opened::parting(&place, a, b)?, Opened::revision(&place, b)?),
        (Some(b), false) => (Opened::revision(&place, a)?, Opened::revision(&place, b)?),
        (None, _) => (Opened::revision(&place, a)?, Opened::work_tree(&place)?),
    };
    let (a, b) = if b.side.commit.is_some() {
        // Each waits for what the other is parsing, so that no file is parsed twice.
        std::thread::scope(|scope| {
            let other = scope.spawn(|| a.load(world, &place));
            let b = b.load(world, &place);
            let a = other.join().map_err(|_| Failure::new(Exit::Error, "a thread ended early"))?;
            Ok::<_, Failure>((a, b))
        })?
    } else {
        let b = b.load(world, &place);
        (a.load(world, &place), b)
    };
    if a.side.absent && b.side.absent {
        let message = format!("neither {} nor {} has `{}`", a.words(), b.words(), place.config);
        return Err(Failure::new(Exit::Error, message)
            .help("Name revisions that have it, or the file with `--config FILE`."));
    }
    compare(world, wishes, only, a, b)
}

/// A side before its definitions are read.
struct Opened {
    side: Side,
    files: Box<dyn Files>,
}

impl Opened {
    fn work_tree(place: &ConfigPlace) -> Result<Self, Failure> {
        Ok(Self { side: side(None, None), files: Box::new(WorkTree::open(place)?) })
    }

    fn revision(place: &ConfigPlace, named: &str) -> Result<Self, Failure> {
        let files = Revision::open(place, named)?;
        Ok(Self { side: side(Some(named), Some(files.commit())), files: Box::new(files) })
    }

    /// The commit at which `b` parted from `a`.
    fn parting(place: &ConfigPlace, a: &str, b: &str) -> Result<Self, Failure> {
        // Outside git the revision itself says so.
        let Some(history) = History::open(place)? else { return Self::revision(place, a) };
        let Some(base) = history.merge_base(a, b)? else {
            let message = format!("the revisions `{a}` and `{b}` have no history in common");
            return Err(Failure::new(Exit::Usage, message)
                .help(format!("Compare them as they are: `rolecall diff {a}..{b}`.")));
        };
        let files = Revision::open(place, &base)?;
        let side = Side { merge_base_with: Some(b.into()), ..side(Some(a), Some(&base)) };
        Ok(Self { side, files: Box::new(files) })
    }

    fn load(self, world: &World, place: &ConfigPlace) -> Read {
        let Self { mut side, files } = self;
        let commit = side.commit.as_ref().map(|commit| commit.raw().into());
        let absent = files.read(&place.config).is_err_and(|error| error.kind == FileErrorKind::NotFound);
        let loaded =
            if absent { nothing() } else { project::load(world, files.as_ref(), place, commit, None) };
        side.absent = absent;
        let findings: Vec<Finding> =
            loaded.findings.iter().filter(|finding| finding.level == Level::Error).cloned().collect();
        side.errors = findings.len();
        Read { side, files, loaded: Arc::new(loaded), findings }
    }
}

fn side(named: Option<&str>, commit: Option<&Arc<str>>) -> Side {
    Side {
        revision: named.map(Into::into),
        commit: commit.map(|commit| (&**commit).into()),
        merge_base_with: None,
        absent: false,
        errors: 0,
    }
}

/// A revision from before there was a configuration.
fn nothing() -> Loaded {
    Loaded { config: Some(Config::default()), ..Loaded::default() }
}

/// A side with its definitions.
struct Read {
    side: Side,
    files: Box<dyn Files>,
    loaded: Arc<Loaded>,
    findings: Vec<Finding>,
}

impl Read {
    fn words(&self) -> String {
        match &self.side.revision {
            None => "the work tree".to_owned(),
            Some(name) => match &self.side.merge_base_with {
                Some(other) => format!("the commit where `{}` parted from `{}`", other.raw(), name.raw()),
                None => format!("`{}`", name.raw()),
            },
        }
    }

    fn targets(&self) -> impl Iterator<Item = &Target> {
        self.loaded.config.iter().flat_map(|config| &config.targets)
    }

    fn target(&self, name: &str) -> Option<&Target> {
        self.targets().find(|target| *target.name == *name)
    }

    /// Whether the definitions of this target have errors.
    fn is_broken(&self, name: &str) -> bool {
        self.loaded.config.is_none() || self.loaded.failed.contains(name)
    }

    fn names(&self) -> BTreeSet<Arc<str>> {
        let configured = self.targets().map(|target| Arc::clone(&target.name));
        configured.chain(self.loaded.failed.iter().cloned()).collect()
    }
}

fn compare(
    world: &World,
    wishes: &Wishes,
    only: Option<&globset::GlobSet>,
    a: Read,
    b: Read,
) -> Result<Compared, Failure> {
    let renamed = renamed(&a, &b);
    let known = a.names().into_iter().filter(|name| !renamed.values().any(|old| old == name));
    let selected = chosen(known.chain(b.names()).collect(), &wishes.targets, false)?;
    let policies = match a.targets().chain(b.targets()).next() {
        Some(any) if !a.side.absent && !b.side.absent => policies(&a, &b, any),
        _ => Vec::new(),
    };
    let comparison = Comparison { world, only, a: &a, b: &b };
    let targets: Vec<TargetDifference> =
        selected.iter().map(|name| comparison.target(name, renamed.get(name))).collect();
    let mut summary = Summary { scope: policies.len(), ..Summary::default() };
    for target in &targets {
        summary += target.summary;
    }
    let broken = |which: Which, read: &Read| {
        let concerned = read.loaded.config.is_none() || targets.iter().any(|one| one.broken.contains(&which));
        concerned.then(|| Broken {
            revision: read.words(),
            loaded: Arc::clone(&read.loaded),
            findings: read.findings.clone(),
        })
    };
    let broken = [broken(Which::A, &a), broken(Which::B, &b)].into_iter().flatten().collect();
    let document = DiffDocument {
        format_version: FORMAT_VERSION,
        rolecall: env!("CARGO_PKG_VERSION").into(),
        differs: summary != Summary::default(),
        a: a.side,
        b: b.side,
        selection: wishes.only.iter().map(|pattern| pattern.as_str().into()).collect(),
        policies,
        targets,
        summary,
    };
    Ok(Compared { document, broken })
}

/// Targets of `b` that are one of `a` under another name: of the same provider with the same settings,
/// where only one can be meant. The new name to the old one.
fn renamed(a: &Read, b: &Read) -> BTreeMap<Arc<str>, Arc<str>> {
    let (old, new) = (a.names(), b.names());
    let same = |x: &Target, y: &Target| {
        x.provider == y.provider
            && x.emulator == y.emulator
            && x.settings.len() == y.settings.len()
            && x.settings.iter().zip(&y.settings).all(|(x, y)| (x.0, &x.1.value) == (y.0, &y.1.value))
    };
    let gone: Vec<&Target> = a.targets().filter(|target| !new.contains(&target.name)).collect();
    let came: Vec<&Target> = b.targets().filter(|target| !old.contains(&target.name)).collect();
    let mut renamed = BTreeMap::new();
    for target in &came {
        let mut candidates = gone.iter().filter(|other| same(other, target));
        let (one, more) = (candidates.next(), candidates.next());
        let alone = came.iter().filter(|other| same(other, target)).count() == 1;
        if let (Some(one), None, true) = (one, more, alone) {
            renamed.insert(Arc::clone(&target.name), Arc::clone(&one.name));
        }
    }
    renamed
}

/// Whether a change concerns every target.
fn is_policy(change: &ScopeChange) -> bool {
    change.what.raw().starts_with("guards.") || change.what.raw() == "apply_from"
}

/// The changes that concern every target; `any` of them serves to ask for them.
fn policies(a: &Read, b: &Read, any: &Target) -> Vec<ScopeChange> {
    let (Some(then), Some(now)) = (&a.loaded.config, &b.loaded.config) else { return Vec::new() };
    let all = scope::changes((any, now), (any, then), &BTreeSet::new());
    all.into_iter().filter(is_policy).collect()
}

struct Comparison<'a> {
    world: &'a World,
    only: Option<&'a globset::GlobSet>,
    a: &'a Read,
    b: &'a Read,
}

impl Comparison<'_> {
    fn target(&self, name: &Arc<str>, before: Option<&Arc<str>>) -> TargetDifference {
        let old_name = before.unwrap_or(name);
        let (then, now) = (self.a.target(old_name), self.b.target(name));
        let broken: Vec<Which> = [(Which::A, self.a, old_name), (Which::B, self.b, name)]
            .into_iter()
            .filter(|(_, side, name)| side.is_broken(name))
            .map(|(which, ..)| which)
            .collect();
        let status = match (then, now) {
            _ if !broken.is_empty() => TargetStatus::Unknown,
            (None, _) => TargetStatus::Added,
            (_, None) => TargetStatus::Dropped,
            (Some(_), Some(_)) => TargetStatus::Same,
        };
        let shown = now.or(then);
        let mut found = TargetDifference {
            name: (&**name).into(),
            name_before: before.map(|name| (&**name).into()),
            status,
            provider: shown.map(|target| target.provider.into()),
            emulator: shown.is_some_and(|target| target.emulator),
            broken,
            scope_changes: Vec::new(),
            files_left: Vec::new(),
            files_joined: Vec::new(),
            causes: Vec::new(),
            roles: Vec::new(),
            default: None,
            assignments: Vec::new(),
            permission_definitions: Vec::new(),
            exclusive: Vec::new(),
            removed: Vec::new(),
            summary: Summary::default(),
        };
        if status == TargetStatus::Unknown {
            return found;
        }
        if let (Some(then), Some(now)) = (then, now) {
            self.scope(then, now, &mut found);
        }
        self.content(name, old_name, shown, &mut found);
        let left = &found.files_left;
        let both = found.roles.iter_mut().chain(&mut found.permission_definitions);
        for role in both.filter(|role| role.what == What::Removed) {
            let file = role.definition.as_ref().map(|place| &place.file);
            role.released = status == TargetStatus::Dropped || file.is_some_and(|file| left.contains(file));
        }
        difference::conclude(&mut found);
        found
    }

    fn scope(&self, then: &Target, now: &Target, found: &mut TargetDifference) {
        let (Some(old), Some(new)) = (&self.a.loaded.config, &self.b.loaded.config) else { return };
        let all = scope::changes((now, new), (then, old), &BTreeSet::new());
        found.scope_changes = all.into_iter().filter(|change| !is_policy(change)).collect();
        let patterns = |target: &Target| -> Vec<Arc<str>> {
            target.files.iter().map(|pattern| Arc::clone(&pattern.value)).collect()
        };
        let (then, now) = (patterns(then), patterns(now));
        if then == now {
            return;
        }
        let text = |patterns: &[Arc<str>]| Some(patterns.join(", ").into());
        found.scope_changes.push(ScopeChange {
            what: "files".into(),
            before: text(&then),
            after: text(&now),
        });
        // What one side read under its patterns, and the other has and does not read.
        let unread = |read: &Loaded, own: &[Arc<str>], others: &[Arc<str>], files: &dyn Files| {
            let paths =
                read.read.iter().filter(|path| repo::is_meant(own, path) && !repo::is_meant(others, path));
            let there = paths.filter(|path| files.read(path).is_ok());
            there.map(|path| Untrusted::new(Arc::clone(path))).collect()
        };
        found.files_left = unread(&self.a.loaded, &then, &now, self.b.files.as_ref());
        found.files_joined = unread(&self.b.loaded, &now, &then, self.a.files.as_ref());
    }

    fn content(
        &self,
        name: &Arc<str>,
        old_name: &Arc<str>,
        shown: Option<&Target>,
        found: &mut TargetDifference,
    ) {
        let specs = self.world.registry.specs();
        let Some(spec) = shown.and_then(|target| specs.iter().find(|spec| spec.name() == target.provider))
        else {
            return;
        };
        let (then, now) = (self.a.loaded.desired.get(old_name), self.b.loaded.desired.get(name));
        if let (Some(then), Some(now)) = (then, now)
            && Arc::ptr_eq(then, now)
        {
            return;
        }
        let nothing = DesiredState::default();
        let input = Input {
            target: name,
            spec: *spec,
            settings: shown.map_or(&NO_SETTINGS, |target| &target.settings),
            a: half(then.map_or(&nothing, |state| &**state), self.a),
            b: half(now.map_or(&nothing, |state| &**state), self.b),
            only: self.only,
        };
        difference::compare(input, found);
    }
}

/// Of a target that is no longer there.
static NO_SETTINGS: BTreeMap<String, Placed<Untrusted>> = BTreeMap::new();

fn half<'a>(desired: &'a DesiredState, read: &'a Read) -> Half<'a> {
    Half { desired, sources: &read.loaded.sources }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_git_reads_them() {
        let range = |text: Option<&str>| {
            let Range { a, b, parted } = Range::parse(text);
            (a, b.unwrap_or_else(|| "(work tree)".to_owned()), parted)
        };
        let is = |a: &str, b: &str, parted| (a.to_owned(), b.to_owned(), parted);
        assert_eq!(range(None), is("HEAD", "(work tree)", false));
        assert_eq!(range(Some("v1.2")), is("v1.2", "(work tree)", false));
        assert_eq!(range(Some("a..b")), is("a", "b", false));
        assert_eq!(range(Some("a...b")), is("a", "b", true));
        assert_eq!(range(Some("..")), is("HEAD", "HEAD", false));
        assert_eq!(range(Some("main..")), is("main", "HEAD", false));
        assert_eq!(range(Some("...b~1")), is("HEAD", "b~1", true));
    }
}
