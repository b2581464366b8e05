//! `/authorization/roles` and `/authorization/organizations/{id}/roles`.

use serde_json::{Value, json};

use crate::emulator::call::Answer;

use super::caller::Request;
use super::edit::{Edit, Place};
use super::input::Body;
use super::objects::Role;
use super::refusal::{Form, Refusal, status_of};
use super::shape;
use super::switches::{
    CUSTOM_ROLE_PLAN, ENVIRONMENT_ROLE_BY_ORGANIZATION, PARTIAL_PERMISSIONS, PRIORITY_ENDPOINT,
};
use super::world::{Organization, OrganizationFacts, Own};

const NEW: [&str; 4] = ["slug", "name", "description", "resource_type_slug"];

/// Answers a request under `/authorization/roles`; `rest` is what follows.
pub(super) fn environment(request: Request<'_>, rest: &[&str]) -> Result<Answer, Refusal> {
    let place = Place::Environment;
    let role = |slug: &str| place.role(request, slug).ok_or_else(|| Refusal::not_found("Role", slug));
    match (request.call.method.as_str(), rest) {
        ("GET", []) => {
            let facts = &request.environment.facts;
            Ok(list(request, facts.priority.iter().filter_map(|slug| place.role(request, slug)), None))
        }
        ("POST", []) => {
            let body = Body::with_fields(request.call, request.switches, &NEW)?;
            let mut edit = Edit::new(request);
            let role = edit.create_environment_role(&body)?;
            Ok(answer(201, request, &role, place).changing(edit.finish()))
        }
        ("GET", [slug]) => Ok(answer(200, request, role(slug)?, place)),
        ("PATCH", [slug]) => update(request, role(slug)?, place),
        ("PUT", [slug, "permissions"]) => set_permissions(request, role(slug)?, place),
        ("POST", [slug, "permissions"]) => add_permission(request, role(slug)?, place),
        _ => Err(request.no_route()),
    }
}

/// Answers a request under `/authorization/organizations/{id}/roles`; `rest` is what follows.
pub(super) fn organization(request: Request<'_>, id: &str, rest: &[&str]) -> Result<Answer, Refusal> {
    let organization = request.organization(id)?;
    let place = Place::Organization(organization);
    if request.call.is_mutating() && request.switches.is(&CUSTOM_ROLE_PLAN, "refused") {
        return Err(Refusal::new(403, "Custom roles are not part of the plan."));
    }
    let custom = |slug: &str| custom_role(request, organization, slug);
    match (request.call.method.as_str(), rest) {
        ("GET", []) => {
            let environment = request.environment;
            let slugs = environment.priority(organization).iter();
            let roles = slugs.filter_map(|slug| environment.role_in(organization, slug));
            Ok(list(request, roles, Some(organization)))
        }
        ("POST", []) => {
            let body = Body::with_fields(request.call, request.switches, &NEW)?;
            let mut edit = Edit::new(request);
            let role = edit.create_custom_role(organization, &body)?;
            Ok(answer(201, request, &role, place).changing(edit.finish()))
        }
        ("PUT", ["priority"]) if !request.switches.is(&PRIORITY_ENDPOINT, "absent") => {
            set_priority(request, organization)
        }
        ("GET", [slug]) => {
            let role = request.environment.role_in(organization, slug);
            let role = role.ok_or_else(|| Refusal::not_found("Role", slug))?;
            Ok(Answer::json(200, &shape::role(request, role, organization.roles.has(slug))))
        }
        ("PATCH", [slug]) => update(request, custom(slug)?, place),
        ("DELETE", [slug]) => {
            let mut edit = Edit::new(request);
            edit.delete_custom_role(organization, custom(slug)?)?;
            Ok(Answer::empty(204).changing(edit.finish()))
        }
        ("PUT", [slug, "permissions"]) => set_permissions(request, custom(slug)?, place),
        ("POST", [slug, "permissions"]) => add_permission(request, custom(slug)?, place),
        ("DELETE", [slug, "permissions", permission]) => {
            remove_permission(request, custom(slug)?, place, permission)
        }
        _ => Err(request.no_route()),
    }
}

/// A role that can be changed through the path of an organization.
fn custom_role<'a>(
    request: Request<'a>,
    organization: &'a Organization,
    slug: &str,
) -> Result<&'a Role, Refusal> {
    organization.roles.get(slug).ok_or_else(|| {
        let refusal = Refusal::not_found("Role", slug);
        if request.environment.roles.has(slug) {
            let status = status_of(request.switches.get(&ENVIRONMENT_ROLE_BY_ORGANIZATION));
            return refusal.status(status);
        }
        refusal
    })
}

/// A list of roles, which is never cut into pages.
fn list<'a>(
    request: Request<'a>,
    roles: impl Iterator<Item = &'a Role>,
    organization: Option<&Organization>,
) -> Answer {
    let data: Vec<Value> = roles
        .map(|role| {
            let custom = organization.is_some_and(|organization| organization.roles.has(&role.slug));
            shape::role(request, role, custom)
        })
        .collect();
    Answer::json(200, &json!({ "object": "list", "data": data }))
}

fn answer(status: u16, request: Request<'_>, role: &Role, place: Place<'_>) -> Answer {
    Answer::json(status, &shape::role(request, role, matches!(place, Place::Organization(_))))
}

fn update<'a>(request: Request<'a>, role: &Role, place: Place<'a>) -> Result<Answer, Refusal> {
    let body = Body::with_fields(request.call, request.switches, &["name", "description"])?;
    let mut edit = Edit::new(request);
    let role = edit.update_role(place, role, &body)?;
    Ok(answer(200, request, &role, place).changing(edit.finish()))
}

fn set_permissions<'a>(request: Request<'a>, role: &Role, place: Place<'a>) -> Result<Answer, Refusal> {
    let body = Body::with_fields(request.call, request.switches, &["permissions"])?;
    let slugs = body
        .texts("permissions")?
        .ok_or_else(|| Refusal::invalid("permissions", "permissions must be an array of slugs"))?;
    let mut edit = Edit::new(request);
    let resolved = edit.resolve(&role.resource_type_slug, &slugs);
    let after = Role { permissions: resolved.known, ..role.clone() };
    match resolved.refusal {
        None => {
            let role = edit.changed(place, role, after);
            Ok(answer(200, request, &role, place).changing(edit.finish()))
        }
        Some(refusal) if request.switches.is(&PARTIAL_PERMISSIONS, "known") => {
            edit.changed(place, role, after);
            let form = Form::of(&request.call.method, &request.call.route());
            Ok(refusal.answer(form, request.switches).changing(edit.finish()))
        }
        Some(refusal) => Err(refusal),
    }
}

fn add_permission<'a>(request: Request<'a>, role: &Role, place: Place<'a>) -> Result<Answer, Refusal> {
    let body = Body::with_fields(request.call, request.switches, &["slug"])?;
    let mut edit = Edit::new(request);
    let resolved = edit.resolve(&role.resource_type_slug, &[body.required_text("slug")?.to_owned()]);
    if let Some(refusal) = resolved.refusal {
        return Err(refusal);
    }
    let mut after = role.clone();
    for slug in resolved.known {
        if !after.permissions.contains(&slug) {
            after.permissions.push(slug);
        }
    }
    let role = edit.changed(place, role, after);
    Ok(answer(200, request, &role, place).changing(edit.finish()))
}

fn remove_permission<'a>(
    request: Request<'a>,
    role: &Role,
    place: Place<'a>,
    slug: &str,
) -> Result<Answer, Refusal> {
    if !role.permissions.iter().any(|held| held == slug) {
        return Err(Refusal::not_found("Permission", slug));
    }
    let mut after = role.clone();
    after.permissions.retain(|held| held != slug);
    let mut edit = Edit::new(request);
    let role = edit.changed(place, role, after);
    Ok(answer(200, request, &role, place).changing(edit.finish()))
}

/// The route of the description of 2026-03-05, which later ones do not have.
fn set_priority(request: Request<'_>, organization: &Organization) -> Result<Answer, Refusal> {
    let environment = request.environment;
    let body = Body::with_fields(request.call, request.switches, &["role_priority_order"])?;
    let bad = |code: &str, message: &str| Refusal::new(400, message).code(code);
    let sent = body
        .list("role_priority_order")?
        .ok_or_else(|| bad("bad_request", "role_priority_order is required"))?;
    let by_id = request.switches.is(&PRIORITY_ENDPOINT, "ids");
    let present = environment.priority(organization);
    let mut order: Vec<String> = Vec::with_capacity(sent.len());
    for item in sent {
        let found = present.iter().find(|slug| {
            let role = environment.role_in(organization, slug);
            role.is_some_and(|role| item.as_str() == Some(if by_id { &role.id } else { &role.slug }))
        });
        let slug = found.ok_or_else(|| bad("unknown_role_slugs", "there are unknown roles"))?;
        if order.contains(slug) {
            return Err(bad("duplicate_role_slugs", "there are duplicate roles"));
        }
        order.push(slug.clone());
    }
    // Roles that are not named keep their order below the others.
    let rest: Vec<String> = present.iter().filter(|slug| !order.contains(slug)).cloned().collect();
    order.extend(rest);
    let default_role = environment.default_role(organization).to_owned();
    let roles = order.iter().filter_map(|slug| environment.role_in(organization, slug));
    let shown = list(request, roles, Some(organization));
    let own = Some(Own { default_role, priority: order.clone() });
    let mut edit = Edit::new(request);
    edit.put_organization(&OrganizationFacts { own, ..organization.facts.clone() });
    Ok(shown.changing(edit.finish()))
}
