//! Role assignments of memberships, seen from the membership and from the resource.

use crate::emulator::call::Answer;

use super::caller::Request;
use super::edit::Edit;
use super::held::{self, Held, Target};
use super::input::Body;
use super::memberships;
use super::objects::{Assignment, Membership};
use super::page;
use super::refusal::Refusal;
use super::switches::{DUPLICATE_ASSIGNMENT, ORGANIZATION_ASSIGNMENT};
use super::world::Organization;

const CRITERIA: [&str; 4] = ["role_slug", "resource_id", "resource_external_id", "resource_type_slug"];

/// Answers a request under `/authorization/organization_memberships/{id}/role_assignments`.
pub(super) fn of_membership(request: Request<'_>, id: &str, rest: &[&str]) -> Result<Answer, Refusal> {
    let (organization, membership) = memberships::find(request, id)?;
    match (request.call.method.as_str(), rest) {
        ("GET", []) => {
            let parameter = |name: &str| request.call.parameter(name);
            let target = held::target(
                request,
                organization,
                parameter("resource_id"),
                (parameter("resource_external_id"), parameter("resource_type_slug")),
            )?;
            let mut held = held::by(request, organization, membership);
            if let Some(target) = target {
                held.retain(|held| held.resource == target.id);
            }
            list(request, organization, held)
        }
        ("POST", []) => assign(request, organization, membership),
        ("DELETE", []) => {
            let body = Body::with_fields(request.call, request.switches, &CRITERIA)?;
            let target = required_target(request, organization, &body)?;
            let role = body.required_text("role_slug")?;
            let held = held::by(request, organization, membership);
            let found = held
                .iter()
                .find(|held| held.through.is_none() && held.role == role && held.resource == target.id);
            let found = found.ok_or_else(|| Refusal::not_found("Role assignment", role))?;
            Ok(remove(request, organization, found))
        }
        ("DELETE", [assignment]) => {
            let held = held::by(request, organization, membership);
            let found = held.iter().find(|held| held.id == *assignment);
            let found = found.ok_or_else(|| Refusal::not_found("Role assignment", assignment))?;
            if found.through.is_some() {
                return Err(Refusal::new(403, "The role assignment comes from a group."));
            }
            Ok(remove(request, organization, found))
        }
        _ => Err(request.no_route()),
    }
}

/// Answers the list of role assignments on a resource.
pub(super) fn on_resource(
    request: Request<'_>,
    organization: &Organization,
    target: &Target<'_>,
) -> Result<Answer, Refusal> {
    let mut held = held::on(request, organization, target.id);
    if let Some(role) = request.call.parameter("role_slug") {
        held.retain(|held| held.role == role);
    }
    list(request, organization, held)
}

fn list(request: Request<'_>, organization: &Organization, held: Vec<Held<'_>>) -> Result<Answer, Refusal> {
    let page = page::cut(request, held, |held| &held.id)?;
    Ok(page.answer(|held| held.json(request, organization)))
}

fn required_target<'a>(
    request: Request<'a>,
    organization: &'a Organization,
    body: &Body,
) -> Result<Target<'a>, Refusal> {
    held::target_in_body(request, organization, body)?
        .ok_or_else(|| Refusal::invalid("resource_id", "a resource is required"))
}

fn assign(
    request: Request<'_>,
    organization: &Organization,
    membership: &Membership,
) -> Result<Answer, Refusal> {
    let body = Body::with_fields(request.call, request.switches, &CRITERIA)?;
    let target = required_target(request, organization, &body)?;
    let role = held::role_for(request, organization, &target, &body)?;
    let present = held::by(request, organization, membership);
    let present = present
        .iter()
        .find(|held| held.through.is_none() && held.role == role.slug && held.resource == target.id);
    if let Some(present) = present {
        return if request.switches.is(&DUPLICATE_ASSIGNMENT, "existing") {
            Ok(Answer::json(201, &present.json(request, organization)))
        } else {
            Err(Refusal::new(422, "The role is assigned on the resource already."))
        };
    }
    let id = &organization.facts.id;
    let mut edit = Edit::new(request);
    if target.id == organization.facts.resource_id {
        // A role on the organization itself is a role of the membership.
        let mut after = Membership { updated_at: edit.now(), ..membership.clone() };
        if !request.environment.facts.multiple_roles {
            if request.switches.is(&ORGANIZATION_ASSIGNMENT, "refused") {
                return Err(Refusal::new(422, "Multiple roles are not enabled for this environment."));
            }
            after.roles.clear();
        }
        after.roles.push(role.slug.clone());
        edit.put_in(id, &after);
        let made = held::own(organization, &after).find(|held| held.role == role.slug);
        let shown = made.map(|held| held.json(request, organization)).unwrap_or_default();
        return Ok(Answer::json(201, &shown).changing(edit.finish()));
    }
    let (assignment, order) = edit.id("role_assignment_");
    let assignment = Assignment {
        id: assignment,
        membership: membership.id.clone(),
        role: role.slug.clone(),
        resource: target.id.to_owned(),
        created_at: edit.now(),
        order,
    };
    edit.put_in(id, &assignment);
    let shown = held::direct(&assignment, membership).json(request, organization);
    Ok(Answer::json(201, &shown).changing(edit.finish()))
}

fn remove(request: Request<'_>, organization: &Organization, held: &Held<'_>) -> Answer {
    let id = &organization.facts.id;
    let mut edit = Edit::new(request);
    if held.resource == organization.facts.resource_id {
        let mut after = Membership { updated_at: edit.now(), ..held.membership.clone() };
        after.roles.retain(|role| role != held.role);
        if after.roles.is_empty() {
            // A membership always has a role.
            after.roles.push(request.environment.default_role(organization).to_owned());
        }
        edit.put_in(id, &after);
    } else {
        edit.remove_in::<Assignment>(id, &held.id);
    }
    Answer::empty(204).changing(edit.finish())
}
