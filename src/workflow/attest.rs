//! What a person attests because an API does not tell it: writing it, and which copy of it counts.

use std::sync::Arc;

use futures_util::future::join_all;

use super::{
    Exit, Failure, World,
    base::{self, Proposed, Search},
    past::{Side, TargetPast},
    project::Project,
    recording::Recording,
    tenant::Tenant,
};
use crate::{
    contract::{self, Spec},
    definition::{AttestedAssignment, AttestedFile, AttestedPlace, AttestedRole},
    model::{
        RoleId, Untrusted, config::Target, desired::DesiredState, field, files::Files as _, live::LiveState,
    },
    plan::{
        earlier::Earlier,
        query::query,
        resolve::{self, ResolvedRole},
    },
    repo::{self, Revision, WorkTree},
};

/// Whose snapshots count. Nobody attests for themselves: of what is proposed to a branch it is the copy
/// of that branch, whatever the plan is compared with, and on the branch itself that of its commit.
#[derive(Debug, Default)]
pub(super) enum Copy {
    /// That of the planned definitions.
    #[default]
    Planned,
    /// The same, outside git, where nothing is reviewed.
    Unreviewed,
    /// That of a commit of the branch which they are proposed to.
    Of(Arc<Side>),
    /// None, and why.
    Nobodys(&'static str),
}

/// The snapshot that counts for a target.
pub(super) fn of(project: &Project, target: &Target) -> Option<Arc<AttestedFile>> {
    let loaded = match &project.past.attesting {
        Copy::Planned | Copy::Unreviewed => &project.loaded,
        Copy::Of(side) => &side.loaded,
        Copy::Nobodys(_) => return None,
    };
    loaded.attested.get(&target.name).cloned()
}

/// What a reader should know of a snapshot that is there and is not the one that counts, or that nobody
/// reviewed.
pub(super) fn note(project: &Project, target: &Target) -> Option<Untrusted> {
    let here = project.loaded.attested.get(&target.name);
    let path = AttestedFile::path(&target.name);
    let waits = "What `{path}` says here counts once it is committed, reviewed, and on the branch that is applied from";
    let waits = waits.replace("{path}", &path);
    let counting = of(project, target);
    let text = match &project.past.attesting {
        Copy::Unreviewed => {
            here?;
            format!("`{path}` is not in git: nobody reviewed what it attests.")
        }
        Copy::Nobodys(why) => {
            here?;
            format!("What `{path}` attests does not count: {why}.")
        }
        Copy::Of(side) if here != counting.as_ref() => match &counting {
            Some(_) => format!("{waits}; until then the copy of commit {} counts.", short(&side.commit)),
            None => format!("{waits}; until then nothing is attested."),
        },
        Copy::Planned | Copy::Of(_) => return None,
    };
    Some(text.into())
}

/// The first digits of a commit's id.
fn short(commit: &str) -> &str {
    commit.get(..12).unwrap_or(commit)
}

/// Finds out whose snapshots count. Which branch is the target is for that branch to say: what is
/// proposed may name another one under `apply_from`.
pub(super) fn copy(world: &World, project: &Project, search: Search<'_>) -> Copy {
    const UNKNOWN: &str =
        "this clone does not tell which branch it is proposed to, or how it came from there";
    if hiding(world, project).next().is_none() {
        return Copy::Planned;
    }
    let read = |commit: &str| super::project::side(world, &project.place, commit).map(Arc::new);
    let of = |commit: &str| read(commit).map_or(Copy::Nobodys(UNKNOWN), Copy::Of);
    let trusted = search.history.target_branch(&[]).and_then(|tip| read(&tip.commit).ok());
    let config = trusted.as_ref().and_then(|side| side.loaded.config.as_ref());
    let branches: Option<Vec<&str>> =
        config.map(|config| config.apply_from.iter().flatten().map(Untrusted::raw).collect());
    let search = Search { apply_from: branches.as_deref().unwrap_or(search.apply_from), ..search };
    match base::proposed(search) {
        Proposed::To(commit) => return of(&commit),
        Proposed::Unknown => return Copy::Nobodys(UNKNOWN),
        Proposed::Not => {}
    }
    // What was not pushed yet was shown to nobody.
    if let Some(tip) = search.history.remote_branch(search.apply_from) {
        match search.history.is_ancestor(search.commit, &tip.commit) {
            Ok(true) => {}
            Ok(false) => return of(&tip.commit),
            Err(_) => return Copy::Nobodys(UNKNOWN),
        }
    }
    if project.rev || is_committed(world, project, search.commit) { Copy::Planned } else { of(search.commit) }
}

/// Targets whose API does not tell everything.
fn hiding<'p>(world: &'p World, project: &'p Project) -> impl Iterator<Item = &'p Target> {
    let hides = |target: &&Target| {
        world.registry.get(target.provider).is_some_and(|provider| contract::hides(&**provider))
    };
    project.targets().map(|(target, _)| target).filter(hides)
}

/// Whether every snapshot is what its copy in the commit says; how it is written does not matter.
fn is_committed(world: &World, project: &Project, commit: &str) -> bool {
    let Ok(revision) = Revision::open(&project.place, commit) else { return false };
    hiding(world, project).all(|target| {
        let committed = revision.read(&AttestedFile::path(&target.name)).ok();
        let committed = committed.and_then(|bytes| AttestedFile::parse(&bytes, target.provider).ok());
        committed.as_ref() == project.loaded.attested.get(&target.name).map(|file| &**file)
    })
}

/// What came of attesting one target.
pub struct Attested {
    /// Its name.
    pub name: Arc<str>,
    /// What was written, or why nothing was.
    pub result: Result<Written, Failure>,
}

/// What was written.
pub struct Written {
    /// The file, relative to the root of the definitions.
    pub path: String,
    /// How many roles are attested.
    pub roles: usize,
    /// How many assignments are.
    pub assignments: usize,
    /// Declared roles that are not there yet, by name: nothing of them can be attested.
    pub missing: Vec<Untrusted>,
    /// Whether the file changed.
    pub changed: bool,
}

/// Attests for every selected target that what its definitions say of what its API does not tell is
/// in place. Which live role is which is decided as for a plan, by the record of the last apply and what was
/// attested before, too.
///
/// # Errors
///
/// Where the definitions are not in a work tree.
pub async fn attest(
    world: &World,
    project: &Project,
    encode: &dyn Fn(&AttestedFile) -> String,
) -> Result<Vec<Attested>, Failure> {
    let folder = project.folder()?;
    let files = WorkTree::open(&project.place)?;
    let reads = project.targets().map(|(target, desired)| async move {
        let read = async {
            let tenant = Tenant::connect(world, target, Some(folder)).await?;
            let file = of_target(world, project, target, desired, &tenant).await;
            tenant.close().await;
            file
        };
        (target, read.await)
    });
    let mut all = Vec::new();
    for (target, read) in join_all(reads).await {
        let written = read.and_then(|(file, missing)| {
            let path = AttestedFile::path(&target.name);
            let text = encode(&file);
            let changed = files.read(&path).ok().as_deref() != Some(text.as_bytes());
            if changed {
                super::tenant::ignore_runs(folder)?;
                repo::write::replace(folder, &path, text.as_bytes())?;
            }
            let (roles, assignments) = (file.roles.len(), file.assignments.len());
            Ok(Written { path, roles, assignments, missing, changed })
        });
        all.push(Attested { name: target.name.clone(), result: written });
    }
    Ok(all)
}

async fn of_target(
    world: &World,
    project: &Project,
    target: &Target,
    desired: &DesiredState,
    tenant: &Tenant,
) -> Result<(AttestedFile, Vec<Untrusted>), Failure> {
    let spec = &*tenant.provider;
    let recording = Recording::open(project, target);
    let before = project.past.declared(world, project, target, &recording);
    let states = [desired].into_iter().chain(before.iter().map(|state| &**state));
    let members = !desired.assignments.is_empty();
    let mut live = tenant.reader().fetch(query(states, spec, target, members)).await?;
    if let Some(attested) = of(project, target) {
        let _said_by_a_plan = attested.overlay(&mut live, spec);
    }
    let past = TargetPast::of(world, project, target, &live.identity, &recording)?;
    snapshot(world, target, desired, &live, spec, past.earlier())
}

fn snapshot(
    world: &World,
    target: &Target,
    desired: &DesiredState,
    live: &LiveState,
    spec: &dyn Spec,
    earlier: Earlier<'_>,
) -> Result<(AttestedFile, Vec<Untrusted>), Failure> {
    let hidden = |class: &str, name: &str| contract::role_class(spec, class).is_some_and(|c| !c.reads(name));
    let fields = [field::NAME, field::DESCRIPTION, field::PERMISSIONS];
    if !contract::hides(spec) {
        let message = format!(
            "what is managed on {} can all be read over its API: there is nothing to attest",
            spec.title()
        );
        return Err(Failure::new(Exit::Usage, message));
    }
    let input = resolve::Input { target, spec, desired, live, earlier, today: world.today };
    let resolved = resolve::resolve(input).map_err(|_| {
        Failure::new(Exit::Invalid, "the definitions do not fit what is there")
            .help("`rolecall plan` shows what is wrong.")
    })?;
    let (mut roles, mut missing) = (Vec::new(), Vec::new());
    for role in &resolved.roles {
        let class = role.desired.class;
        if !fields.iter().any(|name| hidden(class, name)) {
            continue;
        }
        let listed = contract::role_class(spec, class).is_none_or(|class| class.listed);
        if role.live.is_none() && listed {
            missing.push(role.desired.name.value.clone());
            continue;
        }
        let natural = role.desired.natural().value.clone();
        let name = &role.desired.name.value;
        let text = role.desired.description.as_ref().map(|text| text.value.clone().unwrap_or_default());
        roles.push(AttestedRole {
            class: class.to_owned(),
            scope: AttestedPlace::of(&role.scope),
            name: (hidden(class, field::NAME) && *name != natural).then(|| name.clone()),
            // A role that is still to be renamed is attested as it is called now.
            role: role.live.filter(|_| listed).map_or(natural, |live| live.key.name.clone()),
            key: Some(role.desired.key.to_string()),
            id: role.live.filter(|_| listed).and_then(|live| live.id.clone()),
            description: text.filter(|_| hidden(class, field::DESCRIPTION)),
            permissions: hidden(class, field::PERMISSIONS)
                .then(|| role.permissions.keys().cloned().collect()),
        });
    }
    let unlisted = |class: &str| contract::principal(spec, class).is_some_and(|class| !class.listed);
    let held = resolved.assignments.iter().filter(|(key, _)| unlisted(key.class));
    let named = |role: &ResolvedRole<'_>| {
        let listed = contract::role_class(spec, role.desired.class).is_none_or(|class| class.listed);
        (!listed).then(|| AttestedFile::role_id(&role.scope, &role.desired.natural().value))
    };
    let assignments = held.filter_map(|(key, wanted)| {
        let role = match (resolved.declared(&wanted.role).and_then(named), &wanted.role) {
            (Some(id), _) => id,
            (None, RoleId::Live(id)) => id.clone(),
            // The role is among those that are missing.
            (None, RoleId::New(_)) => return None,
        };
        let (class, scope) = (key.class.to_owned(), AttestedPlace::of(&key.scope));
        Some(AttestedAssignment { class, scope, principal: key.name.clone(), role })
    });
    let mut file = AttestedFile {
        version: AttestedFile::VERSION,
        provider: target.provider.to_owned(),
        assignments: assignments.collect(),
        roles,
    };
    file.roles.sort();
    file.assignments.sort();
    Ok((file, missing))
}
