//! `/authorization/permissions`.

use crate::emulator::call::Answer;

use super::caller::Request;
use super::edit::{Edit, Place};
use super::input::Body;
use super::objects::{Permission, Role};
use super::page;
use super::refusal::Refusal;
use super::role_edit::NAME;
use super::shape;
use super::slug;
use super::switches::{PERMISSION_DELETE, SYSTEM_PERMISSION_UPDATE};

/// Answers a request; `rest` is what follows `/authorization/permissions`.
pub(super) fn answer(request: Request<'_>, rest: &[&str]) -> Result<Answer, Refusal> {
    let permissions = &request.environment.permissions;
    let find = |slug: &str| permissions.get(slug).ok_or_else(|| Refusal::not_found("Permission", slug));
    match (request.call.method.as_str(), rest) {
        ("GET", []) => {
            let page = page::cut(request, permissions.values().collect(), |permission| &permission.id)?;
            Ok(page.answer(shape::permission))
        }
        ("POST", []) => create(request),
        ("GET", [slug]) => Ok(Answer::json(200, &shape::permission(find(slug)?))),
        ("PATCH", [slug]) => update(request, find(slug)?),
        ("DELETE", [slug]) => delete(request, find(slug)?),
        _ => Err(request.no_route()),
    }
}

fn create(request: Request<'_>) -> Result<Answer, Refusal> {
    let known = ["slug", "name", "description", "resource_type_slug"];
    let body = Body::with_fields(request.call, request.switches, &known)?;
    let slug = body.required_text("slug")?;
    slug::check_permission(slug)?;
    let mut edit = Edit::new(request);
    let (id, order) = edit.id("perm_");
    let permission = Permission {
        id,
        slug: slug.to_owned(),
        name: body.required_name(NAME)?,
        description: body.description(request.switches)?.flatten(),
        system: false,
        resource_type_slug: edit.resource_type(&body)?,
        created_at: edit.now(),
        updated_at: edit.now(),
        order,
    };
    if request.environment.permissions.has(slug) {
        return Err(Refusal::new(409, format!("A permission with slug '{slug}' already exists."))
            .code("permission_slug_conflict"));
    }
    edit.put(&permission);
    Ok(Answer::json(201, &shape::permission(&permission)).changing(edit.finish()))
}

fn update(request: Request<'_>, permission: &Permission) -> Result<Answer, Refusal> {
    if permission.system && request.switches.is(&SYSTEM_PERMISSION_UPDATE, "403") {
        return Err(Refusal::new(403, "System permissions cannot be updated."));
    }
    let body = Body::with_fields(request.call, request.switches, &["name", "description"])?;
    let mut after = permission.clone();
    if let Some(name) = body.name(NAME)? {
        after.name = name;
    }
    if let Some(description) = body.description(request.switches)? {
        after.description = description;
    }
    let mut edit = Edit::new(request);
    if after != *permission {
        after.updated_at = edit.now();
        edit.put(&after);
    }
    Ok(Answer::json(200, &shape::permission(&after)).changing(edit.finish()))
}

fn delete(request: Request<'_>, permission: &Permission) -> Result<Answer, Refusal> {
    if permission.system {
        return Err(Refusal::new(403, "System permissions cannot be deleted."));
    }
    let mut edit = Edit::new(request);
    edit.remove::<Permission>(&permission.slug);
    if !request.switches.is(&PERMISSION_DELETE, "kept") {
        let environment = request.environment;
        let own = environment.roles.values().map(|role| (Place::Environment, role));
        let custom = environment.organizations.values().flat_map(|organization| {
            organization.roles.values().map(move |role| (Place::Organization(organization), role))
        });
        for (place, role) in own.chain(custom) {
            if !role.permissions.contains(&permission.slug) {
                continue;
            }
            if request.switches.is(&PERMISSION_DELETE, "409") {
                return Err(Refusal::new(409, "Permission cannot be deleted because roles have it."));
            }
            let mut after: Role = role.clone();
            after.permissions.retain(|slug| *slug != permission.slug);
            edit.changed(place, role, after);
        }
    }
    Ok(Answer::empty(204).changing(edit.finish()))
}
