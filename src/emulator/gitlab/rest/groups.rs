//! Groups and projects, to be read.

use std::sync::Arc;

use crate::emulator::call::Answer;
use crate::emulator::gitlab::caller::{self, Caller, Context};
use crate::emulator::gitlab::input::Params;
use crate::emulator::gitlab::page::by_key_or_offset;
use crate::emulator::gitlab::refusal::Refusal;
use crate::emulator::gitlab::shape;
use crate::emulator::gitlab::world::{Group, Place, Project};

/// Answers a GET of `/groups...` or `/projects...`.
pub(super) fn answer<'a>(
    context: Context<'a>,
    caller: &Caller<'a>,
    rest: &[&str],
) -> Result<Answer, Refusal> {
    let world = context.world;
    match rest {
        ["groups"] => {
            let params = Params::of(context.call)?;
            let top = params.flag("top_level_only")?.unwrap_or(false);
            groups(context, caller, &params, |group| !top || group.parent.is_none())
        }
        ["groups", key] => {
            Ok(Answer::json(200, &shape::one_group(context, caller::group(context, caller, key)?)))
        }
        ["groups", key, "subgroups"] => {
            let parent = caller::group(context, caller, key)?.id;
            groups(context, caller, &Params::of(context.call)?, |group| group.parent == Some(parent))
        }
        ["groups", key, "descendant_groups"] => {
            let below = world.below(caller::group(context, caller, key)?.id);
            let inside = |group: &Group| below.contains(&Place::Group(group.id));
            groups(context, caller, &Params::of(context.call)?, inside)
        }
        ["groups", key, "projects"] => {
            let group = caller::group(context, caller, key)?.id;
            let params = Params::of(context.call)?;
            let deep = params.flag("include_subgroups")?.unwrap_or(false);
            let below = if deep { world.below(group) } else { Vec::new() };
            let inside =
                |project: &Project| project.group == group || below.contains(&Place::Project(project.id));
            projects(context, caller, &params, inside)
        }
        ["projects"] => projects(context, caller, &Params::of(context.call)?, |_| true),
        ["projects", key] => {
            Ok(Answer::json(200, &shape::project(context, caller::project(context, caller, key)?)))
        }
        _ => Err(Refusal::no_route()),
    }
}

fn searched(params: &Params) -> Result<impl Fn(&str, &str) -> bool, Refusal> {
    let search = params.text("search")?.unwrap_or_default().to_lowercase();
    Ok(move |name: &str, path: &str| {
        name.to_lowercase().contains(&search) || path.to_lowercase().contains(&search)
    })
}

fn groups<'a>(
    context: Context<'a>,
    caller: &Caller<'a>,
    params: &Params,
    inside: impl Fn(&Group) -> bool,
) -> Result<Answer, Refusal> {
    let fits = searched(params)?;
    let found: Vec<&Arc<Group>> = context
        .world
        .groups
        .values()
        .filter(|group| inside(group) && fits(&group.name, &group.full_path))
        .filter(|group| caller.sees(context, Place::Group(group.id)))
        .collect();
    let key = |group: &&Arc<Group>, order: &str| match order {
        "id" => (format!("{:020}", group.id), group.id),
        "path" => (group.full_path.clone(), group.id),
        _ => (group.name.to_lowercase(), group.id),
    };
    by_key_or_offset(context.call, params, found, &["name", "path", "id"], key, |group| {
        shape::group(context, group)
    })
}

fn projects<'a>(
    context: Context<'a>,
    caller: &Caller<'a>,
    params: &Params,
    inside: impl Fn(&Project) -> bool,
) -> Result<Answer, Refusal> {
    let fits = searched(params)?;
    let found: Vec<&Arc<Project>> = context
        .world
        .projects
        .values()
        .filter(|project| inside(project) && fits(&project.name, &project.full_path))
        .filter(|project| caller.sees(context, Place::Project(project.id)))
        .collect();
    let key = |project: &&Arc<Project>, order: &str| match order {
        "name" => (project.name.to_lowercase(), project.id),
        "path" => (project.full_path.clone(), project.id),
        _ => (format!("{:020}", project.id), project.id),
    };
    let simple = params.flag("simple")?.unwrap_or(false);
    by_key_or_offset(context.call, params, found, &["id", "name", "path"], key, |project| {
        let mut shown = shape::project(context, project);
        if let (true, Some(fields)) = (simple, shown.as_object_mut()) {
            fields.remove("shared_with_groups");
        }
        shown
    })
}
