//! What a person would do in Devin's web interface. See [`super`] for the routes.

use serde_json::json;
use uuid::Uuid;

use crate::emulator::call::{Answer, Call};
use crate::emulator::product::View;

use super::assign::{self, Audited};
use super::caller::{Request, principal};
use super::edit::Edit;
use super::enterprise;
use super::input::Body;
use super::objects::{Holder, Level, Role, ServiceUser, User};
use super::refusal::Refusal;
use super::switches::CUSTOM_ROLE_ID;
use super::world::World;

/// Answers a route; `rest` is what follows `/_dashboard/`.
pub(super) fn answer(world: &World, view: View<'_>, call: &Call, rest: &[&str]) -> Result<Answer, Refusal> {
    let request = select(world, view, call)?;
    let body = Body::of(call)?;
    let mut edit = Edit::new(request);
    let answer = match (call.method.as_str(), rest) {
        ("POST", ["roles"]) => create_role(&mut edit, &body)?,
        ("PATCH", ["roles", id]) => {
            let mut after = custom_role(request, id)?.clone();
            if let Some(name) = body.text("name")? {
                name.clone_into(&mut after.name);
            }
            after.permissions = body.texts("permissions")?.unwrap_or(after.permissions);
            edit.put(&after);
            edit.log_role("update_role", &after);
            Answer::json(200, &after)
        }
        ("DELETE", ["roles", id]) => {
            let role = custom_role(request, id)?;
            if is_held(request, id) {
                return Err(Refusal::new(409, "somebody holds the role"));
            }
            edit.remove::<Role>(id);
            edit.log_role("delete_role", role);
            Answer::empty(204)
        }
        ("POST", ["users"]) => add_user(&mut edit, &body)?,
        ("DELETE", ["users", id]) => {
            let user = user(request, id)?;
            edit.remove::<User>(&user.id);
            edit.log("delete_member", None, assign::data(user, None));
            Answer::empty(204)
        }
        ("PUT", ["users", id, "groups"]) => {
            let groups = body.texts("groups")?.unwrap_or_default();
            let after = User { groups, ..user(request, id)?.clone() };
            edit.put(&after);
            Answer::json(200, &after)
        }
        ("POST", ["service-users"]) => add_service_user(&mut edit, &body)?,
        ("PUT", ["users", id, "role"]) => set_role(&mut edit, user(request, id)?, &body)?,
        ("PUT", ["service-users", id, "role"]) => {
            let found = request.enterprise.service_users.get(id);
            set_role(&mut edit, found.ok_or_else(|| Refusal::not_found("service user"))?, &body)?
        }
        ("PUT", ["idp-groups", name, "role"]) => {
            let found = request.enterprise.groups.get(name);
            set_role(&mut edit, found.ok_or_else(|| Refusal::not_found("group"))?, &body)?
        }
        _ => return Err(Refusal::new(404, "there is no such dashboard route")),
    };
    Ok(answer.changing(edit.finish()))
}

/// The enterprise of `?enterprise=`, the first where it is absent, as the principal of `?as=`.
fn select<'a>(world: &'a World, view: View<'a>, call: &'a Call) -> Result<Request<'a>, Refusal> {
    let found = match call.parameter("enterprise") {
        Some(name) => world.enterprises.get_key_value(name),
        None => world.enterprises.first(),
    };
    let (name, enterprise) = found.ok_or_else(|| Refusal::not_found("enterprise"))?;
    let principal = match call.parameter("as") {
        None => None,
        Some(id) => Some(principal(enterprise, id).ok_or_else(|| Refusal::not_found("principal of `as`"))?),
    };
    Ok(Request { name, enterprise, switches: view.switches, now: view.now / 1000, call, principal })
}

fn user<'a>(request: Request<'a>, id: &str) -> Result<&'a User, Refusal> {
    request.enterprise.users.get(id).ok_or_else(|| Refusal::not_found("user"))
}

fn custom_role<'a>(request: Request<'a>, id: &str) -> Result<&'a Role, Refusal> {
    let role = request.enterprise.roles.get(id).ok_or_else(|| Refusal::not_found("role"))?;
    if role.builtin { Err(Refusal::new(409, "a built-in role cannot be changed")) } else { Ok(role) }
}

fn is_held(request: Request<'_>, role: &str) -> bool {
    let enterprise = request.enterprise;
    enterprise.users.values().any(|user| user.holds(role))
        || enterprise.service_users.values().any(|service_user| service_user.holds(role))
        || enterprise.groups.values().any(|group| group.holds(role))
}

fn create_role(edit: &mut Edit<'_>, body: &Body) -> Result<Answer, Refusal> {
    let level = match body.required_text("type")? {
        "enterprise" => Level::Enterprise,
        "org" => Level::Org,
        _ => return Err(Refusal::new(400, "`type` is `enterprise` or `org`")),
    };
    let name = body.required_text("name")?.to_owned();
    let roles = &edit.request.enterprise.roles;
    if roles.values().any(|role| role.level == level && role.name == name) {
        return Err(Refusal::new(409, "there is a role with this name at this level already"));
    }
    let (mut id, order) = edit.id("role-");
    if edit.request.switches.is(&CUSTOM_ROLE_ID, "uuid") {
        id = Uuid::new_v4().to_string();
    }
    if let Some(given) = body.text("id")? {
        given.clone_into(&mut id);
    }
    if roles.get(&id).is_some() {
        return Err(Refusal::new(409, "there is a role with this id already"));
    }
    let permissions = body.texts("permissions")?.unwrap_or_default();
    let role = Role { id, name, level, permissions, builtin: false, order };
    edit.put(&role);
    edit.log_role("create_role", &role);
    Ok(Answer::json(201, &role))
}

fn add_user(edit: &mut Edit<'_>, body: &Body) -> Result<Answer, Refusal> {
    let request = edit.request;
    let role = match body.text("role")? {
        Some(role) => Some(assign::role(request, role, None)?.id.clone()),
        None => None,
    };
    let (made, order) = edit.id("user-");
    let id = body.text("id")?.map_or(made, str::to_owned);
    if principal(request.enterprise, &id).is_some() {
        return Err(Refusal::new(409, "the id is taken"));
    }
    let user = User {
        id,
        email: body.text("email")?.map(str::to_owned),
        name: body.text("name")?.map(str::to_owned),
        role,
        organizations: std::collections::BTreeMap::new(),
        groups: body.texts("groups")?.unwrap_or_default(),
        order,
    };
    edit.put(&user);
    edit.log("add_enterprise_member", None, assign::data(&user, user.role()));
    Ok(Answer::json(201, &user))
}

fn add_service_user(edit: &mut Edit<'_>, body: &Body) -> Result<Answer, Refusal> {
    let request = edit.request;
    let (made, order) = edit.id("service-user-");
    let id = body.text("id")?.map_or(made, str::to_owned);
    if principal(request.enterprise, &id).is_some() {
        return Err(Refusal::new(409, "the id is taken"));
    }
    let org_id = match body.text("org")? {
        Some(org) => Some(enterprise::organization(request, org)?.id.clone()),
        None => None,
    };
    let made = ServiceUser {
        id,
        name: body.required_text("name")?.to_owned(),
        role: None,
        organizations: std::collections::BTreeMap::new(),
        org_id,
        expires_at: body.number("expires_at")?,
        deleted_at: None,
        order,
    };
    let role = assign::role(request, body.required_text("role")?, made.org_id.as_deref())?;
    let made = made.with(made.org_id.as_deref(), Some(&role.id));
    edit.put(&made);
    edit.log("create_service_user", made.org_id.as_deref(), json!({ "service_user_id": made.id }));
    Ok(Answer::json(201, &made))
}

/// Gives a holder the role of the body, or none.
fn set_role<T: Audited>(edit: &mut Edit<'_>, holder: &T, body: &Body) -> Result<Answer, Refusal> {
    let request = edit.request;
    let org = match body.text("org")? {
        Some(org) => Some(enterprise::organization(request, org)?.id.as_str()),
        None => None,
    };
    let role = match body.text("role")? {
        Some(role) => Some(assign::role(request, role, org)?.id.as_str()),
        None => None,
    };
    let after = holder.with(org, role);
    edit.put(&after);
    let [first, other, gone] = T::ACTIONS;
    let action = match (holder.held(org), role) {
        (_, None) => gone,
        (None, _) => first,
        (Some(_), _) => other,
    };
    edit.log(action, org, assign::data(holder, role.or(holder.held(org))));
    Ok(Answer::json(200, &after))
}
