//! What a person would do in CodeRabbit's web interface. See [`super`] for the routes.

use serde_json::{Value, json};

use crate::emulator::call::Answer;

use super::caller::Context;
use super::edit::{Edit, Patch};
use super::input::Body;
use super::refusal::Refusal;
use super::roles::{permissions_of_new, read_permissions};
use super::world::{Actor, BILLING_ADMIN, Org, User};

/// Answers a route; `rest` is what follows `/_dashboard/`.
pub(super) fn answer(context: Context<'_>, rest: &[&str]) -> Result<Answer, Refusal> {
    let (tenant, org_id, org) = select(context)?;
    let body = Body::of(context.call)?;
    let name = context.call.parameter("actor").unwrap_or("Dashboard");
    let actor = Actor { name: name.to_owned(), subtitle: None, is_bot: false };
    let mut edit = Edit::new(tenant, org_id, org, context.switches, context.now, actor);
    let answer = match (context.call.method.as_str(), rest) {
        ("POST", ["roles"]) => {
            let sent = permissions(&body, org, context)?;
            let permissions = permissions_of_new(org, sent, body.text("duplicate_from")?, context.switches)?;
            let description = body.nullable_text("description")?.flatten();
            let is_default = body.flag("is_default")?.unwrap_or(false);
            let role = edit.create(body.required_text("name")?, description, is_default, permissions)?;
            Answer::json(201, &json!(role))
        }
        ("PATCH", ["roles", id]) => {
            let patch = Patch {
                name: body.text("name")?.map(str::to_owned),
                description: body.nullable_text("description")?,
                is_default: body.flag("is_default")?,
                permissions: permissions(&body, org, context)?,
            };
            Answer::json(200, &json!(edit.replace(id, patch)?))
        }
        ("DELETE", ["roles", id]) => {
            edit.delete(id)?;
            Answer::empty(204)
        }
        ("PUT", ["system-roles", id]) => {
            let permissions = permissions(&body, org, context)?
                .ok_or_else(|| Refusal::invalid("permissions is required"))?;
            Answer::json(200, &json!(edit.change_system_role(id, permissions)?))
        }
        ("PUT", ["default"]) => {
            let role = body
                .nullable_text("role")?
                .ok_or_else(|| Refusal::invalid("role is required; null is none"))?;
            edit.set_default(role.as_deref())?;
            Answer::empty(204)
        }
        ("POST", ["users"]) => add_user(&mut edit, org, &body)?,
        ("DELETE", ["users", id]) => {
            let user = org.users.get(*id).ok_or_else(|| Refusal::not_found("there is no such user"))?;
            edit.remove_user(user);
            Answer::empty(204)
        }
        ("PUT", ["users", id, "role"]) => {
            let user = org.users.get(*id).ok_or_else(|| Refusal::not_found("there is no such user"))?;
            let role = body.required_text("role")?;
            let role = org.roles.get(role).ok_or_else(|| Refusal::not_found("there is no such role"))?;
            if user.role == BILLING_ADMIN && body.flag("force")? != Some(true) {
                return Err(Refusal::new(409, "the role of a billing admin cannot be changed"));
            }
            edit.assign(user, role);
            Answer::empty(204)
        }
        _ => return Err(Refusal::not_found("there is no such dashboard route")),
    };
    Ok(answer.changing(edit.finish()))
}

/// The organization of `?tenant=` and `?org=`, each the first where it is absent.
fn select<'a>(context: Context<'a>) -> Result<(&'a str, &'a str, &'a Org), Refusal> {
    let tenants = &context.world.tenants;
    let (name, tenant) = match context.call.parameter("tenant") {
        Some(name) => tenants.get_key_value(name),
        None => tenants.first(),
    }
    .ok_or_else(|| Refusal::not_found("there is no such tenant"))?;
    let (id, org) = match context.call.parameter("org") {
        Some(id) => tenant.orgs.get_key_value(id),
        None => tenant.orgs.first(),
    }
    .ok_or_else(|| Refusal::not_found("there is no such organization"))?;
    Ok((name, id, org))
}

/// Permissions as `resource:access` texts or as the API's objects.
fn permissions(
    body: &Body,
    org: &Org,
    context: Context<'_>,
) -> Result<Option<super::permission::Permissions>, Refusal> {
    match body.list("permissions")? {
        Some(sent) if sent.iter().any(Value::is_string) => {
            serde_json::from_value(Value::Array(sent.to_vec()))
                .map(Some)
                .map_err(|error| Refusal::invalid(error.to_string()))
        }
        _ => read_permissions(body, org, context.switches),
    }
}

fn add_user(edit: &mut Edit<'_>, org: &Org, body: &Body) -> Result<Answer, Refusal> {
    let user_id = body.required_text("user_id")?.to_owned();
    if user_id.is_empty() || org.users.contains_key(&user_id) {
        return Err(Refusal::new(409, "user_id is empty or a member already"));
    }
    let text = |name: &str| body.nullable_text(name).map(Option::flatten);
    let user = User {
        user_name: text("user_name")?,
        email: text("email")?,
        name: text("name")?,
        role: text("role")?.unwrap_or_else(|| org.role_of_new_members().to_owned()),
        seat_assigned: body.flag("seat_assigned")?.unwrap_or(true),
        user_id,
    };
    if !org.roles.contains_key(&user.role) {
        return Err(Refusal::not_found("there is no such role"));
    }
    edit.add_user(&user);
    Ok(Answer::json(201, &json!(user)))
}
