//! Import: what is live becomes definitions, as a person would have written them.
//!
//! Everything is read and checked before the first file is written; a file that is there is only
//! added to, unless `--force` says that it is written anew.

pub mod drift;
mod overlay;
mod place;
mod prepare;

use std::{collections::BTreeSet, path::Path, sync::Arc};

use futures_util::future::join_all;

use super::{Exit, Failure, World, leak, project::Project, tenant::Tenant};
use crate::{
    contract,
    definition::emit::Additions,
    model::{
        Finding, Kind, Untrusted, Value,
        config::Target,
        desired::DesiredState,
        field,
        files::Files as _,
        live::{Live, LiveObject, LiveState, Query},
    },
    plan::query::{everything_inside, query},
    repo::{self, WorkTree},
};

pub use prepare::{Input, prepare};

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to write (`--out`), with `{target}` and `{key}`.
    pub out: Option<String>,
    /// Only the role with this name or live id.
    pub role: Option<String>,
    /// Who holds the roles, too.
    pub assignments: bool,
    /// Write files that are there anew.
    pub force: bool,
}

/// What becomes of one file.
#[derive(Clone, Debug)]
pub struct Text {
    /// Its path below the root of the definitions.
    pub path: Arc<str>,
    /// What it will hold.
    pub text: String,
    /// What it holds; `None` where it is new.
    pub before: Option<Vec<u8>>,
}

/// The texts of one target.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// What they add.
    pub additions: Additions,
    /// The files.
    pub texts: Vec<Text>,
    /// How many errors the configured lints find afterwards.
    pub denied: usize,
}

/// Why nothing is written for a target.
#[derive(Clone, Debug)]
pub struct Problem {
    /// In words.
    pub failure: Failure,
    /// Problems in the definitions that live shows.
    pub findings: Vec<Finding>,
    /// YAML that a person can add by hand.
    pub paste: Option<String>,
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        Self { failure, findings: Vec::new(), paste: None }
    }
}

/// What came of one target.
#[derive(Clone, Debug)]
pub struct TargetImport {
    /// Its name.
    pub name: Arc<str>,
    /// The files that were written, or why there are none.
    pub result: Result<Prepared, Problem>,
    /// Why the read is not complete, for each kind of which it is not.
    pub incomplete: Vec<Untrusted>,
    /// Whether the API tells nothing that could be imported.
    pub untold: bool,
}

impl TargetImport {
    /// How it ended: what could not be written is an error, an incomplete read is the provider's.
    pub fn exit(&self) -> Exit {
        match &self.result {
            Err(problem) => problem.failure.exit,
            Ok(_) if !self.incomplete.is_empty() => Exit::Provider,
            Ok(prepared) if prepared.additions.skipped.is_empty() => Exit::Done,
            Ok(_) => Exit::Error,
        }
    }
}

/// Imports every selected target: all are read and checked, then those without a problem are written.
///
/// # Errors
///
/// Where the role that was asked for is nowhere, or the definitions are not in a work tree.
pub async fn import(
    world: &World,
    project: &Project,
    options: &Options,
) -> Result<Vec<TargetImport>, Failure> {
    let folder = project.folder()?;
    let files = WorkTree::open(&project.place)?;
    let reads = project.targets().map(|(target, desired)| async move {
        let live = read(world, target, desired, options, folder).await;
        (target, live.map(|live| with_attested(world, project, target, live)))
    });
    let reads: Vec<_> = join_all(reads).await;
    let mut only = Vec::new();
    if let Some(wanted) = &options.role {
        only = reads
            .iter()
            .map(|(_, live)| live.as_ref().map_or(Ok(BTreeSet::new()), |live| find(live, wanted)))
            .collect();
        let found = only
            .iter()
            .any(|found: &Result<BTreeSet<_>, _>| found.as_ref().map_or(true, |ids| !ids.is_empty()));
        if !found && reads.iter().all(|(_, live)| live.is_ok()) {
            return Err(unknown(wanted, reads.iter().filter_map(|(_, live)| live.as_ref().ok())));
        }
    }
    let specs = world.registry.specs();
    let mut imports = Vec::new();
    for (index, (target, live)) in reads.iter().enumerate() {
        let ids = match only.get(index) {
            None => Ok(None),
            Some(Ok(ids)) => Ok(Some(ids.clone())),
            Some(Err(failure)) => Err(failure.clone()),
        };
        let result = match (live, ids, world.registry.get(target.provider)) {
            (Err(failure), ..) => Err(failure.clone().into()),
            (_, Err(failure), _) => Err(failure.into()),
            (.., None) => Err(Failure::new(Exit::Invalid, "its provider is unknown").into()),
            (Ok(live), Ok(only), Some(provider)) => prepare(&Input {
                files: &files,
                config_path: &project.place.config,
                specs: &specs,
                loaded: &project.loaded,
                target,
                spec: &**provider,
                live,
                only,
                options,
                today: world.today,
                cache: &world.cache,
            }),
        };
        let incomplete = live.as_ref().map(|live| live.gaps().cloned().collect());
        imports.push(TargetImport {
            name: target.name.clone(),
            result,
            incomplete: incomplete.unwrap_or_default(),
            untold: world.registry.get(target.provider).is_some_and(|one| contract::tells_nothing(&**one)),
        });
    }
    imports.extend(project.broken().map(|name| {
        TargetImport {
            name: name.clone(),
            result: Err(Failure::new(Exit::Invalid, "its definitions have errors")
                .help("`rolecall validate` shows them.")
                .into()),
            incomplete: Vec::new(),
            untold: false,
        }
    }));
    for import in &mut imports {
        let written = match &import.result {
            Ok(prepared) => write(world, &files, folder, &prepared.texts),
            Err(_) => continue,
        };
        if let Err(failure) = written {
            import.result = Err(failure.into());
        }
    }
    Ok(imports)
}

async fn read(
    world: &World,
    target: &Target,
    desired: &DesiredState,
    options: &Options,
    folder: &Path,
) -> Result<LiveState, Failure> {
    let tenant = Tenant::connect(world, target, Some(folder)).await?;
    // What is declared about people is looked up, too.
    let members = options.assignments || !desired.assignments.is_empty();
    let mut query = Query { everywhere: true, ..query([desired], &*tenant.provider, target, members) };
    if options.assignments {
        query.inside.extend(everything_inside(&*tenant.provider));
    }
    let live = tenant.reader().fetch(query).await;
    tenant.close().await;
    Ok(live?)
}

/// With what is attested where the API does not tell it.
fn with_attested(world: &World, project: &Project, target: &Target, mut live: LiveState) -> LiveState {
    let attested = project.loaded.attested.get(&target.name);
    if let (Some(attested), Some(provider)) = (attested, world.registry.get(target.provider)) {
        let _notes = attested.overlay(&mut live, &**provider);
    }
    live
}

/// The live ids of the custom role with this id or name: several, where the same slug stands for it in
/// several places.
fn find(live: &LiveState, wanted: &str) -> Result<BTreeSet<Untrusted>, Failure> {
    let shown = |role: &LiveObject| match role.fields.get(field::NAME).and_then(Live::value) {
        Some(Value::Text(Some(name))) => name.raw() == wanted,
        _ => false,
    };
    let is_known_by = |role: &&LiveObject| role.key.name.raw() == wanted;
    let has_id = |role: &&LiveObject| role.id.as_ref().is_some_and(|id| id.raw() == wanted);
    let roles = || live.of(Kind::Role).filter(|role| !role.builtin);
    if let Some(role) = roles().find(has_id) {
        return Ok(role.id.iter().cloned().collect());
    }
    let mut named: Vec<&LiveObject> = roles().filter(is_known_by).collect();
    if named.is_empty() {
        named = roles().filter(|role| shown(role)).collect();
    }
    let ids: BTreeSet<Untrusted> = named.iter().filter_map(|role| role.id.clone()).collect();
    let keys: BTreeSet<_> = named.iter().map(|role| &role.key).collect();
    let slugs: BTreeSet<_> = named.iter().map(|role| (&role.key.name, role.key.class)).collect();
    if ids.is_empty() {
        return match live.of(Kind::Role).find(|role| is_known_by(role) || has_id(role)) {
            Some(_) => Err(Failure::new(Exit::Invalid, format!("`{wanted}` is a built-in role"))
                .help("Built-in roles are not declared; definitions refer to them as `builtin:NAME`.")),
            None => Ok(ids),
        };
    }
    if keys.len() == ids.len() && slugs.len() == 1 {
        return Ok(ids);
    }
    let all: Vec<&str> = ids.iter().map(Untrusted::raw).collect();
    let message = format!("{} live roles are named `{wanted}`", all.len());
    Err(Failure::new(Exit::Invalid, message).help(format!("Name one by its id: {}.", all.join(", "))))
}

fn unknown<'a>(wanted: &str, lives: impl Iterator<Item = &'a LiveState>) -> Failure {
    let folded = wanted.to_lowercase();
    let names = lives.flat_map(|live| live.of(Kind::Role)).filter(|role| !role.builtin);
    let near = names
        .map(|role| (strsim::jaro_winkler(&folded, &role.key.name.raw().to_lowercase()), role.key.name.raw()))
        .filter(|(likeness, _)| *likeness > 0.85)
        .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(a.1)));
    let failure = Failure::new(Exit::Invalid, format!("no live role has the name or id `{wanted}`"));
    match near {
        Some((_, near)) => failure.help(format!("Did you mean `{near}`?")),
        None => failure.help("Without a name all custom roles are imported."),
    }
}

/// Writes what differs; each file as a whole or not at all.
fn write(world: &World, files: &WorkTree, folder: &Path, texts: &[Text]) -> Result<(), Failure> {
    for text in texts {
        leak::without_credential(&world.redactor, &format!("`{}`", text.path), &text.text)?;
    }
    for text in texts {
        let now = files.read(&text.path).ok();
        if now != text.before {
            let message = format!("`{}` was changed while it was being imported to", text.path);
            return Err(Failure::new(Exit::Error, message).help("Run the import again."));
        }
        match &text.before {
            None => repo::write::write_new(folder, &text.path, text.text.as_bytes())?,
            Some(before) if *before == text.text.as_bytes() => {}
            Some(_) => repo::write::replace(folder, &text.path, text.text.as_bytes())?,
        }
    }
    Ok(())
}
