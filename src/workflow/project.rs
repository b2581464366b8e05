//! The definitions of a run: found, read from the work tree or a revision, and checked.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::{
    Exit, Failure, World, attest,
    base::{self, Event, Search},
    past::{Past, Side},
    shard::Shard,
};
use crate::{
    definition::{self, LoadOptions, Loaded},
    model::{
        Code, Level, Site, Untrusted,
        config::{Config, LintLevel, Target},
        desired::DesiredState,
        files::Files,
    },
    plan::document::Revisions,
    repo::{self, ConfigPlace, Facts, History, Merged, Ours, Reading, Revision, WorkTree},
};

/// Which definitions a run is about.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// Where to start looking (`-C`, else the working directory).
    pub start: PathBuf,
    /// The config (`--config`).
    pub config: Option<PathBuf>,
    /// The revision (`--rev`); `None` for the work tree.
    pub rev: Option<String>,
    /// Whether `rev` is what a pull request proposes, rather than a revision that a person named.
    pub proposed: bool,
    /// Names or globs of targets (`--target`); empty for all.
    pub targets: Vec<String>,
    /// Whether a target that is left out (`!NAME`) may be gone: a workflow names it for longer than the config.
    pub lenient: bool,
    /// The share of them (`--shard`).
    pub shard: Option<Shard>,
    /// The base (`--base`).
    pub base: Option<String>,
    /// Why a CI system runs this, where one does.
    pub event: Option<Event>,
    /// The branch that a CI system says it runs on; used where none is checked out.
    pub branch: Option<Untrusted>,
    /// Levels of lints (`--lint`).
    pub lints: BTreeMap<Code, LintLevel>,
}

/// Definitions that were read and checked, with what git says about them.
pub struct Project {
    /// Where the config is.
    pub place: ConfigPlace,
    /// What was read, with every finding.
    pub loaded: Loaded,
    /// What git knows.
    pub facts: Facts,
    /// Commit that was read, branch, dirtiness, day.
    pub revisions: Revisions,
    /// Names of the selected targets.
    pub selected: Vec<Arc<str>>,
    /// Whether targets were selected (`--target`), or another part of them has to do what belongs to no
    /// target (`--shard`).
    pub narrowed: bool,
    /// Whether they are those of a revision that was named, and not of the work tree.
    pub rev: bool,
    /// The revisions beside the planned one; empty until [`compared`] looks for them.
    pub past: Past,
    /// What the definitions were read from.
    pub files: Arc<dyn Files>,
}

/// Finds, reads, and checks the definitions. Problems in them are findings of [`Project::loaded`].
///
/// # Errors
///
/// Where there is no config, no such revision, or no such target.
pub fn open(world: &World, source: &Source) -> Result<Project, Failure> {
    let reading = if source.rev.is_some() { Reading::Revision } else { Reading::WorkTree };
    let place = repo::find_config(&source.start, source.config.as_deref(), reading)?;
    let mut facts = Facts::of(&place)?;
    if source.rev.is_none() && facts.branch.is_none() {
        facts.branch = source.branch.as_ref().map(|branch| branch.raw().to_owned());
    }
    let Checked { loaded, commit, files } = read(world, &place, source)?;
    let dirty = match (&commit, &loaded.config) {
        (None, Some(config)) => facts.dirty(&loaded.read, &patterns(config))?,
        _ => false,
    };
    let revisions = Revisions {
        desired: commit.as_deref().or(facts.commit.as_deref()).map(Into::into),
        branch: if commit.is_none() { facts.branch.as_deref().map(Into::into) } else { None },
        base: None,
        base_name: None,
        merged: None,
        dirty,
        today: world.today.to_string().into(),
    };
    let selected = match &loaded.config {
        Some(config) => select(config, &loaded.failed, source)?,
        None => Vec::new(),
    };
    Ok(Project {
        place,
        loaded,
        facts,
        revisions,
        selected,
        narrowed: !source.targets.is_empty() || source.shard.is_some_and(|shard| !shard.is_first()),
        rev: source.rev.is_some(),
        past: Past::default(),
        files,
    })
}

/// Finds, reads, and checks the definitions as [`open`] does, together with the base that they are
/// compared with. Where the base is not part of the planned history, the definitions are those of the
/// merge of both, made in memory.
///
/// # Errors
///
/// As [`open`]; and where a base was named that cannot be used, or both cannot be merged.
pub fn compared(world: &World, source: &Source) -> Result<Project, Failure> {
    let mut project = open(world, source)?;
    let Some(config) = &project.loaded.config else { return Ok(project) };
    let Some(history) = History::open(&project.place)? else {
        if source.base.is_some() {
            return Err(Failure::new(Exit::Usage, "there is no git repository, so there is no base")
                .help("Leave `--base` out, or run rolecall in a clone."));
        }
        project.past.note = Some(
            "This is not in git, so there is no base: nothing is removed for not being declared.".into(),
        );
        project.past.attesting = attest::Copy::Unreviewed;
        return Ok(project);
    };
    let Some(commit) = project.revisions.desired.clone() else {
        project.past.attesting = attest::Copy::Nobodys("there is no commit yet");
        return Ok(project);
    };
    let branches: Vec<String> =
        config.apply_from.iter().flatten().map(|branch| branch.raw().to_owned()).collect();
    let apply_from: Vec<&str> = branches.iter().map(String::as_str).collect();
    let search = Search {
        history: &history,
        named: source.base.as_deref(),
        commit: commit.raw(),
        rev: source.rev.is_some() && !source.proposed,
        branch: project.facts.branch.as_deref(),
        dirty: project.revisions.dirty,
        apply_from: &apply_from,
        event: source.event.as_ref(),
    };
    let (base, note) = base::find(search)?;
    let mut heads: Vec<Arc<str>> = vec![commit.raw().into()];
    if let Some(base) = &base {
        project.revisions.base = Some((&*base.commit).into());
        project.revisions.base_name = Some((&*base.name).into());
        if base.merges {
            heads.push(Arc::clone(&base.commit));
            let changed = match (&source.rev, project.revisions.dirty) {
                (None, true) => project.facts.changed(&project.loaded.read, &patterns(config))?,
                _ => Vec::new(),
            };
            let ours = if changed.is_empty() { Ours::Commit(commit.raw()) } else { Ours::WorkTree(&changed) };
            if let Some(Merged { files, tree, .. }) =
                repo::merge(&project.place, ours, &base.revision, &patterns(config))?
            {
                project.revisions.merged = Some((&*tree).into());
                let files: Arc<dyn Files> = Arc::new(files);
                project.loaded = load(world, files.as_ref(), &project.place, None, Some(&source.lints));
                project.files = files;
                if let Some(config) = &project.loaded.config {
                    project.selected = select(config, &project.loaded.failed, source)?;
                }
            }
        }
    }
    let (base, note) = match base {
        Some(base) => match side(world, &project.place, &base.commit) {
            Ok(side) => (Some((base, Arc::new(side))), note),
            Err(error) if source.base.is_none() => {
                (project.revisions.base, project.revisions.base_name) = (None, None);
                (None, Some(base::no_base(&error)))
            }
            Err(error) => return Err(error.into()),
        },
        None => (None, note),
    };
    let found = match &base {
        Some((named, _)) if source.base.is_some() => {
            let found = base::find(Search { named: None, ..search })?.0;
            let found = found.filter(|found| found.commit != named.commit);
            found.map(|found| side(world, &project.place, &found.commit)).transpose()?
        }
        _ => None,
    };
    let found = match (found, &base) {
        (None, Some((_, side))) if side.loaded.config.is_none() => {
            readable(world, &project.place, &history, &side.commit)?
        }
        (found, _) => found,
    };
    let attesting = attest::copy(world, &project, search);
    project.past = Past::new(Some(history), base, note, heads);
    project.past.found = found.map(Arc::new);
    project.past.attesting = attesting;
    Ok(project)
}

/// The newest revision before `commit` whose config can be read, where that of `commit` is there and has
/// errors: nobody can tell which guards it meant.
fn readable(
    world: &World,
    place: &ConfigPlace,
    history: &History,
    commit: &str,
) -> Result<Option<Side>, repo::RepoError> {
    if Revision::open(place, commit)?.read(&place.config).is_err() {
        return Ok(None);
    }
    for earlier in history.first_parents(commit)? {
        let side = side(world, place, &earlier?)?;
        if side.loaded.config.is_some() {
            return Ok(Some(side));
        }
    }
    Ok(None)
}

/// The definitions of a commit; what is wrong in them is not said.
///
/// # Errors
///
/// Where the commit, or a part of it, is not in this clone.
pub(super) fn side(world: &World, place: &ConfigPlace, commit: &str) -> Result<Side, repo::RepoError> {
    let revision = Revision::open(place, commit)?;
    let id = Arc::clone(revision.commit());
    let loaded = load(world, &revision, place, Some(Arc::clone(&id)), None);
    // What this clone does not hold is not what the commit does not declare.
    if loaded.config.is_none() || loaded.findings.iter().any(|one| one.code == Code::FileUnreadable) {
        revision.complete(&loaded.config.as_ref().map(patterns).unwrap_or_default())?;
    }
    Ok(Side { commit: id, loaded })
}

/// Definitions that were read and checked, and where from.
pub(super) struct Checked {
    /// The definitions.
    pub loaded: Loaded,
    /// Full id of the commit; `None` for the work tree.
    pub commit: Option<Arc<str>>,
    /// What they were read from.
    pub files: Arc<dyn Files>,
}

/// Reads and checks the definitions at `place`: those of the work tree, or of the revision that
/// `source` names.
///
/// # Errors
///
/// Where the work tree cannot be opened, or there is no such revision.
pub(super) fn read(world: &World, place: &ConfigPlace, source: &Source) -> Result<Checked, Failure> {
    let (files, commit): (Arc<dyn Files>, Option<Arc<str>>) = match &source.rev {
        Some(rev) => {
            let revision = Revision::open(place, rev)?;
            let commit = Arc::clone(revision.commit());
            (Arc::new(revision), Some(commit))
        }
        None => (Arc::new(WorkTree::open(place)?), None),
    };
    let loaded = load(world, files.as_ref(), place, commit.clone(), Some(&source.lints));
    Ok(Checked { loaded, commit, files })
}

/// Reads and checks `files`. `lints` are the levels of the command line; without them lints are left
/// out, as for a revision that is only compared with.
pub(super) fn load(
    world: &World,
    files: &dyn Files,
    place: &ConfigPlace,
    revision: Option<Arc<str>>,
    lints: Option<&BTreeMap<Code, LintLevel>>,
) -> Loaded {
    let options = LoadOptions {
        lints: lints.cloned().unwrap_or_default(),
        revision,
        today: world.today,
        skip_lints: lints.is_none(),
        cache: &world.cache,
    };
    definition::load(files, &place.config, &world.registry.specs(), &options)
}

/// Every pattern of every target.
pub(super) fn patterns(config: &Config) -> Vec<Arc<str>> {
    config.targets.iter().flat_map(|target| &target.files).map(|placed| placed.value.clone()).collect()
}

/// The targets that `source` selects; those whose definitions have errors too.
pub(super) fn select(
    config: &Config,
    failed: &BTreeSet<Arc<str>>,
    source: &Source,
) -> Result<Vec<Arc<str>>, Failure> {
    let configured = config.targets.iter().map(|target| Arc::clone(&target.name));
    let mut selected =
        chosen(configured.chain(failed.iter().cloned()).collect(), &source.targets, source.lenient)?;
    if let Some(shard) = source.shard {
        selected.retain(|name| match config.targets.iter().find(|target| target.name == *name) {
            Some(target) => shard.holds(target),
            None => shard.holds_text(name),
        });
    }
    Ok(selected)
}

/// Those of the `known` targets that match any of `wanted`, all where nothing is wanted. What begins
/// with `!` is left out; where `lenient`, also one that is not there.
pub(super) fn chosen(
    known: BTreeSet<Arc<str>>,
    wanted: &[String],
    lenient: bool,
) -> Result<Vec<Arc<str>>, Failure> {
    let (unwanted, wanted): (Vec<_>, Vec<_>) = wanted.iter().partition(|one| one.starts_with('!'));
    let unwanted: Vec<String> =
        unwanted.into_iter().filter_map(|one| one.strip_prefix('!').map(str::to_owned)).collect();
    let wanted: Vec<String> = wanted.into_iter().cloned().collect();
    let (set, not) = (globs(&wanted, "--target")?, globs(&unwanted, "--target")?);
    for one in wanted.iter().chain(unwanted.iter().filter(|_| !lenient)) {
        let glob = globs(std::slice::from_ref(one), "--target")?;
        if !known.iter().any(|name| glob.is_match(&**name)) {
            let known: Vec<&str> = known.iter().map(|name| &**name).collect();
            return Err(Failure::new(Exit::Usage, format!("no target is called `{one}`"))
                .help(format!("The targets are: {}.", known.join(", "))));
        }
    }
    let is_chosen = |name: &Arc<str>| (wanted.is_empty() || set.is_match(&**name)) && !not.is_match(&**name);
    Ok(known.into_iter().filter(is_chosen).collect())
}

/// Whether the entry of `target` in the configuration has no error of its own, so that its settings
/// and the name of its credential may be used; its definitions may be wrong.
pub(super) fn entry_is_sound(loaded: &Loaded, config: &Config, target: &Target) -> bool {
    if !loaded.failed.contains(&target.name) {
        return true;
    }
    // An entry reaches to the next one.
    let starts = config.targets.iter().map(|other| other.site.start);
    let end = starts.filter(|start| *start > target.site.start).min().unwrap_or(u32::MAX);
    let inside =
        |site: &Site| site.source == target.site.source && (target.site.start..end).contains(&site.start);
    !loaded.findings.iter().any(|finding| {
        // These are about files that the entry names, not about what it says.
        let elsewhere = matches!(
            finding.code,
            Code::FileUnreadable | Code::TooLarge | Code::PathLeavesRoot | Code::Link | Code::NoFiles
        );
        let place = finding.labels.first().map(|label| label.site);
        finding.level == Level::Error && !elsewhere && place.as_ref().is_some_and(inside)
    })
}

/// A set of globs, in which `*` does not cross a `/`.
///
/// # Errors
///
/// The first malformed one, as a usage error that names `option`.
pub fn globs(patterns: &[String], option: &str) -> Result<GlobSet, Failure> {
    let malformed = |error: &globset::Error| Failure::new(Exit::Usage, format!("{option}: {error}"));
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        set.add(
            GlobBuilder::new(pattern).literal_separator(true).build().map_err(|error| malformed(&error))?,
        );
    }
    set.build().map_err(|error| malformed(&error))
}

impl Project {
    /// The folder of the definitions, for what is written beside them.
    ///
    /// # Errors
    ///
    /// In a bare repository, which has none.
    pub fn folder(&self) -> Result<&Path, Failure> {
        Ok(self.place.folder()?)
    }

    /// The selected targets with their definitions; those whose definitions have errors are left out.
    pub fn targets(&self) -> impl Iterator<Item = (&Target, &DesiredState)> {
        let targets = self.loaded.config.iter().flat_map(|config| &config.targets);
        targets
            .filter(|target| self.selected.contains(&target.name))
            .filter_map(|target| Some((target, &**self.loaded.desired.get(&target.name)?)))
    }

    /// The names of all targets, also of those that are not selected or have errors.
    pub fn names(&self) -> BTreeSet<&str> {
        let config = self.loaded.config.iter().flat_map(|config| &config.targets);
        config.map(|target| &*target.name).chain(self.loaded.failed.iter().map(|name| &**name)).collect()
    }

    /// The configuration of a target; `None` where its own entry has errors.
    pub fn target(&self, name: &str) -> Option<&Target> {
        self.loaded.config.iter().flat_map(|config| &config.targets).find(|target| *target.name == *name)
    }

    /// The selected targets whose entries in the configuration can be used, in its order; their
    /// definitions may have errors.
    pub fn connectable(&self) -> impl Iterator<Item = &Target> {
        let entries = self.loaded.config.iter().flat_map(|config| {
            config.targets.iter().filter(|target| entry_is_sound(&self.loaded, config, target))
        });
        entries.filter(|target| self.selected.contains(&target.name))
    }

    /// The selected targets whose definitions have errors.
    pub fn broken(&self) -> impl Iterator<Item = &Arc<str>> {
        self.selected.iter().filter(|name| !self.loaded.desired.contains_key(*name))
    }
}
