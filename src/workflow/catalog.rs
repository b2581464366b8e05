//! The permissions that exist: those that ship with the program, and those that a target's API tells.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use futures_util::future::join_all;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Exit, Failure, World, leak, project::Project, tenant::Tenant};
use crate::{
    catalog::{Meaning, Seat},
    contract::{PermissionForm, Spec},
    definition::{CatalogueFile, schema::Kept},
    model::{
        Untrusted,
        config::Target,
        files::{FileErrorKind, Files as _},
        live::{LiveState, Query},
    },
    plan::document::{Identity, TargetError},
    repo::{self, WorkTree},
};

/// What `rolecall catalog` found.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Catalogues {
    /// Version of this format: 1.
    pub format_version: u32,
    /// Version of the program, whose list is compared with.
    pub rolecall: &'static str,
    /// What ships with the program, one for each provider that was asked about.
    pub providers: Vec<Shipped>,
    /// What the targets' APIs tell; empty where nobody was asked.
    pub targets: Vec<TargetCatalogue>,
}

/// What ships with the program for one provider.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Shipped {
    /// The word in `provider:`.
    pub provider: &'static str,
    /// The product's name.
    pub title: &'static str,
    /// How people write permissions.
    pub form: Form,
    /// Whether the list is complete. Of an open one only the documented permissions ship.
    pub closed: bool,
    /// Which version of the product, or of its documentation, the list was read from.
    pub as_of: &'static str,
    /// Where the facts stand.
    pub sources: Vec<&'static str>,
    /// Permissions, sorted.
    pub permissions: Vec<Permission>,
    /// Roles that the provider ships, in its own order.
    pub builtin: Vec<BuiltinRole>,
}

/// How people write permissions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// A list of names.
    Flat,
    /// A mapping from resource to accesses; canonically `resource:access`.
    ResourceAccess,
}

/// A permission that ships with the program.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Permission {
    /// Its canonical spelling.
    pub permission: Untrusted,
    /// What it means, in a few words.
    pub title: String,
    /// What it belongs to, in a few words.
    pub area: String,
    /// What it allows, one sentence.
    pub description: String,
    /// What is risky about it: `write`, `delete` ...
    pub tags: BTreeSet<String>,
    /// The scopes or kinds of role in which it can be granted; empty where nothing is known.
    pub scopes: BTreeSet<String>,
    /// The built-in roles that hold it already, by scope, where that is known.
    pub included: BTreeMap<String, BTreeSet<String>>,
    /// Permissions that a role with this one has to hold too, unless its base holds them.
    pub requires: BTreeSet<Untrusted>,
    /// Whether it makes its holder take a paid seat.
    pub seat: Seat,
    /// The first version of the product that has it.
    pub since: Option<String>,
    /// The switch at the provider that it waits for.
    pub flag: Option<String>,
    /// Other spellings that definitions may use.
    pub spellings: Vec<String>,
    /// What else somebody should know, one sentence.
    pub remark: Option<String>,
}

/// A role that the provider ships.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct BuiltinRole {
    /// Its id, as in `builtin:ID`.
    pub id: &'static str,
    /// Its display name.
    pub title: &'static str,
    /// The scope in which it exists, where the provider has several.
    pub scope: Option<&'static str>,
    /// Its number at the provider, where roles have numbers.
    pub number: Option<u32>,
    /// Whether its holders may change roles.
    pub administrator: bool,
    /// Whether people may be moved to it and from it.
    pub assignable: bool,
}

/// What one target's API tells.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct TargetCatalogue {
    /// The target.
    pub name: Untrusted,
    /// Its provider.
    pub provider: Option<&'static str>,
    /// Whether the in-process emulator stands in for it.
    pub emulator: bool,
    /// Whose catalogue it is; `null` where the target could not be read.
    pub identity: Option<Identity>,
    /// Whether the API tells its permissions; where it never does, they are those that ship with the
    /// program, and nobody was asked.
    pub live: bool,
    /// Every permission, sorted.
    pub permissions: BTreeSet<Untrusted>,
    /// Those that do not ship with the program.
    pub new: BTreeSet<Untrusted>,
    /// Those that ship with the program and are not live.
    pub gone: BTreeSet<Untrusted>,
    /// The file beside the definitions, where it was to be written.
    pub file: Option<KeptFile>,
    /// Why there is no catalogue.
    pub error: Option<TargetError>,
}

/// The file beside the definitions that keeps a live catalogue.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct KeptFile {
    /// Its path, relative to the root of the definitions.
    pub path: String,
    /// Whether it was written; an equal one is left as it is.
    pub written: bool,
}

/// Turns a file into its bytes.
pub type Encode<'a> = &'a dyn Fn(&CatalogueFile) -> String;

/// What ships for `providers`, or for all where none is named.
///
/// # Errors
///
/// Where a provider is unknown.
pub fn shipped(world: &World, providers: &[String]) -> Result<Catalogues, Failure> {
    let specs = world.registry.specs();
    let known: Vec<&str> = specs.iter().map(|spec| spec.name()).collect();
    if let Some(unknown) = providers.iter().find(|name| !known.contains(&name.as_str())) {
        return Err(Failure::new(Exit::Usage, format!("there is no provider `{unknown}`"))
            .help(format!("The providers are: {}.", known.join(", "))));
    }
    let wanted = |spec: &&&dyn Spec| providers.is_empty() || providers.iter().any(|name| name == spec.name());
    Ok(Catalogues::of(specs.iter().filter(wanted).map(|spec| of(*spec)).collect()))
}

/// What the APIs of the selected targets tell, all at the same time, compared with what ships. With
/// `keep`, each list is also kept beside the definitions; a target that failed keeps its file.
pub async fn live(world: &World, project: &Project, keep: Option<Encode<'_>>) -> Catalogues {
    let runs = project.selected.iter().map(|name| async move {
        match project.connectable().find(|target| target.name == *name) {
            Some(target) => of_target(world, project, target, keep).await,
            None => {
                TargetCatalogue { error: Some(unusable_entry().into()), ..TargetCatalogue::empty(name, None) }
            }
        }
    });
    let targets = join_all(runs).await;
    let specs = world.registry.specs();
    let used = specs.iter().filter(|spec| targets.iter().any(|target| target.provider == Some(spec.name())));
    let providers = used.map(|spec| of(*spec)).collect();
    Catalogues { targets, ..Catalogues::of(providers) }
}

/// The entry of a target has errors, so that nothing is sent on its behalf.
pub(super) fn unusable_entry() -> Failure {
    Failure::new(Exit::Invalid, "its entry in the configuration has errors")
        .help("`rolecall validate` shows them.")
}

async fn of_target(
    world: &World,
    project: &Project,
    target: &Target,
    keep: Option<Encode<'_>>,
) -> TargetCatalogue {
    let mut report = TargetCatalogue::empty(&target.name, Some(target));
    if let Err(failure) = read(world, project, target, keep, &mut report).await {
        report.error = Some(failure.into());
    }
    report
}

async fn read(
    world: &World,
    project: &Project,
    target: &Target,
    keep: Option<Encode<'_>>,
    report: &mut TargetCatalogue,
) -> Result<(), Failure> {
    if let Some(provider) = world.registry.get(target.provider).filter(|one| !one.tells_permissions()) {
        report.live = false;
        report.permissions = provider.catalogue().permissions.keys().cloned().collect();
        return Ok(());
    }
    let tenant = Tenant::connect_to_look(world, target, project.folder().ok()).await?;
    let result = tenant.reader().fetch(Query::roles()).await;
    let provider = tenant.provider.clone();
    tenant.close().await;
    let LiveState { identity, catalogue, .. } = result?;
    report.identity = Some((&identity).into());
    let permissions = catalogue.filter(|permissions| !permissions.is_empty()).ok_or_else(|| {
        Failure::new(Exit::Provider, "the API did not tell its permissions")
            .help("`-v` shows the requests. What ships with the program: `rolecall catalog --offline`.")
    })?;
    // What only roles of a class can hold that this target has not is not gone.
    let classes = provider.roles().iter();
    let without =
        classes.filter(|class| class.not_with.is_some_and(|with| target.settings.contains_key(with)));
    let without: BTreeSet<&str> = without.map(|class| class.class).collect();
    let is_elsewhere = |permission: &Untrusted| {
        let scopes = provider.catalogue().scopes(permission);
        !scopes.is_empty() && scopes.is_subset(&without)
    };
    let shipped = provider.catalogue().permissions.keys().filter(|permission| !is_elsewhere(permission));
    let shipped: BTreeSet<Untrusted> = shipped.cloned().collect();
    report.new = permissions.difference(&shipped).cloned().collect();
    report.gone = shipped.difference(&permissions).cloned().collect();
    report.permissions = permissions;
    if let Some(encode) = keep {
        let file = CatalogueFile {
            version: CatalogueFile::VERSION,
            provider: target.provider.to_owned(),
            permissions: report.permissions.clone(),
        };
        let (path, text) = (CatalogueFile::path(&target.name), encode(&file));
        leak::without_credential(&world.redactor, &format!("`{path}`"), &text)?;
        report.file = Some(write(project, path, &text)?);
    }
    Ok(())
}

/// The lists that are kept beside the definitions in the work tree, those of several targets of a
/// provider together: a definition file may serve all of them.
///
/// # Errors
///
/// Where a list cannot be used, or the definitions are not in a work tree.
pub fn kept(project: &Project) -> Result<Kept, Failure> {
    let files = WorkTree::open(&project.place)?;
    let mut kept = Kept::new();
    for target in project.loaded.config.iter().flat_map(|config| &config.targets) {
        let path = CatalogueFile::path(&target.name);
        let file = match files.read(&path) {
            Err(error) if error.kind == FileErrorKind::NotFound => continue,
            Err(error) => Err(error.message),
            Ok(bytes) => CatalogueFile::parse(&bytes, target.provider),
        };
        let file = file.map_err(|why| {
            Failure::new(Exit::Invalid, format!("the catalogue `{path}` cannot be used: {why}"))
                .help("Write it again with `rolecall catalog --write`, or delete it.")
        })?;
        kept.entry(target.provider).or_default().extend(file.permissions);
    }
    Ok(kept)
}

fn write(project: &Project, path: String, text: &str) -> Result<KeptFile, Failure> {
    let folder: &Path = project.folder()?;
    let old = WorkTree::open(&project.place)?.read(&path);
    let written = old.ok().as_deref() != Some(text.as_bytes());
    if written {
        super::tenant::ignore_runs(folder)?;
        repo::write::replace(folder, &path, text.as_bytes())?;
    }
    Ok(KeptFile { path, written })
}

fn of(spec: &dyn Spec) -> Shipped {
    let catalogue = spec.catalogue();
    let permissions = catalogue.permissions.iter().map(|(name, meaning)| Permission::new(name, meaning));
    let builtin = catalogue.builtin.iter().map(|role| BuiltinRole {
        id: role.id,
        title: role.title,
        scope: role.scope,
        number: role.number,
        administrator: role.admin,
        assignable: role.assignable,
    });
    Shipped {
        provider: spec.name(),
        title: spec.title(),
        form: spec.permission_form().into(),
        closed: catalogue.closed,
        as_of: catalogue.as_of,
        sources: catalogue.sources.clone(),
        permissions: permissions.collect(),
        builtin: builtin.collect(),
    }
}

impl Permission {
    /// What the catalogue says about a permission.
    pub(crate) fn new(permission: &Untrusted, meaning: &Meaning) -> Self {
        let meaning = meaning.clone();
        Self {
            permission: permission.clone(),
            spellings: meaning.spellings().map(str::to_owned).collect(),
            title: meaning.title,
            area: meaning.area,
            description: meaning.description,
            tags: meaning.tags,
            scopes: meaning.scopes,
            included: meaning.included,
            requires: meaning.requires,
            seat: meaning.seat,
            since: meaning.since,
            flag: meaning.flag,
            remark: meaning.remark,
        }
    }
}

impl From<PermissionForm> for Form {
    fn from(form: PermissionForm) -> Self {
        match form {
            PermissionForm::Flat => Self::Flat,
            PermissionForm::ResourceAccess => Self::ResourceAccess,
        }
    }
}

impl Catalogues {
    fn of(providers: Vec<Shipped>) -> Self {
        Self { format_version: 1, rolecall: env!("CARGO_PKG_VERSION"), providers, targets: Vec::new() }
    }

    /// How the run ended: the worst failure of a target.
    pub fn exit(&self) -> Exit {
        let errors = self.targets.iter().filter_map(|target| target.error.as_ref());
        errors.map(|error| Exit::from_code(error.exit)).fold(Exit::Done, Exit::and)
    }
}

impl TargetCatalogue {
    fn empty(name: &str, target: Option<&Target>) -> Self {
        Self {
            name: name.into(),
            provider: target.map(|target| target.provider),
            emulator: target.is_some_and(|target| target.emulator),
            identity: None,
            live: true,
            permissions: BTreeSet::new(),
            new: BTreeSet::new(),
            gone: BTreeSet::new(),
            file: None,
            error: None,
        }
    }
}
