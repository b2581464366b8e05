//! Whether a revision may be applied from here at all.

use crate::{
    model::{Untrusted, config::Config},
    workflow::{
        Exit, Failure, World,
        plan::{PlannedTarget, Wishes},
        project::Project,
    },
};

/// Checks that do not depend on live: whether this revision may be applied from here at all.
///
/// # Errors
///
/// Exit code 4 where the branch is not one of `apply_from`, or a CI system would apply a dirty work
/// tree. Emulators are exempt.
pub fn may_apply(world: &World, project: &Project, allow_branch: bool) -> Result<(), Failure> {
    let Some(config) = &project.loaded.config else { return Ok(()) };
    if !is_real(project) {
        return Ok(());
    }
    let ci = (world.environment)("CI").is_some_and(|value| !value.is_empty() && value != "false");
    if ci {
        is_committed(project)?;
    }
    if let (Some(_), Some(name)) = (&project.revisions.merged, &project.revisions.base_name) {
        let message = format!(
            "this branch does not have what {} has; only a plan can look at the merge of both",
            name.raw()
        );
        return Err(
            Failure::new(Exit::Stale, message).help("Merge or pull first, then apply what is merged.")
        );
    }
    branch(config, project, allow_branch)?;
    // What the target branch demands is not lifted by the branch that is applied.
    let base = project.past.base.as_ref().map(|(_, side)| side);
    let earlier = base.into_iter().chain(&project.past.found);
    earlier
        .filter_map(|side| side.loaded.config.as_ref())
        .try_for_each(|config| branch(config, project, allow_branch))
}

/// Whether a provider, and no emulator, would be written to.
fn is_real(project: &Project) -> bool {
    let mut targets = project.loaded.config.iter().flat_map(|config| &config.targets);
    targets.any(|target| !target.emulator && project.selected.contains(&target.name))
}

/// Requires that what is applied is what the commit holds. Emulators are exempt.
///
/// # Errors
///
/// Exit code 4 where a file of the definitions differs.
pub fn is_committed(project: &Project) -> Result<(), Failure> {
    if !project.revisions.dirty || !is_real(project) {
        return Ok(());
    }
    Err(Failure::new(
        Exit::Refused,
        "a file of the definitions differs from the commit, and CI applies only commits",
    )
    .help("Commit what differs, or apply from a clean checkout."))
}

fn branch(config: &Config, project: &Project, allow_branch: bool) -> Result<(), Failure> {
    let Some(allowed) = &config.apply_from else { return Ok(()) };
    if allow_branch || project.revisions.branch.as_ref().is_some_and(|branch| allowed.contains(branch)) {
        return Ok(());
    }
    let on = match &project.revisions.branch {
        Some(branch) => format!("this is branch `{}`", branch.raw()),
        None => "this is not a branch".to_owned(),
    };
    let names: Vec<&str> = allowed.iter().map(Untrusted::raw).collect();
    Err(Failure::new(Exit::Refused, format!("`apply_from` allows {}, and {on}", names.join(", ")))
        .help("Apply from there, or pass --allow-branch."))
}

/// A target at an older revision than the one that was applied last: what was applied since would be
/// taken back.
pub(super) fn older(project: &Project, target: &PlannedTarget, wishes: &Wishes) -> Option<Failure> {
    let newer = target.past.newer.as_ref().filter(|_| !target.target.emulator)?;
    let planned = project.revisions.desired.as_ref().map_or("", |commit| commit.raw());
    if wishes.older.as_deref() == Some(planned) {
        return None;
    }
    let message = format!(
        "{} was recorded last, and it is not part of the history of {planned}: this apply would take back what came since",
        newer.raw()
    );
    Some(Failure::new(Exit::Stale, message).help(format!(
        "Pull, and apply the newest revision. If going back is meant, merge {} again and revert what came with it: that is planned and reviewed like every change, also in a CI system. Without that, by hand: `rolecall apply --allow-older {planned}`.",
        newer.raw()
    )))
}
