//! What a person would do in GitLab's web interface. See [`super`] for the routes.

use serde_json::{Value, json};

use crate::emulator::call::Answer;
use crate::emulator::product::Change;

use super::caller::Context;
use super::input::{Given, Params};
use super::levels;
use super::refusal::Refusal;
use super::roles::{self, Draft, Problem, next_id};
use super::time::{Moment, long_ago};
use super::world::{
    Group, LdapLink, Member, Place, Reference, Role, SamlLink, SamlProvider, User, put, remove,
};

/// Answers a route; `rest` is what follows `/_dashboard/`.
pub(super) fn answer(context: Context<'_>, rest: &[&str]) -> Answer {
    route(context, rest).unwrap_or_else(|refusal| refusal.answer())
}

fn route(context: Context<'_>, rest: &[&str]) -> Result<Answer, Refusal> {
    let params = Params::of(context.call)?;
    let world = context.world;
    match (context.call.method.as_str(), rest) {
        ("POST", ["roles"]) => add_role(context, &params),
        ("PATCH", ["roles", id]) => change_role(context, &params, id),
        ("DELETE", ["roles", id]) => {
            let changes = roles::delete(context, role(context, id)?).map_err(refused)?;
            Ok(Answer::empty(204).changing(changes))
        }
        ("POST", ["users"]) => add_user(context, &params),
        ("PUT", [kind @ ("groups" | "projects"), id, "members", username]) => {
            let (place, user) = (place(context, kind, id)?, user(context, username)?);
            let before = world.member(place, user.id);
            let access_level = level(params.required_number("access_level")?)?;
            let role = params.role_id()?.value().map(|id| role_of(context, id)).transpose()?;
            let member = Member {
                user: user.id,
                access_level,
                role: role.map(|role| role.id),
                expires_at: params.date("expires_at")?.flatten(),
                created_at: before.map_or(Moment(context.now), |member| member.created_at),
                created_by: None,
            };
            Ok(changed(vec![put(&place.scope(), "member", user.id, &member)]))
        }
        ("DELETE", [kind @ ("groups" | "projects"), id, "members", username]) => {
            let (place, user) = (place(context, kind, id)?, user(context, username)?);
            world.member(place, user.id).ok_or_else(|| Refusal::not_found("Member"))?;
            Ok(changed(vec![remove(&place.scope(), "member", user.id)]))
        }
        ("POST", ["groups", id, kind @ ("saml_group_links" | "ldap_group_links")]) => {
            add_link(context, id, kind)
        }
        ("PUT", ["groups", id, "saml"]) => {
            let mut group = group(context, id)?.clone();
            let saml: Option<SamlProvider> = body(context)?;
            if let Some(id) = saml.as_ref().and_then(|saml| saml.member_role_id) {
                role_of(context, id)?;
            }
            group.saml = saml;
            Ok(changed(vec![put("", "group", group.id, &group)]))
        }
        ("PUT", [kind @ ("security-policies" | "protected-branches"), name]) => {
            let ids = params.list("member_role_ids").unwrap_or_default();
            let ids = ids.iter().map(|id| role(context, id).map(|role| role.id));
            let ids = ids.collect::<Result<_, _>>()?;
            let policy = *kind == "security-policies";
            let (kind, known) =
                if policy { ("policy", &world.policies) } else { ("branch", &world.branches) };
            let (fresh, counted) = next_id(world);
            let id = known.values().find(|one| one.name == **name).map_or(fresh, |one| one.id);
            let reference = Reference { id, name: (*name).to_owned(), member_role_ids: ids };
            Ok(changed(vec![counted, put("", kind, id, &reference)]))
        }
        _ => Err(Refusal::no_route()),
    }
}

fn changed(changes: Vec<Change>) -> Answer {
    Answer::empty(204).changing(changes)
}

fn refused(problem: Problem) -> Refusal {
    match problem {
        Problem::Invalid(text) => Refusal::message(400, text),
        Problem::Internal => Refusal::internal(),
    }
}

fn body<T: serde::de::DeserializeOwned>(context: Context<'_>) -> Result<T, Refusal> {
    serde_json::from_slice(&context.call.body)
        .map_err(|error| Refusal::message(400, format!("the body is not valid: {error}")))
}

fn level(level: i64) -> Result<u8, Refusal> {
    u8::try_from(level)
        .ok()
        .filter(|level| !levels::human(*level).is_empty())
        .ok_or_else(|| Refusal::message(400, "access_level is no level"))
}

fn role<'a>(context: Context<'a>, id: &str) -> Result<&'a Role, Refusal> {
    role_of(context, id.parse().map_err(|_| Refusal::not_found("Member Role"))?)
}

fn role_of(context: Context<'_>, id: u64) -> Result<&Role, Refusal> {
    context.world.roles.get(&id).map(AsRef::as_ref).ok_or_else(|| Refusal::not_found("Member Role"))
}

fn user<'a>(context: Context<'a>, username: &str) -> Result<&'a User, Refusal> {
    context.world.user_named(username).map(AsRef::as_ref).ok_or_else(|| Refusal::not_found("User"))
}

fn group<'a>(context: Context<'a>, key: &str) -> Result<&'a Group, Refusal> {
    let groups = &context.world.groups;
    let by_id = key.parse().ok().and_then(|id: u64| groups.get(&id));
    by_id
        .or_else(|| groups.values().find(|group| group.full_path == key))
        .map(AsRef::as_ref)
        .ok_or_else(|| Refusal::not_found("Group"))
}

fn place(context: Context<'_>, kind: &str, key: &str) -> Result<Place, Refusal> {
    if kind == "groups" {
        return group(context, key).map(|group| Place::Group(group.id));
    }
    let projects = &context.world.projects;
    let by_id = key.parse().ok().and_then(|id: u64| projects.get(&id));
    by_id
        .or_else(|| projects.values().find(|project| project.full_path == key))
        .map(|project| Place::Project(project.id))
        .ok_or_else(|| Refusal::not_found("Project"))
}

fn shape(role: &Role) -> Value {
    json!({
        "id": role.id, "group_id": role.group, "name": role.name, "description": role.description,
        "base_access_level": role.base, "permissions": role.permissions,
    })
}

fn add_role(context: Context<'_>, params: &Params) -> Result<Answer, Refusal> {
    let home = match params.text("group")? {
        Some(key) => Some(group(context, &key)?.id),
        None if context.is_instance() => None,
        None => context.world.groups.values().find(|group| group.parent.is_none()).map(|group| group.id),
    };
    let base = match params.number("base_access_level")? {
        Given::Value(base) => Some(level(base)?),
        Given::Absent | Given::Null => None,
    };
    let draft = Draft {
        group: home.filter(|_| base.is_some()),
        name: params.required_text("name")?,
        description: params.text("description")?,
        base,
        permissions: params.list("permissions").unwrap_or_default().into_iter().collect(),
    };
    let (role, changes) = roles::create(context, draft).map_err(refused)?;
    Ok(Answer::json(201, &shape(&role)).changing(changes))
}

fn change_role(context: Context<'_>, params: &Params, id: &str) -> Result<Answer, Refusal> {
    let mut changed = role(context, id)?.clone();
    if let Some(name) = params.text("name")? {
        changed.name = name;
    }
    if params.has("description") {
        changed.description = params.text("description")?;
    }
    if let Some(permissions) = params.list("permissions") {
        changed.permissions = permissions.into_iter().collect();
    }
    let (role, changes) = roles::update(context, changed).map_err(refused)?;
    Ok(Answer::json(200, &shape(&role)).changing(changes))
}

fn add_user(context: Context<'_>, params: &Params) -> Result<Answer, Refusal> {
    let username = params.required_text("username")?;
    if username.is_empty() || context.world.user_named(&username).is_some() {
        return Err(Refusal::message(409, "Username has already been taken"));
    }
    let (id, counted) = next_id(context.world);
    let user = User {
        id,
        name: params.text("name")?.unwrap_or_else(|| username.clone()),
        username,
        email: params.text("email")?,
        state: "active".to_owned(),
        admin: params.flag("admin")?.unwrap_or(false),
        extern_uid: params.text("extern_uid")?,
        admin_role: None,
        created_at: long_ago(),
    };
    Ok(Answer::json(201, &json!({ "id": id })).changing(vec![counted, put("", "user", id, &user)]))
}

fn add_link(context: Context<'_>, key: &str, kind: &str) -> Result<Answer, Refusal> {
    let scope = Place::Group(group(context, key)?.id).scope();
    let (id, counted) = next_id(context.world);
    let (role, change) = if kind == "saml_group_links" {
        let link = SamlLink { id, ..body(context)? };
        (link.member_role_id, put(&scope, "saml_link", id, &link))
    } else {
        let link = LdapLink { id, ..body(context)? };
        (link.member_role_id, put(&scope, "ldap_link", id, &link))
    };
    if let Some(id) = role {
        role_of(context, id)?;
    }
    Ok(Answer::json(201, &json!({ "id": id })).changing(vec![counted, change]))
}
