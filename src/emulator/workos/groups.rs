//! `/organizations/{id}/groups`: WorkOS's own groups, not those of an identity provider.

use crate::emulator::call::Answer;

use super::caller::Request;
use super::edit::Edit;
use super::input::Body;
use super::objects::{Group, GroupAssignment, Membership};
use super::page;
use super::refusal::Refusal;
use super::shape;
use super::switches::GROUP_LIMIT;
use super::world::Organization;

/// The most characters of a group's name.
const NAME: usize = 256;

/// Answers a request; `rest` is what follows `/organizations/{id}/groups`.
pub(super) fn answer(request: Request<'_>, id: &str, rest: &[&str]) -> Result<Answer, Refusal> {
    let organization = request.organization(id)?;
    match (request.call.method.as_str(), rest) {
        ("GET", []) => {
            let groups = organization.groups.values().collect();
            let page = page::cut(request, groups, |group: &&Group| &group.id)?;
            Ok(page.answer(|group| shape::group(id, group)))
        }
        ("POST", []) => create(request, id),
        (method, [group, rest @ ..]) => {
            let group = organization.groups.get(group).ok_or_else(|| Refusal::not_found("Group", group))?;
            match (method, rest) {
                ("GET", []) => Ok(Answer::json(200, &shape::group(id, group))),
                ("PATCH", []) => update(request, id, group),
                ("DELETE", []) => Ok(delete(request, organization, group)),
                (_, ["organization-memberships", rest @ ..]) => members(request, organization, group, rest),
                _ => Err(request.no_route()),
            }
        }
        _ => Err(request.no_route()),
    }
}

fn create(request: Request<'_>, organization: &str) -> Result<Answer, Refusal> {
    let body = Body::with_fields(request.call, request.switches, &["name", "description"])?;
    let mut edit = Edit::new(request);
    let (id, order) = edit.id("group_");
    let group = Group {
        id,
        name: body.required_name(NAME)?,
        description: body.description(request.switches)?.flatten(),
        members: std::collections::BTreeMap::new(),
        created_at: edit.now(),
        updated_at: edit.now(),
        order,
    };
    edit.put_in(organization, &group);
    Ok(Answer::json(201, &shape::group(organization, &group)).changing(edit.finish()))
}

fn update(request: Request<'_>, organization: &str, group: &Group) -> Result<Answer, Refusal> {
    let body = Body::with_fields(request.call, request.switches, &["name", "description"])?;
    let mut after = group.clone();
    if let Some(name) = body.name(NAME)? {
        after.name = name;
    }
    if let Some(description) = body.description(request.switches)? {
        after.description = description;
    }
    let mut edit = Edit::new(request);
    if after != *group {
        after.updated_at = edit.now();
        edit.put_in(organization, &after);
    }
    Ok(Answer::json(200, &shape::group(organization, &after)).changing(edit.finish()))
}

fn delete(request: Request<'_>, organization: &Organization, group: &Group) -> Answer {
    let id = &organization.facts.id;
    let mut edit = Edit::new(request);
    for assignment in organization.group_assignments.values().filter(|held| held.group == group.id) {
        edit.remove_in::<GroupAssignment>(id, &assignment.id);
    }
    edit.remove_in::<Group>(id, &group.id);
    Answer::empty(204).changing(edit.finish())
}

fn members(
    request: Request<'_>,
    organization: &Organization,
    group: &Group,
    rest: &[&str],
) -> Result<Answer, Refusal> {
    let id = &organization.facts.id;
    match (request.call.method.as_str(), rest) {
        ("GET", []) => {
            let members =
                organization.memberships.values().filter(|member| group.members.contains_key(&member.id));
            let page = page::cut(request, members.collect(), |member: &&Membership| &member.id)?;
            Ok(page.answer(|member| shape::membership_base(request, organization, member)))
        }
        ("POST", []) => {
            let body = Body::with_fields(request.call, request.switches, &["organization_membership_id"])?;
            let member = body.required_text("organization_membership_id")?.to_owned();
            let group = change_members(request, organization, group, &[member], &[])?;
            Ok(Answer::json(200, &shape::group(id, &group.0)).changing(group.1.finish()))
        }
        ("PATCH", []) => {
            let body = Body::with_fields(request.call, request.switches, &["add", "remove"])?;
            let add = body.texts("add")?.unwrap_or_default();
            let remove = body.texts("remove")?.unwrap_or_default();
            if !(1..=100).contains(&(add.len() + remove.len())) {
                return Err(Refusal::invalid("add", "add and remove must have 1 to 100 entries together"));
            }
            if add.iter().any(|member| remove.contains(member)) {
                return Err(Refusal::invalid("add", "a membership cannot be in both add and remove"));
            }
            let (_, edit) = change_members(request, organization, group, &add, &remove)?;
            Ok(Answer::empty(204).changing(edit.finish()))
        }
        ("DELETE", [member]) => {
            if !group.members.contains_key(*member) {
                return Err(Refusal::not_found("Organization membership", member));
            }
            let remove = [(*member).to_owned()];
            let (_, edit) = change_members(request, organization, group, &[], &remove)?;
            Ok(Answer::empty(204).changing(edit.finish()))
        }
        _ => Err(request.no_route()),
    }
}

fn change_members<'a>(
    request: Request<'a>,
    organization: &Organization,
    group: &Group,
    add: &[String],
    remove: &[String],
) -> Result<(Group, Edit<'a>), Refusal> {
    let mut edit = Edit::new(request);
    let mut after = group.clone();
    after.members.retain(|member, _| !remove.contains(member));
    for member in add {
        if !organization.memberships.has(member) {
            return Err(Refusal::not_found("Organization membership", member));
        }
        after.members.entry(member.clone()).or_insert(edit.now());
    }
    let most = request.switches.get(&GROUP_LIMIT).parse().unwrap_or(usize::MAX);
    if after.members.len() > most.max(group.members.len()) {
        return Err(Refusal::new(400, format!("A group can have at most {most} members."))
            .code("group_membership_limit_exceeded"));
    }
    if after != *group {
        after.updated_at = edit.now();
        edit.put_in(&organization.facts.id, &after);
    }
    Ok((after, edit))
}
