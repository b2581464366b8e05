//! What a person would do in WorkOS's web interface. See [`super`] for the routes.

use serde_json::{Value, json};

use crate::emulator::call::Answer;

use super::caller::{Context, Request};
use super::edit::{Edit, Place};
use super::input::Body;
use super::objects::{Mapping, Membership, Profile, Resource, Role, Status, User, Via};
use super::refusal::Refusal;
use super::table::json_of;
use super::world::{Organization, OrganizationFacts, Own};

/// Answers a route; `rest` is what follows `/_dashboard/`.
pub(super) fn answer(context: Context<'_>, rest: &[&str]) -> Result<Answer, Refusal> {
    let request = select_environment(context)?;
    let organization = select_organization(request)?;
    let body = Body::of(context.call)?;
    let mut edit = Edit::new(request);
    let method = context.call.method.as_str();
    let answer = match (method, rest, organization) {
        ("POST", ["roles"], _) => create_role(&mut edit, organization, &body)?,
        ("PATCH", ["roles", slug], _) => change_role(&mut edit, organization, slug, &body)?,
        ("DELETE", ["roles", slug], Some(organization)) => {
            edit.delete_custom_role(organization, role(request, Place::Organization(organization), slug)?)?;
            Answer::empty(204)
        }
        ("DELETE", ["roles", slug], None) => {
            let role = role(request, Place::Environment, slug)?;
            edit.delete_environment_role(role, body.text("replacement_default")?)?;
            Answer::empty(204)
        }
        ("PUT", ["default"], _) => {
            let slug = body.required_text("role")?;
            set_order(&mut edit, organization, Some(slug), None)?
        }
        ("PUT", ["priority"], _) => {
            let order = body.texts("roles")?.unwrap_or_default();
            set_order(&mut edit, organization, None, Some(order))?
        }
        ("PUT", ["settings"], _) => {
            let mut facts = request.environment.facts.clone();
            facts.multiple_roles = body.flag("multiple_roles")?.unwrap_or(facts.multiple_roles);
            edit.put_environment(&facts);
            Answer::empty(204)
        }
        ("POST", ["resource-types"], _) => {
            let mut facts = request.environment.facts.clone();
            let slug = body.required_text("slug")?;
            if !facts.resource_types.iter().any(|known| known == slug) {
                facts.resource_types.push(slug.to_owned());
                edit.put_environment(&facts);
            }
            Answer::empty(204)
        }
        ("POST", ["users"], _) => add_user(&mut edit, &body)?,
        (_, _, Some(organization)) => within(&mut edit, organization, rest, &body)?,
        _ => return Err(Refusal::new(404, "there is no such dashboard route, or it needs `?org=ID`")),
    };
    Ok(answer.changing(edit.finish()))
}

/// The routes that are about one organization.
fn within(
    edit: &mut Edit<'_>,
    organization: &Organization,
    rest: &[&str],
    body: &Body,
) -> Result<Answer, Refusal> {
    let id = &organization.facts.id;
    let answer = match (edit.request.call.method.as_str(), rest) {
        ("POST", ["memberships"]) => add_membership(edit, organization, body)?,
        ("PATCH", ["memberships", member]) => {
            let before = organization.memberships.get(member);
            let before = before.ok_or_else(|| Refusal::not_found("Organization membership", member))?;
            let after = change_membership(edit, organization, before, body)?;
            edit.put_in(id, &after);
            Answer::json(200, &after)
        }
        ("DELETE", ["memberships", member]) => {
            let member = organization.memberships.get(member);
            let member = member.ok_or_else(|| Refusal::new(404, "there is no such membership"))?;
            edit.remove_membership(organization, member);
            Answer::empty(204)
        }
        ("POST", ["sync"]) => {
            sync(edit, organization);
            Answer::empty(204)
        }
        ("POST", ["mappings"]) => {
            let mapping = Mapping {
                group: body.required_text("group")?.to_owned(),
                via: via(body)?,
                role: held_role(edit.request, organization, body.required_text("role")?)?,
                order: edit.number(),
            };
            edit.put_in(id, &mapping);
            Answer::json(201, &mapping)
        }
        ("DELETE", ["mappings", group]) => {
            if !organization.mappings.has(group) {
                return Err(Refusal::new(404, "there is no such mapping"));
            }
            edit.remove_in::<Mapping>(id, group);
            Answer::empty(204)
        }
        ("POST", ["profiles"]) => {
            let via = via(body)?;
            let prefix = if via == Via::Directory { "directory_user_" } else { "prof_" };
            let role = held_role(edit.request, organization, body.required_text("role")?)?;
            let (profile, order) = edit.id(prefix);
            let profile = Profile { id: profile, via, role, order };
            edit.put_in(id, &profile);
            Answer::json(201, &profile)
        }
        ("DELETE", ["profiles", profile]) => {
            if !organization.profiles.has(profile) {
                return Err(Refusal::new(404, "there is no such profile"));
            }
            edit.remove_in::<Profile>(id, profile);
            Answer::empty(204)
        }
        ("POST", ["resources"]) => {
            let resource_type = edit.resource_type(body)?;
            let (resource, order) = edit.id("authz_resource_");
            let resource = Resource {
                id: resource,
                external_id: body.required_text("external_id")?.to_owned(),
                resource_type_slug: resource_type,
                order,
            };
            edit.put_in(id, &resource);
            Answer::json(201, &resource)
        }
        _ => return Err(Refusal::new(404, "there is no such dashboard route")),
    };
    Ok(answer)
}

/// The environment of `?environment=`, the first where it is absent.
fn select_environment(context: Context<'_>) -> Result<Request<'_>, Refusal> {
    let environments = &context.world.environments;
    let (name, environment) = match context.call.parameter("environment") {
        Some(name) => environments.get_key_value(name),
        None => environments.first(),
    }
    .ok_or_else(|| Refusal::new(404, "there is no such environment"))?;
    Ok(Request { name, environment, switches: context.switches, now: context.now, call: context.call })
}

/// The organization of `?org=`, which is an id or an external id.
fn select_organization(request: Request<'_>) -> Result<Option<&Organization>, Refusal> {
    let Some(id) = request.call.parameter("org") else {
        return Ok(None);
    };
    let organizations = &request.environment.organizations;
    organizations
        .get(id)
        .or_else(|| organizations.values().find(|other| other.facts.external_id.as_deref() == Some(id)))
        .map(Some)
        .ok_or_else(|| Refusal::new(404, "there is no such organization"))
}

fn place(organization: Option<&Organization>) -> Place<'_> {
    organization.map_or(Place::Environment, Place::Organization)
}

fn role<'a>(request: Request<'a>, place: Place<'a>, slug: &str) -> Result<&'a Role, Refusal> {
    place.role(request, slug).ok_or_else(|| Refusal::new(404, "there is no such role"))
}

/// A role that an organization has, its own or of the environment.
fn held_role(request: Request<'_>, organization: &Organization, slug: &str) -> Result<String, Refusal> {
    let found = request.environment.role_in(organization, slug);
    found.map(|role| role.slug.clone()).ok_or_else(|| Refusal::new(404, "there is no such role"))
}

fn via(body: &Body) -> Result<Via, Refusal> {
    match body.text("via")? {
        None | Some("directory") => Ok(Via::Directory),
        Some("sso") => Ok(Via::Sso),
        Some(_) => Err(Refusal::invalid("via", "via must be directory or sso")),
    }
}

/// The permissions that a body gives a role, all of which must exist.
fn permissions(edit: &Edit<'_>, resource_type: &str, body: &Body) -> Result<Option<Vec<String>>, Refusal> {
    let Some(slugs) = body.texts("permissions")? else {
        return Ok(None);
    };
    let resolved = edit.resolve(resource_type, &slugs);
    resolved.refusal.map_or(Ok(Some(resolved.known)), Err)
}

fn create_role(
    edit: &mut Edit<'_>,
    organization: Option<&Organization>,
    body: &Body,
) -> Result<Answer, Refusal> {
    let role = match organization {
        None => edit.create_environment_role(body)?,
        Some(organization) => edit.create_custom_role(organization, body)?,
    };
    let permissions = permissions(edit, &role.resource_type_slug, body)?.unwrap_or_default();
    let role = Role { permissions, ..role };
    edit.put_role(place(organization), &role);
    Ok(Answer::json(201, &role))
}

fn change_role(
    edit: &mut Edit<'_>,
    organization: Option<&Organization>,
    slug: &str,
    body: &Body,
) -> Result<Answer, Refusal> {
    let place = place(organization);
    let before =
        place.role(edit.request, slug).ok_or_else(|| Refusal::new(404, "there is no such role"))?.clone();
    let mut after = edit.update_role(place, &before, body)?;
    if let Some(permissions) = permissions(edit, &before.resource_type_slug, body)? {
        after = edit.changed(place, &after, Role { permissions, ..after.clone() });
    }
    Ok(Answer::json(200, &after))
}

/// Sets the default role or the order of an organization, or of the environment.
fn set_order(
    edit: &mut Edit<'_>,
    organization: Option<&Organization>,
    default: Option<&str>,
    order: Option<Vec<String>>,
) -> Result<Answer, Refusal> {
    let environment = edit.request.environment;
    let present = match organization {
        Some(organization) => environment.priority(organization),
        None => &environment.facts.priority,
    };
    let complete = order
        .as_ref()
        .is_none_or(|order| order.len() == present.len() && order.iter().all(|slug| present.contains(slug)));
    if !complete || default.is_some_and(|slug| !present.iter().any(|known| known == slug)) {
        return Err(Refusal::new(400, "the roles are not those that there are"));
    }
    let own = Own {
        default_role: default.map(str::to_owned).unwrap_or_else(|| {
            organization
                .map_or(&*environment.facts.default_role, |it| environment.default_role(it))
                .to_owned()
        }),
        priority: order.unwrap_or_else(|| present.to_vec()),
    };
    match organization {
        Some(organization) => {
            edit.put_organization(&OrganizationFacts { own: Some(own), ..organization.facts.clone() });
        }
        None => {
            let mut facts = environment.facts.clone();
            facts.default_role = own.default_role;
            facts.priority = own.priority;
            edit.put_environment(&facts);
        }
    }
    Ok(Answer::empty(204))
}

fn add_user(edit: &mut Edit<'_>, body: &Body) -> Result<Answer, Refusal> {
    let (id, order) = edit.id("user_");
    let text = |name: &str| body.nullable_text(name).map(Option::flatten);
    let user = User {
        id: text("id")?.unwrap_or(id),
        email: body.required_text("email")?.to_owned(),
        first_name: text("first_name")?,
        last_name: text("last_name")?,
        external_id: text("external_id")?,
        created_at: edit.now(),
        updated_at: edit.now(),
        order,
    };
    if edit.request.environment.users.has(&user.id) {
        return Err(Refusal::new(409, "there is such a user already"));
    }
    edit.put(&user);
    Ok(Answer::json(201, &user))
}

fn add_membership(edit: &mut Edit<'_>, organization: &Organization, body: &Body) -> Result<Answer, Refusal> {
    let environment = edit.request.environment;
    let user = body.required_text("user")?;
    let user = environment
        .users
        .values()
        .find(|known| known.id == user || known.email == user)
        .ok_or_else(|| Refusal::new(404, "there is no such user"))?;
    if organization.memberships.values().any(|membership| membership.user == user.id) {
        return Err(Refusal::new(409, "the user is a member already"));
    }
    let (id, order) = edit.id("om_");
    let new = Membership {
        id,
        user: user.id.clone(),
        status: Status::Active,
        directory_managed: false,
        roles: vec![environment.default_role(organization).to_owned()],
        idp_roles: Vec::new(),
        custom_attributes: serde_json::Map::new(),
        created_at: edit.now(),
        updated_at: edit.now(),
        order,
    };
    let membership = change_membership(edit, organization, &new, body)?;
    edit.put_in(&organization.facts.id, &membership);
    Ok(Answer::json(201, &membership))
}

/// A membership with the fields that a body has.
fn change_membership(
    edit: &Edit<'_>,
    organization: &Organization,
    before: &Membership,
    body: &Body,
) -> Result<Membership, Refusal> {
    let mut fields = json_of(before);
    for name in ["status", "directory_managed", "roles", "idp_roles", "custom_attributes"] {
        if let (Some(fields), Some(value)) = (fields.as_object_mut(), body.get(name)) {
            fields.insert(name.to_owned(), value.clone());
        }
    }
    let mut after: Membership = serde_json::from_value(fields)
        .map_err(|error| Refusal::new(400, format!("the membership is not valid: {error}")))?;
    for slug in after.roles.iter().chain(&after.idp_roles) {
        held_role(edit.request, organization, slug)?;
    }
    if after.roles.is_empty() {
        after.roles.push(edit.request.environment.default_role(organization).to_owned());
    }
    after.updated_at = edit.now();
    Ok(after)
}

/// What the directory does at its next sync: its memberships have the roles that it gives them.
fn sync(edit: &mut Edit<'_>, organization: &Organization) {
    let default = edit.request.environment.default_role(organization);
    for membership in organization.memberships.values().filter(|membership| membership.directory_managed) {
        let mut roles = membership.idp_roles.clone();
        if roles.is_empty() {
            roles.push(default.to_owned());
        }
        if roles != membership.roles {
            let after = Membership { roles, updated_at: edit.now(), ..membership.clone() };
            edit.put_in(&organization.facts.id, &after);
        }
    }
}

/// A refusal in the form of the emulator's own routes.
pub(super) fn refuse(refusal: &Refusal) -> Answer {
    let body: Value = json!({ "error": { "message": refusal.message } });
    Answer::json(refusal.status, &body)
}
