//! What roles amount to: permissions of a membership on a resource, and who has a permission there.
//!
//! The routes and their parameters are known from the vendor's own client alone.

use std::collections::BTreeSet;

use serde_json::json;

use crate::emulator::call::Answer;

use super::caller::Request;
use super::held::{self, Target};
use super::input::Body;
use super::memberships;
use super::objects::{Membership, Permission, Status};
use super::page;
use super::refusal::Refusal;
use super::shape;
use super::world::Organization;

/// The permissions that a membership has on a resource, those through the organization included.
fn permissions<'a>(
    request: Request<'a>,
    organization: &'a Organization,
    membership: &'a Membership,
    target: &Target<'_>,
    direct: bool,
) -> BTreeSet<&'a str> {
    let own = &organization.facts.resource_id;
    held::by(request, organization, membership)
        .into_iter()
        .filter(|held| held.resource == target.id || !direct && held.resource == own)
        .filter(|held| !direct || held.through.is_none())
        .filter_map(|held| request.environment.role_in(organization, held.role))
        .flat_map(|role| role.permissions.iter().map(String::as_str))
        .filter(|slug| {
            let permission = request.environment.permissions.get(slug);
            permission.is_some_and(|permission| permission.resource_type_slug == target.resource_type)
        })
        .collect()
}

/// Answers a request under `/authorization/organization_memberships/{id}` that is not about role assignments.
pub(super) fn of_membership(request: Request<'_>, id: &str, rest: &[&str]) -> Result<Answer, Refusal> {
    let (organization, membership) = memberships::find(request, id)?;
    let target = match (request.call.method.as_str(), rest) {
        ("POST", ["check"]) => return check(request, organization, membership),
        ("GET", ["resources", id, "permissions"]) => held::target_by_id(request, organization, id)?,
        ("GET", ["resources", resource_type, external_id, "permissions"]) => {
            held::target_by_external_id(request, organization, resource_type, external_id)?
        }
        _ => return Err(request.no_route()),
    };
    let slugs = permissions(request, organization, membership, &target, false);
    let held = request.environment.permissions.values();
    let held: Vec<&Permission> = held.filter(|permission| slugs.contains(permission.slug.as_str())).collect();
    Ok(page::cut(request, held, |permission| &permission.id)?.answer(shape::permission))
}

fn check(
    request: Request<'_>,
    organization: &Organization,
    membership: &Membership,
) -> Result<Answer, Refusal> {
    let body = Body::of(request.call)?;
    let target = held::target_in_body(request, organization, &body)?
        .ok_or_else(|| Refusal::invalid("resource_id", "a resource is required"))?;
    let slug = body.required_text("permission_slug")?;
    if !request.environment.permissions.has(slug) {
        return Err(Refusal::not_found("Permission", slug));
    }
    let authorized = membership.status == Status::Active
        && permissions(request, organization, membership, &target, false).contains(slug);
    Ok(Answer::json(200, &json!({ "authorized": authorized })))
}

/// Answers the list of memberships that have a permission on a resource.
pub(super) fn on_resource(
    request: Request<'_>,
    organization: &Organization,
    target: &Target<'_>,
) -> Result<Answer, Refusal> {
    let slug = request
        .call
        .parameter("permission_slug")
        .ok_or_else(|| Refusal::invalid("permission_slug", "permission_slug is required"))?;
    let direct = match request.call.parameter("assignment") {
        None | Some("indirect") => false,
        Some("direct") => true,
        Some(_) => return Err(Refusal::invalid("assignment", "assignment must be direct or indirect")),
    };
    let members = organization.memberships.values().filter(|membership| {
        membership.status == Status::Active
            && permissions(request, organization, membership, target, direct).contains(slug)
    });
    let page = page::cut(request, members.collect(), |membership: &&Membership| &membership.id)?;
    Ok(page.answer(|membership| shape::membership_base(request, organization, membership)))
}
